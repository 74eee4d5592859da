//! Files and folders. Finds plain files and says of everything else why it is passed over; opens nothing but folders.

use std::ffi::{OsStr, OsString};
use std::fs::{self, FileType};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ignore::{WalkBuilder, WalkState};

use super::filter::Filter;
use super::layer::why;
use super::listing::Listing;

/// What one target holds, all lists sorted by the bytes of the names.
#[derive(Default)]
pub(super) struct Found {
    pub(super) files: Listing,
    pub(super) skipped: Vec<Skipped>,
    pub(super) links: Vec<Link>,
}

/// A symbolic link below a target; never followed.
pub(super) struct Link {
    pub(super) name: OsString,
    /// Where it leads, as it is written.
    pub(super) text: Arc<[u8]>,
    /// To nothing that is read under its own name.
    pub(super) leads_out: bool,
}

/// Something passed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Skipped {
    /// Below the target; empty for the target itself.
    pub(super) name: OsString,
    /// And what to do.
    pub(super) why: String,
}

impl Found {
    fn skip(&mut self, name: OsString, why: String) {
        self.skipped.push(Skipped { name, why });
    }

    /// For who reads what links lead to: those that lead out are told.
    pub(super) fn pass_over_links(&mut self) {
        for link in std::mem::take(&mut self.links).into_iter().filter(|link| link.leads_out) {
            self.skip(link.name, "symbolic link: not followed; name it as a target to audit it".into());
        }
        self.skipped.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    }
}

/// Finds what `target` holds.
pub(super) fn find(target: &Path, filter: &Filter) -> Found {
    let mut found = Found::default();
    match fs::metadata(target) {
        Err(e) => found.skip(OsString::new(), why(&e)),
        Ok(m) if m.is_dir() => found = walk(target, filter),
        Ok(m) if m.is_file() => {
            found.files = Listing::below(target.to_path_buf());
            found.files.push(OsStr::new(""), m.len());
        }
        Ok(m) if m.file_type().is_fifo() => found.skip(
            OsString::new(),
            "named pipe: not opened, because that may wait for ever; to read it, redirect it and name `-` as the target"
                .into(),
        ),
        Ok(m) => found.skip(OsString::new(), special(m.file_type())),
    }
    found
}

fn walk(target: &Path, filter: &Filter) -> Found {
    // A trailing slash follows a link to a folder; a leading `./` keeps a folder called `-` from meaning standard input.
    let root = if target.is_relative() { Path::new(".").join(target) } else { target.to_path_buf() }.join("");
    let found = Found { files: Listing::below(root.clone()), ..Found::default() };
    let found = Arc::new(Mutex::new(found));
    let mut builder = WalkBuilder::new(&root);
    builder.standard_filters(false).follow_links(false);
    if filter.honours_gitignore() {
        builder.git_ignore(true).git_exclude(true).require_git(false).parents(true);
    }
    // What is no folder is taken here and not handed on: the walker would keep each entry of a folder of millions until its turn
    // comes, some 200 bytes. It asks after it has left out what git ignores.
    builder.filter_entry({
        let (filter, root, found) = (filter.clone(), root.clone(), found.clone());
        let filters = !filter.is_empty();
        move |entry| {
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            let name = entry.path().strip_prefix(&root).unwrap_or(entry.path()).as_os_str();
            let keeps = !filters || filter.keeps(name, is_folder);
            if keeps && !is_folder {
                look(entry, name, &root, &found);
            }
            keeps && is_folder
        }
    });
    builder.build_parallel().run(|| {
        Box::new(|entry| {
            if let Err(error) = entry {
                let (path, why) = explain(&error);
                let path = path.unwrap_or(&root);
                let name = path.strip_prefix(&root).unwrap_or(path).as_os_str();
                locked(&found).skip(name.to_owned(), why);
            }
            WalkState::Continue
        })
    });
    // The walker keeps the other handle for as long as it lives.
    let mut found = std::mem::take(&mut *locked(&found));
    if found.files.len() == 0 && found.skipped.is_empty() && found.links.is_empty() {
        found.skip(OsString::new(), "the folder holds no files: check the name".into());
    }
    found.files.sort();
    found.skipped.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    found.links.sort_unstable_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    found
}

fn locked(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes in what is no folder.
fn look(entry: &ignore::DirEntry, name: &OsStr, root: &Path, found: &Mutex<Found>) {
    let skip = |why| locked(found).skip(name.to_owned(), why);
    match entry.file_type() {
        Some(kind) if kind.is_file() => match fs::symlink_metadata(entry.path()) {
            Ok(m) => locked(found).files.push(name, m.len()),
            Err(e) => skip(why(&e)),
        },
        // What it leads to is read under its own name, where that is below the target as well.
        Some(kind) if kind.is_symlink() => match fs::read_link(entry.path()) {
            Ok(to) => {
                let text = to.as_os_str().as_bytes().into();
                let leads_out = !leads_inside(entry.path(), root);
                locked(found).links.push(Link { name: name.to_owned(), text, leads_out });
            }
            Err(e) => skip(why(&e)),
        },
        Some(kind) => skip(special(kind)),
        None => skip("it is neither file nor folder: not opened".into()),
    }
}

/// Whether a link leads to something below `root`, and not to a folder that the link itself is in.
fn leads_inside(link: &Path, root: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    match (real(link), link.parent().and_then(real), real(root)) {
        (Some(to), Some(folder), Some(root)) => to.starts_with(root) && !folder.starts_with(to),
        _ => false,
    }
}

fn special(kind: FileType) -> String {
    let what = if kind.is_fifo() {
        "named pipe: not opened, because that may wait for ever"
    } else if kind.is_socket() {
        "socket: not opened"
    } else if kind.is_block_device() {
        "block device: not opened; audit the files on it, or an image of it"
    } else if kind.is_char_device() {
        "character device: not opened"
    } else {
        "it is neither file nor folder: not opened"
    };
    what.into()
}

/// The place and the reason of a walker's error.
fn explain(error: &ignore::Error) -> (Option<&Path>, String) {
    match error {
        ignore::Error::WithPath { path, err } => (Some(path), explain(err).1),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => explain(err),
        ignore::Error::Io(e) => (None, why(e)),
        other => (None, other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    fn names(found: &Found) -> Vec<&str> {
        (0..found.files.len()).map(|at| found.files.get(at).unwrap().name.to_str().unwrap()).collect()
    }

    #[test]
    fn hidden_and_ignored_files_are_found_in_the_order_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("b/.git")).unwrap();
        fs::create_dir_all(path(".hidden")).unwrap();
        for (name, text) in [
            (".gitignore", "*.sql"),
            (".ignore", "*"),
            ("b/.git/config", "x"),
            ("b/x.sql", "y"),
            (".hidden/z", ""),
            ("b.sql", "1234"),
            ("a", ""),
        ] {
            fs::write(path(name), text).unwrap();
        }
        let found = find(folder.path(), &Filter::default());
        assert_eq!(names(&found), [".gitignore", ".hidden/z", ".ignore", "a", "b.sql", "b/.git/config", "b/x.sql"]);
        assert_eq!(found.files.get(4).unwrap().size, 4);
        assert_eq!(found.skipped, []);
    }

    #[test]
    fn links_below_a_target_are_named_and_not_followed_so_that_a_loop_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("deep")).unwrap();
        fs::write(path("deep/file"), "x").unwrap();
        symlink(folder.path(), path("deep/loop")).unwrap();
        symlink(path("self"), path("self")).unwrap();
        symlink(path("deep/file"), path("link")).unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        symlink(outside.path(), path("outside")).unwrap();
        let mut found = find(folder.path(), &Filter::default());
        assert_eq!(names(&found), ["deep/file"]);
        let links: Vec<_> = found.links.iter().map(|l| (l.name.to_str().unwrap(), l.leads_out)).collect();
        assert_eq!(links, [("deep/loop", true), ("link", false), ("outside", true), ("self", true)]);
        assert_eq!(&*found.links[2].text, outside.path().as_os_str().as_bytes());
        assert_eq!(found.skipped, []);
        found.pass_over_links();
        let skipped: Vec<_> = found.skipped.iter().map(|s| s.name.to_str().unwrap()).collect();
        assert_eq!(skipped, ["deep/loop", "outside", "self"]);
        assert!(found.skipped.iter().all(|s| s.why.contains("name it as a target")));
    }

    #[test]
    fn a_link_that_is_the_target_is_followed_and_one_that_leads_round_in_circles_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("real")).unwrap();
        fs::write(path("real/file"), "x").unwrap();
        symlink(path("real"), path("to_folder")).unwrap();
        symlink(path("real/file"), path("to_file")).unwrap();
        symlink(path("circle"), path("circle")).unwrap();
        assert_eq!(names(&find(&path("to_folder"), &Filter::default())), ["file"]);
        assert_eq!(names(&find(&path("to_file"), &Filter::default())), [""]);
        let found = find(&path("circle"), &Filter::default());
        assert_eq!((found.files.len(), found.skipped.len()), (0, 1));
    }

    #[test]
    fn sockets_are_named_and_never_opened() {
        let folder = tempfile::tempdir().unwrap();
        let _listener = UnixListener::bind(folder.path().join("s")).unwrap();
        let found = find(folder.path(), &Filter::default());
        assert_eq!(found.files.len(), 0);
        assert_eq!(found.skipped[0].why, "socket: not opened");
        assert!(find(Path::new("/dev/null"), &Filter::default()).skipped[0].why.starts_with("character device"));
    }

    #[test]
    fn a_target_that_is_not_there_or_holds_nothing_is_said_and_not_silently_clean() {
        let folder = tempfile::tempdir().unwrap();
        assert!(find(folder.path(), &Filter::default()).skipped[0].why.contains("holds no files"));
        assert!(find(&folder.path().join("no"), &Filter::default()).skipped[0].why.contains("check the name"));
        fs::write(folder.path().join("file"), "x").unwrap();
        assert!(find(&folder.path().join("file/more"), &Filter::default()).skipped[0].why.contains("not a folder"));
    }

    #[test]
    fn names_that_are_not_text_still_lead_to_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.sql"));
        fs::write(&odd, "x").unwrap();
        let found = find(folder.path(), &Filter::default());
        let file = found.files.get(0).unwrap();
        assert_eq!(file.name.as_bytes(), b"caf\xe9.sql");
        assert_eq!(fs::read(file.path()).unwrap(), b"x");
    }
}
