//! Parts of a column merge into the whole, in any order, to the same roles.

use proptest::prelude::*;

use super::generators as g;
use super::*;

const COLUMNS: [Case; 6] = [
    no("id", g::id),
    no("nick", g::username),
    no("email", g::email),
    yes("code", g::password),
    yes("h", g::md5),
    no("since", g::instant),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_partition_and_order_gives_the_same_assignment(rows in 1usize..600, parts in 1usize..6, seed in any::<u64>()) {
        let table = table("members", &COLUMNS);
        let mut random = Random::new(&seed.to_string());
        let mut whole = Vec::new();
        let mut merged = Vec::new();
        for column in &COLUMNS {
            let mut cells: Vec<Option<String>> = (0..rows).map(|row| (column.maker)(&mut random, row)).collect();
            let mut one = ColumnStats::new();
            for cell in &cells {
                observe(&mut one, cell.as_deref());
            }
            // Any order, any part, merged in any order.
            for at in (1..cells.len()).rev() {
                cells.swap(at, random.below(at + 1));
            }
            let mut pieces = vec![ColumnStats::new(); parts];
            for cell in &cells {
                observe(&mut pieces[random.below(parts)], cell.as_deref());
            }
            let mut sum = ColumnStats::new();
            while !pieces.is_empty() {
                let at = random.below(pieces.len());
                sum.merge(&pieces.swap_remove(at));
            }
            prop_assert_eq!(one.rows(), sum.rows());
            prop_assert_eq!(one.values(), sum.values());
            prop_assert_eq!(one.distinct(), sum.distinct());
            whole.push(one);
            merged.push(sum);
        }
        prop_assert_eq!(assign(&table, &whole), assign(&table, &merged));
        for at in 0..COLUMNS.len() {
            prop_assert_eq!(may_be_credential(&table, at, &whole[at]), may_be_credential(&table, at, &merged[at]));
        }
    }

    #[test]
    fn any_table_and_any_cells_are_judged_without_a_panic(
        name in ".{0,20}",
        columns in proptest::collection::vec((".{0,30}", proptest::option::of(".{0,20}"), proptest::collection::vec(proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50)), 0..20)), 0..8),
        named in any::<bool>(),
    ) {
        let table = Table {
            name,
            columns: columns.iter().map(|(name, declared, _)| Column { name: name.clone(), declared: declared.clone() }).collect(),
            named_columns: named,
        };
        let stats: Vec<ColumnStats> = columns.iter().map(|(_, _, cells)| {
            let mut stats = ColumnStats::new();
            for cell in cells {
                stats.observe(cell.as_deref(), Form::plain(&TEXT), false);
            }
            stats
        }).collect();
        prop_assert_eq!(assign(&table, &stats).len(), table.columns.len());
        for (at, stats) in stats.iter().enumerate() {
            may_be_credential(&table, at, stats);
        }
        may_be_credential(&table, table.columns.len(), &ColumnStats::new());
    }
}
