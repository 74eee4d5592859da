//! Corpora built here and asked at once.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sha1::{Digest as _, Sha1};
use tempfile::TempDir;

use super::key::Entry;
use super::*;
use crate::breach::Range;

fn sha1(n: u64) -> Digest {
    Digest::Sha1(Sha1::digest(format!("pw{n}")).into())
}

/// An NT hash of no password; what matters is that it has sixteen bytes.
fn ntlm(n: u64) -> Digest {
    Digest::Ntlm(Sha1::digest(format!("pw{n}"))[..16].try_into().unwrap())
}

fn of(kind: DigestKind, n: u64) -> Digest {
    match kind {
        DigestKind::Sha1 => sha1(n),
        _ => ntlm(n),
    }
}

/// Some counts fit in a byte, some just do not, some are as large as can be.
const fn count(n: u64) -> u64 {
    match n % 7 {
        0 => 254,
        1 => 255,
        2 => 256 + n,
        3 => u64::MAX - n,
        _ => 1 + n % 250,
    }
}

fn options(kind: DigestKind, variant: Variant, expected: u64) -> BuildOptions {
    BuildOptions { kind, variant, expected, source: "a test".into(), date: 1_785_542_400 }
}

/// Builds a corpus of the digests 0 to `n`.
fn corpus(folder: &Path, kind: DigestKind, variant: Variant, n: u64, expected: u64) -> Corpus {
    let path = folder.join(format!("{kind:?}-{}-{n}-{expected}", variant.name()));
    let entries: BTreeMap<Digest, u64> = (0..n).map(|n| (of(kind, n), count(n))).collect();
    let mut builder = Builder::create(&path, options(kind, variant, expected)).unwrap();
    for (digest, count) in entries {
        builder.push_sorted(&digest, count).unwrap();
    }
    assert_eq!(builder.finish().unwrap().header.entries, n);
    Corpus::open(&path).unwrap()
}

fn exposures(corpus: &Corpus, digests: &[Digest]) -> Vec<Exposure> {
    let mut exposures = vec![None; digests.len()];
    corpus.lookup(digests, &mut |at, exposure| assert_eq!(exposures[at].replace(exposure), None, "answered twice"));
    exposures.into_iter().map(|exposure| exposure.expect("every digest is answered")).collect()
}

#[test]
fn every_digest_is_found_with_its_exact_count_and_others_are_not() {
    let folder = TempDir::new().unwrap();
    for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
        for variant in [Variant::Compact, Variant::Full] {
            // The number that was expected may be far from the truth.
            for (n, expected) in [(1, 1), (48, 48), (3000, 3000), (3000, 800), (3000, 60_000)] {
                let corpus = corpus(folder.path(), kind, variant, n, expected);
                corpus.verify(&|_| ()).unwrap();
                // In no order, and twice as many as there are.
                let digests: Vec<Digest> = (0..2 * n).map(|n| of(kind, n)).collect();
                for (at, exposure) in exposures(&corpus, &digests).into_iter().enumerate() {
                    let at = at as u64;
                    let right = if at < n { Exposure::Seen(Some(count(at))) } else { Exposure::NotSeen };
                    assert_eq!(exposure, right, "{kind:?} {variant:?} {n} {expected}: {at}");
                    assert_eq!(corpus.exposure(&digests[at as usize]), right);
                }
            }
        }
    }
}

#[test]
fn a_digest_of_another_kind_is_unknown() {
    let folder = TempDir::new().unwrap();
    for variant in Variant::ALL {
        let corpus = corpus(folder.path(), DigestKind::Sha1, variant, 100, 100);
        assert_eq!(exposures(&corpus, &[ntlm(1)]), [Exposure::Unknown(Unasked::NotAskable)]);
        assert_eq!(corpus.takes(), [DigestKind::Sha1]);
    }
}

#[test]
fn a_filter_never_denies_what_is_in_it_and_seldom_suspects_what_is_not() {
    let folder = TempDir::new().unwrap();
    let n = 20_000;
    for (variant, most) in [(Variant::Filter8, 150), (Variant::Filter16, 4)] {
        for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
            let corpus = corpus(folder.path(), kind, variant, n, n);
            corpus.verify(&|_| ()).unwrap();
            let digests: Vec<Digest> = (0..2 * n).map(|n| of(kind, n)).collect();
            let (known, others) = exposures(&corpus, &digests).into_iter().enumerate().fold((0, 0), |sum, (at, e)| {
                assert!(matches!(e, Exposure::NotSeen | Exposure::Unknown(Unasked::Unconfirmed)));
                let suspected = u64::from(e != Exposure::NotSeen);
                if (at as u64) < n { (sum.0 + suspected, sum.1) } else { (sum.0, sum.1 + suspected) }
            });
            assert_eq!(known, n);
            assert!(others <= most, "{others} of {n}");
        }
    }
}

#[test]
fn what_lies_in_a_hole_is_unknown_whatever_the_variant() {
    let folder = TempDir::new().unwrap();
    for variant in Variant::ALL {
        let path = folder.path().join(variant.name());
        let mut builder = Builder::create(&path, options(DigestKind::Sha1, variant, 10)).unwrap();
        let mut digests = [sha1(1), sha1(2), sha1(3)];
        digests.sort_unstable();
        builder.push_sorted(&digests[1], 5).unwrap();
        builder.hole(Key::of(&digests[0]).prefix());
        builder.hole(1 << 20);
        let built = builder.finish().unwrap();
        assert_eq!(built.header.holes, 1);
        let corpus = Corpus::open(&path).unwrap();
        assert_eq!(corpus.holes().collect::<Vec<_>>(), [Key::of(&digests[0]).prefix()]);
        let exposures = exposures(&corpus, &digests);
        assert_eq!(exposures[0], Exposure::Unknown(Unasked::Hole));
        assert_eq!(exposures[2], Exposure::NotSeen);
        assert_ne!(exposures[1], Exposure::NotSeen);
        corpus.verify(&|_| ()).unwrap();
    }
}

#[test]
fn ranges_are_given_as_the_service_gives_them() {
    let folder = TempDir::new().unwrap();
    for kind in [DigestKind::Sha1, DigestKind::Ntlm] {
        // Fewer buckets than ranges (less or more than two bytes of digests are their numbers), as many, and more.
        for expected in [1000, 48 << 17, 48 << 20, 48 << 21, 48 << 24] {
            if expected > 48 << 21 && kind == DigestKind::Ntlm {
                continue;
            }
            let corpus = corpus(folder.path(), kind, Variant::Full, 2000, expected);
            for n in [0, 7, 1999] {
                let digest = of(kind, n);
                let mut body = b"before".to_vec();
                corpus.range(Key::of(&digest).prefix(), &mut body).unwrap();
                let body = body.strip_prefix(b"before").unwrap();
                assert!(!body.ends_with(b"\n"));
                // The protocol's own reader takes counts of up to eighteen digits.
                if count(n) < 1_000_000 {
                    let range = Range::parse(body, kind).unwrap();
                    assert_eq!(range.exposure(&digest), Exposure::Seen(Some(count(n))));
                }
            }
            let empty = (0..1 << 20).find(|p| (0..2000).all(|n| Key::of(&of(kind, n)).prefix() != *p)).unwrap();
            let mut body = Vec::new();
            corpus.range(empty, &mut body).unwrap();
            assert!(body.is_empty());
        }
    }
    let compact = corpus(folder.path(), DigestKind::Sha1, Variant::Compact, 100, 100);
    assert_eq!(compact.range(1, &mut Vec::new()), Err(NoRange::NotFull));
}

#[test]
fn who_verifies_a_corpus_is_told_how_far_it_is() {
    let folder = TempDir::new().unwrap();
    for variant in Variant::ALL {
        let corpus = corpus(folder.path(), DigestKind::Sha1, variant, 3000, 200_000);
        let checked = std::sync::atomic::AtomicU64::new(0);
        let seen = |bytes| {
            checked.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        };
        corpus.verify(&seen).unwrap();
        assert_eq!(checked.into_inner(), corpus.to_verify(), "{variant:?}");
    }
}

#[test]
fn a_corpus_built_from_its_own_ranges_is_the_same_corpus() {
    let folder = TempDir::new().unwrap();
    let first = corpus(folder.path(), DigestKind::Sha1, Variant::Full, 500, 500);
    let path = folder.path().join("again");
    let mut builder = Builder::create(&path, options(DigestKind::Sha1, Variant::Full, 500)).unwrap();
    let mut body = Vec::new();
    for prefix in 0..RANGES {
        body.clear();
        first.range(prefix, &mut body).unwrap();
        // Counts of nineteen digits are beyond the protocol.
        let text = String::from_utf8(body.clone()).unwrap().replace(":18446744073709", ":1844674407");
        if !text.is_empty() {
            builder.push_range(prefix, text.as_bytes()).unwrap();
        }
    }
    let again = Corpus::open(&builder.finish().map(|_| path).unwrap()).unwrap();
    assert_eq!(again.header().entries, 500);
    assert!((0..500).all(|n| matches!(again.exposure(&sha1(n)), Exposure::Seen(_))));
}

/// Bytes of a file flipped, one after another: `verify` refuses all of them, and no answer is wrong.
#[test]
fn a_flipped_byte_anywhere_is_refused_by_verify_and_never_answers_wrong() {
    let folder = TempDir::new().unwrap();
    for variant in Variant::ALL {
        let n = 60;
        let path = corpus(folder.path(), DigestKind::Sha1, variant, n, n).path().to_owned();
        let whole = fs::read(&path).unwrap();
        let digests: Vec<Digest> = (0..2 * n).map(sha1).collect();
        let right = exposures(&Corpus::open(&path).unwrap(), &digests);
        let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        // Of what is zeros, and of fingerprints that are all alike, a sample.
        let sampled = |at: usize| match at {
            0..200 | 4090..4100 => true,
            200..135_168 => at.is_multiple_of(1009),
            _ => !variant.is_filter() || at.is_multiple_of(23),
        };
        for at in (0..whole.len()).filter(|at| sampled(*at) || whole.len() - at < 60) {
            file.write_all_at(&[whole[at] ^ 1 << (at % 8)], at as u64).unwrap();
            if let Ok(corpus) = Corpus::open(&path) {
                assert!(corpus.verify(&|_| ()).is_err(), "{variant:?}: byte {at} flipped");
                for (exposure, right) in exposures(&corpus, &digests).into_iter().zip(&right) {
                    let damaged = exposure == Exposure::Unknown(Unasked::Damaged);
                    assert!(exposure == *right || damaged, "{variant:?}: byte {at} flipped");
                }
            }
            file.write_all_at(&whole[at..=at], at as u64).unwrap();
        }
        Corpus::open(&path).unwrap().verify(&|_| ()).unwrap();
    }
}

#[test]
fn a_file_that_is_cut_short_or_no_corpus_or_of_another_version_is_refused_with_its_name() {
    let folder = TempDir::new().unwrap();
    let path = corpus(folder.path(), DigestKind::Sha1, Variant::Compact, 1000, 1000).path().to_owned();
    let whole = fs::read(&path).unwrap();
    let bad = folder.path().join("bad.corpus");
    let refused = |bytes: &[u8], why: &str| {
        fs::write(&bad, bytes).unwrap();
        let error = Corpus::open(&bad).err().expect("it is refused");
        assert!(error.to_string().contains("bad.corpus") && error.to_string().contains(why), "{error}");
        assert!(!error.hint().is_empty());
    };
    for len in [whole.len() - 1, whole.len() / 2, 4096] {
        refused(&whole[..len], "cut short");
    }
    refused(&whole[..4095], "checksum");
    refused(&whole[..100], "checksum");
    refused(&[], "is no corpus file");
    refused(b"0018A45C4D1DEF81644B54AB7F969B88D65:21", "is no corpus file");
    for version in [1, 2] {
        let mut other = whole.clone();
        other[8] = version;
        refused(&other, &format!("of version {version}, and this program reads version 3"));
    }
    assert!(Corpus::open(folder.path()).err().unwrap().to_string().contains("is no file"));
}

#[test]
fn digests_out_of_order_or_of_another_kind_are_refused_and_nothing_is_left() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("list.corpus");
    let mut digests = [sha1(1), sha1(2)];
    digests.sort_unstable();
    for (second, why) in [(digests[0], "out of order"), (digests[1], "one twice"), (ntlm(3), "another kind")] {
        let mut builder = Builder::create(&path, options(DigestKind::Sha1, Variant::Compact, 2)).unwrap();
        builder.push_sorted(&digests[1], 1).unwrap();
        let error = builder.push_sorted(&second, 1).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        drop(builder);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
    let nothing = Builder::create(&path, options(DigestKind::Sha1, Variant::Compact, 2)).unwrap().finish();
    assert!(nothing.unwrap_err().to_string().contains("not one digest"));
}

#[test]
fn a_part_that_a_killed_build_left_is_no_corpus_and_is_written_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("list.corpus");
    let build = || Builder::create(&path, options(DigestKind::Sha1, Variant::Compact, 2));
    let mut killed = build().unwrap();
    killed.push_sorted(&sha1(1), 1).unwrap();
    let part: PathBuf = folder.path().join("list.corpus.part");
    assert!(build().err().unwrap().to_string().contains("another program is building it"));
    std::mem::forget(killed);
    assert!(Corpus::open(&part).is_err());
    // The lock went with the process; here it is the name that goes.
    fs::write(folder.path().join("other.corpus.part"), vec![1; 100_000]).unwrap();
    let other = folder.path().join("other.corpus");
    let mut builder = Builder::create(&other, options(DigestKind::Sha1, Variant::Compact, 2)).unwrap();
    builder.push_sorted(&sha1(1), 1).unwrap();
    builder.finish().unwrap();
    Corpus::open(&other).unwrap().verify(&|_| ()).unwrap();
}

#[test]
fn digests_that_a_compact_corpus_cannot_tell_apart_become_one_with_the_larger_count() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("alike.corpus");
    let mut builder = Builder::create(&path, options(DigestKind::Sha1, Variant::Compact, 10)).unwrap();
    let alike = |last: u8| Digest::Sha1(std::array::from_fn(|at| if at == 19 { last } else { 7 }));
    for (last, count) in [(1, 300), (2, 9000), (3, 4)] {
        builder.push_sorted(&alike(last), count).unwrap();
    }
    let built = builder.finish().unwrap();
    assert_eq!((built.header.entries, built.merged), (1, 2));
    let corpus = Corpus::open(&path).unwrap();
    corpus.verify(&|_| ()).unwrap();
    assert_eq!(corpus.exposure(&alike(2)), Exposure::Seen(Some(9000)));
}

#[test]
fn a_bad_range_is_refused_whole_and_the_build_goes_on() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("list.corpus");
    let mut builder = Builder::create(&path, options(DigestKind::Sha1, Variant::Compact, 10)).unwrap();
    let a = "0018A45C4D1DEF81644B54AB7F969B88D65";
    let b = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";
    for (body, why) in [
        ("<html><body>502 Bad Gateway</body></html>".to_owned(), BadWhy::NoHash),
        (String::new(), BadWhy::Empty),
        (format!("{a}:0"), BadWhy::Empty),
        (format!("{a}:1\r\n{}:1", &b[..27]), BadWhy::Ntlm),
        (format!("{a}:1\r\n{}:1", &b[..30]), BadWhy::Digits(30)),
        (format!("{a}A:1"), BadWhy::Digits(36)),
        (format!("{a}ABCDE:1"), BadWhy::Sha1),
        (format!("{b}:1\r\n{a}:1"), BadWhy::Order),
        (format!("{a}:1\r\n{a}:1"), BadWhy::Order),
        (format!("{a}:"), BadWhy::NoCount),
        (format!("{a}:1x"), BadWhy::NoCount),
        (format!("{a}:1\r\n{b}"), BadWhy::NoCount),
        (format!("{a}:9999999999999999999"), BadWhy::NoCount),
    ] {
        match builder.push_range(0x21BD1, body.as_bytes()) {
            Err(PushError::Body(bad)) => assert_eq!(bad.why, why, "{body:?}: {bad}"),
            other => panic!("{body:?}: {other:?}"),
        }
    }
    assert_eq!(builder.entries(), 0);
    builder.push_range(0x21BD1, format!("{a}:21\r\n{b}:0\r\n{b}:2\r\n").as_bytes()).unwrap();
    assert_eq!(builder.finish().unwrap().header.entries, 2);
}

#[test]
fn what_does_not_fit_in_memory_is_sorted_in_runs_and_counts_of_equal_digests_are_added_up() {
    let folder = TempDir::new().unwrap();
    let entries: Vec<Entry> =
        (0..12_000_u64).map(|n| Entry { key: Key::of(&sha1(n * 7919 % 9000)), count: 1 + n % 5 }).collect();
    let mut right: BTreeMap<Key, u64> = BTreeMap::new();
    for entry in &entries {
        *right.entry(entry.key).or_default() += entry.count;
    }
    // Room for 1,024 entries, for 4,096, and for all.
    for memory in [1, 128 << 10, 64 << 20] {
        let mut sorter = sort::Sorter::new(memory, folder.path().to_owned());
        for part in entries.chunks(700) {
            sorter.push(part).unwrap();
        }
        assert!(sorter.len() >= right.len() as u64);
        let mut sorted = Vec::new();
        sorter
            .finish(&mut |entry| {
                sorted.push((entry.key, entry.count));
                Ok(())
            })
            .unwrap();
        assert!(sorted.iter().copied().eq(right.iter().map(|(key, count)| (*key, *count))), "{memory} bytes");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
