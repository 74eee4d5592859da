//! Rows of COPY.

use super::{Mode, SqlReader, what};
use crate::formats::Sink;
use crate::formats::sql::copy;
use crate::model::{Block, RowAt};

impl SqlReader {
    pub(super) fn copy_mode(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        while at < bytes.len() {
            let Mode::Copy(copy) = &mut self.mode else { return at };
            if copy.head {
                let Some(i) = memchr::memchr(b'\n', &bytes[at..]) else { return bytes.len() };
                copy.head = false;
                at += i + 1;
                copy.line = self.lines.at(bytes, at);
                self.other_until(block.offset() + at as u64);
                continue;
            }
            if !copy.begun && copy.text {
                at = self.quick_copy(block, at, sink);
            }
            at = self.copy_line(block, at, sink);
        }
        at
    }

    /// Reads lines from `at` on as long as they are simple rows; gives the place behind the last one.
    pub(super) fn quick_copy(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let Some(table) = self.table.clone() else { return at };
        if !self.may_try(&table) {
            return at;
        }
        let columns = table.columns.len();
        let bytes = block.bytes();
        self.ready(&table, block, sink);
        let Some(builder) = self.builder.as_mut() else { return at };
        while at < bytes.len() {
            builder.begin_row(block.offset() + at as u64);
            let copy::Line::Row(end) = copy::read(bytes, at, columns, builder, &mut self.scratch) else {
                builder.abandon_row();
                break;
            };
            let start = RowAt { offset: block.offset() + at as u64, line: self.lines.at(bytes, at) };
            builder.end_row(start, (end - at) as u64);
            self.mark = block.offset() + end as u64;
            at = end;
        }
        at
    }

    /// Reads a line, or what the block holds of it, cell by cell.
    pub(super) fn copy_line(&mut self, block: &Block, mut at: usize, sink: &mut dyn Sink) -> usize {
        let bytes = block.bytes();
        let Mode::Copy(copy) = &mut self.mode else { return at };
        if at < bytes.len() && !copy.begun {
            copy.begun = true;
            copy.escape = false;
            let start = RowAt { offset: block.offset() + at as u64, line: self.lines.at(bytes, at) };
            self.row.start(start, at);
        }
        while at < bytes.len() {
            if std::mem::take(&mut copy.escape) && bytes[at] != b'\n' {
                at += 1;
                continue;
            }
            let Some(i) = memchr::memchr3(b'\t', b'\n', b'\\', &bytes[at..]) else { return bytes.len() };
            at += i + 1;
            let byte = bytes[at - 1];
            if byte == b'\\' {
                copy.escape = true;
                continue;
            }
            let last = byte == b'\n';
            if last && self.row.count == 0 && self.row.capture.is(bytes, at - 1, &[b"\\.", b"\\.\r"]) {
                self.end_copy(block.offset() + at as u64, sink);
                return at;
            }
            self.row.end_cell(bytes, at - 1, self.table.as_deref(), |text| copy::cell(text, last));
            self.row.capture.start(at);
            if last {
                let text = std::mem::take(&mut copy.begun) && copy.text;
                if text {
                    self.end_row(block, at, sink);
                }
                return at;
            }
        }
        at
    }

    /// The rows of a COPY are over; `until` is behind their `\.` line.
    pub(super) fn end_copy(&mut self, until: u64, sink: &mut dyn Sink) {
        let Mode::Copy(copy) = std::mem::replace(&mut self.mode, Mode::Start) else { return };
        if !copy.text && self.mark < self.row.at.offset {
            let from = RowAt { offset: self.mark, line: copy.line };
            self.fault(from, self.row.at.offset, what::COPY, sink);
        }
        self.other_until(until);
        self.scanner.resume(true);
    }
}
