//! Databases among the targets: connected before anything is read, read one after another.

use std::io;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::model::ReportSkip;
use crate::settings::AuditSettings;
use crate::sources::Target;
use crate::sources::live::{self, Database, LiveError, Pace, State, Url, Watch};

use super::Shared;
use super::unit::{self, UnitDone};

/// A database that answers.
pub(super) struct Connected {
    shown: String,
    database: Arc<dyn Database>,
}

fn urls(settings: &AuditSettings) -> impl Iterator<Item = &Url> {
    settings.targets.iter().filter_map(|target| match target {
        Target::Database(url) => Some(url),
        Target::Path(_) | Target::Stdin => None,
    })
}

fn open(url: &Url, settings: &AuditSettings) -> Result<Arc<dyn Database>, LiveError> {
    let kind = live::kind(&url.scheme).ok_or_else(|| LiveError::connection("no such kind of database"))?;
    kind.connect(url, &settings.live).map(Arc::from)
}

/// What a state belongs to: another one is no use for this audit. The targets, and what decides which columns of which
/// rows are read.
fn binding(settings: &AuditSettings, identities: bool) -> String {
    let targets: Vec<String> = urls(settings).map(ToString::to_string).collect();
    let live = &settings.live;
    let all = format!(
        "{} {targets:?} {:?} {} {:?} {identities} {} {}",
        env!("CARGO_PKG_VERSION"),
        live.scope,
        live.part,
        settings.identity,
        settings.guess_words,
        settings.keys.keys.len(),
    );
    hex::encode(Sha256::digest(all))
}

/// What was kept of an audit that was interrupted, where that is wanted.
pub(super) fn state(settings: &AuditSettings, identities: bool) -> Result<Option<Arc<State>>, Error> {
    let Some(file) = &settings.live.state else { return Ok(None) };
    let state = State::open(file, &binding(settings, identities));
    state.map(Some).map_err(|trouble| Error::usage(trouble.what, trouble.hint))
}

/// Connects to every database among the targets; those that do not answer are skipped, and say why.
pub(super) fn connect(
    settings: &AuditSettings,
    state: Option<&Arc<State>>,
    skipped: &mut Vec<ReportSkip>,
) -> Vec<Connected> {
    let mut connected = Vec::new();
    for url in urls(settings) {
        match open(url, settings) {
            Ok(database) => {
                let shown = url.to_string();
                let database = state.map_or(database.clone(), |state| state.resume(&shown, database));
                connected.push(Connected { shown, database });
            }
            Err(error) => skipped.push(ReportSkip {
                target: url.to_string(),
                what: String::new(),
                why: format!("not audited: {error}"),
            }),
        }
    }
    connected
}

/// Reads every database. Whatever happens, each is rolled back and closed.
pub(super) fn read(shared: &Shared<'_>, databases: Vec<Connected>) -> io::Result<Vec<UnitDone>> {
    if databases.is_empty() {
        return Ok(Vec::new());
    }
    let settings = &shared.settings.live;
    let all = databases.iter().map(|connected| connected.database.clone()).collect();
    let _watch = Watch::start(all, settings.interrupt.clone());
    let pace = Pace::new(&settings.manners, settings.interrupt.clone());
    let mut done = Vec::new();
    let mut all_read = databases.len() == urls(shared.settings).count();
    for Connected { shown, database } in databases {
        let read = unit::read_database(shared, &shown, database.as_ref(), &pace);
        database.close();
        let (mut read, whole) = read?;
        if settings.state.is_some() && !whole {
            read.notes.push("what was read to its end is kept: the same command goes on from there".into());
        }
        all_read &= whole;
        done.push(read);
    }
    if let Some(state) = settings.state.as_ref().filter(|_| all_read) {
        state.set_over();
    }
    Ok(done)
}

/// The statements that an audit of the databases among the targets would send, with the target before them: what lists
/// the tables is sent, what reads them is not.
pub fn dry_run(settings: &AuditSettings) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    for url in urls(settings) {
        lines.push(format!("-- {url}"));
        let database = open(url, settings).map_err(|e| Error::database(url.to_string(), e.why))?;
        let statements = unit::dry_run(database.as_ref());
        database.close();
        lines.extend(statements.map_err(|e| Error::database(url.to_string(), e.why))?);
    }
    Ok(lines)
}
