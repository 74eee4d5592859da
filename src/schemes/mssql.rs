//! SQL Server's `sys.sql_logins.password_hash` since version 2000, and Sybase ASE's `syslogins`, from the same family:
//! hexadecimal behind `0x`, a version, a salt, digests.

use super::layout::{self, Coding, Inner, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "mssql",
    prefixes: &["0x"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_2000, &OF_2005, &OF_2012, &SYBASE],
    schemes: &[&MSSQL_2000, &MSSQL_2005, &MSSQL_2012, &SYBASE_ASE],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

static FORM_2000: FormDef = form("mssql-2000", 20);
static FORM_2005: FormDef = form("mssql-2005", 20);
static FORM_2012: FormDef = form("mssql-2012", 64);
static FORM_SYBASE: FormDef = form("sybase-ase", 32);

/// Two digests: of the password as it is, and in upper case.
static OF_2000: [Layout; 1] = [Layout {
    form: &FORM_2000,
    parts: &[
        Part::Is("0x0100"),
        Part::Packed(
            Coding::Hex,
            &[Inner::Field(Slot::Salt, 4), Inner::Field(Slot::Extra, 20), Inner::Field(Slot::Key, 20)],
        ),
    ],
}];
static OF_2005: [Layout; 1] = [Layout {
    form: &FORM_2005,
    parts: &[
        Part::Is("0x0100"),
        Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 4), Inner::Field(Slot::Key, 20)]),
    ],
}];
static OF_2012: [Layout; 1] = [Layout {
    form: &FORM_2012,
    parts: &[
        Part::Is("0x0200"),
        Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 4), Inner::Field(Slot::Key, 64)]),
    ],
}];
/// Either case of `c007`.
static SYBASE: [Layout; 1] = [Layout {
    form: &FORM_SYBASE,
    parts: &[
        Part::Label("0xc007"),
        Part::Packed(Coding::Hex, &[Inner::Field(Slot::Salt, 8), Inner::Field(Slot::Key, 32)]),
    ],
}];

/// Bytes that a password takes in Sybase's hash.
const SYBASE_ROOM: usize = 510;
const WHY: &str = "a fast hash: the salt slows nobody down who attacks one account";

static MSSQL_2000: Row =
    Row::new("mssql-2000", &[&FORM_2000], &OF_2000, Cost::Fixed(150, WHY), |value, _, candidate| {
        let folded = hashes::sha1(&[&hashes::utf16le(&hashes::upper(candidate)), value.salt()]);
        let exact = hashes::sha1(&[&hashes::utf16le(candidate), value.salt()]);
        // The digest of the password as it is can be wiped out.
        let wiped = value.extra().iter().all(|b| *b == 0);
        Ok(fast::same(value.key(), &folded) && (wiped || fast::same(value.extra(), &exact)))
    })
    .fast();
static MSSQL_2005: Row =
    Row::new("mssql-2005", &[&FORM_2005], &OF_2005, Cost::Fixed(80, WHY), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha1(&[&hashes::utf16le(candidate), value.salt()])))
    })
    .fast();
static MSSQL_2012: Row =
    Row::new("mssql-2012", &[&FORM_2012], &OF_2012, Cost::Fixed(450, WHY), |value, _, candidate| {
        Ok(fast::same(value.key(), &hashes::sha512(&[&hashes::utf16le(candidate), value.salt()])))
    })
    .fast();
static SYBASE_ASE: Row =
    Row::new("sybase-ase", &[&FORM_SYBASE], &SYBASE, Cost::Fixed(700, WHY), |value, _, candidate| {
        let room: [u8; SYBASE_ROOM] = hashes::filled(&hashes::utf16be(candidate));
        Ok(fast::same(value.key(), &hashes::sha256(&[&room, value.salt()])))
    })
    .fast();

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value)
}
