//! crypt(3) before the dollar: DES-based traditional crypt (1979), `BSDi`'s extension of it (`_`), and the tripcodes of image
//! boards, which are the first's last ten characters.
//!
//! No library keeps DES with the salt in its expansion, so DES is here by hand, from FIPS 46-3. A traditional hash is
//! thirteen characters of plain text to look at; see [`plaintext::TEXT_13`].

use super::layout::{self, Coding, Layout, Part, Slot, Value};
use super::plaintext::{TEXT_10, TEXT_13};
use super::row::{Cost, Row};
use super::{Family, SaltFrom, Unverifiable, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "unix_crypt",
    prefixes: &["_"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&SHAPED, &TRIPCODE_SHAPED],
    layouts: &[&BSDI, &TRADITIONAL, &TRIPCODES],
    schemes: &[&DESCRYPT, &BSDICRYPT, &TRIPCODE],
};

static BSDI_FORM: FormDef = FormDef { name: "bsdicrypt", kind: FormKind::Modular, digest_len: 8 };

/// Traditional crypt behind a label that says so.
pub(super) static LABELLED: FormDef = FormDef { name: "descrypt", kind: FormKind::Modular, digest_len: 8 };

/// Traditional crypt and tripcodes that their column gives away.
pub(super) static SHAPED: FormDef = FormDef { name: "descrypt-shaped", kind: FormKind::Modular, digest_len: 0 };
pub(super) static TRIPCODE_SHAPED: FormDef =
    FormDef { name: "tripcode-shaped", kind: FormKind::Modular, digest_len: 0 };

/// `_`, four characters of rounds, four of salt, eleven of hash.
static BSDI: [Layout; 1] = [Layout {
    form: &BSDI_FORM,
    parts: &[Part::Is("_"), Part::Number64(0, 4), Part::Number64(1, 4), Part::Chars(Slot::Key, Coding::Crypt, 11)],
}];
/// Two characters of salt, eleven of hash.
static TRADITIONAL: [Layout; 2] =
    [Layout { form: &LABELLED, parts: &THIRTEEN }, Layout { form: &TEXT_13, parts: &THIRTEEN }];
const THIRTEEN: [Part; 3] = [Part::Given(0, 0), Part::Number64(1, 2), Part::Chars(Slot::Key, Coding::Crypt, 11)];
static TRIPCODES: [Layout; 1] = [Layout { form: &TEXT_10, parts: &[Part::Chars(Slot::Key, Coding::Crypt, 10)] }];

/// Rounds of DES, fixed by the scheme.
const ROUNDS: u64 = 25;
/// Nanoseconds of one DES and of its key, one core, measured.
const ROUND: u64 = 400;
const SETUP: u64 = 5_000;
const WHY: &str = "cut at eight characters, 25 rounds of DES with 12 bits of salt";

pub(super) static DESCRYPT: Row = Row::new(
    "descrypt",
    &[&LABELLED, &TEXT_13, &SHAPED],
    &TRADITIONAL,
    Cost::Fixed(ROUNDS * ROUND + SETUP, WHY),
    |value, _, candidate| Ok(fast::same(value.key(), &traditional(value, candidate))),
)
.ranked(120);
static BSDICRYPT: Row =
    Row::new("bsdicrypt", &[&BSDI_FORM], &BSDI, Cost::Count("rounds", "round count", ROUND), |value, _, candidate| {
        let block = des(&schedule(extended(candidate)), value.counts[1] as u32, value.counts[0], 0);
        Ok(fast::same(value.key(), &text(block)))
    });
pub(super) static TRIPCODE: Row = Row::new(
    "tripcode",
    &[&TEXT_10, &TRIPCODE_SHAPED],
    &TRIPCODES,
    Cost::Fixed(ROUNDS * ROUND + SETUP, WHY),
    |value, _, candidate| {
        // The second and third character, what is outside crypt(3)'s alphabet moved into it.
        let character =
            |at: usize| match candidate.get(at).copied().unwrap_or(if candidate.len() == 1 { b'H' } else { b'.' }) {
                c @ (b'.'..=b'9' | b'A'..=b'Z' | b'a'..=b'z') => c,
                c @ b':'..=b'@' => c - b':' + b'A',
                c @ b'['..=b'`' => c - b'[' + b'a',
                _ => b'.',
            };
        let salt = codec::itoa64_number(&[character(1), character(2)]).ok_or(Unverifiable::Malformed)?;
        let block = des(&schedule(eight(candidate)), salt, ROUNDS, 0);
        Ok(fast::same(value.key(), &text(block)[1..]))
    },
)
.salted_from(SaltFrom::Nowhere)
.graded_as("descrypt")
.ranked(140);

fn recognise(value: &[u8]) -> Option<Form> {
    if value.len() != 20 || value[0] != b'_' {
        return None;
    }
    layout::first(&[&BSDI], value)
}

fn traditional(value: &Value<'_>, candidate: &[u8]) -> Vec<u8> {
    text(des(&schedule(eight(candidate)), value.counts[1] as u32, ROUNDS, 0))
}

/// The key of a password's first eight bytes: seven bits of each. A zero byte ends the password.
fn eight(password: &[u8]) -> u64 {
    let ended = password.split(|b| *b == 0).next().unwrap_or_default();
    (0..8).fold(0, |key, i| key << 8 | u64::from(ended.get(i).copied().unwrap_or(0) << 1))
}

/// `BSDi`'s key of a password of any length: what came before is encrypted with itself and mixed with the next eight bytes.
fn extended(password: &[u8]) -> u64 {
    let ended = password.split(|b| *b == 0).next().unwrap_or_default();
    let mut key = eight(ended);
    for next in ended.chunks(8).skip(1) {
        key = des(&schedule(key), 0, 1, key) ^ eight(next);
    }
    key
}

/// Sixty-four bits in eleven characters, high bits first.
fn text(block: u64) -> Vec<u8> {
    let wide = u128::from(block) << 2;
    (0..11).rev().filter_map(|i| codec::itoa64((wide >> (6 * i)) as u32 & 63)).collect()
}

/// The sixteen round keys of 48 bits.
fn schedule(key: u64) -> [u64; 16] {
    const TURNS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
    const HALF: u64 = (1 << 28) - 1;
    let both = permuted(key, 64, &PC1);
    let (mut c, mut d) = (both >> 28, both & HALF);
    let turned = |half: u64, by: u32| (half << by | half >> (28 - by)) & HALF;
    TURNS.map(|by| {
        (c, d) = (turned(c, by), turned(d, by));
        permuted(c << 28 | d, 56, &PC2)
    })
}

/// DES, `rounds` times over, with the bits of `salt` that are set swapping bits of the expansion.
fn des(keys: &[u64; 16], salt: u32, rounds: u64, block: u64) -> u64 {
    // The salt's lowest bit swaps the expansion's first bit with the one 24 places later.
    let swapped = u64::from(salt.reverse_bits() >> 8);
    let start = permuted(block, 64, &IP);
    let (mut left, mut right) = ((start >> 32) as u32, start as u32);
    for _ in 0..rounds {
        for key in keys {
            (left, right) = (right, left ^ feistel(right, *key, swapped));
        }
        (left, right) = (right, left);
    }
    permuted(u64::from(left) << 32 | u64::from(right), 64, &FP)
}

fn feistel(half: u32, key: u64, swapped: u64) -> u32 {
    let turned = half.rotate_right(1);
    let expanded = (0..8).fold(0, |bits, group| bits << 6 | u64::from(turned.rotate_left(4 * group) >> 26));
    let differing = (expanded >> 24 ^ expanded) & swapped;
    let mixed = expanded ^ differing << 24 ^ differing ^ key;
    (0..8).fold(0, |out, group| out | BOXES[group][(mixed >> (42 - 6 * group)) as usize & 63])
}

/// Takes the bits of `bits`, the first being the highest of `width`, in the order of `table`.
const fn permuted(bits: u64, width: u32, table: &[u8]) -> u64 {
    let (mut out, mut i) = (0, 0);
    while i < table.len() {
        out = out << 1 | bits >> (width - table[i] as u32) & 1;
        i += 1;
    }
    out
}

/// The substitution boxes with the permutation that follows them.
static BOXES: [[u32; 64]; 8] = {
    let mut boxes = [[0; 64]; 8];
    let mut group = 0;
    while group < 8 {
        let mut six = 0;
        while six < 64 {
            let row = six >> 4 & 2 | six & 1;
            let four = S[group][row << 4 | six >> 1 & 15] as u64;
            boxes[group][six] = permuted(four << (28 - 4 * group), 32, &P) as u32;
            six += 1;
        }
        group += 1;
    }
    boxes
};

/// FIPS 46-3: initial and final permutation, permuted choices, substitution boxes, permutation.
const IP: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32,
    24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47,
    39, 31, 23, 15, 7,
];
const FP: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21,
    61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9,
    49, 17, 57, 25,
];
const PC1: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55,
    47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const PC2: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30,
    40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const P: [u8; 32] = [
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4,
    25,
];
const S: [[u8; 64]; 8] = [
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8, 4,
        1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
    ],
    [
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5, 0,
        14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
    ],
    [
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1, 13,
        6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
    ],
    [
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9, 10,
        6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
    ],
    [
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6, 4,
        2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
    ],
    [
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8, 9,
        14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
    ],
    [
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6, 1,
        4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
    ],
    [
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2, 7,
        11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_salt_it_is_des() {
        use ::des::Des;
        use ::des::cipher::{BlockCipherEncrypt, KeyInit};
        let mut block = 0x0123_4567_89ab_cdef_u64;
        for turn in 0..100 {
            let key = block.rotate_left(turn) ^ 0x5555_aaaa_1234_9876;
            let cipher = Des::new_from_slice(&key.to_be_bytes()).unwrap();
            let mut theirs = block.to_be_bytes().into();
            cipher.encrypt_block(&mut theirs);
            block = des(&schedule(key), 0, 1, block);
            assert_eq!(theirs[..], block.to_be_bytes());
        }
    }
}
