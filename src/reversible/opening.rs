//! Looks for a way to turn a column's values back, and turns them back.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::blocks::Blocks;
use super::containers::Container;
use super::encoding::{self, Turn};
use super::keys::{Derivation, Key, Keys, readings};
use super::layout::{Layout, unlikely};
use super::stream::Stream;
use super::text::{Characters, Written, as_text};
use super::{LONGEST, SAMPLE};
use crate::model::Secret;

/// Chance gives such an opening once in 2^64 columns.
const PROOF: f64 = 64.0;
/// Values tried under each key; the first of them decide whether the others are tried.
const TRIED: usize = 256;
const FIRST: usize = 24;
/// Share of a column's values that must turn into text before a mere encoding is believed.
const MOST: f64 = 0.9;
/// Fewest values that an encoding is believed from.
const FEW: usize = 3;

/// Published keys, tried without being asked for: where they are from, and the key in hexadecimal.
const PUBLISHED: [(&str, &str); 2] = [
    // [MS-GPPREF] 2.2.1.1.4, Password Encryption: AES-256-CBC, vector of zeros, UTF-16LE.
    (
        "the published key of Group Policy Preferences",
        "4e9906e8fcb66cc9faf49310620ffee8f496e806cc057990209b09a433b66c1b",
    ),
    // The `machineKey` in the web.config that DotNetNuke's source was distributed with: 3DES.
    ("the machine key of DotNetNuke's distribution", "f9d1a2d3e1d3e2f7b3d9f90ff3965abdac304902f8d923ac"),
];

/// What Openfire's Blowfish takes for its key where none is set: igniterealtime/Openfire,
/// `xmppserver/src/main/java/org/jivesoftware/util/Blowfish.java`, `DEFAULT_KEY`. Every installation draws one for its users'
/// passwords; properties and scripts are met with this one.
const OPENFIRE: &[u8] = b"Blowfish-CBC";

/// What [`learn`] asks its caller.
pub struct Ask<'a> {
    /// Whether a word is in the list of common passwords.
    pub is_common: &'a dyn Fn(&[u8]) -> bool,
    /// Whether a value that was turned back is text, and no digest or the like.
    pub is_text: &'a dyn Fn(&[u8]) -> bool,
    /// Keys that were given.
    pub keys: &'a Keys,
    /// Whether the column is known to hold passwords, so that much work on it is worth while.
    pub deep: bool,
}

/// A way to turn the values of one column back.
pub struct Opening {
    how: How,
    describe: String,
    why: String,
    proved: bool,
}

enum How {
    Encoded { written: Written, characters: Characters },
    Turned(Turn),
    Stream { written: Written, stream: Stream },
    Layout { written: Written, layout: Box<Layout> },
    Container(Box<Container>),
}

impl How {
    /// The text behind a value, and how unlikely chance makes it, in bits.
    fn open(&self, value: &[u8]) -> Option<(Secret, u32)> {
        match self {
            Self::Encoded { written, characters } => {
                let bytes = written.decode(value)?;
                let text = characters.read(&bytes)?;
                Some((Secret::new(&text), unlikely(&text, *characters)))
            }
            Self::Turned(turn) => encoding::turned(*turn, value).map(|text| {
                let bits = text.expose().len() as u32;
                (text, bits)
            }),
            Self::Stream { written, stream } => {
                let text = stream.apply(&written.decode(value)?)?;
                let bits = as_text(text.expose())?.len() as u32;
                Some((text, bits))
            }
            Self::Layout { written, layout } => layout.open(&written.decode(value)?),
            Self::Container(container) => container.open(value),
        }
    }
}

impl How {
    /// Whether all values meet the same stream of bytes.
    fn is_one_stream(&self) -> bool {
        match self {
            Self::Stream { .. } => true,
            Self::Layout { layout, .. } => layout.is_one_stream(),
            Self::Encoded { .. } | Self::Turned(_) | Self::Container(_) => false,
        }
    }
}

impl Opening {
    /// The password behind a stored value; `None` where the value is not of this kind.
    pub fn open(&self, value: &[u8]) -> Option<Secret> {
        self.how.open(value).map(|(text, _)| text)
    }

    /// What it is: `base64 of plaintext`, `AES-256-CBC, initialisation vector in front`.
    pub fn describe(&self) -> &str {
        &self.describe
    }

    /// How it is known; names a key by its origin only.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// Whether longer values of the same kind may be left: a key stream is known only as far as enough values reach.
    pub fn is_partial(&self) -> bool {
        matches!(&self.how, How::Stream { stream, .. } if stream.period().is_none())
    }

    /// Whether it is proved: by common passwords among what was turned back, or by a key under which chance would not
    /// give text.
    pub const fn is_proved(&self) -> bool {
        self.proved
    }
}

/// Looks for a way to turn `values` back. At most [`SAMPLE`] of them are looked at, longer ones than [`LONGEST`] not at
/// all. `None` where there is none, and for plaintext.
pub fn learn(values: &[&[u8]], ask: &Ask<'_>) -> Option<Opening> {
    let values: Vec<&[u8]> =
        values.iter().copied().filter(|value| (1..=LONGEST).contains(&value.len())).take(SAMPLE).collect();
    if values.is_empty() {
        return None;
    }
    let written = Written::of(&values);
    encoded(&values, written, ask)
        .or_else(|| turned(&values, written, ask))
        .or_else(|| under_keys(&values, written, ask))
        .or_else(|| if ask.deep { streamed(&values, written, ask) } else { None })
}

/// How many values `how` turns into text, and what that shows.
struct Tried {
    opened: Vec<(Secret, u32)>,
    of: usize,
}

impl Tried {
    fn new(how: &How, values: &[&[u8]]) -> Self {
        let opened = values.iter().filter_map(|value| how.open(value)).collect();
        Self { opened, of: values.len() }
    }

    fn share(&self) -> f64 {
        self.opened.len() as f64 / self.of.max(1) as f64
    }

    /// How unlikely chance makes it that so many of the values open, in bits: the bits of those that do, less the number
    /// of ways to choose them.
    fn unlikely(&self) -> f64 {
        let (n, k) = (self.of as f64, self.opened.len() as f64);
        let share = k / n.max(1.0);
        let entropy = |p: f64| if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() };
        let bits: u32 = self.opened.iter().map(|(_, bits)| *bits).sum();
        f64::from(bits) - n * entropy(share)
    }

    /// Whether most of what opened is text a person chose, not a digest.
    fn is_text(&self, ask: &Ask<'_>) -> bool {
        // JSON in base64 is what libraries wrap a ciphertext in.
        let is_json = |text: &[u8]| text.starts_with(b"{\"") && text.ends_with(b"}");
        let typed = |text: &[u8]| text.is_empty() || ((ask.is_text)(text) && !is_json(text));
        let texts = self.opened.iter().filter(|(text, _)| typed(text.expose()));
        texts.count() * 2 > self.opened.len()
    }

    /// Common passwords among what opened: how many, and how many different ones.
    fn common(&self, ask: &Ask<'_>) -> (usize, usize) {
        let hits: Vec<&[u8]> =
            self.opened.iter().map(|(text, _)| text.expose()).filter(|text| (ask.is_common)(text)).collect();
        (hits.len(), hits.iter().collect::<BTreeSet<_>>().len())
    }
}

fn number(hits: usize, different: usize) -> String {
    format!("{hits} of the values looked at turn into common passwords ({different} different ones)")
}

/// Text that is merely written as hexadecimal or base64.
fn encoded(values: &[&[u8]], written: Option<Written>, ask: &Ask<'_>) -> Option<Opening> {
    let written = written.filter(|written| *written != Written::Raw)?;
    for characters in Characters::ALL {
        let how = How::Encoded { written, characters };
        let tried = Tried::new(&how, values);
        if tried.share() < MOST || tried.unlikely() < PROOF || values.len() < FEW || !tried.is_text(ask) {
            continue;
        }
        let (hits, different) = tried.common(ask);
        let proved = different >= 2 || (different == 1 && values.len() < 50);
        let why = if proved {
            number(hits, different)
        } else {
            format!("{} of {} values looked at turn into text", tried.opened.len(), tried.of)
        };
        return Some(Opening { how, describe: format!("{} of plaintext", written.name()), why, proved });
    }
    None
}

/// Text that everybody can turn back, proved by the common passwords that come out.
fn turned(values: &[&[u8]], written: Option<Written>, ask: &Ask<'_>) -> Option<Opening> {
    let cisco = How::Turned(encoding::cisco7);
    let tried = Tried::new(&cisco, values);
    if tried.share() >= MOST && tried.unlikely() >= PROOF && tried.is_text(ask) {
        let (hits, different) = tried.common(ask);
        let proved = different >= 2 || (different == 1 && values.len() < 50);
        // Hexadecimal that starts with small digits by chance turns into text seldom, but a column of numbers may.
        let letters = values.iter().filter(|value| value.iter().any(u8::is_ascii_alphabetic)).count();
        if proved || letters * 3 > values.len() {
            let why = if proved { number(hits, different) } else { "nearly all values turn into text".to_owned() };
            return Some(Opening { how: cisco, describe: "Cisco type 7".to_owned(), why, proved });
        }
    }
    if written.is_some() {
        return None;
    }
    // With room for the longest, so that it never moves and leaves a copy.
    let mut text = Zeroizing::new(Vec::with_capacity(LONGEST));
    // Digits stay as they are under ROT13, and `111111` under all.
    let mut changes = |turn: Turn, value: &[u8]| {
        text.clear();
        (turn(value, &mut text).is_some() && *text != value).then(|| (ask.is_common)(&text))
    };
    encoding::TURNS.into_iter().find_map(|(name, turn)| {
        let (mut hits, mut as_is) = (0, 0);
        for value in values {
            if let Some(common) = changes(turn, value) {
                hits += usize::from(common);
                as_is += usize::from((ask.is_common)(value));
            }
        }
        if hits < 3 || hits * 100 < values.len() || 2 * hits <= 3 * as_is {
            return None;
        }
        let changed: Vec<&[u8]> = values.iter().copied().filter(|value| changes(turn, value).is_some()).collect();
        let how = How::Turned(turn);
        let (hits, different) = Tried::new(&how, &changed).common(ask);
        (different >= 3).then(|| Opening { how, describe: name.to_owned(), why: number(hits, different), proved: true })
    })
}

/// The text behind the values under a key that was given, or is published.
fn under_keys(values: &[&[u8]], written: Option<Written>, ask: &Ask<'_>) -> Option<Opening> {
    // Equal values open alike: they say no more than one of them.
    let mut seen = BTreeSet::new();
    let tried: Vec<&[u8]> = values.iter().copied().filter(|value| seen.insert(*value)).take(TRIED).collect();
    let mut best: Option<(usize, Opening)> = None;
    let mut consider = |how: How, describe: String, origin: String| {
        // Where none of the first opens, none will.
        if tried.len() > FIRST && Tried::new(&how, &tried[..FIRST]).opened.is_empty() {
            return;
        }
        let opened = Tried::new(&how, &tried);
        let count = opened.opened.len();
        // Under one stream for all, values that begin alike turn into what begins alike: only whole passwords prove it.
        let proved = opened.unlikely() >= PROOF
            && (!how.is_one_stream() || (opened.share() >= MOST && opened.common(ask).1 >= 1));
        if proved && opened.is_text(ask) && best.as_ref().is_none_or(|(most, _)| count > *most) {
            let why = format!("{count} of {} values looked at are opened by {origin}", tried.len());
            best = Some((count, Opening { how, describe, why, proved: true }));
        }
    };
    let ivs: Vec<Secret> = ask.keys.ivs.iter().flat_map(|iv| readings(iv.expose())).collect();
    for key in &ask.keys.keys {
        for reading in readings(key.written.expose()) {
            for container in Container::all(reading.expose()) {
                let describe = container.describe().to_owned();
                consider(How::Container(Box::new(container)), describe, key.origin.clone());
            }
            let Some(written) = written else { continue };
            let stream = Stream::repeated(reading.clone());
            consider(How::Stream { written, stream: stream.clone() }, stream.describe(), key.origin.clone());
            if let Some(layout) = Layout::openfire(reading.expose()) {
                let describe = layout.describe();
                consider(How::Layout { written, layout: Box::new(layout) }, describe, key.origin.clone());
            }
            for derivation in Derivation::ALL {
                let Some(derived) = derivation.derive(reading.expose()) else { continue };
                let origin = format!("{}{}", key.origin, derivation.told());
                for layout in layouts(derived.expose(), &ivs) {
                    let describe = layout.describe();
                    consider(How::Layout { written, layout: Box::new(layout) }, describe, origin.clone());
                }
            }
        }
    }
    for key in published() {
        let Some(written) = written else { break };
        let layouts = layouts(key.written.expose(), &[]);
        for layout in layouts.into_iter().filter(|layout| layout.characters == Characters::Utf16Le) {
            let describe = layout.describe();
            consider(How::Layout { written, layout: Box::new(layout) }, describe, key.origin.clone());
        }
    }
    if let Some((written, layout)) = written.zip(Layout::openfire(OPENFIRE)) {
        let origin = "the published key of Openfire's Blowfish".to_owned();
        consider(How::Layout { written, layout: Box::new(layout.clone()) }, layout.describe(), origin);
    }
    // Without a key store, Chromium on Linux has this password for its key, and none before that.
    for password in [&b"peanuts"[..], b""] {
        if let Some(container) = Container::chromium(password) {
            let describe = container.describe().to_owned();
            consider(How::Container(Box::new(container)), describe, "the published key of Chromium".to_owned());
        }
    }
    best.map(|(_, opening)| opening)
}

fn layouts(key: &[u8], ivs: &[Secret]) -> Vec<Layout> {
    Blocks::with_key(key).iter().flat_map(|blocks| Layout::all(blocks, key, ivs)).collect()
}

fn published() -> impl Iterator<Item = Key> {
    PUBLISHED.iter().map(|(origin, key)| Key {
        origin: (*origin).to_owned(),
        written: Secret::from(hex::decode(key).expect("published keys are written in hexadecimal")),
    })
}

/// A stream that was used again and is found in the values themselves.
fn streamed(values: &[&[u8]], written: Option<Written>, ask: &Ask<'_>) -> Option<Opening> {
    let written = written?;
    let decoded: Vec<Vec<u8>> = values.iter().filter_map(|value| written.decode(value)).collect();
    // Longer values are no passwords; a digest has one length.
    let mean = decoded.iter().map(Vec::len).sum::<usize>() as f64 / decoded.len().max(1) as f64;
    let lengths: BTreeSet<usize> = decoded.iter().map(Vec::len).collect();
    if mean > 24.0 || lengths.len() < 3 {
        return None;
    }
    Stream::likely(&decoded).find_map(|stream| {
        // A key that hardly any value is longer than cannot be seen to repeat.
        let longer = |period: usize| decoded.iter().filter(|value| value.len() > period).count();
        if stream.period().is_some_and(|period| longer(period) * 10 < decoded.len()) {
            return None;
        }
        let how = How::Stream { written, stream: stream.clone() };
        let tried = Tried::new(&how, values);
        let (hits, different) = tried.common(ask);
        let proved = different >= 3 && hits * 100 >= values.len() && tried.share() >= MOST;
        proved.then(|| Opening { how, describe: stream.describe(), why: number(hits, different), proved })
    })
}
