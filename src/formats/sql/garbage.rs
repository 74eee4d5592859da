//! Finds the way back after bytes that are no SQL.

use crate::model::RowAt;

/// Words that start a statement or a line of a client's own language. A statement that starts otherwise is not
/// understood; after bytes that were not, one of them at the start of a line or behind a `;` is where reading goes on.
const STARTERS: [&[u8]; 77] = [
    b"ABORT",
    b"ALTER",
    b"ANALYZE",
    b"ATTACH",
    b"BEGIN",
    b"BULK",
    b"CALL",
    b"CHANGE",
    b"CHECKPOINT",
    b"CLOSE",
    b"CLUSTER",
    b"COMMENT",
    b"COMMIT",
    b"COPY",
    b"CREATE",
    b"DEALLOCATE",
    b"DECLARE",
    b"DELETE",
    b"DELIMITER",
    b"DENY",
    b"DETACH",
    b"DISABLE",
    b"DISCARD",
    b"DO",
    b"DROP",
    b"ENABLE",
    b"END",
    b"EXEC",
    b"EXECUTE",
    b"EXIT",
    b"EXPLAIN",
    b"FLUSH",
    b"GO",
    b"GRANT",
    b"IF",
    b"IMPORT",
    b"INSERT",
    b"KILL",
    b"LISTEN",
    b"LOAD",
    b"LOCK",
    b"MERGE",
    b"NOTIFY",
    b"OPTIMIZE",
    b"PRAGMA",
    b"PREPARE",
    b"PRINT",
    b"PROMPT",
    b"PURGE",
    b"QUIT",
    b"RAISERROR",
    b"REASSIGN",
    b"REFRESH",
    b"REINDEX",
    b"RELEASE",
    b"REM",
    b"RENAME",
    b"REPAIR",
    b"REPLACE",
    b"RESET",
    b"REVOKE",
    b"ROLLBACK",
    b"SAVEPOINT",
    b"SECURITY",
    b"SELECT",
    b"SET",
    b"SHOW",
    b"SPOOL",
    b"START",
    b"TRUNCATE",
    b"UNLOCK",
    b"UPDATE",
    b"USE",
    b"VACUUM",
    b"WAITFOR",
    b"WITH",
    b"XA",
];

/// Whether a statement can start with `word`, given in upper case.
pub(super) fn starts_statement(word: &[u8]) -> bool {
    STARTERS.binary_search(&word).is_ok()
}

/// Passing over bytes that are not understood.
#[derive(Clone)]
pub(super) struct Garbage {
    /// Where they start.
    pub(super) from: RowAt,
    /// What is wrong with them.
    pub(super) what: &'static str,
    /// Whether they stand among the rows of an INSERT, so that `),(` may lead back.
    pub(super) rows: bool,
    state: State,
    word: [u8; Garbage::WORD],
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Inside,
    /// At the start of a line, or behind `;` and blanks.
    Boundary,
    Word,
    Dash,
    Slash,
    /// After `)`, and after `),`, and blanks.
    Closed,
    Comma,
}

/// Where reading can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A statement's first word ended here.
    Word {
        /// Its length.
        len: usize,
    },
    /// `--` or `/*` ended here.
    Comment {
        /// Whether it is the latter.
        block: bool,
    },
    /// A row's `(` is here.
    Row,
}

impl Garbage {
    const WORD: usize = 12;

    pub(super) fn new(from: RowAt, what: &'static str, rows: bool) -> Self {
        Self { from, what, rows, state: State::Inside, word: [0; Self::WORD], len: 0 }
    }

    /// The word that leads back, upper case.
    pub(super) fn word(&self) -> &[u8] {
        &self.word[..self.len.min(Self::WORD)]
    }

    /// Reads on from `at` to where reading can go on, or to the end of the block.
    pub(super) fn pass(&mut self, bytes: &[u8], at: &mut usize) -> Option<Way> {
        while *at < bytes.len() {
            let byte = bytes[*at];
            self.state = match (self.state, byte) {
                (State::Word, _) if byte.is_ascii_alphabetic() => {
                    if self.len < Self::WORD {
                        self.word[self.len] = byte.to_ascii_uppercase();
                    }
                    self.len += 1;
                    State::Word
                }
                (State::Word, b' ' | b'\t' | b'\r' | b'\n')
                    if self.len < Self::WORD && starts_statement(self.word()) =>
                {
                    return Some(Way::Word { len: self.len });
                }
                (_, b'\n' | b';') if !matches!(self.state, State::Closed | State::Comma) || byte == b';' => {
                    State::Boundary
                }
                // A line's end after `)`: the next row's comma or the next statement.
                (State::Boundary, b' ' | b'\t' | b'\r') | (State::Closed, b'\n') => State::Boundary,
                (State::Boundary, _) if byte.is_ascii_alphabetic() => {
                    self.word[0] = byte.to_ascii_uppercase();
                    self.len = 1;
                    State::Word
                }
                (State::Boundary, b'-') => State::Dash,
                (State::Boundary, b'/') => State::Slash,
                (State::Dash, b'-') | (State::Slash, b'*') => {
                    *at += 1;
                    return Some(Way::Comment { block: byte == b'*' });
                }
                (_, b')') if self.rows => State::Closed,
                (State::Closed, b',') | (State::Comma, b' ' | b'\t' | b'\r' | b'\n') => State::Comma,
                (State::Closed, b' ' | b'\t' | b'\r') => State::Closed,
                (State::Comma, b'(') => return Some(Way::Row),
                _ => State::Inside,
            };
            *at += 1;
            if self.state == State::Inside {
                let rest = &bytes[*at..];
                let next = if self.rows {
                    memchr::memchr3(b'\n', b';', b')', rest)
                } else {
                    memchr::memchr2(b'\n', b';', rest)
                };
                *at = next.map_or(bytes.len(), |i| *at + i);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starters_are_sorted_for_the_binary_search() {
        assert!(STARTERS.is_sorted());
    }
}
