//! A stream that was used again: every value exclusive-ored with the same bytes, be it one byte, a short key over and
//! over, or the key stream of a cipher whose nonce never changed. Enough values give the stream away: at each place, the
//! byte under which the column looks most like passwords.

use crate::model::Secret;

/// Longest key that is repeated, in bytes.
const LONGEST_PERIOD: usize = 16;
/// Places of a stream that is not repeated: longer passwords are too rare to tell.
const LONGEST_STREAM: usize = 24;
/// Values that a place needs.
const ENOUGH: i64 = 24;

/// Natural logarithms of how often a byte occurs in passwords, times 10; from the shares of characters in the list of
/// common passwords, rounded. What cannot be typed is worth less than any other byte.
fn weight(byte: u8) -> i64 {
    const FREQUENT: &[u8] = b"ae1ion0rls2tmch9d3b8yu4k5g67pjvfwzxq";
    match byte {
        b'a'..=b'z' | b'0'..=b'9' => {
            let at = FREQUENT.iter().position(|known| *known == byte).unwrap_or(FREQUENT.len());
            // From 7.6 % for the first down to 0.15 % for the last.
            -26 - i64::try_from(at).expect("a place in a short list")
        }
        b'A'..=b'Z' => -66,
        b'!' | b'.' | b'_' | b'-' | b'@' | b'*' | b'#' => -62,
        b' '..=b'~' => -78,
        0x80.. => -110,
        _ => -140,
    }
}

/// A stream, ready to be applied.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    bytes: Secret,
    /// Whether it starts again at its end.
    repeats: bool,
}

impl Stream {
    /// A key that is repeated.
    pub(super) const fn repeated(key: Secret) -> Self {
        Self { bytes: key, repeats: true }
    }

    /// Applies it; `None` where a value is longer than what is known of the stream.
    pub(super) fn apply(&self, value: &[u8]) -> Option<Secret> {
        let stream = self.bytes.expose();
        if stream.is_empty() || (!self.repeats && value.len() > stream.len()) {
            return None;
        }
        let applied = value.iter().zip(stream.iter().cycle()).map(|(byte, key)| byte ^ key);
        Some(Secret::from(applied.collect::<Vec<u8>>()))
    }

    /// After how many bytes it starts again.
    pub(super) fn period(&self) -> Option<usize> {
        self.repeats.then(|| self.bytes.expose().len())
    }

    /// What it is, for the report.
    pub(super) fn describe(&self) -> String {
        match (self.repeats, self.bytes.expose().len()) {
            (true, 1) => "XOR with one byte".to_owned(),
            (true, len) => format!("XOR with a key of {len} bytes"),
            (false, _) => "a stream cipher with a reused key stream".to_owned(),
        }
    }

    /// The likeliest streams under which `values` look like passwords, shortest period first, the stream without one
    /// last. Which is right, if any, is for common passwords to say.
    pub(super) fn likely(values: &[Vec<u8>]) -> impl Iterator<Item = Self> {
        let weights: Vec<i64> = (0..=255).map(weight).collect();
        (1..=LONGEST_PERIOD).map(Some).chain([None]).filter_map(move |period| {
            let places = period.unwrap_or(LONGEST_STREAM);
            let mut stream = Vec::with_capacity(places);
            for place in 0..places {
                let mut counts = [0_i64; 256];
                for value in values {
                    match period {
                        Some(period) => {
                            value.iter().skip(place).step_by(period).for_each(|b| counts[usize::from(*b)] += 1);
                        }
                        None => value.get(place).into_iter().for_each(|b| counts[usize::from(*b)] += 1),
                    }
                }
                if counts.iter().sum::<i64>() < ENOUGH {
                    break;
                }
                let met: Vec<(usize, i64)> =
                    counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
                let score = |key: u8| -> i64 { met.iter().map(|(b, n)| n * weights[b ^ usize::from(key)]).sum() };
                stream.push((0..=255).max_by_key(|key| (score(*key), std::cmp::Reverse(*key))).unwrap_or(0));
            }
            let whole = period.is_none_or(|period| stream.len() == period);
            (whole && stream.iter().any(|key| *key != 0))
                .then(|| Self { bytes: Secret::from(stream), repeats: period.is_some() })
        })
    }
}
