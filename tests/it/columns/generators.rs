//! Invented cells.

// One signature for all, whether or not a maker ever leaves a cell NULL.
#![allow(clippy::unnecessary_wraps)]

use std::collections::HashSet;
use std::sync::OnceLock;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

pub(super) use super::words::{CITIES, FIRST, LAST, TOP, WORDS};

/// xorshift64*, seeded by a text: the same corpus on every machine.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: &str) -> Self {
        let hash = Sha256::digest(seed.as_bytes());
        Self(u64::from_le_bytes(hash[..8].try_into().expect("eight bytes")) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        ((self.next() >> 33) as usize) % end
    }

    pub(super) fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    pub(super) fn string(&mut self, alphabet: &str, len: usize) -> String {
        (0..len).map(|_| char::from(alphabet.as_bytes()[self.below(alphabet.len())])).collect()
    }

    pub(super) fn hex(&mut self, len: usize) -> String {
        self.string("0123456789abcdef", len)
    }
}

pub(super) const ALNUM: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
pub(super) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(super) const DIGITS: &str = "0123456789";

/// Whether `value` is in the list, in a variant of it, or is the digest of one of these.
pub(super) fn is_common(value: &str) -> bool {
    static COMMON: OnceLock<HashSet<String>> = OnceLock::new();
    let common = COMMON.get_or_init(|| {
        let mut words: Vec<String> = TOP.iter().map(|word| (*word).to_owned()).collect();
        words.extend(TOP.iter().take(140).map(|word| format!("{word}1")));
        let digests: Vec<String> =
            words.iter().flat_map(|word| [md5_hex(word), sha1_hex(word), sha256_hex(word)]).collect();
        words.into_iter().chain(digests).collect()
    });
    common.contains(value) || common.contains(&value.to_lowercase())
}

pub(super) fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}

pub(super) fn sha1_hex(text: &str) -> String {
    hex::encode(Sha1::digest(text.as_bytes()))
}

pub(super) fn sha256_hex(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// A password as people choose them: a tenth from the top of the list, the rest words with digits, names with years,
/// digits, random.
pub(super) fn password(random: &mut Random, _row: usize) -> Option<String> {
    Some(match random.below(100) {
        0..10 => {
            // The first are far more frequent than the last.
            let at = random.below(TOP.len()) * random.below(TOP.len()) / TOP.len();
            TOP[at].to_owned()
        }
        10..40 => format!("{}{}", random.pick(&WORDS), random.below(100)),
        40..55 => format!("{}{}", random.pick(&FIRST).to_lowercase(), 1960 + random.below(50)),
        55..65 => format!("{}{}!", capital(random.pick(&WORDS)), random.below(1000)),
        65..73 => format!("{}{}", random.pick(&FIRST), random.below(1000)),
        73..80 => {
            let len = 6 + random.below(3);
            random.string(DIGITS, len)
        }
        80..90 => format!("{}{}", random.pick(&WORDS), random.pick(&WORDS)),
        90..94 => format!("{}_{}#", random.pick(&WORDS), random.below(50)),
        _ => {
            let len = 8 + random.below(6);
            random.string(ALNUM, len)
        }
    })
}

fn capital(word: &str) -> String {
    word[..1].to_uppercase() + &word[1..]
}

pub(super) fn md5(random: &mut Random, row: usize) -> Option<String> {
    password(random, row).map(|word| md5_hex(&word))
}

pub(super) fn sha1(random: &mut Random, row: usize) -> Option<String> {
    password(random, row).map(|word| sha1_hex(&word))
}

pub(super) fn sha256(random: &mut Random, row: usize) -> Option<String> {
    password(random, row).map(|word| sha256_hex(&word))
}

/// As a salted digest looks: no two alike, none of them known.
pub(super) fn hex32(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.hex(32))
}

pub(super) fn hex40(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.hex(40))
}

pub(super) fn hex64(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.hex(64))
}

pub(super) fn hex128(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.hex(128))
}

pub(super) fn joomla(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!("{}:{}", random.hex(32), random.string(ALNUM, 32)))
}

pub(super) fn bcrypt(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!("$2y$10${}", random.string(ALNUM, 53)))
}

pub(super) fn phpass(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!("$P$B{}", random.string(ALNUM, 30)))
}

pub(super) fn pbkdf2(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!("pbkdf2_sha256$260000${}${}=", random.string(ALNUM, 12), random.string(ALNUM, 43)))
}

pub(super) fn base64_sha1(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.string(ALNUM, 27) + "=")
}

pub(super) fn salt(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.string("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#%&*+", 8))
}

pub(super) fn hex_salt(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.hex(10))
}

pub(super) fn id(_random: &mut Random, row: usize) -> Option<String> {
    Some((row + 1).to_string())
}

pub(super) fn email(random: &mut Random, row: usize) -> Option<String> {
    let (first, last) = (random.pick(&FIRST).to_lowercase(), random.pick(&WORDS));
    Some(format!("{first}.{last}{row}@example.{}", random.pick(&["org", "com", "net"])))
}

/// A login as people choose them; many would be in a list of common passwords, no two are the same.
pub(super) fn username(random: &mut Random, row: usize) -> Option<String> {
    let word = (row % 23 == 1 && row < TOP.len() * 4)
        .then(|| TOP[(row / 4) % TOP.len()])
        .filter(|word| word.bytes().all(|b| b.is_ascii_alphabetic()));
    Some(match (word, random.below(6)) {
        (Some(word), _) => word.to_owned(),
        (_, 0) => format!("{}{row}", random.pick(&FIRST).to_lowercase()),
        (_, 1) => format!("{}.{}{row}", random.pick(&FIRST).to_lowercase(), random.pick(&WORDS)),
        (_, 2) => format!("{}_{}{row}", random.pick(&WORDS), random.pick(&WORDS)),
        (_, 3) => format!("{}{}", random.pick(&WORDS), random.pick(&WORDS)) + &letters(row),
        (_, 4) => format!("{}{}{row}", &random.pick(&FIRST).to_lowercase()[..1], random.pick(&WORDS)),
        _ => format!("{}{row}", capital(random.pick(&WORDS))),
    })
}

/// A number in letters.
fn letters(mut number: usize) -> String {
    let mut text = String::new();
    while number > 0 {
        text.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    text
}

pub(super) fn first_name(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&FIRST).to_owned())
}

pub(super) fn last_name(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&LAST).to_owned())
}

pub(super) fn full_name(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!("{} {}", random.pick(&FIRST), random.pick(&LAST)))
}

pub(super) fn city(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&CITIES).to_owned())
}

pub(super) fn word(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&WORDS).to_owned())
}

pub(super) fn instant(random: &mut Random, _row: usize) -> Option<String> {
    let (year, month, day) = (2005 + random.below(20), 1 + random.below(12), 1 + random.below(28));
    Some(format!("{year}-{month:02}-{day:02} {:02}:{:02}:{:02}", random.below(24), random.below(60), random.below(60)))
}

pub(super) fn maybe_instant(random: &mut Random, row: usize) -> Option<String> {
    if random.below(10) == 0 { instant(random, row) } else { None }
}

pub(super) fn unix_time(random: &mut Random, _row: usize) -> Option<String> {
    Some((1_200_000_000 + random.below(500_000_000)).to_string())
}

pub(super) fn flag(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.below(2).to_string())
}

pub(super) fn truth(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&["t", "f"]).to_owned())
}

pub(super) fn role(random: &mut Random, _row: usize) -> Option<String> {
    Some(random.pick(&["admin", "user", "editor", "guest"]).to_owned())
}

pub(super) fn phone(random: &mut Random, _row: usize) -> Option<String> {
    Some(match random.below(3) {
        0 => format!("+49 {} {}", random.string("123456789", 3), random.string(DIGITS, 7)),
        1 => format!("0{}", random.string("123456789", 10)),
        _ => format!("({}) {}-{}", random.string("123456789", 3), random.string(DIGITS, 3), random.string(DIGITS, 4)),
    })
}

pub(super) fn street(random: &mut Random, _row: usize) -> Option<String> {
    Some(format!(
        "{} {} {}",
        1 + random.below(200),
        capital(random.pick(&WORDS)),
        random.pick(&["Street", "Road", "Weg"])
    ))
}

/// A login without separators; one in five is in the list of common passwords.
pub(super) fn handle(random: &mut Random, row: usize) -> Option<String> {
    Some(match random.below(5) {
        0 if row < TOP.len() && TOP[row].bytes().all(|b| b.is_ascii_alphabetic()) => TOP[row].to_owned(),
        1 => format!("{}{row}", random.pick(&FIRST)),
        2 => format!("{}{}", random.pick(&WORDS), 10_000 + row),
        3 => format!("{}{}", random.pick(&WORDS), letters(row + 30)),
        _ => format!("{}{row}", random.pick(&WORDS)),
    })
}
