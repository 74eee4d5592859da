//! What below a target is left out.

use std::ffi::OsStr;
use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Folders inside a `.git` that hold no text: packed objects of the past, and caches.
const GIT_INSIDES: [&str; 3] = ["objects", "lfs", "index"];

/// Which files below a target are read. Patterns are written as in a `.gitignore`: `vendor/`, `*.min.js`, `/docs/**`.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    include: Option<Gitignore>,
    exclude: Option<Gitignore>,
    gitignore: bool,
    git_insides: bool,
}

impl Filter {
    /// A filter that keeps what `include` names (everything, if it is empty) and `exclude` does not. `gitignore` also leaves
    /// out what git ignores. The insides of git's own folder are always left out. Says which pattern is none.
    pub fn new(include: &[String], exclude: &[String], gitignore: bool) -> Result<Self, String> {
        let build = |patterns: &[String]| {
            if patterns.is_empty() {
                return Ok(None);
            }
            let mut builder = GitignoreBuilder::new("");
            for pattern in patterns {
                builder.add_line(None, pattern).map_err(|e| format!("{pattern:?}: {e}"))?;
            }
            builder.build().map(Some).map_err(|e| e.to_string())
        };
        Ok(Self { include: build(include)?, exclude: build(exclude)?, gitignore, git_insides: true })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_none() && !self.git_insides
    }

    /// Whether a file below a target is kept, which it is if all folders above it are. Nothing is git's own folder.
    #[cfg(feature = "git")]
    pub(super) fn keeps_below(&self, name: &OsStr) -> bool {
        let folders = Path::new(name).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
        self.keeps(name, false) && folders.into_iter().all(|folder| self.keeps(folder.as_os_str(), true))
    }

    pub(super) fn honours_gitignore(&self) -> bool {
        self.gitignore
    }

    /// Whether `name`, a path below a target, is kept.
    pub(super) fn keeps(&self, name: &OsStr, is_folder: bool) -> bool {
        let path = Path::new(name);
        if name.is_empty() {
            return true;
        }
        if self.git_insides
            && path.parent().and_then(Path::file_name).is_some_and(|parent| parent == ".git")
            && path.file_name().is_some_and(|name| GIT_INSIDES.iter().any(|inside| name == *inside))
        {
            return false;
        }
        if self.exclude.as_ref().is_some_and(|exclude| exclude.matched(path, is_folder).is_ignore()) {
            return false;
        }
        // A folder may hold what is included.
        is_folder
            || self.include.as_ref().is_none_or(|include| include.matched_path_or_any_parents(path, false).is_ignore())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(include: &[&str], exclude: &[&str]) -> Filter {
        let owned = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        Filter::new(&owned(include), &owned(exclude), false).unwrap()
    }

    #[test]
    fn patterns_are_those_of_a_gitignore() {
        let keeps = |filter: &Filter, name: &str, folder| filter.keeps(OsStr::new(name), folder);
        let without = filter(&[], &["vendor/", "*.min.js"]);
        assert!(!keeps(&without, "a/vendor", true));
        assert!(keeps(&without, "a/vendor.c", false));
        assert!(!keeps(&without, "x/y.min.js", false));
        let only = filter(&["src/**", "*.env"], &[]);
        assert!(keeps(&only, "src/a/b.c", false));
        assert!(keeps(&only, "deep/.env", false) || keeps(&only, "deep/x.env", false));
        assert!(!keeps(&only, "docs/a.md", false));
        assert!(keeps(&only, "docs", true), "a folder is entered");
        assert!(!keeps(&without, "a/.git/objects", true));
        assert!(keeps(&without, "a/.git/config", false));
        assert!(keeps(&Filter::default(), ".git/objects", true), "an audit reads all there is");
        assert!(Filter::new(&["[z-a]".into()], &[], false).is_err());
    }
}
