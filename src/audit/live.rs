//! Databases among the targets: connected before anything is read, read one after another.

use std::io;
use std::sync::Arc;

use crate::error::Error;
use crate::model::ReportSkip;
use crate::settings::AuditSettings;
use crate::sources::Target;
use crate::sources::live::{self, Database, LiveError, Pace, Url, Watch};

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

/// Connects to every database among the targets; those that do not answer are skipped, and say why.
pub(super) fn connect(settings: &AuditSettings, skipped: &mut Vec<ReportSkip>) -> Vec<Connected> {
    let mut connected = Vec::new();
    for url in urls(settings) {
        match open(url, settings) {
            Ok(database) => connected.push(Connected { shown: url.to_string(), database }),
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
    for Connected { shown, database } in databases {
        let read = unit::read_database(shared, &shown, database.as_ref(), &pace);
        database.close();
        done.push(read?);
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
