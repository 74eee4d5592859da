//! The text of a range: `SUFFIX:COUNT` lines in upper-case hex, CRLF between them, as the public service writes it.
//!
//! Lines are put together in their place, with stores of fixed lengths that may write beyond a piece's end: the next one
//! covers it.

/// How much longer the body is made when it has no room for another line.
const PAGE: usize = 4096;
/// Most that one line writes: its end of the line before, 64 digits, a colon, twenty digits of count; and more.
const LINE: usize = 128;

/// A body being written.
pub(super) struct Body<'a> {
    /// Longer than what is written so far.
    out: &'a mut Vec<u8>,
    used: usize,
    /// Every line begins with the end of the one before, which the first does not have: it is put together elsewhere.
    first: Option<[u8; LINE]>,
}

/// The digits that lines begin with, where these are the same in all of them.
#[derive(Clone, Copy)]
pub(super) struct Begin {
    /// The end of the line before, then the digits.
    bytes: [u8; 8],
    /// Where the next digits go; what a digest has before the first digit of a suffix goes under the line's end.
    at: usize,
}

impl Begin {
    /// The hex digits of `bytes` (up to two), all but the first.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut begin = Self { bytes: *b"\r\n000000", at: 1 };
        for byte in bytes {
            begin.bytes[begin.at..begin.at + 2].copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            begin.at += 2;
        }
        begin
    }
}

impl<'a> Body<'a> {
    /// A body that begins at the end of `out`.
    pub(super) const fn new(out: &'a mut Vec<u8>) -> Self {
        let used = out.len();
        Self { out, used, first: Some([0; LINE]) }
    }

    /// More lines of the body that `out` holds.
    pub(super) const fn more(out: &'a mut Vec<u8>) -> Self {
        let used = out.len();
        let first = if out.is_empty() { Some([0; LINE]) } else { None };
        Self { out, used, first }
    }

    /// A line of the hex digits of `row` (up to 32 bytes), all but the first.
    pub(super) fn row(&mut self, row: &[u8], count: u64) {
        let mut bytes = [0; 32];
        bytes[..row.len()].copy_from_slice(row);
        let (first, second) = bytes.split_at(16);
        self.line(|line| {
            for (half, to) in [first, second].into_iter().zip(line[1..65].as_chunks_mut().0) {
                digits(half.first_chunk().expect("half of 32 bytes"), to);
            }
            end_line(line, 1 + 2 * row.len(), count)
        });
    }

    /// A line that begins like others, and goes on with the digits of `word` and of the first `len` bytes of `rest`.
    #[inline]
    pub(super) fn pieces(&mut self, begin: Begin, word: u32, rest: &[u8; 16], len: usize, count: u64) {
        self.line(|line| {
            line[..8].copy_from_slice(&begin.bytes);
            line[begin.at..begin.at + 8].copy_from_slice(&eight_digits(word));
            let at = begin.at + 8;
            digits(rest, line[at..].first_chunk_mut().expect("a line has room for them"));
            end_line(line, at + 2 * len, count)
        });
    }

    /// The next line: `write` gives its length.
    #[inline]
    fn line(&mut self, write: impl FnOnce(&mut [u8; LINE]) -> usize) {
        if let Some(mut line) = self.first.take() {
            let len = write(&mut line);
            self.out.truncate(self.used);
            self.out.extend_from_slice(&line[2..len]);
            self.used = self.out.len();
            return;
        }
        if self.out.len() - self.used < LINE {
            self.out.resize(self.used + PAGE, 0);
        }
        self.used += write(self.out[self.used..].first_chunk_mut().expect("there is room for a line"));
    }

    /// Cuts off what is not written.
    pub(super) fn end(self) {
        self.out.truncate(self.used);
    }
}

/// After `at` bytes of a line: its count, and before it the end of the line before, which takes the first digit's place. Gives
/// the length of all.
#[inline]
fn end_line(line: &mut [u8; LINE], at: usize, count: u64) -> usize {
    line[..2].copy_from_slice(b"\r\n");
    line[at] = b':';
    at + 1 + write_count(line[at + 1..].first_chunk_mut().expect("a line has room for it"), count)
}

/// Writes a decimal number; gives its length.
#[inline]
fn write_count(to: &mut [u8; 20], count: u64) -> usize {
    if count < 10_000 {
        // Four digits at once, without those before the first.
        let count = count as u32;
        let (high, low) = (count / 100, count % 100);
        let digits = (high / 10) | ((high % 10) << 8) | ((low / 10) << 16) | ((low % 10) << 24) | 0x3030_3030;
        let zeros = u32::from(count < 1000) + u32::from(count < 100) + u32::from(count < 10);
        to[..4].copy_from_slice(&(digits >> (8 * zeros)).to_le_bytes());
        return 4 - zeros as usize;
    }
    let len = count.ilog10() as usize + 1;
    let mut left = count;
    for digit in to[..len].iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    len
}

/// Sixteen bytes as upper-case hex digits. Without a table, so that the compiler does many at a time.
#[inline]
fn digits(bytes: &[u8; 16], to: &mut [u8; 32]) {
    for (byte, pair) in bytes.iter().zip(to.as_chunks_mut::<2>().0) {
        *pair = [digit(byte >> 4), digit(byte & 15)];
    }
}

const fn digit(nibble: u8) -> u8 {
    nibble + b'0' + if nibble > 9 { b'A' - b'0' - 10 } else { 0 }
}

/// The same of four bytes, as one number.
#[inline]
const fn eight_digits(word: u32) -> [u8; 8] {
    let word = word as u64;
    let pairs = ((word << 16) | word) & 0x0000_ffff_0000_ffff;
    let bytes = ((pairs << 8) | pairs) & 0x00ff_00ff_00ff_00ff;
    let nibbles = ((bytes << 4) | bytes) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((nibbles + 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * 7).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn lines_are_what_was_written(
            rows in proptest::collection::vec((proptest::array::uniform20(0_u8..), 0_u32..64, 0_u64..), 0..300),
            width in 14_usize..=20,
            skipped in 0_usize..=2,
            before: bool,
        ) {
            let rows: Vec<(&[u8], u64)> = rows.iter().map(|(row, bits, n)| (&row[..width], n >> bits)).collect();
            let lines: Vec<String> = rows.iter().map(|(row, n)| format!("{}:{n}", &hex::encode_upper(row)[1..])).collect();
            let text = lines.join("\r\n");
            let mut whole = Vec::new();
            let mut body = Body::new(&mut whole);
            for (row, n) in &rows {
                body.row(row, *n);
            }
            body.end();
            assert_eq!(std::str::from_utf8(&whole).unwrap(), text);

            let mut pieces = if before { b"before".to_vec() } else { Vec::new() };
            let mut body = if before { Body::new(&mut pieces) } else { Body::more(&mut pieces) };
            let (first, second) = rows.split_at(rows.len() / 2);
            let piece = |body: &mut Body<'_>, (row, n): (&[u8], u64)| {
                let (word, rest) = row[skipped..].split_first_chunk().unwrap();
                let mut wide = [0xaa; 16];
                let len = rest.len().min(16);
                wide[..len].copy_from_slice(&rest[..len]);
                body.pieces(Begin::new(&row[..skipped]), u32::from_be_bytes(*word), &wide, len, n);
            };
            for row in first {
                piece(&mut body, *row);
            }
            body.end();
            let mut body = if first.is_empty() && before { Body::new(&mut pieces) } else { Body::more(&mut pieces) };
            for row in second {
                piece(&mut body, *row);
            }
            body.end();
            let text = if before { format!("before{text}") } else { text };
            assert_eq!(String::from_utf8(pieces).unwrap(), text);
        }
    }
}
