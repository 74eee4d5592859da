//! Lotus Notes and Domino's HTTP passwords: version 5 (32 hexadecimal digits, unsalted), 6 (`(G…)`) and 8 (`(H…)`, PBKDF2 of
//! the one before). The digest is MD2's construction with another table, which no library has.
//!
//! The parameter of version 8's form is the iteration count.

use super::bare::HEX32;
use super::layout::{Coding, Layout, Part, Slot, Value};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::{Family, SaltFrom, Unverifiable, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "domino",
    prefixes: &["(G", "(H"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_5, &OF_6, &OF_8],
    schemes: &[&DOMINO5, &DOMINO6, &DOMINO8],
};

static FORM_6: FormDef = FormDef { name: "domino6", kind: FormKind::Modular, digest_len: 10 };
static FORM_8: FormDef = FormDef { name: "domino8", kind: FormKind::Modular, digest_len: 8 };

static OF_5: [Layout; 1] = [Layout { form: &HEX32, parts: &[Part::Field(Slot::Key, Coding::Hex, 16, 16)] }];
/// Characters of Domino's base64, taken as they are and decoded below.
static OF_6: [Layout; 1] =
    [Layout { form: &FORM_6, parts: &[Part::Is("(G"), Part::Chars(Slot::Extra, Coding::Visible, 19), Part::Is(")")] }];
static OF_8: [Layout; 1] =
    [Layout { form: &FORM_8, parts: &[Part::Is("(H"), Part::Chars(Slot::Extra, Coding::Visible, 48), Part::Is(")")] }];

/// Characters of version 6 that salt and digest decide; the nineteenth can be changed by the server.
const CERTAIN: usize = 18;

static DOMINO5: Row = Row::new(
    "domino5",
    &[&HEX32],
    &OF_5,
    Cost::Fixed(3_000, "an unsalted fast hash: one look-up table opens every account"),
    |value, _, candidate| Ok(fast::same(value.key(), &digest(candidate))),
)
.salted_from(SaltFrom::Nowhere)
.fast()
.ranked(132);
static DOMINO6: Row = Row::new(
    "domino6",
    &[&FORM_6],
    &OF_6,
    Cost::Fixed(9_000, "a fast hash: the salt slows nobody down who attacks one account"),
    |value, _, candidate| {
        let bytes = decode(value.extra()).ok_or(Unverifiable::Malformed)?;
        Ok(fast::same(&value.extra()[..CERTAIN], &version6(&bytes[..5], candidate)[..CERTAIN]))
    },
)
.fast();
static DOMINO8: Row = Row::new(
    "domino8",
    &[&FORM_8],
    &OF_8,
    Cost::Fixed(Prf::Sha1.work(10_000), "some thousand iterations of PBKDF2-HMAC-SHA-1, with eight bytes kept"),
    |value, _, candidate| {
        let parts = Version8::read(value).ok_or(Unverifiable::Malformed)?;
        let inner = [b"(G", &*version6(&parts.salt[..5], candidate), b")"].concat();
        Prf::Sha1.is_key(&inner, &parts.salt, parts.iterations, &parts.key)
    },
);

fn recognise(value: &[u8]) -> Option<Form> {
    if OF_6[0].check(value).is_some() {
        let value = OF_6[0].read(value)?;
        return decode(value.extra()).map(|_| Form::plain(&FORM_6));
    }
    let value = OF_8[0].read(value)?;
    Some(Form { def: &FORM_8, params: Version8::read(&value)?.iterations })
}

/// What version 8 holds: salt, iterations in ten digits, two more digits, eight bytes of key.
struct Version8 {
    salt: Vec<u8>,
    iterations: u64,
    key: Vec<u8>,
}

impl Version8 {
    fn read(value: &Value<'_>) -> Option<Self> {
        let bytes = decode(value.extra())?;
        let (salt, rest) = bytes.split_at_checked(16)?;
        let (iterations, rest) = rest.split_at_checked(10)?;
        Some(Self { salt: salt.to_vec(), iterations: codec::decimal(iterations)?, key: rest.get(2..)?.to_vec() })
    }
}

/// Version 6's nineteen characters.
fn version6(salt: &[u8], password: &[u8]) -> Vec<u8> {
    let inner = format!("({})", hex::encode_upper(digest(password)));
    // Thirty-four bytes are hashed: the salt pushes the last out.
    let outer = digest(&[salt, inner.as_bytes()].concat()[..34]);
    let mut text = encode(&[salt, &outer[..10]].concat());
    text.truncate(19);
    text
}

/// Domino's base64: digits first, `+` and `/` last.
const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";

/// Fifteen bytes in twenty characters, the fourth of them four higher than it is.
fn encode(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[3] = bytes[3].wrapping_add(4);
    let mut text = Vec::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, i| bits << 8 | u32::from(three.get(i).copied().unwrap_or(0)));
        text.extend((0..4).rev().map(|i| ALPHABET[(bits >> (6 * i)) as usize & 63]));
    }
    text
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::new();
    for four in text.chunks(4) {
        let mut bits = 0_u32;
        for i in 0..4 {
            let six = four.get(i).map_or(Some(0), |c| ALPHABET.iter().position(|a| a == c))?;
            bits = bits << 6 | six as u32;
        }
        bytes.extend(&bits.to_be_bytes()[1..four.len().max(2)]);
    }
    *bytes.get_mut(3)? = bytes[3].wrapping_sub(4);
    Some(bytes)
}

/// MD2 (RFC 1319) with Lotus' table, another order in the mixing, and no last zero turn.
fn digest(message: &[u8]) -> [u8; 16] {
    let (mut state, mut checksum) = ([0_u8; 16], [0_u8; 16]);
    let mut rest = message;
    loop {
        let (block, last) = match rest.split_first_chunk::<16>() {
            Some((block, later)) if !later.is_empty() => {
                rest = later;
                (*block, false)
            }
            _ => {
                let mut block = [(16 - rest.len()) as u8; 16];
                block[..rest.len()].copy_from_slice(rest);
                (block, true)
            }
        };
        mix(&mut state, &block);
        let mut t = checksum[15];
        for (sum, byte) in checksum.iter_mut().zip(block) {
            *sum ^= TABLE[usize::from(t ^ byte)];
            t = *sum;
        }
        if last {
            break;
        }
    }
    mix(&mut state, &checksum);
    state
}

fn mix(state: &mut [u8; 16], block: &[u8; 16]) {
    let mut x = [0_u8; 48];
    for i in 0..16 {
        (x[i], x[16 + i], x[32 + i]) = (state[i], block[i], state[i] ^ block[i]);
    }
    let mut p = 0_u8;
    for _ in 0..18 {
        for (j, byte) in x.iter_mut().enumerate() {
            p = p.wrapping_add(48 - j as u8);
            *byte ^= TABLE[usize::from(p)];
            p = *byte;
        }
    }
    state.copy_from_slice(&x[..16]);
}

/// Domino's substitution, as published with the first analyses of its hash.
const TABLE: [u8; 256] = [
    0xbd, 0x56, 0xea, 0xf2, 0xa2, 0xf1, 0xac, 0x2a, 0xb0, 0x93, 0xd1, 0x9c, 0x1b, 0x33, 0xfd, 0xd0, 0x30, 0x04, 0xb6,
    0xdc, 0x7d, 0xdf, 0x32, 0x4b, 0xf7, 0xcb, 0x45, 0x9b, 0x31, 0xbb, 0x21, 0x5a, 0x41, 0x9f, 0xe1, 0xd9, 0x4a, 0x4d,
    0x9e, 0xda, 0xa0, 0x68, 0x2c, 0xc3, 0x27, 0x5f, 0x80, 0x36, 0x3e, 0xee, 0xfb, 0x95, 0x1a, 0xfe, 0xce, 0xa8, 0x34,
    0xa9, 0x13, 0xf0, 0xa6, 0x3f, 0xd8, 0x0c, 0x78, 0x24, 0xaf, 0x23, 0x52, 0xc1, 0x67, 0x17, 0xf5, 0x66, 0x90, 0xe7,
    0xe8, 0x07, 0xb8, 0x60, 0x48, 0xe6, 0x1e, 0x53, 0xf3, 0x92, 0xa4, 0x72, 0x8c, 0x08, 0x15, 0x6e, 0x86, 0x00, 0x84,
    0xfa, 0xf4, 0x7f, 0x8a, 0x42, 0x19, 0xf6, 0xdb, 0xcd, 0x14, 0x8d, 0x50, 0x12, 0xba, 0x3c, 0x06, 0x4e, 0xec, 0xb3,
    0x35, 0x11, 0xa1, 0x88, 0x8e, 0x2b, 0x94, 0x99, 0xb7, 0x71, 0x74, 0xd3, 0xe4, 0xbf, 0x3a, 0xde, 0x96, 0x0e, 0xbc,
    0x0a, 0xed, 0x77, 0xfc, 0x37, 0x6b, 0x03, 0x79, 0x89, 0x62, 0xc6, 0xd7, 0xc0, 0xd2, 0x7c, 0x6a, 0x8b, 0x22, 0xa3,
    0x5b, 0x05, 0x5d, 0x02, 0x75, 0xd5, 0x61, 0xe3, 0x18, 0x8f, 0x55, 0x51, 0xad, 0x1f, 0x0b, 0x5e, 0x85, 0xe5, 0xc2,
    0x57, 0x63, 0xca, 0x3d, 0x6c, 0xb4, 0xc5, 0xcc, 0x70, 0xb2, 0x91, 0x59, 0x0d, 0x47, 0x20, 0xc8, 0x4f, 0x58, 0xe0,
    0x01, 0xe2, 0x16, 0x38, 0xc4, 0x6f, 0x3b, 0x0f, 0x65, 0x46, 0xbe, 0x7e, 0x2d, 0x7b, 0x82, 0xf9, 0x40, 0xb5, 0x1d,
    0x73, 0xf8, 0xeb, 0x26, 0xc7, 0x87, 0x97, 0x25, 0x54, 0xb1, 0x28, 0xaa, 0x98, 0x9d, 0xa5, 0x64, 0x6d, 0x7a, 0xd4,
    0x10, 0x81, 0x44, 0xef, 0x49, 0xd6, 0xae, 0x2e, 0xdd, 0x76, 0x5c, 0x2f, 0xa7, 0x1c, 0xc9, 0x09, 0x69, 0x9a, 0x83,
    0xcf, 0x29, 0x39, 0xb9, 0xe9, 0x4c, 0xff, 0x43, 0xab,
];
