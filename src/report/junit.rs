//! The report for test runners: `JUnit`'s XML as Jenkins, GitLab and others read it. Each finding is a test that failed, what
//! was not read one that ended in an error, and a report without either a test that passed.

use std::fmt::Write as _;
use std::io;

use super::{Output, Style, places, text};
use crate::model::Report;

/// `--format junit`.
pub struct JUnit;

impl Output for JUnit {
    fn name(&self) -> &'static str {
        "junit"
    }

    fn write(&self, report: &Report, _: Style, to: &mut dyn io::Write) -> io::Result<()> {
        let (failures, errors) = (report.findings.len(), report.skipped.len());
        let tests = (failures + errors).max(1);
        let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
        writeln!(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(to, "<testsuites name=\"credaudit\" {counts} time=\"0\">")?;
        writeln!(to, "  <testsuite name=\"credaudit\" {counts} skipped=\"0\" time=\"0\">")?;
        for finding in &report.findings {
            let (path, line) = places::of(finding);
            let (path, rule) = (escaped(path), escaped(finding.rule));
            writeln!(
                to,
                "    <testcase classname=\"{path}\" name=\"{rule}, line {line}\" file=\"{path}\" line=\"{line}\" time=\"0\">"
            )?;
            writeln!(
                to,
                "      <failure type=\"{rule}\" message=\"{message}\">{severity}, {sure}: {place}</failure>",
                message = escaped(&finding.message),
                severity = finding.severity.name(),
                sure = finding.confidence,
                place = escaped(&finding.locator),
            )?;
            writeln!(to, "    </testcase>")?;
        }
        for skip in &report.skipped {
            let (path, why) = (escaped(&places::skipped(skip)), escaped(&skip.why));
            writeln!(to, "    <testcase classname=\"{path}\" name=\"not read\" time=\"0\">")?;
            writeln!(to, "      <error type=\"not-read\" message=\"{why}\"/>")?;
            writeln!(to, "    </testcase>")?;
        }
        if report.findings.is_empty() && report.skipped.is_empty() {
            writeln!(to, "    <testcase classname=\"credaudit\" name=\"nothing found\" time=\"0\"/>")?;
        }
        writeln!(to, "  </testsuite>\n</testsuites>")
    }
}

/// For an attribute or an element; what XML 1.0 cannot hold is escaped as on a terminal.
fn escaped(hostile: &str) -> String {
    let mut out = String::new();
    for c in text::clean(hostile).chars() {
        match c {
            '&' | '<' | '>' | '"' | '\'' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    fn junit(report: &Report) -> String {
        let mut out = Vec::new();
        JUnit.write(report, Style { color: false, width: 80 }, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// The elements in order; panics where tags do not nest or characters are not XML's.
    fn elements(xml: &str) -> Vec<String> {
        assert!(xml.chars().all(|c| c == '\n' || c >= ' '), "a control character");
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for tag in xml.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("a tag ends");
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            assert!(!text.contains(['>', '"']), "{text}");
            let name = tag.split([' ', '/']).find(|part| !part.is_empty()).unwrap().to_owned();
            if tag.starts_with('/') {
                assert_eq!(open.pop(), Some(name));
            } else if !tag.starts_with('?') {
                all.push(name.clone());
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
        assert!(open.is_empty(), "{open:?}");
        all
    }

    #[test]
    fn the_document_is_well_formed_whatever_names_it_holds_and_its_counts_are_right() {
        for report in [sample::busy(), sample::clean(), sample::hostile(), sample::gate(), Report::default()] {
            let xml = junit(&report);
            let elements = elements(&xml);
            let count = |name: &str| elements.iter().filter(|element| *element == name).count();
            assert_eq!(count("failure"), report.findings.len());
            assert_eq!(count("error"), report.skipped.len());
            assert!(xml.contains(&format!("tests=\"{}\"", count("testcase"))));
        }
        assert!(junit(&sample::gate()).contains("file=\"backup/etc/app.ini\" line=\"7\""));
    }
}
