//! Asks breach sources about every digest of the audit, partition by partition, and tells the rows what they answered.
//!
//! Each source in turn is asked about what those before it have not settled:
//!
//! * what was seen is settled;
//! * what a filter excludes is settled: it is in no set that the filter was made of;
//! * what one source does not have may be in another, so it goes on; under `auto` the range server is asked only what the
//!   corpora cannot tell (a range they lack, what a filter does not exclude);
//! * what a corpus cannot tell and a later source answers is answered; what a server did not answer stays unknown unless
//!   another one has seen it.

use std::io;

use crate::breach::{AUTO_RANGES, Budget, Estimate, PREFIXES, Source, prefix_of};
use crate::model::{BreachReport, Digest, DigestKind, Exposure, Unasked};
use crate::report::Progress;

use super::joins::{DigestRecord, Fact, Joins, Partitions};
use super::observe::mix;
use super::whom::Sources;

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

/// The digests of an audit.
pub(super) struct Asking<'a> {
    pub(super) digests: &'a Partitions,
    /// Whether the form of a record turned out to be one that its digest is right for.
    pub(super) valid: &'a dyn Fn(u32, &DigestRecord) -> bool,
    /// Decides the order in which partitions are asked about, so that questions do not come in the order of prefixes.
    pub(super) seed: u64,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Asked {
    /// One entry a source, in the order of asking.
    pub(super) reports: Vec<BreachReport>,
    /// What was not asked and could be, with what to do.
    pub(super) advice: Vec<String>,
}

impl Asking<'_> {
    /// Asks `sources` about all valid digests, each distinct one once, and gives the rows what they answered.
    pub(super) fn ask(&self, sources: &Sources, joins: &Joins, progress: &dyn Progress) -> io::Result<Asked> {
        let mut asked = Asked {
            reports: sources
                .list()
                .iter()
                .map(|source| BreachReport { source: source.name(), ..BreachReport::default() })
                .collect(),
            advice: Vec::new(),
        };
        let groups = self.groups();
        if sources.ranges().is_some() {
            let estimate = self.estimate(sources, &groups)?;
            if estimate.digests > 0 {
                progress.note(&format!("{estimate}"));
            }
            if sources.is_auto() && sources.budget().is_none() && estimate.requests() > AUTO_RANGES {
                sources.spending().limit(Budget::Ranges(0));
                let advice = format!(
                    "{estimate}: more than `auto` asks for; download a corpus once (credaudit corpus download) and name \
                     it with --breach corpus:FILE, or say --breach hibp"
                );
                progress.note(&advice);
                asked.advice.push(advice);
            }
            progress.questions(0, estimate.digests);
        }
        for group in &groups {
            let distinct = self.distinct(group, sources)?;
            if distinct.is_empty() {
                continue;
            }
            let answers = settle(sources, &distinct, &mut asked.reports, progress);
            self.tell(group, &distinct, &answers, joins)?;
        }
        for report in &mut asked.reports {
            report.why_unknown.sort_unstable();
        }
        for remark in sources.remarks() {
            progress.note(&remark);
        }
        Ok(asked)
    }

    /// Small partitions are asked about together, so that one slow answer is waited for once and not once a partition.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..Partitions::COUNT).collect();
        order.sort_by_key(|partition| mix(self.seed ^ *partition as u64));
        let mut groups: Vec<(usize, Vec<usize>)> = Vec::new();
        for partition in order {
            let bytes = self.digests.bytes(partition);
            match groups.last_mut().filter(|(sum, _)| sum + bytes <= ASKED_TOGETHER) {
                Some((sum, group)) => {
                    *sum += bytes;
                    group.push(partition);
                }
                None => groups.push((bytes, vec![partition])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The distinct digests of a group that somebody takes, sorted.
    fn distinct(&self, group: &[usize], sources: &Sources) -> io::Result<Vec<Digest>> {
        let mut distinct: Vec<Digest> = Vec::new();
        let mut each = |bytes: &[u8]| {
            let (record, run) = DigestRecord::decode(bytes);
            if (self.valid)(run, &record) {
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
        for partition in group {
            self.digests.read(*partition, DigestRecord::LEN, &mut each)?;
        }
        distinct.sort_unstable();
        distinct.dedup();
        let taken = Wanted::of(sources.kinds());
        distinct.retain(|digest| taken.has(digest.kind()));
        Ok(distinct)
    }

    /// What the range server would have to be asked after the sources on this machine have answered.
    fn estimate(&self, sources: &Sources, groups: &[Vec<usize>]) -> io::Result<Estimate> {
        let mut estimate = Estimate::default();
        let Some(ranges) = sources.ranges() else { return Ok(estimate) };
        let takes = ranges.takes();
        let mut marked = vec![0_u64; takes.len() * PREFIXES as usize / 64];
        for group in groups {
            let distinct = self.distinct(group, sources)?;
            let mut chain = Chain::new(sources, &distinct);
            chain.ask_local();
            for at in chain.for_ranges() {
                let kind = takes.iter().position(|kind| *kind == distinct[at].kind()).expect("it takes this kind");
                let bit = kind * PREFIXES as usize + prefix_of(&distinct[at]) as usize;
                marked[bit / 64] |= 1 << (bit % 64);
                estimate.digests += 1;
            }
        }
        for bit in (0..marked.len() * 64).filter(|bit| marked[bit / 64] >> (bit % 64) & 1 != 0) {
            let (kind, prefix) = (takes[bit / PREFIXES as usize], (bit % PREFIXES as usize) as u32);
            estimate.ranges += 1;
            estimate.kept += u64::from(ranges.is_kept(kind, prefix));
        }
        Ok(estimate)
    }

    fn tell(&self, group: &[usize], distinct: &[Digest], answers: &[Exposure], joins: &Joins) -> io::Result<()> {
        let mut result = Ok(());
        let mut tell = |bytes: &[u8]| {
            let (record, run) = DigestRecord::decode(bytes);
            if result.is_err() || !(self.valid)(run, &record) {
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
        for partition in group {
            self.digests.read(*partition, DigestRecord::LEN, &mut tell)?;
        }
        result
    }
}

/// Asks all of `sources` about `digests` (sorted, distinct, each of a kind that somebody takes), counts into `reports`, one
/// a source, and gives what is known of each.
pub fn settle(
    sources: &Sources,
    digests: &[Digest],
    reports: &mut [BreachReport],
    progress: &dyn Progress,
) -> Vec<Exposure> {
    let mut chain = Chain::new(sources, digests);
    for number in 0..sources.list().len() {
        chain.ask(number, progress);
    }
    chain.finish(reports)
}

/// What is known of one digest so far.
#[derive(Clone, Copy)]
enum Known {
    /// Nobody was asked.
    Nothing,
    /// Not in what was asked so far.
    NotSeen,
    /// Not in what was asked, and settled.
    Excluded,
    /// In a source.
    Seen(Option<u64>),
    /// The corpus of this number cannot tell.
    Untold(usize, Unasked),
    /// A server did not answer.
    Lost(Unasked),
}

struct Chain<'a> {
    sources: &'a Sources,
    digests: &'a [Digest],
    known: Vec<Known>,
    tallies: Vec<BreachReport>,
}

impl<'a> Chain<'a> {
    fn new(sources: &'a Sources, digests: &'a [Digest]) -> Self {
        Self {
            sources,
            digests,
            known: vec![Known::Nothing; digests.len()],
            tallies: vec![BreachReport::default(); sources.list().len()],
        }
    }

    /// Whether the source is asked about the digest, as things stand.
    fn goes_to(&self, source: &dyn Source, auto: bool, at: usize) -> bool {
        source.takes().contains(&self.digests[at].kind())
            && match self.known[at] {
                Known::Seen(_) | Known::Excluded => false,
                Known::NotSeen => !auto,
                Known::Nothing | Known::Untold(..) | Known::Lost(_) => true,
            }
    }

    /// Digests that the range server is to be asked about.
    fn for_ranges(&self) -> impl Iterator<Item = usize> {
        let source = self.sources.ranges();
        (0..self.digests.len())
            .filter(move |at| source.is_some_and(|source| self.goes_to(source, self.sources.is_auto(), *at)))
    }

    fn ask_local(&mut self) {
        for number in 0..self.sources.list().len() {
            if self.sources.list()[number].is_local() {
                self.ask(number, &crate::report::Silent);
            }
        }
    }

    fn ask(&mut self, number: usize, progress: &dyn Progress) {
        let source = &*self.sources.list()[number];
        let auto = self.sources.is_auto() && self.sources.is_ranges(number);
        let chosen: Vec<usize> = (0..self.digests.len()).filter(|at| self.goes_to(source, auto, *at)).collect();
        if chosen.is_empty() {
            return;
        }
        let digests: Vec<Digest> = chosen.iter().map(|at| self.digests[*at]).collect();
        // A digest that a source forgets to answer is unknown, never clean.
        let mut answers = vec![Exposure::Unknown(Unasked::BadAnswer); chosen.len()];
        source.ask(&digests, &mut |at, exposure| {
            answers[at] = exposure;
            if !source.is_local() {
                progress.questions(1, 0);
            }
        });
        let tally = &mut self.tallies[number];
        for (at, answer) in chosen.into_iter().zip(answers) {
            let known = &mut self.known[at];
            match answer {
                Exposure::Seen(count) => {
                    tally.seen += 1;
                    *known = Known::Seen(count);
                }
                Exposure::NotSeen => {
                    tally.not_seen += 1;
                    match known {
                        Known::Lost(_) => {}
                        _ if source.excludes() => *known = Known::Excluded,
                        _ => *known = Known::NotSeen,
                    }
                }
                // Counted in the end, unless somebody else can tell.
                Exposure::Unknown(why) if source.is_local() => *known = Known::Untold(number, why),
                Exposure::Unknown(why) => {
                    unknown(tally, why);
                    *known = Known::Lost(why);
                }
            }
        }
    }

    fn finish(mut self, reports: &mut [BreachReport]) -> Vec<Exposure> {
        let answers = self.known.iter().map(|known| match *known {
            // Whoever calls asks about kinds that somebody takes.
            Known::Nothing => Exposure::Unknown(Unasked::NotAskable),
            Known::NotSeen | Known::Excluded => Exposure::NotSeen,
            Known::Seen(count) => Exposure::Seen(count),
            Known::Untold(number, why) => {
                unknown(&mut self.tallies[number], why);
                Exposure::Unknown(why)
            }
            Known::Lost(why) => Exposure::Unknown(why),
        });
        let answers = answers.collect();
        for (report, tally) in reports.iter_mut().zip(&self.tallies) {
            report.seen += tally.seen;
            report.not_seen += tally.not_seen;
            report.unknown += tally.unknown;
            report.asked += tally.seen + tally.not_seen + tally.unknown;
            for (why, count) in &tally.why_unknown {
                match report.why_unknown.iter_mut().find(|(known, _)| known == why) {
                    Some((_, sum)) => *sum += count,
                    None => report.why_unknown.push((*why, *count)),
                }
            }
        }
        answers
    }
}

fn unknown(tally: &mut BreachReport, why: Unasked) {
    tally.unknown += 1;
    match tally.why_unknown.iter_mut().find(|(known, _)| *known == why) {
        Some((_, count)) => *count += 1,
        None => tally.why_unknown.push((why, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Silent;

    /// Knows the digests whose second byte is in its list, and cannot tell about those whose third byte is `0xff`.
    struct Fake {
        knows: &'static [u8],
        local: bool,
        excludes: bool,
        why: Unasked,
    }

    impl Source for Fake {
        fn name(&self) -> String {
            "fake".into()
        }
        fn takes(&self) -> &[DigestKind] {
            &[DigestKind::Sha1]
        }
        fn is_local(&self) -> bool {
            self.local
        }
        fn excludes(&self) -> bool {
            self.excludes
        }
        fn ask(&self, digests: &[Digest], answer: &mut dyn FnMut(usize, Exposure)) {
            for (at, digest) in digests.iter().enumerate() {
                let bytes = digest.bytes();
                let exposure = match (self.knows.contains(&bytes[1]), bytes[2]) {
                    (true, _) if self.excludes => Exposure::Unknown(Unasked::Unconfirmed),
                    (true, _) => Exposure::Seen(Some(7)),
                    (false, 0xff) => Exposure::Unknown(self.why),
                    (false, _) => Exposure::NotSeen,
                };
                answer(at, exposure);
            }
        }
    }

    fn digest(second: u8, third: u8) -> Digest {
        let mut bytes = [0; 20];
        (bytes[1], bytes[2]) = (second, third);
        Digest::Sha1(bytes)
    }

    fn run(list: Vec<Fake>) -> (Vec<Exposure>, Vec<[u64; 4]>) {
        let sources = Sources::of(list.into_iter().map(|fake| Box::new(fake) as Box<dyn Source>).collect());
        let mut reports = vec![BreachReport::default(); sources.list().len()];
        let digests = [digest(1, 0), digest(2, 0), digest(3, 0), digest(3, 0xff)];
        let answers = settle(&sources, &digests, &mut reports, &Silent);
        (answers, reports.iter().map(|r| [r.asked, r.seen, r.not_seen, r.unknown]).collect())
    }

    const CORPUS: Fake = Fake { knows: &[1], local: true, excludes: false, why: Unasked::Hole };
    const FILTER: Fake = Fake { knows: &[1, 2], local: true, excludes: true, why: Unasked::Hole };
    const SERVER: Fake = Fake { knows: &[2], local: false, excludes: false, why: Unasked::ServerError };

    #[test]
    fn a_later_source_is_asked_what_those_before_have_not_seen() {
        let (seen, not) = (Exposure::Seen(Some(7)), Exposure::NotSeen);
        let (answers, reports) = run(vec![CORPUS, SERVER]);
        assert_eq!(answers, [seen, seen, not, Exposure::Unknown(Unasked::ServerError)]);
        // What the corpus could not tell and the server was asked is the server's matter.
        assert_eq!(reports, [[3, 1, 2, 0], [3, 1, 1, 1]]);
    }

    #[test]
    fn what_a_filter_excludes_is_settled_and_its_hits_are_confirmed_or_denied() {
        let (answers, reports) = run(vec![FILTER, SERVER]);
        let unknown = Exposure::Unknown(Unasked::ServerError);
        assert_eq!(answers, [Exposure::NotSeen, Exposure::Seen(Some(7)), Exposure::NotSeen, unknown]);
        assert_eq!(reports, [[1, 0, 1, 0], [3, 1, 1, 1]], "the clean digest went nowhere");
        let (answers, reports) = run(vec![FILTER]);
        let unconfirmed = Exposure::Unknown(Unasked::Unconfirmed);
        assert_eq!(answers, [unconfirmed, unconfirmed, Exposure::NotSeen, Exposure::Unknown(Unasked::Hole)]);
        assert_eq!(reports, [[4, 0, 1, 3]]);
    }

    #[test]
    fn what_a_server_did_not_answer_is_made_good_only_by_having_been_seen() {
        let other = Fake { knows: &[3], ..SERVER };
        let quiet = Fake { knows: &[], why: Unasked::TimedOut, ..SERVER };
        assert_eq!(run(vec![quiet, other]).0[3], Exposure::Seen(Some(7)));
        let clean = Fake { knows: &[], ..CORPUS };
        let (answers, _) = run(vec![SERVER, Fake { local: false, ..clean }]);
        assert_eq!(answers[3], Exposure::Unknown(Unasked::Hole), "whoever could not tell last");
        let all = Fake { knows: &[1, 2], local: false, excludes: false, why: Unasked::BadAnswer };
        assert_eq!(run(vec![SERVER, all]).0[0], Exposure::Seen(Some(7)));
    }

    #[test]
    fn one_whole_digest_is_kept_of_a_value_and_a_keccak_beside_it() {
        const KINDS: &[DigestKind] = &DigestKind::ALL;
        let to_ask = |kinds: &[DigestKind]| Wanted::of(kinds.iter().copied()).to_ask(KINDS).collect::<Vec<_>>();
        assert_eq!(to_ask(&[DigestKind::Md5, DigestKind::Sha1]), [DigestKind::Sha1]);
        assert_eq!(to_ask(&[DigestKind::Keccak, DigestKind::Ntlm]), [DigestKind::Ntlm, DigestKind::Keccak]);
        assert_eq!(to_ask(&[]), []);
    }
}
