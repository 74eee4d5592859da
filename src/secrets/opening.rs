//! What stands right behind a keyword, looked at before any expression is tried.
//!
//! Many expressions go on with a run of bytes of one class and then with a byte that is none of it: `https://` and a name up to `:`.
//! Most addresses have a `/` there, and a look at a table of bytes says so in a tenth of the time of an expression.

use regex_syntax::hir::literal::Extractor;
use regex_syntax::hir::{Class, Hir, HirKind};

use super::patterns::Pattern;
use super::prefix::{Bytes, fixed, parsed};

/// Most ways to begin: a look at each takes time as well.
const MOST: usize = 16;

/// How all matches of an expression begin: one of a few literals, a run of a class, a byte that is not of it.
pub(super) struct Opening {
    literals: Vec<Vec<u8>>,
    run: [bool; 256],
    least: usize,
    most: usize,
    then: Bytes,
}

impl Opening {
    /// `None` where a pattern's matches begin otherwise.
    pub(super) fn of(pattern: &Pattern) -> Option<Self> {
        let hir = parsed(pattern)?;
        let HirKind::Concat(parts) = hir.kind() else { return None };
        let at =
            parts.iter().position(|part| matches!(part.kind(), HirKind::Repetition(_)) && class(part).is_some())?;
        let (run, least, most) = class(&parts[at])?;
        let lead = Extractor::new().limit_total(MOST).extract(&Hir::concat(parts[..at].to_vec()));
        let literals = lead.literals().filter(|literals| !literals.is_empty() && lead.is_exact())?;
        let then = *fixed(&Hir::concat(parts[at + 1..].to_vec())).0.first()?;
        // Where the run could end earlier, there is more than one place to look at.
        if then.has_any_of(run) {
            return None;
        }
        Some(Self {
            literals: literals.iter().map(|literal| literal.as_bytes().to_vec()).collect(),
            run: std::array::from_fn(|byte| run.contains(byte as u8)),
            least,
            most,
            then,
        })
    }

    /// Whether a match may begin with `text`; if not, none does.
    pub(super) fn may_begin(&self, text: &[u8]) -> bool {
        self.literals.iter().filter_map(|literal| text.strip_prefix(&literal[..])).any(|rest| {
            let run = rest.iter().take(self.most.saturating_add(1)).take_while(|byte| self.run[usize::from(**byte)]);
            let run = run.count();
            run >= self.least && run <= self.most && rest.get(run).is_some_and(|byte| self.then.contains(*byte))
        })
    }
}

/// The class that is repeated, how often at least and at most.
fn class(part: &Hir) -> Option<(Bytes, usize, usize)> {
    let HirKind::Repetition(repetition) = part.kind() else { return None };
    let HirKind::Class(Class::Bytes(class)) = repetition.sub.kind() else { return None };
    let most = repetition.max.map_or(usize::MAX, |most| most as usize);
    Some((Bytes::of_class(class), repetition.min as usize, most))
}

#[cfg(test)]
mod tests {
    use super::super::{builtin, patterns};
    use super::*;

    fn opening(regex: &str, ignore_case: bool) -> Option<Opening> {
        let text = format!(
            "[[pattern]]\nid='x'\ndescription='d'\nseverity='low'\nconfidence=1\nkeywords=['abcd']\nregex='''{regex}'''\n\
             ignore_case={ignore_case}\n"
        );
        Opening::of(&patterns::parse(&text, true).unwrap()[0])
    }

    #[test]
    fn what_cannot_match_is_told_by_the_first_byte_behind_the_run() {
        let opening = opening("(?:http|https)://[^\\s:@/]{0,5}:(x{1,9})@", false).unwrap();
        for (text, may) in [
            ("http://a:x@", true),
            ("https://:x@", true),
            ("https://abcde:", true),
            ("https://abcdef:", false),
            ("https://abc/:", false),
            ("https://abc", false),
            ("https:/abc:", false),
            ("httpx://abc:", false),
        ] {
            assert_eq!(opening.may_begin(text.as_bytes()), may, "{text}");
        }
    }

    #[test]
    fn where_there_is_a_choice_there_is_no_opening() {
        assert!(opening("abcd[a-z]{0,5}z", false).is_none(), "the run may end earlier");
        assert!(opening("abcd[a-z]{0,5}", false).is_none(), "nothing follows");
        assert!(opening("abcd[a-z]{0,5}(?:1|)", false).is_none(), "what follows may be nothing");
        assert!(opening("abcd.{0,9}e[a-z]{0,5}1", false).is_none());
        assert!(opening("abcdefgh[0-9]{2}x", true).is_none(), "too many ways to write it");
        assert!(opening("abcd[0-9]+x", false).unwrap().may_begin(b"abcd12x"));
        assert!(!opening("abcd[0-9]+x", false).unwrap().may_begin(b"abcdx"));
    }

    #[test]
    fn every_example_of_every_pattern_with_an_opening_begins_so() {
        let mut with = 0;
        for pattern in builtin().iter().filter(|pattern| !pattern.keywords.is_empty() && pattern.generic.is_none()) {
            let Some(opening) = Opening::of(pattern) else { continue };
            with += 1;
            let regex = &pattern.compiled().regex;
            for example in pattern.examples.iter().chain(&pattern.counter_examples) {
                for at in (0..example.len()).filter(|at| regex.is_match(&example[*at..])) {
                    assert!(opening.may_begin(&example[at..]), "{} at {at}", pattern.id);
                }
            }
        }
        assert!(with >= 9, "addresses have one: {with}");
    }
}
