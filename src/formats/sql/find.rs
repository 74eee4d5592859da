//! The nearest of two bytes, for values of a few dozen bytes where a call into memchr costs more than the search.

/// Bytes after which `memchr` takes over: it compares more at once, and its call no longer matters.
const SHORT: usize = 64;

/// Where the first `a` or `b` from `from` on is.
#[allow(clippy::inline_always)]
#[inline(always)]
pub(super) fn either(bytes: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    of_three(bytes, from, a, b, b)
}

/// Where the first `a`, `b` or `c` from `from` on is.
#[allow(clippy::inline_always)]
#[inline(always)]
pub(super) fn of_three(bytes: &[u8], from: usize, a: u8, b: u8, c: u8) -> Option<usize> {
    let mut at = from;
    while at < from + SHORT {
        let Some(sixteen) = bytes.get(at..at + 16).and_then(|s| <&[u8; 16]>::try_from(s).ok()) else { break };
        let found = mask(sixteen, a, b, c);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize);
        }
        at += 16;
    }
    memchr::memchr3(a, b, c, bytes.get(at..)?).map(|i| at + i)
}

/// Where the first `byte` from `from` on and before `until` is.
#[inline]
pub(super) fn within(bytes: &[u8], from: usize, until: usize, byte: u8) -> Option<usize> {
    let mut at = from;
    while at < until {
        let Some(sixteen) = bytes.get(at..at + 16).and_then(|s| <&[u8; 16]>::try_from(s).ok()) else {
            return memchr::memchr(byte, &bytes[at..until]).map(|i| at + i);
        };
        let found = mask(sixteen, byte, byte, byte);
        if found != 0 {
            let place = at + found.trailing_zeros() as usize;
            return (place < until).then_some(place);
        }
        at += 16;
    }
    None
}

/// Bit `i` is set if byte `i` is `a`, `b` or `c`.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn mask(sixteen: &[u8; 16], a: u8, b: u8, c: u8) -> u32 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8};
    // SAFETY: SSE2 is part of x86-64; the load needs no alignment and reads the sixteen bytes of the array.
    #[allow(unsafe_code, clippy::cast_ptr_alignment)]
    unsafe {
        let all = _mm_loadu_si128(sixteen.as_ptr().cast::<__m128i>());
        let is = |byte: u8| _mm_cmpeq_epi8(all, _mm_set1_epi8(byte.cast_signed()));
        _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(is(a), is(b)), is(c))).cast_unsigned()
    }
}

/// Bit `i` is set if byte `i` is `a`, `b` or `c`.
#[cfg(not(target_arch = "x86_64"))]
#[inline]
pub(super) fn mask(sixteen: &[u8; 16], a: u8, b: u8, c: u8) -> u32 {
    sixteen.iter().enumerate().fold(0, |mask, (i, byte)| mask | u32::from([a, b, c].contains(byte)) << i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_finds_nothing_behind_the_end_it_is_given() {
        let mut text = vec![b'.'; 60];
        for place in 0..60 {
            text[place] = b'\\';
            for from in 0..60 {
                for until in from..60 {
                    let want = text[from..until].iter().position(|b| *b == b'\\').map(|i| from + i);
                    assert_eq!(within(&text, from, until, b'\\'), want, "{place} {from} {until}");
                }
            }
            text[place] = b'.';
        }
    }

    #[test]
    fn either_finds_what_a_plain_search_finds() {
        let mut text = vec![b'.'; 200];
        for place in [0, 1, 15, 16, 17, 63, 64, 65, 130, 199] {
            for byte in [b'\'', b'\\'] {
                text[place] = byte;
                for from in 0..=200 {
                    let want = text[from..].iter().position(|b| matches!(b, b'\'' | b'\\')).map(|i| from + i);
                    assert_eq!(either(&text, from, b'\'', b'\\'), want, "{place} {from}");
                }
                text[place] = b'.';
            }
        }
    }
}
