//! The write-ahead log beside a database (`-wal`): which of its frames count, checked as section 4 of
//! <https://www.sqlite.org/fileformat2.html> says.

use std::io;

use super::page::{be32, fill};
use crate::formats::ReadAt;

/// Length of the log's header (section 4.1).
const HEADER: usize = 32;
/// Length of a frame's header (section 4.1).
const FRAME: usize = 24;
/// How much of the log is read at once.
const CHUNK: usize = 256 << 10;

/// Which pages a log holds in their latest committed state.
///
/// Eight bytes for each page in the log, and as much for each frame while it is built.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Page number and frame index, sorted by page, one frame for each page.
    frames: Vec<(u32, u32)>,
    page_size: usize,
    pages: u32,
}

/// A log as it was found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What counts.
    pub(super) log: Log,
    /// Where the log stops being understood and why; `None` if it ends as logs do.
    pub(super) broken: Option<(u64, &'static str)>,
}

impl Log {
    /// Reads the whole log, `size` bytes long, of a database with pages of `page_size` bytes.
    ///
    /// As SQLite does, it takes frames as long as salts and running checksum agree and forgets those after the last
    /// commit. Frames with other salts are left over from before the log was begun anew.
    pub(super) fn check(input: &dyn ReadAt, size: u64, page_size: usize) -> io::Result<Checked> {
        let fault = |at: u64, what| Ok(Checked { log: Self::default(), broken: Some((at, what)) });
        if size == 0 {
            return Ok(Checked::default());
        }
        if size < HEADER as u64 {
            return fault(0, "SQLite write-ahead log is cut off in its header");
        }
        let mut header = [0; HEADER];
        fill(input, 0, &mut header)?;
        let big_endian = match be32(&header, 0) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return fault(0, "SQLite write-ahead log has no valid header: its changes are not read"),
        };
        let mut sum = Sum { a: 0, b: 0, big_endian };
        sum.add(&header[..24]);
        if (sum.a, sum.b) != (be32(&header, 24), be32(&header, 28)) {
            return fault(0, "SQLite write-ahead log has no valid header: its changes are not read");
        }
        if be32(&header, 8) as usize != page_size {
            return fault(
                0,
                "SQLite write-ahead log has another page size than the database: its changes are not read",
            );
        }
        let salts = &header[16..24];

        let frame_len = FRAME + page_size;
        let whole = u32::try_from((size - HEADER as u64) / frame_len as u64).unwrap_or(u32::MAX);
        let at_once = (CHUNK / frame_len).max(1) as u32;
        let mut buffer = vec![0; at_once as usize * frame_len];
        let mut log = Self { frames: Vec::new(), page_size, pages: 0 };
        let mut committed = 0;
        let mut broken = None;
        let mut next = 0;
        'read: while next < whole {
            let count = at_once.min(whole - next);
            let chunk = &mut buffer[..count as usize * frame_len];
            fill(input, log.frame_at(next), chunk)?;
            for (frame, index) in chunk.chunks_exact(frame_len).zip(next..) {
                if &frame[8..16] != salts {
                    break 'read;
                }
                sum.add(&frame[..8]);
                sum.add(&frame[FRAME..]);
                let page = be32(frame, 0);
                if (sum.a, sum.b) != (be32(frame, 16), be32(frame, 20)) || page == 0 {
                    broken = Some((
                        log.frame_at(index),
                        "SQLite write-ahead log is damaged here: changes from here on are not read",
                    ));
                    break 'read;
                }
                log.frames.push((page, index));
                let pages = be32(frame, 4);
                if pages != 0 {
                    committed = log.frames.len();
                    log.pages = pages;
                }
            }
            next += count;
        }
        if broken.is_none() && next == whole && log.frame_at(whole) < size {
            broken = Some((log.frame_at(whole), "SQLite write-ahead log is cut off in the middle of a frame"));
        }
        log.frames.truncate(committed);
        log.frames.sort_unstable();
        log.frames.reverse();
        log.frames.dedup_by_key(|(page, _)| *page);
        log.frames.reverse();
        // A commit that made the database shorter drops the pages behind its end.
        let pages = log.pages;
        log.frames.retain(|(page, _)| *page <= pages);
        log.frames.shrink_to_fit();
        Ok(Checked { log, broken })
    }

    /// Whether the log changes nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.pages == 0
    }

    /// Pages of the database after the last commit.
    pub(super) fn pages(&self) -> u32 {
        self.pages
    }

    /// Pages whose latest state is in the log.
    pub(super) fn len(&self) -> usize {
        self.frames.len()
    }

    /// The highest page in the log.
    pub(super) fn highest(&self) -> u32 {
        self.frames.last().map_or(0, |(page, _)| *page)
    }

    /// How many pages above `after` and up to `last` are in the log.
    pub(super) fn count_between(&self, after: u32, last: u32) -> u64 {
        let before = |limit: u32| self.frames.partition_point(|(page, _)| *page <= limit);
        before(last).saturating_sub(before(after)) as u64
    }

    /// The pages up to `last` in the log.
    pub(super) fn count_to(&self, last: u32) -> u64 {
        self.count_between(0, last)
    }

    /// Where the latest state of a page starts in the log.
    pub(super) fn place(&self, page: u32) -> Option<u64> {
        let index = self.frames.binary_search_by_key(&page, |(page, _)| *page).ok()?;
        Some(self.frame_at(self.frames[index].1) + FRAME as u64)
    }

    fn frame_at(&self, index: u32) -> u64 {
        HEADER as u64 + u64::from(index) * (FRAME + self.page_size) as u64
    }
}

/// The running checksum (section 4.2).
struct Sum {
    a: u32,
    b: u32,
    big_endian: bool,
}

impl Sum {
    fn add(&mut self, bytes: &[u8]) {
        for pair in bytes.chunks_exact(8) {
            let (x, y) = ([pair[0], pair[1], pair[2], pair[3]], [pair[4], pair[5], pair[6], pair[7]]);
            let (x, y) = if self.big_endian {
                (u32::from_be_bytes(x), u32::from_be_bytes(y))
            } else {
                (u32::from_le_bytes(x), u32::from_le_bytes(y))
            };
            self.a = self.a.wrapping_add(x).wrapping_add(self.b);
            self.b = self.b.wrapping_add(y).wrapping_add(self.a);
        }
    }
}
