//! The file of kept ranges under several processes at a time, and under processes that die at any moment.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use credaudit::breach::{PackedRange, Range, RangeStore};
use credaudit::model::DigestKind;

/// Where the tests below tell their children which file to use, how, and from which number on.
const CHILD: [&str; 3] = ["CREDAUDIT_TEST_STORE", "CREDAUDIT_TEST_STORE_ROUNDS", "CREDAUDIT_TEST_STORE_SEED"];
const SOURCE: &str = "https://ranges.example.org";
const PREFIXES: u32 = 64;

/// Version `seed` of a range: every line tells prefix and version, so that a mixture of two shows.
fn range(kind: DigestKind, prefix: u32, seed: u64) -> PackedRange {
    let len = 2 * kind.len() - 5;
    let lines: Vec<String> =
        (0..20 + seed % 300).map(|n| format!("{n:04X}{:0>1$}:{2}", seed, len - 4, seed * 1000 + n + 1)).collect();
    PackedRange::of(prefix, &Range::parse(lines.join("\r\n").as_bytes(), kind).unwrap())
}

/// The version that a kept range is, if it is one of ours.
fn version(kept: &PackedRange) -> u64 {
    let (_, count) = kept.rows().next().unwrap();
    let seed = count / 1000;
    assert_eq!(*kept, range(kept.kind(), kept.prefix(), seed), "a range that nobody wrote");
    seed
}

fn child(path: &Path, rounds: u64, seed: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "range_store::a_child_writes_and_reads", "--ignored", "--nocapture"])
        .env(CHILD[0], path)
        .env(CHILD[1], rounds.to_string())
        .env(CHILD[2], seed.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "started by other tests, in processes of its own"]
fn a_child_writes_and_reads() {
    let [Ok(path), Ok(rounds), Ok(seed)] = CHILD.map(std::env::var) else { return };
    let (rounds, seed): (u64, u64) = (rounds.parse().unwrap(), seed.parse().unwrap());
    // Several threads of several processes: the file's lock alone would not keep threads apart.
    let store = RangeStore::open(Path::new(&path), SOURCE).unwrap();
    thread::scope(|scope| {
        for thread in 0..2 {
            let store = &store;
            scope.spawn(move || {
                for n in 0..rounds {
                    let prefix = ((n * 2_654_435_761 + seed * 17 + thread) % u64::from(PREFIXES)) as u32;
                    let kind = if n % 3 == 0 { DigestKind::Ntlm } else { DigestKind::Sha1 };
                    store.put(&range(kind, prefix, seed + n % 50), Some("tag"), 100).unwrap();
                    let read = ((n * 40_503 + seed) % u64::from(PREFIXES)) as u32;
                    if let Some(kept) = store.get(kind, read).unwrap() {
                        version(&kept.range);
                    }
                    if n % 7 == 0 {
                        store.still(kind, read, 101).unwrap();
                    }
                }
            });
        }
    });
}

/// Every range that is there is one that was written, whole.
fn check(path: &Path) -> usize {
    let store = RangeStore::open(path, SOURCE).unwrap();
    let mut there = 0;
    for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
        for prefix in 0..PREFIXES {
            if let Some(kept) = store.get(kind, prefix).unwrap() {
                version(&kept.range);
                assert!([100, 101].contains(&kept.checked) && kept.changed == 100);
                there += 1;
            }
        }
    }
    there
}

#[test]
fn four_processes_write_one_file_at_once_and_no_range_is_lost_or_mixed() {
    let folder = tempfile::tempdir().unwrap();
    // The file is made by whoever is first, while all begin.
    let path = folder.path().join("ranges");
    let mut children: Vec<Child> = (0..4).map(|n| child(&path, 600, n * 1000)).collect();
    let codes: Vec<bool> = children.iter_mut().map(|child| child.wait().unwrap().success()).collect();
    assert_eq!(codes, [true; 4]);
    assert_eq!(check(&path), 2 * PREFIXES as usize);
}

#[test]
fn a_process_killed_at_any_moment_leaves_a_file_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ranges");
    let mut most = 0;
    for round in 0..12_u64 {
        let mut children: Vec<Child> = (0..2).map(|n| child(&path, 1_000_000, round * 100 + n * 10_000)).collect();
        let begin = Instant::now();
        // Not before there is something to break.
        while !path.exists() && begin.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(3 + round * 7));
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let there = check(&path);
        assert!(there >= most, "{there} ranges, after {most}: one was lost");
        most = there;
    }
    assert_eq!(most, 2 * PREFIXES as usize);
}
