//! Builds table batches whose cells point into the blocks they were read from.

use std::sync::Arc;

use arrow_array::builder::BinaryViewBuilder;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use crate::model::{Block, RowAt, Table, TableBatch};

/// A cell is cut to its first 64 KiB: nothing longer is a credential, an identity or a salt, and rows stay bounded.
pub const MAX_CELL: usize = 64 << 10;

/// Collects rows of one table.
///
/// Use: [`attach`](Self::attach) the current block, then for each row one call per column, left to right, and
/// [`end_row`](Self::end_row); [`take`](Self::take) at the end of the block.
pub struct BatchBuilder {
    table: Arc<Table>,
    schema: Arc<Schema>,
    columns: Vec<BinaryViewBuilder>,
    rows: Vec<RowAt>,
    block: Option<u32>,
    bytes: u64,
}

impl BatchBuilder {
    /// An empty batch of `table`.
    pub fn new(table: Arc<Table>) -> Self {
        let fields: Vec<Field> =
            table.columns.iter().map(|c| Field::new(c.name.clone(), DataType::BinaryView, true)).collect();
        let columns = table.columns.iter().map(|_| BinaryViewBuilder::new()).collect();
        Self { table, schema: Arc::new(Schema::new(fields)), columns, rows: Vec::new(), block: None, bytes: 0 }
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Makes `block` the one that [`slice`](Self::slice) points into. Cheap; once per block and batch.
    pub fn attach(&mut self, block: &Block) {
        for column in &mut self.columns {
            self.block = Some(column.append_block(block.buffer().clone()));
        }
    }

    /// A cell that is `len` bytes of the attached block from `start` on, not copied.
    pub fn slice(&mut self, column: usize, start: usize, len: usize) {
        let block = self.block.expect("a block is attached before its cells are sliced");
        self.columns[column]
            .try_append_view(block, start as u32, len.min(MAX_CELL) as u32)
            .expect("the reader slices inside the attached block");
    }

    /// A cell that had to be copied: an escape undone, or a value that spans blocks.
    pub fn copy(&mut self, column: usize, value: &[u8]) {
        self.columns[column].append_value(&value[..value.len().min(MAX_CELL)]);
    }

    /// NULL, or a field that is not there.
    pub fn null(&mut self, column: usize) {
        self.columns[column].append_null();
    }

    /// Ends a row whose cells have all been given; `bytes` of the input are accounted to it.
    pub fn end_row(&mut self, at: RowAt, bytes: u64) {
        self.rows.push(at);
        self.bytes += bytes;
    }

    /// Accounts more bytes to the rows: separators, the words around them.
    pub fn add_bytes(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    /// Rows so far.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The batch so far, leaving an empty builder without an attached block; `None` if there is nothing to hand on.
    ///
    /// Bytes without rows are kept for the next batch: give them to [`Sink::other`](super::Sink::other) at the end with
    /// [`take_bytes`](Self::take_bytes).
    pub fn take(&mut self) -> Option<TableBatch> {
        self.block = None;
        if self.rows.is_empty() {
            for column in &mut self.columns {
                drop(column.finish());
            }
            return None;
        }
        let columns: Vec<ArrayRef> = self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let cells = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)
            .expect("every row has one cell for each column");
        Some(TableBatch {
            table: self.table.clone(),
            cells,
            rows: std::mem::take(&mut self.rows),
            bytes: std::mem::take(&mut self.bytes),
        })
    }

    /// Bytes accounted but not yet handed on in a batch.
    pub fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }
}
