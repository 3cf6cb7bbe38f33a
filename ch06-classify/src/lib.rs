//! A GPT becomes a spam classifier (chapter 6).

#![warn(clippy::unwrap_used)]
