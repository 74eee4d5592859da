//! Live databases: the same verdicts as from their dumps, nothing written, nothing left behind, every trouble told.

mod faults;
mod manners;
#[cfg(feature = "mongodb")]
mod mongodb;
mod network;
mod nursery;
mod resume;
mod scope;
#[cfg(feature = "sqlserver")]
mod sqlserver;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::people::{self, GeneratedTable};
use crate::program::{audit, read_csv};
use crate::servers::{self, MariaDb, Postgres, run, run_into};

/// A role that may read and nothing else.
const READER: &str = "auditor";

/// Tier and reasons of every account on the list, by table and account.
type Verdicts = BTreeMap<(String, String), (String, String, String)>;

fn verdicts(target: &str, more: &[&str]) -> (serde_json::Value, Verdicts) {
    let folder = tempfile::tempdir().unwrap();
    let resets = folder.path().join("resets.csv");
    // Which slow hashes are tried depends on places where there is not time for all: here there is none.
    let mut args = vec!["--guess-seconds", "0", "--resets", resets.to_str().unwrap(), target];
    args.extend(more);
    let (output, report) = audit(&args);
    assert!(matches!(output.status.code(), Some(1)), "{target}: {}", String::from_utf8_lossy(&output.stderr));
    let mut verdicts = Verdicts::new();
    for row in read_csv(&resets) {
        let table = row["table"].rsplit([' ', '.']).next().unwrap().to_owned();
        let key = (table, format!("{} {} {}", row["account_id"], row["login"], row["email"]));
        let verdict = (row["tier"].clone(), row["reasons"].clone(), row["scheme"].clone());
        assert!(verdicts.insert(key, verdict).is_none(), "an account is listed twice");
    }
    (report, verdicts)
}

fn load_postgres(server: &Postgres, database: &str, tables: &[GeneratedTable], folder: &Path) {
    server.sql(&format!("CREATE DATABASE {database}"));
    for table in tables {
        server.sql_in(database, &table.create());
        let file = folder.join("load");
        fs::write(&file, table.load_file()).unwrap();
        let copy = format!("\\copy {} from '{}'", table.name, file.display());
        run(server.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", &copy]), None);
    }
    server.sql_in(database, "VACUUM ANALYZE");
    reader(server, database);
}

/// Lets the role that may only read see everything in a database.
fn reader(server: &Postgres, database: &str) {
    let make = format!(
        "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN CREATE ROLE {READER} LOGIN; \
         END IF; END$$; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}"
    );
    server.sql_in(database, &make);
}

fn load_mariadb(server: &MariaDb, database: &str, tables: &[GeneratedTable], folder: &Path) {
    server.sql(&format!("CREATE DATABASE {database} CHARACTER SET utf8mb4"));
    for table in tables {
        let file = folder.join("load");
        fs::write(&file, table.load_file()).unwrap();
        server.sql(&format!(
            "USE {database}; {} LOAD DATA LOCAL INFILE '{}' INTO TABLE {} CHARACTER SET utf8mb4; ANALYZE TABLE {};",
            table.create(),
            file.display(),
            table.name,
            table.name
        ));
    }
    mariadb_reader(server, database);
}

/// Lets the user who may only read see everything in a database, and how busy the server is.
fn mariadb_reader(server: &MariaDb, database: &str) {
    server.sql(&format!(
        "CREATE USER IF NOT EXISTS {READER}@localhost; GRANT SELECT ON {database}.* TO {READER}@localhost; \
         GRANT PROCESS ON *.* TO {READER}@localhost;"
    ));
}

/// What two reports of the same database must agree on: accounts, and of every table rows, tiers and columns.
fn same_report(live: &serde_json::Value, dump: &serde_json::Value) {
    assert_eq!(live["accounts"], dump["accounts"]);
    assert_eq!(live["breach"], dump["breach"]);
    let tables = |report: &serde_json::Value| -> BTreeMap<String, String> {
        let of = |table: &serde_json::Value| {
            let columns: Vec<String> = table["columns"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|c| c["role"] == "credential")
                .map(|c| format!("{} {} {} {}", c["name"], c["scheme"], c["rows"], c["distinct"]))
                .collect();
            let name = table["table"].as_str().unwrap().rsplit('.').next().unwrap().to_owned();
            (name, format!("{} {} {columns:?}", table["rows"], table["tiers"]))
        };
        report["tables"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(tables(live), tables(dump));
}

#[test]
fn a_live_postgresql_database_is_judged_like_its_own_dump_account_by_account() {
    let server = servers::postgres();
    let folder = tempfile::tempdir().unwrap();
    load_postgres(&server, "same", &people::database(12_000, 7), folder.path());
    let dump = folder.path().join("dump.sql");
    run_into(server.client("pg_dump").args(["-d", "same"]), &dump);
    let (of_dump, expected) = verdicts(dump.to_str().unwrap(), &[]);
    let (of_live, got) = verdicts(&server.url(READER, "same"), &[]);
    assert_eq!(of_live["complete"], true, "{}", of_live["skipped"]);
    same_report(&of_live, &of_dump);
    assert!(expected.len() > 4_000 && expected == got, "{} and {} verdicts", expected.len(), got.len());
}

#[test]
fn cut_into_many_parts_over_several_connections_a_table_is_judged_alike() {
    let folder = tempfile::tempdir().unwrap();
    let tables = people::database(16_000, 5);
    let (postgres, mariadb) = (servers::postgres(), servers::mariadb());
    load_postgres(&postgres, "parted", &tables, folder.path());
    load_mariadb(&mariadb, "parted", &tables, folder.path());
    for table in tables.iter().filter(|table| table.columns[0].0 == "id") {
        let key = format!("ALTER TABLE {} ADD PRIMARY KEY (id)", table.name);
        postgres.sql_in("parted", &key);
        mariadb.sql(&format!("USE parted; {key}"));
    }
    postgres.sql_in("parted", "ANALYZE");
    for url in [postgres.url(READER, "parted"), mariadb.url(READER, "parted")] {
        let (whole, expected) = verdicts(&url, &["--max-connections", "1"]);
        for more in [["--max-connections", "3", "--block-size", "1K"], ["--max-connections", "2", "--block-size", "8K"]]
        {
            let (parts, got) = verdicts(&url, &more);
            same_report(&parts, &whole);
            assert_eq!(parts["complete"], true, "{}", parts["skipped"]);
            assert!(got.len() > 5_000 && expected == got, "{url}: {} and {} verdicts", expected.len(), got.len());
        }
    }
}

#[test]
fn a_live_mariadb_database_is_judged_like_its_own_dump_account_by_account() {
    let server = servers::mariadb();
    let folder = tempfile::tempdir().unwrap();
    load_mariadb(&server, "same", &people::database(12_000, 7), folder.path());
    let dump = folder.path().join("dump.sql");
    run_into(server.client("mariadb-dump").arg("same"), &dump);
    let (of_dump, expected) = verdicts(dump.to_str().unwrap(), &[]);
    let (of_live, got) = verdicts(&server.url(READER, "same"), &[]);
    assert_eq!(of_live["complete"], true, "{}", of_live["skipped"]);
    same_report(&of_live, &of_dump);
    assert!(expected.len() > 4_000 && expected == got, "{} and {} verdicts", expected.len(), got.len());
}
