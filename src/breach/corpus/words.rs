//! Lists of passwords, hashed as they are read: nothing of a password is kept, written or shown.

use std::io::Read;
use std::path::Path;

use md4::Md4;
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use super::error::CorpusError;
use super::key::{Entry, Key};
use super::text::{self, Take};
use crate::model::DigestKind;

/// Reads a password a line from `from`; each line is one time seen. `$HEX[...]` stands for its bytes, as cracking tools
/// write passwords that hold a colon or no text. Gives the number of lines that are no password of this kind: NT hashes
/// are made of text.
pub(super) fn passwords(
    path: &Path,
    from: Box<dyn Read + Send>,
    kind: DigestKind,
    take: &mut Take<'_>,
) -> Result<u64, CorpusError> {
    let mut left_out = 0;
    let work = |lines: &[u8], entries: &mut Vec<Entry>| hash(lines, kind, entries);
    text::blocks(path, from, &work, &mut |_, bad, entries| {
        left_out += bad;
        take(entries)
    })?;
    Ok(left_out)
}

fn hash(lines: &[u8], kind: DigestKind, entries: &mut Vec<Entry>) -> u64 {
    let mut left_out = 0;
    for line in lines.split(|c| *c == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        let decoded = line
            .strip_prefix(b"$HEX[")
            .and_then(|rest| rest.strip_suffix(b"]"))
            .and_then(|digits| hex::decode(digits).ok())
            .map(Zeroizing::new);
        let password = decoded.as_ref().map_or(line, |decoded| &decoded[..]);
        match key(password, kind) {
            Some(key) => entries.push(Entry { key, count: 1 }),
            None => left_out += 1,
        }
    }
    left_out
}

fn key(password: &[u8], kind: DigestKind) -> Option<Key> {
    if kind == DigestKind::Sha1 {
        return Some(Key::sha1(&Sha1::digest(password).into()));
    }
    let text = std::str::from_utf8(password).ok()?;
    let wide: Zeroizing<Vec<u8>> = Zeroizing::new(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    Some(Key::ntlm(&Md4::digest(&*wide).into()))
}
