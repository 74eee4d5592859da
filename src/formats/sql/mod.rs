//! SQL scripts: mysqldump and mariadb-dump, phpMyAdmin, `pg_dump` and `pg_dumpall`, `SQLite`'s `.dump`, SQL Server's
//! "Generate Scripts", plain INSERTs.
//!
//! Not a parser of SQL: it finds the rows of INSERT … VALUES and COPY … FROM stdin, the columns of CREATE TABLE, and
//! passwords in statements about users; everything else is passed over with its quotes and comments respected.
//!
//! * [`reader`] keeps the state between blocks and the accounts of bytes.
//! * [`scan`] finds ends of cells, rows and statements byte after byte; [`garbage`] finds the way back after damage.
//! * [`tuple`] and [`copy`] read whole rows quickly; [`row`] holds one that spans blocks; [`value`] says what a cell's
//!   text stands for.
//! * [`statement`], [`roles`] and [`text`] read what statements say; [`catalog`] remembers tables; [`dialect`] knows
//!   whose SQL it is.

// Names of products (PostgreSQL, MySQL, MariaDB) are words here, not code.
#![allow(clippy::doc_markdown)]

mod catalog;
mod copy;
mod dialect;
mod find;
mod garbage;
mod quotes;
mod reader;
mod roles;
mod row;
mod scan;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod tuple;
mod value;

use dialect::Dialect;
use reader::SqlReader;

use super::{About, Format, Head, Likeness, Opened};

/// SQL scripts.
pub struct Sql;

impl Format for Sql {
    fn name(&self) -> &'static str {
        "SQL script"
    }

    fn about(&self) -> About {
        About::new(
            "mysqldump and mariadb-dump, phpMyAdmin, `pg_dump` and `pg_dumpall` as text, `sqlite3 .dump`, SQL Server's \
             \"Generate Scripts\", SQL Developer, plain `INSERT` scripts",
            "rows of `INSERT … VALUES` and `COPY … FROM stdin`, columns of `CREATE TABLE`, passwords in statements about \
             users and roles; quoting rules follow the writer",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        /// The first words that a writer puts into each of its scripts.
        const SIGNATURES: [&[u8]; 9] = [
            b"-- MySQL dump ",
            b"-- MariaDB dump ",
            b"/*!999999\\- enable the sandbox mode",
            b"/*M!999999\\- enable the sandbox mode",
            b"-- phpMyAdmin SQL Dump",
            b"-- PostgreSQL database dump",
            b"-- PostgreSQL database cluster dump",
            b"PRAGMA foreign_keys=OFF;",
            b"/****** Object:",
        ];
        /// What scripts by other hands consist of, at the start of a line.
        const STATEMENTS: [&[u8]; 6] =
            [b"insert into", b"insert [", b"replace into", b"create table", b"insert ignore into", b"copy "];
        let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
        let start = &bytes[..bytes.len().min(2048)];
        if SIGNATURES.iter().any(|s| memchr::memmem::find(start, s).is_some_and(|at| begins_line(start, at))) {
            return Some(Likeness::Certain);
        }
        let mut lines = bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_start);
        let statement = lines.any(|line| {
            STATEMENTS.iter().any(|s| {
                line.get(..s.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(s))
                    && (*s != b"copy " || memchr::memmem::find(line, b"FROM stdin").is_some())
            })
        });
        if statement {
            return Some(Likeness::Likely);
        }
        let named = matches!(head.extension, Some("sql" | "dump" | "psql" | "mysql" | "ddl"));
        (named && !bytes.is_empty() && !bytes.contains(&0)).then_some(Likeness::Possible)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        let dialect = Dialect::of(head.bytes);
        (dialect.name().to_owned(), Opened::Stream(Box::new(SqlReader::new(dialect))))
    }
}

/// Whether only blanks and dashes are before `at` in its line.
fn begins_line(text: &[u8], at: usize) -> bool {
    let line = memchr::memrchr(b'\n', &text[..at]).map_or(0, |i| i + 1);
    text[line..at].iter().all(|b| matches!(b, b' ' | b'\t' | b'-'))
}
