//! `PostgreSQL`'s role passwords (`pg_authid.rolpassword`): `md5` salted with the role's name, and SCRAM-SHA-256 (RFC 7677).

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use super::formulas::{Container, Opened};
use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, codec, fast, grading, pbkdf2};
use crate::model::{Form, FormDef, FormKind, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "postgres",
    prefixes: &["md", "SCRAM-SHA-256$"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&MD5, &SCRAM],
    schemes: &[&Scram],
};

static MD5: FormDef = FormDef { name: "postgres-md5", kind: FormKind::Modular, digest_len: 16 };
static SCRAM: FormDef = FormDef { name: "scram-sha-256", kind: FormKind::Modular, digest_len: 32 };

fn recognise(value: &[u8]) -> Option<Form> {
    if let Some(hex) = value.strip_prefix(b"md5") {
        return (hex.len() == 32 && codec::is_hex(hex)).then(|| Form::plain(&MD5));
    }
    Verifier::parse(value).map(|verifier| Form { def: &SCRAM, params: verifier.iterations })
}

/// Takes off the `md5` in front.
pub(super) const CONTAINERS: &[Container] =
    &[Container { form: &MD5, open: |value, _| Some(Opened::bare(value.strip_prefix(b"md5")?)) }];

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the last three in base64.
struct Verifier<'a> {
    iterations: u64,
    salt: &'a [u8],
    stored_key: &'a [u8],
}

impl<'a> Verifier<'a> {
    fn parse(value: &'a [u8]) -> Option<Self> {
        let rest = value.strip_prefix(b"SCRAM-SHA-256$")?;
        let (costs, keys) = codec::split_once(rest, b'$')?;
        let (iterations, salt) = codec::split_once(costs, b':')?;
        let (stored_key, server_key) = codec::split_once(keys, b':')?;
        let is_key = |key| codec::base64_len(key) == Some(32);
        (is_key(stored_key) && is_key(server_key) && codec::base64_len(salt).is_some())
            .then_some(())
            .and_then(|()| codec::decimal(iterations))
            .map(|iterations| Self { iterations, salt, stored_key })
    }
}

/// Passwords are taken as their bytes: `SASLprep` (RFC 4013) leaves ASCII and nearly all typed text as it is.
struct Scram;

impl Scheme for Scram {
    fn name(&self) -> &'static str {
        "scram-sha-256"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &[&SCRAM] }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Value
    }
    fn protection(&self) -> Protection {
        Protection::PasswordHash
    }
    fn policy_key(&self) -> &'static str {
        "scram-sha-256"
    }
    fn describe(&self, form: Form) -> String {
        format!("scram-sha-256 {} iterations", form.params)
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        grading::by_count(policy, self.policy_key(), "iteration count", form.params)
    }
    fn work(&self, form: Form) -> u64 {
        pbkdf2::Prf::Sha256.work(form.params)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let verifier = Verifier::parse(stored.value).ok_or(Unverifiable::Malformed)?;
        let salt = codec::base64_bytes(verifier.salt).ok_or(Unverifiable::Malformed)?;
        let stored_key = codec::base64_bytes(verifier.stored_key).ok_or(Unverifiable::Malformed)?;
        let mut salted = [0; 32];
        pbkdf2::Prf::Sha256.derive(candidate, &salt, verifier.iterations, &mut salted)?;
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&salted).expect("HMAC takes keys of any length");
        mac.update(b"Client Key");
        Ok(fast::same(&Sha256::digest(mac.finalize().into_bytes()), &stored_key))
    }
}
