//! Digests with their salt in the same value, no scheme named: `hex:salt`, `salt:hex`, `hex$salt`, `hex:salt:salt`, and
//! Django's and Werkzeug's `sha1$salt$hex`, which names the hash.

use super::formulas::{Container, Opened};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "salted",
    prefixes: &["md5$", "sha1$", "sha224$", "sha256$", "sha384$", "sha512$"],
    by_prefix: Some(by_name),
    by_shape: Some(by_shape),
    forms: &FORMS,
    layouts: &[],
    schemes: &[],
};

/// Longest salt that a value is taken to hold, in bytes; the longest published one has 256.
const LONGEST_SALT: usize = 256;

const fn shape(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::SaltedDigest, digest_len }
}

const fn named(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

/// Digest first, then `:` or `$`, then the salt.
pub(super) static HEX_SALT: [FormDef; 6] = [
    shape("hex32:salt", 16),
    shape("hex40:salt", 20),
    shape("hex64:salt", 32),
    shape("hex128:salt", 64),
    shape("hex56:salt", 28),
    shape("hex96:salt", 48),
];
/// The same with two salts, or with a salt that has a colon in it.
static HEX_TWO_SALTS: [FormDef; 6] = [
    shape("hex32:salt:salt", 16),
    shape("hex40:salt:salt", 20),
    shape("hex64:salt:salt", 32),
    shape("hex128:salt:salt", 64),
    shape("hex56:salt:salt", 28),
    shape("hex96:salt:salt", 48),
];
/// Salt first, then `:` or `$`, then the digest.
pub(super) static SALT_HEX: [FormDef; 6] = [
    shape("salt:hex32", 16),
    shape("salt:hex40", 20),
    shape("salt:hex64", 32),
    shape("salt:hex128", 64),
    shape("salt:hex56", 28),
    shape("salt:hex96", 48),
];
/// Hash named: Django before 1.4 (`h(salt.pass)`), Werkzeug before 0.9 and its plain methods (HMAC keyed with the salt).
static NAMED: [FormDef; 6] = [
    named("md5$salt$hex", 16),
    named("sha1$salt$hex", 20),
    named("sha256$salt$hex", 32),
    named("sha512$salt$hex", 64),
    named("sha224$salt$hex", 28),
    named("sha384$salt$hex", 48),
];
/// Django's `UnsaltedMD5PasswordHasher`.
pub(super) static MD5_NO_SALT: FormDef = named("md5$$hex", 16);
/// Django's `UnsaltedSHA1PasswordHasher`.
pub(super) static SHA1_NO_SALT: FormDef = named("sha1$$hex", 20);

/// Magento 2's first version: digest, salt, and the version.
static MAGENTO: FormDef = shape("hex64:salt:1", 32);

static FORMS: [&FormDef; 27] = {
    let mut forms = [&MD5_NO_SALT; 27];
    let mut i = 0;
    while i < 6 {
        forms[i] = &HEX_SALT[i];
        forms[6 + i] = &HEX_TWO_SALTS[i];
        forms[12 + i] = &SALT_HEX[i];
        forms[18 + i] = &NAMED[i];
        i += 1;
    }
    forms[24] = &MD5_NO_SALT;
    forms[25] = &SHA1_NO_SALT;
    forms[26] = &MAGENTO;
    forms
};

/// Takes digest and salts apart.
pub(super) const CONTAINERS: &[Container] = &{
    const NONE: Container = Container { form: &HEX_SALT[0], open };
    let mut all = [NONE; 25];
    let mut i = 0;
    while i < 24 {
        all[i] = Container { form: FORMS[i], open };
        i += 1;
    }
    all[24] = Container {
        form: &MAGENTO,
        open: |value, _| hex_first(value.strip_suffix(b":1")?, 64).map(|(hex, salt)| Opened::salted(hex, salt)),
    };
    all
};

/// The forms with digests of `len` bytes and one salt; a text with two may be one with a colon in it.
pub(super) fn one_salt(len: usize) -> Vec<&'static FormDef> {
    FORMS[..24].iter().copied().filter(|form| form.digest_len == len).collect()
}

/// The forms with digests of `len` bytes and two salts.
pub(super) fn two_salts(len: usize) -> Vec<&'static FormDef> {
    HEX_TWO_SALTS.iter().filter(|form| form.digest_len == len).collect()
}

/// Whether the form's values name their hash.
pub(super) fn names_hash(def: &'static FormDef) -> bool {
    is_one_of(&NAMED, def)
}

fn is_one_of(defs: &'static [FormDef], def: &'static FormDef) -> bool {
    defs.iter().any(|one| std::ptr::eq(one, def))
}

fn open<'a>(value: &'a [u8], def: &'static FormDef) -> Option<Opened<'a>> {
    if is_one_of(&HEX_SALT, def) {
        return hex_first(value, 2 * def.digest_len).map(|(hex, salt)| Opened::salted(hex, salt));
    }
    if is_one_of(&SALT_HEX, def) {
        return hex_last(value, 2 * def.digest_len).map(|(salt, hex)| Opened::salted(hex, salt));
    }
    if is_one_of(&HEX_TWO_SALTS, def) {
        let (hex, salt) = hex_first(value, 2 * def.digest_len)?;
        return Some(Opened { two: codec::split_once(salt, b':'), ..Opened::salted(hex, salt) });
    }
    let (_, rest) = codec::split_once(value, b'$')?;
    codec::split_once(rest, b'$').map(|(salt, hex)| Opened::salted(hex, salt))
}

fn by_name(value: &[u8]) -> Option<Form> {
    let (name, rest) = codec::split_once(value, b'$')?;
    let (salt, hex) = codec::split_once(rest, b'$')?;
    let which = match name {
        b"md5" => 0,
        b"sha1" => 1,
        b"sha256" => 2,
        b"sha512" => 3,
        b"sha224" => 4,
        b"sha384" => 5,
        _ => return None,
    };
    if hex.len() != 2 * NAMED[which].digest_len || !codec::is_hex(hex) || salt.len() > LONGEST_SALT {
        return None;
    }
    match (salt, which) {
        (b"", 0) => Some(Form::plain(&MD5_NO_SALT)),
        (b"", 1) => Some(Form::plain(&SHA1_NO_SALT)),
        (b"", _) => None,
        _ => codec::is_visible(salt).then(|| Form::plain(&NAMED[which])),
    }
}

fn by_shape(value: &[u8]) -> Option<Form> {
    // These open the names of schemes that are more than a digest with its salt: `$sspr$`, `{smd5}`, `:B:`.
    if matches!(value.first(), Some(b'$' | b'{' | b':')) {
        return None;
    }
    let first = HEX_SALT.iter().zip(&HEX_TWO_SALTS).find_map(|(one, two)| {
        let (hex, salt) = hex_first(value, 2 * one.digest_len)?;
        let both = codec::split_once(salt, b':').filter(|(a, b)| is_salt(a) && is_salt(b) && !b.contains(&b':'));
        let def = match both {
            Some((_, b"1")) if one.digest_len == 32 => &MAGENTO,
            Some(_) => two,
            None => one,
        };
        (is_digest(hex) && (both.is_some() || is_salt(salt))).then_some(def)
    });
    // More separators in front mean more parts than a salt: `pbkdf2(1000,20,sha512)$salt$hex`.
    let is_one = |salt: &[u8]| is_salt(salt) && memchr::memchr2(b':', b'$', salt).is_none();
    let last = SALT_HEX
        .iter()
        .find(|def| hex_last(value, 2 * def.digest_len).is_some_and(|(salt, hex)| is_digest(hex) && is_one(salt)));
    // Where both sides could be the digest, the longer one is; of two equal ones, the first.
    match (first, last) {
        (Some(first), Some(last)) if last.digest_len > first.digest_len => Some(Form::plain(last)),
        (Some(def), _) | (None, Some(def)) => Some(Form::plain(def)),
        (None, None) => None,
    }
}

/// Hexadecimal with a letter in it: a run of digits alone is a salt, and no digest of this length has none.
fn is_digest(hex: &[u8]) -> bool {
    codec::is_hex(hex) && !codec::is_digits(hex)
}

/// Blanks and colons occur in salts, control characters do not.
fn is_salt(salt: &[u8]) -> bool {
    (1..=LONGEST_SALT).contains(&salt.len()) && salt.iter().all(|&b| b == b' ' || b.is_ascii_graphic())
}

fn hex_first(value: &[u8], digits: usize) -> Option<(&[u8], &[u8])> {
    matches!(value.get(digits), Some(b':' | b'$')).then(|| (&value[..digits], &value[digits + 1..]))
}

fn hex_last(value: &[u8], digits: usize) -> Option<(&[u8], &[u8])> {
    let at = value.len().checked_sub(digits + 1)?;
    matches!(value[at], b':' | b'$').then(|| (&value[..at], &value[at + 1..]))
}
