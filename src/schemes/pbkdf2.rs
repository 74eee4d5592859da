//! PBKDF2 (RFC 8018) with HMAC-SHA-1, SHA-256 or SHA-512, as Django, passlib and Werkzeug write it.
//!
//! A form's parameter is the iteration count.

use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{
    Family, MAX_CANDIDATE, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "pbkdf2",
    prefixes: &["pbkdf2_", "pbkdf2:", "$pbkdf2"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[
        &DJANGO[0],
        &DJANGO[1],
        &DJANGO[2],
        &PASSLIB[0],
        &PASSLIB[1],
        &PASSLIB[2],
        &WERKZEUG[0],
        &WERKZEUG[1],
        &WERKZEUG[2],
    ],
    schemes: &[&SHA1, &SHA256, &SHA512],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

/// `pbkdf2_sha256$<iterations>$<salt>$<base64>`; the salt is text.
static DJANGO: [FormDef; 3] =
    [form("django-pbkdf2-sha1", 20), form("django-pbkdf2-sha256", 32), form("django-pbkdf2-sha512", 64)];
/// `$pbkdf2-sha256$<iterations>$<salt>$<hash>`; both in base64 with `.` for `+`.
static PASSLIB: [FormDef; 3] =
    [form("passlib-pbkdf2-sha1", 20), form("passlib-pbkdf2-sha256", 32), form("passlib-pbkdf2-sha512", 64)];
/// `pbkdf2:sha256:<iterations>$<salt>$<hex>`; the salt is text.
static WERKZEUG: [FormDef; 3] =
    [form("werkzeug-pbkdf2-sha1", 20), form("werkzeug-pbkdf2-sha256", 32), form("werkzeug-pbkdf2-sha512", 64)];

static SHA1: Pbkdf2 = Pbkdf2 { name: "pbkdf2-sha1", prf: Prf::Sha1, forms: &[&DJANGO[0], &PASSLIB[0], &WERKZEUG[0]] };
static SHA256: Pbkdf2 =
    Pbkdf2 { name: "pbkdf2-sha256", prf: Prf::Sha256, forms: &[&DJANGO[1], &PASSLIB[1], &WERKZEUG[1]] };
static SHA512: Pbkdf2 =
    Pbkdf2 { name: "pbkdf2-sha512", prf: Prf::Sha512, forms: &[&DJANGO[2], &PASSLIB[2], &WERKZEUG[2]] };

/// Shortest derived key that proves anything, in bytes: chance opens it one time in 2^80.
const SHORTEST_KEY: usize = 10;

/// Most iterations that a `u32` counts, and so the library.
const MOST_ITERATIONS: u64 = u32::MAX as u64;

fn recognise(value: &[u8]) -> Option<Form> {
    let parsed = Parsed::read(value)?;
    Some(Form { def: parsed.def, params: parsed.iterations })
}

/// The parts of a value, still in their encodings.
struct Parsed<'a> {
    def: &'static FormDef,
    iterations: u64,
    salt: &'a [u8],
    key: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        match value.first()? {
            b'$' => Self::passlib(&value[1..]),
            _ if value.starts_with(b"pbkdf2:") => Self::werkzeug(&value[b"pbkdf2:".len()..]),
            _ => Self::django(value),
        }
    }

    fn django(value: &'a [u8]) -> Option<Self> {
        let (name, rest) = codec::split_once(value, b'$')?;
        let def = &DJANGO[match name {
            b"pbkdf2_sha1" => 0,
            b"pbkdf2_sha256" => 1,
            b"pbkdf2_sha512" => 2,
            _ => return None,
        }];
        let (iterations, rest) = codec::split_once(rest, b'$')?;
        let (salt, key) = codec::split_once(rest, b'$')?;
        let iterations = codec::decimal(iterations)?;
        (codec::base64_len(key)? >= SHORTEST_KEY).then_some(Self { def, iterations, salt, key })
    }

    fn passlib(rest: &'a [u8]) -> Option<Self> {
        let (name, rest) = codec::split_once(rest, b'$')?;
        let def = &PASSLIB[match name {
            b"pbkdf2" => 0,
            b"pbkdf2-sha256" => 1,
            b"pbkdf2-sha512" => 2,
            _ => return None,
        }];
        let (iterations, rest) = codec::split_once(rest, b'$')?;
        let (salt, key) = codec::split_once(rest, b'$')?;
        let iterations = codec::decimal(iterations)?;
        (codec::is_ab64(key) && key.len() * 3 / 4 >= SHORTEST_KEY && (salt.is_empty() || codec::is_ab64(salt)))
            .then_some(Self { def, iterations, salt, key })
    }

    fn werkzeug(rest: &'a [u8]) -> Option<Self> {
        let (method, rest) = codec::split_once(rest, b'$')?;
        let (name, iterations) = codec::split_once(method, b':')?;
        let def = &WERKZEUG[match name {
            b"sha1" => 0,
            b"sha256" => 1,
            b"sha512" => 2,
            _ => return None,
        }];
        let (salt, key) = codec::split_once(rest, b'$')?;
        let iterations = codec::decimal(iterations)?;
        (codec::is_hex(key) && key.len().is_multiple_of(2) && key.len() >= 2 * SHORTEST_KEY).then_some(Self {
            def,
            iterations,
            salt,
            key,
        })
    }

    fn salt_bytes(&self) -> Option<Vec<u8>> {
        if PASSLIB.iter().any(|def| std::ptr::eq(def, self.def)) {
            codec::base64_bytes(self.salt)
        } else {
            Some(self.salt.to_vec())
        }
    }

    fn key_bytes(&self) -> Option<Vec<u8>> {
        if WERKZEUG.iter().any(|def| std::ptr::eq(def, self.def)) {
            codec::hex_bytes(self.key)
        } else {
            codec::base64_bytes(self.key)
        }
    }
}

/// The hash under PBKDF2's HMAC.
#[derive(Clone, Copy)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// Nanoseconds for one block of `iterations`; measured on one core with the library's code: SHA-256 6,400 × 1,000
    /// iterations a second, the others by the cost of their two compressions.
    pub(super) const fn work(self, iterations: u64) -> u64 {
        let each = match self {
            Self::Sha1 => 160,
            Self::Sha256 => 156,
            Self::Sha512 => 700,
        };
        iterations.saturating_mul(each)
    }

    /// Derives the first `out.len()` bytes of the key, within its first block; refuses before it works.
    pub(super) fn derive(self, pass: &[u8], salt: &[u8], iterations: u64, out: &mut [u8]) -> Result<(), Unverifiable> {
        if iterations == 0 || out.len() > self.len() {
            return Err(Unverifiable::Malformed);
        }
        if self.work(iterations) > MAX_WORK || iterations > MOST_ITERATIONS || pass.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let rounds = iterations as u32;
        match self {
            Self::Sha1 => ::pbkdf2::pbkdf2_hmac::<Sha1>(pass, salt, rounds, out),
            Self::Sha256 => ::pbkdf2::pbkdf2_hmac::<Sha256>(pass, salt, rounds, out),
            Self::Sha512 => ::pbkdf2::pbkdf2_hmac::<Sha512>(pass, salt, rounds, out),
        }
        Ok(())
    }
}

struct Pbkdf2 {
    name: &'static str,
    prf: Prf,
    forms: &'static [&'static FormDef],
}

impl Scheme for Pbkdf2 {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Value
    }
    fn protection(&self) -> Protection {
        Protection::PasswordHash
    }
    fn policy_key(&self) -> &'static str {
        self.name
    }
    fn describe(&self, form: Form) -> String {
        format!("{} {} iterations", self.name, form.params)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        grading::by_count(policy, self.policy_key(), "iteration count", form.params)
    }
    fn work(&self, form: Form) -> u64 {
        self.prf.work(form.params)
    }
    /// Compares the first block only: blocks of a longer key are independent of each other, and one is proof enough.
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let parsed = Parsed::read(stored.value).ok_or(Unverifiable::Malformed)?;
        let salt = parsed.salt_bytes().ok_or(Unverifiable::Malformed)?;
        let mut key = parsed.key_bytes().ok_or(Unverifiable::Malformed)?;
        key.truncate(self.prf.len());
        let mut derived = vec![0; key.len()];
        self.prf.derive(candidate, &salt, parsed.iterations, &mut derived)?;
        Ok(fast::same(&key, &derived))
    }
}
