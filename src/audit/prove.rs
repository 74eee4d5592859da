//! Proof: a known password that opens a stored value turns a guess about its scheme into a fact.
//!
//! Everything here works on a sample of rows and on a budget counted in work, not in seconds: the same input gives the
//! same result on every machine.

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
    Stage { rows: SAMPLE, words: 1000, budget: 700_000_000 },
    Stage { rows: DEEP_SAMPLE, words: usize::MAX, budget: 700_000_000 },
];

struct Stage {
    rows: usize,
    words: usize,
    budget: u64,
}

/// Rows on which, if that proves nothing, the whole list is tried as far as the budget goes.
pub(super) const DEEP_SAMPLE: usize = 48;

/// One stored value with its neighbours, kept for a proof.
#[derive(Clone)]
pub(super) struct Subject {
    pub(super) form: Form,
    value: Secret,
    salt: Option<Secret>,
    salt2: Option<Secret>,
    pub(super) login: Secret,
    pub(super) email: Secret,
}

impl Subject {
    pub(super) fn new(
        form: Form,
        value: &[u8],
        salts: [Option<&[u8]>; 2],
        login: Option<&[u8]>,
        email: Option<&[u8]>,
    ) -> Self {
        Self {
            form,
            value: Secret::new(value),
            salt: salts[0].map(Secret::new),
            salt2: salts[1].map(Secret::new),
            login: Secret::new(login.unwrap_or_default()),
            email: Secret::new(email.unwrap_or_default()),
        }
    }

    pub(super) fn stored(&self) -> Stored<'_> {
        Stored {
            salt: self.salt.as_ref().map(Secret::expose),
            salt2: self.salt2.as_ref().map(Secret::expose),
            login: Some(self.login.expose()),
            email: Some(self.email.expose()),
            ..Stored::of(self.value.expose(), self.form)
        }
    }
}

/// The common password whose unsalted digest the value is.
pub(super) fn in_index(subject: &Subject, index: &DigestIndex) -> Option<Hit> {
    let mut out = [0; 64];
    let digest = super::plan::raw(super::plan::decoder(subject.form), &subject.stored(), &mut out)?;
    index.find(digest)
}

/// Constructions of fast hashes that open values of a sample.
#[derive(Clone, Default)]
pub(super) struct Proved {
    /// Those that take something beside the password, the one that opens most first.
    pub(super) salted: Vec<&'static dyn Scheme>,
    /// Those that take nothing beside it and are not in the common index.
    pub(super) unsalted: Vec<Formula>,
}

impl Proved {
    pub(super) const fn is_empty(&self) -> bool {
        self.salted.is_empty() && self.unsalted.is_empty()
    }

    pub(super) fn has(&self, formula: Formula) -> bool {
        self.unsalted.contains(&formula) || self.salted.iter().any(|scheme| scheme.formula() == Some(formula))
    }
}

/// Finds the constructions behind a sample of rows. Every row is opened by one at most; what `index` opens needs none.
///
/// All constructions that fit the rows' forms are tried before the first answer is taken: a column can hold values of
/// two makers that look alike. Only rows that nothing has opened are tried with more.
pub(super) fn constructions(
    subjects: &[Subject],
    salt_column: bool,
    index: &DigestIndex,
    pepper: Option<&[u8]>,
) -> Proved {
    let mut open: Vec<&Subject> = subjects.iter().filter(|s| in_index(s, index).is_none()).collect();
    let mut proved = open.len() < subjects.len();
    let mut candidates: Vec<Candidate> = Vec::new();
    for subject in &open {
        for scheme in schemes::candidates(subject.form, salt_column) {
            let Some(formula) = scheme.formula() else { continue };
            let known = index.formulas().contains(&formula) || (formula.uses().pepper && pepper.is_none());
            if !known && candidates.iter().all(|c| c.scheme.name() != scheme.name()) {
                candidates.push(Candidate { scheme, formula, hits: 0 });
            }
        }
    }
    // Cheap ones first: what they leave pays for the dear ones.
    candidates.sort_by_key(|candidate| guess::nanoseconds(candidate.formula));
    for stage in STAGES {
        let mut left = stage.budget;
        for number in 0..candidates.len() {
            let Candidate { scheme, formula, .. } = candidates[number];
            // What one construction leaves is for those after it.
            let share = left / (candidates.len() - number) as u64;
            let fitting = open.iter().filter(|s| scheme.forms().iter().any(|f| std::ptr::eq(*f, s.form.def))).count();
            let rows = fitting.min(stage.rows);
            // One hash serves all rows where nothing stands beside the password.
            let hashed = if formula.is_salted() { rows } else { rows.min(1) };
            let (words, affordable) = affordable(formula, stage.words, hashed, share);
            left -= (words * affordable) as u64 * guess::nanoseconds(formula);
            let rows = if formula.is_salted() { affordable } else { rows };
            let found = opened(scheme, formula, &open, rows, words, pepper);
            candidates[number].hits += found.len();
            let mut at = 0;
            open.retain(|_| {
                at += 1;
                !found.contains(&(at - 1))
            });
        }
        proved |= candidates.iter().any(|candidate| candidate.hits > 0);
        if proved {
            break;
        }
    }
    candidates.retain(|candidate| candidate.hits > 0);
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.hits));
    let (salted, unsalted): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| c.formula.is_salted());
    Proved {
        salted: salted.into_iter().map(|c| c.scheme).collect(),
        unsalted: unsalted.into_iter().map(|c| c.formula).collect(),
    }
}

/// A construction that may be behind a sample, and how many rows it has opened.
struct Candidate {
    scheme: &'static dyn Scheme,
    formula: Formula,
    hits: usize,
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

/// Which of `subjects` a common password or the row's own words open under `scheme`, of the first `rows` that it fits.
fn opened(
    scheme: &dyn Scheme,
    formula: Formula,
    subjects: &[&Subject],
    rows: usize,
    words: usize,
    pepper: Option<&[u8]>,
) -> Vec<usize> {
    /// Index of the subject, digest, its length, what stands beside the password.
    type Decoded<'a> = (usize, [u8; 64], usize, Salts<'a>);
    let decoded: Vec<Decoded<'_>> = subjects
        .iter()
        .enumerate()
        .filter_map(|(i, subject)| {
            let stored = subject.stored().with_pepper(pepper);
            let mut digest = [0; 64];
            let len = scheme.raw_digest(&stored, &mut digest)?;
            Some((i, digest, len, scheme.salts(&stored)?))
        })
        .take(rows)
        .collect();
    let targets: Vec<Target<'_>> =
        decoded.iter().map(|(_, digest, len, salts)| Target { digest: &digest[..*len], salts }).collect();
    let mut hits = vec![false; targets.len()];
    let common = guess::common();
    let candidates: Vec<&[u8]> = (0..common.len().min(words)).map(|rank| common.word(rank)).collect();
    guess::search(formula, &targets, &candidates, &mut |target, _| hits[target] = true);
    // A construction of many rounds is tried with what it has the budget for.
    if guess::nanoseconds(formula) < OWN_WORDS_BELOW {
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
    }
    decoded.iter().zip(hits).filter(|(_, hit)| *hit).map(|((i, ..), _)| *i).collect()
}

/// The row's own words are tried under constructions that cost less than so many nanoseconds.
const OWN_WORDS_BELOW: u64 = 20_000;

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
