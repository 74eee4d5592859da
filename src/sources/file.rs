//! Plain files, read with `pread`: a mapped file that shrinks would kill the process, a `pread` sees a short read.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ReadError;
use super::layer::{Source, why};
use crate::formats::ReadAt;

/// Opens a plain file and says its size in bytes. Anything else is refused: without `O_NONBLOCK`, which means nothing to a
/// plain file, opening a pipe that took its place might wait for ever.
pub(super) fn open(path: &Path) -> Result<(Arc<File>, u64), ReadError> {
    let not_plain = || ReadError("it is no plain file any more: run the audit again".into());
    let failed = |e: io::Error| ReadError(why(&e));
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(not_plain());
    }
    Ok((Arc::new(file), about.len()))
}

/// The plain file whose name is `path`'s with `suffix` appended. Where `path` is a symbolic link, the one beside what
/// it leads to counts as well: a database keeps its log there.
pub(super) fn sibling(path: &Path, suffix: &str) -> Result<Option<Box<dyn ReadAt>>, ReadError> {
    let beside = |path: PathBuf| {
        let mut name = path.into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    };
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    for path in [beside(path.to_path_buf()), beside(real)] {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_file() => {
                let (file, _) = open(&path)?;
                return Ok(Some(Box::new(FileAt::new(file, 0)?)));
            }
            Ok(_) => {}
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(ReadError(why(&e))),
        }
    }
    Ok(None)
}

/// Reads a file from start to end: up to the size it had when opened. What is appended meanwhile belongs to the next
/// audit.
pub(super) struct FileSource {
    file: Arc<File>,
    at: u64,
    size: u64,
    error: Option<ReadError>,
}

impl FileSource {
    /// `size` is what it has now.
    pub(super) fn new(file: Arc<File>, size: u64) -> Self {
        // The kernel's own files (`/proc`) say 0 and hold something all the same: those are read until they end.
        let size = if size == 0 { u64::MAX } else { size };
        Self { file, at: 0, size, error: None }
    }
}

impl Source for FileSource {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let want = (self.size - self.at).min(buf.len() as u64) as usize;
        if want == 0 {
            return Ok(0);
        }
        let error = match read_at(&self.file, self.at, &mut buf[..want]) {
            Ok(0) if self.size == u64::MAX => return Ok(0),
            Ok(0) => shrunk(&self.file, self.size, self.at),
            Ok(n) => {
                self.at += n as u64;
                return Ok(n);
            }
            Err(e) => format!("reading failed at stored byte {}: {}", self.at, why(&e)),
        };
        self.error = Some(ReadError(error.clone()));
        Err(ReadError(error))
    }
}

/// A plain file, read where it is, without its first `base` bytes.
pub(super) struct FileAt {
    file: Arc<File>,
    base: u64,
    size: u64,
}

impl FileAt {
    pub(super) fn new(file: Arc<File>, base: u64) -> Result<Self, ReadError> {
        let size = size(&file)?.saturating_sub(base);
        Ok(Self { file, base, size })
    }
}

impl ReadAt for FileAt {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.size.saturating_sub(offset).min(buf.len() as u64) as usize;
        let mut done = 0;
        while done < want {
            let at = self.base + offset + done as u64;
            match read_at(&self.file, at, &mut buf[done..want])? {
                0 => {
                    let said = shrunk(&self.file, self.base + self.size, at);
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, said));
                }
                n => done += n,
            }
        }
        Ok(done)
    }
}

pub(super) fn size(file: &File) -> Result<u64, ReadError> {
    file.metadata().map(|m| m.len()).map_err(|e| ReadError(why(&e)))
}

fn read_at(file: &File, at: u64, buf: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read_at(buf, at) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

fn shrunk(file: &File, was: u64, read: u64) -> String {
    let now = file.metadata().map_or(read, |m| m.len());
    format!("changed while it was read: it had {was} bytes, now {now}; audit a copy that nobody writes to")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(len: usize) -> (tempfile::NamedTempFile, Arc<File>) {
        let named = tempfile::NamedTempFile::new().unwrap();
        fs::write(named.path(), vec![b'x'; len]).unwrap();
        let (file, _) = open(named.path()).unwrap();
        (named, file)
    }

    #[test]
    fn a_file_that_shrinks_gives_what_it_still_has_and_then_says_so() {
        let (named, file) = holding(1000);
        let mut source = FileSource::new(file.clone(), 1000);
        let random = FileAt::new(file, 0).unwrap();
        let mut buf = [0; 600];
        assert_eq!(source.read(&mut buf).unwrap(), 600);
        named.as_file().set_len(700).unwrap();
        assert_eq!(source.read(&mut buf).unwrap(), 100);
        for _ in 0..2 {
            let said = source.read(&mut buf).unwrap_err().0;
            assert!(said.contains("it had 1000 bytes, now 700; audit a copy"), "{said}");
        }
        let said = random.read_at(500, &mut buf).unwrap_err().to_string();
        assert!(said.contains("it had 1000 bytes, now 700"), "{said}");
        assert_eq!(random.read_at(100, &mut buf).unwrap(), 600);
    }

    #[test]
    fn a_file_that_grows_is_read_to_the_size_it_had() {
        let (named, file) = holding(1000);
        let mut source = FileSource::new(file, 1000);
        named.as_file().set_len(5000).unwrap();
        let mut buf = [0; 4096];
        assert_eq!(source.read(&mut buf).unwrap(), 1000);
        assert_eq!(source.read(&mut buf).unwrap(), 0);
    }

    #[test]
    fn reading_at_a_place_ends_at_the_end_and_leaves_out_the_base() {
        let (named, file) = holding(0);
        fs::write(named.path(), "0123456789").unwrap();
        let random = FileAt::new(file, 3).unwrap();
        let mut buf = [0; 4];
        assert_eq!((random.size(), random.read_at(0, &mut buf).unwrap()), (7, 4));
        assert_eq!(&buf, b"3456");
        assert_eq!(random.read_at(5, &mut buf).unwrap(), 2);
        assert_eq!(&buf[..2], b"89");
        assert_eq!(random.read_at(u64::MAX, &mut buf).unwrap(), 0);
    }

    #[test]
    fn a_sibling_is_the_plain_file_beside_the_unit_or_beside_what_it_links_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("app.db"), "db").unwrap();
        assert!(sibling(&path("app.db"), "-wal").unwrap().is_none());
        fs::write(path("app.db-wal"), "log").unwrap();
        assert_eq!(sibling(&path("app.db"), "-wal").unwrap().unwrap().size(), 3);
        std::os::unix::fs::symlink(path("app.db"), path("link")).unwrap();
        assert_eq!(sibling(&path("link"), "-wal").unwrap().unwrap().size(), 3);
        fs::create_dir(path("app.db-shm")).unwrap();
        assert!(sibling(&path("app.db"), "-shm").unwrap().is_none());
    }

    #[test]
    fn files_of_the_kernel_that_claim_no_size_are_read_all_the_same() {
        let Ok((file, size)) = open(Path::new("/proc/self/status")) else { return };
        let mut buf = [0; 64];
        assert!(FileSource::new(file, size).read(&mut buf).unwrap() > 0);
    }
}
