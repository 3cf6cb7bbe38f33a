//! Conversations, and the templates that turn them into what a model reads.
//!
//! A template is a program in the language Jinja, and comes with the model. It runs with a limit on its work, and has no
//! way to read a file or another template.

mod date;
mod encode;
mod message;
mod opaque;
mod template;

pub use message::{ChatOptions, Message, Role};
pub use template::{ChatError, ChatTemplate};
