//! One generated database, dumped by the real tools, audited from every format: every account judged as generated, no
//! decoy called a credential store, the same result everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use credaudit::model::Tier;

use crate::people::{self, GeneratedTable};
use crate::program::{audit, each_csv_row};
use crate::servers::{MariaDb, Postgres, run, run_into};

/// Accounts in the generated database.
const ACCOUNTS: usize = 1_000_000;

/// `table` of a reset list's `table` cell: without unit, schema and file ending.
fn bare(label: &str) -> &str {
    let table = label.rsplit(": ").next().unwrap_or(label);
    let table = table.rsplit(['.', '/']).find(|part| *part != "csv").unwrap_or(table);
    table.trim_matches(['"', '`'])
}

/// Accounts that must be acted on, by table: row by row the tier in the reset list, `none` for those not in it.
type Tiers = BTreeMap<&'static str, Vec<&'static str>>;

struct Judged {
    tiers: Tiers,
    report: serde_json::Value,
}

/// Audits `target` and reads its reset list; panics if the list names an account that was not generated, or one twice.
fn judge(tables: &[GeneratedTable], target: &Path, folder: &Path) -> Judged {
    let resets = folder.join("resets.csv");
    let _ = fs::remove_file(&resets);
    let (output, report) = audit(&["--resets", resets.to_str().unwrap(), target.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let accounts = tables.iter().filter(|table| table.expected.is_some());
    let mut tiers: Tiers = accounts.clone().map(|table| (table.name, vec!["none"; table.rows.len()])).collect();
    let mut columns: Option<[usize; 3]> = None;
    each_csv_row(&resets, &mut |row| {
        let Some([tier, table, login]) = columns else {
            let place = |name: &str| row.iter().position(|cell| cell == name).unwrap();
            columns = Some([place("tier"), place("table"), place("login")]);
            return;
        };
        let name = bare(&row[table]);
        let (generated, login) = (accounts.clone().find(|t| t.name == name), &row[login]);
        // Logins end in the number of their row.
        let number: usize = login.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        let known = generated.is_some_and(|t| t.login(number.wrapping_sub(1)) == Some(login));
        assert!(known, "{login} of {name} was not generated");
        let tier = Tier::ALL.iter().find(|t| t.name() == row[tier]).expect("the tier is a tier").name();
        let before = std::mem::replace(&mut tiers.get_mut(name).unwrap()[number - 1], tier);
        assert_eq!(before, "none", "{login} of {name} is listed twice");
    });
    Judged { tiers, report }
}

fn assert_as_generated(tables: &[GeneratedTable], judged: &Judged, what: &str) {
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for table in tables {
        let Some((expected, _)) = &table.expected else { continue };
        for (number, (expected, got)) in expected.iter().zip(&judged.tiers[table.name]).enumerate() {
            if got != expected {
                let example = || (0, table.login(number).unwrap_or_default().to_owned());
                wrong.entry(format!("{}: {expected} became {got}", table.name)).or_insert_with(example).0 += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let decoys: Vec<&str> = tables.iter().filter(|t| t.expected.is_none()).map(|t| t.name).collect();
    for table in judged.report["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap();
        let name = if name.is_empty() { table["unit"].as_str().unwrap() } else { name };
        if decoys.contains(&bare(name)) {
            assert_eq!(table["accounts"], 0, "{what}: {name} is a decoy");
        }
    }
    let accounts: usize = tables.iter().filter_map(|t| Some(t.expected.as_ref()?.0.len())).sum();
    assert_eq!(judged.report["accounts"]["total"], accounts, "{what}");
    assert_eq!(judged.report["bytes"]["not_understood"], 0, "{what}");
    assert_eq!(judged.report["skipped"].as_array().map(Vec::len), Some(0), "{what}: {}", judged.report["skipped"]);
    assert_eq!(judged.report["complete"], true, "{what}");
}

/// The database in every form, by the tools that write them in the world.
fn dumps(tables: &[GeneratedTable], folder: &Path) -> Vec<(&'static str, PathBuf)> {
    let mut dumps = Vec::new();
    for table in tables {
        fs::write(folder.join(format!("{}.load", table.name)), table.load_file()).unwrap();
    }
    {
        let server = MariaDb::start();
        for table in tables {
            server.sql(&format!(
                "USE app; {} LOAD DATA LOCAL INFILE '{}' INTO TABLE {} CHARACTER SET utf8mb4;",
                table.create(),
                folder.join(format!("{}.load", table.name)).display(),
                table.name
            ));
        }
        let path = folder.join("mariadb.sql");
        run_into(server.client("mariadb-dump").arg("app"), &path);
        dumps.push(("mariadb-dump", path));
    }
    {
        let server = Postgres::start();
        let csv = folder.join("csv");
        fs::create_dir(&csv).unwrap();
        for table in tables {
            server.sql(&table.create());
            let load = folder.join(format!("{}.load", table.name));
            let copy = format!("\\copy {} from '{}'", table.name, load.display());
            run(server.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", &copy]), None);
            let out = csv.join(format!("{}.csv", table.name));
            let copy = format!("\\copy {} to '{}' with (format csv, header)", table.name, out.display());
            run(server.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-c", &copy]), None);
        }
        for (name, more) in [("pg_dump", &[][..]), ("pg_dump --inserts", &["--inserts"][..])] {
            let path = folder.join(format!("{}.sql", name.replace(" --", "-")));
            run_into(server.client("pg_dump").args(more), &path);
            dumps.push((name, path));
        }
        dumps.push(("CSV export", csv));
    }
    let db = folder.join("app.db");
    for table in tables {
        let inserts = folder.join("inserts.sql");
        fs::write(&inserts, table.inserts()).unwrap();
        run(Command::new("sqlite3").arg("-bail").arg(&db), Some(&inserts));
        fs::remove_file(&inserts).unwrap();
    }
    let path = folder.join("sqlite.sql");
    run_into(Command::new("sqlite3").arg(&db).arg(".dump"), &path);
    dumps.push(("sqlite3 .dump", path));
    dumps.push(("SQLite file", db));
    for table in tables {
        fs::remove_file(folder.join(format!("{}.load", table.name))).unwrap();
    }
    dumps
}

#[test]
fn every_account_of_a_million_is_judged_as_generated_from_every_format() {
    let tables = people::database(ACCOUNTS, 1);
    let folder = tempfile::tempdir().unwrap();
    let mut first: Option<(String, Judged)> = None;
    for (name, path) in dumps(&tables, folder.path()) {
        let judged = judge(&tables, &path, folder.path());
        assert_as_generated(&tables, &judged, name);
        if let Some((of, first)) = &first {
            assert_eq!(first.report["accounts"], judged.report["accounts"], "{name} and {of}");
            assert_eq!(first.report["breach"], judged.report["breach"], "{name} and {of}");
        } else {
            first = Some((name.to_owned(), judged));
        }
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
}
