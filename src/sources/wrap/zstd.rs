//! zstd (RFC 8878), any number of frames, skippable ones among them.

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::{Codec, Fault, Step, Wrapper, begins};

/// Windows up to 128 MiB, which is what the `zstd` tool decompresses without being told (`--long=27`).
const WINDOW_LOG: u32 = 27;

/// Input a frame starts with: `ZSTD_FRAMEHEADERSIZE_MIN` of the reference implementation.
const FIRST_INPUT: usize = 5;

pub(super) const WRAPPER: Wrapper = Wrapper {
    name: "zstd",
    starts: |bytes| {
        begins(bytes, &[0x28, 0xb5, 0x2f, 0xfd], 3)
            || (bytes.first().is_some_and(|b| b & 0xf0 == 0x50)
                && bytes.len() >= 4
                && bytes[1..4] == [0x2a, 0x4d, 0x18])
    },
    padding: false,
    tool: "zstd",
    codec: || {
        let mut decoder = Decoder::new().map_err(|_| Fault::Corrupt)?;
        decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOG)).map_err(|_| Fault::Corrupt)?;
        Ok(Box::new(Zstd { decoder, hint: FIRST_INPUT, full: false }))
    },
};

struct Zstd {
    decoder: Decoder<'static>,
    /// Input the decoder asks for: up to the end of the next block.
    hint: usize,
    full: bool,
}

impl Zstd {
    fn run(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        let (mut from, mut to) = (InBuffer::around(input), OutBuffer::around(out));
        let result = self.decoder.run(&mut from, &mut to);
        let (used, made) = (from.pos(), to.pos());
        self.full = made == to.capacity();
        let fault = match result {
            Ok(hint) => {
                self.hint = if hint == 0 { FIRST_INPUT } else { hint };
                return Step { used, made, end: hint == 0, fault: None };
            }
            // The crate gives the library's words for its codes; these are frameParameter_windowTooLarge and
            // dictionary_wrong.
            Err(e) => match e.to_string() {
                said if said.contains("too much memory") => Fault::Memory(1 << (WINDOW_LOG - 20)),
                said if said.contains("Dictionary mismatch") => Fault::Unsupported,
                _ => Fault::Corrupt,
            },
        };
        Step { used, made, end: false, fault: Some(fault) }
    }
}

impl Codec for Zstd {
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step {
        // A call that meets damage does not say what it wrote before. So output that is left over is fetched in a call
        // without input, and input is given a block at a time: then nothing before the damaged block is lost.
        if self.full {
            let left = self.run(&[], out);
            if left.made > 0 || left.end || left.fault.is_some() {
                return left;
            }
        }
        self.run(&input[..input.len().min(self.hint)], out)
    }

    fn again(&mut self) -> Result<(), Fault> {
        self.full = false;
        Ok(())
    }
}
