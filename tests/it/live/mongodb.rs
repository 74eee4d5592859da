//! `MongoDB`, as a protocol fake answers for it: the same verdicts as from an export, the commands of the dry run and no
//! others, every trouble told.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use mongodb::bson::{Bson, Document, doc};
use sha2::Sha256;

use super::{same_report, verdicts};
use crate::mongod::{Collection, Mongod, Setup, Trouble, json, object_id};
use crate::people::{self, GeneratedTable};
use crate::program::{audit, credaudit};

/// A password that nobody may see.
fn secret() -> String {
    format!("Kanarie{}Vogel", 7919)
}

fn setup(collections: Vec<Collection>) -> Setup {
    Setup { collections, has_snapshots: true, sees_all: true, password: secret(), users: None }
}

/// A table of the generated database as documents; every second column lies one level deeper.
fn documents(table: &GeneratedTable) -> Vec<Document> {
    let of = |(number, row): (usize, &Vec<Option<String>>)| {
        let mut document =
            doc! {"_id": object_id(1_600_000_000 + number as u32 * 7, 0xff00_0000_0000_0000 + number as u64)};
        for ((name, kind), cell) in table.columns.iter().zip(row) {
            let Some(cell) = cell else { continue };
            let value = if *kind == "int" { Bson::Int32(cell.parse().unwrap()) } else { Bson::String(cell.clone()) };
            document.insert(*name, value);
        }
        document
    };
    table.rows.iter().enumerate().map(of).collect()
}

fn collection(database: &'static str, name: &str, documents: Vec<Document>) -> Collection {
    Collection { database, name: name.into(), documents, trouble: Trouble::None }
}

/// Accounts under plaintext, `count` of them, with whole numbers as keys.
fn accounts(name: &str, count: i32, trouble: Trouble) -> Collection {
    let one = |n: i32| doc! {"_id": n, "profile": {"login": format!("user{n}")}, "auth": {"password": format!("dragon{}", n % 9)}};
    Collection { trouble, ..collection("shop", name, (1..=count).map(one).collect()) }
}

fn run(server: &Mongod, more: &[&str]) -> (Option<i32>, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, secret()).unwrap();
    let mut args = vec!["--max-connections", "1", "--password-file", password.to_str().unwrap()];
    let url = server.url("/shop?authSource=admin");
    args.push(&url);
    args.extend(more);
    let (output, report) = audit(&args);
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(!String::from_utf8_lossy(&said).contains("Kanarie"), "the password was shown");
    (output.status.code(), report)
}

fn skipped(report: &serde_json::Value) -> String {
    let of =
        |skip: &serde_json::Value| format!("{}: {}\n", skip["what"].as_str().unwrap(), skip["why"].as_str().unwrap());
    report["skipped"].as_array().unwrap().iter().map(of).collect()
}

/// JSON without white space, its names in order.
fn bare(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"));
    value.to_string()
}

#[test]
fn a_live_mongodb_database_is_judged_like_its_own_export_account_by_account() {
    let tables = people::database(6_000, 7);
    let folder = tempfile::tempdir().unwrap();
    // As mongoexport writes collections, one file each.
    let exports = folder.path().join("export");
    fs::create_dir(&exports).unwrap();
    let mut collections = Vec::new();
    for table in &tables {
        let documents = documents(table);
        let lines: String =
            documents.iter().map(|document| json(&Bson::Document(document.clone())).to_string() + "\n").collect();
        fs::write(exports.join(format!("{}.json", table.name)), lines).unwrap();
        collections.push(collection("shop", table.name, documents));
    }
    let of_files = |report: &serde_json::Value| report["accounts"].clone();
    let (of_dump, expected) = verdicts(exports.to_str().unwrap(), &[]);
    let server = Mongod::start(setup(collections));
    let password = folder.path().join("password");
    fs::write(&password, secret()).unwrap();
    let url = server.url("/shop?authSource=admin");
    let with = ["--password-file", password.to_str().unwrap()];
    let (whole, first) = verdicts(&url, &[&with[..], &["--max-connections", "1"]].concat());
    assert_eq!(whole["complete"], true, "{}", whole["skipped"]);
    assert_eq!(of_files(&whole), of_files(&of_dump));
    let without_table = |verdicts: &super::Verdicts| -> Vec<_> {
        let mut all: Vec<_> =
            verdicts.iter().map(|((_, account), verdict)| (account.clone(), verdict.clone())).collect();
        all.sort();
        all
    };
    assert!(
        expected.len() > 2_000 && without_table(&expected) == without_table(&first),
        "{} and {}",
        expected.len(),
        first.len()
    );
    let (parts, got) = verdicts(&url, &[&with[..], &["--max-connections", "3", "--block-size", "1K"]].concat());
    assert_eq!(parts["complete"], true, "{}", parts["skipped"]);
    same_report(&parts, &whole);
    assert!(first == got, "{} and {} verdicts", first.len(), got.len());
    let seen = server.seen.lock().unwrap();
    assert_eq!((&seen.forbidden, seen.cursors), (&Vec::new(), 0));
    assert!(seen.applications.iter().all(|name| name.starts_with("credaudit")) && !seen.applications.is_empty());
    let ranges = seen.commands.iter().filter(|command| command.contains("$gte") && command.contains("$lt")).count();
    assert!(ranges > 20, "{ranges} ranges of ids");
}

#[test]
fn the_commands_sent_to_mongodb_are_those_of_the_dry_run() {
    let hostile = "a\"}; db.x.drop() //\n🦉";
    let server =
        Mongod::start(setup(vec![accounts("users", 3_000, Trouble::None), accounts(hostile, 3, Trouble::None)]));
    let url = server.url("/shop?authSource=admin").replace("auditor@", &format!("auditor:{}@", secret()));
    let dry =
        credaudit(&["audit", "--dry-run", "--max-connections", "1", "--block-size", "1K", &url]).output().unwrap();
    assert!(dry.status.success(), "{}", String::from_utf8_lossy(&dry.stderr));
    let text = String::from_utf8(dry.stdout).unwrap();
    assert!(text.contains("mongodb://auditor:***@127.0.0.1"), "{text}");
    let mut printed: Vec<String> = text.lines().filter(|line| !line.starts_with("-- ")).map(bare).collect();
    let asked: Vec<String> = server.commands();
    assert_eq!(server.seen.lock().unwrap().given, 6, "two names, and the ends of two collections");
    let (code, report) = run(&server, &["--block-size", "1K"]);
    assert_eq!((code, &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
    let mut sent: Vec<String> = server.commands()[asked.len()..].iter().map(|command| bare(command)).collect();
    for command in asked.iter().map(|command| bare(command)).chain(sent.clone()) {
        assert!(printed.contains(&command), "not in the dry run: {command}\n{text}");
    }
    for list in [&mut printed, &mut sent] {
        list.sort();
        list.dedup();
    }
    assert_eq!(printed, sent, "printed and sent");
    let places = report["tables"].to_string();
    assert!(places.contains("auth.password"), "{places}");
    assert_eq!(server.seen.lock().unwrap().forbidden, Vec::<String>::new());
}

/// What the server keeps of a password (RFC 5802).
fn credential(password: &str) -> Document {
    use base64::Engine as _;
    let base64 = |bytes: &[u8]| base64::prelude::BASE64_STANDARD.encode(bytes);
    let mut salted = [0; 32];
    pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), b"salt", 15_000, &mut salted);
    let mut mac = Hmac::<Sha256>::new_from_slice(&salted).unwrap();
    mac.update(b"Server Key");
    let server = mac.finalize().into_bytes();
    doc! {"SCRAM-SHA-256": {"iterationCount": 15_000, "salt": base64(b"salt"), "storedKey": base64(&[1; 32]), "serverKey": base64(&server)}}
}

#[test]
fn what_of_a_mongodb_cannot_be_read_is_told_and_its_own_accounts_are_graded() {
    let list: Vec<Document> = (0..12).map(|n| doc! {"login": format!("kid{n}"), "password": "dragon"}).collect();
    let deep = vec![doc! {"_id": "a", "family": list.clone()}, doc! {"_id": "b", "family": list[..2].to_vec()}];
    let user = |name: &str, password: &str| {
        doc! {"_id": format!("admin.{name}"), "user": name, "db": "admin", "credentials": credential(password), "roles": [{"role": "root", "db": "admin"}]}
    };
    let server = Mongod::start(Setup {
        sees_all: false,
        users: Some(vec![user("root", "dragon"), user("app", &secret())]),
        ..setup(vec![
            collection("shop", "families", deep),
            accounts("refused", 3, Trouble::Error(13)),
            accounts("slow", 3, Trouble::Error(50)),
            accounts("zz", 3, Trouble::None),
        ])
    });
    let (code, report) = run(&server, &[]);
    assert_eq!((code, &report["complete"]), (Some(1), &false.into()));
    let told = skipped(&report);
    for (what, why) in [
        ("table refused", "not audited: no right to read it"),
        ("table slow", "took too long"),
        ("table families", "hold more than is read of them"),
        (": ", "this user has rights on single collections"),
    ] {
        assert!(told.lines().any(|line| line.starts_with(what) && line.contains(why)), "{what}: {why}\n{told}");
    }
    let table = |name: &str| report["tables"].as_array().unwrap().iter().find(|t| t["table"] == name).cloned().unwrap();
    assert_eq!((&table("zz")["rows"], &table("families")["rows"]), (&3.into(), &2.into()));
    assert!(table("families").to_string().contains("family[].password"), "{}", table("families"));
    let users = table("admin.system.users");
    assert!(users["rows"] == 2 && users.to_string().contains("scram-sha-256"), "{users}");
    assert_eq!(server.seen.lock().unwrap().forbidden, Vec::<String>::new());

    // A server that keeps its data for too short a time: read all the same, and told.
    let server = Mongod::start(setup(vec![accounts("users", 300, Trouble::TooOld), accounts("zz", 3, Trouble::None)]));
    let (code, report) = run(&server, &[]);
    let told = skipped(&report);
    assert_eq!((code, &report["complete"]), (Some(1), &false.into()));
    assert!(told.lines().count() == 1 && told.contains("no longer kept the data of the moment"), "{told}");
    let rows: u64 = report["tables"].as_array().unwrap().iter().map(|table| table["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, 303);

    // One that keeps none; all databases.
    let server = Mongod::start(Setup {
        has_snapshots: false,
        ..setup(vec![
            accounts("users", 30, Trouble::None),
            collection("blog", "posts", vec![doc! {"_id": 1, "title": "x"}]),
        ])
    });
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    fs::write(&password, secret()).unwrap();
    let (output, report) = audit(&["--password-file", password.to_str().unwrap(), &server.url("/")]);
    assert_eq!((output.status.code(), &report["complete"]), (Some(1), &true.into()), "{}", report["skipped"]);
    assert!(report.to_string().contains("keeps no snapshots"), "told");
    let names: Vec<&str> =
        report["tables"].as_array().unwrap().iter().map(|table| table["table"].as_str().unwrap()).collect();
    assert_eq!(names, ["blog.posts", "shop.users"]);
}

#[test]
fn faults_of_a_mongodb_in_the_middle_are_told_and_nothing_is_left_behind() {
    let two = |trouble| Mongod::start(setup(vec![accounts("a_big", 3_000, trouble), accounts("zz", 3, Trouble::None)]));
    // The connection is gone.
    let server = two(Trouble::Cut(1_500));
    let (code, report) = run(&server, &[]);
    let told = skipped(&report);
    assert!(matches!(code, Some(1 | 2)), "{code:?}");
    assert!(told.contains("table a_big: ") && told.contains("connection to the server broke"), "{told}");
    assert!(told.contains("table zz: not audited"), "{told}");

    // A command takes too long; the next collection is read.
    let server = two(Trouble::Stall(101));
    let (code, report) = run(&server, &["--statement-timeout", "1"]);
    let told = skipped(&report);
    assert!(code == Some(1) && told.contains("table a_big") && told.contains("took too long"), "{code:?} {told}");
    assert!(report["tables"].as_array().unwrap().iter().any(|table| table["table"] == "zz"), "the rest goes on");
    assert!(server.commands().iter().any(|command| command.contains("maxTimeMS")));

    // A sample gives its cursor up.
    let server = two(Trouble::None);
    let (code, report) = run(&server, &["--sample", "10"]);
    assert_eq!((code, &report["complete"]), (Some(1), &false.into()));
    assert_eq!(report["tables"][0]["rows"], 10);

    // Somebody presses Ctrl-C while the server says nothing.
    let server = two(Trouble::Stall(101));
    let url = server.url("/shop?authSource=admin").replace("auditor@", &format!("auditor:{}@", secret()));
    let child =
        credaudit(&["audit", "--format", "json", &url]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while server.seen.lock().unwrap().given < 101 {
        assert!(start.elapsed() < Duration::from_mins(1), "it does not read");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(200));
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = skipped(&report);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{:?}", output.status);
    assert!(told.contains("interrupted") && told.contains("table zz: not audited"), "{told}");
    let seen = server.seen.lock().unwrap();
    assert_eq!((seen.cursors, &seen.forbidden), (0, &Vec::new()), "no cursor is left open");
}

#[test]
fn a_mongodb_that_refuses_the_password_is_told_without_it() {
    let server = Mongod::start(setup(Vec::new()));
    let url = server.url("/shop?authSource=admin").replace("auditor@", &format!("auditor:{}x@", secret()));
    let (output, report) = audit(&[&url]);
    let said = String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(report["skipped"].to_string().contains("refuses this user or password"), "{}", report["skipped"]);
    assert!(!said.contains("Kanarie") && said.contains("auditor:***@"), "{said}");
}
