//! Columns that real tools encrypted, as a person audits them: with the key, or without one where it is published.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{audit, read_csv};

const VECTORS: &str = include_str!("../../fixtures/reversible_vectors.tsv");

/// Every way, the key that opens it (made up, or none where it is published or needless), and how it is named.
const WAYS: [(&str, Option<&str>, &str); 13] = [
    ("fernet", Some("ZmFrZS1mZXJuZXQta2V5LW9ubHktZm9yLXRlc3RzISE="), "Fernet"),
    ("laravel", Some("base64:ZmFrZS1sYXJhdmVsLWtleS1vbmx5LWZvci10ZXN0cyE="), "Laravel's encryption"),
    ("jasypt", Some("fake jasypt password"), "Jasypt"),
    ("cryptojs", Some("fake cryptojs password"), "OpenSSL's `enc`"),
    ("openssl", Some("fake openssl password"), "OpenSSL's `enc`"),
    ("openssl-md5", Some("fake openssl password"), "OpenSSL's `enc`"),
    ("openssl-pbkdf2", Some("fake openssl password"), "OpenSSL's `enc`"),
    ("openfire", Some("fake openfire"), "Blowfish-CBC, initialisation vector in front"),
    ("openfire-default", None, "Blowfish-CBC, initialisation vector in front"),
    ("cisco7", None, "Cisco type 7"),
    ("gpp", None, "AES-256-CBC, initialisation vector of zeros"),
    ("chromium", None, "Chromium's password store on Linux"),
    ("dnn", None, "3DES-CBC, initialisation vector of zeros"),
];

/// Stored values and passwords of one way.
fn column(way: &str) -> Vec<(&'static str, &'static str)> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    let cells = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    cells.filter(|cells| cells[0] == way).map(|cells| (cells[1], cells[2])).collect()
}

/// The report about a table of these values, and its reset list; everything that was written.
fn audited(way: &str, key: Option<&str>) -> (Value, usize, String) {
    let folder = TempDir::new().unwrap();
    let (input, resets) = (folder.path().join("accounts.sql"), folder.path().join("resets.csv"));
    // Chromium's are bytes.
    let mut text = "CREATE TABLE accounts (id int, login varchar(40), password blob);\n".to_owned();
    for (row, (value, _)) in column(way).iter().enumerate() {
        let value = if way == "chromium" { format!("0x{value}") } else { format!("'{value}'") };
        text.push_str(&format!("INSERT INTO accounts VALUES ({row},'person{row}',{value});\n"));
    }
    fs::write(&input, text).unwrap();
    let keys = folder.path().join("app.key");
    fs::write(&keys, key.unwrap_or("not the key of anything")).unwrap();
    let arguments =
        [input.to_str().unwrap(), "--key-file", keys.to_str().unwrap(), "--resets", resets.to_str().unwrap()];
    let arguments = if key.is_some() { &arguments[..] } else { &[arguments[0], arguments[3], arguments[4]] };
    let (output, report) = audit(arguments);
    let written = [fs::read(&resets).unwrap(), output.stdout, output.stderr].concat();
    let list = read_csv(&resets);
    let all = list.iter().all(|row| row["tier"] == "T0" && row["reasons"].contains("reversible"));
    (report, if all { list.len() } else { 0 }, String::from_utf8_lossy(&written).into_owned())
}

#[test]
fn what_real_tools_encrypted_is_turned_back_and_every_account_is_on_the_reset_list() {
    let mut wrong = Vec::new();
    for (way, key, name) in WAYS {
        let values = column(way);
        assert_eq!(values.len(), 24, "{way}");
        let (report, listed, written) = audited(way, key);
        let columns = report["tables"][0]["columns"].as_array().unwrap();
        let entry = columns.iter().find(|column| column["name"] == "password").unwrap();
        if entry["scheme"] != name || entry["evidence"] != "proved" || listed != 24 {
            wrong.push(format!("{way}: {listed} listed, {entry:#}"));
        }
        let long = values.iter().map(|(_, password)| *password).filter(|password| password.len() >= 10);
        for secret in long.chain(key) {
            assert!(!written.contains(secret), "{way}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_the_right_key_nothing_is_proved_and_nobody_is_clean() {
    for (way, key, _) in WAYS.iter().filter(|(_, key, _)| key.is_some()) {
        let (report, ..) = audited(way, key.map(|_| "another key, just as fake"));
        for entry in report["tables"][0]["columns"].as_array().unwrap() {
            assert_ne!(entry["evidence"], "proved", "{way}: {entry:#}");
        }
        assert_eq!(report["accounts"]["none"], 0, "{way}");
    }
}

#[test]
fn the_published_values_of_group_policy_preferences_open() {
    // The value that the documentation of gpp-decrypt shows, and the one of its second example.
    let published = [
        "j1Uyj3Vx8TY9LtLZil2uAuZkFQA/4latT76ZwgdHdhw",
        "edBSHOwhZLTjt/QS9FeIcJ83mjWA98gw9guKOhJOdcqh+ZGMeXOsQbCpZ3xUjTLfCuNH8pG5aSVYdYw/NglVmQ",
    ];
    let folder = TempDir::new().unwrap();
    let input = folder.path().join("groups.csv");
    let lines: String = published.iter().map(|value| format!("admin,{value}\n")).collect();
    fs::write(&input, format!("userName,cpassword\n{lines}")).unwrap();
    let (_, report) = audit(&[input.to_str().unwrap()]);
    let columns = report["tables"][0]["columns"].as_array().unwrap();
    let entry = columns.iter().find(|column| column["name"] == "cpassword").unwrap();
    assert_eq!(entry["evidence"], "proved", "{report:#}");
    assert!(entry["why"].as_str().unwrap().contains("Group Policy Preferences"), "{entry:#}");
}
