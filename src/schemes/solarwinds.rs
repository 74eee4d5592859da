//! `SolarWinds` Orion's accounts, as its cracking notes write them: SHA-512 over a kilobyte of PBKDF2, whose salt was the
//! login until 2018 and is random since.

use super::layout::{self, Coding, Layout, Part, Slot, Value};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::{Family, Unverifiable, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "solarwinds",
    prefixes: &["$solarwinds$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OLD, &NEW],
    schemes: &[&ORION, &ORION_2],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 64 }
}

static OLD_FORM: FormDef = form("solarwinds-orion");
static NEW_FORM: FormDef = form("solarwinds-orion-v2");

const KEY: Part = Part::Field(Slot::Key, Coding::Base64, 64, 64);

static OLD: [Layout; 1] = [Layout {
    form: &OLD_FORM,
    parts: &[Part::Is("$solarwinds$0$"), Part::Field(Slot::Salt, Coding::Visible, 1, 128), Part::Is("$"), KEY],
}];
static NEW: [Layout; 1] = [Layout {
    form: &NEW_FORM,
    parts: &[Part::Is("$solarwinds$1$"), Part::Field(Slot::Salt, Coding::Base64, 1, 128), Part::Is("$"), KEY],
}];

/// Iterations, and bytes that are derived.
const ITERATIONS: u64 = 1000;
const DERIVED: usize = 1024;
const COST: Cost = Cost::Fixed(
    Prf::Sha1.work(ITERATIONS) * 52,
    "1,000 iterations of PBKDF2-HMAC-SHA-1, salted with the login at first",
);

static ORION: Row =
    Row::new("solarwinds-orion", &[&OLD_FORM], &OLD, COST, |value, _, candidate| opens(value, candidate));
static ORION_2: Row =
    Row::new("solarwinds-orion-v2", &[&NEW_FORM], &NEW, COST, |value, _, candidate| opens(value, candidate))
        .graded_as("solarwinds-orion");

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}

/// What fills a salt that is a login up to eight characters.
const FILLING: &[u8; 8] = b"12443523";

fn opens(value: &Value<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
    let mut derived = [0; DERIVED];
    let filling = &FILLING[..8_usize.saturating_sub(value.salt().len())];
    Prf::Sha1.derive_long(candidate, &[value.salt(), filling].concat(), ITERATIONS, &mut derived)?;
    Ok(fast::same(value.key(), &hashes::sha512(&[&derived])))
}
