//! `credaudit corpus download`.

use std::path::PathBuf;

use clap::Args;

use super::KindArg;

/// Flags and arguments of `corpus download`.
#[derive(Args, Debug)]
pub struct DownloadArgs {
    /// The file that the ranges are kept in; what is in it is only asked about whether it changed.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which hashes: one kind at a time, both fit in one file.
    #[arg(long, value_name = "KIND", value_enum, default_value_t = KindArg::Sha1, help_heading = "Download")]
    pub kind: KindArg,
    /// Address of the range server [default: `https://api.pwnedpasswords.com`].
    #[arg(long, value_name = "URL", help_heading = "Download")]
    pub breach_url: Option<String>,
    /// Trust the certificate authorities in this PEM file when asking the range server.
    #[arg(long, value_name = "FILE", help_heading = "Download")]
    pub breach_ca: Option<PathBuf>,
    /// Questions on their way at a time.
    #[arg(long, value_name = "N", default_value = "64", help_heading = "Download")]
    pub concurrency: String,
    /// Only ranges below this number.
    #[arg(long, value_name = "N", hide = true, help_heading = "Download")]
    pub prefixes: Option<String>,
    /// Show no progress on standard error.
    #[arg(short, long, help_heading = "Download")]
    pub quiet: bool,
}
