//! `credaudit audit`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::{BreachArgs, ColorArg, LiveArgs};
use crate::report;

/// Flags and arguments of `audit`.
#[derive(Args, Debug)]
pub struct AuditArgs {
    /// File or folder to read, or the address of a database (`postgres://user@host/name`, `mysql://…`); `-` is standard
    /// input.
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<OsString>,

    /// Form of the report.
    #[arg(long, value_name = "FORMAT", default_value = "terminal", help_heading = "Report",
          value_parser = PossibleValuesParser::new(report::ALL.iter().map(|o| o.name())))]
    pub format: String,
    /// Write the report into FILE (replaced as a whole, readable by you alone) instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Report")]
    pub output: Option<PathBuf>,
    /// Write the list of accounts to reset into FILE as CSV, one line an account.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub resets: Option<PathBuf>,
    /// Exit code 1 from this tier (T0 to T4) or severity (info to critical) on, or `never` [default: any account to
    /// reset, or a finding of medium].
    #[arg(long, value_name = "WHAT", help_heading = "Report")]
    pub fail_on: Option<String>,
    /// When to use colour; `auto` asks the terminal and honours `NO_COLOR`.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto, help_heading = "Report")]
    pub color: ColorArg,
    /// Show neither progress nor notes on standard error.
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,

    /// Whom to ask about exposures.
    #[command(flatten)]
    pub breach: BreachArgs,

    /// Try KEY (hexadecimal, base64 or as it is) on columns that are encrypted; may be given several times (a key on
    /// the command line stays in the shell's history and shows in the list of processes: prefer --key-file).
    #[arg(long = "key", value_name = "KEY", help_heading = "Encrypted columns")]
    pub keys: Vec<String>,
    /// Try the keys in FILE, one a line (or the bytes of one key), on columns that are encrypted; may be given several
    /// times.
    #[arg(long = "key-file", value_name = "FILE", help_heading = "Encrypted columns")]
    pub key_files: Vec<PathBuf>,
    /// Initialisation vector to try with the keys, in hexadecimal or as it is; may be given several times (vectors in
    /// front of each value, of zeros, and made of the key are tried anyway).
    #[arg(long = "iv", value_name = "IV", help_heading = "Encrypted columns")]
    pub ivs: Vec<String>,

    /// Judge by this policy file (thresholds and tiers) instead of the one built in.
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    pub policy: Option<PathBuf>,
    /// How many common passwords to try on each salted value, most common first.
    #[arg(long, value_name = "N", default_value = "100", help_heading = "Judgement")]
    pub guess_words: String,
    /// A file with the secret that the site joins to every password before it is hashed (a pepper, a cookie key, a site
    /// key), without the line break at its end; the variable `CREDAUDIT_PEPPER` holds it as well.
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    pub pepper_file: Option<PathBuf>,
    /// How long to try likely passwords (the account's own words, defaults, the commonest) on slow hashes such as bcrypt,
    /// in estimated seconds of one core, shared by all such columns; and, for each input, on digests of which only a proof
    /// can tell that they are passwords [default: 5; less on slow hashes of so many accounts that it would not reach one in
    /// 10,000].
    #[arg(long, value_name = "N", help_heading = "Judgement")]
    pub guess_seconds: Option<String>,
    /// Compute SHA-256 of every input while reading it, for the record.
    #[arg(long, help_heading = "Judgement")]
    pub hash_inputs: bool,

    /// Flags about live databases.
    #[command(flatten)]
    pub live: LiveArgs,

    /// Memory for what must be remembered until the end, e.g. 256M or 2GiB (at least 64M); beyond it an encrypted
    /// temporary file is used.
    #[arg(long, value_name = "SIZE", default_value = "256M", help_heading = "Limits")]
    pub memory: String,
    /// Number of threads [default: one for each processor].
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<String>,
    /// Folder for the encrypted temporary file [default: the system's].
    #[arg(long, value_name = "DIR", help_heading = "Limits")]
    pub temp_dir: Option<PathBuf>,
    /// Stop reading a unit when its text grows beyond SIZE after decompression.
    #[arg(long, value_name = "SIZE", default_value = "1T", help_heading = "Limits")]
    pub max_text: String,
    /// Stop reading a unit when its text is more than N times as large as what is stored.
    #[arg(long, value_name = "N", default_value = "200", help_heading = "Limits")]
    pub max_ratio: String,
    // What was just read should still be in a core's second-level cache when it is parsed: 10 % less than with 1 MiB.
    /// Bytes read at a time; changes no result.
    #[arg(long, value_name = "SIZE", default_value = "512K", hide = true, help_heading = "Limits")]
    pub block_size: String,
}
