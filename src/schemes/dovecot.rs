//! Dovecot's `{CRAM-MD5}`: what HMAC-MD5 has in mind after it has read the password, as a key.

use md5::block_api::compress;

use super::layout::{self, Coding, Inner, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, SaltFrom, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "dovecot",
    prefixes: &["{CRAM-MD5}", "{cram-md5}", "{HMAC-MD5}"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&LAYOUTS],
    schemes: &[&CRAM_MD5],
};

static FORM: FormDef = FormDef { name: "{cram-md5}", kind: FormKind::Modular, digest_len: 32 };

/// The outer state, then the inner.
static LAYOUTS: [Layout; 2] = [
    Layout { form: &FORM, parts: &[Part::Label("{CRAM-MD5}"), STATES] },
    Layout { form: &FORM, parts: &[Part::Label("{HMAC-MD5}"), STATES] },
];
const STATES: Part = Part::Packed(Coding::Hex, &[Inner::Field(Slot::Key, 16), Inner::Field(Slot::Extra, 16)]);

static CRAM_MD5: Row = Row::new(
    "dovecot-cram-md5",
    &[&FORM],
    &LAYOUTS,
    Cost::Fixed(140, "an unsalted fast hash, and enough to log in without the password"),
    |value, _, candidate| Ok(fast::same(value.key(), &outer_state(candidate))),
)
.salted_from(SaltFrom::Nowhere)
.fast();

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}

/// MD5's state after the key's block under HMAC's outer padding.
fn outer_state(password: &[u8]) -> Vec<u8> {
    let mut key: [u8; 64] =
        if password.len() > 64 { hashes::filled(&hashes::md5(&[password])) } else { hashes::filled(password) };
    for b in &mut key {
        *b ^= 0x5c;
    }
    // RFC 1321's starting state.
    let mut state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    compress(&mut state, &[key]);
    state.iter().flat_map(|word: &u32| word.to_le_bytes()).collect()
}
