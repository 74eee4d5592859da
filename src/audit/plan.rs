//! What is kept of each row of a table: decided after its first rows, checked at its end.
//!
//! Most columns of a database can never hold a password, and keeping them would cost more than all the rest. So the
//! first [`WARM_UP`] rows decide which columns are followed. When the whole table is known, the roles are assigned once
//! more; if a column that was not followed turns out to be a credential, the unit is read again with that column pinned
//! (see [`Pins`]). So a plan is a guess about cost, never about the result.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::columns;
use crate::guess::DigestIndex;
use crate::model::{Assignment, Form, FormKind, Formula, Role, Table, TableBatch, Wanted};
use crate::reversible::Opening;
use crate::schemes::{self, Scheme, Stored};

use super::observe::{self, Tools};
use super::prove::{self, Proved, Subject};
use super::shaped::Shaped;
use super::turning::Openings;

/// Rows of a table that decide its plan; measured: enough for 3 % common passwords to show, 5 ms of work.
pub(super) const WARM_UP: usize = 1024;

/// Most credential columns followed in one table; more than any product's schema has.
pub(super) const MAX_SLOTS: usize = 32;

/// A credential column that is followed.
pub(super) struct Slot {
    /// The column.
    pub(super) column: usize,
    /// The column of its salts.
    pub(super) salt: Option<usize>,
    /// The column of second salts.
    pub(super) salt2: Option<usize>,
    /// Unsalted constructions under which the row's own words are tried.
    pub(super) unsalted: Vec<Formula>,
    /// Constructions that opened values of the first rows, but for those of the common index: tried on every row.
    pub(super) proved: Proved,
    /// The common passwords' digests under [`Proved::unsalted`].
    pub(super) index: Option<Arc<DigestIndex>>,
    /// Sampling keys from here on cannot belong to the table's sample any more.
    pub(super) threshold: AtomicU64,
    /// What turns its values back into passwords.
    pub(super) opening: Option<Arc<Opening>>,
    /// What its texts are, where they are hashes.
    pub(super) shaped: Option<Shaped>,
    /// Whether its values are hexadecimal digests of sixteen digits, so that sixteen decimal ones are one, too.
    pub(super) of_sixteen: bool,
    /// Whether its digests are proved to be unsalted: then nothing of them is encrypted.
    pub(super) is_digest: bool,
    /// As `threshold`, for the values that tell how they were encrypted.
    pub(super) trace_threshold: AtomicU64,
}

/// What is kept of each row.
pub(super) struct Plan {
    pub(super) slots: Vec<Slot>,
    pub(super) id: Option<usize>,
    pub(super) login: Option<usize>,
    pub(super) email: Option<usize>,
    /// Column, and whether true means disabled.
    pub(super) active: Option<(usize, bool)>,
    /// Column, and whether it is a flag.
    pub(super) privilege: Option<(usize, bool)>,
    /// The columns of all these; the others are only watched.
    pub(super) wanted: Arc<Wanted>,
    /// By column: what turns its values back.
    pub(super) openings: Openings,
}

/// What earlier readings of a unit taught, by table.
pub(super) type Pins = BTreeMap<String, TablePins>;

/// What earlier readings taught about one table.
pub(super) struct TablePins {
    /// All its columns, by name: a table may gain columns on the way, never lose or move one.
    pub(super) columns: Vec<String>,
    /// The columns to follow, and how.
    pub(super) pins: Vec<Pin>,
}

/// One column to follow.
#[derive(Clone)]
pub(super) struct Pin {
    pub(super) column: String,
    pub(super) salt: Option<String>,
    pub(super) proved: Proved,
    pub(super) opening: Option<Arc<Opening>>,
}

/// The best column of a role.
pub(super) fn best(roles: &[Assignment], role: Role) -> Option<usize> {
    let best = roles.iter().filter(|a| a.role == role).map(|a| a.confidence).max()?;
    roles.iter().position(|a| a.role == role && a.confidence == best)
}

impl Plan {
    /// Decides from the roles that the first rows suggest, and from those rows.
    pub(super) fn new(
        table: &Table,
        roles: &[Assignment],
        first: &[(TableBatch, usize)],
        pins: &Pins,
        tools: &Tools,
        mut openings: Openings,
    ) -> Self {
        let login = best(roles, Role::Login);
        let email = best(roles, Role::Email);
        let mut slots: Vec<Slot> = Vec::new();
        // Another table of the same name has columns of its own.
        let known = pins.get(&table.name).filter(|known| {
            known.columns.len() >= table.columns.len()
                && table.columns.iter().zip(&known.columns).all(|(column, name)| column.name == *name)
        });
        if let Some(known) = known {
            let by_name = |name: &String| known.columns.iter().position(|c| c == name);
            for pin in &known.pins {
                if let Some(column) = by_name(&pin.column).filter(|c| slots.iter().all(|s| s.column != *c)) {
                    let salt = pin.salt.as_ref().and_then(by_name);
                    if pin.opening.is_some() {
                        openings.resize(openings.len().max(column + 1), None);
                        openings[column].clone_from(&pin.opening);
                    }
                    slots.push(Slot { proved: pin.proved.clone(), ..Slot::new(column, salt) });
                }
            }
        }
        let mut credentials: Vec<usize> = (0..roles.len()).filter(|i| roles[*i].role == Role::Credential).collect();
        credentials.sort_by_key(|i| std::cmp::Reverse(roles[*i].confidence));
        for column in credentials {
            if slots.iter().all(|s| s.column != column) {
                slots.push(Slot::new(column, roles[column].salt));
            }
        }
        slots.truncate(MAX_SLOTS);
        for slot in &mut slots {
            slot.salt2 = second_salt(roles, slot);
            slot.opening = openings.get(slot.column).cloned().flatten();
            if slot.opening.is_none() {
                slot.learn(first, login, email, tools);
                slot.shaped = Shaped::of(first, slot.column, login);
                slot.of_sixteen = is_of_sixteen(first, slot.column);
            }
        }
        let active = best(roles, Role::Active).map(|c| (c, roles[c].inverted));
        let privilege = best(roles, Role::Privilege).map(|c| (c, columns::is_privilege_flag(&table.columns[c].name)));
        // Without a reset list the id only tells apart people who have neither email nor login.
        let id = best(roles, Role::Id).filter(|_| tools.identities || (login.is_none() && email.is_none()));
        let wanted = Arc::new(Wanted { columns: Vec::new(), whole: observe::is_watched });
        let plan = Self { slots, id, login, email, active, privilege, wanted, openings };
        Self { wanted: plan.wanted_of(table), ..plan }
    }

    /// Of a table's `columns`, those that are only watched.
    pub(super) fn unfollowed(&self, columns: usize) -> impl Iterator<Item = usize> {
        (0..columns).filter(|column| self.slots.iter().all(|slot| slot.column != *column))
    }

    /// The columns that are followed, ascending: what has to be read of every row.
    pub(super) fn columns(&self) -> Vec<usize> {
        let slots = self.slots.iter().flat_map(|slot| [Some(slot.column), slot.salt, slot.salt2]).flatten();
        let flags = [self.active, self.privilege].into_iter().flatten().map(|(column, _)| column);
        let people = [self.id, self.login, self.email].into_iter().flatten();
        let mut columns: Vec<usize> = slots.chain(people).chain(flags).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    fn wanted_of(&self, table: &Table) -> Arc<Wanted> {
        let mut columns = vec![false; table.columns.len()];
        // A pinned column may be one that the table will only gain.
        let last = self.columns().last().map_or(0, |last| last + 1);
        columns.resize(columns.len().max(last), false);
        // Where no column is followed, nobody asks who the rows are.
        if !self.slots.is_empty() {
            self.columns().into_iter().for_each(|column| columns[column] = true);
        }
        Arc::new(Wanted { columns, whole: observe::is_watched })
    }

    /// Whether `final_roles`, made from the whole table, ask for something this plan did not keep; then the pins for the
    /// next reading.
    pub(super) fn misses(
        &self,
        table: &Table,
        final_roles: &[Assignment],
        proved: &[Proved],
        opened: &[Option<Arc<Opening>>],
    ) -> Option<Vec<Pin>> {
        let name = |column: usize| table.columns[column].name.clone();
        let mut missed = false;
        let mut pins: Vec<Pin> = Vec::new();
        for ((slot, proved), opened) in self.slots.iter().zip(proved).zip(opened) {
            let mut salt = slot.salt;
            let role = &final_roles[slot.column];
            if role.role == Role::Credential && role.salt.is_some() && role.salt != slot.salt {
                salt = role.salt;
                missed = true;
            }
            if !proved.is_empty() && slot.proved.is_empty() {
                missed = true;
            }
            missed |= opened.is_some();
            let opening = slot.opening.clone().or_else(|| opened.clone());
            let proved = if slot.proved.is_empty() { proved } else { &slot.proved };
            pins.push(Pin { column: name(slot.column), salt: salt.map(name), proved: proved.clone(), opening });
        }
        for (column, role) in final_roles.iter().enumerate() {
            if role.role == Role::Credential && pins.len() < MAX_SLOTS && self.slots.iter().all(|s| s.column != column)
            {
                missed = true;
                pins.push(Pin {
                    column: name(column),
                    salt: role.salt.map(name),
                    proved: Proved::default(),
                    opening: None,
                });
            }
        }
        // Which of two login columns is used was decided by the first rows and is not chased further.
        missed.then_some(pins)
    }
}

/// A salt column that belongs to no credential: the second salt of a slot that has a first.
pub(super) fn second_salt(roles: &[Assignment], slot: &Slot) -> Option<usize> {
    slot.salt?;
    let taken = |column: usize| roles.iter().any(|role| role.salt == Some(column));
    (0..roles.len()).find(|at| roles[*at].role == Role::Salt && !taken(*at))
}

/// Whether a column holds hexadecimal digests of sixteen digits (`MySQL` 3.23, half an MD5), as far as its first rows show:
/// of such, one in 1,800 is all decimal, and is a number by itself.
fn is_of_sixteen(first: &[(TableBatch, usize)], column: usize) -> bool {
    const LEAST: usize = 4;
    let (mut letters, mut digits) = (0, 0);
    for (batch, rows) in first {
        for value in (0..*rows).filter_map(|row| batch.cell(row, column)) {
            if schemes::digest_of_digits(value).is_some() {
                digits += 1;
            } else if value.len() == 16 && schemes::recognise(value).kind() == FormKind::Digest {
                letters += 1;
            }
        }
    }
    letters >= LEAST && LEAST * digits <= letters
}

/// Whether values of this form can be fast hashes.
fn may_be_fast(form: Form) -> bool {
    match form.kind() {
        FormKind::Digest | FormKind::SaltedDigest => true,
        FormKind::Modular => schemes::candidates(form, false).any(|scheme| scheme.formula().is_some()),
        FormKind::Empty | FormKind::State | FormKind::Text => false,
    }
}

impl Slot {
    pub(super) fn new(column: usize, salt: Option<usize>) -> Self {
        Self {
            column,
            salt,
            salt2: None,
            unsalted: Vec::new(),
            proved: Proved::default(),
            index: None,
            threshold: AtomicU64::new(u64::MAX),
            opening: None,
            shaped: None,
            of_sixteen: false,
            is_digest: false,
            trace_threshold: AtomicU64::new(u64::MAX),
        }
    }

    /// What `value`, of `form` by itself, is in this column.
    pub(super) fn read(&self, value: &[u8], form: Form) -> Form {
        if self.of_sixteen
            && let Some(digest) = schemes::digest_of_digits(value)
        {
            return digest;
        }
        self.shaped.as_ref().map_or(form, |shaped| shaped.read(form))
    }

    /// Which constructions are worth trying on every row: those the first rows prove, else the most plausible ones.
    fn learn(&mut self, first: &[(TableBatch, usize)], login: Option<usize>, email: Option<usize>, tools: &Tools) {
        let index = &tools.index;
        let (_, subjects) = self.subjects(first, login, email);
        let mut plausible: Vec<Formula> = Vec::new();
        let mut proved: Vec<Formula> = Vec::new();
        for subject in &subjects {
            for scheme in schemes::explain(subject.form, self.salt.is_some()) {
                // The rarer ones are tried where they are proved.
                let Some(formula) = scheme.formula().filter(|f| index.formulas().contains(f)) else { continue };
                if !plausible.contains(&formula) {
                    plausible.push(formula);
                }
            }
            if let Some(hit) = prove::in_index(subject, index).filter(|hit| !proved.contains(&hit.formula)) {
                proved.push(hit.formula);
            }
        }
        if self.proved.is_empty() {
            self.proved = prove::constructions(&subjects, self.salt.is_some(), index, tools.pepper(), &prove::STAGES);
        }
        self.is_digest = !proved.is_empty() || !self.proved.is_empty();
        proved.extend(&self.proved.unsalted);
        self.unsalted = if proved.is_empty() { plausible } else { proved };
        if !self.proved.unsalted.is_empty() {
            self.index = Some(Arc::new(DigestIndex::build(&self.proved.unsalted)));
        }
    }

    /// Rows to look for proofs in, from all over the first ones: old accounts and new ones can differ. Where each is (number of
    /// the batch, row), and what it holds.
    pub(super) fn subjects(
        &self,
        first: &[(TableBatch, usize)],
        login: Option<usize>,
        email: Option<usize>,
    ) -> (Vec<(usize, usize)>, Vec<Subject>) {
        let mut rows: Vec<(usize, usize, Form)> = Vec::new();
        for (number, (batch, of_batch)) in first.iter().enumerate() {
            for row in 0..*of_batch {
                let Some(value) = batch.cell(row, self.column).filter(|v| !v.is_empty()) else { continue };
                let form = schemes::recognise(value);
                if may_be_fast(form) {
                    rows.push((number, row, form));
                }
            }
        }
        // By a hash of their places, so that no rhythm of the table is met.
        let key = |(number, row, _): &(usize, usize, Form)| observe::mix(first[*number].0.rows[*row].offset);
        if rows.len() > prove::SAMPLE {
            rows.select_nth_unstable_by_key(prove::SAMPLE - 1, key);
            rows.truncate(prove::SAMPLE);
        }
        rows.sort_unstable_by_key(key);
        rows.into_iter()
            .map(|(number, row, form)| {
                let batch = &first[number].0;
                let cell = |column: Option<usize>| column.and_then(|c| batch.cell(row, c));
                let value = batch.cell(row, self.column).unwrap_or_default();
                let salts = [cell(self.salt), cell(self.salt2)];
                ((number, row), Subject::new(form, value, salts, cell(login), cell(email)))
            })
            .unzip()
    }
}

/// The first scheme that explains `form` without a salt and can give its raw digest.
pub(super) fn decoder(form: Form) -> Option<&'static dyn Scheme> {
    schemes::candidates(form, false).find(|s| s.formula().is_some_and(|f| !f.is_salted()))
}

/// The raw digest of `stored` under `decoder`.
pub(super) fn raw<'a>(
    decoder: Option<&'static dyn Scheme>,
    stored: &Stored<'_>,
    out: &'a mut [u8; 64],
) -> Option<&'a [u8]> {
    let len = decoder?.raw_digest(stored, out)?;
    Some(&out[..len])
}
