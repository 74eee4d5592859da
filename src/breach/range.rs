//! The answer to one range question: `SUFFIX:COUNT` lines, checked before anybody believes them.
//!
//! An empty, cut or malformed answer is never "not seen". NTLM lines have been found in SHA-1 ranges, HTML in stored
//! ranges, empty bodies behind cached errors.

use zeroize::Zeroizing;

use crate::model::{Digest, DigestKind, Exposure, Unasked};

/// Hex digits of a digest that are sent; the rest is compared here.
pub(super) const PREFIX: usize = 5;

/// A body that is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBody;

/// A checked range: suffixes with their counts, ascending.
#[derive(Debug)]
pub struct Range<'a> {
    kind: DigestKind,
    lines: Vec<(&'a [u8], u64)>,
}

impl<'a> Range<'a> {
    /// Checks a body: every line is `HEX:COUNT` with the suffix length of `kind` (35 for SHA-1, 27 for NTLM), real lines
    /// (count above 0) ascend, and there is at least one of them. Padding lines (count 0) may stand anywhere and are
    /// dropped. A body cut at a line's end or within a count looks whole: that it is whole is for the transport to prove.
    pub fn parse(body: &'a [u8], kind: DigestKind) -> Result<Self, BadBody> {
        let suffix_len = suffix_len(kind).ok_or(BadBody)?;
        let mut lines: Vec<(&[u8], u64)> = Vec::new();
        let text = body.strip_suffix(b"\n").unwrap_or(body);
        for line in text.split(|b| *b == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (suffix, count) = line.split_at_checked(suffix_len).ok_or(BadBody)?;
            if !suffix.iter().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(b)) {
                return Err(BadBody);
            }
            let count = number(count.strip_prefix(b":").ok_or(BadBody)?)?;
            if count == 0 {
                continue;
            }
            if lines.last().is_some_and(|(before, _)| *before >= suffix) {
                return Err(BadBody);
            }
            lines.push((suffix, count));
        }
        if lines.is_empty() { Err(BadBody) } else { Ok(Self { kind, lines }) }
    }

    /// What this range, asked for by the first five hex digits of `digest`, says about it. A digest of another kind than
    /// the range's is unknown.
    pub fn exposure(&self, digest: &Digest) -> Exposure {
        if digest.kind() != self.kind {
            return Exposure::Unknown(Unasked::NotAskable);
        }
        let mut hex = Zeroizing::new([0; 40]);
        let hex = &mut hex[..2 * digest.bytes().len()];
        hex::encode_to_slice(digest.bytes(), hex).expect("two digits for every byte");
        hex.make_ascii_uppercase();
        let suffix = &hex[PREFIX..];
        match self.lines.binary_search_by(|(known, _)| (*known).cmp(suffix)) {
            Ok(at) => Exposure::Seen(Some(self.lines[at].1)),
            Err(_) => Exposure::NotSeen,
        }
    }

    /// Kind of the digests.
    pub const fn kind(&self) -> DigestKind {
        self.kind
    }

    /// Suffixes in upper-case hex with their counts, ascending.
    pub fn lines(&self) -> &[(&'a [u8], u64)] {
        &self.lines
    }

    /// Number of real lines.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Never: a checked range has a line.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// None for kinds that have no ranges.
const fn suffix_len(kind: DigestKind) -> Option<usize> {
    match kind {
        DigestKind::Sha1 | DigestKind::Ntlm => Some(2 * kind.len() - PREFIX),
        DigestKind::Md5 | DigestKind::Sha256 | DigestKind::Keccak => None,
    }
}

fn number(digits: &[u8]) -> Result<u64, BadBody> {
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(BadBody);
    }
    Ok(digits.iter().fold(0, |n, d| n * 10 + u64::from(d - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";
    const B: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC";

    /// The digest whose suffix is `suffix`, in the range 21BD1.
    fn digest(suffix: &str) -> Digest {
        Digest::Sha1(hex::decode(format!("21BD1{suffix}")).unwrap().try_into().unwrap())
    }

    fn parse(body: &str) -> Result<Vec<Exposure>, BadBody> {
        Range::parse(body.as_bytes(), DigestKind::Sha1).map(|r| [A, B].map(|s| r.exposure(&digest(s))).to_vec())
    }

    #[test]
    fn a_range_gives_counts_whatever_its_line_ends_and_padding() {
        let seen = |count| Exposure::Seen(Some(count));
        assert_eq!(parse(&format!("{A}:21\r\n{B}:2")), Ok(vec![seen(21), seen(2)]));
        assert_eq!(parse(&format!("{A}:21\n{B}:2\n")), Ok(vec![seen(21), seen(2)]));
        assert_eq!(
            parse(&format!("{B}:2\r\n{A}:0\r\n")),
            Ok(vec![Exposure::NotSeen, seen(2)]),
            "padding is not seen, and not in order"
        );
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for body in [
            String::new(),
            "\r\n".into(),
            format!("{A}:0"),
            format!("{A}:"),
            format!("{A}:1x"),
            format!("{A}:-1"),
            format!("{}:3", &A[1..]),
            format!("{}:3", &A[8..]),
            format!("{A}:21\r\n{}", &B[..20]),
            format!("{B}:2\r\n{A}:21"),
            format!("{A}:1\r\n{A}:1"),
            format!("{}:1", A.to_lowercase()),
            format!("{A}:99999999999999999999"),
            "<html><body>502 Bad Gateway</body></html>".into(),
            format!("{A}:1\r\n\r\n{B}:1"),
        ] {
            assert_eq!(parse(&body), Err(BadBody), "{body:?}");
        }
    }

    #[test]
    fn an_ntlm_range_has_shorter_suffixes() {
        let body = format!("{}:7", &A[..27]);
        let range = Range::parse(body.as_bytes(), DigestKind::Ntlm).unwrap();
        let nt = hex::decode(format!("21BD1{}", &A[..27])).unwrap();
        assert_eq!(range.exposure(&Digest::Ntlm(nt.try_into().unwrap())), Exposure::Seen(Some(7)));
        assert_eq!(range.exposure(&digest(A)), Exposure::Unknown(Unasked::NotAskable), "never looks unseen");
        assert_eq!((range.len(), range.is_empty()), (1, false));
        assert_eq!(Range::parse(body.as_bytes(), DigestKind::Sha1).err(), Some(BadBody));
    }

    proptest::proptest! {
        #[test]
        fn every_line_of_a_range_is_found_and_a_cut_suffix_is_no_range(
            lines in proptest::collection::btree_map("[0-9A-F]{35}", 1_u64..1_000_000, 1..20),
            padding in proptest::collection::vec("[0-9A-F]{35}", 0..5),
            cut in 0_usize..10_000,
        ) {
            let text = lines.iter().map(|(suffix, count)| format!("{suffix}:{count}"));
            let body = text.chain(padding.iter().map(|suffix| format!("{suffix}:0"))).collect::<Vec<_>>().join("\r\n");
            let range = Range::parse(body.as_bytes(), DigestKind::Sha1).unwrap();
            assert_eq!(range.len(), lines.len());
            for (suffix, count) in &lines {
                assert_eq!(range.exposure(&digest(suffix)), Exposure::Seen(Some(*count)));
            }
            let cut = cut % body.len();
            let within = body[..cut].rsplit('\n').next().unwrap().len();
            let parsed = Range::parse(&body.as_bytes()[..cut], DigestKind::Sha1);
            // Through the colon a cut shows; past it, it is for the transport to show.
            assert!(!(1..=36).contains(&within) || parsed.is_err());
            assert!(parsed.map_or(0, |range| range.len()) <= lines.len());
        }
    }
}
