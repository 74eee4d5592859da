//! What fuzzing found, and its seeds, replayed on every machine; and what its short inputs cannot show.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use credaudit::formats::{Format, Head, Opened, Sql, testing};
use credaudit::fuzzing;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// The names in a folder without their extensions; what begins with a dot is the system's.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

#[test]
fn every_target_has_its_file_its_program_and_its_corpus_and_there_are_no_others() {
    let targets: BTreeSet<String> = fuzzing::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), targets);
    assert_eq!(names(&fuzz().join("corpus")), targets);
    let manifest: toml::Table = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap().parse().unwrap();
    let programs = manifest["bin"].as_array().unwrap().iter();
    let programs: BTreeSet<String> = programs.map(|bin| bin["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(programs, targets);
    for name in &targets {
        let target = fs::read_to_string(fuzz().join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(target.contains(&format!("credaudit::fuzzing::{name}(data)")), "{name} fuzzes something else");
    }
}

#[test]
fn every_input_of_the_corpora_keeps_its_targets_property() {
    let mut failed = Vec::new();
    for (name, check) in fuzzing::ALL {
        let folder = fuzz().join("corpus").join(name);
        let mut inputs: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 4, "{name} has hardly a corpus: {}", inputs.len());
        for path in inputs {
            let input = fs::read(&path).unwrap();
            assert!(input.len() <= 64 << 10, "{}: large inputs are slow to replay everywhere", path.display());
            if catch_unwind(|| check(&input)).is_err() {
                failed.push(format!("{name}/{}", path.file_name().unwrap().display()));
            }
        }
    }
    assert!(failed.is_empty(), "what each panicked with is above: {failed:#?}");
}

#[test]
fn a_script_that_names_a_wide_table_again_and_again_is_read_in_time_that_grows_with_its_bytes() {
    let columns: Vec<String> = (0..4000).map(|i| format!("c{i} int")).collect();
    let tables = format!("CREATE TABLE wide ({});\nCREATE TABLE narrow (a int, b int);\n", columns.join(","));
    let inserts = "INSERT INTO wide VALUES (1,2,3);INSERT INTO narrow VALUES (1,2);\n";
    let copies = "COPY wide FROM stdin;\n1\n\\.\nCOPY narrow FROM stdin;\n1\t2\n\\.\n";
    for statements in [inserts, copies] {
        let script = [tables.as_str(), &statements.repeat(4000)].concat();
        let head =
            Head { bytes: &script.as_bytes()[..Head::LEN.min(script.len())], whole: false, extension: Some("sql") };
        let Opened::Stream(reader) = Sql.open(&head).1 else { panic!("a script is read as a stream") };
        let start = Instant::now();
        let said = testing::read(reader, script.as_bytes(), &[]);
        // It took 5 s, a batch of 4,000 columns being made for each statement; now it takes a hundredth of that.
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        assert_eq!((said.rows.len(), said.faults.len()), (4000, 4000));
    }
}

/// `FUZZ_TARGETS="reversible schemes" FUZZ_SECONDS=600`: for machines without a nightly toolchain. Without the coverage that
/// `make fuzz` is guided by, but with the same properties.
#[test]
#[ignore = "takes as long as it is told to"]
fn mutations_of_the_corpora_keep_every_targets_property() {
    let told = |name: &str, else_: &str| std::env::var(name).unwrap_or_else(|_| else_.to_owned());
    let targets = told("FUZZ_TARGETS", "reversible schemes");
    let seconds: u64 = told("FUZZ_SECONDS", "60").parse().unwrap();
    for (name, check) in fuzzing::ALL.iter().filter(|(name, _)| targets.split(' ').any(|target| target == *name)) {
        let folder = fuzz().join("corpus").join(name);
        let seeds: Vec<Vec<u8>> = fs::read_dir(folder).unwrap().map(|e| fs::read(e.unwrap().path()).unwrap()).collect();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(std::process::id());
        let mut below = |end: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) as usize % end.max(1)
        };
        let (begun, mut executions) = (Instant::now(), 0_u64);
        while begun.elapsed() < Duration::from_secs(seconds) {
            let mut input = seeds[below(seeds.len())].clone();
            for _ in 0..=below(6) {
                let (at, other) = (below(input.len() + 1), &seeds[below(seeds.len())]);
                match below(6) {
                    0 if at < input.len() => input[at] ^= 1 << below(8),
                    1 if at < input.len() => input[at] = below(256) as u8,
                    2 => input.insert(at, below(256) as u8),
                    3 => drop(input.drain(at..(at + below(9)).min(input.len()))),
                    4 => {
                        let from = below(other.len());
                        let piece = other[from..(from + 1 + below(24)).min(other.len())].to_vec();
                        input.splice(at..at, piece);
                    }
                    _ => input.truncate(at.max(1)),
                }
            }
            let started = Instant::now();
            let kept = catch_unwind(|| check(&input)).is_ok();
            assert!(
                kept && started.elapsed() < Duration::from_secs(20),
                "{name}: {:?}",
                input.escape_ascii().to_string()
            );
            executions += 1;
        }
        println!("{name}: {executions} executions in {seconds} s without a finding");
    }
}
