//! GPT-2's published weights: both forms give the numbers of the original, everything else is refused.
//!
//! `tests/golden/gpt2-tiny-*` is a small random GPT-2 in both forms, with what PyTorch computes from it.
//!
//! The tests of the real model are ignored, since its files have 500 MB. They want a folder with either form:
//! `LLM_GPT2_DIR=FOLDER cargo test -p model-files --test gpt2_weights -- --ignored`

#[path = "../common/mod.rs"]
mod common;
mod golden;
mod hugging_face;
mod lesson;
mod openai;
mod published;
mod read;
mod refused;
