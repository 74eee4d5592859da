//! What one value looks like beside its form: counts of byte classes in one pass, and from them a kind.

/// How many bytes of a value are looked at; the longest passwords, digests and names fit.
pub(super) const SEEN: usize = 128;

/// Counts of byte classes, one byte each (a value is looked at up to [`SEEN`] bytes, so none overflows).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Classes(u128);

/// A byte class and its place in [`Classes`].
#[derive(Clone, Copy)]
#[repr(u32)]
enum Class {
    Lower = 0,
    Upper = 1,
    Digit = 2,
    /// `a`–`f` in either case; counted beside Lower or Upper.
    HexLetter = 3,
    Space = 4,
    /// `-` and `_`
    Dash = 5,
    /// `.` and `,`
    Dot = 6,
    /// `/`, `:` and `\`
    Slash = 7,
    /// `+`, `(`, `)`
    Plus = 8,
    /// `@`
    At = 9,
    /// Other printable ASCII.
    Special = 10,
    /// Bytes of 0x80 and above.
    High = 11,
    Control = 12,
    /// Vowels in either case; counted beside Lower or Upper.
    Vowel = 13,
}

const LANES: [u128; 256] = lanes();

const fn lane(class: Class) -> u128 {
    1 << (class as u32 * 8)
}

const fn lanes() -> [u128; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let mut lanes = match b {
            b'a'..=b'z' => lane(Class::Lower),
            b'A'..=b'Z' => lane(Class::Upper),
            b'0'..=b'9' => lane(Class::Digit),
            b' ' => lane(Class::Space),
            b'-' | b'_' => lane(Class::Dash),
            b'.' | b',' => lane(Class::Dot),
            b'/' | b':' | b'\\' => lane(Class::Slash),
            b'+' | b'(' | b')' => lane(Class::Plus),
            b'@' => lane(Class::At),
            0x80..=0xff => lane(Class::High),
            0..=0x1f | 0x7f => lane(Class::Control),
            _ => lane(Class::Special),
        };
        if matches!(b, b'a'..=b'f' | b'A'..=b'F') {
            lanes += lane(Class::HexLetter);
        }
        if matches!(b.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y') {
            lanes += lane(Class::Vowel);
        }
        table[byte] = lanes;
        byte += 1;
    }
    table
}

impl Classes {
    /// Counts the first [`SEEN`] bytes.
    pub(super) fn of(value: &[u8]) -> Self {
        Self(value[..value.len().min(SEEN)].iter().fold(0, |sum, &b| sum + LANES[usize::from(b)]))
    }

    /// All counts as two words, to be hashed: values of one pattern of classes have the same.
    pub(super) const fn bits(self) -> (u64, u64) {
        (self.0 as u64, (self.0 >> 64) as u64)
    }

    const fn count(self, class: Class) -> usize {
        (self.0 >> (class as u32 * 8)) as usize & 0xff
    }

    /// ASCII letters.
    pub(super) const fn letters(self) -> usize {
        self.count(Class::Lower) + self.count(Class::Upper)
    }

    /// ASCII vowels.
    pub(super) const fn vowels(self) -> usize {
        self.count(Class::Vowel)
    }

    /// Digits.
    pub(super) const fn digits(self) -> usize {
        self.count(Class::Digit)
    }

    /// Spaces.
    pub(super) const fn spaces(self) -> usize {
        self.count(Class::Space)
    }

    /// Bytes of 0x80 and above.
    pub(super) const fn high(self) -> usize {
        self.count(Class::High)
    }

    /// Printable ASCII that is neither letter, digit, space nor a usual separator.
    pub(super) const fn special(self) -> usize {
        self.count(Class::Special) + self.count(Class::At)
    }

    /// Which of lower case, upper case, digits and punctuation occur, as four bits.
    pub(super) fn combination(self) -> usize {
        let lower = self.count(Class::Lower) + self.high() > 0;
        let upper = self.count(Class::Upper) > 0;
        let separators =
            self.count(Class::Dash) + self.count(Class::Dot) + self.count(Class::Slash) + self.count(Class::Plus);
        let other = self.special() + separators + self.spaces() > 0;
        usize::from(lower) | usize::from(upper) << 1 | usize::from(self.digits() > 0) << 2 | usize::from(other) << 3
    }
}

/// What a value looks like; exactly one for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    /// Digits only.
    Integer,
    /// A number with a sign, a decimal point or a currency.
    Decimal,
    /// A date or a time stamp.
    Date,
    /// Digits with separators: phone numbers, ISBN, versions.
    Numbers,
    /// A UUID.
    Uuid,
    /// An email address.
    Email,
    /// A URL, a path or a file name.
    Url,
    /// An IP or MAC address.
    Address,
    /// At least 16 hex digits, letters among them.
    Hex,
    /// At least 20 characters of base64, of all three classes.
    Token,
    /// One lower-case word.
    Lower,
    /// One upper-case word.
    Upper,
    /// One capitalised word, maybe hyphenated.
    Capital,
    /// Letters in another mix of cases.
    Camel,
    /// A few words, maybe with a house number.
    Words,
    /// Many words.
    Prose,
    /// Lower-case words, maybe with digits, joined by separators.
    Slug,
    /// Upper-case letters and digits, maybe with separators; hex colours.
    Code,
    /// Letters and digits in one piece, lower case among them.
    Mixed,
    /// With punctuation that no other kind explains.
    Special,
    /// JSON, XML, serialised.
    Structured,
    /// Not text.
    Binary,
}

impl Kind {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Binary as usize + 1;

    /// The kind of a value that is not empty.
    pub(super) fn of(value: &[u8], c: Classes) -> Self {
        let seen = &value[..value.len().min(SEEN)];
        if c.digits() == seen.len() {
            return Self::Integer;
        }
        if c.count(Class::Control) > 0 {
            return if seen.iter().all(|b| *b >= 0x20 || matches!(b, b'\t' | b'\r' | b'\n')) {
                Self::Prose
            } else {
                Self::Binary
            };
        }
        if c.high() > 0 && !is_text(seen, value.len() > SEEN) {
            return Self::Binary;
        }
        if c.letters() == 0 && c.digits() > 0 && c.special() + c.high() > 0 && is_amount(seen) {
            return Self::Decimal;
        }
        if c.letters() + c.high() == 0 {
            return Self::without_letters(seen, c);
        }
        if c.spaces() == 0 && c.special() + c.count(Class::Dash) + c.count(Class::Slash) + c.count(Class::Dot) == 0 {
            return Self::one_piece(seen, c);
        }
        Self::with_punctuation(seen, c)
    }

    fn without_letters(value: &[u8], c: Classes) -> Self {
        if c.digits() == 0 {
            return if is_structured(value) { Self::Structured } else { Self::Special };
        }
        if is_decimal(value) {
            Self::Decimal
        } else if is_ipv4(value, c) {
            Self::Address
        } else if is_date(value) {
            Self::Date
        } else if c.special() == 0 {
            Self::Numbers
        } else {
            Self::Special
        }
    }

    /// Letters (and digits) without separators.
    fn one_piece(value: &[u8], c: Classes) -> Self {
        let (lower, upper) = (c.count(Class::Lower) + c.high(), c.count(Class::Upper));
        if c.digits() > 0 {
            let hex = c.digits() + c.count(Class::HexLetter) == value.len();
            return if hex && value.len() >= 16 {
                Self::Hex
            } else if upper > 0 && lower > 0 && value.len() >= 20 {
                Self::Token
            } else if lower == 0 {
                Self::Code
            } else if c.digits() >= 5 && c.letters() == 3 && is_date(value) {
                Self::Date
            } else {
                Self::Mixed
            };
        }
        if upper == 0 {
            Self::Lower
        } else if lower == 0 {
            Self::Upper
        } else if upper == 1 && value[0].is_ascii_uppercase() {
            Self::Capital
        } else {
            Self::Camel
        }
    }

    fn with_punctuation(value: &[u8], c: Classes) -> Self {
        let (lower, upper) = (c.count(Class::Lower), c.count(Class::Upper));
        if c.count(Class::At) == 1 && is_email(value) {
            return Self::Email;
        }
        if c.digits() >= 4 && c.special() == 0 && is_date(value) {
            return Self::Date;
        }
        if c.count(Class::Dash) == 4 && is_uuid(value, c) {
            return Self::Uuid;
        }
        if is_structured(value) {
            return Self::Structured;
        }
        if is_url(value, c) {
            return Self::Url;
        }
        let special = c.special();
        let hex = c.digits() + c.count(Class::HexLetter);
        if c.count(Class::Slash) >= 2 && hex + c.count(Class::Slash) == value.len() {
            return Self::Address;
        }
        if c.spaces() > 0 {
            return if c.digits() > 0 && lower == 0 && c.special() + c.high() == 0 && value.len() <= 40 {
                Self::Code
            } else if c.spaces() >= 5 || value.len() > 60 {
                Self::Prose
            } else if c.digits() > 0 && c.special() > 0 && !value.contains(&b'\'') && !value.contains(&b'#') {
                Self::Special
            } else {
                Self::Words
            };
        }
        if value[0] == b'#' && hex + 1 == value.len() && matches!(hex, 3 | 4 | 6 | 8) {
            return Self::Code;
        }
        let base64 = value.len() >= 20 && value.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(b));
        if base64 && lower > 0 && upper > 0 && c.digits() > 0 {
            return Self::Token;
        }
        // O'Brien
        let apostrophe = special == 1 && c.digits() == 0 && value.contains(&b'\'');
        if special > 0 && !apostrophe {
            return Self::Special;
        }
        if c.digits() == 0 && upper > 0 {
            // Jean-Luc, McDonald-Smith, St.Gallen
            return if value[0].is_ascii_uppercase() || c.high() > 0 { Self::Capital } else { Self::Camel };
        }
        if c.digits() > 0 && lower + c.high() == 0 { Self::Code } else { Self::Slug }
    }
}

/// UTF-8, a character cut at the end of what is seen aside.
fn is_text(seen: &[u8], cut: bool) -> bool {
    match std::str::from_utf8(seen) {
        Ok(_) => true,
        Err(error) => cut && error.error_len().is_none(),
    }
}

/// `-12.5`, `1,299.00`, `+3`
fn is_decimal(value: &[u8]) -> bool {
    let number = value.strip_prefix(b"-").unwrap_or(value);
    let points = number.iter().filter(|b| matches!(b, b'.' | b',')).count();
    let last = number.iter().rposition(|b| matches!(b, b'.' | b','));
    let digits = number.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
    let grouped = points < 2
        || (number[number.len().saturating_sub(3)..].iter().any(|b| matches!(b, b'.' | b','))
            && number.split(|b| matches!(b, b'.' | b',')).skip(1).all(|group| group.len() <= 3)
            && number.contains(&b','));
    digits
        && grouped
        && number.first().is_some_and(u8::is_ascii_digit)
        && (points > 0 || number.len() < value.len())
        && last.is_none_or(|last| last + 1 < number.len())
}

fn is_ipv4(value: &[u8], c: Classes) -> bool {
    c.count(Class::Dot) == 3
        && c.digits() + 3 == value.len()
        && value
            .split(|&b| b == b'.')
            .all(|part| matches!(part.len(), 1..=3) && part <= &b"255"[..part.len().max(2)] || part.len() < 3)
}

fn is_uuid(value: &[u8], c: Classes) -> bool {
    let bare = match value {
        [b'{', inner @ .., b'}'] => inner,
        _ => value,
    };
    bare.len() == 36
        && c.digits() + c.count(Class::HexLetter) == 32
        && [8, 13, 18, 23].iter().all(|&at| bare[at] == b'-')
}

/// One `@` with something before it and a domain after.
fn is_email(value: &[u8]) -> bool {
    let Some(at) = memchr::memchr(b'@', value) else { return false };
    let (local, domain) = (&value[..at], &value[at + 1..]);
    let last_dot = memchr::memrchr(b'.', domain);
    !local.is_empty()
        && !value.contains(&b' ')
        && last_dot.is_some_and(|dot| dot > 0 && domain.len() - dot > 2)
        && domain.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-') || *b >= 0x80)
        && domain.last().is_some_and(|b| b.is_ascii_alphabetic() || *b >= 0x80)
}

/// JSON, XML, PHP's serialize.
fn is_structured(value: &[u8]) -> bool {
    let php = matches!(value, [b'a' | b'O' | b's', b':', b'0'..=b'9', ..]);
    php || (value.len() > 4
        && matches!(value, [b'{', b'"' | b'}', ..] | [b'[', b'"' | b'{' | b']', ..] | [b'<', b'?' | b'a'..=b'z', ..]))
        || matches!(value, b"{}" | b"[]")
}

/// File name extensions met in tables.
const EXTENSIONS: [&[u8]; 36] = [
    b"jpg", b"jpeg", b"png", b"gif", b"pdf", b"doc", b"docx", b"xls", b"xlsx", b"txt", b"zip", b"csv", b"html", b"htm",
    b"php", b"js", b"css", b"mp3", b"mp4", b"svg", b"xml", b"json", b"tar", b"gz", b"exe", b"dll", b"bmp", b"webp",
    b"avi", b"mov", b"log", b"ppt", b"pptx", b"tif", b"tiff", b"sql",
];

fn is_url(value: &[u8], c: Classes) -> bool {
    if c.count(Class::Slash) >= 2 && (value.windows(3).any(|w| w == b"://") || matches!(value[0], b'/' | b'~')) {
        return true;
    }
    let windows_path = matches!(value, [b'A'..=b'Z' | b'a'..=b'z', b':', b'\\', ..] | [b'\\', b'\\', ..]);
    if c.count(Class::Slash) + c.count(Class::Dot) == 0 {
        return false;
    }
    if value.starts_with(b"www.") || (value[0] == b'/' && c.special() == 0 && value.len() > 3) || windows_path {
        return true;
    }
    memchr::memrchr(b'.', value)
        .is_some_and(|dot| dot > 0 && EXTENSIONS.iter().any(|known| value[dot + 1..].eq_ignore_ascii_case(known)))
}

/// A date in figures (`2021-02-19…`, `19.02.2021`, `2/19/21`), or with a month in letters and a year.
fn is_date(value: &[u8]) -> bool {
    if value.len() > 40 || value.len() < 6 {
        return false;
    }
    if value[0].is_ascii_digit() && value[..value.len().min(5)].iter().any(|b| matches!(b, b'-' | b'/' | b'.')) {
        return is_numeric_date(value);
    }
    // 19 Feb 2021, February 19, 2021, Fri Feb 19 17:18:00 2021
    let mut months = 0;
    let mut years = 0;
    let mut others = 0;
    for part in value.split(|b| !b.is_ascii_alphanumeric() && *b < 0x80) {
        match part {
            [] => {}
            [b'1' | b'2', _, _, _] if part.iter().all(u8::is_ascii_digit) => years += 1,
            part if part.iter().all(u8::is_ascii_digit) => {}
            part if part.len() >= 3 && is_month(part) => months += 1,
            part if is_weekday_or_zone(part) => {}
            _ => others += 1,
        }
    }
    months == 1 && years == 1 && others == 0
}

fn is_numeric_date(value: &[u8]) -> bool {
    let mut groups = value.splitn(3, |b| matches!(b, b'-' | b'/' | b'.'));
    let (Some(first), Some(second), Some(rest)) = (groups.next(), groups.next(), groups.next()) else {
        // 2021-02
        return false;
    };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let tail = &rest[digits..];
    let figures = |group: &[u8], range: std::ops::RangeInclusive<usize>| {
        range.contains(&group.len()) && group.iter().all(u8::is_ascii_digit)
    };
    let month = figures(second, 1..=2) || (second.len() == 3 && is_month(second));
    let order =
        (figures(first, 4..=4) && (1..=2).contains(&digits)) || (figures(first, 1..=2) && matches!(digits, 2 | 4));
    let small = |group: &[u8], most: u32| {
        std::str::from_utf8(group).ok().and_then(|text| text.parse().ok()).is_none_or(|number: u32| number <= most)
    };
    let plausible = small(second, 31) && (first.len() == 4 || small(first, 31));
    month
        && order
        && plausible
        && tail.iter().all(|b| b.is_ascii_digit() || b" T:.+-Zapm,AMPU".contains(b) || *b == b'C')
}

fn is_month(word: &[u8]) -> bool {
    // First three letters in English, German, French, Spanish, Portuguese, Italian, Dutch and Polish.
    const MONTHS: [&[u8; 3]; 32] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec", b"mai", b"okt",
        b"dez", b"fev", b"avr", b"jui", b"ene", b"abr", b"ago", b"dic", b"set", b"out", b"gen", b"mag", b"giu", b"lug",
        b"ott", b"mei", b"sty", b"lut",
    ];
    word.len() <= 10
        && word.iter().all(|b| b.is_ascii_alphabetic() || *b >= 0x80)
        && MONTHS.iter().any(|month| word.len() >= 3 && word[..3].eq_ignore_ascii_case(*month))
}

fn is_weekday_or_zone(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 16] = [
        b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun", b"am", b"pm", b"gmt", b"utc", b"cet", b"cest", b"z",
        b"t", b"th",
    ];
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A number with a currency or a percent sign: the sign may be ASCII or not.
fn is_amount(value: &[u8]) -> bool {
    let sign = |b: &u8| matches!(b, b'$' | b'%' | b' ') || *b >= 0x80;
    let start = value.iter().position(|b| !sign(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !sign(b)).map_or(start, |last| last + 1);
    let number = &value[start..end];
    number.len() < value.len()
        && value.len() - number.len() <= 4
        && !number.is_empty()
        && (is_decimal(number) || number.iter().all(u8::is_ascii_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(value: &str) -> Kind {
        Kind::of(value.as_bytes(), Classes::of(value.as_bytes()))
    }

    #[test]
    fn every_kind_has_its_examples() {
        for (expected, values) in [
            (Kind::Integer, &["0", "12345678", "0049301234"][..]),
            (Kind::Decimal, &["-12.5", "3.14", "1,299.00", "$12.99", "19,99", "15 %", "12,99 €"]),
            (
                Kind::Date,
                &[
                    "2021-02-19",
                    "2021-02-19 17:18:00",
                    "2021-02-19T17:18:00.000Z",
                    "19.02.2021",
                    "2/19/2021",
                    "19 Feb 2021",
                    "February 19, 2021",
                    "Fri Feb 19 17:18:00 2021",
                    "0000-00-00",
                    "19-FEB-21",
                    "2021/02/19",
                    "01.05.98",
                    "2021-02-19 17:18:00+01:00",
                ],
            ),
            (Kind::Numbers, &["+44 20 7946 0958", "978-3-16-148410-0", "(555) 123-4567", "1.2.3.4.5"]),
            (Kind::Uuid, &["123e4567-e89b-12d3-a456-426614174000", "{123E4567-E89B-12D3-A456-426614174000}"]),
            (Kind::Email, &["anna@example.org", "a.b+c@mail.example.co.uk"]),
            (Kind::Url, &["https://example.org/x", "/var/www/x", "C:\\Temp\\a", "IMG_2034.jpg", "report final.pdf"]),
            (Kind::Address, &["192.0.2.17", "2001:db8::1", "00:1a:2b:3c:4d:5e"]),
            (Kind::Hex, &["d41d8cd98f00b204e9800998ecf8427e"]),
            (Kind::Token, &["aGVsbG8gd29ybGQhISEhMTIz", "kX7fQ2pmkX7fQ2pmkX7fQ2pm"]),
            (Kind::Lower, &["monkey", "müller"]),
            (Kind::Upper, &["SCARLETT"]),
            (Kind::Capital, &["Anna", "O'Brien", "Jean-Luc"]),
            (Kind::Words, &["Anna Schmidt", "New York", "12 High Street"]),
            (Kind::Prose, &["the quick brown fox jumps over the lazy dog"]),
            (Kind::Slug, &["tech-news-2021", "anna.mueller", "anna_87"]),
            (Kind::Code, &["AB-1234", "WVWZZZ1JZXW000001", "DE89 3704 0044 0532 0130 00", "#ff8800", "SW1A 1AA"]),
            (Kind::Mixed, &["anna87", "dragon1", "Summer2021"]),
            (Kind::Special, &["P@ssw0rd", "Summer2021!", "a&b", "!!!"]),
            (Kind::Structured, &["{\"a\":1}", "a:1:{i:0;}", "[]", "<p>x</p>"]),
        ] {
            for value in values {
                assert_eq!(kind(value), expected, "{value}");
            }
        }
        let latin1 = b"M\xfcller";
        assert_eq!(Kind::of(latin1, Classes::of(latin1)), Kind::Binary);
    }

    #[test]
    fn any_bytes_have_a_kind() {
        for first in 0..=255u8 {
            for second in [0, b' ', b'-', b'.', b'/', b':', b'@', b'a', b'0', b'{', 0xff] {
                for len in [1, 2, 3, 7, 36, 38, 127, 128, 129, 4000] {
                    let mut value = vec![second; len];
                    value[0] = first;
                    let _ = Kind::of(&value, Classes::of(&value));
                }
            }
        }
    }
}
