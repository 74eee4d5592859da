//! The quick way through a row that lies in one block and holds nothing rare.
//!
//! Whatever it does not know it leaves, with `None`, to the scanner and [`value`](super::value), which know everything
//! and agree with it on the rest.

use super::dialect::Rules;
use super::find;
use super::quotes::Quotes;
use super::text;
use super::value;
use crate::formats::{BatchBuilder, MAX_CELL};

/// Takes the cells of a row.
pub(super) trait Cells {
    /// A cell that stands in the block as it is.
    fn slice(&mut self, column: usize, start: usize, len: usize);
    /// A cell that had to be decoded.
    fn copy(&mut self, column: usize, value: &[u8]);
    /// NULL.
    fn null(&mut self, column: usize);
}

// Called a dozen times a row: without the attribute the compiler leaves calls, which cost a tenth of the time.
#[allow(clippy::inline_always)]
impl Cells for BatchBuilder {
    #[inline(always)]
    fn slice(&mut self, column: usize, start: usize, len: usize) {
        Self::slice(self, column, start, len);
    }
    fn copy(&mut self, column: usize, value: &[u8]) {
        Self::copy(self, column, value);
    }
    #[inline]
    fn null(&mut self, column: usize) {
        Self::null(self, column);
    }
}

/// A batch that gets the wanted cells of rows that are not wanted whole, and no others.
pub(super) struct OnlyWanted<'a>(pub(super) &'a mut BatchBuilder);

#[allow(clippy::inline_always)]
impl Cells for OnlyWanted<'_> {
    #[inline(always)]
    fn slice(&mut self, column: usize, start: usize, len: usize) {
        self.0.slice_wanted(column, start, len);
    }
    fn copy(&mut self, column: usize, value: &[u8]) {
        self.0.copy(column, value);
    }
    fn null(&mut self, column: usize) {
        self.0.null(column);
    }
}

/// Wants nothing but to know whether a row stands here.
pub(super) struct Unwanted;

impl Cells for Unwanted {
    fn slice(&mut self, _: usize, _: usize, _: usize) {}
    fn copy(&mut self, _: usize, _: &[u8]) {}
    fn null(&mut self, _: usize) {}
}

/// Reads the row of `columns` cells whose `(` is at `open`; gives the place after its `)`. `None` where the row is not
/// whole, not simple or not right: cells may have been given by then.
#[inline]
pub(super) fn read(
    bytes: &[u8],
    open: usize,
    columns: usize,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let mut at = open + 1;
    let mut column = 0;
    while column < columns {
        let first = first_of_cell(bytes, &mut at)?;
        at = match first {
            b'\'' => string(bytes, at + 1, column, rules.backslash, rules, cells, scratch)?,
            _ => unquoted(bytes, at, first, column, rules, cells, scratch)?,
        };
        column += 1;
        match *bytes.get(at)? {
            b',' => at += 1,
            b')' if column == columns && at - open < MAX_CELL => return Some(at + 1),
            _ => return None,
        }
    }
    None
}

/// The same for a row of which only some cells are `wanted`: the others are passed over from quote to quote and not
/// given. `quotes` began before the row, and is left behind it.
pub(super) fn read_wanted(
    bytes: &[u8],
    open: usize,
    wanted: &[bool],
    rules: Rules,
    quotes: &mut Quotes,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let mut at = open + 1;
    let last = wanted.len().checked_sub(1)?;
    let mut column = 0;
    while let Some(&this) = wanted.get(column) {
        if !this {
            (column, at) = pass_strings(bytes, at, wanted, column, quotes);
        }
        let first = first_of_cell(bytes, &mut at)?;
        at = if first == b'\'' {
            let start = at + 1;
            let end = match quotes.pair(at) {
                Some(end) => end,
                None => next_quote(bytes, at, quotes)?,
            };
            let (end, doubled) =
                if *bytes.get(end + 1)? == b'\'' { behind_doubled(bytes, end, quotes)? } else { (end, None) };
            if this {
                let escape = if rules.backslash { quotes.backslash(bytes, start, end) } else { None };
                match (escape, doubled) {
                    (None, None) => {
                        // A bytea's `\x…` needs the column's type.
                        if bytes[start] == b'\\' {
                            return None;
                        }
                        cells.slice(column, start, end - start);
                    }
                    (a, b) => {
                        let at = a.unwrap_or(end).min(b.unwrap_or(end));
                        let behind = escaped(bytes, start, at, column, rules.backslash, rules, cells, scratch)?;
                        debug_assert_eq!(behind, end + 1, "both ways to the end of a string lead to the same place");
                    }
                }
            }
            end + 1
        } else if this {
            unquoted(bytes, at, first, column, rules, cells, scratch)?
        } else {
            unquoted(bytes, at, first, column, rules, &mut Unwanted, scratch)?
        };
        match *bytes.get(at)? {
            b',' => at += 1,
            b')' if column == last && at - open < MAX_CELL => return Some(at + 1),
            _ => return None,
        }
        column += 1;
    }
    None
}

/// From the cell of `column` at `at` over strings that nobody wants, as long as another such string follows with nothing
/// but a comma between: one comparison says at once that no quote is doubled, where the cell ends and what comes next.
/// Gives the column and the place of the last of them, which is not passed.
#[allow(clippy::inline_always)]
#[inline(always)]
fn pass_strings(
    bytes: &[u8],
    mut at: usize,
    wanted: &[bool],
    mut column: usize,
    quotes: &mut Quotes,
) -> (usize, usize) {
    while wanted.get(column + 1) == Some(&false) {
        let Some(end) = quotes.peek_pair(at) else { break };
        if bytes.get(end + 1..end + 3) != Some(b",'") {
            break;
        }
        quotes.skip_pair();
        column += 1;
        at = end + 2;
    }
    (column, at)
}

/// The quote after the one at `at`, whatever lies before: quotes of an unusual cell, or of a comment between rows.
#[cold]
fn next_quote(bytes: &[u8], at: usize, quotes: &mut Quotes) -> Option<usize> {
    if quotes.seek(bytes, at)? != at {
        return None;
    }
    quotes.next(bytes)?;
    quotes.next(bytes)
}

/// The quote that ends a string with a doubled quote at `at`, and that place.
#[cold]
fn behind_doubled(bytes: &[u8], at: usize, quotes: &mut Quotes) -> Option<(usize, Option<usize>)> {
    let mut end = at;
    while *bytes.get(end + 1)? == b'\'' {
        // The other half of the doubled quote, and the next one.
        quotes.next(bytes)?;
        end = quotes.next(bytes)?;
    }
    Some((end, Some(at)))
}

/// The first byte of the cell at `at` or behind the blanks there, to which `at` moves.
#[allow(clippy::inline_always)]
#[inline(always)]
fn first_of_cell(bytes: &[u8], at: &mut usize) -> Option<u8> {
    let first = *bytes.get(*at)?;
    if first > b' ' { Some(first) } else { behind_blanks(bytes, at) }
}

#[cold]
fn behind_blanks(bytes: &[u8], at: &mut usize) -> Option<u8> {
    *at += bytes[*at..].iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r')).count();
    bytes.get(*at).copied()
}

/// A cell that does not begin with a quote; gives the place behind it.
#[allow(clippy::inline_always)]
#[inline(always)]
fn unquoted(
    bytes: &[u8],
    at: usize,
    first: u8,
    column: usize,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    match first {
        b'N' if bytes[at..].starts_with(b"NULL") && matches!(bytes.get(at + 4), Some(b',' | b')')) => {
            cells.null(column);
            Some(at + 4)
        }
        b'0' if bytes.get(at + 1).is_some_and(|b| matches!(b, b'x' | b'X')) => {
            let end = at + 2 + bytes[at + 2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
            cells.copy(column, &value::hex(&bytes[at + 2..end])?);
            Some(end)
        }
        b'0'..=b'9' | b'-' => {
            let end = number(bytes, at + 1);
            if first == b'-' && end == at + 1 {
                return None;
            }
            cells.slice(column, at, end - at);
            Some(end)
        }
        _ => word(bytes, at, column, rules, cells, scratch),
    }
}

/// Past the digits and points from `at` on.
#[inline]
fn number(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|b| matches!(b, b'0'..=b'9' | b'.')).count()
}

/// A string from behind its quote on.
#[allow(clippy::inline_always)]
#[inline(always)]
fn string(
    bytes: &[u8],
    start: usize,
    column: usize,
    backslash: bool,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let end = find::either(bytes, start, b'\'', if backslash { b'\\' } else { b'\'' })?;
    if bytes[end] == b'\'' && *bytes.get(end + 1)? != b'\'' {
        // A bytea's `\x…` needs the column's type.
        if bytes[start] == b'\\' {
            return None;
        }
        cells.slice(column, start, end - start);
        return Some(end + 1);
    }
    escaped(bytes, start, end, column, backslash, rules, cells, scratch)
}

/// A string from `start` on whose first quote or backslash is at `at`.
#[inline(never)]
#[allow(clippy::too_many_arguments)]
fn escaped(
    bytes: &[u8],
    start: usize,
    at: usize,
    column: usize,
    backslash: bool,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let end = string_end(bytes, at, backslash)?;
    scratch.clear();
    text::unescape(&bytes[start..end], b'\'', backslash, rules.dialect, scratch);
    if scratch.first() == Some(&b'\\') {
        return None;
    }
    cells.copy(column, scratch);
    Some(end + 1)
}

/// The closing quote of a string, from its first quote or backslash at `at` on.
fn string_end(bytes: &[u8], mut at: usize, backslash: bool) -> Option<usize> {
    loop {
        if bytes[at] == b'\'' && *bytes.get(at + 1)? != b'\'' {
            return Some(at);
        }
        at = find::either(bytes, at + 2, b'\'', if backslash { b'\\' } else { b'\'' })?;
    }
}

/// A cell that starts with a letter: NULL, TRUE, FALSE, `N'…'`, `E'…'`, `_binary '…'`.
#[inline(never)]
fn word(
    bytes: &[u8],
    at: usize,
    column: usize,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let len = bytes[at..].iter().take_while(|b| text::is_word(**b)).count();
    let end = at + len;
    let next = *bytes.get(end)?;
    let word = &bytes[at..end];
    match word {
        [b'N', b'U', b'L', b'L'] => cells.null(column),
        [b'N' | b'n'] if next == b'\'' => {
            return string(bytes, end + 1, column, rules.backslash, rules, cells, scratch);
        }
        [b'E' | b'e'] if next == b'\'' && rules.escape_strings() => {
            return string(bytes, end + 1, column, true, rules, cells, scratch);
        }
        [b'_', ..] => {
            let quote = if next == b' ' { end + 1 } else { end };
            return match bytes.get(quote)? {
                b'\'' => string(bytes, quote + 1, column, rules.backslash, rules, cells, scratch),
                _ => None,
            };
        }
        b"CAST" if next == b'(' => return cast(bytes, end + 1, column, rules, cells, scratch),
        _ if word.eq_ignore_ascii_case(b"null") => cells.null(column),
        _ if word.eq_ignore_ascii_case(b"true") || word.eq_ignore_ascii_case(b"false") => {
            cells.slice(column, at, len);
        }
        _ => return None,
    }
    Some(end)
}

/// SQL Server's `CAST(N'2024-01-02' AS DateTime2)`, `CAST(1.50 AS Decimal(10, 2))`, from behind its parenthesis on.
fn cast(
    bytes: &[u8],
    at: usize,
    column: usize,
    rules: Rules,
    cells: &mut impl Cells,
    scratch: &mut Vec<u8>,
) -> Option<usize> {
    let end = match (*bytes.get(at)?, *bytes.get(at + 1)?) {
        (b'\'', _) => string(bytes, at + 1, column, rules.backslash, rules, cells, scratch)?,
        (b'N', b'\'') => string(bytes, at + 2, column, rules.backslash, rules, cells, scratch)?,
        (b'1'..=b'9', _) | (b'0', b'.' | b' ') => {
            let end = number(bytes, at + 1);
            cells.slice(column, at, end - at);
            end
        }
        _ => return None,
    };
    let rest = bytes.get(end..)?.strip_prefix(b" AS ")?;
    let name = rest.iter().take_while(|b| text::is_word(**b)).count();
    let mut len = name;
    if name > 0 && rest.get(len) == Some(&b'(') {
        len += 1 + rest[len + 1..].iter().take_while(|b| text::is_word(**b) || matches!(b, b',' | b' ')).count();
        if rest.get(len) != Some(&b')') {
            return None;
        }
        len += 1;
    }
    (name > 0 && rest.get(len) == Some(&b')')).then_some(end + 4 + len + 1)
}
