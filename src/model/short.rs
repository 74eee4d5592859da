//! Bytes in texts that are mostly shorter than a call is worth.

/// Where `byte` is first in `text`: eight bytes at a time, without a call. Beyond some hundred bytes `memchr` is faster.
#[inline]
pub fn find_short(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word) ^ (u64::from(byte) * ONES);
        // The top bit of the first byte that is the one; of others only behind it.
        let found = word.wrapping_sub(ONES) & !word & (0x80 * ONES);
        if found != 0 {
            return Some(8 * number + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|other| *other == byte).map(|at| 8 * words.len() + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_byte_is_where_a_walk_from_byte_to_byte_finds_it(
            text in prop::collection::vec(prop::sample::select(b"@A?\x00\xc0\x01\xff\\z".to_vec()), 0..40),
            byte in prop::sample::select(b"@\\\x00\xff".to_vec()),
        ) {
            prop_assert_eq!(find_short(&text, byte), text.iter().position(|other| *other == byte));
        }
    }
}
