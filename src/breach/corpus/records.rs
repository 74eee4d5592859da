//! Binary files of sorted records: the digest's bytes, then its count as a signed 32-bit little-endian number (the layout
//! that oschonrock/hibp writes: 24 bytes for SHA-1, 20 for NTLM).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::error::CorpusError;
use super::key::{Entry, Key};
use super::text::Take;
use crate::model::DigestKind;

/// Records read at a time.
const RECORDS: usize = 1 << 15;

/// Bytes of a record.
pub(super) const fn len(kind: DigestKind) -> usize {
    kind.len() + 4
}

/// Whether `start`, the first bytes of a file, are records of this kind: nine in ten ascend. (Reading tells where one does
/// not.)
pub(super) fn sniff(start: &[u8], kind: DigestKind) -> bool {
    let records: Vec<Key> = start.chunks_exact(len(kind)).map(|record| entry(record, kind).key).collect();
    let ascend = records.windows(2).filter(|pair| pair[0] < pair[1]).count();
    !records.is_empty() && 10 * ascend >= 9 * (records.len() - 1)
}

/// Reads the records of `file`, which must ascend if `sorted`.
pub(super) fn read(
    path: &Path,
    mut file: File,
    kind: DigestKind,
    sorted: bool,
    take: &mut Take<'_>,
) -> Result<(), CorpusError> {
    let len = len(kind);
    let mut bytes = vec![0; RECORDS * len];
    let mut entries = Vec::with_capacity(RECORDS);
    let mut at = 0_u64;
    let mut last: Option<Key> = None;
    loop {
        let mut filled = 0;
        while filled < bytes.len() {
            match file.read(&mut bytes[filled..]).map_err(|error| CorpusError::read(path, &error))? {
                0 => break,
                read => filled += read,
            }
        }
        let (records, rest) = bytes[..filled].split_at(filled - filled % len);
        entries.clear();
        for record in records.chunks_exact(len) {
            let entry = entry(record, kind);
            if sorted && last.is_some_and(|last| last >= entry.key) {
                let what = format_args!("record at byte {at}: out of order, or there twice");
                return Err(CorpusError::new(
                    path,
                    what,
                    "sort a file of your own with --unsorted; get another one again",
                ));
            }
            last = Some(entry.key);
            at += len as u64;
            entries.push(entry);
        }
        take(&entries)?;
        if !rest.is_empty() {
            let what = format_args!("at byte {at}: {} bytes where a record of {len} is needed", rest.len());
            return Err(CorpusError::new(path, what, "the file was cut short, or holds other hashes: see --kind"));
        }
        if filled < bytes.len() {
            return Ok(());
        }
    }
}

#[inline]
fn entry(record: &[u8], kind: DigestKind) -> Entry {
    let (digest, count) = record.split_at(kind.len());
    let key = match kind {
        DigestKind::Sha1 => Key::sha1(digest.try_into().expect("a record of this kind")),
        _ => Key::ntlm(digest.try_into().expect("a record of this kind")),
    };
    // A count that was not known is -1 there.
    let count = i32::from_le_bytes(count.try_into().expect("four bytes"));
    Entry { key, count: u64::try_from(count).unwrap_or(1).max(1) }
}
