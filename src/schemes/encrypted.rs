//! Encrypted instead of hashed: values that a library wraps so that their first characters tell which it was. The key is
//! somewhere else, so nothing here verifies; whoever has the key has every password.
//!
//! [`TURNED_BACK`] is the form of values that were turned back, whatever they were: the password behind one is judged as
//! if it were stored in plain text.

use std::borrow::Cow;

use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading};
use crate::model::{Digest, DigestKind, Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "encrypted",
    prefixes: &[
        "gAAAAA",
        "eyJpdiI6",
        "U2FsdGVkX1",
        "Salted__",
        "AQICAH",
        "$ANSIBLE_VAULT;",
        "{A",
        "{c",
        "AQAAAN",
        "v1",
        "ENC(",
        "enc:",
        "{AQAAAB",
        "vault:v",
        "{\"p\":",
        "-----BEGIN PGP",
        "0x",
        "\\x",
    ],
    by_prefix: Some(by_prefix),
    by_shape: Some(by_shape),
    forms: &[
        &TURNED_BACK,
        &FERNET,
        &LARAVEL,
        &JASYPT,
        &OPENSSL,
        &KMS,
        &ANSIBLE,
        &LABEL,
        &JENKINS,
        &VAULT,
        &DPAPI,
        &CHROMIUM,
        &PGP,
        &RAILS,
        &ENC,
    ],
    schemes: &[
        &ANY,
        &OF_FERNET,
        &OF_LARAVEL,
        &OF_JASYPT,
        &OF_OPENSSL,
        &OF_KMS,
        &OF_ANSIBLE,
        &OF_LABEL,
        &OF_JENKINS,
        &OF_VAULT,
        &OF_DPAPI,
        &OF_CHROMIUM,
        &OF_PGP,
        &OF_RAILS,
        &OF_ENC,
    ],
};

/// What the policy calls all of them.
const REVERSIBLE: &str = "reversible";

const fn form(name: &'static str) -> FormDef {
    FormDef { name, kind: FormKind::Modular, digest_len: 0 }
}

/// A value that was turned back; [`Stored::value`] is then what came out.
pub(super) static TURNED_BACK: FormDef = FormDef { name: "turned-back", kind: FormKind::Text, digest_len: 0 };
static FERNET: FormDef = form("encrypted-fernet");
static LARAVEL: FormDef = form("encrypted-laravel");
static JASYPT: FormDef = form("encrypted-jasypt");
static OPENSSL: FormDef = form("encrypted-openssl");
static KMS: FormDef = form("encrypted-aws-kms");
static ANSIBLE: FormDef = form("encrypted-ansible-vault");
static LABEL: FormDef = form("encrypted-label");
static JENKINS: FormDef = form("encrypted-jenkins");
static VAULT: FormDef = form("encrypted-vault-transit");
static DPAPI: FormDef = form("encrypted-dpapi");
static CHROMIUM: FormDef = form("encrypted-chromium");
static PGP: FormDef = form("encrypted-pgp");
static RAILS: FormDef = form("encrypted-rails");
static ENC: FormDef = form("encrypted-enc");

static ANY: Encrypted =
    Encrypted { name: "reversible", told: "a password that can be turned back", forms: &[&TURNED_BACK] };
static OF_FERNET: Encrypted = Encrypted { name: "fernet", told: "Fernet (AES-128-CBC)", forms: &[&FERNET] };
static OF_LARAVEL: Encrypted =
    Encrypted { name: "laravel-encrypted", told: "Laravel's encryption (AES)", forms: &[&LARAVEL] };
static OF_JASYPT: Encrypted = Encrypted { name: "jasypt", told: "Jasypt", forms: &[&JASYPT] };
static OF_OPENSSL: Encrypted =
    Encrypted { name: "openssl-enc", told: "OpenSSL's `enc` or CryptoJS", forms: &[&OPENSSL] };
static OF_KMS: Encrypted = Encrypted { name: "aws-kms", told: "AWS KMS", forms: &[&KMS] };
static OF_ANSIBLE: Encrypted = Encrypted { name: "ansible-vault", told: "Ansible Vault", forms: &[&ANSIBLE] };
static OF_LABEL: Encrypted =
    Encrypted { name: "encrypted-by-label", told: "encrypted, as its label {AES} or {cipher} says", forms: &[&LABEL] };
static OF_JENKINS: Encrypted =
    Encrypted { name: "jenkins-secret", told: "Jenkins' Secret (AES-128-CBC)", forms: &[&JENKINS] };
static OF_VAULT: Encrypted =
    Encrypted { name: "vault-transit", told: "HashiCorp Vault's transit engine", forms: &[&VAULT] };
static OF_DPAPI: Encrypted = Encrypted { name: "dpapi", told: "Windows' data protection (DPAPI)", forms: &[&DPAPI] };
static OF_CHROMIUM: Encrypted =
    Encrypted { name: "chromium-encrypted", told: "Chromium's password store (v10, v11)", forms: &[&CHROMIUM] };
static OF_PGP: Encrypted =
    Encrypted { name: "pgp-encrypted", told: "an OpenPGP message, as pgcrypto writes it", forms: &[&PGP] };
static OF_RAILS: Encrypted =
    Encrypted { name: "rails-encrypted", told: "Active Record Encryption (AES-256-GCM)", forms: &[&RAILS] };
static OF_ENC: Encrypted =
    Encrypted { name: "encrypted-enc", told: "encrypted, as its label enc: says", forms: &[&ENC] };

/// What DPAPI blobs start with: version 1 and the provider's GUID df9d8cd0-1501-11d1-8c7a-00c04fc297eb.
const DPAPI_HEAD: [u8; 20] =
    [0x01, 0, 0, 0, 0xd0, 0x8c, 0x9d, 0xdf, 0x01, 0x15, 0xd1, 0x11, 0x8c, 0x7a, 0x00, 0xc0, 0x4f, 0xc2, 0x97, 0xeb];
/// The same in base64, as far as it is certain.
const DPAPI_BASE64: &[u8] = b"AQAAANCMnd8BFdERjHoAwE/Cl+s";

fn by_prefix(value: &[u8]) -> Option<Form> {
    let is_base64 = |shortest: usize| value.len() >= shortest && value.iter().all(|b| is_base64_character(*b));
    let starts = |prefix: &[u8]| value.starts_with(prefix);
    let def = if starts(b"gAAAAA") && is_base64(100) && value.len().is_multiple_of(4) {
        &FERNET
    } else if starts(b"eyJpdiI6") && is_base64(100) {
        &LARAVEL
    } else if starts(b"ENC(") && value.ends_with(b")") && value.len() >= 20 {
        &JASYPT
    } else if (starts(b"U2FsdGVkX1") && is_base64(32)) || (starts(b"Salted__") && value.len() >= 24) {
        &OPENSSL
    } else if starts(b"AQICAH") && is_base64(160) {
        &KMS
    } else if starts(b"$ANSIBLE_VAULT;") {
        &ANSIBLE
    } else if let Some(rest) = codec::strip_prefix_any_case(value, "{AES}")
        .or_else(|| codec::strip_prefix_any_case(value, "{cipher}"))
        .filter(|rest| rest.len() >= 16)
    {
        // A label in front of a hash is somebody else's.
        rest.iter().all(|b| is_base64_character(*b)).then_some(&LABEL)?
    } else if starts(b"{AQAAAB") && value.ends_with(b"}") && value.len() >= 40 {
        &JENKINS
    } else if starts(b"vault:v")
        && memchr::memchr(b':', value.get(7..).unwrap_or_default()).is_some()
        && value.len() >= 40
    {
        &VAULT
    } else if starts(DPAPI_BASE64) && is_base64(100) {
        &DPAPI
    } else if (starts(b"v10") || starts(b"v11")) && is_chromium(&value[3..]) {
        &CHROMIUM
    } else if starts(b"{\"p\":\"") && memchr::memmem::find(value, b"\"iv\":\"").is_some() {
        &RAILS
    } else if starts(b"-----BEGIN PGP MESSAGE-----") {
        &PGP
    } else if starts(b"enc:") && value.len() >= 28 && value[4..].iter().all(|b| is_base64_character(*b) || *b == b':') {
        &ENC
    } else {
        return by_hex(value);
    };
    Some(Form::plain(def))
}

/// `0x` or `\x`, as SQL Server and `PostgreSQL` write bytes in text.
fn by_hex(value: &[u8]) -> Option<Form> {
    let digits =
        value.strip_prefix(b"0x").or_else(|| value.strip_prefix(b"0X")).or_else(|| value.strip_prefix(b"\\x"))?;
    let mut head = [0; 20];
    hex::decode_to_slice(digits.get(..40)?, &mut head).ok()?;
    let bytes = digits.len() / 2;
    binary(&head, bytes).map(Form::plain)
}

fn by_shape(value: &[u8]) -> Option<Form> {
    binary(value.first_chunk::<20>()?, value.len()).map(Form::plain)
}

/// By the first twenty of `len` bytes.
fn binary(head: &[u8; 20], len: usize) -> Option<&'static FormDef> {
    if *head == DPAPI_HEAD {
        return Some(&DPAPI);
    }
    // RFC 4880, 4.2 and 5.3: a symmetric-key encrypted session key in the new format, of 13 bytes and version 4, with a
    // cipher (3DES to Twofish), string-to-key 0, 1 or 3, and a hash: what pgp_sym_encrypt writes.
    let pgp = matches!(head, [0xc3, 4..=14, 4, 1..=10, 0 | 1 | 3, 1..=11, ..]) && len >= 40;
    // 5.1: a public-key encrypted session key of version 3.
    let public = matches!(head, [0xc1, 0xc0..=0xc2, _, 3, ..]) && len >= 100;
    (pgp || public).then_some(&PGP)
}

/// After the version: no text, of whole blocks of sixteen (Linux, macOS) or with nonce and tag (Windows).
fn is_chromium(rest: &[u8]) -> bool {
    rest.len() >= 16 && !codec::is_visible(rest) && std::str::from_utf8(rest).is_err()
}

const fn is_base64_character(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_')
}

struct Encrypted {
    name: &'static str,
    told: &'static str,
    forms: &'static [&'static FormDef],
}

impl Scheme for Encrypted {
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
        Protection::Reversible
    }
    fn policy_key(&self) -> &'static str {
        REVERSIBLE
    }
    fn describe(&self, _: Form) -> String {
        self.told.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, REVERSIBLE, "whoever has the key has every password")
    }
    fn work(&self, _: Form) -> u64 {
        1
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        match self.password(stored) {
            Some(password) => Ok(fast::same(&password, candidate)),
            // The key is not here.
            None => Err(Unverifiable::Missing),
        }
    }
    fn password<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        std::ptr::eq(stored.form.def, &raw const TURNED_BACK).then_some(Cow::Borrowed(stored.value))
    }
    fn asks(&self) -> &'static [DigestKind] {
        let knows = self.forms.iter().any(|def| std::ptr::eq(*def, &raw const TURNED_BACK));
        if knows {
            &[DigestKind::Sha1, DigestKind::Ntlm, DigestKind::Sha256, DigestKind::Md5, DigestKind::Keccak]
        } else {
            &[]
        }
    }
    fn digest(&self, stored: &Stored<'_>, kind: DigestKind) -> Option<Digest> {
        self.password(stored).map(|password| fast::digest_of(kind, &password))
    }
}
