//! The reader: puts scanner, statements and rows together, and keeps the three accounts of bytes.
//!
//! Bytes between `mark` and the place reached belong to no account yet. They go to one when a row, a statement or a
//! stretch of garbage ends, so that where blocks end changes nothing.

use std::sync::Arc;

use super::catalog::{self, Catalog};
use super::dialect::{Dialect, Rules};
use super::garbage::{Garbage, Way, starts_statement};
use super::row::{Capture, Row};
use super::scan::{Event, Scanner};
use super::statement::{self, Copy, MAX_COLUMNS, Setting, Target};
use super::{copy, roles, tuple, value};
use crate::formats::{BatchBuilder, Reader, Sink};
use crate::model::{Block, Column, Fault, RowAt, Table};

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

/// Most bytes kept of a DELIMITER line.
const MAX_LINE: usize = 64;

/// Places in a block at which a fork is tried before it is given up.
const MAX_TRIES: usize = 256;

/// Reads an SQL script.
pub(super) struct SqlReader {
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
    roles: Option<BatchBuilder>,
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
#[derive(Clone, Debug)]
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

#[derive(Clone, Debug, PartialEq, Eq)]
struct CopyRows {
    /// In the line of the COPY statement itself.
    head: bool,
    /// Whether the rows are in text format.
    text: bool,
    /// Whether a row has begun.
    begun: bool,
    /// After a backslash.
    escape: bool,
    /// The line of the first row.
    line: u64,
}

/// A fork's starting point.
#[derive(Clone)]
struct Assumed {
    offset: u64,
    rules: Rules,
    usual_backslash: bool,
    scanner: Scanner,
    copy: bool,
    table: Arc<Table>,
    target: Arc<Target>,
    catalog: Arc<Catalog>,
}

/// Counts lines without looking at every byte twice.
struct Lines {
    line: u64,
    next: usize,
}

impl Lines {
    fn begin(&mut self, bytes: &[u8]) {
        self.next = memchr::memchr(b'\n', bytes).unwrap_or(usize::MAX);
    }

    /// The line of the byte at `at`; places come in order.
    #[inline]
    fn at(&mut self, bytes: &[u8], at: usize) -> u64 {
        while self.next < at {
            self.line += 1;
            self.next = memchr::memchr(b'\n', &bytes[self.next + 1..]).map_or(usize::MAX, |i| self.next + 1 + i);
        }
        self.line
    }
}

impl SqlReader {
    /// A reader at the start of a script in `dialect`.
    pub(super) fn new(dialect: Dialect) -> Self {
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
            roles: None,
            lines: Lines { line: 1, next: usize::MAX },
            mark: 0,
            end: 0,
            other: 0,
            scratch: Vec::new(),
            opened: RowAt { offset: 0, line: 1 },
            assumed: None,
        }
    }

    // ---- rows of INSERT, the quick way ----

    /// Reads rows from `at` on as long as they are simple; gives the place behind the last one.
    fn quick_rows(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let Some(table) = self.table.clone() else { return at };
        let columns = table.columns.len();
        let bytes = block.bytes();
        let base = block.offset();
        self.ready(&table, block, sink);
        let mut due = matches!(self.mode, Mode::Rows { due: Some(_) });
        loop {
            let Some(open) = self.next_open(bytes, at, due) else { break };
            let Some(builder) = self.builder.as_mut() else { break };
            let Some(end) = tuple::read(bytes, open, columns, self.rules, builder, &mut self.scratch) else {
                builder.abandon_row();
                break;
            };
            let start = base + open as u64;
            let line = self.lines.at(bytes, open);
            builder.end_row(RowAt { offset: start, line }, (end - open) as u64);
            self.other += start - self.mark;
            self.mark = base + end as u64;
            at = end;
            due = false;
        }
        if !due {
            self.mode = Mode::Rows { due: None };
            self.scanner.resume(false);
        }
        at
    }

    /// The `(` of the next row, if nothing but blanks and a comma is before it, or the end of this statement and the
    /// same words again. Decides as the scanner would.
    #[inline]
    fn next_open(&self, bytes: &[u8], mut at: usize, mut due: bool) -> Option<usize> {
        let blank = |b: &u8| matches!(b, b' ' | b'\n' | b'\r' | b'\t');
        loop {
            match *bytes.get(at)? {
                b'(' if due => return Some(at),
                b',' if !due => {
                    due = true;
                    at += 1;
                }
                b' ' | b'\n' | b'\r' | b'\t' => at += 1,
                b';' if !due && !self.head.is_empty() && self.scanner.is_usual_delimiter() => {
                    at += 1;
                    at += bytes[at..].iter().take_while(|b| blank(b)).count();
                    if !bytes[at..].starts_with(&self.head) {
                        return None;
                    }
                    at += self.head.len();
                    due = true;
                }
                // SQL Server's scripts put nothing between two INSERTs but the end of the line.
                _ if !due && !self.head.is_empty() && bytes[at..].starts_with(&self.head) => {
                    at += self.head.len();
                    due = true;
                }
                _ => return None,
            }
        }
    }

    /// Makes the batch of `table` the open one, with `block` attached.
    fn ready(&mut self, table: &Arc<Table>, block: &Block, sink: &mut dyn Sink) {
        let same = self.builder.as_ref().is_some_and(|b| Arc::ptr_eq(b.table(), table) || b.table() == table);
        if !same {
            self.flush(sink);
            self.builder = Some(BatchBuilder::new(table.clone()));
        }
        if let Some(builder) = self.builder.as_mut().filter(|b| !b.is_attached()) {
            builder.attach(block);
        }
    }

    fn flush(&mut self, sink: &mut dyn Sink) {
        if let Some(batch) = self.builder.as_mut().and_then(BatchBuilder::take) {
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

    fn at_start(&mut self, event: Event, block: &Block, at: usize) -> bool {
        match event {
            Event::End | Event::Comment | Event::Punct(b'/') => {}
            Event::Word if !self.scanner.glued && starts_statement(self.scanner.word()) => {
                let word = self.scanner.word().to_vec();
                self.begin(&word, self.scanner.start, block, at);
                return matches!(self.mode, Mode::Line { .. });
            }
            Event::Punct(b'\\' | b'@') => {
                self.text.start(at);
                self.mode = Mode::Line { delimiter: false };
                return true;
            }
            _ => {
                let from = self.token(block, at);
                self.mode = Mode::Garbage(Garbage::new(from, what::NOT_SQL, false));
                return true;
            }
        }
        false
    }

    /// Where the token that ends at `at` starts. No token holds a newline, so that its end has the same line.
    fn token(&mut self, block: &Block, at: usize) -> RowAt {
        let line = self.lines.at(block.bytes(), at);
        RowAt { offset: self.scanner.start, line }
    }

    /// A statement starts with `word`, which started at `start` and ends at `at`.
    fn begin(&mut self, word: &[u8], start: u64, block: &Block, at: usize) {
        let line = self.lines.at(block.bytes(), at);
        self.text.start(at);
        let kind = match word {
            b"INSERT" | b"REPLACE" => Kind::Insert,
            b"COPY" => Kind::Copy,
            b"CREATE" => Kind::Create,
            b"ALTER" | b"GRANT" => Kind::Role,
            b"SET" => Kind::Set,
            b"GO" | b"DELIMITER" | b"REM" | b"PROMPT" | b"SPOOL" => {
                self.mode = Mode::Line { delimiter: word == b"DELIMITER" };
                return;
            }
            _ => {
                if word == b"PRAGMA" && self.rules.dialect == Dialect::Standard {
                    self.refine(Dialect::Sqlite);
                }
                Kind::Other
            }
        };
        let at = RowAt { offset: start, line };
        self.mode = Mode::Statement(Statement { at, kind, words: 0, depth: 0, body: None });
    }

    fn refine(&mut self, dialect: Dialect) {
        self.rules = Rules::new(dialect);
        self.usual_backslash = self.rules.backslash;
        self.head.clear();
    }

    fn in_statement(&mut self, event: Event, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
        let Mode::Statement(statement) = &mut self.mode else { return true };
        match event {
            Event::Open => statement.depth += 1,
            Event::Close => statement.depth = statement.depth.saturating_sub(1),
            Event::Bad => {
                let from = statement.at;
                self.mode = Mode::Garbage(Garbage::new(from, what::STATEMENT, false));
                return true;
            }
            Event::End => {
                if let Some((depth, end)) = &mut statement.body {
                    if std::mem::take(end) {
                        *depth = depth.saturating_sub(1);
                    }
                    let server = self.rules.dialect == Dialect::SqlServer;
                    if self.scanner.is_usual_delimiter() && (*depth > 0 || server) {
                        return false;
                    }
                }
                return self.end_statement(block, at, block.offset() + at as u64, sink);
            }
            Event::Word => return self.word_in_statement(block, at, sink),
            Event::Quote | Event::Comment | Event::Comma | Event::Punct(_) => {}
        }
        false
    }

    fn word_in_statement(&mut self, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
        let Mode::Statement(statement) = &mut self.mode else { return true };
        let word = self.scanner.word();
        statement.words += 1;
        if self.scanner.at_line_start && self.ends_before(word) {
            let word = word.to_vec();
            let start = self.scanner.start;
            if self.end_statement(block, at, start, sink) {
                // Rows of a COPY follow, which nothing can end before its `;`.
                return true;
            }
            self.begin(&word, start, block, at);
            return matches!(self.mode, Mode::Line { .. });
        }
        let Mode::Statement(statement) = &mut self.mode else { return true };
        if let Some((depth, end)) = &mut statement.body {
            let closes = std::mem::take(end);
            if closes && !matches!(word, b"IF" | b"LOOP" | b"WHILE" | b"REPEAT" | b"FOR") {
                *depth = depth.saturating_sub(1);
            }
            match word {
                b"BEGIN" => *depth += 1,
                b"CASE" if !closes => *depth += 1,
                b"END" => *end = true,
                _ => {}
            }
            return false;
        }
        match statement.kind {
            Kind::Create if statement.words <= 16 && statement.depth == 0 => match word {
                b"TABLE" => statement.kind = Kind::CreateTable,
                b"ROLE" | b"USER" | b"LOGIN" if statement.words == 1 => statement.kind = Kind::Role,
                b"TRIGGER" | b"FUNCTION" | b"PROCEDURE" | b"PROC" | b"EVENT" | b"PACKAGE" => {
                    statement.body = Some((0, false));
                }
                b"VIEW" | b"INDEX" | b"RULE" | b"SEQUENCE" | b"TYPE" | b"DATABASE" | b"SCHEMA" => {
                    statement.kind = Kind::Other;
                }
                _ => {}
            },
            Kind::Insert if statement.depth == 0 => {
                let values = word == b"VALUES" || word == b"VALUE" && self.rules.dialect != Dialect::Postgres;
                if values {
                    return self.insert_head(block, at);
                }
            }
            _ => {}
        }
        false
    }

    /// Whether a statement ends before this word at the start of a line although nothing delimits it: scripts for SQL
    /// Server and Oracle's clients need no `;`.
    fn ends_before(&self, word: &[u8]) -> bool {
        let Mode::Statement(statement) = &self.mode else { return false };
        let loose = matches!(self.rules.dialect, Dialect::SqlServer | Dialect::Standard | Dialect::Oracle);
        if word == b"GO" {
            return loose;
        }
        let starter = matches!(word, b"INSERT" | b"CREATE" | b"COPY" | b"SET" | b"USE" | b"ALTER" | b"PRINT" | b"REM");
        let open = statement.depth > 0 || statement.body.is_some();
        let data = matches!(word, b"INSERT" | b"CREATE" | b"COPY");
        !open && (loose && starter && statement.kind != Kind::Create || statement.kind == Kind::Set && data)
    }

    /// The VALUES of an INSERT ends at `at`.
    fn insert_head(&mut self, block: &Block, at: usize) -> bool {
        let Mode::Statement(statement) = &mut self.mode else { return true };
        let bytes = block.bytes();
        let (text, _) = self.text.text(bytes, at);
        let text = text.len().checked_sub(self.scanner.word_len()).map(|end| &text[..end]);
        let Some(target) = text.and_then(|text| statement::insert(text, self.rules)) else {
            statement.kind = Kind::Query;
            return false;
        };
        let from = statement.at.offset;
        if self.rules.dialect == Dialect::Standard {
            match target.quote {
                Some(b'`') => self.refine(Dialect::MySql),
                Some(b'[') => self.refine(Dialect::SqlServer),
                _ => {}
            }
        }
        self.head.clear();
        if let Some(start) = from.checked_sub(block.offset()) {
            self.head.extend_from_slice(&bytes[start as usize..at]);
        }
        self.aim(target);
        let due = RowAt { offset: block.offset() + at as u64, line: self.lines.at(bytes, at) };
        self.mode = Mode::Rows { due: Some(due) };
        true
    }

    /// Rows now go to `target`.
    fn aim(&mut self, target: Target) {
        let table = self.catalog.table(&target);
        let same = self.table.is_some() && self.table == table;
        if !same {
            self.table = table;
        }
        if *self.target != target {
            self.target = Arc::new(target);
        }
    }

    /// A statement ends: its text at `at` in the block, its bytes before `until`. Whether something else than events
    /// comes now.
    fn end_statement(&mut self, block: &Block, at: usize, until: u64, sink: &mut dyn Sink) -> bool {
        let Mode::Statement(statement) = std::mem::replace(&mut self.mode, Mode::Start) else { return false };
        let (text, _) = self.text.text(block.bytes(), at);
        let text = text.strip_suffix(b";").unwrap_or(text);
        match statement.kind {
            Kind::Insert | Kind::Query => self.fault(statement.at, until, what::INSERT, sink),
            Kind::Copy => {
                let copy = statement::copy(text, self.rules);
                let rows =
                    CopyRows { head: true, text: matches!(copy, Copy::Text(_)), begun: false, escape: false, line: 0 };
                if let Copy::Text(target) = copy {
                    self.aim(target);
                    self.head.clear();
                } else if copy == Copy::Elsewhere {
                    self.other_until(until);
                    return false;
                }
                self.other_until(until);
                self.mode = Mode::Copy(rows);
                return true;
            }
            Kind::CreateTable => {
                if let Some((name, columns)) = statement::create_table(text, self.rules) {
                    self.head.clear();
                    Arc::make_mut(&mut self.catalog).declare(&name, columns);
                }
                self.other_until(until);
            }
            Kind::Set => {
                let setting = statement::set(text, self.rules);
                self.set(setting);
                self.other_until(until);
            }
            Kind::Role => match roles::read(text, self.rules) {
                Some((login, password)) => self.role(statement.at, until, &login, &password),
                None => self.other_until(until),
            },
            Kind::Create | Kind::Other => self.other_until(until),
        }
        false
    }

    fn set(&mut self, setting: Option<Setting>) {
        let Some(setting) = setting else { return };
        self.head.clear();
        match setting {
            Setting::SqlMode { backslash } => {
                if matches!(self.rules.dialect, Dialect::Standard) {
                    self.refine(Dialect::MySql);
                }
                self.rules.backslash = backslash;
            }
            Setting::SqlModeRestored => self.rules.backslash = self.usual_backslash,
            Setting::ConformingStrings(on) => {
                if self.rules.dialect == Dialect::Standard {
                    self.refine(Dialect::Postgres);
                }
                self.rules.backslash = !on;
                self.usual_backslash = !on;
            }
        }
    }

    fn role(&mut self, at: RowAt, until: u64, login: &[u8], password: &[u8]) {
        let builder = self.roles.get_or_insert_with(|| {
            let columns = roles::COLUMNS.iter().map(|name| Column::named(*name)).collect();
            BatchBuilder::new(Arc::new(Table { name: roles::TABLE.to_owned(), columns, named_columns: true }))
        });
        builder.copy(0, login);
        builder.copy(1, password);
        builder.end_row(at, until - at.offset);
        self.other += at.offset - self.mark;
        self.mark = until;
    }

    fn between_rows(&mut self, event: Event, block: &Block, at: usize) -> bool {
        let Mode::Rows { due } = &mut self.mode else { return true };
        match event {
            Event::Comment => return false,
            Event::Comma if due.is_none() => {
                *due = Some(RowAt { offset: self.scanner.start, line: self.lines.at(block.bytes(), at) });
                return false;
            }
            Event::Open if due.is_some() => {
                let start = self.token(block, at);
                self.row.start(start, at);
                self.mode = Mode::Row { depth: 1, brackets: 0 };
                return false;
            }
            Event::End => {
                self.other_until(block.offset() + at as u64);
                self.mode = Mode::Start;
                return false;
            }
            // Oracle's clients run what is before a lone `/`.
            Event::Punct(b'/') if due.is_none() => {
                self.mode = Mode::Start;
                return false;
            }
            Event::Word if !self.scanner.glued => {
                let word = self.scanner.word();
                // MySQL: VALUES ROW(1, 2), ROW(3, 4).
                if word == b"ROW" {
                    return false;
                }
                if due.is_none() {
                    let start = self.scanner.start;
                    let kind = match word {
                        // Oracle: INSERT ALL INTO a VALUES (1) INTO b VALUES (2) SELECT …
                        b"INTO" => Some(Kind::Insert),
                        b"ON" | b"AS" | b"RETURNING" | b"SELECT" => Some(Kind::Other),
                        _ => None,
                    };
                    if let Some(kind) = kind {
                        let at_row = self.token(block, at);
                        self.text.start(at);
                        self.head.clear();
                        self.mode = Mode::Statement(Statement { at: at_row, kind, words: 0, depth: 0, body: None });
                        return false;
                    }
                    if starts_statement(word) {
                        let word = word.to_vec();
                        self.other_until(start);
                        self.begin(&word, start, block, at);
                        return matches!(self.mode, Mode::Line { .. });
                    }
                }
            }
            _ => {}
        }
        let from = self.token(block, at);
        self.mode = Mode::Garbage(Garbage::new(from, what::ROW, true));
        true
    }

    fn in_row(&mut self, event: Event, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
        let Mode::Row { depth, brackets } = &mut self.mode else { return true };
        let ends = match event {
            Event::Open => {
                *depth += 1;
                false
            }
            Event::Close => {
                *depth -= 1;
                *depth == 0
            }
            Event::Comma => *depth == 1 && *brackets == 0,
            Event::Punct(b'[') => {
                *brackets += 1;
                false
            }
            Event::Punct(b']') => {
                *brackets = brackets.saturating_sub(1);
                false
            }
            Event::End => {
                self.fault(self.row.at, block.offset() + at as u64, what::ROW, sink);
                self.mode = Mode::Start;
                return false;
            }
            Event::Bad => {
                self.mode = Mode::Garbage(Garbage::new(self.row.at, what::ROW, true));
                return true;
            }
            Event::Word if self.scanner.glued => {
                self.mode = Mode::Garbage(Garbage::new(self.row.at, what::ROW, true));
                return true;
            }
            Event::Word | Event::Quote | Event::Comment | Event::Punct(_) => false,
        };
        if !ends {
            return false;
        }
        let rules = self.rules;
        self.row.end_cell(block.bytes(), at - 1, self.table.as_deref(), |text| value::read(text, rules));
        if event == Event::Comma {
            self.row.capture.start(at);
            return false;
        }
        self.end_row(block, at, sink);
        self.mode = Mode::Rows { due: None };
        true
    }

    // ---- lines, garbage, COPY ----

    fn line_mode(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(i) = memchr::memchr(b'\n', &bytes[at..]) else { return bytes.len() };
        self.end_line(bytes, at + i);
        self.scanner.resume(true);
        at + i + 1
    }

    fn end_line(&mut self, bytes: &[u8], end: usize) {
        if let Mode::Line { delimiter: true } = self.mode {
            let (text, _) = self.text.text(bytes, end);
            let text = text[..text.len().min(MAX_LINE)].trim_ascii();
            let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            self.scanner.delimit(word);
            self.head.clear();
        }
        self.mode = Mode::Start;
    }

    fn pass_garbage(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        let Mode::Garbage(garbage) = &mut self.mode else { return at };
        let Some(way) = garbage.pass(bytes, &mut at) else { return bytes.len() };
        let (from, what) = (garbage.from, garbage.what);
        let word = garbage.word().to_vec();
        let here = block.offset() + at as u64;
        match way {
            Way::Word { len } => {
                let start = here - len as u64;
                self.fault(from, start, what, sink);
                self.scanner.resume(false);
                self.begin(&word, start, block, at);
            }
            Way::Comment { block: is_block } => {
                self.fault(from, here - 2, what, sink);
                self.scanner.resume_in_comment(is_block);
                self.mode = Mode::Start;
            }
            Way::Row => {
                self.fault(from, here, what, sink);
                let line = self.lines.at(bytes, at);
                self.scanner.resume(false);
                self.mode = Mode::Rows { due: Some(RowAt { offset: here, line }) };
            }
        }
        at
    }

    fn copy_mode(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        while at < bytes.len() {
            let Mode::Copy(copy) = &mut self.mode else { return at };
            if copy.head {
                let Some(i) = memchr::memchr(b'\n', &bytes[at..]) else { return bytes.len() };
                copy.head = false;
                at += i + 1;
                copy.line = self.lines.at(bytes, at);
                self.other_until(block.offset() + at as u64);
                continue;
            }
            if !copy.begun && copy.text {
                at = self.quick_copy(block, at, sink);
            }
            at = self.copy_line(block, at, sink);
        }
        at
    }

    /// Reads lines from `at` on as long as they are simple rows; gives the place behind the last one.
    fn quick_copy(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let Some(table) = self.table.clone() else { return at };
        let columns = table.columns.len();
        let bytes = block.bytes();
        self.ready(&table, block, sink);
        let Some(builder) = self.builder.as_mut() else { return at };
        while at < bytes.len() {
            let copy::Line::Row(end) = copy::read(bytes, at, columns, builder, &mut self.scratch) else {
                builder.abandon_row();
                break;
            };
            let start = RowAt { offset: block.offset() + at as u64, line: self.lines.at(bytes, at) };
            builder.end_row(start, (end - at) as u64);
            self.mark = block.offset() + end as u64;
            at = end;
        }
        at
    }

    /// Reads a line, or what the block holds of it, cell by cell.
    fn copy_line(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        let Mode::Copy(copy) = &mut self.mode else { return at };
        if at < bytes.len() && !copy.begun {
            copy.begun = true;
            copy.escape = false;
            let start = RowAt { offset: block.offset() + at as u64, line: self.lines.at(bytes, at) };
            self.row.start(start, at);
        }
        while at < bytes.len() {
            if std::mem::take(&mut copy.escape) && bytes[at] != b'\n' {
                at += 1;
                continue;
            }
            let Some(i) = memchr::memchr3(b'\t', b'\n', b'\\', &bytes[at..]) else { return bytes.len() };
            at += i + 1;
            let byte = bytes[at - 1];
            if byte == b'\\' {
                copy.escape = true;
                continue;
            }
            let last = byte == b'\n';
            if last && self.row.count == 0 {
                if self.row.capture.is(bytes, at - 1, &[b"\\.", b"\\.\r"]) {
                    self.end_copy(block.offset() + at as u64, sink);
                    return at;
                }
            }
            self.row.end_cell(bytes, at - 1, self.table.as_deref(), |text| copy::cell(text, last));
            self.row.capture.start(at);
            if last {
                let text = std::mem::take(&mut copy.begun) && copy.text;
                if text {
                    self.end_row(block, at, sink);
                }
                return at;
            }
        }
        at
    }

    /// The rows of a COPY are over; `until` is behind their `\.` line.
    fn end_copy(&mut self, until: u64, sink: &mut dyn Sink) {
        let Mode::Copy(copy) = std::mem::replace(&mut self.mode, Mode::Start) else { return };
        if !copy.text && self.mark < self.row.at.offset {
            let from = RowAt { offset: self.mark, line: copy.line };
            self.fault(from, self.row.at.offset, what::COPY, sink);
        }
        self.other_until(until);
        self.scanner.resume(true);
    }
}

impl Reader for SqlReader {
    fn push(&mut self, block: &Block, sink: &mut dyn Sink) {
        let bytes = block.bytes();
        self.lines.begin(bytes);
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
        self.lines.begin(&[]);
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
        let table = self.table.clone()?;
        let copy = match &self.mode {
            Mode::Copy(copy) => {
                if !copy.text {
                    return None;
                }
                true
            }
            Mode::Start | Mode::Statement(_) | Mode::Rows { .. } | Mode::Row { .. } => false,
            Mode::Line { .. } | Mode::Garbage(_) => return None,
        };
        let at = if copy { Self::guess_line(block.bytes(), &table)? } else { self.guess_row(block.bytes(), &table)? };
        let mut fork = Self::new(self.rules.dialect);
        fork.rules = self.rules;
        fork.usual_backslash = self.usual_backslash;
        fork.scanner = self.scanner.clone();
        fork.scanner.resume(false);
        fork.catalog = self.catalog.clone();
        fork.target = self.target.clone();
        fork.table = Some(table.clone());
        fork.head.clone_from(&self.head);
        fork.mark = block.offset() + at as u64;
        fork.end = fork.mark;
        fork.mode = if copy {
            Mode::Copy(CopyRows { head: false, text: true, begun: false, escape: false, line: 1 })
        } else {
            Mode::Rows { due: None }
        };
        fork.assumed = Some(Assumed {
            offset: fork.mark,
            rules: fork.rules,
            usual_backslash: fork.usual_backslash,
            scanner: fork.scanner.clone(),
            copy,
            table,
            target: fork.target.clone(),
            catalog: fork.catalog.clone(),
        });
        Some((at, Box::new(fork)))
    }

    fn is_at(&self, fork: &dyn Reader) -> bool {
        let Some(assumed) = fork.as_any().downcast_ref::<Self>().and_then(|fork| fork.assumed.as_ref()) else {
            return false;
        };
        let mode = match &self.mode {
            Mode::Rows { due: None } => !assumed.copy && self.scanner.agrees(&assumed.scanner),
            Mode::Copy(CopyRows { head: false, text: true, begun: false, .. }) => {
                assumed.copy && self.scanner.is_usual_delimiter() == assumed.scanner.is_usual_delimiter()
            }
            _ => false,
        };
        mode && self.mark == self.end
            && self.end == assumed.offset
            && self.rules == assumed.rules
            && self.usual_backslash == assumed.usual_backslash
            && self.target == assumed.target
            && self.table.as_ref() == Some(&assumed.table)
            && (Arc::ptr_eq(&self.catalog, &assumed.catalog) || self.catalog == assumed.catalog)
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl SqlReader {
    /// Behind the `)` of a row, as it seems: the same INSERT or a whole row of the table follows.
    fn guess_row(&self, bytes: &[u8], table: &Table) -> Option<usize> {
        let mut scratch = Vec::new();
        for at in memchr::memchr_iter(b')', bytes).map(|i| i + 1).take(MAX_TRIES) {
            let rest = &bytes[at..];
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b';').count();
            if blanks > 0 && !self.head.is_empty() && rest[blanks..].starts_with(&self.head) {
                return Some(at);
            }
            let Some(open) = self.next_open(bytes, at, false) else { continue };
            let row = tuple::read(bytes, open, table.columns.len(), self.rules, &mut tuple::Unwanted, &mut scratch);
            if row.is_some_and(|end| matches!(bytes.get(end), Some(b',' | b';' | b'\n' | b'\r'))) {
                return Some(at);
            }
        }
        None
    }

    /// Behind a newline, as it seems: a whole row of the table follows.
    fn guess_line(bytes: &[u8], table: &Table) -> Option<usize> {
        let mut scratch = Vec::new();
        memchr::memchr_iter(b'\n', bytes).map(|i| i + 1).take(MAX_TRIES).find(|at| {
            let row = copy::read(bytes, *at, table.columns.len(), &mut tuple::Unwanted, &mut scratch);
            matches!(row, copy::Line::Row(_))
        })
    }
}
