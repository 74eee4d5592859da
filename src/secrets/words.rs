//! The word lists by which names and values are judged: `patterns/generic.toml`.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde::Deserialize;

use super::patterns::Kind;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    placeholders: Vec<String>,
    nothing: Vec<String>,
    sentence: Vec<String>,
    names: Names,
    keys: Before,
    after: Nothing,
    before: Nothing,
    places: Places,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    password: Vec<String>,
    secret: Vec<String>,
    token: Vec<String>,
    key: Vec<String>,
    ambiguous: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Before {
    before: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {
    nothing: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Places {
    made_up: Vec<String>,
}

/// The lists, for looking up.
pub(super) struct Words {
    pub(super) placeholders: HashSet<String>,
    pub(super) nothing: HashSet<String>,
    pub(super) sentence: HashSet<String>,
    /// Telling words with what they tell, the longest first.
    pub(super) names: Vec<(String, Kind)>,
    pub(super) ambiguous: HashSet<String>,
    pub(super) before_key: HashSet<String>,
    pub(super) after: HashSet<String>,
    pub(super) before: HashSet<String>,
    pub(super) made_up: HashSet<String>,
    /// The same, for finding them in paths.
    pub(super) made_up_anywhere: AhoCorasick,
}

/// The lists; read once.
pub(super) fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("../../patterns/generic.toml"))
            .expect("the built-in word lists are read by tests");
        let set = |words: Vec<String>| words.into_iter().collect::<HashSet<_>>();
        let mut names: Vec<(String, Kind)> = [
            (file.names.password, Kind::Password),
            (file.names.secret, Kind::Secret),
            (file.names.token, Kind::Token),
            (file.names.key, Kind::Key),
        ]
        .into_iter()
        .flat_map(|(words, kind)| words.into_iter().map(move |word| (word, kind)))
        .collect();
        names.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Words {
            placeholders: set(file.placeholders),
            nothing: set(file.nothing),
            sentence: set(file.sentence),
            names,
            ambiguous: set(file.names.ambiguous),
            before_key: set(file.keys.before),
            after: set(file.after.nothing),
            before: set(file.before.nothing),
            made_up_anywhere: AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .build(&file.places.made_up)
                .expect("a few short words make an automaton"),
            made_up: set(file.places.made_up),
        }
    });
    &WORDS
}
