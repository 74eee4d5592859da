//! Leaves that are decoded side by side, ahead of the walk.
//!
//! Leaves are most of a database, and what is in one says nothing of another. So groups of neighbouring leaves are decoded
//! aside, many at a time, each by the same code as anywhere, as if it were alone with its pages. What that gives depends on
//! those pages only, so it does not matter when it is done: groups of the interior pages that come next are among them.
//! It counts when the walk comes to that group, if nothing was odd: all pages were leaves of the right kind, there was no
//! fault, and no page it took (overflow pages among them) had another use by then. Otherwise the walk reads that group
//! itself, as if nobody had tried.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::page::{Claim, Claims, HEADER, Kind, Map, Node, Pages};
use super::tree::{Cells, Ground, Level, Link};
use crate::formats::Sink;
use crate::model::{Fault, TableBatch};

/// Most bytes of a group of leaves that is decoded aside, about: the children of one page of 4 KiB are some 450 leaves,
/// eight such groups.
const GROUP: usize = 256 << 10;

/// Fewest pages of a group.
const FEWEST: usize = 4;

/// Into how many groups the children of one page are cut, if they are not too small or too large then.
const PARTS: usize = 8;

/// Most groups decoded aside at a time, some 4 MiB: with eight, threads stood still for a fifth of the time, waiting for
/// the last group; with 32, more blocks were in use than [`Pool`](crate::model::Pool) keeps. The first time it is
/// [`PARTS`], because a table's first rows say which of its columns are wanted. Both are counts and not the number of
/// threads, so that no more is read of a damaged database on one machine than on another.
const MOST: usize = 16;

/// Page numbers with their places.
type Group = Vec<(u32, u64)>;

/// Groups decoded aside that the walk has not come to, in its order, with what they gave; `None` if anything was odd.
pub(super) struct Ahead {
    groups: VecDeque<(Group, Option<Aside>)>,
    most: usize,
}

impl Ahead {
    pub(super) const fn new() -> Self {
        Self { groups: VecDeque::new(), most: PARTS }
    }
}

/// What a group of leaves gave.
struct Aside {
    claims: Claims,
    other: u64,
    batches: Vec<TableBatch>,
}

/// Keeps batches; any fault is odd.
#[derive(Default)]
struct Heard {
    batches: Vec<TableBatch>,
    odd: bool,
}

impl Sink for Heard {
    fn batch(&mut self, batch: TableBatch) {
        self.batches.push(batch);
    }

    fn other(&mut self, _: u64) {
        self.odd = true;
    }

    fn fault(&mut self, _: Fault) {
        self.odd = true;
    }
}

/// Decodes a group of leaves as if nothing else were there; `None` if anything is odd.
fn decode(map: &Map<'_>, usable: usize, group: &[(u32, u64)], kind: Kind, mut cells: impl Cells) -> Option<Aside> {
    let mut heard = Heard::default();
    let mut ground = Ground { pages: Pages::aside(map), usable, sink: &mut heard, other: 0 };
    let block = ground.block(group).ok()?;
    let mut kind = Some(kind);
    cells.begin(&block);
    for (i, &(page, place)) in group.iter().enumerate() {
        let is_free = matches!(ground.pages.claim(page), Claim::Place(_));
        if !is_free || page == 1 || !ground.page(&block, i, place, false, &mut kind, &mut cells).ok()?.is_empty() {
            return None;
        }
    }
    cells.end(&mut ground);
    let Ground { pages, other, .. } = ground;
    let claims = pages.into_claims();
    (!heard.odd).then_some(Aside { claims, other, batches: heard.batches })
}

impl Ground<'_> {
    /// Takes the next leaves of `level`, an interior page, from those decoded aside; decodes those to come side by side where
    /// there are none. `above` is the level that has its neighbours. Whether anything was done.
    pub(super) fn side_by_side(
        &mut self,
        level: &mut Level,
        above: Option<&Level>,
        kind: Kind,
        cells: &impl Cells,
        ahead: &mut Ahead,
    ) -> bool {
        let Some(next) = self.group(&level.links, level.next) else { return false };
        if ahead.groups.front().is_none_or(|(group, _)| *group != next) {
            ahead.groups.clear();
            if !self.decode_ahead(level, above, kind, cells, ahead) {
                return false;
            }
        }
        while let Some(next) = self.group(&level.links, level.next)
            && let Some((group, done)) = ahead.groups.pop_front_if(|(group, _)| *group == next)
        {
            let Some(done) = done.filter(|done| self.pages.adopt(&done.claims)) else {
                level.alone = group.len();
                break;
            };
            level.next += group.len();
            self.other += done.other;
            done.batches.into_iter().for_each(|batch| self.sink.batch(batch));
        }
        true
    }

    /// Decodes the groups that come next, if there are two or more.
    fn decode_ahead(
        &self,
        level: &Level,
        above: Option<&Level>,
        kind: Kind,
        cells: &impl Cells,
        ahead: &mut Ahead,
    ) -> bool {
        let mut groups: Vec<Group> = Vec::new();
        let mut whole = self.groups(&level.links, level.next, ahead.most, &mut groups);
        for link in above.map_or(&[][..], |above| &above.links[above.next..]) {
            if !whole || groups.len() >= ahead.most {
                break;
            }
            let Some(links) = self.peek(*link, kind) else { break };
            whole = self.groups(&links, 0, ahead.most, &mut groups);
        }
        let takers: Vec<_> = groups.iter().map_while(|_| cells.aside(self.sink)).collect();
        if takers.len() < 2 {
            return false;
        }
        let (map, usable) = (self.pages.map(), self.usable);
        let done: Vec<Option<Aside>> = groups
            .par_iter()
            .zip(takers)
            .with_max_len(1)
            .map(|(group, cells)| decode(map, usable, group, kind, cells))
            .collect();
        ahead.groups.extend(groups.into_iter().zip(done));
        ahead.most = MOST;
        true
    }

    /// Adds the groups of `links` from `next` on, as far as pages are free and there is room for `most`; whether those were all.
    fn groups(&self, links: &[Link], mut next: usize, most: usize, groups: &mut Vec<Group>) -> bool {
        while next < links.len() && groups.len() < most {
            let Some(group) = self.group(links, next) else { break };
            next += group.len();
            groups.push(group);
        }
        next == links.len()
    }

    /// The group of `links` that begins at `next`; `None` at the end, and where one of its pages is taken or is not there.
    fn group(&self, links: &[Link], next: usize) -> Option<Group> {
        let pages = (GROUP / self.pages.page_size()).min(links.len().div_ceil(PARTS)).max(FEWEST);
        let links = links.get(next..links.len().min(next + pages)).filter(|links| !links.is_empty())?;
        let free = |link: &Link| {
            let place = self.pages.place(link.page)?;
            (!self.pages.is_claimed(link.page)).then_some((link.page, place))
        };
        links.iter().map(free).collect()
    }

    /// The children of an interior page that the walk has not come to; `None` if anything about it is odd.
    fn peek(&self, link: Link, kind: Kind) -> Option<Vec<Link>> {
        let place = self.pages.place(link.page).filter(|_| !self.pages.is_claimed(link.page))?;
        let mut page = vec![0; self.pages.page_size()];
        self.pages.read(&[place], &mut page).ok()?;
        let header = if link.page == 1 { HEADER } else { 0 };
        let node = Node::parse(&page, header, self.usable).ok().filter(|node| node.kind == kind && !node.leaf)?;
        let children = (0..node.cells).map(|i| node.cell(i).ok().map(|cell| cell.child));
        let children = children.chain([Some(node.last_child())]);
        children.map(|child| Some(Link { page: child?, at: place, len: 4 })).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::page::{Cell, Encoding};
    use super::super::record::Decoder;
    use super::super::rows::Rows;
    use super::super::schema::Layout;
    use super::super::tree::Outcome;
    use super::*;
    use crate::formats::testing::{Pieces, Said};
    use crate::model::Block;

    const PAGE: usize = 512;
    /// Children of a page: eight leaves are a group.
    const CHILDREN: usize = 60;
    const LEAVES: usize = 30 * CHILDREN;

    /// Takes rows one page after the other: never aside.
    struct Alone<'n>(Rows<'n>);

    impl Cells for Alone<'_> {
        fn aside(&self, _: &dyn Sink) -> Option<Self> {
            None
        }

        fn begin(&mut self, block: &Block) {
            self.0.begin(block);
        }

        fn cell(
            &mut self,
            ground: &mut Ground<'_>,
            block: &Block,
            page_at: usize,
            cell: &Cell,
            place: u64,
            bytes: u64,
        ) -> io::Result<Outcome> {
            self.0.cell(ground, block, page_at, cell, place, bytes)
        }

        fn end(&mut self, ground: &mut Ground<'_>) {
            self.0.end(ground);
        }

        fn decoder(&mut self) -> &mut Decoder {
            self.0.decoder()
        }
    }

    /// A page of a table with these cells, and for interior ones the last child.
    fn page(kind: u8, last: Option<u32>, cells: &[Vec<u8>]) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[0] = kind;
        page[3..5].copy_from_slice(&(cells.len() as u16).to_be_bytes());
        let mut pointer = 8;
        if let Some(last) = last {
            page[8..12].copy_from_slice(&last.to_be_bytes());
            pointer = 12;
        }
        let mut at = PAGE;
        for cell in cells {
            at -= cell.len();
            page[at..at + cell.len()].copy_from_slice(cell);
            page[pointer..pointer + 2].copy_from_slice(&(at as u16).to_be_bytes());
            pointer += 2;
        }
        page
    }

    /// An interior page above `children`.
    fn interior(children: &[u32]) -> Vec<u8> {
        let (last, others) = children.split_last().unwrap();
        let cells: Vec<Vec<u8>> = others.iter().map(|child| [&child.to_be_bytes()[..], &[1]].concat()).collect();
        page(0x05, Some(*last), &cells)
    }

    /// A table of two texts: page 2 is the root, pages 3 to 32 lie below it, then come the leaves with four rows each, and
    /// for each twentieth leaf's last row one page with the rest of it.
    fn tree() -> Vec<u8> {
        let first = 3 + (LEAVES / CHILDREN) as u32;
        let mut extra = first + LEAVES as u32;
        let (mut leaves, mut rest) = (Vec::new(), Vec::new());
        for leaf in 0..LEAVES {
            let mut cells: Vec<Vec<u8>> = Vec::new();
            for row in 0..4 {
                let text = format!("row {row} of leaf {leaf}, like any other");
                // Bytes of the payload, rowid; bytes of the header, two texts.
                let lens = [3 + 50 + text.len() as u8, 1, 3, 13 + 2 * 50, 13 + 2 * text.len() as u8];
                cells.push([&lens[..], &[b'x'; 50], text.as_bytes()].concat());
            }
            if leaf % 20 == 0 {
                // Of 600 bytes 92 stay here (section 1.6), and 508 fill the next page.
                let payload = [&[4, 13 + 2 * 10, 0x89, 0x21][..], &[b'y'; 10], &[b'z'; 586]].concat();
                cells[3] = [&[0x84, 0x58, 1][..], &payload[..92], &extra.to_be_bytes()].concat();
                rest.push([&[0; 4], &payload[92..]].concat());
                extra += 1;
            }
            leaves.push(page(0x0d, None, &cells));
        }
        let parents: Vec<u32> = (3..first).collect();
        let numbers: Vec<u32> = (first..first + LEAVES as u32).collect();
        let mut pages = vec![vec![0; PAGE], interior(&parents)];
        pages.extend(numbers.chunks(CHILDREN).map(interior));
        pages.append(&mut leaves);
        pages.append(&mut rest);
        pages.concat()
    }

    /// What reading it gives, aside where that is possible or not at all; and which pages are taken.
    fn read(bytes: &[u8], alone: bool) -> (Said, u64, Vec<u32>) {
        let input = Pieces::new(bytes, &[]);
        let map = Map::new(&input, bytes.len() as u64, None, PAGE, None);
        let mut said = Said::default();
        let mut ground = Ground { pages: Pages::new(&map), usable: PAGE, sink: &mut said, other: 0 };
        let rows = Rows::new("t", Some(Layout::unknown("t", 2)), Encoding::Utf8);
        let root = Link { page: 2, at: 0, len: 0 };
        if alone {
            ground.walk(root, Some(Kind::Table), &mut Alone(rows)).unwrap();
        } else {
            ground.walk(root, Some(Kind::Table), &mut { rows }).unwrap();
        }
        let taken = (1..=map.highest()).filter(|page| ground.pages.is_claimed(*page)).collect();
        let other = ground.other;
        (said, other, taken)
    }

    #[test]
    fn what_is_decoded_ahead_is_what_a_walk_gives() {
        let bytes = tree();
        let (said, other, taken) = read(&bytes, false);
        assert_eq!((said.rows.len(), said.faults.len()), (4 * LEAVES, 0), "{:?}", said.faults.first());
        assert_eq!(taken.len(), bytes.len() / PAGE - 1);
        assert_eq!(said.row_bytes + other, (bytes.len() - PAGE) as u64);
        assert_eq!((said, other, taken), read(&bytes, true));
    }

    #[test]
    fn what_is_damaged_reads_the_same_ahead_and_one_page_after_another() {
        let whole = tree();
        let mut odd = 0;
        // A generator of its own (Knuth's MMIX), so that every run damages the same bytes.
        let mut state = 7_u64;
        let mut below = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % most
        };
        for _ in 0..60 {
            let mut bytes = whole.clone();
            // Links of interior pages and the beginnings of leaves, where damage leads elsewhere; and any byte.
            for _ in 0..=below(4) {
                let at = match below(3) {
                    0 => (2 + below(30)) * PAGE + below(PAGE),
                    1 => (32 + below(LEAVES)) * PAGE + below(8),
                    _ => PAGE + below(bytes.len() - PAGE),
                };
                bytes[at] ^= 1 << below(8);
            }
            let ahead = read(&bytes, false);
            odd += usize::from(!ahead.0.faults.is_empty());
            assert_eq!(ahead, read(&bytes, true));
        }
        assert!(odd > 30, "{odd}");
    }
}
