//! `CREATE TABLE`: which columns a table has and where a record keeps them.
//!
//! Not a SQL parser: it reads what SQLite itself accepted and stored, and takes only what the record layout hangs on
//! (sections 2.3 and 2.4 of <https://www.sqlite.org/fileformat2.html>, <https://www.sqlite.org/lang_createtable.html>).
//! A statement it does not understand gives `None`, and the table is read with made-up column names.

use std::sync::Arc;

use super::record::MAX_COLUMNS;
use crate::model::{Column, Table};

/// A table and where its cells are in a record.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The table as it is handed on. A generated column that is not stored is not among its columns.
    pub(super) table: Arc<Table>,
    /// For each column of the table, what to read.
    pub(super) cells: Vec<Stored>,
    /// Whether the rows are kept in an index tree; `None` if the statement was not understood.
    pub(super) without_rowid: Option<bool>,
}

/// Where one column is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Stored {
    /// Which value of the record.
    pub(super) index: usize,
    /// Whether NULL in the record stands for the rowid (`INTEGER PRIMARY KEY`).
    pub(super) is_rowid: bool,
    /// Whether integers in the record stand for floating point numbers (REAL affinity).
    pub(super) is_real: bool,
    /// What a record too short to have the value stands for: the column was added after the row.
    pub(super) default: Option<Vec<u8>>,
}

impl Layout {
    /// Understands the stored `CREATE TABLE` statement of table `name`.
    pub(super) fn parse(name: &str, sql: &str) -> Option<Self> {
        let tokens = tokens(sql)?;
        let statement = Parser { tokens: &tokens, at: 0 }.statement()?;
        statement.layout(name)
    }

    /// A table of which only the number of values is known.
    pub(super) fn unknown(name: &str, columns: usize) -> Self {
        let table = Table {
            name: name.to_owned(),
            columns: (1..=columns).map(|n| Column::named(format!("column {n}"))).collect(),
            named_columns: false,
        };
        let cells = (0..columns).map(|index| Stored { index, ..Stored::default() }).collect();
        Self { table: Arc::new(table), cells, without_rowid: None }
    }
}

/// A column as its definition says.
#[derive(Debug, Default)]
struct Definition {
    name: String,
    declared: String,
    is_virtual: bool,
    default: Option<Literal>,
}

/// The value of a DEFAULT clause.
#[derive(Debug)]
enum Literal {
    Number(String),
    Bytes(Vec<u8>),
}

/// What a `CREATE TABLE` statement says.
#[derive(Debug, Default)]
struct Statement {
    columns: Vec<Definition>,
    key: Vec<String>,
    /// `id INTEGER PRIMARY KEY DESC` is, by an old quirk, not the rowid (`lang_createtable.html`, "ROWIDs").
    key_is_descending: bool,
    without_rowid: bool,
}

impl Statement {
    fn layout(self, name: &str) -> Option<Layout> {
        if self.columns.is_empty() || self.columns.len() > MAX_COLUMNS {
            return None;
        }
        let find = |name: &String| self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
        let mut key = Vec::new();
        for name in &self.key {
            let column = find(name)?;
            if !key.contains(&column) {
                key.push(column);
            }
        }
        let rowid = match key[..] {
            [one]
                if !self.without_rowid
                    && !self.key_is_descending
                    && self.columns[one].declared.eq_ignore_ascii_case("integer") =>
            {
                Some(one)
            }
            _ => None,
        };
        // The order in which values are stored: that of the declaration, but the key first where there is no rowid.
        let mut stored: Vec<usize> = if self.without_rowid { key.clone() } else { Vec::new() };
        let first = stored.clone();
        stored.extend((0..self.columns.len()).filter(|c| !first.contains(c) && !self.columns[*c].is_virtual));
        let mut index_of = vec![None; self.columns.len()];
        for (index, column) in stored.into_iter().enumerate() {
            index_of[column] = Some(index);
        }

        let mut columns = Vec::new();
        let mut cells = Vec::new();
        for (i, column) in self.columns.into_iter().enumerate() {
            let Some(index) = index_of[i] else { continue };
            let is_real = has_real_affinity(&column.declared);
            let default = column.default.map(|literal| match literal {
                Literal::Number(number) => number_text(&number, is_real),
                Literal::Bytes(bytes) => bytes,
            });
            cells.push(Stored { index, is_rowid: rowid == Some(i), is_real, default });
            let declared = (!column.declared.is_empty()).then(|| column.declared.to_lowercase());
            columns.push(Column { name: column.name, declared });
        }
        let table = Table { name: name.to_owned(), columns, named_columns: true };
        Some(Layout { table: Arc::new(table), cells, without_rowid: Some(self.without_rowid) })
    }
}

/// Column affinity REAL, by the rules of <https://www.sqlite.org/datatype3.html> section 3.1.
fn has_real_affinity(declared: &str) -> bool {
    let declared = declared.to_ascii_uppercase();
    let has = |word: &str| declared.contains(word);
    !["INT", "CHAR", "CLOB", "TEXT", "BLOB"].into_iter().any(has) && ["REAL", "FLOA", "DOUB"].into_iter().any(has)
}

/// A numeric literal as the reader prints a stored number.
fn number_text(literal: &str, is_real: bool) -> Vec<u8> {
    // SQLite 3.46 and later let digits be grouped.
    let literal = literal.replace('_', "");
    let literal = literal.as_str();
    let (sign, digits) = literal.strip_prefix('-').map_or(("", literal), |digits| ("-", digits));
    let integer = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed).map(i128::from),
        None => digits.parse::<i64>().ok().map(i128::from),
    };
    let integer = integer.map(|v| if sign.is_empty() { v } else { -v });
    match integer {
        Some(value) if !is_real => value.to_string().into_bytes(),
        Some(value) => format!("{:?}", value as f64).into_bytes(),
        None => match literal.parse::<f64>() {
            Ok(value) => format!("{value:?}").into_bytes(),
            Err(_) => literal.as_bytes().to_vec(),
        },
    }
}

/// A word of SQL.
#[derive(Debug, PartialEq)]
enum Token<'s> {
    /// An identifier or keyword without quotes.
    Word(&'s str),
    /// What stood between quotes of any of the four kinds SQLite takes: `"` `'` `` ` `` `[`.
    Quoted(String),
    Number(&'s str),
    /// The digits of `x'…'`.
    Blob(&'s str),
    Mark(u8),
}

/// Splits a statement into words; `None` if a quote is left open.
fn tokens(sql: &str) -> Option<Vec<Token<'_>>> {
    let bytes = sql.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0c => at += 1,
            b'-' if rest.starts_with(b"--") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            }
            b'/' if rest.starts_with(b"/*") => {
                // SQLite takes a comment that is never closed.
                at += memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
            }
            b'x' | b'X' if rest.get(1) == Some(&b'\'') => {
                let end = memchr::memchr(b'\'', &rest[2..])?;
                tokens.push(Token::Blob(&sql[at + 2..at + 2 + end]));
                at += end + 3;
            }
            b'"' | b'\'' | b'`' => {
                let mut text = String::new();
                at += 1;
                loop {
                    let end = at + memchr::memchr(byte, &bytes[at..])?;
                    text.push_str(&sql[at..end]);
                    at = end + 1;
                    if bytes.get(at) != Some(&byte) {
                        break;
                    }
                    text.push(char::from(byte));
                    at += 1;
                }
                tokens.push(Token::Quoted(text));
            }
            b'[' => {
                let end = at + memchr::memchr(b']', rest)?;
                tokens.push(Token::Quoted(sql[at + 1..end].to_owned()));
                at = end + 1;
            }
            b'0'..=b'9' | b'.' if byte != b'.' || rest.get(1).is_some_and(u8::is_ascii_digit) => {
                let mut end = at + 1;
                while let Some(&b) = bytes.get(end) {
                    let exponent_sign = matches!(b, b'+' | b'-')
                        && matches!(bytes[end - 1], b'e' | b'E')
                        && !rest.starts_with(b"0x")
                        && !rest.starts_with(b"0X");
                    if !(is_word(b) || b == b'.' || exponent_sign) {
                        break;
                    }
                    end += 1;
                }
                tokens.push(Token::Number(&sql[at..end]));
                at = end;
            }
            b if is_word(b) => {
                let end = at + rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
                tokens.push(Token::Word(&sql[at..end]));
                at = end;
            }
            mark => {
                tokens.push(Token::Mark(mark));
                at += 1;
            }
        }
    }
    Some(tokens)
}

/// Words that end a column's type, beside `GENERATED ALWAYS`.
const AFTER_TYPE: [&str; 10] =
    ["constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "as"];

/// Words that begin a constraint on the table instead of a column.
const TABLE_CONSTRAINT: [&str; 5] = ["constraint", "primary", "unique", "check", "foreign"];

struct Parser<'t, 's> {
    tokens: &'t [Token<'s>],
    at: usize,
}

impl Parser<'_, '_> {
    fn statement(mut self) -> Option<Statement> {
        let mut statement = Statement::default();
        self.take_word("create").then_some(())?;
        let _ = self.take_word("temp") || self.take_word("temporary");
        self.take_word("table").then_some(())?;
        if self.take_word("if") {
            (self.take_word("not") && self.take_word("exists")).then_some(())?;
        }
        self.name()?;
        if self.take_mark(b'.') {
            self.name()?;
        }
        self.take_mark(b'(').then_some(())?;
        loop {
            if !statement.columns.is_empty() && TABLE_CONSTRAINT.iter().any(|word| self.is_word(word)) {
                self.table_constraint(&mut statement)?;
            } else {
                self.column(&mut statement)?;
            }
            if self.take_mark(b')') {
                break;
            }
            self.take_mark(b',').then_some(())?;
        }
        while self.at < self.tokens.len() {
            if self.take_word("without") {
                self.take_word("rowid").then_some(())?;
                statement.without_rowid = true;
            } else {
                // STRICT, and the comma between options.
                self.at += 1;
            }
        }
        Some(statement)
    }

    fn column(&mut self, statement: &mut Statement) -> Option<()> {
        let mut column = Definition { name: self.name()?, ..Definition::default() };
        column.declared = self.declared_type()?;
        while !self.is_end() {
            if self.take_word("primary") {
                self.take_word("key").then_some(())?;
                statement.key.push(column.name.clone());
                statement.key_is_descending = self.take_word("desc");
            } else if self.take_word("set") {
                // ON DELETE SET DEFAULT, SET NULL.
                self.at += 1;
            } else if self.take_word("default") {
                column.default = self.default()?;
            } else if self.take_word("collate") || self.take_word("constraint") || self.take_word("references") {
                // A name follows that could look like any other word.
                self.name()?;
            } else if self.take_word("as") {
                self.balanced()?;
                column.is_virtual = !self.take_word("stored");
            } else if self.is_mark(b'(') {
                self.balanced()?;
            } else {
                self.at += 1;
            }
        }
        statement.columns.push(column);
        Some(())
    }

    fn declared_type(&mut self) -> Option<String> {
        let mut declared = String::new();
        loop {
            match self.tokens.get(self.at)? {
                Token::Word(word) => {
                    let is_generated = word.eq_ignore_ascii_case("generated")
                        && matches!(self.tokens.get(self.at + 1), Some(Token::Word(w)) if w.eq_ignore_ascii_case("always"));
                    if is_generated || AFTER_TYPE.iter().any(|stop| word.eq_ignore_ascii_case(stop)) {
                        return Some(declared);
                    }
                    add_word(&mut declared, word);
                }
                Token::Quoted(text) => add_word(&mut declared, text),
                Token::Mark(b'(') if !declared.is_empty() => {
                    let start = self.at;
                    self.balanced()?;
                    for token in &self.tokens[start..self.at] {
                        match token {
                            Token::Word(text) | Token::Number(text) | Token::Blob(text) => declared.push_str(text),
                            Token::Quoted(text) => declared.push_str(text),
                            Token::Mark(mark) => declared.push(char::from(*mark)),
                        }
                    }
                    return Some(declared);
                }
                _ => return Some(declared),
            }
            self.at += 1;
        }
    }

    /// The value after DEFAULT; `None` inside for one that a row added later could not have (`CURRENT_TIME`, an
    /// expression) and for NULL.
    #[allow(clippy::option_option, reason = "outside: the statement is not understood; inside: no value")]
    fn default(&mut self) -> Option<Option<Literal>> {
        if self.is_mark(b'(') {
            self.balanced()?;
            return Some(None);
        }
        let is_negative = self.take_mark(b'-');
        let _ = !is_negative && self.take_mark(b'+');
        let literal = match self.tokens.get(self.at)? {
            Token::Number(number) => {
                let sign = if is_negative { "-" } else { "" };
                Some(Literal::Number(format!("{sign}{number}")))
            }
            Token::Quoted(text) => Some(Literal::Bytes(text.clone().into_bytes())),
            Token::Blob(digits) => Some(Literal::Bytes(hex::decode(digits).ok()?)),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "null" | "current_time" | "current_date" | "current_timestamp" => None,
                "true" => Some(Literal::Number("1".into())),
                "false" => Some(Literal::Number("0".into())),
                _ => Some(Literal::Bytes(word.as_bytes().to_vec())),
            },
            Token::Mark(_) => return None,
        };
        self.at += 1;
        Some(literal)
    }

    /// One or more constraints up to the next comma; SQLite wants none between them.
    fn table_constraint(&mut self, statement: &mut Statement) -> Option<()> {
        while !self.is_end() {
            if self.take_word("constraint") {
                self.name()?;
            } else if self.take_word("primary") {
                self.take_word("key").then_some(())?;
                self.take_mark(b'(').then_some(())?;
                statement.key_is_descending = false;
                loop {
                    statement.key.push(self.name()?);
                    while !self.is_end() {
                        self.at += 1;
                    }
                    if self.take_mark(b')') {
                        break;
                    }
                    self.take_mark(b',').then_some(())?;
                }
            } else if self.is_mark(b'(') {
                self.balanced()?;
            } else {
                self.at += 1;
            }
        }
        Some(())
    }

    /// Passes a parenthesis and all in it.
    fn balanced(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.tokens.get(self.at)? {
                Token::Mark(b'(') => depth += 1,
                Token::Mark(b')') => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn name(&mut self) -> Option<String> {
        let name = match self.tokens.get(self.at)? {
            Token::Word(word) => (*word).to_owned(),
            Token::Quoted(text) => text.clone(),
            _ => return None,
        };
        self.at += 1;
        Some(name)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn is_mark(&self, mark: u8) -> bool {
        self.tokens.get(self.at) == Some(&Token::Mark(mark))
    }

    fn take_mark(&mut self, mark: u8) -> bool {
        let is = self.is_mark(mark);
        self.at += usize::from(is);
        is
    }

    /// Whether an item of the list ends here, or the statement does.
    fn is_end(&self) -> bool {
        self.at >= self.tokens.len() || self.is_mark(b',') || self.is_mark(b')')
    }
}

fn add_word(declared: &mut String, word: &str) {
    if !declared.is_empty() {
        declared.push(' ');
    }
    declared.push_str(word);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, declared type and place of each column, `!` for the rowid, `=…` for a default.
    fn shown(sql: &str) -> String {
        let Some(layout) = Layout::parse("t", sql) else { return "not understood".into() };
        let mut shown: Vec<String> = layout
            .table
            .columns
            .iter()
            .zip(&layout.cells)
            .map(|(column, cell)| {
                let default = cell.default.as_ref().map(|d| format!("={}", String::from_utf8_lossy(d)));
                format!(
                    "{}:{}@{}{}{}",
                    column.name,
                    column.declared.as_deref().unwrap_or(""),
                    cell.index,
                    if cell.is_rowid { "!" } else { "" },
                    default.unwrap_or_default()
                )
            })
            .collect();
        if layout.without_rowid == Some(true) {
            shown.push("without rowid".into());
        }
        shown.join(" | ")
    }

    #[test]
    fn columns_types_and_keys_are_read_as_sqlite_reads_them() {
        for (sql, expected) in [
            ("CREATE TABLE t(a, b)", "a:@0 | b:@1"),
            (
                "CREATE TABLE IF NOT EXISTS main.t (id INTEGER PRIMARY KEY AUTOINCREMENT, mail VARCHAR( 40 ) NOT NULL)",
                "id:integer@0! | mail:varchar(40)@1",
            ),
            ("CREATE TABLE t(id INT PRIMARY KEY, x)", "id:int@0 | x:@1"),
            ("CREATE TABLE t(id INTEGER PRIMARY KEY DESC, x)", "id:integer@0 | x:@1"),
            ("CREATE TABLE t(id INTEGER, x, PRIMARY KEY(id DESC))", "id:integer@0! | x:@1"),
            ("CREATE TABLE t(id INTEGER, x, PRIMARY KEY(id, x))", "id:integer@0 | x:@1"),
            (
                "CREATE TABLE t(a, b TEXT, c, PRIMARY KEY(c, A COLLATE nocase)) WITHOUT ROWID",
                "a:@1 | b:text@2 | c:@0 | without rowid",
            ),
            ("CREATE TABLE t(a INTEGER PRIMARY KEY, b) STRICT, WITHOUT ROWID", "a:integer@0 | b:@1 | without rowid"),
            (
                "CREATE TABLE t(\"a \"\"b\" INT, [c d] TEXT, `e``f` x, 'g' y)",
                "a \"b:int@0 | c d:text@1 | e`f:x@2 | g:y@3",
            ),
            (
                "CREATE TABLE t(a INT, b INT GENERATED ALWAYS AS (a+1) STORED, c AS (a || ')'), d)",
                "a:int@0 | b:int@1 | d:@2",
            ),
            (
                "CREATE TABLE t(a INT -- comment, with comma\n, /* b, */ c DECIMAL (10, 2))",
                "a:int@0 | c:decimal(10,2)@1",
            ),
            (
                "CREATE TABLE t(a DOUBLE PRECISION DEFAULT 5, b DEFAULT -7, c DEFAULT 'it''s', d DEFAULT x'4142', e DEFAULT (1+2), f DEFAULT TRUE)",
                "a:double precision@0=5.0 | b:@1=-7 | c:@2=it's | d:@3=AB | e:@4 | f:@5=1",
            ),
            (
                "CREATE TABLE t(a REFERENCES b(c) ON DELETE SET DEFAULT, d CONSTRAINT \"primary\" CHECK(d IN (1,2)), CONSTRAINT k UNIQUE(a,d) PRIMARY KEY(d) FOREIGN KEY(a) REFERENCES x)",
                "a:@0 | d:@1",
            ),
            (
                "CREATE TABLE t(a DEFAULT 1e-3, b DEFAULT 0x10, c DEFAULT .5, d DEFAULT CURRENT_TIMESTAMP)",
                "a:@0=0.001 | b:@1=16 | c:@2=0.5 | d:@3",
            ),
            ("CREATE TABLE t(key, desc TEXT, action)", "key:@0 | desc:text@1 | action:@2"),
            ("CREATE TABLE t(ключ TEXT)", "ключ:text@0"),
            ("CREATE VIRTUAL TABLE t USING fts5(a)", "not understood"),
            ("CREATE TABLE t(a", "not understood"),
            ("CREATE TABLE t(a 'open", "not understood"),
            ("CREATE TABLE t(a, PRIMARY KEY(b))", "not understood"),
            ("", "not understood"),
        ] {
            assert_eq!(shown(sql), expected, "{sql}");
        }
    }

    #[test]
    fn real_affinity_follows_the_declared_type() {
        for (declared, is_real) in [
            ("REAL", true),
            ("double precision", true),
            ("FLOAT", true),
            ("FLOATING POINT", false),
            ("", false),
            ("character", false),
            ("decimal", false),
        ] {
            assert_eq!(has_real_affinity(declared), is_real, "{declared}");
        }
    }
}
