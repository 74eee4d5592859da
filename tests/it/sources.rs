//! Where bytes come from, seen from outside: every wrapper made by its own library and by its own tool, damaged and
//! cut off in every way, and the odd things a file system holds.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use credaudit::formats::{Head, ReadAt};
use credaudit::sources::{Input, Limits, ReadError, Target, Unit, find};
use credaudit::spool::Store;
use sha2::{Digest, Sha256};

const LIMITS: Limits = Limits { max_text: 1 << 40, max_ratio: 1 << 20, block: 1 << 20, hash: true };

const WRAPPERS: [&str; 4] = ["gzip", "zstd", "xz", "bzip2"];

fn store() -> Arc<Store> {
    Store::new(1 << 20, std::env::temp_dir())
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Lines of a table that do not compress away, always the same.
fn text(len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 64);
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    while text.len() < len {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        writeln!(text, "{};user{}@example.org;{x:016x}", text.len(), x >> 50).unwrap();
    }
    text.truncate(len);
    text
}

fn wrap(wrapper: &str, text: &[u8]) -> Vec<u8> {
    match wrapper {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "zstd" => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "xz" => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        "bzip2" => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        other => panic!("{other}"),
    }
}

fn only(path: &Path) -> Unit {
    let (mut units, skips) = find(&[Target::Path(path.to_path_buf())], &store());
    assert_eq!((units.len(), skips), (1, vec![]));
    units.remove(0)
}

/// All text, the error it ended with if any.
fn drain(input: &mut Input) -> (Vec<u8>, Option<ReadError>) {
    let mut all = Vec::new();
    loop {
        match input.next_block() {
            Ok(Some(block)) => {
                assert_eq!(block.offset(), all.len() as u64);
                assert!(!block.is_empty());
                all.extend_from_slice(block.bytes());
            }
            Ok(None) => return (all, None),
            Err(error) => {
                assert_eq!(input.next_block().unwrap_err(), error, "an error stays");
                assert_eq!(input.sha256(), None, "no hash of half a file");
                return (all, Some(error));
            }
        }
    }
}

/// What bytes in a file are read as.
fn read(stored: &[u8], limits: &Limits) -> (Vec<&'static str>, Vec<u8>, Option<ReadError>) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), stored).unwrap();
    let mut input = only(file.path()).open(limits).unwrap();
    let (all, error) = drain(&mut input);
    if error.is_none() {
        assert_eq!(input.stored_bytes(), stored.len() as u64);
        assert_eq!(input.sha256().unwrap(), hex::encode(Sha256::digest(stored)));
    }
    (input.wrappers().to_vec(), all, error)
}

fn random(at: &dyn ReadAt) -> Vec<u8> {
    let mut all = vec![0; at.size() as usize];
    assert_eq!(at.read_at(0, &mut all).unwrap(), all.len());
    all
}

#[test]
fn every_wrapper_gives_its_text_back_whatever_the_block_size() {
    for wrapper in WRAPPERS {
        for len in [0, 1, 1000, 65_536, 3_000_000] {
            let text = text(len);
            for block in [1 << 20, 100_003] {
                let (wrappers, all, error) = read(&wrap(wrapper, &text), &Limits { block, ..LIMITS });
                assert_eq!((wrappers, error), (vec![wrapper], None));
                assert!(all == text, "{wrapper} {len} {block}");
            }
        }
    }
}

#[test]
fn members_one_after_the_other_are_one_text() {
    for wrapper in WRAPPERS {
        let text = text(500_000);
        let mut stored = Vec::new();
        for part in text.chunks(77_777) {
            stored.extend(wrap(wrapper, part));
            stored.extend(wrap(wrapper, b""));
        }
        let (_, all, error) = read(&stored, &LIMITS);
        assert!(all == text && error.is_none(), "{wrapper} {error:?}");
    }
}

#[test]
fn wrappers_inside_wrappers_are_opened_four_deep_and_named_from_the_outside() {
    let text = text(300_000);
    let stored = wrap("bzip2", &wrap("xz", &wrap("zstd", &wrap("gzip", &text))));
    let (wrappers, all, error) = read(&stored, &LIMITS);
    assert_eq!(wrappers, ["bzip2", "xz", "zstd", "gzip"]);
    assert!(all == text && error.is_none());

    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), wrap("gzip", &stored)).unwrap();
    let said = only(file.path()).open(&LIMITS).unwrap_err().0;
    assert!(said.contains("more than 4 times (gzip, bzip2, xz, zstd, …)"), "{said}");
}

#[test]
fn what_the_real_tools_write_is_read() {
    let text = text(2_000_000);
    let tools: [(&str, &[&str]); 8] = [
        ("gzip", &["-9"]),
        ("gzip", &["-1"]),
        ("zstd", &["-3"]),
        ("zstd", &["-19", "--long=27"]),
        ("xz", &["-6"]),
        ("xz", &["-T2", "--block-size=300000", "-1"]),
        ("bzip2", &["-1"]),
        ("bzip2", &["-9"]),
    ];
    for (tool, args) in tools {
        let spawned = Command::new(tool).args(args).arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = spawned else {
            eprintln!("not tested, because it is not installed here: {tool}");
            continue;
        };
        let mut stdin = child.stdin.take().unwrap();
        let given = text.clone();
        let writer = thread::spawn(move || stdin.write_all(&given).unwrap());
        let stored = child.wait_with_output().unwrap().stdout;
        writer.join().unwrap();
        let (wrappers, all, error) = read(&stored, &LIMITS);
        assert_eq!((wrappers, error), (vec![tool], None), "{args:?}");
        assert!(all == text, "{tool} {args:?}");
    }
}

#[test]
fn a_stream_cut_off_anywhere_is_an_error_after_the_text_before_the_cut() {
    for wrapper in WRAPPERS {
        let text = text(3_000);
        let stored = wrap(wrapper, &text);
        for cut in 4..stored.len() {
            let (wrappers, all, error) = read(&stored[..cut], &LIMITS);
            assert_eq!(wrappers, [wrapper], "{cut}");
            let said = error.unwrap_or_else(|| panic!("{wrapper} cut at {cut} of {} looks whole", stored.len())).0;
            assert!(said.contains(&format!("ends too early, at stored byte {cut}")), "{said}");
            assert!(text.starts_with(&all));
        }
    }
}

#[test]
fn a_cut_or_damage_far_into_a_stream_costs_little_of_the_text_before_it() {
    for wrapper in WRAPPERS {
        let text = text(4_000_000);
        let stored = wrap(wrapper, &text);
        let at = stored.len() / 2;
        let mut damaged = stored.clone();
        damaged[at..at + 40].fill(0xa5);
        for (stored, word) in [(&stored[..at], "too early"), (&damaged[..], "corrupt")] {
            let (_, all, error) = read(stored, &LIMITS);
            let said = error.unwrap().0;
            assert!(said.contains(word), "{wrapper} {said}");
            // A block of bzip2 -1 holds 100 kB, one of zstd 128 KiB, a chunk of xz up to 2 MiB.
            let lost = text.len() / 2 - all.len().min(text.len() / 2);
            assert!(lost < 200_000, "{wrapper}: {lost} bytes lost before the place: {word}");
            let good = all.iter().zip(&text).take_while(|(a, b)| a == b).count();
            assert!(good > text.len() / 2 - 200_000, "{wrapper}");
        }
    }
}

#[test]
fn one_changed_byte_never_gives_another_text_that_looks_whole() {
    for wrapper in WRAPPERS {
        let text = text(600);
        let stored = wrap(wrapper, &text);
        for at in 0..stored.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut stored = stored.clone();
                stored[at] ^= change;
                let (wrappers, all, error) = read(&stored, &LIMITS);
                if !wrappers.is_empty() && error.is_none() {
                    assert!(all == text, "{wrapper}: byte {at} changed by {change:#x}");
                }
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]
    #[test]
    fn arbitrary_bytes_behind_any_signature_never_panic_and_never_run_on(
        wrapper in 0..5_usize,
        keep in 0..200_usize,
        noise in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000),
    ) {
        let good = WRAPPERS.get(wrapper).map_or_else(Vec::new, |wrapper| wrap(wrapper, &text(500)));
        let mut stored = good[..keep.min(good.len())].to_vec();
        stored.extend(noise);
        let (wrappers, all, error) = read(&stored, &Limits { max_text: 1 << 20, ..LIMITS });
        assert!(all.len() <= 3 << 20);
        assert!(!wrappers.is_empty() || error.is_none());
    }
}

#[test]
fn what_follows_a_wrapper_and_is_none_is_an_error_with_its_place_and_zeros_are_padding() {
    for wrapper in WRAPPERS {
        let text = text(1_000);
        let mut stored = wrap(wrapper, &text);
        let end = stored.len();
        stored.extend(b"INSERT INTO");
        let (_, all, error) = read(&stored, &LIMITS);
        let said = error.unwrap().0;
        assert!(said.contains(&format!("at stored byte {end}, comes something that is not {wrapper}")), "{said}");
        assert!(all == text);

        stored.truncate(end);
        stored.resize(end + 300_000, 0);
        let (_, all, error) = read(&stored, &LIMITS);
        assert_eq!(error.is_none(), ["gzip", "xz"].contains(&wrapper), "{wrapper} {error:?}");
        assert!(all == text);
    }
}

#[test]
fn damage_inside_a_nested_wrapper_names_the_layer_it_lies_in() {
    let text = text(100_000);
    let inner = wrap("gzip", &text);
    let (_, all, error) = read(&wrap("xz", &inner[..inner.len() - 3]), &LIMITS);
    let said = error.unwrap().0;
    let place = format!("the gzip data ends too early, at byte {} of what its xz wrapper holds", inner.len() - 3);
    assert!(said.contains(&place), "{said}");
    assert!(all == text);
}

#[test]
fn skippable_frames_hold_no_text() {
    let mut stored = vec![0x53, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 1, 2, 3, 4, 5];
    stored.extend(wrap("zstd", b"id;login\n"));
    stored.extend([0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
    let (wrappers, all, error) = read(&stored, &LIMITS);
    assert_eq!((wrappers, all.as_slice(), error), (vec!["zstd"], b"id;login\n".as_slice(), None));
}

#[test]
fn a_stream_that_wants_too_much_memory_is_refused_with_what_to_do() {
    // A zstd frame header that declares a window of 256 MiB (RFC 8878, 3.1.1.1.2), and a raw block.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3, 0x09, 0x00, 0x00, b'x'];
    let said = read(&zstd, &LIMITS).2.unwrap().0;
    assert!(said.contains("more than 128 MiB of memory") && said.contains("zstd -d"), "{said}");

    // The dictionary of 1.5 GiB is number 37 (The .xz File Format, 5.3.1); it stands in the first block's header.
    let mut xz = wrap("xz", &text(1_000));
    let header = 12..12 + (usize::from(xz[12]) + 1) * 4;
    assert_eq!(xz[14..16], [0x21, 1], "the first filter is LZMA2");
    xz[16] = 37;
    let mut crc = flate2::Crc::new();
    crc.update(&xz[header.start..header.end - 4]);
    xz[header.end - 4..header.end].copy_from_slice(&crc.sum().to_le_bytes());
    let said = read(&xz, &LIMITS).2.unwrap().0;
    assert!(said.contains("more than 160 MiB of memory") && said.contains("xz -d"), "{said}");
}

#[test]
fn a_gigabyte_of_zeros_in_a_megabyte_ends_at_the_ratio() {
    let mut member = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    member.write_all(&vec![0; 64 << 20]).unwrap();
    let stored = member.finish().unwrap().repeat(16);
    assert!(stored.len() < 5 << 18, "{}", stored.len());
    let limits = Limits { max_ratio: 100, ..LIMITS };
    for stored in [stored.clone(), wrap("gzip", &stored)] {
        let (_, all, error) = read(&stored, &limits);
        let said = error.unwrap().0;
        assert!(said.contains("more than 100 times its size") && said.contains("--max-ratio"), "{said}");
        assert!((16 << 20..66 << 20).contains(&all.len()), "{}", all.len());
    }
}

#[test]
fn text_up_to_the_limit_is_read_and_not_a_byte_more() {
    for wrapper in WRAPPERS {
        let text = text(200_000);
        let stored = wrap(wrapper, &text);
        let (_, all, error) = read(&stored, &Limits { max_text: 200_000, ..LIMITS });
        assert!(all == text && error.is_none(), "{wrapper} {error:?}");
        let (_, all, error) = read(&stored, &Limits { max_text: 199_999, ..LIMITS });
        assert!(all == text[..199_999], "{wrapper}");
        assert!(error.unwrap().0.contains("more than 199999 bytes: a decompression bomb? raise --max-text"));
    }
}

#[test]
fn wide_text_is_read_as_utf8_also_inside_a_wrapper_and_marks_are_left_out() {
    let text = "login;név\n🔑é;x\n".repeat(5_000);
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let (wrappers, all, error) = read(&wide, &Limits { block: 65_537, ..LIMITS });
    assert_eq!((wrappers, error), (vec!["UTF-16LE"], None));
    assert!(all == text.as_bytes());
    let (wrappers, all, error) = read(&wrap("gzip", &wide), &LIMITS);
    assert_eq!((wrappers, error), (vec!["gzip", "UTF-16LE"], None));
    assert!(all == text.as_bytes());

    let mut marked = "\u{feff}".as_bytes().to_vec();
    marked.extend(text.as_bytes());
    assert!(read(&marked, &LIMITS).1 == text.as_bytes());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &marked).unwrap();
    assert!(random(only(file.path()).open(&LIMITS).unwrap().into_random().unwrap().as_ref()) == text.as_bytes());

    fs::write(file.path(), [0xff, 0xfe, 0, 0, b'a', 0, 0, 0]).unwrap();
    assert!(only(file.path()).open(&LIMITS).unwrap_err().0.contains("UTF-32"));
}

#[test]
fn bytes_in_no_known_wrapping_stay_as_they_are_and_the_first_block_holds_a_head() {
    let mut bytes = text(300_000);
    bytes[..4].copy_from_slice(&[0, 0xff, 0x80, 0]);
    let (wrappers, all, error) = read(&bytes, &Limits { block: 1000, ..LIMITS });
    assert!(wrappers.is_empty() && error.is_none() && all == bytes);
    for stored in [bytes.clone(), wrap("zstd", &bytes)] {
        let unit = Unit::from_reader("-", Box::new(io::Cursor::new(stored)), &store());
        let mut input = unit.open(&Limits { block: 1000, ..LIMITS }).unwrap();
        assert!(input.next_block().unwrap().unwrap().len() >= Head::LEN);
        assert_eq!(input.next_block().unwrap().unwrap().len(), 1000);
    }
}

#[test]
fn an_empty_file_is_a_unit_without_text() {
    let (wrappers, all, error) = read(b"", &LIMITS);
    assert!(wrappers.is_empty() && all.is_empty() && error.is_none());
    let file = tempfile::NamedTempFile::new().unwrap();
    let unit = only(file.path());
    assert_eq!((unit.size(), unit.name()), (Some(0), ""));
    assert_eq!(unit.open(&LIMITS).unwrap().into_random().unwrap().size(), 0);
}

#[test]
fn a_pipe_is_read_again_whole_wrapped_or_not() {
    let text = text(3_000_000);
    for (stored, wrappers) in [(text.clone(), vec![]), (wrap("gzip", &text), vec!["gzip"])] {
        let unit = Unit::from_reader("-", Box::new(io::Cursor::new(stored.clone())), &store());
        assert_eq!((unit.target(), unit.name(), unit.extension(), unit.size()), ("-", "", None, None));
        // The first reading stops early, as after looking at the format.
        unit.open(&LIMITS).unwrap().next_block().unwrap();
        for _ in 0..2 {
            let mut input = unit.open(&LIMITS).unwrap();
            assert_eq!(input.wrappers(), wrappers);
            let (all, error) = drain(&mut input);
            assert!(all == text && error.is_none());
            assert_eq!(input.sha256().unwrap(), hex::encode(Sha256::digest(&stored)));
        }
        let mut begun = unit.open(&LIMITS).unwrap();
        begun.next_block().unwrap();
        begun.next_block().unwrap();
        assert!(random(begun.into_random().unwrap().as_ref()) == text);
        assert_eq!(unit.sha256().unwrap(), hex::encode(Sha256::digest(&stored)));
        assert!(unit.sibling("-wal").unwrap().is_none());
    }
}

#[test]
fn any_place_of_a_file_can_be_read_wrapped_or_not_and_also_after_blocks_were_read() {
    let text = text(2_500_000);
    for stored in [text.clone(), wrap("xz", &text)] {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), &stored).unwrap();
        let unit = only(file.path());
        for blocks in 0..3 {
            let mut input = unit.open(&LIMITS).unwrap();
            (0..blocks).for_each(|_| drop(input.next_block().unwrap()));
            assert!(random(input.into_random().unwrap().as_ref()) == text);
        }
        assert_eq!(unit.sha256().unwrap(), hex::encode(Sha256::digest(&stored)));
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let stored = wrap("xz", &text);
    fs::write(file.path(), &stored[..stored.len() / 2]).unwrap();
    assert!(only(file.path()).open(&LIMITS).unwrap().into_random().err().unwrap().0.contains("too early"));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_ends_in_an_error_after_what_it_still_had() {
    let text = text(3_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &text).unwrap();
    let mut input = only(file.path()).open(&LIMITS).unwrap();
    let first = input.next_block().unwrap().unwrap();
    file.as_file().set_len(1_500_000).unwrap();
    let second = input.next_block().unwrap().unwrap();
    assert_eq!(first.len() + second.len(), 1_500_000);
    let said = input.next_block().unwrap_err().0;
    assert_eq!(
        said,
        "changed while it was read: it had 3000000 bytes, now 1500000; audit a copy that nobody writes to"
    );
    assert_eq!(input.sha256(), None);
}

#[test]
fn what_vanishes_between_finding_and_opening_is_an_error_of_that_unit() {
    let folder = folder();
    fs::write(folder.path().join("dump.sql"), "x").unwrap();
    let unit = only(folder.path());
    fs::remove_file(folder.path().join("dump.sql")).unwrap();
    assert!(unit.open(&LIMITS).unwrap_err().0.contains("does not exist (any more)"));
    fs::create_dir(folder.path().join("dump.sql")).unwrap();
    assert!(unit.open(&LIMITS).unwrap_err().0.contains("no plain file any more"));
}

#[test]
fn what_may_not_be_read_is_said_and_the_rest_is_found() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::write(folder.path().join("open.sql"), "x").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        eprintln!("not tested, because this user may read everything");
        return;
    }
    let (units, skips) = find(&[Target::Path(folder.path().to_path_buf())], &store());
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!((units.len(), units[0].name()), (1, "open.sql"));
    assert_eq!((skips.len(), skips[0].what.as_str()), (1, "closed"));
    assert!(skips[0].why.contains("permission denied"), "{}", skips[0].why);
}

#[test]
fn named_pipes_are_never_opened() {
    let folder = folder();
    let fifo = folder.path().join("pipe");
    if !Command::new("mkfifo").arg(&fifo).status().is_ok_and(|s| s.success()) {
        eprintln!("not tested, because mkfifo is not installed here");
        return;
    }
    let (units, skips) = find(&[Target::Path(fifo.clone()), Target::Path(folder.path().to_path_buf())], &store());
    assert_eq!((units.len(), skips.len()), (0, 2));
    assert!(skips[0].why.contains("name `-` as the target"), "{}", skips[0].why);
    assert_eq!(skips[1].what, "pipe");
}

#[test]
fn units_come_in_the_order_of_the_targets_and_then_of_their_paths() {
    let folder = folder();
    for name in ["b/two.SQL.gz", "b/one.csv", "a"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let single = folder.path().join("b/two.SQL.gz");
    let targets = [Target::Path(single.clone()), Target::Path(folder.path().to_path_buf())];
    let (units, skips) = find(&targets, &store());
    assert_eq!(skips, []);
    let seen: Vec<_> = units.iter().map(|u| (u.target(), u.name(), u.extension())).collect();
    let all = folder.path().to_str().unwrap();
    assert_eq!(
        seen,
        [
            (single.to_str().unwrap(), "", Some("sql")),
            (all, "a", None),
            (all, "b/one.csv", Some("csv")),
            (all, "b/two.SQL.gz", Some("sql")),
        ]
    );
}

#[test]
fn a_sibling_is_read_where_it_is() {
    let folder = folder();
    fs::write(folder.path().join("app.db"), "main").unwrap();
    fs::write(folder.path().join("app.db-wal"), "log").unwrap();
    let (units, _) = find(&[Target::Path(folder.path().to_path_buf())], &store());
    assert_eq!(units.iter().map(Unit::name).collect::<Vec<_>>(), ["app.db", "app.db-wal"]);
    assert_eq!(random(units[0].sibling("-wal").unwrap().unwrap().as_ref()), b"log");
    assert!(units[0].sibling("-journal").unwrap().is_none());
}

/// gzip without end, which counts how often it was asked.
struct Endless {
    member: Vec<u8>,
    at: usize,
    asked: Arc<AtomicUsize>,
}

impl Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let n = buf.len().min(self.member.len() - self.at);
        buf[..n].copy_from_slice(&self.member[self.at..self.at + n]);
        self.at = (self.at + n) % self.member.len();
        Ok(n)
    }
}

#[test]
fn unwrapping_waits_for_its_reader_and_stops_when_nobody_reads() {
    let asked = Arc::new(AtomicUsize::new(0));
    let endless = Endless { member: wrap("gzip", &text(100_000)), at: 0, asked: asked.clone() };
    let unit = Unit::from_reader("-", Box::new(endless), &store());
    let settled = || {
        let mut before = usize::MAX;
        let start = Instant::now();
        while before != asked.load(Ordering::Relaxed) {
            assert!(start.elapsed() < Duration::from_secs(20), "it never stops");
            before = asked.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(300));
        }
        before
    };
    let mut input = unit.open(&LIMITS).unwrap();
    input.next_block().unwrap().unwrap();
    let waiting = settled();
    for _ in 0..20 {
        input.next_block().unwrap().unwrap();
    }
    assert!(settled() > waiting);
    drop(input);
    settled();
}

/// Peak resident memory of this process, in KiB; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

#[test]
fn a_frame_made_with_a_dictionary_is_refused_with_what_to_do() {
    // A frame header that names dictionary 42 (RFC 8878, 3.1.1.1.1.6), and a raw block.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 42, 0x09, 0x00, 0x00, b'x'];
    let said = read(&zstd, &LIMITS).2.unwrap().0;
    assert!(said.contains("uses a dictionary"), "{said}");
}

/// Not a test of its own: started with a standard input by the one below.
#[test]
#[ignore = "started by another test"]
fn child_that_reads_standard_input() {
    if std::env::var_os("CREDAUDIT_TEST_STDIN").is_none() {
        return;
    }
    let (units, _) = find(&[Target::Stdin, Target::Stdin], &store());
    let sizes: Vec<_> = units.iter().map(Unit::size).collect();
    for unit in &units {
        let (all, error) = drain(&mut unit.open(&LIMITS).unwrap());
        let random = random(unit.open(&LIMITS).unwrap().into_random().unwrap().as_ref());
        println!("read {sizes:?} {} {error:?} {}", hex::encode(Sha256::digest(&all)), random == all);
    }
}

#[test]
fn standard_input_is_read_from_a_pipe_and_from_a_file() {
    let text = text(1_000_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &text).unwrap();
    for piped in [true, false] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sources::child_that_reads_standard_input", "--ignored", "--nocapture"])
            .env("CREDAUDIT_TEST_STDIN", "1")
            .stdin(if piped { Stdio::piped() } else { fs::File::open(file.path()).unwrap().into() })
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(&text).unwrap();
        }
        let said = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
        let size = if piped { "None, None" } else { "Some(1000000), Some(1000000)" };
        let line = format!("read [{size}] {} None true\n", hex::encode(Sha256::digest(&text)));
        assert_eq!(said.matches(&line).count(), 2, "{said}");
    }
}

/// Run alone, optimised: `cargo test --release --test it -- --ignored --nocapture sources::speed`.
#[test]
#[ignore = "a measurement"]
fn speed_of_files_and_wrappers() {
    let text = text(64 << 20).repeat(2);
    let file = tempfile::NamedTempFile::new().unwrap();
    let limits = Limits { hash: false, ..LIMITS };
    let mut stored = vec![("plain", text.clone())];
    stored.extend(WRAPPERS.map(|wrapper| (wrapper, wrap(wrapper, &text))));
    let mut wide = vec![0xff, 0xfe];
    wide.extend(text.iter().flat_map(|b| [*b, 0]));
    stored.push(("UTF-16LE", wide));
    let start = Instant::now();
    let alone = io::copy(&mut flate2::read::GzDecoder::new(&stored[1].1[..]), &mut io::sink()).unwrap();
    println!("gzip's library alone: {:.0} MB/s", alone as f64 / start.elapsed().as_secs_f64() / 1e6);
    for wrapper in ["gzip", "bzip2", "xz", "zstd"] {
        let empty = wrap(wrapper, b"").repeat(100_000);
        let start = Instant::now();
        assert_eq!(read(&empty, &LIMITS), (vec![wrapper], vec![], None));
        println!("100000 empty members of {wrapper}: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    }
    for (name, stored) in stored {
        fs::write(file.path(), &stored).unwrap();
        drop(stored);
        let _ = fs::write("/proc/self/clear_refs", "5"); // The peak starts anew.
        let peak = peak_memory();
        for touch in [false, true] {
            let mut times: Vec<f64> = (0..3)
                .map(|_| {
                    let start = Instant::now();
                    let mut input = only(file.path()).open(&limits).unwrap();
                    let (mut len, mut sum) = (0, 0);
                    while let Some(block) = input.next_block().unwrap() {
                        len += block.len();
                        // Some work for the reader, about as much as parsing.
                        if touch {
                            sum += block.bytes().iter().fold(0_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(31)) & 1;
                        }
                    }
                    assert!(len == text.len() && sum < u64::MAX);
                    start.elapsed().as_secs_f64()
                })
                .collect();
            times.sort_by(f64::total_cmp);
            let rate = text.len() as f64 / times[1] / 1e6;
            println!("{name:9} {rate:7.0} MB/s of text{}", if touch { ", with work" } else { "" });
        }
        println!("{name:9} peak memory grew by {} KiB", peak_memory() - peak);
    }
}
