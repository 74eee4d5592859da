//! MySQL and MariaDB.
//!
//! A read-only transaction with a consistent snapshot; rows come unbuffered, as text, in ranges of the primary key where
//! that is one whole number. Several connections are used where their snapshots are provably one (see `snapshot`), else
//! one. Tables of engines without transactions are read as they are when their turn comes.

mod config;
mod snapshot;

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Value};
use tokio::runtime::Runtime;

use super::batches::Batches;
use super::keyed::{self, Keyed, Pieces};
use super::manners::Interrupt;
use super::{Catalogue, Database, Kind, LiveError, LiveTable, Options, Part, Reach, Request, Scope, Take, Url, tls};
use crate::model::{Column, Places, Table};

/// Times that several snapshots are opened in the hope of a quiet moment, and how long after each failure.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(40);
/// Schemas of the server itself.
const OWN_SCHEMAS: &str = "('mysql', 'information_schema', 'performance_schema', 'sys')";

/// The kind.
pub(super) struct MySql;

impl Kind for MySql {
    fn name(&self) -> &'static str {
        "MySQL and MariaDB"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
    }

    fn about(&self) -> (&'static str, &'static str) {
        (
            "`mysql://`, `mariadb://`: tables of the database named, else of all databases; with the rights for it the \
             server's own accounts",
            "a consistent snapshot in a read-only transaction; several connections where their snapshots are provably \
             one, which needs the PROCESS privilege and a quiet moment; TLS, with the name checked unless the server \
             is on this machine",
        )
    }

    fn connect(&self, url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError> {
        let way = config::way(url, options, &[])?;
        let mut first = Session::open(&way, options)?;
        let version = first.value("SELECT VERSION()")?;
        let is_mariadb = version.contains("MariaDB");
        let opening = opening(options, is_mariadb);
        first.begin(&opening)?;
        let mut sessions = vec![first];
        for _ in 1..options.manners.max_connections.max(1) {
            // Fewer connections than allowed are slower, and nothing worse.
            let Ok(mut session) = Session::open(&way, options) else { break };
            if session.begin(&opening).is_err() {
                break;
            }
            sessions.push(session);
        }
        if sessions.len() > 1 && !share(&mut sessions) {
            sessions.truncate(1);
        }
        let name = if is_mariadb { "MariaDB" } else { "MySQL" };
        let number = version.split('-').next().unwrap_or_default();
        Ok(Box::new(Live {
            ids: sessions.iter().map(|session| session.conn.id()).collect(),
            sessions: sessions.into_iter().map(Mutex::new).collect(),
            way,
            is_mariadb,
            product: format!("{name} {number}"),
            home: url.database.clone(),
            scope: options.scope.clone(),
            interrupt: options.interrupt.clone(),
            part: options.part,
            opening,
            infos: Mutex::new(Vec::new()),
        }))
    }
}

const BEGIN: &str = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";

/// What every session begins with.
fn opening(options: &Options, is_mariadb: bool) -> Vec<String> {
    let manners = &options.manners;
    let lock = manners.lock_timeout.as_secs().max(1);
    let mut lines = vec![
        "SET NAMES utf8mb4".to_owned(),
        // As the dump tools have it.
        "SET time_zone = '+00:00'".into(),
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ".into(),
        "SET SESSION TRANSACTION READ ONLY".into(),
        format!("SET SESSION lock_wait_timeout = {lock}"),
        format!("SET SESSION innodb_lock_wait_timeout = {lock}"),
        // The client judges while it reads, and may have been asked to be gentle.
        "SET SESSION net_write_timeout = 3600".into(),
    ];
    if let Some(timeout) = manners.statement_timeout {
        lines.push(if is_mariadb {
            format!("SET SESSION max_statement_time = {}", timeout.as_secs_f64())
        } else {
            format!("SET SESSION max_execution_time = {}", timeout.as_millis())
        });
    }
    lines
}

/// Opens the snapshots again until they are one.
fn share(sessions: &mut [Session]) -> bool {
    let ids: Vec<u32> = sessions.iter().map(|session| session.conn.id()).collect();
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            thread::sleep(PAUSE);
            if sessions.iter_mut().any(|session| session.execute(BEGIN).is_err()) {
                return false;
            }
        }
        // Type, name, status.
        let Ok(rows) = sessions[0].rows("SHOW ENGINE INNODB STATUS") else { return false };
        let status = rows.first().and_then(|row| row.get(2).cloned().flatten()).unwrap_or_default();
        if snapshot::is_shared(&status, &ids) {
            return true;
        }
    }
    false
}

/// An identifier in backticks: the only way in which names get into statements.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text constant as hexadecimal digits: no character in it can mean anything else.
fn literal(text: &str) -> String {
    if text.is_empty() { "''".into() } else { format!("CONVERT(0x{} USING utf8mb4)", hex::encode(text)) }
}

/// One connection, with the runtime that drives it.
struct Session {
    runtime: Runtime,
    conn: Conn,
    interrupt: Interrupt,
}

type TextRows = Vec<Vec<Option<String>>>;

fn text(value: Option<&Value>) -> Option<String> {
    match value {
        Some(Value::Bytes(bytes)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Some(Value::Int(number)) => Some(number.to_string()),
        Some(Value::UInt(number)) => Some(number.to_string()),
        _ => None,
    }
}

impl Session {
    fn open(way: &Opts, options: &Options) -> Result<Self, LiveError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| LiveError::connection(format!("no thread to connect with: {e}")))?;
        let timeout = options.manners.connect_timeout;
        let conn = runtime.block_on(async { tokio::time::timeout(timeout, Conn::new(way.clone())).await });
        let conn = conn
            .map_err(|_| LiveError::connection("the server does not answer in time"))?
            .map_err(|error| trouble(&error, None))?;
        Ok(Self { runtime, conn, interrupt: options.interrupt.clone() })
    }

    fn begin(&mut self, opening: &[String]) -> Result<(), LiveError> {
        opening.iter().try_for_each(|line| self.execute(line))?;
        self.execute(BEGIN)
    }

    fn execute(&mut self, sql: &str) -> Result<(), LiveError> {
        self.runtime.block_on(self.conn.query_drop(sql)).map_err(|error| trouble(&error, Some(&self.interrupt)))
    }

    fn rows(&mut self, sql: &str) -> Result<TextRows, LiveError> {
        let rows: Vec<mysql_async::Row> =
            self.runtime.block_on(self.conn.query(sql)).map_err(|error| trouble(&error, Some(&self.interrupt)))?;
        Ok(rows.iter().map(|row| (0..row.len()).map(|at| text(row.as_ref(at))).collect()).collect())
    }

    fn value(&mut self, sql: &str) -> Result<String, LiveError> {
        let value = self.rows(sql)?.into_iter().next().and_then(|row| row.into_iter().next().flatten());
        value.ok_or_else(|| LiveError::connection("the server did not say what it is"))
    }
}

/// What is wrong with a certificate. To give up the check of its name alone is no way out: the driver makes it whenever it
/// checks the authority.
fn certificate_trouble(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    tls::certificate_trouble(error).map(|told| told.split(", or give up").next().unwrap_or_default().to_owned())
}

/// What an error means to whoever reads the report. The server's own words are shown only where they cannot hold a value.
fn trouble(error: &mysql_async::Error, interrupt: Option<&Interrupt>) -> LiveError {
    if interrupt.is_some_and(Interrupt::is_set) {
        return LiveError::interrupted();
    }
    let server = match error {
        mysql_async::Error::Server(server) => server,
        mysql_async::Error::Io(mysql_async::IoError::Io(io)) => {
            return LiveError::connection(match io.kind() {
                std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound => {
                    format!("no server answers there ({io}): check the address, and whether the server runs")
                }
                _ => certificate_trouble(io).unwrap_or_else(|| format!("the connection to the server broke: {io}")),
            });
        }
        other => {
            let certificate = certificate_trouble(other);
            return LiveError::connection(certificate.unwrap_or_else(|| "the connection to the server broke".into()));
        }
    };
    let message = server.message.lines().next().unwrap_or_default();
    let told = |why: &str| LiveError::table(format!("{why} (the server says: {message})"));
    let lost = |why: &str| LiveError::connection(why.to_owned());
    match server.code {
        1044 | 1142 | 1143 | 1227 | 1370 => told("no right to read it: grant SELECT"),
        1146 | 1054 | 1051 | 1412 => told("it was dropped or altered while the audit ran: audit it again"),
        1317 | 1969 | 3024 => told(
            "the statement took too long or was cancelled: allow more with --statement-timeout, or audit at a quieter \
             time",
        ),
        1205 | 1213 => {
            told("somebody else's change of it holds a lock: try again later, or wait longer with --lock-timeout")
        }
        1045 | 1698 => lost("the server refuses this user or password: check both, and from where the user may log in"),
        1049 => lost("there is no such database on the server"),
        1040 | 1203 | 1226 => {
            lost("the server has no connection to spare: try later, or with a smaller --max-connections")
        }
        1053 | 1927 | 3168 | 4031 => lost("the server is shutting down, or an administrator ended the connection"),
        code => LiveError::table(format!("the server reports the error {code}")),
    }
}

/// A table's names: its own, and how it is shown.
struct Named {
    schema: String,
    name: String,
    shown: String,
}

/// A connected server.
struct Live {
    sessions: Vec<Mutex<Session>>,
    ids: Vec<u32>,
    way: Opts,
    is_mariadb: bool,
    product: String,
    home: Option<String>,
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

    /// Which schemas, as a condition on a column of the catalogue.
    fn schemas(&self, column: &str) -> String {
        match &self.home {
            Some(home) => format!("{column} = {}", literal(home)),
            None => format!("{column} NOT IN {OWN_SCHEMAS}"),
        }
    }

    fn catalogue_queries(&self) -> [String; 3] {
        [
            format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS FROM information_schema.TABLES WHERE {} \
                 ORDER BY TABLE_SCHEMA, TABLE_NAME",
                self.schemas("TABLE_SCHEMA")
            ),
            format!(
                "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, DATA_TYPE, COLUMN_KEY, PRIVILEGES \
                 FROM information_schema.COLUMNS WHERE {} ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
                self.schemas("TABLE_SCHEMA")
            ),
            "SHOW GRANTS FOR CURRENT_USER()".to_owned(),
        ]
    }

    /// Whether the grants show that no table is hidden: SELECT on everything, or on the one database that is read.
    fn sees_all(&self, grants: &TextRows) -> bool {
        let home = self.home.as_deref().map(quoted);
        grants.iter().filter_map(|row| row.first()?.as_deref()).any(|grant| {
            let Some((rights, rest)) = grant.split_once(" ON ") else { return false };
            let Some((place, _)) = rest.split_once(" TO ") else { return false };
            let wide = place == "*.*"
                || home.as_ref().is_some_and(|home| {
                    // `_` and `%` in the name of a database are escaped in a grant.
                    place.replace("\\_", "_").replace("\\%", "%") == format!("{home}.*")
                });
            let rights = rights.trim_start_matches("GRANT ");
            wide && rights.split(',').any(|right| matches!(right.trim(), "SELECT" | "ALL PRIVILEGES"))
        })
    }

    /// Adds one table to what is read; says what of it is not.
    fn add(&self, catalogue: &mut Catalogue, infos: &mut Vec<Keyed>, named: &Named, all: &TextRows, rows: Option<u64>) {
        let Named { schema, name, shown } = named;
        let place = format!("table {shown}");
        let column = |row: &Vec<Option<String>>, at: usize| row[at].clone().unwrap_or_default();
        let in_scope: Vec<_> = all.iter().filter(|row| self.scope.has_column(schema, name, &column(row, 0))).collect();
        let (read, refused): (Vec<_>, Vec<_>) =
            in_scope.into_iter().partition(|row| column(row, 4).split(',').any(|right| right == "select"));
        if !refused.is_empty() {
            let names: Vec<String> = refused.iter().map(|row| column(row, 0)).collect();
            let why = if read.is_empty() {
                format!("no right to read {schema}.{name}: not audited. Grant SELECT")
            } else {
                format!("no right to read its columns {}: not audited", names.join(", "))
            };
            catalogue.skipped.push((place, why));
        }
        if read.is_empty() {
            return;
        }
        let keys: Vec<_> = all.iter().filter(|row| column(row, 3) == "PRI").collect();
        let integers = ["tinyint", "smallint", "mediumint", "int", "bigint"];
        let key = match &keys[..] {
            [key] if integers.contains(&column(key, 2).as_str()) && read.contains(key) => Some(column(key, 0)),
            _ => None,
        };
        let table = Table {
            name: shown.clone(),
            columns: read
                .iter()
                .map(|row| Column { name: column(row, 0), declared: Some(column(row, 1).to_lowercase()) })
                .collect(),
            named_columns: true,
        };
        catalogue.tables.push(LiveTable {
            table: Arc::new(table),
            places: key.clone().map_or(Places::Rows, Places::Key),
            rows,
            number: infos.len(),
        });
        infos.push(Keyed {
            from: format!("{}.{}", quoted(schema), quoted(name)),
            columns: read
                .iter()
                .map(|row| {
                    let name = quoted(&column(row, 0));
                    // A BIT comes as bytes; its number is what people and dumps write.
                    if column(row, 2) == "bit" { format!("{name} + 0") } else { name }
                })
                .collect(),
            key: key.map(|key| quoted(&key)),
            rows: rows.unwrap_or(0),
        });
    }

    /// The server's own accounts, where the user may see them.
    fn server(&self, session: &mut Session, catalogue: &mut Catalogue, infos: &mut Vec<Keyed>) {
        let (from, columns) = if self.is_mariadb {
            // An account may have several ways to log in; each is one row.
            let way = |at: &str| {
                format!(
                    "SELECT CONCAT(User, '@', Host) login, JSON_VALUE(Priv, '{at}.plugin') plugin, \
                     JSON_VALUE(Priv, '{at}.authentication_string') password, \
                     IF(JSON_VALUE(Priv, '$.account_locked') = 'true', 'f', 't') is_active, \
                     JSON_EXTRACT(Priv, '{at}') entry FROM mysql.global_priv"
                )
            };
            let ways: Vec<String> = ["$", "$.auth_or[0]", "$.auth_or[1]", "$.auth_or[2]"].map(way).to_vec();
            let all = format!(
                "({}) a WHERE entry IS NOT NULL AND password IS NOT NULL AND password <> 'invalid'",
                ways.join(" UNION ")
            );
            (all, vec!["login".to_owned(), "password".into(), "plugin".into(), "is_active".into()])
        } else {
            let columns = vec![
                "CONCAT(User, '@', Host)".to_owned(),
                "authentication_string".into(),
                "plugin".into(),
                "IF(account_locked = 'Y', 'f', 't')".into(),
            ];
            ("mysql.user".to_owned(), columns)
        };
        if session.rows(&format!("SELECT {} FROM {from} LIMIT 0", columns.join(", "))).is_err() {
            catalogue.notes.push("the server's own accounts: this role may not see their passwords".into());
            return;
        }
        let table = Table {
            name: "mysql.user".into(),
            columns: ["login", "password", "plugin", "is_active"].map(Column::named).to_vec(),
            named_columns: true,
        };
        catalogue.tables.push(LiveTable {
            table: Arc::new(table),
            places: Places::Rows,
            rows: None,
            number: infos.len(),
        });
        infos.push(Keyed { from, columns, key: None, rows: 0 });
    }

    /// The statement of a request; whether the key stands before the columns.
    fn select(&self, request: &Request<'_>) -> (String, bool) {
        let infos = self.infos();
        let info = &infos[request.table.number];
        let Pieces { list, range, is_keyed } = info.pieces(request);
        let index = if info.key.is_some() { " FORCE INDEX (PRIMARY)" } else { "" };
        let mut sql = format!("SELECT {list} FROM {}{index}{range}", info.from);
        if let Some(limit) = request.limit {
            sql.push_str(&format!(" LIMIT {limit}"));
        }
        (sql, is_keyed)
    }

    /// Ends what the server does for a connection.
    fn kill(&self, connection: usize) {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        let (way, id) = (self.way.clone(), self.ids[connection]);
        let _ = runtime.block_on(async {
            let kill = async {
                let mut conn = Conn::new(way).await?;
                conn.query_drop(format!("KILL QUERY {id}")).await?;
                conn.disconnect().await
            };
            tokio::time::timeout(Duration::from_secs(5), kill).await
        });
    }
}

impl Database for Live {
    fn product(&self) -> String {
        self.product.clone()
    }

    fn connections(&self) -> usize {
        self.sessions.len()
    }

    fn catalogue(&self) -> Result<Catalogue, LiveError> {
        let mut session = self.session(0);
        let mut catalogue = Catalogue::default();
        let mut infos = Vec::new();
        let [tables, columns, grants] = self.catalogue_queries();
        let tables = session.rows(&tables)?;
        let mut attributes: HashMap<(String, String), TextRows> = HashMap::new();
        for mut row in session.rows(&columns)? {
            let rest = row.split_off(2);
            let name = |at: usize| row[at].clone().unwrap_or_default();
            attributes.entry((name(0), name(1))).or_default().push(rest);
        }
        let sees_all = session.rows(&grants).is_ok_and(|grants| self.sees_all(&grants));
        if !sees_all {
            catalogue.skipped.push((
                String::new(),
                "this user has rights on single tables: those that the server does not show to it were not audited. \
                 Grant SELECT on the whole database"
                    .into(),
            ));
        }
        let mut views = 0;
        for row in &tables {
            let cell = |at: usize| row[at].clone().unwrap_or_default();
            let (schema, name, kind, engine) = (cell(0), cell(1), cell(2), cell(3));
            if !self.scope.has_table(&schema, &name) || kind == "SEQUENCE" || kind == "SYSTEM VIEW" {
                continue;
            }
            let named = self.scope.names(&schema, &name);
            if kind == "VIEW" && sees_all && !named {
                views += 1;
                continue;
            }
            let home = self.home.as_ref() == Some(&schema);
            let shown = if home { name.clone() } else { format!("{schema}.{name}") };
            let place = format!("table {shown}");
            if matches!(engine.as_str(), "FEDERATED" | "CONNECT" | "SPIDER") && !named {
                catalogue.skipped.push((
                    place,
                    "its rows are on another server: not audited. Audit that server, or name the table with --table"
                        .into(),
                ));
                continue;
            }
            let all = attributes.remove(&(schema.clone(), name.clone())).unwrap_or_default();
            let rows = row[4].as_deref().and_then(|rows| rows.parse().ok());
            self.add(&mut catalogue, &mut infos, &Named { schema, name, shown }, &all, rows);
        }
        match views {
            0 => {}
            1 => catalogue.notes.push("1 view not read: it shows rows of tables".into()),
            n => catalogue.notes.push(format!("{n} views not read: they show rows of tables")),
        }
        if (Scope { sample: None, ..self.scope.clone() }).is_everything() {
            self.server(&mut session, &mut catalogue, &mut infos);
        }
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
        let mut guard = self.session(connection);
        let Session { runtime, conn, interrupt } = &mut *guard;
        let mut number = 0;
        let mut over = false;
        let read = runtime.block_on(async {
            let mut result = conn.query_iter(sql).await?;
            while let Some(row) = result.next().await? {
                number += 1;
                let place = if keyed { key(row.as_ref(0)).unwrap_or(number) } else { number };
                for index in 0..count {
                    match row.as_ref(index + usize::from(keyed)) {
                        Some(Value::Bytes(value)) => batches.cell(index, value),
                        Some(Value::NULL) | None => batches.null(index),
                        Some(other) => batches.cell(index, other.as_sql(true).as_bytes()),
                    }
                }
                if let Some(batch) = batches.end_row(place)
                    && take(batch) == ControlFlow::Break(())
                {
                    over = true;
                    self.kill(connection);
                    // What was on its way is passed over; that the query was killed is no news.
                    let _ = result.drop_result().await;
                    return Ok(());
                }
            }
            Ok(())
        });
        if !over && let Some(batch) = batches.take() {
            let _ = take(batch);
        }
        read.map_err(|error: mysql_async::Error| {
            let mut told = trouble(&error, Some(interrupt));
            if conn.is_disconnected() && told.reach == Reach::Table {
                told.reach = Reach::Connection;
            }
            told
        })
    }

    fn statements(&self, table: Option<&LiveTable>) -> Vec<String> {
        let Some(table) = table else {
            let mut lines = self.opening.clone();
            lines.push(BEGIN.into());
            if self.sessions.len() > 1 {
                lines.push("SHOW ENGINE INNODB STATUS".into());
            }
            lines.extend(self.catalogue_queries());
            return lines.into_iter().map(|line| format!("{line};")).collect();
        };
        let mut lines = Vec::new();
        for part in &self.parts(table).unwrap_or_default() {
            let columns = if part.wide { "" } else { " -- with the columns that matter, no more" };
            let request = Request { table, part, columns: None, limit: self.scope.sample };
            lines.push(format!("{};{columns}", self.select(&request).0));
        }
        lines
    }

    fn load(&self, connection: usize) -> Result<u64, LiveError> {
        let mut session = self.session(connection);
        let number = |rows: &TextRows, column: usize| -> u64 {
            rows.first().and_then(|row| row.get(column)?.as_deref()?.parse().ok()).unwrap_or(0)
        };
        let running = number(&session.rows("SHOW GLOBAL STATUS LIKE 'Threads_running'")?, 1);
        // Sessions of ours that are idle do not run.
        let ids: Vec<String> = self.ids.iter().map(ToString::to_string).collect();
        let ours = format!(
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Sleep' AND ID IN ({})",
            ids.join(", ")
        );
        Ok(running.saturating_sub(number(&session.rows(&ours)?, 0)))
    }

    fn interrupt(&self) {
        self.interrupt.set();
        (0..self.ids.len()).for_each(|connection| self.kill(connection));
    }

    fn close(&self) {
        for connection in 0..self.sessions.len() {
            let mut session = self.session(connection);
            let _ = session.execute("ROLLBACK");
        }
    }
}

/// A key as it came: digits.
fn key(value: Option<&Value>) -> Option<u64> {
    let Some(Value::Bytes(digits)) = value else { return None };
    keyed::place(std::str::from_utf8(digits).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_leave_their_quotes() {
        assert_eq!(quoted("a`; drop table x; --"), "`a``; drop table x; --`");
        assert_eq!(literal("a'\\"), "CONVERT(0x61275c USING utf8mb4)");
    }
}
