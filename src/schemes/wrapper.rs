//! Labels around a crypt string: LDAP's and Dovecot's `{CRYPT}`, Spring's `{bcrypt}`, Django's `bcrypt$` and `argon2`,
//! Nextcloud's `1|`. They change nothing in what is inside, so the families inside read through them.

use super::{FAMILIES, Family, codec};
use crate::model::Form;

pub(super) const FAMILY: Family = Family {
    file: "wrapper",
    prefixes: &["{", "bcrypt$$", "argon2$", "1|$", "2|$", "3|$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    schemes: &[],
};

/// In braces, of either case.
const LABELS: [&str; 9] = [
    "{CRYPT}",
    "{bcrypt}",
    "{argon2}",
    "{BLF-CRYPT}",
    "{MD5-CRYPT}",
    "{SHA256-CRYPT}",
    "{SHA512-CRYPT}",
    "{ARGON2I}",
    "{ARGON2ID}",
];

/// As they are; what follows starts with `$`.
const PREFIXES: [&[u8]; 4] = [b"argon2", b"1|", b"2|", b"3|"];

/// The crypt string inside `value`, which is `value` itself where nothing is around it.
pub(super) fn inside(value: &[u8]) -> &[u8] {
    let unwrapped = match value.first() {
        Some(b'{') => LABELS.iter().find_map(|label| codec::strip_prefix_any_case(value, label)),
        Some(b'b') => value.strip_prefix(b"bcrypt$"),
        Some(b'a' | b'1' | b'2' | b'3') => PREFIXES.iter().find_map(|prefix| value.strip_prefix(*prefix)),
        _ => None,
    };
    unwrapped.filter(|rest| rest.starts_with(b"$")).unwrap_or(value)
}

fn recognise(value: &[u8]) -> Option<Form> {
    let inner = inside(value);
    (inner.len() < value.len()).then(|| by_dollar(inner)).flatten()
}

/// The form of a crypt string, if a family knows it.
pub(super) fn by_dollar(value: &[u8]) -> Option<Form> {
    FAMILIES
        .iter()
        .filter(|family| family.prefixes.iter().any(|prefix| value.starts_with(prefix.as_bytes())))
        .find_map(|family| family.by_prefix.and_then(|recognise| recognise(value)))
}
