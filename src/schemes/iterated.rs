//! Fast hashes, iterated without HMAC by frameworks of their own: Apache Shiro, Spring's standard encoder, `NetIQ`'s and
//! Adobe's SSPR.
//!
//! A form's parameter is the iteration count.

use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::layout::{self, Coding, Inner, LONGEST_TEXT, Layout, Part, Slot, Value};
use super::row::{Cost, Row};
use super::{Family, Unverifiable, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "iterated",
    prefixes: &["$shiro1$", "$sspr$", "{sha256}", "{SHA256}"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&SHIRO, &SSPR, &STANDARD],
    schemes: &[
        &SHIRO_SHA256,
        &SHIRO_SHA512,
        &SSPR_MD5,
        &SSPR_SHA1,
        &SSPR_SALTED_SHA1,
        &SSPR_SHA256,
        &SSPR_SHA512,
        &SPRING_STANDARD,
    ],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

static SHIRO_FORMS: [FormDef; 2] = [form("shiro1-sha256", 32), form("shiro1-sha512", 64)];
static SSPR_FORMS: [FormDef; 5] = [
    form("sspr-md5", 16),
    form("sspr-sha1", 20),
    form("sspr-sha1-salted", 20),
    form("sspr-sha256", 32),
    form("sspr-sha512", 64),
];
static STANDARD_FORM: FormDef = form("spring-standard", 32);

/// `$shiro1$SHA-256$<iterations>$<base64>$<base64>`.
macro_rules! shiro {
    ($form:expr, $prefix:literal, $len:literal) => {
        Layout {
            form: &$form,
            parts: &[
                Part::Is($prefix),
                Part::Number(0),
                Part::Is("$"),
                Part::Field(Slot::Salt, Coding::Base64, 0, LONGEST_TEXT),
                Part::Is("$"),
                Part::Field(Slot::Key, Coding::Base64, $len, $len),
            ],
        }
    };
}
/// `$sspr$<kind>$<iterations>$<salt>$<hex>`; the salt is text, `NONE` where there is none.
macro_rules! sspr {
    ($form:expr, $prefix:literal, $len:literal) => {
        Layout {
            form: &$form,
            parts: &[
                Part::Is($prefix),
                Part::Number(0),
                Part::Is("$"),
                Part::Field(Slot::Salt, Coding::Visible, 1, LONGEST_TEXT),
                Part::Is("$"),
                Part::Field(Slot::Key, Coding::Hex, $len, $len),
            ],
        }
    };
}
static SHIRO: [Layout; 2] =
    [shiro!(SHIRO_FORMS[0], "$shiro1$SHA-256$", 32), shiro!(SHIRO_FORMS[1], "$shiro1$SHA-512$", 64)];
static SSPR: [Layout; 5] = [
    sspr!(SSPR_FORMS[0], "$sspr$0$", 16),
    sspr!(SSPR_FORMS[1], "$sspr$1$", 20),
    sspr!(SSPR_FORMS[2], "$sspr$2$", 20),
    sspr!(SSPR_FORMS[3], "$sspr$3$", 32),
    sspr!(SSPR_FORMS[4], "$sspr$4$", 64),
];
/// Eight bytes of salt and the digest in hexadecimal.
static STANDARD: [Layout; 1] = [Layout {
    form: &STANDARD_FORM,
    parts: &[
        Part::Label("{sha256}"),
        Part::Given(0, STANDARDS),
        Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 8), Inner::Field(Slot::Key, 32)]),
    ],
}];
/// Spring's `StandardPasswordEncoder`.
const STANDARDS: u64 = 1024;

const fn counted(
    name: &'static str,
    forms: &'static [&'static FormDef],
    layouts: &'static [Layout],
    each: u64,
    open: super::row::Open,
) -> Row {
    Row::new(name, forms, layouts, Cost::Count("iterations", "iteration count", each), open).graded_as("iterated-fast")
}

static SHIRO_SHA256: Row = counted("shiro-sha256", &[&SHIRO_FORMS[0]], &SHIRO, 67, |value, _, candidate| {
    iterate(value, hashes::again::<Sha256>, hashes::sha256, &[value.salt(), candidate])
});
static SHIRO_SHA512: Row = counted("shiro-sha512", &[&SHIRO_FORMS[1]], &SHIRO, 400, |value, _, candidate| {
    iterate(value, hashes::again::<Sha512>, hashes::sha512, &[value.salt(), candidate])
});
static SSPR_MD5: Row = counted("sspr-md5", &[&SSPR_FORMS[0]], &SSPR, 140, |value, _, candidate| {
    iterate(value, hashes::again::<Md5>, hashes::md5, &[salt(value), candidate])
});
static SSPR_SHA1: Row = counted("sspr-sha1", &[&SSPR_FORMS[1]], &SSPR, 75, |value, _, candidate| {
    iterate(value, hashes::again::<Sha1>, hashes::sha1, &[salt(value), candidate])
});
static SSPR_SALTED_SHA1: Row = counted("sspr-sha1-salted", &[&SSPR_FORMS[2]], &SSPR, 75, |value, _, candidate| {
    iterate(value, hashes::again::<Sha1>, hashes::sha1, &[salt(value), candidate])
});
static SSPR_SHA256: Row = counted("sspr-sha256", &[&SSPR_FORMS[3]], &SSPR, 67, |value, _, candidate| {
    iterate(value, hashes::again::<Sha256>, hashes::sha256, &[salt(value), candidate])
});
static SSPR_SHA512: Row = counted("sspr-sha512", &[&SSPR_FORMS[4]], &SSPR, 400, |value, _, candidate| {
    iterate(value, hashes::again::<Sha512>, hashes::sha512, &[salt(value), candidate])
});
static SPRING_STANDARD: Row =
    counted("spring-standard", &[&STANDARD_FORM], &STANDARD, 67, |value, stored, candidate| {
        // The secret is empty unless somebody set one.
        let secret = stored.pepper.unwrap_or_default();
        iterate(value, hashes::again::<Sha256>, hashes::sha256, &[value.salt(), secret, candidate])
    });
fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(&[&SHIRO, &SSPR, &STANDARD], value)
}

fn salt<'a>(value: &'a Value<'_>) -> &'a [u8] {
    if value.salt() == b"NONE" { &[] } else { value.salt() }
}

/// Whether the hash of `parts`, hashed again as often as the value says, is its key.
fn iterate(
    value: &Value<'_>,
    again: fn(Vec<u8>, u64) -> Vec<u8>,
    hash: fn(&[&[u8]]) -> Vec<u8>,
    parts: &[&[u8]],
) -> Result<bool, Unverifiable> {
    let times = value.counts[0].checked_sub(1).ok_or(Unverifiable::Malformed)?;
    Ok(fast::same(value.key(), &again(hash(parts), times)))
}
