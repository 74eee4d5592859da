//! bcrypt (Provos and Mazières 1999): `$2a$ $2b$ $2x$ $2y$`, and what products do to the password before: Django's
//! `bcrypt_sha256$`, `WordPress` 6.8's `$wp$`, and a plain `$2…` of a fast hash, which nothing in the value shows.
//!
//! A form's parameter is the cost, the logarithm of the rounds.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::layout::{self, Coding, Layout, Part, Slot, Value};
use super::row::{Cost, Row};
use super::{Family, Unverifiable, blowfish, codec, fast, hashes};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "bcrypt",
    prefixes: &["$2", "bcrypt_sha256$", "$wp$", "$bcrypt-sha256$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: LAYOUTS,
    schemes: &[
        &PLAIN,
        &OF_SHA256,
        &OF_HMAC_SHA384,
        &OF_MD5,
        &OF_SHA1,
        &OF_SHA512,
        &OF_ITSELF,
        &OF_LOGIN,
        &PEPPERED,
        &PASSLIB_SHA256,
    ],
};

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 23 }
}

static BCRYPT: FormDef = form("bcrypt");
/// The form of a `$2…` whatever is inside.
static ANY: [&FormDef; 1] = [&BCRYPT];
static DJANGO_SHA256: FormDef = form("django-bcrypt-sha256");
static WORDPRESS: FormDef = form("wordpress-bcrypt");
static PASSLIB: FormDef = form("passlib-bcrypt-sha256");

const MINORS: Part = Part::Letter(1, b"abxy");
const COST: Part = Part::Digits(0, 2);
const SALT: Part = Part::Chars(Slot::Salt, Coding::Bcrypt, 22);
const KEY: Part = Part::Chars(Slot::Key, Coding::Bcrypt, 31);

static DOLLARS: [Layout; 1] =
    [Layout { form: &BCRYPT, parts: &[Part::Is("$2"), MINORS, Part::Is("$"), COST, Part::Is("$"), SALT, KEY] }];
static DJANGO: [Layout; 1] = [Layout {
    form: &DJANGO_SHA256,
    parts: &[Part::Is("bcrypt_sha256$$2"), MINORS, Part::Is("$"), COST, Part::Is("$"), SALT, KEY],
}];
static WP: [Layout; 1] =
    [Layout { form: &WORDPRESS, parts: &[Part::Is("$wp$2"), MINORS, Part::Is("$"), COST, Part::Is("$"), SALT, KEY] }];
/// passlib's `bcrypt_sha256` in version 2: `$bcrypt-sha256$v=2,t=2b,r=12$<salt>$<hash>`.
static HMAC_SHA256: [Layout; 1] = [Layout {
    form: &PASSLIB,
    parts: &[
        Part::Is("$bcrypt-sha256$v=2,t=2"),
        MINORS,
        Part::Is(",r="),
        Part::Number(0),
        Part::Is("$"),
        SALT,
        Part::Is("$"),
        KEY,
    ],
}];
const LAYOUTS: &[&[Layout]] = &[&DOLLARS, &DJANGO, &WP, &HMAC_SHA256];

/// Bytes of a password that bcrypt takes in.
const LONGEST_KEY: usize = 72;
/// Costs that bcrypt has.
const COSTS: std::ops::RangeInclusive<u64> = 4..=31;
/// Nanoseconds of one of the 2^cost rounds, one core, measured with the library's code: cost 5 takes 2.3 ms.
const ROUND: u64 = 72_000;

const fn bcrypt(
    name: &'static str,
    forms: &'static [&'static FormDef],
    layouts: &'static [Layout],
    open: super::row::Open,
) -> Row {
    Row::new(name, forms, layouts, Cost::Log(ROUND), open).graded_as("bcrypt")
}

/// A fast hash inside makes a hash of the table worth more: who knows the fast hash from another leak tries that.
const fn of_fast(name: &'static str, open: super::row::Open) -> Row {
    bcrypt(name, &ANY, &DOLLARS, open).ranked(110)
}

static PLAIN: Row = bcrypt("bcrypt", &ANY, &DOLLARS, |value, _, candidate| is_key(value, candidate))
    .opened_by(blowfish::LANES, are_keys);
/// Django's `BCryptSHA256PasswordHasher`; Meteor without anything in front.
static OF_SHA256: Row = Row {
    forms: &[&DJANGO_SHA256, &BCRYPT],
    layouts: &[
        Layout { form: &DJANGO_SHA256, parts: DJANGO[0].parts },
        Layout { form: &BCRYPT, parts: DOLLARS[0].parts },
    ],
    ..of_fast("bcrypt-sha256", |value, _, candidate| is_key(value, hex::encode(Sha256::digest(candidate)).as_bytes()))
};
/// Matomo, `SuiteCRM`, vBulletin 5, sites that moved from MD5.
static OF_MD5: Row =
    of_fast("bcrypt-md5", |value, _, candidate| is_key(value, hex::encode(Md5::digest(candidate)).as_bytes()));
static OF_SHA1: Row =
    of_fast("bcrypt-sha1", |value, _, candidate| is_key(value, hex::encode(Sha1::digest(candidate)).as_bytes()));
static OF_SHA512: Row =
    of_fast("bcrypt-sha512", |value, _, candidate| is_key(value, hex::encode(Sha512::digest(candidate)).as_bytes()));
/// `WoltLab`'s Burning Board 4: bcrypt of the whole bcrypt text under the same salt.
static OF_ITSELF: Row = of_fast("bcrypt-bcrypt", |value, _, candidate| {
    let inner = value.clone().with_key(compute(value, candidate)?);
    is_key(value, &DOLLARS[0].print(&inner))
})
.ranked(112);
/// SMF 2.1: the login in lower case before the password.
static OF_LOGIN: Row = bcrypt("bcrypt-login", &ANY, &DOLLARS, |value, stored, candidate| {
    let login = stored.login.filter(|login| !login.is_empty()).ok_or(Unverifiable::Missing)?;
    is_key(value, &[&*hashes::lower(login), candidate].concat())
})
.ranked(113);
/// Devise with a pepper: the password, then the site's secret.
static PEPPERED: Row = bcrypt("bcrypt-peppered", &ANY, &DOLLARS, |value, stored, candidate| {
    is_key(value, &[candidate, stored.pepper.ok_or(Unverifiable::NeedsSecret)?].concat())
})
.ranked(114);
/// `WordPress` 6.8's `wp_hash_password`.
static OF_HMAC_SHA384: Row =
    bcrypt("bcrypt-hmac-sha384", &[&WORDPRESS], &WP, |value, _, candidate| is_key(value, &wordpress(candidate)));
static PASSLIB_SHA256: Row = bcrypt("bcrypt-hmac-sha256", &[&PASSLIB], &HMAC_SHA256, |value, _, candidate| {
    let salt = Coding::Bcrypt.encode(value.salt());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&salt).expect("HMAC takes keys of any length");
    mac.update(candidate);
    is_key(value, codec::to_base64(&mac.finalize().into_bytes()).as_bytes())
});

fn recognise(value: &[u8]) -> Option<Form> {
    usual(value).or_else(|| layout::first(LAYOUTS, value)).filter(|form| COSTS.contains(&form.params))
}

/// What [`DOLLARS`] reads, in one go: whole tables are of it, and the layout takes five times as long.
fn usual(value: &[u8]) -> Option<Form> {
    let [b'$', b'2', b'a' | b'b' | b'x' | b'y', b'$', tens @ b'0'..=b'9', ones @ b'0'..=b'9', b'$', rest @ ..] = value
    else {
        return None;
    };
    let params = u64::from(10 * (tens - b'0') + (ones - b'0'));
    (rest.len() == 53 && codec::is_itoa64(rest)).then_some(Form { def: &BCRYPT, params })
}

fn is_key(value: &Value<'_>, password: &[u8]) -> Result<bool, Unverifiable> {
    Ok(fast::same(value.key(), &compute(value, password)?))
}

/// [`is_key`] of several passwords.
fn are_keys(value: &Value<'_>, passwords: &[&[u8]]) -> Result<Vec<bool>, Unverifiable> {
    let [cost, minor, ..] = value.counts;
    let salt = value.salt().try_into().map_err(|_| Unverifiable::Malformed)?;
    if !COSTS.contains(&cost) {
        return Err(Unverifiable::Malformed);
    }
    if cfg!(debug_assertions) {
        // Without optimisation our own code takes ten times as long as the library, which is always optimised.
        return passwords.iter().map(|password| is_key(value, password)).collect();
    }
    let keys: Vec<Vec<u8>> = passwords.iter().map(|password| key_of(minor, password).into_owned()).collect();
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    Ok(blowfish::bcrypt(cost as u32, salt, &keys).iter().map(|hash| fast::same(value.key(), hash)).collect())
}

/// The 23 bytes that bcrypt makes of `password` with the value's cost, salt and minor version.
fn compute(value: &Value<'_>, password: &[u8]) -> Result<Vec<u8>, Unverifiable> {
    let [cost, minor, ..] = value.counts;
    let salt = value.salt().try_into().map_err(|_| Unverifiable::Malformed)?;
    let key = &*key_of(minor, password);
    if !COSTS.contains(&cost) {
        return Err(Unverifiable::Malformed);
    }
    let text = ::bcrypt::hash_with_salt(key, cost as u32, salt)
        .map_err(|_| Unverifiable::Malformed)?
        .format_for_version(::bcrypt::Version::TwoB);
    let hash = DOLLARS[0].read(text.as_bytes()).ok_or(Unverifiable::Malformed)?;
    Ok(hash.key().to_vec())
}

/// What bcrypt of a minor version takes for the password.
fn key_of(minor: u64, password: &[u8]) -> Cow<'_, [u8]> {
    if minor == u64::from(b'x') && !password.is_ascii() { sign_extended(password).into() } else { password.into() }
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

/// Base64 of HMAC-SHA-384 under a fixed key, of the trimmed password.
fn wordpress(password: &[u8]) -> Vec<u8> {
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x0b);
    let start = password.iter().position(|b| !is_blank(b)).unwrap_or(password.len());
    let end = password.iter().rposition(|b| !is_blank(b)).map_or(start, |last| last + 1);
    let mut mac = <Hmac<Sha384> as KeyInit>::new_from_slice(b"wp-sha384").expect("HMAC takes keys of any length");
    mac.update(&password[start..end]);
    codec::to_base64(&mac.finalize().into_bytes()).into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_usual_writing_is_read_as_its_layout_reads_it(
            minor in prop::sample::select(b"abxyc2".to_vec()),
            cost in "[0-9a]{2}",
            rest in "[./A-Za-z0-9]{52,54}",
            damage in prop::option::weighted(0.3, (0..60_usize, any::<u8>())),
        ) {
            let mut value = format!("$2{}${cost}${rest}", char::from(minor)).into_bytes();
            if let Some((at, byte)) = damage
                && let Some(place) = value.get_mut(at)
            {
                *place = byte;
            }
            prop_assert_eq!(usual(&value), layout::first(&[&DOLLARS], &value));
        }
    }
}
