//! What each column is: from its name, from its values, from its neighbours.

use crate::model::{Assignment, Form, Table};

/// What is known about a column's values; two parts of a column merge into the whole, in any order, to the same result.
#[derive(Clone, Debug, Default)]
pub struct ColumnStats {
    _private: (),
}

impl ColumnStats {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }
    /// One cell. `form` is what the scheme family says of it, `common` whether it is in the list of common passwords.
    /// Runs for every cell of a candidate column: some 10–20 ns.
    pub fn observe(&mut self, cell: Option<&[u8]>, form: Form, common: bool) {
        let _ = (cell, form, common);
        todo!()
    }
    /// Adds what another part of the column showed.
    pub fn merge(&mut self, other: &Self) {
        let _ = other;
        todo!()
    }
    /// Cells seen, NULLs included.
    pub fn rows(&self) -> u64 {
        todo!()
    }
    /// Cells seen that are neither NULL nor empty.
    pub fn values(&self) -> u64 {
        todo!()
    }
}

/// Gives every column of `table` a role; `stats` has one entry a column. Never panics; works on three rows as on three
/// million (fewer rows: names weigh more and the confidence is lower).
pub fn assign(table: &Table, stats: &[ColumnStats]) -> Vec<Assignment> {
    let _ = (table, stats);
    todo!()
}

/// Whether a column could still turn out to be a credential or a salt, so that every row of it must be kept: asked after
/// the first rows of a table. Errs on the side of yes; dates, flags, emails, sequences and prose are a no.
pub fn may_be_credential(table: &Table, index: usize, stats: &ColumnStats) -> bool {
    let _ = (table, index, stats);
    todo!()
}
