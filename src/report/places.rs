//! Where a finding is, for the formats that ask for a path and a line.

use crate::model::{Finding, ReportSkip};

/// Path and line; of a finding without an exact place the target's first line.
pub(super) fn of(finding: &Finding) -> (&str, u64) {
    finding.site.as_deref().map_or((finding.target.as_str(), 1), |site| (site.path.as_str(), site.line.max(1)))
}

/// The path of what was not read.
pub(super) fn skipped(skip: &ReportSkip) -> String {
    match (skip.target.trim_start_matches("./"), skip.what.as_str()) {
        (target, "") => target.to_owned(),
        ("." | "", what) => what.to_owned(),
        (target, what) => format!("{}/{what}", target.trim_end_matches('/')),
    }
}
