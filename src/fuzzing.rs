//! What must hold for any bytes, one function for each fuzz target. `fuzz/fuzz_targets` hands them what libFuzzer comes
//! up with; a test replays all that was found, `fuzz/corpus`, on every machine.
//!
//! Each function panics if its property does not hold. The first bytes of an input choose how the rest is given to the
//! code; an input too short to choose is let pass.
//!
//! To add a target: a function, a row in [`ALL`], a file in `fuzz/fuzz_targets`, a `[[bin]]` in `fuzz/Cargo.toml` and
//! seeds in `fuzz/corpus`; the test says which of them is missing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::breach::{Range, checks, corpus as breach_corpus};
use crate::formats::testing::{Pieces, check, check_random};
use crate::formats::{self, Format, Head, Opened, RandomReader, Reader, Sql, SqliteReader};
use crate::gate;
use crate::model::{Digest, DigestKind, Exposure, FormKind, Policy, Secret};
use crate::reversible::{self, Ask, Key, Keys};
use crate::schemes::{self, Scheme, Stored};
use crate::sources::live::check_copy;

/// A target: its name, and the property that any bytes must keep.
pub type FuzzTarget = (&'static str, fn(&[u8]));

/// The targets by name.
pub const ALL: &[FuzzTarget] = &[
    ("copy", copy),
    ("corpus", corpus),
    ("csv", csv),
    ("json", json),
    ("packed", packed),
    ("range", range),
    ("reversible", reversible),
    ("schemes", schemes),
    ("secrets", secrets),
    ("sql", sql),
    ("sqlite", sqlite),
    ("store", store),
];

/// Any bytes read as CSV: the properties of a [`Reader`].
///
/// Input: four bytes that place the ends of blocks; the text.
pub fn csv(data: &[u8]) {
    text("CSV", data);
}

/// Any bytes read as JSON: the properties of a [`Reader`].
///
/// Input: as for [`csv`].
pub fn json(data: &[u8]) {
    text("JSON", data);
}

fn text(name: &str, data: &[u8]) {
    let Some((places, text)) = data.split_first_chunk::<4>() else { return };
    let format = formats::ALL.iter().find(|format| format.name() == name).expect("the format is in the table");
    let splits = places.map(|place| usize::from(place) * (text.len() + 1) / 256);
    stream(*format, None, text, &splits);
}

/// Any bytes read as an SQL script: the properties of a [`Reader`].
///
/// Input: one byte that chooses the writer's first line, and with it the dialect; one with the number of blocks' ends,
/// modulo 16; two bytes for each of them; the rest of the script.
pub fn sql(data: &[u8]) {
    /// First lines that decide the dialect.
    const FIRST: [&[u8]; 6] = [
        b"",
        b"-- MySQL dump 10.13\n",
        b"-- PostgreSQL database dump\n",
        b"PRAGMA foreign_keys=OFF;\n",
        b"/****** Object: x ******/\n",
        b"REM INSERTING into T\n",
    ];
    let [dialect, count, rest @ ..] = data else { return };
    let (splits, script) = rest.split_at(rest.len().min(2 * usize::from(count % 16)));
    let splits: Vec<usize> = splits.chunks_exact(2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).collect();
    let script = [FIRST[usize::from(*dialect) % FIRST.len()], script].concat();
    stream(&Sql, Some("sql"), &script, &splits);
}

/// Opens `text` as `format` and checks the reader, if the format reads it.
fn stream(format: &dyn Format, extension: Option<&str>, text: &[u8], splits: &[usize]) {
    let head = Head { bytes: &text[..text.len().min(Head::LEN)], whole: text.len() <= Head::LEN, extension };
    let open = || match format.open(&head).1 {
        Opened::Stream(reader) => Some(reader),
        _ => None,
    };
    if open().is_some() {
        let make = || -> Box<dyn Reader> { open().expect("a format opens one head in one way") };
        check(&make, text, splits);
    }
}

/// Any bytes read as a SQLite database, alone or with a log: the properties of a [`RandomReader`].
///
/// Input: one byte with the number of piece sizes (0 to 3) and, in its high bit, whether a log follows; the sizes, one
/// byte each; with a log, two bytes with the database's length in units of 64 bytes; the database; the log.
pub fn sqlite(data: &[u8]) {
    let Some((&first, rest)) = data.split_first() else { return };
    let Some((sizes, mut rest)) = rest.split_at_checked(usize::from(first & 3)) else { return };
    let steps: Vec<usize> = sizes.iter().map(|size| usize::from(*size) + 1).collect();
    let mut wal = None;
    if first & 0x80 != 0 {
        let Some((len, both)) = rest.split_first_chunk::<2>() else { return };
        let len = usize::from(u16::from_le_bytes(*len)) * 64;
        let (database, log) = both.split_at(len.min(both.len()));
        rest = database;
        wal = Some(log);
    }
    let beside = wal.map_or(0, |log| log.len() as u64);
    let make = || -> Box<dyn RandomReader> {
        match wal {
            Some(log) => Box::new(SqliteReader::with_wal(Box::new(Pieces::new(log, &steps)))),
            None => Box::new(SqliteReader::new()),
        }
    };
    check_random(&make, rest, beside, &steps);
}

/// Any bytes as the stream of a binary COPY: cut anywhere they give the same rows, and every byte is a row's, held, or
/// refused.
///
/// Input: one byte with the number of cuts, modulo 8; two bytes for each; the rest of the stream, which begins with the
/// signature and an empty header if the first byte's high bit is set.
pub fn copy(data: &[u8]) {
    const BEGINNING: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
    let Some((&first, rest)) = data.split_first() else { return };
    let (cuts, stream) = rest.split_at(rest.len().min(2 * usize::from(first % 8)));
    let cuts: Vec<usize> = cuts.chunks_exact(2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]]))).collect();
    let beginning: &[u8] = if first & 0x80 == 0 { b"" } else { BEGINNING };
    check_copy(&[beginning, stream].concat(), &cuts);
}

/// Whatever a breach source answers, a range is refused or right: each of its lines is found with its count, and a body
/// cut in the middle of a suffix is no range. A cut within a count cannot be seen in the body (`21` cut is `2`); then no
/// suffix is found that the whole body had not.
///
/// Input: one byte that chooses the kind of digest and where to cut; the body.
pub fn range(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let (kind, len) = if choice.is_multiple_of(2) { (DigestKind::Sha1, 35) } else { (DigestKind::Ntlm, 27) };
    let Ok(range) = Range::parse(body, kind) else { return };
    let mut real = 0;
    let mut start = 0;
    for line in body.split_inclusive(|b| *b == b'\n') {
        let text = std::str::from_utf8(line).expect("a range is ASCII").trim_end_matches(['\r', '\n']);
        let (suffix, count) = text.split_once(':').expect("a range's lines have a colon");
        let count: u64 = count.parse().expect("a range's counts are numbers");
        if count > 0 {
            real += 1;
            assert!(range.exposure(&digest(suffix, kind)) == Exposure::Seen(Some(count)));
        }
        // A cut after the line's first digit at the earliest, and before its count at the latest.
        let within = start + 1 + usize::from(*choice) % (len + 1);
        assert!(Range::parse(&body[..within], kind).is_err());
        if let Ok(cut) = Range::parse(&body[..start + len + 2], kind) {
            assert!(cut.len() <= real, "a cut adds no line");
        }
        start += line.len();
    }
    assert_eq!(real, range.len());
    assert!(!range.is_empty());
}

/// Any bytes as a list of hashes, a range, binary records, a corpus file with flipped bits, or a corpus file of which only
/// the checksums are right: nothing panics, every answer is right or "damaged".
///
/// Input: one byte that chooses which; the rest as `breach::corpus::checks` says.
pub fn corpus(data: &[u8]) {
    breach_corpus::checks::any(data);
}

/// Any bytes as a packed range: refused, or what its text says; any range packed and read back.
///
/// Input: as `breach::checks` says.
pub fn packed(data: &[u8]) {
    checks::packed(data);
}

/// A file of ranges under puts, reopening, flipped bits and cuts: what was put last, or nothing once it is damaged.
///
/// Input: steps of four bytes, as `breach::checks` says.
pub fn store(data: &[u8]) {
    checks::store(data);
}

/// Any bytes searched for secrets: both engines find the same, in one piece and in windows, and no report shows a value.
///
/// Input: as `gate::checks` says.
pub fn secrets(data: &[u8]) {
    gate::checks::any(data);
}

/// The digest of the range 00000 that ends in `suffix`.
fn digest(suffix: &str, kind: DigestKind) -> Digest {
    let mut bytes = [0; 20];
    for (at, digit) in suffix.bytes().enumerate().map(|(at, digit)| (at + 5, digit)) {
        let digit = (digit as char).to_digit(16).expect("a suffix is hex") as u8;
        bytes[at / 2] |= if at % 2 == 0 { digit << 4 } else { digit };
    }
    Digest::of(kind, &bytes).expect("no range is of a longer kind")
}

/// How a text is written in an encoding.
type Encode = fn(&[u8]) -> String;

/// Whatever a column holds and whatever the key: looking for a way to turn it back ends, and says the same twice; what
/// opens, opens alike. Text that is written in hexadecimal or base64 turns back into itself.
///
/// Input: one byte that chooses whether there is a key, whether it is a vector too, and whether the column is known to hold
/// passwords; the key; behind each newline one value, twelve at most.
pub fn reversible(data: &[u8]) {
    let Some((&choice, rest)) = data.split_first() else { return };
    let mut lines = rest.split(|b| *b == b'\n');
    let key = lines.next().unwrap_or_default();
    let values: Vec<&[u8]> = lines.take(12).collect();
    let given = |bit: u8| (choice & bit != 0).then(|| Secret::new(key));
    let key = given(1).map(|written| Key { origin: "the input".to_owned(), written });
    let keys = Keys { keys: key.into_iter().collect(), ivs: given(2).into_iter().collect() };
    let ask = |is_text| Ask {
        is_common: &|word| [&b"123456"[..], b"password", b"hunter2"].contains(&word),
        is_text,
        keys: &keys,
        deep: choice & 4 != 0,
    };
    assert_eq!(reversible::look(&values), reversible::look(&values));
    let form_is_text = |word: &[u8]| schemes::recognise(word).kind() == FormKind::Text;
    if let Some(opening) = reversible::learn(&values, &ask(&form_is_text)) {
        assert!(!opening.describe().is_empty() && !opening.why().is_empty());
        let again = reversible::learn(&values, &ask(&form_is_text)).expect("what was found once is found again");
        assert_eq!((opening.describe(), opening.why()), (again.describe(), again.why()));
        for value in &values {
            let exposed = |text: Option<Secret>| text.map(|text| text.expose().to_vec());
            assert_eq!(exposed(opening.open(value)), exposed(again.open(value)));
        }
    }
    let is_typed = |value: &&[u8]| {
        std::str::from_utf8(value).is_ok_and(|text| !text.is_empty() && !text.chars().any(char::is_control))
    };
    let texts: Vec<&[u8]> = values.into_iter().filter(is_typed).collect();
    let encodings: [(&str, Encode); 2] =
        [("hex of plaintext", |text| hex::encode(text)), ("base64 of plaintext", |text| STANDARD.encode(text))];
    for (name, encode) in encodings {
        let encoded: Vec<String> = texts.iter().map(|text| encode(text)).collect();
        let encoded: Vec<&[u8]> = encoded.iter().map(String::as_bytes).collect();
        // What looks like another encoding, too, may be taken for that one.
        let Some(opening) = reversible::learn(&encoded, &ask(&|_| true)).filter(|o| o.describe() == name) else {
            continue;
        };
        for (text, value) in texts.iter().zip(&encoded) {
            assert_eq!(opening.open(value).as_ref().map(Secret::expose), Some(*text));
        }
    }
}

/// Every byte string has a form; what explains it can be asked everything; what claims to be cheap is verified, and the
/// answer is the same twice. What is printed of a value reads back as the same, and is opened by the same.
///
/// Input: the stored value; a newline and a candidate password, which is its salt and login too.
pub fn schemes(data: &[u8]) {
    /// Verify only what should take less than this, in nanoseconds.
    const QUICK: u64 = 1_000_000;
    let cut = data.iter().position(|b| *b == b'\n').unwrap_or(data.len());
    let (value, candidate) = data.split_at(cut);
    let stored = Stored::new(value).with_salt(Some(candidate)).with_login(Some(candidate));
    assert_eq!(stored.form, schemes::recognise(value));
    assert_eq!(value.is_empty(), stored.form.kind() == FormKind::Empty);
    let policy = Policy::builtin();
    let printed = schemes::print(value, stored.form);
    if let Some(printed) = &printed {
        assert_eq!(schemes::recognise(printed), stored.form);
        assert_eq!(schemes::print(printed, stored.form).as_ref(), Some(printed));
    }
    for scheme in schemes::explain(stored.form, true) {
        assert!(scheme.forms().iter().any(|def| std::ptr::eq(*def, stored.form.def)));
        assert!(!scheme.describe(stored.form).is_empty());
        assert!(!scheme.grade(stored.form, &policy).why.is_empty());
        let mut digest = [0; 64];
        assert!(scheme.raw_digest(&stored, &mut digest).is_none_or(|len| len <= digest.len()));
        assert!(scheme.formula().is_none() || scheme.raw_digest(&stored, &mut digest).is_some());
        let work = scheme.work(stored.form);
        if !(QUICK..=schemes::MAX_WORK).contains(&work) {
            let answer = scheme.verify(&stored, candidate);
            assert_eq!(answer, scheme.verify(&stored, candidate));
            if let Some(printed) = &printed {
                assert_eq!(answer, scheme.verify(&Stored { value: printed, ..stored }, candidate));
            }
        }
    }
    if schemes::is_empty_password(value, stored.form) && stored.form.def.name.starts_with("hex") {
        let opens = |scheme: &&dyn Scheme| scheme.verify(&stored, b"") == Ok(true);
        assert!(schemes::explain(stored.form, false).iter().any(opens));
    }
}
