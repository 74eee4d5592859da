//! What is known about a column's values, in some 3 KiB whatever their number.
//!
//! Everything kept is a sum, a minimum, a maximum or a register of a distinct count, so parts merge in any order to the
//! same whole. No value is kept.

use std::fmt;
use std::sync::OnceLock;

use crate::model::{Form, FormDef, FormKind};

use super::names;
use super::shape::{Classes, Kind};

/// Registers of the count of distinct values: 2048 give a standard error of 1.04/√2048 = 2.3 % (Flajolet et al. 2007).
const DISTINCT: usize = 2048;
/// Registers of the smaller distinct counts (common passwords met, patterns of classes): enough to tell 3 from 30.
const FEW: usize = 128;
/// Lengths counted one by one; longer ones share the last place.
pub(super) const LENGTHS: usize = 64;

/// What is known about a column's values; two parts of a column merge into the whole, in any order, to the same result.
#[derive(Clone)]
pub struct ColumnStats {
    pub(super) nulls: u64,
    pub(super) empties: u64,
    pub(super) values: u64,
    pub(super) forms: Vec<FormCount>,
    pub(super) kinds: [u64; Kind::COUNT],
    pub(super) combinations: [u64; 16],
    pub(super) lengths: [u64; LENGTHS + 1],
    pub(super) min_len: u64,
    pub(super) max_len: u64,
    pub(super) sum_len: u64,
    pub(super) min_int: u64,
    pub(super) max_int: u64,
    pub(super) leading_zeros: u64,
    pub(super) letters: u64,
    pub(super) vowels: u64,
    pub(super) with_special: u64,
    pub(super) with_space: u64,
    pub(super) with_high: u64,
    pub(super) flags: u64,
    pub(super) first_names: u64,
    pub(super) common: u64,
    /// How many of `common` are numbers, by their digests.
    pub(super) numbers: u64,
    /// Whether the values were seen to be digests of another column's: that one's place.
    pub(super) digest_of: Option<u32>,
    common_registers: [u8; FEW],
    pattern_registers: [u8; FEW],
    distinct_registers: [u8; DISTINCT],
}

/// How often a form occurred.
#[derive(Clone, Copy)]
pub(super) struct FormCount {
    pub def: &'static FormDef,
    pub count: u64,
    /// How many of these values are (digests of) common passwords.
    pub common: u64,
    /// One bit for each hash of the parameters met.
    params: u64,
}

impl Default for ColumnStats {
    fn default() -> Self {
        Self {
            nulls: 0,
            empties: 0,
            values: 0,
            forms: Vec::new(),
            kinds: [0; Kind::COUNT],
            combinations: [0; 16],
            lengths: [0; LENGTHS + 1],
            min_len: u64::MAX,
            max_len: 0,
            sum_len: 0,
            min_int: u64::MAX,
            max_int: 0,
            leading_zeros: 0,
            letters: 0,
            vowels: 0,
            with_special: 0,
            with_space: 0,
            with_high: 0,
            flags: 0,
            first_names: 0,
            common: 0,
            numbers: 0,
            digest_of: None,
            common_registers: [0; FEW],
            pattern_registers: [0; FEW],
            distinct_registers: [0; DISTINCT],
        }
    }
}

impl fmt::Debug for ColumnStats {
    /// Counts only: the smallest and largest number of a column are values of the table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ColumnStats")
            .field("rows", &self.rows())
            .field("values", &self.values)
            .field("common", &self.common)
            .finish_non_exhaustive()
    }
}

impl ColumnStats {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One cell. `form` is what the scheme family says of it, `common` whether it is in the list of common passwords, or
    /// is the digest of one. Runs for every cell of a candidate column: measured 10–15 ns for digests and 27 ns for short
    /// text (CPU time with both cores of a busy two-core machine shared).
    pub fn observe(&mut self, cell: Option<&[u8]>, form: Form, common: bool) {
        let Some(value) = cell else {
            self.nulls += 1;
            return;
        };
        if value.is_empty() {
            self.empties += 1;
            return;
        }
        if form.kind() == FormKind::Digest {
            self.observe_digest(value, common);
            self.observe_alike(form, value.len(), 1, u64::from(common));
            return;
        }
        let hash = hash(value);
        self.observe_hash(hash, common);
        self.observe_len(form, value.len(), 1, u64::from(common));
        // A value that names its scheme needs no further look, and is long.
        if form.kind() != FormKind::Modular {
            self.observe_shape(value, hash);
        }
    }

    /// What is different in every digest, of which the rest is told by [`observe_alike`](Self::observe_alike): the two
    /// are [`observe`](Self::observe) for digests, which are many, and alike. They differ at their ends as they do anywhere.
    #[inline]
    pub fn observe_digest(&mut self, value: &[u8], common: bool) {
        self.observe_hash(hash(value.last_chunk::<16>().map_or(value, |last| last)), common);
    }

    /// `count` digests of one form and length (which is not 0), `common` of them of common passwords. Their form says of
    /// what they are made.
    pub fn observe_alike(&mut self, form: Form, len: usize, count: u64, common: u64) {
        self.observe_len(form, len, count, common);
        let kind = if len == 2 * form.def.digest_len { Kind::Hex } else { Kind::Token };
        self.kinds[kind as usize] += count;
    }

    /// `count` of the digests of common passwords were of numbers: what somebody hashed there may be a number just as well.
    pub fn observe_numbers(&mut self, count: u64) {
        self.numbers += count;
    }

    /// The values are digests of what stands beside them in `column`: an address for its picture, a number for a link.
    pub fn set_digest_of(&mut self, column: usize) {
        self.digest_of = u32::try_from(column).ok();
    }

    #[inline]
    fn observe_hash(&mut self, hash: u64, common: bool) {
        register(&mut self.distinct_registers, hash);
        if common {
            register(&mut self.common_registers, hash);
        }
    }

    fn observe_len(&mut self, form: Form, len: usize, count: u64, common: u64) {
        self.values += count;
        self.common += common;
        self.observe_form(form, count, common);
        self.lengths[len.min(LENGTHS)] += count;
        let len = len as u64;
        self.min_len = self.min_len.min(len);
        self.max_len = self.max_len.max(len);
        self.sum_len += len * count;
    }

    fn observe_form(&mut self, form: Form, count: u64, common: u64) {
        let params = 1 << (finish(form.params ^ 0x9e37_79b9_7f4a_7c15) >> 58);
        if let Some(known) = self.forms.iter_mut().find(|known| std::ptr::eq(known.def, form.def)) {
            known.count += count;
            known.common += common;
            known.params |= params;
        } else {
            // As many entries as there are forms in the program, at most.
            self.forms.push(FormCount { def: form.def, count, common, params });
        }
    }

    fn observe_shape(&mut self, value: &[u8], hash: u64) {
        let classes = Classes::of(value);
        let kind = Kind::of(value, classes);
        self.kinds[kind as usize] += 1;
        self.combinations[classes.combination()] += 1;
        let (low, high) = classes.bits();
        register(&mut self.pattern_registers, finish(low ^ mix(high)));
        self.letters += classes.letters() as u64;
        self.vowels += classes.vowels() as u64;
        self.with_special += u64::from(classes.special() > 0);
        self.with_space += u64::from(classes.spaces() > 0);
        self.with_high += u64::from(classes.high() > 0);
        match kind {
            Kind::Integer => {
                let number = value.iter().fold(0u64, |n, b| n.saturating_mul(10).saturating_add(u64::from(b - b'0')));
                self.min_int = self.min_int.min(number);
                self.max_int = self.max_int.max(number);
                self.leading_zeros += u64::from(value.len() > 1 && value[0] == b'0');
                self.flags += u64::from(value.len() == 1 && number <= 1);
            }
            Kind::Lower | Kind::Upper | Kind::Capital if value.len() <= Lexicon::LONGEST => {
                match lexicon().find(hash) {
                    Some(Word::FirstName) => self.first_names += 1,
                    Some(Word::Flag) => self.flags += 1,
                    None => {}
                }
            }
            Kind::Words => {
                let first = value.split(|&b| b == b' ').next().unwrap_or(value);
                self.first_names += u64::from(lexicon().find(self::hash(first)) == Some(Word::FirstName));
            }
            _ => {}
        }
    }

    /// Adds what another part of the column showed.
    pub fn merge(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.nulls, other.nulls),
            (&mut self.empties, other.empties),
            (&mut self.values, other.values),
            (&mut self.sum_len, other.sum_len),
            (&mut self.leading_zeros, other.leading_zeros),
            (&mut self.letters, other.letters),
            (&mut self.vowels, other.vowels),
            (&mut self.with_special, other.with_special),
            (&mut self.with_space, other.with_space),
            (&mut self.with_high, other.with_high),
            (&mut self.flags, other.flags),
            (&mut self.first_names, other.first_names),
            (&mut self.common, other.common),
            (&mut self.numbers, other.numbers),
        ] {
            *sum += more;
        }
        self.digest_of = self.digest_of.or(other.digest_of);
        add(&mut self.kinds, &other.kinds);
        add(&mut self.combinations, &other.combinations);
        add(&mut self.lengths, &other.lengths);
        self.min_len = self.min_len.min(other.min_len);
        self.max_len = self.max_len.max(other.max_len);
        self.min_int = self.min_int.min(other.min_int);
        self.max_int = self.max_int.max(other.max_int);
        highest(&mut self.common_registers, &other.common_registers);
        highest(&mut self.pattern_registers, &other.pattern_registers);
        highest(&mut self.distinct_registers, &other.distinct_registers);
        for form in &other.forms {
            if let Some(known) = self.forms.iter_mut().find(|known| std::ptr::eq(known.def, form.def)) {
                known.count += form.count;
                known.common += form.common;
                known.params |= form.params;
            } else {
                self.forms.push(*form);
            }
        }
    }

    /// Cells seen, NULLs included.
    pub fn rows(&self) -> u64 {
        self.nulls + self.empties + self.values
    }

    /// Cells seen that are neither NULL nor empty.
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Estimate of the distinct values; within 5 % nearly always, and never more than [`values`](Self::values).
    pub fn distinct(&self) -> u64 {
        estimate(&self.distinct_registers, self.values)
    }

    /// Estimate of the distinct common passwords among the values.
    pub fn distinct_common(&self) -> u64 {
        estimate(&self.common_registers, self.common)
    }

    /// Estimate of the distinct patterns of byte classes; a column of codes made to one pattern has one or a few.
    pub(super) fn patterns(&self) -> u64 {
        estimate(&self.pattern_registers, self.values)
    }
}

fn add<const N: usize>(sums: &mut [u64; N], more: &[u64; N]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}

fn highest(registers: &mut [u8], others: &[u8]) {
    for (register, &other) in registers.iter_mut().zip(others) {
        *register = (*register).max(other);
    }
}

/// Notes a hash in the registers of a `HyperLogLog` whose number is a power of two.
fn register(registers: &mut [u8], hash: u64) {
    let bits = registers.len().trailing_zeros();
    let index = (hash >> (64 - bits)) as usize;
    let rank = ((hash << bits) | 1).leading_zeros() as u8 + 1;
    if rank > registers[index] {
        registers[index] = rank;
    }
}

/// Flajolet et al. 2007, with linear counting for the small range; `most` is the number of values seen.
fn estimate(registers: &[u8], most: u64) -> u64 {
    let count = registers.len() as f64;
    let zeros = registers.iter().map(|&register| u32::from(register == 0)).sum::<u32>();
    let zeros = f64::from(zeros);
    // 2 to the power of minus what the register holds, which is 64 at most.
    let part = |register: u8| f64::from_bits((1023 - u64::from(register)) << 52);
    let sum: f64 = registers.iter().map(|&register| part(register)).sum();
    let raw = 0.7213 / (1.0 + 1.079 / count) * count * count / sum;
    let estimate = if raw <= 2.5 * count && zeros > 0.0 { count * (count / zeros).ln() } else { raw };
    // Between 0 and a few times 2^61 by construction.
    #[allow(clippy::cast_sign_loss)]
    let estimate = estimate.round() as u64;
    estimate.min(most)
}

/// Bytes from which on a value is hashed by its ends only.
const HASHED: usize = 128;

/// A fast 64-bit hash: multiply and fold, as in wyhash. Not keyed: a hostile column can spoil no more than its own
/// distinct count.
fn hash(value: &[u8]) -> u64 {
    if value.len() > HASHED {
        let (head, tail) = (&value[..HASHED / 2], &value[value.len() - HASHED / 2..]);
        return mix(hash(head) ^ mix(hash(tail) ^ value.len() as u64));
    }
    // Multiplied, so that the length does not cancel a difference in the bytes.
    let mut state = (value.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // Overlapping reads at both ends spare a copy of variable length.
    match value {
        [] => {}
        [first, .., last] if value.len() < 4 => state ^= u64::from_le_bytes([*first, value[1], *last, 0, 0, 0, 0, 0]),
        [only] => state ^= u64::from(*only),
        _ => {
            if let (Some(head), Some(tail)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
                let words = value[..value.len() - 1].as_chunks::<8>().0;
                state ^= u64::from_le_bytes(*head);
                for word in words.iter().skip(1) {
                    state = mix(state) ^ u64::from_le_bytes(*word);
                }
                state = mix(state) ^ u64::from_le_bytes(*tail);
            } else if let (Some(head), Some(tail)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
                let words = u64::from(u32::from_le_bytes(*head)) << 32 | u64::from(u32::from_le_bytes(*tail));
                state ^= words;
            }
        }
    }
    finish(state)
}

/// The finaliser of `MurmurHash3` (fmix64, public domain): every bit of the input reaches every bit of the output.
fn finish(mut word: u64) -> u64 {
    word = (word ^ (word >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    word = (word ^ (word >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ (word >> 33)
}

fn mix(word: u64) -> u64 {
    let product = u128::from(word ^ 0xe703_7ed1_a0b4_28db) * 0x8ebc_6af0_9c88_c6e3_u128;
    (product >> 64) as u64 ^ product as u64
}

/// What a word of the lexicon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    FirstName,
    Flag,
}

/// First names and flags by hash, in lower case, capitalised and in upper case.
struct Lexicon {
    slots: Vec<Option<(u64, Word)>>,
}

impl Lexicon {
    /// Longest word in it, in bytes.
    const LONGEST: usize = 16;

    fn new() -> Self {
        let words: Vec<(&str, Word)> = names::first_names()
            .map(|name| (name, Word::FirstName))
            .chain(names::flags().map(|flag| (flag, Word::Flag)))
            .collect();
        let mut lexicon = Self { slots: vec![None; (words.len() * 3 * 2).next_power_of_two()] };
        for (word, what) in words {
            let mut letters = word.chars();
            let capital: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
            for form in [word.to_owned(), capital, word.to_uppercase()] {
                lexicon.insert(hash(form.as_bytes()), what);
            }
        }
        lexicon
    }

    fn insert(&mut self, hash: u64, what: Word) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].is_some_and(|(known, _)| known != hash) {
            at = (at + 1) & mask;
        }
        self.slots[at].get_or_insert((hash, what));
    }

    fn find(&self, hash: u64) -> Option<Word> {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while let Some((known, what)) = self.slots[at] {
            if known == hash {
                return Some(what);
            }
            at = (at + 1) & mask;
        }
        None
    }
}

fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(Lexicon::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    static TEXT: FormDef = FormDef { name: "text", kind: FormKind::Text, digest_len: 0 };
    static HEX40: FormDef = FormDef { name: "hex40", kind: FormKind::Digest, digest_len: 20 };

    fn column(values: impl IntoIterator<Item = String>) -> ColumnStats {
        let mut stats = ColumnStats::new();
        for value in values {
            stats.observe(Some(value.as_bytes()), Form::plain(&TEXT), false);
        }
        stats
    }

    #[test]
    fn distinct_values_are_counted_within_five_percent() {
        for count in [1u64, 10, 100, 1000, 5000, 20_000, 300_000] {
            let made: [fn(u64) -> String; 4] = [
                |n| format!("value{n}"),
                |n| n.to_string(),
                |n| format!("2021-02-19 {:02}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60),
                |n| format!("somebody.{n}@mail.example.org"),
            ];
            for made in made {
                let distinct = column((0..count).map(made)).distinct();
                assert!(distinct.abs_diff(count) as f64 <= 0.06 * count as f64 + 0.5, "{count}: {distinct}");
            }
        }
        assert_eq!(column((0..1000).map(|_| "same".to_owned())).distinct(), 1);
    }

    #[test]
    fn nulls_empty_cells_and_values_are_counted_apart() {
        let mut stats = column(["a".to_owned(), "b".to_owned()]);
        stats.observe(None, Form::plain(&TEXT), false);
        stats.observe(Some(b""), Form::plain(&TEXT), false);
        assert_eq!((stats.rows(), stats.values()), (4, 2));
    }

    #[test]
    fn statistics_are_small() {
        assert!(size_of::<ColumnStats>() <= 4096, "{}", size_of::<ColumnStats>());
    }

    #[test]
    fn first_names_and_flags_are_counted_in_any_case() {
        let stats = column(["anna", "MICHAEL", "Klaus", "Anna Schmidt", "zebra"].map(str::to_owned));
        assert_eq!(stats.first_names, 4);
        assert_eq!(column(["1", "0", "true", "Ja", "GESPERRT", "2"].map(str::to_owned)).flags, 5);
    }

    #[test]
    fn debug_output_never_holds_a_value() {
        let shown = format!("{:?}", column(["48151623".to_owned()]));
        assert!(!shown.contains("48151623"), "{shown}");
    }

    /// `cargo test --release --lib columns -- --ignored --nocapture time_of`
    #[test]
    #[ignore = "measures"]
    fn time_of_observing_typical_cells() {
        for (what, values) in [
            ("names", ["Anna", "Michael", "Scarlett", "Jean-Luc"]),
            ("passwords", ["dragon87", "Summer2021!", "123456", "monkey"]),
            ("hex40", ["8cb2237d0679ca88db6464eac60da96345513964"; 4]),
            ("emails", ["anna.schmidt@example.org", "m@example.com", "scarlett@example.net", "x.y@example.org"]),
            ("dates", ["2021-02-19 17:18:00"; 4]),
        ] {
            let form = Form::plain(if what == "hex40" { &HEX40 } else { &TEXT });
            let mut stats = ColumnStats::new();
            let start = std::time::Instant::now();
            let rounds = 2_000_000u64;
            for round in 0..rounds {
                let value = std::hint::black_box(values[round as usize & 3].as_bytes());
                stats.observe(Some(value), form, false);
            }
            println!("{what}: {:.1} ns", start.elapsed().as_nanos() as f64 / rounds as f64);
            assert_eq!(stats.values(), rounds);
        }
    }
}
