//! A folder of ranges: `ABCDE`, `ABCDE.txt`, either with `.gz`, in capitals or not.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use rayon::prelude::*;

use super::error::CorpusError;
use super::header::RANGES;
use super::key::Entry;
use super::lines;
use crate::model::DigestKind;

/// Ranges read at a time.
const WINDOW: usize = 1 << 10;
/// A range was 77 KB in August 2026; a file beyond this, unpacked, is none.
const MOST: u64 = 16 << 20;

/// The ranges of a folder, by prefix.
pub(super) struct Folder {
    path: PathBuf,
    /// Prefix, and which of the names.
    files: Vec<(u32, Name)>,
    /// Files with other names.
    pub(super) others: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    lower: bool,
    txt: bool,
    gz: bool,
}

/// One range after another: its entries, or what is wrong with its file.
pub(super) type TakeRange<'a> = dyn FnMut(u32, Result<&[Entry], &str>) -> Result<(), CorpusError> + Send + 'a;

impl Folder {
    /// Lists the folder. Where a range is there under two names, the plainest counts.
    pub(super) fn open(path: &Path) -> Result<Self, CorpusError> {
        let read = |error: io::Error| CorpusError::read(path, &error);
        let mut files = Vec::new();
        let mut others = 0;
        for entry in fs::read_dir(path).map_err(read)? {
            let name = entry.map_err(read)?.file_name();
            match name.to_str().and_then(parse) {
                Some(file) => files.push(file),
                None => others += 1,
            }
        }
        files.sort_unstable();
        files.dedup_by_key(|(prefix, _)| *prefix);
        if files.is_empty() {
            let hint = "name a folder of files 00000 to FFFFF, with or without .txt and .gz";
            return Err(CorpusError::new(path, "there is no range in this folder", hint));
        }
        Ok(Self { path: path.to_owned(), files, others })
    }

    /// The prefixes that have no file.
    pub(super) fn missing(&self) -> impl Iterator<Item = u32> {
        let mut files = self.files.iter().map(|(prefix, _)| *prefix).peekable();
        (0..RANGES).filter(move |prefix| files.next_if_eq(prefix).is_none())
    }

    /// When the newest of some files was changed, and about how many digests all of them hold.
    pub(super) fn about(&self) -> (u64, u64) {
        let step = self.files.len().div_ceil(WINDOW);
        let (mut newest, mut bytes, mut seen) = (0, 0, 0);
        for (prefix, name) in self.files.iter().step_by(step) {
            let Ok(about) = fs::metadata(self.path.join(file_name(*prefix, *name))) else { continue };
            newest = newest.max(super::input::changed(&about));
            bytes += if name.gz { about.len() * 2 } else { about.len() };
            seen += 1;
        }
        // A line is 39 bytes or so.
        (newest, (bytes / 39).max(1) * self.files.len() as u64 / seen.max(1))
    }

    /// What kind the first range that has one is of.
    pub(super) fn kind(&self) -> Option<DigestKind> {
        self.files.iter().take(16).find_map(|(prefix, name)| {
            let body = self.body(*prefix, *name).ok()?;
            [DigestKind::Sha1, DigestKind::Ntlm]
                .into_iter()
                .find(|kind| lines::range(*prefix, &body, *kind, &mut Vec::new()).is_ok())
        })
    }

    /// Reads every range in order.
    pub(super) fn read(&self, kind: DigestKind, take: &mut TakeRange<'_>) -> Result<(), CorpusError> {
        let read = |files: &[(u32, Name)]| {
            let one = |(prefix, name): &(u32, Name)| {
                let mut entries = Vec::new();
                let result = self
                    .body(*prefix, *name)
                    .map_err(|error| error.to_string())
                    .and_then(|body| lines::range(*prefix, &body, kind, &mut entries).map_err(|bad| bad.to_string()));
                (*prefix, result.map(|()| entries), *name)
            };
            files.par_iter().map(one).collect::<Vec<_>>()
        };
        let mut windows = self.files.chunks(WINDOW);
        let mut next = windows.next().map(read);
        while let Some(window) = next {
            let (taken, then) = rayon::join(
                || {
                    window.iter().try_for_each(|(prefix, result, name)| match result {
                        Ok(entries) => take(*prefix, Ok(entries)),
                        Err(why) => take(*prefix, Err(&format!("{}: {why}", file_name(*prefix, *name)))),
                    })
                },
                || windows.next().map(read),
            );
            taken?;
            next = then;
        }
        Ok(())
    }

    fn body(&self, prefix: u32, name: Name) -> io::Result<Vec<u8>> {
        let file = File::open(self.path.join(file_name(prefix, name)))?;
        let mut body = Vec::new();
        if name.gz {
            MultiGzDecoder::new(file).take(MOST).read_to_end(&mut body)?;
        } else {
            file.take(MOST).read_to_end(&mut body)?;
        }
        Ok(body)
    }
}

fn parse(name: &str) -> Option<(u32, Name)> {
    let (digits, rest) = name.split_at_checked(5)?;
    if !digits.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    let prefix = u32::from_str_radix(digits, 16).ok()?;
    let (rest, gz) = rest.strip_suffix(".gz").map_or((rest, false), |rest| (rest, true));
    let name = match rest {
        "" => Name { lower: false, txt: false, gz },
        ".txt" => Name { lower: false, txt: true, gz },
        _ => return None,
    };
    Some((prefix, Name { lower: digits.bytes().any(|c| c.is_ascii_lowercase()), ..name }))
}

fn file_name(prefix: u32, name: Name) -> String {
    let digits = if name.lower { format!("{prefix:05x}") } else { format!("{prefix:05X}") };
    format!("{digits}{}{}", if name.txt { ".txt" } else { "" }, if name.gz { ".gz" } else { "" })
}
