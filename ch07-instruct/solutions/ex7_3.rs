//! # Solution 7.3: Fifty times as many instructions
//!
//! The logits are the largest tensor of a step: 8 rows of 1024 tokens make 1.65 GB, and training keeps several tensors of
//! this size. 4 rows of 512 need a quarter. Nothing else changes; the run only takes long, more than three hours on the
//! book's GPU. The judge gives 48.16 points, no more than with the 1,100 entries of the chapter: what entries say matters
//! more than how many they are.
//!
//! # 解答 7.3：五十倍的指令
//!
//! logits 是一步训练中最大的张量：8 行 1024 个词元占 1.65 GB，而训练要保留好几个这么大的张量。4 行 512 个词元只需要四分之一。
//! 其他都不变，只是运行时间长：在书中的 GPU 上超过三小时。评判模型给出 48.16 分，并不比本章的 1,100 个条目更高：条目说了什么，比
//! 条目有多少更重要。

use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::Loaders;
use ch07_instruct::{CollateOptions, Entries, InstructionLoader, InstructionLoaders, PromptFormat, partition};

/// Bytes of the logits of a batch with `rows` rows of `tokens` tokens.
pub fn logit_bytes(rows: usize, tokens: usize) -> usize {
    rows * tokens * VOCAB_SIZE * size_of::<f32>()
}

/// Loaders for the entries in `json`.
///
/// # Errors
/// If the text holds no entries, or too few.
pub fn alpaca_loaders(json: &str) -> Result<Loaders<InstructionLoader>, Box<dyn std::error::Error>> {
    let entries = Entries::parse(json, "the Alpaca data set")?;
    let options = CollateOptions { allowed_max_length: Some(512), ..Default::default() };
    let tokenizer = Gpt2Tokenizer::new();
    Ok(InstructionLoaders::new(partition(&entries), PromptFormat::Alpaca, 4, &options, &tokenizer)?.loaders)
}
