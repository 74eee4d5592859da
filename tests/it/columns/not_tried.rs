//! What a budget leaves out reaches the report and the exit code.

use std::fmt::Write as _;
use std::fs;

use super::generators::{self as g, Random};
use crate::program::{audit, credaudit};

/// A table of accounts with bcrypt of this cost, of passwords that nobody guesses.
fn bcrypt(cost: u32, accounts: usize) -> String {
    let mut random = Random::new("slow hashes");
    let mut text = String::from("id,login,password\n");
    for row in 0..accounts {
        writeln!(text, "{row},member{row},$2y${cost:02}${}u", random.string(g::ALNUM, 52)).unwrap();
    }
    text
}

/// The exit code and what was left out of a CSV file of this text.
fn left_out(text: &str, more: &[&str]) -> (Option<i32>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let (output, report) = audit(&[&[path], more].concat());
    let skipped = report["skipped"].as_array().unwrap();
    assert_eq!(report["summary"]["complete"].as_bool().unwrap_or(skipped.is_empty()), skipped.is_empty(), "{report}");
    let skipped = skipped.iter().map(|skip| format!("{}: {}", skip["what"], skip["why"])).collect();
    (output.status.code(), skipped)
}

#[test]
fn columns_of_digests_that_no_likely_password_was_tried_on_are_told() {
    let mut random = Random::new("many columns");
    let mut text = (0..160).map(|column| format!("x{column}")).collect::<Vec<_>>().join(",");
    text.push('\n');
    for _ in 0..220 {
        let cells: Vec<String> =
            (0..160).map(|_| format!("{}:{}", random.hex(32), random.string(g::ALNUM, 8))).collect();
        writeln!(text, "{}", cells.join(",")).unwrap();
    }
    let (code, skipped) = left_out(&text, &["--guess-seconds", "1"]);
    let [told] = &skipped[..] else { panic!("{skipped:?}") };
    assert!(told.contains(" more: digests under a name that does not say of what"), "{told}");
    assert!(told.contains("--guess-seconds"), "{told}");
    assert_eq!(code, Some(2));
}

#[test]
fn a_column_of_slow_hashes_that_no_likely_password_was_tried_on_is_told_unless_none_is_wanted() {
    // 2^15 rounds take two seconds.
    let text = bcrypt(15, 20);
    let (code, skipped) = left_out(&text, &["--guess-seconds", "1"]);
    let [told] = &skipped[..] else { panic!("{skipped:?}") };
    assert!(told.contains("column password") && told.contains("--guess-seconds"), "{told}");
    assert_eq!(code, Some(2));
    assert_eq!(left_out(&text, &["--guess-seconds", "0"]), (Some(0), Vec::new()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, text).unwrap();
    let output = credaudit(&["audit", "--guess-seconds", "1", path.to_str().unwrap()]).output().unwrap();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(page.contains("no likely password was tried"), "{page}");
}

#[test]
fn of_more_accounts_than_any_budget_says_something_of_one_is_tried_and_the_report_is_complete() {
    // Five seconds would reach one account of these, with ten passwords.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("export.csv");
    fs::write(&path, bcrypt(12, 18_000)).unwrap();
    let (output, report) = audit(&[path.to_str().unwrap()]);
    assert_eq!((output.status.code(), report["skipped"].as_array().unwrap().len()), (Some(0), 0), "{report}");
    let told = report.to_string();
    assert!(
        told.contains("18000 values that no breach source can be asked about, 1 tried with likely passwords"),
        "{told}"
    );
}
