//! Writes a corpus file from digests in ascending order, in memory that does not grow with their number.
//!
//! All goes into `NAME.part` beside the file; it gets its name when it is whole and on the disk. A build that was killed
//! leaves a part that no program takes for a corpus (its header comes last) and that the next build writes over.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use ring::digest::{Context, SHA256};

use super::bucket::{Filling, Taken};
use super::error::CorpusError;
use super::filter::{self, SHARD, Shard};
use super::header::{BODY, HOLES_LEN, Header, LEN, MAX_SOURCE, Section, Shape, Variant};
use super::key::{self, Entry, Key};
use super::lines::{self, BadLine};
use super::slot::kept;
use crate::model::{Digest, DigestKind};

/// Pieces in which the file is written, ending at multiples of it: Linux keeps each in one large page then.
const ROOM: usize = 1 << 21;
/// Most that a question to a compact corpus may be answered wrongly.
const MOST_LIES: f64 = 1e-9;

/// What to build.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// What the digests are.
    pub kind: DigestKind,
    /// What to keep of them.
    pub variant: Variant,
    /// About how many there will be: chooses the number of buckets. Any number works that is not a quarter of the truth.
    pub expected: u64,
    /// Where the data come from, for people: cut after 1,024 bytes.
    pub source: String,
    /// When the data were current, in seconds since 1970. Take it from the data, so that building again gives the same
    /// file.
    pub date: u64,
}

/// Why something was not taken.
#[derive(Debug)]
pub enum PushError {
    /// It is no range; nothing of it was taken, and the build can go on.
    Body(BadLine),
    /// The corpus cannot be written, or the order is wrong: the end of this build.
    Corpus(CorpusError),
}

impl From<CorpusError> for PushError {
    fn from(error: CorpusError) -> Self {
        Self::Corpus(error)
    }
}

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// What the file says about itself.
    pub header: Header,
    /// Digests that share with another one all that is kept of them.
    pub merged: u64,
}

/// A corpus being written.
pub struct Builder {
    path: PathBuf,
    part: Part,
    options: BuildOptions,
    sink: Sink,
    holes: Vec<u8>,
    last: Option<Key>,
    entries: u64,
    merged: u64,
    scratch: Vec<Entry>,
}

enum Sink {
    Buckets(Box<Buckets>),
    Filter(Box<Shards>),
}

impl Builder {
    /// Starts a corpus that will be at `path`. Fails when another build is at it.
    pub fn create(path: &Path, mut options: BuildOptions) -> Result<Self, CorpusError> {
        if !key::KINDS.contains(&options.kind) {
            let what = format_args!("not built: a corpus holds SHA-1 or NT hashes, not {}", options.kind.name());
            return Err(CorpusError::new(path, what, "choose one of these two"));
        }
        let part = Part::create(path)?;
        let mut end = options.source.len().min(MAX_SOURCE);
        while !options.source.is_char_boundary(end) {
            end -= 1;
        }
        options.source.truncate(end);
        let buckets = Shape::buckets_for(options.variant, options.expected);
        let sink = match Shape::index_len(options.variant, buckets) {
            None => Sink::Filter(Box::new(Shards::new(options.variant))),
            Some(index_len) => {
                let shape = Shape::new(options.kind, options.variant, buckets);
                Sink::Buckets(Box::new(Buckets::new(shape, buckets, index_len, options.kind.len())))
            }
        };
        Ok(Self {
            path: path.to_owned(),
            part,
            options,
            sink,
            holes: vec![0; HOLES_LEN],
            last: None,
            entries: 0,
            merged: 0,
            scratch: Vec::new(),
        })
    }

    /// Adds a digest, greater than all before it, that was seen `count` times (0 counts as 1).
    pub fn push_sorted(&mut self, digest: &Digest, count: u64) -> Result<(), CorpusError> {
        if digest.kind() != self.options.kind {
            return Err(self.refused("a digest of another kind was handed over"));
        }
        self.push(Entry { key: Key::of(digest), count })
    }

    /// Adds a range as the service gives it: lines `SUFFIX:COUNT` of the digests that begin with `prefix` (below 2^20).
    /// Padding (count 0) is dropped. Taken as a whole or not at all. Ranges come in ascending order.
    pub fn push_range(&mut self, prefix: u32, body: &[u8]) -> Result<(), PushError> {
        let mut entries = std::mem::take(&mut self.scratch);
        entries.clear();
        let result = match lines::range(prefix, body, self.options.kind, &mut entries) {
            Ok(()) => entries.iter().try_for_each(|entry| self.push(*entry)).map_err(PushError::Corpus),
            Err(bad) => Err(PushError::Body(bad)),
        };
        self.scratch = entries;
        result
    }

    /// Notes that nothing is known about the range of `prefix` (below 2^20).
    pub fn hole(&mut self, prefix: u32) {
        if let Some(byte) = self.holes.get_mut(prefix as usize / 8) {
            *byte |= 1 << (prefix % 8);
        }
    }

    /// Digests so far.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry) -> Result<(), CorpusError> {
        if self.last.is_some_and(|last| last >= entry.key) {
            return Err(self.refused("digests came out of order, or one twice"));
        }
        self.last = Some(entry.key);
        let entry = Entry { count: entry.count.max(1), ..entry };
        let taken = match &mut self.sink {
            Sink::Buckets(buckets) => buckets.push(entry, &self.part.file),
            Sink::Filter(shards) => shards.push(entry, &self.part.file),
        };
        match taken {
            Ok(Taken::New) => self.entries += 1,
            Ok(Taken::Same) => self.merged += 1,
            Ok(Taken::Full) => {
                return Err(self.refused("too many digests begin alike: they are no digests of passwords"));
            }
            Err(error) => return Err(CorpusError::write(&self.path, &error)),
        }
        Ok(())
    }

    fn refused(&self, what: &str) -> CorpusError {
        CorpusError::new(&self.path, format_args!("not built: {what}"), "check where the digests come from")
    }

    /// Completes the file and gives it its name.
    pub fn finish(mut self) -> Result<Built, CorpusError> {
        if self.entries == 0 {
            return Err(self.refused("there is not one digest"));
        }
        let written = |error: io::Error| CorpusError::write(&self.path, &error);
        let file = &self.part.file;
        let (buckets, index, data) = match self.sink {
            Sink::Buckets(buckets) => buckets.finish(file),
            Sink::Filter(shards) => shards.finish(file),
        }
        .map_err(written)?;
        let header = Header {
            kind: self.options.kind,
            variant: self.options.variant,
            buckets,
            entries: self.entries,
            holes: self.holes.iter().map(|byte| byte.count_ones()).sum(),
            date: self.options.date,
            source: std::mem::take(&mut self.options.source),
            index,
            data,
            holes_sum: sum(&self.holes),
        };
        if self.options.variant == Variant::Compact && header.false_positives() > MOST_LIES {
            let what = format_args!(
                "not built: {} digests came where about {} were expected, and would be told apart too badly",
                header.entries, self.options.expected
            );
            return Err(CorpusError::new(&self.path, what, "say how many there are with --expect"));
        }
        file.write_all_at(&self.holes, LEN as u64)
            // The last section may end in bytes that were never written.
            .and_then(|()| file.set_len(header.file_len()))
            .and_then(|()| file.sync_data())
            .and_then(|()| file.write_all_at(&header.encode(), 0))
            .and_then(|()| file.sync_all())
            .and_then(|()| self.part.rename(&self.path))
            .map_err(written)?;
        Ok(Built { header, merged: self.merged })
    }
}

fn sum(bytes: &[u8]) -> [u8; 32] {
    ring::digest::digest(&SHA256, bytes).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The file under its other name; removed unless it is renamed.
struct Part {
    file: File,
    path: PathBuf,
    renamed: bool,
}

impl Part {
    fn create(path: &Path) -> Result<Self, CorpusError> {
        if path.is_dir() {
            return Err(CorpusError::new(path, "is a folder", "name the corpus file to write"));
        }
        let Some(name) = path.file_name() else {
            return Err(CorpusError::new(path, "is no name for a file", "name the corpus file to write"));
        };
        let mut other = OsString::from(name);
        other.push(".part");
        let part = path.with_file_name(other);
        let written = |error: io::Error| CorpusError::write(path, &error);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&part)
            .map_err(written)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CorpusError::new(path, "another program is building it", "wait for it to end"));
            }
            Err(TryLockError::Error(error)) => return Err(written(error)),
        }
        let part = Self { file, path: part, renamed: false };
        part.file.set_len(0).map_err(written)?;
        Ok(part)
    }

    fn rename(&mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.renamed = true;
        // The name is on the disk when its folder is.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Writes one section, front to back.
struct Writer {
    /// Where the section begins in the file.
    start: u64,
    /// Bytes of it that are written.
    written: u64,
    buffer: Vec<u8>,
    sum: Context,
}

impl Writer {
    fn new(start: u64) -> Self {
        Self { start, written: 0, buffer: Vec::with_capacity(ROOM + ROOM / 4), sum: Context::new(&SHA256) }
    }

    /// Bytes of the section so far.
    const fn len(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes the first `len` bytes of what is collected.
    fn write(&mut self, file: &File, len: usize) -> io::Result<()> {
        let (now, _) = self.buffer.split_at(len);
        file.write_all_at(now, self.start + self.written)?;
        self.sum.update(now);
        self.written += len as u64;
        self.buffer.drain(..len);
        Ok(())
    }

    /// Writes whole pieces of the file.
    #[inline]
    fn write_full(&mut self, file: &File) -> io::Result<()> {
        loop {
            let due = ROOM - (self.start + self.written) as usize % ROOM;
            if self.buffer.len() < due {
                return Ok(());
            }
            self.write(file, due)?;
        }
    }

    fn finish(mut self, file: &File) -> io::Result<Section> {
        let len = self.buffer.len();
        self.write(file, len)?;
        let sum = self.sum.finish().as_ref().try_into().expect("SHA-256 has 32 bytes");
        Ok(Section { at: self.start, len: self.written, sum })
    }
}

/// The sink of compact and full corpora.
struct Buckets {
    shape: Shape,
    /// How many slots or buckets there will be.
    end: u64,
    digest_len: usize,
    filling: Filling,
    /// The slot or bucket being filled.
    number: u64,
    index: Writer,
    data: Writer,
}

impl Buckets {
    fn new(shape: Shape, buckets: u64, index_len: u64, digest_len: usize) -> Self {
        Self {
            shape,
            end: buckets,
            digest_len,
            filling: Filling::default(),
            number: 0,
            index: Writer::new(BODY),
            data: Writer::new(BODY + index_len),
        }
    }

    #[inline]
    fn push(&mut self, Entry { key, count }: Entry, file: &File) -> io::Result<Taken> {
        match self.shape {
            Shape::Slots(slots) => {
                let (number, place) = key.share(slots);
                self.close(number, file)?;
                let (word, rest) = kept(place);
                Ok(self.filling.push(word, &[rest], count))
            }
            Shape::Buckets { bits, word, rest } => {
                self.close(key.first(bits), file)?;
                Ok(self.filling.push(key.word(word), &key.bytes()[self.digest_len - rest..self.digest_len], count))
            }
            Shape::Shards => unreachable!("the other sink"),
        }
    }

    /// Writes the one being filled, and empty ones up to `next`.
    #[inline]
    fn close(&mut self, next: u64, file: &File) -> io::Result<()> {
        while self.number < next {
            let place = self.data.len();
            if let Shape::Slots(_) = self.shape {
                self.filling.write_slot(self.number, &mut self.index.buffer, &mut self.data.buffer, place);
            } else {
                self.index.buffer.extend_from_slice(&place.to_le_bytes());
                self.filling.write(self.number, &mut self.data.buffer);
            }
            self.number += 1;
            self.index.write_full(file)?;
            self.data.write_full(file)?;
        }
        Ok(())
    }

    fn finish(mut self, file: &File) -> io::Result<(u64, Section, Section)> {
        self.close(self.end, file)?;
        if let Shape::Buckets { .. } = self.shape {
            self.index.buffer.extend_from_slice(&self.data.len().to_le_bytes());
        }
        Ok((self.end, self.index.finish(file)?, self.data.finish(file)?))
    }
}

/// The sink of filters: shards are made on all threads and written in order.
struct Shards {
    variant: Variant,
    /// The first eight bytes of digests.
    keys: Vec<u64>,
    last: Option<u64>,
    waiting: Vec<Vec<u64>>,
    directory: Vec<Shard>,
    data: Writer,
}

impl Shards {
    fn new(variant: Variant) -> Self {
        Self {
            variant,
            keys: Vec::new(),
            last: None,
            waiting: Vec::new(),
            directory: Vec::new(),
            data: Writer::new(BODY),
        }
    }

    #[inline]
    fn push(&mut self, entry: Entry, file: &File) -> io::Result<Taken> {
        let short = entry.key.high();
        if self.last.replace(short) == Some(short) {
            return Ok(Taken::Same);
        }
        if self.keys.len() == SHARD {
            self.waiting.push(std::mem::take(&mut self.keys));
            if self.waiting.len() >= rayon::current_num_threads() {
                self.write(file)?;
            }
        }
        if self.keys.capacity() == 0 {
            self.keys.reserve_exact(SHARD);
        }
        self.keys.push(short);
        Ok(Taken::New)
    }

    fn write(&mut self, file: &File) -> io::Result<()> {
        let made: Vec<_> = self.waiting.par_iter().map(|keys| Shard::build(keys, self.variant)).collect();
        self.waiting.clear();
        for shard in made {
            let (shard, prints) = shard.ok_or_else(|| io::Error::other("no filter can be made of these digests"))?;
            while !self.data.len().is_multiple_of(filter::ALIGN) {
                self.data.buffer.push(0);
            }
            self.directory.push(shard.at(self.data.len()));
            self.data.buffer.extend_from_slice(&prints);
            self.data.write_full(file)?;
        }
        Ok(())
    }

    fn finish(mut self, file: &File) -> io::Result<(u64, Section, Section)> {
        self.waiting.push(std::mem::take(&mut self.keys));
        self.write(file)?;
        let data = self.data.finish(file)?;
        let mut index = Writer::new(data.at + data.len);
        self.directory.iter().for_each(|shard| shard.encode(&mut index.buffer));
        Ok((0, index.finish(file)?, data))
    }
}
