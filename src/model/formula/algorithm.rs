//! The fast hashes.

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
    /// MD4 (RFC 1320) of the password as UTF-16LE: Windows' NT hash. In the language it is `md4(utf16le(…))`.
    Ntlm,
    /// RFC 1320.
    Md4,
    /// FIPS 180-4.
    Sha224,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 202.
    Sha3_224,
    /// FIPS 202.
    Sha3_256,
    /// FIPS 202.
    Sha3_384,
    /// FIPS 202.
    Sha3_512,
    /// Keccak as submitted to NIST, without the padding of FIPS 202.
    Keccak224,
    /// As [`Keccak224`](Self::Keccak224).
    Keccak256,
    /// As [`Keccak224`](Self::Keccak224).
    Keccak384,
    /// As [`Keccak224`](Self::Keccak224).
    Keccak512,
    /// ISO/IEC 10118-3.
    Ripemd160,
    /// RIPEMD-320, of the authors of RIPEMD-160.
    Ripemd320,
    /// ISO/IEC 10118-3.
    Whirlpool,
    /// RFC 7693, 64 bytes.
    Blake2b,
    /// RFC 7693, 32 bytes.
    Blake2s,
    /// GOST R 34.11-94 (RFC 5831) with the S-boxes of the standard's examples.
    Gost94,
    /// GOST R 34.11-2012, 256 bits, as RFC 6986 prints it: the last byte first.
    Streebog256,
    /// GOST R 34.11-2012, 512 bits, likewise.
    Streebog512,
    /// GOST R 34.11-2012, 256 bits, the first byte first, as most tools print it.
    Streebog256Le,
    /// GOST R 34.11-2012, 512 bits, likewise.
    Streebog512Le,
    /// GB/T 32905-2016.
    Sm3,
    /// `OLD_PASSWORD()` of `MySQL` 3.23.
    Mysql323,
}

impl Algorithm {
    /// All that the language has words for.
    pub const ALL: [Self; 27] = [
        Self::Md4,
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Keccak224,
        Self::Keccak256,
        Self::Keccak384,
        Self::Keccak512,
        Self::Ripemd160,
        Self::Ripemd320,
        Self::Whirlpool,
        Self::Blake2b,
        Self::Blake2s,
        Self::Gost94,
        Self::Streebog256,
        Self::Streebog512,
        Self::Streebog256Le,
        Self::Streebog512Le,
        Self::Sm3,
        Self::Mysql323,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md4 => "md4",
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha224 => "sha224",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
            Self::Ntlm => "ntlm",
            Self::Sha3_224 => "sha3_224",
            Self::Sha3_256 => "sha3_256",
            Self::Sha3_384 => "sha3_384",
            Self::Sha3_512 => "sha3_512",
            Self::Keccak224 => "keccak224",
            Self::Keccak256 => "keccak256",
            Self::Keccak384 => "keccak384",
            Self::Keccak512 => "keccak512",
            Self::Ripemd160 => "ripemd160",
            Self::Ripemd320 => "ripemd320",
            Self::Whirlpool => "whirlpool",
            Self::Blake2b => "blake2b",
            Self::Blake2s => "blake2s",
            Self::Gost94 => "gost94",
            Self::Streebog256 => "streebog256",
            Self::Streebog512 => "streebog512",
            Self::Streebog256Le => "streebog256_le",
            Self::Streebog512Le => "streebog512_le",
            Self::Sm3 => "sm3",
            Self::Mysql323 => "mysql323",
        }
    }

    /// Length of the digest in bytes.
    pub const fn digest_len(self) -> usize {
        match self {
            Self::Mysql323 => 8,
            Self::Md4 | Self::Md5 | Self::Ntlm => 16,
            Self::Sha1 | Self::Ripemd160 => 20,
            Self::Sha224 | Self::Sha3_224 | Self::Keccak224 => 28,
            Self::Sha256
            | Self::Sha3_256
            | Self::Keccak256
            | Self::Blake2s
            | Self::Gost94
            | Self::Streebog256
            | Self::Streebog256Le
            | Self::Sm3 => 32,
            Self::Ripemd320 => 40,
            Self::Sha384 | Self::Sha3_384 | Self::Keccak384 => 48,
            Self::Sha512
            | Self::Sha3_512
            | Self::Keccak512
            | Self::Whirlpool
            | Self::Blake2b
            | Self::Streebog512
            | Self::Streebog512Le => 64,
        }
    }

    /// Whether the digest is given with its last byte first.
    pub(super) const fn is_reversed(self) -> bool {
        matches!(self, Self::Streebog256 | Self::Streebog512)
    }

    /// Nanoseconds of one hash of a short input, one core, the library's code one message at a time; measured on x86-64
    /// with AVX-512 (MD5 7 M/s, NTLM 9 M/s, SHA-1 14 M/s, SHA-256 15 M/s with SHA-NI; SHA-512 2.5 M/s). The others are
    /// rounded up from `algorithm_speeds` in the tests.
    pub const fn nanoseconds(self) -> u64 {
        match self {
            Self::Mysql323 => 20,
            Self::Sha1 => 70,
            Self::Sha224 | Self::Sha256 => 67,
            Self::Md4 | Self::Ntlm => 110,
            Self::Md5 => 140,
            Self::Blake2s => 160,
            Self::Sm3 | Self::Blake2b => 250,
            Self::Ripemd160 | Self::Ripemd320 => 300,
            Self::Sha384 | Self::Sha512 => 400,
            Self::Sha3_224
            | Self::Sha3_256
            | Self::Sha3_384
            | Self::Sha3_512
            | Self::Keccak224
            | Self::Keccak256
            | Self::Keccak384
            | Self::Keccak512 => 450,
            Self::Whirlpool => 900,
            Self::Streebog256 | Self::Streebog512 | Self::Streebog256Le | Self::Streebog512Le => 2500,
            Self::Gost94 => 3000,
        }
    }
}
