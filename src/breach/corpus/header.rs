//! The first page of a corpus file: what it holds, where, and the checksums of it all.
//!
//! ```text
//! 0        header, 4096 bytes
//! 4096     holes: a bit for each of the 2^20 ranges of five hex digits, 131,072 bytes
//! 135168   compact: the slots, 128 bytes each, then their tails
//!          full: where each bucket begins, (buckets + 1) x 8 bytes, then the buckets
//!          filters: the shards, then their directory
//! ```
//!
//! All numbers are little-endian, all places 64 bits wide.

use std::path::Path;

use super::error::CorpusError;
use super::key;
use super::slot::{KEPT, MEAN, SLOT};
use crate::model::DigestKind;

/// Bytes of the header.
pub(super) const LEN: usize = 4096;
/// Ranges of five hex digits.
pub(super) const RANGES: u32 = 1 << 20;
/// Bytes of the bitmap of holes.
pub(super) const HOLES_LEN: usize = RANGES as usize / 8;
/// Where the sections after the bitmap begin.
pub(super) const BODY: u64 = (LEN + HOLES_LEN) as u64;

const MAGIC: [u8; 8] = *b"CrdCorps";
/// Of this layout. Another version is refused.
const VERSION: u32 = 3;
/// Longest description of where the data come from, in bytes.
pub(super) const MAX_SOURCE: usize = 1024;

/// What a corpus file keeps of each digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// So many bits of each digest that a question is answered wrongly less than once in a billion times, and the exact
    /// count.
    Compact,
    /// Whole digests and exact counts: ranges can be served from it.
    Full,
    /// A binary fuse filter of 8 bits an entry: "no" is certain, "yes" is wrong once in 256 times and has no count.
    Filter8,
    /// The same with 16 bits: wrong once in 65,536 times.
    Filter16,
}

impl Variant {
    /// In the order of their numbers in the file.
    pub const ALL: [Self; 4] = [Self::Compact, Self::Full, Self::Filter8, Self::Filter16];

    /// As it is written on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compact => "compact",
            Self::Full => "full",
            Self::Filter8 => "filter8",
            Self::Filter16 => "filter16",
        }
    }

    /// Whether its "yes" must be confirmed elsewhere.
    pub const fn is_filter(self) -> bool {
        matches!(self, Self::Filter8 | Self::Filter16)
    }
}

/// What a corpus file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What its digests are.
    pub kind: DigestKind,
    /// What it keeps of them.
    pub variant: Variant,
    /// Slots of a compact corpus, buckets of a full one (a power of two); 0 for filters.
    pub buckets: u64,
    /// Distinct digests.
    pub entries: u64,
    /// Ranges of five hex digits that are missing: what lies in one is unknown.
    pub holes: u32,
    /// When the data were current, in seconds since 1970.
    pub date: u64,
    /// Where the data come from.
    pub source: String,
    pub(super) index: Section,
    pub(super) data: Section,
    pub(super) holes_sum: [u8; 32],
}

/// A part of the file, with its SHA-256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) at: u64,
    pub(super) len: u64,
    pub(super) sum: [u8; 32],
}

/// How a digest is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// In one of so many slots, by what is known of its place in that slot's share of all digests: a word of 32 bits and 4
    /// more. A digest that is not there is taken for one that is in n / 2^36 / slots of all cases: 2.6e-10 with 18 a slot.
    Slots(u64),
    /// In a bucket whose number is its first `bits`, by the 32 bits from `word` on and `rest` bytes that follow them.
    Buckets {
        bits: u32,
        /// Where the word begins, in bits.
        word: u32,
        /// Bytes after the word.
        rest: usize,
    },
    /// In a shard of a filter.
    Shards,
}

/// Most entries a bucket has on average: with its 8 bytes of place and 8 of header it stays near a kilobyte.
const PER_BUCKET: u64 = 48;
/// Most bits of a bucket's number; a checksum holds no more.
const MAX_BITS: u32 = 32;

impl Shape {
    pub(super) fn new(kind: DigestKind, variant: Variant, buckets: u64) -> Self {
        match variant {
            Variant::Compact => Self::Slots(buckets),
            Variant::Full => {
                let bits = buckets.trailing_zeros().min(MAX_BITS);
                let skipped = bits as usize / 8;
                Self::Buckets { bits, word: 8 * skipped as u32, rest: kind.len() - skipped - 4 }
            }
            Variant::Filter8 | Variant::Filter16 => Self::Shards,
        }
    }

    /// Slots or buckets for about `entries` digests.
    pub(super) fn buckets_for(variant: Variant, entries: u64) -> u64 {
        match variant {
            Variant::Compact => entries.div_ceil(MEAN).clamp(1, 1 << MAX_BITS),
            Variant::Full => {
                let mut bits = 0;
                while bits < MAX_BITS && (entries >> bits) > PER_BUCKET {
                    bits += 1;
                }
                1 << bits
            }
            Variant::Filter8 | Variant::Filter16 => 0,
        }
    }

    /// Bytes of the index of so many buckets; `None` where there cannot be so many, or not for this variant.
    pub(super) fn index_len(variant: Variant, buckets: u64) -> Option<u64> {
        let right = (1..=1 << MAX_BITS).contains(&buckets);
        match variant {
            Variant::Compact => right.then_some(buckets * SLOT as u64),
            Variant::Full => (right && buckets.is_power_of_two()).then_some((buckets + 1) * 8),
            Variant::Filter8 | Variant::Filter16 => None,
        }
    }
}

impl Header {
    /// How often a digest that is not in the corpus is taken for one that is, per question.
    pub fn false_positives(&self) -> f64 {
        match self.variant {
            Variant::Compact => self.entries as f64 / self.buckets as f64 / f64::from(KEPT).exp2(),
            Variant::Full => 0.0,
            Variant::Filter8 => 1.0 / 256.0,
            Variant::Filter16 => 1.0 / 65_536.0,
        }
    }

    /// Length of the whole file.
    pub fn file_len(&self) -> u64 {
        BODY + self.index.len + self.data.len
    }

    /// Names the content: equal for files that hold the same.
    pub fn checksum(&self) -> String {
        hex::encode(ring::digest::digest(&ring::digest::SHA256, &self.encode()))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.push(u8::from(self.kind == DigestKind::Ntlm));
        out.push(self.variant as u8);
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.buckets.to_le_bytes());
        out.extend_from_slice(&self.entries.to_le_bytes());
        out.extend_from_slice(&self.date.to_le_bytes());
        for section in [&self.index, &self.data] {
            out.extend_from_slice(&section.at.to_le_bytes());
            out.extend_from_slice(&section.len.to_le_bytes());
            out.extend_from_slice(&section.sum);
        }
        out.extend_from_slice(&self.holes.to_le_bytes());
        out.extend_from_slice(&self.holes_sum);
        out.extend_from_slice(&(self.source.len() as u16).to_le_bytes());
        out.extend_from_slice(self.source.as_bytes());
        out.resize(LEN - 4, 0);
        let sum = crc32fast::hash(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out
    }

    /// Reads the first page of the file at `path`, whose length is `file_len`.
    pub(super) fn decode(path: &Path, page: &[u8], file_len: u64) -> Result<Self, CorpusError> {
        let none = |what: &str| {
            Err(CorpusError::new(path, what, "make a corpus file with `credaudit corpus build` or `corpus download`"))
        };
        if page.get(..8).is_none_or(|magic| magic != MAGIC) {
            return none("is no corpus file");
        }
        let mut at = Cursor { bytes: page, at: 8 };
        let version = at.u32().unwrap_or(0);
        if version != VERSION {
            let what = format_args!("is a corpus file of version {version}, and this program reads version {VERSION}");
            return Err(CorpusError::new(path, what, "build it again from what it was made of"));
        }
        let sum = page.get(..LEN).map(|page| crc32fast::hash(&page[..LEN - 4]).to_le_bytes());
        if sum.is_none_or(|sum| page[LEN - 4..LEN] != sum) {
            return Err(CorpusError::damaged(path, "its header does not have its checksum"));
        }
        let Some(header) = Self::fields(&mut at) else {
            return Err(CorpusError::damaged(path, "its header makes no sense"));
        };
        if file_len != header.file_len() {
            let what =
                format!("it is {file_len} bytes long instead of {}: cut short, or not copied whole", header.file_len());
            return Err(CorpusError::damaged(path, what));
        }
        Ok(header)
    }

    /// `None` where fields contradict each other: nothing that is read through them may lie outside the file.
    fn fields(at: &mut Cursor<'_>) -> Option<Self> {
        let kind = *key::KINDS.get(usize::from(at.bytes(1)?[0]))?;
        let variant = *Variant::ALL.get(usize::from(at.bytes(1)?[0]))?;
        at.u16()?;
        let buckets = at.u64()?;
        let entries = at.u64()?;
        let date = at.u64()?;
        let mut section = || Some(Section { at: at.u64()?, len: at.u64()?, sum: at.bytes(32)?.try_into().ok()? });
        let (index, data) = (section()?, section()?);
        let holes = at.u32()?;
        let holes_sum = at.bytes(32)?.try_into().ok()?;
        let len = usize::from(at.u16()?);
        let source = std::str::from_utf8(at.bytes(len)?).ok()?.to_owned();
        let (first, second) = if variant.is_filter() { (&data, &index) } else { (&index, &data) };
        let in_order = first.at == BODY
            && first.at.checked_add(first.len)? == second.at
            && second.at.checked_add(second.len)? < 1 << 62;
        let index_fits = if variant.is_filter() {
            buckets == 0
        } else {
            Shape::index_len(variant, buckets).is_some_and(|len| len == index.len)
        };
        (in_order && index_fits && holes <= RANGES).then_some(Self {
            kind,
            variant,
            buckets,
            entries,
            holes,
            date,
            source,
            index,
            data,
            holes_sum,
        })
    }
}

/// Reads fields one after another.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.get(self.at..self.at + len)?;
        self.at += len;
        Some(bytes)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.bytes(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_billion_digests_lie_in_slots_of_18_and_are_confused_less_than_three_times_in_ten_billion() {
        let entries = 2_070_000_000_u64;
        let slots = Shape::buckets_for(Variant::Compact, entries);
        assert_eq!(Shape::new(DigestKind::Sha1, Variant::Compact, slots), Shape::Slots(115_000_000));
        assert!(entries as f64 / slots as f64 / f64::from(KEPT).exp2() < 3e-10);
        // Slots, and what one in twenty-eight digests needs in a tail.
        let bytes = SLOT as f64 * slots as f64 / entries as f64 + 0.36;
        assert!(bytes < 7.5, "{bytes}");
    }

    #[test]
    fn a_full_corpus_has_at_most_48_digests_a_bucket_and_keeps_all_of_them_but_whole_bytes_of_its_number() {
        for (entries, bits) in [(0, 0), (48, 0), (49, 1), (5_000_000, 17), (50_000_000, 20), (2_070_000_000, 26)] {
            assert_eq!(Shape::buckets_for(Variant::Full, entries), 1 << bits, "{entries}");
        }
        let full = Shape::new(DigestKind::Sha1, Variant::Full, 1 << 20);
        assert_eq!(full, Shape::Buckets { bits: 20, word: 16, rest: 14 });
        let full = Shape::new(DigestKind::Ntlm, Variant::Full, 1 << 26);
        assert_eq!(full, Shape::Buckets { bits: 26, word: 24, rest: 9 });
    }
}
