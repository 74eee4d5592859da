//! The patterns of the gate: every example is found, no counter-example is, both engines find the same, all are documented.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use credaudit::gate;
use credaudit::secrets::{self, DEFAULT_CONFIDENCE, EngineChoice, Hit, Rules};

fn rules(choice: EngineChoice) -> Arc<Rules> {
    // With expressions compiled: a pattern that does not compile is named here.
    let patterns = secrets::FILES
        .iter()
        .flat_map(|(name, text)| secrets::parse(text, true).unwrap_or_else(|e| panic!("patterns/secrets/{name}: {e}")));
    Rules::new(patterns.collect(), choice, None, gate::is_common).unwrap()
}

/// Every example and counter-example, with its pattern and whether it must be found.
fn examples(rules: &Rules) -> Vec<(usize, &str, &[u8], bool)> {
    let mut all = Vec::new();
    for (index, pattern) in rules.patterns().iter().enumerate() {
        let path = pattern.example_file.as_deref().unwrap_or("text");
        all.extend(pattern.examples.iter().map(|text| (index, path, &text[..], true)));
        all.extend(pattern.counter_examples.iter().map(|text| (index, path, &text[..], false)));
    }
    all
}

#[test]
fn every_example_is_found_and_no_counter_example_is() {
    let rules = rules(EngineChoice::Best);
    let mut faults = String::new();
    for (index, path, text, wanted) in examples(&rules) {
        let hits = rules.scan(path, text).unwrap();
        let found = hits.iter().any(|hit| hit.pattern == index && hit.confidence >= DEFAULT_CONFIDENCE);
        if found != wanted {
            let instead: Vec<String> = hits
                .iter()
                .map(|hit| format!("{} {} % {:?}", rules.patterns()[hit.pattern].id, hit.confidence, hit.note))
                .collect();
            let _ = writeln!(
                faults,
                "{}: {wanted} expected of {}: {instead:?}",
                rules.patterns()[index].id,
                text.escape_ascii()
            );
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

#[test]
fn pattern_files_are_all_loaded_and_ids_are_unique() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/secrets");
    let mut files: Vec<String> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    assert_eq!(files, secrets::FILES.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>());
    let mut seen = BTreeSet::new();
    for pattern in secrets::builtin() {
        assert!(!pattern.examples.is_empty(), "{} has no example", pattern.id);
        assert!(!pattern.counter_examples.is_empty(), "{} has no counter-example", pattern.id);
        assert!(!pattern.description.is_empty());
        assert!(seen.insert(pattern.id), "{} is there twice", pattern.id);
    }
}

#[test]
fn example_secrets_lie_split_in_the_repository() {
    // A scanner that reads pattern files must find nothing that a provider would take for real.
    let rules = rules(EngineChoice::Best);
    let mut faults = String::new();
    for (name, text) in secrets::FILES {
        for hit in rules.scan(name, text.as_bytes()).unwrap() {
            let pattern = &rules.patterns()[hit.pattern];
            let matched = &text[hit.matched.start as usize..hit.matched.end as usize];
            let whole = pattern.severity >= credaudit::model::Severity::High && hit.confidence >= 80;
            let split = matched.contains(secrets::SPLIT) || pattern.generic.is_some();
            if whole && !split {
                let line = text[..hit.matched.start as usize].lines().count();
                faults += &format!("patterns/secrets/{name}:{line} holds a whole {}\n", pattern.id);
            }
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// Text of many kinds: this program's own files, and all examples between them.
fn sample(rules: &Rules) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests/it"), root.join("patterns"), root.join("demo")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                texts.push((path.to_string_lossy().into_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    for (_, path, text, _) in examples(rules) {
        texts.push((path.to_owned(), text.to_vec()));
    }
    texts.sort();
    texts
}

fn found(rules: &Arc<Rules>, path: &str, text: &[u8]) -> Vec<Hit> {
    rules.scan(path, text).unwrap()
}

#[test]
fn both_engines_find_the_same() {
    let (best, portable) = (rules(EngineChoice::Best), rules(EngineChoice::Portable));
    let mut hits = 0;
    for (path, text) in sample(&best) {
        let a = found(&best, &path, &text);
        assert_eq!(a, found(&portable, &path, &text), "{path}");
        hits += a.len();
    }
    assert!(hits > best.patterns().len(), "{hits} hits");
}

#[test]
fn cutting_a_text_into_windows_changes_nothing() {
    let rules = rules(EngineChoice::Best);
    let mut text = Vec::new();
    for (n, (_, _, example, _)) in examples(&rules).into_iter().enumerate() {
        text.extend_from_slice(example);
        text.extend(std::iter::repeat_n(b'\n', 1 + n % 7 * 300));
    }
    let whole = found(&rules, "x.ini", &text);
    assert!(whole.len() * 2 > rules.patterns().len(), "{} hits", whole.len());
    let mut scanner = rules.scanner().unwrap();
    let named = rules.named("x.ini");
    for size in [70_000, 99_991] {
        let mut hits = Vec::new();
        for from in (0..text.len()).step_by(size) {
            let to = text.len().min(from + size);
            let (low, high) = (from.saturating_sub(secrets::LOOKBACK), text.len().min(to + secrets::MAX_MATCH));
            let window = secrets::Window { text: &text[low..high], offset: low as u64, from: from - low, to: to - low };
            scanner.scan(&window, &named, &mut hits).unwrap();
        }
        secrets::settle(&mut hits, rules.patterns());
        assert_eq!(hits.len(), whole.len(), "windows of {size}");
        for (a, b) in hits.iter().zip(&whole) {
            assert_eq!(a, b, "windows of {size}: {}", rules.patterns()[b.pattern].id);
        }
    }
}

#[test]
fn every_rule_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RULES.md");
    let mut text = String::from(
        "# Rules of the gate\n\n`credaudit rules RULE` explains one. Written by `UPDATE_README=1 cargo test --test it secrets`.\n",
    );
    for (name, file) in secrets::FILES {
        let _ = write!(
            text,
            "\n## {}\n\n| rule | severity | what it finds |\n|---|---|---|\n",
            name.trim_end_matches(".toml")
        );
        for pattern in secrets::parse(file, false).unwrap() {
            let description = pattern.description.replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | {} | {description} |", pattern.id, pattern.severity.name());
        }
    }
    if std::env::var_os("UPDATE_README").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "RULES.md is out of date: UPDATE_README=1 cargo test --test it secrets writes it anew");
}
