//! Several breach sources at once, and the two that are asked by ten digits, against servers on the loopback interface that
//! speak their protocols and misbehave.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use credaudit::breach::corpus::{BuildOptions, Builder, Variant};
use credaudit::breach::{Enzoic, EnzoicKey, LookupOptions, Source, XposedOrNot};
use credaudit::model::{Digest, DigestKind, Exposure, Secret, Unasked};
use credaudit::schemes::digest_of;

use crate::program::{credaudit, read_csv};
use crate::web::{Web, path, response};

/// The hex digits of a password's digest.
fn hex_of(kind: DigestKind, password: &str) -> String {
    hex::encode(digest_of(kind, password.as_bytes()).bytes())
}

fn candidate(password: &str, count: u64) -> String {
    let [md5, sha1, sha256] =
        [DigestKind::Md5, DigestKind::Sha1, DigestKind::Sha256].map(|kind| hex_of(kind, password));
    format!(
        r#"{{"md5":"{md5}","sha1":"{sha1}","sha256":"{sha256}","revealedInExposure":true,"relativeExposureFrequency":1,"exposureCount":{count}}}"#
    )
}

/// Speaks Enzoic's protocol to whoever has the key; knows these passwords and `password`.
fn enzoic(known: &'static [(&'static str, u64)]) -> Web {
    Web::start(move |head| {
        // "key:secret" in base 64.
        if !head.contains("authorization: Basic a2V5OnNlY3JldA==\r\n") {
            return response("401 Unauthorized", "", b"");
        }
        let Some((name, asked)) = path(head).strip_prefix("/v1/passwords?").and_then(|query| query.split_once('='))
        else {
            return response("400 Bad Request", "", b"");
        };
        let kind = match name {
            "partial_md5" => DigestKind::Md5,
            "partial_sha1" => DigestKind::Sha1,
            "partial_sha256" => DigestKind::Sha256,
            _ => return response("400 Bad Request", "", b""),
        };
        let all = known.iter().chain(&[("password", 9_659_365)]);
        let found: Vec<String> = all
            .filter(|(password, _)| asked.len() == 10 && hex_of(kind, password).starts_with(asked))
            .map(|(password, count)| candidate(password, *count))
            .collect();
        if found.is_empty() {
            return response("404 Not Found", "", b"{}");
        }
        let body = format!("{{\"candidates\":[{}]}}", found.join(","));
        response("200 OK", "Content-Type: application/json\r\n", body.as_bytes())
    })
}

fn key() -> EnzoicKey {
    EnzoicKey { key: "key".into(), secret: Secret::new(b"secret") }
}

fn options(url: &str) -> LookupOptions {
    LookupOptions { first_wait: Duration::from_millis(2), timeout: Duration::from_secs(2), ..LookupOptions::new(url) }
}

fn ask(source: &dyn Source, digests: impl IntoIterator<Item = Digest>) -> HashMap<Digest, Exposure> {
    let mut digests: Vec<Digest> = digests.into_iter().collect();
    digests.sort_unstable();
    digests.dedup();
    let mut answers = HashMap::new();
    source
        .ask(&digests, &mut |at, exposure| assert!(answers.insert(digests[at], exposure).is_none(), "answered twice"));
    assert_eq!(answers.len(), digests.len(), "a digest was not answered");
    answers
}

#[test]
fn enzoic_is_asked_by_ten_digits_and_compared_whole_for_each_kind_it_takes() {
    let server = enzoic(&[("Corncrake88", 37), ("Bittern.21", 4)]);
    let source = Enzoic::new(key(), options(&format!("{}/v1", server.url))).unwrap();
    let kinds = [DigestKind::Md5, DigestKind::Sha1, DigestKind::Sha256];
    let digests: Vec<Digest> = kinds
        .iter()
        .flat_map(|kind| ["Corncrake88", "Bittern.21", "Heron~unseen"].map(|word| digest_of(*kind, word.as_bytes())))
        .collect();
    // Begins like one that is known, and is another.
    let mut neighbour = digests[0].bytes().to_vec();
    neighbour[9] ^= 1;
    let neighbour = Digest::of(DigestKind::Md5, &neighbour).unwrap();
    let answers = ask(&source, digests.iter().copied().chain([neighbour]));
    for kind in kinds {
        assert_eq!(answers[&digest_of(kind, b"Corncrake88")], Exposure::Seen(Some(37)), "{kind:?}");
        assert_eq!(answers[&digest_of(kind, b"Bittern.21")], Exposure::Seen(Some(4)), "{kind:?}");
        assert_eq!(answers[&digest_of(kind, b"Heron~unseen")], Exposure::NotSeen, "{kind:?}");
    }
    assert_eq!(answers[&neighbour], Exposure::NotSeen);
    let heads = server.heads();
    assert_eq!(heads.len(), 9 + 3, "each beginning once, and once a kind what everybody knows");
    let said = heads.concat();
    for digest in &digests {
        assert!(!said.contains(&hex::encode(digest.bytes())[..11]), "more than ten digits were sent");
    }
}

/// What a server does with everything but the question about `password`, and how that is heard of.
type Trouble = (&'static str, fn(usize) -> Vec<u8>, Exposure);

const TROUBLES: [Trouble; 9] = [
    ("a refused key", |_| response("401 Unauthorized", "", b""), Exposure::Unknown(Unasked::Refused)),
    ("too many requests", |_| response("429 Too Many", "", b""), Exposure::Unknown(Unasked::RateLimited)),
    (
        "come back in an hour",
        |_| response("429 Too Many", "Retry-After: 3600\r\n", b""),
        Exposure::Unknown(Unasked::RateLimited),
    ),
    ("an error", |_| response("502 Bad Gateway", "", b""), Exposure::Unknown(Unasked::ServerError)),
    (
        "an error, twice",
        |n| if n < 2 { response("502 Bad Gateway", "", b"") } else { response("404 Not Found", "", b"") },
        Exposure::NotSeen,
    ),
    ("a page", |_| response("200 OK", "", b"<html>Sign in</html>"), Exposure::Unknown(Unasked::BadAnswer)),
    ("nothing", |_| response("200 OK", "", b""), Exposure::Unknown(Unasked::BadAnswer)),
    ("a redirect", |_| response("302 Found", "Location: /elsewhere\r\n", b""), Exposure::Unknown(Unasked::BadAnswer)),
    ("an end", |_| Vec::new(), Exposure::Unknown(Unasked::Unreachable)),
];

#[test]
fn whatever_goes_wrong_with_a_source_of_ten_digits_is_unknown_for_its_reason() {
    for (what, trouble, expected) in TROUBLES {
        let tries = AtomicUsize::new(0);
        let sha1 = hex_of(DigestKind::Sha1, "password");
        let server = Web::start(move |head| {
            if path(head).ends_with(&format!("partial_sha1={}", &sha1[..10])) {
                let body = format!("{{\"candidates\":[{}]}}", candidate("password", 9));
                return response("200 OK", "", body.as_bytes());
            }
            trouble(tries.fetch_add(1, Ordering::SeqCst))
        });
        let source = Enzoic::new(key(), options(&server.url)).unwrap();
        let digest = digest_of(DigestKind::Sha1, b"Corncrake88");
        assert_eq!(ask(&source, [digest])[&digest], expected, "{what}");

        let tries = AtomicUsize::new(0);
        let known = hex_of(DigestKind::Keccak, "password");
        let server = Web::start(move |head| {
            if path(head) == format!("/pass/anon/{known}") {
                let body = format!(r#"{{"SearchPassAnon":{{"anon":"{known}","char":"","count":"3","wordlist":0}}}}"#);
                return response("200 OK", "", body.as_bytes());
            }
            trouble(tries.fetch_add(1, Ordering::SeqCst))
        });
        let source = XposedOrNot::new(options(&server.url)).unwrap();
        let digest = digest_of(DigestKind::Keccak, b"Corncrake88");
        assert_eq!(ask(&source, [digest])[&digest], expected, "{what}");
    }
}

#[test]
fn a_source_that_does_not_know_what_everybody_knows_is_not_believed_when_it_says_not_there() {
    let server = Web::start(|_| response("404 Not Found", "", b"no such page"));
    let source = XposedOrNot::new(options(&server.url)).unwrap();
    let digests: Vec<Digest> =
        (0..50).map(|n| digest_of(DigestKind::Keccak, format!("heron {n}").as_bytes())).collect();
    let answers = ask(&source, digests.clone());
    assert!(answers.values().all(|exposure| *exposure == Exposure::Unknown(Unasked::BadAnswer)));
    assert_eq!(server.heads().len(), 1, "and is told nothing else");
}

/// Writes a dump with one table of logins and stored values.
fn dump(folder: &Path, table: &str, column: &str, rows: &[(&str, String)]) -> PathBuf {
    let rows: Vec<String> =
        rows.iter().enumerate().map(|(n, (login, stored))| format!("({n},'{login}','{stored}')")).collect();
    let file = folder.join(format!("{table}.sql"));
    let sql = format!(
        "CREATE TABLE {table} (id int, login varchar(40), {column} varchar(80));\nINSERT INTO {table} VALUES {};\n",
        rows.join(",")
    );
    fs::write(&file, sql).unwrap();
    file
}

/// Runs an audit; its output, the report, and the reset list by login.
fn audit(
    folder: &Path,
    dump: &Path,
    args: &[&str],
) -> (Output, serde_json::Value, HashMap<String, HashMap<String, String>>) {
    let resets = folder.join("resets.csv");
    let output = credaudit(&["audit", "--format", "json", "--resets"])
        .arg(&resets)
        .args(args)
        .arg(dump)
        .env("ENZOIC_KEY", "key")
        .env("ENZOIC_SECRET", "secret")
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .env("XDG_DATA_HOME", folder.join("data"))
        .env_remove("CREDAUDIT_CORPUS")
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("no report ({e}): {}", String::from_utf8_lossy(&output.stderr)));
    let resets = read_csv(&resets).into_iter().map(|row| (row["login"].clone(), row)).collect();
    (output, report, resets)
}

#[test]
fn a_column_of_unsalted_md5_or_sha256_is_asked_of_enzoic() {
    let server = enzoic(&[("Corncrake88", 3700), ("Bittern.21", 4)]);
    let folder = tempfile::tempdir().unwrap();
    for kind in [DigestKind::Md5, DigestKind::Sha256] {
        // The common one proves the scheme.
        let rows = ["Corncrake88", "Bittern.21", "Heron~unseen", "123456"];
        let rows: Vec<(&str, String)> =
            ["often", "seldom", "never", "common"].into_iter().zip(rows.map(|word| hex_of(kind, word))).collect();
        let dump = dump(folder.path(), "members", "password", &rows);
        let url = format!("{}/v1", server.url);
        let (_, report, resets) = audit(folder.path(), &dump, &["--breach", "enzoic", "--enzoic-url", &url]);
        assert_eq!(resets["often"]["exposure_count"], "3700", "{kind:?}");
        assert!(resets["often"]["reasons"].contains("breached-often"), "{kind:?}");
        assert_eq!(resets["seldom"]["exposure_count"], "4", "{kind:?}");
        assert_eq!(resets["never"]["exposure_count"], "", "{kind:?}");
        let source = &report["breach_sources"][0];
        assert_eq!((source["asked"].as_u64(), source["seen"].as_u64()), (Some(4), Some(2)), "{kind:?}");
        assert_eq!(report["complete"], true);
    }
}

#[test]
fn plaintext_can_be_asked_of_xposedornot_when_it_is_named_and_enzoic_needs_its_keys() {
    let known = hex_of(DigestKind::Keccak, "Corncrake88~Quay");
    let everybody = hex_of(DigestKind::Keccak, "password");
    let server = Web::start(move |head| {
        match path(head).strip_prefix("/pass/anon/").filter(|anon| *anon == known || *anon == everybody) {
            Some(anon) => {
                let body = format!(r#"{{"SearchPassAnon":{{"anon":"{anon}","char":"","count":"12","wordlist":0}}}}"#);
                response("200 OK", "", body.as_bytes())
            }
            None => response("404 Not Found", "", br#"{"Error":"Not found"}"#),
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let rows = [("seen", "Corncrake88~Quay".to_owned()), ("clean", "Heron~Quay~7".to_owned())];
    let dump = dump(folder.path(), "members", "password", &rows);
    let (_, report, resets) =
        audit(folder.path(), &dump, &["--breach", "xposedornot", "--xposedornot-url", &server.url]);
    assert_eq!(resets["seen"]["exposure_count"], "12");
    assert_eq!(resets["clean"]["exposure_count"], "");
    assert_eq!(report["breach_sources"][0]["asked"], 2);
    assert_eq!(server.heads().len(), 3);

    let output = credaudit(&["audit", "--breach", "enzoic"]).arg(&dump).env_remove("ENZOIC_KEY").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("ENZOIC_KEY"));
}

/// A corpus file of these passwords.
fn corpus(path: &Path, variant: Variant, words: &[(&str, u64)], holes: &[u32]) {
    let mut digests: Vec<(Digest, u64)> =
        words.iter().map(|(word, count)| (digest_of(DigestKind::Sha1, word.as_bytes()), *count)).collect();
    digests.sort_unstable();
    let options = BuildOptions {
        kind: DigestKind::Sha1,
        variant,
        expected: digests.len() as u64,
        source: "a test".into(),
        date: 0,
    };
    let mut builder = Builder::create(path, options).unwrap();
    for (digest, count) in digests {
        builder.push_sorted(&digest, count).unwrap();
    }
    for prefix in holes {
        builder.hole(*prefix);
    }
    builder.finish().unwrap();
}

fn prefix(word: &str) -> String {
    hex_of(DigestKind::Sha1, word)[..5].to_uppercase()
}

/// Speaks the range protocol; knows these passwords.
fn ranges(known: &'static [(&'static str, u64)]) -> Web {
    Web::start(move |head| {
        let asked = path(head).strip_prefix("/range/").unwrap_or_default().to_owned();
        let mut lines: BTreeSet<String> = (1..9_u64).map(|n| format!("{n:035X}:{n}")).collect();
        for (word, count) in known {
            let hex = hex_of(DigestKind::Sha1, word).to_uppercase();
            if hex.starts_with(&asked) {
                lines.insert(format!("{}:{count}", &hex[5..]));
            }
        }
        response("200 OK", "", lines.into_iter().collect::<Vec<_>>().join("\r\n").as_bytes())
    })
}

#[test]
fn with_a_filter_the_clean_digests_never_leave_the_machine_and_its_hits_are_confirmed() {
    let folder = tempfile::tempdir().unwrap();
    let filter = folder.path().join("known.corpus");
    corpus(&filter, Variant::Filter16, &[("Corncrake88", 1), ("Bittern.21", 1)], &[]);
    let words: Vec<String> = (0..300).map(|n| format!("Heron~{n}~Quay")).collect();
    let mut rows: Vec<(String, String)> =
        words.iter().enumerate().map(|(n, word)| (format!("clean{n}"), hex_of(DigestKind::Sha1, word))).collect();
    rows.extend(["Corncrake88", "Bittern.21"].map(|word| (word.to_owned(), hex_of(DigestKind::Sha1, word))));
    let rows: Vec<(&str, String)> = rows.iter().map(|(login, hash)| (login.as_str(), hash.clone())).collect();
    let dump = dump(folder.path(), "members", "password", &rows);
    let server = ranges(&[("Corncrake88", 3700), ("Bittern.21", 4)]);
    let corpus = format!("corpus:{},hibp", filter.display());
    let (output, report, resets) = audit(folder.path(), &dump, &["--breach", &corpus, "--breach-url", &server.url]);
    assert_eq!(resets["Corncrake88"]["exposure_count"], "3700");
    assert_eq!(resets["Bittern.21"]["exposure_count"], "4");
    assert_eq!(report["complete"], true, "{report}");
    let asked: BTreeSet<String> = server.heads().iter().map(|head| path(head)[7..].to_owned()).collect();
    // One in 65,536 clean ones may be asked about.
    assert!(
        asked.len() <= 3 && ["Corncrake88", "Bittern.21"].iter().all(|word| asked.contains(&prefix(word))),
        "{asked:?}"
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("2 distinct digests lie in 2 ranges: 2 requests"), "stated before asking: {said}");

    // Alone, a filter's "perhaps" is no verdict.
    let (_, report, resets) = audit(folder.path(), &dump, &["--breach", &format!("corpus:{}", filter.display())]);
    assert!(resets["Corncrake88"]["reasons"].contains("not-answered"));
    assert_eq!(report["complete"], false);
    let why = report["breach_sources"][0]["why_unknown"][0]["why"].as_str().unwrap();
    assert!(why.contains("filter"), "{why}");
}

#[test]
fn auto_asks_the_corpus_and_of_the_server_only_what_the_corpus_cannot_tell() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/credaudit");
    fs::create_dir_all(&data).unwrap();
    let lost = u32::from_str_radix(&prefix("Bittern.21"), 16).unwrap();
    corpus(&data.join("sha1.corpus"), Variant::Compact, &[("Corncrake88", 3700)], &[lost]);
    let words = ["Corncrake88", "Bittern.21", "Heron~Quay"];
    let rows: Vec<(&str, String)> = words.iter().map(|word| (*word, hex_of(DigestKind::Sha1, word))).collect();
    let dump = dump(folder.path(), "members", "password", &rows);
    let server = ranges(&[("Bittern.21", 4), ("Heron~Quay", 9)]);
    let (_, report, resets) = audit(folder.path(), &dump, &["--breach", "auto", "--breach-url", &server.url]);
    assert_eq!(resets["Corncrake88"]["exposure_count"], "3700");
    assert_eq!(resets["Bittern.21"]["exposure_count"], "4");
    assert_eq!(resets["Heron~Quay"]["exposure_count"], "", "the corpus has settled it");
    assert_eq!(report["complete"], true);
    let asked: Vec<String> = server.heads().iter().map(|head| path(head).to_owned()).collect();
    assert_eq!(asked, [format!("/range/{}", prefix("Bittern.21"))]);
}

#[test]
fn what_is_over_the_budget_is_not_asked_is_unknown_and_counted_and_found_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<String> = (0..40).map(|n| format!("Heron~{n}~Quay")).collect();
    let logins: Vec<String> = (0..40).map(|n| format!("user{n}")).collect();
    let rows: Vec<(&str, String)> =
        logins.iter().zip(&words).map(|(login, word)| (login.as_str(), hex_of(DigestKind::Sha1, word))).collect();
    let dump = dump(folder.path(), "members", "password", &rows);
    let server = ranges(&[]);
    let args = ["--breach", "hibp", "--breach-url", &server.url, "--breach-budget", "15"];
    for (asked, unknown) in [(15, 25), (30, 10), (40, 0)] {
        let (_, report, resets) = audit(folder.path(), &dump, &args);
        assert_eq!(server.heads().len(), asked, "what came before was kept");
        let source = &report["breach_sources"][0];
        assert_eq!(source["unknown"], unknown);
        assert_eq!(report["complete"], unknown == 0);
        let told = resets.values().filter(|row| row["reasons"].contains("not-answered")).count();
        assert_eq!(told as u64, unknown);
        if unknown > 0 {
            let why = &source["why_unknown"][0];
            assert!(why["why"].as_str().unwrap().contains("--breach-budget"), "{why}");
            assert_eq!(why["count"], unknown);
        }
    }
    // Nothing in the cache tells one audit from the other, or when within a day.
    let kept = fs::read_dir(folder.path().join("cache/credaudit")).unwrap().count();
    assert_eq!(kept, 1);
}

#[test]
fn two_audits_at_once_share_one_cache_and_both_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let server = ranges(&[("Corncrake88", 3700), ("Bittern.21", 4)]);
    let cache = folder.path().join("ranges");
    let mut running = Vec::new();
    for n in 0..2 {
        let own = folder.path().join(n.to_string());
        fs::create_dir(&own).unwrap();
        let words: Vec<String> = (0..400).map(|at| format!("Heron~{}~Quay", at + n * 200)).collect();
        let mut rows: Vec<(&str, String)> =
            words.iter().map(|word| (word.as_str(), hex_of(DigestKind::Sha1, word))).collect();
        rows.extend(["Corncrake88", "Bittern.21"].map(|word| (word, hex_of(DigestKind::Sha1, word))));
        let dump = dump(&own, "members", "password", &rows);
        let child = credaudit(&["audit", "--format", "json", "--breach", "hibp", "--breach-url", &server.url])
            .arg("--breach-cache")
            .arg(&cache)
            .arg("--resets")
            .arg(own.join("resets.csv"))
            .arg(&dump)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        running.push((own, child));
    }
    for (own, child) in running {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let resets: HashMap<String, HashMap<String, String>> =
            read_csv(&own.join("resets.csv")).into_iter().map(|row| (row["login"].clone(), row)).collect();
        assert_eq!(resets["Corncrake88"]["exposure_count"], "3700");
        assert_eq!(resets["Bittern.21"]["exposure_count"], "4");
        assert!(resets.values().all(|row| !row["reasons"].contains("not-answered")));
    }
    let store = credaudit::breach::RangeStore::open(&cache, &server.url).unwrap();
    let prefixes: BTreeSet<String> = server.heads().iter().map(|head| path(head)[7..12].to_owned()).collect();
    for prefix in &prefixes {
        let kept = store.get(DigestKind::Sha1, u32::from_str_radix(prefix, 16).unwrap()).unwrap();
        assert!(kept.is_some_and(|kept| kept.range.len() >= 8), "{prefix}");
    }
    assert!(prefixes.len() > 590);
}

#[test]
fn a_cache_that_cannot_be_used_is_an_error_when_it_was_named_and_a_note_when_it_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let dump = dump(folder.path(), "members", "password", &[("one", hex_of(DigestKind::Sha1, "Corncrake88"))]);
    let server = ranges(&[("Corncrake88", 3700)]);
    let other = folder.path().join("notes.txt");
    fs::write(&other, "not a cache").unwrap();
    let args = ["audit", "--breach", "hibp", "--breach-url", &server.url, "--breach-cache"];
    let output = credaudit(&args).arg(&other).arg(&dump).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("notes.txt") && said.contains("--breach-cache none"), "{said}");
    assert_eq!(fs::read_to_string(&other).unwrap(), "not a cache");

    // A file stands where the folder would be made.
    let output = credaudit(&args[..5]).arg(&dump).env("XDG_CACHE_HOME", &other).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no cache of ranges"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("3,700") || server.heads().len() == 1);
}

#[test]
fn check_says_how_often_and_never_what() {
    let folder = tempfile::tempdir().unwrap();
    let server = ranges(&[("Corncrake88", 3700), ("Bittern.21", 4)]);
    let check = |args: &[&str], input: &str| {
        let mut child = credaudit(&["check"])
            .args(args)
            .env("XDG_CACHE_HOME", folder.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        for word in ["Corncrake", "Heron", "Bittern"] {
            assert!(!said.contains(word) && !said.contains(&hex_of(DigestKind::Sha1, "Corncrake88")), "{said}");
        }
        (output.status.code().unwrap(), said)
    };
    let hibp = ["--breach", "hibp", "--breach-url", server.url.as_str()];
    let (code, said) = check(&hibp, "Corncrake88\r\n");
    assert!(code == 1 && said.contains("seen 3,700 times"), "{code}: {said}");
    let (code, said) = check(&hibp, "Heron~Quay");
    assert!(code == 0 && said.contains("0 seen, 1 not seen"), "{code}: {said}");
    let hashes = [&hibp[..], &["--hashes"]].concat();
    let lines = [hex_of(DigestKind::Sha1, "Corncrake88"), hex_of(DigestKind::Sha1, "Heron").to_uppercase(), "x".into()];
    let (code, said) = check(&hashes, &lines.join("\n"));
    assert!(code == 1 && said.contains("1 seen, 1 not seen") && said.contains("line 3"), "{code}: {said}");
    let (code, said) = check(&hashes, &hex_of(DigestKind::Ntlm, "Heron"));
    assert!(code == 2 && said.contains("--kind"), "{code}: {said}");
    let (code, said) = check(&["--hashes", "--kind", "ntlm"], &hex_of(DigestKind::Ntlm, "123456"));
    assert!(code == 1 && said.contains("common passwords"), "{code}: {said}");
    let (code, _) = check(&[], "123456\nHeron~Quay\n");
    assert_eq!(code, 1);
    let (code, _) = check(&[], "Heron~Quay\n");
    assert_eq!(code, 0);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (code, said) = check(
        &["--breach", "hibp", "--breach-url", &format!("http://{closed}"), "--breach-cache", "none"],
        "Heron~Quay\n",
    );
    assert!(code == 2 && said.contains("could not be reached"), "{code}: {said}");
    // A label of more than 63 letters is looked for nowhere (RFC 1035, 2.3.4).
    let nowhere = format!("http://{}.invalid", "a".repeat(64));
    let (code, said) = check(&["--breach", "hibp", "--breach-url", &nowhere, "--breach-cache", "none"], "Heron~Quay\n");
    assert!(code == 2 && said.contains("could not be reached"), "a name that does not exist: {code}: {said}");
}
