//! What to do about one account, and why.

/// How soon an account must be reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// Now: end sessions, force a reset, tell the person.
    T0,
    /// Within 24 hours.
    T1,
    /// Within 72 hours.
    T2,
    /// At the next login.
    T3,
    /// Disable or delete instead: former or disabled accounts.
    T4,
    /// Something that could decide was not read, not understood or not answered.
    Unknown,
    /// Acceptable scheme, nothing found, everything checked.
    None,
}

impl Tier {
    /// All, most urgent first.
    pub const ALL: [Self; 7] = [Self::T0, Self::T1, Self::T2, Self::T3, Self::T4, Self::Unknown, Self::None];

    /// The word used in flags and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::T0 => "T0",
            Self::T1 => "T1",
            Self::T2 => "T2",
            Self::T3 => "T3",
            Self::T4 => "T4",
            Self::Unknown => "unknown",
            Self::None => "none",
        }
    }

    /// By when, in words.
    pub const fn when(self) -> &'static str {
        match self {
            Self::T0 => "now",
            Self::T1 => "within 24 hours",
            Self::T2 => "within 72 hours",
            Self::T3 => "at next login",
            Self::T4 => "disable or delete",
            Self::Unknown => "not decided: something was not read, understood or answered",
            Self::None => "nothing to do",
        }
    }
}

/// One reason for a tier. The policy file gives each its tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// The password is stored as it is.
    Plaintext,
    /// The password is stored so that it can be turned back.
    Reversible,
    /// The account has an empty password, or the hash of one.
    EmptyPassword,
    /// The account has a vendor's default user name and password.
    DefaultCredential,
    /// Unsalted fast hash.
    UnsaltedFastHash,
    /// Salted fast hash, or another scheme graded weak.
    WeakScheme,
    /// Scheme or parameters graded legacy.
    LegacyScheme,
    /// Opened by the list of common passwords.
    CommonPassword,
    /// Seen in a breach source at or above the policy's threshold.
    BreachedOften,
    /// Seen in a breach source below the threshold.
    Breached,
    /// Password equal to the login, or a trivial variant of it.
    PasswordIsLogin,
    /// Password equal to the email address or its local part, or a trivial variant.
    PasswordIsEmail,
    /// Shares its stored value or password with another account.
    SharedPassword,
    /// Shares it with a privileged account, or is the privileged account that shares it.
    SharedWithPrivileged,
    /// Former, disabled or never-used account.
    InactiveAccount,
    /// The stored value is not understood.
    NotUnderstood,
    /// A breach source was asked and did not answer.
    NotAnswered,
    /// The row holds no credential.
    NoCredential,
    /// The account is locked or its password unusable.
    Locked,
    /// A privileged account: weighs together with others.
    Privileged,
}

impl Reason {
    /// All, in the order in which reports list them.
    pub const ALL: [Self; 20] = [
        Self::Plaintext,
        Self::Reversible,
        Self::EmptyPassword,
        Self::DefaultCredential,
        Self::UnsaltedFastHash,
        Self::WeakScheme,
        Self::LegacyScheme,
        Self::CommonPassword,
        Self::BreachedOften,
        Self::Breached,
        Self::PasswordIsLogin,
        Self::PasswordIsEmail,
        Self::SharedPassword,
        Self::SharedWithPrivileged,
        Self::InactiveAccount,
        Self::NotUnderstood,
        Self::NotAnswered,
        Self::NoCredential,
        Self::Locked,
        Self::Privileged,
    ];

    /// The key in the policy file and the word in the reset list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Reversible => "reversible",
            Self::EmptyPassword => "empty-password",
            Self::DefaultCredential => "default-credential",
            Self::UnsaltedFastHash => "unsalted-fast-hash",
            Self::WeakScheme => "weak-scheme",
            Self::LegacyScheme => "legacy-scheme",
            Self::CommonPassword => "common-password",
            Self::BreachedOften => "breached-often",
            Self::Breached => "breached",
            Self::PasswordIsLogin => "password-is-login",
            Self::PasswordIsEmail => "password-is-email",
            Self::SharedPassword => "shared-password",
            Self::SharedWithPrivileged => "shared-with-privileged",
            Self::InactiveAccount => "inactive-account",
            Self::NotUnderstood => "not-understood",
            Self::NotAnswered => "not-answered",
            Self::NoCredential => "no-credential",
            Self::Locked => "locked",
            Self::Privileged => "privileged",
        }
    }

    /// One clause for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Plaintext => "the password is stored in plain text",
            Self::Reversible => "the password is stored so that it can be turned back into plain text",
            Self::EmptyPassword => "the password is empty",
            Self::DefaultCredential => "user name and password are a well-known default",
            Self::UnsaltedFastHash => "the password is stored as an unsalted fast hash",
            Self::WeakScheme => "the password is stored under a weak scheme",
            Self::LegacyScheme => "the password is stored under a legacy scheme or with legacy parameters",
            Self::CommonPassword => "the password is in the list of common passwords",
            Self::BreachedOften => "the password is known from breaches, many times over",
            Self::Breached => "the password is known from breaches",
            Self::PasswordIsLogin => "the password is the login or a trivial variant of it",
            Self::PasswordIsEmail => "the password is the email address or a trivial variant of it",
            Self::SharedPassword => "another account has the same password or stored value",
            Self::SharedWithPrivileged => "a privileged account shares its password with others",
            Self::InactiveAccount => "the account is disabled, former or never used",
            Self::NotUnderstood => "the stored value is not understood",
            Self::NotAnswered => "a breach source was asked and did not answer",
            Self::NoCredential => "the row holds no credential",
            Self::Locked => "the account is locked or its password is unusable",
            Self::Privileged => "the account is privileged",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of reasons; one word, so that millions of verdicts stay cheap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reasons(u32);

impl Reasons {
    /// No reason.
    pub const EMPTY: Self = Self(0);

    /// Adds one.
    pub const fn insert(&mut self, reason: Reason) {
        self.0 |= reason.bit();
    }

    /// Takes one out.
    pub const fn remove(&mut self, reason: Reason) {
        self.0 &= !reason.bit();
    }

    /// Whether `reason` is among them.
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In [`Reason::ALL`]'s order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |r| self.contains(*r))
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        let mut set = Self::EMPTY;
        for reason in reasons {
            set.insert(reason);
        }
        set
    }
}

/// For one account: a reset tier and every reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Verdict {
    /// How soon.
    pub tier: Tier,
    /// Every reason, not only the worst.
    pub reasons: Reasons,
}
