//! What all layers between storage and text have in common: [`Source`], looking ahead, and counting what is stored.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::ReadError;
use crate::model::wipe;
use sha2::{Digest, Sha256};

/// Gives bytes in order.
pub(super) trait Source: Send {
    /// Fills the start of `buf`, which is not empty, and says how far; 0 at the end. Everything before an error is
    /// handed on first; after an error the same error comes again.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError>;
}

/// Bytes that are at hand.
pub(super) struct AtHand<T> {
    bytes: T,
    at: usize,
}

impl<T: AsRef<[u8]>> AtHand<T> {
    /// Gives `bytes` from the place `at` on.
    pub(super) fn new(bytes: T, at: usize) -> Self {
        Self { bytes, at }
    }
}

impl<T: AsRef<[u8]> + Send> Source for AtHand<T> {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        let left = &self.bytes.as_ref()[self.at..];
        let n = left.len().min(buf.len());
        buf[..n].copy_from_slice(&left[..n]);
        self.at += n;
        Ok(n)
    }
}

/// How far storage has been read. Shared by the layers and whoever shows progress.
#[derive(Default)]
pub(super) struct Meter {
    bytes: AtomicU64,
    sha256: OnceLock<String>,
}

impl Meter {
    /// Bytes as stored consumed so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// SHA-256 of the stored bytes, once the last was read.
    pub(super) fn sha256(&self) -> Option<String> {
        self.sha256.get().cloned()
    }
}

/// Counts the bytes as stored and, if asked, hashes them.
pub(super) struct Stored {
    inner: Box<dyn Source>,
    meter: Arc<Meter>,
    hasher: Option<Sha256>,
}

impl Stored {
    pub(super) fn new(inner: Box<dyn Source>, meter: Arc<Meter>, hash: bool) -> Self {
        Self { inner, meter, hasher: hash.then(Sha256::new) }
    }
}

impl Source for Stored {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        let n = self.inner.read(buf)?;
        self.meter.bytes.fetch_add(n as u64, Ordering::Relaxed);
        if n > 0 {
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&buf[..n]);
            }
        } else if let Some(hasher) = self.hasher.take() {
            // Nobody else sets it: there is one such layer to a meter.
            let _ = self.meter.sha256.set(hex::encode(hasher.finalize()));
        }
        Ok(n)
    }
}

/// A source whose first bytes can be looked at before they are read.
pub(super) struct Peeked {
    head: Vec<u8>,
    given: usize,
    error: Option<ReadError>,
    inner: Box<dyn Source>,
}

impl Peeked {
    /// Looks at up to `len` bytes. An error met on the way is reported where it lies, when reading comes there.
    pub(super) fn new(mut inner: Box<dyn Source>, len: usize) -> Self {
        let mut head = vec![0; len];
        let mut seen = 0;
        let mut error = None;
        while seen < len {
            match inner.read(&mut head[seen..]) {
                Ok(0) => break,
                Ok(n) => seen += n,
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
        head.truncate(seen);
        Self { head, given: 0, error, inner }
    }

    /// The first bytes.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// Leaves out the first `n` of them.
    pub(super) fn skip(&mut self, n: usize) {
        self.given += n;
    }
}

impl Drop for Peeked {
    fn drop(&mut self) {
        wipe(&mut self.head);
    }
}

impl Source for Peeked {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        let left = &self.head[self.given..];
        if left.is_empty() {
            return match &self.error {
                Some(error) => Err(error.clone()),
                None => self.inner.read(buf),
            };
        }
        let n = left.len().min(buf.len());
        buf[..n].copy_from_slice(&left[..n]);
        self.given += n;
        Ok(n)
    }
}

/// Why something cannot be opened or read, and what to do about it.
pub(super) fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it does not exist (any more): check the name".into(),
        io::ErrorKind::PermissionDenied => {
            "permission denied: run the audit as a user who may read it, or grant that right".into()
        }
        io::ErrorKind::NotADirectory => "part of its path is not a folder: check the name".into(),
        _ => format!("{error}: check the name and the medium it is on, or audit a copy"),
    }
}
