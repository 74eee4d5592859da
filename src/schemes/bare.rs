//! Bare digests: unsalted fast hashes, whatever they are written in.
//!
//! A digest's length says little: 32 hex digits are MD5 or NTLM or a file's checksum. Every reading is offered; proof
//! decides.

use super::codec::{self, MAX_DIGEST};
use super::formulas::{Container, Opened};
use super::{Family, ldap, salted};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "bare",
    prefixes: &[],
    by_prefix: None,
    by_shape: Some(by_base64_length),
    forms: &FORMS,
    layouts: &[],
    schemes: &[],
};

static FORMS: [&FormDef; 15] = [
    &HEX16, &HEX32, &HEX40, &HEX56, &HEX64, &HEX80, &HEX96, &HEX128, &BASE64_16, &BASE64_20, &BASE64_28, &BASE64_32,
    &BASE64_40, &BASE64_48, &BASE64_64,
];

/// Takes apart what is nothing but a digest, and labels with an unsalted one behind them.
pub(super) const CONTAINERS: &[Container] = &{
    const fn of(form: &'static FormDef) -> Container {
        Container { form, open }
    }
    [
        of(&HEX16),
        of(&HEX32),
        of(&HEX40),
        of(&HEX56),
        of(&HEX64),
        of(&HEX80),
        of(&HEX96),
        of(&HEX128),
        of(&BASE64_16),
        of(&BASE64_20),
        of(&BASE64_28),
        of(&BASE64_32),
        of(&BASE64_40),
        of(&BASE64_48),
        of(&BASE64_64),
        of(&ldap::MD5),
        of(&ldap::SHA),
        of(&ldap::SHA256),
        of(&ldap::SHA512),
        of(&salted::MD5_NO_SALT),
        of(&salted::SHA1_NO_SALT),
    ]
};

#[allow(clippy::unnecessary_wraps)] // A container's type.
fn open<'a>(value: &'a [u8], _: &'static FormDef) -> Option<Opened<'a>> {
    Some(Opened::bare(digest_text(value)))
}

/// The forms of bare digests of `len` bytes.
pub(super) fn of_length(len: usize) -> Vec<&'static FormDef> {
    FORMS.into_iter().filter(|form| form.digest_len == len).collect()
}

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Digest, digest_len }
}

pub(super) static HEX16: FormDef = form("hex16", 8);
pub(super) static HEX32: FormDef = form("hex32", 16);
pub(super) static HEX40: FormDef = form("hex40", 20);
static HEX56: FormDef = form("hex56", 28);
pub(super) static HEX64: FormDef = form("hex64", 32);
static HEX80: FormDef = form("hex80", 40);
static HEX96: FormDef = form("hex96", 48);
static HEX128: FormDef = form("hex128", 64);
static BASE64_16: FormDef = form("base64-16", 16);
static BASE64_20: FormDef = form("base64-20", 20);
static BASE64_28: FormDef = form("base64-28", 28);
static BASE64_32: FormDef = form("base64-32", 32);
static BASE64_40: FormDef = form("base64-40", 40);
static BASE64_48: FormDef = form("base64-48", 48);
pub(super) static BASE64_64: FormDef = form("base64-64", 64);

/// The form of bare hexadecimal of a digest's length.
///
/// Sixteen decimal digits are no digest but a number: of random digests, one in 1,800 has no letter.
#[inline]
pub(super) fn by_hex_length(value: &[u8]) -> Option<&'static FormDef> {
    let def = match value.len() {
        16 => &HEX16,
        32 => &HEX32,
        40 => &HEX40,
        56 => &HEX56,
        64 => &HEX64,
        80 => &HEX80,
        96 => &HEX96,
        128 => &HEX128,
        _ => return None,
    };
    (codec::is_hex(value) && (value.len() > 16 || !codec::is_digits(value))).then_some(def)
}

/// Sixteen decimal digits, read as the digest that they are in a column of such digests.
pub(super) fn of_digits(value: &[u8]) -> Option<Form> {
    (value.len() == 16 && codec::is_digits(value)).then(|| Form::plain(&HEX16))
}

/// The form of a bare digest in lower-case hexadecimal, and how many bytes of `out` it takes: what
/// [`recognise`](super::recognise) and the scheme's [`raw_digest`](Scheme::raw_digest) would say, in one go. `None` says
/// nothing.
#[inline]
pub(super) fn decoded(value: &[u8], out: &mut [u8; MAX_DIGEST]) -> Option<(Form, usize)> {
    let def = match value.len() {
        32 => &HEX32,
        40 => &HEX40,
        64 => &HEX64,
        128 => &HEX128,
        _ => return None,
    };
    codec::lower_hex_into(value, out).then(|| (Form::plain(def), def.digest_len))
}

fn by_base64_length(value: &[u8]) -> Option<Form> {
    let def = match (value.len(), value) {
        (24, [.., b'=', b'=']) => &BASE64_16,
        (28, [.., b'=']) => &BASE64_20,
        (40, [.., b'=', b'=']) => &BASE64_28,
        (44, [.., b'=']) => &BASE64_32,
        (56, [.., b'=', b'=']) => &BASE64_40,
        // Without padding nothing but the length speaks for base64.
        (64, _) if codec::is_mixed(value) => &BASE64_48,
        (88, [.., b'=', b'=']) => &BASE64_64,
        _ => return None,
    };
    (codec::base64_len(value)? == def.digest_len).then(|| Form::plain(def))
}

/// The digest's text inside a value: after `{SHA}`, after `sha1$$`, after `MySQL`'s `*`, or all of it.
pub(super) fn digest_text(value: &[u8]) -> &[u8] {
    match value.first() {
        Some(b'*') => &value[1..],
        Some(b'{') => codec::split_once(value, b'}').map_or(value, |(_, text)| text),
        _ => memchr::memrchr(b'$', value).map_or(value, |at| &value[at + 1..]),
    }
}

/// Whether `value` is an unsalted fast hash of the empty password.
pub(super) fn is_of_nothing(value: &[u8], def: &'static FormDef) -> bool {
    /// Digests of the empty input, computed with `md5sum`, `sha1sum` … `< /dev/null`: MD5, NTLM (MD4), MD5 of hex MD5,
    /// SHA-1, SHA-1 of SHA-1 (`MySQL` 4.1), SHA-1 of hex SHA-1; SHA-256; SHA-384; SHA-512.
    const OF_NOTHING: [&str; 9] = [
        "d41d8cd98f00b204e9800998ecf8427e",
        "31d6cfe0d16ae931b73c59d7e0c089c0",
        "74be16979710d4c4e7c6647856088456",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "be1bdec0aa74b4dcb079943e70528096cca985f8",
        "10a34637ad661d98ba3344717656fcc76209c2f8",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f\
         63b931bd47417a81a538327af927da3e",
    ];
    // Asked for every digest that is in no list: most are bare hexadecimal, and nearly all differ in the first two digits.
    const FIRST: [[u8; 2]; OF_NOTHING.len()] = {
        let mut first = [[0; 2]; OF_NOTHING.len()];
        let mut i = 0;
        while i < first.len() {
            let digest = OF_NOTHING[i].as_bytes();
            first[i] = [digest[0], digest[1]];
            i += 1;
        }
        first
    };
    if def.digest_len == 0 {
        return false;
    }
    let text = if value.len() == 2 * def.digest_len { value } else { digest_text(value) };
    if text.len() == 2 * def.digest_len {
        // In lower case if they are digits at all; no early end, so that all are compared at once.
        let first = [text[0] | 0x20, text[1] | 0x20];
        let alike = FIRST.iter().filter(|known| **known == first).count() > 0;
        return alike && OF_NOTHING.iter().any(|digest| text.eq_ignore_ascii_case(digest.as_bytes()));
    }
    let mut raw = [0; MAX_DIGEST];
    let Some(len) = codec::digest_bytes(text, def.digest_len, &mut raw) else {
        return false;
    };
    OF_NOTHING.iter().any(|digest| is_hex_of(digest.as_bytes(), &raw[..len]))
}

/// Whether `hex` is lower-case hexadecimal of `raw`; ends at the first difference, which is public here.
fn is_hex_of(hex: &[u8], raw: &[u8]) -> bool {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (pairs, _) = hex.as_chunks::<2>();
    pairs.len() == raw.len()
        && pairs.iter().zip(raw).all(|(pair, b)| *pair == [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
}

#[cfg(test)]
mod tests {
    use super::super::{Stored, explain, recognise};
    use super::*;

    #[test]
    fn a_bare_digest_is_seen_and_decoded_as_the_long_way_does_it() {
        let mut seen = 0;
        for len in 0..=140 {
            for alphabet in [&b"0123456789abcdef"[..], b"0123456789", b"0123456789ABCDEF", b"0123456789abcdefg"] {
                let value: Vec<u8> = (0..len).map(|i| alphabet[(i * 31 + len * 7) % alphabet.len()]).collect();
                let mut out = [0; MAX_DIGEST];
                let Some((form, size)) = decoded(&value, &mut out) else { continue };
                seen += 1;
                assert_eq!(form, recognise(&value));
                let stored = Stored::new(&value);
                for scheme in explain(form, false) {
                    let mut slowly = [0; MAX_DIGEST];
                    if let Some(len) = scheme.raw_digest(&stored, &mut slowly) {
                        assert_eq!(slowly[..len], out[..size], "{}", scheme.name());
                    }
                }
            }
        }
        assert!(seen >= 8, "four lengths of digits with and without letters");
    }
}
