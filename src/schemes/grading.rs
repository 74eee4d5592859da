//! From a policy's thresholds to a grade with its reason in words.

use crate::model::{Grade, Graded, Policy, SchemePolicy};

/// The grade that `[schemes.key]` gives whatever the parameters are.
pub(super) fn fixed(policy: &Policy, key: &str, why: &str) -> Graded {
    with(policy, key, |scheme| match scheme.grade {
        Some(grade) => Graded { grade, why: why.to_owned() },
        None => silent(key),
    })
}

/// Grades a cost, a round count or an iteration count, called `what`, by `weak_below`, `legacy_below` and `at_best`.
pub(super) fn by_count(policy: &Policy, key: &str, what: &str, count: u64) -> Graded {
    with(policy, key, |scheme| {
        let graded = match (scheme.weak_below, scheme.legacy_below) {
            (Some(limit), _) if count < limit => below(Grade::Weak, what, count, limit),
            (_, Some(limit)) if count < limit => below(Grade::Legacy, what, count, limit),
            (Some(limit), None) | (_, Some(limit)) => {
                Graded { grade: Grade::Acceptable, why: format!("{what} {count} is at least {limit}") }
            }
            (None, None) => silent(key),
        };
        capped(graded, scheme, key)
    })
}

/// Grades three parameters by the lists `acceptable` and `legacy`; `shown` is how they are written for people.
pub(super) fn by_minima(policy: &Policy, key: &str, parameters: [u64; 3], shown: &str) -> Graded {
    with(policy, key, |scheme| {
        let reaches =
            |sets: &[[u64; 3]]| sets.iter().any(|set| parameters.iter().zip(set).all(|(have, min)| have >= min));
        let graded = if reaches(&scheme.acceptable) {
            Graded { grade: Grade::Acceptable, why: format!("{shown} reaches an acceptable set of parameters") }
        } else if reaches(&scheme.legacy) {
            Graded { grade: Grade::Legacy, why: format!("{shown} is below every acceptable set of parameters") }
        } else {
            Graded {
                grade: Grade::Weak,
                why: format!("{shown} is below every set of parameters that is at least legacy"),
            }
        };
        capped(graded, scheme, key)
    })
}

fn with(policy: &Policy, key: &str, grade: impl FnOnce(&SchemePolicy) -> Graded) -> Graded {
    policy.scheme(key).map_or_else(|| silent(key), grade)
}

/// A policy that says nothing must not make anything look clean.
fn silent(key: &str) -> Graded {
    Graded { grade: Grade::Weak, why: format!("the policy names no thresholds for {key}") }
}

fn below(grade: Grade, what: &str, count: u64, limit: u64) -> Graded {
    Graded { grade, why: format!("{what} {count} is below {limit}") }
}

fn capped(graded: Graded, scheme: &SchemePolicy, key: &str) -> Graded {
    match scheme.at_best {
        Some(best) if graded.grade > best => {
            Graded { grade: best, why: format!("{key} is {} at best, whatever its parameters", best.name()) }
        }
        _ => graded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_that_the_policy_does_not_name_is_weak() {
        let policy = Policy::builtin();
        assert_eq!(fixed(&policy, "no-such-scheme", "").grade, Grade::Weak);
        assert_eq!(by_count(&policy, "no-such-scheme", "cost", 99).grade, Grade::Weak);
        assert_eq!(by_minima(&policy, "no-such-scheme", [u64::MAX; 3], "").grade, Grade::Weak);
    }
}
