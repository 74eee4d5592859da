//! Bombs and monsters: each ends in bounded time and memory, and with a line that says what is wrong.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gate::{Release, password, places};
use crate::program::peak_memory;

/// Resident memory that no input may pass, in MiB: the gate's own promise.
const MEMORY: u64 = 150;

/// Runs the gate over `target`; its exit code and report. It must end within `most` and [`MEMORY`].
fn bounded(release: &Release, target: &str, most: Duration) -> (i32, Value) {
    let begun = Instant::now();
    let report = release.path("report.json");
    let child = release
        .command(&["gate", target, "--format", "json", "--quiet", "--output", "report.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (peak, output) = peak_memory(child);
    let took = begun.elapsed();
    println!("{target}: {peak} MiB, {took:?}");
    assert!(peak < MEMORY, "{target}: {peak} MiB");
    assert!(took < most, "{target}: {took:?}");
    let text = std::fs::read(&report).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), serde_json::from_slice(&text).unwrap())
}

/// `what: why` of everything that was not read.
fn skipped(report: &Value) -> Vec<String> {
    let of = |s: &Value| format!("{}: {}", s["what"].as_str().unwrap(), s["why"].as_str().unwrap());
    report["skipped"].as_array().unwrap().iter().map(of).collect()
}

/// Longer than any of these takes on a slow machine, shorter than what they pretend to hold would.
const SOON: Duration = Duration::from_mins(1);

#[test]
fn a_sparse_tar_that_declares_sixteen_gigabytes_is_a_bomb() {
    let release = Release::new(&[("settings.ini", format!("[db]\npassword = {}\n", password()))]);
    release.sh(
        "truncate -s 16G hole && cp in/settings.ini first.ini && tar --format=gnu -Scf in/sparse.tar first.ini hole && \
         rm hole first.ini",
    );
    assert!(std::fs::metadata(release.path("in/sparse.tar")).unwrap().len() < 200_000);
    let (code, report) = bounded(&release, "in", SOON);
    assert_eq!(code, 1);
    assert_eq!(
        places(&report),
        ["generic-password in/settings.ini:2", "generic-password in/sparse.tar!/first.ini:2"],
        "what came before it was searched"
    );
    let told = skipped(&report);
    assert!(told.iter().any(|line| line.starts_with("sparse.tar") && line.contains("archive bomb")), "{told:?}");
}

#[test]
fn a_nest_of_zips_of_zeros_is_a_bomb() {
    // As 42.zip is built: sixteen of each layer in the next, 16^4 times 200 MB in all.
    let release = Release::new(&[]);
    release.sh(
        "truncate -s 200M 0 && zip -q -n : 0.zip 0 && rm 0 && for layer in 1 2 3 4; do below=$((layer - 1)); \
         for i in $(seq 16); do cp $below.zip $layer-$i.zip; done; zip -q -n : $layer.zip $layer-*.zip; rm $layer-*.zip; done && \
         cp 4.zip in/nest.zip",
    );
    let (code, report) = bounded(&release, "in", SOON);
    let told = skipped(&report);
    assert_eq!(code, 2);
    assert!(told.iter().any(|line| line.starts_with("nest.zip") && line.contains("archive bomb")), "{told:?}");
    assert!(told.len() < 100, "a few lines, not {}", told.len());
    let bytes = report["gate"]["searched"].as_u64().unwrap();
    assert!(bytes < 200 << 20, "{bytes} bytes were searched");
}

#[test]
fn archives_ten_deep_are_opened_eight_deep_and_then_named() {
    let release = Release::new(&[]);
    release.sh(&format!(
        "printf 'password = \"{}\"\n' >a.py && tar -cf 1.tar a.py && for i in 2 3 4 5 6 7 8 9 10; do \
         tar -czf $i.tar $((i-1)).tar; done && cp 8.tar 10.tar in/",
        password()
    ));
    let (code, report) = bounded(&release, "in", SOON);
    assert_eq!(code, 1);
    assert_eq!(places(&report), ["generic-password in/8.tar!/7.tar!/6.tar!/5.tar!/4.tar!/3.tar!/2.tar!/1.tar!/a.py:1"]);
    let told = skipped(&report);
    assert!(told.len() == 1 && told[0].contains("nested more than 8 deep"), "{told:?}");
}

#[test]
fn a_packed_bomb_ends_at_the_ratio() {
    let release = Release::new(&[]);
    release.sh("truncate -s 2G zeros && gzip -1 <zeros >in/a.gz && zstd -q <zeros >in/b.zst && rm zeros");
    let (code, report) = bounded(&release, "in", SOON);
    let told = skipped(&report);
    assert_eq!((code, told.len()), (2, 2), "{told:?}");
    assert!(told.iter().all(|line| line.contains("decompression bomb")), "{told:?}");
}

/// A file of one line of `size` bytes, whose last bytes are a password.
fn one_line(release: &Release, size: u64) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(release.path("in/line.cfg")).unwrap());
    std::io::copy(&mut std::io::repeat(b'.').take(size), &mut file).unwrap();
    writeln!(file, " password=\"{}\"", password()).unwrap();
}

fn long_line(size: u64, most: Duration) {
    let release = Release::new(&[]);
    one_line(&release, size);
    let (code, report) = bounded(&release, "in", most);
    assert_eq!((code, skipped(&report)), (1, vec![]));
    assert_eq!(places(&report), ["generic-password in/line.cfg:1"]);
    assert_eq!(report["findings"][0]["offset"], size + 11);
}

#[test]
fn a_line_of_hundred_megabytes_is_searched_to_its_end() {
    long_line(100 << 20, SOON);
}

#[test]
#[ignore = "writes 3 GB"]
fn a_line_of_three_gigabytes_is_searched_to_its_end() {
    long_line(3 << 30, Duration::from_mins(5));
}

/// A folder of `count` files, the last of which holds a password.
fn many_files(count: u32, most: Duration) {
    let release = Release::new(&[]);
    let folder = release.path("in/many");
    std::fs::create_dir(&folder).unwrap();
    for n in 0..count {
        std::fs::write(folder.join(format!("{n:07}.txt")), b"x\n").unwrap();
    }
    std::fs::write(folder.join("z.py"), format!("password = \"{}\"\n", password())).unwrap();
    let begun = Instant::now();
    let (code, report) = bounded(&release, "in", most);
    println!("{count} files in {:?}", begun.elapsed());
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/many/z.py:1".to_owned()]));
    assert_eq!(report["gate"]["files"], u64::from(count) + 1);
}

#[test]
fn a_folder_with_twenty_thousand_files_is_searched() {
    many_files(20_000, SOON);
}

#[test]
#[ignore = "writes a million files"]
fn a_folder_with_a_million_files_is_searched() {
    many_files(1_000_000, Duration::from_mins(10));
}

#[test]
fn links_that_lead_in_a_circle_are_named_and_not_followed() {
    let release = Release::new(&[("a.py", format!("password = \"{}\"\n", password()))]);
    release.sh("cd in && mkdir b && ln -s .. b/up && ln -s self self && ln -s ../c b/d && ln -s b/d c");
    let (code, report) = bounded(&release, "in", SOON);
    assert_eq!((code, places(&report)), (1, vec!["generic-password in/a.py:1".to_owned()]));
    assert_eq!(skipped(&report), [""; 0]);
    let notes = report["not_asked"].as_array().unwrap();
    let told = notes[0].as_str().unwrap();
    let all = ["in/b/up", "in/self", "in/b/d", "in/c"].iter().all(|link| told.contains(link));
    assert!(notes.len() == 1 && told.contains("in a circle") && all, "{told}");
}
