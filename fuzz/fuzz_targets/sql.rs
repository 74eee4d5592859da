//! Any bytes, read as an SQL script: splits and forks change nothing, every byte is in one account, no row is outside
//! the input.
//!
//! Input: one byte chooses the writer's first line (and with it the dialect), one the number of splits, two for each of
//! them; the rest is the script.

#![no_main]

use credaudit::formats::testing::check;
use credaudit::formats::{Format, Head, Opened, Reader, Sql};
use libfuzzer_sys::fuzz_target;

/// First lines that decide the dialect.
const FIRST: [&[u8]; 6] = [
    b"",
    b"-- MySQL dump 10.13\n",
    b"-- PostgreSQL database dump\n",
    b"PRAGMA foreign_keys=OFF;\n",
    b"/****** Object: x ******/\n",
    b"REM INSERTING into T\n",
];

fuzz_target!(|data: &[u8]| {
    let [dialect, count, rest @ ..] = data else { return };
    let (splits, script) = rest.split_at(rest.len().min(2 * usize::from(count % 16)));
    let splits: Vec<usize> = splits.chunks_exact(2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).collect();
    let bytes = [FIRST[usize::from(*dialect) % FIRST.len()], script].concat();
    let head = Head { bytes: &bytes[..bytes.len().min(Head::LEN)], whole: true, extension: Some("sql") };
    let make = || -> Box<dyn Reader> {
        match Sql.open(&head).1 {
            Opened::Stream(reader) => reader,
            _ => unreachable!("a script is read as a stream"),
        }
    };
    check(&make, &bytes, &splits);
});
