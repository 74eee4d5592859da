//! Which common password is behind an unsalted digest: all of them hashed beforehand, under every formula asked for.

use std::sync::OnceLock;

use super::common::common;
use super::lanes::Variant;
use super::search::each_digest;
use crate::model::Formula;

/// A common password's digest was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Under which formula.
    pub formula: Formula,
    /// Which common password.
    pub rank: u32,
}

/// Digests of all common passwords (and the empty one is not among them) under unsalted formulas.
///
/// 16 bytes of each digest (shorter ones over and over) are kept and compared: with 160,000 digests, a stranger is taken for one of them once in 2^110.
pub struct DigestIndex {
    variant: Variant,
    formulas: Vec<Formula>,
    /// One for every length of digest, made when a digest of that length is first looked up: most inputs have one
    /// length or two, and all tables together take 40 ms.
    tables: Vec<(usize, OnceLock<Table>)>,
}

impl DigestIndex {
    /// Of every word under every formula of `formulas`; salted ones are left out. If one digest stands for two formulas
    /// (only by naming one twice), the first is reported.
    pub fn build(formulas: &[Formula]) -> Self {
        Self::build_on(Variant::best(), formulas)
    }

    fn build_on(variant: Variant, formulas: &[Formula]) -> Self {
        let mut index = Self { variant, formulas: Vec::new(), tables: Vec::new() };
        for &formula in formulas {
            if !formula.is_salted() && !index.formulas.contains(&formula) {
                index.formulas.push(formula);
                let len = formula.digest_len();
                if !index.tables.iter().any(|(of, _)| *of == len) {
                    index.tables.push((len, OnceLock::new()));
                }
            }
        }
        index
    }

    /// The digests of `len` bytes.
    #[cold]
    fn table(&self, len: usize) -> Table {
        let list = common();
        let words: Vec<&[u8]> = (0..list.len()).map(|rank| list.word(rank)).collect();
        let formulas = || self.formulas.iter().enumerate().filter(|(_, formula)| formula.digest_len() == len);
        let mut table = Table::new(formulas().count() * words.len());
        for (number, &formula) in formulas() {
            each_digest(self.variant, formula, &words, |rank, digest| {
                table.insert(digest, number as u32, rank as u32);
            });
        }
        table
    }

    /// The formulas it holds digests of.
    pub fn formulas(&self) -> &[Formula] {
        &self.formulas
    }

    /// The word behind `digest`, if it is one of the list's. About 10 ns for a miss.
    #[inline]
    pub fn find(&self, digest: &[u8]) -> Option<Hit> {
        let (len, table) = self.tables.iter().find(|(len, _)| *len == digest.len())?;
        let (formula, rank) = table.get_or_init(|| self.table(*len)).find(digest)?;
        Some(Hit { formula: self.formulas[formula as usize], rank })
    }
}

/// Digests of one length. A digest's bits are as good as random, so they are used as they are.
struct Table {
    /// Sixteen bits a digest, two of them set and both in one word: one stranger in fifty goes on. 160 KB for four
    /// formulas, which the second-level cache holds.
    filter: Vec<u64>,
    /// Numbers of entries plus one; 0 where there is none.
    slots: Vec<u32>,
    entries: Vec<Entry>,
}

/// The first sixteen bytes of a digest; a shorter one is repeated, so that all bits of the key differ.
#[inline]
fn sixteen(digest: &[u8]) -> [u8; 16] {
    digest.first_chunk().copied().unwrap_or_else(|| std::array::from_fn(|i| digest[i % digest.len()]))
}

struct Entry {
    digest: [u8; 16],
    formula: u32,
    rank: u32,
}

/// The bits of a digest that are used: which word of the filter and which bits in it, which slot.
struct Bits {
    word: usize,
    mask: u64,
    slot: usize,
}

impl Table {
    fn new(capacity: usize) -> Self {
        Self {
            filter: vec![0; (capacity / 4).next_power_of_two()],
            slots: vec![0; (2 * capacity).next_power_of_two()],
            entries: Vec::with_capacity(capacity),
        }
    }

    #[inline]
    fn bits(&self, digest: &[u8; 16]) -> Bits {
        let both = u128::from_le_bytes(*digest);
        let (first, second) = (both as u64, (both >> 64) as u64);
        Bits {
            word: first as usize & (self.filter.len() - 1),
            mask: 1 << (first >> 58) | 1 << (first >> 52 & 63),
            slot: second as usize & (self.slots.len() - 1),
        }
    }

    fn insert(&mut self, digest: &[u8], formula: u32, rank: u32) {
        let digest = &sixteen(digest);
        let bits = self.bits(digest);
        self.filter[bits.word] |= bits.mask;
        let mut slot = bits.slot;
        while self.slots[slot] != 0 {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        self.entries.push(Entry { digest: *digest, formula, rank });
        self.slots[slot] = self.entries.len() as u32;
    }

    #[inline]
    fn find(&self, digest: &[u8]) -> Option<(u32, u32)> {
        let digest = &sixteen(digest);
        let bits = self.bits(digest);
        if self.filter[bits.word] & bits.mask != bits.mask {
            return None;
        }
        let mut slot = bits.slot;
        while let Some(number) = self.slots[slot].checked_sub(1) {
            let entry = &self.entries[number as usize];
            if entry.digest == *digest {
                return Some((entry.formula, entry.rank));
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{Algorithm, Salts};

    /// Eight unsalted formulas that are in use.
    pub(in super::super) const EIGHT: [Formula; 8] = [
        Formula::Plain(Algorithm::Md5),
        Formula::Plain(Algorithm::Ntlm),
        Formula::TwiceHex(Algorithm::Md5),
        Formula::Plain(Algorithm::Sha1),
        Formula::TwiceRaw(Algorithm::Sha1),
        Formula::TwiceHex(Algorithm::Sha1),
        Formula::Plain(Algorithm::Sha256),
        Formula::Plain(Algorithm::Sha512),
    ];

    #[test]
    fn every_digest_leads_back_to_its_word_and_formula() {
        let list = common();
        for variant in Variant::available() {
            let index = DigestIndex::build_on(variant, &EIGHT);
            for formula in EIGHT {
                for rank in (0..list.len()).step_by(13).chain([1183, list.len() - 1]) {
                    let mut out = [0; 64];
                    let len = formula.evaluate(list.word(rank), &Salts::NONE, &mut out);
                    assert_eq!(index.find(&out[..len]), Some(Hit { formula, rank: rank as u32 }), "{variant:?}");
                    out[15] ^= 1;
                    assert_eq!(index.find(&out[..len]), None);
                }
            }
        }
    }

    #[test]
    fn strangers_other_lengths_and_salted_formulas_find_nothing() {
        let index = DigestIndex::build(&[Formula::Plain(Algorithm::Md5), Formula::SaltPass(Algorithm::Sha1)]);
        let mut out = [0; 64];
        let len = Formula::Plain(Algorithm::Md5).evaluate(b"", &Salts::NONE, &mut out);
        assert_eq!(index.find(&out[..len]), None, "the empty password is not in the list");
        let len = Formula::Plain(Algorithm::Md5).evaluate(b"123456", &Salts::NONE, &mut out);
        assert!(index.find(&out[..len]).is_some());
        for other in [0, 1, 8, 15, 17, 20, 32, 64] {
            assert_eq!(index.find(&out[..other]), None);
        }
        let len = Formula::Plain(Algorithm::Sha1).evaluate(b"123456", &Salts::NONE, &mut out);
        assert_eq!(index.find(&out[..len]), None);
        assert_eq!(DigestIndex::build(&[]).find(&out[..len]), None);
    }
}
