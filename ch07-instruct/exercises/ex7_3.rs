//! # Exercise 7.3: Fifty times as many instructions
//!
//! Stanford's Alpaca data set has 52,002 entries, some of them long. Prepare a run on such a file so that it fits into
//! memory. `logit_bytes` says how much memory the logits of one batch take as 32-bit floats, with GPT-2's vocabulary of
//! 50,257 tokens: compare 8 rows of 1024 with 4 rows of 512. `alpaca_loaders` reads the entries of a JSON text, cuts them
//! into the three parts, and makes loaders with batches of 4 and at most 512 tokens, in the Alpaca format. With the
//! file, fine-tune: `cargo run --release -- instruct train --data FILE --batch-size 4 --max-length 512`.
//!
//! Hint: `Entries::parse`, `partition` and `InstructionLoaders::new` do the work; find the option for the length in
//! `CollateOptions`.
//!
//! # 练习 7.3：五十倍的指令
//!
//! 斯坦福的 Alpaca 数据集有 52,002 个条目，其中一些很长。请为这样的文件准备一次训练，使它放得进内存。`logit_bytes` 给出一个批次的
//! logits 以 32 位浮点数存放时占多少内存，词表是 GPT-2 的 50,257 个词元：比较 8 行 1024 个词元与 4 行 512 个词元。
//! `alpaca_loaders` 从 JSON 文本读出条目，切成三部分，并以 Alpaca 格式建立加载器，每批 4 行，每行至多 512 个词元。有了数据文件，就
//! 可以微调：`cargo run --release -- instruct train --data FILE --batch-size 4 --max-length 512`。
//!
//! 提示：`Entries::parse`、`partition` 和 `InstructionLoaders::new` 就够用了；长度的选项在 `CollateOptions` 里。
//!
//! Check it: `cargo run -- exercise check 7.3`

use ch05_pretrain::Loaders;
use ch07_instruct::InstructionLoader;

/// Bytes of the logits of a batch with `rows` rows of `tokens` tokens.
pub fn logit_bytes(rows: usize, tokens: usize) -> usize {
    todo!("exercise 7.3")
}

/// Loaders for the entries in `json`.
///
/// # Errors
/// If the text holds no entries, or too few.
pub fn alpaca_loaders(json: &str) -> Result<Loaders<InstructionLoader>, Box<dyn std::error::Error>> {
    todo!("exercise 7.3")
}
