//! The properties of a [`Reader`], in one place: unit tests, property tests and fuzz targets call [`check`], and
//! [`check_random`] for a [`RandomReader`].

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{RandomReader, ReadAt, Reader, Sink};
use crate::model::{Block, Fault, Table, TableBatch, Wanted};

/// One row as it left a reader, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its table.
    pub table: Arc<Table>,
    /// Where it starts.
    pub offset: u64,
    /// Its line.
    pub line: u64,
    /// Its cells.
    pub cells: Vec<Option<Vec<u8>>>,
}

/// Everything a reader said about an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Rows by offset.
    pub rows: Vec<Row>,
    /// Faults by offset.
    pub faults: Vec<Fault>,
    /// Bytes accounted to rows.
    pub row_bytes: u64,
    /// Bytes accounted to something else.
    pub other: u64,
}

impl Said {
    /// Bytes not understood.
    pub fn not_understood(&self) -> u64 {
        self.faults.iter().map(|f| f.len).sum()
    }

    /// The named table's rows, cells as lossy text, NULL as `∅`; for readable assertions.
    pub fn text_of(&self, table: &str) -> Vec<Vec<String>> {
        self.rows
            .iter()
            .filter(|r| r.table.name == table)
            .map(|r| {
                r.cells
                    .iter()
                    .map(|c| c.as_ref().map_or("∅".into(), |c| String::from_utf8_lossy(c).into_owned()))
                    .collect()
            })
            .collect()
    }

    /// Adds what `other`, which read a later part, said, its lines counted from `line_base`.
    fn append(&mut self, mut other: Self, line_base: u64) {
        other.rows.iter_mut().for_each(|r| r.line += line_base);
        other.faults.iter_mut().for_each(|f| f.line += line_base);
        self.rows.append(&mut other.rows);
        self.faults.append(&mut other.faults);
        self.row_bytes += other.row_bytes;
        self.other += other.other;
    }

    /// Asserts what holds for an input of `size` bytes in any format.
    fn check(&self, size: u64) {
        assert_eq!(self.row_bytes + self.other + self.not_understood(), size, "every byte is accounted for once");
        for row in &self.rows {
            assert!(row.offset < size, "a row starts inside the input");
            assert_eq!(row.cells.len(), row.table.columns.len(), "a row has one cell for each column");
        }
        for fault in &self.faults {
            assert!(fault.offset + fault.len <= size, "a fault lies inside the input: {}", fault.what);
        }
    }

    /// Asserts that what was said points to where it is in `bytes`: offsets and lines agree, faults do not overlap, no
    /// row starts in one.
    fn check_places(&self, bytes: &[u8]) {
        let newline = self.newline(bytes);
        let mut lines = Lines { bytes, newline, at: 0, line: 1 };
        for row in &self.rows {
            assert_eq!(row.line, lines.of(row.offset), "a row's line is that of its offset");
        }
        let mut lines = Lines { bytes, newline, at: 0, line: 1 };
        let mut end = 0;
        for fault in &self.faults {
            assert_eq!(fault.line, lines.of(fault.offset), "a fault's line is that of its offset: {}", fault.what);
            assert!(fault.offset >= end, "a byte is in one fault: {}", fault.what);
            end = fault.offset + fault.len;
        }
        for row in &self.rows {
            let faults_before = self.faults.partition_point(|fault| fault.offset <= row.offset);
            let within = faults_before.checked_sub(1).map(|i| &self.faults[i]);
            let within = within.filter(|fault| row.offset < fault.offset + fault.len);
            assert!(within.is_none(), "a row starts outside of faults");
        }
    }

    /// What ends a line of `bytes`: in a text without a line feed it may be a carriage return, as the last place tells.
    fn newline(&self, bytes: &[u8]) -> u8 {
        let rows = self.rows.iter().map(|row| (row.offset, row.line));
        let last = rows.chain(self.faults.iter().map(|fault| (fault.offset, fault.line))).max();
        let returns = memchr::memchr(b'\n', bytes).is_none() && last.is_some_and(|(_, line)| line > 1);
        if returns { b'\r' } else { b'\n' }
    }

    fn sorted(mut self) -> Self {
        self.rows.sort_by_key(|r| r.offset);
        self.faults.sort_by_key(|f| f.offset);
        self
    }
}

impl Sink for Said {
    fn batch(&mut self, batch: TableBatch) {
        self.row_bytes += batch.bytes;
        assert_eq!(batch.cells.num_rows(), batch.rows.len());
        for (i, at) in batch.rows.iter().enumerate() {
            let cells = (0..batch.table.columns.len()).map(|c| batch.cell(i, c).map(<[u8]>::to_vec)).collect();
            self.rows.push(Row { table: batch.table.clone(), offset: at.offset, line: at.line, cells });
        }
    }

    fn other(&mut self, bytes: u64) {
        self.other += bytes;
    }

    fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

/// Reads `bytes` in blocks that end at `splits` (any numbers; taken modulo the length).
pub fn read(mut reader: Box<dyn Reader>, bytes: &[u8], splits: &[usize]) -> Said {
    let mut said = Said::default();
    for block in blocks(bytes, splits) {
        reader.push(&block, &mut said);
    }
    reader.finish(&mut said);
    said.sorted()
}

fn blocks(bytes: &[u8], splits: &[usize]) -> Vec<Block> {
    let mut ends: Vec<usize> = splits.iter().map(|s| s % (bytes.len() + 1)).collect();
    ends.push(bytes.len());
    ends.sort_unstable();
    let mut start = 0;
    ends.into_iter()
        .map(|end| {
            let block = Block::copy_from(&bytes[start..end], start as u64);
            start = end;
            block
        })
        .collect()
}

/// Reads `bytes` as the parallel driver does: every block after the first may start with a fork, which is kept if the
/// exact reader agrees and read again if not.
pub fn read_forked(mut reader: Box<dyn Reader>, bytes: &[u8], splits: &[usize]) -> Said {
    let mut said = Said::default();
    for block in blocks(bytes, splits) {
        match reader.fork(&block) {
            Some((at, mut fork)) => {
                assert!(at <= block.len(), "a fork starts inside its block");
                assert_eq!(fork.line(), 1, "a fork counts lines from 1");
                reader.push(&block.slice(0..at), &mut said);
                let rest = block.slice(at..block.len());
                if reader.is_at(fork.as_ref()) {
                    let mut ahead = Said::default();
                    let line_base = reader.line() - 1;
                    fork.push(&rest, &mut ahead);
                    said.append(ahead, line_base);
                    reader = Box::new(Shifted { inner: fork, by: line_base });
                } else {
                    reader.push(&rest, &mut said);
                }
            }
            None => reader.push(&block, &mut said),
        }
    }
    reader.finish(&mut said);
    said.sorted()
}

/// A fork whose lines are counted on from where it started.
struct Shifted {
    inner: Box<dyn Reader>,
    by: u64,
}

impl Reader for Shifted {
    fn push(&mut self, block: &Block, sink: &mut dyn Sink) {
        self.inner.push(block, &mut ShiftedSink { inner: sink, by: self.by });
    }
    fn finish(&mut self, sink: &mut dyn Sink) {
        self.inner.finish(&mut ShiftedSink { inner: sink, by: self.by });
    }
    fn line(&self) -> u64 {
        self.inner.line() + self.by
    }
    fn fork(&self, block: &Block) -> Option<(usize, Box<dyn Reader>)> {
        self.inner.fork(block)
    }
    fn is_at(&self, fork: &dyn Reader) -> bool {
        self.inner.is_at(fork)
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self.inner.as_any()
    }
}

struct ShiftedSink<'a> {
    inner: &'a mut dyn Sink,
    by: u64,
}

impl Sink for ShiftedSink<'_> {
    fn batch(&mut self, mut batch: TableBatch) {
        batch.rows.iter_mut().for_each(|r| r.line += self.by);
        self.inner.batch(batch);
    }
    fn other(&mut self, bytes: u64) {
        self.inner.other(bytes);
    }
    fn fault(&mut self, mut fault: Fault) {
        fault.line += self.by;
        self.inner.fault(fault);
    }
    fn wanted(&self, table: &Arc<Table>) -> Option<Arc<Wanted>> {
        self.inner.wanted(table)
    }
}

/// Wants every third column, and one row in three whole.
#[derive(Default)]
struct Choosy(Said);

impl Choosy {
    fn wants(column: usize) -> bool {
        column % 3 == 1
    }

    fn wants_whole(offset: u64) -> bool {
        offset.is_multiple_of(3)
    }

    /// What is left of `said` where all that is not wanted is left out.
    fn of(mut said: Said) -> Said {
        for row in said.rows.iter_mut().filter(|row| !Self::wants_whole(row.offset)) {
            let cells = row.cells.iter_mut().enumerate().filter(|(column, _)| !Self::wants(*column));
            cells.for_each(|(_, cell)| *cell = None);
        }
        said
    }
}

impl Sink for Choosy {
    fn batch(&mut self, batch: TableBatch) {
        let Some(partial) = batch.partial.clone() else {
            // A reader need not leave out anything.
            let mut said = Said::default();
            said.batch(batch);
            self.0.append(Self::of(said), 0);
            return;
        };
        self.0.row_bytes += batch.bytes;
        let whole: Vec<u32> =
            (0..batch.len() as u32).filter(|row| Self::wants_whole(batch.rows[*row as usize].offset)).collect();
        assert_eq!(partial.rows, whole, "rows are whole that were wanted whole");
        for (row, at) in batch.rows.iter().enumerate() {
            let of_whole = whole.iter().position(|whole| *whole as usize == row);
            let cell = |column: usize| match of_whole {
                Some(at) => {
                    let cell = partial.whole.cell(at, column).map(<[u8]>::to_vec);
                    if Self::wants(column) {
                        assert_eq!(batch.cell(row, column), cell.as_deref(), "a wanted cell is in both places");
                    }
                    cell
                }
                None if Self::wants(column) => batch.cell(row, column).map(<[u8]>::to_vec),
                None => None,
            };
            let cells = (0..batch.table.columns.len()).map(cell).collect();
            self.0.rows.push(Row { table: batch.table.clone(), offset: at.offset, line: at.line, cells });
        }
    }
    fn other(&mut self, bytes: u64) {
        self.0.other(bytes);
    }
    fn fault(&mut self, fault: Fault) {
        self.0.fault(fault);
    }
    fn wanted(&self, table: &Arc<Table>) -> Option<Arc<Wanted>> {
        let columns = (0..table.columns.len()).map(Self::wants).collect();
        Some(Arc::new(Wanted { columns, whole: Self::wants_whole }))
    }
}

/// Asserts every property of a reader on `bytes` and gives what it said.
///
/// # Panics
/// If a split changes what is said, a fork changes it, a byte is not accounted for, or a row's or fault's place is wrong.
pub fn check(make: &dyn Fn() -> Box<dyn Reader>, bytes: &[u8], splits: &[usize]) -> Said {
    let whole = read(make(), bytes, &[]);
    whole.check(bytes.len() as u64);
    whole.check_places(bytes);
    assert_eq!(read(make(), bytes, splits), whole, "a split into blocks changes nothing");
    assert_eq!(read_forked(make(), bytes, splits), whole, "a fork changes nothing");
    let mut choosy = Choosy::default();
    let mut reader = make();
    for block in blocks(bytes, splits) {
        reader.push(&block, &mut choosy);
    }
    reader.finish(&mut choosy);
    assert_eq!(choosy.0.sorted(), Choosy::of(whole.clone()), "what is left out changes nothing else");
    whole
}

/// Counts lines up to offsets that ascend.
struct Lines<'a> {
    bytes: &'a [u8],
    newline: u8,
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line that `offset` is in, from 1.
    fn of(&mut self, offset: u64) -> u64 {
        let offset = usize::try_from(offset).expect("an offset in memory");
        self.line += memchr::memchr_iter(self.newline, &self.bytes[self.at..offset]).count() as u64;
        self.at = offset;
        self.line
    }
}

/// Bytes to read at any place, that come in pieces: each read gives at most as many bytes as the next of `steps` says
/// (in turn, at least one; all that are asked for where there are no steps).
#[derive(Debug)]
pub struct Pieces {
    bytes: Vec<u8>,
    steps: Vec<usize>,
    reads: AtomicUsize,
}

impl Pieces {
    /// Gives `bytes` in pieces.
    pub fn new(bytes: impl Into<Vec<u8>>, steps: &[usize]) -> Self {
        Self { bytes: bytes.into(), steps: steps.to_vec(), reads: AtomicUsize::new(0) }
    }
}

impl ReadAt for Pieces {
    fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = &self.bytes[self.bytes.len().min(usize::try_from(offset).unwrap_or(usize::MAX))..];
        let mut len = rest.len().min(buf.len());
        if !self.steps.is_empty() {
            let read = self.reads.fetch_add(1, Ordering::Relaxed);
            len = len.min(self.steps[read % self.steps.len()].max(1));
        }
        buf[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }
}

/// Asserts every property of a [`RandomReader`] on `bytes` and gives what it said. `beside` is the size of files beside
/// the unit that the reader accounts for too.
///
/// # Panics
/// If reads in pieces change what is said, or a byte is not accounted for.
pub fn check_random(make: &dyn Fn() -> Box<dyn RandomReader>, bytes: &[u8], beside: u64, steps: &[usize]) -> Said {
    let read = |steps: &[usize]| {
        let mut said = Said::default();
        make().read(&Pieces::new(bytes, steps), &mut said).expect("bytes in memory can be read");
        said.sorted()
    };
    let whole = read(&[]);
    let size = bytes.len() as u64 + beside;
    whole.check(size);
    assert_eq!(read(steps), whole, "reads in pieces change nothing");
    let mut choosy = Choosy::default();
    make().read(&Pieces::new(bytes, steps), &mut choosy).expect("bytes in memory can be read");
    assert_eq!(choosy.0.sorted(), Choosy::of(whole.clone()), "what is left out changes nothing else");
    whole
}

/// Prints the throughput of a reader on `bytes`, given in blocks of 1 MiB to a sink that drops the batches.
pub fn timing(what: &str, make: &dyn Fn() -> Box<dyn Reader>, bytes: &[u8]) {
    struct Drain(u64);
    impl Sink for Drain {
        fn batch(&mut self, batch: TableBatch) {
            self.0 += batch.len() as u64;
        }
        fn other(&mut self, _: u64) {}
        fn fault(&mut self, _: Fault) {}
    }
    let splits: Vec<usize> = (1..bytes.len() >> 20).map(|i| i << 20).collect();
    let blocks = blocks(bytes, &splits);
    let best = (0..5)
        .map(|_| {
            let start = std::time::Instant::now();
            let mut reader = make();
            let mut drain = Drain(0);
            for block in &blocks {
                reader.push(block, &mut drain);
            }
            reader.finish(&mut drain);
            start.elapsed().as_secs_f64() / if drain.0 > 0 { 1.0 } else { f64::INFINITY }
        })
        .fold(f64::INFINITY, f64::min);
    println!("{what}: {:.0} MB/s", bytes.len() as f64 / best / 1e6);
}
