//! What `credaudit corpus serve` was asked, checked once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::breach::ServeOptions;
use crate::cli::ServeArgs;
use crate::error::Error;

/// What to serve, where, and within which limits.
#[derive(Clone, Debug)]
pub struct ServeSettings {
    /// Corpus files or files of kept ranges; at least one.
    pub files: Vec<PathBuf>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// Limits.
    pub options: ServeOptions,
    /// Whether standard error stays silent unless there is trouble.
    pub quiet: bool,
}

/// Checks what was typed after `corpus serve`.
pub fn serve(args: ServeArgs) -> Result<ServeSettings, Error> {
    let listen = args.listen.parse().map_err(|_| {
        Error::usage(
            format!("--listen {:?} is not an address with a port", args.listen),
            "give something like 127.0.0.1:8080 or [::1]:8080",
        )
    })?;
    Ok(ServeSettings {
        files: args.files,
        listen,
        options: ServeOptions {
            threads: super::threads(args.threads.as_deref())?,
            connections: super::count("--max-connections", &args.max_connections, 1, 1_000_000)? as usize,
            head: Duration::from_secs(super::count("--idle", &args.idle, 1, 3600)?),
            ..ServeOptions::default()
        },
        quiet: args.quiet,
    })
}
