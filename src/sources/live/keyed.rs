//! Tables that are read in ranges of their primary key, where that is one whole number: what is the same for every server
//! that has nothing better.

use super::{Part, Request};

/// Bytes of a row, about: parts are cut by rows, of which servers know the number better than the bytes.
const ROW: u64 = 256;
/// Most parts of one table: keys may be sparse.
const MAX_PARTS: i128 = 4096;

/// What is known of a table beside what is handed on.
pub(super) struct Keyed {
    /// What stands behind FROM.
    pub(super) from: String,
    /// By column: what stands in the list of the SELECT.
    pub(super) columns: Vec<String>,
    /// The key, if there is one, quoted.
    pub(super) key: Option<String>,
    /// About how many there are.
    pub(super) rows: u64,
}

/// What a statement is made of.
pub(super) struct Pieces {
    /// The list of the SELECT.
    pub(super) list: String,
    /// Condition and order, with a blank before them; empty where there is no key.
    pub(super) range: String,
    /// Whether the key stands before the columns.
    pub(super) is_keyed: bool,
}

impl Keyed {
    /// The pieces of a request's statement.
    pub(super) fn pieces(&self, request: &Request<'_>) -> Pieces {
        let all: Vec<usize> = (0..self.columns.len()).collect();
        let columns = request.columns.unwrap_or(&all);
        // Rows of which nothing is kept are only counted.
        let first = self.key.as_deref().filter(|_| !columns.is_empty());
        let columns = columns.iter().map(|column| self.columns[*column].as_str());
        let mut list: Vec<&str> = first.into_iter().chain(columns).collect();
        if list.is_empty() {
            list.push("NULL");
        }
        let range = self.key.as_ref().map_or(String::new(), |key| {
            let bound = |sign: &str, at: i128| format!("{key} {sign} {at}");
            let bounds = [request.part.from.map(|at| bound(">=", at)), request.part.to.map(|at| bound("<", at))];
            let bounds: Vec<String> = bounds.into_iter().flatten().collect();
            let condition = if bounds.is_empty() { String::new() } else { format!(" WHERE {}", bounds.join(" AND ")) };
            format!("{condition} ORDER BY {key}")
        });
        Pieces { list: list.join(", "), range, is_keyed: first.is_some() }
    }

    /// What asks for the least and the greatest key; `None` where the table is not cut: it has none, or is small for parts
    /// of `part` bytes.
    pub(super) fn ends(&self, part: u64) -> Option<String> {
        let key = self.key.as_ref().filter(|_| self.rows >= of_part(part) / 16)?;
        Some(format!("SELECT MIN({key}), MAX({key}) FROM {}", self.from))
    }

    /// Parts of about `part` bytes, from what the server said to [`ends`](Self::ends).
    pub(super) fn parts(&self, ends: &[Vec<Option<String>>], part: u64) -> Vec<Part> {
        let end = |at: usize| ends.first()?.get(at)?.as_deref()?.parse::<i128>().ok();
        let (Some(from), Some(last)) = (end(0), end(1)) else { return vec![Part::ALL] };
        let parts = i128::from(self.rows / of_part(part)).clamp(1, MAX_PARTS);
        super::cut(from, last + 1, ((last - from + 1) / parts).max(64))
    }
}

/// Rows of a part of `part` bytes.
fn of_part(part: u64) -> u64 {
    (part / ROW).max(1)
}

/// The place of a row whose key came as these digits.
pub(super) fn place(digits: &str) -> Option<u64> {
    digits.parse::<u64>().ok().or_else(|| digits.parse::<i64>().ok().map(i64::cast_unsigned))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Column, Places, Table};
    use crate::sources::live::LiveTable;

    fn keyed(key: Option<&str>, rows: u64) -> Keyed {
        Keyed { from: "t".into(), columns: vec!["a".into(), "b".into()], key: key.map(Into::into), rows }
    }

    #[test]
    fn the_key_stands_first_and_bounds_the_rows() {
        let columns = ["a", "b"].map(Column::named).to_vec();
        let table = Arc::new(Table { name: "t".into(), columns, named_columns: true });
        let table = LiveTable { table, places: Places::Rows, rows: None, number: 0 };
        let pieces = |keyed: &Keyed, part: &Part, columns: Option<&[usize]>| {
            let Pieces { list, range, is_keyed } = keyed.pieces(&Request { table: &table, part, columns, limit: None });
            format!("{list}|{range}|{is_keyed}")
        };
        let middle = Part { from: Some(-5), to: Some(7), wide: false };
        let with = keyed(Some("k"), 9);
        assert_eq!(pieces(&with, &middle, Some(&[1])), "k, b| WHERE k >= -5 AND k < 7 ORDER BY k|true");
        assert_eq!(pieces(&with, &Part::ALL, None), "k, a, b| ORDER BY k|true");
        assert_eq!(pieces(&with, &middle, Some(&[])), "NULL| WHERE k >= -5 AND k < 7 ORDER BY k|false");
        assert_eq!(pieces(&keyed(None, 9), &Part::ALL, None), "a, b||false");
    }

    #[test]
    fn small_tables_and_those_whose_ends_are_unknown_are_one_part() {
        let part = 64 * ROW;
        assert_eq!(keyed(Some("k"), 3).ends(part), None);
        assert_eq!(keyed(None, 300_000).ends(part), None);
        let large = keyed(Some("k"), 300_000);
        assert_eq!(large.ends(part).as_deref(), Some("SELECT MIN(k), MAX(k) FROM t"));
        assert_eq!(large.parts(&[vec![None, None]], part), [Part::ALL]);
        let parts = large.parts(&[vec![Some("-5".into()), Some("9223372036854775807".into())]], part);
        assert!(parts.len() > 4_000 && parts.len() <= 2 * MAX_PARTS as usize + 2, "{}", parts.len());
    }

    #[test]
    fn keys_of_either_sign_are_places() {
        assert_eq!(place("17"), Some(17));
        assert_eq!(place("-1"), Some(u64::MAX));
        assert_eq!(place("18446744073709551615"), Some(u64::MAX));
        assert_eq!(place("x"), None);
    }
}
