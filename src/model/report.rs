//! Everything a report says, whatever its format. The public JSON is a frozen type of its own (`report::json`).

use super::exposure::Unasked;
use super::finding::{Confidence, Finding, Severity};
use super::role::Role;
use super::verdict::{Reasons, Tier};

/// The result of one audit.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What the user named.
    pub targets: Vec<ReportTarget>,
    /// Every input byte, accounted for.
    pub bytes: ByteTotals,
    /// Tables with at least one row, in the order of the input.
    pub tables: Vec<ReportTable>,
    /// Accounts by tier.
    pub accounts: AccountTotals,
    /// What was asked of breach sources: one entry a source.
    pub breach: Vec<BreachReport>,
    /// Sorted by severity, then place.
    pub findings: Vec<Finding>,
    /// What was not read or not understood.
    pub skipped: Vec<ReportSkip>,
    /// What could have been asked or tried but was not: one line each.
    pub not_asked: Vec<String>,
    /// What a release gate adds; `None` for an audit.
    pub gate: Option<GateReport>,
}

/// What a release gate has to say beside findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateReport {
    /// Files read.
    pub files: u64,
    /// Bytes of text searched for secrets.
    pub searched: u64,
    /// Which engine searched.
    pub engine: String,
    /// Findings left out because the baseline knows them.
    pub baselined: u64,
    /// Findings left out because somebody allowed them, with a reason.
    pub allowed: u64,
    /// Candidates below the least confidence.
    pub below: u64,
    /// Every rule that the findings name.
    pub rules: Vec<RuleReport>,
}

/// A rule as reports explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// As findings name it.
    pub id: String,
    /// What it finds.
    pub description: String,
    /// How bad.
    pub severity: Severity,
    /// What to do.
    pub advice: String,
}

impl Report {
    /// Whether something was not read, not understood or not answered.
    pub fn is_incomplete(&self) -> bool {
        let unanswered = self.breach.iter().any(|source| source.unknown > 0);
        !self.skipped.is_empty() || self.bytes.not_understood > 0 || self.accounts.unknown > 0 || unanswered
    }
}

/// One target.
#[derive(Clone, Debug, Default)]
pub struct ReportTarget {
    /// As the user named it.
    pub target: String,
    /// The unit within: a path below the target, or empty where target and unit are the same.
    pub unit: String,
    /// What it was read as: `mysqldump, gzip`; `not a format that holds tables`.
    pub format: String,
    /// Size as stored, in bytes.
    pub bytes: u64,
    /// Lower-case hex SHA-256 of the bytes as stored, if asked for.
    pub sha256: Option<String>,
}

/// Bytes of text (after decompression) by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByteTotals {
    /// All bytes read; the sum of the other three.
    pub read: u64,
    /// Understood as rows of tables.
    pub rows: u64,
    /// Understood as something else: schema, comments, plain text, pictures.
    pub other: u64,
    /// Not understood.
    pub not_understood: u64,
}

/// One table.
#[derive(Clone, Debug, Default)]
pub struct ReportTable {
    /// As the user named it.
    pub target: String,
    /// The unit within the target; empty where they are the same.
    pub unit: String,
    /// The table's name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Rows that are accounts: of a table with at least one credential column.
    pub accounts: u64,
    /// Columns that have a role worth telling.
    pub columns: Vec<ColumnReport>,
    /// The table's accounts by tier.
    pub tiers: AccountTotals,
}

/// How a scheme is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Evidence {
    /// A known password opens a stored value under it.
    Proved,
    /// The value names its scheme.
    SelfDescribing,
    /// Concluded from shapes, names and neighbours.
    Inferred,
}

impl Evidence {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::SelfDescribing => "self-describing",
            Self::Inferred => "inferred",
        }
    }
}

/// One column, or for a credential column one scheme found in it (mixed columns have one entry a scheme).
#[derive(Clone, Debug)]
pub struct ColumnReport {
    /// The column's name.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// How sure that is.
    pub confidence: Confidence,
    /// For a credential: scheme with parameters, `bcrypt cost 10`.
    pub scheme: Option<String>,
    /// How the scheme is known.
    pub evidence: Option<Evidence>,
    /// Grade and its reason: `weak: unsalted fast hash`.
    pub grade: Option<String>,
    /// Rows with a value (of this scheme).
    pub rows: u64,
    /// Distinct values, exact for credential columns.
    pub distinct: Option<u64>,
    /// Why the role, and why the scheme.
    pub why: String,
}

/// Accounts by tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountTotals {
    /// All accounts; the sum of the others.
    pub total: u64,
    /// By tier.
    pub t0: u64,
    /// Within 24 hours.
    pub t1: u64,
    /// Within 72 hours.
    pub t2: u64,
    /// At next login.
    pub t3: u64,
    /// Disable or delete.
    pub t4: u64,
    /// Nothing to do.
    pub none: u64,
    /// Not decided.
    pub unknown: u64,
}

impl AccountTotals {
    /// Counts `n` accounts of `tier`.
    pub const fn add(&mut self, tier: Tier, n: u64) {
        self.total += n;
        match tier {
            Tier::T0 => self.t0 += n,
            Tier::T1 => self.t1 += n,
            Tier::T2 => self.t2 += n,
            Tier::T3 => self.t3 += n,
            Tier::T4 => self.t4 += n,
            Tier::None => self.none += n,
            Tier::Unknown => self.unknown += n,
        }
    }

    /// Accounts of `tier`.
    pub const fn of(&self, tier: Tier) -> u64 {
        match tier {
            Tier::T0 => self.t0,
            Tier::T1 => self.t1,
            Tier::T2 => self.t2,
            Tier::T3 => self.t3,
            Tier::T4 => self.t4,
            Tier::None => self.none,
            Tier::Unknown => self.unknown,
        }
    }

    /// Adds the counts of another part.
    pub const fn merge(&mut self, other: &Self) {
        let mut i = 0;
        while i < Tier::ALL.len() {
            self.add(Tier::ALL[i], other.of(Tier::ALL[i]));
            i += 1;
        }
    }

    /// Accounts on the reset list: T0 to T4.
    pub const fn to_reset(&self) -> u64 {
        self.t0 + self.t1 + self.t2 + self.t3 + self.t4
    }
}

/// What one breach source was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BreachReport {
    /// `embedded list`, or the base URL asked.
    pub source: String,
    /// Distinct digests (embedded list: stored values) asked about.
    pub asked: u64,
    /// Of those, seen.
    pub seen: u64,
    /// Of those, not seen.
    pub not_seen: u64,
    /// Of those, not answered.
    pub unknown: u64,
    /// Why not, with counts.
    pub why_unknown: Vec<(Unasked, u64)>,
}

/// Something that was not read or not understood.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReportSkip {
    /// As the user named it.
    pub target: String,
    /// Unit, and offset and line of the first such place.
    pub what: String,
    /// What is wrong, how many bytes or rows, and what to do.
    pub why: String,
}

/// One line of the reset list.
#[derive(Clone, Debug)]
pub struct ResetRow<'a> {
    /// How soon.
    pub tier: Tier,
    /// As the user named it.
    pub target: &'a str,
    /// `unit` and table name.
    pub table: &'a str,
    /// The row's key; may be empty.
    pub account_id: &'a [u8],
    /// May be empty.
    pub login: &'a [u8],
    /// May be empty.
    pub email: &'a [u8],
    /// Every reason.
    pub reasons: Reasons,
    /// Scheme with parameters; several are joined by ` + `.
    pub scheme: &'a str,
    /// Times seen in the breach source, where it says so.
    pub exposure_count: Option<u64>,
    /// `Some(false)` is disabled or former; `None` is not known.
    pub active: Option<bool>,
    /// Path, member, byte offset and line.
    pub locator: &'a str,
}
