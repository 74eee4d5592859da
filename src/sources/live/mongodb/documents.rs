//! Documents to rows: nested paths become columns, found as documents come, named as the reader of JSON names them.
//!
//! `{a: {b: 1}, tags: ["x", "y"], keys: [{k: 1}]}` has the columns `a.b`, `tags[]`, `tags[1]`, `keys[].k`. A value is the
//! text that `mongoexport` writes of it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use mongodb::bson::spec::BinarySubtype;
use mongodb::bson::{RawBsonRef, RawDocument};

use super::super::batches::Batches;
use super::super::{Scope, Take};
use crate::model::{Column, RowAt, Table};

/// Columns of one collection; more are passed over.
const MAX_COLUMNS: usize = 512;
/// Longer paths are passed over with their values.
const MAX_PATH: usize = 1024;
/// Deeper values are passed over.
const MAX_DEPTH: usize = 64;
/// Bytes of a value that are kept, as of every cell.
const MAX_CELL: usize = 64 << 10;
/// Elements of an array that become columns.
const MAX_ELEMENTS: usize = 8;

/// What is said of documents that hold more than is read of them.
pub(super) const PASSED_OVER: &str = "some of its documents hold more than is read of them (the first 8 objects of a \
                                      list within, 512 columns, 64 levels): the rest was not audited. Export the lists \
                                      within as files of their own";

/// The columns of a collection as far as they are known; they are only ever appended, so that all connections agree.
pub(super) struct Columns {
    /// The database's name and the collection's, for the scope.
    database: String,
    collection: String,
    scope: Scope,
    state: Mutex<Known>,
}

struct Known {
    table: Arc<Table>,
    by_path: HashMap<String, usize>,
}

impl Columns {
    pub(super) fn new(database: &str, collection: &str, shown: &str, scope: &Scope) -> Self {
        let table = Table { name: shown.into(), columns: Vec::new(), named_columns: true };
        Self {
            database: database.into(),
            collection: collection.into(),
            scope: scope.clone(),
            state: Mutex::new(Known { table: Arc::new(table), by_path: HashMap::new() }),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Name and columns as they are now.
    pub(super) fn table(&self) -> Arc<Table> {
        self.known().table.clone()
    }

    /// The column of a path.
    fn of(&self, path: &str) -> Place {
        let mut known = self.known();
        if let Some(column) = known.by_path.get(path) {
            return Place::Column(*column);
        }
        if !self.scope.has_column(&self.database, &self.collection, path) {
            return Place::LeftOut;
        }
        let column = known.table.columns.len();
        if column >= MAX_COLUMNS || path.len() > MAX_PATH {
            return Place::TooMany;
        }
        let mut table = Table::clone(&known.table);
        table.columns.push(Column::named(path));
        known.table = Arc::new(table);
        known.by_path.insert(path.to_owned(), column);
        Place::Column(column)
    }
}

/// What becomes of the values at a path.
#[derive(Clone, Copy)]
enum Place {
    Column(usize),
    /// Not in scope.
    LeftOut,
    /// Beyond the limits.
    TooMany,
}

/// Makes batches of documents; one for each part that is read.
pub(super) struct Rows<'a> {
    columns: &'a Columns,
    batches: Batches,
    /// Columns of the batch that is being filled.
    width: usize,
    places: HashMap<String, Place>,
    path: String,
    /// By column, where in `values` the cell of the current row is.
    cells: Vec<Option<(usize, usize)>>,
    values: Vec<u8>,
    /// Whether some document held more than was read of it.
    pub(super) passed_over: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn new(columns: &'a Columns) -> Self {
        let table = columns.table();
        Self {
            columns,
            batches: Batches::new(&table, None),
            width: table.columns.len(),
            places: HashMap::new(),
            path: String::new(),
            cells: Vec::new(),
            values: Vec::new(),
            passed_over: false,
        }
    }

    /// Adds a document. A document that is broken becomes a row of what could be read of it, and is told.
    pub(super) fn add(&mut self, document: &RawDocument, at: RowAt, take: Take<'_>) -> ControlFlow<()> {
        self.cells.fill(None);
        self.values.clear();
        self.path.clear();
        self.document(document, 0);
        if self.cells.len() > self.width {
            if let Some(batch) = self.batches.take() {
                take(batch)?;
            }
            let table = self.columns.table();
            self.width = table.columns.len();
            self.batches = Batches::new(&table, None);
        }
        for column in 0..self.width {
            match self.cells.get(column).copied().flatten() {
                Some((start, end)) => self.batches.cell(column, &self.values[start..end]),
                None => self.batches.null(column),
            }
        }
        self.batches.end_row_at(at).map_or(ControlFlow::Continue(()), take)
    }

    /// Hands on what is left.
    pub(super) fn finish(&mut self, take: Take<'_>) {
        if let Some(batch) = self.batches.take() {
            let _ = take(batch);
        }
    }

    fn document(&mut self, document: &RawDocument, depth: usize) {
        let length = self.path.len();
        for element in document {
            let Ok((name, value)) = element else {
                self.passed_over = true;
                return;
            };
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(name.as_str());
            self.value(value, depth);
            self.path.truncate(length);
        }
    }

    fn value(&mut self, value: RawBsonRef<'_>, depth: usize) {
        match value {
            RawBsonRef::Document(_) | RawBsonRef::Array(_) if depth >= MAX_DEPTH => self.passed_over = true,
            RawBsonRef::Document(inner) => self.document(inner, depth + 1),
            RawBsonRef::Array(inner) => {
                let length = self.path.len();
                for (number, element) in inner.into_iter().enumerate() {
                    let Ok(element) = element else {
                        self.passed_over = true;
                        return;
                    };
                    if number >= MAX_ELEMENTS {
                        // Further scalars (tags, hobbies) are no loss; further objects may be accounts.
                        self.passed_over |= matches!(element, RawBsonRef::Document(_));
                        continue;
                    }
                    match number {
                        0 => self.path.push_str("[]"),
                        n => drop(write!(self.path, "[{n}]")),
                    }
                    self.value(element, depth + 1);
                    self.path.truncate(length);
                }
            }
            RawBsonRef::Null | RawBsonRef::Undefined | RawBsonRef::MinKey | RawBsonRef::MaxKey => {}
            scalar => self.cell(scalar),
        }
    }

    fn cell(&mut self, value: RawBsonRef<'_>) {
        let place = if let Some(place) = self.places.get(&self.path) {
            *place
        } else {
            let place = self.columns.of(&self.path);
            // Beyond the limits there may be no end of paths.
            if !matches!(place, Place::TooMany) {
                self.places.insert(self.path.clone(), place);
            }
            place
        };
        let column = match place {
            Place::Column(column) => column,
            Place::LeftOut => return,
            Place::TooMany => {
                self.passed_over = true;
                return;
            }
        };
        let start = self.values.len();
        write_value(&mut self.values, value);
        if self.cells.len() <= column {
            self.cells.resize(column + 1, None);
        }
        self.cells[column] = Some((start, self.values.len()));
    }
}

/// A scalar as text.
fn write_value(out: &mut Vec<u8>, value: RawBsonRef<'_>) {
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend_from_slice(&text.as_bytes()[..text.len().min(MAX_CELL)]);
    };
    match value {
        RawBsonRef::String(value) | RawBsonRef::Symbol(value) | RawBsonRef::JavaScriptCode(value) => text(out, value),
        RawBsonRef::ObjectId(id) => text(out, &id.to_hex()),
        RawBsonRef::Int32(n) => text(out, &n.to_string()),
        RawBsonRef::Int64(n) => text(out, &n.to_string()),
        RawBsonRef::Double(n) => text(out, &n.to_string()),
        RawBsonRef::Boolean(value) => text(out, if value { "true" } else { "false" }),
        RawBsonRef::Decimal128(n) => text(out, &n.to_string()),
        RawBsonRef::DateTime(time) => match time.try_to_rfc3339_string() {
            Ok(time) => text(out, &time),
            Err(_) => text(out, &time.timestamp_millis().to_string()),
        },
        RawBsonRef::Timestamp(time) => text(out, &time.time.to_string()),
        RawBsonRef::Binary(binary) => {
            let bytes = &binary.bytes[..binary.bytes.len().min(MAX_CELL)];
            match <[u8; 16]>::try_from(bytes) {
                Ok(bytes) if binary.subtype == BinarySubtype::Uuid => {
                    text(out, &mongodb::bson::Uuid::from_bytes(bytes).to_string());
                }
                _ => text(out, &BASE64_STANDARD.encode(bytes)),
            }
        }
        RawBsonRef::RegularExpression(pattern) => text(out, pattern.pattern.as_str()),
        // Code with its variables, a pointer of the first versions, and what is no value.
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::{Binary, DateTime, RawDocumentBuf, bson, doc, oid::ObjectId};

    use super::*;
    use crate::sources::live::Pattern;

    fn rows(columns: &Columns, documents: &[mongodb::bson::Document]) -> (Vec<Vec<(String, String)>>, bool) {
        let mut rows = Vec::new();
        let mut collect = |batch: crate::model::TableBatch| {
            for row in 0..batch.len() {
                let cells = batch.table.columns.iter().enumerate();
                rows.push(
                    cells
                        .filter_map(|(column, of)| {
                            let cell = batch.cell(row, column)?;
                            Some((of.name.clone(), String::from_utf8_lossy(cell).into_owned()))
                        })
                        .collect(),
                );
            }
            ControlFlow::Continue(())
        };
        let mut reader = Rows::new(columns);
        for document in documents {
            let raw = RawDocumentBuf::try_from(document).unwrap();
            assert!(reader.add(&raw, RowAt { offset: 0, line: 0 }, &mut collect).is_continue());
        }
        reader.finish(&mut collect);
        let passed_over = reader.passed_over;
        (rows, passed_over)
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn nested_documents_and_lists_become_columns_with_dotted_names() {
        let columns = Columns::new("app", "users", "users", &Scope::default());
        let id = ObjectId::parse_str("507f1f77bcf86cd799439011").unwrap();
        let (found, passed_over) = rows(
            &columns,
            &[
                doc! {"_id": id, "a": {"b": 1}, "tags": ["x", "y"], "keys": [{"k": 1i64}, {"k": true}], "n": null},
                doc! {"_id": 2.5, "late": DateTime::from_millis(1_613_755_080_000), "a": {"b": "z"}},
            ],
        );
        assert!(!passed_over);
        assert_eq!(
            found[0],
            pairs(&[
                ("_id", "507f1f77bcf86cd799439011"),
                ("a.b", "1"),
                ("tags[]", "x"),
                ("tags[1]", "y"),
                ("keys[].k", "1"),
                ("keys[1].k", "true")
            ])
        );
        assert_eq!(found[1], pairs(&[("_id", "2.5"), ("a.b", "z"), ("late", "2021-02-19T17:18:00Z")]));
        // A second reading knows all columns from the start.
        assert_eq!(columns.table().columns.len(), 7);
    }

    #[test]
    fn more_than_is_read_of_a_document_is_told_and_what_is_out_of_scope_is_not() {
        let list: Vec<_> = (0..9).map(|n| bson!({"password": n})).collect();
        let of = |scope: &Scope, document| rows(&Columns::new("app", "t", "t", scope), &[document]);
        assert!(of(&Scope::default(), doc! {"people": list.clone()}).1);
        assert!(!of(&Scope::default(), doc! {"tags": (0..99).collect::<Vec<i32>>()}).1);
        let wide: mongodb::bson::Document = (0..600).map(|n| (format!("f{n}"), bson!(n))).collect();
        assert!(of(&Scope::default(), wide.clone()).1);
        let scope = Scope { columns: vec![Pattern::new("f1?")], ..Scope::default() };
        let (found, passed_over) = of(&scope, wide);
        assert_eq!((found[0].len(), passed_over), (10, false));
        let mut deep = bson!(1);
        (0..70).for_each(|_| deep = bson!({"d": deep.clone()}));
        assert!(of(&Scope::default(), doc! {"d": deep}).1);
    }

    #[test]
    fn binary_values_are_written_as_an_export_writes_them() {
        let columns = Columns::new("app", "t", "t", &Scope::default());
        let binary = |subtype, bytes: &[u8]| Binary { subtype, bytes: bytes.to_vec() };
        let (found, _) = rows(
            &columns,
            &[doc! {"h": binary(BinarySubtype::Generic, b"abc"), "u": binary(BinarySubtype::Uuid, &[1; 16])}],
        );
        assert_eq!(found[0], pairs(&[("h", "YWJj"), ("u", "01010101-0101-0101-0101-010101010101")]));
    }
}
