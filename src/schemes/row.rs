//! A scheme told as a row of a table: how its values are written, what its cost is, and the one function that opens them.

use super::layout::{Layout, Value};
use super::{MAX_CANDIDATE, MAX_WORK, Protection, SaltFrom, Scheme, Stored, Unverifiable, grading, wrapper};
use crate::model::{Form, FormDef, Graded, Policy};

/// Opens a value that was read; called only where the work is within bounds.
pub(super) type Open = fn(&Value<'_>, &Stored<'_>, &[u8]) -> Result<bool, Unverifiable>;

/// As [`Open`], for several passwords: whether each opens the value.
pub(super) type OpenMany = fn(&Value<'_>, &[&[u8]]) -> Result<Vec<bool>, Unverifiable>;

/// What one verification costs, and how the form's parameter is called.
#[derive(Clone, Copy)]
pub(super) enum Cost {
    /// Always so many nanoseconds on one core; graded by the policy with this reason.
    Fixed(u64, &'static str),
    /// The parameter counts: its word in descriptions (`iterations`), in grades (`iteration count`), nanoseconds of one.
    Count(&'static str, &'static str, u64),
    /// The parameter is the logarithm of a count: nanoseconds of one. Described and graded as `cost`.
    Log(u64),
}

/// One scheme.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) forms: &'static [&'static FormDef],
    /// How its values are written; each is of one of `forms`.
    pub(super) layouts: &'static [Layout],
    pub(super) salt: SaltFrom,
    pub(super) protection: Protection,
    pub(super) policy: &'static str,
    pub(super) cost: Cost,
    /// See [`Scheme::rank`].
    pub(super) rank: u16,
    pub(super) open: Open,
    /// How many passwords are quickest at a time, and what opens so many.
    pub(super) many: Option<(usize, OpenMany)>,
}

impl Row {
    /// A row of a scheme made for passwords with the salt in the value, ranked as the only explanation.
    pub(super) const fn new(
        name: &'static str,
        forms: &'static [&'static FormDef],
        layouts: &'static [Layout],
        cost: Cost,
        open: Open,
    ) -> Self {
        let (salt, protection) = (SaltFrom::Value, Protection::PasswordHash);
        Self { name, forms, layouts, salt, protection, policy: name, cost, rank: 100, open, many: None }
    }

    /// Opened with several passwords at a time.
    pub(super) const fn opened_by(mut self, lanes: usize, many: OpenMany) -> Self {
        self.many = Some((lanes, many));
        self
    }

    /// Graded by the policy's table for others of its kind.
    pub(super) const fn graded_as(mut self, policy: &'static str) -> Self {
        self.policy = policy;
        self
    }

    /// Ranked so.
    pub(super) const fn ranked(mut self, rank: u16) -> Self {
        self.rank = rank;
        self
    }

    /// Salted from there.
    pub(super) const fn salted_from(mut self, salt: SaltFrom) -> Self {
        self.salt = salt;
        self
    }

    /// A fast hash, salted or not.
    pub(super) const fn fast(mut self) -> Self {
        (self.protection, self.policy) = match self.salt {
            SaltFrom::Nowhere => (Protection::UnsaltedFast, "unsalted-fast"),
            _ => (Protection::SaltedFast, "salted-fast"),
        };
        self
    }

    /// The stored value, where opening it with so long a password is within bounds.
    fn read<'v>(&self, stored: &Stored<'v>, longest: usize) -> Result<Value<'v>, Unverifiable> {
        let text = wrapper::inside(stored.value);
        let value = self.layouts.iter().find_map(|layout| layout.read(text)).ok_or(Unverifiable::Malformed)?;
        if self.work_of(value.counts[0]) > MAX_WORK || longest > MAX_CANDIDATE {
            return Err(Unverifiable::TooCostly);
        }
        Ok(value)
    }

    fn work_of(&self, parameter: u64) -> u64 {
        match self.cost {
            Cost::Fixed(nanoseconds, _) => nanoseconds,
            Cost::Count(_, _, each) => parameter.saturating_mul(each).max(1),
            Cost::Log(each) => {
                if parameter > 40 {
                    u64::MAX
                } else {
                    each.saturating_mul(1 << parameter)
                }
            }
        }
    }
}

impl Scheme for Row {
    fn name(&self) -> &'static str {
        self.name
    }
    fn forms(&self) -> &'static [&'static FormDef] {
        self.forms
    }
    fn salt_from(&self) -> SaltFrom {
        self.salt
    }
    fn protection(&self) -> Protection {
        self.protection
    }
    fn policy_key(&self) -> &'static str {
        self.policy
    }
    fn describe(&self, form: Form) -> String {
        match self.cost {
            Cost::Fixed(..) => self.name.to_owned(),
            Cost::Count(word, ..) => format!("{} {} {word}", self.name, form.params),
            Cost::Log(_) => format!("{} cost {}", self.name, form.params),
        }
    }
    fn grade(&self, form: Form, policy: &Policy) -> Graded {
        match self.cost {
            Cost::Fixed(_, why) => grading::fixed(policy, self.policy, why),
            Cost::Count(_, what, _) => grading::by_count(policy, self.policy, what, form.params),
            Cost::Log(_) => grading::by_count(policy, self.policy, "cost", form.params),
        }
    }
    fn work(&self, form: Form) -> u64 {
        self.work_of(form.params)
    }
    fn verify(&self, stored: &Stored<'_>, candidate: &[u8]) -> Result<bool, Unverifiable> {
        let value = self.read(stored, candidate.len())?;
        (self.open)(&value, stored, candidate)
    }
    fn lanes(&self) -> usize {
        self.many.map_or(1, |(lanes, _)| lanes)
    }
    fn first_of(&self, stored: &Stored<'_>, candidates: &[&[u8]]) -> Option<usize> {
        let longest = candidates.iter().map(|candidate| candidate.len()).max()?;
        match (self.many, self.read(stored, longest)) {
            (Some((lanes, many)), Ok(value)) => candidates.chunks(lanes).enumerate().find_map(|(chunk, candidates)| {
                let opened = many(&value, candidates).ok()?;
                Some(chunk * lanes + opened.into_iter().position(|opened| opened)?)
            }),
            _ => candidates.iter().position(|candidate| self.verify(stored, candidate) == Ok(true)),
        }
    }
    fn rank(&self, _: Form) -> u16 {
        self.rank
    }
}
