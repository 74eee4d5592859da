//! Formats without a reader: those that hold no tables, and those that may hold accounts but are not read here.
//!
//! The difference matters: the bytes of a picture count as understood, those of an archive or of a database file that
//! is not read count as not understood, with a sentence that says what to do.

use memchr::memmem;

use super::{About, Format, Head, Likeness, Opened};

/// What is told by its first bytes.
pub(super) struct Signed;

/// Text in which accounts may be, in forms that are not read.
pub(super) struct UnreadText;

/// Text that is no table: prose, source code, logs, settings.
pub(super) struct PlainText;

/// A signature: where, which bytes, the name in reports, and why it is not read (`None`: it holds no tables).
struct Signature {
    at: usize,
    magic: &'static [u8],
    name: &'static str,
    unread: Option<&'static str>,
}

const ARCHIVE: &str = "an archive that was not opened: unpack it and audit what is inside";
const DATABASE: &str = "a database format that credaudit does not read: export it as SQL or CSV";
const PG_CUSTOM: &str = "a pg_dump archive that credaudit does not read: turn it into SQL with pg_restore -f dump.sql";
const BSON: &str = "a mongodump archive that credaudit does not read: export it with mongoexport as JSON";
const COLUMNAR: &str = "a columnar file that credaudit does not read: export it as CSV or JSON";
const DOCUMENT: &str = "an office document that was not opened: save its tables as CSV";
const EVENT_LOG: &str = "a database log that credaudit does not read: export the database as SQL or CSV";

const fn none(at: usize, magic: &'static [u8], name: &'static str) -> Signature {
    Signature { at, magic, name, unread: None }
}

const fn unread(at: usize, magic: &'static [u8], name: &'static str, why: &'static str) -> Signature {
    Signature { at, magic, name, unread: Some(why) }
}

/// From the formats' own specifications; the shared ones are also in `file`(1)'s magic database. Longer signatures of a
/// family stand before shorter ones.
const SIGNATURES: &[Signature] = &[
    none(0, b"\x89PNG\r\n\x1a\n", "PNG picture"),
    none(0, b"\xff\xd8\xff", "JPEG picture"),
    none(0, b"GIF87a", "GIF picture"),
    none(0, b"GIF89a", "GIF picture"),
    none(8, b"WEBP", "WebP picture"),
    none(8, b"WAVE", "WAV sound"),
    none(8, b"AVI ", "AVI video"),
    none(0, b"\x00\x00\x01\x00", "icon"),
    none(0, b"II*\0", "TIFF picture"),
    none(0, b"MM\0*", "TIFF picture"),
    none(0, b"\x7fELF", "ELF program"),
    none(0, b"\xfe\xed\xfa\xce", "Mach-O program"),
    none(0, b"\xfe\xed\xfa\xcf", "Mach-O program"),
    none(0, b"\xce\xfa\xed\xfe", "Mach-O program"),
    none(0, b"\xcf\xfa\xed\xfe", "Mach-O program"),
    none(0, b"\xca\xfe\xba\xbe", "Java class or universal program"),
    none(0, b"\0asm", "WebAssembly"),
    none(0, b"wOFF", "font"),
    none(0, b"wOF2", "font"),
    none(0, b"OTTO\0", "font"),
    none(0, b"\0\x01\0\0\0", "font"),
    none(0, b"ID3", "MP3 sound"),
    none(0, b"OggS", "Ogg sound"),
    none(0, b"fLaC", "FLAC sound"),
    none(4, b"ftyp", "MP4 video"),
    none(0, b"\x1aE\xdf\xa3", "Matroska video"),
    unread(0, b"%PDF-", "PDF", "a PDF document, whose text credaudit does not read: export its tables as CSV"),
    unread(0, b"PK\x03\x04", "zip archive", ARCHIVE),
    unread(0, b"PK\x05\x06", "zip archive", ARCHIVE),
    unread(0, b"PK\x07\x08", "zip archive", ARCHIVE),
    unread(0, b"7z\xbc\xaf\x27\x1c", "7z archive", ARCHIVE),
    unread(0, b"Rar!\x1a\x07", "RAR archive", ARCHIVE),
    unread(257, b"ustar", "tar archive", ARCHIVE),
    unread(0, b"!<arch>\n", "ar archive", ARCHIVE),
    unread(0, b"MSCF\0\0\0\0", "cabinet archive", ARCHIVE),
    unread(0, b"\x1f\x8b\x08", "gzip", ARCHIVE),
    unread(0, b"BZh", "bzip2", ARCHIVE),
    unread(0, b"\xfd7zXZ\0", "xz", ARCHIVE),
    unread(0, b"\x28\xb5\x2f\xfd", "zstd", ARCHIVE),
    unread(0, b"\x04\x22\x4d\x18", "lz4", ARCHIVE),
    unread(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE document", DOCUMENT),
    unread(0, b"PGDMP", "pg_dump archive", PG_CUSTOM),
    unread(0, b"\x6d\xe2\x99\x81", "mongodump archive", BSON),
    unread(0, b"PAR1", "Parquet", COLUMNAR),
    unread(0, b"PARE", "Parquet", COLUMNAR),
    unread(0, b"ARROW1", "Arrow", COLUMNAR),
    unread(0, b"Obj\x01", "Avro", COLUMNAR),
    unread(0, b"ORC", "ORC", COLUMNAR),
    unread(0, b"TAPE\0\0", "SQL Server backup", DATABASE),
    unread(0, b"MSSQLBAK", "SQL Server backup", DATABASE),
    unread(0, b"\x01\x0f\0\0", "SQL Server data file", DATABASE),
    unread(4, b"Standard Jet DB", "Access database", DATABASE),
    unread(4, b"Standard ACE DB", "Access database", DATABASE),
    unread(0, b"REDIS0", "Redis dump", DATABASE),
    unread(0, b"\xfebin", "MySQL binary log", EVENT_LOG),
    unread(0, b"\x37\x7f\x06\x82", "SQLite write-ahead log", "a SQLite write-ahead log: audit it beside its database"),
    unread(0, b"\x37\x7f\x06\x83", "SQLite write-ahead log", "a SQLite write-ahead log: audit it beside its database"),
];

/// Compressed streams and archives that are read as what is inside them.
const UNPACKED: [&str; 8] = ["7z archive", "ar archive", "bzip2", "gzip", "tar archive", "xz", "zip archive", "zstd"];
/// What [`signature`] also knows and does not read.
const UNREAD_BY_SHAPE: [&str; 3] = ["BSON", "InnoDB tablespace", "Oracle export"];

/// Signatures that are short enough to begin a text: they need a byte that is no text as well.
const SHORTEST: usize = 4;

impl Signature {
    fn is_in(&self, bytes: &[u8]) -> bool {
        let found = bytes.get(self.at..).is_some_and(|rest| rest.starts_with(self.magic));
        let texty = self.magic.iter().all(|b| (0x20..0x7f).contains(b));
        found && (!texty || self.magic.len() > SHORTEST || !is_text(bytes))
    }
}

/// What the first bytes say, with the reason why it is not read.
fn signature(bytes: &[u8]) -> Option<(&'static str, Option<&'static str>)> {
    if let Some(found) = SIGNATURES.iter().find(|s| s.is_in(bytes)) {
        return Some((found.name, found.unread));
    }
    if is_windows_program(bytes) {
        return Some(("Windows program", None));
    }
    if is_bson(bytes) {
        return Some(("BSON", Some(BSON)));
    }
    if is_innodb(bytes) {
        return Some(("InnoDB tablespace", Some(DATABASE)));
    }
    // Oracle's exp writes its version as text into the first bytes, expdp its format's name.
    let start = &bytes[..bytes.len().min(1024)];
    let oracle = memmem::find(start, b"EXPORT:V").is_some_and(|at| at < 16)
        || (!is_text(start) && memmem::find(start, b"SYS_EXPORT_").is_some());
    oracle.then_some(("Oracle export", Some(DATABASE)))
}

/// `MZ`, and at 0x3c the place of `PE\0\0` (Microsoft PE format).
fn is_windows_program(bytes: &[u8]) -> bool {
    let Some(place) = bytes.get(0x3c..0x40).filter(|_| bytes.starts_with(b"MZ")) else { return false };
    let at = u32::from_le_bytes([place[0], place[1], place[2], place[3]]) as usize;
    bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
}

/// One document after the other: its length, then a first element of a known type with a printable name
/// (bsonspec.org 1.1).
fn is_bson(bytes: &[u8]) -> bool {
    let Some(&[a, b, c, d, kind]) = bytes.first_chunk() else { return false };
    let len = u32::from_le_bytes([a, b, c, d]) as usize;
    let name = bytes[5..].iter().take_while(|b| (0x20..0x7f).contains(*b)).count();
    let ended = bytes.get(len.wrapping_sub(1)).is_none_or(|b| *b == 0);
    (5..=16 << 20).contains(&len) && (1..=0x13).contains(&kind) && name > 0 && bytes.get(5 + name) == Some(&0) && ended
}

/// A file space header page: page number 0 and page type 8 at byte 24 (`MySQL`'s `fil0fil.h`, `FIL_PAGE_TYPE_FSP_HDR`),
/// the space's id both in the page and in the space header.
fn is_innodb(bytes: &[u8]) -> bool {
    bytes.len() >= 64 && bytes[4..8] == [0; 4] && bytes[24..26] == [0, 8] && bytes[34..38] == bytes[38..42]
}

impl Format for Signed {
    fn name(&self) -> &'static str {
        "file of a known kind"
    }

    fn about(&self) -> About {
        let names = |unread: bool| {
            let mut names: Vec<&str> =
                // What `sources` unpacks comes this far only when it is packed too many times over.
                SIGNATURES
                    .iter()
                    .filter(|s| s.unread.is_some() == unread && !UNPACKED.contains(&s.name))
                    .map(|s| s.name)
                    .collect();
            names.extend(if unread { UNREAD_BY_SHAPE.as_slice() } else { &["Windows program"] });
            names.sort_unstable_by_key(|name| name.to_ascii_lowercase());
            names.dedup();
            names.join(", ")
        };
        About::new(
            format!("nothing; they hold no tables: {}", names(false)),
            format!("not read, reported as not understood with what to do: {}", names(true)),
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        signature(head.bytes).map(|_| Likeness::Likely)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        match signature(head.bytes) {
            Some((name, None)) => (name.into(), Opened::NoTables("a file that holds no tables")),
            Some((name, Some(why))) => (name.into(), Opened::Unreadable(why)),
            None => (self.name().into(), Opened::Unreadable("a file of unknown kind")),
        }
    }
}

/// The lines looked at.
const LINES: usize = 200;

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii_end).filter(|l| !l.is_empty()).take(LINES)
}

/// Text in which accounts may be: its name and what to do.
fn unread_text(head: &Head<'_>) -> Option<(&'static str, &'static str)> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    if !is_text(bytes) {
        return None;
    }
    let all: Vec<&[u8]> = lines(bytes).collect();
    let entries: Vec<&[u8]> = all.iter().copied().filter(|l| !l.starts_with(b"#")).collect();
    let most = |test: &dyn Fn(&[u8]) -> bool| {
        let count = entries.iter().filter(|l| test(l)).count();
        count > 0 && count * 10 >= entries.len() * 9
    };
    let start = bytes.trim_ascii_start();
    if most(&is_pwdump) {
        return Some((
            "pwdump",
            "a dump of Windows hashes that credaudit does not read: turn it into CSV with a header",
        ));
    }
    if most(&is_passwd) {
        return Some((
            "passwd or shadow file",
            "a password file that credaudit does not read: turn it into CSV with a header",
        ));
    }
    if most(&is_htpasswd) {
        return Some((
            "password list",
            "a list of names and passwords that credaudit does not read: turn it into CSV with a header",
        ));
    }
    let first = entries.iter().find(|l| !l.to_ascii_lowercase().starts_with(b"version:"));
    if first.is_some_and(|l| l.to_ascii_lowercase().starts_with(b"dn:"))
        && entries.iter().any(|l| l.to_ascii_lowercase().starts_with(b"objectclass:") || l.contains(&b'='))
    {
        return Some(("LDIF", "an LDAP export that credaudit does not read: export it as CSV"));
    }
    let lower = start[..start.len().min(256)].to_ascii_lowercase();
    if lower.starts_with(b"<?xml") || (start.starts_with(b"<") && !is_html(&lower) && is_xml(start)) {
        return Some(("XML", "an XML file that credaudit does not read: export its tables as CSV, JSON or SQL"));
    }
    let yaml = matches!(head.extension, Some("yaml" | "yml"));
    if start.starts_with(b"---\n") || start.starts_with(b"%YAML") || yaml || most(&is_yaml) {
        return Some(("YAML", "a YAML file that credaudit does not read: export its tables as CSV, JSON or SQL"));
    }
    None
}

fn is_html(lower: &[u8]) -> bool {
    lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") || lower.starts_with(b"<!--")
}

fn is_xml(start: &[u8]) -> bool {
    start.get(1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'!') && memmem::find(start, b"</").is_some()
}

/// `name:rid:LM:NT:::` as pwdump and secretsdump write it.
fn is_pwdump(line: &[u8]) -> bool {
    let parts: Vec<&[u8]> = line.split(|b| *b == b':').collect();
    let hash = |p: &[u8]| p.len() == 32 && (p.iter().all(u8::is_ascii_hexdigit) || p.starts_with(b"NO PASSWORD"));
    parts.len() >= 6 && parts[1].iter().all(u8::is_ascii_digit) && hash(parts[2]) && hash(parts[3])
}

/// passwd(5) has seven fields, shadow(5) nine.
fn is_passwd(line: &[u8]) -> bool {
    let parts: Vec<&[u8]> = line.split(|b| *b == b':').collect();
    let number = |p: &[u8]| p.iter().all(u8::is_ascii_digit);
    let named = !parts[0].is_empty() && !parts[0].contains(&b' ');
    match parts.len() {
        7 => {
            named && number(parts[2]) && number(parts[3]) && (parts[5].starts_with(b"/") || parts[6].starts_with(b"/"))
        }
        9 => named && parts[2..].iter().all(|p| number(p)),
        _ => false,
    }
}

/// `name:hash` (htpasswd), `name:realm:md5` (htdigest), `address:password` (combo lists).
fn is_htpasswd(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() || name.contains(&b' ') || value.is_empty() {
        return false;
    }
    let last = value.rsplit(|b| *b == b':').next().unwrap_or_default();
    let hex = matches!(last.len(), 32 | 40 | 64 | 128) && last.iter().all(u8::is_ascii_hexdigit);
    let address = name.contains(&b'@') && name.contains(&b'.');
    value.starts_with(b"$") || value.starts_with(b"{SHA}") || value.starts_with(b"{SSHA}") || hex || address
}

/// A key with its value, a list's entry, or what is indented below one.
fn is_yaml(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    let text = text.strip_prefix(b"- ").map_or(text, <[u8]>::trim_ascii_start);
    let key = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.')).count();
    let pair = key > 0 && text.get(key) == Some(&b':') && matches!(text.get(key + 1), None | Some(b' '));
    pair || line.trim_ascii_start().starts_with(b"- ")
}

impl Format for UnreadText {
    fn name(&self) -> &'static str {
        "text that may hold accounts"
    }

    fn about(&self) -> About {
        About::new(
            "nothing",
            "not read, reported as not understood with what to do: passwd and shadow files, pwdump, htpasswd and combo \
             lists, LDIF, XML, YAML",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        unread_text(head).map(|_| Likeness::Possible)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        let (name, why) = unread_text(head).unwrap_or((self.name(), "text of unknown kind"));
        (name.into(), Opened::Unreadable(why))
    }
}

/// Whether the bytes are text in UTF-8 or in an encoding with ASCII below 128.
fn is_text(bytes: &[u8]) -> bool {
    let control = bytes.iter().filter(|b| matches!(b, 0..=8 | 14..=26 | 28..=31 | 127)).count();
    // A character may be cut by the end of the head.
    let utf8 = std::str::from_utf8(bytes).map_or_else(|e| e.error_len().is_none(), |_| true);
    let high = bytes.iter().filter(|b| **b >= 0x80).count();
    control * 200 <= bytes.len() && (utf8 || high * 4 <= bytes.len())
}

impl Format for PlainText {
    fn name(&self) -> &'static str {
        "text"
    }

    fn about(&self) -> About {
        About::new(
            "nothing: prose, source code, logs and settings hold no tables",
            "counts as something other than rows",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        is_text(head.bytes).then_some(Likeness::Possible)
    }

    fn open(&self, _: &Head<'_>) -> (String, Opened) {
        (self.name().into(), Opened::NoTables("text without tables"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::detect;
    use super::*;

    fn opened(bytes: &[u8]) -> Option<(String, Opened)> {
        let head = Head { bytes, whole: true, extension: None };
        detect(&head).map(|format| format.open(&head))
    }

    fn name_of(bytes: &[u8]) -> String {
        opened(bytes).map_or_else(|| "unknown".into(), |(name, _)| name)
    }

    #[test]
    fn every_signature_is_recognised_by_its_own_bytes() {
        for signature in SIGNATURES {
            let mut bytes = vec![0xfe; 600];
            bytes[signature.at..signature.at + signature.magic.len()].copy_from_slice(signature.magic);
            assert_eq!(name_of(&bytes), signature.name);
        }
    }

    #[test]
    fn pictures_hold_no_tables_and_archives_are_not_understood() {
        assert!(matches!(opened(b"\x89PNG\r\n\x1a\n\0\0"), Some((_, Opened::NoTables(_)))));
        assert!(matches!(opened(b"PK\x03\x04\x14\0\0\0"), Some((_, Opened::Unreadable(_)))));
        assert!(matches!(opened(b"PGDMP\x01\x0e\0"), Some((_, Opened::Unreadable(_)))));
        assert!(matches!(opened(b"\x16\0\0\0\x02name\0\x05\0\0\0anna\0\0\0"), Some((_, Opened::Unreadable(_)))));
    }

    #[test]
    fn text_that_may_hold_accounts_is_not_called_clean() {
        let cases: [(&str, &str); 8] = [
            ("passwd or shadow file", "root:$6$abc$def:19000:0:99999:7:::\nann:!:19000:0:99999:7:::\n"),
            ("passwd or shadow file", "root:x:0:0:root:/root:/bin/bash\n"),
            ("password list", "ann:$apr1$abcdefgh$0123456789012345678901\n"),
            ("password list", "ann@example.com:hunter2\nbob@example.com:x:y\n"),
            ("pwdump", "ann:500:aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0:::\n"),
            ("LDIF", "version: 1\ndn: uid=ann,dc=example\nobjectClass: person\nuserPassword:: e1NTSEF9\n"),
            ("XML", "<?xml version=\"1.0\"?>\n<users><user name=\"ann\"/></users>\n"),
            ("YAML", "users:\n  - name: ann\n    password: x\n"),
        ];
        for (name, text) in cases {
            assert_eq!(name_of(text.as_bytes()), name, "{text}");
        }
    }

    #[test]
    fn prose_code_and_logs_are_text_without_tables() {
        for text in [
            "# A title\n\nSome words, with commas; and more.\n",
            "fn main() {\n    println!(\"hi\");\n}\n",
            "[section]\nkey = value\n",
            "Jan 01 10:00:00 host sshd[1]: Accepted\nJan 01 10:00:01 host sshd[1]: Closed\n",
            "BZh and PK and ORC begin this line\n",
        ] {
            assert_eq!(name_of(text.as_bytes()), "text", "{text}");
        }
    }

    #[test]
    fn tables_are_found_before_text() {
        assert_eq!(name_of(b"id,email\n1,a@example.com\n"), "CSV");
        assert_eq!(name_of(b"id;email\n1;a@example.com\n"), "CSV ;");
        assert_eq!(name_of(b"{\"a\":1}\n{\"a\":2}\n"), "JSON lines");
        assert_eq!(name_of(b"[{\"a\":1}]"), "JSON");
    }

    #[test]
    fn unknown_binary_is_unknown() {
        let noise: Vec<u8> = (0..4000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(name_of(&noise), "unknown");
        assert_eq!(name_of(&[0; 100]), "unknown");
    }
}
