//! Where the quotes of a block are: found many bytes at a time, ahead of whoever reads the rows.
//!
//! A row of a database has some twenty strings, and most of their cells are wanted by nobody. Looking for the end of each
//! makes a chain in which every search waits for the one before; a pass over all bytes that notes every quote has no such
//! chain, and the reader then goes from quote to quote. (Measured on a users table of 21 columns: 60 ns a row instead
//! of 270.)

use std::ops::Range;

use super::find;

/// Bytes looked at together: one bit of a word each.
const STEP: usize = 64;
/// Room for places.
const ROOM: usize = 4 << 10;
/// Bytes looked at when reading begins at a place, and at most later on, both in whole steps: what is noted and what it
/// was found in stay in the nearest cache.
const WINDOW: [usize; 2] = [512, ROOM - STEP];

/// The quotes of one block from some place on, each an offset within the block; and of the window they were last found
/// in, where backslashes are and whether there are newlines, which costs two comparisons more for every [`STEP`].
pub(super) struct Quotes {
    /// Whether a backslash escapes the quote behind it.
    backslash: bool,
    places: Box<[u32; ROOM]>,
    len: usize,
    next: usize,
    /// Where the last window begins.
    from: usize,
    /// How far the block was looked at.
    end: usize,
    /// Of the last window, a bit for every backslash, where they escape.
    slashes: [u64; WINDOW[1] / STEP],
    /// From here to `end` there is no newline.
    unbroken: usize,
    window: usize,
    /// Whether the first byte not looked at yet is escaped.
    carry: bool,
    fill: Fill,
}

/// Which instructions find the quotes.
#[derive(Clone, Copy)]
enum Fill {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// With VBMI2, which has processors since 2019 (Ice Lake, Zen 4).
    #[cfg(target_arch = "x86_64")]
    Avx512Compress,
}

impl Fill {
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let bits = is_x86_feature_detected!("bmi1") && is_x86_feature_detected!("popcnt");
            if bits && is_x86_feature_detected!("avx512bw") {
                let compress = is_x86_feature_detected!("avx512vbmi2");
                return if compress { Self::Avx512Compress } else { Self::Avx512 };
            }
            if bits && is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

impl Quotes {
    /// No quotes yet.
    pub(super) fn new() -> Self {
        Self {
            backslash: false,
            places: vec![0; ROOM].into_boxed_slice().try_into().expect("the slice is as long as the array"),
            len: 0,
            next: 0,
            from: 0,
            end: 0,
            slashes: [0; WINDOW[1] / STEP],
            unbroken: 0,
            window: WINDOW[0],
            carry: false,
            fill: Fill::best(),
        }
    }

    /// Begins at `at`, where no backslash is before.
    pub(super) fn start(&mut self, at: usize, backslash: bool) {
        (self.len, self.next) = (0, 0);
        (self.from, self.end, self.unbroken) = (at, at, at);
        self.backslash = backslash;
        self.window = WINDOW[0];
        self.carry = false;
    }

    /// The next quote that is not escaped; `None` if the block has no more.
    pub(super) fn next(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.next == self.len {
            if self.end >= bytes.len() {
                return None;
            }
            self.look_on(bytes);
        }
        self.next += 1;
        // `next` never lies beyond the room.
        Some(self.places[(self.next - 1) % ROOM] as usize)
    }

    /// The quote after the one at `at`, if these two are the next and both are noted already.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn pair(&mut self, at: usize) -> Option<usize> {
        let second = self.peek_pair(at)?;
        self.skip_pair();
        Some(second)
    }

    /// [`pair`](Self::pair) without passing them.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn peek_pair(&self, at: usize) -> Option<usize> {
        let pair = self.places[..self.len].get(self.next..)?.first_chunk::<2>()?;
        (pair[0] as usize == at).then_some(pair[1] as usize)
    }

    /// Passes the two quotes that [`peek_pair`](Self::peek_pair) saw.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub(super) fn skip_pair(&mut self) {
        self.next += 2;
    }

    /// The first quote at `at` or behind that is not escaped, without passing it.
    #[inline]
    pub(super) fn seek(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        loop {
            let place = self.next(bytes)?;
            if place >= at {
                self.next -= 1;
                return Some(place);
            }
        }
    }

    /// What was looked at last without meeting a newline; it ends where looking ended.
    #[inline]
    pub(super) fn unbroken(&self) -> Range<usize> {
        self.unbroken..self.end
    }

    /// Where the first backslash from `start` on and before `end` is, which lies before a quote that was given. Only
    /// where backslashes escape.
    #[inline]
    pub(super) fn backslash(&self, bytes: &[u8], start: usize, end: usize) -> Option<usize> {
        if start < self.from || self.any_slash(start - self.from, end - self.from) {
            return find::within(bytes, start, end, b'\\');
        }
        None
    }

    /// Whether there is a backslash in a part of the last window.
    #[inline]
    fn any_slash(&self, start: usize, end: usize) -> bool {
        let (first, last) = (start / STEP, end / STEP);
        let behind = u64::MAX << (start % STEP);
        let before = !(u64::MAX << (end % STEP));
        let word = |at: usize| self.slashes.get(at).copied().unwrap_or_default();
        if first == last {
            return word(first) & behind & before != 0;
        }
        word(first) & behind != 0 || word(last) & before != 0 || (first + 1..last).any(|at| word(at) != 0)
    }

    #[cold]
    fn look_on(&mut self, bytes: &[u8]) {
        match self.fill {
            Fill::Portable => self.find(bytes, mask, note),
            #[cfg(target_arch = "x86_64")]
            Fill::Avx2 => x86::find_avx2(self, bytes),
            #[cfg(target_arch = "x86_64")]
            Fill::Avx512 => x86::find_avx512(self, bytes),
            #[cfg(target_arch = "x86_64")]
            Fill::Avx512Compress => x86::find_avx512_compress(self, bytes),
        }
    }

    /// Looks at the next window with `mask`, which sets bit `i` if byte `i` is the one asked for, and `note`, which
    /// writes the places of bits.
    #[allow(clippy::inline_always)] // Compiles it for the instructions of its caller.
    #[inline(always)]
    fn find(
        &mut self,
        bytes: &[u8],
        mask: impl Fn(&[u8; STEP], u8) -> u64 + Copy,
        note: impl Fn(&mut [u32; STEP], u32, u64) + Copy,
    ) {
        let until = bytes.len().min(self.end + self.window);
        let (whole, rest) = bytes[self.end..until].as_chunks::<STEP>();
        let mut noting = Noting {
            places: &mut self.places,
            len: 0,
            at: self.end as u32,
            backslash: self.backslash,
            carry: u64::from(self.carry),
            newlines: 0,
        };
        self.slashes = [0; WINDOW[1] / STEP];
        for (step, slashes) in whole.iter().zip(&mut self.slashes) {
            *slashes = noting.step(step, mask, note);
        }
        if !rest.is_empty() {
            // The end of the block.
            let mut step = [0; STEP];
            step[..rest.len()].copy_from_slice(rest);
            self.slashes[whole.len()] = noting.step(&step, mask, note);
        }
        if noting.newlines != 0 {
            self.unbroken = until;
        }
        self.from = self.end;
        self.len = noting.len;
        self.carry = noting.carry != 0;
        self.next = 0;
        self.end = until;
        self.window = (2 * self.window).min(WINDOW[1]);
    }
}

/// A window being looked at.
struct Noting<'a> {
    places: &'a mut [u32; ROOM],
    len: usize,
    /// Where the next step begins.
    at: u32,
    backslash: bool,
    /// 1 if its first byte is escaped.
    carry: u64,
    /// Not zero if there was a newline.
    newlines: u64,
}

impl Noting<'_> {
    /// Notes the quotes of one step; where its backslashes are, if they escape.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    fn step(
        &mut self,
        step: &[u8; STEP],
        mask: impl Fn(&[u8; STEP], u8) -> u64,
        note: impl Fn(&mut [u32; STEP], u32, u64),
    ) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let mut quotes = mask(step, b'\'');
        let mut all_slashes = 0;
        if self.backslash {
            all_slashes = mask(step, b'\\');
            let slashes = all_slashes & !self.carry;
            quotes &= !self.carry;
            // What follows a run of backslashes is escaped if the run is odd: if it begins at an even place and what
            // follows lies at an odd one, or the other way round. Adding a run's first bit to it carries to what follows.
            let starts = slashes & !(slashes << 1);
            let behind_even = slashes.wrapping_add(starts & EVEN) & !slashes;
            let (odd, over) = slashes.overflowing_add(starts & !EVEN);
            let behind_odd = odd & !slashes;
            quotes &= !(behind_even & !EVEN | behind_odd & EVEN);
            // From an odd place to the end of a step it is an odd number of bytes.
            self.carry = u64::from(over);
        }
        self.newlines |= mask(step, b'\n');
        let places = &mut self.places[self.len..];
        note(places.first_chunk_mut().expect("a window has no more quotes than room is left for"), self.at, quotes);
        self.len += quotes.count_ones() as usize;
        self.at = self.at.wrapping_add(STEP as u32);
        all_slashes
    }
}

/// Writes `at` plus the number of each bit set, and behind them anything.
#[allow(clippy::inline_always)]
#[inline(always)]
fn note(places: &mut [u32; STEP], at: u32, mut bits: u64) {
    let count = bits.count_ones() as usize;
    let mut note = |place: &mut u32| {
        *place = at.wrapping_add(bits.trailing_zeros());
        bits &= bits.wrapping_sub(1);
    };
    // Most steps have fewer than eight: writing eight always costs less than asking after each.
    places[..8].iter_mut().for_each(&mut note);
    if count > 8 {
        places[8..count].iter_mut().for_each(note);
    }
}

/// Bit `i` is set if byte `i` is `byte`.
#[inline]
fn mask(step: &[u8; STEP], byte: u8) -> u64 {
    let mut all = 0;
    for (at, sixteen) in step.as_chunks::<16>().0.iter().enumerate() {
        all |= u64::from(super::find::mask(sixteen, byte, byte, byte)) << (16 * at);
    }
    all
}

/// Wider registers. Only [`Quotes::look_on`] calls these. On the same table, 16 bytes at a time take 21 ns a row more
/// than 64: the reason for this island.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, clippy::cast_ptr_alignment)]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8,
        _mm512_add_epi32, _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cvtepu8_epi32, _mm512_loadu_si512,
        _mm512_maskz_compress_epi8, _mm512_set1_epi8, _mm512_set1_epi32, _mm512_storeu_si512,
    };

    use super::{Quotes, STEP};

    pub(super) fn find_avx2(quotes: &mut Quotes, bytes: &[u8]) {
        #[target_feature(enable = "avx2,bmi1,popcnt")]
        fn compiled(quotes: &mut Quotes, bytes: &[u8]) {
            quotes.find(
                bytes,
                |step: &[u8; STEP], byte| {
                    let half = |at: usize| {
                        // SAFETY: the load needs no alignment and reads 32 of the step's 64 bytes.
                        let all = unsafe { _mm256_loadu_si256(step[at..at + 32].as_ptr().cast::<__m256i>()) };
                        let same = _mm256_cmpeq_epi8(all, _mm256_set1_epi8(byte.cast_signed()));
                        u64::from(_mm256_movemask_epi8(same).cast_unsigned())
                    };
                    half(0) | half(32) << 32
                },
                super::note,
            );
        }
        // SAFETY: `Fill::Avx2` is only made after `is_x86_feature_detected!` said yes to all three.
        unsafe { compiled(quotes, bytes) }
    }

    /// Bit `i` is set if byte `i` is `byte`.
    #[target_feature(enable = "avx512bw")]
    #[inline]
    fn mask(step: &[u8; STEP], byte: u8) -> u64 {
        // SAFETY: the load needs no alignment and reads the step's 64 bytes.
        let all = unsafe { _mm512_loadu_si512(step.as_ptr().cast::<__m512i>()) };
        _mm512_cmpeq_epi8_mask(all, _mm512_set1_epi8(byte.cast_signed()))
    }

    pub(super) fn find_avx512(quotes: &mut Quotes, bytes: &[u8]) {
        #[target_feature(enable = "avx512bw,bmi1,popcnt")]
        fn compiled(quotes: &mut Quotes, bytes: &[u8]) {
            quotes.find(bytes, |step: &[u8; STEP], byte| mask(step, byte), super::note);
        }
        // SAFETY: `Fill::Avx512` is only made after `is_x86_feature_detected!` said yes to all three.
        unsafe { compiled(quotes, bytes) }
    }

    /// Sixteen places at once: the numbers of bits are picked from the numbers 0 to 63.
    pub(super) fn find_avx512_compress(quotes: &mut Quotes, bytes: &[u8]) {
        const NUMBERS: [u8; STEP] = {
            let mut numbers = [0; STEP];
            let mut i = 0;
            while i < STEP {
                numbers[i] = i as u8;
                i += 1;
            }
            numbers
        };
        #[target_feature(enable = "avx512bw,avx512vbmi2,bmi1,popcnt")]
        fn compiled(quotes: &mut Quotes, bytes: &[u8]) {
            // SAFETY: the load needs no alignment and reads 64 bytes.
            let numbers = unsafe { _mm512_loadu_si512(NUMBERS.as_ptr().cast::<__m512i>()) };
            let note = |places: &mut [u32; STEP], at: u32, bits: u64| {
                if bits.count_ones() > 16 {
                    return super::note(places, at, bits);
                }
                let picked = _mm512_castsi512_si128(_mm512_maskz_compress_epi8(bits, numbers));
                let at = _mm512_set1_epi32(at.cast_signed());
                let sums = _mm512_add_epi32(_mm512_cvtepu8_epi32(picked), at);
                // SAFETY: the store needs no alignment and writes sixteen of the 64 places.
                unsafe { _mm512_storeu_si512(places.as_mut_ptr().cast::<__m512i>(), sums) }
            };
            quotes.find(bytes, |step: &[u8; STEP], byte| mask(step, byte), note);
        }
        // SAFETY: `Fill::Avx512Compress` is only made after `is_x86_feature_detected!` said yes to all four.
        unsafe { compiled(quotes, bytes) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ways() -> Vec<Fill> {
        let mut ways = vec![Fill::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                ways.push(Fill::Avx2);
            }
            if is_x86_feature_detected!("avx512bw") {
                ways.push(Fill::Avx512);
            }
            if is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vbmi2") {
                ways.push(Fill::Avx512Compress);
            }
        }
        ways
    }

    /// Byte after byte.
    fn plainly(bytes: &[u8], from: usize, backslash: bool) -> Vec<usize> {
        let (mut all, mut escaped) = (Vec::new(), false);
        for (at, byte) in bytes.iter().enumerate().skip(from) {
            if *byte == b'\'' && !escaped {
                all.push(at);
            }
            escaped = backslash && *byte == b'\\' && !escaped;
        }
        all
    }

    fn all_of(bytes: &[u8], from: usize, backslash: bool, fill: Fill) -> Vec<usize> {
        let mut quotes = Quotes { fill, ..Quotes::new() };
        quotes.start(from, backslash);
        std::iter::from_fn(|| quotes.next(bytes)).collect()
    }

    proptest! {
        #[test]
        fn every_way_finds_the_quotes_that_a_walk_from_byte_to_byte_finds(
            letters in prop::collection::vec(prop::sample::select(b"''\\\\\\a,".to_vec()), 0..2000),
            from in 0..70_usize,
            backslash: bool,
        ) {
            let from = from.min(letters.len());
            for fill in ways() {
                prop_assert_eq!(all_of(&letters, from, backslash, fill), plainly(&letters, from, backslash));
            }
        }
    }

    proptest! {
        #[test]
        fn backslashes_and_lines_are_what_a_walk_from_byte_to_byte_finds(
            letters in prop::collection::vec(prop::sample::select(b"'\\\na.....................".to_vec()), 0..9000),
            from in 0..70_usize,
            spans in prop::collection::vec((0..9000_usize, 0..300_usize), 1..20),
        ) {
            let from = from.min(letters.len());
            for fill in ways() {
                let mut quotes = Quotes { fill, ..Quotes::new() };
                quotes.start(from, true);
                while let Some(quote) = quotes.next(&letters) {
                    let unbroken = quotes.unbroken();
                    prop_assert!(unbroken.start >= from && unbroken.end > quote);
                    prop_assert!(!letters[unbroken].contains(&b'\n'));
                    for (start, len) in &spans {
                        let start = quote.saturating_sub(start % 400).max(from);
                        let end = quote.min(start + len);
                        let plainly = letters[start..end].iter().position(|b| *b == b'\\').map(|i| start + i);
                        prop_assert_eq!(quotes.backslash(&letters, start, end), plainly);
                    }
                }
            }
        }
    }

    #[test]
    fn blocks_longer_than_all_windows_are_looked_at_to_their_end() {
        for byte in [b'\'', b'a', b'\\'] {
            let bytes = vec![byte; 40_001];
            for fill in ways() {
                assert_eq!(all_of(&bytes, 3, true, fill), plainly(&bytes, 3, true));
            }
        }
    }

    #[test]
    fn seeking_passes_what_lies_before_and_nothing_else() {
        let bytes = b"'a''b\\'c'd'";
        let mut quotes = Quotes::new();
        quotes.start(0, true);
        assert_eq!((quotes.pair(2), quotes.pair(0)), (None, None), "nothing is noted yet");
        assert_eq!(quotes.seek(bytes, 1), Some(2));
        assert_eq!((quotes.pair(0), quotes.pair(2), quotes.pair(8)), (None, Some(3), Some(10)));
        quotes.start(0, true);
        assert_eq!(quotes.seek(bytes, 1), Some(2));
        assert_eq!(quotes.next(bytes), Some(2));
        assert_eq!(quotes.seek(bytes, 4), Some(8));
        assert_eq!(quotes.seek(bytes, 11), None);
    }
}
