//! What is staged: entries of the index that the commit under `HEAD` has not.

use std::path::Path;

use gix::index::entry::Mode;

use super::walk::Walk;

/// Finds what is staged.
pub(super) fn find(repo: &gix::Repository, walk: &mut Walk) -> Result<(), String> {
    let unreadable = |_| "git's index cannot be read: see what `git status` says".to_owned();
    let index = match handed_over(repo) {
        Some(path) => gix::index::File::at(path, repo.object_hash(), true, gix::index::decode::Options::default())
            .map_err(unreadable)?,
        None => match repo.open_index() {
            Ok(index) => index,
            Err(_) if !repo.index_path().exists() => return Ok(()),
            Err(e) => return Err(unreadable(e)),
        },
    };
    if let Ok(head) = repo.head_id() {
        walk.know(repo, head.detach())?;
    }
    for entry in index.entries() {
        let path = entry.path(&index);
        if entry.mode.contains(Mode::COMMIT) {
            walk.submodule(path, entry.id);
        } else if [Mode::FILE, Mode::FILE_EXECUTABLE, Mode::SYMLINK].contains(&entry.mode)
            && !walk.knows(path, entry.id)
        {
            walk.add(path, entry.id, None);
        } else if entry.mode == Mode::DIR {
            walk.skip(path, "a sparse index leaves it out: `git sparse-checkout disable` brings it in".into());
        }
    }
    Ok(())
}

/// The index that git hands to a hook, where it is another than the repository's own: `git commit FILE` makes one.
fn handed_over(repo: &gix::Repository) -> Option<std::path::PathBuf> {
    let named = std::env::var_os("GIT_INDEX_FILE")?;
    let path = Path::new(&named).canonicalize().ok()?;
    path.starts_with(repo.git_dir().canonicalize().ok()?).then_some(path)
}
