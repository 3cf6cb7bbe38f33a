//! # Exercise 5.6: Larger models
//!
//! GPT-2 comes in four sizes. Write a function that lets the model in any folder continue a text, whatever its size is,
//! and compare what they write. The settings are those of section 5.5: seed 123, 25 new tokens, top-k 50,
//! temperature 1.5.
//!
//! The check uses two small untrained models of different sizes, so what they write is nonsense. With GPT-2's weights in
//! a folder, you can compare with the text of the book:
//!
//! ```sh
//! LLM_GPT2_DIR=weights cargo test -p ch05-pretrain --features my-solutions --test ex5_6 -- --ignored weights_5_6
//! ```
//!
//! Hint: `model_files::open_model` opens a model and returns its configuration too. Nothing in the function may depend on
//! one size, not even the context. `num_params()` needs the trait `burn::module::Module`.
//!
//! # 练习 5.6：更大的模型
//!
//! GPT-2 有四种尺寸。请编写一个函数，让任意文件夹中的模型续写一段文本，不论它有多大，然后比较它们写了什么。设置与 5.5 节相同：
//! 种子 123，25 个新词元，top-k 为 50，温度 1.5。
//!
//! 检查时使用两个尺寸不同、未经训练的小模型，所以写出来的是胡言乱语。如果文件夹里有 GPT-2 的权重，可以与书中的文本比较：
//!
//! ```sh
//! LLM_GPT2_DIR=weights cargo test -p ch05-pretrain --features my-solutions --test ex5_6 -- --ignored weights_5_6
//! ```
//!
//! 提示：`model_files::open_model` 打开模型，也会返回它的配置。函数不能依赖某一种尺寸，上下文长度也不例外。`num_params()` 需要
//! trait `burn::module::Module`。
//!
//! Check it: `cargo run -- exercise check 5.6`

use std::path::Path;

use burn::tensor::Device;

/// What a model wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// Number of the model's parameters.
    pub parameters: usize,
    /// The prompt and what follows it.
    pub text: String,
}

/// Lets the model in `folder` continue `prompt`.
///
/// # Errors
/// If the model cannot be opened, or cannot write with these settings.
pub fn continue_with(folder: &Path, prompt: &str, device: &Device) -> anyhow::Result<Continuation> {
    todo!("exercise 5.6")
}
