//! What every match of an expression begins with: the first stage looks for that.
//!
//! A [`Prefix`] is a sequence of byte classes of fixed length that each match of the pattern must start with. It starts
//! with a keyword and goes on as far as the expression leaves no choice of length: `ghp_[A-Za-z0-9]{36}` is four bytes
//! and then [`MAX_PREFIX`] at most of a class. As its length is fixed, an engine that reports only ends of matches
//! still tells where they start.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassBytes, Hir, HirKind};

use super::patterns::Pattern;

/// Bytes of a prefix: enough to turn away nearly all that is not a match, short enough to compile quickly.
const MAX_PREFIX: usize = 20;

/// Which bytes may stand at one place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Bytes([u64; 4]);

impl Bytes {
    const NONE: Self = Self([0; 4]);

    fn one(byte: u8) -> Self {
        let mut bytes = Self::NONE;
        bytes.insert(byte);
        bytes
    }

    fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    pub(super) fn of_class(class: &ClassBytes) -> Self {
        let mut bytes = Self::NONE;
        for range in class.ranges() {
            (range.start()..=range.end()).for_each(|byte| bytes.insert(byte));
        }
        bytes
    }

    pub(super) fn contains(self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] | other.0[i]))
    }

    pub(super) fn has_any_of(self, other: Self) -> bool {
        self.0.iter().zip(other.0).any(|(a, b)| a & b != 0)
    }

    fn len(self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// Its bytes, ascending.
    #[cfg(any(feature = "hyperscan", test))]
    fn members(self) -> impl Iterator<Item = u8> {
        self.0.into_iter().enumerate().flat_map(|(number, mut left)| {
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros();
                left &= left.wrapping_sub(1);
                (bit < 64).then_some((64 * number as u32 + bit) as u8)
            })
        })
    }
}

/// What a match begins with.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Prefix(pub(super) Vec<Bytes>);

impl Prefix {
    /// One for each keyword of `pattern`.
    pub(super) fn of(pattern: &Pattern) -> Vec<Self> {
        let fixed = parsed(pattern).map(|hir| fixed(&hir).0).unwrap_or_default();
        pattern.keyword_bytes().iter().map(|keyword| Self::new(keyword, pattern.ignore_case, &fixed)).collect()
    }

    /// `keyword`, and beyond its end the rest of `fixed`.
    pub(super) fn new(keyword: &[u8], ignore_case: bool, fixed: &[Bytes]) -> Self {
        let mut places: Vec<Bytes> = keyword
            .iter()
            .map(|&byte| {
                let mut bytes = Bytes::one(byte);
                if ignore_case {
                    bytes.insert(byte.to_ascii_lowercase());
                    bytes.insert(byte.to_ascii_uppercase());
                }
                bytes
            })
            .collect();
        if fixed.len() > places.len() {
            let most = MAX_PREFIX.max(places.len());
            places.extend_from_slice(&fixed[places.len()..fixed.len().min(most)]);
        }
        Self(places)
    }

    /// Length in bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// What only Hyperscan asks for.
#[cfg(any(feature = "hyperscan", test))]
impl Prefix {
    /// What begins with either, place by place; both have the same length.
    pub(super) fn union(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a.union(*b)).collect())
    }

    /// Its first bytes, as far as each is one byte, in whatever case.
    pub(super) fn lead(&self) -> Self {
        let is_one = |bytes: &&Bytes| {
            let mut members = bytes.members().map(|byte| byte.to_ascii_lowercase());
            members.next().is_some_and(|first| members.all(|byte| byte == first))
        };
        Self(self.0.iter().take_while(is_one).copied().collect())
    }

    /// Whether `text` begins with it.
    pub(super) fn stands_at(&self, text: &[u8]) -> bool {
        text.len() >= self.0.len() && self.0.iter().zip(text).all(|(bytes, byte)| bytes.contains(*byte))
    }

    /// As an expression of Hyperscan's language, of hexadecimal escapes only.
    pub(super) fn expression(&self) -> String {
        use std::fmt::Write as _;

        let mut text = String::new();
        let mut at = 0;
        while at < self.0.len() {
            let bytes = self.0[at];
            let run = self.0[at..].iter().take_while(|b| **b == bytes).count();
            let members: Vec<u8> = bytes.members().collect();
            if members.len() == 1 {
                let _ = write!(text, "\\x{:02x}", members[0]);
            } else {
                text.push('[');
                let mut from = 0;
                while from < members.len() {
                    let mut to = from;
                    while to + 1 < members.len() && members[to + 1] == members[to] + 1 {
                        to += 1;
                    }
                    let _ = write!(text, "\\x{:02x}-\\x{:02x}", members[from], members[to]);
                    from = to + 1;
                }
                text.push(']');
            }
            if run > 1 {
                let _ = write!(text, "{{{run}}}");
            }
            at += run;
        }
        text
    }
}

/// The expression of `pattern`, taken apart as it is compiled; `None` if there is none.
pub(super) fn parsed(pattern: &Pattern) -> Option<Hir> {
    let mut builder = ParserBuilder::new();
    builder.unicode(false).utf8(false).multi_line(true).case_insensitive(pattern.ignore_case);
    builder.build().parse(&pattern.regex).ok()
}

/// The classes that every match begins with, and whether that is all of a match.
pub(super) fn fixed(hir: &Hir) -> (Vec<Bytes>, bool) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => (Vec::new(), true),
        HirKind::Literal(literal) => (literal.0.iter().map(|byte| Bytes::one(*byte)).collect(), true),
        HirKind::Class(Class::Bytes(class)) => {
            let bytes = Bytes::of_class(class);
            // An empty class never matches; claiming nothing of it is always right.
            if bytes.len() == 0 { (Vec::new(), false) } else { (vec![bytes], true) }
        }
        HirKind::Class(Class::Unicode(_)) => (Vec::new(), false),
        HirKind::Capture(capture) => fixed(&capture.sub),
        HirKind::Repetition(repetition) => {
            let (one, whole) = fixed(&repetition.sub);
            let mut all = Vec::new();
            if repetition.min == 0 {
                return (all, repetition.max == Some(0));
            }
            for _ in 0..repetition.min {
                all.extend_from_slice(&one);
                if !whole || all.len() > MAX_PREFIX {
                    return (all, false);
                }
            }
            (all, repetition.max == Some(repetition.min))
        }
        HirKind::Concat(parts) => {
            let mut all = Vec::new();
            for part in parts {
                let (more, whole) = fixed(part);
                all.extend(more);
                if !whole || all.len() > MAX_PREFIX {
                    return (all, false);
                }
            }
            (all, true)
        }
        HirKind::Alternation(parts) => {
            let mut all: Option<Vec<Bytes>> = None;
            let mut same = true;
            for part in parts {
                let (more, whole) = fixed(part);
                all = Some(match all {
                    None => {
                        same &= whole;
                        more
                    }
                    Some(known) => {
                        same &= whole && known.len() == more.len();
                        known.iter().zip(&more).map(|(a, b)| a.union(*b)).collect()
                    }
                });
            }
            (all.unwrap_or_default(), same)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::patterns::parse;
    use super::*;

    fn prefixes(keywords: &str, regex: &str, ignore_case: bool) -> Vec<String> {
        let text = format!(
            "[[pattern]]\nid='x'\ndescription='d'\nseverity='low'\nconfidence=1\nkeywords={keywords}\nregex='''{regex}'''\n\
             ignore_case={ignore_case}\n"
        );
        Prefix::of(&parse(&text, true).unwrap()[0]).iter().map(Prefix::expression).collect()
    }

    #[test]
    fn a_prefix_goes_on_as_long_as_there_is_no_choice_of_length() {
        assert_eq!(prefixes("['ghp_']", "ghp_[0-9a]{3}x", false), [r"\x67\x68\x70\x5f[\x30-\x39\x61-\x61]{3}\x78"]);
        assert_eq!(prefixes("['ghp_']", "ghp_[0-9]{2,3}x", false), [r"\x67\x68\x70\x5f[\x30-\x39]{2}"]);
        assert_eq!(prefixes("['abcd']", "abcd.*x", false), [r"\x61\x62\x63\x64"]);
        assert_eq!(prefixes("['aa11', 'bb11']", r"(?:aa|bb)11\b[01]", false).len(), 2);
        assert_eq!(prefixes("['aa11', 'bb11']", r"(?:aa|bb)11\b[01]", false)[1], r"\x62{2}\x31{2}[\x30-\x31]");
        let lead = |keyword: &[u8], ignore_case, rest: &[Bytes]| Prefix::new(keyword, ignore_case, rest).lead().len();
        let digits = Bytes(std::array::from_fn(|word| if word == 0 { 0x03ff_0000_0000_0000 } else { 0 }));
        assert_eq!((lead(b"ab-1", true, &[digits; 9]), lead(b"abc", false, &[digits; 3])), (4, 3));
        let prefix = Prefix::new(b"ab", false, &[digits; 4]);
        let stands = [&b"ab12"[..], b"ab123", b"ab1", b"ab1x", b"AB12"].map(|text| prefix.stands_at(text));
        assert_eq!(stands, [true, true, false, false, false]);
        assert_eq!(prefixes("['ab12']", "ab12", true), [r"[\x41-\x41\x61-\x61][\x42-\x42\x62-\x62]\x31\x32"]);
    }
}
