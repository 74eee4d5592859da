//! A bucket: digests that share their first bits, with a checksum of its own that every lookup checks. A full corpus is made
//! of them; in a compact one they hold what does not fit in a slot.
//!
//! ```text
//! 0   u32      CRC-32 of all that follows, begun with the bucket's number
//! 4   u16      n: entries
//! 6   u16      m: counts that do not fit in a byte
//! 8   n x u32  32 bits of each digest, ascending
//!     n x rest what follows them
//!     n x u8   counts up to 254; 255 stands for the next count of the list below
//!     m x u64  larger counts
//! ```
//!
//! A bucket of another place, or a place read from a damaged index, fails the checksum as surely as a flipped byte does.

/// Before the first word.
pub(super) const HEAD: usize = 8;
/// A count that stands in the list of larger ones.
pub(super) const LARGER: u8 = u8::MAX;
/// Most entries of one bucket. On average there are at most 48: more than this are no digests of passwords.
pub(super) const MOST: usize = u16::MAX as usize;

/// A bucket whose checksum is right.
#[derive(Clone, Copy)]
pub(super) struct Bucket<'a> {
    words: &'a [[u8; 4]],
    rests: &'a [u8],
    counts: &'a [u8],
    larger: &'a [[u8; 8]],
    rest: usize,
    /// From the rests on.
    after: &'a [u8],
}

impl<'a> Bucket<'a> {
    /// Checks `bytes`, which must be bucket `number`; `None` where they are not.
    #[inline]
    pub(super) fn check(bytes: &'a [u8], number: u64, rest: usize) -> Option<Self> {
        let (sum, body) = bytes.split_first_chunk::<4>()?;
        if u32::from_le_bytes(*sum) != checksum(body, number) {
            return None;
        }
        let (head, body) = body.split_first_chunk::<4>()?;
        let n = usize::from(u16::from_le_bytes([head[0], head[1]]));
        let m = usize::from(u16::from_le_bytes([head[2], head[3]]));
        let (words, after) = body.split_at_checked(4 * n)?;
        let (rests, body) = after.split_at_checked(rest * n)?;
        let (counts, larger) = body.split_at_checked(n)?;
        let (larger, none) = larger.as_chunks();
        (larger.len() == m && none.is_empty()).then_some(Self {
            words: words.as_chunks().0,
            rests,
            counts,
            larger,
            rest,
            after,
        })
    }

    pub(super) const fn len(&self) -> usize {
        self.words.len()
    }

    /// The count of the digest with this word and rest, if it is here.
    #[inline]
    pub(super) fn find(&self, word: u32, rest: &[u8]) -> Option<u64> {
        // How many words are smaller: without a branch, several words an instruction. Long buckets are rare.
        let mut at = if self.words.len() <= 256 {
            self.words.iter().map(|w| u32::from(u32::from_le_bytes(*w) < word)).sum::<u32>() as usize
        } else {
            self.words.partition_point(|w| u32::from_le_bytes(*w) < word)
        };
        while self.words.get(at).is_some_and(|w| u32::from_le_bytes(*w) == word) {
            if self.rest(at) == rest {
                return Some(self.count(at));
            }
            at += 1;
        }
        None
    }

    /// Word `at`.
    #[inline]
    pub(super) fn word(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.words[at])
    }

    /// The bytes after word `at`.
    #[inline]
    pub(super) fn rest(&self, at: usize) -> &'a [u8] {
        &self.rests[at * self.rest..][..self.rest]
    }

    /// Each digest's word, what follows it (`rest` bytes, at most 16, and then anything), and its count.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u32, [u8; 16], u64)> {
        let mut larger = self.larger.iter().map(|count| u64::from_le_bytes(*count));
        self.words.iter().zip(self.counts).enumerate().map(move |(at, (word, count))| {
            let count = match *count {
                LARGER => larger.next().unwrap_or(u64::from(LARGER)),
                count => u64::from(count),
            };
            let after = &self.after[at * self.rest..];
            let rest = after.first_chunk().copied().unwrap_or_else(|| {
                let mut rest = [0; 16];
                rest[..self.rest].copy_from_slice(&after[..self.rest]);
                rest
            });
            (u32::from_le_bytes(*word), rest, count)
        })
    }

    /// The count of entry `at`.
    #[inline]
    pub(super) fn count(&self, at: usize) -> u64 {
        match self.counts[at] {
            LARGER => {
                let before = larger_in(&self.counts[..at]);
                // A checksum that holds by chance or malice may lack the number: seen, at least this often.
                self.larger.get(before).map_or(u64::from(LARGER), |count| u64::from_le_bytes(*count))
            }
            count => u64::from(count),
        }
    }

    /// A larger count that belongs to no digest of this bucket.
    pub(super) fn larger_behind(&self, at: usize) -> u64 {
        let own = larger_in(self.counts);
        self.larger.get(own + at).map_or(u64::from(LARGER), |count| u64::from_le_bytes(*count))
    }

    /// Whether the digests are in order, and every larger count has its number, with `more` that belong to others.
    pub(super) fn is_sound(&self, more: usize) -> bool {
        let ordered = (1..self.len()).all(|at| (self.word(at - 1), self.rest(at - 1)) < (self.word(at), self.rest(at)));
        ordered && larger_in(self.counts) + more == self.larger.len() && !self.counts.contains(&0)
    }
}

/// How many of `counts` stand in the list of larger ones.
pub(super) fn larger_in(counts: &[u8]) -> usize {
    counts.iter().map(|count| usize::from(*count == LARGER)).sum()
}

fn checksum(body: &[u8], number: u64) -> u32 {
    let mut sum = crc32fast::Hasher::new_with_initial(number as u32);
    sum.update(body);
    sum.finalize()
}

/// A bucket being filled.
#[derive(Default)]
pub(super) struct Filling {
    pub(super) words: Vec<u8>,
    pub(super) rests: Vec<u8>,
    pub(super) counts: Vec<u8>,
    pub(super) larger: Vec<u8>,
    last: (u32, u8),
}

/// What became of an entry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is another entry.
    New,
    /// What is kept of it is what is kept of the one before: they are one from now on, with the larger count.
    Same,
    /// The bucket holds as many as it can.
    Full,
}

impl Filling {
    /// Adds a digest of this bucket, greater than those before it. Where one byte follows the word, another digest may have
    /// the same.
    #[inline]
    pub(super) fn push(&mut self, word: u32, rest: &[u8], count: u64) -> Taken {
        if let [rest] = *rest {
            if self.last == (word, rest) && !self.counts.is_empty() {
                let so_far = self.pop_count();
                self.push_count(so_far.max(count));
                return Taken::Same;
            }
            self.last = (word, rest);
        }
        if self.counts.len() == MOST {
            return Taken::Full;
        }
        self.words.extend_from_slice(&word.to_le_bytes());
        self.rests.extend_from_slice(rest);
        self.push_count(count);
        Taken::New
    }

    #[inline]
    fn push_count(&mut self, count: u64) {
        if count < u64::from(LARGER) {
            self.counts.push(count as u8);
        } else {
            self.counts.push(LARGER);
            self.larger.extend_from_slice(&count.to_le_bytes());
        }
    }

    fn pop_count(&mut self) -> u64 {
        match self.counts.pop() {
            Some(LARGER) => {
                let at = self.larger.len() - 8;
                let count = self.larger[at..].try_into().expect("eight bytes");
                self.larger.truncate(at);
                u64::from_le_bytes(count)
            }
            count => u64::from(count.unwrap_or_default()),
        }
    }

    pub(super) fn clear(&mut self) {
        for part in [&mut self.words, &mut self.rests, &mut self.counts, &mut self.larger] {
            part.clear();
        }
    }

    /// Writes bucket `number` to the end of `to`, and is empty again.
    pub(super) fn write(&mut self, number: u64, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&[0; 4]);
        to.extend_from_slice(&(self.counts.len() as u16).to_le_bytes());
        to.extend_from_slice(&((self.larger.len() / 8) as u16).to_le_bytes());
        for part in [&self.words, &self.rests, &self.counts, &self.larger] {
            to.extend_from_slice(part);
        }
        self.clear();
        let sum = checksum(&to[start + 4..], number);
        to[start..start + 4].copy_from_slice(&sum.to_le_bytes());
        debug_assert!(to.len() >= start + HEAD, "a bucket has a head");
    }
}
