//! How a family's values are written, as data: a row of parts that one parser reads and one printer writes.
//!
//! `$5$rounds=1000$salt$hash` is a fixed text, a number, a fixed text, a salt in plain text, a fixed text, a key in some
//! alphabet. [`first`] only checks, and allocates nothing unless several binary fields are packed into one text;
//! [`Layout::read`] decodes; [`Layout::print`] writes the canonical text of what was read, which reads back the same.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::codec;
use crate::model::{Form, FormDef};

/// Longest field in text, in bytes: salts and logins of no product come near it.
pub(super) const LONGEST_TEXT: usize = 1024;

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// As they are.
    Text,
    /// As they are, visible ASCII only.
    Visible,
    /// Characters of crypt(3)'s alphabet, compared as they are.
    Crypt,
    /// Hexadecimal, printed in lower case.
    Hex,
    /// Hexadecimal, printed in upper case.
    HexUpper,
    /// RFC 4648 base64, padded and canonical.
    Base64,
    /// RFC 4648 base64 without padding.
    Base64Bare,
    /// passlib's base64: no padding, `.` for `+`.
    Ab64,
    /// bcrypt's base64: alphabet `./A-Za-z0-9`.
    Bcrypt,
    /// RFC 4648's bit order with crypt(3)'s alphabet: Cisco's types 4, 8 and 9.
    Cisco,
}

const FORGIVING: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_encode_padding(false)
    .with_decode_padding_mode(DecodePaddingMode::RequireNone);
const BARE: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, FORGIVING);
const BCRYPT: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, FORGIVING);
const CISCO: GeneralPurpose = GeneralPurpose::new(&alphabet::CRYPT, FORGIVING);

impl Coding {
    /// Length of what `text` stands for (in bytes; in characters for [`Coding::Crypt`]); `None` where it is none.
    fn len(self, text: &[u8]) -> Option<usize> {
        let bare = || (text.len() % 4 != 1).then_some(text.len() * 3 / 4);
        match self {
            Self::Text => Some(text.len()),
            Self::Visible => codec::is_visible(text).then_some(text.len()),
            Self::Crypt => codec::is_itoa64(text).then_some(text.len()),
            Self::Hex | Self::HexUpper => {
                (text.len().is_multiple_of(2) && codec::is_hex(text)).then_some(text.len() / 2)
            }
            Self::Base64 if text.is_empty() => Some(0),
            Self::Base64 => codec::base64_len(text),
            Self::Base64Bare if text.contains(&b'.') => None,
            Self::Base64Bare | Self::Ab64 if text.is_empty() => Some(0),
            Self::Base64Bare | Self::Ab64 => codec::is_ab64(text).then(bare).flatten(),
            Self::Bcrypt | Self::Cisco => codec::is_itoa64(text).then(bare).flatten(),
        }
    }

    fn decode(self, text: &[u8]) -> Option<Cow<'_, [u8]>> {
        let owned = match self {
            Self::Text | Self::Visible | Self::Crypt => return Some(Cow::Borrowed(text)),
            Self::Hex | Self::HexUpper => codec::hex_bytes(text)?,
            Self::Base64 | Self::Ab64 => codec::base64_bytes(text)?,
            Self::Base64Bare => BARE.decode(text).ok()?,
            Self::Bcrypt => BCRYPT.decode(text).ok()?,
            Self::Cisco => CISCO.decode(text).ok()?,
        };
        Some(Cow::Owned(owned))
    }

    pub(super) fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Text | Self::Visible | Self::Crypt => bytes.to_vec(),
            Self::Hex => hex::encode(bytes).into_bytes(),
            Self::HexUpper => hex::encode_upper(bytes).into_bytes(),
            Self::Base64 => codec::to_base64(bytes).into_bytes(),
            Self::Base64Bare => BARE.encode(bytes).into_bytes(),
            Self::Ab64 => BARE.encode(bytes).replace('+', ".").into_bytes(),
            Self::Bcrypt => BCRYPT.encode(bytes).into_bytes(),
            Self::Cisco => CISCO.encode(bytes).into_bytes(),
        }
    }
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Salt,
    Key,
    Login,
    /// Whatever else a family needs.
    Extra,
}

/// One part of a value. Numbers go to the place of [`Value::counts`] that is named first.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// This text.
    Is(&'static str),
    /// This text, its letters of either case; printed as it stands here.
    Label(&'static str),
    /// A decimal number.
    Number(usize),
    /// A decimal number of exactly so many digits.
    Digits(usize, usize),
    /// A number in lower-case hexadecimal.
    HexNumber(usize),
    /// A number in crypt(3)'s alphabet of exactly so many characters, low bits first.
    Number64(usize, usize),
    /// One of these letters.
    Letter(usize, &'static [u8]),
    /// Not in the value: a number that this writing implies.
    Given(usize, u64),
    /// A field of so many bytes, from least to most, up to the next fixed text or the end.
    Field(Slot, Coding, usize, usize),
    /// A field of exactly so many characters.
    Chars(Slot, Coding, usize),
    /// Several binary fields in one text, up to the next fixed text or the end.
    Packed(Coding, &'static [Inner]),
}

/// One of several binary fields.
#[derive(Clone, Copy, Debug)]
pub(super) enum Inner {
    /// These bytes.
    Is(&'static [u8]),
    /// A number of four bytes, most significant first.
    Be32(usize),
    /// A number of exactly so many hexadecimal digits, in text.
    HexDigits(usize, usize),
    /// So many bytes.
    Field(Slot, usize),
    /// The rest, from least to most bytes.
    Rest(Slot, usize, usize),
}

/// One way to write a form's values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// The form of what is written so.
    pub(super) form: &'static FormDef,
    pub(super) parts: &'static [Part],
}

/// What a value says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) counts: [u64; 4],
    fields: [Cow<'a, [u8]>; 4],
}

impl Value<'_> {
    /// The same with another key.
    pub(super) fn with_key(mut self, key: Vec<u8>) -> Self {
        self.fields[Slot::Key as usize] = Cow::Owned(key);
        self
    }
    pub(super) fn salt(&self) -> &[u8] {
        &self.fields[Slot::Salt as usize]
    }
    pub(super) fn key(&self) -> &[u8] {
        &self.fields[Slot::Key as usize]
    }
    pub(super) fn login(&self) -> &[u8] {
        &self.fields[Slot::Login as usize]
    }
    pub(super) fn extra(&self) -> &[u8] {
        &self.fields[Slot::Extra as usize]
    }
}

/// The forms of these layouts, in their order.
pub(super) const fn forms_of<const N: usize>(layouts: &'static [Layout; N]) -> [&'static FormDef; N] {
    let mut forms = [layouts[0].form; N];
    let mut i = 1;
    while i < N {
        forms[i] = layouts[i].form;
        i += 1;
    }
    forms
}

/// The form of `value` by the first layout that reads it; its parameter is the first number.
pub(super) fn first(groups: &[&'static [Layout]], value: &[u8]) -> Option<Form> {
    groups.iter().flat_map(|group| group.iter()).find_map(|layout| {
        let counts = layout.check(value)?;
        Some(Form { def: layout.form, params: counts[0] })
    })
}

impl Layout {
    /// The numbers in `value`, if it is written so.
    pub(super) fn check(&self, value: &[u8]) -> Option<[u64; 4]> {
        self.walk(value, false).map(|value| value.counts)
    }

    /// What `value` says, decoded, if it is written so.
    pub(super) fn read<'a>(&self, value: &'a [u8]) -> Option<Value<'a>> {
        self.walk(value, true)
    }

    fn walk<'a>(&self, value: &'a [u8], decode: bool) -> Option<Value<'a>> {
        let mut said = Value::default();
        let mut rest = value;
        let mut parts = self.parts;
        while let Some((part, later)) = parts.split_first() {
            parts = later;
            match *part {
                Part::Is(text) => rest = rest.strip_prefix(text.as_bytes())?,
                Part::Label(text) => rest = codec::strip_prefix_any_case(rest, text)?,
                Part::Given(place, number) => said.counts[place] = number,
                Part::Number(place) => {
                    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
                    said.counts[place] = codec::decimal(&rest[..digits])?;
                    rest = &rest[digits..];
                }
                Part::Digits(place, digits) => {
                    let (text, tail) = rest.split_at_checked(digits)?;
                    said.counts[place] = codec::decimal(text)?;
                    rest = tail;
                }
                Part::HexNumber(place) => {
                    let is_digit = |b: &&u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                    let (text, tail) = rest.split_at(rest.iter().take_while(is_digit).count());
                    said.counts[place] = hex_number(text)?;
                    rest = tail;
                }
                Part::Number64(place, characters) => {
                    let (text, tail) = rest.split_at_checked(characters)?;
                    said.counts[place] = codec::itoa64_number(text)?.into();
                    rest = tail;
                }
                Part::Letter(place, letters) => {
                    let (letter, tail) = rest.split_first()?;
                    said.counts[place] = u64::from(*letters.iter().find(|l| *l == letter)?);
                    rest = tail;
                }
                Part::Field(slot, coding, least, most) => {
                    let (text, tail) = until(rest, later)?;
                    if !(least..=most).contains(&coding.len(text)?) {
                        return None;
                    }
                    if decode {
                        said.fields[slot as usize] = coding.decode(text)?;
                    }
                    rest = tail;
                }
                Part::Chars(slot, coding, characters) => {
                    let (text, tail) = rest.split_at_checked(characters)?;
                    coding.len(text)?;
                    if decode {
                        said.fields[slot as usize] = coding.decode(text)?;
                    }
                    rest = tail;
                }
                Part::Packed(coding, fields) => {
                    let (text, tail) = until(rest, later)?;
                    let len = coding.len(text)?;
                    if !fits(fields, len) {
                        return None;
                    }
                    unpack(fields, &coding.decode(text)?, &mut said)?;
                    rest = tail;
                }
            }
        }
        rest.is_empty().then_some(said)
    }

    /// The canonical text of `said`.
    pub(super) fn print(&self, said: &Value<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for part in self.parts {
            match *part {
                Part::Is(text) | Part::Label(text) => out.extend(text.as_bytes()),
                Part::Given(..) => {}
                Part::Number(place) => out.extend(said.counts[place].to_string().into_bytes()),
                Part::Digits(place, digits) => out.extend(format!("{:0digits$}", said.counts[place]).into_bytes()),
                Part::HexNumber(place) => out.extend(format!("{:x}", said.counts[place]).into_bytes()),
                Part::Number64(place, characters) => {
                    codec::push_itoa64(said.counts[place] as u32, characters, &mut out);
                }
                Part::Letter(place, _) => out.push(said.counts[place] as u8),
                Part::Field(slot, coding, ..) | Part::Chars(slot, coding, _) => {
                    out.extend(coding.encode(&said.fields[slot as usize]));
                }
                Part::Packed(coding, fields) => {
                    let mut bytes = Vec::new();
                    for field in fields {
                        match *field {
                            Inner::Is(fixed) => bytes.extend(fixed),
                            Inner::Be32(place) => bytes.extend((said.counts[place] as u32).to_be_bytes()),
                            Inner::HexDigits(place, digits) => {
                                bytes.extend(format!("{:0digits$X}", said.counts[place]).into_bytes());
                            }
                            Inner::Field(slot, _) | Inner::Rest(slot, ..) => {
                                bytes.extend(&*said.fields[slot as usize]);
                            }
                        }
                    }
                    out.extend(coding.encode(&bytes));
                }
            }
        }
        out
    }
}

/// A number of up to 15 hexadecimal digits.
fn hex_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}

/// `rest` before and from the next fixed text; all of it where none follows.
fn until<'a>(rest: &'a [u8], later: &[Part]) -> Option<(&'a [u8], &'a [u8])> {
    let next = later.iter().find(|part| !matches!(part, Part::Given(..)));
    let Some(Part::Is(text)) = next else {
        return Some((rest, &[]));
    };
    let at = match text.as_bytes() {
        [one] => memchr::memchr(*one, rest),
        text => memchr::memmem::find(rest, text),
    };
    at.map(|at| rest.split_at(at))
}

fn fits(fields: &[Inner], len: usize) -> bool {
    let (mut least, mut most) = (0, 0);
    for field in fields {
        let (from, to) = match *field {
            Inner::Is(fixed) => (fixed.len(), fixed.len()),
            Inner::Be32(_) => (4, 4),
            Inner::HexDigits(_, digits) => (digits, digits),
            Inner::Field(_, len) => (len, len),
            Inner::Rest(_, from, to) => (from, to),
        };
        least += from;
        most += to;
    }
    (least..=most).contains(&len)
}

fn unpack(fields: &[Inner], bytes: &[u8], said: &mut Value<'_>) -> Option<()> {
    let mut rest = bytes;
    for field in fields {
        let len = match *field {
            Inner::Is(fixed) => fixed.len(),
            Inner::Be32(_) => 4,
            Inner::HexDigits(_, digits) => digits,
            Inner::Field(_, len) => len,
            Inner::Rest(..) => rest.len(),
        };
        let (own, tail) = rest.split_at_checked(len)?;
        match *field {
            Inner::Is(fixed) if own != fixed => return None,
            Inner::Is(_) => {}
            Inner::Be32(place) => said.counts[place] = u32::from_be_bytes(own.try_into().ok()?).into(),
            Inner::HexDigits(place, _) => {
                let upper = own.iter().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
                said.counts[place] = upper.then(|| hex_number(own)).flatten()?;
            }
            Inner::Field(slot, _) | Inner::Rest(slot, ..) => said.fields[slot as usize] = Cow::Owned(own.to_vec()),
        }
        rest = tail;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FormKind;

    static FORM: FormDef = FormDef { name: "test", kind: FormKind::Modular, digest_len: 4 };

    #[test]
    fn what_is_printed_reads_back_the_same() {
        use Coding::{Ab64, Base64, Bcrypt, Cisco, Hex, HexUpper, Text};
        for coding in [Text, Hex, HexUpper, Base64, Coding::Base64Bare, Ab64, Bcrypt, Cisco] {
            for len in 0..20_u8 {
                let bytes: Vec<u8> = (0..len).map(|i| b'a' + i).collect();
                let text = coding.encode(&bytes);
                assert_eq!(coding.len(&text), Some(bytes.len()), "{coding:?}");
                assert_eq!(coding.decode(&text).as_deref(), Some(&*bytes), "{coding:?}");
            }
        }
        let layout = Layout {
            form: &FORM,
            parts: &[
                Part::Label("{X}"),
                Part::Number(0),
                Part::Is("$"),
                Part::Field(Slot::Salt, Text, 0, 9),
                Part::Is("$$"),
                Part::Packed(Hex, &[Inner::Is(b"\x01"), Inner::Be32(1), Inner::Rest(Slot::Key, 1, 9)]),
            ],
        };
        let value = b"{x}0012$sa$lt$$010000000Fdeadbeef".map(|b| b.to_ascii_lowercase());
        let said = layout.read(&value).unwrap();
        assert_eq!(said.counts, [12, 15, 0, 0]);
        assert_eq!((said.salt(), said.key()), (&b"sa$lt"[..], &b"\xde\xad\xbe\xef"[..]));
        let printed = layout.print(&said);
        assert_eq!(printed, b"{X}12$sa$lt$$010000000fdeadbeef");
        assert_eq!(layout.read(&printed), Some(said));
    }

    #[test]
    fn damaged_values_are_not_read() {
        let layout = Layout {
            form: &FORM,
            parts: &[Part::Is("a:"), Part::Digits(0, 2), Part::Chars(Slot::Salt, Coding::Crypt, 2), Part::Is(":")],
        };
        assert_eq!(layout.check(b"a:07xy:"), Some([7, 0, 0, 0]));
        for no in ["", "a", "a:", "a:7", "a:07", "a:07x", "a:07xy", "a:07x!:", "a:07xy:z", "a:0axy:", "b:07xy:"] {
            assert_eq!(layout.check(no.as_bytes()), None, "{no}");
        }
    }
}
