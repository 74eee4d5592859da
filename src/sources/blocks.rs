//! Pooled memory for blocks. A block's buffer goes back to its pool when the last cell that points into it is dropped,
//! and is used again as it is: fresh pages and zeroing cost more than reading.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_buffer::Buffer;
use bytes::Bytes;

use super::ReadError;
use super::layer::{Source, wipe};
use crate::model::Block;

/// Idle buffers kept: 16 MiB at an audit's block of 512 KiB, enough for eight threads with four blocks each.
const IDLE: usize = 32;

/// The first block of a unit holds at least so many bytes: `formats::Head::LEN`, from which formats are told apart.
const FIRST: usize = 64 << 10;

/// Idle buffers.
pub(super) struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// A buffer on loan from a pool; its first `len` bytes are filled.
struct Loan {
    bytes: Vec<u8>,
    len: usize,
    pool: Arc<Pool>,
}

impl Pool {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { idle: Mutex::default() })
    }

    /// A buffer of `size` bytes with unspecified content.
    fn take(self: &Arc<Self>, size: usize) -> Loan {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let bytes = match idle {
            Some(bytes) if bytes.len() == size => bytes,
            other => {
                if let Some(mut bytes) = other {
                    wipe(&mut bytes);
                }
                // Zeroed by the system, page by page as they are first touched.
                vec![0; size]
            }
        };
        Loan { bytes, len: 0, pool: self.clone() }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(|mut bytes| wipe(&mut bytes));
    }
}

impl AsRef<[u8]> for Loan {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.bytes);
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(bytes);
        } else {
            drop(idle);
            wipe(&mut bytes);
        }
    }
}

/// Cuts a source into full blocks; only the last may be shorter.
pub(super) struct Blocks {
    source: Box<dyn Source>,
    pool: Arc<Pool>,
    size: usize,
    offset: u64,
    error: Option<ReadError>,
}

impl Blocks {
    /// Blocks of `size` bytes, the first of at least 64 KiB.
    pub(super) fn new(source: Box<dyn Source>, pool: Arc<Pool>, size: usize) -> Self {
        Self { source, pool, size: size.max(1), offset: 0, error: None }
    }

    /// The next block; `None` at the end. After an error the same error comes again.
    pub(super) fn next(&mut self) -> Result<Option<Block>, ReadError> {
        let mut loan = self.pool.take(self.size.max(FIRST));
        let want = if self.offset == 0 { loan.bytes.len() } else { self.size };
        while loan.len < want && self.error.is_none() {
            match self.source.read(&mut loan.bytes[loan.len..want]) {
                Ok(0) => break,
                Ok(n) => loan.len += n,
                Err(error) => self.error = Some(error),
            }
        }
        if loan.len == 0 {
            return self.error.clone().map_or(Ok(None), Err);
        }
        let offset = self.offset;
        self.offset += loan.len as u64;
        Ok(Some(Block::new(Buffer::from(Bytes::from_owner(loan)), offset)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives `left` bytes, at most 1000 at once, then perhaps an error.
    struct Some1000 {
        left: usize,
        error: Option<ReadError>,
    }

    impl Source for Some1000 {
        fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
            let n = buf.len().min(self.left).min(1000);
            self.left -= n;
            buf[..n].fill(b'x');
            if n == 0 { self.error.clone().map_or(Ok(0), Err) } else { Ok(n) }
        }
    }

    fn blocks(left: usize, error: Option<ReadError>, size: usize) -> Blocks {
        Blocks::new(Box::new(Some1000 { left, error }), Pool::new(), size)
    }

    #[test]
    fn one_buffer_serves_all_blocks_when_each_is_dropped_before_the_next() {
        let mut blocks = blocks(1 << 20, None, 100_000);
        let mut places = std::collections::HashSet::new();
        let mut total = 0;
        while let Some(block) = blocks.next().unwrap() {
            places.insert(block.bytes().as_ptr());
            total += block.len();
        }
        assert_eq!((total, places.len()), (1 << 20, 1));
    }

    #[test]
    fn a_cell_that_outlives_its_block_keeps_its_bytes() {
        let mut blocks = blocks(200_000, None, 70_000);
        let cell = blocks.next().unwrap().unwrap().slice(10..20);
        let idle = |blocks: &Blocks| blocks.pool.idle.lock().unwrap().len();
        assert_eq!(idle(&blocks), 0);
        let second = blocks.next().unwrap().unwrap();
        assert_ne!(second.bytes().as_ptr(), cell.bytes().as_ptr());
        assert_eq!(cell.bytes(), b"xxxxxxxxxx");
        drop(cell);
        assert_eq!(idle(&blocks), 1);
    }

    #[test]
    fn a_pool_keeps_no_more_idle_buffers_than_its_cap() {
        let pool = Pool::new();
        let loans: Vec<Loan> = (0..IDLE + 5).map(|_| pool.take(16)).collect();
        drop(loans);
        assert_eq!(pool.idle.lock().unwrap().len(), IDLE);
    }

    #[test]
    fn blocks_are_full_in_spite_of_short_reads_and_the_first_holds_a_head() {
        let mut blocks = blocks(FIRST + 2_500, None, 1_001);
        let lens: Vec<usize> = std::iter::from_fn(|| blocks.next().unwrap()).map(|b| b.len()).collect();
        assert_eq!(lens, [FIRST, 1_001, 1_001, 498]);
    }

    #[test]
    fn what_came_before_an_error_is_handed_on_and_the_error_stays() {
        let error = ReadError("gone".into());
        let mut blocks = blocks(FIRST + 7, Some(error.clone()), 10);
        assert_eq!(blocks.next().unwrap().unwrap().len(), FIRST);
        assert_eq!(blocks.next().unwrap().unwrap().len(), 7);
        assert_eq!(blocks.next().unwrap_err(), error);
        assert_eq!(blocks.next().unwrap_err(), error);
    }
}
