//! What the progress of a job says.

use std::time::Duration;

use console::measure_text_width as width;
use indicatif::HumanDuration;

/// Columns of the bar, if there is room.
const BAR: usize = 30;
/// A shorter bar shows nothing.
const SHORTEST_BAR: usize = 8;

/// How fast the steps are, and how long the rest takes.
pub(super) struct Pace {
    steps_per_second: f64,
    left: Duration,
}

impl Pace {
    /// After `done` steps in `elapsed`, with `left` more to go.
    pub(super) fn new(done: u64, left: u64, elapsed: Duration) -> Self {
        let seconds_per_step = elapsed.as_secs_f64() / done.max(1) as f64;
        let left = Duration::try_from_secs_f64(left as f64 * seconds_per_step).unwrap_or(Duration::MAX);
        Self { steps_per_second: 1.0 / seconds_per_step, left }
    }
}

/// A line for a log.
pub(super) fn plain_line(done: u64, total: u64, message: &str, pace: &Pace) -> String {
    let Pace { steps_per_second, left } = pace;
    let message = if message.is_empty() { String::new() } else { format!("{message}, ") };
    format!("step {done}/{total}, {steps_per_second:.2} steps/s, {message}{:.0} s left", left.as_secs_f64())
}

/// A line for a terminal of this many columns.
pub(super) fn step_line(columns: usize, done: u64, total: u64, message: &str, pace: &Pace) -> String {
    let rate = format!("{:.2}/s", pace.steps_per_second);
    let parts = [format!("{done}/{total}"), message.to_string(), time_left(pace.left), rate];
    bar_line(columns, &parts, Some(done as f64 / total.max(1) as f64))
}

/// How long the rest takes, in a few letters.
pub(crate) fn time_left(left: Duration) -> String {
    format!("{:#} left", HumanDuration(left))
}

/// A line for a terminal of this many columns: a bar if the share that is done is known, and the parts, what is most important
/// first. What has no room is left out. The last column stays free: after a full line the cursor may stand in the next.
pub(crate) fn bar_line(columns: usize, parts: &[String], share: Option<f64>) -> String {
    let room = columns.saturating_sub(1);
    let mut parts = parts.iter();
    let mut text: String = parts.next().map_or("", String::as_str).chars().take(room).collect();
    for part in parts.filter(|part| !part.is_empty()) {
        if width(&text) + 2 + width(part) <= room {
            text = format!("{text}  {part}");
        }
    }
    let bar = room.saturating_sub(width(&text) + 1).min(BAR);
    match share {
        Some(share) if bar >= SHORTEST_BAR => {
            let filled = ((bar as f64 * share) as usize).min(bar);
            format!("{}{} {text}", "█".repeat(filled), "░".repeat(bar - filled))
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 steps in 10 seconds, 40 more to go.
    fn pace() -> Pace {
        Pace::new(20, 40, Duration::from_secs(10))
    }

    #[test]
    fn a_plain_line_has_rate_loss_and_time_left() {
        let line = plain_line(60, 100, "loss 4.210", &pace());
        assert_eq!(line, "step 60/100, 2.00 steps/s, loss 4.210, 20 s left");
        assert_eq!(plain_line(60, 100, "", &pace()), "step 60/100, 2.00 steps/s, 20 s left");
    }

    #[test]
    fn a_line_fits_into_every_terminal() {
        let line = |columns| step_line(columns, 60, 100, "loss 4.210", &pace());
        let text = "60/100  loss 4.210  20s left  2.00/s";
        assert_eq!(line(80), format!("{}{} {text}", "█".repeat(18), "░".repeat(12)));
        // 59 columns: 36 for the text, 1 between, 22 for the bar, 60 % of them filled.
        assert_eq!(line(60), format!("{}{} {text}", "█".repeat(13), "░".repeat(9)));
        assert_eq!(line(40), text);
        assert_eq!(line(30), "60/100  loss 4.210  20s left");
        assert_eq!(line(20), "60/100  loss 4.210");
        assert_eq!(line(10), "60/100");
        for columns in 1..=100 {
            let long = step_line(columns, 11_999, 12_000, "pretraining, loss 10.824", &pace());
            assert!(width(&long) < columns, "{columns}: {long}");
        }
    }

    #[test]
    fn the_first_step_and_the_last_have_a_line() {
        let at = |done, total, elapsed| step_line(60, done, total, "loss 1.000", &Pace::new(1, total - done, elapsed));
        assert!(at(1, u64::MAX, Duration::from_secs(1000)).starts_with("1/18446744073709551615  loss 1.000"));
        assert!(at(1, 1, Duration::ZERO).contains("1/1  loss 1.000  0s left"));
    }
}
