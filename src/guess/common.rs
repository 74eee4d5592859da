//! The embedded list of common passwords: 19,640 words, lower case, commonest first, as Django ships them
//! (`patterns/common-passwords.LICENSE` says where they come from and under which licence).

use std::io::Read;
use std::sync::LazyLock;

/// The embedded list of common passwords, commonest first.
pub struct CommonPasswords {
    /// All words, end to end.
    arena: Vec<u8>,
    /// Where each begins, and where the last one ends.
    offsets: Vec<u32>,
    longest: usize,
    /// A bit for some of a key's bits, to turn away most of what is not in the list: 32 KB, which the first-level cache
    /// holds; one miss in fourteen goes on to `slots`.
    filter: Vec<u64>,
    /// Ranks, by other bits of the key; [`EMPTY`] where there is none.
    slots: Vec<u16>,
}

/// The list; decoded once.
pub fn common() -> &'static CommonPasswords {
    static LIST: LazyLock<CommonPasswords> = LazyLock::new(|| {
        let packed = include_bytes!("../../patterns/common-passwords.txt.gz");
        let mut text = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut text).expect("the embedded list decodes: tested");
        CommonPasswords::new(&text)
    });
    &LIST
}

const FILTER_BITS: u32 = 18;
const SLOT_BITS: u32 = 16;
const EMPTY: u16 = u16::MAX;

impl CommonPasswords {
    /// One word a line, lower case; fewer than 65,535, so that a rank fits a slot and slots stay free.
    fn new(text: &[u8]) -> Self {
        let mut list = Self {
            arena: Vec::with_capacity(text.len()),
            offsets: vec![0],
            longest: 0,
            filter: vec![0; 1 << (FILTER_BITS - 6)],
            slots: vec![EMPTY; 1 << SLOT_BITS],
        };
        for word in text.split(|byte| *byte == b'\n').filter(|word| !word.is_empty()) {
            let rank = list.len() as u16;
            list.arena.extend_from_slice(word);
            list.offsets.push(list.arena.len() as u32);
            list.longest = list.longest.max(word.len());
            let key = key(word);
            let bit = filter_bit(key);
            list.filter[bit / 64] |= 1 << (bit % 64);
            let mut slot = first_slot(key);
            while list.slots[slot] != EMPTY {
                slot = (slot + 1) % (1 << SLOT_BITS);
            }
            list.slots[slot] = rank;
        }
        list
    }

    /// Number of passwords.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// Whether there is no password in it; never, for the embedded list.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The password at `rank` (0 is the commonest). Panics if there is none, like an index.
    pub fn word(&self, rank: usize) -> &[u8] {
        &self.arena[self.offsets[rank] as usize..self.offsets[rank + 1] as usize]
    }

    /// The rank of `password`, if it is in the list (exactly, or in lower case: the list has no capitals, so the one
    /// follows from the other). Called for every cell of a text column; `rank_speed` in the tests measures it.
    #[inline]
    pub fn rank(&self, password: &[u8]) -> Option<u32> {
        if password.is_empty() || password.len() > self.longest {
            return None;
        }
        let key = key(password);
        let bit = filter_bit(key);
        if self.filter[bit / 64] >> (bit % 64) & 1 == 0 {
            return None;
        }
        self.find(password, key)
    }

    fn find(&self, password: &[u8], key: u64) -> Option<u32> {
        let mut slot = first_slot(key);
        while self.slots[slot] != EMPTY {
            let rank = self.slots[slot];
            if self.word(usize::from(rank)).eq_ignore_ascii_case(password) {
                return Some(u32::from(rank));
            }
            slot = (slot + 1) % (1 << SLOT_BITS);
        }
        None
    }
}

/// What it says of a column of digests that one of them is that of a certain common password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// Nothing: numbers of up to four digits, of which the list has one in forty. Ids, PINs and short codes are hashed, too.
    Nothing,
    /// Little by itself: a longer number, which may be a counter or a code.
    Number,
    /// That the values are digests of what people type.
    Word,
}

impl Telling {
    /// What it says that a digest is that of `word`.
    pub fn of(word: &[u8]) -> Self {
        match (word.iter().all(u8::is_ascii_digit), word.len()) {
            (true, 0..=4) => Self::Nothing,
            (true, _) => Self::Number,
            (false, _) => Self::Word,
        }
    }
}

fn filter_bit(key: u64) -> usize {
    (key >> (64 - FILTER_BITS)) as usize
}

fn first_slot(key: u64) -> usize {
    (key >> (64 - FILTER_BITS - SLOT_BITS)) as usize % (1 << SLOT_BITS)
}

/// Mixes length, first and last eight bytes, all in lower case. Longer words share keys, which the comparison sorts out.
#[inline]
pub(super) fn key(word: &[u8]) -> u64 {
    let [head, tail] = ends(word);
    // Odd constants without structure: the fractional parts of the golden ratio and of the square roots of 2 and 3.
    let mixed = head.wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (tail.wrapping_add(word.len() as u64)).wrapping_mul(0x6a09_e667_f3bc_c909).rotate_left(32);
    (mixed ^ (mixed >> 32)).wrapping_mul(0xbb67_ae85_84ca_a73b)
}

/// The first and the last eight bytes in lower case, filled up with zeros; up to sixteen bytes that is all of them.
#[inline]
pub(super) fn ends(word: &[u8]) -> [u64; 2] {
    if let (Some(head), Some(tail)) = (word.first_chunk::<8>(), word.last_chunk::<8>()) {
        [lower(u64::from_le_bytes(*head)), lower(u64::from_le_bytes(*tail))]
    } else if let (Some(head), Some(tail)) = (word.first_chunk::<4>(), word.last_chunk::<4>()) {
        [lower(u64::from(u32::from_le_bytes(*head))), lower(u64::from(u32::from_le_bytes(*tail)))]
    } else {
        [lower(word.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte))), 0]
    }
}

/// ASCII capitals among eight bytes made small.
#[inline]
fn lower(eight: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let low = eight & (0x7f * ONES);
    let from_a = low + (0x80 - u64::from(b'A')) * ONES;
    let past_z = low + (0x7f - u64::from(b'Z')) * ONES;
    let capitals = (from_a & !past_z & !eight) & (0x80 * ONES);
    eight | capitals >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_lower_case_and_without_repetition() {
        let list = common();
        assert_eq!(list.len(), 19_640);
        assert_eq!(list.word(0), b"123456");
        assert_eq!(list.word(3), b"password");
        assert_eq!(list.word(19_639), b"fallen_angel");
        let mut seen = std::collections::HashSet::new();
        for rank in 0..list.len() {
            let word = list.word(rank);
            assert!(!word.iter().any(u8::is_ascii_uppercase), "rank {rank} has a capital");
            assert!(seen.insert(word), "rank {rank} is there twice");
        }
    }

    #[test]
    fn every_word_finds_its_rank_in_any_case_and_with_nothing_added() {
        let list = common();
        for rank in 0..list.len() {
            let word = list.word(rank);
            assert_eq!(list.rank(word), Some(rank as u32));
            assert_eq!(list.rank(&word.to_ascii_uppercase()), Some(rank as u32));
        }
        for stranger in [&b""[..], b"Xq7!vTn2-", b"passwor", b"password\0", b"q\xd7werty", &[b'a'; 500], &[0xff; 66]] {
            assert_eq!(list.rank(stranger), None);
        }
    }

    #[test]
    fn ranks_agree_with_a_plain_search_on_near_misses() {
        let list = common();
        let words: std::collections::HashMap<&[u8], u32> = (0..list.len()).map(|r| (list.word(r), r as u32)).collect();
        for rank in (0..list.len()).step_by(7) {
            for change in 0..4 {
                let mut word = list.word(rank).to_vec();
                let at = rank % word.len();
                match change {
                    0 => word[at] = word[at].wrapping_add(1),
                    1 => word[at] ^= 0x20,
                    2 => word.push(b'1'),
                    _ => drop(word.remove(at)),
                }
                let expected = words.get(word.to_ascii_lowercase().as_slice()).copied();
                assert_eq!(list.rank(&word), expected);
            }
        }
    }
}
