//! Argon2 (RFC 9106) in PHC strings, `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, and as Magento 2 keeps it: hexadecimal,
//! a salt of 16 characters and a version, `<hex>:<salt>:2` or `<hex>:<salt>:3_32_2_67108864`.
//!
//! A form's parameters are packed as m in KiB (32 bits), t (24 bits), p (8 bits), from the top; larger ones are cut
//! there.

use argon2::{Algorithm, Argon2, Params, Version};

use super::layout::{Coding, Layout, Part, Slot, Value};
use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, fast, grading,
    wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "argon2",
    prefixes: &["$argon2"],
    by_prefix: Some(recognise),
    by_shape: Some(by_shape),
    forms: &[],
    layouts: &[&OF_D, &OF_I, &OF_ID],
    schemes: &[&ARGON2D, &ARGON2I, &ARGON2ID],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 32 }
}

static FORM_D: FormDef = form("argon2d");
static FORM_I: FormDef = form("argon2i");
static FORM_ID: FormDef = form("argon2id");
/// Magento 2.3 and later.
static MAGENTO: FormDef = form("magento2-argon2id");

static ARGON2D: Kind = Kind { name: "argon2d", algorithm: Algorithm::Argon2d, forms: &[&FORM_D], layouts: &OF_D };
static ARGON2I: Kind = Kind { name: "argon2i", algorithm: Algorithm::Argon2i, forms: &[&FORM_I], layouts: &OF_I };
static ARGON2ID: Kind =
    Kind { name: "argon2id", algorithm: Algorithm::Argon2id, forms: &[&FORM_ID, &MAGENTO], layouts: &OF_ID };

/// Places of the numbers. A value without a version is of Argon2 1.0 (`v=16`), before `v=` was invented.
const M: usize = 0;
const T: usize = 1;
const P: usize = 2;
const V: usize = 3;

/// Shortest and longest key taken, in bytes: RFC 9106 allows 4, chance opens 10 one time in 2^80.
const SHORTEST_KEY: usize = 10;
const LONGEST_KEY: usize = 128;
/// Salts: RFC 9106 wants 8 bytes or more.
const SALT: Part = Part::Field(Slot::Salt, Coding::Base64Bare, 1, 128);
const KEY: Part = Part::Field(Slot::Key, Coding::Base64Bare, SHORTEST_KEY, LONGEST_KEY);

macro_rules! phc {
    ($form:expr, $prefix:literal) => {
        [
            Layout {
                form: &$form,
                parts: &[
                    Part::Is(concat!($prefix, "v=")),
                    Part::Number(V),
                    Part::Is("$m="),
                    Part::Number(M),
                    Part::Is(",t="),
                    Part::Number(T),
                    Part::Is(",p="),
                    Part::Number(P),
                    Part::Is("$"),
                    SALT,
                    Part::Is("$"),
                    KEY,
                ],
            },
            Layout {
                form: &$form,
                parts: &[
                    Part::Is(concat!($prefix, "m=")),
                    Part::Given(V, 16),
                    Part::Number(M),
                    Part::Is(",t="),
                    Part::Number(T),
                    Part::Is(",p="),
                    Part::Number(P),
                    Part::Is("$"),
                    SALT,
                    Part::Is("$"),
                    KEY,
                ],
            },
        ]
    };
}
static OF_D: [Layout; 2] = phc!(FORM_D, "$argon2d$");
static OF_I: [Layout; 2] = phc!(FORM_I, "$argon2i$");
const PHC_ID: [Layout; 2] = phc!(FORM_ID, "$argon2id$");
static OF_ID: [Layout; 4] = {
    let [versioned, first] = PHC_ID;
    [versioned, first, OF_MAGENTO[0], OF_MAGENTO[1]]
};
/// libsodium's limits as Magento sets them: two passes over 64 MiB; since 2.4 they are in the value, memory in bytes.
const OF_MAGENTO: [Layout; 2] = [
    Layout {
        form: &MAGENTO,
        parts: &[
            Part::Field(Slot::Key, Coding::Hex, 32, 32),
            Part::Is(":"),
            Part::Field(Slot::Salt, Coding::Visible, 16, 128),
            Part::Is(":2"),
            Part::Given(M, 65_536),
            Part::Given(T, 2),
            Part::Given(P, 1),
            Part::Given(V, 19),
        ],
    },
    Layout {
        form: &MAGENTO,
        parts: &[
            Part::Field(Slot::Key, Coding::Hex, 32, 32),
            Part::Is(":"),
            Part::Field(Slot::Salt, Coding::Visible, 16, 128),
            Part::Is(":3_32_2_67108864"),
            Part::Given(M, 65_536),
            Part::Given(T, 2),
            Part::Given(P, 1),
            Part::Given(V, 19),
        ],
    },
];
/// libsodium's salts have this many bytes, whatever Magento keeps.
const SODIUM_SALT: usize = 16;

fn recognise(value: &[u8]) -> Option<Form> {
    first(FAMILY.layouts, value)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    (value.get(64) == Some(&b':')).then(|| first(&[&OF_ID[2..]], value)).flatten()
}

fn first(groups: &[&'static [Layout]], value: &[u8]) -> Option<Form> {
    groups.iter().flat_map(|group| group.iter()).find_map(|layout| {
        let counts = layout.check(value).filter(|counts| matches!(counts[V], 16 | 19))?;
        let (m, t, p) = (counts[M].min(u32::MAX.into()), counts[T].min(0xff_ffff), counts[P].min(0xff));
        Some(Form { def: layout.form, params: m << 32 | t << 8 | p })
    })
}

/// m, t and p of a form's parameters.
const fn unpack(form: Form) -> (u64, u64, u64) {
    (form.params >> 32, form.params >> 8 & 0xff_ffff, form.params & 0xff)
}

/// Parameters for the library, refused before anything is allocated.
fn params(value: &Value<'_>) -> Result<Params, Unverifiable> {
    let [m, t, p, _] = value.counts;
    if work(m, t) > MAX_WORK || m.saturating_mul(1024) > MAX_MEMORY {
        return Err(Unverifiable::TooCostly);
    }
    let narrow = |n: u64| u32::try_from(n).map_err(|_| Unverifiable::TooCostly);
    Params::new(narrow(m)?, narrow(t)?, narrow(p)?, Some(value.key().len())).map_err(|_| Unverifiable::Malformed)
}

/// Nanoseconds on one core with the library's code, measured: a block of 1 KiB in one pass takes about a microsecond.
const fn work(m: u64, t: u64) -> u64 {
    m.saturating_mul(t).saturating_mul(1_000)
}

struct Kind {
    name: &'static str,
    algorithm: Algorithm,
    forms: &'static [&'static FormDef],
    layouts: &'static [Layout],
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
        let text = wrapper::inside(stored.value);
        let read = |layout: &Layout| Some((layout.form, layout.read(text)?));
        let (def, value) = self.layouts.iter().find_map(read).ok_or(Unverifiable::Malformed)?;
        let params = params(&value)?;
        if candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let version = match value.counts[V] {
            16 => Version::V0x10,
            19 => Version::V0x13,
            _ => return Err(Unverifiable::Malformed),
        };
        let mut salt = value.salt();
        if std::ptr::eq(def, &raw const MAGENTO) {
            salt = &salt[..SODIUM_SALT];
        }
        let mut computed = vec![0; value.key().len()];
        Argon2::new(self.algorithm, version, params)
            .hash_password_into(candidate, salt, &mut computed)
            .map_err(|_| Unverifiable::Malformed)?;
        Ok(fast::same(value.key(), &computed))
    }
}
