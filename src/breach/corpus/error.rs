//! Why a corpus cannot be read or built.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a corpus cannot be opened, read or built: one sentence that names the file and the place, and another one that says
/// what to do. Neither holds a digest or a password.
#[derive(Debug)]
pub struct CorpusError {
    what: String,
    hint: &'static str,
}

impl CorpusError {
    pub(super) fn new(path: &Path, what: impl fmt::Display, hint: &'static str) -> Self {
        Self { what: format!("{}: {what}", path.display()), hint }
    }

    pub(super) fn read(path: &Path, error: &io::Error) -> Self {
        Self::new(path, format_args!("cannot be read: {error}"), "check the path and whether you may read it")
    }

    pub(super) fn write(path: &Path, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "free some room or name a file on another disk; nothing was left behind"
            }
            _ => "name a file in a folder you may write to; nothing was left behind",
        };
        Self::new(path, format_args!("cannot be written: {error}"), hint)
    }

    pub(super) fn temporary(folder: &Path, error: &io::Error) -> Self {
        let hint = "name a folder with more room (--temp-dir), or allow more memory (--memory)";
        Self::new(folder, format_args!("cannot keep what is being sorted: {error}"), hint)
    }

    pub(super) fn damaged(path: &Path, what: impl fmt::Display) -> Self {
        let hint = "build or copy the corpus again; until then what lies in the damaged place is answered as unknown";
        Self::new(path, format_args!("damaged: {what}"), hint)
    }

    /// What to do about it: one sentence.
    pub const fn hint(&self) -> &'static str {
        self.hint
    }
}

impl fmt::Display for CorpusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for CorpusError {}
