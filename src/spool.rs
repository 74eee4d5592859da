//! Where the audit keeps what it must remember until the last row is read: in memory while the budget lasts, beyond that
//! in one temporary file, mode 0600, unlinked at once, encrypted under a key that exists only in this process.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
/// The store of one audit. Shared by all threads.
pub struct Store {
    key: LessSafeKey,
    limit: usize,
    used: AtomicUsize,
    folder: PathBuf,
    file: OnceLock<File>,
    end: AtomicU64,
    next_nonce: AtomicU64,
}

/// Bytes kept in a [`Store`]. In memory they are wiped on drop.
pub struct Chunk {
    place: Place,
    store: Arc<Store>,
}

enum Place {
    Memory(Vec<u8>),
    Disk { at: u64, len: usize, nonce: u64 },
}

/// AES-256-GCM's tag.
const TAG: usize = 16;

impl Store {
    /// A store that keeps `limit` bytes in memory and the rest in a file in `folder` (created on first need).
    pub fn new(limit: usize, folder: PathBuf) -> Arc<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &bytes).expect("the key is 32 bytes"));
        wipe(&mut bytes);
        Arc::new(Self {
            key,
            limit,
            used: AtomicUsize::new(0),
            folder,
            file: OnceLock::new(),
            end: AtomicU64::new(0),
            next_nonce: AtomicU64::new(0),
        })
    }

    /// Keeps `bytes`. Fails when the disk is full or the folder cannot be written.
    pub fn put(self: &Arc<Self>, mut bytes: Vec<u8>) -> io::Result<Chunk> {
        let len = bytes.len();
        if self.used.fetch_add(len, Ordering::Relaxed) + len <= self.limit {
            bytes.shrink_to_fit();
            return Ok(Chunk { place: Place::Memory(bytes), store: self.clone() });
        }
        self.used.fetch_sub(len, Ordering::Relaxed);
        let nonce = self.next_nonce.fetch_add(1, Ordering::Relaxed);
        self.key
            .seal_in_place_append_tag(nonce_of(nonce), Aad::empty(), &mut bytes)
            .map_err(|_| io::Error::other("encryption failed"))?;
        let at = self.end.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let written = self.file()?.write_all_at(&bytes, at);
        wipe(&mut bytes);
        written?;
        Ok(Chunk { place: Place::Disk { at, len, nonce }, store: self.clone() })
    }

    /// A store of its own in the same folder, with its own key and `limit` bytes of memory: what it wrote to disk is given
    /// back with its last chunk, while this one only grows.
    #[must_use]
    pub fn beside(&self, limit: usize) -> Arc<Self> {
        Self::new(limit, self.folder.clone())
    }

    /// Bytes on disk so far.
    pub fn spilled(&self) -> u64 {
        self.end.load(Ordering::Relaxed)
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = tempfile::tempfile_in(&self.folder)?;
        Ok(self.file.get_or_init(|| file))
    }
}

/// Overwrites with zeros in a way that the compiler keeps; a vectorised fill, unlike byte-wise volatile writes, costs
/// nothing beside the work that filled a chunk.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// A nonce is used once: it counts the chunks written under this process' key.
fn nonce_of(n: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&n.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

impl Chunk {
    /// The bytes. Fails when the file cannot be read or was tampered with.
    pub fn get(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.place {
            Place::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Place::Disk { at, len, nonce } => {
                let mut bytes = vec![0; len + TAG];
                self.store.file()?.read_exact_at(&mut bytes, *at)?;
                self.store
                    .key
                    .open_in_place(nonce_of(*nonce), Aad::empty(), &mut bytes)
                    .map_err(|_| io::Error::other("a temporary file of this audit was changed by somebody"))?;
                bytes.truncate(*len);
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        match &self.place {
            Place::Memory(bytes) => bytes.len(),
            Place::Disk { len, .. } => *len,
        }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Place::Memory(bytes) = &mut self.place {
            let len = bytes.len();
            wipe(bytes);
            self.store.used.fetch_sub(len, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_beyond_the_budget_come_back_from_disk_and_are_not_readable_there() {
        let store = Store::new(100, std::env::temp_dir());
        let first = store.put(vec![b'a'; 80]).unwrap();
        let second = store.put(b"a secret that must not be on disk".to_vec()).unwrap();
        assert_eq!(first.get().unwrap().as_ref(), [b'a'; 80]);
        assert_eq!(second.get().unwrap().as_ref(), b"a secret that must not be on disk");
        let mut raw = vec![0; store.spilled() as usize];
        store.file().unwrap().read_exact_at(&mut raw, 0).unwrap();
        assert!(!raw.windows(8).any(|w| w == b"a secret"));
        drop(first);
        assert_eq!(store.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_changed_temporary_file_is_an_error_and_not_an_answer() {
        let store = Store::new(0, std::env::temp_dir());
        let chunk = store.put(vec![1; 64]).unwrap();
        store.file().unwrap().write_all_at(&[0xff], 3).unwrap();
        assert!(chunk.get().is_err());
    }
}
