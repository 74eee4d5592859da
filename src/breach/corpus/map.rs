//! A corpus file in memory, and hints to the processor about what is needed next. The only unsafe code of the family.
//!
//! Measured need: a lookup is a cache miss. Read through a mapping with prefetching, a batch of sorted digests costs a
//! third of what it costs without (`benches/breach.sh`); through `pread` every lookup would be a system call.

#![expect(unsafe_code, reason = "memory mapping and prefetch instructions")]

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::{Advice, Mmap};

/// A file mapped for reading.
pub(super) struct Map(Mmap);

impl Map {
    /// Maps the whole of `file`.
    pub(super) fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the mapping is read-only and private to this process. A corpus file is never changed once it has its
        // name (the builder writes beside it and renames); whoever cuts it short under a running program gets SIGBUS,
        // which ends the program without an answer. Bytes that change are seen by the checksum of every piece.
        let map = unsafe { Mmap::map(file) }?;
        // Pages of 2 MB where the system has them for files: of 500 million digests the processor then knows every page's
        // place by heart, and a single lookup takes two thirds of the time. A wish: without them it works as well.
        #[cfg(target_os = "linux")]
        let _ = map.advise(Advice::HugePage);
        Ok(Self(map))
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// Asks for the cache line at `at`, which may lie anywhere.
#[inline]
pub(super) fn prefetch(bytes: &[u8], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program can see and never faults, whatever the address.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch(bytes.as_ptr().wrapping_add(at).cast(), _MM_HINT_T0);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, at);
}
