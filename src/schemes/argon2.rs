//! Argon2 (RFC 9106) in PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`.
//!
//! A form's parameters are packed as m in KiB (32 bits), t (24 bits), p (8 bits), from the top; larger ones are cut
//! there.

use argon2::{Algorithm, Argon2, Params, Version};

use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast,
    grading, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "argon2",
    prefixes: &["$argon2"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&FORM_D, &FORM_I, &FORM_ID],
    schemes: &[&ARGON2D, &ARGON2I, &ARGON2ID],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 32 }
}

static FORM_D: FormDef = form("argon2d");
static FORM_I: FormDef = form("argon2i");
static FORM_ID: FormDef = form("argon2id");

static ARGON2D: Kind = Kind { name: "argon2d", algorithm: Algorithm::Argon2d, forms: &[&FORM_D] };
static ARGON2I: Kind = Kind { name: "argon2i", algorithm: Algorithm::Argon2i, forms: &[&FORM_I] };
static ARGON2ID: Kind = Kind { name: "argon2id", algorithm: Algorithm::Argon2id, forms: &[&FORM_ID] };

/// Shortest and longest key taken, in bytes: RFC 9106 allows 4, chance opens 10 one time in 2^80.
const SHORTEST_KEY: usize = 10;
const LONGEST_KEY: usize = 128;

fn recognise(value: &[u8]) -> Option<Form> {
    let parsed = Parsed::read(value)?;
    let (m, t, p) = (parsed.m.min(u32::MAX.into()), parsed.t.min(0xff_ffff), parsed.p.min(0xff));
    Some(Form { def: parsed.def, params: m << 32 | t << 8 | p })
}

/// m, t and p of a form's parameters.
const fn unpack(form: Form) -> (u64, u64, u64) {
    (form.params >> 32, form.params >> 8 & 0xff_ffff, form.params & 0xff)
}

/// The parts of a value; salt and key still in base64.
struct Parsed<'a> {
    def: &'static FormDef,
    version: Version,
    m: u64,
    t: u64,
    p: u64,
    salt: &'a [u8],
    key: &'a [u8],
}

impl<'a> Parsed<'a> {
    fn read(value: &'a [u8]) -> Option<Self> {
        let (kind, mut rest) = codec::split_once(value.strip_prefix(b"$argon2")?, b'$')?;
        let def = match kind {
            b"d" => &FORM_D,
            b"i" => &FORM_I,
            b"id" => &FORM_ID,
            _ => return None,
        };
        // Values without a version are of Argon2 1.0, before `v=` was invented.
        let mut version = Version::V0x10;
        if let Some(named) = rest.strip_prefix(b"v=") {
            let (number, tail) = codec::split_once(named, b'$')?;
            version = match number {
                b"16" => Version::V0x10,
                b"19" => Version::V0x13,
                _ => return None,
            };
            rest = tail;
        }
        let (costs, rest) = codec::split_once(rest, b'$')?;
        let (m, costs) = codec::split_once(costs.strip_prefix(b"m=")?, b',')?;
        let (t, p) = codec::split_once(costs.strip_prefix(b"t=")?, b',')?;
        let (m, t, p) = (codec::decimal(m)?, codec::decimal(t)?, codec::decimal(p.strip_prefix(b"p=")?)?);
        let (salt, key) = codec::split_once(rest, b'$')?;
        (codec::is_ab64(salt) && codec::is_ab64(key)).then_some(Self { def, version, m, t, p, salt, key })
    }

    /// Parameters for the library, refused before anything is allocated.
    fn params(&self, key_len: usize) -> Result<Params, Unverifiable> {
        if work(self.m, self.t) > MAX_WORK || self.m.saturating_mul(1024) > MAX_MEMORY {
            return Err(Unverifiable::TooCostly);
        }
        let narrow = |n: u64| u32::try_from(n).map_err(|_| Unverifiable::TooCostly);
        Params::new(narrow(self.m)?, narrow(self.t)?, narrow(self.p)?, Some(key_len))
            .map_err(|_| Unverifiable::Malformed)
    }
}

/// Nanoseconds on one core with the library's code, measured: a block of 1 KiB in one pass takes about a microsecond.
const fn work(m: u64, t: u64) -> u64 {
    m.saturating_mul(t).saturating_mul(1_000)
}

struct Kind {
    name: &'static str,
    algorithm: Algorithm,
    forms: &'static [&'static FormDef],
}

impl Scheme for Kind {
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
        let (m, t, p) = unpack(form);
        format!("{} m={m} t={t} p={p}", self.name)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        let (m, t, p) = unpack(form);
        grading::by_minima(policy, self.policy_key(), [m, t, p], &format!("m={m} t={t} p={p}"))
    }
    fn work(&self, form: Form) -> u64 {
        let (m, t, _) = unpack(form);
        work(m, t)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let parsed = Parsed::read(wrapper::inside(stored.value)).ok_or(Unverifiable::Malformed)?;
        let salt = codec::base64_bytes(parsed.salt).ok_or(Unverifiable::Malformed)?;
        let key = codec::base64_bytes(parsed.key).ok_or(Unverifiable::Malformed)?;
        if !(SHORTEST_KEY..=LONGEST_KEY).contains(&key.len()) {
            return Err(Unverifiable::Malformed);
        }
        let params = parsed.params(key.len())?;
        if candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let mut computed = vec![0; key.len()];
        Argon2::new(self.algorithm, parsed.version, params)
            .hash_password_into(candidate, &salt, &mut computed)
            .map_err(|_| Unverifiable::Malformed)?;
        Ok(fast::same(&key, &computed))
    }
}
