//! Oracle Database: `SYS.USER$` keeps the password of version 7 to 10 in PASSWORD (sixteen digits, salted with the user's
//! name), those of 11 (`S:`) and 12 (`T:`) in SPARE4, which can hold both; and Oracle Transportation Management's own.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use sha2::Sha256;

use super::bare::HEX16;
use super::layout::{self, Coding, Inner, LONGEST_TEXT, Layout, Part, Slot};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::salted::HEX_SALT;
use super::{Family, SaltFrom, Unverifiable, codec, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "oracle",
    prefixes: &["S:", "T:", "H:", "otm_sha256:"],
    by_prefix: Some(recognise),
    by_shape: Some(by_shape),
    forms: &[],
    layouts: &[&OF_11, &OF_12, &OF_7, &OTM],
    schemes: &[&H, &S, &T, &OTM_SHA256],
};

const fn form(name: &'static str, kind: FormKind, digest_len: usize) -> FormDef {
    FormDef { name, kind, digest_len }
}

static H_FORM: FormDef = form("hex16:login", FormKind::SaltedDigest, 8);
static S_FORM: FormDef = form("oracle-s", FormKind::Modular, 20);
static T_FORM: FormDef = form("oracle-t", FormKind::Modular, 64);
static HEX160: FormDef = form("hex160", FormKind::Digest, 64);
static OTM_FORM: FormDef = form("otm-sha256", FormKind::Modular, 32);

/// Digest and ten bytes of salt, as SPARE4 has them, and as hashcat writes them.
static OF_11: [Layout; 2] = [
    Layout {
        form: &S_FORM,
        parts: &[
            Part::Is("S:"),
            Part::Packed(Coding::HexUpper, &[Inner::Field(Slot::Key, 20), Inner::Field(Slot::Salt, 10)]),
        ],
    },
    Layout {
        form: &HEX_SALT[1],
        parts: &[
            Part::Field(Slot::Key, Coding::Hex, 20, 20),
            Part::Is(":"),
            Part::Field(Slot::Salt, Coding::Hex, 10, 10),
        ],
    },
];
/// Digest and sixteen bytes of salt.
static OF_12: [Layout; 2] = [
    Layout {
        form: &T_FORM,
        parts: &[
            Part::Is("T:"),
            Part::Packed(Coding::HexUpper, &[Inner::Field(Slot::Key, 64), Inner::Field(Slot::Salt, 16)]),
        ],
    },
    Layout {
        form: &HEX160,
        parts: &[Part::Packed(Coding::HexUpper, &[Inner::Field(Slot::Key, 64), Inner::Field(Slot::Salt, 16)])],
    },
];
/// The digest alone, the user's name beside it in the table; or behind a colon, as hashcat writes it.
static OF_7: [Layout; 2] = [
    Layout { form: &HEX16, parts: &[Part::Field(Slot::Key, Coding::Hex, 8, 8)] },
    Layout {
        form: &H_FORM,
        parts: &[
            Part::Field(Slot::Key, Coding::HexUpper, 8, 8),
            Part::Is(":"),
            Part::Field(Slot::Login, Coding::Visible, 1, 128),
        ],
    },
];
static OTM: [Layout; 1] = [Layout {
    form: &OTM_FORM,
    parts: &[
        Part::Is("otm_sha256:"),
        Part::Number(0),
        Part::Is(":"),
        Part::Field(Slot::Salt, Coding::Text, 0, LONGEST_TEXT),
        Part::Is(":"),
        Part::Field(Slot::Key, Coding::Base64, 32, 32),
    ],
}];

/// Iterations of version 12, fixed.
const ITERATIONS: u64 = 4096;

static H: Row = Row::new(
    "oracle-h",
    &[&H_FORM, &HEX16],
    &OF_7,
    Cost::Fixed(4_000, "DES of name and password, case folded: tried by the hundred million a second"),
    |value, stored, candidate| {
        let login = if value.login().is_empty() { stored.login.unwrap_or_default() } else { value.login() };
        if login.is_empty() {
            return Err(Unverifiable::Missing);
        }
        let both = hashes::utf16be(&hashes::upper(&[login, candidate].concat()));
        let last = cbc(&both, 0x0123_4567_89ab_cdef_u64.to_be_bytes());
        Ok(fast::same(value.key(), &cbc(&both, last)))
    },
)
.salted_from(SaltFrom::Login)
.graded_as("oracle-h")
.ranked(131);
static S: Row = Row::new(
    "oracle-s",
    &[&S_FORM, &HEX_SALT[1]],
    &OF_11,
    Cost::Fixed(70, "a fast hash: the salt slows nobody down who attacks one account"),
    |value, _, candidate| Ok(fast::same(value.key(), &hashes::sha1(&[candidate, value.salt()]))),
)
.fast()
.ranked(130);
static T: Row = Row::new(
    "oracle-t",
    &[&T_FORM, &HEX160],
    &OF_12,
    Cost::Fixed(Prf::Sha512.work(ITERATIONS), "4,096 iterations of PBKDF2-HMAC-SHA-512"),
    |value, _, candidate| {
        let mut key = [0; 64];
        Prf::Sha512.derive(candidate, &[value.salt(), b"AUTH_PBKDF2_SPEEDY_KEY"].concat(), ITERATIONS, &mut key)?;
        Ok(fast::same(value.key(), &hashes::sha512(&[&key, value.salt()])))
    },
);
static OTM_SHA256: Row = Row::new(
    "otm-sha256",
    &[&OTM_FORM],
    &OTM,
    Cost::Count("iterations", "iteration count", 67),
    |value, _, candidate| {
        let times = value.counts[0].checked_sub(1).ok_or(Unverifiable::Malformed)?;
        let digest = hashes::again::<Sha256>(hashes::sha256(&[value.salt(), candidate]), times);
        Ok(fast::same(value.key(), &digest))
    },
)
.graded_as("iterated-fast");

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(&[&OF_11[..1], &OF_12[..1], &OTM], spare4(value))
}

fn by_shape(value: &[u8]) -> Option<Form> {
    match value.len() {
        160 if codec::is_hex(value) => Some(Form::plain(&HEX160)),
        _ if value.get(16) == Some(&b':') => layout::first(&[&OF_7[1..]], value),
        _ => None,
    }
}

/// The best part of SPARE4: `S:…;H:…;T:…`, where the last is the newest. A value without it is itself.
pub(super) fn spare4(value: &[u8]) -> &[u8] {
    if !value.starts_with(b"S:") {
        return value;
    }
    match memchr::memmem::find(value, b";T:") {
        Some(at) => &value[at + 1..],
        None => memchr::memchr(b';', value).map_or(value, |at| &value[..at]),
    }
}

/// The last block of DES in CBC mode without an initial vector, filled up with zeros.
fn cbc(text: &[u8], key: [u8; 8]) -> [u8; 8] {
    let cipher = Des::new(&key.into());
    text.chunks(8).fold([0; 8], |last, block| {
        let mut block: [u8; 8] = hashes::filled(block);
        block.iter_mut().zip(last).for_each(|(b, l)| *b ^= l);
        let mut block = block.into();
        cipher.encrypt_block(&mut block);
        block.into()
    })
}
