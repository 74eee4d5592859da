//! Bytes to tables. One file per format; a format is chosen by content, never by name.
//!
//! A [`Reader`] is a state machine without I/O: blocks go in, batches come out, and any split of the input into blocks
//! gives the same rows. Every byte ends in exactly one of three accounts: rows ([`TableBatch::bytes`]), something else
//! ([`Sink::other`]) or not understood ([`Sink::fault`]).
//!
//! The table of formats is [`ALL`]; [`detect`] picks the row for a unit:
//!
//! | row | reads | told by |
//! |---|---|---|
//! | `other::Signed` | nothing: pictures and programs hold no tables; archives and foreign databases are not understood | first bytes |
//! | `json::Json` | arrays of objects, objects a line, documents with such arrays or maps | brackets, then a key or value |
//! | `csv::Csv` | `,` `;` tab and `|` between fields, with or without header | equal numbers of fields that look like data |
//! | `other::UnreadText` | nothing: LDIF, XML, YAML, password files, combo lists are not understood | shape of the lines |
//! | `other::PlainText` | nothing: prose, code, logs hold no tables | it is text |
//!
//! To add a format: a file that implements [`Format`], a `mod` line, a row in [`ALL`] before what it could be taken for.

mod batch;
mod carry;
mod csv;
mod json;
mod other;
mod sql;
mod sqlite;
#[doc(hidden)]
pub mod testing;

pub use batch::{BatchBuilder, MAX_CELL};
pub use sql::Sql;
pub use sqlite::{Sqlite, SqliteReader, is_in_wal_mode, journal_path, wal_path};

use std::io;
use std::sync::Arc;

use crate::model::{Block, Fault, Table, TableBatch, Wanted};

/// Takes what a reader finds.
pub trait Sink {
    /// Rows. A reader hands on all rows completed in a block before `push` returns, so that blocks can be reused.
    fn batch(&mut self, batch: TableBatch);
    /// Bytes understood as something other than rows: schema, comments, white space.
    fn other(&mut self, bytes: u64);
    /// Bytes not understood. Reading goes on after them.
    fn fault(&mut self, fault: Fault);
    /// Which cells of `table` are wanted; all, if nothing is said. Most columns of a database are of no use to whoever
    /// takes the rows, and a reader that knows spares itself to look into them. Rows, faults and accounts of bytes are
    /// the same either way.
    fn wanted(&self, table: &Arc<Table>) -> Option<Arc<Wanted>> {
        let _ = table;
        None
    }
}

/// Reads one unit's text, block by block.
///
/// Properties (fuzzed): any split into blocks gives the same rows with the same offsets and lines, the same faults and
/// the same totals; the three accounts add up to the bytes pushed; memory is bounded whatever the longest line or cell
/// (a cell is cut to its first [`MAX_CELL`] bytes).
pub trait Reader: Send {
    /// The next bytes; blocks come in order, without gaps.
    fn push(&mut self, block: &Block, sink: &mut dyn Sink);

    /// The end of the text: what is unfinished is a fault or the last row.
    fn finish(&mut self, sink: &mut dyn Sink);

    /// Lines begun so far: 1 plus the newlines consumed.
    fn line(&self) -> u64;

    /// Guesses a place in `block` (which lies further on) where a row of the table now being read starts, and gives
    /// its position in the block with a reader that could start there, its line set to 1.
    ///
    /// A guess may be wrong: the driver checks with [`Reader::is_at`] when the exact reader arrives there, and reads
    /// again if it was. `None` where the format or the state allows no guess.
    fn fork(&self, block: &Block) -> Option<(usize, Box<dyn Reader>)> {
        let _ = block;
        None
    }

    /// Whether this reader, having consumed everything before a fork's place, is in the state the fork assumed
    /// (line numbers aside).
    fn is_at(&self, fork: &dyn Reader) -> bool {
        let _ = fork;
        false
    }

    /// For [`Reader::is_at`] to compare readers of one kind.
    fn as_any(&self) -> &dyn std::any::Any;
}

/// Bytes that can be read at any place; for formats that need it.
pub trait ReadAt: Send + Sync {
    /// Length in bytes.
    fn size(&self) -> u64;
    /// Fills `buf` from `offset` on; returns less than asked only at the end of the input.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
}

/// The start of a unit's text, from which formats are told apart.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The first bytes, at most [`Head::LEN`].
    pub bytes: &'a [u8],
    /// Whether these are all the bytes there are.
    pub whole: bool,
    /// File name extension, lower case, without wrappers (`sql` for `dump.SQL.gz`); only to break ties.
    pub extension: Option<&'a str>,
}

impl Head<'_> {
    /// How many bytes of a unit are looked at: 64 KiB, enough for a `pg_dump` preamble or a wide CSV header with rows.
    pub const LEN: usize = 64 << 10;
}

/// How sure a format is that a unit is its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// Could be, as much else could.
    Possible,
    /// Looks like it.
    Likely,
    /// Bears a signature nothing else has.
    Certain,
}

/// What a format starts for one unit.
pub enum Opened {
    /// Reads the text block by block.
    Stream(Box<dyn Reader>),
    /// Reads at places of its own choice.
    Random(Box<dyn RandomReader>),
    /// Known, and holds no tables (a picture, a program): the reason goes into the report; bytes count as other.
    NoTables(&'static str),
    /// Known, may hold accounts, and is not read: the sentence says what to do; bytes count as not understood.
    Unreadable(&'static str),
}

/// All formats, those with the surest signs first; the order breaks ties between equal [`Likeness`].
pub const ALL: &[&dyn Format] =
    &[&Sqlite, &Sql, &other::Signed, &json::Json, &csv::Csv, &other::UnreadText, &other::PlainText];

/// The format most like the unit; `None` where none is: the unit is then not understood.
pub fn detect(head: &Head<'_>) -> Option<&'static dyn Format> {
    let mut best: Option<(Likeness, &'static dyn Format)> = None;
    for format in ALL {
        if let Some(likeness) = format.sniff(head)
            && best.is_none_or(|(so_far, _)| likeness > so_far)
        {
            best = Some((likeness, *format));
        }
    }
    best.map(|(_, format)| format)
}

/// Reads one unit at places of its own choice.
pub trait RandomReader: Send {
    /// Hands over the file beside the unit that belongs to it (SQLite's write-ahead log); by default it is not read.
    fn with_companion(&mut self, companion: Box<dyn ReadAt>) {
        drop(companion);
    }

    /// Reads everything into `sink`; the three accounts add up to `input.size()`. An error ends the unit: what was
    /// handed on stays.
    fn read(&mut self, input: &dyn ReadAt, sink: &mut dyn Sink) -> io::Result<()>;
}

/// What the documentation says of a format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// What is recognised and read.
    pub reads: String,
    /// What a user should know beside that.
    pub remarks: String,
}

impl About {
    fn new(reads: impl Into<String>, remarks: impl Into<String>) -> Self {
        Self { reads: reads.into(), remarks: remarks.into() }
    }
}

/// One dump format.
pub trait Format: Sync {
    /// The name in reports: `mysqldump`, `CSV`.
    fn name(&self) -> &'static str;
    /// What it reads and what it does not, for the README: two cells of its table, in Markdown.
    fn about(&self) -> About;
    /// Whether the unit looks like this format.
    fn sniff(&self, head: &Head<'_>) -> Option<Likeness>;
    /// Starts reading; may refine the name (`CSV ; without header`).
    fn open(&self, head: &Head<'_>) -> (String, Opened);
}
