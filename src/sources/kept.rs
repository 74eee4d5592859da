//! Text kept in the encrypted store, read at any place.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::ReadError;
use super::archive::Kept;
use super::layer::{Source, why};
use crate::formats::ReadAt;
use crate::spool::{Chunk, Store};

/// Bytes to a chunk: small enough that a page read at random decrypts little in vain, large enough for AES-GCM to run
/// at full speed.
pub(super) const CHUNK: usize = 256 << 10;

/// Decrypted chunks held at a time: 4 MiB.
const HELD: usize = 16;

/// Collects bytes into chunks of [`CHUNK`] bytes, the last one shorter.
pub(super) struct Keeper {
    store: Arc<Store>,
    chunks: Vec<Arc<Chunk>>,
    begun: Zeroizing<Vec<u8>>,
}

impl Keeper {
    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, chunks: Vec::new(), begun: Zeroizing::default() }
    }

    /// Keeps `bytes` after those before.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), ReadError> {
        while !bytes.is_empty() {
            if self.begun.capacity() == 0 {
                self.begun.reserve_exact(CHUNK);
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.begun.len()));
            self.begun.extend_from_slice(now);
            bytes = later;
            if self.begun.len() == CHUNK {
                self.finish()?;
            }
        }
        Ok(())
    }

    /// Keeps what is left over.
    pub(super) fn finish(&mut self) -> Result<(), ReadError> {
        if !self.begun.is_empty() {
            let chunk = self.store.put(std::mem::take(&mut *self.begun)).map_err(|e| {
                ReadError(format!(
                    "it could not be kept for reading it again ({}): make room in the folder for temporary files, or name \
                     one with more room",
                    why(&e)
                ))
            })?;
            self.chunks.push(Arc::new(chunk));
        }
        Ok(())
    }

    /// Full chunks so far.
    pub(super) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    /// Bytes after the last full chunk.
    pub(super) fn begun(&self) -> &[u8] {
        &self.begun
    }
}

/// Reads chunks that all have [`CHUNK`] bytes but the last, without the first `base` bytes.
pub(super) struct KeptAt {
    chunks: Vec<Arc<Chunk>>,
    base: u64,
    size: u64,
    held: Mutex<VecDeque<(usize, Plain)>>,
}

type Plain = Arc<Zeroizing<Vec<u8>>>;

impl KeptAt {
    pub(super) fn new(chunks: Vec<Arc<Chunk>>, base: u64) -> Self {
        let size = chunks.iter().map(|c| c.len() as u64).sum::<u64>().saturating_sub(base);
        Self { chunks, base, size, held: Mutex::default() }
    }

    fn held(&self, index: usize) -> Option<Plain> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let place = held.iter().position(|(i, _)| *i == index)?;
        let found = held.remove(place)?;
        let plain = found.1.clone();
        held.push_front(found);
        Some(plain)
    }

    fn copy(&self, index: usize, within: usize, buf: &mut [u8]) -> io::Result<usize> {
        if let Some(plain) = self.held(index) {
            return Ok(copy(&plain[within..], buf));
        }
        match self.chunks[index].get()? {
            Cow::Borrowed(bytes) => Ok(copy(&bytes[within..], buf)),
            Cow::Owned(bytes) => {
                let plain = Arc::new(Zeroizing::new(bytes));
                let n = copy(&plain[within..], buf);
                let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
                held.truncate(HELD - 1);
                held.push_front((index, plain));
                Ok(n)
            }
        }
    }
}

impl ReadAt for KeptAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let mut done = 0;
        while done < want {
            let at = self.base + offset + done as u64;
            done += self.copy((at / CHUNK as u64) as usize, (at % CHUNK as u64) as usize, &mut buf[done..want])?;
        }
        Ok(done)
    }
}

/// Reads what is kept of an archive's member from start to end.
pub(super) struct KeptSource {
    at: KeptAt,
    place: u64,
    error: Option<ReadError>,
}

impl KeptSource {
    pub(super) fn new(kept: &Kept) -> Self {
        Self { at: KeptAt::new(kept.chunks.clone(), 0), place: 0, error: kept.error.clone() }
    }
}

impl Source for KeptSource {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        if self.place == self.at.size() {
            return self.error.clone().map_or(Ok(0), Err);
        }
        let n = self.at.read_at(self.place, buf).map_err(|e| ReadError(why(&e)))?;
        self.place += n as u64;
        Ok(n)
    }
}

fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let n = from.len().min(to.len());
    to[..n].copy_from_slice(&from[..n]);
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_text_reads_the_same_at_every_place_from_memory_and_from_disk() {
        let text: Vec<u8> = (0..CHUNK * 3 + 77).map(|i| ((i * 31) >> 3) as u8).collect();
        for limit in [0, CHUNK * 2, usize::MAX / 2] {
            let mut keeper = Keeper::new(Store::new(limit, std::env::temp_dir()));
            text.chunks(100_003).for_each(|part| keeper.push(part).unwrap());
            keeper.finish().unwrap();
            for base in [0, 3] {
                let kept = KeptAt::new(keeper.chunks().to_vec(), base);
                let text = &text[base as usize..];
                assert_eq!(kept.size(), text.len() as u64);
                let mut buf = vec![0; 70_000];
                for at in [0, 1, CHUNK - 5, CHUNK, 2 * CHUNK - 1, text.len() - 9, text.len(), text.len() + 9] {
                    let n = kept.read_at(at as u64, &mut buf).unwrap();
                    assert_eq!(&buf[..n], &text[at.min(text.len())..text.len().min(at + buf.len())], "{limit} {at}");
                }
            }
        }
    }

    #[test]
    fn no_more_than_a_few_chunks_are_held_decrypted() {
        let mut keeper = Keeper::new(Store::new(0, std::env::temp_dir()));
        keeper.push(&vec![7; CHUNK * (HELD + 4)]).unwrap();
        let kept = KeptAt::new(keeper.chunks().to_vec(), 0);
        let mut buf = [0; 10];
        for i in 0..HELD + 4 {
            kept.read_at((i * CHUNK) as u64, &mut buf).unwrap();
        }
        assert_eq!(kept.held.lock().unwrap().len(), HELD);
    }

    #[test]
    fn a_folder_that_cannot_hold_it_is_an_error_that_says_what_to_do() {
        let mut keeper = Keeper::new(Store::new(0, "/nonexistent/folder".into()));
        let said = keeper.push(&vec![7; CHUNK]).unwrap_err().0;
        assert!(said.contains("folder for temporary files"), "{said}");
    }
}
