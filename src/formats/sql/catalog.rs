//! Tables that the script has declared so far.

use std::collections::HashMap;
use std::sync::Arc;

use super::row;
use super::statement::Target;
use crate::model::{Column, Table};

/// Most columns remembered over all tables: a script of nothing but CREATE TABLE must not fill the memory. Beyond it,
/// rows without a column list are still read, their columns without names.
const MAX_KNOWN: usize = 1 << 20;

/// Tables by name in lower case, with and without schema.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Catalog {
    tables: HashMap<String, Arc<Table>>,
    columns: usize,
}

impl Catalog {
    /// Remembers a CREATE TABLE, under its name with and without schema.
    pub(super) fn declare(&mut self, name: &str, columns: Vec<Column>) {
        self.remember(Arc::new(Table { name: name.to_owned(), columns, named_columns: true }));
    }

    /// Remembers how many columns the rows of an undeclared table have.
    pub(super) fn count(&mut self, table: &Arc<Table>) {
        self.remember(Arc::clone(table));
    }

    /// The table that `target` means; `None` if its columns are not known.
    pub(super) fn table(&self, target: &Target) -> Option<Arc<Table>> {
        let lower = target.name.to_lowercase();
        let known = self.tables.get(&lower).or_else(|| self.tables.get(bare(&lower)));
        let Some(listed) = &target.columns else {
            let known = known?;
            if known.name == target.name {
                return Some(Arc::clone(known));
            }
            return Some(Arc::new(Table { name: target.name.clone(), ..Table::clone(known) }));
        };
        let columns = listed
            .iter()
            .map(|name| {
                let declared = known
                    .and_then(|k| k.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name)))
                    .and_then(|c| c.declared.clone());
                Column { name: name.clone(), declared }
            })
            .collect();
        Some(Arc::new(Table { name: target.name.clone(), columns, named_columns: true }))
    }

    fn remember(&mut self, table: Arc<Table>) {
        self.columns += table.columns.len();
        if self.columns > MAX_KNOWN {
            return;
        }
        let lower = table.name.to_lowercase();
        self.tables.insert(bare(&lower).to_owned(), Arc::clone(&table));
        self.tables.insert(lower, table);
    }
}

/// A table of `count` columns that nothing named, remembered.
pub(super) fn counted(catalog: &mut Arc<Catalog>, name: &str, count: usize) -> Arc<Table> {
    let table = row::unnamed(name, count);
    Arc::make_mut(catalog).count(&table);
    table
}

/// A name without its schema.
fn bare(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
