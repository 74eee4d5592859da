//! Progress `OpenEdge`'s `ENCODE`, the `_user` table's password: sixteen letters out of a 16-bit checksum.

use super::layout::{Coding, Layout, Part, Slot};
use super::plaintext::TEXT_16;
use super::row::{Cost, Row};
use super::{Family, SaltFrom, fast};
use crate::model::{FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "openedge",
    prefixes: &[],
    by_prefix: None,
    by_shape: None,
    forms: &[&SHAPED],
    layouts: &[&LETTERS],
    schemes: &[&OPENEDGE],
};

/// Sixteen letters that their column gives away.
pub(super) static SHAPED: FormDef = FormDef { name: "openedge-shaped", kind: FormKind::Modular, digest_len: 0 };

static LETTERS: [Layout; 1] = [Layout { form: &TEXT_16, parts: &[Part::Chars(Slot::Key, Coding::Crypt, 16)] }];

pub(super) static OPENEDGE: Row = Row::new(
    "openedge",
    &[&TEXT_16, &SHAPED],
    &LETTERS,
    Cost::Fixed(500, "a checksum, no hash: one look-up table opens every account"),
    |value, _, candidate| Ok(fast::same(value.key(), &encode(candidate))),
)
.salted_from(SaltFrom::Nowhere)
.fast()
.ranked(142);

fn encode(password: &[u8]) -> [u8; 16] {
    let mut scratch = [0_u8; 16];
    let mut sum = 17_u16;
    for _ in 0..5 {
        for (at, byte) in password.iter().enumerate() {
            scratch[15 - at % 16] ^= byte;
        }
        for pair in 0..8 {
            for at in (0..16).rev() {
                sum = sum >> 8 ^ crc16(sum as u8) ^ crc16(scratch[at]);
            }
            [scratch[2 * pair], scratch[2 * pair + 1]] = sum.to_le_bytes();
        }
    }
    scratch.map(letter)
}

/// The letter that stands for a byte.
pub(super) const fn letter(byte: u8) -> u8 {
    let low = byte & 0x7f;
    if low.is_ascii_alphabetic() { low } else { (byte >> 4) + b'a' }
}

/// CRC-16 of one byte, polynomial 0x8005, bits reversed.
const fn crc16(byte: u8) -> u16 {
    let (mut sum, mut bit) = (byte as u16, 0);
    while bit < 8 {
        sum = if sum & 1 == 1 { sum >> 1 ^ 0xa001 } else { sum >> 1 };
        bit += 1;
    }
    sum
}
