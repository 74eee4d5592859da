//! What the values of a column are, as far as it shows in one batch: their forms, and what some were opened as.

use std::collections::HashMap;

use crate::model::{Form, Formula};
use crate::schemes::{self, Scheme};

use super::plan;

/// What a value is: its form, and the construction under which a password was found to open it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sort {
    pub(super) form: Form,
    pub(super) by: Option<Formula>,
}

/// Sorts of one slot met in a batch, with what depends on the form alone.
pub(super) struct Dictionary {
    pub(super) sorts: Vec<Sort>,
    pub(super) counts: Vec<u64>,
    pub(super) decoders: Vec<Option<&'static dyn Scheme>>,
    /// Schemes that may explain the form and that a breach source can be asked about.
    pub(super) askable: Vec<Vec<&'static dyn Scheme>>,
    index: HashMap<Sort, usize>,
}

impl Dictionary {
    pub(super) fn new() -> Self {
        Self { sorts: Vec::new(), counts: Vec::new(), decoders: Vec::new(), askable: Vec::new(), index: HashMap::new() }
    }

    /// The index for a value of `form` that nothing has opened.
    pub(super) fn code(&mut self, form: Form) -> usize {
        let sort = Sort { form, by: None };
        let code = self.known(sort).unwrap_or_else(|| {
            let decoder = if form.def.digest_len > 0 { plan::decoder(form) } else { None };
            let askable = schemes::explain(form, false).into_iter().filter(|s| !s.asks().is_empty()).collect();
            self.add(sort, decoder, askable)
        });
        self.counts[code] += 1;
        code
    }

    /// The index for a value counted under `code` that a password was found to open under `formula`.
    pub(super) fn opened(&mut self, code: usize, formula: Formula) -> usize {
        let sort = Sort { form: self.sorts[code].form, by: Some(formula) };
        let opened = self.known(sort).unwrap_or_else(|| {
            let (decoder, askable) = (self.decoders[code], self.askable[code].clone());
            self.add(sort, decoder, askable)
        });
        self.counts[code] -= 1;
        self.counts[opened] += 1;
        opened
    }

    /// Few are looked through, many are looked up.
    fn known(&self, sort: Sort) -> Option<usize> {
        if self.sorts.len() <= 8 {
            self.sorts.iter().position(|known| *known == sort)
        } else {
            self.index.get(&sort).copied()
        }
    }

    fn add(&mut self, sort: Sort, decoder: Option<&'static dyn Scheme>, askable: Vec<&'static dyn Scheme>) -> usize {
        self.sorts.push(sort);
        self.counts.push(0);
        self.decoders.push(decoder);
        self.askable.push(askable);
        self.index.insert(sort, self.sorts.len() - 1);
        self.sorts.len() - 1
    }
}
