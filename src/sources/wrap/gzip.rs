//! gzip (RFC 1952), any number of members, checksums verified.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Codec, Fault, Step, Wrapper, begins};

pub(super) const WRAPPER: Wrapper = Wrapper {
    name: "gzip",
    // Two bytes of signature, the only method there is, and flags of which three are reserved and zero.
    starts: |bytes| begins(bytes, &[0x1f, 0x8b, 8], 2) && bytes.get(3).is_none_or(|flags| flags & 0xe0 == 0),
    padding: true,
    tool: "gzip",
    codec: || Ok(Box::new(Gzip(decompress()))),
};

struct Gzip(Decompress);

/// Window of 32 KiB, the largest DEFLATE knows.
fn decompress() -> Decompress {
    Decompress::new_gzip(15)
}

impl Codec for Gzip {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (used, made) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, out, FlushDecompress::None);
        Step {
            used: (self.0.total_in() - used) as usize,
            made: (self.0.total_out() - made) as usize,
            end: matches!(status, Ok(Status::StreamEnd)),
            fault: status.is_err().then_some(Fault::Corrupt),
        }
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.0 = decompress();
        Ok(())
    }
}
