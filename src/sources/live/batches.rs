//! Rows of a database become batches: all columns of the table, those not asked for NULL.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryViewArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow_schema::{DataType, Field, Schema};

use crate::formats::BatchBuilder;
use crate::model::{RowAt, Table, TableBatch};

/// Rows of a batch, at most.
const MAX_ROWS: usize = 8192;
/// Bytes of cells in a batch, about.
const MAX_BYTES: usize = 1 << 20;
/// Cells of a batch, at most, so that wide tables of short rows stay bounded: 4 MiB of Arrow views.
const MAX_CELLS: usize = 256 << 10;

/// Collects rows of the columns asked for: one call of [`cell`](Self::cell) or [`null`](Self::null) for each, by their
/// order in the request, then [`end_row`](Self::end_row).
pub(super) struct Batches {
    table: Arc<Table>,
    schema: Arc<Schema>,
    /// For each column of the table, its place in the request.
    place: Vec<Option<usize>>,
    builder: BatchBuilder,
    max_rows: usize,
    held: usize,
    of_row: usize,
}

impl Batches {
    pub(super) fn new(table: &Arc<Table>, columns: Option<&[usize]>) -> Self {
        let asked: Vec<usize> = columns.map_or_else(|| (0..table.columns.len()).collect(), <[usize]>::to_vec);
        let place = (0..table.columns.len()).map(|column| asked.iter().position(|a| *a == column)).collect();
        let narrow = Table {
            name: table.name.clone(),
            columns: asked.iter().map(|column| table.columns[*column].clone()).collect(),
            named_columns: true,
        };
        let fields: Vec<Field> =
            table.columns.iter().map(|c| Field::new(c.name.clone(), DataType::BinaryView, true)).collect();
        Self {
            table: table.clone(),
            schema: Arc::new(Schema::new(fields)),
            place,
            max_rows: (MAX_CELLS / table.columns.len().max(1)).clamp(1, MAX_ROWS),
            builder: BatchBuilder::new(Arc::new(narrow)),
            held: 0,
            of_row: 0,
        }
    }

    /// The next cell, the `index`th of the request.
    pub(super) fn cell(&mut self, index: usize, value: &[u8]) {
        self.of_row += value.len();
        self.builder.copy(index, value);
    }

    /// The next cell is NULL.
    pub(super) fn null(&mut self, index: usize) {
        self.builder.null(index);
    }

    /// Ends a row; a batch if there is enough for one.
    pub(super) fn end_row(&mut self, place: u64) -> Option<TableBatch> {
        self.end_row_at(RowAt { offset: place, line: 0 })
    }

    /// As [`end_row`](Self::end_row), for places of two numbers.
    pub(super) fn end_row_at(&mut self, at: RowAt) -> Option<TableBatch> {
        self.builder.end_row(at, self.of_row as u64);
        self.held += std::mem::take(&mut self.of_row);
        (self.builder.len() >= self.max_rows || self.held >= MAX_BYTES).then(|| self.take()).flatten()
    }

    /// What is left.
    pub(super) fn take(&mut self) -> Option<TableBatch> {
        self.held = 0;
        let batch = self.builder.take()?;
        if self.place.iter().all(Option::is_some) {
            return Some(TableBatch { table: self.table.clone(), ..batch });
        }
        let none: ArrayRef = new_null_array(&DataType::BinaryView, batch.len());
        debug_assert!(none.as_any().is::<BinaryViewArray>());
        let columns = self
            .place
            .iter()
            .map(|place| place.map_or_else(|| none.clone(), |at| batch.cells.column(at).clone()))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(batch.len()));
        let cells = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .expect("every column is a nullable BinaryView with one cell for each row");
        Some(TableBatch { table: self.table.clone(), cells, ..batch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;

    #[test]
    fn columns_not_asked_for_are_null_and_the_others_in_their_places() {
        let columns = ["a", "b", "c"].map(Column::named).to_vec();
        let table = Arc::new(Table { name: "t".into(), columns, named_columns: true });
        let mut batches = Batches::new(&table, Some(&[0, 2]));
        batches.cell(0, b"1");
        batches.null(1);
        assert!(batches.end_row(7).is_none());
        batches.cell(0, b"2");
        batches.cell(1, b"more than twelve bytes");
        assert!(batches.end_row(8).is_none());
        let batch = batches.take().unwrap();
        assert_eq!((batch.len(), batch.bytes, batch.rows[1].offset), (2, 24, 8));
        assert_eq!((batch.cell(0, 0), batch.cell(0, 1), batch.cell(0, 2)), (Some(&b"1"[..]), None, None));
        assert_eq!((batch.cell(1, 1), batch.cell(1, 2)), (None, Some(&b"more than twelve bytes"[..])));
        assert!(batches.take().is_none());
    }

    #[test]
    fn batches_are_handed_on_before_they_grow_large() {
        let columns = ["a"].map(Column::named).to_vec();
        let table = Arc::new(Table { name: "t".into(), columns, named_columns: true });
        let mut batches = Batches::new(&table, None);
        let long = vec![b'x'; MAX_BYTES / 4];
        let mut rows = 0;
        for place in 0..100 {
            batches.cell(0, &long);
            rows += batches.end_row(place).map_or(0, |batch| batch.len());
        }
        assert!(rows >= 96, "{rows}");
    }
}
