//! What stands around a crypt string: LDAP's and Dovecot's `{CRYPT}`, Spring's `{bcrypt}`, Django's `bcrypt$` and `argon2`,
//! Nextcloud's `1|`, `WoltLab`'s `Bcrypt:`, `XenForo`'s serialised `hash`. It changes nothing in what is inside, so the
//! families inside read through it.

use super::{FAMILIES, Family, codec, oracle, plaintext, unix_crypt};
use crate::model::Form;

pub(super) const FAMILY: Family = Family {
    file: "wrapper",
    prefixes: &["{", "bcrypt$$", "argon2$", "1|$", "2|$", "3|$", "Bcrypt:", "a:1:{"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[],
    schemes: &[],
};

/// In braces, of either case.
const LABELS: [&str; 11] = [
    "{CRYPT}",
    "{bcrypt}",
    "{argon2}",
    "{BLF-CRYPT}",
    "{MD5-CRYPT}",
    "{SHA256-CRYPT}",
    "{SHA512-CRYPT}",
    "{ARGON2I}",
    "{ARGON2ID}",
    "{DES-CRYPT}",
    "{SHA1-CRYPT}",
];

/// As they are; what follows starts with `$`.
const PREFIXES: [&[u8]; 4] = [b"argon2", b"1|", b"2|", b"3|"];

/// Before and after a crypt string: PHP's `serialize` of an array with one text of sixty characters, and JSON.
const AROUND: [(&[u8], &[u8]); 2] = [(b"a:1:{s:4:\"hash\";s:60:\"", b"\";}"), (b"{\"hash\":\"", b"\"}")];

/// The crypt string inside `value`, which is `value` itself where nothing is around it.
pub(super) fn inside(value: &[u8]) -> &[u8] {
    let between = |(before, after): &(&[u8], &[u8])| value.strip_prefix(*before)?.strip_suffix(*after);
    let unwrapped = match value.first() {
        Some(b'S') => return oracle::spare4(value),
        Some(b'B') => value.strip_prefix(b"Bcrypt:"),
        Some(b'a') if value.starts_with(b"a:1:{") => AROUND.iter().find_map(between),
        Some(b'{') if value.starts_with(b"{\"") => AROUND.iter().find_map(between),
        Some(b'{') => LABELS.iter().find_map(|label| codec::strip_prefix_any_case(value, label)),
        Some(b'b') => value.strip_prefix(b"bcrypt$"),
        Some(b'a' | b'1' | b'2' | b'3') => PREFIXES.iter().find_map(|prefix| value.strip_prefix(*prefix)),
        _ => None,
    };
    unwrapped.filter(|rest| matches!(rest.first(), Some(b'$' | b'_')) || is_des(rest)).unwrap_or(value)
}

/// Traditional DES crypt, which nothing marks.
fn is_des(inner: &[u8]) -> bool {
    std::ptr::eq(plaintext::text(inner), &raw const plaintext::TEXT_13)
}

fn recognise(value: &[u8]) -> Option<Form> {
    let inner = inside(value);
    if inner.len() == value.len() {
        return None;
    }
    if is_des(inner) { Some(Form::plain(&unix_crypt::LABELLED)) } else { by_dollar(inner) }
}

/// The form of a crypt string, if a family knows it.
pub(super) fn by_dollar(value: &[u8]) -> Option<Form> {
    FAMILIES
        .iter()
        .filter(|family| family.prefixes.iter().any(|prefix| value.starts_with(prefix.as_bytes())))
        .find_map(|family| family.by_prefix.and_then(|recognise| recognise(value)))
}
