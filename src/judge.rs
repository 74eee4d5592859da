//! Facts about one account plus policy give a verdict. Pure: no files, no network, no state.

use crate::model::{Policy, Reason, Reasons, Tier, Verdict};

/// The verdict for an account with these reasons.
///
/// The most urgent tier among the reasons' own wins. [`Tier::Unknown`] ranks below a tier that asks for a reset and above
/// [`Tier::None`]: an account that must be reset anyway is reset, one that looks clean only because something was not
/// read or answered does not look clean. An inactive account that would have to be reset is disabled or deleted instead.
pub fn judge(reasons: Reasons, policy: &Policy) -> Verdict {
    let mut tier = Tier::None;
    for reason in reasons.iter().filter(|r| *r != Reason::InactiveAccount) {
        tier = tier.min(policy.tier(reason));
    }
    if reasons.contains(Reason::InactiveAccount) && tier < Tier::T4 {
        tier = policy.tier(Reason::InactiveAccount);
    }
    Verdict { tier, reasons }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tier(reasons: &[Reason]) -> Tier {
        judge(reasons.iter().copied().collect(), &Policy::builtin()).tier
    }

    #[test]
    fn the_most_urgent_reason_decides() {
        assert_eq!(tier(&[]), Tier::None);
        assert_eq!(tier(&[Reason::LegacyScheme]), Tier::T3);
        assert_eq!(tier(&[Reason::LegacyScheme, Reason::SharedPassword]), Tier::T2);
        assert_eq!(tier(&[Reason::UnsaltedFastHash, Reason::SharedPassword]), Tier::T1);
        assert_eq!(tier(&[Reason::UnsaltedFastHash, Reason::Plaintext]), Tier::T0);
    }

    #[test]
    fn what_was_not_answered_never_looks_clean() {
        assert_eq!(tier(&[Reason::NotAnswered]), Tier::Unknown);
        assert_eq!(tier(&[Reason::NotUnderstood]), Tier::Unknown);
        assert_eq!(tier(&[Reason::NotAnswered, Reason::UnsaltedFastHash]), Tier::T1);
    }

    #[test]
    fn inactive_accounts_are_disabled_instead_of_reset() {
        assert_eq!(tier(&[Reason::InactiveAccount]), Tier::None);
        assert_eq!(tier(&[Reason::InactiveAccount, Reason::Plaintext]), Tier::T4);
        assert_eq!(tier(&[Reason::InactiveAccount, Reason::NotUnderstood]), Tier::Unknown);
    }

    #[test]
    fn a_row_without_a_credential_or_with_a_locked_one_asks_for_nothing() {
        assert_eq!(tier(&[Reason::NoCredential]), Tier::None);
        assert_eq!(tier(&[Reason::Locked, Reason::Privileged]), Tier::None);
    }
}
