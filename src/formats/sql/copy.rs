//! Rows of PostgreSQL's COPY in text format: a line each, cells between tabs.
//!
//! PostgreSQL manual, COPY, "Text Format": newline, tab, carriage return and backslash inside a value are written with a
//! backslash, so that a raw newline always ends a row.

use super::find;
use super::tuple::Cells;
use super::value::{self, Value};
use crate::formats::MAX_CELL;

/// What a line turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A row of the table; the place after its newline.
    Row(usize),
    /// Not whole in the block, or not a row of the table, or rare: cells may have been given.
    Other,
}

/// Reads the line that starts at `start` if it is a row of `columns` cells and ends in the block.
#[inline]
pub(super) fn read(bytes: &[u8], start: usize, columns: usize, cells: &mut impl Cells, scratch: &mut Vec<u8>) -> Line {
    let mut at = start;
    for column in 0..columns {
        let Some(mut end) = find::of_three(bytes, at, b'\t', b'\n', b'\\') else { return Line::Other };
        let escapes = bytes[end] == b'\\';
        if escapes {
            match cell_end(bytes, end) {
                Some(found) => end = found,
                None => return Line::Other,
            }
        }
        let last = bytes[end] == b'\n';
        if last != (column + 1 == columns) {
            return Line::Other;
        }
        let text = &bytes[at..end];
        // The end of the data, a bytea, the carriage return of a foreign line end: left to the full reader.
        if last && text.ends_with(b"\r") || escapes && (text.starts_with(b"\\.") || text.starts_with(b"\\\\x")) {
            return Line::Other;
        }
        if !escapes {
            cells.slice(column, at, end - at);
        } else if text == b"\\N" {
            cells.null(column);
        } else {
            scratch.clear();
            unescape(text, scratch);
            cells.copy(column, scratch);
        }
        at = end + 1;
    }
    if columns == 0 || at - start > MAX_CELL { Line::Other } else { Line::Row(at) }
}

/// The tab or newline that ends the cell whose first backslash is at `at`.
fn cell_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        if bytes[at] != b'\\' {
            return Some(at);
        }
        let skip = if *bytes.get(at + 1)? == b'\n' { 1 } else { 2 };
        at = find::of_three(bytes, at + skip, b'\t', b'\n', b'\\')?;
    }
}

/// What a cell's text stands for; `last` in its line, it may carry a carriage return that belongs to the line's end.
pub(super) fn cell(text: &[u8], last: bool) -> Value {
    let text = if last { text.strip_suffix(b"\r").unwrap_or(text) } else { text };
    if text == b"\\N" {
        return Value::Null;
    }
    if memchr::memchr(b'\\', text).is_none() {
        return Value::Slice(0..text.len());
    }
    let mut out = Vec::with_capacity(text.len());
    unescape(text, &mut out);
    Value::Bytes(out)
}

/// Undoes escapes; appends to `out`.
fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(i) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..i]);
        let Some(&next) = rest.get(i + 1) else { return };
        rest = &rest[i + 2..];
        match next {
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let more = rest.iter().take(2).take_while(|b| matches!(b, b'0'..=b'7')).count();
                let value = rest[..more].iter().fold(u32::from(next - b'0'), |v, b| v * 8 + u32::from(b - b'0'));
                out.push(value as u8);
                rest = &rest[more..];
            }
            b'x' => {
                let digits = rest.iter().take(2).take_while(|b| b.is_ascii_hexdigit()).count();
                match value::hex(&rest[..digits]).as_deref() {
                    Some([byte]) => out.push(*byte),
                    _ => out.push(next),
                }
                rest = &rest[digits..];
            }
            other => out.push(other),
        }
    }
    out.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_of_the_manual_is_undone() {
        let cases: &[(&[u8], &[u8])] =
            &[(br"a\tb\nc\\d\re", b"a\tb\nc\\d\re"), (br"\b\f\v\101\x41\xg\q", b"\x08\x0c\x0bAAxgq"), (br"x\", b"x")];
        for (text, want) in cases {
            assert_eq!(cell(text, false), Value::Bytes(want.to_vec()));
        }
        assert_eq!(cell(br"\N", false), Value::Null);
        assert_eq!(cell(b"\\N\r", true), Value::Null);
        assert_eq!(cell(b"", false), Value::Slice(0..0));
    }
}
