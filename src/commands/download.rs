//! `credaudit corpus download`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use credaudit::breach::{self, DownloadError, Downloaded, RangeStore};
use credaudit::cli::DownloadArgs;
use credaudit::error::Error;
use credaudit::report::{Meter, Progress, Silent};
use credaudit::settings;

use super::corpus::{day, thousands};
use super::print;

/// Ranges are missing that could not be had.
const BROKEN: u8 = 2;

pub(super) fn run(args: DownloadArgs) -> Result<u8, Error> {
    let settings = settings::download(args)?;
    let file = &settings.file;
    let store = RangeStore::open(file, &settings.source)
        .map_err(|e| Error::corpus(format!("{}: {e}", file.display()), "name a file in a folder you may write to"))?;
    let store = Arc::new(store);
    let meter: Box<dyn Progress> = if !settings.quiet && io::stderr().is_terminal() {
        Box::new(Meter::start(Box::new(io::stderr())))
    } else {
        Box::new(Silent)
    };
    meter.phase("ranges downloaded:");
    let downloaded =
        breach::download(&store, &settings.options, &|due, done| meter.questions(u64::from(done), u64::from(due)));
    drop(meter);
    let downloaded = downloaded.map_err(|e| match e {
        DownloadError::Source(error) => Error::breach(error.0),
        DownloadError::Store(error) => Error::corpus(
            format!("{}: {error}", file.display()),
            "what came is kept: make room, and run the same command again to go on",
        ),
    })?;
    let text = told(&downloaded, &file.display().to_string());
    print(|to| to.write_all(text.as_bytes()))?;
    Ok(if downloaded.broken.is_empty() { 0 } else { BROKEN })
}

/// What came of it, for people.
fn told(done: &Downloaded, file: &str) -> String {
    let number = |n: u32| thousands(u64::from(n));
    let date = |day_number: u32| day(u64::from(day_number) * 86_400);
    let mut text = String::new();
    if done.resumed {
        let _ = writeln!(text, "went on with the pass begun on {}", date(done.pass.started));
    }
    let (new, changed, same) = (number(done.new), number(done.changed), number(done.same));
    let _ = writeln!(text, "asked       {} ranges: {new} new, {changed} changed, {same} as before", number(done.due));
    let _ = writeln!(text, "received    {} bytes", thousands(done.bytes));
    let _ = writeln!(text, "kept        {} ranges in {file}", number(done.there));
    match (done.pass.finished, done.pass.previous) {
        (None, _) => {
            let broken: u32 = done.broken.values().sum();
            let _ = writeln!(text, "missing     {} ranges could not be had:", number(broken));
            for (why, count) in &done.broken {
                let _ = writeln!(text, "            {}: {}", number(*count), why.why());
            }
            let first: Vec<String> = done.told.iter().map(|(prefix, _)| format!("{prefix:05X}")).collect();
            let more = if done.told.len() < broken as usize { " …" } else { "" };
            let _ = writeln!(text, "            {}{more}", first.join(" "));
            text += "Run the same command again to try them once more; a corpus built now knows that it lacks them.\n";
        }
        (Some(_), Some(previous)) => {
            let _ = writeln!(text, "{} ranges changed since {}", number(done.changed_in_pass), date(previous));
        }
        (Some(_), None) => {
            let _ = writeln!(text, "complete; `credaudit corpus build {file} --output FILE` makes a corpus of it");
        }
    }
    text
}
