//! Checks a whole corpus file.

use rayon::prelude::*;
use ring::digest::{SHA256, digest};

use super::Corpus;
use super::error::CorpusError;
use super::header::{RANGES, Shape};

/// Buckets that are checked before the next word on how far it is.
const GROUP: u64 = 1 << 12;

/// Whether `bytes` have this SHA-256.
pub(super) fn matches(bytes: &[u8], sum: &[u8; 32]) -> bool {
    digest(&SHA256, bytes).as_ref() == sum
}

impl Corpus {
    /// Reads the whole file and checks every checksum, every place and the order of all digests. `seen` is told how many
    /// bytes were checked, [`Corpus::to_verify`] in all.
    pub fn verify(&self, seen: &(dyn Fn(u64) + Sync)) -> Result<(), CorpusError> {
        let (pieces, summed) = rayon::join(
            || self.pieces(seen),
            || {
                let sections = [(self.index(), &self.header.index), (self.data(), &self.header.data)];
                sections.into_iter().all(|(bytes, section)| {
                    let mut sum = ring::digest::Context::new(&SHA256);
                    for part in bytes.chunks(1 << 24) {
                        sum.update(part);
                        seen(part.len() as u64);
                    }
                    sum.finish().as_ref() == section.sum
                })
            },
        );
        pieces?;
        if summed {
            return Ok(());
        }
        Err(CorpusError::damaged(&self.path, "its content does not have its checksum"))
    }

    /// Bytes that [`Corpus::verify`] tells of: each of a section twice, in its piece and in the sum of all.
    pub const fn to_verify(&self) -> u64 {
        2 * (self.header.index.len + self.header.data.len)
    }

    /// Checks every bucket or shard by itself: says how many are damaged, and which ranges that concerns.
    fn pieces(&self, seen: &(dyn Fn(u64) + Sync)) -> Result<(), CorpusError> {
        let bytes = self.header.index.len + self.header.data.len;
        if let Some(shards) = &self.shards {
            let damaged = shards.damaged(self.data());
            seen(bytes);
            return match damaged {
                0 => Ok(()),
                damaged => {
                    let what = format_args!("{damaged} of {} shards do not have their checksum", shards.len());
                    Err(CorpusError::damaged(&self.path, what))
                }
            };
        }
        let buckets = self.header.buckets;
        let sound = |number: u64| match self.shape {
            Shape::Slots(_) => self.slot(number)?.sound(self.data()),
            _ => self.bucket(number).filter(|bucket| bucket.is_sound(0)).map(|bucket| bucket.len() as u64),
        };
        let counted = |number: u64| sound(number).map_or((0, 1, number), |entries| (entries, 0, u64::MAX));
        let both = |a: (u64, u64, u64), b: (u64, u64, u64)| (a.0 + b.0, a.1 + b.1, a.2.min(b.2));
        let none = || (0, 0, u64::MAX);
        // Their share of all bytes, to the byte.
        let share = |number: u64| (u128::from(bytes) * u128::from(number) / u128::from(buckets)) as u64;
        let some = |group: u64| {
            let numbers = group * GROUP..((group + 1) * GROUP).min(buckets);
            seen(share(numbers.end) - share(numbers.start));
            numbers.map(counted).fold(none(), both)
        };
        let (entries, damaged, first) = (0..buckets.div_ceil(GROUP)).into_par_iter().map(some).reduce(none, both);
        if damaged > 0 {
            let range = (u128::from(first) * u128::from(RANGES) / u128::from(buckets)) as u32;
            let what = format_args!(
                "{damaged} of {buckets} buckets do not have their checksum, the first in range {range:05X}"
            );
            return Err(CorpusError::damaged(&self.path, what));
        }
        if entries != self.header.entries {
            let what = format_args!("it holds {entries} digests and its header says {}", self.header.entries);
            return Err(CorpusError::damaged(&self.path, what));
        }
        Ok(())
    }
}
