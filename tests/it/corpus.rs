//! `credaudit corpus`: from everything that people have to the same file, whatever happens on the way.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use credaudit::breach::corpus::Corpus;
use credaudit::model::{Digest, Exposure, Unasked};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha1::{Digest as _, Sha1};
use tempfile::TempDir;

use crate::program::credaudit;

/// Digests that every corpus of these tests holds.
const KNOWN: u32 = 4000;

/// SHA-1s of invented passwords, with counts.
fn known() -> BTreeMap<[u8; 20], u32> {
    (0..KNOWN).map(|n| (Sha1::digest(format!("pw{n}")).into(), 1 + n * n % 1000)).collect()
}

/// A folder for one test.
struct Case {
    folder: TempDir,
}

impl Case {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that was last changed on a certain day.
    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let mut file = File::create(&path).unwrap();
        file.write_all(bytes).unwrap();
        file.set_modified(day()).unwrap();
        path
    }

    /// Runs `corpus build` with `input` and more arguments; the output, and the corpus file if there is one.
    fn build(&self, input: &Path, args: &[&str]) -> (Output, Option<PathBuf>) {
        let to = self.path("built.corpus");
        let _ = fs::remove_file(&to);
        let output = credaudit(&["corpus", "build"])
            .arg(input)
            .args(["--source", "a test", "--output"])
            .arg(&to)
            .args(args)
            .output()
            .unwrap();
        assert!(!self.path("built.corpus.part").exists(), "a part was left");
        (output, to.exists().then_some(to))
    }

    /// The same for what cannot be built: what was said about it.
    fn refused(&self, input: &Path, args: &[&str]) -> String {
        let (output, corpus) = self.build(input, args);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(corpus.is_none());
        said(&output)
    }

    /// The same for what can: the checksum.
    fn built(&self, input: &Path, args: &[&str]) -> String {
        let (output, corpus) = self.build(input, args);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        checksum(&corpus.expect("it was built"))
    }
}

fn day() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_785_542_401)
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn checksum(corpus: &Path) -> String {
    let verified = credaudit(&["corpus", "verify"]).arg(corpus).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", said(&verified));
    let info = credaudit(&["corpus", "info"]).arg(corpus).output().unwrap();
    let info = String::from_utf8(info.stdout).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("checksum"));
    line.unwrap_or_else(|| panic!("no checksum in {info}")).trim().to_owned()
}

/// The official text.
fn text(entries: &BTreeMap<[u8; 20], u32>) -> String {
    entries.iter().map(|(digest, count)| format!("{}:{count}\r\n", hex::encode_upper(digest))).collect()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut to = GzEncoder::new(Vec::new(), Compression::fast());
    to.write_all(bytes).unwrap();
    to.finish().unwrap()
}

fn records(entries: &BTreeMap<[u8; 20], u32>) -> Vec<u8> {
    entries.iter().flat_map(|(digest, count)| digest.iter().copied().chain(count.to_le_bytes())).collect()
}

/// Everything known is found with its count, and something else is not.
fn answers(corpus: &Path) {
    let corpus = Corpus::open(corpus).unwrap();
    for (digest, count) in known() {
        assert_eq!(corpus.exposure(&Digest::Sha1(digest)), Exposure::Seen(Some(u64::from(count))));
    }
    let others = (0..KNOWN).filter(|n| {
        let other = Digest::Sha1(Sha1::digest(format!("no{n}")).into());
        corpus.exposure(&other) != Exposure::NotSeen
    });
    assert_eq!(others.count(), 0);
}

#[test]
fn text_records_and_compressed_text_give_the_same_corpus() {
    let case = Case::new();
    let text = text(&known());
    for variant in ["compact", "full"] {
        let args = ["--variant", variant, "--expect", "4000"];
        let from_text = case.built(&case.write("list.txt", text.as_bytes()), &args);
        answers(&case.path("built.corpus"));
        for (name, bytes) in [
            ("list.bin", records(&known())),
            ("list.txt.gz", gz(text.as_bytes())),
            ("unix.txt", text.replace('\r', "").into_bytes()),
            ("lower.txt", text.to_lowercase().into_bytes()),
        ] {
            assert_eq!(case.built(&case.write(name, &bytes), &args), from_text, "{name} {variant}");
        }
        // The same lines in any order, and a part of them again: in two files, with memory for all and for a few.
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_by_key(|line| line[10..20].to_owned());
        let (first, second) = lines.split_at(1000);
        let (first, second) =
            (case.write("first", first.join("\n").as_bytes()), case.write("second", second.join("\n").as_bytes()));
        let more = [&args[..], &[second.to_str().unwrap(), "--unsorted"]].concat();
        assert_eq!(case.built(&first, &more), from_text, "unsorted {variant}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let case = Case::new();
    let list = case.write("list.txt", text(&known()).as_bytes());
    for variant in ["compact", "full", "filter8", "filter16"] {
        let one = case.built(&list, &["--variant", variant, "--threads", "1"]);
        assert_eq!(case.built(&list, &["--variant", variant, "--threads", "3"]), one, "{variant}");
    }
}

#[test]
fn a_folder_of_ranges_gives_a_corpus_that_knows_its_holes() {
    let case = Case::new();
    let folder = case.path("ranges");
    fs::create_dir(&folder).unwrap();
    let mut ranges: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (digest, count) in known() {
        let hex = hex::encode_upper(digest);
        ranges.entry(hex[..5].to_owned()).or_default().push(format!("{}:{count}", &hex[5..]));
    }
    let (mut html, mut cut, mut unsorted) = (None, None, None);
    for (at, (prefix, lines)) in ranges.iter().enumerate() {
        let body = format!("{}\r\n{}:0", lines.join("\r\n"), "0".repeat(35));
        let (name, bytes) = match at {
            7 => {
                html = Some(prefix);
                (prefix.clone(), b"<html><head><title>502 Bad Gateway</title></head></html>".to_vec())
            }
            8 => {
                cut = Some(prefix);
                (format!("{prefix}.gz"), gz(body.as_bytes())[..20].to_vec())
            }
            9 => {
                unsorted = Some(prefix);
                (prefix.clone(), format!("{}:1\n{}:1", "F".repeat(35), "0".repeat(35)).into_bytes())
            }
            _ => match at % 4 {
                0 => (prefix.clone(), body.into_bytes()),
                1 => (format!("{prefix}.txt"), body.into_bytes()),
                2 => (format!("{prefix}.gz"), gz(body.as_bytes())),
                _ => (format!("{}.txt.gz", prefix.to_lowercase()), gz(body.as_bytes())),
            },
        };
        fs::write(folder.join(name), bytes).unwrap();
    }
    fs::write(folder.join("README"), "not a range").unwrap();
    let (output, corpus) = case.build(&folder, &[]);
    assert_eq!(output.status.code(), Some(2), "a corpus with holes is not all that was wanted: {}", said(&output));
    let told = String::from_utf8(output.stdout).unwrap();
    let missing = (1 << 20) - ranges.len();
    assert!(told.contains("broken      3 files are no ranges"), "{told}");
    assert!(told.contains(&format!("{}: line 1 (byte 0): no hash in hex digits", html.unwrap())), "{told}");
    assert!(told.contains(&format!("{}: line 2 (byte 38): out of order", unsorted.unwrap())), "{told}");
    assert!(told.contains(&format!("{}.gz: ", cut.unwrap())), "{told}");
    assert!(told.contains("passed over 1 files"), "{told}");
    let corpus = Corpus::open(&corpus.unwrap()).unwrap();
    assert_eq!(corpus.header().holes as usize, missing + 3);
    for (digest, count) in known() {
        let prefix = hex::encode_upper(digest)[..5].to_owned();
        let lost = [html, cut, unsorted].contains(&Some(&prefix));
        let right = if lost { Exposure::Unknown(Unasked::Hole) } else { Exposure::Seen(Some(u64::from(count))) };
        assert_eq!(corpus.exposure(&Digest::Sha1(digest)), right);
    }
    let elsewhere = (0..).map(|n| -> [u8; 20] { Sha1::digest(format!("no{n}")).into() });
    let elsewhere =
        elsewhere.map(Digest::Sha1).find(|d| !ranges.contains_key(&hex::encode_upper(d.bytes())[..5])).unwrap();
    assert_eq!(corpus.exposure(&elsewhere), Exposure::Unknown(Unasked::Hole));
}

#[test]
fn passwords_are_hashed_as_they_are_read_and_stand_nowhere() {
    let case = Case::new();
    let secret = "Tr0ub4dor-of-this-test";
    let list = format!("{secret}\nother\n{secret}\r\n$HEX[{}]\n\nnötig\n", hex::encode("with:colon"));
    let input = case.write("words.txt", list.as_bytes());
    for (kind, digest) in [
        ("sha1", |word: &str| Digest::Sha1(Sha1::digest(word).into())),
        ("ntlm", |word: &str| {
            let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
            Digest::Ntlm(<md4::Md4 as md4::Digest>::digest(wide).into())
        }),
    ] as [(&str, fn(&str) -> Digest); 2]
    {
        let (output, corpus) = case.build(&input, &["--passwords", "--kind", kind, "--variant", "full"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let path = corpus.unwrap();
        let corpus = Corpus::open(&path).unwrap();
        for (word, count) in [(secret, 2), ("other", 1), ("with:colon", 1), ("nötig", 1)] {
            assert_eq!(corpus.exposure(&digest(word)), Exposure::Seen(Some(count)), "{word}");
        }
        assert_eq!(corpus.header().entries, 4);
        for bytes in [fs::read(path).unwrap(), output.stdout, output.stderr] {
            assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none());
        }
    }
    let latin = case.write("latin.txt", b"good\nn\xf6tig\n");
    let (output, _) = case.build(&latin, &["--passwords", "--kind", "ntlm"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("left out    1 lines"), "{told}");
}

#[test]
fn what_is_no_list_of_hashes_is_refused_with_its_place_and_what_to_do() {
    let case = Case::new();
    let whole = text(&known());
    let lines: Vec<&str> = whole.lines().collect();
    let swapped = [&lines[..10], &[lines[11], lines[10]], &lines[12..]].concat().join("\r\n");
    let mixed = format!("{}\r\n{}:3\r\n{}", lines[..5].join("\r\n"), &lines[6][..32], lines[7..].join("\r\n"));
    let short = format!("{}\r\n{}:3\r\n", lines[0], &lines[6][..38]);
    let html = format!("{}\r\n<html>502</html>", lines[0]);
    let ntlm = lines.iter().map(|line| format!("{}:7\n", &line[..32])).collect::<String>();
    let twice = format!("{0}\n{0}\n", lines[0]);
    let cut = records(&known());
    let mut out_of_order = records(&known());
    out_of_order[24 * 100] ^= 0x80;
    for (name, bytes, args, told) in [
        ("swapped.txt", swapped.as_bytes(), &[][..], "swapped.txt: line 12 (byte "),
        ("mixed.txt", mixed.as_bytes(), &[], "mixed.txt: line 6 (byte "),
        ("short.txt", short.as_bytes(), &[], "short.txt: line 2 (byte "),
        ("html.txt", html.as_bytes(), &[], "html.txt: line 2 (byte "),
        ("twice.txt", twice.as_bytes(), &[], "): out of order, or there twice"),
        ("ntlm.txt", ntlm.as_bytes(), &[], "NT hashes or MD5"),
        ("ntlm.txt", ntlm.as_bytes(), &["--kind", "sha1"], "line 1 (byte 0): an NT hash among SHA-1s"),
        ("sha1.txt", whole.as_bytes(), &["--kind", "ntlm"], "line 1 (byte 0): a SHA-1 among NT hashes"),
        ("empty.txt", b"", &[], "empty.txt: is empty"),
        ("words.txt", b"password\nletmein\n", &[], "--passwords"),
        ("cut.bin", &cut[..cut.len() - 5], &[], "cut.bin: at byte 95976: 19 bytes where a record of 24 is needed"),
        ("order.bin", &out_of_order, &[], "order.bin: record at byte 24"),
        ("cut.gz", &gz(whole.as_bytes())[..9000], &[], "cut.gz: cannot be read"),
    ] {
        let told_all = case.refused(&case.write(name, bytes), args);
        assert!(told_all.contains(told) && told_all.contains("hint: "), "{name}: {told_all}");
        assert!(!told_all.contains(&lines[6][..20]), "{name} shows a hash: {told_all}");
    }
    let list = case.write("list.txt", whole.as_bytes());
    assert!(case.refused(&list, &[case.write("more.txt", b"x").to_str().unwrap()]).contains("--unsorted"));
    assert!(case.refused(&case.path("nothing"), &[]).contains("nothing: cannot be read"));
    fs::create_dir(case.path("empty")).unwrap();
    assert!(case.refused(&case.path("empty"), &[]).contains("there is no range in this folder"));
    // The input is never replaced by what is made of it.
    let output = credaudit(&["corpus", "build"]).arg(&list).arg("--output").arg(&list).output().unwrap();
    assert!(output.status.code() == Some(2) && said(&output).contains("is an input"));
    assert_eq!(fs::read(&list).unwrap(), whole.as_bytes());
}

#[test]
fn a_build_that_is_killed_leaves_nothing_that_looks_whole_and_the_next_gives_the_same_checksum() {
    let case = Case::new();
    let mut bytes = Vec::new();
    for n in 0_u64..400_000 {
        bytes.extend_from_slice(&(n << 44).to_be_bytes());
        bytes.extend_from_slice(&[7; 12]);
        bytes.extend_from_slice(&1_u32.to_le_bytes());
    }
    let input = case.write("large.bin", &bytes);
    let undisturbed = case.built(&input, &[]);
    let (to, part) = (case.path("killed.corpus"), case.path("killed.corpus.part"));
    let build = || {
        let mut command = credaudit(&["corpus", "build", "--quiet", "--source", "a test", "--output"]);
        command.arg(&to).arg(&input).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut killed = build().spawn().unwrap();
    let start = Instant::now();
    // Killed in its middle: its part is there and has something in it.
    while fs::metadata(&part).map_or(0, |about| about.len()) == 0 {
        assert!(start.elapsed() < Duration::from_mins(1), "the build never starts");
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(!to.exists(), "the build was over before it was killed");
    assert!(Corpus::open(&part).is_err(), "a part is no corpus");
    assert!(build().status().unwrap().success());
    assert!(!part.exists());
    assert_eq!(checksum(&to), undisturbed);
}

#[test]
fn a_full_disk_is_told_and_leaves_the_older_corpus_and_nothing_else() {
    let case = Case::new();
    let input = case.write("list.txt", text(&known()).as_bytes());
    let folder = case.path("out");
    fs::create_dir(&folder).unwrap();
    let older = folder.join("list.corpus");
    fs::write(&older, "an older corpus").unwrap();
    // A limit on the size of files stands for a full disk; its signal ignored, writing fails with EFBIG.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_credaudit")])
        .args(["corpus", "build"])
        .arg(&input)
        .arg("--output")
        .arg(&older)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("list.corpus: cannot be written") && said(&output).contains("free some room"));
    assert_eq!(fs::read(&older).unwrap(), b"an older corpus");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    // What is being sorted has its own place, which may be full as well.
    let words: String = (0..3_000_000).map(|n| format!("{n}\n")).collect();
    let words = case.write("words", words.as_bytes());
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_credaudit")])
        .args(["corpus", "build", "--passwords", "--memory", "64M"])
        .arg(&words)
        .arg("--output")
        .arg(case.path("out/words.corpus"))
        .output()
        .unwrap();
    assert!(said(&output).contains("cannot keep what is being sorted"), "{}", said(&output));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn what_does_not_fit_in_memory_is_sorted_on_disk_to_the_same_corpus() {
    let case = Case::new();
    // 2.5 million lines are 80 MB in memory: one run on disk, one in memory.
    let words: String = (0..2_500_000_u64).map(|n| format!("{}\n", n * 0x9e37_79b9 % 2_300_000)).collect();
    let words = case.write("words", words.as_bytes());
    let all = case.built(&words, &["--passwords", "--variant", "filter8"]);
    let little = case.built(&words, &["--passwords", "--variant", "filter8", "--memory", "64M"]);
    assert_eq!(all, little);
}

#[test]
fn a_damaged_corpus_is_refused_by_verify_and_by_name() {
    let case = Case::new();
    let input = case.write("list.txt", text(&known()).as_bytes());
    case.built(&input, &[]);
    let corpus = case.path("built.corpus");
    let len = fs::metadata(&corpus).unwrap().len();
    let file = File::options().read(true).write(true).open(&corpus).unwrap();
    for (at, told) in [(len - 40, "buckets do not have their checksum"), (100, "header"), (5000, "missing ranges")] {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 4], at).unwrap();
        let output = credaudit(&["corpus", "verify"]).arg(&corpus).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains("built.corpus: damaged: ") && said(&output).contains(told), "{}", said(&output));
        file.write_all_at(&byte, at).unwrap();
    }
    assert_eq!(credaudit(&["corpus", "verify"]).arg(&corpus).output().unwrap().status.code(), Some(0));
    file.set_len(len / 2).unwrap();
    let output = credaudit(&["corpus", "info"]).arg(&corpus).output().unwrap();
    assert!(said(&output).contains("cut short"), "{}", said(&output));
}
