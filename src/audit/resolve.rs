//! From forms to schemes: what each form of a column is, once the whole column is known.

use crate::model::{Confidence, Evidence, Form, FormKind, Formula, Grade, Graded, Policy, Reason, Reasons, Role};
use crate::reversible::Opening;
use crate::schemes::{self, Protection, SaltFrom, Scheme};

use super::plan::Slot;
use super::prove;
use super::slow::Slow;
use super::sorts::Sort;
use super::unit::{SlotDone, TableDone};

/// What one form of a credential column is.
pub(super) struct Resolved {
    /// `None` for forms that hold no password, and for those not understood.
    pub(super) scheme: Option<&'static dyn Scheme>,
    /// Scheme with parameters, or what the form means instead.
    pub(super) describe: String,
    pub(super) evidence: Evidence,
    pub(super) grade: Option<Graded>,
    /// The reasons that a value of this form is by itself.
    pub(super) reasons: Reasons,
    /// How the scheme is known.
    pub(super) why: String,
    /// How sure the scheme is where that is not as sure as the column's role.
    pub(super) sure: Option<Confidence>,
    /// Where likely passwords opened values of this form under several schemes: those, each by itself.
    pub(super) apart: Vec<Apart>,
}

/// Values of one form that were opened under a scheme that not all of them have.
pub(super) struct Apart {
    pub(super) resolved: Resolved,
    pub(super) rows: u64,
    /// The scheme's number in [`Slow::schemes`].
    pub(super) number: usize,
}

/// Of a column's opened values, so many times all others must be of one construction for the unopened ones to be taken for
/// the same.
const NEARLY_ALL: u64 = 19;

/// Whether slot `number` of `table` is a credential now that the whole table is known.
pub(super) fn is_credential(table: &TableDone, number: usize) -> bool {
    table.roles[table.plan.slots[number].column].role == Role::Credential
}

/// What every form of one slot is; by the index of the form.
pub(super) fn slot(table: &TableDone, number: usize, slow: &Slow, policy: &Policy) -> Vec<Resolved> {
    let done = &table.slots[number];
    let plan = &table.plan.slots[number];
    let expects = table.roles[plan.column].expects;
    let count = |kind: FormKind| -> u64 {
        done.sorts.iter().zip(&done.counts).filter(|(sort, _)| sort.form.kind() == kind).map(|(_, n)| n).sum()
    };
    let hashed = count(FormKind::Digest) + count(FormKind::SaltedDigest) + count(FormKind::Modular);
    let mostly_text = count(FormKind::Text) > hashed;
    done.sorts
        .iter()
        .map(|sort| match sort.form.kind() {
            FormKind::Empty if mostly_text => {
                told("empty value", &[Reason::EmptyPassword], "an empty text among plain passwords")
            }
            FormKind::Empty => told("empty value", &[Reason::NoCredential], "no value where others have a hash"),
            FormKind::State => told("locked or unusable", &[Reason::Locked], "a marker that no password opens"),
            _ if let Some(shaped) = plan.shaped.as_ref().filter(|shaped| shaped.is_read(sort.form)) => {
                shaped.tell(explained(*sort, done, plan, expects, slow, policy))
            }
            _ if sort.form == schemes::turned_back() => turned_back(plan.opening.as_deref(), policy),
            kind => match plan.opening.as_deref().filter(|opening| opening.is_partial() && kind != FormKind::Modular) {
                // By its length alone such a value looks like a digest.
                Some(opening) if matches!(kind, FormKind::Text | FormKind::Digest) => {
                    let why = "longer than what is known of the key stream";
                    reversible(opening.describe(), why, Evidence::Inferred, None, policy)
                }
                _ => explained(*sort, done, plan, expects, slow, policy),
            },
        })
        .collect()
}

fn told(describe: &str, reasons: &[Reason], why: &str) -> Resolved {
    Resolved {
        scheme: None,
        describe: describe.into(),
        evidence: Evidence::Inferred,
        grade: None,
        reasons: reasons.iter().copied().collect(),
        why: why.into(),
        sure: None,
        apart: Vec::new(),
    }
}

fn explained(sort: Sort, done: &SlotDone, slot: &Slot, expects: &[String], slow: &Slow, policy: &Policy) -> Resolved {
    let form = sort.form;
    let opened = opened(form, done, slot);
    let known = sort.by.and_then(|by| opened.iter().find(|known| known.formula == by));
    let (scheme, evidence, why) = match (known, opened.as_slice()) {
        (Some(known), _) | (None, [known]) => (known.scheme, Evidence::Proved, known.why()),
        (None, [most, others @ ..]) => {
            let rest: u64 = others.iter().map(|known| known.values).sum();
            // Where nearly all that was opened is of one construction, so is what was not.
            if most.values > NEARLY_ALL * rest {
                (most.scheme, Evidence::Proved, most.why())
            } else {
                let shares: Vec<String> = opened.iter().map(Known::share).collect();
                let why = format!("of this column's values {}; no tried password opens these", shares.join(", "));
                (most.scheme, Evidence::Inferred, why)
            }
        }
        (None, []) => {
            let look = done.look.as_ref().filter(|_| may_be_encrypted(form));
            if let Some(look) = look.filter(|look| !look.undecided) {
                return reversible(look.name, &look.why, Evidence::Inferred, Some(look.confidence), policy);
            }
            // What a known product's versions use is likelier than what shapes alone say.
            let expected =
                |scheme: &dyn Scheme| expects.iter().any(|name| name == scheme.name().trim_end_matches("/column"));
            let mut candidates = schemes::explain(form, slot.salt.is_some());
            candidates.sort_by_key(|scheme| !expected(*scheme));
            let Some(scheme) = candidates.first() else {
                return told("not understood", &[Reason::NotUnderstood], "no known scheme has values like this");
            };
            if let Some(look) = look.filter(|_| scheme.salt_from() == SaltFrom::Nowhere && !expected(*scheme)) {
                return told(look.name, &[Reason::NotUnderstood], &look.why);
            }
            if let Some(told) = by_guesses(form, &candidates, slow, policy) {
                return told;
            }
            let (scheme, evidence, mut why) = unproved(form, *scheme, candidates.len());
            if evidence == Evidence::Inferred && candidates.len() > 1 && expected(scheme) {
                why.push_str(", but the product stores passwords so");
            }
            (scheme, evidence, why)
        }
    };
    of_scheme(form, scheme, evidence, why, policy)
}

fn of_scheme(form: Form, scheme: &'static dyn Scheme, evidence: Evidence, why: String, policy: &Policy) -> Resolved {
    let graded = scheme.grade(form, policy);
    Resolved {
        describe: scheme.describe(form),
        evidence,
        reasons: reasons(scheme, graded.grade),
        grade: Some(graded),
        scheme: Some(scheme),
        why,
        sure: None,
        apart: Vec::new(),
    }
}

/// What values of `form` are by the likely passwords that opened some of them; `None` where none did. Where they are of
/// several schemes, each opened one is told apart, and the others are what the value says.
fn by_guesses(form: Form, candidates: &[&'static dyn Scheme], slow: &Slow, policy: &Policy) -> Option<Resolved> {
    let of_def = |scheme: &dyn Scheme| -> u64 {
        let found =
            slow.found.iter().filter(|(of, by, _)| std::ptr::eq(of.def, form.def) && by.name() == scheme.name());
        found.map(|(.., rows)| rows).sum()
    };
    let mut found: Vec<(&'static dyn Scheme, u64)> =
        candidates.iter().map(|scheme| (*scheme, of_def(*scheme))).filter(|(_, rows)| *rows > 0).collect();
    found.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows));
    let opened = |rows: u64| {
        let values = if rows == 1 { "one" } else { "some" };
        format!("the value names its scheme, and a likely password opens {values} ({rows})")
    };
    if let [(scheme, rows)] = found[..] {
        return Some(of_scheme(form, scheme, Evidence::Proved, opened(rows), policy));
    }
    found.first()?;
    let shares: Vec<String> = found.iter().map(|(scheme, rows)| format!("{rows} as {}", scheme.name())).collect();
    let why = format!(
        "the value names its scheme, but not what is hashed: likely passwords open {}; none that was tried opens these",
        shares.join(", ")
    );
    let mut rest = of_scheme(form, *candidates.first()?, Evidence::SelfDescribing, why, policy);
    for (of, scheme, rows) in slow.found.iter().filter(|(of, ..)| *of == form) {
        let number = slow.schemes.iter().position(|known| known.name() == scheme.name())?;
        let resolved = of_scheme(*of, *scheme, Evidence::Proved, opened(*rows), policy);
        rest.apart.push(Apart { resolved, rows: *rows, number });
    }
    Some(rest)
}

/// A construction that is proved for values of one form.
struct Known {
    formula: Formula,
    scheme: &'static dyn Scheme,
    /// How many were opened.
    values: u64,
}

impl Known {
    fn why(&self) -> String {
        if self.formula.is_salted() {
            format!("{} values are opened by a common password or the row's own words", self.values)
        } else {
            format!("{} values are digests of a common password or of the row's own words", self.values)
        }
    }

    fn share(&self) -> String {
        format!("{} are opened as {}", self.values, self.scheme.name().trim_end_matches("/column"))
    }
}

/// What values of `form` were opened as, the commonest first.
fn opened(form: Form, done: &SlotDone, slot: &Slot) -> Vec<Known> {
    let lists = |scheme: &&'static dyn Scheme| scheme.forms().iter().any(|def| std::ptr::eq(*def, form.def));
    let scheme_of = |formula: Formula| {
        let proved = slot.proved.salted.iter().copied().filter(lists);
        proved.chain(schemes::candidates(form, slot.salt.is_some())).find(|scheme| scheme.formula() == Some(formula))
    };
    let mut opened: Vec<Known> = Vec::new();
    let mut add = |formula: Formula, values: u64| match opened.iter_mut().find(|known| known.formula == formula) {
        Some(known) => known.values += values,
        None => opened.extend(scheme_of(formula).map(|scheme| Known { formula, scheme, values })),
    };
    for (sort, count) in done.sorts.iter().zip(&done.counts) {
        if let Some(by) = sort.by.filter(|_| std::ptr::eq(sort.form.def, form.def) && *count > 0) {
            add(by, *count);
        }
    }
    if opened.is_empty() {
        let mut add = |formula: Formula, values: u64| {
            opened.extend(scheme_of(formula).map(|scheme| Known { formula, scheme, values }));
        };
        // The same digest in another writing; or what is too dear to be tried on every row, and opened one of the first.
        for (formula, values) in done.hits.iter().filter(|(f, _)| f.digest_len() == form.def.digest_len) {
            add(*formula, *values);
        }
        let dear = slot.proved.salted.iter().filter_map(|scheme| scheme.formula());
        for formula in dear.filter(|formula| !done.hits.contains_key(formula)) {
            add(formula, 1);
        }
    }
    // What chance can do is no proof.
    let values = done.counts.iter().sum();
    opened.retain(|known| known.values >= prove::least(known.formula, values));
    // Stable: of equals, the first to be met.
    opened.sort_by_key(|known| std::cmp::Reverse(known.values));
    opened
}

/// Values that were turned back.
fn turned_back(opening: Option<&Opening>, policy: &Policy) -> Resolved {
    let (describe, why, proved) = opening.map_or(("reversible", "", false), |o| (o.describe(), o.why(), o.is_proved()));
    let evidence = if proved { Evidence::Proved } else { Evidence::Inferred };
    reversible(describe, why, evidence, None, policy)
}

fn reversible(describe: &str, why: &str, evidence: Evidence, sure: Option<Confidence>, policy: &Policy) -> Resolved {
    let form = schemes::turned_back();
    let scheme = schemes::explain(form, false).into_iter().next();
    Resolved {
        describe: describe.to_owned(),
        evidence,
        reasons: [Reason::Reversible].into_iter().collect(),
        grade: scheme.map(|scheme| scheme.grade(form, policy)),
        scheme,
        why: why.to_owned(),
        sure,
        apart: Vec::new(),
    }
}

/// Whether statistics of the column are about values of this form, which nothing else explains: a value that names its
/// scheme is what it says.
fn may_be_encrypted(form: Form) -> bool {
    form.kind() != FormKind::Modular && schemes::may_be_encrypted(form)
}

fn unproved(form: Form, scheme: &'static dyn Scheme, candidates: usize) -> (&'static dyn Scheme, Evidence, String) {
    match form.kind() {
        FormKind::Text => (scheme, Evidence::Inferred, "readable values".to_owned()),
        FormKind::Modular => (scheme, Evidence::SelfDescribing, "the value names its scheme".to_owned()),
        _ if candidates == 1 => (scheme, Evidence::Inferred, "the only scheme with values like this".to_owned()),
        _ => (
            scheme,
            Evidence::Inferred,
            format!("the likeliest of {candidates} schemes with values like this; no tried password proves one"),
        ),
    }
}

fn reasons(scheme: &dyn Scheme, grade: Grade) -> Reasons {
    let reason = match (scheme.protection(), grade) {
        (Protection::Plaintext, _) => Some(Reason::Plaintext),
        (Protection::State, _) => Some(Reason::Locked),
        (_, Grade::Exposed) => Some(Reason::Reversible),
        (Protection::UnsaltedFast, _) => Some(Reason::UnsaltedFastHash),
        (_, Grade::Weak) => Some(Reason::WeakScheme),
        (_, Grade::Legacy) => Some(Reason::LegacyScheme),
        (_, Grade::Acceptable) => None,
    };
    reason.into_iter().collect()
}

/// How sure a finding about this form is: as sure as the column's role and the scheme are together.
pub(super) fn confidence(role: Confidence, resolved: &Resolved) -> Confidence {
    match resolved.evidence {
        Evidence::Proved => Confidence::PROVED,
        Evidence::SelfDescribing => role.max(Confidence::new(95)),
        Evidence::Inferred => resolved.sure.map_or(role, |sure| role.min(sure)),
    }
}
