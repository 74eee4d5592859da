//! Standard input. A pipe can be read once, an audit may need to read it again: what comes is kept in the store on the
//! way, and every opening starts with what is kept and goes on live from where the last one stopped.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zeroize::Zeroizing;

use super::ReadError;
use super::input::Place;
use super::kept::{CHUNK, Keeper, KeptAt};
use super::layer::{Source, why};
use crate::spool::{Chunk, Store};

/// Standard input. Redirected from a plain file (`< dump.sql`), it is read like that file.
pub(super) fn place(store: &Arc<Store>) -> Place {
    plain_file().map_or_else(|| Place::Pipe(Pipe::new(Box::new(io::stdin()), store)), |f| Place::Open(Arc::new(f)))
}

/// The file behind standard input, if it is a plain one and nothing of it was consumed before.
fn plain_file() -> Option<File> {
    let mut file = File::from(io::stdin().as_fd().try_clone_to_owned().ok()?);
    (file.metadata().ok()?.is_file() && file.stream_position().ok()? == 0).then_some(file)
}

/// Something that can be read only once, kept as it is read.
pub(super) struct Pipe {
    state: Mutex<State>,
}

struct State {
    reader: Box<dyn Read + Send>,
    /// Bytes read so far.
    len: u64,
    end: Option<Result<(), ReadError>>,
    keeper: Keeper,
    /// Why what came is not (all) kept: the first reading goes on, a second one is impossible.
    lost: Option<ReadError>,
}

/// One reading of a pipe.
pub(super) struct PipeSource {
    pipe: Arc<Pipe>,
    at: u64,
    held: Option<(usize, Zeroizing<Vec<u8>>)>,
}

impl Pipe {
    pub(super) fn new(reader: Box<dyn Read + Send>, store: &Arc<Store>) -> Arc<Self> {
        let keeper = Keeper::new(store.clone());
        Arc::new(Self { state: Mutex::new(State { reader, len: 0, end: None, keeper, lost: None }) })
    }

    /// Reads it from the start.
    pub(super) fn source(self: &Arc<Self>) -> PipeSource {
        PipeSource { pipe: self.clone(), at: 0, held: None }
    }

    /// Everything, without its first `base` bytes, for reading at any place; reads to the end first.
    pub(super) fn into_random(self: &Arc<Self>, base: u64) -> Result<KeptAt, ReadError> {
        let mut state = self.state();
        let mut buf = Zeroizing::new(vec![0; CHUNK]);
        while state.read(&mut buf)? > 0 {}
        match &state.lost {
            Some(lost) => Err(lost.clone()),
            None => Ok(KeptAt::new(state.keeper.chunks().to_vec(), base)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads on where the last reading stopped.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        if let Some(end) = &self.end {
            return end.clone().map(|()| 0);
        }
        match self.read_once(buf) {
            Ok(0) => {
                self.end = Some(Ok(()));
                self.keep(Keeper::finish);
                Ok(0)
            }
            Ok(n) => {
                self.len += n as u64;
                self.keep(|keeper| keeper.push(&buf[..n]));
                Ok(n)
            }
            Err(e) => {
                let error = ReadError(format!("reading failed at stored byte {}: {}", self.len, why(&e)));
                self.end = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    fn read_once(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buf) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn keep(&mut self, keep: impl FnOnce(&mut Keeper) -> Result<(), ReadError>) {
        if self.lost.is_none() {
            self.lost = keep(&mut self.keeper).err();
        }
    }
}

impl PipeSource {
    /// The kept chunk number `index` from `within` on.
    fn replay(&mut self, chunk: &Chunk, index: usize, within: usize, buf: &mut [u8]) -> Result<usize, ReadError> {
        if self.held.as_ref().is_none_or(|(i, _)| *i != index) {
            match chunk.get().map_err(|e| ReadError(why(&e)))? {
                Cow::Borrowed(bytes) => return Ok(copy(&bytes[within..], buf)),
                Cow::Owned(bytes) => self.held = Some((index, Zeroizing::new(bytes))),
            }
        }
        Ok(self.held.as_ref().map_or(0, |(_, bytes)| copy(&bytes[within..], buf)))
    }
}

impl Source for PipeSource {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        let pipe = self.pipe.clone();
        let mut state = pipe.state();
        let n = if self.at == state.len {
            state.read(buf)?
        } else {
            let index = (self.at / CHUNK as u64) as usize;
            let within = (self.at % CHUNK as u64) as usize;
            if let Some(chunk) = state.keeper.chunks().get(index).cloned() {
                drop(state);
                self.replay(&chunk, index, within, buf)?
            } else if let Some(lost) = &state.lost {
                return Err(lost.clone());
            } else {
                copy(&state.keeper.begun()[within..], buf)
            }
        };
        self.at += n as u64;
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

    /// Gives `text`, at most `most` bytes at once, then an error if `fails`.
    struct Dripping {
        text: Vec<u8>,
        at: usize,
        most: usize,
        fails: bool,
    }

    impl Read for Dripping {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = buf.len().min(self.most).min(self.text.len() - self.at);
            buf[..n].copy_from_slice(&self.text[self.at..self.at + n]);
            self.at += n;
            if n == 0 && self.fails { Err(io::Error::other("unplugged")) } else { Ok(n) }
        }
    }

    fn text() -> Vec<u8> {
        (0..CHUNK * 2 + 999).map(|i| ((i * 7) >> 2) as u8).collect()
    }

    fn pipe(limit: usize, most: usize, fails: bool) -> Arc<Pipe> {
        let store = Store::new(limit, std::env::temp_dir());
        Pipe::new(Box::new(Dripping { text: text(), at: 0, most, fails }), &store)
    }

    fn read(source: &mut PipeSource, len: usize, step: usize) -> Vec<u8> {
        let mut all = Vec::new();
        let mut buf = vec![0; step];
        while all.len() < len {
            let room = step.min(len - all.len());
            match source.read(&mut buf[..room]).unwrap() {
                0 => break,
                n => all.extend_from_slice(&buf[..n]),
            }
        }
        all
    }

    #[test]
    fn a_pipe_can_be_read_again_from_memory_and_from_disk() {
        for limit in [usize::MAX / 2, 0] {
            let pipe = pipe(limit, 10_007, false);
            assert!(read(&mut pipe.source(), usize::MAX, 4_099) == text());
            assert!(read(&mut pipe.source(), usize::MAX, 65_537) == text());
        }
    }

    #[test]
    fn two_readings_may_overtake_each_other() {
        let pipe = pipe(0, 5_003, false);
        let (mut a, mut b) = (pipe.source(), pipe.source());
        let mut first = read(&mut a, 100_000, 777);
        let mut second = read(&mut b, CHUNK + 12_345, 9_999);
        first.extend(read(&mut a, usize::MAX, 100_001));
        second.extend(read(&mut b, usize::MAX, 777));
        assert!(first == text() && second == text());
    }

    #[test]
    fn reading_at_any_place_finishes_an_unfinished_reading_first() {
        use crate::formats::ReadAt;
        let pipe = pipe(0, 5_003, false);
        read(&mut pipe.source(), 1_000, 100);
        let random = pipe.into_random(3).unwrap();
        let mut all = vec![0; text().len()];
        let n = random.read_at(0, &mut all).unwrap();
        assert!(all[..n] == text()[3..]);
    }

    #[test]
    fn an_error_of_the_pipe_comes_after_all_that_came_in_every_reading() {
        let pipe = pipe(0, 5_003, true);
        for _ in 0..2 {
            let mut source = pipe.source();
            assert!(read(&mut source, text().len(), 50_000) == text());
            let said = source.read(&mut [0; 9]).unwrap_err().0;
            assert!(said.contains(&format!("at stored byte {}", text().len())), "{said}");
        }
        assert!(pipe.into_random(0).is_err());
    }

    #[test]
    fn a_full_disk_ends_the_second_reading_and_not_the_first() {
        let store = Store::new(0, "/nonexistent/folder".into());
        let pipe = Pipe::new(Box::new(Dripping { text: text(), at: 0, most: 9_001, fails: false }), &store);
        assert!(read(&mut pipe.source(), usize::MAX, 50_000) == text());
        let said = pipe.source().read(&mut [0; 9]).unwrap_err().0;
        assert!(said.contains("could not be kept"), "{said}");
        assert!(pipe.into_random(0).is_err());
    }
}
