//! The command line from outside: what it answers, how it ends, what it leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use credaudit::model::Reason;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_credaudit");

fn credaudit(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A folder with a table of invented people whose passwords are plain, and a policy that calls that T0.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut policy = String::from("breached_often_from = 1000\n[tiers]\n");
        for reason in Reason::ALL {
            policy.extend([reason.name(), " = \"T0\"\n"]);
        }
        policy.push_str("[schemes]\n");
        fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let case = Self { folder };
        fs::create_dir(case.path("in")).unwrap();
        fs::create_dir(case.path("out")).unwrap();
        fs::write(
            case.path("in/people.csv"),
            "id,login,email,password\n1,ann,ann@example.org,sunshine\n2,bob,bob@example.org,letmein\n\
             3,cy,cy@example.org,dragon\n4,di,di@example.org,qwerty123\n",
        )
        .unwrap();
        case
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn audit(&self, extra: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.arg("audit").arg(self.path("in")).arg("--policy").arg(self.path("policy.toml")).args(extra);
        command.stdin(Stdio::null());
        command
    }

    fn left_in_out(&self) -> Vec<String> {
        names(&self.path("out"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn help_goes_to_standard_output_and_names_the_exit_codes() {
    let help = credaudit(&["audit", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    let text = stdout(&help);
    for piece in ["Exit codes:", "Report:", "Breach source:", "Judgement:", "Limits:", "--resets", "--fail-on"] {
        assert!(text.contains(piece), "{piece} is missing in\n{text}");
    }
}

#[test]
fn completions_and_the_manual_page_come_from_the_same_definitions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = credaudit(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0), "{shell}");
        assert!(stdout(&script).contains("guess-words"), "{shell}");
    }
    let page = credaudit(&["man"]);
    assert_eq!(page.status.code(), Some(0));
    assert!(stdout(&page).contains(".TH"), "{}", stdout(&page));
}

#[test]
fn wrong_flags_end_in_2_with_a_hint() {
    let case = Case::new();
    for (flags, hint) in [
        (&["--memory", "12M"][..], "at least 64M"),
        (&["--memory", "lots"], "256M"),
        (&["--threads", "0"], "from 1 to"),
        (&["--fail-on", "panic"], "critical"),
        (&["--no-padding"], "--breach hibp"),
        (&["--breach", "hibp", "--breach-url", "pwned"], "https://"),
        (&["--temp-dir", "/nowhere/at/all"], "--temp-dir"),
        (&["--resets", "/nowhere/at/all.csv"], "create the folder"),
        (&["--output", "/"], "not a folder"),
        (&["--policy", "/nowhere.toml"], "check the path"),
        (&["--no-such-flag"], "--help"),
        (&["--format", "xml"], "terminal, json"),
    ] {
        // A policy given twice would be another error.
        let mut command = Command::new(PROGRAM);
        command.arg("audit").arg(case.path("in")).args(flags);
        if !flags.contains(&"--policy") {
            command.arg("--policy").arg(case.path("policy.toml"));
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(hint), "{flags:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn an_input_is_never_replaced_by_a_result() {
    let case = Case::new();
    let input = case.path("in/people.csv");
    let before = fs::read(&input).unwrap();
    for flag in ["--output", "--resets"] {
        let output = Command::new(PROGRAM)
            .arg("audit")
            .arg(&input)
            .arg("--policy")
            .arg(case.path("policy.toml"))
            .arg(flag)
            .arg(case.path("in/../in/people.csv"))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(stderr(&output).contains("name another file"), "{}", stderr(&output));
        assert_eq!(fs::read(&input).unwrap(), before);
    }
}

#[test]
fn accounts_to_reset_end_in_1_unless_nothing_may_fail() {
    let case = Case::new();
    let output = case.audit(&[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(!stdout(&output).contains('\x1b'), "no colour off a terminal");
    assert!(output.stderr.is_empty(), "no progress off a terminal: {}", stderr(&output));
    assert_eq!(case.audit(&["--fail-on", "T0"]).output().unwrap().status.code(), Some(1));
    assert_ne!(case.audit(&["--fail-on", "never"]).output().unwrap().status.code(), Some(1));
    let colored = case.audit(&["--color", "always"]).output().unwrap();
    assert!(stdout(&colored).contains('\x1b'));
}

#[test]
fn results_are_whole_files_for_their_owner_only() {
    let case = Case::new();
    let (report, resets) = (case.path("out/report.json"), case.path("out/resets.csv"));
    fs::write(&report, "an older report").unwrap();
    fs::set_permissions(&report, fs::Permissions::from_mode(0o644)).unwrap();
    let output = case
        .audit(&["--format", "json", "--output", report.to_str().unwrap(), "--resets", resets.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(output.stdout.is_empty());
    assert_eq!(case.left_in_out(), ["report.json", "resets.csv"]);
    for file in [&report, &resets] {
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o7777, 0o600);
    }
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(json["schema_version"], 1);
    let list = fs::read_to_string(&resets).unwrap();
    assert!(
        list.starts_with("tier,target,table,account_id,login,email,reasons,scheme,exposure_count,active,locator\n")
    );
    assert!(list.lines().count() >= 2, "{list}");
}

#[test]
fn a_full_disk_is_trouble_with_a_hint_and_leaves_nothing() {
    let case = Case::new();
    let to_device = case.audit(&["--output", "/dev/full"]).output().unwrap();
    assert_eq!(to_device.status.code(), Some(2));
    assert!(stderr(&to_device).contains("/dev/full") && stderr(&to_device).contains("room"), "{}", stderr(&to_device));
    // A limit of no bytes at all on files stands for a full disk; its signal ignored, writing fails with EFBIG.
    for flag in ["--output", "--resets"] {
        let file = case.path("out/result");
        fs::write(&file, "an older result").unwrap();
        let output = Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", PROGRAM, "audit"])
            .arg(case.path("in"))
            .arg("--policy")
            .arg(case.path("policy.toml"))
            .arg(flag)
            .arg(&file)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}: {}", stderr(&output));
        assert!(
            stderr(&output).contains("out/result") && stderr(&output).contains("free some room"),
            "{}",
            stderr(&output)
        );
        assert_eq!(case.left_in_out(), ["result"], "{flag}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "an older result");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_trouble() {
    let case = Case::new();
    let mut child = case.audit(&["--format", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "the verdict stands: {}", stderr(&output));
    assert!(output.stderr.is_empty(), "{}", stderr(&output));
}

#[test]
fn the_reset_list_goes_into_a_pipe_or_a_file_that_is_open_already() {
    let case = Case::new();
    let log = case.path("out/log");
    let output = Command::new("sh")
        .args(["-c", "exec 3>>\"$0\"; echo before >&3; \"$@\" --resets /dev/fd/3; echo after >&3"])
        .arg(&log)
        .args([PROGRAM, "audit"])
        .arg(case.path("in"))
        .arg("--policy")
        .arg(case.path("policy.toml"))
        .output()
        .unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("before\ntier,") && text.ends_with("after\n"), "{text}\n{}", stderr(&output));
}

#[cfg(not(feature = "mongodb"))]
#[test]
fn a_kind_of_server_that_this_build_left_out_is_told_with_what_to_do() {
    let output = credaudit(&["audit", "--format", "json", "mongodb://ann@127.0.0.1:1/app"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("this build has no MongoDB: build with `--features mongodb`"), "{said}");
}
