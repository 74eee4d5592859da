//! Arbitrary bytes as a SQLite database, alone or with a log: every byte is accounted for once, and reads that come in
//! pieces say the same.
//!
//! Input: one byte for the number of piece sizes (0 to 3) and, in its high bit, whether a log follows; the sizes, one
//! byte each; with a log, two bytes with the database's length in units of 64 bytes; then the database, then the log.

#![no_main]

use credaudit::formats::testing::{Pieces, check_random};
use credaudit::formats::{RandomReader, SqliteReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((&first, rest)) = data.split_first() else { return };
    let Some((sizes, mut rest)) = rest.split_at_checked(usize::from(first & 3)) else { return };
    let steps: Vec<usize> = sizes.iter().map(|size| usize::from(*size) + 1).collect();
    let mut wal = None;
    if first & 0x80 != 0 {
        let Some((len, both)) = rest.split_at_checked(2) else { return };
        let len = usize::from(u16::from_le_bytes([len[0], len[1]])) * 64;
        let (database, log) = both.split_at(len.min(both.len()));
        rest = database;
        wal = Some(log);
    }
    let beside = wal.map_or(0, |log| log.len() as u64);
    let make = || -> Box<dyn RandomReader> {
        match wal {
            Some(log) => Box::new(SqliteReader::with_wal(Box::new(Pieces::new(log, &steps)))),
            None => Box::new(SqliteReader::new()),
        }
    };
    check_random(&make, rest, beside, &steps);
});
