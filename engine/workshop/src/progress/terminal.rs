//! The terminal on standard error.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use console::{Term, is_dumb};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

/// Updates of the bar per second.
const RATE: u8 = 20;

/// Whether a bar is on the terminal.
static SHOWN: AtomicBool = AtomicBool::new(false);

/// Columns of the terminal on standard error; 80 if there is none.
pub fn columns() -> usize {
    Term::stderr().size_checked().map_or(80, |(_, columns)| usize::from(columns))
}

/// Leaves the terminal as a program should that ends at once: without a bar, and the cursor at the beginning of a line.
pub fn leave_terminal() {
    let terminal = Term::stderr();
    if SHOWN.swap(false, Ordering::SeqCst) {
        let _ = terminal.clear_line();
    } else if terminal.is_term() {
        let _ = terminal.write_line("");
    }
}

/// Whether standard error is a terminal in which lines can be replaced.
pub(crate) fn shows_bars() -> bool {
    Term::stderr().is_term() && !is_dumb()
}

/// A bar whose message is the whole line: its parts depend on the width of the terminal.
pub(crate) fn new_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(BarTerminal(Term::buffered_stderr())), RATE);
    ProgressBar::with_draw_target(None, target).with_style(style)
}

/// The terminal, with the cursor at the beginning of the bar. At its end, the `^C` that a terminal shows for Ctrl-C would begin
/// a new line, and half of the bar would stay.
#[derive(Debug)]
struct BarTerminal(Term);

impl TermLike for BarTerminal {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        SHOWN.store(true, Ordering::SeqCst);
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        SHOWN.store(false, Ordering::SeqCst);
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}
