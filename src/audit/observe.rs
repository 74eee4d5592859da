//! The hot path: one batch under its table's plan becomes packed facts, records for the joins, and statistics.
//!
//! Pure but for the store it writes to: batch in, [`Run`] out, in parallel. Nothing here knows about other batches.

use std::collections::HashMap;
use std::hash::Hasher;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use siphasher::sip128::{Hasher128, SipHasher13};

use crate::columns::ColumnStats;
use crate::guess::{self, CommonPasswords, DigestIndex, Own, Target, Telling};
use crate::model::{Form, FormKind, Formula, Secret, Table, TableBatch, Whole};
use crate::reversible::{self, Opening};
use crate::schemes::{self, Scheme, Stored};
use crate::spool::{Chunk, Store};

use super::asking::Wanted;
use super::facts::{FactsWriter, RowFacts, SlotFacts};
use super::joins::{Cell, DigestRecord, ValueRecord};
use super::people::{Cells, People};
use super::plan::{self, Plan, Slot};
use super::prove::{SAMPLE, Subject};
use super::sorts::{Dictionary, Sort};
use super::turning::Trace;

/// Nanoseconds of [`guess::nanoseconds`] that trying common passwords on one row may take under one construction: those of
/// many rounds are tried on a sample only.
const MAX_WORK_A_ROW: u64 = 100_000;

/// Of the columns that are not followed, one row in this many is looked at.
pub(super) const WATCH_ONE_IN: u64 = 128;

/// Which rows of a batch are looked at in the columns that are not followed.
#[derive(Clone, Copy)]
pub(super) struct Watch {
    from: usize,
    one_in: u64,
}

impl Watch {
    /// One row in [`WATCH_ONE_IN`], chosen by its place.
    pub(super) const SOME: Self = Self { from: 0, one_in: WATCH_ONE_IN };
    /// Every row: of a table of which such rows alone were read with all columns.
    pub(super) const ALL: Self = Self { from: 0, one_in: 1 };
    /// None: the columns were not read.
    pub(super) const NONE: Self = Self { from: usize::MAX, one_in: WATCH_ONE_IN };

    /// As [`Watch::SOME`], without the first `from` rows, which were counted when the plan was made.
    pub(super) const fn some_from(from: usize) -> Self {
        Self { from, one_in: WATCH_ONE_IN }
    }
}

/// What all observations share.
pub(super) struct Tools {
    pub(super) store: Arc<Store>,
    pub(super) common: &'static CommonPasswords,
    /// Made when a table first asks for it.
    pub(super) index: LazyLock<DigestIndex>,
    /// Key of the fingerprints; random, lives as long as the process.
    pub(super) key: (u64, u64),
    /// Whether id, login and email are kept for a reset list.
    pub(super) identities: bool,
    /// Kinds of digest that are kept for breach sources that are asked later.
    pub(super) digests: Wanted,
    /// Keys given for columns that are encrypted.
    pub(super) keys: reversible::Keys,
    /// Common passwords tried on every salted fast hash.
    pub(super) guess_words: usize,
    /// A secret of the whole site, if one was supplied.
    pub(super) pepper: Option<Secret>,
}

/// What one batch showed of one slot.
#[derive(Default)]
pub(super) struct SlotRun {
    /// Sorts in order of appearance; a row's code is 1 + the index here.
    pub(super) sorts: Vec<Sort>,
    /// Rows of each sort.
    pub(super) counts: Vec<u64>,
    /// Values opened by a common password or the row's own words, by construction.
    pub(super) hits: HashMap<Formula, u64>,
    /// The rows with the smallest sampling keys.
    pub(super) sample: Vec<Sampled>,
    /// Values that may be encrypted, those with the smallest sampling keys.
    pub(super) traces: Vec<Trace>,
}

/// A row kept for proofs.
pub(super) struct Sampled {
    /// Hash of its place: the smallest of a table are its sample, however the input was cut.
    pub(super) key: u64,
    /// Where it is in its run.
    pub(super) cell: Cell,
    /// The run it belongs to; set when the run is accepted.
    pub(super) run: u32,
    pub(super) subject: Subject,
}

/// What one batch showed.
pub(super) struct Run {
    /// Of which table, as it was then: it may have gained columns.
    pub(super) table: Arc<Table>,
    /// The rows that were read whole, where of others cells were left out: for [`see_whole`].
    pub(super) whole: Option<Whole>,
    pub(super) rows: usize,
    pub(super) bytes: u64,
    pub(super) facts: Option<Chunk>,
    pub(super) slots: Vec<SlotRun>,
    /// By column, of those that were looked at.
    pub(super) stats: Vec<(usize, ColumnStats)>,
    pub(super) values: Vec<ValueRecord>,
    pub(super) digests: Vec<DigestRecord>,
}

/// A cheap, well-mixed hash of a place or a short text (the finaliser of `MurmurHash3`); not for secrets.
pub(super) const fn mix(mut n: u64) -> u64 {
    n ^= n >> 33;
    n = n.wrapping_mul(0xff51_afd7_ed55_8ccd);
    n ^= n >> 33;
    n = n.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    n ^ n >> 33
}

/// The domain of a fingerprint: equal passwords under different schemes meet as passwords.
#[derive(Clone, Copy)]
enum Domain {
    Stored = 1,
    Password = 2,
}

/// A code as a record keeps it; those beyond its range share the last.
fn form_of_record(code: usize) -> u16 {
    code.min(usize::from(u16::MAX)) as u16
}

impl Tools {
    /// The supplied secret of the whole site.
    pub(super) fn pepper(&self) -> Option<&[u8]> {
        self.pepper.as_ref().map(Secret::expose)
    }

    fn fingerprint(&self, domain: Domain, bytes: &[u8]) -> u128 {
        let mut hasher = SipHasher13::new_with_keys(self.key.0 ^ domain as u64, self.key.1);
        hasher.write(bytes);
        hasher.finish128().as_u128()
    }
}

/// Everything about `batch` under `plan`. The rows of `watched` count into the statistics of columns that are not
/// followed.
pub(super) fn observe(tools: &Tools, plan: &Plan, batch: &TableBatch, watched: Watch) -> io::Result<Run> {
    let rows = batch.len();
    assert!(rows < Cell::MAX_ROWS, "a batch is no larger than its block");
    let whole = batch.partial.as_ref().map(|partial| partial.whole.clone());
    let mut stats = if whole.is_some() {
        assert!(watched.from == 0 && watched.one_in == WATCH_ONE_IN, "cells are left out where some rows are watched");
        Vec::new()
    } else {
        watch(tools, plan, batch, watched)
    };
    let mut run = Run {
        table: batch.table.clone(),
        whole,
        rows,
        bytes: batch.bytes,
        facts: None,
        slots: Vec::new(),
        stats: Vec::new(),
        values: Vec::new(),
        digests: Vec::new(),
    };
    if plan.slots.is_empty() {
        run.stats = stats;
        return Ok(run);
    }
    let people = People::of(plan, batch);
    run.values.reserve(rows * plan.slots.len());
    let mut facts: Vec<Vec<SlotFacts>> = Vec::with_capacity(plan.slots.len());
    for (number, slot) in plan.slots.iter().enumerate() {
        let asked_before = run.digests.len();
        let mut observer = SlotObserver {
            tools,
            plan,
            slot,
            number,
            batch,
            people: &people,
            cells: Cells::of(batch, Some(slot.column)),
            dictionary: Dictionary::new(),
            facts: vec![SlotFacts::default(); rows],
            found: SlotRun::default(),
            raw: Vec::with_capacity(rows * 20 + 64),
            raw_of: vec![(0, 0); rows],
            turned_back: Vec::new(),
        };
        let mut followed = ColumnStats::new();
        observer.recognise(&mut run);
        observer.look_up();
        observer.own_words_unsalted();
        observer.salted();
        observer.count(&mut followed);
        stats.push((slot.column, followed));
        observer.settle_asked(&mut run.digests[asked_before..]);
        observer.samples();
        observer.traces();
        observer.records(&mut run);
        run.slots.push(SlotRun {
            sorts: observer.dictionary.sorts,
            counts: observer.dictionary.counts,
            ..observer.found
        });
        facts.push(observer.facts);
    }
    let mut writer = FactsWriter::new(tools.identities, rows);
    for (row, at) in batch.rows.iter().enumerate() {
        let identity = if tools.identities { people.identity(row) } else { [&[][..]; 3] };
        let of_row = RowFacts { at: *at, active: people.active[row], privileged: people.privileged[row], identity };
        writer.row(&of_row, facts.iter().map(|slot| slot[row]));
    }
    run.facts = Some(tools.store.put(writer.finish())?);
    run.stats = stats;
    Ok(run)
}

/// Statistics of the columns that are not followed, from the rows of `of`.
fn watch(tools: &Tools, plan: &Plan, batch: &TableBatch, of: Watch) -> Vec<(usize, ColumnStats)> {
    let watched: Vec<usize> =
        (of.from..batch.len()).filter(|row| mix(batch.rows[*row].offset).is_multiple_of(of.one_in)).collect();
    if watched.is_empty() {
        return Vec::new();
    }
    plan.unfollowed(batch.table.columns.len())
        .map(|column| {
            let mut stats = ColumnStats::new();
            let opening = plan.openings.get(column).and_then(Option::as_deref);
            for row in &watched {
                see(tools, batch.cell(*row, column), opening, &mut stats);
            }
            (column, stats)
        })
        .collect()
}

/// Counts the rows that were read whole beside those of which cells were left out: a handful of rows, whose statistics
/// would be larger than they are.
pub(super) fn see_whole(tools: &Tools, plan: &Plan, whole: &Whole, stats: &mut Vec<ColumnStats>) {
    if stats.len() < whole.columns() {
        stats.resize_with(whole.columns(), ColumnStats::new);
    }
    for column in plan.unfollowed(whole.columns()) {
        let opening = plan.openings.get(column).and_then(Option::as_deref);
        let rows = whole.whole_rows().expect("a batch is taken with whole rows");
        (0..rows).for_each(|row| see(tools, whole.cell(row, column), opening, &mut stats[column]));
    }
}

/// Whether all columns are looked at in the row at `offset`.
pub(super) fn is_watched(offset: u64) -> bool {
    mix(offset).is_multiple_of(WATCH_ONE_IN)
}

/// Counts one cell into the statistics of its column; with an opening, what the cell turns into.
pub(super) fn see(tools: &Tools, cell: Option<&[u8]>, opening: Option<&Opening>, stats: &mut ColumnStats) {
    if let Some(text) = opening.zip(cell).and_then(|(opening, value)| opening.open(value)) {
        return see(tools, Some(text.expose()), None, stats);
    }
    let value = cell.unwrap_or_default();
    let form = schemes::recognise(value);
    let common = match form.kind() {
        FormKind::Text => tools.common.rank(value).is_some(),
        FormKind::Digest => {
            let mut out = [0; 64];
            let stored = Stored::of(value, form);
            let hit = plan::raw(plan::decoder(form), &stored, &mut out).and_then(|digest| tools.index.find(digest));
            hit.is_some_and(|hit| tells(Telling::of(tools.common.word(hit.rank as usize)), stats))
        }
        _ => false,
    };
    stats.observe(cell, form, common);
}

/// Whether a digest of a common password counts as one, by what it says; numbers are counted by themselves.
pub(super) fn tells(telling: Telling, stats: &mut ColumnStats) -> bool {
    if telling == Telling::Number {
        stats.observe_numbers(1);
    }
    telling != Telling::Nothing
}

/// The raw unsalted digest at a place, if there is one.
#[inline]
fn raw(raws: &[u8], (at, len): (u32, u8)) -> Option<&[u8]> {
    (len > 0).then(|| &raws[at as usize..at as usize + usize::from(len)])
}

struct SlotObserver<'a> {
    tools: &'a Tools,
    plan: &'a Plan,
    slot: &'a Slot,
    number: usize,
    batch: &'a TableBatch,
    people: &'a People<'a>,
    cells: Cells<'a>,
    dictionary: Dictionary,
    facts: Vec<SlotFacts>,
    found: SlotRun,
    /// Raw unsalted digests, one after another, and where each row's lies.
    raw: Vec<u8>,
    raw_of: Vec<(u32, u8)>,
    /// By row, where the slot has an opening: the password that its value was turned back into.
    turned_back: Vec<Option<Secret>>,
}

impl SlotObserver<'_> {
    /// Each row's form and raw digest; for plaintext the common password and the row's own words; digests for a breach
    /// source.
    fn recognise(&mut self, run: &mut Run) {
        let tools = self.tools;
        let mut out = [0; 64];
        for row in 0..self.batch.len() {
            let Some(value) = self.cells.get(row) else { continue };
            if let Some(password) = self.slot.opening.as_ref().and_then(|opening| opening.open(value)) {
                self.turned_back(row, password, run);
                continue;
            }
            // Most values of most tables are bare digests: seen and decoded in one go.
            let bare = schemes::bare_digest(value, &mut out);
            let form = bare.map_or_else(|| self.slot.read(value, schemes::recognise(value)), |(form, _)| form);
            let code = self.dictionary.code(form);
            let facts = &mut self.facts[row];
            facts.code = code as u32 + 1;
            match form.kind() {
                FormKind::Text => {
                    facts.opened = tools.common.rank(value);
                    let login = self.people.login.text(row);
                    facts.own = guess::is_own(value, login, self.people.email.text(row));
                    facts.default = guess::is_default(login, value);
                    if !tools.digests.is_empty() {
                        self.ask(row, code, value, form, run);
                    }
                }
                FormKind::Digest | FormKind::Modular if form.def.digest_len > 0 => {
                    let stored = Stored::of(value, form);
                    let decoder = self.dictionary.decoders[code];
                    let len = match bare {
                        Some((_, len)) => decoder.map(|_| len),
                        None => plan::raw(decoder, &stored, &mut out).map(<[u8]>::len),
                    };
                    if let Some(len) = len {
                        let at = self.raw.len();
                        self.raw_of[row] = (at as u32, len as u8);
                        // A copy of fixed length, cut afterwards, is no call.
                        self.raw.extend_from_slice(&out);
                        self.raw.truncate(at + len);
                        if !tools.digests.is_empty() {
                            self.ask(row, code, value, form, run);
                        }
                    }
                }
                FormKind::Empty => facts.empty = true,
                _ => {}
            }
        }
    }

    /// Which raw digests are of common passwords, or of the empty one. One digest after the other, with nothing in
    /// between, so that the processor waits for several places of the index at a time.
    fn look_up(&mut self) {
        let tools = self.tools;
        for row in 0..self.batch.len() {
            let Some(digest) = raw(&self.raw, self.raw_of[row]) else { continue };
            let facts = &mut self.facts[row];
            let rarer = self.slot.index.as_deref();
            if let Some(hit) = tools.index.find(digest).or_else(|| rarer?.find(digest)) {
                facts.opened = Some(hit.rank);
                facts.code = self.dictionary.opened(facts.code as usize - 1, hit.formula) as u32 + 1;
                *self.found.hits.entry(hit.formula).or_default() += 1;
                let word = tools.common.word(hit.rank as usize);
                let login = self.people.login.text(row);
                facts.own = guess::is_own(word, login, self.people.email.text(row));
                facts.default = guess::is_default(login, word);
            }
        }
    }

    /// Statistics of the column; which digests are of the empty password.
    fn count(&mut self, stats: &mut ColumnStats) {
        let nothing = schemes::recognise(&[]);
        // Code, length, how many, and how many of common passwords.
        let mut alike: Vec<(u32, usize, u64, u64)> = Vec::new();
        for (row, facts) in self.facts.iter_mut().enumerate() {
            let (Some(code), Some(value)) = (facts.code.checked_sub(1), self.cells.get(row)) else {
                stats.observe(None, nothing, false);
                continue;
            };
            if let Some(password) = self.turned_back.get(row).and_then(Option::as_ref) {
                stats.observe(Some(password.expose()), schemes::recognise(password.expose()), facts.opened.is_some());
                continue;
            }
            let form = self.dictionary.sorts[code as usize].form;
            if self.raw_of[row].1 > 0 && !facts.is_open() && schemes::is_empty_password(value, form) {
                facts.empty = true;
            }
            let common = match facts.opened {
                Some(_) if form.kind() == FormKind::Text => true,
                Some(rank) => tells(Telling::of(self.tools.common.word(rank as usize)), stats),
                None => false,
            };
            if form.kind() != FormKind::Digest || value.is_empty() {
                stats.observe(Some(value), form, common);
                continue;
            }
            stats.observe_digest(value, common);
            match alike.iter_mut().find(|(of, len, ..)| (*of, *len) == (code, value.len())) {
                Some((_, _, count, commons)) => {
                    *count += 1;
                    *commons += u64::from(common);
                }
                None => alike.push((code, value.len(), 1, u64::from(common))),
            }
        }
        for (code, len, count, common) in alike {
            stats.observe_alike(self.dictionary.sorts[code as usize].form, len, count, common);
        }
    }

    /// A value that was turned back is judged as the password it stands for.
    fn turned_back(&mut self, row: usize, password: Secret, run: &mut Run) {
        let (word, form) = (password.expose(), schemes::turned_back());
        let code = self.dictionary.code(form);
        let (login, email) = (self.people.login.text(row), self.people.email.text(row));
        self.facts[row] = SlotFacts {
            code: code as u32 + 1,
            empty: word.is_empty(),
            default: guess::is_default(login, word),
            own: guess::is_own(word, login, email),
            opened: self.tools.common.rank(word),
        };
        if !self.tools.digests.is_empty() {
            self.ask(row, code, word, form, run);
        }
        if self.turned_back.is_empty() {
            self.turned_back.resize_with(self.batch.len(), || None);
        }
        self.turned_back[row] = Some(password);
    }

    /// Keeps what a breach source can be asked about the value, under every scheme that may turn out to be its own.
    fn ask(&self, row: usize, code: usize, value: &[u8], form: Form, run: &mut Run) {
        let stored = Stored::of(value, form);
        let cell = Cell::new(row, self.number, false);
        let form = form_of_record(code);
        for scheme in &self.dictionary.askable[code] {
            for kind in self.tools.digests.to_ask(scheme.asks()) {
                if let Some(digest) = scheme.digest(&stored, kind) {
                    run.digests.push(DigestRecord { digest, cell, form });
                }
            }
        }
    }

    /// What is asked about a value that was opened belongs to what it was opened as.
    fn settle_asked(&self, asked: &mut [DigestRecord]) {
        for record in asked {
            record.form = form_of_record(self.facts[record.cell.row()].code as usize - 1);
        }
    }

    /// The row's own words against unsalted digests, many at a time.
    fn own_words_unsalted(&mut self) {
        let people = self.people;
        for formula in &self.slot.unsalted {
            let (raws, raw_of, len) = (&self.raw, &self.raw_of, formula.digest_len());
            let mut found: Vec<(usize, Own)> = Vec::new();
            let rows = self.facts.iter().zip(raw_of).enumerate();
            let rows = rows.filter(|(_, (facts, (_, of)))| !facts.is_open() && usize::from(*of) == len);
            // A row's number, and which of its words.
            let pairs = rows.flat_map(|(row, (_, of))| {
                let digest = raw(raws, *of).unwrap_or_default();
                people.own(row).enumerate().map(move |(which, (_, word))| (row * People::WORDS + which, digest, word))
            });
            let digest = |id: usize| raw(raws, raw_of[id / People::WORDS]).unwrap_or_default();
            guess::search_unsalted(*formula, pairs, digest, &mut |id| {
                let row = id / People::WORDS;
                found.extend(people.own(row).nth(id % People::WORDS).map(|(own, _)| (row, own)));
            });
            for (row, own) in found {
                let facts = &mut self.facts[row];
                if facts.own.is_none() {
                    facts.own = Some(own);
                    facts.code = self.dictionary.opened(facts.code as usize - 1, *formula) as u32 + 1;
                    *self.found.hits.entry(*formula).or_default() += 1;
                }
            }
        }
    }

    /// Common passwords and the row's own words against salted digests, under the constructions that are proved.
    fn salted(&mut self) {
        for scheme in &self.slot.proved.salted {
            self.salted_under(*scheme);
        }
    }

    fn salted_under(&mut self, scheme: &'static dyn Scheme) {
        let Some(formula) = scheme.formula() else { return };
        let cost = guess::nanoseconds(formula).max(1);
        if cost > MAX_WORK_A_ROW {
            return;
        }
        let mut decoded = Vec::new();
        for row in 0..self.batch.len() {
            let facts = &self.facts[row];
            let Some(code) = facts.code.checked_sub(1) else { continue };
            let form = self.dictionary.sorts[code as usize].form;
            if facts.is_open() || !scheme.forms().iter().any(|f| std::ptr::eq(*f, form.def)) {
                continue;
            }
            let cell = |column: Option<usize>| column.and_then(|c| self.batch.cell(row, c));
            let stored = Stored {
                salt: cell(self.slot.salt),
                salt2: cell(self.slot.salt2),
                login: Some(self.people.login.text(row)),
                email: Some(self.people.email.text(row)),
                pepper: self.tools.pepper(),
                ..Stored::of(self.cells.text(row), form)
            };
            let mut digest = [0; 64];
            if let (Some(len), Some(salts)) = (scheme.raw_digest(&stored, &mut digest), scheme.salts(&stored)) {
                decoded.push((row, digest, len, salts));
            }
        }
        let targets: Vec<Target<'_>> =
            decoded.iter().map(|(_, digest, len, salts)| Target { digest: &digest[..*len], salts }).collect();
        let common = self.tools.common;
        let words = self.tools.guess_words.min(common.len()).min((MAX_WORK_A_ROW / cost) as usize);
        let words: Vec<&[u8]> = (0..words).map(|rank| common.word(rank)).collect();
        let (facts, people) = (&mut self.facts, self.people);
        guess::search(formula, &targets, &words, &mut |target, rank| {
            let row = decoded[target].0;
            facts[row].opened = Some(rank as u32);
            facts[row].own = guess::is_own(words[rank], people.login.text(row), people.email.text(row));
            facts[row].default = guess::is_default(people.login.text(row), words[rank]);
        });
        let (mut pair_targets, mut pair_words, mut whose) = (Vec::new(), Vec::new(), Vec::new());
        for (at, (row, ..)) in decoded.iter().enumerate() {
            for (own, word) in people.own(*row) {
                pair_targets.push(targets[at]);
                pair_words.push(word);
                whose.push((*row, own));
            }
            pair_targets.push(targets[at]);
            pair_words.push(&[][..]);
            whose.push((*row, Own::Login));
        }
        guess::search_pairs(formula, &pair_targets, &pair_words, &mut |pair| {
            let (row, own) = whose[pair];
            if pair_words[pair].is_empty() {
                facts[row].empty = true;
            } else {
                facts[row].own.get_or_insert(own);
            }
        });
        let mut hits = 0;
        for (row, ..) in &decoded {
            let facts = &mut self.facts[*row];
            if facts.is_open() {
                facts.code = self.dictionary.opened(facts.code as usize - 1, formula) as u32 + 1;
                hits += 1;
            }
        }
        if hits > 0 {
            *self.found.hits.entry(formula).or_default() += hits;
        }
    }

    /// The rows with the smallest sampling keys.
    fn samples(&mut self) {
        let threshold = self.slot.threshold.load(Ordering::Relaxed);
        let mut keys: Vec<(u64, usize)> = (0..self.batch.len())
            .filter(|row| {
                self.facts[*row].code.checked_sub(1).is_some_and(|code| {
                    matches!(
                        self.dictionary.sorts[code as usize].form.kind(),
                        FormKind::Digest | FormKind::SaltedDigest | FormKind::Modular
                    )
                })
            })
            .map(|row| (mix(self.batch.rows[row].offset), row))
            .filter(|(key, _)| *key < threshold)
            .collect();
        if keys.len() > SAMPLE {
            keys.select_nth_unstable(SAMPLE - 1);
            keys.truncate(SAMPLE);
        }
        let cell = |row: usize, column: Option<usize>| column.and_then(|c| self.batch.cell(row, c));
        self.found.sample = keys
            .into_iter()
            .map(|(key, row)| {
                let form = self.dictionary.sorts[self.facts[row].code as usize - 1].form;
                let value = cell(row, Some(self.slot.column)).unwrap_or_default();
                let salts = [cell(row, self.slot.salt), cell(row, self.slot.salt2)];
                let (login, email) = (cell(row, self.plan.login), cell(row, self.plan.email));
                let subject = Subject::new(form, value, salts, login, email);
                Sampled { key, cell: Cell::new(row, self.number, false), run: 0, subject }
            })
            .collect();
    }

    /// Values that may be encrypted, those with the smallest sampling keys; costs nothing where no form may be.
    fn traces(&mut self) {
        let eligible: Vec<bool> =
            self.dictionary.sorts.iter().map(|sort| schemes::may_be_encrypted(sort.form)).collect();
        if self.slot.opening.is_some() || self.slot.is_digest || !eligible.contains(&true) {
            return;
        }
        let threshold = self.slot.trace_threshold.load(Ordering::Relaxed);
        let mut keys: Vec<(u64, usize)> = (0..self.batch.len())
            .map(|row| (mix(self.batch.rows[row].offset), row))
            .filter(|(key, row)| {
                *key < threshold && self.facts[*row].code.checked_sub(1).is_some_and(|code| eligible[code as usize])
            })
            .collect();
        if keys.len() > reversible::SAMPLE {
            keys.select_nth_unstable(reversible::SAMPLE - 1);
            keys.truncate(reversible::SAMPLE);
        }
        let value = |row: usize| self.cells.get(row).filter(|value| value.len() <= reversible::LONGEST);
        self.found.traces =
            keys.into_iter().filter_map(|(key, row)| value(row).map(|value| Trace::new(key, value))).collect();
    }

    /// Fingerprints for the joins.
    fn records(&self, run: &mut Run) {
        for (row, facts) in self.facts.iter().enumerate() {
            let Some(code) = facts.code.checked_sub(1) else { continue };
            let Sort { form, by } = self.dictionary.sorts[code as usize];
            let kind = form.kind();
            if matches!(kind, FormKind::Empty | FormKind::State) {
                continue;
            }
            let turned_back = self.turned_back.get(row).and_then(Option::as_ref);
            let value = turned_back.map_or_else(|| self.cells.text(row), Secret::expose);
            let (identity, privileged) = (self.people.identity_hash(row), self.people.privileged[row]);
            let mut record = |domain, bytes: &[u8], secondary| {
                let fingerprint = self.tools.fingerprint(domain, bytes);
                let cell = Cell::new(row, self.number, secondary);
                run.values.push(ValueRecord { fingerprint, cell, identity, privileged });
            };
            let word = facts.opened.map(|rank| self.tools.common.word(rank as usize));
            match (kind, word) {
                (FormKind::Text, _) => record(Domain::Password, value, false),
                (FormKind::Digest, Some(word)) if by.is_some_and(|by| !by.is_salted()) => {
                    record(Domain::Password, word, false);
                }
                (_, Some(word)) => {
                    record(Domain::Stored, raw(&self.raw, self.raw_of[row]).unwrap_or(value), false);
                    record(Domain::Password, word, true);
                }
                // One digest is one value, in whatever case or encoding it is written.
                (_, None) => record(Domain::Stored, raw(&self.raw, self.raw_of[row]).unwrap_or(value), false),
            }
        }
    }
}

/// Keeps the [`SAMPLE`] rows with the smallest keys of `into` and `more`.
///
/// `threshold` falls to the largest key of a full sample: rows above it need not be looked at any more.
pub(super) fn merge_samples(into: &mut Vec<Sampled>, mut more: Vec<Sampled>, threshold: &AtomicU64) {
    if more.is_empty() {
        return;
    }
    into.append(&mut more);
    if into.len() >= SAMPLE {
        into.select_nth_unstable_by_key(SAMPLE - 1, |s| s.key);
        into.truncate(SAMPLE);
        threshold.store(into[SAMPLE - 1].key.saturating_add(1), Ordering::Relaxed);
    }
}
