//! Ways to write a password differently that need no key, or have one that everybody knows.

use zeroize::Zeroizing;

use super::text::as_text;
use crate::model::Secret;

/// Turns one value back, which is put behind what is there; `None` where it cannot be of this kind.
pub(super) type Turn = fn(&[u8], &mut Vec<u8>) -> Option<()>;

/// What turns text into other text, by name.
pub(super) const TURNS: [(&str, Turn); 3] = [("ROT13", rot13), ("ROT47", rot47), ("reversed text", reversed)];

/// Cisco's type 7: the table that IOS exclusive-ors passwords with, public since 1995.
const CISCO: &[u8] = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

/// Turns each letter by thirteen places.
#[allow(clippy::unnecessary_wraps)] // The type of a turn.
fn rot13(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend(value.iter().map(|&b| match b {
        b'a'..=b'z' => (b - b'a' + 13) % 26 + b'a',
        b'A'..=b'Z' => (b - b'A' + 13) % 26 + b'A',
        other => other,
    }));
    Some(())
}

/// Turns each visible ASCII character by 47 places.
#[allow(clippy::unnecessary_wraps)] // The type of a turn.
fn rot47(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend(value.iter().map(|&b| if (b'!'..=b'~').contains(&b) { (b - b'!' + 47) % 94 + b'!' } else { b }));
    Some(())
}

/// Last character first.
fn reversed(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let text = as_text(value)?;
    if text.is_ascii() {
        out.extend(value.iter().rev());
    } else {
        text.chars().rev().for_each(|c| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()));
    }
    Some(())
}

/// Cisco's type 7: two decimal digits say where in the table to start, then the bytes in hexadecimal.
pub(super) fn cisco7(value: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let ([tens @ b'0'..=b'9', ones @ b'0'..=b'9'], digits) = value.split_first_chunk()? else { return None };
    let start = usize::from(10 * (tens - b'0') + (ones - b'0'));
    if start > 52 || digits.is_empty() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let from = out.len();
    out.resize(from + digits.len() / 2, 0);
    let bytes = &mut out[from..];
    hex::decode_to_slice(digits, bytes).ok()?;
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte ^= CISCO[(start + at) % CISCO.len()];
    }
    as_text(bytes).map(|_| ())
}

/// What `turn` makes of `value`.
pub(super) fn turned(turn: Turn, value: &[u8]) -> Option<Secret> {
    let mut text = Zeroizing::new(Vec::with_capacity(value.len()));
    turn(value, &mut text)?;
    Some(Secret::from(std::mem::take(&mut *text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_turned_twice_is_as_before() {
        let value = "Passw0rd! ~\u{e9}".as_bytes();
        for (_, turn) in TURNS {
            let once = turned(turn, value).unwrap();
            assert_ne!(once.expose(), value);
            assert_eq!(turned(turn, once.expose()).unwrap().expose(), value);
        }
    }

    #[test]
    fn cisco_type_7_is_read() {
        // Published example of Cisco's documentation: `cisco`.
        assert_eq!(turned(cisco7, b"02050D480809").unwrap().expose(), b"cisco");
        assert_eq!(turned(cisco7, b"0822455D0A16").unwrap().expose(), b"cisco");
        for no in [&b""[..], b"0", b"02", b"99aabb", b"0g", b"0205zz"] {
            assert!(turned(cisco7, no).is_none());
        }
    }
}
