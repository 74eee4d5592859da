//! What benches/breach.sh measures with.
//!
//! ```text
//! breach_corpus digests N bin|text FILE   SHA-1s of "pw0" to "pwN-1", sorted, with counts, as binary records or official text
//! breach_corpus lookups FILE N            questions to a corpus or filter of those, on one thread; prints `name value` lines
//! breach_corpus grow N FILE               builds a compact corpus of N made-up digests, streaming; prints `name value` lines
//! breach_corpus grown FILE N              questions to such a corpus
//! ```
//!
//! Times are of the processor (`/proc/thread-self/schedstat`), so that what else runs on the machine counts less; medians of
//! five. Half of all questions, by chance, are about digests that are there. "Single" is one question a call, of digests in no
//! order, one call after the other: what the processor overlaps by itself is overlapped, nothing is fetched ahead.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use credaudit::breach::corpus::{BuildOptions, Builder, Corpus, Variant};
use credaudit::model::{Digest, DigestKind, Exposure, Unasked};
use rayon::prelude::*;
use sha1::{Digest as _, Sha1};

/// Questions asked in bulk.
const BULK: u64 = 2_000_000;
/// Questions asked one by one.
const SINGLE: u64 = 500_000;
/// Ranges asked for.
const RANGES: u32 = 20_000;
const RUNS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |typed: &str| typed.parse::<u64>().expect("a number");
    match args[..] {
        ["digests", n, form, file] => digests(number(n), form == "text", Path::new(file)).expect("the file is written"),
        ["lookups", file, n] => lookups(Path::new(file), &|at| sha1(&format!("pw{at}")), number(n)),
        ["grow", n, file] => grow(number(n), Path::new(file)),
        ["grown", file, n] => {
            let n = number(n);
            lookups(Path::new(file), &|at| made_up(at, n), n);
        }
        _ => panic!("see the top of benches/breach_corpus.rs"),
    }
}

fn sha1(text: &str) -> Digest {
    Digest::Sha1(Sha1::digest(text).into())
}

/// Half of all passwords were seen once, a quarter two or three times; one in 256 more than 255 times.
const fn count(random: u64) -> u64 {
    // Twice as often half as many; the largest that the service gives is about 5e7.
    let doublings = random.trailing_zeros();
    let doublings = if doublings > 24 { 24 } else { doublings };
    (1 << doublings) + (random >> 40) % (1 << doublings)
}

/// A step of `SplitMix64`.
const fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

/// The `at`th of `n` digests in ascending order: each somewhere in its share of all numbers.
fn made_up(at: u64, n: u64) -> Digest {
    let share = u64::MAX / n;
    let high = at * share + mix(at) % share;
    let mut digest = [0; 20];
    digest[..8].copy_from_slice(&high.to_be_bytes());
    digest[8..16].copy_from_slice(&mix(high).to_be_bytes());
    Digest::Sha1(digest)
}

fn digests(n: u64, text: bool, file: &Path) -> io::Result<()> {
    let mut all: Vec<[u8; 20]> = (0..n).into_par_iter().map(|at| Sha1::digest(format!("pw{at}")).into()).collect();
    all.par_sort_unstable();
    let mut to = BufWriter::with_capacity(1 << 20, File::create(file)?);
    for digest in all {
        let seen = count(mix(u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"))));
        if text {
            writeln!(to, "{}:{seen}\r", hex::encode_upper(digest))?;
        } else {
            to.write_all(&digest)?;
            to.write_all(&(seen as i32).to_le_bytes())?;
        }
    }
    to.flush()
}

/// Seconds that this thread has had a processor for.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells times of threads");
    text.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).expect("nanoseconds") / 1e9
}

/// The median time of several runs.
fn time(mut run: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = cpu();
            run();
            cpu() - start
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[RUNS / 2]
}

fn lookups(file: &Path, known: &(dyn Fn(u64) -> Digest + Sync), n: u64) {
    let corpus = Corpus::open(file).expect("a corpus");
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    // A processor must not foretell which.
    let is_known = |at: u64| mix(!at) & 1 == 0;
    let there = (0..BULK).filter(|at| is_known(*at)).count() as u64;
    let question = |at: u64| if is_known(at) { known(mix(at) % n) } else { sha1(&format!("no{at}")) };
    let unsorted: Vec<Digest> = (0..BULK).map(question).collect();
    let mut sorted = unsorted.clone();
    sorted.sort_unstable();
    pool.install(|| {
        // What is in memory already is what is measured.
        corpus.verify(&|_| ()).expect("a whole corpus");
        let (mut seen, mut perhaps, mut not) = (0_u64, 0_u64, 0_u64);
        corpus.lookup(&sorted, &mut |_, exposure| match exposure {
            Exposure::Seen(_) => seen += 1,
            Exposure::Unknown(Unasked::Unconfirmed) => perhaps += 1,
            _ => not += 1,
        });
        println!("known {}", there as f64 / BULK as f64);
        println!("wrong {:e}", (seen + perhaps).saturating_sub(there) as f64 / (BULK - there) as f64);
        assert_eq!(seen + perhaps + not, BULK, "every question is answered");
        assert!(seen + perhaps >= there, "what is there is found");
        let mut sum = 0;
        let mut ask = |questions: &[Digest]| {
            corpus.lookup(questions, &mut |at, exposure| sum += if exposure == Exposure::NotSeen { 0 } else { at });
        };
        println!("bulk_s {:.0}", BULK as f64 / time(|| ask(&sorted)));
        println!("unsorted_s {:.0}", BULK as f64 / time(|| ask(&unsorted)));
        let single = time(|| {
            for digest in &unsorted[..SINGLE as usize] {
                sum += usize::from(corpus.exposure(digest) == Exposure::NotSeen);
            }
        });
        println!("single_s {:.0}", SINGLE as f64 / single);
        if corpus.header().variant == Variant::Full {
            let mut body = Vec::new();
            let mut bytes = 0;
            let ranges = time(|| {
                for at in 0..RANGES {
                    body.clear();
                    corpus.range(mix(u64::from(at)) as u32 >> 12, &mut body).expect("a range");
                    bytes += body.len();
                }
            });
            println!("range_us {:.2}", ranges / f64::from(RANGES) * 1e6);
            println!("range_bytes {}", bytes / (RUNS * RANGES as usize));
        }
        // The sum keeps the questions from being thought needless.
        assert_ne!(sum, 1);
    });
    println!("bytes_per_entry {:.3}", corpus.header().file_len() as f64 / corpus.header().entries as f64);
}

fn grow(n: u64, file: &Path) {
    let options = BuildOptions {
        kind: DigestKind::Sha1,
        variant: Variant::Compact,
        expected: n,
        source: "made up".into(),
        date: 0,
    };
    let mut builder = Builder::create(file, options).expect("a place for it");
    for at in 0..n {
        builder.push_sorted(&made_up(at, n), count(mix(at ^ 0x5eed))).expect("room for it");
    }
    builder.finish().expect("room for it");
    println!("build_entries_s {:.0}", n as f64 / cpu());
}
