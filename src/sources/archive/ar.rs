//! ar: Debian packages and static libraries. System V long names (`//`) and BSD's (`#1/`) are resolved.

use std::io::{self, Read};

use super::{Archive, Take, Text, array, damaged, pass};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct Ar;

const NAME: &str = "ar archive";
const MAGIC: &[u8] = b"!<arch>\n";

/// Longest table of long names that is kept; a longer one makes names short, not members unread.
const LONG_NAMES: u64 = 16 << 20;

/// A member's header: 60 bytes, name 16, size as decimal text in bytes 48 to 57, and the mark of its end (ar(5)).
struct Header {
    name: Vec<u8>,
    size: u64,
}

impl Header {
    /// `None` at the end of the archive.
    fn read(from: &mut dyn Read) -> io::Result<Option<Self>> {
        let mut first = [0];
        if from.read(&mut first)? == 0 {
            return Ok(None);
        }
        let rest: [u8; 59] = array(from)?;
        let bytes = [&first[..], &rest].concat();
        let size = std::str::from_utf8(&bytes[48..58]).ok().and_then(|text| text.trim().parse().ok());
        let (Some(size), b"`\n") = (size, &bytes[58..]) else { return Err(io::ErrorKind::InvalidData.into()) };
        Ok(Some(Self { name: bytes[..16].trim_ascii_end().to_vec(), size }))
    }
}

impl Archive for Ar {
    fn name(&self) -> &'static str {
        NAME
    }

    fn starts(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let mut text = Text::new(input);
        let bad = |e: io::Error| damaged(NAME, &e);
        pass(&mut text, MAGIC.len() as u64).map_err(bad)?;
        let mut long_names: Vec<u8> = Vec::new();
        let mut members = 0;
        while let Some(Header { mut name, mut size }) = Header::read(&mut text).map_err(bad)? {
            let padding = size % 2;
            if name == b"//" && size <= LONG_NAMES {
                long_names.clear();
                (&mut text).take(size).read_to_end(&mut long_names).map_err(bad)?;
                pass(&mut text, padding).map_err(bad)?;
                continue;
            }
            if let Some(len) = name.strip_prefix(b"#1/").and_then(number).filter(|len| *len <= size) {
                name.clear();
                (&mut text).take(len.min(LONG_NAMES)).read_to_end(&mut name).map_err(bad)?;
                pass(&mut text, len - name.len() as u64).map_err(bad)?;
                name.truncate(name.iter().position(|b| *b == 0).unwrap_or(name.len()));
                size -= len;
            } else if let Some(at) = name.strip_prefix(b"/").and_then(number) {
                let rest = long_names.get(at as usize..).unwrap_or_default();
                name = rest.split(|b| *b == b'\n').next().unwrap_or_default().to_vec();
            }
            let is_index = matches!(&name[..], b"/" | b"/SYM64/" | b"__.SYMDEF" | b"__.SYMDEF SORTED");
            let name = name.strip_suffix(b"/").unwrap_or(&name);
            let mut data = (&mut text).take(size);
            if !is_index {
                members += size;
                if take(name, Ok(&mut data))?.is_break() {
                    break;
                }
            }
            let left = data.limit();
            pass(&mut text, left + padding).map_err(bad)?;
        }
        Ok(text.taken.saturating_sub(members))
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}
