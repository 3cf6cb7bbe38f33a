//! A GPT learns to follow instructions (chapter 7).

#![warn(clippy::unwrap_used)]
