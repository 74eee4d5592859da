//! Whose row it is: id, login, email and what follows from them, for all rows of a batch.

use arrow_array::{Array as _, BinaryViewArray};

use crate::columns;
use crate::guess::Own;
use crate::model::{TableBatch, find_short};

use super::observe::mix;
use super::plan::Plan;

/// The cells of one column; of a column that is not there, all are missing.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a>(Option<&'a BinaryViewArray>);

impl<'a> Cells<'a> {
    pub(super) fn of(batch: &'a TableBatch, column: Option<usize>) -> Self {
        Self(column.filter(|c| *c < batch.table.columns.len()).map(|c| batch.column(c)))
    }

    #[inline]
    pub(super) fn get(self, row: usize) -> Option<&'a [u8]> {
        let column = self.0?;
        (!column.is_null(row)).then(|| column.value(row))
    }

    /// NULLs as empty.
    #[inline]
    pub(super) fn text(self, row: usize) -> &'a [u8] {
        self.get(row).unwrap_or_default()
    }

    /// `of` each cell. Columns of flags and roles repeat themselves, so the last answers are remembered.
    fn each<T: Copy>(self, rows: usize, of: impl Fn(Option<&'a [u8]>) -> T) -> Vec<T> {
        // View, cell and answer.
        type Known<'a, T> = (u128, Option<&'a [u8]>, T);
        let Some(column) = self.0 else { return vec![of(None); rows] };
        let has_nulls = column.null_count() > 0;
        let mut known: [Option<Known<'_, T>>; 4] = [None; 4];
        let mut oldest = 0;
        column
            .views()
            .iter()
            .enumerate()
            .map(|(row, view)| {
                // Views that are alike are of one value; where there are NULLs, theirs is that of an empty value.
                if !has_nulls && let Some((_, _, answer)) = known.iter().flatten().find(|(known, ..)| known == view) {
                    return *answer;
                }
                let cell = self.get(row);
                if let Some((_, _, answer)) = known.iter().flatten().find(|(_, known, _)| *known == cell) {
                    return *answer;
                }
                let answer = of(cell);
                known[oldest] = Some((*view, cell, answer));
                oldest = (oldest + 1) % known.len();
                answer
            })
            .collect()
    }
}

/// The people of a batch: what of each row does not depend on the credential.
pub(super) struct People<'a> {
    batch: &'a TableBatch,
    id: Cells<'a>,
    pub(super) login: Cells<'a>,
    pub(super) email: Cells<'a>,
    pub(super) active: Vec<Option<bool>>,
    pub(super) privileged: Vec<bool>,
}

impl<'a> People<'a> {
    /// Most of the words that [`People::own`] gives for one row.
    pub(super) const WORDS: usize = 3;

    pub(super) fn of(plan: &Plan, batch: &'a TableBatch) -> Self {
        let rows = batch.len();
        let active = Cells::of(batch, plan.active.map(|(column, _)| column));
        let active = match plan.active.filter(|_| active.0.is_some()) {
            Some((_, inverted)) => active.each(rows, |cell| columns::active_value(cell, inverted)),
            None => vec![None; rows],
        };
        let login = Cells::of(batch, plan.login);
        let mut privileged: Vec<bool> = (0..rows).map(|row| columns::is_privileged_login(login.text(row))).collect();
        if let Some((column, flag)) = plan.privilege {
            let by_role = Cells::of(batch, Some(column));
            if by_role.0.is_some() {
                let by_role = by_role.each(rows, |cell| columns::is_privileged(cell, flag));
                privileged.iter_mut().zip(by_role).for_each(|(privileged, role)| *privileged |= role);
            }
        }
        Self { batch, id: Cells::of(batch, plan.id), email: Cells::of(batch, plan.email), login, active, privileged }
    }

    pub(super) fn identity(&self, row: usize) -> [&'a [u8]; 3] {
        [self.id.text(row), self.login.text(row), self.email.text(row)]
    }

    pub(super) fn identity_hash(&self, row: usize) -> u32 {
        [self.email, self.login, self.id]
            .into_iter()
            .map(|who| who.text(row))
            .find(|who| !who.is_empty())
            .map_or_else(|| mix(self.batch.rows[row].offset) as u32, identity_hash)
    }

    /// The row's own words that are tried against hashes on every row: login, email, local part.
    pub(super) fn own(&self, row: usize) -> impl Iterator<Item = (Own, &'a [u8])> + use<'a> {
        let (login, email) = (self.login.text(row), self.email.text(row));
        let local = find_short(email, b'@').map_or(&[][..], |at| &email[..at]);
        let local = if local == login { &[][..] } else { local };
        [(Own::Login, login), (Own::Email, email), (Own::Email, local)].into_iter().filter(|(_, word)| word.len() > 2)
    }
}

/// Who an account is, for telling one person in two tables from two people: case-insensitive in ASCII letters. Sixteen
/// bytes a step, multiplied and folded as in wyhash: asked for every row.
fn identity_hash(text: &[u8]) -> u32 {
    const LOWER: u64 = 0x2020_2020_2020_2020;
    // The fractional parts of the golden ratio and of the square root of 3.
    const SEEDS: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0xbb67_ae85_84ca_a73b];
    let fold = |a: u64, b: u64| {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    };
    let halves = |sixteen: &[u8; 16]| {
        let both = u128::from_le_bytes(*sixteen);
        (both as u64 | LOWER, (both >> 64) as u64 | LOWER)
    };
    let (steps, rest) = text.as_chunks::<16>();
    let mut hash = mix(text.len() as u64);
    for step in steps {
        let (a, b) = halves(step);
        hash = fold(a ^ hash, b ^ SEEDS[0]);
    }
    // The last sixteen bytes, some of them seen before, spare a copy of variable length.
    let mut last = [0; 16];
    match text.last_chunk::<16>() {
        Some(sixteen) => last = *sixteen,
        None => last[..rest.len()].copy_from_slice(rest),
    }
    let (a, b) = halves(&last);
    mix(fold(a ^ hash, b ^ SEEDS[1])) as u32
}
