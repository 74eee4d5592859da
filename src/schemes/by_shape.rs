//! Hashes that look like text one by one: traditional DES crypt, tripcodes, Cisco PIX and ASA, Progress `OpenEdge`. One
//! value does not tell them from a password; a column does. Their characters are spread as a hash spreads them, over an
//! alphabet that people do not use: a random password of letters and digits has neither dots nor slashes, a word has its
//! vowels.

use std::collections::BTreeSet;
use std::ops::Range;

use super::plaintext::{TEXT_10, TEXT_13, TEXT_16};
use super::{Scheme, appliance, codec, openedge, recognise, unix_crypt};
use crate::model::{Form, FormDef, FormKind};

/// What the values of a column of such hashes have in common.
pub struct Shape {
    /// The form of one value by itself.
    text: &'static FormDef,
    /// The form of a value of such a column.
    form: &'static FormDef,
    scheme: &'static dyn Scheme,
    letters: Letters,
    /// Which characters of a value are the hash's.
    hash: Range<usize>,
    /// Whether the last character ends in two zero bits: eleven characters hold 66 bits, of which 64 are used.
    ends_in_zeros: bool,
    /// Fewest different values that tell.
    fewest: usize,
}

/// How often a hash has which character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// crypt(3)'s 64 characters, all alike.
    Crypt,
    /// What `OpenEdge` makes of a random byte.
    OpenEdge,
}

/// Every shape; of several that fit, the likelier first. An ASA salts with the login, a PIX does not.
static SHAPES: [Shape; 5] = [
    Shape {
        text: &TEXT_13,
        form: &unix_crypt::SHAPED,
        scheme: &unix_crypt::DESCRYPT,
        letters: Letters::Crypt,
        hash: 2..12,
        ends_in_zeros: true,
        // Of passwords with thirteen characters, hardly one in a hundred has those that a crypt has.
        fewest: 3,
    },
    Shape {
        text: &TEXT_16,
        form: &appliance::PIX_SHAPED,
        scheme: &appliance::CISCO_PIX,
        letters: Letters::Crypt,
        hash: 0..16,
        ends_in_zeros: false,
        fewest: 12,
    },
    Shape {
        text: &TEXT_16,
        form: &appliance::ASA_SHAPED,
        scheme: &appliance::CISCO_ASA,
        letters: Letters::Crypt,
        hash: 0..16,
        ends_in_zeros: false,
        fewest: 12,
    },
    Shape {
        text: &TEXT_16,
        form: &openedge::SHAPED,
        scheme: &openedge::OPENEDGE,
        letters: Letters::OpenEdge,
        hash: 0..16,
        ends_in_zeros: false,
        fewest: 12,
    },
    Shape {
        text: &TEXT_10,
        form: &unix_crypt::TRIPCODE_SHAPED,
        scheme: &unix_crypt::TRIPCODE,
        letters: Letters::Crypt,
        hash: 0..9,
        ends_in_zeros: true,
        fewest: 12,
    },
];

/// Share of a column's texts that must have the shape: the others are passwords that were never hashed, or damaged.
const MOST: f64 = 0.95;

/// Standard deviations by which the spread of characters may miss what is expected: beyond chance, and far below what text
/// of any kind misses it by.
const FAR: f64 = 6.0;

impl Shape {
    /// The scheme of such a column.
    pub fn scheme(&self) -> &'static dyn Scheme {
        self.scheme
    }

    /// What `form`, of one value by itself, is in such a column.
    pub fn read(&self, form: Form) -> Form {
        if std::ptr::eq(form.def, self.text) { Form::plain(self.form) } else { form }
    }

    /// Whether `form` is that of such a column's values.
    pub fn is_read(&self, form: Form) -> bool {
        std::ptr::eq(form.def, self.form)
    }

    fn fits(&self, texts: &[(&[u8], Form)]) -> bool {
        let has_shape = |(value, form): &&(&[u8], Form)| {
            let last = value.last().and_then(|b| codec::itoa64_index(*b));
            std::ptr::eq(form.def, self.text)
                && (!self.ends_in_zeros || last.is_some_and(|last| last.trailing_zeros() >= 2))
        };
        let shaped: Vec<&[u8]> = texts.iter().filter(has_shape).map(|(value, _)| *value).collect();
        if (shaped.len() as f64) < MOST * texts.len() as f64 {
            return false;
        }
        // Equal values are one hash.
        let different: BTreeSet<&[u8]> = shaped.into_iter().collect();
        if different.len() < self.fewest {
            return false;
        }
        let mut counts = [0_u32; 256];
        for value in different {
            for byte in &value[self.hash.clone()] {
                counts[usize::from(*byte)] += 1;
            }
        }
        self.letters.made(&counts)
    }
}

impl Letters {
    /// How many of 256 bytes become which character; for crypt(3) four of each.
    fn of_256(self) -> [u32; 256] {
        let mut of = [0; 256];
        match self {
            Self::Crypt => (0..64).filter_map(codec::itoa64).for_each(|character| of[usize::from(character)] = 4),
            Self::OpenEdge => (0..=255).for_each(|byte| of[usize::from(openedge::letter(byte))] += 1),
        }
        of
    }

    /// Whether characters that occurred so often are a hash's: Pearson's chi-squared, and what only a hash has at all.
    fn made(self, counts: &[u32; 256]) -> bool {
        let all = f64::from(counts.iter().sum::<u32>());
        let expected = self.of_256().map(|of| f64::from(of) / 256.0 * all);
        let freedom = expected.iter().filter(|expected| **expected > 0.0).count() as f64 - 1.0;
        let mut chi = 0.0;
        for (count, expected) in counts.iter().zip(expected) {
            match (*count, expected > 0.0) {
                (0, false) => {}
                (_, false) => return false,
                (count, true) => chi += (f64::from(count) - expected).powi(2) / expected,
            }
        }
        // Random letters and digits are spread alike too, and in few values that is hard to tell.
        let marks = f64::from(counts[usize::from(b'.')] + counts[usize::from(b'/')]);
        chi <= freedom + FAR * (2.0 * freedom).sqrt() && (self != Self::Crypt || marks >= all / 32.0 / 3.0)
    }
}

/// The shapes that the texts among `values` (cells of one column) have, the likelier first. Empty for plain text.
pub fn shapes(values: &[&[u8]]) -> Vec<&'static Shape> {
    let texts: Vec<(&[u8], Form)> = values
        .iter()
        .map(|value| (*value, recognise(value)))
        .filter(|(_, form)| form.kind() == FormKind::Text)
        .collect();
    SHAPES.iter().filter(|shape| shape.fits(&texts)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern, the same every time.
    fn random(seed: u64) -> impl FnMut() -> u64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        }
    }

    fn names(values: &[String]) -> Vec<&'static str> {
        let values: Vec<&[u8]> = values.iter().map(String::as_bytes).collect();
        shapes(&values).iter().map(|shape| shape.scheme().name()).collect()
    }

    fn of(alphabet: &[u8], length: usize, n: usize) -> Vec<String> {
        let mut next = random(7);
        let mut one = || (0..length).map(|_| char::from(alphabet[next() as usize % alphabet.len()])).collect();
        (0..n).map(|_| one()).collect()
    }

    const CRYPT: &[u8] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    #[test]
    fn random_characters_of_another_alphabet_are_no_hash() {
        for n in [12, 60, 500] {
            assert_eq!(names(&of(CRYPT, 16, n)), ["cisco-pix", "cisco-asa"], "{n}");
            assert!(names(&of(&CRYPT[2..], 16, n)).is_empty(), "letters and digits, {n}");
            assert!(names(&of(&CRYPT[12..], 16, n)).is_empty(), "letters, {n}");
            assert!(names(&of(&CRYPT[38..], 16, n)).is_empty(), "lower case, {n}");
            // The last character of a crypt is one of sixteen.
            assert!(names(&of(CRYPT, 13, n)).is_empty(), "{n}");
            assert!(names(&of(CRYPT, 10, n)).is_empty(), "{n}");
        }
    }

    #[test]
    fn too_few_values_tell_nothing() {
        assert!(names(&of(CRYPT, 16, 11)).is_empty());
        assert!(names(&vec!["ab0123456789.".to_owned(); 40]).is_empty());
        assert!(names(&[]).is_empty());
    }
}
