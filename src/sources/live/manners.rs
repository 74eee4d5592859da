//! How an audit behaves as a guest: how many connections, how fast, how long a statement may take, and when to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Database;

/// How the name of the program appears in the server's list of sessions.
pub(super) const APPLICATION: &str = "credaudit";

/// Longest nap at a time, so that an interruption is noticed.
const NAP: Duration = Duration::from_millis(100);

/// How often the server's load is asked for, at most.
const LOAD_EVERY: Duration = Duration::from_secs(1);

/// Limits on what the server is asked to bear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manners {
    /// Connections at a time; at least one.
    pub max_connections: usize,
    /// Wait while the server has more than so many other active sessions.
    pub max_load: Option<u64>,
    /// Rows read a second, over all connections.
    pub max_rows_per_second: Option<u64>,
    /// How long a statement may take; `None` sets no limit.
    pub statement_timeout: Option<Duration>,
    /// How long to wait for a lock that somebody else's change of a table holds.
    pub lock_timeout: Duration,
    /// How long connecting may take.
    pub connect_timeout: Duration,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            max_connections: 2,
            max_load: None,
            max_rows_per_second: None,
            statement_timeout: None,
            lock_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(15),
        }
    }
}

/// Whether somebody wants the audit to end; shared by whoever reads.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Whether reading should stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for it.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Keeps to the limits while rows are read; shared by all connections.
pub struct Pace {
    interrupt: Interrupt,
    rows_per_second: Option<u64>,
    max_load: Option<u64>,
    state: Mutex<State>,
}

struct State {
    /// When the next rows may be read.
    next: Instant,
    asked_load: Option<Instant>,
}

impl Pace {
    /// Nothing has been read yet.
    pub fn new(manners: &Manners, interrupt: Interrupt) -> Self {
        Self {
            interrupt,
            rows_per_second: manners.max_rows_per_second,
            max_load: manners.max_load,
            state: Mutex::new(State { next: Instant::now(), asked_load: None }),
        }
    }

    /// After `rows` rows were read: waits until the next may be. Whether to go on.
    pub fn read(&self, rows: u64) -> bool {
        if let Some(rate) = self.rows_per_second {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let next = state.next.max(Instant::now()) + Duration::from_secs_f64(rows as f64 / rate as f64);
            state.next = next;
            drop(state);
            return self.sleep_until(next);
        }
        !self.interrupt.is_set()
    }

    /// Before a part of a table is read over `connection`: waits while the server is busy. Whether to go on.
    pub fn before_part(&self, database: &dyn Database, connection: usize) -> bool {
        let Some(max) = self.max_load else { return !self.interrupt.is_set() };
        loop {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if state.asked_load.is_some_and(|at| at.elapsed() < LOAD_EVERY) {
                return !self.interrupt.is_set();
            }
            state.asked_load = Some(Instant::now());
            drop(state);
            // A server that does not say is not held to be idle; what it did not say is met by the statement to come.
            if !database.load(connection).is_ok_and(|load| load > max) {
                return !self.interrupt.is_set();
            }
            if !self.sleep_until(Instant::now() + LOAD_EVERY) {
                return false;
            }
        }
    }

    fn sleep_until(&self, when: Instant) -> bool {
        loop {
            if self.interrupt.is_set() {
                return false;
            }
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(NAP));
        }
    }
}

/// Turns Ctrl-C and SIGTERM into an interruption while databases are read; dropped when reading is over.
///
/// The first one stops reading: statements are cancelled on the server, transactions rolled back, and what was read is
/// reported. A second one, or one after reading, ends the program at once with exit code 130.
pub struct Watch {
    reading: Arc<AtomicBool>,
}

impl Watch {
    /// Watches on a thread of its own. Where none can be started, signals keep their usual effect.
    pub fn start(databases: Vec<Arc<dyn Database>>, interrupt: Interrupt) -> Self {
        let reading = Arc::new(AtomicBool::new(true));
        let is_reading = reading.clone();
        let _ = thread::Builder::new().name("signals".into()).spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async move {
                signal().await;
                if is_reading.load(Ordering::Relaxed) {
                    interrupt.set();
                    // Cancelling talks to servers: a second signal must not wait for that.
                    let cancel = thread::spawn(move || databases.iter().for_each(|database| database.interrupt()));
                    signal().await;
                    drop(cancel);
                }
                std::process::exit(130);
            });
        });
        Self { reading }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.reading.store(false, Ordering::Relaxed);
    }
}

/// The next Ctrl-C or SIGTERM.
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_rows_holds_over_all_readers() {
        let manners = Manners { max_rows_per_second: Some(10_000), ..Manners::default() };
        let pace = Pace::new(&manners, Interrupt::default());
        let start = Instant::now();
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| (0..5).for_each(|_| assert!(pace.read(200))));
            }
        });
        assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
    }

    #[test]
    fn an_interruption_ends_every_wait() {
        let manners = Manners { max_rows_per_second: Some(1), ..Manners::default() };
        let interrupt = Interrupt::default();
        let pace = Pace::new(&manners, interrupt.clone());
        interrupt.set();
        assert!(!pace.read(1_000_000));
    }
}
