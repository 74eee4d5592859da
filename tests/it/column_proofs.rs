//! Columns whose names say nothing: how their values were made is proved by trying likely passwords, each row by itself.
//! All 68 constructions are measured by `benches/schemes.sh`.

#[path = "proof_tables.rs"]
mod proof_tables;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use md5::{Digest as _, Md5};
use sha1::Sha1;

use crate::program::{audit, credaudit, read_csv};
use proof_tables::{Dice, PEPPER, SHAPE_ONLY, Writing, said, table};

/// A file with this text, and the folder that it lives as long as.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts.csv");
    fs::write(&path, text).unwrap();
    (folder, path)
}

/// What the program says of the column `c3` of a table, by scheme and evidence.
fn audited(text: &str, more: &[&str]) -> Vec<(String, String, u64)> {
    let (_folder, path) = file(text);
    said(&audit(&[&[path.to_str().unwrap()], more].concat()).1)
}

fn proved(said: &[(String, String, u64)]) -> BTreeMap<&str, u64> {
    let proved = said.iter().filter(|(_, evidence, _)| evidence == "proved");
    proved.map(|(scheme, _, rows)| (scheme.as_str(), *rows)).collect()
}

#[test]
fn a_construction_is_proved_under_names_that_say_nothing() {
    for (number, (name, writing)) in SHAPE_ONLY.iter().enumerate().skip(1).step_by(13) {
        let said = audited(&table(&[(*name, *writing)], number as u64), &[]);
        assert_eq!(said, [((*name).to_owned(), "proved".to_owned(), 500)], "{name}");
    }
}

#[test]
fn rarer_hashes_of_one_length_are_told_apart_by_proof() {
    // The rarest last.
    for names in [["ntlm", "unsalted-md5", "unsalted-md4"], ["sha1(md5(pass))", "unsalted-sha1", "unsalted-ripemd160"]]
    {
        let said = audited(&table(&[(names[2], Writing::Hex)], 5), &[]);
        assert_eq!(said, [(names[2].to_owned(), "proved".to_owned(), 500)]);
        // All three in one column: what is opened is told apart, what is not remains open.
        let said = audited(&table(&names.map(|name| (name, Writing::Hex)), 5), &[]);
        let proved = proved(&said);
        assert!(proved.len() == 3 && names.iter().all(|name| proved.contains_key(name)), "{said:?}");
        assert!(proved.values().all(|rows| (5..=50).contains(rows)), "{said:?}");
        assert_eq!(said.iter().map(|(.., rows)| rows).sum::<u64>(), 500);
        assert!(said.iter().any(|(_, evidence, rows)| evidence == "inferred" && *rows > 300), "{said:?}");
    }
}

#[test]
fn random_values_and_digests_of_addresses_are_no_proof() {
    let mut dice = Dice(7);
    let mut text = String::from("c1,c2,c3,c4\n");
    for row in 0..500 {
        let address = format!("person{row}@garden.example");
        let random: String = (0..4).map(|_| format!("{:016x}", dice.next())).collect();
        writeln!(
            text,
            "{row},{address},{},{}",
            &random[..32],
            hex::encode(Sha1::digest(hex::encode(Md5::digest(&address))))
        )
        .unwrap();
    }
    let (_folder, path) = file(&text);
    let (_, report) = audit(&[path.to_str().unwrap()]);
    let columns = report["tables"][0]["columns"].as_array().cloned().unwrap_or_default();
    assert!(columns.iter().all(|column| column["evidence"] != "proved"), "{columns:#?}");
}

fn bcrypt(dice: &mut Dice, password: &[u8]) -> String {
    let salt = [dice.next().to_le_bytes(), dice.next().to_le_bytes()].concat().try_into().unwrap();
    bcrypt::hash_with_salt(password, 4, salt).unwrap().format_for_version(bcrypt::Version::TwoB)
}

/// Every third account has a password that many have.
fn password(row: usize) -> String {
    if row.is_multiple_of(3) { ["123456", "password"][row % 2].to_owned() } else { format!("Vb7-garden-{row}") }
}

#[test]
fn legacy_rows_beside_migrated_ones_are_counted_apart() {
    let mut dice = Dice(1);
    let mut text = String::from("c1,c2,c3\n");
    for row in 0..90 {
        let password = password(row);
        let value = match row % 10 {
            0..6 => bcrypt(&mut dice, password.as_bytes()),
            _ => hex::encode(Md5::digest(&password)),
        };
        writeln!(text, "{row},member{row:02},{value}").unwrap();
    }
    let said = audited(&text, &[]);
    let expected = [("bcrypt cost 4", "proved", 54), ("unsalted-md5", "proved", 36)];
    assert_eq!(said, expected.map(|(scheme, evidence, rows)| (scheme.to_owned(), evidence.to_owned(), rows)));
}

#[test]
fn bcrypt_of_an_md5_beside_bcrypt_is_told_by_what_opens_each_row() {
    let mut dice = Dice(2);
    let mut text = String::from("c1,c2,c3\n");
    for row in 0..60 {
        let password = password(row);
        let md5 = hex::encode(Md5::digest(&password));
        let inner = if row.is_multiple_of(2) { md5.as_bytes() } else { password.as_bytes() };
        writeln!(text, "{row},member{row:02},{}", bcrypt(&mut dice, inner)).unwrap();
    }
    let (folder, path) = file(&text);
    let resets = folder.path().join("resets.csv");
    let args = ["--guess-seconds", "30", "--resets", resets.to_str().unwrap(), path.to_str().unwrap()];
    let (_, report) = audit(&args);
    let said = said(&report);
    assert_eq!(proved(&said), BTreeMap::from([("bcrypt cost 4", 10), ("bcrypt-md5 cost 4", 10)]), "{said:?}");
    assert!(said.contains(&("bcrypt cost 4".into(), "self-describing".into(), 40)), "{said:?}");
    for row in read_csv(&resets).iter().filter(|row| row["reasons"].contains("common")) {
        let number: usize = row["account_id"].parse().unwrap();
        let scheme = if number.is_multiple_of(2) { "bcrypt-md5 cost 4" } else { "bcrypt cost 4" };
        assert_eq!(row["scheme"], scheme, "account {number}");
    }
}

#[test]
fn a_supplied_pepper_proves_what_needs_it_and_is_never_shown() {
    let text = table(&[("sha256(pass.pepper)", Writing::Hex)], 3);
    let (folder, path) = file(&text);
    let secret = folder.path().join("pepper");
    fs::write(&secret, format!("{PEPPER}\n")).unwrap();
    let path = path.to_str().unwrap();
    let expected = [("sha256(pass.pepper)".to_owned(), "proved".to_owned(), 500)];

    let without = audit(&[path]).1;
    assert!(proved(&said(&without)).is_empty(), "{:?}", said(&without));
    let mut by_file = credaudit(&["audit", "--format", "json", "--pepper-file", secret.to_str().unwrap(), path]);
    let mut by_environment = credaudit(&["audit", "--format", "json", path]);
    by_environment.env("CREDAUDIT_PEPPER", PEPPER);
    let mut for_people = credaudit(&["audit", "--pepper-file", secret.to_str().unwrap(), path]);
    for (number, command) in [&mut by_file, &mut by_environment, &mut for_people].into_iter().enumerate() {
        let output = command.output().unwrap();
        for shown in [&output.stdout, &output.stderr] {
            assert!(!String::from_utf8_lossy(shown).contains(PEPPER));
        }
        if number < 2 {
            assert_eq!(said(&serde_json::from_slice(&output.stdout).unwrap()), expected);
        }
    }
    // Another secret proves nothing; none at all is an error that says what to do.
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, "another").unwrap();
    let (_, report) = audit(&["--pepper-file", wrong.to_str().unwrap(), path]);
    assert!(proved(&said(&report)).is_empty());
    fs::write(&wrong, "\n").unwrap();
    let output = credaudit(&["audit", "--pepper-file", wrong.to_str().unwrap(), path]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--pepper-file"));
}
