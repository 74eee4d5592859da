//! What a file is like, from its first bytes: its delimiter, its header, and whether it is a table at all.
//!
//! Prose has commas, code has semicolons, logs have pipes: what makes a table is the same number of fields in every
//! line, and cells that look like data or stand under a header that looks like one.

use std::collections::HashSet;
use std::sync::Arc;

use memchr::memchr;

use super::dialect::{Dialect, Ending, Field, Kind, unescape};
use crate::formats::{Head, Likeness};
use crate::model::{Column, Table};

/// A table, as its head shows it.
pub(super) struct Found {
    pub(super) dialect: Dialect,
    pub(super) table: Arc<Table>,
    pub(super) required: usize,
    /// Bytes before the first row.
    pub(super) skip: usize,
    pub(super) likeness: Likeness,
}

impl Found {
    /// For the report.
    pub(super) fn describe(&self) -> String {
        let kind = match self.dialect.delimiter {
            b'\t' => "TSV",
            b';' => "CSV ;",
            b'|' => "CSV |",
            _ => "CSV",
        };
        if self.table.named_columns { kind.into() } else { format!("{kind} without header") }
    }
}

/// Delimiters in order of preference when all else is equal.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];

/// More columns than any account table has; it bounds what one row may hold.
const MAX_COLUMNS: usize = 1024;

/// Rows of the head that are looked at.
const ROWS: usize = 500;

/// Looks at the head; `None` if it shows no table.
pub(super) fn look(head: &Head<'_>) -> Option<Found> {
    let bytes = head.bytes;
    let mut base = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let newline = if memchr(b'\n', bytes).is_none() && memchr(b'\r', bytes).is_some() { b'\r' } else { b'\n' };
    let stated = stated_delimiter(&bytes[base..], newline);
    if let Some((_, len)) = stated {
        base += len;
    }
    if !is_texty(bytes) || begins_as_something_else(&bytes[base..]) {
        return None;
    }
    let escape = has_null_escape(&bytes[base..], newline);
    let mut best: Option<(f64, Sample)> = None;
    let quoted = memchr(b'"', bytes).is_some();
    for delimiter in stated.map_or(DELIMITERS.to_vec(), |(d, _)| vec![d]) {
        // Without its delimiter every row has one field; without a quote both ways of reading quotes are the same.
        if memchr(delimiter, &bytes[base..]).is_none() {
            continue;
        }
        for quotes in if quoted { &[true, false][..] } else { &[true] } {
            let dialect = Dialect { delimiter, newline, quotes: *quotes, escape };
            let sample = Sample::read(bytes, base, head.whole, dialect, Keep::Widths);
            let score = sample.score();
            if score > 0.0 && best.as_ref().is_none_or(|(s, b)| score > *s || (score >= *s && sample.width > b.width)) {
                best = Some((score, sample));
            }
        }
    }
    let listed = matches!(head.extension, Some("csv" | "tsv" | "tab" | "psv"));
    best.map(|(_, sample)| Sample::read(bytes, base, head.whole, sample.dialect, Keep::Rows(ROWS)))
        .and_then(|sample| sample.judge(listed || stated.is_some()))
        .or_else(|| single_column(bytes, base, head.whole, newline))
}

/// Excel's `sep=;` line and its length.
fn stated_delimiter(bytes: &[u8], newline: u8) -> Option<(u8, usize)> {
    let end = memchr(newline, bytes.get(..16.min(bytes.len()))?)?;
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    let delimiter = match line {
        [s, e, p, b'=', d] if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => *d,
        _ => return None,
    };
    DELIMITERS.contains(&delimiter).then_some((delimiter, end + 1))
}

fn is_texty(bytes: &[u8]) -> bool {
    let nul = memchr::memchr_iter(0, bytes).count();
    let control = bytes.iter().filter(|&&b| b < 0x20 && !matches!(b, 0 | b'\t' | b'\n' | b'\r')).count();
    nul * 8 <= bytes.len() && control * 50 <= bytes.len()
}

/// JSON, XML, scripts, SQL, INI and what else starts in a way of its own.
fn begins_as_something_else(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let json = start.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    if json.is_some_and(|rest| matches!(rest.first(), Some(b'"' | b'}') | None)) {
        return true;
    }
    if [&b"<"[..], b"[", b"#!", b"--", b"/*", b"//", b"%PDF", b"---"].iter().any(|p| start.starts_with(p)) {
        return true;
    }
    let word: Vec<u8> = start.iter().take_while(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_uppercase).collect();
    let sql = matches!(&word[..], b"INSERT" | b"CREATE" | b"DROP" | b"SET" | b"COPY" | b"BEGIN" | b"USE" | b"PRAGMA");
    sql && start.get(word.len()) == Some(&b' ')
}

/// Whether a whole field is `\N`, `MySQL`'s and `PostgreSQL`'s NULL in text.
fn has_null_escape(bytes: &[u8], newline: u8) -> bool {
    let edge = |b: Option<&u8>| b.is_none_or(|b| *b == newline || *b == b'\r' || DELIMITERS.contains(b));
    memchr::memmem::find_iter(bytes, b"\\N")
        .any(|at| edge(at.checked_sub(1).map(|i| &bytes[i])) && edge(bytes.get(at + 2)))
}

/// The head's rows under one dialect.
struct Sample {
    dialect: Dialect,
    base: usize,
    rows: Vec<Vec<Vec<u8>>>,
    /// Where the row after the first starts.
    second: usize,
    /// The most frequent number of fields.
    width: usize,
    /// Rows of that width and rows at all.
    fitting: usize,
    total: usize,
    /// Whether no quote swallows most of the head.
    covered: bool,
}

/// What a sample keeps of its rows.
#[derive(Clone, Copy)]
enum Keep {
    /// How many fields they have: enough for [`Sample::score`], and many times quicker.
    Widths,
    /// Their cells; reading ends after so many rows.
    Rows(usize),
}

impl Sample {
    fn read(bytes: &[u8], base: usize, whole: bool, dialect: Dialect, keep: Keep) -> Self {
        let mut sample =
            Self { dialect, base, rows: Vec::new(), second: 0, width: 0, fitting: 0, total: 0, covered: true };
        let mut widths = Vec::new();
        let mut fields = Vec::new();
        let mut pos = base;
        let (wanted, most) = match keep {
            Keep::Widths => (0, ROWS),
            Keep::Rows(most) => (MAX_COLUMNS + 1, most),
        };
        while pos < bytes.len() && sample.total < ROWS && widths.len() < most {
            let row = dialect.row(bytes, pos, whole, wanted, &mut fields);
            let Some(next) = row.next else {
                // A quote that is open to the end of the head, although the line is not, is no quote.
                sample.covered = pos * 2 >= bytes.len()
                    || !dialect.quotes
                    || Dialect { quotes: false, ..dialect }.row(bytes, pos, whole, 1, &mut fields).next.is_none();
                break;
            };
            if row.ending != Ending::Row {
                sample.total += 1;
            } else if !row.blank {
                sample.total += 1;
                widths.push(row.count.min(MAX_COLUMNS + 1));
                if let Keep::Rows(_) = keep {
                    sample.rows.push(fields.iter().map(|field| cell(bytes, field, dialect)).collect());
                }
            }
            if sample.second == 0 && !row.blank {
                sample.second = next;
            }
            pos = next;
        }
        let mut counts = vec![0_usize; widths.iter().max().map_or(1, |widest| widest + 1)];
        for width in widths {
            counts[width] += 1;
        }
        sample.width = (1..counts.len()).max_by_key(|&w| (counts[w], usize::MAX - w)).unwrap_or(0);
        sample.fitting = counts[sample.width];
        sample
    }

    /// Between 0, no table, and 1: every row has the same number of fields.
    fn score(&self) -> f64 {
        if self.width < 2 || self.width > MAX_COLUMNS || !self.covered {
            return 0.0;
        }
        self.fitting as f64 / self.total as f64
    }

    fn judge(&self, listed: bool) -> Option<Found> {
        let share = self.score();
        let first = self.rows.first()?;
        let markdown = |row: &Vec<Vec<u8>>| {
            row.iter().any(|c| c.contains(&b'-'))
                && row.iter().all(|c| c.iter().all(|b| matches!(b, b'-' | b':' | b' ' | b'+')))
        };
        if self.rows.iter().take(3).any(markdown) {
            return None;
        }
        let header = first.len() >= self.width && self.is_header(first);
        let (width, required, likeness) = if header {
            let enough = if self.total < 10 { 0.5 } else { 0.75 };
            let required = first.iter().rposition(|c| !c.is_empty()).map_or(0, |i| i + 1);
            let fits = |row: &&Vec<Vec<u8>>| row.len() >= required && row.iter().skip(first.len()).all(Vec::is_empty);
            let share = self.rows.iter().filter(fits).count() as f64 / self.total as f64;
            if share < enough {
                return None;
            }
            let likeness = if share >= 0.9 || listed { Likeness::Likely } else { Likeness::Possible };
            (first.len(), required, likeness)
        } else {
            let enough = if self.total < 10 { 1.0 } else { 0.9 };
            let columns = self.filled_columns();
            if share < enough || self.total < 2 || columns < 2 || !(listed || self.looks_like_data()) {
                return None;
            }
            (self.width, self.width, if listed { Likeness::Likely } else { Likeness::Possible })
        };
        let skip = if header { self.second } else { self.base };
        let columns = (0..width)
            .map(|i| match first.get(i) {
                Some(name) if header && !name.is_empty() => {
                    Column::named(String::from_utf8_lossy(name.trim_ascii()).into_owned())
                }
                _ => Column::named(format!("column {}", i + 1)),
            })
            .collect();
        let table = Arc::new(Table { name: String::new(), columns, named_columns: header });
        Some(Found { dialect: self.dialect, table, required, skip, likeness })
    }

    /// Columns that hold something in any row.
    fn filled_columns(&self) -> usize {
        (0..self.width).filter(|&c| self.rows.iter().any(|r| r.get(c).is_some_and(|v| !v.is_empty()))).count()
    }

    /// Whether the first row names the columns: distinct names, and either known ones or above data of another kind.
    fn is_header(&self, first: &[Vec<u8>]) -> bool {
        let last = first.iter().rposition(|c| !c.is_empty()).map_or(0, |i| i + 1);
        // The first name is empty where an index was exported without one.
        let names = &first[..last];
        let nameless = names.iter().filter(|c| c.is_empty()).count();
        if last < 2 || nameless > 1 || names.iter().any(|c| !c.is_empty() && !is_name(c)) {
            return false;
        }
        let distinct: HashSet<Vec<u8>> = names.iter().map(|c| c.to_ascii_lowercase()).collect();
        if distinct.len() < names.len() {
            return false;
        }
        let known = names.iter().filter(|c| is_known_name(c)).count();
        let below = &self.rows[1..];
        if below.is_empty() {
            return known >= 2;
        }
        let typed = (0..last).any(|c| self.kind_of_column(c).is_some());
        known * 2 >= last || (known > 0 && (typed || known >= 2)) || (typed && last >= 3)
    }

    /// The kind that most cells below the first row have.
    fn kind_of_column(&self, column: usize) -> Option<Typed> {
        let cells: Vec<&Vec<u8>> =
            self.rows.iter().skip(1).filter_map(|r| r.get(column)).filter(|c| !c.is_empty()).collect();
        let kind = cells.iter().find_map(|c| typed(c))?;
        let same = cells.iter().filter(|c| typed(c) == Some(kind)).count();
        (same * 5 >= cells.len() * 4).then_some(kind)
    }

    /// Whether rows without a header look like records rather than like sentences, code or log lines.
    fn looks_like_data(&self) -> bool {
        let cells = || self.rows.iter().flatten().filter(|c| !c.is_empty());
        let words: usize = cells().map(|c| c.split(|b| *b == b' ').filter(|w| !w.is_empty()).count()).sum();
        let all = cells().count().max(1);
        let indented = self.rows.iter().flat_map(|r| r.iter().skip(1)).filter(|c| c.first() == Some(&b' ')).count();
        let code = |c: &Vec<u8>| matches!(c.trim_ascii().last(), Some(b'{' | b'}' | b'(' | b';'));
        let codes = self.rows.iter().filter(|r| r.last().is_some_and(code)).count();
        let logs = self.rows.iter().filter(|r| r.first().is_some_and(|c| is_time_stamp(c))).count();
        if words * 2 > all * 5 || indented * 3 > all || codes * 10 > self.rows.len() {
            return false;
        }
        if logs * 2 > self.rows.len() && self.width < 4 {
            return false;
        }
        let typed = (0..self.width).any(|c| self.kind_of_column(c).is_some());
        typed || (self.rows.len() >= 3 && words * 10 <= all * 12)
    }
}

/// The first bytes of a cell, as they read.
fn cell(bytes: &[u8], field: &Field, dialect: Dialect) -> Vec<u8> {
    let raw = &bytes[field.start..field.start + field.len];
    let mut cell = Vec::new();
    match field.kind {
        Kind::Plain => cell.extend_from_slice(&raw[..raw.len().min(256)]),
        Kind::Null => {}
        kind => unescape(raw, kind, dialect.escape, 256, &mut cell),
    }
    cell
}

/// A list of values under a header that names them.
fn single_column(bytes: &[u8], base: usize, whole: bool, newline: u8) -> Option<Found> {
    const NAMES: [&str; 14] = [
        "password",
        "passwords",
        "passwd",
        "pwd",
        "pass",
        "email",
        "emails",
        "e-mail",
        "username",
        "login",
        "user",
        "hash",
        "hashes",
        "password_hash",
    ];
    let dialect = Dialect { delimiter: newline, newline, quotes: true, escape: false };
    let header = Sample::read(bytes, base, whole, dialect, Keep::Rows(1));
    let name = String::from_utf8_lossy(header.rows.first()?.first()?.trim_ascii()).into_owned();
    if !NAMES.contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    let sample = Sample::read(bytes, base, whole, dialect, Keep::Rows(ROWS));
    if sample.rows.len() < 2 {
        return None;
    }
    let table = Arc::new(Table { name: String::new(), columns: vec![Column::named(name)], named_columns: true });
    // A list of passwords is written as they are: a quote may be part of one.
    let dialect = Dialect { quotes: bytes[base..].starts_with(b"\""), ..dialect };
    Some(Found { dialect, table, required: 1, skip: sample.second, likeness: Likeness::Possible })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Typed {
    Number,
    Email,
    Hash,
    Date,
}

fn typed(cell: &[u8]) -> Option<Typed> {
    let cell = cell.trim_ascii();
    let digits = cell.iter().filter(|b| b.is_ascii_digit()).count();
    if digits > 0 && cell.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+')) && !is_date(cell) {
        return Some(Typed::Number);
    }
    if is_date(cell) {
        return Some(Typed::Date);
    }
    if let Some(at) = memchr(b'@', cell) {
        let host = &cell[at + 1..];
        return (at > 0 && host.contains(&b'.') && !cell.contains(&b' ')).then_some(Typed::Email);
    }
    let hex = cell.len() >= 16 && cell.iter().all(u8::is_ascii_hexdigit);
    let modular = cell.len() >= 13 && matches!(cell[0], b'$' | b'{') && !cell.contains(&b' ');
    (hex || modular).then_some(Typed::Hash)
}

fn is_date(cell: &[u8]) -> bool {
    let shape: Vec<u8> = cell.iter().take(10).map(|b| if b.is_ascii_digit() { b'9' } else { *b }).collect();
    matches!(&shape[..], b"9999-99-99" | b"99/99/9999" | b"99.99.9999" | b"9999/99/99")
}

fn is_time_stamp(cell: &[u8]) -> bool {
    is_date(cell) && cell.len() >= 16 && cell[10..].contains(&b':')
}

fn is_name(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let Some(&first) = cell.first() else { return false };
    cell.len() <= 64
        && (first.is_ascii_alphabetic() || matches!(first, b'_' | b'#') || first >= 0x80)
        && cell.iter().all(|b| b.is_ascii_alphanumeric() || *b >= 0x80 || b"_-. /()[]#%?:$&'*".contains(b))
        && cell.split(|b| *b == b' ').count() <= 5
        && typed(cell).is_none()
}

/// Words in the names of columns of account tables, as the exports of common products and languages have them.
fn is_known_name(cell: &[u8]) -> bool {
    const WORDS: [&str; 42] = [
        "id", "uid", "guid", "uuid", "key", "login", "hash", "salt", "name", "first", "last", "surname", "phone",
        "tel", "mobile", "created", "updated", "role", "roles", "group", "status", "active", "enabled", "address",
        "city", "country", "date", "birthday", "dob", "token", "pw", "pwd", "nick", "nickname", "company", "title",
        "type", "age", "ip", "notes", "url", "gender",
    ];
    const PARTS: [&str; 10] =
        ["user", "pass", "mail", "login", "hash", "kennwort", "benutzer", "senha", "usuario", "contrase"];
    let name = String::from_utf8_lossy(cell).to_lowercase();
    PARTS.iter().any(|p| name.contains(p))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
        || name.ends_with("id") && name.len() <= 12
}
