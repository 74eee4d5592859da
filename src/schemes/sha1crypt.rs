//! NetBSD's sha1crypt (Simon Gerraty 2004; Juniper has it too): `$sha1$<iterations>$<salt>$<hash>`, HMAC-SHA-1 of the salt,
//! iterated.
//!
//! A form's parameter is the iteration count.

use sha1::Sha1;

use super::layout::{self, Coding, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, Unverifiable, codec, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "sha1crypt",
    prefixes: &["$sha1$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&LAYOUTS],
    schemes: &[&SHA1CRYPT],
};

static FORM: FormDef = FormDef { name: "sha1crypt", kind: FormKind::Modular, digest_len: 20 };

static LAYOUTS: [Layout; 1] = [Layout {
    form: &FORM,
    parts: &[
        Part::Is("$sha1$"),
        Part::Number(0),
        Part::Is("$"),
        Part::Field(Slot::Salt, Coding::Visible, 1, 64),
        Part::Is("$"),
        Part::Field(Slot::Key, Coding::Crypt, 28, 28),
    ],
}];

/// Nanoseconds of one HMAC-SHA-1 with the library's code.
const ROUND: u64 = 350;
/// Characters that the digest decides; the rest holds two bits of its first byte, or none, by the writer.
const CERTAIN: usize = 24;

static SHA1CRYPT: Row = Row::new(
    "sha1crypt",
    &[&FORM],
    &LAYOUTS,
    Cost::Count("iterations", "iteration count", ROUND),
    |value, _, candidate| {
        let iterations = value.counts[0];
        if iterations == 0 {
            return Err(Unverifiable::Malformed);
        }
        let first = [value.salt(), format!("$sha1${iterations}").as_bytes()].concat();
        let digest = (0..iterations).fold(first, |message, _| hashes::hmac::<Sha1>(candidate, &[&message]));
        let mut text = Vec::with_capacity(CERTAIN);
        for three in digest[..18].chunks_exact(3) {
            codec::push_itoa64(three.iter().fold(0, |bits, b| bits << 8 | u32::from(*b)), 4, &mut text);
        }
        Ok(fast::same(&value.key()[..CERTAIN], &text))
    },
);

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}
