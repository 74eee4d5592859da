//! Records: the header of serial types and the values behind it (section 2.1 of
//! <https://www.sqlite.org/fileformat2.html>), whether they lie on one page or run on over a chain of overflow pages.

use std::fmt::Write as _;
use std::io;

use super::page::{Cell, Claim, Encoding, Pages, be32};
use crate::formats::MAX_CELL;

/// No table has more columns: the upper bound of `SQLITE_MAX_COLUMN` (<https://www.sqlite.org/limits.html>).
pub(super) const MAX_COLUMNS: usize = 32_767;

/// No record header is longer: nine bytes for each column and its own length.
const MAX_HEADER: usize = 9 * (MAX_COLUMNS + 1);

/// A variable-length number and its length; `None` if it runs out of `bytes`.
#[inline]
pub(super) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((u64::from(first), 1));
    }
    let mut value = u64::from(first & 0x7f);
    for (i, &byte) in bytes.iter().enumerate().take(9).skip(1) {
        if i == 8 {
            return Some((value << 8 | u64::from(byte), 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte < 0x80 {
            return Some((value, i + 1));
        }
    }
    None
}

/// One value of a record: its type and where its bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    serial: u64,
    start: usize,
    len: usize,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    /// Text in the database's encoding, `len` bytes from `start` on.
    Text(usize, usize),
    /// Bytes, `len` of them from `start` on.
    Blob(usize, usize),
}

/// Takes records apart; keeps its memory from row to row.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    /// The values of the last record.
    pub(super) fields: Vec<Field>,
    /// The bytes of a record that ran on over overflow pages.
    pub(super) gathered: Vec<u8>,
    /// Overflow pages claimed for the last record.
    pub(super) chain: u64,
}

/// Where the bytes of a decoded record are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bytes {
    /// In the page, at the fields' positions.
    Page,
    /// In [`Decoder::gathered`].
    Gathered,
}

/// Why a record ends early.
enum Stop {
    Io(io::Error),
    Broken(&'static str),
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl Decoder {
    /// Takes apart the record of `cell`, whose page is `page`: at most `most` values, each cut to `max_cell` bytes.
    ///
    /// Claims the overflow pages, also where the record turns out to be damaged; [`Decoder::chain`] says how many.
    pub(super) fn decode(
        &mut self,
        pages: &mut Pages<'_>,
        usable: usize,
        page: &[u8],
        cell: &Cell,
        most: usize,
        max_cell: usize,
    ) -> io::Result<Result<Bytes, &'static str>> {
        self.fields.clear();
        self.chain = 0;
        let local = &page[cell.payload..cell.payload + cell.local];
        if cell.local == cell.total {
            return Ok(self.decode_local(local, cell.payload, most).map(|()| Bytes::Page));
        }
        self.gathered.clear();
        if self.gathered.capacity() > 1 << 20 {
            self.gathered.shrink_to(1 << 20);
        }
        let mut payload = Payload::new(pages, usable, local, cell);
        let decoded = Self::decode_chained(&mut self.fields, &mut self.gathered, &mut payload, most, max_cell);
        // The rest of the chain is claimed whatever became of the record.
        let decoded = match (decoded, payload.skip_rest()) {
            (Err(stop), _) | (Ok(()), Err(stop)) => Err(stop),
            (Ok(()), Ok(())) => Ok(()),
        };
        self.chain = payload.claimed;
        match decoded {
            Ok(()) => Ok(Ok(Bytes::Gathered)),
            Err(Stop::Broken(what)) => Ok(Err(what)),
            Err(Stop::Io(e)) => Err(e),
        }
    }

    /// Claims the overflow pages of a cell whose content does not matter.
    pub(super) fn claim_chain(
        &mut self,
        pages: &mut Pages<'_>,
        usable: usize,
        cell: &Cell,
    ) -> io::Result<Result<(), &'static str>> {
        self.chain = 0;
        if cell.local == cell.total {
            return Ok(Ok(()));
        }
        let mut payload = Payload::new(pages, usable, &[], cell);
        let skipped = payload.skip_rest();
        self.chain = payload.claimed;
        match skipped {
            Ok(()) => Ok(Ok(())),
            Err(Stop::Broken(what)) => Ok(Err(what)),
            Err(Stop::Io(e)) => Err(e),
        }
    }

    #[inline]
    fn decode_local(&mut self, record: &[u8], base: usize, most: usize) -> Result<(), &'static str> {
        let (header_len, mut at) = varint(record).ok_or(BAD_HEADER)?;
        let header_len = usize::try_from(header_len).unwrap_or(usize::MAX);
        let header = record.get(..header_len).ok_or(BAD_HEADER)?;
        let mut value_at = header_len;
        while at < header.len() {
            let (serial, n) = varint(&header[at..]).ok_or(BAD_HEADER)?;
            at += n;
            let len = value_len(serial)?;
            if len > record.len() - value_at {
                return Err("SQLite row damaged: its values are longer than the row");
            }
            if self.fields.len() == most {
                return Err(TOO_MANY);
            }
            self.fields.push(Field { serial, start: base + value_at, len });
            value_at += len;
        }
        Ok(())
    }

    fn decode_chained(
        fields: &mut Vec<Field>,
        gathered: &mut Vec<u8>,
        payload: &mut Payload<'_, '_>,
        most: usize,
        max_cell: usize,
    ) -> Result<(), Stop> {
        // At least 35 bytes of a payload stay on the page: enough for the header's own length.
        let (header_len, _) = varint(payload.local).ok_or(Stop::Broken(BAD_HEADER))?;
        let header_len = usize::try_from(header_len).unwrap_or(usize::MAX);
        if header_len > MAX_HEADER || header_len > payload.left {
            return Err(Stop::Broken(BAD_HEADER));
        }
        payload.read(header_len, gathered)?;
        let (_, mut at) = varint(gathered).ok_or(Stop::Broken(BAD_HEADER))?;
        let mut left = payload.left;
        while at < header_len {
            let (serial, n) = varint(&gathered[at..header_len]).ok_or(Stop::Broken(BAD_HEADER))?;
            at += n;
            let len = value_len(serial).map_err(Stop::Broken)?;
            left =
                left.checked_sub(len).ok_or(Stop::Broken("SQLite row damaged: its values are longer than the row"))?;
            if fields.len() == most {
                return Err(Stop::Broken(TOO_MANY));
            }
            fields.push(Field { serial, start: 0, len });
        }
        for field in fields {
            let kept = field.len.min(max_cell);
            let start = gathered.len();
            payload.read(kept, gathered)?;
            payload.skip(field.len - kept)?;
            *field = Field { serial: field.serial, start, len: kept };
        }
        Ok(())
    }
}

const BAD_HEADER: &str = "SQLite row damaged: its header is not one";
const TOO_MANY: &str = "SQLite row has more values than its table has columns";

/// Bytes of a value of the given serial type.
#[inline]
fn value_len(serial: u64) -> Result<usize, &'static str> {
    Ok(match serial {
        0 | 8 | 9 => 0,
        1..=4 => serial as usize,
        5 => 6,
        6 | 7 => 8,
        10 | 11 => return Err("SQLite row damaged: a value of no known type"),
        _ => ((serial - 12) / 2) as usize,
    })
}

impl Field {
    /// The value; `bytes` are those the field's position counts in.
    #[inline]
    pub(super) fn value(&self, bytes: &[u8]) -> Value {
        let number = |len: usize| {
            let mut value = [0; 8];
            value[8 - len..].copy_from_slice(&bytes[self.start..self.start + len]);
            // The sign is that of the first byte stored.
            (i64::from_be_bytes(value) << (64 - 8 * len)) >> (64 - 8 * len)
        };
        match self.serial {
            0 => Value::Null,
            1..=6 => Value::Integer(number(self.len)),
            7 => {
                let value = f64::from_bits(number(8).cast_unsigned());
                // SQLite has no NaN: it is stored, and read, as NULL.
                if value.is_nan() { Value::Null } else { Value::Real(value) }
            }
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            serial if serial % 2 == 0 => Value::Blob(self.start, self.len),
            _ => Value::Text(self.start, self.len),
        }
    }
}

/// Writes `value` in decimal into the end of `buffer` and gives it.
pub(super) fn integer_text(value: i64, buffer: &mut [u8; 20]) -> &[u8] {
    let mut rest = value.unsigned_abs();
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        buffer[at] = b'-';
    }
    &buffer[at..]
}

/// Writes `value` with as many digits as tell it from every other double, always with a point or an exponent.
pub(super) fn real_text(value: f64, text: &mut String) -> &[u8] {
    text.clear();
    if value.is_infinite() {
        text.push_str(if value > 0.0 { "Inf" } else { "-Inf" });
    } else {
        write!(text, "{value:?}").expect("a String takes what is written");
    }
    text.as_bytes()
}

/// Text in the database's encoding as UTF-8; what is not text in it becomes U+FFFD.
pub(super) fn utf8(bytes: &[u8], encoding: Encoding) -> std::borrow::Cow<'_, [u8]> {
    use std::borrow::Cow;
    let utf16 = match encoding {
        Encoding::Utf8 => return Cow::Borrowed(bytes),
        Encoding::Utf16Le => encoding_rs::UTF_16LE,
        Encoding::Utf16Be => encoding_rs::UTF_16BE,
    };
    match utf16.decode_without_bom_handling(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The most bytes of a stored value that can matter: what [`MAX_CELL`] bytes of UTF-8 take.
pub(super) fn stored_max(encoding: Encoding) -> usize {
    if encoding == Encoding::Utf8 { MAX_CELL } else { 2 * MAX_CELL }
}

/// A payload that runs on over overflow pages: four bytes with the next page's number, then content (section 1.7).
struct Payload<'p, 'a> {
    pages: &'p mut Pages<'a>,
    usable: usize,
    local: &'p [u8],
    /// The overflow page being read, its first four bytes included; empty until its content is asked for.
    page: Vec<u8>,
    /// The place of that page; `None` while in the local part.
    place: Option<u64>,
    /// Bytes of payload passed in the local part or on the page.
    at: usize,
    /// Bytes of payload left there.
    left_here: usize,
    /// Bytes of payload left in all.
    left: usize,
    /// The page after this one.
    next: u32,
    claimed: u64,
    broken: bool,
}

impl<'p, 'a> Payload<'p, 'a> {
    /// The payload of `cell`; `local` is its part on the page, or empty to begin behind that.
    fn new(pages: &'p mut Pages<'a>, usable: usize, local: &'p [u8], cell: &Cell) -> Self {
        Self {
            pages,
            usable,
            local,
            page: Vec::new(),
            place: None,
            at: 0,
            left_here: local.len(),
            left: cell.total - cell.local + local.len(),
            next: cell.overflow,
            claimed: 0,
            broken: false,
        }
    }

    fn read(&mut self, mut len: usize, into: &mut Vec<u8>) -> Result<(), Stop> {
        while len > 0 {
            if self.left_here == 0 {
                self.turn(self.usable)?;
            }
            let n = len.min(self.left_here);
            if let Some(place) = self.place {
                if self.page.len() < self.usable {
                    self.page.resize(self.usable, 0);
                    self.pages.fill(place, &mut self.page)?;
                }
                into.extend_from_slice(&self.page[4 + self.at..4 + self.at + n]);
            } else {
                into.extend_from_slice(&self.local[self.at..self.at + n]);
            }
            self.advance(n);
            len -= n;
        }
        Ok(())
    }

    fn skip(&mut self, mut len: usize) -> Result<(), Stop> {
        while len > 0 {
            if self.left_here == 0 {
                self.turn(4)?;
            }
            let n = len.min(self.left_here);
            self.advance(n);
            len -= n;
        }
        Ok(())
    }

    fn skip_rest(&mut self) -> Result<(), Stop> {
        if self.broken { Ok(()) } else { self.skip(self.left) }
    }

    fn advance(&mut self, n: usize) {
        self.at += n;
        self.left -= n;
        self.left_here -= n;
    }

    /// Goes to the next page and reads its first `len` bytes.
    fn turn(&mut self, len: usize) -> Result<(), Stop> {
        match self.pages.claim(self.next) {
            Claim::Place(place) => {
                self.page.resize(len, 0);
                self.pages.fill(place, &mut self.page)?;
                self.next = be32(&self.page, 0);
                self.place = Some(place);
                self.at = 0;
                self.left_here = self.left.min(self.usable - 4);
                self.claimed += 1;
                Ok(())
            }
            Claim::Cut => {
                self.broken = true;
                Err(Stop::Broken("SQLite row is cut off: the rest of it lay behind the end of the file"))
            }
            Claim::Refused(what) => {
                self.broken = true;
                Err(Stop::Broken(what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_length_numbers_read_as_the_file_format_says() {
        assert_eq!(varint(&[0x00]), Some((0, 1)));
        assert_eq!(varint(&[0x7f, 0xff]), Some((127, 1)));
        assert_eq!(varint(&[0x81, 0x00]), Some((128, 2)));
        assert_eq!(varint(&[0xff; 9]), Some((u64::MAX, 9)), "the ninth byte counts whole");
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80]), Some((128, 9)));
        assert_eq!(varint(&[]), None);
        assert_eq!(varint(&[0xff; 8]), None, "runs out");
    }

    #[test]
    fn integers_of_every_width_keep_their_sign() {
        let bytes = [0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x7f];
        let value = |serial, start, len| Field { serial, start, len }.value(&bytes);
        assert_eq!(value(1, 0, 1), Value::Integer(-1));
        assert_eq!(value(2, 0, 2), Value::Integer(-128));
        assert_eq!(value(3, 1, 3), Value::Integer(-(1 << 23)));
        assert_eq!(value(4, 1, 4), Value::Integer(-(1 << 31)));
        assert_eq!(value(5, 1, 6), Value::Integer(-(1 << 47)));
        assert_eq!(value(6, 1, 8), Value::Integer(i64::MIN + 1));
        assert_eq!(value(1, 9, 1), Value::Integer(127));
        assert_eq!((value(8, 0, 0), value(9, 0, 0)), (Value::Integer(0), Value::Integer(1)));
    }

    #[test]
    fn numbers_print_as_decimal_text() {
        let integer = |v| String::from_utf8(integer_text(v, &mut [0; 20]).to_vec()).unwrap();
        for v in [0, 7, -1, 10, i64::MAX, i64::MIN] {
            assert_eq!(integer(v), v.to_string());
        }
        let real = |v| String::from_utf8(real_text(v, &mut String::new()).to_vec()).unwrap();
        assert_eq!(real(5.0), "5.0");
        assert_eq!(real(0.1), "0.1");
        assert_eq!(real(1e300), "1e300");
        assert_eq!(real(f64::NEG_INFINITY), "-Inf");
    }

    #[test]
    fn utf16_becomes_utf8_and_a_broken_half_shows() {
        assert_eq!(&*utf8(b"h\0\xe9\0", Encoding::Utf16Le), "hé".as_bytes());
        assert_eq!(&*utf8(b"\0h\0\xe9", Encoding::Utf16Be), "hé".as_bytes());
        assert_eq!(&*utf8(b"\xd8\x00\0h", Encoding::Utf16Be), "\u{fffd}h".as_bytes());
        assert_eq!(&*utf8(b"\xff\xfe", Encoding::Utf8), b"\xff\xfe", "UTF-8 is handed on as it is");
    }
}
