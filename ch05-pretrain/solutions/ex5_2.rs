//! # Solution 5.2: Settings for a purpose
//!
//! Low values keep to what the model is sure of: for facts, formal or technical text, code, answers. As a rule of thumb,
//! take a temperature below 1 and a top-k below 10. High values give more variety: for stories and collecting ideas, a
//! temperature above 1 and a top-k of 20 to 40. Both depend on the model: one that is well trained is surer of its best
//! words and tolerates a higher temperature.
//!
//! The two controls do different things. The temperature moves probability between all words, so a high one also raises
//! the probability of nonsense; top-k cuts off the nonsense and leaves the rest in proportion. Creative text needs both:
//! a high temperature and a limit. For the toy vocabulary any temperature between 0.1 and 0.21 is factual; creative needs
//! a top-k of 6 and a temperature of at least 3.4.
//!
//! # 解答 5.2：按用途选择设置
//!
//! 低的设置紧跟模型有把握的内容：事实、正式或技术性文字、代码、问答。经验做法是温度低于 1，top-k 小于 10。高的设置带来更多变化：
//! 写故事、想点子时，温度高于 1，top-k 取 20 到 40。两者都取决于模型：训练得好的模型对最佳单词更有把握，也能承受更高的温度。
//!
//! 两个旋钮的作用不同。温度在所有单词之间重新分配概率，所以高温也会提高胡言乱语的概率；top-k 切掉胡言乱语，其余单词的比例不变。
//! 创意文本两者都要：既要高温度，也要限制。对这个玩具词表，0.1 到 0.21 之间的温度都算事实类；创意类需要 top-k 为 6，温度至少 3.4。

use burn::tensor::{Device, Tensor};
use ch05_pretrain::generate::{softmax_with_temperature, top_k_filter};

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
    let logits = Tensor::<1>::from_floats(logits, &Device::flex()).unsqueeze(); // [1, vocab_size]
    let probabilities = softmax_with_temperature(top_k_filter(logits, settings.top_k), settings.temperature);
    let entropy: f64 = probabilities.into_data().iter::<f64>().filter(|p| *p > 0.0).map(|p| -p * p.ln()).sum();
    entropy.exp()
}

/// The temperature between 0.01 and 100 with which, with this top-k, `effective_choices` is `goal`, to within 0.01.
/// `None` if there is none.
pub fn temperature_for(logits: &[f32], top_k: usize, goal: f64) -> Option<f64> {
    let choices = |temperature| effective_choices(logits, &Settings { temperature, top_k });
    let (mut low, mut high) = (0.01, 100.0);
    if !(choices(low)..=choices(high)).contains(&goal) {
        return None;
    }
    // The answer always lies between the two; after 30 halvings they are as good as equal.
    for _ in 0..30 {
        let middle = (low + high) / 2.0;
        if choices(middle) < goal { low = middle } else { high = middle }
    }
    Some(high)
}

/// Your settings for the toy vocabulary.
pub fn settings_for(kind: Kind) -> Settings {
    match kind {
        Kind::Factual => Settings { temperature: 0.15, top_k: 3 },
        Kind::Creative => Settings { temperature: 5.0, top_k: 6 },
    }
}
