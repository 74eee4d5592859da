//! Binary fuse filters, in shards: each holds the digests between two, so that memory stays bounded while they are made
//! and the shard that sorted questions need stays in the processor's cache while they are asked.
//!
//! A shard is checked once, when it is first asked: a damaged one answers nothing, for a single changed byte would make a
//! breached password look clean.

use std::sync::atomic::{AtomicU8, Ordering};

use rayon::prelude::*;
use xorf::{BinaryFuse8, BinaryFuse8Ref, BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};

use super::header::Variant;

/// Digests of a shard: 300 KB of 8-bit fingerprints stay in a second-level cache; larger shards save 2 % of space.
pub(super) const SHARD: usize = 1 << 18;
/// Shards begin at multiples of this: 16-bit fingerprints lie aligned.
pub(super) const ALIGN: u64 = 64;
/// Bytes of a directory line: first key, place, length, descriptor, checksum.
const LINE: usize = 8 + 8 + 8 + DESCRIPTOR + 4;
const DESCRIPTOR: usize = <BinaryFuse8 as DmaSerializable>::DESCRIPTOR_LEN;

/// One shard as the directory describes it.
#[derive(Clone, Debug)]
pub(super) struct Shard {
    /// The smallest key in it; the first shard begins at 0 whatever lies in it.
    first: u64,
    /// Place within the data section.
    at: u64,
    len: u64,
    descriptor: [u8; DESCRIPTOR],
    sum: u32,
}

impl Shard {
    /// Makes the filter of `keys` (ascending, distinct, at least one): a line of the directory that lacks its place, and
    /// the fingerprints. `None` if none can be made, which has a chance of 1 in 2^1000.
    pub(super) fn build(keys: &[u64], variant: Variant) -> Option<(Self, Vec<u8>)> {
        let mut descriptor = [0; DESCRIPTOR];
        let prints = if variant == Variant::Filter8 {
            let filter = BinaryFuse8::try_from(keys).ok()?;
            filter.dma_copy_descriptor_to(&mut descriptor);
            filter.dma_fingerprints().to_vec()
        } else {
            let filter = BinaryFuse16::try_from(keys).ok()?;
            filter.dma_copy_descriptor_to(&mut descriptor);
            filter.fingerprints.iter().flat_map(|print| print.to_le_bytes()).collect()
        };
        let sum = crc32fast::hash(&prints);
        Some((Self { first: *keys.first()?, at: 0, len: prints.len() as u64, descriptor, sum }, prints))
    }

    pub(super) fn at(mut self, at: u64) -> Self {
        self.at = at;
        self
    }

    pub(super) fn encode(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(&self.first.to_le_bytes());
        to.extend_from_slice(&self.at.to_le_bytes());
        to.extend_from_slice(&self.len.to_le_bytes());
        to.extend_from_slice(&self.descriptor);
        to.extend_from_slice(&self.sum.to_le_bytes());
    }

    fn decode(line: &[u8; LINE]) -> Self {
        let number = |at: usize| u64::from_le_bytes(line[at..at + 8].try_into().expect("eight bytes"));
        Self {
            first: number(0),
            at: number(8),
            len: number(16),
            descriptor: line[24..24 + DESCRIPTOR].try_into().expect("a descriptor"),
            sum: u32::from_le_bytes(line[LINE - 4..].try_into().expect("four bytes")),
        }
    }

    /// Whether every place that a question can lead to lies within the fingerprints.
    fn is_sound(&self, width: u64, data_len: u64) -> bool {
        let word = |at: usize| u32::from_le_bytes(self.descriptor[at..at + 4].try_into().expect("four bytes"));
        // Of the descriptor: seed (8 bytes), length of a segment, its mask, length of all segments but two.
        let (segment, mask, all) = (word(8), word(12), word(16));
        let prints = u64::from(all) + 2 * u64::from(segment);
        segment.is_power_of_two()
            && mask == segment - 1
            && u32::try_from(prints).is_ok()
            && self.len == prints * width
            && self.at.is_multiple_of(ALIGN)
            && self.at.checked_add(self.len).is_some_and(|end| end <= data_len)
    }
}

/// All shards of a file, and what is known of their health.
pub(super) struct Shards {
    directory: Vec<Shard>,
    variant: Variant,
    health: Vec<AtomicU8>,
}

const UNCHECKED: u8 = 0;
const WHOLE: u8 = 1;
const DAMAGED: u8 = 2;

impl Shards {
    /// Reads the directory; `None` where it makes no sense.
    pub(super) fn open(directory: &[u8], data_len: u64, variant: Variant) -> Option<Self> {
        let (lines, rest) = directory.as_chunks::<LINE>();
        let shards: Vec<Shard> = lines.iter().map(Shard::decode).collect();
        let width = if variant == Variant::Filter8 { 1 } else { 2 };
        let sound = rest.is_empty()
            && shards.windows(2).all(|pair| pair[0].first < pair[1].first && pair[0].at < pair[1].at)
            && shards.iter().all(|shard| shard.is_sound(width, data_len));
        let health = (0..shards.len()).map(|_| AtomicU8::new(UNCHECKED)).collect();
        (sound && !shards.is_empty()).then_some(Self { directory: shards, variant, health })
    }

    /// The shard that `key` would be in.
    fn of(&self, key: u64) -> usize {
        self.directory.partition_point(|shard| shard.first <= key).saturating_sub(1)
    }

    /// Says for each of `keys` (the first eight bytes of digests) whether it may be in the set; quick where they are sorted. `None` in a damaged shard.
    pub(super) fn ask(&self, data: &[u8], keys: &[u64], answer: &mut dyn FnMut(usize, Option<bool>)) {
        let mut at = 0;
        while let Some(first) = keys.get(at) {
            let shard = self.of(*first);
            let next = self.directory.get(shard + 1).map(|shard| shard.first);
            let same = |key: &u64| key >= first && next.is_none_or(|next| *key < next);
            let run = &keys[at..];
            let run = &run[..run.iter().take_while(|key| same(key)).count()];
            match self.prints(data, shard) {
                None => (0..run.len()).for_each(|i| answer(at + i, None)),
                Some(prints) => {
                    let descriptor = &self.directory[shard].descriptor;
                    if self.variant == Variant::Filter8 {
                        let filter = BinaryFuse8Ref::from_dma(descriptor, prints);
                        run.iter().enumerate().for_each(|(i, key)| answer(at + i, Some(filter.contains(key))));
                    } else {
                        let filter = BinaryFuse16Ref::from_dma(descriptor, prints);
                        run.iter().enumerate().for_each(|(i, key)| answer(at + i, Some(filter.contains(key))));
                    }
                }
            }
            at += run.len();
        }
    }

    /// The fingerprints of a shard, if they have their checksum.
    fn prints<'a>(&self, data: &'a [u8], shard: usize) -> Option<&'a [u8]> {
        let Shard { at, len, sum, .. } = self.directory[shard];
        let prints = data.get(at as usize..(at + len) as usize)?;
        let health = &self.health[shard];
        match health.load(Ordering::Relaxed) {
            WHOLE => Some(prints),
            DAMAGED => None,
            _ => {
                let whole = crc32fast::hash(prints) == sum;
                health.store(if whole { WHOLE } else { DAMAGED }, Ordering::Relaxed);
                whole.then_some(prints)
            }
        }
    }

    /// Shards whose fingerprints do not have their checksum.
    pub(super) fn damaged(&self, data: &[u8]) -> usize {
        self.directory
            .par_iter()
            .filter(|shard| {
                let prints = data.get(shard.at as usize..(shard.at + shard.len) as usize);
                prints.is_none_or(|prints| crc32fast::hash(prints) != shard.sum)
            })
            .count()
    }

    pub(super) const fn len(&self) -> usize {
        self.directory.len()
    }
}
