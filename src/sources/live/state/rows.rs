//! The cells of kept tables: frames, each one batch of the answer to one request, encrypted.
//!
//! A frame: length of what is encrypted, number of the request, number of the frame in its table, four bytes each,
//! little-endian; then the batch, encrypted, with its tag. A batch: its number of rows; for each row its place, eight
//! bytes, and for each column asked for the length of the cell plus one, or zero for NULL (LEB128), and the cell.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt as _;

use ring::aead::{Aad, LessSafeKey, Nonce};

use super::super::Take;
use super::super::batches::Batches;
use super::index::Kept;
use super::{Bytes, key_for};
use crate::model::TableBatch;

/// Bytes before what is encrypted.
const HEAD: usize = 12;

/// Longest frame: a batch is cut when it has 1 MiB of cells, the last of which may be long.
const LONGEST: usize = 64 << 20;

/// Where the frames of each request are.
pub(super) type Frames = HashMap<u32, Vec<u64>>;

fn head(len: usize, read: u32, number: u32) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&(len as u32).to_le_bytes());
    head[4..8].copy_from_slice(&read.to_le_bytes());
    head[8..].copy_from_slice(&number.to_le_bytes());
    head
}

/// A frame's number in its table is used once under the table's key.
fn nonce(head: &[u8; HEAD]) -> Nonce {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&head[8..]);
    Nonce::assume_unique_for_key(nonce)
}

/// The key of a table's frames.
pub(super) fn key_of(key: &Bytes, salt: &Bytes) -> LessSafeKey {
    key_for(key, salt, "rows")
}

/// Writes a batch at `at`; how long its frame is.
pub(super) fn write(
    file: &File,
    key: &LessSafeKey,
    at: u64,
    (read, number): (u32, u32),
    batch: &TableBatch,
    columns: Option<&[usize]>,
) -> io::Result<u64> {
    let mut sealed = Vec::with_capacity(batch.bytes as usize + 16 * batch.len() + 64);
    put(&mut sealed, batch.len() as u64);
    let all: Vec<usize> = (0..batch.table.columns.len()).collect();
    for (row, place) in batch.rows.iter().enumerate() {
        sealed.extend_from_slice(&place.offset.to_le_bytes());
        for column in columns.unwrap_or(&all) {
            match batch.cell(row, *column) {
                None => put(&mut sealed, 0),
                Some(cell) => {
                    put(&mut sealed, cell.len() as u64 + 1);
                    sealed.extend_from_slice(cell);
                }
            }
        }
    }
    let head = head(sealed.len(), read, number);
    key.seal_in_place_append_tag(nonce(&head), Aad::from(head), &mut sealed)
        .map_err(|_| io::Error::other("encryption failed"))?;
    file.write_all_at(&[&head[..], &sealed].concat(), at)?;
    Ok((HEAD + sealed.len()) as u64)
}

/// Decrypts the frame at `at`; its head and where it ends.
fn frame(file: &File, key: &LessSafeKey, at: u64, end: u64) -> io::Result<([u8; HEAD], Vec<u8>, u64)> {
    let damaged =
        || io::Error::new(io::ErrorKind::InvalidData, format!("what stands at byte {at} is not what was kept"));
    let mut head = [0; HEAD];
    file.read_exact_at(&mut head, at).map_err(|_| damaged())?;
    let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let next = at + (HEAD + len + key.algorithm().tag_len()) as u64;
    if len > LONGEST || next > end {
        return Err(damaged());
    }
    let mut sealed = vec![0; len + key.algorithm().tag_len()];
    file.read_exact_at(&mut sealed, at + HEAD as u64).map_err(|_| damaged())?;
    key.open_in_place(nonce(&head), Aad::from(head), &mut sealed).map_err(|_| damaged())?;
    sealed.truncate(len);
    Ok((head, sealed, next))
}

/// Reads every frame of a table; where those of each request are.
pub(super) fn check(file: &File, key: &Bytes, kept: &Kept) -> io::Result<Frames> {
    let key = key_of(key, &kept.salt());
    let mut frames = Frames::new();
    let (mut at, mut count) = (kept.from, 0_u32);
    while at < kept.to {
        let (head, _, next) = frame(file, &key, at, kept.to)?;
        let read = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        if u32::from_le_bytes([head[8], head[9], head[10], head[11]]) != count {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a piece is missing before byte {at}")));
        }
        frames.entry(read).or_default().push(at);
        (at, count) = (next, count + 1);
    }
    Ok(frames)
}

/// Hands on the batches of one request as they were.
pub(super) fn replay(
    file: &File,
    key: &LessSafeKey,
    frames: &[u64],
    mut batches: Batches,
    columns: usize,
    take: Take<'_>,
) -> io::Result<()> {
    for at in frames {
        let (_, bytes, _) = frame(file, key, *at, u64::MAX)?;
        let mut rest = &bytes[..];
        let rows = get(&mut rest)?;
        for _ in 0..rows {
            let (place, after) = rest.split_first_chunk::<8>().ok_or_else(malformed)?;
            rest = after;
            for index in 0..columns {
                match get(&mut rest)? {
                    0 => batches.null(index),
                    len => {
                        let (cell, after) = rest.split_at_checked(len as usize - 1).ok_or_else(malformed)?;
                        batches.cell(index, cell);
                        rest = after;
                    }
                }
            }
            if let Some(batch) = batches.end_row(u64::from_le_bytes(*place))
                && take(batch) == ControlFlow::Break(())
            {
                return Ok(());
            }
        }
        if let Some(batch) = batches.take()
            && take(batch) == ControlFlow::Break(())
        {
            return Ok(());
        }
    }
    Ok(())
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "what was kept is not in the form in which it was kept")
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn get(rest: &mut &[u8]) -> io::Result<u64> {
    let mut number = 0;
    for shift in (0..63).step_by(7) {
        let (byte, after) = rest.split_first().ok_or_else(malformed)?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(malformed())
}
