//! `HASH:COUNT` lines: of the official file, of a list of one's own, of a range.

use std::fmt;

use super::key::{Entry, Key};
use crate::model::DigestKind;

/// Hex digits that a range's lines lack.
const PREFIX: usize = 5;
/// Most digits of a count; more do not fit in 64 bits.
const COUNT_DIGITS: usize = 18;

/// A line that is none, and where. Never shows what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// From 1.
    pub line: u64,
    /// Where it begins, in bytes.
    pub at: u64,
    /// What is wrong with it.
    pub why: BadWhy,
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadWhy {
    /// It does not begin with a hash.
    NoHash,
    /// It begins with as many hex digits as an NT hash (of a range: its rest) has, among SHA-1s.
    Ntlm,
    /// The same the other way round.
    Sha1,
    /// It begins with some other number of hex digits.
    Digits(usize),
    /// What follows the hash is not `:` and a number.
    NoCount,
    /// It is not greater than the line before.
    Order,
    /// There is no line at all, or only padding.
    Empty,
}

impl fmt::Display for BadWhy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHash => f.write_str("no hash in hex digits"),
            Self::Ntlm => f.write_str("an NT hash among SHA-1s"),
            Self::Sha1 => f.write_str("a SHA-1 among NT hashes"),
            Self::Digits(digits) => write!(f, "{digits} hex digits, which is no hash of this kind"),
            Self::NoCount => f.write_str("the hash is not followed by : and a count"),
            Self::Order => f.write_str("out of order, or there twice"),
            Self::Empty => f.write_str("nothing in it"),
        }
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.why == BadWhy::Empty {
            return self.why.fmt(f);
        }
        write!(f, "line {} (byte {}): {}", self.line, self.at, self.why)
    }
}

/// Hex digits of a whole hash.
const fn digits(kind: DigestKind) -> usize {
    2 * kind.len()
}

/// Reads the lines of `text`, which ends where a line does; they must ascend if `sorted`. Empty lines and counts of 0
/// (padding) are passed over; a hash without a count was seen once. Gives the number of lines.
pub(super) fn lines(text: &[u8], kind: DigestKind, sorted: bool, to: &mut Vec<Entry>) -> Result<u64, BadLine> {
    let mut text = Text { bytes: text, at: 0, line: 0 };
    while let Some(start) = text.next() {
        let hex = text.hex(start, digits(kind), kind)?;
        let key = key(hex, kind).ok_or_else(|| text.bad_hash(start, digits(kind), kind))?;
        let count = text.count(start, true)?;
        if count == 0 {
            continue;
        }
        if sorted && to.last().is_some_and(|last| last.key >= key) {
            return Err(text.bad(start, BadWhy::Order));
        }
        to.push(Entry { key, count });
    }
    Ok(text.line)
}

/// Reads a range: lines `SUFFIX:COUNT` of hashes that begin with the five digits of `prefix`, ascending, at least one of
/// them real. Padding (count 0) may stand anywhere and is dropped. Every entry it pushes is checked only when all are.
pub(super) fn range(prefix: u32, body: &[u8], kind: DigestKind, to: &mut Vec<Entry>) -> Result<(), BadLine> {
    let mut buffer = [b'0'; 40];
    for (at, digit) in buffer[..PREFIX].iter_mut().enumerate() {
        *digit = b"0123456789ABCDEF"[(prefix >> (4 * (PREFIX - 1 - at))) as usize & 15];
    }
    let suffix_len = digits(kind) - PREFIX;
    let before = to.len();
    let mut text = Text { bytes: body, at: 0, line: 0 };
    while let Some(start) = text.next() {
        let suffix = text.hex(start, suffix_len, kind)?;
        buffer[PREFIX..PREFIX + suffix_len].copy_from_slice(suffix);
        let key = key(&buffer, kind).ok_or_else(|| text.bad_hash(start, suffix_len, kind))?;
        let count = text.count(start, false)?;
        if count == 0 {
            continue;
        }
        if to[before..].last().is_some_and(|last| last.key >= key) {
            return Err(text.bad(start, BadWhy::Order));
        }
        to.push(Entry { key, count });
    }
    if to.len() == before { Err(BadLine { line: 0, at: 0, why: BadWhy::Empty }) } else { Ok(()) }
}

/// A text being read.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Lines begun.
    line: u64,
}

impl<'a> Text<'a> {
    /// Where the next line begins that is not empty.
    #[inline]
    fn next(&mut self) -> Option<usize> {
        loop {
            match self.bytes.get(self.at)? {
                b'\n' => {
                    self.line += 1;
                    self.at += 1;
                }
                b'\r' if matches!(self.bytes.get(self.at + 1), None | Some(b'\n')) => self.at += 1,
                _ => {
                    self.line += 1;
                    return Some(self.at);
                }
            }
        }
    }

    #[inline]
    fn hex(&mut self, start: usize, len: usize, kind: DigestKind) -> Result<&'a [u8], BadLine> {
        match self.bytes.get(start..start + len) {
            Some(hex) => {
                self.at = start + len;
                Ok(hex)
            }
            None => Err(self.bad_hash(start, len, kind)),
        }
    }

    /// Reads what follows the hash, and the end of the line.
    #[inline]
    fn count(&mut self, start: usize, may_lack: bool) -> Result<u64, BadLine> {
        let mut at = self.at;
        let mut count = 1;
        if self.bytes.get(at) == Some(&b':') {
            at += 1;
            let first = at;
            count = 0;
            while let Some(digit) = self.bytes.get(at).map(|c| c.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
                count = count * 10 + u64::from(digit);
                at += 1;
                if at - first > COUNT_DIGITS {
                    return Err(self.bad(start, BadWhy::NoCount));
                }
            }
            if at == first {
                return Err(self.bad(start, BadWhy::NoCount));
            }
        } else if !may_lack {
            return Err(self.end_of_hash(start));
        }
        if self.bytes.get(at) == Some(&b'\r') {
            at += 1;
        }
        match self.bytes.get(at) {
            None => self.at = at,
            Some(b'\n') => self.at = at + 1,
            Some(_) if at == self.at => return Err(self.end_of_hash(start)),
            Some(_) => return Err(self.bad(start, BadWhy::NoCount)),
        }
        Ok(count)
    }

    /// The hash is followed by more hex digits, or by something that is no count.
    #[cold]
    fn end_of_hash(&self, start: usize) -> BadLine {
        let digits = self.hex_digits(start);
        let long = digits > self.at - start;
        self.bad(start, if long { other_kind(digits).unwrap_or(BadWhy::Digits(digits)) } else { BadWhy::NoCount })
    }

    #[cold]
    fn bad_hash(&self, start: usize, len: usize, kind: DigestKind) -> BadLine {
        let digits = self.hex_digits(start);
        let why = match other_kind(digits) {
            _ if digits < 8 => BadWhy::NoHash,
            Some(other) if digits != len && kind == DigestKind::Sha1 && other == BadWhy::Ntlm => other,
            _ if digits < len => BadWhy::Digits(digits),
            _ => BadWhy::NoHash,
        };
        self.bad(start, why)
    }

    fn hex_digits(&self, start: usize) -> usize {
        self.bytes[start..].iter().take(200).take_while(|c| c.is_ascii_hexdigit()).count()
    }

    const fn bad(&self, start: usize, why: BadWhy) -> BadLine {
        BadLine { line: self.line, at: start as u64, why }
    }
}

/// What a number of hex digits is elsewhere: of a whole hash or of one without its prefix.
const fn other_kind(digits: usize) -> Option<BadWhy> {
    match digits {
        40 | 35 => Some(BadWhy::Sha1),
        32 | 27 => Some(BadWhy::Ntlm),
        _ => None,
    }
}

/// Reads the hex digits of a whole hash, in either case.
#[inline]
fn key(hex: &[u8], kind: DigestKind) -> Option<Key> {
    let mut words = [0; 5];
    if kind == DigestKind::Sha1 {
        words_of::<40>(hex.first_chunk()?, &mut words)?;
    } else {
        words_of::<32>(hex.first_chunk()?, &mut words)?;
    }
    Some(Key::from_words(words))
}

#[inline]
fn words_of<const N: usize>(hex: &[u8; N], words: &mut [u32; 5]) -> Option<()> {
    let mut nibbles = [0; N];
    decode(hex, &mut nibbles)?;
    for (word, nibbles) in words.iter_mut().zip(nibbles.as_chunks::<8>().0) {
        *word = pack(*nibbles);
    }
    Some(())
}

/// Written so that the compiler does many digits at a time: no branch, no table.
#[inline]
fn decode<const N: usize>(hex: &[u8; N], to: &mut [u8; N]) -> Option<()> {
    let mut bad = 0_u8;
    for (c, nibble) in hex.iter().zip(to) {
        let digit = c.wrapping_sub(b'0');
        let letter = (c | 0x20).wrapping_sub(b'a');
        *nibble = if digit < 10 { digit } else { letter.wrapping_add(10) };
        bad |= u8::from(digit >= 10) & u8::from(letter >= 6);
    }
    (bad == 0).then_some(())
}

/// Eight digits as a number.
#[inline]
const fn pack(nibbles: [u8; 8]) -> u32 {
    let n = u64::from_be_bytes(nibbles);
    let n = (n | n >> 4) & 0x00ff_00ff_00ff_00ff;
    let n = (n | n >> 8) & 0x0000_ffff_0000_ffff;
    (n | n >> 16) as u32
}
