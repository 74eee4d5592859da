//! How often was a password seen? One file per provider, all behind [`Source`].

use crate::model::{Digest, DigestKind, Exposure};

/// A breach source. Implementations keep to what they are asked: nothing but a prefix leaves the machine.
pub trait Source: Send + Sync {
    /// For reports: `embedded list`, or the base URL.
    fn name(&self) -> String;
    /// Kinds of digest it takes.
    fn takes(&self) -> &[DigestKind];
    /// Asks about `digests` (sorted, distinct, of kinds it takes) and answers each exactly once, in any order.
    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure));
}
