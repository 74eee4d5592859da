//! Archives: files that hold files. One file per kind, told by its first bytes, never by its name.
//!
//! Members become [`Unit`](super::Unit)s one at a time, in the archive's order: each is copied into the encrypted store, so
//! that it can be read as often as any other unit, and given up before the next one. What a member unpacks to is bounded
//! three ways, for the outermost archive and all that is nested in it together: depth, ratio to what is stored, and
//! bytes. A bomb ends there, with a sentence in the report.

mod ar;
mod cpio;
mod rpm;
mod sevenz;
mod tar;
mod zip;

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::ReadError;
use super::input::Input;
use super::kept::{CHUNK, Keeper};
use super::wrap::RATIO_FROM;
use crate::formats::ReadAt;
use crate::model::Block;
use crate::spool::{Chunk, Store};

/// Archives inside archives that are opened. A layer of a container image is the second, a jar in it the third.
pub(super) const DEPTH: usize = 8;

/// Bytes of a member that are kept in memory; of a larger one most lies in an encrypted temporary file of its own, gone
/// when the member is done with. Members nested in each other are there at a time, and several archives side by side.
const MEMORY: usize = 4 << 20;

/// All kinds.
const ALL: &[&dyn Archive] = &[&zip::Zip, &tar::Tar, &sevenz::SevenZ, &ar::Ar, &rpm::Rpm, &cpio::Cpio];

/// One kind of archive.
pub(super) trait Archive: Sync {
    /// The name in reports: `zip archive`.
    fn name(&self) -> &'static str;
    /// Whether `head`, the first bytes of the text, begins one.
    fn starts(&self, head: &[u8]) -> bool;
    /// Gives every member to `take`, in the archive's order, until it breaks off. Says how many bytes of the text are
    /// the archive's own and no member's, where the kind tells (0 elsewhere). An error ends the archive: members before it
    /// stand.
    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError>;
}

/// Takes one member: its name as the archive has it, and its bytes or why there are none to be had.
pub(super) type Take<'a> =
    dyn FnMut(&[u8], Result<&mut dyn Read, ReadError>) -> Result<ControlFlow<()>, ReadError> + 'a;

/// The kind of archive that `head` begins.
pub(super) fn of(head: &[u8]) -> Option<&'static dyn Archive> {
    ALL.iter().copied().find(|kind| kind.starts(head))
}

/// The names of all kinds, for documentation.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|kind| kind.name())
}

/// What an outermost archive may unpack to, shared by all that is nested in it.
#[derive(Debug)]
pub(super) struct Budget {
    made: AtomicU64,
    stored: AtomicU64,
    max_text: u64,
    max_ratio: u64,
}

impl Budget {
    pub(super) fn new(limits: &super::Limits) -> Arc<Self> {
        Arc::new(Self {
            made: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            max_text: limits.max_text,
            max_ratio: limits.max_ratio,
        })
    }

    /// The outermost archive has at least `bytes` as stored.
    pub(super) fn stored(&self, bytes: u64) {
        self.stored.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Counts `bytes` more of members' text.
    fn take(&self, bytes: u64) -> Result<(), ReadError> {
        let made = self.made.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if made > self.max_text {
            return Err(ReadError(format!(
                "its members unpack to more than {} bytes: an archive bomb? raise --max-text to read on",
                self.max_text
            )));
        }
        let stored = self.stored.load(Ordering::Relaxed);
        if made > RATIO_FROM && made > self.max_ratio.saturating_mul(stored) {
            return Err(ReadError(format!(
                "its members unpack to more than {} times its size ({made} bytes from {stored}): an archive bomb? raise \
                 --max-ratio to read on",
                self.max_ratio
            )));
        }
        Ok(())
    }
}

/// A member's bytes in the store, and how they ended.
pub(super) struct Kept {
    pub(super) chunks: Vec<Arc<Chunk>>,
    /// Why what follows the last chunk could not be had.
    pub(super) error: Option<ReadError>,
}

/// How copying a member went.
pub(super) enum Copied {
    /// It is there, whole or as far as it could be had.
    Kept(Kept),
    /// It passes what the budget allows; nothing more of this archive should be read.
    Bomb(Kept, ReadError),
}

/// Copies one member into a store beside `store`. Only trouble with that is an error.
pub(super) fn keep(from: &mut dyn Read, store: &Arc<Store>, budget: &Budget) -> Result<Copied, ReadError> {
    let mut keeper = Keeper::new(store.beside(MEMORY));
    let mut buf = Zeroizing::new(vec![0; CHUNK]);
    let mut done = 0_u64;
    let (error, bomb) = loop {
        match from.read(&mut buf) {
            Ok(0) => break (None, None),
            Ok(n) => {
                if let Err(bomb) = budget.take(n as u64) {
                    break (Some(bomb.clone()), Some(bomb));
                }
                done += n as u64;
                keeper.push(&buf[..n])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => {
                let why = format!(
                    "its archive is damaged at its byte {done} ({}): what came before was read; fetch a good copy",
                    kind_of(&e)
                );
                break (Some(ReadError(why)), None);
            }
        }
    };
    keeper.finish()?;
    let kept = Kept { chunks: keeper.chunks().to_vec(), error };
    Ok(match bomb {
        None => Copied::Kept(kept),
        Some(bomb) => Copied::Bomb(kept, bomb),
    })
}

/// What kind of error it is, without the text of the library, which could quote the archive.
fn kind_of(error: &io::Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<ReadError>()) {
        Some(error) => error.0.clone(),
        None => error.kind().to_string(),
    }
}

/// An archive that ends early or contradicts itself.
fn damaged(what: &str, error: &io::Error) -> ReadError {
    ReadError(format!(
        "the {what} is damaged or cut off ({}): the members before that were read; fetch a good copy",
        kind_of(error)
    ))
}

/// The text of a unit, block after block, for libraries that read. Counts what was taken.
struct Text {
    input: Input,
    block: Option<Block>,
    at: usize,
    taken: u64,
}

impl Text {
    fn new(input: Input) -> Self {
        Self { input, block: None, at: 0, taken: 0 }
    }
}

impl Read for Text {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(block) = &self.block {
                let left = &block.bytes()[self.at..];
                if !left.is_empty() {
                    let n = left.len().min(buf.len());
                    buf[..n].copy_from_slice(&left[..n]);
                    self.at += n;
                    self.taken += n as u64;
                    return Ok(n);
                }
            }
            self.at = 0;
            self.block = self.input.next_block().map_err(io::Error::other)?;
            if self.block.is_none() {
                return Ok(0);
            }
        }
    }
}

/// Reads exactly `N` bytes.
fn array<const N: usize>(from: &mut dyn Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Reads past `bytes` bytes.
fn pass(from: &mut dyn Read, bytes: u64) -> io::Result<()> {
    if io::copy(&mut from.take(bytes), &mut io::sink())? == bytes {
        Ok(())
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// A text that can be read at any place, for libraries that seek.
struct Places {
    at: Box<dyn ReadAt>,
    place: u64,
}

impl Places {
    fn new(at: Box<dyn ReadAt>) -> Self {
        Self { at, place: 0 }
    }
}

impl Read for Places {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.at.read_at(self.place, buf)?;
        self.place += n as u64;
        Ok(n)
    }
}

impl Seek for Places {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.at.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.place.checked_add_signed(by),
        };
        self.place = place.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.place)
    }
}
