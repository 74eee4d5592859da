//! phpass's portable hashes (`$P$`, phpBB's `$H$`): MD5 iterated 2^cost times; and Drupal 7's `$S$`, the same with
//! SHA-512, cut at 43 characters.
//!
//! A form's parameter is the cost, the logarithm of the rounds.

use super::{
    Family, MAX_CANDIDATE, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading, wrapper,
};
use crate::model::{Algorithm, Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "phpass",
    prefixes: &["$P$", "$H$", "$S$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&PHPASS_FORM, &DRUPAL_FORM],
    schemes: &[&PHPASS, &DRUPAL],
};

static PHPASS_FORM: FormDef = FormDef { name: "phpass", kind: FormKind::Modular, digest_len: 16 };
static DRUPAL_FORM: FormDef = FormDef { name: "drupal7", kind: FormKind::Modular, digest_len: 32 };

static PHPASS: Phpass = Phpass { name: "phpass", algorithm: Algorithm::Md5, characters: 22, forms: &[&PHPASS_FORM] };
static DRUPAL: Phpass =
    Phpass { name: "drupal7", algorithm: Algorithm::Sha512, characters: 43, forms: &[&DRUPAL_FORM] };

fn recognise(value: &[u8]) -> Option<Form> {
    let (scheme, def) = match value.get(1)? {
        b'S' => (&DRUPAL, &DRUPAL_FORM),
        _ => (&PHPASS, &PHPASS_FORM),
    };
    Some(Form { def, params: scheme.parse(value)?.cost })
}

struct Parts<'a> {
    cost: u64,
    salt: &'a [u8],
    hash: &'a [u8],
}

struct Phpass {
    name: &'static str,
    algorithm: Algorithm,
    /// Length of the encoded hash.
    characters: usize,
    forms: &'static [&'static FormDef],
}

impl Phpass {
    fn parse<'a>(&self, value: &'a [u8]) -> Option<Parts<'a>> {
        let [b'$', b'P' | b'H' | b'S', b'$', cost, rest @ ..] = value else {
            return None;
        };
        // Costs outside 7 to 30 are refused by phpass itself.
        let cost = codec::itoa64_index(*cost).filter(|cost| (7..=30).contains(cost))?;
        let (salt, hash) = rest.split_at_checked(8)?;
        (hash.len() == self.characters && codec::is_itoa64(hash) && codec::is_visible(salt)).then_some(Parts {
            cost: u64::from(cost),
            salt,
            hash,
        })
    }
}

impl Scheme for Phpass {
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
        format!("{} cost {}", self.name, form.params)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        grading::by_count(policy, self.policy_key(), "cost", form.params)
    }
    fn work(&self, form: Form) -> u64 {
        if form.params > 31 { u64::MAX } else { fast::nanoseconds(self.algorithm) << form.params }
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let parts = self.parse(wrapper::inside(stored.value)).ok_or(Unverifiable::Malformed)?;
        if self.work(Form { params: parts.cost, ..stored.form }) > MAX_WORK || candidate.len() > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        let (mut digest, mut next) = ([0; codec::MAX_DIGEST], [0; codec::MAX_DIGEST]);
        let len = fast::digest(self.algorithm, &[parts.salt, candidate], &mut digest);
        for _ in 0..1_u64 << parts.cost {
            fast::digest(self.algorithm, &[&digest[..len], candidate], &mut next);
            digest = next;
        }
        let mut text = codec::to_itoa64(&digest[..len]);
        text.truncate(self.characters);
        Ok(fast::same(parts.hash, &text))
    }
}
