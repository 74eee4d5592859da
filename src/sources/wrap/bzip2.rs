//! bzip2, any number of streams, checksums verified.

use bzip2::{Decompress, Status};

use super::{Codec, Fault, Step, Wrapper, begins};

pub(super) const WRAPPER: Wrapper = Wrapper {
    name: "bzip2",
    // `BZh`, the block size as a digit, then the first block's mark (pi) or, of an empty stream, the end's (its root).
    starts: |bytes| {
        begins(bytes, b"BZh", 3)
            && bytes.get(3).is_none_or(|size| (b'1'..=b'9').contains(size))
            && bytes.get(4..).is_none_or(|rest| {
                begins(rest, &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59], 0)
                    || begins(rest, &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90], 0)
            })
    },
    padding: false,
    tool: "bzip2",
    codec: || Ok(Box::new(Bzip2(Decompress::new(false)))),
};

struct Bzip2(Decompress);

impl Codec for Bzip2 {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (used, made) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, out);
        Step {
            used: (self.0.total_in() - used) as usize,
            made: (self.0.total_out() - made) as usize,
            end: matches!(status, Ok(Status::StreamEnd)),
            fault: match status {
                Ok(Status::MemNeeded) => Some(Fault::Memory(4)),
                Ok(_) => None,
                Err(_) => Some(Fault::Corrupt),
            },
        }
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.0 = Decompress::new(false);
        Ok(())
    }
}
