//! The vendor's database on both servers: on screen and in JSON the same but for the target.

use std::process::Command;

use super::reader;
use crate::program::{audit, credaudit};
use crate::servers::{self, run};

const DUMP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/nursery.sql");

/// The bundled dump, which is MariaDB's, in standard SQL.
fn standard_sql() -> String {
    let dump = std::fs::read_to_string(DUMP).unwrap();
    let mut out = String::new();
    for line in dump.lines() {
        let skip = ["--", "/*!", "LOCK TABLES", "UNLOCK TABLES", "DROP TABLE", "  KEY "];
        if skip.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        let line = if line.starts_with('(') {
            line.replace("\\'", "''")
        } else {
            let line = line.replace('`', "\"").replace(" AUTO_INCREMENT", "").replace("int(11)", "int");
            let line = line.replace("tinyint(1)", "smallint").replace("datetime", "timestamp");
            let line = if line.starts_with(") ENGINE") { ");".to_owned() } else { line };
            match line.trim_start().strip_prefix("UNIQUE KEY ") {
                Some(rest) => format!("  UNIQUE {}", &rest[rest.find('(').unwrap()..]),
                None => line,
            }
        };
        out.push_str(&line);
        out.push('\n');
    }
    assert!(!out.contains('\\'), "an escape that is not translated");
    out.replace(",\n);", "\n);")
}

/// A report without what is the target's own.
fn bare(mut report: serde_json::Value, url: &str) -> String {
    for target in report["targets"].as_array_mut().unwrap() {
        target["format"] = "".into();
    }
    for finding in report["findings"].as_array_mut().unwrap() {
        // Made from the target among others.
        finding["id"] = "".into();
    }
    report.to_string().replace(url, "TARGET")
}

#[test]
fn the_vendors_database_is_told_alike_on_both_servers_but_for_the_target() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nursery.sql");
    std::fs::write(&file, standard_sql()).unwrap();
    let postgres = servers::postgres();
    postgres.sql("CREATE DATABASE nursery");
    run(postgres.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", "nursery"]), Some(&file));
    postgres.sql_in("nursery", "ANALYZE");
    reader(&postgres, "nursery");
    let mariadb = servers::mariadb();
    mariadb.sql("CREATE DATABASE nursery CHARACTER SET utf8mb4");
    run(mariadb.client("mariadb").arg("nursery"), Some(DUMP.as_ref()));
    super::mariadb_reader(&mariadb, "nursery");

    let urls = [postgres.url(super::READER, "nursery"), mariadb.url(super::READER, "nursery")];
    let mut reports = Vec::new();
    let mut screens = Vec::new();
    for url in &urls {
        let (output, report) = audit(&[url]);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(report["complete"], true, "{}", report["skipped"]);
        let accounts: u64 = report["tables"].as_array().unwrap().iter().map(|t| t["accounts"].as_u64().unwrap()).sum();
        assert_eq!(accounts, 120 + 40 + 10 + 32 + 24);
        reports.push(bare(report, url));
        let screen: Command = credaudit(&["audit", url]);
        let mut screen = screen;
        let text = String::from_utf8(screen.env("COLUMNS", "120").output().unwrap().stdout).unwrap();
        // The address and the server's version stand in the head alone.
        let lines =
            text.lines().filter(|line| !line.contains("://") && !line.contains("10.") && !line.contains("PostgreSQL"));
        screens.push(lines.collect::<Vec<_>>().join("\n"));
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(screens[0], screens[1]);
    assert!(screens[0].len() > 1000, "{}", screens[0]);
}
