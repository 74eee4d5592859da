//! How far the audit is: one line on a terminal's standard error, rewritten at most ten times a second and cleared at
//! the end. Never part of a result.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::text;

/// What the audit tells while it runs; called from all its threads.
pub trait Progress: Sync {
    /// `n` *more* bytes as stored were read.
    fn stored_bytes(&self, n: u64);
    /// Bytes as stored of all units; `None` where a pipe makes that unknowable.
    fn total(&self, bytes: Option<u64>);
    /// What is being done from now on: `reading`, `asking`.
    fn phase(&self, what: &'static str);
    /// `done` *more* questions to a server were answered; `more` *more* are to be asked.
    fn questions(&self, done: u64, more: u64) {
        let _ = (done, more);
    }
    /// Something that people should know before it begins, or that changes no result: one sentence.
    fn note(&self, text: &str) {
        let _ = text;
    }
}

/// Shows nothing.
pub struct Silent;

impl Progress for Silent {
    fn stored_bytes(&self, _: u64) {}
    fn total(&self, _: Option<u64>) {}
    fn phase(&self, _: &'static str) {}
}

/// Shows notes, one a line, and nothing else: for a standard error that is no terminal.
pub struct Notes;

impl Progress for Notes {
    fn stored_bytes(&self, _: u64) {}
    fn total(&self, _: Option<u64>) {}
    fn phase(&self, _: &'static str) {}
    fn note(&self, note: &str) {
        let _ = writeln!(std::io::stderr(), "credaudit: {}", text::name(note, 400));
    }
}

/// A line on a terminal. Drop clears it.
pub struct Meter {
    counters: Arc<Counters>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Counters {
    read: AtomicU64,
    /// `u64::MAX` where it is not known.
    total: AtomicU64,
    phase: Mutex<&'static str>,
    /// Questions answered, and all.
    questions: [AtomicU64; 2],
    /// Not shown yet.
    notes: Mutex<Vec<String>>,
}

/// Ten times a second: faster than anybody reads, slow enough for a terminal behind a network.
const EVERY: Duration = Duration::from_millis(100);

/// Back to the first column and clear the line (ECMA-48: CR, EL 2).
const CLEAR: &[u8] = b"\r\x1b[2K";

impl Meter {
    /// Starts to show progress on `to`, a terminal. Where no thread can be started, nothing is shown.
    pub fn start(mut to: Box<dyn Write + Send>) -> Self {
        let counters = Arc::new(Counters {
            read: AtomicU64::new(0),
            total: AtomicU64::new(u64::MAX),
            phase: Mutex::new("starting"),
            questions: [AtomicU64::new(0), AtomicU64::new(0)],
            notes: Mutex::default(),
        });
        let (stop, stopped) = mpsc::channel::<()>();
        let seen = counters.clone();
        let thread = thread::Builder::new().name("progress".into()).spawn(move || {
            let start = Instant::now();
            let mut shown = false;
            while matches!(stopped.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
                let line = seen.line(start.elapsed());
                let _ = to
                    .write_all(CLEAR)
                    .and_then(|()| to.write_all(seen.notes().as_bytes()))
                    .and_then(|()| to.write_all(line.as_bytes()))
                    .and_then(|()| to.flush());
                shown = true;
            }
            if shown {
                let _ = to.write_all(CLEAR);
            }
            let _ = to.write_all(seen.notes().as_bytes()).and_then(|()| to.flush());
        });
        Self { counters, stop: Some(stop), thread: thread.ok() }
    }
}

impl Progress for Meter {
    fn stored_bytes(&self, n: u64) {
        self.counters.read.fetch_add(n, Ordering::Relaxed);
    }

    fn total(&self, bytes: Option<u64>) {
        self.counters.total.store(bytes.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn phase(&self, what: &'static str) {
        *self.counters.phase.lock().unwrap_or_else(PoisonError::into_inner) = what;
    }

    fn questions(&self, done: u64, more: u64) {
        self.counters.questions[0].fetch_add(done, Ordering::Relaxed);
        self.counters.questions[1].fetch_add(more, Ordering::Relaxed);
    }

    fn note(&self, note: &str) {
        let mut notes = self.counters.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(text::name(note, 400));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Counters {
    /// Notes that were not shown yet, a line each.
    fn notes(&self) -> String {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.drain(..).map(|note| format!("credaudit: {note}\n")).collect()
    }

    fn line(&self, elapsed: Duration) -> String {
        let read = self.read.load(Ordering::Relaxed);
        let total = Some(self.total.load(Ordering::Relaxed)).filter(|t| *t != u64::MAX);
        let phase = *self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        let [done, all] = [0, 1].map(|at| self.questions[at].load(Ordering::Relaxed));
        if done < all {
            return format!("{}  {} of {} questions", text::name(phase, 30), text::number(done), text::number(all));
        }
        line(phase, read, total, elapsed)
    }
}

/// `reading  1.20 GiB of 5.27 GiB  22 %  480 MiB/s  9 s left`; under 80 columns.
fn line(phase: &str, read: u64, total: Option<u64>, elapsed: Duration) -> String {
    let mut line = format!("{}  {}", text::name(phase, 24), text::bytes(read));
    let rate = (u128::from(read) * 1000 / elapsed.as_millis().max(1)) as u64;
    let left = total.filter(|t| *t > 0).map(|total| {
        let share = (read as f64 / total as f64).min(1.0);
        let _ = write!(line, " of {}  {:.0} %", text::bytes(total), share * 100.0);
        total.saturating_sub(read)
    });
    let _ = write!(line, "  {}/s", text::bytes(rate));
    // In the first second the rate says little.
    if let Some(left) = left.filter(|left| *left > 0 && rate > 0 && elapsed >= Duration::from_secs(1)) {
        let _ = write!(line, "  {} left", duration(left / rate));
    }
    line
}

fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..360_000 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => "days".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_line_tells_bytes_rate_and_time_left_in_less_than_80_columns() {
        let shown = line("reading", 1 << 30, Some(5 << 30), Duration::from_secs(2));
        assert_eq!(shown, "reading  1.00 GiB of 5.00 GiB  20 %  512 MiB/s  8 s left");
        assert_eq!(line("reading", 512, None, Duration::from_secs(1)), "reading  512 B  512 B/s");
        let widest =
            line("a phase with a name that is too long", 1, Some(u64::MAX - 1), Duration::from_secs(9_999_999));
        assert!(text::columns(&widest) < 80, "{widest}");
        assert!(!line("reading", 10, Some(5), Duration::from_secs(9)).contains("left"), "a file that grew");
    }

    #[test]
    fn the_meter_clears_its_line_and_updates_at_most_ten_times_a_second() {
        let screen = Screen::default();
        let start = Instant::now();
        let meter = Meter::start(Box::new(screen.clone()));
        meter.total(Some(1 << 20));
        meter.phase("reading");
        while start.elapsed() < Duration::from_millis(350) {
            meter.stored_bytes(1);
            thread::sleep(Duration::from_millis(1));
        }
        drop(meter);
        let most = start.elapsed().as_millis() / EVERY.as_millis() + 1;
        let shown = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        assert!(shown.contains("reading"), "{shown:?}");
        assert!(shown.ends_with("\r\x1b[2K"), "{shown:?}");
        assert!((shown.matches("\x1b[2K").count() as u128) <= most + 1, "{shown:?}");
    }

    #[test]
    fn a_quick_audit_shows_nothing() {
        let screen = Screen::default();
        drop(Meter::start(Box::new(screen.clone())));
        assert!(screen.0.lock().unwrap().is_empty());
    }
}
