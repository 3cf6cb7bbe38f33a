//! # Solution 2.2: A data loader with other windows
//!
//! With length 2 and stride 2 the windows stand side by side: every token is an input once. With length 8 and
//! stride 2 each window shares 6 of its 8 tokens with the next one: the model sees a token four times in one pass,
//! each time with another context. That makes more of a short text, but the windows are much alike and overfitting
//! starts sooner. With a stride larger than the length, tokens are skipped.
//!
//! # 解答 2.2：用不同窗口设置的数据加载器
//!
//! 长度 2、步幅 2 时，窗口首尾相接，每个词元恰好作为一次输入。长度 8、步幅 2 时，每个窗口与下一个窗口共有 8 个词元中的 6 个：
//! 模型在一轮中会看到同一个词元四次，每次的上下文不同。这样能更充分地利用短文本，但窗口之间非常相似，更容易过拟合。
//! 步幅大于长度时，会跳过一些词元。

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
    let options = DataLoaderOptions { batch_size: 4, max_length, stride, shuffle: false, drop_last: true };
    let loader = create_dataloader(text, &options)?;
    Ok(loader.iter(&mut TorchRng::new(123), device).next())
}

/// Number of tokens that a window shares with the next one.
pub fn overlap(max_length: usize, stride: usize) -> usize {
    max_length.saturating_sub(stride)
}
