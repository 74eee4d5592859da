//! Compiled databases on disk, one file each, named by a key over everything that makes it.
//!
//! A file is written under another name and renamed, so that it is whole or not there, whoever else writes it at the same
//! time. It carries a checksum: what is damaged is made anew. It holds patterns only, nothing of what was scanned.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// First bytes of a file; another layout gets another number.
const MAGIC: &[u8; 16] = b"credaudit-hsdb-1";
/// Databases of other versions kept; older ones are removed.
const KEPT: usize = 8;
/// Largest file read, in bytes; 1,000 patterns take some 5 MB.
const MAX: u64 = 256 << 20;

/// The key of a database: library version, processor, expressions.
pub(super) fn key(version: &str, cpu: &str, expressions: &[String]) -> String {
    let mut hasher = Sha256::new();
    for part in [version, cpu].into_iter().chain(expressions.iter().map(String::as_str)) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(&hasher.finalize()[..16])
}

fn path(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("patterns-{key}.hsdb"))
}

/// The database of that key, if it is there, whole, and no one else's.
pub(super) fn load(folder: &Path, key: &str) -> Option<Vec<u8>> {
    let mut file = File::open(path(folder, key)).ok()?;
    let about = file.metadata().ok()?;
    // What another user could have written is not handed to the library.
    let own = about.uid() == folder.metadata().ok()?.uid() && about.mode() & 0o022 == 0;
    if !own || about.len() > MAX {
        return None;
    }
    let (mut magic, mut sum) = ([0; MAGIC.len()], [0; 32]);
    file.read_exact(&mut magic).ok()?;
    file.read_exact(&mut sum).ok()?;
    let mut database = Vec::with_capacity(about.len() as usize);
    file.read_to_end(&mut database).ok()?;
    let whole = magic == *MAGIC && Sha256::digest(&database).as_slice() == sum;
    whole.then_some(database)
}

/// Keeps a database for the next start.
pub(super) fn store(folder: &Path, key: &str, database: &[u8]) -> io::Result<()> {
    if !folder.is_dir() {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    let mut partial = tempfile::Builder::new().prefix(".patterns-").tempfile_in(folder)?;
    partial.write_all(MAGIC)?;
    partial.write_all(&Sha256::digest(database))?;
    partial.write_all(database)?;
    partial.persist(path(folder, key)).map_err(|e| e.error)?;
    sweep(folder)
}

/// Removes all but the newest.
fn sweep(folder: &Path) -> io::Result<()> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("patterns-") && name.ends_with(".hsdb") {
            all.push((entry.metadata()?.modified()?, entry.path()));
        }
    }
    all.sort();
    let old = all.len().saturating_sub(KEPT);
    for (_, path) in all.into_iter().take(old) {
        fs::remove_file(path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_damaged_or_another_users_to_write_is_not_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let key = key("5.4", "x", &["a".into()]);
        assert_eq!(load(folder.path(), &key), None);
        store(folder.path(), &key, b"database").unwrap();
        assert_eq!(load(folder.path(), &key).as_deref(), Some(&b"database"[..]));
        let file = path(folder.path(), &key);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(load(folder.path(), &key), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let mut bytes = fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&file, &bytes).unwrap();
        assert_eq!(load(folder.path(), &key), None);
        fs::write(&file, b"cred").unwrap();
        assert_eq!(load(folder.path(), &key), None);
    }

    #[test]
    fn old_databases_are_swept_and_many_writers_do_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    for n in 0..5 {
                        let key = key("5.4", "x", &[format!("{}", n + writer % 2 * 5)]);
                        // Another writer may have swept a file that this one is about to count.
                        let _ = store(folder, &key, &[n; 4096]);
                        let read = load(folder, &key);
                        assert!(read.is_none_or(|bytes| bytes == [n; 4096]));
                    }
                });
            }
        });
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert!(left <= KEPT + 2, "{left}");
    }
}
