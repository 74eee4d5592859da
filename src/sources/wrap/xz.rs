//! xz (The .xz File Format 1.2), any number of streams, checks verified.

use liblzma::stream::{Action, Error, Status, Stream};

use super::{Codec, Fault, Step, Wrapper, begins};

/// Memory the decoder may use. `xz -9` needs 65 MiB; this leaves room for a dictionary of 128 MiB, as for zstd.
const MEMORY_MIB: u64 = 160;

pub(super) const WRAPPER: Wrapper = Wrapper {
    name: "xz",
    starts: |bytes| begins(bytes, &[0xfd, b'7', b'z', b'X', b'Z', 0], 4),
    padding: true,
    tool: "xz",
    codec: || Ok(Box::new(Xz(stream()?))),
};

struct Xz(Stream);

fn stream() -> Result<Stream, Fault> {
    Stream::new_stream_decoder(MEMORY_MIB << 20, 0).map_err(|_| Fault::Memory(MEMORY_MIB))
}

impl Codec for Xz {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (used, made) = (self.0.total_in(), self.0.total_out());
        let status = self.0.process(input, out, Action::Run);
        Step {
            used: (self.0.total_in() - used) as usize,
            made: (self.0.total_out() - made) as usize,
            end: matches!(status, Ok(Status::StreamEnd)),
            fault: match status {
                Ok(_) => None,
                Err(Error::MemLimit | Error::Mem) => Some(Fault::Memory(MEMORY_MIB)),
                Err(Error::Options | Error::UnsupportedCheck) => Some(Fault::Unsupported),
                Err(_) => Some(Fault::Corrupt),
            },
        }
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.0 = stream()?;
        Ok(())
    }
}
