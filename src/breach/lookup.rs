//! Services that are asked about one digest at a time, by its first ten hex digits: what they share.
//!
//! They say "not there" with status 404, which a wrong address, a proxy or a retired interface says as well. So before the
//! first 404 is believed the service must show that it knows what everybody knows: it is asked about `password`.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Client, Response, StatusCode, Url};
use tokio::runtime::Runtime;

use super::budget::Spending;
use super::http::{self, again};
use super::pace::{Failed, Pace};
use super::{Source, SourceError};
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// An answer beyond this is none: the longest have a few hundred candidates of some 300 bytes.
const MAX_BODY: usize = 1 << 20;
/// Digits of a digest that are sent.
const SENT: usize = 10;

/// A service's own way to ask and to answer.
pub(super) trait Protocol: Send + Sync + 'static {
    /// Kinds of digest it takes.
    const TAKES: &'static [DigestKind];
    /// The question for a beginning of ten lower-case hex digits.
    fn question(&self, client: &Client, base: &Url, kind: DigestKind, beginning: &str) -> reqwest::RequestBuilder;
    /// What a body of status 200 says about each of `digests`, which all begin with `beginning`; none when it is no answer
    /// to that question.
    fn read(&self, body: &[u8], beginning: &str, digests: &[Digest]) -> Option<Vec<Exposure>>;
    /// What everybody knows: a digest of `password`.
    fn known(&self, kind: DigestKind) -> Digest;
}

/// Such a service.
pub(super) struct Lookup<P> {
    protocol: Arc<P>,
    client: Client,
    runtime: Runtime,
    base: Url,
    pace: Pace,
    spending: Arc<Spending>,
    /// What asking about `password` showed, by kind.
    trusted: Mutex<Vec<(DigestKind, Option<Unasked>)>>,
}

/// How to ask.
#[derive(Clone, Debug)]
pub struct LookupOptions {
    /// Scheme, host and path before the question.
    pub base_url: String,
    /// Certificates (PEM) to trust beside the system's.
    pub ca: Option<std::path::PathBuf>,
    /// Questions under way at a time; at least one.
    pub concurrency: usize,
    /// Back-off before the second try; doubled for each further one.
    pub first_wait: std::time::Duration,
    /// How long one try may take.
    pub timeout: std::time::Duration,
    /// How much may be asked, and what was spent of it.
    pub spending: Arc<Spending>,
}

impl LookupOptions {
    /// As for people: a few questions at a time.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            ca: None,
            concurrency: 8,
            first_wait: std::time::Duration::from_millis(500),
            timeout: std::time::Duration::from_secs(30),
            spending: Arc::default(),
        }
    }
}

impl<P: Protocol> Lookup<P> {
    pub(super) fn new(protocol: P, options: LookupOptions) -> Result<Self, SourceError> {
        let base = http::base(&options.base_url, "the address of the source")?;
        Ok(Self {
            protocol: Arc::new(protocol),
            client: http::client(&base, options.ca.as_deref(), options.timeout)?,
            runtime: http::runtime()?,
            pace: Pace::new(options.concurrency, options.first_wait),
            base,
            spending: options.spending,
            trusted: Mutex::default(),
        })
    }

    fn attempt(&self, digests: &[Digest]) -> impl Future<Output = Result<Vec<Exposure>, Failed>> + Send + 'static {
        let (kind, beginning) = (digests[0].kind(), beginning(&digests[0]));
        let request = self.protocol.question(&self.client, &self.base, kind, &beginning);
        let (protocol, digests) = (Arc::clone(&self.protocol), digests.to_vec());
        let spending = Arc::clone(&self.spending);
        async move {
            let response = request.send().await.map_err(|error| again(http::unasked(&error)))?;
            let wait = http::retry_after(&response);
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND => return Ok(vec![Exposure::NotSeen; digests.len()]),
                status => return Err(http::refused(status, wait)),
            }
            let body = body(response, &spending).await?;
            protocol.read(&body, &beginning, &digests).ok_or(again(Unasked::BadAnswer))
        }
    }

    /// Whether the service's "not there" can be believed; if not, why its answers are unknown.
    fn distrust(&self, kind: DigestKind) -> Option<Unasked> {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, result)) = trusted.iter().find(|(known, _)| *known == kind) {
            return *result;
        }
        let known = [self.protocol.known(kind)];
        let mut result = Some(Unasked::BadAnswer);
        self.runtime.block_on(self.pace.ask(
            1,
            || true,
            |_, _| self.attempt(&known),
            |_, end| {
                result = match end.as_deref() {
                    Ok([Exposure::Seen(_)]) => None,
                    Ok(_) => Some(Unasked::BadAnswer),
                    Err(why) => Some(*why),
                };
            },
        ));
        trusted.push((kind, result));
        result
    }
}

impl<P: Protocol> Source for Lookup<P> {
    fn name(&self) -> String {
        http::name(&self.base)
    }

    fn takes(&self) -> &[DigestKind] {
        P::TAKES
    }

    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        // Sorted digests that begin alike lie together.
        let alike = |a: &Digest, b: &Digest| a.kind() == b.kind() && a.bytes()[..SENT / 2] == b.bytes()[..SENT / 2];
        let mut start = 0;
        let mut questions: Vec<std::ops::Range<usize>> = Vec::new();
        for group in digests.chunk_by(alike) {
            let question = start..start + group.len();
            start = question.end;
            // A key that is refused is refused for everything.
            match self.distrust(group[0].kind()) {
                None => questions.push(question),
                Some(why) => question.for_each(|at| answer(at, Exposure::Unknown(why))),
            }
        }
        super::shuffle(&mut questions);
        let attempt = |at: usize, _| self.attempt(&digests[questions[at].clone()]);
        let done = |at: usize, end: Result<Vec<Exposure>, Unasked>| {
            let question = questions[at].clone();
            match end {
                Ok(exposures) => question.zip(exposures).for_each(|(at, exposure)| answer(at, exposure)),
                Err(why) => question.for_each(|at| answer(at, Exposure::Unknown(why))),
            }
        };
        self.runtime.block_on(self.pace.ask(questions.len(), || self.spending.may_ask(), attempt, done));
    }
}

/// All that is sent of a digest.
fn beginning(digest: &Digest) -> String {
    hex::encode(&digest.bytes()[..SENT / 2])
}

async fn body(mut response: Response, spending: &Spending) -> Result<Vec<u8>, Failed> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| again(http::cut(&error)))? {
        spending.received(part.len() as u64);
        if body.len() + part.len() > MAX_BODY {
            return Err(again(Unasked::BadAnswer));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
