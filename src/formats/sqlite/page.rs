//! Pages: the header that sizes them, where each lies (database file or write-ahead log), which are claimed, and how
//! their cells are laid out. Section numbers are those of <https://www.sqlite.org/fileformat2.html>.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::record::varint;
use super::wal::Log;
use crate::formats::ReadAt;
use crate::model::{Block, Pool};

/// The database header's length; the first page's b-tree header follows it (section 1.3).
pub(super) const HEADER: usize = 100;

/// The byte where SQLite takes its locks; the page around it is never used (section 1.4).
const LOCK_BYTE: u64 = 0x4000_0000;

/// No payload is longer: the upper bound of `SQLITE_MAX_LENGTH` (<https://www.sqlite.org/limits.html>).
const MAX_PAYLOAD: u64 = 0x7fff_ffff;

/// How texts are stored (header offset 56).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

/// What the reader needs of the database header (section 1.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    /// Bytes of a page: a power of two from 512 to 65536.
    pub(super) page_size: usize,
    /// Bytes of a page that SQLite uses; extensions keep the rest.
    pub(super) usable: usize,
    /// Pages of the database; `None` where the field is not valid (offset 92 differs from 24: an old writer).
    pub(super) pages: Option<u32>,
    /// First page of the freelist, 0 for none.
    pub(super) freelist: u32,
    /// How texts are stored; `None` if the field has no known value.
    pub(super) encoding: Option<Encoding>,
    /// Whether there are pointer-map pages.
    pub(super) pointer_map: bool,
}

impl Header {
    /// Reads the first [`HEADER`] bytes.
    pub(super) fn parse(bytes: &[u8; HEADER]) -> Result<Self, &'static str> {
        let page_size = match be16(bytes, 16) {
            1 => 65536,
            size if size >= 512 && size.is_power_of_two() => size,
            _ => return Err("SQLite header damaged: no such page size"),
        };
        let usable = page_size - usize::from(bytes[20]);
        if usable < 480 {
            return Err("SQLite header damaged: too many bytes of a page are reserved");
        }
        let encoding = match be32(bytes, 56) {
            0 | 1 => Some(Encoding::Utf8),
            2 => Some(Encoding::Utf16Le),
            3 => Some(Encoding::Utf16Be),
            _ => None,
        };
        let pages = be32(bytes, 28);
        let valid = pages != 0 && bytes[24..28] == bytes[92..96];
        Ok(Self {
            page_size,
            usable,
            pages: valid.then_some(pages),
            freelist: be32(bytes, 32),
            encoding,
            pointer_map: be32(bytes, 52) != 0,
        })
    }
}

/// Leaves are read together into one block of about this size: some 5,000 rows of 100 bytes. Measured with 64 KiB to
/// 2 MiB on rows of three texts (`speed_of_a_table_of_three_texts`): 512 KiB was the best in each of three rounds.
pub(super) const BLOCK: usize = 512 << 10;

/// Whether a page may be used by the one who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Yes, it starts at this byte of the unit.
    Place(u64),
    /// It belongs to the database, but its bytes are missing; said once for the whole unit.
    Cut,
    /// No, and why.
    Refused(&'static str),
}

/// Where the pages of a database are: in its file, and in the log above it.
///
/// A place counts the bytes of the database file; the log's bytes count on from its end.
pub(super) struct Map<'a> {
    input: &'a dyn ReadAt,
    size: u64,
    log: Option<(&'a dyn ReadAt, Log)>,
    page_size: usize,
    /// Whole pages in the database file.
    in_file: u32,
    /// Pages the database should have.
    count: u32,
    /// Memory of the blocks that pages are read into.
    pool: Arc<Pool>,
}

/// The pages of a database, and which are taken.
pub(super) struct Pages<'a> {
    map: &'a Map<'a>,
    claims: Claims,
}

/// Pages that are taken: a page has one use, so every walk ends.
pub(super) enum Claims {
    /// One bit a page.
    All(Vec<u64>),
    /// Those taken by work done aside, which knows of no others.
    Aside(Few),
}

/// A set of few pages, most of them neighbours: their bits in words, and the word that was changed last at hand.
#[derive(Default)]
pub(super) struct Few {
    words: HashMap<u32, u64>,
    /// Its number, and its bits where they differ from those in `words`.
    now: (u32, u64),
}

impl Few {
    fn contains(&self, page: u32) -> bool {
        let word = page / 64;
        let bits = if word == self.now.0 { self.now.1 } else { self.words.get(&word).copied().unwrap_or_default() };
        bits >> (page % 64) & 1 == 1
    }

    fn insert(&mut self, page: u32) {
        let word = page / 64;
        if word != self.now.0 {
            self.words.insert(self.now.0, self.now.1);
            self.now = (word, self.words.get(&word).copied().unwrap_or_default());
        }
        self.now.1 |= 1 << (page % 64);
    }

    /// All words with their numbers.
    fn words(&self) -> impl Iterator<Item = (usize, u64)> {
        let others = self.words.iter().filter(|(word, _)| **word != self.now.0);
        others.map(|(word, bits)| (*word as usize, *bits)).chain([(self.now.0 as usize, self.now.1)])
    }
}

impl<'a> std::ops::Deref for Pages<'a> {
    type Target = Map<'a>;

    fn deref(&self) -> &Self::Target {
        self.map
    }
}

impl<'a> Map<'a> {
    /// The pages of `input`, `size` bytes long, of which the header states `declared`; pages in `log` stand above those in the file.
    pub(super) fn new(
        input: &'a dyn ReadAt,
        size: u64,
        log: Option<(&'a dyn ReadAt, Log)>,
        page_size: usize,
        declared: Option<u32>,
    ) -> Self {
        let in_file = u32::try_from(size / page_size as u64).unwrap_or(u32::MAX - 1).min(u32::MAX - 1);
        let log = log.filter(|(_, log)| !log.is_empty());
        let count = match &log {
            Some((_, log)) => log.pages(),
            // A file longer than its header says is read to its end: what lies there is looked at or reported.
            None => declared.unwrap_or(in_file).max(1),
        };
        Self { input, size, log, page_size, in_file, count, pool: Pool::new() }
    }

    /// Bytes of a page.
    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// The page around the lock byte.
    pub(super) fn lock_page(&self) -> u32 {
        (LOCK_BYTE / self.page_size as u64) as u32 + 1
    }

    /// The highest page that has bytes.
    pub(super) fn highest(&self) -> u32 {
        self.in_file.max(self.log.as_ref().map_or(0, |(_, log)| log.highest()))
    }

    /// Whole pages in the database file.
    pub(super) fn in_file(&self) -> u32 {
        self.in_file
    }

    /// Whether pages that belong to the database are missing.
    pub(super) fn are_missing(&self) -> bool {
        let beyond = u64::from(self.count.saturating_sub(self.in_file));
        let logged = self.log.as_ref().map_or(0, |(_, log)| log.count_between(self.in_file, self.count));
        beyond > logged
    }

    /// Bytes after the last whole page of the database file: where and how many.
    pub(super) fn rest(&self) -> (u64, u64) {
        let start = u64::from(self.in_file) * self.page_size as u64;
        (start, self.size - start)
    }

    /// Where page `number` starts; `None` if it has no bytes.
    pub(super) fn place(&self, number: u32) -> Option<u64> {
        if number == 0 {
            return None;
        }
        if let Some((_, log)) = &self.log {
            if let Some(at) = log.place(number) {
                return Some(self.size + at);
            }
            // The log's last commit made the database shorter: the file's tail is no longer part of it.
            if number > self.count {
                return None;
            }
        }
        (number <= self.in_file).then(|| u64::from(number - 1) * self.page_size as u64)
    }

    /// The pages at `places`, at least one, one after another; together no longer than [`BLOCK`].
    pub(super) fn block(&self, places: &[u64]) -> io::Result<Block> {
        let len = places.len() * self.page_size;
        let mut loan = self.pool.take(BLOCK.max(len));
        self.read(places, &mut loan.room()[..len])?;
        Ok(loan.into_block(len, places[0]))
    }

    /// Reads the pages at `places` one after another into `buffer`, which they fill; neighbours in one go.
    pub(super) fn read(&self, places: &[u64], buffer: &mut [u8]) -> io::Result<()> {
        let size = self.page_size as u64;
        let mut first = 0;
        while first < places.len() {
            let mut end = first + 1;
            while end < places.len() && places[end] == places[end - 1] + size && places[end] < self.size {
                end += 1;
            }
            self.fill(places[first], &mut buffer[first * self.page_size..end * self.page_size])?;
            first = end;
        }
        Ok(())
    }

    /// Fills `buffer` from `place` on.
    pub(super) fn fill(&self, place: u64, buffer: &mut [u8]) -> io::Result<()> {
        match &self.log {
            Some((log, _)) if place >= self.size => fill(*log, place - self.size, buffer),
            _ => fill(self.input, place, buffer),
        }
    }
}

impl<'a> Pages<'a> {
    /// None is taken.
    pub(super) fn new(map: &'a Map<'a>) -> Self {
        Self { map, claims: Claims::All(vec![0; map.highest() as usize / 64 + 1]) }
    }

    /// None is taken, as far as work done aside knows: what it takes is to be [`adopt`](Self::adopt)ed.
    pub(super) fn aside(map: &'a Map<'a>) -> Self {
        Self { map, claims: Claims::Aside(Few::default()) }
    }

    /// Where the pages are.
    pub(super) fn map(&self) -> &'a Map<'a> {
        self.map
    }

    /// What was taken.
    pub(super) fn into_claims(self) -> Claims {
        self.claims
    }

    /// Whether page `number` is taken.
    pub(super) fn is_claimed(&self, number: u32) -> bool {
        match &self.claims {
            Claims::All(words) => words.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1),
            Claims::Aside(pages) => pages.contains(number),
        }
    }

    /// Takes page `number`, once.
    pub(super) fn claim(&mut self, number: u32) -> Claim {
        match self.place(number) {
            None if number != 0 && number <= self.map.count => Claim::Cut,
            None => Claim::Refused("SQLite database damaged: it refers to a page that does not exist"),
            Some(_) if self.is_claimed(number) => {
                Claim::Refused("SQLite database damaged: it refers to a page that is in use elsewhere")
            }
            Some(place) => {
                match &mut self.claims {
                    Claims::All(words) => words[number as usize / 64] |= 1 << (number % 64),
                    Claims::Aside(pages) => pages.insert(number),
                }
                Claim::Place(place)
            }
        }
    }

    /// Takes what work aside has taken, if all of it is free: that work then went as it would have gone here.
    pub(super) fn adopt(&mut self, aside: &Claims) -> bool {
        let (Claims::Aside(few), Claims::All(all)) = (aside, &mut self.claims) else { return false };
        // What was taken aside has a place, so there is a word for it.
        let free = few.words().all(|(word, bits)| all.get(word).is_some_and(|taken| taken & bits == 0));
        if free {
            few.words().for_each(|(word, bits)| all[word] |= bits);
        }
        free
    }
}

/// Fills `buffer` from `offset` on, in as many reads as it takes; bytes that `size` promised and that are not there are
/// an error.
pub(super) fn fill(input: &dyn ReadAt, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match input.read_at(offset + done as u64, &mut buffer[done..]) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the database became shorter while it was read",
                ));
            }
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The two kinds of b-tree (section 1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Keyed by rowid; rows in the leaves only.
    Table,
    /// Keyed by content; rows in all pages. Indexes and WITHOUT ROWID tables.
    Index,
}

/// A b-tree page's header and cell pointers, checked to lie inside the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'p> {
    page: &'p [u8],
    /// Which tree it belongs to.
    pub(super) kind: Kind,
    /// Whether it has no children.
    pub(super) leaf: bool,
    /// Number of cells.
    pub(super) cells: usize,
    /// Where the b-tree header starts: 100 on page 1, else 0.
    header: usize,
    usable: usize,
}

/// One cell of a page; positions count from the page's start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// Where it starts.
    pub(super) start: usize,
    /// Bytes of it on the page.
    pub(super) len: usize,
    /// Left child, in interior pages.
    pub(super) child: u32,
    /// Key, in table trees.
    pub(super) rowid: i64,
    /// Where the payload starts.
    pub(super) payload: usize,
    /// Bytes of the payload on the page.
    pub(super) local: usize,
    /// Bytes of the whole payload.
    pub(super) total: usize,
    /// First overflow page if `local < total`.
    pub(super) overflow: u32,
}

impl<'p> Node<'p> {
    /// Reads a page's b-tree header; `header` is [`HEADER`] on page 1, else 0.
    pub(super) fn parse(page: &'p [u8], header: usize, usable: usize) -> Result<Self, &'static str> {
        let (kind, leaf) = match page[header] {
            0x02 => (Kind::Index, false),
            0x05 => (Kind::Table, false),
            0x0a => (Kind::Index, true),
            0x0d => (Kind::Table, true),
            _ => return Err("SQLite page damaged: not a page of a table or an index"),
        };
        let cells = be16(page, header + 3);
        let node = Self { page, kind, leaf, cells, header, usable };
        if node.pointers_end() > usable {
            return Err("SQLite page damaged: more cells than fit");
        }
        Ok(node)
    }

    /// Length of the b-tree header.
    fn header_len(&self) -> usize {
        if self.leaf { 8 } else { 12 }
    }

    /// Where the pointer to cell `index` is.
    pub(super) fn pointer(&self, index: usize) -> usize {
        self.header + self.header_len() + 2 * index
    }

    /// End of the cell pointers: cells lie behind it.
    pub(super) fn pointers_end(&self) -> usize {
        self.pointer(self.cells)
    }

    /// Where the right-most child's number is, in interior pages.
    pub(super) fn last_child_at(&self) -> usize {
        self.header + 8
    }

    /// The right-most child, in interior pages.
    pub(super) fn last_child(&self) -> u32 {
        be32(self.page, self.last_child_at())
    }

    /// Reads cell `index` (section 1.6: the four cell formats, and how much payload stays on the page).
    #[inline]
    pub(super) fn cell(&self, index: usize) -> Result<Cell, &'static str> {
        const OUTSIDE: &str = "SQLite page damaged: a cell lies outside of its page";
        let start = be16(self.page, self.pointer(index));
        if start < self.pointers_end() || start >= self.usable {
            return Err(OUTSIDE);
        }
        let page = &self.page[..self.usable];
        let mut at = start;
        let mut child = 0;
        if !self.leaf {
            if at + 4 > page.len() {
                return Err(OUTSIDE);
            }
            child = be32(page, at);
            at += 4;
        }
        if self.kind == Kind::Table && !self.leaf {
            let (rowid, n) = varint(&page[at..]).ok_or(OUTSIDE)?;
            at += n;
            let rowid = rowid.cast_signed();
            return Ok(Cell { start, len: at - start, child, rowid, payload: at, local: 0, total: 0, overflow: 0 });
        }
        let (total, n) = varint(&page[at..]).ok_or(OUTSIDE)?;
        at += n;
        if total > MAX_PAYLOAD {
            return Err("SQLite page damaged: a row longer than SQLite allows");
        }
        let total = total as usize;
        let mut rowid = 0;
        if self.kind == Kind::Table {
            let (key, n) = varint(&page[at..]).ok_or(OUTSIDE)?;
            at += n;
            rowid = key.cast_signed();
        }
        let local = local_len(total, self.kind, self.usable);
        let (end, overflow) = if local == total {
            (at + local, 0)
        } else {
            let end = at + local + 4;
            (end, if end <= page.len() { be32(page, at + local) } else { 0 })
        };
        if end > page.len() {
            return Err(OUTSIDE);
        }
        Ok(Cell { start, len: end - start, child, rowid, payload: at, local, total, overflow })
    }
}

/// How many bytes of a payload stay on the b-tree page (section 1.6, the definitions of X, M and K).
fn local_len(total: usize, kind: Kind, usable: usize) -> usize {
    let most = match kind {
        Kind::Table => usable - 35,
        Kind::Index => (usable - 12) * 64 / 255 - 23,
    };
    if total <= most {
        return total;
    }
    let least = (usable - 12) * 32 / 255 - 23;
    let fitting = least + (total - least) % (usable - 4);
    if fitting <= most { fitting } else { least }
}

/// Big-endian number of two bytes.
pub(super) fn be16(bytes: &[u8], at: usize) -> usize {
    usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]))
}

/// Big-endian number of four bytes.
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_stays_on_its_page_as_the_file_format_says() {
        // Usable 4096: a table leaf keeps up to 4061 bytes, an index page up to 1002; the least kept is 489.
        assert_eq!(local_len(4061, Kind::Table, 4096), 4061);
        assert_eq!(local_len(4062, Kind::Table, 4096), 489);
        assert_eq!(local_len(1002, Kind::Index, 4096), 1002);
        assert_eq!(local_len(1003, Kind::Index, 4096), 489);
        assert_eq!(local_len(489 + 4092 + 500, Kind::Table, 4096), 989, "what fits behind whole overflow pages");
        // The smallest page with the most reserved.
        assert!(local_len(usize::MAX >> 33, Kind::Index, 480) <= 480 - 35);
    }

    #[test]
    fn few_pages_are_the_ones_put_in_whatever_their_order() {
        let mut few = Few::default();
        let pages = [70, 1, 64, 4_000_000_000, 2, 70, 127, 63];
        for page in pages {
            few.insert(page);
        }
        let found: Vec<u32> =
            (0..200).chain([3_999_999_999, 4_000_000_000]).filter(|page| few.contains(*page)).collect();
        assert_eq!(found, [1, 2, 63, 64, 70, 127, 4_000_000_000]);
        let bits: u32 = few.words().map(|(_, bits)| bits.count_ones()).sum();
        assert_eq!(bits, 7);
    }

    #[test]
    fn headers_that_cannot_be_right_are_refused() {
        let mut header = [0u8; HEADER];
        header[16..18].copy_from_slice(&[0x10, 0]);
        assert_eq!(Header::parse(&header).unwrap().page_size, 4096);
        header[16..18].copy_from_slice(&[0, 1]);
        assert_eq!(Header::parse(&header).unwrap().page_size, 65536);
        header[16..18].copy_from_slice(&[0, 0]);
        assert!(Header::parse(&header).is_err());
        header[16..18].copy_from_slice(&[0x10, 1]);
        assert!(Header::parse(&header).is_err());
        header[16..18].copy_from_slice(&[2, 0]);
        header[20] = 33;
        assert!(Header::parse(&header).is_err(), "479 usable bytes are too few");
    }
}
