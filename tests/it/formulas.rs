//! Constructions of fast hashes against values that another implementation computed.

use std::collections::BTreeSet;

use credaudit::schemes::{self, Stored, explain, recognise};

const VECTORS: &str = include_str!("../fixtures/formula_vectors.tsv");

/// One value with all that stands beside it.
pub(crate) struct Computed {
    pub(crate) scheme: &'static str,
    value: &'static str,
    password: &'static str,
    /// First and second salt column, login, email address, site-wide secret.
    beside: [Option<&'static [u8]>; 5],
}

impl Computed {
    fn stored(&self) -> Stored<'static> {
        let [salt, salt2, login, email, pepper] = self.beside;
        Stored { salt2, email, ..Stored::new(self.value.as_bytes()) }
            .with_salt(salt)
            .with_login(login)
            .with_pepper(pepper)
    }
}

pub(crate) fn computed() -> impl Iterator<Item = Computed> {
    VECTORS.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [scheme, value, password, ref beside @ ..] = cells[..] else { panic!("eight cells: {}", cells[0]) };
        let given = |cell: &&'static str| (!cell.is_empty()).then_some(cell.as_bytes());
        let beside: Vec<_> = beside.iter().map(given).collect();
        Computed { scheme, value, password, beside: beside.try_into().expect("eight cells") }
    })
}

#[test]
fn every_construction_opens_what_another_implementation_computed_and_nothing_else_opens_it() {
    for vector in computed() {
        let stored = vector.stored();
        let scheme = schemes::by_name(vector.scheme).unwrap_or_else(|| panic!("no scheme {}", vector.scheme));
        assert_eq!(scheme.verify(&stored, vector.password.as_bytes()), Ok(true), "{}", vector.scheme);
        for wrong in ["", "Hashcat2", "hashca"] {
            assert_eq!(scheme.verify(&stored, wrong.as_bytes()), Ok(false), "{}", vector.scheme);
        }
        let form = recognise(vector.value.as_bytes());
        let all = explain(form, stored.salt.is_some());
        assert!(
            all.iter().any(|s| s.name() == vector.scheme),
            "{} is no explanation of {}",
            vector.scheme,
            form.def.name
        );
        for other in all.iter().filter(|other| other.name() != vector.scheme) {
            let opened = other.verify(&stored, vector.password.as_bytes());
            assert_ne!(opened, Ok(true), "{} opens {}", other.name(), vector.scheme);
        }
    }
}

#[test]
fn without_what_stands_beside_it_a_construction_says_what_is_missing() {
    for vector in computed().filter(|vector| vector.beside.iter().any(Option::is_some)) {
        let scheme = schemes::by_name(vector.scheme).expect("the scheme exists");
        let answer = scheme.verify(&Stored::new(vector.value.as_bytes()), vector.password.as_bytes());
        assert!(answer.is_err(), "{}: {answer:?}", vector.scheme);
        // A cell of no bytes is no salt.
        let stored = vector.stored();
        let empty = |cell: Option<&'static [u8]>| cell.map(|_| &b""[..]);
        let stored =
            Stored { salt: empty(stored.salt), salt2: empty(stored.salt2), login: empty(stored.login), ..stored };
        if vector.beside[..3].iter().any(Option::is_some) {
            assert!(scheme.verify(&stored, vector.password.as_bytes()).is_err(), "{}", vector.scheme);
        }
    }
}

/// Schemes with a value in the fixture.
pub(crate) fn covered() -> BTreeSet<&'static str> {
    computed().map(|vector| vector.scheme).collect()
}
