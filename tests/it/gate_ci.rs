//! What other programs start the gate with: the commands written in the repository's own integrations are run as they stand.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::gate::{Release, password};

/// The lines of an integration that start the program, without what YAML puts before them.
fn commands(file: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let found: Vec<String> = text
        .lines()
        .map(|line| line.trim().trim_start_matches("- ").trim_start_matches("entry: ").to_owned())
        .filter(|line| line.starts_with("credaudit gate"))
        .collect();
    assert!(!found.is_empty(), "{file} starts nothing");
    found
}

/// Runs `command` in the release's folder through a shell, as a runner does; its exit code.
fn run(release: &Release, command: &str, variables: &[(&str, &str)]) -> i32 {
    let program = Path::new(env!("CARGO_BIN_EXE_credaudit")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(release.path("in"))
        .env("PATH", path)
        .env("XDG_CACHE_HOME", release.path("cache"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("hint:"), "{command}: {said}");
    assert!(!said.contains(&password()[..8]), "a secret is shown");
    output.status.code().unwrap()
}

fn with_a_secret() -> Release {
    Release::new(&[("app.ini", format!("password = {}\n", password()))])
}

fn clean() -> Release {
    Release::new(&[("app.ini", "colour = blue\n".to_owned())])
}

#[cfg(feature = "git")]
#[test]
fn the_pre_commit_hooks_stop_a_commit_with_a_secret_and_let_another_pass() {
    for command in commands(".pre-commit-hooks.yaml") {
        for (release, expected) in [(with_a_secret(), 1), (clean(), 0)] {
            assert_eq!(run(&release, "git init -q . && git add -A", &[]), 0);
            assert_eq!(run(&release, &command, &[]), expected, "{command}");
        }
    }
}

#[test]
fn the_github_action_writes_a_summary_and_sarif_and_fails_on_a_secret() {
    for (release, expected) in [(with_a_secret(), 1), (clean(), 0)] {
        let summary = release.path("summary.md");
        let sarif = release.path("report.sarif");
        let variables = [
            ("TARGET", "."),
            ("FAIL_ON", "medium"),
            ("SARIF", sarif.to_str().unwrap()),
            ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
        ];
        let codes: Vec<i32> = commands("action.yml").iter().map(|command| run(&release, command, &variables)).collect();
        assert_eq!(codes, [0, expected]);
        assert!(fs::read_to_string(&summary).unwrap().starts_with("### credaudit: "));
        let log: serde_json::Value = serde_json::from_slice(&fs::read(&sarif).unwrap()).unwrap();
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), usize::try_from(expected).unwrap());
    }
}

#[test]
fn the_gitlab_job_leaves_the_report_where_it_says() {
    for (release, expected) in [(with_a_secret(), 1), (clean(), 0)] {
        let commands = commands("templates/credaudit.gitlab-ci.yml");
        assert_eq!(run(&release, &commands[0], &[]), expected);
        let report = fs::read(release.path("in/gl-code-quality-report.json")).unwrap();
        let issues: Vec<serde_json::Value> = serde_json::from_slice(&report).unwrap();
        assert_eq!(issues.len(), usize::try_from(expected).unwrap());
    }
}
