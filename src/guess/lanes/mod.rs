//! Many messages through one hash at a time: rows of lanes, the instruction sets they are compiled for, and the choice
//! between them at run time. What is hashed, and against what, is [`search`](super::search)'s and
//! [`pairs`](super::pairs)' business.

// Inlining is what compiles the kernels for the instruction set of the function that calls them; and loops over lanes
// count, because that is the form the vectoriser was seen to take.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use super::kernels;
use crate::model::{Algorithm, copy_short};

#[cfg(target_arch = "x86_64")]
mod x86;

/// Messages hashed together. Two registers of AVX-512: while one waits for its last step, the other goes on.
pub(super) const LANES: usize = 32;

/// The same word of every lane.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Row(pub(super) [u32; LANES]);

impl Row {
    /// `word` in every lane.
    #[inline(always)]
    pub(super) const fn all(word: u32) -> Self {
        Self([word; LANES])
    }
}

/// Chaining values of every lane; MD5 and MD4 use four rows, SHA-1 five, SHA-256 eight.
pub(super) type State = [Row; 8];

/// Bytes a lane's text may take, padding included: two blocks.
pub(super) const TEXT: usize = 128;

/// One block of one lane's text.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub(super) struct Block(pub(super) [u8; BLOCK]);

/// Bytes of a block: RFC 1320, RFC 1321 and FIPS 180-4, section 1.
const BLOCK: usize = 64;

/// Longest text that fits into one block with 0x80 and eight bytes of length.
pub(super) const ONE_BLOCK: usize = BLOCK - 9;
/// The same for two blocks.
pub(super) const TWO_BLOCKS: usize = 2 * BLOCK - 9;

impl Block {
    /// All zeros.
    pub(super) const ZERO: Self = Self([0; BLOCK]);
}

/// A hash that has a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Core {
    Md5,
    Md4,
    Sha1,
    Sha256,
}

impl Core {
    /// The kernel beneath `algorithm`; those without one go one at a time.
    pub(super) const fn of(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Md5 => Some(Self::Md5),
            Algorithm::Ntlm => Some(Self::Md4),
            Algorithm::Sha1 => Some(Self::Sha1),
            Algorithm::Sha256 => Some(Self::Sha256),
            _ => None,
        }
    }

    /// Whether words are read and written most significant byte first.
    #[inline]
    pub(super) const fn is_big_endian(self) -> bool {
        matches!(self, Self::Sha1 | Self::Sha256)
    }

    /// Words of the digest.
    #[inline]
    pub(super) const fn words(self) -> usize {
        match self {
            Self::Md5 | Self::Md4 => 4,
            Self::Sha1 => 5,
            Self::Sha256 => 8,
        }
    }

    /// Four bytes as this hash reads them.
    #[inline]
    pub(super) const fn word(self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian() { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }

    /// A word as this hash writes it.
    #[inline]
    pub(super) const fn bytes(self, word: u32) -> [u8; 4] {
        if self.is_big_endian() { word.to_be_bytes() } else { word.to_le_bytes() }
    }

    /// A message's length in bits, as the last eight bytes of its last block.
    #[inline]
    pub(super) const fn length_field(self, bytes: usize) -> [u8; 8] {
        let bits = (bytes as u64) << 3;
        if self.is_big_endian() { bits.to_be_bytes() } else { bits.to_le_bytes() }
    }

    /// The state before the first block: RFC 1320 and 1321, section 3.3; FIPS 180-4, sections 5.3.1 and 5.3.3.
    pub(super) const fn initial(self) -> State {
        let words: [u32; 8] = match self {
            Self::Md5 | Self::Md4 => [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0, 0, 0, 0],
            Self::Sha1 => [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0, 0, 0, 0],
            Self::Sha256 => {
                [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19]
            }
        };
        [
            Row::all(words[0]),
            Row::all(words[1]),
            Row::all(words[2]),
            Row::all(words[3]),
            Row::all(words[4]),
            Row::all(words[5]),
            Row::all(words[6]),
            Row::all(words[7]),
        ]
    }

    /// The digest of lane `lane` into `out`; its length.
    pub(super) fn digest(self, state: &State, lane: usize, out: &mut [u8]) -> usize {
        for (row, place) in state[..self.words()].iter().zip(out.chunks_exact_mut(4)) {
            place.copy_from_slice(&self.bytes(row.0[lane]));
        }
        4 * self.words()
    }
}

/// What to hash, block by block.
pub(super) enum Message<'a> {
    /// All lanes alike except for `rows`, which are laid over `template` from byte `at` on. `template` holds whole
    /// blocks, padding included, as words of the hash.
    Template {
        /// Sixteen words a block.
        template: &'a [u32],
        /// Words of the part that differs, its last word filled up with zeros.
        rows: &'a [Row],
        /// Where that part begins.
        at: usize,
    },
    /// Every lane its own text, padding included: the first block of every lane, the second of every lane, and so on.
    Texts(&'a [Block]),
}

/// An instruction set this crate has kernels for, known to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Variant {
    /// The fastest one this processor has.
    pub(super) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_avx512() {
                return Self(Set::Avx512);
            }
            if is_x86_feature_detected!("avx2") {
                return Self(Set::Avx2);
            }
        }
        Self(Set::Portable)
    }

    /// All that this processor has, for tests.
    #[cfg(test)]
    pub(super) fn available() -> Vec<Self> {
        let mut all = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                all.push(Self(Set::Avx2));
            }
            if x86::has_avx512() {
                all.push(Self(Set::Avx512));
            }
        }
        all
    }

    /// Takes `state` through all blocks of `message`, in all lanes.
    #[inline]
    pub(super) fn run(self, core: Core, state: &mut State, message: &Message<'_>) {
        match self.0 {
            Set::Portable => run(core, state, message, turn),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => x86::run_avx2(core, state, message),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => x86::run_avx512(core, state, message),
        }
    }

    /// Lays `text`, which is no longer than [`ONE_BLOCK`], and its padding into a block.
    #[inline]
    pub(super) fn lay(self, core: Core, text: &[u8], block: &mut Block) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => x86::lay_avx512(core, text, block),
            _ => lay(core, text, block),
        }
    }
}

/// Lays out each block and compresses it. `turn` is [`turn`] in the best instructions that the caller has.
#[inline(always)]
fn run(core: Core, state: &mut State, message: &Message<'_>, turn: impl Fn(Core, &mut [Row; 16], &[Block; LANES])) {
    let mut words = [Row::all(0); 16];
    match message {
        Message::Template { template, rows, at } => {
            for (block, template) in template.as_chunks::<16>().0.iter().enumerate() {
                lay_over(core, &mut words, template, rows, *at, 16 * block);
                compress(core, state, &words);
            }
        }
        Message::Texts(texts) => {
            for blocks in texts.as_chunks::<LANES>().0 {
                turn(core, &mut words, blocks);
                compress(core, state, &words);
            }
        }
    }
}

/// The blocks of all lanes as rows of words.
#[inline(always)]
fn turn(core: Core, words: &mut [Row; 16], blocks: &[Block; LANES]) {
    for (lane, block) in blocks.iter().enumerate() {
        for (row, bytes) in words.iter_mut().zip(block.0.as_chunks().0) {
            row.0[lane] = core.word(*bytes);
        }
    }
}

/// `text` with its 0x80 and its length, in a block of zeros: 55 bytes at most.
fn lay(core: Core, text: &[u8], block: &mut Block) {
    *block = Block::ZERO;
    copy_short(&mut block.0[..text.len()], text);
    block.0[text.len()] = 0x80;
    block.0[BLOCK - 8..].copy_from_slice(&core.length_field(text.len()));
}

/// The same for a longer text, in two blocks: [`TWO_BLOCKS`] bytes at most.
pub(super) fn lay_two(core: Core, text: &[u8], first: &mut Block, second: &mut Block) {
    (*first, *second) = (Block::ZERO, Block::ZERO);
    let (head, tail) = text.split_at(text.len().min(BLOCK));
    copy_short(&mut first.0[..head.len()], head);
    copy_short(&mut second.0[..tail.len()], tail);
    if head.len() < BLOCK {
        first.0[head.len()] = 0x80;
    } else {
        second.0[tail.len()] = 0x80;
    }
    second.0[BLOCK - 8..].copy_from_slice(&core.length_field(text.len()));
}

/// One block in every lane.
#[inline(always)]
fn compress(core: Core, state: &mut State, words: &[Row; 16]) {
    match core {
        Core::Md5 => kernels::md5(state, words),
        Core::Md4 => kernels::md4(state, words),
        Core::Sha1 => kernels::sha1(state, words),
        Core::Sha256 => kernels::sha256(state, words),
    }
}

/// The block whose first word is the message's word `first`: the template in every lane, and `rows` over it, moved to
/// where byte `at` falls within its word.
#[inline(always)]
fn lay_over(core: Core, words: &mut [Row; 16], template: &[u32], rows: &[Row], at: usize, first: usize) {
    for (row, word) in words.iter_mut().zip(template) {
        *row = Row::all(*word);
    }
    let shift = 8 * (at % 4) as u32;
    let start = at / 4;
    // A shifted part reaches into one more word.
    let end = start + rows.len() + usize::from(shift != 0);
    for word in start.max(first)..end.min(first + 16) {
        let row = &mut words[word - first];
        let at = word - start;
        if let Some(upper) = rows.get(at) {
            if core.is_big_endian() {
                for l in 0..LANES {
                    row.0[l] |= upper.0[l] >> shift;
                }
            } else {
                for l in 0..LANES {
                    row.0[l] |= upper.0[l] << shift;
                }
            }
        }
        if shift != 0 && at > 0 {
            let before = &rows[at - 1];
            if core.is_big_endian() {
                for l in 0..LANES {
                    row.0[l] |= before.0[l] << (32 - shift);
                }
            } else {
                for l in 0..LANES {
                    row.0[l] |= before.0[l] >> (32 - shift);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_variant_lays_texts_and_turns_blocks_alike(
            texts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..=ONE_BLOCK), LANES),
        ) {
            for core in [Core::Md5, Core::Sha1] {
                let mut expected: Option<(Vec<_>, Vec<_>)> = None;
                for variant in Variant::available() {
                    let mut blocks = [Block([0xa5; BLOCK]); LANES];
                    texts.iter().zip(&mut blocks).for_each(|(text, block)| variant.lay(core, text, block));
                    let mut state = core.initial();
                    variant.run(core, &mut state, &Message::Texts(&blocks));
                    let this: (Vec<[u8; BLOCK]>, Vec<[u32; LANES]>) =
                        (blocks.iter().map(|block| block.0).collect(), state.iter().map(|row| row.0).collect());
                    prop_assert_eq!(expected.get_or_insert_with(|| this.clone()), &this, "{:?}", variant);
                }
            }
        }
    }
}
