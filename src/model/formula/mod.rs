//! Constructions of fast hashes over a password and what stands beside it, as data: schemes name them, `guess` tries
//! many candidates under them.
//!
//! A construction is written in a small language (`md5(salt . md5(pass))`, see [`Expression`]), parsed once, and
//! evaluated without allocation. The shapes that are met most, and that `guess` hashes many at a time, are variants of
//! [`Formula`] of their own; [`Formula::parse`] finds them, however the shape was written.

mod algorithm;
mod evaluate;
mod expression;
mod parse;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

pub use algorithm::Algorithm;
pub use evaluate::{digest_of, utf16le};
pub use expression::Expression;
pub use parse::FormulaError;

use expression::{Input, Node, Part, Piece, Shown};

/// Longest digest in bytes: SHA-512's, Whirlpool's.
pub const MAX_DIGEST: usize = 64;

/// What a formula takes beside the password; empty where there is none.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Salts<'a> {
    /// The salt.
    pub salt: Cow<'a, [u8]>,
    /// The second salt, where a construction has two.
    pub salt2: Cow<'a, [u8]>,
    /// The row's login.
    pub login: Cow<'a, [u8]>,
    /// The row's email address.
    pub email: Cow<'a, [u8]>,
    /// A secret of the whole site, kept outside the table.
    pub pepper: Cow<'a, [u8]>,
}

impl<'a> Salts<'a> {
    /// Nothing beside the password.
    pub const NONE: Salts<'static> = Salts {
        salt: Cow::Borrowed(&[]),
        salt2: Cow::Borrowed(&[]),
        login: Cow::Borrowed(&[]),
        email: Cow::Borrowed(&[]),
        pepper: Cow::Borrowed(&[]),
    };

    /// One salt and nothing else.
    pub fn of(salt: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { salt: salt.into(), ..Self::NONE }
    }
}

/// How a stored digest was made from password `p` and salt `s`. `hex` is lower-case hexadecimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Formula {
    /// `h(p)`
    Plain(Algorithm),
    /// `h(h(p))` over raw bytes: MySQL 4.1's with SHA-1.
    TwiceRaw(Algorithm),
    /// `h(hex(h(p)))`
    TwiceHex(Algorithm),
    /// `h(s . p)`
    SaltPass(Algorithm),
    /// `h(p . s)`
    PassSalt(Algorithm),
    /// `h(s . p . s)`
    SaltPassSalt(Algorithm),
    /// `h(hex(h(p)) . s)`: osCommerce turned round, vBulletin with MD5.
    HexPassSalt(Algorithm),
    /// `h(s . hex(h(p)))`
    SaltHexPass(Algorithm),
    /// `h(hex(h(s)) . hex(h(p)))`: IPB and MyBB with MD5.
    HexSaltHexPass(Algorithm),
    /// `HMAC-h(key = s, p)`
    HmacKeySalt(Algorithm),
    /// `HMAC-h(key = p, s)`
    HmacKeyPass(Algorithm),
    /// Anything else that the language can say.
    Composed(Composed),
}

/// A formula without a shape of its own; the same for the same expression, and as cheap as a number.
#[derive(Clone, Copy)]
pub struct Composed(&'static Kept);

/// What is known of a composed formula, kept for the life of the program.
struct Kept {
    /// The order in which expressions were first parsed.
    number: u32,
    expression: Expression,
    uses: Uses,
    nanoseconds: u64,
}

/// Which inputs a formula takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Uses {
    /// The salt.
    pub salt: bool,
    /// The second salt.
    pub salt2: bool,
    /// The login.
    pub login: bool,
    /// The email address.
    pub email: bool,
    /// The site's secret.
    pub pepper: bool,
}

impl Formula {
    /// The formula that `text` writes in the language of [`Expression`].
    ///
    /// Every new expression is kept until the program ends: for tables of constructions, not for texts without number.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        Ok(Self::of(Expression::parse(text)?))
    }

    fn of(expression: Expression) -> Self {
        static ALL: Mutex<Vec<&'static Kept>> = Mutex::new(Vec::new());
        if let Some(shape) = shape(&expression) {
            return shape;
        }
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.iter().find(|kept| kept.expression == expression) {
            return Self::Composed(Composed(known));
        }
        let (uses, nanoseconds) = (expression.uses(), expression.nanoseconds());
        let kept = Kept { number: all.len() as u32, expression, uses, nanoseconds };
        let kept: &'static Kept = Box::leak(Box::new(kept));
        all.push(kept);
        Self::Composed(Composed(kept))
    }

    /// The formula as an expression.
    pub fn expression(self) -> Cow<'static, Expression> {
        let pass = || Part::Piece(Piece::plain(Input::Pass));
        let salt = || Part::Piece(Piece::plain(Input::Salt));
        let hash = |algorithm, parts| Node { algorithm, key: None, parts, cut: None };
        let keyed = |algorithm, key, parts| Node { algorithm, key: Some(key), parts, cut: None };
        let hex = |node| Part::Digest { node, shown: Shown::Hex, wide: false };
        let node = match self {
            Self::Composed(Composed(kept)) => return Cow::Borrowed(&kept.expression),
            Self::Plain(a) => hash(a, vec![pass()]),
            Self::TwiceRaw(a) => {
                hash(a, vec![Part::Digest { node: hash(a, vec![pass()]), shown: Shown::Raw, wide: false }])
            }
            Self::TwiceHex(a) => hash(a, vec![hex(hash(a, vec![pass()]))]),
            Self::SaltPass(a) => hash(a, vec![salt(), pass()]),
            Self::PassSalt(a) => hash(a, vec![pass(), salt()]),
            Self::SaltPassSalt(a) => hash(a, vec![salt(), pass(), salt()]),
            Self::HexPassSalt(a) => hash(a, vec![hex(hash(a, vec![pass()])), salt()]),
            Self::SaltHexPass(a) => hash(a, vec![salt(), hex(hash(a, vec![pass()]))]),
            Self::HexSaltHexPass(a) => hash(a, vec![hex(hash(a, vec![salt()])), hex(hash(a, vec![pass()]))]),
            Self::HmacKeySalt(a) => keyed(a, vec![salt()], vec![pass()]),
            Self::HmacKeyPass(a) => keyed(a, vec![pass()], vec![salt()]),
        };
        Cow::Owned(Expression { times: None, node: node.of_text() })
    }

    /// Which inputs take part beside the password.
    pub const fn uses(self) -> Uses {
        const NO: Uses = Uses { salt: false, salt2: false, login: false, email: false, pepper: false };
        match self {
            Self::Plain(_) | Self::TwiceRaw(_) | Self::TwiceHex(_) => NO,
            Self::Composed(Composed(kept)) => kept.uses,
            _ => Uses { salt: true, ..NO },
        }
    }

    /// Whether anything beside the password takes part.
    pub const fn is_salted(self) -> bool {
        let uses = self.uses();
        uses.salt || uses.salt2 || uses.login || uses.email || uses.pepper
    }

    /// The hash that makes the stored digest.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Plain(a)
            | Self::TwiceRaw(a)
            | Self::TwiceHex(a)
            | Self::SaltPass(a)
            | Self::PassSalt(a)
            | Self::SaltPassSalt(a)
            | Self::HexPassSalt(a)
            | Self::SaltHexPass(a)
            | Self::HexSaltHexPass(a)
            | Self::HmacKeySalt(a)
            | Self::HmacKeyPass(a) => a,
            Self::Composed(Composed(kept)) => kept.expression.node.algorithm,
        }
    }

    /// Length of the stored digest in bytes: the algorithm's, unless a part of it is kept.
    pub fn digest_len(self) -> usize {
        match self {
            Self::Composed(Composed(kept)) => kept.expression.node.len(),
            _ => self.algorithm().digest_len(),
        }
    }

    /// Rough cost of one evaluation for a short password, one core, one at a time, in nanoseconds.
    pub fn nanoseconds(self) -> u64 {
        // A nested digest's hex, and HMAC's pads, fill blocks of their own.
        let hashes = match self {
            Self::Plain(_) | Self::SaltPass(_) | Self::PassSalt(_) | Self::SaltPassSalt(_) => 1,
            Self::TwiceRaw(_) | Self::TwiceHex(_) => 2,
            Self::HexPassSalt(_) | Self::SaltHexPass(_) => 3,
            Self::HexSaltHexPass(_) | Self::HmacKeySalt(_) | Self::HmacKeyPass(_) => 4,
            Self::Composed(Composed(kept)) => return kept.nanoseconds,
        };
        hashes * self.algorithm().nanoseconds()
    }
}

/// The shape of an expression, if it is one of those with a variant of their own.
fn shape(expression: &Expression) -> Option<Formula> {
    let Expression { times: None, node: Node { algorithm, key, parts, cut: None } } = expression else { return None };
    let a = *algorithm;
    let pass = Part::Piece(Piece::plain(Input::Pass));
    let salt = Part::Piece(Piece::plain(Input::Salt));
    let inner = |part: &Part| match part {
        Part::Digest { node: Node { algorithm, key: None, parts, cut: None }, shown, wide: false }
            if *algorithm == a =>
        {
            match parts.as_slice() {
                [of] => Some((of.clone(), *shown)),
                _ => None,
            }
        }
        _ => None,
    };
    let hex_of = |part: &Part, of: &Part| inner(part).is_some_and(|(part, shown)| part == *of && shown == Shown::Hex);
    if let Some(key) = key {
        return match (key.as_slice(), parts.as_slice()) {
            ([k], [m]) if *k == salt && *m == pass => Some(Formula::HmacKeySalt(a)),
            ([k], [m]) if *k == pass && *m == salt => Some(Formula::HmacKeyPass(a)),
            _ => None,
        };
    }
    match parts.as_slice() {
        [p] if *p == pass => Some(Formula::Plain(a)),
        [p] if *p == Part::Piece(Piece::wide(Input::Pass)) && a == Algorithm::Md4 => {
            Some(Formula::Plain(Algorithm::Ntlm))
        }
        [p] if hex_of(p, &pass) => Some(Formula::TwiceHex(a)),
        [p] if inner(p).is_some_and(|(of, shown)| of == pass && shown == Shown::Raw) => Some(Formula::TwiceRaw(a)),
        [s, p] if *s == salt && *p == pass => Some(Formula::SaltPass(a)),
        [p, s] if *p == pass && *s == salt => Some(Formula::PassSalt(a)),
        [p, s] if hex_of(p, &pass) && *s == salt => Some(Formula::HexPassSalt(a)),
        [s, p] if *s == salt && hex_of(p, &pass) => Some(Formula::SaltHexPass(a)),
        [s, p] if hex_of(s, &salt) && hex_of(p, &pass) => Some(Formula::HexSaltHexPass(a)),
        [s, p, t] if *s == salt && *p == pass && *t == salt => Some(Formula::SaltPassSalt(a)),
        _ => None,
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expression().fmt(f)
    }
}

impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expression.fmt(f)
    }
}

impl PartialEq for Composed {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Composed {}

impl Hash for Composed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

impl PartialOrd for Composed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Composed {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.number.cmp(&other.0.number)
    }
}
