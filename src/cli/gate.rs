//! `credaudit gate` and `credaudit baseline`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};

use super::ColorArg;
use crate::report;

/// What is read and by which rules: the same for `gate` and `baseline`.
#[derive(Args, Debug)]
pub struct ScanArgs {
    /// File or folder to read; `-` is standard input.
    #[arg(value_name = "PATH", required = true)]
    pub targets: Vec<OsString>,

    /// Settings [default: `credaudit.toml` in the current folder, if there is one].
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub config: Option<PathBuf>,
    /// Read no settings file.
    #[arg(long, conflicts_with = "config", help_heading = "Rules")]
    pub no_config: bool,
    /// Report findings from this confidence on, in percent [default: 50].
    #[arg(long, value_name = "PERCENT", help_heading = "Rules")]
    pub min_confidence: Option<String>,
    /// Findings that are known and left out [default: `.credaudit-baseline` in the current folder, if there is one].
    #[arg(long, value_name = "FILE", help_heading = "Rules")]
    pub baseline: Option<PathBuf>,
    /// What of git repositories is read instead of files.
    #[command(flatten)]
    pub git: GitArgs,

    /// Leave out what git ignores, which is read by default because it may ship all the same.
    #[arg(long, help_heading = "Rules")]
    pub gitignore: bool,
    /// How to search: both engines find the same.
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t = EngineArg::Best, help_heading = "Rules")]
    pub engine: EngineArg,

    /// Memory for what must be remembered until the end, e.g. 128M (at least 64M); beyond it an encrypted temporary file is
    /// used.
    #[arg(long, value_name = "SIZE", default_value = "64M", help_heading = "Limits")]
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
    /// Bytes read at a time; changes no result.
    #[arg(long, value_name = "SIZE", default_value = "1M", hide = true, help_heading = "Limits")]
    pub block_size: String,
    /// Show neither progress nor notes on standard error.
    #[arg(short, long, help_heading = "Report")]
    pub quiet: bool,
}

/// What of git repositories is read instead of files.
#[derive(Args, Debug)]
pub struct GitArgs {
    /// Of git repositories, read what is staged for the next commit instead of files: for a commit hook.
    #[arg(long, group = "span", help_heading = "Git")]
    pub staged: bool,
    /// Of git repositories, read what the commits of REV..HEAD bring in.
    #[arg(long, value_name = "REV", group = "span", help_heading = "Git")]
    pub since: Option<String>,
    /// Of git repositories, read everything that any branch or tag leads to, each version of a file once.
    #[arg(long, group = "span", help_heading = "Git")]
    pub history: bool,
}

/// Flags and arguments of `gate`.
#[derive(Args, Debug)]
pub struct GateArgs {
    /// What is read and by which rules.
    #[command(flatten)]
    pub scan: ScanArgs,

    /// Form of the report.
    #[arg(long, value_name = "FORMAT", default_value = "terminal", help_heading = "Report",
          value_parser = PossibleValuesParser::new(report::ALL.iter().map(|o| o.name())))]
    pub format: String,
    /// Write the report into FILE (replaced as a whole, readable by you alone) instead of standard output.
    #[arg(short, long, value_name = "FILE", help_heading = "Report")]
    pub output: Option<PathBuf>,
    /// Exit code 1 from this severity on (info to critical), or `never` [default: medium].
    #[arg(long, value_name = "SEVERITY", help_heading = "Report")]
    pub fail_on: Option<String>,
    /// When to use colour; `auto` asks the terminal and honours `NO_COLOR`.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorArg::Auto, help_heading = "Report")]
    pub color: ColorArg,
}

/// Flags and arguments of `baseline`.
#[derive(Args, Debug)]
pub struct BaselineArgs {
    /// What is read and by which rules.
    #[command(flatten)]
    pub scan: ScanArgs,

    /// Only remove entries that nothing found bears out any more; add none.
    #[arg(long, help_heading = "Baseline")]
    pub prune: bool,
}

/// `--engine`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EngineArg {
    /// The fastest that is built in.
    Best,
    /// The one in pure Rust.
    Portable,
}
