//! Whom to ask about exposures, and how far.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::breach::{Budget, ENZOIC, EnzoicKey, XPOSEDORNOT};
use crate::cli::BreachArgs;
use crate::error::Error;
use crate::model::Secret;

/// Whom to ask about exposures, and how far.
#[derive(Clone, Debug)]
pub struct BreachSettings {
    /// Sources in the order in which they are asked; empty is nobody, not even the built-in list.
    pub sources: Vec<BreachChoice>,
    /// Address of the range server without a trailing slash: `https://api.pwnedpasswords.com`.
    pub base_url: String,
    /// Whether to ask for padded answers.
    pub padding: bool,
    /// PEM file of further certificate authorities; a readable file when settings were made.
    pub ca: Option<PathBuf>,
    /// Questions on their way at a time.
    pub concurrency: usize,
    /// Where ranges are kept.
    pub cache: BreachCache,
    /// How much servers are asked; none where nothing was said.
    pub budget: Option<Budget>,
}

/// One source.
#[derive(Clone, Debug)]
pub enum BreachChoice {
    /// The built-in list.
    Embedded,
    /// The corpora on this machine; without one the range server, if the number of ranges is reasonable.
    Auto {
        /// Corpus files where they are looked for; perhaps none.
        corpora: Vec<PathBuf>,
    },
    /// A corpus file.
    Corpus(PathBuf),
    /// A server of the Pwned Passwords range protocol.
    Hibp,
    /// Enzoic, at this address.
    Enzoic(String, EnzoicKey),
    /// `XposedOrNot`, at this address.
    XposedOrNot(String),
}

/// Where ranges are kept that a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreachCache {
    /// Nowhere.
    None,
    /// In this file, or not at all where it cannot be used.
    Default(PathBuf),
    /// In this file; that it cannot be used is an error.
    File(PathBuf),
}

/// Of the Pwned Passwords service, as its documentation gives it.
pub(super) const HIBP_URL: &str = "https://api.pwnedpasswords.com";

/// Questions on their way at a time. The service has no published limit; at 50 ms a round trip this is some 600
/// questions a second on one HTTP/2 connection, under the usual limit of 100 streams (RFC 9113, 6.5.2).
const CONCURRENCY: usize = 32;

/// Names of sources, for hints.
const SOURCES: &str = "auto, embedded, hibp, corpus:FILE, enzoic, xposedornot or none";

impl BreachSettings {
    /// Nobody but the built-in list.
    pub fn embedded() -> Self {
        Self {
            sources: vec![BreachChoice::Embedded],
            base_url: HIBP_URL.into(),
            padding: true,
            ca: None,
            concurrency: CONCURRENCY,
            cache: BreachCache::None,
            budget: None,
        }
    }
}

/// Checks what was typed. Reads the environment: keys, and where this user's files are.
pub(super) fn breach(args: &BreachArgs) -> Result<BreachSettings, Error> {
    let sources = sources(args)?;
    let ranges = sources.iter().any(|source| matches!(source, BreachChoice::Hibp | BreachChoice::Auto { .. }));
    let servers =
        ranges || sources.iter().any(|s| matches!(s, BreachChoice::Enzoic(..) | BreachChoice::XposedOrNot(_)));
    let stray = [
        ("--breach-url", args.breach_url.is_some(), ranges),
        ("--no-padding", args.no_padding, ranges),
        ("--breach-cache", args.breach_cache.is_some(), ranges),
        ("--breach-ca", args.breach_ca.is_some(), servers),
        ("--breach-budget", args.breach_budget.is_some(), servers),
    ];
    if let Some((flag, ..)) = stray.into_iter().find(|(_, given, means)| *given && !means) {
        return Err(Error::usage(format!("{flag} means nothing without --breach hibp"), "add --breach hibp"));
    }
    if let Some(ca) = &args.breach_ca {
        fs::File::open(ca).map_err(|e| Error::read(ca, e))?;
    }
    let base_url = address("--breach-url", args.breach_url.as_deref().unwrap_or(HIBP_URL))?;
    Ok(BreachSettings {
        cache: cache(args.breach_cache.as_deref(), &base_url, |name| env::var_os(name).map(PathBuf::from)),
        sources,
        base_url,
        padding: !args.no_padding,
        ca: args.breach_ca.clone(),
        concurrency: CONCURRENCY,
        budget: args.breach_budget.as_deref().map(budget).transpose()?,
    })
}

fn sources(args: &BreachArgs) -> Result<Vec<BreachChoice>, Error> {
    let mut sources = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    for typed in &args.breach {
        let typed = typed.trim();
        if said.contains(&typed) {
            return Err(Error::usage(format!("--breach names {typed:?} twice"), "name each source once"));
        }
        said.push(typed);
        sources.push(match typed {
            "none" if args.breach.len() > 1 => {
                return Err(Error::usage(
                    "--breach none stands with other sources",
                    "name none alone, or leave it out",
                ));
            }
            "none" => continue,
            "embedded" => BreachChoice::Embedded,
            "hibp" => BreachChoice::Hibp,
            "auto" => BreachChoice::Auto { corpora: corpora(|name| env::var_os(name).map(PathBuf::from)) },
            "enzoic" => {
                BreachChoice::Enzoic(address("--enzoic-url", args.enzoic_url.as_deref().unwrap_or(ENZOIC))?, key()?)
            }
            "xposedornot" => BreachChoice::XposedOrNot(address(
                "--xposedornot-url",
                args.xposedornot_url.as_deref().unwrap_or(XPOSEDORNOT),
            )?),
            _ => match typed.strip_prefix("corpus:") {
                Some(path) if !path.is_empty() => BreachChoice::Corpus(path.into()),
                _ => {
                    return Err(Error::usage(format!("--breach {typed:?} is not a source"), format!("use {SOURCES}")));
                }
            },
        });
    }
    // It is two of the others, and says which.
    if said.contains(&"auto") && said.iter().any(|said| *said == "hibp" || said.starts_with("corpus:")) {
        return Err(Error::usage("--breach auto stands with hibp or a corpus", "name auto, or the others"));
    }
    Ok(sources)
}

fn key() -> Result<EnzoicKey, Error> {
    let of = |name: &str| {
        env::var(name).ok().filter(|value| !value.is_empty()).ok_or_else(|| {
            Error::usage(
                format!("--breach enzoic needs {name} in the environment"),
                "set ENZOIC_KEY and ENZOIC_SECRET to what your subscription came with",
            )
        })
    };
    Ok(EnzoicKey { key: of("ENZOIC_KEY")?, secret: Secret::from(of("ENZOIC_SECRET")?.into_bytes()) })
}

/// An address goes into reports, so it may hold no credentials; and a path is appended to it, so nothing may follow it.
pub(super) fn address(flag: &str, typed: &str) -> Result<String, Error> {
    let wrong =
        |what: &str| Err(Error::usage(format!("{flag} {what}"), "give an address like https://api.pwnedpasswords.com"));
    let Some(rest) = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://")) else {
        return wrong("does not start with https:// or http://");
    };
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() {
        return wrong("names no host");
    }
    if host.contains('@') {
        return wrong("holds a user name, which would show up in the report");
    }
    if typed.contains(|c: char| c == '?' || c == '#' || !c.is_ascii_graphic()) {
        return wrong("holds characters that an address for this cannot have");
    }
    Ok(typed.trim_end_matches('/').to_owned())
}

/// `50000`, `2GB`, `30min`, `2h`.
fn budget(typed: &str) -> Result<Budget, Error> {
    let end = typed.find(|c: char| !c.is_ascii_digit()).unwrap_or(typed.len());
    let (digits, unit) = typed.split_at(end);
    let number = digits.parse::<u64>().ok();
    let minutes = |factor: u64| {
        number.filter(|n| *n > 0).and_then(|n| n.checked_mul(60 * factor)).map(|s| Budget::Time(Duration::from_secs(s)))
    };
    match (number, unit.trim()) {
        (Some(ranges), "") => Some(Budget::Ranges(ranges)),
        (_, "min" | "m") => minutes(1),
        (_, "h") => minutes(60),
        _ => super::size("--breach-budget", typed).ok().map(Budget::Bytes),
    }
    .ok_or_else(|| {
        Error::usage(
            format!("--breach-budget {typed:?} is not a limit"),
            "give a number of questions (50000), bytes with their unit (2GB) or minutes (30min)",
        )
    })
}

/// The file of kept ranges: one for each server, for a range of one says nothing about another.
fn cache(typed: Option<&Path>, base_url: &str, env: impl Fn(&str) -> Option<PathBuf>) -> BreachCache {
    match typed {
        Some(path) if path.as_os_str() == "none" => BreachCache::None,
        Some(path) => BreachCache::File(path.to_owned()),
        None => {
            let server = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
            let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
            let name = format!("ranges-{}", server.chars().map(safe).collect::<String>());
            match folder("XDG_CACHE_HOME", ".cache", env) {
                Some(folder) => BreachCache::Default(folder.join(name)),
                None => BreachCache::None,
            }
        }
    }
}

/// Corpus files where `auto` looks for them: in `CREDAUDIT_CORPUS`, else those with the ending `.corpus` in this user's data
/// folder, in order.
fn corpora(env: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    if let Some(named) = env("CREDAUDIT_CORPUS") {
        return env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    }
    let Some(folder) = folder("XDG_DATA_HOME", ".local/share", env) else { return Vec::new() };
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut corpora: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|e| e == "corpus")).collect();
    corpora.sort();
    corpora
}

/// This program's folder below a base directory (XDG Base Directory Specification: what is not absolute does not count).
fn folder(name: &str, below_home: &str, env: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let base = env(name).filter(|path| path.is_absolute());
    let base = base.or_else(|| env("HOME").filter(|path| path.is_absolute()).map(|home| home.join(below_home)))?;
    Some(base.join("credaudit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &[&str]) -> Result<BreachSettings, Error> {
        use clap::Parser;
        let typed = ["credaudit", "audit", "dump.sql"].iter().chain(extra);
        let crate::cli::Command::Audit(args) = crate::cli::Cli::try_parse_from(typed).unwrap().command else {
            unreachable!()
        };
        breach(&args.breach)
    }

    #[test]
    fn addresses_hold_no_credentials_and_nothing_after_the_path() {
        let base_url = |typed| address("--breach-url", typed);
        assert_eq!(base_url("http://127.0.0.1:8080/").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(base_url(HIBP_URL).unwrap(), HIBP_URL);
        for typed in ["api.pwnedpasswords.com", "https://", "https://u:p@h", "https://h/?a=b", "https://h h", "ftp://h"]
        {
            assert!(base_url(typed).is_err(), "{typed}");
        }
        let shown = base_url("https://me:hunter2@h").unwrap_err().to_string();
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn sources_are_named_alone_or_with_commas_and_make_sense_together() {
        assert!(matches!(parse(&[]).unwrap().sources[..], [BreachChoice::Embedded]));
        assert!(parse(&["--breach", "none"]).unwrap().sources.is_empty());
        let two = parse(&["--breach", "corpus:a.corpus,hibp", "--breach", "xposedornot"]).unwrap();
        let [BreachChoice::Corpus(path), BreachChoice::Hibp, BreachChoice::XposedOrNot(url)] = &two.sources[..] else {
            panic!("{:?}", two.sources)
        };
        assert_eq!((path.to_str(), url.as_str()), (Some("a.corpus"), XPOSEDORNOT));
        assert!(two.padding);
        assert_eq!(two.base_url, HIBP_URL);
        for (typed, word) in [
            ("none,hibp", "alone"),
            ("hibp,hibp", "once"),
            ("auto,hibp", "auto"),
            ("auto,corpus:x", "auto"),
            ("corpus:", "corpus:FILE"),
            ("pwned", "xposedornot"),
        ] {
            let error = parse(&["--breach", typed]).unwrap_err();
            assert!(error.hint().contains(word), "{typed}: {}", error.hint());
        }
    }

    #[test]
    fn breach_flags_without_a_server_are_refused() {
        for flag in [&["--no-padding"][..], &["--breach-budget", "5"], &["--breach-cache", "x"]] {
            assert!(parse(flag).unwrap_err().hint().contains("--breach hibp"), "{flag:?}");
            assert!(parse(&[flag, &["--breach", "hibp"]].concat()).is_ok(), "{flag:?}");
        }
        assert!(!parse(&["--breach", "hibp", "--no-padding"]).unwrap().padding);
    }

    #[test]
    fn a_budget_says_of_what_it_is() {
        let time = |minutes| Budget::Time(Duration::from_mins(minutes));
        for (typed, expected) in [
            ("0", Budget::Ranges(0)),
            ("50000", Budget::Ranges(50_000)),
            ("2GB", Budget::Bytes(2_000_000_000)),
            ("1GiB", Budget::Bytes(1 << 30)),
            ("512M", Budget::Bytes(512 << 20)),
            ("30min", time(30)),
            ("30m", time(30)),
            ("2h", time(120)),
        ] {
            assert_eq!(budget(typed).unwrap(), expected, "{typed}");
        }
        for typed in ["", "many", "-1", "1.5h", "0min", "99999999999999999999", "999999999999999999h"] {
            assert!(budget(typed).unwrap_err().hint().contains("30min"), "{typed}");
        }
    }

    #[test]
    fn kept_ranges_and_corpora_are_looked_for_where_the_user_has_such_files() {
        let env = |pairs: &'static [(&'static str, &'static str)]| {
            move |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| PathBuf::from(value))
        };
        let cached = |typed: Option<&str>, pairs| cache(typed.map(Path::new), "https://h.example:81/x", env(pairs));
        let file = PathBuf::from("/c/credaudit/ranges-h.example_81_x");
        assert_eq!(cached(None, &[("XDG_CACHE_HOME", "/c"), ("HOME", "/h")]), BreachCache::Default(file));
        let file = PathBuf::from("/h/.cache/credaudit/ranges-h.example_81_x");
        assert_eq!(cached(None, &[("XDG_CACHE_HOME", "relative"), ("HOME", "/h")]), BreachCache::Default(file));
        assert_eq!(cached(None, &[]), BreachCache::None);
        assert_eq!(cached(Some("none"), &[("HOME", "/h")]), BreachCache::None);
        assert_eq!(cached(Some("f"), &[("HOME", "/h")]), BreachCache::File("f".into()));
        assert_eq!(corpora(env(&[("CREDAUDIT_CORPUS", "/a:/b"), ("HOME", "/h")])), [Path::new("/a"), Path::new("/b")]);
        assert!(corpora(env(&[])).is_empty());
    }
}
