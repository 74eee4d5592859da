//! The range server as clients see it, good and bad, and the download that fetches from one: together they are a whole
//! service on this machine.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use credaudit::breach::corpus::{BuildOptions, Builder, Corpus, Variant};
use credaudit::breach::{FullCorpus, Hibp, HibpOptions, Range, RangeStore, Ranges, ServeOptions, Source, serve};
use credaudit::model::{Digest, DigestKind, Exposure, Unasked};
use credaudit::schemes::digest_of;
use flate2::read::GzDecoder;
use tokio::sync::watch;

use crate::program::credaudit;
use crate::web::{Web, path, response};

const PREFIXES: u32 = 1 << 20;
/// Digests of the corpus served here.
const WORDS: usize = 40_000;

fn word(n: usize) -> String {
    format!("pw{n}")
}

/// A full corpus of `WORDS` digests; the one of `word(n)` was seen `n + 1` times.
fn corpus(path: &Path, kind: DigestKind, holes: &[u32]) {
    let mut digests: Vec<(Digest, u64)> =
        (0..WORDS).map(|n| (digest_of(kind, word(n).as_bytes()), n as u64 + 1)).collect();
    digests.sort_unstable();
    let options =
        BuildOptions { kind, variant: Variant::Full, expected: WORDS as u64, source: "a test".into(), date: 0 };
    let mut builder = Builder::create(path, options).unwrap();
    for (digest, count) in digests {
        builder.push_sorted(&digest, count).unwrap();
    }
    for prefix in holes {
        builder.hole(*prefix);
    }
    builder.finish().unwrap();
}

fn prefix(digest: &Digest) -> String {
    hex::encode_upper(digest.bytes())[..5].to_owned()
}

/// A server in this process; stopped and joined when dropped.
struct Served {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
    _folder: tempfile::TempDir,
}

impl Served {
    fn start(options: ServeOptions, holes: &[u32]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut ranges: Vec<Arc<dyn Ranges>> = Vec::new();
        for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
            let file = folder.path().join(kind.name());
            corpus(&file, kind, holes);
            ranges.push(Arc::new(FullCorpus::new(Corpus::open(&file).unwrap()).unwrap()));
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let thread = thread::spawn(move || serve(&listener, Arc::new(ranges), options, &stopped));
        Self { address, stop, thread: Some(thread), _folder: folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Status, head and body of one request on a connection of its own.
    fn ask(&self, request: &str) -> (u16, String, Vec<u8>) {
        let mut stream = self.connect();
        let (line, headers) = request.split_once('\n').unwrap_or((request, ""));
        write!(stream, "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n").unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(all[..end].to_vec()).unwrap();
        (head[9..12].parse().unwrap(), head, all[end + 4..].to_vec())
    }
}

impl Served {
    /// The counts, once no other connection is open.
    fn metrics_when_alone(&self) -> String {
        let begin = Instant::now();
        loop {
            let (_, _, metrics) = self.ask("GET /metrics");
            let metrics = String::from_utf8(metrics).unwrap();
            if metrics.contains("credaudit_connections 1\n") {
                return metrics;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "a connection is still there: {metrics}");
            thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        self.thread.take().unwrap().join().unwrap().unwrap();
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{name}: ")))?;
    Some(line[name.len() + 2..].to_owned())
}

#[test]
fn ranges_come_as_the_public_service_gives_them() {
    let served = Served::start(ServeOptions::default(), &[0xABCDE]);
    let digest = digest_of(DigestKind::Sha1, word(7).as_bytes());
    let (status, head, body) = served.ask(&format!("GET /range/{}", prefix(&digest)));
    assert_eq!(status, 200);
    assert_eq!(header(&head, "content-type").unwrap(), "text/plain");
    assert_eq!(header(&head, "access-control-allow-origin").unwrap(), "*");
    assert_eq!(header(&head, "cache-control").unwrap(), "public, max-age=2678400");
    let range = Range::parse(&body, DigestKind::Sha1).unwrap();
    assert_eq!(range.exposure(&digest), Exposure::Seen(Some(8)));
    assert!(!body.ends_with(b"\n") && !body.contains(&b'a'));
    assert_eq!(served.ask(&format!("GET /range/{}", prefix(&digest).to_lowercase())).2, body, "lower case");

    let ntlm = digest_of(DigestKind::Ntlm, word(7).as_bytes());
    let (_, _, ntlm_body) = served.ask(&format!("GET /range/{}?mode=ntlm", prefix(&ntlm)));
    let range = Range::parse(&ntlm_body, DigestKind::Ntlm).unwrap();
    assert_eq!(range.exposure(&ntlm), Exposure::Seen(Some(8)));

    // Padded: the same real lines, then fakes.
    let (_, padded_head, padded) = served.ask(&format!("GET /range/{}\nAdd-Padding: true\r\n", prefix(&digest)));
    assert!(padded.starts_with(&body));
    let fakes = String::from_utf8(padded[body.len()..].to_vec()).unwrap();
    assert!((10..=209).contains(&fakes.matches(":0").count()), "{fakes}");

    // The same version, padded, packed or not: asked again, it has not changed.
    let tag = header(&head, "etag").unwrap();
    assert_eq!(header(&padded_head, "etag").unwrap(), tag);
    let (status, head, none) = served.ask(&format!("GET /range/{}\nIf-None-Match: {tag}\r\n", prefix(&digest)));
    assert_eq!((status, none.len(), header(&head, "etag")), (304, 0, Some(tag.clone())));
    let (status, ..) = served.ask(&format!("GET /range/{}\nIf-None-Match: \"other\"\r\n", prefix(&digest)));
    assert_eq!(status, 200);

    let request = format!("GET /range/{}\nAccept-Encoding: br, gzip\r\nAdd-Padding: true\r\n", prefix(&digest));
    let (mut packed, mut unpacked) = (served.ask(&request), Vec::new());
    // The least padding leaves the answer too short to pack.
    while header(&packed.1, "content-encoding").is_none() {
        packed = served.ask(&request);
    }
    assert_eq!(header(&packed.1, "content-encoding").unwrap(), "gzip");
    GzDecoder::new(&packed.2[..]).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked.starts_with(&body));

    let (status, head, none) = served.ask(&format!("HEAD /range/{}", prefix(&digest)));
    assert_eq!((status, none.len()), (200, 0));
    assert_eq!(header(&head, "content-length").unwrap(), body.len().to_string());
    let (status, head, _) = served.ask("OPTIONS /range/00000\nAccess-Control-Request-Headers: add-padding\r\n");
    assert_eq!(status, 204);
    assert!(header(&head, "access-control-allow-headers").unwrap().contains("add-padding"));
}

#[test]
fn what_is_no_question_or_has_no_answer_is_an_error_and_never_an_empty_range() {
    let served = Served::start(ServeOptions::default(), &[0xABCDE]);
    for (request, status) in [
        ("GET /range/ABCD", 400),
        ("GET /range/ABCDEF", 400),
        ("GET /range/ABCDG", 400),
        ("GET /range/%41BCDE", 400),
        ("GET /range/", 400),
        ("GET /", 404),
        ("GET /range", 404),
        ("POST /range/ABCDE", 405),
        ("GET /range/ABCDE", 503),
        ("GET /range/abcde?mode=ntlm", 503),
        ("GET /health", 200),
    ] {
        let (got, _, body) = served.ask(request);
        assert_eq!(got, status, "{request}");
        assert!(!body.is_empty(), "{request}");
    }
    // Our own client takes it for what it is, and does not ask five times.
    let options = HibpOptions { base_url: format!("http://{}", served.address), ..HibpOptions::default() };
    let source = Hibp::new(options).unwrap();
    let lost = Digest::of(DigestKind::Sha1, &hex::decode(format!("ABCDE{}", "0".repeat(35))).unwrap()).unwrap();
    let mut answers = Vec::new();
    source.ask(&[lost], &mut |_, exposure| answers.push(exposure));
    assert_eq!(answers, [Exposure::Unknown(Unasked::ServerError)]);
    drop(source);
    let metrics = served.metrics_when_alone();
    assert!(metrics.contains("answer=\"not_at_hand\"} 3\n"), "{metrics}");
}

#[test]
fn many_requests_at_once_on_one_connection_are_answered_in_their_order() {
    let served = Served::start(ServeOptions { threads: 2, ..ServeOptions::default() }, &[]);
    let mut stream = served.connect();
    let digests: Vec<Digest> = (0..300).map(|n| digest_of(DigestKind::Sha1, word(n).as_bytes())).collect();
    let requests: String =
        digests.iter().map(|d| format!("GET /range/{} HTTP/1.1\r\nHost: h\r\n\r\n", prefix(d))).collect();
    stream.write_all(requests.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    for (n, digest) in digests.iter().enumerate() {
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let range = Range::parse(&body, DigestKind::Sha1).unwrap();
        assert_eq!(range.exposure(digest), Exposure::Seen(Some(n as u64 + 1)));
    }
}

#[test]
fn who_is_slow_or_many_is_let_go_and_others_are_served_meanwhile() {
    let options = ServeOptions {
        connections: 20,
        head: Duration::from_millis(400),
        write: Duration::from_millis(400),
        ..ServeOptions::default()
    };
    let served = Served::start(options, &[]);
    // As many as there is room for, each of which sends a head byte by byte, or nothing at all.
    let begin = Instant::now();
    let slow: Vec<TcpStream> = (0..20).map(|_| served.connect()).collect();
    let dripping = thread::spawn(move || {
        let mut ended = 0;
        for byte in b"GET /range/00000 HTTP/1.1\r\nHost: h\r\nX-Header: aaaaaaaaaaaaaaaaaaaaaa" {
            for mut stream in slow.iter().skip(10) {
                let _ = stream.write_all(&[*byte]);
            }
            thread::sleep(Duration::from_millis(20));
        }
        for mut stream in slow {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            // Ended or reset, with an answer that says so or without one.
            let end = stream.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
            let waits = [std::io::ErrorKind::WouldBlock, std::io::ErrorKind::TimedOut];
            ended += usize::from(end.err().is_none_or(|kind| !waits.contains(&kind)));
        }
        ended
    });
    // Beyond the limit one waits, and is served when the slow ones are let go.
    assert_eq!(served.ask("GET /health").0, 200);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(dripping.join().unwrap(), 20);

    // A head that does not end.
    let mut stream = served.connect();
    let _ = stream.write_all(format!("GET /range/00000 HTTP/1.1\r\nX: {}", "a".repeat(40_000)).as_bytes());
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));

    // Asks for much and takes nothing.
    let greedy = served.connect();
    let requests = "GET /range/00000 HTTP/1.1\r\nHost: h\r\nAdd-Padding: true\r\n\r\n".repeat(6000);
    let mut writer = greedy.try_clone().unwrap();
    writer.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
    let sent = thread::spawn(move || writer.write_all(requests.as_bytes()));
    let _ = sent.join().unwrap();
    served.metrics_when_alone();
    drop(greedy);
}

/// The program as a server; killed when dropped.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(files: &[&Path], more: &[&str]) -> Self {
        let mut child = credaudit(&["corpus", "serve", "--listen", "127.0.0.1:0"])
            .args(more)
            .args(files)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().last().unwrap().strip_suffix("/range/").unwrap_or_else(|| panic!("{line}"));
        Self { url: url.to_owned(), child }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn the_program_serves_until_it_is_told_to_stop_and_refuses_what_it_cannot_serve() {
    let folder = tempfile::tempdir().unwrap();
    let full = folder.path().join("full.corpus");
    corpus(&full, DigestKind::Sha1, &[]);
    for stop in ["-TERM", "-INT"] {
        let mut server = Program::start(&[&full], &["--threads", "2"]);
        let first_wait = Duration::from_millis(2);
        let options = HibpOptions { base_url: server.url.clone(), first_wait, ..HibpOptions::default() };
        let source = Hibp::new(options).unwrap();
        let mut digests: Vec<Digest> = (0..40).map(|n| digest_of(DigestKind::Sha1, word(n).as_bytes())).collect();
        digests.sort_unstable();
        let mut seen = 0;
        source.ask(&digests, &mut |_, exposure| seen += usize::from(matches!(exposure, Exposure::Seen(_))));
        assert_eq!(seen, 40);
        // No NTLM here: an error, not an empty answer.
        let ntlm = [digest_of(DigestKind::Ntlm, b"pw1")];
        source.ask(&ntlm, &mut |_, exposure| assert!(matches!(exposure, Exposure::Unknown(_))));
        signal(&server.child, stop);
        assert_eq!(server.child.wait().unwrap().code(), Some(0), "{stop}");
    }
    let compact = folder.path().join("compact.corpus");
    let options = BuildOptions {
        kind: DigestKind::Sha1,
        variant: Variant::Compact,
        expected: 1,
        source: "a test".into(),
        date: 0,
    };
    let mut builder = Builder::create(&compact, options).unwrap();
    builder.push_sorted(&digest_of(DigestKind::Sha1, b"pw"), 1).unwrap();
    builder.finish().unwrap();
    let output = credaudit(&["corpus", "serve"]).arg(&compact).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--variant full"));
    let output = credaudit(&["corpus", "serve", "--listen", "8080"]).arg(&full).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("127.0.0.1:8080"));
}

/// What a source of downloads says about a prefix, in version `version`.
fn range_text(prefix: &str, version: usize) -> String {
    let seed = u32::from_str_radix(prefix, 16).unwrap();
    let lines = (0..20 + seed % 7).map(|n| {
        let count = if n == 3 && seed % 10 == 1 { 100 + version } else { 7 };
        format!("{:03X}{:032X}:{count}", n * 17, u128::from(seed) * 7919 + u128::from(n))
    });
    lines.collect::<Vec<_>>().join("\r\n")
}

/// A source of downloads; `broken` prefixes get a page for an answer, every answer takes `wait`.
fn origin(version: usize, broken: &'static [&'static str], wait: Duration) -> Web {
    Web::start(move |head| {
        thread::sleep(wait);
        let asked = path(head).strip_prefix("/range/").unwrap_or_default();
        if broken.contains(&asked) {
            return response("200 OK", "", b"<html>502</html>");
        }
        let text = range_text(asked, version);
        let tag = format!(
            "W/\"{:016x}\"",
            text.len() * 1000 + if text.contains(&format!(":{}", 100 + version)) { version } else { 0 }
        );
        if head.contains(&format!("if-none-match: {tag}\r\n")) {
            return format!("HTTP/1.1 304 Not Modified\r\nETag: {tag}\r\n\r\n").into_bytes();
        }
        response("200 OK", &format!("ETag: {tag}\r\n"), text.as_bytes())
    })
}

fn download(file: &Path, url: &str, prefixes: u32) -> (i32, String) {
    let output = download_command(file, url, prefixes).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), said)
}

fn download_command(file: &Path, url: &str, prefixes: u32) -> Command {
    let mut command = credaudit(&["corpus", "download", "--breach-url", url, "--prefixes", &prefixes.to_string()]);
    command.arg(file);
    command
}

/// All that a download holds, as text, whatever the order in which it came.
fn contents(file: &Path, prefixes: u32) -> Vec<Option<String>> {
    let store = RangeStore::open_any(file).unwrap();
    let text = |prefix| {
        let kept = store.get(DigestKind::Sha1, prefix).unwrap()?;
        let lines = kept.range.each().map(|(digest, count)| format!("{}:{count}", hex::encode_upper(digest.bytes())));
        Some(lines.collect::<Vec<_>>().join("\n"))
    };
    (0..prefixes).map(text).collect()
}

#[test]
fn a_download_killed_again_and_again_goes_on_to_the_same_end_and_asks_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let prefixes = 600;
    let server = origin(0, &[], Duration::ZERO);
    let (code, said) = download(&whole, &server.url, prefixes);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("600 ranges: 600 new") && said.contains("complete"), "{said}");
    assert!(server.heads().iter().all(|head| head.contains("user-agent: credaudit/") && head.contains("gzip")));

    let slow = origin(0, &[], Duration::from_millis(20));
    let mut kills = 0;
    loop {
        let mut child = download_command(&killed, &slow.url, prefixes).stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(90 + kills * 10));
        if child.try_wait().unwrap().is_some_and(|status| status.success()) {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        if kills == 8 {
            assert_eq!(download(&killed, &slow.url, prefixes).0, 0);
            break;
        }
    }
    assert!(kills > 0);
    assert_eq!(contents(&killed, prefixes), contents(&whole, prefixes));
    // What was under way when it was killed is asked again, and nothing else.
    let asked = slow.heads().len();
    assert!(asked <= prefixes as usize + 64 * kills as usize, "{asked} requests, {kills} kills");
    let (code, said) = download(&killed, &slow.url, prefixes);
    assert!(code == 0 && said.contains("asked       0 ranges"), "{said}");
    assert!(slow.heads().len() == asked, "all of it was checked today");
}

#[test]
fn what_is_broken_is_told_and_tried_again_and_what_changed_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ranges");
    let first = origin(0, &["00003", "00050"], Duration::ZERO);
    let (code, said) = download(&file, &first.url, 200);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("2 ranges could not be had") && said.contains("00003 00050"), "{said}");
    let tries = first.heads().iter().filter(|head| path(head).ends_with("/00003")).count();
    assert_eq!(tries, 10, "five times, and five more when all others were done");
    let padded = first.heads().iter().filter(|head| head.contains("add-padding: true")).count();
    assert_eq!(padded, 10, "the second time in another form");
    let kept = contents(&file, 200);
    assert_eq!(kept.iter().filter(|range| range.is_none()).count(), 2);

    // A corpus of it knows what it lacks, and says so.
    let built = folder.path().join("built.corpus");
    let output =
        credaudit(&["corpus", "build", "--variant", "full", "--output"]).arg(&built).arg(&file).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    let corpus = Corpus::open(&built).unwrap();
    let holes: BTreeSet<u32> = corpus.holes().filter(|prefix| *prefix < 200).collect();
    assert_eq!(holes, BTreeSet::from([0x3, 0x50]));
    assert_eq!(corpus.holes().count() as u32, PREFIXES - 198);
    let store = RangeStore::open_any(&file).unwrap();
    let kept = store.get(DigestKind::Sha1, 7).unwrap().unwrap();
    for (digest, count) in kept.range.each() {
        assert_eq!(corpus.exposure(&digest), Exposure::Seen(Some(count)));
    }
    let lost = Digest::of(DigestKind::Sha1, &[0, 0, 0x30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
    assert_eq!(corpus.exposure(&lost.unwrap()), Exposure::Unknown(Unasked::Hole));
}

#[test]
fn a_full_disk_ends_a_download_with_what_to_do_and_it_goes_on_with_more_room() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ranges");
    let server = origin(0, &[], Duration::ZERO);
    let program = env!("CARGO_BIN_EXE_credaudit");
    // The index takes 32 MiB; room for a few records beyond it (in blocks of 1,024 bytes).
    let output = Command::new("bash")
        .args(["-c", "trap '' XFSZ; ulimit -f 32850; exec \"$@\"", "bash", program])
        .args(["corpus", "download", "--breach-url", &server.url, "--prefixes", "600"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("what came is kept") && said.contains("ranges"), "{said}");
    let there = contents(&file, 600).into_iter().flatten().count();
    assert!((1..600).contains(&there), "{there} ranges before the disk was full");
    let (code, said) = download(&file, &server.url, 600);
    assert_eq!(code, 0, "{said}");
    assert_eq!(contents(&file, 600).into_iter().flatten().count(), 600);
}

#[test]
fn a_download_is_served_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ranges");
    let from = origin(0, &[], Duration::ZERO);
    assert_eq!(download(&file, &from.url, 40).0, 0);
    let server = Program::start(&[&file], &[]);
    let address = server.url.strip_prefix("http://").unwrap();
    for prefix in ["00000", "00011", "00027"] {
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "GET /range/{prefix} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        assert_eq!(all.split_once("\r\n\r\n").unwrap().1, range_text(prefix, 0));
    }
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /range/00028 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    assert!(all.starts_with("HTTP/1.1 503"), "what was not downloaded is not empty: {all}");
}
