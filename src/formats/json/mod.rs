//! JSON: arrays of objects, objects a line, and documents that hold such arrays or maps somewhere inside.
//!
//! Each array of objects is a table named by its path (`data.users`), as is each map of alike objects (Firebase), whose
//! keys become the column `key`. What a row's columns are is said in `rows.rs`. JSON without rows counts as other.
//!
//! A broken row is a fault of its own bytes; reading goes on where its brackets end, or at the next line.

mod head;
mod lex;
mod rows;
mod shape;

use std::any::Any;
use std::collections::HashMap;

use memchr::{memchr, memchr_iter};

use self::lex::{Fail, Scan, Scanner, skip_space};
use self::rows::Rows;
use self::shape::Shape;
use super::carry::Carry;
use super::{About, Format, Head, Likeness, Opened, Reader, Sink};
use crate::model::{Block, Fault, RowAt};

/// Objects and arrays.
pub(super) struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "JSON"
    }

    fn about(&self) -> About {
        About::new(
            "arrays of objects, objects a line (`mongoexport`, JSON lines), documents with such arrays or maps inside",
            "each array or map of alike objects is a table named by its path",
        )
    }

    fn sniff(&self, head: &Head<'_>) -> Option<Likeness> {
        head::look(head).map(|(_, likeness)| likeness)
    }

    fn open(&self, head: &Head<'_>) -> (String, Opened) {
        let layout = head::look(head).map_or(Layout::Document, |(layout, _)| layout);
        let name = if layout == Layout::Lines { "JSON lines" } else { "JSON" };
        (name.into(), Opened::Stream(Box::new(JsonReader::new(layout))))
    }
}

/// How the objects lie in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One on each line.
    Lines,
    /// One after the other, over several lines.
    Sequence,
    /// Inside one array or object.
    Document,
}

/// A longer row is a fault; it bounds what is held while the end of a row is sought.
const MAX_ROW: usize = 16 << 20;
/// Tables in one document; rows of more are faults.
const MAX_TABLES: usize = 256;
/// Objects and arrays around a table.
const MAX_FRAMES: usize = 64;

const BROKEN: &str = "broken JSON: mend it and read again";
const CUT_OFF: &str = "the JSON ends in the middle: it was cut off, export it again";
const TOO_LONG: &str = "a JSON value of more than 16 MiB where a row of a table was expected";
const TOO_MANY: &str = "more than 256 arrays of objects in one JSON document: split it and read again";

/// Reads the rows.
struct JsonReader {
    carry: Carry,
    walk: Walk,
}

struct Walk {
    layout: Layout,
    line: u64,
    frames: Vec<Frame>,
    tables: Vec<Rows>,
    by_path: HashMap<String, usize>,
    active: usize,
    passing: Option<(Fault, Passing)>,
    cut_off: bool,
    start: bool,
}

/// An object or array around the rows.
struct Frame {
    kind: Kind,
    path: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Array,
    Object,
    Map,
}

/// What ends a fault that reaches over blocks.
enum Passing {
    /// The next newline.
    Line,
    /// The end of the value's brackets.
    Value(Scanner),
    /// The end of the text.
    Rest,
}

/// What one step of the walk did.
enum Step {
    /// Consumed everything up to here.
    To(usize),
    /// Needs more bytes.
    Wait,
}

impl Walk {
    fn new(layout: Layout) -> Self {
        Self {
            layout,
            line: 1,
            frames: Vec::new(),
            tables: vec![Rows::new("")],
            by_path: HashMap::from([(String::new(), 0)]),
            active: 0,
            passing: None,
            cut_off: false,
            start: true,
        }
    }

    /// Reads what it can of `block`; the bytes consumed. At the end of the text that is all.
    fn run(&mut self, block: &Block, end: bool, sink: &mut dyn Sink) -> usize {
        self.tables[self.active].detach();
        let bytes = block.bytes();
        let mut pos = 0;
        if self.start {
            const MARK: &[u8] = b"\xef\xbb\xbf";
            if bytes.len() < MARK.len() && MARK.starts_with(bytes) && !end {
                return 0;
            }
            self.start = false;
            if bytes.starts_with(MARK) {
                sink.other(MARK.len() as u64);
                pos = MARK.len();
            }
        }
        let mut other = 0;
        while pos < bytes.len() {
            if self.passing.is_some() {
                pos = self.pass(bytes, pos, sink);
                continue;
            }
            let step = if self.layout == Layout::Lines {
                self.step_line(block, pos, end, &mut other, sink)
            } else {
                self.step(block, pos, end, &mut other, sink)
            };
            match step {
                Step::To(to) => pos = to,
                Step::Wait => break,
            }
        }
        sink.other(other);
        pos
    }

    /// One line with its newline.
    fn step_line(&mut self, block: &Block, start: usize, end: bool, other: &mut u64, sink: &mut dyn Sink) -> Step {
        let bytes = block.bytes();
        let newline = memchr(b'\n', &bytes[start..]).map(|n| start + n);
        let stop = newline.unwrap_or(bytes.len());
        if stop - start > MAX_ROW {
            self.begin_pass(block, start, TOO_LONG, Passing::Line);
            return Step::To(start);
        }
        if newline.is_none() && !end {
            return Step::Wait;
        }
        let next = newline.map_or(bytes.len(), |n| n + 1);
        let what = if newline.is_some() { BROKEN } else { CUT_OFF };
        let line = &bytes[..stop];
        let mut pos = start;
        while pos < stop {
            match bytes[pos] {
                b' ' | b'\t' | b'\r' | b',' => {
                    *other += 1;
                    pos += 1;
                }
                b'{' | b'[' => {
                    let Ok(to) = self.tables[0].read(line, pos, None) else {
                        self.tables[0].drop_row();
                        self.fault(block, pos, next, what, sink);
                        return Step::To(next);
                    };
                    let at = RowAt { offset: block.offset() + pos as u64, line: self.line };
                    self.tables[0].add(block, at, (to - pos) as u64, sink);
                    pos = to;
                }
                _ => {
                    let Ok(to) = plain_value(line, pos, true) else {
                        self.fault(block, pos, next, what, sink);
                        return Step::To(next);
                    };
                    *other += (to - pos) as u64;
                    pos = to;
                }
            }
        }
        *other += (next - stop) as u64;
        self.line += (next - stop) as u64;
        Step::To(next)
    }

    /// One item of the innermost object or array: white space, a row, a value, a key with the start of its value.
    fn step(&mut self, block: &Block, start: usize, end: bool, other: &mut u64, sink: &mut dyn Sink) -> Step {
        let bytes = block.bytes();
        let space = bytes[start..].iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',')).count();
        if space > 0 {
            return self.take(bytes, start, start + space, other);
        }
        let kind = self.frames.last().map(|f| f.kind);
        match (kind, bytes[start]) {
            (Some(Kind::Array), b']') | (Some(Kind::Object | Kind::Map), b'}') => {
                self.frames.pop();
                self.take(bytes, start, start + 1, other)
            }
            (Some(Kind::Array), b'{' | b'[') => {
                let path = self.frames.last().map(|f| f.path.clone()).unwrap_or_default();
                self.row(block, start, start, None, &path, end, sink)
            }
            (Some(Kind::Object | Kind::Map), b'"') => self.member(block, start, end, other, sink),
            (None, b'{' | b'[') => self.container(block, start, start, String::new(), None, end, other, sink),
            (None | Some(Kind::Array), _) => match plain_value(bytes, start, end) {
                Ok(to) => self.take(bytes, start, to, other),
                Err(fail) => self.give_up_or_wait(block, start, end, fail),
            },
            _ => self.give_up_or_wait(block, start, end, Fail::Broken),
        }
    }

    fn member(&mut self, block: &Block, start: usize, end: bool, other: &mut u64, sink: &mut dyn Sink) -> Step {
        let bytes = block.bytes();
        let value = || {
            let (key_end, _) = lex::string(bytes, start)?;
            let colon = skip_space(bytes, key_end);
            if *bytes.get(colon).ok_or(Fail::Incomplete)? != b':' {
                return Err(Fail::Broken);
            }
            let value = skip_space(bytes, colon + 1);
            if value == bytes.len() { Err(Fail::Incomplete) } else { Ok((&bytes[start + 1..key_end - 1], value)) }
        };
        let (key, value) = match value() {
            Ok(found) => found,
            Err(fail) => return self.give_up_or_wait(block, start, end, fail),
        };
        let Some(frame) = self.frames.last() else { return self.give_up_or_wait(block, start, end, Fail::Broken) };
        match bytes[value] {
            b'{' | b'[' if frame.kind == Kind::Map => {
                let path = frame.path.clone();
                self.row(block, start, value, Some(key), &path, end, sink)
            }
            b'{' | b'[' => {
                let mut path = frame.path.clone();
                if !path.is_empty() {
                    path.push('.');
                }
                // The name of a table is for reports; one of this length is cut.
                path.push_str(&String::from_utf8_lossy(&key[..key.len().min(64)]));
                self.container(block, start, value, path, Some(key), end, other, sink)
            }
            _ => match plain_value(bytes, value, end) {
                Ok(to) => self.take(bytes, start, to, other),
                Err(fail) => self.give_up_or_wait(block, start, end, fail),
            },
        }
    }

    /// An object or array outside rows, whose `value` starts after its key at `start`.
    #[allow(clippy::too_many_arguments)] // one call with everything a step knows
    fn container(
        &mut self,
        block: &Block,
        start: usize,
        value: usize,
        path: String,
        key: Option<&[u8]>,
        end: bool,
        other: &mut u64,
        sink: &mut dyn Sink,
    ) -> Step {
        let bytes = block.bytes();
        let in_sequence = key.is_none() && self.layout == Layout::Sequence;
        let kind = if in_sequence || self.frames.len() >= MAX_FRAMES {
            None
        } else if bytes[value] == b'[' {
            Some(Kind::Array)
        } else {
            match shape::of(&bytes[value..], end) {
                None => return Step::Wait,
                Some(Shape::Container) => Some(Kind::Object),
                Some(Shape::Map) => Some(Kind::Map),
                Some(Shape::Record) => None,
            }
        };
        match kind {
            Some(kind) => {
                self.frames.push(Frame { kind, path });
                self.take(bytes, start, value + 1, other)
            }
            None => self.row(block, start, value, None, &path, end, sink),
        }
    }

    #[allow(clippy::too_many_arguments)] // one call with everything a step knows
    fn row(
        &mut self,
        block: &Block,
        start: usize,
        value: usize,
        key: Option<&[u8]>,
        path: &str,
        end: bool,
        sink: &mut dyn Sink,
    ) -> Step {
        let bytes = block.bytes();
        let Some(table) = self.activate(path, sink) else {
            return self.skip_value(block, start, value, end, TOO_MANY, sink);
        };
        match table.read(bytes, value, key) {
            Ok(to) if to - start <= MAX_ROW => {
                let at = RowAt { offset: block.offset() + start as u64, line: self.line };
                self.tables[self.active].add(block, at, (to - start) as u64, sink);
                self.line += newlines(&bytes[start..to]);
                Step::To(to)
            }
            failed => {
                table.drop_row();
                if failed == Err(Fail::Incomplete) && !end && bytes.len() - start <= MAX_ROW {
                    return Step::Wait;
                }
                self.skip_value(block, start, value, end, BROKEN, sink)
            }
        }
    }

    /// Makes a fault of a value that is not read.
    fn skip_value(
        &mut self,
        block: &Block,
        start: usize,
        value: usize,
        end: bool,
        what: &'static str,
        sink: &mut dyn Sink,
    ) -> Step {
        let bytes = block.bytes();
        match Scanner::default().feed(&bytes[value..]) {
            Scan::End(len) | Scan::Cut(len) => {
                let to = value + len;
                let what = if to - start > MAX_ROW && what == BROKEN { TOO_LONG } else { what };
                self.fault(block, start, to, what, sink);
                Step::To(to)
            }
            Scan::More if bytes.len() - start > MAX_ROW => {
                let what = if what == BROKEN { TOO_LONG } else { what };
                let mut scanner = Scanner::default();
                let _more = scanner.feed(&bytes[value..]);
                self.begin_pass(block, start, what, Passing::Value(scanner));
                self.extend_pass(bytes, start, bytes.len());
                Step::To(bytes.len())
            }
            Scan::More if end => {
                self.cut_off = true;
                self.fault(block, start, bytes.len(), CUT_OFF, sink);
                Step::To(bytes.len())
            }
            Scan::More => Step::Wait,
        }
    }

    /// The table of this path becomes the one that rows are added to.
    fn activate(&mut self, path: &str, sink: &mut dyn Sink) -> Option<&mut Rows> {
        if self.tables[self.active].name() != path {
            let index = match self.by_path.get(path) {
                Some(&index) => index,
                None if self.tables.len() >= MAX_TABLES => return None,
                None => {
                    self.tables.push(Rows::new(path));
                    self.by_path.insert(path.into(), self.tables.len() - 1);
                    self.tables.len() - 1
                }
            };
            self.tables[self.active].flush(sink);
            self.active = index;
            self.tables[index].detach();
        }
        Some(&mut self.tables[self.active])
    }

    /// Outside rows there is no way back into step: the rest of the text is one fault.
    fn give_up_or_wait(&mut self, block: &Block, start: usize, end: bool, fail: Fail) -> Step {
        let len = block.len() - start;
        if fail == Fail::Incomplete && !end && len <= MAX_ROW {
            return Step::Wait;
        }
        let what = match fail {
            Fail::Incomplete if end && len <= MAX_ROW => CUT_OFF,
            Fail::Incomplete => TOO_LONG,
            Fail::Broken => BROKEN,
        };
        self.begin_pass(block, start, what, Passing::Rest);
        Step::To(start)
    }

    fn take(&mut self, bytes: &[u8], from: usize, to: usize, other: &mut u64) -> Step {
        *other += (to - from) as u64;
        self.line += newlines(&bytes[from..to]);
        Step::To(to)
    }

    fn fault(&mut self, block: &Block, from: usize, to: usize, what: &'static str, sink: &mut dyn Sink) {
        let offset = block.offset() + from as u64;
        sink.fault(Fault { offset, line: self.line, len: (to - from) as u64, what });
        self.line += newlines(&block.bytes()[from..to]);
    }

    fn begin_pass(&mut self, block: &Block, start: usize, what: &'static str, until: Passing) {
        let offset = block.offset() + start as u64;
        self.passing = Some((Fault { offset, line: self.line, len: 0, what }, until));
    }

    fn extend_pass(&mut self, bytes: &[u8], from: usize, to: usize) {
        self.line += newlines(&bytes[from..to]);
        if let Some((fault, _)) = &mut self.passing {
            fault.len += (to - from) as u64;
        }
    }

    /// Goes on with a fault that reaches over blocks.
    fn pass(&mut self, bytes: &[u8], from: usize, sink: &mut dyn Sink) -> usize {
        let rest = &bytes[from..];
        let stop = match self.passing.as_mut().map(|(_, until)| until) {
            Some(Passing::Line) => memchr(b'\n', rest).map(|n| n + 1),
            Some(Passing::Value(scanner)) => match scanner.feed(rest) {
                Scan::End(len) | Scan::Cut(len) => Some(len),
                Scan::More => None,
            },
            Some(Passing::Rest) | None => None,
        };
        let to = stop.map_or(bytes.len(), |n| from + n);
        self.extend_pass(bytes, from, to);
        if stop.is_some() {
            self.end_pass(sink);
        }
        to
    }

    fn end_pass(&mut self, sink: &mut dyn Sink) {
        if let Some((fault, _)) = self.passing.take() {
            sink.fault(fault);
        }
    }
}

/// The end of a value that is neither object nor array.
fn plain_value(bytes: &[u8], start: usize, end: bool) -> Result<usize, Fail> {
    if bytes[start] == b'"' { lex::string(bytes, start).map(|(to, _)| to) } else { lex::scalar(bytes, start, end) }
}

fn newlines(bytes: &[u8]) -> u64 {
    memchr_iter(b'\n', bytes).count() as u64
}

impl JsonReader {
    fn new(layout: Layout) -> Self {
        Self { carry: Carry::default(), walk: Walk::new(layout) }
    }
}

impl Reader for JsonReader {
    fn push(&mut self, block: &Block, sink: &mut dyn Sink) {
        let walk = &mut self.walk;
        self.carry.push(block, |block| walk.run(block, false, sink));
        walk.tables[walk.active].flush(sink);
    }

    fn finish(&mut self, sink: &mut dyn Sink) {
        let walk = &mut self.walk;
        let rest = self.carry.take();
        let end = rest.offset() + rest.len() as u64;
        if !rest.is_empty() {
            let _all = walk.run(&rest, true, sink);
        }
        let passed = walk.passing.is_some();
        walk.end_pass(sink);
        if !walk.frames.is_empty() && !passed && !walk.cut_off {
            sink.fault(Fault { offset: end, line: walk.line, len: 0, what: CUT_OFF });
        }
        walk.tables[walk.active].flush(sink);
    }

    fn line(&self) -> u64 {
        self.walk.line
    }

    /// With an object on each line, every newline ends a row.
    fn fork(&self, block: &Block) -> Option<(usize, Box<dyn Reader>)> {
        if self.walk.layout != Layout::Lines {
            return None;
        }
        let at = memchr(b'\n', block.bytes())? + 1;
        let mut walk = Walk::new(Layout::Lines);
        walk.start = false;
        walk.tables[0] = self.walk.tables[0].fork();
        Some((at, Box::new(Self { carry: Carry::default(), walk })))
    }

    fn is_at(&self, fork: &dyn Reader) -> bool {
        let Some(fork) = fork.as_any().downcast_ref::<Self>() else { return false };
        self.walk.layout == Layout::Lines
            && self.carry.is_empty()
            && self.walk.passing.is_none()
            && !self.walk.start
            && self.walk.tables[0].knows_as_much_as(&fork.walk.tables[0])
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[cfg(test)]
mod tests;
