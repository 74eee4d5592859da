//! The report for code hosts and editors: SARIF 2.1.0 (OASIS, 2023-08-28), findings only.
//!
//! One run. Rules and results are in the order of the report, so the same report gives the same bytes. Regions are counted
//! in code points, as `columnKind` says, and in bytes beside. What was not read is a
//! notification, and `executionSuccessful` is then false; what is worth knowing is a note.
//!
//! The commit of a finding from history stands in the result's property bag (3.8) and, as code hosts show nothing else of it, at the
//! end of its message. `versionControlProvenance` (3.14.13) says of a whole run which revision it saw, and wants an absolute URI of the
//! repository, which may hold a password; `partialFingerprints` say what makes two results the same one, which a rebased commit is no part of.

use std::io;

use serde::Serialize;

use super::{Output, Style};
use crate::model::{Finding, Report, Severity};

/// `--format sarif`.
pub struct Sarif;

impl Output for Sarif {
    fn name(&self) -> &'static str {
        "sarif"
    }

    fn write(&self, report: &Report, _: Style, to: &mut dyn io::Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *to, &Log::from(report)).map_err(io::Error::from)?;
        to.write_all(b"\n")
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool<'a>,
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<SarifResult<'a>>,
}

#[derive(Serialize)]
struct Tool<'a> {
    driver: Driver<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'a> {
    name: &'static str,
    version: &'static str,
    /// The same, known to follow Semantic Versioning.
    semantic_version: &'static str,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule<'a> {
    id: &'a str,
    short_description: Message,
    help: Message,
    default_configuration: Configuration,
    properties: RuleProperties,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct RuleProperties {
    /// Code hosts sort security findings by this number.
    #[serde(rename = "security-severity")]
    security_severity: &'static str,
    tags: [&'static str; 1],
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    level: &'static str,
    message: Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints<'a>,
    properties: ResultProperties<'a>,
}

#[derive(Serialize)]
struct Fingerprints<'a> {
    #[serde(rename = "credaudit/v1")]
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultProperties<'a> {
    /// In percent.
    confidence: u8,
    accounts: u64,
    /// The first that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_date: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<u64>,
    byte_offset: u64,
    byte_length: u64,
}

/// SARIF's levels are three.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// In the middle of the band that GitHub gives each word (over 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, else low).
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}

/// A path as a relative or `file:` URI (RFC 3986): everything but unreserved characters and `/` is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

impl<'a> From<&'a Report> for Log<'a> {
    fn from(report: &'a Report) -> Self {
        let mut rules: Vec<Rule<'a>> = Vec::new();
        let mut results = Vec::with_capacity(report.findings.len());
        for finding in &report.findings {
            let rule_index = rules.iter().position(|rule| rule.id == finding.rule).unwrap_or_else(|| {
                rules.push(rule(report, finding));
                rules.len() - 1
            });
            results.push(result(finding, rule_index));
        }
        let skipped = report.skipped.iter().map(|skip| Notification {
            level: "error",
            message: Message { text: format!("not read: {} {}: {}", skip.target, skip.what, skip.why) },
        });
        let notes = report.gate.iter().flat_map(|_| &report.not_asked);
        let notes = notes.map(|note| Notification { level: "note", message: Message { text: note.clone() } });
        let notifications = skipped.chain(notes).collect();
        Self {
            schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "credaudit",
                        version: env!("CARGO_PKG_VERSION"),
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules,
                    },
                },
                column_kind: "unicodeCodePoints",
                invocations: [Invocation {
                    execution_successful: !report.is_incomplete(),
                    tool_execution_notifications: notifications,
                }],
                results,
            }],
        }
    }
}

fn rule<'a>(report: &'a Report, finding: &'a Finding) -> Rule<'a> {
    let known = report.gate.as_ref().and_then(|gate| gate.rules.iter().find(|rule| rule.id == finding.rule));
    let (description, advice) =
        known.map_or((finding.rule, "see the report"), |rule| (&*rule.description, &*rule.advice));
    Rule {
        id: finding.rule,
        short_description: Message { text: description.to_owned() },
        help: Message { text: advice.to_owned() },
        default_configuration: Configuration { level: level(finding.severity) },
        properties: RuleProperties { security_severity: security_severity(finding.severity), tags: ["security"] },
    }
}

fn result(finding: &Finding, rule_index: usize) -> SarifResult<'_> {
    let site = finding.site.as_deref();
    // Without characters it is the start of a row, at the start of its line.
    let region = site.map(|site| Region {
        start_line: site.line.max(1),
        start_column: site.characters.map_or(1, |characters| characters.column),
        end_line: site.characters.map(|characters| characters.end_line),
        end_column: site.characters.map(|characters| characters.end_column),
        byte_offset: site.offset,
        byte_length: site.length,
    });
    let commit = site.and_then(|site| site.commit.as_ref());
    let message = match commit {
        None => finding.message.clone(),
        Some(commit) => format!("{}; first in commit {} of {}", finding.message, commit.id, commit.date),
    };
    SarifResult {
        rule_id: finding.rule,
        rule_index,
        level: level(finding.severity),
        message: Message { text: message },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact { uri: uri(site.map_or(&finding.target, |site| &site.path)) },
                region,
            },
        }],
        partial_fingerprints: Fingerprints { value: site.map_or(&finding.id, |site| &site.fingerprint) },
        properties: ResultProperties {
            confidence: finding.confidence.percent(),
            accounts: finding.accounts,
            commit: commit.map(|commit| commit.id.as_str()),
            commit_date: commit.map(|commit| commit.date.as_str()),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::sample;
    use super::*;

    fn sarif(report: &Report) -> Value {
        let mut out = Vec::new();
        Sarif.write(report, Style { color: false, width: 80 }, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    /// What the published schema and the standard ask of the parts used here (clause numbers are of the standard).
    fn check(log: &Value) {
        assert_eq!(log["version"], "2.1.0"); // 3.13.2
        for run in log["runs"].as_array().unwrap() {
            let driver = &run["tool"]["driver"];
            assert!(driver["name"].is_string()); // 3.19.8, required
            let rules = driver["rules"].as_array().unwrap();
            let mut ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
            for rule in rules {
                assert!(rule["shortDescription"]["text"].is_string()); // 3.49.9
                assert!(matches!(
                    rule["defaultConfiguration"]["level"].as_str(),
                    Some("none" | "note" | "warning" | "error")
                ));
            }
            ids.sort_unstable();
            let all = ids.len();
            ids.dedup();
            assert_eq!(ids.len(), all, "ids are unique"); // 3.49.3
            assert!(matches!(run["columnKind"].as_str(), Some("utf16CodeUnits" | "unicodeCodePoints"))); // 3.14.17
            for invocation in run["invocations"].as_array().unwrap() {
                assert!(invocation["executionSuccessful"].is_boolean()); // 3.20.14, required
                for told in invocation["toolExecutionNotifications"].as_array().unwrap() {
                    assert!(told["message"]["text"].is_string()); // 3.58.5, required
                }
            }
            for result in run["results"].as_array().unwrap() {
                assert!(result["message"]["text"].is_string()); // 3.27.11, required
                let index = result["ruleIndex"].as_u64().unwrap() as usize;
                assert_eq!(rules[index]["id"], result["ruleId"]); // 3.27.6
                assert!(result["partialFingerprints"].as_object().unwrap().values().all(Value::is_string)); // 3.27.17
                for location in result["locations"].as_array().unwrap() {
                    let physical = &location["physicalLocation"];
                    let uri = physical["artifactLocation"]["uri"].as_str().unwrap(); // 3.4.3: a valid URI reference
                    assert!(uri.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)), "{uri}");
                    if let Some(region) = physical.get("region") {
                        for (name, least) in
                            [("startLine", 1), ("startColumn", 1), ("byteOffset", 0), ("byteLength", 0)]
                        {
                            assert!(region[name].as_i64().unwrap() >= least, "{name}"); // 3.30
                        }
                        let end = |name: &str| region.get(name).and_then(Value::as_u64);
                        if let (Some(line), Some(column)) = (end("endLine"), end("endColumn")) {
                            let start = |name: &str| region[name].as_u64().unwrap();
                            // 3.30.7, 3.30.8
                            assert!((line, column) > (start("startLine"), start("startColumn")));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn the_log_keeps_to_the_standard() {
        for report in [sample::busy(), sample::clean(), sample::hostile(), sample::gate(), Report::default()] {
            check(&sarif(&report));
        }
    }

    #[test]
    fn a_finding_leads_to_its_line_and_carries_its_fingerprint() {
        let log = sarif(&sample::gate());
        let result = &log["runs"][0]["results"][1];
        assert_eq!(result["ruleId"], "generic-password");
        assert_eq!(result["level"], "error");
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "backup/etc/app.ini");
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        assert_eq!(result["partialFingerprints"]["credaudit/v1"], "99887766554433221100");
    }

    #[test]
    fn a_finding_from_history_names_its_commit() {
        let mut report = sample::gate();
        let commit = crate::model::Commit { id: "0af3".repeat(10), date: "2026-01-02T10:00:00+01:00".into(), order: 3 };
        for finding in &mut report.findings {
            finding.site.as_mut().unwrap().commit = Some(commit.clone());
        }
        let log = sarif(&report);
        check(&log);
        let result = &log["runs"][0]["results"][1];
        assert_eq!(result["properties"]["commit"], commit.id);
        assert_eq!(result["properties"]["commitDate"], commit.date);
        assert!(
            result["message"]["text"]
                .as_str()
                .unwrap()
                .ends_with(&format!("; first in commit {} of {}", commit.id, commit.date))
        );
        let without = sarif(&sample::gate());
        assert_eq!(result["partialFingerprints"], without["runs"][0]["results"][1]["partialFingerprints"]);
        assert!(without["runs"][0]["results"][1]["properties"].get("commit").is_none());
    }

    #[test]
    fn what_was_not_read_makes_the_run_unsuccessful() {
        let log = sarif(&sample::busy());
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
        assert!(!log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().is_empty());
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(uri("a b/ü.txt"), "a%20b/%C3%BC.txt");
        assert_eq!(uri("/etc/x"), "file:///etc/x");
    }
}
