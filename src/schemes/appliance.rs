//! Firewalls, switches and load balancers: Cisco PIX and ASA, IOS type 4, Juniper `ScreenOS`, Fortinet, Aruba, Citrix
//! `NetScaler`. (IOS types 5, 8 and 9 are md5crypt, PBKDF2 and scrypt.)

use super::layout::{self, Coding, Inner, Layout, Part, Slot};
use super::plaintext::TEXT_16;
use super::row::{Cost, Row};
use super::{Family, SaltFrom, Unverifiable, codec, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "appliance",
    prefixes: &["AK1", "SH2"],
    by_prefix: Some(by_prefix),
    by_shape: Some(by_shape),
    forms: &[&PIX_SHAPED, &ASA_SHAPED],
    layouts: &[&FORTINET, &PIX, &ASA, &TYPE4, &SCREENOS, &ARUBA, &NETSCALER],
    schemes: &[
        &CISCO_PIX,
        &CISCO_ASA,
        &CISCO_TYPE4,
        &JUNIPER_SCREENOS,
        &FORTIGATE_SHA1,
        &FORTIGATE_SHA256,
        &ARUBAOS,
        &NETSCALER_SHA1,
        &NETSCALER_SHA512,
    ],
};

const fn form(name: &'static str, kind: FormKind, digest_len: usize) -> FormDef {
    FormDef { name, kind, digest_len }
}

static FORTIGATE: [FormDef; 2] =
    [form("fortigate-sha1", FormKind::Modular, 20), form("fortigate-sha256", FormKind::Modular, 32)];
static ASA_FORM: FormDef = form("cisco-asa", FormKind::SaltedDigest, 12);
/// Sixteen characters that their column gives away.
pub(super) static PIX_SHAPED: FormDef = form("cisco-pix-shaped", FormKind::Modular, 0);
pub(super) static ASA_SHAPED: FormDef = form("cisco-asa-shaped", FormKind::Modular, 0);
static TYPE4_FORM: FormDef = form("cisco-type4", FormKind::Digest, 32);
static SCREENOS_FORM: FormDef = form("screenos", FormKind::SaltedDigest, 16);
/// A salt of four bytes, the version `01`, SHA-1.
static HEX50: FormDef = form("hex50", FormKind::Digest, 20);
/// `1`, eight digits of salt, SHA-1; `2`, eight digits of salt, SHA-512.
static HEX49: FormDef = form("hex49", FormKind::Digest, 20);
static HEX137: FormDef = form("hex137", FormKind::Digest, 64);

static FORTINET: [Layout; 2] = [
    Layout {
        form: &FORTIGATE[0],
        parts: &[
            Part::Is("AK1"),
            Part::Packed(Coding::Base64, &[Inner::Field(Slot::Salt, 12), Inner::Field(Slot::Key, 20)]),
        ],
    },
    Layout {
        form: &FORTIGATE[1],
        parts: &[
            Part::Is("SH2"),
            Part::Packed(Coding::Base64, &[Inner::Field(Slot::Salt, 12), Inner::Field(Slot::Key, 32)]),
        ],
    },
];
static PIX: [Layout; 1] = [Layout { form: &TEXT_16, parts: &[Part::Chars(Slot::Key, Coding::Crypt, 16)] }];
/// The digest, and the first four characters of the login.
static ASA: [Layout; 2] = [
    Layout {
        form: &ASA_FORM,
        parts: &[
            Part::Chars(Slot::Key, Coding::Crypt, 16),
            Part::Is(":"),
            Part::Field(Slot::Login, Coding::Visible, 1, 4),
        ],
    },
    Layout { form: &TEXT_16, parts: &[Part::Chars(Slot::Key, Coding::Crypt, 16)] },
];
static TYPE4: [Layout; 1] = [Layout { form: &TYPE4_FORM, parts: &[Part::Field(Slot::Key, Coding::Cisco, 32, 32)] }];
/// Thirty characters, the login beside them in the table or behind a colon.
static SCREENOS: [Layout; 2] = [
    Layout { form: &SCREENOS_FORM, parts: &[Part::Chars(Slot::Key, Coding::Visible, 30)] },
    Layout {
        form: &SCREENOS_FORM,
        parts: &[
            Part::Chars(Slot::Key, Coding::Visible, 30),
            Part::Is(":"),
            Part::Field(Slot::Login, Coding::Visible, 1, 64),
        ],
    },
];
static ARUBA: [Layout; 1] = [Layout {
    form: &HEX50,
    parts: &[Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 4), Inner::Is(&[1]), Inner::Field(Slot::Key, 20)])],
}];
static NETSCALER: [Layout; 2] = [
    Layout {
        form: &HEX49,
        parts: &[
            Part::Is("1"),
            Part::Chars(Slot::Salt, Coding::Visible, 8),
            Part::Field(Slot::Key, Coding::Hex, 20, 20),
        ],
    },
    Layout {
        form: &HEX137,
        parts: &[
            Part::Is("2"),
            Part::Chars(Slot::Salt, Coding::Visible, 8),
            Part::Field(Slot::Key, Coding::Hex, 64, 64),
        ],
    },
];

const SALTED: &str = "a fast hash: the salt slows nobody down who attacks one account";
const UNSALTED: &str = "an unsalted fast hash: one look-up table opens every account";
/// What Fortinet hashes behind every password.
const FORTINET_TEXT: [u8; 24] = [
    0xa3, 0x88, 0xba, 0x2e, 0x42, 0x4c, 0xb0, 0x4a, 0x53, 0x79, 0x30, 0xc1, 0x31, 0x07, 0xcc, 0x3f, 0xa1, 0x32, 0x90,
    0x29, 0xa9, 0x81, 0x5b, 0x70,
];
/// Where `ScreenOS` puts which letters among its digest's characters.
const MARKS: [(usize, u8); 6] = [(0, b'n'), (6, b'r'), (12, b'c'), (17, b's'), (23, b't'), (29, b'n')];

pub(super) static CISCO_PIX: Row =
    Row::new("cisco-pix", &[&TEXT_16, &PIX_SHAPED], &PIX, Cost::Fixed(140, UNSALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &pix(candidate)))
    })
    .salted_from(SaltFrom::Nowhere)
    .fast()
    .ranked(140);
pub(super) static CISCO_ASA: Row = Row::new(
    "cisco-asa",
    &[&ASA_FORM, &TEXT_16, &ASA_SHAPED],
    &ASA,
    Cost::Fixed(140, SALTED),
    |value, stored, candidate| {
        let login = if value.login().is_empty() { stored.login.unwrap_or_default() } else { value.login() };
        if login.is_empty() {
            return Err(Unverifiable::Missing);
        }
        // Long passwords are hashed without the login.
        let salt = if candidate.len() > 28 { &[] } else { &login[..login.len().min(4)] };
        Ok(fast::same(value.key(), &pix(&[candidate, salt].concat())))
    },
)
.salted_from(SaltFrom::Login)
.fast()
.ranked(141);
static CISCO_TYPE4: Row =
    Row::new("cisco-type4", &[&TYPE4_FORM], &TYPE4, Cost::Fixed(70, UNSALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha256(&[candidate])))
    })
    .salted_from(SaltFrom::Nowhere)
    .fast();
static JUNIPER_SCREENOS: Row =
    Row::new("screenos", &[&SCREENOS_FORM], &SCREENOS, Cost::Fixed(140, SALTED), |value, stored, candidate| {
        let login = if value.login().is_empty() { stored.login.unwrap_or_default() } else { value.login() };
        if login.is_empty() {
            return Err(Unverifiable::Missing);
        }
        Ok(fast::same(value.key(), &screenos(&hashes::md5(&[login, b":Administration Tools:", candidate]))))
    })
    .salted_from(SaltFrom::Login)
    .fast();
static FORTIGATE_SHA1: Row =
    Row::new("fortigate-sha1", &[&FORTIGATE[0]], &FORTINET, Cost::Fixed(70, SALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha1(&[value.salt(), candidate, &FORTINET_TEXT])))
    })
    .fast();
static FORTIGATE_SHA256: Row =
    Row::new("fortigate-sha256", &[&FORTIGATE[1]], &FORTINET, Cost::Fixed(70, SALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha256(&[value.salt(), candidate, &FORTINET_TEXT])))
    })
    .fast();
static ARUBAOS: Row = Row::new("arubaos", &[&HEX50], &ARUBA, Cost::Fixed(70, SALTED), |value, _, candidate| {
    Ok(fast::same(value.key(), &hashes::sha1(&[value.salt(), &[1], candidate])))
})
.fast();
static NETSCALER_SHA1: Row =
    Row::new("netscaler-sha1", &[&HEX49], &NETSCALER, Cost::Fixed(70, SALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha1(&[value.salt(), candidate, &[0]])))
    })
    .fast();
static NETSCALER_SHA512: Row =
    Row::new("netscaler-sha512", &[&HEX137], &NETSCALER, Cost::Fixed(400, SALTED), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha512(&[value.salt(), candidate, &[0]])))
    })
    .fast();

fn by_prefix(value: &[u8]) -> Option<Form> {
    layout::first(&[&FORTINET], value)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    match value.len() {
        30 if is_screenos(value) => Some(Form::plain(&SCREENOS_FORM)),
        43 if is_mixed(value) => layout::first(&[&TYPE4], value),
        49 | 50 | 137 if codec::is_hex(&value[1..]) => layout::first(&[&NETSCALER, &ARUBA], value),
        18..=21 if value[16] == b':' => layout::first(&[&ASA[..1]], value),
        31.. if value[30] == b':' && is_screenos(&value[..30]) => layout::first(&[&SCREENOS], value),
        _ => None,
    }
}

fn is_screenos(text: &[u8]) -> bool {
    MARKS.iter().all(|(at, letter)| text[*at] == *letter) && codec::is_ab64(text)
}

/// Upper case, lower case and digits: what random characters of this number nearly always have.
fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_digit)
}

/// MD5 of a password filled up with zeros to sixteen bytes (or thirty-two), of each four bytes twenty-four bits.
fn pix(password: &[u8]) -> Vec<u8> {
    let digest = if password.len() > 16 {
        hashes::md5(&[&hashes::filled::<32>(password)])
    } else {
        hashes::md5(&[&hashes::filled::<16>(password)])
    };
    let mut text = Vec::with_capacity(16);
    for four in digest.chunks_exact(4) {
        let bits = four.iter().rev().fold(0, |bits, b| bits << 8 | u32::from(*b));
        codec::push_itoa64(bits, 4, &mut text);
    }
    text
}

/// Three characters of base64 for each two bytes, and the marks between.
fn screenos(digest: &[u8]) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text: Vec<u8> = Vec::with_capacity(30);
    for two in digest.chunks_exact(2) {
        let bits = usize::from(two[0]) << 8 | usize::from(two[1]);
        text.extend([bits >> 12, bits >> 6 & 63, bits & 63].map(|six| ALPHABET[six]));
    }
    for (at, letter) in MARKS {
        text.insert(at, letter);
    }
    text
}
