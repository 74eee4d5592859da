//! What breach sources are asked, and what they answer.

/// What a breach source can be asked about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-1 of the password's bytes.
    Sha1([u8; 20]),
    /// NT hash: MD4 of the password as UTF-16LE.
    Ntlm([u8; 16]),
}

impl Digest {
    /// Which kind.
    pub const fn kind(&self) -> DigestKind {
        match self {
            Self::Sha1(_) => DigestKind::Sha1,
            Self::Ntlm(_) => DigestKind::Ntlm,
        }
    }

    /// The raw bytes.
    pub const fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(b) => b,
            Self::Ntlm(b) => b,
        }
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
    /// The corpus lacks the range that the digest lies in.
    Hole,
    /// What the corpus has there does not have its checksum.
    Damaged,
    /// A filter says "perhaps", and there is nobody to confirm it.
    Unconfirmed,
}

impl Unasked {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::ServerError,
        Self::RateLimited,
        Self::BadAnswer,
        Self::Unreachable,
        Self::TimedOut,
        Self::NotAskable,
        Self::Hole,
        Self::Damaged,
        Self::Unconfirmed,
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
            Self::Hole => "the corpus lacks the range that the value lies in",
            Self::Damaged => "the corpus is damaged where the value would be",
            Self::Unconfirmed => "the filter says perhaps, and no corpus or service was named to confirm it",
        }
    }
}
