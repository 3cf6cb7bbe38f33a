//! # Exercise 7.2: Learn the answers only
//!
//! So far the loss also counts how well the model predicts the instruction. Leave it out: write a row of targets in
//! which the prompt is ignored. `targets` gets the ids of one entry (prompt and answer), the number of ids that are the
//! prompt, and the length of the longest entry of the batch. It returns a row of that length: the ids one step later, one
//! end-of-text token (50256) after them, and -100 for all other padding. Then the first `prompt_length - 1` targets
//! become -100 too. Afterwards, fine-tune with `cargo run --release -- instruct train --mask-instruction` and compare.
//!
//! Hint: why minus one? The row begins with the second token, so a prompt of n tokens owns n - 1 targets; the next one
//! is the first token after the prompt, and that one the model must learn. A `prompt_length` of 0 hides nothing.
//!
//! # 练习 7.2：只学习回答
//!
//! 到目前为止，损失也计算模型预测指令的好坏。现在把指令排除在外：写出一行目标，其中提示部分被忽略。`targets` 接收一个条目的 id
//! （提示和回答）、其中属于提示的 id 个数，以及批次中最长条目的长度。它返回这一长度的一行：向后错一步的 id，其后是一个文本结束
//! 词元（50256），其余填充都是 -100。然后，前 `prompt_length - 1` 个目标也变成 -100。写好之后，用
//! `cargo run --release -- instruct train --mask-instruction` 微调并比较。
//!
//! 提示：为什么减一？这一行从第二个词元开始，所以 n 个词元的提示占有 n - 1 个目标；再下一个是提示之后的第一个词元，模型必须学会
//! 它。`prompt_length` 为 0 时什么都不隐藏。
//!
//! Check it: `cargo run -- exercise check 7.2`

/// The targets of one entry in a batch whose longest entry has `longest` ids.
///
/// # Panics
/// If `ids` is longer than `longest`.
pub fn targets(ids: &[u32], prompt_length: usize, longest: usize) -> Vec<i32> {
    todo!("exercise 7.2")
}
