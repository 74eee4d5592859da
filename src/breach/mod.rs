//! How often was a password seen? One file per provider, all behind [`Source`].
//!
//! [`corpus`] is a source in a file of our own, asked without a network.
//!
//! The embedded list of common passwords is not here: it is `guess`'s, needs no question to anybody, and is looked up for
//! every value as it is read.

mod body;
mod budget;
#[doc(hidden)]
pub mod checks;
pub mod corpus;
mod download;
mod enzoic;
mod hibp;
mod http;
mod lookup;
mod pace;
mod packed;
mod plan;
mod range;
mod serve;
mod store;
mod store_file;
mod xposedornot;

use std::fmt;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};

pub use budget::{Budget, Spending};
pub use download::{DownloadError, DownloadOptions, Downloaded, download};
pub use enzoic::{ENZOIC, Enzoic, EnzoicKey};
pub use hibp::{Came, Hibp, HibpOptions};
pub use lookup::LookupOptions;
pub use packed::{PREFIXES, PackedRange, prefix_of};
pub use plan::{AUTO_RANGES, Estimate, REQUESTS_A_SECOND, expected_ranges};
pub use range::{BadBody, Range};
pub use serve::{FullCorpus, Ranges, ServeOptions, serve};
pub use store::{FRESH_DAYS, Kept, Pass, RangeStore, StoreError, today};
pub use xposedornot::{XPOSEDORNOT, XposedOrNot};

use crate::model::{Digest, DigestKind, Exposure};

/// A breach source. Implementations keep to what they are asked: nothing but a prefix leaves the machine.
pub trait Source: Send + Sync {
    /// For reports: the base URL.
    fn name(&self) -> String;
    /// Kinds of digest it takes.
    fn takes(&self) -> &[DigestKind];
    /// Whether it is asked without a network.
    fn is_local(&self) -> bool {
        false
    }
    /// Whether what it has not seen need not be asked of anybody after it: a filter is made of a set that others hold
    /// whole, and is there to keep from them what is not in it.
    fn excludes(&self) -> bool {
        false
    }
    /// What happened on the way that changes no answer, one sentence each: a cache that could not be written.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
    /// Asks about `digests` (sorted, distinct, of kinds it takes) and answers each exactly once, in any order.
    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure));
}

/// Shared with whoever looks at it beside.
impl<S: Source> Source for Arc<S> {
    fn name(&self) -> String {
        (**self).name()
    }
    fn takes(&self) -> &[DigestKind] {
        (**self).takes()
    }
    fn is_local(&self) -> bool {
        (**self).is_local()
    }
    fn excludes(&self) -> bool {
        (**self).excludes()
    }
    fn remarks(&self) -> Vec<String> {
        (**self).remarks()
    }
    fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
        (**self).ask(digests, answer);
    }
}

/// Makes the folder of the file at `path`, for its owner alone, where there is none.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// The order of questions says nothing about the order of accounts or digests (Fisher and Yates).
pub fn shuffle<T>(questions: &mut [T]) {
    let random = SystemRandom::new();
    for at in (1..questions.len()).rev() {
        let mut bytes = [0; 8];
        // Without randomness the order stays as it is, which is by prefix.
        if random.fill(&mut bytes).is_err() {
            return;
        }
        questions.swap(at, (u64::from_le_bytes(bytes) % (at as u64 + 1)) as usize);
    }
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
