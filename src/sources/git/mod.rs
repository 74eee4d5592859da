//! Blobs of a git repository: what is staged, what commits bring in, the whole history. Reads objects, packs and the index as
//! they lie, through alternates too; runs no git and writes nothing.
//!
//! What commits and tags say of themselves is a unit as well. Every blob is a [`Unit`] once, named after the first commit (parents before children) that holds it, and read in the
//! order of the packs, so that an object that others are deltas of is decoded once. What is not there is said: commits
//! beyond a shallow clone's edge, submodules, objects that are missing or damaged.

mod staged;
mod walk;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use gix::ObjectId;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::odb::store::iter::Ordering as PackOrder;
use memchr::memmem;

use super::filter::Filter;
use super::input::{Origin, Place};
use super::layer::{AtHand, Source};
use super::{ReadError, Span, Unit, Units, extension};
use crate::model::{Pool, ReportSkip};
use crate::spool::Store;

use walk::{Entry, Message, Walk};

/// Bytes of decoded pack entries that each thread keeps, for deltas against them. git keeps 96 MiB (`core.deltaBaseCacheLimit`);
/// packs read in their order need less.
const CACHE: usize = 16 << 20;

/// A repository, for all threads.
pub(super) struct Repo {
    shared: gix::ThreadSafeRepository,
    number: u64,
}

thread_local! {
    /// This thread's way into the repository of a number: its caches are worth keeping.
    static OPENED: RefCell<Option<(u64, gix::Repository)>> = const { RefCell::new(None) };
}

impl Repo {
    /// Opens the repository that `folder` lies in. Of settings only the repository's own are read.
    fn around(folder: &Path) -> Result<Arc<Self>, String> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let found =
            gix::discover_opts(folder, gix::discover::upwards::Options::default(), gix::open::Options::isolated());
        // What the library says may quote what it read.
        let repo =
            found.map_err(|_| "it is in no git repository that can be opened: name a folder of a clone".to_owned())?;
        Ok(Arc::new(Self { shared: repo.into_sync(), number: NUMBER.fetch_add(1, Ordering::Relaxed) }))
    }

    fn local(&self) -> gix::Repository {
        let mut repo = self.shared.to_thread_local();
        repo.objects.set_pack_cache(|| Box::new(MemoryCappedHashmap::new(CACHE)));
        repo
    }

    /// The bytes of a blob.
    fn read(&self, id: ObjectId) -> Result<Vec<u8>, ReadError> {
        OPENED.with(|opened| {
            // Taken out while in use: what panics leaves none behind.
            let taken = opened.borrow_mut().take().filter(|(number, _)| *number == self.number);
            let (_, repo) = taken.unwrap_or_else(|| (self.number, self.local()));
            let data = repo.find_object(id).map(gix::Object::detach).map(|object| object.data);
            *opened.borrow_mut() = Some((self.number, repo));
            data.map_err(|_| ReadError(missing(id)))
        })
    }
}

/// Of an object that cannot be had.
fn missing(id: ObjectId) -> String {
    format!("git's object {id} is missing or damaged: see what `git fsck` says, and fetch it again")
}

/// Where a blob is, or the message of a commit or tag.
#[derive(Clone)]
pub(super) struct Blob {
    repo: Arc<Repo>,
    id: ObjectId,
    /// Of a commit or tag: what follows its headers, which end at the first empty line.
    message: bool,
}

impl Blob {
    /// An object is decoded as a whole: most are deltas.
    pub(super) fn start(&self) -> Result<Box<dyn Source>, ReadError> {
        let data = self.repo.read(self.id)?;
        let headers = if self.message { memmem::find(&data, b"\n\n").map_or(data.len(), |at| at + 2) } else { 0 };
        Ok(Box::new(AtHand::new(data, headers)))
    }
}

/// All blobs of `span` below `target`, and what was passed over.
pub(super) fn find(
    target: &Path,
    span: &Span,
    filter: &Filter,
    store: &Arc<Store>,
    pool: &Arc<Pool>,
) -> (Units, Vec<ReportSkip>) {
    let shown: Arc<str> = target.to_string_lossy().into();
    match search(target, span, filter) {
        Ok((repo, walk)) => {
            let skips = walk.skipped.iter().map(|(what, why)| ReportSkip {
                target: shown.to_string(),
                what: what.clone(),
                why: why.clone(),
            });
            let skips = skips.collect();
            (Box::new(units(repo, walk, shown, store.clone(), pool.clone())), skips)
        }
        Err(why) => {
            let skip = ReportSkip { target: shown.to_string(), what: String::new(), why };
            (Box::new(std::iter::empty()), vec![skip])
        }
    }
}

fn search(target: &Path, span: &Span, filter: &Filter) -> Result<(Arc<Repo>, Walk), String> {
    let folder = if target.is_dir() { target } else { target.parent().unwrap_or(target) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let repo = Repo::around(folder)?;
    let local = repo.local();
    let mut walk = Walk::new(filter, below(&local, target)?, local.object_hash());
    match span {
        Span::Staged => staged::find(&local, &mut walk)?,
        Span::Since(revision) => walk.since(&local, revision)?,
        Span::History => walk.history(&local)?,
    }
    Ok((repo, walk))
}

/// Where `target` lies in the repository: a path with `/`, empty for all of it.
fn below(repo: &gix::Repository, target: &Path) -> Result<Vec<u8>, String> {
    let Some(top) = repo.workdir() else { return Ok(Vec::new()) };
    let real = |path: &Path| path.canonicalize().map_err(|e| format!("it cannot be found: {e}"));
    let (top, target) = (real(top)?, real(target)?);
    let inside = target.strip_prefix(&top).unwrap_or(Path::new(""));
    // The repository's own folder stands for all of it.
    let inside = if inside.starts_with(".git") { Path::new("") } else { inside };
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(inside.as_os_str()).to_vec())
}

/// The units, made one by one: a history may hold millions.
fn units(
    repo: Arc<Repo>,
    walk: Walk,
    target: Arc<str>,
    store: Arc<Store>,
    pool: Arc<Pool>,
) -> impl Iterator<Item = Unit> {
    let local = repo.local();
    let Walk { found, order, paths, commits, many, messages, .. } = walk;
    let said = Messages { repo: repo.clone(), target: target.clone(), store: store.clone(), pool: pool.clone() };
    let messages = messages.into_iter().map(move |message| said.unit(message));
    let mut left = found;
    // Few are read as they were found; many in the order in which they lie.
    let packed = if many { in_pack_order(&local) } else { None };
    let ids = packed.into_iter().flatten().chain(order);
    let blobs = ids.filter_map(move |id| {
        let Entry { path, commit } = left.remove(&id)?;
        let commit = commit.map(|at| commits[at as usize].clone());
        let name = String::from_utf8_lossy(paths.get(path)).into_owned();
        let size = local.find_header(id).ok().map(|header| header.size());
        let place = Place::Blob(Blob { repo: repo.clone(), id, message: false });
        Some(Unit {
            target: target.clone(),
            extension: extension(&PathBuf::from(&name)),
            name: match &commit {
                Some(commit) => format!("{name}{}", commit.suffix()),
                None => name,
            },
            size: Some(size.unwrap_or_default()),
            origin: Origin { place, store: store.clone(), pool: pool.clone() },
            nest: None,
            commit,
            aside: false,
        })
    });
    blobs.chain(messages)
}

/// Makes units of messages.
struct Messages {
    repo: Arc<Repo>,
    target: Arc<str>,
    store: Arc<Store>,
    pool: Arc<Pool>,
}

impl Messages {
    fn unit(&self, message: Message) -> Unit {
        let Message { id, kind, commit } = message;
        let place = Place::Blob(Blob { repo: self.repo.clone(), id, message: true });
        let name = format!("{kind} message of {id}");
        Unit {
            target: self.target.clone(),
            extension: None,
            name: match &commit {
                Some(commit) => format!("{name}{}", commit.suffix()),
                None => name,
            },
            size: Some(0),
            origin: Origin { place, store: self.store.clone(), pool: self.pool.clone() },
            nest: None,
            commit,
            aside: true,
        }
    }
}

/// All objects, pack by pack, as they lie.
fn in_pack_order(repo: &gix::Repository) -> Option<impl Iterator<Item = ObjectId> + use<>> {
    let all = repo.objects.iter().ok()?;
    Some(all.with_ordering(PackOrder::PackAscendingOffsetThenLooseLexicographical).filter_map(Result::ok))
}
