//! What the program shows, and Ctrl-C.

mod downloads;
mod interrupt;
mod invocation;
mod language;
mod numbers;
mod progress;
mod say;
mod usage;
mod visible;
mod width;

pub use downloads::describe_download;
pub use interrupt::Interrupt;
pub use invocation::command;
pub(crate) use language::tr;
pub use language::{Language, language};
pub use numbers::{grouped, positive};
pub use progress::{LossProgress, Progress};
pub use say::{say, warn};
pub use usage::report_usage;
pub use visible::visible;
pub use width::{columns, padded, width};
