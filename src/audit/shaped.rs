//! Columns of hashes that look like text one by one: told by their shape, and proved on the table's first rows.

use crate::columns::ColumnStats;
use crate::guess;
use crate::model::{Evidence, Form, TableBatch};
use crate::schemes::{self, Shape, Stored};

use super::plan::WARM_UP;
use super::prove::SAMPLE;
use super::resolve::Resolved;

/// Nanoseconds of [`schemes::Scheme::work`] that the proof of one shape may take.
const BUDGET: u64 = 200_000_000;
/// Common passwords tried: of published collections, they open one account in a hundred or more.
const WORDS: u64 = 50;

/// What the texts of a column are.
pub(super) struct Shaped {
    shape: &'static Shape,
    /// How many of the rows tried a common password or the login opens, and how many were tried.
    opened: usize,
    tried: usize,
}

/// The statistics of a column whose texts are hashes, by the table's first rows: its forms are the hashes'.
pub(super) fn recount(first: &[(TableBatch, usize)], column: usize) -> Option<ColumnStats> {
    let cells = || first.iter().flat_map(|(batch, rows)| (0..*rows).map(move |row| batch.cell(row, column)));
    let values: Vec<&[u8]> = cells().flatten().filter(|value| !value.is_empty()).collect();
    let shape = *schemes::shapes(&values).first()?;
    let mut stats = ColumnStats::new();
    for cell in cells() {
        stats.observe(cell, shape.read(schemes::recognise(cell.unwrap_or_default())), false);
    }
    Some(stats)
}

impl Shaped {
    /// What the texts of `column` are by the table's first rows, if they are hashes. Of several that fit, the one that
    /// opens most.
    pub(super) fn of(first: &[(TableBatch, usize)], column: usize, login: Option<usize>) -> Option<Self> {
        let rows = || first.iter().flat_map(|(batch, rows)| (0..*rows).map(move |row| (batch, row)));
        let cells = rows().filter_map(|(batch, row)| batch.cell(row, column).filter(|value| !value.is_empty()));
        let shapes = schemes::shapes(&cells.take(WARM_UP).collect::<Vec<_>>());
        if shapes.is_empty() {
            return None;
        }
        let values = rows().filter_map(|(batch, row)| {
            let value = batch.cell(row, column).filter(|value| !value.is_empty())?;
            Some(Stored::new(value).with_login(login.and_then(|login| batch.cell(row, login))))
        });
        let values: Vec<Stored<'_>> = values.take(SAMPLE).collect();
        let mut best: Option<Self> = None;
        for shape in shapes {
            let tried = Self::try_on(shape, &values);
            if best.as_ref().is_none_or(|best| tried.opened > best.opened) {
                best = Some(tried);
            }
        }
        best
    }

    fn try_on(shape: &'static Shape, values: &[Stored<'_>]) -> Self {
        let common = guess::common();
        let (mut opened, mut tried) = (0, 0);
        for stored in values {
            let form = shape.read(stored.form);
            if form == stored.form {
                continue;
            }
            tried += 1;
            let stored = Stored { form, ..*stored };
            let words = BUDGET / shape.scheme().work(form).max(1) / values.len() as u64;
            let words = (words.clamp(1, WORDS) as usize).min(common.len());
            let mut candidates = stored.login.into_iter().chain((0..words).map(|rank| common.word(rank)));
            opened += usize::from(candidates.any(|word| shape.scheme().verify(&stored, word) == Ok(true)));
        }
        Self { shape, opened, tried }
    }

    /// What `form`, of one value by itself, is in this column.
    pub(super) fn read(&self, form: Form) -> Form {
        self.shape.read(form)
    }

    /// Whether `form` is that of this column's hashes.
    pub(super) fn is_read(&self, form: Form) -> bool {
        self.shape.is_read(form)
    }

    /// `known` of the values of this form, with how it is known.
    pub(super) fn tell(&self, known: Resolved) -> Resolved {
        if self.opened > 0 {
            let why = format!(
                "{} of {} values tried are opened by a common password or the row's own login",
                self.opened, self.tried
            );
            return Resolved { evidence: Evidence::Proved, why, ..known };
        }
        let why = "characters spread over the column as the hash spreads them, and as no text does".to_owned();
        match known.evidence {
            Evidence::Proved => Resolved { why: format!("{why}; a likely password opens one"), ..known },
            _ => Resolved { evidence: Evidence::Inferred, why, ..known },
        }
    }
}
