//! The reader: puts scanner, statements and rows together, and keeps the three accounts of bytes.
//!
//! Bytes between `mark` and the place reached belong to no account yet. They go to one when a row, a statement or a
//! stretch of garbage ends, so that where blocks end changes nothing.

mod copying;
mod fork;
mod rows;
mod statements;

use std::ops::Range;
use std::sync::Arc;

use super::catalog::{self, Catalog};
use super::dialect::{Dialect, Rules};
use super::garbage::{Garbage, starts_statement};
use super::quotes::Quotes;
use super::row::{Capture, Row};
use super::scan::{Event, Scanner};
use super::statement::{MAX_COLUMNS, Target};
use crate::formats::{BatchBuilder, Reader, Sink};
use crate::model::{Block, Fault, RowAt, Table};
use fork::Assumed;

/// What faults say.
mod what {
    pub(super) const NOT_SQL: &str = "not an SQL statement: look at the bytes; reading went on at the next one";
    pub(super) const STATEMENT: &str =
        "bytes that cannot stand in an SQL statement: the script is damaged here; reading went on at the next one";
    pub(super) const ROW: &str =
        "a row is damaged (a quote or parenthesis is missing): compare with the source; reading went on behind it";
    pub(super) const COUNT: &str = "the number of values in a row is not that of the table's columns";
    pub(super) const INSERT: &str =
        "an INSERT without VALUES cannot be read without running it: load the script and audit the database";
    pub(super) const COPY: &str =
        "COPY rows in another form than text cannot be read: dump again with COPY's defaults or with --inserts";
    pub(super) const END: &str = "the file ends inside a statement: the rest is missing, dump or copy it again";
    pub(super) const END_COPY: &str = "the file ends inside COPY rows: the rest is missing, dump or copy it again";
    pub(super) const END_QUOTE: &str =
        "the file ends inside a quote or comment: the rest is missing, or a quote is missing before";
}

/// Most bytes kept of a statement that is not rows: a CREATE TABLE with thousands of columns fits.
const MAX_STATEMENT: usize = 1 << 20;

/// Tables of more columns are wide.
const WIDE: usize = 32;

/// Reads an SQL script.
pub(in crate::formats::sql) struct SqlReader {
    rules: Rules,
    /// Whether backslashes escape where `sql_mode` is back to what the script began with.
    usual_backslash: bool,
    scanner: Scanner,
    mode: Mode,
    catalog: Arc<Catalog>,
    /// Where rows go: its name, and the table once its columns are known.
    target: Arc<Target>,
    table: Option<Arc<Table>>,
    /// The last INSERT up to and with VALUES as it was written, if it lay in one block; empty if it may now mean
    /// something else.
    head: Vec<u8>,
    row: Row,
    text: Capture,
    builder: Option<BatchBuilder>,
    /// Rows of the last batch: the next one, or a fork's first, will have about as many.
    room: usize,
    roles: Option<BatchBuilder>,
    /// Made when rows are first read of which not all cells are wanted.
    quotes: Option<Quotes>,
    lines: Lines,
    /// Offset of the first byte that is in no account yet.
    mark: u64,
    /// Offset of the first byte not read yet.
    end: u64,
    /// Bytes understood as something else that the sink does not know of yet.
    other: u64,
    scratch: Vec<u8>,
    /// Where the last quote or comment opened.
    opened: RowAt,
    /// Where a fork started and what it assumed.
    assumed: Option<Assumed>,
}

/// What the reader is in the middle of.
#[derive(Clone)]
enum Mode {
    /// Nothing.
    Start,
    Statement(Statement),
    /// Between the rows of an INSERT; the comma, or the VALUES, before the next row has been seen at this place.
    Rows {
        due: Option<RowAt>,
    },
    /// In a row of an INSERT.
    Row {
        depth: u32,
        brackets: u32,
    },
    /// In a line that is none of SQL: psql's `\connect`, mysql's DELIMITER, `GO`.
    Line {
        delimiter: bool,
    },
    Copy(CopyRows),
    Garbage(Garbage),
}

#[derive(Clone, Debug)]
struct Statement {
    at: RowAt,
    kind: Kind,
    words: u32,
    depth: u32,
    /// Open BEGINs and CASEs of a body, and whether the last word was END.
    body: Option<(u32, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Insert,
    /// An INSERT whose rows come from elsewhere.
    Query,
    Copy,
    Create,
    CreateTable,
    Set,
    /// May hold a password.
    Role,
    Other,
}

#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // Independent of each other.
struct CopyRows {
    /// In the line of the COPY statement itself.
    head: bool,
    /// Whether the rows are in text format.
    text: bool,
    /// Whether a row has begun.
    begun: bool,
    /// After a backslash.
    escape: bool,
    /// The line of the first row; before it has begun, of the statement's end.
    line: u64,
}

/// Counts lines, looking at each byte once, and shortly before others do.
struct Lines {
    line: u64,
    /// No newline before this place is uncounted.
    next: usize,
    /// Whether there is one at it.
    newline: bool,
}

impl Lines {
    /// Bytes looked at together: they are still in the nearest cache when they are read for their rows.
    const AHEAD: usize = 8 << 10;

    fn begin(&mut self) {
        (self.next, self.newline) = (0, false);
    }

    /// The line of the byte at `at`; places come in order.
    #[inline]
    fn at(&mut self, bytes: &[u8], at: usize) -> u64 {
        if self.next < at {
            self.count(bytes, at);
        }
        self.line
    }

    /// There is no newline in `unbroken`.
    #[inline]
    fn skip(&mut self, unbroken: Range<usize>) {
        if unbroken.start <= self.next && !self.newline {
            self.next = self.next.max(unbroken.end);
        }
    }

    fn count(&mut self, bytes: &[u8], at: usize) {
        while self.next < at {
            self.line += u64::from(self.newline);
            let from = self.next + usize::from(self.newline);
            let until = bytes.len().min(from + Self::AHEAD);
            let found = memchr::memchr(b'\n', &bytes[from..until]);
            self.newline = found.is_some();
            self.next = found.map_or(until, |i| from + i);
        }
    }
}

impl SqlReader {
    /// A reader at the start of a script in `dialect`.
    pub(in crate::formats::sql) fn new(dialect: Dialect) -> Self {
        let rules = Rules::new(dialect);
        Self {
            rules,
            usual_backslash: rules.backslash,
            scanner: Scanner::new(),
            mode: Mode::Start,
            catalog: Arc::default(),
            target: Arc::new(Target { name: String::new(), columns: None, quote: None }),
            table: None,
            head: Vec::new(),
            row: Row::new(),
            text: Capture::new(MAX_STATEMENT),
            builder: None,
            room: 0,
            roles: None,
            quotes: None,
            lines: Lines { line: 1, next: 0, newline: false },
            mark: 0,
            end: 0,
            other: 0,
            scratch: Vec::new(),
            opened: RowAt { offset: 0, line: 1 },
            assumed: None,
        }
    }

    /// Whether the batch of `table` is the open one.
    fn is_open(&self, table: &Arc<Table>) -> bool {
        self.builder.as_ref().is_some_and(|b| Arc::ptr_eq(b.table(), table) || b.table() == table)
    }

    /// Whether rows of `table` may be tried the quick way. A batch of a wide table costs more than an INSERT that turns
    /// out to hold no row of it; a row read cell by cell opens it first, and is as long as the table is wide. (Measured
    /// before: a script that names a table of 4,000 columns every 55 bytes took 16 s a megabyte.)
    fn may_try(&self, table: &Arc<Table>) -> bool {
        table.columns.len() <= WIDE || self.is_open(table)
    }

    /// Makes the batch of `table` the open one, with `block` attached.
    fn ready(&mut self, table: &Arc<Table>, block: &Block, sink: &mut dyn Sink) {
        let fresh = !self.is_open(table);
        if fresh {
            self.flush(sink);
            self.builder = Some(BatchBuilder::new(table.clone()));
        }
        if let Some(builder) = self.builder.as_mut().filter(|b| !b.is_attached()) {
            builder.project(sink.wanted(table));
            if fresh {
                builder.reserve(self.room);
            }
            builder.attach(block);
        }
    }

    fn flush(&mut self, sink: &mut dyn Sink) {
        if let Some(batch) = self.builder.as_mut().and_then(BatchBuilder::take) {
            // An eighth more, since blocks differ; a short last piece of a block says nothing about the next one.
            self.room = self.room.max(batch.len() + batch.len() / 8).min(batch.len().max(1) * 64);
            sink.batch(batch);
        }
    }

    // ---- accounts ----

    /// Everything before `offset` that is in no account is something else.
    fn other_until(&mut self, offset: u64) {
        self.other += offset.saturating_sub(self.mark);
        self.mark = self.mark.max(offset);
    }

    /// The bytes from `from` to `until` are not understood.
    fn fault(&mut self, from: RowAt, until: u64, what: &'static str, sink: &mut dyn Sink) {
        self.other_until(from.offset);
        let len = until - self.mark;
        self.mark = until;
        sink.fault(Fault { offset: from.offset, line: from.line, len, what });
    }

    /// The row in the making is complete; it ends at `end` in the block.
    fn end_row(&mut self, block: &Block, end: usize, sink: &mut dyn Sink) {
        let until = block.offset() + end as u64;
        let at = self.row.at;
        if self.table.is_none() && (1..=MAX_COLUMNS).contains(&self.row.count) {
            self.table = Some(catalog::counted(&mut self.catalog, &self.target.name, self.row.count));
        }
        match self.table.clone().filter(|table| self.row.fits(table)) {
            Some(table) => {
                self.ready(&table, block, sink);
                self.other_until(at.offset);
                if let Some(builder) = self.builder.as_mut() {
                    builder.begin_row(at.offset);
                    self.row.give(builder);
                    builder.end_row(at, until - at.offset);
                }
                self.mark = until;
            }
            None => self.fault(at, until, what::COUNT, sink),
        }
    }

    // ---- everything else, event by event ----

    /// Reads on by events until rows can be read the quick way again, or the block ends.
    fn scan(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        while let Some(event) = self.scanner.next(block.bytes(), &mut at, block.offset(), self.rules) {
            if self.event(event, block, at, sink) {
                return at;
            }
        }
        block.len()
    }

    /// Takes an event that ends at `at`; whether the bytes after it may be read in another way than by events.
    fn event(&mut self, event: Event, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
        if matches!(event, Event::Quote | Event::Comment) {
            self.opened = self.token(block, at);
        }
        match &self.mode {
            Mode::Start => self.at_start(event, block, at),
            Mode::Statement(_) => self.in_statement(event, block, at, sink),
            Mode::Rows { .. } => self.between_rows(event, block, at),
            Mode::Row { .. } => self.in_row(event, block, at, sink),
            Mode::Line { .. } | Mode::Copy(_) | Mode::Garbage(_) => true,
        }
    }

    /// Where the token that ends at `at` starts. No token holds a newline, so that its end has the same line.
    fn token(&mut self, block: &Block, at: usize) -> RowAt {
        let line = self.lines.at(block.bytes(), at);
        RowAt { offset: self.scanner.start, line }
    }
}

impl Reader for SqlReader {
    fn push(&mut self, block: &Block, sink: &mut dyn Sink) {
        let bytes = block.bytes();
        self.lines.begin();
        let mut at = 0;
        while at < bytes.len() {
            at = match self.mode {
                Mode::Rows { .. } if self.scanner.is_plain() => {
                    let quick = self.quick_rows(block, at, sink);
                    self.scan(block, quick, sink)
                }
                Mode::Start | Mode::Statement(_) | Mode::Rows { .. } | Mode::Row { .. } => self.scan(block, at, sink),
                Mode::Line { .. } => self.line_mode(bytes, at),
                Mode::Garbage(_) => self.pass_garbage(block, at, sink),
                Mode::Copy(_) => self.copy_mode(block, at, sink),
            };
        }
        match self.mode {
            Mode::Statement(_) | Mode::Line { .. } => self.text.suspend(bytes),
            Mode::Row { .. } | Mode::Copy(CopyRows { begun: true, .. }) => self.row.suspend(bytes),
            _ => {}
        }
        self.lines.at(bytes, bytes.len());
        self.end = block.offset() + bytes.len() as u64;
        self.flush(sink);
        if let Some(batch) = self.roles.as_mut().and_then(BatchBuilder::take) {
            sink.batch(batch);
        }
        if self.other > 0 {
            sink.other(std::mem::take(&mut self.other));
        }
    }

    fn finish(&mut self, sink: &mut dyn Sink) {
        let nothing = Block::copy_from(&[], self.end);
        self.lines.begin();
        if let Some(event) = self.scanner.finish() {
            self.event(event, &nothing, 0, sink);
        }
        let here = RowAt { offset: self.end, line: self.lines.line };
        let open = self.scanner.is_open();
        match &self.mode {
            Mode::Start | Mode::Line { .. } if !open => {}
            Mode::Start | Mode::Line { .. } => self.fault(self.opened, self.end, what::END_QUOTE, sink),
            Mode::Statement(statement) => {
                let at = statement.at;
                let body = statement.body.is_some_and(|(depth, end)| depth > u32::from(end));
                if open {
                    self.fault(at, self.end, what::END_QUOTE, sink);
                } else if body || statement.depth > 0 || matches!(statement.kind, Kind::Insert | Kind::Query) {
                    self.fault(at, self.end, what::END, sink);
                } else {
                    self.end_statement(&nothing, 0, self.end, sink);
                }
            }
            Mode::Rows { due } => match *due {
                Some(from) => self.fault(from, self.end, what::END, sink),
                None if open => self.fault(self.opened, self.end, what::END_QUOTE, sink),
                None => {}
            },
            Mode::Row { .. } => self.fault(self.row.at, self.end, what::END, sink),
            Mode::Copy(copy) if !copy.text => {
                let from = RowAt { offset: self.mark, line: copy.line };
                self.fault(from, self.end, what::COPY, sink);
            }
            Mode::Copy(copy) => {
                let from = if copy.begun { self.row.at } else { here };
                self.fault(from, self.end, what::END_COPY, sink);
            }
            Mode::Garbage(garbage) => {
                let (from, what) = (garbage.from, garbage.what);
                self.fault(from, self.end, what, sink);
            }
        }
        self.mode = Mode::Start;
        self.other_until(self.end);
        self.flush(sink);
        if let Some(batch) = self.roles.as_mut().and_then(BatchBuilder::take) {
            sink.batch(batch);
        }
        if self.other > 0 {
            sink.other(std::mem::take(&mut self.other));
        }
    }

    fn line(&self) -> u64 {
        self.lines.line
    }

    fn fork(&self, block: &Block) -> Option<(usize, Box<dyn Reader>)> {
        let (at, fork) = self.forked(block)?;
        Some((at, Box::new(fork)))
    }

    fn is_at(&self, fork: &dyn Reader) -> bool {
        let fork = fork.as_any().downcast_ref::<Self>();
        fork.and_then(|fork| fork.assumed.as_ref()).is_some_and(|assumed| self.agrees(assumed))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
