//! The README's tables of formats and schemes are what the code says: `UPDATE_README=1 cargo test --test it readme` writes
//! them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use credaudit::model::{DigestKind, Form, FormDef, FormKind, Policy, Reason};
use credaudit::schemes::{self, Protection, SaltFrom, Scheme};
use credaudit::{formats, model};

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Fails, with the right text, unless the README has `table` between `<!-- name -->` and `<!-- /name -->`.
fn hold(name: &str, table: &str) {
    // One test at a time reads and writes the file.
    static FILE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _guard = FILE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let readme = std::fs::read_to_string(README).unwrap();
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let (before, rest) = readme.split_once(&open).expect("the README marks where its tables start");
    let (found, after) = rest.split_once(&close).expect("the README marks where its tables end");
    if found == table {
        return;
    }
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(README, format!("{before}{open}{table}{close}{after}")).unwrap();
        return;
    }
    panic!("README.md is out of date between {open}and {close}; UPDATE_README=1 rewrites it. It must be:\n{table}");
}

#[test]
fn the_table_of_formats_is_true() {
    let mut table = String::from("| format | what is read | remarks |\n|---|---|---|\n");
    for format in formats::ALL {
        let about = format.about();
        assert!(!about.reads.is_empty() && !about.remarks.is_empty(), "{}", format.name());
        writeln!(table, "| {} | {} | {} |", format.name(), about.reads, about.remarks).unwrap();
    }
    hold("formats", &table);
}

#[test]
fn the_table_of_schemes_is_true() {
    let policy = Policy::builtin();
    // Schemes that differ in nothing but their names share a row.
    let mut rows: Vec<(String, Vec<&'static str>)> = Vec::new();
    for scheme in schemes::ALL.iter() {
        let rest =
            format!("{} | {} | {} | {}", protection(*scheme), grades(*scheme, &policy), proof(*scheme), asked(*scheme));
        match rows.iter_mut().find(|(known, _)| *known == rest) {
            Some((_, names)) => names.push(scheme.name()),
            None => rows.push((rest, vec![scheme.name()])),
        }
    }
    let order = |names: &[&str]| schemes::by_name(names[0]).unwrap().protection() as u8;
    rows.sort_by_key(|(_, names)| order(names));
    let mut table = String::from(
        "| scheme | protection | grade, and tier of the account | how it is known | a breach source can be asked for its |\n|---|---|---|---|---|\n",
    );
    for (rest, names) in rows {
        writeln!(table, "| {} | {rest} |", shortened(&names)).unwrap();
    }
    hold("schemes", &table);
}

/// Names that a row of the table shows; what has more is a row of constructions.
const MOST_NAMES: usize = 12;

/// Names in code style; `md5(…)` stands for its siblings with other hashes where there are all of them.
fn shortened(names: &[&str]) -> String {
    const OTHERS: [&str; 3] = ["sha1", "sha256", "sha512"];
    let all: BTreeSet<&str> = names.iter().copied().collect();
    let has_siblings =
        |name: &str| name.contains("md5") && OTHERS.iter().all(|o| all.contains(&*name.replace("md5", o)));
    let siblings: BTreeSet<String> = names
        .iter()
        .filter(|name| has_siblings(name))
        .flat_map(|name| OTHERS.map(|other| name.replace("md5", other)))
        .collect();
    let mut shown: Vec<String> = Vec::new();
    for name in names.iter().filter(|name| !siblings.contains(**name)) {
        // The same construction with its salt in a column beside has another name inside the program only.
        let name = format!("`{}`", name.trim_end_matches("/column").replace('|', "\\|"));
        if !shown.contains(&name) {
            shown.push(name);
        }
    }
    // The commonest stand first in the file of constructions.
    let more = shown.len().saturating_sub(MOST_NAMES);
    if more > 1 {
        shown.truncate(MOST_NAMES);
        shown.push(format!("{more} more of `patterns/formulas.toml`"));
    }
    let also = if siblings.is_empty() { "" } else { "; each also with SHA-1, SHA-256 and SHA-512" };
    format!("{}{also}", shown.join(", "))
}

fn protection(scheme: &dyn Scheme) -> &'static str {
    match (scheme.protection(), scheme.salt_from()) {
        (Protection::Plaintext, _) => "none",
        (Protection::Reversible, _) => "encrypted or encoded",
        (Protection::UnsaltedFast, SaltFrom::Site) => "fast hash, one secret for all as its salt",
        (Protection::UnsaltedFast, _) => "fast hash, no salt",
        (Protection::SaltedFast, SaltFrom::Login) => "fast hash, salted with the login",
        (Protection::SaltedFast, SaltFrom::Value) if schemes::by_name(&beside(scheme)).is_none() => {
            "fast hash, salt in the value"
        }
        (Protection::SaltedFast, _) => "fast hash, salt in the value or in a column beside",
        (Protection::PasswordHash, _) => "made for passwords, salted",
        (Protection::State, _) => "no password",
    }
}

/// The name of the same construction with the salt in a column beside.
fn beside(scheme: &dyn Scheme) -> String {
    format!("{}/column", scheme.name())
}

/// A form of `scheme` whose only parameter is `count`.
fn with(scheme: &dyn Scheme, count: u64) -> Form {
    let def: &'static FormDef = scheme.forms()[0];
    Form { params: count, ..Form::plain(def) }
}

fn grades(scheme: &dyn Scheme, policy: &Policy) -> String {
    let key = scheme.policy_key();
    let thresholds = policy.scheme(key).unwrap_or_else(|| panic!("the policy has no [schemes.{key}]"));
    let weak = match scheme.protection() {
        Protection::Plaintext => Reason::Plaintext,
        Protection::Reversible => Reason::Reversible,
        Protection::UnsaltedFast => Reason::UnsaltedFastHash,
        Protection::SaltedFast | Protection::PasswordHash => Reason::WeakScheme,
        Protection::State => Reason::Locked,
    };
    let tier = |reason| policy.tier(reason).name();
    if let Some(grade) = thresholds.grade {
        assert_eq!(scheme.grade(with(scheme, 0), policy).grade, grade, "{}", scheme.name());
        return format!("{}, {}", grade.name(), tier(weak));
    }
    let mut parts = Vec::new();
    // `cost 8`, `5,000 rounds`: as the scheme describes its values.
    let shown = |count: u64| {
        let text = scheme.describe(with(scheme, count));
        let words = text.strip_prefix(scheme.name()).unwrap_or(&text).split_whitespace();
        words.map(|word| word.parse().map_or_else(|_| word.to_owned(), thousands)).collect::<Vec<_>>().join(" ")
    };
    if let Some(limit) = thresholds.weak_below {
        assert_eq!(scheme.grade(with(scheme, limit - 1), policy).grade, model::Grade::Weak, "{}", scheme.name());
        assert_ne!(scheme.grade(with(scheme, limit), policy).grade, model::Grade::Weak, "{}", scheme.name());
        parts.push(format!("weak below {}, {}", shown(limit), tier(weak)));
    }
    if let Some(limit) = thresholds.legacy_below {
        assert_eq!(scheme.grade(with(scheme, limit - 1), policy).grade, model::Grade::Legacy, "{}", scheme.name());
        assert_ne!(scheme.grade(with(scheme, limit), policy).grade, model::Grade::Legacy, "{}", scheme.name());
        parts.push(format!("legacy below {}, {}", shown(limit), tier(Reason::LegacyScheme)));
    }
    let sets = |sets: &[[u64; 3]]| {
        let names = if key.starts_with("argon2") { ["m", "t", "p"] } else { ["N", "r", "p"] };
        let set = |set: &[u64; 3]| {
            names.iter().zip(set).map(|(n, v)| format!("{n}={}", thousands(*v))).collect::<Vec<_>>().join(" ")
        };
        sets.iter().map(set).collect::<Vec<_>>().join(" or ")
    };
    let best = thresholds.at_best.unwrap_or(model::Grade::Acceptable);
    let on = match best {
        model::Grade::Acceptable => "acceptable".to_owned(),
        _ => format!("{}, {}", best.name(), tier(Reason::LegacyScheme)),
    };
    if thresholds.acceptable.is_empty() {
        parts.push(format!("{on} from there on"));
    } else if best == model::Grade::Acceptable {
        parts.push(format!("weak below {}, {}", sets(&thresholds.legacy), tier(weak)));
        parts.push(format!("acceptable from {} on", sets(&thresholds.acceptable)));
        parts.push(format!("legacy between, {}", tier(Reason::LegacyScheme)));
    } else {
        parts.push(format!("weak below {}, {}", sets(&thresholds.legacy), tier(weak)));
        parts.push(format!("{on} from there on"));
    }
    parts.join("; ")
}

/// `1400000` as `1,400,000`.
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
    groups.join(",")
}

fn proof(scheme: &dyn Scheme) -> &'static str {
    let named = scheme.forms().iter().all(|form| form.kind == FormKind::Modular);
    match (scheme.protection(), scheme.formula()) {
        (Protection::Plaintext, _) => "readable values; inferred",
        (Protection::State, _) => "its form",
        (Protection::UnsaltedFast, Some(_)) => "proved by any common password, or the row's own words",
        (Protection::UnsaltedFast | Protection::SaltedFast, None) => "its form; inferred, no password is tried",
        (Protection::SaltedFast, Some(_)) if named => {
            "its form; proved by the commonest passwords, or the row's own words"
        }
        (Protection::SaltedFast, Some(_)) => "proved by the commonest passwords, or the row's own words",
        (Protection::PasswordHash, _) if named => "its form; proved by a few likely passwords",
        (Protection::Reversible, _) => "proved by a key, or by common passwords that it turns into",
        (Protection::PasswordHash, _) => "proved by a few likely passwords",
    }
}

const fn asked_kind(kind: DigestKind) -> &'static str {
    match kind {
        DigestKind::Sha1 => "SHA-1",
        DigestKind::Ntlm => "NTLM",
        DigestKind::Md5 => "MD5 (Enzoic)",
        DigestKind::Sha256 => "SHA-256 (Enzoic)",
        DigestKind::Keccak => "Keccak-512 (XposedOrNot)",
    }
}

fn asked(scheme: &dyn Scheme) -> String {
    if scheme.asks().is_empty() {
        return "–".into();
    }
    scheme.asks().iter().map(|kind| asked_kind(*kind)).collect::<Vec<_>>().join(", ")
}
