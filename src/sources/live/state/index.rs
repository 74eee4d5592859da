//! Which tables are kept: a head that says what the file is, then JSON, encrypted.

use std::io::{self, Write as _};
use std::path::Path;

use ring::aead::{Aad, Nonce};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::super::Part;
use super::{Bytes, KEY, key_for, random};

/// What the file begins with; the number is the version of all three files.
const MAGIC: &[u8] = b"credaudit state 1\n";
/// What a file of any version begins with.
const ANY: &[u8] = b"credaudit state ";

/// All that is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Index {
    /// Stands for targets and settings.
    pub(super) binding: String,
    /// In the order in which they were finished.
    pub(super) tables: Vec<Kept>,
}

/// One table, read to its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) target: String,
    pub(super) table: String,
    /// Names and declared types.
    pub(super) columns: Vec<(String, Option<String>)>,
    /// What the server says of the moment that was seen; equal only if nothing was changed in between.
    pub(super) moment: Option<String>,
    /// When the audit that read it began, in seconds since 1970.
    pub(super) at: u64,
    pub(super) parts: Vec<KeptPart>,
    /// The requests that were answered, by the number that stands in the frames.
    pub(super) reads: Vec<KeptRead>,
    /// Of the key of its frames, in hexadecimal.
    pub(super) salt: String,
    /// Where its frames are.
    pub(super) from: u64,
    pub(super) to: u64,
}

/// A [`Part`]; keys in decimal, since JSON's numbers are not as large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptPart {
    from: Option<String>,
    to: Option<String>,
    wide: bool,
}

impl From<&Part> for KeptPart {
    fn from(part: &Part) -> Self {
        let key = |key: Option<i128>| key.map(|key| key.to_string());
        Self { from: key(part.from), to: key(part.to), wide: part.wide }
    }
}

impl KeptPart {
    pub(super) fn part(&self) -> Part {
        let key = |key: &Option<String>| key.as_ref().and_then(|key| key.parse().ok());
        Part { from: key(&self.from), to: key(&self.to), wide: self.wide }
    }
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptRead {
    pub(super) part: KeptPart,
    pub(super) columns: Option<Vec<usize>>,
    pub(super) limit: Option<u64>,
}

impl Kept {
    pub(super) fn salt(&self) -> Bytes {
        let mut salt = [0; KEY];
        // It was authenticated with the rest of the index.
        let _ = hex::decode_to_slice(&self.salt, &mut salt);
        salt
    }
}

/// Each key is used once.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}

impl Index {
    /// Where the frames of finished tables end.
    pub(super) fn end(&self) -> u64 {
        self.tables.iter().map(|kept| kept.to).max().unwrap_or(0)
    }

    /// Reads a whole file.
    pub(super) fn open(bytes: &[u8], key: &Bytes) -> Result<Self, String> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(if bytes.starts_with(ANY) {
                "it was written by another version of credaudit".into()
            } else {
                "it is not a state of credaudit".into()
            });
        };
        let damaged = || "it is damaged, or of another key".to_owned();
        let (salt, sealed) = rest.split_first_chunk::<KEY>().ok_or_else(damaged)?;
        let mut sealed = sealed.to_vec();
        let opened = key_for(key, salt, "index").open_in_place(nonce(), Aad::from(MAGIC), &mut sealed);
        serde_json::from_slice(opened.map_err(|_| damaged())?).map_err(|_| damaged())
    }

    /// Puts this in the place of what is at `path`: the old one or the new one is there at any time.
    pub(super) fn replace(&self, path: &Path, key: &Bytes) -> io::Result<()> {
        let salt = random()?;
        let mut sealed = serde_json::to_vec(self).map_err(io::Error::other)?;
        key_for(key, &salt, "index")
            .seal_in_place_append_tag(nonce(), Aad::from(MAGIC), &mut sealed)
            .map_err(|_| io::Error::other("encryption failed"))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Made with mode 0600.
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(&[MAGIC, &salt, &sealed].concat())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        // The new name outlives a power cut once the folder is on the disk; some file systems cannot do that.
        let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}
