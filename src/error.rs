//! The one error of the program: what went wrong, and what to do about it.
//!
//! [`Error`] is opaque; its kinds are an inner matter, so that adding one breaks nobody. No kind carries a cell of an
//! input: paths, addresses and what the operating system said are all there is.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::PolicyError;

/// Why an audit could not be started or finished.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A flag or an argument does not make sense.
    Usage { what: String, hint: String },
    /// A file the user named for reading.
    Read { path: PathBuf, source: io::Error },
    /// The policy file.
    Policy { path: PathBuf, source: PolicyError },
    /// The report or the reset list; no path means standard output or a list whose path the caller adds.
    Write { path: Option<PathBuf>, source: io::Error },
    /// The store for what does not fit in memory.
    Store { folder: PathBuf, source: io::Error },
    /// A database that does not answer.
    Database { shown: String, why: String },
    /// A breach source could not even be set up.
    Breach { what: String },
    /// A corpus file cannot be opened, read or built.
    Corpus { what: String, hint: &'static str },
    /// Anything of the system: threads, memory.
    System { what: &'static str, source: io::Error },
    /// A bug of this program; where it happened has been printed.
    Panic,
}

impl Error {
    /// A flag or an argument that does not make sense, and what to write instead.
    pub fn usage(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind: Kind::Usage { what: what.into(), hint: hint.into() } }
    }

    /// A file named on the command line (not an input of the audit) could not be read.
    pub fn read(path: &Path, source: io::Error) -> Self {
        Self { kind: Kind::Read { path: path.to_owned(), source } }
    }

    /// A policy file that does not hold what a policy needs.
    pub fn policy(path: &Path, source: PolicyError) -> Self {
        Self { kind: Kind::Policy { path: path.to_owned(), source } }
    }

    /// The report or the reset list could not be written. Without a path it goes to standard output.
    pub fn write(path: Option<&Path>, source: io::Error) -> Self {
        Self { kind: Kind::Write { path: path.map(Path::to_owned), source } }
    }

    /// The encrypted store in `folder` failed.
    pub fn store(folder: &Path, source: io::Error) -> Self {
        Self { kind: Kind::Store { folder: folder.to_owned(), source } }
    }

    /// A database could not be asked; `shown` is its address without a password.
    pub fn database(shown: impl Into<String>, why: impl Into<String>) -> Self {
        Self { kind: Kind::Database { shown: shown.into(), why: why.into() } }
    }

    /// A breach source could not be set up: a bad certificate file, an address that is none. (A source that does not
    /// answer is no error but an unknown exposure.)
    pub fn breach(what: impl Into<String>) -> Self {
        Self { kind: Kind::Breach { what: what.into() } }
    }

    /// A corpus file, or what one is built from; `what` names it.
    pub fn corpus(what: impl Into<String>, hint: &'static str) -> Self {
        Self { kind: Kind::Corpus { what: what.into(), hint } }
    }

    /// The system refused `what`, e.g. `starting threads`.
    pub fn system(what: &'static str, source: io::Error) -> Self {
        Self { kind: Kind::System { what, source } }
    }

    /// A panic was caught. Its payload is never kept: it could hold input.
    pub fn panicked() -> Self {
        Self { kind: Kind::Panic }
    }

    /// Says which file a write error is about, where that is not known yet.
    #[must_use]
    pub fn at(mut self, file: &Path) -> Self {
        if let Kind::Write { path: path @ None, .. } = &mut self.kind {
            *path = Some(file.to_owned());
        }
        self
    }

    /// What to do about it: one sentence.
    pub fn hint(&self) -> String {
        match &self.kind {
            Kind::Usage { hint, .. } => hint.clone(),
            Kind::Read { .. } => "check the path and whether you may read it".into(),
            Kind::Policy { .. } => "start from the policy that ships with credaudit (patterns/policy.toml)".into(),
            Kind::Write { source, path } => write_hint(source.kind(), path.is_some()).into(),
            Kind::Store { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    "name a folder with more room (--temp-dir) or allow more memory (--memory)".into()
                }
                _ => "name another folder for temporary files with --temp-dir".into(),
            },
            Kind::Database { .. } => "check the address, the user and the network".into(),
            Kind::Breach { .. } => {
                "check --breach-url and --breach-ca, or use --breach embedded to stay on this machine".into()
            }
            Kind::Corpus { hint, .. } => (*hint).into(),
            Kind::System { .. } => "try fewer --threads or a smaller --memory".into(),
            Kind::Panic => {
                "this is a bug in credaudit: please report the place printed above; nothing was written".into()
            }
        }
    }
}

const fn write_hint(kind: io::ErrorKind, named: bool) -> &'static str {
    use io::ErrorKind as K;
    match kind {
        K::StorageFull | K::QuotaExceeded | K::FileTooLarge => {
            "free some room or name a file on another disk; no half-written file was left behind"
        }
        K::NotFound => "create the folder first, or check the path",
        K::PermissionDenied | K::ReadOnlyFilesystem => "name a file in a folder you may write to",
        K::IsADirectory => "name a file, not a folder",
        _ if named => "check the path; no half-written file was left behind",
        _ => "write the report to a file with --output",
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Usage { what, .. } | Kind::Corpus { what, .. } => f.write_str(what),
            Kind::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Kind::Policy { path, source } => write!(f, "{} is not a usable policy: {source}", path.display()),
            Kind::Write { path: Some(path), source } => write!(f, "cannot write {}: {source}", path.display()),
            Kind::Write { path: None, source } => write!(f, "cannot write to standard output: {source}"),
            Kind::Store { folder, source } => {
                write!(f, "cannot keep temporary data in {}: {source}", folder.display())
            }
            Kind::Database { shown, why } => write!(f, "{shown}: {why}"),
            Kind::Breach { what } => write!(f, "the breach source cannot be used: {what}"),
            Kind::System { what, source } => write!(f, "{what}: {source}"),
            Kind::Panic => f.write_str("internal error"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            Kind::Read { source, .. }
            | Kind::Write { source, .. }
            | Kind::Store { source, .. }
            | Kind::System { source, .. } => Some(source),
            Kind::Policy { source, .. } => Some(source),
            Kind::Usage { .. } | Kind::Database { .. } | Kind::Breach { .. } | Kind::Corpus { .. } | Kind::Panic => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_names_the_file_and_says_what_to_do() {
        let error = Error::write(None, io::ErrorKind::StorageFull.into()).at(Path::new("/r/list.csv"));
        assert!(error.to_string().contains("/r/list.csv"), "{error}");
        assert!(error.hint().contains("free some room"), "{}", error.hint());
    }

    #[test]
    fn every_kind_has_a_hint() {
        let io = || io::Error::from(io::ErrorKind::Other);
        let path = Path::new("x");
        for error in [
            Error::usage("a", "b"),
            Error::read(path, io()),
            Error::write(None, io()),
            Error::store(path, io()),
            Error::breach("no such certificate"),
            Error::corpus("list.corpus: is no corpus file", "build it again"),
            Error::database("postgres://h/d", "nobody answers"),
            Error::system("starting threads", io()),
            Error::panicked(),
        ] {
            assert!(!error.hint().is_empty(), "{error}");
            assert!(!error.to_string().is_empty());
        }
    }
}
