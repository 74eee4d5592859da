//! `credaudit gate` as a release pipeline meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::credaudit;

/// A folder to be released, and a cache of its own.
pub(crate) struct Release {
    folder: TempDir,
}

/// Made here, so that nothing of the kind lies in the repository.
pub(crate) fn password() -> String {
    ["Gr4n", "ite!x", "7Qm"].concat()
}

pub(crate) fn stripe() -> String {
    ["sk_li", "ve_", "4eC39HqLyjWDarjtT1zdp7dc"].concat()
}

impl Release {
    pub(crate) fn new(files: &[(&str, String)]) -> Self {
        let release = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(release.folder.path().join("in")).unwrap();
        for (name, text) in files {
            release.write(name, text.as_bytes());
        }
        release
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(&format!("in/{name}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = credaudit(args);
        command.current_dir(self.folder.path()).env("XDG_CACHE_HOME", self.path("cache"));
        command
    }

    /// Runs a line of shell in the folder, which must succeed.
    pub(crate) fn sh(&self, line: &str) -> String {
        let done = Command::new("sh").args(["-ec", line]).current_dir(self.folder.path()).output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    pub(crate) fn gate(&self, args: &[&str]) -> (i32, Value) {
        let mut all = vec!["gate", "in", "--format", "json"];
        all.extend(args);
        let output = self.run(&all);
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().unwrap(), report)
    }
}

/// `rule path:line` of each finding.
pub(crate) fn places(report: &Value) -> Vec<String> {
    let of = |f: &Value| format!("{} {}:{}", f["rule"].as_str().unwrap(), f["path"].as_str().unwrap(), f["line"]);
    report["findings"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn a_release_with_secrets_does_not_pass_and_shows_where_they_are_but_not_what() {
    let release = Release::new(&[
        ("src/pay.py", format!("import stripe\n\nstripe.api_key = \"{}\"\n", stripe())),
        ("etc/app.ini", format!("[db]\nuser = app\npassword = {}\n", password())),
        (".env", format!("# hidden\nDB_PASSWORD={}\n", password())),
        ("README.md", "Nothing here.\n".into()),
    ]);
    for format in ["json", "terminal", "sarif"] {
        let output = release.run(&["gate", "in", "--format", format]);
        assert_eq!(output.status.code(), Some(1), "{format}");
        let text = String::from_utf8(output.stdout).unwrap();
        for secret in [password(), stripe()] {
            assert!(!text.contains(&secret[..8]), "{format} shows a secret");
        }
        assert_eq!(output.stderr, b"");
        assert_eq!(
            release.run(&["gate", "in", "--format", format]).stdout,
            text.as_bytes(),
            "{format} is the same again"
        );
    }
    let (_, report) = release.gate(&[]);
    assert_eq!(
        places(&report),
        ["stripe-secret-key in/src/pay.py:3", "generic-password in/.env:2", "generic-password in/etc/app.ini:3"]
    );
    assert_eq!(report["findings"][0]["column"], 19);
    assert_eq!(report["gate"]["files"], 4);
    assert_eq!(release.gate(&["--fail-on", "never"]).0, 0);
    assert_eq!(release.gate(&["--min-confidence", "100"]).0, 0);
    assert_eq!(release.gate(&["--engine", "portable"]).1["findings"], report["findings"]);
}

#[test]
fn a_clean_release_passes_and_one_that_cannot_be_read_does_not() {
    let release = Release::new(&[
        ("a.py", "password = os.environ['DB_PASSWORD']\n".into()),
        ("b.yml", "password: ${DB_PASSWORD}\ntoken: changeme\n".into()),
    ]);
    let (code, report) = release.gate(&[]);
    assert_eq!((code, places(&report)), (0, vec![]));
    release.write("c.rar", b"Rar!\x1a\x07\x01\0 packed");
    let (code, report) = release.gate(&[]);
    assert_eq!(code, 2);
    assert!(report["skipped"][0]["why"].as_str().unwrap().contains("RAR"), "{}", report["skipped"]);
    assert_eq!(release.run(&["gate", "nowhere"]).status.code(), Some(2));
}

#[test]
fn tables_go_through_the_audit_and_secrets_in_them_are_found_as_well() {
    let rows: String =
        (0..40).map(|n| format!("({n},'user{n}','user{n}@example.org','{}{n}'),\n", password())).collect();
    let release = Release::new(&[(
        "db/seed.sql",
        format!(
            "CREATE TABLE users (id int, login varchar(20), email varchar(50), password varchar(30));\n\
             INSERT INTO users VALUES\n{};\n-- key {}\n",
            rows.trim_end_matches(",\n"),
            stripe()
        ),
    )]);
    let (code, report) = release.gate(&[]);
    assert_eq!(code, 1);
    let found = places(&report);
    assert!(found.iter().any(|f| f.starts_with("plaintext in/db/seed.sql")), "{found:?}");
    assert!(found.contains(&"stripe-secret-key in/db/seed.sql:43".to_owned()), "{found:?}");
    // What is known of a table is in the baseline too.
    assert_eq!(release.run(&["baseline", "in", "--quiet"]).status.code(), Some(0));
    assert_eq!(release.gate(&[]).0, 0);
}

#[test]
fn an_allow_with_a_reason_lets_a_line_pass_and_one_without_does_not() {
    let line = |comment: &str| format!("password = \"{}\"{comment}\n", password());
    let release = Release::new(&[
        ("a.py", line("  # credaudit:allow generic-password the vendor prints it on the box")),
        ("b.py", format!("# credaudit:allow a password of the test bench only\n{}", line(""))),
        ("c.py", line("  # credaudit:allow")),
        ("d.py", line("  # credaudit:allow stripe-secret-key not this rule")),
    ]);
    let (code, report) = release.gate(&[]);
    assert_eq!(code, 1);
    assert_eq!(places(&report), ["generic-password in/c.py:1", "generic-password in/d.py:1"]);
    assert_eq!(report["gate"]["allowed"], 2);
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("without a reason"));
}

#[test]
fn a_baseline_survives_moved_lines_and_renamed_files_and_lets_nothing_new_pass() {
    let line = |secret: &str| format!("db_password = \"{secret}\"\n");
    let release = Release::new(&[("a.py", line(&password())), ("b/c.py", format!("key = \"{}\"\n", stripe()))]);
    assert_eq!(release.run(&["baseline", "in", "--quiet"]).status.code(), Some(0));
    let first = fs::read(release.path(".credaudit-baseline")).unwrap();
    let (code, report) = release.gate(&[]);
    assert_eq!((code, &report["gate"]["baselined"]), (0, &Value::from(2)));
    // Moved, indented, renamed.
    fs::remove_file(release.path("in/a.py")).unwrap();
    release.write("moved/z.py", format!("import os\n\n\nif True:\n    {}", line(&password())).as_bytes());
    assert_eq!(release.gate(&[]).0, 0);
    release.run(&["baseline", "in", "--quiet"]);
    assert_eq!(fs::read(release.path(".credaudit-baseline")).unwrap(), first, "nothing changed in the file");
    // Another secret in the same line.
    release.write("moved/z.py", format!("import os\n\n\nif True:\n    {}", line("Sch1efer#99k")).as_bytes());
    let (code, report) = release.gate(&[]);
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/moved/z.py:5".to_owned()]));
    // Pruning takes out what is gone and adds nothing.
    assert_eq!(release.run(&["baseline", "in", "--prune", "--quiet"]).status.code(), Some(0));
    let (_, report) = release.gate(&[]);
    assert_eq!((&report["gate"]["baselined"], places(&report).len()), (&Value::from(1), 1));
}

#[test]
fn two_branches_that_each_add_an_entry_merge_without_conflict() {
    let release = Release::new(&[]);
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
            .args(args)
            .current_dir(release.path("in"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let baseline = || {
        assert_eq!(release.run(&["baseline", "in", "--baseline", "in/known", "--quiet"]).status.code(), Some(0));
        git(&["add", "."]);
        git(&["commit", "-q", "-m", "x"]);
    };
    git(&["init", "-q", "-b", "main"]);
    release.write("a.py", format!("password = \"{}\"\n", password()).as_bytes());
    baseline();
    for (branch, secret) in [("one", "Birkenweg#31x"), ("two", "q7!Zeppelin44")] {
        git(&["checkout", "-q", "-b", branch, "main"]);
        release.write(&format!("{branch}.py"), format!("password = \"{secret}\"\n").as_bytes());
        baseline();
    }
    git(&["merge", "-q", "-m", "x", "one"]);
    let output = release.run(&["gate", "in", "--baseline", "in/known", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn settings_change_rules_leave_out_files_and_allow() {
    let release = Release::new(&[
        ("a.py", format!("password = \"{}\"\n", password())),
        ("vendor/b.py", format!("password = \"{}\"\n", password())),
        ("c.txt", ["acme_", "7f19c2d04b\n"].concat()),
    ]);
    let (_, before) = release.gate(&[]);
    let fingerprint = before["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    fs::write(
        release.path("mine.toml"),
        "[[pattern]]\nid = \"acme\"\ndescription = \"Acme token\"\nseverity = \"low\"\nconfidence = 90\n\
         keywords = [\"acme_\"]\nregex = 'acme_[0-9a-f]{10}'\nexamples = ['acme_<|>0f1b22cd9e']\ncounter_examples = ['acme_x']\n",
    )
    .unwrap();
    let config = |text: &str| fs::write(release.path("credaudit.toml"), text).unwrap();
    config("exclude = ['vendor/']\npatterns = ['mine.toml']\n[rules.generic-password]\nseverity = 'critical'\n");
    let (code, report) = release.gate(&[]);
    assert_eq!(
        (code, places(&report)),
        (1, vec!["generic-password in/a.py:1".to_owned(), "acme in/c.txt:1".to_owned()])
    );
    assert_eq!(report["findings"][0]["severity"], "critical");
    config(&format!("exclude = ['vendor/']\n[[allow]]\nreason = 'test bench'\nvalue = '{fingerprint}'\n"));
    assert_eq!(release.gate(&[]).0, 0);
    config("exclude = ['vendor/']\nfail_on = 'critical'\n");
    assert_eq!(release.gate(&[]).0, 0);
    config("[[allow]]\nreason = 'all of it'\nrule = 'generic-password'\npaths = ['*.py']\n");
    let (code, report) = release.gate(&[]);
    assert_eq!((code, &report["gate"]["allowed"]), (0, &Value::from(2)));
    for (text, says) in [
        ("[rules.nonsense]\nenabled = false\n", "no such rule"),
        ("[[allow]]\nreason = ''\nrule = 'x'\n", "reason"),
        ("[[allow]]\nreason = 'because'\n", "let everything pass"),
        ("colour = 1\n", "unknown field"),
    ] {
        config(text);
        let output = release.run(&["gate", "in"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(says), "{said}");
    }
}

#[test]
fn rules_are_listed_explained_and_tested() {
    let release = Release::new(&[]);
    let text = |args: &[&str]| String::from_utf8(release.run(args).stdout).unwrap();
    assert!(text(&["rules"]).contains("stripe-secret-key"));
    assert!(text(&["rules", "stripe-secret-key"]).contains("sk_live_"));
    assert_eq!(release.run(&["rules", "nonsense"]).status.code(), Some(2));
    fs::write(
        release.path("mine.toml"),
        "[[pattern]]\nid = \"acme\"\ndescription = \"Acme token\"\nseverity = \"low\"\nconfidence = 90\n\
         keywords = [\"acme_\"]\nregex = 'acme_[0-9a-f]{10}'\nexamples = ['acme_<|>0f1b22cd9']\n",
    )
    .unwrap();
    let output = release.run(&["rules", "--test", "--patterns", "mine.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("acme: example 1 is not found"));
}

#[test]
fn a_huge_line_and_a_secret_across_blocks_are_searched_like_any_other() {
    let mut text = Vec::new();
    for n in 0..6_u32 {
        // No newline for megabytes; secrets lie across the edges of blocks.
        let size = (1 << 20) * (n as usize + 1) - text.len() - 30;
        text.extend(std::iter::repeat_n(b'.', size));
        text.extend_from_slice(format!(" password=\"{}{n}\" ", password()).as_bytes());
        text.extend(std::iter::repeat_n(b'-', 200));
    }
    let release = Release::new(&[]);
    release.write("long.cfg", &text);
    let (code, report) = release.gate(&[]);
    let columns: Vec<u64> =
        report["findings"].as_array().unwrap().iter().map(|f| f["column"].as_u64().unwrap()).collect();
    assert_eq!((code, columns.len()), (1, 6), "{}", report["findings"]);
    for (n, column) in (0_u64..).zip(columns) {
        assert_eq!(column, (n + 1) * (1 << 20) - 30 + 12, "the place of the {n}th");
    }
    let (_, small_blocks) = release.gate(&["--block-size", "4096"]);
    assert_eq!(small_blocks["findings"], report["findings"]);
}

#[test]
fn two_starts_at_once_share_a_cache_and_do_no_harm() {
    let release = Release::new(&[("a.py", format!("key = \"{}\"\n", stripe()))]);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert_eq!(release.gate(&[]).0, 1));
        }
    });
    assert!(Path::new(&release.path("cache/credaudit")).is_dir() || cfg!(not(feature = "hyperscan")));
    assert_eq!(release.gate(&[]).0, 1);
}
