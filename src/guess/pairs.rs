//! Every lane its own text: each pair of candidate and target laid out for itself. Slower than laying candidates over a
//! common template, but nothing need be alike: neither salts nor lengths.

use super::Target;
use super::lanes::{Block, Core, LANES, Message, ONE_BLOCK, Row, State, TEXT, TWO_BLOCKS, Variant, lay_two};
use crate::model::{Algorithm, Formula, copy_short, digest_of};

/// Pairs taken together, so that inner digests wait in the nearest cache.
const CHUNK: usize = 8 * LANES;

/// The block length of every hash here but SHA-512, and so of their HMAC keys (RFC 2104).
pub(super) const KEY: usize = 64;

/// The kernel that evaluates `formula`. Of NTLM's only the plain one is in use anywhere; what has no kernel goes one at a
/// time.
pub(super) fn core_for(formula: Formula) -> Option<Core> {
    match formula {
        Formula::Plain(algorithm) => Core::of(algorithm),
        Formula::Composed(_) => None,
        _ if formula.algorithm() == Algorithm::Ntlm => None,
        _ => Core::of(formula.algorithm()),
    }
}

/// Calls `hit` for every pair below `count` whose candidate makes its target's digest.
pub(super) fn search_pairs_on<'a>(
    variant: Variant,
    formula: Formula,
    count: usize,
    pair: impl Fn(usize) -> (Target<'a>, &'a [u8]),
    hit: &mut dyn FnMut(usize),
) {
    let Some(core) = core_for(formula) else {
        for i in 0..count {
            let (target, candidate) = pair(i);
            if is_match(formula, &target, candidate) {
                hit(i);
            }
        }
        return;
    };
    let mut work = Chunk { digester: Digester::new(variant, core), inner: Vec::new(), other: Vec::new() };
    for start in (0..count).step_by(CHUNK) {
        let len = CHUNK.min(count - start);
        work.search(formula, len, |i| pair(start + i), &mut |i| hit(start + i));
    }
}

/// Calls `hit(id)` for every `(id, digest, candidate)` of `pairs` whose candidate's plain hash is the digest, which
/// `digest(id)` gives again. Not for NTLM, which hashes UTF-16.
pub(super) fn search_plain_on<'a, 'd>(
    variant: Variant,
    algorithm: Algorithm,
    pairs: impl Iterator<Item = (usize, &'d [u8], &'a [u8])>,
    digest: impl Fn(usize) -> &'d [u8],
    hit: &mut dyn FnMut(usize),
) {
    let formula = Formula::Plain(algorithm);
    let Some(core) = core_for(formula) else {
        pairs
            .filter(|(_, digest, candidate)| is_match(formula, &Target::unsalted(digest), candidate))
            .for_each(|(id, ..)| hit(id));
        return;
    };
    let mut digester = Digester::new(variant, core);
    let mut compare = |hashed: &Hashed<'_>| hashed.compare(core, &digest, &mut *hit);
    pairs.for_each(|(id, digest, candidate)| {
        if let Some(tag) = tag(core, digest) {
            digester.push_one(id, tag, candidate, &mut compare);
        }
    });
    digester.finish(&mut compare);
}

/// Whether the candidate makes the target's digest, one at a time.
pub(super) fn is_match(formula: Formula, target: &Target<'_>, candidate: &[u8]) -> bool {
    if target.digest.len() != formula.digest_len() {
        return false;
    }
    let mut digest = [0; 64];
    let len = formula.evaluate(candidate, target.salts, &mut digest);
    digest[..len] == *target.digest
}

/// The buffers of one chunk: what nested formulas hash first, and hash again.
struct Chunk {
    digester: Digester,
    /// Hex or raw digests, or padded keys.
    inner: Vec<[u8; KEY]>,
    other: Vec<[u8; KEY]>,
}

impl Chunk {
    fn search<'a>(
        &mut self,
        formula: Formula,
        count: usize,
        pair: impl Fn(usize) -> (Target<'a>, &'a [u8]),
        hit: &mut impl FnMut(usize),
    ) {
        let Self { digester, inner, other } = self;
        let core = digester.core;
        let len = 4 * core.words();
        let salt = |i| pair(i).0.salt();
        let pass = |i| pair(i).1;
        let wanted = |i: usize| tag(core, pair(i).0.digest);
        // A candidate and nothing else, the commonest case: asked for once.
        let plain = |i: usize| {
            let (target, pass) = pair(i);
            tag(core, target.digest).map(|tag| (tag, [pass, &[], &[]]))
        };
        let mut compare = |hashed: &Hashed<'_>| hashed.compare(core, |i| pair(i).0.digest, &mut *hit);
        match formula {
            Formula::Plain(Algorithm::Ntlm) => {
                let mut text = [0; TEXT];
                for i in 0..count {
                    let Some(tag) = wanted(i) else { continue };
                    let pass = pass(i);
                    if pass.len() <= TEXT / 2 && pass.is_ascii() {
                        widen(pass, &mut text);
                        digester.push(i, tag, [&text[..2 * pass.len()], &[], &[]], &mut compare);
                    } else {
                        digester.push_long(i, tag, &[pass], &mut compare);
                    }
                }
                digester.finish(&mut compare);
            }
            Formula::Plain(_) => digester.each(count, plain, compare),
            Formula::SaltPass(_) => digester.all(count, wanted, |i| [salt(i), pass(i), &[]], compare),
            Formula::PassSalt(_) => digester.all(count, wanted, |i| [pass(i), salt(i), &[]], compare),
            Formula::SaltPassSalt(_) => digester.all(count, wanted, |i| [salt(i), pass(i), salt(i)], compare),
            Formula::TwiceRaw(_) => {
                digester.raw(count, |i| [pass(i), &[], &[]], inner);
                digester.all(count, wanted, |i| [&inner[i][..len], &[], &[]], compare);
            }
            Formula::TwiceHex(_) => {
                digester.hex(count, |i| [pass(i), &[], &[]], inner);
                digester.all(count, wanted, |i| [&inner[i][..2 * len], &[], &[]], compare);
            }
            Formula::HexPassSalt(_) => {
                digester.hex(count, |i| [pass(i), &[], &[]], inner);
                digester.all(count, wanted, |i| [&inner[i][..2 * len], salt(i), &[]], compare);
            }
            Formula::SaltHexPass(_) => {
                digester.hex(count, |i| [pass(i), &[], &[]], inner);
                digester.all(count, wanted, |i| [salt(i), &inner[i][..2 * len], &[]], compare);
            }
            Formula::HexSaltHexPass(_) => {
                digester.hex(count, |i| [salt(i), &[], &[]], other);
                digester.hex(count, |i| [pass(i), &[], &[]], inner);
                digester.all(count, wanted, |i| [&other[i][..2 * len], &inner[i][..2 * len], &[]], compare);
            }
            Formula::HmacKeySalt(algorithm) | Formula::HmacKeyPass(algorithm) => {
                let key_is_salt = matches!(formula, Formula::HmacKeySalt(_));
                let key = |i| if key_is_salt { salt(i) } else { pass(i) };
                let text = |i| if key_is_salt { pass(i) } else { salt(i) };
                other.clear();
                other.extend((0..count).map(|i| pad_key(algorithm, key(i), 0x36)));
                digester.raw(count, |i| [&other[i], text(i), &[]], inner);
                // RFC 2104: the outer pad is 0x5c where the inner one was 0x36.
                for key in other.iter_mut() {
                    *key = key.map(|byte| byte ^ 0x36 ^ 0x5c);
                }
                digester.all(count, wanted, |i| [&other[i], &inner[i][..len], &[]], compare);
            }
            Formula::Composed(_) => unreachable!("composed formulas have no kernel"),
        }
    }
}

/// The first word of `digest` as its hash reads it, if it has the length of the hash's digests.
#[inline]
fn tag(core: Core, digest: &[u8]) -> Option<u32> {
    digest.first_chunk().filter(|_| digest.len() == 4 * core.words()).map(|&first| core.word(first))
}

/// An HMAC key, filled up with zeros (or hashed first, if longer than a block), XOR `pad`: RFC 2104.
pub(super) fn pad_key(algorithm: Algorithm, key: &[u8], pad: u8) -> [u8; KEY] {
    let mut block = [0; KEY];
    if key.len() > KEY {
        digest_of(algorithm, &[key], &mut block);
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    block.map(|byte| byte ^ pad)
}

/// Whether lane `lane` holds `digest`.
pub(super) fn is_digest(core: Core, state: &State, lane: usize, digest: &[u8]) -> bool {
    let mut bytes = [0; 32];
    let len = core.digest(state, lane, &mut bytes);
    bytes[..len] == *digest
}

/// Gathers texts until the lanes are full, then hashes them.
pub(super) struct Digester {
    variant: Variant,
    core: Core,
    /// Texts of one block, and of two.
    batches: [Batch; 2],
}

/// Texts of as many blocks each, one a lane.
struct Batch {
    /// The first block of every lane, the second of every lane. Lanes without a text hold anything.
    blocks: Box<[Block]>,
    ids: [usize; LANES],
    tags: Row,
    filled: usize,
}

/// What [`Digester`] hands on: numbers and tags of the texts, one a lane, and the state they ended in.
struct Hashed<'a> {
    ids: &'a [usize],
    /// Of lanes without a text, anything.
    tags: &'a Row,
    state: &'a State,
}

impl Hashed<'_> {
    /// Calls `hit` for every text whose digest is the one that is asked for.
    #[inline]
    fn compare<'d>(&self, core: Core, digest: impl Fn(usize) -> &'d [u8], mut hit: impl FnMut(usize)) {
        // No early end, which would keep this from being vectorised.
        let alike = self.tags.0.iter().zip(&self.state[0].0).filter(|(tag, word)| tag == word).count();
        if alike > 0 {
            for (lane, &id) in self.ids.iter().enumerate() {
                if is_digest(core, self.state, lane, digest(id)) {
                    hit(id);
                }
            }
        }
    }
}

impl Digester {
    pub(super) fn new(variant: Variant, core: Core) -> Self {
        let batch = |blocks: usize| Batch {
            blocks: vec![Block::ZERO; LANES * blocks].into(),
            ids: [0; LANES],
            tags: Row::all(0),
            filled: 0,
        };
        Self { variant, core, batches: [batch(1), batch(2)] }
    }

    /// The digests of the joined `pieces` of everything below `count` that has a tag.
    fn all<'p>(
        &mut self,
        count: usize,
        tag: impl Fn(usize) -> Option<u32>,
        pieces: impl Fn(usize) -> [&'p [u8]; 3],
        done: impl FnMut(&Hashed<'_>),
    ) {
        self.each(count, |i| tag(i).map(|tag| (tag, pieces(i))), done);
    }

    /// The same where tag and pieces come together.
    fn each<'p>(
        &mut self,
        count: usize,
        text: impl Fn(usize) -> Option<(u32, [&'p [u8]; 3])>,
        mut done: impl FnMut(&Hashed<'_>),
    ) {
        for i in 0..count {
            if let Some((tag, pieces)) = text(i) {
                self.push(i, tag, pieces, &mut done);
            }
        }
        self.finish(&mut done);
    }

    /// Raw digests of the joined pieces, into `out[i]`.
    pub(super) fn raw<'p>(&mut self, count: usize, pieces: impl Fn(usize) -> [&'p [u8]; 3], out: &mut Vec<[u8; KEY]>) {
        let core = self.core;
        out.resize(count, [0; KEY]);
        self.all(
            count,
            |_| Some(0),
            pieces,
            |hashed| {
                for (lane, &id) in hashed.ids.iter().enumerate() {
                    core.digest(hashed.state, lane, &mut out[id]);
                }
            },
        );
    }

    /// Digests of the joined pieces as lower-case hex, into `out[i]`.
    pub(super) fn hex<'p>(&mut self, count: usize, pieces: impl Fn(usize) -> [&'p [u8]; 3], out: &mut Vec<[u8; KEY]>) {
        let core = self.core;
        out.resize(count, [0; KEY]);
        self.all(
            count,
            |_| Some(0),
            pieces,
            |hashed| {
                for (lane, &id) in hashed.ids.iter().enumerate() {
                    for (row, place) in hashed.state[..core.words()].iter().zip(out[id].as_chunks_mut().0) {
                        *place = hex_of(core.bytes(row.0[lane]));
                    }
                }
            },
        );
    }

    /// Takes one more text; hands full lanes to `done`.
    #[inline]
    fn push(&mut self, id: usize, tag: u32, pieces: [&[u8]; 3], done: &mut impl FnMut(&Hashed<'_>)) {
        let len = pieces[0].len() + pieces[1].len() + pieces[2].len();
        if pieces[0].len() == len {
            self.push_one(id, tag, pieces[0], done);
        } else if len > TEXT {
            self.push_long(id, tag, &pieces, done);
        } else {
            let mut joined = [0; TEXT];
            let mut at = 0;
            for piece in pieces {
                if !piece.is_empty() {
                    copy_short(&mut joined[at..at + piece.len()], piece);
                    at += piece.len();
                }
            }
            self.push_one(id, tag, &joined[..len], done);
        }
    }

    /// The same for a text in one piece.
    #[inline]
    fn push_one(&mut self, id: usize, tag: u32, text: &[u8], done: &mut impl FnMut(&Hashed<'_>)) {
        let number = usize::from(text.len() > ONE_BLOCK);
        let batch = &mut self.batches[number];
        let lane = batch.filled;
        if number == 0 {
            self.variant.lay(self.core, text, &mut batch.blocks[lane]);
        } else if text.len() <= TWO_BLOCKS {
            let (first, second) = batch.blocks.split_at_mut(LANES);
            lay_two(self.core, text, &mut first[lane], &mut second[lane]);
        } else {
            return self.push_long(id, tag, &[text], done);
        }
        batch.ids[lane] = id;
        batch.tags.0[lane] = tag;
        batch.filled += 1;
        if batch.filled == LANES {
            self.flush(number, done);
        }
    }

    /// A text that the lanes do not take, one at a time.
    #[cold]
    fn push_long(&mut self, id: usize, tag: u32, pieces: &[&[u8]], done: &mut impl FnMut(&Hashed<'_>)) {
        let algorithm = match self.core {
            Core::Md5 => Algorithm::Md5,
            Core::Md4 => Algorithm::Ntlm,
            Core::Sha1 => Algorithm::Sha1,
            Core::Sha256 => Algorithm::Sha256,
        };
        let mut digest = [0; 64];
        let len = digest_of(algorithm, pieces, &mut digest);
        let mut state = self.core.initial();
        for (row, bytes) in state.iter_mut().zip(digest[..len].as_chunks().0) {
            row.0[0] = self.core.word(*bytes);
        }
        done(&Hashed { ids: &[id], tags: &Row::all(tag), state: &state });
    }

    /// Hashes what is left.
    fn finish(&mut self, done: &mut impl FnMut(&Hashed<'_>)) {
        for number in 0..self.batches.len() {
            if self.batches[number].filled > 0 {
                self.flush(number, done);
            }
        }
    }

    fn flush(&mut self, number: usize, done: &mut impl FnMut(&Hashed<'_>)) {
        let batch = &mut self.batches[number];
        let mut state = self.core.initial();
        self.variant.run(self.core, &mut state, &Message::Texts(&batch.blocks));
        done(&Hashed { ids: &batch.ids[..batch.filled], tags: &batch.tags, state: &state });
        batch.filled = 0;
    }
}

/// Four bytes as lower-case hex: nibbles spread over the bytes of a word, all turned into digits at once.
#[inline]
fn hex_of(bytes: [u8; 4]) -> [u8; 8] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut nibbles = u64::from(u32::from_be_bytes(bytes));
    nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff;
    nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff;
    nibbles = (nibbles | nibbles << 4) & (0x0f * ONES);
    // 1 in every nibble above nine; `a` lies 0x27 further from 10 than `0` from 0.
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    (nibbles + 0x30 * ONES + 0x27 * letters).to_be_bytes()
}

/// Writes ASCII as UTF-16LE over `out`, whose odd bytes are zero.
#[inline]
fn widen(ascii: &[u8], out: &mut [u8; TEXT]) {
    let wide = |eight: &[u8; 8]| {
        let mut wide = [0; 16];
        for (byte, unit) in eight.iter().zip(wide.as_chunks_mut::<2>().0) {
            unit[0] = *byte;
        }
        wide
    };
    match (ascii.first_chunk(), ascii.last_chunk()) {
        (Some(head), Some(tail)) if ascii.len() <= 16 => {
            out[..16].copy_from_slice(&wide(head));
            out[2 * ascii.len() - 16..2 * ascii.len()].copy_from_slice(&wide(tail));
        }
        _ => {
            for (byte, unit) in ascii.iter().zip(out.as_chunks_mut::<2>().0) {
                unit[0] = *byte;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_written_in_hex_as_the_crate_writes_it() {
        for byte in 0..=255u8 {
            let bytes = [byte, byte.wrapping_add(85), !byte, byte.rotate_left(3)];
            assert_eq!(hex_of(bytes).as_slice(), hex::encode(bytes).as_bytes());
        }
    }

    #[test]
    fn ascii_of_every_length_is_widened_over_what_was_there() {
        let mut out = [0; TEXT];
        for len in (0..=TEXT / 2).rev() {
            let text: Vec<u8> = (0..len).map(|i| b'!' + i as u8).collect();
            widen(&text, &mut out);
            assert_eq!(out[..2 * len], crate::model::utf16le(&text));
        }
    }
}
