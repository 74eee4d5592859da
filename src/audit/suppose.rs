//! Columns of which nothing but their shape says that they may be stored passwords: a likely password that opens some of
//! their values tells.
//!
//! The proof goes into the column's statistics, beside the common passwords' digests that were found there; from these the
//! roles are assigned as ever. So a column that nothing opens is what it was.

use std::collections::HashMap;

use crate::columns::{self, ColumnStats};
use crate::guess::Telling;
use crate::model::{Assignment, Role, Table, TableBatch};
use crate::schemes;
use crate::settings::{AuditSettings, GUESS_SECONDS};

use super::plan::{self, Slot};
use super::{Shared, observe, prove};

/// Nanoseconds of [`crate::guess::nanoseconds`] that this may take in one unit: what slow hashes may take in all, and at
/// least a second. A column takes some ten million.
pub(super) fn budget(settings: &AuditSettings) -> u64 {
    u64::from(settings.guess_seconds.unwrap_or(GUESS_SECONDS).max(1)) * 1_000_000_000
}

/// What looking for proofs in a table's columns gave.
#[derive(Default)]
pub(super) struct Supposed {
    /// Whether any was found.
    pub(super) found: bool,
    /// The columns in which none was looked for, because the work for the unit was used up.
    pub(super) left_out: Vec<usize>,
}

/// Looks for proofs in the columns of `table` that are no credentials by `roles`, and counts them into `stats`.
pub(super) fn prove(
    shared: &Shared<'_>,
    table: &Table,
    roles: &[Assignment],
    stats: &mut [ColumnStats],
    first: &[(TableBatch, usize)],
    left: &mut u64,
) -> Supposed {
    let tools = &shared.tools;
    let mut done = Supposed::default();
    for column in 0..roles.len() {
        let is_open = matches!(roles[column].role, Role::Other | Role::Id | Role::Token);
        if !is_open || !columns::may_be_proved(table, column, &stats[column]) {
            continue;
        }
        if *left == 0 {
            done.left_out.push(column);
            continue;
        }
        let supposed = shared.suppose(table, stats, column);
        let mut slot = Slot::new(column, supposed[column].salt);
        slot.salt2 = plan::second_salt(&supposed, &slot);
        let (login, email) = (plan::best(&supposed, Role::Login), plan::best(&supposed, Role::Email));
        let (places, subjects) = slot.subjects(first, login, email);
        let salted = slot.salt.is_some();
        let prove = |stages| prove::constructions(&subjects, salted, &tools.index, tools.pepper(), stages);
        let mut proved = prove(&prove::QUICK);
        *left = left.saturating_sub(proved.work);
        if !proved.is_empty() && proved.opened.iter().all(|(_, telling)| *telling != Telling::Word) {
            proved = prove(&prove::QUICK_WORDS);
            *left = left.saturating_sub(proved.work);
        }
        if !proved.is_empty() {
            let opened = proved.opened.iter().map(|(at, telling)| (places[*at], *telling)).collect();
            stats[column] = recount(first, column, &opened);
            done.found = true;
        }
    }
    done
}

/// The statistics of a column, whose values at the places `opened` (number of the batch, row) are common passwords'.
fn recount(first: &[(TableBatch, usize)], column: usize, opened: &HashMap<(usize, usize), Telling>) -> ColumnStats {
    let mut stats = ColumnStats::new();
    for (number, (batch, rows)) in first.iter().enumerate() {
        for row in 0..*rows {
            let cell = batch.cell(row, column);
            let common = opened.get(&(number, row)).is_some_and(|telling| observe::tells(*telling, &mut stats));
            stats.observe(cell, schemes::recognise(cell.unwrap_or_default()), common);
        }
    }
    stats
}
