//! One digest, slowly and surely, through the `RustCrypto` crates: the reference the lanes are tested against, and the way
//! of everything they do not take.

use hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use crate::model::{Algorithm, Formula};

/// One digest, slowly and surely; the length of the digest.
///
/// [`Algorithm::Ntlm`] hashes text: its whole message is read as UTF-8 (as Latin-1 if it is none) and hashed as UTF-16LE,
/// key and message each for itself in an HMAC.
pub fn evaluate(formula: Formula, candidate: &[u8], salt: &[u8], out: &mut [u8; 64]) -> usize {
    let algorithm = formula.algorithm();
    let once = |message: &[u8]| {
        let mut digest = [0; 64];
        let len = hash(algorithm, &[message], &mut digest);
        (digest, len)
    };
    let hexed = |message: &[u8]| {
        let (digest, len) = once(message);
        let mut text = [0; 128];
        write_hex(&digest[..len], &mut text);
        (text, 2 * len)
    };
    match formula {
        Formula::Plain(_) => hash(algorithm, &[candidate], out),
        Formula::TwiceRaw(_) => {
            let (digest, len) = once(candidate);
            hash(algorithm, &[&digest[..len]], out)
        }
        Formula::TwiceHex(_) => {
            let (text, len) = hexed(candidate);
            hash(algorithm, &[&text[..len]], out)
        }
        Formula::SaltPass(_) => hash(algorithm, &[salt, candidate], out),
        Formula::PassSalt(_) => hash(algorithm, &[candidate, salt], out),
        Formula::SaltPassSalt(_) => hash(algorithm, &[salt, candidate, salt], out),
        Formula::HexPassSalt(_) => {
            let (text, len) = hexed(candidate);
            hash(algorithm, &[&text[..len], salt], out)
        }
        Formula::SaltHexPass(_) => {
            let (text, len) = hexed(candidate);
            hash(algorithm, &[salt, &text[..len]], out)
        }
        Formula::HexSaltHexPass(_) => {
            let (salt, len) = hexed(salt);
            let (text, _) = hexed(candidate);
            hash(algorithm, &[&salt[..len], &text[..len]], out)
        }
        Formula::HmacKeySalt(_) => hmac(algorithm, salt, candidate, out),
        Formula::HmacKeyPass(_) => hmac(algorithm, candidate, salt, out),
    }
}

/// The hash of the joined `parts`; its length.
pub(super) fn hash(algorithm: Algorithm, parts: &[&[u8]], out: &mut [u8; 64]) -> usize {
    match algorithm {
        Algorithm::Md5 => digest::<Md5>(parts, out),
        Algorithm::Sha1 => digest::<Sha1>(parts, out),
        Algorithm::Sha256 => digest::<Sha256>(parts, out),
        Algorithm::Sha512 => digest::<Sha512>(parts, out),
        Algorithm::Ntlm => digest::<Md4>(&[&utf16le(&parts.concat())], out),
    }
}

fn digest<D: Digest>(parts: &[&[u8]], out: &mut [u8; 64]) -> usize {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    keep(&hasher.finalize(), out)
}

fn hmac(algorithm: Algorithm, key: &[u8], message: &[u8], out: &mut [u8; 64]) -> usize {
    fn with<M: KeyInit + Mac>(key: &[u8], message: &[u8], out: &mut [u8; 64]) -> usize {
        let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(message);
        keep(&mac.finalize().into_bytes(), out)
    }
    match algorithm {
        Algorithm::Md5 => with::<Hmac<Md5>>(key, message, out),
        Algorithm::Sha1 => with::<Hmac<Sha1>>(key, message, out),
        Algorithm::Sha256 => with::<Hmac<Sha256>>(key, message, out),
        Algorithm::Sha512 => with::<Hmac<Sha512>>(key, message, out),
        Algorithm::Ntlm => with::<Hmac<Md4>>(&utf16le(key), &utf16le(message), out),
    }
}

fn keep(digest: &[u8], out: &mut [u8; 64]) -> usize {
    out[..digest.len()].copy_from_slice(digest);
    digest.len()
}

/// `text` as UTF-16LE; bytes that are not UTF-8 are read as Latin-1, one character each.
pub(super) fn utf16le(text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Err(_) => text.iter().flat_map(|&byte| [byte, 0]).collect(),
    }
}

/// `bytes` as lower-case hexadecimal text, at the front of `out`.
pub(super) fn write_hex(bytes: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (byte, pair) in bytes.iter().zip(out.chunks_exact_mut(2)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hexed(formula: Formula, candidate: &str, salt: &str) -> String {
        let mut out = [0; 64];
        let len = evaluate(formula, candidate.as_bytes(), salt.as_bytes(), &mut out);
        hex::encode(&out[..len])
    }

    #[test]
    fn digests_are_those_the_standards_publish() {
        use Algorithm::{Md5, Ntlm, Sha1, Sha256, Sha512};
        // RFC 1321 A.5, FIPS 180-4 examples, and the NT hash of "password" that every tool documents.
        assert_eq!(hexed(Formula::Plain(Md5), "abc", "ignored"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hexed(Formula::Plain(Sha1), "abc", ""), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            hexed(Formula::Plain(Sha256), "abc", ""),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(hexed(Formula::Plain(Sha512), "abc", "").starts_with("ddaf35a193617abacc417349ae204131"));
        assert_eq!(hexed(Formula::Plain(Ntlm), "password", ""), "8846f7eaee8fb117ad06bdd830b7586c");
        // RFC 2202, test case 2 of HMAC-MD5 and of HMAC-SHA-1.
        let text = "what do ya want for nothing?";
        assert_eq!(hexed(Formula::HmacKeySalt(Md5), text, "Jefe"), "750c783e6ab0b503eaa86e310a5db738");
        assert_eq!(hexed(Formula::HmacKeyPass(Sha1), "Jefe", text), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        // MySQL's documented PASSWORD('password'), without the star.
        assert_eq!(hexed(Formula::TwiceRaw(Sha1), "password", ""), "2470c0c06dee42fd1618bb99005adca2ec9d1e19");
    }

    #[test]
    fn nested_formulas_are_made_of_lower_case_hex() {
        let plain = |text: &str| hexed(Formula::Plain(Algorithm::Md5), text, "");
        let (p, s) = (plain("hunter2"), plain("salty"));
        let of = |formula: fn(Algorithm) -> Formula| hexed(formula(Algorithm::Md5), "hunter2", "salty");
        assert_eq!(of(Formula::TwiceHex), plain(&p));
        assert_eq!(of(Formula::HexPassSalt), plain(&format!("{p}salty")));
        assert_eq!(of(Formula::SaltHexPass), plain(&format!("salty{p}")));
        assert_eq!(of(Formula::HexSaltHexPass), plain(&format!("{s}{p}")));
        assert_eq!(of(Formula::SaltPassSalt), plain("saltyhunter2salty"));
    }

    #[test]
    fn an_nt_hash_takes_text_beyond_ascii_and_bytes_that_are_no_text() {
        assert_eq!(utf16le("aé€😀".as_bytes()), [0x61, 0, 0xe9, 0, 0xac, 0x20, 0x3d, 0xd8, 0x00, 0xde]);
        assert_eq!(utf16le(&[0x61, 0xe9]), [0x61, 0, 0xe9, 0]);
    }
}
