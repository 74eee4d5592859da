//! However the input is cut into blocks and however many threads there are: one and the same report.

use std::fs;
use std::path::Path;

use crate::people;
use crate::program::{audit, read_csv};

/// Tables of slow hashes.
const SLOW: [&str; 3] = ["portal_user", "forum_user", "app_user"];

fn result(target: &Path, folder: &Path, more: &[&str]) -> (serde_json::Value, Vec<Vec<(String, String)>>) {
    let resets = folder.join("resets.csv");
    let mut args = vec!["--resets", resets.to_str().unwrap(), target.to_str().unwrap()];
    args.extend(more);
    let (output, report) = audit(&args);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let mut rows: Vec<Vec<(String, String)>> = read_csv(&resets)
        .into_iter()
        .map(|row| {
            let mut cells: Vec<(String, String)> = row.into_iter().collect();
            cells.sort();
            cells
        })
        .collect();
    rows.sort();
    (report, rows)
}

#[test]
fn block_size_threads_and_memory_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let tables = people::database(4000, 9);
    let mut sql = String::from("-- a script\n");
    let mut extended = String::new();
    for table in &tables {
        sql.push_str(&table.inserts());
        // Trying passwords on slow hashes takes seconds however few there are: once is enough.
        if SLOW.contains(&table.name) {
            continue;
        }
        // Extended inserts, as mysqldump writes them, in lines far longer than a block.
        extended.push_str(&table.create());
        extended.extend(["\nINSERT INTO `", table.name, "` VALUES "]);
        let rows: Vec<String> = table
            .rows
            .iter()
            .map(|row| {
                let cells: Vec<String> = row
                    .iter()
                    .map(|cell| match cell {
                        None => "NULL".into(),
                        Some(text) => {
                            format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
                        }
                    })
                    .collect();
                format!("({})", cells.join(","))
            })
            .collect();
        extended.push_str(&rows.join(","));
        extended.push_str(";\n");
    }
    let mysql_head = "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n";
    let json: Vec<serde_json::Value> = tables[0]
        .rows
        .iter()
        .map(|row| {
            tables[0]
                .columns
                .iter()
                .zip(row)
                .map(|((name, _), cell)| ((*name).to_owned(), serde_json::json!(cell)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        })
        .collect();
    let ndjson: String = json.iter().map(|row| format!("{row}\n")).collect();
    for (name, text) in [
        ("ansi.sql", sql),
        ("mysql.sql", format!("{mysql_head}{extended}")),
        ("members.json", serde_json::Value::from(json).to_string()),
        ("members.ndjson", ndjson),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let base = result(&path, folder.path(), &[]);
        assert!(base.1.len() > 100, "{name}: {} accounts to reset", base.1.len());
        for more in [
            ["--block-size", "1009", "--threads", "1"],
            ["--block-size", "4096", "--threads", "4"],
            ["--block-size", "65536", "--threads", "3"],
            ["--block-size", "300000", "--memory", "64M"],
        ] {
            let other = result(&path, folder.path(), &more);
            assert_eq!(base.0, other.0, "{name} {more:?}");
            assert_eq!(base.1, other.1, "{name} {more:?}");
        }
    }
}
