//! Keys for encrypted columns: from the command line, from files.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::model::Secret;
use crate::reversible::{Key, Keys};

/// Longest key file, in bytes: a file beyond it holds something else.
const LONGEST_FILE: u64 = 64 << 10;
/// Most keys: each is tried in some hundreds of ways.
const MOST: usize = 256;

/// The keys of `typed` and of `files`, and the initialisation vectors. None of them is ever shown again.
pub(super) fn keys(typed: &[String], files: &[PathBuf], ivs: &[String]) -> Result<Keys, Error> {
    let mut keys = Vec::new();
    for (at, key) in typed.iter().enumerate() {
        if key.is_empty() {
            return Err(Error::usage("--key is empty", "give the key, or better a file with it: --key-file FILE"));
        }
        keys.push(Key { origin: format!("key {} of --key", at + 1), written: Secret::new(key.as_bytes()) });
    }
    for file in files {
        keys.extend(of_file(file)?);
    }
    if keys.len() > MOST {
        return Err(Error::usage(
            format!("{} keys are more than the {MOST} that are tried", keys.len()),
            "give those that may be right",
        ));
    }
    if keys.is_empty() && !ivs.is_empty() {
        return Err(Error::usage("--iv means nothing without a key", "add --key-file FILE"));
    }
    let ivs = ivs.iter().map(|iv| vector(iv)).collect::<Result<_, _>>()?;
    Ok(Keys { keys, ivs })
}

/// Text has a key on each line; other bytes are one key.
fn of_file(path: &Path) -> Result<Vec<Key>, Error> {
    let file = fs::File::open(path).map_err(|e| Error::read(path, e))?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE + 1).read_to_end(&mut bytes).map_err(|e| Error::read(path, e))?;
    let bytes = Secret::from(bytes);
    if bytes.expose().len() as u64 > LONGEST_FILE {
        return Err(Error::usage(
            format!("{} is too large for a file of keys", path.display()),
            "name a file with one key on each line, or with the bytes of one key",
        ));
    }
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    let keys: Vec<Key> = match std::str::from_utf8(bytes.expose()) {
        Ok(text) if !text.contains(control) => {
            let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
            let key = |(at, line): (usize, &str)| Key {
                origin: format!("the key in line {} of {}", at + 1, path.display()),
                written: Secret::new(line.as_bytes()),
            };
            lines.map(key).collect()
        }
        _ => vec![Key { origin: format!("the key in {}", path.display()), written: bytes.clone() }],
    };
    if keys.is_empty() {
        return Err(Error::usage(
            format!("{} holds no key", path.display()),
            "write one key on each line, in hexadecimal, base64 or as it is",
        ));
    }
    Ok(keys)
}

/// Initialisation vectors are as long as a block, or as the nonce of an authenticated cipher.
fn vector(typed: &str) -> Result<Secret, Error> {
    let bytes = hex::decode(typed).unwrap_or_else(|_| typed.as_bytes().to_vec());
    if matches!(bytes.len(), 8 | 12 | 16) {
        return Ok(Secret::from(bytes));
    }
    Err(Error::usage("--iv is no initialisation vector", "give 8, 12 or 16 bytes, in hexadecimal or as they are"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn a_file_of_text_has_a_key_on_each_line_and_other_bytes_are_one_key() {
        let lines = file(b"first key\r\n\n00112233\n");
        let keys = keys(&[], &[lines.path().to_owned()], &[]).unwrap().keys;
        assert_eq!(keys.len(), 2);
        assert_eq!(keys[1].written.expose(), b"00112233");
        assert!(keys[1].origin.starts_with("the key in line 3 of "), "{}", keys[1].origin);
        let raw = file(&[0, 159, 146, 150, 10, 7, 8, 9]);
        let keys = super::keys(&[], &[raw.path().to_owned()], &[]).unwrap().keys;
        assert_eq!((keys.len(), keys[0].written.expose().len()), (1, 8));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let empty = file(b"\n \n");
        let large = file(&vec![b'k'; LONGEST_FILE as usize + 1]);
        for path in [empty.path(), large.path(), Path::new("no such file")] {
            assert!(keys(&[], &[path.to_owned()], &[]).is_err());
        }
        let error = keys(&["k".to_owned()], &[], &["Kanarienvogel".to_owned()]).unwrap_err();
        assert!(!format!("{error} {}", error.hint()).contains("Kanarie"));
        assert!(keys(&[], &[], &["00".repeat(16)]).is_err(), "a vector without a key");
        assert!(keys(&[String::new()], &[], &[]).is_err());
        assert_eq!(keys(&["k".to_owned()], &[], &["00".repeat(16)]).unwrap().ivs[0].expose(), [0; 16]);
    }
}
