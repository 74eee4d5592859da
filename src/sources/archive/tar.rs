//! tar: POSIX ustar and pax, GNU (long names, sparse members), and the older form without a magic word.

use std::io::Read;

use super::{Archive, Take, Text, damaged};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct Tar;

const NAME: &str = "tar archive";

/// Bytes of a header block (POSIX.1-2017, pax, "ustar Interchange Format").
const BLOCK: usize = 512;

/// Place of the checksum in it: six octal digits, counted as eight spaces.
const CHECKSUM: std::ops::Range<usize> = 148..156;

impl Archive for Tar {
    fn name(&self) -> &'static str {
        NAME
    }

    fn starts(&self, head: &[u8]) -> bool {
        let Some(block) = head.get(..BLOCK).filter(|block| block[0] != 0) else { return false };
        let written = block[CHECKSUM].iter().skip_while(|b| **b == b' ').take_while(|b| (b'0'..=b'7').contains(b));
        let written = written.fold(0_u64, |sum, digit| sum * 8 + u64::from(digit - b'0'));
        let summed: u64 =
            block.iter().enumerate().map(|(at, b)| u64::from(if CHECKSUM.contains(&at) { b' ' } else { *b })).sum();
        written == summed
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let mut archive = ::tar::Archive::new(Text::new(input));
        // An archive that was appended to another one goes on behind the first one's end.
        archive.set_ignore_zeros(true);
        let entries = archive.entries().map_err(|e| damaged(NAME, &e))?;
        let (mut members, mut over) = (0, false);
        for entry in entries {
            let mut entry = entry.map_err(|e| damaged(NAME, &e))?;
            let kind = entry.header().entry_type();
            let name = entry.path_bytes().into_owned();
            // Folders, links and devices have no bytes of their own.
            if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
                continue;
            }
            members += entry.header().entry_size().unwrap_or_default();
            let data: &mut dyn Read = &mut entry;
            if take(&name, Ok(data))?.is_break() {
                over = true;
                break;
            }
        }
        let mut text = archive.into_inner();
        // What is left is padding.
        let mut rest = [0; 4096];
        while !over && text.read(&mut rest).map_err(|e| damaged(NAME, &e))? > 0 {}
        Ok(text.taken.saturating_sub(members))
    }
}
