//! The block functions of MD5, MD4, SHA-1 and SHA-256, written for one lane inside a loop over all lanes.
//!
//! The loop's body is straight-line code without branches, and a row holds the same word of every lane, so the compiler
//! turns the loop into vector code of whatever width the calling function was compiled for. Everything here is
//! `inline(always)`: [`lanes`](super::lanes) compiles it once per instruction set.

// Inlining is what compiles this for the caller's instruction set, and the letters are the standards' names.
#![allow(clippy::inline_always, clippy::many_single_char_names)]

use super::lanes::{LANES, Row, State};

/// RFC 1321, section 3.4: `floor(2^32 * abs(sin(i + 1)))`.
#[rustfmt::skip]
const MD5_K: [u32; 64] = [
    0xd76a_a478, 0xe8c7_b756, 0x2420_70db, 0xc1bd_ceee, 0xf57c_0faf, 0x4787_c62a, 0xa830_4613, 0xfd46_9501,
    0x6980_98d8, 0x8b44_f7af, 0xffff_5bb1, 0x895c_d7be, 0x6b90_1122, 0xfd98_7193, 0xa679_438e, 0x49b4_0821,
    0xf61e_2562, 0xc040_b340, 0x265e_5a51, 0xe9b6_c7aa, 0xd62f_105d, 0x0244_1453, 0xd8a1_e681, 0xe7d3_fbc8,
    0x21e1_cde6, 0xc337_07d6, 0xf4d5_0d87, 0x455a_14ed, 0xa9e3_e905, 0xfcef_a3f8, 0x676f_02d9, 0x8d2a_4c8a,
    0xfffa_3942, 0x8771_f681, 0x6d9d_6122, 0xfde5_380c, 0xa4be_ea44, 0x4bde_cfa9, 0xf6bb_4b60, 0xbebf_bc70,
    0x289b_7ec6, 0xeaa1_27fa, 0xd4ef_3085, 0x0488_1d05, 0xd9d4_d039, 0xe6db_99e5, 0x1fa2_7cf8, 0xc4ac_5665,
    0xf429_2244, 0x432a_ff97, 0xab94_23a7, 0xfc93_a039, 0x655b_59c3, 0x8f0c_cc92, 0xffef_f47d, 0x8584_5dd1,
    0x6fa8_7e4f, 0xfe2c_e6e0, 0xa301_4314, 0x4e08_11a1, 0xf753_7e82, 0xbd3a_f235, 0x2ad7_d2bb, 0xeb86_d391,
];

/// RFC 1321, section 3.4: rotations per round.
const MD5_S: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// RFC 1320, section 3.4: order of the words in rounds two and three.
const MD4_G: [[usize; 16]; 2] =
    [[0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15], [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]];

/// RFC 1320, section 3.4: rotations per round.
const MD4_S: [[u32; 4]; 3] = [[3, 7, 11, 19], [3, 5, 9, 13], [3, 9, 11, 15]];

/// FIPS 180-4, section 4.2.1.
const SHA1_K: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];

/// FIPS 180-4, section 4.2.2: fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
const SHA256_K: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

/// Repeats a step macro for every number given. A loop would do, but the vectoriser only looks at innermost loops.
macro_rules! steps {
    ($step:ident: $($i:literal)*) => { $( $step!($i); )* };
}

/// One MD5 block (RFC 1321) in every lane.
#[inline(always)]
pub(super) fn md5(state: &mut State, w: &[Row; 16]) {
    for l in 0..LANES {
        let (mut a, mut b, mut c, mut d) = (state[0].0[l], state[1].0[l], state[2].0[l], state[3].0[l]);
        macro_rules! step {
            ($i:literal) => {
                let (f, g): (u32, usize) = match $i / 16 {
                    0 => (d ^ (b & (c ^ d)), $i),
                    1 => (c ^ (d & (b ^ c)), (5 * $i + 1) % 16),
                    2 => (b ^ c ^ d, (3 * $i + 5) % 16),
                    _ => (c ^ (b | !d), (7 * $i) % 16),
                };
                let sum = a.wrapping_add(w[g].0[l].wrapping_add(MD5_K[$i])).wrapping_add(f);
                (a, b, c, d) = (d, b.wrapping_add(sum.rotate_left(MD5_S[$i / 16][$i % 4])), b, c);
            };
        }
        steps!(step: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
        state[0].0[l] = state[0].0[l].wrapping_add(a);
        state[1].0[l] = state[1].0[l].wrapping_add(b);
        state[2].0[l] = state[2].0[l].wrapping_add(c);
        state[3].0[l] = state[3].0[l].wrapping_add(d);
    }
}

/// One MD4 block (RFC 1320) in every lane.
#[inline(always)]
pub(super) fn md4(state: &mut State, w: &[Row; 16]) {
    for l in 0..LANES {
        let (mut a, mut b, mut c, mut d) = (state[0].0[l], state[1].0[l], state[2].0[l], state[3].0[l]);
        macro_rules! step {
            ($i:literal) => {
                let (f, g, k): (u32, usize, u32) = match $i / 16 {
                    0 => (d ^ (b & (c ^ d)), $i, 0),
                    1 => ((b & c) | (d & (b | c)), MD4_G[0][$i % 16], 0x5a82_7999),
                    _ => (b ^ c ^ d, MD4_G[1][$i % 16], 0x6ed9_eba1),
                };
                let sum = a.wrapping_add(w[g].0[l].wrapping_add(k)).wrapping_add(f);
                (a, b, c, d) = (d, sum.rotate_left(MD4_S[$i / 16][$i % 4]), b, c);
            };
        }
        steps!(step: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
            24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
        state[0].0[l] = state[0].0[l].wrapping_add(a);
        state[1].0[l] = state[1].0[l].wrapping_add(b);
        state[2].0[l] = state[2].0[l].wrapping_add(c);
        state[3].0[l] = state[3].0[l].wrapping_add(d);
    }
}

/// One SHA-1 block (FIPS 180-4, section 6.1) in every lane.
#[inline(always)]
pub(super) fn sha1(state: &mut State, w: &[Row; 16]) {
    for l in 0..LANES {
        let mut x = lane(w, l);
        let (mut a, mut b, mut c, mut d, mut e) =
            (state[0].0[l], state[1].0[l], state[2].0[l], state[3].0[l], state[4].0[l]);
        macro_rules! step {
            ($i:literal) => {
                if $i >= 16 {
                    x[$i % 16] = (x[($i + 13) % 16] ^ x[($i + 8) % 16] ^ x[($i + 2) % 16] ^ x[$i % 16]).rotate_left(1);
                }
                let f: u32 = match $i / 20 {
                    0 => d ^ (b & (c ^ d)),
                    2 => (b & c) | (d & (b | c)),
                    _ => b ^ c ^ d,
                };
                let sum = e.wrapping_add(x[$i % 16].wrapping_add(SHA1_K[$i / 20])).wrapping_add(f);
                (a, b, c, d, e) = (sum.wrapping_add(a.rotate_left(5)), a, b.rotate_left(30), c, d);
            };
        }
        steps!(step: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
            64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79);
        state[0].0[l] = state[0].0[l].wrapping_add(a);
        state[1].0[l] = state[1].0[l].wrapping_add(b);
        state[2].0[l] = state[2].0[l].wrapping_add(c);
        state[3].0[l] = state[3].0[l].wrapping_add(d);
        state[4].0[l] = state[4].0[l].wrapping_add(e);
    }
}

/// One SHA-256 block (FIPS 180-4, section 6.2) in every lane.
#[inline(always)]
pub(super) fn sha256(state: &mut State, w: &[Row; 16]) {
    for l in 0..LANES {
        let mut x = lane(w, l);
        let (mut a, mut b, mut c, mut d) = (state[0].0[l], state[1].0[l], state[2].0[l], state[3].0[l]);
        let (mut e, mut f, mut g, mut h) = (state[4].0[l], state[5].0[l], state[6].0[l], state[7].0[l]);
        macro_rules! step {
            ($i:literal) => {
                if $i >= 16 {
                    let (p, q) = (x[($i + 1) % 16], x[($i + 14) % 16]);
                    let s0 = p.rotate_right(7) ^ p.rotate_right(18) ^ (p >> 3);
                    let s1 = q.rotate_right(17) ^ q.rotate_right(19) ^ (q >> 10);
                    x[$i % 16] = x[$i % 16].wrapping_add(s0).wrapping_add(x[($i + 9) % 16]).wrapping_add(s1);
                }
                let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
                let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
                let choice = g ^ (e & (f ^ g));
                let majority = (a & b) | (c & (a | b));
                let t = h.wrapping_add(x[$i % 16].wrapping_add(SHA256_K[$i])).wrapping_add(s1).wrapping_add(choice);
                (a, b, c, d, e, f, g, h) =
                    (t.wrapping_add(s0).wrapping_add(majority), a, b, c, d.wrapping_add(t), e, f, g);
            };
        }
        steps!(step: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
        state[0].0[l] = state[0].0[l].wrapping_add(a);
        state[1].0[l] = state[1].0[l].wrapping_add(b);
        state[2].0[l] = state[2].0[l].wrapping_add(c);
        state[3].0[l] = state[3].0[l].wrapping_add(d);
        state[4].0[l] = state[4].0[l].wrapping_add(e);
        state[5].0[l] = state[5].0[l].wrapping_add(f);
        state[6].0[l] = state[6].0[l].wrapping_add(g);
        state[7].0[l] = state[7].0[l].wrapping_add(h);
    }
}

/// The sixteen words of lane `l`; written out, so that no inner loop stands in the vectoriser's way.
#[inline(always)]
fn lane(w: &[Row; 16], l: usize) -> [u32; 16] {
    [
        w[0].0[l], w[1].0[l], w[2].0[l], w[3].0[l], w[4].0[l], w[5].0[l], w[6].0[l], w[7].0[l], w[8].0[l], w[9].0[l],
        w[10].0[l], w[11].0[l], w[12].0[l], w[13].0[l], w[14].0[l], w[15].0[l],
    ]
}
