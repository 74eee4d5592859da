//! The lane of secrets: one unit's text, from blocks to located hits.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::allow;
use crate::audit::Progress;
use crate::formats::{self, Head, Opened};
use crate::model::Characters;
use crate::model::Commit;
use crate::secrets::{self, EngineError, Hit, LOOKBACK, MAX_MATCH, Named, Rules, Scanner, Window};
use crate::settings::GateSettings;
use crate::sources::{Encoded, Unit};

/// Blocks searched at a time in a large unit, for each thread.
const AHEAD: usize = 2;

/// Stretches searched by one thread at a time, in bytes.
const PART: usize = 1 << 20;

/// Bytes of a line around a hit that are looked at for words that let it pass.
const AROUND: usize = 2 << 10;

/// Hits kept of one unit before they are settled; beyond it they are only counted. A unit that has so many is one finding.
const MAX_HITS: usize = 100_000;

/// What one unit gave.
#[derive(Default)]
pub(super) struct Searched {
    pub(super) target: String,
    /// Below the target.
    pub(super) name: String,
    pub(super) path: String,
    pub(super) commit: Option<Arc<Commit>>,
    /// No file: where a link leads, what a commit says of itself.
    pub(super) aside: bool,
    pub(super) found: Vec<Located>,
    /// Of text.
    pub(super) bytes: u64,
    /// Whether it holds tables for the audit.
    pub(super) tables: bool,
    /// Why not all of it was read.
    pub(super) unread: Option<String>,
    /// Candidates below the least confidence.
    pub(super) below: u64,
    /// The first bytes of an archive: its members are left to be searched.
    pub(super) archive: Option<Vec<u8>>,
}

/// A hit with its place.
pub(super) struct Located {
    pub(super) hit: Hit,
    /// The secret, in bytes of the unit as it was unpacked, before it was decoded.
    pub(super) stored: Range<u64>,
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) characters: Characters,
    pub(super) fingerprint: String,
    pub(super) allowed: Allowed,
}

/// What a comment beside a hit says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    No,
    Yes,
    WithoutReason,
}

thread_local! {
    /// One scanner a thread: its scratch is costly to make.
    static SCANNER: RefCell<Option<(usize, Scanner)>> = const { RefCell::new(None) };
}

/// Calls `use_it` with this thread's scanner.
fn with_scanner<T>(
    rules: &std::sync::Arc<Rules>,
    use_it: impl FnOnce(&mut Scanner) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    let key = std::sync::Arc::as_ptr(rules) as usize;
    SCANNER.with(|kept| {
        // Taken out while in use: what panics leaves none behind.
        let taken = kept.borrow_mut().take().filter(|(of, _)| *of == key);
        let (_, mut scanner) = match taken {
            Some(scanner) => scanner,
            None => (key, rules.scanner()?),
        };
        let result = use_it(&mut scanner);
        *kept.borrow_mut() = Some((key, scanner));
        result
    })
}

/// Searches one unit; `alone` says that all threads are free for it.
pub(super) fn search(settings: &GateSettings, unit: &Unit, alone: bool, progress: &dyn Progress) -> Searched {
    let path = unit.path();
    let mut search = Search {
        settings,
        text: Vec::new(),
        offset: 0,
        from: 0,
        lines: 0,
        line_start: 0,
        inner: 0,
        encoding: Encoded::default(),
        units: 0,
        found: Vec::new(),
        below: 0,
        named: settings.rules.named(&path),
        path,
        tables: false,
        archive: None,
    };
    let read = catch_unwind(AssertUnwindSafe(|| search.read(unit, alone, progress)));
    let unread = match read {
        Ok(Ok(unread)) => unread,
        Ok(Err(why)) => Some(why),
        Err(_) => Some(BUG.into()),
    };
    search.settle();
    Searched {
        target: unit.target().into(),
        name: unit.name().into(),
        commit: unit.commit().cloned(),
        aside: unit.is_aside(),
        bytes: search.offset + search.from as u64,
        path: search.path,
        found: search.found,
        tables: search.tables,
        unread,
        below: search.below,
        archive: search.archive,
    }
}

/// Said of a unit that makes the program panic.
pub(super) const BUG: &str =
    "the program has a bug that this file brings out: please report it with the kind of file (not the file)";

/// Lines counted up to a place.
struct Cursor {
    /// Newlines before it.
    lines: u64,
    /// Where its line starts, in bytes of the unit.
    line_start: u64,
    /// Bytes between there and the place that begin no character of UTF-8.
    inner: u64,
    /// Units of UTF-16 before it; counted only where they are asked for.
    units: Option<u64>,
}

/// Bytes that begin no character of UTF-8.
fn inner(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte & 0xc0 == 0x80).count() as u64
}

/// Units that a text takes in UTF-16: two for what UTF-8 writes in four bytes, one for any other character.
fn units(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum()
}

impl Cursor {
    /// Goes on over `text`, which begins `offset` bytes into the unit.
    fn pass(&mut self, text: &[u8], offset: u64) {
        self.units = self.units.map(|before| before + units(text));
        self.lines += memchr::memchr_iter(b'\n', text).count() as u64;
        match memchr::memrchr(b'\n', text) {
            Some(last) => {
                self.line_start = offset + last as u64 + 1;
                self.inner = inner(&text[last + 1..]);
            }
            None => self.inner += inner(text),
        }
    }
}

struct Search<'a> {
    settings: &'a GateSettings,
    /// Bytes at hand: what was searched and matches can still reach back to, then what is to be searched.
    text: Vec<u8>,
    /// Bytes of the unit before `text`.
    offset: u64,
    /// Up to here `text` was searched.
    from: usize,
    /// Newlines in what was searched.
    lines: u64,
    /// Where the line at `from` starts, in bytes of the unit.
    line_start: u64,
    /// Bytes from there to `from` that begin no character.
    inner: u64,
    /// How the unit is written.
    encoding: Encoded,
    /// Units of UTF-16 before `from`, where it is written in that.
    units: u64,
    found: Vec<Located>,
    below: u64,
    named: Named,
    path: String,
    tables: bool,
    archive: Option<Vec<u8>>,
}

impl Search<'_> {
    /// Reads and searches it all; of an archive only the first bytes. `Some` is why something of it is not read as what it
    /// is.
    fn read(&mut self, unit: &Unit, alone: bool, progress: &dyn Progress) -> Result<Option<String>, String> {
        let mut input = unit.open(&self.settings.audit.limits).map_err(|e| e.to_string())?;
        let mut unread = None;
        self.encoding = input.encoding();
        let Some(first) = input.next_block().map_err(|e| e.to_string())? else { return Ok(None) };
        let head = &first.bytes()[..first.len().min(Head::LEN)];
        if unit.archive(head).is_some() {
            self.archive = Some(head.to_vec());
            return Ok(None);
        }
        let second = input.next_block();
        let whole = matches!(second, Ok(None));
        match lane_of(unit, first.bytes(), whole) {
            Lane::Text => {}
            Lane::Tables => self.tables = true,
            Lane::Unread(why) => unread = Some(why),
        }
        if whole {
            // Most files: one block, searched where it is.
            self.stretch(first.bytes(), 0..first.len(), 0)?;
            self.offset = first.len() as u64;
            self.from = 0;
            progress.stored_bytes(first.len() as u64);
            return Ok(unread);
        }
        self.text.extend_from_slice(first.bytes());
        drop(first);
        let mut next = second;
        let batch = if alone { rayon::current_num_threads() * AHEAD } else { 1 };
        loop {
            let mut ended = None;
            let mut blocks = 0;
            while blocks < batch {
                match next {
                    Ok(Some(block)) => {
                        progress.stored_bytes(block.len() as u64);
                        self.text.extend_from_slice(block.bytes());
                        blocks += 1;
                        next = input.next_block();
                    }
                    Ok(None) => {
                        ended = Some(Ok(()));
                        break;
                    }
                    Err(ref e) => {
                        ended = Some(Err(e.to_string()));
                        break;
                    }
                }
            }
            self.batch(ended.is_some())?;
            match ended {
                None => {}
                Some(Ok(())) => return Ok(unread),
                Some(Err(why)) => return Err(why),
            }
        }
    }

    /// Searches what is at hand, but for what a match could reach beyond (unless this is the end).
    fn batch(&mut self, ended: bool) -> Result<(), String> {
        let to = if ended { self.text.len() } else { self.text.len().saturating_sub(MAX_MATCH).max(self.from) };
        let text = std::mem::take(&mut self.text);
        let from = self.from;
        self.stretch(&text, from..to, self.offset)?;
        self.text = text;
        // What lies further back than a match can reach is let go.
        let keep = to.saturating_sub(LOOKBACK);
        self.text.drain(..keep);
        self.offset += keep as u64;
        self.from = to - keep;
        Ok(())
    }

    /// Searches `range` of `text`, in parallel where it is long; locates what is found.
    fn stretch(&mut self, text: &[u8], range: Range<usize>, offset: u64) -> Result<(), String> {
        let settings = self.settings;
        let named = &self.named;
        let part = |range: Range<usize>| -> Result<Vec<Hit>, EngineError> {
            let low = range.start.saturating_sub(LOOKBACK);
            let high = text.len().min(range.end + MAX_MATCH);
            let window = Window {
                text: &text[low..high],
                offset: offset + low as u64,
                from: range.start - low,
                to: range.end - low,
            };
            with_scanner(&settings.rules, |scanner| {
                let mut hits = Vec::new();
                scanner.scan(&window, named, &mut hits)?;
                Ok(hits)
            })
        };
        let hits: Result<Vec<Vec<Hit>>, EngineError> = if range.len() <= PART * 3 / 2 {
            part(range.clone()).map(|hits| vec![hits])
        } else {
            let parts: Vec<Range<usize>> =
                (range.start..range.end).step_by(PART).map(|start| start..range.end.min(start + PART)).collect();
            parts.into_par_iter().map(part).collect()
        };
        let mut hits: Vec<Hit> = hits.map_err(|e| e.to_string())?.into_iter().flatten().collect();
        hits.retain(|hit| {
            let likely = hit.confidence >= self.least(hit);
            self.below += u64::from(!likely && hit.confidence >= 20);
            // One that is a little less sure may still be what a generic hit beside it is.
            likely || hit.confidence >= 30
        });
        hits.truncate(MAX_HITS.saturating_sub(self.found.len()));
        hits.sort_by_key(|hit| hit.secret.start);
        // Lines are counted once, forwards; a secret may lie before its keyword, and so before the stretch.
        let place = |hit: &Hit| (hit.secret.start - offset) as usize;
        let mut at = hits.first().map_or(range.start, |hit| range.start.min(place(hit)));
        let back = memchr::memchr_iter(b'\n', &text[at..range.start]).count() as u64;
        let units_back = if self.encoding.utf16 { units(&text[at..range.start]) } else { 0 };
        let mut cursor = Cursor {
            lines: self.lines - back,
            line_start: self.line_start,
            inner: self.inner,
            units: self.encoding.utf16.then(|| self.units - units_back),
        };
        if back > 0 {
            let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |i| i + 1);
            cursor.line_start = offset + start as u64;
            cursor.inner = inner(&text[start..at]);
        } else {
            cursor.inner = cursor.inner.saturating_sub(inner(&text[at..range.start]));
        }
        for hit in hits {
            let to = place(&hit);
            cursor.pass(&text[at..to], offset + at as u64);
            at = to;
            self.locate(text, to, &cursor, hit);
        }
        if at <= range.end {
            cursor.pass(&text[at..range.end], offset + at as u64);
        } else {
            // A secret begins behind the stretch that its keyword is in.
            cursor = Cursor {
                lines: self.lines,
                line_start: self.line_start,
                inner: self.inner,
                units: self.encoding.utf16.then_some(self.units),
            };
            cursor.pass(&text[range.clone()], offset + range.start as u64);
        }
        self.lines = cursor.lines;
        self.line_start = cursor.line_start;
        self.inner = cursor.inner;
        self.units = cursor.units.unwrap_or_default();
        Ok(())
    }

    fn least(&self, hit: &Hit) -> u8 {
        let rule = self.settings.rules.patterns()[hit.pattern].id;
        match self.settings.overrides.get(rule) {
            Some(change) if !change.enabled => u8::MAX,
            change => super::least(change, self.settings.confidence),
        }
    }

    fn locate(&mut self, text: &[u8], place: usize, cursor: &Cursor, hit: Hit) {
        let rule = self.settings.rules.patterns()[hit.pattern].id;
        let secret = &text[place..place + (hit.secret.end - hit.secret.start) as usize];
        let likely = hit.confidence >= self.least(&hit);
        let fingerprint = if likely { allow::fingerprint(rule, &secrets::narrow(secret)) } else { String::new() };
        let Encoded { mark, .. } = self.encoding;
        let stored = match cursor.units {
            Some(before) => mark + 2 * before..mark + 2 * (before + units(secret)),
            None => mark + hit.secret.start..mark + hit.secret.end,
        };
        let allowed = self.allowed(text, place, rule);
        let column = hit.secret.start - cursor.line_start + 1;
        let first = column - cursor.inner;
        let characters = match memchr::memrchr(b'\n', secret) {
            None => Characters {
                column: first,
                end_line: cursor.lines + 1,
                end_column: first + secret.len() as u64 - inner(secret),
            },
            Some(last) => Characters {
                column: first,
                end_line: cursor.lines + 1 + memchr::memchr_iter(b'\n', secret).count() as u64,
                end_column: (secret.len() - last) as u64 - inner(&secret[last..]),
            },
        };
        self.found.push(Located { stored, characters, line: cursor.lines + 1, column, fingerprint, allowed, hit });
    }

    /// What the hit's line, or a comment in the line before, says.
    fn allowed(&self, text: &[u8], place: usize, rule: &str) -> Allowed {
        let low = place.saturating_sub(AROUND);
        let high = text.len().min(place + AROUND);
        let start = memchr::memrchr(b'\n', &text[low..place]).map_or(low, |i| low + i + 1);
        let end = memchr::memchr(b'\n', &text[place..high]).map_or(high, |i| place + i);
        let is_rule = |name: &str| self.settings.rules.patterns().iter().any(|pattern| pattern.id == name);
        let mut said = allow::said(&text[start..end], rule, &is_rule);
        if said.is_none() && start > 0 {
            let low = (start - 1).saturating_sub(AROUND);
            let before = memchr::memrchr(b'\n', &text[low..start - 1]).map_or(low, |i| low + i + 1);
            said = allow::said(&text[before..start - 1], rule, &is_rule);
        }
        match said {
            None => Allowed::No,
            Some(true) => Allowed::Yes,
            Some(false) => Allowed::WithoutReason,
        }
    }

    /// One hit for each place, in order, and only those sure enough.
    fn settle(&mut self) {
        let patterns = self.settings.rules.patterns();
        secrets::settle_by(&mut self.found, patterns, |located| &located.hit);
        let least: Vec<u8> = self.found.iter().map(|located| self.least(&located.hit)).collect();
        let mut least = least.into_iter();
        self.found.retain(|located| least.next().is_some_and(|least| located.hit.confidence >= least));
    }
}

/// Which lanes read a unit.
enum Lane {
    /// Text, or what has none: the search is all.
    Text,
    /// Tables as well.
    Tables,
    /// What is inside is not read.
    Unread(String),
}

/// Endings of source code: they hold no tables, whatever their first lines look like, and looking would cost more than
/// searching them.
const CODE: &[&str] = &[
    "c",
    "h",
    "cc",
    "cpp",
    "cxx",
    "hpp",
    "cs",
    "java",
    "kt",
    "scala",
    "groovy",
    "js",
    "jsx",
    "mjs",
    "cjs",
    "ts",
    "tsx",
    "vue",
    "py",
    "rb",
    "php",
    "go",
    "rs",
    "swift",
    "m",
    "mm",
    "dart",
    "lua",
    "pl",
    "pm",
    "s",
    "dts",
    "dtsi",
    "md",
    "rst",
    "html",
    "htm",
    "css",
    "scss",
    "less",
    "sh",
    "bash",
    "ps1",
    "bat",
    "y",
    "l",
    "tex",
    "svg",
    "xml",
    "yml",
    "yaml",
    "toml",
    "ini",
    "cfg",
    "conf",
    "properties",
    "env",
    "tf",
    "gradle",
    "cmake",
    "mk",
];

fn lane_of(unit: &Unit, first: &[u8], whole: bool) -> Lane {
    if unit.is_aside() || unit.extension().is_some_and(|extension| CODE.contains(&extension)) {
        return Lane::Text;
    }
    let head = Head {
        bytes: &first[..first.len().min(Head::LEN)],
        whole: whole && first.len() <= Head::LEN,
        extension: unit.extension(),
    };
    let Some(format) = formats::detect(&head) else { return Lane::Text };
    match format.open(&head) {
        (_, Opened::Stream(_) | Opened::Random(_)) => Lane::Tables,
        (_, Opened::NoTables(_)) => Lane::Text,
        // Text is searched as such, whatever accounts it may hold. What is packed or encrypted holds what no search sees.
        (_, Opened::Unreadable(_)) if looks_like_text(head.bytes) => Lane::Text,
        (name, Opened::Unreadable(why)) => Lane::Unread(format!("{name}: {why}")),
    }
}

/// Whether bytes are text: no zero, few control characters.
fn looks_like_text(bytes: &[u8]) -> bool {
    let bytes = &bytes[..bytes.len().min(4096)];
    let odd = bytes.iter().filter(|b| **b < 0x20 && !matches!(b, b'\n' | b'\r' | b'\t' | 0x0c | 0x1b)).count();
    !bytes.contains(&0) && odd * 50 <= bytes.len()
}
