//! Vendors' published default logins and passwords (`patterns/defaults.toml`).

use std::sync::LazyLock;

use serde::Deserialize;

use super::common::key;

/// Whether login and password are a vendor's published default pair (`patterns/defaults.toml`). The login's case does
/// not matter, the password's does. Login and password being equal is not enough: the login has to be listed.
pub fn is_default(login: &[u8], password: &[u8]) -> bool {
    default_passwords(login).contains(&password)
}

/// The published default passwords for `login`, to be tried against a hash.
pub fn default_passwords(login: &[u8]) -> &'static [&'static [u8]] {
    static TABLE: LazyLock<Table> = LazyLock::new(|| Table::new(entries()));
    TABLE.find(login)
}

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    vendor: Vec<Vendor>,
}

/// One product's pairs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vendor {
    /// For people who read the file, as is `source`; the tests see to it that no entry lacks them.
    #[cfg_attr(not(test), allow(dead_code))]
    product: String,
    #[cfg_attr(not(test), allow(dead_code))]
    source: String,
    /// Login and password.
    pairs: Vec<(String, String)>,
}

fn entries() -> Vec<Vendor> {
    let file: Defaults =
        toml::from_str(include_str!("../../patterns/defaults.toml")).expect("the embedded file parses: tested");
    file.vendor
}

/// Logins in lower case, shorter ones first, with their passwords.
struct Table {
    /// A bit for some of each login's key: one stranger in fifty goes on to the search.
    filter: [u64; 64],
    logins: Vec<(Vec<u8>, Vec<&'static [u8]>)>,
}

impl Table {
    fn new(vendors: Vec<Vendor>) -> Self {
        let mut logins: Vec<(Vec<u8>, Vec<&'static [u8]>)> = Vec::new();
        for (login, password) in vendors.into_iter().flat_map(|vendor| vendor.pairs) {
            let login = login.to_ascii_lowercase().into_bytes();
            let at = logins.iter().position(|(other, _)| *other == login).unwrap_or(logins.len());
            if at == logins.len() {
                logins.push((login, Vec::new()));
            }
            let passwords = &mut logins[at].1;
            if !passwords.contains(&password.as_bytes()) {
                // Kept for the life of the program: some kilobytes that callers may hold on to.
                passwords.push(Box::leak(password.into_bytes().into_boxed_slice()));
            }
        }
        logins.sort_by(|(a, _), (b, _)| (a.len(), a).cmp(&(b.len(), b)));
        let mut filter = [0; 64];
        for (login, _) in &logins {
            let key = key(login);
            filter[key as usize % 64] |= 1 << (key >> 58);
        }
        Self { filter, logins }
    }

    fn find(&self, login: &[u8]) -> &[&'static [u8]] {
        let key = key(login);
        if self.filter[key as usize % 64] >> (key >> 58) & 1 == 0 {
            return &[];
        }
        let lower = |byte: &u8| byte.to_ascii_lowercase();
        let order = |known: &[u8]| {
            known.len().cmp(&login.len()).then_with(|| known.iter().copied().cmp(login.iter().map(lower)))
        };
        match self.logins.binary_search_by(|(known, _)| order(known)) {
            Ok(at) => &self.logins[at].1,
            Err(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_names_its_product_and_its_source_and_no_product_lists_a_pair_twice() {
        let vendors = entries();
        let mut products = std::collections::HashSet::new();
        for vendor in &vendors {
            assert!(products.insert(&vendor.product), "{} is there twice", vendor.product);
            assert!(!vendor.product.is_empty() && !vendor.source.is_empty(), "{}", vendor.product);
            let distinct: std::collections::HashSet<_> = vendor.pairs.iter().collect();
            assert_eq!(distinct.len(), vendor.pairs.len(), "{}", vendor.product);
            assert!(vendor.pairs.iter().all(|(login, _)| !login.is_empty()), "{} has no login", vendor.product);
        }
        let pairs: usize = vendors.iter().map(|vendor| vendor.pairs.len()).sum();
        assert!(pairs >= 60, "only {pairs} pairs");
    }

    #[test]
    fn listed_pairs_are_defaults_whatever_the_logins_case() {
        for (login, password) in [
            ("admin", "admin"),
            ("Admin", "admin"),
            ("root", "toor"),
            ("pi", "raspberry"),
            ("sa", ""),
            ("SCOTT", "tiger"),
            ("sys", "change_on_install"),
            ("admin", "888888"),
            ("admin", "666666"),
            ("postgres", "postgres"),
            ("ubnt", "ubnt"),
        ] {
            assert!(is_default(login.as_bytes(), password.as_bytes()), "{login}");
        }
    }

    #[test]
    fn only_listed_pairs_are_defaults() {
        for (login, password) in [
            ("maria", "maria"),
            ("admin", "ADMIN888"),
            ("root", "raspberry!"),
            ("", ""),
            ("", "admin"),
            ("maria", "password"),
            ("pi", "Raspberry"),
            ("administrators", "admin"),
        ] {
            assert!(!is_default(login.as_bytes(), password.as_bytes()), "{login}");
        }
        assert!(default_passwords(b"maria").is_empty());
        assert!(default_passwords(&[0xff; 300]).is_empty());
    }

    #[test]
    fn every_pair_of_the_file_is_found() {
        for (login, password) in entries().into_iter().flat_map(|vendor| vendor.pairs) {
            for login in [login.to_ascii_lowercase(), login.to_ascii_uppercase(), login] {
                assert!(is_default(login.as_bytes(), password.as_bytes()), "{login}");
            }
        }
    }

    #[test]
    fn a_logins_passwords_come_without_repetition() {
        let passwords = default_passwords(b"ADMIN");
        let distinct: std::collections::HashSet<_> = passwords.iter().collect();
        assert_eq!(distinct.len(), passwords.len());
        assert!(passwords.len() > 10);
    }
}
