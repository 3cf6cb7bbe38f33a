//! A GPT model and greedy generation (chapter 4).
