//! A connected server: what it holds, and its rows part by part.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::super::batches::Batches;
use super::super::keyed::{self, Keyed, Pieces};
use super::super::manners::Interrupt;
use super::super::{Catalogue, Database, LiveError, LiveTable, Options, Part, Reach, Request, Scope, Take, Url};
use super::catalogue::{self, Server};
use super::session::{CANCEL, Session};
use super::{cells, config};

/// Bytes of a long value that the server sends: as much as is read of a cell, in two bytes a character.
const LONGEST: u32 = 128 << 10;

/// Connects, and opens a snapshot for each connection where there may be one.
pub(super) fn connect(url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
    let mut way = config::way(url, options)?;
    let mut first = Session::open(&mut way, options)?;
    let server = Server::ask(&mut first)?;
    let opening = opening(options, server.has_snapshots);
    first.begin(&opening)?;
    let mut sessions = vec![first];
    for _ in 1..options.manners.max_connections.max(1) {
        // Fewer connections than allowed are slower, and nothing worse.
        let Ok(mut session) = Session::open(&mut way, options) else { break };
        if session.begin(&opening).is_err() {
            break;
        }
        sessions.push(session);
    }
    Ok(Box::new(Live {
        stops: sessions.iter().map(|session| session.stop.clone()).collect(),
        sessions: sessions.into_iter().map(Mutex::new).collect(),
        server,
        home: url.database.is_some(),
        scope: options.scope.clone(),
        interrupt: options.interrupt.clone(),
        part: options.part,
        opening,
        infos: Mutex::new(Vec::new()),
    }))
}

/// Opens the snapshot, and opens it again if the server ended the transaction.
const BEGIN: &str = "IF @@TRANCOUNT = 0 BEGIN TRANSACTION";
/// Leaves nothing behind.
const END: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";
/// Statements that other sessions run just now.
const LOAD: &str = "SELECT COUNT(*) FROM sys.dm_exec_requests r JOIN sys.dm_exec_sessions s \
     ON s.session_id = r.session_id WHERE s.is_user_process = 1 AND r.session_id <> @@SPID";

/// What every session begins with.
fn opening(options: &Options, has_snapshots: bool) -> Vec<String> {
    let mut lines = vec![
        format!("SET LOCK_TIMEOUT {}", options.manners.lock_timeout.as_millis().min(i32::MAX as u128)),
        // If somebody has to give way, it is the guest.
        "SET DEADLOCK_PRIORITY LOW".to_owned(),
        format!("SET TEXTSIZE {LONGEST}"),
    ];
    if has_snapshots {
        lines.extend(["SET TRANSACTION ISOLATION LEVEL SNAPSHOT".to_owned(), BEGIN.into()]);
    } else {
        lines.push("SET TRANSACTION ISOLATION LEVEL READ COMMITTED".into());
    }
    lines
}

/// An identifier in brackets: the only way in which names get into statements.
pub(super) fn quoted(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// A connected server.
struct Live {
    sessions: Vec<Mutex<Session>>,
    stops: Vec<Arc<Notify>>,
    server: Server,
    home: bool,
    scope: Scope,
    interrupt: Interrupt,
    part: u64,
    opening: Vec<String>,
    infos: Mutex<Vec<Keyed>>,
}

impl Live {
    fn session(&self, connection: usize) -> MutexGuard<'_, Session> {
        self.sessions[connection].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn infos(&self) -> MutexGuard<'_, Vec<Keyed>> {
        self.infos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statement of a request; whether the key stands before the columns.
    fn select(&self, request: &Request<'_>) -> (String, bool) {
        let infos = self.infos();
        let info = &infos[request.table.number];
        let Pieces { list, range, is_keyed } = info.pieces(request);
        let top = request.limit.map_or(String::new(), |limit| format!("TOP ({limit}) "));
        let mut sql = format!("SELECT {top}{list} FROM {}{range}", info.from);
        // One processor of the server for each connection.
        sql.push_str(" OPTION (MAXDOP 1)");
        (sql, is_keyed)
    }

    /// How the rows are seen: what no report should leave out.
    fn view(&self) -> Option<String> {
        match (self.server.has_snapshots, self.sessions.len()) {
            (false, _) => Some(
                "this database allows no snapshots (ALLOW_SNAPSHOT_ISOLATION): rows were read as they were when their \
                 turn came"
                    .into(),
            ),
            (true, 1) => None,
            (true, connections) => Some(format!(
                "{connections} connections, each with a snapshot of its own, opened one after another: for one snapshot \
                 use --max-connections 1"
            )),
        }
    }
}

impl Database for Live {
    fn product(&self) -> String {
        format!("SQL Server {}", self.server.version)
    }

    fn connections(&self) -> usize {
        self.sessions.len()
    }

    fn catalogue(&self) -> Result<Catalogue, LiveError> {
        let mut session = self.session(0);
        let (mut catalogue, infos) = catalogue::list(&mut session, &self.server, &self.scope, self.home)?;
        catalogue.notes.extend(self.view());
        *self.infos() = infos;
        Ok(catalogue)
    }

    fn parts(&self, table: &LiveTable) -> Result<Vec<Part>, LiveError> {
        let infos = self.infos();
        let info = &infos[table.number];
        let Some(query) = info.ends(self.part) else { return Ok(vec![Part::ALL]) };
        let ends = self.session(0).rows(&query)?;
        Ok(info.parts(&ends, self.part))
    }

    fn read(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> Result<(), LiveError> {
        let (sql, keyed) = self.select(request);
        let count = request.columns.map_or(request.table.table.columns.len(), <[usize]>::len);
        let mut batches = Batches::new(&request.table.table, request.columns);
        let mut session = self.session(connection);
        let mut number = 0;
        let mut over = false;
        let read = session.each(&sql, &mut |row| {
            number += 1;
            let mut place = number;
            for (index, (_, value)) in row.cells().enumerate().take(count + usize::from(keyed)) {
                match index.checked_sub(usize::from(keyed)) {
                    None => place = cells::text(value).as_deref().and_then(keyed::place).unwrap_or(number),
                    Some(column) => cells::put(&mut batches, column, value)?,
                }
            }
            if let Some(batch) = batches.end_row(place) {
                let flow = take(batch);
                over = flow.is_break();
                return Ok(flow);
            }
            Ok(ControlFlow::Continue(()))
        });
        if !over && let Some(batch) = batches.take() {
            let _ = take(batch);
        }
        if read.as_ref().is_err_and(|error| error.reach == Reach::Table) && self.server.has_snapshots {
            // Some errors end the transaction; what is read after them is to be read in one as well.
            session.execute(BEGIN).map_err(|error| LiveError { reach: Reach::Connection, ..error })?;
        }
        read
    }

    fn statements(&self, table: Option<&LiveTable>) -> Vec<String> {
        let Some(table) = table else {
            let mut lines = vec![catalogue::SERVER.to_owned()];
            lines.extend(self.opening.iter().cloned());
            let whole = catalogue::is_whole(&self.scope);
            lines.extend(self.server.queries(self.home, whole).into_iter().map(ToOwned::to_owned));
            lines.push(END.into());
            return lines.into_iter().map(|line| format!("{line};")).collect();
        };
        let ends = self.infos()[table.number].ends(self.part);
        let mut lines: Vec<String> = ends.map(|line| format!("{line};")).into_iter().collect();
        for part in &self.parts(table).unwrap_or_default() {
            let columns = if part.wide { "" } else { " -- with the columns that matter, no more" };
            let request = Request { table, part, columns: None, limit: self.scope.sample };
            lines.push(format!("{};{columns}", self.select(&request).0));
        }
        lines
    }

    fn load(&self, connection: usize) -> Result<u64, LiveError> {
        let rows = self.session(connection).rows(LOAD)?;
        let running: u64 = rows.first().and_then(|row| row.first()?.as_deref()?.parse().ok()).unwrap_or(0);
        Ok(running.saturating_sub(self.sessions.len() as u64 - 1))
    }

    fn interrupt(&self) {
        self.interrupt.set();
        self.stops.iter().for_each(|stop| stop.notify_one());
    }

    fn close(&self) {
        for connection in 0..self.sessions.len() {
            let mut session = self.session(connection);
            // Whoever wanted it to end still wants this.
            session.timeout = Some(CANCEL);
            session.stop = Arc::new(Notify::new());
            let _ = session.execute(END);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_brackets() {
        assert_eq!(quoted("a]; drop table x; --"), "[a]]; drop table x; --]");
        assert_eq!(quoted("'\"\n[x]"), "['\"\n[x]]]");
    }
}
