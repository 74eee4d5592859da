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
#[derive(Clone, Copy)]
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
        // As many at a time as the scheme is quickest with.
        let (own, word) = list.chunks(scheme.lanes().max(1)).find_map(|some| {
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
