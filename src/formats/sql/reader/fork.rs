//! Starting in a later block, at a guess that is checked afterwards.

use std::sync::Arc;

use super::{CopyRows, Mode, SqlReader};
use crate::formats::MAX_CELL;
use crate::formats::sql::catalog::Catalog;
use crate::formats::sql::dialect::Rules;
use crate::formats::sql::scan::Scanner;
use crate::formats::sql::statement::Target;
use crate::formats::sql::{copy, tuple};
use crate::model::{Block, Table};

/// Places in a block at which a fork is tried before it is given up.
const MAX_TRIES: usize = 256;

/// A fork's starting point.
#[derive(Clone)]
pub(super) struct Assumed {
    offset: u64,
    rules: Rules,
    usual_backslash: bool,
    scanner: Scanner,
    copy: bool,
    table: Arc<Table>,
    target: Arc<Target>,
    catalog: Arc<Catalog>,
}

impl SqlReader {
    /// A reader that starts at a place in `block` where a row of the same table seems to start.
    pub(super) fn forked(&self, block: &Block) -> Option<(usize, Self)> {
        let table = self.table.clone()?;
        let copy = match &self.mode {
            Mode::Copy(copy) => {
                if !copy.text {
                    return None;
                }
                true
            }
            Mode::Start | Mode::Statement(_) | Mode::Rows { .. } | Mode::Row { .. } => false,
            Mode::Line { .. } | Mode::Garbage(_) => return None,
        };
        let at = if copy { Self::guess_line(block.bytes(), &table)? } else { self.guess_row(block.bytes(), &table)? };
        let mut fork = Self::new(self.rules.dialect);
        fork.rules = self.rules;
        fork.usual_backslash = self.usual_backslash;
        fork.scanner = self.scanner.clone();
        fork.scanner.resume(false);
        fork.catalog = self.catalog.clone();
        fork.target = self.target.clone();
        fork.table = Some(table.clone());
        fork.room = self.room;
        fork.head.clone_from(&self.head);
        fork.mark = block.offset() + at as u64;
        fork.end = fork.mark;
        fork.mode = if copy {
            Mode::Copy(CopyRows { head: false, text: true, begun: false, escape: false, line: 1 })
        } else {
            Mode::Rows { due: None }
        };
        fork.assumed = Some(Assumed {
            offset: fork.mark,
            rules: fork.rules,
            usual_backslash: fork.usual_backslash,
            scanner: fork.scanner.clone(),
            copy,
            table,
            target: fork.target.clone(),
            catalog: fork.catalog.clone(),
        });
        Some((at, fork))
    }

    /// Whether this reader is where a fork started and would read on alike.
    pub(super) fn agrees(&self, assumed: &Assumed) -> bool {
        let mode = match &self.mode {
            Mode::Rows { due: None } => !assumed.copy && self.scanner.agrees(&assumed.scanner),
            Mode::Copy(CopyRows { head: false, text: true, begun: false, .. }) => {
                assumed.copy && self.scanner.is_usual_delimiter() == assumed.scanner.is_usual_delimiter()
            }
            _ => false,
        };
        mode && self.mark == self.end
            && self.end == assumed.offset
            && self.rules == assumed.rules
            && self.usual_backslash == assumed.usual_backslash
            && self.target == assumed.target
            && self.table.as_ref() == Some(&assumed.table)
            && (Arc::ptr_eq(&self.catalog, &assumed.catalog) || self.catalog == assumed.catalog)
    }

    /// Behind the `)` of a row, as it seems: the same INSERT or a whole row of the table follows.
    pub(super) fn guess_row(&self, bytes: &[u8], table: &Table) -> Option<usize> {
        let mut scratch = Vec::new();
        for at in memchr::memchr_iter(b')', bytes).map(|i| i + 1).take(MAX_TRIES) {
            let rest = &bytes[at..];
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == b';').count();
            if blanks > 0 && !self.head.is_empty() && rest[blanks..].starts_with(&self.head) {
                return Some(at);
            }
            let Some(open) = self.next_open(bytes, at, false) else { continue };
            let near = &bytes[..bytes.len().min(open + MAX_CELL)];
            let row = tuple::read(near, open, table.columns.len(), self.rules, &mut tuple::Unwanted, &mut scratch);
            if row.is_some_and(|end| matches!(bytes.get(end), Some(b',' | b';' | b'\n' | b'\r'))) {
                return Some(at);
            }
        }
        None
    }

    /// Behind a newline, as it seems: a whole row of the table follows.
    pub(super) fn guess_line(bytes: &[u8], table: &Table) -> Option<usize> {
        let mut scratch = Vec::new();
        memchr::memchr_iter(b'\n', bytes).map(|i| i + 1).take(MAX_TRIES).find(|at| {
            let near = &bytes[..bytes.len().min(at + MAX_CELL)];
            let row = copy::read(near, *at, table.columns.len(), &mut tuple::Unwanted, &mut scratch);
            matches!(row, copy::Line::Row(_))
        })
    }
}
