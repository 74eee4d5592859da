//! Ranges for others: an HTTP server that answers `GET /range/{5 hex}[?mode=ntlm]` as the public service does, for networks
//! that do not reach it and for clients that speak its protocol.
//!
//! * Each thread has an event loop of its own; they share the listening socket.
//! * An answer is written from a buffer that is used again for the next one.
//! * What is asked is not noted anywhere; counts are ([`Counts`], at `/metrics`).
//! * A range that is not at hand is an error (503), never an empty answer; so is a kind of digest that is not served (501).
//! * Who sends a request's head too slowly, takes an answer too slowly or stays idle is let go; beyond the limit of
//!   connections nobody is accepted until one ends.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io::{self, IoSlice, Write as _};
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, IF_NONE_MATCH, RETRY_AFTER, VARY,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep, timeout};

use super::body::Body;
use super::corpus::Corpus;
use super::store::RangeStore;
use crate::model::DigestKind;

/// Where ranges are at hand.
pub trait Ranges: Send + Sync {
    /// Whether it has ranges of this kind.
    fn has(&self, kind: DigestKind) -> bool;
    /// About how many bytes a range has.
    fn usual(&self) -> usize;
    /// Appends the text of a range to `out` and gives a name for this version of it; none where the range is not at hand.
    fn range(&self, kind: DigestKind, prefix: u32, out: &mut Vec<u8>) -> Option<u64>;
}

/// A corpus that keeps whole digests.
pub struct FullCorpus {
    corpus: Corpus,
    /// The file does not change: its checksum names the version of every range.
    version: u64,
    usual: usize,
}

impl FullCorpus {
    /// None where the corpus does not keep whole digests.
    pub fn new(corpus: Corpus) -> Option<Self> {
        let version = u64::from_str_radix(corpus.header().checksum().get(..16)?, 16).ok()?;
        let usual = corpus.usual_range()?;
        Some(Self { corpus, version, usual })
    }
}

impl Ranges for FullCorpus {
    fn has(&self, kind: DigestKind) -> bool {
        self.corpus.header().kind == kind
    }

    fn usual(&self) -> usize {
        self.usual
    }

    fn range(&self, kind: DigestKind, prefix: u32, out: &mut Vec<u8>) -> Option<u64> {
        // A hole, or a part that does not have its checksum, is not at hand.
        (self.has(kind) && self.corpus.range(prefix, out).is_ok()).then_some(self.version)
    }
}

impl Ranges for RangeStore {
    fn has(&self, kind: DigestKind) -> bool {
        matches!(kind, DigestKind::Sha1 | DigestKind::Ntlm)
    }

    fn usual(&self) -> usize {
        PUBLIC
    }

    fn range(&self, kind: DigestKind, prefix: u32, out: &mut Vec<u8>) -> Option<u64> {
        let kept = self.get(kind, prefix).ok()??;
        let mut body = Body::new(out);
        kept.range.rows().for_each(|(row, count)| body.row(row, count));
        body.end();
        Some(kept.range.version())
    }
}

/// Several, asked in turn.
impl Ranges for Vec<Arc<dyn Ranges>> {
    fn has(&self, kind: DigestKind) -> bool {
        self.iter().any(|ranges| ranges.has(kind))
    }

    fn usual(&self) -> usize {
        self.iter().map(|ranges| ranges.usual()).max().unwrap_or(PUBLIC)
    }

    fn range(&self, kind: DigestKind, prefix: u32, out: &mut Vec<u8>) -> Option<u64> {
        self.iter().filter(|ranges| ranges.has(kind)).find_map(|ranges| ranges.range(kind, prefix, out))
    }
}

/// Limits of a server.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// Event loops, each with a thread; at least one.
    pub threads: usize,
    /// Connections at a time.
    pub connections: usize,
    /// How long a request's head may take, from the end of the answer before; so long a connection may be idle.
    pub head: Duration,
    /// How long nothing of an answer may be taken.
    pub write: Duration,
    /// How long requests under way may go on when the server is told to stop.
    pub stop: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            threads: 1,
            connections: 1024,
            head: Duration::from_secs(10),
            write: Duration::from_secs(20),
            stop: Duration::from_secs(5),
        }
    }
}

/// Largest head of a request: a browser's are below 2 KiB.
const MAX_HEAD: usize = 16 << 10;
/// Most headers of a request.
const MAX_HEADERS: usize = 64;
/// Buffers kept by a thread.
const POOL: usize = 64;
/// Bytes of a range of the public service, by August 2026.
const PUBLIC: usize = 77 << 10;
/// Up to this, answers to requests that came together are copied together and sent with one system call. Larger ones are sent
/// from where they were made, one by one: their bytes cost more than the call, and an answer to each of all requests that fit
/// in a read would take megabytes.
const MOST_TOGETHER: usize = 8 << 10;
/// Below this gzip gains nothing.
const LEAST_GZIP: usize = 512;
/// As long as the public service lets caches keep a range.
const MAX_AGE: &str = "public, max-age=2678400";
/// Fake lines in a padded answer: 10 to 209, as the public service has it.
const PADDING: std::ops::RangeInclusive<usize> = 10..=209;
/// Waits before accepting again when the system has no room for another connection.
const BREATHE: Duration = Duration::from_millis(50);

/// What one thread has done.
#[derive(Debug, Default)]
struct Counts {
    ranges: AtomicU64,
    not_modified: AtomicU64,
    missing: AtomicU64,
    bad: AtomicU64,
    other: AtomicU64,
    bytes: AtomicU64,
    accepted: AtomicU64,
    closed: AtomicU64,
}

struct Server {
    ranges: Arc<dyn Ranges>,
    options: ServeOptions,
    room: Arc<Semaphore>,
    counts: Vec<Counts>,
}

/// Serves `ranges` on `listener` until `stop` becomes true (or its sender is dropped), then lets requests under way finish.
pub fn serve(
    listener: &TcpListener,
    ranges: Arc<dyn Ranges>,
    options: ServeOptions,
    stop: &watch::Receiver<bool>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let threads = options.threads.max(1);
    let server = Arc::new(Server {
        ranges,
        options,
        room: Arc::new(Semaphore::new(options.connections.max(1))),
        counts: (0..threads).map(|_| Counts::default()).collect(),
    });
    let mut running = Vec::new();
    for number in 0..threads {
        let (listener, server, stop) = (listener.try_clone()?, server.clone(), stop.clone());
        running.push(thread::Builder::new().name("ranges".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(accept(listener, server, number, stop))
        })?);
    }
    running
        .into_iter()
        .try_for_each(|thread| thread.join().map_err(|_| io::Error::other("a server thread broke off"))?)
}

async fn accept(
    listener: TcpListener,
    server: Arc<Server>,
    number: usize,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let mut connections = tokio::task::JoinSet::new();
    let stopped = |stop: &watch::Receiver<bool>| *stop.borrow() || stop.has_changed().is_err();
    while !stopped(&stop) {
        let Ok(permit) = server.room.clone().acquire_owned().await else { break };
        let stream = tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of descriptors, or a connection that ended before it was accepted.
                    sleep(BREATHE).await;
                    continue;
                };
                stream
            },
            _ = stop.changed() => continue,
        };
        while connections.try_join_next().is_some() {}
        let (server, mut stop) = (server.clone(), stop.clone());
        connections.spawn(async move {
            let _ = stream.set_nodelay(true);
            let counts = &server.counts[number];
            counts.accepted.fetch_add(1, Ordering::Relaxed);
            let answer = |request: Request<Incoming>| {
                let response = server.respond(&request, number);
                async move { Ok::<_, Infallible>(response) }
            };
            let stream = TokioIo::new(Guarded { stream, limit: server.options.write, waits: None });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(server.options.head)
                .max_buf_size(MAX_HEAD)
                .max_headers(MAX_HEADERS)
                .pipeline_flush(server.ranges.usual() <= MOST_TOGETHER)
                .serve_connection(stream, service_fn(answer));
            tokio::pin!(connection);
            let told = async {
                let _ = stop.wait_for(|stop| *stop).await;
            };
            tokio::select! {
                _ = connection.as_mut() => {}
                () = told => {
                    connection.as_mut().graceful_shutdown();
                    let _ = timeout(server.options.stop, connection).await;
                }
            }
            counts.closed.fetch_add(1, Ordering::Relaxed);
            drop(permit);
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = timeout(server.options.stop + Duration::from_secs(1), all).await;
    Ok(())
}

/// A connection that ends when nothing of an answer is taken for a while.
struct Guarded {
    stream: TcpStream,
    limit: Duration,
    /// While a write waits.
    waits: Option<Pin<Box<Sleep>>>,
}

impl Guarded {
    fn guard<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.waits = None;
            return poll;
        }
        let limit = self.limit;
        let waits = self.waits.get_or_insert_with(|| Box::pin(sleep(limit)));
        match waits.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.guard(context, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.guard(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

thread_local! {
    /// Buffers of answers that were sent.
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer that goes back to its thread's pool when its bytes are sent.
struct Pooled(Vec<u8>);

impl Pooled {
    fn take() -> Self {
        let mut buffer = BUFFERS.with_borrow_mut(Vec::pop).unwrap_or_default();
        buffer.clear();
        Self(buffer)
    }
}

impl AsRef<[u8]> for Pooled {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.0);
        // At the thread's end there is no pool any more.
        let _ = BUFFERS.try_with(|pool| {
            let mut pool = pool.borrow_mut();
            if pool.len() < POOL {
                pool.push(buffer);
            }
        });
    }
}

/// What a request is about.
enum Asked<'a> {
    Range(&'a str),
    Health,
    Metrics,
    Nothing,
}

impl Server {
    fn respond(&self, request: &Request<Incoming>, number: usize) -> Response<Full<Bytes>> {
        let counts = &self.counts[number];
        let asked = match request.uri().path() {
            "/health" => Asked::Health,
            "/metrics" => Asked::Metrics,
            path => path.strip_prefix("/range/").map_or(Asked::Nothing, Asked::Range),
        };
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        match *request.method() {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => {
                count(&counts.other);
                return preflight();
            }
            _ => {
                count(&counts.bad);
                let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and OPTIONS are served here");
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
                return response;
            }
        }
        match asked {
            Asked::Range(prefix) => self.range(prefix, request.uri().query(), request.headers(), counts),
            Asked::Health => {
                count(&counts.other);
                text(StatusCode::OK, "ok")
            }
            Asked::Metrics => {
                count(&counts.other);
                text(StatusCode::OK, self.metrics())
            }
            Asked::Nothing => {
                count(&counts.bad);
                text(StatusCode::NOT_FOUND, "this server has /range/{first five hex digits}, /health and /metrics")
            }
        }
    }

    fn range(&self, prefix: &str, query: Option<&str>, asked: &HeaderMap, counts: &Counts) -> Response<Full<Bytes>> {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        let digits = prefix.len() == 5 && prefix.bytes().all(|digit| digit.is_ascii_hexdigit());
        let Some(number) = digits.then(|| u32::from_str_radix(prefix, 16).ok()).flatten() else {
            count(&counts.bad);
            return text(StatusCode::BAD_REQUEST, "the hash prefix is not five hex digits");
        };
        let ntlm = query.is_some_and(|query| query.split('&').any(|pair| pair.eq_ignore_ascii_case("mode=ntlm")));
        let kind = if ntlm { DigestKind::Ntlm } else { DigestKind::Sha1 };
        if !self.ranges.has(kind) {
            count(&counts.missing);
            return text(StatusCode::NOT_IMPLEMENTED, "this server has no ranges of this kind of hash");
        }
        let mut body = Pooled::take();
        let Some(version) = self.ranges.range(kind, number, &mut body.0) else {
            count(&counts.missing);
            let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "this range is not at hand");
            // It will not come by itself; a client should not wait for it.
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("86400"));
            return response;
        };
        let tag = tag(version);
        let known = asked.get(IF_NONE_MATCH).is_some_and(|known| matches(known.as_bytes(), &tag));
        let mut response = if known {
            count(&counts.not_modified);
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            count(&counts.ranges);
            if asked.get("add-padding").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true")) {
                pad(&mut body.0, kind);
            }
            let packed = body.0.len() >= LEAST_GZIP
                && asked.get(ACCEPT_ENCODING).is_some_and(|accepted| takes_gzip(accepted.as_bytes()));
            if packed {
                body = gzip(&body.0);
            }
            counts.bytes.fetch_add(body.0.len() as u64, Ordering::Relaxed);
            let mut response = Response::new(Full::new(Bytes::from_owner(body)));
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            if packed {
                response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            response
        };
        let headers = response.headers_mut();
        if let Ok(tag) = HeaderValue::from_bytes(&tag) {
            headers.insert(ETAG, tag);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(MAX_AGE));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding, add-padding"));
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag"));
        response
    }

    /// In the text format of Prometheus.
    fn metrics(&self) -> String {
        let sum = |counter: fn(&Counts) -> &AtomicU64| {
            self.counts.iter().map(|counts| counter(counts).load(Ordering::Relaxed)).sum::<u64>()
        };
        let mut text = String::from("# TYPE credaudit_requests_total counter\n");
        for (what, count) in [
            ("range", sum(|c| &c.ranges)),
            ("not_modified", sum(|c| &c.not_modified)),
            ("not_at_hand", sum(|c| &c.missing)),
            ("bad", sum(|c| &c.bad)),
            ("other", sum(|c| &c.other)),
        ] {
            text += &format!("credaudit_requests_total{{answer=\"{what}\"}} {count}\n");
        }
        let (accepted, closed) = (sum(|c| &c.accepted), sum(|c| &c.closed));
        for (name, kind, count) in [
            ("credaudit_range_bytes_total", "counter", sum(|c| &c.bytes)),
            ("credaudit_connections_total", "counter", accepted),
            ("credaudit_connections", "gauge", accepted.saturating_sub(closed)),
        ] {
            text += &format!("# TYPE {name} {kind}\n{name} {count}\n");
        }
        text
    }
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A browser asks whether a page of another origin may send the header for padding.
fn preflight() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let pairs: [(HeaderName, &str); 3] = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "add-padding, if-none-match"),
    ];
    for (name, value) in pairs {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The same range may come padded or packed: a weak name (RFC 9110, 8.8.3).
fn tag(version: u64) -> [u8; 20] {
    let mut tag = *b"W/\"0000000000000000\"";
    hex::encode_to_slice(version.to_be_bytes(), &mut tag[3..19]).expect("sixteen digits for eight bytes");
    tag
}

/// Whether a list of versions that a client has names this one; compared weakly (RFC 9110, 13.1.2).
fn matches(known: &[u8], tag: &[u8; 20]) -> bool {
    let strong = &tag[2..];
    known
        .split(|b| *b == b',')
        .map(<[u8]>::trim_ascii)
        .any(|one| one == b"*" || one.strip_prefix(b"W/").unwrap_or(one) == strong)
}

/// Whether a client takes gzip (RFC 9110, 12.5.3).
fn takes_gzip(accepted: &[u8]) -> bool {
    accepted.split(|b| *b == b',').any(|coding| {
        let mut parts = coding.split(|b| *b == b';').map(<[u8]>::trim_ascii);
        let name = parts.next().unwrap_or_default();
        let none = parts.any(|part| matches!(part, b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000"));
        name.eq_ignore_ascii_case(b"gzip") && !none
    })
}

fn gzip(text: &[u8]) -> Pooled {
    let mut encoder = GzEncoder::new(Pooled::take().detach(), Compression::fast());
    let packed = encoder.write_all(text).and_then(|()| encoder.finish());
    // Writing into memory does not fail.
    Pooled(packed.unwrap_or_default())
}

impl Pooled {
    /// The buffer, to be given back by hand.
    fn detach(mut self) -> Vec<u8> {
        std::mem::take(&mut self.0)
    }
}

/// Fake lines at the end, in no order, so that the size of the answer does not tell which one it is.
fn pad(body: &mut Vec<u8>, kind: DigestKind) {
    let width = kind.len() - 2;
    let mut random = [0; 1 + 210 * 18];
    if SystemRandom::new().fill(&mut random).is_err() {
        return;
    }
    let lines = PADDING.start() + usize::from(random[0]) * (PADDING.end() - PADDING.start() + 1) / 256;
    let mut body = Body::more(body);
    random[1..].chunks_exact(width).take(lines).for_each(|row| body.row(row, 0));
    body.end();
}

#[cfg(test)]
mod tests {
    use super::super::packed::PackedRange;
    use super::*;

    #[test]
    fn the_text_of_a_range_is_what_it_was_made_of() {
        for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
            let len = 2 * kind.len() - 5;
            let counts = [1_u64, 9, 10, 99, 100, 4_294_967_296, 999_999_999_999_999_999];
            let lines: Vec<String> = (0..).zip(counts).map(|(n, count)| format!("{n:0len$X}:{count}")).collect();
            let text = lines.join("\r\n");
            let range = super::super::Range::parse(text.as_bytes(), kind).unwrap();
            let mut out = Vec::new();
            let mut body = Body::new(&mut out);
            PackedRange::of(0xABCDE, &range).rows().for_each(|(row, count)| body.row(row, count));
            body.end();
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn versions_are_compared_weakly_in_lists() {
        let tag = tag(0x0123_4567_89ab_cdef);
        assert_eq!(&tag, b"W/\"0123456789abcdef\"");
        for known in ["*", "W/\"0123456789abcdef\"", "\"0123456789abcdef\"", "\"x\", W/\"0123456789abcdef\""] {
            assert!(matches(known.as_bytes(), &tag), "{known}");
        }
        for known in ["", "\"x\"", "0123456789abcdef", "W/\"0123456789abcde\""] {
            assert!(!matches(known.as_bytes(), &tag), "{known}");
        }
    }

    #[test]
    fn gzip_is_taken_by_who_says_so() {
        for yes in ["gzip", "br, gzip", "deflate;q=0.5, GZIP;q=0.2", "gzip;q=1.0"] {
            assert!(takes_gzip(yes.as_bytes()), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "xgzip", "gzip; q=0.0"] {
            assert!(!takes_gzip(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn padding_is_ten_to_209_lines_that_no_digest_has() {
        let mut counts = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let mut body = format!("{}:3", "A".repeat(35)).into_bytes();
            pad(&mut body, DigestKind::Sha1);
            let text = String::from_utf8(body).unwrap();
            let lines: Vec<&str> = text.split("\r\n").collect();
            counts.insert(lines.len() - 1);
            assert!(lines[1..].iter().all(|line| line.len() == 37 && line.ends_with(":0")));
        }
        assert!(*counts.first().unwrap() >= 10 && *counts.last().unwrap() <= 209 && counts.len() > 50, "{counts:?}");
        let mut empty = Vec::new();
        pad(&mut empty, DigestKind::Ntlm);
        assert!(empty.split(|b| *b == b'\n').all(|line| line.trim_ascii_end().len() == 29));
    }
}
