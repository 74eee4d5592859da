//! Is this value a secret? Judged by the value alone; its name and place are judged elsewhere.
//!
//! Nothing is dropped for containing a word. A value is a placeholder when *all* of it is placeholder words, a reference
//! when its *form* is one, an identifier when all of it reads like one. The answer is a likeness in percent with the
//! reason, for a policy to cut.

use super::words::words;

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

/// Shannon entropy of the bytes, in bits a byte.
pub(super) fn entropy(text: &[u8]) -> f32 {
    if text.is_empty() {
        return 0.0;
    }
    let mut counts = [0_u32; 256];
    for byte in text {
        counts[usize::from(*byte)] += 1;
    }
    let all = text.len() as f32;
    counts.iter().filter(|n| **n > 0).map(|n| *n as f32 / all).map(|p| -p * p.log2()).sum()
}

/// What a text is made of.
#[derive(Default)]
struct Makeup {
    lower: usize,
    upper: usize,
    digits: usize,
    spaces: usize,
    signs: usize,
    other: usize,
    hex: usize,
}

impl Makeup {
    fn of(text: &[u8]) -> Self {
        let mut of = Self::default();
        for byte in text {
            match byte {
                b'a'..=b'z' => of.lower += 1,
                b'A'..=b'Z' => of.upper += 1,
                b'0'..=b'9' => of.digits += 1,
                b' ' | b'\t' => of.spaces += 1,
                0x80.. => of.other += 1,
                _ => of.signs += 1,
            }
            of.hex += usize::from(byte.is_ascii_hexdigit());
        }
        of
    }

    fn letters(&self) -> usize {
        self.lower + self.upper + self.other
    }

    fn classes(&self) -> usize {
        [self.lower, self.upper, self.digits, self.signs].into_iter().filter(|n| *n > 0).count()
    }
}

/// Splits at everything that is neither letter nor digit, and where a small letter meets a capital; in lower case.
pub(super) fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut part = String::new();
    let chars: Vec<char> = text.chars().collect();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !part.is_empty() {
                parts.push(std::mem::take(&mut part));
            }
            continue;
        }
        let before = i.checked_sub(1).map(|i| chars[i]);
        let hump = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || (before.is_some_and(char::is_uppercase) && chars.get(i + 1).is_some_and(|n| n.is_lowercase())));
        if hump && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
        }
        part.extend(c.to_lowercase());
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

/// Whether the text refers to a value kept elsewhere: a variable, a template, a vault's address, a call.
pub(super) fn is_reference(text: &[u8]) -> bool {
    let starts = |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start.as_bytes()));
    let ends = |end: &[u8]| text.ends_with(end);
    let has = |what: &[u8]| memchr::memmem::find(text, what).is_some();
    let is_name = |name: &[u8]| {
        !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b':'))
    };
    let enclosed = (starts("<") && ends(b">"))
        || (starts("{{") && ends(b"}}"))
        || (starts("{") && ends(b"}"))
        || (starts("[") && ends(b"]"))
        || (starts("%") && ends(b"%") && text.len() > 2)
        || (starts("__") && ends(b"__") && text.len() > 4)
        || (starts("@") && ends(b"@") && text.len() > 2)
        || (starts("@@"));
    let open = has(b"${")
        || has(b"{{")
        || has(b"$(")
        || has(b"#{")
        || has(b"<%")
        || has(b"%(")
        || has(b"@{")
        || has(b"$[")
        || has(b"[[")
        || has(b"{%");
    let named = text.strip_prefix(b"$").is_some_and(|name| {
        is_name(name)
            && (name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_')
                || name.iter().all(|b| b.is_ascii_lowercase() || *b == b'_')
                || (name.iter().all(u8::is_ascii_alphabetic) && name[0].is_ascii_lowercase()))
    });
    let schemes = [
        "vault:",
        "secret:",
        "secrets:",
        "secretsmanager:",
        "ssm:",
        "env:",
        "env.",
        "file:",
        "op://",
        "ref+",
        "arn:",
        "enc[",
        "enc(",
        "{cipher}",
        "!vault",
        "!secret",
        "!env",
        "!ref",
        "!sub",
        "{{resolve",
        "keyring:",
        "keychain:",
        "awssm:",
        "gcpsm:",
        "sops:",
        "kms:",
        "akv:",
        "@microsoft.keyvault",
        "process.env",
        "os.environ",
        "os.getenv",
        "getenv",
        "system.getenv",
        "config.",
        "settings.",
        "$ansible_vault",
        "sealed:",
        "doppler:",
        "data.",
        "var.",
        "local.",
        "module.",
        "self.",
        "this.",
        "random_password.",
        "lookup(",
        "env(",
        "config(",
        "base64:$",
        "secretkeyref",
        "valuefrom",
    ];
    enclosed || open || named || schemes.iter().any(|scheme| starts(scheme))
}

/// Whether a text repeats one or two characters, or hides what it was: `****`, `xxxxxx`, `......`.
fn is_mask(text: &[u8]) -> bool {
    let mut seen: Vec<u8> = Vec::new();
    for byte in text.iter().map(u8::to_ascii_lowercase) {
        if !seen.contains(&byte) {
            seen.push(byte);
        }
    }
    let masking =
        |b: &u8| matches!(b, b'*' | b'x' | b'.' | b'-' | b'#' | b'?' | b'_' | b'0' | b' ' | b'=' | b'~' | b'+');
    seen.len() <= 1
        || (text.len() >= 3 && seen.iter().all(masking))
        || text.windows(5).any(|w| w.iter().all(|b| matches!(b, b'*')))
        || text.windows(6).any(|w| matches!(w, b"xxxxxx" | b"XXXXXX"))
        || memchr::memmem::find(text, "•••".as_bytes()).is_some()
        || text.ends_with(b"...")
        || text.ends_with("…".as_bytes())
}

/// Whether much of a text counts up or down, as made-up values do: `0123456789abcdef`, `abcdefgh`, `aabbccdd`, `deadbeef`.
fn is_made_up(text: &[u8]) -> bool {
    if text.len() < 6 {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let steps = |by: i16| lower.windows(2).filter(|w| i16::from(w[1]) - i16::from(w[0]) == by).count();
    let share = (lower.len() - 1) as f32 * 0.55;
    if steps(1) as f32 > share || steps(-1) as f32 > share || steps(0) as f32 > share {
        return true;
    }
    let has = |what: &str| memchr::memmem::find(&lower, what.as_bytes()).is_some();
    if [
        "0123456789",
        "1234567890",
        "abcdefghij",
        "deadbeef",
        "cafebabe",
        "000102030405",
        "aabbccddeeff",
        "112233445566",
        "xyzxyz",
        "abcabc",
        "a1b2c3d4",
        "00112233",
        "fedcba98",
    ]
    .iter()
    .any(|run| has(run))
    {
        return true;
    }
    // The same few characters over and over.
    (1..=lower.len() / 3).take(8).any(|period| lower.iter().zip(&lower[period..]).all(|(a, b)| a == b))
}

/// Whether the words of a text are all placeholders or numbers.
fn is_placeholder(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let lists = words();
    let whole = text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    if lists.placeholders.contains(whole.as_str()) {
        return true;
    }
    let parts = parts(text);
    // One word and a number (`secret1`, `password123`) is what people choose for themselves.
    let words_only = parts.iter().filter(|p| !p.chars().all(|c| c.is_ascii_digit())).count();
    let known = |part: &String| {
        lists.placeholders.contains(part.as_str())
            || part.chars().all(|c| c.is_ascii_digit())
            || part.chars().all(|c| matches!(c, 'x'))
            || lists.placeholders.contains(part.trim_end_matches(|c: char| c.is_ascii_digit()))
    };
    words_only >= 2 && parts.iter().all(known)
}

fn is_sentence(text: &str) -> bool {
    let lists = words();
    let all: Vec<String> =
        text.split_whitespace().map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect();
    if all.len() < 2 {
        return false;
    }
    let telling = all.iter().filter(|w| lists.sentence.contains(w.as_str())).count();
    let plain = all.iter().filter(|w| w.chars().all(char::is_alphabetic)).count();
    let ends = text.trim_end().ends_with(['.', ':', '!', '?', '…']);
    let capital = text.trim_start().chars().next().is_some_and(char::is_uppercase);
    (telling > 0 && plain * 10 >= all.len() * 7)
        || (all.len() >= 2 && plain == all.len() && (ends || (capital && all.len() <= 3)))
}

fn is_path(text: &[u8]) -> bool {
    let starts = |start: &[u8]| text.starts_with(start);
    let drive = text.len() > 2 && text[0].is_ascii_alphabetic() && text[1] == b':' && matches!(text[2], b'\\' | b'/');
    let slashes = memchr::memchr_iter(b'/', text).count();
    let wordy = text.iter().all(|b| {
        b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'~' | b'*' | b':' | b'{' | b'}' | b'$')
    });
    let parts_read = || text.split(|b| *b == b'/').filter(|p| !p.is_empty()).all(|p| is_identifier(p) || p.len() <= 4);
    starts(b"./")
        || starts(b"../")
        || starts(b"~/")
        || drive
        || starts(b"\\\\")
        || (starts(b"/") && wordy && parts_read())
        || (slashes >= 1 && wordy && parts_read())
        || [
            &b".pem"[..],
            b".key",
            b".crt",
            b".json",
            b".yml",
            b".yaml",
            b".txt",
            b".p12",
            b".jks",
            b".pfx",
            b".php",
            b".html",
            b".js",
            b".py",
            b".conf",
            b".xml",
            b".pub",
            b".der",
            b".cer",
            b".go",
            b".c",
            b".h",
            b".css",
            b".svg",
            b".png",
        ]
        .iter()
        .any(|e| text.len() > e.len() && text.to_ascii_lowercase().ends_with(e) && !text.contains(&b' '))
}

fn is_address(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let url = [
        &b"http://"[..],
        b"https://",
        b"ftp://",
        b"ssh://",
        b"git@",
        b"mailto:",
        b"urn:",
        b"www.",
        b"data:",
        b"ws://",
        b"wss://",
    ]
    .iter()
    .any(|s| lower.starts_with(s));
    let ip = text.len() >= 7
        && text.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b':' | b'/'))
        && memchr::memchr_iter(b'.', text).count() == 3;
    let at = memchr::memchr(b'@', text).is_some_and(|at| {
        let (name, host) = (&text[..at], &text[at + 1..]);
        !name.is_empty()
            && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'+'))
            && host.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'))
            && memchr::memrchr(b'.', host).is_some_and(|dot| {
                (2..=6).contains(&(host.len() - dot - 1)) && host[dot + 1..].iter().all(u8::is_ascii_alphabetic)
            })
    });
    url || ip || at
}

fn is_format(text: &[u8]) -> bool {
    let has = |what: &[u8]| memchr::memmem::find(text, what).is_some();
    let verb = text.windows(2).any(|w| w[0] == b'%' && matches!(w[1], b's' | b'd' | b'v' | b'q' | b'u' | b'x' | b'@'))
        && memchr::memchr_iter(b'%', text).count() <= 2
        && text.len() <= 12;
    let braces = text.windows(2).any(|w| w == b"{}") || (has(b"{0}") || has(b"{1}"));
    verb && (text.len() <= 4 || has(b" ") || has(b":") || has(b"=") || has(b"_") || has(b"-")) || braces
}

/// Words joined as programmers join them: `user_token`, `tokenValue`, `x-api-key`, `TOKEN_TYPE`, `com.example.Token`.
fn is_identifier(text: &[u8]) -> bool {
    if text.is_empty()
        || !text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'$' | b'/' | b' '))
    {
        return false;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let parts = parts(text);
    !parts.is_empty() && parts.iter().all(|part| reads_like_a_word(part))
}

/// Letters in an order that words have: some vowels, no long run without one; a short number at its end.
fn reads_like_a_word(part: &str) -> bool {
    let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
    if part.len() - word.len() > 3 || (word.is_empty() && part.len() > 3) {
        return false;
    }
    if word.len() <= 3 {
        return word.chars().all(|c| c.is_ascii_lowercase());
    }
    if !word.chars().all(|c| c.is_ascii_lowercase()) || word.len() > 16 {
        return false;
    }
    let is_vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
    let vowels = word.chars().filter(|c| is_vowel(*c)).count();
    let mut longest = 0;
    let mut run = 0;
    for c in word.chars() {
        run = if is_vowel(c) { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    vowels * 5 >= word.len() && longest <= 4 && !word.contains("jq") && !word.contains("qx")
}

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

/// Whether a text is a finished hash of a password; another rule's matter.
fn is_hash(text: &[u8]) -> bool {
    let starts = |start: &[u8]| text.starts_with(start);
    [
        &b"$2a$"[..],
        b"$2b$",
        b"$2y$",
        b"$1$",
        b"$5$",
        b"$6$",
        b"$y$",
        b"$argon2",
        b"$pbkdf2",
        b"$apr1$",
        b"{SSHA}",
        b"{SHA}",
        b"pbkdf2_sha",
        b"bcrypt$",
        b"scrypt:",
        b"sha256$",
        b"sha512-",
        b"sha256-",
        b"sha384-",
        b"sha1-",
        b"sha256:",
        b"SCRAM-SHA",
        b"$P$",
        b"$H$",
    ]
    .iter()
    .any(|s| starts(s))
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
        return judged(64, "a UUID");
    }
    if of.other > 0 {
        return judged(25, "no machine's alphabet");
    }
    let most = (text.len().min(64) as f32).log2();
    let share = bits / most;
    if text.len() < 16 {
        let strong = of.classes() >= 3 || (of.digits >= 2 && of.letters() >= 4 && of.digits * 5 >= text.len());
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

fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text
            .iter()
            .enumerate()
            .all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
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
