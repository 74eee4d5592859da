//! Objects to rows: nested paths become columns, found as rows come.
//!
//! `{"a": {"b": 1}, "tags": ["x", "y"], "keys": [{"k": 1}]}` has the columns `a.b`, `tags[]`, `tags[1]`, `keys[].k`.
//! Columns are only ever appended; a row belongs to the table as it was when the row ended.

use std::collections::HashMap;
use std::sync::Arc;

use super::lex::{self, Fail, Scan, Scanner, skip_space};
use crate::formats::{BatchBuilder, MAX_CELL, Sink};
use crate::model::{Block, Column, Fault, RowAt, Table};

/// Columns of one table; more are passed over. Account records have some dozens.
const MAX_COLUMNS: usize = 512;
/// Paths kept for one table, those without a column of their own included.
const MAX_NODES: usize = 4096;
/// Longer keys are passed over with their values.
const MAX_KEY: usize = 256;
/// Longer paths are passed over with their values.
const MAX_PATH: usize = 1024;
/// Deeper values are passed over.
const MAX_DEPTH: u32 = 64;
/// Elements of an array inside a row that become columns.
const MAX_ELEMENTS: usize = 8;
/// JSON in a string in JSON in a string is expanded, no further.
const MAX_STRINGS: u8 = 2;

/// Up to here a search through the keys is quicker than a hash.
const FEW_KEYS: usize = 16;

/// `MongoDB` Extended JSON v2 wrappers whose value stands for the object around it.
const WRAPPERS: [&[u8]; 9] = [
    b"$oid",
    b"$date",
    b"$numberLong",
    b"$numberInt",
    b"$numberDouble",
    b"$numberDecimal",
    b"$uuid",
    b"$symbol",
    b"$binary",
];

/// One table with what is known of its columns.
pub(super) struct Rows {
    nodes: Vec<Node>,
    columns: Vec<Column>,
    by_name: HashMap<String, usize>,
    builder: BatchBuilder,
    cells: Vec<Cell>,
    /// Cells that are not slices of the block.
    copies: Vec<u8>,
    /// What the row being read has added, to be taken back if it is broken.
    undo: Vec<Undo>,
    attached: bool,
    /// Whether the row being read holds more than becomes cells.
    passed_over: bool,
}

/// What is said of a row that holds more than [`MAX_ELEMENTS`] objects in a list, or more than another limit lets in.
pub(super) const PASSED_OVER: &str = "a row holds more than is read of it (the first 8 objects of a list within, 512 \
                                      columns, 64 levels): export the lists within as files of their own";

#[derive(Clone, Default)]
struct Node {
    path: String,
    keys: Vec<Box<[u8]>>,
    kids: Vec<usize>,
    /// The keys of an object with many, so that a map of ids inside a row costs no search.
    index: HashMap<Box<[u8]>, usize>,
    column: Option<usize>,
    /// Where the next key is expected among `keys`: rows repeat their order.
    hint: usize,
}

enum Undo {
    Kid(usize),
    Column(usize),
}

#[derive(Clone, Copy)]
enum Cell {
    Absent,
    Slice(usize, usize),
    Copy(usize, usize),
}

impl Rows {
    pub(super) fn new(name: &str) -> Self {
        let table = Table { name: name.into(), columns: Vec::new(), named_columns: true };
        Self {
            nodes: vec![Node::default()],
            columns: Vec::new(),
            by_name: HashMap::new(),
            builder: BatchBuilder::new(Arc::new(table)),
            cells: Vec::new(),
            copies: Vec::new(),
            undo: Vec::new(),
            attached: false,
            passed_over: false,
        }
    }

    /// The same columns, no rows.
    pub(super) fn fork(&self) -> Self {
        Self {
            nodes: self.nodes.clone(),
            columns: self.columns.clone(),
            by_name: self.by_name.clone(),
            builder: BatchBuilder::new(self.builder.table().clone()),
            cells: Vec::new(),
            copies: Vec::new(),
            undo: Vec::new(),
            attached: false,
            passed_over: false,
        }
    }

    /// Whether `fork`, made from this table or a later state of it, still knows all there is to know.
    pub(super) fn knows_as_much_as(&self, fork: &Self) -> bool {
        self.nodes.len() == fork.nodes.len() && self.columns == fork.columns
    }

    pub(super) fn name(&self) -> &str {
        &self.builder.table().name
    }

    /// A new block comes.
    pub(super) fn detach(&mut self) {
        self.attached = false;
    }

    /// Reads the object or array at `start`; where it ends. [`add`](Self::add) or [`drop_row`](Self::drop_row) follows.
    pub(super) fn read(&mut self, bytes: &[u8], start: usize, key: Option<&[u8]>) -> Result<usize, Fail> {
        self.cells.clear();
        self.copies.clear();
        self.undo.clear();
        self.passed_over = false;
        if let Some(key) = key
            && let Some(node) = self.child(0, b"key", false)
        {
            let from = self.copies.len();
            lex::unescape(key, &mut self.copies)?;
            self.set(node, Cell::Copy(from, self.copies.len() - from));
        }
        Parser { bytes, rows: self, in_string: 0 }.value(start, Some(0), 0, false)
    }

    /// Adds the row just read.
    pub(super) fn add(&mut self, block: &Block, at: RowAt, len: u64, sink: &mut dyn Sink) {
        self.undo.clear();
        if self.columns.len() > self.builder.table().columns.len() {
            self.flush(sink);
            let table = Table { name: self.name().into(), columns: self.columns.clone(), named_columns: true };
            self.builder = BatchBuilder::new(Arc::new(table));
        }
        if !self.attached {
            self.builder.attach(block);
            self.attached = true;
        }
        for column in 0..self.columns.len() {
            match self.cells.get(column).copied().unwrap_or(Cell::Absent) {
                Cell::Absent => self.builder.null(column),
                Cell::Slice(start, len) => self.builder.slice(column, start, len),
                Cell::Copy(start, len) => self.builder.copy(column, &self.copies[start..start + len]),
            }
        }
        self.builder.end_row(at, len);
        if self.passed_over {
            sink.fault(Fault { offset: at.offset, line: at.line, len: 0, what: PASSED_OVER });
        }
    }

    /// Forgets the row just read and the columns it brought: how much of a broken row was seen depends on the block.
    pub(super) fn drop_row(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Kid(node) => {
                    self.nodes.pop();
                    let node = &mut self.nodes[node];
                    if let Some(key) = node.keys.pop() {
                        node.index.remove(&key);
                    }
                    node.kids.pop();
                    node.hint = 0;
                }
                Undo::Column(node) => {
                    self.nodes[node].column = None;
                    if let Some(column) = self.columns.pop() {
                        self.by_name.remove(&column.name);
                    }
                }
            }
        }
    }

    pub(super) fn flush(&mut self, sink: &mut dyn Sink) {
        self.attached = false;
        if let Some(batch) = self.builder.take() {
            sink.batch(batch);
        }
    }

    /// The node below `node` under `key`; `None` beyond the limits. An element of an array has its index as key.
    fn child(&mut self, node: usize, key: &[u8], element: bool) -> Option<usize> {
        let parent = &mut self.nodes[node];
        let count = parent.keys.len();
        let at = |i: &usize| *parent.keys[*i] == *key;
        let known = match Some(parent.hint).filter(|i| *i < count).filter(at) {
            Some(i) => Some(i),
            None if count <= FEW_KEYS => (0..count).find(at),
            None => parent.index.get(key).copied(),
        };
        if let Some(i) = known {
            parent.hint = i + 1;
            return Some(parent.kids[i]);
        }
        let mut path = parent.path.clone();
        if element {
            path.push('[');
            if key != [0, 0] {
                path.push_str(&key[1].to_string());
            }
            path.push(']');
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&String::from_utf8_lossy(key));
        }
        if self.nodes.len() >= MAX_NODES || key.len() > MAX_KEY || path.len() > MAX_PATH {
            self.passed_over = true;
            return None;
        }
        let new = self.nodes.len();
        let parent = &mut self.nodes[node];
        parent.index.insert(key.into(), parent.keys.len());
        parent.keys.push(key.into());
        parent.kids.push(new);
        self.nodes.push(Node { path, ..Node::default() });
        self.undo.push(Undo::Kid(node));
        Some(new)
    }

    /// Sets the cell of a node, which gets a column if it has none.
    fn set(&mut self, node: usize, cell: Cell) {
        let column = if let Some(column) = self.nodes[node].column {
            column
        } else {
            let path = &self.nodes[node].path;
            let name = if path.is_empty() { "value" } else { path };
            match self.by_name.get(name) {
                Some(&column) => column,
                None if self.columns.len() >= MAX_COLUMNS => {
                    self.passed_over = true;
                    return;
                }
                None => {
                    let column = self.columns.len();
                    self.by_name.insert(name.into(), column);
                    self.columns.push(Column::named(name));
                    self.nodes[node].column = Some(column);
                    self.undo.push(Undo::Column(node));
                    column
                }
            }
        };
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Cell::Absent);
        }
        self.cells[column] = cell;
    }
}

/// Reads one row's value.
struct Parser<'a> {
    bytes: &'a [u8],
    rows: &'a mut Rows,
    /// How many strings the bytes were in; 0 is the block itself.
    in_string: u8,
}

impl Parser<'_> {
    /// Reads the value at `pos` into `node` (nowhere, if `None`); where it ends.
    fn value(&mut self, pos: usize, node: Option<usize>, depth: u32, binary: bool) -> Result<usize, Fail> {
        match self.bytes.get(pos).ok_or(Fail::Incomplete)? {
            b'{' | b'[' if depth >= MAX_DEPTH => match Scanner::default().feed(&self.bytes[pos..]) {
                Scan::End(len) => {
                    self.rows.passed_over = true;
                    Ok(pos + len)
                }
                Scan::Cut(_) => Err(Fail::Broken),
                Scan::More => Err(Fail::Incomplete),
            },
            b'{' => self.object(pos, node, depth, binary),
            b'[' => self.array(pos, node, depth),
            b'"' => self.string(pos, node, depth),
            _ => {
                let end = lex::scalar(self.bytes, pos, self.in_string > 0)?;
                if let Some(node) = node {
                    if &self.bytes[pos..end] == b"null" {
                        self.rows.set(node, Cell::Absent);
                    } else {
                        self.keep(node, pos, end);
                    }
                }
                Ok(end)
            }
        }
    }

    fn object(&mut self, open: usize, node: Option<usize>, depth: u32, binary: bool) -> Result<usize, Fail> {
        if let Some(node) = node {
            self.rows.nodes[node].hint = 0;
        }
        let mut pos = skip_space(self.bytes, open + 1);
        if self.bytes.get(pos) == Some(&b'}') {
            return Ok(pos + 1);
        }
        loop {
            match self.bytes.get(pos).ok_or(Fail::Incomplete)? {
                b'"' => {}
                _ => return Err(Fail::Broken),
            }
            let (end, escapes) = lex::string(self.bytes, pos)?;
            let raw = &self.bytes[pos + 1..end - 1];
            let kid = match node {
                Some(node) if escapes => {
                    let mut key = Vec::new();
                    lex::unescape(raw, &mut key)?;
                    self.rows.child(node, &key, false)
                }
                Some(node) if raw.first() == Some(&b'$') && WRAPPERS.contains(&raw) => Some(node),
                Some(node) if binary && raw == b"base64" => Some(node),
                Some(node) => self.rows.child(node, raw, false),
                None => None,
            };
            let is_binary = raw == b"$binary";
            pos = skip_space(self.bytes, end);
            match self.bytes.get(pos).ok_or(Fail::Incomplete)? {
                b':' => pos = skip_space(self.bytes, pos + 1),
                _ => return Err(Fail::Broken),
            }
            pos = skip_space(self.bytes, self.value(pos, kid, depth + 1, is_binary)?);
            match self.bytes.get(pos).ok_or(Fail::Incomplete)? {
                b',' => pos = skip_space(self.bytes, pos + 1),
                b'}' => return Ok(pos + 1),
                _ => return Err(Fail::Broken),
            }
        }
    }

    fn array(&mut self, open: usize, node: Option<usize>, depth: u32) -> Result<usize, Fail> {
        if let Some(node) = node {
            self.rows.nodes[node].hint = 0;
        }
        let mut pos = skip_space(self.bytes, open + 1);
        if self.bytes.get(pos) == Some(&b']') {
            return Ok(pos + 1);
        }
        let mut index = 0;
        loop {
            let kid = match node {
                Some(node) if index < MAX_ELEMENTS => self.rows.child(node, &[0, index as u8], true),
                _ => None,
            };
            // Further scalars (tags, hobbies) are no loss; further objects may be accounts.
            if kid.is_none() && node.is_some() && self.bytes.get(pos) == Some(&b'{') {
                self.rows.passed_over = true;
            }
            index += 1;
            pos = skip_space(self.bytes, self.value(pos, kid, depth + 1, false)?);
            match self.bytes.get(pos).ok_or(Fail::Incomplete)? {
                b',' => pos = skip_space(self.bytes, pos + 1),
                b']' => return Ok(pos + 1),
                _ => return Err(Fail::Broken),
            }
        }
    }

    fn string(&mut self, open: usize, node: Option<usize>, depth: u32) -> Result<usize, Fail> {
        let (end, escapes) = lex::string(self.bytes, open)?;
        let raw = &self.bytes[open + 1..end - 1];
        if raw.first() == Some(&b'{') && raw.last() == Some(&b'}') && self.in_string < MAX_STRINGS {
            let mut inner = Vec::new();
            lex::unescape(raw, &mut inner)?;
            let mut parser = Parser { bytes: &inner, rows: self.rows, in_string: self.in_string + 1 };
            if parser.value(0, None, depth + 1, false) == Ok(inner.len()) {
                parser.value(0, node, depth + 1, false)?;
                return Ok(end);
            }
        }
        match node {
            Some(node) if !escapes => self.keep(node, open + 1, end - 1),
            _ if escapes => {
                let start = self.rows.copies.len();
                lex::unescape(raw, &mut self.rows.copies)?;
                let len = self.rows.copies.len() - start;
                match node {
                    Some(node) => self.rows.set(node, Cell::Copy(start, len)),
                    None => self.rows.copies.truncate(start),
                }
            }
            _ => {}
        }
        Ok(end)
    }

    fn keep(&mut self, node: usize, start: usize, end: usize) {
        let len = (end - start).min(MAX_CELL);
        if self.in_string == 0 {
            self.rows.set(node, Cell::Slice(start, len));
        } else {
            let from = self.rows.copies.len();
            self.rows.copies.extend_from_slice(&self.bytes[start..start + len]);
            self.rows.set(node, Cell::Copy(from, len));
        }
    }
}
