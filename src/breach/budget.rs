//! How much may be asked of servers: ranges, bytes or time, whichever is named. What would go beyond is not asked, and
//! said to be so.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A limit on what is asked of servers. What is kept on this machine costs nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Budget {
    /// No limit.
    #[default]
    Unlimited,
    /// Questions; tries at the same one count once.
    Ranges(u64),
    /// Bytes of answers, as they came over the wire; answers under way when it is used up still come.
    Bytes(u64),
    /// Time from the first question on; likewise.
    Time(Duration),
}

/// What was spent of a budget; shared by everything that asks for one audit.
#[derive(Debug, Default)]
pub struct Spending {
    budget: Mutex<Budget>,
    asked: AtomicU64,
    bytes: AtomicU64,
    since: OnceLock<Instant>,
}

impl Spending {
    /// Nothing is spent yet.
    pub fn new(budget: Budget) -> Self {
        Self { budget: Mutex::new(budget), ..Self::default() }
    }

    /// From now on another limit counts.
    pub fn limit(&self, budget: Budget) {
        *self.budget.lock().unwrap_or_else(PoisonError::into_inner) = budget;
    }

    /// Whether one more question may be asked; if so, it counts.
    pub fn may_ask(&self) -> bool {
        let since = self.since.get_or_init(Instant::now);
        let budget = *self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let may = match budget {
            Budget::Unlimited => true,
            Budget::Ranges(most) => self.asked.load(Ordering::Relaxed) < most,
            Budget::Bytes(most) => self.bytes.load(Ordering::Relaxed) < most,
            Budget::Time(most) => since.elapsed() < most,
        };
        if may {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
        may
    }

    /// Notes bytes of an answer.
    pub fn received(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Questions asked and bytes received so far.
    pub fn spent(&self) -> (u64, u64) {
        (self.asked.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_stops_what_would_go_beyond_it() {
        let unlimited = Spending::default();
        assert!((0..1000).all(|_| unlimited.may_ask()));
        let ranges = Spending::new(Budget::Ranges(3));
        assert_eq!((0..10).filter(|_| ranges.may_ask()).count(), 3);
        let bytes = Spending::new(Budget::Bytes(100));
        assert!(bytes.may_ask());
        bytes.received(99);
        assert!(bytes.may_ask());
        bytes.received(1);
        assert!(!bytes.may_ask());
        assert_eq!(bytes.spent(), (2, 100));
        let time = Spending::new(Budget::Time(Duration::from_millis(5)));
        assert!(time.may_ask());
        std::thread::sleep(Duration::from_millis(6));
        assert!(!time.may_ask());
    }
}
