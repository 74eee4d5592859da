//! Slow hashes: a few likely passwords on a sample of accounts, within a budget of work.
//!
//! What names its scheme does not name all of it: `$2y$…` may be bcrypt of the password, or of its MD5 from before a
//! migration. So a part of the budget goes to the other schemes that a value can be of.

use std::borrow::Cow;

use rayon::prelude::*;

use crate::guess::{self, Own};
use crate::model::{Form, FormKind};
use crate::schemes::{self, Protection, Scheme};

use super::prove::Subject;
use super::sorts::Sort;

/// What trying a few candidates against slow hashes showed.
#[derive(Default)]
pub(super) struct Slow {
    /// By form: accounts on which every candidate was tried.
    tried: Vec<(Form, u64)>,
    /// Index into the sample and what opened it.
    pub(super) opened: Vec<(usize, Opened)>,
    /// Schemes that opened something.
    pub(super) schemes: Vec<&'static dyn Scheme>,
    /// By form and scheme: accounts that were opened.
    pub(super) found: Vec<(Form, &'static dyn Scheme, u64)>,
    /// Work done, in nanoseconds of [`Scheme::guess_work`].
    pub(super) work: u64,
}

impl Slow {
    /// Accounts with a value of `form` on which every candidate was tried.
    pub(super) fn tried(&self, form: Form) -> u64 {
        self.tried.iter().find(|(of, _)| *of == form).map_or(0, |(_, accounts)| *accounts)
    }
}

/// What is left to spend on slow hashes, shared by the columns that hold some. Counted in work and not in seconds, so that
/// the same input gives the same report on every machine. What one column leaves is the next one's.
pub(super) struct Budget {
    /// Nanoseconds of [`Scheme::guess_work`].
    left: u64,
    columns: u64,
    /// Nobody said how much it is.
    by_default: bool,
}

/// Spent where nobody said how much: about as long as a small audit takes anyway. Five accounts of bcrypt at cost 10 are
/// tried in it.
const BY_DEFAULT: u64 = 2_000_000_000;

/// Where that reaches less than one in so many of a column's accounts, it would hardly name one, and the column is so large
/// that who audits it waits for other things. Then it is only [`A_ROW`] for each of them, and [`LEAST`] at least.
const REACH: u64 = 10_000;

/// A quarter of the microsecond that a row takes to be read and judged (`benches/live.sh`).
const A_ROW: u64 = 250;

/// See [`REACH`].
const LEAST: u64 = 500_000_000;

impl Budget {
    /// `seconds` of one core for `columns` columns that hold slow hashes.
    pub(super) fn new(seconds: Option<u32>, columns: u64) -> Self {
        let left = seconds.map_or(BY_DEFAULT, |seconds| u64::from(seconds) * 1_000_000_000);
        Self { left, columns, by_default: seconds.is_none() }
    }

    /// What the next column may take, which holds so many values of these sorts.
    fn share(&mut self, sorts: &[Sort], counts: &[u64], expects: &[String]) -> u64 {
        let share = self.left / self.columns.max(1);
        self.columns = self.columns.saturating_sub(1);
        let slow = sorts.iter().zip(counts).filter_map(|(sort, count)| {
            let scheme = plausible(sort.form, expects).into_iter().next()?;
            Some((*count, scheme.guess_work(sort.form).saturating_mul(Candidates::ALL.count())))
        });
        let slow: Vec<(u64, u64)> = slow.collect();
        let accounts: u64 = slow.iter().map(|(count, _)| count).sum();
        let of_one = slow.iter().max_by_key(|(count, _)| *count).map_or(1, |(_, work)| (*work).max(1));
        if self.by_default && (share / of_one).saturating_mul(REACH) < accounts {
            return share.min(accounts.saturating_mul(A_ROW).max(LEAST));
        }
        share
    }
}

/// Whether a column with values of these sorts holds slow hashes that can be told as such.
pub(super) fn is_slow(sorts: &[Sort]) -> bool {
    sorts.iter().any(|sort| sort.form.kind() == FormKind::Modular)
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
#[derive(Clone, Copy)]
struct Candidates {
    own: usize,
    defaults: usize,
    common: usize,
}

/// A password that is tried.
struct Word<'a> {
    text: Cow<'a, [u8]>,
    /// Set where it is the account's own.
    own: Option<Own>,
}

impl Candidates {
    /// Few for each of many accounts find more than many for a few.
    const ALL: Self = Self { own: 3, defaults: 2, common: 6 };
    /// For each of several schemes.
    const FEWER: Self = Self { own: 1, defaults: 0, common: 3 };

    /// Those of one account, the likeliest first.
    fn of(self, subject: &Subject) -> Vec<Word<'_>> {
        let (login, email) = (subject.login.expose(), subject.email.expose());
        let common = guess::common();
        let mut own = Vec::new();
        guess::own_candidates(login, email, self.own, &mut own);
        let own = own.into_iter().map(|(own, word)| Word { text: word.into(), own: Some(own) });
        let others = guess::default_passwords(login).iter().take(self.defaults).map(|word| &word[..]);
        let others = others.chain((0..self.common.min(common.len())).map(|rank| common.word(rank)));
        own.chain(others.map(|word| Word { text: word.into(), own: None })).collect()
    }

    /// How many there are, about: few logins have default passwords.
    const fn count(self) -> u64 {
        (self.own + self.common) as u64 + if self.defaults > 0 { 1 } else { 0 }
    }
}

/// Of the budget, one part in so many is kept for schemes that a value does not show.
const FOR_OTHERS: u64 = 4;

/// Tries, for each of `subjects` in order (accounts with a login that has published default passwords first), its own
/// words, default passwords and the commonest passwords under its self-describing scheme, until its share of `budget` is
/// used up. They are a sample of a column with so many (`counts`) values of these `sorts`. Schemes of `expects`, which the
/// product is known to use, come before others.
pub(super) fn slow(
    subjects: &[Subject],
    (sorts, counts): (&[Sort], &[u64]),
    budget: &mut Budget,
    pepper: Option<&[u8]>,
    expects: &[String],
) -> Slow {
    let share = budget.share(sorts, counts, expects);
    let slow = within(subjects, share, pepper, expects);
    budget.left -= slow.work.min(budget.left);
    slow
}

/// [`slow`] within `budget` nanoseconds of [`Scheme::guess_work`].
fn within(subjects: &[Subject], budget: u64, pepper: Option<&[u8]>, expects: &[String]) -> Slow {
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    order.sort_by_key(|i| guess::default_passwords(subjects[*i].login.expose()).is_empty());
    let listed: Vec<(usize, Vec<&'static dyn Scheme>)> =
        order.into_iter().map(|i| (i, plausible(subjects[i].form, expects))).filter(|(_, s)| !s.is_empty()).collect();
    let several = listed.iter().any(|(_, schemes)| schemes.len() > 1);
    let kept = if several { budget / FOR_OTHERS } else { 0 };
    let mut search = Search { subjects, pepper, left: budget - kept, slow: Slow::default() };
    let first = listed.iter().map(|(i, schemes)| (*i, schemes[0]));
    let tried = search.pass(first, Candidates::ALL);
    for (i, _) in tried {
        let form = subjects[i].form;
        match search.slow.tried.iter_mut().find(|(of, _)| *of == form) {
            Some((_, accounts)) => *accounts += 1,
            None => search.slow.tried.push((form, 1)),
        }
    }
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
    /// Tries accounts that nothing has opened yet, each under a scheme, as far as the budget goes; those that were tried.
    fn pass(
        &mut self,
        tries: impl Iterator<Item = (usize, &'static dyn Scheme)>,
        candidates: Candidates,
    ) -> Vec<(usize, &'static dyn Scheme)> {
        let mut chosen: Vec<(usize, &'static dyn Scheme)> = Vec::new();
        for (i, scheme) in tries.filter(|(i, _)| self.slow.opened.iter().all(|(known, _)| known != i)) {
            let work = scheme.guess_work(self.subjects[i].form).saturating_mul(candidates.count());
            if work > self.left {
                break;
            }
            self.left -= work;
            chosen.push((i, scheme));
        }
        let lists: Vec<Vec<Word<'_>>> = chosen.iter().map(|(i, _)| candidates.of(&self.subjects[*i])).collect();
        // One account's words go to several threads, as many at a time as its scheme is quickest with.
        let turns: Vec<(usize, &[Word<'_>])> = chosen
            .iter()
            .zip(&lists)
            .enumerate()
            .flat_map(|(at, ((_, scheme), list))| list.chunks(scheme.lanes().max(1)).map(move |words| (at, words)))
            .collect();
        let opened: Vec<Option<Opened>> = turns
            .par_iter()
            .map(|(at, words)| {
                let (i, scheme) = chosen[*at];
                self.try_some(&self.subjects[i], scheme, words)
            })
            .collect();
        for ((at, _), opened) in turns.iter().zip(opened) {
            let (i, scheme) = chosen[*at];
            let Some(opened) = opened.filter(|_| self.slow.opened.iter().all(|(known, _)| *known != i)) else {
                continue;
            };
            let scheme = self.note(self.subjects[i].form, scheme);
            self.slow.opened.push((i, Opened { scheme, ..opened }));
        }
        chosen
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

    /// Tries some words of one account; what the first that opens it is.
    fn try_some(&self, subject: &Subject, scheme: &dyn Scheme, words: &[Word<'_>]) -> Option<Opened> {
        let stored = subject.stored().with_pepper(self.pepper);
        let candidates: Vec<&[u8]> = words.iter().map(|word| &*word.text).collect();
        let word = &words[scheme.first_of(&stored, &candidates)?];
        let (login, email) = (subject.login.expose(), subject.email.expose());
        Some(Opened {
            common: guess::common().rank(&word.text).is_some(),
            own: word.own.or_else(|| guess::is_own(&word.text, login, email)),
            default: guess::is_default(login, &word.text),
            scheme: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value of bcrypt at this cost; nothing opens it.
    fn value(cost: u32) -> Vec<u8> {
        format!("$2b${cost:02}${}", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ./0").into_bytes()[..60]
            .to_vec()
    }

    #[test]
    fn a_column_of_which_guesses_reach_hardly_any_account_has_less_unless_somebody_said_how_much() {
        let sort = Sort { form: schemes::recognise(&value(12)), by: None };
        assert_eq!(sort.form.kind(), FormKind::Modular);
        let share = |seconds, accounts| Budget::new(seconds, 1).share(&[sort], &[accounts], &[]);
        let second = 1_000_000_000;
        assert_eq!([share(None, 1), share(None, 20_000)], [2 * second; 2]);
        assert_eq!([share(None, 20_001), share(None, 2_000_000)], [second / 2; 2]);
        assert_eq!([share(None, 4_000_000), share(None, 80_000_000)], [second, 2 * second]);
        assert_eq!([share(Some(5), 1), share(Some(5), 80_000_000)], [5 * second; 2]);
        let mut two = Budget::new(Some(5), 2);
        assert_eq!(two.share(&[sort], &[9], &[]), 5 * second / 2);
        two.left -= second;
        assert_eq!(two.share(&[sort], &[9], &[]), 4 * second, "what one column leaves is the next one's");
    }

    #[test]
    fn what_was_tried_is_counted_by_form_and_nothing_is_tried_without_time() {
        let subject = |cost, login: &[u8]| {
            let value = value(cost);
            Subject::new(schemes::recognise(&value), &value, [None, None], Some(login), None)
        };
        let subjects = [subject(4, b"ann"), subject(5, b"bob"), subject(4, b"eve")];
        let tried = within(&subjects, u64::MAX / 2, None, &[]);
        assert_eq!([4, 5, 6].map(|cost| tried.tried(schemes::recognise(&value(cost)))), [2, 1, 0]);
        assert!(tried.opened.is_empty() && tried.work > 0);
        let untried = within(&subjects, 0, None, &[]);
        assert_eq!((untried.tried(subjects[0].form), untried.work), (0, 0));
    }
}
