//! The program and a server that speaks the range protocol, both as they are in the world: what is asked, what becomes of
//! the answers, and that a server that does not answer never makes an account look clean.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use md4::{Digest, Md4};
use sha1::Sha1;

use crate::program::{credaudit, read_csv};
use crate::web;

/// What the server says about one prefix.
#[derive(Clone, Debug)]
enum Answer {
    /// A range with these suffixes and counts among others.
    Range(Vec<(String, u64)>),
    /// Too many requests, for ever.
    TooMany,
    /// A gateway's error without a body.
    BadGateway,
    /// Success, and nothing in it.
    Empty,
    /// Success, and a page instead of a range.
    Page,
    /// Success, and the lines of the other kind of digest.
    OtherKind,
    /// A body that ends before it should.
    Cut,
    /// The connection ends without an answer.
    HangUp,
    /// The connection is reset.
    Reset,
    /// Success, and the lines of a range in no order.
    Unsorted,
    /// Success, and lines of both kinds of digest.
    Mixed,
}

/// A server on the loopback interface; remembers every request as it came.
struct Server {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers a path (`/range/ABCDE`, `/range/ABCDE?mode=ntlm`) as told, and every other with a range of strangers.
    fn start(answers: HashMap<String, Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (log, answers) = (requests.clone(), Arc::new(answers));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answers) = (log.clone(), answers.clone());
                std::thread::spawn(move || serve(stream.unwrap(), &log, &answers));
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one connection until the client or an answer ends it.
fn serve(stream: TcpStream, log: &Mutex<Vec<String>>, answers: &HashMap<String, Answer>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            // The client has gone.
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let path = head.split(' ').nth(1).unwrap().to_owned();
        log.lock().unwrap().push(head);
        let ntlm = path.ends_with("?mode=ntlm");
        let mut say = |status: &str, more: &str, body: &str, length: usize| {
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}\r\n");
            stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_ok()
        };
        let ok = |body: &str, say: &mut dyn FnMut(&str, &str, &str, usize) -> bool| say("200 OK", "", body, body.len());
        let going_on = match answers.get(&path) {
            None => ok(&range(&[], ntlm), &mut say),
            Some(Answer::Range(known)) => ok(&range(known, ntlm), &mut say),
            Some(Answer::TooMany) => say("429 Too Many Requests", "", "Rate limit is exceeded.", 23),
            Some(Answer::BadGateway) => say("502 Bad Gateway", "", "", 0),
            Some(Answer::Empty) => ok("", &mut say),
            Some(Answer::Page) => ok("<html><body>Checking your browser</body></html>\n", &mut say),
            Some(Answer::OtherKind) => ok(&range(&[], !ntlm), &mut say),
            Some(Answer::Cut) => {
                let whole = range(&[], ntlm);
                let _ = say("200 OK", "", &whole[..whole.len() / 2], whole.len());
                false
            }
            Some(Answer::HangUp) => false,
            Some(Answer::Reset) => {
                drop(reader);
                web::reset(stream);
                return;
            }
            Some(Answer::Unsorted) => {
                let whole = range(&[], ntlm);
                let lines: Vec<&str> = whole.split("\r\n").filter(|line| !line.ends_with(":0")).collect();
                ok(&lines.into_iter().rev().collect::<Vec<_>>().join("\r\n"), &mut say)
            }
            Some(Answer::Mixed) => ok(&(range(&[], ntlm) + "\r\n" + &range(&[], !ntlm)), &mut say),
        };
        if !going_on {
            return;
        }
    }
}

/// A range as the service writes it: suffixes in order, padding among them.
fn range(known: &[(String, u64)], ntlm: bool) -> String {
    let len = if ntlm { 27 } else { 35 };
    let strangers = (1..9_u64).map(|n| (format!("{:0len$X}", u128::from(n) << 90), n * 3));
    let padding = (1..5_u64).map(|n| (format!("{:0len$X}", u128::from(n) << 91 | 7), 0));
    let lines: BTreeMap<String, u64> = strangers.chain(padding).chain(known.iter().cloned()).collect();
    let lines: Vec<String> = lines.iter().map(|(suffix, count)| format!("{suffix}:{count}")).collect();
    lines.join("\r\n")
}

fn sha1(password: &str) -> String {
    hex::encode_upper(Sha1::digest(password.as_bytes()))
}

fn ntlm(password: &str) -> String {
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    hex::encode_upper(Md4::digest(utf16))
}

/// The path that asks about a digest.
fn path(digest: &str) -> String {
    let mode = if digest.len() == 32 { "?mode=ntlm" } else { "" };
    format!("/range/{}{mode}", &digest[..5])
}

fn seen(digest: &str, count: u64) -> (String, Answer) {
    (path(digest), Answer::Range(vec![(digest[5..].to_owned(), count)]))
}

/// A password that nobody has, the first two hex digits of whose SHA-1 are `A7`: prefixes that begin alike are asked side by
/// side, and only one of them is waited for.
fn unlucky(word: &str) -> String {
    (0..u32::MAX).map(|n| format!("{word}~{n}~Heron")).find(|p| sha1(p).starts_with("A7")).unwrap()
}

/// Logins and passwords of accounts about which the server does not answer, and how it does not.
fn unanswered() -> Vec<(&'static str, String, Answer)> {
    [
        ("limited", Answer::TooMany),
        ("gateway", Answer::BadGateway),
        ("empty", Answer::Empty),
        ("page", Answer::Page),
        ("other", Answer::OtherKind),
        ("cut", Answer::Cut),
        ("hangup", Answer::HangUp),
        ("reset", Answer::Reset),
        ("unsorted", Answer::Unsorted),
        ("mixed", Answer::Mixed),
    ]
    .map(|(login, answer)| (login, unlucky(login), answer))
    .into()
}

struct Audited {
    code: i32,
    report: serde_json::Value,
    /// By login.
    resets: HashMap<String, HashMap<String, String>>,
}

fn audit(server: &Server, folder: &Path, sql: &str, more: &[&str]) -> Audited {
    let (dump, resets) = (folder.join("dump.sql"), folder.join("resets.csv"));
    fs::write(&dump, sql).unwrap();
    let output = credaudit(&["audit", "--breach", "hibp", "--breach-url", &server.url, "--format", "json"])
        .args(["--breach-cache", "none", "--resets"])
        .arg(&resets)
        .args(more)
        .arg(&dump)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)));
    let resets = read_csv(&resets).into_iter().map(|row| (row["login"].clone(), row)).collect();
    Audited { code: output.status.code().unwrap(), report, resets }
}

fn table(name: &str, column: &str, rows: &[(String, String)]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(n, (login, stored))| format!("({n},'{login}','{login}@mail.example','{stored}')"))
        .collect();
    format!(
        "CREATE TABLE {name} (id int, login varchar(40), email varchar(80), {column} varchar(80));\n\
         INSERT INTO {name} VALUES {};\n",
        rows.join(",")
    )
}

fn reasons(row: &HashMap<String, String>) -> BTreeSet<&str> {
    row["reasons"].split(';').collect()
}

#[test]
fn counts_reach_the_accounts_and_the_server_learns_five_digits_of_each() {
    let fresh = |word: &str| format!("{word}!Ibis-Quay");
    // Login, password, count; `None` is not seen.
    let members = [
        ("often", "Corncrake88", Some(37_000)),
        ("edge", "Corncrake89", Some(1000)),
        ("below", "Corncrake90", Some(999)),
        ("twin", "Corncrake88", Some(37_000)),
        ("clean", "Corncrake91", None),
    ];
    // The common one proves that these are NT hashes.
    let staff = [
        ("windows", "Bittern.21", Some(12)),
        ("winclean", "Bittern.22", None),
        ("wincommon", "123456", Some(42_000_000)),
    ];
    let parents = [("reader", fresh("reader"), Some(3)), ("quiet", fresh("quiet"), None)];
    let unanswered = unanswered();
    let mut answers = HashMap::new();
    for (_, password, count) in members {
        answers.extend(count.map(|count| seen(&sha1(password), count)));
    }
    for (_, password, count) in staff {
        answers.extend(count.map(|count| seen(&ntlm(password), count)));
    }
    for (_, password, count) in &parents {
        answers.extend(count.map(|count| seen(&sha1(password), count)));
    }
    answers.extend(unanswered.iter().map(|(_, password, answer)| (path(&sha1(password)), answer.clone())));
    let server = Server::start(answers);

    let hashed: Vec<(String, String)> = members
        .iter()
        .map(|(login, password, _)| ((*login).to_owned(), sha1(password).to_lowercase()))
        .chain(unanswered.iter().map(|(login, password, _)| ((*login).to_owned(), sha1(password).to_lowercase())))
        .collect();
    let nt: Vec<_> = staff.iter().map(|(login, password, _)| ((*login).to_owned(), ntlm(password))).collect();
    let plain: Vec<_> = parents.iter().map(|(login, password, _)| ((*login).to_owned(), password.clone())).collect();
    let sql =
        table("members", "password", &hashed) + &table("staff", "nt_hash", &nt) + &table("parents", "password", &plain);
    let folder = tempfile::tempdir().unwrap();
    let audited = audit(&server, folder.path(), &sql, &[]);
    assert_eq!(audited.code, 1);

    // The threshold is the policy's: a thousand.
    for (login, count, reason) in [
        ("often", "37000", "breached-often"),
        ("twin", "37000", "breached-often"),
        ("edge", "1000", "breached-often"),
        ("below", "999", "breached"),
        ("windows", "12", "breached"),
        ("wincommon", "42000000", "breached-often"),
        ("reader", "3", "breached"),
    ] {
        let row = &audited.resets[login];
        assert_eq!(row["exposure_count"], count, "{login}");
        assert!(reasons(row).contains(reason), "{login}: {}", row["reasons"]);
        assert!(!reasons(row).contains("not-answered"), "{login}");
    }
    assert_eq!(reasons(&audited.resets["clean"]), BTreeSet::from(["unsalted-fast-hash"]));
    assert_eq!(reasons(&audited.resets["quiet"]), BTreeSet::from(["plaintext"]));
    for login in ["clean", "winclean", "quiet"] {
        assert_eq!(audited.resets[login]["exposure_count"], "", "{login}");
    }
    for (login, ..) in &unanswered {
        let row = &audited.resets[*login];
        assert_eq!(reasons(row), BTreeSet::from(["unsalted-fast-hash", "not-answered"]), "{login}");
        assert_eq!((row["tier"].as_str(), row["exposure_count"].as_str()), ("T1", ""), "{login}");
    }

    let breach = &audited.report["breach"];
    assert_eq!(breach["source"], server.url.as_str());
    let figures = ["asked", "seen", "not_seen", "unknown"].map(|key| breach[key].as_u64().unwrap());
    // The twins have one digest.
    assert_eq!(figures, [9 + unanswered.len() as u64, 6, 3, unanswered.len() as u64]);
    assert_eq!(audited.report["complete"], false, "some questions were not answered");
    let why: u64 = audited.report["breach_sources"][0]["why_unknown"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| w["count"].as_u64().unwrap())
        .sum();
    assert_eq!(why, unanswered.len() as u64);

    let digests: Vec<String> = hashed.iter().chain(&nt).map(|(_, digest)| digest.to_uppercase()).collect();
    let digests: BTreeSet<String> = digests.into_iter().chain(plain.iter().map(|(_, p)| sha1(p))).collect();
    let rows: Vec<String> = hashed.iter().chain(&nt).map(|(_, digest)| digest.to_uppercase()).collect();
    assert_nothing_leaks(&server.requests(), &digests, &rows, &unanswered);
}

/// Every request is one of the expected paths under the same few headers, asked once if it was answered.
fn assert_nothing_leaks(
    requests: &[String],
    digests: &BTreeSet<String>,
    rows: &[String],
    unanswered: &[(&str, String, Answer)],
) {
    let mut asked: BTreeMap<&str, usize> = BTreeMap::new();
    for request in requests {
        let (line, headers) = request.split_once("\r\n").unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        assert!(words.len() == 3 && words[0] == "GET" && words[2] == "HTTP/1.1", "{line}");
        *asked.entry(words[1]).or_default() += 1;
        for header in headers.trim_end().split("\r\n") {
            let (name, value) = header.split_once(": ").unwrap();
            let expected = match name.to_lowercase().as_str() {
                "accept" => value == "*/*",
                "accept-encoding" => ["gzip", "identity", "zstd"].contains(&value),
                "add-padding" => value == "true",
                "cache-control" => value == "no-cache",
                "host" => value.starts_with("127.0.0.1:"),
                "user-agent" => value == concat!("credaudit/", env!("CARGO_PKG_VERSION")),
                _ => false,
            };
            assert!(expected, "{header}");
        }
        assert!(headers.to_lowercase().contains("add-padding: true"), "answers are padded");
    }
    let failing: BTreeSet<String> = unanswered.iter().map(|(_, password, _)| path(&sha1(password))).collect();
    let paths: BTreeSet<String> = digests.iter().map(|digest| path(digest)).collect();
    // Neither the order of the rows nor that of the digests: one in 19! of all orders is either by chance.
    let mut order: Vec<String> = Vec::new();
    for request in requests {
        let path = request.split(' ').nth(1).unwrap();
        if !order.iter().any(|asked| asked == path) {
            order.push(path.to_owned());
        }
    }
    assert!(!order.is_sorted(), "not in the order of the digests");
    let mut as_rows: Vec<String> = Vec::new();
    for digest in rows {
        let path = path(digest);
        if !as_rows.contains(&path) {
            as_rows.push(path);
        }
    }
    order.retain(|asked| as_rows.contains(asked));
    assert_ne!(order, as_rows, "nor in that of the rows");
    assert_eq!(asked.keys().map(|path| (*path).to_owned()).collect::<BTreeSet<_>>(), paths);
    for (path, times) in asked {
        assert_eq!(times, if failing.contains(path) { 5 } else { 1 }, "{path}");
    }
}

#[test]
fn where_only_the_breach_source_could_tell_its_silence_is_unknown_and_ends_in_2() {
    let unanswered = unanswered();
    let server =
        Server::start(unanswered.iter().map(|(_, password, answer)| (path(&sha1(password)), answer.clone())).collect());
    let mut rows: Vec<(String, String)> =
        unanswered.iter().map(|(login, password, _)| ((*login).to_owned(), sha1(password).to_lowercase())).collect();
    rows.push(("clean".into(), sha1("Corncrake91").to_lowercase()));
    let folder = tempfile::tempdir().unwrap();
    let mut policy = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/policy.toml")).unwrap();
    for (reason, tier) in [("unsalted-fast-hash", "T1"), ("common-password", "T1"), ("shared-password", "T2")] {
        let line = format!("\n{reason} = \"{tier}\"");
        assert!(policy.contains(&line), "{reason}");
        policy = policy.replace(&line, &format!("\n{reason} = \"none\""));
    }
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    let sql = table("members", "password", &rows);
    let audited = audit(&server, folder.path(), &sql, &["--policy", file.to_str().unwrap()]);
    for (login, ..) in &unanswered {
        let row = &audited.resets[*login];
        assert_eq!(row["tier"], "unknown", "{login}");
        assert!(reasons(row).contains("not-answered"), "{login}: {}", row["reasons"]);
    }
    assert_eq!(audited.resets.len(), unanswered.len(), "the account that was answered has nothing against it");
    assert_eq!(audited.report["accounts"]["unknown"], unanswered.len());
    assert_eq!(audited.report["accounts"]["none"], 1);
    assert_eq!(audited.report["breach"]["unknown"], unanswered.len());
    assert_eq!(audited.report["complete"], false);
    assert_eq!(audited.code, 2, "nothing found, but not all answered");
}

#[test]
fn a_source_whose_name_nobody_knows_leaves_every_account_unknown_with_the_reason_and_the_count() {
    let rows: Vec<(String, String)> =
        (0..5).map(|n| (format!("reader{n}"), sha1(&format!("Corncrake{n}~Quay")).to_lowercase())).collect();
    let folder = tempfile::tempdir().unwrap();
    // A label of more than 63 letters is looked for nowhere (RFC 1035, 2.3.4).
    let nowhere = Server { url: format!("http://{}.invalid", "a".repeat(64)), requests: Arc::default() };
    let audited = audit(&nowhere, folder.path(), &table("members", "password", &rows), &[]);
    for (login, _) in &rows {
        let row = &audited.resets[login];
        assert!(reasons(row).contains("not-answered"), "{login}: {}", row["reasons"]);
    }
    assert_eq!(audited.report["breach"]["unknown"], 5);
    assert_eq!(audited.report["complete"], false);
    let why = &audited.report["breach_sources"][0]["why_unknown"][0];
    assert_eq!(why["count"], 5, "{why}");
    assert!(why.to_string().contains("could not be reached"), "{why}");
}
