//! Where a ciphertext keeps its initialisation vector and its tag, and what is left when it is decrypted.

use sha1::{Digest as _, Sha1};

use super::blocks::{Blocks, unpadded};
use super::text::Characters;
use crate::model::Secret;

/// Where the initialisation vector is.
#[derive(Clone, Debug)]
pub(super) enum Iv {
    /// In front of every value.
    Front,
    /// Nothing but zeros.
    Zero,
    /// Given.
    Given(Secret),
    /// The key's first bytes.
    OfKey(Secret),
}

impl Iv {
    const fn told(&self) -> &'static str {
        match self {
            Self::Front => "initialisation vector in front",
            Self::Zero => "initialisation vector of zeros",
            Self::Given(_) => "the initialisation vector that was given",
            Self::OfKey(_) => "the key's first block as initialisation vector",
        }
    }

    /// The vector of `len` bytes and the rest of `bytes`.
    fn split<'a>(&'a self, bytes: &'a [u8], len: usize) -> Option<(&'a [u8], &'a [u8])> {
        match self {
            Self::Front => bytes.split_at_checked(len),
            Self::Zero => Some((&[0; 16][..len], bytes)),
            Self::Given(iv) | Self::OfKey(iv) => Some((iv.expose().get(..len)?, bytes)),
        }
    }
}

/// A mode of operation with what it needs.
#[derive(Clone, Debug)]
pub(super) enum Mode {
    Ecb,
    Cbc(Iv),
    Ctr(Iv),
    /// Nonce of twelve bytes; whether the tag of sixteen stands before the ciphertext or at the end.
    Gcm {
        nonce: Iv,
        tag_first: bool,
    },
}

/// How the values of a column were encrypted.
#[derive(Clone)]
pub(super) struct Layout {
    pub(super) blocks: Blocks,
    pub(super) mode: Mode,
    pub(super) characters: Characters,
    /// Bytes before the text: ASP.NET's membership provider puts its salt there, and a random block before it.
    pub(super) skip: usize,
}

/// Longest of what ASP.NET puts before a password: a random block of 24 bytes and the salt of 16.
const SKIPS: [usize; 5] = [8, 16, 24, 32, 40];

/// Nonce and tag of Galois/counter mode as all products have them, in bytes.
pub(super) const NONCE: usize = 12;
pub(super) const TAG: usize = 16;

impl Layout {
    /// Every layout that is tried under one key for one cipher.
    pub(super) fn all(blocks: &Blocks, key: &[u8], ivs: &[Secret]) -> Vec<Self> {
        let block = blocks.block();
        let given = ivs.iter().filter(|iv| iv.expose().len() == block);
        let mut vectors = vec![Iv::Front, Iv::Zero];
        vectors.extend(given.cloned().map(Iv::Given));
        vectors.extend(key.get(..block).map(|first| Iv::OfKey(Secret::new(first))));
        let mut modes = vec![Mode::Ecb];
        modes.extend(vectors.iter().cloned().map(Mode::Cbc));
        modes.extend(vectors.into_iter().map(Mode::Ctr));
        if block == 16 {
            let given = ivs.iter().filter(|iv| iv.expose().len() == NONCE).cloned().map(Iv::Given);
            for nonce in std::iter::once(Iv::Front).chain(given) {
                for tag_first in [false, true] {
                    modes.push(Mode::Gcm { nonce: nonce.clone(), tag_first });
                }
            }
        }
        let mut all = Vec::new();
        for mode in modes {
            let windows = matches!(mode, Mode::Cbc(Iv::Zero));
            for characters in Characters::ALL {
                all.push(Self { blocks: blocks.clone(), mode: mode.clone(), characters, skip: 0 });
            }
            if windows {
                all.extend(SKIPS.map(|skip| Self {
                    blocks: blocks.clone(),
                    mode: mode.clone(),
                    characters: Characters::Utf16Le,
                    skip,
                }));
            }
        }
        all
    }

    /// Openfire's passwords: CBC under the SHA-1 of the key's text, the vector in front, Java's `char`s (igniterealtime/Openfire,
    /// `xmppserver/src/main/java/org/jivesoftware/util/Blowfish.java` at 21de8d9: `deriveKeySHA1`, `encStr`). From 5.1.0 on a
    /// site can choose PBKDF2-HMAC-SHA512 with a salt of its own instead (`deriveKeyPBKDF2`), which is not read here.
    pub(super) fn openfire(key: &[u8]) -> Option<Self> {
        let blocks = Blocks::blowfish(&Sha1::digest(key))?;
        Some(Self { blocks, mode: Mode::Cbc(Iv::Front), characters: Characters::Utf16Be, skip: 0 })
    }

    /// Whether all values meet the same stream of bytes.
    pub(super) const fn is_one_stream(&self) -> bool {
        matches!(self.mode, Mode::Ctr(Iv::Zero | Iv::Given(_) | Iv::OfKey(_)))
    }

    /// For the report: `AES-256-CBC, initialisation vector in front`.
    pub(super) fn describe(&self) -> String {
        let cipher = self.blocks.name();
        match &self.mode {
            Mode::Ecb => format!("{cipher}-ECB"),
            Mode::Cbc(iv) => format!("{cipher}-CBC, {}", iv.told()),
            Mode::Ctr(iv) => format!("{cipher}-CTR, {}", iv.told()),
            Mode::Gcm { .. } => format!("{cipher}-GCM"),
        }
    }

    /// The text behind `bytes`, and how unlikely chance makes it, in bits.
    pub(super) fn open(&self, bytes: &[u8]) -> Option<(Secret, u32)> {
        let block = self.blocks.block();
        let (mut data, mut bits) = (Vec::new(), 0);
        match &self.mode {
            Mode::Ecb => {
                data.extend_from_slice(bytes);
                self.blocks.ecb(&mut data).then_some(())?;
            }
            Mode::Cbc(iv) => {
                let (iv, rest) = iv.split(bytes, block)?;
                data.extend_from_slice(rest);
                self.blocks.cbc(iv, &mut data).then_some(())?;
            }
            Mode::Ctr(iv) => {
                let (iv, rest) = iv.split(bytes, block)?;
                data.extend_from_slice(rest);
                self.blocks.ctr(iv, &mut data).then_some(())?;
            }
            Mode::Gcm { nonce, tag_first } => {
                let (nonce, rest) = nonce.split(bytes, NONCE)?;
                let at = if *tag_first { TAG } else { rest.len().checked_sub(TAG)? };
                let (front, back) = rest.split_at_checked(at)?;
                let (tag, sealed) = if *tag_first { (front, back) } else { (back, front) };
                data.extend_from_slice(sealed);
                self.blocks.gcm(nonce, tag, &mut data).then_some(())?;
                bits += 8 * TAG as u32;
            }
        }
        let data = Secret::from(data);
        let mut text = data.expose();
        if matches!(self.mode, Mode::Ecb | Mode::Cbc(_)) {
            let (unpadded, padding) = unpadded(text, block)?;
            text = unpadded;
            bits += 8 * padding as u32;
        }
        let text = text.get(self.skip..)?;
        let read = self.characters.read(text)?;
        if read.is_empty() && bits < 64 {
            return None;
        }
        bits += unlikely(&read, self.characters);
        Some((Secret::new(&read), bits))
    }
}

/// How unlikely it is that chance gives this text, in bits. Of 256 bytes 95 are printable ASCII: 1.4 bits each; of
/// characters in UTF-16, one in 110 is taken for text: 6.8 bits each. Rounded down.
pub(super) fn unlikely(text: &[u8], characters: Characters) -> u32 {
    text.len() as u32 * if characters == Characters::Utf8 { 1 } else { 6 }
}
