//! Bytes in texts that are mostly shorter than a call is worth.

/// Where `byte` is first in `text`: eight bytes at a time, without a call. Beyond some hundred bytes `memchr` is faster.
#[inline]
pub fn find_short(text: &[u8], byte: u8) -> Option<usize> {
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        if let Some(at) = find_in(*word, byte) {
            return Some(8 * number + at);
        }
    }
    // What is left is looked at with bytes that were: its length is hard to foresee for a loop.
    match (text.first_chunk::<4>(), text.last_chunk::<8>(), text.last_chunk::<4>()) {
        _ if rest.is_empty() => None,
        (_, Some(last), _) => find_in(*last, byte).map(|at| text.len() - 8 + at),
        (Some(head), None, Some(tail)) => {
            let both = u64::from(u32::from_le_bytes(*tail)) << 32 | u64::from(u32::from_le_bytes(*head));
            let at = find_in(both.to_le_bytes(), byte)?;
            Some(if at < 4 { at } else { text.len() + at - 8 })
        }
        _ => rest.iter().position(|other| *other == byte),
    }
}

/// Where `byte` is first in eight bytes.
#[inline]
fn find_in(eight: [u8; 8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(eight) ^ (u64::from(byte) * ONES);
    // The top bit of the first byte that is the one; of others only behind it.
    let found = word.wrapping_sub(ONES) & !word & (0x80 * ONES);
    (found != 0).then_some(found.trailing_zeros() as usize / 8)
}

/// Copies a short piece without the call that a copy of unknown length costs. Both have the same length.
#[inline]
pub fn copy_short(to: &mut [u8], from: &[u8]) {
    let len = from.len();
    if (33..=64).contains(&len) {
        let (head, tail): ([u8; 32], [u8; 32]) = (ends(from, 0), ends(from, len - 32));
        to[..32].copy_from_slice(&head);
        to[len - 32..].copy_from_slice(&tail);
    } else if (17..=32).contains(&len) {
        let (head, tail): ([u8; 16], [u8; 16]) = (ends(from, 0), ends(from, len - 16));
        to[..16].copy_from_slice(&head);
        to[len - 16..].copy_from_slice(&tail);
    } else if (8..=16).contains(&len) {
        let (head, tail): ([u8; 8], [u8; 8]) = (ends(from, 0), ends(from, len - 8));
        to[..8].copy_from_slice(&head);
        to[len - 8..].copy_from_slice(&tail);
    } else if (4..8).contains(&len) {
        let (head, tail): ([u8; 4], [u8; 4]) = (ends(from, 0), ends(from, len - 4));
        to[..4].copy_from_slice(&head);
        to[len - 4..].copy_from_slice(&tail);
    } else {
        to.copy_from_slice(from);
    }
}

/// The `N` bytes at `at`.
#[inline]
fn ends<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&from[at..at + N]);
    bytes
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

        #[test]
        fn a_piece_of_any_length_is_copied_whole(piece in prop::collection::vec(any::<u8>(), 0..140)) {
            let mut copy = vec![0; piece.len()];
            copy_short(&mut copy, &piece);
            prop_assert_eq!(copy, piece);
        }
    }
}
