//! Checks a whole corpus file.

use rayon::prelude::*;
use ring::digest::{SHA256, digest};

use super::Corpus;
use super::error::CorpusError;

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
        let buckets = 1_u64 << self.shape.bits;
        let damage = |number: &u64| !self.bucket(*number).is_some_and(|bucket| bucket.is_sound());
        let bad = (0..buckets).into_par_iter().filter(damage);
        let (damaged, first) =
            bad.map(|number| (1_u64, number)).reduce(|| (0, u64::MAX), |a, b| (a.0 + b.0, a.1.min(b.1)));
        if damaged > 0 {
            let bits = self.shape.bits;
            let range = if bits < 20 { first << (20 - bits) } else { first >> (bits - 20) };
            let what = format_args!(
                "{damaged} of {buckets} buckets do not have their checksum, the first in range {range:05X}"
            );
            return Err(CorpusError::damaged(&self.path, what));
        }
        let entries: u64 = (0..buckets).into_par_iter().map(|n| self.bucket(n).map_or(0, |b| b.len() as u64)).sum();
        if entries != self.header.entries {
            let what = format_args!("it holds {entries} digests and its header says {}", self.header.entries);
            return Err(CorpusError::damaged(&self.path, what));
        }
        Ok(())
    }
}
