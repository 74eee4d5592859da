//! When is which question asked, how often, and when is it enough? Nothing here knows what a question is: tries come in as
//! futures, answers go out with the question's number.
//!
//! * Every question ends exactly once: answered, or unknown with its reason; also when a try panics.
//! * A failed try is repeated after a back-off with jitter, never before the server's Retry-After.
//! * "Too many requests" quiets all questions, and halves how many are under way; answers raise it again, one at a time
//!   (additive increase, multiplicative decrease: RFC 5681, section 3.1, does the same for TCP).
//! * The first try goes alone, so that the others find its connection instead of opening one each.
//! * A server that answers nobody is given up, so that an audit ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::model::Unasked;

/// Tries for one question. With a first wait of half a second the waits are 0.5, 1, 2 and 4 s.
pub(super) const TRIES: u32 = 5;
/// Questions in a row lost while nothing was answered, after which the rest is given up.
pub(super) const GIVE_UP_AFTER: u32 = 16;
/// Longest wait between two tries. A server that asks for a longer one is not asked again.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Why a try failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    pub(super) why: Unasked,
    /// What the server's Retry-After says.
    pub(super) wait: Option<Duration>,
    /// Whether another try could go better.
    pub(super) again: bool,
}

/// The pace towards one server; outlives a batch, for what was learnt from one holds for the next.
pub(super) struct Pace {
    /// Questions begun and not ended, at most.
    most: usize,
    first_wait: Duration,
    health: Mutex<Health>,
}

struct Health {
    /// Tries that may be under way.
    room: usize,
    /// Answers since `room` last changed.
    credit: usize,
    /// Whether any try has ended.
    warm: bool,
    /// Nothing is asked before.
    not_before: Instant,
    answered: u64,
    lost_in_a_row: u32,
    gave_up: Option<Unasked>,
}

/// A question that was begun.
#[derive(Clone, Copy)]
struct Begun {
    question: usize,
    /// Tries before the next or present one.
    tries: u32,
    /// Answers that the server had given to anybody when this question began.
    answered_before: u64,
}

/// A question between two tries.
struct Waiting {
    begun: Begun,
    from: Instant,
    why: Unasked,
}

impl Pace {
    pub(super) fn new(concurrency: usize, first_wait: Duration) -> Self {
        let most = concurrency.max(1);
        let health = Health {
            room: most,
            credit: 0,
            warm: false,
            not_before: Instant::now(),
            answered: 0,
            lost_in_a_row: 0,
            gave_up: None,
        };
        Self { most, first_wait, health: Mutex::new(health) }
    }

    /// Asks questions `0..questions` in this order. A question that `may` denies is not begun, and ends as
    /// [`Unasked::OverBudget`]. `attempt(question, number)` makes a try, numbered from 0; `done` gets every question
    /// exactly once.
    pub(super) async fn ask<T, F>(
        &self,
        questions: usize,
        may: impl Fn() -> bool,
        attempt: impl Fn(usize, u32) -> F,
        mut done: impl FnMut(usize, Result<T, Unasked>),
    ) where
        T: Send + 'static,
        F: Future<Output = Result<T, Failed>> + Send + 'static,
    {
        let mut fresh = 0..questions;
        let mut waiting: Vec<Waiting> = Vec::new();
        let mut tries = JoinSet::new();
        // Kept outside the tasks: a task that panics takes with it what it owns.
        let mut under_way: HashMap<tokio::task::Id, Begun> = HashMap::new();
        loop {
            if let Some(why) = self.health().gave_up {
                waiting.drain(..).for_each(|lost| done(lost.begun.question, Err(lost.why)));
                fresh.by_ref().for_each(|question| done(question, Err(why)));
            }
            let (room, open_from, answered_before) = self.health().terms();
            let now = Instant::now();
            while now >= open_from && tries.len() < room {
                let due = waiting.iter().position(|w| w.from <= now);
                let begun = if let Some(due) = due {
                    waiting.swap_remove(due).begun
                } else if tries.len() + waiting.len() < self.most
                    && let Some(question) = fresh.next()
                {
                    if !may() {
                        done(question, Err(Unasked::OverBudget));
                        continue;
                    }
                    Begun { question, tries: 0, answered_before }
                } else {
                    break;
                };
                let id = tries.spawn(attempt(begun.question, begun.tries)).id();
                under_way.insert(id, begun);
            }
            let next = if tries.len() >= room {
                None
            } else if !fresh.is_empty() && tries.len() + waiting.len() < self.most {
                Some(open_from)
            } else {
                waiting.iter().map(|w| w.from.max(open_from)).min()
            };
            let ended = match next {
                None => tries.join_next_with_id().await,
                Some(at) if tries.is_empty() => {
                    sleep_until(at).await;
                    continue;
                }
                Some(at) => match timeout_at(at, tries.join_next_with_id()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                },
            };
            let (id, result) = match ended {
                None => break,
                Some(Ok((id, result))) => (id, result),
                // A bug met in an answer is an unknown exposure, not a lost audit.
                Some(Err(panicked)) => {
                    (panicked.id(), Err(Failed { why: Unasked::BadAnswer, wait: None, again: false }))
                }
            };
            let begun = under_way.remove(&id).expect("every task was noted when it was spawned");
            match result {
                Ok(answer) => {
                    self.health().note_answer(self.most);
                    done(begun.question, Ok(answer));
                }
                Err(failed) => {
                    if let Some(wait) = self.wait_after(&failed, begun.tries) {
                        let begun = Begun { tries: begun.tries + 1, ..begun };
                        waiting.push(Waiting { begun, from: Instant::now() + wait, why: failed.why });
                    } else {
                        self.health().note_loss(begun.answered_before, failed.why);
                        done(begun.question, Err(failed.why));
                    }
                }
            }
        }
    }

    /// How long to wait before the next try; none when there should be no other.
    fn wait_after(&self, failed: &Failed, tries: u32) -> Option<Duration> {
        // Half of the back-off is chance, and a Retry-After is overstepped by up to a quarter: questions that failed
        // together do not come back together.
        let back_off = self.first_wait.saturating_mul(2_u32.saturating_pow(tries)).min(LONGEST_WAIT);
        let mut wait = back_off.mul_f64(0.5 + chance() / 2.0);
        if let Some(asked) = failed.wait {
            wait = wait.max(asked.min(2 * LONGEST_WAIT).mul_f64(1.0 + chance() / 4.0));
        }
        let mut health = self.health();
        health.warm = true;
        if failed.why == Unasked::RateLimited {
            health.quiet(wait.min(LONGEST_WAIT));
        }
        let too_long = failed.wait.is_some_and(|asked| asked > LONGEST_WAIT);
        (failed.again && !too_long && tries + 1 < TRIES).then_some(wait)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    /// Tries that may be under way, when the next may start, answers so far.
    fn terms(&self) -> (usize, Instant, u64) {
        (if self.warm { self.room } else { 1 }, self.not_before, self.answered)
    }

    fn note_answer(&mut self, most: usize) {
        self.warm = true;
        self.answered += 1;
        self.lost_in_a_row = 0;
        self.credit += 1;
        if self.credit >= self.room && self.room < most {
            self.room += 1;
            self.credit = 0;
        }
    }

    /// Counts only questions during whose life nobody got an answer: broken prefixes that happen to end one after the
    /// other, because retries take long, say nothing about the server.
    fn note_loss(&mut self, answered_before: u64, why: Unasked) {
        if answered_before == self.answered {
            self.lost_in_a_row += 1;
            if self.lost_in_a_row >= GIVE_UP_AFTER {
                self.gave_up = Some(why);
            }
        }
    }

    /// Asks nothing for `wait`, and less from then on. Questions refused together halve the room once.
    fn quiet(&mut self, wait: Duration) {
        let now = Instant::now();
        if now >= self.not_before {
            self.room = (self.room / 2).max(1);
            self.credit = 0;
        }
        self.not_before = self.not_before.max(now + wait);
    }
}

/// Uniform in 0..1; a half where the system has no randomness.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.5,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const AGAIN: Failed = Failed { why: Unasked::ServerError, wait: None, again: true };

    /// Runs `questions` at a pace and says how each ended, panicking when one did not end exactly once.
    fn ends<F>(pace: &Pace, questions: usize, attempt: impl Fn(usize, u32) -> F) -> Vec<Result<u32, Unasked>>
    where
        F: Future<Output = Result<u32, Failed>> + Send + 'static,
    {
        let mut ends: Vec<Option<Result<u32, Unasked>>> = vec![None; questions];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(pace.ask(
            questions,
            || true,
            attempt,
            |question, end| {
                assert!(ends[question].replace(end).is_none(), "question {question} ended twice");
            },
        ));
        ends.into_iter().map(|end| end.expect("every question ends")).collect()
    }

    fn pace(concurrency: usize) -> Pace {
        Pace::new(concurrency, Duration::from_millis(1))
    }

    #[test]
    fn a_try_that_panics_makes_its_question_unknown_and_no_other() {
        let ends = ends(&pace(3), 20, |question, number| async move {
            assert_ne!(question, 7, "a bug, on purpose");
            Ok(number)
        });
        for (question, end) in ends.into_iter().enumerate() {
            assert_eq!(end, if question == 7 { Err(Unasked::BadAnswer) } else { Ok(0) });
        }
    }

    #[test]
    fn a_question_that_may_not_be_asked_is_no_loss_and_costs_no_try() {
        let pace = pace(4);
        let (asked, mut over) = (std::cell::Cell::new(0), 0);
        let may = || asked.replace(asked.get() + 1) < 30;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(pace.ask(
            1000,
            may,
            |_, number| async move { Ok(number) },
            |question, end| {
                assert_eq!(end.is_err(), question >= 30);
                over += usize::from(end == Err(Unasked::OverBudget));
            },
        ));
        assert_eq!(over, 970);
        assert_eq!(pace.health().gave_up, None);
    }

    #[test]
    fn a_question_is_tried_five_times_and_answered_by_the_first_try_that_goes_well() {
        let tries = Arc::new(AtomicUsize::new(0));
        let ends = ends(&pace(2), 2, |question, number| {
            let tries = Arc::clone(&tries);
            async move {
                tries.fetch_add(1, Ordering::Relaxed);
                if question == 0 && number == TRIES - 1 { Ok(number) } else { Err(AGAIN) }
            }
        });
        assert_eq!(ends, [Ok(TRIES - 1), Err(Unasked::ServerError)]);
        assert_eq!(tries.load(Ordering::Relaxed), 2 * TRIES as usize);
    }

    #[test]
    fn a_server_that_answers_nobody_is_given_up_with_its_reason_and_stays_so() {
        let pace = pace(4);
        let tries = AtomicUsize::new(0);
        for expected in [60..=130, 0..=0] {
            let ends = ends(&pace, 1000, |_, _| {
                tries.fetch_add(1, Ordering::Relaxed);
                async { Err(Failed { why: Unasked::TimedOut, ..AGAIN }) }
            });
            assert!(ends.iter().all(|end| *end == Err(Unasked::TimedOut)));
            let tries = tries.swap(0, Ordering::Relaxed);
            assert!(expected.contains(&tries), "{tries} tries");
        }
    }

    #[test]
    fn broken_questions_that_end_together_do_not_make_the_server_given_up() {
        let pace = pace(40);
        // Thirty broken ones begin among good ones and outlive them all.
        let broken = |question: usize| question < 60 && question.is_multiple_of(2);
        let ends = ends(&pace, 100, |question, _| async move { if broken(question) { Err(AGAIN) } else { Ok(0) } });
        assert!(ends.iter().enumerate().all(|(question, end)| end.is_err() == broken(question)));
        assert_eq!(pace.health().gave_up, None);
    }

    #[test]
    fn too_many_requests_quiets_everybody_and_halves_what_is_under_way() {
        let pace = pace(8);
        let refused = Failed { why: Unasked::RateLimited, wait: Some(Duration::from_secs(2)), again: true };
        let before = Instant::now();
        let wait = pace.wait_after(&refused, 0).unwrap();
        assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&wait), "{wait:?}");
        pace.wait_after(&refused, 0).unwrap();
        let (room, not_before, _) = pace.health().terms();
        assert_eq!(room, 4, "two refusals at once are one");
        assert!(not_before >= before + Duration::from_secs(2));
        (0..4).for_each(|_| pace.health().note_answer(8));
        assert_eq!(pace.health().room, 5);
    }

    #[test]
    fn a_retry_after_beyond_a_minute_is_not_disobeyed_but_ends_the_question() {
        for (seconds, again) in [(60, true), (61, false), (u64::MAX, false)] {
            let refused = Failed { why: Unasked::RateLimited, wait: Some(Duration::from_secs(seconds)), again: true };
            assert_eq!(pace(1).wait_after(&refused, 0).is_some(), again, "{seconds} s");
        }
    }

    #[test]
    fn back_off_doubles_and_half_of_it_is_chance() {
        let pace = Pace::new(1, Duration::from_secs(1));
        for (tries, most) in [(0, 1000), (1, 2000), (2, 4000), (3, 8000)] {
            let waits: Vec<_> = (0..20).map(|_| pace.wait_after(&AGAIN, tries).unwrap().as_millis()).collect();
            assert!(waits.iter().all(|wait| (most / 2..=most).contains(wait)), "{waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "no chance in {waits:?}");
        }
    }
}
