//! SAP's `USR02`: BCODE (code versions A to E; B is a twisted MD5 of the first eight characters, case folded), PASSCODE
//! (F and G, a twisted SHA-1), and PWDSALTEDHASH (H, `{x-issha, 1024}`). The user's name is the salt of the first two.

use sha1::Sha1;

use super::bare::{HEX16, HEX40};
use super::layout::{self, Coding, Inner, Layout, Part, Slot, Value};
use super::row::{Cost, Row};
use super::salted::SALT_HEX;
use super::{Family, SaltFrom, Stored, Unverifiable, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "sap",
    prefixes: &["{x-is", "{X-IS"],
    by_prefix: Some(recognise),
    by_shape: Some(by_shape),
    forms: &[],
    layouts: &[&OF_H, &OF_B, &OF_G],
    schemes: &[&B, &G, &H],
};

static H_FORM: FormDef = FormDef { name: "{x-issha}", kind: FormKind::Modular, digest_len: 20 };
static B_FORM: FormDef = FormDef { name: "login$hex16", kind: FormKind::SaltedDigest, digest_len: 8 };

/// `{x-issha, <iterations>}` and base64 of digest and salt.
static OF_H: [Layout; 1] = [Layout {
    form: &H_FORM,
    parts: &[
        Part::Label("{x-issha, "),
        Part::Number(0),
        Part::Is("}"),
        Part::Packed(Coding::Base64, &[Inner::Field(Slot::Key, 20), Inner::Rest(Slot::Salt, 1, 64)]),
    ],
}];
/// The code alone, the name beside it in the table; or the name before it, as hashcat writes it.
static OF_B: [Layout; 2] = [
    Layout { form: &HEX16, parts: &[Part::Field(Slot::Key, Coding::HexUpper, 8, 8)] },
    Layout {
        form: &B_FORM,
        parts: &[
            Part::Field(Slot::Login, Coding::Visible, 1, 40),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::HexUpper, 8, 8),
        ],
    },
];
static OF_G: [Layout; 2] = [
    Layout { form: &HEX40, parts: &[Part::Field(Slot::Key, Coding::HexUpper, 20, 20)] },
    Layout {
        form: &SALT_HEX[1],
        parts: &[
            Part::Field(Slot::Login, Coding::Visible, 1, 40),
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::HexUpper, 20, 20),
        ],
    },
];

static B: Row = Row::new(
    "sap-codvn-b",
    &[&B_FORM, &HEX16],
    &OF_B,
    Cost::Fixed(500, "eight characters, case folded, two MD5"),
    |value, stored, candidate| {
        // Passwords are cut at eight characters, names at twelve.
        let fold = |text: &[u8], most: usize| -> Vec<u8> {
            hashes::upper(text)
                .iter()
                .take(most)
                .map(|b| CODES[usize::from(b & 0x7f)] | if b & 0x80 == 0 { 0 } else { 0xff })
                .collect()
        };
        let (password, name) = (fold(candidate, 8), fold(login(value, stored)?, 12));
        let first = hashes::md5(&[&password, &name]);
        let second = hashes::md5(&[&walldorf(&first, &password, &name)]);
        let code: Vec<u8> = (0..8).map(|i| second[i] ^ second[i + 8]).collect();
        Ok(is_code(value.key(), &code))
    },
)
.salted_from(SaltFrom::Login)
.graded_as("sap-codvn-b")
.ranked(133);
static G: Row = Row::new(
    "sap-codvn-g",
    &[&SALT_HEX[1], &HEX40],
    &OF_G,
    Cost::Fixed(200, "a fast hash, salted with nothing but the user's name"),
    |value, stored, candidate| {
        let name = hashes::upper(login(value, stored)?);
        let first = hashes::sha1(&[candidate, &name]);
        let sum = |from: usize, to: usize, modulus: u8| -> usize {
            first[from..to].iter().map(|b| usize::from(b % modulus)).sum()
        };
        let (len, at) = (32 + sum(0, 10, 6), sum(10, 20, 8));
        Ok(is_code(value.key(), &hashes::sha1(&[candidate, &MAGIC[at..at + len], &name])))
    },
)
.salted_from(SaltFrom::Login)
.fast()
.ranked(133);
/// Iterated over the password with the digest before.
static H: Row = Row::new(
    "sap-codvn-h",
    &[&H_FORM],
    &OF_H,
    Cost::Count("iterations", "iteration count", 75),
    |value, _, candidate| {
        let times = value.counts[0].checked_sub(1).ok_or(Unverifiable::Malformed)?;
        let first = hashes::sha1(&[candidate, value.salt()]);
        let digest = (0..times).fold(first, |digest, _| hashes::of::<Sha1>(&[candidate, &digest]));
        Ok(fast::same(value.key(), &digest))
    },
)
.graded_as("iterated-fast");

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(&[&OF_H], value)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    // The name is at most forty characters.
    let at = value.len().checked_sub(17)?;
    (value[at] == b'$').then(|| layout::first(&[&OF_B[1..]], value)).flatten()
}

fn login<'a>(value: &'a Value<'_>, stored: &'a Stored<'_>) -> Result<&'a [u8], Unverifiable> {
    let login = if value.login().is_empty() { stored.login.unwrap_or_default() } else { value.login() };
    if login.is_empty() { Err(Unverifiable::Missing) } else { Ok(login) }
}

/// `RFC_READ_TABLE` hands on only the first half of a code; the rest is zero.
fn is_code(stored: &[u8], computed: &[u8]) -> bool {
    let half = stored.len() / 2;
    if stored[half..].iter().all(|b| *b == 0) {
        return fast::same(&stored[..half], &computed[..half]);
    }
    fast::same(stored, computed)
}

/// Weaves password, name and a fixed text together as the first digest says; at most 47 bytes.
fn walldorf(digest: &[u8], password: &[u8], name: &[u8]) -> Vec<u8> {
    const FIXED: [u8; 48] = [
        0x14, 0x77, 0xf3, 0xd4, 0xbb, 0x71, 0x23, 0xd0, 0x03, 0xff, 0x47, 0x93, 0x55, 0xaa, 0x66, 0x91, 0xf2, 0x88,
        0x6b, 0x99, 0xbf, 0xcb, 0x32, 0x1a, 0x19, 0xd9, 0xa7, 0x82, 0x22, 0x49, 0xa2, 0x51, 0xe2, 0xb7, 0x33, 0x71,
        0x8b, 0x9f, 0x5d, 0x01, 0x44, 0x70, 0xae, 0x11, 0xef, 0x28, 0xf0, 0x0d,
    ];
    let len = usize::from([0, 1, 2, 3, 5].map(|i: usize| digest[i] & 3).iter().sum::<u8>() | 0x20);
    let mut out = vec![0; len + 4];
    let (mut letters, mut at, mut named) = (0, 0, 0);
    while at < len {
        if letters < password.len() {
            if digest[15 - letters] & 1 == 1 {
                out[at] = FIXED[FIXED.len() - 1 - letters];
                at += 1;
            }
            out[at] = password[letters];
            letters += 1;
            at += 1;
        }
        if named < name.len() {
            out[at] = name[named];
            at += 1;
            named += 1;
        }
        out[at] = FIXED[at - letters - named];
        at += 2;
    }
    out.truncate(len);
    out
}

/// SAP's code of each ASCII character, as the published analyses of the algorithm give it.
const CODES: [u8; 128] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0x40, 0x41, 0x50, 0x43, 0x44,
    0x45, 0x4b, 0x47, 0x48, 0x4d, 0x4e, 0x54, 0x51, 0x53, 0x46, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d,
    0x3e, 0x56, 0x55, 0x5c, 0x49, 0x5d, 0x4a, 0x42, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b,
    0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x58, 0x5b, 0x59, 0xff,
    0x52, 0x4c, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11,
    0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x57, 0x5e, 0x5a, 0x4f, 0xff,
];

/// The fixed text of which code version G takes a piece, likewise.
const MAGIC: [u8; 160] = [
    0x91, 0xac, 0x51, 0x14, 0x9f, 0x67, 0x54, 0x43, 0x24, 0xe7, 0x3b, 0xe0, 0x28, 0x74, 0x7b, 0xc2, 0x86, 0x33, 0x13,
    0xeb, 0x5a, 0x4f, 0xcb, 0x5c, 0x08, 0x0a, 0x73, 0x37, 0x0e, 0x5d, 0x1c, 0x2f, 0x33, 0x8f, 0xe6, 0xe5, 0xf8, 0x9b,
    0xae, 0xdd, 0x16, 0xf2, 0x4b, 0x8d, 0x2c, 0xe1, 0xd4, 0xdc, 0xb0, 0xcb, 0xdf, 0x9d, 0xd4, 0x70, 0x6d, 0x17, 0xf9,
    0x4d, 0x42, 0x3f, 0x9b, 0x1b, 0x11, 0x94, 0x9f, 0x5b, 0xc1, 0x9b, 0x06, 0x05, 0x9d, 0x03, 0x9d, 0x5e, 0x13, 0x8a,
    0x1e, 0x9a, 0x6a, 0xe8, 0xd9, 0x7c, 0x14, 0x17, 0x58, 0xc7, 0x2a, 0xf6, 0xa1, 0x99, 0x63, 0x0a, 0xd7, 0xfd, 0x70,
    0xc3, 0xf6, 0x5e, 0x74, 0x13, 0x03, 0xc9, 0x0b, 0x04, 0x26, 0x98, 0xf7, 0x26, 0x8a, 0x92, 0x93, 0x25, 0xb0, 0xa2,
    0x0d, 0x23, 0xed, 0x63, 0x79, 0x6d, 0x13, 0x32, 0xfa, 0x3c, 0x35, 0x02, 0x9a, 0xa3, 0xb3, 0xdd, 0x8e, 0x0a, 0x24,
    0xbf, 0x51, 0xc3, 0x7c, 0xcd, 0x55, 0x9f, 0x37, 0xaf, 0x94, 0x4c, 0x29, 0x08, 0x52, 0x82, 0xb2, 0x3b, 0x4e, 0x37,
    0x9f, 0x17, 0x07, 0x91, 0x11, 0x3b, 0xfd, 0xcd,
];
