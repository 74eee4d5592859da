//! What stands for a value and is none: references, masks, placeholders, values made up.

use super::makeup::parts;
use crate::secrets::words::words;

/// Whether the text refers to a value kept elsewhere: a variable, a template, a vault's address, a call.
pub(in crate::secrets) fn is_reference(text: &[u8]) -> bool {
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
pub(super) fn is_mask(text: &[u8]) -> bool {
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
        || text.windows(8).any(|w| w == b"00000000")
        || memchr::memmem::find(text, "•••".as_bytes()).is_some()
        || text.ends_with(b"...")
        || text.ends_with("…".as_bytes())
}

/// Whether much of a text counts up or down, as made-up values do: `0123456789abcdef`, `abcdefgh`, `aabbccdd`, `deadbeef`.
pub(super) fn is_made_up(text: &[u8]) -> bool {
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
pub(super) fn is_placeholder(text: &[u8]) -> bool {
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
