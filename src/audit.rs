//! audit: a stand-in, to be replaced by the pipeline.

use crate::error::Error;
use crate::model::{AccountTotals, Report, ResetRow, Tier};
pub use crate::report::Progress;
use crate::report::TakeRow;
use crate::settings::AuditSettings;

/// Reports one account to reset for each target.
pub fn run(settings: &AuditSettings, resets: Option<TakeRow<'_>>, progress: &dyn Progress) -> Result<Report, Error> {
    progress.phase("reading");
    let mut accounts = AccountTotals::default();
    accounts.add(Tier::T0, settings.targets.len() as u64);
    if let Some(resets) = resets {
        for _ in &settings.targets {
            let reasons = [crate::model::Reason::Plaintext].into_iter().collect();
            resets(&ResetRow {
                tier: Tier::T0,
                target: "made-up.csv",
                table: "",
                account_id: b"1",
                login: b"ann",
                email: b"",
                reasons,
                scheme: "plaintext",
                exposure_count: None,
                active: None,
                locator: "byte 0, line 1",
            })
            .map_err(|e| Error::write(None, e))?;
        }
    }
    Ok(Report { accounts, ..Report::default() })
}
