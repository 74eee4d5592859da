//! Values that are surely no password in plain text, and that no family here can explain: crypt strings and LDAP labels
//! of other schemes, digests and blobs of other lengths. They are *not understood*, which is a result; to call them
//! plaintext would be a false alarm, to pass over them a false peace.

use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "unknown",
    prefixes: &[],
    by_prefix: None,
    by_shape: Some(by_shape),
    forms: &[&CRYPT, &LABEL, &HEX, &BASE64, &TAILED],
    layouts: &[],
    schemes: &[],
};

static CRYPT: FormDef = FormDef { name: "other-crypt", kind: FormKind::Modular, digest_len: 0 };
static LABEL: FormDef = FormDef { name: "other-label", kind: FormKind::Modular, digest_len: 0 };
static HEX: FormDef = FormDef { name: "other-hex", kind: FormKind::Digest, digest_len: 0 };
static BASE64: FormDef = FormDef { name: "other-base64", kind: FormKind::Digest, digest_len: 0 };
static TAILED: FormDef = FormDef { name: "other-salted", kind: FormKind::SaltedDigest, digest_len: 0 };

/// Shortest crypt string taken as one, in bytes; DES-based `$` schemes and truncated hashes start here, while typed
/// passwords of that shape end long before.
const SHORTEST_CRYPT: usize = 20;
/// Shortest text behind a `{LABEL}`.
const SHORTEST_LABELLED: usize = 8;
/// Shortest hexadecimal of a length that is no known digest's, in digits.
const SHORTEST_HEX: usize = 34;
/// Shortest base64 of a length that is no known digest's.
const SHORTEST_BASE64: usize = 40;

/// Runs after every prefix and every other shape.
fn by_shape(value: &[u8]) -> Option<Form> {
    let def = match value {
        [b'$', rest @ ..] => {
            let (id, body) = codec::split_once(rest, b'$')?;
            let is_id = (1..=24).contains(&id.len())
                && id.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b','))
                || id.len() <= 8 && !id.is_empty() && id.iter().all(u8::is_ascii_alphanumeric);
            (is_id && value.len() >= SHORTEST_CRYPT && codec::is_visible(body)).then_some(&CRYPT)
        }
        [b'{', rest @ ..] => {
            let (label, body) = codec::split_once(rest, b'}')?;
            let is_label = (2..=32).contains(&label.len())
                && label.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'@'));
            (is_label && body.len() >= SHORTEST_LABELLED && codec::is_visible(body)).then_some(&LABEL)
        }
        _ if names_scheme(value) => Some(&CRYPT),
        [b'0', b'x', hex @ ..] => is_long_hex(hex).then_some(&HEX),
        _ if is_long_hex(value) => Some(&HEX),
        _ if value.len() >= SHORTEST_BASE64 && codec::is_mixed(value) && codec::base64_len(value).is_some() => {
            Some(&BASE64)
        }
        _ if holds_digest(value) => Some(&TAILED),
        _ => None,
    };
    def.map(Form::plain)
}

/// Whether the value names a scheme in front, as Django and Werkzeug write it, though what follows is damaged: cut off by
/// a column that is too narrow, or of parameters nobody here knows.
fn names_scheme(value: &[u8]) -> bool {
    const NAMES: [&[u8]; 6] = [b"pbkdf2_", b"pbkdf2:", b"scrypt:", b"argon2$", b"bcrypt$", b"bcrypt_sha256$"];
    value.len() >= SHORTEST_CRYPT
        && NAMES.iter().any(|name| value.starts_with(name))
        && value.contains(&b'$')
        && codec::is_visible(value)
}

/// Whether one of several parts is a digest: `:B:1234:<hex>`, `pbkdf2(1000,20,sha512)$salt$<hex>`, or the last is one in
/// base64: `sha256:1000:<salt>:<base64>`.
fn holds_digest(value: &[u8]) -> bool {
    let is_separator = |b: &u8| matches!(b, b':' | b'$' | b'|' | b'*' | b',');
    let is_base64 = |part: &[u8]| {
        let shortest = if part.ends_with(b"=") { 24 } else { 32 };
        part.len() >= shortest && codec::is_mixed(part) && codec::base64_len(part).is_some()
    };
    value.iter().any(is_separator)
        && codec::is_visible(value)
        && (value.split(is_separator).any(|part| part.len() >= 32 && codec::is_hex(part))
            || value.rsplit(is_separator).next().is_some_and(is_base64))
}

/// Some products cut or lengthen digests by odd numbers of digits (`NetScaler`).
fn is_long_hex(value: &[u8]) -> bool {
    value.len() >= SHORTEST_HEX && codec::is_hex(value)
}
