//! The password itself: text that nobody else recognises, or text behind a label that says so (`{CLEARTEXT}`, `{PLAIN}`,
//! Spring's `{noop}`).

use std::borrow::Cow;

use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading};
use crate::model::{Digest, DigestKind, Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "plaintext",
    prefixes: &["{C", "{c", "{P", "{p", "{N", "{n"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&EMPTY, &TEXT, &TEXT_10, &TEXT_13, &TEXT_16, &LABELLED],
    layouts: &[],
    schemes: &[&Plaintext],
};

pub(super) static EMPTY: FormDef = FormDef { name: "empty", kind: FormKind::Empty, digest_len: 0 };
pub(super) static TEXT: FormDef = FormDef { name: "text", kind: FormKind::Text, digest_len: 0 };
/// Text that could be a tripcode, a traditional DES crypt, or a Cisco PIX hash: all of crypt(3)'s alphabet and of that
/// length, not all of it digits. One value does not tell; it is plain text unless the whole column says otherwise: see `by_shape`.
pub(super) static TEXT_10: FormDef = FormDef { name: "text-10", kind: FormKind::Text, digest_len: 0 };
pub(super) static TEXT_13: FormDef = FormDef { name: "text-13", kind: FormKind::Text, digest_len: 0 };
pub(super) static TEXT_16: FormDef = FormDef { name: "text-16", kind: FormKind::Text, digest_len: 0 };
static LABELLED: FormDef = FormDef { name: "labelled-plaintext", kind: FormKind::Modular, digest_len: 0 };

/// `OpenLDAP`'s and Dovecot's labels, and Spring Security's.
const LABELS: [&str; 4] = ["{CLEARTEXT}", "{PLAIN}", "{CLEAR}", "{NOOP}"];

/// The form of text that nobody else recognised.
#[inline]
pub(super) fn text(value: &[u8]) -> &'static FormDef {
    let def = match value.len() {
        10 => &TEXT_10,
        // Eleven characters hold 66 bits, of which the last two are zero.
        13 if codec::itoa64_index(value[12]).is_some_and(|last| last.trailing_zeros() >= 2) => &TEXT_13,
        16 => &TEXT_16,
        _ => return &TEXT,
    };
    // Hexadecimal is a text of bytes, not of this alphabet.
    if codec::is_itoa64(value) && !codec::is_hex(value) { def } else { &TEXT }
}

fn recognise(value: &[u8]) -> Option<Form> {
    after_label(value).map(|_| Form::plain(&LABELLED))
}

fn after_label(value: &[u8]) -> Option<&[u8]> {
    LABELS.iter().find_map(|label| codec::strip_prefix_any_case(value, label))
}

/// Whether a label is all there is: an empty password.
pub(super) fn is_tagged_nothing(value: &[u8], def: &'static FormDef) -> bool {
    std::ptr::eq(def, &raw const LABELLED) && after_label(value).is_some_and(<[u8]>::is_empty)
}

struct Plaintext;

impl Plaintext {
    fn text<'a>(stored: &Stored<'a>) -> &'a [u8] {
        if stored.form.kind() == FormKind::Modular {
            after_label(stored.value).unwrap_or(stored.value)
        } else {
            stored.value
        }
    }
}

impl Scheme for Plaintext {
    fn name(&self) -> &'static str {
        "plaintext"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &[&TEXT, &TEXT_10, &TEXT_13, &TEXT_16, &LABELLED] }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Nowhere
    }
    fn protection(&self) -> Protection {
        Protection::Plaintext
    }
    fn policy_key(&self) -> &'static str {
        "plaintext"
    }
    fn describe(&self, _: Form) -> String {
        self.name().to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, self.policy_key(), "whoever sees the table has the password")
    }
    fn work(&self, _: Form) -> u64 {
        1
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        Ok(fast::same(Self::text(stored), candidate))
    }
    fn password<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        Some(Cow::Borrowed(Self::text(stored)))
    }
    fn asks(&self) -> &'static [DigestKind] {
        &[DigestKind::Sha1, DigestKind::Ntlm, DigestKind::Sha256, DigestKind::Md5, DigestKind::Keccak]
    }
    fn digest(&self, stored: &Stored<'_>, kind: DigestKind) -> Option<Digest> {
        Some(fast::digest_of(kind, Self::text(stored)))
    }
}
