//! Where bytes come from: files, folders, standard input; and what they are wrapped in. Where tables come from at once:
//! [`live`] databases.
//!
//! [`find`] turns targets into [`Unit`]s; [`Unit::open`] gives an [`Input`], which hands on *text*: after decompression,
//! after UTF-16 became UTF-8, without a UTF-8 byte order mark. Offsets count bytes of that text. Any other bytes stay as
//! they are. A unit that is an archive of several members (zip, tar) says so ([`Unit::archive`]) and gives each as a unit
//! of its own ([`Unit::members`]).
//!
//! Between storage and text lies a stack of `layer::Source`s, each of which reads from the one below: the place
//! (`file`, `stdin`), the count and hash of stored bytes (`layer::Stored`), up to four wrappers (`wrap`), the encoding
//! (`text`). Every layer hands on all it has before it reports an error, and then keeps reporting it, so nothing that
//! was cut short can look finished.

mod archive;
mod blocks;
mod file;
mod filter;
#[cfg(feature = "git")]
mod git;
mod input;
mod kept;
mod layer;
mod listing;
pub mod live;
mod stdin;
mod text;
mod tree;
mod wrap;

use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::formats::ReadAt;
use crate::model::{Commit, Pool, ReportSkip};
use crate::spool::Store;

use archive::{Budget, Copied};
use input::{Origin, Place};

pub use filter::Filter;
pub use input::{Encoded, Input};

/// What the user named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or a folder.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// A database that is running; see [`live`].
    Database(live::Url),
}

/// What of a git repository is read, in place of the files of its working tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// What is staged for the next commit.
    Staged,
    /// What the commits bring in that `HEAD` has and this revision has not.
    Since(String),
    /// Everything that any branch, tag or other reference leads to.
    History,
}

/// Units that are made as they are asked for.
pub type Units = Box<dyn Iterator<Item = Unit>>;

/// Limits on what is opened.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of text that one unit may decompress to. A decompression bomb ends there.
    pub max_text: u64,
    /// Largest ratio of text to stored bytes, judged after the first 16 MiB of text.
    pub max_ratio: u64,
    /// Size of a block in bytes. The first block of a unit holds at least 64 KiB all the same, so that formats can be
    /// told apart from it.
    pub block: usize,
    /// Whether to compute SHA-256 of the bytes as stored.
    pub hash: bool,
}

/// One readable thing inside a target.
pub struct Unit {
    target: Arc<str>,
    name: String,
    extension: Option<String>,
    size: Option<u64>,
    origin: Origin,
    nest: Option<Nest>,
    commit: Option<Arc<Commit>>,
    /// Not a file: where a link leads, what a commit says of itself.
    aside: bool,
}

/// Where a member of an archive stands.
struct Nest {
    /// Archives around it.
    depth: usize,
    budget: Arc<Budget>,
    /// As [`Unit::path`] says it.
    path: String,
}

/// What was found in an archive.
pub enum Member {
    /// Something that can be read.
    Unit(Unit),
    /// Something that cannot, and why.
    Skipped(ReportSkip),
}

/// What an archive came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Members found, those that could not be read included.
    pub members: u64,
    /// Bytes of the archive's text that belong to no member: headers, directories, padding; 0 where the kind does not
    /// tell.
    pub own: u64,
    /// Bytes as stored that were consumed.
    pub stored: u64,
    /// Why there may be members that were not found.
    pub error: Option<ReadError>,
}

/// Why a unit could not be read (further). Says what to do; never holds content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError(pub String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ReadError {}

/// What targets hold, for a search.
pub struct Held {
    /// Files; and of each symbolic link, as what it is stored, where it leads.
    pub units: Units,
    /// Bytes of all of them as stored, where that is known of each.
    pub bytes: Option<u64>,
    /// What was passed over.
    pub skipped: Vec<ReportSkip>,
    /// Paths of the links that lead to something that is not read: out of their target, in a circle, nowhere.
    pub links_out: Vec<String>,
}

/// All units of the targets in a stable order, and what was passed over.
///
/// Targets come in the order named, the units and skips of a folder by the bytes of their paths. Hidden and ignored
/// files are read like all others. A target that is a symbolic link is followed; a link below a target is passed over,
/// and said so unless what it leads to lies below the target as well: hence no loop can arise. Pipes, sockets and devices
/// are never opened. A target named twice is read twice.
pub fn find(targets: &[Target], store: &Arc<Store>) -> (Vec<Unit>, Vec<ReportSkip>) {
    let held = hold(targets, &Filter::default(), store, false);
    (held.units.collect(), held.skipped)
}

/// As [`find`], without what `filter` leaves out below the targets, and with links as what they are stored as: the path they lead
/// to. A target itself is always read.
pub fn find_filtered(targets: &[Target], filter: &Filter, store: &Arc<Store>) -> Held {
    hold(targets, filter, store, true)
}

fn hold(targets: &[Target], filter: &Filter, store: &Arc<Store>, links: bool) -> Held {
    let pool = Pool::new();
    let mut stdin = None;
    let mut held =
        Held { units: Box::new(std::iter::empty()), bytes: Some(0), skipped: Vec::new(), links_out: Vec::new() };
    for target in targets {
        match target {
            Target::Stdin => {
                let place = stdin.get_or_insert_with(|| stdin::place(store)).clone();
                let unit = Unit::whole("-", None, Origin { place, store: store.clone(), pool: pool.clone() });
                held.add(unit.size, std::iter::once(unit));
            }
            // Not bytes but tables: see `live`.
            Target::Database(_) => {}
            Target::Path(path) => held.take(path, filter, store, &pool, links),
        }
    }
    held
}

impl Held {
    fn add(&mut self, bytes: Option<u64>, more: impl Iterator<Item = Unit> + 'static) {
        let units = std::mem::replace(&mut self.units, Box::new(std::iter::empty()));
        self.units = Box::new(units.chain(more));
        self.bytes = self.bytes.zip(bytes).map(|(a, b)| a + b);
    }

    /// Takes in what a file or folder holds. Units are made one by one: they take several times what their names do.
    fn take(&mut self, path: &Path, filter: &Filter, store: &Arc<Store>, pool: &Arc<Pool>, links: bool) {
        let shown: Arc<str> = path.to_string_lossy().into();
        let mut found = tree::find(path, filter);
        if !links {
            found.pass_over_links();
        }
        self.skipped.extend(found.skipped.into_iter().map(|skip| ReportSkip {
            target: shown.to_string(),
            what: skip.name.to_string_lossy().into_owned(),
            why: skip.why,
        }));
        let linked: Vec<Unit> = found
            .links
            .into_iter()
            .map(|link| {
                let unit = Unit {
                    target: shown.clone(),
                    name: link.name.to_string_lossy().into_owned(),
                    extension: None,
                    size: Some(link.text.len() as u64),
                    origin: Origin { place: Place::Text(link.text), store: store.clone(), pool: pool.clone() },
                    nest: None,
                    commit: None,
                    aside: true,
                };
                if link.leads_out {
                    self.links_out.push(unit.path());
                }
                unit
            })
            .collect();
        let bytes = found.files.bytes() + linked.iter().filter_map(Unit::size).sum::<u64>();
        let (files, store, pool) = (found.files, store.clone(), pool.clone());
        let files = (0..files.len()).filter_map(move |at| {
            let file = files.get(at)?;
            let path = file.path();
            Some(Unit {
                target: shown.clone(),
                name: file.name.to_string_lossy().into_owned(),
                extension: extension(&path),
                size: Some(file.size),
                origin: Origin { place: Place::Path(path), store: store.clone(), pool: pool.clone() },
                nest: None,
                commit: None,
                aside: false,
            })
        });
        self.add(Some(bytes), files.chain(linked));
    }
}

/// The blobs of the repositories that the targets lie in, each once, below each target. Other targets than files and folders
/// have none. What was passed over, and what is not there, is in the second list; objects that cannot be read are errors of
/// [`Unit::open`].
pub fn find_in_git(targets: &[Target], span: &Span, filter: &Filter, store: &Arc<Store>) -> (Units, Vec<ReportSkip>) {
    let pool = Pool::new();
    let (mut units, mut skips): (Units, _) = (Box::new(std::iter::empty()), Vec::new());
    for target in targets {
        let (more, skipped) = match target {
            Target::Path(path) => in_git(path, span, filter, store, &pool),
            Target::Stdin | Target::Database(_) => {
                let why = "it is in no git repository: name a folder of a clone".to_owned();
                let skip = ReportSkip { target: "-".into(), what: String::new(), why };
                (Box::new(std::iter::empty()) as Units, vec![skip])
            }
        };
        units = Box::new(units.chain(more));
        skips.extend(skipped);
    }
    (units, skips)
}

#[cfg(feature = "git")]
use git::find as in_git;

#[cfg(not(feature = "git"))]
fn in_git(path: &Path, _: &Span, _: &Filter, _: &Arc<Store>, _: &Arc<Pool>) -> (Units, Vec<ReportSkip>) {
    let why = "this program was built without git: name a folder of files".to_owned();
    let skip = ReportSkip { target: path.to_string_lossy().into_owned(), what: String::new(), why };
    (Box::new(std::iter::empty()), vec![skip])
}

impl Unit {
    /// A unit that reads `reader` once and keeps what came in `store`, as standard input does. `target` is how reports
    /// call it.
    pub fn from_reader(target: &str, reader: Box<dyn Read + Send>, store: &Arc<Store>) -> Self {
        let place = Place::Pipe(stdin::Pipe::new(reader, store));
        Self::whole(target, None, Origin { place, store: store.clone(), pool: Pool::new() })
    }

    fn whole(target: &str, extension: Option<String>, origin: Origin) -> Self {
        let size = origin.place.size();
        Self {
            target: target.into(),
            name: String::new(),
            extension,
            size,
            origin,
            nest: None,
            commit: None,
            aside: false,
        }
    }

    /// The target as the user named it; `-` is standard input.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// Path below the target, `/`-separated; empty where target and unit are the same. Bytes that are not UTF-8 are
    /// shown as U+FFFD.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path from where the target is named, `/`-separated, members behind their archives: `dist/app.jar!/config/db.xml`.
    pub fn path(&self) -> String {
        if let Some(nest) = &self.nest {
            return nest.path.clone();
        }
        let target = self.target().strip_prefix("./").unwrap_or(self.target());
        let name = self.commit.as_ref().and_then(|commit| self.name.strip_suffix(&commit.suffix()));
        match (target, name.unwrap_or(self.name())) {
            (target, "") => target.to_owned(),
            ("." | "", name) => name.to_owned(),
            (target, name) => format!("{}/{name}", target.trim_end_matches('/')),
        }
    }

    /// The commit that it is first in, where it comes from one. Its name then ends in `@` and the commit's hash.
    pub fn commit(&self) -> Option<&Arc<Commit>> {
        self.commit.as_ref()
    }

    /// Whether it is not a file: where a link leads, what a commit says of itself.
    pub fn is_aside(&self) -> bool {
        self.aside
    }

    /// File name extension, lower case, wrapper endings removed.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// Size as stored, where it is known beforehand.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// Opens it from the start; works any number of times (standard input is kept in the store for that).
    ///
    /// Fails when the place cannot be opened and when the text is of a kind that is not read (UTF-32, more than four
    /// wrappers). Damage that lies further on is an error of [`Input::next_block`], after the text before it.
    pub fn open(&self, limits: &Limits) -> Result<Input, ReadError> {
        self.origin.open(limits)
    }

    /// SHA-256 of the bytes as stored, lower-case hex, by one pass over them; for units read at places of a format's
    /// own choice, where [`Input::sha256`] sees only part.
    pub fn sha256(&self) -> Result<String, ReadError> {
        self.origin.sha256()
    }

    /// The kind of archive that the unit is, where `head`, its first bytes of text, begins one: `zip archive`.
    pub fn archive(&self, head: &[u8]) -> Option<&'static str> {
        archive::of(head).map(archive::Archive::name)
    }

    /// Gives every member of the archive that `input`, opened from this unit, holds to `take`, in the archive's order,
    /// until it breaks off. `head` is what [`Unit::archive`] was asked about.
    ///
    /// A member is kept in the store for as long as its unit lives, so take one after the other. Names are
    /// `archive!member`, the member's path as the archive has it. Damage ends the archive with [`Contents::error`], the
    /// members before it stand; so do limits: eight archives in each other, and for all of them together
    /// [`Limits::max_text`] and [`Limits::max_ratio`]. `Err` means that the store or `take` failed.
    pub fn members(
        &self,
        head: &[u8],
        input: Input,
        limits: &Limits,
        take: &mut dyn FnMut(Member) -> Result<ControlFlow<()>, ReadError>,
    ) -> Result<Contents, ReadError> {
        let mut contents = Contents { members: 0, own: 0, stored: 0, error: None };
        let Some(kind) = archive::of(head) else { return Ok(contents) };
        let depth = self.nest.as_ref().map_or(0, |nest| nest.depth) + 1;
        if depth > archive::DEPTH {
            contents.error = Some(ReadError(format!(
                "archives are nested more than {} deep: unpack it by hand and audit what is inside",
                archive::DEPTH
            )));
            return Ok(contents);
        }
        let budget = self.nest.as_ref().map_or_else(|| Budget::new(limits), |nest| nest.budget.clone());
        if self.nest.is_none() {
            budget.stored(self.size.unwrap_or_default().max(input.stored_bytes()));
        }
        // What ends reading for a reason that is not the archive's.
        let mut failed = None;
        let mut bomb = None;
        let meter = input.meter();
        let read = kind.members(input, &mut |name, data| {
            contents.members += 1;
            if self.nest.is_none() {
                budget.stored(meter.bytes());
            }
            let inner = String::from_utf8_lossy(name).into_owned();
            let name = if self.name.is_empty() { inner.clone() } else { format!("{}!{inner}", self.name) };
            let below = inner.trim_start_matches("./").trim_start_matches('/');
            let path = format!("{}!/{below}", self.path());
            let member = match data {
                Err(why) => Member::Skipped(ReportSkip { target: self.target.to_string(), what: name, why: why.0 }),
                Ok(data) => {
                    let kept = match archive::keep(data, &self.origin.store, &budget) {
                        Ok(Copied::Kept(kept)) => kept,
                        Ok(Copied::Bomb(kept, why)) => {
                            bomb = Some(why);
                            kept
                        }
                        Err(e) => {
                            failed = Some(e.clone());
                            return Err(e);
                        }
                    };
                    let place = Place::Kept(Arc::new(kept));
                    Member::Unit(Unit {
                        target: self.target.clone(),
                        name,
                        extension: extension(Path::new(&inner)),
                        size: place.size(),
                        origin: Origin { place, store: self.origin.store.clone(), pool: self.origin.pool.clone() },
                        nest: Some(Nest { depth, budget: budget.clone(), path }),
                        commit: self.commit.clone(),
                        aside: false,
                    })
                }
            };
            let flow = take(member).inspect_err(|e| failed = Some(e.clone()))?;
            Ok(if bomb.is_some() { ControlFlow::Break(()) } else { flow })
        });
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, read) => {
                match read {
                    Ok(own) => contents.own = own,
                    Err(error) => contents.error = Some(error),
                }
                contents.stored = meter.bytes();
                contents.error = bomb.or(contents.error);
                Ok(contents)
            }
        }
    }

    /// The plain file beside this one whose name is this one's with `suffix` appended (`-wal`), for reading at any
    /// place. `None` where there is none, and for units that are not files. An existing file that cannot be opened is
    /// an error: what it holds would be missed.
    pub fn sibling(&self, suffix: &str) -> Result<Option<Box<dyn ReadAt>>, ReadError> {
        match &self.origin.place {
            Place::Path(path) => file::sibling(path, suffix),
            Place::Open(_) | Place::Pipe(_) | Place::Kept(_) | Place::Text(_) => Ok(None),
            #[cfg(feature = "git")]
            Place::Blob(_) => Ok(None),
        }
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit").field("target", &self.target).field("name", &self.name).finish_non_exhaustive()
    }
}

/// The kinds of archive that are opened, for documentation.
pub fn archives() -> impl Iterator<Item = &'static str> {
    archive::names()
}

/// Endings that name a wrapper, not what is inside.
const WRAPPER_ENDINGS: [&str; 7] = ["gz", "gzip", "zst", "zstd", "xz", "bz2", "bzip2"];

fn extension(path: &Path) -> Option<String> {
    let mut rest = PathBuf::from(path.file_name()?);
    loop {
        let ending = rest.extension()?.to_string_lossy().to_lowercase();
        if !WRAPPER_ENDINGS.contains(&ending.as_str()) {
            return Some(ending);
        }
        rest.set_extension("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_shared_and_inputs_sent_between_threads() {
        fn shared<T: Send + Sync>() {}
        fn sent<T: Send>() {}
        shared::<Unit>();
        sent::<Input>();
    }

    #[test]
    fn an_extension_is_what_remains_without_wrappers() {
        let of = |name: &str| extension(Path::new(name));
        assert_eq!(of("a/dump.SQL.gz").as_deref(), Some("sql"));
        assert_eq!(of("dump.csv.zst.XZ").as_deref(), Some("csv"));
        assert_eq!(of("dump.gz"), None);
        assert_eq!(of("folder.d/dump"), None);
        assert_eq!(of(".env"), None);
        assert_eq!(of(".."), None);
    }
}
