//! Does a common password open it? Candidate lists, fast hashes in lanes, and the index of common passwords' digests.

use crate::model::Formula;

/// The embedded list of common passwords, commonest first.
pub struct CommonPasswords {
    _private: (),
}

/// The list; decoded once.
pub fn common() -> &'static CommonPasswords {
    todo!()
}

impl CommonPasswords {
    /// Number of passwords.
    pub fn len(&self) -> usize {
        todo!()
    }
    /// The password at `rank` (0 is the commonest).
    pub fn word(&self, rank: usize) -> &[u8] {
        let _ = rank;
        todo!()
    }
    /// The rank of `password`, if it is in the list (exactly, or in lower case).
    pub fn rank(&self, password: &[u8]) -> Option<u32> {
        let _ = password;
        todo!()
    }
}

/// A common password's digest was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Under which formula.
    pub formula: Formula,
    /// Which common password.
    pub rank: u32,
}

/// Digests of all common passwords (and the empty one is not among them) under unsalted formulas.
pub struct DigestIndex {
    _private: (),
}

impl DigestIndex {
    /// Hashes every word under every formula of `formulas` (unsalted ones).
    pub fn build(formulas: &[Formula]) -> Self {
        let _ = formulas;
        todo!()
    }
    /// The word behind `digest`, if it is one of the list's. About 10 ns for a miss.
    pub fn find(&self, digest: &[u8]) -> Option<Hit> {
        let _ = digest;
        todo!()
    }
}

/// One value under attack: the stored digest, and the salt that goes with it (empty for unsalted formulas).
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// Raw digest.
    pub digest: &'a [u8],
    /// Salt bytes.
    pub salt: &'a [u8],
}

/// Evaluates `formula` for every (target, candidate) pair and calls `hit(target index, candidate index)` for each match.
/// Lanes hold several messages at a time; inputs of any length are right, short ones are fast.
pub fn search(formula: Formula, targets: &[Target<'_>], candidates: &[&[u8]], hit: &mut dyn FnMut(usize, usize)) {
    let _ = (formula, targets, candidates, hit);
    todo!()
}

/// Evaluates `formula` for pairs: message `i` is candidate `i` with target `i`; calls `hit(i)` for each match.
pub fn search_pairs(formula: Formula, targets: &[Target<'_>], candidates: &[&[u8]], hit: &mut dyn FnMut(usize)) {
    let _ = (formula, targets, candidates, hit);
    todo!()
}

/// One digest, slowly and surely; the length of the digest.
pub fn evaluate(formula: Formula, candidate: &[u8], salt: &[u8], out: &mut [u8; 64]) -> usize {
    let _ = (formula, candidate, salt, out);
    todo!()
}

/// Which of the row's own words a password may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// The login, or a trivial variant.
    Login,
    /// The email address or its local part, or a trivial variant.
    Email,
}

/// Whether a *known* password is the login or email, or a trivial variant of it: case changed, reversed, doubled, digits
/// or punctuation appended or put in front, the local part of an address.
pub fn is_own(password: &[u8], login: &[u8], email: &[u8]) -> Option<Own> {
    let _ = (password, login, email);
    todo!()
}

/// Candidates made of the row's own words for trying against a hash, most likely first, no duplicates, at most `max`:
/// login, email, local part, lower case, capitalised, with `1`, `123`, `!`, the current years' forms.
pub fn own_candidates(login: &[u8], email: &[u8], max: usize, out: &mut Vec<(Own, Vec<u8>)>) {
    let _ = (login, email, max, out);
    todo!()
}

/// Whether login and password are a vendor's published default pair (`patterns/defaults.toml`).
pub fn is_default(login: &[u8], password: &[u8]) -> bool {
    let _ = (login, password);
    todo!()
}

/// The published default passwords for `login`, to be tried against a hash.
pub fn default_passwords(login: &[u8]) -> &'static [&'static [u8]] {
    let _ = login;
    todo!()
}
