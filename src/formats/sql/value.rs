//! What a cell's text in an INSERT stands for: a literal's content, or the text itself where it is an expression.

use std::ops::Range;

use super::dialect::{Dialect, Rules};
use super::text::{Kind, Token, Tokens};
use crate::formats::MAX_CELL;

/// Nesting of functions that is followed; deeper ones stay text. Writers nest two (`replace(replace(…))`).
const MAX_DEPTH: u8 = 16;

/// A cell's value.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Value {
    /// NULL, or DEFAULT, whose value the script does not tell.
    Null,
    /// Part of the text.
    Slice(Range<usize>),
    /// Bytes that are not in the text as such.
    Bytes(Vec<u8>),
    /// No value at all: nothing between two commas.
    Missing,
}

/// The value of `text`, all that stands between two separators of a row.
pub(super) fn read(text: &[u8], rules: Rules) -> Value {
    let start = text.iter().position(|b| !b.is_ascii_whitespace());
    let Some(start) = start else { return Value::Missing };
    let end = text.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(start, |i| i + 1);
    let mut expression = Expression { tokens: Tokens::new(text, rules), rules, depth: 0 };
    match expression.read() {
        Some(value) if expression.tokens.peek().is_none() => value,
        _ => Value::Slice(start..end),
    }
}

/// Decodes a `\x…` bytea literal; `None` if it is something else.
pub(super) fn bytea(value: &[u8]) -> Option<Vec<u8>> {
    hex(value.strip_prefix(b"\\x")?)
}

/// Bytes of hexadecimal digits, an odd one padded on the left as MySQL does; `None` if there are other characters.
pub(super) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: &u8| (*b as char).to_digit(16).map(|d| d as u8);
    let (odd, pairs) = digits.split_at(digits.len() % 2);
    let mut out = Vec::with_capacity(digits.len().div_ceil(2));
    for b in odd {
        out.push(digit(b)?);
    }
    for pair in pairs.chunks_exact(2) {
        out.push(digit(&pair[0])? << 4 | digit(&pair[1])?);
    }
    Some(out)
}

/// Reads an expression; `None` where it is not understood.
struct Expression<'a> {
    tokens: Tokens<'a>,
    rules: Rules,
    depth: u8,
}

impl Expression<'_> {
    fn read(&mut self) -> Option<Value> {
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let mut value = self.term()?;
        loop {
            let mut ahead = self.tokens.clone();
            let Some(next) = ahead.next() else { break };
            match next.kind {
                Kind::Punct(b':') if ahead.eat(b':') => {
                    self.tokens = ahead;
                    self.skip_type()?;
                }
                Kind::Word if ahead.is_word(&next, "COLLATE") => {
                    ahead.next()?;
                    while ahead.eat(b'.') {
                        ahead.next()?;
                    }
                    self.tokens = ahead;
                }
                Kind::Punct(b'|') if ahead.eat(b'|') => {
                    self.tokens = ahead;
                    let right = self.term()?;
                    value = self.concat(value, right)?;
                }
                Kind::Punct(b'+') if self.rules.dialect == Dialect::SqlServer => {
                    self.tokens = ahead;
                    let right = self.term()?;
                    value = self.concat(value, right)?;
                }
                _ => break,
            }
        }
        self.depth -= 1;
        Some(value)
    }

    fn term(&mut self) -> Option<Value> {
        let token = self.tokens.next()?;
        match token.kind {
            Kind::Quoted(b'\'' | b'"') => Some(self.string(&token)),
            Kind::Dollar(_) => Some(self.content(&token)),
            Kind::Punct(b'-' | b'+') => {
                let number = self.number()?;
                Some(Value::Slice(token.span.start..number.end))
            }
            Kind::Punct(b'.') => {
                let digits = self.tokens.next().filter(|t| t.kind == Kind::Word && t.span.start == token.span.end)?;
                Some(Value::Slice(token.span.start..digits.span.end))
            }
            Kind::Punct(b'(') => {
                let value = self.read()?;
                self.tokens.eat(b')').then_some(value)
            }
            Kind::Quoted(_) | Kind::Punct(_) => None,
            Kind::Word => self.word(&token),
        }
    }

    /// A term that starts with a word.
    fn word(&mut self, token: &Token) -> Option<Value> {
        let word = self.tokens.raw(token).to_ascii_uppercase();
        if word[0].is_ascii_digit() {
            if let Some(digits) = word.strip_prefix(b"0X") {
                return hex(digits).map(Value::Bytes);
            }
            return Some(Value::Slice(token.span.start..self.number_end(token)));
        }
        let next = self.tokens.peek();
        if let Some(string) = next.as_ref().filter(|t| t.kind == Kind::Quoted(b'\'')) {
            self.tokens.next();
            let glued = string.span.start == token.span.end;
            return match word.as_slice() {
                b"X" if glued => hex(&self.tokens.content(string)).map(Value::Bytes),
                b"B" if glued => bits(&self.tokens.content(string)).map(Value::Bytes),
                b"N" | b"E" if glued => Some(self.string(string)),
                // `_utf8mb4'…'`, `_binary '…'`; `DATE '…'` and its like.
                [b'_', ..] => Some(self.string(string)),
                b"DATE" | b"TIME" | b"TIMESTAMP" | b"TIMESTAMPTZ" | b"DATETIME" | b"INTERVAL" => {
                    Some(self.string(string))
                }
                _ => None,
            };
        }
        if next.as_ref().is_some_and(|t| t.kind == Kind::Punct(b'(')) {
            self.tokens.next();
            return self.function(&word);
        }
        match word.as_slice() {
            b"NULL" | b"DEFAULT" => Some(Value::Null),
            [b'_', ..] => {
                // `_binary 0x…`
                let digits = self.tokens.next().filter(|t| t.kind == Kind::Word)?;
                let digits = self.tokens.raw(&digits);
                let digits = digits.strip_prefix(b"0x").or_else(|| digits.strip_prefix(b"0X"))?;
                hex(digits).map(Value::Bytes)
            }
            b"TRUE" | b"FALSE" => Some(Value::Slice(token.span.clone())),
            _ => None,
        }
    }

    /// A function after its opening parenthesis.
    fn function(&mut self, name: &[u8]) -> Option<Value> {
        let value = match name {
            b"CAST" | b"TRY_CAST" => {
                let value = self.read()?;
                if !self.tokens.eat_word("AS") {
                    return None;
                }
                self.skip_arguments()?;
                return Some(value);
            }
            b"CONVERT" | b"TRY_CONVERT" => {
                let type_first = self.tokens.peek().is_some_and(|t| {
                    let mut ahead = self.tokens.clone();
                    ahead.next();
                    let after = ahead.peek().map(|t| t.kind);
                    matches!(t.kind, Kind::Quoted(b'['))
                        || t.kind == Kind::Word
                            && !matches!(after, Some(Kind::Quoted(b'\'')))
                            && !self.tokens.raw(&t)[0].is_ascii_digit()
                            && !ahead.is_word(&t, "CAST")
                });
                if type_first {
                    self.skip_type()?;
                    if !self.tokens.eat(b',') {
                        return None;
                    }
                }
                let value = self.read()?;
                self.skip_arguments()?;
                return Some(value);
            }
            b"TO_DATE" | b"TO_TIMESTAMP" | b"TO_TIMESTAMP_TZ" | b"TO_NUMBER" | b"TO_CLOB" | b"TO_NCLOB" | b"DATE"
            | b"DATETIME" | b"STR_TO_DATE" => {
                let value = self.read()?;
                self.skip_arguments()?;
                return Some(value);
            }
            b"UNISTR" => unistr(&self.argument()?),
            b"UNHEX" | b"HEXTORAW" => hex(&self.argument()?)?,
            b"CHAR" | b"CHR" | b"NCHAR" => {
                let code: u32 = std::str::from_utf8(&self.argument()?).ok()?.parse().ok()?;
                let char = char::from_u32(code)?;
                char.to_string().into_bytes()
            }
            b"REPLACE" => {
                let text = self.argument()?;
                if !self.tokens.eat(b',') {
                    return None;
                }
                let from = self.argument()?;
                if !self.tokens.eat(b',') {
                    return None;
                }
                let to = self.argument()?;
                replace(&text, &from, &to)?
            }
            _ => return None,
        };
        self.tokens.eat(b')').then_some(Value::Bytes(value))
    }

    /// An argument's bytes.
    fn argument(&mut self) -> Option<Vec<u8>> {
        let value = self.read()?;
        self.owned(value)
    }

    /// A string with those that follow it: the standard joins neighbours.
    fn string(&mut self, first: &Token) -> Value {
        let mut value = self.content(first);
        while let Some(next) = self.tokens.peek().filter(|t| t.kind == Kind::Quoted(b'\'')) {
            self.tokens.next();
            let mut joined = self.owned(value).unwrap_or_default();
            joined.extend_from_slice(&self.tokens.content(&next));
            value = Value::Bytes(joined);
        }
        value
    }

    fn content(&self, token: &Token) -> Value {
        match self.tokens.content_span(token) {
            Ok(span) => Value::Slice(span),
            Err(bytes) => Value::Bytes(bytes),
        }
    }

    /// A value's bytes; NULL has none.
    fn owned(&self, value: Value) -> Option<Vec<u8>> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Slice(span) => Some(self.tokens.text()[span].to_vec()),
            Value::Null | Value::Missing => None,
        }
    }

    fn concat(&self, left: Value, right: Value) -> Option<Value> {
        let mut bytes = self.owned(left)?;
        bytes.extend_from_slice(&self.owned(right)?);
        Some(Value::Bytes(bytes))
    }

    fn number(&mut self) -> Option<Range<usize>> {
        let token = self.tokens.next()?;
        let digits = token.kind == Kind::Word && self.tokens.raw(&token)[0].is_ascii_digit();
        let start = token.span.start;
        digits.then(|| start..self.number_end(&token))
    }

    /// The end of a number that begins with `token`: `1`, `1.5`, `1e-5`.
    fn number_end(&mut self, token: &Token) -> usize {
        let mut end = token.span.end;
        loop {
            let mut ahead = self.tokens.clone();
            let Some(next) = ahead.next().filter(|t| t.span.start == end) else { return end };
            let exponent = matches!(self.tokens.text()[end - 1], b'e' | b'E');
            match next.kind {
                Kind::Punct(b'.') | Kind::Word => {}
                Kind::Punct(b'-' | b'+') if exponent => {}
                _ => return end,
            }
            end = next.span.end;
            self.tokens = ahead;
        }
    }

    /// Passes over a type: `varchar(40)[]`, `timestamp without time zone`, `[nvarchar](max)`.
    fn skip_type(&mut self) -> Option<()> {
        let mut any = false;
        while let Some(next) = self.tokens.peek() {
            match next.kind {
                Kind::Word if any && self.tokens.is_word(&next, "COLLATE") => break,
                Kind::Word | Kind::Quoted(b'"' | b'[') => {
                    self.tokens.next();
                }
                Kind::Punct(b'.' | b'[' | b']') if any => {
                    self.tokens.next();
                }
                Kind::Punct(b'(') if any => {
                    self.tokens.next();
                    self.skip_arguments()?;
                }
                _ => break,
            }
            any = true;
        }
        any.then_some(())
    }

    /// Passes over everything up to the closing parenthesis, and it.
    fn skip_arguments(&mut self) -> Option<()> {
        let mut depth = 0_u32;
        loop {
            match self.tokens.next()?.kind {
                Kind::Punct(b'(') => depth += 1,
                Kind::Punct(b')') if depth == 0 => return Some(()),
                Kind::Punct(b')') => depth -= 1,
                _ => {}
            }
        }
    }
}

/// `b'101'` as the number it is, which is how flags read everywhere else; longer ones than 64 bits as their digits.
fn bits(digits: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(digits).ok().filter(|t| t.bytes().all(|b| matches!(b, b'0' | b'1')))?;
    Some(u64::from_str_radix(text, 2).map_or_else(|_| digits.to_vec(), |n| n.to_string().into_bytes()))
}

/// `\XXXX`, `\+XXXXXX`, `\uXXXX`, `\UXXXXXXXX` and `\\` (`SQLite` and Oracle manuals, `unistr`).
fn unistr(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut units = Vec::new();
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let (skip, digits) = match (first, after.first()) {
            (b'\\', Some(b'+')) => (1, 6),
            (b'\\', Some(b'u')) => (1, 4),
            (b'\\', Some(b'U')) => (1, 8),
            (b'\\', Some(b'\\')) => (0, 0),
            (b'\\', _) => (0, 4),
            _ => (0, 0),
        };
        let code = (digits > 0)
            .then(|| after.get(skip..skip + digits))
            .flatten()
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u32::from_str_radix(d, 16).ok());
        if let Some(code) = code {
            match u16::try_from(code) {
                Ok(unit) => units.push(unit),
                Err(_) => units.extend(char::from_u32(code).iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec())),
            }
            rest = &after[skip + digits..];
            continue;
        }
        flush(&mut units, &mut out);
        out.push(*first);
        rest = if *first == b'\\' && after.first() == Some(&b'\\') { &after[1..] } else { after };
    }
    flush(&mut units, &mut out);
    out
}

/// UTF-16 units to UTF-8.
fn flush(units: &mut Vec<u16>, out: &mut Vec<u8>) {
    out.extend_from_slice(String::from_utf16_lossy(units).as_bytes());
    units.clear();
}

/// SQL's `replace`; `None` where `from` is empty or the result would be much longer than any cell may be.
fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    if from.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(i) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..i]);
        out.extend_from_slice(to);
        rest = &rest[i + from.len()..];
        if out.len() > 4 * MAX_CELL {
            return None;
        }
    }
    out.extend_from_slice(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(dialect: Dialect, text: &str) -> Option<Vec<u8>> {
        match read(text.as_bytes(), Rules::new(dialect)) {
            Value::Null => None,
            Value::Slice(span) => Some(text.as_bytes()[span].to_vec()),
            Value::Bytes(bytes) => Some(bytes),
            Value::Missing => panic!("no value"),
        }
    }

    #[test]
    fn a_literal_gives_its_content_whatever_stands_around_it() {
        use Dialect::{MySql, Oracle, Postgres, SqlServer, Sqlite, Standard};
        let cases: &[(Dialect, &str, &[u8])] = &[
            (Standard, "'o''neil'", b"o'neil"),
            (Standard, r"'a\b'", br"a\b"),
            (Standard, "''", b""),
            (Standard, "''''", b"'"),
            (Standard, "'a'\n'b'", b"ab"),
            (MySql, r"'a\'b\0\Z\n\%\\'", b"a'b\0\x1a\n\\%\\"),
            (MySql, r#""he said \"x\"""#, b"he said \"x\""),
            (MySql, "_binary '$2y$10$x'", b"$2y$10$x"),
            (MySql, "_utf8mb4'ok' COLLATE utf8mb4_bin", b"ok"),
            (MySql, "0x70617373", b"pass"),
            (MySql, "_binary 0x7061", b"pa"),
            (MySql, "X'7061'", b"pa"),
            (MySql, "0x1", b"\x01"),
            (MySql, "b'101'", b"5"),
            (MySql, "CONVERT('x' USING utf8mb4)", b"x"),
            (MySql, " -12.5e-3 ", b"-12.5e-3"),
            (MySql, "MD5('x')", b"MD5('x')"),
            (Postgres, r"E'a\tb\x41\u00e9\101\'\\'", "a\tbAéA'\\".as_bytes()),
            (Postgres, "'x'::character varying(40)", b"x"),
            (Postgres, "'{a,b}'::text[]", b"{a,b}"),
            (Postgres, "$t$it's$t$", b"it's"),
            (Postgres, "true", b"true"),
            (Postgres, "'2020-01-01'::timestamp without time zone", b"2020-01-01"),
            (Sqlite, r"replace(replace('a\nb\rc','\n',char(10)),'\r',char(13))", b"a\nb\rc"),
            (Sqlite, r"unistr('a\u000ab\\c')", b"a\nb\\c"),
            (Sqlite, "'a' || char(10) || 'b'", b"a\nb"),
            (SqlServer, "CAST(N'2024-01-02T03:04:05' AS DateTime2)", b"2024-01-02T03:04:05"),
            (SqlServer, "CAST(0x0000A AS DateTime)", b"\x00\x00\x0a"),
            (SqlServer, "CAST(12.50 AS Decimal(10, 2))", b"12.50"),
            (SqlServer, "CONVERT([datetime2](7), N'2024', 121)", b"2024"),
            (SqlServer, "CONVERT(varbinary(8), 0x6162)", b"ab"),
            (SqlServer, "N'a' + CHAR(13) + N'b'", b"a\rb"),
            (Oracle, "TO_DATE('2024-01-02', 'YYYY-MM-DD')", b"2024-01-02"),
            (Oracle, "HEXTORAW('6162')", b"ab"),
            (Oracle, "DATE '2024-01-02'", b"2024-01-02"),
            (Oracle, "sysdate", b"sysdate"),
            (Standard, "('x')", b"x"),
            (Standard, "1 + 2", b"1 + 2"),
        ];
        for (dialect, text, want) in cases {
            assert_eq!(cell(*dialect, text).as_deref(), Some(*want), "{text}");
        }
        for text in ["NULL", "null", "DEFAULT", "CAST(NULL AS Int)", "NULL::text"] {
            assert_eq!(cell(Postgres, text), None, "{text}");
        }
    }

    #[test]
    fn nonsense_stays_text_and_deep_nesting_ends() {
        for deep in ["CAST(", "_a ", "(", "N", "-", "'a' ", "replace(", "::a", "/*", "CONVERT("] {
            let deep = deep.repeat(10_000);
            assert!(cell(Dialect::Standard, &deep).is_some());
            assert!(cell(Dialect::MySql, &deep).is_some());
        }
        for text in ["'", "E'\\", "$$", "0x", "N'", "CAST('x'", "||", "'a'||", "replace('','','')", "unistr('\\')", "["]
        {
            let _ = cell(Dialect::Standard, text);
            let _ = cell(Dialect::SqlServer, text);
            let _ = cell(Dialect::MySql, text);
        }
    }
}
