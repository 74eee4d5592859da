//! The release gate: what must not ship, in everything that does.
//!
//! Two lanes read the same units. Every text is searched for secrets (`lane`); what holds tables goes through the audit
//! as well, for the credentials in it. Findings of both that somebody allowed (`allow`) or that the baseline knows
//! ([`Baseline`]) are counted and left out. What could not be read is in the report and never looks clean.

mod allow;
mod baseline;
pub(crate) mod checks;
mod lane;
mod members;
mod place;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::sync::Arc;

use rayon::prelude::*;

use crate::audit::{self, Progress};
use crate::error::Error;
use crate::guess;
use crate::model::{
    ByteTotals, Commit, Confidence, Finding, GateReport, Report, ReportSkip, ReportTarget, RuleReport, Severity, Site,
};
use crate::secrets::Rules;
use crate::settings::{GateSettings, RuleOverride};
use crate::sources::{self, Held, Unit};
use crate::spool::Store;

pub use allow::Allow;
pub use baseline::{Baseline, BaselineError, merging};

use lane::{Located, Searched};

/// Units up to this size are searched side by side; larger ones one after another, each on all threads.
const SMALL: u64 = 4 << 20;
/// Small units searched side by side at a time.
const WAVE: usize = 1024;
/// Findings of one rule listed for one unit; more are counted.
const MOST: usize = 1000;
/// Links named in one line; more are counted.
const LINKS: usize = 5;

/// Whether a value is among the common passwords; for [`Rules::new`].
pub fn is_common(value: &[u8]) -> bool {
    guess::common().rank(value).is_some()
}

/// Searches the targets of `settings` and audits the tables among them.
pub fn run(settings: &GateSettings, progress: &dyn Progress) -> Result<Report, Error> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.audit.threads)
        .build()
        .map_err(|e| Error::system("starting threads", io::Error::other(e)))?;
    pool.install(|| run_in_pool(settings, progress))
}

fn run_in_pool(settings: &GateSettings, progress: &dyn Progress) -> Result<Report, Error> {
    let store = Store::new(audit::store_memory(&settings.audit), settings.audit.spool_dir.clone());
    let targets = &settings.audit.targets;
    let mut gathered = Gathered::new(settings);
    let (units, skipped) = match &settings.span {
        None => {
            let Held { units, bytes, skipped, links_out } = sources::find_filtered(targets, &settings.filter, &store);
            progress.total(bytes);
            gathered.links(&links_out);
            (units, skipped)
        }
        Some(span) => sources::find_in_git(targets, span, &settings.filter, &store),
    };
    progress.phase("searching");
    let mut tables = Vec::new();
    let mut members = Inside::default();
    let mut units = units.peekable();
    let small = |unit: &Unit| unit.size().is_some_and(|size| size <= SMALL);
    while units.peek().is_some() {
        let mut wave = Vec::new();
        while wave.len() < WAVE
            && let Some(unit) = units.next_if(small)
        {
            wave.push(unit);
        }
        let searched: Vec<Vec<Searched>> = if wave.is_empty() {
            let unit = units.next().expect("one was seen");
            let searched = vec![members::search(settings, &unit, true, progress)];
            wave.push(unit);
            searched
        } else {
            wave.par_iter().map(|unit| members::search(settings, unit, false, progress)).collect()
        };
        for (unit, searched) in wave.into_iter().zip(searched) {
            let mut holds_tables = false;
            for searched in searched {
                if searched.tables {
                    holds_tables = true;
                    members.insert(&searched);
                }
                gathered.take(searched);
            }
            if holds_tables {
                tables.push(unit);
            }
        }
    }
    let report = if tables.is_empty() {
        Report::default()
    } else {
        audit::run_on(&settings.audit, &tables, &|unit| members.holds(unit), &store, progress)?
    };
    Ok(gathered.conclude(report, skipped))
}

/// What of the insides of archives is audited: members with tables, and the archives around them.
#[derive(Default)]
struct Inside(HashSet<(String, String)>);

impl Inside {
    fn insert(&mut self, searched: &Searched) {
        let name = searched.name.as_str();
        for (at, _) in name.match_indices('!').chain([(name.len(), "")]) {
            self.0.insert((searched.target.clone(), name[..at].to_owned()));
        }
    }

    fn holds(&self, unit: &Unit) -> bool {
        self.0.contains(&(unit.target().to_owned(), unit.name().to_owned()))
    }
}

/// What the search found so far.
struct Gathered<'a> {
    settings: &'a GateSettings,
    rules: &'a Arc<Rules>,
    findings: Vec<Finding>,
    targets: Vec<ReportTarget>,
    skipped: Vec<ReportSkip>,
    notes: Vec<String>,
    gate: GateReport,
    read: u64,
    /// How often a fingerprint was seen at a path: the same secret twice in a file has two ids.
    seen: HashMap<(String, String), u32>,
}

impl<'a> Gathered<'a> {
    fn new(settings: &'a GateSettings) -> Self {
        Self {
            settings,
            rules: &settings.rules,
            findings: Vec::new(),
            targets: Vec::new(),
            skipped: Vec::new(),
            notes: Vec::new(),
            gate: GateReport { engine: settings.rules.engine(), ..GateReport::default() },
            read: 0,
            seen: HashMap::new(),
        }
    }

    /// Tells of links that lead to what is not read. What ships of a link is where it leads, and that is searched: so it is no gap.
    fn links(&mut self, out: &[String]) {
        if out.is_empty() {
            return;
        }
        let named: Vec<&str> = out.iter().take(LINKS).map(String::as_str).collect();
        let more = if out.len() > LINKS { format!(" and {} more", out.len() - LINKS) } else { String::new() };
        self.notes.push(format!(
            "symbolic links that lead out of what is read, in a circle or nowhere are not followed: {}{more}; where they lead was \
             searched as text. Name what they lead to if it ships",
            named.join(", ")
        ));
    }

    fn take(&mut self, searched: Searched) {
        let Searched { target, name, path, commit, .. } = searched;
        self.gate.files += u64::from(!searched.aside);
        self.gate.searched += searched.bytes;
        self.read += searched.bytes;
        if let Some(why) = searched.unread {
            self.skipped.push(ReportSkip { target: target.clone(), what: name, why });
        }
        let mut of_rule: BTreeMap<usize, usize> = BTreeMap::new();
        self.gate.below += searched.below;
        for located in searched.found {
            let listed = of_rule.entry(located.hit.pattern).or_default();
            *listed += 1;
            if *listed <= MOST {
                self.add(&target, &path, commit.as_deref(), located);
            }
        }
        for (pattern, count) in of_rule.into_iter().filter(|(_, count)| *count > MOST) {
            let rule = self.rules.patterns()[pattern].id;
            self.notes.push(format!("{path}: {} more findings of {rule} are counted, not listed", count - MOST));
        }
    }

    fn add(&mut self, target: &str, path: &str, commit: Option<&Commit>, located: Located) {
        let pattern = &self.rules.patterns()[located.hit.pattern];
        let change = self.settings.overrides.get(pattern.id);
        let allowed = self.settings.allow.iter().any(|allow| allow.covers(pattern.id, path, &located.fingerprint));
        if allowed || located.allowed == lane::Allowed::Yes {
            self.gate.allowed += 1;
            return;
        }
        if self.settings.baseline.as_ref().is_some_and(|baseline| baseline.knows(&located.fingerprint)) {
            self.gate.baselined += 1;
            return;
        }
        let nth = self.seen.entry((path.to_owned(), located.fingerprint.clone())).or_default();
        *nth += 1;
        let mut message = pattern.description.clone();
        if let Some(name) = &located.hit.name {
            message = format!("{message}: {name}");
        }
        if let Some(note) = &located.hit.note {
            message = format!("{message} ({note})");
        }
        if located.allowed == lane::Allowed::WithoutReason {
            message.push_str("; an allow without a reason does not count");
        }
        self.findings.push(Finding {
            id: allow::id(&[pattern.id, path, &located.fingerprint, &nth.to_string()]),
            rule: pattern.id,
            severity: severity(change, pattern.severity),
            confidence: Confidence::new(located.hit.confidence),
            target: target.to_owned(),
            locator: match commit {
                None => format!("{path}, line {}, column {}", located.line, located.column),
                Some(commit) => format!(
                    "{path}, line {}, column {}, first in commit {} of {}",
                    located.line, located.column, commit.id, commit.date
                ),
            },
            message,
            accounts: 0,
            site: Some(Box::new(Site {
                path: path.to_owned(),
                line: located.line,
                column: located.column,
                offset: located.stored.start,
                length: located.stored.end - located.stored.start,
                characters: Some(located.characters),
                fingerprint: located.fingerprint,
                commit: commit.cloned(),
            })),
        });
    }

    /// Joins what the audit of the tables says with what the search found.
    fn conclude(mut self, mut report: Report, skipped: Vec<ReportSkip>) -> Report {
        let with_rows: Vec<(String, String)> = report
            .tables
            .iter()
            .filter(|table| table.accounts > 0)
            .map(|table| (table.target.clone(), table.unit.clone()))
            .collect();
        // A file that looked like a table and holds none, or none with accounts, was read as text: that is what there is to
        // read in it.
        let mut as_text = 0_u64;
        let mut not_understood = report.bytes.not_understood;
        // What is wrong with an archive was told by the search already.
        let told: HashSet<&ReportSkip> = self.skipped.iter().collect();
        report.skipped.retain(|skip| !told.contains(skip));
        report.skipped.retain(|skip| {
            let holds = with_rows.iter().any(|(target, unit)| {
                *target == skip.target && (unit.is_empty() || skip.what.starts_with(unit.as_str()))
            });
            as_text += u64::from(!holds);
            holds
        });
        if as_text > 0 {
            if report.skipped.is_empty() {
                not_understood = 0;
            }
            self.notes.push(format!(
                "{as_text} places in files that look like tables are not understood as such; they were searched as text"
            ));
        }
        let audited = std::mem::take(&mut report.findings);
        let mut rules: BTreeMap<&'static str, RuleReport> = BTreeMap::new();
        for finding in audited {
            let fingerprint = finding.site.as_ref().map_or("", |site| site.fingerprint.as_str());
            let path = finding.site.as_ref().map_or("", |site| site.path.as_str());
            let change = self.settings.overrides.get(finding.rule);
            if change.is_some_and(|change| !change.enabled) {
                continue;
            }
            if self.settings.allow.iter().any(|allow| allow.covers(finding.rule, path, fingerprint)) {
                self.gate.allowed += 1;
            } else if self.settings.baseline.as_ref().is_some_and(|baseline| baseline.knows(fingerprint)) {
                self.gate.baselined += 1;
            } else if finding.confidence.percent() < least(change, self.settings.confidence) {
                self.gate.below += 1;
            } else {
                let severity = severity(change, finding.severity);
                self.findings.push(Finding { severity, ..finding });
            }
        }
        once(&mut self.findings);
        for finding in &self.findings {
            rules.entry(finding.rule).or_insert_with(|| explained(self.rules, finding));
        }
        self.gate.rules = rules.into_values().collect();
        let order = |f: &Finding| {
            let site = f.site.as_deref().cloned().unwrap_or_default();
            (std::cmp::Reverse(f.severity), f.target.clone(), site.path, site.offset, f.rule, f.id.clone())
        };
        self.findings.sort_by_cached_key(order);
        report.findings = self.findings;
        report.skipped.extend(skipped);
        report.skipped.append(&mut self.skipped);
        report.skipped.sort_by(|a, b| (&a.target, &a.what, &a.why).cmp(&(&b.target, &b.what, &b.why)));
        report.targets.append(&mut self.targets);
        report.not_asked.append(&mut self.notes);
        let rows = report.bytes.rows;
        report.bytes = ByteTotals {
            read: self.read.max(rows + not_understood),
            rows,
            not_understood,
            other: self.read.max(rows + not_understood) - rows - not_understood,
        };
        report.gate = Some(self.gate);
        report
    }
}

/// Of the same value at the same path in many commits the first is told, and in how many versions of the file it stands.
fn once(findings: &mut Vec<Finding>) {
    let mut first: HashMap<(&'static str, String, String), usize> = HashMap::new();
    let mut versions: Vec<u64> = vec![1; findings.len()];
    let mut gone = vec![false; findings.len()];
    for at in 0..findings.len() {
        let Some((site, commit)) = findings[at].site.as_ref().and_then(|s| s.commit.as_ref().map(|c| (s, c))) else {
            continue;
        };
        let key = (findings[at].rule, site.path.clone(), site.fingerprint.clone());
        let place = |at: usize| findings[at].site.as_ref().and_then(|s| Some((s.commit.as_ref()?.order, s.offset)));
        let best = first.entry(key).or_insert(at);
        if *best == at {
            continue;
        }
        let other = *best;
        let same = findings[other].site.as_ref().and_then(|s| s.commit.as_ref()) == Some(commit);
        let (keep, drop) = if place(other) <= place(at) { (other, at) } else { (at, other) };
        *best = keep;
        gone[drop] = true;
        versions[keep] = versions[other] + u64::from(!same);
    }
    for ((finding, versions), gone) in findings.iter_mut().zip(&versions).zip(&gone) {
        if *versions > 1 && !gone {
            finding.message = format!("{}; in {versions} versions of the file", finding.message);
        }
    }
    let mut gone = gone.into_iter();
    findings.retain(|_| !gone.next().unwrap_or_default());
}

fn severity(change: Option<&RuleOverride>, own: Severity) -> Severity {
    change.and_then(|change| change.severity).unwrap_or(own)
}

fn least(change: Option<&RuleOverride>, general: u8) -> u8 {
    change.and_then(|change| change.confidence).unwrap_or(general)
}

/// A rule as the report explains it: a pattern of the search, or a reason of the audit.
fn explained(rules: &Rules, finding: &Finding) -> RuleReport {
    let pattern = rules.patterns().iter().find(|pattern| pattern.id == finding.rule);
    RuleReport {
        id: finding.rule.into(),
        description: pattern.map_or_else(
            || {
                crate::model::Reason::ALL
                    .iter()
                    .find(|r| r.name() == finding.rule)
                    .map_or("", |r| r.message())
                    .to_owned()
            },
            |pattern| pattern.description.clone(),
        ),
        severity: finding.severity,
        advice: pattern.and_then(|pattern| pattern.advice.clone()).unwrap_or_else(|| {
            if pattern.is_some() {
                "revoke it, and hand the next one over at run time".into()
            } else {
                "ship no real accounts; reset those that were".into()
            }
        }),
    }
}
