//! md5crypt (Poul-Henning Kamp, FreeBSD 2.0) with `$1$`; Apache's `$apr1$`, which differs only in that name; AIX's
//! `{smd5}`, which leaves the name out. Always 1,000 rounds of MD5: its author declared it unfit in 2012.

use md5::{Digest as _, Md5};

use super::layout::{self, Coding, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "md5crypt",
    prefixes: &["$1$", "$apr1$", "{smd5}", "{SMD5}"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&DOLLAR, &APACHE, &AIX],
    schemes: &[&MD5CRYPT, &APR1, &AIX_SMD5],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 16 }
}

static FORM: FormDef = form("md5crypt");
static APR1_FORM: FormDef = form("apr1");
static AIX_FORM: FormDef = form("aix-smd5");

/// Salt bytes that take part: eight, fixed by the scheme.
const SALT: Part = Part::Field(Slot::Salt, Coding::Visible, 0, 8);
const KEY: Part = Part::Field(Slot::Key, Coding::Crypt, 22, 22);

static DOLLAR: [Layout; 1] = [Layout { form: &FORM, parts: &[Part::Is("$1$"), SALT, Part::Is("$"), KEY] }];
static APACHE: [Layout; 1] = [Layout { form: &APR1_FORM, parts: &[Part::Is("$apr1$"), SALT, Part::Is("$"), KEY] }];
static AIX: [Layout; 1] = [Layout { form: &AIX_FORM, parts: &[Part::Label("{smd5}"), SALT, Part::Is("$"), KEY] }];

/// Rounds, fixed by the scheme.
const ROUNDS: u32 = 1000;
/// Measured: 6,400 a second on one core with the library's MD5.
const COST: Cost = Cost::Fixed(156_000, "1,000 rounds of MD5 are tried by the hundred thousand a second and core");

static MD5CRYPT: Row = Row::new("md5crypt", &[&FORM], &DOLLAR, COST, |value, _, candidate| {
    Ok(fast::same(value.key(), &compute(b"$1$", candidate, value.salt())))
});
static APR1: Row = Row::new("apr1", &[&APR1_FORM], &APACHE, COST, |value, _, candidate| {
    Ok(fast::same(value.key(), &compute(b"$apr1$", candidate, value.salt())))
})
.graded_as("md5crypt");
static AIX_SMD5: Row = Row::new("aix-smd5", &[&AIX_FORM], &AIX, COST, |value, _, candidate| {
    Ok(fast::same(value.key(), &compute(b"", candidate, value.salt())))
})
.graded_as("md5crypt");

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}

fn compute(magic: &[u8], pass: &[u8], salt: &[u8]) -> Vec<u8> {
    let inner = Md5::new().chain_update(pass).chain_update(salt).chain_update(pass).finalize();
    let mut outer = Md5::new().chain_update(pass).chain_update(magic).chain_update(salt);
    let mut left = pass.len();
    while left > 0 {
        let take = left.min(inner.len());
        outer.update(&inner[..take]);
        left -= take;
    }
    // One byte for each bit of the length, lowest first: zero for a one, the password's first byte for a zero.
    let mut bits = pass.len();
    while bits > 0 {
        outer.update(if bits & 1 == 1 { &[0] } else { &pass[..1] });
        bits >>= 1;
    }
    let mut digest = outer.finalize();
    for round in 0..ROUNDS {
        let mut hasher = Md5::new();
        let (first, last): (&[u8], &[u8]) = if round & 1 == 1 { (pass, &digest) } else { (&digest, pass) };
        hasher.update(first);
        if round % 3 != 0 {
            hasher.update(salt);
        }
        if round % 7 != 0 {
            hasher.update(pass);
        }
        hasher.update(last);
        digest = hasher.finalize();
    }
    let mut text = Vec::with_capacity(22);
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        let bits = u32::from(digest[a]) << 16 | u32::from(digest[b]) << 8 | u32::from(digest[c]);
        codec::push_itoa64(bits, 4, &mut text);
    }
    codec::push_itoa64(u32::from(digest[11]), 2, &mut text);
    text
}
