//! Opening a unit: from the place, through the wrappers, to blocks of text.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::{fmt, thread};

use zeroize::Zeroizing;

use super::archive::Kept;
use super::blocks::Blocks;
use super::file::{self, FileAt, FileSource};
use super::kept::{Keeper, KeptAt, KeptSource};
use super::layer::{AtHand, Meter, Peeked, Source, Stored};
use super::stdin::Pipe;
use super::{Limits, ReadError, text, wrap};
use crate::formats::ReadAt;
use crate::model::{Block, Pool};
use crate::spool::Store;

/// Wrappers inside wrappers that are opened: `.sql.gz.xz` has two. More is no accident.
const DEPTH: usize = 4;

/// Blocks unwrapped ahead of whoever reads: enough to level out uneven work, little enough to stay flat.
const AHEAD: usize = 3;

/// Stored bytes from which unwrapping gets a thread of its own, so that it overlaps with whatever the text is read for
/// (measured on 2 cores: gzip gives 320 MB/s of text with and without 930 MB/s of work on it). Below, starting one costs
/// more than it saves.
const WORTH_A_THREAD: u64 = 256 << 10;

/// Where a unit is read from, and what reading needs.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) place: Place,
    pub(super) store: Arc<Store>,
    pub(super) pool: Arc<Pool>,
}

/// Where a unit is.
#[derive(Clone)]
pub(super) enum Place {
    /// A plain file.
    Path(PathBuf),
    /// A plain file somebody else opened.
    Open(Arc<File>),
    /// Something that can be read only once.
    Pipe(Arc<Pipe>),
    /// A member of an archive, in the store.
    Kept(Arc<Kept>),
    /// A few bytes at hand: where a link leads.
    Text(Arc<[u8]>),
    /// An object of a git repository.
    #[cfg(feature = "git")]
    Blob(super::git::Blob),
}

impl Place {
    /// Size as stored, where it is known.
    pub(super) fn size(&self) -> Option<u64> {
        match self {
            Self::Path(path) => path.metadata().ok().map(|m| m.len()),
            Self::Open(file) => file::size(file).ok(),
            Self::Pipe(_) => None,
            #[cfg(feature = "git")]
            Self::Blob(_) => None,
            Self::Text(text) => Some(text.len() as u64),
            Self::Kept(kept) => Some(kept.chunks.iter().map(|c| c.len() as u64).sum()),
        }
    }

    fn start(&self) -> Result<(Box<dyn Source>, Direct), ReadError> {
        let (file, size) = match self {
            Self::Pipe(pipe) => return Ok((Box::new(pipe.source()), Direct::Pipe(pipe.clone(), 0))),
            Self::Kept(kept) => return Ok((Box::new(KeptSource::new(kept)), Direct::Kept(kept.clone(), 0))),
            Self::Text(text) => return Ok((Box::new(AtHand::new(text.clone(), 0)), Direct::Not)),
            #[cfg(feature = "git")]
            Self::Blob(blob) => return Ok((blob.start()?, Direct::Not)),
            Self::Path(path) => file::open(path)?,
            Self::Open(file) => (file.clone(), file::size(file)?),
        };
        Ok((Box::new(FileSource::new(file.clone(), size)), Direct::File(file, 0)))
    }
}

/// How the text can be had at any place without copying it: it is what is stored, without the first bytes.
enum Direct {
    File(Arc<File>, u64),
    Pipe(Arc<Pipe>, u64),
    Kept(Arc<Kept>, u64),
    Not,
}

impl Origin {
    pub(super) fn open(&self, limits: &Limits) -> Result<Input, ReadError> {
        let (source, direct) = self.place.start()?;
        let meter = Arc::new(Meter::default());
        let mut wrappers: Vec<&'static str> = Vec::new();
        let mut peeked = Peeked::new(Box::new(Stored::new(source, meter.clone(), limits.hash)), text::HEAD);
        while let Some(wrapper) = wrap::of(peeked.head()) {
            if wrappers.len() == DEPTH {
                return Err(ReadError(format!(
                    "it is wrapped more than {DEPTH} times ({}, …): unwrap it by hand and audit the result",
                    wrappers.join(", ")
                )));
            }
            let outer = wrappers.last().copied();
            wrappers.push(wrapper.name);
            let unwrapped = wrap::Unwrap::new(Box::new(peeked), wrapper, outer, limits, meter.clone())?;
            peeked = Peeked::new(Box::new(unwrapped), text::HEAD);
        }
        let is_wrapped = !wrappers.is_empty();
        let mut written = Encoded::default();
        let (source, direct): (Box<dyn Source>, Direct) = match text::encoding(peeked.head()) {
            text::Encoding::Bytes { mark } => {
                peeked.skip(mark);
                written.mark = mark as u64;
                (Box::new(peeked), if is_wrapped { Direct::Not } else { direct.without(mark) })
            }
            text::Encoding::Utf16 { name, encoding, mark } => {
                peeked.skip(mark);
                wrappers.push(name);
                written = Encoded { mark: mark as u64, utf16: true };
                (Box::new(text::Utf16::new(peeked, name, encoding)), Direct::Not)
            }
            text::Encoding::Utf32 => {
                return Err(ReadError(
                    "it is UTF-32, which is not read: convert it first, e.g. with `iconv -f UTF-32 -t UTF-8`".into(),
                ));
            }
        };
        let blocks = Blocks::new(source, self.pool.clone(), limits.block);
        let flow = if !wrappers.is_empty() && self.place.size().is_none_or(|size| size > WORTH_A_THREAD) {
            ahead(blocks)
        } else {
            Flow::Here(Box::new(blocks))
        };
        let (origin, limits) = (self.clone(), *limits);
        Ok(Input { wrappers, encoding: written, flow, meter, direct, origin, limits, begun: false, ended: false })
    }

    pub(super) fn sha256(&self) -> Result<String, ReadError> {
        let meter = Arc::new(Meter::default());
        let mut stored = Stored::new(self.place.start()?.0, meter.clone(), true);
        let mut buf = Zeroizing::new(vec![0; 256 << 10]);
        while stored.read(&mut buf)? > 0 {}
        Ok(meter.sha256().expect("the last byte was read"))
    }
}

impl Direct {
    fn without(self, mark: usize) -> Self {
        match self {
            Self::File(file, _) => Self::File(file, mark as u64),
            Self::Pipe(pipe, _) => Self::Pipe(pipe, mark as u64),
            Self::Kept(kept, _) => Self::Kept(kept, mark as u64),
            Self::Not => Self::Not,
        }
    }
}

/// What of a text's places is lost when it becomes UTF-8 without a mark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Bytes of the byte order mark that was left out.
    pub mark: u64,
    /// Whether two bytes made one unit (UTF-16).
    pub utf16: bool,
}

/// An open unit.
pub struct Input {
    wrappers: Vec<&'static str>,
    encoding: Encoded,
    flow: Flow,
    meter: Arc<Meter>,
    direct: Direct,
    origin: Origin,
    limits: Limits,
    begun: bool,
    ended: bool,
}

/// Where the next block comes from.
enum Flow {
    /// From reading now.
    Here(Box<Blocks>),
    /// From a thread that reads ahead.
    Ahead(Receiver<Ahead>),
    /// Nowhere: reading ended like this.
    Over(Option<ReadError>),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("wrappers", &self.wrappers).finish_non_exhaustive()
    }
}

/// What the thread says. The end has a word of its own: a thread that dies must not look finished.
enum Ahead {
    Block(Block),
    End,
    Error(ReadError),
}

impl Input {
    /// Wrappers found around the text, outermost first: `gzip`, `zstd`, `UTF-16LE`.
    pub fn wrappers(&self) -> &[&'static str] {
        &self.wrappers
    }

    /// What stands between places in the text and in what was unpacked.
    pub fn encoding(&self) -> Encoded {
        self.encoding
    }

    /// The next bytes of text; `None` at the end. After an error, reading is over, and the same error comes again: what
    /// came before stays good.
    ///
    /// Blocks are full ([`Limits::block`], the first at least 64 KiB) but the last one.
    pub fn next_block(&mut self) -> Result<Option<Block>, ReadError> {
        self.begun = true;
        let next = match &mut self.flow {
            Flow::Here(blocks) => blocks.next(),
            Flow::Ahead(receiver) => match receiver.recv() {
                Ok(Ahead::Block(block)) => Ok(Some(block)),
                Ok(Ahead::End) => Ok(None),
                Ok(Ahead::Error(error)) => Err(error),
                Err(_) => Err(ReadError("unwrapping it failed for an internal reason: please report this".into())),
            },
            Flow::Over(error) => error.clone().map_or(Ok(None), Err),
        };
        match &next {
            Ok(Some(_)) => {}
            Ok(None) => {
                self.ended = true;
                self.flow = Flow::Over(None);
            }
            Err(error) => self.flow = Flow::Over(Some(error.clone())),
        }
        next
    }

    /// The whole text, from its start, for reading at any place, whatever of it was read as blocks before. Plain files
    /// are read where they are; anything else is first copied into the encrypted store.
    pub fn into_random(self) -> Result<Box<dyn ReadAt>, ReadError> {
        match &self.direct {
            // The kernel's own files have a size of 0 and cannot be read at places before they were read once.
            Direct::File(file, base) if file::size(file)? > 0 => Ok(Box::new(FileAt::new(file.clone(), *base)?)),
            Direct::Pipe(pipe, base) => Ok(Box::new(pipe.into_random(*base)?)),
            Direct::Kept(kept, base) if kept.error.is_none() => Ok(Box::new(KeptAt::new(kept.chunks.clone(), *base))),
            _ if self.begun => self.origin.open(&self.limits)?.keep(),
            _ => self.keep(),
        }
    }

    /// The whole text for reading at any place, beside the blocks, where that takes no copy: of plain files, as large as they are
    /// now.
    pub fn anywhere(&self) -> Result<Option<Box<dyn ReadAt>>, ReadError> {
        match &self.direct {
            Direct::File(file, base) if file::size(file)? > 0 => Ok(Some(Box::new(FileAt::new(file.clone(), *base)?))),
            _ => Ok(None),
        }
    }

    fn keep(mut self) -> Result<Box<dyn ReadAt>, ReadError> {
        let mut keeper = Keeper::new(self.origin.store.clone());
        while let Some(block) = self.next_block()? {
            keeper.push(block.bytes())?;
        }
        keeper.finish()?;
        Ok(Box::new(KeptAt::new(keeper.chunks().to_vec(), 0)))
    }

    /// What counts the bytes as stored.
    pub(super) fn meter(&self) -> Arc<Meter> {
        self.meter.clone()
    }

    /// Bytes as stored consumed so far. A unit unwrapped ahead is some blocks further than its text.
    pub fn stored_bytes(&self) -> u64 {
        self.meter.bytes()
    }

    /// SHA-256 of the bytes as stored, lower-case hex, if asked for; there once `next_block` gave `None`. `None` before
    /// that, and where reading ended in an error.
    pub fn sha256(&self) -> Option<String> {
        if self.ended { self.meter.sha256() } else { None }
    }
}

/// Lets a thread of its own unwrap, so that it overlaps with parsing. The thread ends when the receiver is dropped, at
/// the latest with the block it is reading then; nobody waits for it, because a pipe may keep it for ever.
fn ahead(blocks: Blocks) -> Flow {
    let (sender, receiver) = sync_channel(AHEAD);
    let blocks = Arc::new(std::sync::Mutex::new(Some(blocks)));
    let given = blocks.clone();
    let started = thread::Builder::new().name("unwrap".into()).spawn(move || {
        let blocks = given.lock().ok().and_then(|mut blocks| blocks.take());
        if let Some(blocks) = blocks {
            run(blocks, &sender);
        }
    });
    if started.is_ok() {
        return Flow::Ahead(receiver);
    }
    // No thread to be had: the closure was dropped, the blocks are still here.
    let blocks = blocks.lock().ok().and_then(|mut blocks| blocks.take());
    blocks.map_or(Flow::Ahead(receiver), |blocks| Flow::Here(Box::new(blocks)))
}

fn run(mut blocks: Blocks, sender: &SyncSender<Ahead>) {
    loop {
        let said = match blocks.next() {
            Ok(Some(block)) => Ahead::Block(block),
            Ok(None) => Ahead::End,
            Err(error) => Ahead::Error(error),
        };
        let over = !matches!(said, Ahead::Block(_));
        if sender.send(said).is_err() || over {
            return;
        }
    }
}
