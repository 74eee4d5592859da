//! The names of a folder's files, kept small: there may be millions.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Plain files, by their names below one folder: 24 bytes a file beside its name.
#[derive(Default)]
pub(super) struct Listing {
    /// What names are below; of a single file, which has an empty name, the file itself.
    root: PathBuf,
    /// All names, one after the other.
    names: Vec<u8>,
    files: Vec<File>,
}

struct File {
    /// Where its name begins, in bytes of `names`.
    start: u64,
    size: u64,
    /// Bytes of its name; no system has paths of 4 GB.
    len: u32,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named<'a> {
    root: &'a Path,
    /// Below the folder; empty for the target itself.
    pub(super) name: &'a OsStr,
    /// In bytes, when it was found.
    pub(super) size: u64,
}

impl Listing {
    /// Of files below `root`.
    pub(super) fn below(root: PathBuf) -> Self {
        Self { root, ..Self::default() }
    }

    pub(super) fn push(&mut self, name: &OsStr, size: u64) {
        let start = self.names.len() as u64;
        self.names.extend_from_slice(name.as_bytes());
        self.files.push(File { start, size, len: name.len() as u32 });
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    /// Bytes of all of them.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// Puts them in the order of their names' bytes.
    pub(super) fn sort(&mut self) {
        let names = &self.names;
        self.files.sort_unstable_by(|a, b| name_of(names, a).cmp(name_of(names, b)));
    }

    /// The file at a place in that order.
    pub(super) fn get(&self, at: usize) -> Option<Named<'_>> {
        let file = self.files.get(at)?;
        Some(Named { root: &self.root, name: OsStr::from_bytes(name_of(&self.names, file)), size: file.size })
    }
}

fn name_of<'a>(names: &'a [u8], file: &File) -> &'a [u8] {
    &names[file.start as usize..file.start as usize + file.len as usize]
}

impl Named<'_> {
    /// For opening it.
    pub(super) fn path(&self) -> PathBuf {
        if self.name.is_empty() { self.root.to_path_buf() } else { self.root.join(self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_in_the_order_of_their_bytes_and_lead_to_their_files() {
        let mut listing = Listing::below("./top/".into());
        for (name, size) in [("b/x", 3), ("b", 1), ("a", 2), ("b.c", 4)] {
            listing.push(OsStr::new(name), size);
        }
        listing.sort();
        let all: Vec<_> = (0..listing.len()).filter_map(|at| listing.get(at)).collect();
        let shown: Vec<_> = all.iter().map(|file| (file.name.to_str().unwrap(), file.size)).collect();
        assert_eq!(shown, [("a", 2), ("b", 1), ("b.c", 4), ("b/x", 3)]);
        assert_eq!(all[3].path(), Path::new("./top/b/x"));
        assert_eq!(listing.bytes(), 10);
        assert!(listing.get(4).is_none());
        assert_eq!(std::mem::size_of::<File>(), 24);
    }
}
