//! The `llm` program.

fn main() {}
