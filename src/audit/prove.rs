//! Proof: a known password that opens a stored value turns a guess about its scheme into a fact.
//!
//! Everything here works on a sample of rows and on a budget counted in work, not in seconds: the same input gives the
//! same result on every machine.

use std::collections::HashSet;

use rayon::prelude::*;

use crate::guess::{self, DigestIndex, Hit, Target, Telling};
use crate::model::{Form, Formula, Salts, Secret};
use crate::schemes::{self, Scheme, Stored};

/// Rows tried for a proof.
pub(super) const SAMPLE: usize = 200;

/// How a proof is looked for: each stage tries so many rows and common passwords under every construction that fits, and
/// takes up to so many nanoseconds of [`guess::nanoseconds`]. The first stage that opens values of one construction is the last.
///
/// Of published collections, the fifty commonest passwords open one account in a hundred or more; 200 rows under the some
/// thirty constructions that salted hexadecimal of one length can be are 300,000 hashes.
pub(super) const STAGES: [Stage; 3] = [
    Stage { rows: SAMPLE, words: 50, own: true, budget: 400_000_000 },
    Stage { rows: SAMPLE, words: 1000, own: true, budget: 700_000_000 },
    Stage { rows: DEEP_SAMPLE, words: usize::MAX, own: true, budget: 700_000_000 },
];

/// The first of [`STAGES`], cheaper: for columns of which nothing but their shape says that they may be passwords. What a
/// row's own words open there may be a digest of the address (an avatar's name), and proves nothing.
pub(super) const QUICK: [Stage; 1] = [Stage { rows: SAMPLE, words: 50, own: false, budget: 100_000_000 }];

/// After [`QUICK`], where nothing but numbers opened values: whether words do.
pub(super) const QUICK_WORDS: [Stage; 1] = [Stage { rows: SAMPLE, words: 1000, own: false, budget: 400_000_000 }];

/// Where nothing opens anything, so many times two turns for each thread are tried before threads wait for each other.
const MOST_ROUNDS: usize = 8;

/// One step of looking for a proof.
pub(super) struct Stage {
    rows: usize,
    words: usize,
    /// Whether the row's own words are tried as well.
    own: bool,
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
    /// Indices of the rows of the sample that are opened, those that the common index opens among them; and what the
    /// passwords say.
    pub(super) opened: Vec<(usize, Telling)>,
    /// Work done, in nanoseconds of [`guess::nanoseconds`].
    pub(super) work: u64,
}

impl Proved {
    pub(super) const fn is_empty(&self) -> bool {
        self.salted.is_empty() && self.unsalted.is_empty()
    }

    pub(super) fn has(&self, formula: Formula) -> bool {
        self.unsalted.contains(&formula) || self.salted.iter().any(|scheme| scheme.formula() == Some(formula))
    }
}

/// Finds the constructions behind a sample of rows, in these stages. Every row is opened by one at most; what `index`
/// opens needs none.
///
/// All constructions that fit the rows' forms are tried before the first answer is taken: a column can hold values of
/// several makers that look alike. Only rows that nothing has opened are tried with more.
pub(super) fn constructions(
    subjects: &[Subject],
    salt_column: bool,
    index: &DigestIndex,
    pepper: Option<&[u8]>,
    stages: &[Stage],
) -> Proved {
    let mut known: HashSet<Formula> = HashSet::new();
    let (mut opened, mut open): (Vec<(usize, Telling)>, Vec<usize>) = (Vec::new(), Vec::new());
    for (at, subject) in subjects.iter().enumerate() {
        match in_index(subject, index) {
            Some(hit) => {
                known.insert(hit.formula);
                opened.push((at, Telling::of(guess::common().word(hit.rank as usize))));
            }
            None => open.push(at),
        }
    }
    let mut candidates = candidates(open.iter().map(|at| subjects[*at].form), salt_column, index, pepper.is_some());
    let mut work = 0;
    let (at_first, most) = match rayon::current_num_threads() {
        1 => (1, 1),
        threads => (2 * threads, 2 * threads * MOST_ROUNDS),
    };
    for stage in stages {
        let mut left = stage.budget;
        let mut next = 0;
        let mut many = at_first;
        while next < candidates.len() {
            // Most open nothing. So several are tried side by side, as if none before had opened anything; what that gives
            // counts up to the first that did.
            let turns = turns(&candidates[next..], subjects, &open, stage, left, many);
            // The longer none does, the more: threads wait for the last of each round.
            many = (2 * many).min(most);
            let sample: Vec<&Subject> = open.iter().map(|at| &subjects[*at]).collect();
            let found: Vec<Vec<(usize, Telling)>> =
                turns.par_iter().with_max_len(1).map(|turn| opened_by(turn, &sample, stage.own, pepper)).collect();
            for (turn, found) in turns.iter().zip(found) {
                left -= turn.cost;
                work += turn.cost;
                next += 1;
                if !found.is_empty() {
                    let found: Vec<(usize, Telling)> =
                        found.into_iter().map(|(at, telling)| (open[at], telling)).collect();
                    candidates[next - 1].hits += found.len();
                    open.retain(|at| found.iter().all(|(known, _)| known != at));
                    opened.extend(found);
                    many = at_first;
                    break;
                }
            }
        }
        let makers = known.len() + candidates.iter().filter(|candidate| candidate.hits > 0).count();
        // Where there are two, there may be a third.
        if makers == 1 {
            break;
        }
    }
    let least = |formula: Formula| least(formula, subjects.len() as u64) as usize;
    candidates.retain(|candidate| candidate.hits >= least(candidate.formula));
    candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.hits));
    let (salted, unsalted): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|c| c.formula.is_salted());
    Proved {
        salted: salted.into_iter().map(|c| c.scheme).collect(),
        unsalted: unsalted.into_iter().map(|c| c.formula).collect(),
        opened,
        work,
    }
}

/// One construction that is tried: on how many rows, with how many common passwords, at what cost.
struct Turn {
    scheme: &'static dyn Scheme,
    formula: Formula,
    rows: usize,
    words: usize,
    cost: u64,
}

/// The next turns, so `many` of them, of rows of which these are `open`, within `left` nanoseconds.
fn turns(
    candidates: &[Candidate],
    subjects: &[Subject],
    open: &[usize],
    stage: &Stage,
    mut left: u64,
    many: usize,
) -> Vec<Turn> {
    let turn = |(number, candidate): (usize, &Candidate)| {
        let &Candidate { scheme, formula, .. } = candidate;
        // What one construction leaves is for those after it.
        let share = left / (candidates.len() - number) as u64;
        let fitting = open.iter().filter(|at| lists(scheme, subjects[**at].form)).count();
        let rows = fitting.min(stage.rows);
        // One hash serves all rows where nothing stands beside the password.
        let hashed = if formula.is_salted() { rows } else { rows.min(1) };
        let (words, affordable) = affordable(formula, stage.words, hashed, share);
        let cost = (words * affordable) as u64 * guess::nanoseconds(formula);
        left -= cost;
        Turn { scheme, formula, rows: if formula.is_salted() { affordable } else { rows }, words, cost }
    };
    candidates.iter().enumerate().take(many).map(turn).collect()
}

/// How many of so many values a known password must open before that is a proof of `formula`: so many that chance does it
/// less than once in 2^40 columns, if every value is tried with 2^14 passwords under 2^8 constructions. Of digests of 16
/// bytes and more, one is enough; of the 8 bytes of MySQL 3.23 it takes two.
pub(super) fn least(formula: Formula, values: u64) -> u64 {
    const CHANCE: u32 = 40;
    const TRIES: u32 = 14 + 8;
    let tries = TRIES + values.max(1).ilog2() + 1;
    let bits = (8 * formula.digest_len() as u32).saturating_sub(tries);
    u64::from(CHANCE.checked_div(bits).map_or(u32::MAX, |_| CHANCE.div_ceil(bits)))
}

/// Constructions that can be behind values of these forms, the cheapest first: what they leave pays for the dear ones.
fn candidates(
    forms: impl Iterator<Item = Form>,
    salt_column: bool,
    index: &DigestIndex,
    has_pepper: bool,
) -> Vec<Candidate> {
    let mut seen: Vec<Form> = Vec::new();
    let mut candidates: Vec<Candidate> = Vec::new();
    for form in forms {
        if seen.contains(&form) {
            continue;
        }
        seen.push(form);
        for scheme in schemes::candidates(form, salt_column) {
            let Some(formula) = scheme.formula() else { continue };
            let known = index.formulas().contains(&formula) || (formula.uses().pepper && !has_pepper);
            if !known && candidates.iter().all(|c| c.scheme.name() != scheme.name()) {
                candidates.push(Candidate { scheme, formula, hits: 0 });
            }
        }
    }
    candidates.sort_by_key(|candidate| guess::nanoseconds(candidate.formula));
    candidates
}

fn lists(scheme: &dyn Scheme, form: Form) -> bool {
    scheme.forms().iter().any(|def| std::ptr::eq(*def, form.def))
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

/// Index of the subject, digest, its length, what stands beside the password.
type Decoded<'a> = (usize, [u8; 64], usize, Salts<'a>);

/// Which of `subjects` a common password (or, if `own`, one of the row's own words) opens in this turn, and what that
/// password says.
fn opened_by(turn: &Turn, subjects: &[&Subject], own: bool, pepper: Option<&[u8]>) -> Vec<(usize, Telling)> {
    let &Turn { scheme, formula, rows, words, .. } = turn;
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
    // One hash serves all rows where nothing stands beside the password. Else rows are searched side by side: constructions
    // take very different times, and threads would wait for the last.
    let together = if formula.is_salted() { ROWS_TOGETHER } else { decoded.len().max(1) };
    decoded
        .par_chunks(together)
        .flat_map_iter(|decoded| {
            let opened = search(formula, decoded, words, own.then_some(subjects));
            decoded.iter().zip(opened).filter_map(|((i, ..), hit)| Some((*i, hit?)))
        })
        .collect()
}

/// What opens each of `decoded`: a common password or, where `subjects` are given, one of the row's own words.
fn search(
    formula: Formula,
    decoded: &[Decoded<'_>],
    words: usize,
    subjects: Option<&[&Subject]>,
) -> Vec<Option<Telling>> {
    let targets: Vec<Target<'_>> =
        decoded.iter().map(|(_, digest, len, salts)| Target { digest: &digest[..*len], salts }).collect();
    let mut hits: Vec<Option<Telling>> = vec![None; targets.len()];
    let common = guess::common();
    let candidates: Vec<&[u8]> = (0..common.len().min(words)).map(|rank| common.word(rank)).collect();
    guess::search(formula, &targets, &candidates, &mut |target, word| {
        hits[target] = Some(Telling::of(candidates[word]));
    });
    // A construction of many rounds is tried with what it has the budget for.
    if let Some(subjects) = subjects.filter(|_| guess::nanoseconds(formula) < OWN_WORDS_BELOW) {
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
        guess::search_pairs(formula, &pair_targets, &pair_words, &mut |pair| {
            hits[owner[pair]].get_or_insert(Telling::of(pair_words[pair]));
        });
    }
    hits
}

/// Rows that are searched by one thread, under one salted construction.
const ROWS_TOGETHER: usize = 16;

/// The row's own words are tried under constructions that cost less than so many nanoseconds.
const OWN_WORDS_BELOW: u64 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Algorithm;

    #[test]
    fn the_shorter_the_digest_and_the_longer_the_column_the_more_it_takes() {
        let md5 = Formula::Plain(Algorithm::Md5);
        assert_eq!((least(md5, 1), least(md5, 500), least(md5, 1 << 40)), (1, 1, 1));
        let mysql323 = schemes::by_name("mysql323").and_then(Scheme::formula).unwrap();
        assert_eq!(mysql323.digest_len(), 8);
        assert_eq!((least(mysql323, 1), least(mysql323, 500), least(mysql323, 1 << 30)), (1, 2, 4));
        assert_eq!(least(mysql323, 1 << 42), u64::from(u32::MAX), "chance opens some");
    }
}
