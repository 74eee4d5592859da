//! The lane of secrets: one unit's text, from blocks to located hits.

use std::cell::RefCell;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;

use super::allow;
use super::place::{Passed, Shape, units};
use crate::audit::Progress;
use crate::formats::{self, Head, Opened, ReadAt};
use crate::model::{Block, Characters, Commit, Loan, Pool};
use crate::secrets::{self, EngineError, Hit, LOOKBACK, MAX_MATCH, Named, Rules, Scanner, Window};
use crate::settings::GateSettings;
use crate::sources::{Encoded, Input, ReadError, Unit};

/// Parts of a large unit searched at a time, for each thread: between them hits are put together in order.
const AHEAD: usize = 8;

/// Stretches searched by one thread at a time, in bytes. What was just read is still in a core's second-level cache when it is
/// searched.
const PART: usize = 1 << 20;

/// Bytes of a first block from which there may be parts; at most what is read at a time.
const LARGE: usize = 512 << 10;

/// Bytes of a line around a hit that are looked at for words that let it pass.
const AROUND: usize = 2 << 10;

/// Bytes before and behind a stretch that are at hand while it is searched: what matches reach, and of the line there and the one
/// before it what may let them pass.
const BEFORE: usize = LOOKBACK + 2 * AROUND;
const BEHIND: usize = MAX_MATCH + AROUND;

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
        searched: 0,
        passed: Passed::default(),
        encoding: Encoded::default(),
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
        bytes: search.searched,
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

struct Search<'a> {
    settings: &'a GateSettings,
    /// Bytes of the unit that were searched.
    searched: u64,
    /// What lies before the text of the next window.
    passed: Passed,
    /// How the unit is written.
    encoding: Encoded,
    found: Vec<Located>,
    below: u64,
    named: Named,
    path: String,
    tables: bool,
    archive: Option<Vec<u8>>,
}

/// What one window gave.
struct Part {
    found: Vec<Seen>,
    below: u64,
    /// What lies between its text's beginning and the next one's.
    passed: Passed,
}

/// A hit, as far as its window tells where it is.
struct Seen {
    hit: Hit,
    /// What lies between the window's beginning and the secret.
    before: Passed,
    shape: Shape,
    /// Units of UTF-16 that the secret takes, if the unit is written in that.
    units: u64,
    fingerprint: String,
    allowed: Allowed,
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
        let anywhere = if first.len() < LARGE { None } else { input.anywhere().map_err(|e| e.to_string())? };
        let anywhere = anywhere.filter(|text| text.size() > first.len() as u64);
        let second = if anywhere.is_some() { None } else { Some(input.next_block()) };
        let whole = matches!(second, Some(Ok(None)));
        match lane_of(unit, first.bytes(), whole) {
            Lane::Text => {}
            Lane::Tables => self.tables = true,
            Lane::Unread(why) => unread = Some(why),
        }
        if whole {
            // Most files: one block, searched where it is.
            self.stretch(first.bytes(), 0..first.len(), 0)?;
            progress.stored_bytes(first.len() as u64);
        } else if let Some(text) = anywhere {
            drop((first, input));
            self.places(text.as_ref(), alone, progress)?;
        } else {
            let mut text = first.bytes().to_vec();
            drop(first);
            progress.stored_bytes(text.len() as u64);
            self.blocks(&mut text, second, &mut input, alone, progress)?;
        }
        Ok(unread)
    }

    /// Searches a text that can be read at any place, part by part: each is read by the thread that searches it.
    fn places(&mut self, text: &dyn ReadAt, alone: bool, progress: &dyn Progress) -> Result<(), String> {
        let pool = Pool::new();
        let size = text.size();
        let many = if alone { rayon::current_num_threads() * AHEAD } else { 1 };
        let mut starts = (0..size).step_by(PART);
        loop {
            let next: Vec<u64> = starts.by_ref().take(many).collect();
            let of = |start: &u64| self.part_at(text, *start, pool.take(BEFORE + PART + BEHIND));
            let parts: Vec<Result<Part, String>> = match &next[..] {
                [] => return Ok(()),
                [one] => vec![of(one)],
                many => many.par_iter().map(of).collect(),
            };
            for (start, part) in next.into_iter().zip(parts) {
                self.accept(part?);
                let end = size.min(start + PART as u64);
                progress.stored_bytes(end - start);
                self.searched = end;
            }
        }
    }

    /// Reads and searches the part that begins at `start`.
    fn part_at(&self, text: &dyn ReadAt, start: u64, mut loan: Loan) -> Result<Part, String> {
        let low = start.saturating_sub(BEFORE as u64);
        let end = text.size().min(start + PART as u64);
        let high = text.size().min(end + BEHIND as u64);
        let room = &mut loan.room()[..(high - low) as usize];
        let read = text.read_at(low, room).map_err(|e| e.to_string())?;
        if read < room.len() {
            return Err(format!("it ended after {} of {} bytes while it was read", low + read as u64, text.size()));
        }
        self.part(&Window { text: room, offset: low, from: (start - low) as usize, to: (end - low) as usize })
    }

    /// Searches a text that comes in blocks, the first of which is in `text`.
    fn blocks(
        &mut self,
        text: &mut Vec<u8>,
        second: Option<Result<Option<Block>, ReadError>>,
        input: &mut Input,
        alone: bool,
        progress: &dyn Progress,
    ) -> Result<(), String> {
        let many = if alone { rayon::current_num_threads() * 2 } else { 1 };
        let mut next = second.unwrap_or_else(|| input.next_block());
        // Bytes of the unit before `text`, and up to where that was searched.
        let (mut offset, mut from) = (0, 0);
        loop {
            let mut ended = None;
            for _ in 0..many {
                match next {
                    Ok(Some(block)) => {
                        progress.stored_bytes(block.len() as u64);
                        text.extend_from_slice(block.bytes());
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
            // Without an end, what a match could reach beyond is left for the next time.
            let to = if ended.is_some() { text.len() } else { text.len().saturating_sub(BEHIND).max(from) };
            self.stretch(text, from..to, offset)?;
            if let Some(ended) = ended {
                return ended;
            }
            // What lies further back than a match can reach is let go.
            let keep = to.saturating_sub(BEFORE);
            text.drain(..keep);
            offset += keep as u64;
            from = to - keep;
        }
    }

    /// Searches `range` of `text`, in parallel where it is long. `text` begins `offset` bytes into the unit.
    fn stretch(&mut self, text: &[u8], range: Range<usize>, offset: u64) -> Result<(), String> {
        self.searched = offset + range.end as u64;
        let part = |range: Range<usize>| {
            let low = range.start.saturating_sub(BEFORE);
            let high = text.len().min(range.end + BEHIND);
            self.part(&Window {
                text: &text[low..high],
                offset: offset + low as u64,
                from: range.start - low,
                to: range.end - low,
            })
        };
        let parts: Vec<Result<Part, String>> = if range.len() <= PART * 3 / 2 {
            vec![part(range)]
        } else {
            let starts: Vec<usize> = range.clone().step_by(PART).collect();
            starts.into_par_iter().map(|start| part(start..range.end.min(start + PART))).collect()
        };
        for part in parts {
            self.accept(part?);
        }
        Ok(())
    }

    /// Searches a window.
    fn part(&self, window: &Window<'_>) -> Result<Part, String> {
        let mut hits = Vec::new();
        with_scanner(&self.settings.rules, |scanner| scanner.scan(window, &self.named, &mut hits))
            .map_err(|e| e.to_string())?;
        let mut below = 0;
        hits.retain(|hit| {
            let likely = hit.confidence >= self.least(hit);
            below += u64::from(!likely && hit.confidence >= 20);
            // One that is a little less sure may still be what a generic hit beside it is.
            likely || hit.confidence >= 30
        });
        hits.sort_by_key(|hit| hit.secret.start);
        let Window { text, offset, to, .. } = *window;
        let utf16 = self.encoding.utf16;
        // Lines are counted once, forwards.
        let (mut at, mut before) = (0, Passed::default());
        let found = hits.into_iter().take(MAX_HITS).map(|hit| {
            let place = (hit.secret.start - offset) as usize;
            before = before.then(Passed::over(&text[at..place], offset + at as u64, utf16));
            at = place;
            self.seen(text, place, before, hit)
        });
        let found = found.collect();
        let passed = Passed::over(&text[..to.saturating_sub(BEFORE)], offset, utf16);
        Ok(Part { found, below, passed })
    }

    fn least(&self, hit: &Hit) -> u8 {
        let rule = self.settings.rules.patterns()[hit.pattern].id;
        match self.settings.overrides.get(rule) {
            Some(change) if !change.enabled => u8::MAX,
            change => super::least(change, self.settings.confidence),
        }
    }

    fn seen(&self, text: &[u8], place: usize, before: Passed, hit: Hit) -> Seen {
        let rule = self.settings.rules.patterns()[hit.pattern].id;
        let secret = &text[place..place + (hit.secret.end - hit.secret.start) as usize];
        let likely = hit.confidence >= self.least(&hit);
        Seen {
            before,
            shape: Shape::of(secret),
            units: if self.encoding.utf16 { units(secret) } else { 0 },
            fingerprint: if likely { allow::fingerprint(rule, &secrets::narrow(secret)) } else { String::new() },
            allowed: self.allowed(text, place, rule),
            hit,
        }
    }

    /// Takes in what the window behind those before it gave.
    fn accept(&mut self, part: Part) {
        let Encoded { mark, utf16 } = self.encoding;
        let room = MAX_HITS.saturating_sub(self.found.len());
        let passed = self.passed;
        self.found.extend(part.found.into_iter().take(room).map(|seen| {
            let Seen { hit, before, shape, units, fingerprint, allowed } = seen;
            let before = passed.then(before);
            let stored = if utf16 {
                mark + 2 * before.units()..mark + 2 * (before.units() + units)
            } else {
                mark + hit.secret.start..mark + hit.secret.end
            };
            Located {
                stored,
                line: before.line(),
                column: before.column(hit.secret.start),
                characters: before.characters(hit.secret.start, &shape),
                fingerprint,
                allowed,
                hit,
            }
        }));
        self.below += part.below;
        self.passed = passed.then(part.passed);
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
