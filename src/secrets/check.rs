//! What proves or disproves that a match is a secret: checksums and structures that published formats have.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha256};

use super::containers::{self, is_der_sequence, is_private_key};
use super::value;

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The checksum is right, the structure is whole.
    Proved,
    /// It cannot be one: the checksum is wrong, the structure broken.
    Refuted,
    /// As likely as before.
    Open,
    /// Likely to this degree, in percent.
    Likely(u8),
}

/// A verdict, and something to tell that is no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) verdict: Verdict,
    pub(super) note: Option<String>,
}

impl Checked {
    pub(super) fn just(verdict: Verdict) -> Self {
        Self { verdict, note: None }
    }

    pub(super) fn told(verdict: Verdict, note: impl Into<String>) -> Self {
        Self { verdict, note: Some(note.into()) }
    }

    fn proved_if(good: bool) -> Self {
        Self::just(if good { Verdict::Proved } else { Verdict::Refuted })
    }
}

/// A named check of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// The last six characters are the CRC-32 of those after the first `_`, in base 62 (GitHub's blog, "Behind GitHub's new
    /// authentication token formats", 2021; npm uses the same).
    Crc32Base62,
    /// An AWS access key id: its account number can be computed from it (first published by A. Kaplan, 2022).
    AwsKeyId,
    /// Three parts of base64url, the first a JSON object with `alg` (RFC 7519).
    Jwt,
    /// The body of a PEM block is DER of the length it says (RFC 7468), or `OpenSSH`'s own format.
    Pem,
    /// An armoured block whose CRC-24, if there is one, is right (RFC 9580, 6.1).
    Pgp,
    /// A bech32 string whose checksum is right (BIP 173), as age writes its identities.
    Bech32,
    /// Base58 with four bytes of double SHA-256 at its end, as Bitcoin's wallets write keys.
    Base58Check,
    /// Base64 of `name:password` (RFC 7617).
    Basic,
    /// Base64 of 64 bytes, as Azure's storage keys are.
    Base64Of64,
    /// Base64 of DER that holds a PKCS#8 or PKCS#1 private key.
    DerKey,
    /// The values of a Kubernetes Secret.
    Kubernetes,
    /// The secret is a password made by people: judged as one.
    Password,
    /// The secret is made by a machine: judged as such.
    Random,
    /// A JSON web key: `kty`, and a private part.
    Jwk,
    /// A private key in DER, of which the match may be the beginning.
    Der,
    /// A keystore of Java.
    JavaKeystore,
    /// A keystore of Bouncy Castle.
    BouncyCastle,
    /// PKCS #12.
    Pkcs12,
}

impl Check {
    /// All, with the names used in pattern files.
    pub const ALL: [(&'static str, Self); 18] = [
        ("crc32-base62", Self::Crc32Base62),
        ("aws-key-id", Self::AwsKeyId),
        ("jwt", Self::Jwt),
        ("pem", Self::Pem),
        ("pgp", Self::Pgp),
        ("bech32", Self::Bech32),
        ("base58check", Self::Base58Check),
        ("basic", Self::Basic),
        ("base64-of-64", Self::Base64Of64),
        ("der-key", Self::DerKey),
        ("kubernetes", Self::Kubernetes),
        ("password", Self::Password),
        ("random", Self::Random),
        ("jwk", Self::Jwk),
        ("der", Self::Der),
        ("java-keystore", Self::JavaKeystore),
        ("bouncy-castle", Self::BouncyCastle),
        ("pkcs12", Self::Pkcs12),
    ];

    pub(super) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, check)| check)
    }

    /// The name used in pattern files.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, check)| *check == self).map_or("", |(name, _)| name)
    }

    /// Judges a match by the whole of it and its secret. `common` tells common passwords.
    pub(super) fn run(self, whole: &[u8], secret: &[u8], common: &dyn Fn(&[u8]) -> bool) -> Checked {
        match self {
            Self::Crc32Base62 => Checked::proved_if(crc32_base62(secret)),
            Self::AwsKeyId => aws_key_id(secret),
            Self::Jwt => jwt(secret),
            Self::Pem => pem(whole),
            Self::Pgp => pgp(whole),
            Self::Bech32 => Checked::proved_if(bech32(secret)),
            Self::Base58Check => Checked::proved_if(base58check(secret)),
            Self::Basic => basic(secret, common),
            Self::Base64Of64 => Checked::proved_if(decoded(secret).is_some_and(|bytes| bytes.len() == 64)),
            Self::DerKey => Checked::proved_if(decoded(secret).is_some_and(|bytes| is_private_key(&bytes))),
            Self::Kubernetes => kubernetes(secret, common),
            Self::Password => {
                let judged = value::password(secret, common);
                Checked::told(Verdict::Likely(judged.likely), judged.why)
            }
            Self::Random => {
                let judged = value::random(secret);
                Checked::told(Verdict::Likely(judged.likely), judged.why)
            }
            Self::Jwk => jwk(whole),
            Self::Der => containers::der(whole),
            Self::JavaKeystore => containers::java_keystore(whole),
            Self::BouncyCastle => containers::bouncy_castle(whole),
            Self::Pkcs12 => containers::pkcs12(whole),
        }
    }
}

/// Base64 of either alphabet, with or without padding; white space is passed over.
pub(super) fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    const LAX: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LAX);
    const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LAX);
    let dense: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let url = dense.iter().any(|b| matches!(b, b'-' | b'_'));
    let engine = if url { &URL } else { &STANDARD };
    engine.decode(&dense).ok()
}

fn crc32_base62(token: &[u8]) -> bool {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(at) = memchr::memchr(b'_', token) else { return false };
    let body = &token[at + 1..];
    let Some((random, sum)) = body.len().checked_sub(6).map(|at| body.split_at(at)) else { return false };
    let mut crc = flate2::Crc::new();
    crc.update(random);
    let mut rest = u64::from(crc.sum());
    let mut expected = [b'0'; 6];
    for digit in expected.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    sum == expected
}

/// Twelve characters of base32 after the four of the prefix hold, from the second bit on, 40 bits of account number.
fn aws_key_id(id: &[u8]) -> Checked {
    let Some(body) = id.get(4..) else { return Checked::just(Verdict::Refuted) };
    let mut bits: u128 = 0;
    for byte in body {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            // Ids from before 2019 hold other digits, and no account.
            _ => return Checked::just(Verdict::Open),
        };
        bits = bits << 5 | u128::from(digit);
    }
    let first_48 = (bits >> (body.len() * 5).saturating_sub(48)) as u64;
    let account = (first_48 & 0x7fff_ffff_ff80) >> 7;
    if account > 999_999_999_999 {
        return Checked::just(Verdict::Open);
    }
    if id.ends_with(b"EXAMPLE") {
        return Checked::told(Verdict::Likely(20), "it ends as the ids in Amazon's documentation do");
    }
    Checked::told(Verdict::Open, format!("AWS account {account:012}"))
}

fn jwt(token: &[u8]) -> Checked {
    let mut parts = token.split(|b| *b == b'.');
    let object = |part: Option<&[u8]>| {
        part.and_then(decoded).and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
    };
    let header = object(parts.next());
    let Some(alg) = header.as_ref().and_then(|h| h.get("alg")).and_then(|alg| alg.as_str()) else {
        return Checked::just(Verdict::Refuted);
    };
    let payload = object(parts.next());
    if payload.as_ref().is_none_or(|p| !p.is_object()) {
        return Checked::just(Verdict::Refuted);
    }
    let sample = payload.as_ref().and_then(|p| p.get("sub")).and_then(|s| s.as_str()) == Some("1234567890");
    if sample {
        return Checked::told(Verdict::Likely(20), "the sample token of jwt.io");
    }
    if alg.eq_ignore_ascii_case("none") {
        return Checked::told(Verdict::Likely(60), "not signed");
    }
    let shown: String = alg.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    Checked::told(Verdict::Open, format!("algorithm {shown}"))
}

/// The lines between the marks; `\n` written as two characters counts as a line end, as it does in JSON and in code.
fn body(block: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(block).replace("\\n", "\n").replace("\\r", "");
    let mut lines = Vec::new();
    for line in text.lines() {
        // `"…" +` in code: what is between the quotes. A `+` elsewhere is a digit of base64.
        let quotes = |c: char| matches!(c, '"' | '\'');
        let line = match (line.find(quotes), line.rfind(quotes)) {
            (Some(first), Some(last)) if first < last => &line[first + 1..last],
            _ => line,
        };
        let line = line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '\\' | '*' | '#'));
        if line.contains("-----") || line.contains(": ") || line.is_empty() {
            continue;
        }
        lines.extend_from_slice(line.as_bytes());
    }
    lines
}

fn pem(block: &[u8]) -> Checked {
    if memchr::memmem::find(block, b"ENCRYPTED").is_some() {
        return Checked::told(Verdict::Open, "encrypted under a passphrase");
    }
    let body = body(block);
    let Some(bytes) = decoded(&body) else { return Checked::just(Verdict::Refuted) };
    if let Some(rest) = bytes.strip_prefix(b"openssh-key-v1\0") {
        // A string: four bytes of length, then the cipher's name.
        let open = rest.get(4..8) == Some(b"none");
        let note = if open { "not encrypted" } else { "encrypted under a passphrase" };
        return Checked::told(if open { Verdict::Proved } else { Verdict::Open }, note);
    }
    if is_der_sequence(&bytes) {
        Checked::told(Verdict::Proved, "not encrypted")
    } else if bytes.len() >= 32 {
        Checked::just(Verdict::Open)
    } else {
        Checked::just(Verdict::Refuted)
    }
}

/// CRC-24 of the bytes, start 0xB704CE, polynomial 0x1864CFB (RFC 9580, 6.1.1).
fn crc24(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x00B7_04CE, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 16, |crc, _| {
            let next = crc << 1;
            if next & 0x0100_0000 == 0 { next } else { next ^ 0x0186_4CFB }
        }) & 0x00FF_FFFF
    })
}

fn pgp(block: &[u8]) -> Checked {
    let body = body(block);
    // The checksum's line begins with the only `=` that does not pad.
    let at = body.iter().rposition(|b| *b == b'=').filter(|at| body.len() - at == 5);
    let (text, sum) = at.map_or((&body[..], None), |at| (&body[..at], Some(&body[at + 1..])));
    let Some(bytes) = decoded(text) else { return Checked::just(Verdict::Refuted) };
    match sum.and_then(decoded) {
        Some(sum) if sum.len() == 3 => {
            let sum = u32::from(sum[0]) << 16 | u32::from(sum[1]) << 8 | u32::from(sum[2]);
            Checked::proved_if(crc24(&bytes) == sum)
        }
        // A secret key packet is of tag 5 (RFC 9580, 5).
        _ if bytes.first().is_some_and(|tag| matches!(tag, 0x94..=0x97 | 0xC5)) => Checked::just(Verdict::Open),
        _ => Checked::just(Verdict::Refuted),
    }
}

fn bech32(text: &[u8]) -> bool {
    const DIGITS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let lower = text.to_ascii_lowercase();
    let Some(at) = lower.iter().rposition(|b| *b == b'1') else { return false };
    let (name, data) = (&lower[..at], &lower[at + 1..]);
    let mut sum: u32 = 1;
    let mut take = |value: u8| {
        let top = sum >> 25;
        sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
        for (i, generator) in GENERATOR.iter().enumerate() {
            if top >> i & 1 == 1 {
                sum ^= generator;
            }
        }
    };
    for byte in name {
        take(byte >> 5);
    }
    take(0);
    for byte in name {
        take(byte & 31);
    }
    for byte in data {
        let Some(digit) = DIGITS.iter().position(|d| d == byte) else { return false };
        take(digit as u8);
    }
    sum == 1
}

fn base58check(text: &[u8]) -> bool {
    const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    // Extended keys, the longest, have 111 characters.
    if text.len() > 128 {
        return false;
    }
    let mut bytes: Vec<u8> = Vec::new();
    for byte in text {
        let Some(digit) = DIGITS.iter().position(|d| d == byte) else { return false };
        let mut carry = digit as u32;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry as u8);
            carry >>= 8;
        }
    }
    bytes.extend(text.iter().take_while(|b| **b == b'1').map(|_| 0));
    bytes.reverse();
    let Some((body, sum)) = bytes.len().checked_sub(4).map(|at| bytes.split_at(at)) else { return false };
    Sha256::digest(Sha256::digest(body))[..4] == *sum
}

fn basic(secret: &[u8], common: &dyn Fn(&[u8]) -> bool) -> Checked {
    let Some(bytes) = decoded(secret) else { return Checked::just(Verdict::Refuted) };
    let printable = bytes.iter().all(|b| (0x20..0x7f).contains(b) || *b >= 0x80);
    match memchr::memchr(b':', &bytes) {
        Some(at) if printable && at > 0 && at + 1 < bytes.len() => {
            let judged = value::password(&bytes[at + 1..], common);
            Checked::told(Verdict::Likely(judged.likely), judged.why)
        }
        _ => Checked::just(Verdict::Refuted),
    }
}

/// `name: base64` lines, or plain ones under `stringData`. Likely as its likeliest value is.
fn kubernetes(block: &[u8], common: &dyn Fn(&[u8]) -> bool) -> Checked {
    let mut best = 0;
    let mut values = 0_u32;
    for line in block.split(|b| *b == b'\n') {
        let Some(at) = memchr::memchr(b':', line) else { continue };
        let text = line[at + 1..].trim_ascii();
        let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
        if text.is_empty() || value::is_reference(text) {
            continue;
        }
        let Some(bytes) = decoded(text).filter(|bytes| !bytes.is_empty()) else {
            best = best.max(value::password(text, common).likely);
            values += 1;
            continue;
        };
        let plain = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let readable = plain.iter().all(|b| (0x20..0x7f).contains(b));
        let likely = if readable { value::password(plain, common).likely.max(value::random(plain).likely) } else { 80 };
        best = best.max(likely);
        values += 1;
    }
    match values {
        0 => Checked::just(Verdict::Refuted),
        1 => Checked::told(Verdict::Likely(best), "1 value, base64 decoded"),
        n => Checked::told(Verdict::Likely(best), format!("{n} values, base64 decoded")),
    }
}

fn jwk(whole: &[u8]) -> Checked {
    let has = |name: &[u8]| memchr::memmem::find(whole, name).is_some();
    let private = has(b"\"d\"") || (has(b"\"oct\"") && has(b"\"k\""));
    Checked::proved_if(has(b"\"kty\"") && private)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn never(_: &[u8]) -> bool {
        false
    }

    #[test]
    fn checksums_tell_a_token_from_one_with_a_slip() {
        // BIP 173's own vector, and the one of Bitcoin's wiki for WIF.
        assert!(bech32(b"A12UEL5L"));
        assert!(!bech32(b"A12UEL5M"));
        let wif = ["5HueCGU8rMjxEXxiPuD5BDku4MkFqe", "Zyd4dZ1jvhTVqvbTLvyTJ"].concat();
        assert!(base58check(wif.as_bytes()));
        assert!(!base58check(&wif.as_bytes()[..50]));
        let github = ["ghp_", "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ", "0mLq17"].concat();
        assert!(crc32_base62(github.as_bytes()), "the example of GitHub's announcement");
        assert!(!crc32_base62(&github.replace("zQW", "zQV").into_bytes()));
    }

    #[test]
    fn an_access_key_id_tells_its_account() {
        let id = ["ASIA", "QNZGKIQY56JQ7WML"].concat();
        let checked = aws_key_id(id.as_bytes());
        assert_eq!(checked.note.as_deref(), Some("AWS account 029608264753"));
        assert_eq!(aws_key_id(b"AKIAIOSFODNN7EXAMPLE").verdict, Verdict::Likely(20));
    }

    #[test]
    fn structures_are_looked_into() {
        // RFC 9580 gives no armoured secret key; RFC 4880's CRC of nothing is its start value.
        assert_eq!(crc24(b""), 0x00B7_04CE);
        assert_eq!(crc24(b"123456789"), 0x0021_CF02, "the check value of CRC-24/OPENPGP");
        assert!(is_der_sequence(&[0x30, 3, 2, 1, 0]));
        assert!(!is_der_sequence(&[0x30, 4, 2, 1, 0]));
        let pem_of = |body: &str| format!("-----BEGIN {}-----\n{body}\n-----END", "PRIVATE KEY");
        assert_eq!(pem(pem_of("MAMCAQA=").as_bytes()).verdict, Verdict::Proved);
        assert_eq!(pem(pem_of("...").as_bytes()).verdict, Verdict::Refuted);
        // A `+` at the end of a line belongs to the key, one after a quote to the code around it.
        assert_eq!(body(b"ab+\n+cd\n\"ef+\" +\n"), b"ab++cdef+");
        assert_eq!(pem(b"Proc-Type: 4,ENCRYPTED").verdict, Verdict::Open);
        // {"alg":"HS256"}.{"iss":"a"}
        let token = ["eyJhbGciOiJIUzI1NiJ9", ".eyJpc3MiOiJhIn0.", "c2ln"].concat();
        assert_eq!(jwt(token.as_bytes()).verdict, Verdict::Open);
        assert_eq!(jwt(b"eyJhbGciOiJIUzI1NiJ9.xx.yy").verdict, Verdict::Refuted);
        // ann:tr0ub4dor
        assert!(matches!(basic(b"YW5uOnRyMHViNGRvcg==", &never).verdict, Verdict::Likely(50..)));
        assert_eq!(basic(b"bm8gY29sb24=", &never).verdict, Verdict::Refuted);
    }
}
