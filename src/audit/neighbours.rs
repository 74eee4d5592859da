//! Columns of digests that are made from what stands beside them: an address hashed for its picture, a number for a link.
//!
//! Such a column looks like stored passwords, and some of its values may even be common passwords' digests (a login `admin`,
//! a number `123456`). That nearly all of its values are their neighbour's digests settles what it is.

use crate::columns::{self, ColumnStats};
use crate::guess::DigestIndex;
use crate::model::{Assignment, Role, Salts, Table, TableBatch};
use crate::schemes::{self, Stored};

use super::observe::{self, Tools};
use super::plan;

/// Rows compared: chance gives no match at all, so this only has to tell nearly all rows from some.
const SAMPLE: usize = 24;
/// Fewer rows say nothing.
const LEAST: usize = 3;

/// Marks in `stats` the columns of `table` nearly all of whose values are digests, by a construction of the common passwords' index, of another
/// column's cells in the same rows, as they are or in lower case. Whether there were any.
///
/// Not of a column of passwords: then those digests are of passwords, too.
pub(super) fn mark(
    table: &Table,
    roles: &[Assignment],
    stats: &mut [ColumnStats],
    first: &[(TableBatch, usize)],
    tools: &Tools,
) -> bool {
    let mut found = false;
    for column in 0..stats.len() {
        if !columns::may_be_digest_of(table, column, &stats[column]) {
            continue;
        }
        let sample = sample(first, column);
        let of = (0..stats.len())
            .filter(|other| *other != column && roles[*other].role != Role::Credential)
            .find(|other| is_digest_of(&sample, *other, &tools.index));
        if let Some(of) = of {
            stats[column].set_digest_of(of);
            found = true;
        }
    }
    found
}

/// One row, and the digest that a column holds there.
struct Sampled<'a> {
    batch: &'a TableBatch,
    row: usize,
    digest: [u8; 64],
    len: usize,
}

/// Rows of `column` that hold digests, from all over the first ones.
fn sample(first: &[(TableBatch, usize)], column: usize) -> Vec<Sampled<'_>> {
    let mut places: Vec<(&TableBatch, usize)> =
        first.iter().flat_map(|(batch, rows)| (0..*rows).map(move |row| (batch, row))).collect();
    places.sort_unstable_by_key(|(batch, row)| observe::mix(batch.rows[*row].offset));
    let digest = |(batch, row): (&'_ TableBatch, usize)| {
        let value = batch.cell(row, column).filter(|value| !value.is_empty())?;
        let form = schemes::recognise(value);
        let mut out = [0; 64];
        let len = plan::raw(plan::decoder(form), &Stored::of(value, form), &mut out)?.len();
        Some((out, len))
    };
    places
        .into_iter()
        .filter_map(|(batch, row)| digest((batch, row)).map(|(digest, len)| Sampled { batch, row, digest, len }))
        .take(SAMPLE)
        .collect()
}

/// Whether nearly all of the sampled digests (nine in ten) are of what `other` holds in their rows: where fewer are, they
/// may be initial passwords, and the others passwords that people chose.
fn is_digest_of(sample: &[Sampled<'_>], other: usize, index: &DigestIndex) -> bool {
    let mut compared = 0;
    let mut same = 0;
    for sampled in sample {
        let Some(cell) = sampled.batch.cell(sampled.row, other).filter(|cell| !cell.is_empty()) else { continue };
        compared += 1;
        let lower = cell.to_ascii_lowercase();
        let texts = [cell, &lower];
        let texts = if lower == cell { &texts[..1] } else { &texts[..] };
        let is_of = |text: &&[u8]| {
            index.formulas().iter().filter(|formula| formula.digest_len() == sampled.len).any(|formula| {
                let mut digest = [0; 64];
                let len = formula.evaluate(text, &Salts::NONE, &mut digest);
                digest[..len] == sampled.digest[..sampled.len]
            })
        };
        same += usize::from(texts.iter().any(is_of));
        // Most neighbours have nothing to do with it.
        if compared == SAMPLE / 2 && 4 * same < compared {
            return false;
        }
    }
    compared >= LEAST && 10 * same >= 9 * compared
}
