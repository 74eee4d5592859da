//! Commits and trees, to the blobs they bring in.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::{CommitRefIter, Kind, TreeRefIter};

use super::missing;
use crate::model::Commit;
use crate::sources::filter::Filter;

/// Paths, each kept once.
#[derive(Default)]
pub(super) struct Paths {
    all: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
}

impl Paths {
    fn number(&mut self, path: &[u8]) -> u32 {
        if let Some(number) = self.numbers.get(path) {
            return *number;
        }
        let number = self.all.len() as u32;
        self.all.push(path.into());
        self.numbers.insert(path.into(), number);
        number
    }

    pub(super) fn get(&self, number: u32) -> &[u8] {
        &self.all[number as usize]
    }
}

/// Where a blob is first.
pub(super) struct Entry {
    pub(super) path: u32,
    /// Index in [`Walk::commits`].
    pub(super) commit: Option<u32>,
}

/// What a commit or a tag says of itself.
pub(super) struct Message {
    pub(super) id: ObjectId,
    /// `commit` or `tag`.
    pub(super) kind: &'static str,
    /// The commit itself.
    pub(super) commit: Option<Arc<Commit>>,
}

/// What was found so far.
pub(super) struct Walk {
    filter: Filter,
    /// Only what lies at or below it counts.
    prefix: Vec<u8>,
    hash: gix::hash::Kind,
    /// Blobs by their ids.
    pub(super) found: HashMap<ObjectId, Entry>,
    /// In the order in which they were found.
    pub(super) order: Vec<ObjectId>,
    pub(super) paths: Paths,
    pub(super) commits: Vec<Arc<Commit>>,
    /// Each once, of commits in their order. None where only part of a repository is read.
    pub(super) messages: Vec<Message>,
    /// Whether reading in the order of packs pays.
    pub(super) many: bool,
    /// What is not read, and why.
    pub(super) skipped: Vec<(String, String)>,
    told: HashSet<String>,
    /// Trees that were walked; with their path, as that decides what of them counts.
    seen: HashSet<(ObjectId, u32)>,
    /// Blobs and submodules of the commit that is compared with, by path.
    known: HashMap<Vec<u8>, ObjectId>,
}

/// One commit.
struct Node {
    id: ObjectId,
    tree: ObjectId,
    time: gix::date::Time,
    parents: Vec<ObjectId>,
}

impl Walk {
    pub(super) fn new(filter: &Filter, prefix: Vec<u8>, hash: gix::hash::Kind) -> Self {
        Self {
            filter: filter.clone(),
            prefix,
            hash,
            found: HashMap::new(),
            order: Vec::new(),
            paths: Paths::default(),
            commits: Vec::new(),
            messages: Vec::new(),
            many: false,
            skipped: Vec::new(),
            told: HashSet::new(),
            seen: HashSet::new(),
            known: HashMap::new(),
        }
    }

    /// Everything that any reference leads to.
    pub(super) fn history(&mut self, repo: &gix::Repository) -> Result<(), String> {
        self.many = true;
        let unreadable = |_| "git's references cannot be read: see what `git fsck` says".to_owned();
        let mut tips = Vec::new();
        if let Ok(head) = repo.head_id() {
            tips.push(head.detach());
        }
        let references = repo.references().map_err(unreadable)?;
        for reference in references.all().map_err(unreadable)? {
            match reference {
                Ok(reference) => tips.extend(reference.try_id().map(gix::Id::detach)),
                Err(_) => self.tell("a reference of git cannot be read: see what `git fsck` says".into()),
            }
        }
        let nodes = self.gather(repo, tips, &HashSet::new());
        for (at, node) in nodes.iter().enumerate() {
            self.commit(node, at);
            self.tree(repo, node.tree, &[], Some(at as u32));
        }
        Ok(())
    }

    /// What the commits of `revision..HEAD` bring in.
    pub(super) fn since(&mut self, repo: &gix::Repository, revision: &str) -> Result<(), String> {
        let base = repo
            .rev_parse_single(revision)
            .map_err(|_| format!("{revision:?} is no revision of this repository: see what `git rev-parse` says"))?
            .detach();
        let head = repo.head_id().map_err(|_| "HEAD leads to no commit".to_owned())?.detach();
        let mut hidden = HashSet::new();
        for node in self.gather(repo, vec![base], &HashSet::new()) {
            hidden.insert(node.id);
        }
        // A tag that only leads to where this begins is none of it.
        self.messages.clear();
        let nodes = self.gather(repo, vec![head], &hidden);
        for (at, node) in nodes.iter().enumerate() {
            self.commit(node, at);
            let parents: Vec<ObjectId> = node.parents.iter().filter_map(|parent| tree_of(repo, *parent)).collect();
            self.tree(repo, node.tree, &parents, Some(at as u32));
        }
        Ok(())
    }

    /// Takes in a commit, number `at`.
    fn commit(&mut self, node: &Node, at: usize) {
        let commit = node.commit(at as u64);
        self.message(node.id, "commit", Some(commit.clone()));
        self.commits.push(commit);
    }

    fn message(&mut self, id: ObjectId, kind: &'static str, commit: Option<Arc<Commit>>) {
        if self.prefix.is_empty() && self.filter.keeps_below(OsStr::new(&format!("{kind} message"))) {
            self.messages.push(Message { id, kind, commit });
        }
    }

    /// All commits that `tips` lead to and that are not `hidden`, parents first, older ones first where that leaves a choice.
    fn gather(&mut self, repo: &gix::Repository, tips: Vec<ObjectId>, hidden: &HashSet<ObjectId>) -> Vec<Node> {
        let edge: HashSet<ObjectId> = match repo.shallow_commits() {
            Ok(Some(commits)) => commits.iter().copied().collect(),
            _ => HashSet::new(),
        };
        let mut index: HashMap<ObjectId, usize> = HashMap::new();
        let mut nodes: Vec<Option<Node>> = Vec::new();
        let mut beyond = 0;
        let mut seen: HashSet<ObjectId> = HashSet::new();
        let mut next = tips;
        while let Some(id) = next.pop() {
            if hidden.contains(&id) || !seen.insert(id) {
                continue;
            }
            let Ok(object) = repo.find_object(id) else {
                self.tell(missing(id));
                continue;
            };
            match object.kind {
                Kind::Commit => {
                    let Some(mut node) = node(id, &object.data, self.hash) else {
                        self.tell(missing(id));
                        continue;
                    };
                    if edge.contains(&id) {
                        beyond += 1;
                        node.parents.clear();
                    }
                    next.extend(node.parents.iter().copied());
                    index.insert(id, nodes.len());
                    nodes.push(Some(node));
                }
                // A tag leads on; a tree or a blob may be tagged itself.
                Kind::Tag => match object.try_to_tag_ref().ok().map(|tag| tag.target()) {
                    Some(target) => {
                        next.push(target);
                        self.message(id, "tag", None);
                    }
                    None => self.tell(missing(id)),
                },
                Kind::Tree => self.tree(repo, id, &[], None),
                Kind::Blob => self.add(format!("object {id}").as_bytes(), id, None),
            }
        }
        if beyond > 0 {
            self.tell(format!(
                "the history is incomplete: this is a shallow clone, and what lies before {beyond} of its commits is not here: \
                 `git fetch --unshallow` brings it"
            ));
        }
        in_order(nodes, &index)
    }

    /// Says once what concerns the repository as a whole.
    fn tell(&mut self, why: String) {
        if self.told.insert(why.clone()) {
            self.skipped.push((String::new(), why));
        }
    }

    /// Says once of a path why it is not read.
    pub(super) fn skip(&mut self, path: &[u8], why: String) {
        let Some(name) = self.name(path).map(|name| String::from_utf8_lossy(name).into_owned()) else { return };
        if self.told.insert(format!("{name}\0{why}")) {
            self.skipped.push((name, why));
        }
    }

    /// A submodule at `path`.
    pub(super) fn submodule(&mut self, path: &[u8], id: ObjectId) {
        if !self.knows(path, id) {
            self.skip(
                path,
                "a submodule, which is a repository of its own: it was not read; name its folder to read it".into(),
            );
        }
    }

    /// Whether the commit that is compared with has `id` at `path`.
    pub(super) fn knows(&self, path: &[u8], id: ObjectId) -> bool {
        self.known.get(path) == Some(&id)
    }

    /// Makes `commit` the one that is compared with.
    pub(super) fn know(&mut self, repo: &gix::Repository, commit: ObjectId) -> Result<(), String> {
        let mut stack = vec![(tree_of(repo, commit).ok_or_else(|| missing(commit))?, Vec::new())];
        while let Some((id, path)) = stack.pop() {
            let tree = repo.find_object(id).map_err(|_| missing(id))?;
            for entry in TreeRefIter::from_bytes(&tree.data, self.hash) {
                let entry = entry.map_err(|_| missing(id))?;
                let path = joined(&path, entry.filename);
                if entry.mode.is_tree() {
                    stack.push((entry.oid.to_owned(), path));
                } else {
                    self.known.insert(path, entry.oid.to_owned());
                }
            }
        }
        Ok(())
    }

    /// What of a path counts: the path below the prefix, empty for the prefix itself.
    fn name<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        let rest = path.strip_prefix(&self.prefix[..])?;
        match (self.prefix.is_empty(), rest.first()) {
            (true, _) | (false, None) => Some(rest),
            (false, Some(b'/')) => Some(&rest[1..]),
            (false, Some(_)) => None,
        }
    }

    /// Whether something at or below a folder can count.
    fn enters(&self, folder: &[u8]) -> bool {
        let above = self.prefix.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest[0] == b'/');
        above || self.name(folder).is_some_and(|name| self.filter.keeps(OsStr::from_bytes(name), true))
    }

    /// Adds a blob, the first time it is seen.
    pub(super) fn add(&mut self, path: &[u8], id: ObjectId, commit: Option<u32>) {
        let Some(name) = self.name(path) else { return };
        if self.found.contains_key(&id) || !self.filter.keeps_below(OsStr::from_bytes(name)) {
            return;
        }
        let path = self.paths.number(name);
        self.found.insert(id, Entry { path, commit });
        self.order.push(id);
    }

    /// Goes through a commit's tree, as far as `against`, trees of its parents, differ from it.
    fn tree(&mut self, repo: &gix::Repository, root: ObjectId, against: &[ObjectId], commit: Option<u32>) {
        let mut stack = vec![(root, against.to_vec(), Vec::new())];
        // Where a tree lies decides only what counts where not all of it does.
        let all = self.prefix.is_empty() && self.filter.is_empty();
        while let Some((id, against, path)) = stack.pop() {
            if against.contains(&id) {
                continue;
            }
            let place = if all { 0 } else { self.paths.number(&path) };
            if !self.seen.insert((id, place)) {
                continue;
            }
            let Ok(tree) = repo.find_object(id) else {
                self.skip(&path, missing(id));
                continue;
            };
            let before: Vec<HashMap<Vec<u8>, ObjectId>> =
                against.iter().map(|tree| names(repo, *tree, self.hash)).collect();
            for entry in TreeRefIter::from_bytes(&tree.data, self.hash) {
                let Ok(entry) = entry else {
                    self.skip(&path, missing(id));
                    break;
                };
                let oid = entry.oid.to_owned();
                let old = || before.iter().filter_map(|names| names.get::<[u8]>(entry.filename)).copied();
                if !before.is_empty() && old().any(|old| old == oid) {
                    continue;
                }
                let path = joined(&path, entry.filename);
                if entry.mode.is_tree() {
                    if self.enters(&path) {
                        stack.push((oid, old().collect(), path));
                    }
                } else if entry.mode.is_commit() {
                    self.submodule(&path, oid);
                } else if entry.mode.is_blob_or_symlink() {
                    // Of a link git keeps where it leads.
                    self.add(&path, oid, commit);
                }
            }
        }
    }
}

impl Node {
    fn commit(&self, order: u64) -> Arc<Commit> {
        let date = self.time.format_or_unix(gix::date::time::format::ISO8601_STRICT);
        Arc::new(Commit { id: self.id.to_string(), date, order })
    }
}

fn joined(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}

/// The entries of a tree; none where it cannot be read, which is told where it is walked itself.
fn names(repo: &gix::Repository, id: ObjectId, hash: gix::hash::Kind) -> HashMap<Vec<u8>, ObjectId> {
    let Ok(tree) = repo.find_object(id) else { return HashMap::new() };
    let entries = TreeRefIter::from_bytes(&tree.data, hash).filter_map(Result::ok);
    entries.map(|entry| (entry.filename.to_vec(), entry.oid.to_owned())).collect()
}

fn tree_of(repo: &gix::Repository, commit: ObjectId) -> Option<ObjectId> {
    let object = repo.find_object(commit).ok()?;
    CommitRefIter::from_bytes(&object.data, repo.object_hash()).tree_id().ok()
}

fn node(id: ObjectId, data: &[u8], hash: gix::hash::Kind) -> Option<Node> {
    let commit = || CommitRefIter::from_bytes(data, hash);
    let tree = commit().tree_id().ok()?;
    // Dates of old tools may be nonsense; the commit is one all the same.
    let time = commit().committer().ok().and_then(|who| who.time().ok()).unwrap_or_default();
    Some(Node { id, tree, time, parents: commit().parent_ids().collect() })
}

/// Parents before children, older ones first where that leaves a choice.
fn in_order(mut nodes: Vec<Option<Node>>, index: &HashMap<ObjectId, usize>) -> Vec<Node> {
    let mut waits = vec![0_u32; nodes.len()];
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    for (at, node) in nodes.iter().enumerate() {
        for parent in node.iter().flat_map(|node| &node.parents).filter_map(|parent| index.get(parent)) {
            waits[at] += 1;
            children[*parent].push(at as u32);
        }
    }
    let key = |nodes: &[Option<Node>], at: usize| {
        nodes[at].as_ref().map(|node| Reverse((node.time.seconds, node.id, at))).expect("it was not taken yet")
    };
    let mut ready: BinaryHeap<_> = (0..nodes.len()).filter(|at| waits[*at] == 0).map(|at| key(&nodes, at)).collect();
    let mut ordered = Vec::with_capacity(nodes.len());
    while let Some(Reverse((_, _, at))) = ready.pop() {
        for child in std::mem::take(&mut children[at]) {
            waits[child as usize] -= 1;
            if waits[child as usize] == 0 {
                ready.push(key(&nodes, child as usize));
            }
        }
        ordered.extend(nodes[at].take());
    }
    ordered
}
