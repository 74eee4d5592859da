//! How bytes are written as text in a column, and what counts as text when bytes are turned back.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Canonical, but with or without padding: Group Policy Preferences cut it off.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_encode_padding(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

/// How a column's bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Hexadecimal, also behind `0x` or `\x`.
    Hex,
    /// RFC 4648 base64.
    Base64,
    /// RFC 4648 base64 with `-` and `_`.
    Base64Url,
    /// As they are: a binary column.
    Raw,
}

impl Written {
    /// The encodings that are text.
    pub(super) const TEXTS: [Self; 3] = [Self::Hex, Self::Base64, Self::Base64Url];

    /// The word used in reports.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
            Self::Raw => "raw bytes",
        }
    }

    /// The bytes that `value` stands for; `None` where it is not written like this, or stands for none.
    pub(super) fn decode(self, value: &[u8]) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Hex => {
                let digits = [&b"0x"[..], b"\\x", b"0X"].iter().find_map(|p| value.strip_prefix(*p)).unwrap_or(value);
                hex::decode(digits).ok()?
            }
            Self::Base64 => decode(&STANDARD, value)?,
            Self::Base64Url => decode(&URL_SAFE, value)?,
            Self::Raw => value.to_vec(),
        };
        (!bytes.is_empty()).then_some(bytes)
    }

    /// How nearly all of `values` are written; [`Written::Raw`] only where most are no text.
    pub(super) fn of(values: &[&[u8]]) -> Option<Self> {
        /// Values that may be something else: older ones, broken ones.
        const MOST: f64 = 0.95;
        let all = values.len().max(1) as f64;
        // A binary column is told first: its bytes are in no alphabet, and looking costs nothing.
        if values.iter().filter(|value| as_text(value).is_none()).count() as f64 / all >= 0.5 {
            return Some(Self::Raw);
        }
        Self::TEXTS.into_iter().find(|written| {
            let mut left = values.len();
            let mut fits = |value: &&[u8]| {
                left -= usize::from(written.decode(value).is_none());
                left as f64 / all >= MOST
            };
            !values.is_empty() && values.iter().all(&mut fits)
        })
    }
}

fn decode(engine: &GeneralPurpose, value: &[u8]) -> Option<Vec<u8>> {
    // MySQL's TO_BASE64 and PEM break lines.
    if value.iter().any(u8::is_ascii_whitespace) {
        let joined: Vec<u8> = value.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
        return engine.decode(joined).ok();
    }
    engine.decode(value).ok()
}

/// Base64 of either alphabet.
pub(super) fn any_base64(value: &[u8]) -> Option<Vec<u8>> {
    decode(&STANDARD, value).or_else(|| decode(&URL_SAFE, value))
}

/// Text, if `bytes` are some a person could have typed: UTF-8 without control characters.
pub(super) fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

/// How characters are written in bytes that were turned back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    Utf8,
    /// Windows and .NET.
    Utf16Le,
    /// Java's `char`s.
    Utf16Be,
}

impl Characters {
    pub(super) const ALL: [Self; 3] = [Self::Utf8, Self::Utf16Le, Self::Utf16Be];

    /// `bytes` as UTF-8 text, if they are text.
    pub(super) fn read(self, bytes: &[u8]) -> Option<Cow<'_, [u8]>> {
        let unit = match self {
            Self::Utf8 => return as_text(bytes).map(|text| Cow::Borrowed(text.as_bytes())),
            Self::Utf16Le => u16::from_le_bytes,
            Self::Utf16Be => u16::from_be_bytes,
        };
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        let text: String = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().ok()?;
        // Any bytes are UTF-16 of something: what is typed into a password field is mostly below U+0250.
        let plausible = text.chars().all(|c| !c.is_control() && (c as u32) < 0x250);
        plausible.then(|| Cow::Owned(text.into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_a_column_is_written_is_told_by_nearly_all_of_its_values() {
        assert_eq!(Written::of(&[b"3132", b"616263", b"\\x7a"]), Some(Written::Hex));
        assert_eq!(Written::of(&[b"EQ7fIpT7i/Q=", b"ioxG6CatHBw="]), Some(Written::Base64));
        assert_eq!(Written::of(&[b"EQ7fIpT7i_Q=", b"ioxG6CatHBw", b"-_-_"]), Some(Written::Base64Url));
        assert_eq!(Written::of(&[b"\x01\xff\x80", b"\x00\x9c"]), Some(Written::Raw));
        assert_eq!(Written::of(&[b"dragon1", b"hunter2!", b"abcd"]), None);
        assert_eq!(Written::of(&[]), None);
    }

    #[test]
    fn text_is_what_can_be_typed() {
        assert_eq!(as_text("Grüße 1!".as_bytes()), Some("Grüße 1!"));
        assert_eq!(as_text(b"a\x00"), None);
        assert_eq!(as_text(b"\xff"), None);
        assert_eq!(Characters::Utf16Le.read(b"a\x00\xfc\x00").as_deref(), Some("aü".as_bytes()));
        assert_eq!(Characters::Utf16Be.read(b"\x00a").as_deref(), Some(&b"a"[..]));
        assert_eq!(Characters::Utf16Le.read(b"\x42\x6f\x10\x99"), None);
    }
}
