//! What `credaudit check` was asked, checked once.

use super::{BreachChoice, BreachSettings};
use crate::cli::{CheckArgs, HashArg};
use crate::error::Error;
use crate::model::DigestKind;

/// What to check, and whom to ask.
pub struct CheckSettings {
    /// What standard input holds.
    pub input: CheckInput,
    /// Whom to ask.
    pub breach: BreachSettings,
    /// Whether the built-in list is asked.
    pub embedded: bool,
    /// Whether standard error stays silent unless there is trouble.
    pub quiet: bool,
}

/// What standard input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInput {
    /// A password a line, or one that is typed.
    Passwords,
    /// A hash a line; none where its length says of what kind.
    Hashes(Option<DigestKind>),
}

/// Checks what was typed after `check`.
pub fn check_command(args: &CheckArgs) -> Result<CheckSettings, Error> {
    let breach = super::breach::breach(&args.breach)?;
    if breach.sources.is_empty() {
        return Err(Error::usage("there is nobody to ask with --breach none", "name a source, or leave --breach out"));
    }
    let kind = args.kind.map(|kind| match kind {
        HashArg::Sha1 => DigestKind::Sha1,
        HashArg::Ntlm => DigestKind::Ntlm,
        HashArg::Md5 => DigestKind::Md5,
        HashArg::Sha256 => DigestKind::Sha256,
    });
    Ok(CheckSettings {
        input: if args.hashes { CheckInput::Hashes(kind) } else { CheckInput::Passwords },
        embedded: breach.sources.iter().any(|source| matches!(source, BreachChoice::Embedded)),
        breach,
        quiet: args.quiet,
    })
}
