//! Plain data that travels between the families. Nothing here opens a file, asks a server or imports anything above it.

mod block;
mod exposure;
mod finding;
mod form;
mod formula;
mod policy;
mod pool;
mod report;
mod role;
mod secret;
mod short;
mod table;
mod verdict;

pub use block::Block;
pub use exposure::{Digest, DigestKind, Exposure, Unasked};
pub use finding::{Characters, Commit, Confidence, Finding, Severity, Site};
pub use form::{Form, FormDef, FormKind};
pub use formula::{Algorithm, Expression, Formula, FormulaError, MAX_DIGEST, Salts, Uses, digest_of, utf16le};
pub use policy::{Grade, Graded, Policy, PolicyError, SchemePolicy};
pub use pool::{Loan, Pool, wipe};
pub use report::{
    AccountTotals, BreachReport, ByteTotals, ColumnReport, Evidence, GateReport, Report, ReportSkip, ReportTable,
    ReportTarget, ResetRow, RuleReport,
};
pub use role::{Assignment, Role};
pub use secret::Secret;
pub use short::{copy_short, find_short};
pub use table::{Column, Fault, Partial, Places, RowAt, Table, TableBatch, Wanted, Whole};
pub use verdict::{Reason, Reasons, Tier, Verdict};
