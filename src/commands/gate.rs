//! `credaudit gate` and `credaudit baseline`.

use std::io::{self, BufWriter, Write};

use credaudit::cli::{BaselineArgs, GateArgs};
use credaudit::error::Error;
use credaudit::gate::{self, Baseline};
use credaudit::model::Report;
use credaudit::report::{Destination, Meter, Progress, Silent};
use credaudit::settings::{self, GateSettings, Sink};

use super::audit::{talks_to_terminal, write_report};
use super::unless_broken_pipe;

pub(super) fn run(args: GateArgs) -> Result<u8, Error> {
    let (settings, output) = settings::check_gate(args)?;
    let to = match &output.report {
        Sink::Stdout => None,
        Sink::Path(path) => Some(Destination::open(path).map_err(|e| Error::write(Some(path), e))?),
    };
    let report = search(&settings, output.quiet)?;
    write_report(&report, &output, to)?;
    Ok(output.fail_on.outcome(&report).code())
}

fn search(settings: &GateSettings, quiet: bool) -> Result<Report, Error> {
    let progress: Box<dyn Progress> =
        if talks_to_terminal(quiet) { Box::new(Meter::start(Box::new(io::stderr()))) } else { Box::new(Silent) };
    gate::run(settings, progress.as_ref())
}

/// Writes what is found now into the baseline; the exit code is 2 when not all was read.
pub(super) fn baseline(args: BaselineArgs) -> Result<u8, Error> {
    let quiet = args.scan.quiet;
    let (mut settings, prune) = settings::check_baseline(args)?;
    let old = settings.baseline.take().unwrap_or_default();
    let report = search(&settings, quiet)?;
    let mut found = Baseline::default();
    for finding in &report.findings {
        if let Some(site) = &finding.site {
            found.insert(&site.fingerprint, finding.rule);
        }
    }
    let mut new = if prune { old.clone() } else { found.clone() };
    let pruned = if prune { new.retain(&|fingerprint| found.knows(fingerprint)) } else { 0 };
    let path = &settings.baseline_path;
    let mut to = BufWriter::new(Destination::open(path).map_err(|e| Error::write(Some(path), e))?);
    new.write(&mut to)
        .and_then(|()| to.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(Destination::commit)
        .map_err(|e| Error::write(Some(path), e))?;
    let attributes = gate::merging(path).map_err(|e| Error::write(Some(&path.with_file_name(".gitattributes")), e))?;
    if !quiet && attributes {
        let named = path.with_file_name(".gitattributes");
        let _ = writeln!(
            io::stderr(),
            "{}: says `merge=union` for it now, so that git merges what two branches add; commit both",
            named.display()
        );
    }
    if !quiet {
        let told = if prune {
            format!("{}: {pruned} of {} entries removed", path.display(), old.len())
        } else {
            format!("{}: {} known findings, {} before", path.display(), new.len(), old.len())
        };
        let _ = writeln!(io::stderr(), "{told}");
    }
    if report.is_incomplete() {
        let mut to = io::stderr();
        for skip in report.skipped.iter().take(20) {
            let _ = unless_broken_pipe(writeln!(
                to,
                "not read: {} {}: {}",
                skip.target.escape_debug(),
                skip.what.escape_debug(),
                skip.why
            ));
        }
        return Ok(2);
    }
    Ok(0)
}
