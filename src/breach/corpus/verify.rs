//! Checks a whole corpus file.

use rayon::prelude::*;
use ring::digest::{SHA256, digest};

use super::Corpus;
use super::error::CorpusError;
use super::header::{RANGES, Shape};

/// Whether `bytes` have this SHA-256.
pub(super) fn matches(bytes: &[u8], sum: &[u8; 32]) -> bool {
    digest(&SHA256, bytes).as_ref() == sum
}

impl Corpus {
    /// Reads the whole file and checks every checksum, every place and the order of all digests. `seen` is told of bytes
    /// that were read.
    pub fn verify(&self, seen: &(dyn Fn(u64) + Sync)) -> Result<(), CorpusError> {
        let (pieces, summed) = rayon::join(
            || self.pieces(),
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

    /// Checks every bucket or shard by itself: says how many are damaged, and which ranges that concerns.
    fn pieces(&self) -> Result<(), CorpusError> {
        if let Some(shards) = &self.shards {
            return match shards.damaged(self.data()) {
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
        let (entries, damaged, first) = (0..buckets).into_par_iter().map(counted).reduce(|| (0, 0, u64::MAX), both);
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
