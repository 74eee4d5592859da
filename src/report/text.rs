//! Text for a terminal: hostile names made harmless, long ones cut, lines wrapped, numbers made readable.

/// Columns one character takes: 2 for East Asian wide ones and pictographs (Unicode Standard Annex 11, ranges of class
/// W and F rounded up), else 1. Combining marks count as 1: a line may come out shorter than planned, never longer.
fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115F
        | 0x231A..=0x231B
        | 0x23E9..=0x23F3
        | 0x25FD..=0x25FE
        | 0x2614..=0x27BF
        | 0x2B1B..=0x2B55
        | 0x2E80..=0xA4CF
        | 0xA960..=0xA97F
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE10..=0xFE1F
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x16FE0..=0x18DFF
        | 0x1B000..=0x1B2FF
        | 0x1F000..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Columns of a line.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// `text` with everything escaped that is no visible character: control characters and terminal escapes, line breaks,
/// direction overrides, zero-width and private characters. Quotes and backslashes stay as they are.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A leading character keeps a combining mark after it from being escaped as if it stood alone.
    let mut pair = String::with_capacity(8);
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' | ' '..='~' => out.push(c),
            // The only space that is visible as a space is the ASCII one.
            _ => {
                pair.clear();
                pair.push('a');
                pair.push(c);
                out.extend(pair.escape_debug().skip(1));
            }
        }
    }
    out
}

/// [`clean`], cut in the middle to `width` columns: the end of a path says as much as its start.
pub(super) fn name(text: &str, width: usize) -> String {
    // A hostile name can be megabytes: what cannot be shown need not be escaped.
    let ends = width.saturating_mul(4);
    let text = if text.len() > 2 * ends + 8 {
        let head = text.floor_char_boundary(ends);
        let tail = text.ceil_char_boundary(text.len() - ends);
        &format!("{}{}", &text[..head], &text[tail..])
    } else {
        text
    };
    let text = clean(text);
    if columns(&text) <= width {
        return text;
    }
    let room = width.saturating_sub(1);
    let mut head = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + columns_of(c) > room / 2 {
            break;
        }
        used += columns_of(c);
        head.push(c);
    }
    let mut tail = Vec::new();
    for c in text.chars().rev() {
        if used + columns_of(c) > room {
            break;
        }
        used += columns_of(c);
        tail.push(c);
    }
    head.push('…');
    head.extend(tail.into_iter().rev());
    head
}

/// [`clean`], as lines of at most `width` columns, broken at spaces where there are any. Longer than `most` lines is cut.
pub(super) fn wrap(text: &str, width: usize, most: usize) -> Vec<String> {
    let width = width.max(8);
    let cut = text.floor_char_boundary(text.len().min(width * most * 4));
    let cleaned = clean(&text[..cut]);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in cleaned.split(' ').filter(|w| !w.is_empty()) {
        let len = columns(word);
        if used > 0 && used + 1 + len > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        if len <= width {
            line.push_str(word);
            used += len;
            continue;
        }
        for c in word.chars() {
            if used + columns_of(c) > width {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("there is always a line").push(c);
            used += columns_of(c);
        }
    }
    if lines.len() > most || cut < text.len() {
        lines.truncate(most);
        let last = lines.last_mut().expect("at least one line is kept");
        while columns(last) >= width {
            last.pop();
        }
        last.push('…');
    }
    lines
}

/// `1234567` as `1,234,567`.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

/// `1 row`, `2 rows`.
pub(super) fn counted(n: u64, one: &str) -> String {
    format!("{} {one}{}", number(n), if n == 1 { "" } else { "s" })
}

/// Bytes in powers of 1024, three digits: `812 B`, `5.27 GiB`.
pub(super) fn bytes(n: u64) -> String {
    if n < 1024 {
        return format!("{} B", number(n));
    }
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit < 6 {
        value /= 1024.0;
        unit += 1;
    }
    let name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"][unit];
    // Three digits in all, whatever the rounding makes of 9.995.
    let digits = usize::from(value < 9.995) + usize::from(value < 99.95);
    format!("{value:.digits$} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_survives_cleaning() {
        let hostile = "a\x1b[31mred\u{202e}gpj\u{7}\r\n\t\u{200b}\u{2066}\u{9b}2J\u{7f}\u{feff}\u{2028}\u{e000}";
        let shown = clean(hostile);
        assert!(shown.chars().all(|c| (' '..='~').contains(&c)), "{shown}");
        assert!(shown.contains("\\u{1b}[31m"), "{shown}");
        assert_eq!(clean("Jürgen's \"é\" 表\\e\u{301}"), "Jürgen's \"é\" 表\\e\u{301}");
    }

    #[test]
    fn long_names_are_cut_in_the_middle() {
        assert_eq!(name("backup/2026/users.sql", 40), "backup/2026/users.sql");
        let cut = name("backup/of/the/whole/house/users.sql", 20);
        assert_eq!(columns(&cut), 20, "{cut}");
        assert!(cut.starts_with("backup") && cut.ends_with("sers.sql"), "{cut}");
        for wide in ["表".repeat(5_000_000), "\u{1b}".repeat(5_000_000)] {
            assert!(columns(&name(&wide, 31)) <= 31);
        }
    }

    #[test]
    fn wrapped_lines_keep_within_the_width_even_without_spaces() {
        let text = format!("one two {} three 表表表表表表表表", "x".repeat(70));
        let lines = wrap(&text, 20, 100);
        assert!(lines.iter().all(|l| columns(l) <= 20), "{lines:?}");
        assert_eq!(lines.concat().replace(' ', "").len(), text.replace(' ', "").len());
        let cut = wrap(&text, 20, 2);
        assert_eq!(cut.len(), 2);
        assert!(cut[1].ends_with('…') && columns(&cut[1]) <= 20, "{cut:?}");
    }

    #[test]
    fn numbers_and_sizes_are_readable() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1000, "row"), "1,000 rows");
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(5_660_000_000), "5.27 GiB");
        assert_eq!(bytes(1024), "1.00 KiB");
        assert_eq!(bytes(u64::MAX), "16.0 EiB");
    }
}
