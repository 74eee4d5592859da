//! One window of a unit's blocks, parsed and observed side by side.
//!
//! A thread reads the next block, guesses where a row starts in it, and parses from there: what it works on lies in the
//! processor's nearest caches, for it has just been written there. (Blocks read ahead by one thread for all others came
//! out of the cache that all share: 5 to 10 % of an audit's time.)

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;

use crate::formats::Reader;
use crate::model::Block;

use super::settle::{Collector, FaultSum, Item, Tables};

/// What one segment gave, free of borrows.
pub(super) struct Segment {
    /// It began where the segment does, and read up to where the next one begins.
    pub(super) reader: Box<dyn Reader>,
    /// A reader in the state that was assumed at its start; none for the first, which was exact.
    pub(super) assumed: Option<Box<dyn Reader>>,
    pub(super) items: Vec<Item>,
    pub(super) other: u64,
    pub(super) faults: BTreeMap<&'static str, FaultSum>,
    pub(super) error: Option<io::Error>,
}

/// A window that was worked on.
pub(super) struct Worked {
    /// In the order of the input.
    pub(super) segments: Vec<Segment>,
    pub(super) places: Places,
}

/// The blocks of a window.
pub(super) struct Places(Vec<Place>);

impl Places {
    /// Those from segment `number` on, to be read again, where its guess was wrong.
    pub(super) fn again_from(&self, number: usize) -> VecDeque<Block> {
        let mut starts = self.0.iter().enumerate().filter(|(_, place)| place.cut.is_some());
        let Some((first, place)) = starts.nth(number) else { return VecDeque::new() };
        let start = place.block.slice(place.cut.unwrap_or_default()..place.block.len());
        std::iter::once(start).chain(self.0[first + 1..].iter().map(|place| place.block.clone())).collect()
    }
}

/// A block of the window.
struct Place {
    block: Block,
    /// Where a segment starts in it; without one it is the segment's that came before.
    cut: Option<usize>,
}

/// A segment to be read from block `number` on.
struct Start {
    number: usize,
    reader: Box<dyn Reader>,
    assumed: Option<Box<dyn Reader>>,
}

/// Where the threads get their blocks.
struct Supply<'n> {
    next: &'n mut (dyn FnMut() -> Option<Block> + Send),
    /// Read to find out how to guess.
    ahead: VecDeque<Block>,
    /// Blocks that the window still takes.
    room: usize,
    /// Guesses for all: a fork of the exact reader as it was before the window.
    guess: Option<Box<dyn Reader>>,
    places: Vec<Place>,
}

/// What [`Supply::read`] found.
enum Next {
    Start(Start),
    /// A block in which nobody starts.
    Whole,
    Over,
}

impl Supply<'_> {
    fn take(&mut self) -> Option<Block> {
        if self.room == 0 {
            return None;
        }
        let block = self.ahead.pop_front().or_else(|| (self.next)());
        self.room = if block.is_some() { self.room - 1 } else { 0 };
        block
    }

    /// Reads the next block.
    fn read(&mut self) -> Next {
        let Some(block) = self.take() else { return Next::Over };
        let number = self.places.len();
        let fork = self.guess.as_ref().and_then(|guess| guess.fork(&block).zip(guess.fork(&block)));
        if let Some(((at, reader), (_, assumed))) = fork {
            self.places.push(Place { block, cut: Some(at) });
            Next::Start(Start { number, reader, assumed: Some(assumed) })
        } else {
            self.places.push(Place { block, cut: None });
            Next::Whole
        }
    }
}

/// Works on a window of up to `room` blocks, which come from `next`. With `may_guess` rows may be guessed to start in
/// each of them; `tables` then observes rows as they come. Where there are no blocks any more, gives the reader back.
pub(super) fn work(
    reader: Box<dyn Reader>,
    next: &mut (dyn FnMut() -> Option<Block> + Send),
    room: usize,
    may_guess: bool,
    tables: &Tables<'_>,
) -> Result<Worked, Box<dyn Reader>> {
    let mut supply = Supply { next, ahead: VecDeque::new(), room, guess: None, places: Vec::new() };
    let Some(first) = supply.take() else { return Err(reader) };
    if may_guess {
        supply.guess = reader.fork(&first).map(|(_, guess)| guess);
        // The first blocks may be the inside of one long cell.
        while supply.guess.is_none() && supply.ahead.len() < supply.room {
            let Some(block) = (supply.next)() else { break };
            supply.guess = reader.fork(&block).map(|(_, guess)| guess);
            supply.ahead.push_back(block);
        }
    }
    supply.places.push(Place { block: first, cut: Some(0) });
    // One thread alone leaves observing for later, where all do it.
    let observed = supply.guess.is_some().then_some(tables);
    let workers = tables.shared.settings.threads.clamp(1, supply.room + 1);
    let supply = Mutex::new(supply);
    let mut starts: Vec<Option<Start>> = vec![Some(Start { number: 0, reader, assumed: None })];
    starts.resize_with(workers, || None);
    let mut done: Vec<(usize, Segment)> =
        starts.into_par_iter().flat_map_iter(|start| Worker { supply: &supply, observed, start }).collect();
    done.sort_by_key(|(number, _)| *number);
    let places = supply.into_inner().unwrap_or_else(PoisonError::into_inner).places;
    Ok(Worked { segments: done.into_iter().map(|(_, segment)| segment).collect(), places: Places(places) })
}

/// One thread's work on a window: segments, each with the number of its first block.
struct Worker<'w, 'n, 'a, 'b> {
    supply: &'w Mutex<Supply<'n>>,
    observed: Option<&'b Tables<'a>>,
    /// Read when the segment before came to its end.
    start: Option<Start>,
}

impl<'w, 'n> Worker<'w, 'n, '_, '_> {
    fn supply(&self) -> MutexGuard<'w, Supply<'n>> {
        self.supply.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_start(&mut self) -> Option<Start> {
        if let Some(start) = self.start.take() {
            return Some(start);
        }
        loop {
            match self.supply().read() {
                Next::Start(start) => return Some(start),
                Next::Whole => {}
                Next::Over => return None,
            }
        }
    }

    /// What of block `number` belongs to the segment that came to its start, and whether the next block may be, too.
    fn rest(&mut self, number: usize) -> Option<(Block, bool)> {
        let mut supply = self.supply();
        let start = if number < supply.places.len() {
            None
        } else {
            match supply.read() {
                Next::Start(start) => Some(start),
                Next::Whole => None,
                Next::Over => return None,
            }
        };
        let place = &supply.places[number];
        let rest = match place.cut {
            Some(at) => (place.block.slice(0..at), false),
            None => (place.block.clone(), true),
        };
        drop(supply);
        if start.is_some() {
            self.start = start;
        }
        Some(rest)
    }
}

impl Iterator for Worker<'_, '_, '_, '_> {
    type Item = (usize, Segment);

    fn next(&mut self) -> Option<Self::Item> {
        let Start { number, mut reader, assumed } = self.next_start()?;
        let mut seen = Collector::new(self.observed);
        let (block, cut) = {
            let supply = self.supply();
            let place = &supply.places[number];
            (place.block.clone(), place.cut.unwrap_or_default())
        };
        reader.push(&block.slice(cut..block.len()), &mut seen);
        drop(block);
        let mut at = number + 1;
        while let Some((rest, goes_on)) = self.rest(at) {
            reader.push(&rest, &mut seen);
            if !goes_on {
                break;
            }
            at += 1;
        }
        let Collector { items, other, faults, error, .. } = seen;
        Some((number, Segment { reader, assumed, items, other, faults, error }))
    }
}
