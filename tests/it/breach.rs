//! The range protocol against servers on the loopback interface, good and bad: whatever a server does, a digest is seen,
//! not seen, or unknown for a stated reason, and nothing but five hex digits reaches the server.

use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use credaudit::breach::{Came, Hibp, HibpOptions, RangeStore, Source, prefix_of, today};
use credaudit::model::{Digest, DigestKind, Exposure, Unasked};

use crate::range_server::{Asked, Reply, Server, ask, gzip, hex, neighbour, ntlm, seen, sha1, words};

#[test]
fn known_words_are_seen_with_their_counts_and_their_neighbours_are_not_seen() {
    let words = words(40);
    for padding in [true, false] {
        let server = Server::start(&words, |_| Reply::Good);
        let source = Hibp::new(HibpOptions { padding, ..server.options() }).unwrap();
        assert_eq!(source.name(), server.base);
        let known = words.iter().flat_map(|word| [sha1(word), ntlm(word)]);
        let answers = ask(&source, known.flat_map(|digest| [digest, neighbour(&digest)]));
        for (at, word) in words.iter().enumerate() {
            for digest in [sha1(word), ntlm(word)] {
                assert_eq!(answers[&digest], seen(at + 1), "{word}");
                assert_eq!(answers[&neighbour(&digest)], Exposure::NotSeen, "{word}");
            }
        }
        let said = server.said();
        assert_eq!(said.len(), 80, "each prefix is asked once, however many digests begin with it");
        assert!(said.iter().all(|head| head.contains("\r\nadd-padding: true\r\n") == padding));
    }
}

#[test]
fn nothing_but_five_hex_digits_of_a_digest_reaches_the_server() {
    let words = words(60);
    // Failures first: retries say no more than first tries.
    let server = Server::start(&words, |asked| match asked.before {
        0 => Reply::Full("502 Bad Gateway", "", Vec::new()),
        1 => Reply::Full("200 OK", "", b"<html>".to_vec()),
        _ => Reply::Good,
    });
    let digests: Vec<Digest> = words.iter().flat_map(|word| [sha1(word), ntlm(word)]).collect();
    let answers = ask(&Hibp::new(server.options()).unwrap(), digests.clone());
    assert!(answers.values().all(|exposure| matches!(exposure, Exposure::Seen(_))));
    let said = server.said();
    assert_eq!(said.len(), 3 * 120);
    let prefixes: HashSet<String> = digests.iter().map(|digest| hex(digest)[..5].to_owned()).collect();
    for head in &said {
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap();
        let path = line.strip_prefix("GET /range/").and_then(|line| line.strip_suffix(" HTTP/1.1")).unwrap();
        assert!(prefixes.contains(path.strip_suffix("?mode=ntlm").unwrap_or(path)), "{line}");
        for header in lines {
            let (name, value) = header.split_once(": ").unwrap();
            let expected: &[&str] = match name {
                "user-agent" => &[concat!("credaudit/", env!("CARGO_PKG_VERSION"))],
                "accept" => &["*/*"],
                "accept-encoding" => &["gzip", "identity", "zstd"],
                "add-padding" => &["true"],
                "cache-control" => &["no-cache"],
                "host" => &[server.base.strip_prefix("http://").unwrap()],
                _ => panic!("an unexpected header: {name}"),
            };
            assert!(expected.contains(&value), "{header}");
        }
    }
    let all = said.concat().to_uppercase();
    for digest in &digests {
        let hex = hex(digest);
        assert!((0..hex.len() - 6).all(|at| !all.contains(&hex[at..at + 6])), "six digits of a digest were sent");
    }
}

#[test]
fn prefixes_are_asked_in_an_order_of_chance() {
    let words = words(60);
    let orders: Vec<Vec<String>> = (0..2)
        .map(|_| {
            let server = Server::start(&words, |_| Reply::Good);
            let source = Hibp::new(HibpOptions { concurrency: 1, ..server.options() }).unwrap();
            ask(&source, words.iter().map(|word| sha1(word)));
            server.prefixes()
        })
        .collect();
    let mut sorted = orders[0].clone();
    sorted.sort();
    assert_eq!(sorted.len(), 60);
    assert_ne!(orders[0], sorted);
    assert_ne!(orders[0], orders[1]);
}

#[test]
fn no_more_requests_are_under_way_than_allowed() {
    let words = words(80);
    for concurrency in [0, 1, 6] {
        let server = Server::start(&words, |_| Reply::Late(Duration::from_millis(3)));
        let source = Hibp::new(HibpOptions { concurrency, ..server.options() }).unwrap();
        ask(&source, words.iter().map(|word| sha1(word)));
        let most = server.most.load(Ordering::SeqCst);
        assert!((concurrency.min(2)..=concurrency.max(1)).contains(&most), "{most} of {concurrency}");
    }
}

/// What goes wrong with one prefix, how the audit hears of it, and how often it is asked.
type Trouble = (&'static str, fn(&Asked) -> Reply, Option<Unasked>, usize);

const TROUBLES: &[Trouble] = &[
    ("too many requests, once", |asked| once(asked, "429 Too Many Requests", "Retry-After: 0\r\n"), None, 2),
    ("too many requests", |_| full("429 Too Many Requests", ""), Some(Unasked::RateLimited), 5),
    ("come back in an hour", |_| full("503 Slow Down", "Retry-After: 3600\r\n"), Some(Unasked::ServerError), 1),
    ("a server error, once", |asked| once(asked, "503 Service Unavailable", ""), None, 2),
    ("an empty server error", |_| full("502 Bad Gateway", ""), Some(Unasked::ServerError), 5),
    ("an empty range", |_| full("200 OK", ""), Some(Unasked::BadAnswer), 5),
    (
        "an empty range, packed only",
        |asked| if asked.encoding == "gzip" { full("200 OK", "") } else { Reply::Good },
        None,
        2,
    ),
    (
        "an empty range in two of three encodings",
        |asked| if asked.encoding == "zstd" { Reply::Good } else { full("200 OK", "") },
        None,
        3,
    ),
    ("a cut archive of the other kind", |_| packed_zstd(), Some(Unasked::BadAnswer), 5),
    ("not changed, though nobody asked that", |_| full("304 Not Modified", ""), Some(Unasked::BadAnswer), 5),
    ("a page", |_| body(b"<html><body>Sign in to this network</body></html>"), Some(Unasked::BadAnswer), 5),
    ("padding only", |_| body(&[b"A".repeat(35), b":0".to_vec()].concat()), Some(Unasked::BadAnswer), 5),
    ("NTLM lines", |_| body(&[b"A".repeat(27), b":3".to_vec()].concat()), Some(Unasked::BadAnswer), 5),
    (
        "lines of both kinds",
        |_| body(&[&lines("A")[..], &b"B".repeat(27), b":3"].concat()),
        Some(Unasked::BadAnswer),
        5,
    ),
    ("an unsorted range", |_| body(&lines("BA")), Some(Unasked::BadAnswer), 5),
    ("no content", |_| full("204 No Content", ""), Some(Unasked::BadAnswer), 1),
    ("a bad request", |_| full("400 Bad Request", ""), Some(Unasked::BadAnswer), 1),
    ("nothing found", |_| full("404 Not Found", ""), Some(Unasked::BadAnswer), 1),
    ("no answer", |_| Reply::Late(Duration::from_millis(1500)), Some(Unasked::TimedOut), 5),
    ("a slow drip", |_| Reply::Drip, Some(Unasked::TimedOut), 5),
    ("a cut line", |_| cut("Content-Length: 74", &lines("AB")[..50]), Some(Unasked::BadAnswer), 5),
    ("a cut range", |_| cut("Content-Length: 74", &lines("A")), Some(Unasked::BadAnswer), 5),
    ("a cut chunk", |_| cut("Transfer-Encoding: chunked", b"4a\r\nAAAA"), Some(Unasked::BadAnswer), 5),
    ("an end that could be a cut", |_| cut("Connection: close", &lines("AB")), Some(Unasked::BadAnswer), 5),
    ("a cut archive", |_| packed(&gzip(&lines("AB"))[..30]), Some(Unasked::BadAnswer), 5),
    (
        "an unknown packing",
        |_| Reply::Full("200 OK", "Content-Encoding: br\r\n", lines("AB")),
        Some(Unasked::BadAnswer),
        5,
    ),
    ("far too much", |_| body(&lines("A").repeat(80_000)), Some(Unasked::BadAnswer), 5),
    ("far too much, packed", |_| packed(&gzip(&vec![b'A'; 3 << 20])), Some(Unasked::BadAnswer), 5),
    ("a reset", |_| Reply::Reset, Some(Unasked::Unreachable), 5),
    ("a reset after nothing", |_| Reply::ResetAfter(Vec::new()), Some(Unasked::Unreachable), 5),
    (
        "a reset in the middle of a range",
        |_| {
            let head = b"HTTP/1.1 200 OK\r\nContent-Length: 74\r\n\r\n";
            Reply::ResetAfter([head, &lines("AB")[..50]].concat())
        },
        Some(Unasked::BadAnswer),
        5,
    ),
    ("a reset, once", |asked| if asked.before == 0 { Reply::Reset } else { Reply::Good }, None, 2),
    ("no HTTP", |_| Reply::Bytes(b"220 mail.example.org ESMTP\r\n".to_vec()), Some(Unasked::Unreachable), 5),
];

fn full(status: &'static str, headers: &'static str) -> Reply {
    Reply::Full(status, headers, Vec::new())
}

fn once(asked: &Asked, status: &'static str, headers: &'static str) -> Reply {
    if asked.before == 0 { full(status, headers) } else { Reply::Good }
}

fn body(body: &[u8]) -> Reply {
    Reply::Full("200 OK", "", body.to_vec())
}

fn packed(body: &[u8]) -> Reply {
    Reply::Full("200 OK", "Content-Encoding: gzip\r\n", body.to_vec())
}

fn cut(framing: &str, body: &[u8]) -> Reply {
    Reply::Bytes([format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes(), body].concat())
}

fn packed_zstd() -> Reply {
    let mut body = zstd::encode_all(&lines("AB")[..], 1).unwrap();
    body.truncate(body.len() - 3);
    Reply::Full("200 OK", "Content-Encoding: zstd\r\n", body)
}

/// A line of 37 bytes for every digit.
fn lines(digits: &str) -> Vec<u8> {
    digits.chars().flat_map(|digit| format!("{}:1\n", digit.to_string().repeat(35)).into_bytes()).collect()
}

#[test]
fn a_prefix_in_trouble_is_unknown_for_its_reason_and_the_others_are_right() {
    let words = words(400);
    let bad: HashMap<String, usize> =
        (0..TROUBLES.len()).map(|at| (hex(&sha1(&words[at]))[..5].to_owned(), at)).collect();
    let all: HashSet<String> = words.iter().map(|word| hex(&sha1(word))[..5].to_owned()).collect();
    assert_eq!(all.len(), words.len(), "the words have different prefixes");
    let server = Server::start(&words, move |asked| match bad.get(&asked.prefix) {
        Some(at) => TROUBLES[*at].1(asked),
        None => Reply::Good,
    });
    let source = Hibp::new(HibpOptions { concurrency: 32, ..server.options() }).unwrap();
    let answers = ask(&source, words.iter().map(|word| sha1(word)).flat_map(|digest| [digest, neighbour(&digest)]));
    for (at, word) in words.iter().enumerate() {
        let digest = sha1(word);
        let (what, unknown) = TROUBLES.get(at).map_or(("a good prefix", None), |trouble| (trouble.0, trouble.2));
        let (known, other) = match unknown {
            Some(why) => (Exposure::Unknown(why), Exposure::Unknown(why)),
            None => (seen(at + 1), Exposure::NotSeen),
        };
        assert_eq!(answers[&digest], known, "{what}");
        assert_eq!(answers[&neighbour(&digest)], other, "{what}, for a word that is not there");
        assert_eq!(server.times(&digest).len(), TROUBLES.get(at).map_or(1, |trouble| trouble.3), "{what}");
    }
}

#[test]
fn a_server_that_says_when_to_come_back_is_left_in_peace_until_then() {
    let words = words(30);
    let busy = sha1(&words[3]);
    let prefix = hex(&busy)[..5].to_owned();
    let server = Server::start(&words, move |asked| {
        if asked.prefix == prefix { once(asked, "429 Too Many Requests", "Retry-After: 1\r\n") } else { Reply::Good }
    });
    let source = Hibp::new(HibpOptions { concurrency: 2, ..server.options() }).unwrap();
    let answers = ask(&source, words.iter().map(|word| sha1(word)));
    assert_eq!(answers[&busy], seen(4));
    let times = server.times(&busy);
    assert!(times[1] - times[0] >= Duration::from_secs(1), "{:?}", times[1] - times[0]);
    // One request may have been under way when the refusal came.
    let said = server.said.lock().unwrap();
    let between = said.iter().filter(|(at, _)| *at > times[0] && *at < times[0] + Duration::from_secs(1)).count();
    assert!(between <= 1, "{between} requests to a server that asked for a second's peace");
}

#[test]
fn a_server_that_refuses_whatever_comes_together_is_asked_less_at_a_time() {
    let words = words(60);
    let now = AtomicUsize::new(0);
    let server = Server::start(&words, move |_| {
        let crowd = now.fetch_add(1, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(4));
        now.fetch_sub(1, Ordering::SeqCst);
        if crowd >= 3 { full("429 Too Many Requests", "") } else { Reply::Good }
    });
    let source = Hibp::new(HibpOptions { concurrency: 32, ..server.options() }).unwrap();
    let answers = ask(&source, words.iter().map(|word| sha1(word)));
    let lost = answers.values().filter(|exposure| !matches!(exposure, Exposure::Seen(_))).count();
    assert!(lost <= 6, "{lost} of 60 were lost to a server that serves three at a time");
}

#[test]
fn a_redirect_is_not_followed() {
    let words = words(20);
    let elsewhere = Server::start(&words, |_| Reply::Good);
    let location: &'static str = Box::leak(format!("Location: {}/range/00000\r\n", elsewhere.base).into_boxed_str());
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = Server::start(&words, move |_| full(status, location));
        let answers = ask(&Hibp::new(server.options()).unwrap(), [sha1(&words[0])]);
        assert_eq!(answers[&sha1(&words[0])], Exposure::Unknown(Unasked::BadAnswer));
    }
    assert_eq!(elsewhere.said().len(), 0);
}

#[test]
fn a_server_that_is_not_there_is_given_up_quickly() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = HibpOptions {
        base_url: format!("http://{closed}"),
        first_wait: Duration::from_millis(4),
        ..HibpOptions::default()
    };
    let source = Hibp::new(options).unwrap();
    let digests: Vec<Digest> = words(20_000).iter().map(|word| sha1(word)).collect();
    let before = Instant::now();
    for _ in 0..2 {
        let answers = ask(&source, digests.clone());
        assert!(answers.values().all(|exposure| *exposure == Exposure::Unknown(Unasked::Unreachable)));
    }
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
}

#[test]
fn a_server_that_only_answers_errors_is_not_asked_about_everything() {
    let words = words(2000);
    let server = Server::start(&words, |_| full("502 Bad Gateway", ""));
    let answers = ask(&Hibp::new(server.options()).unwrap(), words.iter().map(|word| sha1(word)));
    assert!(answers.values().all(|exposure| *exposure == Exposure::Unknown(Unasked::ServerError)));
    assert!(server.said().len() <= 5 * (16 + 8), "{} requests", server.said().len());
}

#[test]
fn credentials_for_a_mirror_are_sent_to_it_and_not_shown() {
    let words = words(3);
    let server = Server::start(&words, |_| Reply::Good);
    let base_url = server.base.replace("http://", "http://reader:hunter2@") + "/mirror/";
    let source = Hibp::new(HibpOptions { base_url, ..server.options() }).unwrap();
    assert_eq!(source.name(), format!("{}/mirror", server.base));
    assert_eq!(ask(&source, [sha1(&words[2])])[&sha1(&words[2])], seen(3));
    let said = server.said().concat();
    assert!(said.starts_with("GET /mirror/range/"));
    assert!(said.contains("\r\nauthorization: Basic cmVhZGVyOmh1bnRlcjI=\r\n") && !said.contains("hunter2"));
}

/// A store in a folder of its own, for the ranges of `server`.
fn store(server: &Server) -> (tempfile::TempDir, Arc<RangeStore>) {
    let folder = tempfile::tempdir().unwrap();
    let store = RangeStore::open(&folder.path().join("ranges"), &server.base).unwrap();
    (folder, Arc::new(store))
}

#[test]
fn a_kept_range_is_not_asked_for_within_31_days_and_then_only_whether_it_changed() {
    let words = words(30);
    let server = Server::start(&words, |_| Reply::Good);
    let (_folder, store) = store(&server);
    let options = HibpOptions { store: Some(store.clone()), ..server.options() };
    let right = |answers: &HashMap<Digest, Exposure>| {
        for (at, word) in words.iter().enumerate() {
            for digest in [sha1(word), ntlm(word)] {
                assert_eq!(answers[&digest], seen(at + 1));
                assert_eq!(answers[&neighbour(&digest)], Exposure::NotSeen);
            }
        }
    };
    let digests =
        || words.iter().flat_map(|word| [sha1(word), ntlm(word)]).flat_map(|digest| [digest, neighbour(&digest)]);
    right(&ask(&Hibp::new(options.clone()).unwrap(), digests()));
    assert_eq!(server.said().len(), 60);
    right(&ask(&Hibp::new(options.clone()).unwrap(), digests()));
    assert_eq!(server.said().len(), 60, "all was kept");
    for (age, asked) in [(30, 60), (31, 120)] {
        for digest in digests() {
            store.still(digest.kind(), prefix_of(&digest), today() - age).unwrap();
        }
        right(&ask(&Hibp::new(options.clone()).unwrap(), digests()));
        assert_eq!(server.said().len(), asked, "{age} days");
    }
    assert!(server.said()[60..].iter().all(|head| head.contains("\r\nif-none-match: W/\"")));
    let source = Hibp::new(options).unwrap();
    right(&ask(&source, digests()));
    assert_eq!(server.said().len(), 120, "what did not change is fresh again");
    assert!(source.remarks().is_empty());
}

#[test]
fn an_old_range_proves_what_was_seen_and_nothing_else_when_the_server_fails() {
    let words = words(4);
    let good = Server::start(&words, |_| Reply::Good);
    let (_folder, store) = store(&good);
    let digests: Vec<Digest> = words.iter().map(|word| sha1(word)).flat_map(|d| [d, neighbour(&d)]).collect();
    ask(&Hibp::new(HibpOptions { store: Some(store.clone()), ..good.options() }).unwrap(), digests.clone());
    for digest in &digests {
        store.still(digest.kind(), prefix_of(digest), today() - 50).unwrap();
    }
    let bad = Server::start(&words, |_| full("502 Bad Gateway", ""));
    let answers = ask(&Hibp::new(HibpOptions { store: Some(store), ..bad.options() }).unwrap(), digests);
    for (at, word) in words.iter().enumerate() {
        assert_eq!(answers[&sha1(word)], seen(at + 1));
        assert_eq!(answers[&neighbour(&sha1(word))], Exposure::Unknown(Unasked::ServerError));
    }
    // Only the first try may be answered with "not changed".
    let heads = bad.said();
    assert_eq!(heads.iter().filter(|head| head.contains("if-none-match")).count(), 4);
}

#[test]
fn an_interrupted_audit_finds_its_answers_kept() {
    let words = words(50);
    let server = Server::start(&words, |_| Reply::Good);
    let (_folder, store) = store(&server);
    let spending = |ranges| Arc::new(credaudit::breach::Spending::new(credaudit::breach::Budget::Ranges(ranges)));
    let options = HibpOptions { store: Some(store), ..server.options() };
    let first = Hibp::new(HibpOptions { spending: spending(20), ..options.clone() }).unwrap();
    let answers = ask(&first, words.iter().map(|word| sha1(word)));
    let over = answers.values().filter(|exposure| **exposure == Exposure::Unknown(Unasked::OverBudget)).count();
    assert_eq!((over, server.said().len()), (30, 20), "what is over the budget is not asked, and told apart");
    let second = Hibp::new(HibpOptions { spending: spending(30), ..options }).unwrap();
    let answers = ask(&second, words.iter().map(|word| sha1(word)));
    assert!(words.iter().enumerate().all(|(at, word)| answers[&sha1(word)] == seen(at + 1)));
    assert_eq!(server.prefixes().iter().collect::<HashSet<_>>().len(), 50);
    assert_eq!(server.said().len(), 50, "nothing was asked twice");
}

#[test]
fn ranges_are_brought_up_to_date_and_each_tells_what_came_of_it() {
    let words = words(10);
    let broken = hex(&sha1(&words[3]))[..5].to_owned();
    let server = Server::start(&words, move |asked| if asked.prefix == broken { body(b"<html>") } else { Reply::Good });
    let (_folder, store) = store(&server);
    let source = Hibp::new(HibpOptions { store: Some(store.clone()), padding: false, ..server.options() }).unwrap();
    let prefixes: Vec<u32> = words.iter().map(|word| prefix_of(&sha1(word))).collect();
    let refresh = || {
        let mut came = HashMap::new();
        source
            .refresh(DigestKind::Sha1, &prefixes, &mut |prefix, end| assert!(came.insert(prefix, end).is_none()))
            .unwrap();
        prefixes.iter().map(|prefix| came[prefix]).collect::<Vec<_>>()
    };
    let expected =
        |what| (0..10).map(|at| if at == 3 { Err(Unasked::BadAnswer) } else { Ok(what) }).collect::<Vec<_>>();
    assert_eq!(refresh(), expected(Came::New));
    assert_eq!(refresh(), expected(Came::Same));
    // What is kept is not what the server has any more.
    let text = lines("AB");
    let other = credaudit::breach::Range::parse(&text, DigestKind::Sha1).unwrap();
    for prefix in &prefixes {
        if *prefix != prefixes[3] {
            store.put(&credaudit::breach::PackedRange::of(*prefix, &other), Some("W/\"old\""), today()).unwrap();
        }
    }
    assert_eq!(refresh(), expected(Came::Changed));
}

/// Where the test below tells its child which server to ask.
const CHILD: &str = "CREDAUDIT_TEST_RANGES";

#[test]
fn the_proxy_of_the_environment_is_used_unless_the_environment_excepts_the_server() {
    let words = words(1);
    for (except, through_proxy) in [("", true), ("127.0.0.1", false)] {
        let proxy = Server::start(&words, |_| Reply::Good);
        let server = Server::start(&words, |_| Reply::Good);
        let mut child = Command::new(std::env::current_exe().unwrap());
        for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
            child.env_remove(name);
        }
        let child = child
            .args(["--exact", "breach::a_child_asks_as_its_environment_says", "--ignored"])
            .envs([("HTTP_PROXY", proxy.base.as_str()), ("NO_PROXY", except), (CHILD, server.base.as_str())])
            .output()
            .unwrap();
        assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
        assert_eq!((proxy.said().len(), server.said().len()), if through_proxy { (1, 0) } else { (0, 1) });
    }
}

#[test]
#[ignore = "started by another test, with an environment of its own"]
fn a_child_asks_as_its_environment_says() {
    let Ok(base_url) = std::env::var(CHILD) else { return };
    let source = Hibp::new(HibpOptions { base_url, ..HibpOptions::default() }).unwrap();
    let word = sha1(&words(1)[0]);
    assert_eq!(ask(&source, [word])[&word], seen(1));
}
