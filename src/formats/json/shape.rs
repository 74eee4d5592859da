//! What an object outside rows is: a record, a map of records, or something that holds tables further in.
//!
//! The answer depends on the object's first 64 KiB only, so that it is the same however the text comes.

use std::collections::HashSet;

use super::lex::{self, Fail, Scan, Scanner, skip_space};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One row.
    Record,
    /// Keys to rows.
    Map,
    /// Anything else; tables may be further in.
    Container,
}

/// How much of an object is looked at.
const LOOK: usize = 64 << 10;
/// Members looked at.
const MEMBERS: usize = 64;
/// Levels looked into.
const LEVELS: u32 = 8;
/// Children whose keys are compared.
const CHILDREN: usize = 8;

/// The shape of the object at the start of `bytes`; `None` if more bytes are needed. `end` says that none follow.
pub(super) fn of(bytes: &[u8], end: bool) -> Option<Shape> {
    let seen = &bytes[..bytes.len().min(LOOK)];
    match Scanner::default().feed(seen) {
        Scan::End(len) | Scan::Cut(len) => Some(judge(&seen[..len], true, 0)),
        Scan::More if seen.len() == LOOK || end => Some(judge(seen, false, 0)),
        Scan::More => None,
    }
}

fn judge(object: &[u8], complete: bool, level: u32) -> Shape {
    let mut scalars = 0;
    let mut lists = 0;
    let mut children: Vec<(&[u8], bool)> = Vec::new();
    for member in members(object).take(MEMBERS) {
        match member.value.first() {
            Some(b'{') => children.push((member.value, member.complete)),
            Some(b'[') => {
                let first = skip_space(member.value, 1);
                match member.value.get(first) {
                    Some(b'{' | b'[') => return Shape::Container,
                    _ => lists += 1,
                }
            }
            _ => scalars += 1,
        }
    }
    if level >= LEVELS {
        return Shape::Record;
    }
    let shapes: Vec<Shape> = children.iter().take(CHILDREN).map(|(c, whole)| judge(c, *whole, level + 1)).collect();
    if scalars == 0 && lists == 0 && are_alike(&children, &shapes) {
        return Shape::Map;
    }
    if shapes.iter().any(|s| *s != Shape::Record) || !complete { Shape::Container } else { Shape::Record }
}

/// Whether the children are records of one kind: they share at least half of their keys.
fn are_alike(children: &[(&[u8], bool)], shapes: &[Shape]) -> bool {
    let keys = |object: &[u8]| -> HashSet<Vec<u8>> { members(object).take(MEMBERS).map(|m| m.key.to_vec()).collect() };
    let has_scalar =
        |object: &[u8]| members(object).take(MEMBERS).any(|m| !matches!(m.value.first(), Some(b'{' | b'[')));
    match children {
        [] => false,
        [(only, complete)] => (shapes[0] == Shape::Record || !complete) && has_scalar(only),
        [(first, _), others @ ..] => {
            let first_keys = keys(first);
            let others = &others[..others.len().min(CHILDREN - 1)];
            // The last child may be cut by the end of what is looked at.
            let whole = || others.iter().filter(|(_, complete)| *complete);
            has_scalar(first)
                && whole().all(|(other, _)| {
                    let keys = keys(other);
                    let shared = keys.intersection(&first_keys).count();
                    shared > 0 && shared * 2 >= keys.len().min(first_keys.len())
                })
        }
    }
}

struct Member<'a> {
    key: &'a [u8],
    value: &'a [u8],
    complete: bool,
}

/// The members of an object, as far as they go.
fn members(object: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut pos = 1;
    std::iter::from_fn(move || {
        while matches!(object.get(pos), Some(b' ' | b'\n' | b'\r' | b'\t' | b',')) {
            pos += 1;
        }
        if object.get(pos) != Some(&b'"') {
            return None;
        }
        let (end, _) = lex::string(object, pos).ok()?;
        let key = &object[pos + 1..end - 1];
        let colon = skip_space(object, end);
        if object.get(colon) != Some(&b':') {
            return None;
        }
        let start = skip_space(object, colon + 1);
        let found = match object.get(start)? {
            b'{' | b'[' => match Scanner::default().feed(&object[start..]) {
                Scan::End(len) | Scan::Cut(len) => Ok(start + len),
                Scan::More => Err(Fail::Incomplete),
            },
            b'"' => lex::string(object, start).map(|(to, _)| to),
            _ => lex::scalar(object, start, false),
        };
        let (stop, complete) = match found {
            Ok(stop) => (stop, true),
            Err(_) => (object.len(), false),
        };
        pos = stop;
        Some(Member { key, value: &object[start..stop], complete })
    })
}
