//! Text in UTF-16 between other bytes: the strings of programs for Windows, registry hives, memory images.
//!
//! A run is [`LEAST`] or more ASCII characters, each followed by a zero byte. The runs of a window are written as bytes, each on
//! a line of its own, and searched like any text; what is found is said of the place where it stands. (A whole text in UTF-16
//! is none of this: `sources` decodes it.)

use std::borrow::Cow;
use std::ops::Range;

use super::engine::EngineError;
use super::scan::{Hit, Named, Scanner, Window};

/// Fewest characters of a run: a short name, `=` and the shortest value that is judged.
const LEAST: usize = 8;

/// The runs of a window, as one text.
struct Runs {
    text: Vec<u8>,
    /// Of each run, where it begins in `text` and in the window.
    starts: Vec<(usize, usize)>,
}

fn is_character(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

/// The end of the run that begins at `at`.
fn run_end(text: &[u8], mut at: usize) -> usize {
    while at + 1 < text.len() && is_character(text[at]) && text[at + 1] == 0 {
        at += 2;
    }
    at
}

impl Runs {
    fn of(text: &[u8]) -> Self {
        let mut runs = Self { text: Vec::new(), starts: Vec::new() };
        let mut at = 0;
        while let Some(zero) = memchr::memchr(0, &text[at..]).map(|i| at + i) {
            let start = zero.saturating_sub(1).max(at);
            let end = run_end(text, start);
            if end - start >= 2 * LEAST {
                runs.starts.push((runs.text.len(), start));
                runs.text.extend(text[start..end].iter().step_by(2));
                runs.text.push(b'\n');
            }
            at = end.max(zero + 1);
        }
        runs
    }

    /// Where the character at `at` stands in the window; the run's number, too.
    fn place(&self, at: usize) -> (usize, usize) {
        let run = self.starts.partition_point(|(start, _)| *start <= at) - 1;
        let (start, begin) = self.starts[run];
        (run, begin + 2 * (at - start))
    }

    /// The first place in `text` that stands at `place` in the window, or later.
    fn from(&self, place: usize) -> usize {
        let run = self.starts.partition_point(|(_, begin)| *begin < place);
        let Some((start, begin)) = run.checked_sub(1).map(|run| self.starts[run]) else { return 0 };
        let next = self.starts.get(run).map_or(self.text.len(), |(start, _)| *start);
        (start + (place - begin).div_ceil(2)).min(next)
    }
}

impl Scanner {
    /// Adds to `hits` what is found in the runs that begin or go on in the window's stretch.
    pub(super) fn scan_wide(
        &mut self,
        window: &Window<'_>,
        named: &Named,
        hits: &mut Vec<Hit>,
    ) -> Result<(), EngineError> {
        let runs = Runs::of(window.text);
        if runs.text.is_empty() {
            return Ok(());
        }
        let (from, to) = (runs.from(window.from), runs.from(window.to));
        let mut found = Vec::new();
        self.scan_bytes(&Window { text: &runs.text, offset: 0, from, to }, named, &mut found)?;
        hits.extend(found.into_iter().filter_map(|hit| {
            let range = |range: &Range<u64>| -> Option<Range<u64>> {
                let (first, start) = runs.place(range.start as usize);
                let (last, end) = runs.place((range.end as usize).checked_sub(1)?);
                (first == last && range.start < range.end)
                    .then_some(window.offset + start as u64..window.offset + end as u64 + 2)
            };
            // What begins in one string and ends in another is chance.
            Some(Hit {
                secret: range(&hit.secret)?,
                matched: range(&hit.matched).or_else(|| range(&hit.secret))?,
                ..hit
            })
        }));
        Ok(())
    }
}

/// A secret as text: without the zeros of UTF-16, where it was found in that.
pub fn narrow(secret: &[u8]) -> Cow<'_, [u8]> {
    let is_wide = !secret.is_empty() && run_end(secret, 0) == secret.len();
    if is_wide { Cow::Owned(secret.iter().step_by(2).copied().collect()) } else { Cow::Borrowed(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn runs_are_found_at_odd_and_even_places_and_lead_back() {
        for lead in 0..4 {
            let text = [
                vec![7; lead],
                wide("first run"),
                vec![0, 0, 1, 0, 2],
                wide("short"),
                vec![9],
                wide("the second"),
                vec![0],
            ]
            .concat();
            let runs = Runs::of(&text);
            assert_eq!(runs.text, b"first run\nthe second\n", "{lead}");
            for (at, byte) in runs.text.iter().enumerate().filter(|(_, byte)| **byte != b'\n') {
                let (_, place) = runs.place(at);
                assert_eq!(text[place], *byte, "{lead}");
                assert_eq!(runs.from(place), at, "{lead}");
            }
            assert_eq!(runs.from(text.len()), runs.text.len());
        }
        assert!(Runs::of(b"no zero in here, and one at the end\0").text.is_empty());
        assert!(Runs::of(&[0; 100]).text.is_empty());
    }

    #[test]
    fn a_wide_secret_is_written_as_text_and_another_stays() {
        assert_eq!(narrow(&wide("Gr4nite")), b"Gr4nite".as_slice());
        assert_eq!(narrow(b"Gr4nite"), b"Gr4nite".as_slice());
        assert_eq!(narrow(b"a\0b"), b"a\0b".as_slice());
    }
}
