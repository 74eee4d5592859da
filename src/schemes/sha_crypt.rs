//! SHA-crypt (Ulrich Drepper 2007): `$5$` with SHA-256 and `$6$` with SHA-512; and `MySQL` 8's `caching_sha2_password`,
//! which is the first with a salt of twenty bytes of any kind.
//!
//! A form's parameter is the number of rounds that are really made: 5,000 where the value names none.

use sha_crypt::Params;
use sha2::{Digest as _, Sha256};

use super::layout::{self, Coding, Inner, Layout, Part, Slot, Value, forms_of};
use super::row::{Cost, Row};
use super::{Family, Unverifiable, codec, fast};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "sha_crypt",
    prefixes: &["$5$", "$6$", "$A$", "$mysql$A$", "0x24412"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: LAYOUTS,
    schemes: &[&SHA256, &SHA512, &MYSQL],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

static SHA256_FORM: FormDef = form("sha256crypt", 32);
static SHA512_FORM: FormDef = form("sha512crypt", 64);
static MYSQL_FORM: FormDef = form("mysql-sha256crypt", 32);

/// Rounds where a value names none, and the bounds that crypt(3) forces numbers into.
const DEFAULT_ROUNDS: u64 = 5000;
const FEWEST_ROUNDS: u64 = 1000;
const MOST_ROUNDS: u64 = 999_999_999;
/// `MySQL` counts rounds in thousands.
const MYSQL_ROUNDS: u64 = 1000;

const DEFAULT: Part = Part::Given(0, DEFAULT_ROUNDS);
/// Salt bytes that take part: sixteen, fixed by the scheme.
const SALT: Part = Part::Field(Slot::Salt, Coding::Visible, 0, 16);
const SHA256_KEY: Part = Part::Field(Slot::Key, Coding::Crypt, 43, 43);
const SHA512_KEY: Part = Part::Field(Slot::Key, Coding::Crypt, 86, 86);

static OF_SHA256: [Layout; 2] = [
    Layout {
        form: &SHA256_FORM,
        parts: &[Part::Is("$5$rounds="), Part::Number(0), Part::Is("$"), SALT, Part::Is("$"), SHA256_KEY],
    },
    Layout { form: &SHA256_FORM, parts: &[Part::Is("$5$"), DEFAULT, SALT, Part::Is("$"), SHA256_KEY] },
];
static OF_SHA512: [Layout; 2] = [
    Layout {
        form: &SHA512_FORM,
        parts: &[Part::Is("$6$rounds="), Part::Number(0), Part::Is("$"), SALT, Part::Is("$"), SHA512_KEY],
    },
    Layout { form: &SHA512_FORM, parts: &[Part::Is("$6$"), DEFAULT, SALT, Part::Is("$"), SHA512_KEY] },
];
/// As the server keeps it, as it prints it in hexadecimal (`print_identified_with_as_hex`), and as hashcat writes it.
static OF_MYSQL: [Layout; 3] = [
    Layout {
        form: &MYSQL_FORM,
        parts: &[Part::Packed(
            Coding::Text,
            &[
                Inner::Is(b"$A$"),
                Inner::HexDigits(0, 3),
                Inner::Is(b"$"),
                Inner::Field(Slot::Salt, 20),
                Inner::Field(Slot::Key, 43),
            ],
        )],
    },
    Layout {
        form: &MYSQL_FORM,
        parts: &[
            Part::Is("0x"),
            Part::Packed(
                Coding::HexUpper,
                &[
                    Inner::Is(b"$A$"),
                    Inner::HexDigits(0, 3),
                    Inner::Is(b"$"),
                    Inner::Field(Slot::Salt, 20),
                    Inner::Field(Slot::Key, 43),
                ],
            ),
        ],
    },
    Layout {
        form: &MYSQL_FORM,
        parts: &[
            Part::Is("$mysql$A$"),
            Part::Digits(0, 3),
            Part::Is("*"),
            Part::Field(Slot::Salt, Coding::HexUpper, 20, 20),
            Part::Is("*"),
            Part::Field(Slot::Key, Coding::HexUpper, 43, 43),
        ],
    },
];
const LAYOUTS: &[&[Layout]] = &[&OF_SHA256, &OF_SHA512, &OF_MYSQL];

/// Round times in nanoseconds, one core, measured with the library's code: sha512crypt with 5,000 rounds 450 a second.
static SHA256: Row = Row::new(
    "sha256crypt",
    &[&SHA256_FORM],
    &OF_SHA256,
    Cost::Count("rounds", "round count", 300),
    |value, _, candidate| {
        let hash = ::sha_crypt::sha256_crypt(candidate, value.salt(), params(value)?);
        Ok(fast::same(value.key(), &sha256_text(&hash)))
    },
);
static SHA512: Row = Row::new(
    "sha512crypt",
    &[&SHA512_FORM],
    &OF_SHA512,
    Cost::Count("rounds", "round count", 444),
    |value, _, candidate| {
        let hash = ::sha_crypt::sha512_crypt(candidate, value.salt(), params(value)?);
        Ok(fast::same(value.key(), &sha512_text(&hash)))
    },
);
static MYSQL: Row = Row::new(
    "mysql-sha256crypt",
    &forms_of(&OF_MYSQL),
    &OF_MYSQL,
    Cost::Count("thousand rounds", "count of thousand rounds", 300 * MYSQL_ROUNDS),
    |value, _, candidate| {
        if value.counts[0] == 0 {
            return Err(Unverifiable::Malformed);
        }
        let hash = sha256_crypt(candidate, value.salt(), value.counts[0] * MYSQL_ROUNDS);
        Ok(fast::same(value.key(), &sha256_text(&hash)))
    },
);

fn recognise(value: &[u8]) -> Option<Form> {
    let form = layout::first(LAYOUTS, value)?;
    let forced = !std::ptr::eq(form.def, &raw const MYSQL_FORM);
    Some(Form { params: if forced { form.params.clamp(FEWEST_ROUNDS, MOST_ROUNDS) } else { form.params }, ..form })
}

fn params(value: &Value<'_>) -> Result<Params, Unverifiable> {
    let rounds = value.counts[0].clamp(FEWEST_ROUNDS, MOST_ROUNDS);
    Params::new(rounds as u32).map_err(|_| Unverifiable::Malformed)
}

/// Drepper's algorithm for salts of any length; the library cuts them at sixteen bytes.
fn sha256_crypt(password: &[u8], salt: &[u8], rounds: u64) -> [u8; 32] {
    let digest =
        |parts: &[&[u8]]| -> [u8; 32] { parts.iter().fold(Sha256::new(), Sha256::chain_update).finalize().into() };
    let alternate = digest(&[password, salt, password]);
    let stretched = |block: &[u8; 32], len: usize| -> Vec<u8> { block.iter().copied().cycle().take(len).collect() };
    let mut first = Sha256::new().chain_update(password).chain_update(salt);
    first.update(stretched(&alternate, password.len()));
    let mut bits = password.len();
    while bits > 0 {
        first.update(if bits & 1 == 1 { &alternate[..] } else { password });
        bits >>= 1;
    }
    let mut state: [u8; 32] = first.finalize().into();
    let p = stretched(&digest(&vec![password; password.len()]), password.len());
    let s = stretched(&digest(&vec![salt; 16 + usize::from(state[0])]), salt.len());
    for round in 0..rounds {
        let (head, tail): (&[u8], &[u8]) = if round & 1 == 1 { (&p, &state) } else { (&state, &p) };
        let middle: &[u8] = if round % 3 == 0 { &[] } else { &s };
        let late: &[u8] = if round % 7 == 0 { &[] } else { &p };
        state = digest(&[head, middle, late, tail]);
    }
    state
}

/// The byte order of the specification: three pointers that move on and change places.
fn sha256_text(digest: &[u8; 32]) -> Vec<u8> {
    let mut text = Vec::with_capacity(43);
    let (mut a, mut b, mut c) = (0, 10, 20);
    for _ in 0..10 {
        push(digest, [a, b, c], &mut text);
        (a, b, c) = (c + 1, a + 1, b + 1);
    }
    codec::push_itoa64(u32::from(digest[31]) << 8 | u32::from(digest[30]), 3, &mut text);
    text
}

fn sha512_text(digest: &[u8; 64]) -> Vec<u8> {
    let mut text = Vec::with_capacity(86);
    let (mut a, mut b, mut c) = (0, 21, 42);
    for _ in 0..21 {
        push(digest, [a, b, c], &mut text);
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    codec::push_itoa64(u32::from(digest[63]), 2, &mut text);
    text
}

fn push(digest: &[u8], [a, b, c]: [usize; 3], text: &mut Vec<u8>) {
    codec::push_itoa64(u32::from(digest[a]) << 16 | u32::from(digest[b]) << 8 | u32::from(digest[c]), 4, text);
}
