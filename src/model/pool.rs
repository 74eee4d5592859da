//! Pooled memory for blocks. A block's buffer goes back to its pool when the last cell that points into it is dropped,
//! and is used again as it is: fresh pages and zeroing cost more than reading.

use std::sync::{Arc, Mutex, PoisonError};

use arrow_buffer::Buffer;
use bytes::Bytes;

use super::Block;

/// Idle buffers kept: 16 MiB at an audit's block of 512 KiB, enough for eight threads with four blocks each.
const IDLE: usize = 32;

/// Idle buffers, which are wiped when it is dropped.
#[derive(Default)]
pub struct Pool {
    idle: Mutex<Vec<Vec<u8>>>,
}

/// A buffer on loan from a pool.
pub struct Loan {
    bytes: Vec<u8>,
    /// How many of them are filled.
    len: usize,
    pool: Arc<Pool>,
}

/// What held an input leaves nothing behind when its memory goes back to the system.
///
/// `zeroize` writes byte by byte, which would show at a kilobyte a file and a megabyte a block; `black_box` keeps the
/// compiler from leaving this out.
pub fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(&*bytes);
}

impl Pool {
    /// Without buffers yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A buffer of `size` bytes with unspecified content.
    pub fn take(self: &Arc<Self>, size: usize) -> Loan {
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

impl Loan {
    /// The whole buffer, to be filled from its start.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Its first `len` bytes as the block that starts `offset` bytes into its unit.
    ///
    /// # Panics
    /// If there are not so many.
    pub fn into_block(mut self, len: usize, offset: u64) -> Block {
        assert!(len <= self.bytes.len(), "no more was filled than there is");
        self.len = len;
        Block::new(Buffer::from(Bytes::from_owner(self)), offset)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_keeps_no_more_idle_buffers_than_its_cap() {
        let pool = Pool::new();
        let loans: Vec<Loan> = (0..IDLE + 5).map(|_| pool.take(16)).collect();
        drop(loans);
        assert_eq!(pool.idle.lock().unwrap().len(), IDLE);
    }

    #[test]
    fn a_cell_that_outlives_its_block_keeps_its_bytes() {
        let pool = Pool::new();
        let mut loan = pool.take(100);
        loan.room().fill(b'x');
        let block = loan.into_block(70, 0);
        let cell = block.slice(10..20);
        drop(block);
        let mut second = pool.take(100);
        second.room().fill(b'y');
        assert_eq!((cell.bytes(), pool.idle.lock().unwrap().len()), (&b"xxxxxxxxxx"[..], 0));
        drop(cell);
        assert_eq!(pool.idle.lock().unwrap().len(), 1);
        assert_eq!(pool.take(100).room()[0], b'x', "used again as it is");
    }
}
