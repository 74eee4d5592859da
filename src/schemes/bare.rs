//! Bare digests: unsalted fast hashes, whatever they are written in.
//!
//! A digest's length says little: 32 hex digits are MD5 or NTLM or a file's checksum. Every reading is offered; proof
//! decides.

use md5::{Digest as _, Md5};
use sha2::Sha384;

use super::codec::{self, MAX_DIGEST};
use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, fast, grading, ldap, salted};
use crate::model::{Algorithm, Digest, DigestKind, Form, FormDef, FormKind, Formula, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "bare",
    prefixes: &[],
    by_prefix: None,
    by_shape: Some(by_base64_length),
    forms: &[&HEX16, &HEX32, &HEX40, &HEX64, &HEX96, &HEX128, &BASE64_16, &BASE64_20, &BASE64_32, &BASE64_64],
    layouts: &[],
    schemes: &[&MD5, &NTLM, &SHA1, &SHA256, &SHA384, &SHA512, &TWICE_MD5, &TWICE_SHA1, &HALF_MD5],
};

/// What the policy calls all of them.
const UNSALTED: &str = "unsalted-fast";

const fn form(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Digest, digest_len }
}

pub(super) static HEX16: FormDef = form("hex16", 8);
pub(super) static HEX32: FormDef = form("hex32", 16);
pub(super) static HEX40: FormDef = form("hex40", 20);
pub(super) static HEX64: FormDef = form("hex64", 32);
static HEX96: FormDef = form("hex96", 48);
pub(super) static HEX128: FormDef = form("hex128", 64);
pub(super) static BASE64_16: FormDef = form("base64-16", 16);
pub(super) static BASE64_20: FormDef = form("base64-20", 20);
pub(super) static BASE64_32: FormDef = form("base64-32", 32);
pub(super) static BASE64_64: FormDef = form("base64-64", 64);

static MD5: Bare = Bare {
    name: "unsalted-md5",
    formula: Formula::Plain(Algorithm::Md5),
    forms: &[&HEX32, &BASE64_16, &ldap::MD5, &salted::MD5_NO_SALT],
    rank: 100,
};
static NTLM: Bare = Bare { name: "ntlm", formula: Formula::Plain(Algorithm::Ntlm), forms: &[&HEX32], rank: 101 };
static SHA1: Bare = Bare {
    name: "unsalted-sha1",
    formula: Formula::Plain(Algorithm::Sha1),
    forms: &[&HEX40, &BASE64_20, &ldap::SHA, &salted::SHA1_NO_SALT],
    rank: 100,
};
static SHA256: Bare = Bare {
    name: "unsalted-sha256",
    formula: Formula::Plain(Algorithm::Sha256),
    forms: &[&HEX64, &BASE64_32, &ldap::SHA256],
    rank: 100,
};
static SHA512: Bare = Bare {
    name: "unsalted-sha512",
    formula: Formula::Plain(Algorithm::Sha512),
    forms: &[&HEX128, &BASE64_64, &ldap::SHA512],
    rank: 100,
};
static TWICE_MD5: Bare =
    Bare { name: "md5(md5(pass))", formula: Formula::TwiceHex(Algorithm::Md5), forms: &[&HEX32], rank: 103 };
static TWICE_SHA1: Bare =
    Bare { name: "sha1(sha1(pass))", formula: Formula::TwiceHex(Algorithm::Sha1), forms: &[&HEX40], rank: 103 };
static SHA384: Direct = Direct { name: "unsalted-sha384", form: &[&HEX96], hash: sha384 };
static HALF_MD5: Direct = Direct { name: "half-md5", form: &[&HEX16], hash: half_md5 };

/// The form of bare hexadecimal of a digest's length.
///
/// Sixteen decimal digits are no digest but a number: of random digests, one in 1,800 has no letter.
#[inline]
pub(super) fn by_hex_length(value: &[u8]) -> Option<&'static FormDef> {
    let def = match value.len() {
        16 => &HEX16,
        32 => &HEX32,
        40 => &HEX40,
        64 => &HEX64,
        96 => &HEX96,
        128 => &HEX128,
        _ => return None,
    };
    (codec::is_hex(value) && (value.len() > 16 || !codec::is_digits(value))).then_some(def)
}

fn by_base64_length(value: &[u8]) -> Option<Form> {
    let def = match (value.len(), value) {
        (24, [.., b'=', b'=']) => &BASE64_16,
        (28, [.., b'=']) => &BASE64_20,
        (44, [.., b'=']) => &BASE64_32,
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
    if def.digest_len == 0 {
        return false;
    }
    let text = digest_text(value);
    if text.len() == 2 * def.digest_len {
        return OF_NOTHING.iter().any(|digest| text.eq_ignore_ascii_case(digest.as_bytes()));
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

/// An unsalted fast hash with a [`Formula`].
pub(super) struct Bare {
    pub(super) name: &'static str,
    pub(super) formula: Formula,
    pub(super) forms: &'static [&'static FormDef],
    pub(super) rank: u16,
}

impl Scheme for Bare {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Nowhere
    }
    fn protection(&self) -> Protection {
        Protection::UnsaltedFast
    }
    fn policy_key(&self) -> &'static str {
        UNSALTED
    }
    fn describe(&self, _: Form) -> String {
        self.name.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        unsalted(policy)
    }
    fn work(&self, _: Form) -> u64 {
        fast::nanoseconds(self.formula.algorithm()) * fast::hashes(self.formula)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let (mut digest, mut computed) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
        let len = self.raw_digest(stored, &mut digest).ok_or(Unverifiable::Malformed)?;
        let computed_len = fast::evaluate(self.formula, candidate, &[], &mut computed);
        Ok(fast::same(&digest[..len], &computed[..computed_len]))
    }
    fn formula(&self) -> Option<Formula> {
        Some(self.formula)
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        let len = self.formula.algorithm().digest_len();
        // Most values are bare hexadecimal: nothing stands before the digest.
        let text = if stored.value.len() == 2 * len { stored.value } else { digest_text(stored.value) };
        codec::digest_bytes(text, len, out)
    }
    fn rank(&self, _: Form) -> u16 {
        self.rank
    }
    fn asks(&self) -> &'static [DigestKind] {
        match self.formula {
            Formula::Plain(Algorithm::Sha1) => &[DigestKind::Sha1],
            Formula::Plain(Algorithm::Ntlm) => &[DigestKind::Ntlm],
            Formula::Plain(Algorithm::Md5) => &[DigestKind::Md5],
            Formula::Plain(Algorithm::Sha256) => &[DigestKind::Sha256],
            _ => &[],
        }
    }
    fn digest(&self, stored: &Stored<'_>, kind: DigestKind) -> Option<Digest> {
        let mut raw = [0; MAX_DIGEST];
        let len = self.raw_digest(stored, &mut raw)?;
        self.asks().contains(&kind).then(|| Digest::of(kind, &raw[..len])).flatten()
    }
}

/// An unsalted fast hash that `guess` has no [`Formula`] for.
pub(super) struct Direct {
    pub(super) name: &'static str,
    pub(super) form: &'static [&'static FormDef],
    pub(super) hash: fn(&[u8]) -> Vec<u8>,
}

impl Scheme for Direct {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.form
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Nowhere
    }
    fn protection(&self) -> Protection {
        Protection::UnsaltedFast
    }
    fn policy_key(&self) -> &'static str {
        UNSALTED
    }
    fn describe(&self, _: Form) -> String {
        self.name.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        unsalted(policy)
    }
    fn work(&self, _: Form) -> u64 {
        fast::nanoseconds(Algorithm::Sha512)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let digest = codec::hex_bytes(digest_text(stored.value)).ok_or(Unverifiable::Malformed)?;
        Ok(fast::same(&digest, &(self.hash)(candidate)))
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        codec::digest_bytes(digest_text(stored.value), stored.form.def.digest_len, out)
    }
    fn rank(&self, _: Form) -> u16 {
        101
    }
}

fn unsalted(policy: &Policy) -> Graded {
    grading::fixed(policy, UNSALTED, "an unsalted fast hash: one look-up table opens every account")
}

fn sha384(password: &[u8]) -> Vec<u8> {
    Sha384::digest(password).to_vec()
}

fn half_md5(password: &[u8]) -> Vec<u8> {
    Md5::digest(password)[..8].to_vec()
}
