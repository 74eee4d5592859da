//! Texts that schemes write digests and numbers in: hexadecimal, three alphabets of base64, decimal counts. No scheme
//! is known here, and nothing on the way to [`recognise`](super::recognise) allocates.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Longest digest in bytes: SHA-512's.
pub(super) const MAX_DIGEST: usize = 64;

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// RFC 4648 base64, with or without padding.
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, FORGIVING);

/// crypt(3)'s alphabet, sixth bits first: `./0-9A-Za-z`.
const ITOA64: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The top bit of each of eight bytes.
const TOP: u64 = each(0x80);

/// Eight copies of `byte`.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Eight bytes at a time; a short last group is filled up with `0`, which every class here holds.
#[inline]
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (words, rest) = bytes.as_chunks::<8>();
    let last = (!rest.is_empty()).then(|| {
        let mut word = [b'0'; 8];
        word[..rest.len()].copy_from_slice(rest);
        word
    });
    words.iter().copied().chain(last).map(u64::from_le_bytes)
}

/// The top bit of every byte of `word` that lies from `low` to `high`. Right for ASCII bytes only: for those, no sum
/// carries into the next byte.
#[inline]
const fn within(word: u64, low: u8, high: u8) -> u64 {
    word.wrapping_add(each(0x80 - low)) & !word.wrapping_add(each(0x7f - high)) & TOP
}

/// Letters of either case.
#[inline]
const fn letters(word: u64) -> u64 {
    within(word | each(0x20), b'a', b'z')
}

/// Whether every byte is ASCII and of `class`, which sets the top bit of those that are.
#[inline]
fn all(bytes: &[u8], class: impl Fn(u64) -> u64) -> bool {
    words(bytes).fold(TOP, |all, word| all & class(word) & !word) == TOP
}

/// Whether `bytes` is hexadecimal in one case: digits with `a-f` or with `A-F`, not with both.
///
/// Mixed case is refused since nothing that writes digests writes it, while base62 tokens do.
#[inline]
pub(super) fn is_hex(bytes: &[u8]) -> bool {
    let (mut good, mut lower, mut upper) = (TOP, 0, 0);
    for word in words(bytes) {
        let (l, u) = (within(word, b'a', b'f'), within(word, b'A', b'F'));
        good &= (within(word, b'0', b'9') | l | u) & !word;
        // Most texts of a digest's length fail in their first bytes.
        if good != TOP {
            return false;
        }
        lower |= l;
        upper |= u;
    }
    lower == 0 || upper == 0
}

/// Whether every byte is of crypt(3)'s and bcrypt's alphabet, `./0-9A-Za-z`.
#[inline]
pub(super) fn is_itoa64(bytes: &[u8]) -> bool {
    all(bytes, |word| letters(word) | within(word, b'.', b'9'))
}

/// Whether every byte is an ASCII digit.
pub(super) fn is_digits(bytes: &[u8]) -> bool {
    all(bytes, |word| within(word, b'0', b'9'))
}

/// Whether every byte is visible ASCII: no blank, no control character, no byte above 0x7e.
pub(super) fn is_visible(bytes: &[u8]) -> bool {
    all(bytes, |word| within(word, b'!', b'~'))
}

/// Whether `bytes` is base64 as passlib writes it: RFC 4648's alphabet, `.` also for `+`, no padding.
pub(super) fn is_ab64(bytes: &[u8]) -> bool {
    !bytes.is_empty() && all(bytes, |word| letters(word) | within(word, b'.', b'9') | within(word, b'+', b'+'))
}

/// Upper case, lower case and digits: forty random base64 characters without one of them are rarer than one in 500.
pub(super) fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_digit)
}

/// Length in bytes of what canonical, padded base64 stands for; `None` where `bytes` is none.
///
/// Canonical means that the bits after the last byte are zero, which chance gives a text one time in 16 (`==`) or 4
/// (`=`): a cheap way to tell digests from tokens.
#[inline]
pub(super) fn base64_len(bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() || !bytes.len().is_multiple_of(4) {
        return None;
    }
    let (body, padding, spare) = match bytes {
        [body @ .., b'=', b'='] => (body, 2, 0x0f),
        [body @ .., b'='] => (body, 1, 0x03),
        body => (body, 0, 0),
    };
    let plain = all(body, |word| letters(word) | within(word, b'/', b'9') | within(word, b'+', b'+'));
    let last = base64_index(*body.last()?)?;
    (plain && last & spare == 0).then(|| bytes.len() / 4 * 3 - padding)
}

const fn base64_index(b: u8) -> Option<u8> {
    match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// A count in decimal, digits only, up to 18 of them (so that arithmetic on it cannot overflow by much).
pub(super) fn decimal(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > 18 || !is_digits(bytes) {
        return None;
    }
    Some(bytes.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0')))
}

/// `bytes` before and after the first `separator`.
pub(super) fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(separator, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// `bytes` after `prefix`, whose letters match in either case.
pub(super) fn strip_prefix_any_case<'a>(bytes: &'a [u8], prefix: &str) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix.as_bytes()).then_some(tail)
}

/// Decodes hexadecimal into `out`, whose length is half of `text`'s. Runs for every row of an unsalted table: eight digits
/// at a time, 7 ns for 40 (the `hex` crate's way, digit by digit, took 95).
fn hex_into(text: &[u8], out: &mut [u8]) -> Option<()> {
    if !is_hex(text) {
        return hex::decode_to_slice(text, out).ok();
    }
    let mut words = text.chunks_exact(8);
    let mut places = out.chunks_exact_mut(4);
    for (word, place) in (&mut words).zip(&mut places) {
        let word = u64::from_le_bytes(word.try_into().expect("eight bytes"));
        // A letter's low nibble is 1 to 6 and its bit 6 is set; a digit's is its value.
        let nibbles = (word & 0x0f0f_0f0f_0f0f_0f0f) + 9 * (word >> 6 & 0x0101_0101_0101_0101);
        let pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
        place.copy_from_slice(&((fours | fours >> 16) as u32).to_le_bytes());
    }
    hex::decode_to_slice(words.remainder(), places.into_remainder()).ok()
}

/// Decodes lower-case hexadecimal of whole groups of eight digits into the start of `out`; whether `text` is that. Each
/// group is decoded as if it were hexadecimal and written again: what comes out the same was. 5 ns for 40 digits, where
/// asking first and decoding then take 13.
#[inline]
pub(super) fn lower_hex_into(text: &[u8], out: &mut [u8; MAX_DIGEST]) -> bool {
    const ONES: u64 = each(1);
    let (words, rest) = text.as_chunks::<8>();
    if !rest.is_empty() || text.len() > 2 * MAX_DIGEST {
        return false;
    }
    let mut wrong = 0;
    for (word, place) in words.iter().zip(out.as_chunks_mut::<4>().0) {
        let word = u64::from_le_bytes(*word);
        // A letter's low nibble is 1 to 6 and its bit 6 is set; a digit's is its value. No byte exceeds 24.
        let nibbles = (word & (0x0f * ONES)) + 9 * (word >> 6 & ONES);
        let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
        let written = nibbles + 0x30 * ONES + 0x27 * letters;
        wrong |= (written ^ word) | (nibbles & (0xf0 * ONES));
        let pairs = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = (pairs | pairs >> 8) & 0x0000_ffff_0000_ffff;
        *place = ((fours | fours >> 16) as u32).to_le_bytes();
    }
    wrong == 0
}

/// Decodes hexadecimal of either case.
pub(super) fn hex_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    hex::decode(bytes).ok()
}

/// Decodes base64, padded or not, with `.` read as `+` (passlib's "adapted base64").
pub(super) fn base64_bytes(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.contains(&b'.') {
        let adapted: Vec<u8> = bytes.iter().map(|&b| if b == b'.' { b'+' } else { b }).collect();
        return STANDARD.decode(adapted).ok();
    }
    STANDARD.decode(bytes).ok()
}

/// Encodes as RFC 4648 base64 with padding.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// A digest as text, hexadecimal or base64 by its length, into `out`; its length, if that is `len` bytes.
pub(super) fn digest_bytes(text: &[u8], len: usize, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
    let out = out.get_mut(..len)?;
    if text.len() == 2 * len {
        hex_into(text, out)?;
    } else {
        let decoded = base64_bytes(text)?;
        if decoded.len() != len {
            return None;
        }
        out.copy_from_slice(&decoded);
    }
    Some(len)
}

/// The value of one character of crypt(3)'s alphabet.
pub(super) fn itoa64_index(character: u8) -> Option<u32> {
    ITOA64.iter().position(|&c| c == character).map(|i| i as u32)
}

/// Writes `count` characters of crypt(3)'s alphabet for the lowest `6 * count` bits of `bits`, low bits first.
pub(super) fn push_itoa64(mut bits: u32, count: usize, out: &mut Vec<u8>) {
    for _ in 0..count {
        out.push(ITOA64[(bits & 0x3f) as usize]);
        bits >>= 6;
    }
}

/// Reads characters of crypt(3)'s alphabet as a number, low bits first; at most five.
pub(super) fn itoa64_number(characters: &[u8]) -> Option<u32> {
    let mut number = 0;
    for &character in characters.get(..5.min(characters.len()))?.iter().rev() {
        number = number << 6 | itoa64_index(character)?;
    }
    Some(number)
}

/// `bytes` in crypt(3)'s alphabet, three bytes to four characters, first byte in the lowest bits: phpass and `$7$`.
pub(super) fn to_itoa64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().rev().fold(0, |bits, &b| bits << 8 | u32::from(b));
        push_itoa64(bits, three.len() + 1, &mut out);
    }
    out
}

/// What [`to_itoa64`] wrote; `None` for other characters and for a single one left over.
pub(super) fn from_itoa64(characters: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(characters.len() * 3 / 4);
    for four in characters.chunks(4) {
        let bits = itoa64_number(four).filter(|_| four.len() > 1)?;
        out.extend(&bits.to_le_bytes()[..four.len() - 1]);
    }
    Some(out)
}

/// One character of crypt(3)'s alphabet.
pub(super) fn itoa64(six: u32) -> Option<u8> {
    ITOA64.get(six as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_hex_is_told_from_everything_else_byte_by_byte() {
        let mut out = [0; MAX_DIGEST];
        for len in (0..=136_usize).step_by(4) {
            let raw: Vec<u8> = (0..len / 2).map(|i| (i * 77 + 5) as u8).collect();
            let text = hex::encode(&raw);
            let fits = len % 8 == 0 && len <= 128;
            assert_eq!(lower_hex_into(text.as_bytes(), &mut out), fits, "{len}");
            assert!(!fits || out.starts_with(&raw));
        }
        for byte in 0..=255_u8 {
            let mut text = *b"0123456789abcdef";
            for at in 0..text.len() {
                let before = std::mem::replace(&mut text[at], byte);
                assert_eq!(lower_hex_into(&text, &mut out), matches!(byte, b'0'..=b'9' | b'a'..=b'f'), "{byte} {at}");
                text[at] = before;
            }
        }
    }

    #[test]
    fn hexadecimal_is_of_one_case() {
        for yes in ["", "00", "deadbeef0123456789", "DEADBEEF0123456789", "0123456789012345678901234567890a"] {
            assert!(is_hex(yes.as_bytes()), "{yes}");
        }
        for no in ["dEadbeef", "0123456789abcdeF0", "g", "/", ":", "`", "@", "G", "0123456789abcde\u{e9}", "0 "] {
            assert!(!is_hex(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn alphabets_hold_exactly_their_characters() {
        for b in 0..=255u8 {
            assert_eq!(is_hex(&[b]), b.is_ascii_hexdigit(), "{b:#x}");
            assert_eq!(is_digits(&[b]), b.is_ascii_digit(), "{b:#x}");
            assert_eq!(is_itoa64(&[b]), ITOA64.contains(&b), "{b:#x}");
            assert_eq!(is_visible(&[b]), b.is_ascii_graphic(), "{b:#x}");
            assert_eq!(is_ab64(&[b]), ITOA64.contains(&b) || b == b'+', "{b:#x}");
            assert_eq!(base64_len(&[b; 4]).is_some(), base64_index(b).is_some(), "{b:#x}");
        }
    }

    #[test]
    fn a_stray_byte_is_found_wherever_it_stands_and_never_excuses_its_neighbours() {
        for len in 1..40 {
            for at in 0..len {
                for stray in [0, b'/' - 1, b'g', b'G', b'@', b'[', b'`', b'{', 0x7f, 0x80, 0xb0, 0xe1, 0xff] {
                    let mut text = vec![b'f'; len];
                    text[at] = stray;
                    assert!(!is_hex(&text), "{stray:#x} at {at} of {len}");
                    assert_eq!(is_itoa64(&text), ITOA64.contains(&stray), "{stray:#x} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn base64_with_stray_bits_is_not_canonical() {
        assert_eq!(base64_len(b"AAA="), Some(2));
        assert_eq!(base64_len(b"AA=="), Some(1));
        assert_eq!(base64_len(b"AAB="), None);
        assert_eq!(base64_len(b"AB=="), None);
        assert_eq!(base64_len(b"===="), None);
        assert_eq!(base64_len(b"AAA"), None);
        assert_eq!(base64_len(b""), None);
    }

    #[test]
    fn counts_are_digits_only_and_never_overflow() {
        assert_eq!(decimal(b"600000"), Some(600_000));
        assert_eq!(decimal(b"999999999999999999"), Some(999_999_999_999_999_999));
        for no in [&b""[..], b"-1", b"+1", b"1 ", b"9999999999999999999"] {
            assert_eq!(decimal(no), None);
        }
    }

    #[test]
    fn low_bits_first_numbers_read_back_as_written() {
        for n in [0, 1, 63, 64, 8, 1 << 29] {
            let mut text = Vec::new();
            push_itoa64(n, 5, &mut text);
            assert_eq!(itoa64_number(&text), Some(n));
        }
    }
}
