//! The report as a comment under a pull request: a sentence, a table, what was not read. In the Markdown that GitHub, GitLab
//! and others share.

use std::fmt::Write as _;
use std::io;

use super::{Output, Style, places, text};
use crate::model::Report;

/// `--format markdown`.
pub struct Markdown;

/// Rows listed: GitHub takes comments of 65,536 characters, and a row has some 500 at most.
const ROWS: usize = 100;
/// What was not read, listed.
const SKIPS: usize = 20;
/// Columns of a name, cut in its middle.
const NAME: usize = 120;

impl Output for Markdown {
    fn name(&self) -> &'static str {
        "markdown"
    }

    fn write(&self, report: &Report, _: Style, to: &mut dyn io::Write) -> io::Result<()> {
        let found = match report.findings.len() {
            0 => "nothing found".to_owned(),
            n => text::counted(n as u64, "finding"),
        };
        let complete = if report.is_incomplete() { ", **not everything was read**" } else { "" };
        writeln!(to, "### credaudit: {found}{complete}\n")?;
        if !report.findings.is_empty() {
            writeln!(to, "| severity | rule | place | what | sure |\n|---|---|---|---|---|")?;
            for finding in report.findings.iter().take(ROWS) {
                let (path, line) = places::of(finding);
                writeln!(
                    to,
                    "| {} | {} | {} line {line} | {} | {} |",
                    finding.severity.name(),
                    code(finding.rule),
                    code(path),
                    code(&finding.message),
                    finding.confidence
                )?;
            }
            if report.findings.len() > ROWS {
                writeln!(to, "\n… and {} more.", report.findings.len() - ROWS)?;
            }
            writeln!(to)?;
        }
        if !report.skipped.is_empty() {
            writeln!(to, "Not read:\n")?;
            for skip in report.skipped.iter().take(SKIPS) {
                writeln!(to, "* {}: {}", code(&places::skipped(skip)), code(&skip.why))?;
            }
            if report.skipped.len() > SKIPS {
                writeln!(to, "* … and {} more", report.skipped.len() - SKIPS)?;
            }
            writeln!(to)?;
        }
        if let Some(gate) = &report.gate {
            writeln!(
                to,
                "{} searched, {} known to the baseline, {} allowed.",
                text::counted(gate.files, "file"),
                text::number(gate.baselined),
                text::number(gate.allowed)
            )?;
        }
        Ok(())
    }
}

/// Hostile text as code, in which no one is mentioned and nothing links: everything that could mean something to Markdown is
/// a character reference.
fn code(hostile: &str) -> String {
    let mut out = String::from("<code>");
    for c in text::name(hostile, NAME).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '-' | '/' | ',') {
            let _ = write!(out, "&#{};", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push_str("</code>");
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn markdown(report: &Report) -> String {
        let mut out = Vec::new();
        Markdown.write(report, Style { color: false, width: 80 }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_finding_is_a_row_with_its_place() {
        let text = markdown(&sample::gate());
        assert!(text.starts_with("### credaudit: 2 findings\n"), "{text}");
        assert!(
            text.contains("| high | <code>generic-password</code> | <code>backup/etc/app&#46;ini</code> line 7 |"),
            "{text}"
        );
        assert!(text.contains("12 files searched, 3 known to the baseline, 2 allowed."), "{text}");
    }

    #[test]
    fn what_was_not_read_is_said_in_the_first_line() {
        assert!(markdown(&sample::busy()).lines().next().unwrap().contains("not everything was read"));
        assert!(markdown(&sample::clean()).starts_with("### credaudit: nothing found\n"));
    }

    #[test]
    fn hostile_names_cannot_leave_their_cell_and_long_lists_are_cut() {
        let mut report = sample::hostile();
        for finding in &mut report.findings {
            finding.message = "](javascript:x) @everyone | <img> ``` ![a](b)\n# head".into();
        }
        while report.findings.len() < 300 {
            report.findings.push(report.findings[0].clone());
        }
        let text = markdown(&report);
        assert!(text.len() < 65_536 * 2, "{}", text.len());
        assert!(!text.contains("@every") && !text.contains("](") && !text.contains("<img") && !text.contains("```"));
        for row in text.lines().filter(|line| line.starts_with("| ")) {
            assert_eq!(row.matches('|').count(), 6, "{row}");
        }
    }
}
