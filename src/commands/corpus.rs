//! `credaudit corpus`.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use credaudit::breach::corpus::{self, BuildReport, Corpus, CorpusError, Header, Variant};
use credaudit::cli::{CorpusBuildArgs, CorpusCommand};
use credaudit::error::Error;
use credaudit::report::{self, Meter, Silent};
use credaudit::settings;

use super::print;

/// Ranges of five hex digits.
const RANGES: u32 = 1 << 20;
/// All is there, and as it should be.
const WHOLE: u8 = 0;
/// The corpus was built and has holes.
const HOLES: u8 = 2;

pub(super) fn run(command: CorpusCommand) -> Result<u8, Error> {
    match command {
        CorpusCommand::Build(args) => build(*args),
        CorpusCommand::Download(args) => super::download::run(*args),
        CorpusCommand::Serve(args) => super::serve::run(args),
        CorpusCommand::Info(args) => info(&args.file),
        CorpusCommand::Verify(args) => verify(&args.file),
    }
}

fn build(args: CorpusBuildArgs) -> Result<u8, Error> {
    let settings = settings::corpus_build(args)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads)
        .build()
        .map_err(|e| Error::system("starting threads", io::Error::other(e)))?;
    let progress = Progress::new(!settings.quiet && io::stderr().is_terminal());
    let report = pool
        .install(|| corpus::build(&settings.recipe, &|read| progress.say(&format!("{} digests", thousands(read)))))
        .map_err(|e| error(&e))?;
    progress.end();
    let text = built(&report, &settings.recipe.output);
    print(|to| to.write_all(text.as_bytes()))?;
    Ok(if report.built.header.holes > 0 { HOLES } else { WHOLE })
}

fn info(file: &Path) -> Result<u8, Error> {
    let corpus = Corpus::open(file).map_err(|e| error(&e))?;
    let text = about(corpus.header());
    print(|to| to.write_all(text.as_bytes()))
}

fn verify(file: &Path) -> Result<u8, Error> {
    let corpus = Corpus::open(file).map_err(|e| error(&e))?;
    let header = corpus.header();
    let meter: Box<dyn report::Progress> =
        if io::stderr().is_terminal() { Box::new(Meter::start(Box::new(io::stderr()))) } else { Box::new(Silent) };
    meter.phase("checking");
    // Every byte is checked twice, and shown once.
    meter.total(Some(corpus.to_verify() / 2));
    let checked = AtomicU64::new(0);
    let verified = corpus.verify(&|bytes| {
        let before = checked.fetch_add(bytes, Ordering::Relaxed);
        meter.stored_bytes(u64::midpoint(before, bytes) - before / 2);
    });
    drop(meter);
    verified.map_err(|e| error(&e))?;
    let text = format!("whole: {} digests, checksum {}\n", thousands(header.entries), header.checksum());
    print(|to| to.write_all(text.as_bytes()))
}

fn error(error: &CorpusError) -> Error {
    Error::corpus(error.to_string(), error.hint())
}

/// What was built, for people.
fn built(report: &BuildReport, output: &Path) -> String {
    let header = &report.built.header;
    let mut text = format!("{}\n{}", output.display(), about(header));
    if report.built.merged > 0 {
        let _ = writeln!(
            text,
            "merged      {} digests of which the same is kept as of another",
            thousands(report.built.merged)
        );
    }
    if report.left_out > 0 {
        let _ = writeln!(
            text,
            "left out    {} lines that are no UTF-8, of which NT hashes are made",
            thousands(report.left_out)
        );
    }
    if report.others > 0 {
        let _ = writeln!(text, "passed over {} files with other names", thousands(report.others));
    }
    if report.missing > 0 {
        let _ = writeln!(text, "missing     {} ranges have no file", thousands(u64::from(report.missing)));
    }
    if report.broken > 0 {
        let _ = writeln!(text, "broken      {} files are no ranges:", thousands(u64::from(report.broken)));
        for told in &report.told {
            let _ = writeln!(text, "            {told}");
        }
        if report.broken as usize > report.told.len() {
            let _ = writeln!(text, "            and more");
        }
    }
    if header.holes > 0 {
        let _ = writeln!(text, "What lies in a missing or broken range will be answered as unknown.");
    }
    text
}

/// What a corpus says about itself, for people.
fn about(header: &Header) -> String {
    let bytes = header.file_len();
    let mut text = String::new();
    let _ = writeln!(text, "kind        {}", header.kind.name());
    let keeps = match header.variant {
        Variant::Compact => "enough of each digest to know it again, and its count",
        Variant::Full => "whole digests and their counts",
        Variant::Filter8 | Variant::Filter16 => "a filter: \"no\" is certain, \"perhaps\" must be confirmed",
    };
    let _ = writeln!(text, "variant     {}: {keeps}", header.variant.name());
    let _ = writeln!(text, "digests     {}", thousands(header.entries));
    let share = bytes as f64 / header.entries.max(1) as f64;
    let _ = writeln!(text, "size        {} bytes, {share:.2} a digest", thousands(bytes));
    let lies = header.false_positives();
    if lies > 0.0 {
        let _ = writeln!(text, "wrong       {lies:.1e} of all digests that are not in it are taken for one that is");
    }
    let holes = u64::from(header.holes);
    let _ = writeln!(text, "holes       {} of {} ranges", thousands(holes), thousands(u64::from(RANGES)));
    // What a file says about itself may hold anything.
    let source: String = header.source.chars().filter(|c| !c.is_control()).collect();
    let _ = writeln!(text, "source      {source}");
    let _ = writeln!(text, "date        {}", day(header.date));
    let _ = writeln!(text, "checksum    {}", header.checksum());
    text
}

/// `2070000000` as `2,070,000,000`.
pub(super) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or("")).collect();
    groups.join(",")
}

/// A day in the proleptic Gregorian calendar, from seconds since 1970 (the algorithm of H. Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
pub(super) fn day(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// How far a build is, on a terminal.
struct Progress {
    last: Option<Mutex<(Instant, bool)>>,
}

impl Progress {
    fn new(shown: bool) -> Self {
        Self { last: shown.then(|| Mutex::new((Instant::now(), false))) }
    }

    fn say(&self, how_far: &str) {
        let Some(Ok(mut last)) = self.last.as_ref().map(Mutex::lock) else { return };
        if last.0.elapsed() > Duration::from_millis(200) {
            *last = (Instant::now(), true);
            let _ = write!(io::stderr(), "\r{how_far}");
        }
    }

    fn end(&self) {
        if let Some(Ok(last)) = self.last.as_ref().map(Mutex::lock)
            && last.1
        {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, shown) in [(0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_785_542_399, "2026-07-31")] {
            assert_eq!(day(seconds), shown);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([0, 999, 1000, 2_070_000_000].map(thousands), ["0", "999", "1,000", "2,070,000,000"]);
    }
}
