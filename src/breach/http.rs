//! What all sources on the network share: addresses, certificates, the client, and what its failures mean.

use std::path::Path;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Certificate, Client, ClientBuilder, Response, StatusCode, Url};

use super::SourceError;
use super::pace::Failed;
use crate::model::Unasked;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// A connection that carries questions and does not answer a ping in this time is left; without it every question would
/// wait for its time-out on a connection that is dead.
const PING: Duration = Duration::from_secs(10);

/// The base URL with a path that questions can be joined to. `flag` is where it was typed.
pub(super) fn base(url: &str, flag: &str) -> Result<Url, SourceError> {
    let mut base = Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| SourceError(format!("{flag} must be an http or https URL with a host")))?;
    // Questions would lose it; silently, and with it perhaps a key.
    if base.query().is_some() || base.fragment().is_some() {
        return Err(SourceError(format!("{flag} must end with its path, without ? or #")));
    }
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    Ok(base)
}

/// The base URL as reports show it: without credentials.
pub(super) fn name(base: &Url) -> String {
    let mut shown = base.clone();
    // Both fail only for URLs without a host.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.as_str().trim_end_matches('/').into()
}

/// A client for questions to `base` that trusts the authorities in the file `ca` beside the system's.
pub(super) fn client(base: &Url, ca: Option<&Path>, timeout: Duration) -> Result<Client, SourceError> {
    // Fails only when another provider was installed before, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let extra = ca.map_or_else(|| Ok(Vec::new()), certificates)?;
    builder(timeout)
        .tls_certs_merge(extra)
        .build()
        .or_else(|failed| match base.scheme() {
            // Without TLS it does not matter that a small container has no certificates.
            "http" => builder(timeout).tls_certs_only([]).build(),
            _ => Err(failed),
        })
        .map_err(|_| match ca {
            // The system's certificates are no reason: with one of the caller's they may be missing.
            Some(path) => {
                SourceError(format!("--breach-ca {}: holds a certificate that cannot be read", path.display()))
            }
            None => SourceError("no TLS: the system's certificates cannot be read (package ca-certificates)".into()),
        })
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, SourceError> {
    let cannot = |why: String| SourceError(format!("--breach-ca {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|e| cannot(e.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(cannot("not a bundle of certificates in PEM".into())),
    }
}

fn builder(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("credaudit/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timeout.min(CONNECT))
        .timeout(timeout)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PING)
        // A redirect could carry the prefix to somebody who was not asked.
        .redirect(reqwest::redirect::Policy::none())
}

/// The event loop of one source.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, SourceError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| SourceError(format!("no event loop to ask with: {e}")))
}

/// A failure that another try may mend.
pub(super) const fn again(why: Unasked) -> Failed {
    Failed { why, wait: None, again: true }
}

/// What a status other than success means.
pub(super) fn refused(status: StatusCode, wait: Option<Duration>) -> Failed {
    match status {
        StatusCode::TOO_MANY_REQUESTS => Failed { wait, ..again(Unasked::RateLimited) },
        StatusCode::REQUEST_TIMEOUT => again(Unasked::TimedOut),
        // Nobody asked about changes: something in between answered.
        StatusCode::NOT_MODIFIED => again(Unasked::BadAnswer),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PAYMENT_REQUIRED => {
            Failed { again: false, ..again(Unasked::Refused) }
        }
        status if status.is_server_error() => Failed { wait, ..again(Unasked::ServerError) },
        _ => Failed { again: false, ..again(Unasked::BadAnswer) },
    }
}

/// The form in seconds. The form with a date is not used by services that limit rates; back-off stands in for it.
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// No answer began.
pub(super) fn unasked(error: &reqwest::Error) -> Unasked {
    if error.is_timeout() { Unasked::TimedOut } else { Unasked::Unreachable }
}

/// A body that broke off.
pub(super) fn cut(error: &reqwest::Error) -> Unasked {
    if error.is_timeout() { Unasked::TimedOut } else { Unasked::BadAnswer }
}
