//! `MySQL`'s `PASSWORD()` since 4.1: `*` and 40 hex digits. Copies of it are bare.

use super::formulas::{Container, Opened};
use super::{Family, codec};
use crate::model::{Form, FormDef, FormKind};

pub(super) const FAMILY: Family = Family {
    file: "mysql",
    prefixes: &["*"],
    by_prefix: Some(recognise),
    by_shape: None,
    forms: &[&FORM],
    layouts: &[],
    schemes: &[],
};

static FORM: FormDef = FormDef { name: "mysql41", kind: FormKind::Modular, digest_len: 20 };

/// Takes off the star.
pub(super) const CONTAINERS: &[Container] =
    &[Container { form: &FORM, open: |value, _| Some(Opened::bare(value.strip_prefix(b"*")?)) }];

fn recognise(value: &[u8]) -> Option<Form> {
    let hex = value.strip_prefix(b"*")?;
    (hex.len() == 40 && codec::is_hex(hex)).then(|| Form::plain(&FORM))
}
