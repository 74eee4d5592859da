//! `credaudit check`.

use clap::{Args, ValueEnum};

use super::BreachArgs;

/// Flags of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// Standard input holds hashes in hex, one a line, instead of passwords.
    #[arg(long, help_heading = "Input")]
    pub hashes: bool,
    /// What the hashes are [default: as their length says; 32 digits say nothing].
    #[arg(long, value_name = "KIND", value_enum, requires = "hashes", help_heading = "Input")]
    pub kind: Option<HashArg>,
    /// Show neither progress nor notes on standard error.
    #[arg(short, long, help_heading = "Input")]
    pub quiet: bool,
    /// Whom to ask.
    #[command(flatten)]
    pub breach: BreachArgs,
}

/// `--kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HashArg {
    /// SHA-1.
    Sha1,
    /// NT hash.
    Ntlm,
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
}
