//! All ranges of a kind into one file, a pass at a time: what was begun goes on where it stopped, what is there is only
//! asked about whether it changed, what is broken is told and tried again.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::hibp::{Came, Hibp, HibpOptions};
use super::packed::PREFIXES;
use super::store::{self, Pass, RangeStore};
use super::{SourceError, Spending};
use crate::model::{DigestKind, Unasked};

/// Rounds in one run: the second one comes when all others are done, for a range that was broken a moment ago.
const ROUNDS: usize = 2;
/// Broken ranges that are told one by one.
const TOLD: usize = 20;

/// What to download.
pub struct DownloadOptions {
    /// Of which kind.
    pub kind: DigestKind,
    /// Ranges below this prefix; [`PREFIXES`] for all.
    pub prefixes: u32,
    /// How to ask. Padding is left out: a download asks for everything, so the size of an answer tells nothing.
    pub hibp: HibpOptions,
    /// Rest before broken ranges are asked for again.
    pub rest: Duration,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downloaded {
    /// The pass, finished or not.
    pub pass: Pass,
    /// Whether this run went on with a pass that had been begun before.
    pub resumed: bool,
    /// Ranges that were due in this run.
    pub due: u32,
    /// Of these, by what came of them.
    pub new: u32,
    /// Differed from what was kept.
    pub changed: u32,
    /// Did not.
    pub same: u32,
    /// Ranges that could not be had, by reason.
    pub broken: BTreeMap<Unasked, u32>,
    /// The first of them.
    pub told: Vec<(u32, Unasked)>,
    /// Ranges whose present version came in this pass.
    pub changed_in_pass: u32,
    /// Ranges that are there.
    pub there: u32,
    /// Bytes that came over the wire.
    pub bytes: u64,
}

/// Why a download ended before its end.
#[derive(Debug)]
pub enum DownloadError {
    /// It could not be begun.
    Source(SourceError),
    /// The file could not be read or written.
    Store(io::Error),
}

impl From<io::Error> for DownloadError {
    fn from(error: io::Error) -> Self {
        Self::Store(error)
    }
}

/// Brings all ranges in `store` up to date. `progress` is told how many more were due, and how many more are done.
pub fn download(
    store: &Arc<RangeStore>,
    options: &DownloadOptions,
    progress: &dyn Fn(u32, u32),
) -> Result<Downloaded, DownloadError> {
    let kind = options.kind;
    let prefixes = options.prefixes.min(PREFIXES);
    let today = store::today();
    let (pass, resumed) = match store.pass(kind)? {
        None => (Pass { started: today, finished: None, previous: None }, false),
        Some(begun @ Pass { finished: None, .. }) => (begun, true),
        Some(done) if done.started >= today => (done, false),
        Some(done) => (Pass { started: today, finished: None, previous: Some(done.started) }, false),
    };
    store.set_pass(kind, pass)?;
    let mut due = Vec::new();
    for prefix in 0..prefixes {
        if store.checked(kind, prefix)?.is_none_or(|checked| checked < pass.started) {
            due.push(prefix);
        }
    }
    let mut downloaded = Downloaded {
        pass,
        resumed,
        due: due.len() as u32,
        new: 0,
        changed: 0,
        same: 0,
        broken: BTreeMap::new(),
        told: Vec::new(),
        changed_in_pass: 0,
        there: 0,
        bytes: 0,
    };
    progress(downloaded.due, 0);
    let spending = Arc::new(Spending::default());
    let mut failed: Vec<(u32, Unasked)> = Vec::new();
    for round in 0..ROUNDS {
        if due.is_empty() {
            break;
        }
        if round > 0 {
            std::thread::sleep(options.rest);
        }
        let source = Hibp::new(HibpOptions {
            store: Some(store.clone()),
            spending: spending.clone(),
            // A broken answer may sit in a cache with or without padding only.
            padding: round % 2 == 1,
            ..options.hibp.clone()
        })
        .map_err(DownloadError::Source)?;
        failed.clear();
        source.refresh(kind, &due, &mut |prefix, came| {
            match came {
                Ok(Came::New) => downloaded.new += 1,
                Ok(Came::Changed) => downloaded.changed += 1,
                Ok(Came::Same) => downloaded.same += 1,
                Err(why) => failed.push((prefix, why)),
            }
            progress(0, u32::from(came.is_ok()));
        })?;
        due = failed.iter().map(|(prefix, _)| *prefix).collect();
        due.sort_unstable();
    }
    failed.sort_unstable();
    for (_, why) in &failed {
        *downloaded.broken.entry(*why).or_default() += 1;
    }
    failed.truncate(TOLD);
    downloaded.told = failed;
    downloaded.bytes = spending.spent().1;
    for prefix in 0..prefixes {
        if let Some(changed) = store.changed(kind, prefix)? {
            downloaded.there += 1;
            downloaded.changed_in_pass += u32::from(changed >= pass.started);
        }
    }
    store.sync()?;
    if downloaded.broken.is_empty() && downloaded.pass.finished.is_none() {
        downloaded.pass.finished = Some(today);
        store.set_pass(kind, downloaded.pass)?;
    }
    Ok(downloaded)
}
