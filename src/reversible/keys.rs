//! Keys as they are written, and what products make of them before they encrypt.

use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::Sha256;

use super::text;
use crate::model::Secret;

/// A key that somebody gave or published.
#[derive(Clone, Debug)]
pub struct Key {
    /// Where it is from, for the report: `key 1 of FILE`. Never the key.
    pub origin: String,
    /// As written: text in hexadecimal or base64, or the bytes themselves.
    pub written: Secret,
}

/// The keys and initialisation vectors of one audit.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Tried in this order.
    pub keys: Vec<Key>,
    /// Raw initialisation vectors.
    pub ivs: Vec<Secret>,
}

/// The bytes that a key or an initialisation vector may stand for: as written, and decoded where it is hexadecimal or
/// base64 (also behind Laravel's `base64:`).
pub(super) fn readings(written: &[u8]) -> Vec<Secret> {
    let mut readings = vec![Secret::new(written)];
    let bare = written.strip_prefix(b"base64:").unwrap_or(written);
    let decoded = [super::text::Written::Hex.decode(bare), text::any_base64(bare)];
    for bytes in decoded.into_iter().flatten().filter(|bytes| bytes.len() >= 8) {
        readings.push(Secret::from(bytes));
    }
    readings
}

/// What a product makes of a key before it encrypts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derivation {
    /// The key has the cipher's length.
    AsIs,
    /// `MySQL`'s `AES_ENCRYPT`: folded onto sixteen bytes by exclusive or.
    Folded,
    /// PHP's openssl and mcrypt: cut, or filled up with zeros, to this many bytes.
    Padded(usize),
    /// MD5 of the key.
    Md5,
    /// SHA-1 of the key, cut to sixteen bytes: Java's usual way around key lengths.
    Sha1Cut,
    /// SHA-256 of the key.
    Sha256,
}

impl Derivation {
    pub(super) const ALL: [Self; 9] = [
        Self::AsIs,
        Self::Folded,
        Self::Md5,
        Self::Sha1Cut,
        Self::Sha256,
        Self::Padded(8),
        Self::Padded(16),
        Self::Padded(24),
        Self::Padded(32),
    ];

    /// The key for the cipher; `None` where this derivation gives what another gives too.
    pub(super) fn derive(self, key: &[u8]) -> Option<Secret> {
        match self {
            Self::AsIs => matches!(key.len(), 8 | 16 | 24 | 32).then(|| Secret::new(key)),
            Self::Folded => {
                let mut folded = vec![0; 16];
                for (at, byte) in key.iter().enumerate() {
                    folded[at % 16] ^= byte;
                }
                (key.len() > 16).then(|| Secret::from(folded))
            }
            Self::Padded(len) => (key.len() != len).then(|| {
                let mut padded = key[..key.len().min(len)].to_vec();
                padded.resize(len, 0);
                Secret::from(padded)
            }),
            Self::Md5 => Some(Secret::from(Md5::digest(key).to_vec())),
            Self::Sha1Cut => Some(Secret::from(Sha1::digest(key)[..16].to_vec())),
            Self::Sha256 => Some(Secret::from(Sha256::digest(key).to_vec())),
        }
    }

    /// How the key was used, behind its origin; empty for the key itself.
    pub(super) const fn told(self) -> &'static str {
        match self {
            Self::AsIs => "",
            Self::Folded => ", folded to 16 bytes",
            Self::Padded(_) => ", cut or filled up with zeros",
            Self::Md5 => ", its MD5",
            Self::Sha1Cut => ", the first 16 bytes of its SHA-1",
            Self::Sha256 => ", its SHA-256",
        }
    }
}
