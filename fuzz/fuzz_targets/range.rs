//! Whatever a breach source answers, a range is refused or right: each of its lines is found with its count, and a body
//! cut in the middle of a suffix is no range. A cut within a count cannot be seen in the body (`21` cut is `2`); then no
//! suffix is found that the whole body had not.
#![no_main]

use credaudit::breach::Range;
use credaudit::model::{Digest, DigestKind, Exposure};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The first byte chooses the kind and where to cut.
    let Some((choice, body)) = input.split_first() else { return };
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
});

/// The digest of the range 00000 that ends in `suffix`.
fn digest(suffix: &str, kind: DigestKind) -> Digest {
    let mut bytes = [0; 20];
    for (at, digit) in suffix.bytes().enumerate().map(|(at, digit)| (at + 5, digit)) {
        let digit = (digit as char).to_digit(16).expect("a suffix is hex") as u8;
        bytes[at / 2] |= if at % 2 == 0 { digit << 4 } else { digit };
    }
    match kind {
        DigestKind::Sha1 => Digest::Sha1(bytes),
        DigestKind::Ntlm => Digest::Ntlm(bytes[..16].try_into().expect("sixteen of twenty bytes")),
    }
}
