//! Git as a pipeline meets it: what is staged, what a branch brings in, what history still holds.
#![cfg(feature = "git")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::gate::{Release, password, places, stripe};

/// A repository in `in`; its maker's name is not to be shown.
struct Repository(Release);

impl Repository {
    fn new(options: &str) -> Self {
        let release = Release::new(&[]);
        release.sh(&format!("git init -q -b main {options} in"));
        Self(release)
    }

    /// Runs git within, at a given day of January 2026.
    fn git(&self, day: u32, args: &str) -> String {
        let date = format!("2026-01-{day:02}T10:00:00+0100");
        self.0.sh(&format!(
            "cd in && export GIT_AUTHOR_DATE={date} GIT_COMMITTER_DATE={date} && git -c user.name=Quentin -c \
             user.email=q@example.org -c protocol.file.allow=always {args}"
        ))
    }

    fn write(&self, name: &str, text: &str) {
        self.0.write(name, text.as_bytes());
    }

    fn commit(&self, day: u32) -> String {
        self.git(day, "add -A && cd . && git -c user.name=Quentin -c user.email=q@example.org commit -q -m x && git rev-parse HEAD")
            .trim()
            .to_owned()
    }

    fn gate(&self, args: &[&str]) -> (i32, Value) {
        self.0.gate(args)
    }
}

fn line(secret: &str) -> String {
    format!("db_password = \"{secret}\"\n")
}

fn why(report: &Value) -> String {
    report["skipped"].as_array().unwrap().iter().map(|s| format!("{}: {}\n", s["what"], s["why"])).collect()
}

#[test]
fn history_keeps_a_deleted_secret_and_the_commit_that_brought_it_is_named() {
    let repository = Repository::new("");
    repository.write("src/a.py", "print(1)\n");
    repository.commit(1);
    repository.write("src/a.py", &format!("print(1)\n{}", line(&password())));
    let planted = repository.commit(2);
    for day in 3..6 {
        repository.write("src/a.py", &format!("print({day})\n{}", line(&password())));
        repository.commit(day);
    }
    repository.write("src/a.py", "print(7)\n");
    repository.commit(7);
    assert_eq!(repository.gate(&[]).0, 0, "the working tree is clean");
    repository.git(8, "branch other HEAD~5 && cd . && git gc -q --aggressive");
    for again in ["once", "unpacked"] {
        let (code, report) = repository.gate(&["--history"]);
        assert_eq!((code, places(&report)), (1, vec!["generic-password in/src/a.py:2".to_owned()]), "{again}");
        let finding = &report["findings"][0];
        assert_eq!(finding["commit"]["id"], planted, "{again}");
        assert_eq!(finding["commit"]["date"], "2026-01-02T10:00:00+01:00");
        assert!(finding["message"].as_str().unwrap().contains("in 4 versions of the file"), "{finding}");
        let text = String::from_utf8(repository.0.run(&["gate", "in", "--history"]).stdout).unwrap();
        assert!(text.contains(&planted) && !text.contains("Quentin") && !text.contains(&password()), "{text}");
        repository.git(8, "reflog expire --all --expire=now && cd . && if ls .git/objects/pack/*.pack >ls 2>&1; then mv .git/objects/pack/*.pack p && git unpack-objects -q <p && rm p; fi; rm ls");
    }
    // A baseline knows it wherever it is read from.
    assert_eq!(repository.0.run(&["baseline", "in", "--history", "--quiet"]).status.code(), Some(0));
    assert_eq!(repository.gate(&["--history"]).0, 0);
    repository.write("back.py", &line(&password()));
    assert_eq!(repository.gate(&[]).0, 0);
}

#[test]
fn among_thousands_of_commits_the_one_that_brought_a_secret_is_named() {
    let repository = Repository::new("");
    fast_import(&repository, 3000, 1234);
    let planted = repository.git(1, "log --format=%H -S planted main -- deep/file3.py");
    let planted = planted.lines().last().unwrap();
    let (code, report) = repository.gate(&["--history"]);
    assert_eq!(
        (code, places(&report)),
        (1, vec!["generic-password in/deep/file3.py:1".to_owned()]),
        "{}",
        why(&report)
    );
    assert_eq!(report["findings"][0]["commit"]["id"], planted);
    let blobs = repository
        .git(1, "rev-list --objects --all | cut -d' ' -f1 | git cat-file --batch-check='%(objecttype)' | grep -c blob");
    assert_eq!(report["gate"]["files"].as_u64().unwrap().to_string(), blobs.trim(), "each blob once");
}

#[test]
fn messages_of_commits_and_tags_are_searched_each_once() {
    let repository = Repository::new("");
    let commit = |day: u32, message: &str| {
        repository.write("a.py", &format!("print({day})\n"));
        std::fs::write(repository.0.path("message"), message).unwrap();
        repository.git(day, "add -A && cd . && git -c user.name=Quentin -c user.email=q@example.org commit -q -F ../message && git rev-parse HEAD")
    };
    commit(1, "Begin\n\npassword: see the vault\n");
    let planted = commit(2, &format!("Rotate\n\nThe new password is {}\n", password()));
    commit(3, "Go on\n");
    let (code, report) = repository.gate(&["--history"]);
    let place = format!("generic-password in/commit message of {}:3", planted.trim());
    assert_eq!((code, places(&report)), (1, vec![place.clone()]), "{}", why(&report));
    let finding = &report["findings"][0];
    assert_eq!(finding["commit"]["id"], planted.trim());
    assert_eq!(report["gate"]["files"], 3, "messages are no files");
    let text = String::from_utf8(repository.0.run(&["gate", "in", "--history"]).stdout).unwrap();
    assert!(text.contains("commit message of") && !text.contains(&password()), "{text}");
    // In what a branch brings in as well, and no longer once that is behind it.
    assert_eq!(places(&repository.gate(&["--since", "HEAD~2"]).1), [place]);
    assert_eq!(repository.gate(&["--since", "HEAD~1"]).0, 0);
    // A tag's own message, which leads back to no commit's.
    std::fs::write(repository.0.path("message"), format!("Release\n\nstripe key {}\n", stripe())).unwrap();
    repository.git(4, "tag -a v1 -F ../message");
    let (_, report) = repository.gate(&["--history"]);
    let tag = repository.git(5, "rev-parse v1");
    assert!(
        places(&report).contains(&format!("stripe-secret-key in/tag message of {}:3", tag.trim())),
        "{:?}",
        places(&report)
    );
    assert_eq!(repository.gate(&["--since", "v1~1"]).1["findings"].as_array().unwrap().len(), 0);
}

#[test]
fn where_links_lead_is_searched_in_history_and_when_staged() {
    let repository = Repository::new("");
    repository.write("a.py", "print(1)\n");
    repository.commit(1);
    repository.0.sh("cd in && ln -s https://ann:hx82k-LmQ7@git.example.org/x remote");
    repository.git(2, "add .");
    let staged = places(&repository.gate(&["--staged"]).1);
    assert!(staged.len() == 1 && staged[0].ends_with("in/remote:1"), "{staged:?}");
    repository.commit(2);
    repository.git(3, "rm -q remote");
    repository.commit(3);
    assert_eq!(places(&repository.gate(&["--history"]).1), staged);
}

/// A history of `count` commits that each write a file, of which number `planted` holds a secret that the next but two removes.
fn fast_import(repository: &Repository, count: u32, planted: u32) {
    let mut stream = String::from("reset refs/heads/main\n");
    for n in 0..count {
        let file = if (planted..=planted + 2).contains(&n) { 3 } else { n % 40 };
        let mut text = String::new();
        if n == planted {
            text.push_str(&line(&["planted", "#8xQ"].concat()));
        }
        for at in 0..60 {
            let _ = writeln!(text, "value_{at} = compute({}, {})", (n / 40 + at) / 7, at * 3);
        }
        let _ = write!(
            stream,
            "commit refs/heads/main\ncommitter Q <q@example.org> {} +0000\ndata 1\nx\nM 100644 inline deep/file{file}.py\ndata {}\n{text}\n",
            1_700_000_000 + n * 60,
            text.len(),
        );
    }
    let mut import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(repository.0.path("in"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    repository.git(1, "reset -q --hard main");
}

#[test]
fn a_commit_hook_sees_what_is_staged_and_nothing_else() {
    let repository = Repository::new("");
    repository.write("old.py", &line(&password()));
    repository.write("ours.py", "print(1)\n");
    repository.git(1, "add ours.py");
    assert_eq!(repository.gate(&["--staged"]).0, 0, "before the first commit");
    repository.git(1, "add .");
    assert_eq!(places(&repository.gate(&["--staged"]).1), ["generic-password in/old.py:1"]);
    repository.commit(1);
    assert_eq!(repository.gate(&["--staged"]).0, 0, "nothing is staged");
    // Staged with a secret, then mended in the working tree only; and the other way round.
    repository.write("ours.py", &line("Birkenweg#31x"));
    repository.git(2, "add .");
    repository.write("ours.py", "print(2)\n");
    repository.write("later.py", &line("q7!Zeppelin44"));
    let (code, report) = repository.gate(&["--staged"]);
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/ours.py:1".to_owned()]));
    assert_eq!(report["gate"]["files"], 1);
    // git hands another index to a hook when files are named.
    repository.0.sh(
        "cat >in/.git/hooks/pre-commit <<E\n#!/bin/sh\n$GATE gate . --staged --no-config --quiet --format json >report.json\nE\n\
         chmod +x in/.git/hooks/pre-commit"
            .replace("$GATE", env!("CARGO_BIN_EXE_credaudit"))
            .as_str(),
    );
    repository.git(3, "add later.py");
    repository.0.sh(
        "cd in && git reset -q ours.py && ! git -c user.name=Q -c user.email=q@example.org commit -q -m x later.py 2>err",
    );
    let report: Value = serde_json::from_slice(&std::fs::read(repository.0.path("in/report.json")).unwrap()).unwrap();
    assert_eq!(places(&report), ["generic-password later.py:1"]);
}

#[test]
fn since_a_revision_only_what_its_commits_bring_in_is_read() {
    let repository = Repository::new("");
    repository.write("old.py", &line(&password()));
    repository.write("big/a.txt", "a\n");
    let base = repository.commit(1);
    repository.write("new.py", &line("Birkenweg#31x"));
    let planted = repository.commit(2);
    repository.write("new.py", "print(1)\n");
    repository.commit(3);
    let (code, report) = repository.gate(&["--since", &base]);
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/new.py:1".to_owned()]));
    assert_eq!(report["findings"][0]["commit"]["id"], planted);
    assert_eq!(report["gate"]["files"], 2);
    assert_eq!(repository.gate(&["--since", "HEAD~1"]).0, 0);
    let (code, report) = repository.gate(&["--since", "nonsense"]);
    assert!(code == 2 && why(&report).contains("is no revision"), "{}", why(&report));
    // A merge brings in what neither side had.
    repository.git(4, "checkout -q -b side HEAD~1");
    repository.write("side.py", &line("q7!Zeppelin44"));
    repository.commit(5);
    repository.git(6, "checkout -q main && cd . && git -c user.name=x -c user.email=x@example.org merge -q -m x side");
    let found = places(&repository.gate(&["--since", "HEAD~1"]).1);
    assert_eq!(found, ["generic-password in/side.py:1"]);
}

#[test]
fn below_a_folder_only_what_lies_there_is_read_and_settings_leave_out_more() {
    let repository = Repository::new("");
    for (n, file) in ["a/x.py", "a/vendor/y.py", "b/z.py"].iter().enumerate() {
        repository.write(file, &line(&format!("{}{n}", password())));
    }
    repository.commit(1);
    repository.git(1, "rm -rq . && cd . && touch keep");
    repository.commit(2);
    std::fs::create_dir(repository.0.path("in/a")).unwrap();
    let gate = |args: &[&str]| {
        let output = repository.0.run(&[&["gate", "--history", "--format", "json"], args].concat());
        places(&serde_json::from_slice(&output.stdout).unwrap())
    };
    assert_eq!(gate(&["in/a"]), ["generic-password in/a/vendor/y.py:1", "generic-password in/a/x.py:1"]);
    std::fs::write(repository.0.path("credaudit.toml"), "exclude = ['vendor/']\n").unwrap();
    assert_eq!(gate(&["in"]), ["generic-password in/a/x.py:1", "generic-password in/b/z.py:1"]);
}

#[test]
fn archives_and_tables_in_history_are_opened_and_audited() {
    let repository = Repository::new("");
    let rows: String = (0..40).map(|n| format!("({n},'user{n}','{}{n}'),\n", password())).collect();
    let dump = format!(
        "CREATE TABLE users (id int, login varchar(20), password varchar(30));\nINSERT INTO users VALUES\n{};\n",
        rows.trim_end_matches(",\n")
    );
    repository.write("db/seed.sql", &dump);
    repository.write("pay.py", &format!("stripe.api_key = \"{}\"\n", stripe()));
    repository.0.sh("cd in && zip -q app.jar pay.py && rm pay.py");
    let planted = repository.commit(1);
    repository.git(2, "rm -rq . && cd . && touch keep");
    repository.commit(2);
    let (code, report) = repository.gate(&["--history"]);
    let found = places(&report);
    assert_eq!(code, 1, "{}", why(&report));
    assert!(found.contains(&"stripe-secret-key in/app.jar!/pay.py:1".to_owned()), "{found:?}");
    assert!(found.iter().any(|place| place.starts_with("plaintext in/db/seed.sql:")), "{found:?}");
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["commit"]["id"], planted, "{finding}");
    }
}

#[test]
fn clones_that_share_objects_are_read_and_shallow_ones_say_what_is_missing() {
    let repository = Repository::new("");
    repository.write("a.py", &line(&password()));
    repository.commit(1);
    for day in 2..5 {
        repository.write("a.py", &format!("print({day})\n"));
        repository.commit(day);
    }
    repository.0.sh("git clone -q --shared in shared && git clone -q --depth 2 file://$PWD/in shallow && git clone -q --bare in bare.git");
    let gate = |target: &str, args: &[&str]| {
        let output = repository.0.run(&[&["gate", target, "--format", "json"], args].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), report)
    };
    assert_eq!(places(&gate("shared", &["--history"]).1), ["generic-password shared/a.py:1"]);
    assert_eq!(places(&gate("bare.git", &["--history"]).1), ["generic-password bare.git/a.py:1"]);
    let (code, report) = gate("shallow", &["--history"]);
    assert!(code == 2 && why(&report).contains("shallow"), "{code} {}", why(&report));
    assert_eq!(gate("shallow", &["--since", "HEAD~1"]).1["gate"]["files"], 1);
    let (code, report) = gate(".", &["--history"]);
    assert!(code == 2 && why(&report).contains("no git repository"), "{code} {}", why(&report));
}

#[test]
fn submodules_are_named_and_damaged_objects_too() {
    let repository = Repository::new("");
    repository.write("a.py", "print(1)\n");
    repository.write("b.py", &line(&password()));
    repository.commit(1);
    repository.0.sh("git init -q -b main other && cd other && git -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m x");
    repository.git(2, "submodule --quiet add ../other sub");
    repository.commit(2);
    let (code, report) = repository.gate(&["--history", "--fail-on", "never"]);
    assert!(code == 2 && why(&report).contains("\"sub\": \"a submodule"), "{code} {}", why(&report));
    let blob = repository.git(3, "rev-parse HEAD:a.py");
    let (folder, file) = blob.trim().split_at(2);
    repository.0.sh(&format!("cd in/.git/objects/{folder} && chmod u+w {file} && printf 'xxxxxxxxxxxx' | dd of={file} bs=1 seek=6 conv=notrunc status=none"));
    let (code, report) = repository.gate(&["--history"]);
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/b.py:1".to_owned()]), "the rest is read");
    assert!(why(&report).contains(blob.trim()) && why(&report).contains("damaged"), "{}", why(&report));
}

#[test]
fn a_repository_of_sha256_is_read_as_well() {
    let repository = Repository::new("--object-format=sha256");
    repository.write("a.py", &line(&password()));
    let planted = repository.commit(1);
    repository.git(2, "gc -q");
    repository.write("a.py", "print(1)\n");
    repository.git(2, "add .");
    assert_eq!(repository.gate(&["--staged"]).0, 0);
    repository.commit(2);
    let (_, report) = repository.gate(&["--history"]);
    assert_eq!(report["findings"][0]["commit"]["id"], planted, "{}", why(&report));
    assert_eq!(planted.len(), 64);
}
