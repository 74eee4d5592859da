//! What was typed, checked once. A value of these types makes sense; nothing below looks at the command line again.

mod breach;
mod check;
mod corpus;
mod download;
mod gate;
pub mod identify;
mod keys;
mod live;
mod serve;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::thread;

pub use breach::{BreachCache, BreachChoice, BreachSettings};
pub use check::{CheckInput, CheckSettings, check_command};
pub use corpus::{CorpusBuildSettings, corpus_build};
pub use download::{DownloadSettings, download};
pub use serve::{ServeSettings, serve};

use crate::cli::{AuditArgs, ColorArg};
use crate::error::Error;
use crate::model::{Policy, Report, Secret, Severity, Tier};
use crate::report::{self, Output, Style};
use crate::reversible::Keys;
use crate::sources::live::{self as live_source, Url};
use crate::sources::{Limits, Target};
use zeroize::Zeroizing;

pub use gate::{GateSettings, RuleOverride, check_baseline, check_gate, check_rules, prepare};
pub use live::Identity;

/// Work spent on trying likely passwords if nobody chose, at most, in estimated seconds of one core.
pub const GUESS_SECONDS: u32 = 5;

/// What an audit reads, how far it goes, and by what it judges.
#[derive(Clone, Debug)]
pub struct AuditSettings {
    /// What to read; at least one, standard input at most once.
    pub targets: Vec<Target>,
    /// Bytes of memory for what must be remembered; at least [`MIN_MEMORY`].
    pub memory: u64,
    /// Threads; at least one.
    pub threads: usize,
    /// Limits on what is opened.
    pub limits: Limits,
    /// How databases are read.
    pub live: live_source::Options,
    /// Columns named by hand.
    pub identity: Identity,
    /// Whom to ask about exposures.
    pub breach: BreachSettings,
    /// Thresholds and tiers.
    pub policy: Policy,
    /// An existing folder for the encrypted store.
    pub spool_dir: PathBuf,
    /// Keys tried on encrypted columns.
    pub keys: Keys,
    /// Common passwords tried on each salted value; 0 tries none.
    pub guess_words: u32,
    /// A secret of the whole site that takes part in its hashes.
    pub pepper: Option<Secret>,
    /// Work spent on trying likely passwords against slow hashes, in estimated seconds of one core; 0 tries none. If nobody
    /// chose: [`GUESS_SECONDS`], and less on a column of so many accounts that they would tell nothing of it.
    pub guess_seconds: Option<u32>,
}

/// Where the results go, and what they mean to the caller.
pub struct OutputSettings {
    /// The form of the report.
    pub format: &'static dyn Output,
    /// How it looks.
    pub style: Style,
    /// Where the report goes.
    pub report: Sink,
    /// Where the reset list goes, if one is wanted.
    pub resets: Option<Sink>,
    /// What makes the exit code 1.
    pub fail_on: FailOn,
    /// Whether standard error stays silent unless there is trouble.
    pub quiet: bool,
}

/// A place to write to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Standard output.
    Stdout,
    /// A file, pipe or device.
    Path(PathBuf),
}

/// What makes the exit code 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailOn {
    /// Any account on the reset list (T0 to T4), or any finding of medium or worse.
    #[default]
    Anything,
    /// An account of this tier or a more urgent one.
    Tier(Tier),
    /// A finding of this severity or a worse one.
    Severity(Severity),
    /// Nothing.
    Never,
}

/// How an audit ended, as the caller's shell sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All was read and understood; nothing reaches the threshold.
    Clean,
    /// Something reaches the threshold, whether or not all was read.
    Findings,
    /// Nothing reaches the threshold, but not all was read, understood or answered.
    Incomplete,
}

/// Least memory an audit works with: blocks in flight, statistics and one partition of the spool have room.
pub const MIN_MEMORY: u64 = 64 << 20;

/// Smallest and largest block. By `pread` into reused buffers a core reads 4.6 GB/s of page-cached files in blocks of 512
/// KiB to 1 MiB; smaller ones are for tests.
const BLOCKS: std::ops::RangeInclusive<u64> = 1 << 8..=64 << 20;

/// Most threads; beyond it a typing mistake is likelier than such a machine.
const MAX_THREADS: usize = 1024;

/// Columns of a terminal report where the environment does not say otherwise.
const WIDTH: usize = 80;

/// Checks what was typed. Reads the policy file and the environment; opens nothing for writing.
pub fn check(args: AuditArgs) -> Result<(AuditSettings, OutputSettings), Error> {
    let output = output(&args)?;
    let breach = breach::breach(&args.breach)?;
    let targets = targets(args.targets)?;
    let threads = threads(args.threads.as_deref())?;
    let block = block(&args.block_size)?;
    let (live, identity) = live::check(&args.live, &targets, threads, block as u64)?;
    let audit = AuditSettings {
        targets,
        memory: memory(&args.memory)?,
        threads,
        live,
        identity,
        limits: Limits {
            max_text: size("--max-text", &args.max_text)?,
            max_ratio: count("--max-ratio", &args.max_ratio, 1, u64::MAX)?,
            block,
            hash: args.hash_inputs,
        },
        breach,
        policy: args.policy.as_deref().map_or_else(|| Ok(Policy::builtin()), policy)?,
        spool_dir: folder(args.temp_dir)?,
        pepper: pepper(args.pepper_file.as_deref())?,
        keys: keys::keys(&args.keys, &args.key_files, &args.ivs)?,
        guess_words: count("--guess-words", &args.guess_words, 0, u64::from(u32::MAX))? as u32,
        guess_seconds: match &args.guess_seconds {
            Some(typed) => Some(count("--guess-seconds", typed, 0, 1_000_000)? as u32),
            None => None,
        },
    };
    Ok((audit, output))
}

fn block(typed: &str) -> Result<usize, Error> {
    let block = size("--block-size", typed)?;
    if !BLOCKS.contains(&block) {
        return Err(Error::usage("--block-size is out of range", "a size from 256 bytes to 64M"));
    }
    Ok(block as usize)
}

impl Sink {
    /// Whether both lead to the same place, as far as their names tell.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stdout, Self::Stdout) => true,
            (Self::Path(a), Self::Path(b)) => match (std::path::absolute(a), std::path::absolute(b)) {
                (Ok(a), Ok(b)) => a == b,
                _ => a == b,
            },
            _ => false,
        }
    }
}

impl FailOn {
    /// Reads the word after `--fail-on`; case does not matter.
    pub fn parse(word: &str) -> Result<Self, Error> {
        use Severity::{Critical, High, Info, Low, Medium};
        let same = |name: &str| name.eq_ignore_ascii_case(word);
        if same("never") {
            return Ok(Self::Never);
        }
        if let Some(tier) = [Tier::T0, Tier::T1, Tier::T2, Tier::T3, Tier::T4].into_iter().find(|t| same(t.name())) {
            return Ok(Self::Tier(tier));
        }
        if let Some(severity) = [Info, Low, Medium, High, Critical].into_iter().find(|s| same(s.name())) {
            return Ok(Self::Severity(severity));
        }
        Err(Error::usage(
            format!("--fail-on {word:?} is neither a tier nor a severity"),
            "use one of T0, T1, T2, T3, T4, info, low, medium, high, critical, never",
        ))
    }

    /// Whether something in `report` reaches the threshold.
    pub fn is_reached(self, report: &Report) -> bool {
        let worst = |from: Severity| report.findings.iter().any(|f| f.severity >= from);
        match self {
            Self::Anything => report.accounts.to_reset() > 0 || worst(Severity::Medium),
            Self::Tier(tier) => Tier::ALL.into_iter().filter(|t| *t <= tier).any(|t| report.accounts.of(t) > 0),
            Self::Severity(severity) => worst(severity),
            Self::Never => false,
        }
    }

    /// How the audit ended.
    pub fn outcome(self, report: &Report) -> Outcome {
        if self.is_reached(report) {
            Outcome::Findings
        } else if report.is_incomplete() {
            Outcome::Incomplete
        } else {
            Outcome::Clean
        }
    }
}

impl Outcome {
    /// The exit code; trouble of any other kind is 2 as well.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Incomplete => 2,
        }
    }
}

fn output(args: &AuditArgs) -> Result<OutputSettings, Error> {
    let sink = |path: &PathBuf| if path.as_os_str() == "-" { Sink::Stdout } else { Sink::Path(path.clone()) };
    let report = args.output.as_ref().map_or(Sink::Stdout, sink);
    let resets = args.resets.as_ref().map(sink);
    for result in [Some(&report), resets.as_ref()].into_iter().flatten() {
        spare_inputs(result, &args.targets)?;
    }
    if resets.as_ref().is_some_and(|resets| resets.is_same(&report)) {
        return Err(Error::usage(
            "the report and the reset list cannot go to the same place",
            "name two different files with --output and --resets",
        ));
    }
    Ok(OutputSettings {
        format: report::ALL.iter().copied().find(|o| o.name() == args.format).ok_or_else(|| {
            Error::usage(format!("--format {:?} is not known", args.format), "see `credaudit audit --help`")
        })?,
        style: Style { color: color(args.color, &report), width: width(env::var("COLUMNS").ok().as_deref()) },
        report,
        resets,
        fail_on: args.fail_on.as_deref().map_or(Ok(FailOn::default()), FailOn::parse)?,
        quiet: args.quiet,
    })
}

/// A slip of the hand must not replace the evidence by the report on it.
fn spare_inputs(result: &Sink, targets: &[OsString]) -> Result<(), Error> {
    let Sink::Path(path) = result else { return Ok(()) };
    let Ok(file) = fs::canonicalize(path) else { return Ok(()) };
    if file.is_file() && targets.iter().any(|t| fs::canonicalize(t).is_ok_and(|t| t == file)) {
        return Err(Error::usage(
            format!("{} is an input and would be replaced by a result", path.display()),
            "name another file with --output or --resets",
        ));
    }
    Ok(())
}

/// `NO_COLOR` counts when it is set and not empty (no-color.org).
fn color(asked: ColorArg, report: &Sink) -> bool {
    match asked {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => {
            *report == Sink::Stdout
                && io::stdout().is_terminal()
                && env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
                && env::var_os("TERM").is_none_or(|t| t != "dumb")
        }
    }
}

/// Between 60 columns (less and the tables break) and 120 (more and lines are hard to follow).
fn width(columns: Option<&str>) -> usize {
    columns.and_then(|c| c.parse().ok()).map_or(WIDTH, |c: usize| c.clamp(60, 120))
}

fn targets(typed: Vec<OsString>) -> Result<Vec<Target>, Error> {
    if typed.iter().filter(|t| *t == "-").count() > 1 {
        return Err(Error::usage("standard input can be read only once", "give `-` once"));
    }
    if typed.iter().any(|t| t.is_empty()) {
        return Err(Error::usage("a target is empty", "name a file or a folder; `.` is the current one"));
    }
    typed.into_iter().map(target).collect()
}

/// An address only where there is no file of that name: `a://b` may be one.
fn target(typed: OsString) -> Result<Target, Error> {
    if typed == "-" {
        return Ok(Target::Stdin);
    }
    let Some(url) = typed.to_str().filter(|t| !Path::new(t).exists()).and_then(Url::parse) else {
        return Ok(Target::Path(typed.into()));
    };
    let known = || {
        let schemes = live_source::ALL.iter().flat_map(|kind| kind.schemes());
        schemes.map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(", ")
    };
    match url {
        Ok(url) if live_source::kind(&url.scheme).is_some() => Ok(Target::Database(url)),
        Ok(url) => Err(Error::usage(
            format!("{url} is no kind of database that is read"),
            format!("addresses begin with {}", known()),
        )),
        Err(live_source::BadUrl(why)) => Err(Error::usage(
            format!("an address is not understood: {why}"),
            "write it like postgres://user@host:5432/database; percent-encode what is special in it",
        )),
    }
}

fn memory(typed: &str) -> Result<u64, Error> {
    let bytes = size("--memory", typed)?;
    if bytes < MIN_MEMORY {
        return Err(Error::usage(format!("--memory {typed} is too little"), "give at least 64M"));
    }
    Ok(bytes)
}

fn threads(typed: Option<&str>) -> Result<usize, Error> {
    typed.map_or_else(
        || Ok(thread::available_parallelism().map_or(1, |n| n.get().min(MAX_THREADS))),
        |typed| Ok(count("--threads", typed, 1, MAX_THREADS as u64)? as usize),
    )
}

fn policy(path: &Path) -> Result<Policy, Error> {
    let text = fs::read_to_string(path).map_err(|e| Error::read(path, e))?;
    Policy::parse(&text).map_err(|e| Error::policy(path, e))
}

/// Longest secret of a site, in bytes: what is longer is another file than was meant.
const LONGEST_PEPPER: usize = 4096;

/// The secret in a file, or in the environment.
fn pepper(file: Option<&Path>) -> Result<Option<Secret>, Error> {
    const ENVIRONMENT: &str = "CREDAUDIT_PEPPER";
    let (bytes, from) = match (file, env::var_os(ENVIRONMENT)) {
        (Some(path), _) => (fs::read(path).map_err(|e| Error::read(path, e))?, path.display().to_string()),
        (None, Some(text)) => (text.into_encoded_bytes(), ENVIRONMENT.to_owned()),
        (None, None) => return Ok(None),
    };
    let bytes = Zeroizing::new(bytes);
    let secret = bytes.strip_suffix(b"\n").map_or(&bytes[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
    if secret.is_empty() || secret.len() > LONGEST_PEPPER {
        return Err(Error::usage(
            format!("{from} holds no secret of 1 to {LONGEST_PEPPER} bytes"),
            "name a file with nothing but the secret in it with --pepper-file",
        ));
    }
    Ok(Some(Secret::new(secret)))
}

fn folder(typed: Option<PathBuf>) -> Result<PathBuf, Error> {
    let folder = typed.unwrap_or_else(env::temp_dir);
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err(Error::usage(
            format!("{} is not a folder for temporary files", folder.display()),
            "name an existing folder with --temp-dir",
        ))
    }
}

/// `256M`, `2G`, `1GiB`, `1.5G` is not: K, M, G, T (with or without iB) are powers of 1024, KB, MB, GB, TB of 1000.
fn size(flag: &str, typed: &str) -> Result<u64, Error> {
    let end = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len());
    let (digits, unit) = typed.split_at(end);
    let unit = unit.to_ascii_lowercase();
    let power = unit.bytes().next().and_then(|letter| b"kmgt".iter().position(|l| *l == letter));
    let factor = match (power.map(|p| p as u32 + 1), unit.get(1..)) {
        (None, _) if unit.is_empty() || unit == "b" => Some(1),
        (Some(p), Some("" | "ib")) => Some(1024_u64.pow(p)),
        (Some(p), Some("b")) => Some(1000_u64.pow(p)),
        _ => None,
    };
    match (digits.parse::<u64>().ok(), factor) {
        (Some(n), Some(factor)) if n > 0 => n.checked_mul(factor),
        _ => None,
    }
    .ok_or_else(|| {
        Error::usage(format!("{flag} {typed:?} is not a size"), "give a whole number with a unit, e.g. 256M or 2GiB")
    })
}

fn count(flag: &str, typed: &str, least: u64, most: u64) -> Result<u64, Error> {
    typed.parse().ok().filter(|n| (least..=most).contains(n)).ok_or_else(|| {
        let range = if most == u64::MAX { format!("from {least} on") } else { format!("from {least} to {most}") };
        Error::usage(format!("{flag} {typed:?} is not a usable number"), format!("give a whole number {range}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountTotals, Confidence, Finding, ReportSkip};

    fn args(extra: &[&str]) -> AuditArgs {
        use clap::Parser;
        let typed = ["credaudit", "audit", "dump.sql"].iter().chain(extra);
        let crate::cli::Command::Audit(args) = crate::cli::Cli::try_parse_from(typed).unwrap().command else {
            unreachable!()
        };
        *args
    }

    fn report(tier: Option<Tier>, severity: Option<Severity>, skipped: bool) -> Report {
        let mut accounts = AccountTotals::default();
        accounts.add(tier.unwrap_or(Tier::None), 1);
        Report {
            accounts,
            findings: severity
                .map(|severity| Finding {
                    id: "1".into(),
                    rule: "r",
                    severity,
                    confidence: Confidence::PROVED,
                    target: "t".into(),
                    locator: "l".into(),
                    message: "m".into(),
                    accounts: 0,
                    site: None,
                })
                .into_iter()
                .collect(),
            skipped: if skipped {
                vec![ReportSkip { target: "t".into(), what: "w".into(), why: "y".into() }]
            } else {
                vec![]
            },
            ..Report::default()
        }
    }

    #[test]
    fn sizes_are_read_with_their_units() {
        for (typed, bytes) in
            [("256M", 256 << 20), ("2g", 2 << 30), ("1GiB", 1 << 30), ("64MB", 64_000_000), ("7", 7), ("1T", 1 << 40)]
        {
            assert_eq!(size("--x", typed).unwrap(), bytes, "{typed}");
        }
        for typed in ["", "M", "0", "1.5G", "-1", "5X", "5Mi", "99999999999T", "5é", "5 M", "é"] {
            let error = size("--x", typed).unwrap_err();
            assert!(error.hint().contains("256M"), "{typed}");
        }
    }

    #[test]
    fn memory_has_a_floor_and_counts_have_ranges() {
        assert_eq!(memory("64M").unwrap(), MIN_MEMORY);
        assert!(memory("63M").unwrap_err().hint().contains("64M"));
        assert!(threads(Some("0")).is_err());
        assert!(threads(Some("many")).is_err());
        assert!(threads(None).unwrap() >= 1);
        assert!(count("--guess-words", "4294967296", 0, u64::from(u32::MAX)).is_err());
    }

    #[test]
    fn report_and_reset_list_do_not_share_a_place() {
        assert!(output(&args(&["--resets", "-"])).is_err());
        assert!(output(&args(&["--resets", "a", "--output", "./a"])).is_err());
        assert!(output(&args(&["--resets", "a", "--output", "b"])).is_ok());
    }

    #[test]
    fn the_exit_code_follows_findings_and_completeness() {
        use FailOn::{Anything, Never, Severity as S, Tier as T};
        let cases = [
            (Anything, None, None, false, 0),
            (Anything, None, None, true, 2),
            (Anything, Some(Tier::T4), None, false, 1),
            (Anything, Some(Tier::T4), None, true, 1),
            (Anything, None, Some(Severity::Low), false, 0),
            (Anything, None, Some(Severity::Low), true, 2),
            (Anything, None, Some(Severity::Medium), false, 1),
            (Anything, Some(Tier::Unknown), None, false, 2),
            (T(Tier::T1), Some(Tier::T0), None, false, 1),
            (T(Tier::T1), Some(Tier::T1), None, true, 1),
            (T(Tier::T1), Some(Tier::T2), Some(Severity::Critical), false, 0),
            (T(Tier::T1), Some(Tier::T2), None, true, 2),
            (T(Tier::T4), Some(Tier::Unknown), None, false, 2),
            (S(Severity::High), Some(Tier::T0), Some(Severity::Medium), false, 0),
            (S(Severity::High), None, Some(Severity::Critical), true, 1),
            (Never, Some(Tier::T0), Some(Severity::Critical), false, 0),
            (Never, Some(Tier::T0), Some(Severity::Critical), true, 2),
        ];
        for (fail_on, tier, severity, skipped, code) in cases {
            let got = fail_on.outcome(&report(tier, severity, skipped)).code();
            assert_eq!(got, code, "{fail_on:?} {tier:?} {severity:?} incomplete: {skipped}");
        }
    }

    #[test]
    fn thresholds_are_read_without_regard_to_case() {
        assert_eq!(FailOn::parse("t1").unwrap(), FailOn::Tier(Tier::T1));
        assert_eq!(FailOn::parse("HIGH").unwrap(), FailOn::Severity(Severity::High));
        assert_eq!(FailOn::parse("never").unwrap(), FailOn::Never);
        assert!(FailOn::parse("unknown").unwrap_err().hint().contains("critical"));
    }

    #[test]
    fn the_width_stays_readable() {
        assert_eq!(width(None), 80);
        assert_eq!(width(Some("rubbish")), 80);
        assert_eq!(width(Some("20")), 60);
        assert_eq!(width(Some("999")), 120);
    }
}
