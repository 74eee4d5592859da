//! Answers for a server: the body of one range, as the public service gives it.

use super::Corpus;
use super::bucket::Bucket;
use super::header::Shape;

/// Longest line: 35 hex digits, a colon, twenty digits of count, the line's end, and room to write forty digits at once.
const LINE: usize = 64;
/// Ranges are chosen by this many bits.
const PREFIX_BITS: u32 = 20;

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
        let Shape::Buckets { bits, .. } = self.shape else { return Err(NoRange::NotFull) };
        if self.is_hole(prefix) {
            return Err(NoRange::Hole);
        }
        let start = out.len();
        if bits < PREFIX_BITS {
            let number = u64::from(prefix >> (PREFIX_BITS - bits));
            let bucket = self.bucket(number).ok_or(NoRange::Damaged)?;
            self.lines(&bucket, number, prefix, out);
        } else {
            let more = bits - PREFIX_BITS;
            for number in u64::from(prefix) << more..(u64::from(prefix) + 1) << more {
                let Some(bucket) = self.bucket(number) else {
                    out.truncate(start);
                    return Err(NoRange::Damaged);
                };
                self.lines(&bucket, number, prefix, out);
            }
        }
        // Line ends stand between lines only.
        if out.len() > start {
            out.truncate(out.len() - 2);
        }
        Ok(())
    }

    fn lines(&self, bucket: &Bucket<'_>, number: u64, prefix: u32, out: &mut Vec<u8>) {
        let Shape::Buckets { bits, word, .. } = self.shape else { return };
        let len = self.header.kind.len();
        let skipped = word as usize / 8;
        let mut digest = [0; 20];
        let first = ((number >> (bits - word)) as u32).to_be_bytes();
        digest[..skipped].copy_from_slice(&first[4 - skipped..]);
        let mut at = out.len();
        out.resize(at + bucket.len() * LINE, 0);
        for entry in 0..bucket.len() {
            digest[skipped..skipped + 4].copy_from_slice(&bucket.word(entry).to_be_bytes());
            digest[skipped + 4..len].copy_from_slice(bucket.rest(entry));
            let found = u32::from_be_bytes([0, digest[0], digest[1], digest[2]]) >> 4;
            if found != prefix {
                continue;
            }
            let Some(line) = out[at..].first_chunk_mut::<LINE>() else { unreachable!("there is room for every line") };
            at += write_line(line, &digest, 2 * len, bucket.count(entry));
        }
        out.truncate(at);
    }
}

/// Writes the digest without its first five digits, its count and the line's end; gives the length.
#[inline]
fn write_line(line: &mut [u8; LINE], digest: &[u8; 20], digits: usize, count: u64) -> usize {
    let mut hex = [0; 40];
    for (byte, pair) in digest.iter().zip(hex.as_chunks_mut::<2>().0) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
    line[..35].copy_from_slice(&hex[5..]);
    let mut at = digits - 5;
    line[at] = b':';
    at += 1;
    if count < 10 {
        line[at] = b'0' + count as u8;
        at += 1;
    } else {
        let mut digits = [0; 20];
        let mut left = count;
        let mut first = digits.len();
        while left > 0 {
            first -= 1;
            digits[first] = b'0' + (left % 10) as u8;
            left /= 10;
        }
        line[at..at + digits.len() - first].copy_from_slice(&digits[first..]);
        at += digits.len() - first;
    }
    line[at..at + 2].copy_from_slice(b"\r\n");
    at + 2
}

/// Without a table, so that the compiler does many at a time.
#[inline]
const fn digit(nibble: u8) -> u8 {
    nibble + b'0' + if nibble > 9 { b'A' - b'0' - 10 } else { 0 }
}
