//! Reads a unit that is bytes.
//!
//! Blocks are taken a window at a time ([`window`]). The exact reader gets the first block and *forks* of it guess where
//! a row starts in each later one, so that all are parsed and observed in parallel. A fork's work counts only if
//! the reader before it arrives in exactly the state the fork assumed; otherwise the rest of the window is read again
//! from there. So the result never depends on how the input was cut or on how many threads there are.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::Scope;

use crate::audit::Shared;
use crate::audit::observe::{self, Run, Watch};
use crate::audit::plan::Pins;
use crate::formats::{self, Head, Opened, ReadAt, Reader, Sink};
use crate::model::{Block, ByteTotals, Fault, Places, ReportSkip, ReportTarget, Table, TableBatch, Wanted};
use crate::sources::{Limits, Member, Unit};

use super::settle::{Collector, Item, Tables};
use super::window::{self, Segment};
use super::{MAX_READINGS, UnitDone};

/// Reads a unit and, where it is an archive, all its members, each a unit of its own behind it. Only trouble with the
/// store is an error; trouble with a unit is in the result.
pub(in crate::audit) fn read(
    shared: &Shared<'_>,
    unit: &Unit,
    companions: &dyn Fn(&Unit) -> bool,
) -> io::Result<Vec<UnitDone>> {
    let (mut outer, archive) = read_one(shared, unit, companions)?;
    let Some(head) = archive else { return Ok(vec![outer]) };
    let mut inner = Vec::new();
    let mut failed = None;
    let limits = &shared.settings.limits;
    let contents = unit.open(limits).and_then(|input| {
        unit.members(&head, input, limits, &mut |member| {
            match member {
                Member::Skipped(skip) => outer.skipped.push(skip),
                Member::Unit(member) if !(shared.members)(&member) => {}
                Member::Unit(member) => match read(shared, &member, companions) {
                    Ok(read) => inner.extend(read),
                    Err(error) => {
                        failed = Some(error);
                        return Ok(ControlFlow::Break(()));
                    }
                },
            }
            Ok(ControlFlow::Continue(()))
        })
    });
    if let Some(error) = failed {
        return Err(error);
    }
    match contents {
        Ok(contents) => {
            let members = if contents.members == 1 { "member" } else { "members" };
            outer.target.format = format!("{} with {} {members}", outer.target.format, contents.members);
            outer.target.bytes = outer.target.bytes.max(contents.stored);
            outer.bytes.other = contents.own;
            outer.bytes.read = contents.own;
            outer.skipped.extend(contents.error.map(|why| skip(unit, "", why.0)));
        }
        Err(why) => outer.skipped.push(skip(unit, "", why.0)),
    }
    inner.insert(0, outer);
    Ok(inner)
}

/// Reads a unit until its plans hold. Of an archive only the first bytes, which it gives back.
fn read_one(
    shared: &Shared<'_>,
    unit: &Unit,
    companions: &dyn Fn(&Unit) -> bool,
) -> io::Result<(UnitDone, Option<Vec<u8>>)> {
    let mut pins = Pins::new();
    for reading in 1.. {
        let attempt = catch_unwind(AssertUnwindSafe(|| Reading::new(shared, unit, &pins).read(companions)));
        let Ok(attempt) = attempt else { return Ok((crashed(unit), None)) };
        let mut done = attempt?;
        let archive = done.archive.take();
        let missed = done.tables.missed(shared);
        if missed.is_empty() || reading == MAX_READINGS {
            for (table, _) in missed {
                done.skip(
                    &format!("table {table}"),
                    "its columns kept changing their meaning while it was read: some rows of a credential column were \
                     not judged. Audit this table alone"
                        .into(),
                );
            }
            return Ok((done.finish(), archive));
        }
        pins.extend(missed);
    }
    unreachable!("the loop ends at the last reading")
}

/// What of `unit` was not read or not understood, and why.
fn skip(unit: &Unit, place: &str, why: String) -> ReportSkip {
    let mut what = unit.name().to_owned();
    if !place.is_empty() {
        what = if what.is_empty() { place.to_owned() } else { format!("{what}, {place}") };
    }
    ReportSkip { target: unit.target().to_owned(), what, why }
}

fn crashed(unit: &Unit) -> UnitDone {
    let why = "the program has a bug that this input brings out: nothing of it was audited. Please report it with the \
               kind of file (not the file)";
    UnitDone {
        path: unit.path(),
        commit: unit.commit().cloned(),
        target: ReportTarget {
            target: unit.target().to_owned(),
            unit: unit.name().to_owned(),
            format: "not audited".into(),
            bytes: unit.size().unwrap_or_default(),
            sha256: None,
        },
        bytes: ByteTotals::default(),
        tables: Vec::new(),
        findings: Vec::new(),
        notes: Vec::new(),
        skipped: vec![ReportSkip {
            target: unit.target().to_owned(),
            what: unit.name().to_owned(),
            why: why.to_owned(),
        }],
    }
}

/// One reading of one unit.
struct Reading<'a> {
    shared: &'a Shared<'a>,
    unit: &'a Unit,
    tables: Tables<'a>,
    skipped: Vec<ReportSkip>,
    format: String,
    sha256: Option<String>,
    stored: u64,
    /// The first bytes of an archive, whose members are left to be read.
    archive: Option<Vec<u8>>,
}

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared<'a>, unit: &'a Unit, pins: &'a Pins) -> Self {
        Self {
            shared,
            unit,
            tables: Tables::new(shared, pins, Places::Bytes),
            skipped: Vec::new(),
            format: String::new(),
            sha256: None,
            stored: 0,
            archive: None,
        }
    }

    fn finish(self) -> UnitDone {
        let Self { unit, tables, mut skipped, format, sha256, stored, .. } = self;
        let bytes = tables.bytes;
        let (tables, not_judged) = tables.finish();
        skipped.extend(not_judged.into_iter().map(|(place, why)| skip(unit, &place, why)));
        let target = ReportTarget {
            target: unit.target().to_owned(),
            unit: unit.name().to_owned(),
            format,
            bytes: stored,
            sha256,
        };
        UnitDone {
            path: unit.path(),
            commit: unit.commit().cloned(),
            target,
            bytes,
            tables,
            skipped,
            findings: Vec::new(),
            notes: Vec::new(),
        }
    }

    fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }

    fn skip(&mut self, place: &str, why: String) {
        self.skipped.push(skip(self.unit, place, why));
    }

    fn read(mut self, companions: &dyn Fn(&Unit) -> bool) -> io::Result<Self> {
        let mut input = match self.unit.open(self.limits()) {
            Ok(input) => input,
            Err(error) => {
                self.format = "not read".into();
                self.stored = self.unit.size().unwrap_or_default();
                self.skip("", error.0);
                return Ok(self);
            }
        };
        let wrappers = input.wrappers().join(", ");
        let mut blocks = Blocks { input: &mut input, over: false, error: None, shared: self.shared, told: 0 };
        let first = blocks.first();
        let head_bytes = first.first().map_or(&[][..], Block::bytes);
        let head = Head {
            bytes: &head_bytes[..head_bytes.len().min(Head::LEN)],
            whole: blocks.over && first.len() <= 1 && head_bytes.len() <= Head::LEN,
            extension: self.unit.extension(),
        };
        if head_bytes.is_empty() && blocks.error.is_none() {
            self.format = "empty".into();
        } else if is_companion(head_bytes) && companions(self.unit) {
            self.format = "part of the SQLite database beside it".into();
            self.tables.bytes.other += blocks.drain(&first);
        } else if let Some(kind) = self.unit.archive(head.bytes) {
            self.format = kind.into();
            self.archive = Some(head.bytes.to_vec());
            // Members are read from the start; here only the archive as a whole is hashed.
            if self.limits().hash {
                blocks.drain(&[]);
            }
        } else if let Some(format) = formats::detect(&head) {
            let (name, opened) = format.open(&head);
            self.format = name;
            match opened {
                Opened::Stream(reader) => self.stream(reader, first, &mut blocks)?,
                Opened::Random(mut reader) => {
                    drop(first);
                    match self.unit.sibling("-wal") {
                        Ok(Some(wal)) => reader.with_companion(wal),
                        Ok(None) => {}
                        Err(error) => self.skip("write-ahead log", error.0),
                    }
                    self.random(reader.as_mut(), &mut blocks)?;
                }
                Opened::NoTables(what) => {
                    self.format = format!("{} ({what})", self.format);
                    self.tables.bytes.other += blocks.drain(&first);
                }
                Opened::Unreadable(why) => {
                    self.tables.bytes.not_understood += blocks.drain(&first);
                    self.skip("", why.to_owned());
                }
            }
        } else {
            self.format = "unknown".into();
            let bytes = blocks.drain(&first);
            self.tables.bytes.not_understood += bytes;
            self.skip(
                "",
                format!(
                    "{bytes} bytes in no format that credaudit knows: not audited. Export the data as SQL, CSV or \
                     JSON, or leave the file out"
                ),
            );
        }
        let error = blocks.error.take();
        self.stored = input.stored_bytes().max(self.unit.size().unwrap_or_default());
        self.sha256 = input.sha256();
        if !wrappers.is_empty() {
            self.format = format!("{}, {wrappers}", self.format);
        }
        if let Some(error) = error {
            self.skip("", error);
        }
        self.tables.decide_all()?;
        self.tables.bytes.read = self.tables.bytes.rows + self.tables.bytes.other + self.tables.bytes.not_understood;
        Ok(self)
    }

    /// Reads window after window.
    fn stream(&mut self, mut reader: Box<dyn Reader>, first: Vec<Block>, blocks: &mut Blocks<'_>) -> io::Result<()> {
        let mut line_base = 0;
        // What is to be read before further blocks, and whether it is to be read again because a guess was wrong.
        let mut queue: VecDeque<Block> = first.into();
        let mut again = false;
        loop {
            // A guess that failed may fail again on what follows: the rest of the window goes without.
            let room = if again { queue.len() } else { self.shared.window() };
            let mut next = || queue.pop_front().or_else(|| blocks.next());
            let worked = match window::work(reader, &mut next, room, !again, &self.tables) {
                Ok(worked) => worked,
                Err(exact) => {
                    reader = exact;
                    break;
                }
            };
            let left;
            (reader, left) = self.accept_window(worked, &mut line_base)?;
            again = !left.is_empty();
            if again {
                queue = left;
            }
        }
        let mut last = Collector::new(None);
        reader.finish(&mut last);
        let Collector { items, other, faults, error, .. } = last;
        if let Some(error) = error {
            return Err(error);
        }
        self.tables.accept(items, other, &faults, line_base)
    }
    /// Takes what the segments of a window gave as far as their guesses hold; gives the exact reader behind them, and the
    /// blocks that are to be read again.
    fn accept_window(
        &mut self,
        worked: window::Worked,
        line_base: &mut u64,
    ) -> io::Result<(Box<dyn Reader>, VecDeque<Block>)> {
        let mut left = VecDeque::new();
        let mut exact: Option<Box<dyn Reader>> = None;
        let places = worked.places;
        for (number, segment) in worked.segments.into_iter().enumerate() {
            let Segment { reader, assumed, items, other, faults, error } = segment;
            if let Some((exact, assumed)) = exact.as_ref().zip(assumed.as_ref()) {
                if !exact.is_at(assumed.as_ref()) {
                    left = places.again_from(number);
                    break;
                }
                *line_base += exact.line() - 1;
            }
            if let Some(error) = error {
                return Err(error);
            }
            self.tables.accept(items, other, &faults, *line_base)?;
            exact = Some(reader);
        }
        drop(places);
        self.tables.release_blocks();
        Ok((exact.expect("a window has a first segment"), left))
    }

    fn random(&mut self, reader: &mut dyn formats::RandomReader, blocks: &mut Blocks<'_>) -> io::Result<()> {
        // The first window told what it is; the whole is read at places of the reader's choice.
        let opened = self.unit.open(self.limits()).and_then(crate::sources::Input::into_random);
        let input: Box<dyn ReadAt> = match opened {
            Ok(input) => input,
            Err(error) => {
                blocks.error = Some(error.0);
                return Ok(());
            }
        };
        let seen = Mutex::new(BTreeMap::new());
        let (result, trouble) = rayon::in_place_scope(|scope| {
            let rest = Collector::new(None);
            let mut sink = Batching { reading: self, scope, seen: &seen, given: 0, taken: 0, rest, error: None };
            let result = reader.read(input.as_ref(), &mut sink);
            sink.finish();
            (result, sink.error)
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        if let Err(error) = result {
            let accounted = self.tables.bytes.rows + self.tables.bytes.other + self.tables.bytes.not_understood;
            self.tables.bytes.not_understood += input.size().saturating_sub(accounted);
            self.skip("", format!("reading failed: {error}. What was read before is in the report"));
        }
        if self.limits().hash {
            blocks.drain(&[]);
        }
        Ok(())
    }
}

/// Whether a file starts like SQLite's write-ahead log (magic 0x377f0682 or 0x377f0683) or its index in shared memory
/// (version 3007000, in the machine's byte order).
fn is_companion(head: &[u8]) -> bool {
    head.starts_with(&[0x37, 0x7f, 0x06, 0x82])
        || head.starts_with(&[0x37, 0x7f, 0x06, 0x83])
        || head.starts_with(&3_007_000_u32.to_ne_bytes())
}

/// A unit's blocks, a window at a time; remembers how reading ended.
struct Blocks<'a> {
    input: &'a mut crate::sources::Input,
    over: bool,
    error: Option<String>,
    shared: &'a Shared<'a>,
    told: u64,
}

impl Blocks<'_> {
    fn next(&mut self) -> Option<Block> {
        if self.over {
            return None;
        }
        match self.input.next_block() {
            Ok(Some(block)) => {
                let stored = self.input.stored_bytes();
                self.shared.progress.stored_bytes(stored - self.told);
                self.told = stored;
                Some(block)
            }
            Ok(None) => {
                self.over = true;
                None
            }
            Err(error) => {
                self.over = true;
                self.error = Some(error.0);
                None
            }
        }
    }

    /// The first two: the second tells whether the first is all there is.
    fn first(&mut self) -> Vec<Block> {
        let mut first: Vec<Block> = std::iter::from_fn(|| self.next()).take(2).collect();
        first.retain(|b| !b.is_empty());
        first
    }

    /// Reads to the end; the bytes of `first` and of all that follow.
    fn drain(&mut self, first: &[Block]) -> u64 {
        let mut bytes: u64 = first.iter().map(|b| b.len() as u64).sum();
        while let Some(block) = self.next() {
            bytes += block.len() as u64;
        }
        bytes
    }
}

/// What tasks saw of batches, by number: the state of the table, and the run.
type Seen = Mutex<BTreeMap<u64, (usize, io::Result<Run>)>>;

/// Lets other threads observe the batches of a random reader while it reads on; takes what they saw in order.
struct Batching<'a, 'b, 'scope, 's> {
    reading: &'b mut Reading<'a>,
    scope: &'s Scope<'scope>,
    seen: &'scope Seen,
    /// Batches given to tasks, and of those taken back.
    given: u64,
    taken: u64,
    /// Bytes that are no rows.
    rest: Collector<'a, 'a>,
    error: Option<io::Error>,
}

impl<'a: 'scope, 'scope> Batching<'a, '_, 'scope, '_> {
    /// Takes what is there, in order.
    fn take(&mut self) {
        loop {
            let next = self.seen.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.taken);
            let Some((at, run)) = next else { return };
            self.taken += 1;
            if let Err(error) = run.and_then(|run| self.reading.tables.accept_run(at, run, 0)) {
                self.error.get_or_insert(error);
            }
        }
    }

    /// Takes everything: helps the tasks until there are none.
    fn drain(&mut self) {
        self.take();
        while self.taken < self.given {
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                std::thread::yield_now();
            }
            self.take();
        }
    }

    fn finish(&mut self) {
        self.drain();
        let Collector { other, faults, .. } = std::mem::replace(&mut self.rest, Collector::new(None));
        if let Err(error) = self.reading.tables.accept(Vec::new(), other, &faults, 0) {
            self.error.get_or_insert(error);
        }
    }
}

impl<'a: 'scope, 'scope> Sink for Batching<'a, '_, 'scope, '_> {
    fn batch(&mut self, batch: TableBatch) {
        let tables = &self.reading.tables;
        let known = tables.find(&batch.table).and_then(|at| Some((at, tables.states[at].plan.clone()?)));
        let Some((at, plan)) = known else {
            // Which tables there are, and which is settled, must not depend on how far the tasks are.
            self.drain();
            if let Err(error) = self.reading.tables.accept(vec![Item::Batch(batch)], 0, &BTreeMap::new(), 0) {
                self.error.get_or_insert(error);
            }
            return;
        };
        self.take();
        let (shared, seen, number) = (self.reading.shared, self.seen, self.given);
        self.given += 1;
        let task = move || {
            let run = observe::observe(&shared.tools, &plan, &batch, Watch::SOME);
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(number, (at, run));
        };
        // Who is ahead helps: memory holds a window of batches, and one thread alone goes on.
        if number - self.taken >= shared.window() as u64 {
            task();
        } else {
            self.scope.spawn(move |_| task());
        }
    }

    fn other(&mut self, bytes: u64) {
        self.rest.other(bytes);
    }

    fn fault(&mut self, fault: Fault) {
        self.rest.fault(fault);
    }

    fn wanted(&self, table: &Arc<Table>) -> Option<Arc<Wanted>> {
        let tables = &self.reading.tables;
        Some(tables.states[tables.find(table)?].plan.as_ref()?.wanted.clone())
    }
}
