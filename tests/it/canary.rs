//! Unique passwords, salts and hashes planted in every format; none of them, nor a part, may be in anything the program
//! writes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use birds::Canaries;

use crate::program::credaudit;

mod birds {
    use md5::{Digest, Md5};
    use sha1::Sha1;

    /// Values that must not come out.
    pub(super) struct Canaries {
        pub(super) plain: Vec<String>,
        pub(super) stored: Vec<String>,
    }

    impl Canaries {
        /// Twelve accounts with canaries and one with a password that everybody has, which proves the constructions:
        /// login, email, plaintext, unsalted hash, salt and salted hash.
        pub(super) fn plant(tag: &str) -> (Self, Vec<[String; 6]>) {
            let mut canaries = Self { plain: Vec::new(), stored: Vec::new() };
            let rows = (0..13)
                .map(|n| {
                    let canary = n < 12;
                    let plain =
                        if canary { format!("Kanarie{tag}{n}Vogel!{}", n * 7919 + 13) } else { "dragon".to_owned() };
                    let sha1 = hex::encode(Sha1::digest(plain.as_bytes()));
                    let salt = format!("s4lt{tag}{n}x");
                    let salted = hex::encode(Md5::digest(format!("{salt}{plain}").as_bytes()));
                    canaries.plain.extend(canary.then(|| plain.clone()));
                    canaries.stored.extend([sha1.clone(), salt.clone(), salted.clone()]);
                    [format!("user{n}"), format!("user{n}@mail.example"), plain, sha1, salt, salted]
                })
                .collect();
            (canaries, rows)
        }

        /// Panics, naming the place and not the value, if `bytes` hold a canary or half of one.
        pub(super) fn assert_silent(&self, bytes: &[u8], place: &str) {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            for (what, values) in [("a password", &self.plain), ("a stored value", &self.stored)] {
                for value in values {
                    let value = value.to_lowercase();
                    let half = &value[..value.len().div_ceil(2).max(9).min(value.len())];
                    assert!(!text.contains(half), "{place} holds {what}");
                }
            }
        }
    }
}

const COLUMNS: [&str; 6] = ["login", "email", "password", "old_password", "salt", "legacy_hash"];

fn quoted(cell: &str) -> String {
    format!("'{}'", cell.replace('\'', "''"))
}

/// Every format as a file, named after what it is.
fn plant(folder: &Path, rows: &[[String; 6]]) -> Vec<PathBuf> {
    let values = |row: &[String; 6]| row.iter().map(|c| quoted(c)).collect::<Vec<_>>().join(",");
    let create = "CREATE TABLE users (login varchar(20), email varchar(50), password varchar(50), old_password char(40), salt varchar(20), legacy_hash char(32));\n";
    let inserts: String = rows.iter().map(|r| format!("INSERT INTO users VALUES ({});\n", values(r))).collect();
    let all: Vec<String> = rows.iter().map(|r| format!("({})", values(r))).collect();
    let mysql = format!("-- MySQL dump 10.13\n{create}INSERT INTO `users` VALUES {};\n", all.join(","));
    let copy: String = rows.iter().map(|r| r.join("\t") + "\n").collect();
    let copy =
        format!("-- PostgreSQL database dump\nCOPY public.users ({}) FROM stdin;\n{copy}\\.\n", COLUMNS.join(", "));
    let tsql: String = rows
        .iter()
        .map(|r| {
            let cells: Vec<String> = r.iter().map(|c| format!("N{}", quoted(c))).collect();
            format!("INSERT [dbo].[users] ([{}]) VALUES ({})\r\nGO\r\n", COLUMNS.join("], ["), cells.join(", "))
        })
        .collect();
    let utf16: Vec<u8> = "\u{feff}".encode_utf16().chain(tsql.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let separated = |by: &str| {
        let body: String = rows.iter().map(|r| r.join(by) + "\n").collect();
        format!("{}\n{body}", COLUMNS.join(by))
    };
    let objects: Vec<serde_json::Value> = rows
        .iter()
        .map(|r| {
            COLUMNS
                .iter()
                .zip(r)
                .map(|(c, v)| ((*c).to_owned(), v.as_str().into()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect();
    let ndjson: String = objects.iter().map(|o| format!("{o}\n")).collect();
    let nested = serde_json::json!({"users": objects.clone()}).to_string();
    let headless: String = rows.iter().map(|r| r.join(",") + "\n").collect();
    let mut files: Vec<(&str, Vec<u8>)> = vec![
        ("mysql.sql", mysql.into()),
        ("ansi.sql", format!("{create}{inserts}").into()),
        ("sqlite.sql", format!("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n{create}{inserts}COMMIT;\n").into()),
        ("copy.sql", copy.into()),
        ("ssms.sql", utf16),
        ("comma.csv", separated(",").into()),
        ("semicolon.csv", separated(";").into()),
        ("tab.tsv", separated("\t").into()),
        ("pipe.txt", separated("|").into()),
        ("headless.csv", headless.into()),
        ("array.json", serde_json::Value::from(objects).to_string().into()),
        ("nested.json", nested.into()),
        ("lines.ndjson", ndjson.into()),
    ];
    // Broken in the middle of a value: the errors must be silent too.
    let broken: Vec<(String, Vec<u8>)> = files
        .iter()
        .map(|(name, bytes)| (format!("cut-{name}"), bytes[..bytes.len() - bytes.len() / 9].to_vec()))
        .collect();
    let strange = format!("INSERT INTO users VALUES ({},'one too many');\n)))'{}\n", values(&rows[0]), rows[1][2]);
    files.push(("strange.sql", format!("{create}{strange}").into()));
    let mut paths = Vec::new();
    for (name, bytes) in
        files.iter().map(|(n, b)| ((*n).to_owned(), b)).chain(broken.iter().map(|(n, b)| (n.clone(), b)))
    {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    for (tool, ending) in [("gzip", "gz"), ("zstd", "zst"), ("xz", "xz"), ("bzip2", "bz2")] {
        let path = folder.join(format!("mysql.sql.{ending}"));
        let output = Command::new(tool).args(["-c", folder.join("mysql.sql").to_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{tool}; run `make setup-test`");
        fs::write(&path, &output.stdout).unwrap();
        paths.push(path);
        let cut = folder.join(format!("cut.sql.{ending}"));
        fs::write(&cut, &output.stdout[..output.stdout.len() * 3 / 4]).unwrap();
        paths.push(cut);
    }
    let db = folder.join("app.db");
    let script = folder.join("ansi.sql");
    let status = Command::new("sqlite3").arg(&db).stdin(fs::File::open(script).unwrap()).status().unwrap();
    assert!(status.success(), "sqlite3; run `make setup-test`");
    let bytes = fs::read(&db).unwrap();
    let cut = folder.join("cut.db");
    fs::write(&cut, &bytes[..bytes.len() - 1000]).unwrap();
    paths.extend([db, cut]);
    paths
}

fn everything_written(args: &[&str], input: Option<&Path>, canaries: &Canaries) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (out, resets) = (folder.path().join("report"), folder.path().join("resets.csv"));
    let mut command = credaudit(&["audit", "--memory", "64M", "--block-size", "4096"]);
    command.args(args).arg("--output").arg(&out).arg("--resets").arg(&resets).env("RUST_BACKTRACE", "1");
    command.stdin(input.map_or_else(Stdio::null, |path| fs::File::open(path).unwrap().into()));
    let output = command.output().unwrap();
    let name = args.join(" ");
    canaries.assert_silent(&output.stdout, &format!("stdout of {name}"));
    canaries.assert_silent(&output.stderr, &format!("stderr of {name}"));
    for path in [&out, &resets] {
        if let Ok(bytes) = fs::read(path) {
            canaries.assert_silent(&bytes, &format!("{} of {name}", path.file_name().unwrap().to_string_lossy()));
        }
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.len() <= 2, "{name} left {left:?}");
    fs::read_to_string(&out).unwrap_or_default()
}

#[test]
fn no_planted_password_comes_out_of_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let (canaries, rows) = Canaries::plant("Qv");
    for path in plant(folder.path(), &rows) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for format in ["terminal", "json", "junit", "gitlab", "markdown"] {
            let report = everything_written(&["--format", format, path.to_str().unwrap()], None, &canaries);
            assert!(!report.is_empty(), "{name} has a report");
            if format == "json" {
                let report: serde_json::Value = serde_json::from_str(&report).unwrap();
                let accounts = report["accounts"]["total"].as_u64().unwrap();
                let cut = name.starts_with("cut");
                assert!(
                    accounts == 13 || cut || name == "strange.sql",
                    "{name}: the planted accounts were read, {accounts}"
                );
                assert!(!cut || report["complete"] == false, "{name}: a cut file is not complete");
            }
        }
    }
}

#[test]
fn no_planted_password_comes_out_of_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let (canaries, rows) = Canaries::plant("Zw");
    for path in plant(folder.path(), &rows) {
        everything_written(&["--format", "json", "-"], Some(&path), &canaries);
    }
}

#[test]
fn a_password_in_the_command_line_does_not_come_back() {
    let (canaries, _) = Canaries::plant("Jx");
    let url = format!("postgres://admin:{}@127.0.0.1:1/app", canaries.plain[0]);
    for args in
        [vec!["audit", url.as_str()], vec!["audit", "--breach-url", url.as_str(), "--breach", "hibp", "/nonexistent"]]
    {
        let output = credaudit(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr).len());
        canaries.assert_silent(&output.stdout, "stdout");
        canaries.assert_silent(&output.stderr, "stderr");
    }
}
