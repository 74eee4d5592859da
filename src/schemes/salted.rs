//! Salted fast hashes without a scheme of their own: `hex:salt`, `salt:hex`, `hex$salt`, Django's and Werkzeug's
//! `sha1$salt$hex`, or a bare digest with the salt in a neighbour column.
//!
//! The shape tells the hash, never the construction: each formula is a scheme, and proof decides between them.

use std::borrow::Cow;

use super::bare::{BASE64_16, BASE64_20, BASE64_32, BASE64_64, HEX32, HEX40, HEX64, HEX128};
use super::codec::{self, MAX_DIGEST};
use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, fast, grading};
use crate::model::{Algorithm, Form, FormDef, FormKind, Formula, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "salted",
    prefixes: &["md5$", "sha1$", "sha256$", "sha512$"],
    by_prefix: Some(by_name),
    by_shape: Some(by_shape),
    forms: &[
        &HEX_SALT[0],
        &HEX_SALT[1],
        &HEX_SALT[2],
        &HEX_SALT[3],
        &SALT_HEX[0],
        &SALT_HEX[1],
        &SALT_HEX[2],
        &SALT_HEX[3],
        &NAMED[0],
        &NAMED[1],
        &NAMED[2],
        &NAMED[3],
        &MD5_NO_SALT,
        &SHA1_NO_SALT,
    ],
    layouts: &[],
    schemes: &SCHEMES,
};

/// Longest salt that a value is taken to hold, in bytes; the longest published one has 64 (`FileZilla`, `ColdFusion`).
const LONGEST_SALT: usize = 128;

const fn shape(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::SaltedDigest, digest_len }
}

const fn named(name: &'static str, digest_len: usize) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len }
}

/// Digest first, then `:` or `$`, then the salt.
pub(super) static HEX_SALT: [FormDef; 4] =
    [shape("hex32:salt", 16), shape("hex40:salt", 20), shape("hex64:salt", 32), shape("hex128:salt", 64)];
/// Salt first, then `:` or `$`, then the digest.
pub(super) static SALT_HEX: [FormDef; 4] =
    [shape("salt:hex32", 16), shape("salt:hex40", 20), shape("salt:hex64", 32), shape("salt:hex128", 64)];
/// Hash named: Django before 1.4 (`h(salt.pass)`), Werkzeug before 0.9 and its plain methods (HMAC keyed with the salt).
static NAMED: [FormDef; 4] =
    [named("md5$salt$hex", 16), named("sha1$salt$hex", 20), named("sha256$salt$hex", 32), named("sha512$salt$hex", 64)];
/// Django's `UnsaltedMD5PasswordHasher`.
pub(super) static MD5_NO_SALT: FormDef = named("md5$$hex", 16);
/// Django's `UnsaltedSHA1PasswordHasher`.
pub(super) static SHA1_NO_SALT: FormDef = named("sha1$$hex", 20);

fn by_name(value: &[u8]) -> Option<Form> {
    let (name, rest) = codec::split_once(value, b'$')?;
    let (salt, hex) = codec::split_once(rest, b'$')?;
    let which = match name {
        b"md5" => 0,
        b"sha1" => 1,
        b"sha256" => 2,
        b"sha512" => 3,
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
    let first = HEX_SALT.iter().find(|def| {
        hex_first(value, 2 * def.digest_len).is_some_and(|(hex, salt)| codec::is_hex(hex) && is_salt(salt))
    });
    // More separators in front mean more parts than a salt: `pbkdf2(1000,20,sha512)$salt$hex`.
    let is_one = |salt: &[u8]| is_salt(salt) && memchr::memchr2(b':', b'$', salt).is_none();
    let last = SALT_HEX
        .iter()
        .find(|def| hex_last(value, 2 * def.digest_len).is_some_and(|(salt, hex)| codec::is_hex(hex) && is_one(salt)));
    // Where both sides could be the digest, the longer one is; of two equal ones, the first.
    match (first, last) {
        (Some(first), Some(last)) if last.digest_len > first.digest_len => Some(Form::plain(last)),
        (Some(def), _) | (None, Some(def)) => Some(Form::plain(def)),
        (None, None) => None,
    }
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

/// Digest text and salt of a value that holds both.
fn split<'a>(value: &'a [u8], def: &'static FormDef) -> Option<(&'a [u8], &'a [u8])> {
    let is_one_of = |defs: &'static [FormDef]| defs.iter().any(|one| std::ptr::eq(one, def));
    if is_one_of(&HEX_SALT) {
        hex_first(value, 2 * def.digest_len)
    } else if is_one_of(&SALT_HEX) {
        hex_last(value, 2 * def.digest_len).map(|(salt, hex)| (hex, salt))
    } else {
        let (_, rest) = codec::split_once(value, b'$')?;
        codec::split_once(rest, b'$').map(|(salt, hex)| (hex, salt))
    }
}

/// One construction with its salt in one place.
struct Salted {
    name: &'static str,
    shown: &'static str,
    formula: Formula,
    forms: &'static [&'static FormDef],
    from: SaltFrom,
    rank: u16,
}

impl Scheme for Salted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        self.from
    }
    fn protection(&self) -> Protection {
        Protection::SaltedFast
    }
    fn policy_key(&self) -> &'static str {
        "salted-fast"
    }
    fn describe(&self, _: Form) -> String {
        self.shown.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, self.policy_key(), "a fast hash: the salt slows nobody down who attacks one account")
    }
    fn work(&self, _: Form) -> u64 {
        fast::nanoseconds(self.formula.algorithm()) * fast::hashes(self.formula)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        verify(self, self.formula, stored, candidate)
    }
    fn formula(&self) -> Option<Formula> {
        Some(self.formula)
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        let text = match self.from {
            SaltFrom::Value => split(stored.value, stored.form.def)?.0,
            _ => stored.value,
        };
        codec::digest_bytes(text, self.formula.algorithm().digest_len(), out)
    }
    fn salt<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        match self.from {
            SaltFrom::Value => split(stored.value, stored.form.def).map(|(_, salt)| Cow::Borrowed(salt)),
            _ => stored.salt.map(Cow::Borrowed),
        }
    }
    fn rank(&self, form: Form) -> u16 {
        // `sha1$salt$hex` is Django's, then Werkzeug's, before it is anybody else's: the key stands behind `h(salt.pass)`.
        match self.formula {
            Formula::HmacKeySalt(_) if NAMED.iter().any(|def| std::ptr::eq(def, form.def)) => self.rank - 6,
            _ => self.rank,
        }
    }
}

/// Verifies a salted fast hash by its own parts.
pub(super) fn verify(
    scheme: &dyn Scheme,
    formula: Formula,
    stored: &Stored<'_>,
    candidate: &[u8],
) -> Result<bool, Unverifiable> {
    let (mut digest, mut computed) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
    let len = scheme.raw_digest(stored, &mut digest).ok_or(Unverifiable::Malformed)?;
    let salt = scheme.salt(stored).ok_or(match scheme.salt_from() {
        SaltFrom::Neighbour | SaltFrom::Login => Unverifiable::Missing,
        SaltFrom::Nowhere | SaltFrom::Value => Unverifiable::Malformed,
    })?;
    let computed_len = fast::evaluate(formula, candidate, &salt, &mut computed);
    Ok(fast::same(&digest[..len], &computed[..computed_len]))
}

/// Names with the salt in the value and in a neighbour column, and formula; for each hash the most plausible first:
/// Joomla, osCommerce, Magento and SMF put the salt in front, vBulletin, `MyBB`, `PunBB` and Redmine hash the hash.
const FORMULAS: [(&str, &str, Formula); 32] = {
    use Algorithm::{Md5, Sha1, Sha256, Sha512};
    use Formula::{
        HexPassSalt, HexSaltHexPass, HmacKeyPass, HmacKeySalt, PassSalt, SaltHexPass, SaltPass, SaltPassSalt,
    };
    [
        ("md5(salt.pass)", "md5(salt.pass)/column", SaltPass(Md5)),
        ("md5(pass.salt)", "md5(pass.salt)/column", PassSalt(Md5)),
        ("md5(md5(pass).salt)", "md5(md5(pass).salt)/column", HexPassSalt(Md5)),
        ("md5(salt.md5(pass))", "md5(salt.md5(pass))/column", SaltHexPass(Md5)),
        ("md5(md5(salt).md5(pass))", "md5(md5(salt).md5(pass))/column", HexSaltHexPass(Md5)),
        ("md5(salt.pass.salt)", "md5(salt.pass.salt)/column", SaltPassSalt(Md5)),
        ("hmac-md5(key=salt)", "hmac-md5(key=salt)/column", HmacKeySalt(Md5)),
        ("hmac-md5(key=pass)", "hmac-md5(key=pass)/column", HmacKeyPass(Md5)),
        ("sha1(salt.pass)", "sha1(salt.pass)/column", SaltPass(Sha1)),
        ("sha1(pass.salt)", "sha1(pass.salt)/column", PassSalt(Sha1)),
        ("sha1(sha1(pass).salt)", "sha1(sha1(pass).salt)/column", HexPassSalt(Sha1)),
        ("sha1(salt.sha1(pass))", "sha1(salt.sha1(pass))/column", SaltHexPass(Sha1)),
        ("sha1(sha1(salt).sha1(pass))", "sha1(sha1(salt).sha1(pass))/column", HexSaltHexPass(Sha1)),
        ("sha1(salt.pass.salt)", "sha1(salt.pass.salt)/column", SaltPassSalt(Sha1)),
        ("hmac-sha1(key=salt)", "hmac-sha1(key=salt)/column", HmacKeySalt(Sha1)),
        ("hmac-sha1(key=pass)", "hmac-sha1(key=pass)/column", HmacKeyPass(Sha1)),
        ("sha256(salt.pass)", "sha256(salt.pass)/column", SaltPass(Sha256)),
        ("sha256(pass.salt)", "sha256(pass.salt)/column", PassSalt(Sha256)),
        ("sha256(sha256(pass).salt)", "sha256(sha256(pass).salt)/column", HexPassSalt(Sha256)),
        ("sha256(salt.sha256(pass))", "sha256(salt.sha256(pass))/column", SaltHexPass(Sha256)),
        ("sha256(sha256(salt).sha256(pass))", "sha256(sha256(salt).sha256(pass))/column", HexSaltHexPass(Sha256)),
        ("sha256(salt.pass.salt)", "sha256(salt.pass.salt)/column", SaltPassSalt(Sha256)),
        ("hmac-sha256(key=salt)", "hmac-sha256(key=salt)/column", HmacKeySalt(Sha256)),
        ("hmac-sha256(key=pass)", "hmac-sha256(key=pass)/column", HmacKeyPass(Sha256)),
        ("sha512(salt.pass)", "sha512(salt.pass)/column", SaltPass(Sha512)),
        ("sha512(pass.salt)", "sha512(pass.salt)/column", PassSalt(Sha512)),
        ("sha512(sha512(pass).salt)", "sha512(sha512(pass).salt)/column", HexPassSalt(Sha512)),
        ("sha512(salt.sha512(pass))", "sha512(salt.sha512(pass))/column", SaltHexPass(Sha512)),
        ("sha512(sha512(salt).sha512(pass))", "sha512(sha512(salt).sha512(pass))/column", HexSaltHexPass(Sha512)),
        ("sha512(salt.pass.salt)", "sha512(salt.pass.salt)/column", SaltPassSalt(Sha512)),
        ("hmac-sha512(key=salt)", "hmac-sha512(key=salt)/column", HmacKeySalt(Sha512)),
        ("hmac-sha512(key=pass)", "hmac-sha512(key=pass)/column", HmacKeyPass(Sha512)),
    ]
};

/// Formulas of one hash in [`FORMULAS`].
const PER_HASH: usize = 8;

static TABLE: [Salted; 2 * FORMULAS.len()] = table();
static SCHEMES: [&dyn Scheme; 2 * FORMULAS.len()] = schemes();

const fn table() -> [Salted; 2 * FORMULAS.len()] {
    const IN_VALUE: [&[&FormDef]; 4] = [
        &[&HEX_SALT[0], &SALT_HEX[0], &NAMED[0]],
        &[&HEX_SALT[1], &SALT_HEX[1], &NAMED[1]],
        &[&HEX_SALT[2], &SALT_HEX[2], &NAMED[2]],
        &[&HEX_SALT[3], &SALT_HEX[3], &NAMED[3]],
    ];
    const BESIDE: [&[&FormDef]; 4] =
        [&[&HEX32, &BASE64_16], &[&HEX40, &BASE64_20], &[&HEX64, &BASE64_32], &[&HEX128, &BASE64_64]];
    const FIRST: Salted = Salted {
        name: "",
        shown: "",
        formula: Formula::SaltPass(Algorithm::Md5),
        forms: &[],
        from: SaltFrom::Value,
        rank: 0,
    };
    let mut table = [FIRST; 2 * FORMULAS.len()];
    let mut i = 0;
    while i < FORMULAS.len() {
        let (in_value, beside, formula) = FORMULAS[i];
        let (hash, rank) = (i / PER_HASH, (i % PER_HASH) as u16);
        table[2 * i] = Salted {
            name: in_value,
            shown: in_value,
            formula,
            forms: IN_VALUE[hash],
            from: SaltFrom::Value,
            rank: 100 + rank,
        };
        table[2 * i + 1] = Salted {
            name: beside,
            shown: in_value,
            formula,
            forms: BESIDE[hash],
            from: SaltFrom::Neighbour,
            rank: 10 + rank,
        };
        i += 1;
    }
    table
}

const fn schemes() -> [&'static dyn Scheme; 2 * FORMULAS.len()] {
    let mut schemes: [&'static dyn Scheme; 2 * FORMULAS.len()] = [&TABLE[0]; 2 * FORMULAS.len()];
    let mut i = 1;
    while i < TABLE.len() {
        schemes[i] = &TABLE[i];
        i += 1;
    }
    schemes
}
