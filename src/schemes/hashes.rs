//! Fast hashes over parts, and readings of a password, for schemes that are no [`Formula`](crate::model::Formula).

use hmac::digest::{Digest, KeyInit, Mac};
use hmac::{EagerHash, Hmac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

/// Hashes the concatenation of `parts`.
pub(super) fn of<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().fold(D::new(), D::chain_update).finalize().to_vec()
}

pub(super) fn md5(parts: &[&[u8]]) -> Vec<u8> {
    of::<Md5>(parts)
}
pub(super) fn sha1(parts: &[&[u8]]) -> Vec<u8> {
    of::<Sha1>(parts)
}
pub(super) fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    of::<Sha256>(parts)
}
pub(super) fn sha512(parts: &[&[u8]]) -> Vec<u8> {
    of::<Sha512>(parts)
}

/// HMAC of the concatenation of `parts`.
pub(super) fn hmac<D: EagerHash>(key: &[u8], parts: &[&[u8]]) -> Vec<u8>
where
    Hmac<D>: Mac + KeyInit,
{
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// `first`, hashed `times` more.
pub(super) fn again<D: Digest>(first: Vec<u8>, times: u64) -> Vec<u8> {
    (0..times).fold(first, |digest, _| D::digest(&digest).to_vec())
}

/// UTF-16 of UTF-8; bytes that are no UTF-8 are read as ISO 8859-1, so that every byte string has one reading.
fn utf16(text: &[u8], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => text.encode_utf16().flat_map(bytes).collect(),
        Err(_) => text.iter().flat_map(|&b| bytes(b.into())).collect(),
    }
}

pub(super) fn utf16le(text: &[u8]) -> Vec<u8> {
    utf16(text, u16::to_le_bytes)
}

pub(super) fn utf16be(text: &[u8]) -> Vec<u8> {
    utf16(text, u16::to_be_bytes)
}

/// In upper case, beyond ASCII too where the text is UTF-8.
pub(super) fn upper(text: &[u8]) -> Vec<u8> {
    std::str::from_utf8(text).map_or_else(|_| text.to_ascii_uppercase(), |text| text.to_uppercase().into_bytes())
}

/// In lower case, likewise.
pub(super) fn lower(text: &[u8]) -> Vec<u8> {
    std::str::from_utf8(text).map_or_else(|_| text.to_ascii_lowercase(), |text| text.to_lowercase().into_bytes())
}

/// `bytes` cut or filled with zeros to `N`.
pub(super) fn filled<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let len = bytes.len().min(N);
    out[..len].copy_from_slice(&bytes[..len]);
    out
}
