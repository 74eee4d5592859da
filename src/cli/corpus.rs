//! `credaudit corpus`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{DownloadArgs, ServeArgs};

/// `corpus`.
#[derive(Args, Debug)]
pub struct CorpusArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: CorpusCommand,
}

/// What to do with a corpus.
#[derive(Debug, Subcommand)]
pub enum CorpusCommand {
    /// Make a corpus file of what you have: the official text file, a folder of ranges, binary records, lists of your own.
    Build(Box<CorpusBuildArgs>),
    /// Fetch all ranges of the Pwned Passwords service, or what changed since the last time; stop and go on as you like.
    Download(Box<DownloadArgs>),
    /// Answer range questions like the Pwned Passwords service, from a full corpus or a download.
    Serve(ServeArgs),
    /// Say what a corpus file holds.
    Info(CorpusInfoArgs),
    /// Read a corpus file whole and check every checksum.
    Verify(CorpusVerifyArgs),
}

/// Flags and arguments of `corpus build`.
#[derive(Args, Debug)]
pub struct CorpusBuildArgs {
    /// A text file of `HASH:COUNT` lines (also .gz), a folder of ranges (00000 to FFFFF, .txt, .gz), a download, or sorted
    /// binary records.
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<PathBuf>,
    /// The corpus file to write; it gets its name when it is whole.
    #[arg(short, long, value_name = "FILE", help_heading = "Corpus")]
    pub output: PathBuf,
    /// What to keep: enough of each hash and its count (compact), whole hashes to serve ranges from (full), or a filter
    /// whose "perhaps" must be confirmed elsewhere.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = VariantArg::Compact, help_heading = "Corpus")]
    pub variant: VariantArg,
    /// Which hashes the input holds [default: as it looks].
    #[arg(long, value_name = "KIND", value_enum, help_heading = "Corpus")]
    pub kind: Option<KindArg>,
    /// The inputs hold a password a line: they are hashed in memory, and nothing else of them is kept.
    #[arg(long, help_heading = "Corpus")]
    pub passwords: bool,
    /// The inputs hold hashes in any order; several are merged, and counts of equal hashes added up.
    #[arg(long, help_heading = "Corpus")]
    pub unsorted: bool,
    /// Where the data come from, for people who ask the file later [default: the input's name].
    #[arg(long, value_name = "TEXT", help_heading = "Corpus")]
    pub source: Option<String>,
    /// About how many hashes there are, where the size of the input does not tell.
    #[arg(long, value_name = "N", help_heading = "Corpus")]
    pub expect: Option<String>,

    /// Memory for sorting, e.g. 512M or 2GiB (at least 64M); beyond it unnamed temporary files are used.
    #[arg(long, value_name = "SIZE", default_value = "512M", help_heading = "Limits")]
    pub memory: String,
    /// Number of threads [default: one for each processor].
    #[arg(long, value_name = "N", help_heading = "Limits")]
    pub threads: Option<String>,
    /// Folder for temporary files [default: the system's].
    #[arg(long, value_name = "DIR", help_heading = "Limits")]
    pub temp_dir: Option<PathBuf>,
    /// Show no progress on standard error.
    #[arg(short, long, help_heading = "Limits")]
    pub quiet: bool,
}

/// Arguments of `corpus info`.
#[derive(Args, Debug)]
pub struct CorpusInfoArgs {
    /// The corpus file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `corpus verify`.
#[derive(Args, Debug)]
pub struct CorpusVerifyArgs {
    /// The corpus file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `--variant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VariantArg {
    /// Some 6.5 bytes a hash; wrong less than once in a billion questions.
    Compact,
    /// Some 19 bytes a hash; needed to serve ranges.
    Full,
    /// Some 1.2 bytes a hash; "perhaps" is wrong once in 256 times.
    Filter8,
    /// Some 2.3 bytes a hash; "perhaps" is wrong once in 65,536 times.
    Filter16,
}

/// `--kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum KindArg {
    /// SHA-1 of the password.
    Sha1,
    /// NT hash of the password.
    Ntlm,
}
