//! A connected server: what it holds, and its documents part by part.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawBsonRef, RawDocument, Timestamp, doc};
use mongodb::error::Error;
use mongodb::{Client, Cursor};
use tempfile::NamedTempFile;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::super::batches::Batches;
use super::super::manners::Interrupt;
use super::super::{Catalogue, Database, LiveError, LiveTable, Options, Part, Reach, Request, Scope, Take, Url};
use super::documents::{Columns, PASSED_OVER, Rows};
use super::errors::{SLOW, TOO_OLD, no_way, trouble};
use super::{command, config, users};
use crate::model::{Column, Places, RowAt, Table};

/// Bytes of a document, about: parts are cut by their number.
const DOCUMENT: u64 = 512;
/// Most parts of one collection: ids may be sparse.
const MAX_PARTS: i128 = 4096;
/// The first version of the protocol whose servers read as of a moment outside transactions (`MongoDB` 5.0).
const SNAPSHOTS_SINCE: i32 = 13;
/// How much longer than a command may take its answer is waited for.
const GRACE: Duration = Duration::from_secs(5);
/// Databases of the server itself.
const OWN: [&str; 2] = ["config", "local"];

/// Connects, and asks the server what it is.
pub(super) fn connect(url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
    // The driver works on threads of its own between the commands.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| LiveError::connection(format!("no thread to connect with: {e}")))?;
    let (client, roots) = runtime.block_on(async {
        let config::Way { options: way, roots } = config::way(url, options).await?;
        Ok::<_, LiveError>((Client::with_options(way).map_err(|error| no_way(&error))?, roots))
    })?;
    let mut live = Live {
        runtime,
        client,
        _roots: roots,
        version: String::new(),
        snapshot: None,
        is_late: AtomicBool::new(false),
        sees_all: false,
        home: url.database.clone(),
        scope: options.scope.clone(),
        stops: (0..options.manners.max_connections.max(1)).map(|_| Arc::default()).collect(),
        interrupt: options.interrupt.clone(),
        timeout: options.manners.statement_timeout,
        watches_load: options.manners.max_load.is_some(),
        part: options.part,
        state: Mutex::default(),
    };
    live.greet()?;
    Ok(Box::new(live))
}

/// What the keys of a collection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ids {
    /// Object ids; the first and the last as numbers.
    Objects(i128, i128),
    /// Whole numbers; the first and the last.
    Numbers(i128, i128),
    /// Something else, or several kinds.
    Others,
    /// There is no document.
    None,
}

/// What is known of a collection beside what is handed on.
struct Info {
    database: String,
    collection: String,
    /// Whether there is an order of `_id` that costs nothing.
    is_indexed: bool,
    ids: Ids,
    count: u64,
    /// `None` for the server's own accounts.
    columns: Option<Arc<Columns>>,
}

#[derive(Default)]
struct State {
    databases: Vec<String>,
    infos: Vec<Arc<Info>>,
    remarks: Vec<(String, String)>,
}

/// A connected server.
struct Live {
    runtime: Runtime,
    client: Client,
    _roots: Option<NamedTempFile>,
    version: String,
    /// The moment that is read.
    snapshot: Option<Timestamp>,
    /// Whether the server no longer keeps that moment.
    is_late: AtomicBool,
    sees_all: bool,
    home: Option<String>,
    scope: Scope,
    /// Wakes whoever waits for the server over one of the connections.
    stops: Vec<Arc<Notify>>,
    interrupt: Interrupt,
    timeout: Option<Duration>,
    watches_load: bool,
    part: u64,
    state: Mutex<State>,
}

fn hello() -> Document {
    doc! {"hello": 1}
}

fn build_info() -> Document {
    doc! {"buildInfo": 1}
}

fn connection_status() -> Document {
    doc! {"connectionStatus": 1, "showPrivileges": true}
}

fn list_databases() -> Document {
    doc! {"listDatabases": 1, "nameOnly": true, "authorizedDatabases": true}
}

fn list_collections() -> Document {
    doc! {"listCollections": 1, "nameOnly": true, "authorizedCollections": true}
}

fn server_status() -> Document {
    doc! {"serverStatus": 1}
}

/// The place of a document by its key.
fn place(id: Option<RawBsonRef<'_>>, ids: Ids, number: u64) -> RowAt {
    match (ids, id) {
        (Ids::Objects(..), Some(RawBsonRef::ObjectId(id))) => {
            let (high, low) = of_object(id);
            RowAt { offset: low, line: u64::from(high) }
        }
        (Ids::Numbers(..), Some(RawBsonRef::Int32(n))) => RowAt { offset: i64::from(n).cast_unsigned(), line: 0 },
        (Ids::Numbers(..), Some(RawBsonRef::Int64(n))) => RowAt { offset: n.cast_unsigned(), line: 0 },
        (Ids::Numbers(..), Some(RawBsonRef::Double(n))) => RowAt { offset: (n as i64).cast_unsigned(), line: 0 },
        _ => RowAt { offset: number, line: 0 },
    }
}

/// The first four bytes of an object id and the eight others.
fn of_object(id: ObjectId) -> (u32, u64) {
    let [a, b, c, d, rest @ ..] = id.bytes();
    (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes(rest))
}

fn number_of(id: &Bson) -> Option<(bool, i128)> {
    match id {
        Bson::ObjectId(id) => {
            let (high, low) = of_object(*id);
            Some((true, (i128::from(high) << 64) | i128::from(low)))
        }
        Bson::Int32(n) => Some((false, i128::from(*n))),
        Bson::Int64(n) => Some((false, i128::from(*n))),
        _ => None,
    }
}

impl Ids {
    /// A key as commands name it.
    fn key(self, number: i128) -> Bson {
        match self {
            Self::Objects(..) => {
                let bytes = number.to_be_bytes();
                let last = bytes.last_chunk::<12>().expect("16 bytes end in 12");
                Bson::ObjectId(ObjectId::from_bytes(*last))
            }
            _ => Bson::Int64(number as i64),
        }
    }
}

impl Live {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn info(&self, table: &LiveTable) -> Arc<Info> {
        self.state().infos[table.number].clone()
    }

    /// Waits for the server, but not once the audit is to end, nor much longer than a command may take.
    async fn wait<T>(&self, connection: usize, future: impl Future<Output = Result<T, Error>>) -> Result<T, LiveError> {
        let limit = async {
            match self.timeout {
                Some(timeout) => tokio::time::sleep(timeout + GRACE).await,
                None => std::future::pending().await,
            }
        };
        if self.interrupt.is_set() {
            return Err(LiveError::interrupted());
        }
        tokio::select! {
            biased;
            () = self.stops[connection].notified() => Err(LiveError::interrupted()),
            result = future => result.map_err(|error| trouble(&error, Some(&self.interrupt))),
            () = limit => Err(LiveError::table(SLOW)),
        }
    }

    fn run(&self, database: &str, command: Document) -> Result<Document, LiveError> {
        let database = self.client.database(database);
        let run = database.run_command(command).selection_criteria(config::secondary());
        self.runtime.block_on(self.wait(0, async { run.await }))
    }

    /// Asks the server what it is, what it can, and what this user may.
    fn greet(&mut self) -> Result<(), LiveError> {
        let hello = self.run("admin", hello())?;
        let build = self.run("admin", build_info())?;
        self.version.push_str(build.get_str("version").unwrap_or("of an unknown version"));
        let has_moments = hello.get_i32("maxWireVersion").unwrap_or(0) >= SNAPSHOTS_SINCE
            && (hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid"));
        self.snapshot = hello.get_timestamp("operationTime").ok().filter(|_| has_moments);
        let status = self.run("admin", connection_status())?;
        self.sees_all = sees_all(&status, self.home.as_deref());
        Ok(())
    }

    /// How reading is to see the data.
    fn concern(&self) -> Document {
        match self.snapshot {
            Some(moment) if !self.is_late.load(Ordering::Relaxed) => {
                doc! {"level": "snapshot", "atClusterTime": moment}
            }
            _ => doc! {"level": "majority"},
        }
    }

    /// Limits of every command that reads.
    fn bounded(&self, mut command: Document) -> Document {
        if let Some(timeout) = self.timeout {
            command.insert("maxTimeMS", i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX));
        }
        command.insert("readConcern", self.concern());
        command
    }

    /// What asks for the first or the last key of a collection.
    fn end(&self, collection: &str, order: i32) -> Document {
        self.bounded(doc! {
            "find": collection, "sort": {"_id": order}, "projection": {"_id": 1}, "limit": 1i64, "singleBatch": true,
        })
    }

    /// The command of a request.
    fn find(&self, info: &Info, part: &Part, limit: Option<u64>) -> Document {
        let mut command = doc! {"find": &info.collection};
        if info.columns.is_none() {
            command.insert("projection", doc! {"user": 1, "db": 1, "credentials": 1, "roles": 1});
        }
        let mut range = Document::new();
        if let Some(from) = part.from {
            range.insert("$gte", info.ids.key(from));
        }
        if let Some(to) = part.to {
            range.insert("$lt", info.ids.key(to));
        }
        if !range.is_empty() {
            command.insert("filter", doc! {"_id": range});
        }
        if info.is_indexed {
            command.insert("sort", doc! {"_id": 1});
        }
        if let Some(limit) = limit {
            command.insert("limit", i64::try_from(limit).unwrap_or(i64::MAX));
        }
        self.bounded(command)
    }

    fn ids(&self, database: &str, collection: &str) -> Result<Ids, LiveError> {
        let end = |order| -> Result<Option<Bson>, LiveError> {
            let found = self.run(database, self.end(collection, order))?;
            let batch = found.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
            let first = batch.ok().and_then(|batch| batch.first()).and_then(Bson::as_document);
            Ok(first.and_then(|first| first.get("_id")).cloned())
        };
        let (Some(first), Some(last)) = (end(1)?, end(-1)?) else { return Ok(Ids::None) };
        // Values of other kinds would stand before the first or after the last.
        Ok(match (number_of(&first), number_of(&last)) {
            (Some((true, first)), Some((true, last))) => Ids::Objects(first, last),
            (Some((false, first)), Some((false, last))) => Ids::Numbers(first, last),
            _ => Ids::Others,
        })
    }

    /// Goes through the documents that `command` finds. If `each` breaks, the cursor is given up.
    fn each(
        &self,
        connection: usize,
        database: &str,
        command: Document,
        each: &mut dyn FnMut(&RawDocument) -> ControlFlow<()>,
    ) -> Result<(), LiveError> {
        let database = self.client.database(database);
        self.runtime.block_on(async {
            let run = database.run_cursor_command(command).selection_criteria(config::secondary());
            let mut cursor: Cursor<Document> = self.wait(connection, async { run.await }).await?;
            while self.wait(connection, cursor.advance()).await? {
                if each(cursor.current()).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    fn remark(&self, place: String, why: &str) {
        let mut state = self.state();
        if !state.remarks.iter().any(|known| known.0 == place && known.1 == why) {
            state.remarks.push((place, why.to_owned()));
        }
    }

    /// Lists the collections of one database.
    fn list(&self, database: &str, catalogue: &mut Catalogue, views: &mut u64) -> Result<(), LiveError> {
        let mut found: Vec<(String, String)> = Vec::new();
        self.each(0, database, list_collections(), &mut |collection| {
            let text = |name: &str| collection.get_str(name).unwrap_or_default().to_owned();
            found.push((text("name"), text("type")));
            ControlFlow::Continue(())
        })?;
        found.sort();
        for (collection, kind) in found {
            let is_own = collection.starts_with("system.");
            if is_own || !self.scope.has_table(database, &collection) {
                continue;
            }
            if kind == "view" && self.sees_all && !self.scope.names(database, &collection) {
                *views += 1;
                continue;
            }
            let home = self.home.as_deref() == Some(database);
            let shown = if home { collection.clone() } else { format!("{database}.{collection}") };
            let is_indexed = kind != "view" && kind != "timeseries";
            let count = match self.count(database, &collection, is_indexed) {
                Ok(count) => count,
                Err(error) if error.reach == Reach::Table => {
                    catalogue.skipped.push((format!("table {shown}"), format!("not audited: {error}")));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let ids = if is_indexed { self.ids(database, &collection)? } else { Ids::Others };
            let columns = Columns::new(database, &collection, &shown, &self.scope);
            self.add(
                catalogue,
                columns.table(),
                Info {
                    database: database.to_owned(),
                    collection,
                    is_indexed,
                    ids,
                    count,
                    columns: Some(Arc::new(columns)),
                },
            );
        }
        Ok(())
    }

    /// How many documents the server thinks there are.
    fn count(&self, database: &str, collection: &str, is_cheap: bool) -> Result<u64, LiveError> {
        if !is_cheap {
            return Ok(0);
        }
        let found = self.run(database, doc! {"count": collection})?;
        Ok(match found.get("n") {
            Some(Bson::Int32(n)) => u64::try_from(*n).unwrap_or(0),
            Some(Bson::Int64(n)) => u64::try_from(*n).unwrap_or(0),
            _ => 0,
        })
    }

    fn add(&self, catalogue: &mut Catalogue, table: Arc<Table>, info: Info) {
        let mut state = self.state();
        catalogue.tables.push(LiveTable {
            table,
            places: match info.ids {
                Ids::Objects(..) => Places::ObjectId("_id".into()),
                Ids::Numbers(..) => Places::Key("_id".into()),
                Ids::Others | Ids::None => Places::Rows,
            },
            rows: Some(info.count).filter(|count| *count > 0),
            number: state.infos.len(),
        });
        state.infos.push(Arc::new(info));
    }

    /// The server's own accounts, where this user may see them.
    fn users(&self, catalogue: &mut Catalogue) {
        if self.run("admin", self.end("system.users", 1)).is_err() {
            catalogue.notes.push("the server's own accounts: this user may not see their passwords".into());
            return;
        }
        let table = Table {
            name: users::NAME.into(),
            columns: users::COLUMNS.map(Column::named).to_vec(),
            named_columns: true,
        };
        let info = Info {
            database: "admin".into(),
            collection: "system.users".into(),
            is_indexed: true,
            ids: Ids::Others,
            count: 0,
            columns: None,
        };
        self.add(catalogue, Arc::new(table), info);
    }

    fn is_whole(&self) -> bool {
        Scope { sample: None, ..self.scope.clone() }.is_everything()
    }

    /// One attempt to read a part; how many documents came.
    fn attempt(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> (u64, Result<(), LiveError>) {
        let info = self.info(request.table);
        let command = self.find(&info, request.part, request.limit);
        let (mut number, mut over) = (0, false);
        let Some(columns) = &info.columns else {
            let mut batches = Batches::new(&request.table.table, None);
            let read = self.each(connection, &info.database, command, &mut |user| {
                let flow = users::add(&mut batches, user, &mut number, take);
                over = flow.is_break();
                flow
            });
            if !over && let Some(batch) = batches.take() {
                let _ = take(batch);
            }
            return (number, read);
        };
        let mut rows = Rows::new(columns);
        let read = self.each(connection, &info.database, command, &mut |document| {
            number += 1;
            let id = document.get("_id").ok().flatten();
            let flow = rows.add(document, place(id, info.ids, number), take);
            over = flow.is_break();
            flow
        });
        if !over {
            rows.finish(take);
        }
        if rows.passed_over {
            self.remark(format!("table {}", request.table.table.name), PASSED_OVER);
        }
        (number, read)
    }
}

/// Whether the privileges show that no collection is hidden: `find` on everything, or on the one database that is read.
fn sees_all(status: &Document, home: Option<&str>) -> bool {
    let Ok(info) = status.get_document("authInfo") else { return false };
    if info.get_array("authenticatedUsers").is_ok_and(Vec::is_empty) {
        // The server asks nobody who they are.
        return true;
    }
    let Ok(privileges) = info.get_array("authUserPrivileges") else { return false };
    privileges.iter().filter_map(Bson::as_document).any(|privilege| {
        let can = |of: &[Bson]| of.iter().any(|action| matches!(action.as_str(), Some("find" | "anyAction")));
        let wide = privilege.get_document("resource").is_ok_and(|resource| {
            let database = resource.get_str("db").ok();
            resource.get_bool("anyResource").unwrap_or(false)
                || (resource.get_str("collection").is_ok_and(str::is_empty)
                    && (database == Some("") || (home.is_some() && database == home)))
        });
        wide && privilege.get_array("actions").is_ok_and(|actions| can(actions))
    })
}

impl Database for Live {
    fn product(&self) -> String {
        format!("MongoDB {}", self.version)
    }

    fn connections(&self) -> usize {
        self.stops.len()
    }

    fn catalogue(&self) -> Result<Catalogue, LiveError> {
        let mut catalogue = Catalogue::default();
        *self.state() = State::default();
        let databases = if let Some(home) = &self.home {
            vec![home.clone()]
        } else {
            let found = self.run("admin", list_databases())?;
            let listed = found.get_array("databases").map(Vec::as_slice).unwrap_or_default();
            let names = listed.iter().filter_map(|database| database.as_document()?.get_str("name").ok());
            let mut names: Vec<String> = names.filter(|name| !OWN.contains(name)).map(ToOwned::to_owned).collect();
            names.sort();
            names
        };
        self.state().databases.clone_from(&databases);
        if !self.sees_all {
            catalogue.skipped.push((
                String::new(),
                "this user has rights on single collections or databases: what the server does not show to it was not \
                 audited. Grant the role read on the database, or readAnyDatabase"
                    .into(),
            ));
        }
        let mut views = 0;
        for database in &databases {
            match self.list(database, &mut catalogue, &mut views) {
                Err(error) if error.reach == Reach::Table => {
                    let why = format!("its collections cannot be listed: {error}");
                    catalogue.skipped.push((format!("database {database}"), why));
                }
                listed => listed?,
            }
        }
        match views {
            0 => {}
            1 => catalogue.notes.push("1 view not read: it shows documents of collections".into()),
            n => catalogue.notes.push(format!("{n} views not read: they show documents of collections")),
        }
        if self.snapshot.is_none() {
            catalogue.notes.push(
                "this server keeps no snapshots (replica sets since version 5 do): documents were read as they were \
                 when their turn came"
                    .into(),
            );
        }
        if self.is_whole() {
            self.users(&mut catalogue);
        }
        Ok(catalogue)
    }

    fn parts(&self, table: &LiveTable) -> Result<Vec<Part>, LiveError> {
        let info = self.info(table);
        let (Ids::Objects(from, last) | Ids::Numbers(from, last)) = info.ids else { return Ok(vec![Part::ALL]) };
        let of_part = (self.part / DOCUMENT).max(1);
        let parts = i128::from(info.count / of_part).clamp(1, MAX_PARTS);
        let step = ((last - from + 1) / parts).max(1);
        let mut cuts: Vec<Option<i128>> =
            (1..parts).map(|n| from + n * step).filter(|n| *n <= last).map(Some).collect();
        cuts.insert(0, None);
        cuts.push(None);
        Ok(cuts.windows(2).map(|ends| Part { from: ends[0], to: ends[1], wide: true }).collect())
    }

    fn read(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> Result<(), LiveError> {
        let is_current = !self.is_late.load(Ordering::Relaxed);
        let (mut count, mut read) = self.attempt(connection, request, take);
        let too_old = read.as_ref().is_err_and(|error| error.why == TOO_OLD);
        if too_old && self.snapshot.is_some() {
            if !self.is_late.swap(true, Ordering::Relaxed) {
                self.remark(
                    String::new(),
                    "the server no longer kept the data of the moment at which the audit began: what was not yet read \
                     by then was read as it was when its turn came. Let the server keep it for longer \
                     (minSnapshotHistoryWindowInSeconds)",
                );
            }
            if count == 0 && is_current {
                (count, read) = self.attempt(connection, request, take);
            }
        }
        let info = self.info(request.table);
        let has_first = request.part.from.is_none() && info.ids != Ids::None && info.columns.is_some();
        if read.is_ok() && count == 0 && has_first && info.is_indexed {
            return Err(LiveError::table("it was dropped or emptied while the audit ran: audit it again"));
        }
        read
    }

    fn remarks(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.state().remarks)
    }

    fn statements(&self, table: Option<&LiveTable>) -> Vec<String> {
        let Some(table) = table else {
            let mut lines = vec![
                "-- the driver itself sends hello, saslStart and saslContinue when it connects, getMore to go on with \
                 a cursor, killCursors and endSessions when it is done"
                    .to_owned(),
            ];
            let admin = [hello(), build_info(), connection_status()];
            lines.extend(admin.iter().map(|command| command::shown("admin", command)));
            if self.watches_load {
                lines.push(command::shown("admin", &server_status()));
            }
            if self.home.is_none() {
                lines.push(command::shown("admin", &list_databases()));
            }
            let databases = self.state().databases.clone();
            lines.extend(databases.iter().map(|database| command::shown(database, &list_collections())));
            if self.is_whole() {
                lines.push(command::shown("admin", &self.end("system.users", 1)));
            }
            return lines;
        };
        let info = self.info(table);
        let mut commands = Vec::new();
        if info.columns.is_some() && info.is_indexed {
            commands.extend([doc! {"count": &info.collection}]);
            commands.extend([1, -1].map(|order| self.end(&info.collection, order)));
        }
        let parts = self.parts(table).unwrap_or_default();
        commands.extend(parts.iter().map(|part| self.find(&info, part, self.scope.sample)));
        commands.iter().map(|command| command::shown(&info.database, command)).collect()
    }

    fn load(&self, _connection: usize) -> Result<u64, LiveError> {
        let status = self.run("admin", server_status())?;
        let active = status.get_document("globalLock").and_then(|lock| lock.get_document("activeClients"));
        let total = active.map_or(0, |active| match active.get("total") {
            Some(Bson::Int32(n)) => u64::try_from(*n).unwrap_or(0),
            Some(Bson::Int64(n)) => u64::try_from(*n).unwrap_or(0),
            _ => 0,
        });
        Ok(total.saturating_sub(self.stops.len() as u64))
    }

    fn interrupt(&self) {
        self.interrupt.set();
        self.stops.iter().for_each(|stop| stop.notify_one());
    }

    fn close(&self) {
        let end = self.client.clone().shutdown();
        let _ = self.runtime.block_on(async { tokio::time::timeout(GRACE, end).await });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_ids_are_numbers_and_places_and_come_back() {
        let id = ObjectId::parse_str("507f1f77bcf86cd7ff439011").unwrap();
        let (is_object, number) = number_of(&Bson::ObjectId(id)).unwrap();
        let ids = Ids::Objects(number, number);
        assert_eq!((is_object, ids.key(number)), (true, Bson::ObjectId(id)));
        let at = place(Some(RawBsonRef::ObjectId(id)), ids, 1);
        assert_eq!(Places::ObjectId("_id".into()).say(at), "_id 507f1f77bcf86cd7ff439011");
        assert_eq!(place(Some(RawBsonRef::Int32(-1)), Ids::Numbers(-1, 5), 1).offset, u64::MAX);
        assert_eq!(place(Some(RawBsonRef::String("x")), Ids::Others, 7).offset, 7);
    }

    #[test]
    fn whoever_may_find_in_all_collections_sees_all_of_them() {
        let status = |resource: Document, actions: &[&str]| {
            doc! {"authInfo": {
                "authenticatedUsers": [{"user": "ann", "db": "admin"}],
                "authUserPrivileges": [{"resource": resource, "actions": actions.to_vec()}],
            }}
        };
        let of = |resource: Document, home| sees_all(&status(resource, &["find"]), home);
        assert!(of(doc! {"db": "", "collection": ""}, None));
        assert!(of(doc! {"anyResource": true}, None));
        assert!(of(doc! {"db": "app", "collection": ""}, Some("app")));
        assert!(!of(doc! {"db": "app", "collection": ""}, None));
        assert!(!of(doc! {"db": "app", "collection": "users"}, Some("app")));
        assert!(!sees_all(&status(doc! {"db": "", "collection": ""}, &["insert"]), None));
        assert!(sees_all(&doc! {"authInfo": {"authenticatedUsers": []}}, None));
    }
}
