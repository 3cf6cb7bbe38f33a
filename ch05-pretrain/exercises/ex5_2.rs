//! # Exercise 5.2: Settings for a purpose
//!
//! When do you want a low temperature and a small top-k, and when high ones? There is no single right answer, but you can
//! measure what a setting does, and then tune it for a purpose. Work on the toy vocabulary of section 5.3: closer, every,
//! effort, forward, inches, moves, pizza, toward, you.
//!
//! 1. `effective_choices` measures a setting: between how many words it hesitates. That is the perplexity of its
//!    probabilities p: exp(-Σ p ln p), 1 if one word is certain, k if k words are equally likely.
//! 2. `temperature_for` turns this around: which temperature gives the number of choices that you want?
//! 3. `settings_for` is your own choice for two kinds of text:
//!    - factual: the best word, "forward", in at least 9 of 10 draws, but not in all;
//!    - creative: no word in more than 1 of 3 draws, each of the six best words now and then, and never one of the three
//!      that make no sense: "effort", "moves", "pizza".
//!
//! Hint: first top-k, then temperature, as `generate` does. A higher temperature always means more choices, so halving an
//! interval of temperatures again and again finds the right one. Try your settings out with 5.1's `count_draws`.
//!
//! # 练习 5.2：按用途选择设置
//!
//! 什么时候该用低温度和小的 top-k，什么时候该用高的？没有唯一的正确答案，但你可以测量一组设置的效果，再按用途调整。请使用
//! 5.3 节的玩具词表：closer、every、effort、forward、inches、moves、pizza、toward、you。
//!
//! 1. `effective_choices` 测量一组设置：它在多少个单词之间犹豫。这就是其概率 p 的困惑度：exp(-Σ p ln p)。某个单词必然
//!    出现时为 1，k 个单词等可能时为 k。
//! 2. `temperature_for` 反过来问：想要这么多个选择，温度应是多少？
//! 3. `settings_for` 是你自己为两类文本所做的选择：
//!    - 事实类：至少九成的抽样得到最佳单词 "forward"，但不是每次都是它；
//!    - 创意类：任何单词都不超过三分之一，六个最好的单词都会偶尔出现，而三个说不通的单词 "effort"、"moves"、"pizza"
//!      从不出现。
//!
//! 提示：与 `generate` 一样，先 top-k，后温度。温度越高，选择总是越多，因此把温度区间反复对半切分就能找到答案。可以用
//! 练习 5.1 的 `count_draws` 试验你的设置。
//!
//! Check it: `cargo run -- exercise check 5.2`

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Above 0.
    pub temperature: f64,
    /// Number of words that can be drawn, at least 1 and at most all.
    pub top_k: usize,
}

/// What the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Instructions, code, answers to questions.
    Factual,
    /// Stories, ideas.
    Creative,
}

/// Between how many words the settings hesitate: exp(-Σ p ln p) of the probabilities that they make of `logits`. A word
/// of probability 0 adds nothing to the sum.
pub fn effective_choices(logits: &[f32], settings: &Settings) -> f64 {
    todo!("exercise 5.2")
}

/// The temperature between 0.01 and 100 with which, with this top-k, `effective_choices` is `goal`, to within 0.01.
/// `None` if there is none.
pub fn temperature_for(logits: &[f32], top_k: usize, goal: f64) -> Option<f64> {
    todo!("exercise 5.2")
}

/// Your settings for the toy vocabulary.
pub fn settings_for(kind: Kind) -> Settings {
    todo!("exercise 5.2")
}
