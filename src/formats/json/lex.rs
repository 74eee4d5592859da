//! The pieces of JSON (RFC 8259) in contiguous bytes, and where a broken value ends.

use memchr::memchr3;

/// Why a piece was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fail {
    /// The bytes end before it does.
    Incomplete,
    /// It is not JSON.
    Broken,
}

/// The first byte from `pos` on that is not white space.
pub(super) fn skip_space(bytes: &[u8], mut pos: usize) -> usize {
    while matches!(bytes.get(pos), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        pos += 1;
    }
    pos
}

/// The end of the string that opens at `open`, quote included, and whether it has escapes.
pub(super) fn string(bytes: &[u8], open: usize) -> Result<(usize, bool), Fail> {
    let mut pos = open + 1;
    let mut escapes = false;
    loop {
        let rest = bytes.get(pos..).ok_or(Fail::Incomplete)?;
        let found = pos + memchr3(b'"', b'\\', b'\n', rest).ok_or(Fail::Incomplete)?;
        match bytes[found] {
            b'"' => return Ok((found + 1, escapes)),
            b'\\' => {
                escapes = true;
                match bytes.get(found + 1) {
                    None => return Err(Fail::Incomplete),
                    Some(b'\n') => return Err(Fail::Broken),
                    Some(_) => pos = found + 2,
                }
            }
            _ => return Err(Fail::Broken),
        }
    }
}

/// The end of the number, `true`, `false` or `null` at `start`; `end` says that nothing follows `bytes`.
pub(super) fn scalar(bytes: &[u8], start: usize, end: bool) -> Result<usize, Fail> {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let len = bytes[start..].iter().take_while(|b| is_part(b)).count();
    if start + len == bytes.len() && !end {
        return Err(Fail::Incomplete);
    }
    let word = &bytes[start..start + len];
    let number = || {
        matches!(word.first(), Some(b'-' | b'0'..=b'9'))
            && word.iter().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
    };
    if matches!(word, b"true" | b"false" | b"null") || number() { Ok(start + len) } else { Err(Fail::Broken) }
}

/// Undoes the escapes of a string's inside onto the end of `out`; a lone surrogate becomes U+FFFD.
pub(super) fn unescape(mut raw: &[u8], out: &mut Vec<u8>) -> Result<(), Fail> {
    while let Some(found) = memchr::memchr(b'\\', raw) {
        out.extend_from_slice(&raw[..found]);
        let plain = match raw.get(found + 1) {
            Some(b @ (b'"' | b'\\' | b'/')) => *b,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let mut code = hex4(raw, found + 2)?;
                raw = &raw[found + 6..];
                if (0xd800..0xdc00).contains(&code) && raw.starts_with(b"\\u") {
                    let low = hex4(raw, 2)?;
                    if (0xdc00..0xe000).contains(&low) {
                        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                        raw = &raw[6..];
                    }
                }
                let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return Err(Fail::Broken),
        };
        out.push(plain);
        raw = &raw[found + 2..];
    }
    out.extend_from_slice(raw);
    Ok(())
}

fn hex4(bytes: &[u8], at: usize) -> Result<u32, Fail> {
    let digits = bytes.get(at..at + 4).ok_or(Fail::Broken)?;
    digits.iter().try_fold(0, |sum, b| Ok(sum * 16 + char::from(*b).to_digit(16).ok_or(Fail::Broken)?))
}

/// Finds the end of an object or array by its brackets alone; works across blocks and on broken JSON.
///
/// On what the parser accepts it ends where the parser does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scanner {
    depth: u32,
    /// For each of the first 64 levels, whether it is an object.
    objects: u64,
    in_string: bool,
    escaped: bool,
    /// The last byte that was not white space.
    last: u8,
}

/// What [`Scanner::feed`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// The value ends after so many bytes.
    End(usize),
    /// The value is broken off after so many bytes: a bracket closes what was not opened, or an object begins where a
    /// key must stand, which is how the next row looks when the end of one is lost.
    Cut(usize),
    /// It goes on.
    More,
}

impl Scanner {
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Scan {
        let mut pos = 0;
        while pos < bytes.len() {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    self.in_string = bytes[pos] != b'\n';
                    pos += 1;
                    continue;
                }
                let Some(found) = memchr3(b'"', b'\\', b'\n', &bytes[pos..]) else { return Scan::More };
                pos += found;
                self.escaped = bytes[pos] == b'\\';
                self.in_string = self.escaped;
                self.last = b'"';
                pos += 1;
                continue;
            }
            let byte = bytes[pos];
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => {
                    pos += 1;
                    continue;
                }
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    let wants_key =
                        self.depth > 0 && self.is_object() == Some(true) && matches!(self.last, b'{' | b',');
                    if wants_key {
                        return Scan::Cut(pos);
                    }
                    if self.depth < 64 {
                        let bit = 1 << self.depth;
                        self.objects = if byte == b'{' { self.objects | bit } else { self.objects & !bit };
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    if self.is_object().is_some_and(|object| object != (byte == b'}')) {
                        return Scan::Cut(pos);
                    }
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Scan::End(pos + 1);
                    }
                }
                _ => {}
            }
            self.last = byte;
            pos += 1;
        }
        Scan::More
    }

    /// Whether the innermost level is an object, where that is known.
    fn is_object(&self) -> Option<bool> {
        (1..=64).contains(&self.depth).then(|| self.objects >> (self.depth - 1) & 1 == 1)
    }
}
