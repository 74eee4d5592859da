//! A source cut into blocks of pooled memory.

use std::sync::Arc;

use super::ReadError;
use super::layer::Source;
use crate::model::{Block, Pool};

/// The first block of a unit holds at least so many bytes: `formats::Head::LEN`, from which formats are told apart.
const FIRST: usize = 64 << 10;

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
        let room = loan.room();
        let want = if self.offset == 0 { room.len() } else { self.size };
        let mut len = 0;
        while len < want && self.error.is_none() {
            match self.source.read(&mut room[len..want]) {
                Ok(0) => break,
                Ok(n) => len += n,
                Err(error) => self.error = Some(error),
            }
        }
        if len == 0 {
            return self.error.clone().map_or(Ok(None), Err);
        }
        let offset = self.offset;
        self.offset += len as u64;
        Ok(Some(loan.into_block(len, offset)))
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
