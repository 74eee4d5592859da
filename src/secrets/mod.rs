//! Secrets in text: keys, tokens, passwords in source, settings, scripts and notes.
//!
//! Patterns are data ([`Pattern`], `patterns/secrets/`). A text is searched in two stages: an engine (`engine`; Hyperscan or
//! a portable one) finds the places where a keyword stands, then a regular expression is tried there, once, and what it
//! matches is checked (`check`) and judged (`value`, `names`). Both engines lead to the same findings. What has a telling
//! name and no published form (`password = …`) is found by `generic`.
//!
//! Texts of any length come in [`Window`]s: stretches that overlap, so that cutting changes nothing. Text in UTF-16 between
//! other bytes, as programs for Windows hold it, is searched as well (`wide`).

#[cfg(feature = "hyperscan")]
mod cache;
mod check;
mod containers;
mod engine;
mod generic;
#[cfg(feature = "hyperscan")]
mod hyper;
mod names;
mod opening;
mod patterns;
mod portable;
mod prefix;
mod scan;
mod value;
mod wide;
mod words;

use std::path::Path;
use std::sync::Arc;

pub use check::Check;
pub use engine::EngineError;
pub use patterns::{Kind, Left, Pattern, PatternError, SPLIT, parse};
pub use scan::{Hit, Named, Scanner, Window, settle, settle_by};
pub use wide::narrow;

use engine::{Engine, Wanted};
use portable::Portable;
use prefix::Prefix;

/// Longest match, in bytes: an RSA key of 16,384 bits in PEM has 12.6 KB, an armoured PGP key with its certificates more.
pub const MAX_MATCH: usize = 32 << 10;

/// How far before a keyword a match may begin, in bytes.
pub const LOOKBACK: usize = 4 << 10;

/// A hit below this, in percent, is not reported unless a policy says so.
pub const DEFAULT_CONFIDENCE: u8 = 50;

/// The pattern files built in, by their names in `patterns/secrets/`.
pub const FILES: &[(&str, &str)] = &[
    ("ai.toml", include_str!("../../patterns/secrets/ai.toml")),
    ("aws.toml", include_str!("../../patterns/secrets/aws.toml")),
    ("azure.toml", include_str!("../../patterns/secrets/azure.toml")),
    ("cloud.toml", include_str!("../../patterns/secrets/cloud.toml")),
    ("commands.toml", include_str!("../../patterns/secrets/commands.toml")),
    ("config.toml", include_str!("../../patterns/secrets/config.toml")),
    ("crypto.toml", include_str!("../../patterns/secrets/crypto.toml")),
    ("devtools.toml", include_str!("../../patterns/secrets/devtools.toml")),
    ("files.toml", include_str!("../../patterns/secrets/files.toml")),
    ("generic.toml", include_str!("../../patterns/secrets/generic.toml")),
    ("github.toml", include_str!("../../patterns/secrets/github.toml")),
    ("gitlab.toml", include_str!("../../patterns/secrets/gitlab.toml")),
    ("google.toml", include_str!("../../patterns/secrets/google.toml")),
    ("keys.toml", include_str!("../../patterns/secrets/keys.toml")),
    ("mail.toml", include_str!("../../patterns/secrets/mail.toml")),
    ("messaging.toml", include_str!("../../patterns/secrets/messaging.toml")),
    ("npm.toml", include_str!("../../patterns/secrets/npm.toml")),
    ("payments.toml", include_str!("../../patterns/secrets/payments.toml")),
    ("slack.toml", include_str!("../../patterns/secrets/slack.toml")),
    ("sql.toml", include_str!("../../patterns/secrets/sql.toml")),
    ("stripe.toml", include_str!("../../patterns/secrets/stripe.toml")),
    ("tokens.toml", include_str!("../../patterns/secrets/tokens.toml")),
    ("urls.toml", include_str!("../../patterns/secrets/urls.toml")),
];

/// All built-in patterns, in the order of [`FILES`].
pub fn builtin() -> Vec<Pattern> {
    FILES
        .iter()
        .flat_map(|(name, text)| {
            patterns::parse(text, false).unwrap_or_else(|e| panic!("patterns/secrets/{name} is checked by a test: {e}"))
        })
        .collect()
}

/// Which engine to search with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The fastest that is built in.
    #[default]
    Best,
    /// The portable one.
    Portable,
}

/// Patterns, ready to search with; shared by all threads.
pub struct Rules {
    patterns: Vec<Pattern>,
    engine: Box<dyn Engine>,
    of_files: Vec<usize>,
    generic: [Option<usize>; 4],
    /// Bytes from a candidate on that the engine must see to find it.
    reach: usize,
    common: fn(&[u8]) -> bool,
}

impl Rules {
    /// Prepares `patterns`. `cache` is a folder for what takes long to compute; `common` tells common passwords.
    pub fn new(
        patterns: Vec<Pattern>,
        choice: EngineChoice,
        cache: Option<&Path>,
        common: fn(&[u8]) -> bool,
    ) -> Result<Arc<Self>, EngineError> {
        let wanted: Vec<Wanted> = patterns
            .iter()
            .map(|pattern| Wanted {
                prefixes: Prefix::of(pattern),
                keywords: pattern.keyword_bytes(),
                ignore_case: pattern.ignore_case,
            })
            .collect();
        let lengths = |w: &Wanted| w.prefixes.iter().map(Prefix::len).max();
        let reach = wanted.iter().filter_map(lengths).max().unwrap_or_default();
        let engine = engine(&wanted, choice, cache)?;
        let of_files = (0..patterns.len()).filter(|i| patterns[*i].keywords.is_empty()).collect();
        let generic = scan::generic_rules(&patterns);
        Ok(Arc::new(Self { patterns, engine, of_files, generic, reach, common }))
    }

    /// All patterns; hits name them by index.
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The engine's name and version.
    pub fn engine(&self) -> String {
        self.engine.name()
    }

    /// What the name of a unit (a path with `/`) means for scanning it.
    pub fn named(&self, path: &str) -> Named {
        Named::new(path, self.of_files.iter().copied(), &self.patterns)
    }

    /// For one thread.
    pub fn scanner(self: &Arc<Self>) -> Result<Scanner, EngineError> {
        Scanner::new(self.clone(), self.engine.as_ref())
    }

    /// All hits in a text that is there as a whole, settled. `path` is its name.
    pub fn scan(self: &Arc<Self>, path: &str, text: &[u8]) -> Result<Vec<Hit>, EngineError> {
        let mut scanner = self.scanner()?;
        let named = self.named(path);
        let mut hits = Vec::new();
        scanner.scan(&Window { text, offset: 0, from: 0, to: text.len() }, &named, &mut hits)?;
        settle(&mut hits, &self.patterns);
        Ok(hits)
    }
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rules").field("patterns", &self.patterns.len()).finish_non_exhaustive()
    }
}

#[cfg(feature = "hyperscan")]
fn engine(wanted: &[Wanted], choice: EngineChoice, cache: Option<&Path>) -> Result<Box<dyn Engine>, EngineError> {
    match choice {
        EngineChoice::Best => Ok(Box::new(hyper::Hyper::new(wanted, cache)?)),
        EngineChoice::Portable => Ok(Box::new(Portable::new(wanted)?)),
    }
}

#[cfg(not(feature = "hyperscan"))]
fn engine(wanted: &[Wanted], _: EngineChoice, _: Option<&Path>) -> Result<Box<dyn Engine>, EngineError> {
    Ok(Box::new(Portable::new(wanted)?))
}
