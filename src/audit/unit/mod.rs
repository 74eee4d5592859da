//! One unit, from bytes or rows to tables with their observations.
//!
//! | file | what it does |
//! |---|---|
//! | `bytes` | reads a unit that is bytes, window by window |
//! | `window` | the blocks of a window: each read, guessed and parsed by one thread |
//! | `live` | reads the tables of a database: parts over several connections |
//! | `settle` | what either reading shares: plans decided, batches observed, statistics and runs collected in order |

mod bytes;
mod live;
mod settle;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Assignment, ByteTotals, Commit, Finding, Formula, Places, ReportSkip, ReportTarget, Table};
use crate::reversible::Look;
use crate::spool::Chunk;

use super::observe::Sampled;
use super::plan::Plan;
use super::sorts::Sort;
use super::turning::{self, Trace};

pub(super) use bytes::read;
pub(super) use live::{dry_run, read_database};

/// Times a unit is read again because a plan missed something; the last result stands, and says so.
const MAX_READINGS: usize = 4;

/// Everything one unit gave.
#[derive(Default)]
pub(super) struct UnitDone {
    pub(super) target: ReportTarget,
    /// For a unit that is bytes, its path as a finding names it.
    pub(super) path: String,
    /// The commit it is of.
    pub(super) commit: Option<Arc<Commit>>,
    pub(super) bytes: ByteTotals,
    pub(super) tables: Vec<TableDone>,
    pub(super) skipped: Vec<ReportSkip>,
    /// What is wrong with the server itself; tables have their own findings.
    pub(super) findings: Vec<Finding>,
    /// What could have been looked at and was not: one line each.
    pub(super) notes: Vec<String>,
}

/// One table, read to its end.
pub(super) struct TableDone {
    pub(super) table: Arc<Table>,
    /// What the places of its rows count.
    pub(super) places: Places,
    pub(super) rows: u64,
    pub(super) roles: Vec<Assignment>,
    pub(super) plan: Arc<Plan>,
    pub(super) slots: Vec<SlotDone>,
    pub(super) runs: Vec<RunDone>,
}

/// One followed column of a table.
#[derive(Default)]
pub(super) struct SlotDone {
    pub(super) sorts: Vec<Sort>,
    pub(super) counts: Vec<u64>,
    pub(super) hits: BTreeMap<Formula, u64>,
    pub(super) sample: Vec<Sampled>,
    /// What the values are by their statistics, where they are encrypted; known when the table is.
    pub(super) look: Option<Look>,
    traces: Vec<Trace>,
    index: HashMap<Sort, u32>,
}

/// One run of a table.
pub(super) struct RunDone {
    pub(super) id: u32,
    pub(super) rows: usize,
    pub(super) facts: Option<Chunk>,
    pub(super) line_base: u64,
    /// By slot: the table's index for the sort of each of the run's codes.
    pub(super) codes: Vec<Vec<u32>>,
}

impl SlotDone {
    /// Says what the values are by their statistics, and lets the values go.
    fn conclude(&mut self) {
        let traces = std::mem::take(&mut self.traces);
        if self.look.is_none() {
            self.look = turning::look(&traces);
        }
    }

    /// Counts rows of a sort; its index.
    fn add(&mut self, sort: Sort, count: u64) -> u32 {
        let at = *self.index.entry(sort).or_insert_with(|| {
            self.sorts.push(sort);
            self.counts.push(0);
            self.sorts.len() as u32 - 1
        });
        self.counts[at as usize] += count;
        at
    }
}
