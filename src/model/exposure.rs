//! What breach sources are asked, and what they answer.

/// What a breach source can be asked about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-1 of the password's bytes.
    Sha1([u8; 20]),
    /// NT hash: MD4 of the password as UTF-16LE.
    Ntlm([u8; 16]),
    /// MD5 of the password's bytes.
    Md5([u8; 16]),
    /// SHA-256 of the password's bytes.
    Sha256([u8; 32]),
    /// The first five bytes of the password's Keccak-512 (as submitted to NIST, before SHA-3 changed the padding): all that
    /// the one source that takes it ever compares.
    Keccak([u8; 5]),
}

impl Digest {
    /// Which kind.
    pub const fn kind(&self) -> DigestKind {
        match self {
            Self::Sha1(_) => DigestKind::Sha1,
            Self::Ntlm(_) => DigestKind::Ntlm,
            Self::Md5(_) => DigestKind::Md5,
            Self::Sha256(_) => DigestKind::Sha256,
            Self::Keccak(_) => DigestKind::Keccak,
        }
    }

    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(b) => b,
            Self::Ntlm(b) | Self::Md5(b) => b,
            Self::Sha256(b) => b,
            Self::Keccak(b) => b,
        }
    }

    /// The digest of `kind` whose raw bytes `bytes` begins with; none where there are too few.
    pub fn of(kind: DigestKind, bytes: &[u8]) -> Option<Self> {
        fn first<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
            bytes.first_chunk().copied()
        }
        Some(match kind {
            DigestKind::Sha1 => Self::Sha1(first(bytes)?),
            DigestKind::Ntlm => Self::Ntlm(first(bytes)?),
            DigestKind::Md5 => Self::Md5(first(bytes)?),
            DigestKind::Sha256 => Self::Sha256(first(bytes)?),
            DigestKind::Keccak => Self::Keccak(first(bytes)?),
        })
    }
}

impl std::fmt::Debug for Digest {
    /// Shows the kind only: an unsalted digest is as good as the password it was made from.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest::{:?}(…)", self.kind())
    }
}

/// Kinds of [`Digest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestKind {
    /// SHA-1.
    Sha1,
    /// NT hash.
    Ntlm,
    /// MD5.
    Md5,
    /// SHA-256.
    Sha256,
    /// The beginning of a Keccak-512.
    Keccak,
}

impl DigestKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Sha1, Self::Ntlm, Self::Md5, Self::Sha256, Self::Keccak];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Ntlm => "NTLM",
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Keccak => "Keccak-512",
        }
    }

    /// Bytes of a [`Digest`] of this kind.
    #[allow(clippy::len_without_is_empty)] // No digest is empty.
    pub const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Ntlm | Self::Md5 => 16,
            Self::Sha256 => 32,
            Self::Keccak => 5,
        }
    }
}

/// What is known about one password's exposure. There is no `bool`: "could not check" is an answer of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exposure {
    /// In the source; with the number of times where the source says it.
    Seen(Option<u64>),
    /// Asked, answered, not there.
    NotSeen,
    /// Not known, and why.
    Unknown(Unasked),
}

/// Why an exposure is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unasked {
    /// The source answered an error until the retries ran out.
    ServerError,
    /// The source said "too many requests" until the retries ran out.
    RateLimited,
    /// The answer was empty, cut off or not of the protocol's form.
    BadAnswer,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The source cannot be asked about values stored like this.
    NotAskable,
    /// What `--breach-budget` allows was used up before.
    OverBudget,
    /// A filter says "probably seen", and no other source confirmed or denied it.
    Unconfirmed,
    /// The local corpus has a hole where the digest would be.
    Hole,
    /// The source refused the key.
    Refused,
    /// What the local corpus has there does not have its checksum.
    Damaged,
}

impl Unasked {
    /// All reasons, in the order of their numbers (`as u8`).
    pub const ALL: [Self; 11] = [
        Self::ServerError,
        Self::RateLimited,
        Self::BadAnswer,
        Self::Unreachable,
        Self::TimedOut,
        Self::NotAskable,
        Self::OverBudget,
        Self::Unconfirmed,
        Self::Hole,
        Self::Refused,
        Self::Damaged,
    ];

    /// For reports.
    pub const fn why(self) -> &'static str {
        match self {
            Self::ServerError => "the breach source kept answering with an error",
            Self::RateLimited => "the breach source kept saying: too many requests",
            Self::BadAnswer => "the breach source's answer was empty, cut off or malformed",
            Self::Unreachable => "the breach source could not be reached",
            Self::TimedOut => "the breach source did not answer in time",
            Self::NotAskable => "the breach source cannot be asked about this kind of value",
            Self::OverBudget => "not asked: it would have been beyond --breach-budget",
            Self::Unconfirmed => "a filter says probably seen, and no source confirmed or denied it",
            Self::Hole => "the local corpus has a hole there: that range was missing or broken when it was made",
            Self::Refused => "the breach source refused the key",
            Self::Damaged => "the local corpus is damaged there",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_reasons_are_listed_in_the_order_of_their_numbers() {
        assert!(DigestKind::ALL.iter().enumerate().all(|(at, kind)| *kind as usize == at));
        assert!(Unasked::ALL.iter().enumerate().all(|(at, why)| *why as usize == at));
        for kind in DigestKind::ALL {
            let digest = Digest::of(kind, &[7; 32]).unwrap();
            assert_eq!((digest.kind(), digest.bytes().len()), (kind, kind.len()));
            assert!(Digest::of(kind, &[7; 4]).is_none());
        }
    }
}
