//! Formats that libraries wrap a ciphertext in, each with its own way from a password to a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::blocks::{Blocks, unpadded};
use super::text::{any_base64, as_text};
use crate::model::Secret;

/// How OpenSSL's command makes key and vector of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stretch {
    /// `EVP_BytesToKey` with MD5: OpenSSL before 1.1.0, `CryptoJS`.
    Md5,
    /// `EVP_BytesToKey` with SHA-256: OpenSSL since 1.1.0.
    Sha256,
    /// `-pbkdf2`: HMAC-SHA-256, 10,000 rounds.
    Pbkdf2,
}

/// A wrapping with what opens it.
pub(super) enum Container {
    /// The Fernet specification: version 0x80, time, vector, AES-128-CBC, HMAC-SHA-256.
    Fernet { signing: Secret, blocks: Blocks },
    /// Laravel's `Crypt`: base64 of JSON with `iv`, `value` and `mac` or `tag`.
    Laravel { key: Secret, blocks: Blocks },
    /// `openssl enc`: `Salted__`, a salt of eight bytes, CBC; bytes of the cipher's key.
    OpenSsl { password: Secret, stretch: Stretch, key_len: usize, triple_des: bool },
    /// Jasypt's `PBEWithMD5AndDES`, its default until 3.0: salt of eight bytes in front, 1,000 rounds.
    Jasypt { password: Secret },
    /// Jasypt's `PBEWITHHMACSHA512ANDAES_256`, its default since 3.0: salt and vector of sixteen bytes in front.
    JasyptAes { password: Secret },
    /// Chromium's `v10` and `v11` on Linux: AES-128-CBC, vector of sixteen spaces, one round of PBKDF2-HMAC-SHA1.
    Chromium { blocks: Blocks },
}

impl Container {
    /// Every wrapping that one reading of a key may open.
    pub(super) fn all(key: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        if let [signing @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = key
            && signing.len() == 16
            && let Some(blocks) = Blocks::aes(&key[16..])
        {
            all.push(Self::Fernet { signing: Secret::new(signing), blocks });
        }
        if let Some(blocks) = Blocks::aes(key) {
            all.push(Self::Laravel { key: Secret::new(key), blocks });
        }
        for stretch in [Stretch::Md5, Stretch::Sha256, Stretch::Pbkdf2] {
            for (key_len, triple_des) in [(32, false), (16, false), (24, true)] {
                all.push(Self::OpenSsl { password: Secret::new(key), stretch, key_len, triple_des });
            }
        }
        all.push(Self::Jasypt { password: Secret::new(key) });
        all.push(Self::JasyptAes { password: Secret::new(key) });
        all.extend(Self::chromium(key));
        all
    }

    /// Chromium's, with the password of its key store: `peanuts` where there is none.
    pub(super) fn chromium(password: &[u8]) -> Option<Self> {
        let mut key = [0; 16];
        pbkdf2::pbkdf2_hmac::<Sha1>(password, b"saltysalt", 1, &mut key);
        Blocks::aes(&key).map(|blocks| Self::Chromium { blocks })
    }

    /// For the report.
    pub(super) const fn describe(&self) -> &'static str {
        match self {
            Self::Fernet { .. } => "Fernet",
            Self::Laravel { .. } => "Laravel's encryption",
            Self::OpenSsl { .. } => "OpenSSL's `enc`",
            Self::Jasypt { .. } | Self::JasyptAes { .. } => "Jasypt",
            Self::Chromium { .. } => "Chromium's password store on Linux",
        }
    }

    /// Whether `value` looks like this wrapping at all: asked before any work is done.
    fn fits(&self, value: &[u8]) -> bool {
        match self {
            Self::Fernet { .. } => value.starts_with(b"gAAAAA"),
            Self::Laravel { .. } => value.starts_with(b"eyJ"),
            Self::OpenSsl { .. } => value.starts_with(b"U2FsdGVkX1") || value.starts_with(b"Salted__"),
            Self::Jasypt { .. } | Self::JasyptAes { .. } => value.starts_with(b"ENC("),
            Self::Chromium { .. } => value.starts_with(b"v10") || value.starts_with(b"v11"),
        }
    }

    /// The text behind `value`, and how unlikely chance makes it, in bits.
    pub(super) fn open(&self, value: &[u8]) -> Option<(Secret, u32)> {
        if !self.fits(value) {
            return None;
        }
        match self {
            Self::Fernet { signing, blocks } => {
                let token = any_base64(value)?;
                let (signed, tag) = token.split_at_checked(token.len().checked_sub(32)?)?;
                let [0x80, rest @ ..] = signed else { return None };
                let (iv, sealed) = rest.get(8..)?.split_at_checked(16)?;
                is_signed(signing.expose(), &[signed], tag).then_some(())?;
                text(cbc(blocks, iv, sealed)?, 256)
            }
            Self::Laravel { key, blocks } => laravel(key.expose(), blocks, value),
            Self::OpenSsl { password, stretch, key_len, triple_des } => {
                let decoded;
                let bytes = if value.starts_with(b"Salted__") {
                    value
                } else {
                    decoded = any_base64(value)?;
                    &decoded
                };
                let (salt, sealed) = bytes.strip_prefix(b"Salted__")?.split_at_checked(8)?;
                let block = if *triple_des { 8 } else { 16 };
                let made = stretched(password.expose(), salt, *stretch, key_len + block);
                let (key, iv) = made.expose().split_at(*key_len);
                let blocks = if *triple_des { Blocks::des(key) } else { Blocks::aes(key) }?;
                text(cbc(&blocks, iv, sealed)?, 0)
            }
            Self::Jasypt { password } => {
                let bytes = any_base64(in_enc(value)?)?;
                let (salt, sealed) = bytes.split_at_checked(8)?;
                let mut made = Md5::new().chain_update(password.expose()).chain_update(salt).finalize();
                for _ in 1..1000 {
                    made = Md5::digest(made);
                }
                let (key, iv) = made.split_at(8);
                text(cbc(&Blocks::des(key)?, iv, sealed)?, 0)
            }
            Self::JasyptAes { password } => {
                let bytes = any_base64(in_enc(value)?)?;
                let (salt, rest) = bytes.split_at_checked(16)?;
                let (iv, sealed) = rest.split_at_checked(16)?;
                let mut key = [0; 32];
                pbkdf2::pbkdf2_hmac::<Sha512>(password.expose(), salt, 1000, &mut key);
                text(cbc(&Blocks::aes(&key)?, iv, sealed)?, 0)
            }
            Self::Chromium { blocks } => text(cbc(blocks, &[b' '; 16], value.get(3..)?)?, 0),
        }
    }
}

fn in_enc(value: &[u8]) -> Option<&[u8]> {
    value.strip_prefix(b"ENC(")?.strip_suffix(b")")
}

fn is_signed(key: &[u8], parts: &[&[u8]], tag: &[u8]) -> bool {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().ct_eq(tag).into()
}

/// Decrypted and without padding, and the padding's bits.
fn cbc(blocks: &Blocks, iv: &[u8], sealed: &[u8]) -> Option<(Secret, u32)> {
    let mut data = sealed.to_vec();
    blocks.cbc(iv, &mut data).then_some(())?;
    let data = Secret::from(data);
    let (text, padding) = unpadded(data.expose(), blocks.block())?;
    Some((Secret::new(text), 8 * padding as u32))
}

fn text((bytes, padding): (Secret, u32), signed: u32) -> Option<(Secret, u32)> {
    let bits = padding + signed + as_text(bytes.expose())?.len() as u32;
    Some((bytes, bits))
}

fn laravel(key: &[u8], blocks: &Blocks, value: &[u8]) -> Option<(Secret, u32)> {
    let json: serde_json::Value = serde_json::from_slice(&any_base64(value)?).ok()?;
    let part = |name: &str| json.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let (iv, sealed) = (STANDARD.decode(part("iv")).ok()?, STANDARD.decode(part("value")).ok()?);
    let (bytes, bits) = if part("tag").is_empty() {
        let mac = hex::decode(part("mac")).ok()?;
        is_signed(key, &[part("iv").as_bytes(), part("value").as_bytes()], &mac).then_some(())?;
        let (bytes, padding) = cbc(blocks, &iv, &sealed)?;
        (bytes, padding + 256)
    } else {
        let tag = STANDARD.decode(part("tag")).ok()?;
        let mut data = sealed;
        blocks.gcm(&iv, &tag, &mut data).then_some(())?;
        (Secret::from(data), 128)
    };
    // `encrypt()` serialises what it encrypts: `s:8:"…";`.
    let bare = bytes.expose().strip_prefix(b"s:").and_then(|rest| {
        let at = memchr::memchr(b':', rest)?;
        rest[at + 1..].strip_prefix(b"\"")?.strip_suffix(b"\";")
    });
    let bytes = bare.map_or_else(|| bytes.clone(), Secret::new);
    text((bytes, 0), bits)
}

/// `len` bytes of key and vector.
fn stretched(password: &[u8], salt: &[u8], stretch: Stretch, len: usize) -> Secret {
    let mut made = Vec::new();
    match stretch {
        Stretch::Pbkdf2 => {
            made.resize(len, 0);
            pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, 10_000, &mut made);
        }
        Stretch::Md5 => {
            while made.len() < len {
                let last = made.len().saturating_sub(16);
                let next = Md5::new().chain_update(&made[last..]).chain_update(password).chain_update(salt).finalize();
                made.extend_from_slice(&next);
            }
        }
        Stretch::Sha256 => {
            while made.len() < len {
                let last = made.len().saturating_sub(32);
                let next =
                    Sha256::new().chain_update(&made[last..]).chain_update(password).chain_update(salt).finalize();
                made.extend_from_slice(&next);
            }
        }
    }
    made.truncate(len);
    Secret::from(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_token_of_the_fernet_specification_opens() {
        // github.com/fernet/spec, generate.json.
        let key = any_base64(b"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=").unwrap();
        let token =
            b"gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";
        let opened = Container::all(&key).iter().find_map(|container| container.open(token)).unwrap();
        assert_eq!(opened.0.expose(), b"hello");
        assert!(Container::all(&[7; 32]).iter().all(|container| container.open(token).is_none()));
    }

    #[test]
    fn any_bytes_are_let_pass() {
        let all = Container::all(&[7; 32]);
        for prefix in [&b"gAAAAA"[..], b"eyJpdiI6", b"U2FsdGVkX1", b"Salted__", b"ENC(", b"v10", b"v11", b""] {
            for tail in [
                &b""[..],
                b"A",
                b"AAAA",
                b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                b")",
                b"\xff\xfe",
            ] {
                let value = [prefix, tail].concat();
                for container in &all {
                    let _ = container.open(&value);
                }
            }
        }
    }
}
