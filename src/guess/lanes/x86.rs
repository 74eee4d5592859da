//! Wider registers. Only [`Variant`](super::Variant) calls what is here, which is made after `is_x86_feature_detected!`
//! said yes. One at a time, the crates reach 7 M MD5 a second on a core with AVX-512, the lanes ten times that: the
//! reason for this island.
#![allow(unsafe_code, clippy::cast_ptr_alignment)]

use std::arch::x86_64::{
    __m512i, __mmask64, _mm_set_epi8, _mm512_broadcast_i32x4, _mm512_loadu_si512, _mm512_mask_set1_epi8,
    _mm512_maskz_loadu_epi8, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_storeu_si512, _mm512_unpackhi_epi32,
    _mm512_unpackhi_epi64, _mm512_unpacklo_epi32, _mm512_unpacklo_epi64,
};

use super::{BLOCK, Block, Core, LANES, Message, ONE_BLOCK, Row, State, run};

/// What AVX-512 needs here: processors since 2017.
pub(super) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
}

/// [`run`] compiled with AVX2.
#[inline]
pub(super) fn run_avx2(core: Core, state: &mut State, message: &Message<'_>) {
    #[target_feature(enable = "avx2")]
    fn compiled(core: Core, state: &mut State, message: &Message<'_>) {
        run(core, state, message, super::turn);
    }
    // SAFETY: a `Variant` of this set is only made after `is_x86_feature_detected!("avx2")` said yes.
    unsafe { compiled(core, state, message) }
}

/// The same with AVX-512.
#[inline]
pub(super) fn run_avx512(core: Core, state: &mut State, message: &Message<'_>) {
    #[target_feature(enable = "avx512f,avx512bw")]
    fn compiled(core: Core, state: &mut State, message: &Message<'_>) {
        run(core, state, message, |core, words, blocks| turn(core, words, blocks));
    }
    // SAFETY: a `Variant` of this set is only made after `has_avx512` said yes.
    unsafe { compiled(core, state, message) }
}

/// Which quarters a shuffle takes: of each register the first and third.
const EVEN: i32 = 0x88;
/// The second and fourth.
const ODD: i32 = 0xdd;

/// [`turn`](super::turn): sixteen lanes at a time, their words brought together in four steps.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn turn(core: Core, words: &mut [Row; 16], blocks: &[Block; LANES]) {
    let swap = _mm512_broadcast_i32x4(_mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3));
    for (half, sixteen) in blocks.as_chunks::<16>().0.iter().enumerate() {
        let mut a = [swap; 16];
        for (all, block) in a.iter_mut().zip(sixteen) {
            // SAFETY: the load needs no alignment and reads the 64 bytes of the block.
            *all = unsafe { _mm512_loadu_si512(block.0.as_ptr().cast::<__m512i>()) };
            if core.is_big_endian() {
                *all = _mm512_shuffle_epi8(*all, swap);
            }
        }
        // Words of two lanes beside each other, then of four: `a[4 * i + j]` has word `4 * q + j` of lanes `4 * i` to
        // `4 * i + 3` in its quarter `q`.
        let mut b = a;
        for i in 0..8 {
            b[2 * i] = _mm512_unpacklo_epi32(a[2 * i], a[2 * i + 1]);
            b[2 * i + 1] = _mm512_unpackhi_epi32(a[2 * i], a[2 * i + 1]);
        }
        for i in 0..4 {
            a[4 * i] = _mm512_unpacklo_epi64(b[4 * i], b[4 * i + 2]);
            a[4 * i + 1] = _mm512_unpackhi_epi64(b[4 * i], b[4 * i + 2]);
            a[4 * i + 2] = _mm512_unpacklo_epi64(b[4 * i + 1], b[4 * i + 3]);
            a[4 * i + 3] = _mm512_unpackhi_epi64(b[4 * i + 1], b[4 * i + 3]);
        }
        // Even quarters and odd ones of two, and the same again, bring the four quarters of one word together.
        for j in 0..4 {
            let (even, odd) = (
                [_mm512_shuffle_i32x4::<EVEN>(a[j], a[4 + j]), _mm512_shuffle_i32x4::<EVEN>(a[8 + j], a[12 + j])],
                [_mm512_shuffle_i32x4::<ODD>(a[j], a[4 + j]), _mm512_shuffle_i32x4::<ODD>(a[8 + j], a[12 + j])],
            );
            b[j] = _mm512_shuffle_i32x4::<EVEN>(even[0], even[1]);
            b[4 + j] = _mm512_shuffle_i32x4::<EVEN>(odd[0], odd[1]);
            b[8 + j] = _mm512_shuffle_i32x4::<ODD>(even[0], even[1]);
            b[12 + j] = _mm512_shuffle_i32x4::<ODD>(odd[0], odd[1]);
        }
        for (row, word) in words.iter_mut().zip(b) {
            let lanes: &mut [u32; 16] = &mut row.0.as_chunks_mut().0[half];
            // SAFETY: the store needs no alignment and writes the 64 bytes of these lanes.
            unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast::<__m512i>(), word) };
        }
    }
}

/// [`lay`](super::lay) without a branch on the text's length.
#[inline]
pub(super) fn lay_avx512(core: Core, text: &[u8], block: &mut Block) {
    #[target_feature(enable = "avx512f,avx512bw")]
    fn compiled(core: Core, text: &[u8], block: &mut Block) {
        assert!(text.len() <= ONE_BLOCK, "the text fits into one block");
        let behind: __mmask64 = 1 << text.len();
        // SAFETY: only the bytes of the text are read, those before the bit of `behind`.
        let all = unsafe { _mm512_maskz_loadu_epi8(behind - 1, text.as_ptr().cast::<i8>()) };
        let all = _mm512_mask_set1_epi8(all, behind, 0x80_u8.cast_signed());
        // SAFETY: the store needs no alignment and writes the 64 bytes of the block.
        unsafe { _mm512_storeu_si512(block.0.as_mut_ptr().cast::<__m512i>(), all) };
        block.0[BLOCK - 8..].copy_from_slice(&core.length_field(text.len()));
    }
    // SAFETY: a `Variant` of this set is only made after `has_avx512` said yes.
    unsafe { compiled(core, text, block) }
}
