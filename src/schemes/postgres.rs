//! `PostgreSQL`'s role passwords (`pg_authid.rolpassword`) of before SCRAM: `md5` salted with the role's name.

use std::borrow::Cow;

use super::codec::{self, MAX_DIGEST};
use super::{Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, fast, grading, salted};
use crate::model::{Algorithm, Form, FormDef, FormKind, Formula, Graded, Policy};

pub(super) const FAMILY: Family = Family {
    file: "postgres",
    prefixes: &["md"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&MD5],
    layouts: &[],
    schemes: &[&PostgresMd5],
};

static MD5: FormDef = FormDef { name: "postgres-md5", kind: FormKind::Modular, digest_len: 16 };

fn recognise(value: &[u8]) -> Option<Form> {
    let hex = value.strip_prefix(b"md5")?;
    (hex.len() == 32 && codec::is_hex(hex)).then(|| Form::plain(&MD5))
}

/// `md5` and md5(pass.role).
struct PostgresMd5;

impl Scheme for PostgresMd5 {
    fn name(&self) -> &'static str {
        "postgres-md5"
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        const { &[&MD5] }
    }
    fn salt_from(&self) -> SaltFrom {
        SaltFrom::Login
    }
    fn protection(&self) -> Protection {
        Protection::SaltedFast
    }
    fn policy_key(&self) -> &'static str {
        "salted-fast"
    }
    fn describe(&self, _: Form) -> String {
        self.name().to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        grading::fixed(policy, self.policy_key(), "a fast hash, salted with nothing but the role's name")
    }
    fn work(&self, _: Form) -> u64 {
        fast::nanoseconds(Algorithm::Md5)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        salted::verify(self, Formula::PassSalt(Algorithm::Md5), stored, candidate)
    }
    fn formula(&self) -> Option<Formula> {
        Some(Formula::PassSalt(Algorithm::Md5))
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        codec::digest_bytes(stored.value.strip_prefix(b"md5")?, 16, out)
    }
    fn salt<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        stored.login.map(Cow::Borrowed)
    }
}
