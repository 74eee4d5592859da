//! Statements that are not rows, and lines that are no statements.

use std::sync::Arc;

use super::{CopyRows, Kind, Mode, SqlReader, Statement, starts_statement, what};
use crate::formats::sql::dialect::{Dialect, Rules};
use crate::formats::sql::garbage::{Garbage, Way};
use crate::formats::sql::roles;
use crate::formats::sql::scan::Event;
use crate::formats::sql::statement::{self, Copy, Setting, Target};
use crate::formats::{BatchBuilder, Sink};
use crate::model::{Block, Column, RowAt, Table};

/// Most bytes kept of a DELIMITER line.
const MAX_LINE: usize = 64;

impl SqlReader {
    pub(super) fn at_start(&mut self, event: Event, block: &Block, at: usize) -> bool {
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

    /// A statement starts with `word`, which started at `start` and ends at `at`.
    pub(super) fn begin(&mut self, word: &[u8], start: u64, block: &Block, at: usize) {
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

    pub(super) fn refine(&mut self, dialect: Dialect) {
        self.rules = Rules::new(dialect);
        self.usual_backslash = self.rules.backslash;
        self.head.clear();
    }

    pub(super) fn in_statement(&mut self, event: Event, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
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

    pub(super) fn word_in_statement(&mut self, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
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
    pub(super) fn ends_before(&self, word: &[u8]) -> bool {
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
    pub(super) fn insert_head(&mut self, block: &Block, at: usize) -> bool {
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
    pub(super) fn aim(&mut self, target: Target) {
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
    pub(super) fn end_statement(&mut self, block: &Block, at: usize, until: u64, sink: &mut dyn Sink) -> bool {
        let Mode::Statement(statement) = std::mem::replace(&mut self.mode, Mode::Start) else { return false };
        let (text, _) = self.text.text(block.bytes(), at);
        let text = text.strip_suffix(b";").unwrap_or(text);
        match statement.kind {
            Kind::Insert | Kind::Query => self.fault(statement.at, until, what::INSERT, sink),
            Kind::Copy => {
                let copy = statement::copy(text, self.rules);
                let is_text = matches!(copy, Copy::Text(_));
                let line = self.lines.at(block.bytes(), at);
                let rows = CopyRows { head: true, text: is_text, begun: false, escape: false, line };
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

    pub(super) fn set(&mut self, setting: Option<Setting>) {
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

    pub(super) fn role(&mut self, at: RowAt, until: u64, login: &[u8], password: &[u8]) {
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

    pub(super) fn line_mode(&mut self, bytes: &[u8], at: usize) -> usize {
        let Some(i) = memchr::memchr(b'\n', &bytes[at..]) else { return bytes.len() };
        self.end_line(bytes, at + i);
        self.scanner.resume(true);
        at + i + 1
    }

    pub(super) fn end_line(&mut self, bytes: &[u8], end: usize) {
        if let Mode::Line { delimiter: true } = self.mode {
            let (text, _) = self.text.text(bytes, end);
            let text = text[..text.len().min(MAX_LINE)].trim_ascii();
            let word = text.split(u8::is_ascii_whitespace).next().unwrap_or_default();
            self.scanner.delimit(word);
            self.head.clear();
        }
        self.mode = Mode::Start;
    }

    pub(super) fn pass_garbage(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
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
                self.opened = RowAt { offset: here - 2, line: self.lines.at(bytes, at) };
                self.scanner.resume_in_comment(is_block, here - 2);
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
}
