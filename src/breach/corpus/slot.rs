//! A slot: the digests of one share of all there can be, two cache lines that are found without looking anything up.
//!
//! ```text
//! 0    21 x u32  32 bits of each digest, ascending; unused ones are all ones
//! 84   21 x u8   counts up to 254; 255 stands for a count in the tail, 0 for an unused one
//! 105  11 x u8   the 4 bits that follow the 32: of an even entry the lower half of a byte, of an odd one the upper half
//! 116  u64       the tail's place in the data section << 25 | its bytes << 5 | n: digests here; the first two 0 without a tail
//! 124  u32       what makes the CRC-32 of all 128 bytes the slot's number
//! ```
//!
//! A slot in another's place fails as surely as one with a flipped byte. Zeros would pass for number 3,265,854,109, which only
//! a corpus of 58 billion digests has.
//!
//! A share holds 18 digests on average. What is beyond 21 in one, and counts that do not fit in a byte, follow in a bucket
//! ([`Bucket`]) of the data section: first the larger counts of that bucket's own digests, then those of the slot's. One
//! question in twenty-five needs it.

use crc32fast::Hasher;

use super::bucket::{Bucket, Filling, LARGER, larger_in};
use crate::model::{Exposure, Unasked};

/// Bytes of a slot: two cache lines, of which the checksum is taken at every question.
pub(super) const SLOT: usize = 128;
/// Digests on average, of those a slot has room for: the numbers in shares of random digests scatter by 4 around it, and
/// emptier slots would need more room than fuller ones need tails. 7.5 bytes a digest in all.
pub(super) const MEAN: u64 = 18;
/// Bits that are kept of each digest within its share: a word of 32 and 4 more.
pub(super) const KEPT: i32 = 36;

const HERE: usize = 21;
const COUNTS: usize = 4 * HERE;
const RESTS: usize = COUNTS + HERE;
/// Where the tail's place, its length and n are.
pub(super) const TAIL: usize = RESTS + HERE.div_ceil(2);
const SUM: usize = SLOT - 4;
/// The polynomial of CRC-32, its lowest power last (IEEE 802.3, 3.2.9).
const POLYNOMIAL: u32 = 0xedb8_8320;
/// Bits of n.
const N_BITS: u32 = 5;
/// Bits of a tail's length: a bucket is smaller than 2^20 bytes. 39 are left for its place: 550 GB, as much as the most slots.
const LEN_BITS: u32 = 20;

/// What is kept of a digest that lies at `place` (a share of 2^64) of its slot's share: a word, and the 4 bits that follow.
#[inline]
pub(super) const fn kept(place: u64) -> (u32, u8) {
    ((place >> 32) as u32, (place >> 28) as u8 & 15)
}

/// A slot whose checksum is right.
#[derive(Clone, Copy)]
pub(super) struct Slot<'a> {
    bytes: &'a [u8; SLOT],
    number: u64,
}

impl<'a> Slot<'a> {
    /// Checks `bytes`, which must be slot `number`; `None` where they are not. `sum` is the sum of nothing: to make one anew
    /// asks what the processor can do.
    #[inline]
    pub(super) fn check(bytes: &'a [u8; SLOT], number: u64, sum: &Hasher) -> Option<Self> {
        let mut sum = sum.clone();
        sum.update(bytes);
        (sum.finalize() == number as u32).then_some(Self { bytes, number })
    }

    /// What is known of the digest of which this is kept. `data` is the data section.
    #[inline]
    #[expect(clippy::needless_bitwise_bool, reason = "a branch that cannot be foretold costs a wait for memory")]
    pub(super) fn find(&self, (word, rest): (u32, u8), data: &[u8]) -> Exposure {
        // How many words are smaller: without a branch, several words an instruction. Whether the digest is there is told
        // without a branch too, for guessing that wrong would cost another wait for memory.
        let at = self.words().iter().map(|w| u32::from(u32::from_le_bytes(*w) < word)).sum::<u32>() as usize;
        let here = at.min(HERE - 1);
        let count = self.bytes[COUNTS + here];
        let same = (count != 0) & (self.word(here) == word);
        let elsewhere = same & ((self.rest(here) != rest) | (count == LARGER));
        if elsewhere | (at == HERE) {
            return self.find_on(at, (word, rest), data);
        }
        if same { Exposure::Seen(Some(u64::from(count))) } else { Exposure::NotSeen }
    }

    /// The rare cases: equal words, larger counts, digests of the tail.
    #[cold]
    #[inline(never)]
    fn find_on(&self, mut at: usize, (word, rest): (u32, u8), data: &[u8]) -> Exposure {
        while at < self.n() && self.word(at) == word {
            if self.rest(at) == rest {
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
        self.bytes.as_chunks().0.first_chunk().expect("a slot has room for its words")
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.words()[at])
    }

    /// The 4 bits that follow word `at`.
    #[inline]
    const fn rest(&self, at: usize) -> u8 {
        self.bytes[RESTS + at / 2] >> (4 * (at % 2)) & 15
    }

    /// Place and length of the tail, and n.
    fn last(&self) -> u64 {
        u64::from_le_bytes(*self.bytes[TAIL..].first_chunk().expect("a slot has eight bytes here"))
    }

    /// Digests here; a checksum that holds by chance or malice does not make it more than there are.
    fn n(&self) -> usize {
        ((self.last() & ((1 << N_BITS) - 1)) as usize).min(HERE)
    }

    fn has_tail(&self) -> bool {
        self.last() >> N_BITS != 0
    }

    /// Where what follows elsewhere lies in the data section.
    pub(super) fn tail_at(last: u64) -> std::ops::Range<usize> {
        let (place, len) = (last >> (N_BITS + LEN_BITS), last >> N_BITS & ((1 << LEN_BITS) - 1));
        place as usize..(place + len) as usize
    }

    /// What follows elsewhere, if it is whole.
    fn tail<'d>(&self, data: &'d [u8]) -> Option<Bucket<'d>> {
        Bucket::check(data.get(Self::tail_at(self.last()))?, self.number, 1)
    }

    /// The number of digests, if they are in order, each has its count, and the tail is whole too.
    pub(super) fn sound(&self, data: &[u8]) -> Option<u64> {
        let n = (self.last() & ((1 << N_BITS) - 1)) as usize;
        if n > HERE {
            return None;
        }
        let entry = |at: usize| (self.word(at), self.rest(at));
        let counts = &self.bytes[COUNTS..COUNTS + n];
        let ordered = (1..n).all(|at| entry(at - 1) < entry(at)) && !counts.contains(&0);
        let unused = (n..HERE).all(|at| entry(at) == (u32::MAX, 0) && self.bytes[COUNTS + at] == 0);
        // The upper half of the last byte of rests belongs to none.
        let unused = unused && self.rest(HERE) == 0;
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
        slot[..COUNTS].fill(u8::MAX);
        slot[..4 * n].copy_from_slice(&self.words[..4 * n]);
        slot[COUNTS..COUNTS + n].copy_from_slice(&self.counts[..n]);
        for (pair, byte) in self.rests[..n].chunks(2).zip(&mut slot[RESTS..TAIL]) {
            *byte = pair[0] | pair.get(1).map_or(0, |odd| odd << 4);
        }
        let mut last = n as u64;
        if self.counts.len() > n || !self.larger.is_empty() {
            self.larger.rotate_left(8 * larger_in(&self.counts[..n]));
            self.words.drain(..4 * n);
            self.rests.drain(..n);
            self.counts.drain(..n);
            let start = data.len();
            self.write(number, data);
            let len = (data.len() - start) as u64;
            debug_assert!(len < 1 << LEN_BITS, "a bucket is not that long");
            last |= (place << LEN_BITS | len) << N_BITS;
        } else {
            self.clear();
        }
        slot[TAIL..SUM].copy_from_slice(&last.to_le_bytes());
        seal(&mut slot, number);
        slots.extend_from_slice(&slot);
    }
}

/// Makes the CRC-32 of a slot its number.
pub(super) fn seal(slot: &mut [u8; SLOT], number: u64) {
    // What the register must hold for the last four bytes to lead to the number: backwards through 32 zero bits.
    let mut register = !(number as u32);
    for _ in 0..32 {
        register = if register >> 31 == 0 { register << 1 } else { (register ^ POLYNOMIAL) << 1 | 1 };
    }
    // It holds the complement of the sum of what stands before.
    let last = register ^ !crc32fast::hash(&slot[..SUM]);
    slot[SUM..].copy_from_slice(&last.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_whole_in_its_own_place_only_and_zeros_are_none() {
        let nothing = Hasher::new();
        let mut slot: [u8; SLOT] = std::array::from_fn(|at| at as u8);
        for number in [0, 1, 2, 0x7fff_ffff, 0xffff_ffff] {
            seal(&mut slot, number);
            assert!(Slot::check(&slot, number, &nothing).is_some(), "{number}");
            assert!(Slot::check(&slot, number ^ 1, &nothing).is_none(), "{number}");
            for at in 0..SLOT {
                let mut flipped = slot;
                flipped[at] ^= 1 << (at % 8);
                assert!(Slot::check(&flipped, number, &nothing).is_none(), "byte {at} of slot {number}");
            }
        }
        let zeros = u64::from(crc32fast::hash(&[0; SLOT]));
        assert_eq!(zeros * MEAN / 1_000_000_000, 58);
    }
}
