//! Asks a breach source about every digest of the audit, partition by partition, and tells the rows what it answered.

use std::io;

use crate::breach::Source;
use crate::model::{BreachReport, Digest, DigestKind, Exposure, Unasked};

use super::joins::{DigestRecord, Fact, Joins, Partitions};
use super::observe::mix;

/// Bytes of records that are asked about at a time; a partition beyond it is asked about alone.
const ASKED_TOGETHER: usize = 8 << 20;

/// Kinds of digest that the chosen sources take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted(u8);

impl Wanted {
    pub(super) fn of(kinds: impl IntoIterator<Item = DigestKind>) -> Self {
        Self(kinds.into_iter().fold(0, |set, kind| set | 1 << kind as u8))
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    const fn has(self, kind: DigestKind) -> bool {
        self.0 & 1 << kind as u8 != 0
    }

    /// What of `kinds`, in the order of preference, is kept for one value: the first whole digest that somebody takes, for
    /// one answer is enough; and the beginning of a Keccak, which its source alone takes.
    pub(super) fn to_ask(self, kinds: &'static [DigestKind]) -> impl Iterator<Item = DigestKind> {
        let mut whole = false;
        kinds.iter().copied().filter(move |kind| {
            self.has(*kind) && (*kind == DigestKind::Keccak || !std::mem::replace(&mut whole, true))
        })
    }
}

/// Asks `source` about all digests for which `valid(run, record)` holds. Each distinct digest is asked once; the order of
/// the partitions is shuffled by `seed`, so that the questions do not come in the order of their prefixes.
pub(super) fn ask(
    source: &dyn Source,
    digests: &Partitions,
    seed: u64,
    valid: &dyn Fn(u32, &DigestRecord) -> bool,
    joins: &Joins,
) -> io::Result<BreachReport> {
    let mut report = BreachReport { source: source.name(), ..BreachReport::default() };
    let mut order: Vec<usize> = (0..Partitions::COUNT).collect();
    order.sort_by_key(|partition| mix(seed ^ *partition as u64));
    // Small partitions are asked about together, so that one slow answer is waited for once and not once a partition.
    let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
    for partition in order {
        let bytes = digests.bytes(partition);
        match groups.last_mut().filter(|(sum, _)| sum + bytes <= ASKED_TOGETHER) {
            Some((sum, group)) => {
                *sum += bytes;
                group.push(partition);
            }
            None => groups.push((bytes, vec![partition])),
        }
    }
    for (_, group) in groups {
        let mut distinct: Vec<Digest> = Vec::new();
        let mut each = |bytes: &[u8]| {
            let (record, run) = DigestRecord::decode(bytes);
            if valid(run, &record) {
                distinct.push(record.digest);
            }
            // Duplicates are dropped as they pile up: memory follows the distinct digests, not the rows.
            if distinct.len() == distinct.capacity() {
                distinct.sort_unstable();
                distinct.dedup();
                let room = distinct.len();
                distinct.reserve(room);
            }
        };
        for partition in &group {
            digests.read(*partition, DigestRecord::LEN, &mut each)?;
        }
        distinct.sort_unstable();
        distinct.dedup();
        distinct.retain(|digest| source.takes().contains(&digest.kind()));
        if distinct.is_empty() {
            continue;
        }
        // A digest that a source forgets to answer is unknown, never clean.
        let mut answers = vec![Exposure::Unknown(Unasked::BadAnswer); distinct.len()];
        source.ask(&distinct, &mut |at, exposure| answers[at] = exposure);
        for answer in &answers {
            report.asked += 1;
            match answer {
                Exposure::Seen(_) => report.seen += 1,
                Exposure::NotSeen => report.not_seen += 1,
                Exposure::Unknown(why) => {
                    report.unknown += 1;
                    match report.why_unknown.iter_mut().find(|(known, _)| known == why) {
                        Some((_, count)) => *count += 1,
                        None => report.why_unknown.push((*why, 1)),
                    }
                }
            }
        }
        let mut result = Ok(());
        let mut tell = |bytes: &[u8]| {
            let (record, run) = DigestRecord::decode(bytes);
            if result.is_err() || !valid(run, &record) {
                return;
            }
            let Ok(at) = distinct.binary_search(&record.digest) else { return };
            let fact = match answers[at] {
                Exposure::NotSeen => return,
                Exposure::Seen(count) => Fact::Seen(count),
                Exposure::Unknown(why) => Fact::Unknown(why),
            };
            result = joins.add(run, record.cell, fact);
        };
        for partition in &group {
            digests.read(*partition, DigestRecord::LEN, &mut tell)?;
        }
        result?;
    }
    report.why_unknown.sort_unstable();
    Ok(report)
}
