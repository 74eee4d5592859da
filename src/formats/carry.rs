//! What a text reader has left over at the end of a block. A reader parses whole items (a row, a key with the start of
//! its value) from contiguous bytes; an item that reaches over the end of a block is joined with the start of the next.
//!
//! Only the joined part is copied, and the work stays linear however small the blocks are.

use arrow_buffer::Buffer;

use crate::model::Block;

/// The unfinished item at the end of the bytes read so far.
#[derive(Default)]
pub(super) struct Carry {
    bytes: Vec<u8>,
    /// Where the bytes after the carry start: the end of everything pushed.
    end: u64,
    /// No new attempt before this many bytes are there.
    retry_at: usize,
}

/// The first piece of a block that is joined with what is left over; most rows end within it.
const FIRST_JOIN: usize = 4 << 10;

/// Longer leftovers are tried again only when they have doubled, which keeps the work linear for small blocks. Below
/// this, every block is tried at once, so that the driver finds the reader at the start of a row.
const EAGER: usize = 64 << 10;

impl Carry {
    /// Whether everything pushed was consumed.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Hands `block`, joined with what was left over, to `run`, which says how many bytes it has consumed.
    pub(super) fn push(&mut self, block: &Block, mut run: impl FnMut(&Block) -> usize) {
        let mut pos = 0;
        while !self.bytes.is_empty() && pos < block.len() {
            let held = self.bytes.len();
            let missing = self.retry_at.saturating_sub(held);
            let end = block.len().min(pos + held.max(FIRST_JOIN).max(missing));
            let mut joined = std::mem::take(&mut self.bytes);
            joined.extend_from_slice(&block.bytes()[pos..end]);
            if joined.len() < self.retry_at {
                self.bytes = joined;
                pos = end;
                continue;
            }
            let joined = Block::new(Buffer::from_vec(joined), block.offset() + pos as u64 - held as u64);
            let used = run(&joined);
            if used >= held {
                self.retry_at = 0;
                pos += used - held;
            } else {
                self.keep(&joined.bytes()[used..]);
                pos = end;
            }
        }
        if pos < block.len() {
            let rest = block.slice(pos..block.len());
            let used = run(&rest);
            self.keep(&rest.bytes()[used..]);
        }
        self.end = block.offset() + block.len() as u64;
    }

    /// What is left over at the end of the text.
    pub(super) fn take(&mut self) -> Block {
        self.retry_at = 0;
        let bytes = std::mem::take(&mut self.bytes);
        let offset = self.end - bytes.len() as u64;
        Block::new(Buffer::from_vec(bytes), offset)
    }

    fn keep(&mut self, rest: &[u8]) {
        self.bytes = rest.to_vec();
        self.retry_at = if rest.len() < EAGER { 0 } else { rest.len() * 2 };
    }
}
