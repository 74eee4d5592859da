//! The fast engine: all prefixes in one Hyperscan database, in block mode.
//!
//! Prefixes have fixed lengths, so the end that Hyperscan reports gives the start without its costly tracking of starts
//! (which refuses large patterns). The compiled database is kept on disk (`cache`): compiling takes a second, loading a
//! millisecond.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use hyperscan::prelude::*;
use hyperscan::{Block, Builder, CompileFlags, PlatformRef, Serialized};

use super::cache;
use super::engine::{Candidate, Engine, EngineError, Finder, Wanted};
use super::patterns::MIN_KEYWORD;
use super::prefix::Prefix;

/// Longest text searched at once, in bytes: Hyperscan takes lengths of 32 bits and scans only the rest of longer ones.
const MAX_TEXT: usize = 1 << 30;

/// The Hyperscan engine.
pub(super) struct Hyper {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database<Block>,
    of: Vec<Expression>,
}

/// What a match of one expression means.
struct Expression {
    pattern: u32,
    /// Length in bytes of what Hyperscan looks for.
    len: u32,
    /// Where several keywords share an expression: what must stand at the match, and they, one of which must as well.
    shared: Option<(Prefix, Vec<Vec<u8>>)>,
}

impl Expression {
    fn stands_at(&self, text: &[u8]) -> bool {
        self.shared.as_ref().is_none_or(|(prefix, keywords)| {
            prefix.stands_at(text) && keywords.iter().any(|keyword| text.starts_with(keyword))
        })
    }
}

impl Hyper {
    /// Loads the database from the cache, or compiles it and puts it there. A cache that cannot be written is no error:
    /// the next start is slow again.
    pub(super) fn new(wanted: &[Wanted], cache: Option<&Path>) -> Result<Self, EngineError> {
        let mut expressions = Vec::new();
        let mut of = Vec::new();
        for (i, wanted) in wanted.iter().enumerate() {
            for (prefix, keywords) in shared(wanted) {
                // A class after two or three bytes makes the whole search slower by half (measured on the Linux sources); the
                // bytes alone are looked for as a literal, and the rest here.
                let lead = prefix.lead();
                let searched = if lead.len() < MIN_KEYWORD { lead } else { prefix.clone() };
                expressions.push(searched.expression());
                let shared = if keywords.is_empty() { None } else { Some((prefix, keywords)) };
                of.push(Expression { pattern: i as u32, len: searched.len() as u32, shared });
            }
        }
        let version = hyperscan::version_str().to_string_lossy().into_owned();
        let key = cache::key(&version, &cpu(), &expressions);
        let loaded = cache.and_then(|folder| cache::load(folder, &key)).and_then(|bytes| {
            // Built for another processor or version than its key says: compile again.
            bytes.deserialize::<Block>().ok()
        });
        let database = if let Some(database) = loaded {
            database
        } else {
            let database = compile(&expressions)?;
            if let Some(folder) = cache
                && let Ok(bytes) = database.serialize()
            {
                let _ = cache::store(folder, &key, &bytes);
            }
            database
        };
        Ok(Self { shared: Arc::new(Shared { database, of }) })
    }
}

/// The prefixes of a pattern. Keywords of which there are many because they go on in any way (`hf_a`, `hf_b`, …) share one: with
/// an expression each, compiling takes several times as long and searching a little longer.
fn shared(wanted: &Wanted) -> Vec<(Prefix, Vec<Vec<u8>>)> {
    let pairs = || wanted.prefixes.iter().zip(&wanted.keywords);
    let mut groups: Vec<(Prefix, Vec<Vec<u8>>)> = Vec::new();
    if wanted.ignore_case || wanted.prefixes.len() < SHARED_FROM {
        return pairs().map(|(prefix, _)| (prefix.clone(), Vec::new())).collect();
    }
    for (prefix, keyword) in pairs() {
        let fits = |(known, keywords): &&mut (Prefix, Vec<Vec<u8>>)| {
            known.len() == prefix.len() && keywords[0].len() == keyword.len() && keywords[0][..2] == keyword[..2]
        };
        match groups.iter_mut().find(fits) {
            Some((known, keywords)) => {
                *known = known.union(prefix);
                keywords.push(keyword.clone());
            }
            None => groups.push((prefix.clone(), vec![keyword.clone()])),
        }
    }
    groups
}

/// From this many keywords on a pattern's expressions are shared.
const SHARED_FROM: usize = 8;

fn compile(expressions: &[String]) -> Result<Database<Block>, EngineError> {
    let patterns: Result<Vec<Pattern>, _> =
        expressions.iter().map(|expression| Pattern::with_flags(expression.as_str(), CompileFlags::DOTALL)).collect();
    let patterns = Patterns(patterns.map_err(trouble)?);
    let platform: Option<&PlatformRef> = None;
    patterns.for_platform(platform).map_err(trouble)
}

fn trouble(error: impl std::fmt::Display) -> EngineError {
    EngineError(format!("libhs: {error}"))
}

/// What of the processor a database depends on.
fn cpu() -> String {
    let mut features = String::from(std::env::consts::ARCH);
    #[cfg(target_arch = "x86_64")]
    for (name, there) in [
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512vbmi", is_x86_feature_detected!("avx512vbmi")),
    ] {
        if there {
            features.push(' ');
            features.push_str(name);
        }
    }
    features
}

impl Engine for Hyper {
    fn name(&self) -> String {
        format!("hyperscan {}", hyperscan::version_str().to_string_lossy().split(' ').next().unwrap_or_default())
    }

    fn finder(&self) -> Result<Box<dyn Finder>, EngineError> {
        let scratch = self.shared.database.alloc_scratch().map_err(trouble)?;
        Ok(Box::new(HyperFinder { shared: self.shared.clone(), scratch }))
    }
}

struct HyperFinder {
    shared: Arc<Shared>,
    scratch: Scratch,
}

impl Finder for HyperFinder {
    fn find(&mut self, text: &[u8], found: &mut Vec<Candidate>) -> Result<(), EngineError> {
        assert!(text.len() <= MAX_TEXT, "longer texts come in windows");
        found.clear();
        let of = &self.shared.of;
        let mut panicked = false;
        let scanned = self.shared.database.scan(text, &self.scratch, |id: u32, _: u64, to: u64, _: u32| {
            // A panic must not unwind through the library.
            let pushed = catch_unwind(AssertUnwindSafe(|| {
                let expression = &of[id as usize];
                let start = to as usize - expression.len as usize;
                if expression.stands_at(&text[start..]) {
                    found.push(Candidate { start, pattern: expression.pattern });
                }
            }));
            panicked |= pushed.is_err();
            if pushed.is_ok() { Matching::Continue } else { Matching::Terminate }
        });
        if panicked {
            return Err(EngineError("taking a match failed for an internal reason".into()));
        }
        scanned.map_err(trouble)?;
        found.sort_unstable();
        found.dedup();
        Ok(())
    }
}
