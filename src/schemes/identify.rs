//! One stored value alone: which schemes could have made it, the likeliest first.
//!
//! A value tells its form and the length of its salt; how often which product is met does the rest, from
//! `patterns/identify.toml`. A column tells more, and a proof settles it: that is the audit's business.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Protection, Scheme, explain, recognise};
use crate::model::{Form, FormKind, Graded, Policy};

/// One way to read a value.
pub struct Candidate {
    /// The scheme.
    pub scheme: &'static dyn Scheme,
    /// What is known to write such values, where that is known.
    pub product: Option<&'static str>,
    /// hashcat's mode, where it has one.
    pub hashcat_mode: Option<u32>,
    /// John the Ripper's format, where it has one.
    pub john_format: Option<&'static str>,
    /// How likely, in percent of all candidates: 1 to 99.
    pub confidence: u8,
    /// Why it is here, and as likely as that.
    pub why: String,
    /// How good the scheme is with the value's parameters.
    pub graded: Graded,
}

/// A value seen through [`recognise`], with its candidates, the likeliest first; none where it is not understood.
pub struct Identified {
    /// What the value looks like.
    pub form: Form,
    /// Every reading.
    pub candidates: Vec<Candidate>,
}

/// What is met in the field.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seen: Vec<Seen>,
}

/// One row; `patterns/identify.toml` says what its keys mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    scheme: String,
    hashcat: Option<u32>,
    john: Option<String>,
    #[serde(default)]
    forms: Vec<String>,
    #[serde(default)]
    salt: Vec<usize>,
    #[serde(default)]
    hex_salt: bool,
    #[serde(default)]
    letters: bool,
    weight: u32,
    product: Option<String>,
}

static SEEN: LazyLock<Vec<Seen>> = LazyLock::new(|| {
    let file: File =
        toml::from_str(include_str!("../../patterns/identify.toml")).expect("the embedded file parses: tested");
    file.seen
});

/// Weight of the likeliest scheme of which no row tells; each next one has half of it.
const FIRST: u32 = 40;
/// Weight of plain text where a value could also be something else: who asks has a hash in hand.
const PLAINTEXT: u32 = 2;

/// What can be said of `value`.
pub fn identify(value: &[u8], policy: &Policy) -> Identified {
    let form = recognise(value);
    let schemes = explain(form, false);
    let salt = salt_of(value, form);
    let mut weighed: Vec<(u32, Candidate)> = Vec::new();
    for (place, scheme) in schemes.iter().enumerate() {
        let usual = match scheme.protection() {
            Protection::Plaintext if schemes.len() > 1 => PLAINTEXT,
            _ => (FIRST >> place.min(5)).max(1),
        };
        let graded = scheme.grade(form, policy);
        let of_scheme: Vec<&Seen> = SEEN.iter().filter(|seen| seen.scheme == scheme.name()).collect();
        let here = |seen: &Seen| seen.forms.is_empty() || seen.forms.iter().any(|name| name == form.def.name);
        let fits = |seen: &Seen| {
            here(seen)
                && (seen.salt.is_empty() || salt.is_some_and(|salt| seen.salt.contains(&salt.len())))
                && (!seen.hex_salt || salt.is_some_and(|salt| salt.iter().all(u8::is_ascii_hexdigit)))
                && (!seen.letters || value.iter().all(u8::is_ascii_alphabetic))
        };
        let mut push = |weight: u32, mode: Option<u32>, seen: Option<&'static Seen>| {
            let john = scheme.john_formats();
            let candidate = Candidate {
                scheme: *scheme,
                product: seen.and_then(|seen| seen.product.as_deref()),
                hashcat_mode: mode,
                john_format: seen.and_then(|seen| seen.john.as_deref()).or_else(|| john.first().copied()),
                confidence: 0,
                why: why(form, schemes.len(), seen, salt),
                graded: graded.clone(),
            };
            weighed.push((weight, candidate));
        };
        // Modes that a row binds to other forms are not for this one.
        let elsewhere = |mode: u32| {
            let mut rows = of_scheme.iter().filter(|seen| seen.hashcat == Some(mode)).peekable();
            rows.peek().is_some() && !rows.any(|seen| here(seen))
        };
        let modes: Vec<u32> = scheme.hashcat_modes().iter().copied().filter(|mode| !elsewhere(*mode)).collect();
        for (at, mode) in modes.iter().enumerate() {
            let row = SEEN.iter().filter(|seen| seen.scheme == scheme.name() && seen.hashcat == Some(*mode));
            let row = row.filter(|seen| fits(seen)).max_by_key(|seen| seen.weight);
            let bound = of_scheme.iter().any(|seen| seen.hashcat == Some(*mode));
            let weight = match row {
                Some(seen) => seen.weight,
                None if bound || at > 0 => 1,
                None => usual,
            };
            push(weight, Some(*mode), row);
        }
        if modes.is_empty() {
            let row = SEEN.iter().filter(|seen| seen.scheme == scheme.name() && seen.hashcat.is_none());
            let row = row.filter(|seen| fits(seen)).max_by_key(|seen| seen.weight);
            push(row.map_or(usual, |seen| seen.weight), None, row);
        }
    }
    weighed.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    let all: u32 = weighed.iter().map(|(weight, _)| *weight).sum();
    let share = |weight: u32| (100 * weight / all.max(1)).clamp(1, 99) as u8;
    let candidates = weighed.into_iter().map(|(weight, c)| Candidate { confidence: share(weight), ..c }).collect();
    Identified { form, candidates }
}

/// The salt that stands with a digest in `value`, where its form says so.
fn salt_of(value: &[u8], form: Form) -> Option<&[u8]> {
    if form.kind() != FormKind::SaltedDigest {
        return None;
    }
    let digits = 2 * form.def.digest_len;
    if form.def.name.starts_with("hex") {
        value.get(digits + 1..)
    } else {
        value.len().checked_sub(digits + 1).map(|end| &value[..end])
    }
}

fn why(form: Form, schemes: usize, seen: Option<&Seen>, salt: Option<&[u8]>) -> String {
    let named = form.kind() == FormKind::Modular;
    match (seen, salt) {
        (Some(Seen { product: Some(product), salt: lengths, .. }), Some(salt)) if !lengths.is_empty() => {
            format!("a salt of {} characters, as {product} has it", salt.len())
        }
        (Some(Seen { product: Some(product), .. }), _) => format!("{product} writes values like this"),
        _ if named && schemes == 1 => "the value names its scheme".to_owned(),
        _ if named => format!("the value names its scheme, and {schemes} are written so"),
        _ if form.kind() == FormKind::State => "a marker, no password".to_owned(),
        _ if schemes == 1 => format!("the only scheme with values of the form {}", form.def.name),
        _ => format!("one of {schemes} schemes with values of the form {}", form.def.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes;

    #[test]
    fn every_row_names_a_scheme_its_mode_and_forms_that_are() {
        for seen in &*SEEN {
            let scheme = schemes::by_name(&seen.scheme).unwrap_or_else(|| panic!("no scheme {}", seen.scheme));
            if let Some(mode) = seen.hashcat {
                assert!(scheme.hashcat_modes().contains(&mode), "{} {mode}", seen.scheme);
            }
            for form in &seen.forms {
                assert!(scheme.forms().iter().any(|def| def.name == form), "{} {form}", seen.scheme);
            }
            assert!(seen.weight > 0);
        }
    }

    #[test]
    fn a_salts_length_tells_the_product() {
        let policy = Policy::builtin();
        let first = |value: &str| identify(value.as_bytes(), &policy).candidates.remove(0).hashcat_mode;
        let digest = "0123456789abcdef0123456789abcdef";
        assert_eq!(first(digest), Some(0));
        assert_eq!(first(&format!("{digest}:ab")), Some(21));
        assert_eq!(first(&format!("{digest}:a:c")), Some(2611));
        assert_eq!(first(&format!("{digest}:{}", "s".repeat(32))), Some(11));
    }
}
