//! The pipeline: the only place that knows every family.
//!
//! 1. Every unit is read once (`unit`): blocks to batches to observations, in parallel. A plan made from a table's first
//!    rows (`plan`) says which columns are followed; a plan that the whole table disproves is made again (`plan::Pins`).
//! 2. With whole columns known, forms become schemes (`resolve`), equal values find each other (`joins`), slow hashes
//!    are tried within a budget (`slow`), breach sources are asked.
//! 3. Every row's packed facts (`facts`) meet what the joins know and become a verdict, in input order (`verdicts`); what
//!    was counted is told (`reporting`).
//!
//! Memory holds a few windows of blocks, the statistics of the tables being read and the store's budget; everything that
//! grows with the number of accounts is in the store.

mod asking;
mod facts;
mod joins;
mod live;
mod neighbours;
mod observe;
mod people;
mod plan;
mod prove;
mod reporting;
mod resolve;
mod shaped;
mod slow;
mod sorts;
mod suppose;
mod turning;
mod unit;
mod verdicts;
mod whom;

use std::collections::HashSet;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rayon::prelude::*;
use ring::rand::SecureRandom;

use crate::columns::{self, ColumnStats};
use crate::error::Error;
use crate::guess::{self, DigestIndex};
use crate::model::{Algorithm, Assignment, Formula, Report, ReportSkip, Table};
pub use crate::report::Progress;
use crate::report::TakeRow;
use crate::settings::AuditSettings;
use crate::sources::{self, Unit};
use crate::spool::Store;

use asking::Wanted;
use joins::{DigestRecord, Partitions, ValueRecord};
pub use live::dry_run;
use observe::Tools;
use unit::UnitDone;

pub use asking::settle;
pub use whom::Sources;

/// Constructions whose digests of common passwords are known beforehand.
const UNSALTED: [Formula; 8] = [
    Formula::Plain(Algorithm::Md5),
    Formula::Plain(Algorithm::Ntlm),
    Formula::TwiceHex(Algorithm::Md5),
    Formula::Plain(Algorithm::Sha1),
    Formula::TwiceRaw(Algorithm::Sha1),
    Formula::TwiceHex(Algorithm::Sha1),
    Formula::Plain(Algorithm::Sha256),
    Formula::Plain(Algorithm::Sha512),
];

/// Units up to this size are read side by side; larger ones one after another, each on all threads.
const SMALL_UNIT: u64 = 4 << 20;
/// Small units read side by side at a time.
const WAVE: usize = 256;

/// What the parallel parts of one audit share.
struct Shared<'a> {
    settings: &'a AuditSettings,
    progress: &'a dyn Progress,
    tools: Tools,
    values: Mutex<Partitions>,
    digests: Mutex<Partitions>,
    next_run: AtomicU32,
    whom: Sources,
    /// Which members of archives are read.
    members: Members<'a>,
}

/// Says of a member of an archive whether it is read.
pub(crate) type Members<'a> = &'a (dyn Fn(&Unit) -> bool + Sync);

impl Shared<'_> {
    /// What each column of a table is: as its values say, or as the user says.
    fn assign(&self, table: &Table, stats: &[ColumnStats]) -> Vec<Assignment> {
        let mut roles = columns::assign(table, stats);
        self.settings.identity.apply(table, &mut roles);
        roles
    }

    /// What each column would be if `column` held stored passwords.
    fn suppose(&self, table: &Table, stats: &[ColumnStats], column: usize) -> Vec<Assignment> {
        let mut roles = columns::suppose(table, stats, column);
        self.settings.identity.apply(table, &mut roles);
        roles
    }

    /// Blocks read at a time: four for each thread. Threads wait for each other at the end of a window: with two, they
    /// slept and woke twice as often, 3 % of the time.
    fn window(&self) -> usize {
        self.settings.threads.max(1) * 4
    }

    /// Gives a run its number and its records to the joins.
    fn accept(&self, values: &[ValueRecord], digests: &[DigestRecord]) -> io::Result<u32> {
        let run = self.next_run.fetch_add(1, Ordering::Relaxed);
        let mut partitions = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        for value in values {
            partitions.push(value.partition(), &value.encode(run))?;
        }
        drop(partitions);
        if !digests.is_empty() {
            let mut partitions = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
            for digest in digests {
                partitions.push(usize::from(digest.digest.bytes()[0]), &digest.encode(run))?;
            }
        }
        Ok(run)
    }
}

/// Audits the targets of `settings`; hands the reset list to `resets` line by line.
///
/// Fails only when the audit as a whole cannot go on: no place for temporary files, a full disk, a reset list that cannot
/// be written. Everything else that goes wrong is in the report.
pub fn run(settings: &AuditSettings, resets: Option<TakeRow<'_>>, progress: &dyn Progress) -> Result<Report, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.threads)
        .build()
        .map_err(|e| Error::system("starting threads", io::Error::other(e)))?;
    pool.install(|| {
        let store = Store::new(store_memory(settings), settings.spool_dir.clone());
        let (units, skipped) = sources::find(&settings.targets, &store);
        run_in_pool(settings, &units, &|_| true, skipped, &store, resets, progress)
    })
}

/// Audits units that were found otherwise, within the caller's threads, and of the archives among them those `members`;
/// `store` keeps what must be remembered.
pub(crate) fn run_on(
    settings: &AuditSettings,
    units: &[Unit],
    members: Members<'_>,
    store: &Arc<Store>,
    progress: &dyn Progress,
) -> Result<Report, Error> {
    run_in_pool(settings, units, members, Vec::new(), store, None, progress)
}

/// What of the memory budget is the store's: the rest is for blocks, batches, the common passwords' digests and the
/// program itself (measured: 70 MB and 12 MB a thread at blocks of 1 MiB).
pub(crate) fn store_memory(settings: &AuditSettings) -> usize {
    let fixed = (80 << 20) + settings.threads as u64 * (12 << 20);
    settings.memory.saturating_sub(fixed).max(8 << 20) as usize
}

fn run_in_pool(
    settings: &AuditSettings,
    units: &[Unit],
    members: Members<'_>,
    mut skipped: Vec<ReportSkip>,
    store: &Arc<Store>,
    resets: Option<TakeRow<'_>>,
    progress: &dyn Progress,
) -> Result<Report, Error> {
    let whom = Sources::open(&settings.breach)?;
    let mut key = [0; 16];
    ring::rand::SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| Error::system("drawing a key", io::Error::other("the system gives no randomness")))?;
    let (left, right) = key.split_at(8);
    let key_of = |half: &[u8]| u64::from_le_bytes(half.try_into().expect("eight bytes"));
    let shared = Shared {
        settings,
        progress,
        tools: Tools {
            common: guess::common(),
            index: LazyLock::new(|| DigestIndex::build(&UNSALTED)),
            key: (key_of(left), key_of(right)),
            identities: resets.is_some(),
            digests: Wanted::of(whom.kinds()),
            guess_words: settings.guess_words as usize,
            pepper: settings.pepper.clone(),
            store: store.clone(),
            keys: settings.keys.clone(),
        },
        values: Mutex::new(Partitions::new(store.clone())),
        digests: Mutex::new(Partitions::new(store.clone())),
        next_run: AtomicU32::new(0),
        whom,
        members,
    };
    let store_error = |error: io::Error| Error::store(&settings.spool_dir, error);
    let state = live::state(settings, shared.tools.identities)?;
    let databases = live::connect(settings, state.as_ref(), &mut skipped);
    let total = units.iter().map(Unit::size).sum::<Option<u64>>().filter(|_| databases.is_empty());
    progress.total(total);
    progress.phase("reading");
    let mut done = read_all(&shared, units).map_err(store_error)?;
    done.extend(live::read(&shared, databases).map_err(store_error)?);
    verdicts::conclude(&shared, &done, skipped, resets)
}

/// Reads every unit; small ones side by side. In the order of `units`.
fn read_all(shared: &Shared<'_>, units: &[Unit]) -> io::Result<Vec<UnitDone>> {
    let names: HashSet<(&str, &str)> = units.iter().map(|u| (u.target(), u.name())).collect();
    // The write-ahead log and shared memory of a database that is audited itself are read with it.
    let companions = |unit: &Unit| {
        ["-wal", "-shm"].iter().any(|ending| {
            let by_name = unit.name().strip_suffix(ending).map(|stem| (unit.target(), stem));
            let by_target = unit.target().strip_suffix(ending).map(|stem| (stem, unit.name()));
            let database = if unit.name().is_empty() { by_target } else { by_name };
            database.is_some_and(|main| names.contains(&main))
        })
    };
    let small = |unit: &Unit| unit.size().is_some_and(|size| size <= SMALL_UNIT);
    let mut done = Vec::with_capacity(units.len());
    let mut rest = units;
    while let Some(first) = rest.first() {
        let wave = rest.iter().take(WAVE).take_while(|unit| small(unit)).count();
        if wave > 1 {
            let read: Vec<io::Result<Vec<UnitDone>>> =
                rest[..wave].par_iter().map(|unit| unit::read(shared, unit, &companions)).collect();
            for unit in read {
                done.extend(unit?);
            }
            rest = &rest[wave..];
        } else {
            done.extend(unit::read(shared, first, &companions)?);
            rest = &rest[1..];
        }
    }
    Ok(done)
}
