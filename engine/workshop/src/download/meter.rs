//! Bytes, rate and time left: a bar on a terminal, plain lines elsewhere, both on standard error.

use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar};

use crate::progress::{bar_line, columns, new_bar, shows_bars, time_left, warn};

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Time between two updates of the bar.
const BAR_EVERY: Duration = Duration::from_millis(100);

/// Progress of one file, over all its connections.
pub(super) struct Meter {
    name: String,
    bar: Option<ProgressBar>,
    total: Option<u64>,
    /// Bytes there when this connection began, and when that was.
    before: u64,
    start: Instant,
    last_shown: Instant,
}

impl Meter {
    pub fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let now = Instant::now();
        Self { name, bar: None, total: None, before: 0, start: now, last_shown: now }
    }

    /// A connection is open and continues after `done` bytes.
    pub fn begin(&mut self, done: u64, total: Option<u64>) {
        (self.before, self.total, self.start) = (done, total, Instant::now());
        if self.bar.is_none() && shows_bars() {
            self.bar = Some(new_bar());
        }
    }

    /// `done` bytes are there now.
    pub fn at(&mut self, done: u64) {
        let every = if self.bar.is_some() { BAR_EVERY } else { LINE_EVERY };
        if self.last_shown.elapsed() < every {
            return;
        }
        self.last_shown = Instant::now();
        let (done_now, elapsed) = (done - self.before, self.start.elapsed());
        match &self.bar {
            Some(bar) => bar.set_message(shown_line(columns(), &self.name, done, self.total, done_now, elapsed)),
            None => warn(format_args!("{}: {}", self.name, plain_line(done, self.total, done_now, elapsed))),
        }
    }

    /// Prints a line beside the bar.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| warn(format_args!("{}: {text}", self.name))),
            None => warn(format_args!("{}: {text}", self.name)),
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// A line for a terminal of this many columns.
fn shown_line(columns: usize, name: &str, done: u64, total: Option<u64>, done_now: u64, elapsed: Duration) -> String {
    let rate = done_now as f64 / elapsed.as_secs_f64();
    let speed = format!("{}/s", DecimalBytes(rate as u64));
    let Some(total) = total else {
        return bar_line(columns, &[DecimalBytes(done).to_string(), speed, name.to_string()], None);
    };
    // Unknown until the first bytes are here.
    let left = Duration::try_from_secs_f64(total.saturating_sub(done) as f64 / rate).map_or(String::new(), time_left);
    let bytes = format!("{}/{}", DecimalBytes(done), DecimalBytes(total));
    bar_line(columns, &[bytes, left, speed, name.to_string()], Some(done as f64 / total.max(1) as f64))
}

fn plain_line(done: u64, total: Option<u64>, done_now: u64, elapsed: Duration) -> String {
    let rate = done_now as f64 / elapsed.as_secs_f64();
    let speed = DecimalBytes(rate as u64);
    match total {
        Some(total) => {
            let left = total.saturating_sub(done) as f64 / rate;
            format!("{} of {}, {speed}/s, {left:.0} s left", DecimalBytes(done), DecimalBytes(total))
        }
        None => format!("{}, {speed}/s", DecimalBytes(done)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_line_has_bytes_rate_and_time_left() {
        let ten = Duration::from_secs(10);
        let line = plain_line(120_000_000, Some(548_000_000), 100_000_000, ten);
        assert_eq!(line, "120.00 MB of 548.00 MB, 10.00 MB/s, 43 s left");
        assert_eq!(plain_line(120_000_000, None, 100_000_000, ten), "120.00 MB, 10.00 MB/s");
    }

    #[test]
    fn a_line_fits_into_every_terminal() {
        let ten = Duration::from_secs(10);
        let line = |columns, total| shown_line(columns, "model.safetensors", 120_000_000, total, 100_000_000, ten);
        // 120 of 548 MB: 3 of 18 columns, 1 of 9.
        let text = "120.00 MB/548.00 MB  43s left";
        let whole = format!("███░░░░░░░░░░░░░░░ {text}  10.00 MB/s  model.safetensors");
        assert_eq!(line(80, Some(548_000_000)), whole);
        assert_eq!(line(40, Some(548_000_000)), format!("█░░░░░░░░ {text}"));
        assert_eq!(line(80, None), "120.00 MB  10.00 MB/s  model.safetensors");
        for columns in 1..=120 {
            let line = line(columns, Some(548_000_000));
            assert!(line.chars().count() < columns, "{columns}: {line}");
        }
    }
}
