//! The SQLite reader against SQLite itself: databases made by the `sqlite3` command line program, every row compared
//! with what that program says of the same file.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use credaudit::formats::testing::{Pieces, Said, check_random};
use credaudit::formats::{
    Format, Head, Likeness, MAX_CELL, Opened, RandomReader, Sqlite, SqliteReader, is_in_wal_mode, wal_path,
};
use proptest::prelude::*;
use tempfile::TempDir;

/// Runs the command line program; a machine without it has to fail these tests, not to skip them.
fn sqlite3(arguments: &[&str], path: &Path, sql: &str) -> Vec<u8> {
    let mut child = Command::new("sqlite3")
        .args(["-batch", "-bail", "-init", "/dev/null"])
        .args(arguments)
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the sqlite3 program is installed");
    // Output is small until all input is read: statements that print come last.
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "sqlite3: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A database in a folder of its own, gone with it.
struct Database {
    folder: TempDir,
}

impl Database {
    fn new(sql: &str) -> Self {
        let database = Self { folder: tempfile::tempdir().unwrap() };
        sqlite3(&[], &database.path(), sql);
        database
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("some.db")
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(self.path()).unwrap()
    }

    fn read(&self) -> Said {
        read(&self.bytes())
    }

    /// Reads the database and compares all rows of `tables` with what SQLite says.
    fn compare(&self, tables: &[&str]) -> Said {
        let said = self.read();
        assert_eq!(said.faults, [], "an intact database has no faults");
        compare(&self.path(), &said, tables);
        said
    }
}

fn read(bytes: &[u8]) -> Said {
    check_random(&|| Box::new(SqliteReader::new()), bytes, 0, &[1000, 7, 1, 4096, 100])
}

fn read_with_wal(bytes: &[u8], wal: &[u8]) -> Said {
    let make =
        || -> Box<dyn RandomReader> { Box::new(SqliteReader::with_wal(Box::new(Pieces::new(wal, &[333, 5, 70_000])))) };
    check_random(&make, bytes, wal.len() as u64, &[1000, 7, 1, 4096, 100])
}

type Rows = Vec<Vec<Option<Vec<u8>>>>;

fn compare(path: &Path, said: &Said, tables: &[&str]) {
    for table in tables {
        let columns: Vec<String> = said
            .rows
            .iter()
            .find(|r| r.table.name == *table)
            .unwrap_or_else(|| panic!("{table} has rows"))
            .table
            .columns
            .iter()
            .map(|c| c.name.clone())
            .collect();
        let mut expected = expected(path, table, &columns);
        let mut rows: Rows = said.rows.iter().filter(|r| r.table.name == *table).map(|r| r.cells.clone()).collect();
        expected.sort();
        rows.sort();
        assert_eq!(rows.len(), expected.len(), "rows of {table}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert!(row == expected, "{table}: {} is not {}", shown(row), shown(expected));
        }
    }
}

fn shown(row: &[Option<Vec<u8>>]) -> String {
    let cell = |c: &Option<Vec<u8>>| match c {
        None => "NULL".to_owned(),
        Some(c) => format!("{:?}…({})", String::from_utf8_lossy(&c[..c.len().min(40)]), c.len()),
    };
    row.iter().map(cell).collect::<Vec<_>>().join(", ")
}

/// All rows as SQLite gives them, printed as the reader prints them.
fn expected(path: &Path, table: &str, columns: &[String]) -> Rows {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let cells: Vec<String> = columns
        .iter()
        .map(|c| {
            let c = quoted(c);
            format!(
                "typeof({c}), CASE typeof({c}) WHEN 'blob' THEN hex({c}) WHEN 'real' THEN printf('%!.17g', {c}) ELSE {c} END"
            )
        })
        .collect();
    let sql = format!("SELECT {} FROM {};", cells.join(", "), quoted(table));
    let printed = sqlite3(&["-ascii"], path, &sql);
    let mut rows = Vec::new();
    for line in printed.split(|b| *b == 0x1e).filter(|line| !line.is_empty()) {
        let cells: Vec<&[u8]> = line.split(|b| *b == 0x1f).collect();
        let row = cells.chunks(2).map(|pair| match pair[0] {
            b"null" => None,
            b"blob" => Some(hex::decode(pair[1]).unwrap()),
            b"real" => Some(match std::str::from_utf8(pair[1]).unwrap() {
                "Inf" => b"Inf".to_vec(),
                "-Inf" => b"-Inf".to_vec(),
                number => format!("{:?}", number.parse::<f64>().unwrap()).into_bytes(),
            }),
            _ => Some(pair[1].to_vec()),
        });
        rows.push(row.map(|cell| cell.map(|c| c[..c.len().min(MAX_CELL)].to_vec())).collect());
    }
    rows
}

/// `n` rows into `table`, made from the number `i`.
fn fill(table: &str, n: usize, values: &str) -> String {
    format!(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < {n}) INSERT INTO {table} SELECT {values} FROM c;\n"
    )
}

const PEOPLE: &str = "i, 'user' || i, 'user' || i || '@example.org', hex(i * 7919)";

#[test]
fn every_type_of_value_reads_as_sqlite_reads_it() {
    let mut sql = String::from("CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, r REAL, x TEXT, b BLOB, any);\n");
    for bits in [0, 1, 7, 8, 15, 16, 23, 24, 31, 32, 47, 48, 62] {
        let v = 1_i64 << bits;
        for v in [v, v - 1, -v, -v - 1] {
            writeln!(sql, "INSERT INTO t(i, r, x, b, any) VALUES ({v}, {v}, {v}, x'{v:016x}', {v});").unwrap();
        }
    }
    sql +=
        "INSERT INTO t VALUES (-5, NULL, NULL, NULL, NULL, NULL), (9223372036854775807, '12x', 'no', '', x'', 1e999),
        (-9223372036854775808, -9223372036854775808, 0.1, 'héllo 🔑', zeroblob(300), -1e999),
        (77, 3.0, 1e300, 'line
two', x'00ff00', 5e-324), (78, 2.5, -0.0, 'it''s', x'0a', 123456789.123456789);\n";
    let said = Database::new(&sql).compare(&["t"]);
    let table = &said.rows[0].table;
    assert_eq!(table.columns[1].declared.as_deref(), Some("integer"));
    assert_eq!(table.columns[5].declared, None);
    assert!(table.named_columns);
    assert!(said.row_bytes > 0);
}

#[test]
fn a_row_is_found_at_its_offset() {
    let database =
        Database::new(&("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c);".to_owned() + &fill("t", 5000, PEOPLE)));
    let bytes = database.bytes();
    let said = database.compare(&["t"]);
    for row in &said.rows {
        let cell = &bytes[row.offset as usize..][..80.min(bytes.len() - row.offset as usize)];
        let mail = row.cells[2].as_ref().unwrap();
        assert!(cell.windows(mail.len()).any(|w| w == mail));
        assert_eq!(row.line, 0, "a database has no lines");
    }
    let mut arriving = Said::default();
    SqliteReader::new().read(&Pieces::new(bytes, &[]), &mut arriving).unwrap();
    let ids: Vec<u32> = arriving.text_of("t").iter().map(|r| r[0].parse().unwrap()).collect();
    assert!(ids.is_sorted(), "rows arrive in the order of their rowids");
}

#[test]
fn every_page_size_and_encoding_reads_the_same() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        for page_size in [512, 1024, 4096, 65536] {
            let sql = format!(
                "PRAGMA page_size={page_size}; PRAGMA encoding='{encoding}';
                CREATE TABLE people(id INTEGER PRIMARY KEY, \"log in\" TEXT, mail TEXT UNIQUE, pass);
                CREATE INDEX by_pass ON people(pass, mail);
                CREATE TABLE notes(a TEXT, b TEXT, c BLOB);
                {}{}",
                fill("people", 3000, PEOPLE),
                // Payloads around every limit of what stays on a page.
                fill(
                    "notes",
                    300,
                    "substr(replace(hex(zeroblob(20000)), '0', 'ж'), 1, i * 7), 'é' || i, zeroblob(i * 31)"
                )
            );
            let database = Database::new(&sql);
            let said = database.compare(&["people", "notes"]);
            assert!(said.other >= page_size, "{encoding} {page_size}");
        }
    }
}

#[test]
fn rows_that_run_over_many_pages_are_cut_to_a_cell_but_accounted_whole() {
    let database = Database::new(
        "PRAGMA page_size=1024; CREATE TABLE t(id INTEGER PRIMARY KEY, first, long, last);
        INSERT INTO t VALUES (1, 'a', replace(hex(zeroblob(150000)), '0', 'x'), 'after');
        INSERT INTO t VALUES (2, zeroblob(70000), NULL, 'behind a blob');
        INSERT INTO t VALUES (3, 'short', 'short', 'short');",
    );
    let said = database.compare(&["t"]);
    let first = said.rows.iter().find(|r| r.cells[0].as_deref() == Some(b"1")).unwrap();
    assert_eq!(first.cells[2].as_ref().unwrap().len(), MAX_CELL);
    assert!(said.row_bytes > 370_000, "overflow pages are the rows'");
    assert!(said.other < 8192);
}

#[test]
fn a_record_header_that_runs_over_pages_is_read() {
    let columns: Vec<String> = (0..1500).map(|c| format!("c{c}")).collect();
    let values: Vec<String> =
        (0..1500).map(|c| if c % 7 == 0 { "zeroblob(200)".into() } else { c.to_string() }).collect();
    let database = Database::new(&format!(
        "PRAGMA page_size=512; CREATE TABLE wide({}); INSERT INTO wide VALUES ({});",
        columns.join(","),
        values.join(",")
    ));
    let said = database.read();
    assert_eq!(said.faults, []);
    assert_eq!(said.rows[0].cells.len(), 1500);
    assert_eq!(said.rows[0].cells[1499].as_deref(), Some(&b"1499"[..]));
    assert_eq!(said.rows[0].cells[1498].as_ref().unwrap().len(), 200);
}

#[test]
fn tables_without_rowid_come_back_in_declared_order() {
    for page_size in [512, 4096] {
        let sql = format!(
            "PRAGMA page_size={page_size};
            CREATE TABLE w(note TEXT, mail TEXT, realm INT, pass TEXT, PRIMARY KEY(realm, mail)) WITHOUT ROWID;
            CREATE TABLE one(a, k INTEGER PRIMARY KEY, r REAL) STRICT, WITHOUT ROWID;
            CREATE INDEX wi ON w(pass);
            {}{}",
            fill(
                "w",
                4000,
                "CASE WHEN i % 50 = 0 THEN hex(zeroblob(i)) ELSE 'n' || i END, i || '@example.net', i % 13, hex(i)"
            ),
            fill("one", 1000, "'a' || i, i, i")
        )
        .replace("one(a,", "one(a ANY,");
        Database::new(&sql).compare(&["w", "one"]);
    }
}

#[test]
fn keys_generated_columns_and_added_columns_read_as_declared() {
    let database = Database::new(
        "CREATE TABLE g(a INT, b TEXT GENERATED ALWAYS AS (a || 'x') VIRTUAL, c INT AS (a * 2) STORED, d TEXT);
        INSERT INTO g(a, d) VALUES (1, 'one'), (2, 'two');
        CREATE TABLE late(id INTEGER PRIMARY KEY, a TEXT);
        INSERT INTO late VALUES (1, 'before');
        ALTER TABLE late ADD COLUMN pass TEXT DEFAULT 'changeme';
        ALTER TABLE late ADD COLUMN n REAL NOT NULL DEFAULT 5;
        ALTER TABLE late ADD COLUMN empty;
        ALTER TABLE late RENAME COLUMN a TO \"new name\";
        INSERT INTO late VALUES (2, 'after', 'own', 1, 'x');
        CREATE TABLE odd(id INTEGER PRIMARY KEY DESC, x); INSERT INTO odd VALUES (42, 'x'), (NULL, 'y');
        CREATE TABLE \"sel\"\"ect\" AS SELECT 1 AS one, 'two' AS [t w o];
        CREATE TABLE dropped(a, b, c); INSERT INTO dropped VALUES (1, 2, 3); ALTER TABLE dropped DROP COLUMN b;
        CREATE VIEW v AS SELECT * FROM g; CREATE TRIGGER tr AFTER INSERT ON odd BEGIN SELECT 1; END;",
    );
    let said = database.compare(&["g", "late", "odd", "sel\"ect", "dropped"]);
    assert_eq!(said.text_of("late")[1], ["1", "before", "changeme", "5.0", "∅"]);
    let generated: Vec<_> =
        said.rows.iter().find(|r| r.table.name == "g").unwrap().table.columns.iter().map(|c| c.name.clone()).collect();
    assert_eq!(generated, ["a", "c", "d"], "a virtual column is not in the file");
}

#[test]
fn hidden_tables_are_read_and_sqlites_own_are_not() {
    let database = Database::new(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, a); INSERT INTO t(a) VALUES ('x'), ('y');
        CREATE INDEX i ON t(a); ANALYZE;
        CREATE VIRTUAL TABLE f USING fts5(body); INSERT INTO f VALUES ('some words');",
    );
    let said = database.compare(&["t", "f_content"]);
    assert!(said.rows.iter().all(|r| !r.table.name.starts_with("sqlite_")));
}

#[test]
fn vacuumed_and_emptied_databases_account_for_every_page() {
    for vacuum in ["NONE", "FULL", "INCREMENTAL"] {
        let sql = format!(
            "PRAGMA page_size=512; PRAGMA auto_vacuum={vacuum}; CREATE TABLE a(x, y, z, q); CREATE TABLE b(x, y, z, q); CREATE INDEX i ON b(y);
            {}{}DELETE FROM a WHERE x % 5; DELETE FROM b WHERE x < 1500; CREATE TABLE c(x); INSERT INTO c VALUES (zeroblob(5000)); DROP TABLE c;",
            fill("a", 2000, PEOPLE),
            fill("b", 2000, PEOPLE)
        );
        let said = Database::new(&sql).compare(&["a", "b"]);
        if vacuum != "FULL" {
            assert!(said.other > 50_000, "free pages are other");
        }
    }
}

#[test]
fn reserved_bytes_at_the_end_of_pages_are_not_read() {
    let database = Database { folder: tempfile::tempdir().unwrap() };
    let sql = format!("CREATE TABLE t(x, y, z, q); {}", fill("t", 2000, PEOPLE));
    sqlite3(&[], &database.path(), &format!(".filectrl reserve_bytes 32\n{sql}"));
    assert_eq!(database.bytes()[20], 32);
    database.compare(&["t"]);
}

#[test]
fn an_empty_database_is_read_and_holds_nothing() {
    let said = Database::new("CREATE TABLE t(a); DROP TABLE t; VACUUM;").read();
    assert_eq!((said.rows.len(), said.faults.len()), (0, 0));
    let said = Database::new("CREATE TABLE t(a);").read();
    assert_eq!((said.rows.len(), said.faults.len(), said.other), (0, 0, 8192));
}

/// Runs `sql` on an open connection, then copies the database and its log before anybody can put them together.
fn copied_while_open(sql: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("live.db");
    let mut child = Command::new("sqlite3")
        .args(["-batch", "-bail", "-init", "/dev/null"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sqlite3 program is installed");
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{sql}\n.print all-done").unwrap();
    stdin.flush().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line == "all-done"), "the statements run");
    let copies = tempfile::tempdir().unwrap();
    let copy = copies.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(wal_path(&path), wal_path(&copy)).unwrap();
    drop(stdin);
    child.wait().unwrap();
    (copies, copy)
}

fn logged(page_size: u32) -> String {
    format!(
        "PRAGMA page_size={page_size}; PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0;
        CREATE TABLE t(x, y, z, q); CREATE INDEX i ON t(y);
        {}PRAGMA wal_checkpoint(RESTART);
        UPDATE t SET q = 'changed' WHERE x % 3 = 0;
        DELETE FROM t WHERE x BETWEEN 500 AND 700;
        CREATE TABLE u(a TEXT); INSERT INTO u VALUES ('only in the log');",
        fill("t", 2000, PEOPLE)
    )
}

#[test]
fn the_log_beside_a_database_is_read_above_it() {
    for page_size in [512, 4096, 65536] {
        let (_folder, path) = copied_while_open(&logged(page_size));
        let (bytes, wal) = (std::fs::read(&path).unwrap(), std::fs::read(wal_path(&path)).unwrap());
        assert!(is_in_wal_mode(&bytes[..100]));
        let without = read(&bytes);
        assert_eq!(without.text_of("t").len(), 2000, "without the log: as of the last checkpoint");
        let with = read_with_wal(&bytes, &wal);
        assert_eq!(with.faults, []);
        assert_eq!(with.text_of("u"), [["only in the log"]]);
        let row = with.rows.iter().find(|r| r.table.name == "u").unwrap();
        let at = (row.offset - bytes.len() as u64) as usize;
        assert!(wal[at..at + 40].windows(4).any(|w| w == b"only"), "places in the log count on from the database");
        // SQLite puts both together when it opens them.
        compare(&path, &with, &["t", "u"]);
    }
}

#[test]
fn uncommitted_frames_do_not_count() {
    let sql = format!(
        "{}PRAGMA cache_size=2; PRAGMA cache_spill=1; BEGIN; UPDATE t SET q = 'never committed';",
        logged(1024)
    );
    let (_folder, path) = copied_while_open(&sql);
    let (bytes, wal) = (std::fs::read(&path).unwrap(), std::fs::read(wal_path(&path)).unwrap());
    assert!(wal.windows(15).any(|w| w == b"never committed"), "the pages were spilled");
    let said = read_with_wal(&bytes, &wal);
    assert_eq!(said.faults, []);
    assert!(said.text_of("t").iter().all(|r| r[3] != "never committed"));
    compare(&path, &said, &["t", "u"]);
}

#[test]
fn a_damaged_or_foreign_log_is_a_fault() {
    let (_folder, path) = copied_while_open(&logged(1024));
    let (bytes, wal) = (std::fs::read(&path).unwrap(), std::fs::read(wal_path(&path)).unwrap());
    let mut damaged = wal.clone();
    damaged[32 + 24 + 500] ^= 1;
    let said = read_with_wal(&bytes, &damaged);
    assert!(!said.faults.is_empty());
    assert_eq!(said.rows, read(&bytes).rows, "nothing behind the damage is believed");
    let (_folder, path) = copied_while_open(&logged(1024).replace("PRAGMA wal_checkpoint(RESTART);", ""));
    let (begun, whole) = (std::fs::read(&path).unwrap(), std::fs::read(wal_path(&path)).unwrap());
    let said = read_with_wal(&begun, &whole[..whole.len() - 10]);
    assert_eq!(said.not_understood(), 1024 + 24 - 10, "the last frame is cut off");
    assert_eq!(said.text_of("u").len(), 0, "and with it the last commit");
    assert!(said.text_of("t").iter().any(|r| r[3] == "changed"), "those before it count");
    let said = read_with_wal(&bytes, b"no log at all, just some text which is long enough");
    assert_eq!(said.not_understood(), 50);
    let (_folder, other) = copied_while_open(&logged(512));
    let other = std::fs::read(wal_path(&other)).unwrap();
    assert_eq!(read_with_wal(&bytes, &other).not_understood(), other.len() as u64);
    let said = read_with_wal(&bytes, b"");
    assert_eq!((said.faults.len(), said.rows), (0, read(&bytes).rows));
}

#[test]
fn a_truncated_database_is_read_as_far_as_it_goes_and_the_rest_is_one_fault() {
    let database = Database::new(
        &("PRAGMA page_size=4096; CREATE TABLE t(x INTEGER PRIMARY KEY, y, z, q);".to_owned()
            + &fill("t", 3000, PEOPLE)),
    );
    let bytes = database.bytes();
    let whole = database.read().rows;
    for cut in [bytes.len() / 2 / 4096 * 4096, bytes.len() / 2 / 4096 * 4096 + 300] {
        let said = read(&bytes[..cut]);
        assert_eq!(said.faults.len(), 1, "{:?}", said.faults);
        assert!(said.rows.len() > 1000 && said.rows.len() < 3000);
        assert!(said.rows.iter().all(|r| whole.contains(r)));
    }
    assert_eq!(read(&bytes[..50]).not_understood(), 50);
    assert_eq!(read(&bytes[..500]).not_understood(), 500);
    let mut longer = bytes;
    longer.extend_from_slice(b"something appended");
    assert_eq!(read(&longer).not_understood(), 18);
}

#[test]
fn pages_that_nothing_leads_to_are_faults() {
    let database = Database::new(&format!(
        "PRAGMA page_size=1024; CREATE TABLE kept(a); INSERT INTO kept VALUES ('x'); CREATE TABLE lost(x, y, z, q); {}
        PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'lost';",
        fill("lost", 1000, PEOPLE)
    ));
    let said = database.read();
    assert_eq!(said.text_of("kept"), [["x"]]);
    assert_eq!(said.faults.len(), 1, "one run of pages");
    assert_eq!(said.not_understood(), database.bytes().len() as u64 - 2 * 1024);
}

#[test]
fn a_page_in_two_places_is_read_once_and_said() {
    let database = Database::new(
        "CREATE TABLE a(x); INSERT INTO a VALUES ('in a'); CREATE TABLE b(x); INSERT INTO b VALUES ('in b');
        PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'b';",
    );
    let said = database.read();
    assert_eq!(said.text_of("a"), [["in a"]]);
    assert_eq!(said.text_of("b").len(), 0);
    assert_eq!(said.faults.len(), 2, "the second use, and the page now unreached: {:?}", said.faults);
}

#[test]
fn an_edited_schema_hides_no_table() {
    let database = Database::new(
        "CREATE TABLE a(x); INSERT INTO a VALUES ('in a'); CREATE TABLE b(x); INSERT INTO b VALUES ('in b');
        PRAGMA writable_schema=ON; UPDATE sqlite_schema SET name = 'sqlite_a' WHERE name = 'a';
        UPDATE sqlite_schema SET type = 'index' WHERE name = 'b';",
    );
    let said = database.read();
    assert_eq!(said.text_of("sqlite_a"), [["in a"]]);
    assert_eq!(said.not_understood(), 4096, "a table that is called an index");
}

/// Found by fuzzing: the fault counted the cell's pointer, and so ran over the end of the page.
#[test]
fn a_table_without_pages_at_the_end_of_the_only_page_is_a_fault_inside_it() {
    let database =
        Database::new("CREATE TABLE a(x); PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = 77; ");
    let said = read(&database.bytes()[..4096]);
    assert!(said.faults.iter().all(|f| f.offset + f.len <= 4096), "{:?}", said.faults);
    assert!(said.faults.iter().any(|f| f.offset > 4000), "{:?}", said.faults);
}

#[test]
fn a_definition_that_is_not_understood_still_gives_rows() {
    let database = Database::new(
        "CREATE TABLE t(a, b); INSERT INTO t VALUES ('x', 'y'), ('z', NULL);
        PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t garbage';",
    );
    let said = database.read();
    let mut rows = said.text_of("t");
    rows.sort();
    assert_eq!(rows, [["x", "y"], ["z", "∅"]]);
    let table = &said.rows[0].table;
    assert_eq!((table.columns[1].name.as_str(), table.named_columns), ("column 2", false));
}

#[test]
fn the_format_is_known_by_its_signature() {
    let bytes = Database::new("PRAGMA journal_mode=WAL; CREATE TABLE t(a);").bytes();
    let head = Head { bytes: &bytes, whole: true, extension: None };
    assert_eq!(Sqlite.sniff(&head), Some(Likeness::Certain));
    let (name, opened) = Sqlite.open(&head);
    assert_eq!(name, "SQLite in WAL mode");
    assert!(matches!(opened, Opened::Random(_)));
    assert_eq!(Sqlite.sniff(&Head { bytes: b"SQLite format 3", whole: true, extension: Some("db") }), None);
}

/// Small, with something of everything.
const SMALL: &str = "PRAGMA page_size=512; PRAGMA auto_vacuum=INCREMENTAL;
    CREATE TABLE t(id INTEGER PRIMARY KEY, y, z, q); CREATE INDEX i ON t(z);
    CREATE TABLE w(a, b, PRIMARY KEY(b)) WITHOUT ROWID;";

fn small() -> Database {
    Database::new(&format!(
        "{SMALL}{}{}INSERT INTO t VALUES (1000, zeroblob(3000), 'long', hex(zeroblob(400))); DELETE FROM t WHERE id BETWEEN 60 AND 90;",
        fill("t", 120, PEOPLE),
        fill("w", 120, "i, hex(zeroblob(i % 100)) || i")
    ))
}

#[test]
fn damage_anywhere_never_panics_and_every_byte_stays_accounted() {
    let bytes = small().bytes();
    let (_folder, path) = copied_while_open(&logged(512));
    let (logged, wal) = (std::fs::read(&path).unwrap(), std::fs::read(wal_path(&path)).unwrap());
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        // PROPTEST_CASES asks for more.
        cases: ProptestConfig::default().cases.max(400),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40);
    // Half of the damage goes where structure is: page and cell headers.
    let places = prop::collection::vec((any::<prop::sample::Index>(), 0..24_usize, any::<u8>()), 0..6);
    let cut = prop::option::weighted(0.3, any::<prop::sample::Index>());
    runner
        .run(&(flips, places, cut), |(flips, places, cut)| {
            let damage = |original: &[u8], page: usize| {
                let mut bytes = original.to_vec();
                for (at, byte) in &flips[..if places.is_empty() { flips.len() } else { 1 }] {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                for (at, offset, byte) in &places {
                    let at = at.index(bytes.len() / page) * page + offset;
                    bytes[at] = *byte;
                }
                if let Some(cut) = cut {
                    bytes.truncate(cut.index(bytes.len()));
                }
                bytes
            };
            read(&damage(&bytes, 512));
            read_with_wal(&logged, &damage(&wal, 536));
            read_with_wal(&damage(&logged, 512), &wal);
            Ok(())
        })
        .unwrap();
}

#[test]
fn every_single_byte_of_a_small_database_can_be_damaged() {
    let bytes = Database::new(&format!(
        "{SMALL} INSERT INTO t VALUES (1, 'a', 'b', zeroblob(900)); INSERT INTO w VALUES (1, 'x');"
    ))
    .bytes();
    for at in 0..bytes.len() {
        for byte in [0, 1, 0x7f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = byte;
            check_random(&|| Box::new(SqliteReader::new()), &damaged, 0, &[]);
        }
    }
}

#[test]
#[ignore = "a measurement, not a check: run it alone with --release"]
fn speed_of_a_table_of_three_texts() {
    struct Counted(u64);
    impl credaudit::formats::Sink for Counted {
        fn batch(&mut self, batch: credaudit::model::TableBatch) {
            self.0 += batch.len() as u64;
        }
        fn other(&mut self, _: u64) {}
        fn fault(&mut self, _: credaudit::model::Fault) {}
    }
    let database = Database::new(
        &("CREATE TABLE t(a TEXT, b TEXT, c TEXT);".to_owned()
            + &fill(
                "t",
                1_000_000,
                "'user' || i, 'user' || i || '@example.org', '$2y$10$' || hex(i * 7919) || hex(i * 104729) || hex(i)",
            )),
    );
    let bytes = database.bytes();
    let size = bytes.len();
    let input = Pieces::new(bytes, &[]);
    for _ in 0..5 {
        let mut counted = Counted(0);
        let start = std::time::Instant::now();
        RandomReader::read(&mut SqliteReader::new(), &input, &mut counted).unwrap();
        let took = start.elapsed();
        println!(
            "{} rows, {size} bytes in {took:?}: {:.1} M rows/s, {:.0} MB/s",
            counted.0,
            counted.0 as f64 / took.as_secs_f64() / 1e6,
            size as f64 / took.as_secs_f64() / 1e6
        );
    }
}
