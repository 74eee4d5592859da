//! Whether a text is JSON, and how its objects lie in it.

use memchr::memchr;

use super::Layout;
use super::lex::{self, Fail, Scan, Scanner, skip_space};
use super::rows::Rows;
use crate::formats::{Head, Likeness};

/// Looks at the head; `None` if it is not JSON with objects or arrays.
pub(super) fn look(head: &Head<'_>) -> Option<(Layout, Likeness)> {
    let bytes = head.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head.bytes);
    let bytes = &bytes[skip_space(bytes, 0)..];
    let likeness = match bytes.first()? {
        b'{' | b'[' if starts_like_json(bytes) => match Rows::new("").read(bytes, 0, None) {
            Ok(_) | Err(Fail::Incomplete) => Likeness::Likely,
            Err(Fail::Broken) => Likeness::Possible,
        },
        _ => return None,
    };
    Some((layout(bytes, head.whole), likeness))
}

/// Rules out what else begins with these brackets: INI sections, `{SSHA}` hashes, templates.
fn starts_like_json(bytes: &[u8]) -> bool {
    let inside = skip_space(bytes, 1);
    match (bytes[0], bytes.get(inside)) {
        (_, None) | (b'{', Some(b'}')) => true,
        (b'{', Some(b'"')) => match lex::string(bytes, inside) {
            Ok((end, _)) => matches!(bytes.get(skip_space(bytes, end)), Some(b':') | None),
            Err(fail) => fail == Fail::Incomplete,
        },
        (b'[', Some(b'{' | b'[')) => starts_like_json(&bytes[inside..]),
        (b'[', Some(b']')) => !matches!(bytes.get(inside + 1), Some(b'[')),
        (b'[', Some(b'"')) => lex::string(bytes, inside).is_ok(),
        (b'[', Some(_)) => lex::scalar(bytes, inside, true)
            .is_ok_and(|end| matches!(bytes.get(skip_space(bytes, end)), Some(b',' | b']'))),
        _ => false,
    }
}

fn layout(bytes: &[u8], whole: bool) -> Layout {
    let Scan::End(first) = Scanner::default().feed(bytes) else { return Layout::Document };
    let next = skip_space(bytes, first);
    let another = matches!(bytes.get(next), Some(b'{')) && bytes[0] == b'{';
    let one_line = memchr(b'\n', &bytes[..first]).is_none();
    let apart = memchr(b'\n', &bytes[first..next]).is_some();
    match (another, one_line && apart) {
        (true, true) => Layout::Lines,
        (true, false) => Layout::Sequence,
        // The head ends between two lines.
        (false, true) if !whole && next == bytes.len() => Layout::Lines,
        _ => Layout::Document,
    }
}
