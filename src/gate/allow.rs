//! What somebody decided to let pass, and why.

use ignore::gitignore::Gitignore;
use sha2::{Digest, Sha256};

/// One entry of `credaudit.toml`: a finding is let pass when all that the entry names is true of it.
#[derive(Clone, Debug)]
pub struct Allow {
    /// Why; never empty.
    pub reason: String,
    /// The rule, if it names one.
    pub rule: Option<String>,
    /// Paths, as in a `.gitignore`, if it names some.
    pub paths: Option<Gitignore>,
    /// The fingerprint of the value, if it names one.
    pub value: Option<String>,
}

impl Allow {
    /// Whether it covers a finding of `rule` at `path` with `fingerprint`.
    pub fn covers(&self, rule: &str, path: &str, fingerprint: &str) -> bool {
        let relative = path.trim_start_matches("./").trim_start_matches('/');
        self.rule.as_deref().is_none_or(|own| own == rule)
            && self.value.as_deref().is_none_or(|own| own == fingerprint)
            && self.paths.as_ref().is_none_or(|paths| paths.matched_path_or_any_parents(relative, false).is_ignore())
    }
}

/// Iterations of PBKDF2 behind a fingerprint. Fingerprints are kept in repositories, where weak passwords could be tried
/// against them: this makes each try cost 0.1 ms, and a file with a thousand findings a tenth of a second.
const ITERATIONS: std::num::NonZeroU32 = std::num::NonZeroU32::new(1000).expect("it is not zero");

/// Bytes of a fingerprint: 80 bits, so that two values that meet by chance are not to be expected.
const FINGERPRINT: usize = 10;

/// What a value is known by: derived from rule and value alone.
pub(super) fn fingerprint(rule: &str, value: &[u8]) -> String {
    let mut out = [0; FINGERPRINT];
    let salt = format!("credaudit fingerprint 1 {rule}");
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, salt.as_bytes(), value, &mut out);
    hex::encode(out)
}

/// 16 hex digits of SHA-256 over the parts.
pub(super) fn id(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hex::encode(&hasher.finalize()[..8])
}

/// The word in a comment that lets a finding on its line, or on the next, pass.
pub(super) const MARK: &[u8] = b"credaudit:allow";

/// What a line says about letting `rule` pass: `None` nothing, `Some(true)` yes and why, `Some(false)` yes without a reason.
/// Written `credaudit:allow [RULE[,RULE…]] reason`; without a rule it stands for all.
pub(super) fn said(line: &[u8], rule: &str, is_rule: &dyn Fn(&str) -> bool) -> Option<bool> {
    let at = memchr::memmem::find(line, MARK)?;
    let rest = String::from_utf8_lossy(&line[at + MARK.len()..]).into_owned();
    let rest = rest.trim_start_matches([':', '=', '[', '(']).trim_start();
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | ':')).unwrap_or(rest.len());
    let (first, after) = rest.split_at(end);
    let names: Vec<&str> = first.split(',').collect();
    let reason = if names.iter().all(|name| is_rule(name)) {
        if !names.contains(&rule) {
            return None;
        }
        after
    } else {
        rest
    };
    // A word at least; the end of a comment is none.
    let words = reason.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() >= 3).count();
    Some(words > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allow_needs_a_reason_and_may_name_rules() {
        let is_rule = |name: &str| matches!(name, "generic-password" | "jwt");
        let say = |line: &str| said(line.as_bytes(), "jwt", &is_rule);
        assert_eq!(say("x = 1 // credaudit:allow the vendor's public test key"), Some(true));
        assert_eq!(say("x = 1 // credaudit:allow jwt from the RFC"), Some(true));
        assert_eq!(say("x = 1 // credaudit:allow generic-password,jwt from the RFC"), Some(true));
        assert_eq!(say("x = 1 // credaudit:allow generic-password not for this"), None);
        assert_eq!(say("x = 1 # credaudit:allow"), Some(false));
        assert_eq!(say("<!-- credaudit:allow jwt -->"), Some(false));
        assert_eq!(say("x = 1"), None);
    }

    #[test]
    fn a_fingerprint_depends_on_rule_and_value_alone() {
        assert_eq!(fingerprint("jwt", b"a"), fingerprint("jwt", b"a"));
        assert_ne!(fingerprint("jwt", b"a"), fingerprint("jwt", b"b"));
        assert_ne!(fingerprint("jwt", b"a"), fingerprint("jwu", b"a"));
        assert_eq!(fingerprint("jwt", b"a").len(), 20);
    }
}
