//! The language of constructions: what an expression is made of, and how it is written.

use std::fmt::{self, Display as _};

use super::{Algorithm, Uses};

/// A construction of fast hashes.
///
/// ```text
/// formula  = [ count "*" ] digest [ "from" text ]      repeated: each round has `prev`, the last round's digest
/// digest   = hash "(" text ")" [ "[" from ".." to "]" ]           bytes from..to of it
///          | "hmac_" hash "(" "key=" text "," text ")" [ … ]
/// text     = piece { "." piece }                       one after another
/// piece    = input | "…" | digest | "raw:" digest | word "(" text ")" | "fill(" count "," input ")"
/// input    = pass | salt | salt2 | login | email | pepper | "unhex(" input ")" | "unbase64(" input ")"
/// word     = upper | lower | utf16le | utf16be | base64
/// hash     = md4 | md5 | sha1 | sha224 | …             see `Algorithm`; ntlm(x) is md4(utf16le(x))
/// ```
///
/// A digest within a text is lower-case hexadecimal, as scripting languages write it; `raw:` takes its bytes, `upper` its
/// upper-case text, `base64` its padded base64. `upper` and `lower` change ASCII letters only. `unhex` and `unbase64`
/// take an input for text of bytes, which `utf16le` and `utf16be` take for text again; where it is none, there is no digest. `fill` repeats an input (and cuts it) to so many bytes.
/// Constants are in quotes; `\"`, `\\` and `\x00` stand for a quote, a backslash and any byte. With `from`, a text takes
/// the place of `prev` in the first round; without, nothing does.
///
/// Printed, an expression reads the same again: the words stand with each input (`upper(login) . upper(":")`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    pub(super) times: Option<Times>,
    pub(super) node: Node,
}

/// A repetition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) count: u32,
    /// What `prev` is in the first round.
    pub(super) from: Vec<Part>,
}

/// One digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) algorithm: Algorithm,
    /// HMAC, and its key.
    pub(super) key: Option<Vec<Part>>,
    pub(super) parts: Vec<Part>,
    /// Bytes from the first up to before the second.
    pub(super) cut: Option<(u8, u8)>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Piece(Piece),
    Digest {
        node: Node,
        shown: Shown,
        /// As UTF-16LE.
        wide: bool,
    },
    /// The last round's digest.
    Previous {
        shown: Shown,
        wide: bool,
    },
}

/// How a digest's bytes are put into a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Raw,
    Hex,
    UpperHex,
    Base64,
}

/// An input or a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) input: Input,
    pub(super) coded: Coded,
    /// Repeated up to so many bytes.
    pub(super) fill: Option<u16>,
    pub(super) case: Case,
    pub(super) wide: Wide,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Pass,
    Salt,
    Salt2,
    Login,
    Email,
    Pepper,
    Constant(Box<[u8]>),
}

/// What an input is text of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coded {
    /// Itself.
    No,
    Hex,
    Base64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    AsIs,
    Upper,
    Lower,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wide {
    No,
    LittleEndian,
    BigEndian,
}

impl Piece {
    pub(super) fn plain(input: Input) -> Self {
        Self { input, coded: Coded::No, fill: None, case: Case::AsIs, wide: Wide::No }
    }

    pub(super) fn wide(input: Input) -> Self {
        Self { wide: Wide::LittleEndian, ..Self::plain(input) }
    }

    /// Whether the input is hashed as it stands.
    #[inline]
    pub(super) fn is_as_is(&self) -> bool {
        self.coded == Coded::No && self.fill.is_none() && self.case == Case::AsIs && self.wide == Wide::No
    }
}

impl Input {
    /// The words for inputs, with what they mean.
    pub(super) const WORDS: [(&'static str, Self); 6] = [
        ("pass", Self::Pass),
        ("salt", Self::Salt),
        ("salt2", Self::Salt2),
        ("login", Self::Login),
        ("email", Self::Email),
        ("pepper", Self::Pepper),
    ];
}

impl Node {
    /// Length of what it gives, in bytes.
    pub(super) const fn len(&self) -> usize {
        match self.cut {
            Some((from, to)) => (to - from) as usize,
            None => self.algorithm.digest_len(),
        }
    }

    /// The same without [`Algorithm::Ntlm`], which the language writes as MD4.
    pub(super) fn of_text(mut self) -> Self {
        if self.algorithm == Algorithm::Ntlm {
            self.algorithm = Algorithm::Md4;
            for part in self.parts.iter_mut().chain(self.key.iter_mut().flatten()) {
                match part {
                    Part::Piece(piece) => piece.wide = Wide::LittleEndian,
                    Part::Digest { wide, shown, .. } | Part::Previous { wide, shown } => *wide = *shown != Shown::Raw,
                }
            }
        }
        for part in self.parts.iter_mut().chain(self.key.iter_mut().flatten()) {
            if let Part::Digest { node, .. } = part {
                let inner = Self { algorithm: node.algorithm, key: None, parts: Vec::new(), cut: None };
                *node = std::mem::replace(node, inner).of_text();
            }
        }
        self
    }

    fn all_parts(&self) -> impl Iterator<Item = &Part> {
        self.key.iter().flatten().chain(&self.parts)
    }

    fn visit(&self, see: &mut dyn FnMut(&Piece)) {
        for part in self.all_parts() {
            part.visit(see);
        }
    }

    fn nanoseconds(&self) -> u64 {
        let parts: u64 = self
            .all_parts()
            .map(|part| match part {
                // A long text fills a block of its own.
                Part::Digest { node, shown, .. } => {
                    let block = if *shown == Shown::Raw { 0 } else { self.algorithm.nanoseconds() / 2 };
                    node.nanoseconds() + block
                }
                Part::Piece(_) | Part::Previous { .. } => 0,
            })
            .sum();
        let own = if self.key.is_some() { 4 } else { 1 };
        own * self.algorithm.nanoseconds() + parts
    }
}

impl Part {
    pub(super) fn visit(&self, see: &mut dyn FnMut(&Piece)) {
        match self {
            Self::Piece(piece) => see(piece),
            Self::Digest { node, .. } => node.visit(see),
            Self::Previous { .. } => {}
        }
    }
}

impl Expression {
    /// Which inputs take part beside the password.
    pub fn uses(&self) -> Uses {
        let mut uses = Uses::default();
        let mut see = |piece: &Piece| match piece.input {
            Input::Salt => uses.salt = true,
            Input::Salt2 => uses.salt2 = true,
            Input::Login => uses.login = true,
            Input::Email => uses.email = true,
            Input::Pepper => uses.pepper = true,
            Input::Pass | Input::Constant(_) => {}
        };
        self.node.visit(&mut see);
        for part in self.times.iter().flat_map(|times| &times.from) {
            part.visit(&mut see);
        }
        uses
    }

    /// Rough cost of one evaluation for a short password, in nanoseconds.
    pub(super) fn nanoseconds(&self) -> u64 {
        self.times.as_ref().map_or(1, |times| u64::from(times.count)) * self.node.nanoseconds()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(times) = &self.times {
            write!(f, "{} * ", times.count)?;
        }
        self.node.fmt(f)?;
        match &self.times {
            Some(times) if !times.from.is_empty() => {
                f.write_str(" from ")?;
                text(f, &times.from)
            }
            _ => Ok(()),
        }
    }
}

fn text(f: &mut fmt::Formatter<'_>, parts: &[Part]) -> fmt::Result {
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            f.write_str(" . ")?;
        }
        part.fmt(f)?;
    }
    Ok(())
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "hmac_{}(key=", self.algorithm.name())?;
            text(f, key)?;
            f.write_str(", ")?;
        } else {
            write!(f, "{}(", self.algorithm.name())?;
        }
        text(f, &self.parts)?;
        f.write_str(")")?;
        match self.cut {
            Some((from, to)) => write!(f, "[{from}..{to}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, wide, node): (_, _, &dyn fmt::Display) = match self {
            Self::Piece(piece) => return piece.fmt(f),
            Self::Digest { node, shown, wide } => (*shown, *wide, node),
            Self::Previous { shown, wide } => (*shown, *wide, &"prev"),
        };
        if wide {
            f.write_str("utf16le(")?;
        }
        match shown {
            Shown::Raw => write!(f, "raw: {node}")?,
            Shown::Hex => write!(f, "{node}")?,
            Shown::UpperHex => write!(f, "upper({node})")?,
            Shown::Base64 => write!(f, "base64({node})")?,
        }
        if wide { f.write_str(")") } else { Ok(()) }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [
            match self.wide {
                Wide::No => "",
                Wide::LittleEndian => "utf16le(",
                Wide::BigEndian => "utf16be(",
            },
            match self.case {
                Case::AsIs => "",
                Case::Upper => "upper(",
                Case::Lower => "lower(",
            },
        ];
        words.iter().try_for_each(|word| f.write_str(word))?;
        if let Some(bytes) = self.fill {
            write!(f, "fill({bytes}, ")?;
        }
        match self.coded {
            Coded::No => self.input.fmt(f)?,
            Coded::Hex => write!(f, "unhex({})", self.input)?,
            Coded::Base64 => write!(f, "unbase64({})", self.input)?,
        }
        f.write_str(if self.fill.is_some() { ")" } else { "" })?;
        words.iter().filter(|word| !word.is_empty()).try_for_each(|_| f.write_str(")"))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Constant(bytes) = self else {
            let (word, _) = Self::WORDS.iter().find(|(_, input)| input == self).expect("every input has a word");
            return f.write_str(word);
        };
        f.write_str("\"")?;
        for &byte in bytes {
            match byte {
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                b' '..=b'~' => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        f.write_str("\"")
    }
}
