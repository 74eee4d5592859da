//! How a stored value was made: recognise its form, explain it by schemes, grade and verify.
//!
//! One file per scheme family; each family lists its schemes in [`ALL`].

use std::borrow::Cow;

use crate::model::{Digest, Form, FormDef, Formula, Graded, Policy};

/// A stored credential with what belongs to it.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    /// The cell as stored.
    pub value: &'a [u8],
    /// What [`recognise`] says of it.
    pub form: Form,
    /// The cell of the neighbouring salt column, if the table has one.
    pub salt: Option<&'a [u8]>,
}

/// Where a scheme's salt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaltFrom {
    /// Unsalted.
    Nowhere,
    /// In the stored value.
    Value,
    /// In a neighbouring column.
    Neighbour,
}

/// What kind of protection a scheme gives; decides which reason a verdict carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// None: the password itself.
    Plaintext,
    /// A fast hash without a salt.
    UnsaltedFast,
    /// A fast hash with a salt.
    SaltedFast,
    /// A scheme made for passwords.
    PasswordHash,
    /// No password to protect: a state such as locked.
    State,
}

/// Why a value could not be verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unverifiable {
    /// The value does not parse under this scheme.
    Malformed,
    /// The stored parameters ask for more work or memory than [`MAX_WORK`]: refused, so that no stored value can stall
    /// an audit.
    TooCostly,
}

/// Largest [`Scheme::work`] that [`Scheme::verify`] takes on: 60 s in nanoseconds.
pub const MAX_WORK: u64 = 60_000_000_000;

/// One scheme.
pub trait Scheme: Sync {
    /// Unique, stable, lower case, the field's own word: `bcrypt`, `unsalted-sha1`.
    fn name(&self) -> &'static str;
    /// The forms its values can have.
    fn forms(&self) -> &'static [&'static FormDef];
    /// Where its salt is.
    fn salt_from(&self) -> SaltFrom;
    /// What kind of protection it gives.
    fn protection(&self) -> Protection;
    /// Name with the parameters of one value: `bcrypt cost 10`, `argon2id m=19456 t=2 p=1`.
    fn describe(&self, form: Form) -> String;
    /// How good it is with the parameters of one value.
    fn grade(&self, form: Form, policy: &Policy) -> Graded;
    /// Rough cost of one [`verify`](Self::verify) on one core, in nanoseconds; an estimate for budgets, the same on
    /// every machine.
    fn work(&self, form: Form) -> u64;
    /// Whether `candidate` opens the stored value. Constant-time in the digest comparison; never panics.
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable>;
    /// For fast hashes: the construction, which `guess` can evaluate for many candidates at once.
    fn formula(&self) -> Option<Formula> {
        None
    }
    /// For fast hashes: the stored digest's raw bytes (hex or base64 undone) into `out`; its length.
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; 64]) -> Option<usize> {
        let _ = (stored, out);
        None
    }
    /// For salted fast hashes: the salt bytes that [`formula`](Self::formula) takes.
    fn salt<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        let _ = stored;
        None
    }
    /// What a breach source can be asked about this value, where that is possible without knowing the password.
    fn digest(&self, stored: &Stored<'_>) -> Option<Digest> {
        let _ = stored;
        None
    }
}

/// What one stored value looks like. Total: every byte string has a form. Some 10–20 ns for common shapes.
pub fn recognise(value: &[u8]) -> Form {
    let _ = value;
    todo!()
}

/// The schemes that can explain `form`, most plausible first. `salt_column` tells whether a salt column stands beside.
pub fn explain(form: Form, salt_column: bool) -> Vec<&'static dyn Scheme> {
    let _ = (form, salt_column);
    todo!()
}

/// Every scheme, families in alphabetical order.
pub const ALL: &[&dyn Scheme] = &[];
