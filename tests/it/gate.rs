//! `credaudit gate` as a release pipeline meets it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use credaudit::gate::Baseline;
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
    for format in ["json", "terminal", "sarif", "junit", "gitlab", "markdown"] {
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
fn of_two_hundred_pairs_of_branches_that_add_entries_none_conflicts() {
    let release = Release::new(&[("a.py", format!("password = \"{}\"\n", password()))]);
    release.sh("cd in && git init -q -b main");
    let told = release.run(&["baseline", "in", "--baseline", "in/known findings"]).stderr;
    let told = String::from_utf8(told).unwrap();
    assert!(told.contains(".gitattributes") && told.contains("merge=union"), "{told}");
    let again = release.run(&["baseline", "in", "--baseline", "in/known findings"]).stderr;
    assert!(!String::from_utf8(again).unwrap().contains(".gitattributes"), "said once, written once");
    release.sh("cd in && git add . && git -c user.name=x -c user.email=x@example.org commit -q -m x");
    let base = Baseline::parse(&fs::read_to_string(release.path("in/known findings")).unwrap()).unwrap();
    let mut state = 7_u64;
    let mut fingerprint = |near: Option<&str>| {
        // Multiplier and increment of Knuth's MMIX generator.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Every second pair lies in one bucket, with nothing between.
        near.map_or_else(
            || format!("{:020x}", u128::from(state) << 12),
            |near| format!("{}{:06x}", &near[..14], state >> 40),
        )
    };
    let mut stream = String::new();
    let mut pairs = Vec::new();
    for pair in 0..200 {
        let one = fingerprint(None);
        let two = fingerprint((pair % 2 == 0).then_some(one.as_str()));
        for (side, added) in [("a", &one), ("b", &two)] {
            let mut baseline = base.clone();
            baseline.insert(added, "jwt");
            let mut text = Vec::new();
            baseline.write(&mut text).unwrap();
            stream += &format!(
                "commit refs/heads/{side}{pair}\ncommitter x <x@example.org> 1700000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\n\
                 M 100644 inline known findings\ndata {}\n{}\n",
                text.len(),
                String::from_utf8(text).unwrap()
            );
        }
        pairs.push((one, two));
    }
    fs::write(release.path("stream"), stream).unwrap();
    release.sh("cd in && git fast-import --quiet <../stream");
    for (pair, (one, two)) in pairs.iter().enumerate() {
        release.sh(&format!(
            "cd in && git checkout -q a{pair} && git -c user.name=x -c user.email=x@example.org merge -q -m x b{pair}"
        ));
        let merged = Baseline::parse(&fs::read_to_string(release.path("in/known findings")).unwrap()).unwrap();
        assert!(merged.knows(one) && merged.knows(two) && merged.len() == base.len() + 2, "{pair}");
    }
}

#[test]
fn every_setting_of_the_file_has_its_effect() {
    let release = Release::new(&[
        ("a.py", format!("password = \"{}\"\n", password())),
        ("b/c.txt", format!("key {}\n", stripe())),
        (".gitignore", "b/\n".into()),
    ]);
    let both = ["stripe-secret-key in/b/c.txt:1", "generic-password in/a.py:1"].map(str::to_owned);
    let (password, stripe) = (vec![both[1].clone()], vec![both[0].clone()]);
    assert_eq!(places(&release.gate(&[]).1), both);
    for (text, left) in [
        ("include = ['*.py']", &password),
        ("exclude = ['*.py']", &stripe),
        ("gitignore = true", &password),
        ("min_confidence = 99", &vec![]),
        ("[rules.stripe-secret-key]\nenabled = false", &password),
        ("[rules.generic-password]\nmin_confidence = 100", &stripe),
        ("[[allow]]\nreason = 'made up'\nrule = 'generic-password'", &stripe),
        ("[[allow]]\nreason = 'made up'\npaths = ['b/']", &password),
        ("[[allow]]\nreason = 'made up'\nrule = 'generic-password'\npaths = ['b/']", &both.to_vec()),
    ] {
        fs::write(release.path("credaudit.toml"), text).unwrap();
        assert_eq!(places(&release.gate(&[]).1), *left, "{text}");
    }
    fs::write(release.path("credaudit.toml"), "baseline = 'kept/known'").unwrap();
    fs::create_dir(release.path("kept")).unwrap();
    assert_eq!(release.run(&["baseline", "in", "--quiet"]).status.code(), Some(0));
    assert!(release.path("kept/known").exists() && !release.path("kept/.gitattributes").exists());
    assert_eq!(release.gate(&[]).0, 0);
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
fn around_the_edges_of_parts_every_finding_has_its_place_however_it_is_read() {
    const EDGE: usize = 1 << 20;
    // Far and near, on both sides of an edge, among short lines and in a line of many kilobytes.
    let steps =
        [-9000_isize, -8193, -8192, -6100, -4097, -4096, -2049, -300, -61, -40, -17, -1, 0, 5, 90, 2100, 33_000];
    for (long, seed) in [(false, 1_usize), (true, 2), (true, 7)] {
        let mut text: Vec<u8> = Vec::new();
        let mut planted = Vec::new();
        let fill = |text: &mut Vec<u8>, to: usize, long: bool| {
            while text.len() < to {
                let line = format!("größe = {}; ", text.len() * 31 % 977);
                text.extend_from_slice(&line.as_bytes()[..line.len().min(to - text.len())]);
                if !long && text.len() % 7 < 2 && text.len() < to {
                    text.push(b'\n');
                }
            }
        };
        for edge in 1..=3 {
            for (n, step) in steps.iter().enumerate() {
                let at = (edge * EDGE + seed * n).checked_add_signed(*step).unwrap();
                if at < text.len() + 20 {
                    continue;
                }
                fill(&mut text, at, long);
                // The allow stands in the line before.
                let (before, allowed) =
                    if n % 4 == 3 { ("\n# credaudit:allow an invented one\n", true) } else { (" ", false) };
                // One kind of key ends in the word by which it is found.
                let (name, secret, end) = if n % 5 == 4 {
                    let digits = 0xe75e_49ee_68b2_df0d_b808_f9f4_8150_c1d3_u128 ^ (edge * 0xa71 + n * 0x305) as u128;
                    ("ä = ", format!("eu01xx{:030x}", digits >> 8), "NRAL")
                } else {
                    ("ä_password=", format!("{}{edge}{n}", password()), "")
                };
                text.extend_from_slice(format!("{before}{name}\"").as_bytes());
                planted.push((text.len(), allowed));
                // It allows its whole line, which ends here.
                let close = if allowed { "\"\n" } else { "\" " };
                text.extend_from_slice(format!("{secret}{end}{close}").as_bytes());
            }
        }
        fill(&mut text, 3 * EDGE + 50_000, long);
        let expected: Vec<(u64, u64, u64)> = planted
            .iter()
            .filter(|(_, allowed)| !allowed)
            .map(|(at, _)| {
                let lines = text[..*at].split(|b| *b == b'\n').count() as u64;
                let start = text[..*at].iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
                (*at as u64, lines, (at - start) as u64 + 1)
            })
            .collect();
        assert!(expected.len() >= 20, "{}", expected.len());
        let release = Release::new(&[]);
        release.write("plain.cfg", &text);
        release.sh("gzip -k in/plain.cfg");
        let number = |finding: &Value, name: &str| finding[name].as_u64().unwrap();
        let mut columns = Vec::new();
        for args in [&[][..], &["--threads", "1"], &["--block-size", "70000"]] {
            let (_, report) = release.gate(args);
            let findings = report["findings"].as_array().unwrap();
            for name in ["in/plain.cfg", "in/plain.cfg.gz"] {
                let found: Vec<_> = findings
                    .iter()
                    .filter(|f| f["path"] == name)
                    .map(|f| (number(f, "offset"), number(f, "line"), number(f, "column")))
                    .collect();
                assert_eq!(found, expected, "{name} {args:?} long {long}");
            }
            assert_eq!(report["gate"]["searched"], 2 * text.len(), "{args:?}");
        }
        // Columns in characters are in the report for code hosts.
        let sarif = release.run(&["gate", "in/plain.cfg", "--format", "sarif"]);
        let sarif: Value = serde_json::from_slice(&sarif.stdout).unwrap();
        for result in sarif["runs"][0]["results"].as_array().unwrap() {
            columns.push(number(&result["locations"][0]["physicalLocation"]["region"], "startColumn"));
        }
        let of_text = expected.iter().map(|(at, _, column)| {
            let start = (at - (column - 1)) as usize;
            String::from_utf8_lossy(&text[start..*at as usize]).chars().count() as u64 + 1
        });
        let mut of_text: Vec<u64> = of_text.collect();
        columns.sort_unstable();
        of_text.sort_unstable();
        assert_eq!(columns, of_text);
    }
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
