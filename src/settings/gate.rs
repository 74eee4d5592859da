//! What `credaudit gate`, `credaudit baseline` and `credaudit rules` were told, on the command line and in `credaudit.toml`.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use serde::Deserialize;

use super::{
    AuditSettings, BreachSettings, FailOn, Identity, OutputSettings, Sink, block, color, count, folder, memory, size,
    spare_inputs, targets, threads, width,
};
use crate::cli::{BaselineArgs, EngineArg, GateArgs, RulesArgs, ScanArgs};
use crate::error::Error;
use crate::gate::{self, Allow, Baseline};
use crate::model::{Policy, Severity};
use crate::report::{self, Style};
use crate::secrets::{self, DEFAULT_CONFIDENCE, EngineChoice, Pattern, Rules};
use crate::sources::live::Options;
use crate::sources::{Filter, Limits, Span, Target};

/// Settings file looked for in the current folder.
const CONFIG: &str = "credaudit.toml";
/// Baseline looked for in the current folder.
const BASELINE: &str = ".credaudit-baseline";

/// What a gate reads and by which rules.
#[derive(Debug)]
pub struct GateSettings {
    /// Targets, limits, threads, memory: as an audit has them.
    pub audit: AuditSettings,
    /// What below the targets is left out.
    pub filter: Filter,
    /// What of git repositories is read instead of files.
    pub span: Option<Span>,
    /// Patterns, ready to search with.
    pub rules: Arc<Rules>,
    /// Least confidence of a finding, in percent.
    pub confidence: u8,
    /// What `credaudit.toml` changes of a rule, by id.
    pub overrides: HashMap<String, RuleOverride>,
    /// What is let pass.
    pub allow: Vec<Allow>,
    /// Findings that are known.
    pub baseline: Option<Baseline>,
    /// Where the baseline is, or would be.
    pub baseline_path: PathBuf,
}

/// What a settings file changes of one rule.
#[derive(Clone, Debug)]
pub struct RuleOverride {
    /// Whether the rule is used at all.
    pub enabled: bool,
    /// Another severity.
    pub severity: Option<Severity>,
    /// Another least confidence, in percent.
    pub confidence: Option<u8>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    gitignore: Option<bool>,
    min_confidence: Option<u8>,
    fail_on: Option<String>,
    baseline: Option<PathBuf>,
    #[serde(default)]
    patterns: Vec<PathBuf>,
    #[serde(default)]
    rules: HashMap<String, RuleEntry>,
    #[serde(default)]
    allow: Vec<AllowEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleEntry {
    #[serde(default = "yes")]
    enabled: bool,
    severity: Option<String>,
    min_confidence: Option<u8>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowEntry {
    reason: String,
    rule: Option<String>,
    #[serde(default)]
    paths: Vec<String>,
    value: Option<String>,
}

/// Checks what was typed after `credaudit gate`.
pub fn check_gate(args: GateArgs) -> Result<(GateSettings, OutputSettings), Error> {
    let report = args
        .output
        .as_ref()
        .map_or(Sink::Stdout, |path| if path.as_os_str() == "-" { Sink::Stdout } else { Sink::Path(path.clone()) });
    spare_inputs(&report, &args.scan.targets)?;
    let format = report::ALL.iter().copied().find(|o| o.name() == args.format).ok_or_else(|| {
        Error::usage(format!("--format {:?} is not known", args.format), "see `credaudit gate --help`")
    })?;
    let quiet = args.scan.quiet;
    let (settings, configured) = scan(args.scan)?;
    let fail_on = match args.fail_on.or(configured).as_deref().map(FailOn::parse) {
        None => FailOn::Severity(Severity::Medium),
        Some(Ok(FailOn::Tier(_))) => {
            return Err(Error::usage(
                "a gate fails on severities, not on tiers",
                "use one of info, low, medium, high, critical, never",
            ));
        }
        Some(other) => other?,
    };
    let style = Style { color: color(args.color, &report), width: width(env::var("COLUMNS").ok().as_deref()) };
    Ok((settings, OutputSettings { format, style, report, resets: None, fail_on, quiet }))
}

/// Checks what was typed after `credaudit baseline`; whether entries are only removed.
pub fn check_baseline(args: BaselineArgs) -> Result<(GateSettings, bool), Error> {
    let (settings, _) = scan(args.scan)?;
    Ok((settings, args.prune))
}

/// Checks what was typed after `credaudit rules`; all patterns.
pub fn check_rules(args: &RulesArgs) -> Result<Vec<Pattern>, Error> {
    let (config, base) = config(args.config.as_deref(), false)?;
    let mut files: Vec<PathBuf> = config.patterns.iter().map(|path| base.join(path)).collect();
    files.extend(args.patterns.iter().cloned());
    patterns(&files)
}

/// Prepares `patterns` for searching.
pub fn prepare(patterns: Vec<Pattern>, choice: EngineChoice) -> Result<Arc<Rules>, Error> {
    let cache = cache();
    Rules::new(patterns, choice, cache.as_deref(), gate::is_common)
        .map_err(|e| Error::system("preparing the patterns", std::io::Error::other(e)))
}

/// The built-in patterns and those of `files`.
fn patterns(files: &[PathBuf]) -> Result<Vec<Pattern>, Error> {
    let mut all = secrets::builtin();
    for path in files {
        let text = fs::read_to_string(path).map_err(|e| Error::read(path, e))?;
        let more = secrets::parse(&text, true).map_err(|e| {
            Error::usage(
                format!("{} holds no usable patterns: {e}", path.display()),
                "see CONTRIBUTING.md, \"a secret pattern\"",
            )
        })?;
        for pattern in more {
            if all.iter().any(|known| known.id == pattern.id) {
                return Err(Error::usage(
                    format!("{}: there is already a pattern `{}`", path.display(), pattern.id),
                    "give it an id of its own",
                ));
            }
            all.push(pattern);
        }
    }
    Ok(all)
}

/// Folder for compiled patterns: the XDG base directory specification's, else none.
fn cache() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("credaudit"))
}

/// The settings file, and the folder that paths in it start from.
fn config(named: Option<&Path>, none: bool) -> Result<(ConfigFile, PathBuf), Error> {
    let path = match named {
        _ if none => return Ok((ConfigFile::default(), PathBuf::new())),
        Some(path) => path.to_owned(),
        None if Path::new(CONFIG).is_file() => PathBuf::from(CONFIG),
        None => return Ok((ConfigFile::default(), PathBuf::new())),
    };
    let text = fs::read_to_string(&path).map_err(|e| Error::read(&path, e))?;
    let config: ConfigFile = toml::from_str(&text).map_err(|e| {
        Error::usage(
            format!("{} is not a usable settings file: {e}", path.display()),
            "see README.md, \"The release gate\"",
        )
    })?;
    Ok((config, path.parent().map(Path::to_owned).unwrap_or_default()))
}

fn scan(args: ScanArgs) -> Result<(GateSettings, Option<String>), Error> {
    let (config, base) = config(args.config.as_deref(), args.no_config)?;
    let wrong = |what: String| Error::usage(what, "see README.md, \"The release gate\"");
    let filter = Filter::new(&config.include, &config.exclude, args.gitignore || config.gitignore.unwrap_or(false))
        .map_err(|e| wrong(format!("include or exclude: {e}")))?;
    let files: Vec<PathBuf> = config.patterns.iter().map(|path| base.join(path)).collect();
    let patterns = patterns(&files)?;
    let overrides = overrides(config.rules, &patterns)?;
    let allow = config.allow.into_iter().map(allow).collect::<Result<_, _>>()?;
    let confidence = match args.min_confidence {
        Some(typed) => count("--min-confidence", &typed, 0, 100)? as u8,
        None => config.min_confidence.unwrap_or(DEFAULT_CONFIDENCE).min(100),
    };
    let given = args.baseline.clone().or_else(|| config.baseline.map(|path| base.join(path)));
    let baseline_path = given.unwrap_or_else(|| PathBuf::from(BASELINE));
    let baseline = baseline(&baseline_path, args.baseline.is_some())?;
    let choice = match args.engine {
        EngineArg::Best => EngineChoice::Best,
        EngineArg::Portable => EngineChoice::Portable,
    };
    let targets = targets(args.targets)?;
    if targets.iter().any(|target| matches!(target, Target::Database(_))) {
        return Err(Error::usage("a gate reads files, not databases", "use `credaudit audit` for a database"));
    }
    let audit = AuditSettings {
        keys: crate::reversible::Keys::default(),
        targets,
        live: Options::default(),
        identity: Identity::default(),
        memory: memory(&args.memory)?,
        threads: threads(args.threads.as_deref())?,
        limits: Limits {
            max_text: size("--max-text", &args.max_text)?,
            max_ratio: count("--max-ratio", &args.max_ratio, 1, u64::MAX)?,
            block: block(&args.block_size)?,
            hash: false,
        },
        breach: BreachSettings::embedded(),
        policy: Policy::builtin(),
        spool_dir: folder(args.temp_dir)?,
        pepper: None,
        guess_words: GUESS_WORDS,
        guess_seconds: Some(GUESS_SECONDS),
    };
    let span = match args.git.since {
        Some(revision) => Some(Span::Since(revision)),
        None if args.git.staged => Some(Span::Staged),
        None => args.git.history.then_some(Span::History),
    };
    let settings = GateSettings {
        audit,
        filter,
        span,
        rules: prepare(patterns, choice)?,
        confidence,
        overrides,
        allow,
        baseline,
        baseline_path,
    };
    Ok((settings, config.fail_on))
}

/// Common passwords tried on each salted value of a table, as an audit does by default.
const GUESS_WORDS: u32 = 100;
/// A gate has no seconds for slow hashes.
const GUESS_SECONDS: u32 = 0;

fn overrides(
    entries: HashMap<String, RuleEntry>,
    patterns: &[Pattern],
) -> Result<HashMap<String, RuleOverride>, Error> {
    let mut overrides = HashMap::new();
    for (id, entry) in entries {
        let known = patterns.iter().any(|pattern| pattern.id == id)
            || crate::model::Reason::ALL.iter().any(|reason| reason.name() == id);
        if !known {
            return Err(Error::usage(format!("[rules.{id}]: there is no such rule"), "`credaudit rules` lists them"));
        }
        let severity = match entry.severity.as_deref().map(FailOn::parse) {
            None => None,
            Some(Ok(FailOn::Severity(severity))) => Some(severity),
            Some(_) => {
                return Err(Error::usage(
                    format!("[rules.{id}]: not a severity"),
                    "use one of info, low, medium, high, critical",
                ));
            }
        };
        overrides.insert(id, RuleOverride { enabled: entry.enabled, severity, confidence: entry.min_confidence });
    }
    Ok(overrides)
}

fn allow(entry: AllowEntry) -> Result<Allow, Error> {
    let wrong = |what: &str, hint: &str| Err(Error::usage(format!("[[allow]]: {what}"), hint));
    if entry.reason.trim().len() < 3 {
        return wrong("an entry needs a reason", "say why the finding may pass");
    }
    if entry.rule.is_none() && entry.paths.is_empty() && entry.value.is_none() {
        return wrong("an entry names a rule, paths or a value", "or it would let everything pass");
    }
    let paths = if entry.paths.is_empty() { None } else { Some(globs(&entry.paths)?) };
    Ok(Allow { reason: entry.reason, rule: entry.rule, paths, value: entry.value.map(|v| v.to_ascii_lowercase()) })
}

fn globs(patterns: &[String]) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new("");
    for pattern in patterns {
        builder
            .add_line(None, pattern)
            .map_err(|e| Error::usage(format!("[[allow]] paths {pattern:?}: {e}"), "write them as in a .gitignore"))?;
    }
    builder.build().map_err(|e| Error::usage(format!("[[allow]] paths: {e}"), "write them as in a .gitignore"))
}

/// The baseline at `path`; one that was named must be there, unless it is about to be written.
fn baseline(path: &Path, _named: bool) -> Result<Option<Baseline>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Baseline::parse(&text).map(Some).map_err(|e| {
            Error::usage(format!("{} is no baseline: {e}", path.display()), "write it anew with `credaudit baseline`")
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::read(path, e)),
    }
}
