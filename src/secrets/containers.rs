//! Private keys that are no text: DER, Java's keystores, PKCS #12. Told by their structure, as far as a match shows it.

use super::check::{Checked, Verdict};

/// `id-PBES2` (RFC 8018, appendix A.4): 1.2.840.113549.1.5.13.
const PBES2: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d";

/// Beginning of `keyBag` (…1.1) and `pkcs8ShroudedKeyBag` (…1.2) of PKCS #12 (RFC 7292, 4.2): 1.2.840.113549.1.12.10.1.
const BAG: &[u8] = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01";

/// Bytes left of something that is read from its start.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// `N` bytes, most significant first.
    fn number<const N: usize>(&mut self) -> Option<u64> {
        self.take(N).map(|bytes| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The header of a DER element of this tag: length of its content (X.690, 8.1.3, at most three bytes of length).
    fn element(&mut self, tag: u8) -> Option<usize> {
        if self.number::<1>()? != u64::from(tag) {
            return None;
        }
        match self.number::<1>()? {
            short @ 0..=0x7f => Some(short as usize),
            0x81 => self.number::<1>().map(|len| len as usize),
            0x82 => self.number::<2>().map(|len| len as usize),
            0x83 => self.number::<3>().map(|len| len as usize),
            _ => None,
        }
    }

    /// What Java writes with `writeUTF` and `writeInt` before bytes: passes over them.
    fn pass(&mut self, len: u64) -> Option<()> {
        self.take(usize::try_from(len).ok()?).map(|_| ())
    }
}

/// A SEQUENCE that ends where the bytes end (X.690, 8.9).
pub(super) fn is_der_sequence(bytes: &[u8]) -> bool {
    let mut reader = Reader(bytes);
    reader.element(0x30).is_some_and(|len| len == reader.0.len())
}

/// A private key and nothing else.
pub(super) fn is_private_key(bytes: &[u8]) -> bool {
    is_der_sequence(bytes) && bytes.len() > 32 && matches!(private_key(bytes), Some("not encrypted"))
}

/// Judges what begins with the SEQUENCE of a key, which may go on further than the match.
pub(super) fn der(whole: &[u8]) -> Checked {
    match private_key(whole) {
        Some(note @ "not encrypted") => Checked::told(Verdict::Proved, note),
        Some(note) => Checked::told(Verdict::Open, note),
        None => Checked::just(Verdict::Refuted),
    }
}

/// Whether the bytes begin a private key: PKCS #8 (RFC 5208, RFC 5958), PKCS #1 (RFC 8017, A.1.2), SEC 1 (RFC 5915). The lengths of
/// the parts have to agree; the parts themselves need not be there.
fn private_key(bytes: &[u8]) -> Option<&'static str> {
    let mut reader = Reader(bytes);
    let all = reader.element(0x30)?;
    let begin = reader.0.len();
    let used = |reader: &Reader<'_>| begin - reader.0.len();
    if reader.0.first() == Some(&0x30) {
        // Encrypted: AlgorithmIdentifier, OCTET STRING.
        let algorithm = reader.element(0x30)?;
        if !reader.0.starts_with(PBES2) {
            return None;
        }
        reader.take(algorithm)?;
        let encrypted = reader.element(4)?;
        return (used(&reader) + encrypted == all && encrypted >= 40).then_some("encrypted under a passphrase");
    }
    if reader.element(2)? != 1 {
        return None;
    }
    let version = reader.number::<1>()?;
    match *reader.0.first()? {
        0x30 if version <= 1 => {
            let algorithm = reader.element(0x30)?;
            reader.take(algorithm)?;
            let key = reader.element(4)?;
            // Attributes and a public key may follow.
            (used(&reader) + key <= all && key >= 16).then_some("not encrypted")
        }
        2 if version <= 1 => {
            // Modulus, exponents, primes: nine numbers in all, three of the modulus's length and six of half of it or less.
            let modulus = reader.element(2)?;
            (modulus >= 64 && (3 * modulus..6 * modulus + 64).contains(&all)).then_some("not encrypted")
        }
        4 if version == 1 => {
            let key = reader.element(4)?;
            (matches!(key, 20..=72) && used(&reader) + key <= all).then_some("not encrypted")
        }
        _ => None,
    }
}

/// A keystore of Java, `JKS` or `JCEKS` (JavaKeyStore.java of OpenJDK): magic, version, count; then entries, each with a tag, an alias
/// and a date. A store of certificates alone holds no secret.
pub(super) fn java_keystore(whole: &[u8]) -> Checked {
    let has = java_entries(whole);
    match has {
        Some(true) => Checked::told(Verdict::Proved, "holds a private key, under its password"),
        Some(false) => Checked::just(Verdict::Refuted),
        None => Checked::told(Verdict::Likely(30), "no private key among its first entries"),
    }
}

/// Whether there is a key; `None` where the match ends before that is known.
fn java_entries(whole: &[u8]) -> Option<bool> {
    let mut reader = Reader(whole);
    reader.pass(4)?;
    let version = reader.number::<4>()?;
    let count = reader.number::<4>()?;
    for _ in 0..count {
        let tag = reader.number::<4>()?;
        match tag {
            1 | 3 => return Some(true),
            2 => {}
            _ => return Some(false),
        }
        let alias = reader.number::<2>()?;
        reader.pass(alias)?;
        reader.pass(8)?;
        if version == 2 {
            let kind = reader.number::<2>()?;
            reader.pass(kind)?;
        }
        let certificate = reader.number::<4>()?;
        reader.pass(certificate)?;
    }
    Some(false)
}

/// A keystore of Bouncy Castle (BcKeyStoreSpi.java): version, salt, iterations; then entries, each with a type, an alias, a date and
/// a chain. 1 is a certificate, 2 to 4 are keys.
pub(super) fn bouncy_castle(whole: &[u8]) -> Checked {
    let mut reader = Reader(whole);
    let kind = (|| {
        reader.pass(4)?;
        let salt = reader.number::<4>()?;
        reader.pass(salt)?;
        let iterations = reader.number::<4>()?;
        let kind = reader.number::<1>()?;
        let alias = reader.number::<2>()?;
        let alias = reader.take(usize::try_from(alias).ok()?)?;
        (matches!(iterations, 1..=10_000_000) && !alias.is_empty() && std::str::from_utf8(alias).is_ok())
            .then_some(kind)
    })();
    match kind {
        Some(2..=4) => Checked::told(Verdict::Proved, "holds a private key, under its password"),
        Some(1) => Checked::told(Verdict::Likely(30), "no private key among its first entries"),
        _ => Checked::just(Verdict::Refuted),
    }
}

/// PKCS #12: PFX with version 3 (RFC 7292, 4). Bags of keys lie open, what is in them does not.
pub(super) fn pkcs12(whole: &[u8]) -> Checked {
    if memchr::memmem::find_iter(whole, BAG).any(|at| matches!(whole.get(at + BAG.len()), Some(1 | 2))) {
        Checked::told(Verdict::Proved, "holds a private key, under its password")
    } else {
        Checked::told(Verdict::Likely(30), "no private key among its first entries")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A DER element.
    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = content.len();
        let mut out = vec![tag];
        match len {
            0..=0x7f => out.push(len as u8),
            0x80..=0xff => out.extend([0x81, len as u8]),
            _ => out.extend([0x82, (len >> 8) as u8, len as u8]),
        }
        out.extend_from_slice(content);
        out
    }

    fn seq(parts: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &parts.concat())
    }

    fn number(len: usize) -> Vec<u8> {
        tlv(2, &(0..len).map(|i| (i * 7 + 1) as u8 & 0x7f).collect::<Vec<u8>>())
    }

    fn pkcs1() -> Vec<u8> {
        let lens = [129, 3, 128, 65, 65, 64, 64, 64];
        let numbers: Vec<Vec<u8>> = lens.into_iter().map(number).collect();
        seq(&[vec![tlv(2, &[0])], numbers].concat())
    }

    #[test]
    fn private_keys_in_der_are_told_from_other_sequences() {
        let rsa = pkcs1();
        assert!(is_private_key(&rsa));
        let algorithm = seq(&[tlv(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), tlv(5, b"")]);
        let pkcs8 = seq(&[tlv(2, &[0]), algorithm.clone(), tlv(4, &rsa)]);
        assert!(is_private_key(&pkcs8));
        assert_eq!(der(&pkcs8[..60]).verdict, Verdict::Proved, "its first bytes are enough");
        let curve = seq(&[tlv(2, &[1]), tlv(4, &[7; 32]), tlv(0xa0, &tlv(6, b"\x2a\x86\x48\xce\x3d\x03\x01\x07"))]);
        assert!(is_private_key(&curve));
        let ed25519 = seq(&[tlv(2, &[0]), seq(&[tlv(6, b"\x2b\x65\x70")]), tlv(4, &tlv(4, &[9; 32]))]);
        assert!(is_private_key(&ed25519));
        let hidden = seq(&[seq(&[tlv(6, &PBES2[2..]), seq(&[])]), tlv(4, &[3; 64])]);
        assert_eq!(der(&hidden), Checked::told(Verdict::Open, "encrypted under a passphrase"));
        assert!(!is_private_key(&hidden));
        // A public key, a certificate's beginning, a length that does not agree.
        let public = seq(&[algorithm, tlv(3, &[0; 140])]);
        assert_eq!(der(&public).verdict, Verdict::Refuted);
        assert_eq!(der(&seq(&[seq(&[tlv(0xa0, &tlv(2, &[2])), number(8)])])).verdict, Verdict::Refuted);
        let mut short = pkcs8.clone();
        short[3] -= 40;
        assert_eq!(der(&short).verdict, Verdict::Refuted);
    }

    #[test]
    fn keystores_with_keys_are_told_from_stores_of_certificates() {
        let store = |version: u32, entries: &[Vec<u8>]| {
            let mut out = vec![0xfe, 0xed, 0xfe, 0xed];
            out.extend(version.to_be_bytes());
            out.extend((entries.len() as u32).to_be_bytes());
            out.extend(entries.concat());
            out
        };
        let entry = |tag: u32| {
            let mut out = tag.to_be_bytes().to_vec();
            out.extend(b"\0\x04mine\0\0\x01\x90\0\0\0\0\0\x05X.509\0\0\0\x03abc");
            out
        };
        assert_eq!(java_keystore(&store(2, &[entry(2), entry(1)])).verdict, Verdict::Proved);
        assert_eq!(java_keystore(&store(2, &[entry(2), entry(2)])).verdict, Verdict::Refuted);
        assert_eq!(java_keystore(&store(2, &[entry(2), entry(2)])[..40]).verdict, Verdict::Likely(30));
        assert_eq!(java_keystore(&store(2, &[entry(9)])).verdict, Verdict::Refuted);
        let bks =
            |kind: u8| [b"\0\0\0\x02\0\0\0\x14".as_slice(), &[5; 20], b"\0\0\x04\x10", &[kind], b"\0\x04mine"].concat();
        assert_eq!(bouncy_castle(&bks(4)).verdict, Verdict::Proved);
        assert_eq!(bouncy_castle(&bks(1)).verdict, Verdict::Likely(30));
        assert_eq!(bouncy_castle(&bks(0)).verdict, Verdict::Refuted);
        let pfx = |bag: &[u8]| seq(&[tlv(2, &[3]), seq(&[tlv(0xa0, bag)])]);
        assert_eq!(pkcs12(&pfx(&[BAG, &[2]].concat())).verdict, Verdict::Proved);
        assert_eq!(pkcs12(&pfx(&[BAG, &[3]].concat())).verdict, Verdict::Likely(30));
    }
}
