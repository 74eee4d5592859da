//! One fault, for people who fix systems rather than accounts.

use std::fmt;

/// How sure, in percent; 100 is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Confidence(u8);

impl Confidence {
    /// Proved.
    pub const PROVED: Self = Self(100);

    /// `percent`, cut at 100.
    pub const fn new(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }

    /// In percent, 0 to 100.
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.0)
    }
}

/// How bad, if true. A separate axis from [`Confidence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth fixing when at it.
    Low,
    /// Plan the fix.
    Medium,
    /// Fix soon.
    High,
    /// Fix now.
    Critical,
}

impl Severity {
    /// The word used in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One fault with the accounts it touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Stable: derived from rule, target and place, so that two runs over the same input agree.
    pub id: String,
    /// Which rule, e.g. `plaintext-password`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The target as the user named it.
    pub target: String,
    /// Path, member, table, column; byte offset and line of the first row concerned.
    pub locator: String,
    /// One sentence; never holds a value of the table.
    pub message: String,
    /// How many accounts.
    pub accounts: u64,
    /// Where exactly, for programs that show it beside the text.
    pub site: Option<Box<Site>>,
}

/// The exact place of a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// Path of the file, `/`-separated, as reached from the current folder.
    pub path: String,
    /// Counted from 1.
    pub line: u64,
    /// In bytes, counted from 1.
    pub column: u64,
    /// Bytes of the unit's text before it; from a search, bytes of the file as it was unpacked, whatever its encoding.
    pub offset: u64,
    /// Length in bytes; 0 where it is a place rather than a stretch.
    pub length: u64,
    /// The same stretch in characters, for formats that count those.
    pub characters: Option<Characters>,
    /// Derived from rule and value alone: stays when lines move and files get other names. 20 hex digits.
    pub fingerprint: String,
    /// In the history of a repository: the first commit that has it.
    pub commit: Option<Commit>,
}

/// Where a stretch of text begins and ends, in Unicode code points counted from 1; a byte that begins none in UTF-8 counts with
/// the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Characters {
    /// In the line where it begins.
    pub column: u64,
    /// The line where it ends.
    pub end_line: u64,
    /// In that line, the first after it.
    pub end_column: u64,
}

/// A commit of git.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its hash in hex.
    pub id: String,
    /// When it was made, ISO 8601, in its maker's time zone.
    pub date: String,
    /// Its place among the commits that were read: parents come before children.
    pub order: u64,
}

impl Commit {
    /// What the name of a file ends in that is read as it was in this commit: `@` and 12 digits of the hash, to which git
    /// abbreviates in a repository of the Linux kernel's size.
    pub fn suffix(&self) -> String {
        format!("@{}", &self.id[..self.id.len().min(12)])
    }
}
