//! The laws of the house that the compiler does not keep: who may name whom, and that nothing lies about unused.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each holds one kind of thing, and knows no other.
const FAMILIES: [&str; 9] =
    ["sources", "formats", "columns", "schemes", "reversible", "guess", "breach", "secrets", "report"];

/// Folders that join families: the pipeline, what is typed and what it means, and what each command does with them.
const JOINERS: [&str; 5] = ["audit", "cli", "commands", "gate", "settings"];

/// Files that may hold `unsafe`, each with its measured need beside it.
const ISLANDS: [&str; 5] =
    ["breach/corpus/map.rs", "formats/batch.rs", "formats/sql/find.rs", "formats/sql/quotes.rs", "guess/lanes/x86.rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` of the repository, in order.
fn files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Rust files below `src/`, as paths within it, with their text.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let rust = files("src").into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(&path).unwrap())
    })
    .collect()
}

/// Code without comment lines and without what follows `//` on a line: documentation may name anything.
fn code(text: &str) -> String {
    text.lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code))
        .fold(String::new(), |all, line| all + line + "\n")
}

/// What a path that begins in the crate's root names first, for every such path in `code`: `crate::guess::common` and
/// `use crate::{guess, model::Form}` name `guess`, and so do `super`s enough to leave a module `depth` below the root.
fn named(code: &str, depth: usize) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    let mut heads = vec!["crate::".to_owned()];
    // Within a test module there is one more level.
    heads.extend([depth, depth + 1].map(|levels| "super::".repeat(levels)));
    for head in &heads {
        for (at, _) in code.match_indices(head.as_str()) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            let rest = &code[at + head.len()..];
            match rest.strip_prefix('{') {
                None => drop(named.insert(first_two(rest))),
                Some(group) => {
                    let (mut open, mut start) = (0, 0);
                    for (at, c) in group.char_indices() {
                        match c {
                            '{' => open += 1,
                            '}' if open == 0 => {
                                named.insert(first_two(group[start..at].trim()));
                                break;
                            }
                            '}' => open -= 1,
                            ',' if open == 0 => {
                                named.insert(first_two(group[start..at].trim()));
                                start = at + 1;
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
    }
    named.remove("");
    named
}

/// `guess::common::rank` is `guess::common`; a group or a list has only its first word.
fn first_two(path: &str) -> String {
    let end = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let first = &path[..end(path)];
    let second = path[first.len()..].strip_prefix("::").map_or("", |rest| &rest[..end(rest)]);
    if second.is_empty() { first.to_owned() } else { format!("{first}::{second}") }
}

/// How far below the crate's root the module of `file` lies.
fn depth(file: &str) -> usize {
    let steps = file.split('/').count();
    if file.ends_with("/mod.rs") { steps - 1 } else { steps }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let names = |text: &str, depth| named(text, depth).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::guess::common;", 1), ["guess::common"]);
    assert_eq!(
        names("use crate::{guess, model::{Form, Role}, spool};", 1),
        ["guess", "model::Form", "spool"].map(|name| if name == "model::Form" { "model" } else { name })
    );
    assert_eq!(names("fn f() { crate::formats::detect(x) }", 2), ["formats::detect"]);
    assert_eq!(names("use super::super::report;", 2), ["report"]);
    assert_eq!(names("use super::range;", 2), [""; 0]);
    assert_eq!(
        (depth("judge.rs"), depth("guess/mod.rs"), depth("guess/own.rs"), depth("formats/csv/mod.rs")),
        (1, 1, 2, 2)
    );
}

#[test]
fn no_family_names_another() {
    let mut seen = BTreeSet::new();
    for (file, text) in sources() {
        let Some((family, _)) = file.split_once('/') else { continue };
        if !FAMILIES.contains(&family) && family != "model" {
            assert!(JOINERS.contains(&family), "{file} belongs to no family");
            continue;
        }
        seen.insert(family.to_owned());
        for path in named(&code(&text), depth(&file)) {
            let head = path.split("::").next().unwrap_or_default();
            let module = root().join(format!("src/{head}.rs")).exists() || root().join(format!("src/{head}")).exists();
            let allowed = head == family
                || (family != "model" && matches!(head, "model" | "spool"))
                || (family == "sources" && matches!(&*path, "formats::ReadAt" | "formats::BatchBuilder"));
            assert!(allowed || !module, "{file} names {path}");
        }
    }
    assert_eq!(seen.len(), FAMILIES.len() + 1, "every family has files: {seen:?}");
}

#[test]
fn outside_the_pipeline_only_what_is_typed_and_what_starts_it_knows_families() {
    // What is typed names outputs and targets; the program itself joins pipeline and outputs.
    let may = |file: &str| matches!(file, "main.rs" | "lib.rs" | "fuzzing.rs");
    for (file, text) in sources().into_iter().filter(|(file, _)| !file.contains('/') && !may(file)) {
        for path in named(&code(&text), 1) {
            assert!(!FAMILIES.contains(&path.split("::").next().unwrap_or_default()), "{file} names {path}");
        }
    }
}

#[test]
fn every_file_is_a_module_that_somebody_declares() {
    let all = sources();
    for (file, _) in &all {
        let path = Path::new(file);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap().to_str().unwrap();
        let (name, parent) = match (stem, folder) {
            ("main" | "lib", "") => continue,
            ("mod", _) => folder.rsplit_once('/').map_or((folder, ""), |(parent, name)| (name, parent)),
            _ => (stem, folder),
        };
        let declaring = if parent.is_empty() { "lib.rs".to_owned() } else { format!("{parent}/mod.rs") };
        let (_, text) = all.iter().find(|(file, _)| *file == declaring).unwrap_or_else(|| panic!("no {declaring}"));
        let (_, main) = all.iter().find(|(file, _)| file == "main.rs").expect("there is a program");
        let text = if parent.is_empty() { format!("{text}{main}") } else { text.clone() };
        let declared = code(&text).lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.ends_with(&["mod", &format!("{name};")])
        });
        assert!(declared, "{file} is declared nowhere");
    }
}

#[test]
fn every_pattern_file_is_in_the_program() {
    let included: String = sources().iter().map(|(_, text)| code(text)).collect();
    for path in files("patterns") {
        let name = path.strip_prefix(root().join("patterns")).unwrap().to_str().unwrap();
        // Licences stand beside what they are about.
        if !name.ends_with(".LICENSE") {
            assert!(included.contains(&format!("/patterns/{name}\")")), "patterns/{name} is in no include");
        }
    }
}

#[test]
fn unsafe_code_stays_on_its_islands() {
    let holding: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| {
            let words = code(text);
            words.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
        })
        .map(|(file, text)| {
            assert!(text.contains("// SAFETY:"), "{file} says nothing of why it may");
            file
        })
        .collect();
    assert_eq!(holding, ISLANDS, "an island more or less: the list above and its reasons");
}

#[test]
fn nothing_names_a_place_of_one_machine() {
    // Written in two halves, or this file would be the first to break the law.
    let places = [["/ho", "me/"], ["/wo", "rk/"], ["/Us", "ers/"], ["/tm", "p/"], ["/ro", "ot/"]].map(|p| p.concat());
    let mut checked = 0;
    for folder in ["src", "tests/it", "patterns", "schemas", "benches", "tools", "fuzz/fuzz_targets"] {
        for path in files(folder) {
            let bytes = fs::read(&path).unwrap();
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            checked += 1;
            for place in &places {
                assert!(!text.contains(place.as_str()), "{} names {place}", path.display());
            }
        }
    }
    assert!(checked > 100, "{checked} files");
}
