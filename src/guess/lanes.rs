//! Many messages through one hash at a time: rows of lanes, the instruction sets they are compiled for, and the choice
//! between them at run time. What is hashed, and against what, is [`search`](super::search)'s and
//! [`pairs`](super::pairs)' business.

// Inlining is what compiles the kernels for the instruction set of the function that calls them; and loops over lanes
// count, because that is the form the vectoriser was seen to take.
#![allow(clippy::inline_always, clippy::needless_range_loop)]

use super::kernels;
use crate::model::Algorithm;

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

    /// The same as words of the hash.
    #[inline]
    pub(super) const fn length_words(self, bytes: usize) -> [u32; 2] {
        let bits = (bytes as u64) << 3;
        let (high, low) = ((bits >> 32) as u32, bits as u32);
        if self.is_big_endian() { [high, low] } else { [low, high] }
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
    /// Every lane its own text, padding included: sixteen rows a block, as words of the hash.
    Words(&'a [Row]),
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
            if is_x86_feature_detected!("avx512f") {
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
            if is_x86_feature_detected!("avx512f") {
                all.push(Self(Set::Avx512));
            }
        }
        all
    }

    /// Takes `state` through all blocks of `message`, in all lanes.
    #[inline]
    pub(super) fn run(self, core: Core, state: &mut State, message: &Message<'_>) {
        match self.0 {
            Set::Portable => run(core, state, message),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => run_avx2(core, state, message),
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => run_avx512(core, state, message),
        }
    }
}

/// Steps through [`run`] compiled with AVX2. Only [`Variant::run`] calls it. One at a time, the crates reach 7 M MD5 a
/// second on a core with AVX-512, the lanes ten times that: the reason for this island.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline]
fn run_avx2(core: Core, state: &mut State, message: &Message<'_>) {
    #[target_feature(enable = "avx2")]
    fn compiled(core: Core, state: &mut State, message: &Message<'_>) {
        run(core, state, message);
    }
    // SAFETY: a `Variant` of this set is only made after `is_x86_feature_detected!("avx2")` said yes.
    unsafe { compiled(core, state, message) }
}

/// The same with AVX-512.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
#[inline]
fn run_avx512(core: Core, state: &mut State, message: &Message<'_>) {
    #[target_feature(enable = "avx512f")]
    fn compiled(core: Core, state: &mut State, message: &Message<'_>) {
        run(core, state, message);
    }
    // SAFETY: a `Variant` of this set is only made after `is_x86_feature_detected!("avx512f")` said yes.
    unsafe { compiled(core, state, message) }
}

/// Lays out each block and compresses it.
#[inline(always)]
fn run(core: Core, state: &mut State, message: &Message<'_>) {
    match message {
        Message::Template { template, rows, at } => {
            let mut words = [Row::all(0); 16];
            for (block, template) in template.as_chunks::<16>().0.iter().enumerate() {
                lay_over(core, &mut words, template, rows, *at, 16 * block);
                compress(core, state, &words);
            }
        }
        Message::Words(words) => {
            for block in words.as_chunks().0 {
                compress(core, state, block);
            }
        }
    }
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
