//! # Exercise 2.2: A data loader with other windows
//!
//! To see what `max_length` and `stride` do, make batches with windows of 2 tokens that begin 2 tokens apart, and then
//! with windows of 8 tokens that begin 2 tokens apart.
//!
//! 1. Write `first_batch`: the first batch of 4 windows of a text, in order (no shuffling).
//! 2. Write `overlap`: how many tokens a window shares with the next one. When is it 0?
//!
//! Hint: `create_dataloader` and `DataLoaderOptions` do the first; `iter` (of the trait `Batches`) wants a generator even if
//! nothing is shuffled, so give it `TorchRng::new(123)`. For the second, draw two windows on paper; mind a stride larger than
//! the window.
//!
//! # 练习 2.2：用不同窗口设置的数据加载器
//!
//! 为了看清 `max_length` 和 `stride` 的作用，请先用长度为 2、步幅为 2 的窗口生成批次，再用长度为 8、步幅为 2 的窗口生成批次。
//!
//! 1. 编写 `first_batch`：一段文本按顺序（不打乱）的第一个批次，包含 4 个窗口。
//! 2. 编写 `overlap`：一个窗口与下一个窗口共有多少个词元。什么时候为 0？
//!
//! 提示：第一项可用 `create_dataloader` 和 `DataLoaderOptions`；即使不打乱，`iter`（属于 trait `Batches`）也需要一个随机数生成器，
//! 传入 `TorchRng::new(123)` 即可。第二项请在纸上画出两个窗口；注意步幅大于窗口长度的情况。
//!
//! Check it: `cargo run -- exercise check 2.2`

use burn::tensor::Device;
use ch02_text::{Batch, DataLoaderOptions, DatasetError, create_dataloader};
use shared::Batches;
use shared::rng::TorchRng;

/// The first batch of 4 windows of `text`, in order; `None` if the text has fewer than 4 windows.
///
/// # Errors
/// If `max_length` or `stride` is 0 or not even one window fits.
pub fn first_batch(
    text: &str,
    max_length: usize,
    stride: usize,
    device: &Device,
) -> Result<Option<Batch>, DatasetError> {
    todo!("exercise 2.2")
}

/// Number of tokens that a window shares with the next one.
pub fn overlap(max_length: usize, stride: usize) -> usize {
    todo!("exercise 2.2")
}
