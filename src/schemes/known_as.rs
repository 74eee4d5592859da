//! What other tools call a scheme, from `patterns/known_as.toml`: hashcat's modes and John the Ripper's formats.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The names of one scheme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    /// hashcat's mode numbers, the commonest first.
    #[serde(default)]
    hashcat: Vec<u32>,
    /// John the Ripper's format names.
    #[serde(default)]
    john: Vec<String>,
}

/// Slices that live as long as the program: the table is made once.
struct Kept {
    hashcat: &'static [u32],
    john: &'static [&'static str],
}

static TABLE: LazyLock<BTreeMap<String, Kept>> = LazyLock::new(|| {
    let text = include_str!("../../patterns/known_as.toml");
    let table: BTreeMap<String, Names> = toml::from_str(text).expect("the built-in table is checked by a test");
    let keep = |names: Names| {
        let john: Vec<&'static str> = names.john.into_iter().map(|name| &*name.leak()).collect();
        Kept { hashcat: names.hashcat.leak(), john: john.leak() }
    };
    table.into_iter().map(|(scheme, names)| (scheme, keep(names))).collect()
});

/// hashcat's modes for the scheme called `name`; none where the table does not name it.
pub(super) fn hashcat(name: &str) -> &'static [u32] {
    TABLE.get(name).map_or(&[], |names| names.hashcat)
}

/// John's formats for the scheme called `name`; none where the table does not name it.
pub(super) fn john(name: &str) -> &'static [&'static str] {
    TABLE.get(name).map_or(&[], |names| names.john)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes;

    #[test]
    fn every_row_is_about_a_scheme_and_says_something() {
        for (name, names) in &*TABLE {
            assert!(schemes::by_name(name).is_some(), "{name}");
            assert!(!names.hashcat.is_empty() || !names.john.is_empty(), "{name}");
        }
    }
}
