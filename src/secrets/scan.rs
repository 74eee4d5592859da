//! From text to hits: candidates of the engine, expressions at their places, checks.

use std::ops::Range;
use std::sync::Arc;

use regex::bytes::CaptureLocations;

use super::check::Verdict;
use super::engine::{Candidate, Engine, EngineError, Finder};
use super::names::FileKind;
use super::patterns::{Kind, Left, Pattern};
use super::{LOOKBACK, MAX_MATCH, Rules, generic, value};

/// A stretch of a unit's text.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// The text, with what is before and after the stretch as far as matches can reach.
    pub text: &'a [u8],
    /// Bytes of the unit before `text`.
    pub offset: u64,
    /// Where in `text` the stretch begins: 0 at the unit's start, else at least [`LOOKBACK`].
    pub from: usize,
    /// Where it ends: the end of `text` at the unit's end, else at least [`MAX_MATCH`] before.
    pub to: usize,
}

/// One secret found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Index of the pattern in [`Rules::patterns`].
    pub pattern: usize,
    /// The whole match, in bytes of the unit's text.
    pub matched: Range<u64>,
    /// The secret within it.
    pub secret: Range<u64>,
    /// How sure, in percent.
    pub confidence: u8,
    /// The name that the value is given, where that led to it.
    pub name: Option<String>,
    /// Something to tell that is no secret: what a check found, why a value was judged so.
    pub note: Option<String>,
}

/// One thread's use of [`Rules`].
pub struct Scanner {
    rules: Arc<Rules>,
    finder: Box<dyn Finder>,
    candidates: Vec<Candidate>,
    /// Of each pattern, where its groups were last: made at its first use, for making one costs more than most attempts.
    locations: Vec<Option<CaptureLocations>>,
}

/// What is scanned, as far as its name tells.
#[derive(Clone, Debug)]
pub struct Named {
    kind: FileKind,
    /// Patterns looked for in every line.
    everywhere: Vec<usize>,
}

impl Named {
    /// `of_files` are the patterns that belong to kinds of files.
    pub(super) fn new(path: &str, of_files: impl Iterator<Item = usize>, patterns: &[Pattern]) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        Self { kind: FileKind::of(path), everywhere: of_files.filter(|i| patterns[*i].is_for(name)).collect() }
    }
}

impl Scanner {
    pub(super) fn new(rules: Arc<Rules>, engine: &dyn Engine) -> Result<Self, EngineError> {
        let locations = vec![None; rules.patterns.len()];
        Ok(Self { rules, finder: engine.finder()?, candidates: Vec::new(), locations })
    }

    /// Adds to `hits` every match that begins in the window's stretch. Hits of several patterns at one place are all
    /// there: see [`settle`].
    pub fn scan(&mut self, window: &Window<'_>, named: &Named, hits: &mut Vec<Hit>) -> Result<(), EngineError> {
        self.scan_bytes(window, named, hits)?;
        // Text has no zeros; looking for one costs a hundredth of searching it.
        if memchr::memchr(0, window.text).is_some() { self.scan_wide(window, named, hits) } else { Ok(()) }
    }

    /// [`Self::scan`] of the bytes as they are.
    pub(super) fn scan_bytes(
        &mut self,
        window: &Window<'_>,
        named: &Named,
        hits: &mut Vec<Hit>,
    ) -> Result<(), EngineError> {
        let rules = self.rules.clone();
        let mut candidates = std::mem::take(&mut self.candidates);
        // Nothing begins elsewhere but names, and what the engine looks at ends soon.
        let low = window.from.saturating_sub(generic::MAX_NAME);
        let high = window.text.len().min(window.to + rules.reach);
        let found = self.finder.find(&window.text[low..high], &mut candidates);
        // Where the keyword of a name was last, in what is before the stretch too.
        let mut last = None;
        if found.is_ok() {
            for candidate in &candidates {
                let start = low + candidate.start;
                if start >= window.to {
                    break;
                }
                let index = candidate.pattern as usize;
                let pattern = &rules.patterns[index];
                let here = start >= window.from;
                if pattern.generic.is_some() {
                    let before = last.replace(start);
                    if !here {
                        continue;
                    }
                    let name = generic::name_at(window.text, start);
                    // Several keywords of one name lead to one value.
                    if before.is_some_and(|before| before >= name.start) {
                        continue;
                    }
                    hits.extend(of_name(&rules, window, start, &name, named.kind));
                } else if here {
                    let locations = &mut self.locations[index];
                    hits.extend(of_pattern(&rules, index, window, start, named.kind, locations));
                }
            }
            for &index in &named.everywhere {
                in_lines(&rules, index, window, named.kind, hits);
            }
        }
        self.candidates = candidates;
        found
    }
}

/// A name's value.
fn of_name(rules: &Rules, window: &Window<'_>, start: usize, name: &Range<usize>, kind: FileKind) -> Option<Hit> {
    let found = generic::look(window.text, start, name, kind, &rules.common)?;
    let pattern = rules.generic[found.kind as usize]?;
    let shown = String::from_utf8_lossy(&window.text[found.name.clone()]).into_owned();
    let at = |range: &Range<usize>| window.offset + range.start as u64..window.offset + range.end as u64;
    Some(Hit {
        pattern,
        matched: at(&(found.name.start.min(found.value.start)..found.value.end)),
        secret: at(&found.value),
        confidence: (u32::from(found.confidence) * u32::from(rules.patterns[pattern].confidence) / 100) as u8,
        name: Some(shown),
        note: Some(found.why.into()),
    })
}

/// A pattern's match at `start`, where one of its keywords stands.
fn of_pattern(
    rules: &Rules,
    index: usize,
    window: &Window<'_>,
    start: usize,
    kind: FileKind,
    locations: &mut Option<CaptureLocations>,
) -> Option<Hit> {
    let pattern = &rules.patterns[index];
    let text = window.text;
    if pattern.left == Left::Word
        && pattern.before.is_none()
        && start > 0
        && text[start - 1].is_ascii_alphanumeric()
        && !after_escape(text, start)
    {
        return None;
    }
    let compiled = pattern.compiled();
    let rest = &text[start..text.len().min(start + MAX_MATCH)];
    if compiled.opening.as_ref().is_some_and(|opening| !opening.may_begin(rest)) {
        return None;
    }
    let locations = locations.get_or_insert_with(|| compiled.regex.capture_locations());
    let whole = compiled.regex.captures_read(locations, rest)?;
    let (from, to) = locations.get(compiled.secret).unwrap_or((whole.start(), whole.end()));
    let mut begin = start;
    let mut secret = start + from..start + to;
    if let Some(before) = &compiled.before {
        let low = start.saturating_sub(LOOKBACK);
        let found = before.captures(&text[low..start])?;
        begin = low + found.get(0)?.start();
        if let Some(group) = found.name("secret") {
            secret = low + group.start()..low + group.end();
        }
        if pattern.left == Left::Word && begin > 0 && text[begin - 1].is_ascii_alphanumeric() {
            return None;
        }
        if found.name("secret").is_none() && compiled.secret == 0 {
            secret.start = begin;
        }
    }
    Some(hit(rules, index, window, begin..start + whole.end(), secret, kind))
}

/// `\n` and its like, written as two characters, end in a letter that belongs to no word.
fn after_escape(text: &[u8], start: usize) -> bool {
    start >= 2 && text[start - 2] == b'\\' && matches!(text[start - 1], b'n' | b't' | b'r')
}

/// A pattern of a kind of file, searched for in all of it. After a match the search goes on behind it, and again at every multiple of
/// [`LOOKBACK`] in the unit: so it does not matter where a window begins.
fn in_lines(rules: &Rules, index: usize, window: &Window<'_>, kind: FileKind, hits: &mut Vec<Hit>) {
    let compiled = rules.patterns[index].compiled();
    let every = LOOKBACK as u64;
    let unit = |at: usize| window.offset + at as u64;
    let mut at = window.from - ((unit(window.from) % every) as usize).min(window.from);
    while at < window.to
        && let Some(found) = compiled.regex.captures_at(window.text, at)
    {
        let whole = found.get(0).expect("group 0 is the match");
        let again = (unit(whole.start()) / every + 1) * every - window.offset;
        at = whole.end().max(whole.start() + 1).min(again as usize);
        if whole.len() > MAX_MATCH {
            at = whole.start() + 1;
        } else if (window.from..window.to).contains(&whole.start()) && !whole.is_empty() {
            let secret = found.get(compiled.secret).unwrap_or(whole);
            hits.push(hit(rules, index, window, whole.range(), secret.range(), kind));
        }
    }
}

fn hit(
    rules: &Rules,
    index: usize,
    window: &Window<'_>,
    matched: Range<usize>,
    secret: Range<usize>,
    kind: FileKind,
) -> Hit {
    let pattern = &rules.patterns[index];
    let bytes = &window.text[secret.clone()];
    let (confidence, note) = judge(pattern, &window.text[matched.clone()], bytes, kind, &rules.common);
    let at = |range: Range<usize>| window.offset + range.start as u64..window.offset + range.end as u64;
    Hit { pattern: index, matched: at(matched), secret: at(secret), confidence, name: None, note }
}

fn judge(
    pattern: &Pattern,
    whole: &[u8],
    secret: &[u8],
    kind: FileKind,
    common: &dyn Fn(&[u8]) -> bool,
) -> (u8, Option<String>) {
    let mut confidence = u32::from(pattern.confidence);
    let mut note = None;
    let checked = pattern.check.map(|check| check.run(whole, secret, common));
    if let Some(checked) = checked {
        note = checked.note;
        match checked.verdict {
            Verdict::Proved => return (confidence.max(99) as u8, note),
            Verdict::Refuted => return (confidence.min(5) as u8, Some("its checksum or structure is wrong".into())),
            Verdict::Likely(likely) => confidence = confidence * u32::from(likely) / 100,
            Verdict::Open => {}
        }
    }
    if let Some(least) = pattern.entropy
        && value::entropy(secret) < least
    {
        confidence /= 4;
        note = Some("little entropy".into());
    } else if !pattern.bytes
        && !matches!(
            pattern.check,
            Some(
                super::Check::Password
                    | super::Check::Random
                    | super::Check::Kubernetes
                    | super::Check::Basic
                    | super::Check::Pem
                    | super::Check::Pgp
            )
        )
        && let Some(fault) = value::token_fault(secret)
    {
        confidence = confidence * 3 / 10;
        note = Some(fault.into());
    }
    if kind.made_up {
        confidence = confidence * 9 / 10;
    }
    (confidence as u8, note)
}

/// Puts hits into order and keeps one for each place: where secrets overlap, the surer hit, then the longer match, then the
/// earlier pattern. A generic hit yields to any other that is likely at all.
pub fn settle(hits: &mut Vec<Hit>, patterns: &[Pattern]) {
    settle_by(hits, patterns, |hit| hit);
}

/// [`settle`] for what carries hits.
pub fn settle_by<T>(carriers: &mut Vec<T>, patterns: &[Pattern], hit: impl Fn(&T) -> &Hit) {
    let rank = |hit: &Hit| {
        let special = patterns[hit.pattern].generic.is_none() && hit.confidence >= 30;
        (special, hit.confidence, hit.matched.end - hit.matched.start, std::cmp::Reverse(hit.pattern))
    };
    carriers.sort_by(|a, b| {
        let (a, b) = (hit(a), hit(b));
        (a.secret.start, a.secret.end, a.pattern).cmp(&(b.secret.start, b.secret.end, b.pattern))
    });
    let mut kept: Vec<T> = Vec::with_capacity(carriers.len());
    for carrier in carriers.drain(..) {
        match kept.last_mut() {
            Some(last) if hit(last).secret.end > hit(&carrier).secret.start => {
                if rank(hit(&carrier)) > rank(hit(last)) {
                    *last = carrier;
                }
            }
            _ => kept.push(carrier),
        }
    }
    *carriers = kept;
}

/// Which generic rule a kind of value belongs to.
pub(super) fn generic_rules(patterns: &[Pattern]) -> [Option<usize>; 4] {
    [Kind::Password, Kind::Secret, Kind::Token, Kind::Key]
        .map(|kind| patterns.iter().position(|p| p.generic == Some(kind)))
}
