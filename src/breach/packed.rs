//! A range in half the room of its text, ready to be searched: the form in which ranges are kept on disk.
//!
//! Suffixes are hashes, which no compression makes smaller than their bytes: 18 of them for SHA-1, 14 for NTLM (the third
//! byte keeps the prefix's last digit), one after the other and ascending; then the counts, each in as many groups of seven
//! bits as it needs (LEB128). 1,973 lines of 77 KB become 38 KB, where gzip makes 41 KB of them.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use super::range::{PREFIX, Range};
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// Digits of a prefix are this many bits.
const PREFIX_BITS: u32 = 4 * PREFIX as u32;
/// Number of prefixes: 16^5.
pub const PREFIXES: u32 = 1 << PREFIX_BITS;
/// Whole bytes of a digest that the prefix covers.
const COVERED: usize = PREFIX / 2;

/// The prefix of a digest: its first five hex digits as a number.
pub fn prefix_of(digest: &Digest) -> u32 {
    let bytes = digest.bytes();
    (u32::from(bytes[0]) << 16 | u32::from(bytes[1]) << 8 | u32::from(bytes[2])) >> 4
}

/// One checked range.
#[derive(Clone, PartialEq, Eq)]
pub struct PackedRange {
    kind: DigestKind,
    prefix: u32,
    lines: usize,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for PackedRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PackedRange({:05X}, {:?}, {} lines)", self.prefix, self.kind, self.lines)
    }
}

impl PackedRange {
    /// The lines of `range`, the answer to `prefix`.
    pub fn of(prefix: u32, range: &Range<'_>) -> Self {
        let kind = range.kind();
        let width = width(kind);
        let mut bytes = Vec::with_capacity(range.len() * (width + 2));
        let first = (prefix as u8 & 0x0f) << 4;
        for (suffix, _) in range.lines() {
            bytes.push(first | nibble(suffix[0]));
            bytes.extend(suffix[1..].as_chunks::<2>().0.iter().map(|[high, low]| nibble(*high) << 4 | nibble(*low)));
        }
        for (_, count) in range.lines() {
            push_count(&mut bytes, *count);
        }
        Self { kind, prefix, lines: range.len(), bytes }
    }

    /// What was packed before; none when these bytes are no range.
    pub fn from_bytes(kind: DigestKind, prefix: u32, lines: usize, bytes: Vec<u8>) -> Option<Self> {
        let width = width(kind);
        let suffixes = bytes.get(..lines.checked_mul(width)?)?;
        let nibble = (prefix as u8 & 0x0f) << 4;
        let mut rows = suffixes.chunks_exact(width);
        let fine = lines > 0
            && rows.clone().all(|row| row[0] & 0xf0 == nibble)
            && rows
                .next()
                .is_some_and(|first| rows.try_fold(first, |before, row| (before < row).then_some(row)).is_some());
        let mut counts = &bytes[suffixes.len()..];
        let whole = (0..lines).all(|_| take_count(&mut counts).is_some_and(|count| count > 0)) && counts.is_empty();
        (fine && whole).then_some(Self { kind, prefix, lines, bytes })
    }

    /// Kind of the digests.
    pub const fn kind(&self) -> DigestKind {
        self.kind
    }

    /// The five digits they begin with, as a number.
    pub const fn prefix(&self) -> u32 {
        self.prefix
    }

    /// Number of digests.
    pub const fn len(&self) -> usize {
        self.lines
    }

    /// Never: a checked range has a line.
    pub const fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// A name for what it holds: another one for another range.
    pub fn version(&self) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(0, 1);
        hasher.write(&self.bytes);
        hasher.finish()
    }

    /// As kept on disk.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What this range says about a digest; one of another range or kind is unknown.
    pub fn exposure(&self, digest: &Digest) -> Exposure {
        if digest.kind() != self.kind || prefix_of(digest) != self.prefix {
            return Exposure::Unknown(Unasked::NotAskable);
        }
        let wanted = &digest.bytes()[COVERED..];
        let width = wanted.len();
        let row = |at: usize| &self.bytes[at * width..(at + 1) * width];
        let (mut low, mut high) = (0, self.lines);
        while low < high {
            let middle = usize::midpoint(low, high);
            match row(middle).cmp(wanted) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Exposure::Seen(self.counts().nth(middle)),
            }
        }
        Exposure::NotSeen
    }

    /// Every digest with its count, ascending.
    pub fn each(&self) -> impl Iterator<Item = (Digest, u64)> {
        let width = width(self.kind);
        let mut whole = [0; 32];
        whole[..3].copy_from_slice(&(self.prefix << 4).to_be_bytes()[1..]);
        self.bytes.chunks_exact(width).zip(self.counts()).map(move |(row, count)| {
            let mut bytes = whole;
            bytes[COVERED..COVERED + width].copy_from_slice(row);
            (Digest::of(self.kind, &bytes).expect("32 bytes are enough"), count)
        })
    }

    /// The rows (digests without the two bytes that all share) with their counts, ascending.
    pub fn rows(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.bytes.chunks_exact(width(self.kind)).zip(self.counts())
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let mut counts = &self.bytes[self.lines * width(self.kind)..];
        (0..self.lines).map(move |_| take_count(&mut counts).expect("checked when it was made"))
    }
}

/// Bytes of a row.
const fn width(kind: DigestKind) -> usize {
    kind.len() - COVERED
}

/// Of an upper-case hex digit, as a checked range has them.
const fn nibble(digit: u8) -> u8 {
    if digit <= b'9' { digit - b'0' } else { digit - b'A' + 10 }
}

fn push_count(to: &mut Vec<u8>, mut count: u64) {
    while count >= 0x80 {
        to.push(count as u8 | 0x80);
        count >>= 7;
    }
    to.push(count as u8);
}

fn take_count(from: &mut &[u8]) -> Option<u64> {
    let mut count = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        count |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(count);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_packed_range_says_what_its_text_says(
            ntlm: bool,
            prefix in 0..PREFIXES,
            lines in proptest::collection::btree_map("[0-9A-F]{35}", 1..u64::MAX / 1000, 1..40),
            other in "[0-9A-F]{35}",
        ) {
            let (kind, len) = if ntlm { (DigestKind::Ntlm, 27) } else { (DigestKind::Sha1, 35) };
            let lines: std::collections::BTreeMap<_, _> = lines.iter().map(|(s, n)| (s[..len].to_owned(), *n)).collect();
            let lines: Vec<String> = lines.iter().map(|(suffix, count)| format!("{suffix}:{count}")).collect();
            let text = lines.join("\r\n");
            let range = Range::parse(text.as_bytes(), kind).unwrap();
            let packed = PackedRange::of(prefix, &range);
            let digest = |suffix: &str| Digest::of(kind, &hex::decode(format!("{prefix:05X}{suffix}")).unwrap()).unwrap();
            for line in lines.iter().map(String::as_str).chain([format!("{}:0", &other[..len]).as_str()]) {
                let digest = digest(&line[..len]);
                assert_eq!(packed.exposure(&digest), range.exposure(&digest));
            }
            let again: Vec<String> = packed
                .each()
                .map(|(digest, count)| format!("{}:{count}", &hex::encode_upper(digest.bytes())[5..]))
                .collect();
            assert_eq!(again, lines);
            let bytes = packed.bytes().to_vec();
            assert_eq!(PackedRange::from_bytes(kind, prefix, lines.len(), bytes.clone()), Some(packed));
            assert_eq!(PackedRange::from_bytes(kind, prefix ^ 1, lines.len(), bytes.clone()), None);
            assert_eq!(PackedRange::from_bytes(kind, prefix, lines.len(), bytes[..bytes.len() - 1].to_vec()), None);
            assert_eq!(PackedRange::from_bytes(kind, prefix, usize::MAX, bytes), None);
        }
    }

    #[test]
    fn a_digest_of_another_range_is_unknown() {
        let text = format!("{}:1", "0".repeat(35));
        let packed = PackedRange::of(0xABCDE, &Range::parse(text.as_bytes(), DigestKind::Sha1).unwrap());
        let digest = |prefix: &str| {
            Digest::of(DigestKind::Sha1, &hex::decode(prefix.to_owned() + &text[..35]).unwrap()).unwrap()
        };
        assert_eq!(packed.exposure(&digest("ABCDE")), Exposure::Seen(Some(1)));
        assert_eq!(packed.exposure(&digest("ABCDF")), Exposure::Unknown(Unasked::NotAskable));
        assert_eq!(format!("{packed:?}"), "PackedRange(ABCDE, Sha1, 1 lines)");
    }
}
