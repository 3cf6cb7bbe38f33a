//! # Solution 7.2: Learn the answers only
//!
//! The order matters: first the padding, then the prompt, last a cut to an allowed length (which this exercise leaves
//! out). The loss of a masked run is not comparable with the other: it counts other tokens. In the book's experiment the
//! judge gives 47.73 instead of 49.45 points, so masking does not help here, as some studies found too.
//!
//! # 解答 7.2：只学习回答
//!
//! 顺序很重要：先处理填充，再处理提示，最后才截到允许的长度（本练习省略了这一步）。加掩码之后的损失与原来的不能比较，因为计算的词元
//! 不同。在书中的实验里，评判模型给出 47.73 分，而不是 49.45 分；可见加掩码在这里没有帮助，一些研究也得到同样的结果。

/// The targets of one entry in a batch whose longest entry has `longest` ids.
///
/// # Panics
/// If `ids` is longer than `longest`.
pub fn targets(ids: &[u32], prompt_length: usize, longest: usize) -> Vec<i32> {
    assert!(ids.len() <= longest, "{} ids are more than the longest row has: {longest}", ids.len());
    let mut row: Vec<i32> = ids.iter().skip(1).map(|&id| id as i32).collect();
    row.push(50256);
    row.resize(longest, -100);
    row[..prompt_length.saturating_sub(1)].fill(-100);
    row
}
