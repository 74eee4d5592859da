//! Values with telling names: where they are, in all the ways that files write `name = value`.
//!
//! A keyword leads to a name; what follows the name leads to a value; [`super::names`] and [`super::value`] judge both.

use std::ops::Range;

use super::names::{self, FileKind, Writing};
use super::patterns::Kind;
use super::value;

/// A value with a telling name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) kind: Kind,
    /// Of the value, in the text.
    pub(super) value: Range<usize>,
    pub(super) name: Range<usize>,
    /// In percent.
    pub(super) confidence: u8,
    pub(super) why: &'static str,
}

/// Longest name, and longest value, in bytes.
pub(super) const MAX_NAME: usize = 96;
const MAX_VALUE: usize = 1024;

fn in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'$') || byte >= 0x80
}

/// The name around the keyword at `start`.
pub(super) fn name_at(text: &[u8], start: usize) -> Range<usize> {
    let low = start.saturating_sub(MAX_NAME);
    let mut from = start;
    while from > low && in_name(text[from - 1]) {
        from -= 1;
    }
    let high = (start + MAX_NAME).min(text.len());
    let mut to = start;
    while to < high && in_name(text[to]) {
        to += 1;
    }
    // `--password`: the hyphens are the command line's; `$password`: the dollar is the language's.
    while from < start && matches!(text[from], b'-' | b'.' | b'$') {
        from += 1;
    }
    while to > start && matches!(text[to - 1], b'.' | b'-') {
        to -= 1;
    }
    from..to
}

/// How a value is given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    /// `=`, `:`, `=>`, `:=`, `<-`
    Assigned,
    /// `==`, `!=`
    Compared,
    /// `name("value")`
    Called,
    /// `"name", "value"`
    Listed,
    /// `<name>value</name>`
    Tagged,
    /// `name value`, `--name value`
    Spaced,
    /// `the password is value`
    Said,
}

/// Looks at the name around the keyword at `start` and at what follows. `common` tells common passwords.
pub(super) fn look(
    text: &[u8],
    start: usize,
    name: &Range<usize>,
    file: FileKind,
    common: &dyn Fn(&[u8]) -> bool,
) -> Option<Named> {
    let (mut given, mut at) = given(text, name, file)?;
    let named = std::str::from_utf8(&text[name.clone()]).ok()?;
    let told = names::judge(named)?;
    let is_pass = named.eq_ignore_ascii_case("pass") || named.eq_ignore_ascii_case("_pass");
    match given {
        // `rtas_token("…")` looks something up by its name; `setToken("…")` is told it.
        Given::Called if !names::hands_over(named) || is_pass => return None,
        // `second pass: look for`, `to pass to x`: the verb.
        Given::Said if is_pass => return None,
        Given::Assigned if is_pass && text[at - 1] == b':' && file.writing != Writing::Settings => {
            let value = text[at..text.len().min(at + 8)].trim_ascii_start();
            if !matches!(value.first(), Some(b'"' | b'\'' | b'`')) {
                return None;
            }
        }
        _ => {}
    }
    let mut comment = false;
    if file.writing == Writing::Code {
        comment = is_in_comment(text, start);
    }
    let (value, quoted) = if given == Given::Tagged {
        (until(text, at, |b| matches!(b, b'<' | b'\n')), true)
    } else {
        // `password: str = "x"`, `let password: String = …`: the type is passed over.
        if given == Given::Assigned
            && file.writing == Writing::Code
            && text[at - 1] == b':'
            && let Some(after) = after_type(text, at)
        {
            at = after;
        }
        value_at(text, at, given, file, comment)?
    };
    let bytes = &text[value.clone()];
    if bytes.is_empty() || bytes.len() > MAX_VALUE {
        return None;
    }
    // A bare word in code is the name of something else; what a shell or a settings file writes bare is the value itself.
    if !quoted && file.writing == Writing::Code && !comment {
        return None;
    }
    let judged = match told.kind {
        Kind::Password => value::password(bytes, common),
        Kind::Secret => {
            let (made, people) = (value::random(bytes), value::password(bytes, common));
            // People also make secrets, if carelessly; short words are no such thing.
            if made.likely >= people.likely || bytes.len() < 8 {
                made
            } else if people.likely >= 75 {
                value::Judged { likely: people.likely - people.likely / 5, why: people.why }
            } else {
                made
            }
        }
        Kind::Token | Kind::Key => value::random(bytes),
    };
    // `password = "password"`, `token: token`: named after itself.
    let name_text = &text[name.clone()];
    let own_name = bytes.eq_ignore_ascii_case(name_text)
        || (bytes.len() >= 4 && name_text.to_ascii_lowercase().ends_with(&bytes.to_ascii_lowercase()));
    let mut confidence = u32::from(judged.likely) * u32::from(told.sure) / 100;
    if own_name && !common(bytes) {
        confidence /= 3;
    }
    confidence = confidence * weight(given, quoted, file, comment) / 100;
    if given == Given::Compared {
        given = Given::Assigned;
    }
    let _ = given;
    if file.made_up {
        confidence = confidence * 3 / 4;
    }
    Some(Named { kind: told.kind, value, name: name.clone(), confidence: confidence.min(99) as u8, why: judged.why })
}

fn weight(given: Given, quoted: bool, file: FileKind, comment: bool) -> u32 {
    let by_form = match given {
        Given::Assigned | Given::Tagged => 100,
        Given::Compared => 85,
        Given::Called => 92,
        Given::Listed => 90,
        Given::Spaced => 88,
        Given::Said => 78,
    };
    let by_writing = match (file.writing, quoted) {
        (Writing::Settings | Writing::Markup | Writing::Shell, _) | (Writing::Code, true) => 100,
        (Writing::Prose, true) => 92,
        (Writing::Prose, false) => 86,
        (Writing::Code, false) => 88,
    };
    by_form * by_writing / 100 * if comment { 95 } else { 100 } / 100
}

/// What follows a name: how a value is given, and where to look for it.
fn given(text: &[u8], name: &Range<usize>, file: FileKind) -> Option<(Given, usize)> {
    let rest = &text[name.end..text.len().min(name.end + 160)];
    let before = name.start.checked_sub(1).map(|i| text[i]);
    let mut i = 0;
    // Out of the name's own quotes and brackets.
    let mut closed_quote = false;
    while let Some(b'"' | b'\'' | b'`' | b']' | b'\\') = rest.get(i) {
        closed_quote |= matches!(rest[i], b'"' | b'\'' | b'`');
        i += 1;
        if i > 4 {
            return None;
        }
    }
    let was_quoted = closed_quote && matches!(before, Some(b'"' | b'\'' | b'`'));
    let spaces = rest[i..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let mut j = i + spaces;
    // `token(…)` in prose and `password*:` in forms lead nowhere; a closing tag's name has no value.
    if before == Some(b'/') && rest.first() == Some(&b'>') {
        return None;
    }
    let at = |j: usize| name.end + j;
    match rest.get(j)? {
        b'=' => {
            let next = rest.get(j + 1);
            if next == Some(&b'=') {
                j += 2;
                if rest.get(j) == Some(&b'=') {
                    j += 1;
                }
                return Some((Given::Compared, at(j)));
            }
            if matches!(next, Some(b'>' | b'~')) {
                return Some((Given::Assigned, at(j + 2)));
            }
            Some((Given::Assigned, at(j + 1)))
        }
        b':' => {
            if rest.get(j + 1) == Some(&b'=') {
                return Some((Given::Assigned, at(j + 2)));
            }
            if rest.get(j + 1) == Some(&b':') || (rest.get(j + 1) == Some(&b'/') && rest.get(j + 2) == Some(&b'/')) {
                return None;
            }
            Some((Given::Assigned, at(j + 1)))
        }
        b'!' if rest.get(j + 1) == Some(&b'=') => {
            Some((Given::Compared, at(j + if rest.get(j + 2) == Some(&b'=') { 3 } else { 2 })))
        }
        b'?' if rest.get(j + 1) == Some(&b'=') => Some((Given::Assigned, at(j + 2))),
        b'<' if rest.get(j + 1) == Some(&b'-') => Some((Given::Assigned, at(j + 2))),
        b'(' if !was_quoted && spaces == 0 => {
            let k = j + 1;
            // A value of its own only where nothing but a literal is handed over.
            matches!(rest.get(k), Some(b'"' | b'\'' | b'`')).then(|| (Given::Called, at(k)))
        }
        b')' if matches!(rest.get(j + 1), Some(b'=' | b' ')) => {
            let k = j + 1 + rest[j + 1..].iter().take_while(|b| **b == b' ').count();
            (rest.get(k) == Some(&b'=') && rest.get(k + 1) != Some(&b'=')).then(|| (Given::Assigned, at(k + 1)))
        }
        b',' if was_quoted => {
            let k = j + 1 + rest[j + 1..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            matches!(rest.get(k), Some(b'"' | b'\'')).then(|| (Given::Listed, at(k)))
        }
        b'>' if !was_quoted && spaces == 0 && matches!(before, Some(b'<' | b':')) => Some((Given::Tagged, at(j + 1))),
        b'>' if was_quoted => Some((Given::Tagged, at(j + 1))),
        // `<add key="password" value="x"/>`, `name: password, value: x`
        b'v' | b'V'
            if was_quoted && spaces > 0 && rest[j..].len() > 7 && rest[j..j + 5].eq_ignore_ascii_case(b"value") =>
        {
            let k = j + 5 + rest[j + 5..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
            matches!(rest.get(k), Some(b'=')).then(|| (Given::Assigned, at(k + 1)))
        }
        _ if spaces > 0 && !was_quoted => {
            let words = &rest[j..];
            let verbs: [&[u8]; 9] = [b"is ", b"ist ", b"lautet ", b"est ", b"es ", b"to ", b"was ", b"jest ", b"= "];
            if let Some(verb) =
                verbs.iter().find(|verb| words.len() > verb.len() && words[..verb.len()].eq_ignore_ascii_case(verb))
            {
                let mut k = j + verb.len();
                k += usize::from(rest.get(k) == Some(&b':'));
                return Some((Given::Said, at(k)));
            }
            if matches!(rest[j], b'"' | b'\'') {
                let line = &text[line_start(text, name.start)..name.start];
                return memchr::memmem::find(line, b"define").is_some().then(|| (Given::Spaced, at(j)));
            }
            let flag = name.start >= 2 && &text[name.start - 2..name.start] == b"--";
            let line = line_start(text, name.start);
            let heads = text[line..name.start].iter().all(|b| matches!(b, b' ' | b'\t'));
            // A settings file in which a line is a name and a value; or an option of a command.
            let alone =
                rest[j..].iter().take_while(|b| !matches!(b, b'\n' | b'\r')).filter(|b| **b == b' ').count() == 0;
            ((flag || (heads && alone && file.writing == Writing::Settings))
                && !matches!(rest[j], b'-' | b'|' | b'&' | b'<' | b'>' | b'{' | b'(' | b'[' | b'='))
            .then(|| (Given::Spaced, at(j)))
        }
        _ => None,
    }
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[at.saturating_sub(1024)..at])
        .map_or(at.saturating_sub(1024), |i| at.saturating_sub(1024) + i + 1)
}

/// Whether a mark of a comment stands before `at` in its line.
fn is_in_comment(text: &[u8], at: usize) -> bool {
    let line = &text[line_start(text, at)..at];
    let trimmed = line.trim_ascii_start();
    // `*token = …` is no comment but C.
    let marks: [&[u8]; 7] = [b"//", b"#", b"* ", b"/*", b"--", b"<!--", b";;"];
    marks.iter().any(|mark| trimmed.starts_with(mark))
        || memchr::memmem::find(line, b" // ").is_some()
        || memchr::memmem::find(line, b" # ").is_some()
        || memchr::memmem::find(line, b"/* ").is_some()
}

/// `: Type = `: where the value begins.
fn after_type(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..text.len().min(at + 80)];
    let end = rest.iter().position(|b| matches!(b, b'=' | b'\n' | b'"' | b'\'' | b'(' | b'{'))?;
    (rest[end] == b'=' && rest.get(end + 1) != Some(&b'=')).then_some(at + end + 1)
}

fn until(text: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> Range<usize> {
    let most = text.len().min(at + MAX_VALUE + 1);
    let end = text[at..most].iter().position(|b| stop(*b)).map_or(most, |i| at + i);
    trimmed(text, at..end)
}

fn trimmed(text: &[u8], range: Range<usize>) -> Range<usize> {
    let bytes = &text[range.clone()];
    let head = bytes.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let tail = bytes[head..].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    range.start + head..range.end - tail
}

/// How long what stands before a literal's quote and changes nothing is: `b"x"`, `r"x"`, `@"x"`, `[]byte("x")`,
/// `new String("x")`.
fn wrapper(text: &[u8]) -> usize {
    let wrappers = [
        &b"[]byte("[..],
        b"String(",
        b"new String(",
        b"Buffer.from(",
        b"SecretStr(",
        b"str(",
        b"L",
        b"b",
        b"r",
        b"u",
        b"f",
        b"@",
        b"N",
        b"S",
        b"!!str ",
        b"(",
        b"\\",
    ];
    let quoted = |at: usize| matches!(text.get(at), Some(b'"' | b'\'' | b'`'));
    wrappers.into_iter().find(|w| text.starts_with(w) && quoted(w.len())).map_or(0, <[u8]>::len)
}

/// The value from `at` on, and whether it is a quoted literal.
fn value_at(text: &[u8], at: usize, given: Given, file: FileKind, comment: bool) -> Option<(Range<usize>, bool)> {
    let most = text.len().min(at + MAX_VALUE + 40);
    let mut i = at;
    while i < most && matches!(text[i], b' ' | b'\t') {
        i += 1;
    }
    i += wrapper(&text[i..most]);
    match *text.get(i)? {
        quote @ (b'"' | b'\'' | b'`') => {
            // Within an escaped string (`\"password\": \"x\"`) the end is escaped too.
            let escaped = i > 0 && text[i - 1] == b'\\';
            let triple = text[i..].starts_with(&[quote; 3]);
            let start = if triple { i + 3 } else { i + 1 };
            let mut end = start;
            while end < most {
                match text[end] {
                    b'\\' if escaped => break,
                    b'\\' if end + 1 < most => end += 2,
                    b'\n' => return None,
                    byte if byte == quote => break,
                    _ => end += 1,
                }
            }
            if end >= most {
                return None;
            }
            // `"a" + b`, `"..." % x`: more than a literal.
            let after = text[end + 1..text.len().min(end + 8)].trim_ascii_start();
            if !triple
                && (after.starts_with(b"+ ")
                    || after.starts_with(b". $")
                    || after.starts_with(b"% ")
                    || after.starts_with(b".format"))
            {
                return None;
            }
            if given == Given::Called && !matches!(after.first(), Some(b')' | b',')) {
                return None;
            }
            Some((start..end, true))
        }
        _ if matches!(given, Given::Called | Given::Listed | Given::Compared) => None,
        first => {
            if matches!(file.writing, Writing::Code) && !comment {
                return None;
            }
            if matches!(first, b'\n' | b'\r') {
                return None;
            }
            let settings = matches!(file.writing, Writing::Settings);
            let whole_line = settings && given == Given::Assigned;
            let mut end = i;
            while end < most && !matches!(text[end], b'\n' | b'\r') {
                let byte = text[end];
                if matches!(byte, b' ' | b'\t')
                    && (!whole_line
                        || text[end..most].trim_ascii_start().starts_with(b"#")
                        || text[end..most].trim_ascii_start().starts_with(b";"))
                {
                    break;
                }
                if !whole_line
                    && matches!(byte, b',' | b';' | b')' | b']' | b'}' | b'"' | b'\'' | b'`' | b'<' | b'&' | b'|')
                {
                    break;
                }
                end += 1;
            }
            let mut range = trimmed(text, i..end);
            // A call or an index, in what is written about code.
            let written = matches!(file.writing, Writing::Code | Writing::Prose | Writing::Markup);
            if written && text[range.clone()].iter().any(|b| matches!(b, b'(' | b'[')) {
                return None;
            }
            // Prose ends sentences; a settings line in braces ends with one.
            while range.end > range.start && matches!(text[range.end - 1], b',' | b';')
                || (range.end > range.start && !settings && matches!(text[range.end - 1], b'.' | b':' | b')'))
            {
                range.end -= 1;
            }
            (!range.is_empty()).then_some((range, false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(word: &[u8]) -> bool {
        matches!(word, b"sunshine" | b"letmein")
    }

    fn found(path: &str, line: &str) -> Option<(String, u8)> {
        let text = line.as_bytes();
        let lower = line.to_ascii_lowercase();
        let named = ["pass", "pwd", "secret", "token", "key", "kennwort"]
            .iter()
            .flat_map(|keyword| lower.match_indices(keyword).map(|(at, _)| at))
            .filter_map(|at| look(text, at, &name_at(text, at), FileKind::of(path), &common))
            .max_by_key(|named| named.confidence)?;
        Some((String::from_utf8_lossy(&text[named.value]).into_owned(), named.confidence))
    }

    #[test]
    fn a_value_is_found_however_it_is_given() {
        const VALUE: &str = "Gr4nite!x7";
        for (path, line) in [
            ("a.py", "password = 'VALUE'"),
            ("a.py", "    db_password: str = \"VALUE\""),
            ("a.js", "  password: \"VALUE\","),
            ("a.json", "\"password\": \"VALUE\","),
            ("a.c", "#define DB_PASSWORD \"VALUE\"\nx = password == \"VALUE\""),
            ("a.rb", ":password => 'VALUE'"),
            ("a.go", "password := \"VALUE\""),
            ("a.java", "conn.setPassword(\"VALUE\");"),
            ("a.java", "props.put(\"password\", \"VALUE\");"),
            ("a.php", "$config['password'] = 'VALUE';"),
            ("a.yml", "password: VALUE"),
            ("a.ini", "password=VALUE"),
            (".env", "export DB_PASSWORD=VALUE"),
            ("a.xml", "<password>VALUE</password>"),
            ("a.xml", "<add key=\"password\" value=\"VALUE\" />"),
            ("a.xml", "<property name=\"password\">VALUE</property>"),
            ("a.sh", "mysqldump --password VALUE"),
            ("a.sh", "mysqldump --password=VALUE"),
            ("a.md", "The password is VALUE."),
            ("redis.conf", "requirepass VALUE"),
            ("a.py", "# Kennwort: VALUE"),
            ("a.sh", "curl -d '{\\\"password\\\": \\\"VALUE\\\"}'"),
        ] {
            let line = line.replace("VALUE", VALUE);
            let (value, confidence) = found(path, &line).unwrap_or_else(|| panic!("{path}: {line}"));
            assert_eq!(value, VALUE, "{path}: {line}");
            assert!(confidence >= 50, "{path}: {line}: {confidence}");
        }
    }

    #[test]
    fn what_is_no_value_is_not_taken_for_one() {
        for (path, line) in [
            ("a.py", "password = get_password(user)"),
            ("a.py", "password = self.password"),
            ("a.ts", "password: string;"),
            ("a.yml", "password: ${DB_PASSWORD}"),
            ("a.js", "label.password = 'Enter your password';"),
            ("a.c", "token = strtok(NULL, \" \");"),
            ("a.html", "<input type=\"password\" name=\"user_password\">"),
            ("a.md", "The password must be long."),
            ("a.java", "String passwordHash = \"5f4dcc3b5aa765d61d8327deb882cf99\";"),
            ("a.py", "parser.add_argument('--password', help='the password')"),
        ] {
            let found = found(path, line);
            assert!(found.as_ref().is_none_or(|(_, confidence)| *confidence < 50), "{path}: {line}: {found:?}");
        }
    }
}
