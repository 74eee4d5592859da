//! What one stored value looks like, before anybody says what it is.

use std::fmt;
use std::hash::{Hash, Hasher};

/// How much a form tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormKind {
    /// A zero-length value.
    Empty,
    /// A marker that stands where a hash could: `!`, `*`, `x`, Django's unusable password.
    State,
    /// A bare digest in hex or base64. It may be a password hash, or the checksum of a file.
    Digest,
    /// A digest with its salt in the same value (`hex:salt`), no scheme named.
    SaltedDigest,
    /// Names its scheme and parameters (`$2y$10$…`, `{SSHA}…`, `pbkdf2_sha256$…`).
    Modular,
    /// None of the above: text, maybe a plaintext password.
    Text,
}

/// One recognisable form; a static next to the code that recognises it.
#[derive(Debug)]
pub struct FormDef {
    /// Unique, stable, lower case: `hex40`, `bcrypt`.
    pub name: &'static str,
    /// How much it tells.
    pub kind: FormKind,
    /// Length of the decoded digest in bytes; 0 where that means nothing.
    pub digest_len: usize,
}

/// A form with the parameters read from one value. Small and `Copy`: one for each stored value.
#[derive(Clone, Copy)]
pub struct Form {
    /// Which form.
    pub def: &'static FormDef,
    /// Parameters, packed by the family that owns the form (cost, rounds, memory …); 0 where there are none.
    pub params: u64,
}

impl Form {
    /// A form without parameters.
    pub const fn plain(def: &'static FormDef) -> Self {
        Self { def, params: 0 }
    }

    /// How much the form tells.
    pub const fn kind(&self) -> FormKind {
        self.def.kind
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.params == other.params && std::ptr::eq(self.def, other.def)
    }
}

impl Eq for Form {}

impl Hash for Form {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.def).hash(state);
        self.params.hash(state);
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:#x})", self.def.name, self.params)
    }
}
