//! Proof: a known password that opens a stored value turns a guess about its scheme into a fact.
//!
//! Everything here works on a sample of rows and on a budget counted in work, not in seconds: the same input gives the
//! same result on every machine.

use rayon::prelude::*;

use crate::guess::{self, DigestIndex, Hit, Own, Target};
use crate::model::{Form, FormKind, Formula, Salts, Secret};
use crate::schemes::{self, Scheme, Stored};

/// Rows tried for a proof.
pub(super) const SAMPLE: usize = 200;

/// How a proof is looked for: each stage tries so many rows and common passwords under every construction that fits, and
/// takes up to so many nanoseconds of [`guess::nanoseconds`]. The first stage that opens anything is the last.
///
/// Of published collections, the fifty commonest passwords open one account in a hundred or more; 200 rows under the some
/// thirty constructions that salted hexadecimal of one length can be are 300,000 hashes.
const STAGES: [Stage; 3] = [
    Stage { rows: SAMPLE, words: 50, budget: 400_000_000 },
    Stage { rows: SAMPLE, words: 1000, budget: 800_000_000 },
    Stage { rows: DEEP_SAMPLE, words: usize::MAX, budget: 800_000_000 },
];

struct Stage {
    rows: usize,
    words: usize,
    budget: u64,
}

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
        Stored::of(self.value.expose(), self.form)
            .with_salt(self.salt.as_ref().map(Secret::expose))
            .with_login(Some(self.login.expose()))
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
            let salted = scheme.formula().is_some_and(Formula::is_salted);
            if salted && schemes.iter().all(|s| s.name() != scheme.name()) {
                schemes.push(scheme);
            }
        }
    }
    // Cheap ones first: what they leave pays for the dear ones.
    schemes.sort_by_key(|scheme| scheme.formula().map(guess::nanoseconds));
    for stage in STAGES {
        let sample = &subjects[..subjects.len().min(stage.rows)];
        let mut left = stage.budget;
        let mut tries: Vec<(&'static dyn Scheme, usize, usize)> = Vec::new();
        for (number, scheme) in schemes.iter().enumerate() {
            let Some(formula) = scheme.formula() else { continue };
            // What one construction leaves is for those after it.
            let share = left / (schemes.len() - number) as u64;
            let (words, rows) = affordable(formula, stage.words, sample.len(), share);
            left -= (words * rows) as u64 * guess::nanoseconds(formula);
            tries.push((*scheme, words, rows));
        }
        let hits: Vec<usize> =
            tries.par_iter().map(|(scheme, words, rows)| opened(*scheme, &sample[..*rows], *words)).collect();
        let mut best: Option<(usize, &'static dyn Scheme)> = None;
        for (hits, (scheme, ..)) in hits.into_iter().zip(&tries) {
            if hits > best.map_or(0, |(most, _)| most) {
                best = Some((hits, *scheme));
            }
        }
        if let Some((_, scheme)) = best {
            return Some(scheme);
        }
    }
    None
}

/// How many words on how many rows `budget` nanoseconds are enough for: all rows with fewer words, at least some ten; then
/// fewer rows.
fn affordable(formula: Formula, words: usize, rows: usize, budget: u64) -> (usize, usize) {
    const FEWEST: usize = 10;
    let pairs = (budget / guess::nanoseconds(formula).max(1)) as usize;
    let words = words.min(guess::common().len());
    if pairs >= words * rows {
        return (words, rows);
    }
    let fewer = (pairs / rows.max(1)).clamp(FEWEST.min(words), words);
    (fewer, rows.min(pairs / fewer.max(1)))
}

/// How many of `subjects` a common password or the row's own words open under `scheme`.
pub(super) fn opened(scheme: &dyn Scheme, subjects: &[Subject], words: usize) -> usize {
    /// Index of the subject, digest, its length, what stands beside the password.
    type Decoded<'a> = (usize, [u8; 64], usize, Salts<'a>);
    let Some(formula) = scheme.formula() else { return 0 };
    let decoded: Vec<Decoded<'_>> = subjects
        .iter()
        .enumerate()
        .filter_map(|(i, subject)| {
            let mut digest = [0; 64];
            let len = scheme.raw_digest(&subject.stored(), &mut digest)?;
            Some((i, digest, len, scheme.salts(&subject.stored())?))
        })
        .collect();
    let targets: Vec<Target<'_>> =
        decoded.iter().map(|(_, digest, len, salts)| Target { digest: &digest[..*len], salts }).collect();
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
        // What is encrypted, no guess opens.
        if scheme.protection() == schemes::Protection::Reversible || scheme.work(subject.form) > schemes::MAX_WORK {
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
    let lists: Vec<Vec<Candidate>> = chosen.iter().map(|(i, _)| candidates(&subjects[*i], OWN, COMMON)).collect();
    // As many at a time as the scheme is quickest with: what several find, the first has found.
    let pieces: Vec<(usize, usize, usize)> = lists
        .iter()
        .enumerate()
        .flat_map(|(number, list)| {
            let lanes = chosen[number].1.lanes().max(1);
            (0..list.len()).step_by(lanes).map(move |from| (number, from, lanes))
        })
        .collect();
    let hits: Vec<(usize, usize)> = pieces
        .into_par_iter()
        .filter_map(|(number, from, lanes)| {
            let (i, scheme) = chosen[number];
            let list = &lists[number];
            let words: Vec<&[u8]> = list[from..list.len().min(from + lanes)].iter().map(|(_, word)| &**word).collect();
            Some((number, from + scheme.first_of(&subjects[i].stored(), &words)?))
        })
        .collect();
    let found = chosen.iter().enumerate().map(|(number, (i, scheme))| {
        let first = hits.iter().filter(|(of, _)| *of == number).map(|(_, at)| *at).min();
        (*i, first.map(|at| told(&subjects[*i], &lists[number][at])), *scheme)
    });
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

/// What is tried on one account: the word, and whose it is.
type Candidate = (Option<Own>, Vec<u8>);

/// The likeliest passwords of an account, in the order in which they are tried.
fn candidates(subject: &Subject, own: usize, common: usize) -> Vec<Candidate> {
    let (login, email) = (subject.login.expose(), subject.email.expose());
    let words = guess::common();
    let mut mine = Vec::new();
    guess::own_candidates(login, email, own, &mut mine);
    let mut list: Vec<Candidate> = mine.into_iter().map(|(own, word)| (Some(own), word)).collect();
    list.extend(guess::default_passwords(login).iter().take(2).map(|word| (None, word.to_vec())));
    list.extend((0..common.min(words.len())).map(|rank| (None, words.word(rank).to_vec())));
    list
}

/// What it means that a candidate opened the value.
fn told(subject: &Subject, (own, word): &Candidate) -> Opened {
    let (login, email) = (subject.login.expose(), subject.email.expose());
    Opened {
        common: guess::common().rank(word).is_some(),
        own: own.or_else(|| guess::is_own(word, login, email)),
        default: guess::is_default(login, word),
    }
}
