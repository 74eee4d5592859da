//! AIX's loadable password algorithms: `{ssha1}06$<salt>$<hash>` and its SHA-2 siblings, which are PBKDF2 with 2^6
//! iterations by default; `{smd5}` is with md5crypt.
//!
//! A form's parameter is the logarithm of the iteration count.

use super::layout::{self, Coding, Layout, Part, Slot, Value};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::{Family, Unverifiable, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "aix",
    prefixes: &["{ssha", "{SSHA"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_SHA1, &OF_SHA256, &OF_SHA512],
    schemes: &[&SHA1, &SHA256, &SHA512],
};

static FORMS: [FormDef; 3] = [form("aix-ssha1", 20), form("aix-ssha256", 32), form("aix-ssha512", 64)];

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

macro_rules! label {
    ($form:expr, $label:literal, $characters:literal) => {
        [Layout {
            form: &$form,
            parts: &[
                Part::Label($label),
                Part::Digits(0, 2),
                Part::Is("$"),
                Part::Field(Slot::Salt, Coding::Visible, 1, 64),
                Part::Is("$"),
                Part::Field(Slot::Key, Coding::Crypt, $characters, $characters),
            ],
        }]
    };
}
static OF_SHA1: [Layout; 1] = label!(FORMS[0], "{ssha1}", 27);
static OF_SHA256: [Layout; 1] = label!(FORMS[1], "{ssha256}", 43);
static OF_SHA512: [Layout; 1] = label!(FORMS[2], "{ssha512}", 86);

static SHA1: Row =
    Row::new("aix-ssha1", &[&FORMS[0]], &OF_SHA1, Cost::Log(Prf::Sha1.work(1)), |value, _, candidate| {
        opens(Prf::Sha1, 20, value, candidate)
    });
static SHA256: Row =
    Row::new("aix-ssha256", &[&FORMS[1]], &OF_SHA256, Cost::Log(Prf::Sha256.work(1)), |value, _, candidate| {
        opens(Prf::Sha256, 32, value, candidate)
    });
static SHA512: Row =
    Row::new("aix-ssha512", &[&FORMS[2]], &OF_SHA512, Cost::Log(Prf::Sha512.work(1)), |value, _, candidate| {
        opens(Prf::Sha512, 64, value, candidate)
    });

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}

fn opens(prf: Prf, len: usize, value: &Value<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
    let mut key = [0; codec::MAX_DIGEST];
    let key = &mut key[..len];
    prf.derive(candidate, value.salt(), 1 << value.counts[0].min(62), key)?;
    // Three bytes to four characters, the first byte in the highest bits, the lowest six written first; missing bytes
    // are zero.
    let mut text = Vec::with_capacity(value.key().len());
    for three in key.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        codec::push_itoa64(bits, three.len() + 1, &mut text);
    }
    Ok(fast::same(value.key(), &text))
}
