//! Walks b-trees: every page once, every cell to whoever wants it, every byte to its account.

use std::io;

use super::ahead::Ahead;
use super::page::{BLOCK, Cell, Claim, HEADER, Kind, Node, Pages};
use super::record::Decoder;
use crate::formats::Sink;
use crate::model::{Block, Fault};

/// Deeper trees are damaged: 2^32 pages of two children each are 32 levels; SQLite itself stops at 20
/// (`BTCURSOR_MAX_DEPTH`).
const MAX_DEPTH: usize = 64;

/// A page number and the bytes that hold it, for the fault if it cannot be followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    pub(super) page: u32,
    /// Where the number is (a place; see [`Pages`]).
    pub(super) at: u64,
    /// How many bytes stand for it.
    pub(super) len: u32,
}

/// What became of a cell.
pub(super) enum Outcome {
    /// A row, which takes the cell's bytes and those of its overflow pages.
    Row,
    /// Understood, and no row.
    Other,
    /// Not understood.
    Bad(&'static str),
}

/// Who takes the cells of a tree.
pub(super) trait Cells: Send + Sized {
    /// Another one, for leaves that are decoded aside and whose rows `sink` will be given; `None` where cells must come in
    /// order.
    fn aside(&self, sink: &dyn Sink) -> Option<Self>;
    /// A block of pages begins; its cells come next.
    fn begin(&mut self, block: &Block);
    /// A cell of the page that starts `page_at` bytes into `block`; `bytes` are those it has on the page, `place` is
    /// where it starts.
    fn cell(
        &mut self,
        ground: &mut Ground<'_>,
        block: &Block,
        page_at: usize,
        cell: &Cell,
        place: u64,
        bytes: u64,
    ) -> io::Result<Outcome>;
    /// The block ends.
    fn end(&mut self, ground: &mut Ground<'_>);
    /// The decoder that saw the last cell.
    fn decoder(&mut self) -> &mut Decoder;
}

/// Takes no cells: for indexes, whose pages are passed only to know them.
#[derive(Default)]
pub(super) struct Passed {
    decoder: Decoder,
}

impl Cells for Passed {
    fn aside(&self, _: &dyn Sink) -> Option<Self> {
        Some(Self::default())
    }

    fn begin(&mut self, _: &Block) {}

    fn cell(
        &mut self,
        ground: &mut Ground<'_>,
        _: &Block,
        _: usize,
        cell: &Cell,
        _: u64,
        _: u64,
    ) -> io::Result<Outcome> {
        let claimed = self.decoder.claim_chain(&mut ground.pages, ground.usable, cell)?;
        Ok(claimed.map_or_else(Outcome::Bad, |()| Outcome::Other))
    }

    fn end(&mut self, _: &mut Ground<'_>) {}

    fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }
}

/// What the walks of one database share: its pages and the accounts.
pub(super) struct Ground<'a> {
    pub(super) pages: Pages<'a>,
    pub(super) usable: usize,
    pub(super) sink: &'a mut dyn Sink,
    /// Bytes understood as something other than rows, so far.
    pub(super) other: u64,
}

/// An interior page whose children are being walked.
pub(super) struct Level {
    pub(super) links: Vec<Link>,
    pub(super) next: usize,
    /// How many children to read at once: one until the first leaf, then twice as many each time.
    ahead: usize,
    /// How many children not to read aside: what was odd there is looked at here.
    pub(super) alone: usize,
}

impl Level {
    fn new(links: Vec<Link>, ahead: usize) -> Self {
        Self { links, next: 0, ahead, alone: 0 }
    }
}

impl Ground<'_> {
    /// Bytes that are not understood.
    pub(super) fn fault(&mut self, offset: u64, len: u64, what: &'static str) {
        self.sink.fault(Fault { offset, line: 0, len, what });
    }

    /// Bytes that were counted as other, and turn out to be not understood.
    pub(super) fn fault_in_other(&mut self, offset: u64, len: u64, what: &'static str) {
        self.other -= len;
        self.fault(offset, len, what);
    }

    /// Walks the tree at `root`, whose bytes are counted as other already. `kind` is the kind it has to be; `None` for
    /// the kind of its root.
    pub(super) fn walk(&mut self, root: Link, mut kind: Option<Kind>, cells: &mut impl Cells) -> io::Result<()> {
        let most = (BLOCK / self.pages.page_size()).max(1);
        let mut levels = vec![Level::new(vec![root], 1)];
        // Where leaves were found last: those of a tree are all of one depth.
        let mut leaves_at = 0;
        let mut group: Vec<(u32, u64)> = Vec::new();
        let mut aside = Ahead::new();
        while let Some((level, above)) = levels.split_last_mut() {
            let depth = above.len() + 1;
            if let Some(kind) = kind.filter(|_| depth == leaves_at && level.ahead == most && level.alone == 0)
                && self.side_by_side(level, above.last(), kind, cells, &mut aside)
            {
                continue;
            }
            group.clear();
            let ahead = if level.alone > 0 { level.ahead.min(level.alone) } else { level.ahead };
            while group.len() < ahead && level.next + group.len() < level.links.len() {
                let page = level.links[level.next + group.len()].page;
                match self.pages.place(page) {
                    Some(place) if !self.pages.is_claimed(page) => group.push((page, place)),
                    _ => break,
                }
            }
            if group.is_empty() {
                let Some(link) = level.links.get(level.next).copied() else {
                    levels.pop();
                    continue;
                };
                level.next += 1;
                level.alone = level.alone.saturating_sub(1);
                self.refuse(link);
                continue;
            }

            let block = self.block(&group)?;
            cells.begin(&block);
            let mut child = None;
            for (i, &(page, place)) in group.iter().enumerate() {
                let link = level.links[level.next];
                level.next += 1;
                level.alone = level.alone.saturating_sub(1);
                if self.pages.is_claimed(page) {
                    self.refuse(link);
                    continue;
                }
                self.pages.claim(page);
                let links = self.page(&block, i, place, page == 1, &mut kind, cells)?;
                if links.is_empty() {
                    continue;
                }
                // Children first: what was read ahead is read again after them.
                level.ahead = 1;
                child = Some((links, link));
                break;
            }
            cells.end(self);
            match child {
                None => {
                    level.ahead = (level.ahead * 2).min(most);
                    leaves_at = depth;
                }
                Some((_, link)) if depth >= MAX_DEPTH => {
                    self.fault_in_other(link.at, link.len.into(), "SQLite database damaged: a tree too deep");
                }
                Some((links, _)) => {
                    let ahead = if depth + 1 == leaves_at { most } else { 1 };
                    levels.push(Level::new(links, ahead));
                }
            }
        }
        Ok(())
    }

    /// Says why a link cannot be followed.
    fn refuse(&mut self, link: Link) {
        if let Claim::Refused(what) = self.pages.claim(link.page) {
            self.fault_in_other(link.at, link.len.into(), what);
        }
    }

    pub(super) fn block(&self, group: &[(u32, u64)]) -> io::Result<Block> {
        let places: Vec<u64> = group.iter().map(|(_, place)| *place).collect();
        self.pages.block(&places)
    }

    /// Takes one claimed page, the `index`th of `block`, and gives its children.
    pub(super) fn page(
        &mut self,
        block: &Block,
        index: usize,
        place: u64,
        is_first: bool,
        kind: &mut Option<Kind>,
        cells: &mut impl Cells,
    ) -> io::Result<Vec<Link>> {
        let page_size = self.pages.page_size();
        let page_at = index * page_size;
        let page = &block.bytes()[page_at..page_at + page_size];
        let header = if is_first { HEADER } else { 0 };
        self.other += header as u64;

        let parsed = Node::parse(page, header, self.usable).and_then(|node| match *kind {
            Some(kind) if kind != node.kind => {
                Err("SQLite page damaged: it belongs to a tree of the other kind (table or index)")
            }
            _ => Ok(node),
        });
        let node = match parsed {
            Ok(node) => node,
            Err(what) => {
                self.fault(place + header as u64, (page_size - header) as u64, what);
                return Ok(Vec::new());
            }
        };
        *kind = Some(node.kind);

        // What cells may take together, as a byte counts once. In a leaf a cell's pointer counts to it; in an interior
        // page it is kept apart, to stand for the child's number.
        let mut budget = (page_size - node.pointers_end()) as u64;
        let pointer_len = if node.leaf { 2 } else { 0 };
        let mut rows = 0;
        let mut bad = Bad::default();
        let mut links = Vec::new();
        if !node.leaf {
            links.reserve_exact(node.cells + 1);
        }
        let has_content = node.leaf || node.kind == Kind::Index;
        for i in 0..node.cells {
            let cell = match node.cell(i) {
                Ok(cell) => cell,
                Err(what) => {
                    bad.add(node.pointer(i), 2, what);
                    continue;
                }
            };
            if !node.leaf {
                links.push(Link { page: cell.child, at: place + node.pointer(i) as u64, len: 2 });
            }
            if !has_content {
                continue;
            }
            if cell.len as u64 > budget {
                // Cells share bytes. To decode them all would take a hostile page's length squared.
                bad.add(cell.start, budget + pointer_len, "SQLite page damaged: its cells overlap");
                budget = 0;
                continue;
            }
            budget -= cell.len as u64;
            let bytes = cell.len as u64 + pointer_len;
            let outcome = cells.cell(self, block, page_at, &cell, place + cell.start as u64, bytes)?;
            let chain = cells.decoder().chain;
            match outcome {
                Outcome::Row => rows += bytes,
                Outcome::Other => self.other += chain * page_size as u64,
                Outcome::Bad(what) => {
                    bad.add(cell.start, bytes, what);
                    self.fault_chain(cell.overflow, chain, what)?;
                }
            }
        }
        if !node.leaf {
            let at = place + node.last_child_at() as u64;
            links.push(Link { page: node.last_child(), at, len: 4 });
        }
        if let Some((at, what)) = bad.first {
            // What no cell took may have been the lost cells'.
            let len = bad.bytes + budget;
            let at = at.min(page_size - len as usize);
            self.other += page_size as u64 - header as u64 - rows - len;
            self.fault(place + at as u64, len, what);
        } else {
            self.other += page_size as u64 - header as u64 - rows;
        }
        Ok(links)
    }

    /// Overflow pages, claimed already, of a row that is not understood.
    fn fault_chain(&mut self, first: u32, count: u64, what: &'static str) -> io::Result<()> {
        let mut page = first;
        let mut run = Run::default();
        for _ in 0..count {
            let place =
                self.pages.place(page).ok_or_else(|| io::Error::other("the database changed while it was read"))?;
            if let Some((at, len)) = run.add(place, self.pages.page_size() as u64) {
                self.fault(at, len, what);
            }
            let mut next = [0; 4];
            self.pages.fill(place, &mut next)?;
            page = u32::from_be_bytes(next);
        }
        if let Some((at, len)) = run.take() {
            self.fault(at, len, what);
        }
        Ok(())
    }
}

/// The cells of one page that are not understood: one fault for all.
#[derive(Default)]
struct Bad {
    first: Option<(usize, &'static str)>,
    bytes: u64,
}

impl Bad {
    fn add(&mut self, at: usize, bytes: u64, what: &'static str) {
        self.first.get_or_insert((at, what));
        self.bytes += bytes;
    }
}

/// Joins neighbouring pieces.
#[derive(Default)]
pub(super) struct Run {
    open: Option<(u64, u64)>,
}

impl Run {
    /// Adds a piece; gives the one before if this does not continue it.
    pub(super) fn add(&mut self, at: u64, len: u64) -> Option<(u64, u64)> {
        match &mut self.open {
            Some((start, so_far)) if *start + *so_far == at => {
                *so_far += len;
                None
            }
            _ => self.open.replace((at, len)),
        }
    }

    /// Gives the last piece.
    pub(super) fn take(&mut self) -> Option<(u64, u64)> {
        self.open.take()
    }
}
