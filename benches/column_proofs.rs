//! Columns that say nothing but their shape: is the construction named first, and proved? Run by `benches/schemes.sh`.
//!
//! Arguments: the program; how many tables for each construction. The last line is `figures: columns_proved=…`.

#[path = "../tests/it/proof_tables.rs"]
mod proof_tables;

use std::process::Command;
use std::time::Instant;

use proof_tables::{SHAPE_ONLY, said, table};

/// User and system time of all children so far, in seconds (`proc(5)`: clock ticks of a hundredth).
fn children_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(13) + ticks(14)) / 100.0
}

fn main() {
    let mut args = std::env::args().skip(1);
    let program = args.next().unwrap_or_else(|| "target/release/credaudit".into());
    let seeds: u64 = args.next().and_then(|n| n.parse().ok()).unwrap_or(4);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("accounts.csv");
    let (mut proved, mut tables, mut slowest, mut cpu) = (0, 0, 0.0_f64, 0.0_f64);
    println!("{:<40} {:>7} {:>9} {:>9}", "construction", "proved", "CPU s", "wall s");
    for (number, (name, writing)) in SHAPE_ONLY.iter().enumerate() {
        let (mut right, mut most_cpu, mut most_wall) = (0, 0.0_f64, 0.0_f64);
        for seed in 0..seeds {
            std::fs::write(&file, table(&[(*name, *writing)], 1000 * number as u64 + seed))
                .expect("a table is written");
            let (before, start) = (children_seconds(), Instant::now());
            let output = Command::new(&program).args(["audit", "--format", "json"]).arg(&file).output();
            let output = output.expect("the program runs");
            let (seconds, wall) = (children_seconds() - before, start.elapsed().as_secs_f64());
            let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let said = said(&report);
            let first = said.first().map(|(scheme, evidence, _)| (scheme.as_str(), evidence.as_str()));
            let is_right = first == Some((*name, "proved"));
            if !is_right {
                println!("    seed {seed}: {said:?}");
            }
            right += u64::from(is_right);
            (most_cpu, most_wall, cpu) = (most_cpu.max(seconds), most_wall.max(wall), cpu + seconds);
        }
        println!("{name:<40} {right:>3}/{seeds:<3} {most_cpu:>9.2} {most_wall:>9.2}");
        (proved, tables, slowest) = (proved + right, tables + seeds, slowest.max(most_wall));
    }
    println!(
        "{proved} of {tables} tables; {:.2} s of CPU a table, {slowest:.2} s by the clock the slowest",
        cpu / tables as f64
    );
    println!("figures: columns_proved={:.1}", 100.0 * proved as f64 / tables as f64);
}
