//! Columns whose passwords can be turned back: which those are is learnt from a table's first rows, and again from its
//! sample when all rows are known.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::columns::ColumnStats;
use crate::model::{Assignment, FormKind, Role, Secret, TableBatch};
use crate::reversible::{self, Ask, Look, Opening};
use crate::schemes;

use super::observe::{self, Tools};

/// A value kept for its column's statistics, and for trying keys on it.
pub(super) struct Trace {
    /// Hash of its place: the smallest of a table are its sample, however the input was cut.
    pub(super) key: u64,
    value: Secret,
}

impl Trace {
    pub(super) fn new(key: u64, value: &[u8]) -> Self {
        Self { key, value: Secret::new(value) }
    }
}

/// What turns a column back, by column.
pub(super) type Openings = Vec<Option<Arc<Opening>>>;

/// Keeps the [`reversible::SAMPLE`] traces with the smallest keys of `into` and `more`; `threshold` falls to the largest
/// key of a full sample.
pub(super) fn merge(into: &mut Vec<Trace>, mut more: Vec<Trace>, threshold: &AtomicU64) {
    if more.is_empty() {
        return;
    }
    into.append(&mut more);
    if into.len() >= reversible::SAMPLE {
        into.select_nth_unstable_by_key(reversible::SAMPLE - 1, |trace| trace.key);
        into.truncate(reversible::SAMPLE);
        threshold.store(into[reversible::SAMPLE - 1].key.saturating_add(1), Ordering::Relaxed);
    }
}

/// In an order that does not depend on how the input was cut.
fn values(traces: &[Trace]) -> Vec<&[u8]> {
    let mut order: Vec<&Trace> = traces.iter().collect();
    order.sort_by_key(|trace| trace.key);
    order.into_iter().map(|trace| trace.value.expose()).collect()
}

/// What a column's traces are by their statistics.
pub(super) fn look(traces: &[Trace]) -> Option<Look> {
    reversible::look(&values(traces))
}

/// What turns a followed column back that its first rows did not show.
pub(super) fn late(traces: &[Trace], tools: &Tools) -> Option<Arc<Opening>> {
    learn(&values(traces), true, tools)
}

/// What turns the columns of a table back, by its first rows; `roles` as they are without that.
pub(super) fn openings(first: &[(TableBatch, usize)], roles: &[Assignment], tools: &Tools) -> Openings {
    roles
        .iter()
        .enumerate()
        .map(|(column, role)| {
            let cells = first.iter().flat_map(|(batch, rows)| (0..*rows).filter_map(|row| batch.cell(row, column)));
            let values: Vec<&[u8]> =
                cells.filter(|value| schemes::may_be_encrypted(schemes::recognise(value))).collect();
            learn(&values, role.role == Role::Credential, tools)
        })
        .collect()
}

fn learn(values: &[&[u8]], credential: bool, tools: &Tools) -> Option<Arc<Opening>> {
    let ask = Ask {
        is_common: &|word| tools.common.rank(word).is_some(),
        is_text: &|word| schemes::recognise(word).kind() == FormKind::Text,
        keys: &tools.keys,
        deep: credential,
    };
    reversible::learn(values, &ask).map(Arc::new)
}

/// The statistics of a column as if it held what its values turn into.
pub(super) fn recount(first: &[(TableBatch, usize)], column: usize, opening: &Opening, tools: &Tools) -> ColumnStats {
    let mut stats = ColumnStats::new();
    for (batch, rows) in first {
        for row in 0..*rows {
            observe::see(tools, batch.cell(row, column), Some(opening), &mut stats);
        }
    }
    stats
}
