//! # Exercise 5.1: How often is "pizza" drawn?
//!
//! Section 5.3 has a toy vocabulary of nine words, each with a logit for being the next one. It draws 1,000 words at the
//! temperatures 1, 0.1 and 5. "pizza", the word with id 6, has one of the lowest logits.
//!
//! 1. Write `count_draws` and see how often "pizza" comes up at each temperature.
//! 2. There is a faster way to know, and it is exact. Write it: `probability`.
//! 3. The two answers differ a little. Write `noise`, which says how much they may: the standard deviation of the number
//!    of hits among `n` draws is √(n p (1 - p)).
//!
//! Hint: `ch05_pretrain::generate::softmax_with_temperature` makes probabilities of logits, `TorchRng::multinomial` draws
//! one id. Keep a count for every word, also for one that is never drawn.
//!
//! # 练习 5.1："pizza" 会被抽到几次？
//!
//! 5.3 节有一个九个单词的玩具词表，每个单词都有一个作为下一个词的 logit。书中分别在温度 1、0.1 和 5 下各抽 1,000 次。
//! ID 为 6 的 "pizza" 是 logit 最低的单词之一。
//!
//! 1. 编写 `count_draws`，看看 "pizza" 在每个温度下出现几次。
//! 2. 有一个更快的办法，而且结果是精确的。把它写出来：`probability`。
//! 3. 两个答案略有出入。编写 `noise`，说明它们可以相差多少：抽 `n` 次，命中次数的标准差是 √(n p (1 - p))。
//!
//! 提示：`ch05_pretrain::generate::softmax_with_temperature` 把 logits 变成概率，`TorchRng::multinomial` 抽取一个 ID。
//! 每个单词都要有计数，从未抽到的也不例外。
//!
//! Check it: `cargo run -- exercise check 5.1`

use shared::rng::TorchRng;

/// Draws `draws` ids with the probabilities `softmax(logits / temperature)` and counts them: entry i of the result is how
/// often id i was drawn.
pub fn count_draws(logits: &[f32], temperature: f64, draws: usize, rng: &mut TorchRng) -> Vec<usize> {
    todo!("exercise 5.1")
}

/// The probability of drawing `id`, without a draw.
pub fn probability(logits: &[f32], temperature: f64, id: usize) -> f64 {
    todo!("exercise 5.1")
}

/// Standard deviation of the number of hits among `draws` draws, each a hit with this probability.
pub fn noise(probability: f64, draws: usize) -> f64 {
    todo!("exercise 5.1")
}
