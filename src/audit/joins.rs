//! What is known only across accounts, brought back to the rows it concerns.
//!
//! Runs append fixed-size records to 256 [`Partitions`] by the first byte of a uniformly distributed key. Each partition
//! is worked on alone, in bounded memory, and yields [`Fact`]s about single rows, which [`Joins`] keeps by run so that
//! the judge finds them in input order.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use crate::model::{Digest, DigestKind, Unasked};
use crate::spool::{Chunk, Store};

/// Bytes collected before they become a chunk.
const BUFFER: usize = 16 << 10;
/// Runs whose facts lie together.
const RUNS_PER_BUCKET: u32 = 256;
/// Most groups one partition holds in memory at a time; beyond that it is read several times.
const MAX_GROUPS: usize = 256 << 10;

/// A credential of a row within a run: slot and row number, and whether the record counts for "distinct values".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell(u32);

impl Cell {
    /// Most rows of one run.
    pub(super) const MAX_ROWS: usize = 1 << 22;

    /// Row `row` (below [`Cell::MAX_ROWS`]), slot `slot`. A secondary record repeats a cell under another key.
    pub(super) const fn new(row: usize, slot: usize, secondary: bool) -> Self {
        Self((row as u32) << 9 | (slot as u32) << 1 | secondary as u32)
    }

    pub(super) const fn row(self) -> usize {
        (self.0 >> 9) as usize
    }

    pub(super) const fn slot(self) -> usize {
        (self.0 >> 1 & 0xff) as usize
    }

    const fn is_secondary(self) -> bool {
        self.0 & 1 != 0
    }

    const fn primary(self) -> Self {
        Self(self.0 & !1)
    }
}

/// One stored value, for finding equal ones.
#[derive(Clone, Copy)]
pub(super) struct ValueRecord {
    /// Keyed fingerprint; the first byte chooses the partition.
    pub(super) fingerprint: u128,
    pub(super) cell: Cell,
    /// Hash of who the account is: the same person in two tables is no group.
    pub(super) identity: u32,
    pub(super) privileged: bool,
}

impl ValueRecord {
    /// Memory grows with these more than with anything else, and fresh memory costs more than the work on it: eight bytes
    /// of the fingerprint beside the partition are 72 bits, by which two different values among a billion are taken for
    /// equal with a probability of 1e-4 (n²/2 pairs, one in 2^72 each).
    const LEN: usize = 20;

    pub(super) const fn partition(&self) -> usize {
        (self.fingerprint >> 120) as usize
    }

    pub(super) fn encode(&self, run: u32) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        out[..8].copy_from_slice(&((self.fingerprint >> 56) as u64).to_le_bytes());
        out[8..12].copy_from_slice(&run.to_le_bytes());
        out[12..16].copy_from_slice(&self.cell.0.to_le_bytes());
        out[16..].copy_from_slice(&(self.identity << 1 | u32::from(self.privileged)).to_le_bytes());
        out
    }
}

struct DecodedValue {
    key: u64,
    run: u32,
    cell: Cell,
    /// 31 bits of the record's.
    identity: u32,
    privileged: bool,
}

impl DecodedValue {
    #[inline]
    fn decode(bytes: &[u8; ValueRecord::LEN]) -> Self {
        let person = u32_at(bytes, 16);
        Self {
            key: u64::from_le_bytes(*bytes.first_chunk().expect("eight of twenty")),
            run: u32_at(bytes, 8),
            cell: Cell(u32_at(bytes, 12)),
            identity: person >> 1,
            privileged: person & 1 != 0,
        }
    }
}

/// Which keys may occur more than once: most values of most columns are unique, and need no place in a map then. A key
/// is noted by one bit of its hash; sixteen places a record leave one unique key in sixteen under suspicion.
struct Repeated {
    once: Vec<u64>,
    again: Vec<u64>,
}

impl Repeated {
    fn new(records: usize) -> Self {
        let words = records.div_ceil(4).next_power_of_two();
        Self { once: vec![0; words], again: vec![0; words] }
    }

    #[inline]
    fn place(&self, key: u64) -> (usize, u64) {
        ((key >> 6) as usize & (self.once.len() - 1), 1 << (key % 64))
    }

    #[inline]
    fn note(&mut self, key: u64) {
        let (word, bit) = self.place(key);
        self.again[word] |= self.once[word] & bit;
        self.once[word] |= bit;
    }

    /// Whether `key`, which was noted, may have been noted more than once.
    #[inline]
    fn may_be(&self, key: u64) -> bool {
        let (word, bit) = self.place(key);
        self.again[word] & bit != 0
    }

    /// No more keys than this were noted more than once and differ in their bits.
    fn places(&self) -> usize {
        self.again.iter().map(|word| word.count_ones() as usize).sum()
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// One digest that a breach source can be asked, for one cell.
#[derive(Clone, Copy)]
pub(super) struct DigestRecord {
    pub(super) digest: Digest,
    pub(super) cell: Cell,
    /// Index into the run's forms of the slot: decides later whether the digest really is one.
    pub(super) form: u16,
}

impl DigestRecord {
    pub(super) const LEN: usize = 43;

    pub(super) fn encode(&self, run: u32) -> [u8; Self::LEN] {
        let mut out = [0; Self::LEN];
        let bytes = self.digest.bytes();
        out[0] = self.digest.kind() as u8;
        out[1..=bytes.len()].copy_from_slice(bytes);
        out[33..37].copy_from_slice(&run.to_le_bytes());
        out[37..41].copy_from_slice(&self.cell.0.to_le_bytes());
        out[41..].copy_from_slice(&self.form.to_le_bytes());
        out
    }

    /// Record and run.
    pub(super) fn decode(bytes: &[u8]) -> (Self, u32) {
        let record = Self {
            digest: Digest::of(DigestKind::ALL[usize::from(bytes[0])], &bytes[1..33]).expect("room for every kind"),
            cell: Cell(u32_at(bytes, 37)),
            form: u16::from_le_bytes([bytes[41], bytes[42]]),
        };
        (record, u32_at(bytes, 33))
    }
}

#[derive(Default)]
struct Stream {
    open: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl Stream {
    fn push<const LEN: usize>(&mut self, record: &[u8; LEN], store: &Arc<Store>) -> io::Result<()> {
        if self.open.len() + record.len() > BUFFER {
            self.flush(store)?;
        }
        self.open.extend_from_slice(record);
        Ok(())
    }

    fn flush(&mut self, store: &Arc<Store>) -> io::Result<()> {
        if !self.open.is_empty() {
            let full = std::mem::replace(&mut self.open, Vec::with_capacity(BUFFER));
            self.chunks.push(store.put(full)?);
        }
        Ok(())
    }
}

/// 256 streams of records of one length.
pub(super) struct Partitions {
    store: Arc<Store>,
    streams: Vec<Stream>,
}

impl Partitions {
    pub(super) const COUNT: usize = 256;

    pub(super) fn new(store: Arc<Store>) -> Self {
        Self { store, streams: (0..Self::COUNT).map(|_| Stream::default()).collect() }
    }

    pub(super) fn push<const LEN: usize>(&mut self, partition: usize, record: &[u8; LEN]) -> io::Result<()> {
        self.streams[partition].push(record, &self.store)
    }

    /// Calls `each` for every record of `len` bytes of one partition.
    pub(super) fn read(&self, partition: usize, len: usize, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        self.read_many(partition, &mut |records| records.chunks_exact(len).for_each(&mut *each))
    }

    /// Calls `each` with all records of one partition, many at a time.
    fn read_many(&self, partition: usize, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let stream = &self.streams[partition];
        for chunk in &stream.chunks {
            each(&chunk.get()?);
        }
        each(&stream.open);
        Ok(())
    }

    /// All records of one partition, for who reads them more than once.
    fn load(&self, partition: usize) -> io::Result<Vec<Cow<'_, [u8]>>> {
        let stream = &self.streams[partition];
        stream.chunks.iter().map(Chunk::get).chain([Ok(Cow::Borrowed(stream.open.as_slice()))]).collect()
    }

    /// Bytes of all records of one partition.
    pub(super) fn bytes(&self, partition: usize) -> usize {
        let stream = &self.streams[partition];
        stream.open.len() + stream.chunks.iter().map(Chunk::len).sum::<usize>()
    }
}

/// Something about one credential that only the whole audit knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Another account has the same value or password; maybe a privileged one.
    Shared { privileged: bool },
    /// In a breach source, with the count where it is known.
    Seen(Option<u64>),
    /// A breach source was asked and did not answer.
    Unknown(Unasked),
    /// Opened by trying a few candidates against a slow scheme; which, by its number in what was found of the column.
    Opened { common: bool, login: bool, email: bool, default: bool, scheme: u8 },
}

impl Fact {
    const LEN: usize = 17;

    fn encode(self, run: u32, cell: Cell) -> [u8; Self::LEN] {
        let (tag, value) = match self {
            Self::Shared { privileged } => (0, u64::from(privileged)),
            Self::Seen(None) => (1, 0),
            Self::Seen(Some(count)) => (2, count),
            Self::Unknown(why) => (3, why as u64),
            Self::Opened { common, login, email, default, scheme } => {
                let told = u64::from(common) | u64::from(login) << 1 | u64::from(email) << 2 | u64::from(default) << 3;
                (4, told | u64::from(scheme) << 8)
            }
        };
        let mut out = [0; Self::LEN];
        out[..4].copy_from_slice(&run.to_le_bytes());
        out[4..8].copy_from_slice(&cell.primary().0.to_le_bytes());
        out[8] = tag;
        out[9..].copy_from_slice(&value.to_le_bytes());
        out
    }

    fn decode(bytes: &[u8]) -> (u32, Cell, Self) {
        let value = u64::from_le_bytes(bytes[9..17].try_into().expect("eight bytes"));
        let fact = match bytes[8] {
            0 => Self::Shared { privileged: value != 0 },
            1 => Self::Seen(None),
            2 => Self::Seen(Some(value)),
            4 => Self::Opened {
                common: value & 1 != 0,
                login: value & 2 != 0,
                email: value & 4 != 0,
                default: value & 8 != 0,
                scheme: (value >> 8) as u8,
            },
            _ => Self::Unknown(Unasked::ALL[value as usize]),
        };
        (u32_at(bytes, 0), Cell(u32_at(bytes, 4)), fact)
    }
}

/// Facts by run.
pub(super) struct Joins {
    store: Arc<Store>,
    buckets: Vec<Mutex<Stream>>,
}

impl Joins {
    /// For runs numbered below `runs`.
    pub(super) fn new(store: Arc<Store>, runs: u32) -> Self {
        let buckets = runs.div_ceil(RUNS_PER_BUCKET);
        Self { store, buckets: (0..buckets).map(|_| Mutex::default()).collect() }
    }

    /// Which runs lie together: read them one after another.
    pub(super) const fn bucket_of(run: u32) -> u32 {
        run / RUNS_PER_BUCKET
    }

    pub(super) fn add(&self, run: u32, cell: Cell, fact: Fact) -> io::Result<()> {
        let mut stream = self.stream(Self::bucket_of(run));
        stream.push(&fact.encode(run, cell), &self.store)
    }

    fn stream(&self, bucket: u32) -> std::sync::MutexGuard<'_, Stream> {
        self.buckets[bucket as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All facts of one bucket, sorted by run, row and slot.
    pub(super) fn load(&self, bucket: u32) -> io::Result<Vec<(u32, Cell, Fact)>> {
        let stream = self.stream(bucket);
        let mut facts = Vec::new();
        for chunk in &stream.chunks {
            facts.extend(chunk.get()?.chunks_exact(Fact::LEN).map(Fact::decode));
        }
        facts.extend(stream.open.chunks_exact(Fact::LEN).map(Fact::decode));
        // Facts of one cell are a set: their order among themselves means nothing.
        facts.sort_by_key(|(run, cell, _)| (*run, *cell));
        Ok(facts)
    }
}

/// Fingerprints are uniformly distributed already.
#[derive(Default)]
struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u32(&mut self, n: u32) {
        self.0 ^= u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_u64(&mut self, n: u64) {
        self.0 ^= n;
    }
}

type FastMap<K, V> = HashMap<K, V, BuildHasherDefault<Already>>;

/// A credential column of the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct ColumnKey {
    pub(super) table: u32,
    pub(super) slot: u32,
}

/// Of one credential column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grouped {
    /// Distinct stored values.
    pub(super) distinct: u64,
    /// Values of the column that two or more accounts hold, in this column or elsewhere.
    pub(super) groups: u64,
}

/// Counts by column, of which a partition mostly sees one after the other.
#[derive(Default)]
struct Totals {
    by_column: HashMap<ColumnKey, Grouped>,
    last: Option<(ColumnKey, Grouped)>,
}

impl Totals {
    fn of(&mut self, column: ColumnKey) -> &mut Grouped {
        if self.last.is_none_or(|(last, _)| last != column) {
            self.settle();
            self.last = Some((column, self.by_column.remove(&column).unwrap_or_default()));
        }
        &mut self.last.as_mut().expect("it was just set").1
    }

    fn settle(&mut self) {
        if let Some((column, grouped)) = self.last.take() {
            self.by_column.insert(column, grouped);
        }
    }
}

struct Group {
    column: ColumnKey,
    identity: u32,
    several: bool,
    privileged: bool,
}

/// Finds equal values, partition by partition, and tells every row that shares one.
///
/// `column_of(run, slot)` names the credential column of a record, or `None` where the column turned out to be something
/// else. Two records are two accounts if they lie in one table, or if they are of different people.
pub(super) fn group(
    values: &Partitions,
    column_of: &(dyn Fn(u32, usize) -> Option<ColumnKey> + Sync),
    joins: &Joins,
) -> io::Result<HashMap<ColumnKey, Grouped>> {
    (0..Partitions::COUNT)
        .into_par_iter()
        .map(|partition| {
            let records = values.bytes(partition) / ValueRecord::LEN;
            let passes = records.div_ceil(MAX_GROUPS).max(1) as u64;
            let mut totals = Totals::default();
            if passes == 1 {
                let loaded = values.load(partition)?;
                let read = |each: &mut dyn FnMut(&[u8])| {
                    for records in &loaded {
                        each(records);
                    }
                    Ok(())
                };
                group_pass(records, &read, &|_| true, column_of, joins, &mut totals)?;
            } else {
                let read = |each: &mut dyn FnMut(&[u8])| values.read_many(partition, each);
                for pass in 0..passes {
                    let mine = |key: u64| (key >> 32) % passes == pass;
                    group_pass(MAX_GROUPS, &read, &mine, column_of, joins, &mut totals)?;
                }
            }
            totals.settle();
            Ok(totals.by_column)
        })
        .try_reduce(HashMap::new, |mut a, b| {
            for (column, part) in b {
                let sum: &mut Grouped = a.entry(column).or_default();
                sum.distinct += part.distinct;
                sum.groups += part.groups;
            }
            Ok(a)
        })
}

/// Hands all records of a partition on, many at a time.
type ReadAll<'a> = dyn Fn(&mut dyn FnMut(&[u8])) -> io::Result<()> + 'a;

fn group_pass(
    records: usize,
    read: &ReadAll<'_>,
    mine: &impl Fn(u64) -> bool,
    column_of: &(dyn Fn(u32, usize) -> Option<ColumnKey> + Sync),
    joins: &Joins,
    totals: &mut Totals,
) -> io::Result<()> {
    let values = |records: &[u8], each: &mut dyn FnMut(&DecodedValue)| {
        let decoded = records.as_chunks().0.iter().map(DecodedValue::decode);
        decoded.filter(|value| mine(value.key)).for_each(|value| each(&value));
    };
    let mut repeated = Repeated::new(records);
    read(&mut |records| {
        let keys = records.as_chunks().0.iter().map(|record| DecodedValue::decode(record).key);
        keys.filter(|key| mine(*key)).for_each(|key| repeated.note(key));
    })?;
    // The records of one run come one after the other.
    let mut last: Option<(u32, usize, Option<ColumnKey>)> = None;
    let mut column_of = |value: &DecodedValue| {
        let (run, slot) = (value.run, value.cell.slot());
        if let Some((_, _, column)) = last.filter(|(known, of, _)| *known == run && *of == slot) {
            return column;
        }
        let column = column_of(run, slot);
        last = Some((run, slot, column));
        column
    };
    let mut groups: FastMap<u64, Group> =
        FastMap::with_capacity_and_hasher(repeated.places(), BuildHasherDefault::default());
    let mut also: HashSet<(u64, ColumnKey)> = HashSet::new();
    read(&mut |records| {
        values(records, &mut |value| {
            let Some(column) = column_of(value) else { return };
            let mut distinct = false;
            if repeated.may_be(value.key) {
                let group = groups.entry(value.key).or_insert_with(|| {
                    distinct = true;
                    Group { column, identity: value.identity, several: false, privileged: value.privileged }
                });
                if !distinct {
                    if group.column.table == column.table || group.identity != value.identity {
                        if !group.several {
                            totals.of(group.column).groups += 1;
                        }
                        group.several = true;
                    }
                    group.privileged |= value.privileged;
                    distinct = group.column != column && also.insert((value.key, column));
                }
            } else {
                distinct = true;
            }
            if distinct && !value.cell.is_secondary() {
                totals.of(column).distinct += 1;
            }
        });
    })?;
    if !groups.values().any(|g| g.several) {
        return Ok(());
    }
    for (key, column) in &also {
        if groups.get(key).is_some_and(|group| group.several) {
            totals.of(*column).groups += 1;
        }
    }
    let mut result = Ok(());
    read(&mut |records| {
        values(records, &mut |value| {
            if result.is_err() || !repeated.may_be(value.key) || column_of(value).is_none() {
                return;
            }
            if let Some(group) = groups.get(&value.key).filter(|g| g.several) {
                result = joins.add(value.run, value.cell, Fact::Shared { privileged: group.privileged });
            }
        });
    })?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fingerprint: u128, row: usize, identity: u32, privileged: bool) -> ValueRecord {
        ValueRecord { fingerprint, cell: Cell::new(row, 0, false), identity, privileged }
    }

    /// Run, row, and whether the group is privileged.
    type Told = (u32, usize, bool);

    fn run_group(records: &[(u32, ValueRecord)], limit: usize) -> (HashMap<ColumnKey, Grouped>, Vec<Told>) {
        let store = Store::new(limit, std::env::temp_dir());
        let mut values = Partitions::new(store.clone());
        for (run, record) in records {
            values.push(record.partition(), &record.encode(*run)).unwrap();
        }
        let joins = Joins::new(store, RUNS_PER_BUCKET + 1);
        // Run 9 lies in a column that is no credential; runs 0 to 4 are table 0, the others table 1.
        let column_of = |run: u32, slot: usize| (run != 9).then_some(ColumnKey { table: run / 5, slot: slot as u32 });
        let totals = group(&values, &column_of, &joins).unwrap();
        let mut facts = Vec::new();
        for bucket in 0..2 {
            facts.extend(joins.load(bucket).unwrap().into_iter().map(|(run, cell, fact)| match fact {
                Fact::Shared { privileged } => (run, cell.row(), privileged),
                other => panic!("{other:?}"),
            }));
        }
        (totals, facts)
    }

    #[test]
    fn equal_values_of_one_table_form_a_group_and_others_do_not() {
        let a = 0xaa << 120 | 1;
        let b = 0xaa << 120 | 1 << 60;
        let c = 0x01 << 120 | 7 << 60;
        for limit in [0, 1 << 20] {
            let (totals, facts) = run_group(
                &[
                    (0, record(a | 2 << 60, 0, 10, false)),
                    (0, record(b, 1, 11, false)),
                    (3, record(b, 2, 11, true)),
                    (1, record(c, 0, 12, false)),
                    (9, record(c, 0, 13, false)),
                ],
                limit,
            );
            assert_eq!(facts, [(0, 1, true), (3, 2, true)]);
            assert_eq!(totals[&ColumnKey { table: 0, slot: 0 }], Grouped { distinct: 3, groups: 1 });
        }
    }

    #[test]
    fn one_person_in_two_tables_is_no_group_but_two_people_are() {
        let same = [(0, record(5 << 100, 0, 1, false)), (5, record(5 << 100, 0, 1, false))];
        let (totals, facts) = run_group(&same, 1 << 20);
        assert!(facts.is_empty());
        assert_eq!(totals[&ColumnKey { table: 1, slot: 0 }].distinct, 1);
        let different = [(0, record(5 << 100, 0, 1, false)), (5, record(5 << 100, 0, 2, false))];
        let (totals, facts) = run_group(&different, 1 << 20);
        assert_eq!(facts.len(), 2);
        let groups = |table: u32| totals[&ColumnKey { table, slot: 0 }].groups;
        assert_eq!((groups(0), groups(1)), (1, 1), "each column that shows the value counts it");
    }

    #[test]
    fn facts_come_back_as_told() {
        let joins = Joins::new(Store::new(0, std::env::temp_dir()), RUNS_PER_BUCKET + 1);
        let facts = [
            Fact::Shared { privileged: true },
            Fact::Seen(None),
            Fact::Seen(Some(37_359_195)),
            Fact::Unknown(Unasked::TimedOut),
            Fact::Opened { common: true, login: false, email: true, default: false, scheme: 3 },
        ];
        for fact in facts {
            joins.add(RUNS_PER_BUCKET, Cell::new(3, 1, true), fact).unwrap();
        }
        let loaded: Vec<Fact> = joins.load(1).unwrap().into_iter().map(|(_, _, f)| f).collect();
        assert_eq!(loaded, facts);
        assert!(joins.load(0).unwrap().is_empty());
    }
}
