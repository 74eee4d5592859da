//! Is this value a secret? Judged by the value alone; its name and place are judged elsewhere.
//!
//! Nothing is dropped for containing a word. A value is a placeholder when *all* of it is placeholder words, a reference
//! when its *form* is one, an identifier when all of it reads like one. The answer is a likeness in percent with the
//! reason, for a policy to cut.

mod makeup;
mod shape;
mod stand_in;

use super::words::words;

pub(super) use makeup::{entropy, parts};
pub(super) use stand_in::is_reference;

use makeup::Makeup;
use shape::{is_address, is_format, is_hash, is_identifier, is_path, is_sentence, is_uuid, reads_like_a_word};
use stand_in::{is_made_up, is_mask, is_placeholder};

/// How likely a value is a secret, in percent, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) likely: u8,
    pub(super) why: &'static str,
}

const fn judged(likely: u8, why: &'static str) -> Judged {
    Judged { likely, why }
}

/// Longest value judged as a password, in bytes.
const MAX_PASSWORD: usize = 128;

/// Judgements that hold for every kind.
fn nothing(text: &[u8]) -> Option<Judged> {
    if text.is_empty() {
        return Some(judged(0, "empty"));
    }
    if is_reference(text) {
        return Some(judged(0, "a reference to a value kept elsewhere"));
    }
    if is_mask(text) {
        return Some(judged(0, "a mask"));
    }
    if let Ok(text) = std::str::from_utf8(text)
        && words().nothing.contains(text.to_lowercase().as_str())
    {
        return Some(judged(0, "a switch or a type"));
    }
    if is_address(text) {
        return Some(judged(5, "an address"));
    }
    if is_format(text) {
        return Some(judged(5, "a format string"));
    }
    None
}

/// Judges a password made by people.
pub(super) fn password(text: &[u8], common: &dyn Fn(&[u8]) -> bool) -> Judged {
    if let Some(nothing) = nothing(text) {
        return nothing;
    }
    if text.len() > MAX_PASSWORD {
        return random(text);
    }
    let of = Makeup::of(text);
    if is_hash(text) {
        return judged(30, "a hash, not a password");
    }
    if text.len() < 4 {
        return judged(10, "too short");
    }
    if of.digits == text.len() {
        return if is_made_up(text) || common(text) {
            judged(62, "a common password")
        } else if text.len() <= 5 {
            judged(45, "a short number")
        } else {
            judged(60, "digits only")
        };
    }
    if is_placeholder(text) {
        return judged(8, "a placeholder");
    }
    if text.len() >= 16 && is_made_up(text) {
        return judged(30, "counts or repeats: made up");
    }
    let Ok(string) = std::str::from_utf8(text) else { return judged(20, "not text") };
    if of.spaces > 0 {
        if is_sentence(string) {
            return judged(4, "a sentence or a label");
        }
        let many = string.split_whitespace().count();
        return if many >= 3 && of.signs == 0 { judged(55, "a passphrase") } else { judged(40, "several words") };
    }
    if is_path(text) {
        return judged(6, "a path");
    }
    if text.iter().any(|b| matches!(b, b'(' | b')'))
        && text.contains(&b'(')
        && (text.ends_with(b")") || text.ends_with(b"();"))
        && text[0].is_ascii_alphabetic()
    {
        return judged(8, "a call");
    }
    if of.signs == 0
        || text.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'/') || *b >= 0x80)
    {
        if common(text) {
            return judged(72, "a common password");
        }
        let humps = parts(string).len();
        let joined = of.signs > 0 || humps > 1;
        if joined && of.digits == 0 && is_identifier(text) {
            return judged(14, "an identifier");
        }
        if joined && is_identifier(text) && of.digits <= 1 && of.signs > 0 {
            return judged(30, "an identifier");
        }
        if of.digits == 0 && of.signs == 0 {
            let mixed = of.upper > 0 && of.lower > 0 && !text[1..].iter().all(u8::is_ascii_lowercase);
            return if !reads_like_a_word(&string.to_lowercase()) {
                judged(72, "letters in no order of words")
            } else if mixed {
                judged(56, "letters of both cases")
            } else {
                judged(42, "one word")
            };
        }
        if of.digits > 0 && of.letters() > 0 {
            return judged(if text.len() >= 6 { 78 } else { 62 }, "letters and digits");
        }
        return judged(50, "letters and signs");
    }
    if common(text) {
        return judged(75, "a common password");
    }
    if of.letters() == 0 && of.digits == 0 {
        return judged(8, "signs only");
    }
    let balanced = of.classes();
    if text
        .iter()
        .filter(|b| matches!(b, b'<' | b'>' | b'{' | b'}' | b'[' | b']' | b'|' | b'\\' | b'(' | b')' | b'^'))
        .count()
        * 3
        > text.len()
    {
        return judged(15, "an expression");
    }
    if balanced >= 3 {
        judged(90, "letters, digits and signs")
    } else if balanced == 2 && of.digits == 0 {
        judged(60, "letters and signs")
    } else {
        judged(75, "digits and signs")
    }
}

/// Judges a value made by a machine: a secret, a token, a key.
pub(super) fn random(text: &[u8]) -> Judged {
    if let Some(nothing) = nothing(text) {
        return nothing;
    }
    if text.len() < 8 {
        return judged(10, "too short");
    }
    if is_placeholder(text) {
        return judged(6, "a placeholder");
    }
    if is_made_up(text) {
        return judged(18, "counts or repeats: made up");
    }
    let of = Makeup::of(text);
    if of.spaces > 0 {
        return judged(8, "several words");
    }
    if is_path(text) && of.digits * 6 < text.len() {
        return judged(6, "a path");
    }
    if is_identifier(text) {
        return judged(10, "an identifier");
    }
    if of.digits == text.len() {
        return judged(25, "digits only");
    }
    if is_hash(text) {
        return judged(25, "a hash");
    }
    if text
        .iter()
        .filter(|b| {
            matches!(b, b'<' | b'>' | b'{' | b'}' | b'[' | b']' | b'|' | b'\\' | b'(' | b')' | b'^' | b';' | b',')
        })
        .count()
        >= 2
    {
        return judged(12, "an expression");
    }
    let bits = entropy(text);
    if of.hex == text.len() && of.digits > 0 {
        return match text.len() {
            8..=15 => judged(35, "a short hexadecimal number"),
            _ if bits < 2.9 => judged(20, "little entropy"),
            _ => judged(82, "hexadecimal, high entropy"),
        };
    }
    if is_uuid(text) {
        return judged(58, "a UUID");
    }
    if of.other > 0 {
        return judged(25, "no machine's alphabet");
    }
    // A machine's alphabet has 32 to 64 characters.
    let most = (text.len().min(40) as f32).log2();
    let share = bits / most;
    if text.len() < 16 {
        let strong = (of.classes() >= 3 && of.digits > 0)
            || (of.digits >= 2 && of.letters() >= 4 && of.digits * 5 >= text.len());
        return if strong && share > 0.8 { judged(66, "mixed characters") } else { judged(38, "short, few classes") };
    }
    if of.digits == 0 && of.signs == 0 && (of.upper == 0 || of.lower == 0) {
        return judged(if share > 0.82 { 50 } else { 25 }, "letters only");
    }
    if share > 0.78 && of.classes() >= 2 {
        judged(88, "high entropy")
    } else if share > 0.68 {
        judged(60, "some entropy")
    } else {
        judged(25, "little entropy")
    }
}

/// What is wrong with the secret part of a provider's token, which has the right form: `None` is nothing.
pub(super) fn token_fault(secret: &[u8]) -> Option<&'static str> {
    if is_mask(secret) || is_reference(secret) {
        return Some("a mask or a reference");
    }
    if is_made_up(secret) {
        return Some("it counts or repeats: made up");
    }
    let tail = &secret[secret.len().min(4)..];
    if tail.len() >= 8 && (is_placeholder(tail) || is_made_up(tail)) {
        return Some("made up");
    }
    let lower = secret.to_ascii_lowercase();
    // A whole word at the end, as documentation has it; inside a random text of this length one in millions has it.
    (lower.ends_with(b"example") || lower.ends_with(b"examplekey")).then_some("it ends in `example`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(word: &[u8]) -> bool {
        matches!(word, b"sunshine" | b"letmein" | b"123456")
    }

    fn of(text: &str) -> u8 {
        password(text.as_bytes(), &common).likely
    }

    #[test]
    fn passwords_that_people_make_are_likely_and_what_stands_for_them_is_not() {
        for text in [
            "Tr0ub4dor&3",
            "hunter2x",
            "sunshine",
            "123456",
            "Winter2024!",
            "x7Kp!qM",
            "webhook-7731-Zk!",
            "gr33nh0use",
        ] {
            assert!(of(text) >= 60, "{text}: {:?}", password(text.as_bytes(), &common));
        }
        for text in [
            "${DB_PASSWORD}",
            "{{ password }}",
            "<password>",
            "changeme",
            "your-password-here",
            "YOUR_API_KEY",
            "********",
            "xxxxxxxx",
            "$PASSWORD",
            "%PASSWORD%",
            "Enter your password",
            "Password is required.",
            "vault:secret/db#pw",
            "process.env.DB_PASS",
            "null",
            "/run/secrets/db",
            "https://example.org/reset",
            "%s:%s",
            "user_password",
            "getPassword()",
        ] {
            assert!(of(text) < 40, "{text}: {:?}", password(text.as_bytes(), &common));
        }
    }

    #[test]
    fn a_long_password_is_not_dropped_for_containing_a_word() {
        assert!(of("aB3webhook9Kexamplex77Zq-test-P0qLmN4vTzW8rYcXpassword1sD5fG6hJ") >= 70);
    }

    #[test]
    fn machines_values_are_told_from_names_and_vectors() {
        for text in ["9f86d081884c7d659a2feaa0c55ad015", "Zk3vQ9xLmT2pR7wY5nB8cD4f", "q83Bz-9fKx_LmPw2Rt7YvNs4"] {
            assert!(random(text.as_bytes()).likely >= 60, "{text}: {:?}", random(text.as_bytes()));
        }
        for text in [
            "access_token_expired",
            "000102030405060708090a0b0c0d0e0f",
            "deadbeefdeadbeefdeadbeef",
            "com.example.token.Provider",
            "application/json",
            "aaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(random(text.as_bytes()).likely < 40, "{text}: {:?}", random(text.as_bytes()));
        }
    }
}
