//! Digests of things that are no passwords, as a person audits them: of addresses, numbers, codes, files, states. Some of
//! what was hashed is in the list of common passwords; that is no proof. Beside them, digests of passwords.

use std::fmt::Write as _;
use std::fs;

use credaudit::model::Salts;
use credaudit::schemes;
use serde_json::Value;

use super::generators::{self as g, Random};
use crate::program::audit;

const ROWS: usize = 600;

/// One row's cells of the columns of a case, after id, login and email.
type Cells = fn(&mut Random, usize, &str, &str) -> Vec<String>;

/// The report about a table of these columns beside id, login and email.
fn audited(table: &str, columns: &[&str], cells: Cells) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.sql");
    let mut random = Random::new(table);
    let declared: String = columns.iter().map(|column| format!(", {column} varchar(200)")).collect();
    let mut text = format!("CREATE TABLE {table} (id int, login varchar(80), email varchar(80){declared});\n");
    for row in 0..ROWS {
        let (login, email) = (g::username(&mut random, row).unwrap(), g::email(&mut random, row).unwrap());
        let mine = cells(&mut random, row, &login, &email).join("', '");
        writeln!(text, "INSERT INTO {table} VALUES ({}, '{login}', '{email}', '{mine}');", row + 1).unwrap();
    }
    fs::write(&path, text).unwrap();
    audit(&[path.to_str().unwrap()]).1
}

/// The columns of a report's table that it takes for stored passwords, with what proves it.
fn credentials(report: &Value) -> Vec<(String, String)> {
    let columns = report["tables"][0]["columns"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    columns
        .iter()
        .filter(|column| column["role"] == "credential")
        .map(|column| (text(&column["name"]), text(&column["evidence"])))
        .collect()
}

/// Columns that are proved to be passwords.
fn proved(report: &Value) -> Vec<(String, String)> {
    credentials(report).into_iter().filter(|(_, evidence)| evidence == "proved").collect()
}

fn nothing(found: &[(String, String)]) {
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn digests_of_what_stands_beside_them_are_no_passwords() {
    let of_email: Cells = |_, _, _, email| vec![g::md5_hex(&email.to_lowercase()), g::sha256_hex(email)];
    for names in [["h1", "h2"], ["hash", "digest"], ["avatar_hash", "gravatar"]] {
        nothing(&credentials(&audited("people", &names, of_email)));
    }
    let of_login: Cells = |_, _, login, _| vec![g::md5_hex(login), g::sha1_hex(login)];
    nothing(&credentials(&audited("members", &["h1", "hash"], of_login)));
    let of_id: Cells = |_, row, _, _| vec![g::md5_hex(&(row + 1).to_string()), g::sha1_hex(&(row + 1).to_string())];
    nothing(&credentials(&audited("customers", &["x", "md5"], of_id)));
}

#[test]
fn initial_passwords_that_are_the_login_do_not_hide_the_passwords_that_others_chose() {
    const CHOSEN: [&str; 6] = ["123456", "qwerty", "dragon", "sunshine", "letmein", "monkey"];
    let mixed: Cells = |_, row, login, _| {
        let password = if row % 10 < 6 { login } else { CHOSEN[row % CHOSEN.len()] };
        vec![g::md5_hex(password)]
    };
    let found = proved(&audited("members", &["h1"], mixed));
    assert_eq!(found, [("h1".to_owned(), "proved".to_owned())]);
}

#[test]
fn digests_of_numbers_and_codes_are_no_passwords() {
    let pins: Cells = |r, _, _, _| vec![g::md5_hex(&r.string(g::DIGITS, 4)), g::sha1_hex(&r.string(g::DIGITS, 3))];
    nothing(&proved(&audited("orders", &["h1", "h2"], pins)));
    let codes: Cells = |r, _, _, _| vec![g::md5_hex(&r.string(g::DIGITS, 6)), g::sha1_hex(&r.string(g::DIGITS, 8))];
    nothing(&proved(&audited("shipments", &["h1", "h2"], codes)));
    let counters: Cells =
        |_, row, _, _| vec![g::md5_hex(&(122_900 + row).to_string()), g::sha256_hex(&(111_000 + row).to_string())];
    nothing(&proved(&audited("tickets", &["h1", "h2"], counters)));
    let salted: Cells = |r, row, _, _| {
        let salt = r.string(g::ALNUM, 8);
        vec![g::sha1_hex(&format!("{salt}{}", 122_900 + row)), salt]
    };
    nothing(&proved(&audited("visits", &["h1", "h2"], salted)));
}

#[test]
fn checksums_of_files_of_which_some_are_empty_or_hold_one_word_are_no_passwords() {
    let sums: Cells = |r, row, _, _| {
        let content = match row % 7 {
            0 => String::new(),
            1 if row < 3 => "test".to_owned(),
            _ => r.hex(12),
        };
        vec![g::md5_hex(&content), g::sha1_hex(&content), format!("/srv/{}/{row}.txt", r.hex(4))]
    };
    nothing(&credentials(&audited("files", &["h1", "sum", "path"], sums)));
    let states: Cells = |r, _, _, _| vec![g::md5_hex(r.pick(&["admin", "test", "guest", "master"]))];
    nothing(&credentials(&audited("orders", &["state"], states)));
}

#[test]
fn digests_of_passwords_under_the_same_names_are_found_beside_those_of_addresses() {
    let cells: Cells = |r, row, _, email| {
        let password = g::password(r, row).unwrap();
        vec![g::md5_hex(email), g::md5_hex(&password), g::sha1_hex(&format!("{password}{}", row % 3))]
    };
    let report = audited("people", &["h1", "h2", "h3"], cells);
    let proved = proved(&report);
    assert!(proved.iter().any(|(name, _)| name == "h2"), "{report}");
    assert!(proved.iter().all(|(name, _)| name != "h1"), "{report}");
}

#[test]
fn everybodys_login_as_password_is_told_where_the_name_says_password() {
    let of_login: Cells = |_, _, login, _| vec![g::md5_hex(login)];
    let report = audited("people", &["password"], of_login);
    assert_eq!(proved(&report).len(), 1, "{report}");
}

#[test]
fn a_digest_of_mysql_3_23_that_is_all_decimal_is_counted_with_the_others_and_is_no_plaintext() {
    let formula = schemes::by_name("mysql323").unwrap().formula().unwrap();
    let digest = |word: &str| {
        let mut out = [0; 64];
        let len = formula.evaluate(word.as_bytes(), &Salts::NONE, &mut out);
        hex::encode(&out[..len])
    };
    let decimal: Vec<String> = (0..)
        .map(|number| digest(&format!("made-up {number}")))
        .filter(|value| value.bytes().all(|b| b.is_ascii_digit()))
        .take(3)
        .collect();
    for column in ["password", "c3"] {
        let mut text = format!("id,name,{column}\n");
        for row in 0..120 {
            let value = match row % 40 {
                7 => decimal[row / 40].clone(),
                0..=2 => digest(g::TOP[row % 40 + row / 40]),
                _ => digest(&format!("word {row}")),
            };
            writeln!(text, "{row},member{row},{value}").unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.csv");
        fs::write(&path, text).unwrap();
        let (_, report) = audit(&[path.to_str().unwrap()]);
        let columns = report["tables"][0]["columns"].as_array().unwrap();
        let of_column: Vec<&Value> = columns.iter().filter(|entry| entry["name"] == column).collect();
        let [only] = of_column[..] else { panic!("{column}: {report}") };
        assert_eq!((&only["scheme"], &only["rows"]), (&"mysql323".into(), &120.into()), "{report}");
    }
}
