//! `credaudit corpus serve`.

use std::path::PathBuf;

use clap::Args;

/// Flags and arguments of `corpus serve`.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// A corpus built with `--variant full` (one of SHA-1, one of NTLM), or the file of a download.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Address and port to listen on; other machines reach it only if you name an address of theirs.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080", help_heading = "Server")]
    pub listen: String,
    /// Connections at a time; more wait.
    #[arg(long, value_name = "N", default_value = "1024", help_heading = "Server")]
    pub max_connections: String,
    /// Seconds that the head of a request may take, and a connection be idle.
    #[arg(long, value_name = "SECONDS", default_value = "10", help_heading = "Server")]
    pub idle: String,
    /// Number of threads [default: one for each processor].
    #[arg(long, value_name = "N", help_heading = "Server")]
    pub threads: Option<String>,
    /// Do not say on standard error what is served.
    #[arg(short, long, help_heading = "Server")]
    pub quiet: bool,
}
