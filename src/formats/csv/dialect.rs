//! One row of a dialect: where its fields are and where it ends.

use memchr::{memchr, memchr2, memchr3};

/// How a file writes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between fields; the newline itself where rows have one field only.
    pub(super) delimiter: u8,
    /// Ends a row: LF (a CR before it is dropped), or CR in files without LF.
    pub(super) newline: u8,
    /// Whether a field may be in `"`.
    pub(super) quotes: bool,
    /// Whether `\` escapes, as `mysqldump --tab` and `SELECT … INTO OUTFILE` write it.
    pub(super) escape: bool,
}

/// One field of a row in the bytes it was found in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) len: usize,
    pub(super) kind: Kind,
}

/// What has to be done to a field's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Plain,
    /// It was in quotes and has doubled quotes (or escapes).
    Doubled,
    /// It has backslash escapes.
    Escaped,
    /// It says NULL.
    Null,
}

/// How a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// As it should.
    Row,
    /// It is broken, and why.
    Broken(&'static str),
}

/// What [`Dialect::row`] found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Where the next row starts; `None` where the bytes end before the row does.
    pub(super) next: Option<usize>,
    pub(super) ending: Ending,
    /// Number of fields, those beyond the wanted ones included.
    pub(super) count: usize,
    /// Whether a field beyond the wanted ones holds something.
    pub(super) surplus: bool,
    /// Whether the line is empty.
    pub(super) blank: bool,
    /// Whether the row is one line, newline included.
    pub(super) plain: bool,
}

/// From this length on, a newline ends a quoted field: the quote was never closed, and must not swallow the file. No
/// field of an account table with several lines is near 1 MiB.
const MAX_QUOTED: usize = 1 << 20;

const NEVER_CLOSED: &str = "a quote that is never closed: mend the row and read again";
const AFTER_QUOTE: &str = "text after a closing quote: mend the row and read again";

impl Dialect {
    /// Reads one row of `bytes` from `start` on into `fields`, at most `wanted` of them. `end` says that nothing follows
    /// `bytes`.
    pub(super) fn row(self, bytes: &[u8], start: usize, end: bool, wanted: usize, fields: &mut Vec<Field>) -> Found {
        fields.clear();
        let mut row = Found { next: None, ending: Ending::Row, count: 0, surplus: false, blank: false, plain: true };
        let mut pos = start;
        loop {
            let quoted = self.quotes && bytes.get(pos) == Some(&b'"');
            let stop =
                if quoted { self.quoted(bytes, pos, end, &mut row) } else { self.bare(bytes, pos, end, &mut row) };
            let (field, stop) = match stop {
                Stop::At(field, stop) => (field, stop),
                Stop::Broken(next, what) => {
                    return Found { next: Some(next), ending: Ending::Broken(what), plain: false, ..row };
                }
                Stop::Incomplete => return row,
            };
            row.count += 1;
            if row.count <= wanted {
                fields.push(field);
            } else {
                row.surplus |= field.len > 0;
            }
            if stop < bytes.len() && bytes[stop] == self.delimiter && self.delimiter != self.newline {
                pos = stop + 1;
                continue;
            }
            row.blank = row.count == 1 && field.len == 0 && !quoted;
            row.plain &= stop < bytes.len();
            row.next = Some(bytes.len().min(stop + 1));
            return row;
        }
    }

    fn bare(self, bytes: &[u8], start: usize, end: bool, row: &mut Found) -> Stop {
        let mut pos = start;
        let mut kind = Kind::Plain;
        let stop = loop {
            let rest = &bytes[pos..];
            let found = if self.escape {
                memchr3(self.delimiter, self.newline, b'\\', rest)
            } else {
                memchr2(self.delimiter, self.newline, rest)
            };
            let Some(found) = found.map(|f| pos + f) else {
                if end {
                    break bytes.len();
                }
                return Stop::Incomplete;
            };
            if !self.escape || bytes[found] != b'\\' || bytes[found] == self.delimiter {
                break found;
            }
            kind = Kind::Escaped;
            match bytes.get(found + 1) {
                Some(&b) => row.plain &= b != self.newline,
                None if end => break bytes.len(),
                None => return Stop::Incomplete,
            }
            pos = found + 2;
        };
        let mut len = stop - start;
        let ends_row = stop == bytes.len() || bytes[stop] == self.newline;
        if ends_row && self.newline == b'\n' && len > 0 && bytes[stop - 1] == b'\r' && pos < stop {
            len -= 1;
        }
        let text = &bytes[start..start + len];
        if (kind == Kind::Escaped && text == b"\\N") || text == b"NULL" {
            kind = Kind::Null;
        }
        Stop::At(Field { start, len, kind }, stop)
    }

    fn quoted(self, bytes: &[u8], start: usize, end: bool, row: &mut Found) -> Stop {
        let open = start + 1;
        let mut pos = open;
        let mut kind = Kind::Plain;
        let close = loop {
            let rest = bytes.get(pos..).unwrap_or_default();
            let found = if self.escape { memchr2(b'"', b'\\', rest) } else { memchr(b'"', rest) }.map(|f| pos + f);
            let guarded = bytes.get(open + MAX_QUOTED..found.unwrap_or(bytes.len()).max(open + MAX_QUOTED));
            if let Some(newline) = guarded.and_then(|g| memchr(self.newline, g)) {
                return Stop::Broken(open + MAX_QUOTED + newline + 1, NEVER_CLOSED);
            }
            let Some(found) = found else {
                return if end { Stop::Broken(bytes.len(), NEVER_CLOSED) } else { Stop::Incomplete };
            };
            let Some(&after) = bytes.get(found + 1) else {
                if !end {
                    return Stop::Incomplete;
                }
                if bytes[found] == b'"' {
                    break found;
                }
                return Stop::Broken(bytes.len(), NEVER_CLOSED);
            };
            if bytes[found] == b'"' && after != b'"' {
                break found;
            }
            kind = Kind::Doubled;
            pos = found + 2;
        };
        row.plain &= memchr(self.newline, &bytes[open..close]).is_none();
        let field = Field { start: open, len: close - open, kind };
        let stop = close + 1;
        match (bytes.get(stop), bytes.get(stop + 1)) {
            (None, _) => Stop::At(field, stop),
            (Some(&b), _) if b == self.newline || b == self.delimiter => Stop::At(field, stop),
            (Some(b'\r'), Some(b'\n')) if self.newline == b'\n' => Stop::At(field, stop + 1),
            (Some(b'\r'), None) if self.newline == b'\n' => {
                if end {
                    Stop::At(field, stop + 1)
                } else {
                    Stop::Incomplete
                }
            }
            _ => match memchr(self.newline, &bytes[stop..]) {
                Some(newline) => Stop::Broken(stop + newline + 1, AFTER_QUOTE),
                None if end => Stop::Broken(bytes.len(), AFTER_QUOTE),
                None => Stop::Incomplete,
            },
        }
    }
}

enum Stop {
    /// The field, and where its delimiter or newline is (or the end of the bytes).
    At(Field, usize),
    /// The row is broken; where the next starts.
    Broken(usize, &'static str),
    /// The bytes end before the field does.
    Incomplete,
}

/// Undoes doubled quotes and backslash escapes of `raw` into `out`, up to `max` bytes.
///
/// Escapes are those of `MySQL`'s `LOAD DATA` (reference manual, "FIELDS ESCAPED BY"): `\0 \b \n \r \t \Z`, anything else
/// stands for itself.
pub(super) fn unescape(raw: &[u8], kind: Kind, escape: bool, max: usize, out: &mut Vec<u8>) {
    let mut pos = 0;
    while pos < raw.len() && out.len() < max {
        let rest = &raw[pos..];
        let found = match (kind, escape) {
            (Kind::Doubled, true) => memchr2(b'"', b'\\', rest),
            (Kind::Doubled, false) => memchr(b'"', rest),
            _ => memchr(b'\\', rest),
        };
        let Some(found) = found else {
            out.extend_from_slice(rest);
            break;
        };
        out.extend_from_slice(&rest[..found]);
        match (rest[found], rest.get(found + 1)) {
            (b'"', _) => out.push(b'"'),
            (_, Some(&b)) => out.push(match b {
                b'0' => 0,
                b'b' => 8,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'Z' => 26,
                other => other,
            }),
            (_, None) => out.push(b'\\'),
        }
        pos += found + 2;
    }
    out.truncate(max);
}
