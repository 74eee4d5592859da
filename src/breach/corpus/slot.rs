//! A slot: the digests of one share of all there can be, four cache lines that are found without looking anything up.
//!
//! ```text
//! 0    40 x u32  32 bits of each digest, ascending; unused ones are all ones
//! 160  40 x u8   the 8 bits that follow them
//! 200  40 x u8   counts up to 254; 255 stands for a count in the tail
//! 240  u64       the tail: its place in the data section << 20 | its bytes; 0 where there is none
//! 248  u8        n: digests here; then three bytes 0
//! 252  u32       CRC-32 of all that stands before, begun with the slot's number
//! ```
//!
//! A share holds 36 digests on average. What is beyond 40 in one, and counts that do not fit in a byte, follow in a bucket
//! ([`Bucket`]) of the data section: first the larger counts of that bucket's own digests, then those of the slot's. One
//! question in fifty needs it.

use super::bucket::{Bucket, Filling, LARGER, larger_in};
use crate::model::{Exposure, Unasked};

/// Bytes of a slot.
pub(super) const SLOT: usize = 256;
/// Digests on average, of those a slot has room for: the numbers in shares of random digests scatter by 6 around it, and
/// emptier slots would need more room than fuller ones need tails. 7.4 bytes a digest in all.
pub(super) const MEAN: u64 = 36;

const HERE: usize = 40;
const RESTS: usize = 4 * HERE;
const COUNTS: usize = RESTS + HERE;
const TAIL: usize = COUNTS + HERE;
const N: usize = TAIL + 8;
const SUM: usize = SLOT - 4;
/// The CRC-32 of anything with its own CRC-32 behind it, however it was begun.
const RESIDUE: u32 = 0x2144_df1c;
/// Bits of a tail's length: a bucket is smaller than 2^20 bytes.
const LEN_BITS: u32 = 20;

/// A slot whose checksum is right.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    bytes: &'a [u8; SLOT],
    number: u64,
}

impl<'a> Slot<'a> {
    /// Checks `bytes`, which must be slot `number`; `None` where they are not.
    #[inline]
    pub(super) fn check(bytes: &'a [u8; SLOT], number: u64) -> Option<Self> {
        let mut sum = crc32fast::Hasher::new_with_initial(number as u32);
        sum.update(bytes);
        (sum.finalize() == RESIDUE).then_some(Self { bytes, number })
    }

    /// What is known of the digest with this word and rest. `data` is the data section.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "a branch that cannot be foretold costs a wait for memory")]
    pub(super) fn find(&self, word: u32, rest: u8, data: &[u8]) -> Exposure {
        // How many words are smaller: without a branch, several words an instruction. Whether the digest is there is told
        // without a branch too, for guessing that wrong would cost another wait for memory.
        let at = self.words().iter().map(|w| u32::from(u32::from_le_bytes(*w) < word)).sum::<u32>() as usize;
        let here = at.min(HERE - 1);
        let same = (at < self.n()) & (self.word(here) == word);
        let count = self.bytes[COUNTS + here];
        let elsewhere = same & ((self.bytes[RESTS + here] != rest) | (count == LARGER));
        if elsewhere | (at == HERE) {
            return self.find_on(at, word, rest, data);
        }
        if same { Exposure::Seen(Some(u64::from(count))) } else { Exposure::NotSeen }
    }

    /// The rare cases: equal words, larger counts, digests of the tail.
    #[cold]
    #[inline(never)]
    fn find_on(&self, mut at: usize, word: u32, rest: u8, data: &[u8]) -> Exposure {
        while at < self.n() && self.word(at) == word {
            if self.bytes[RESTS + at] == rest {
                return self.count(at, data).map_or(Exposure::Unknown(Unasked::Damaged), |n| Exposure::Seen(Some(n)));
            }
            at += 1;
        }
        if at < HERE || !self.has_tail() {
            return Exposure::NotSeen;
        }
        let Some(tail) = self.tail(data) else { return Exposure::Unknown(Unasked::Damaged) };
        tail.find(word, &[rest]).map_or(Exposure::NotSeen, |count| Exposure::Seen(Some(count)))
    }

    /// The count of entry `at`; `None` where it stands in a damaged tail.
    fn count(&self, at: usize, data: &[u8]) -> Option<u64> {
        match self.bytes[COUNTS + at] {
            LARGER => Some(self.tail(data)?.larger_behind(larger_in(&self.bytes[COUNTS..COUNTS + at]))),
            count => Some(u64::from(count)),
        }
    }

    fn words(&self) -> &'a [[u8; 4]; HERE] {
        self.bytes.as_chunks().0.first_chunk().expect("a slot has forty words")
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.words()[at])
    }

    /// Digests here; a checksum that holds by chance or malice does not make it more than there are.
    fn n(&self) -> usize {
        usize::from(self.bytes[N]).min(HERE)
    }

    fn tail_at(&self) -> u64 {
        u64::from_le_bytes(*self.bytes[TAIL..].first_chunk().expect("a slot has eight bytes here"))
    }

    fn has_tail(&self) -> bool {
        self.tail_at() != 0
    }

    /// What follows elsewhere, if it is whole.
    fn tail<'d>(&self, data: &'d [u8]) -> Option<Bucket<'d>> {
        let at = self.tail_at();
        let (place, len) = ((at >> LEN_BITS) as usize, at as usize & ((1 << LEN_BITS) - 1));
        Bucket::check(data.get(place..place.checked_add(len)?)?, self.number, 1)
    }

    /// The number of digests, if they are in order, each has its count, and the tail is whole too.
    pub(super) fn sound(&self, data: &[u8]) -> Option<u64> {
        let n = usize::from(self.bytes[N]);
        if n > HERE {
            return None;
        }
        let entry = |at: usize| (self.word(at), self.bytes[RESTS + at]);
        let counts = &self.bytes[COUNTS..COUNTS + n];
        let ordered = (1..n).all(|at| entry(at - 1) < entry(at)) && !counts.contains(&0);
        let unused = (n..HERE).all(|at| entry(at) == (u32::MAX, 0) && self.bytes[COUNTS + at] == 0);
        let larger = larger_in(counts);
        if !ordered || !unused {
            return None;
        }
        if !self.has_tail() {
            return (larger == 0).then_some(n as u64);
        }
        let tail = self.tail(data)?;
        let follows = tail.len() == 0 || (n == HERE && entry(n - 1) < (tail.word(0), tail.rest(0)[0]));
        (follows && tail.is_sound(larger)).then_some((n + tail.len()) as u64)
    }
}

impl Filling {
    /// Writes slot `number` to the end of `slots` and its tail, if it needs one, to the end of `data`, whose next byte is
    /// at `place` of its section; is empty again.
    pub(super) fn write_slot(&mut self, number: u64, slots: &mut Vec<u8>, data: &mut Vec<u8>, place: u64) {
        let n = self.counts.len().min(HERE);
        let mut slot = [0; SLOT];
        slot[..RESTS].fill(u8::MAX);
        slot[..4 * n].copy_from_slice(&self.words[..4 * n]);
        slot[RESTS..RESTS + n].copy_from_slice(&self.rests[..n]);
        slot[COUNTS..COUNTS + n].copy_from_slice(&self.counts[..n]);
        if self.counts.len() > n || !self.larger.is_empty() {
            self.larger.rotate_left(8 * larger_in(&self.counts[..n]));
            self.words.drain(..4 * n);
            self.rests.drain(..n);
            self.counts.drain(..n);
            let start = data.len();
            self.write(number, data);
            let len = (data.len() - start) as u64;
            debug_assert!(len < 1 << LEN_BITS, "a bucket is not that long");
            slot[TAIL..N].copy_from_slice(&(place << LEN_BITS | len).to_le_bytes());
        } else {
            self.clear();
        }
        slot[N] = n as u8;
        let mut sum = crc32fast::Hasher::new_with_initial(number as u32);
        sum.update(&slot[..SUM]);
        slot[SUM..].copy_from_slice(&sum.finalize().to_le_bytes());
        slots.extend_from_slice(&slot);
    }
}
