//! What a text is made of: kinds of characters, their entropy, its words.

/// Shannon entropy of the bytes, in bits a byte.
pub(in crate::secrets) fn entropy(text: &[u8]) -> f32 {
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
pub(super) struct Makeup {
    pub(super) lower: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    pub(super) spaces: usize,
    pub(super) signs: usize,
    pub(super) other: usize,
    pub(super) hex: usize,
}

impl Makeup {
    pub(super) fn of(text: &[u8]) -> Self {
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

    pub(super) fn letters(&self) -> usize {
        self.lower + self.upper + self.other
    }

    pub(super) fn classes(&self) -> usize {
        [self.lower, self.upper, self.digits, self.signs].into_iter().filter(|n| *n > 0).count()
    }
}

/// Splits at everything that is neither letter nor digit, and where a small letter meets a capital; in lower case.
pub(in crate::secrets) fn parts(text: &str) -> Vec<String> {
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
