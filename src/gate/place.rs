//! Lines and columns: how far a text has got from one place to another.

use crate::model::Characters;

/// What lies between two places of a unit's text. Stretches are counted apart from each other and put together in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    /// Newlines.
    lines: u64,
    /// Where the last of the lines starts, in bytes of the unit; none if no line starts between the places.
    line_start: Option<u64>,
    /// Bytes behind that, or of all of it, that begin no character of UTF-8.
    inner: u64,
    /// Units that it takes in UTF-16; counted only where they are asked for.
    units: u64,
}

/// Bytes that begin no character of UTF-8.
fn inner(text: &[u8]) -> u64 {
    // Few enough at a time for sums of one byte, which are added up side by side.
    let few = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(*byte & 0xc0 == 0x80)).sum::<u8>();
    text.chunks(192).map(|bytes| u64::from(few(bytes))).sum()
}

/// Units that a text takes in UTF-16: two for what UTF-8 writes in four bytes, one for any other character.
pub(super) fn units(text: &[u8]) -> u64 {
    text.iter().map(|byte| u64::from(*byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum()
}

impl Passed {
    /// All of `text`, which begins `offset` bytes into the unit; `utf16` asks for units of that.
    pub(super) fn over(text: &[u8], offset: u64, utf16: bool) -> Self {
        let last = memchr::memrchr(b'\n', text);
        Self {
            lines: memchr::memchr_iter(b'\n', text).count() as u64,
            line_start: last.map(|last| offset + last as u64 + 1),
            inner: inner(&text[last.map_or(0, |last| last + 1)..]),
            units: if utf16 { units(text) } else { 0 },
        }
    }

    /// This and, right behind it, `more`.
    pub(super) fn then(self, more: Self) -> Self {
        let before = if more.line_start.is_none() { self.inner } else { 0 };
        Self {
            lines: self.lines + more.lines,
            line_start: more.line_start.or(self.line_start),
            inner: before + more.inner,
            units: self.units + more.units,
        }
    }

    /// The line of what comes next, from 1, if this began with the unit.
    pub(super) fn line(&self) -> u64 {
        self.lines + 1
    }

    /// The column in bytes of what comes next, at `place` in the unit, from 1.
    pub(super) fn column(&self, place: u64) -> u64 {
        place - self.line_start.unwrap_or_default() + 1
    }

    /// Units of UTF-16 before what comes next.
    pub(super) fn units(&self) -> u64 {
        self.units
    }

    /// Where what comes next, `text` at `place` in the unit, lies in characters.
    pub(super) fn characters(&self, place: u64, text: &Shape) -> Characters {
        let column = self.column(place) - self.inner;
        let first = if text.lines == 0 { column } else { 1 };
        Characters { column, end_line: self.line() + text.lines, end_column: first + text.last }
    }
}

/// The shape of a text: newlines, and the characters behind the last of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    lines: u64,
    last: u64,
}

impl Shape {
    pub(super) fn of(text: &[u8]) -> Self {
        let last = memchr::memrchr(b'\n', text).map_or(text, |at| &text[at + 1..]);
        Self { lines: memchr::memchr_iter(b'\n', text).count() as u64, last: last.len() as u64 - inner(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_put_together_are_as_the_whole_wherever_it_is_cut() {
        let text = "erste Zeile\nzweite mit äöü 😀\n\nund die letzte: ñ 😀 é".as_bytes();
        let whole = Passed::over(text, 100, true);
        assert_eq!((whole.lines, whole.units), (3, 53));
        for cut in 0..=text.len() {
            let (head, tail) = text.split_at(cut);
            let parts = Passed::over(head, 100, true).then(Passed::over(tail, 100 + cut as u64, true));
            assert_eq!(parts, whole, "{cut}");
        }
        let long = "é".repeat(1000);
        assert_eq!(Passed::over(long.as_bytes(), 0, false).inner, 1000);
    }

    #[test]
    fn characters_are_counted_from_one_and_the_end_lies_behind_the_last() {
        let before = Passed::over("a\nbé ".as_bytes(), 0, false);
        assert_eq!((before.line(), before.column(6)), (2, 5));
        let at = |text: &str| before.characters(6, &Shape::of(text.as_bytes()));
        assert_eq!(at("xyé"), Characters { column: 4, end_line: 2, end_column: 7 });
        assert_eq!(at("x\ny\né"), Characters { column: 4, end_line: 4, end_column: 2 });
    }
}
