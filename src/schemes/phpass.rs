//! phpass's portable hashes (`$P$`, phpBB's `$H$`): MD5 iterated 2^cost times; and Drupal 7's `$S$`, the same with
//! SHA-512, cut at 43 characters.
//!
//! A form's parameter is the cost, the logarithm of the rounds.

use super::layout::{self, Coding, Layout, Part, Slot, Value};
use super::row::{Cost, Row};
use super::{Family, Unverifiable, codec, fast, hashes};
use crate::model::{Algorithm, Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "phpass",
    prefixes: &["$P$", "$H$", "$S$", "U$S$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[],
    layouts: &[&OF_MD5, &OF_SHA512, &OF_OLD_DRUPAL],
    schemes: &[&PHPASS, &DRUPAL, &DRUPAL_MD5],
};

static PHPASS_FORM: FormDef = FormDef { name: "phpass", kind: FormKind::Modular, digest_len: 16 };
static DRUPAL_FORM: FormDef = FormDef { name: "drupal7", kind: FormKind::Modular, digest_len: 32 };
/// `U` in front: Drupal 7 hashed what Drupal 6 had, an MD5.
static DRUPAL_MD5_FORM: FormDef = FormDef { name: "drupal7-of-md5", kind: FormKind::Modular, digest_len: 32 };

const COST: Part = Part::Number64(0, 1);
const SALT: Part = Part::Chars(Slot::Salt, Coding::Visible, 8);
const MD5_KEY: Part = Part::Chars(Slot::Key, Coding::Crypt, 22);
const SHA512_KEY: Part = Part::Chars(Slot::Key, Coding::Crypt, 43);

static OF_MD5: [Layout; 1] = [Layout {
    form: &PHPASS_FORM,
    parts: &[Part::Is("$"), Part::Letter(1, b"PH"), Part::Is("$"), COST, SALT, MD5_KEY],
}];
static OF_SHA512: [Layout; 1] = [Layout { form: &DRUPAL_FORM, parts: &[Part::Is("$S$"), COST, SALT, SHA512_KEY] }];
static OF_OLD_DRUPAL: [Layout; 1] =
    [Layout { form: &DRUPAL_MD5_FORM, parts: &[Part::Is("U$S$"), COST, SALT, SHA512_KEY] }];

static PHPASS: Row = Row::new(
    "phpass",
    &[&PHPASS_FORM],
    &OF_MD5,
    Cost::Log(fast::nanoseconds(Algorithm::Md5)),
    |value, _, candidate| opens(Algorithm::Md5, value, candidate),
);
static DRUPAL: Row =
    drupal("drupal7", &[&DRUPAL_FORM], &OF_SHA512, |value, _, candidate| opens(Algorithm::Sha512, value, candidate));
static DRUPAL_MD5: Row = drupal("drupal7-md5", &[&DRUPAL_MD5_FORM], &OF_OLD_DRUPAL, |value, _, candidate| {
    opens(Algorithm::Sha512, value, hex::encode(hashes::md5(&[candidate])).as_bytes())
})
.graded_as("drupal7");

const fn drupal(
    name: &'static str,
    forms: &'static [&'static FormDef],
    layouts: &'static [Layout],
    open: super::row::Open,
) -> Row {
    Row::new(name, forms, layouts, Cost::Log(fast::nanoseconds(Algorithm::Sha512)), open)
}

/// Costs outside these are refused by phpass itself.
const COSTS: std::ops::RangeInclusive<u64> = 7..=30;

fn recognise(value: &[u8]) -> Option<Form> {
    layout::first(FAMILY.layouts, value).filter(|form| COSTS.contains(&form.params))
}

fn opens(algorithm: Algorithm, value: &Value<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
    if !COSTS.contains(&value.counts[0]) {
        return Err(Unverifiable::Malformed);
    }
    let (mut digest, mut next) = ([0; codec::MAX_DIGEST], [0; codec::MAX_DIGEST]);
    let len = fast::digest(algorithm, &[value.salt(), candidate], &mut digest);
    for _ in 0..1_u64 << value.counts[0] {
        fast::digest(algorithm, &[&digest[..len], candidate], &mut next);
        digest = next;
    }
    let mut text = codec::to_itoa64(&digest[..len]);
    text.truncate(value.key().len());
    Ok(fast::same(value.key(), &text))
}
