//! Proof: a known password that opens a stored value turns a guess about its scheme into a fact.
//!
//! Everything here works on a sample of rows and on a budget counted in work, not in seconds: the same input gives the
//! same result on every machine.

use std::borrow::Cow;

use crate::guess::{self, DigestIndex, Hit, Own, Target};
use crate::model::{Form, FormKind, Secret};
use crate::schemes::{self, Scheme, Stored};

/// Rows tried for a proof. 200 rows × 1,000 words × 27 constructions is 11 million hashes, well under a second.
pub(super) const SAMPLE: usize = 200;
/// Common passwords tried on each of them.
const WORDS: usize = 1000;
/// Rows on which, if that proves nothing, the whole list is tried.
pub(super) const DEEP_SAMPLE: usize = 48;

/// One stored value with its neighbours, kept for a proof.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) form: Form,
    value: Secret,
    salt: Option<Secret>,
    pub(super) login: Secret,
    pub(super) email: Secret,
}

impl Subject {
    pub(super) fn new(
        form: Form,
        value: &[u8],
        salt: Option<&[u8]>,
        login: Option<&[u8]>,
        email: Option<&[u8]>,
    ) -> Self {
        Self {
            form,
            value: Secret::new(value),
            salt: salt.map(Secret::new),
            login: Secret::new(login.unwrap_or_default()),
            email: Secret::new(email.unwrap_or_default()),
        }
    }

    pub(super) fn stored(&self) -> Stored<'_> {
        Stored {
            value: self.value.expose(),
            form: self.form,
            salt: self.salt.as_ref().map(Secret::expose),
            login: Some(self.login.expose()),
            pepper: None,
        }
    }
}

/// The common password whose unsalted digest the value is.
pub(super) fn in_index(subject: &Subject, index: &DigestIndex) -> Option<Hit> {
    let mut out = [0; 64];
    let digest = super::plan::raw(super::plan::decoder(subject.form), &subject.stored(), &mut out)?;
    index.find(digest)
}

/// The salted fast scheme that opens most of the sample, if any opens one value.
pub(super) fn salted(subjects: &[Subject], salt_column: bool) -> Option<&'static dyn Scheme> {
    let mut schemes: Vec<&'static dyn Scheme> = Vec::new();
    for subject in subjects {
        for scheme in schemes::explain(subject.form, salt_column) {
            let salted = scheme.formula().is_some_and(crate::model::Formula::is_salted);
            if salted && schemes.iter().all(|s| s.name() != scheme.name()) {
                schemes.push(scheme);
            }
        }
    }
    let best = |sample: &[Subject], words: usize| {
        schemes
            .iter()
            .map(|s| (opened(*s, sample, words), *s))
            .rev()
            .max_by_key(|(hits, _)| *hits)
            .filter(|(hits, _)| *hits > 0)
            .map(|(_, scheme)| scheme)
    };
    let deep = &subjects[..subjects.len().min(DEEP_SAMPLE)];
    best(&subjects[..subjects.len().min(SAMPLE)], WORDS).or_else(|| best(deep, usize::MAX))
}

/// How many of `subjects` a common password or the row's own words open under `scheme`.
pub(super) fn opened(scheme: &dyn Scheme, subjects: &[Subject], words: usize) -> usize {
    /// Index of the subject, digest, its length, salt.
    type Decoded<'a> = (usize, [u8; 64], usize, Cow<'a, [u8]>);
    let Some(formula) = scheme.formula() else { return 0 };
    let decoded: Vec<Decoded<'_>> = subjects
        .iter()
        .enumerate()
        .filter_map(|(i, subject)| {
            let mut digest = [0; 64];
            let len = scheme.raw_digest(&subject.stored(), &mut digest)?;
            let salt = if formula.is_salted() { scheme.salt(&subject.stored())? } else { Cow::Borrowed(&[][..]) };
            Some((i, digest, len, salt))
        })
        .collect();
    let targets: Vec<Target<'_>> =
        decoded.iter().map(|(_, digest, len, salt)| Target { digest: &digest[..*len], salt }).collect();
    let mut hits = vec![false; targets.len()];
    let common = guess::common();
    let candidates: Vec<&[u8]> = (0..common.len().min(words)).map(|rank| common.word(rank)).collect();
    guess::search(formula, &targets, &candidates, &mut |target, _| hits[target] = true);
    let mut own = Vec::new();
    let mut owner = Vec::new();
    for (at, (i, ..)) in decoded.iter().enumerate() {
        let mut mine = Vec::new();
        guess::own_candidates(subjects[*i].login.expose(), subjects[*i].email.expose(), 8, &mut mine);
        owner.extend(std::iter::repeat_n(at, mine.len()));
        own.append(&mut mine);
    }
    let pair_targets: Vec<Target<'_>> = owner.iter().map(|at| targets[*at]).collect();
    let pair_words: Vec<&[u8]> = own.iter().map(|(_, word)| word.as_slice()).collect();
    guess::search_pairs(formula, &pair_targets, &pair_words, &mut |pair| hits[owner[pair]] = true);
    hits.into_iter().filter(|hit| *hit).count()
}

/// What trying a few candidates against slow hashes showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Slow {
    /// Accounts on which every candidate was tried.
    pub(super) tried: usize,
    /// Index into the sample and what opened it.
    pub(super) opened: Vec<(usize, Opened)>,
    /// Schemes proved, by name.
    pub(super) proved: Vec<&'static str>,
    /// Work done, in nanoseconds of [`Scheme::work`].
    pub(super) work: u64,
}

/// What opened a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) common: bool,
    pub(super) own: Option<Own>,
    pub(super) default: bool,
}

/// Tries, for each of `subjects` in order (accounts with a login that has published default passwords first), its own words, default passwords and the commonest passwords under its
/// self-describing scheme, until `budget` nanoseconds of [`Scheme::work`] are used up. Every account is tried with the
/// likeliest candidates before any is tried with more.
pub(super) fn slow(subjects: &[Subject], budget: u64) -> Slow {
    use rayon::prelude::*;
    // Few candidates for each of many accounts find more than many for a few.
    const COMMON: usize = 6;
    const OWN: usize = 3;
    let mut left = budget;
    let mut chosen: Vec<(usize, &'static dyn Scheme)> = Vec::new();
    let mut result = Slow::default();
    let mut order: Vec<usize> = (0..subjects.len()).collect();
    order.sort_by_key(|i| guess::default_passwords(subjects[*i].login.expose()).is_empty());
    for i in order {
        let subject = &subjects[i];
        if !matches!(subject.form.kind(), FormKind::Modular) {
            continue;
        }
        let Some(scheme) = schemes::explain(subject.form, false).into_iter().next() else { continue };
        if scheme.work(subject.form) > schemes::MAX_WORK {
            continue;
        }
        let work = scheme.work(subject.form).saturating_mul((COMMON + OWN + 1) as u64);
        if work > left {
            break;
        }
        left -= work;
        result.work += work;
        chosen.push((i, scheme));
    }
    let found: Vec<(usize, Option<Opened>, &'static dyn Scheme)> =
        chosen.par_iter().map(|(i, scheme)| (*i, try_one(&subjects[*i], *scheme, OWN, COMMON), *scheme)).collect();
    for (i, opened, scheme) in found {
        result.tried += 1;
        if let Some(opened) = opened {
            result.opened.push((i, opened));
            if !result.proved.contains(&scheme.name()) {
                result.proved.push(scheme.name());
            }
        }
    }
    result
}

fn try_one(subject: &Subject, scheme: &dyn Scheme, own: usize, common: usize) -> Option<Opened> {
    let stored = subject.stored();
    let (login, email) = (subject.login.expose(), subject.email.expose());
    let opens = |word: &[u8]| scheme.verify(&stored, word).is_ok_and(|right| right);
    let words = guess::common();
    let told = |word: &[u8], own: Option<Own>| Opened {
        common: words.rank(word).is_some(),
        own: own.or_else(|| guess::is_own(word, login, email)),
        default: guess::is_default(login, word),
    };
    let mut mine = Vec::new();
    guess::own_candidates(login, email, own, &mut mine);
    if let Some((own, word)) = mine.iter().find(|(_, word)| opens(word)) {
        return Some(told(word, Some(*own)));
    }
    if let Some(word) = guess::default_passwords(login).iter().take(2).find(|word| opens(word)) {
        return Some(told(word, None));
    }
    (0..common.min(words.len())).map(|rank| words.word(rank)).find(|word| opens(word)).map(|word| told(word, None))
}
