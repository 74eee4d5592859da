//! cpio in its "new ASCII" form, as rpm packages and initial ramdisks carry it.

use std::io::{self, Read};

use super::{Archive, Take, Text, array, damaged, pass};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct Cpio;

const NAME: &str = "cpio archive";

/// A header is the magic and thirteen fields of eight hex digits (cpio(5), "New ASCII Format").
const HEADER: usize = 110;
/// Longest name that is believed: `PATH_MAX` of Linux.
const NAME_MAX: u64 = 4096;
/// Bits of the mode that tell the kind of file, and what they say for a plain one.
const KIND: u64 = 0o170_000;
const PLAIN: u64 = 0o100_000;

impl Archive for Cpio {
    fn name(&self) -> &'static str {
        NAME
    }

    fn starts(&self, head: &[u8]) -> bool {
        (head.starts_with(b"070701") || head.starts_with(b"070702"))
            && head.get(6..HEADER).is_some_and(|fields| fields.iter().all(u8::is_ascii_hexdigit))
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let mut text = Text::new(input);
        let bad = |e: io::Error| damaged(NAME, &e);
        let mut members = 0;
        loop {
            let header: [u8; HEADER] = array(&mut text).map_err(bad)?;
            let field = |number: usize| {
                let digits = std::str::from_utf8(&header[6 + number * 8..][..8]).ok()?;
                u64::from_str_radix(digits, 16).ok()
            };
            let (Some(mode), Some(size), Some(name_len), true) = (field(1), field(6), field(11), self.starts(&header))
            else {
                return Err(bad(io::ErrorKind::InvalidData.into()));
            };
            if name_len > NAME_MAX {
                return Err(bad(io::ErrorKind::InvalidData.into()));
            }
            let mut name = vec![0; name_len as usize];
            text.read_exact(&mut name).map_err(bad)?;
            name.truncate(name.iter().position(|b| *b == 0).unwrap_or(name.len()));
            pass(&mut text, to_four(HEADER as u64 + name_len)).map_err(bad)?;
            if name == b"TRAILER!!!" {
                break;
            }
            let mut data = (&mut text).take(size);
            if mode & KIND == PLAIN {
                members += size;
                if take(&name, Ok(&mut data))?.is_break() {
                    break;
                }
            }
            let left = data.limit();
            pass(&mut text, left + to_four(size)).map_err(bad)?;
        }
        // Padding, and for a ramdisk the archive that follows, which is told by nothing here.
        let mut rest = [0; 4096];
        loop {
            match text.read(&mut rest).map_err(bad)? {
                0 => break,
                n if rest[..n].iter().all(|b| *b == 0) => {}
                _ => {
                    return Err(ReadError(
                        "after the end of the cpio archive comes something else, which was not read: cut it off and audit \
                         both parts"
                            .into(),
                    ));
                }
            }
        }
        Ok(text.taken.saturating_sub(members))
    }
}

/// Bytes from `len` to the next multiple of four.
const fn to_four(len: u64) -> u64 {
    len.wrapping_neg() % 4
}
