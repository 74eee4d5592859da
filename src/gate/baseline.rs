//! Findings that are known: a text file beside the code.
//!
//! One line a finding, its fingerprint and its rule, sorted. Neither path nor line nor time is in it: nothing changes when
//! code moves. Between the entries stand 256 marks, one for each first byte of a fingerprint, so that two branches that each
//! add an entry change places that do not touch, and git merges them.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

/// Fingerprints with the rules they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline(BTreeMap<String, String>);

/// The first line of a file.
const HEAD: &str = "# credaudit baseline 1: findings that are known, one a line; `credaudit baseline` writes it";

/// A line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaselineError {
    line: usize,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} is neither `FINGERPRINT RULE` nor a comment; keep both sides of a merge", self.line)
    }
}

impl std::error::Error for BaselineError {}

impl Baseline {
    /// Reads a file's text. Order and repetition do not matter.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let mut known = BTreeMap::new();
        for (i, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_whitespace();
            let (Some(fingerprint), Some(rule), None) = (words.next(), words.next(), words.next()) else {
                return Err(BaselineError { line: i + 1 });
            };
            if fingerprint.len() != 20 || !fingerprint.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(BaselineError { line: i + 1 });
            }
            known.insert(fingerprint.to_ascii_lowercase(), rule.to_owned());
        }
        Ok(Self(known))
    }

    /// Writes the file: the same entries give the same bytes.
    pub fn write(&self, to: &mut dyn io::Write) -> io::Result<()> {
        writeln!(to, "{HEAD}")?;
        let mut entries = self.0.iter().peekable();
        for mark in 0..=255_u8 {
            writeln!(to, "# {mark:02x}")?;
            let mark = hex::encode([mark]);
            while let Some((fingerprint, rule)) = entries.next_if(|(fingerprint, _)| fingerprint.starts_with(&mark)) {
                writeln!(to, "{fingerprint} {rule}")?;
            }
        }
        Ok(())
    }

    /// Whether a finding is known.
    pub fn knows(&self, fingerprint: &str) -> bool {
        self.0.contains_key(fingerprint)
    }

    /// Adds a finding.
    pub fn insert(&mut self, fingerprint: &str, rule: &str) {
        self.0.insert(fingerprint.to_owned(), rule.to_owned());
    }

    /// Keeps those for which `keep` is true; how many went.
    pub fn retain(&mut self, keep: &dyn Fn(&str) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|fingerprint, _| keep(fingerprint));
        before - self.0.len()
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_baseline_reads_back_as_written_in_any_order() {
        let mut baseline = Baseline::default();
        for n in [0xf3_u64, 1, 0x80, 0x81] {
            baseline.insert(&format!("{n:02x}{n:018x}"), "jwt");
        }
        let mut text = Vec::new();
        baseline.write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(Baseline::parse(&text).unwrap(), baseline);
        let shuffled: Vec<&str> = text.lines().rev().chain(text.lines()).collect();
        assert_eq!(Baseline::parse(&shuffled.join("\n")).unwrap(), baseline);
        let mut sorted: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
        sorted.sort_unstable();
        assert_eq!(sorted, text.lines().filter(|l| !l.starts_with('#')).collect::<Vec<_>>());
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let error = Baseline::parse("# x\n<<<<<<< ours\n").unwrap_err();
        assert!(error.to_string().starts_with("line 2"), "{error}");
    }
}
