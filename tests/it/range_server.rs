//! A server that speaks the range protocol, well or badly, and what tests ask of it.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use credaudit::breach::{Hibp, HibpOptions, Source};
use credaudit::model::{Digest, DigestKind, Exposure};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::web;

/// How a server answers one request.
pub(crate) enum Reply {
    /// As the protocol says.
    Good,
    /// The range, sent after a while.
    Late(Duration),
    /// A status line's end (`429 Too Many Requests`), further header lines, a body; with Content-Length.
    Full(&'static str, &'static str, Vec<u8>),
    /// These bytes, then the connection's end.
    Bytes(Vec<u8>),
    /// A good head, then the range one byte at a time.
    Drip,
    /// The connection is reset before the request was read.
    Reset,
    /// These bytes, and when they have arrived the connection is reset.
    ResetAfter(Vec<u8>),
}

/// One request, as a server saw it.
pub(crate) struct Asked {
    pub(crate) prefix: String,
    pub(crate) kind: DigestKind,
    /// The encoding asked for.
    pub(crate) encoding: &'static str,
    /// The version that the client has.
    pub(crate) has: Option<String>,
    /// How often this prefix was asked for before.
    pub(crate) before: usize,
}

/// A server that speaks the range protocol, and remembers everything that was said to it.
pub(crate) struct Server {
    pub(crate) base: String,
    pub(crate) said: Arc<Mutex<Vec<(Instant, String)>>>,
    /// Requests under way at a time, at most so far.
    pub(crate) most: Arc<AtomicUsize>,
}

impl Server {
    /// Knows `words`; the word at index `n` was seen `n + 1` times.
    pub(crate) fn start(words: &[String], behave: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let said = Arc::new(Mutex::new(Vec::new()));
        let most = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new((Ranges::of(words), behave, Arc::clone(&said), AtomicUsize::new(0), Arc::clone(&most)));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || {
                    let (ranges, behave, said, now, most) = &*shared;
                    let mut stream = stream.unwrap();
                    stream.set_nodelay(true).unwrap();
                    while let Some(head) = peek_head(&stream) {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        let asked = Asked::read(&head, &said.lock().unwrap());
                        said.lock().unwrap().push((Instant::now(), head.clone()));
                        let reply = behave(&asked);
                        if let Reply::Late(wait) = reply {
                            thread::sleep(wait);
                        }
                        // Before the answer, for the next request may come at once, on another connection.
                        now.fetch_sub(1, Ordering::SeqCst);
                        let goes_on = answer(&mut stream, &head, ranges, &asked, &reply);
                        if matches!(reply, Reply::ResetAfter(_)) {
                            web::reset(stream);
                            break;
                        }
                        if !goes_on {
                            break;
                        }
                    }
                });
            }
        });
        Self { base, said, most }
    }

    pub(crate) fn options(&self) -> HibpOptions {
        HibpOptions {
            base_url: self.base.clone(),
            concurrency: 8,
            first_wait: Duration::from_millis(4),
            timeout: Duration::from_secs(1),
            ..HibpOptions::default()
        }
    }

    /// Every request, verbatim.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().iter().map(|(_, head)| head.clone()).collect()
    }

    /// Prefixes in the order in which they were asked for.
    pub(crate) fn prefixes(&self) -> Vec<String> {
        self.said().iter().map(|head| prefix_in(head)).collect()
    }

    /// When a prefix was asked for.
    pub(crate) fn times(&self, digest: &Digest) -> Vec<Instant> {
        let prefix = &hex(digest)[..5];
        self.said.lock().unwrap().iter().filter(|(_, head)| prefix_in(head) == prefix).map(|(at, _)| *at).collect()
    }
}

impl Asked {
    fn read(head: &str, said: &[(Instant, String)]) -> Self {
        let prefix = prefix_in(head);
        Self {
            kind: if head.contains("mode=ntlm") { DigestKind::Ntlm } else { DigestKind::Sha1 },
            encoding: ["gzip", "zstd", "identity"]
                .into_iter()
                .find(|encoding| head.contains(&format!("accept-encoding: {encoding}\r\n")))
                .unwrap(),
            has: head.split("if-none-match: ").nth(1).map(|rest| rest.split("\r\n").next().unwrap().to_owned()),
            before: said.iter().filter(|(_, before)| prefix_in(before) == prefix).count(),
            prefix,
        }
    }
}

fn prefix_in(head: &str) -> String {
    head.split("/range/").nth(1).map(|rest| rest[..5].to_owned()).unwrap_or_default()
}

/// The next request's head, left in the socket: dropping a socket with unread bytes resets the connection.
fn peek_head(stream: &TcpStream) -> Option<String> {
    let mut bytes = [0; 4096];
    loop {
        let len = stream.peek(&mut bytes).ok().filter(|len| *len > 0)?;
        if let Some(end) = bytes[..len].windows(4).position(|four| four == b"\r\n\r\n") {
            return Some(String::from_utf8(bytes[..end + 4].to_vec()).unwrap());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether the connection goes on.
fn answer(stream: &mut TcpStream, head: &str, ranges: &Ranges, asked: &Asked, reply: &Reply) -> bool {
    if matches!(reply, Reply::Reset) {
        return false;
    }
    stream.read_exact(&mut vec![0; head.len()]).unwrap();
    let range = ranges.body(&asked.prefix, asked.kind, head.contains("add-padding: true"));
    let full = |status: &str, headers: &str, body: &[u8]| {
        let mut bytes = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        bytes
    };
    // As the public service has it: padding is another answer to the same version.
    let etag = hex(&sha1(&ranges.body(&asked.prefix, asked.kind, false)));
    let etag = format!("W/\"{}\"", &etag[..16]);
    let good = || {
        let headers = format!("ETag: {etag}\r\n");
        match asked.encoding {
            _ if asked.has.as_ref() == Some(&etag) => {
                format!("HTTP/1.1 304 Not Modified\r\n{headers}\r\n").into_bytes()
            }
            "gzip" => full("200 OK", &format!("{headers}Content-Encoding: gzip\r\n"), &gzip(range.as_bytes())),
            "zstd" => {
                let packed = zstd::encode_all(range.as_bytes(), 1).unwrap();
                full("200 OK", &format!("{headers}Content-Encoding: zstd\r\n"), &packed)
            }
            _ => full("200 OK", &headers, range.as_bytes()),
        }
    };
    match reply {
        Reply::Good | Reply::Late(_) => stream.write_all(&good()).is_ok(),
        Reply::Full(status, headers, body) => stream.write_all(&full(status, headers, body)).is_ok(),
        Reply::Bytes(bytes) => {
            let _ = stream.write_all(bytes);
            false
        }
        Reply::Drip => {
            let all = full("200 OK", "", range.as_bytes());
            let _ = all.iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(2));
                stream.write_all(&[*byte])
            });
            false
        }
        Reply::ResetAfter(bytes) => {
            let _ = stream.write_all(bytes);
            thread::sleep(Duration::from_millis(50));
            false
        }
        Reply::Reset => false,
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// All ranges: those of the known words, and others with fillers only, for every prefix exists.
pub(crate) struct Ranges(HashMap<(DigestKind, String), BTreeMap<String, usize>>);

impl Ranges {
    pub(crate) fn of(words: &[String]) -> Self {
        let mut ranges: HashMap<_, BTreeMap<String, usize>> = HashMap::new();
        for (at, word) in words.iter().enumerate() {
            for digest in [sha1(word), ntlm(word)] {
                let hex = hex(&digest);
                ranges.entry((digest.kind(), hex[..5].into())).or_default().insert(hex[5..].into(), at + 1);
            }
        }
        Self(ranges)
    }

    pub(crate) fn body(&self, prefix: &str, kind: DigestKind, padded: bool) -> String {
        let len = if kind == DigestKind::Sha1 { 35 } else { 27 };
        let filler = |what: &str, n: usize| hex(&sha1(&format!("{prefix} {what} {n}")))[..len].to_owned();
        let mut lines: BTreeMap<String, usize> = (0..30).map(|n| (filler("filler", n), n + 1)).collect();
        lines.extend(self.0.get(&(kind, prefix.into())).into_iter().flatten().map(|(suffix, n)| (suffix.clone(), *n)));
        let mut lines: Vec<_> = lines.into_iter().map(|(suffix, count)| format!("{suffix}:{count}")).collect();
        if padded {
            lines.extend((0..20).map(|n| format!("{}:0", filler("padding", n))));
        }
        lines.join("\r\n")
    }
}

pub(crate) fn sha1(word: &str) -> Digest {
    use sha1::Digest as _;
    Digest::Sha1(sha1::Sha1::digest(word).into())
}

pub(crate) fn ntlm(word: &str) -> Digest {
    use md4::Digest as _;
    let utf16: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    Digest::Ntlm(md4::Md4::digest(utf16).into())
}

pub(crate) fn hex(digest: &Digest) -> String {
    hex::encode_upper(digest.bytes())
}

pub(crate) fn words(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("correct horse {n}")).collect()
}

/// A digest in the same range that no server knows.
pub(crate) fn neighbour(digest: &Digest) -> Digest {
    let mut bytes = digest.bytes().to_vec();
    bytes[3..].iter_mut().for_each(|byte| *byte = !*byte);
    Digest::of(digest.kind(), &bytes).unwrap()
}

/// Asks, and checks that each digest is answered exactly once.
pub(crate) fn ask(source: &Hibp, digests: impl IntoIterator<Item = Digest>) -> HashMap<Digest, Exposure> {
    let mut digests: Vec<Digest> = digests.into_iter().collect();
    digests.sort_unstable();
    digests.dedup();
    let mut answers = HashMap::new();
    source.ask(&digests, &mut |at, exposure| {
        assert!(answers.insert(digests[at], exposure).is_none(), "a digest was answered twice");
    });
    assert_eq!(answers.len(), digests.len(), "a digest was not answered");
    answers
}

pub(crate) fn seen(count: usize) -> Exposure {
    Exposure::Seen(Some(count as u64))
}
