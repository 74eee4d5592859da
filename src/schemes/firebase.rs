//! Firebase Authentication's export: `passwordHash` and `salt` in base64, under a scrypt that ends in AES-256-CTR of the
//! project's signer key. Without that key nothing can be tried.
//!
//! The secret to supply is what the Firebase console shows: the signer key in base64, alone or as
//! `<key>:<salt separator>:<rounds>:<mem_cost>`; by default the separator is `Bw==`, rounds 8, `mem_cost` 14.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use scrypt::Params;

use super::bare::BASE64_64;
use super::layout::{Coding, Layout, Part, Slot};
use super::row::{Cost, Row};
use super::{Family, SaltFrom, Unverifiable, codec, fast};

pub(super) const FAMILY: Family = Family {
    file: "firebase",
    prefixes: &[],
    by_prefix: None,
    by_shape: None,
    forms: &[],
    layouts: &[&LAYOUTS],
    schemes: &[&FIREBASE],
};

static LAYOUTS: [Layout; 1] = [Layout { form: &BASE64_64, parts: &[Part::Field(Slot::Key, Coding::Base64, 64, 64)] }];

/// Rounds (scrypt's r) and memory (log2 of its N) that every project has, and the most that is taken on.
const ROUNDS: u32 = 8;
const MEMORY: u8 = 14;
const MOST_ROUNDS: u32 = 32;
const MOST_MEMORY: u8 = 20;
const SEPARATOR: &[u8] = b"Bw==";

static FIREBASE: Row = Row::new(
    "firebase-scrypt",
    &[&BASE64_64],
    &LAYOUTS,
    // scrypt with N 16,384, r 8, p 1.
    Cost::Fixed(40_000_000, "scrypt N=16384 r=8 p=1, below every acceptable set; the signer key is a pepper"),
    |value, stored, candidate| {
        let salt = stored.salt.and_then(codec::base64_bytes).ok_or(Unverifiable::Missing)?;
        let signer = Signer::read(stored.pepper.ok_or(Unverifiable::NeedsSecret)?).ok_or(Unverifiable::Malformed)?;
        let params = Params::new(signer.memory, signer.rounds, 1).map_err(|_| Unverifiable::Malformed)?;
        let mut key = [0; 64];
        ::scrypt::scrypt(candidate, &[&*salt, &signer.separator].concat(), &params, &mut key)
            .map_err(|_| Unverifiable::Malformed)?;
        let cipher = Aes256::new_from_slice(&key[..32]).map_err(|_| Unverifiable::Malformed)?;
        let mut computed = signer.key;
        for (counter, block) in computed.chunks_mut(16).enumerate() {
            let mut stream = (counter as u128).to_be_bytes().into();
            cipher.encrypt_block(&mut stream);
            block.iter_mut().zip(stream).for_each(|(b, s)| *b ^= s);
        }
        Ok(fast::same(value.key(), &computed))
    },
)
.salted_from(SaltFrom::Neighbour)
.ranked(61);

struct Signer {
    key: Vec<u8>,
    separator: Vec<u8>,
    rounds: u32,
    memory: u8,
}

impl Signer {
    fn read(secret: &[u8]) -> Option<Self> {
        let mut parts = secret.split(|b| *b == b':');
        let key = codec::base64_bytes(parts.next()?).filter(|key| key.len() == 64)?;
        let separator = codec::base64_bytes(parts.next().unwrap_or(SEPARATOR))?;
        let number = |text: Option<&[u8]>, default: u64| text.map_or(Some(default), codec::decimal);
        let rounds = number(parts.next(), ROUNDS.into()).filter(|n| (1..=MOST_ROUNDS.into()).contains(n))?;
        let memory = number(parts.next(), MEMORY.into()).filter(|n| (1..=MOST_MEMORY.into()).contains(n))?;
        Some(Self { key, separator, rounds: rounds as u32, memory: memory as u8 })
    }
}
