//! LDAP's `{SCHEME}` values with base64 of a fast hash, salted (`{SSHA}`) or not (`{SHA}`): RFC 2307's userPassword and
//! what `OpenLDAP`, Dovecot and 389-DS made of it. Labels are of either case. Spring Security writes hex after them.

use std::borrow::Cow;

use super::codec::{self, MAX_DIGEST};
use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, fast, grading, salted};
use crate::model::{Algorithm, Form, FormDef, FormKind, Formula, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "ldap",
    prefixes: &["{S", "{s", "{M", "{m", "{P", "{p", "{L", "{l"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&MD5, &SHA, &SHA256, &SHA512, &SMD5, &SSHA, &SSHA256, &SSHA512],
    layouts: &[],
    schemes: &[&SALTED_MD5, &SALTED_SHA, &SALTED_SHA256, &SALTED_SHA512],
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

static SALTED_MD5: Ldap = Ldap { name: "ldap-smd5", algorithm: Algorithm::Md5, forms: &[&SMD5] };
static SALTED_SHA: Ldap = Ldap { name: "ldap-ssha", algorithm: Algorithm::Sha1, forms: &[&SSHA] };
static SALTED_SHA256: Ldap = Ldap { name: "ldap-ssha256", algorithm: Algorithm::Sha256, forms: &[&SSHA256] };
static SALTED_SHA512: Ldap = Ldap { name: "ldap-ssha512", algorithm: Algorithm::Sha512, forms: &[&SSHA512] };

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
        label.len().checked_sub(suffix.len()).filter(|at| label[*at..].eq_ignore_ascii_case(suffix.as_bytes()))
    };
    let label = &label[..[".HEX", ".B64", ".BASE64"].iter().find_map(|suffix| written(suffix)).unwrap_or(label.len())];
    let is = |known: &str| known.as_bytes()[..known.len() - 1].eq_ignore_ascii_case(label);
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

/// `h(pass.salt)` and the salt behind the digest, in base64.
struct Ldap {
    name: &'static str,
    algorithm: Algorithm,
    forms: &'static [&'static FormDef],
}

impl Ldap {
    fn bytes(stored: &Stored<'_>) -> Option<Vec<u8>> {
        let (_, text) = codec::split_once(stored.value, b'}')?;
        codec::base64_bytes(text)
    }
}

impl Scheme for Ldap {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Value
    }
    fn protection(&self) -> Protection {
        Protection::SaltedFast
    }
    fn policy_key(&self) -> &'static str {
        "salted-fast"
    }
    fn describe(&self, _: Form) -> String {
        self.name.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, self.policy_key(), "a fast hash: the salt slows nobody down who attacks one account")
    }
    fn work(&self, _: Form) -> u64 {
        fast::nanoseconds(self.algorithm)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        salted::verify(self, Formula::PassSalt(self.algorithm), stored, candidate)
    }
    fn formula(&self) -> Option<Formula> {
        Some(Formula::PassSalt(self.algorithm))
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        let len = self.algorithm.digest_len();
        out[..len].copy_from_slice(Self::bytes(stored)?.get(..len)?);
        Some(len)
    }
    fn salt<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        Some(Cow::Owned(Self::bytes(stored)?.get(self.algorithm.digest_len()..)?.to_vec()))
    }
}
