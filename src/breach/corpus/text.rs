//! Text in blocks that end where lines do, worked on by all threads and handed on in order.

use std::io::Read;
use std::path::Path;

use rayon::prelude::*;

use super::error::CorpusError;
use super::key::Entry;
use super::lines::{BadLine, BadWhy, lines};
use crate::model::DigestKind;

/// Bytes worked on at a time by one thread; a line is shorter.
const BLOCK: usize = 1 << 20;

/// Takes entries as they come.
pub(super) type Take<'a> = dyn FnMut(&[Entry]) -> Result<(), CorpusError> + Send + 'a;

/// Takes a block's place, the result of the work on it, and its entries.
type Done<'a, T> = dyn FnMut(u64, T, &[Entry]) -> Result<(), CorpusError> + Send + 'a;

/// A block of whole lines and where it begins.
struct Block {
    bytes: Vec<u8>,
    at: u64,
}

/// Reads hashes from `from`, in ascending order if `sorted`.
pub(super) fn hashes(
    path: &Path,
    from: Box<dyn Read + Send>,
    kind: DigestKind,
    sorted: bool,
    take: &mut Take<'_>,
) -> Result<(), CorpusError> {
    let mut line = 0;
    let mut last = None;
    let work = |block: &[u8], entries: &mut Vec<Entry>| lines(block, kind, sorted, entries);
    blocks(path, from, &work, &mut |at, result, entries| {
        let bad = |bad: BadLine| {
            let bad = BadLine { line: bad.line + line, at: bad.at + at, ..bad };
            let hint = match bad.why {
                BadWhy::Order => "sort a list of your own with --unsorted; get the official file again if this is it",
                BadWhy::Ntlm | BadWhy::Sha1 => "say which hashes it holds with --kind, and keep the two kinds apart",
                _ => "lines are HASH or HASH:COUNT; say --passwords if it holds passwords",
            };
            CorpusError::new(path, bad, hint)
        };
        let read = result.map_err(bad)?;
        if sorted && let (Some(before), Some(first)) = (last, entries.first().map(|entry| entry.key)) {
            // The line of the first hash; blank lines before it do not matter here.
            if before >= first {
                return Err(bad(BadLine { line: 1, at: 0, why: BadWhy::Order }));
            }
        }
        last = entries.last().map(|entry| entry.key).or(last);
        line += read;
        take(entries)
    })
}

/// Reads blocks, works on many of them at a time, and calls `done` for each in order.
pub(super) fn blocks<T: Send>(
    path: &Path,
    from: Box<dyn Read + Send>,
    work: &(dyn Fn(&[u8], &mut Vec<Entry>) -> T + Sync),
    done: &mut Done<'_, T>,
) -> Result<(), CorpusError> {
    let window = 2 * rayon::current_num_threads();
    let mut reader = Blocks { path, from, carry: Vec::new(), at: 0, end: false };
    let mut next = reader.window(window, work);
    loop {
        let worked = next?;
        if worked.is_empty() {
            return Ok(());
        }
        // While these are written, the next are read and worked on.
        let (written, then) = rayon::join(
            || worked.into_iter().try_for_each(|(at, result, entries)| done(at, result, &entries)),
            || reader.window(window, work),
        );
        written?;
        next = then;
    }
}

struct Blocks<'a> {
    path: &'a Path,
    from: Box<dyn Read + Send>,
    /// The line that the last block cut.
    carry: Vec<u8>,
    at: u64,
    end: bool,
}

/// Place, result and entries of a block.
type Worked<T> = (u64, T, Vec<Entry>);

impl Blocks<'_> {
    fn window<T: Send>(
        &mut self,
        blocks: usize,
        work: &(dyn Fn(&[u8], &mut Vec<Entry>) -> T + Sync),
    ) -> Result<Vec<Worked<T>>, CorpusError> {
        let mut window = Vec::with_capacity(blocks);
        while window.len() < blocks
            && let Some(block) = self.next()?
        {
            window.push(block);
        }
        let worked = window.into_par_iter().map(|block| {
            let mut entries = Vec::with_capacity(block.bytes.len() / 40);
            let result = work(&block.bytes, &mut entries);
            (block.at, result, entries)
        });
        Ok(worked.collect())
    }

    fn next(&mut self) -> Result<Option<Block>, CorpusError> {
        if self.end && self.carry.is_empty() {
            return Ok(None);
        }
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.reserve_exact(BLOCK.saturating_sub(bytes.len()));
        while !self.end && bytes.len() < BLOCK {
            let room = (BLOCK - bytes.len()) as u64;
            let read = self.from.by_ref().take(room).read_to_end(&mut bytes);
            self.end = read.map_err(|error| CorpusError::read(self.path, &error))? == 0;
        }
        if !self.end {
            let Some(newline) = memchr::memrchr(b'\n', &bytes) else {
                let what = format_args!("at byte {}: a line of more than {BLOCK} bytes", self.at);
                return Err(CorpusError::new(self.path, what, "this is no list of hashes or passwords"));
            };
            self.carry.extend_from_slice(&bytes[newline + 1..]);
            bytes.truncate(newline + 1);
        }
        let at = self.at;
        self.at += bytes.len() as u64;
        Ok((!bytes.is_empty()).then_some(Block { bytes, at }))
    }
}
