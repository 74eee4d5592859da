//! scrypt (RFC 7914) as passlib, Django, Werkzeug, Spring Security, Cisco IOS and hashcat write it, and crypt(3)'s `$7$`.
//!
//! A form's parameters are packed as log2 N (8 bits), r (28 bits), p (28 bits), from the top; larger ones are cut there.

use scrypt::Params;

use super::layout::{Coding, LONGEST_TEXT, Layout, Part, Slot, forms_of};
use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast,
    grading, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "scrypt",
    prefixes: &["$scrypt$", "scrypt$", "scrypt:", "$7$", "$9$", "SCRYPT:", "{scrypt"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&LAYOUTS],
    schemes: &[&Scrypt],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

/// `$scrypt$ln=16,r=8,p=1$<salt>$<hash>`, both in base64.
static PASSLIB: FormDef = form("passlib-scrypt", 32);
/// `scrypt$<salt>$<N>$<r>$<p>$<base64>`; the salt is text.
static DJANGO: FormDef = form("django-scrypt", 64);
/// `scrypt:<N>:<r>:<p>$<salt>$<hex>`; the salt is text.
static WERKZEUG: FormDef = form("werkzeug-scrypt", 64);
/// `$7$<log2 N><r><p><salt>$<hash>`, numbers and hash in crypt(3)'s alphabet; the salt is text.
static CRYPT: FormDef = form("crypt-scrypt", 32);
/// IOS type 9: N 16,384, r 1, p 1.
static CISCO: FormDef = form("cisco-type9", 32);
/// `SCRYPT:<N>:<r>:<p>:<base64>:<base64>`.
static COLONS: FormDef = form("hashcat-scrypt", 32);
/// Spring Security: `{scrypt}$<parameters>$<base64>$<base64>`, three numbers in one: log2 N, r (8 bits), p (8 bits).
static SPRING: FormDef = form("spring-scrypt", 32);

/// Shortest key that proves anything, in bytes.
const SHORTEST_KEY: usize = 10;
/// Longest key compared, in bytes.
const LONGEST_KEY: usize = 64;
/// Largest r and p that a form's parameters hold.
const LARGEST: u64 = (1 << 28) - 1;

/// Places of the numbers: N or its logarithm, r, p.
const N: usize = 0;
const R: usize = 1;
const P: usize = 2;

const TEXT_SALT: Part = Part::Field(Slot::Salt, Coding::Text, 0, LONGEST_TEXT);
const BASE64_SALT: Part = Part::Field(Slot::Salt, Coding::Base64, 0, LONGEST_TEXT);
const BASE64_KEY: Part = Part::Field(Slot::Key, Coding::Base64, SHORTEST_KEY, LONGEST_KEY);

/// `{scrypt}` with its parameters in one number.
macro_rules! spring {
    ($label:literal) => {
        Layout {
            form: &SPRING,
            parts: &[
                Part::Label($label),
                Part::Is("$"),
                Part::HexNumber(N),
                Part::Is("$"),
                BASE64_SALT,
                Part::Is("$"),
                BASE64_KEY,
            ],
        }
    };
}

static LAYOUTS: [Layout; 8] = [
    Layout {
        form: &PASSLIB,
        parts: &[
            Part::Is("$scrypt$ln="),
            Part::Number(N),
            Part::Is(",r="),
            Part::Number(R),
            Part::Is(",p="),
            Part::Number(P),
            Part::Is("$"),
            Part::Field(Slot::Salt, Coding::Base64Bare, 0, LONGEST_TEXT),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Base64Bare, SHORTEST_KEY, LONGEST_KEY),
        ],
    },
    Layout {
        form: &DJANGO,
        parts: &[
            Part::Is("scrypt$"),
            TEXT_SALT,
            Part::Is("$"),
            Part::Number(N),
            Part::Is("$"),
            Part::Number(R),
            Part::Is("$"),
            Part::Number(P),
            Part::Is("$"),
            BASE64_KEY,
        ],
    },
    Layout {
        form: &WERKZEUG,
        parts: &[
            Part::Is("scrypt:"),
            Part::Number(N),
            Part::Is(":"),
            Part::Number(R),
            Part::Is(":"),
            Part::Number(P),
            Part::Is("$"),
            TEXT_SALT,
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Hex, SHORTEST_KEY, LONGEST_KEY),
        ],
    },
    Layout {
        form: &CRYPT,
        parts: &[
            Part::Is("$7$"),
            Part::Number64(N, 1),
            Part::Number64(R, 5),
            Part::Number64(P, 5),
            TEXT_SALT,
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Crypt, 43, 43),
        ],
    },
    Layout {
        form: &CISCO,
        parts: &[
            Part::Is("$9$"),
            Part::Given(N, 16_384),
            Part::Given(R, 1),
            Part::Given(P, 1),
            Part::Field(Slot::Salt, Coding::Crypt, 14, 14),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Cisco, 32, 32),
        ],
    },
    Layout {
        form: &COLONS,
        parts: &[
            Part::Is("SCRYPT:"),
            Part::Number(N),
            Part::Is(":"),
            Part::Number(R),
            Part::Is(":"),
            Part::Number(P),
            Part::Is(":"),
            BASE64_SALT,
            Part::Is(":"),
            BASE64_KEY,
        ],
    },
    spring!("{scrypt}"),
    spring!("{scrypt@SpringSecurity_v5_8}"),
];

fn recognise(value: &[u8]) -> Option<Form> {
    LAYOUTS.iter().find_map(|layout| {
        let [n, r, p] = costs(layout.form, layout.check(value)?)?;
        let log_n = u64::from(n.max(1).ilog2());
        Some(Form { def: layout.form, params: log_n << 56 | r.min(LARGEST) << 28 | p.min(LARGEST) })
    })
}

/// N, r and p of a form's parameters.
fn unpack(form: Form) -> (u64, u64, u64) {
    (1 << ((form.params >> 56) & 63), form.params >> 28 & LARGEST, form.params & LARGEST)
}

/// N, r and p from a value's numbers.
fn costs(def: &'static FormDef, counts: [u64; 4]) -> Option<[u64; 3]> {
    let is = |form: &'static FormDef| std::ptr::eq(def, form);
    let power = |log: u64| (log < 63).then(|| 1 << log);
    if is(&PASSLIB) || is(&CRYPT) {
        return Some([power(counts[N])?, counts[R], counts[P]]);
    }
    if is(&SPRING) {
        return Some([power(counts[N] >> 16)?, counts[N] >> 8 & 0xff, counts[N] & 0xff]);
    }
    Some([counts[N], counts[R], counts[P]])
}

/// Parameters for the library, refused before anything is allocated.
fn params([n, r, p]: [u64; 3]) -> Result<Params, Unverifiable> {
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(Unverifiable::Malformed);
    }
    let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
    if work(n, r, p) > MAX_WORK || memory > MAX_MEMORY {
        return Err(Unverifiable::TooCostly);
    }
    Params::new(n.ilog2() as u8, r as u32, p as u32).map_err(|_| Unverifiable::Malformed)
}

/// Nanoseconds; the library mixes 128 bytes twice for each of N·r·p. Measured on one core.
const fn work(n: u64, r: u64, p: u64) -> u64 {
    n.saturating_mul(r).saturating_mul(p).saturating_mul(300)
}

struct Scrypt;

impl Scheme for Scrypt {
    fn name(&self) -> &'static str {
        "scrypt"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &forms_of(&LAYOUTS) }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Value
    }
    fn protection(&self) -> Protection {
        Protection::PasswordHash
    }
    fn policy_key(&self) -> &'static str {
        "scrypt"
    }
    fn describe(&self, form: Form) -> String {
        let (n, r, p) = unpack(form);
        format!("scrypt N={n} r={r} p={p}")
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        let (n, r, p) = unpack(form);
        grading::by_minima(policy, self.policy_key(), [n, r, p], &format!("N={n} r={r} p={p}"))
    }
    fn work(&self, form: Form) -> u64 {
        let (n, r, p) = unpack(form);
        work(n, r, p)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let text = wrapper::inside(stored.value);
        let read = |layout: &Layout| Some((layout.form, layout.read(text)?));
        let (def, value) = LAYOUTS.iter().find_map(read).ok_or(Unverifiable::Malformed)?;
        let params = params(costs(def, value.counts).ok_or(Unverifiable::Malformed)?)?;
        if candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let is_crypt = std::ptr::eq(def, &raw const CRYPT);
        let mut key = vec![0; if is_crypt { 32 } else { value.key().len() }];
        ::scrypt::scrypt(candidate, value.salt(), &params, &mut key).map_err(|_| Unverifiable::Malformed)?;
        Ok(fast::same(value.key(), if is_crypt { codec::to_itoa64(&key) } else { key }.as_slice()))
    }
}
