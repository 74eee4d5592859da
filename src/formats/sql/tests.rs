//! Scripts as their writers write them, and the properties every reader keeps.

use proptest::prelude::*;

use super::*;
use crate::formats::testing::{Said, check};
use crate::formats::{MAX_CELL, Reader};

fn reader(script: &[u8]) -> Box<dyn Reader> {
    let head = Head { bytes: &script[..script.len().min(Head::LEN)], whole: true, extension: Some("sql") };
    match Sql.open(&head).1 {
        Opened::Stream(reader) => reader,
        _ => panic!("a script is read as a stream"),
    }
}

/// Reads whole, byte by byte and in pieces of several sizes, and checks that it makes no difference.
fn said(script: &str) -> Said {
    let bytes = script.as_bytes();
    for step in [1, 2, 3, 7, 16, 61, 250] {
        let splits: Vec<usize> = (0..bytes.len()).step_by(step).collect();
        check(&|| reader(bytes), bytes, &splits);
    }
    check(&|| reader(bytes), bytes, &[bytes.len() / 2])
}

/// The same, and nothing in the script may be misunderstood.
fn clean(script: &str) -> Said {
    let said = said(script);
    assert_eq!(said.faults, []);
    said
}

fn columns(said: &Said, row: usize) -> Vec<(&str, Option<&str>)> {
    said.rows[row].table.columns.iter().map(|c| (c.name.as_str(), c.declared.as_deref())).collect()
}

const MYSQLDUMP: &str = r"-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: shop
-- ------------------------------------------------------
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;

--
-- Table structure for table `users`
--

DROP TABLE IF EXISTS `users`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `users` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `login` varchar(60) COLLATE utf8mb4_unicode_ci DEFAULT NULL COMMENT 'it''s (a; name)',
  `pass` varbinary(64) DEFAULT NULL,
  `flag` bit(1) DEFAULT b'0',
  PRIMARY KEY (`id`),
  KEY `login` (`login`)
) ENGINE=InnoDB AUTO_INCREMENT=4 DEFAULT CHARSET=utf8mb4;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `users`
--

LOCK TABLES `users` WRITE;
/*!40000 ALTER TABLE `users` DISABLE KEYS */;
INSERT INTO `users` VALUES (1,'ann','a\'b\\',_binary '\0'),(2,'bo),(b',0x73656372657431,b'1'),(3,NULL,_binary 'x\nz',b'0');
INSERT INTO `users` VALUES (4,'','',NULL);
/*!40000 ALTER TABLE `users` ENABLE KEYS */;
UNLOCK TABLES;

DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `users` FOR EACH ROW BEGIN
  INSERT INTO log VALUES (1,'x');
  IF NEW.id THEN SET @a = 1; END IF;
END */;;
DELIMITER ;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
-- Dump completed on 2024-01-02  3:04:05
";

#[test]
fn a_mysqldump_gives_its_rows_with_the_columns_of_create_table() {
    let said = clean(MYSQLDUMP);
    assert_eq!(
        said.text_of("users"),
        [
            vec!["1", "ann", "a'b\\", "\0"],
            vec!["2", "bo),(b", "secret1", "1"],
            vec!["3", "∅", "x\nz", "0"],
            vec!["4", "", "", "∅"]
        ]
    );
    assert_eq!(said.rows.len(), 4, "the trigger's INSERT is no row");
    assert_eq!(
        columns(&said, 0),
        [
            ("id", Some("int unsigned")),
            ("login", Some("varchar(60)")),
            ("pass", Some("varbinary(64)")),
            ("flag", Some("bit(1)"))
        ]
    );
    assert!(said.rows[0].table.named_columns);
    let first = MYSQLDUMP.find("(1,'ann'").unwrap();
    assert_eq!(said.rows[0].offset, first as u64);
    assert_eq!(said.rows[0].line, 1 + MYSQLDUMP[..first].matches('\n').count() as u64);
}

#[test]
fn a_mariadb_dump_starts_with_a_line_that_only_its_client_understands() {
    let said = clean(
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n/*M!100616 SET @a=1 */;\n\
         INSERT INTO `t` VALUES\n(1,'a'),\n(2,'b');\n",
    );
    assert_eq!(said.text_of("t"), [["1", "a"], ["2", "b"]]);
    assert!(!said.rows[0].table.named_columns);
    assert_eq!(columns(&said, 0), [("column 1", None), ("column 2", None)]);
    let lines: Vec<u64> = said.rows.iter().map(|r| r.line).collect();
    assert_eq!(lines, [5, 6]);
}

#[test]
fn a_phpmyadmin_export_has_column_lists_and_newlines_between_rows() {
    let said = clean(
        "-- phpMyAdmin SQL Dump\n-- version 5.2.1\nSET SQL_MODE = \"NO_AUTO_VALUE_ON_ZERO\";\nSTART TRANSACTION;\n\n\
         CREATE TABLE `wp_users` (\n  `ID` bigint(20) UNSIGNED NOT NULL,\n  `user_pass` varchar(255) NOT NULL DEFAULT ''\n) ENGINE=InnoDB;\n\n\
         --\n-- Dumping data; it's here\n--\n\nINSERT INTO `wp_users` (`user_pass`, `ID`) VALUES\n('$P$B1', 1),\n('# no -- comment /* here */', 2);\n\
         INSERT INTO `wp_users` (`user_pass`, `ID`) VALUES\n('c', 3);\nCOMMIT;\n",
    );
    assert_eq!(said.text_of("wp_users"), [["$P$B1", "1"], ["# no -- comment /* here */", "2"], ["c", "3"]]);
    assert_eq!(columns(&said, 0), [("user_pass", Some("varchar(255)")), ("ID", Some("bigint(20) unsigned"))]);
}

#[test]
fn no_backslash_escapes_is_obeyed_where_it_is_set() {
    let said = clean(
        "-- MySQL dump\nSET sql_mode='NO_BACKSLASH_ESCAPES';\nINSERT INTO `t` VALUES ('a\\','b');\n\
         SET sql_mode='';\nINSERT INTO `t` VALUES ('a\\'','b');\n",
    );
    assert_eq!(said.text_of("t"), [["a\\", "b"], ["a'", "b"]]);
}

const PG_DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET statement_timeout = 0;\nSET standard_conforming_strings = on;\n\
SELECT pg_catalog.set_config('search_path', '', false);\n\n\
CREATE FUNCTION public.f() RETURNS trigger\n    LANGUAGE plpgsql\n    AS $_$\nBEGIN\n  INSERT INTO public.log VALUES (1);\n  RETURN NEW; -- it's\nEND\n$_$;\n\n\
CREATE TABLE public.users (\n    id integer NOT NULL,\n    email character varying(255),\n    pw text,\n    raw bytea\n);\n\n\
COPY public.users (id, email, pw, raw) FROM stdin;\n1\tann@example.org\t$2b$12$x\t\\\\x6162\n2\t\\N\ta\\tb\\nc\\\\d\t\\N\n3\t\t';),(\t\\\\x\n\\.\n\n\n\
COPY public.empty (id) FROM stdin;\n\\.\n\nALTER TABLE ONLY public.users\n    ADD CONSTRAINT users_pkey PRIMARY KEY (id);\n\n\\unrestrict abc\n";

#[test]
fn a_pg_dump_gives_the_rows_of_copy() {
    let said = clean(PG_DUMP);
    assert_eq!(
        said.text_of("public.users"),
        [vec!["1", "ann@example.org", "$2b$12$x", "ab"], vec!["2", "∅", "a\tb\nc\\d", "∅"], vec!["3", "", "';),(", ""]]
    );
    assert_eq!(said.rows.len(), 3);
    assert_eq!(columns(&said, 0)[1], ("email", Some("character varying(255)")));
}

#[test]
fn a_pg_dump_with_windows_line_ends_gives_the_same_rows() {
    let unix = clean(PG_DUMP);
    let windows = clean(&PG_DUMP.replace('\n', "\r\n"));
    assert_eq!(unix.text_of("public.users"), windows.text_of("public.users"));
}

#[test]
fn a_pg_dump_with_inserts_gives_one_table_whatever_its_literals() {
    let said = clean(
        "-- PostgreSQL database dump\nSET standard_conforming_strings = on;\n\
         CREATE TABLE public.u (id integer, a text, b bytea, c boolean);\n\
         INSERT INTO public.u VALUES (1, 'a\\b', '\\x6162', true);\n\
         INSERT INTO public.u VALUES (2, E'a\\'\\n', NULL, false);\n\
         INSERT INTO public.u VALUES (3, 'two\nlines; INSERT INTO public.u VALUES (4, ''x'');', '\\x', NULL);\n\
         INSERT INTO public.u (id, a) OVERRIDING SYSTEM VALUE VALUES (5, $q$it's$q$) ON CONFLICT DO NOTHING;\n\
         INSERT INTO public.u (id, a) VALUES (-6.5, '{a,b}'::text[]), (7, ARRAY['x','y']);\n",
    );
    assert_eq!(
        said.text_of("public.u"),
        [
            vec!["1", "a\\b", "ab", "true"],
            vec!["2", "a'\n", "∅", "false"],
            vec!["3", "two\nlines; INSERT INTO public.u VALUES (4, 'x');", "", "∅"],
            vec!["5", "it's"],
            vec!["-6.5", "{a,b}"],
            vec!["7", "ARRAY['x','y']"]
        ]
    );
}

#[test]
fn an_old_pg_dump_escapes_with_backslashes_in_plain_strings() {
    let said = clean("SET standard_conforming_strings = off;\nINSERT INTO t VALUES ('a\\'b', 'c\\\\');\n");
    assert_eq!(said.text_of("t"), [["a'b", "c\\"]]);
}

#[test]
fn passwords_in_statements_about_users_are_rows_of_their_own() {
    let said = clean(
        "--\n-- PostgreSQL database cluster dump\n--\nSET standard_conforming_strings = on;\nCREATE ROLE ann;\n\
         ALTER ROLE ann WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$k:s' VALID UNTIL 'infinity';\n\
         CREATE ROLE bob;\nALTER ROLE bob WITH LOGIN PASSWORD 'md5abc';\n",
    );
    assert_eq!(said.text_of("roles"), [["ann", "SCRAM-SHA-256$4096:c2FsdA==$k:s"], ["bob", "md5abc"]]);
    assert_eq!(said.rows[0].line, 6);
}

#[test]
fn an_sqlite_dump_gives_its_rows_and_undoes_how_it_writes_newlines() {
    let said = clean(
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, key TEXT, b BLOB);\n\
         INSERT INTO users VALUES(1,'it''s',replace('a\\nb','\\n',char(10)),X'6162');\n\
         INSERT INTO users VALUES(2,unistr('\\u001b'),NULL,X'');\nINSERT INTO users VALUES(3,'back\\','two\nlines',3.25);\n\
         CREATE TRIGGER t AFTER INSERT ON users BEGIN INSERT INTO log VALUES(1); UPDATE users SET name = CASE 1 WHEN 1 THEN 2 END; END;\n\
         INSERT INTO sqlite_sequence VALUES('users',3);\nCOMMIT;\n",
    );
    assert_eq!(
        said.text_of("users"),
        [vec!["1", "it's", "a\nb", "ab"], vec!["2", "\u{1b}", "∅", ""], vec!["3", "back\\", "two\nlines", "3.25"]]
    );
    assert_eq!(said.text_of("sqlite_sequence"), [["users", "3"]]);
    assert_eq!(said.rows.len(), 4);
}

#[test]
fn a_sql_server_script_needs_no_semicolons() {
    let script = "\u{feff}USE [shop]\r\nGO\r\n/****** Object:  Table [dbo].[Users]    Script Date: 1/2/2024 ******/\r\n\
        SET ANSI_NULLS ON\r\nGO\r\nCREATE TABLE [dbo].[Users](\r\n\t[Id] [nvarchar](450) NOT NULL,\r\n\t[Hash] [varbinary](max) NULL,\r\n\t[At] [datetime2](7) NULL,\r\n\
        CONSTRAINT [PK_Users] PRIMARY KEY CLUSTERED ([Id] ASC)\r\n) ON [PRIMARY]\r\nGO\r\n\
        CREATE PROCEDURE [dbo].[p] AS\r\nBEGIN\r\nINSERT INTO [dbo].[Log] VALUES (1);\r\nEND\r\nGO\r\n\
        SET IDENTITY_INSERT [dbo].[Users] ON \r\nINSERT [dbo].[Users] ([Id], [Hash], [At]) VALUES (N'a', 0x6162, CAST(N'2024-01-02T03:04:05' AS DateTime2))\r\n\
        INSERT [dbo].[Users] ([Id], [Hash], [At]) VALUES (N'o''x \\', NULL, NULL)\r\nGO\r\nprint 'Processed 100 total rows'\r\n\
        INSERT [dbo].[Users] ([Id], [Hash], [At]) VALUES (N'two\r\nlines', NULL, NULL)\r\nSET IDENTITY_INSERT [dbo].[Users] OFF\r\nGO\r\n";
    let said = clean(script);
    assert_eq!(
        said.text_of("dbo.Users"),
        [vec!["a", "ab", "2024-01-02T03:04:05"], vec!["o'x \\", "∅", "∅"], vec!["two\r\nlines", "∅", "∅"]]
    );
    assert_eq!(said.rows.len(), 3);
    assert_eq!(columns(&said, 0)[1], ("Hash", Some("varbinary(max)")));
}

#[test]
fn an_oracle_script_gives_its_rows() {
    let said = clean(
        "REM INSERTING into USERS\nSET DEFINE OFF;\nInsert into HR.USERS (ID,NAME,AT) values (1,'ann',to_date('02-JAN-24','DD-MON-RR'));\n\
         Insert into HR.USERS (ID,NAME,AT) values (2,q'x',null);\n/\nINSERT ALL\n INTO a (x) VALUES (1)\n INTO b (y) VALUES ('2')\nSELECT * FROM dual;\n",
    );
    assert_eq!(said.text_of("HR.USERS")[0], ["1", "ann", "02-JAN-24"]);
    assert_eq!((said.text_of("a"), said.text_of("b")), (vec![vec!["1".into()]], vec![vec!["2".into()]]));
}

#[test]
fn plain_inserts_need_nothing_around_them() {
    let said = clean(
        "insert into \"My Table\" (\"a b\", c) values (1, 'x'), (2, MD5('x'));\n\
         REPLACE INTO t VALUES ('y');INSERT IGNORE INTO t VALUES (CURRENT_TIMESTAMP),(DEFAULT);\nINSERT INTO t VALUES (1+1)",
    );
    assert_eq!(said.text_of("My Table"), [["1", "x"], ["2", "MD5('x')"]]);
    assert_eq!(said.text_of("t"), [["y"], ["CURRENT_TIMESTAMP"], ["∅"], ["1+1"]]);
}

#[test]
fn a_script_without_its_first_lines_is_told_by_its_escapes() {
    let said = clean("insert into users values (1,'O\\'Neil','a\\\\');\n");
    assert_eq!(said.text_of("users"), [["1", "O'Neil", "a\\"]]);
}

#[test]
fn a_row_with_the_wrong_number_of_values_is_a_fault_and_the_next_row_goes_on() {
    let script = "INSERT INTO t (a, b) VALUES (1, 2), (3), (4, 5, 6), (7, ), (8, 9);\n";
    let said = said(script);
    assert_eq!(said.text_of("t"), [["1", "2"], ["8", "9"]]);
    let faults: Vec<(u64, u64)> = said.faults.iter().map(|f| (f.offset, f.len)).collect();
    let place = |s: &str| (script.find(s).unwrap() as u64, s.len() as u64);
    assert_eq!(faults, [place("(3)"), place("(4, 5, 6)"), place("(7, )")]);
}

#[test]
fn a_cut_off_script_keeps_its_rows_and_says_where_it_ends() {
    for cut in ["(3,'x", "(3,", "(", "(3,'x'"] {
        let script = format!("INSERT INTO `t` VALUES (1,'a'),(2,'b'),{cut}");
        let said = said(&script);
        assert_eq!(said.text_of("t"), [["1", "a"], ["2", "b"]]);
        assert_eq!(said.faults.len(), 1, "{cut}");
        assert_eq!(said.faults[0].offset, (script.len() - cut.len()) as u64);
    }
    let said = said("COPY t (a, b) FROM stdin;\n1\t2\n3\t4");
    assert_eq!(said.text_of("t"), [["1", "2"]]);
    assert_eq!((said.faults.len(), said.faults[0].len), (1, 3));
    assert_eq!(self::said("COPY t (a, b) FROM stdin;\n1\t2\n").faults.len(), 1, "the rest may be missing");
}

#[test]
fn a_missing_quote_costs_a_row_or_two_and_not_the_rest() {
    let said = said(
        "-- MySQL dump\nINSERT INTO `t` VALUES (1,'a'),(2,'b),(3,'c'),(4,'d'),(5,'e');\nINSERT INTO `t` VALUES (6,'f');\n",
    );
    let rows = said.text_of("t");
    assert!(rows.contains(&vec!["1".into(), "a".into()]) && rows.contains(&vec!["6".into(), "f".into()]), "{rows:?}");
    assert!(rows.contains(&vec!["5".into(), "e".into()]), "{rows:?}");
    assert!(!said.faults.is_empty());
}

#[test]
fn bytes_that_are_no_sql_are_one_fault_and_reading_goes_on_behind_them() {
    let script = "mysqldump: [Warning] Using a password on the command line interface can be insecure.\n-- MySQL dump\n\
                  INSERT INTO `t` VALUES (1);\n\0\0\x01 rubbish (;; 'x\nINSERT INTO `t` VALUES (2);\n";
    let said = said(script);
    assert_eq!(said.text_of("t"), [["1"], ["2"]]);
    assert_eq!(said.faults.len(), 2);
    assert_eq!(said.faults[0].offset, 0);
    assert_eq!((said.faults[1].line, said.faults[1].offset), (4, script.find('\0').unwrap() as u64));
}

#[test]
fn inserts_from_queries_and_copies_in_csv_are_not_passed_over_in_silence() {
    let said = said(
        "INSERT INTO t SELECT 1, 'x' UNION ALL SELECT 2, 'y';\nCOPY u (a) FROM stdin WITH (FORMAT csv);\n1\n2\n\\.\nINSERT INTO t (a) VALUES (3);\n",
    );
    assert_eq!(said.faults.len(), 2);
    assert_eq!(said.rows.len(), 1);
    assert_eq!(said.faults[1].len, 4);
}

#[test]
fn a_cell_of_megabytes_is_cut_and_its_neighbours_are_whole() {
    let long = "x".repeat(3 * MAX_CELL);
    let escaped = "\\'".repeat(2 * MAX_CELL);
    let script = format!("-- MySQL dump\nINSERT INTO `t` VALUES (1,'{long}','{escaped}','end'),(2,'a','b','c');\n");
    let bytes = script.as_bytes();
    let splits: Vec<usize> = (0..bytes.len()).step_by(10_007).collect();
    let said = check(&|| reader(bytes), bytes, &splits);
    assert_eq!(said.faults, []);
    let cells: Vec<&[u8]> = said.rows[0].cells.iter().map(|c| c.as_deref().unwrap()).collect();
    assert_eq!(cells[0], b"1");
    assert_eq!(cells[1], &long.as_bytes()[..MAX_CELL]);
    assert_eq!(cells[2], "'".repeat(MAX_CELL).as_bytes());
    assert_eq!(cells[3], b"end");
    assert_eq!(said.rows.len(), 2);
}

#[test]
fn rows_of_one_table_share_a_batch_although_each_has_its_insert() {
    struct Batches(usize);
    impl crate::formats::Sink for Batches {
        fn batch(&mut self, _: crate::model::TableBatch) {
            self.0 += 1;
        }
        fn other(&mut self, _: u64) {}
        fn fault(&mut self, _: crate::model::Fault) {}
    }
    let script =
        "INSERT INTO t (a) VALUES (1);\n-- a comment\nSET x = 1;\nINSERT INTO t (a) VALUES (CAST(2 AS int));\n"
            .repeat(50);
    let mut reader = reader(script.as_bytes());
    let mut batches = Batches(0);
    reader.push(&crate::model::Block::copy_from(script.as_bytes(), 0), &mut batches);
    reader.finish(&mut batches);
    assert_eq!(batches.0, 1);
}

#[test]
fn a_fork_is_found_and_agreed_with_in_long_dumps_of_every_kind() {
    let rows = |n: usize, row: &dyn Fn(usize) -> String| (0..n).map(row).collect::<Vec<_>>();
    let scripts = [
        format!(
            "-- MySQL dump\nINSERT INTO `t` VALUES {};\n",
            rows(400, &|i| format!("({i},'u{i}\\'),(','x',NULL)")).join(",")
        ),
        format!(
            "-- phpMyAdmin SQL Dump\nINSERT INTO `t` (`a`, `b`) VALUES\n{};\n",
            rows(400, &|i| format!("({i}, 'u{i}')")).join(",\n")
        ),
        format!(
            "-- PostgreSQL database dump\nCOPY t (a, b) FROM stdin;\n{}\\.\n",
            rows(400, &|i| format!("{i}\tu{i}\n")).concat()
        ),
        format!(
            "-- PostgreSQL database dump\n{}",
            rows(300, &|i| format!("INSERT INTO public.t VALUES ({i}, 'u{i}');\n")).concat()
        ),
        rows(300, &|i| format!("INSERT [dbo].[T] ([a], [b]) VALUES ({i}, CAST(N'u{i}' AS DateTime2))\r\n")).concat(),
    ];
    for script in scripts {
        let bytes = script.as_bytes();
        let mut main = reader(bytes);
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let mut said = Said::default();
        main.push(&crate::model::Block::copy_from(first, 0), &mut said);
        let block = crate::model::Block::copy_from(rest, first.len() as u64);
        let (at, fork) = main.fork(&block).expect("a row starts in half of the script");
        assert!(at < 200, "the first whole row is near");
        main.push(&block.slice(0..at), &mut said);
        assert!(main.is_at(fork.as_ref()));
        let splits: Vec<usize> = (0..bytes.len()).step_by(700).collect();
        check(&|| reader(bytes), bytes, &splits);
    }
}

#[test]
fn a_script_is_recognised_by_its_words_and_other_text_is_not() {
    let sniff = |text: &str, extension| Sql.sniff(&Head { bytes: text.as_bytes(), whole: true, extension });
    assert_eq!(sniff(MYSQLDUMP, None), Some(Likeness::Certain));
    assert_eq!(sniff(PG_DUMP, None), Some(Likeness::Certain));
    assert_eq!(sniff("\u{feff}insert into t values (1);", None), Some(Likeness::Likely));
    assert_eq!(sniff("update t set a = 1;", Some("sql")), Some(Likeness::Possible));
    assert_eq!(sniff("id,name\n1,insert into\n", Some("csv")), None);
    assert_eq!(sniff("", Some("sql")), None);
}

/// How a dialect writes a table.
#[derive(Clone, Copy, Debug)]
enum Writer {
    MySql,
    MySqlHex,
    Copy,
    PgInserts,
    Sqlite,
    SqlServer,
}

fn written(writer: Writer, rows: &[Vec<Option<String>>]) -> String {
    use std::fmt::Write;
    let quoted = |text: &str| text.replace('\'', "''");
    let mysql = |text: &str| {
        text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\0', "\\0").replace('\x1a', "\\Z")
    };
    let list = |cell: &dyn Fn(&str) -> String, row: &[Option<String>], between: &str| {
        row.iter().map(|c| c.as_ref().map_or("NULL".to_owned(), |c| cell(c))).collect::<Vec<_>>().join(between)
    };
    let server = |text: &str| match text.len() % 3 {
        0 => format!("CAST(N'{}' AS NVarChar(max))", quoted(text)),
        _ => format!("N'{}'", quoted(text)),
    };
    let mut out = String::new();
    match writer {
        Writer::MySql | Writer::MySqlHex => {
            let cell = |text: &str| match writer {
                Writer::MySqlHex if !text.is_empty() => format!("0x{}", hex::encode_upper(text)),
                _ => format!("'{}'", mysql(text)),
            };
            let rows: Vec<String> = rows.iter().map(|row| format!("({})", list(&cell, row, ","))).collect();
            let _ = write!(out, "-- MySQL dump 10.13\n\nINSERT INTO `t` VALUES {};\n-- done\n", rows.join(","));
        }
        Writer::Copy => {
            out.push_str("-- PostgreSQL database dump\nCOPY public.t (a, b, c) FROM stdin;\n");
            for row in rows {
                let cells: Vec<String> = row
                    .iter()
                    .map(|c| {
                        c.as_ref().map_or("\\N".to_owned(), |c| {
                            c.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
                        })
                    })
                    .collect();
                out.push_str(&cells.join("\t"));
                out.push('\n');
            }
            out.push_str("\\.\n");
        }
        Writer::PgInserts | Writer::Sqlite => {
            let head = if matches!(writer, Writer::Sqlite) {
                "PRAGMA foreign_keys=OFF;\n"
            } else {
                "SET standard_conforming_strings = on;\n"
            };
            out.push_str(head);
            for row in rows {
                let _ = writeln!(out, "INSERT INTO t VALUES ({});", list(&|c| format!("'{}'", quoted(c)), row, ", "));
            }
        }
        Writer::SqlServer => {
            for row in rows {
                let _ = writeln!(out, "INSERT [dbo].[t] ([a], [b], [c]) VALUES ({})", list(&server, row, ", "));
            }
            out.push_str("GO\n");
        }
    }
    out
}

fn tables() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    let cell = prop_oneof![
        1 => Just(None),
        4 => "[ -~\n\\\\',();\t\r\u{e4}\u{1a}]{0,20}".prop_map(Some),
        1 => "[0-9a-f]{32}".prop_map(Some),
    ];
    proptest::collection::vec(proptest::collection::vec(cell, 3), 1..12)
}

proptest! {
    #[test]
    fn any_table_in_any_dialect_comes_back_as_it_was(
        rows in tables(),
        writer in prop_oneof![
            Just(Writer::MySql), Just(Writer::MySqlHex), Just(Writer::Copy), Just(Writer::PgInserts), Just(Writer::Sqlite),
            Just(Writer::SqlServer)
        ],
        splits in proptest::collection::vec(0..5000_usize, 0..8),
    ) {
        let script = written(writer, &rows);
        let bytes = script.as_bytes();
        let said = check(&|| reader(bytes), bytes, &splits);
        prop_assert_eq!(&said.faults, &vec![]);
        let got: Vec<Vec<Option<Vec<u8>>>> = said.rows.iter().map(|r| r.cells.clone()).collect();
        let want: Vec<Vec<Option<Vec<u8>>>> =
            rows.iter().map(|r| r.iter().map(|c| c.as_ref().map(|c| c.clone().into_bytes())).collect()).collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn any_bytes_keep_the_properties_of_a_reader(
        pieces in proptest::collection::vec(
            prop_oneof![
                6 => proptest::sample::select(PIECES).prop_map(|s| s.as_bytes().to_vec()),
                1 => proptest::collection::vec(any::<u8>(), 0..6),
            ],
            0..60,
        ),
        splits in proptest::collection::vec(0..5000_usize, 0..12),
    ) {
        let bytes = pieces.concat();
        check(&|| reader(&bytes), &bytes, &splits);
    }
}

/// What scripts are made of, for random ones.
const PIECES: &[&str] = &[
    "INSERT INTO t VALUES ",
    "INSERT INTO `t` VALUES (1,'a'),",
    "INSERT [dbo].[t] VALUES (1)\n",
    "(1,'a')",
    ",(2,'b')",
    "),(",
    "(",
    ")",
    ",",
    ";",
    "\n",
    ";\n",
    "'",
    "\\",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "]]",
    "--",
    "-- x\n",
    "#",
    "/*",
    "*/",
    "/*!40101 ",
    "/*M!",
    "$$",
    "$a$",
    "E'",
    "N'",
    "X'61'",
    "0x61",
    "_binary 'x'",
    "NULL",
    "1",
    "-1.5",
    "COPY t (a, b) FROM stdin;\n",
    "COPY t FROM stdin;\n",
    "1\t2\n",
    "\\N\t\\\\x\n",
    "\\.\n",
    "\t",
    "\r\n",
    "CREATE TABLE t (a int, b bytea);\n",
    "CREATE TRIGGER x BEGIN ",
    " END",
    "DELIMITER ;;\n",
    "DELIMITER ;\n",
    ";;",
    "GO\n",
    "\nGO\n",
    "SET sql_mode='NO_BACKSLASH_ESCAPES';\n",
    "SET standard_conforming_strings = off;\n",
    "ALTER ROLE a PASSWORD 'b';\n",
    "PRAGMA x;\n",
    "\0",
    "\u{feff}",
    "\\connect x\n",
    "CAST('x' AS int)",
    "ON DUPLICATE KEY UPDATE a=1;\n",
    "SELECT 1;\n",
    "x",
    " ",
    "é",
    "INTO u VALUES ",
    "ROW",
    "USE [x]\n",
    "::text",
    "||",
    "/",
];

/// A users table as mysqldump writes it: 12 columns, about 250 bytes a row.
#[cfg(test)]
fn users(rows: usize) -> String {
    use std::fmt::Write;
    let mut out = String::from("-- MySQL dump 10.13\nINSERT INTO `users` VALUES ");
    for i in 0..rows {
        let comma = if i == 0 { "" } else { ",\n" };
        let _ = write!(
            out,
            "{}({i},'user{i}','user{i}@example.org','$2y$10${:053}','First{}','O\\'Name {}','+1 555 {:07}',NULL,'2024-01-{:02} 03:04:05','2023-11-{:02} 13:14:15',1,'Some street {} in a town of no great size')",
            comma.trim_end(),
            i * 7919,
            i % 977,
            i % 1999,
            i % 9_999_999,
            i % 28 + 1,
            i % 27 + 1,
            i % 4001,
        );
        if i % 4000 == 3999 {
            out.push_str(";\nINSERT INTO `users` VALUES ");
        }
    }
    out.push_str("(0,'','','','','','',NULL,'','',1,'');\n");
    out.replace("VALUES ,(", "VALUES (")
}

/// Nanoseconds this thread ran; Linux tells them first in `schedstat`. Wall time would measure the machine's other work.
fn cpu_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().and_then(|n| n.parse().ok()).unwrap()
}

#[test]
#[ignore = "a measurement: run it alone, with --release"]
fn the_time_to_read_a_mysqldump() {
    struct Rows(usize);
    impl crate::formats::Sink for Rows {
        fn batch(&mut self, batch: crate::model::TableBatch) {
            self.0 += batch.len();
        }
        fn other(&mut self, _: u64) {}
        fn fault(&mut self, fault: crate::model::Fault) {
            panic!("{fault:?}");
        }
    }
    #[allow(clippy::format_collect)]
    let copy: String = (0..400_000)
        .map(|i| {
            format!(
                "{i}\tuser{i}\tuser{i}@example.org\t$2y$10${:053}\t\\N\t2024-01-02 03:04:05\tSome street {}\n",
                i * 7919,
                i % 4001
            )
        })
        .collect();
    let copy = format!("-- PostgreSQL database dump\nCOPY public.users (a, b, c, d, e, f, g) FROM stdin;\n{copy}\\.\n");
    #[allow(clippy::format_collect)]
    let server: String = (0..200_000).map(|i| format!("INSERT [dbo].[Users] ([Id], [Email], [Hash], [At]) VALUES (N'{i}', N'user{i}@example.org', N'AQAAAAEAACcQAAAAE{i:060}', CAST(N'2024-01-02T03:04:05' AS DateTime2))\r\n")).collect();
    #[allow(clippy::format_collect)]
    let inserts: String = (0..200_000)
        .map(|i| {
            format!("INSERT INTO public.users VALUES ({i}, 'user{i}@example.org', '$2y$10${i:053}', NULL, true);\n")
        })
        .collect();
    let inserts = format!("SET standard_conforming_strings = on;\n{inserts}");
    for (name, text) in
        [("mysqldump", users(400_000)), ("pg_dump", copy), ("pg_dump --inserts", inserts), ("SSMS", server)]
    {
        let blocks: Vec<crate::model::Block> = text
            .as_bytes()
            .chunks(512 << 10)
            .enumerate()
            .map(|(i, chunk)| crate::model::Block::copy_from(chunk, (i * (512 << 10)) as u64))
            .collect();
        for _ in 0..5 {
            let mut reader = reader(text.as_bytes());
            let mut rows = Rows(0);
            let start = cpu_time();
            for block in &blocks {
                reader.push(block, &mut rows);
            }
            reader.finish(&mut rows);
            let nanos = cpu_time() - start;
            println!(
                "{name}: {} rows, {:.2} GB/s, {:.0} ns a row of {} bytes",
                rows.0,
                text.len() as f64 / nanos as f64,
                nanos as f64 / rows.0 as f64,
                text.len() / rows.0
            );
        }
    }
}
