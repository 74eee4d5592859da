//! What must hold for any bytes that are taken for a packed range, and for a file of ranges whatever is done to it; fuzzing
//! and a replay of what it found call these.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use tempfile::TempDir;

use super::body::Body;
use super::packed::{PREFIXES, PackedRange};
use super::range::Range;
use super::store::{Kept, Pass, RangeStore};
use super::store_file::{DATA, END_AT, PASS_AT, slot_at};
use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// Largest count that the protocol's reader takes: eighteen digits.
const MOST: u64 = 999_999_999_999_999_999;
const SOURCE: &str = "https://ranges.example.org";
/// Ranges that the file is asked about: the first, the last, and one between.
const ASKED: [u32; 3] = [0, 0xABCDE, PREFIXES - 1];

/// Any bytes as what was packed: refused, or a range that its text says as well; and any text that is a range, packed and read
/// back.
///
/// Input: one byte that chooses the kind of digest, four with the prefix, two with the number of lines; the packed bytes, or
/// (in the first byte's high bit) a text.
pub fn packed(data: &[u8]) {
    let Some((&[choice, p0, p1, p2, p3, l0, l1], bytes)) = data.split_first_chunk() else { return };
    let kind = if choice.is_multiple_of(2) { DigestKind::Sha1 } else { DigestKind::Ntlm };
    let prefix = u32::from_le_bytes([p0, p1, p2, p3]) % PREFIXES;
    if choice & 0x80 != 0 {
        let Ok(range) = Range::parse(bytes, kind) else { return };
        let packed = PackedRange::of(prefix, &range);
        let rows: Vec<(Digest, u64)> = packed.each().collect();
        assert_eq!(rows.len(), range.len());
        for ((digest, count), (suffix, right)) in rows.iter().zip(range.lines()) {
            let hex = hex::encode_upper(digest.bytes());
            assert!(hex[..5] == format!("{prefix:05X}") && hex.as_bytes()[5..] == **suffix && count == right);
        }
        sound(&packed);
        return;
    }
    let lines = usize::from(u16::from_le_bytes([l0, l1]));
    let Some(packed) = PackedRange::from_bytes(kind, prefix, lines, bytes.to_vec()) else { return };
    assert_eq!((packed.len(), packed.bytes()), (lines, bytes));
    sound(&packed);
    let mut text = Vec::new();
    let mut body = Body::new(&mut text);
    packed.rows().for_each(|(row, count)| body.row(row, count));
    body.end();
    match Range::parse(&text, kind) {
        Ok(range) => assert!(PackedRange::of(prefix, &range).each().eq(packed.each()), "its text says otherwise"),
        Err(_) => assert!(packed.each().any(|(_, count)| count > MOST), "its text is no range"),
    }
}

/// Digests ascend, each is found with its count, its neighbour is not, and the bytes are a range of this prefix alone.
fn sound(packed: &PackedRange) {
    let rows: Vec<(Digest, u64)> = packed.each().collect();
    assert!(rows.windows(2).all(|pair| pair[0].0 < pair[1].0) && rows.len() == packed.len() && !packed.is_empty());
    for (digest, count) in &rows {
        assert!(*count > 0 && packed.exposure(digest) == Exposure::Seen(Some(*count)));
        let mut next = digest.bytes().to_vec();
        *next.last_mut().expect("a digest has bytes") ^= 1;
        let next = Digest::of(packed.kind(), &next).expect("it is as long");
        let there = rows.iter().find(|(digest, _)| *digest == next);
        assert_eq!(packed.exposure(&next), there.map_or(Exposure::NotSeen, |(_, count)| Exposure::Seen(Some(*count))));
        next_range(packed, digest);
    }
    let bytes = packed.bytes().to_vec();
    let again = PackedRange::from_bytes(packed.kind(), packed.prefix(), packed.len(), bytes.clone());
    assert!(again.as_ref() == Some(packed) && again.is_some_and(|again| again.version() == packed.version()));
    assert_eq!(PackedRange::from_bytes(packed.kind(), packed.prefix() ^ 1, packed.len(), bytes.clone()), None);
    assert_eq!(PackedRange::from_bytes(packed.kind(), packed.prefix(), packed.len() + 1, bytes), None);
}

/// What lies in another range is not known here.
fn next_range(packed: &PackedRange, digest: &Digest) {
    let mut bytes = digest.bytes().to_vec();
    bytes[0] ^= 0x10;
    let other = Digest::of(packed.kind(), &bytes).expect("it is as long");
    assert_eq!(packed.exposure(&other), Exposure::Unknown(Unasked::NotAskable));
}

/// A file of ranges under puts, checks, reopening, flipped bits and cuts: as long as nobody damages it, it holds what was put
/// last; after that, of each range nothing or one that was put, with a day that it had.
///
/// Input: steps of four bytes: what to do, with which range, and two bytes of how.
pub fn store(data: &[u8]) {
    let folder = TempDir::new().expect("a folder for the check");
    let path = folder.path().join("ranges");
    let mut store = RangeStore::open(&path, SOURCE).expect("room for the check");
    let mut known = Known::default();
    for step in data.as_chunks::<4>().0.iter().take(64) {
        let [what, which, low, high] = *step;
        let kind = if which & 0x80 == 0 { DigestKind::Sha1 } else { DigestKind::Ntlm };
        let prefix = ASKED[usize::from(which) % ASKED.len()];
        let how = u16::from_le_bytes([low, high]);
        match what % 8 {
            0..3 => known.put(&store, &range(kind, prefix, u64::from(how)), low, u32::from(high)),
            3 => {
                store.still(kind, prefix, u32::from(how)).expect("room for the check");
                known.still(kind, prefix, u32::from(how));
            }
            4 => {
                let pass = Pass { started: 1 + u32::from(how), finished: Some(u32::from(high)), previous: None };
                store.set_pass(kind, pass).expect("room for the check");
                let finished = pass.finished.filter(|day| *day > 0);
                assert_eq!(store.pass(kind).expect("the file is there"), Some(Pass { finished, ..pass }));
            }
            5 => store = RangeStore::open(&path, SOURCE).expect("a file that only lost ranges is taken"),
            6 => {
                flip(&path, kind, prefix, how);
                known.damaged = true;
            }
            _ => {
                let file = OpenOptions::new().write(true).open(&path).expect("it was just there");
                let len = file.metadata().expect("it is there").len();
                file.set_len(DATA + u64::from(how) % (len - DATA + 1)).expect("a cut needs no room");
                known.damaged = true;
            }
        }
        known.check(&store);
    }
}

/// Version `seed` of a range.
fn range(kind: DigestKind, prefix: u32, seed: u64) -> PackedRange {
    let len = 2 * kind.len() - 5;
    let lines: Vec<String> = (0..=seed % 5).map(|n| format!("{n}{:0>1$X}:{2}", seed, len - 1, seed + 1)).collect();
    let text = lines.join("\r\n");
    PackedRange::of(prefix, &Range::parse(text.as_bytes(), kind).expect("lines of this length, ascending"))
}

/// Flips a bit of a record, of a slot, or of where the records end.
fn flip(path: &Path, kind: DigestKind, prefix: u32, how: u16) {
    let file: File = OpenOptions::new().read(true).write(true).open(path).expect("it was just there");
    let len = file.metadata().expect("it is there").len();
    let place = u64::from(how >> 5);
    let at = match how & 3 {
        0 | 1 if len > DATA => DATA + place % (len - DATA),
        2 => slot_at(kind, prefix).expect("a prefix") + place % 16,
        _ if how & 16 == 0 => END_AT + place % 24,
        _ => PASS_AT + place % 64,
    };
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("a place in the file");
    file.write_all_at(&[byte[0] ^ (1 << (place % 8))], at).expect("no room is needed");
}

/// By kind and prefix, every range that was put, with its name and the days of its checks and changes.
#[derive(Default)]
struct Known {
    put: BTreeMap<(bool, u32), Vec<Kept>>,
    /// Days that were noted for a range, with whatever version of it.
    days: BTreeMap<(bool, u32), Vec<u32>>,
    damaged: bool,
}

impl Known {
    fn key(kind: DigestKind, prefix: u32) -> (bool, u32) {
        (kind == DigestKind::Ntlm, prefix)
    }

    fn put(&mut self, store: &RangeStore, range: &PackedRange, tag: u8, day: u32) {
        let key = Self::key(range.kind(), range.prefix());
        let etag = (tag > 0).then(|| format!("\"{tag}\""));
        let differs = store.put(range, etag.as_deref(), day).expect("room for the check");
        let all = self.put.entry(key).or_default();
        let same = all.last().filter(|last| last.range == *range);
        assert!(self.damaged || differs == same.is_none(), "a change is one, and nothing else is");
        let changed = same.map_or(day, |last| last.changed);
        all.push(Kept { etag, checked: day, changed, range: range.clone() });
        self.days.entry(key).or_default().push(day);
    }

    fn still(&mut self, kind: DigestKind, prefix: u32, day: u32) {
        let key = Self::key(kind, prefix);
        if let Some(last) = self.put.get_mut(&key).and_then(|all| all.last_mut()) {
            last.checked = day;
            self.days.entry(key).or_default().push(day);
        }
    }

    fn check(&self, store: &RangeStore) {
        for (kind, prefix) in [DigestKind::Sha1, DigestKind::Ntlm].into_iter().flat_map(|k| ASKED.map(|p| (k, p))) {
            let found = store.get(kind, prefix).expect("the file is there");
            let key = Self::key(kind, prefix);
            let all = self.put.get(&key).map_or(&[][..], Vec::as_slice);
            if !self.damaged {
                assert!(found.as_ref() == all.last(), "what was put last is there");
            } else if let Some(found) = found {
                let put = all.iter().any(|put| put.range == found.range && put.etag == found.etag);
                assert!(put && self.days[&key].contains(&found.checked), "a range that nobody put");
            }
        }
    }
}
