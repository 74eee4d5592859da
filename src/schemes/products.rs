//! Containers that products write digests of fast hashes in: `$SHA$salt$hex`, `:B:salt:hex`, `{SHA-256}{salt}hex`, salt and
//! digest in one run of hexadecimal, salt and digest in one base64. What is made of password and salt says
//! `patterns/formulas.toml`.

use std::borrow::Cow;

use super::formulas::{Container, Opened, Text};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "products",
    prefixes: &[
        "$BLAKE2$", "$SHA$", "$B$", ":A:", ":B:", "$PHPS$", "$episerver$*", "{M", "{m", "{S", "{s",
    ],
    by_prefix: Some(by_prefix),
    by_shape: Some(by_shape),
    forms: &FORMS,
    schemes: &[],
};

/// How one form is written.
#[derive(Clone, Copy)]
enum Written {
    /// This text, and the digest in hexadecimal.
    Hex,
    /// This text, salt, `$` or `:` as the text ends, the digest in hexadecimal.
    SaltHex,
    /// The same, the salt itself in hexadecimal.
    HexSaltHex,
    /// This text, the digest in hexadecimal, `:`, salt.
    HexSalt,
    /// This text, salt in base64, `*`, digest in base64 without padding.
    Episerver,
    /// A label of either case, `{salt}`, the digest in hexadecimal.
    Braces,
    /// So many digits of a salt that is meant as bytes or as text, then the digest.
    Run { digits: usize, bytes: bool },
}

struct Known {
    form: FormDef,
    starts: &'static str,
    written: Written,
}

const fn modular(name: &'static str, digest_len: usize, starts: &'static str, written: Written) -> Known {
    Known { form: FormDef { name, kind: FormKind::Modular, digest_len }, starts, written }
}

const fn run(name: &'static str, digest_len: usize, digits: usize, bytes: bool) -> Known {
    let form = FormDef { name, kind: FormKind::SaltedDigest, digest_len };
    Known { form, starts: "", written: Written::Run { digits, bytes } }
}

/// Every form, with its product where the name does not say it.
static KNOWN: [Known; 16] = [
    // The label that hashcat and John give BLAKE2.
    modular("$blake2$hex64", 32, "$BLAKE2$", Written::Hex),
    modular("$blake2$hex128", 64, "$BLAKE2$", Written::Hex),
    modular("$blake2$hex128:salt", 64, "$BLAKE2$", Written::HexSalt),
    // AuthMe.
    modular("$sha$salt$hex", 32, "$SHA$", Written::SaltHex),
    // MediaWiki's types A and B, and hashcat's way to write B.
    modular(":a:hex", 16, ":A:", Written::Hex),
    modular(":b:salt:hex", 16, ":B:", Written::SaltHex),
    modular("$b$salt$hex", 16, "$B$", Written::SaltHex),
    modular("$phps$salt$hex", 16, "$PHPS$", Written::HexSaltHex),
    modular("episerver-0", 20, "$episerver$*0*", Written::Episerver),
    modular("episerver-1", 32, "$episerver$*1*", Written::Episerver),
    // Spring Security's MessageDigestPasswordEncoder.
    modular("{md5}{salt}hex", 16, "{MD5}{", Written::Braces),
    modular("{sha-1}{salt}hex", 20, "{SHA-1}{", Written::Braces),
    modular("{sha-256}{salt}hex", 32, "{SHA-256}{", Written::Braces),
    // macOS 10.4 to 10.6; hMailServer; macOS 10.7.
    run("hex8+hex40", 20, 8, true),
    run("hex6+hex64", 32, 6, false),
    run("hex8+hex128", 64, 8, true),
];

static FORMS: [&FormDef; KNOWN.len()] = {
    let mut forms = [&KNOWN[0].form; KNOWN.len()];
    let mut i = 0;
    while i < KNOWN.len() {
        forms[i] = &KNOWN[i].form;
        i += 1;
    }
    forms
};

/// Takes digest and salt apart.
pub(super) const CONTAINERS: &[Container] = &{
    let mut all = [const { Container { form: &KNOWN[0].form, open: open_form } }; KNOWN.len()];
    let mut i = 0;
    while i < KNOWN.len() {
        all[i] = Container { form: &KNOWN[i].form, open: open_form };
        i += 1;
    }
    all
};

fn open_form<'a>(value: &'a [u8], def: &'static FormDef) -> Option<Opened<'a>> {
    KNOWN.iter().find(|known| std::ptr::eq(&raw const known.form, def))?.open(value)
}

fn by_prefix(value: &[u8]) -> Option<Form> {
    let mut known = KNOWN.iter().filter(|known| !matches!(known.written, Written::Run { .. }));
    known.find(|known| known.open(value).is_some()).map(|known| Form::plain(&known.form))
}

fn by_shape(value: &[u8]) -> Option<Form> {
    // Lengths that no bare digest has.
    if !matches!(value.len(), 48 | 70 | 136) || !codec::is_hex(value) {
        return None;
    }
    let mut known = KNOWN.iter().filter(|known| matches!(known.written, Written::Run { .. }));
    known.find(|known| known.open(value).is_some()).map(|known| Form::plain(&known.form))
}

/// Longest salt in plain text, in bytes.
const LONGEST_SALT: usize = 128;

impl Known {
    fn open<'a>(&self, value: &'a [u8]) -> Option<Opened<'a>> {
        let digits = 2 * self.form.digest_len;
        let is_salt = |salt: &[u8]| (1..=LONGEST_SALT).contains(&salt.len()) && codec::is_visible(salt);
        let is_digest = |hex: &[u8]| hex.len() == digits && codec::is_hex(hex);
        if let Written::Run { digits: salt, bytes } = self.written {
            let (salt, hex) = value.split_at_checked(salt)?;
            if !is_digest(hex) {
                return None;
            }
            let salt = if bytes { Cow::Owned(codec::hex_bytes(salt)?) } else { Cow::Borrowed(salt) };
            return Some(Opened { salt: Some(salt), ..Opened::bare(hex) });
        }
        let rest = codec::strip_prefix_any_case(value, self.starts)?;
        match self.written {
            Written::Hex => is_digest(rest).then(|| Opened::bare(rest)),
            Written::HexSalt => {
                let (hex, salt) = codec::split_once(rest, b':')?;
                (is_digest(hex) && is_salt(salt)).then(|| Opened::salted(hex, salt))
            }
            Written::SaltHex | Written::HexSaltHex => {
                let separator = *self.starts.as_bytes().last()?;
                let (salt, hex) = codec::split_once(rest, separator)?;
                if !is_digest(hex) || !is_salt(salt) {
                    return None;
                }
                let coded = matches!(self.written, Written::HexSaltHex);
                let salt = if coded { Cow::Owned(codec::hex_bytes(salt)?) } else { Cow::Borrowed(salt) };
                Some(Opened { salt: Some(salt), ..Opened::bare(hex) })
            }
            Written::Braces => {
                let (salt, hex) = codec::split_once(rest, b'}')?;
                (is_digest(hex) && is_salt(salt)).then(|| Opened::salted(hex, salt))
            }
            Written::Episerver => {
                let (salt, digest) = codec::split_once(rest, b'*')?;
                let digest = codec::base64_bytes(digest).filter(|digest| digest.len() == self.form.digest_len)?;
                let salt = codec::base64_bytes(salt).filter(|salt| !salt.is_empty())?;
                Some(Opened { digest: Text::Raw(digest.into()), salt: Some(salt.into()), two: None, login: None })
            }
            Written::Run { .. } => None,
        }
    }
}
