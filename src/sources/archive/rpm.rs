//! rpm packages: a lead, two headers, and a payload, which is a compressed cpio archive.

use std::io::{self, Read};

use super::{Archive, Take, Text, array, damaged, pass};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct Rpm;

const NAME: &str = "rpm package";

/// Bytes of the lead, and the magic of lead and headers (rpm's "Package File Format", V3 and V4).
const LEAD: u64 = 96;
const MAGIC: &[u8] = b"\xed\xab\xee\xdb";
const HEADER_MAGIC: [u8; 3] = [0x8e, 0xad, 0xe8];

impl Archive for Rpm {
    fn name(&self) -> &'static str {
        NAME
    }

    fn starts(&self, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let mut text = Text::new(input);
        let bad = |e: io::Error| damaged(NAME, &e);
        pass(&mut text, LEAD).map_err(bad)?;
        let signature = header(&mut text).map_err(bad)?;
        pass(&mut text, signature.wrapping_neg() % 8).map_err(bad)?;
        header(&mut text).map_err(bad)?;
        let own = text.taken;
        // Whether it is whole is told by the unit's text, whose errors come through.
        let _ = take(b"payload", Ok(&mut text as &mut dyn Read))?;
        Ok(own)
    }
}

/// Passes over one header; how long it was, in bytes.
fn header(from: &mut dyn Read) -> io::Result<u64> {
    let start: [u8; 16] = array(from)?;
    if start[..3] != HEADER_MAGIC {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let number = |at: usize| u64::from(u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]));
    let rest = number(8) * 16 + number(12);
    pass(from, rest)?;
    Ok(16 + rest)
}
