//! The lanes against the reference, on every instruction set this processor has; and what they reach.

use std::hint::black_box;
use std::time::Instant;

use proptest::prelude::*;

use super::digest_index::tests::EIGHT;
use super::lanes::Variant;
use super::pairs::search_pairs_on;
use super::search::search_on;
use super::{DigestIndex, Target, common};
use crate::model::{Algorithm, Formula, Salts};

const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Md5, Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512, Algorithm::Ntlm];

const FORMULAS: [fn(Algorithm) -> Formula; 11] = [
    Formula::Plain,
    Formula::TwiceRaw,
    Formula::TwiceHex,
    Formula::SaltPass,
    Formula::PassSalt,
    Formula::SaltPassSalt,
    Formula::HexPassSalt,
    Formula::SaltHexPass,
    Formula::HexSaltHexPass,
    Formula::HmacKeySalt,
    Formula::HmacKeyPass,
];

fn every_formula() -> impl Iterator<Item = Formula> {
    FORMULAS.into_iter().flat_map(|make| ALGORITHMS.into_iter().map(make))
}

/// Texts as they come (short words), any bytes of any length around the block borders, and text beyond ASCII.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z0-9]{0,12}".prop_map(String::into_bytes),
        3 => prop::collection::vec(any::<u8>(), 0..200),
        1 => prop::collection::vec(any::<u8>(), 240..270),
        1 => "\\PC{0,40}".prop_map(String::into_bytes),
    ]
}

/// What digest a target holds: that of a candidate, one cut short, or a stranger's.
#[derive(Clone, Debug)]
enum Stored {
    Of(prop::sample::Index),
    Cut(prop::sample::Index),
    Stranger([u8; 64]),
}

fn stored() -> impl Strategy<Value = Stored> {
    prop_oneof![
        3 => any::<prop::sample::Index>().prop_map(Stored::Of),
        1 => any::<prop::sample::Index>().prop_map(Stored::Cut),
        2 => prop::collection::vec(any::<u8>(), 64).prop_map(|v| Stored::Stranger(v.try_into().unwrap())),
    ]
}

/// The digest at the front of `out`; its length.
fn evaluate(formula: Formula, candidate: &[u8], salt: &[u8], out: &mut [u8; 64]) -> usize {
    formula.evaluate(candidate, &Salts::of(salt), out)
}

fn digest_of(formula: Formula, stored: &Stored, candidates: &[&[u8]], salt: &[u8]) -> Vec<u8> {
    let mut out = [0; 64];
    match stored {
        Stored::Of(i) | Stored::Cut(i) => {
            let len = evaluate(formula, candidates[i.index(candidates.len())], salt, &mut out);
            out[..len - usize::from(matches!(stored, Stored::Cut(_)))].to_vec()
        }
        Stored::Stranger(bytes) => bytes[..formula.algorithm().digest_len()].to_vec(),
    }
}

fn matches(formula: Formula, target: &Target<'_>, candidate: &[u8]) -> bool {
    let mut out = [0; 64];
    let len = formula.evaluate(candidate, target.salts, &mut out);
    out[..len] == *target.digest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn searching_finds_what_the_reference_finds(
        candidates in prop::collection::vec(text(), 1..90),
        wanted in prop::collection::vec((stored(), any::<prop::sample::Index>()), 0..12),
        salts in prop::collection::vec(text(), 1..4),
    ) {
        let candidates: Vec<&[u8]> = candidates.iter().map(Vec::as_slice).collect();
        for formula in every_formula() {
            let stored: Vec<(Vec<u8>, Salts<'_>)> = wanted
                .iter()
                .map(|(stored, salt)| {
                    let salt = &salts[salt.index(salts.len())];
                    (digest_of(formula, stored, &candidates, salt), Salts::of(salt.as_slice()))
                })
                .collect();
            let targets: Vec<Target<'_>> = stored.iter().map(|(digest, salts)| Target { digest, salts }).collect();
            let mut expected = Vec::new();
            for (t, target) in targets.iter().enumerate() {
                expected.extend((0..candidates.len()).filter(|&c| matches(formula, target, candidates[c])).map(|c| (t, c)));
            }
            for variant in Variant::available() {
                let mut found = Vec::new();
                search_on(variant, formula, &targets, &candidates, &mut |t, c| found.push((t, c)));
                found.sort_unstable();
                prop_assert_eq!(&found, &expected, "{:?} {:?}", variant, formula);
            }
        }
    }

    #[test]
    fn searching_pairs_finds_what_the_reference_finds(
        rows in prop::collection::vec((text(), text(), stored()), 0..80),
    ) {
        for formula in every_formula() {
            let digests: Vec<Vec<u8>> =
                rows.iter().map(|(pass, salt, stored)| digest_of(formula, stored, &[pass], salt)).collect();
            let salts: Vec<Salts<'_>> = rows.iter().map(|(_, salt, _)| Salts::of(salt.as_slice())).collect();
            let pairs: Vec<(Target<'_>, &[u8])> = rows
                .iter()
                .zip(digests.iter().zip(&salts))
                .map(|((pass, ..), (digest, salts))| (Target { digest, salts }, pass.as_slice()))
                .collect();
            let expected: Vec<usize> =
                (0..pairs.len()).filter(|&i| matches(formula, &pairs[i].0, pairs[i].1)).collect();
            for variant in Variant::available() {
                let mut found = Vec::new();
                search_pairs_on(variant, formula, pairs.len(), |i| pairs[i], &mut |i| found.push(i));
                found.sort_unstable();
                prop_assert_eq!(&found, &expected, "{:?} {:?}", variant, formula);
            }
        }
    }
}

#[test]
fn every_length_of_candidate_and_salt_is_padded_right() {
    for formula in every_formula() {
        for variant in Variant::available() {
            for salt_len in [0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 55, 64, 65, 119, 200] {
                let salt = vec![b's'; salt_len];
                let texts: Vec<Vec<u8>> =
                    (0..=200).step_by(if salt_len < 5 { 1 } else { 5 }).map(|l| vec![b'p'; l]).collect();
                let candidates: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
                let mut out = [0; 64];
                let (pick, mut found) = (candidates.len() * 2 / 3, Vec::new());
                let len = evaluate(formula, candidates[pick], &salt, &mut out);
                let target = Target { digest: &out[..len], salts: &Salts::of(&salt[..]) };
                search_on(variant, formula, &[target], &candidates, &mut |t, c| found.push((t, c)));
                // Below a block, HMAC fills keys up with zeros; the texts here hold none, so lengths stay apart.
                assert_eq!(found, [(0, pick)], "{variant:?} {formula:?} {salt_len}");
            }
        }
    }
}

#[test]
fn many_targets_go_through_the_filter_and_chunks_keep_their_numbers() {
    let words: Vec<String> = (0..40_000).map(|i| format!("w{i}")).collect();
    let candidates: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
    for formula in [Formula::Plain(Algorithm::Md5), Formula::PassSalt(Algorithm::Sha1)] {
        let salts = Salts::of(b"salt".as_slice());
        let mut digests = Vec::new();
        for candidate in candidates.iter().step_by(97) {
            let mut out = [0; 64];
            let len = evaluate(formula, candidate, b"salt", &mut out);
            digests.push(out[..len].to_vec());
        }
        let targets: Vec<Target<'_>> = digests.iter().map(|digest| Target { digest, salts: &salts }).collect();
        let mut found = Vec::new();
        search_on(Variant::best(), formula, &targets, &candidates, &mut |t, c| found.push((t, c)));
        found.sort_unstable();
        assert_eq!(found, (0..targets.len()).map(|t| (t, 97 * t)).collect::<Vec<_>>());
    }
}

/// The best of fifteen runs, in million a second: most are short enough to be over before anybody else gets the core.
fn best(mut run: impl FnMut() -> usize) -> f64 {
    (0..15)
        .map(|_| {
            let start = Instant::now();
            let count = run();
            count as f64 / start.elapsed().as_secs_f64() / 1e6
        })
        .fold(0.0, f64::max)
}

/// `cargo test --release --lib guess::tests::kernel_speeds -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: prints million digests a second"]
fn kernel_speeds() {
    let list = common();
    let words: Vec<&[u8]> = (0..list.len()).map(|rank| list.word(rank)).collect();
    let (strange, salts): (Vec<[u8; 64]>, Vec<[u8; 8]>) =
        (0..100_000u64).map(|i| ([i as u8 ^ 0xa5; 64], (i * 0x9e37_79b9).to_le_bytes())).unzip();
    let salts: Vec<Salts<'_>> = salts.iter().map(|salt| Salts::of(salt.as_slice())).collect();
    let targets = |formula: Formula, count: usize| -> Vec<Target<'_>> {
        let len = formula.algorithm().digest_len();
        strange.iter().zip(&salts).take(count).map(|(d, salts)| Target { digest: &d[..len], salts }).collect()
    };
    let many: Vec<&[u8]> = words.iter().copied().cycle().take(100_000).collect();
    for variant in Variant::available() {
        println!("{variant:?}: search of one target, of 20 with the same words, search_pairs of 100,000");
        for make in
            [Formula::Plain, Formula::SaltPass, Formula::PassSalt, Formula::HexSaltHexPass, Formula::HmacKeySalt]
        {
            for algorithm in ALGORITHMS {
                let formula = make(algorithm);
                let repeat = if super::pairs::core_for(formula).is_some() { 20 } else { 10 };
                if repeat == 10 && make(Algorithm::Md5) != Formula::Plain(Algorithm::Md5) {
                    continue;
                }
                let mut hits = 0;
                let (one, all) = (targets(formula, 1), targets(formula, repeat));
                let single = best(|| {
                    search_on(variant, formula, &one, &words, &mut |_, _| hits += 1);
                    words.len()
                });
                let several = best(|| {
                    search_on(variant, formula, &all, &words, &mut |_, _| hits += 1);
                    words.len() * if formula.is_salted() { repeat } else { 1 }
                });
                let rows = targets(formula, many.len());
                let pairs = best(|| {
                    search_pairs_on(variant, formula, rows.len(), |i| (rows[i], many[i]), &mut |_| hits += 1);
                    many.len()
                });
                println!("  {formula:?}: {single:.1} {several:.1} {pairs:.1} M/s ({hits})");
            }
        }
    }
}

/// `cargo test --release --lib guess::tests::lookup_speeds -- --ignored --nocapture`
#[test]
#[ignore = "a measurement: prints nanoseconds a question"]
fn lookup_speeds() {
    let list = common();
    let words: Vec<&[u8]> = (0..list.len()).map(|rank| list.word(rank)).collect();
    let build = best(|| DigestIndex::build(&EIGHT).find(&[]).map_or(1, |_| 0));
    println!("DigestIndex of {} formulas: {:.1} ms", EIGHT.len(), 1e-3 / build);
    let index = DigestIndex::build(&EIGHT);
    let digests: Vec<[u8; 16]> = (0..1 << 20)
        .map(|i: u128| (i.wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes())
        .collect();
    let speed = best(|| {
        digests.iter().filter(|digest| black_box(index.find(&digest[..])).is_some()).count();
        digests.len()
    });
    println!("DigestIndex::find, misses: {:.1} ns", 1e3 / speed);
    let cells: Vec<String> = (0..100_000u32).map(|i| format!("{:x}Cell{i}", i.wrapping_mul(0x9e37_79b9))).collect();
    let speed = best(|| {
        cells.iter().filter(|cell| black_box(list.rank(cell.as_bytes())).is_some()).count();
        cells.len()
    });
    println!("CommonPasswords::rank, misses: {:.1} ns", 1e3 / speed);
    let speed = best(|| {
        words.iter().filter(|word| black_box(list.rank(word)).is_some()).count();
        words.len()
    });
    println!("CommonPasswords::rank, hits: {:.1} ns", 1e3 / speed);
    let speed = best(|| {
        let own = |i: usize| super::is_own(cells[i].as_bytes(), words[i % words.len()], b"maria.lopez@example.org");
        (0..cells.len()).filter(|&i| black_box(own(i)).is_some()).count();
        cells.len()
    });
    println!("is_own, misses: {:.1} ns", 1e3 / speed);
    let speed = best(|| {
        (0..cells.len()).filter(|&i| black_box(super::is_default(words[i % words.len()], cells[i].as_bytes()))).count();
        cells.len()
    });
    println!("is_default, misses: {:.1} ns", 1e3 / speed);
    let mut out = Vec::new();
    let speed = best(|| {
        for word in &words {
            super::own_candidates(word, b"maria.lopez@example.org", 8, &mut out);
        }
        words.len()
    });
    println!("own_candidates, 8 a row: {:.1} ns a row", 1e3 / speed);
}
