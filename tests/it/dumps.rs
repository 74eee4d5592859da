//! One generated database, dumped by the real tools, audited from every format: every account judged as generated, no
//! decoy called a credential store, the same result everywhere.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::people::{self, GeneratedTable};
use crate::program::{audit, read_csv};
use crate::servers::{MariaDb, Postgres, run, run_into};

/// Accounts in the generated database.
const ACCOUNTS: usize = 20_000;

/// `table` of a reset list's `table` cell: without unit, schema and file ending.
fn bare(label: &str) -> &str {
    let table = label.rsplit(": ").next().unwrap_or(label);
    let table = table.rsplit(['.', '/']).find(|part| *part != "csv").unwrap_or(table);
    table.trim_matches(['"', '`'])
}

/// Tier by table and login, for the accounts that must be acted on.
fn expected(tables: &[GeneratedTable]) -> HashMap<(&'static str, String), &'static str> {
    let mut expected = HashMap::new();
    for table in tables {
        let Some((tiers, login)) = &table.expected else { continue };
        for (row, tier) in table.rows.iter().zip(tiers).filter(|(_, tier)| **tier != "none") {
            expected.insert((table.name, row[*login].clone().expect("every account has a login")), *tier);
        }
    }
    expected
}

struct Judged {
    resets: HashMap<(String, String), String>,
    report: serde_json::Value,
}

fn judge(target: &Path, folder: &Path, more: &[&str]) -> Judged {
    let resets = folder.join("resets.csv");
    let _ = fs::remove_file(&resets);
    let mut args = vec!["--resets", resets.to_str().unwrap(), target.to_str().unwrap()];
    args.extend(more);
    let (output, report) = audit(&args);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = read_csv(&resets);
    let resets = rows
        .into_iter()
        .map(|mut row| ((bare(&row["table"]).to_owned(), row.remove("login").unwrap()), row.remove("tier").unwrap()))
        .collect();
    Judged { resets, report }
}

fn assert_as_generated(tables: &[GeneratedTable], judged: &Judged, what: &str) {
    let expected = expected(tables);
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for ((table, login), tier) in &expected {
        let got = judged.resets.get(&((*table).to_owned(), login.clone())).map_or("not listed", String::as_str);
        if got != *tier {
            let entry = wrong.entry(format!("{table}: {tier} became {got}")).or_insert((0, login.clone()));
            entry.0 += 1;
        }
    }
    for ((table, login), tier) in &judged.resets {
        if !expected.iter().any(|_| true) || !expected.contains_key(&(static_name(tables, table), login.clone())) {
            let entry = wrong.entry(format!("{table}: none became {tier}")).or_insert((0, login.clone()));
            entry.0 += 1;
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
}

fn static_name(tables: &[GeneratedTable], name: &str) -> &'static str {
    tables.iter().find(|t| t.name == name).map_or("", |t| t.name)
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
        let judged = judge(&path, folder.path(), &[]);
        assert_as_generated(&tables, &judged, name);
        if let Some((of, first)) = &first {
            assert!(first.resets == judged.resets, "{name} gives other accounts than {of}");
            assert_eq!(first.report["accounts"], judged.report["accounts"], "{name} and {of}");
            assert_eq!(first.report["breach"], judged.report["breach"], "{name} and {of}");
        } else {
            first = Some((name.to_owned(), judged));
        }
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
}
