//! External sort: digests in any order go in, ascending digests with the sum of their counts come out, in bounded memory.
//!
//! Runs that do not fit in memory go to files that have no name from the moment they are made, so that nothing is left of
//! them whatever happens.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use rayon::slice::ParallelSliceMut;

use super::error::CorpusError;
use super::key::{Entry, Key};

/// Bytes of an entry in a run.
const LEN: usize = 28;
/// Least and most bytes read of a run at a time.
const BUFFERS: (usize, usize) = (16 << 10, 4 << 20);

/// Collects entries.
pub(super) struct Sorter {
    folder: PathBuf,
    room: usize,
    open: Vec<Entry>,
    runs: Vec<(File, u64)>,
}

impl Sorter {
    /// Uses about `memory` bytes, and files in `folder` beyond that.
    pub(super) fn new(memory: u64, folder: PathBuf) -> Self {
        let room = (memory as usize / size_of::<Entry>()).max(1 << 10);
        Self { folder, room, open: Vec::new(), runs: Vec::new() }
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
        let mut to = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(&self.folder)?);
        for entry in &self.open {
            to.write_all(&entry.key.bytes())?;
            to.write_all(&entry.count.to_le_bytes())?;
        }
        let mut file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push((file, self.open.len() as u64));
        self.open.clear();
        Ok(())
    }

    /// Most digests that will come out.
    pub(super) fn len(&mut self) -> u64 {
        self.close();
        self.open.len() as u64 + self.runs.iter().map(|(_, len)| len).sum::<u64>()
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
        let room = (self.room * size_of::<Entry>() / self.runs.len()).clamp(BUFFERS.0, BUFFERS.1);
        let mut runs: Vec<Run> = self
            .runs
            .into_iter()
            .map(|(file, left)| Run { from: BufReader::with_capacity(room, file), left })
            .collect();
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (at, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next().map_err(failed)?.map(|entry| Reverse((entry, at))));
        }
        let mut open: Option<Entry> = None;
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((entry, at)) = *head;
            match runs[at].next().map_err(failed)? {
                Some(next) => *head = Reverse((next, at)),
                None => drop(std::collections::binary_heap::PeekMut::pop(head)),
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

struct Run {
    from: BufReader<File>,
    left: u64,
}

impl Run {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let mut bytes = [0; LEN];
        self.from.read_exact(&mut bytes)?;
        let (digest, count) = bytes.split_first_chunk::<20>().expect("an entry begins with its digest");
        Ok(Some(Entry { key: Key::sha1(digest), count: u64::from_le_bytes(count.try_into().expect("eight bytes")) }))
    }
}
