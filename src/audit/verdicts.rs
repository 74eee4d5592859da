//! The end of an audit: schemes resolved, joins made, every row judged in input order. The report is `reporting`'s.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::error::Error;
use crate::judge::judge;
use crate::model::{
    AccountTotals, FormKind, Policy, Reason, Reasons, Report, ReportSkip, ResetRow, RowAt, Tier, Verdict,
};
use crate::settings::{AuditSettings, GUESS_SECONDS};

use super::Shared;
use super::asking::{Asked, Asking};
use super::facts::{FactsReader, RowFacts, SlotFacts};
use super::joins::{Cell, ColumnKey, DigestRecord, Fact, Joins, group};
use super::prove::Subject;
use super::reporting::report;
use super::resolve::{self, Resolved};
use super::slow::{self, Slow};
use super::unit::{SlotDone, TableDone, UnitDone};
use crate::report::TakeRow;

/// One table with everything decided about its columns.
pub(super) struct Decided<'a> {
    pub(super) unit: &'a UnitDone,
    pub(super) table: &'a TableDone,
    /// By slot; `None` where the column is no credential after all.
    pub(super) slots: Vec<Option<Vec<Resolved>>>,
    pub(super) slow: Vec<Slow>,
}

impl Decided<'_> {
    pub(super) fn has_credentials(&self) -> bool {
        self.slots.iter().any(Option::is_some)
    }

    pub(super) fn column_name(&self, slot: usize) -> &str {
        &self.table.table.columns[self.table.plan.slots[slot].column].name
    }

    fn resolved(&self, slot: usize, form: u32) -> Option<&Resolved> {
        self.slots.get(slot)?.as_ref()?.get(form as usize)
    }

    /// Unit and table, for people.
    pub(super) fn label(&self) -> String {
        let (unit, table) = (&self.unit.target.unit, &self.table.table.name);
        match (unit.is_empty(), table.is_empty()) {
            (true, _) => table.clone(),
            (false, true) => unit.clone(),
            (false, false) => format!("{unit}: {table}"),
        }
    }
}

/// Joins, judges and reports.
pub(super) fn conclude(
    shared: &Shared<'_>,
    units: &[UnitDone],
    skipped: Vec<ReportSkip>,
    resets: Option<TakeRow<'_>>,
) -> Result<Report, Error> {
    let settings = shared.settings;
    let store_error = |error: io::Error| Error::store(&settings.spool_dir, error);
    let tables: Vec<(&UnitDone, &TableDone)> =
        units.iter().flat_map(|unit| unit.tables.iter().map(move |table| (unit, table))).collect();
    let run_count = shared.next_run.load(Ordering::Relaxed);
    let mut run_of: Vec<Option<(u32, u32)>> = vec![None; run_count as usize];
    for (at, (_, table)) in tables.iter().enumerate() {
        for (number, run) in table.runs.iter().enumerate() {
            run_of[run.id as usize] = Some((at as u32, number as u32));
        }
    }
    let joins = Joins::new(shared.tools.store.clone(), run_count);
    let column_of = |run: u32, slot: usize| {
        let (at, _) = run_of[run as usize]?;
        let table = tables[at as usize].1;
        let live = slot < table.slots.len() && resolve::is_credential(table, slot);
        live.then_some(ColumnKey { table: at, slot: slot as u32 })
    };
    shared.progress.phase("trying likely passwords, grouping equal values");
    // Side by side: the last guess takes one thread a while.
    let (decided, grouped) = rayon::join(
        || decide_all(shared, &tables),
        || group(&shared.values.lock().unwrap_or_else(PoisonError::into_inner), &column_of, &joins),
    );
    let grouped = grouped.map_err(store_error)?;
    for table in &decided {
        tell_slow(table, &joins).map_err(store_error)?;
    }
    let asked = ask(shared, &decided, &run_of, &joins)?;
    shared.progress.phase("judging");
    let judged = judge_all(shared, &decided, &joins, resets)?;
    Ok(report(shared, units, &decided, &judged, &grouped, asked, skipped))
}

/// Tries likely passwords on every table and decides about its columns.
fn decide_all<'a>(shared: &Shared<'_>, tables: &[(&'a UnitDone, &'a TableDone)]) -> Vec<Decided<'a>> {
    let settings = shared.settings;
    // Counted in work and not in seconds, so that the same input gives the same report. What one column leaves is the
    // next one's.
    let mut budget = u64::from(settings.guess_seconds.unwrap_or(GUESS_SECONDS)) * 1_000_000_000;
    let mut columns_left: u64 = tables.iter().map(|(_, table)| slow_columns(table)).sum();
    let mut decided: Vec<Decided<'_>> = Vec::new();
    for (unit, table) in tables {
        let columns = slow_columns(table);
        let share = if columns == 0 { 0 } else { budget / columns_left };
        let table = decide(unit, table, settings, shared.tools.pepper(), share);
        columns_left -= columns;
        budget -= table.slow.iter().map(|slow| slow.work).sum::<u64>().min(budget);
        decided.push(table);
    }
    decided
}

/// Columns of `table` that hold self-describing hashes.
fn slow_columns(table: &TableDone) -> u64 {
    let modular = |slot: &SlotDone| slot.sorts.iter().any(|sort| sort.form.kind() == FormKind::Modular);
    (0..table.slots.len()).filter(|n| resolve::is_credential(table, *n) && modular(&table.slots[*n])).count() as u64
}

fn decide<'a>(
    unit: &'a UnitDone,
    table: &'a TableDone,
    settings: &AuditSettings,
    pepper: Option<&[u8]>,
    share: u64,
) -> Decided<'a> {
    let mut slots = Vec::new();
    let mut slow = Vec::new();
    for number in 0..table.slots.len() {
        if resolve::is_credential(table, number) {
            let budget = if settings.guess_seconds.is_some() { share } else { usual(table, number, share) };
            let tried = try_slow(table, number, pepper, budget);
            slots.push(Some(resolve::slot(table, number, &tried, &settings.policy)));
            slow.push(tried);
        } else {
            slots.push(None);
            slow.push(Slow::default());
        }
    }
    Decided { unit, table, slots, slow }
}

/// The slot's sample, smallest sampling key first.
fn sample_order(table: &TableDone, slot: usize) -> Vec<usize> {
    let sample = &table.slots[slot].sample;
    let mut order: Vec<usize> = (0..sample.len()).collect();
    order.sort_by_key(|at| sample[*at].key);
    order
}

/// What of `share` is spent on a column by default.
fn usual(table: &TableDone, slot: usize, share: u64) -> u64 {
    let done = &table.slots[slot];
    let forms = done.sorts.iter().map(|sort| sort.form).zip(done.counts.iter().copied());
    slow::usual(forms, share, table.roles[table.plan.slots[slot].column].expects)
}

fn try_slow(table: &TableDone, slot: usize, pepper: Option<&[u8]>, budget: u64) -> Slow {
    let sample = &table.slots[slot].sample;
    let order = sample_order(table, slot);
    let subjects: Vec<Subject> = order.iter().map(|at| sample[*at].subject.clone()).collect();
    let mut tried = slow::slow(&subjects, budget, pepper, table.roles[table.plan.slots[slot].column].expects);
    for (at, _) in &mut tried.opened {
        *at = order[*at];
    }
    tried
}

fn tell_slow(table: &Decided<'_>, joins: &Joins) -> io::Result<()> {
    for (slot, slow) in table.slow.iter().enumerate() {
        for (at, opened) in &slow.opened {
            let sampled = &table.table.slots[slot].sample[*at];
            let fact = Fact::Opened {
                common: opened.common,
                login: opened.own == Some(crate::guess::Own::Login),
                email: opened.own == Some(crate::guess::Own::Email),
                default: opened.default,
                scheme: opened.scheme,
            };
            joins.add(sampled.run, sampled.cell, fact)?;
        }
    }
    Ok(())
}

/// Asks the chosen sources about every digest whose form turned out to be one.
fn ask(
    shared: &Shared<'_>,
    decided: &[Decided<'_>],
    run_of: &[Option<(u32, u32)>],
    joins: &Joins,
) -> Result<Asked, Error> {
    if shared.whom.is_empty() {
        return Ok(Asked::default());
    }
    shared.progress.phase("asking breach sources");
    let valid = |run: u32, record: &DigestRecord| {
        let Some((at, number)) = run_of[run as usize] else { return false };
        let table = &decided[at as usize];
        let slot = record.cell.slot();
        let codes = &table.table.runs[number as usize].codes;
        let form = codes.get(slot).and_then(|codes| codes.get(usize::from(record.form)));
        let Some(scheme) = form.and_then(|form| table.resolved(slot, *form)).and_then(|r| r.scheme) else {
            return false;
        };
        scheme.asks().contains(&record.digest.kind())
    };
    let digests = shared.digests.lock().unwrap_or_else(PoisonError::into_inner);
    let asking = Asking { digests: &digests, valid: &valid, seed: shared.tools.key.0 };
    let asked = asking.ask(&shared.whom, joins, shared.progress);
    asked.map_err(|error| Error::store(&shared.settings.spool_dir, error))
}

/// How many rows carried a set of reasons, and where the first was.
#[derive(Clone, Copy)]
struct Counted {
    reasons: Reasons,
    rows: u64,
    first: RowAt,
}

/// Counts of one table.
#[derive(Clone, Default)]
pub(super) struct Tally {
    pub(super) accounts: AccountTotals,
    /// By slot, and last what concerns the row as a whole.
    counted: Vec<Vec<Counted>>,
    /// By slot: values opened by the common-password list.
    pub(super) opened: Vec<u64>,
}

impl Tally {
    fn new(slots: usize) -> Self {
        Self { accounts: AccountTotals::default(), counted: vec![Vec::new(); slots + 1], opened: vec![0; slots] }
    }

    fn count(&mut self, slot: usize, reasons: Reasons, rows: u64, first: RowAt) {
        if reasons.is_empty() {
            return;
        }
        match self.counted[slot].iter_mut().find(|c| c.reasons == reasons) {
            Some(counted) => counted.rows += rows,
            None => self.counted[slot].push(Counted { reasons, rows, first }),
        }
    }

    fn merge(&mut self, later: &Self) {
        self.accounts.merge(&later.accounts);
        for (slot, counted) in later.counted.iter().enumerate() {
            for c in counted {
                self.count(slot, c.reasons, c.rows, c.first);
            }
        }
        for (sum, more) in self.opened.iter_mut().zip(&later.opened) {
            *sum += more;
        }
    }

    /// Rows and first place of each reason in `slot`.
    pub(super) fn by_reason(&self, slot: usize) -> BTreeMap<Reason, (u64, RowAt)> {
        let mut by_reason: BTreeMap<Reason, (u64, RowAt)> = BTreeMap::new();
        for counted in &self.counted[slot] {
            for reason in counted.reasons.iter() {
                let entry = by_reason.entry(reason).or_insert((0, counted.first));
                entry.0 += counted.rows;
                if counted.first.offset < entry.1.offset {
                    entry.1 = counted.first;
                }
            }
        }
        by_reason
    }
}

/// Judges rows of one table; remembers verdicts by their reasons, of which there are few.
struct Judge<'a> {
    table: &'a Decided<'a>,
    policy: &'a Policy,
    tally: Tally,
    known: Vec<Verdict>,
}

/// One judged row.
struct Judged {
    verdict: Verdict,
    exposure_count: Option<u64>,
}

impl<'a> Judge<'a> {
    fn new(table: &'a Decided<'a>, policy: &'a Policy) -> Self {
        Self { table, policy, tally: Tally::new(table.slots.len()), known: Vec::new() }
    }

    /// Judges a row, and `rows` that are like it in everything but their place, which is this or later. `codes` has the
    /// slots' form indexes (by the table's numbering), `facts` what the joins know.
    fn rows(
        &mut self,
        at: RowAt,
        row: &RowFacts<'_>,
        slots: &[SlotFacts],
        codes: &[Vec<u32>],
        facts: &[(u32, Cell, Fact)],
        rows: u64,
    ) -> Judged {
        let mut all = Reasons::EMPTY;
        let mut holds = false;
        let mut exposure_count = None;
        for (slot, stored) in slots.iter().enumerate() {
            let Some(code) = stored.code.checked_sub(1) else { continue };
            let Some(resolved) = self.table.resolved(slot, codes[slot][code as usize]) else { continue };
            let mut reasons = resolved.reasons;
            if stored.empty && resolved.scheme.is_some() {
                reasons.insert(Reason::EmptyPassword);
            }
            if stored.opened.is_some() {
                reasons.insert(Reason::CommonPassword);
                self.tally.opened[slot] += rows;
            }
            if stored.default {
                reasons.insert(Reason::DefaultCredential);
            }
            match stored.own {
                Some(crate::guess::Own::Login) => reasons.insert(Reason::PasswordIsLogin),
                Some(crate::guess::Own::Email) => reasons.insert(Reason::PasswordIsEmail),
                None => {}
            }
            for (_, cell, fact) in facts {
                if cell.slot() == slot {
                    self.fact(*fact, &mut reasons, &mut exposure_count);
                }
            }
            holds |= !reasons.contains(Reason::NoCredential);
            self.tally.count(slot, reasons, rows, at);
            all = all.union(reasons);
        }
        let mut of_row = Reasons::EMPTY;
        if holds {
            all.remove(Reason::NoCredential);
        } else {
            of_row.insert(Reason::NoCredential);
        }
        if row.active == Some(false) {
            of_row.insert(Reason::InactiveAccount);
        }
        if row.privileged {
            of_row.insert(Reason::Privileged);
        }
        self.tally.count(slots.len(), of_row, rows, at);
        let verdict = self.verdict(all.union(of_row));
        self.tally.accounts.add(verdict.tier, rows);
        Judged { verdict, exposure_count }
    }

    fn fact(&self, fact: Fact, reasons: &mut Reasons, exposure_count: &mut Option<u64>) {
        match fact {
            Fact::Shared { privileged } => {
                reasons.insert(Reason::SharedPassword);
                if privileged {
                    reasons.insert(Reason::SharedWithPrivileged);
                }
            }
            Fact::Seen(count) => {
                *exposure_count = (*exposure_count).max(count);
                let often = count.is_some_and(|count| count >= self.policy.breached_often_from);
                reasons.insert(if often { Reason::BreachedOften } else { Reason::Breached });
            }
            Fact::Unknown(_) => reasons.insert(Reason::NotAnswered),
            Fact::Opened { common, login, email, default, .. } => {
                for (told, reason) in [
                    (common, Reason::CommonPassword),
                    (login, Reason::PasswordIsLogin),
                    (email, Reason::PasswordIsEmail),
                    (default, Reason::DefaultCredential),
                ] {
                    if told {
                        reasons.insert(reason);
                    }
                }
            }
        }
    }

    fn verdict(&mut self, reasons: Reasons) -> Verdict {
        if let Some(known) = self.known.iter().find(|v| v.reasons == reasons) {
            return *known;
        }
        let verdict = judge(reasons, self.policy);
        self.known.push(verdict);
        verdict
    }
}

/// Judges every table: in parallel where only counts are wanted, row after row where a reset list is written.
fn judge_all(
    shared: &Shared<'_>,
    decided: &[Decided<'_>],
    joins: &Joins,
    mut resets: Option<TakeRow<'_>>,
) -> Result<Vec<Tally>, Error> {
    let mut tallies = Vec::with_capacity(decided.len());
    for table in decided {
        let mut tally = Tally::new(table.slots.len());
        if table.has_credentials() {
            let mut spans: Vec<&[super::unit::RunDone]> = Vec::new();
            spans.extend(table.table.runs.chunk_by(|a, b| Joins::bucket_of(a.id) == Joins::bucket_of(b.id)));
            if let Some(resets) = resets.as_deref_mut() {
                for span in spans {
                    tally.merge(&judge_span(shared, table, span, joins, Some(&mut *resets))?);
                }
            } else {
                let parts: Vec<Result<Tally, Error>> =
                    spans.into_par_iter().map(|span| judge_span(shared, table, span, joins, None)).collect();
                for part in parts {
                    tally.merge(&part?);
                }
            }
        }
        tallies.push(tally);
    }
    Ok(tallies)
}

/// Rows of one run of which the joins know nothing and that differ in their place only.
struct Alike<'a> {
    key: u64,
    /// How many came after the first.
    rows: u64,
    /// The first.
    at: RowAt,
    row: RowFacts<'a>,
    slots: Vec<SlotFacts>,
}

/// Equal for rows of one run that get the same verdict; `None` where that does not fit a key.
#[inline]
fn key_of(row: &RowFacts<'_>, slots: &[SlotFacts]) -> Option<u64> {
    let active = row.active.map_or(0, |active| 1 + u64::from(active));
    let mut key = active << 1 | u64::from(row.privileged);
    if slots.len() > 3 {
        return None;
    }
    for slot in slots {
        if slot.code >= 1 << 15 {
            return None;
        }
        let own = match slot.own {
            None => 0,
            Some(crate::guess::Own::Login) => 1,
            Some(crate::guess::Own::Email) => 2,
        };
        let opened = u64::from(slot.opened.is_some());
        let bits = own << 3 | opened << 2 | u64::from(slot.default) << 1 | u64::from(slot.empty);
        key = key << 20 | u64::from(slot.code) << 5 | bits;
    }
    Some(key)
}

/// Judges consecutive runs whose joined facts lie together.
fn judge_span(
    shared: &Shared<'_>,
    table: &Decided<'_>,
    runs: &[super::unit::RunDone],
    joins: &Joins,
    mut resets: Option<TakeRow<'_>>,
) -> Result<Tally, Error> {
    let store_error = |error: io::Error| Error::store(&shared.settings.spool_dir, error);
    let mut judge = Judge::new(table, &shared.settings.policy);
    let Some(first) = runs.first() else { return Ok(judge.tally) };
    let facts = joins.load(Joins::bucket_of(first.id)).map_err(store_error)?;
    let label = table.label();
    let (mut scheme, mut locator) = (String::new(), String::new());
    let mut slots = vec![SlotFacts::default(); table.slots.len()];
    for run in runs {
        let from = facts.partition_point(|(id, ..)| *id < run.id);
        let to = facts.partition_point(|(id, ..)| *id <= run.id);
        let mut known = &facts[from..to];
        let Some(chunk) = &run.facts else { continue };
        let bytes = chunk.get().map_err(store_error)?;
        let mut reader = FactsReader::new(&bytes, shared.tools.identities);
        let mut alike: Vec<Alike<'_>> = Vec::new();
        for number in 0..run.rows {
            let row = reader.row(&mut slots).expect("a run holds the facts of all its rows");
            let mine = known.iter().take_while(|(_, cell, _)| cell.row() == number).count();
            let (of_row, rest) = known.split_at(mine);
            known = rest;
            let line = if row.at.line == 0 { 0 } else { row.at.line + run.line_base };
            let at = RowAt { offset: row.at.offset, line };
            let key = if resets.is_none() && of_row.is_empty() { key_of(&row, &slots) } else { None };
            if let Some(more) = key.and_then(|key| alike.iter_mut().find(|alike| alike.key == key)) {
                more.rows += 1;
                continue;
            }
            let judged = judge.rows(at, &row, &slots, &run.codes, of_row, 1);
            let Some(resets) = resets.as_deref_mut() else {
                alike.extend(key.map(|key| Alike { key, rows: 0, at, row, slots: slots.clone() }));
                continue;
            };
            if judged.verdict.tier == Tier::None {
                continue;
            }
            scheme.clear();
            for (slot, stored) in slots.iter().enumerate() {
                let resolved =
                    stored.code.checked_sub(1).and_then(|c| table.resolved(slot, run.codes[slot][c as usize]));
                if let Some(resolved) = resolved {
                    if !scheme.is_empty() {
                        scheme.push_str(" + ");
                    }
                    // What opened this row says what it is.
                    let by = of_row.iter().find_map(|(_, cell, fact)| match fact {
                        Fact::Opened { scheme, .. } if cell.slot() == slot => Some(usize::from(*scheme)),
                        _ => None,
                    });
                    let apart = by.and_then(|by| resolved.apart.iter().find(|apart| apart.number == by));
                    scheme.push_str(apart.map_or(&resolved.describe, |apart| &apart.resolved.describe));
                }
            }
            locator.clear();
            let unit =
                if table.unit.target.unit.is_empty() { &table.unit.target.target } else { &table.unit.target.unit };
            // Writing to a String cannot fail.
            let _ = write!(locator, "{unit}: {}", table.table.places.say(at));
            resets(&ResetRow {
                tier: judged.verdict.tier,
                target: &table.unit.target.target,
                table: &label,
                account_id: row.identity[0],
                login: row.identity[1],
                email: row.identity[2],
                reasons: judged.verdict.reasons,
                scheme: &scheme,
                exposure_count: judged.exposure_count,
                active: row.active,
                locator: &locator,
            })
            .map_err(|error| Error::write(None, error))?;
        }
        for more in alike.iter().filter(|alike| alike.rows > 0) {
            judge.rows(more.at, &more.row, &more.slots, &run.codes, &[], more.rows);
        }
    }
    Ok(judge.tally)
}
