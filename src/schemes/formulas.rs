//! Constructions of fast hashes: every row of `patterns/formulas.toml` is a scheme, or two where its salt stands in the
//! value or in a column beside it.
//!
//! What the values look like is told elsewhere: [`Container`]s take digest and salts out of a value. The shape tells the
//! hash at best, never the construction: proof decides.

use std::borrow::Cow;
use std::sync::LazyLock;

use serde::Deserialize;

use super::codec::{self, MAX_DIGEST};
use super::{
    Family, Protection, SaltFrom, Scheme, Stored, Unverifiable, bare, fast, grading, ldap, mysql, postgres, products, salted,
};
use crate::model::{Algorithm, Digest, DigestKind, Form, FormDef, FormKind, Formula, Graded, Policy, Salts, Uses};

pub(super) const FAMILY: Family =
    Family { file: "formulas", prefixes: &[], by_prefix: None, by_shape: None, forms: &[], schemes: &[] };

/// What a value holds.
pub(super) struct Opened<'a> {
    pub(super) digest: Text<'a>,
    pub(super) salt: Option<Cow<'a, [u8]>>,
    /// The same text taken for two salts, where it can be.
    pub(super) two: Option<(&'a [u8], &'a [u8])>,
    pub(super) login: Option<Cow<'a, [u8]>>,
}

/// A digest as it stands in a value.
pub(super) enum Text<'a> {
    /// Hexadecimal or base64.
    Coded(&'a [u8]),
    /// Taken out of a text that holds more.
    Raw(Cow<'a, [u8]>),
}

impl<'a> Opened<'a> {
    /// A digest's text and nothing beside it.
    pub(super) const fn bare(text: &'a [u8]) -> Self {
        Self { digest: Text::Coded(text), salt: None, two: None, login: None }
    }

    /// A digest's text with its salt in plain text.
    pub(super) fn salted(text: &'a [u8], salt: &'a [u8]) -> Self {
        Self { salt: Some(Cow::Borrowed(salt)), ..Self::bare(text) }
    }
}

/// How the values of one form are taken apart.
pub(super) struct Container {
    pub(super) form: &'static FormDef,
    pub(super) open: for<'a> fn(&'a [u8], &'static FormDef) -> Option<Opened<'a>>,
}

/// Every container, by the family that knows its form.
const CONTAINERS: &[&[Container]] =
    &[bare::CONTAINERS, ldap::CONTAINERS, mysql::CONTAINERS, postgres::CONTAINERS, products::CONTAINERS, salted::CONTAINERS];

fn container(form: &'static FormDef) -> &'static Container {
    let mut all = CONTAINERS.iter().copied().flatten();
    all.find(|container| std::ptr::eq(container.form, form)).expect("every form of a formula has a container: tested")
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    formula: Vec<Row>,
}

/// One construction; the file says what its keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    expression: String,
    #[serde(default)]
    hashcat: Vec<u32>,
    #[serde(default)]
    john: Vec<String>,
    /// For people who read the file, as is `source`; the tests see to it that every row has one.
    #[serde(default)]
    #[cfg_attr(not(test), allow(dead_code))]
    products: Vec<String>,
    #[cfg_attr(not(test), allow(dead_code))]
    source: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(default)]
    only: Vec<String>,
    salt: Option<SaltPlace>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum SaltPlace {
    Column,
    Login,
}

fn rows() -> Vec<Row> {
    let file: File =
        toml::from_str(include_str!("../../patterns/formulas.toml")).expect("the embedded file parses: tested");
    file.formula
}

/// The schemes of all rows, in the order of the file.
pub(super) fn schemes() -> &'static [&'static dyn Scheme] {
    static SCHEMES: LazyLock<Vec<&'static dyn Scheme>> = LazyLock::new(|| {
        let mut schemes: Vec<&'static dyn Scheme> = Vec::new();
        let mut places = [0; MAX_DIGEST + 1];
        for row in rows() {
            let formula = Formula::parse(&row.expression).expect("the embedded expressions parse: tested");
            let place = &mut places[formula.digest_len()];
            *place += 1;
            for made in made(row, formula, *place - 1) {
                schemes.push(Box::leak(Box::new(made)));
            }
        }
        schemes
    });
    &SCHEMES
}

/// Kept for the life of the program: the table is made once.
fn keep(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// `place` counts the rows before it with digests of the same length.
fn made(row: Row, formula: Formula, place: u16) -> Vec<Made> {
    let (uses, len) = (formula.uses(), formula.digest_len());
    let named = |name: &String| {
        let mut all = CONTAINERS.iter().copied().flatten();
        all.find(|container| container.form.name == name.as_str()).expect("the file names forms that are: tested").form
    };
    let also: Vec<&'static FormDef> = row.also.iter().map(named).collect();
    let only: Vec<&'static FormDef> = row.only.iter().map(named).collect();
    let from = match row.salt {
        Some(SaltPlace::Login) => SaltFrom::Login,
        Some(SaltPlace::Column) => SaltFrom::Neighbour,
        None if uses.salt => SaltFrom::Value,
        None if uses.login || uses.email => SaltFrom::Login,
        None if uses.pepper => SaltFrom::Site,
        None => SaltFrom::Nowhere,
    };
    let shown = keep(row.name);
    let hashcat: &'static [u32] = row.hashcat.leak();
    let john: &'static [&'static str] = row.john.into_iter().map(keep).collect::<Vec<_>>().leak();
    let scheme = |name: &'static str, from: SaltFrom, forms: Vec<&'static FormDef>, rank: u16| {
        let containers = forms.iter().map(|form| container(form)).collect();
        Made { name, shown, formula, uses, forms: forms.leak(), containers, from, rank, hashcat, john }
    };
    if !only.is_empty() {
        let rank = if from == SaltFrom::Neighbour { 0 } else { BESIDE };
        return vec![scheme(shown, from, only, rank)];
    }
    let joined = |forms: Vec<&'static FormDef>| forms.into_iter().chain(also.iter().copied()).collect();
    match from {
        SaltFrom::Value => {
            let beside = keep(format!("{shown}/column"));
            let inside = if uses.salt2 { salted::two_salts(len) } else { salted::one_salt(len) };
            // Those beside a salt column come before all others.
            vec![
                scheme(shown, from, joined(inside), BESIDE + 2 * place),
                scheme(beside, SaltFrom::Neighbour, bare::of_length(len), place),
            ]
        }
        _ => vec![scheme(shown, from, joined(bare::of_length(len)), BESIDE + 2 * place)],
    }
}

/// Ranks below are those of schemes salted from a neighbour column.
pub(super) const BESIDE: u16 = 100;

/// One construction with its salt in one place.
struct Made {
    name: &'static str,
    /// The name in reports: the same for both places of the salt.
    shown: &'static str,
    formula: Formula,
    uses: Uses,
    forms: &'static [&'static FormDef],
    /// One for each form.
    containers: Vec<&'static Container>,
    from: SaltFrom,
    rank: u16,
    hashcat: &'static [u32],
    john: &'static [&'static str],
}

impl Made {
    fn open<'a>(&self, stored: &Stored<'a>) -> Option<Opened<'a>> {
        let at = self.forms.iter().position(|form| std::ptr::eq(*form, stored.form.def))?;
        (self.containers[at].open)(stored.value, stored.form.def)
    }
}

impl Scheme for Made {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        self.from
    }
    fn protection(&self) -> Protection {
        match self.from {
            SaltFrom::Nowhere | SaltFrom::Site => Protection::UnsaltedFast,
            _ => Protection::SaltedFast,
        }
    }
    fn policy_key(&self) -> &'static str {
        match self.protection() {
            Protection::UnsaltedFast => "unsalted-fast",
            _ => "salted-fast",
        }
    }
    fn describe(&self, _: Form) -> String {
        self.shown.to_owned()
    }
    fn grade(&self, _: Form, policy: &Policy) -> Graded {
        let why = match self.from {
            SaltFrom::Nowhere => "an unsalted fast hash: one look-up table opens every account",
            SaltFrom::Site => "a fast hash, salted with one secret for all: who has that opens every account at once",
            SaltFrom::Login => "a fast hash, salted with nothing but the login",
            SaltFrom::Value | SaltFrom::Neighbour => "a fast hash: the salt slows nobody down who attacks one account",
        };
        grading::fixed(policy, self.policy_key(), why)
    }
    fn work(&self, _: Form) -> u64 {
        self.formula.nanoseconds()
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let (mut digest, mut computed) = ([0; MAX_DIGEST], [0; MAX_DIGEST]);
        let len = self.raw_digest(stored, &mut digest).ok_or(Unverifiable::Malformed)?;
        if self.uses.pepper && stored.pepper.is_none() {
            return Err(Unverifiable::NeedsSecret);
        }
        let salts = self.salts(stored).ok_or(match self.from {
            SaltFrom::Neighbour | SaltFrom::Login => Unverifiable::Missing,
            SaltFrom::Nowhere | SaltFrom::Value | SaltFrom::Site => Unverifiable::Malformed,
        })?;
        let computed_len = self.formula.evaluate(candidate, &salts, &mut computed);
        Ok(fast::same(&digest[..len], &computed[..computed_len]))
    }
    fn formula(&self) -> Option<Formula> {
        Some(self.formula)
    }
    fn raw_digest(&self, stored: &Stored<'_>, out: &mut [u8; MAX_DIGEST]) -> Option<usize> {
        let len = self.formula.digest_len();
        // Most values are bare hexadecimal: nothing stands around the digest.
        if stored.value.len() == 2 * len && stored.form.kind() == FormKind::Digest {
            return codec::digest_bytes(stored.value, len, out);
        }
        match self.open(stored)?.digest {
            Text::Coded(text) => codec::digest_bytes(text, len, out),
            Text::Raw(bytes) => {
                out.get_mut(..len)?.copy_from_slice(Some(&*bytes).filter(|bytes| bytes.len() == len)?);
                Some(len)
            }
        }
    }
    fn salts<'a>(&self, stored: &Stored<'a>) -> Option<Salts<'a>> {
        let mut salts = Salts::NONE;
        if self.from == SaltFrom::Nowhere {
            return Some(salts);
        }
        let opened = self.open(stored)?;
        // A salt of no bytes is none: such a row is what the hash without a salt makes of it.
        let given = |cell: Option<&'a [u8]>| cell.filter(|cell| !cell.is_empty()).map(Cow::Borrowed);
        if self.uses.salt {
            (salts.salt, salts.salt2) = match (self.from, self.uses.salt2) {
                (SaltFrom::Login, _) => (given(stored.login)?, Cow::default()),
                (SaltFrom::Neighbour, false) => (given(stored.salt)?, Cow::default()),
                (SaltFrom::Neighbour, true) => (given(stored.salt)?, given(stored.salt2)?),
                (_, false) => (opened.salt?, Cow::default()),
                (_, true) => opened.two.map(|(one, two)| (one.into(), two.into()))?,
            };
        }
        if self.uses.login {
            salts.login = opened.login.or_else(|| given(stored.login))?;
        }
        if self.uses.email {
            salts.email = given(stored.email)?;
        }
        if self.uses.pepper {
            salts.pepper = given(stored.pepper)?;
        }
        Some(salts)
    }
    fn rank(&self, form: Form) -> u16 {
        // `sha1$salt$hex` is Django's, then Werkzeug's, before it is anybody else's: the key stands behind `h(salt.pass)`.
        match self.formula {
            Formula::HmacKeySalt(_) if salted::names_hash(form.def) => BESIDE + 1,
            Formula::SaltPass(_) if salted::names_hash(form.def) => BESIDE,
            _ => self.rank,
        }
    }
    fn asks(&self) -> &'static [DigestKind] {
        match self.formula {
            Formula::Plain(Algorithm::Sha1) => &[DigestKind::Sha1],
            Formula::Plain(Algorithm::Ntlm) => &[DigestKind::Ntlm],
            Formula::Plain(Algorithm::Md5) => &[DigestKind::Md5],
            Formula::Plain(Algorithm::Sha256) => &[DigestKind::Sha256],
            Formula::Plain(Algorithm::Keccak512) => &[DigestKind::Keccak],
            _ => &[],
        }
    }
    fn digest(&self, stored: &Stored<'_>, kind: DigestKind) -> Option<Digest> {
        let mut raw = [0; MAX_DIGEST];
        let len = self.raw_digest(stored, &mut raw)?;
        self.asks().contains(&kind).then(|| Digest::of(kind, &raw[..len])).flatten()
    }
    fn hashcat_modes(&self) -> &'static [u32] {
        self.hashcat
    }
    fn john_formats(&self) -> &'static [&'static str] {
        self.john
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_parses_and_stands_as_it_is_printed() {
        for row in rows() {
            let formula = Formula::parse(&row.expression).unwrap_or_else(|e| panic!("{}: {e}", row.name));
            assert_eq!(formula.to_string(), row.expression, "{}", row.name);
            assert!(!row.source.is_empty(), "{}", row.name);
            assert!(row.products.iter().all(|product| !product.is_empty()), "{}", row.name);
        }
    }

    #[test]
    fn no_construction_stands_twice_for_the_same_values() {
        let rows = rows();
        for (number, row) in rows.iter().enumerate() {
            let formula = Formula::parse(&row.expression).unwrap();
            for other in &rows[..number] {
                let same = Formula::parse(&other.expression).unwrap() == formula;
                assert!(!same || !row.only.is_empty() || !other.only.is_empty(), "{} is {}", row.name, other.name);
            }
        }
    }

    #[test]
    fn every_form_that_a_row_names_has_a_container() {
        let known: Vec<&str> = CONTAINERS.iter().copied().flatten().map(|c| c.form.name).collect();
        for row in rows() {
            for form in row.also.iter().chain(&row.only) {
                assert!(known.contains(&form.as_str()), "{form} of {}", row.name);
            }
        }
        for scheme in schemes() {
            assert!(!scheme.forms().is_empty(), "{}", scheme.name());
        }
    }

    #[test]
    fn constructions_beside_a_salt_column_rank_before_all_others() {
        for scheme in schemes() {
            let rank = scheme.rank(Form::plain(scheme.forms()[0]));
            assert_eq!(rank < BESIDE, scheme.salt_from() == SaltFrom::Neighbour, "{}: {rank}", scheme.name());
        }
    }
}
