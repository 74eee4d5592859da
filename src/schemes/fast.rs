//! One fast hash of one candidate, for slow schemes made of many. Many candidates at once are the business of `guess`.

use subtle::ConstantTimeEq;

use super::codec::MAX_DIGEST;
use crate::model::{self, Algorithm, DigestKind};

pub(super) use crate::model::digest_of as digest;

/// What a breach source that takes `kind` is asked about a password.
pub fn digest_of(kind: DigestKind, password: &[u8]) -> model::Digest {
    let mut out = [0; MAX_DIGEST];
    let algorithm = match kind {
        DigestKind::Sha1 => Algorithm::Sha1,
        DigestKind::Ntlm => Algorithm::Ntlm,
        DigestKind::Md5 => Algorithm::Md5,
        DigestKind::Sha256 => Algorithm::Sha256,
        DigestKind::Keccak => Algorithm::Keccak512,
    };
    digest(algorithm, &[password], &mut out);
    model::Digest::of(kind, &out).expect("the longest digest has room")
}

/// Whether two digests are equal, in a time that does not depend on where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Rough cost of one hash of a short input, in nanoseconds.
pub(super) const fn nanoseconds(algorithm: Algorithm) -> u64 {
    algorithm.nanoseconds()
}
