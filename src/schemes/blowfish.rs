//! bcrypt of several passwords under one salt at a time (Provos and Mazières 1999, section 4).
//!
//! One bcrypt is a chain in which every step waits for four look-ups of the step before. Between those waits a core has
//! room for others: measured with [`LANES`] passwords, one takes a third of the time that it takes alone. Values are
//! opened by the library; this is for guesses, of which there are many for each value, and a test holds both to the same
//! answers.

/// Passwords at a time: their tables are 20 KiB, within the fastest cache of processors of the last ten years.
pub(super) const LANES: usize = 5;

/// The state that Blowfish begins with, 18 words and four boxes of 256: the first 33,344 bits of the fraction of pi
/// (Schneier 1993), big-endian.
static PI: &[u8; 4 * (18 + 4 * 256)] = include_bytes!("../../patterns/pi.bin");

/// Bytes of a password that count.
const LONGEST: usize = 72;

type Boxes = [[u32; 256]; 4];

/// The state of each lane.
struct State<const N: usize> {
    words: [[u32; N]; 18],
    boxes: [Boxes; N],
}

/// The 23 bytes that bcrypt makes of each of `passwords`, at most [`LANES`] of them.
///
/// # Panics
/// If there are more.
pub(super) fn bcrypt(cost: u32, salt: [u8; 16], passwords: &[&[u8]]) -> Vec<[u8; 23]> {
    match passwords.len() {
        0 => Vec::new(),
        1 => run::<1>(cost, salt, passwords),
        2 => run::<2>(cost, salt, passwords),
        3 => run::<3>(cost, salt, passwords),
        4 => run::<4>(cost, salt, passwords),
        LANES => run::<LANES>(cost, salt, passwords),
        _ => unreachable!("callers give as many passwords as there are lanes"),
    }
}

fn run<const N: usize>(cost: u32, salt: [u8; 16], passwords: &[&[u8]]) -> Vec<[u8; 23]> {
    let mut keys = [[0; N]; 18];
    for (lane, password) in passwords.iter().enumerate() {
        // A closing zero, then from the start again.
        let len = password.len().min(LONGEST);
        let closed: Vec<u8> = password[..len].iter().copied().chain([0]).take(LONGEST).collect();
        let mut bytes = closed.iter().cycle();
        for word in &mut keys {
            word[lane] = (0..4).fold(0, |word, _| word << 8 | u32::from(*bytes.next().unwrap_or(&0)));
        }
    }
    let salt: [u32; 4] = std::array::from_fn(|at| be32(&salt, at));
    let salts: [[u32; N]; 18] = std::array::from_fn(|at| [salt[at % 4]; N]);
    let mut state = State::<N>::new();
    state.expand(&keys, salt);
    for _ in 0..1_u64 << cost {
        state.expand(&keys, [0; 4]);
        state.expand(&salts, [0; 4]);
    }
    let text = b"OrpheanBeholderScryDoubt";
    let mut out = vec![[0; 23]; N];
    for half in 0..3 {
        let (mut left, mut right) = ([be32(text, 2 * half); N], [be32(text, 2 * half + 1); N]);
        for _ in 0..64 {
            state.encrypt(&mut left, &mut right);
        }
        for lane in 0..N {
            let both = [left[lane].to_be_bytes(), right[lane].to_be_bytes()].concat();
            let room = &mut out[lane][8 * half..];
            let len = room.len().min(8);
            room[..len].copy_from_slice(&both[..len]);
        }
    }
    out
}

fn be32(bytes: &[u8], word: usize) -> u32 {
    let at = 4 * word;
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

impl<const N: usize> State<N> {
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "4 KiB and more a lane: too much for the stack of a worker to move"
    )]
    fn new() -> Box<Self> {
        let mut boxes = [[0; 256]; 4];
        for (number, word) in boxes.iter_mut().flatten().enumerate() {
            *word = be32(PI, 18 + number);
        }
        Box::new(Self { words: std::array::from_fn(|at| [be32(PI, at); N]), boxes: [boxes; N] })
    }

    /// Mixes the keys in; the state becomes what it encrypts to, the salt's words put in on the way.
    fn expand(&mut self, keys: &[[u32; N]; 18], salt: [u32; 4]) {
        for (words, keys) in self.words.iter_mut().zip(keys) {
            words.iter_mut().zip(keys).for_each(|(word, key)| *word ^= key);
        }
        let (mut left, mut right) = ([0; N], [0; N]);
        for pair in 0..9 {
            self.step(&mut left, &mut right, salt, pair);
            self.words[2 * pair] = left;
            self.words[2 * pair + 1] = right;
        }
        for number in 0..4 {
            for pair in 0..128 {
                self.step(&mut left, &mut right, salt, 9 + pair);
                for lane in 0..N {
                    self.boxes[lane][number][2 * pair] = left[lane];
                    self.boxes[lane][number][2 * pair + 1] = right[lane];
                }
            }
        }
    }

    /// Inlined: as a call it is an eighth of the time of five passwords.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn step(&self, left: &mut [u32; N], right: &mut [u32; N], salt: [u32; 4], pair: usize) {
        let (one, two) = (salt[2 * (pair % 2)], salt[2 * (pair % 2) + 1]);
        for (left, right) in left.iter_mut().zip(right.iter_mut()) {
            *left ^= one;
            *right ^= two;
        }
        self.encrypt(left, right);
    }

    /// One block of each lane.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn encrypt(&self, left: &mut [u32; N], right: &mut [u32; N]) {
        for round in (0..16).step_by(2) {
            for lane in 0..N {
                left[lane] ^= self.words[round][lane];
                right[lane] ^= mixed(&self.boxes[lane], left[lane]);
            }
            for lane in 0..N {
                right[lane] ^= self.words[round + 1][lane];
                left[lane] ^= mixed(&self.boxes[lane], right[lane]);
            }
        }
        for lane in 0..N {
            let last = left[lane] ^ self.words[16][lane];
            left[lane] = right[lane] ^ self.words[17][lane];
            right[lane] = last;
        }
    }
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn mixed(boxes: &Boxes, word: u32) -> u32 {
    // Not `to_be_bytes`: that turns the word round before anything is looked up, on the chain that every step waits for (an
    // eighth of the time of one password alone).
    let [a, b, c, d] = [24, 16, 8, 0].map(|bits| (word >> bits) as u8);
    let sum = boxes[0][usize::from(a)].wrapping_add(boxes[1][usize::from(b)]) ^ boxes[2][usize::from(c)];
    sum.wrapping_add(boxes[3][usize::from(d)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_passwords_at_a_time_are_hashed_as_the_library_hashes_each() {
        let long = [b'x'; 80];
        let passwords: [&[u8]; 5] = [b"", b"dragon", b"p\xe4ssword", &long, &long[..72]];
        for (number, count) in [(0_u8, 1), (1, 2), (2, 3), (3, 4), (4, 5)] {
            let salt: [u8; 16] = std::array::from_fn(|at| (at as u8).wrapping_mul(37).wrapping_add(number));
            let hashes = bcrypt(4, salt, &passwords[..count]);
            for (password, hash) in passwords.iter().zip(&hashes) {
                let expected =
                    ::bcrypt::bcrypt(4, salt, &[*password, &[0][..]].concat()[..(password.len() + 1).min(72)]);
                assert_eq!(hash[..], expected[..23]);
            }
            assert_eq!(hashes.len(), count);
        }
    }
}
