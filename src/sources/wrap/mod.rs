//! Compression around a unit, told by its first bytes, never by its name. One file per wrapper.
//!
//! Everything streams: memory is one input buffer and what the format's window needs, which is bounded. Whatever can be
//! decompressed before damage, before the end of a file that was cut off, or before a limit, is handed on first.

mod bzip2;
mod gzip;
mod xz;
mod zstd;

use std::sync::Arc;

use super::layer::{Meter, Source};
use super::{Limits, ReadError};

/// All wrappers.
pub(super) const ALL: &[&Wrapper] = &[&gzip::WRAPPER, &zstd::WRAPPER, &xz::WRAPPER, &bzip2::WRAPPER];

/// Text from which [`Limits::max_ratio`] is judged: a file of few megabytes may be as repetitive as it likes.
pub(super) const RATIO_FROM: u64 = 16 << 20;

/// Bytes read from the layer below at a time; the size zstd recommends (`ZSTD_DStreamInSize` is 128 KiB + 3).
const INPUT: usize = 128 << 10;

/// Bytes that every wrapper's start can be told from.
const START: usize = 10;

/// One wrapper.
pub(super) struct Wrapper {
    /// In reports.
    pub(super) name: &'static str,
    /// Whether bytes start like it; if they are fewer than the signature, whether they could.
    starts: fn(&[u8]) -> bool,
    /// Whether zeros may follow a member: tapes and block devices are filled up with them.
    padding: bool,
    /// The command that decompresses it, for hints.
    tool: &'static str,
    codec: fn() -> Result<Box<dyn Codec>, Fault>,
}

/// Which wrapper starts with `head`.
pub(super) fn of(head: &[u8]) -> Option<&'static Wrapper> {
    ALL.iter().copied().find(|wrapper| (wrapper.starts)(head))
}

/// Whether `bytes` start with `signature`, or are its first bytes, at least `fewest`.
fn begins(bytes: &[u8], signature: &[u8], fewest: usize) -> bool {
    let n = bytes.len().min(signature.len());
    n >= fewest && bytes[..n] == signature[..n]
}

/// Decompresses one format, member after member.
trait Codec: Send {
    /// Takes from `input` (empty at the end, and when there may be output left), writes to `out`.
    fn step(&mut self, input: &[u8], out: &mut [u8]) -> Step;
    /// Gets ready for the next member.
    fn again(&mut self) -> Result<(), Fault>;
}

/// What a step did; output and a fault may come together.
#[derive(Default)]
struct Step {
    used: usize,
    made: usize,
    /// The member is complete.
    end: bool,
    fault: Option<Fault>,
}

/// Why decompressing cannot go on.
enum Fault {
    /// Checksums or structure are wrong.
    Corrupt,
    /// Needs more memory than granted; in MiB.
    Memory(u64),
    /// Uses what is not supported here: a dictionary kept elsewhere, a filter.
    Unsupported,
}

/// What a wrapper holds.
pub(super) struct Unwrap {
    inner: Box<dyn Source>,
    wrapper: &'static Wrapper,
    outer: Option<&'static str>,
    codec: Box<dyn Codec>,
    max_text: u64,
    max_ratio: u64,
    meter: Arc<Meter>,
    input: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Before the first member or after a complete one.
    between: bool,
    /// Complete members.
    members: u64,
    /// The last step filled its output: there may be more without input.
    full: bool,
    /// Bytes of the layer below consumed.
    taken: u64,
    made: u64,
    error: Option<ReadError>,
}

impl Unwrap {
    /// Unwraps `inner`, which lies inside the wrapper `outer`, if any.
    pub(super) fn new(
        inner: Box<dyn Source>,
        wrapper: &'static Wrapper,
        outer: Option<&'static str>,
        limits: &Limits,
        meter: Arc<Meter>,
    ) -> Result<Self, ReadError> {
        let codec = (wrapper.codec)()
            .map_err(|_| ReadError(format!("{} could not be started: out of memory", wrapper.name)))?;
        Ok(Self {
            inner,
            wrapper,
            outer,
            codec,
            max_text: limits.max_text,
            max_ratio: limits.max_ratio,
            meter,
            input: vec![0; INPUT],
            start: 0,
            end: 0,
            at_end: false,
            between: true,
            members: 0,
            full: false,
            taken: 0,
            made: 0,
            error: None,
        })
    }

    /// Decompresses into `out` as far as the limits allow.
    fn limited(&mut self, out: &mut [u8]) -> Result<usize, ReadError> {
        let room = self.max_text - self.made;
        if room == 0 {
            // Whether the limit is passed or just met shows with one byte more.
            return match self.decompress(&mut [0])? {
                0 => Ok(0),
                _ => Err(ReadError(format!(
                    "it decompresses to more than {} bytes: a decompression bomb? raise --max-text to read on",
                    self.max_text
                ))),
            };
        }
        let out_len = room.min(out.len() as u64) as usize;
        let n = self.decompress(&mut out[..out_len])?;
        self.made += n as u64;
        if self.made > RATIO_FROM && self.made > self.max_ratio.saturating_mul(self.meter.bytes()) {
            self.error.get_or_insert(ReadError(format!(
                "it decompresses to more than {} times its size ({} bytes of text from {} bytes): a decompression bomb? \
                 raise --max-ratio to read on",
                self.max_ratio,
                self.made,
                self.meter.bytes()
            )));
        }
        Ok(n)
    }

    fn decompress(&mut self, out: &mut [u8]) -> Result<usize, ReadError> {
        loop {
            if self.between && !self.begin()? {
                return Ok(0);
            }
            if self.start == self.end && !self.full {
                self.fill()?;
            }
            let step = self.codec.step(&self.input[self.start..self.end], out);
            self.start += step.used;
            self.taken += step.used as u64;
            self.full = step.made == out.len();
            if step.end {
                self.between = true;
                self.full = false;
                self.members += 1;
            }
            let fault = match step.fault {
                Some(fault) => Some(self.fault(&fault)),
                None if step.made > 0 || step.used > 0 || step.end || self.full => None,
                // Nothing moves: without input because there is none, with input because the codec is stuck.
                None if self.start < self.end => Some(self.fault(&Fault::Corrupt)),
                None if self.at_end => Some(self.cut()),
                None => None,
            };
            match fault {
                Some(error) if step.made == 0 => return Err(error),
                fault => self.error = fault,
            }
            if step.made > 0 {
                return Ok(step.made);
            }
        }
    }

    /// Starts the next member; false at the end.
    fn begin(&mut self) -> Result<bool, ReadError> {
        loop {
            while self.end - self.start < START && !self.at_end {
                self.fill()?;
            }
            let rest = &self.input[self.start..self.end];
            if rest.is_empty() {
                return Ok(false);
            }
            if (self.wrapper.starts)(rest) {
                break;
            }
            let zeros = rest.iter().take_while(|b| **b == 0).count();
            if zeros == 0 || !self.wrapper.padding {
                return Err(ReadError(format!(
                    "after the {} data, {}, comes something that is not {0}, and was not read: cut it off and audit both \
                     parts",
                    self.wrapper.name,
                    self.place()
                )));
            }
            self.start += zeros;
            self.taken += zeros as u64;
        }
        if self.members > 0
            && let Err(fault) = self.codec.again()
        {
            return Err(self.fault(&fault));
        }
        self.between = false;
        Ok(true)
    }

    /// Reads more input behind what is left of it.
    fn fill(&mut self) -> Result<(), ReadError> {
        self.input.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let n = self.inner.read(&mut self.input[self.end..])?;
        self.end += n;
        self.at_end = n == 0;
        Ok(())
    }

    fn place(&self) -> String {
        match self.outer {
            None => format!("at stored byte {}", self.taken),
            Some(outer) => format!("at byte {} of what its {outer} wrapper holds", self.taken),
        }
    }

    fn fault(&self, fault: &Fault) -> ReadError {
        let (name, place, tool) = (self.wrapper.name, self.place(), self.wrapper.tool);
        ReadError(match fault {
            Fault::Corrupt => format!(
                "the {name} data is corrupt {place}: what came before was read; check it with `{tool} -t` and fetch a good \
                 copy"
            ),
            Fault::Unsupported => format!(
                "the {name} data, {place}, uses a dictionary, filter or option that is not read here: decompress it with \
                 `{tool} -d` and audit the result"
            ),
            Fault::Memory(mib) => format!(
                "the {name} data, {place}, needs more than {mib} MiB of memory to decompress: decompress it with `{tool} \
                 -d` and audit the result"
            ),
        })
    }

    fn cut(&self) -> ReadError {
        ReadError(format!(
            "the {} data ends too early, {}: what came before was read; it was cut off or is still being written, fetch \
             it again",
            self.wrapper.name,
            self.place()
        ))
    }
}

impl Source for Unwrap {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, ReadError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let read = self.limited(buf);
        if let Err(error) = &read {
            self.error = Some(error.clone());
        }
        read
    }
}
