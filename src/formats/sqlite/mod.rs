//! SQLite database files, read in place.
//!
//! An own reader of the public file format (<https://www.sqlite.org/fileformat2.html>) and not SQLite itself, because it
//! has to read inside compressed streams without ever writing plaintext to a disk (input comes through [`ReadAt`]), must
//! never create a journal, a log or a lock beside somebody's database, and must say of every byte what became of it.
//! It is not a database: it runs no SQL, and of `CREATE TABLE` it understands what the layout of records hangs on.
//!
//! **Rows.** Every table of the schema is handed on, rowid and WITHOUT ROWID ones, the hidden tables of virtual tables
//! too; SQLite's own (`sqlite_sequence`, `sqlite_stat1`) count as other. Texts become UTF-8 whatever the encoding,
//! integers and floating point numbers decimal text (as many digits as tell a double from all others: `5.0`, `1e300`),
//! blobs stay bytes. An `INTEGER PRIMARY KEY` is the rowid. Generated columns that are not stored are left out. A row
//! older than a column (`ALTER TABLE … ADD COLUMN`) has the column's default if that is a literal, else NULL; a quoted
//! default is taken as it is written (`'5.0'` in an integer column is not made `5`). A row whose end is lost is a fault,
//! not a row with NULLs. There are no lines: [`RowAt::line`] and [`Fault::line`] are 0, and [`RowAt::offset`] is where
//! the row's cell starts. Rows come in the order of their rowids; of WITHOUT ROWID tables in no particular order, but
//! always the same.
//!
//! **Bytes.** Each page has one use. Rows are the leaf cells with their pointers, the row-bearing cells of interior pages
//! of WITHOUT ROWID tables, and their overflow pages. Other are headers, the rest of interior pages, unused space,
//! indexes, the schema, pointer maps, the freelist with its pages, and the lock-byte page. Deleted rows may still stand
//! in unused space and on free pages; they are not rows, but whoever looks at the raw bytes sees them. Faults are damaged
//! pages and cells, links that lead nowhere or to a page in use elsewhere, what is cut off, and pages that nothing leads
//! to.
//!
//! **Write-ahead log.** In WAL mode the latest commits are in a file beside, [`wal_path`]; without it the database is
//! read as of its last checkpoint. With it ([`SqliteReader::with_wal`]) the unit is the database *followed by its log*:
//! the accounts add up to the size of both, and places in the log count on from the database's end. Pages of the file
//! that the log replaces, and frames that were replaced or never committed, are other.
//!
//! A rollback journal ([`journal_path`]) with content beside a database means a transaction was cut short; the database
//! is then read with what that transaction had written so far.
//!
//! [`RowAt::line`]: crate::model::RowAt::line
//! [`RowAt::offset`]: crate::model::RowAt::offset

mod ahead;
mod page;
mod record;
mod rows;
mod schema;
mod tree;
mod wal;

use std::io;
use std::path::{Path, PathBuf};

use self::page::{Claim, Encoding, HEADER, Header, Kind, Map, Pages, be32};
use self::rows::{Entry, Rows, Schema};
use self::schema::Layout;
use self::tree::{Ground, Link, Passed, Run};
use super::{About, Format, Head, Likeness, Opened, RandomReader, ReadAt, Sink};
use crate::model::Fault;

/// The first bytes of every database (section 1.3.1).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The format.
pub struct Sqlite;

impl Format for Sqlite {
    fn name(&self) -> &'static str {
        "SQLite"
    }

    fn about(&self) -> About {
        About::new(
            "database files of SQLite 3, in place or inside a compressed stream, with the write-ahead log beside them",
            "own reader: takes no lock, writes nothing beside the file; deleted rows in free space are not rows",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        head.bytes.starts_with(MAGIC).then_some(Likeness::Certain)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        let name = if is_in_wal_mode(head.bytes) { "SQLite in WAL mode" } else { "SQLite" };
        (name.to_owned(), Opened::Random(Box::new(SqliteReader::new())))
    }
}

/// Whether a database that starts with `head` keeps a write-ahead log, so that its latest commits may be beside it
/// ([`wal_path`]).
pub fn is_in_wal_mode(head: &[u8]) -> bool {
    head.starts_with(MAGIC) && head.get(19) == Some(&2)
}

/// Where the write-ahead log of the database at `path` is, if there is one: `users.db-wal`.
pub fn wal_path(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Where the rollback journal of the database at `path` is, if there is one: `users.db-journal`.
pub fn journal_path(path: &Path) -> PathBuf {
    beside(path, "-journal")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Reads one database; see the module for what it makes of it.
///
/// Memory: one bit a page, 8 bytes a page in the log, the schema (at most 64 MiB), a block of leaves (512 KiB) and what
/// a batch copies; half as much again for each group of leaves that is decoded aside, 16 at most.
#[derive(Default)]
pub struct SqliteReader {
    wal: Option<Box<dyn ReadAt>>,
}

impl SqliteReader {
    /// Reads the database as it is in its file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the database with the commits in `wal`, its write-ahead log; one that belongs to another database or is
    /// damaged is a fault, and what it holds is not read.
    pub fn with_wal(wal: Box<dyn ReadAt>) -> Self {
        Self { wal: Some(wal) }
    }
}

impl RandomReader for SqliteReader {
    fn with_companion(&mut self, companion: Box<dyn ReadAt>) {
        self.wal = Some(companion);
    }

    fn read(&mut self, input: &dyn ReadAt, sink: &mut dyn Sink) -> io::Result<()> {
        // Asked once: a file that grows meanwhile is read to where it ended.
        let size = input.size();
        let wal = self.wal.as_deref();
        let wal_size = wal.map_or(0, ReadAt::size);
        let mut fault = |what| {
            sink.fault(Fault { offset: 0, line: 0, len: size + wal_size, what });
            Ok(())
        };
        if size < HEADER as u64 {
            return fault("SQLite database is cut off in its header");
        }
        let mut bytes = [0; HEADER];
        page::fill(input, 0, &mut bytes)?;
        if !bytes.starts_with(MAGIC) {
            return fault("not a SQLite database");
        }
        let file_header = match Header::parse(&bytes) {
            Ok(header) => header,
            Err(what) => return fault(what),
        };

        let checked = match wal {
            Some(wal) => wal::Log::check(wal, wal_size, file_header.page_size)?,
            None => wal::Checked::default(),
        };
        let broken = checked.broken.map(|(at, what)| (size + at, size + wal_size, what));
        let log_pages = checked.log.len() as u64;
        let replaced = checked.log.count_to(u32::try_from(size / file_header.page_size as u64).unwrap_or(u32::MAX));
        let log = wal.map(|wal| (wal, checked.log));
        let map = Map::new(input, size, log, file_header.page_size, file_header.pages);
        let pages = Pages::new(&map);

        // The log may hold page 1, and with it a newer header. Its page size is known to be the same.
        let first = pages.place(1);
        if let Some(place) = first {
            pages.fill(place, &mut bytes)?;
        }
        let header = match Header::parse(&bytes) {
            Ok(header) if header.page_size == file_header.page_size => header,
            _ => return fault("SQLite write-ahead log holds a damaged first page"),
        };

        let mut ground = Ground { pages, usable: header.usable, sink, other: 0 };
        // The log's own bytes, and the pages of the file that it replaces.
        let unread = broken.map_or(0, |(from, to, _)| to - from);
        let page_size = header.page_size as u64;
        ground.other += wal_size - log_pages * page_size - unread;
        ground.other += replaced * page_size;
        if let Some((from, _, what)) = broken {
            ground.fault(from, unread, what);
        }
        let read = ground.database(&header, first);
        let other = ground.other;
        sink.other(other);
        read
    }
}

impl Ground<'_> {
    /// Reads all pages. `first` is the place of page 1.
    fn database(&mut self, header: &Header, first: Option<u64>) -> io::Result<()> {
        let page_size = header.page_size as u64;
        // Never used, whatever points there.
        if let Claim::Place(_) = self.pages.claim(self.pages.lock_page()) {
            self.other += page_size;
        }
        self.trees(header.encoding.unwrap_or(Encoding::Utf8))?;
        if let Some(first) = first {
            if header.encoding.is_none() {
                self.fault_in_other(first + 56, 4, "SQLite header damaged: no such text encoding, read as UTF-8");
            }
            if header.pointer_map {
                self.pointer_maps();
            }
            self.freelist(Link { page: header.freelist, at: first + 32, len: 4 })?;
        }
        self.missing(first);
        self.unreached();
        Ok(())
    }

    /// The schema, then the tables, then the indexes.
    fn trees(&mut self, encoding: Encoding) -> io::Result<()> {
        let mut schema = Schema::new(encoding);
        self.walk(Link { page: 1, at: 0, len: 0 }, Some(Kind::Table), &mut schema)?;
        for entry in schema.entries.iter().filter(|e| e.is_table && !e.is_internal()) {
            let layout = entry.sql.as_deref().and_then(|sql| Layout::parse(&entry.name, sql));
            let without_rowid = layout.as_ref().and_then(|layout| layout.without_rowid);
            let kind = without_rowid.map(|without| if without { Kind::Index } else { Kind::Table });
            self.walk(entry.link(), kind, &mut Rows::new(&entry.name, layout, encoding))?;
        }
        for entry in schema.entries.iter().filter(|e| !e.is_table || e.is_internal()) {
            // An entry that is not a table cannot hide one.
            let kind = (!entry.is_table).then_some(Kind::Index);
            self.walk(entry.link(), kind, &mut Passed::default())?;
        }
        Ok(())
    }

    /// Pages that say who points to a page, in databases that can be vacuumed step by step (section 1.8).
    fn pointer_maps(&mut self) {
        let every = self.usable as u64 / 5 + 1;
        let mut page = 2;
        while page <= u64::from(self.pages.highest()) {
            // A map that would lie on the lock-byte page is the next one.
            let number = page as u32 + u32::from(page as u32 == self.pages.lock_page());
            if let Claim::Place(_) = self.pages.claim(number) {
                self.other += self.pages.page_size() as u64;
            }
            page += every;
        }
    }

    /// Pages not in use: trunks, each with the numbers of many leaves (section 1.5).
    fn freelist(&mut self, mut link: Link) -> io::Result<()> {
        let page_size = self.pages.page_size();
        let mut trunk = vec![0; page_size];
        while link.page != 0 {
            let place = match self.pages.claim(link.page) {
                Claim::Place(place) => place,
                Claim::Cut => return Ok(()),
                Claim::Refused(what) => {
                    self.fault_in_other(link.at, link.len.into(), what);
                    return Ok(());
                }
            };
            self.pages.read(&[place], &mut trunk)?;
            let leaves = be32(&trunk, 4) as usize;
            if leaves > self.usable / 4 - 2 {
                self.fault(place, page_size as u64, "SQLite freelist damaged: more pages than fit");
                return Ok(());
            }
            self.other += page_size as u64;
            let mut refused = None;
            for at in (8..).step_by(4).take(leaves) {
                match self.pages.claim(be32(&trunk, at)) {
                    Claim::Place(_) => self.other += page_size as u64,
                    Claim::Cut => {}
                    Claim::Refused(what) => refused = refused.or(Some((at as u64, what))),
                }
            }
            if let Some((at, what)) = refused {
                self.fault_in_other(place + at, 4, what);
            }
            link = Link { page: be32(&trunk, 0), at: place, len: 4 };
        }
        Ok(())
    }

    /// What is cut off, said once: at the bytes of the page that was cut, or at the header's count of pages.
    fn missing(&mut self, first: Option<u64>) {
        let (rest, len) = self.pages.rest();
        let are_missing = self.pages.are_missing();
        if len > 0 {
            self.fault(
                rest,
                len,
                if are_missing {
                    "SQLite database is cut off here: what lay behind is not in the file"
                } else {
                    "bytes behind the last page of a SQLite database"
                },
            );
        } else if let Some(first) = first.filter(|_| are_missing) {
            self.fault_in_other(
                first + 28,
                4,
                "SQLite database is cut off: its header counts more pages than there are in the file",
            );
        }
    }

    /// Pages that nothing leads to.
    fn unreached(&mut self) {
        const WHAT: &str = "SQLite page that no table, index or freelist leads to: may hold rows that are not read";
        let page_size = self.pages.page_size() as u64;
        let mut run = Run::default();
        for page in 1..=self.pages.highest() {
            if self.pages.is_claimed(page) {
                continue;
            }
            match self.pages.place(page) {
                Some(place) => {
                    if let Some((at, len)) = run.add(place, page_size) {
                        self.fault(at, len, WHAT);
                    }
                }
                // Behind the end of the database since the log's last commit.
                None if page <= self.pages.in_file() => self.other += page_size,
                None => {}
            }
        }
        if let Some((at, len)) = run.take() {
            self.fault(at, len, WHAT);
        }
    }
}

impl Entry {
    /// Tables of SQLite's own (section 2.6.2 and later). Known names only: the prefix they share is refused to others
    /// by SQLite, but not by whoever edits the schema.
    fn is_internal(&self) -> bool {
        ["sqlite_sequence", "sqlite_stat1", "sqlite_stat2", "sqlite_stat3", "sqlite_stat4"]
            .contains(&self.name.as_str())
    }

    fn link(&self) -> Link {
        Link { page: self.root, at: self.at, len: self.len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::testing::Said;

    /// A database of one empty page as SQLite 3.40 writes it, followed by zeroes up to a size that nobody holds in
    /// memory.
    struct Sparse {
        first: Vec<u8>,
        size: u64,
    }

    impl ReadAt for Sparse {
        fn size(&self) -> u64 {
            self.size
        }

        fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
            let len = buf.len().min(usize::try_from(self.size - offset).unwrap());
            buf[..len].fill(0);
            if let Some(rest) = self.first.get(usize::try_from(offset).unwrap()..) {
                let n = rest.len().min(len);
                buf[..n].copy_from_slice(&rest[..n]);
            }
            Ok(len)
        }
    }

    fn sparse(pages: u32) -> Sparse {
        let mut first = vec![0; 65536];
        first[..16].copy_from_slice(MAGIC);
        first[16..24].copy_from_slice(&[0, 1, 1, 1, 0, 64, 32, 32]);
        first[28..32].copy_from_slice(&pages.to_be_bytes());
        first[59] = 1;
        first[100] = 0x0d;
        Sparse { first, size: u64::from(pages) * 65536 }
    }

    #[test]
    fn the_page_around_the_lock_byte_is_other_and_splits_what_is_unreached() {
        let input = sparse(16_384 + 3);
        let mut said = Said::default();
        SqliteReader::new().read(&input, &mut said).unwrap();
        assert_eq!(said.other, 2 * 65536, "page 1 and the lock-byte page at 1 GiB");
        let runs: Vec<_> = said.faults.iter().map(|f| (f.offset, f.len)).collect();
        assert_eq!(runs, [(65536, (1 << 30) - 65536), ((1 << 30) + 65536, 2 * 65536)]);
    }

    #[test]
    fn an_input_that_became_shorter_while_it_is_read_ends_with_an_error() {
        struct Shrunk(Sparse);
        impl ReadAt for Shrunk {
            fn size(&self) -> u64 {
                self.0.size
            }
            fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
                if offset >= 65536 { Ok(0) } else { self.0.read_at(offset, buf) }
            }
        }
        let mut input = sparse(20);
        // Page 1 says that the freelist begins on page 5.
        input.first[35] = 5;
        let error = SqliteReader::new().read(&Shrunk(input), &mut Said::default()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn companions_are_named_as_sqlite_names_them() {
        assert_eq!(wal_path(Path::new("a/users.db")), Path::new("a/users.db-wal"));
        assert_eq!(journal_path(Path::new("users")), Path::new("users-journal"));
    }
}
