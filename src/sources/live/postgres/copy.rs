//! Rows of `COPY … TO STDOUT (FORMAT binary)`, decoded as they come.
//!
//! The format is that of the `PostgreSQL` documentation, "COPY", section "Binary Format": a header, then for each row a
//! count of fields and for each field its length (-1 for NULL) and its bytes, all numbers big-endian; a count of -1 ends
//! it. Texts come as they are; of other types only those whose binary form is a few lines are asked for in it, the rest
//! as the text that the server itself makes of them.

/// What every binary COPY begins with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";

/// Longest field that is waited for; the server's own limit is 1 GiB.
const MAX_FIELD: usize = 1 << 30;

/// Takes bytes in pieces of any size, gives rows.
#[derive(Default)]
pub(super) struct Decoder {
    /// An unfinished row, or the unfinished header.
    held: Vec<u8>,
    begun: bool,
    ended: bool,
}

/// The stream is not what the documentation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// One field: `None` for NULL.
pub(super) type Field<'a> = Option<&'a [u8]>;

impl Decoder {
    /// Takes the next bytes; calls `row` with the fields of every row completed. `fields` is room for them, reused.
    pub(super) fn push(&mut self, bytes: &[u8], row: &mut dyn FnMut(&[Field<'_>])) -> Result<(), Malformed> {
        if self.held.is_empty() {
            let used = self.take(bytes, row)?;
            self.held.extend_from_slice(&bytes[used..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(bytes);
            let used = self.take(&held, row)?;
            held.drain(..used);
            self.held = held;
        }
        Ok(())
    }

    /// Whether the end was seen, and nothing after it.
    pub(super) fn is_complete(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    /// Decodes what is whole; how many bytes that was.
    fn take(&mut self, bytes: &[u8], row: &mut dyn FnMut(&[Field<'_>])) -> Result<usize, Malformed> {
        let mut at = 0;
        if !self.begun {
            let known = bytes.len().min(SIGNATURE.len());
            if bytes[..known] != SIGNATURE[..known] {
                return Err(Malformed);
            }
            let Some(extension) = number(bytes, 15) else { return Ok(0) };
            // Flags of the upper half change the format; of those one (with OIDs) was ever used, before version 12.
            if number(bytes, 11).is_some_and(|flags| flags >> 16 != 0) {
                return Err(Malformed);
            }
            let end = 19 + usize::try_from(extension).map_err(|_| Malformed)?;
            if bytes.len() < end {
                return if end > MAX_FIELD { Err(Malformed) } else { Ok(0) };
            }
            at = end;
            self.begun = true;
        }
        let mut fields: [Field<'_>; ROOM] = [None; ROOM];
        loop {
            if self.ended {
                return if at == bytes.len() { Ok(at) } else { Err(Malformed) };
            }
            let Some(count) = bytes.get(at..at + 2) else { return Ok(at) };
            let count = i16::from_be_bytes([count[0], count[1]]);
            if count == -1 {
                self.ended = true;
                at += 2;
                continue;
            }
            let count = usize::try_from(count).map_err(|_| Malformed)?;
            let mut many: Vec<Field<'_>>;
            let room: &mut [Field<'_>] = if count <= ROOM {
                &mut fields[..count]
            } else {
                many = vec![None; count];
                &mut many
            };
            let Some(end) = row_of(bytes, at + 2, room)? else { return Ok(at) };
            row(room);
            at = end;
        }
    }
}

/// Fields of a row that need no memory of their own.
const ROOM: usize = 64;

/// The fields of a row from `at` on, and where it ends; `None` if it is not whole.
fn row_of<'a>(bytes: &'a [u8], mut at: usize, fields: &mut [Field<'a>]) -> Result<Option<usize>, Malformed> {
    for field in fields {
        let Some(len) = number(bytes, at) else { return Ok(None) };
        at += 4;
        *field = if len == -1 {
            None
        } else {
            let len = usize::try_from(len).map_err(|_| Malformed)?;
            if len > MAX_FIELD {
                return Err(Malformed);
            }
            let Some(value) = bytes.get(at..at + len) else { return Ok(None) };
            at += len;
            Some(value)
        };
    }
    Ok(Some(at))
}

fn number(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_be_bytes(bytes.get(at..at + 4)?.try_into().expect("four bytes were asked for")))
}

/// How a column's binary form becomes text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// It is text already (or bytes, which stay bytes).
    Bytes,
    /// One byte: `t` or `f`.
    Bool,
    /// A whole number of two, four or eight bytes.
    Integer,
    /// Sixteen bytes: `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
    Uuid,
    /// A version, then text.
    Jsonb,
}

/// Room for the text of a number or a UUID.
pub(super) type Text = [u8; 36];

impl As {
    /// `value` as the server would write it.
    pub(super) fn text<'a>(self, value: &'a [u8], room: &'a mut Text) -> Result<&'a [u8], Malformed> {
        match self {
            Self::Bytes => Ok(value),
            Self::Bool => match value {
                [0] => Ok(b"f"),
                [1] => Ok(b"t"),
                _ => Err(Malformed),
            },
            Self::Integer => Ok(decimal(integer(value).ok_or(Malformed)?, room)),
            Self::Uuid => {
                let value: [u8; 16] = value.try_into().map_err(|_| Malformed)?;
                let mut at = 0;
                for (number, byte) in value.into_iter().enumerate() {
                    if matches!(number, 4 | 6 | 8 | 10) {
                        room[at] = b'-';
                        at += 1;
                    }
                    room[at] = b"0123456789abcdef"[usize::from(byte >> 4)];
                    room[at + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
                    at += 2;
                }
                Ok(&room[..])
            }
            Self::Jsonb => value.strip_prefix(&[1]).ok_or(Malformed),
        }
    }
}

/// Asserts on any bytes what must hold of the decoder: cut anywhere they give the same rows and the same verdict, and what
/// was read written again is what was there, byte for byte. For the fuzz target.
///
/// # Panics
/// If that does not hold.
pub(crate) fn check(bytes: &[u8], cuts: &[usize]) {
    type Rows = Vec<Vec<Option<Vec<u8>>>>;
    let read = |cuts: &[usize]| {
        let (mut decoder, mut rows, mut from) = (Decoder::default(), Rows::new(), 0);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        for to in cuts.into_iter().chain([bytes.len()]) {
            let pushed = decoder.push(&bytes[from..to], &mut |row| {
                rows.push(row.iter().map(|field| field.map(<[u8]>::to_vec)).collect());
            });
            if pushed.is_err() {
                return (rows, Err(Malformed));
            }
            from = to;
        }
        (rows, Ok((decoder.is_complete(), decoder.held.len())))
    };
    let whole = read(&[]);
    assert!(whole == read(cuts), "a cut changes nothing");
    let (rows, end) = whole;
    let mut written = Vec::new();
    for row in &rows {
        written.extend_from_slice(&i16::try_from(row.len()).expect("a row was read with so many fields").to_be_bytes());
        for field in row {
            let len = field
                .as_ref()
                .map_or(-1, |value| i32::try_from(value.len()).expect("a field was read with this length"));
            written.extend_from_slice(&len.to_be_bytes());
            written.extend_from_slice(field.as_deref().unwrap_or_default());
        }
        for value in row.iter().flatten() {
            for form in [As::Bytes, As::Bool, As::Integer, As::Uuid, As::Jsonb] {
                let _ = form.text(value, &mut [0; 36]);
            }
        }
    }
    if rows.is_empty() && !matches!(end, Ok((true, _))) {
        return;
    }
    let extension = number(bytes, 15).and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
    let behind = &bytes[19 + extension..];
    assert!(behind.starts_with(&written), "rows are what was sent");
    let rest = &behind[written.len()..];
    match end {
        Ok((true, _)) => assert_eq!(rest, (-1_i16).to_be_bytes(), "a complete stream ends with its end"),
        Ok((false, held)) => assert_eq!(rest.len(), held, "what is no row yet is held"),
        Err(Malformed) => {}
    }
}

/// A whole number of two, four or eight bytes.
pub(super) fn integer(value: &[u8]) -> Option<i64> {
    match value.len() {
        2 => Some(i16::from_be_bytes(value.try_into().ok()?).into()),
        4 => Some(i32::from_be_bytes(value.try_into().ok()?).into()),
        8 => Some(i64::from_be_bytes(value.try_into().ok()?)),
        _ => None,
    }
}

fn decimal(value: i64, room: &mut Text) -> &[u8] {
    let mut at = room.len();
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        room[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        room[at] = b'-';
    }
    &room[at..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Row = Vec<Option<Vec<u8>>>;

    fn written(rows: &[Row]) -> Vec<u8> {
        let mut out = SIGNATURE.to_vec();
        out.extend_from_slice(&[0; 8]);
        for row in rows {
            out.extend_from_slice(&i16::try_from(row.len()).unwrap().to_be_bytes());
            for field in row {
                match field {
                    None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
                    Some(value) => {
                        out.extend_from_slice(&i32::try_from(value.len()).unwrap().to_be_bytes());
                        out.extend_from_slice(value);
                    }
                }
            }
        }
        out.extend_from_slice(&(-1_i16).to_be_bytes());
        out
    }

    fn read(bytes: &[u8], cuts: &[usize]) -> Result<(Vec<Row>, bool), Malformed> {
        let mut decoder = Decoder::default();
        let mut rows = Vec::new();
        let mut from = 0;
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (bytes.len() + 1)).collect();
        cuts.sort_unstable();
        for to in cuts.into_iter().chain([bytes.len()]) {
            decoder.push(&bytes[from..to], &mut |row| {
                rows.push(row.iter().map(|field| field.map(<[u8]>::to_vec)).collect());
            })?;
            from = to;
        }
        Ok((rows, decoder.is_complete()))
    }

    proptest! {
        #[test]
        fn any_split_of_the_stream_gives_the_rows_that_were_written(
            rows in proptest::collection::vec(
                proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..20)), 0..70),
                0..6,
            ),
            cuts in proptest::collection::vec(any::<usize>(), 0..9),
        ) {
            let bytes = written(&rows);
            prop_assert_eq!(read(&bytes, &cuts), Ok((rows, true)));
        }

        #[test]
        fn damaged_streams_are_refused_or_cut_short_and_never_a_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..200),
            cut in any::<usize>(),
            genuine in any::<bool>(),
        ) {
            if genuine {
                let mut whole = written(&[vec![Some(b"abc".to_vec()), None]]);
                whole.truncate(cut % whole.len());
                whole.append(&mut bytes);
                bytes = whole;
            }
            let whole = read(&bytes, &[]);
            prop_assert_eq!(whole, read(&bytes, &[cut]));
        }
    }

    #[test]
    fn a_stream_without_its_end_is_not_complete() {
        let bytes = written(&[vec![Some(b"abc".to_vec())]]);
        assert!(!read(&bytes[..bytes.len() - 1], &[]).unwrap().1);
        assert!(read(&bytes[..bytes.len() - 2], &[]).is_ok_and(|(rows, complete)| rows.len() == 1 && !complete));
        assert!(read(&[&bytes[..], b"x"].concat(), &[]).is_err());
    }

    #[test]
    fn binary_forms_become_the_text_that_the_server_would_write() {
        let text = |of: As, value: &[u8]| of.text(value, &mut [0; 36]).map(<[u8]>::to_vec);
        assert_eq!(text(As::Bool, &[1]).unwrap(), b"t");
        for number in [0, 7, -1, i64::MIN, i64::MAX] {
            assert_eq!(text(As::Integer, &number.to_be_bytes()).unwrap(), number.to_string().as_bytes());
        }
        assert_eq!(text(As::Integer, &(-5_i16).to_be_bytes()).unwrap(), b"-5");
        assert_eq!(text(As::Integer, &70_000_i32.to_be_bytes()).unwrap(), b"70000");
        let uuid: Vec<u8> = (0..16).map(|n| n * 17).collect();
        assert_eq!(text(As::Uuid, &uuid).unwrap(), b"00112233-4455-6677-8899-aabbccddeeff");
        assert_eq!(text(As::Jsonb, b"\x01{}").unwrap(), b"{}");
        for (of, value) in [(As::Bool, &b""[..]), (As::Integer, b"abc"), (As::Uuid, b"a"), (As::Jsonb, b"")] {
            assert_eq!(text(of, value), Err(Malformed), "{of:?}");
        }
    }
}
