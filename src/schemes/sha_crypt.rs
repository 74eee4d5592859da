//! SHA-crypt (Ulrich Drepper 2007): `$5$` with SHA-256 and `$6$` with SHA-512.
//!
//! A form's parameter is the number of rounds that are really made: 5,000 where the value names none.

use sha_crypt::Params;

use super::{
    Family, MAX_CANDIDATE, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading, wrapper,
};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "sha_crypt",
    prefixes: &["$5$", "$6$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&SHA256_FORM, &SHA512_FORM],
    schemes: &[&SHA256, &SHA512],
};

static SHA256_FORM: FormDef = FormDef { name: "sha256crypt", kind: FormKind::Modular, digest_len: 32 };
static SHA512_FORM: FormDef = FormDef { name: "sha512crypt", kind: FormKind::Modular, digest_len: 64 };

/// Round times in nanoseconds, one core, measured with the library's code: sha512crypt with 5,000 rounds 450 a second.
static SHA256: ShaCrypt =
    ShaCrypt { name: "sha256crypt", magic: b"$5$", characters: 43, round: 300, forms: &[&SHA256_FORM] };
static SHA512: ShaCrypt =
    ShaCrypt { name: "sha512crypt", magic: b"$6$", characters: 86, round: 444, forms: &[&SHA512_FORM] };

/// Rounds where a value names none, and the bounds that crypt(3) forces numbers into.
const DEFAULT_ROUNDS: u64 = 5000;
const FEWEST_ROUNDS: u64 = 1000;
const MOST_ROUNDS: u64 = 999_999_999;
/// Salt bytes that take part, fixed by the scheme.
const LONGEST_SALT: usize = 16;

fn recognise(value: &[u8]) -> Option<Form> {
    let (scheme, def) = match value.get(1)? {
        b'5' => (&SHA256, &SHA256_FORM),
        _ => (&SHA512, &SHA512_FORM),
    };
    Some(Form { def, params: scheme.parse(value)?.rounds })
}

struct Parts<'a> {
    rounds: u64,
    salt: &'a [u8],
    hash: &'a [u8],
}

struct ShaCrypt {
    name: &'static str,
    magic: &'static [u8],
    /// Length of the encoded hash.
    characters: usize,
    /// Nanoseconds.
    round: u64,
    forms: &'static [&'static FormDef],
}

impl ShaCrypt {
    fn parse<'a>(&self, value: &'a [u8]) -> Option<Parts<'a>> {
        let mut rest = value.strip_prefix(self.magic)?;
        let mut rounds = DEFAULT_ROUNDS;
        if let Some(named) = rest.strip_prefix(b"rounds=") {
            let (number, tail) = codec::split_once(named, b'$')?;
            rounds = codec::decimal(number)?.clamp(FEWEST_ROUNDS, MOST_ROUNDS);
            rest = tail;
        }
        let (salt, hash) = codec::split_once(rest, b'$')?;
        (salt.len() <= LONGEST_SALT
            && codec::is_visible(salt)
            && hash.len() == self.characters
            && codec::is_itoa64(hash))
        .then_some(Parts { rounds, salt, hash })
    }
}

impl Scheme for ShaCrypt {
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
        self.name
    }
    fn describe(&self, form: Form) -> String {
        format!("{} {} rounds", self.name, form.params)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        grading::by_count(policy, self.policy_key(), "round count", form.params)
    }
    fn work(&self, form: Form) -> u64 {
        form.params.saturating_mul(self.round)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let parts = self.parse(wrapper::inside(stored.value)).ok_or(Unverifiable::Malformed)?;
        if parts.rounds * self.round > MAX_WORK || candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let params = Params::new(parts.rounds as u32).map_err(|_| Unverifiable::Malformed)?;
        let text = if self.characters == 43 {
            sha256_text(&::sha_crypt::sha256_crypt(candidate, parts.salt, params))
        } else {
            sha512_text(&::sha_crypt::sha512_crypt(candidate, parts.salt, params))
        };
        Ok(fast::same(parts.hash, &text))
    }
}

/// The byte order of the specification: three pointers that move on and change places.
fn sha256_text(digest: &[u8; 32]) -> Vec<u8> {
    let mut text = Vec::with_capacity(43);
    let (mut a, mut b, mut c) = (0, 10, 20);
    for _ in 0..10 {
        push(digest, [a, b, c], &mut text);
        (a, b, c) = (c + 1, a + 1, b + 1);
    }
    codec::push_itoa64(u32::from(digest[31]) << 8 | u32::from(digest[30]), 3, &mut text);
    text
}

fn sha512_text(digest: &[u8; 64]) -> Vec<u8> {
    let mut text = Vec::with_capacity(86);
    let (mut a, mut b, mut c) = (0, 21, 42);
    for _ in 0..21 {
        push(digest, [a, b, c], &mut text);
        (a, b, c) = (b + 1, c + 1, a + 1);
    }
    codec::push_itoa64(u32::from(digest[63]), 2, &mut text);
    text
}

fn push(digest: &[u8], [a, b, c]: [usize; 3], text: &mut Vec<u8>) {
    codec::push_itoa64(u32::from(digest[a]) << 16 | u32::from(digest[b]) << 8 | u32::from(digest[c]), 4, text);
}
