//! One fast hash of one candidate, with ordinary library code: what [`Scheme::verify`](super::Scheme::verify) needs.
//! Many candidates at once are the business of `guess`.

use hmac::digest::{Digest, KeyInit, Mac};
use hmac::{EagerHash, Hmac};
use md4::Md4;
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use sha3::Keccak512;
use subtle::ConstantTimeEq;

use super::codec::MAX_DIGEST;
use crate::model::{self, Algorithm, DigestKind, Formula};

/// Computes `formula` for one candidate into `out`; the length of the digest in bytes.
pub(super) fn evaluate(formula: Formula, pass: &[u8], salt: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize {
    let h = formula.algorithm();
    match formula {
        Formula::Plain(_) => digest(h, &[pass], out),
        Formula::TwiceRaw(_) => {
            let mut inner = [0; MAX_DIGEST];
            let n = digest(h, &[pass], &mut inner);
            digest(h, &[&inner[..n]], out)
        }
        Formula::TwiceHex(_) => digest(h, &[hex_of(h, pass).as_bytes()], out),
        Formula::SaltPass(_) => digest(h, &[salt, pass], out),
        Formula::PassSalt(_) => digest(h, &[pass, salt], out),
        Formula::SaltPassSalt(_) => digest(h, &[salt, pass, salt], out),
        Formula::HexPassSalt(_) => digest(h, &[hex_of(h, pass).as_bytes(), salt], out),
        Formula::SaltHexPass(_) => digest(h, &[salt, hex_of(h, pass).as_bytes()], out),
        Formula::HexSaltHexPass(_) => digest(h, &[hex_of(h, salt).as_bytes(), hex_of(h, pass).as_bytes()], out),
        Formula::HmacKeySalt(_) => hmac(h, salt, pass, out),
        Formula::HmacKeyPass(_) => hmac(h, pass, salt, out),
    }
}

/// Hashes the concatenation of `parts`.
pub(super) fn digest(algorithm: Algorithm, parts: &[&[u8]], out: &mut [u8; MAX_DIGEST]) -> usize {
    match algorithm {
        Algorithm::Md5 => run::<Md5>(parts, out),
        Algorithm::Sha1 => run::<Sha1>(parts, out),
        Algorithm::Sha256 => run::<Sha256>(parts, out),
        Algorithm::Sha512 => run::<Sha512>(parts, out),
        Algorithm::Ntlm => {
            let wide: Vec<Vec<u8>> = parts.iter().map(|part| utf16le(part)).collect();
            let wide: Vec<&[u8]> = wide.iter().map(Vec::as_slice).collect();
            run::<Md4>(&wide, out)
        }
    }
}

/// What a breach source that takes `kind` is asked about a password.
pub fn digest_of(kind: DigestKind, password: &[u8]) -> model::Digest {
    let mut out = [0; MAX_DIGEST];
    let algorithm = match kind {
        DigestKind::Sha1 => Algorithm::Sha1,
        DigestKind::Ntlm => Algorithm::Ntlm,
        DigestKind::Md5 => Algorithm::Md5,
        DigestKind::Sha256 => Algorithm::Sha256,
        DigestKind::Keccak => {
            let keccak = Keccak512::digest(password);
            return model::Digest::of(kind, &keccak).expect("64 bytes begin with five");
        }
    };
    digest(algorithm, &[password], &mut out);
    model::Digest::of(kind, &out).expect("the longest digest has room")
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Nanoseconds of one hash of a short input, one core, the library's code one message at a time; measured on x86-64
/// with AVX-512 (MD5 7 M/s, NTLM 9 M/s, SHA-1 14 M/s, SHA-256 15 M/s with SHA-NI; SHA-512 2.5 M/s).
pub(super) const fn nanoseconds(algorithm: Algorithm) -> u64 {
    match algorithm {
        Algorithm::Md5 => 140,
        Algorithm::Sha1 => 70,
        Algorithm::Sha256 => 67,
        Algorithm::Sha512 => 400,
        Algorithm::Ntlm => 110,
    }
}

/// How many times [`nanoseconds`] one evaluation of `formula` takes.
pub(super) const fn hashes(formula: Formula) -> u64 {
    match formula {
        Formula::Plain(_) | Formula::SaltPass(_) | Formula::PassSalt(_) | Formula::SaltPassSalt(_) => 1,
        Formula::TwiceRaw(_) | Formula::TwiceHex(_) => 2,
        Formula::HexPassSalt(_) | Formula::SaltHexPass(_) => 3,
        Formula::HexSaltHexPass(_) | Formula::HmacKeySalt(_) | Formula::HmacKeyPass(_) => 4,
    }
}

/// UTF-16LE of UTF-8; bytes that are no UTF-8 are read as ISO 8859-1, so that every byte string has one reading.
fn utf16le(text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Err(_) => text.iter().flat_map(|&b| [b, 0]).collect(),
    }
}

fn hex_of(algorithm: Algorithm, message: &[u8]) -> String {
    let mut out = [0; MAX_DIGEST];
    let n = digest(algorithm, &[message], &mut out);
    hex::encode(&out[..n])
}

fn run<D: Digest>(parts: &[&[u8]], out: &mut [u8; MAX_DIGEST]) -> usize {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    write(&hasher.finalize(), out)
}

fn hmac(algorithm: Algorithm, key: &[u8], message: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize {
    match algorithm {
        Algorithm::Md5 => run_hmac::<Md5>(key, message, out),
        Algorithm::Sha1 => run_hmac::<Sha1>(key, message, out),
        Algorithm::Sha256 => run_hmac::<Sha256>(key, message, out),
        Algorithm::Sha512 => run_hmac::<Sha512>(key, message, out),
        Algorithm::Ntlm => run_hmac::<Md4>(&utf16le(key), &utf16le(message), out),
    }
}

fn run_hmac<D: EagerHash>(key: &[u8], message: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize
where
    Hmac<D>: Mac + KeyInit,
{
    let mut mac = <Hmac<D> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    write(&mac.finalize().into_bytes(), out)
}

fn write(digest: &[u8], out: &mut [u8; MAX_DIGEST]) -> usize {
    out[..digest.len()].copy_from_slice(digest);
    digest.len()
}
