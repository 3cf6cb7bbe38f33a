//! Progress of a long job: a bar on a terminal, plain lines elsewhere. Both go to standard error, so that the
//! results on standard output stay clean.

mod line;
mod terminal;

use std::fmt::Display;
use std::io::{Write, stderr};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use self::line::{Pace, plain_line, step_line};
pub(crate) use self::line::{bar_line, time_left};
pub use self::terminal::{columns, leave_terminal};
pub(crate) use self::terminal::{new_bar, shows_bars};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Time between two updates of the bar.
const BAR_EVERY: Duration = Duration::from_millis(100);

/// Writes a line to standard error. When the reader has ended (`2>&1 | head`; Ctrl-C ends a `2>&1 | tee log` as well),
/// the job goes on; `eprintln!` would end it.
pub fn warn(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Progress of a job with a known number of steps. The bar disappears when this is dropped.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Steps done before this job began, steps done now, and all.
    before: u64,
    done: u64,
    total: u64,
    start: Instant,
    last_shown: Option<Instant>,
}

impl Progress {
    /// A job with `total` steps, of which `done` were done before.
    pub fn new(done: u64, total: u64) -> Self {
        let bar = shows_bars().then(new_bar);
        // The first plain line comes after a while, the bar at once.
        let (start, last_shown) = (Instant::now(), bar.is_none().then(Instant::now));
        Self { bar, before: done, done, total, start, last_shown }
    }

    /// One step is done; `message` tells how it went, for example its loss. It is called only when it is shown: reading
    /// a loss from a GPU means waiting for it.
    pub fn step(&mut self, message: impl FnOnce() -> String) {
        self.done += 1;
        let every = if self.bar.is_some() { BAR_EVERY } else { LINE_EVERY };
        if self.last_shown.is_some_and(|last| last.elapsed() < every) {
            return;
        }
        self.last_shown = Some(Instant::now());
        let message = message();
        let pace = Pace::new(self.done - self.before, self.total.saturating_sub(self.done), self.start.elapsed());
        match &self.bar {
            Some(bar) => bar.set_message(step_line(columns(), self.done, self.total, &message, &pace)),
            None => warn(plain_line(self.done, self.total, &message, &pace)),
        }
    }

    /// Hides the bar while `print` runs.
    pub fn suspend(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Removes the bar.
    pub fn finish(self) {}
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
