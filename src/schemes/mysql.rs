//! `MySQL`'s own password hashes: `PASSWORD()` of 4.1 (`*` and 40 hex digits; bare in copies), and of 3.23 (16 hex digits).

use super::bare::{Bare, Direct, HEX16, HEX40};
use super::{Family, codec};
use crate::model::{Algorithm, Form, FormDef, FormKind, Formula};

pub(super) const FAMILY: Family = Family {
    file: "mysql",
    prefixes: &["*"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&FORM],
    layouts: &[],
    schemes: &[&MYSQL41, &MYSQL323],
};

static FORM: FormDef = FormDef { name: "mysql41", kind: FormKind::Modular, digest_len: 20 };

static MYSQL41: Bare =
    Bare { name: "mysql41", formula: Formula::TwiceRaw(Algorithm::Sha1), forms: &[&FORM, &HEX40], rank: 102 };
static MYSQL323: Direct = Direct { name: "mysql323", form: &[&HEX16], hash: old_password };

fn recognise(value: &[u8]) -> Option<Form> {
    let hex = value.strip_prefix(b"*")?;
    (hex.len() == 40 && codec::is_hex(hex)).then(|| Form::plain(&FORM))
}

/// `OLD_PASSWORD()`: two 31-bit sums over the password's bytes, blanks and tabs skipped. The starting values are those of
/// the `MySQL` manual's function; the published vector in the tests holds them.
fn old_password(password: &[u8]) -> Vec<u8> {
    let (mut high, mut low, mut add) = (0x5030_5735_u32, 0x1234_5671_u32, 7_u32);
    for &byte in password.iter().filter(|b| !matches!(b, b' ' | b'\t')) {
        let byte = u32::from(byte);
        high ^= (high & 63).wrapping_add(add).wrapping_mul(byte).wrapping_add(high << 8);
        low = low.wrapping_add((low << 8) ^ high);
        add = add.wrapping_add(byte);
    }
    [high & 0x7fff_ffff, low & 0x7fff_ffff].iter().flat_map(|half| half.to_be_bytes()).collect()
}
