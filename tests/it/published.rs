//! The published vectors: 292 pairs of stored value and password, each with the scheme that is true.

use std::collections::BTreeSet;

use credaudit::schemes::{self, Scheme, Stored, explain, recognise};

const VECTORS: &str = include_str!("../fixtures/published_vectors.tsv");

/// One line of the fixture.
pub(crate) struct Published {
    /// hashcat's mode, `None` where the vector is a product's.
    pub(crate) mode: Option<u32>,
    /// What it is called at its source.
    pub(crate) name: &'static str,
    pub(crate) value: &'static str,
    pub(crate) password: &'static str,
    salt: Option<&'static [u8]>,
    login: Option<&'static [u8]>,
    pepper: Option<&'static [u8]>,
    /// The scheme that is true.
    pub(crate) scheme: &'static str,
}

impl Published {
    /// The mode, or the product's name.
    pub(crate) fn id(&self) -> String {
        self.mode.map_or_else(|| self.name.to_owned(), |mode| mode.to_string())
    }

    pub(crate) fn stored(&self) -> Stored<'static> {
        Stored::new(self.value.as_bytes()).with_salt(self.salt).with_login(self.login).with_pepper(self.pepper)
    }

    fn explanation(&self) -> Vec<&'static dyn Scheme> {
        explain(recognise(self.value.as_bytes()), self.salt.is_some())
    }

    pub(crate) fn is_recognised(&self) -> bool {
        self.explanation().iter().any(|scheme| scheme.name() == self.scheme)
    }

    /// Whether one verification takes less than a tenth of a second.
    fn is_quick(&self) -> bool {
        schemes::by_name(self.scheme).is_some_and(|scheme| scheme.work(self.stored().form) < 100_000_000)
    }

    pub(crate) fn opens(&self, candidate: &[u8]) -> bool {
        schemes::by_name(self.scheme).is_some_and(|scheme| scheme.verify(&self.stored(), candidate) == Ok(true))
    }

    /// A password that differs in its first letter, also for schemes that fold case.
    pub(crate) fn wrong(&self) -> Vec<u8> {
        let mut wrong = self.password.as_bytes().to_vec();
        wrong[0] = if wrong[0].eq_ignore_ascii_case(&b'q') { b'k' } else { b'q' };
        wrong
    }
}

/// Every vector.
pub(crate) fn published() -> Vec<Published> {
    let lines = VECTORS.lines().filter(|line| !line.starts_with('#'));
    let vector = |line: &'static str| {
        let cells: Vec<&'static str> = line.split('\t').collect();
        let [source, name, value, password, salt, login, pepper, scheme] = cells[..] else {
            panic!("eight cells: {}", cells[0])
        };
        let given = |cell: &'static str| (!cell.is_empty()).then_some(cell.as_bytes());
        let mode = source.parse().ok();
        let (salt, login, pepper) = (given(salt), given(login), given(pepper));
        Published { mode, name, value, password, salt, login, pepper, scheme }
    };
    lines.map(vector).collect()
}

#[test]
fn there_are_292_vectors_of_which_223_are_hashcats() {
    let vectors = published();
    assert_eq!(vectors.len(), 292);
    assert_eq!(vectors.iter().filter(|v| v.mode.is_some()).count(), 223);
    let ids: BTreeSet<String> = vectors.iter().map(Published::id).collect();
    assert_eq!(ids.len(), 292);
}

#[test]
fn every_published_vector_is_recognised_opened_by_its_password_and_by_no_other() {
    let mut wrong = Vec::new();
    for vector in published() {
        let (id, password) = (vector.id(), vector.password.as_bytes());
        // The costliest are tried in `tests/it/schemes.rs`, once.
        let refuses = |wrong: &[u8]| !vector.is_quick() || !vector.opens(wrong);
        let opens = || !vector.is_quick() || vector.opens(password);
        if !(vector.is_recognised() && opens() && refuses(&vector.wrong()) && refuses(b"")) {
            let scheme = schemes::by_name(vector.scheme);
            let answer = scheme.map(|scheme| scheme.verify(&vector.stored(), password));
            let form = recognise(vector.value.as_bytes());
            wrong.push(format!(
                "{id} {}: form {}, recognised {}, right password {answer:?}",
                vector.scheme,
                form.def.name,
                vector.is_recognised(),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn schemes_name_the_modes_of_the_vectors_that_they_open() {
    for vector in published() {
        let Some(mode) = vector.mode else { continue };
        let scheme = schemes::by_name(vector.scheme).expect("the scheme exists");
        assert!(scheme.hashcat_modes().contains(&mode), "{} does not name mode {mode}", vector.scheme);
    }
}
