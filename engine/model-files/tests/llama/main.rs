//! Llama, Qwen3 and Gemma 3 from Hugging Face's folders and from GGUF files: numbers of the originals, and what is refused.

mod changed;
mod config;
mod golden;
mod metadata;
mod numbers;
mod published;
mod tensors;
#[path = "../gguf/writer.rs"]
mod writer;
