//! Progress of a long job: a bar on a terminal, plain lines elsewhere. Both go to standard error, so that the
//! results on standard output stay clean.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Time between two messages beside the bar.
const MESSAGE_EVERY: Duration = Duration::from_millis(100);

/// Writes a line to standard error. When the reader has ended (`2>&1 | head`; Ctrl-C ends a `2>&1 | tee log` as well),
/// the job goes on; `eprintln!` would end it.
pub fn warn(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// Progress of a job with a known number of steps.
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Steps done before this job began, steps done now, and all.
    before: u64,
    done: u64,
    total: u64,
    start: Instant,
    last_message: Option<Instant>,
}

impl Progress {
    /// A job with `total` steps, of which `done` were done before.
    pub fn new(done: u64, total: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} steps  {per_sec}  {msg}  {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_position(done)
        });
        // The first line comes after a while, the first message of a bar at once.
        let (start, last_message) = (Instant::now(), bar.is_none().then(Instant::now));
        Self { bar, before: done, done, total, start, last_message }
    }

    /// One step is done; `message` tells how it went, for example its loss. It is called only when it is shown: reading
    /// a loss from a GPU means waiting for it.
    pub fn step(&mut self, message: impl FnOnce() -> String) {
        self.done += 1;
        let every = if self.bar.is_some() { MESSAGE_EVERY } else { LINE_EVERY };
        let message = self.last_message.is_none_or(|last| last.elapsed() >= every).then(message);
        if message.is_some() {
            self.last_message = Some(Instant::now());
        }
        if let Some(bar) = &self.bar {
            if let Some(message) = message {
                bar.set_message(message);
            }
            bar.inc(1);
        } else if let Some(message) = message {
            let done_now = self.done - self.before;
            let line = plain_line(self.done, self.total, done_now, self.start.elapsed(), &message);
            warn(line);
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
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}

fn plain_line(done: u64, total: u64, done_now: u64, elapsed: Duration, message: &str) -> String {
    let rate = done_now as f64 / elapsed.as_secs_f64();
    let left = (total.saturating_sub(done)) as f64 / rate;
    format!("step {done}/{total}, {rate:.2} steps/s, {message}, {left:.0} s left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_has_rate_loss_and_time_left() {
        let line = plain_line(60, 100, 20, Duration::from_secs(10), "loss 4.210");
        assert_eq!(line, "step 60/100, 2.00 steps/s, loss 4.210, 20 s left");
    }
}
