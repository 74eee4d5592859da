//! scrypt (RFC 7914) as passlib, Django and Werkzeug write it, and crypt(3)'s `$7$`.
//!
//! A form's parameters are packed as log2 N (8 bits), r (28 bits), p (28 bits), from the top; larger ones are cut there.

use scrypt::Params;

use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast,
    grading, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "scrypt",
    prefixes: &["$scrypt$", "scrypt$", "scrypt:", "$7$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&PASSLIB, &DJANGO, &WERKZEUG, &CRYPT],
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

/// Shortest key that proves anything, in bytes.
const SHORTEST_KEY: usize = 10;
/// Longest key compared, in bytes.
const LONGEST_KEY: usize = 64;
/// Largest r and p that a form's parameters hold.
const LARGEST: u64 = (1 << 28) - 1;

fn recognise(value: &[u8]) -> Option<Form> {
    let parsed = Parsed::read(value)?;
    let log_n = u64::from(parsed.n.max(1).ilog2());
    Some(Form { def: parsed.def, params: log_n << 56 | parsed.r.min(LARGEST) << 28 | parsed.p.min(LARGEST) })
}

/// N, r and p of a form's parameters.
fn unpack(form: Form) -> (u64, u64, u64) {
    (1 << ((form.params >> 56) & 63), form.params >> 28 & LARGEST, form.params & LARGEST)
}

/// The parts of a value, still in their encodings.
struct Parsed<'a> {
    def: &'static FormDef,
    n: u64,
    r: u64,
    p: u64,
    salt: &'a [u8],
    key: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        if let Some(rest) = value.strip_prefix(b"$scrypt$") {
            Self::passlib(rest)
        } else if let Some(rest) = value.strip_prefix(b"$7$") {
            Self::crypt(rest)
        } else if let Some(rest) = value.strip_prefix(b"scrypt:") {
            Self::werkzeug(rest)
        } else {
            Self::django(value.strip_prefix(b"scrypt$")?)
        }
    }

    fn passlib(rest: &'a [u8]) -> Option<Self> {
        let (costs, rest) = codec::split_once(rest, b'$')?;
        let (ln, costs) = codec::split_once(costs.strip_prefix(b"ln=")?, b',')?;
        let (r, p) = codec::split_once(costs.strip_prefix(b"r=")?, b',')?;
        let (salt, key) = codec::split_once(rest, b'$')?;
        let n = codec::decimal(ln).filter(|ln| *ln < 63).map(|ln| 1 << ln)?;
        let (r, p) = (codec::decimal(r)?, codec::decimal(p.strip_prefix(b"p=")?)?);
        (codec::is_ab64(key) && key.len() * 3 / 4 >= SHORTEST_KEY && (salt.is_empty() || codec::is_ab64(salt)))
            .then_some(Self { def: &PASSLIB, n, r, p, salt, key })
    }

    fn django(rest: &'a [u8]) -> Option<Self> {
        let (salt, rest) = codec::split_once(rest, b'$')?;
        let (n, rest) = codec::split_once(rest, b'$')?;
        let (r, rest) = codec::split_once(rest, b'$')?;
        let (p, key) = codec::split_once(rest, b'$')?;
        let (n, r, p) = (codec::decimal(n)?, codec::decimal(r)?, codec::decimal(p)?);
        (codec::base64_len(key)? >= SHORTEST_KEY).then_some(Self { def: &DJANGO, n, r, p, salt, key })
    }

    fn werkzeug(rest: &'a [u8]) -> Option<Self> {
        let (costs, rest) = codec::split_once(rest, b'$')?;
        let (n, costs) = codec::split_once(costs, b':')?;
        let (r, p) = codec::split_once(costs, b':')?;
        let (salt, key) = codec::split_once(rest, b'$')?;
        let (n, r, p) = (codec::decimal(n)?, codec::decimal(r)?, codec::decimal(p)?);
        (codec::is_hex(key) && key.len().is_multiple_of(2) && key.len() >= 2 * SHORTEST_KEY).then_some(Self {
            def: &WERKZEUG,
            n,
            r,
            p,
            salt,
            key,
        })
    }

    fn crypt(rest: &'a [u8]) -> Option<Self> {
        let (&log_n, rest) = rest.split_first()?;
        let (r, rest) = rest.split_at_checked(5)?;
        let (p, rest) = rest.split_at_checked(5)?;
        let (salt, key) = codec::split_once(rest, b'$')?;
        let n = codec::itoa64_index(log_n).filter(|ln| *ln < 63).map(|ln| 1 << ln)?;
        let (r, p) = (codec::itoa64_number(r)?.into(), codec::itoa64_number(p)?.into());
        (key.len() == 43 && codec::is_itoa64(key)).then_some(Self { def: &CRYPT, n, r, p, salt, key })
    }

    fn salt_bytes(&self) -> Option<Vec<u8>> {
        if std::ptr::eq(self.def, &raw const PASSLIB) {
            codec::base64_bytes(self.salt)
        } else {
            Some(self.salt.to_vec())
        }
    }

    /// Whether `computed` gives the stored key.
    fn is_key(&self, computed: &[u8]) -> bool {
        if std::ptr::eq(self.def, &raw const CRYPT) {
            return fast::same(self.key, &codec::to_itoa64(computed));
        }
        self.key_bytes().is_some_and(|key| fast::same(&key, computed))
    }

    fn key_bytes(&self) -> Option<Vec<u8>> {
        if std::ptr::eq(self.def, &raw const WERKZEUG) {
            codec::hex_bytes(self.key)
        } else {
            codec::base64_bytes(self.key)
        }
    }

    /// Length of the key in bytes.
    fn key_len(&self) -> Option<usize> {
        if std::ptr::eq(self.def, &raw const CRYPT) {
            return Some(32);
        }
        self.key_bytes().map(|key| key.len()).filter(|len| *len <= LONGEST_KEY)
    }

    /// Parameters for the library, refused before anything is allocated.
    fn params(&self) -> Result<Params, Unverifiable> {
        let (n, r, p) = (self.n, self.r, self.p);
        if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
            return Err(Unverifiable::Malformed);
        }
        let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
        if work(n, r, p) > MAX_WORK || memory > MAX_MEMORY {
            return Err(Unverifiable::TooCostly);
        }
        Params::new(n.ilog2() as u8, r as u32, p as u32).map_err(|_| Unverifiable::Malformed)
    }
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
        const { &[&PASSLIB, &DJANGO, &WERKZEUG, &CRYPT] }
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
        let parsed = Parsed::read(wrapper::inside(stored.value)).ok_or(Unverifiable::Malformed)?;
        let params = parsed.params()?;
        if candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let salt = parsed.salt_bytes().ok_or(Unverifiable::Malformed)?;
        let mut key = vec![0; parsed.key_len().ok_or(Unverifiable::Malformed)?];
        ::scrypt::scrypt(candidate, &salt, &params, &mut key).map_err(|_| Unverifiable::Malformed)?;
        Ok(parsed.is_key(&key))
    }
}
