//! What a column is.

use super::finding::Confidence;

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// The row's key.
    Id,
    /// What the person types to log in.
    Login,
    /// An email address.
    Email,
    /// A person's name or part of it.
    Name,
    /// A stored password in whatever form.
    Credential,
    /// The salt of a credential column.
    Salt,
    /// When the account was last used.
    LastLogin,
    /// Whether the account is usable: active, enabled, blocked, deleted.
    Active,
    /// What the account may do: role, group, `is_admin`.
    Privilege,
    /// Other personal data: phone, address, birth date.
    Personal,
    /// A machine's secret that is not an account's password: token, session id, API key.
    Token,
    /// Anything else.
    Other,
}

impl Role {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Login => "login",
            Self::Email => "email",
            Self::Name => "name",
            Self::Credential => "credential",
            Self::Salt => "salt",
            Self::LastLogin => "last login",
            Self::Active => "active flag",
            Self::Privilege => "privilege",
            Self::Personal => "personal data",
            Self::Token => "token",
            Self::Other => "other",
        }
    }
}

/// The role given to one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// What the column is.
    pub role: Role,
    /// How sure that is.
    pub confidence: Confidence,
    /// Why, in words for a reader of the report; never holds a value of the table.
    pub why: String,
    /// For a credential: the index of the column that holds its salt.
    pub salt: Option<usize>,
    /// For [`Role::Active`]: whether a true value means that the account is *disabled* (`blocked`, `deleted_at`).
    pub inverted: bool,
    /// For a credential of a known product: names of the schemes that its versions store passwords under.
    pub expects: &'static [String],
}

impl Assignment {
    /// A column of no interest.
    pub fn other(why: impl Into<String>) -> Self {
        Self {
            role: Role::Other,
            confidence: Confidence::new(50),
            why: why.into(),
            salt: None,
            inverted: false,
            expects: &[],
        }
    }
}
