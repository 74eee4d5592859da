//! LDAP's `{SCHEME}` values with base64 of a fast hash, salted (`{SSHA}`) or not (`{SHA}`): RFC 2307's userPassword and
//! what `OpenLDAP`, Dovecot and 389-DS made of it. Labels are of either case. Spring Security writes hex after them.

use std::borrow::Cow;

use super::formulas::{Container, Opened, Text};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "ldap",
    prefixes: &["{S", "{s", "{M", "{m", "{P", "{p", "{L", "{l"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&MD5, &SHA, &SHA256, &SHA512, &SMD5, &SSHA, &SSHA256, &SSHA512],
    layouts: &[],
    schemes: &[],
};

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

pub(super) static MD5: FormDef = form("{md5}", 16);
pub(super) static SHA: FormDef = form("{sha}", 20);
pub(super) static SHA256: FormDef = form("{sha256}", 32);
pub(super) static SHA512: FormDef = form("{sha512}", 64);
static SMD5: FormDef = form("{smd5}", 16);
static SSHA: FormDef = form("{ssha}", 20);
static SSHA256: FormDef = form("{ssha256}", 32);
static SSHA512: FormDef = form("{ssha512}", 64);

/// Longest salt after a digest, in bytes; directories write 4, 8 or 16, 389-DS 8, some products 64.
const LONGEST_SALT: usize = 128;

fn recognise(value: &[u8]) -> Option<Form> {
    const LABELS: [(&str, &FormDef); 11] = [
        ("{SSHA}", &SSHA),
        ("{SHA}", &SHA),
        ("{MD5}", &MD5),
        ("{SMD5}", &SMD5),
        ("{SSHA256}", &SSHA256),
        ("{SHA256}", &SHA256),
        ("{SSHA512}", &SSHA512),
        ("{SHA512}", &SHA512),
        ("{SHA1}", &SHA),
        ("{PLAIN-MD5}", &MD5),
        ("{LDAP-MD5}", &MD5),
    ];
    let (label, text) = codec::split_once(value, b'}')?;
    // Dovecot says behind a dot how the digest is written, where that is not its custom.
    let written = |suffix: &str| {
        let at = label.len().checked_sub(suffix.len())?;
        label[at..].eq_ignore_ascii_case(suffix.as_bytes()).then_some(at)
    };
    let end = [".HEX", ".B64", ".BASE64"].iter().find_map(|suffix| written(suffix)).unwrap_or(label.len());
    let is = |known: &str| known.as_bytes()[..known.len() - 1].eq_ignore_ascii_case(&label[..end]);
    let def = LABELS.iter().find(|(known, _)| is(known))?.1;
    let len = def.digest_len;
    let fits = if is_salted(def) {
        codec::base64_len(text).is_some_and(|n| (len + 1..=len + LONGEST_SALT).contains(&n))
    } else {
        (text.len() == 2 * len && codec::is_hex(text)) || codec::base64_len(text) == Some(len)
    };
    fits.then(|| Form::plain(def))
}

fn is_salted(def: &'static FormDef) -> bool {
    [&SMD5, &SSHA, &SSHA256, &SSHA512].iter().any(|salted| std::ptr::eq(*salted, def))
}

/// Takes apart base64 of a digest and the salt behind it.
pub(super) const CONTAINERS: &[Container] = &[
    Container { form: &SMD5, open },
    Container { form: &SSHA, open },
    Container { form: &SSHA256, open },
    Container { form: &SSHA512, open },
];

fn open<'a>(value: &'a [u8], def: &'static FormDef) -> Option<Opened<'a>> {
    let (_, text) = codec::split_once(value, b'}')?;
    let mut digest = codec::base64_bytes(text)?;
    let salt = (digest.len() > def.digest_len).then(|| digest.split_off(def.digest_len))?;
    Some(Opened { digest: Text::Raw(Cow::Owned(digest)), salt: Some(Cow::Owned(salt)), two: None, login: None })
}
