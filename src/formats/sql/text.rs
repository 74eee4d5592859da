//! Words of a piece of SQL that lies in memory as a whole: a statement's head, a cell's literal.

use std::borrow::Cow;
use std::ops::Range;

use super::dialect::{Dialect, Rules};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters and digits, unquoted: a keyword, a name, a number.
    Word,
    /// Something in quotes; the opening quote.
    Quoted(u8),
    /// `$tag$…$tag$`; the length of the tag with its dollars.
    Dollar(usize),
    /// Any other byte.
    Punct(u8),
}

/// A token and where it lies in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// Whether the bytes of the string were cut off before its closing quote.
    open: bool,
    /// Whether backslashes escape in it.
    backslash: bool,
}

/// Walks over a text, passing over white space and comments.
#[derive(Clone)]
pub(super) struct Tokens<'a> {
    text: &'a [u8],
    at: usize,
    rules: Rules,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a [u8], rules: Rules) -> Self {
        Self { text, at: 0, rules }
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'a [u8] {
        self.text
    }

    /// The next token without taking it.
    pub(super) fn peek(&self) -> Option<Token> {
        self.clone().next()
    }

    /// Takes the next token if it is this byte.
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        self.eat_if(|_, token| token.kind == Kind::Punct(byte))
    }

    /// Takes the next token if it is this word, whatever its case.
    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        self.eat_if(|tokens, token| tokens.is_word(token, word))
    }

    /// Whether `token` is this word, whatever its case.
    pub(super) fn is_word(&self, token: &Token, word: &str) -> bool {
        token.kind == Kind::Word && self.text[token.span.clone()].eq_ignore_ascii_case(word.as_bytes())
    }

    /// The bytes of `token` as written.
    pub(super) fn raw(&self, token: &Token) -> &'a [u8] {
        &self.text[token.span.clone()]
    }

    /// What `token` says: quotes taken off, escapes undone.
    pub(super) fn content(&self, token: &Token) -> Cow<'a, [u8]> {
        match self.content_span(token) {
            Ok(span) => Cow::Borrowed(&self.text[span]),
            Err(bytes) => Cow::Owned(bytes),
        }
    }

    /// What `token` says: where it stands in the text if nothing had to be undone, else the bytes.
    pub(super) fn content_span(&self, token: &Token) -> Result<Range<usize>, Vec<u8>> {
        let span = token.span.clone();
        let close = usize::from(!token.open);
        match token.kind {
            Kind::Word | Kind::Punct(_) => Ok(span),
            Kind::Dollar(tag) => Ok(span.start + tag..span.end - close * tag),
            Kind::Quoted(quote) => {
                let inner = span.start + 1..span.end - close;
                let quote = if quote == b'[' { b']' } else { quote };
                if memchr::memchr2(quote, if token.backslash { b'\\' } else { quote }, &self.text[inner.clone()])
                    .is_none()
                {
                    return Ok(inner);
                }
                let mut out = Vec::new();
                unescape(&self.text[inner], quote, token.backslash, self.rules.dialect, &mut out);
                Err(out)
            }
        }
    }

    fn eat_if(&mut self, wanted: impl Fn(&Self, &Token) -> bool) -> bool {
        let mut ahead = self.clone();
        match ahead.next() {
            Some(token) if wanted(self, &token) => {
                *self = ahead;
                true
            }
            _ => false,
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let line = match rest {
                [b, ..] if b.is_ascii_whitespace() || *b == 0x0b => {
                    self.at += 1;
                    continue;
                }
                [b'/', b'*', b'!', ..] if self.rules.conditional_comments() => {
                    self.at += 3;
                    self.at += self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
                    continue;
                }
                [b'*', b'/', ..] => {
                    self.at += 2;
                    continue;
                }
                [b'/', b'*', ..] => {
                    self.at = memchr::memmem::find(&rest[2..], b"*/").map_or(self.text.len(), |i| self.at + i + 4);
                    continue;
                }
                [b'-', b'-'] => true,
                [b'-', b'-', next, ..] => !self.rules.dashes_need_space() || next.is_ascii_whitespace(),
                [b'#', ..] => self.rules.hash_comments(),
                _ => false,
            };
            if !line {
                return;
            }
            self.at = memchr::memchr(b'\n', rest).map_or(self.text.len(), |i| self.at + i + 1);
        }
    }

    /// The end of what is quoted from `start` on by `quote`, and whether the closing quote is missing.
    fn quoted_end(&self, start: usize, quote: u8, backslash: bool) -> (usize, bool) {
        let close = if quote == b'[' { b']' } else { quote };
        let mut at = start + 1;
        while let Some(i) =
            memchr::memchr2(close, if backslash { b'\\' } else { close }, self.text.get(at..).unwrap_or_default())
        {
            at += i;
            if self.text[at] == close && self.text.get(at + 1) != Some(&close) {
                return (at + 1, false);
            }
            at += 2;
        }
        (self.text.len(), true)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blanks();
        let start = self.at;
        let first = *self.text.get(start)?;
        let plain = |kind, end| Token { kind, span: start..end, open: false, backslash: false };
        let token = match first {
            b if is_word(b) => {
                let len = self.text[start..].iter().take_while(|b| is_word(**b) || **b == b'$').count();
                plain(Kind::Word, start + len)
            }
            b'\'' | b'"' | b'`' => {
                let escape_string = start > 0
                    && matches!(self.text[start - 1], b'e' | b'E')
                    && (start == 1 || !is_word(self.text[start - 2]))
                    && self.rules.escape_strings();
                let backslash = match first {
                    b'\'' => self.rules.backslash || escape_string,
                    b'"' => self.rules.backslash && self.rules.dialect == Dialect::MySql,
                    _ => false,
                };
                let (end, open) = self.quoted_end(start, first, backslash);
                Token { kind: Kind::Quoted(first), span: start..end, open, backslash }
            }
            b'[' if self.rules.bracket_names() => {
                let (end, open) = self.quoted_end(start, first, false);
                Token { kind: Kind::Quoted(first), span: start..end, open, backslash: false }
            }
            b'$' if self.rules.dollar_strings() => {
                let tag = 1 + self.text[start + 1..].iter().take_while(|b| is_word(**b)).count();
                let digit = self.text.get(start + 1).is_some_and(u8::is_ascii_digit);
                if digit || self.text.get(start + tag) != Some(&b'$') {
                    plain(Kind::Punct(first), start + 1)
                } else {
                    let tag = tag + 1;
                    let closing = memchr::memmem::find(&self.text[start + tag..], &self.text[start..start + tag]);
                    let end = closing.map_or(self.text.len(), |i| start + tag + i + tag);
                    Token { kind: Kind::Dollar(tag), span: start..end, open: closing.is_none(), backslash: false }
                }
            }
            _ => plain(Kind::Punct(first), start + 1),
        };
        self.at = token.span.end;
        Some(token)
    }
}

/// Whether a byte belongs to a word: letters, digits, `_` and everything beyond ASCII.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Undoes doubled quotes and, with `backslash`, escapes; appends to `out`. A half escape at a cut end is dropped.
pub(super) fn unescape(inner: &[u8], quote: u8, backslash: bool, dialect: Dialect, out: &mut Vec<u8>) {
    let mut rest = inner;
    while let Some(i) = memchr::memchr2(quote, if backslash { b'\\' } else { quote }, rest) {
        out.extend_from_slice(&rest[..i]);
        let escape = rest[i] == b'\\' && backslash;
        let Some(&next) = rest.get(i + 1) else { return };
        rest = &rest[i + 2..];
        if !escape {
            // A doubled quote; a lone one cannot be inside.
            out.push(quote);
        } else if dialect == Dialect::MySql {
            escaped_mysql(next, out);
        } else {
            rest = escaped_postgres(next, rest, out);
        }
    }
    out.extend_from_slice(rest);
}

/// MySQL manual, "String Literals", table of special character escape sequences.
fn escaped_mysql(next: u8, out: &mut Vec<u8>) {
    match next {
        b'0' => out.push(0),
        b'b' => out.push(8),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'Z' => out.push(26),
        // Kept with their backslash: they are for LIKE patterns.
        b'%' | b'_' => out.extend([b'\\', next]),
        other => out.push(other),
    }
}

/// PostgreSQL manual, "String Constants With C-Style Escapes"; gives what follows the escape.
fn escaped_postgres<'a>(next: u8, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    match next {
        b'b' => out.push(8),
        b'f' => out.push(12),
        b'n' => out.push(b'\n'),
        b'r' => out.push(b'\r'),
        b't' => out.push(b'\t'),
        b'0'..=b'7' => {
            let more = rest.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
            let value = rest[..more].iter().fold(u32::from(next - b'0'), |v, b| v * 8 + u32::from(b - b'0'));
            out.push(value as u8);
            return &rest[more..];
        }
        b'x' => return escaped_code(next, rest, 2, out),
        b'u' => return escaped_code(next, rest, 4, out),
        b'U' => return escaped_code(next, rest, 8, out),
        other => out.push(other),
    }
    rest
}

/// Up to `most` hexadecimal digits: a byte after `x`, a character after `u` and `U`.
fn escaped_code<'a>(letter: u8, rest: &'a [u8], most: usize, out: &mut Vec<u8>) -> &'a [u8] {
    let digits = rest.iter().take(most).take_while(|b| b.is_ascii_hexdigit()).count();
    let value = std::str::from_utf8(&rest[..digits]).ok().and_then(|d| u32::from_str_radix(d, 16).ok());
    match value {
        Some(byte) if letter == b'x' => out.push(byte as u8),
        Some(code) => match char::from_u32(code) {
            Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.extend_from_slice(&[letter]),
        },
        None => out.push(letter),
    }
    &rest[digits..]
}
