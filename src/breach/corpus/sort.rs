//! External sort: digests in any order go in, ascending digests with the sum of their counts come out, in bounded memory.
//!
//! Runs that do not fit in memory go to the store that audits use as well: encrypted, in a file that has no name from the
//! moment it is made, so that nothing is left of them whatever happens.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::slice::ParallelSliceMut;

use super::error::CorpusError;
use super::key::{Entry, Key};
use crate::spool::{Chunk, Store};

/// Bytes of an entry in a run.
const LEN: usize = 28;
/// Bytes of a run that are read at a time.
const CHUNK: usize = LEN << 12;

/// Collects entries.
pub(super) struct Sorter {
    folder: PathBuf,
    room: usize,
    open: Vec<Entry>,
    store: Arc<Store>,
    runs: Vec<Run>,
    /// Entries of all runs.
    spilled: u64,
}

impl Sorter {
    /// Uses about `memory` bytes, and files in `folder` beyond that.
    pub(super) fn new(memory: u64, folder: PathBuf) -> Self {
        let room = (memory as usize / size_of::<Entry>()).max(1 << 10);
        let store = Store::new(0, folder.clone());
        Self { folder, room, open: Vec::new(), store, runs: Vec::new(), spilled: 0 }
    }

    pub(super) fn push(&mut self, entries: &[Entry]) -> Result<(), CorpusError> {
        let mut rest = entries;
        while !rest.is_empty() {
            if self.open.len() == self.room {
                self.close();
                // Lists repeat themselves: half full again is worth a run only where it stays so.
                if self.open.len() > self.room / 2 {
                    self.spill().map_err(|error| CorpusError::temporary(&self.folder, &error))?;
                }
            }
            let (now, later) = rest.split_at(rest.len().min(self.room - self.open.len()));
            self.open.extend_from_slice(now);
            rest = later;
        }
        Ok(())
    }

    /// Sorts what is in memory and adds up the counts of equal digests.
    fn close(&mut self) {
        self.open.par_sort_unstable();
        self.open.dedup_by(|next, kept| {
            let same = next.key == kept.key;
            if same {
                kept.count = kept.count.saturating_add(next.count);
            }
            same
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut chunks = Vec::with_capacity(self.open.len() * LEN / CHUNK + 1);
        for part in self.open.chunks(CHUNK / LEN) {
            let mut bytes = Vec::with_capacity(CHUNK + 16);
            for entry in part {
                bytes.extend_from_slice(&entry.key.bytes());
                bytes.extend_from_slice(&entry.count.to_le_bytes());
            }
            chunks.push(self.store.put(bytes)?);
        }
        chunks.reverse();
        self.runs.push(Run { chunks, open: Vec::new(), at: 0 });
        self.spilled += self.open.len() as u64;
        self.open.clear();
        Ok(())
    }

    /// Most digests that will come out.
    pub(super) fn len(&mut self) -> u64 {
        self.close();
        self.open.len() as u64 + self.spilled
    }

    /// Hands on all entries, ascending and distinct.
    pub(super) fn finish(mut self, take: &mut dyn FnMut(Entry) -> Result<(), CorpusError>) -> Result<(), CorpusError> {
        self.close();
        if self.runs.is_empty() {
            return self.open.iter().try_for_each(|entry| take(*entry));
        }
        let folder = self.folder.clone();
        let failed = |error: io::Error| CorpusError::temporary(&folder, &error);
        if !self.open.is_empty() {
            self.spill().map_err(failed)?;
        }
        self.open = Vec::new();
        let mut runs = self.runs;
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next().map_err(failed)?.map(|entry| Reverse((entry, at))));
        }
        let mut open: Option<Entry> = None;
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((entry, at)) = *head;
            match runs[at].next().map_err(failed)? {
                Some(next) => *head = Reverse((next, at)),
                None => drop(PeekMut::pop(head)),
            }
            match &mut open {
                Some(open) if open.key == entry.key => open.count = open.count.saturating_add(entry.count),
                _ => {
                    if let Some(whole) = open.replace(entry) {
                        take(whole)?;
                    }
                }
            }
        }
        open.map_or(Ok(()), take)
    }
}

/// Sorted entries on disk.
struct Run {
    /// Those that were not read yet, last first.
    chunks: Vec<Chunk>,
    open: Vec<u8>,
    at: usize,
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.at == self.open.len() {
            let Some(chunk) = self.chunks.pop() else { return Ok(None) };
            self.open = chunk.get()?.into_owned();
            self.at = 0;
        }
        let (digest, count) = self.open[self.at..self.at + LEN].split_first_chunk::<20>().expect("a whole entry");
        self.at += LEN;
        Ok(Some(Entry { key: Key::sha1(digest), count: u64::from_le_bytes(count.try_into().expect("eight bytes")) }))
    }
}
