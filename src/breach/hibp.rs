//! Pwned Passwords and every server that speaks its range protocol: `GET {base}/range/{5 hex}[?mode=ntlm]`.
//!
//! Five hex digits of a digest leave the machine; the suffixes that come back are compared here. An answer counts when the
//! transport proves that it is whole and [`Range`] that it is one; anything else is asked for again in another encoding (a
//! broken answer may sit in a cache under one variant only), and in the end is [`Exposure::Unknown`] with its reason. When
//! is asked, and how often, is [`Pace`]'s matter.
//!
//! With a [`RangeStore`], a range that came within the last 31 days is not asked for, an older one only whether it changed
//! (`If-None-Match`). An audit that was interrupted finds its answers there.
//!
//! Proxies are those of the environment: `HTTP_PROXY` (http URLs), `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, in capitals or
//! not. SOCKS is not spoken: through such a proxy the source is unreachable, and is not asked past it.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, ETAG, HeaderValue, IF_NONE_MATCH,
    TRANSFER_ENCODING,
};
use reqwest::{Client, Response, StatusCode, Url, Version};
use tokio::runtime::Runtime;

use super::budget::Spending;
use super::http::{self, again};
use super::pace::{Failed, Pace};
use super::packed::{PREFIXES, PackedRange, prefix_of};
use super::range::Range;
use super::store::{self, Kept, RangeStore};
use super::{Source, SourceError};
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// The public service.
const PUBLIC: &str = "https://api.pwnedpasswords.com";
/// Where its address is typed.
const URL_FLAG: &str = "--breach-url";
/// Suffixes in the smallest range that the public service ever gave: 381, of February 2018 (version 2, half a billion
/// passwords; Cloudflare, "Validating Leaked Passwords with k-Anonymity"). The set only grows: 1,973 on average by August
/// 2026. A shorter answer was cut where its lines end.
const LEAST_PUBLIC: usize = 381;
/// A range is about 77 KB (August 2026); a body beyond this, packed or unpacked, is no range.
const MAX_BODY: usize = 2 << 20;
/// How to ask.
#[derive(Clone)]
pub struct HibpOptions {
    /// Scheme, host and path before `/range/`. Credentials in it are sent as Basic authentication, and never shown.
    pub base_url: String,
    /// Whether answers are padded, so that their size does not tell the prefix.
    pub padding: bool,
    /// Certificates (PEM) to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// Questions under way at a time; at least one.
    pub concurrency: usize,
    /// Back-off before the second try; doubled for each further one. Half of it is chance.
    pub first_wait: Duration,
    /// How long one try may take, from connecting to the body's last byte.
    pub timeout: Duration,
    /// Where ranges are kept.
    pub store: Option<Arc<RangeStore>>,
    /// How much may be asked, and what was spent of it.
    pub spending: Arc<Spending>,
}

impl fmt::Debug for HibpOptions {
    /// Without the base URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HibpOptions")
            .field("padding", &self.padding)
            .field("ca", &self.ca)
            .field("concurrency", &self.concurrency)
            .field("first_wait", &self.first_wait)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
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
            store: None,
            spending: Arc::default(),
        }
    }
}

/// A server that speaks the range protocol.
pub struct Hibp {
    client: Client,
    runtime: Runtime,
    base: Url,
    name: String,
    padding: bool,
    /// Real lines that an answer has at least.
    least: usize,
    pace: Pace,
    store: Option<Arc<RangeStore>>,
    /// What went wrong with the store; nothing more is written to it then.
    trouble: Mutex<Option<String>>,
    spending: Arc<Spending>,
}

/// How a range came to be at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was not kept before.
    New,
    /// It differs from what was kept.
    Changed,
    /// It is what was kept.
    Same,
}

impl Hibp {
    /// Prepares to ask; nothing is sent. Fails for a base URL that is none and for certificates that cannot be read.
    pub fn new(options: HibpOptions) -> Result<Self, SourceError> {
        let HibpOptions { base_url, padding, ca, concurrency, first_wait, timeout, store, spending } = options;
        let base = http::base(&base_url, URL_FLAG)?;
        let client = http::client(&base, ca.as_deref(), timeout)?;
        let runtime = http::runtime()?;
        let public = Url::parse(PUBLIC).is_ok_and(|public| public.host() == base.host());
        Ok(Self {
            client,
            runtime,
            name: http::name(&base),
            padding,
            least: if public { LEAST_PUBLIC } else { 1 },
            pace: Pace::new(concurrency, first_wait),
            base,
            store,
            trouble: Mutex::new(None),
            spending,
        })
    }

    /// The base URL as reports and stores name it: without credentials. Fails for one that is none.
    pub fn name_of(base_url: &str) -> Result<String, SourceError> {
        http::base(base_url, URL_FLAG).map(|base| http::name(&base))
    }

    /// Brings the kept ranges of `prefixes` up to date, in the order given, and tells of each what came of it. Stops asking
    /// when one cannot be kept, and gives the reason.
    pub fn refresh(
        &self,
        kind: DigestKind,
        prefixes: &[u32],
        each: &mut dyn FnMut(u32, Result<Came, Unasked>),
    ) -> std::io::Result<()> {
        let Some(store) = &self.store else { return Err(std::io::Error::other("no store to keep ranges in")) };
        let (full, mut failed) = (AtomicBool::new(false), None);
        let may = || !full.load(Ordering::Relaxed) && self.spending.may_ask();
        let attempt = |at: usize, number| {
            let kept = store.get(kind, prefixes[at]).ok().flatten();
            self.attempt(kind, prefixes[at], kept, number).range()
        };
        let done = |at: usize, got: Result<Got, Unasked>| {
            let came = got.map(|got| match got.keep(store, store::today()) {
                Ok(came) => Some(came),
                Err(error) => {
                    full.store(true, Ordering::Relaxed);
                    failed = Some(error);
                    None
                }
            });
            match came {
                Ok(Some(came)) => each(prefixes[at], Ok(came)),
                Ok(None) => {}
                Err(why) => each(prefixes[at], Err(why)),
            }
        };
        self.runtime.block_on(self.pace.ask(prefixes.len(), may, attempt, done));
        failed.map_or(Ok(()), Err)
    }

    /// A try at the question for a prefix; `number` counts from 0. What is kept of it is asked about on the first try only:
    /// a cache that answers nonsense may answer "not changed" as well.
    fn attempt(&self, kind: DigestKind, prefix: u32, kept: Option<Kept>, number: u32) -> Try {
        debug_assert!(prefix < PREFIXES);
        let mut url = self.base.join(&format!("range/{prefix:05X}")).expect("five hex digits are a path");
        if kind == DigestKind::Ntlm {
            url.set_query(Some("mode=ntlm"));
        }
        Try {
            client: self.client.clone(),
            url,
            padding: self.padding,
            number,
            least: self.least,
            kind,
            prefix,
            kept: kept.filter(|_| number == 0),
            spending: Arc::clone(&self.spending),
        }
    }

    /// Whether a range is at hand and need not be asked for.
    pub fn is_kept(&self, kind: DigestKind, prefix: u32) -> bool {
        let checked = self.store.as_ref().and_then(|store| store.checked(kind, prefix).ok().flatten());
        checked.is_some_and(|checked| store::is_fresh(checked, store::today()))
    }

    /// What is kept of the range that a digest belongs to.
    fn kept(&self, digest: &Digest) -> Option<Kept> {
        self.store.as_ref()?.get(digest.kind(), prefix_of(digest)).ok()?
    }

    /// Keeps an answer; gives up keeping when that fails, for the answers are worth more than the cache.
    fn keep(&self, got: &Got, today: u32) {
        let Some(store) = &self.store else { return };
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.is_none()
            && let Err(error) = got.keep(store, today)
        {
            *trouble = Some(format!("the cache of ranges cannot be written ({error}); went on without it"));
        }
    }
}

impl Source for Hibp {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn takes(&self) -> &[DigestKind] {
        &[DigestKind::Sha1, DigestKind::Ntlm]
    }

    fn remarks(&self) -> Vec<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        let mut questions = questions(digests);
        super::shuffle(&mut questions);
        let today = store::today();
        questions.retain(|question| {
            let kept = self.kept(&digests[question.start]).filter(|kept| kept.is_fresh(today));
            let Some(kept) = kept else { return true };
            question.clone().for_each(|at| answer(at, kept.range.exposure(&digests[at])));
            false
        });
        let first = |at: usize| &digests[questions[at].start];
        let attempt = |at: usize, number| {
            let digest = first(at);
            self.attempt(digest.kind(), prefix_of(digest), self.kept(digest), number).range()
        };
        let done = |at: usize, got: Result<Got, Unasked>| {
            let question = questions[at].clone();
            match got {
                Ok(got) => {
                    self.keep(&got, today);
                    question.for_each(|at| answer(at, got.range.exposure(&digests[at])));
                }
                Err(why) => {
                    // The set only grows: what an old range holds was seen, what it lacks may have come since.
                    let old = self.kept(first(at));
                    question.for_each(|at| match old.as_ref().map(|old| old.range.exposure(&digests[at])) {
                        Some(seen @ Exposure::Seen(_)) => answer(at, seen),
                        _ => answer(at, Exposure::Unknown(why)),
                    });
                }
            }
        };
        self.runtime.block_on(self.pace.ask(questions.len(), || self.spending.may_ask(), attempt, done));
    }
}

/// Groups sorted digests by kind and prefix; a question is the indexes of its digests.
fn questions(digests: &[Digest]) -> Vec<std::ops::Range<usize>> {
    let mut start = 0;
    digests
        .chunk_by(|a, b| a.kind() == b.kind() && prefix_of(a) == prefix_of(b))
        .map(|group| {
            let question = start..start + group.len();
            start = question.end;
            question
        })
        .collect()
}

/// One try at one question; owns what it needs, so that many can be under way.
struct Try {
    client: Client,
    url: Url,
    padding: bool,
    number: u32,
    least: usize,
    kind: DigestKind,
    prefix: u32,
    kept: Option<Kept>,
    spending: Arc<Spending>,
}

/// A range that was asked for and came, or did not have to.
struct Got {
    range: PackedRange,
    etag: Option<String>,
    /// The source said that what was kept is still the range.
    same: bool,
}

impl Got {
    fn keep(&self, store: &RangeStore, today: u32) -> std::io::Result<Came> {
        let (kind, prefix) = (self.range.kind(), self.range.prefix());
        if self.same {
            return store.still(kind, prefix, today).map(|()| Came::Same);
        }
        let before = store.checked(kind, prefix)?.is_some();
        Ok(match (store.put(&self.range, self.etag.as_deref(), today)?, before) {
            (true, false) => Came::New,
            (true, true) => Came::Changed,
            (false, _) => Came::Same,
        })
    }
}

impl Try {
    /// The range.
    async fn range(mut self) -> Result<Got, Failed> {
        let response = self.request().send().await.map_err(|error| again(http::unasked(&error)))?;
        let wait = http::retry_after(&response);
        match (response.status(), self.kept.take()) {
            (StatusCode::OK, _) => {}
            (StatusCode::NOT_MODIFIED, Some(Kept { range, etag: Some(etag), .. })) => {
                return Ok(Got { range, etag: Some(etag), same: true });
            }
            (status, _) => return Err(http::refused(status, wait)),
        }
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned);
        let body = body(response, &self.spending).await?;
        match Range::parse(&body, self.kind) {
            Ok(range) if range.len() >= self.least => {
                Ok(Got { range: PackedRange::of(self.prefix, &range), etag, same: false })
            }
            _ => Err(again(Unasked::BadAnswer)),
        }
    }

    fn request(&self) -> reqwest::RequestBuilder {
        // Packed first: half the bytes, and a checksum at the end. A cache that holds a broken answer may hold it for one
        // encoding only.
        let encoding = ["gzip", "identity", "zstd"][self.number as usize % 3];
        let mut request = self.client.get(self.url.clone()).header(ACCEPT_ENCODING, encoding);
        if self.padding {
            request = request.header("Add-Padding", "true");
        }
        if self.number > 0 {
            request = request.header(CACHE_CONTROL, "no-cache");
        }
        let etag = self.kept.as_ref().and_then(|kept| HeaderValue::from_str(kept.etag.as_ref()?).ok());
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        request
    }
}

/// How a body is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

/// The unpacked body, when it is known to be whole.
async fn body(mut response: Response, spending: &Spending) -> Result<Vec<u8>, Failed> {
    let headers = response.headers();
    let packing = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Packing::None,
        Some(b"gzip" | b"x-gzip") => Packing::Gzip,
        Some(b"zstd") => Packing::Zstd,
        Some(_) => return Err(again(Unasked::BadAnswer)),
    };
    // A body that ends where an HTTP/1 connection ends may have been cut at any line: what is missing would look unseen.
    let framed = response.version() >= Version::HTTP_2
        || headers.contains_key(CONTENT_LENGTH)
        || headers.contains_key(TRANSFER_ENCODING);
    if packing == Packing::None && !framed {
        return Err(again(Unasked::BadAnswer));
    }
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| again(http::cut(&error)))? {
        spending.received(part.len() as u64);
        if body.len() + part.len() > MAX_BODY {
            return Err(again(Unasked::BadAnswer));
        }
        body.extend_from_slice(&part);
    }
    let mut unpacked = Vec::new();
    let most = MAX_BODY as u64 + 1;
    let read = match packing {
        Packing::None => return Ok(body),
        Packing::Gzip => MultiGzDecoder::new(&body[..]).take(most).read_to_end(&mut unpacked),
        Packing::Zstd => zstd::stream::read::Decoder::with_buffer(&body[..])
            .and_then(|decoder| decoder.take(most).read_to_end(&mut unpacked)),
    };
    match read {
        Ok(len) if len <= MAX_BODY => Ok(unpacked),
        _ => Err(again(Unasked::BadAnswer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_shown_without_its_credentials() {
        let base = http::base("https://reader:hunter2@ranges.example.org/mirror", URL_FLAG).unwrap();
        assert_eq!(http::name(&base), "https://ranges.example.org/mirror");
        assert_eq!(base.join("range/00000").unwrap().path(), "/mirror/range/00000");
        let options = HibpOptions { base_url: base.into(), ..HibpOptions::default() };
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(http::name(&http::base(PUBLIC, URL_FLAG).unwrap()), PUBLIC);
    }

    #[test]
    fn a_base_url_that_is_none_is_refused_without_repeating_it() {
        for url in ["", "ranges", "ftp://hunter2/", "file:///hunter2", "https://h/?key=hunter2", "http://h/#hunter2"] {
            let error = http::base(url, URL_FLAG).unwrap_err();
            assert!(error.to_string().starts_with("--breach-url") && !error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_question_is_all_digests_of_one_kind_and_prefix() {
        let sha1 = |first: [u8; 3]| Digest::Sha1(std::array::from_fn(|at| first.get(at).copied().unwrap_or(7)));
        let nt = Digest::Ntlm([0x12; 16]);
        let digests = [sha1([0x12, 0x34, 0x50]), sha1([0x12, 0x34, 0x5f]), sha1([0x12, 0x34, 0x60]), nt];
        assert_eq!(questions(&digests), vec![0..2, 2..3, 3..4]);
        assert_eq!((prefix_of(&digests[1]), prefix_of(&nt)), (0x12345, 0x12121));
        assert!(questions(&[]).is_empty());
    }
}
