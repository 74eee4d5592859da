//! `XenForo`'s `xf_user_authenticate.data` of before version 1.2, serialised by PHP: a fast hash of the fast hash with a salt.
//! (Since then it holds a bcrypt, which reads through its wrapping.)

use super::layout::{self, Coding, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "xenforo",
    prefixes: &["a:3:{s:4:\"hash\";"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_SHA256, &OF_SHA1],
    schemes: &[&SHA256, &SHA1],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

static SHA256_FORM: FormDef = form("xenforo-sha256", 32);
static SHA1_FORM: FormDef = form("xenforo-sha1", 20);

macro_rules! serialised {
    ($form:expr, $open:literal, $len:literal, $close:literal) => {
        [Layout {
            form: &$form,
            parts: &[
                Part::Is($open),
                Part::Field(Slot::Key, Coding::Hex, $len, $len),
                Part::Is("\";s:4:\"salt\";s:"),
                Part::Number(0),
                Part::Is(":\""),
                Part::Field(Slot::Salt, Coding::Text, 1, 128),
                Part::Is($close),
            ],
        }]
    };
}
static OF_SHA256: [Layout; 1] =
    serialised!(SHA256_FORM, "a:3:{s:4:\"hash\";s:64:\"", 32, "\";s:8:\"hashFunc\";s:6:\"sha256\";}");
static OF_SHA1: [Layout; 1] =
    serialised!(SHA1_FORM, "a:3:{s:4:\"hash\";s:40:\"", 20, "\";s:8:\"hashFunc\";s:4:\"sha1\";}");

const WHY: &str = "a fast hash: the salt slows nobody down who attacks one account";

static SHA256: Row =
    Row::new("xenforo-sha256", &[&SHA256_FORM], &OF_SHA256, Cost::Fixed(200, WHY), |value, _, candidate| {
        let inner = hex::encode(hashes::sha256(&[candidate]));
        Ok(fast::same(value.key(), &hashes::sha256(&[inner.as_bytes(), value.salt()])))
    })
    .fast();
static SHA1: Row = Row::new("xenforo-sha1", &[&SHA1_FORM], &OF_SHA1, Cost::Fixed(200, WHY), |value, _, candidate| {
    let inner = hex::encode(hashes::sha1(&[candidate]));
    Ok(fast::same(value.key(), &hashes::sha1(&[inner.as_bytes(), value.salt()])))
})
.fast();

fn recognise(value: &[u8]) -> Option<Form> {
    // The salt's length is told twice.
    layout::first(FAMILY.layouts, value)
}
