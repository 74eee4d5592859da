//! What Windows keeps beside the NT hash (which is with the bare digests): the LAN Manager hash, and what Azure AD Connect
//! sends to the cloud.

use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use md4::Md4;

use super::bare::{HEX16, HEX32};
use super::layout::{self, Coding, LONGEST_TEXT, Layout, Part, Slot};
use super::pbkdf2::Prf;
use super::row::{Cost, Row};
use super::{Family, SaltFrom, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "windows",
    prefixes: &["v1;PPH1_MD4,"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&AZURE, &LAN_MANAGER],
    schemes: &[&LM, &AZURE_SYNC],
};

static AZURE_FORM: FormDef = FormDef { name: "azure-sync", kind: FormKind::Modular, digest_len: 32 };

/// `v1;PPH1_MD4,<hex>,<iterations>,<hex>;`, the last semicolon as it comes.
static AZURE: [Layout; 2] = [
    Layout { form: &AZURE_FORM, parts: &AZURE_PARTS },
    Layout {
        form: &AZURE_FORM,
        parts: &[
            AZURE_PARTS[0],
            AZURE_PARTS[1],
            AZURE_PARTS[2],
            AZURE_PARTS[3],
            AZURE_PARTS[4],
            AZURE_PARTS[5],
            Part::Is(";"),
        ],
    },
];
const AZURE_PARTS: [Part; 6] = [
    Part::Is("v1;PPH1_MD4,"),
    Part::Field(Slot::Salt, Coding::Hex, 1, LONGEST_TEXT),
    Part::Is(","),
    Part::Number(0),
    Part::Is(","),
    Part::Field(Slot::Key, Coding::Hex, 32, 32),
];
/// Both halves, or one of them (as hashcat writes it).
static LAN_MANAGER: [Layout; 2] = [
    Layout { form: &HEX32, parts: &[Part::Field(Slot::Key, Coding::Hex, 16, 16)] },
    Layout { form: &HEX16, parts: &[Part::Field(Slot::Key, Coding::Hex, 8, 8)] },
];

/// Characters of each half.
const HALF: usize = 7;

static LM: Row = Row::new(
    "lm",
    &[&HEX32, &HEX16],
    &LAN_MANAGER,
    Cost::Fixed(2_000, "two halves of seven characters, case folded, without a salt: every one is opened in minutes"),
    |value, _, candidate| {
        // Passwords of more than two halves have no LAN Manager hash.
        if candidate.len() > 2 * HALF {
            return Ok(false);
        }
        let whole: [u8; 2 * HALF] = hashes::filled(&hashes::upper(candidate));
        let halves = [half(&whole[..HALF]), half(&whole[HALF..])].concat();
        // One half alone is the first, or the second of a longer password.
        if value.key().len() == 8 {
            let second = candidate.len() > HALF && fast::same(value.key(), &halves[8..]);
            return Ok(fast::same(value.key(), &halves[..8]) || second);
        }
        Ok(fast::same(value.key(), &halves))
    },
)
.salted_from(SaltFrom::Nowhere)
.fast()
.ranked(130);

static AZURE_SYNC: Row = Row::new(
    "azure-sync",
    &[&AZURE_FORM],
    &AZURE,
    Cost::Count("iterations", "iteration count", Prf::Sha256.work(1)),
    |value, _, candidate| {
        let nt = hex::encode_upper(hashes::of::<Md4>(&[&hashes::utf16le(candidate)]));
        Prf::Sha256.is_key(&hashes::utf16le(nt.as_bytes()), value.salt(), value.counts[0], value.key())
    },
)
.graded_as("pbkdf2-sha256");

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(&[&AZURE], value)
}

/// A fixed text under a key of seven bytes, spread over eight: every eighth bit is parity, which DES ignores.
fn half(seven: &[u8]) -> [u8; 8] {
    let bits = seven.iter().fold(0_u64, |bits, b| bits << 8 | u64::from(*b));
    let mut key = [0; 8];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = ((bits >> (49 - 7 * at)) as u8 & 0x7f) << 1;
    }
    let mut block = (*b"KGS!@#$%").into();
    Des::new(&key.into()).encrypt_block(&mut block);
    block.into()
}
