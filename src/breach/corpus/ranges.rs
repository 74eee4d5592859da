//! Answers for a server: the body of one range, as the public service gives it.

use std::ops::Range;

use super::bucket::{Bucket, HEAD as EMPTY};
use super::header::{RANGES, Shape};
use super::{Corpus, place};
use crate::breach::body::{Begin, Body};

/// Ranges are chosen by this many bits.
const PREFIX_BITS: u32 = 20;
/// Whole bytes of a digest that these are.
const COVERED: usize = 2;

/// Why a range cannot be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRange {
    /// The corpus lacks this range.
    Hole,
    /// A part of it does not have its checksum.
    Damaged,
    /// The corpus does not keep whole digests.
    NotFull,
}

impl Corpus {
    /// Appends the range of `prefix` (below 2^20) to `out`: `SUFFIX:COUNT` lines in upper-case hex, ascending, CRLF between
    /// them. Nothing where the corpus holds no digest with this prefix. Needs a full corpus.
    pub fn range(&self, prefix: u32, out: &mut Vec<u8>) -> Result<(), NoRange> {
        let Shape::Buckets { bits, word, rest: len } = self.shape else { return Err(NoRange::NotFull) };
        if self.is_hole(prefix) {
            return Err(NoRange::Hole);
        }
        let start = out.len();
        let mut body = Body::new(out);
        for number in buckets_of(prefix, bits) {
            let Some(bucket) = self.bucket(number) else {
                body.end();
                out.truncate(start);
                return Err(NoRange::Damaged);
            };
            let first = ((number >> (bits - word)) as u32).to_be_bytes();
            let first = &first[4 - word as usize / 8..];
            if let Some(first) = first.get(COVERED..).filter(|_| bits >= PREFIX_BITS) {
                let begin = Begin::new(first);
                for (word, rest, count) in bucket.entries() {
                    body.pieces(begin, word, &rest, len, count);
                }
            } else {
                lines_of_several(&bucket, (first, len), prefix, &mut body);
            }
        }
        body.end();
        Ok(())
    }

    /// About how many bytes of text a range has, of those that have any: an average of a thousand. None unless the corpus
    /// keeps whole digests.
    pub fn usual_range(&self) -> Option<usize> {
        const SAMPLE: usize = 1 << 10;
        let Shape::Buckets { bits, .. } = self.shape else { return None };
        let index = self.index().as_chunks().0;
        let sampled = (0..RANGES).step_by(RANGES as usize / SAMPLE).filter_map(|prefix| {
            let buckets = buckets_of(prefix, bits);
            let bytes = place(index, buckets.end as usize).saturating_sub(place(index, buckets.start as usize));
            (bytes > EMPTY * (buckets.end - buckets.start) as usize)
                .then_some(bytes >> PREFIX_BITS.saturating_sub(bits))
        });
        let (bytes, ranges) = sampled.fold((0_usize, 0), |sum, bytes| (sum.0.saturating_add(bytes), sum.1 + 1));
        // Digits are twice as many as bytes.
        Some((bytes / ranges.max(1)).saturating_mul(2))
    }
}

/// The buckets that hold the range of `prefix`, of 2^`bits`.
fn buckets_of(prefix: u32, bits: u32) -> Range<u64> {
    let prefix = u64::from(prefix);
    if bits < PREFIX_BITS {
        let number = prefix >> (PREFIX_BITS - bits);
        number..number + 1
    } else {
        let more = bits - PREFIX_BITS;
        prefix << more..(prefix + 1) << more
    }
}

/// The lines of one range from a bucket that may hold several: its digests begin with `first`, `len` bytes follow their words.
fn lines_of_several(bucket: &Bucket<'_>, (first, len): (&[u8], usize), prefix: u32, body: &mut Body<'_>) {
    let mut digest = [0; 20];
    digest[..first.len()].copy_from_slice(first);
    for (word, rest, count) in bucket.entries() {
        digest[first.len()..][..4].copy_from_slice(&word.to_be_bytes());
        digest[first.len() + 4..][..len].copy_from_slice(&rest[..len]);
        if u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) >> 4 == prefix {
            body.row(&digest[COVERED..first.len() + 4 + len], count);
        }
    }
}
