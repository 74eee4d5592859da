//! Which encoding a text is in, as far as it matters: UTF-16 becomes UTF-8, a byte order mark is left out, all other
//! bytes stay as they are.

use encoding_rs::{CoderResult, Decoder, UTF_16BE, UTF_16LE};
use zeroize::{Zeroize, Zeroizing};

use super::ReadError;
use super::layer::{Peeked, Source};

/// Bytes looked at to find wrappers and encodings.
pub(super) const HEAD: usize = 1024;

/// Fewest characters from which UTF-16 is concluded without a byte order mark.
const FEWEST: usize = 8;

/// What a text starts with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes to be left alone, after `mark` bytes of a UTF-8 byte order mark.
    Bytes { mark: usize },
    /// UTF-16, after `mark` bytes of byte order mark.
    Utf16 { name: &'static str, encoding: &'static encoding_rs::Encoding, mark: usize },
    /// UTF-32; nothing that holds dumps is written in it.
    Utf32,
}

/// Tells the encoding from a text's first bytes ([`HEAD`] of them, if there are that many).
///
/// Byte order marks are those of the Unicode Standard, section 23.8. Without a mark, UTF-16 is a text in which every
/// second byte is NUL and the others are ASCII or Latin-1 characters, as Windows tools write it.
pub(super) fn encoding(head: &[u8]) -> Encoding {
    let little = |mark| Encoding::Utf16 { name: "UTF-16LE", encoding: UTF_16LE, mark };
    let big = |mark| Encoding::Utf16 { name: "UTF-16BE", encoding: UTF_16BE, mark };
    match head {
        [0xef, 0xbb, 0xbf, ..] => Encoding::Bytes { mark: 3 },
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Encoding::Utf32,
        [0xff, 0xfe, ..] => little(2),
        [0xfe, 0xff, ..] => big(2),
        _ if is_wide(head, 0) => little(0),
        _ if is_wide(head, 1) => big(0),
        _ => Encoding::Bytes { mark: 0 },
    }
}

/// Whether all characters are one byte of text and a NUL; the text byte comes at place `at` of the two.
fn is_wide(head: &[u8], at: usize) -> bool {
    let is_text = |b: u8| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0xa0..);
    let (pairs, _) = head.as_chunks::<2>();
    pairs.len() >= FEWEST && pairs.iter().all(|pair| is_text(pair[at]) && pair[1 - at] == 0)
}

/// UTF-16 to UTF-8. A surrogate without its partner becomes U+FFFD; half a character at the end is an error.
pub(super) struct Utf16 {
    inner: Peeked,
    name: &'static str,
    decoder: Decoder,
    input: Zeroizing<Vec<u8>>,
    start: usize,
    end: usize,
    /// Bytes read, the byte order mark aside.
    read: u64,
    last: bool,
    done: bool,
    /// Text that had no room in the caller's buffer: the decoder does not start a character it cannot finish.
    small: [u8; SMALL],
    small_start: usize,
    small_end: usize,
}

/// Room below which the decoder writes here first. It asks for no more than a dozen bytes.
const SMALL: usize = 64;

impl Utf16 {
    pub(super) fn new(inner: Peeked, name: &'static str, encoding: &'static encoding_rs::Encoding) -> Self {
        Self {
            inner,
            name,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: Zeroizing::new(vec![0; 128 << 10]),
            start: 0,
            end: 0,
            read: 0,
            last: false,
            done: false,
            small: [0; SMALL],
            small_start: 0,
            small_end: 0,
        }
    }

    fn decode(&mut self, out: &mut [u8]) -> Result<usize, ReadError> {
        while !self.done {
            if self.start == self.end && !self.last {
                self.start = 0;
                self.end = 0;
                self.end = self.inner.read(&mut self.input)?;
                self.read += self.end as u64;
                self.last = self.end == 0;
            }
            if self.last && self.read % 2 == 1 {
                return Err(ReadError(format!(
                    "the {} text ends in the middle of a character, after {} bytes: it was cut off; fetch it again",
                    self.name, self.read
                )));
            }
            let input = &self.input[self.start..self.end];
            let (result, read, written, _) = self.decoder.decode_to_utf8(input, out, self.last);
            self.start += read;
            self.done = self.last && result == CoderResult::InputEmpty;
            if written > 0 {
                return Ok(written);
            }
        }
        Ok(0)
    }
}

impl Drop for Utf16 {
    fn drop(&mut self) {
        self.small.zeroize();
    }
}

impl Source for Utf16 {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        if self.small_start == self.small_end {
            if buf.len() >= SMALL {
                return self.decode(buf);
            }
            let mut small = [0; SMALL];
            self.small_start = 0;
            self.small_end = 0;
            self.small_end = self.decode(&mut small)?;
            self.small = small;
        }
        let left = &self.small[self.small_start..self.small_end];
        let n = left.len().min(buf.len());
        buf[..n].copy_from_slice(&left[..n]);
        self.small_start += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives bytes `most` at a time.
    struct Dripping(Vec<u8>, usize);

    impl Source for Dripping {
        fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
            let n = buf.len().min(self.1).min(self.0.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0.drain(..n);
            Ok(n)
        }
    }

    fn wide(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|u| if little { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    }

    fn decoded(bytes: &[u8], most: usize, room: usize) -> (Vec<u8>, Option<ReadError>) {
        let mut peeked = Peeked::new(Box::new(Dripping(bytes.to_vec(), most)), HEAD);
        let Encoding::Utf16 { name, encoding, mark } = encoding(peeked.head()) else { panic!("not UTF-16") };
        peeked.skip(mark);
        let mut source = Utf16::new(peeked, name, encoding);
        let (mut all, mut buf) = (Vec::new(), vec![0; room]);
        loop {
            match source.read(&mut buf) {
                Ok(0) => return (all, None),
                Ok(n) => all.extend_from_slice(&buf[..n]),
                Err(e) => return (all, Some(e)),
            }
        }
    }

    #[test]
    fn surrogate_pairs_survive_any_split_of_input_and_output() {
        let text = "id;név;🔑\n1;Ægir Þór;🗝️🗝️\n".repeat(200);
        for little in [true, false] {
            let mut bytes = wide("\u{feff}", little);
            bytes.extend(wide(&text, little));
            for most in [1, 2, 3, 5, 1 << 20] {
                for room in [1, 2, 3, 63, 64, 1000] {
                    let (all, error) = decoded(&bytes, most, room);
                    assert!(all == text.as_bytes() && error.is_none(), "{little} {most} {room}");
                }
            }
        }
    }

    #[test]
    fn half_a_character_at_the_end_is_an_error_after_the_text_before_it() {
        let mut bytes = wide("\u{feff}user;password\n", true);
        bytes.push(b'x');
        let (all, error) = decoded(&bytes, 7, 64);
        assert_eq!(all, b"user;password\n");
        assert!(error.unwrap().0.contains("in the middle of a character"));
    }

    #[test]
    fn a_lone_surrogate_becomes_a_replacement_character() {
        let bytes = [0xff, 0xfe, b'a', 0, 0x00, 0xd8, b'b', 0];
        assert_eq!(decoded(&bytes, 99, 64).0, "a\u{fffd}b".as_bytes());
        assert_eq!(decoded(&bytes[..6], 99, 64).0, "a\u{fffd}".as_bytes());
    }

    #[test]
    fn wide_text_without_a_mark_is_known_and_bytes_that_only_resemble_it_are_left_alone() {
        let name = |head: &[u8]| match encoding(head) {
            Encoding::Utf16 { name, mark, .. } => (name, mark),
            Encoding::Bytes { mark } => ("bytes", mark),
            Encoding::Utf32 => ("UTF-32", 0),
        };
        assert_eq!(name(&wide("CREATE TABLE é (id int);", true)), ("UTF-16LE", 0));
        assert_eq!(name(&wide("CREATE TABLE é (id int);", false)), ("UTF-16BE", 0));
        assert_eq!(name(&wide("short", true)), ("bytes", 0));
        assert_eq!(name(&[1, 0].repeat(100)), ("bytes", 0));
        assert_eq!(name(&[0; 100]), ("bytes", 0));
        assert_eq!(name("plain text, nothing else".as_bytes()), ("bytes", 0));
        assert_eq!(name(b"\xef\xbb\xbfid"), ("bytes", 3));
        assert_eq!(name(b"\xff\xfe\0\0a\0\0\0"), ("UTF-32", 0));
        assert_eq!(name(b""), ("bytes", 0));
    }
}
