//! Broken, hostile and odd input: a clear line each in the report, the rest audited, never clean, never a panic.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::program::{audit, credaudit, peak_memory};

const GOOD: &str = "CREATE TABLE users (id int, login varchar(20), password char(40));\n\
    INSERT INTO users VALUES (1,'ann','8cb2237d0679ca88db6464eac60da96345513964'),\
    (2,'bob','7c4a8d09ca3762af61e59520943dc26494f8941b'),(3,'cyd','b1b3773a05c0ed0176787a4f1574ff0075f7521e');\n";

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Audits one path: what was skipped, accounts found, exit code.
fn skipped(path: &Path) -> (String, u64, i32) {
    let (output, report) = audit(&[path.to_str().unwrap()]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("panicked"), "{stderr}");
    let lines: Vec<String> = report["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| ["target", "what", "why"].map(|key| s[key].as_str().unwrap()).join(": "))
        .collect();
    let read = &report["bytes"];
    let sum: u64 = ["rows", "other", "not_understood"].iter().map(|k| read[k].as_u64().unwrap()).sum();
    assert_eq!(read["read"].as_u64(), Some(sum), "every byte is accounted for");
    assert_eq!(report["complete"].as_bool(), Some(lines.is_empty() && read["not_understood"] == 0), "{report}");
    (lines.join("\n"), report["accounts"]["total"].as_u64().unwrap(), output.status.code().unwrap())
}

#[test]
fn a_good_dump_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let (lines, accounts, code) = skipped(&write(folder.path(), "good.sql", GOOD));
    assert_eq!((lines.as_str(), accounts, code), ("", 3, 1));
}

#[test]
fn a_dump_of_thousands_of_tables_keeps_every_account() {
    let folder = tempfile::tempdir().unwrap();
    let one = |n: u32| GOOD.replace("users", &format!("site_{n}_users"));
    let text: String = (0..2000).map(one).collect();
    let (lines, accounts, code) = skipped(&write(folder.path(), "multisite.sql", text));
    assert_eq!((lines.as_str(), accounts, code), ("", 6000, 1));
}

#[test]
fn a_cut_off_statement_keeps_the_rows_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let cut = &GOOD[..GOOD.len() - 20];
    let (lines, accounts, code) = skipped(&write(folder.path(), "cut.sql", cut));
    assert_eq!((accounts, code), (2, 1), "{lines}");
    assert!(lines.contains("byte"), "the place is named: {lines}");
}

#[test]
fn a_row_with_a_wrong_number_of_values_is_named_and_the_others_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let text = GOOD.replace("(2,'bob',", "(2,'bob',5,");
    let (lines, accounts, code) = skipped(&write(folder.path(), "ragged.sql", text));
    assert_eq!((accounts, code), (2, 1), "{lines}");
    assert!(!lines.is_empty());
}

#[test]
fn garbage_called_sql_is_not_clean() {
    let folder = tempfile::tempdir().unwrap();
    let garbage: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let (lines, accounts, code) = skipped(&write(folder.path(), "garbage.sql", garbage));
    assert_eq!((accounts, code), (0, 2), "{lines}");
}

#[test]
fn nuls_and_invalid_utf8_in_values_are_bytes_like_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut text = GOOD.replace("'bob'", "'b\u{1}b'").into_bytes();
    let at = text.iter().position(|b| *b == 1).unwrap();
    text[at] = 0xff;
    let (lines, accounts, code) = skipped(&write(folder.path(), "latin.sql", &text));
    assert_eq!((lines.as_str(), accounts, code), ("", 3, 1));
    text[at] = 0;
    let (_, accounts, _) = skipped(&write(folder.path(), "nul.sql", &text));
    assert_eq!(accounts, 3);
}

#[test]
fn a_truncated_gzip_keeps_what_came_and_says_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let many: String =
        (0..20_000).map(|n| format!("INSERT INTO users VALUES ({n},'u{n}','{:040x}');\n", n * 7919)).collect();
    let plain = write(folder.path(), "many.sql", format!("{GOOD}{many}"));
    let output = Command::new("gzip").args(["-c", plain.to_str().unwrap()]).output().unwrap();
    let (lines, accounts, code) =
        skipped(&write(folder.path(), "cut.sql.gz", &output.stdout[..output.stdout.len() / 2]));
    assert!(accounts > 1000 && accounts < 20_003 && code == 1, "{accounts} {code} {lines}");
    assert!(lines.contains("byte"), "{lines}");
}

#[test]
fn a_decompression_bomb_ends_within_its_budget() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = folder.path().join("bomb.gz");
    let mut zeros = Command::new("head").args(["-c", "2G", "/dev/zero"]).stdout(Stdio::piped()).spawn().unwrap();
    let status = Command::new("gzip")
        .arg("-1")
        .stdin(zeros.stdout.take().unwrap())
        .stdout(fs::File::create(&bomb).unwrap())
        .status()
        .unwrap();
    zeros.wait().unwrap();
    assert!(status.success());
    let (lines, _, code) = skipped(&bomb);
    assert_eq!(code, 2);
    assert!(lines.contains("bomb") && lines.contains("--max-ratio"), "{lines}");
}

#[test]
fn fifos_links_and_loops_are_named_and_the_rest_is_audited() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.sql", GOOD);
    fs::create_dir(folder.path().join("sub")).unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("sub/loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dangling")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let (lines, accounts, code) = skipped(folder.path());
    assert_eq!((accounts, code), (3, 1), "{lines}");
    for name in ["loop", "dangling", "pipe"] {
        assert!(lines.contains(name), "{name} is named: {lines}");
    }
}

#[test]
fn a_target_that_is_not_there_is_trouble() {
    let (lines, accounts, code) = skipped(Path::new("/nonexistent/users.sql"));
    assert_eq!((accounts, code), (0, 2), "{lines}");
    assert!(lines.contains("users.sql"), "{lines}");
}

#[test]
fn a_readme_beside_a_dump_is_other_and_a_picture_too() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "good.sql", GOOD);
    write(folder.path(), "README.md", "# The database\n\nSome words about it, in prose, with a comma.\n");
    write(folder.path(), "logo.png", [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 64]].concat());
    let (lines, accounts, code) = skipped(folder.path());
    assert_eq!((lines.as_str(), accounts, code), ("", 3, 1));
}

#[test]
fn a_line_of_a_gigabyte_takes_no_more_memory_than_a_short_one() {
    let mut child = credaudit(&["audit", "--format", "json", "--memory", "256M", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        stdin
            .write_all(b"-- MySQL dump 10.13\nCREATE TABLE `t` (`id` int, `login` varchar(9), `picture` longblob);\n")
            .unwrap();
        stdin.write_all(b"INSERT INTO `t` VALUES (1,'ann','x'),(2,'bob','").unwrap();
        let block = vec![b'y'; 1 << 20];
        for _ in 0..1024 {
            stdin.write_all(&block).unwrap();
        }
        stdin.write_all(b"'),(3,'cyd','z');\n").unwrap();
    });
    let (peak, output) = peak_memory(child);
    feeder.join().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["tables"][0]["rows"], 3, "the row with the long cell and the one after it are rows");
    assert_eq!(report["bytes"]["not_understood"], 0);
    assert!(peak < 300, "{peak} MiB");
}

#[test]
fn standard_output_on_a_full_disk_is_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(folder.path(), "good.sql", GOOD);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = credaudit(&["audit", good.to_str().unwrap()]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!output.stderr.is_empty());
}

#[test]
fn reading_changes_nothing_beside_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let script = write(folder.path(), "good.sql", GOOD);
    let db = folder.path().join("app.db");
    let status = Command::new("sqlite3").arg(&db).stdin(fs::File::open(&script).unwrap()).status().unwrap();
    assert!(status.success());
    let listing = || {
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|e| {
                let e = e.unwrap();
                (e.file_name(), fs::read(e.path()).unwrap(), e.metadata().unwrap().modified().unwrap())
            })
            .collect();
        names.sort();
        names
    };
    let before = listing();
    let (lines, accounts, _) = skipped(folder.path());
    assert_eq!((lines.as_str(), accounts), ("", 6));
    assert_eq!(before, listing(), "no journal, no change");
}
