//! `credaudit identify`, and the contest of identifiers: which name for a stored value comes first.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use credaudit::model::Policy;
use credaudit::schemes::{self, Unverifiable};

use super::published::{Published, published};

fn identify(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_credaudit"))
        .arg("identify")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Vec<serde_json::Value> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Whether the first candidate has the vector's mode, and whether any has.
fn named(vector: &Published, policy: &Policy) -> (bool, bool) {
    let found = schemes::identify(vector.value.as_bytes(), policy);
    let mut modes = found.candidates.iter().map(|candidate| candidate.hashcat_mode);
    let first = modes.next().flatten();
    (first == vector.mode, first == vector.mode || modes.any(|mode| mode == vector.mode))
}

#[test]
fn every_hashcat_vector_has_its_mode_among_the_candidates_and_more_are_first_than_others_name() {
    let policy = Policy::builtin();
    let vectors: Vec<Published> = published().into_iter().filter(|vector| vector.mode.is_some()).collect();
    let mut first = 0;
    for vector in &vectors {
        let (is_first, is_named) = named(vector, &policy);
        // What nobody can open yet is nobody's candidate.
        assert!(is_named || !vector.is_recognised(), "mode {} ({}) is not named", vector.id(), vector.name);
        first += usize::from(is_first);
    }
    // hashcat --identify: 40 % and 87 %.
    assert!(first * 100 >= vectors.len() * 45, "{first} of {}", vectors.len());
}

#[test]
fn values_from_standard_input_are_answered_one_a_line_and_never_echoed() {
    let values: Vec<String> = published().iter().take(40).map(|vector| vector.value.to_owned()).collect();
    for args in [&["--format", "json"][..], &[], &["-", "--format", "json"]] {
        let output = identify(args, &(values.join("\n") + "\n"));
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let told = [output.stdout.clone(), output.stderr.clone()].concat();
        let told = String::from_utf8(told).unwrap();
        for value in &values {
            let digest = value.rsplit(['$', ':', '}']).find(|part| part.len() > 12).unwrap_or(value);
            assert!(!told.contains(digest), "a value is shown");
        }
        if args.contains(&"json") {
            assert_eq!(json(&output).len(), values.len());
        }
    }
}

#[test]
fn an_answer_has_the_keys_of_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../../schemas/identify-v1.json")).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let output = identify(&["--format", "json"], "8743b52063cd84097a65d1633f5c74f5\n");
    let answer = &json(&output)[0];
    assert_eq!(keys(answer), keys(&schema["properties"]));
    assert_eq!(answer["schema_version"], 1);
    let candidates = answer["candidates"].as_array().unwrap();
    for candidate in candidates {
        assert_eq!(keys(candidate), keys(&schema["properties"]["candidates"]["items"]["properties"]));
    }
    assert_eq!(candidates[0]["scheme"], "unsalted-md5");
    assert_eq!(candidates[0]["hashcat_mode"], 0);
    assert_eq!(candidates[0]["john_format"], "raw-md5");
    assert_eq!(candidates[0]["grade"], "weak");
    assert_eq!(candidates[0]["breach"][0], "MD5");
}

#[test]
fn what_is_not_understood_makes_the_exit_code_two_and_the_rest_is_answered() {
    let output = identify(
        &["--format", "json"],
        "$q9$unheard-of-scheme$0123456789\n*\n$2y$10$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG",
    );
    assert_eq!(output.status.code(), Some(2));
    let answers = json(&output);
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[0]["understood"], false);
    assert_eq!(answers[1]["candidates"][0]["scheme"], "state");
    assert_eq!(answers[2]["candidates"][0]["describe"], "bcrypt cost 10");
}

#[test]
fn a_value_on_the_command_line_is_answered_with_a_word_about_the_history() {
    let value = "$2y$10$abcdefghijklmnopqrstuue7WioG73cE72MdmPnBltkHfQZI9xMsG";
    let output = identify(&[value], "");
    assert_eq!(output.status.code(), Some(0));
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(err.contains("history") && !err.contains("abcdefghij"), "{err}");
    assert!(
        out.contains("bcrypt cost 10; hashcat 3200; john bcrypt; acceptable") && !out.contains("abcdefghij"),
        "{out}"
    );
    assert!(identify(&["--quiet", value], "").stderr.is_empty());
    assert_eq!(identify(&["-", value], "").status.code(), Some(2));
}

#[test]
fn every_layout_prints_what_it_reads() {
    let mut printed = 0;
    for vector in published() {
        let stored = vector.stored();
        let Some(text) = schemes::print(vector.value.as_bytes(), stored.form) else { continue };
        printed += 1;
        assert_eq!(schemes::recognise(&text), stored.form, "{}", vector.id());
        assert_eq!(schemes::print(&text, stored.form), Some(text.clone()), "{}", vector.id());
        let scheme = schemes::by_name(vector.scheme).unwrap();
        if scheme.work(stored.form) < 20_000_000 {
            let again = schemes::Stored { value: &text, ..stored };
            let password = vector.password.as_bytes();
            assert_eq!(scheme.verify(&again, password), scheme.verify(&stored, password), "{}", vector.id());
        }
    }
    assert!(printed > 80, "{printed}");
}

/// The figures of `benches/schemes.sh`; run with `--ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn figures_of_schemes() {
    let policy = Policy::builtin();
    let vectors = published();
    let (mut recognised, mut verified, mut refused, mut openable, mut outside) = (0, 0, 0, 0, 0);
    let (mut first, mut named_at_all, mut modes) = (0, 0, 0);
    for vector in &vectors {
        let stored = vector.stored();
        recognised += usize::from(vector.is_recognised());
        let needs_secret = schemes::by_name(vector.scheme)
            .is_some_and(|scheme| scheme.verify(&stored.with_pepper(None), b"x") == Err(Unverifiable::NeedsSecret));
        if needs_secret {
            outside += 1;
        } else {
            openable += 1;
            verified += usize::from(vector.opens(vector.password.as_bytes()));
            refused += usize::from(!vector.opens(&vector.wrong()) && !vector.opens(b""));
        }
        if vector.mode.is_some() {
            modes += 1;
            let (is_first, is_named) = named(vector, &policy);
            first += usize::from(is_first);
            named_at_all += usize::from(is_named);
            if !is_first {
                let found = schemes::identify(vector.value.as_bytes(), &policy);
                let said = found.candidates.first().map_or("nothing", |c| c.scheme.name());
                println!("not first: {:>5} {} (said {said})", vector.id(), vector.name);
            }
        }
    }
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole as f64;
    println!("\n{:<32} {:>8} {:>8}", "223 published vectors, mode named", "first", "at all");
    for (tool, top, any) in
        [("hashID", 20, 44), ("name-that-hash", 24, 53), ("haiti", 30, 73), ("hashcat --identify", 40, 87)]
    {
        println!("{tool:<32} {top:>6} % {any:>6} %");
    }
    println!("{:<32} {:>6.1} % {:>6.1} %", "credaudit identify", percent(first, modes), percent(named_at_all, modes));
    println!("\n{} vectors, {outside} of them need a secret from outside; {openable} tried", vectors.len());
    println!(
        "figures: recognised={:.1} verified={:.1} refused={:.1} top1={:.1} contains={:.1}",
        percent(recognised, vectors.len()),
        percent(verified, openable),
        percent(refused, openable),
        percent(first, modes),
        percent(named_at_all, modes),
    );
}
