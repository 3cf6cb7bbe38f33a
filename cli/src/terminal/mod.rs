//! What the program shows, and Ctrl-C.

mod downloads;
mod interrupt;
mod numbers;
mod progress;
mod say;

pub use downloads::describe_download;
pub use interrupt::Interrupt;
pub use numbers::{grouped, positive};
pub use progress::{LossProgress, Progress};
pub use say::{command, say, warn};
