//! How often was a password seen? One file per provider, all behind [`Source`].
//!
//! [`corpus`] is a source in a file of our own, asked without a network.
//!
//! The embedded list of common passwords is not here: it is `guess`'s, needs no question to anybody, and is looked up for
//! every value as it is read.

pub mod corpus;
mod hibp;
mod pace;
mod range;

use std::fmt;

pub use hibp::{Hibp, HibpOptions};
pub use range::{BadBody, Range};

use crate::model::{Digest, DigestKind, Exposure};

/// A breach source. Implementations keep to what they are asked: nothing but a prefix leaves the machine.
pub trait Source: Send + Sync {
    /// For reports: the base URL.
    fn name(&self) -> String;
    /// Kinds of digest it takes.
    fn takes(&self) -> &[DigestKind];
    /// Asks about `digests` (sorted, distinct, of kinds it takes) and answers each exactly once, in any order.
    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure));
}

/// Why a source cannot be asked at all. Says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError(pub String);

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SourceError {}
