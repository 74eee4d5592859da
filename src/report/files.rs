//! Where results are written. A file appears as a whole or not at all: it is written beside its final place under a
//! hidden name, mode 0600, brought to the disk, and renamed. Pipes and devices are written directly.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file to be written. Dropped without [`commit`](Self::commit) (an error, a panic) it leaves nothing behind and an
/// older file of that name as it was. A process that is killed leaves a hidden `.credaudit-….partial`.
pub struct Destination {
    path: PathBuf,
    state: State,
}

enum State {
    /// A regular file that is not begun: the hidden file is made with the first byte, so that an audit of the folder it
    /// will be in does not come across it.
    Waiting,
    Partial(NamedTempFile),
    /// A pipe, a device, or a file some other process already holds open.
    Direct(File),
}

impl Destination {
    /// Prepares to write to `path`, and fails at once where that cannot work: an audit of hours should not end in
    /// "permission denied". Changes nothing yet.
    ///
    /// A link is followed, and the file it leads to is replaced.
    pub fn open(path: &Path) -> io::Result<Self> {
        if is_open_file(path) {
            // Appending: whoever opened it (`>> log`) decided what stays in it.
            let file = OpenOptions::new().append(true).open(path)?;
            return Ok(Self { path: path.to_owned(), state: State::Direct(file) });
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if found.is_file() => Self::replacing(fs::canonicalize(path)?),
            Ok(_) => {
                let file = OpenOptions::new().write(true).open(path)?;
                Ok(Self { path: path.to_owned(), state: State::Direct(file) })
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                Self::replacing(path.to_owned())
            }
            Err(e) => Err(e),
        }
    }

    fn replacing(path: PathBuf) -> io::Result<Self> {
        if path.file_name().is_none() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        drop(partial(&path)?);
        Ok(Self { path, state: State::Waiting })
    }

    /// Puts the file in its place. Its bytes are on the disk before it gets its name.
    pub fn commit(mut self) -> io::Result<()> {
        self.file()?.flush()?;
        if let State::Partial(partial) = self.state {
            partial.as_file().sync_all()?;
            partial.persist(&self.path).map_err(|e| e.error)?;
            // The new name outlives a power cut once the folder is on the disk; some file systems cannot do that.
            let _ = File::open(folder(&self.path)).and_then(|f| f.sync_all());
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<&mut File> {
        if matches!(self.state, State::Waiting) {
            self.state = State::Partial(partial(&self.path)?);
        }
        match &mut self.state {
            State::Waiting => unreachable!("it was begun above"),
            State::Partial(partial) => Ok(partial.as_file_mut()),
            State::Direct(file) => Ok(file),
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.state {
            State::Waiting => Ok(()),
            State::Partial(partial) => partial.flush(),
            State::Direct(file) => file.flush(),
        }
    }
}

/// Names for what a process already holds open: to replace such a file would take it from under its holder.
fn is_open_file(path: &Path) -> bool {
    path == Path::new("/dev/stdout")
        || path == Path::new("/dev/stderr")
        || path.starts_with("/dev/fd")
        || (path.starts_with("/proc") && path.parent().is_some_and(|p| p.ends_with("fd")))
}

/// A new file beside `path`, readable and writable by its owner alone (`tempfile` makes it with mode 0600).
fn partial(path: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".credaudit-")
        .suffix(".partial")
        .tempfile_in(folder(path))
        .map_err(|e| e.kind().into())
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_appears_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let mut to = Destination::open(&path).unwrap();
        assert!(names(folder.path()).is_empty(), "nothing is there before the first byte");
        to.write_all(b"whole").unwrap();
        assert!(!path.exists());
        to.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(names(folder.path()), ["list.csv"]);
    }

    #[test]
    fn an_abandoned_file_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, "old").unwrap();
        let mut to = Destination::open(&path).unwrap();
        to.write_all(b"new, cut o").unwrap();
        drop(to);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["list.csv"]);
    }

    #[test]
    fn a_panic_while_writing_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        let caught = std::panic::catch_unwind(|| {
            let mut to = Destination::open(&path).unwrap();
            to.write_all(b"cut o").unwrap();
            panic!("in the middle");
        });
        assert!(caught.is_err());
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn an_empty_result_is_an_empty_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("empty");
        Destination::open(&path).unwrap().commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_link_stays_and_its_file_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        let mut to = Destination::open(&link).unwrap();
        to.write_all(b"new").unwrap();
        to.commit().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
    }

    #[test]
    fn devices_are_written_directly_and_their_errors_are_told() {
        let mut to = Destination::open(Path::new("/dev/full")).unwrap();
        let error = to.write_all(b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let mut to = Destination::open(Path::new("/dev/null")).unwrap();
        to.write_all(b"x").unwrap();
        to.commit().unwrap();
    }

    #[test]
    fn what_cannot_work_fails_before_the_audit() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| Destination::open(path).err().map(|e| e.kind());
        assert_eq!(kind(folder.path()), Some(io::ErrorKind::IsADirectory));
        assert_eq!(kind(&folder.path().join("missing/list.csv")), Some(io::ErrorKind::NotFound));
        let dangling = folder.path().join("dangling");
        symlink(folder.path().join("nowhere"), &dangling).unwrap();
        assert_eq!(kind(&dangling), Some(io::ErrorKind::NotFound));
        assert_eq!(names(folder.path()), ["dangling"]);
    }
}
