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

/// Peak resident memory of a process, in MiB, followed while it runs.
pub(crate) fn peak_memory(mut child: std::process::Child) -> (u64, std::process::Output) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
            let kib = line.and_then(|l| l.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0);
            peak = peak.max(kib / 1024);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    (peak, child.wait_with_output().unwrap())
}

/// The lines of a CSV file (RFC 4180), header left out, as maps from column to cell.
pub(crate) fn read_csv(path: &Path) -> Vec<HashMap<String, String>> {
    let (mut header, mut rows): (Vec<String>, Vec<HashMap<String, String>>) = (Vec::new(), Vec::new());
    each_csv_row(path, &mut |row| {
        if header.is_empty() {
            header = row.to_vec();
        } else {
            rows.push(header.iter().cloned().zip(row.iter().cloned()).collect());
        }
    });
    rows
}

/// Calls `each` with the cells of every line of a CSV file, header first.
pub(crate) fn each_csv_row(path: &Path, each: &mut dyn FnMut(&[String])) {
    let text = std::fs::read_to_string(path).expect("the reset list was written and is UTF-8");
    let (mut rest, mut row, mut used) = (text.as_str(), Vec::<String>::new(), 0);
    while !rest.is_empty() {
        if row.len() == used {
            row.push(String::new());
        }
        let cell = &mut row[used];
        cell.clear();
        used += 1;
        // A quoted cell ends at a quote that is not doubled.
        while let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').expect("a quoted cell ends");
            cell.push_str(&quoted[..end]);
            rest = &quoted[end + 1..];
            if rest.starts_with('"') {
                cell.push('"');
            }
        }
        let end = rest.find([',', '\n']).expect("every line ends");
        cell.push_str(&rest[..end]);
        if rest.as_bytes()[end] == b'\n' {
            each(&row[..used]);
            used = 0;
        }
        rest = &rest[end + 1..];
    }
}
