//! md5crypt (Poul-Henning Kamp, FreeBSD 2.0) with `$1$`, and Apache's `$apr1$`, which differs only in that name. Always
//! 1,000 rounds of MD5: its author declared it unfit in 2012.

use md5::{Digest as _, Md5};

use super::{Family, MAX_CANDIDATE, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading, wrapper};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "md5crypt",
    prefixes: &["$1$", "$apr1$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&FORM, &APR1_FORM],
    schemes: &[&MD5CRYPT, &APR1],
};

static FORM: FormDef = FormDef { name: "md5crypt", kind: FormKind::Modular, digest_len: 16 };
static APR1_FORM: FormDef = FormDef { name: "apr1", kind: FormKind::Modular, digest_len: 16 };

static MD5CRYPT: Md5Crypt = Md5Crypt { name: "md5crypt", magic: b"$1$", forms: &[&FORM] };
static APR1: Md5Crypt = Md5Crypt { name: "apr1", magic: b"$apr1$", forms: &[&APR1_FORM] };

/// Rounds, fixed by the scheme.
const ROUNDS: u32 = 1000;
/// Salt bytes that take part, fixed by the scheme.
const LONGEST_SALT: usize = 8;

fn recognise(value: &[u8]) -> Option<Form> {
    [(&MD5CRYPT, &FORM), (&APR1, &APR1_FORM)]
        .iter()
        .find_map(|(scheme, def)| scheme.split(value).map(|_| Form::plain(def)))
}

struct Md5Crypt {
    name: &'static str,
    magic: &'static [u8],
    forms: &'static [&'static FormDef],
}

impl Md5Crypt {
    /// Salt and encoded hash.
    fn split<'a>(&self, value: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (salt, hash) = codec::split_once(value.strip_prefix(self.magic)?, b'$')?;
        (salt.len() <= LONGEST_SALT && codec::is_visible(salt) && hash.len() == 22 && codec::is_itoa64(hash))
            .then_some((salt, hash))
    }

    fn compute(&self, pass: &[u8], salt: &[u8]) -> Vec<u8> {
        let inner = Md5::new().chain_update(pass).chain_update(salt).chain_update(pass).finalize();
        let mut outer = Md5::new().chain_update(pass).chain_update(self.magic).chain_update(salt);
        let mut left = pass.len();
        while left > 0 {
            let take = left.min(inner.len());
            outer.update(&inner[..take]);
            left -= take;
        }
        // One byte for each bit of the length, lowest first: zero for a one, the password's first byte for a zero.
        let mut bits = pass.len();
        while bits > 0 {
            outer.update(if bits & 1 == 1 { &[0] } else { &pass[..1] });
            bits >>= 1;
        }
        let mut digest = outer.finalize();
        for round in 0..ROUNDS {
            let mut hasher = Md5::new();
            let (first, last): (&[u8], &[u8]) = if round & 1 == 1 { (pass, &digest) } else { (&digest, pass) };
            hasher.update(first);
            if round % 3 != 0 {
                hasher.update(salt);
            }
            if round % 7 != 0 {
                hasher.update(pass);
            }
            hasher.update(last);
            digest = hasher.finalize();
        }
        let mut text = Vec::with_capacity(22);
        for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
            let bits = u32::from(digest[a]) << 16 | u32::from(digest[b]) << 8 | u32::from(digest[c]);
            codec::push_itoa64(bits, 4, &mut text);
        }
        codec::push_itoa64(u32::from(digest[11]), 2, &mut text);
        text
    }
}

impl Scheme for Md5Crypt {
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
        "md5crypt"
    }
    fn describe(&self, _: Form) -> String {
        self.name.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(
            policy,
            self.policy_key(),
            "1,000 rounds of MD5 are tried by the hundred thousand a second and core",
        )
    }
    /// Measured: 6,400 a second on one core with the library's MD5.
    fn work(&self, _: Form) -> u64 {
        156_000
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let (salt, hash) = self.split(wrapper::inside(stored.value)).ok_or(Unverifiable::Malformed)?;
        if candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        Ok(fast::same(hash, &self.compute(candidate, salt)))
    }
}
