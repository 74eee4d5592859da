//! The pieces of a file of ranges, each of which proves itself: its head, its slots, its records.

use std::fs::{File, OpenOptions};
use std::hash::Hasher as _;
use std::io::{self, Write as _};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use siphasher::sip::SipHasher13;

use super::packed::{PREFIXES, PackedRange};
use crate::model::DigestKind;

const MAGIC: &[u8; 16] = b"credaudit-ranges";
const VERSION: u32 = 1;
pub(super) const HEADER: u64 = 4096;
/// Longest name of a source.
pub(super) const MAX_SOURCE: usize = 1024;
/// Where the name begins in the header.
const SOURCE_AT: usize = 32;
/// Where the end of the records is kept, and beside it the bytes of replaced records.
pub(super) const END_AT: u64 = 2048;
/// Where the passes are kept, 32 bytes a kind.
pub(super) const PASS_AT: u64 = 2112;
pub(super) const SLOT: u64 = 16;
pub(super) const RECORD_HEAD: usize = 32;
/// The first record.
pub(super) const DATA: u64 = HEADER + 2 * PREFIXES as u64 * SLOT;
/// Longest name of a version (`ETag`), and longest range; one has some 38 KB.
pub(super) const MAX_ETAG: usize = 256;
pub(super) const MAX_RANGE: usize = 4 << 20;

/// Kinds that have ranges, in the order of the index.
pub(super) const KINDS: [DigestKind; 2] = [DigestKind::Sha1, DigestKind::Ntlm];

pub(super) struct Record {
    pub(super) etag: Option<String>,
    pub(super) changed: u32,
    pub(super) range: PackedRange,
    /// Bytes that it takes.
    pub(super) len: usize,
}

pub(super) fn open(path: &Path) -> io::Result<(File, Option<String>)> {
    open_for(path, true)
}

/// The file, and whose ranges it holds if it is one of these.
pub(super) fn open_for(path: &Path, writing: bool) -> io::Result<(File, Option<String>)> {
    let file = OpenOptions::new().read(true).write(writing).mode(0o600).open(path)?;
    let mut head = vec![0; HEADER as usize];
    if let Err(error) = file.read_exact_at(&mut head, 0) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok((file, None)) } else { Err(error) };
    }
    let len = u32_at(&head, 20) as usize;
    let known = head.starts_with(MAGIC) && u32_at(&head, 16) == VERSION && len <= MAX_SOURCE;
    let source = known.then(|| &head[SOURCE_AT..SOURCE_AT + len]).filter(|source| {
        head[24..32] == checksum(&[&head[..24], source]).to_le_bytes() && file.metadata().is_ok_and(|m| m.len() >= DATA)
    });
    let source = source.and_then(|source| std::str::from_utf8(source).ok()).map(str::to_owned);
    Ok((file, source))
}

/// Makes an empty store; where another process was quicker, that one's stays.
pub(super) fn create(path: &Path, source: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = tempfile::NamedTempFile::new_in(folder)?;
    start(new.as_file(), source)?;
    match new.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

/// Header and index of an empty store.
pub(super) fn start(mut file: &File, source: &str) -> io::Result<()> {
    let mut head = vec![0; HEADER as usize];
    head[..16].copy_from_slice(MAGIC);
    head[16..20].copy_from_slice(&VERSION.to_le_bytes());
    head[20..24].copy_from_slice(&(source.len() as u32).to_le_bytes());
    let check = checksum(&[&head[..24], source.as_bytes()]);
    head[24..32].copy_from_slice(&check.to_le_bytes());
    head[SOURCE_AT..SOURCE_AT + source.len()].copy_from_slice(source.as_bytes());
    file.write_all(&head)?;
    file.set_len(DATA)?;
    write_ends(file, DATA, 0)
}

/// Where the next record goes, and how many bytes of replaced records there are.
pub(super) fn ends(file: &File) -> io::Result<(u64, u64)> {
    let mut bytes = [0; 24];
    file.read_exact_at(&mut bytes, END_AT)?;
    let len = file.metadata()?.len().max(DATA);
    let [end, waste, check] = [0, 8, 16].map(|at| u64_at(&bytes, at));
    // Without a believable end nothing that is there is written over.
    if check == checksum(&[&bytes[..16]]) && (DATA..=len).contains(&end) {
        Ok((end, waste))
    } else {
        Ok((len, waste.min(len)))
    }
}

pub(super) fn write_ends(file: &File, end: u64, waste: u64) -> io::Result<()> {
    let mut bytes = [0; 24];
    bytes[..8].copy_from_slice(&end.to_le_bytes());
    bytes[8..16].copy_from_slice(&waste.to_le_bytes());
    let check = checksum(&[&bytes[..16]]);
    bytes[16..].copy_from_slice(&check.to_le_bytes());
    file.write_all_at(&bytes, END_AT)
}

pub(super) fn pass_at(kind: DigestKind) -> Option<u64> {
    KINDS.iter().position(|known| *known == kind).map(|at| PASS_AT + 32 * at as u64)
}

pub(super) fn slot_at(kind: DigestKind, prefix: u32) -> Option<u64> {
    let kind = KINDS.iter().position(|known| *known == kind)? as u64;
    (prefix < PREFIXES).then(|| HEADER + (kind * u64::from(PREFIXES) + u64::from(prefix)) * SLOT)
}

/// Where the record of a prefix is, and the day of its last check.
pub(super) fn slot(file: &File, kind: DigestKind, prefix: u32) -> io::Result<Option<(u64, u32)>> {
    let Some(at) = slot_at(kind, prefix) else { return Ok(None) };
    let mut bytes = [0; SLOT as usize];
    file.read_exact_at(&mut bytes, at)?;
    let (record, checked) = (u64_at(&bytes, 0), u32_at(&bytes, 8));
    let fine = record >= DATA && u32_at(&bytes, 12) == slot_check(kind, prefix, &bytes[..12]);
    Ok(fine.then_some((record, checked)))
}

pub(super) fn write_slot(file: &File, kind: DigestKind, prefix: u32, record: u64, checked: u32) -> io::Result<()> {
    let Some(at) = slot_at(kind, prefix) else { return Ok(()) };
    let mut bytes = [0; SLOT as usize];
    bytes[..8].copy_from_slice(&record.to_le_bytes());
    bytes[8..12].copy_from_slice(&checked.to_le_bytes());
    let check = slot_check(kind, prefix, &bytes[..12]);
    bytes[12..].copy_from_slice(&check.to_le_bytes());
    file.write_all_at(&bytes, at)
}

fn slot_check(kind: DigestKind, prefix: u32, bytes: &[u8]) -> u32 {
    checksum(&[&[kind as u8], &prefix.to_le_bytes(), bytes]) as u32
}

/// The record at `at`, if it is the one of `prefix` and whole.
pub(super) fn record(file: &File, at: u64, kind: DigestKind, prefix: u32) -> io::Result<Option<Record>> {
    let mut head = [0; RECORD_HEAD];
    if !read_there(file, &mut head, at)? {
        return Ok(None);
    }
    let (etag, lines, len) = (u16::from_le_bytes([head[10], head[11]]), u32_at(&head, 16), u32_at(&head, 20));
    let (etag, len) = (usize::from(etag), len as usize);
    let fits = head[8] == kind as u8 && u32_at(&head, 12) == prefix && etag <= MAX_ETAG && len <= MAX_RANGE;
    let mut rest = vec![0; if fits { etag + len } else { 0 }];
    if !fits || !read_there(file, &mut rest, at + RECORD_HEAD as u64)? {
        return Ok(None);
    }
    if u64_at(&head, 0) != checksum(&[&head[8..], &rest]) {
        return Ok(None);
    }
    let range = rest.split_off(etag);
    let etag = String::from_utf8(rest).ok().filter(|etag| !etag.is_empty());
    let range = PackedRange::from_bytes(kind, prefix, lines as usize, range);
    let len = RECORD_HEAD + etag.as_ref().map_or(0, String::len) + len;
    Ok(range.map(|range| Record { etag, changed: u32_at(&head, 24), range, len }))
}

pub(super) fn encode(range: &PackedRange, etag: &str, changed: u32) -> Vec<u8> {
    let mut bytes = vec![0; RECORD_HEAD];
    bytes[8] = range.kind() as u8;
    bytes[10..12].copy_from_slice(&(etag.len() as u16).to_le_bytes());
    bytes[12..16].copy_from_slice(&range.prefix().to_le_bytes());
    bytes[16..20].copy_from_slice(&(range.len() as u32).to_le_bytes());
    bytes[20..24].copy_from_slice(&(range.bytes().len() as u32).to_le_bytes());
    bytes[24..28].copy_from_slice(&changed.to_le_bytes());
    bytes.extend_from_slice(etag.as_bytes());
    bytes.extend_from_slice(range.bytes());
    let check = checksum(&[&bytes[8..]]);
    bytes[..8].copy_from_slice(&check.to_le_bytes());
    bytes
}

/// Whether the file has these bytes.
pub(super) fn read_there(file: &File, bytes: &mut [u8], at: u64) -> io::Result<bool> {
    match file.read_exact_at(bytes, at) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Against accidents, not against people: whoever can write the file can write anything into it.
pub(super) fn checksum(parts: &[&[u8]]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(0, 0);
    for part in parts {
        hasher.write(part);
    }
    hasher.finish()
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}
