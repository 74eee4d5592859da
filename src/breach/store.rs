//! Ranges kept on disk: the cache of the range client, and what a download grows in.
//!
//! One file, used by any number of processes at a time:
//!
//! ```text
//! header, 4 KiB      magic, version, whose ranges these are; where the records end; passes of a download
//! index, 32 MiB      a slot of 16 bytes for each prefix of SHA-1, then of NTLM: where its record is, day of the last check
//! records            check, kind, prefix, ETag, packed range; only ever appended
//! ```
//!
//! * **Writers** take the file's lock for one record (some microseconds): record, then the end, then the slot. A process
//!   that dies in between leaves bytes that nobody points to and the next one writes over.
//! * **Readers** take no lock. A slot and a record each prove themselves by a checksum that covers kind and prefix; what
//!   does not is not there, and is asked for again. So nothing that a crash of the machine leaves behind is ever believed.
//! * **Days**, not times, are kept: what was asked within a day lies together, whoever asked.
//! * Replaced records are room wasted; when it is more than half, the file is written anew beside and takes the old one's
//!   place. Who has the old one open goes on reading it, and sees the new one when it writes.

use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use super::packed::{PREFIXES, PackedRange};
use super::store_file::{
    DATA, KINDS, MAX_ETAG, MAX_RANGE, MAX_SOURCE, PASS_AT, RECORD_HEAD, checksum, create, encode, ends, open, open_for,
    pass_at, read_there, record, slot, slot_at, start, u32_at, write_ends, write_slot,
};
use crate::model::DigestKind;

/// Below this no room is won back.
const LEAST_WASTE: u64 = 64 << 20;
/// As long as the service lets caches keep a range: `Cache-Control: max-age=2678400`.
pub const FRESH_DAYS: u32 = 31;

/// A file of ranges.
pub struct RangeStore {
    path: PathBuf,
    source: String,
    /// Replaced when another process wrote the file anew.
    file: RwLock<Arc<File>>,
    /// The file's lock belongs to the process; its threads take turns here.
    turn: Mutex<()>,
}

/// A range as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the source called this version.
    pub etag: Option<String>,
    /// Day of the last answer that this is still the range.
    pub checked: u32,
    /// Day on which this version came.
    pub changed: u32,
    /// The range.
    pub range: PackedRange,
}

/// One round over all ranges of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Day on which it began.
    pub started: u32,
    /// Day on which every range had been checked; none while that is not so.
    pub finished: Option<u32>,
    /// When the pass before began, if there was one that finished.
    pub previous: Option<u32>,
}

/// Why a file cannot be used.
#[derive(Debug)]
pub enum StoreError {
    /// What the system said.
    Io(io::Error),
    /// Another kind of file, or another version.
    NotAStore,
    /// Ranges of another source.
    OtherSource(String),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::NotAStore => f.write_str("not a file of kept ranges, or one of another version; name another file"),
            Self::OtherSource(source) => write!(f, "holds ranges of {source}; name another file for this source"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Days since 1970-01-01, UTC.
pub fn today() -> u32 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| (since.as_secs() / 86_400) as u32)
}

impl Kept {
    /// Whether the range may be used on `today` without asking again.
    pub const fn is_fresh(&self, today: u32) -> bool {
        is_fresh(self.checked, today)
    }
}

/// A clock that went back makes nothing fresh.
pub(super) const fn is_fresh(checked: u32, today: u32) -> bool {
    checked <= today && today - checked < FRESH_DAYS
}

impl RangeStore {
    /// Opens the ranges of `source` in the file at `path`; makes it, readable by its owner alone, where there is none.
    pub fn open(path: &Path, source: &str) -> Result<Self, StoreError> {
        let name = &source[..source.floor_char_boundary(MAX_SOURCE)];
        let (file, found) = match open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                create(path, name)?;
                open(path)?
            }
            other => other?,
        };
        match found {
            None => Err(StoreError::NotAStore),
            Some(found) if found != name => Err(StoreError::OtherSource(found)),
            Some(_) => {
                let store = Self {
                    path: path.to_owned(),
                    source: name.to_owned(),
                    file: RwLock::new(Arc::new(file)),
                    turn: Mutex::new(()),
                };
                store.win_back_room()?;
                Ok(store)
            }
        }
    }

    /// Opens what is there, of whatever source, for reading.
    pub fn open_any(path: &Path) -> Result<Self, StoreError> {
        let (file, found) = open_for(path, false)?;
        let source = found.ok_or(StoreError::NotAStore)?;
        Ok(Self { path: path.to_owned(), source, file: RwLock::new(Arc::new(file)), turn: Mutex::new(()) })
    }

    /// Whether the file at `path` is of this kind.
    pub fn is_one(path: &Path) -> bool {
        open_for(path, false).is_ok_and(|(_, source)| source.is_some())
    }

    /// Where the ranges are from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The range of a prefix; none where it is not kept, or what is kept does not prove itself.
    pub fn get(&self, kind: DigestKind, prefix: u32) -> io::Result<Option<Kept>> {
        let file = self.file();
        let Some((at, checked)) = slot(&file, kind, prefix)? else { return Ok(None) };
        let Some(record) = record(&file, at, kind, prefix)? else { return Ok(None) };
        Ok(Some(Kept { etag: record.etag, checked, changed: record.changed, range: record.range }))
    }

    /// Day of the last check of a range, where one is kept; its record is not looked at.
    pub fn checked(&self, kind: DigestKind, prefix: u32) -> io::Result<Option<u32>> {
        Ok(slot(&self.file(), kind, prefix)?.map(|(_, checked)| checked))
    }

    /// Day on which the kept version of a range came; its record is not checked.
    pub fn changed(&self, kind: DigestKind, prefix: u32) -> io::Result<Option<u32>> {
        let file = self.file();
        let Some((at, _)) = slot(&file, kind, prefix)? else { return Ok(None) };
        let mut head = [0; RECORD_HEAD];
        Ok(read_there(&file, &mut head, at)?.then(|| u32_at(&head, 24)))
    }

    /// Keeps a range that came on `today`. Returns whether it differs from what was kept.
    pub fn put(&self, range: &PackedRange, etag: Option<&str>, today: u32) -> io::Result<bool> {
        let (kind, prefix) = (range.kind(), range.prefix());
        let etag = etag.filter(|etag| etag.len() <= MAX_ETAG).unwrap_or_default();
        if slot_at(kind, prefix).is_none() || range.bytes().len() > MAX_RANGE {
            return Err(io::Error::other("a range that cannot be kept"));
        }
        self.alone(|file| {
            let before = match slot(file, kind, prefix)? {
                Some((at, _)) => record(file, at, kind, prefix)?.map(|record| (at, record)),
                None => None,
            };
            if let Some((at, before)) = &before
                && before.range == *range
                && before.etag.as_deref().unwrap_or_default() == etag
            {
                write_slot(file, kind, prefix, *at, today)?;
                return Ok(false);
            }
            // A new name for the same range is no change.
            let changed = match &before {
                Some((_, before)) if before.range == *range => before.changed,
                _ => today,
            };
            let (end, waste) = ends(file)?;
            let bytes = encode(range, etag, changed);
            file.write_all_at(&bytes, end)?;
            let waste = waste + before.as_ref().map_or(0, |(_, before)| before.len as u64);
            write_ends(file, end + bytes.len() as u64, waste)?;
            write_slot(file, kind, prefix, end, today)?;
            Ok(before.is_none_or(|(_, before)| before.range != *range))
        })
    }

    /// Notes that the kept range is still the range.
    pub fn still(&self, kind: DigestKind, prefix: u32, today: u32) -> io::Result<()> {
        self.alone(|file| match slot(file, kind, prefix)? {
            Some((at, _)) => write_slot(file, kind, prefix, at, today),
            None => Ok(()),
        })
    }

    /// The last pass over all ranges of a kind.
    pub fn pass(&self, kind: DigestKind) -> io::Result<Option<Pass>> {
        let Some(at) = pass_at(kind) else { return Ok(None) };
        let mut bytes = [0; 20];
        self.file().read_exact_at(&mut bytes, at)?;
        let [started, finished, previous] = [0, 4, 8].map(|at| u32_at(&bytes, at));
        let check = checksum(&[&bytes[..12]]).to_le_bytes();
        let some = |day: u32| (day > 0).then_some(day);
        Ok((started > 0 && check == bytes[12..]).then_some(Pass {
            started,
            finished: some(finished),
            previous: some(previous),
        }))
    }

    /// Keeps the state of a pass.
    pub fn set_pass(&self, kind: DigestKind, pass: Pass) -> io::Result<()> {
        let Some(at) = pass_at(kind) else { return Ok(()) };
        let mut bytes = [0; 20];
        bytes[..4].copy_from_slice(&pass.started.to_le_bytes());
        bytes[4..8].copy_from_slice(&pass.finished.unwrap_or(0).to_le_bytes());
        bytes[8..12].copy_from_slice(&pass.previous.unwrap_or(0).to_le_bytes());
        let check = checksum(&[&bytes[..12]]);
        bytes[12..].copy_from_slice(&check.to_le_bytes());
        self.alone(|file| file.write_all_at(&bytes, at))
    }

    /// Waits until everything is on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn file(&self) -> Arc<File> {
        self.file.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Works on the file while nobody else writes: not another thread, not another process.
    fn alone<T>(&self, work: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let file = self.file();
            file.lock()?;
            let mine = file.metadata()?;
            match std::fs::metadata(&self.path) {
                // Another process put a new file in its place, or somebody removed it.
                Ok(there) if (there.dev(), there.ino()) != (mine.dev(), mine.ino()) => {
                    file.unlock()?;
                    let (new, source) = open(&self.path)?;
                    if source.as_deref() != Some(&self.source) {
                        return Err(io::Error::other("the file of kept ranges was replaced by another one"));
                    }
                    *self.file.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                }
                _ => {
                    let result = work(&file);
                    file.unlock()?;
                    return result;
                }
            }
        }
    }

    /// Writes the file anew when more than half of it are replaced records.
    fn win_back_room(&self) -> io::Result<()> {
        let wasted = |file: &File| ends(file).map(|(end, waste)| waste > LEAST_WASTE && waste > (end - DATA) / 2);
        if !wasted(&self.file())? {
            return Ok(());
        }
        let new = self.alone(|file| {
            // Somebody may have been quicker.
            if wasted(file)? { self.write_anew(file).map(Some) } else { Ok(None) }
        })?;
        if let Some(new) = new {
            *self.file.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        }
        Ok(())
    }

    fn write_anew(&self, old: &File) -> io::Result<File> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let new = tempfile::NamedTempFile::new_in(folder)?;
        start(new.as_file(), &self.source)?;
        let mut passes = [0; 64];
        old.read_exact_at(&mut passes, PASS_AT)?;
        new.as_file().write_all_at(&passes, PASS_AT)?;
        let mut end = DATA;
        for (kind, prefix) in KINDS.iter().flat_map(|kind| (0..PREFIXES).map(move |prefix| (*kind, prefix))) {
            let Some((at, checked)) = slot(old, kind, prefix)? else { continue };
            let Some(record) = record(old, at, kind, prefix)? else { continue };
            let bytes = encode(&record.range, record.etag.as_deref().unwrap_or_default(), record.changed);
            new.as_file().write_all_at(&bytes, end)?;
            write_slot(new.as_file(), kind, prefix, end, checked)?;
            end += bytes.len() as u64;
        }
        write_ends(new.as_file(), end, 0)?;
        new.as_file().sync_data()?;
        Ok(new.persist(&self.path)?)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::super::store_file::{HEADER, SLOT};
    use super::*;
    use crate::breach::Range;

    /// A range of `lines` digests, another one for another `seed`.
    fn range(kind: DigestKind, prefix: u32, lines: u64, seed: u64) -> PackedRange {
        let len = 2 * kind.len() - 5;
        let text: Vec<String> =
            (0..lines).map(|n| format!("{:0len$X}:{}", u128::from(n * 7 + seed % 5) << 60, n + seed + 1)).collect();
        PackedRange::of(prefix, &Range::parse(text.join("\r\n").as_bytes(), kind).unwrap())
    }

    fn sha1(prefix: u32, seed: u64) -> PackedRange {
        range(DigestKind::Sha1, prefix, 3 + seed % 40, seed)
    }

    fn store() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ranges");
        (folder, path)
    }

    #[test]
    fn what_was_put_is_found_by_its_kind_and_prefix_alone_and_survives_the_process() {
        let (_folder, path) = store();
        let store = RangeStore::open(&path, "https://ranges.example.org").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(store.get(DigestKind::Sha1, 0xABCDE).unwrap().is_none());
        assert!(store.put(&sha1(0xABCDE, 1), Some("\"one\""), 100).unwrap());
        assert!(store.put(&range(DigestKind::Ntlm, 0xABCDE, 4, 2), None, 101).unwrap());
        assert!(store.put(&sha1(PREFIXES - 1, 3), None, 101).unwrap());
        drop(store);
        let store = RangeStore::open(&path, "https://ranges.example.org").unwrap();
        let kept = store.get(DigestKind::Sha1, 0xABCDE).unwrap().unwrap();
        assert_eq!(kept, Kept { etag: Some("\"one\"".into()), checked: 100, changed: 100, range: sha1(0xABCDE, 1) });
        let kept = store.get(DigestKind::Ntlm, 0xABCDE).unwrap().unwrap();
        assert_eq!((kept.etag, kept.range), (None, range(DigestKind::Ntlm, 0xABCDE, 4, 2)));
        assert_eq!(store.get(DigestKind::Sha1, PREFIXES - 1).unwrap().unwrap().range, sha1(PREFIXES - 1, 3));
        for (kind, prefix) in [(DigestKind::Ntlm, PREFIXES - 1), (DigestKind::Sha1, 0), (DigestKind::Md5, 0xABCDE)] {
            assert!(store.get(kind, prefix).unwrap().is_none());
        }
    }

    #[test]
    fn a_check_makes_fresh_and_only_another_range_is_a_change() {
        let (_folder, path) = store();
        let store = RangeStore::open(&path, "s").unwrap();
        assert!(store.put(&sha1(7, 1), Some("a"), 100).unwrap());
        store.still(DigestKind::Sha1, 7, 140).unwrap();
        let kept = store.get(DigestKind::Sha1, 7).unwrap().unwrap();
        assert_eq!((kept.checked, kept.changed), (140, 100));
        assert!(kept.is_fresh(140) && kept.is_fresh(170) && !kept.is_fresh(171) && !kept.is_fresh(139));
        assert!(!store.put(&sha1(7, 1), Some("a"), 150).unwrap(), "the same again");
        assert!(!store.put(&sha1(7, 1), Some("b"), 160).unwrap(), "the same under another name");
        let kept = store.get(DigestKind::Sha1, 7).unwrap().unwrap();
        assert_eq!((kept.etag.as_deref(), kept.checked, kept.changed), (Some("b"), 160, 100));
        assert!(store.put(&sha1(7, 2), Some("c"), 170).unwrap());
        assert_eq!(store.get(DigestKind::Sha1, 7).unwrap().unwrap().changed, 170);
    }

    #[test]
    fn files_of_other_kinds_and_other_sources_are_refused_and_left_alone() {
        let (folder, path) = store();
        drop(RangeStore::open(&path, "https://one.example").unwrap());
        let error = RangeStore::open(&path, "https://two.example").err().unwrap();
        assert!(error.to_string().contains("https://one.example"), "{error}");
        for (name, content) in [("empty", vec![]), ("text", b"notes".to_vec()), ("long", vec![b'x'; 9000])] {
            let other = folder.path().join(name);
            std::fs::write(&other, &content).unwrap();
            assert!(matches!(RangeStore::open(&other, "s"), Err(StoreError::NotAStore)), "{name}");
            assert!(!RangeStore::is_one(&other));
            assert_eq!(std::fs::read(&other).unwrap(), content);
        }
        assert!(RangeStore::is_one(&path));
        assert_eq!(RangeStore::open_any(&path).unwrap().source(), "https://one.example");
        let unwritable = folder.path().join("missing").join("ranges");
        assert!(matches!(RangeStore::open(&unwritable, "s"), Err(StoreError::Io(_))));
    }

    #[test]
    fn no_byte_changed_anywhere_makes_a_range_answer_otherwise() {
        let (_folder, path) = store();
        let store = RangeStore::open(&path, "s").unwrap();
        let kept: Vec<PackedRange> = (0..20).map(|n| sha1(n, u64::from(n))).collect();
        for range in &kept {
            store.put(range, Some("tag"), 9).unwrap();
        }
        let file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let len = file.metadata().unwrap().len();
        let places = (HEADER..HEADER + 20 * SLOT).chain(DATA..len);
        let mut lost = 0;
        for at in places {
            let mut byte = [0];
            file.read_exact_at(&mut byte, at).unwrap();
            file.write_all_at(&[byte[0] ^ (1 << (at % 8))], at).unwrap();
            for range in &kept {
                match store.get(DigestKind::Sha1, range.prefix()).unwrap() {
                    Some(found) => assert_eq!((&found.range, found.checked), (range, 9), "byte {at}"),
                    None => lost += 1,
                }
            }
            file.write_all_at(&byte, at).unwrap();
        }
        assert_eq!(lost, 20 * SLOT + (len - DATA), "each byte belongs to one range, which is asked for again");
    }

    #[test]
    fn a_file_cut_anywhere_loses_ranges_and_takes_new_ones() {
        let (folder, path) = store();
        let store = RangeStore::open(&path, "s").unwrap();
        (0..20).for_each(|n| assert!(store.put(&sha1(n, 5), None, 9).unwrap()));
        let len = std::fs::metadata(&path).unwrap().len();
        for cut in (0..40).map(|n| DATA + n * (len - DATA) / 40) {
            let copy = folder.path().join("copy");
            std::fs::copy(&path, &copy).unwrap();
            OpenOptions::new().write(true).open(&copy).unwrap().set_len(cut).unwrap();
            let store = RangeStore::open(&copy, "s").unwrap();
            assert!(store.put(&sha1(900, 8), None, 10).unwrap());
            for n in 0..20 {
                let found = store.get(DigestKind::Sha1, n).unwrap();
                assert!(found.is_none_or(|kept| kept.range == sha1(n, 5)), "{n} after a cut at {cut}");
            }
            assert_eq!(store.get(DigestKind::Sha1, 900).unwrap().unwrap().range, sha1(900, 8));
        }
    }

    #[test]
    fn room_is_won_back_and_nothing_is_lost_for_whoever_has_the_old_file_open() {
        let (_folder, path) = store();
        let store = RangeStore::open(&path, "s").unwrap();
        (0..30).for_each(|n| assert!(store.put(&sha1(n, 1), Some("x"), 9).unwrap()));
        store.set_pass(DigestKind::Sha1, Pass { started: 5, finished: Some(6), previous: None }).unwrap();
        // As after a year of changes.
        let (end, _) = ends(&store.file()).unwrap();
        store.file().set_len(end + 200_000_000).unwrap();
        write_ends(&store.file(), end + 200_000_000, 150_000_000).unwrap();
        let other = RangeStore::open(&path, "s").unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() < end + 10_000, "written anew");
        assert!(other.put(&sha1(100, 3), None, 10).unwrap());
        assert!(store.put(&sha1(101, 4), None, 10).unwrap());
        for store in [&store, &other] {
            (0..30).for_each(|n| assert_eq!(store.get(DigestKind::Sha1, n).unwrap().unwrap().range, sha1(n, 1)));
            assert_eq!(store.get(DigestKind::Sha1, 100).unwrap().unwrap().range, sha1(100, 3));
            assert_eq!(store.get(DigestKind::Sha1, 101).unwrap().unwrap().range, sha1(101, 4));
            let pass = Pass { started: 5, finished: Some(6), previous: None };
            assert_eq!(store.pass(DigestKind::Sha1).unwrap(), Some(pass));
            assert_eq!(store.pass(DigestKind::Ntlm).unwrap(), None);
        }
    }
}
