//! Block ciphers and their modes, chosen at run time.

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{
    BlockCipherEncrypt, BlockModeDecrypt, InnerIvInit as _, KeyInit as _, common::InnerInit as _, inout::InOutBuf,
};
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::AeadInOut;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use des::{Des, TdesEde2, TdesEde3};

/// A block cipher with its key.
#[derive(Clone)]
pub(super) enum Blocks {
    Aes128(Aes128),
    Aes192(Aes192),
    Aes256(Aes256),
    Des(Des),
    TwoKeys(TdesEde2),
    ThreeKeys(TdesEde3),
}

/// Runs an expression with the cipher inside, whatever its type.
macro_rules! inside {
    ($blocks:expr, $cipher:ident => $run:expr) => {
        match $blocks {
            Blocks::Aes128($cipher) => $run,
            Blocks::Aes192($cipher) => $run,
            Blocks::Aes256($cipher) => $run,
            Blocks::Des($cipher) => $run,
            Blocks::TwoKeys($cipher) => $run,
            Blocks::ThreeKeys($cipher) => $run,
        }
    };
}

impl Blocks {
    /// Every cipher that takes a key of this length.
    pub(super) fn with_key(key: &[u8]) -> Vec<Self> {
        let mut ciphers = Vec::new();
        ciphers.extend(Aes128::new_from_slice(key).ok().map(Self::Aes128));
        ciphers.extend(Aes192::new_from_slice(key).ok().map(Self::Aes192));
        ciphers.extend(Aes256::new_from_slice(key).ok().map(Self::Aes256));
        ciphers.extend(Des::new_from_slice(key).ok().map(Self::Des));
        ciphers.extend(TdesEde2::new_from_slice(key).ok().map(Self::TwoKeys));
        ciphers.extend(TdesEde3::new_from_slice(key).ok().map(Self::ThreeKeys));
        ciphers
    }

    /// AES under a key of 16, 24 or 32 bytes.
    pub(super) fn aes(key: &[u8]) -> Option<Self> {
        Self::with_key(key).into_iter().find(|cipher| cipher.block() == 16)
    }

    /// DES or triple DES under a key of 8, 16 or 24 bytes.
    pub(super) fn des(key: &[u8]) -> Option<Self> {
        Self::with_key(key).into_iter().find(|cipher| cipher.block() == 8)
    }

    /// The cipher's name.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Aes128(_) => "AES-128",
            Self::Aes192(_) => "AES-192",
            Self::Aes256(_) => "AES-256",
            Self::Des(_) => "DES",
            Self::TwoKeys(_) | Self::ThreeKeys(_) => "3DES",
        }
    }

    /// Bytes of one block.
    pub(super) const fn block(&self) -> usize {
        match self {
            Self::Aes128(_) | Self::Aes192(_) | Self::Aes256(_) => 16,
            Self::Des(_) | Self::TwoKeys(_) | Self::ThreeKeys(_) => 8,
        }
    }

    /// Electronic codebook; false where `data` is no whole number of blocks.
    pub(super) fn ecb(&self, data: &mut [u8]) -> bool {
        inside!(self, cipher => ecb::Decryptor::inner_init(cipher.clone()).decrypt_padded::<NoPadding>(data).is_ok())
    }

    /// Cipher block chaining; false where `data` is no whole number of blocks or `iv` no block.
    pub(super) fn cbc(&self, iv: &[u8], data: &mut [u8]) -> bool {
        inside!(self, cipher => cbc::Decryptor::inner_iv_slice_init(cipher.clone(), iv)
            .is_ok_and(|mode| mode.decrypt_padded::<NoPadding>(data).is_ok()))
    }

    /// Counter mode, the counter a big-endian number over the whole block.
    pub(super) fn ctr(&self, iv: &[u8], data: &mut [u8]) -> bool {
        if iv.len() != self.block() {
            return false;
        }
        let mut counter = iv.to_vec();
        for part in data.chunks_mut(self.block()) {
            let mut pad = counter.clone();
            self.encrypt_block(&mut pad);
            part.iter_mut().zip(&pad).for_each(|(byte, pad)| *byte ^= pad);
            for byte in counter.iter_mut().rev() {
                *byte = byte.wrapping_add(1);
                if *byte != 0 {
                    break;
                }
            }
        }
        true
    }

    fn encrypt_block(&self, block: &mut [u8]) {
        fn encrypt<C: BlockCipherEncrypt>(cipher: &C, block: &mut [u8]) {
            let (blocks, _) = InOutBuf::from(block).into_chunks();
            cipher.encrypt_blocks_inout(blocks);
        }
        inside!(self, cipher => encrypt(cipher, block));
    }

    /// Galois/counter mode with a tag of 16 bytes; false where the tag does not fit.
    pub(super) fn gcm(&self, nonce: &[u8], tag: &[u8], data: &mut [u8]) -> bool {
        let (Ok(nonce), Ok(tag)) = (nonce.try_into(), tag.try_into()) else { return false };
        match self {
            Self::Aes128(cipher) => {
                Aes128Gcm::from(cipher.clone()).decrypt_inout_detached(&nonce, b"", data.into(), &tag).is_ok()
            }
            Self::Aes192(cipher) => AesGcm::<Aes192, aes_gcm::aead::consts::U12>::from(cipher.clone())
                .decrypt_inout_detached(&nonce, b"", data.into(), &tag)
                .is_ok(),
            Self::Aes256(cipher) => {
                Aes256Gcm::from(cipher.clone()).decrypt_inout_detached(&nonce, b"", data.into(), &tag).is_ok()
            }
            _ => false,
        }
    }
}

/// What is left of decrypted blocks without their padding, and how many bytes it had: PKCS #7, ISO 10126 and ANSI X9.23
/// end with their length; mcrypt and `MySQL`'s old clients fill up with zeros. `None` where there is no valid padding.
pub(super) fn unpadded(data: &[u8], block: usize) -> Option<(&[u8], usize)> {
    let &last = data.last()?;
    let len = usize::from(last);
    if len == 0 {
        let end = data.iter().rposition(|b| *b != 0).map_or(0, |at| at + 1);
        return (data.len() - end < block).then_some((&data[..end], data.len() - end));
    }
    let (text, padding) = data.split_at_checked(data.len().checked_sub(len)?)?;
    (len <= block && padding.iter().all(|b| *b == last)).then_some((text, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_told_from_text() {
        assert_eq!(unpadded(b"abcdef\x02\x02", 8), Some((&b"abcdef"[..], 2)));
        assert_eq!(unpadded(&[8; 8], 8), Some((&b""[..], 8)));
        assert_eq!(unpadded(b"abc\0\0\0\0\0", 8), Some((&b"abc"[..], 5)));
        assert_eq!(unpadded(b"abcdef\x03\x02", 8), None);
        assert_eq!(unpadded(b"", 8), None);
        assert_eq!(unpadded(&[9; 16], 8), None);
    }

    #[test]
    fn counter_mode_counts_over_the_whole_block() {
        // NIST SP 800-38A, F.5.1 CTR-AES128.Encrypt, first two blocks.
        let key = hex::decode("2b7e151628aed2a6abf7158809cf4f3c").unwrap();
        let iv = hex::decode("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").unwrap();
        let mut data = hex::decode("874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff").unwrap();
        assert!(Blocks::aes(&key).unwrap().ctr(&iv, &mut data));
        assert_eq!(hex::encode(data), "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
    }
}
