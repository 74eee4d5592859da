//! Reads the tables of a database: one after another, the parts of each over all connections.
//!
//! The first part of a table decides its plan. The others are read with the columns that the plan follows and no more,
//! but for one row in 64, spread over the table, that is read whole, so that a column which turns into a credential later
//! is noticed; the table is then read again, in the same snapshot, with that column pinned. Each connection has a thread
//! that reads and observes; what they find is accepted in the order of the parts, so that the result does not depend on
//! their number.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use rayon::prelude::*;

use crate::audit::Shared;
use crate::audit::observe::{self, Run, Watch};
use crate::audit::plan::{Pins, Plan};
use crate::audit::reporting::stable_id;
use crate::model::{Confidence, Finding, ReportSkip, ReportTarget, TableBatch};
use crate::sources::live::{Database, LiveError, LiveTable, Pace, Part, Reach, Request};

use super::settle::{Item, Tables};
use super::{MAX_READINGS, TableDone, UnitDone};

/// Batches of one connection that are observed at a time.
const BATCHES_AT_A_TIME: usize = 4;

/// Parts that a fast connection may be ahead of the slowest, for each connection: what they gave is held until then.
const PARTS_AHEAD: usize = 2;

/// Reads all tables of `database`; and whether each was read to its end. Only trouble with the store is an error; trouble
/// with the database is in the result.
pub(in crate::audit) fn read_database(
    shared: &Shared<'_>,
    target: &str,
    database: &dyn Database,
    pace: &Pace,
) -> io::Result<(UnitDone, bool)> {
    let mut done = UnitDone {
        path: target.to_owned(),
        target: ReportTarget { target: target.to_owned(), format: database.product(), ..ReportTarget::default() },
        ..UnitDone::default()
    };
    let skip = |what: String, why: String| ReportSkip { target: target.to_owned(), what, why };
    let catalogue = match database.catalogue() {
        Ok(catalogue) => catalogue,
        Err(error) => {
            done.skipped.push(skip(String::new(), format!("its tables cannot be listed: {error}")));
            return Ok((done, false));
        }
    };
    done.skipped.extend(catalogue.skipped.into_iter().map(|(what, why)| skip(what, why)));
    done.notes = catalogue.notes;
    done.findings.extend(catalogue.faults.into_iter().map(|fault| Finding {
        id: stable_id(&[fault.rule, target, &fault.place]),
        rule: fault.rule,
        severity: fault.severity,
        confidence: Confidence::PROVED,
        target: target.to_owned(),
        locator: fault.place,
        message: fault.message,
        accounts: 0,
        site: None,
    }));
    let mut lost: Option<LiveError> = None;
    let mut finished = 0;
    for table in &catalogue.tables {
        let what = format!("table {}", table.table.name);
        if let Some(lost) = &lost {
            done.skipped.push(skip(what, format!("not audited: {lost}")));
            continue;
        }
        let read = Subject { shared, database, table, pace, kept: database.is_kept(table) };
        let attempt = catch_unwind(AssertUnwindSafe(|| read.until_its_plan_holds()));
        let Ok(attempt) = attempt else {
            done.skipped.push(skip(
                what,
                "the program has a bug that this table brings out: it was not audited. Please report it".into(),
            ));
            continue;
        };
        let attempt = attempt?;
        done.bytes.rows += attempt.bytes;
        let rows: u64 = attempt.tables.iter().map(|table| table.rows).sum();
        done.skipped.extend(attempt.not_judged.into_iter().map(|(place, why)| skip(place, why)));
        done.skipped.extend(database.remarks().into_iter().map(|(place, why)| skip(place, why)));
        done.tables.extend(attempt.tables);
        if let Some(limit) = attempt.sampled {
            let of = table.rows.map_or(String::new(), |rows| format!(" of about {rows}"));
            done.skipped.push(skip(what.clone(), format!("{limit} rows{of} were read, as --sample asks")));
        }
        if attempt.error.is_none() {
            database.finished(table);
            finished += 1;
        }
        if let Some(error) = attempt.error {
            let before = match rows {
                0 => "not audited".to_owned(),
                rows => format!("only the first {rows} rows were audited"),
            };
            done.skipped.push(skip(what, format!("{before}: {error}")));
            if error.reach != Reach::Table {
                lost = Some(error);
            }
        }
    }
    done.bytes.read = done.bytes.rows;
    done.target.bytes = done.bytes.read;
    done.notes.extend(database.notes());
    Ok((done, finished == catalogue.tables.len()))
}

/// The statements that reading `database` would send, and what would not be read.
pub(in crate::audit) fn dry_run(database: &dyn Database) -> Result<Vec<String>, LiveError> {
    let catalogue = database.catalogue()?;
    let mut lines = database.statements(None);
    for table in &catalogue.tables {
        lines.extend(database.statements(Some(table)));
    }
    lines.extend(catalogue.skipped.into_iter().map(|(what, why)| format!("-- {what}: {why}")));
    lines.extend(catalogue.notes.into_iter().map(|note| format!("-- {note}")));
    Ok(lines)
}

/// One table to read.
struct Subject<'a> {
    shared: &'a Shared<'a>,
    database: &'a dyn Database,
    table: &'a LiveTable,
    pace: &'a Pace,
    /// Whether it costs the server nothing.
    kept: bool,
}

/// What reading a table gave.
struct Attempt<'a> {
    tables: Tables<'a>,
    /// Why it ended early.
    error: Option<LiveError>,
    /// How many rows were read, if the scope's limit cut it short.
    sampled: Option<u64>,
}

/// What a table gave in the end.
struct Finished {
    tables: Vec<TableDone>,
    not_judged: Vec<(String, String)>,
    bytes: u64,
    error: Option<LiveError>,
    sampled: Option<u64>,
}

/// What one part gave.
struct PartDone {
    number: usize,
    runs: Vec<Run>,
    error: Option<LiveError>,
}

impl<'a> Subject<'a> {
    fn until_its_plan_holds(&self) -> io::Result<Finished> {
        let mut pins = Pins::new();
        for reading in 1.. {
            let mut attempt = self.read(&pins)?;
            let missed = attempt.tables.missed(self.shared);
            if missed.is_empty() || attempt.error.is_some() || reading == MAX_READINGS {
                if !missed.is_empty() {
                    attempt.error.get_or_insert(LiveError::table(
                        "its columns kept changing their meaning while it was read: some rows of a credential column \
                         were not judged. Audit this table alone",
                    ));
                }
                let Attempt { tables, error, sampled } = attempt;
                let bytes = tables.bytes.rows;
                let (tables, not_judged) = tables.finish();
                return Ok(Finished { tables, not_judged, bytes, error, sampled });
            }
            pins.extend(missed);
        }
        unreachable!("the loop ends at the last reading")
    }

    fn read<'p>(&self, pins: &'p Pins) -> io::Result<Attempt<'p>>
    where
        'a: 'p,
    {
        let tables = Tables::new(self.shared, pins, self.table.places.clone());
        let mut attempt = Attempt { tables, error: None, sampled: None };
        let mut parts = match self.database.parts(self.table) {
            Ok(parts) => parts,
            Err(error) => {
                attempt.error = Some(error);
                return Ok(attempt);
            }
        };
        let limit = self.shared.settings.live.scope.sample;
        let each = limit.map(|limit| {
            // The first part decides the plan, and takes what the others leave.
            parts.retain(|part| part.wide);
            limit.div_ceil(parts.len() as u64).max(1)
        });
        let mut left = limit;
        // Until the plan is made, part after part; each connection is as good as another.
        let mut next = 0;
        while next < parts.len() && attempt.error.is_none() && left != Some(0) {
            if attempt.tables.states.first().is_some_and(|table| table.plan.is_some()) && limit.is_none() {
                break;
            }
            let of_part = each.map(|each| each.min(left.unwrap_or(each)));
            let rows = self.first_part(&mut attempt, &parts[next], of_part)?;
            left = left.map(|left| left.saturating_sub(rows));
            next += 1;
        }
        if limit.is_some() {
            let rows = attempt.tables.states.iter().map(|table| table.rows).sum();
            let all = parts.len() == 1 && left.is_some_and(|left| left > 0);
            attempt.sampled = (!all && attempt.error.is_none()).then_some(rows);
        } else if next < parts.len() && attempt.error.is_none() {
            self.other_parts(&mut attempt, &parts[next..])?;
        }
        attempt.tables.decide_all()?;
        Ok(attempt)
    }

    /// Reads one part here and lets all threads observe it. How many rows it had.
    fn first_part(&self, attempt: &mut Attempt<'_>, part: &Part, limit: Option<u64>) -> io::Result<u64> {
        if !self.may_read(0) {
            attempt.error = Some(LiveError::interrupted());
            return Ok(0);
        }
        let request = Request { table: self.table, part, columns: None, limit };
        let tables = &mut attempt.tables;
        let mut waiting: Vec<Item> = Vec::new();
        let mut trouble = None;
        let mut rows = 0;
        let read = self.database.read(0, &request, &mut |batch| {
            rows += batch.len() as u64;
            self.shared.progress.stored_bytes(batch.bytes);
            let go_on = self.go_on(batch.len());
            waiting.push(Item::Batch(batch));
            let undecided = tables.states.first().is_none_or(|table| table.plan.is_none());
            if undecided || waiting.len() >= self.shared.window() {
                trouble = tables.accept(std::mem::take(&mut waiting), 0, &BTreeMap::new(), 0).err();
            }
            if go_on && trouble.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        tables.accept(waiting, 0, &BTreeMap::new(), 0)?;
        attempt.error = read.err().or_else(|| self.interrupted());
        Ok(rows)
    }

    /// Reads the other parts over all connections.
    fn other_parts(&self, attempt: &mut Attempt<'_>, parts: &[Part]) -> io::Result<()> {
        let plan = attempt.tables.states[0].plan.clone().expect("the parts before decided the table");
        let columns = plan.columns();
        let readers = self.database.connections().min(parts.len());
        let queue = Queue { state: Mutex::new(State::default()), moved: Condvar::new(), ahead: readers * PARTS_AHEAD };
        let (sender, receiver) = mpsc::sync_channel::<io::Result<PartDone>>(readers);
        thread::scope(|scope| {
            for connection in 0..readers {
                let (plan, columns, queue, sender) = (&plan, &columns, &queue, sender.clone());
                scope.spawn(move || self.reader(connection, parts, plan, columns, queue, &sender));
            }
            drop(sender);
            Self::accept_in_order(attempt, &queue, &receiver)
        })
    }

    /// What one connection does: part after part until there is none, or the audit ends.
    fn reader(
        &self,
        connection: usize,
        parts: &[Part],
        plan: &Arc<Plan>,
        columns: &[usize],
        queue: &Queue,
        sender: &SyncSender<io::Result<PartDone>>,
    ) {
        // Whoever waits for a part must not wait for ever, whatever happens here.
        let _end = EndsQueue(queue);
        while let Some(number) = queue.next(parts.len()) {
            let part = &parts[number];
            let done = if self.may_read(connection) {
                self.part(connection, part, plan, columns, number)
            } else {
                Ok(PartDone { number, runs: Vec::new(), error: Some(LiveError::interrupted()) })
            };
            let over = done.as_ref().map_or(true, |done| done.error.is_some());
            if over {
                queue.stop();
            }
            if sender.send(done).is_err() {
                return;
            }
        }
    }

    fn part(
        &self,
        connection: usize,
        part: &Part,
        plan: &Arc<Plan>,
        columns: &[usize],
        number: usize,
    ) -> io::Result<PartDone> {
        let request = Request { table: self.table, part, columns: (!part.wide).then_some(columns), limit: None };
        let watch = if part.wide { Watch::ALL } else { Watch::NONE };
        let tools = &self.shared.tools;
        let mut runs = Vec::new();
        let mut trouble = None;
        let mut waiting: Vec<TableBatch> = Vec::new();
        let many = if self.database.connections() == 1 { BATCHES_AT_A_TIME } else { 1 };
        let mut observe_all = |waiting: &mut Vec<TableBatch>| -> io::Result<()> {
            let batches = std::mem::take(waiting);
            if let [batch] = &batches[..] {
                runs.push(observe::observe(tools, plan, batch, watch)?);
                return Ok(());
            }
            let observed: io::Result<Vec<Run>> =
                batches.par_iter().map(|batch| observe::observe(tools, plan, batch, watch)).collect();
            runs.extend(observed?);
            Ok(())
        };
        let read = self.database.read(connection, &request, &mut |batch| {
            self.shared.progress.stored_bytes(batch.bytes);
            let go_on = self.go_on(batch.len());
            waiting.push(batch);
            if waiting.len() >= many {
                trouble = observe_all(&mut waiting).err();
            }
            if go_on && trouble.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        if let Some(error) = trouble {
            return Err(error);
        }
        observe_all(&mut waiting)?;
        Ok(PartDone { number, runs, error: read.err().or_else(|| self.interrupted()) })
    }

    /// Before a part is read over a connection: waits as long as the limits ask for. Whether to go on.
    fn may_read(&self, connection: usize) -> bool {
        if self.kept { self.interrupted().is_none() } else { self.pace.before_part(self.database, connection) }
    }

    /// After `rows` rows.
    fn go_on(&self, rows: usize) -> bool {
        if self.kept { self.interrupted().is_none() } else { self.pace.read(rows as u64) }
    }

    fn interrupted(&self) -> Option<LiveError> {
        self.shared.settings.live.interrupt.is_set().then(LiveError::interrupted)
    }

    /// Accepts parts in their order; those behind one that failed as well: what was read is judged.
    fn accept_in_order(
        attempt: &mut Attempt<'_>,
        queue: &Queue,
        receiver: &Receiver<io::Result<PartDone>>,
    ) -> io::Result<()> {
        let mut waiting: BTreeMap<usize, PartDone> = BTreeMap::new();
        let mut next = 0;
        let accept = |attempt: &mut Attempt<'_>, part: PartDone| -> io::Result<()> {
            for run in part.runs {
                attempt.tables.accept_run(0, run, 0)?;
            }
            if let Some(error) = part.error {
                let worse = attempt.error.as_ref().is_none_or(|known| known.reach == Reach::Table);
                if worse {
                    attempt.error = Some(error);
                }
            }
            Ok(())
        };
        let mut result = Ok(());
        for part in receiver {
            match part {
                Ok(part) => drop(waiting.insert(part.number, part)),
                Err(error) => {
                    queue.stop();
                    result = Err(error);
                }
            }
            while result.is_ok()
                && let Some(part) = waiting.remove(&next)
            {
                next += 1;
                result = accept(attempt, part);
                queue.accepted(next);
            }
        }
        result?;
        waiting.into_values().try_for_each(|part| accept(attempt, part))
    }
}

/// Which part is next, and how far ahead of the accepted ones readers may go.
struct Queue {
    state: Mutex<State>,
    moved: Condvar,
    ahead: usize,
}

#[derive(Default)]
struct State {
    next: usize,
    accepted: usize,
    stopped: bool,
}

impl Queue {
    /// The next of `parts` parts, once there is room for what it will give.
    fn next(&self, parts: usize) -> Option<usize> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if state.stopped || state.next >= parts {
                return None;
            }
            if state.next < state.accepted + self.ahead {
                state.next += 1;
                return Some(state.next - 1);
            }
            state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn accepted(&self, parts: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).accepted = parts;
        self.moved.notify_all();
    }

    fn stop(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.moved.notify_all();
    }
}

/// Stops the queue if its reader panics.
struct EndsQueue<'a>(&'a Queue);

impl Drop for EndsQueue<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}
