//! Whose SQL it is, and what follows from that for quotes, comments and escapes.

/// A family of SQL writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// mysqldump, mariadb-dump, phpMyAdmin.
    MySql,
    /// `pg_dump`, `pg_dumpall`.
    Postgres,
    /// `sqlite3 .dump`.
    Sqlite,
    /// SQL Server Management Studio.
    SqlServer,
    /// SQL Developer and its like.
    Oracle,
    /// Nothing tells: standard SQL.
    Standard,
}

impl Dialect {
    /// The name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::MySql => "SQL script, MySQL",
            Self::Postgres => "SQL script, PostgreSQL",
            Self::Sqlite => "SQL script, SQLite",
            Self::SqlServer => "SQL script, SQL Server",
            Self::Oracle => "SQL script, Oracle",
            Self::Standard => "SQL script",
        }
    }

    /// What the first bytes of a script tell. Each mark is one that its writers put there and others do not; among
    /// several the earliest counts, because text of the rows comes later than the words of the writer.
    pub(super) fn of(head: &[u8]) -> Self {
        const MARKS: [(&[u8], Dialect); 25] = [
            (b"-- MySQL dump", Dialect::MySql),
            (b"-- MariaDB dump", Dialect::MySql),
            (b"-- phpMyAdmin SQL Dump", Dialect::MySql),
            (b"/*!", Dialect::MySql),
            (b"/*M!", Dialect::MySql),
            (b"ENGINE=", Dialect::MySql),
            (b"INSERT INTO `", Dialect::MySql),
            (b"insert into `", Dialect::MySql),
            (b"INSERT IGNORE ", Dialect::MySql),
            (b"REPLACE INTO `", Dialect::MySql),
            (b"CREATE TABLE `", Dialect::MySql),
            (b"-- PostgreSQL database", Dialect::Postgres),
            (b"standard_conforming_strings", Dialect::Postgres),
            (b" FROM stdin;", Dialect::Postgres),
            (b"pg_catalog.", Dialect::Postgres),
            (b"INSERT INTO public.", Dialect::Postgres),
            (b"PRAGMA foreign_keys", Dialect::Sqlite),
            (b"INSERT INTO sqlite_", Dialect::Sqlite),
            (b"/****** Object:", Dialect::SqlServer),
            (b"[dbo].[", Dialect::SqlServer),
            (b"IDENTITY_INSERT", Dialect::SqlServer),
            (b"CREATE TABLE [", Dialect::SqlServer),
            (b"REM INSERTING into", Dialect::Oracle),
            (b"TO_DATE('", Dialect::Oracle),
            (b"to_date('", Dialect::Oracle),
        ];
        MARKS
            .iter()
            .filter_map(|(mark, dialect)| memchr::memmem::find(head, mark).map(|at| (at, *dialect)))
            .min_by_key(|(at, _)| *at)
            .map_or_else(|| Self::of_escapes(head), |(_, dialect)| dialect)
    }

    /// `O\'Neil`: a backslash, a quote and a letter cannot follow each other in standard SQL, where the quote ends the
    /// string. Dumps that lost their first lines are told by it.
    fn of_escapes(head: &[u8]) -> Self {
        let escaped = |at: usize| head.get(at + 2).is_some_and(u8::is_ascii_alphanumeric);
        if memchr::memmem::find_iter(head, b"\\'").any(escaped) { Self::MySql } else { Self::Standard }
    }
}

/// How text is read now; `SET` statements change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rules {
    /// Whose SQL.
    pub(super) dialect: Dialect,
    /// Whether a backslash in a plain `'…'` escapes the next character.
    pub(super) backslash: bool,
}

impl Rules {
    /// The rules a dialect starts with.
    ///
    /// PostgreSQL: `standard_conforming_strings` is on by default since 9.1, and `pg_dump` states it otherwise.
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, backslash: dialect == Dialect::MySql }
    }

    /// Whether `#` starts a comment.
    pub(super) fn hash_comments(self) -> bool {
        self.dialect == Dialect::MySql
    }

    /// Whether `--` starts a comment only before white space (MySQL manual, "Comments").
    pub(super) fn dashes_need_space(self) -> bool {
        self.dialect == Dialect::MySql
    }

    /// Whether `[…]` quotes a name.
    pub(super) fn bracket_names(self) -> bool {
        matches!(self.dialect, Dialect::SqlServer | Dialect::Sqlite | Dialect::Standard)
    }

    /// Whether `$tag$…$tag$` is a string.
    pub(super) fn dollar_strings(self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::Standard)
    }

    /// Whether block comments nest (PostgreSQL and SQL Server manuals).
    pub(super) fn nested_comments(self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::SqlServer)
    }

    /// Whether `/*! … */` holds statements.
    pub(super) fn conditional_comments(self) -> bool {
        matches!(self.dialect, Dialect::MySql | Dialect::Standard)
    }

    /// Whether `E'…'` is a string with backslash escapes.
    pub(super) fn escape_strings(self) -> bool {
        matches!(self.dialect, Dialect::Postgres | Dialect::Standard)
    }
}
