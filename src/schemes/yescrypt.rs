//! yescrypt (Alexander Peslyak 2015), `$y$`, the default of Debian and Fedora; and `$gy$`, the same under HMAC with GOST R
//! 34.11-2012, of ALT Linux.
//!
//! A form's parameters are packed as log2 N (8 bits), r (28 bits), p (28 bits), from the top; larger ones are cut there.

use streebog::Streebog256;
use yescrypt::Params;

use super::layout::{Coding, Layout, Part, Slot, Value};
use super::{
    Family, MAX_CANDIDATE, MAX_MEMORY, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast,
    grading, hashes, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "yescrypt",
    prefixes: &["$y$", "$gy$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&PLAIN, &GOST],
    schemes: &[&YESCRYPT, &GOST_YESCRYPT],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 32 }
}

static FORM: FormDef = form("yescrypt");
static GOST_FORM: FormDef = form("gost-yescrypt");

/// The parameters stand in the place of what else belongs to a value.
macro_rules! dollars {
    ($form:expr, $prefix:literal) => {
        [Layout {
            form: &$form,
            parts: &[
                Part::Is($prefix),
                Part::Field(Slot::Extra, Coding::Crypt, 3, 48),
                Part::Is("$"),
                Part::Field(Slot::Salt, Coding::Crypt, 0, 86),
                Part::Is("$"),
                Part::Field(Slot::Key, Coding::Crypt, 43, 43),
            ],
        }]
    };
}
static PLAIN: [Layout; 1] = dollars!(FORM, "$y$");
static GOST: [Layout; 1] = dollars!(GOST_FORM, "$gy$");

static YESCRYPT: Kind = Kind { name: "yescrypt", prefix: "$y$", forms: &[&FORM], layouts: &PLAIN };
static GOST_YESCRYPT: Kind = Kind { name: "gost-yescrypt", prefix: "$gy$", forms: &[&GOST_FORM], layouts: &GOST };

/// Largest r and p that a form's parameters hold.
const LARGEST: u64 = (1 << 28) - 1;

fn recognise(value: &[u8]) -> Option<Form> {
    FAMILY.layouts.iter().flat_map(|group| group.iter()).find_map(|layout| {
        let value = layout.read(value)?;
        let params = params(&value)?;
        let log_n = u64::from(params.n().ilog2());
        let (r, p) = (u64::from(params.r()).min(LARGEST), u64::from(params.p()).min(LARGEST));
        Some(Form { def: layout.form, params: log_n << 56 | r << 28 | p })
    })
}

fn params(value: &Value<'_>) -> Option<Params> {
    let text = std::str::from_utf8(value.extra()).ok()?;
    // The library divides by p, and shifts by log2 N.
    let zero_p = text.len() > 3 && text.as_bytes()[3..].iter().all(|b| *b == b'.');
    let params = (!zero_p).then(|| text.parse::<Params>().ok()).flatten()?;
    (params.n() >= 2 && params.r() >= 1 && params.p() >= 1).then_some(params)
}

/// N, r and p of a form's parameters.
fn unpack(form: Form) -> (u64, u64, u64) {
    (1 << ((form.params >> 56) & 63), form.params >> 28 & LARGEST, form.params & LARGEST)
}

/// Nanoseconds on one core with the library's code, measured: N 4,096 with r 32 takes 30 ms.
const fn work(n: u64, r: u64, p: u64) -> u64 {
    n.saturating_mul(r).saturating_mul(p).saturating_mul(230)
}

struct Kind {
    name: &'static str,
    prefix: &'static str,
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
        "yescrypt"
    }
    fn describe(&self, form: Form) -> String {
        let (n, r, p) = unpack(form);
        format!("{} N={n} r={r} p={p}", self.name)
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
        let value = self.layouts.iter().find_map(|layout| layout.read(text)).ok_or(Unverifiable::Malformed)?;
        let params = params(&value).ok_or(Unverifiable::Malformed)?;
        let (n, r, p) = (params.n(), u64::from(params.r()), u64::from(params.p()));
        let memory = n.saturating_add(p).saturating_mul(r).saturating_mul(128);
        if work(n, r, p) > MAX_WORK || memory > MAX_MEMORY || candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let salt = codec::from_itoa64(value.salt()).ok_or(Unverifiable::Malformed)?;
        let mut key = [0; 32];
        ::yescrypt::yescrypt(candidate, &salt, &params, &mut key).map_err(|_| Unverifiable::Malformed)?;
        let key = if self.prefix == "$gy$" {
            let setting = [b"$gy$", value.extra(), b"$", value.salt()].concat();
            let inner = hashes::hmac::<Streebog256>(&hashes::of::<Streebog256>(&[candidate]), &[&setting]);
            hashes::hmac::<Streebog256>(&inner, &[&key])
        } else {
            key.to_vec()
        };
        Ok(fast::same(value.key(), &codec::to_itoa64(&key)))
    }
}
