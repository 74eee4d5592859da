//! Where bytes come from: files, folders, standard input; and what they are wrapped in.

use std::path::PathBuf;
use std::sync::Arc;

use crate::formats::ReadAt;
use crate::model::{Block, ReportSkip};
use crate::spool::Store;

/// What the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or a folder.
    Path(PathBuf),
    /// Standard input.
    Stdin,
}

/// Limits on what is opened.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text that one unit may decompress to. A decompression bomb ends there.
    pub max_text: u64,
    /// Largest ratio of text to stored bytes, judged after the first 16 MiB of text.
    pub max_ratio: u64,
    /// Size of a block in bytes.
    pub block: usize,
    /// Whether to compute SHA-256 of the bytes as stored.
    pub hash: bool,
}

/// One readable thing inside a target.
pub struct Unit {
    _private: (),
}

/// Why a unit could not be read (further). Says what to do; never holds content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(pub String);

/// All units of the targets in a stable order, and what was passed over.
pub fn find(targets: &[Target], store: &Arc<Store>) -> (Vec<Unit>, Vec<ReportSkip>) {
    let _ = (targets, store);
    todo!()
}

impl Unit {
    /// The target as the user named it.
    pub fn target(&self) -> &str {
        todo!()
    }
    /// Path below the target, `/`-separated; empty where target and unit are the same.
    pub fn name(&self) -> &str {
        todo!()
    }
    /// File name extension, lower case, wrapper endings removed.
    pub fn extension(&self) -> Option<&str> {
        todo!()
    }
    /// Size as stored, where it is known beforehand.
    pub fn size(&self) -> Option<u64> {
        todo!()
    }
    /// Opens it from the start; works any number of times (standard input is kept in the store for that).
    pub fn open(&self, limits: &Limits) -> Result<Input, ReadError> {
        let _ = limits;
        todo!()
    }
}

/// An open unit.
pub struct Input {
    _private: (),
}

impl Input {
    /// Wrappers found around the text, outermost first: `gzip`, `zstd`, `UTF-16LE`.
    pub fn wrappers(&self) -> &[&'static str] {
        todo!()
    }
    /// The next bytes of text; `None` at the end. After an error, reading is over: what came before stays good.
    pub fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        todo!()
    }
    /// The whole text for reading at any place. Plain files are read where they are; anything else is first copied into
    /// the encrypted store.
    pub fn into_random(self) -> Result<Box<dyn ReadAt>, ReadError> {
        todo!()
    }
    /// Bytes as stored consumed so far.
    pub fn stored_bytes(&self) -> u64 {
        todo!()
    }
    /// SHA-256 of the bytes as stored, lower-case hex, if asked for; complete once `next_block` gave `None`.
    pub fn sha256(&self) -> Option<String> {
        todo!()
    }
}
