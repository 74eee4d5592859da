//! One unit, from bytes to tables with their observations.
//!
//! Blocks are read a window at a time. Within a window the exact reader takes the first block and *forks* of it guess
//! where a row starts in each later one, so that all are parsed and observed in parallel. A fork's work counts only if
//! the reader before it arrives in exactly the state the fork assumed; otherwise the rest of the window is read again
//! from there. So the result never depends on how the input was cut or on how many threads there are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use crate::columns::{self, ColumnStats};
use crate::formats::{self, Head, Opened, ReadAt, Reader, Sink};
use crate::model::{
    Assignment, Block, ByteTotals, Fault, Form, FormKind, Formula, ReportSkip, ReportTarget, Role, Table, TableBatch,
    Wanted,
};
use crate::schemes::Scheme;
use crate::sources::{Limits, Unit};
use crate::spool::Chunk;

use super::Shared;
use super::observe::{self, Run, Sampled};
use super::plan::{Pins, Plan, TablePins, WARM_UP};
use super::prove;

/// Times a unit is read again because a plan missed something; the last result stands, and says so.
const MAX_READINGS: usize = 4;
/// Tables whose statistics are kept at a time; beyond that the one untouched for longest is settled early. Should more of
/// its rows follow, they are a table of their own in the report. Statistics take some 3.5 KiB a column.
const MAX_OPEN_TABLES: usize = 512;
/// Rows of a settled table that are kept for trying likely passwords on slow hashes.
const SETTLED_SAMPLE: usize = 32;
/// Rows that may wait for their table's plan before the oldest table is decided early.
const MAX_PENDING_ROWS: usize = 256 << 10;

/// Everything one unit gave.
pub(super) struct UnitDone {
    pub(super) target: ReportTarget,
    pub(super) bytes: ByteTotals,
    pub(super) tables: Vec<TableDone>,
    pub(super) skipped: Vec<ReportSkip>,
}

/// One table, read to its end.
pub(super) struct TableDone {
    pub(super) table: Arc<Table>,
    pub(super) rows: u64,
    pub(super) roles: Vec<Assignment>,
    pub(super) plan: Arc<Plan>,
    pub(super) slots: Vec<SlotDone>,
    pub(super) runs: Vec<RunDone>,
}

/// One followed column of a table.
#[derive(Default)]
pub(super) struct SlotDone {
    pub(super) forms: Vec<Form>,
    pub(super) counts: Vec<u64>,
    pub(super) hits: BTreeMap<Formula, u64>,
    pub(super) salted_hits: u64,
    pub(super) sample: Vec<Sampled>,
    index: HashMap<Form, u32>,
}

/// One run of a table.
pub(super) struct RunDone {
    pub(super) id: u32,
    pub(super) rows: usize,
    pub(super) facts: Option<Chunk>,
    pub(super) line_base: u64,
    /// By slot: the table's form index of each of the run's codes.
    pub(super) codes: Vec<Vec<u32>>,
}

/// Reads a unit until its plans hold. Only trouble with the store is an error; trouble with the unit is in the result.
pub(super) fn read(shared: &Shared<'_>, unit: &Unit, companions: &dyn Fn(&Unit) -> bool) -> io::Result<UnitDone> {
    let mut pins = Pins::new();
    for reading in 1.. {
        let attempt = catch_unwind(AssertUnwindSafe(|| Reading::new(shared, unit, &pins).read(companions)));
        let Ok(attempt) = attempt else { return Ok(crashed(unit)) };
        let mut done = attempt?;
        let missed = done.missed(shared);
        if missed.is_empty() || reading == MAX_READINGS {
            for (table, _) in missed {
                done.skip(
                    &format!("table {table}"),
                    "its columns kept changing their meaning while it was read: some rows of a credential column were \
                     not judged. Audit this table alone"
                        .into(),
                );
            }
            return Ok(done.finish());
        }
        pins.extend(missed);
    }
    unreachable!("the loop ends at the last reading")
}

fn crashed(unit: &Unit) -> UnitDone {
    let why = "the program has a bug that this input brings out: nothing of it was audited. Please report it with the \
               kind of file (not the file)";
    UnitDone {
        target: ReportTarget {
            target: unit.target().to_owned(),
            unit: unit.name().to_owned(),
            format: "not audited".into(),
            bytes: unit.size().unwrap_or_default(),
            sha256: None,
        },
        bytes: ByteTotals::default(),
        tables: Vec::new(),
        skipped: vec![ReportSkip {
            target: unit.target().to_owned(),
            what: unit.name().to_owned(),
            why: why.to_owned(),
        }],
    }
}

/// A table while its unit is being read.
struct TableState {
    table: Arc<Table>,
    rows: u64,
    pending: Vec<TableBatchAt>,
    pending_rows: usize,
    plan: Option<Arc<Plan>>,
    stats: Vec<ColumnStats>,
    slots: Vec<SlotDone>,
    runs: Vec<RunDone>,
    /// When rows last came, in segments accepted.
    touched: u64,
    settled: Option<Settled>,
}

/// What is left of a table's statistics once it is settled.
struct Settled {
    roles: Vec<Assignment>,
    proved: Vec<Option<&'static dyn Scheme>>,
}

struct TableBatchAt {
    batch: TableBatch,
    line_base: u64,
    /// Whether its cells still hold on to the blocks of the input.
    pins_blocks: bool,
}

/// Faults of one kind.
#[derive(Clone, Copy)]
struct FaultSum {
    count: u64,
    bytes: u64,
    offset: u64,
    line: u64,
}

enum Item {
    Batch(TableBatch),
    Run(usize, Run),
}

/// What one segment of a window gave.
struct Collector<'a, 'b> {
    /// Set where batches are observed as they come.
    reading: Option<&'b Reading<'a>>,
    items: Vec<Item>,
    other: u64,
    faults: BTreeMap<&'static str, FaultSum>,
    error: Option<io::Error>,
}

impl<'a, 'b> Collector<'a, 'b> {
    fn new(reading: Option<&'b Reading<'a>>) -> Self {
        Self { reading, items: Vec::new(), other: 0, faults: BTreeMap::new(), error: None }
    }

    /// Where batches are observed as they come: the table's place and plan, once it is made.
    fn known(&self, table: &Arc<Table>) -> Option<(&'b Reading<'a>, usize, &'b Arc<Plan>)> {
        let reading = self.reading?;
        let at = reading.find(table)?;
        Some((reading, at, reading.tables[at].plan.as_ref()?))
    }
}

impl Sink for Collector<'_, '_> {
    fn batch(&mut self, batch: TableBatch) {
        match self.known(&batch.table) {
            Some((reading, at, plan)) => match observe::observe(&reading.shared.tools, plan, &batch, 0) {
                Ok(run) => self.items.push(Item::Run(at, run)),
                Err(error) => self.error = Some(error),
            },
            None => self.items.push(Item::Batch(batch)),
        }
    }

    fn other(&mut self, bytes: u64) {
        self.other += bytes;
    }

    fn fault(&mut self, fault: Fault) {
        let sum = self.faults.entry(fault.what).or_insert(FaultSum {
            count: 0,
            bytes: 0,
            offset: fault.offset,
            line: fault.line,
        });
        sum.count += 1;
        sum.bytes += fault.len;
    }

    fn wanted(&self, table: &Arc<Table>) -> Option<Arc<Wanted>> {
        self.known(table).map(|(_, _, plan)| plan.wanted.clone())
    }
}

/// What a segment gave, free of borrows.
struct Segment {
    reader: Box<dyn Reader>,
    items: Vec<Item>,
    other: u64,
    faults: BTreeMap<&'static str, FaultSum>,
    error: Option<io::Error>,
}

/// One reading of one unit.
struct Reading<'a> {
    shared: &'a Shared<'a>,
    unit: &'a Unit,
    pins: &'a Pins,
    tables: Vec<TableState>,
    by_name: HashMap<String, Vec<usize>>,
    pending_rows: usize,
    /// Segments accepted so far.
    accepted: u64,
    open_tables: usize,
    bytes: ByteTotals,
    faults: BTreeMap<&'static str, FaultSum>,
    skipped: Vec<ReportSkip>,
    format: String,
    sha256: Option<String>,
    stored: u64,
}

impl<'a> Reading<'a> {
    fn new(shared: &'a Shared<'a>, unit: &'a Unit, pins: &'a Pins) -> Self {
        Self {
            shared,
            unit,
            pins,
            tables: Vec::new(),
            by_name: HashMap::new(),
            pending_rows: 0,
            accepted: 0,
            open_tables: 0,
            bytes: ByteTotals::default(),
            faults: BTreeMap::new(),
            skipped: Vec::new(),
            format: String::new(),
            sha256: None,
            stored: 0,
        }
    }

    fn limits(&self) -> &Limits {
        &self.shared.settings.limits
    }

    fn skip(&mut self, place: &str, why: String) {
        let mut what = self.unit.name().to_owned();
        if !place.is_empty() {
            what = if what.is_empty() { place.to_owned() } else { format!("{what}, {place}") };
        }
        self.skipped.push(ReportSkip { target: self.unit.target().to_owned(), what, why });
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
        let first = blocks.window(self.shared.window());
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
            self.bytes.other += blocks.drain(&first);
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
                    self.bytes.other += blocks.drain(&first);
                }
                Opened::Unreadable(why) => {
                    self.bytes.not_understood += blocks.drain(&first);
                    self.skip("", why.to_owned());
                }
            }
        } else {
            self.format = "unknown".into();
            let bytes = blocks.drain(&first);
            self.bytes.not_understood += bytes;
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
        self.decide_all()?;
        self.bytes.read = self.bytes.rows + self.bytes.other + self.bytes.not_understood;
        Ok(self)
    }

    /// Reads window after window; the next one is read while this one is worked on.
    fn stream(&mut self, mut reader: Box<dyn Reader>, first: Vec<Block>, blocks: &mut Blocks<'_>) -> io::Result<()> {
        let window = self.shared.window();
        let mut line_base = 0;
        let mut now = first;
        while !now.is_empty() {
            let (done, next) =
                rayon::join(|| self.window(reader, &mut line_base, std::mem::take(&mut now)), || blocks.window(window));
            reader = done?;
            now = next;
        }
        let mut last = Collector::new(None);
        reader.finish(&mut last);
        let Collector { items, other, faults, error, .. } = last;
        if let Some(error) = error {
            return Err(error);
        }
        self.accept(items, other, &faults, line_base)
    }

    /// Parses one window in parallel as far as forks hold, and accepts what they gave.
    fn window(
        &mut self,
        mut reader: Box<dyn Reader>,
        line_base: &mut u64,
        blocks: Vec<Block>,
    ) -> io::Result<Box<dyn Reader>> {
        let mut queue: VecDeque<Block> = blocks.into();
        let mut may_fork = true;
        while let Some(block) = queue.pop_front() {
            // Each segment: its reader, the state it assumed, and its parts.
            let mut parts: Vec<Vec<Block>> = vec![vec![block]];
            let mut forks: Vec<(Box<dyn Reader>, Box<dyn Reader>)> = Vec::new();
            for block in queue.drain(..) {
                let fork = if may_fork { reader.fork(&block).zip(reader.fork(&block)) } else { None };
                let last = parts.last_mut().expect("there is a first segment");
                match fork {
                    Some(((at, fork), (_, witness))) => {
                        last.push(block.slice(0..at));
                        parts.push(vec![block.slice(at..block.len())]);
                        forks.push((fork, witness));
                    }
                    None => last.push(block),
                }
            }
            let alone = forks.is_empty();
            let (forks, witnesses): (Vec<_>, Vec<_>) = forks.into_iter().unzip();
            let readers: Vec<Box<dyn Reader>> = std::iter::once(reader).chain(forks).collect();
            let this = &*self;
            let segments: Vec<Segment> = readers
                .into_par_iter()
                .zip(parts.par_iter())
                .map(|(mut reader, parts)| {
                    let mut collector = Collector::new((!alone).then_some(this));
                    for part in parts {
                        reader.push(part, &mut collector);
                    }
                    let Collector { items, other, faults, error, .. } = collector;
                    Segment { reader, items, other, faults, error }
                })
                .collect();
            let mut segments = segments.into_iter();
            let first = segments.next().expect("there is a first segment");
            let mut exact = self.accept_segment(first, *line_base)?;
            let mut held = 1;
            for (segment, witness) in segments.zip(&witnesses) {
                if !exact.is_at(witness.as_ref()) {
                    break;
                }
                *line_base += exact.line() - 1;
                exact = self.accept_segment(segment, *line_base)?;
                held += 1;
            }
            // A guess that failed may fail again on what follows: the rest of this window goes without.
            may_fork = held == parts.len();
            queue = parts.drain(held..).flatten().collect();
            reader = exact;
        }
        for table in &mut self.tables {
            for waiting in table.pending.iter_mut().rev().take_while(|w| w.pins_blocks) {
                waiting.batch = waiting.batch.compact();
                waiting.pins_blocks = false;
            }
        }
        Ok(reader)
    }

    fn accept_segment(&mut self, segment: Segment, line_base: u64) -> io::Result<Box<dyn Reader>> {
        if let Some(error) = segment.error {
            return Err(error);
        }
        self.accept(segment.items, segment.other, &segment.faults, line_base)?;
        Ok(segment.reader)
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
        let mut sink = Batching { reading: self, waiting: Collector::new(None), error: None };
        let result = reader.read(input.as_ref(), &mut sink);
        sink.hand_on();
        if let Some(error) = sink.error {
            return Err(error);
        }
        if let Err(error) = result {
            let accounted = self.bytes.rows + self.bytes.other + self.bytes.not_understood;
            self.bytes.not_understood += input.size().saturating_sub(accounted);
            self.skip("", format!("reading failed: {error}. What was read before is in the report"));
        }
        if self.limits().hash {
            blocks.drain(&[]);
        }
        Ok(())
    }

    /// The state of `table`, by name and columns; a table that only gained columns is the same.
    fn find(&self, table: &Arc<Table>) -> Option<usize> {
        self.by_name.get(&table.name)?.iter().copied().find(|at| {
            if self.tables[*at].settled.is_some() {
                return false;
            }
            let known = &self.tables[*at].table;
            Arc::ptr_eq(known, table) || {
                let shared = known.columns.len().min(table.columns.len());
                known.columns.iter().zip(&table.columns).take(shared).all(|(a, b)| a.name == b.name)
            }
        })
    }

    fn find_or_add(&mut self, table: &Arc<Table>) -> usize {
        if let Some(at) = self.find(table) {
            let known = &mut self.tables[at];
            known.touched = self.accepted;
            if table.columns.len() > known.table.columns.len() {
                known.table = table.clone();
            }
            return at;
        }
        self.tables.push(TableState {
            table: table.clone(),
            rows: 0,
            pending: Vec::new(),
            pending_rows: 0,
            plan: None,
            stats: Vec::new(),
            slots: Vec::new(),
            runs: Vec::new(),
            touched: self.accepted,
            settled: None,
        });
        let at = self.tables.len() - 1;
        self.open_tables += 1;
        self.by_name.entry(table.name.clone()).or_default().push(at);
        at
    }

    /// Takes what a segment gave, in order.
    fn accept(
        &mut self,
        items: Vec<Item>,
        other: u64,
        faults: &BTreeMap<&'static str, FaultSum>,
        line_base: u64,
    ) -> io::Result<()> {
        self.accepted += 1;
        self.bytes.other += other;
        for (what, fault) in faults {
            self.bytes.not_understood += fault.bytes;
            let line = if fault.line == 0 { 0 } else { fault.line + line_base };
            let sum = self.faults.entry(what).or_insert(FaultSum { count: 0, bytes: 0, offset: fault.offset, line });
            sum.count += fault.count;
            sum.bytes += fault.bytes;
        }
        let mut ready: Vec<(usize, TableBatchAt, usize)> = Vec::new();
        for item in items {
            match item {
                Item::Run(at, run) => self.accept_run(at, run, line_base)?,
                Item::Batch(batch) => {
                    let at = self.find_or_add(&batch.table);
                    self.tables[at].rows += batch.len() as u64;
                    let batch = TableBatchAt { batch, line_base, pins_blocks: true };
                    if self.tables[at].plan.is_some() {
                        ready.push((at, batch, 0));
                    } else {
                        let rows = batch.batch.len();
                        let state = &mut self.tables[at];
                        state.pending.push(batch);
                        state.pending_rows += rows;
                        self.pending_rows += rows;
                        if state.pending_rows >= WARM_UP {
                            ready.extend(self.decide(at));
                        }
                    }
                }
            }
        }
        while self.pending_rows > MAX_PENDING_ROWS {
            let oldest = self.tables.iter().position(|t| t.pending_rows > 0).expect("some table's rows are waiting");
            ready.extend(self.decide(oldest));
        }
        self.observe_all(ready)?;
        while self.open_tables > MAX_OPEN_TABLES {
            self.settle_oldest()?;
        }
        Ok(())
    }

    /// Settles the table untouched for longest: its roles are final, its statistics go.
    fn settle_oldest(&mut self) -> io::Result<()> {
        let open = self.tables.iter().enumerate().filter(|(_, t)| t.settled.is_none());
        let Some((at, _)) = open.min_by_key(|(_, t)| t.touched) else { return Ok(()) };
        if self.tables[at].plan.is_none() {
            let ready = self.decide(at);
            self.observe_all(ready)?;
        }
        self.open_tables -= 1;
        let state = &mut self.tables[at];
        let settled = state.settle(self.shared);
        state.stats = Vec::new();
        for slot in &mut state.slots {
            slot.sample.sort_by_key(|s| s.key);
            slot.sample.truncate(SETTLED_SAMPLE);
        }
        state.settled = Some(settled);
        Ok(())
    }

    fn observe_all(&mut self, ready: Vec<(usize, TableBatchAt, usize)>) -> io::Result<()> {
        let this = &*self;
        let runs: Vec<(usize, u64, io::Result<Run>)> = ready
            .into_par_iter()
            .map(|(at, TableBatchAt { batch, line_base, .. }, watch_from)| {
                let plan = this.tables[at].plan.as_ref().expect("only decided tables are observed");
                (at, line_base, observe::observe(&this.shared.tools, plan, &batch, watch_from))
            })
            .collect();
        for (at, line_base, run) in runs {
            // Rows that waited for this were counted when they came.
            let run = run?;
            self.tables[at].rows -= run.rows as u64;
            self.accept_run(at, run, line_base)?;
        }
        Ok(())
    }

    /// Makes the plan of a table from its first rows, which are then ready to be observed.
    fn decide(&mut self, at: usize) -> Vec<(usize, TableBatchAt, usize)> {
        let tools = &self.shared.tools;
        let table = &mut self.tables[at];
        let pending = std::mem::take(&mut table.pending);
        self.pending_rows -= std::mem::take(&mut table.pending_rows);
        let mut stats = vec![ColumnStats::new(); table.table.columns.len()];
        let mut left = WARM_UP;
        let mut first = Vec::new();
        let mut ready = Vec::new();
        for waiting in pending {
            let rows = waiting.batch.len().min(left);
            left -= rows;
            for (column, stats) in stats.iter_mut().enumerate() {
                (0..rows).for_each(|row| observe::see(tools, waiting.batch.cell(row, column), stats));
            }
            first.push(waiting.batch.clone());
            ready.push((at, waiting, rows));
        }
        let plan = Plan::new(&table.table, &stats, &first, self.pins, &tools.index, tools.identities);
        // Followed columns are counted anew, all rows of them, when they are observed.
        for slot in &plan.slots {
            if let Some(stats) = stats.get_mut(slot.column) {
                *stats = ColumnStats::new();
            }
        }
        table.slots = plan.slots.iter().map(|_| SlotDone::default()).collect();
        table.stats = stats;
        table.plan = Some(Arc::new(plan));
        ready
    }

    fn decide_all(&mut self) -> io::Result<()> {
        for at in 0..self.tables.len() {
            if self.tables[at].plan.is_none() {
                let ready = self.decide(at);
                self.observe_all(ready)?;
            }
        }
        Ok(())
    }

    fn accept_run(&mut self, at: usize, run: Run, line_base: u64) -> io::Result<()> {
        self.bytes.rows += run.bytes;
        let state = &mut self.tables[at];
        state.rows += run.rows as u64;
        for (column, part) in &run.stats {
            if state.stats.len() <= *column {
                state.stats.resize_with(column + 1, ColumnStats::new);
            }
            state.stats[*column].merge(part);
        }
        if run.slots.is_empty() {
            return Ok(());
        }
        let id = self.shared.accept(&run.values, &run.digests)?;
        let mut codes = Vec::with_capacity(run.slots.len());
        let plan = state.plan.clone().expect("a run was observed under its table's plan");
        for ((whole, slot), mut part) in state.slots.iter_mut().zip(&plan.slots).zip(run.slots) {
            part.sample.iter_mut().for_each(|s| s.run = id);
            observe::merge_samples(&mut whole.sample, part.sample, &slot.threshold);
            whole.salted_hits += part.salted_hits;
            for (formula, hits) in part.hits {
                *whole.hits.entry(formula).or_default() += hits;
            }
            codes.push(part.forms.iter().zip(&part.counts).map(|(form, count)| whole.add(*form, *count)).collect());
        }
        state.runs.push(RunDone { id, rows: run.rows, facts: run.facts, line_base, codes });
        Ok(())
    }

    /// What the plans of this reading missed.
    fn missed(&self, shared: &Shared<'_>) -> Pins {
        let mut pins = Pins::new();
        for state in &self.tables {
            let Some(plan) = &state.plan else { continue };
            let fresh = state.settled.is_none().then(|| state.settle(shared));
            let Some(settled) = state.settled.as_ref().or(fresh.as_ref()) else { continue };
            if let Some(table_pins) = plan.misses(&state.table, &settled.roles, &settled.proved) {
                let columns = state.table.columns.iter().map(|c| c.name.clone()).collect();
                pins.insert(state.table.name.clone(), TablePins { columns, pins: table_pins });
            }
        }
        pins
    }

    fn finish(mut self) -> UnitDone {
        let faults = std::mem::take(&mut self.faults);
        for (what, sum) in faults {
            let times = if sum.count == 1 { String::new() } else { format!("{} times, ", sum.count) };
            let place = observe::place(crate::model::RowAt { offset: sum.offset, line: sum.line });
            self.skip(&place, format!("{what} ({times}{} bytes not understood)", sum.bytes));
        }
        let tables: Vec<TableDone> = std::mem::take(&mut self.tables)
            .into_iter()
            .filter(|t| t.rows > 0)
            .map(|state| {
                let roles = state.settled.as_ref().map_or_else(|| state.roles(), |settled| settled.roles.clone());
                let plan = state.plan.expect("every table is decided at the end of its unit");
                let (table, rows, slots, runs) = (state.table, state.rows, state.slots, state.runs);
                TableDone { table, rows, roles, plan, slots, runs }
            })
            .collect();
        for table in &tables {
            let followed = |column: usize| table.plan.slots.iter().any(|slot| slot.column == column);
            let missed = table.roles.iter().enumerate();
            let missed = missed.filter(|(column, role)| role.role == Role::Credential && !followed(*column)).count();
            if missed > 0 {
                self.skip(
                    &format!("table {}", table.table.name),
                    format!("{missed} credential columns were not judged: audit them in an export of their own"),
                );
            }
        }
        let target = ReportTarget {
            target: self.unit.target().to_owned(),
            unit: self.unit.name().to_owned(),
            format: self.format,
            bytes: self.stored,
            sha256: self.sha256,
        };
        UnitDone { target, bytes: self.bytes, tables, skipped: self.skipped }
    }
}

/// Whether a file starts like SQLite's write-ahead log (magic 0x377f0682 or 0x377f0683) or its index in shared memory
/// (version 3007000, in the machine's byte order).
fn is_companion(head: &[u8]) -> bool {
    head.starts_with(&[0x37, 0x7f, 0x06, 0x82])
        || head.starts_with(&[0x37, 0x7f, 0x06, 0x83])
        || head.starts_with(&3_007_000_u32.to_ne_bytes())
}

/// A salted scheme that the table's sample proves though its first rows did not.
fn late_proof(done: &SlotDone, slot: &super::plan::Slot, shared: &Shared<'_>) -> Option<&'static dyn Scheme> {
    if slot.salted.is_some() || !done.hits.is_empty() || done.sample.is_empty() {
        return None;
    }
    let bare = |s: &Sampled| matches!(s.subject.form.kind(), FormKind::Digest | FormKind::SaltedDigest);
    if done.sample.len() <= prove::DEEP_SAMPLE && done.sample.iter().all(bare) {
        // The table's plan was made from the same values.
        return None;
    }
    let mut sample: Vec<&Sampled> = done.sample.iter().collect();
    sample.sort_by_key(|s| s.key);
    let subjects: Vec<prove::Subject> = sample.into_iter().map(|s| s.subject.clone()).collect();
    let open = subjects.iter().all(|s| prove::in_index(s, &shared.tools.index).is_none());
    if open { prove::salted(&subjects, slot.salt.is_some()) } else { None }
}

impl TableState {
    /// Roles and late proofs from everything seen.
    fn settle(&self, shared: &Shared<'_>) -> Settled {
        let slots = self.plan.iter().flat_map(|plan| &plan.slots);
        let proved = self.slots.iter().zip(slots).map(|(done, slot)| late_proof(done, slot, shared)).collect();
        Settled { roles: self.roles(), proved }
    }

    fn roles(&self) -> Vec<Assignment> {
        let mut stats = self.stats.clone();
        stats.resize_with(self.table.columns.len(), ColumnStats::new);
        columns::assign(&self.table, &stats)
    }
}

impl SlotDone {
    /// Counts rows of a form; its index.
    fn add(&mut self, form: Form, count: u64) -> u32 {
        let at = *self.index.entry(form).or_insert_with(|| {
            self.forms.push(form);
            self.counts.push(0);
            self.forms.len() as u32 - 1
        });
        self.counts[at as usize] += count;
        at
    }
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

    fn window(&mut self, blocks: usize) -> Vec<Block> {
        let mut window: Vec<Block> = std::iter::from_fn(|| self.next()).take(blocks).collect();
        if window.len() < blocks && !self.over {
            self.over = true;
        }
        window.retain(|b| !b.is_empty());
        window
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

/// Hands batches of a random reader on, several at a time.
struct Batching<'a, 'b> {
    reading: &'b mut Reading<'a>,
    waiting: Collector<'a, 'b>,
    error: Option<io::Error>,
}

impl Batching<'_, '_> {
    fn hand_on(&mut self) {
        let Collector { items, other, faults, .. } = std::mem::replace(&mut self.waiting, Collector::new(None));
        if let Err(error) = self.reading.accept(items, other, &faults, 0) {
            self.error.get_or_insert(error);
        }
        self.reading.shared.progress.stored_bytes(0);
    }
}

impl Sink for Batching<'_, '_> {
    fn batch(&mut self, batch: TableBatch) {
        self.waiting.batch(batch);
        if self.waiting.items.len() >= self.reading.shared.window() {
            self.hand_on();
        }
    }
    fn other(&mut self, bytes: u64) {
        self.waiting.other(bytes);
    }
    fn fault(&mut self, fault: Fault) {
        self.waiting.fault(fault);
    }
}
