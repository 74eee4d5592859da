//! Before a server is asked: how much that would be, in requests, bytes and minutes; and whether a corpus is the better way.

use std::fmt;

/// Bytes of an answer on the wire: 1,973 lines of August 2026 are 77 KB of text and 41 KB packed.
const RANGE_BYTES: u64 = 41_000;
/// Requests a second that one connection gets through at 32 under way and some 60 ms each; what the network adds is not
/// known beforehand.
pub const REQUESTS_A_SECOND: u64 = 500;
/// Ranges from which on a corpus is better than asking, where nobody says otherwise: 4 GB, and a tenth of all prefixes from
/// one address at one time.
pub const AUTO_RANGES: u64 = 100_000;
/// Number of ranges.
const RANGES: f64 = super::PREFIXES as f64;

/// What asking a range server comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Distinct digests to ask about.
    pub digests: u64,
    /// Ranges that they lie in.
    pub ranges: u64,
    /// Of these, ranges at hand that need not be asked for.
    pub kept: u64,
}

impl Estimate {
    /// Requests to be made.
    pub const fn requests(&self) -> u64 {
        self.ranges - self.kept
    }

    /// Bytes of their answers.
    pub const fn bytes(&self) -> u64 {
        self.requests() * RANGE_BYTES
    }

    /// Seconds that takes.
    pub const fn seconds(&self) -> u64 {
        self.requests().div_ceil(REQUESTS_A_SECOND)
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.bytes().div_ceil(1_000_000);
        write!(f, "{} distinct digests lie in {} ranges", grouped(self.digests), grouped(self.ranges))?;
        if self.kept > 0 {
            write!(f, ", {} of them kept from before", grouped(self.kept))?;
        }
        write!(f, ": {} requests, about ", grouped(self.requests()))?;
        if megabytes < 10_000 {
            write!(f, "{} MB and ", grouped(megabytes))?;
        } else {
            write!(f, "{} GB and ", grouped(megabytes / 1000))?;
        }
        match self.seconds() {
            seconds @ 0..120 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} minutes", grouped(seconds.div_ceil(60))),
        }
    }
}

/// Ranges that `digests` distinct digests lie in, on average: `R·(1 − e^(−N/R))`.
#[allow(clippy::cast_sign_loss)] // A share of a whole is never below nothing.
pub fn expected_ranges(digests: u64) -> u64 {
    (RANGES * -(-(digests as f64) / RANGES).exp_m1()).round() as u64
}

/// `1048576` as `1,048,576`.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_touches_as_many_ranges_as_chance_has_it() {
        assert_eq!([0, 1, 10_000].map(expected_ranges), [0, 1, 9_952]);
        for (digests, thousands) in [(100_000, 95), (1_000_000, 645), (100_000_000, 1_049)] {
            assert_eq!((expected_ranges(digests) + 500) / 1000, thousands, "{digests}");
        }
    }

    #[test]
    fn the_estimate_is_told_in_figures_that_people_can_weigh() {
        let estimate = Estimate { digests: 1_000_000, ranges: 644_508, kept: 4_508 };
        assert_eq!(
            estimate.to_string(),
            "1,000,000 distinct digests lie in 644,508 ranges, 4,508 of them kept from before: 640,000 requests, about 26 GB and 22 minutes"
        );
        let estimate = Estimate { digests: 7, ranges: 7, kept: 0 };
        assert_eq!(estimate.to_string(), "7 distinct digests lie in 7 ranges: 7 requests, about 1 MB and 1 s");
    }
}
