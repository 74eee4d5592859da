//! A digest as a number, and the pieces of it that a corpus keeps.

use zeroize::Zeroize;

use crate::model::{Digest, DigestKind};

/// A digest in order, as numbers: the first eight bytes, the next eight, the last four (none in an NT hash).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    high: u64,
    low: u64,
    tail: u32,
}

/// A digest and how often it was seen; what readers hand to the builder.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) key: Key,
    /// At least one.
    pub(super) count: u64,
}

impl Key {
    #[inline]
    pub(super) fn of(digest: &Digest) -> Self {
        match digest {
            Digest::Sha1(bytes) => Self::sha1(bytes),
            Digest::Ntlm(bytes) => Self::ntlm(bytes),
            // No corpus holds these.
            Digest::Md5(_) | Digest::Sha256(_) | Digest::Keccak(_) => Self::default(),
        }
    }

    #[inline]
    pub(super) fn sha1(bytes: &[u8; 20]) -> Self {
        let (head, tail) = bytes.split_at(16);
        let key = Self::ntlm(head.try_into().expect("sixteen bytes"));
        Self { tail: u32::from_be_bytes(tail.try_into().expect("four bytes")), ..key }
    }

    #[inline]
    pub(super) const fn ntlm(bytes: &[u8; 16]) -> Self {
        let head = u128::from_be_bytes(*bytes);
        Self { high: (head >> 64) as u64, low: head as u64, tail: 0 }
    }

    /// From five numbers of 32 bits; the last is 0 in an NT hash.
    #[inline]
    pub(super) fn from_words(words: [u32; 5]) -> Self {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        Self { high: pair(words[0], words[1]), low: pair(words[2], words[3]), tail: words[4] }
    }

    const fn head(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }

    /// Its first eight bytes as a number.
    #[inline]
    pub(super) const fn high(self) -> u64 {
        self.high
    }

    /// All bytes; the last four of an NT hash are zero.
    #[inline]
    pub(super) fn bytes(self) -> [u8; 20] {
        let mut bytes = [0; 20];
        bytes[..16].copy_from_slice(&self.head().to_be_bytes());
        bytes[16..].copy_from_slice(&self.tail.to_be_bytes());
        bytes
    }

    /// Its first `bits` (up to 32) as a number.
    #[inline]
    pub(super) const fn first(self, bits: u32) -> u64 {
        if bits == 0 { 0 } else { self.high >> (64 - bits) }
    }

    /// In which of `shares` equal parts of all digests it lies, and where in it, as a share of 2^64.
    #[inline]
    pub(super) const fn share(self, shares: u64) -> (u64, u64) {
        let below = (self.low as u128 * shares as u128) >> 64;
        let wide = self.high as u128 * shares as u128 + below;
        ((wide >> 64) as u64, wide as u64)
    }

    /// The 32 bits that follow its first `bits` (below 64).
    #[inline]
    pub(super) const fn word(self, bits: u32) -> u32 {
        ((self.head() << bits) >> 96) as u32
    }

    /// The first five hex digits.
    #[inline]
    pub(super) const fn prefix(self) -> u32 {
        (self.high >> 44) as u32
    }
}

impl Zeroize for Entry {
    fn zeroize(&mut self) {
        self.key.high.zeroize();
        self.key.low.zeroize();
        self.key.tail.zeroize();
        self.count.zeroize();
    }
}

/// Kinds that a corpus may hold.
pub(super) const KINDS: [DigestKind; 2] = [DigestKind::Sha1, DigestKind::Ntlm];
