//! The first stage: where in a text could a pattern match? Two engines answer, and answer the same.
//!
//! Every pattern has keywords that its matches begin with. An engine finds, for each pattern, every place at which one of
//! its keywords stands (it may leave out places where what follows the keyword rules a match out). The second stage, an
//! anchored `regex` at the place, is the same for both, and so are the findings.

use super::prefix::Prefix;

/// A place at which a pattern may match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// Where the keyword begins, in bytes of the text searched.
    pub(super) start: usize,
    /// Which pattern, by its index among those the engine was built for.
    pub(super) pattern: u32,
}

/// What one pattern is found by.
pub(super) struct Wanted {
    /// One for each keyword.
    pub(super) prefixes: Vec<Prefix>,
    /// The keywords themselves.
    pub(super) keywords: Vec<Vec<u8>>,
    /// Whether they match in any case.
    pub(super) ignore_case: bool,
}

/// Built once for all patterns, shared by all threads.
pub(super) trait Engine: Send + Sync {
    /// The name in reports: `hyperscan 5.4.0`, `portable`.
    fn name(&self) -> String;
    /// A finder for one thread.
    fn finder(&self) -> Result<Box<dyn Finder>, EngineError>;
}

/// One thread's use of an engine.
pub(super) trait Finder: Send {
    /// Puts all candidates of `text` into `found`, sorted, each once. `text` has at most 1 GiB.
    fn find(&mut self, text: &[u8], found: &mut Vec<Candidate>) -> Result<(), EngineError>;
}

/// The engine failed: no memory, or a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError(pub String);

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EngineError {}
