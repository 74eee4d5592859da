//! A row in the making that cannot go into a batch yet: its block ended, or its table's columns are not known.

use std::sync::Arc;

use super::statement::MAX_COLUMNS;
use super::value::{self, Value};
use crate::formats::{BatchBuilder, MAX_CELL};
use crate::model::{RowAt, Table};

/// Most bytes kept of one row. A row of 4096 cells of 64 KiB each would be 256 MiB; real ones stay far below this.
const MAX_ROW: usize = 16 << 20;

/// Text that is collected over blocks, up to a limit.
pub(super) struct Capture {
    carry: Vec<u8>,
    from: usize,
    limit: usize,
}

impl Capture {
    pub(super) fn new(limit: usize) -> Self {
        Self { carry: Vec::new(), from: 0, limit }
    }

    /// Starts at a place of the block.
    pub(super) fn start(&mut self, at: usize) {
        self.carry.clear();
        self.from = at;
    }

    /// Keeps what the block holds of the text: the block ends.
    pub(super) fn suspend(&mut self, bytes: &[u8]) {
        self.keep(&bytes[self.from.min(bytes.len())..]);
        self.from = 0;
    }

    /// The text, which ends at `end` in the block, and where in the block it lies if it lies there as a whole.
    /// To be asked once.
    pub(super) fn text<'a>(&'a mut self, bytes: &'a [u8], end: usize) -> (&'a [u8], Option<usize>) {
        let here = &bytes[self.from.min(end)..end];
        if self.carry.is_empty() {
            return (&here[..here.len().min(self.limit)], Some(self.from));
        }
        self.keep(here);
        (&self.carry, None)
    }

    /// Whether the text, which ends at `end` in the block, is one of `wanted`.
    pub(super) fn is(&self, bytes: &[u8], end: usize, wanted: &[&[u8]]) -> bool {
        let here = &bytes[self.from.min(end)..end];
        wanted.iter().any(|w| w.strip_prefix(self.carry.as_slice()) == Some(here))
    }

    fn keep(&mut self, bytes: &[u8]) {
        let len = bytes.len().min(self.limit - self.carry.len());
        self.carry.extend_from_slice(&bytes[..len]);
    }
}

/// The finished cells of a row, and the text of the one being read.
pub(super) struct Row {
    /// Where the row starts.
    pub(super) at: RowAt,
    /// The cell being read.
    pub(super) capture: Capture,
    /// Cells so far, those beyond the table's columns included.
    pub(super) count: usize,
    /// Whether a cell holds no value.
    pub(super) broken: bool,
    cells: Vec<Cell>,
    own: Vec<u8>,
    left: usize,
}

#[derive(Clone, Copy)]
enum Cell {
    Null,
    /// In the block.
    Block {
        start: usize,
        len: usize,
    },
    /// In `own`.
    Own {
        start: usize,
        len: usize,
    },
}

impl Row {
    /// No row.
    pub(super) fn new() -> Self {
        Self {
            at: RowAt { offset: 0, line: 1 },
            // Two bytes of text make at least one of a cell, in every escape that is usual.
            capture: Capture::new(2 * MAX_CELL + 64),
            count: 0,
            broken: false,
            cells: Vec::new(),
            own: Vec::new(),
            left: MAX_ROW,
        }
    }

    /// Starts a row; its first cell starts `cell` bytes into the block.
    pub(super) fn start(&mut self, at: RowAt, cell: usize) {
        self.at = at;
        self.count = 0;
        self.broken = false;
        self.cells.clear();
        self.own.clear();
        self.left = MAX_ROW;
        self.capture.start(cell);
    }

    /// Ends the cell being read at `end` in the block; `read` tells what its text stands for.
    pub(super) fn end_cell(
        &mut self,
        bytes: &[u8],
        end: usize,
        table: Option<&Table>,
        read: impl FnOnce(&[u8]) -> Value,
    ) {
        self.count += 1;
        let column = self.count - 1;
        if column >= table.map_or(MAX_COLUMNS, |t| t.columns.len()) {
            self.capture.start(end);
            return;
        }
        let (text, place) = self.capture.text(bytes, end);
        let value = read(text);
        let is_bytea = || table.is_some_and(|t| t.columns[column].declared.as_deref() == Some("bytea"));
        let slice = match &value {
            Value::Null | Value::Missing => &[],
            Value::Slice(span) => &text[span.clone()],
            Value::Bytes(bytes) => bytes.as_slice(),
        };
        let decoded = if slice.starts_with(b"\\x") && is_bytea() { value::bytea(slice) } else { None };
        let kept = decoded.as_ref().map_or(slice.len(), Vec::len).min(MAX_CELL).min(self.left);
        self.left -= kept;
        let cell = match (&value, place) {
            (Value::Missing, _) => {
                self.broken = true;
                Cell::Null
            }
            (Value::Null, _) => Cell::Null,
            (Value::Slice(span), Some(place)) if decoded.is_none() => {
                Cell::Block { start: place + span.start, len: kept }
            }
            _ => {
                let start = self.own.len();
                self.own.extend_from_slice(&decoded.as_deref().unwrap_or(slice)[..kept]);
                Cell::Own { start, len: kept }
            }
        };
        self.cells.push(cell);
    }

    /// Copies what lies in the block: the block ends.
    pub(super) fn suspend(&mut self, bytes: &[u8]) {
        self.capture.suspend(bytes);
        for cell in &mut self.cells {
            if let Cell::Block { start, len } = *cell {
                let own = self.own.len();
                self.own.extend_from_slice(&bytes[start..start + len]);
                *cell = Cell::Own { start: own, len };
            }
        }
    }

    /// Whether the row is one of `table`.
    pub(super) fn fits(&self, table: &Table) -> bool {
        self.count == table.columns.len() && !self.broken
    }

    /// Gives the cells to `builder`, to which the block is attached.
    pub(super) fn give(&self, builder: &mut BatchBuilder) {
        for (column, cell) in self.cells.iter().enumerate() {
            match *cell {
                Cell::Null => builder.null(column),
                Cell::Block { start, len } => builder.slice(column, start, len),
                Cell::Own { start, len } => builder.copy(column, &self.own[start..start + len]),
            }
        }
    }
}

/// The columns of a table of which nothing tells the names.
pub(super) fn unnamed(name: &str, count: usize) -> Arc<Table> {
    let columns = (1..=count).map(|i| crate::model::Column::named(format!("column {i}"))).collect();
    Arc::new(Table { name: name.to_owned(), columns, named_columns: false })
}
