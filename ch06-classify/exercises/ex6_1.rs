//! # Exercise 6.1: Padding to the whole context
//!
//! Section 6.3 fills every message up to the length of the longest one, 120 tokens for the book's collection. The model
//! could take more: GPT-2 sees up to 1,024 tokens. Make the datasets of all three parts so that every message has as many
//! tokens as the model can see, and nothing else changes. Then think about what the last position has to do.
//!
//! Hint: the model knows its own limit, `GptModel::context_length`; do not write 1024. `Length` says how long the
//! messages of a dataset are made.
//!
//! # 练习 6.1：填充到整个上下文
//!
//! 6.3 节把每条消息填充到最长一条的长度，书中的数据集是 120 个词元。模型能接受的更多：GPT-2 最多看到 1,024 个词元。请为三个
//! 部分各建一个数据集，让每条消息的词元数恰好等于模型能看到的数量，其余一概不变。然后想一想，最后一个位置要做什么。
//!
//! 提示：模型知道自己的上限，即 `GptModel::context_length`，不要写死 1024。`Length` 说明数据集中的消息有多长。
//!
//! Check it: `cargo run -- exercise check 6.1`

use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch06_classify::{Length, SpamDataset, Split};

/// The datasets of the training, the validation and the test part, every message as long as the context of `model`.
pub fn datasets(split: &Split, tokenizer: &Gpt2Tokenizer, model: &GptModel) -> [SpamDataset; 3] {
    todo!("exercise 6.1")
}
