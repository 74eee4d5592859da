//! What an interrupted audit had read, kept so that the next one need not read it again: `--state FILE`.
//!
//! Kept are whole tables, as they were read: the cells of each part, batch by batch, under the requests that they
//! answered. A database that is [`resumed`](State::resume) answers from there what was read to its end, and asks the
//! server for the rest; whoever reads cannot tell the difference, so the report is that of an uninterrupted audit.
//!
//! **Three files.** `FILE` says which tables are kept and where; it is replaced as a whole each time a table was read to
//! its end. `FILE.rows` holds the cells; it only grows, and what stands there behind the last finished table counts for
//! nothing. `FILE.key` (or another file that the user names) holds the key, 32 random bytes in hexadecimal. All have mode
//! 0600. What is kept is as secret as the database, so both are encrypted with AES-256-GCM, under keys made from that
//! one with HKDF-SHA-256: one for each version of `FILE`, one for each reading of a table. Without the key file, nothing can
//! be guessed from them but how many bytes were read.
//!
//! A state belongs to its targets and settings; any other, a damaged one, and one in use by another audit are refused.

mod index;
mod resumed;
mod rows;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Prk, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use self::index::{Index, Kept};
use self::rows::Frames;
use super::Database;

/// Where a state is to be kept; shared by copies of the settings.
#[derive(Clone, Debug)]
pub struct StateFile {
    path: PathBuf,
    key: PathBuf,
    /// Whether everything was read, so that nothing need be kept.
    over: Arc<AtomicBool>,
}

impl StateFile {
    /// At `path`, with the key in a file of its own: `path` with `.key` if none is named.
    pub fn new(path: PathBuf, key: Option<PathBuf>) -> Self {
        let key = key.unwrap_or_else(|| beside(&path, ".key"));
        Self { path, key, over: Arc::default() }
    }

    /// Everything was read to its end.
    pub fn set_over(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Removes what was kept, if everything was read: once the results are where they belong, nothing need be kept. A
    /// key file that the user named stays.
    pub fn remove_if_over(&self) {
        if !self.over.load(Ordering::Relaxed) {
            return;
        }
        let mut files = vec![self.path.clone(), beside(&self.path, ".rows")];
        if self.key == beside(&self.path, ".key") {
            files.push(self.key.clone());
        }
        // What cannot be removed is encrypted, and the next audit reads it.
        for file in &files {
            drop(fs::remove_file(file));
        }
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Why a state cannot be used, and what to do about it.
#[derive(Debug)]
pub struct StateTrouble {
    /// What is wrong; names the file.
    pub what: String,
    /// What to do.
    pub hint: String,
}

/// Bytes of a key, of an identity, of the salt of a key.
const KEY: usize = 32;

type Bytes = [u8; KEY];

fn random() -> io::Result<Bytes> {
    let mut bytes = [0; KEY];
    SystemRandom::new().fill(&mut bytes).map_err(|_| io::Error::other("the system gives no randomness"))?;
    Ok(bytes)
}

/// The key for one purpose, made from the user's.
fn key_for(key: &Bytes, salt: &Bytes, purpose: &'static str) -> LessSafeKey {
    let info = [purpose.as_bytes()];
    let prk: Prk = Salt::new(HKDF_SHA256, salt).extract(key);
    let okm = prk.expand(&info, &AES_256_GCM).expect("a key is no longer than HKDF can give");
    LessSafeKey::new(UnboundKey::from(okm))
}

/// A file that nobody else may read.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// A state in use by this audit.
pub struct State {
    file: StateFile,
    key: Zeroizing<Bytes>,
    rows: File,
    index: Mutex<Index>,
    /// Of each kept table, by where its frames begin and end (an empty table has none): where those of each request are.
    frames: Mutex<HashMap<(u64, u64), Frames>>,
    /// When this audit began to read, in seconds since 1970.
    now: u64,
    /// Why nothing more is kept.
    trouble: Mutex<Option<String>>,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("file", &self.file).finish_non_exhaustive()
    }
}

impl State {
    /// Opens what an earlier audit left at `file`, or begins anew where there is nothing. `binding` stands for targets and
    /// settings: a state with another one is refused.
    pub fn open(file: &StateFile, binding: &str) -> Result<Arc<Self>, StateTrouble> {
        let path = &file.path;
        let remove = format!(
            "delete {0} and {0}.rows to read everything again, or name another file with --state",
            path.display()
        );
        let wrong = |what: String, hint: &str| StateTrouble { what, hint: hint.to_owned() };
        let io = |path: &Path, e: io::Error| {
            let hint = "name a place for --state where you may write, with room for what is read of the tables";
            wrong(format!("the state {} cannot be used: {e}", path.display()), hint)
        };
        let rows_path = beside(path, ".rows");
        let begun = match File::open(path) {
            Ok(mut found) => {
                let mut bytes = Vec::new();
                found.read_to_end(&mut bytes).map_err(|e| io(path, e))?;
                Some(bytes)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(io(path, e)),
        };
        let key = match (read_key(&file.key), &begun) {
            (Ok(key), _) => key,
            (Err(e), Some(_)) => {
                let what =
                    format!("the key {} of the state {} cannot be read: {e}", file.key.display(), path.display());
                return Err(wrong(what, &format!("put the key back, or {remove}")));
            }
            (Err(e), None) if e.kind() == io::ErrorKind::NotFound => {
                make_key(&file.key).map_err(|e| io(&file.key, e))?
            }
            (Err(e), None) => return Err(io(&file.key, e)),
        };
        let index = match begun {
            None => None,
            Some(bytes) => Some(
                Index::open(&bytes, &key)
                    .map_err(|why| wrong(format!("the state {} is not used: {why}", path.display()), &remove))?,
            ),
        };
        let rows = private().create(index.is_none()).truncate(false).open(&rows_path);
        let rows = rows.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => {
                wrong(format!("the state {} has lost its other half, {}", path.display(), rows_path.display()), &remove)
            }
            _ => io(&rows_path, e),
        })?;
        // A file system that knows no locks is taken as it is.
        if matches!(rows.try_lock(), Err(TryLockError::WouldBlock)) {
            let what = format!("the state {} is in use by another audit", path.display());
            return Err(wrong(what, "wait until it is over, or name another file with --state"));
        }
        let mut frames = HashMap::new();
        let index = if let Some(index) = index {
            if index.binding != binding {
                let what = format!(
                    "the state {} belongs to an audit with other targets, other settings or another version",
                    path.display()
                );
                return Err(wrong(what, &format!("audit with the same arguments as then; or {remove}")));
            }
            for kept in &index.tables {
                let of_table = rows::check(&rows, &key, kept)
                    .map_err(|e| wrong(format!("the state {} is damaged: {e}", rows_path.display()), &remove))?;
                frames.insert((kept.from, kept.to), of_table);
            }
            // What stands behind was not finished.
            rows.set_len(index.end()).map_err(|e| io(&rows_path, e))?;
            index
        } else {
            rows.set_len(0).map_err(|e| io(&rows_path, e))?;
            let index = Index { binding: binding.to_owned(), tables: Vec::new() };
            index.replace(path, &key).map_err(|e| io(path, e))?;
            index
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (index, frames, trouble) = (Mutex::new(index), Mutex::new(frames), Mutex::default());
        Ok(Arc::new(Self { file: file.clone(), key, rows, index, frames, now, trouble }))
    }

    /// `database`, the target shown as `target`, with what is kept of it.
    pub fn resume(self: &Arc<Self>, target: &str, database: Arc<dyn Database>) -> Arc<dyn Database> {
        Arc::new(resumed::Resumed::new(self.clone(), target, database))
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the finished tables end.
    fn end(&self) -> u64 {
        self.index().end()
    }

    /// Keeps a finished table: from now on it survives whatever happens to this process.
    fn finish(&self, kept: Kept) -> io::Result<()> {
        self.rows.sync_data()?;
        let mut index = self.index();
        // One that was kept with other columns is no use any more.
        index.tables.retain(|old| (&old.target, &old.table) != (&kept.target, &kept.table));
        index.tables.push(kept);
        index.replace(&self.file.path, &self.key)
    }

    /// From now on nothing is kept.
    fn give_up(&self, error: &io::Error) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert_with(|| error.to_string());
    }

    fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn read_key(path: &Path) -> io::Result<Zeroizing<Bytes>> {
    // 64 digits and a line's end.
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(128).read_to_string(&mut text)?;
    let mut key = Zeroizing::new([0; KEY]);
    hex::decode_to_slice(text.trim_end(), &mut *key)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it does not hold 64 hexadecimal digits"))?;
    Ok(key)
}

fn make_key(path: &Path) -> io::Result<Zeroizing<Bytes>> {
    let key = Zeroizing::new(random()?);
    let mut file = private().create_new(true).open(path)?;
    file.write_all(Zeroizing::new(hex::encode(*key) + "\n").as_bytes())?;
    file.sync_all()?;
    Ok(key)
}

/// A moment for people: `2026-11-24 10:02:11 UTC`.
fn say(moment: u64) -> String {
    let (days, seconds) = (moment / 86_400, moment % 86_400);
    // The civil calendar from days since 1970, by eras of 400 years that begin in March (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn kept(table: &str) -> Kept {
        Kept {
            target: "postgres://host/db".into(),
            table: table.into(),
            columns: vec![("password".into(), Some("text".into()))],
            moment: None,
            at: 7,
            parts: Vec::new(),
            reads: Vec::new(),
            salt: hex::encode([1; KEY]),
            from: 0,
            to: 0,
        }
    }

    #[test]
    fn a_state_is_for_its_owner_and_for_the_audit_it_belongs_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path().join("state"), None);
        let state = State::open(&file, "this").unwrap();
        assert!(State::open(&file, "this").unwrap_err().what.contains("in use"));
        state.finish(kept("users")).unwrap();
        drop(state);
        for name in ["state", "state.rows", "state.key"] {
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
        assert!(State::open(&file, "other").unwrap_err().what.contains("other settings"));
        assert_eq!(State::open(&file, "this").unwrap().index().tables[0].table, "users");
        let bytes = fs::read(folder.path().join("state")).unwrap();
        assert!(!bytes.windows(5).any(|w| w == b"users"), "not even names can be read");
        file.remove_if_over();
        assert!(folder.path().join("state").exists());
        file.set_over();
        file.remove_if_over();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn damaged_foreign_and_keyless_states_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let file = StateFile::new(path.clone(), None);
        State::open(&file, "this").unwrap().finish(kept("users")).unwrap();
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(State::open(&file, "this").is_err(), "byte {at}");
        }
        fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        assert!(State::open(&file, "this").is_err());
        fs::write(&path, "just a file\n").unwrap();
        assert!(State::open(&file, "this").unwrap_err().what.contains("not a state"));
        fs::write(&path, &whole).unwrap();
        let key = fs::read(folder.path().join("state.key")).unwrap();
        fs::write(folder.path().join("state.key"), hex::encode([9; KEY])).unwrap();
        assert!(State::open(&file, "this").unwrap_err().what.contains("another key"));
        fs::remove_file(folder.path().join("state.key")).unwrap();
        let trouble = State::open(&file, "this").unwrap_err();
        assert!(trouble.what.contains("the key") && trouble.hint.contains("put the key back"));
        fs::write(folder.path().join("state.key"), key).unwrap();
        fs::remove_file(folder.path().join("state.rows")).unwrap();
        assert!(State::open(&file, "this").unwrap_err().what.contains("other half"));
    }

    #[test]
    fn moments_are_said_in_the_civil_calendar() {
        assert_eq!(say(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(say(951_827_696), "2000-02-29 12:34:56 UTC");
        assert_eq!(say(1_795_514_531), "2026-11-24 10:02:11 UTC");
    }
}
