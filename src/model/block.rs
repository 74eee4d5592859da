//! A slice of an input, shared without copying.

use std::ops::Range;

use arrow_buffer::Buffer;

/// Consecutive bytes of one unit, and where they start in it.
///
/// Cloning and slicing share the memory. The offset counts bytes of the unit's *text*: after decompression, and after
/// UTF-16 became UTF-8.
#[derive(Clone)]
pub struct Block {
    buffer: Buffer,
    offset: u64,
}

impl std::fmt::Debug for Block {
    /// Says where and how long, never what.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({} bytes from {})", self.len(), self.offset)
    }
}

impl Block {
    /// Wraps `buffer`, which starts `offset` bytes into its unit.
    pub fn new(buffer: Buffer, offset: u64) -> Self {
        Self { buffer, offset }
    }

    /// Copies `bytes`; for tests and small inputs.
    pub fn copy_from(bytes: &[u8], offset: u64) -> Self {
        Self::new(Buffer::from_vec(bytes.to_vec()), offset)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.as_slice()
    }

    /// The Arrow buffer under the bytes; byte `i` of the buffer is byte `i` of the block.
    pub fn buffer(&self) -> &Buffer {
        &self.buffer
    }

    /// Bytes of the unit before this block.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Part of the block, sharing its memory; `range` counts from the block's start.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let len = range.end - range.start;
        Self { buffer: self.buffer.slice_with_length(range.start, len), offset: self.offset + range.start as u64 }
    }
}
