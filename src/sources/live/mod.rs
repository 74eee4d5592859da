//! Databases that are running: tables at once, read-only, in one snapshot.
//!
//! A [`Kind`] of server, one file or folder each, turns an address into a [`Database`]: connections that share one
//! snapshot. It lists its [`LiveTable`]s and hands on their rows part by part as [`TableBatch`]es, any part over any
//! connection, any number of times; a row's place is its key and not a byte. What is done with the rows is not its
//! concern.
//!
//! **A guest.** Nothing is written: transactions are read-only, and no statement takes a lock above what reading takes.
//! Identifiers are quoted by one function per database. Passwords are in no message: addresses show themselves masked,
//! and what a server says is cut to its code and its first line.
//!
//! To add a server: a file that implements [`Kind`] and [`Database`], a `mod` line, a row in [`ALL`].

mod batches;
mod keyed;
mod manners;
mod mongodb;
mod mysql;
mod postgres;
mod scope;
mod sqlserver;
mod state;
mod tls;
mod url;

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::model::{Places, Secret, Severity, Table, TableBatch};

#[doc(hidden)]
pub(crate) use postgres::check_copy;

pub use manners::{Interrupt, Manners, Pace, Watch};
pub use scope::{Pattern, Scope};
pub use state::{State, StateFile, StateTrouble};
pub use url::{BadUrl, Url};

/// All kinds of servers.
pub const ALL: &[&dyn Kind] = &[&postgres::Postgres, &mysql::MySql, &sqlserver::SqlServer, &mongodb::MongoDb];

/// The kind of server that `scheme` of an address names.
pub fn kind(scheme: &str) -> Option<&'static dyn Kind> {
    ALL.iter().copied().find(|kind| kind.schemes().contains(&scheme))
}

/// One kind of database server.
pub trait Kind: Sync {
    /// `PostgreSQL`.
    fn name(&self) -> &'static str;
    /// What its addresses begin with: `postgres`, lower case.
    fn schemes(&self) -> &'static [&'static str];
    /// What is read and what is not, for the README: two cells of its table, in Markdown.
    fn about(&self) -> (&'static str, &'static str);
    /// Connects and opens the snapshot.
    fn connect(&self, url: &Url, options: &Options) -> Result<Box<dyn Database>, LiveError>;
}

/// How databases are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// What of them.
    pub scope: Scope,
    /// How gently.
    pub manners: Manners,
    /// The password, where it was not part of the address: from a prompt or a file.
    pub password: Option<Secret>,
    /// Bytes of a table that a part has, about. Smaller parts cost more statements, larger ones more memory for what waits
    /// to be accepted in order; they change no result.
    pub part: u64,
    /// Whether somebody wants it to end.
    pub interrupt: Interrupt,
    /// Where what was read is kept in case it is interrupted.
    pub state: Option<StateFile>,
}

/// Bytes of a part: some 100,000 accounts, a few milliseconds of a statement's own cost for each 50 of work.
pub const PART: u64 = 16 << 20;

impl Default for Options {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            manners: Manners::default(),
            password: None,
            part: PART,
            interrupt: Interrupt::default(),
            state: None,
        }
    }
}

/// A connected database: one snapshot, however many connections.
pub trait Database: Send + Sync {
    /// `PostgreSQL 15.8`.
    fn product(&self) -> String;

    /// How many connections share the snapshot; at least one.
    fn connections(&self) -> usize;

    /// What there is to read, and what is not read and why.
    fn catalogue(&self) -> Result<Catalogue, LiveError>;

    /// Parts that together hold every row of `table` once, in the order of its rows.
    ///
    /// A part that is [`wide`](Part::wide) is read with all columns: parts are to be cut so that about one row in 64 is
    /// in such a part, spread over the table, the first rows among them. A table that cannot be cut is one wide part.
    fn parts(&self, table: &LiveTable) -> Result<Vec<Part>, LiveError>;

    /// Reads one part over one connection (counted from 0), in order; ends early where `take` breaks.
    ///
    /// Batches have all the table's columns; those not asked for are NULL. After an error what was handed on stands.
    fn read(&self, connection: usize, request: &Request<'_>, take: Take<'_>) -> Result<(), LiveError>;

    /// A table was read to its end, the last time that it is read.
    fn finished(&self, table: &LiveTable) {
        let _ = table;
    }

    /// Whether the rows of `table` come from what an earlier audit kept, and cost the server nothing.
    fn is_kept(&self, table: &LiveTable) -> bool {
        let _ = table;
        false
    }

    /// What the server says of the moment that the snapshot shows: equal only if nothing has changed in between. `None` where
    /// it says nothing of that kind.
    fn moment(&self) -> Option<String> {
        None
    }

    /// What the reader of the report should know, once all was read: one line each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What turned out while a table was read and has to be told: place and reason, each once. Asked after every table.
    fn remarks(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// The statements that open a session, then those that read `table`, as they would be sent.
    fn statements(&self, table: Option<&LiveTable>) -> Vec<String>;

    /// How many other sessions are active just now.
    fn load(&self, connection: usize) -> Result<u64, LiveError>;

    /// Cancels what the server is doing for us; called from another thread while reading.
    fn interrupt(&self);

    /// Rolls back and says goodbye.
    fn close(&self);
}

/// Takes batches; breaks when no more are wanted.
pub type Take<'a> = &'a mut dyn FnMut(TableBatch) -> ControlFlow<()>;

/// What to read.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Of which table.
    pub table: &'a LiveTable,
    /// Which part.
    pub part: &'a Part,
    /// Which columns, ascending; `None` for all.
    pub columns: Option<&'a [usize]>,
    /// At most so many rows.
    pub limit: Option<u64>,
}

/// What a database holds.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// What to read, in a stable order.
    pub tables: Vec<LiveTable>,
    /// What is not read and would have to be: place and reason.
    pub skipped: Vec<(String, String)>,
    /// What is not read and need not be, or could not be looked at: one line each.
    pub notes: Vec<String>,
    /// What is wrong with the server's own settings.
    pub faults: Vec<ServerFault>,
}

/// A setting of the server that is a finding by itself.
#[derive(Debug)]
pub struct ServerFault {
    /// `password-encryption`.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Where: the setting's name.
    pub place: String,
    /// What, and what to do.
    pub message: String,
}

/// One table to read.
#[derive(Debug)]
pub struct LiveTable {
    /// Name and columns, those in scope.
    pub table: Arc<Table>,
    /// What the places of its rows count.
    pub places: Places,
    /// The server's estimate of its rows: for progress and order, never evidence.
    pub rows: Option<u64>,
    /// For the [`Database`] to find what it knows of it.
    pub number: usize,
}

/// A part of a table: rows whose key is from `from` on and below `to`. What the key is, is the [`Database`]'s matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// First key; `None` from the first row on.
    pub from: Option<i128>,
    /// First key behind it; `None` to the last row.
    pub to: Option<i128>,
    /// Whether it is read with all columns.
    pub wide: bool,
}

impl Part {
    /// All rows, all columns.
    pub const ALL: Self = Self { from: None, to: None, wide: true };
}

/// What is said of a kind of server that is known but was left out when the program was built.
#[cfg_attr(all(feature = "mongodb", feature = "sqlserver"), allow(dead_code))] // some builds leave nothing out
fn left_out(server: &str, feature: &str) -> LiveError {
    LiveError::connection(format!("this build has no {server}: build with `--features {feature}`"))
}

/// Cuts the keys `from..to` into parts of about `step` keys each, each after a wide piece of one in 64 of them; the first
/// and the last part are open, so that no row is outside all of them.
pub(super) fn cut(from: i128, to: i128, step: i128) -> Vec<Part> {
    let wide = (step / 64).max(1);
    if to - from <= wide * 4 {
        return vec![Part::ALL];
    }
    let mut parts = Vec::new();
    let mut at = from;
    while at < to {
        let open = if at == from { None } else { Some(at) };
        parts.push(Part { from: open, to: Some(at + wide), wide: true });
        let next = at + step;
        let end = if next >= to { None } else { Some(next) };
        parts.push(Part { from: Some(at + wide), to: end, wide: false });
        at = next;
    }
    parts
}

/// Why something of a database was not read. Never holds a password or a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveError {
    /// What is wrong, and what to do about it.
    pub why: String,
    /// How far it reaches.
    pub reach: Reach,
}

/// How far an error reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The table being read.
    Table,
    /// The connection is of no use any more.
    Connection,
    /// Somebody wanted it to end.
    Interrupted,
}

impl LiveError {
    /// An error of one table.
    pub fn table(why: impl Into<String>) -> Self {
        Self { why: why.into(), reach: Reach::Table }
    }

    /// The end of a connection.
    pub fn connection(why: impl Into<String>) -> Self {
        Self { why: why.into(), reach: Reach::Connection }
    }

    /// Somebody wanted it to end.
    pub fn interrupted() -> Self {
        Self { why: "interrupted".into(), reach: Reach::Interrupted }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for LiveError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_without_a_gap_and_one_row_in_64_is_read_whole() {
        for (from, to, step) in [(0, 10_000, 2048), (-5, 1_000_003, 4096), (0, 2048, 2048), (7, 2_056, 2048)] {
            let parts = cut(from, to, step);
            assert_eq!((parts[0].from, parts[parts.len() - 1].to), (None, None), "{from}..{to}");
            assert!(parts.windows(2).all(|pair| pair[0].to.is_some() && pair[0].to == pair[1].from), "{from}..{to}");
            let wide: i128 = parts.iter().filter(|p| p.wide).map(|p| p.to.unwrap_or(to) - p.from.unwrap_or(from)).sum();
            assert!(wide * 64 >= to - from, "{wide} of {from}..{to}");
            assert!(parts[0].wide);
        }
        assert_eq!(cut(0, 10, 2048), [Part::ALL]);
        assert_eq!(cut(0, 0, 2048), [Part::ALL]);
    }

    #[test]
    fn a_kind_that_was_left_out_says_how_to_build_it_in() {
        let LiveError { why, reach } = left_out("MongoDB", "mongodb");
        assert_eq!(
            (why.as_str(), reach),
            ("this build has no MongoDB: build with `--features mongodb`", Reach::Connection)
        );
    }

    #[test]
    fn every_kind_is_found_by_its_schemes() {
        for scheme in ["postgres", "mysql", "mariadb", "mssql", "sqlserver", "mongodb", "mongodb+srv"] {
            assert!(kind(scheme).is_some(), "{scheme}");
        }
        assert!(kind("ftp").is_none());
    }
}
