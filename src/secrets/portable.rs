//! The engine that runs everywhere: one Aho-Corasick automaton over all keywords. Also what the other one is checked
//! against.

use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, MatchKind};

use super::engine::{Candidate, Engine, EngineError, Finder, Wanted};

/// Keywords that match in their own case and those that match in any, each with the patterns they belong to.
struct Automaton {
    exact: Option<AhoCorasick>,
    exact_of: Vec<u32>,
    any_case: Option<AhoCorasick>,
    any_case_of: Vec<u32>,
}

/// The portable engine.
pub(super) struct Portable(Arc<Automaton>);

impl Portable {
    pub(super) fn new(wanted: &[Wanted]) -> Result<Self, EngineError> {
        let of = |ignore_case: bool| {
            wanted
                .iter()
                .enumerate()
                .filter(move |(_, w)| w.ignore_case == ignore_case)
                .flat_map(|(i, w)| w.keywords.iter().map(move |k| (k.as_slice(), i as u32)))
                .collect::<Vec<_>>()
        };
        let build = |keywords: &[(&[u8], u32)], ignore_case: bool| {
            if keywords.is_empty() {
                return Ok(None);
            }
            AhoCorasickBuilder::new()
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::DFA))
                .ascii_case_insensitive(ignore_case)
                .build(keywords.iter().map(|(keyword, _)| keyword))
                .map(Some)
                .map_err(|e| EngineError(format!("the keywords make no automaton: {e}")))
        };
        let (exact, any_case) = (of(false), of(true));
        Ok(Self(Arc::new(Automaton {
            exact: build(&exact, false)?,
            exact_of: exact.iter().map(|(_, pattern)| *pattern).collect(),
            any_case: build(&any_case, true)?,
            any_case_of: any_case.iter().map(|(_, pattern)| *pattern).collect(),
        })))
    }
}

impl Engine for Portable {
    fn name(&self) -> String {
        "portable".into()
    }

    fn finder(&self) -> Result<Box<dyn Finder>, EngineError> {
        Ok(Box::new(PortableFinder(self.0.clone())))
    }
}

struct PortableFinder(Arc<Automaton>);

impl Finder for PortableFinder {
    fn find(&mut self, text: &[u8], found: &mut Vec<Candidate>) -> Result<(), EngineError> {
        found.clear();
        for (automaton, of) in [(&self.0.exact, &self.0.exact_of), (&self.0.any_case, &self.0.any_case_of)] {
            if let Some(automaton) = automaton {
                found.extend(
                    automaton
                        .find_overlapping_iter(text)
                        .map(|m| Candidate { start: m.start(), pattern: of[m.pattern().as_usize()] }),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(())
    }
}
