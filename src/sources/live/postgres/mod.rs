//! `PostgreSQL`, version 10 and later.
//!
//! The first connection opens a read-only transaction of isolation level REPEATABLE READ and exports its snapshot; the
//! others take that snapshot, so that all see the database of one moment. Rows come by `COPY … TO STDOUT (FORMAT
//! binary)` of the columns asked for. A table of many pages is cut by row addresses (`ctid`): from version 14 on the server
//! goes straight to the pages of such a range; before, a table is read over one connection.
//!
//! A savepoint stands in each transaction, to which an error rolls back: a table that is gone or locked costs that table
//! and not the snapshot. A table that was rewritten after the snapshot (`ALTER TABLE`, `TRUNCATE`) would look empty in
//! it; its file is compared with that of the catalogue, and it is told of.

mod catalogue;
mod config;
mod copy;

#[doc(hidden)]
pub(crate) use copy::check as check_copy;

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use tokio::runtime::Runtime;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::{CancelToken, Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use self::catalogue::Info;
use self::config::{Surroundings, Way};
use self::copy::{As, Decoder, Malformed};
use super::batches::Batches;
use super::manners::Interrupt;
use super::{Catalogue, Database, Kind, LiveError, LiveTable, Options, Part, Reach, Request, Scope, Take, Url, tls};
use crate::model::Places;

/// Bytes of a page, unless somebody built a server of their own; only sizes of parts depend on it.
const PAGE: u64 = 8192;

/// From this version on a range of row addresses is read without looking at the rest of the table.
const TID_RANGES: u32 = 140_000;

/// The kind.
pub(super) struct Postgres;

impl Kind for Postgres {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "`postgres://`, versions 10 and later: tables, partitions, materialised views, views over what may not be \
             read itself; with the rights for it the server's own roles, user mappings and subscriptions",
            "one exported snapshot for all connections; large tables in ranges of pages (one connection before version \
             14); libpq's environment, service and password files; SCRAM; TLS, with the name checked unless the server \
             is on this machine",
        )
    }

    fn connect(&self, url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
        let way = config::way(url, options.password.as_ref(), &options.manners, &Surroundings::own())?;
        let mut first = Session::open(&way, options)?;
        let version = first.value("SHOW server_version_num")?.parse().unwrap_or(0);
        let product = first.value("SHOW server_version")?;
        let home = first.value("SELECT current_schema()").ok();
        first.execute(SEARCH_NOTHING)?;
        first.execute(BEGIN)?;
        let wanted = if version < TID_RANGES { 1 } else { options.manners.max_connections.max(1) };
        let mut sessions = Vec::new();
        if wanted > 1
            && let Ok(snapshot) = first.value("SELECT pg_export_snapshot()")
        {
            for _ in 1..wanted {
                // Fewer connections than allowed are slower, and nothing worse.
                match Session::join(&way, options, &snapshot) {
                    Ok(session) => sessions.push(session),
                    Err(_) => break,
                }
            }
        }
        // Asked for only where it is compared.
        let moment = options.state.is_some().then(|| first.value(MOMENT).ok()).flatten();
        first.execute(SAVEPOINT)?;
        sessions.insert(0, first);
        let product = product.split(' ').next().unwrap_or_default().to_owned();
        Ok(Box::new(Live {
            tokens: sessions.iter().map(|session| session.client.cancel_token()).collect(),
            sessions: sessions.into_iter().map(Mutex::new).collect(),
            way,
            version,
            product,
            moment,
            home,
            scope: options.scope.clone(),
            interrupt: options.interrupt.clone(),
            part: options.part,
            opening: opening(options),
            infos: Mutex::new(Vec::new()),
        }))
    }
}

/// Nothing of a user's shadows what the catalogue's queries mean.
const SEARCH_NOTHING: &str = "SET search_path = pg_catalog";
/// DEFERRABLE means something for serialisable transactions only; a server that is set to make these waits then until
/// nothing can disturb it.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY, DEFERRABLE";
/// Which transactions the snapshot shows, in which database, since which start of the server.
const MOMENT: &str = "SELECT concat_ws(' ', txid_current_snapshot(), pg_postmaster_start_time(), \
                      (SELECT oid FROM pg_database WHERE datname = current_database()))";
const SAVEPOINT: &str = "SAVEPOINT credaudit";
const BACK: &str = "ROLLBACK TO SAVEPOINT credaudit";

/// An identifier in double quotes: the only way in which names get into statements.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text constant that is digits and dashes: the name of a snapshot. Anything else is refused.
fn snapshot_literal(name: &str) -> Option<String> {
    name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-').then(|| format!("'{name}'"))
}

/// What every session begins with.
fn opening(options: &Options) -> Vec<String> {
    let manners = &options.manners;
    let statement = manners.statement_timeout.map_or(0, |timeout| timeout.as_millis());
    vec![
        format!("SET statement_timeout = {statement}"),
        format!("SET lock_timeout = {}", manners.lock_timeout.as_millis()),
        // Between statements the client judges, or waits to be gentle.
        "SET idle_in_transaction_session_timeout = 0".into(),
        "SET datestyle = 'ISO, MDY'".into(),
        "SET intervalstyle = 'postgres'".into(),
        "SET bytea_output = 'hex'".into(),
    ]
}

/// One connection, with the runtime that drives it.
struct Session {
    runtime: Runtime,
    client: Client,
    interrupt: Interrupt,
}

/// Rows of a query of the catalogue, as text.
type TextRows = Vec<Vec<Option<String>>>;

impl Session {
    fn open(way: &Way, options: &Options) -> Result<Self, LiveError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| LiveError::connection(format!("no thread to connect with: {e}")))?;
        let client = runtime.block_on(async {
            if let Some(tls) = &way.tls {
                let (client, connection) = way.config.connect(MakeRustlsConnect::new(tls.clone())).await?;
                tokio::spawn(connection);
                return Ok(client);
            }
            let (client, connection) = way.config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        });
        let client = client.map_err(|error| trouble(&error, None))?;
        let mut session = Self { runtime, client, interrupt: options.interrupt.clone() };
        session.execute(&opening(options).join("; "))?;
        Ok(session)
    }

    /// A further connection to the snapshot of the first.
    fn join(way: &Way, options: &Options, snapshot: &str) -> Result<Self, LiveError> {
        let snapshot =
            snapshot_literal(snapshot).ok_or_else(|| LiveError::connection("the snapshot's name is not usable"))?;
        let mut session = Self::open(way, options)?;
        session.execute(SEARCH_NOTHING)?;
        session.execute(BEGIN)?;
        session.execute(&format!("SET TRANSACTION SNAPSHOT {snapshot}"))?;
        session.execute(SAVEPOINT)?;
        Ok(session)
    }

    fn execute(&mut self, sql: &str) -> Result<(), LiveError> {
        self.runtime.block_on(self.client.batch_execute(sql)).map_err(|error| self.trouble(&error))
    }

    fn rows(&mut self, sql: &str) -> Result<TextRows, LiveError> {
        let messages = self.runtime.block_on(self.client.simple_query(sql)).map_err(|error| self.trouble(&error))?;
        let row = |message: &SimpleQueryMessage| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(Into::into)).collect()),
            _ => None,
        };
        Ok(messages.iter().filter_map(row).collect())
    }

    fn value(&mut self, sql: &str) -> Result<String, LiveError> {
        let value = self.rows(sql)?.into_iter().next().and_then(|row| row.into_iter().next().flatten());
        value.ok_or_else(|| LiveError::connection("the server did not say what it is"))
    }

    fn trouble(&self, error: &tokio_postgres::Error) -> LiveError {
        let mut told = trouble(error, Some(&self.interrupt));
        if self.client.is_closed() && told.reach == Reach::Table {
            told.reach = Reach::Connection;
        }
        told
    }

    /// Makes the transaction usable again after an error.
    fn recover(&mut self, error: LiveError) -> LiveError {
        if error.reach == Reach::Table && self.execute(BACK).is_err() {
            return LiveError { reach: Reach::Connection, ..error };
        }
        error
    }
}

/// What an error means to whoever reads the report. Of the server's own words only those are shown that cannot hold a
/// value: names of tables and columns, not the "invalid input" of a cast.
fn trouble(error: &tokio_postgres::Error, interrupt: Option<&Interrupt>) -> LiveError {
    if interrupt.is_some_and(Interrupt::is_set) {
        return LiveError::interrupted();
    }
    if let Some(server) = error.as_db_error() {
        return of_server(server);
    }
    if let Some(certificate) = tls::certificate_trouble(error) {
        return LiveError::connection(certificate);
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut words = error.to_string();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            words = match io.kind() {
                std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => {
                    format!("no server answers there ({io}): check the address, and whether the server runs")
                }
                std::io::ErrorKind::TimedOut => "the server does not answer in time".into(),
                _ => format!("the connection to the server broke: {io}"),
            };
        }
        cause = error.source();
    }
    if error.is_closed() {
        words = "the connection to the server was closed".into();
    }
    LiveError::connection(words)
}

fn of_server(error: &DbError) -> LiveError {
    let code = error.code();
    // Up to its first line; names in it are quoted by the server.
    let message = error.message().lines().next().unwrap_or_default();
    let told = |why: &str| LiveError::table(format!("{why} (the server says: {message})"));
    let lost = |why: &str| LiveError::connection(why.to_owned());
    if *code == SqlState::INSUFFICIENT_PRIVILEGE {
        told("no right to read it: grant SELECT, or audit as its owner")
    } else if *code == SqlState::UNDEFINED_TABLE
        || *code == SqlState::UNDEFINED_COLUMN
        || *code == SqlState::INVALID_SCHEMA_NAME
    {
        told("it was dropped or altered while the audit ran: audit it again")
    } else if *code == SqlState::QUERY_CANCELED {
        told(
            "the statement took too long or was cancelled: allow more with --statement-timeout, or audit at a quieter time",
        )
    } else if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        told("somebody else's change of it holds a lock: try again later, or wait longer with --lock-timeout")
    } else if *code == SqlState::INVALID_PASSWORD || *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION {
        lost("the server refuses this user or password: check user, password and pg_hba.conf")
    } else if *code == SqlState::INVALID_CATALOG_NAME {
        lost("there is no such database on the server")
    } else if *code == SqlState::TOO_MANY_CONNECTIONS {
        lost("the server has no connection to spare: try later, or with a smaller --max-connections")
    } else if *code == SqlState::ADMIN_SHUTDOWN
        || *code == SqlState::CRASH_SHUTDOWN
        || *code == SqlState::CANNOT_CONNECT_NOW
    {
        lost("the server is shutting down or starting, or an administrator ended the connection")
    } else {
        LiveError::table(format!("the server reports the error {} (SQLSTATE)", code.code()))
    }
}

/// A connected server.
struct Live {
    sessions: Vec<Mutex<Session>>,
    tokens: Vec<CancelToken>,
    way: Way,
    version: u32,
    product: String,
    moment: Option<String>,
    home: Option<String>,
    scope: Scope,
    interrupt: Interrupt,
    part: u64,
    opening: Vec<String>,
    infos: Mutex<Vec<Info>>,
}

impl Live {
    fn session(&self, connection: usize) -> MutexGuard<'_, Session> {
        self.sessions[connection].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn infos(&self) -> MutexGuard<'_, Vec<Info>> {
        self.infos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The COPY of a request, and how its fields are decoded; whether the key stands before the columns.
    fn copy(&self, request: &Request<'_>) -> (String, Vec<As>, bool) {
        let infos = self.infos();
        let info = &infos[request.table.number];
        let all: Vec<usize> = (0..info.columns.len()).collect();
        let columns = request.columns.unwrap_or(&all);
        let mut expressions: Vec<&str> = columns.iter().map(|column| info.columns[*column].0.as_str()).collect();
        let forms = columns.iter().map(|column| info.columns[*column].1).collect();
        // Rows of which nothing is kept are only counted.
        let keyed = info.key.as_deref().filter(|_| !columns.is_empty());
        if let Some(key) = keyed {
            expressions.insert(0, key);
        }
        let condition = match (request.part.from, request.part.to) {
            (None, None) => None,
            (from, to) => {
                let bound = |sign: &str, page: i128| format!("ctid {sign} '({page},0)'::tid");
                let bounds = [from.map(|page| bound(">=", page)), to.map(|page| bound("<", page))];
                Some(bounds.into_iter().flatten().collect::<Vec<_>>().join(" AND "))
            }
        };
        let select = catalogue::select(info, &expressions, condition.as_deref(), request.limit);
        (format!("COPY ({select}) TO STDOUT (FORMAT binary)"), forms, keyed.is_some())
    }
}

impl Database for Live {
    fn product(&self) -> String {
        format!("PostgreSQL {}", self.product)
    }

    fn connections(&self) -> usize {
        self.sessions.len()
    }

    fn catalogue(&self) -> Result<Catalogue, LiveError> {
        let mut session = self.session(0);
        let (catalogue, infos) = catalogue::read(&mut session, &self.scope, self.home.as_deref())?;
        *self.infos() = infos;
        Ok(catalogue)
    }

    fn parts(&self, table: &LiveTable) -> Result<Vec<Part>, LiveError> {
        let infos = self.infos();
        let info = &infos[table.number];
        let Some((oid, file)) = &info.file else { return Ok(vec![Part::ALL]) };
        let mut session = self.session(0);
        let now = session.rows(&format!(
            "SELECT pg_relation_filenode({oid}), pg_relation_size({oid}) / current_setting('block_size')::bigint"
        ));
        let now = now.map_err(|error| session.recover(error))?;
        if now.first().and_then(|row| row[0].as_ref()) != Some(file) {
            return Err(LiveError::table(
                "it was dropped, truncated or rewritten after the audit began: audit it again",
            ));
        }
        let pages = now.first().and_then(|row| row[1].as_deref()?.parse::<i128>().ok());
        Ok(match pages.filter(|_| info.by_page && self.version >= TID_RANGES) {
            Some(pages) => super::cut(0, pages, (self.part / PAGE).max(1).into()),
            None => vec![Part::ALL],
        })
    }

    fn read(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> Result<(), LiveError> {
        let (sql, forms, keyed) = self.copy(request);
        let mut session = self.session(connection);
        let mut rows = Rows {
            batches: Batches::new(&request.table.table, request.columns),
            forms,
            keyed,
            places: &request.table.places,
            number: 0,
            damaged: false,
            over: false,
            take,
        };
        let mut decoder = Decoder::default();
        let session_ref = &mut *session;
        let client = &session_ref.client;
        let read = session_ref.runtime.block_on(async {
            let mut stream = pin!(client.copy_out(&sql).await?);
            while let Some(bytes) = stream.next().await {
                if decoder.push(&bytes?, &mut |fields| rows.row(fields)).is_err() {
                    rows.damaged = true;
                }
                if rows.damaged || rows.over {
                    break;
                }
            }
            Ok::<_, tokio_postgres::Error>(())
        });
        rows.flush();
        let (damaged, over) = (rows.damaged, rows.over);
        if let Err(error) = read {
            let error = session.trouble(&error);
            return Err(session.recover(error));
        }
        if over || damaged {
            // The rest of the rows is not wanted: the server is told, and what is on its way is passed over.
            self.cancel(connection);
            let _ = session.execute(BACK);
        }
        if damaged || !over && !decoder.is_complete() {
            return Err(LiveError::table(
                "the server sent rows that are not in the form it promised: please report it",
            ));
        }
        Ok(())
    }

    fn moment(&self) -> Option<String> {
        self.moment.clone()
    }

    fn statements(&self, table: Option<&LiveTable>) -> Vec<String> {
        let Some(table) = table else {
            let mut lines = self.opening.clone();
            lines.extend([SEARCH_NOTHING, BEGIN].map(ToOwned::to_owned));
            if self.sessions.len() > 1 {
                lines.push("SELECT pg_export_snapshot()".into());
                lines.push("SET TRANSACTION SNAPSHOT '…' -- in each further connection".into());
            }
            lines.push(SAVEPOINT.into());
            let queries = [
                catalogue::RELATIONS,
                catalogue::COLUMNS,
                catalogue::KEYS,
                catalogue::PARTITIONS,
                catalogue::VIEWS,
                catalogue::SERVER,
            ];
            lines.extend(queries.map(ToOwned::to_owned));
            return lines.into_iter().map(|line| format!("{line};")).collect();
        };
        let parts = self.parts(table).unwrap_or_default();
        let mut lines = Vec::new();
        for part in &parts {
            let columns = if part.wide { "" } else { " -- with the columns that matter, no more" };
            let request = Request { table, part, columns: None, limit: self.scope.sample };
            lines.push(format!("{};{columns}", self.copy(&request).0));
        }
        lines
    }

    fn load(&self, connection: usize) -> Result<u64, LiveError> {
        let mut session = self.session(connection);
        // The server keeps what it said of its sessions for a transaction unless told to look again.
        // What other roles do is shown to few; that they are in a transaction is shown to all.
        let sql = "SELECT pg_stat_clear_snapshot(); SELECT count(*) FROM pg_stat_activity WHERE \
                   (state = 'active' AND backend_type = 'client backend' AND application_name <> 'credaudit') OR \
                   (query = '<insufficient privilege>' AND \
                   pid IN (SELECT pid FROM pg_catalog.pg_locks WHERE locktype = 'virtualxid'))";
        let rows = session.rows(sql).map_err(|error| session.recover(error))?;
        Ok(rows.last().and_then(|row| row[0].as_deref()?.parse().ok()).unwrap_or(0))
    }

    fn interrupt(&self) {
        self.interrupt.set();
        (0..self.tokens.len()).for_each(|connection| self.cancel(connection));
    }

    fn close(&self) {
        for connection in 0..self.sessions.len() {
            let mut session = self.session(connection);
            let _ = session.execute("ROLLBACK");
        }
    }
}

impl Live {
    /// Asks the server to cancel what it does for a connection.
    fn cancel(&self, connection: usize) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let token = &self.tokens[connection];
        let _ = runtime.block_on(async {
            match &self.way.tls {
                Some(tls) => token.cancel_query(MakeRustlsConnect::new(tls.clone())).await,
                None => token.cancel_query(NoTls).await,
            }
        });
    }
}

/// Makes batches of decoded rows.
struct Rows<'a, 'b> {
    batches: Batches,
    forms: Vec<As>,
    keyed: bool,
    places: &'a Places,
    number: u64,
    damaged: bool,
    over: bool,
    take: Take<'b>,
}

impl Rows<'_, '_> {
    fn row(&mut self, fields: &[copy::Field<'_>]) {
        if self.damaged || self.over {
            return;
        }
        self.damaged = self.decode(fields).is_err();
    }

    fn decode(&mut self, fields: &[copy::Field<'_>]) -> Result<(), Malformed> {
        let (place, cells) = if self.keyed {
            let (key, cells) = fields.split_first().ok_or(Malformed)?;
            (self.place(key.ok_or(Malformed)?)?, cells)
        } else {
            self.number += 1;
            (self.number, fields)
        };
        if cells.len() != self.forms.len() {
            return Err(Malformed);
        }
        for (index, (cell, form)) in cells.iter().zip(&self.forms).enumerate() {
            match cell {
                None => self.batches.null(index),
                Some(value) => self.batches.cell(index, form.text(value, &mut [0; 36])?),
            }
        }
        if let Some(batch) = self.batches.end_row(place) {
            self.over = (self.take)(batch) == ControlFlow::Break(());
        }
        Ok(())
    }

    fn place(&self, key: &[u8]) -> Result<u64, Malformed> {
        if let Places::Tid = self.places {
            let key: [u8; 6] = key.try_into().map_err(|_| Malformed)?;
            let mut place = [0; 8];
            place[2..].copy_from_slice(&key);
            return Ok(u64::from_be_bytes(place));
        }
        copy::integer(key).map(i64::cast_unsigned).ok_or(Malformed)
    }

    fn flush(&mut self) {
        if let Some(batch) = self.batches.take()
            && !self.over
        {
            self.over = (self.take)(batch) == ControlFlow::Break(());
            // Nothing more would have come: whoever takes has all there is.
            self.over = false;
        }
    }
}
