//! Slow hashes: a few likely passwords on a sample of accounts, within a budget of work.
//!
//! What names its scheme does not name all of it: `$2y$…` may be bcrypt of the password, or of its MD5 from before a
//! migration. So a part of the budget goes to the other schemes that a value can be of.

use rayon::prelude::*;

use crate::guess::{self, Own};
use crate::model::{Form, FormKind};
use crate::schemes::{self, Protection, Scheme};

use super::prove::Subject;

/// What trying a few candidates against slow hashes showed.
#[derive(Default)]
pub(super) struct Slow {
    /// Accounts on which every candidate was tried.
    pub(super) tried: usize,
    /// Accounts that could have been tried, and none was: the budget does not reach for one.
    pub(super) left_out: bool,
    /// Index into the sample and what opened it.
    pub(super) opened: Vec<(usize, Opened)>,
    /// Schemes that opened something.
    pub(super) schemes: Vec<&'static dyn Scheme>,
    /// By form and scheme: accounts that were opened.
    pub(super) found: Vec<(Form, &'static dyn Scheme, u64)>,
    /// Work done, in nanoseconds of [`Scheme::work`].
    pub(super) work: u64,
}

/// What opened a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) common: bool,
    pub(super) own: Option<Own>,
    pub(super) default: bool,
    /// Under which of [`Slow::schemes`].
    pub(super) scheme: u8,
}

/// Candidates for one account: its own words, default passwords of its login, the commonest passwords.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Candidates {
    own: usize,
    defaults: usize,
    common: usize,
}

impl Candidates {
    /// Few for each of many accounts find more than many for a few.
    const ALL: Self = Self { own: 3, defaults: 2, common: 6 };
    /// For each of several schemes.
    const FEWER: Self = Self { own: 1, defaults: 0, common: 3 };
    /// Where the budget is for nothing more.
    const ONE: Self = Self { own: 0, defaults: 0, common: 1 };

    /// How many there are, about: few logins have default passwords.
    const fn count(self) -> u64 {
        (self.own + self.common) as u64 + if self.defaults > 0 { 1 } else { 0 }
    }
}

/// Of the budget, one part in so many is kept for schemes that a value does not show.
const FOR_OTHERS: u64 = 4;

/// A budget that nobody chose is for columns of which it reaches one account in so many: with a few likely passwords, that
/// opens one account of a hundred thousand or two (some hold one of the commonest passwords in fifty). It says nothing
/// of a column when it reaches fewer, however long the wait.
const WORTH_IT: u128 = 10_000;
/// Nanoseconds of work for each million accounts of other columns: a tenth of what reading and judging them takes.
const FOR_A_MILLION: u128 = 250_000_000;
/// Nanoseconds of work that other columns get at least: one guess at bcrypt of cost 12.
const LEAST: u64 = 500_000_000;

/// How many of `share` nanoseconds are spent where nobody chose: all of them on a column of which they reach one account in
/// [`WORTH_IT`]; else a part that grows with the number of accounts, and never less than one guess takes. `forms` has
/// the column's forms and how many values have each. What is chosen depends on them alone.
pub(super) fn usual(forms: impl Iterator<Item = (Form, u64)>, share: u64, expects: &[String]) -> u64 {
    let (mut accounts, mut work, mut commonest) = (0, 0, (0, 0));
    for (form, count) in forms {
        let Some(scheme) = plausible(form, expects).first().copied() else { continue };
        accounts += u128::from(count);
        work += u128::from(scheme.work(form)) * u128::from(count);
        commonest = commonest.max((count, scheme.work(form)));
    }
    if work * u128::from(Candidates::ALL.count()) / WORTH_IT <= u128::from(share) {
        return share;
    }
    let part = u64::try_from(accounts * FOR_A_MILLION / 1_000_000).unwrap_or(u64::MAX);
    // One guess, and what is kept from it.
    let one = commonest.1.saturating_mul(FOR_OTHERS).div_ceil(FOR_OTHERS - 1);
    part.max(LEAST).max(one).min(share)
}

/// Tries, for each of `subjects` in order (accounts with a login that has published default passwords first), its own
/// words, default passwords and the commonest passwords under its self-describing scheme, until `budget` nanoseconds of
/// [`Scheme::work`] are used up. Every account is tried with the likeliest candidates before any is tried with more.
/// Schemes of `expects`, which the product is known to use, come before others.
pub(super) fn slow(subjects: &[Subject], budget: u64, pepper: Option<&[u8]>, expects: &[String]) -> Slow {
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    order.sort_by_key(|i| guess::default_passwords(subjects[*i].login.expose()).is_empty());
    let listed: Vec<(usize, Vec<&'static dyn Scheme>)> =
        order.into_iter().map(|i| (i, plausible(subjects[i].form, expects))).filter(|(_, s)| !s.is_empty()).collect();
    let several = listed.iter().any(|(_, schemes)| schemes.len() > 1);
    let kept = if several { budget / FOR_OTHERS } else { 0 };
    let mut search = Search { subjects, pepper, left: budget - kept, slow: Slow::default() };
    for candidates in [Candidates::ALL, Candidates::FEWER, Candidates::ONE] {
        search.slow.tried = search.pass(listed.iter().map(|(i, schemes)| (*i, schemes[0])), candidates);
        if search.slow.tried > 0 {
            break;
        }
    }
    search.slow.left_out = search.slow.tried == 0 && !listed.is_empty();
    if several {
        search.left += kept;
        let half = search.left / 2;
        search.left -= half;
        let others = listed.iter().flat_map(|(i, schemes)| schemes[1..].iter().map(|scheme| (*i, *scheme)));
        search.pass(others, Candidates::FEWER);
        // Of what opened one, there may be more.
        search.left += half;
        let known: Vec<(usize, &'static dyn Scheme)> = listed
            .iter()
            .flat_map(|(i, schemes)| schemes[1..].iter().map(|scheme| (*i, *scheme)))
            .filter(|(_, scheme)| search.slow.schemes.iter().any(|known| known.name() == scheme.name()))
            .collect();
        search.pass(known.into_iter(), Candidates::ALL);
    }
    search.slow.work = budget - search.left.min(budget);
    search.slow
}

/// What values of `form` may be that can be opened by guessing, the likeliest first; none where a single guess would be too
/// costly.
fn plausible(form: Form, expects: &[String]) -> Vec<&'static dyn Scheme> {
    if form.kind() != FormKind::Modular {
        return Vec::new();
    }
    let mut schemes = schemes::explain(form, false);
    schemes.sort_by_key(|scheme| !expects.iter().any(|name| name == scheme.name()));
    // What is encrypted, no guess opens.
    let is_open =
        |scheme: &&dyn Scheme| scheme.protection() != Protection::Reversible && scheme.work(form) <= schemes::MAX_WORK;
    if schemes.first().is_some_and(is_open) {
        schemes.retain(is_open);
    } else {
        schemes.clear();
    }
    schemes
}

struct Search<'a> {
    subjects: &'a [Subject],
    pepper: Option<&'a [u8]>,
    left: u64,
    slow: Slow,
}

impl Search<'_> {
    /// Tries accounts that nothing has opened yet, each under a scheme, as far as the budget goes; how many were tried.
    fn pass(&mut self, tries: impl Iterator<Item = (usize, &'static dyn Scheme)>, candidates: Candidates) -> usize {
        let mut chosen: Vec<(usize, &'static dyn Scheme)> = Vec::new();
        for (i, scheme) in tries.filter(|(i, _)| self.slow.opened.iter().all(|(known, _)| known != i)) {
            let work = scheme.work(self.subjects[i].form).saturating_mul(candidates.count());
            if work > self.left {
                if candidates == Candidates::ONE {
                    // Rather a cheaper account than none.
                    continue;
                }
                break;
            }
            self.left -= work;
            chosen.push((i, scheme));
        }
        let found: Vec<Option<Opened>> =
            chosen.par_iter().map(|(i, scheme)| self.try_one(&self.subjects[*i], *scheme, candidates)).collect();
        for ((i, scheme), opened) in chosen.iter().zip(found) {
            let Some(opened) = opened.filter(|_| self.slow.opened.iter().all(|(known, _)| known != i)) else {
                continue;
            };
            let scheme = self.note(self.subjects[*i].form, *scheme);
            self.slow.opened.push((*i, Opened { scheme, ..opened }));
        }
        chosen.len()
    }

    /// Counts a value of `form` that was opened; the number of the scheme.
    fn note(&mut self, form: Form, scheme: &'static dyn Scheme) -> u8 {
        let same = |known: &&'static dyn Scheme| known.name() == scheme.name();
        match self.slow.found.iter_mut().find(|(of, by, _)| *of == form && same(by)) {
            Some((.., rows)) => *rows += 1,
            None => self.slow.found.push((form, scheme, 1)),
        }
        let number = self.slow.schemes.iter().position(same).unwrap_or_else(|| {
            self.slow.schemes.push(scheme);
            self.slow.schemes.len() - 1
        });
        u8::try_from(number).unwrap_or(u8::MAX)
    }

    fn try_one(&self, subject: &Subject, scheme: &dyn Scheme, candidates: Candidates) -> Option<Opened> {
        let stored = subject.stored().with_pepper(self.pepper);
        let (login, email) = (subject.login.expose(), subject.email.expose());
        let common = guess::common();
        let mut mine = Vec::new();
        guess::own_candidates(login, email, candidates.own, &mut mine);
        let mine = mine.iter().map(|(own, word)| (Some(*own), word.as_slice()));
        let defaults = guess::default_passwords(login).iter().take(candidates.defaults).map(|word| (None, &word[..]));
        let commonest = (0..candidates.common.min(common.len())).map(|rank| (None, common.word(rank)));
        let list: Vec<(Option<Own>, &[u8])> = mine.chain(defaults).chain(commonest).collect();
        // As many at a time as the scheme is quickest with, on all threads where there are fewer accounts than threads; of
        // what opens the value, the first in the list.
        let (own, word) = list.par_chunks(scheme.lanes().max(1)).find_map_first(|some| {
            let words: Vec<&[u8]> = some.iter().map(|(_, word)| *word).collect();
            scheme.first_of(&stored, &words).map(|at| some[at])
        })?;
        Some(Opened {
            common: common.rank(word).is_some(),
            own: own.or_else(|| guess::is_own(word, login, email)),
            default: guess::is_default(login, word),
            scheme: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn bcrypt(cost: u32) -> Form {
        let form = schemes::recognise(format!("$2b${cost:02}${}", "a".repeat(53)).as_bytes());
        assert_eq!(form.params, u64::from(cost));
        form
    }

    fn usual_of(forms: &[(Form, u64)], share: u64) -> u64 {
        usual(forms.iter().copied(), share, &[])
    }

    #[test]
    fn by_default_a_table_that_the_budget_says_something_of_gets_all_of_it() {
        for (cost, accounts) in [(10, 20), (10, 50_000), (12, 10_000), (15, 20)] {
            assert_eq!(usual_of(&[(bcrypt(cost), accounts)], 5 * SECOND), 5 * SECOND, "cost {cost}");
        }
        assert_eq!(usual_of(&[], SECOND), SECOND);
    }

    #[test]
    fn by_default_a_table_of_which_it_would_try_one_account_in_a_million_costs_less() {
        let of = |cost, accounts| usual_of(&[(bcrypt(cost), accounts)], 5 * SECOND);
        assert_eq!(of(12, 1_800_000), SECOND / 2);
        assert_eq!(of(10, 1_800_000), SECOND / 2);
        assert_eq!(of(12, 8_000_000), 2 * SECOND);
        assert_eq!(of(12, 200_000_000), 5 * SECOND, "never more than there is");
        assert_eq!(usual_of(&[(bcrypt(12), 1_800_000)], SECOND / 10), SECOND / 10);
    }

    #[test]
    fn by_default_one_guess_at_the_commonest_form_is_within_the_budget() {
        for (cost, accounts) in [(12, 1_800_000), (13, 1_800_000), (14, 1_800_000)] {
            // Few of another cost change nothing.
            for few in [bcrypt(4), bcrypt(17)] {
                let budget = usual_of(&[(few, 100), (bcrypt(cost), accounts)], 5 * SECOND);
                let scheme = plausible(bcrypt(cost), &[])[0];
                assert!(scheme.work(bcrypt(cost)) <= budget - budget / FOR_OTHERS, "cost {cost}: {budget}");
                assert!(budget < 2 * SECOND, "cost {cost}: {budget}");
            }
        }
    }
}
