//! Tables as they leave a reader.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryViewArray, RecordBatch, RecordBatchOptions, cast::AsArray};

/// A column as the input names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name as written, or `column N` (1-based) where the input has none.
    pub name: String,
    /// The declared type, lower case, where the input declares one (`varchar(40)`, `bigint`).
    pub declared: Option<String>,
}

impl Column {
    /// A column without a declared type.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), declared: None }
    }
}

/// Name and columns of a table; shared by all its batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `schema.table` or `table` as the input names it; empty where it names none (CSV, JSON).
    pub name: String,
    /// Columns in the order of the cells.
    pub columns: Vec<Column>,
    /// Whether the column names are the input's own: false where they were made up (`column 3`).
    pub named_columns: bool,
}

/// Where a row starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowAt {
    /// Bytes of the unit's text before the row.
    pub offset: u64,
    /// Line, 1-based from where the reader started: a forked reader starts again at 1 and the driver adds the rest.
    pub line: u64,
}

/// What the places of a table's rows count, and so how they are told to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Places {
    /// Bytes and lines of a unit's text, as [`RowAt`] says.
    Bytes,
    /// [`RowAt::offset`] is the row's value in this column, the table's key: a whole number, in two's complement.
    Key(String),
    /// [`RowAt::offset`] is the row's number in the order of reading, from 1.
    Rows,
    /// [`RowAt::offset`] is a `PostgreSQL` row address: number of the page, shifted left by 16 bits, and line in it.
    Tid,
    /// The row's value in this column is 12 bytes: the first four are [`RowAt::line`], the rest [`RowAt::offset`]
    /// (`MongoDB`'s object ids).
    ObjectId(String),
}

impl Places {
    /// A place in words: `line 53, byte 10233`, `id 17`; formats without lines say only the byte.
    pub fn say(&self, at: RowAt) -> String {
        match self {
            Self::Bytes if at.line == 0 => format!("byte {}", at.offset),
            Self::Bytes => format!("line {}, byte {}", at.line, at.offset),
            Self::Key(column) => format!("{column} {}", at.offset.cast_signed()),
            Self::Rows => format!("row {}", at.offset),
            Self::Tid => format!("ctid ({},{})", at.offset >> 16, at.offset & 0xffff),
            Self::ObjectId(column) => format!("{column} {:08x}{:016x}", at.line, at.offset),
        }
    }
}

/// Which cells of a table are wanted: a reader that is told so may leave out the others.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// By column. Columns beyond these are not wanted.
    pub columns: Vec<bool>,
    /// Whether all cells are wanted of a row that starts at this offset.
    pub whole: fn(u64) -> bool,
}

impl Wanted {
    /// Whether the cells of `column` are wanted.
    #[inline]
    pub fn column(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|wanted| *wanted)
    }
}

/// What a batch holds where a reader left out cells that are not [`Wanted`].
#[derive(Clone)]
pub struct Partial {
    /// What was wanted. Columns that are not hold NULLs only.
    pub wanted: Arc<Wanted>,
    /// The rows of the batch that were wanted whole, ascending.
    pub rows: Vec<u32>,
    /// All their cells.
    pub whole: Whole,
}

/// A few rows with all their cells, which are copied: an array for each of their columns would be larger than what is in it.
#[derive(Clone, Default)]
pub struct Whole {
    columns: usize,
    bytes: Vec<u8>,
    /// Where each cell begins, row after row.
    starts: Vec<usize>,
    /// The numbers of the cells that are NULL, ascending.
    nulls: Vec<usize>,
}

impl Whole {
    /// No rows of `columns` cells each.
    pub const fn new(columns: usize) -> Self {
        Self { columns, bytes: Vec::new(), starts: Vec::new(), nulls: Vec::new() }
    }

    /// Adds the cell of `column`: the next one of its row, or the first of the next row.
    pub fn push(&mut self, column: usize, cell: Option<&[u8]>) {
        debug_assert_eq!(self.starts.len() % self.columns, column, "cells come from left to right");
        self.starts.push(self.bytes.len());
        match cell {
            Some(bytes) => self.bytes.extend_from_slice(bytes),
            None => self.nulls.push(self.starts.len() - 1),
        }
    }

    /// Adds the rows of `more`, which has as many columns.
    ///
    /// # Panics
    /// If it has not.
    pub fn append(&mut self, more: &Self) {
        assert_eq!(self.columns, more.columns, "both hold rows of one table");
        let (bytes, cells) = (self.bytes.len(), self.starts.len());
        self.bytes.extend_from_slice(&more.bytes);
        self.starts.extend(more.starts.iter().map(|start| bytes + start));
        self.nulls.extend(more.nulls.iter().map(|cell| cells + cell));
    }

    /// Bytes of all cells together.
    pub const fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Takes back all but the first `rows`.
    pub fn cut(&mut self, rows: usize) {
        let kept = rows * self.columns;
        if let Some(start) = self.starts.get(kept) {
            self.bytes.truncate(*start);
            self.starts.truncate(kept);
            self.nulls.retain(|cell| *cell < kept);
        }
    }

    /// Cells of a row.
    pub const fn columns(&self) -> usize {
        self.columns
    }

    /// Rows; `None` where the last one has not all of its cells.
    pub fn whole_rows(&self) -> Option<usize> {
        let rows = self.starts.len().checked_div(self.columns).unwrap_or_default();
        (rows * self.columns == self.starts.len()).then_some(rows)
    }

    /// One cell; `None` is NULL.
    ///
    /// # Panics
    /// If there is none, like an index.
    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        let cell = row * self.columns + column;
        let end = self.starts.get(cell + 1).copied().unwrap_or(self.bytes.len());
        let bytes = &self.bytes[self.starts[cell]..end];
        self.nulls.binary_search(&cell).is_err().then_some(bytes)
    }
}

/// A slice of one table's rows.
#[derive(Clone)]
pub struct TableBatch {
    /// Which table.
    pub table: Arc<Table>,
    /// One nullable `BinaryView` column for each of the table's columns.
    pub cells: RecordBatch,
    /// One for each row.
    pub rows: Vec<RowAt>,
    /// Input bytes that these rows account for, separators between them included.
    pub bytes: u64,
    /// Set where cells were left out.
    pub partial: Option<Partial>,
}

impl std::fmt::Debug for TableBatch {
    /// Says how many rows of which table, never what is in them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TableBatch({} rows of {:?})", self.rows.len(), self.table.name)
    }
}

impl TableBatch {
    /// The same rows without hold on the blocks they were read from: their cells are copied together.
    #[must_use]
    pub fn compact(&self) -> Self {
        let (table, rows, partial) = (self.table.clone(), self.rows.clone(), self.partial.clone());
        Self { table, cells: compacted(&self.cells), rows, bytes: self.bytes, partial }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The cells of one column.
    ///
    /// # Panics
    /// If the reader was told that nobody wants them: NULLs must not be taken for what it left out.
    pub fn column(&self, index: usize) -> &BinaryViewArray {
        let here = self.partial.as_ref().is_none_or(|partial| partial.wanted.column(index));
        assert!(here, "a column that is asked for was wanted from the reader");
        self.cells.column(index).as_binary_view()
    }

    /// One cell; `None` is SQL's NULL, a field that is not there, or a column that the table did not have yet.
    pub fn cell(&self, row: usize, column: usize) -> Option<&[u8]> {
        if column >= self.cells.num_columns() {
            return None;
        }
        let column = self.column(column);
        (!column.is_null(row)).then(|| column.value(row))
    }
}

/// The same cells in memory of their own.
fn compacted(cells: &RecordBatch) -> RecordBatch {
    let columns = cells.columns().iter().map(|c| Arc::new(c.as_binary_view().gc()) as ArrayRef).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(cells.num_rows()));
    RecordBatch::try_new_with_options(cells.schema(), columns, &options)
        .expect("the columns have the schema's types and the batch's length")
}

/// Bytes that a reader could not understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where they start, in bytes of the unit's text.
    pub offset: u64,
    /// Line, counted as in [`RowAt::line`].
    pub line: u64,
    /// How many bytes.
    pub len: u64,
    /// What is wrong with them and what to do. Static: a fault can never carry input.
    pub what: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_rows_are_added_behind_those_that_are_there() {
        let rows: [[Option<&[u8]>; 3]; 4] = [
            [Some(b"1"), None, Some(b"")],
            [None, Some(b"anna"), None],
            [Some(b"3"), Some(b"a longer cell"), Some(b"x")],
            [None, None, None],
        ];
        let part = |rows: &[[Option<&[u8]>; 3]]| {
            let mut part = Whole::new(3);
            rows.iter().flat_map(|row| row.iter().enumerate()).for_each(|(column, cell)| part.push(column, *cell));
            part
        };
        for split in 0..=rows.len() {
            let mut all = part(&rows[..split]);
            all.append(&part(&rows[split..]));
            assert_eq!(all.whole_rows(), Some(rows.len()));
            assert_eq!(all.bytes(), 20);
            for (number, row) in rows.iter().enumerate() {
                for (column, cell) in row.iter().enumerate() {
                    assert_eq!(all.cell(number, column), *cell, "split at {split}");
                }
            }
        }
    }
}
