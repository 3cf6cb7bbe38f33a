//! Ctrl-C during a long job.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use workshop::progress::leave_terminal;

use crate::run_lock::remove_empty_folders;

/// Whether Ctrl-C was pressed.
#[derive(Clone)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on the first Ctrl-C only sets a flag, so that a job can stop where nothing is lost. If it is pressed again
    /// before the flag was read, the program ends at once; what it has begun to show, and a folder that it has made for
    /// nothing, disappear.
    pub fn watch() -> Result<Self> {
        static WATCHED: OnceLock<Interrupt> = OnceLock::new();
        if let Some(watched) = WATCHED.get() {
            watched.take();
            return Ok(watched.clone());
        }
        let flag = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&flag);
        ctrlc::set_handler(move || {
            if seen.swap(true, Ordering::SeqCst) {
                leave_terminal();
                remove_empty_folders();
                std::process::exit(130);
            }
        })
        .context("cannot watch for Ctrl-C")?;
        Ok(WATCHED.get_or_init(|| Self(flag)).clone())
    }

    /// For a job in which nothing can be lost: Ctrl-C ends the program at once, and removes its progress bar.
    pub fn end_at_once() -> Result<()> {
        Self::watch()?.let_through();
        Ok(())
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
