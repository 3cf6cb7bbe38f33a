//! Ctrl-C during a long job.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

/// Whether Ctrl-C was pressed.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first Ctrl-C only sets a flag, so that a job can stop where nothing is lost. If it is pressed again
    /// before the flag was read, the program ends at once.
    pub fn watch() -> Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        })
        .context("cannot watch for Ctrl-C")?;
        Ok(Self(flag))
    }

    pub fn is_pressed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// For loops that can be stopped: continues until Ctrl-C is pressed.
    pub fn go_on(&self) -> ControlFlow<()> {
        if self.is_pressed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Until the next [`take`](Self::take), Ctrl-C ends the program at once: for times when nothing can be lost.
    pub fn let_through(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it was pressed since the last call.
    pub fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}
