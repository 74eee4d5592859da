//! A breach corpus as one file: answers in bulk, without a network, and knows what it does not know.
//!
//! [`Builder`] writes it from digests in ascending order; [`build`] makes it from what people have: the official single
//! text file, folders of ranges, binary files, lists of their own. [`Corpus`] maps it and answers: whole digests or so much
//! of them that a wrong "seen" happens less than once in a billion questions, exact counts, ranges for a server. Every piece
//! that a lookup touches has a checksum that the lookup checks: damage is [`Exposure::Unknown`], and so is a range that the
//! corpus lacks.
//!
//! `header` has the layout of the file, `bucket` and `filter` that of its pieces.

mod bucket;
mod builder;
#[doc(hidden)]
pub mod checks;
mod error;
mod filter;
mod folder;
mod header;
mod input;
mod key;
mod lines;
mod map;
mod ranges;
mod records;
mod slot;
mod sort;
#[cfg(test)]
mod tests;
mod text;
mod verify;
mod words;

use std::fs::File;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

pub use builder::{BuildOptions, Builder, Built, PushError};
pub use error::CorpusError;
pub use header::{Header, Variant};
pub use input::{BuildReport, Recipe, build};
pub use lines::{BadLine, BadWhy};
pub use ranges::NoRange;

use super::Source;
use crate::model::{Digest, DigestKind, Exposure, Unasked};
use bucket::Bucket;
use filter::Shards;
use header::{HOLES_LEN, LEN, RANGES, Shape};
use key::Key;
use map::{Map, prefetch};
use slot::{SLOT, Slot, kept};

/// Digests whose answers are collected before they are handed on.
const BATCH: usize = 1 << 20;
/// Digests that one thread looks up at a time.
const PART: usize = 1 << 13;
/// How many digests ahead the place of a bucket is fetched, and a bucket or slot itself: memory needs about 100 ns, a lookup
/// 50.
const AHEAD: (usize, usize) = (16, 8);
/// Most cache lines fetched of a bucket; what is beyond the processor fetches by itself.
const LINES: usize = 16;

/// A corpus file, open for questions.
pub struct Corpus {
    path: PathBuf,
    header: Header,
    shape: Shape,
    map: Map,
    /// The checksum of no bytes.
    nothing: crc32fast::Hasher,
    /// Of a filter.
    shards: Option<Shards>,
}

impl Corpus {
    /// Opens the corpus file at `path`. Checks its header, its holes and its length; what lies behind is checked as it is
    /// asked.
    pub fn open(path: &Path) -> Result<Self, CorpusError> {
        let read = |error: std::io::Error| CorpusError::read(path, &error);
        let file = File::open(path).map_err(read)?;
        let about = file.metadata().map_err(read)?;
        if !about.is_file() {
            let hint = "name a corpus file; `credaudit corpus build` makes one of a folder of ranges";
            return Err(CorpusError::new(path, "is no file", hint));
        }
        let map = Map::new(&file).map_err(read)?;
        let header = Header::decode(path, &map, map.len() as u64)?;
        let corpus = Self {
            path: path.to_owned(),
            shape: Shape::new(header.kind, header.variant, header.buckets),
            header,
            map,
            nothing: crc32fast::Hasher::new(),
            shards: None,
        };
        if !verify::matches(&corpus.map[LEN..LEN + HOLES_LEN], &corpus.header.holes_sum) {
            return Err(CorpusError::damaged(path, "the list of missing ranges does not have its checksum"));
        }
        if !corpus.header.variant.is_filter() {
            return Ok(corpus);
        }
        let directory = corpus.index();
        let shards = verify::matches(directory, &corpus.header.index.sum)
            .then(|| Shards::open(directory, corpus.header.data.len, corpus.header.variant))
            .flatten();
        match shards {
            Some(shards) => Ok(Self { shards: Some(shards), ..corpus }),
            None => Err(CorpusError::damaged(path, "the directory of its filter does not have its checksum")),
        }
    }

    /// What the file says about itself.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The numbers of the ranges that are missing, ascending.
    pub fn holes(&self) -> impl Iterator<Item = u32> {
        (0..RANGES).filter(|prefix| self.is_hole(*prefix))
    }

    /// Whether the range of `prefix` (below 2^20) is missing.
    #[inline]
    pub fn is_hole(&self, prefix: u32) -> bool {
        self.header.holes > 0 && self.map[LEN + prefix as usize / 8] >> (prefix % 8) & 1 != 0
    }

    /// What is known about one digest. For many, [`Corpus::lookup`] is quicker.
    pub fn exposure(&self, digest: &Digest) -> Exposure {
        let key = Key::of(digest);
        match self.shape {
            _ if digest.kind() != self.header.kind => Exposure::Unknown(Unasked::NotAskable),
            Shape::Slots(slots) => {
                let (number, place) = key.share(slots);
                self.look_in(key, place, self.slot(number).as_ref())
            }
            Shape::Buckets { bits, word, rest } => {
                let number = key.first(bits);
                self.fetch(number as usize);
                self.look(key, (word, rest), self.bucket(number).as_ref())
            }
            Shape::Shards => {
                let mut exposure = Exposure::Unknown(Unasked::NotAskable);
                self.part(std::slice::from_ref(digest), std::slice::from_mut(&mut exposure));
                exposure
            }
        }
    }

    /// Answers each of `digests` exactly once, in their order, on all threads of the current pool. Quickest where they are
    /// sorted; where they are not, a batch at a time is.
    pub fn lookup(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        for (number, batch) in digests.chunks(BATCH).enumerate() {
            let exposures = if batch.is_sorted() {
                self.sorted(batch)
            } else {
                let mut order: Vec<(u64, u32)> =
                    batch.par_iter().enumerate().map(|(at, digest)| (Key::of(digest).high(), at as u32)).collect();
                order.par_sort_unstable();
                let sorted: Vec<Digest> = order.par_iter().map(|(_, at)| batch[*at as usize]).collect();
                let mut exposures = vec![Exposure::NotSeen; batch.len()];
                for ((_, at), exposure) in order.iter().zip(self.sorted(&sorted)) {
                    exposures[*at as usize] = exposure;
                }
                exposures
            };
            for (at, exposure) in exposures.into_iter().enumerate() {
                answer(number * BATCH + at, exposure);
            }
        }
    }

    fn sorted(&self, digests: &[Digest]) -> Vec<Exposure> {
        let mut exposures = vec![Exposure::Unknown(Unasked::NotAskable); digests.len()];
        let parts = digests.par_chunks(PART).zip(exposures.par_chunks_mut(PART));
        parts.for_each(|(digests, exposures)| self.part(digests, exposures));
        exposures
    }

    /// Answers into `exposures`, which hold [`Unasked::NotAskable`] so far.
    fn part(&self, digests: &[Digest], exposures: &mut [Exposure]) {
        match (self.shape, &self.shards) {
            (Shape::Slots(slots), _) => self.ask_slots(slots, digests, exposures),
            (Shape::Buckets { bits, word, rest }, _) => self.ask_buckets(bits, (word, rest), digests, exposures),
            (Shape::Shards, Some(shards)) => self.ask_filter(shards, digests, exposures),
            (Shape::Shards, None) => unreachable!("a filter is opened with its directory"),
        }
    }

    fn ask_filter(&self, shards: &Shards, digests: &[Digest], exposures: &mut [Exposure]) {
        let keys: Vec<u64> = digests.iter().map(|digest| Key::of(digest).high()).collect();
        shards.ask(self.data(), &keys, &mut |at, answer| {
            exposures[at] = match answer {
                _ if digests[at].kind() != self.header.kind => Exposure::Unknown(Unasked::NotAskable),
                _ if self.is_hole((keys[at] >> 44) as u32) => Exposure::Unknown(Unasked::Hole),
                None => Exposure::Unknown(Unasked::Damaged),
                Some(true) => Exposure::Unknown(Unasked::Unconfirmed),
                Some(false) => Exposure::NotSeen,
            };
        });
    }

    fn ask_slots(&self, slots: u64, digests: &[Digest], exposures: &mut [Exposure]) {
        let mut slot: (u64, Option<Slot<'_>>) = (u64::MAX, None);
        for (at, (digest, exposure)) in digests.iter().zip(exposures).enumerate() {
            if let Some(near) = digests.get(at + AHEAD.1) {
                let (number, _) = Key::of(near).share(slots);
                for line in 0..SLOT / 64 {
                    prefetch(self.index(), number as usize * SLOT + line * 64);
                }
            }
            if digest.kind() != self.header.kind {
                continue;
            }
            let key = Key::of(digest);
            let (number, place) = key.share(slots);
            if slot.0 != number {
                slot = (number, self.slot(number));
            }
            *exposure = self.look_in(key, place, slot.1.as_ref());
        }
    }

    /// What its slot says about a digest that lies at `place` of its share.
    #[inline]
    fn look_in(&self, key: Key, place: u64, slot: Option<&Slot<'_>>) -> Exposure {
        if self.is_hole(key.prefix()) {
            return Exposure::Unknown(Unasked::Hole);
        }
        let Some(slot) = slot else { return Exposure::Unknown(Unasked::Damaged) };
        slot.find(kept(place), self.data())
    }

    /// Slot `number`, if it is whole.
    #[inline]
    fn slot(&self, number: u64) -> Option<Slot<'_>> {
        Slot::check(self.index().as_chunks().0.get(number as usize)?, number, &self.nothing)
    }

    fn ask_buckets(&self, bits: u32, rest: (u32, usize), digests: &[Digest], exposures: &mut [Exposure]) {
        let mut bucket: (u64, Option<Bucket<'_>>) = (u64::MAX, None);
        for (at, (digest, exposure)) in digests.iter().zip(exposures).enumerate() {
            if let Some(far) = digests.get(at + AHEAD.0) {
                prefetch(self.index(), Key::of(far).first(bits) as usize * 8);
            }
            if let Some(near) = digests.get(at + AHEAD.1) {
                self.fetch(Key::of(near).first(bits) as usize);
            }
            if digest.kind() != self.header.kind {
                continue;
            }
            let key = Key::of(digest);
            let number = key.first(bits);
            if bucket.0 != number {
                bucket = (number, self.bucket(number));
            }
            *exposure = self.look(key, rest, bucket.1.as_ref());
        }
    }

    /// Asks for the cache lines of bucket `number`.
    #[inline]
    fn fetch(&self, number: usize) {
        let index = self.index().as_chunks::<8>().0;
        let (start, end) = (place(index, number), place(index, number + 1));
        for line in 0..=end.saturating_sub(start).div_ceil(64).min(LINES) {
            prefetch(self.data(), start.wrapping_add(line * 64));
        }
    }

    /// What its bucket says about a digest, of which the word begins at a bit and so many bytes follow it.
    #[inline]
    fn look(&self, key: Key, (word, rest): (u32, usize), bucket: Option<&Bucket<'_>>) -> Exposure {
        if self.is_hole(key.prefix()) {
            return Exposure::Unknown(Unasked::Hole);
        }
        let Some(bucket) = bucket else { return Exposure::Unknown(Unasked::Damaged) };
        let len = self.header.kind.len();
        let found = bucket.find(key.word(word), &key.bytes()[len - rest..len]);
        found.map_or(Exposure::NotSeen, |count| Exposure::Seen(Some(count)))
    }

    /// Bucket `number` of a full corpus, if it is whole.
    #[inline]
    fn bucket(&self, number: u64) -> Option<Bucket<'_>> {
        let Shape::Buckets { rest, .. } = self.shape else { return None };
        let index = self.index().as_chunks::<8>().0;
        let bytes = self.data().get(place(index, number as usize)..place(index, number as usize + 1))?;
        Bucket::check(bytes, number, rest)
    }

    #[inline]
    fn index(&self) -> &[u8] {
        let at = self.header.index.at as usize;
        &self.map[at..at + self.header.index.len as usize]
    }

    #[inline]
    fn data(&self) -> &[u8] {
        let at = self.header.data.at as usize;
        &self.map[at..at + self.header.data.len as usize]
    }
}

/// Where bucket `number` begins.
#[inline]
fn place(index: &[[u8; 8]], number: usize) -> usize {
    index.get(number).map_or(usize::MAX, |place| u64::from_le_bytes(*place) as usize)
}

impl Source for Corpus {
    fn name(&self) -> String {
        format!("corpus:{}", self.path.display())
    }

    fn takes(&self) -> &[DigestKind] {
        std::slice::from_ref(&self.header.kind)
    }

    fn is_local(&self) -> bool {
        true
    }

    fn excludes(&self) -> bool {
        self.header.variant.is_filter()
    }

    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        self.lookup(digests, answer);
    }
}
