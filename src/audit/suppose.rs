//! Columns of which nothing but their shape says that they may be stored passwords: a likely password that opens some of
//! their values tells.
//!
//! The proof goes into the column's statistics, beside the common passwords' digests that were found there; from these the
//! roles are assigned as ever. So a column that nothing opens is what it was.

use std::collections::HashSet;

use crate::columns::{self, ColumnStats};
use crate::model::{Assignment, Role, Table, TableBatch};
use crate::schemes;

use super::plan::{self, Slot};
use super::{Shared, prove};

/// Nanoseconds of [`crate::guess::nanoseconds`] that this may take in one unit; a column takes some ten million.
pub(super) const BUDGET: u64 = 5_000_000_000;

/// Looks for proofs in the columns of `table` that are no credentials by `roles`, and counts them into `stats`. Whether it
/// found any.
pub(super) fn prove(
    shared: &Shared<'_>,
    table: &Table,
    roles: &[Assignment],
    stats: &mut [ColumnStats],
    first: &[(TableBatch, usize)],
    left: &mut u64,
) -> bool {
    let tools = &shared.tools;
    let mut found = false;
    for column in 0..roles.len() {
        let is_open = matches!(roles[column].role, Role::Other | Role::Id | Role::Token);
        if !is_open || *left == 0 || !columns::may_be_proved(table, column, &stats[column]) {
            continue;
        }
        let supposed = shared.suppose(table, stats, column);
        let mut slot = Slot::new(column, supposed[column].salt);
        slot.salt2 = plan::second_salt(&supposed, &slot);
        let (login, email) = (plan::best(&supposed, Role::Login), plan::best(&supposed, Role::Email));
        let (places, subjects) = slot.subjects(first, login, email);
        let salted = slot.salt.is_some();
        let proved = prove::constructions(&subjects, salted, &tools.index, tools.pepper(), &prove::QUICK);
        *left = left.saturating_sub(proved.work);
        if !proved.is_empty() {
            let opened = proved.opened.iter().map(|at| places[*at]).collect();
            stats[column] = recount(first, column, &opened);
            found = true;
        }
    }
    found
}

/// The statistics of a column, whose values at the places `opened` (number of the batch, row) are common passwords'.
fn recount(first: &[(TableBatch, usize)], column: usize, opened: &HashSet<(usize, usize)>) -> ColumnStats {
    let mut stats = ColumnStats::new();
    for (number, (batch, rows)) in first.iter().enumerate() {
        for row in 0..*rows {
            let cell = batch.cell(row, column);
            stats.observe(cell, schemes::recognise(cell.unwrap_or_default()), opened.contains(&(number, row)));
        }
    }
    stats
}
