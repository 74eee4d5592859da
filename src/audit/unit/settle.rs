//! What every reading shares: plans decided from first rows, batches observed, runs accepted in order, tables settled.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use crate::audit::Shared;
use crate::audit::observe::{self, Run, Sampled, Watch};
use crate::audit::plan::{Pins, Plan, Slot, TablePins, WARM_UP};
use crate::audit::prove::{self, Proved};
use crate::audit::{neighbours, shaped, suppose, turning};
use crate::columns::ColumnStats;
use crate::formats::Sink;
use crate::model::{Assignment, ByteTotals, Fault, FormKind, Places, Role, RowAt, Table, TableBatch, Wanted, Whole};
use crate::reversible::Opening;

use super::{RunDone, SlotDone, TableDone};

/// Tables whose statistics are kept at a time; beyond that the one untouched for longest is settled early. Should more of
/// its rows follow, they are a table of their own in the report. Statistics take some 3.5 KiB a column.
const MAX_OPEN_TABLES: usize = 512;
/// Rows of a settled table that are kept for trying likely passwords on slow hashes.
const SETTLED_SAMPLE: usize = 32;
/// Rows that were read whole, or bytes of such rows, that are looked at together.
const WHOLE_ROWS: usize = 128;
const WHOLE_BYTES: usize = 128 << 10;
/// Rows that may wait for their table's plan before the oldest table is decided early.
const MAX_PENDING_ROWS: usize = 256 << 10;

/// A table while its unit is being read.
pub(super) struct TableState {
    table: Arc<Table>,
    pub(super) rows: u64,
    pending: Vec<TableBatchAt>,
    pending_rows: usize,
    pub(super) plan: Option<Arc<Plan>>,
    stats: Vec<ColumnStats>,
    /// Rows that were read whole and are not in `stats` yet: a block has a handful, and the code that looks at a cell is
    /// long gone from the nearest cache by the next.
    whole: Whole,
    slots: Vec<SlotDone>,
    runs: Vec<RunDone>,
    /// Columns that may hold stored passwords by their shape alone, and on which no likely password was tried.
    not_tried: Vec<usize>,
    /// When rows last came, in segments accepted.
    touched: u64,
    settled: Option<Settled>,
}

/// What is left of a table's statistics once it is settled.
struct Settled {
    roles: Vec<Assignment>,
    proved: Vec<Proved>,
    opened: Vec<Option<Arc<Opening>>>,
}

struct TableBatchAt {
    batch: TableBatch,
    line_base: u64,
    /// Which of its rows are looked at beyond the plan.
    watch: Watch,
    /// Whether its cells still hold on to the blocks of the input.
    pins_blocks: bool,
}

/// Faults of one kind.
#[derive(Clone, Copy)]
pub(super) struct FaultSum {
    count: u64,
    bytes: u64,
    offset: u64,
    line: u64,
}

/// What a reader gave: rows, or what was seen of them.
pub(super) enum Item {
    Batch(TableBatch),
    Run(usize, Run),
}

/// What one segment of a window gave.
pub(super) struct Collector<'a, 'b> {
    /// Set where batches are observed as they come.
    tables: Option<&'b Tables<'a>>,
    pub(super) items: Vec<Item>,
    pub(super) other: u64,
    pub(super) faults: BTreeMap<&'static str, FaultSum>,
    pub(super) error: Option<io::Error>,
}

impl<'a, 'b> Collector<'a, 'b> {
    pub(super) fn new(tables: Option<&'b Tables<'a>>) -> Self {
        Self { tables, items: Vec::new(), other: 0, faults: BTreeMap::new(), error: None }
    }

    /// Where batches are observed as they come: the table's place and plan, once it is made.
    fn known(&self, table: &Arc<Table>) -> Option<(&'b Tables<'a>, usize, &'b Arc<Plan>)> {
        let tables = self.tables?;
        let at = tables.find(table)?;
        Some((tables, at, tables.states[at].plan.as_ref()?))
    }
}

impl Sink for Collector<'_, '_> {
    fn batch(&mut self, batch: TableBatch) {
        match self.known(&batch.table) {
            Some((tables, at, plan)) => match observe::observe(&tables.shared.tools, plan, &batch, Watch::SOME) {
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

/// The tables of one reading of one unit.
pub(super) struct Tables<'a> {
    pub(super) shared: &'a Shared<'a>,
    pins: &'a Pins,
    pub(super) states: Vec<TableState>,
    by_name: HashMap<String, Vec<usize>>,
    pending_rows: usize,
    /// Work left for proofs in columns whose names say nothing.
    proofs_left: u64,
    /// Segments accepted so far.
    accepted: u64,
    unsettled: usize,
    pub(super) bytes: ByteTotals,
    faults: BTreeMap<&'static str, FaultSum>,
    /// What the places of rows count.
    places: Places,
}

impl<'a> Tables<'a> {
    pub(super) fn new(shared: &'a Shared<'a>, pins: &'a Pins, places: Places) -> Self {
        Self {
            shared,
            pins,
            states: Vec::new(),
            by_name: HashMap::new(),
            pending_rows: 0,
            proofs_left: suppose::budget(shared.settings),
            accepted: 0,
            unsettled: 0,
            bytes: ByteTotals::default(),
            faults: BTreeMap::new(),
            places,
        }
    }

    /// The state of `table`, by name and columns; a table that only gained columns is the same.
    pub(super) fn find(&self, table: &Arc<Table>) -> Option<usize> {
        self.by_name.get(&table.name)?.iter().copied().find(|at| {
            if self.states[*at].settled.is_some() {
                return false;
            }
            let known = &self.states[*at].table;
            Arc::ptr_eq(known, table) || {
                let shared = known.columns.len().min(table.columns.len());
                known.columns.iter().zip(&table.columns).take(shared).all(|(a, b)| a.name == b.name)
            }
        })
    }

    fn find_or_add(&mut self, table: &Arc<Table>) -> usize {
        if let Some(at) = self.find(table) {
            let known = &mut self.states[at];
            known.touched = self.accepted;
            if table.columns.len() > known.table.columns.len() {
                known.table = table.clone();
            }
            return at;
        }
        self.states.push(TableState {
            table: table.clone(),
            rows: 0,
            pending: Vec::new(),
            pending_rows: 0,
            plan: None,
            stats: Vec::new(),
            whole: Whole::default(),
            slots: Vec::new(),
            runs: Vec::new(),
            not_tried: Vec::new(),
            touched: self.accepted,
            settled: None,
        });
        let at = self.states.len() - 1;
        self.unsettled += 1;
        self.by_name.entry(table.name.clone()).or_default().push(at);
        at
    }

    /// Takes what a segment gave, in order.
    pub(super) fn accept(
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
        let mut ready: Vec<(usize, TableBatchAt)> = Vec::new();
        for item in items {
            match item {
                Item::Run(at, run) => self.accept_run(at, run, line_base)?,
                Item::Batch(batch) => {
                    let at = self.find_or_add(&batch.table);
                    self.states[at].rows += batch.len() as u64;
                    let batch = TableBatchAt { batch, line_base, watch: Watch::SOME, pins_blocks: true };
                    if self.states[at].plan.is_some() {
                        ready.push((at, batch));
                    } else {
                        let rows = batch.batch.len();
                        let state = &mut self.states[at];
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
            let oldest = self.states.iter().position(|t| t.pending_rows > 0).expect("some table's rows are waiting");
            ready.extend(self.decide(oldest));
        }
        self.observe_all(ready)?;
        while self.unsettled > MAX_OPEN_TABLES {
            self.settle_oldest()?;
        }
        Ok(())
    }

    /// Lets go of the blocks of the input that rows waiting for a plan still hold.
    pub(super) fn release_blocks(&mut self) {
        for table in &mut self.states {
            for waiting in table.pending.iter_mut().rev().take_while(|w| w.pins_blocks) {
                waiting.batch = waiting.batch.compact();
                waiting.pins_blocks = false;
            }
        }
    }

    /// Settles the table untouched for longest: its roles are final, its statistics go.
    fn settle_oldest(&mut self) -> io::Result<()> {
        let open = self.states.iter().enumerate().filter(|(_, t)| t.settled.is_none());
        let Some((at, _)) = open.min_by_key(|(_, t)| t.touched) else { return Ok(()) };
        if self.states[at].plan.is_none() {
            let ready = self.decide(at);
            self.observe_all(ready)?;
        }
        self.unsettled -= 1;
        let state = &mut self.states[at];
        let settled = state.settle(self.shared);
        state.stats = Vec::new();
        state.whole = Whole::default();
        for slot in &mut state.slots {
            slot.sample.sort_by_key(|s| s.key);
            slot.sample.truncate(SETTLED_SAMPLE);
            slot.conclude();
        }
        state.settled = Some(settled);
        Ok(())
    }

    fn observe_all(&mut self, ready: Vec<(usize, TableBatchAt)>) -> io::Result<()> {
        let this = &*self;
        let runs: Vec<(usize, u64, io::Result<Run>)> = ready
            .into_par_iter()
            .map(|(at, TableBatchAt { batch, line_base, watch, .. })| {
                let plan = this.states[at].plan.as_ref().expect("only decided tables are observed");
                (at, line_base, observe::observe(&this.shared.tools, plan, &batch, watch))
            })
            .collect();
        for (at, line_base, run) in runs {
            // Rows that waited for this were counted when they came.
            let run = run?;
            self.states[at].rows -= run.rows as u64;
            self.accept_run(at, run, line_base)?;
        }
        Ok(())
    }

    /// Makes the plan of a table from its first rows, which are then ready to be observed.
    fn decide(&mut self, at: usize) -> Vec<(usize, TableBatchAt)> {
        let tools = &self.shared.tools;
        let table = &mut self.states[at];
        let pending = std::mem::take(&mut table.pending);
        self.pending_rows -= std::mem::take(&mut table.pending_rows);
        let mut stats = vec![ColumnStats::new(); table.table.columns.len()];
        let mut left = WARM_UP;
        let mut first = Vec::new();
        let mut ready = Vec::new();
        for mut waiting in pending {
            let rows = waiting.batch.len().min(left);
            left -= rows;
            for (column, stats) in stats.iter_mut().enumerate() {
                (0..rows).for_each(|row| observe::see(tools, waiting.batch.cell(row, column), None, stats));
            }
            first.push((waiting.batch.clone(), rows));
            waiting.watch = Watch::some_from(rows);
            ready.push((at, waiting));
        }
        let mut roles = self.shared.assign(&table.table, &stats);
        let openings = turning::openings(&first, &roles, tools);
        for (column, opening) in openings.iter().enumerate() {
            if let Some(opening) = opening {
                stats[column] = turning::recount(&first, column, opening, tools);
            }
        }
        let mut again = openings.iter().any(Option::is_some);
        for (column, stats) in stats.iter_mut().enumerate() {
            if let Some(counted) = shaped::recount(&first, column).filter(|_| openings[column].is_none()) {
                *stats = counted;
                again = true;
            }
        }
        if again {
            roles = self.shared.assign(&table.table, &stats);
        }
        if neighbours::mark(&table.table, &roles, &mut stats, &first, tools) {
            roles = self.shared.assign(&table.table, &stats);
        }
        let supposed = suppose::prove(self.shared, &table.table, &roles, &mut stats, &first, &mut self.proofs_left);
        if supposed.found {
            roles = self.shared.assign(&table.table, &stats);
        }
        table.not_tried = supposed.left_out;
        let plan = Plan::new(&table.table, &roles, &first, self.pins, tools, openings);
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

    pub(super) fn decide_all(&mut self) -> io::Result<()> {
        for at in 0..self.states.len() {
            if self.states[at].plan.is_none() {
                let ready = self.decide(at);
                self.observe_all(ready)?;
            }
        }
        Ok(())
    }

    pub(super) fn accept_run(&mut self, at: usize, run: Run, line_base: u64) -> io::Result<()> {
        self.bytes.rows += run.bytes;
        let state = &mut self.states[at];
        state.rows += run.rows as u64;
        if run.table.columns.len() > state.table.columns.len() {
            state.table = run.table.clone();
        }
        for (column, part) in &run.stats {
            if state.stats.len() <= *column {
                state.stats.resize_with(column + 1, ColumnStats::new);
            }
            state.stats[*column].merge(part);
        }
        if let Some(whole) = &run.whole {
            state.keep(whole, self.shared);
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
            turning::merge(&mut whole.traces, part.traces, &slot.trace_threshold);
            for (formula, hits) in part.hits {
                *whole.hits.entry(formula).or_default() += hits;
            }
            codes.push(part.sorts.iter().zip(&part.counts).map(|(sort, count)| whole.add(*sort, *count)).collect());
        }
        state.runs.push(RunDone { id, rows: run.rows, facts: run.facts, line_base, codes });
        Ok(())
    }

    /// What the plans of this reading missed.
    pub(super) fn missed(&self, shared: &Shared<'_>) -> Pins {
        let mut pins = Pins::new();
        for state in &self.states {
            let Some(plan) = &state.plan else { continue };
            let fresh = state.settled.is_none().then(|| state.settle(shared));
            let Some(settled) = state.settled.as_ref().or(fresh.as_ref()) else { continue };
            if let Some(table_pins) = plan.misses(&state.table, &settled.roles, &settled.proved, &settled.opened) {
                let columns = state.table.columns.iter().map(|c| c.name.clone()).collect();
                pins.insert(state.table.name.clone(), TablePins { columns, pins: table_pins });
            }
        }
        pins
    }

    /// The tables, and what of them was not judged: place and reason.
    pub(super) fn finish(mut self) -> (Vec<TableDone>, Vec<(String, String)>) {
        let mut skipped = Vec::new();
        for (what, sum) in std::mem::take(&mut self.faults) {
            let times = if sum.count == 1 { String::new() } else { format!("{} times, ", sum.count) };
            let place = self.places.say(RowAt { offset: sum.offset, line: sum.line });
            skipped.push((place, format!("{what} ({times}{} bytes not understood)", sum.bytes)));
        }
        let shared = self.shared;
        let tables: Vec<TableDone> = std::mem::take(&mut self.states)
            .into_iter()
            .filter(|t| t.rows > 0)
            .map(|state| {
                let roles = state.settled.as_ref().map_or_else(|| state.roles(shared), |settled| settled.roles.clone());
                skipped.extend(state.not_tried(&roles));
                let plan = state.plan.expect("every table is decided at the end of its unit");
                let (table, rows, mut slots, runs) = (state.table, state.rows, state.slots, state.runs);
                slots.iter_mut().for_each(SlotDone::conclude);
                TableDone { table, places: self.places.clone(), rows, roles, plan, slots, runs }
            })
            .collect();
        for table in &tables {
            let followed = |column: usize| table.plan.slots.iter().any(|slot| slot.column == column);
            let missed = table.roles.iter().enumerate();
            let missed = missed.filter(|(column, role)| role.role == Role::Credential && !followed(*column)).count();
            if missed > 0 {
                skipped.push((
                    format!("table {}", table.table.name),
                    format!("{missed} credential columns were not judged: audit them in an export of their own"),
                ));
            }
        }
        (tables, skipped)
    }
}

/// Constructions that the table's sample proves though its first rows did not.
fn late_proof(done: &SlotDone, slot: &Slot, shared: &Shared<'_>) -> Proved {
    if !slot.proved.is_empty() || !done.hits.is_empty() || done.sample.is_empty() {
        return Proved::default();
    }
    let bare = |s: &Sampled| matches!(s.subject.form.kind(), FormKind::Digest | FormKind::SaltedDigest);
    if done.counts.iter().sum::<u64>() <= WARM_UP as u64 && done.sample.iter().all(bare) {
        // The table's plan was made from the same values.
        return Proved::default();
    }
    let mut sample: Vec<&Sampled> = done.sample.iter().collect();
    sample.sort_by_key(|s| s.key);
    let subjects: Vec<prove::Subject> = sample.into_iter().map(|s| s.subject.clone()).collect();
    let tools = &shared.tools;
    if subjects.iter().any(|s| prove::in_index(s, &tools.index).is_some()) {
        return Proved::default();
    }
    prove::constructions(&subjects, slot.salt.is_some(), &tools.index, tools.pepper(), &prove::STAGES)
}

/// What turns a column back that its first rows did not show.
fn late_opening(done: &SlotDone, slot: &Slot, shared: &Shared<'_>) -> Option<Arc<Opening>> {
    // A plan made from all rows has seen what there is.
    let more = done.counts.iter().sum::<u64>() > WARM_UP as u64;
    if slot.opening.is_none() && more { turning::late(&done.traces, &shared.tools) } else { None }
}

impl TableState {
    /// Roles and late proofs from everything seen.
    fn settle(&self, shared: &Shared<'_>) -> Settled {
        let slots = self.plan.iter().flat_map(|plan| &plan.slots);
        let (proved, opened) = self
            .slots
            .iter()
            .zip(slots)
            .map(|(done, slot)| (late_proof(done, slot, shared), late_opening(done, slot, shared)))
            .unzip();
        Settled { roles: self.roles(shared), proved, opened }
    }

    /// That likely passwords were not tried on columns that are no credentials by `roles`: place and reason.
    fn not_tried(&self, roles: &[Assignment]) -> Option<(String, String)> {
        let open = self.not_tried.iter().filter(|column| roles[**column].role != Role::Credential);
        let names: Vec<&str> = open.map(|column| self.table.columns[*column].name.as_str()).collect();
        let [first, more @ ..] = names.as_slice() else { return None };
        let also = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let why = format!(
            "column {first}{also}: digests under a name that does not say of what, and no likely password was tried on \
             them, because the columns before used up the work for one input: audit this table in an export of its own, or \
             raise --guess-seconds"
        );
        Some((format!("table {}", self.table.name), why))
    }

    /// Keeps rows that were read whole until looking at them is worth while.
    fn keep(&mut self, whole: &Whole, shared: &Shared<'_>) {
        if self.whole.columns() != whole.columns() {
            self.see_whole(shared);
            self.whole = Whole::new(whole.columns());
        }
        self.whole.append(whole);
        if self.whole.bytes() >= WHOLE_BYTES || self.whole.whole_rows().is_none_or(|rows| rows >= WHOLE_ROWS) {
            self.see_whole(shared);
        }
    }

    /// Counts the rows that were kept.
    fn see_whole(&mut self, shared: &Shared<'_>) {
        if let Some(plan) = &self.plan {
            observe::see_whole(&shared.tools, plan, &self.whole, &mut self.stats);
            self.whole = Whole::new(self.whole.columns());
        }
    }

    fn roles(&self, shared: &Shared<'_>) -> Vec<Assignment> {
        let mut stats = self.stats.clone();
        if let Some(plan) = &self.plan {
            observe::see_whole(&shared.tools, plan, &self.whole, &mut stats);
        }
        stats.resize_with(self.table.columns.len(), ColumnStats::new);
        shared.assign(&self.table, &stats)
    }
}
