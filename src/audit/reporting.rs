//! The report of an audit: tables, columns and findings in words, from what was decided and counted.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest as _, Sha256};

use crate::model::{
    BreachReport, ColumnReport, Confidence, DigestKind, Finding, Places, Policy, Reason, Report, ReportSkip,
    ReportTable, Role, RowAt, Severity, Site, Tier,
};
use crate::schemes::Protection;

use super::Shared;
use super::asking::Asked;
use super::joins::{ColumnKey, Grouped};
use super::resolve::{self, Resolved};
use super::unit::UnitDone;
use super::verdicts::{Decided, Tally};

/// Schemes with parameters that a report lists for one column.
const MAX_SCHEMES: usize = 12;

/// The report of a finished audit: `tallies` has what was counted of each of `decided`.
pub(super) fn report(
    shared: &Shared<'_>,
    units: &[UnitDone],
    decided: &[Decided<'_>],
    tallies: &[Tally],
    grouped: &HashMap<ColumnKey, Grouped>,
    asked: Asked,
    skipped: Vec<ReportSkip>,
) -> Report {
    let mut report = Report { skipped, ..Report::default() };
    for unit in units {
        report.targets.push(unit.target.clone());
        report.bytes.read += unit.bytes.read;
        report.bytes.rows += unit.bytes.rows;
        report.bytes.other += unit.bytes.other;
        report.bytes.not_understood += unit.bytes.not_understood;
        report.skipped.extend(unit.skipped.iter().cloned());
        report.findings.extend(unit.findings.iter().cloned());
        report.not_asked.extend(unit.notes.iter().cloned());
    }
    let mut embedded = BreachReport { source: "embedded list".into(), ..BreachReport::default() };
    let mut not_asked: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut askable = 0;
    for (at, (table, tally)) in decided.iter().zip(tallies).enumerate() {
        let of_column =
            |slot: usize| grouped.get(&ColumnKey { table: at as u32, slot: slot as u32 }).copied().unwrap_or_default();
        report.accounts.merge(&tally.accounts);
        report.tables.push(ReportTable {
            target: table.unit.target.target.clone(),
            unit: table.unit.target.unit.clone(),
            table: table.table.table.name.clone(),
            rows: table.table.rows,
            accounts: tally.accounts.total,
            columns: columns(table, &of_column),
            tiers: tally.accounts,
        });
        // Where no guesses are wanted, none are missing.
        if shared.settings.guess_seconds != Some(0) {
            report.skipped.extend(left_out(table));
        }
        findings(table, tally, &shared.settings.policy, &of_column, &mut report.findings);
        askable += tried_by_list(table, tally, &mut embedded, &mut not_asked);
    }
    embedded.not_seen = embedded.asked - embedded.seen;
    report.findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| (&a.target, &a.locator, a.rule).cmp(&(&b.target, &b.locator, b.rule)))
    });
    for (scheme, (values, tried)) in not_asked {
        let tried = if tried == 0 { "none tried".into() } else { format!("{tried} tried with likely passwords") };
        report.not_asked.push(format!("{scheme}: {values} values that no breach source can be asked about, {tried}"));
    }
    if !shared.whom.takes_ranges() && askable > 0 {
        report
            .not_asked
            .insert(0, format!("{askable} values could be asked of the Pwned Passwords service: --breach hibp"));
    }
    report.not_asked.splice(0..0, asked.advice);
    report.breach = asked.reports;
    // The list is tried on every value as it is read; it is a breach source where somebody wants any.
    report.breach.push(if shared.settings.breach.sources.is_empty() {
        BreachReport { source: "none".into(), ..BreachReport::default() }
    } else {
        embedded
    });
    report
}

/// Columns of slow hashes on which not one likely password was tried.
fn left_out<'a>(table: &'a Decided<'_>) -> impl Iterator<Item = ReportSkip> + 'a {
    let columns = table.slow.iter().enumerate().filter(|(_, slow)| slow.left_out);
    columns.map(|(slot, _)| ReportSkip {
        target: table.unit.target.target.clone(),
        what: format!("{}, column {}", table.label(), table.column_name(slot)),
        why: "no likely password was tried on its slow hashes: what --guess-seconds leaves for this column does not reach \
              for one; raise it"
            .into(),
    })
}

/// Counts what the embedded list was tried on and what cannot be asked; gives the number of values that a breach source
/// could be asked about.
fn tried_by_list(
    table: &Decided<'_>,
    tally: &Tally,
    embedded: &mut BreachReport,
    not_asked: &mut BTreeMap<String, (u64, u64)>,
) -> u64 {
    let mut askable = 0;
    for (slot, resolved) in table.slots.iter().enumerate() {
        let Some(resolved) = resolved else { continue };
        let proved = &table.table.plan.slots[slot].proved;
        let mut listed = 0;
        let slots = &table.table.slots[slot];
        for ((of_form, sort), count) in resolved.iter().zip(&slots.sorts).zip(&slots.counts) {
            let Some(scheme) = of_form.scheme else { continue };
            let of_ranges = |kind: &DigestKind| matches!(kind, DigestKind::Sha1 | DigestKind::Ntlm);
            askable += if scheme.asks().iter().any(of_ranges) { *count } else { 0 };
            let tried = match scheme.protection() {
                Protection::Plaintext => true,
                Protection::Reversible => sort.form == crate::schemes::turned_back(),
                // The table of common passwords' digests holds the commonest constructions, and those that were proved.
                Protection::UnsaltedFast | Protection::SaltedFast => {
                    scheme.formula().is_some_and(|f| super::UNSALTED.contains(&f) || proved.has(f))
                }
                Protection::PasswordHash | Protection::State => false,
            };
            if tried {
                listed += count;
            } else {
                let entry = not_asked.entry(of_form.describe.clone()).or_default();
                entry.0 += count;
                entry.1 += (table.slow[slot].tried as u64).min(*count);
            }
        }
        embedded.asked += listed;
        embedded.seen += tally.opened[slot].min(listed);
    }
    askable
}

fn columns(table: &Decided<'_>, of_column: &dyn Fn(usize) -> Grouped) -> Vec<ColumnReport> {
    let mut columns = Vec::new();
    for (index, (role, column)) in table.table.roles.iter().zip(&table.table.table.columns).enumerate() {
        let slot = table.table.plan.slots.iter().position(|s| s.column == index).filter(|s| table.slots[*s].is_some());
        if let Some(slot) = slot {
            columns.extend(schemes_of(table, slot, of_column(slot).distinct));
        } else if !matches!(role.role, Role::Other | Role::Credential) || role.why.starts_with("named like a password")
        {
            columns.push(ColumnReport {
                name: column.name.clone(),
                role: role.role,
                confidence: role.confidence,
                scheme: None,
                evidence: None,
                grade: None,
                rows: table.table.rows,
                distinct: None,
                why: role.why.clone(),
            });
        }
    }
    columns
}

/// One entry for each scheme with parameters in a credential column, commonest first.
fn schemes_of(table: &Decided<'_>, slot: usize, distinct: u64) -> Vec<ColumnReport> {
    let resolved = table.slots[slot].as_ref().map_or(&[][..], Vec::as_slice);
    let role = &table.table.roles[table.table.plan.slots[slot].column];
    let mut by_scheme: Vec<(&Resolved, u64)> = Vec::new();
    let of_forms = resolved.iter().zip(&table.table.slots[slot].counts);
    let each = of_forms.flat_map(|(of_form, count)| {
        let apart = of_form.apart.iter().map(|apart| (&apart.resolved, apart.rows));
        let rest = count - of_form.apart.iter().map(|apart| apart.rows).sum::<u64>().min(*count);
        apart.chain([(of_form, rest)])
    });
    for (of_form, count) in each.filter(|(_, count)| *count > 0) {
        // What is proved of some values and what is taken for the same of others stand apart.
        let same = |known: &Resolved| known.describe == of_form.describe && known.evidence == of_form.evidence;
        match by_scheme.iter_mut().find(|(known, _)| same(known)) {
            Some((_, sum)) => *sum += count,
            None => by_scheme.push((of_form, count)),
        }
    }
    by_scheme.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.describe.cmp(&b.0.describe)));
    let untried = if table.slow[slot].left_out { "; no likely password was tried" } else { "" };
    let entry = |scheme: String, of_form: Option<&Resolved>, rows: u64| ColumnReport {
        name: table.column_name(slot).to_owned(),
        role: Role::Credential,
        confidence: role.confidence,
        scheme: Some(scheme),
        evidence: of_form.map(|r| r.evidence),
        grade: of_form.and_then(|r| r.grade.as_ref()).map(|g| format!("{}: {}", g.grade.name(), g.why)),
        rows,
        distinct: Some(distinct),
        why: of_form.map_or_else(|| role.why.clone(), |r| format!("{}; {}", role.why, r.why)) + untried,
    };
    let mut entries: Vec<ColumnReport> = by_scheme
        .iter()
        .take(MAX_SCHEMES)
        .map(|(of_form, rows)| entry(of_form.describe.clone(), Some(of_form), *rows))
        .collect();
    if by_scheme.len() > MAX_SCHEMES {
        let rest = &by_scheme[MAX_SCHEMES..];
        let rows = rest.iter().map(|(_, rows)| rows).sum();
        entries.push(entry(format!("{} further parameter sets", rest.len()), None, rows));
    }
    if entries.is_empty() {
        entries.push(entry("no value".into(), None, 0));
    }
    entries
}

/// How bad it is that accounts carry `reason`; `None` for what is no finding by itself.
fn severity(reason: Reason, policy: &Policy) -> Option<Severity> {
    let severity = match reason {
        Reason::Plaintext | Reason::Reversible | Reason::EmptyPassword | Reason::DefaultCredential => {
            Severity::Critical
        }
        Reason::UnsaltedFastHash
        | Reason::WeakScheme
        | Reason::CommonPassword
        | Reason::BreachedOften
        | Reason::PasswordIsLogin
        | Reason::PasswordIsEmail
        | Reason::SharedWithPrivileged => Severity::High,
        Reason::LegacyScheme | Reason::Breached | Reason::SharedPassword => Severity::Medium,
        // Not a fault that was found, but one that may be there: the report is incomplete, and its exit code says so.
        Reason::NotUnderstood | Reason::NotAnswered => Severity::Low,
        Reason::NoCredential | Reason::Locked => Severity::Info,
        Reason::InactiveAccount | Reason::Privileged => return None,
    };
    // What the policy asks nothing for is worth knowing and no more.
    Some(if policy.tier(reason) == Tier::None { Severity::Info } else { severity })
}

fn findings(
    table: &Decided<'_>,
    tally: &Tally,
    policy: &Policy,
    of_column: &dyn Fn(usize) -> Grouped,
    findings: &mut Vec<Finding>,
) {
    if !table.has_credentials() {
        return;
    }
    let accounts = tally.accounts.total;
    let place_of = |column: Option<&str>, first: RowAt| {
        let mut parts = Vec::new();
        let (unit, name) = (&table.unit.target.unit, &table.table.table.name);
        if !unit.is_empty() {
            parts.push(unit.clone());
        }
        if !name.is_empty() {
            parts.push(format!("table {name}"));
        }
        parts.extend(column.map(|c| format!("column {c}")));
        parts.push(format!("first at {}", table.table.places.say(first)));
        parts.join(", ")
    };
    let mut add = |reason: Reason, column: Option<&str>, rows: u64, first: RowAt, confidence, more: &str| {
        let Some(severity) = severity(reason, policy) else { return };
        let target = &table.unit.target.target;
        let id = [reason.name(), target, &table.unit.target.unit, &table.table.table.name, column.unwrap_or_default()];
        findings.push(Finding {
            id: stable_id(&id),
            rule: reason.name(),
            severity,
            confidence,
            target: target.clone(),
            locator: place_of(column, first),
            message: format!("{rows} of {accounts} accounts: {}{more}", reason.message()),
            accounts: rows,
            site: Some(Box::new(Site {
                path: table.unit.path.clone(),
                line: if table.table.places == Places::Bytes { first.line } else { 0 },
                column: 1,
                offset: first.offset,
                length: 0,
                characters: None,
                commit: table.unit.commit.as_deref().cloned(),
                fingerprint: fingerprint(&[reason.name(), &table.table.table.name, column.unwrap_or_default()]),
            })),
        });
    };
    for slot in (0..table.slots.len()).filter(|s| table.slots[*s].is_some()) {
        let role = &table.table.roles[table.table.plan.slots[slot].column];
        for (reason, (rows, first)) in tally.by_reason(slot) {
            let (confidence, schemes) = of_reason(table, slot, reason, role.confidence);
            let more = match reason {
                Reason::SharedPassword => match of_column(slot).groups {
                    0 => String::new(),
                    1 => "; 1 value is shared".into(),
                    groups => format!("; {groups} values are shared"),
                },
                _ if schemes.is_empty() || reason == Reason::Plaintext => String::new(),
                _ => format!(" ({schemes})"),
            };
            if reason != Reason::NoCredential {
                add(reason, Some(table.column_name(slot)), rows, first, confidence, &more);
            }
        }
    }
    let of_rows = tally.by_reason(table.slots.len());
    if let Some((rows, first)) = of_rows.get(&Reason::NoCredential) {
        add(Reason::NoCredential, None, *rows, *first, Confidence::new(90), "");
    }
}

/// How sure the finding is, and for storage faults which schemes it is about.
fn of_reason(table: &Decided<'_>, slot: usize, reason: Reason, role: Confidence) -> (Confidence, String) {
    let resolved = table.slots[slot].as_ref().map_or(&[][..], Vec::as_slice);
    let mut names: Vec<&str> = Vec::new();
    let mut confidence = None;
    for of_form in resolved.iter().filter(|r| r.reasons.contains(reason)) {
        if !names.contains(&of_form.describe.as_str()) && names.len() < MAX_SCHEMES {
            names.push(&of_form.describe);
        }
        let sure = resolve::confidence(role, of_form);
        confidence = Some(confidence.map_or(sure, |known: Confidence| known.min(sure)));
    }
    // What was opened, compared or answered is proved; what follows from the scheme is as sure as the scheme.
    (confidence.unwrap_or(Confidence::PROVED), names.join(", "))
}

/// Of what a fault of a table is about, wherever the table's file is: 20 hex digits.
fn fingerprint(parts: &[&str]) -> String {
    hex::encode(&hash(parts)[..10])
}

/// 16 hex digits of SHA-256 over the parts: the same finding has the same id in every run.
pub(super) fn stable_id(parts: &[&str]) -> String {
    hex::encode(&hash(parts)[..8])
}

/// SHA-256 over the parts, each behind its length.
fn hash(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}
