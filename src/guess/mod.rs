//! Does a common password open it? Candidate lists, fast hashes in lanes, and the index of common passwords' digests.
//!
//! Two questions, asked from two sides. Of a *known* password: is it common ([`CommonPasswords::rank`]), the account's
//! own name ([`is_own`]), a vendor's default ([`is_default`])? Of a *stored digest*: which common password is behind it
//! ([`DigestIndex`] without a salt, [`search`] with one), and do the row's own words open it ([`own_candidates`],
//! [`search_pairs`])?
//!
//! This is an audit of what is weakest, not a cracker: no rules, no masks, no slow hashes. What a scheme looks like is
//! [`schemes`](crate::schemes)' business.

mod common;
mod defaults;
mod digest_index;
mod kernels;
mod lanes;
mod own;
mod pairs;
mod search;
#[cfg(test)]
mod tests;

pub use common::{CommonPasswords, Telling, common};
pub use defaults::{default_passwords, is_default};
pub use digest_index::{DigestIndex, Hit};
pub use own::{Own, is_own, own_candidates};

use crate::model::{Algorithm, Formula, Salts};
use lanes::Variant;

/// One value under attack: the stored digest, and what goes with it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Raw digest. One that has not the length of the formula's digests matches nothing.
    pub digest: &'a [u8],
    /// What the formula takes beside the password; unsalted ones do not look at it. Targets share the work if all of it is
    /// equal: leave empty what the formula does not take.
    pub salts: &'a Salts<'a>,
}

impl<'a> Target<'a> {
    /// A digest without a salt.
    pub const fn unsalted(digest: &'a [u8]) -> Self {
        Self { digest, salts: &Salts::NONE }
    }

    fn salt(&self) -> &'a [u8] {
        &self.salts.salt
    }
}

/// Rough cost of one evaluation in [`search`], in nanoseconds; an estimate for budgets, the same on every machine. What
/// goes through the lanes costs a sixth and less of what goes one at a time (`kernel_speeds` in the tests).
pub fn nanoseconds(formula: Formula) -> u64 {
    if pairs::core_for(formula).is_some() { formula.nanoseconds().div_ceil(6) } else { formula.nanoseconds() }
}

/// Evaluates `formula` for every (target, candidate) pair and calls `hit(target index, candidate index)` once for each
/// match, in no particular order. Lanes hold several messages at a time; inputs of any length are right, short ones are
/// fast. Targets with the same salt share the work, so give them together; for a few words a target, each its own,
/// [`search_pairs`] is the cheaper one.
pub fn search(formula: Formula, targets: &[Target<'_>], candidates: &[&[u8]], hit: &mut dyn FnMut(usize, usize)) {
    search::search_on(Variant::best(), formula, targets, candidates, hit);
}

/// Evaluates `formula` for pairs: message `i` is candidate `i` with target `i`; calls `hit(i)` once for each match, in no
/// particular order. The longer of the two slices is cut to the shorter.
pub fn search_pairs(formula: Formula, targets: &[Target<'_>], candidates: &[&[u8]], hit: &mut dyn FnMut(usize)) {
    let count = targets.len().min(candidates.len());
    pairs::search_pairs_on(Variant::best(), formula, count, |i| (targets[i], candidates[i]), hit);
}

/// Calls `hit(id)` for every `(id, digest, candidate)` of `pairs` whose candidate has the unsalted digest under `formula`,
/// in no particular order; ids may repeat. `digest` gives the same digest for an id: it is asked for few.
pub fn search_unsalted<'a, 'd>(
    formula: Formula,
    pairs: impl Iterator<Item = (usize, &'d [u8], &'a [u8])>,
    digest: impl Fn(usize) -> &'d [u8],
    hit: &mut dyn FnMut(usize),
) {
    if let Formula::Plain(algorithm) = formula
        && algorithm != Algorithm::Ntlm
    {
        return pairs::search_plain_on(Variant::best(), algorithm, pairs, digest, hit);
    }
    let pairs: Vec<(usize, &[u8], &[u8])> = pairs.collect();
    let pair = |i: usize| {
        let (_, digest, candidate) = pairs[i];
        (Target::unsalted(digest), candidate)
    };
    pairs::search_pairs_on(Variant::best(), formula, pairs.len(), pair, &mut |i| hit(pairs[i].0));
}
