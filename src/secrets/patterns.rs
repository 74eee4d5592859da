//! Pattern files: what a secret of one kind looks like, as data.
//!
//! A file of `patterns/secrets/` holds `[[pattern]]` tables; [`Pattern`] says what each key means. Example secrets are
//! written with [`SPLIT`] somewhere inside, which is taken out when they are read: so no scanner of repositories takes
//! them for real ones.

use std::fmt;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::check::Check;
use super::opening::Opening;
use crate::model::Severity;

/// Stands inside example secrets in pattern files.
pub const SPLIT: &str = "<|>";

/// Fewest bytes of a keyword: shorter ones occur so often that the search for them costs more than what it saves
/// (measured: 236 keywords with many short ones gave 1.2 million hits in 549 MB of text).
pub(super) const MIN_KEYWORD: usize = 4;

/// Memory for one compiled expression; the default of the `regex` crate. A user's pattern beyond it is an error.
const SIZE_LIMIT: usize = 10 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pattern: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    description: String,
    severity: String,
    confidence: u8,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    regex: String,
    generic: Option<Kind>,
    before: Option<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    left: Left,
    #[serde(default)]
    bytes: bool,
    entropy: Option<f32>,
    check: Option<String>,
    source: Option<String>,
    advice: Option<String>,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    counter_examples: Vec<String>,
    example_file: Option<String>,
}

/// What may stand before a match.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Left {
    /// No letter and no digit: the keyword begins a token.
    #[default]
    Word,
    /// Anything: the keyword is part of a name.
    Any,
}

/// What a value with a telling name is.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A password: short, made by people.
    Password,
    /// A shared secret: mostly made by machines.
    Secret,
    /// A token.
    Token,
    /// A key of an API or a cipher.
    Key,
}

/// One kind of secret.
pub struct Pattern {
    /// Unique, lower case with hyphens; the rule of a finding.
    pub id: &'static str,
    /// What it is: `GitHub personal access token`.
    pub description: String,
    /// How bad one is that works.
    pub severity: Severity,
    /// How sure a match is, in percent, before its value is judged.
    pub confidence: u8,
    /// Each match begins with one of them. None where `files` says where to look.
    pub keywords: Vec<String>,
    /// Names of files (`.pgpass`) or endings (`*.reg`) in which it is looked for in every line. None where keywords lead
    /// to it.
    pub files: Vec<String>,
    /// The whole match from the keyword on; its group `secret`, or else its first group, is the secret.
    pub regex: String,
    /// Instead of an expression: keywords are parts of names, and the value that is given such a name is judged
    /// (`generic`).
    pub generic: Option<Kind>,
    /// What must stand before the keyword, at most [`super::LOOKBACK`] bytes.
    pub before: Option<String>,
    /// Whether keywords and expression match in any case.
    pub ignore_case: bool,
    /// What may stand before the match.
    pub left: Left,
    /// Whether it is no text that is looked for: keywords and examples are written in hexadecimal.
    pub bytes: bool,
    /// Least entropy of the secret in bits a character (Shannon, of its own characters).
    pub entropy: Option<f32>,
    /// What proves or disproves a match.
    pub check: Option<Check>,
    /// Where the form is published, or from what it was concluded.
    pub source: Option<String>,
    /// What to do about it, where that is more than to revoke it.
    pub advice: Option<String>,
    /// Each is found.
    pub examples: Vec<Vec<u8>>,
    /// None is found.
    pub counter_examples: Vec<Vec<u8>>,
    /// The file name under which the examples are.
    pub example_file: Option<String>,
    compiled: OnceLock<Compiled>,
}

/// The expressions of a pattern, ready to use.
pub(super) struct Compiled {
    /// Looked at before the expression, where it has one.
    pub(super) opening: Option<Opening>,
    pub(super) regex: Regex,
    pub(super) before: Option<Regex>,
    pub(super) secret: usize,
}

/// What is wrong with a pattern file: which pattern, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

/// The severity of that name.
pub(super) fn severity(word: &str) -> Option<Severity> {
    use Severity::{Critical, High, Info, Low, Medium};
    [Info, Low, Medium, High, Critical].into_iter().find(|s| s.name() == word)
}

/// Reads the patterns of one file; expressions are compiled when they are first needed, unless `compile` asks for it now.
pub fn parse(text: &str, compile: bool) -> Result<Vec<Pattern>, PatternError> {
    let file: File = toml::from_str(text).map_err(|e| PatternError(e.to_string()))?;
    let mut patterns = Vec::with_capacity(file.pattern.len());
    for entry in file.pattern {
        let pattern = check(entry)?;
        if compile {
            let compiled = pattern.compile()?;
            drop(pattern.compiled.set(compiled));
        }
        patterns.push(pattern);
    }
    Ok(patterns)
}

fn check(entry: Entry) -> Result<Pattern, PatternError> {
    let wrong = |what: &str| Err(PatternError(format!("pattern `{}`: {what}", entry.id)));
    let in_id = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.id.is_empty() || !entry.id.chars().all(in_id) {
        return wrong("an id is made of lower-case letters, digits and hyphens");
    }
    let Some(severity) = severity(&entry.severity) else {
        return wrong("severity is one of info, low, medium, high, critical");
    };
    if entry.confidence > 100 {
        return wrong("confidence is a percentage");
    }
    if entry.keywords.is_empty() == entry.files.is_empty() {
        return wrong("it needs either keywords or files");
    }
    let digits = entry.keywords.iter().chain(&entry.examples).chain(&entry.counter_examples);
    if entry.bytes && digits.map(|text| text.replace(SPLIT, "")).any(|text| hex::decode(text).is_err()) {
        return wrong("with `bytes`, keywords and examples are hexadecimal digits");
    }
    let least = if entry.bytes { 2 * MIN_KEYWORD } else { MIN_KEYWORD };
    if let Some(short) = entry.keywords.iter().find(|k| k.len() < least) {
        return wrong(&format!("keyword {short:?} has fewer than {MIN_KEYWORD} bytes, which makes every scan slow"));
    }
    if entry.regex.is_empty() == entry.generic.is_none() {
        return wrong("it needs either a regex or `generic`");
    }
    let check = match entry.check.as_deref().map(Check::by_name) {
        None => None,
        Some(Some(check)) => Some(check),
        Some(None) => return wrong("its check is not known"),
    };
    let joined =
        |texts: Vec<String>| texts.into_iter().map(|text| written(entry.bytes, &text.replace(SPLIT, ""))).collect();
    Ok(Pattern {
        // Patterns live as long as the program: findings name them.
        id: Box::leak(entry.id.into_boxed_str()),
        description: entry.description,
        severity,
        confidence: entry.confidence,
        keywords: entry.keywords,
        files: entry.files,
        regex: entry.regex,
        generic: entry.generic,
        before: entry.before,
        ignore_case: entry.ignore_case,
        left: entry.left,
        bytes: entry.bytes,
        entropy: entry.entropy,
        check,
        source: entry.source,
        advice: entry.advice,
        examples: joined(entry.examples),
        counter_examples: joined(entry.counter_examples),
        example_file: entry.example_file,
        compiled: OnceLock::new(),
    })
}

/// The bytes that a keyword or an example stands for.
fn written(bytes: bool, text: &str) -> Vec<u8> {
    if bytes { hex::decode(text).unwrap_or_default() } else { text.as_bytes().to_vec() }
}

impl Pattern {
    /// The keywords as they stand in what is searched.
    pub(super) fn keyword_bytes(&self) -> Vec<Vec<u8>> {
        self.keywords.iter().map(|keyword| written(self.bytes, keyword)).collect()
    }

    /// The expressions; compiled at the first call. A built-in pattern always compiles (a test), a user's was compiled
    /// when it was read.
    pub(super) fn compiled(&self) -> &Compiled {
        self.compiled.get_or_init(|| self.compile().expect("patterns are compiled by a test or when they are read"))
    }

    fn compile(&self) -> Result<Compiled, PatternError> {
        // A pattern with keywords is tried where one is; a pattern of a file is searched for.
        let anchored = if self.keywords.is_empty() { self.regex.clone() } else { format!(r"\A(?:{})", self.regex) };
        let regex = self.expression(&anchored)?;
        let before = self.before.as_ref().map(|before| self.expression(&format!(r"(?:{before})\z"))).transpose()?;
        let named = regex.capture_names().position(|name| name == Some("secret"));
        let secret = named.unwrap_or(usize::from(regex.captures_len() > 1));
        // Cheap beside compiling an expression, and needed only where one is tried.
        let opening = if self.keywords.is_empty() { None } else { Opening::of(self) };
        Ok(Compiled { opening, regex, before, secret })
    }

    fn expression(&self, expression: &str) -> Result<Regex, PatternError> {
        RegexBuilder::new(expression)
            .unicode(false)
            .multi_line(true)
            .case_insensitive(self.ignore_case)
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(|e| PatternError(format!("pattern `{}`: {e}", self.id)))
    }

    /// Whether it is looked for in every line of a file of that name (without folders).
    pub(super) fn is_for(&self, name: &str) -> bool {
        self.files.iter().any(|file| match file.strip_prefix('*') {
            Some(ending) => name.len() > ending.len() && name.ends_with(ending),
            None => name == file,
        })
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pattern").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[[pattern]]\nid = 'a-b'\ndescription = 'd'\nseverity = 'high'\nconfidence = 90\n\
                        keywords = ['abcd']\nregex = 'abcd([0-9]+)'\nexamples = ['ab<|>cd1']\n";

    #[test]
    fn examples_are_joined_and_the_first_group_is_the_secret() {
        let patterns = parse(GOOD, true).unwrap();
        assert_eq!(patterns[0].examples, [b"abcd1"]);
        assert_eq!(patterns[0].compiled().secret, 1);
    }

    #[test]
    fn bytes_are_written_in_hexadecimal() {
        let text = GOOD
            .replace("'abcd'", "'feedfeed'")
            .replace("ab<|>cd1", "feed<|>feed00")
            .replace("confidence = 90", "confidence = 90\nbytes = true");
        let patterns = parse(&text, true).unwrap();
        assert_eq!(patterns[0].keyword_bytes(), [b"\xfe\xed\xfe\xed"]);
        assert_eq!(patterns[0].examples, [b"\xfe\xed\xfe\xed\0"]);
        assert!(parse(&text.replace("'feedfeed'", "'feedfe'"), true).is_err());
    }

    #[test]
    fn a_pattern_that_makes_no_sense_is_named_with_what_is_wrong() {
        for (from, to, says) in [
            ("'a-b'", "'A b'", "lower-case"),
            ("'high'", "'bad'", "severity"),
            ("90", "101", "percentage"),
            ("['abcd']", "['abc']", "fewer than 4"),
            ("keywords = ['abcd']", "", "keywords or files"),
            ("([0-9]+)", "([0-9]+", "a-b"),
            ("confidence = 90", "confidence = 90\ncheck = 'luck'", "not known"),
            ("confidence = 90", "confidence = 90\nchek = 'jwt'", "unknown field"),
            ("confidence = 90", "confidence = 90\nbytes = true", "hexadecimal"),
        ] {
            let error = parse(&GOOD.replace(from, to), true).unwrap_err().to_string();
            assert!(error.contains(says), "{from} → {to}: {error}");
        }
    }
}
