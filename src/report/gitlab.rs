//! The report for GitLab's merge requests: its code quality format, a JSON array with an object for each finding
//! (docs.gitlab.com, "Code Quality", "Code Quality report format").

use std::io;

use serde::Serialize;

use super::{Output, Style, places};
use crate::model::{Report, Severity};

/// `--format gitlab`.
pub struct GitLab;

/// What GitLab reads; it ignores everything else.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    /// Unique in the report, the same in the next one.
    fingerprint: String,
    /// info, minor, major, critical or blocker.
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    /// Relative to the repository, without `./`.
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u64,
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Low => "minor",
        Severity::Medium => "major",
        Severity::High => "critical",
        Severity::Critical => "blocker",
    }
}

impl Output for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn write(&self, report: &Report, _: Style, to: &mut dyn io::Write) -> io::Result<()> {
        let mut issues: Vec<Issue<'_>> = report
            .findings
            .iter()
            .map(|finding| {
                let (path, line) = places::of(finding);
                Issue {
                    description: finding.message.clone(),
                    check_name: finding.rule,
                    fingerprint: finding.id.clone(),
                    severity: word(finding.severity),
                    location: location(path, line),
                }
            })
            .collect();
        // What was not read must not look clean; the format has no other place for it.
        issues.extend(report.skipped.iter().map(|skip| {
            let path = places::skipped(skip);
            Issue {
                description: format!("not read: {}", skip.why),
                check_name: "not-read",
                fingerprint: format!("not-read:{path}:{}", skip.why),
                severity: "major",
                location: location(&path, 1),
            }
        }));
        serde_json::to_writer_pretty(&mut *to, &issues).map_err(io::Error::from)?;
        to.write_all(b"\n")
    }
}

fn location(path: &str, begin: u64) -> Location {
    Location { path: path.trim_start_matches("./").to_owned(), lines: Lines { begin } }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::sample;
    use super::*;

    fn issues(report: &Report) -> Vec<Value> {
        let mut out = Vec::new();
        GitLab.write(report, Style { color: false, width: 80 }, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_issue_has_the_fields_that_gitlab_asks_for() {
        for report in [sample::busy(), sample::clean(), sample::hostile(), sample::gate()] {
            let issues = issues(&report);
            assert_eq!(issues.len(), report.findings.len() + report.skipped.len());
            for issue in &issues {
                for field in ["description", "check_name", "fingerprint"] {
                    assert!(!issue[field].as_str().unwrap().is_empty(), "{field}");
                }
                let severity = issue["severity"].as_str().unwrap();
                assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity), "{severity}");
                assert!(!issue["location"]["path"].as_str().unwrap().starts_with("./"));
                assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
            }
        }
        let issues = issues(&sample::gate());
        assert_eq!(issues[1]["location"]["path"], "backup/etc/app.ini");
        assert_eq!(issues[1]["location"]["lines"]["begin"], 7);
        assert_eq!(issues[1]["severity"], "critical");
    }
}
