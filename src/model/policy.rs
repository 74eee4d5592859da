//! The policy: which scheme parameters are good enough, and which reason means which tier. Data, from
//! `patterns/policy.toml`; a vendor changes thresholds without touching code.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::verdict::{Reason, Tier};

/// How good a scheme with its parameters is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// The password can be read: plaintext or reversible.
    Exposed,
    /// Act now: an attacker with the table tries billions a second.
    Weak,
    /// Once good, to be replaced at the next login.
    Legacy,
    /// Good enough today.
    Acceptable,
}

impl Grade {
    /// The word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exposed => "exposed",
            Self::Weak => "weak",
            Self::Legacy => "legacy",
            Self::Acceptable => "acceptable",
        }
    }
}

/// A grade with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graded {
    /// How good.
    pub grade: Grade,
    /// Why, in words: `cost 8 is below 10`.
    pub why: String,
}

/// Thresholds of one scheme. Which keys a scheme reads is said where the scheme grades itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemePolicy {
    /// A grade that no parameter changes.
    pub grade: Option<Grade>,
    /// Weak below this cost, round count or iteration count.
    pub weak_below: Option<u64>,
    /// Legacy from `weak_below` up to below this.
    pub legacy_below: Option<u64>,
    /// Parameter sets that are acceptable, each a list of minima in the scheme's own order; for argon2 (m KiB, t, p),
    /// for scrypt (N, r, p).
    #[serde(default)]
    pub acceptable: Vec<[u64; 3]>,
    /// Parameter sets that are legacy when none of `acceptable` is met; below all of them is weak.
    #[serde(default)]
    pub legacy: Vec<[u64; 3]>,
    /// The best grade that any parameters reach.
    pub at_best: Option<Grade>,
    /// Where the thresholds come from.
    pub source: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    breached_often_from: u64,
    tiers: BTreeMap<String, String>,
    schemes: BTreeMap<String, SchemePolicy>,
}

/// The checked policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// From this many sightings on, a breached password is [`Reason::BreachedOften`].
    pub breached_often_from: u64,
    tiers: [Tier; Reason::ALL.len()],
    schemes: BTreeMap<String, SchemePolicy>,
}

/// What is wrong with a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}

impl Policy {
    /// The policy that ships with the program, `patterns/policy.toml`.
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../patterns/policy.toml")).expect("the built-in policy is checked by a test")
    }

    /// Reads and checks a policy file: every reason has a tier, nothing is unknown.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: PolicyFile = toml::from_str(text).map_err(|e| PolicyError(e.to_string()))?;
        let mut tiers = [Tier::None; Reason::ALL.len()];
        for reason in Reason::ALL {
            let word = file
                .tiers
                .get(reason.name())
                .ok_or_else(|| PolicyError(format!("[tiers] has no line for `{}`", reason.name())))?;
            tiers[reason as usize] = Tier::ALL.into_iter().find(|t| t.name() == word).ok_or_else(|| {
                PolicyError(format!("[tiers] {} = {word:?}: not one of T0 … T4, unknown, none", reason.name()))
            })?;
        }
        if let Some(stray) = file.tiers.keys().find(|k| Reason::ALL.iter().all(|r| r.name() != *k)) {
            return Err(PolicyError(format!("[tiers] `{stray}` is no reason")));
        }
        Ok(Self { breached_often_from: file.breached_often_from, tiers, schemes: file.schemes })
    }

    /// The tier that `reason` alone would mean.
    pub const fn tier(&self, reason: Reason) -> Tier {
        self.tiers[reason as usize]
    }

    /// Thresholds of a scheme; `None` where the policy does not name it.
    pub fn scheme(&self, name: &str) -> Option<&SchemePolicy> {
        self.schemes.get(name)
    }
}
