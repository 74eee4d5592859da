//! `PostgreSQL`'s role passwords (`pg_authid.rolpassword`) of before SCRAM: `md5` salted with the role's name.

use super::formulas::{Container, Opened};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "postgres",
    prefixes: &["md"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&MD5],
    layouts: &[],
    schemes: &[],
};

static MD5: FormDef = FormDef { name: "postgres-md5", kind: FormKind::Modular, digest_len: 16 };

fn recognise(value: &[u8]) -> Option<Form> {
    let hex = value.strip_prefix(b"md5")?;
    (hex.len() == 32 && codec::is_hex(hex)).then(|| Form::plain(&MD5))
}

/// Takes off the `md5` in front.
pub(super) const CONTAINERS: &[Container] =
    &[Container { form: &MD5, open: |value, _| Some(Opened::bare(value.strip_prefix(b"md5")?)) }];
