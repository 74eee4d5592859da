//! From forms to schemes: what each form of a column is, once the whole column is known.

use crate::model::{Confidence, Evidence, Form, FormKind, Formula, Grade, Graded, Policy, Reason, Reasons, Role};
use crate::reversible::Opening;
use crate::schemes::{self, Protection, SaltFrom, Scheme};

use super::prove::Slow;
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
}

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
        done.forms.iter().zip(&done.counts).filter(|(f, _)| f.kind() == kind).map(|(_, n)| n).sum()
    };
    let hashed = count(FormKind::Digest) + count(FormKind::SaltedDigest) + count(FormKind::Modular);
    let mostly_text = count(FormKind::Text) > hashed;
    done.forms
        .iter()
        .map(|form| match form.kind() {
            FormKind::Empty if mostly_text => {
                told("empty value", &[Reason::EmptyPassword], "an empty text among plain passwords")
            }
            FormKind::Empty => told("empty value", &[Reason::NoCredential], "no value where others have a hash"),
            FormKind::State => told("locked or unusable", &[Reason::Locked], "a marker that no password opens"),
            _ if let Some(shaped) = plan.shaped.as_ref().filter(|shaped| shaped.is_read(*form)) => {
                let known = explained(*form, done, (plan.salt.is_some(), expects), plan.salted, slow, policy);
                shaped.tell(known)
            }
            _ if *form == schemes::turned_back() => turned_back(plan.opening.as_deref(), policy),
            kind => match plan.opening.as_deref().filter(|opening| opening.is_partial() && kind != FormKind::Modular) {
                // By its length alone such a value looks like a digest.
                Some(opening) if matches!(kind, FormKind::Text | FormKind::Digest) => {
                    let why = "longer than what is known of the key stream";
                    reversible(opening.describe(), why, Evidence::Inferred, None, policy)
                }
                _ => explained(*form, done, (plan.salt.is_some(), expects), plan.salted, slow, policy),
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
    }
}

fn explained(
    form: Form,
    done: &SlotDone,
    (salt_column, expects): (bool, &[String]),
    salted: Option<&'static dyn Scheme>,
    slow: &Slow,
    policy: &Policy,
) -> Resolved {
    let mut candidates = schemes::explain(form, salt_column);
    // What a known product's versions use is likelier than what shapes alone say.
    let expected = |scheme: &dyn Scheme| expects.iter().any(|name| name == scheme.name().trim_end_matches("/column"));
    candidates.sort_by_key(|scheme| !expected(*scheme));
    let unsalted_hits = |scheme: &dyn Scheme| -> u64 {
        scheme.formula().and_then(|formula| digest_hits(form, formula, done)).unwrap_or(0)
    };
    let proved_salted = salted.filter(|s| done.salted_hits > 0 && s.forms().iter().any(|f| std::ptr::eq(*f, form.def)));
    let best_unsalted = schemes::explain(form, false)
        .into_iter()
        .rev()
        .max_by_key(|s| unsalted_hits(*s))
        .filter(|s| unsalted_hits(*s) > 0);
    let (scheme, evidence, why) = match (best_unsalted, proved_salted) {
        (Some(scheme), salted) if salted.is_none() || unsalted_hits(scheme) >= done.salted_hits => (
            scheme,
            Evidence::Proved,
            format!("{} values are digests of a common password or of the row's own words", unsalted_hits(scheme)),
        ),
        (_, Some(scheme)) => (
            scheme,
            Evidence::Proved,
            format!("{} values are opened by a common password or the row's own words", done.salted_hits),
        ),
        _ if let Some(look) = done.look.as_ref().filter(|look| look.undecided)
            && may_be_encrypted(form)
            && candidates.first().is_some_and(|first| first.salt_from() == SaltFrom::Nowhere && !expected(*first)) =>
        {
            return told(look.name, &[Reason::NotUnderstood], &look.why);
        }
        _ if let Some(look) = done.look.as_ref().filter(|look| !look.undecided && may_be_encrypted(form)) => {
            return reversible(look.name, &look.why, Evidence::Inferred, Some(look.confidence), policy);
        }
        _ => match candidates.first() {
            None => return told("not understood", &[Reason::NotUnderstood], "no known scheme has values like this"),
            Some(scheme) => {
                let (scheme, evidence, mut why) = unproved(form, *scheme, candidates.len(), slow);
                if evidence == Evidence::Inferred && candidates.len() > 1 && expected(scheme) {
                    why.push_str(", but the product stores passwords so");
                }
                (scheme, evidence, why)
            }
        },
    };
    let graded = scheme.grade(form, policy);
    Resolved {
        describe: scheme.describe(form),
        evidence,
        reasons: reasons(scheme, graded.grade),
        grade: Some(graded),
        scheme: Some(scheme),
        why,
        sure: None,
    }
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
    }
}

/// Whether statistics of the column are about values of this form, which nothing else explains: a value that names its
/// scheme is what it says.
fn may_be_encrypted(form: Form) -> bool {
    form.kind() != FormKind::Modular && schemes::may_be_encrypted(form)
}

/// Common passwords' digests found under `formula`, if it makes digests of the form's length.
fn digest_hits(form: Form, formula: Formula, done: &SlotDone) -> Option<u64> {
    (form.def.digest_len == formula.digest_len()).then(|| done.hits.get(&formula).copied()).flatten()
}

fn unproved(
    form: Form,
    scheme: &'static dyn Scheme,
    candidates: usize,
    slow: &Slow,
) -> (&'static dyn Scheme, Evidence, String) {
    match form.kind() {
        FormKind::Text => (scheme, Evidence::Inferred, "readable values".to_owned()),
        FormKind::Modular if slow.proved.contains(&scheme.name()) => {
            (scheme, Evidence::Proved, "the value names its scheme, and a likely password opens one".to_owned())
        }
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
