//! A value that must never be shown.

use std::fmt;

use zeroize::Zeroize;

/// Bytes of a password, a stored credential or a salt.
///
/// Cannot be printed, compared by accident, serialised or hashed; wiped when dropped. [`Secret::expose`] is the only
/// door to the bytes.
#[derive(Clone, Default)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Copies `bytes`.
    pub fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// The bytes. Whoever calls this answers for where they go.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_holds_the_bytes() {
        let shown = format!("{:?}", Secret::new(b"correct horse"));
        assert!(!shown.contains("correct"), "{shown}");
        assert_eq!(Secret::new(b"correct horse").expose(), b"correct horse");
    }
}
