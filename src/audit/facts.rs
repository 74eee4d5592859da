//! The facts of one row, packed: what the judge needs once the whole table is known, and nothing that could be shown.
//!
//! A run's facts are one [`Chunk`](crate::spool::Chunk) of rows in input order. Numbers are LEB128, places are
//! differences to the row before.

use crate::guess::Own;
use crate::model::RowAt;

/// How many bytes of an account's id, login or email are kept for the reset list.
const MAX_IDENTITY: usize = 254;

/// What is known about one credential of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SlotFacts {
    /// 0 for NULL, else 1 + index into the run's sorts of this slot.
    pub(super) code: u32,
    /// The value is the hash of an empty password, or an empty value.
    pub(super) empty: bool,
    /// Login and password are a published default.
    pub(super) default: bool,
    /// The password is made of the row's own words.
    pub(super) own: Option<Own>,
    /// Rank of the common password that opens it.
    pub(super) opened: Option<u32>,
}

impl SlotFacts {
    /// Whether a password is known that opens the value.
    pub(super) const fn is_open(&self) -> bool {
        self.opened.is_some() || self.own.is_some() || self.empty
    }
}

/// What is known about one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RowFacts<'a> {
    pub(super) at: RowAt,
    pub(super) active: Option<bool>,
    pub(super) privileged: bool,
    /// Id, login, email; empty unless a reset list is written.
    pub(super) identity: [&'a [u8]; 3],
}

#[inline]
fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    // Written as two bytes at once: most are one or two, and which is hard to foresee.
    if n < 1 << 14 {
        let long = usize::from(n >= 0x80);
        let both = [n as u8 & 0x7f | (long as u8) << 7, (n >> 7) as u8];
        out.extend_from_slice(&both);
        out.truncate(out.len() - 1 + long);
        return;
    }
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[inline]
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    // Nearly all numbers here take one byte or two.
    match **bytes {
        [a @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            return Some(u64::from(a));
        }
        [a, b @ 0..0x80, ref rest @ ..] => {
            *bytes = rest;
            return Some(u64::from(a & 0x7f) | u64::from(b) << 7);
        }
        _ => {}
    }
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(n);
        }
    }
    None
}

/// Writes rows of one run.
pub(super) struct FactsWriter {
    out: Vec<u8>,
    last: RowAt,
    identities: bool,
}

impl FactsWriter {
    /// `identities` tells whether id, login and email are kept.
    pub(super) fn new(identities: bool, rows: usize) -> Self {
        let room = rows * if identities { 64 } else { 8 };
        Self { out: Vec::with_capacity(room), last: RowAt { offset: 0, line: 0 }, identities }
    }

    /// One row with its slots.
    pub(super) fn row(&mut self, row: &RowFacts<'_>, slots: impl Iterator<Item = SlotFacts>) {
        let out = &mut self.out;
        put_varint(out, row.at.offset.wrapping_sub(self.last.offset));
        put_varint(out, row.at.line.wrapping_sub(self.last.line));
        self.last = row.at;
        let active = match row.active {
            None => 0,
            Some(false) => 1,
            Some(true) => 2,
        };
        out.push(active | u8::from(row.privileged) << 2);
        for slot in slots {
            let own = match slot.own {
                None => 0,
                Some(Own::Login) => 1,
                Some(Own::Email) => 2,
            };
            let bits = own
                | u64::from(slot.opened.is_some()) << 2
                | u64::from(slot.default) << 3
                | u64::from(slot.empty) << 4
                | u64::from(slot.code) << 5;
            put_varint(out, bits);
            if let Some(rank) = slot.opened {
                put_varint(out, u64::from(rank));
            }
        }
        if self.identities {
            for word in row.identity {
                let word = &word[..word.len().min(MAX_IDENTITY)];
                out.push(word.len() as u8);
                out.extend_from_slice(word);
            }
        }
    }

    /// The packed rows.
    pub(super) fn finish(self) -> Vec<u8> {
        self.out
    }
}

/// Reads what [`FactsWriter`] wrote.
pub(super) struct FactsReader<'a> {
    bytes: &'a [u8],
    last: RowAt,
    identities: bool,
}

impl<'a> FactsReader<'a> {
    /// `identities` as given to the writer.
    pub(super) fn new(bytes: &'a [u8], identities: bool) -> Self {
        Self { bytes, last: RowAt { offset: 0, line: 0 }, identities }
    }

    /// The next row; its slots are put into `slots`, whose length is the number of slots. `None` at the end.
    pub(super) fn row(&mut self, slots: &mut [SlotFacts]) -> Option<RowFacts<'a>> {
        let bytes = &mut self.bytes;
        if bytes.is_empty() {
            return None;
        }
        self.last.offset = self.last.offset.wrapping_add(take_varint(bytes)?);
        self.last.line = self.last.line.wrapping_add(take_varint(bytes)?);
        let (&flags, rest) = bytes.split_first()?;
        *bytes = rest;
        for slot in slots {
            let bits = take_varint(bytes)?;
            *slot = SlotFacts {
                code: (bits >> 5) as u32,
                empty: bits & 16 != 0,
                default: bits & 8 != 0,
                own: match bits & 3 {
                    1 => Some(Own::Login),
                    2 => Some(Own::Email),
                    _ => None,
                },
                opened: if bits & 4 == 0 { None } else { Some(take_varint(bytes)? as u32) },
            };
        }
        let mut identity: [&[u8]; 3] = [&[]; 3];
        if self.identities {
            for word in &mut identity {
                let (&len, rest) = bytes.split_first()?;
                (*word, *bytes) = rest.split_at_checked(usize::from(len))?;
            }
        }
        let active = match flags & 3 {
            1 => Some(false),
            2 => Some(true),
            _ => None,
        };
        Some(RowFacts { at: self.last, active, privileged: flags & 4 != 0, identity })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_written() {
        let rows = [
            (0, 1, None, false, SlotFacts::default()),
            (7, 1, Some(true), true, SlotFacts { code: 1, opened: Some(19_639), ..SlotFacts::default() }),
            (
                1 << 40,
                9_000_000,
                Some(false),
                false,
                SlotFacts { code: 70_000, own: Some(Own::Email), ..SlotFacts::default() },
            ),
            (
                1 << 41,
                9_000_000,
                None,
                true,
                SlotFacts { code: 3, empty: true, default: true, own: Some(Own::Login), opened: Some(0) },
            ),
        ];
        for identities in [false, true] {
            let mut writer = FactsWriter::new(identities, rows.len());
            let words: [&[u8]; 3] = if identities { [b"17", b"", b"a@b.example"] } else { [b"", b"", b""] };
            for (offset, line, active, privileged, slot) in rows {
                let row = RowFacts { at: RowAt { offset, line }, active, privileged, identity: words };
                writer.row(&row, [slot, SlotFacts::default()].into_iter());
            }
            let bytes = writer.finish();
            let mut reader = FactsReader::new(&bytes, identities);
            let mut slots = [SlotFacts::default(); 2];
            for (offset, line, active, privileged, slot) in rows {
                let row = reader.row(&mut slots).unwrap();
                assert_eq!(row, RowFacts { at: RowAt { offset, line }, active, privileged, identity: words });
                assert_eq!(slots[0], slot);
                assert_eq!(slots[1], SlotFacts::default());
            }
            assert_eq!(reader.row(&mut slots), None);
        }
    }

    #[test]
    fn rows_out_of_input_order_come_back_too() {
        let mut writer = FactsWriter::new(false, 2);
        for offset in [500, 20] {
            let row = RowFacts { at: RowAt { offset, line: 3 }, active: None, privileged: false, identity: [b""; 3] };
            writer.row(&row, std::iter::empty());
        }
        let bytes = writer.finish();
        let mut reader = FactsReader::new(&bytes, false);
        assert_eq!(reader.row(&mut []).unwrap().at.offset, 500);
        assert_eq!(reader.row(&mut []).unwrap().at.offset, 20);
    }
}
