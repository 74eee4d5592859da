//! Pwned Passwords and every server that speaks its range protocol: `GET {base}/range/{5 hex}[?mode=ntlm]`.
//!
//! Five hex digits of a digest leave the machine; the suffixes that come back are compared here. What cannot be answered
//! is [`Exposure::Unknown`] with its reason, after retries with back-off, a changed request (a broken answer may sit in a
//! cache under one variant only) and the server's own Retry-After. A server that answers nobody is given up after
//! [`GIVE_UP_AFTER`] ranges in a row, so that an audit ends.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::range::{PREFIX, Range};
use super::{Source, SourceError};
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// The public service.
const PUBLIC: &str = "https://api.pwnedpasswords.com";
/// Tries for one range.
const TRIES: u32 = 5;
/// Ranges in a row without any connection or answer after which the rest is given up.
const GIVE_UP_AFTER: u32 = 16;
/// Longest that a Retry-After is obeyed.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A range is about 77 KB (August 2026); a body beyond this is no range.
const MAX_BODY: usize = 8 << 20;

/// How to ask.
#[derive(Clone, Debug)]
pub struct HibpOptions {
    /// Scheme, host and path before `/range/`.
    pub base_url: String,
    /// Whether answers are padded, so that their size does not tell the prefix.
    pub padding: bool,
    /// Certificates (PEM) to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// Questions under way at a time.
    pub concurrency: usize,
    /// Wait before the second try; doubled for each further one.
    pub first_wait: Duration,
    /// How long one try may take.
    pub timeout: Duration,
}

impl Default for HibpOptions {
    fn default() -> Self {
        Self {
            base_url: PUBLIC.into(),
            padding: true,
            ca: None,
            concurrency: 32,
            first_wait: Duration::from_millis(500),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A server that speaks the range protocol.
pub struct Hibp {
    client: Client,
    runtime: Runtime,
    base: Url,
    options: HibpOptions,
    failed_in_a_row: AtomicU32,
}

/// One question: a prefix, and the digests that begin with it.
struct Question {
    kind: DigestKind,
    prefix: String,
    /// Indexes into the digests asked about.
    digests: std::ops::Range<usize>,
}

impl Hibp {
    /// Prepares to ask; nothing is sent. Fails for a base URL that is none and for certificates that cannot be read.
    pub fn new(options: HibpOptions) -> Result<Self, SourceError> {
        let mut base = Url::parse(&options.base_url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| SourceError("--breach-url must be an http or https URL with a host".into()))?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        // Fails only when another provider was installed before, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("credaudit/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            .timeout(options.timeout)
            .http2_adaptive_window(true)
            // A redirect could carry the prefix to somebody who was not asked.
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &options.ca {
            let cannot = |why: String| SourceError(format!("--breach-ca {}: {why}", path.display()));
            let pem = std::fs::read(path).map_err(|e| cannot(e.to_string()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|_| cannot("not a bundle of certificates in PEM".into()))?;
            builder = builder.tls_certs_merge(certificates);
        }
        let client = builder.build().map_err(|_| {
            SourceError("no TLS: the system's certificates cannot be read (package ca-certificates)".into())
        })?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| SourceError(format!("no event loop to ask with: {e}")))?;
        Ok(Self { client, runtime, base, options, failed_in_a_row: AtomicU32::new(0) })
    }

    fn url(&self, question: &Question) -> Url {
        let mut url = self.base.join(&format!("range/{}", question.prefix)).expect("five hex digits are a path");
        if question.kind == DigestKind::Ntlm {
            url.set_query(Some("mode=ntlm"));
        }
        url
    }
}

impl Source for Hibp {
    fn name(&self) -> String {
        self.options.base_url.clone()
    }

    fn takes(&self) -> &[DigestKind] {
        &[DigestKind::Sha1, DigestKind::Ntlm]
    }

    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        let mut questions = questions(digests);
        shuffle(&mut questions);
        self.runtime.block_on(async {
            let mut under_way = JoinSet::new();
            let mut waiting = questions.into_iter();
            loop {
                while under_way.len() < self.options.concurrency.max(1) {
                    let Some(question) = waiting.next() else { break };
                    let gave_up = self.failed_in_a_row.load(Ordering::Relaxed) >= GIVE_UP_AFTER;
                    let attempt = Attempt {
                        client: self.client.clone(),
                        url: self.url(&question),
                        kind: question.kind,
                        padding: self.options.padding,
                        first_wait: self.options.first_wait,
                        tries: if gave_up { 0 } else { TRIES },
                    };
                    under_way.spawn(async move { (question, attempt.body().await) });
                }
                let Some(done) = under_way.join_next().await else { break };
                let Ok((question, body)) = done else { continue };
                self.note(&body);
                tell(digests, &question, &body, answer);
            }
        });
    }
}

impl Hibp {
    /// Counts failures in a row: a server that does not answer anybody is not asked for hours.
    fn note(&self, body: &Result<Vec<u8>, Unasked>) {
        match body {
            Err(Unasked::Unreachable | Unasked::TimedOut) => {
                self.failed_in_a_row.fetch_add(1, Ordering::Relaxed);
            }
            _ => self.failed_in_a_row.store(0, Ordering::Relaxed),
        }
    }
}

/// Groups sorted digests by kind and prefix.
fn questions(digests: &[Digest]) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut start = 0;
    for group in digests.chunk_by(|a, b| a.kind() == b.kind() && prefix(a) == prefix(b)) {
        let digests = start..start + group.len();
        start = digests.end;
        questions.push(Question { kind: group[0].kind(), prefix: prefix(&group[0]), digests });
    }
    questions
}

fn prefix(digest: &Digest) -> String {
    let mut prefix = hex::encode_upper(&digest.bytes()[..PREFIX.div_ceil(2)]);
    prefix.truncate(PREFIX);
    prefix
}

/// The order of questions says nothing about the order of accounts or digests (Fisher and Yates).
fn shuffle(questions: &mut [Question]) {
    let random = SystemRandom::new();
    for at in (1..questions.len()).rev() {
        let mut bytes = [0; 8];
        // Without randomness the order stays as it is, which is by prefix.
        if random.fill(&mut bytes).is_err() {
            return;
        }
        questions.swap(at, (u64::from_le_bytes(bytes) % (at as u64 + 1)) as usize);
    }
}

/// Answers every digest of a question.
fn tell(
    digests: &[Digest],
    question: &Question,
    body: &Result<Vec<u8>, Unasked>,
    answer: &mut dyn FnMut(usize, Exposure),
) {
    let range = match body {
        Ok(body) => Range::parse(body, question.kind).map_err(|_| Unasked::BadAnswer),
        Err(why) => Err(*why),
    };
    for at in question.digests.clone() {
        let exposure = match &range {
            Err(why) => Exposure::Unknown(*why),
            Ok(range) => {
                let hex = hex::encode_upper(digests[at].bytes());
                range.count(&hex.as_bytes()[PREFIX..]).map_or(Exposure::NotSeen, |count| Exposure::Seen(Some(count)))
            }
        };
        answer(at, exposure);
    }
}

/// One question with its retries; owns what it needs, so that many can be under way.
struct Attempt {
    client: Client,
    url: Url,
    kind: DigestKind,
    padding: bool,
    first_wait: Duration,
    tries: u32,
}

/// Why a try failed, and how long the server asked to wait.
struct Failed {
    why: Unasked,
    wait: Option<Duration>,
    again: bool,
}

impl Attempt {
    /// A body that parses as a range, or why there is none.
    async fn body(&self) -> Result<Vec<u8>, Unasked> {
        let mut why = Unasked::Unreachable;
        for number in 0..self.tries {
            match self.once(number).await {
                Ok(body) => return Ok(body),
                Err(failed) => {
                    why = failed.why;
                    if !failed.again || number + 1 == self.tries {
                        break;
                    }
                    let back_off = self.first_wait * 2_u32.pow(number);
                    tokio::time::sleep(failed.wait.unwrap_or(back_off).min(LONGEST_WAIT)).await;
                }
            }
        }
        Err(why)
    }

    async fn once(&self, number: u32) -> Result<Vec<u8>, Failed> {
        let mut request = self.client.get(self.url.clone());
        if self.padding {
            request = request.header("Add-Padding", "true");
        }
        // A broken answer may sit in a cache for one encoding only.
        let encoding = if number.is_multiple_of(2) { "identity" } else { "identity;q=1, *;q=0" };
        request = request.header(ACCEPT_ENCODING, encoding);
        let again = |why| Failed { why, wait: None, again: true };
        let mut response = request.send().await.map_err(|error| again(unasked(&error)))?;
        let wait = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.trim().parse().ok())
            .map(Duration::from_secs);
        match response.status() {
            StatusCode::OK => {}
            StatusCode::TOO_MANY_REQUESTS => return Err(Failed { why: Unasked::RateLimited, wait, again: true }),
            status if status.is_server_error() => return Err(Failed { why: Unasked::ServerError, wait, again: true }),
            _ => return Err(Failed { why: Unasked::BadAnswer, wait: None, again: false }),
        }
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| again(cut(&error)))? {
            if body.len() + part.len() > MAX_BODY {
                return Err(again(Unasked::BadAnswer));
            }
            body.extend_from_slice(&part);
        }
        match Range::parse(&body, self.kind) {
            Ok(_) => Ok(body),
            Err(_) => Err(again(Unasked::BadAnswer)),
        }
    }
}

fn unasked(error: &reqwest::Error) -> Unasked {
    if error.is_timeout() { Unasked::TimedOut } else { Unasked::Unreachable }
}

/// A body that broke off.
fn cut(error: &reqwest::Error) -> Unasked {
    if error.is_timeout() { Unasked::TimedOut } else { Unasked::BadAnswer }
}
