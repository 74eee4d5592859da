//! What is done with the rows of a tree: handed on as batches, or kept to learn the schema.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::page::{Cell, Encoding};
use super::record::{Bytes, Decoder, MAX_COLUMNS, Value, integer_text, real_text, stored_max, utf8};
use super::schema::Layout;
use super::tree::{Cells, Ground, Outcome};
use crate::formats::{BatchBuilder, Sink};
use crate::model::{Block, RowAt};

/// Rows of a batch, at most.
const MAX_ROWS: usize = 4096;
/// Cells of a batch, at most, so that wide tables of short rows stay bounded: 4 MiB of Arrow views.
const MAX_CELLS: usize = 256 << 10;
/// Copied bytes after which a batch is handed on.
const MAX_COPIED: usize = 4 << 20;
/// `CREATE` statements longer than this are not read, and as many bytes of them at most are kept.
const MAX_SQL: usize = 1 << 20;
const MAX_SCHEMA: usize = 64 << 20;

/// Hands on a table's rows.
pub(super) struct Rows<'n> {
    encoding: Encoding,
    name: &'n str,
    /// The table and its batch; made at the first row where the number of columns has to be learnt from it.
    table: Option<(Arc<Layout>, BatchBuilder)>,
    /// The columns, and those of which all cells are wanted.
    columns: Vec<usize>,
    wanted: Vec<usize>,
    limit: usize,
    /// Most rows that a batch has had, so that the next need not grow step by step.
    usual: Arc<AtomicUsize>,
    decoder: Decoder,
    copied: usize,
    text: String,
}

impl<'n> Rows<'n> {
    pub(super) fn new(name: &'n str, layout: Option<Layout>, encoding: Encoding) -> Self {
        let mut rows = Self {
            encoding,
            name,
            table: None,
            columns: Vec::new(),
            wanted: Vec::new(),
            limit: 0,
            usual: Arc::default(),
            decoder: Decoder::default(),
            copied: 0,
            text: String::new(),
        };
        if let Some(layout) = layout {
            rows.set(Arc::new(layout));
        }
        rows
    }

    fn set(&mut self, layout: Arc<Layout>) {
        self.columns = (0..layout.cells.len()).collect();
        self.wanted.clone_from(&self.columns);
        self.limit = (MAX_CELLS / layout.cells.len().max(1)).clamp(1, MAX_ROWS);
        let builder = BatchBuilder::new(Arc::clone(&layout.table));
        self.table = Some((layout, builder));
    }
}

impl Cells for Rows<'_> {
    fn aside(&self, sink: &dyn Sink) -> Option<Self> {
        let (layout, _) = self.table.as_ref()?;
        let mut rows = Self::new(self.name, None, self.encoding);
        rows.set(layout.clone());
        let (_, builder) = rows.table.as_mut()?;
        if let Some(wanted) = sink.wanted(&layout.table) {
            rows.wanted.retain(|column| wanted.column(*column));
            builder.project(Some(wanted));
        }
        builder.reserve(self.usual.load(Ordering::Relaxed).min(rows.limit));
        rows.usual = self.usual.clone();
        Some(rows)
    }

    fn begin(&mut self, block: &Block) {
        if let Some((_, builder)) = &mut self.table {
            builder.attach(block);
        }
    }

    fn cell(
        &mut self,
        ground: &mut Ground<'_>,
        block: &Block,
        page_at: usize,
        cell: &Cell,
        place: u64,
        bytes: u64,
    ) -> io::Result<Outcome> {
        let page = &block.bytes()[page_at..page_at + ground.pages.page_size()];
        let most = self.table.as_ref().map_or(MAX_COLUMNS, |(layout, _)| layout.cells.len());
        let max_cell = stored_max(self.encoding);
        let decoded = self.decoder.decode(&mut ground.pages, ground.usable, page, cell, most, max_cell)?;
        let at = match decoded {
            Ok(at) => at,
            Err(what) => return Ok(Outcome::Bad(what)),
        };
        if self.table.is_none() {
            if self.decoder.fields.is_empty() {
                return Ok(Outcome::Bad("SQLite row without values in a table whose definition is not understood"));
            }
            self.set(Arc::new(Layout::unknown(self.name, self.decoder.fields.len())));
            self.begin(block);
        }
        let (layout, builder) = self.table.as_mut().expect("set above");
        let (from, page_at) = match at {
            Bytes::Page => (page, page_at),
            Bytes::Gathered => (self.decoder.gathered.as_slice(), 0),
        };
        let whole = builder.begin_row(place);
        for &column in if whole { &self.columns } else { &self.wanted } {
            let stored = &layout.cells[column];
            let Some(field) = self.decoder.fields.get(stored.index) else {
                match &stored.default {
                    Some(default) => {
                        self.copied += default.len();
                        builder.copy(column, default);
                    }
                    None if stored.is_rowid => builder.copy(column, integer_text(cell.rowid, &mut [0; 20])),
                    None => builder.null(column),
                }
                continue;
            };
            match field.value(from) {
                Value::Text(start, len) if self.encoding != Encoding::Utf8 => {
                    let text = utf8(&from[start..start + len], self.encoding);
                    self.copied += text.len();
                    builder.copy(column, &text);
                }
                Value::Text(start, len) | Value::Blob(start, len) => {
                    if at == Bytes::Page && whole {
                        builder.slice(column, page_at + start, len);
                    } else if at == Bytes::Page {
                        builder.slice_wanted(column, page_at + start, len);
                    } else {
                        self.copied += len;
                        builder.copy(column, &from[start..start + len]);
                    }
                }
                Value::Null if stored.is_rowid => builder.copy(column, integer_text(cell.rowid, &mut [0; 20])),
                Value::Null => builder.null(column),
                Value::Integer(value) if stored.is_real => {
                    builder.copy(column, real_text(value as f64, &mut self.text));
                }
                Value::Integer(value) => builder.copy(column, integer_text(value, &mut [0; 20])),
                Value::Real(value) => builder.copy(column, real_text(value, &mut self.text)),
            }
        }
        let chain = self.decoder.chain * ground.pages.page_size() as u64;
        builder.end_row(RowAt { offset: place, line: 0 }, bytes + chain);
        if builder.len() >= self.limit || self.copied >= MAX_COPIED {
            self.end(ground);
            self.begin(block);
        }
        Ok(Outcome::Row)
    }

    fn end(&mut self, ground: &mut Ground<'_>) {
        self.copied = 0;
        if let Some(batch) = self.table.as_mut().and_then(|(_, builder)| builder.take()) {
            self.usual.fetch_max(batch.len(), Ordering::Relaxed);
            ground.sink.batch(batch);
        }
    }

    fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }
}

/// A row of the schema table that has a tree.
pub(super) struct Entry {
    pub(super) is_table: bool,
    pub(super) name: String,
    pub(super) sql: Option<String>,
    pub(super) root: u32,
    /// Where the entry's cell is, and how long it is on its page.
    pub(super) at: u64,
    pub(super) len: u32,
}

/// Learns the schema (section 2.6 of the file format: type, name, `tbl_name`, rootpage, sql).
pub(super) struct Schema {
    encoding: Encoding,
    decoder: Decoder,
    kept: usize,
    pub(super) entries: Vec<Entry>,
}

impl Schema {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, decoder: Decoder::default(), kept: 0, entries: Vec::new() }
    }
}

impl Cells for Schema {
    fn aside(&self, _: &dyn Sink) -> Option<Self> {
        None
    }

    fn begin(&mut self, _: &Block) {}

    fn cell(
        &mut self,
        ground: &mut Ground<'_>,
        block: &Block,
        page_at: usize,
        cell: &Cell,
        place: u64,
        _: u64,
    ) -> io::Result<Outcome> {
        let page = &block.bytes()[page_at..page_at + ground.pages.page_size()];
        let decoded = self.decoder.decode(&mut ground.pages, ground.usable, page, cell, MAX_COLUMNS, MAX_SQL)?;
        let from = match decoded {
            Ok(Bytes::Page) => page,
            Ok(Bytes::Gathered) => self.decoder.gathered.as_slice(),
            Err(what) => return Ok(Outcome::Bad(what)),
        };
        let value = |index: usize| self.decoder.fields.get(index).map_or(Value::Null, |field| field.value(from));
        let text = |index: usize| match value(index) {
            Value::Text(start, len) => {
                Some(String::from_utf8_lossy(&utf8(&from[start..start + len], self.encoding)).into_owned())
            }
            _ => None,
        };
        let root = match value(3) {
            // Views, triggers and virtual tables have no tree of their own.
            Value::Null | Value::Integer(0) => return Ok(Outcome::Other),
            Value::Integer(root) => u32::try_from(root).unwrap_or(u32::MAX),
            _ => return Ok(Outcome::Bad("SQLite schema damaged: an entry without a root page")),
        };
        let (Some(kind), Some(name)) = (text(0), text(1)) else {
            return Ok(Outcome::Bad("SQLite schema damaged: an entry without type or name"));
        };
        let is_table = kind == "table";
        let sql = if is_table { text(4) } else { None };
        self.kept += name.len() + sql.as_ref().map_or(0, String::len) + size_of::<Entry>();
        if self.kept > MAX_SCHEMA {
            return Ok(Outcome::Bad("SQLite schema too large: this table is not read"));
        }
        self.entries.push(Entry { is_table, name, sql, root, at: place, len: cell.len as u32 });
        Ok(Outcome::Other)
    }

    fn end(&mut self, _: &mut Ground<'_>) {}

    fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }
}
