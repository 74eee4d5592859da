//! `credaudit audit`.

use std::io::{self, BufWriter, IsTerminal, Write};

use credaudit::audit;
use credaudit::cli::AuditArgs;
use credaudit::error::Error;
use credaudit::model::Report;
use credaudit::report::{Destination, Meter, Notes, Progress, ResetList, Silent, TakeRow};
use credaudit::settings::{self, AuditSettings, OutputSettings, Sink};

use super::unless_broken_pipe;

pub(super) fn run(args: AuditArgs) -> Result<u8, Error> {
    let dry_run = args.live.dry_run;
    let (audit, output) = settings::check(args)?;
    if dry_run {
        let lines = audit::dry_run(&audit)?.join("\n");
        let written = writeln!(io::stdout(), "{lines}");
        unless_broken_pipe(written).map_err(|e| Error::write(None, e))?;
        return Ok(0);
    }
    // Both are opened first: what cannot be written should fail before hours of reading.
    let to = match &output.report {
        Sink::Stdout => None,
        Sink::Path(path) => Some(Destination::open(path).map_err(|e| Error::write(Some(path), e))?),
    };
    let resets = match &output.resets {
        None => None,
        Some(Sink::Stdout) => Some(ResetsTo::Stdout(ResetList::new(io::stdout()))),
        Some(Sink::Path(path)) => {
            let to = Destination::open(path).map_err(|e| Error::write(Some(path), e))?;
            Some(ResetsTo::File(ResetList::new(to)))
        }
    };
    let report = match resets {
        None => read(&audit, &output, None)?,
        Some(ResetsTo::Stdout(list)) => {
            let (report, _) = read_with_list(&audit, &output, list)?;
            report
        }
        Some(ResetsTo::File(list)) => {
            let Some(Sink::Path(path)) = &output.resets else { unreachable!("a file was opened") };
            let (report, to) = read_with_list(&audit, &output, list).map_err(|e| e.at(path))?;
            // The list takes its place only now that the audit is over.
            if let Some(to) = to {
                unless_broken_pipe(to.commit()).map_err(|e| Error::write(Some(path), e))?;
            }
            report
        }
    };
    write_report(&report, &output, to)?;
    if talks(&output) && output.resets.is_none() && report.accounts.to_reset() > 0 {
        let _ = writeln!(io::stderr(), "\nThe accounts by name: run again with --resets FILE.");
    }
    Ok(output.fail_on.outcome(&report).code())
}

enum ResetsTo {
    Stdout(ResetList<io::Stdout>),
    File(ResetList<Destination>),
}

/// Runs the audit with a reset list, and gives back where the list went; `None` when its reader has gone.
fn read_with_list<W: Write + Send>(
    audit: &AuditSettings,
    output: &OutputSettings,
    mut list: ResetList<W>,
) -> Result<(Report, Option<W>), Error> {
    let mut gone = false;
    let report = read(
        audit,
        output,
        Some(&mut |row| {
            if gone {
                return Ok(());
            }
            match list.push(row) {
                // Whoever reads the list has had enough of it: the audit goes on for its report and exit code.
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
                    gone = true;
                    Ok(())
                }
                other => other,
            }
        }),
    )?;
    if gone {
        return Ok((report, None));
    }
    match list.finish() {
        Ok((to, _)) => Ok((report, Some(to))),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok((report, None)),
        Err(e) => Err(Error::write(None, e)),
    }
}

fn read(audit: &AuditSettings, output: &OutputSettings, resets: Option<TakeRow<'_>>) -> Result<Report, Error> {
    let progress: Box<dyn Progress> = if output.quiet {
        Box::new(Silent)
    } else if talks(output) {
        Box::new(Meter::start(Box::new(io::stderr())))
    } else {
        Box::new(Notes)
    };
    audit::run(audit, resets, progress.as_ref())
}

/// Whether there is somebody to talk to on standard error.
fn talks(output: &OutputSettings) -> bool {
    talks_to_terminal(output.quiet)
}

/// Whether standard error is a terminal whose reader did not ask for silence.
pub(super) fn talks_to_terminal(quiet: bool) -> bool {
    !quiet && io::stderr().is_terminal()
}

pub(super) fn write_report(report: &Report, output: &OutputSettings, to: Option<Destination>) -> Result<(), Error> {
    let path = match &output.report {
        Sink::Stdout => None,
        Sink::Path(path) => Some(path.as_path()),
    };
    let written = match to {
        None => {
            let mut to = BufWriter::new(io::stdout());
            output.format.write(report, output.style, &mut to).and_then(|()| to.flush())
        }
        Some(to) => {
            let mut to = BufWriter::new(to);
            output
                .format
                .write(report, output.style, &mut to)
                .and_then(|()| to.into_inner().map_err(io::IntoInnerError::into_error))
                .and_then(Destination::commit)
        }
    };
    unless_broken_pipe(written).map_err(|e| Error::write(path, e))
}
