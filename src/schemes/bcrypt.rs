//! bcrypt (Provos and Mazières 1999): `$2a$ $2b$ $2x$ $2y$`, Django's `bcrypt_sha256$` and `WordPress` 6.8's `$wp$`, which
//! hash the password before.
//!
//! A form's parameter is the cost, the logarithm of the rounds.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256, Sha384};

use super::{
    Family, MAX_CANDIDATE, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "bcrypt",
    prefixes: &["$2", "bcrypt_sha256$", "$wp$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&BCRYPT, &DJANGO_SHA256, &WORDPRESS],
    schemes: &[&PLAIN, &OF_SHA256, &OF_HMAC_SHA384],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 23 }
}

static BCRYPT: FormDef = form("bcrypt");
static DJANGO_SHA256: FormDef = form("django-bcrypt-sha256");
static WORDPRESS: FormDef = form("wordpress-bcrypt");

static PLAIN: Bcrypt = Bcrypt { name: "bcrypt", forms: &[&BCRYPT], before: <[u8]>::to_vec };
static OF_SHA256: Bcrypt = Bcrypt { name: "bcrypt-sha256", forms: &[&DJANGO_SHA256], before: hex_sha256 };
static OF_HMAC_SHA384: Bcrypt = Bcrypt { name: "bcrypt-hmac-sha384", forms: &[&WORDPRESS], before: wordpress };

/// Before the `$2…` of `WordPress` and of Django's hasher.
const WORDPRESS_PREFIX: &[u8] = b"$wp";
const DJANGO_PREFIX: &[u8] = b"bcrypt_sha256$";
/// Length of `$2y$10$` with salt and hash.
const LENGTH: usize = 60;
/// Bytes of a password that bcrypt takes in.
const LONGEST_KEY: usize = 72;
/// Nanoseconds of one of the 2^cost rounds, one core, measured with the library's code: cost 5 takes 2.3 ms.
const ROUND: u64 = 72_000;

fn recognise(value: &[u8]) -> Option<Form> {
    let (def, crypt) = if value.starts_with(b"$2") {
        (&BCRYPT, value)
    } else if let Some(rest) = value.strip_prefix(WORDPRESS_PREFIX) {
        (&WORDPRESS, rest)
    } else {
        (&DJANGO_SHA256, value.strip_prefix(DJANGO_PREFIX)?)
    };
    Some(Form { def, params: u64::from(parse(crypt)?.cost) })
}

/// The `$2…` part of a value.
fn crypt_string(value: &[u8]) -> &[u8] {
    let value = wrapper::inside(value);
    value.strip_prefix(WORDPRESS_PREFIX).or_else(|| value.strip_prefix(DJANGO_PREFIX)).unwrap_or(value)
}

struct Parts<'a> {
    minor: u8,
    cost: u32,
    salt: &'a [u8],
    hash: &'a [u8],
}

fn parse(crypt: &[u8]) -> Option<Parts<'_>> {
    let [b'$', b'2', minor @ (b'a' | b'b' | b'x' | b'y'), b'$', tens, ones, b'$', rest @ ..] = crypt else {
        return None;
    };
    if crypt.len() != LENGTH || !tens.is_ascii_digit() || !ones.is_ascii_digit() || !codec::is_itoa64(rest) {
        return None;
    }
    let cost = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    let (salt, hash) = rest.split_at(22);
    (4..=31).contains(&cost).then_some(Parts { minor: *minor, cost, salt, hash })
}

struct Bcrypt {
    name: &'static str,
    forms: &'static [&'static FormDef],
    /// What is done to the password before bcrypt.
    before: fn(&[u8]) -> Vec<u8>,
}

impl Scheme for Bcrypt {
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
        Protection::PasswordHash
    }
    fn policy_key(&self) -> &'static str {
        "bcrypt"
    }
    fn describe(&self, form: Form) -> String {
        format!("{} cost {}", self.name, form.params)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        grading::by_count(policy, self.policy_key(), "cost", form.params)
    }
    fn work(&self, form: Form) -> u64 {
        work(form.params)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let parts = parse(crypt_string(stored.value)).ok_or(Unverifiable::Malformed)?;
        if work(u64::from(parts.cost)) > MAX_WORK || candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let salt = codec::bcrypt_base64_bytes(parts.salt).and_then(|salt| salt.try_into().ok());
        let hash = codec::bcrypt_base64_bytes(parts.hash).ok_or(Unverifiable::Malformed)?;
        let mut key = (self.before)(candidate);
        if parts.minor == b'x' && !key.is_ascii() {
            key = sign_extended(&key);
        }
        let computed = ::bcrypt::hash_with_salt(&key, parts.cost, salt.ok_or(Unverifiable::Malformed)?)
            .map_err(|_| Unverifiable::Malformed)?
            .format_for_version(::bcrypt::Version::TwoB);
        let computed = computed.as_bytes().get(LENGTH - 31..).and_then(codec::bcrypt_base64_bytes);
        Ok(fast::same(&hash, &computed.ok_or(Unverifiable::Malformed)?))
    }
}

const fn work(cost: u64) -> u64 {
    if cost > 31 { u64::MAX } else { ROUND << cost }
}

/// The key as `crypt_blowfish` before 1.1 read it, which `$2x$` keeps alive (CVE-2011-2483): bytes were sign-extended
/// when they were joined to words, so that a byte above 0x7f wipes out those before it. bcrypt takes the key as 18 words
/// of its bytes, repeated with a closing zero; writing out those 18 words gives a key that right code reads the same way.
fn sign_extended(password: &[u8]) -> Vec<u8> {
    let mut bytes = password.iter().copied().chain([0]).cycle();
    let mut key = Vec::with_capacity(LONGEST_KEY);
    for _ in 0..LONGEST_KEY / 4 {
        let mut word = 0_u32;
        for _ in 0..4 {
            let byte = bytes.next().unwrap_or_default().cast_signed();
            word = word << 8 | i32::from(byte).cast_unsigned();
        }
        key.extend(word.to_be_bytes());
    }
    key
}

/// Django's `BCryptSHA256PasswordHasher`.
fn hex_sha256(password: &[u8]) -> Vec<u8> {
    hex::encode(Sha256::digest(password)).into_bytes()
}

/// `WordPress` 6.8's `wp_hash_password`: base64 of HMAC-SHA-384 under a fixed key, of the trimmed password.
fn wordpress(password: &[u8]) -> Vec<u8> {
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x0b);
    let start = password.iter().position(|b| !is_blank(b)).unwrap_or(password.len());
    let end = password.iter().rposition(|b| !is_blank(b)).map_or(start, |last| last + 1);
    let mut mac = <Hmac<Sha384> as KeyInit>::new_from_slice(b"wp-sha384").expect("HMAC takes keys of any length");
    mac.update(&password[start..end]);
    codec::to_base64(&mac.finalize().into_bytes()).into_bytes()
}
