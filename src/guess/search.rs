//! The same candidates against many targets: candidates are packed into lanes once, sorted by length, and laid over a
//! template of salt and padding that all lanes share.

use super::Target;
use super::lanes::{Core, LANES, Message, Row, State, Variant};
use super::pairs::{Digester, core_for, is_digest, pad_key, search_pairs_on};
use crate::model::{Formula, Salts, digest_of};

/// Candidates packed at a time: with ordinary words a quarter of a megabyte, which stays in the second-level cache while
/// salt after salt goes over it.
const CHUNK: usize = 16 * 1024;

/// Longest message the lanes take.
const BLOCKS: usize = 4;

/// Longest text that fits in [`BLOCKS`] with its padding.
const LONGEST: usize = 64 * BLOCKS - 9;

/// How many times more lanes than candidates a packing may fill before pairs are cheaper (a pair costs about four times
/// a lane over a template: `kernel_speeds` in the tests).
const WASTE: usize = 4;

/// Calls `hit(target, candidate)` for every candidate that makes a target's digest.
pub(super) fn search_on(
    variant: Variant,
    formula: Formula,
    targets: &[Target<'_>],
    candidates: &[&[u8]],
    hit: &mut dyn FnMut(usize, usize),
) {
    let len = formula.digest_len();
    let mut order: Vec<usize> = (0..targets.len()).filter(|&t| targets[t].digest.len() == len).collect();
    if order.is_empty() {
        return;
    }
    if formula.is_salted() {
        order.sort_by(|&a, &b| targets[a].salts.cmp(targets[b].salts));
    }
    let same_salt = |a: &usize, b: &usize| !formula.is_salted() || targets[*a].salts == targets[*b].salts;
    for (number, chunk) in candidates.chunks(CHUNK).enumerate() {
        let mut hit = |target: usize, candidate: usize| hit(target, number * CHUNK + candidate);
        let Some(core) = core_for(formula) else {
            for group in order.chunk_by(same_salt) {
                let wanted = Wanted::new(targets, group, false);
                for c in 0..chunk.len() {
                    one_at_a_time(formula, targets, group, &wanted, chunk, c, &mut hit);
                }
            }
            continue;
        };
        let texts = Texts::of(variant, core, formula, chunk);
        let packed = Packed::new(core, chunk.len(), |i| texts.get(chunk, i));
        if matches!(formula, Formula::HmacKeyPass(_)) || (formula.is_salted() && packed.lanes > WASTE * chunk.len()) {
            let pair = |i: usize| (targets[order[i / chunk.len()]], chunk[i % chunk.len()]);
            let mut found = |i: usize| hit(order[i / chunk.len()], i % chunk.len());
            search_pairs_on(variant, formula, order.len() * chunk.len(), pair, &mut found);
            continue;
        }
        for group in order.chunk_by(same_salt) {
            let wanted = Wanted::new(targets, group, core.is_big_endian());
            let plan = Plan::new(variant, core, formula, targets[group[0]].salt());
            let too_long = plan.run(&packed, &mut |ids, state| {
                wanted.each(&state[0].0[..ids.len()], |lane, target| {
                    if is_digest(core, state, lane, targets[target].digest) {
                        hit(target, ids[lane] as usize);
                    }
                });
            });
            for &c in too_long {
                one_at_a_time(formula, targets, group, &wanted, chunk, c as usize, &mut hit);
            }
        }
    }
}

/// The digests of `words` under an unsalted formula, in no particular order.
pub(super) fn each_digest(
    variant: Variant,
    formula: Formula,
    words: &[&[u8]],
    mut digest_of: impl FnMut(usize, &[u8]),
) {
    let mut digest = [0; 64];
    let Some(core) = core_for(formula) else {
        for (i, word) in words.iter().enumerate() {
            let len = formula.evaluate(word, &Salts::NONE, &mut digest);
            digest_of(i, &digest[..len]);
        }
        return;
    };
    for (number, chunk) in words.chunks(CHUNK).enumerate() {
        let base = number * CHUNK;
        let texts = Texts::of(variant, core, formula, chunk);
        let packed = Packed::new(core, chunk.len(), |i| texts.get(chunk, i));
        let too_long = Plan::new(variant, core, formula, &[]).run(&packed, &mut |ids, state| {
            for (lane, &id) in ids.iter().enumerate() {
                let len = core.digest(state, lane, &mut digest);
                digest_of(base + id as usize, &digest[..len]);
            }
        });
        for &id in too_long {
            let len = formula.evaluate(chunk[id as usize], &Salts::NONE, &mut digest);
            digest_of(base + id as usize, &digest[..len]);
        }
    }
}

/// One candidate against the targets of one salt, through the reference.
fn one_at_a_time(
    formula: Formula,
    targets: &[Target<'_>],
    group: &[usize],
    wanted: &Wanted,
    candidates: &[&[u8]],
    candidate: usize,
    hit: &mut impl FnMut(usize, usize),
) {
    let mut digest = [0; 64];
    let len = formula.evaluate(candidates[candidate], targets[group[0]].salts, &mut digest);
    wanted.each(&[wanted.word(&digest)], |_, target| {
        if digest[..len] == *targets[target].digest {
            hit(target, candidate);
        }
    });
}

/// What takes the candidates' place in the last hash of a formula: themselves, or what an inner hash made of them.
enum Texts {
    Themselves,
    Made { bytes: Vec<u8>, ends: Vec<u32> },
}

impl Texts {
    fn of(variant: Variant, core: Core, formula: Formula, candidates: &[&[u8]]) -> Self {
        let inner = match formula {
            Formula::TwiceRaw(_) => 4 * core.words(),
            Formula::TwiceHex(_) | Formula::HexPassSalt(_) | Formula::SaltHexPass(_) | Formula::HexSaltHexPass(_) => {
                8 * core.words()
            }
            _ => return Self::Themselves,
        };
        let mut digester = Digester::new(variant, core);
        let mut digests = Vec::new();
        if matches!(formula, Formula::TwiceRaw(_)) {
            digester.raw(candidates.len(), |i| [candidates[i], &[], &[]], &mut digests);
        } else {
            digester.hex(candidates.len(), |i| [candidates[i], &[], &[]], &mut digests);
        }
        let mut bytes = Vec::with_capacity(inner * candidates.len());
        let mut ends = Vec::with_capacity(candidates.len());
        for digest in &digests {
            bytes.extend_from_slice(&digest[..inner]);
            ends.push(bytes.len() as u32);
        }
        Self::Made { bytes, ends }
    }

    /// The text of candidate `i`.
    #[inline]
    fn get<'a>(&'a self, candidates: &[&'a [u8]], i: usize) -> &'a [u8] {
        match self {
            Self::Themselves => candidates[i],
            Self::Made { bytes, ends } => {
                let start = if i == 0 { 0 } else { ends[i - 1] as usize };
                &bytes[start..ends[i] as usize]
            }
        }
    }
}

/// Texts in lanes, texts of one length together, shorter ones first.
struct Packed {
    /// The texts' numbers, by length; at the end those that the lanes do not take.
    order: Vec<u32>,
    /// One entry a length that occurs, up to [`LONGEST`].
    classes: Vec<Class>,
    rows: Vec<Row>,
    /// Lanes taken, empty ones included.
    lanes: usize,
}

struct Class {
    /// Bytes of each text.
    len: usize,
    /// Where in `order` it begins and ends.
    from: usize,
    to: usize,
    /// Its first row.
    row: usize,
}

impl Packed {
    fn new<'a>(core: Core, count: usize, text: impl Fn(usize) -> &'a [u8]) -> Self {
        // An NT hash takes UTF-16: two bytes for an ASCII character, and no lane for any other.
        let wide = core == Core::Md4;
        let lens: Vec<u16> = (0..count).map(|i| (text(i).len() << u32::from(wide)).min(LONGEST + 1) as u16).collect();
        let mut ends = [0; LONGEST + 2];
        for len in &lens {
            ends[usize::from(*len)] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum - *end;
        }
        let mut order = vec![0; count];
        for (i, len) in lens.iter().enumerate() {
            let at = &mut ends[usize::from(*len)];
            order[*at] = i as u32;
            *at += 1;
        }
        // Every entry has moved from where its class begins to where it ends.
        if wide {
            Self::put_last(&mut order, &mut ends, |id| !text(id as usize).is_ascii());
        }
        let (mut classes, mut rows_needed, mut lanes, mut from) = (Vec::new(), 0, 0, 0);
        for (len, &to) in ends[..=LONGEST].iter().enumerate() {
            if to > from {
                classes.push(Class { len, from, to, row: rows_needed });
                let groups = (to - from).div_ceil(LANES);
                rows_needed += groups * len.div_ceil(4);
                lanes += groups * LANES;
            }
            from = to;
        }
        let mut rows = vec![Row::all(0); rows_needed];
        for class in &classes {
            let height = class.len.div_ceil(4);
            if height == 0 {
                continue;
            }
            let groups = order[class.from..class.to].chunks(LANES);
            for (group, rows) in groups.zip(rows[class.row..].chunks_exact_mut(height)) {
                for (lane, &id) in group.iter().enumerate() {
                    if wide {
                        fill_wide_lane(text(id as usize), lane, rows);
                    } else {
                        fill_lane(core, text(id as usize), lane, rows);
                    }
                }
            }
        }
        Self { order, classes, rows, lanes }
    }

    /// Moves the texts that are `odd` behind those of every class. Asked for one length after the other: the same
    /// question in the order in which the texts came costs twice as much in mispredicted branches.
    fn put_last(order: &mut Vec<u32>, ends: &mut [usize], odd: impl Fn(u32) -> bool) {
        let (mut kept, mut last, mut from) = (Vec::with_capacity(order.len()), Vec::new(), 0);
        for end in ends {
            for &id in &order[from..*end] {
                if odd(id) {
                    last.push(id);
                } else {
                    kept.push(id);
                }
            }
            from = *end;
            *end = kept.len();
        }
        kept.append(&mut last);
        *order = kept;
    }
}

/// Writes the words of `text` into one lane.
#[inline]
fn fill_lane(core: Core, text: &[u8], lane: usize, rows: &mut [Row]) {
    let (whole, rest) = text.as_chunks::<4>();
    let (tail, rows) = match rest.len() {
        0 => (None, rows),
        extra => {
            // The last four bytes shifted down are the tail filled up with zeros.
            let tail = match text.last_chunk::<4>() {
                Some(last) => u32::from_le_bytes(*last) >> (8 * (4 - extra)),
                None => rest.iter().rev().fold(0, |word, &byte| word << 8 | u32::from(byte)),
            };
            let (last, rows) = rows.split_last_mut().expect("a class has a row for every word");
            (Some((tail, last)), rows)
        }
    };
    for (bytes, row) in whole.iter().zip(rows) {
        row.0[lane] = core.word(*bytes);
    }
    if let Some((tail, last)) = tail {
        last.0[lane] = core.word(tail.to_le_bytes());
    }
}

/// Writes the words of an ASCII `text` as UTF-16LE into one lane.
#[inline]
fn fill_wide_lane(text: &[u8], lane: usize, rows: &mut [Row]) {
    let (twos, last) = text.as_chunks::<2>();
    for (two, row) in twos.iter().zip(rows.iter_mut()) {
        row.0[lane] = u32::from(two[0]) | u32::from(two[1]) << 16;
    }
    if let ([byte], Some(row)) = (last, rows.last_mut()) {
        row.0[lane] = u32::from(*byte);
    }
}

/// How one salt's messages are made: what stands before and after the text, and an HMAC's states.
struct Plan {
    variant: Variant,
    core: Core,
    before: Vec<u8>,
    after: Vec<u8>,
    /// The states behind the inner and the outer pad.
    hmac: Option<Box<(State, State)>>,
}

impl Plan {
    fn new(variant: Variant, core: Core, formula: Formula, salt: &[u8]) -> Self {
        let nothing = Vec::new;
        let mut hmac = None;
        let (before, after) = match formula {
            Formula::Plain(_) | Formula::TwiceRaw(_) | Formula::TwiceHex(_) | Formula::HmacKeyPass(_) => {
                (nothing(), nothing())
            }
            Formula::SaltPass(_) | Formula::SaltHexPass(_) => (salt.to_vec(), nothing()),
            Formula::PassSalt(_) | Formula::HexPassSalt(_) => (nothing(), salt.to_vec()),
            Formula::SaltPassSalt(_) => (salt.to_vec(), salt.to_vec()),
            Formula::HexSaltHexPass(algorithm) => {
                let mut digest = [0; 64];
                let len = digest_of(algorithm, &[salt], &mut digest);
                (hex::encode(&digest[..len]).into_bytes(), nothing())
            }
            Formula::HmacKeySalt(algorithm) => {
                let pad = |byte| {
                    let template = words(core, &pad_key(algorithm, salt, byte));
                    let mut state = core.initial();
                    variant.run(core, &mut state, &Message::Template { template: &template[..16], rows: &[], at: 0 });
                    state
                };
                hmac = Some(Box::new((pad(0x36), pad(0x5c))));
                (nothing(), nothing())
            }
            Formula::Composed(_) => unreachable!("composed formulas have no kernel"),
        };
        Self { variant, core, before, after, hmac }
    }

    /// Hashes all that the lanes take and calls `each` with every group: the texts' numbers, one a lane, and the state
    /// they ended in. The rest, which is too long, is what it returns.
    fn run<'p>(&self, packed: &'p Packed, each: &mut impl FnMut(&[u32], &State)) -> &'p [u32] {
        let core = self.core;
        let hashed = if self.hmac.is_some() { 64 } else { 0 };
        let around = self.before.len() + self.after.len();
        let mut bytes = [0; 64 * BLOCKS];
        for class in &packed.classes {
            let len = around + class.len;
            if len > LONGEST {
                return &packed.order[class.from..];
            }
            let end = 64 * (len + 9).div_ceil(64);
            bytes[..end].fill(0);
            bytes[..self.before.len()].copy_from_slice(&self.before);
            bytes[len - self.after.len()..len].copy_from_slice(&self.after);
            finish(core, &mut bytes[..end], len, hashed);
            let template = words(core, &bytes);
            let height = class.len.div_ceil(4);
            let ids = packed.order[class.from..class.to].chunks(LANES);
            for (number, ids) in ids.enumerate() {
                let rows = &packed.rows[class.row + number * height..][..height];
                let message = Message::Template { template: &template[..end / 4], rows, at: self.before.len() };
                let Some(pads) = &self.hmac else {
                    let mut state = core.initial();
                    self.variant.run(core, &mut state, &message);
                    each(ids, &state);
                    continue;
                };
                let (mut inner, mut outer) = **pads;
                self.variant.run(core, &mut inner, &message);
                let mut last = [0; 64];
                finish(core, &mut last, 4 * core.words(), 64);
                let template = words(core, &last);
                let message = Message::Template { template: &template[..16], rows: &inner[..core.words()], at: 0 };
                self.variant.run(core, &mut outer, &message);
                each(ids, &outer);
            }
        }
        &packed.order[packed.classes.last().map_or(0, |class| class.to)..]
    }
}

/// Pads a message of `len` bytes, `hashed` bytes behind its beginning, to the whole of `bytes`.
fn finish(core: Core, bytes: &mut [u8], len: usize, hashed: usize) {
    bytes[len] = 0x80;
    let field = bytes.len() - 8;
    bytes[field..].copy_from_slice(&core.length_field(hashed + len));
}

/// `bytes` as words of the hash.
fn words(core: Core, bytes: &[u8]) -> [u32; 16 * BLOCKS] {
    let mut words = [0; 16 * BLOCKS];
    for (word, bytes) in words.iter_mut().zip(bytes.as_chunks().0) {
        *word = core.word(*bytes);
    }
    words
}

/// Finds the targets that begin with a digest's first word.
struct Wanted {
    big_endian: bool,
    /// First word and target, sorted.
    sorted: Vec<(u32, usize)>,
    /// A bit for every value that the low bits of a first word take; empty if there are only a few targets.
    filter: Vec<u64>,
}

impl Wanted {
    /// Up to this many targets, each is compared with all lanes.
    const FEW: usize = 4;

    fn new(targets: &[Target<'_>], group: &[usize], big_endian: bool) -> Self {
        let mut wanted = Self { big_endian, sorted: Vec::with_capacity(group.len()), filter: Vec::new() };
        for &target in group {
            wanted.sorted.push((wanted.word(targets[target].digest), target));
        }
        wanted.sorted.sort_unstable();
        if group.len() > Self::FEW {
            // Sixteen bits a target: one digest in sixteen goes on to the search. At most 2 MB, a second-level cache.
            let bits = (16 * group.len()).next_power_of_two().clamp(1 << 10, 1 << 24);
            wanted.filter = vec![0; bits / 64];
            for &(word, _) in &wanted.sorted {
                let bit = word as usize % bits;
                wanted.filter[bit / 64] |= 1 << (bit % 64);
            }
        }
        wanted
    }

    /// The first word of a digest, as its hash reads it.
    fn word(&self, digest: &[u8]) -> u32 {
        let first = *digest.first_chunk().expect("a digest has at least sixteen bytes");
        if self.big_endian { u32::from_be_bytes(first) } else { u32::from_le_bytes(first) }
    }

    /// Calls `found(lane, target)` for every target that begins with one of `words`.
    #[inline]
    fn each(&self, words: &[u32], mut found: impl FnMut(usize, usize)) {
        if self.filter.is_empty() {
            for &(wanted, target) in &self.sorted {
                // No early end, which would keep this from being vectorised.
                if words.iter().filter(|word| **word == wanted).count() > 0 {
                    for (lane, _) in words.iter().enumerate().filter(|(_, word)| **word == wanted) {
                        found(lane, target);
                    }
                }
            }
            return;
        }
        // A power of two, which is what makes this a mask.
        let mask = 64 * self.filter.len() - 1;
        for (lane, &word) in words.iter().enumerate() {
            let bit = word as usize & mask;
            if self.filter[bit / 64] >> (bit % 64) & 1 != 0 {
                let from = self.sorted.partition_point(|(first, _)| *first < word);
                for &(_, target) in self.sorted[from..].iter().take_while(|(first, _)| *first == word) {
                    found(lane, target);
                }
            }
        }
    }
}
