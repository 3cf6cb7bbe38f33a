//! Bytes, rate and time left: a bar on a terminal, plain lines elsewhere, both on standard error.

use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use crate::progress::warn;

/// Time between two plain lines.
const LINE_EVERY: Duration = Duration::from_secs(5);

const BAR: &str = "{msg} {bar:30} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left";
const BAR_WITHOUT_END: &str = "{msg} {spinner} {decimal_bytes}  {decimal_bytes_per_sec}";

/// Progress of one file, over all its connections.
pub(super) struct Meter {
    name: String,
    on_terminal: bool,
    bar: Option<ProgressBar>,
    total: Option<u64>,
    /// Bytes there when this connection began, and when that was.
    before: u64,
    start: Instant,
    last_line: Instant,
}

impl Meter {
    pub fn new(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let now = Instant::now();
        let on_terminal = std::io::stderr().is_terminal();
        Self { name, on_terminal, bar: None, total: None, before: 0, start: now, last_line: now }
    }

    /// A connection is open and continues after `done` bytes.
    pub fn begin(&mut self, done: u64, total: Option<u64>) {
        (self.before, self.total, self.start) = (done, total, Instant::now());
        if self.on_terminal {
            self.finish();
            let style = ProgressStyle::with_template(if total.is_some() { BAR } else { BAR_WITHOUT_END })
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style);
            bar.set_message(self.name.clone());
            bar.set_position(done);
            bar.reset_eta();
            self.bar = Some(bar);
        }
    }

    /// `done` bytes are there now.
    pub fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.last_line.elapsed() >= LINE_EVERY {
            self.last_line = Instant::now();
            let line = plain_line(done, self.total, done - self.before, self.start.elapsed());
            warn(format_args!("{}: {line}", self.name));
        }
    }

    /// Prints a line beside the bar.
    pub fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| warn(format_args!("{}: {text}", self.name))),
            None => warn(format_args!("{}: {text}", self.name)),
        }
    }

    fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish();
    }
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
}
