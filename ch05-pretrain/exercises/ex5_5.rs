//! # Exercise 5.5: Does it know the story?
//!
//! What are the losses of a pretrained model on the training and the validation part of a text, and what do they say?
//!
//! 1. `losses` opens a model folder and measures both parts.
//! 2. `read` puts the two numbers into words.
//!
//! Then think: GPT-2 (124M) has 3.7547 and 3.5596 on "The Verdict". Was the story among the texts that it learned from?
//!
//! If you have GPT-2's weights and the story, you can see it for yourself:
//!
//! ```sh
//! LLM_GPT2_DIR=weights LLM_DATA_DIR=data cargo test -p ch05-pretrain --features my-solutions --test ex5_5 \
//!     -- --ignored weights_5_5
//! ```
//!
//! Hint: `model_files::open_model` opens a folder, `Loaders::new` splits the text and makes windows, `calc_loss_loader`
//! with `None` takes all batches. A pass over a shuffled loader draws from the generator, so the order matters: first the
//! training part, then the validation part.
//!
//! # 练习 5.5：它认识这个故事吗？
//!
//! 一个预训练模型在文本的训练部分和验证部分上的损失各是多少？这两个数说明了什么？
//!
//! 1. `losses` 打开一个模型文件夹，测量两个部分。
//! 2. `read` 把这两个数翻译成一句结论。
//!
//! 然后想一想：GPT-2（124M）在 "The Verdict" 上的损失是 3.7547 和 3.5596。这个故事在不在它学过的文本里？
//!
//! 如果你有 GPT-2 的权重和这篇小说，可以亲自看一看：
//!
//! ```sh
//! LLM_GPT2_DIR=weights LLM_DATA_DIR=data cargo test -p ch05-pretrain --features my-solutions --test ex5_5 \
//!     -- --ignored weights_5_5
//! ```
//!
//! 提示：`model_files::open_model` 打开文件夹，`Loaders::new` 切分文本并划出窗口，`calc_loss_loader` 的参数取 `None` 表示所有批次。
//! 遍历打乱顺序的加载器要从随机数生成器抽取，所以先后有别：先训练部分，后验证部分。
//!
//! Check it: `cargo run -- exercise check 5.5`

use std::path::Path;

use burn::tensor::Device;

/// Mean losses on the two parts of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// On the first nine tenths.
    pub train: f64,
    /// On the rest.
    pub validation: f64,
}

/// What the losses of a model on a text say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The training loss is at least ln(vocabulary): no better than guessing.
    Untrained,
    /// The validation loss is more than 1 above the training loss: the model knows the training part by heart.
    Memorised,
    /// Neither: both parts are about equally new, or equally well known, to the model.
    Alike,
}

/// Opens the model in `folder` and measures its losses on all batches of both parts of `text`, in batches of two windows
/// of `window` tokens, with a generator from seed 123.
///
/// # Errors
/// If the model cannot be opened or the text is too short.
pub fn losses(folder: &Path, text: &str, window: usize, device: &Device) -> anyhow::Result<Losses> {
    todo!("exercise 5.5")
}

/// What the losses of a model with a vocabulary of this size say.
pub fn read(losses: &Losses, vocab_size: usize) -> Reading {
    todo!("exercise 5.5")
}
