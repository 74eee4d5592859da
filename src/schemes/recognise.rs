//! From a value to the family that may know it. Runs for every cell of every candidate column, so: a digest's length
//! first, then one table look-up on the first two bytes, then shapes; nothing allocates.

use super::{FAMILIES, bare, plaintext, state};
use crate::model::Form;

/// One bit for each row of [`FAMILIES`].
type Rows = u64;

/// Rows with a prefix that starts with this byte.
static FIRST: [Rows; 256] = rows_by_byte(0);
/// Rows with a prefix that goes on with this byte, or ends before it.
static SECOND: [Rows; 256] = rows_by_byte(1);
/// Rows that look at the shape.
const SHAPES: Rows = shape_rows();

/// Shortest value that a shape can tell: a DES crypt behind `{CRYPT}`.
const SHORTEST_SHAPE: usize = 20;

/// What one stored value looks like. Total: every byte string has a form. Some 10–20 ns for common shapes.
pub fn recognise(value: &[u8]) -> Form {
    let Some(&first) = value.first() else {
        return Form::plain(&plaintext::EMPTY);
    };
    if let Some(def) = bare::by_hex_length(value) {
        // One value of 2^128 is no digest but says that there is none.
        let starts = matches!(value, [b'a' | b'A', b'a' | b'A', b'd' | b'D', b'3', ..]);
        return Form::plain(if starts { state::of_hex(value).unwrap_or(def) } else { def });
    }
    let second = value.get(1).map_or(Rows::MAX, |&b| SECOND[usize::from(b)]);
    let mut rows = FIRST[usize::from(first)] & second;
    while rows != 0 {
        let family = &FAMILIES[rows.trailing_zeros() as usize];
        rows &= rows - 1;
        if let Some(form) = family.by_prefix.and_then(|recognise| recognise(value)) {
            return form;
        }
    }
    if value.len() >= SHORTEST_SHAPE {
        let mut rows = SHAPES;
        while rows != 0 {
            let family = &FAMILIES[rows.trailing_zeros() as usize];
            rows &= rows - 1;
            if let Some(form) = family.by_shape.and_then(|recognise| recognise(value)) {
                return form;
            }
        }
    }
    Form::plain(plaintext::text(value))
}

const fn rows_by_byte(position: usize) -> [Rows; 256] {
    assert!(FAMILIES.len() <= Rows::BITS as usize, "one bit for each family");
    let mut table = [0; 256];
    let mut row = 0;
    while row < FAMILIES.len() {
        let mut i = 0;
        while i < FAMILIES[row].prefixes.len() {
            let prefix = FAMILIES[row].prefixes[i].as_bytes();
            if position < prefix.len() {
                table[prefix[position] as usize] |= 1 << row;
            } else {
                let mut byte = 0;
                while byte < 256 {
                    table[byte] |= 1 << row;
                    byte += 1;
                }
            }
            i += 1;
        }
        row += 1;
    }
    table
}

const fn shape_rows() -> Rows {
    let (mut rows, mut row) = (0, 0);
    while row < FAMILIES.len() {
        if FAMILIES[row].by_shape.is_some() {
            rows |= 1 << row;
        }
        row += 1;
    }
    rows
}
