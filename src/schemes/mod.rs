//! How a stored value was made: recognise its form, explain it by schemes, grade and verify.
//!
//! One file per scheme family, one row per file in `FAMILIES`. [`recognise`] runs for every row and only looks at the
//! value; [`explain`], [`Scheme::grade`] and [`Scheme::verify`] run for what it found. A form that nobody explains is
//! *not understood*: that is an answer, and never a clean one.

mod aix;
mod appliance;
mod argon2;
mod bare;
mod bcrypt;
mod blowfish;
mod by_shape;
mod codec;
mod containers;
mod domino;
mod dovecot;
mod encrypted;
mod fast;
mod firebase;
mod formulas;
mod grading;
mod hashes;
mod identify;
mod iterated;
mod keycloak;
mod known_as;
mod layout;
mod ldap;
mod md5crypt;
mod mssql;
mod mysql;
mod openedge;
mod oracle;
mod pbkdf2;
mod phpass;
mod plaintext;
mod postgres;
mod recognise;
mod row;
mod salted;
mod sap;
mod scram;
mod scrypt;
mod sha1crypt;
mod sha_crypt;
mod solarwinds;
mod state;
mod unix_crypt;
mod unknown;
mod windows;
mod wrapper;
mod xenforo;
mod yescrypt;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use layout::Layout;

use crate::model::{Digest, DigestKind, Form, FormDef, FormKind, Formula, Graded, Policy, Salts};

pub use by_shape::{Shape, shapes};
pub use fast::digest_of;
pub use identify::{Candidate, Identified, identify};
pub use recognise::recognise;

/// A stored credential with what belongs to it.
#[derive(Clone, Copy)]
pub struct Stored<'a> {
    /// The cell as stored.
    pub value: &'a [u8],
    /// What [`recognise`] says of it.
    pub form: Form,
    /// The cell of the neighbouring salt column, if the table has one.
    pub salt: Option<&'a [u8]>,
    /// The cell of a second salt column, if the table has one.
    pub salt2: Option<&'a [u8]>,
    /// The row's login, for schemes salted with it (`PostgreSQL`'s `md5`).
    pub login: Option<&'a [u8]>,
    /// The row's email address, likewise.
    pub email: Option<&'a [u8]>,
    /// A secret of the whole site that is kept outside the table (pepper, signer key), where the user supplied one.
    pub pepper: Option<&'a [u8]>,
}

impl<'a> Stored<'a> {
    /// `value` alone, recognised.
    pub fn new(value: &'a [u8]) -> Self {
        Self::of(value, recognise(value))
    }

    /// `value` alone, whose form is known.
    pub const fn of(value: &'a [u8], form: Form) -> Self {
        Self { value, form, salt: None, salt2: None, login: None, email: None, pepper: None }
    }

    /// With the cell of the salt column.
    #[must_use]
    pub const fn with_salt(self, salt: Option<&'a [u8]>) -> Self {
        Self { salt, ..self }
    }

    /// With the row's login.
    #[must_use]
    pub const fn with_login(self, login: Option<&'a [u8]>) -> Self {
        Self { login, ..self }
    }

    /// With a secret of the whole site.
    #[must_use]
    pub const fn with_pepper(self, pepper: Option<&'a [u8]>) -> Self {
        Self { pepper, ..self }
    }
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
    /// The login or the email address is the salt.
    Login,
    /// One secret for the whole site, kept outside the table.
    Site,
}

/// What kind of protection a scheme gives; decides which reason a verdict carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// None: the password itself.
    Plaintext,
    /// Encrypted or encoded: whoever has the key, if there is one, has the password.
    Reversible,
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
    /// The salt column's cell or the login that the scheme needs was not given.
    Missing,
    /// A secret kept outside the table takes part (a pepper, a signer key), and none was supplied.
    NeedsSecret,
}

/// Largest [`Scheme::work`] that [`Scheme::verify`] takes on: 60 s in nanoseconds.
pub const MAX_WORK: u64 = 60_000_000_000;

/// Most memory that [`Scheme::verify`] takes, in bytes: 4 GiB, twice RFC 9106's first recommendation for Argon2id.
pub const MAX_MEMORY: u64 = 4 << 30;

/// Longest candidate that slow schemes take, in bytes; longer ones are [`Unverifiable::TooCostly`]. SHA-crypt's work
/// grows with the square of the length, and nobody types a password of 1 KiB.
pub const MAX_CANDIDATE: usize = 1024;

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
    /// Which table of the policy's `[schemes]` grades it.
    fn policy_key(&self) -> &'static str;
    /// Name with the parameters of one value: `bcrypt cost 10`, `argon2id m=19456 t=2 p=1`.
    fn describe(&self, form: Form) -> String;
    /// How good it is with the parameters of one value.
    fn grade(&self, form: Form, policy: &Policy) -> Graded;
    /// Rough cost of one [`verify`](Self::verify) on one core, in nanoseconds; an estimate for budgets, the same on
    /// every machine.
    fn work(&self, form: Form) -> u64;
    /// Whether `candidate` opens the stored value. Constant-time in the digest comparison; never panics.
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable>;
    /// The first of `candidates` that opens the stored value, as [`verify`](Self::verify) of one after another would say.
    fn first_of(&self, stored: &Stored<'_>, candidates: &[&[u8]]) -> Option<usize> {
        candidates.iter().position(|candidate| self.verify(stored, candidate) == Ok(true))
    }
    /// How many candidates [`first_of`](Self::first_of) is quickest with.
    fn lanes(&self) -> usize {
        1
    }
    /// For fast hashes: the construction, which `guess` can evaluate for many candidates at once.
    fn formula(&self) -> Option<Formula> {
        None
    }
    /// For fast hashes: the stored digest's raw bytes (hex or base64 undone) into `out`; its length.
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; 64]) -> Option<usize> {
        let _ = (stored, out);
        None
    }
    /// For fast hashes: what [`formula`](Self::formula) takes beside the password, and nothing else; `None` where some of it
    /// is missing.
    fn salts<'a>(&self, stored: &Stored<'a>) -> Option<Salts<'a>> {
        let _ = stored;
        None
    }
    /// The password itself, where the scheme keeps it.
    fn password<'a>(&self, stored: &Stored<'a>) -> Option<Cow<'a, [u8]>> {
        let _ = stored;
        None
    }
    /// Place in [`explain`]'s list for `form`, most plausible lowest: below 100 for schemes salted from a neighbour
    /// column, 100 and above for the others.
    fn rank(&self, form: Form) -> u16 {
        let _ = form;
        formulas::BESIDE
    }
    /// Kinds of digest that [`digest`](Self::digest) can give, the one to ask with first; none where no breach source can
    /// be asked.
    fn asks(&self) -> &'static [DigestKind] {
        &[]
    }
    /// hashcat's mode numbers for its values, the commonest first; by default those of `patterns/known_as.toml`.
    fn hashcat_modes(&self) -> &'static [u32] {
        known_as::hashcat(self.name())
    }
    /// Names of John the Ripper's formats (jumbo) for its values, likewise.
    fn john_formats(&self) -> &'static [&'static str] {
        known_as::john(self.name())
    }
    /// What a breach source that takes `kind` can be asked about this value, where that is possible without knowing the
    /// password.
    fn digest(&self, stored: &Stored<'_>, kind: DigestKind) -> Option<Digest> {
        let _ = (stored, kind);
        None
    }
}

/// Looks for one family's forms in a value.
type Recogniser = fn(&[u8]) -> Option<Form>;

/// One file of this folder.
struct Family {
    /// The file's name without `.rs`.
    file: &'static str,
    /// What its values start with: dispatch happens on the first two bytes.
    prefixes: &'static [&'static str],
    /// Asked when a value's first two bytes are those of one of the prefixes.
    by_prefix: Option<Recogniser>,
    /// Asked, in the order of the rows, when nobody knew the prefix.
    by_shape: Option<Recogniser>,
    /// Every form it can answer, beside those of its layouts.
    forms: &'static [&'static FormDef],
    /// How its values are written, for those that are read as rows of parts.
    layouts: &'static [&'static [Layout]],
    /// Its schemes.
    schemes: &'static [&'static dyn Scheme],
}

/// Every family in alphabetical order. A new one is a file and a row.
const FAMILIES: &[Family] = &[
    aix::FAMILY,
    appliance::FAMILY,
    argon2::FAMILY,
    bare::FAMILY,
    bcrypt::FAMILY,
    containers::FAMILY,
    domino::FAMILY,
    dovecot::FAMILY,
    encrypted::FAMILY,
    firebase::FAMILY,
    formulas::FAMILY,
    iterated::FAMILY,
    keycloak::FAMILY,
    ldap::FAMILY,
    md5crypt::FAMILY,
    mssql::FAMILY,
    mysql::FAMILY,
    openedge::FAMILY,
    oracle::FAMILY,
    pbkdf2::FAMILY,
    phpass::FAMILY,
    plaintext::FAMILY,
    postgres::FAMILY,
    salted::FAMILY,
    sap::FAMILY,
    scram::FAMILY,
    scrypt::FAMILY,
    sha1crypt::FAMILY,
    sha_crypt::FAMILY,
    solarwinds::FAMILY,
    state::FAMILY,
    unix_crypt::FAMILY,
    unknown::FAMILY,
    windows::FAMILY,
    wrapper::FAMILY,
    xenforo::FAMILY,
    yescrypt::FAMILY,
];

/// Every scheme: those written in code, families in alphabetical order; then those of `patterns/formulas.toml`.
pub static ALL: LazyLock<Vec<&'static dyn Scheme>> = LazyLock::new(|| {
    let in_code = FAMILIES.iter().flat_map(|family| family.schemes.iter().copied());
    in_code.chain(formulas::schemes().iter().copied()).collect()
});

/// The schemes that list a form, most plausible first; by the address of the form.
static BY_FORM: LazyLock<HashMap<usize, Vec<&'static dyn Scheme>>> = LazyLock::new(|| {
    let schemes_of = |def: &'static FormDef| {
        let lists = |scheme: &&dyn Scheme| scheme.forms().iter().any(|form| std::ptr::eq(*form, def));
        let mut schemes: Vec<_> = ALL.iter().copied().filter(lists).collect();
        schemes.sort_by_key(|scheme| scheme.rank(Form::plain(def)));
        schemes
    };
    forms().map(|def| (std::ptr::from_ref(def).addr(), schemes_of(def))).collect()
});

/// The families' names, which are their files', in the order of [`ALL`].
pub fn families() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|family| family.file)
}

/// Every form that [`recognise`] can answer.
pub fn forms() -> impl Iterator<Item = &'static FormDef> {
    let own = FAMILIES.iter().flat_map(|family| family.forms.iter().copied());
    let mut seen: Vec<&'static FormDef> = Vec::new();
    // Several layouts can be of one form, also of another family's.
    own.chain(layouts().map(|layout| layout.form)).filter(move |form| {
        let new = !seen.iter().any(|known| std::ptr::eq(*known, *form));
        if new {
            seen.push(form);
        }
        new
    })
}

fn layouts() -> impl Iterator<Item = &'static Layout> {
    FAMILIES.iter().flat_map(|family| family.layouts.iter().flat_map(|group| group.iter()))
}

/// `value` written anew from what was read in it: hexadecimal in one case, base64 with its padding, numbers without
/// leading zeros. `None` where a value is not read as parts.
pub fn print(value: &[u8], form: Form) -> Option<Vec<u8>> {
    let inside = wrapper::inside(value);
    let (layout, said) = layouts()
        .filter(|layout| std::ptr::eq(layout.form, form.def))
        .find_map(|layout| Some((layout, layout.read(inside)?)))?;
    let at = inside.as_ptr().addr() - value.as_ptr().addr();
    let (before, after) = (&value[..at], &value[at + inside.len()..]);
    Some([before, &layout.print(&said), after].concat())
}

/// The scheme called `name`.
pub fn by_name(name: &str) -> Option<&'static dyn Scheme> {
    ALL.iter().copied().find(|scheme| scheme.name() == name)
}

/// The schemes that can explain `form`, most plausible first. `salt_column` tells whether a salt column stands beside.
///
/// An empty list means that the value is not understood (or empty): it is no password in plain text, and no scheme of
/// this family can tell what it is.
pub fn explain(form: Form, salt_column: bool) -> Vec<&'static dyn Scheme> {
    candidates(form, salt_column).collect()
}

/// [`explain`]'s list, one after another: no allocation.
pub fn candidates(form: Form, salt_column: bool) -> impl Iterator<Item = &'static dyn Scheme> {
    let schemes = BY_FORM.get(&std::ptr::from_ref(form.def).addr()).map_or(&[][..], Vec::as_slice);
    schemes.iter().copied().filter(move |scheme| salt_column || scheme.salt_from() != SaltFrom::Neighbour)
}

/// The form and the raw digest of a bare digest in lower-case hexadecimal, put at the start of `out`, with its length:
/// the same as [`recognise`] and [`Scheme::raw_digest`] give one after the other. `None` for anything else: ask them.
#[inline]
pub fn bare_digest(value: &[u8], out: &mut [u8; 64]) -> Option<(Form, usize)> {
    bare::decoded(value, out)
}

/// Sixteen decimal digits as the digest that they are in a column of such digests; by themselves they are a number, as far
/// as [`recognise`] knows.
pub fn digest_of_digits(value: &[u8]) -> Option<Form> {
    bare::of_digits(value)
}

/// The form of a value that was turned back into the password it stands for; [`Stored::value`] is then that password.
pub const fn turned_back() -> Form {
    Form::plain(&encrypted::TURNED_BACK)
}

/// Whether values of `form` may be encrypted or encoded passwords: text, and bytes of a length that block ciphers give or
/// no digest has.
pub fn may_be_encrypted(form: Form) -> bool {
    match form.kind() {
        FormKind::Text => true,
        FormKind::Digest => form.def.digest_len.is_multiple_of(8),
        FormKind::Modular => form.def.name.starts_with("encrypted-"),
        FormKind::Empty | FormKind::State | FormKind::SaltedDigest => false,
    }
}

/// Whether the value says that the password is empty: a zero-length value, an empty password in plain text, or the
/// unsalted hash of nothing. Salted hashes do not show it: verify them with an empty candidate.
pub fn is_empty_password(value: &[u8], form: Form) -> bool {
    match form.kind() {
        FormKind::Empty => true,
        FormKind::State | FormKind::SaltedDigest | FormKind::Text => false,
        FormKind::Digest | FormKind::Modular => {
            bare::is_of_nothing(value, form.def) || plaintext::is_tagged_nothing(value, form.def)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Files that hold what families share, and are none.
    const SHARED: [&str; 12] = [
        "blowfish",
        "by_shape",
        "codec",
        "fast",
        "grading",
        "hashes",
        "identify",
        "known_as",
        "layout",
        "mod",
        "recognise",
        "row",
    ];

    #[test]
    fn every_file_in_the_folder_is_a_family_with_a_row_in_alphabetical_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schemes");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|file| !SHARED.contains(&file.as_str()))
            .collect();
        files.sort();
        assert_eq!(files, families().collect::<Vec<_>>());
    }

    #[test]
    fn names_of_schemes_and_forms_are_unique() {
        let names: BTreeSet<&str> = ALL.iter().map(|scheme| scheme.name()).collect();
        assert_eq!(names.len(), ALL.len());
        let names: BTreeSet<&str> = forms().map(|form| form.name).collect();
        assert_eq!(names.len(), forms().count());
    }

    #[test]
    fn every_form_is_explained_or_a_state_or_openly_not_understood() {
        for def in forms() {
            let explained = !explain(Form::plain(def), true).is_empty();
            let unknown = unknown::FAMILY.forms.iter().any(|f| std::ptr::eq(*f, def));
            let nothing = def.kind == FormKind::Empty;
            assert_eq!(explained, !unknown && !nothing, "{}", def.name);
        }
    }

    #[test]
    fn every_scheme_has_only_listed_forms_and_a_line_in_the_policy() {
        let policy = Policy::builtin();
        for scheme in ALL.iter() {
            assert!(!scheme.forms().is_empty(), "{}", scheme.name());
            for def in scheme.forms() {
                assert!(forms().any(|form| std::ptr::eq(form, *def)), "{} of {}", def.name, scheme.name());
                let graded = scheme.grade(Form::plain(def), &policy);
                assert!(!graded.why.contains("names no"), "{}: {}", scheme.name(), graded.why);
            }
        }
    }

    #[test]
    fn what_nobody_understands_is_asked_about_last() {
        let shapes: Vec<&str> = FAMILIES.iter().filter(|f| f.by_shape.is_some()).map(|f| f.file).collect();
        assert_eq!(shapes.last(), Some(&"unknown"));
    }

    #[test]
    fn schemes_salted_from_a_neighbour_are_offered_only_beside_a_salt_column() {
        let form = recognise(b"8743b52063cd84097a65d1633f5c74f5");
        assert!(explain(form, false).iter().all(|s| s.salt_from() != SaltFrom::Neighbour));
        assert_eq!(explain(form, false)[0].name(), "unsalted-md5");
        assert_eq!(explain(form, true)[0].salt_from(), SaltFrom::Neighbour);
        assert!(explain(form, true).iter().any(|s| s.name() == "ntlm"));
    }
}
