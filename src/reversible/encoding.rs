//! Ways to write a password differently that need no key, or have one that everybody knows.

use super::text::as_text;
use crate::model::Secret;

/// Turns one value back; `None` where it cannot be of this kind.
pub(super) type Turn = fn(&[u8]) -> Option<Secret>;

/// What turns text into other text, by name.
pub(super) const TURNS: [(&str, Turn); 3] =
    [("ROT13", |value| Some(rot13(value))), ("ROT47", |value| Some(rot47(value))), ("reversed text", reversed)];

/// Cisco's type 7: the table that IOS exclusive-ors passwords with, public since 1995.
const CISCO: &[u8] = b"dsfd;kfoA,.iyewrkldJKDHSUBsgvca69834ncxv9873254k;fg87";

/// Turns each letter by thirteen places.
fn rot13(value: &[u8]) -> Secret {
    let turned = value.iter().map(|&b| match b {
        b'a'..=b'z' => (b - b'a' + 13) % 26 + b'a',
        b'A'..=b'Z' => (b - b'A' + 13) % 26 + b'A',
        other => other,
    });
    Secret::from(turned.collect::<Vec<u8>>())
}

/// Turns each visible ASCII character by 47 places.
fn rot47(value: &[u8]) -> Secret {
    let turned = value.iter().map(|&b| if (b'!'..=b'~').contains(&b) { (b - b'!' + 47) % 94 + b'!' } else { b });
    Secret::from(turned.collect::<Vec<u8>>())
}

/// Last character first.
fn reversed(value: &[u8]) -> Option<Secret> {
    let text: String = as_text(value)?.chars().rev().collect();
    Some(Secret::from(text.into_bytes()))
}

/// Cisco's type 7: two decimal digits say where in the table to start, then the bytes in hexadecimal.
pub(super) fn cisco7(value: &[u8]) -> Option<Secret> {
    let (start, digits) = value.split_at_checked(2)?;
    let start = std::str::from_utf8(start).ok().filter(|s| s.bytes().all(|b| b.is_ascii_digit()))?;
    let start: usize = start.parse().ok().filter(|start| *start <= 52)?;
    let mut bytes = hex::decode(digits).ok().filter(|bytes| !bytes.is_empty())?;
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte ^= CISCO[(start + at) % CISCO.len()];
    }
    let bytes = Secret::from(bytes);
    as_text(bytes.expose())?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_turned_twice_is_as_before() {
        let value = "Passw0rd! ~\u{e9}".as_bytes();
        for (_, turn) in TURNS {
            let once = turn(value).unwrap();
            assert_ne!(once.expose(), value);
            assert_eq!(turn(once.expose()).unwrap().expose(), value);
        }
    }

    #[test]
    fn cisco_type_7_is_read() {
        // Published example of Cisco's documentation: `cisco`.
        assert_eq!(cisco7(b"02050D480809").unwrap().expose(), b"cisco");
        assert_eq!(cisco7(b"0822455D0A16").unwrap().expose(), b"cisco");
        for no in [&b""[..], b"0", b"02", b"99aabb", b"0g", b"0205zz"] {
            assert!(cisco7(no).is_none());
        }
    }
}
