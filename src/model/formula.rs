//! Constructions of fast hashes over a password and a salt, as data: schemes name them, `guess` evaluates them.

/// A fast hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha512,
    /// MD4 (RFC 1320) of the password as UTF-16LE: Windows' NT hash.
    Ntlm,
}

/// How a stored digest was made from password `p` and salt `s`. `hex` is lower-case hexadecimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Formula {
    /// `h(p)`
    Plain(Algorithm),
    /// `h(h(p))` over raw bytes: MySQL 4.1's with SHA-1.
    TwiceRaw(Algorithm),
    /// `h(hex(h(p)))`
    TwiceHex(Algorithm),
    /// `h(s . p)`
    SaltPass(Algorithm),
    /// `h(p . s)`
    PassSalt(Algorithm),
    /// `h(s . p . s)`
    SaltPassSalt(Algorithm),
    /// `h(hex(h(p)) . s)`: osCommerce turned round, vBulletin with MD5.
    HexPassSalt(Algorithm),
    /// `h(s . hex(h(p)))`
    SaltHexPass(Algorithm),
    /// `h(hex(h(s)) . hex(h(p)))`: IPB and MyBB with MD5.
    HexSaltHexPass(Algorithm),
    /// `HMAC-h(key = s, p)`
    HmacKeySalt(Algorithm),
    /// `HMAC-h(key = p, s)`
    HmacKeyPass(Algorithm),
}

impl Formula {
    /// Whether a salt takes part.
    pub const fn is_salted(self) -> bool {
        !matches!(self, Self::Plain(_) | Self::TwiceRaw(_) | Self::TwiceHex(_))
    }

    /// The hash that makes the stored digest.
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Plain(a)
            | Self::TwiceRaw(a)
            | Self::TwiceHex(a)
            | Self::SaltPass(a)
            | Self::PassSalt(a)
            | Self::SaltPassSalt(a)
            | Self::HexPassSalt(a)
            | Self::SaltHexPass(a)
            | Self::HexSaltHexPass(a)
            | Self::HmacKeySalt(a)
            | Self::HmacKeyPass(a) => a,
        }
    }
}

impl Algorithm {
    /// Length of the digest in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Md5 | Self::Ntlm => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}
