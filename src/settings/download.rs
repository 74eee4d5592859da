//! What `credaudit corpus download` was asked, checked once.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::breach::{DownloadOptions, Hibp, HibpOptions, PREFIXES};
use crate::cli::DownloadArgs;
use crate::error::Error;

/// What to download, from where and where to.
pub struct DownloadSettings {
    /// The file of kept ranges.
    pub file: PathBuf,
    /// Whose ranges these are, as the file names them.
    pub source: String,
    /// What and how.
    pub options: DownloadOptions,
    /// Whether standard error stays silent unless there is trouble.
    pub quiet: bool,
}

/// Rest before broken ranges are asked for again: what was broken for a moment is whole by then.
const REST: Duration = Duration::from_secs(2);

/// Checks what was typed after `corpus download`.
pub fn download(args: DownloadArgs) -> Result<DownloadSettings, Error> {
    if let Some(ca) = &args.breach_ca {
        fs::File::open(ca).map_err(|e| Error::read(ca, e))?;
    }
    let base_url =
        super::breach::address("--breach-url", args.breach_url.as_deref().unwrap_or(super::breach::HIBP_URL))?;
    let most = u64::from(PREFIXES);
    Ok(DownloadSettings {
        file: args.file,
        source: Hibp::name_of(&base_url).map_err(|e| Error::breach(e.0))?,
        options: DownloadOptions {
            kind: super::corpus::kind(args.kind),
            prefixes: args.prefixes.map_or(Ok(most), |typed| super::count("--prefixes", &typed, 1, most))? as u32,
            hibp: HibpOptions {
                base_url,
                ca: args.breach_ca,
                concurrency: super::count("--concurrency", &args.concurrency, 1, 512)? as usize,
                ..HibpOptions::default()
            },
            rest: REST,
        },
        quiet: args.quiet,
    })
}
