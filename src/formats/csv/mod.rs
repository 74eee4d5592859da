//! CSV and its relatives: fields apart by `,` `;` tab or `|`, with or without quotes, with or without a header.
//!
//! What the file is like (`dialect.rs` and `head.rs`) is decided once from its start; the reader then parses row by row.
//! A row that does not have the table's number of fields is a fault of its own bytes: a guess at which field is missing
//! would give somebody another person's password. Bytes stay bytes: no encoding is assumed.

mod dialect;
mod head;

use std::any::Any;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use self::dialect::{Dialect, Ending, Field, Kind};
use super::carry::Carry;
use super::{About, BatchBuilder, Format, Head, Likeness, MAX_CELL, Opened, Reader, Sink};
use crate::model::{Block, Fault, RowAt, Table};

/// Rows of fields.
pub(super) struct Csv;

impl Format for Csv {
    fn name(&self) -> &'static str {
        "CSV"
    }

    fn about(&self) -> About {
        About::new(
            "`,` `;` tab and `\\|` between fields, quoted or not, with or without a header, also as `mysql --batch` writes it",
            "a row with another number of fields is not understood, never guessed",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        head::look(head).map(|found| found.likeness)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        match head::look(head) {
            Some(found) => {
                let name = found.describe();
                (name, Opened::Stream(Box::new(CsvReader::new(found))))
            }
            None => ("CSV".into(), Opened::NoTables("text without tables")),
        }
    }
}

/// A row longer than this is not a row of accounts; it bounds what is held while the end of a row is sought.
const MAX_ROW: usize = 16 << 20;

const RAGGED: &str = "a row with more or fewer fields than the table has columns: mend the row and read again";
const TOO_LONG: &str = "a row of more than 16 MiB: mend the row and read again";

/// What all readers of one file agree on.
struct Shape {
    dialect: Dialect,
    table: Arc<Table>,
    /// Fields a row must have: the columns without nameless ones at the end of a header.
    required: usize,
}

/// Reads the rows.
struct CsvReader {
    carry: Carry,
    rows: Rows,
}

struct Rows {
    shape: Arc<Shape>,
    builder: BatchBuilder,
    line: u64,
    /// Bytes of byte order mark, `sep=` line and header still to pass.
    skip: usize,
    /// A row that is too long, whose end is sought.
    passing: Option<Fault>,
    fields: Vec<Field>,
    scratch: Vec<u8>,
}

impl CsvReader {
    fn new(found: head::Found) -> Self {
        let shape = Arc::new(Shape { dialect: found.dialect, table: found.table, required: found.required });
        Self { carry: Carry::default(), rows: Rows::new(shape, found.skip) }
    }
}

impl Rows {
    fn new(shape: Arc<Shape>, skip: usize) -> Self {
        let builder = BatchBuilder::new(shape.table.clone());
        Self { shape, builder, line: 1, skip, passing: None, fields: Vec::new(), scratch: Vec::new() }
    }

    /// Reads what it can of `block`; the bytes consumed. At the end of the text that is all.
    fn run(&mut self, block: &Block, end: bool, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        let mut pos = self.skip.min(bytes.len());
        if pos > 0 {
            self.skip -= pos;
            self.line += self.newlines(&bytes[..pos]);
            sink.other(pos as u64);
        }
        self.builder.attach(block);
        let shape = self.shape.clone();
        let mut blank = 0;
        while pos < bytes.len() {
            if self.passing.is_some() {
                pos = self.pass(bytes, pos, end, sink);
                continue;
            }
            let row = shape.dialect.row(bytes, pos, end, shape.table.columns.len(), &mut self.fields);
            let next = row.next.unwrap_or(bytes.len());
            if next - pos > MAX_ROW {
                let fault = Fault { offset: block.offset() + pos as u64, line: self.line, len: 0, what: TOO_LONG };
                self.passing = Some(fault);
                self.add_to_pass(bytes, pos, pos + MAX_ROW);
                pos += MAX_ROW;
                continue;
            }
            if row.next.is_none() {
                break;
            }
            let at = RowAt { offset: block.offset() + pos as u64, line: self.line };
            let len = (next - pos) as u64;
            match row.ending {
                Ending::Row if row.blank => blank += len,
                Ending::Row if row.count < shape.required || row.surplus => {
                    sink.fault(Fault { offset: at.offset, line: at.line, len, what: RAGGED });
                }
                Ending::Row => self.add_row(bytes, at, len),
                Ending::Broken(what) => sink.fault(Fault { offset: at.offset, line: at.line, len, what }),
            }
            self.line += if row.plain { 1 } else { self.newlines(&bytes[pos..next]) };
            pos = next;
        }
        if blank > 0 {
            sink.other(blank);
        }
        pos
    }

    fn add_row(&mut self, bytes: &[u8], at: RowAt, len: u64) {
        for (column, field) in self.fields.iter().enumerate() {
            match field.kind {
                Kind::Plain => self.builder.slice(column, field.start, field.len),
                Kind::Null => self.builder.null(column),
                Kind::Doubled | Kind::Escaped => {
                    self.scratch.clear();
                    let raw = &bytes[field.start..field.start + field.len];
                    dialect::unescape(raw, field.kind, self.shape.dialect.escape, MAX_CELL, &mut self.scratch);
                    self.builder.copy(column, &self.scratch);
                }
            }
        }
        for column in self.fields.len()..self.shape.table.columns.len() {
            self.builder.null(column);
        }
        self.builder.end_row(at, len);
    }

    /// Seeks the end of the line in which a row became too long.
    fn pass(&mut self, bytes: &[u8], from: usize, end: bool, sink: &mut dyn Sink) -> usize {
        let newline = memchr(self.shape.dialect.newline, &bytes[from..]);
        let to = newline.map_or(bytes.len(), |n| from + n + 1);
        self.add_to_pass(bytes, from, to);
        if newline.is_some() || end {
            self.end_pass(sink);
        }
        to
    }

    fn add_to_pass(&mut self, bytes: &[u8], from: usize, to: usize) {
        self.line += self.newlines(&bytes[from..to]);
        if let Some(fault) = &mut self.passing {
            fault.len += (to - from) as u64;
        }
    }

    fn end_pass(&mut self, sink: &mut dyn Sink) {
        if let Some(fault) = self.passing.take() {
            sink.fault(fault);
        }
    }

    fn newlines(&self, bytes: &[u8]) -> u64 {
        memchr_iter(self.shape.dialect.newline, bytes).count() as u64
    }

    fn flush(&mut self, sink: &mut dyn Sink) {
        if let Some(batch) = self.builder.take() {
            sink.batch(batch);
        }
    }
}

impl Reader for CsvReader {
    fn push(&mut self, block: &Block, sink: &mut dyn Sink) {
        let rows = &mut self.rows;
        self.carry.push(block, |block| rows.run(block, false, sink));
        self.rows.flush(sink);
    }

    fn finish(&mut self, sink: &mut dyn Sink) {
        let rest = self.carry.take();
        if !rest.is_empty() {
            let _all = self.rows.run(&rest, true, sink);
        }
        self.rows.end_pass(sink);
        self.rows.flush(sink);
    }

    fn line(&self) -> u64 {
        self.rows.line
    }

    /// A newline after which a row with the right number of fields follows, and another place where a row may start.
    fn fork(&self, block: &Block) -> Option<(usize, Box<dyn Reader>)> {
        /// More ragged rows than this in a row, and the block is read in order.
        const TRIES: usize = 8;
        let shape = &self.rows.shape;
        let bytes = block.bytes();
        let mut fields = Vec::new();
        for newline in memchr_iter(shape.dialect.newline, bytes).take(TRIES) {
            let at = newline + 1;
            let row = shape.dialect.row(bytes, at, false, shape.table.columns.len(), &mut fields);
            let fits = row.next.is_some() && !row.blank && row.count >= shape.required && !row.surplus;
            if fits && matches!(row.ending, Ending::Row) {
                let fork = Self { carry: Carry::default(), rows: Rows::new(shape.clone(), 0) };
                return Some((at, Box::new(fork)));
            }
        }
        None
    }

    fn is_at(&self, fork: &dyn Reader) -> bool {
        let Some(fork) = fork.as_any().downcast_ref::<Self>() else { return false };
        self.carry.is_empty()
            && self.rows.skip == 0
            && self.rows.passing.is_none()
            && Arc::ptr_eq(&self.rows.shape, &fork.rows.shape)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests;
