//! `credaudit identify`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Stored values, and how the answer looks.
#[derive(Args, Debug)]
pub struct IdentifyArgs {
    /// Stored value; `-` is standard input, one a line. Better left out: then it is read from standard input, or typed at a
    /// prompt that does not show it, and stays out of the shell's history.
    #[arg(value_name = "VALUE")]
    pub values: Vec<OsString>,

    /// How the answer is written.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = IdentifyFormat::Text, help_heading = "Report")]
    pub format: IdentifyFormat,
    /// Thresholds and tiers to judge by, instead of the built-in ones.
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub policy: Option<PathBuf>,
    /// Show no notes on standard error.
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
}

/// `--format` of `identify`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum IdentifyFormat {
    /// For people.
    Text,
    /// One JSON object for each value; schemas/identify-v1.json describes it.
    Json,
}
