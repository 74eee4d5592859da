//! What a text is when it is no secret: a sentence, a path, an address, a name, a hash.

use super::makeup::parts;
use crate::secrets::words::words;

pub(super) fn is_sentence(text: &str) -> bool {
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

pub(super) fn is_path(text: &[u8]) -> bool {
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

pub(super) fn is_address(text: &[u8]) -> bool {
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

pub(super) fn is_format(text: &[u8]) -> bool {
    let has = |what: &[u8]| memchr::memmem::find(text, what).is_some();
    let verb = text.windows(2).any(|w| w[0] == b'%' && matches!(w[1], b's' | b'd' | b'v' | b'q' | b'u' | b'x' | b'@'))
        && memchr::memchr_iter(b'%', text).count() <= 2
        && text.len() <= 12;
    let braces = text.windows(2).any(|w| w == b"{}") || (has(b"{0}") || has(b"{1}"));
    verb && (text.len() <= 4 || has(b" ") || has(b":") || has(b"=") || has(b"_") || has(b"-")) || braces
}

/// Words joined as programmers join them: `user_token`, `tokenValue`, `x-api-key`, `TOKEN_TYPE`, `com.example.Token`.
pub(super) fn is_identifier(text: &[u8]) -> bool {
    if text.is_empty()
        || !text
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':' | b'$' | b'/' | b' ' | b','))
    {
        return false;
    }
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let parts = parts(text);
    // What is mixed at random also falls into parts that could be words, but short ones.
    let all: usize = parts.iter().map(String::len).sum();
    let long: usize = parts.iter().map(String::len).filter(|len| *len >= 4).sum();
    !parts.is_empty() && long * 2 >= all && parts.iter().all(|part| reads_like_a_word(part))
}

/// Letters in an order that words have: some vowels, no long run without one; a short number at its end.
pub(super) fn reads_like_a_word(part: &str) -> bool {
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

/// Whether a text is a finished hash of a password; another rule's matter.
pub(super) fn is_hash(text: &[u8]) -> bool {
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

pub(super) fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text
            .iter()
            .enumerate()
            .all(|(i, b)| if matches!(i, 8 | 13 | 18 | 23) { *b == b'-' } else { b.is_ascii_hexdigit() })
}
