//! Reading expressions, and saying what is wrong with one.

use std::fmt;

use super::Algorithm;
use super::expression::{Case, Coded, Expression, Input, Node, Part, Piece, Shown, Times, Wide};

/// Why a text is no expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormulaError {
    /// The byte of the text at which it went wrong.
    pub at: usize,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for FormulaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.why)
    }
}

impl std::error::Error for FormulaError {}

/// Deepest nesting; no product's has more than four levels.
const DEEPEST: usize = 16;
/// Most repetitions: what takes longer is a slow hash and a scheme of its own.
const MOST_TIMES: u32 = 10_000;
/// Longest that `fill` makes of an input: the longest block of a hash.
const LONGEST_FILL: u16 = 144;

impl Expression {
    /// Reads an expression; says at which byte and why it is none.
    pub fn parse(text: &str) -> Result<Self, FormulaError> {
        let mut parser = Parser { text: text.as_bytes(), at: 0, depth: 0, repeated: false };
        let expression = parser.formula()?;
        parser.blank();
        if parser.at < parser.text.len() {
            return Err(parser.error(format!("expected the end, found `{}`", parser.rest())));
        }
        Ok(expression)
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// Whether `prev` means something here.
    repeated: bool,
}

type Parsed<T> = Result<T, FormulaError>;

impl Parser<'_> {
    fn error(&self, why: impl Into<String>) -> FormulaError {
        FormulaError { at: self.at, why: why.into() }
    }

    fn rest(&self) -> String {
        String::from_utf8_lossy(&self.text[self.at..]).chars().take(20).collect()
    }

    fn blank(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Whether `sign` comes next, which is then behind us.
    fn takes(&mut self, sign: &str) -> bool {
        self.blank();
        let found = self.text[self.at..].starts_with(sign.as_bytes());
        self.at += if found { sign.len() } else { 0 };
        found
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) {
            return Ok(());
        }
        let found = if self.at < self.text.len() { format!("`{}`", self.rest()) } else { "the end".into() };
        Err(self.error(format!("expected `{sign}`, found {found}")))
    }

    fn word(&mut self) -> &str {
        self.blank();
        let is_word = |b: &&u8| b.is_ascii_lowercase() || b.is_ascii_digit() || **b == b'_';
        let len = self.text[self.at..].iter().take_while(is_word).count();
        let word = &self.text[self.at..self.at + len];
        self.at += len;
        std::str::from_utf8(word).expect("letters, digits and dashes")
    }

    fn number(&mut self) -> Parsed<u32> {
        self.blank();
        let len = self.text[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = std::str::from_utf8(&self.text[self.at..self.at + len]).expect("digits");
        let number = digits.parse().map_err(|_| self.error("expected a number"))?;
        self.at += len;
        Ok(number)
    }

    fn formula(&mut self) -> Parsed<Expression> {
        self.blank();
        if !self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            return Ok(Expression { times: None, node: self.whole_digest()? });
        }
        let count = self.number()?;
        if !(2..=MOST_TIMES).contains(&count) {
            return Err(self.error(format!("a repetition is from 2 to {MOST_TIMES} times: slower ones are schemes")));
        }
        self.expect("*")?;
        self.repeated = true;
        let node = self.whole_digest()?;
        self.repeated = false;
        if !says_previous(&node) {
            return Err(self.error("a repetition has no use without `prev` in it"));
        }
        let from = if self.takes("from ") { self.text()? } else { Vec::new() };
        Ok(Expression { times: Some(Times { count, from }), node })
    }

    /// What the whole formula gives: a digest.
    fn whole_digest(&mut self) -> Parsed<Node> {
        let start = self.at;
        if let [Part::Digest { node, shown: Shown::Hex, wide: false }] = self.piece()?.as_slice() {
            return Ok(node.clone());
        }
        self.at = start;
        Err(self.error("a formula is a digest: a hash or HMAC of something, and nothing around it"))
    }

    fn text(&mut self) -> Parsed<Vec<Part>> {
        let mut parts = self.piece()?;
        while self.takes(".") {
            parts.append(&mut self.piece()?);
        }
        Ok(parts)
    }

    fn piece(&mut self) -> Parsed<Vec<Part>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(format!("nested more than {DEEPEST} deep")));
        }
        let piece = self.piece_within();
        self.depth -= 1;
        piece
    }

    fn piece_within(&mut self) -> Parsed<Vec<Part>> {
        if self.takes("\"") {
            return Ok(vec![Part::Piece(Piece::plain(Input::Constant(self.constant()?)))]);
        }
        self.blank();
        let start = self.at;
        let word = self.word().to_owned();
        if word == "raw" {
            self.expect(":")?;
            return self.shown("raw", Shown::Raw);
        }
        if word == "prev" {
            if !self.repeated {
                self.at = start;
                return Err(self.error("`prev` is the last round's digest: it needs a repetition (`10 * …`)"));
            }
            return Ok(vec![Part::Previous { shown: Shown::Hex, wide: false }]);
        }
        if let Some((_, input)) = Input::WORDS.iter().find(|(name, _)| *name == word) {
            return Ok(vec![Part::Piece(Piece::plain(input.clone()))]);
        }
        let parts = match word.as_str() {
            "upper" | "lower" | "utf16le" | "utf16be" => {
                self.expect("(")?;
                let mut parts = self.text()?;
                for part in &mut parts {
                    if let Err(why) = change_text(part, &word) {
                        self.at = start;
                        return Err(self.error(format!("`{word}` {why}")));
                    }
                }
                parts
            }
            "base64" => {
                self.expect("(")?;
                self.shown("base64", Shown::Base64)?
            }
            "unhex" | "unbase64" => {
                self.expect("(")?;
                self.input(&word, if word == "unhex" { Coded::Hex } else { Coded::Base64 }, None)?
            }
            "fill" => {
                self.expect("(")?;
                let bytes = self.number()?;
                let bytes = u16::try_from(bytes).ok().filter(|n| (1..=LONGEST_FILL).contains(n));
                let bytes = bytes.ok_or_else(|| self.error(format!("`fill` makes 1 to {LONGEST_FILL} bytes")))?;
                self.expect(",")?;
                self.input(&word, Coded::No, Some(bytes))?
            }
            _ => return self.digest(&word, start),
        };
        self.expect(")")?;
        Ok(parts)
    }

    /// A digest or `prev`, shown as something else than hexadecimal text.
    fn shown(&mut self, word: &str, as_: Shown) -> Parsed<Vec<Part>> {
        let start = self.at;
        let mut parts = self.piece()?;
        match parts.as_mut_slice() {
            [Part::Digest { shown, wide: false, .. } | Part::Previous { shown, wide: false }]
                if *shown == Shown::Hex =>
            {
                *shown = as_;
                Ok(parts)
            }
            _ => {
                self.at = start;
                Err(self.error(format!("`{word}` takes a digest")))
            }
        }
    }

    /// An input without a change of case or width, decoded or filled.
    fn input(&mut self, word: &str, coded: Coded, fill: Option<u16>) -> Parsed<Vec<Part>> {
        let start = self.at;
        let mut parts = self.piece()?;
        match parts.as_mut_slice() {
            [Part::Piece(piece @ Piece { fill: None, case: Case::AsIs, wide: Wide::No, .. })]
                if !matches!(piece.input, Input::Constant(_)) && (fill.is_some() || piece.coded == Coded::No) =>
            {
                piece.fill = fill;
                piece.coded = if fill.is_some() { piece.coded } else { coded };
                Ok(parts)
            }
            _ => {
                self.at = start;
                Err(self.error(format!("`{word}` takes an input as it comes: {}", words())))
            }
        }
    }

    fn digest(&mut self, word: &str, start: usize) -> Parsed<Vec<Part>> {
        let (keyed, name) = word.strip_prefix("hmac_").map_or((false, word), |name| (true, name));
        let ntlm = name == "ntlm";
        let algorithm = if ntlm { Some(&Algorithm::Md4) } else { Algorithm::ALL.iter().find(|a| a.name() == name) };
        let Some(&algorithm) = algorithm.filter(|_| !(ntlm && keyed)) else {
            self.at = start;
            let what = if word.is_empty() { format!("`{}`", self.rest()) } else { format!("unknown word `{word}`") };
            return Err(self.error(format!("{what}: expected an input ({}), a constant in quotes or a hash", words())));
        };
        if keyed && algorithm == Algorithm::Mysql323 {
            self.at = start;
            return Err(self.error("there is no HMAC with mysql323, which has no blocks"));
        }
        self.expect("(")?;
        let mut key = None;
        if keyed {
            self.expect("key")?;
            self.expect("=")?;
            key = Some(self.text()?);
            self.expect(",")?;
        }
        let mut parts = self.text()?;
        self.expect(")")?;
        if ntlm {
            for part in &mut parts {
                if let Err(why) = change_text(part, "utf16le") {
                    self.at = start;
                    return Err(self.error(format!("`ntlm` {why}")));
                }
            }
        }
        let mut cut = None;
        if self.takes("[") {
            let from = self.number()?;
            self.expect("..")?;
            let to = self.number()?;
            if from >= to
                || to as usize > algorithm.digest_len()
                || (from == 0 && to as usize == algorithm.digest_len())
            {
                return Err(self.error(format!(
                    "no part of a digest of {} bytes: `[from..to]` counts bytes",
                    algorithm.digest_len()
                )));
            }
            cut = Some((from as u8, to as u8));
            self.expect("]")?;
        }
        let node = Node { algorithm, key, parts, cut };
        Ok(vec![Part::Digest { node, shown: Shown::Hex, wide: false }])
    }

    /// What follows a quote, up to the next.
    fn constant(&mut self) -> Parsed<Box<[u8]>> {
        let mut bytes = Vec::new();
        loop {
            let Some(&byte) = self.text.get(self.at) else {
                return Err(self.error("a constant without its last quote"));
            };
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => {
                    let rest = &self.text[self.at..];
                    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
                    match rest {
                        [b'"' | b'\\', ..] => {
                            bytes.push(rest[0]);
                            self.at += 1;
                        }
                        [b'x', a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
                            bytes.extend(hex(&rest[1..3]));
                            self.at += 3;
                        }
                        _ => {
                            return Err(
                                self.error("after a backslash comes a quote, a backslash or `x` and two digits")
                            );
                        }
                    }
                }
                _ => bytes.push(byte),
            }
        }
        if bytes.is_empty() { Err(self.error("an empty constant has no use")) } else { Ok(bytes.into()) }
    }
}

/// The words for inputs.
fn words() -> String {
    Input::WORDS.map(|(word, _)| word).join(", ")
}

/// Applies `upper`, `lower`, `utf16le` or `utf16be` to one part; or says why not.
fn change_text(part: &mut Part, word: &str) -> Result<(), &'static str> {
    const BYTES: &str = "takes text, and these are raw bytes";
    const WIDE: &str = "takes text that is not UTF-16 already";
    const CASED: &str = "changes a case that is changed already";
    match part {
        Part::Piece(piece) => {
            // What was written in hexadecimal or base64 may be text; its case is not that of the text.
            if piece.fill.is_some() || piece.coded != Coded::No && !word.starts_with("utf16") {
                return Err(BYTES);
            }
            if piece.wide != Wide::No {
                return Err(WIDE);
            }
            match word {
                "utf16le" => piece.wide = Wide::LittleEndian,
                "utf16be" => piece.wide = Wide::BigEndian,
                _ if piece.case != Case::AsIs => return Err(CASED),
                _ => piece.case = if word == "upper" { Case::Upper } else { Case::Lower },
            }
        }
        Part::Digest { shown, wide, .. } | Part::Previous { shown, wide } => {
            if *shown == Shown::Raw {
                return Err(BYTES);
            }
            if *wide {
                return Err(WIDE);
            }
            match (word, *shown) {
                ("utf16le", _) => *wide = true,
                ("utf16be", _) => return Err("takes inputs and constants only"),
                ("upper", Shown::Hex) => *shown = Shown::UpperHex,
                _ => return Err("has no use on a digest, whose text is lower case"),
            }
        }
    }
    Ok(())
}

fn says_previous(node: &Node) -> bool {
    node.key.iter().flatten().chain(&node.parts).any(|part| match part {
        Part::Previous { .. } => true,
        Part::Digest { node, .. } => says_previous(node),
        Part::Piece(_) => false,
    })
}
