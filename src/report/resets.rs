//! The reset list: CSV (RFC 4180 with a header line), one line for each account of T0 to T4 or not decided, so that an
//! account nobody could judge never looks clean. Accounts with nothing to do are not in it.
//!
//! Columns: `tier,target,table,account_id,login,email,reasons,scheme,exposure_count,active,locator`. Reasons are joined
//! with `;`; `active` is `yes`, `no` or empty where it is not known. Lines end in LF, so that line tools work.
//!
//! Three things make a cell of the input harmless, and change it: bytes that are not UTF-8, control characters other
//! than tab and line breaks, and marks that turn the direction of writing become U+FFFD; a cell that a spreadsheet would
//! take for a formula (it starts with `=`, `+`, `-`, `@`, tab, CR or LF) gets a `'` in front, which also concerns a
//! negative number. The locator finds the row as it was.

use std::io::{self, BufWriter, Write};

use crate::model::{ResetRow, Tier};

/// Bytes buffered before they are written: one system call for some 10,000 lines.
const BUFFER: usize = 1 << 20;

const HEADER: &[u8] = b"tier,target,table,account_id,login,email,reasons,scheme,exposure_count,active,locator\n";

/// Takes the reset list row by row, in the order of the input. An error ends the audit.
pub type TakeRow<'a> = &'a mut (dyn FnMut(&ResetRow<'_>) -> io::Result<()> + Send);

/// Writes a reset list; no allocation a row.
pub struct ResetList<W: Write> {
    to: BufWriter<W>,
    rows: u64,
}

impl<W: Write> ResetList<W> {
    /// Starts a list with its header.
    pub fn new(to: W) -> io::Result<Self> {
        let mut to = BufWriter::with_capacity(BUFFER, to);
        to.write_all(HEADER)?;
        Ok(Self { to, rows: 0 })
    }

    /// One account; accounts with nothing to do are passed over.
    pub fn push(&mut self, row: &ResetRow<'_>) -> io::Result<()> {
        if row.tier == Tier::None {
            return Ok(());
        }
        self.rows += 1;
        let to = &mut self.to;
        to.write_all(row.tier.name().as_bytes())?;
        for cell in [row.target.as_bytes(), row.table.as_bytes(), row.account_id, row.login, row.email] {
            to.write_all(b",")?;
            write_cell(cell, to)?;
        }
        to.write_all(b",")?;
        for (i, reason) in row.reasons.iter().enumerate() {
            if i > 0 {
                to.write_all(b";")?;
            }
            to.write_all(reason.name().as_bytes())?;
        }
        to.write_all(b",")?;
        write_cell(row.scheme.as_bytes(), to)?;
        to.write_all(b",")?;
        if let Some(count) = row.exposure_count {
            write!(to, "{count}")?;
        }
        to.write_all(match row.active {
            Some(true) => b",yes,",
            Some(false) => b",no,",
            None => b",,",
        })?;
        write_cell(row.locator.as_bytes(), to)?;
        to.write_all(b"\n")
    }

    /// Ends the list: what it was written to, and the number of accounts in it.
    pub fn finish(self) -> io::Result<(W, u64)> {
        let rows = self.rows;
        self.to.into_inner().map(|to| (to, rows)).map_err(io::IntoInnerError::into_error)
    }
}

/// What a byte means for a cell.
const PLAIN: u8 = 0;
/// The cell must be quoted.
const QUOTE: u8 = 1;
/// The cell must be looked at character by character.
const LOOK: u8 = 2;

const CLASS: [u8; 256] = {
    let mut class = [PLAIN; 256];
    let mut i = 0;
    while i < 256 {
        class[i] = match i as u8 {
            b',' | b'"' | b'\n' | b'\r' => QUOTE,
            b'\t' => PLAIN,
            0..=0x1f | 0x7f..=0xff => LOOK,
            _ => PLAIN,
        };
        i += 1;
    }
    class
};

fn write_cell(cell: &[u8], to: &mut impl Write) -> io::Result<()> {
    let class = cell.iter().fold(PLAIN, |all, byte| all | CLASS[usize::from(*byte)]);
    let formula = matches!(cell.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n'));
    if class == PLAIN && !formula {
        return to.write_all(cell);
    }
    if class & QUOTE != 0 {
        to.write_all(b"\"")?;
    }
    if formula {
        to.write_all(b"'")?;
    }
    for chunk in cell.utf8_chunks() {
        if class & LOOK == 0 {
            write_doubled(chunk.valid(), to)?;
        } else {
            let mut rest = chunk.valid();
            while let Some(at) = rest.find(is_harmful) {
                write_doubled(&rest[..at], to)?;
                to.write_all("\u{fffd}".as_bytes())?;
                rest = &rest[at + rest[at..].chars().next().map_or(1, char::len_utf8)..];
            }
            write_doubled(rest, to)?;
        }
        if !chunk.invalid().is_empty() {
            to.write_all("\u{fffd}".as_bytes())?;
        }
    }
    if class & QUOTE != 0 {
        to.write_all(b"\"")?;
    }
    Ok(())
}

/// Writes `text` with its quotation marks doubled.
fn write_doubled(text: &str, to: &mut impl Write) -> io::Result<()> {
    let mut parts = text.split('"');
    to.write_all(parts.next().unwrap_or_default().as_bytes())?;
    for part in parts {
        to.write_all(b"\"\"")?;
        to.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// Characters that a terminal or an editor obeys instead of showing; the second line is Unicode's explicit formatting
/// characters of bidirectional text (UAX 9, 2.1 to 2.6).
fn is_harmful(c: char) -> bool {
    (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reason, Reasons};

    fn row<'a>() -> ResetRow<'a> {
        ResetRow {
            tier: Tier::T0,
            target: "dump.sql",
            table: "users",
            account_id: b"17",
            login: b"ann",
            email: b"ann@example.org",
            reasons: [Reason::Plaintext, Reason::SharedPassword].into_iter().collect(),
            scheme: "plaintext",
            exposure_count: Some(1234),
            active: Some(true),
            locator: "dump.sql, byte 120, line 3",
        }
    }

    fn list(rows: &[ResetRow<'_>]) -> String {
        let mut list = ResetList::new(Vec::new()).unwrap();
        for row in rows {
            list.push(row).unwrap();
        }
        String::from_utf8(list.finish().unwrap().0).unwrap()
    }

    fn cell(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        write_cell(bytes, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_account_is_one_line_under_the_header() {
        let text = list(&[row()]);
        assert_eq!(
            text,
            "tier,target,table,account_id,login,email,reasons,scheme,exposure_count,active,locator\n\
             T0,dump.sql,users,17,ann,ann@example.org,plaintext;shared-password,plaintext,1234,yes,\
             \"dump.sql, byte 120, line 3\"\n"
        );
    }

    #[test]
    fn undecided_accounts_are_listed_and_acceptable_ones_are_not() {
        let unknown = ResetRow { tier: Tier::Unknown, active: None, exposure_count: None, ..row() };
        let fine = ResetRow { tier: Tier::None, reasons: Reasons::EMPTY, ..row() };
        let text = list(&[unknown, fine, ResetRow { active: Some(false), ..row() }]);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[1].starts_with("unknown,") && lines[1].contains(",plaintext,,,\""), "{text}");
        assert!(lines[2].contains(",1234,no,"), "{text}");
    }

    #[test]
    fn quotes_commas_and_line_breaks_are_quoted() {
        assert_eq!(cell(b"a,b"), "\"a,b\"");
        assert_eq!(cell(b"say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(cell(b"a\r\nb"), "\"a\r\nb\"");
        assert_eq!(cell(b""), "");
        assert_eq!(cell("Jürgen".as_bytes()), "Jürgen");
        assert_eq!(cell("é\"表".as_bytes()), "\"é\"\"表\"");
    }

    #[test]
    fn formulas_are_defused() {
        for (from, to) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""),
            ("a=1", "a=1"),
        ] {
            assert_eq!(cell(from.as_bytes()), to);
        }
    }

    #[test]
    fn hostile_bytes_come_out_as_replacement_characters() {
        assert_eq!(cell(b"a\x1b[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(cell(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
        assert_eq!(cell("x\u{202e}gpj\u{9b}".as_bytes()), "x\u{fffd}gpj\u{fffd}");
        assert_eq!(cell(b"\0"), "\u{fffd}");
    }

    #[test]
    fn any_bytes_give_a_cell_that_reads_back_as_one_cell() {
        proptest::proptest!(|(bytes: Vec<u8>)| {
            let text = cell(&bytes);
            let quoted = text.starts_with('"');
            let inner = if quoted { &text[1..text.len() - 1] } else { &text[..] };
            let lone = inner.replace("\"\"", "");
            proptest::prop_assert!(!lone.contains('"'));
            proptest::prop_assert!(quoted || !inner.contains([',', '\n', '\r']));
            proptest::prop_assert_eq!(text.find('\u{1b}'), None);
        });
    }

    #[test]
    fn a_write_error_is_not_swallowed() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut list = ResetList::new(Full).unwrap();
        list.push(&row()).unwrap();
        assert_eq!(list.finish().err().map(|e| e.kind()), Some(io::ErrorKind::StorageFull));
    }

    /// `cargo test --release -- --ignored million_rows --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn ten_million_rows_take_seconds() {
        let start = std::time::Instant::now();
        let mut list = ResetList::new(io::sink()).unwrap();
        for _ in 0..10_000_000 {
            list.push(&row()).unwrap();
        }
        println!("{} rows in {:?}", list.finish().unwrap().1, start.elapsed());
    }
}
