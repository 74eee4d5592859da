//! What an encrypted column shows without its key: lengths, repetitions, shares of bytes.
//!
//! Passwords repeat, have many lengths, and start with few characters. A hash hides all of that; an encryption hides
//! some of it, and which part tells how it was made. The figures behind the thresholds, from 10,000 generated passwords:
//! ECB with blocks of eight bytes repeats its last block in 38 % of the rows (a password of eight characters is followed
//! by a block of padding) where 12 % of the rows repeat as a whole; a reused key stream keeps the commonest first byte at
//! 8 %; a cipher with a random vector repeats nothing.

use std::collections::{BTreeMap, HashSet};

use super::text::{Written, as_text};
use super::{LONGEST, SAMPLE};
use crate::model::Confidence;

/// What a column of encrypted values is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The name: `a 64-bit block cipher in ECB mode (3DES, DES or Blowfish)`.
    pub name: &'static str,
    /// How sure.
    pub confidence: Confidence,
    /// What the values show.
    pub why: String,
}

/// Fewest values that statistics say anything about.
const FEWEST: usize = 40;

/// Shares and counts over the decoded values.
struct Shown {
    n: f64,
    /// Number of values by decoded length.
    lengths: BTreeMap<usize, usize>,
    /// Share of values that an earlier one equals.
    repeated: f64,
    /// The same for the last eight and the first sixteen bytes.
    tails: f64,
    heads: f64,
    /// Share of the commonest first byte.
    first: f64,
    /// Bits a byte.
    entropy: f64,
    /// Share that is text.
    text: f64,
}

impl Shown {
    fn of(values: &[Vec<u8>]) -> Self {
        let n = values.len() as f64;
        let repeated = |parts: Vec<&[u8]>| {
            let all = parts.len() as f64;
            let different = parts.into_iter().collect::<HashSet<_>>().len() as f64;
            if all < 1.0 { 0.0 } else { 1.0 - different / all }
        };
        let mut lengths = BTreeMap::new();
        let (mut first, mut bytes) = ([0_usize; 256], [0_usize; 256]);
        for value in values {
            *lengths.entry(value.len()).or_default() += 1;
            first[usize::from(value[0])] += 1;
            for byte in value {
                bytes[usize::from(*byte)] += 1;
            }
        }
        let all = bytes.iter().sum::<usize>() as f64;
        let shares = bytes.iter().filter(|count| **count > 0).map(|count| *count as f64 / all);
        let entropy = shares.map(|share| -share * share.log2()).sum::<f64>();
        Self {
            n,
            lengths,
            repeated: repeated(values.iter().map(Vec::as_slice).collect()),
            tails: repeated(values.iter().filter_map(|v| v.len().checked_sub(8).map(|at| &v[at..])).collect()),
            heads: repeated(values.iter().filter_map(|v| v.get(..16)).collect()),
            first: first.iter().max().map_or(0.0, |most| *most as f64 / n),
            // A sample of m bytes shows (256 - 1) / (2 m ln 2) bits too few (Miller 1955).
            entropy: entropy + 255.0 / (2.0 * all * std::f64::consts::LN_2),
            text: values.iter().filter(|value| as_text(value).is_some()).count() as f64 / n,
        }
    }

    /// Share of values whose length is a multiple of `of`.
    fn multiples(&self, of: usize) -> f64 {
        self.lengths.iter().filter(|(len, _)| len.is_multiple_of(of)).map(|(_, n)| *n as f64).sum::<f64>() / self.n
    }

    /// Lengths that at least one value in four hundred has, and two values: long passwords are rare.
    fn usual(&self) -> Vec<usize> {
        self.lengths.iter().filter(|(_, n)| **n >= 2 && **n as f64 >= self.n / 400.0).map(|(len, _)| *len).collect()
    }
}

/// What `values` are by their statistics, if they are encrypted; `None` for text, for digests (one length) and for what
/// shows nothing.
pub fn look(values: &[&[u8]]) -> Option<Look> {
    let values: Vec<&[u8]> =
        values.iter().copied().filter(|value| (1..=LONGEST).contains(&value.len())).take(SAMPLE).collect();
    if values.len() < FEWEST {
        return None;
    }
    let written = Written::of(&values)?;
    let decoded: Vec<Vec<u8>> = values.iter().filter_map(|value| written.decode(value)).collect();
    let shown = Shown::of(&decoded);
    let usual = shown.usual();
    let shortest = *usual.first()?;
    // One length is a digest's; and text is not encrypted.
    if shown.text > 0.5 || usual.len() < 2 {
        return None;
    }
    let (name, sure, why) = if shown.multiples(16) >= 0.98 {
        blocks_of_16(&shown, &usual)?
    } else if shown.multiples(8) >= 0.98 {
        blocks_of_8(&shown, shortest)
    } else {
        any_length(&shown, &usual)?
    };
    let why = format!("{} values in {} {why}", decoded.len(), written.name());
    Some(Look { name, confidence: Confidence::new(sure), why })
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Random initialisation vectors repeat nothing; a copied row or two may.
const NOTHING: f64 = 0.004;
/// Passwords repeat more than that, in some hundreds of rows already.
const SOME: f64 = 0.015;

fn blocks_of_16(shown: &Shown, usual: &[usize]) -> Option<(&'static str, u8, String)> {
    let shortest = *usual.first()?;
    let lengths = "have lengths that are multiples of 16";
    if shown.heads >= 0.9 && shortest >= 32 {
        let why = format!("{lengths}, and nearly all begin with the same 16 bytes");
        return Some(("AES-CBC with a fixed initialisation vector in front", 85, why));
    }
    // MD5, SHA-256 and SHA-512 side by side have no other length.
    if usual.iter().all(|len| matches!(len, 16 | 32 | 64)) && shown.repeated < SOME {
        return None;
    }
    if shown.repeated <= NOTHING && shown.heads <= NOTHING && shortest >= 32 {
        let why = format!("{lengths} from 32 bytes on, and none repeats another, as passwords do");
        return Some((
            "AES-CBC with a random initialisation vector, or another cipher with blocks of 16 bytes",
            70,
            why,
        ));
    }
    if shown.repeated >= SOME {
        let why = format!("{lengths}, and {} repeat another, as passwords do", percent(shown.repeated));
        return Some(("AES-ECB, or AES-CBC with a fixed initialisation vector", 85, why));
    }
    Some(("encrypted with blocks of 16 bytes, as AES is", 60, format!("{lengths}, more than one")))
}

fn blocks_of_8(shown: &Shown, shortest: usize) -> (&'static str, u8, String) {
    let lengths = "have lengths that are multiples of 8 and not of 16";
    if shown.tails >= shown.repeated + 0.1 {
        let (tails, repeated) = (percent(shown.tails), percent(shown.repeated));
        let why = format!("{lengths}; {tails} of the last blocks repeat another, and {repeated} of the values");
        return ("3DES-ECB or another cipher with blocks of 8 bytes in ECB mode (DES, Blowfish)", 90, why);
    }
    if shown.repeated <= NOTHING && shown.tails <= NOTHING && shortest >= 16 {
        let why = format!("{lengths}, and none repeats another, as passwords do");
        let name = "3DES-CBC with a random initialisation vector, or another cipher with blocks of 8 bytes";
        return (name, 70, why);
    }
    if shown.repeated >= SOME {
        let why = format!("{lengths}, and {} repeat another, as passwords do", percent(shown.repeated));
        return ("3DES with a fixed initialisation vector, or another cipher with blocks of 8 bytes", 75, why);
    }
    ("encrypted with blocks of 8 bytes, as 3DES is", 60, format!("{lengths}, more than one"))
}

/// Nonce and tag of an authenticated cipher, in bytes.
const AUTHENTICATED: usize = 28;

fn any_length(shown: &Shown, usual: &[usize]) -> Option<(&'static str, u8, String)> {
    let (shortest, longest) = (*usual.first()?, *usual.last()?);
    if usual.len() < 3 {
        return None;
    }
    if shown.repeated >= SOME && shown.first >= 0.025 && shown.entropy < 7.85 && longest <= 40 {
        let why = format!(
            "have the lengths of passwords; {} repeat another, {} begin with the same byte, and a byte holds {:.1} bits",
            percent(shown.repeated),
            percent(shown.first),
            shown.entropy
        );
        return Some(("a stream cipher with a reused key stream, or XOR", 85, why));
    }
    if shown.repeated <= NOTHING && shown.first < 0.02 && shown.entropy >= 7.9 && shortest > 8 && longest <= 80 {
        if shortest > AUTHENTICATED && longest - AUTHENTICATED <= 40 {
            let why = format!(
                "are as long as passwords and {AUTHENTICATED} bytes more, repeat nothing, and hold {:.1} bits a byte",
                shown.entropy
            );
            return Some(("AES-GCM or another authenticated cipher", 80, why));
        }
        let why = format!("have many lengths, repeat nothing, and hold {:.1} bits a byte", shown.entropy);
        return Some(("a stream cipher with a random nonce", 65, why));
    }
    None
}
