//! Finds where statements, rows and cells end, byte after byte: the part of the reader that can stop anywhere.
//!
//! It knows quotes, comments and delimiters, and nothing of what stands between them.

use super::dialect::Rules;
use super::text::is_word;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A word has ended before the place reached: [`Scanner::word`].
    Word,
    /// A quote opens; the bytes up to its end give no events.
    Quote,
    /// A block comment opens.
    Comment,
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// The end of a statement.
    End,
    /// Any other byte that may stand in a statement.
    Punct(u8),
    /// A byte that cannot: NUL, control characters.
    Bad,
}

/// A resumable scanner.
#[allow(clippy::struct_excessive_bools)] // Four independent facts about the last bytes.
#[derive(Clone)]
pub(super) struct Scanner {
    state: State,
    /// The first bytes of the word, upper case.
    word: [u8; Self::WORD],
    word_len: usize,
    /// Where the event last given starts, in bytes of the unit's text.
    pub(super) start: u64,
    /// Whether the word stands at the very start of a line.
    pub(super) at_line_start: bool,
    /// Whether the word touches the quote before it, as nothing well-formed does.
    pub(super) glued: bool,
    /// Whether an `E` touches the quote that opens.
    escape_string: bool,
    /// Inside `/*! … */`.
    conditional: bool,
    last: Last,
    tag: Vec<u8>,
    delimiter: Vec<u8>,
}

/// What the byte before was, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Newline,
    Quote,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first byte; counts bytes of the byte order mark.
    Mark(u8),
    Plain,
    Word,
    Quoted {
        close: u8,
        backslash: bool,
    },
    /// After a backslash in quotes.
    Escaped {
        close: u8,
    },
    /// In `[…]`, and after a `]` that may be half of a doubled one.
    Bracket,
    BracketEnd,
    Dash,
    DashDash,
    Slash,
    /// After `/*`, `/*M`, and in the digits of `/*!40101`.
    CommentOpen,
    CommentOpenM,
    Version(u32),
    Comment {
        depth: u16,
        last: u8,
    },
    LineComment,
    /// After `*` inside `/*! … */`.
    Star,
    /// In the tag that opens a dollar string.
    Tag,
    Dollar {
        matched: usize,
    },
    Delimiter {
        matched: usize,
    },
}

impl Scanner {
    /// Bytes of a word that are kept: the longest keyword has 10 letters.
    const WORD: usize = 16;
    /// Longest tag of a dollar string: a name's length in PostgreSQL (NAMEDATALEN - 1), and the two dollars.
    const TAG: usize = 65;
    /// Longest delimiter that is believed; mysql itself allows 15 bytes.
    const DELIMITER: usize = 15;
    /// A conditional comment of this version or later is run by no server; MariaDB's dumps carry one for their client.
    const NEVER: u32 = 999_999;

    /// At the start of a text.
    pub(super) fn new() -> Self {
        Self {
            state: State::Mark(0),
            word: [0; Self::WORD],
            word_len: 0,
            start: 0,
            at_line_start: false,
            glued: false,
            escape_string: false,
            conditional: false,
            last: Last::Newline,
            tag: Vec::new(),
            delimiter: b";".to_vec(),
        }
    }

    /// The word last found, upper case, cut to its first 16 bytes.
    pub(super) fn word(&self) -> &[u8] {
        &self.word[..self.word_len.min(Self::WORD)]
    }

    /// Length of the word last found.
    pub(super) fn word_len(&self) -> usize {
        self.word_len
    }

    /// Between tokens.
    pub(super) fn is_plain(&self) -> bool {
        self.state == State::Plain
    }

    /// Inside something that must be closed: a quote or a block comment.
    pub(super) fn is_open(&self) -> bool {
        !matches!(
            self.state,
            State::Mark(_)
                | State::Plain
                | State::Word
                | State::BracketEnd
                | State::Dash
                | State::DashDash
                | State::Slash
                | State::LineComment
                | State::Star
                | State::Tag
                | State::Delimiter { .. }
        )
    }

    /// Whether the statement delimiter is the usual `;`.
    pub(super) fn is_usual_delimiter(&self) -> bool {
        self.delimiter == b";"
    }

    /// Changes the statement delimiter; one that is empty or too long is passed over.
    pub(super) fn delimit(&mut self, delimiter: &[u8]) {
        if (1..=Self::DELIMITER).contains(&delimiter.len()) {
            self.delimiter = delimiter.to_vec();
        }
    }

    /// Goes on between tokens after bytes that others read; `newline` if the last of them was one.
    pub(super) fn resume(&mut self, newline: bool) {
        self.state = State::Plain;
        self.last = if newline { Last::Newline } else { Last::Other };
    }

    /// Goes on after `--` or `/*` that others read at `start`; what begins with `--` may turn out to be no comment.
    pub(super) fn resume_in_comment(&mut self, block: bool, start: u64) {
        self.start = start;
        self.state = if block { State::CommentOpen } else { State::DashDash };
        self.last = Last::Other;
    }

    /// Whether both would read on alike.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        self.state == State::Plain
            && other.state == State::Plain
            && self.conditional == other.conditional
            && self.delimiter == other.delimiter
            && self.last == other.last
    }

    /// The next event in `bytes` from `at` on, which moves behind it; `base` is the offset of `bytes`. `None` at the
    /// end of the block.
    pub(super) fn next(&mut self, bytes: &[u8], at: &mut usize, base: u64, rules: Rules) -> Option<Event> {
        while *at < bytes.len() {
            let event = match self.state {
                State::Plain => self.plain(bytes, at, base, rules),
                State::Word => self.in_word(bytes, at, rules),
                State::Quoted { close, backslash } => {
                    self.in_quotes(bytes, at, close, backslash);
                    None
                }
                State::Comment { depth, last } => {
                    self.in_comment(bytes, at, depth, last, rules);
                    None
                }
                State::LineComment => {
                    match memchr::memchr(b'\n', &bytes[*at..]) {
                        Some(i) => {
                            *at += i + 1;
                            self.resume(true);
                        }
                        None => *at = bytes.len(),
                    }
                    None
                }
                _ => self.between(bytes[*at], at, rules),
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    /// At the end of the text: a word that ends with it.
    pub(super) fn finish(&mut self) -> Option<Event> {
        let word = self.state == State::Word;
        if word {
            self.resume(false);
        }
        word.then_some(Event::Word)
    }

    fn plain(&mut self, bytes: &[u8], at: &mut usize, base: u64, rules: Rules) -> Option<Event> {
        let byte = bytes[*at];
        if byte == b'\n' {
            *at += 1;
            self.last = Last::Newline;
            return None;
        }
        self.start = base + *at as u64;
        if is_word(byte) {
            self.state = State::Word;
            self.word_len = 0;
            self.at_line_start = self.last == Last::Newline;
            self.glued = self.last == Last::Quote;
            self.escape_string = false;
            return None;
        }
        *at += 1;
        let escape_string = std::mem::take(&mut self.escape_string);
        self.last = Last::Other;
        if byte == self.delimiter[0] {
            if self.delimiter.len() == 1 {
                return Some(Event::End);
            }
            self.state = State::Delimiter { matched: 1 };
            return None;
        }
        match byte {
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => None,
            b'\'' => {
                self.state = State::Quoted { close: byte, backslash: rules.backslash || escape_string };
                Some(Event::Quote)
            }
            b'"' => {
                self.state = State::Quoted { close: byte, backslash: rules.backslash && rules.hash_comments() };
                Some(Event::Quote)
            }
            b'`' => {
                self.state = State::Quoted { close: byte, backslash: false };
                Some(Event::Quote)
            }
            b'[' if rules.bracket_names() => {
                self.state = State::Bracket;
                Some(Event::Quote)
            }
            b'$' if rules.dollar_strings() => {
                self.tag.clear();
                self.tag.push(byte);
                self.state = State::Tag;
                None
            }
            b'#' if rules.hash_comments() => {
                self.state = State::LineComment;
                None
            }
            b'-' => {
                self.state = State::Dash;
                None
            }
            b'/' => {
                self.state = State::Slash;
                None
            }
            b'*' if self.conditional => {
                self.state = State::Star;
                None
            }
            b'(' => Some(Event::Open),
            b')' => Some(Event::Close),
            b',' => Some(Event::Comma),
            0..=0x1f | 0x7f => Some(Event::Bad),
            _ => Some(Event::Punct(byte)),
        }
    }

    fn in_word(&mut self, bytes: &[u8], at: &mut usize, rules: Rules) -> Option<Event> {
        for &byte in &bytes[*at..] {
            if !is_word(byte) {
                self.resume(false);
                self.escape_string = byte == b'\'' && self.word() == b"E" && rules.escape_strings();
                return Some(Event::Word);
            }
            if self.word_len < Self::WORD {
                self.word[self.word_len] = byte.to_ascii_uppercase();
            }
            self.word_len += 1;
            *at += 1;
        }
        None
    }

    fn in_quotes(&mut self, bytes: &[u8], at: &mut usize, close: u8, backslash: bool) {
        let escape = if backslash { b'\\' } else { close };
        match memchr::memchr2(close, escape, &bytes[*at..]) {
            None => *at = bytes.len(),
            Some(i) => {
                *at += i + 1;
                if bytes[*at - 1] == close {
                    self.state = State::Plain;
                    self.last = Last::Quote;
                } else {
                    self.state = State::Escaped { close };
                }
            }
        }
    }

    fn in_comment(&mut self, bytes: &[u8], at: &mut usize, mut depth: u16, mut last: u8, rules: Rules) {
        while let Some(&byte) = bytes.get(*at) {
            *at += 1;
            match (last, byte) {
                (b'*', b'/') => {
                    depth -= 1;
                    last = 0;
                    if depth == 0 {
                        self.resume(false);
                        return;
                    }
                }
                (b'/', b'*') if rules.nested_comments() => {
                    depth = depth.saturating_add(1);
                    last = 0;
                }
                _ => last = byte,
            }
            if !matches!(last, b'*' | b'/') {
                *at = memchr::memchr2(b'*', b'/', &bytes[*at..]).map_or(bytes.len(), |i| *at + i);
                last = 0;
            }
        }
        self.state = State::Comment { depth, last };
    }

    /// The states that look at one byte. One that does not belong to them is left for the next state.
    fn between(&mut self, byte: u8, at: &mut usize, rules: Rules) -> Option<Event> {
        const MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
        let taken = match (self.state, byte) {
            (State::Mark(2), b) if b == MARK[2] => Some((State::Plain, None)),
            (State::Mark(n @ 0..=1), b) if b == MARK[usize::from(n)] => Some((State::Mark(n + 1), None)),
            (State::Escaped { close }, _) => Some((State::Quoted { close, backslash: true }, None)),
            (State::Bracket, b']') => Some((State::BracketEnd, None)),
            (State::Bracket, _) | (State::BracketEnd, b']') => Some((State::Bracket, None)),
            (State::Dash, b'-') if rules.dashes_need_space() => Some((State::DashDash, None)),
            (State::Dash, b'-') => Some((State::LineComment, None)),
            (State::Slash, b'*') => Some((State::CommentOpen, Some(Event::Comment))),
            (State::CommentOpen, b'!') if rules.conditional_comments() => Some((State::Version(0), None)),
            (State::CommentOpen, b'M') if rules.conditional_comments() => Some((State::CommentOpenM, None)),
            (State::CommentOpenM, b'!') => Some((State::Version(0), None)),
            (State::Version(n), b'0'..=b'9') => {
                Some((State::Version(n.saturating_mul(10).saturating_add(u32::from(byte - b'0'))), None))
            }
            (State::Star, b'/') => {
                self.conditional = false;
                Some((State::Plain, None))
            }
            (State::Tag, b'$') => {
                self.tag.push(byte);
                Some((State::Dollar { matched: 0 }, Some(Event::Quote)))
            }
            (State::Tag, b) if is_word(b) && self.tag.len() < Self::TAG => {
                let digit_first = self.tag.len() == 1 && b.is_ascii_digit();
                if digit_first {
                    None
                } else {
                    self.tag.push(b);
                    Some((State::Tag, None))
                }
            }
            (State::Dollar { matched }, b) => Some((self.in_dollars(matched, b), None)),
            (State::Delimiter { matched }, b) if b == self.delimiter[matched] => {
                if matched + 1 == self.delimiter.len() {
                    Some((State::Plain, Some(Event::End)))
                } else {
                    Some((State::Delimiter { matched: matched + 1 }, None))
                }
            }
            _ => None,
        };
        if let Some((state, event)) = taken {
            *at += 1;
            self.state = state;
            return event;
        }
        let (state, event) = match self.state {
            State::Mark(0) => (State::Plain, None),
            State::Mark(_) => (State::Plain, Some(Event::Bad)),
            State::Dash | State::DashDash if self.state == State::DashDash && byte.is_ascii_whitespace() => {
                (State::LineComment, None)
            }
            State::Dash | State::DashDash => (State::Plain, Some(Event::Punct(b'-'))),
            State::Slash => (State::Plain, Some(Event::Punct(b'/'))),
            State::Star => (State::Plain, Some(Event::Punct(b'*'))),
            State::Tag => (State::Plain, Some(Event::Punct(b'$'))),
            State::Delimiter { .. } => (State::Plain, Some(Event::Punct(self.delimiter[0]))),
            State::CommentOpen | State::CommentOpenM => (State::Comment { depth: 1, last: 0 }, None),
            State::Version(n) if byte == b'\\' || n >= Self::NEVER => (State::Comment { depth: 1, last: 0 }, None),
            State::Version(_) => {
                self.conditional = true;
                (State::Plain, None)
            }
            // `]` ended a name.
            _ => {
                self.last = Last::Quote;
                (State::Plain, None)
            }
        };
        self.state = state;
        event
    }

    /// Looks for the closing tag. A tag's only dollars are its first and last byte, so a mismatch starts anew.
    fn in_dollars(&mut self, matched: usize, byte: u8) -> State {
        let matched = match byte {
            b if b == self.tag[matched] => matched + 1,
            b'$' => 1,
            _ => 0,
        };
        if matched == self.tag.len() {
            self.last = Last::Quote;
            return State::Plain;
        }
        State::Dollar { matched }
    }
}
