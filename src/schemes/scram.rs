//! SCRAM's stored keys (RFC 5802, RFC 7677): `PostgreSQL`'s verifiers, and `MongoDB`'s as hashcat writes them.
//!
//! A form's parameter is the iteration count. Passwords are taken as their bytes: `SASLprep` (RFC 4013) leaves ASCII and
//! nearly all typed text as it is.

use sha1::Sha1;
use sha2::Sha256;

use super::layout::{self, Coding, LONGEST_TEXT, Layout, Part, Slot, forms_of};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::{Family, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "scram",
    prefixes: &["SCRAM-SHA-256$", "$mongodb-scram$*"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_SHA1, &OF_SHA256],
    schemes: &[&SHA1, &SHA256],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

static MONGODB_SHA1: FormDef = form("mongodb-scram-sha-1", 20);
static MONGODB_SHA256: FormDef = form("mongodb-scram-sha-256", 32);
static POSTGRES: FormDef = form("scram-sha-256", 32);

const SALT: Part = Part::Field(Slot::Salt, Coding::Base64, 1, LONGEST_TEXT);

/// `$mongodb-scram$*<kind>*<login>*<iterations>*<salt>*<ServerKey>`, all texts in base64.
macro_rules! mongodb {
    ($form:expr, $prefix:literal, $len:literal) => {
        Layout {
            form: &$form,
            parts: &[
                Part::Is($prefix),
                Part::Field(Slot::Login, Coding::Base64, 0, LONGEST_TEXT),
                Part::Is("*"),
                Part::Number(0),
                Part::Is("*"),
                SALT,
                Part::Is("*"),
                Part::Field(Slot::Extra, Coding::Base64, $len, $len),
            ],
        }
    };
}
static OF_SHA1: [Layout; 1] = [mongodb!(MONGODB_SHA1, "$mongodb-scram$*0*", 20)];
static OF_SHA256: [Layout; 2] = [
    // `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the last three in base64.
    Layout {
        form: &POSTGRES,
        parts: &[
            Part::Is("SCRAM-SHA-256$"),
            Part::Number(0),
            Part::Is(":"),
            SALT,
            Part::Is("$"),
            Part::Field(Slot::Key, Coding::Base64, 32, 32),
            Part::Is(":"),
            Part::Field(Slot::Extra, Coding::Base64, 32, 32),
        ],
    },
    mongodb!(MONGODB_SHA256, "$mongodb-scram$*1*", 32),
];

/// `MongoDB` hashes login and password before.
static SHA1: Row = Row::new(
    "scram-sha-1",
    &forms_of(&OF_SHA1),
    &OF_SHA1,
    Cost::Count("iterations", "iteration count", Prf::Sha1.work(1)),
    |value, _, candidate| {
        let password = hex::encode(hashes::md5(&[value.login(), b":mongo:", candidate]));
        let mut salted = [0; 20];
        Prf::Sha1.derive(password.as_bytes(), value.salt(), value.counts[0], &mut salted)?;
        Ok(fast::same(value.extra(), &hashes::hmac::<Sha1>(&salted, &[b"Server Key"])))
    },
);
static SHA256: Row = Row::new(
    "scram-sha-256",
    &forms_of(&OF_SHA256),
    &OF_SHA256,
    Cost::Count("iterations", "iteration count", Prf::Sha256.work(1)),
    |value, _, candidate| {
        let mut salted = [0; 32];
        Prf::Sha256.derive(candidate, value.salt(), value.counts[0], &mut salted)?;
        if value.key().is_empty() {
            return Ok(fast::same(value.extra(), &hashes::hmac::<Sha256>(&salted, &[b"Server Key"])));
        }
        let client_key = hashes::hmac::<Sha256>(&salted, &[b"Client Key"]);
        Ok(fast::same(value.key(), &hashes::sha256(&[&client_key])))
    },
);

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}
