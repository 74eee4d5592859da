//! The program as a person runs it, and the files it writes.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};

/// `credaudit` with arguments.
pub(crate) fn credaudit(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_credaudit"));
    command.args(args);
    command
}

/// Runs `credaudit audit --format json` with more arguments; the output and the report.
pub(crate) fn audit(args: &[&str]) -> (Output, serde_json::Value) {
    let output = credaudit(&["audit", "--format", "json"]).args(args).output().expect("the program starts");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{args:?}: no JSON report ({e}): {}", String::from_utf8_lossy(&output.stderr));
    });
    (output, report)
}

/// The lines of a CSV file (RFC 4180), header left out, as maps from column to cell.
pub(crate) fn read_csv(path: &Path) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("the reset list was written and is UTF-8");
    let mut rows = csv_rows(&text).into_iter();
    let header = rows.next().expect("the reset list has a header");
    rows.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (quoted, c) {
            (true, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            (_, '"') => quoted = !quoted,
            (false, ',') => row.push(std::mem::take(&mut cell)),
            (false, '\r') => {}
            (false, '\n') => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (_, c) => cell.push(c),
        }
    }
    rows
}
