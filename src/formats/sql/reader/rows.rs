//! Rows of INSERT.

use super::{Kind, Mode, SqlReader, Statement, starts_statement, what};
use crate::formats::sql::garbage::Garbage;
use crate::formats::sql::quotes::Quotes;
use crate::formats::sql::scan::Event;
use crate::formats::sql::{tuple, value};
use crate::formats::{BatchBuilder, Sink};
use crate::model::{Block, RowAt};

impl SqlReader {
    /// Reads rows from `at` on as long as they are simple; gives the place behind the last one.
    pub(super) fn quick_rows(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let Some(table) = self.table.clone() else { return at };
        if !self.may_try(&table) {
            return at;
        }
        let columns = table.columns.len();
        let bytes = block.bytes();
        let base = block.offset();
        self.ready(&table, block, sink);
        let wanted = self.builder.as_ref().and_then(BatchBuilder::wanted);
        let wanted: Option<Vec<bool>> = wanted.map(|wanted| (0..columns).map(|c| wanted.column(c)).collect());
        if wanted.is_some() {
            self.quotes.get_or_insert_with(Quotes::new).start(at, self.rules.backslash);
        }
        let mut due = matches!(self.mode, Mode::Rows { due: Some(_) });
        while let Some(open) = self.next_open(bytes, at, due) {
            let Some(builder) = self.builder.as_mut() else { break };
            let start = base + open as u64;
            let whole = builder.begin_row(start);
            let end = match (&wanted, &mut self.quotes) {
                (Some(wanted), Some(quotes)) if !whole => {
                    let mut cells = tuple::OnlyWanted(builder);
                    tuple::read_wanted(bytes, open, wanted, self.rules, quotes, &mut cells, &mut self.scratch)
                }
                _ => tuple::read(bytes, open, columns, self.rules, builder, &mut self.scratch),
            };
            let Some(end) = end else {
                builder.abandon_row();
                break;
            };
            if let (Some(_), Some(quotes)) = (&wanted, &self.quotes) {
                self.lines.skip(quotes.unbroken());
            }
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
    pub(super) fn next_open(&self, bytes: &[u8], mut at: usize, mut due: bool) -> Option<usize> {
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

    pub(super) fn between_rows(&mut self, event: Event, block: &Block, at: usize) -> bool {
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

    pub(super) fn in_row(&mut self, event: Event, block: &Block, at: usize, sink: &mut dyn Sink) -> bool {
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
}
