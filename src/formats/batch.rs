//! Builds table batches whose cells point into the blocks they were read from.
//!
//! The views of Arrow's `BinaryView` layout are written here rather than through `BinaryViewBuilder`: one list of
//! buffers is shared by all columns, a row that turns out to be unreadable can be taken back, and a cell costs a few
//! nanoseconds (see the timing test of the SQL reader).

use std::sync::{Arc, LazyLock};

use arrow_array::{ArrayRef, BinaryViewArray, RecordBatch};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow_schema::{DataType, Field, Schema};

use crate::model::{Block, Partial, RowAt, Table, TableBatch, Wanted, Whole};

/// A cell is cut to its first 64 KiB: nothing longer is a credential, an identity or a salt, and rows stay bounded.
pub const MAX_CELL: usize = 64 << 10;

/// Longest value that a view holds in itself (Arrow columnar format, "variable-size binary view layout").
const MAX_INLINE: usize = 12;

/// Most cells that room is made for ahead: 8 MiB of views. In a block of 1 MiB, rows of digits and commas only have as
/// many.
const MAX_ROOM: usize = 512 << 10;

/// Stands for NULL until the batch is taken; no view has this length.
const NULL: u128 = u128::MAX;

/// Collects rows of one table.
///
/// Use: [`attach`](Self::attach) the current block, then for each row one call per column, left to right, and
/// [`end_row`](Self::end_row); [`take`](Self::take) at the end of the block.
pub struct BatchBuilder {
    table: Arc<Table>,
    schema: Arc<Schema>,
    columns: Vec<Views>,
    rows: Vec<RowAt>,
    /// Shared by all columns. The place of `copies` is kept by an empty buffer.
    buffers: Vec<Buffer>,
    block: Option<Attached>,
    copies: Vec<u8>,
    copies_at: Option<u32>,
    bytes: u64,
    /// Rows of the last batch: room for as many is made when the next begins, if it does.
    usual: usize,
    projection: Option<Projection>,
}

/// What is left out, and the rows of which nothing is.
struct Projection {
    wanted: Arc<Wanted>,
    /// Whether the row now given is wanted whole.
    this: bool,
    rows: Vec<u32>,
    whole: Whole,
}

/// One column's cells.
#[derive(Default)]
struct Views {
    views: Vec<u128>,
    nulls: usize,
}

/// The block that slices point into.
struct Attached {
    index: u32,
    buffer: Buffer,
}

impl BatchBuilder {
    /// An empty batch of `table`.
    pub fn new(table: Arc<Table>) -> Self {
        let fields: Vec<Field> =
            table.columns.iter().map(|c| Field::new(c.name.clone(), DataType::BinaryView, true)).collect();
        let columns = table.columns.iter().map(|_| Views::default()).collect();
        Self {
            table,
            schema: Arc::new(Schema::new(fields)),
            columns,
            rows: Vec::new(),
            buffers: Vec::new(),
            block: None,
            copies: Vec::new(),
            copies_at: None,
            bytes: 0,
            usual: 0,
            projection: None,
        }
    }

    /// Makes room for `rows` rows, so that columns need not grow step by step; for fewer, if the table is so wide that
    /// room for all would be more than a full block fills. (A table of one column may come before one of thousands.)
    pub fn reserve(&mut self, rows: usize) {
        let rows = rows.min(MAX_ROOM / self.columns.len().max(1));
        for (number, column) in self.columns.iter_mut().enumerate() {
            if self.projection.as_ref().is_none_or(|projection| projection.wanted.column(number)) {
                column.views.reserve(rows);
            }
        }
        self.rows.reserve(rows);
    }

    /// From now on leaves out what is not `wanted`. Only before the first row of a batch; each row then starts with
    /// [`begin_row`](Self::begin_row), and cells that are left out need not be given, unless it says that all are wanted.
    pub fn project(&mut self, wanted: Option<Arc<Wanted>>) {
        debug_assert!(self.is_empty(), "a batch leaves out the same cells from its first row to its last");
        self.projection = wanted.map(|wanted| Projection {
            wanted,
            this: false,
            rows: Vec::new(),
            whole: Whole::new(self.columns.len()),
        });
    }

    /// What is wanted, if not everything.
    pub fn wanted(&self) -> Option<&Arc<Wanted>> {
        self.projection.as_ref().map(|projection| &projection.wanted)
    }

    /// Starts the row at `offset`; whether all its cells are wanted.
    #[inline]
    pub fn begin_row(&mut self, offset: u64) -> bool {
        self.projection.as_mut().is_none_or(|projection| {
            projection.this = (projection.wanted.whole)(offset);
            projection.this
        })
    }

    /// The table.
    pub fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// Makes `block` the one that [`slice`](Self::slice) points into. Cheap; once per block and batch.
    ///
    /// # Panics
    /// If the block has 4 GiB or more: a view could not point into it.
    pub fn attach(&mut self, block: &Block) {
        assert!(u32::try_from(block.len()).is_ok(), "blocks are smaller than 4 GiB");
        let usual = std::mem::take(&mut self.usual);
        if usual > 0 {
            self.reserve(usual);
        }
        let index = self.buffers.len() as u32;
        self.buffers.push(block.buffer().clone());
        self.block = Some(Attached { index, buffer: block.buffer().clone() });
    }

    /// Whether a block is attached.
    pub fn is_attached(&self) -> bool {
        self.block.is_some()
    }

    /// A cell that is `len` bytes of the attached block from `start` on, not copied.
    ///
    /// # Panics
    /// If no block is attached or the range is not inside it.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn slice(&mut self, column: usize, start: usize, len: usize) {
        let block = self.block.as_ref().expect("a block is attached before its cells are sliced");
        if let Some(projection) = &mut self.projection {
            if projection.this {
                projection.whole.push(column, Some(&block.buffer.as_slice()[start..start + len.min(MAX_CELL)]));
            }
            if !projection.wanted.column(column) {
                return;
            }
        }
        self.slice_wanted(column, start, len);
    }

    /// [`slice`](Self::slice) for a column that is wanted, in a row of which not everything is.
    #[allow(clippy::inline_always)]
    #[inline(always)]
    pub fn slice_wanted(&mut self, column: usize, start: usize, len: usize) {
        let block = self.block.as_ref().expect("a block is attached before its cells are sliced");
        let view = view(block.buffer.as_slice(), start, len.min(MAX_CELL), block.index);
        self.columns[column].views.push(view);
    }

    /// Keeps a cell of a row that is wanted whole; whether the batch wants it as well.
    #[inline]
    fn takes(&mut self, column: usize, cell: Option<&[u8]>) -> bool {
        self.projection.as_mut().is_none_or(|projection| {
            if projection.this {
                projection.whole.push(column, cell);
            }
            projection.wanted.column(column)
        })
    }

    /// A cell that had to be copied: an escape undone, or a value that spans blocks.
    pub fn copy(&mut self, column: usize, value: &[u8]) {
        let value = &value[..value.len().min(MAX_CELL)];
        if !self.takes(column, Some(value)) {
            return;
        }
        let view = if value.len() <= MAX_INLINE {
            view(value, 0, value.len(), 0)
        } else {
            if self.copies.len() + value.len() > u32::MAX as usize {
                self.seal_copies();
            }
            let index = *self.copies_at.get_or_insert_with(|| {
                self.buffers.push(Buffer::default());
                self.buffers.len() as u32 - 1
            });
            let start = self.copies.len();
            self.copies.extend_from_slice(value);
            view(&self.copies, start, value.len(), index)
        };
        self.columns[column].views.push(view);
    }

    /// NULL, or a field that is not there.
    #[inline]
    pub fn null(&mut self, column: usize) {
        if self.takes(column, None) {
            self.columns[column].views.push(NULL);
            self.columns[column].nulls += 1;
        }
    }

    /// Ends a row whose cells have all been given; `bytes` of the input are accounted to it.
    #[inline]
    pub fn end_row(&mut self, at: RowAt, bytes: u64) {
        if let Some(projection) = self.projection.as_mut().filter(|projection| projection.this) {
            projection.rows.push(self.rows.len() as u32);
        }
        self.rows.push(at);
        self.bytes += bytes;
    }

    /// Takes back the cells given since the last [`end_row`](Self::end_row).
    pub fn abandon_row(&mut self) {
        let rows = self.rows.len();
        if let Some(projection) = &mut self.projection {
            projection.whole.cut(projection.rows.len());
            let wanted = &projection.wanted;
            let kept = self.columns.iter_mut().enumerate().filter(|(number, _)| wanted.column(*number));
            kept.for_each(|(_, column)| column.cut(rows));
        } else {
            self.columns.iter_mut().for_each(|column| column.cut(rows));
        }
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
    ///
    /// # Panics
    /// If a row did not get one cell for each column.
    pub fn take(&mut self) -> Option<TableBatch> {
        self.block = None;
        self.seal_copies();
        let buffers: Arc<[Buffer]> = std::mem::take(&mut self.buffers).into();
        let rows = self.rows.len();
        if rows == 0 {
            return None;
        }
        let partial = self.projection.as_mut().map(|projection| {
            projection.this = false;
            let numbers = std::mem::take(&mut projection.rows);
            let whole = std::mem::replace(&mut projection.whole, Whole::new(self.columns.len()));
            assert!(
                self.columns.is_empty() || whole.whole_rows() == Some(numbers.len()),
                "every row has one cell for each column"
            );
            Partial { wanted: projection.wanted.clone(), rows: numbers, whole }
        });
        let left_out = partial.is_some().then(|| nothing(rows));
        let columns = self.columns.iter_mut().enumerate().map(|(number, column)| match (&partial, &left_out) {
            (Some(partial), Some(left_out)) if !partial.wanted.column(number) => left_out.clone(),
            _ => column.take_as(rows, &buffers),
        });
        let cells = batch_of(&self.schema, columns.collect(), rows);
        self.usual = rows;
        let rows = std::mem::take(&mut self.rows);
        Some(TableBatch { table: self.table.clone(), cells, rows, bytes: std::mem::take(&mut self.bytes), partial })
    }

    /// Bytes accounted but not yet handed on in a batch.
    pub fn take_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.bytes)
    }

    /// Puts the copies so far into the list of buffers.
    fn seal_copies(&mut self) {
        if let Some(index) = self.copies_at.take() {
            self.buffers[index as usize] = Buffer::from_vec(std::mem::take(&mut self.copies));
        }
    }
}

/// So many NULLs: what stands for the cells of a column that is left out.
fn nothing(rows: usize) -> ArrayRef {
    /// As many as most batches have rows, made once.
    const MOST: usize = 8 << 10;
    static NULLS: LazyLock<ArrayRef> = LazyLock::new(|| Arc::new(BinaryViewArray::new_null(MOST)));
    if rows <= MOST { NULLS.slice(0, rows) } else { Arc::new(BinaryViewArray::new_null(rows)) }
}

fn batch_of(schema: &Arc<Schema>, columns: Vec<ArrayRef>, rows: usize) -> RecordBatch {
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options)
        .expect("every column is a nullable BinaryView with one cell for each row")
}

impl Views {
    /// Takes back all but the first `rows`.
    fn cut(&mut self, rows: usize) {
        self.nulls -= self.views[rows..].iter().filter(|v| **v == NULL).count();
        self.views.truncate(rows);
    }

    /// [`take`](Self::take), if there is one cell for each row.
    fn take_as(&mut self, rows: usize, buffers: &Arc<[Buffer]>) -> ArrayRef {
        assert_eq!(self.views.len(), rows, "every row has one cell for each column");
        Arc::new(self.take(buffers.clone()))
    }

    /// The column as an array over `buffers`, leaving it empty.
    fn take(&mut self, buffers: Arc<[Buffer]>) -> BinaryViewArray {
        let mut views = std::mem::take(&mut self.views);
        let nulls = (std::mem::take(&mut self.nulls) > 0).then(|| {
            let valid = BooleanBuffer::collect_bool(views.len(), |i| views[i] != NULL);
            views.iter_mut().filter(|v| **v == NULL).for_each(|v| *v = 0);
            NullBuffer::new(valid)
        });
        array(ScalarBuffer::from(views), buffers, nulls)
    }
}

/// An array without a second look at each view.
///
/// Arrow's own check reads every value again: with it the timing test of the SQL reader takes 189 ns a row of 12 columns,
/// without it 157 ns.
fn array(views: ScalarBuffer<u128>, buffers: Arc<[Buffer]>, nulls: Option<NullBuffer>) -> BinaryViewArray {
    if cfg!(debug_assertions) {
        return BinaryViewArray::new(views, buffers, nulls);
    }
    // SAFETY: every view was made by `view` from the bytes of the buffer it names, which checked its range: an attached
    // block's buffer never changes, and `copies` only grows until `seal_copies` puts it in the place kept for it. NULLs
    // became 0, the empty value. `nulls` has one bit for each view.
    #[allow(unsafe_code)]
    unsafe {
        BinaryViewArray::new_unchecked(views, buffers, nulls)
    }
}

/// The view of `len` bytes from `start` on in `bytes`, which are buffer `index`.
#[allow(clippy::inline_always)]
#[inline(always)]
fn view(bytes: &[u8], start: usize, len: usize, index: u32) -> u128 {
    let value = &bytes[start..start + len];
    if len > MAX_INLINE {
        let prefix = u32::from_le_bytes([value[0], value[1], value[2], value[3]]);
        return len as u128 | u128::from(prefix) << 32 | u128::from(index) << 64 | (start as u128) << 96;
    }
    let data = if let Some(sixteen) = bytes.get(start..start + 16) {
        let all = u128::from_le_bytes(sixteen.try_into().expect("sixteen bytes were asked for"));
        all & ((1 << (8 * len)) - 1)
    } else {
        let mut twelve = [0; 16];
        twelve[..len].copy_from_slice(value);
        u128::from_le_bytes(twelve)
    };
    len as u128 | data << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Column;

    fn builder(columns: usize) -> BatchBuilder {
        let columns = (0..columns).map(|i| Column::named(format!("column {}", i + 1))).collect();
        BatchBuilder::new(Arc::new(Table { name: "t".into(), columns, named_columns: false }))
    }

    #[test]
    fn room_for_the_rows_of_a_narrow_table_is_not_made_in_each_column_of_a_wide_one() {
        let rows_in_one_block = 300_000;
        for columns in [1, 8, 4096] {
            let mut builder = builder(columns);
            builder.reserve(rows_in_one_block);
            let cells: usize = builder.columns.iter().map(|column| column.views.capacity()).sum();
            assert!((1..=MAX_ROOM + columns).contains(&cells), "{cells} cells in {columns} columns");
        }
    }

    #[test]
    fn slices_copies_and_nulls_of_every_length_come_out_as_they_went_in() {
        let text: Vec<u8> = (0..200_u8).collect();
        let block = Block::copy_from(&text, 0);
        let mut builder = builder(3);
        builder.attach(&block);
        let at = RowAt { offset: 0, line: 1 };
        for len in 0..40 {
            for start in [0, 1, 160] {
                builder.slice(0, start, len);
                builder.copy(1, &text[start..start + len]);
                if len % 2 == 0 {
                    builder.null(2);
                } else {
                    builder.copy(2, &text[..len]);
                }
                builder.end_row(at, 1);
            }
        }
        let batch = builder.take().unwrap();
        for array in batch.cells.columns() {
            // Arrow's own full check, which a release build leaves out.
            let (views, buffers, nulls) =
                arrow_array::cast::AsArray::as_binary_view(array.as_ref()).clone().into_parts();
            BinaryViewArray::try_new(views, buffers, nulls).unwrap();
        }
        assert_eq!((batch.len(), batch.bytes), (120, 120));
        for row in 0..120 {
            let (len, start) = (row / 3, [0, 1, 160][row % 3]);
            assert_eq!(batch.cell(row, 0), Some(&text[start..start + len]));
            assert_eq!(batch.cell(row, 1), Some(&text[start..start + len]));
            assert_eq!(batch.cell(row, 2), (len % 2 == 1).then_some(&text[..len]));
        }
        assert!(builder.take().is_none());
    }

    #[test]
    fn an_abandoned_row_leaves_no_trace() {
        let mut builder = builder(2);
        builder.null(0);
        builder.copy(1, b"kept");
        builder.end_row(RowAt { offset: 0, line: 1 }, 5);
        builder.null(0);
        builder.abandon_row();
        builder.copy(0, b"x");
        builder.null(1);
        builder.end_row(RowAt { offset: 5, line: 1 }, 5);
        let batch = builder.take().unwrap();
        assert_eq!((batch.cell(0, 0), batch.cell(0, 1)), (None, Some(&b"kept"[..])));
        assert_eq!((batch.cell(1, 0), batch.cell(1, 1)), (Some(&b"x"[..]), None));
    }

    #[test]
    fn a_cell_is_cut_to_its_first_64_kib() {
        let long = vec![b'x'; MAX_CELL + 5];
        let mut builder = builder(2);
        builder.attach(&Block::copy_from(&long, 0));
        builder.slice(0, 0, long.len());
        builder.copy(1, &long);
        builder.end_row(RowAt { offset: 0, line: 1 }, 1);
        let batch = builder.take().unwrap();
        assert_eq!(batch.cell(0, 0).map(<[u8]>::len), Some(MAX_CELL));
        assert_eq!(batch.cell(0, 1).map(<[u8]>::len), Some(MAX_CELL));
    }
}
