//! Findings that are known: a text file beside the code.
//!
//! One line a finding, its fingerprint and its rule, sorted. Neither path nor line nor time is in it: nothing changes when
//! code moves. Two branches that each add an entry merge: git is told to keep the lines of both ([`merging`]), for any order and
//! any repetition reads as the same. Between the entries stand 256 marks, one for each first byte of a fingerprint, so that
//! also where a merge does not ask `.gitattributes`, as on some hosts, hardly two branches in 256 touch one place.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

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

/// Tells git, beside the baseline at `path`, to keep the lines of both sides when it merges it; whether that was needed.
/// Nothing is written outside a repository, and nothing where the file is named in `.gitattributes` already.
pub fn merging(path: &Path) -> io::Result<bool> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(false) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize()?;
    if !folder.ancestors().any(|above| above.join(".git").exists()) {
        return Ok(false);
    }
    let attributes = folder.join(".gitattributes");
    let old = match fs::read(&attributes) {
        Ok(old) => old,
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(e),
    };
    // A pattern in double quotes may hold spaces (gitattributes(5)); a slash before it keeps it from other folders.
    let quoted = |name: &str| format!("\"/{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let pattern = if plain { format!("/{name}") } else { quoted(name) };
    if String::from_utf8_lossy(&old).lines().any(|line| {
        line.strip_prefix(pattern.as_str())
            .or_else(|| line.strip_prefix(&pattern[1..]))
            .is_some_and(|rest| rest.starts_with([' ', '\t']) && rest.contains("merge"))
    }) {
        return Ok(false);
    }
    let mut to = fs::OpenOptions::new().create(true).append(true).open(&attributes)?;
    let line = if old.last().is_none_or(|last| *last == b'\n') { "" } else { "\n" };
    to.write_all(format!("{line}{pattern} merge=union\n").as_bytes())?;
    Ok(true)
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
