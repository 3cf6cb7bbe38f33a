//! # Solution 5.1: How often is "pizza" drawn?
//!
//! With seed 123, "pizza" comes up 0, 0 and 32 times among 1,000 draws at the temperatures 1, 0.1 and 5. Its probability
//! needs no draw, it is one entry of the softmax: 0.0001, 3·10⁻³⁸ and 0.0430. So at temperature 5 one would expect 43
//! hits, and got 32. The noise explains the gap: 43 hits have a standard deviation of 6.4, and 11 is less than two of
//! those. To halve the noise relative to the count, you need four times as many draws; the softmax has none.
//!
//! # 解答 5.1："pizza" 会被抽到几次？
//!
//! 种子为 123 时，在温度 1、0.1 和 5 下各抽 1,000 次，"pizza" 分别出现 0、0 和 32 次。它的概率不必抽样，就是 softmax 的一个
//! 分量：0.0001、3·10⁻³⁸ 和 0.0430。因此温度为 5 时应有约 43 次，实际得到 32 次。差距来自抽样噪声：期望 43 次时标准差是 6.4，
//! 相差 11 次还不到两个标准差。要让相对噪声减半，就得抽四倍的次数；softmax 则没有噪声。

use burn::tensor::{Device, Tensor};
use ch05_pretrain::generate::softmax_with_temperature;
use shared::rng::TorchRng;

fn probabilities(logits: &[f32], temperature: f64) -> Vec<f32> {
    let logits = Tensor::<1>::from_floats(logits, &Device::flex());
    softmax_with_temperature(logits, temperature).into_data().iter::<f32>().collect()
}

/// Draws `draws` ids with the probabilities `softmax(logits / temperature)` and counts them: entry i of the result is how
/// often id i was drawn.
pub fn count_draws(logits: &[f32], temperature: f64, draws: usize, rng: &mut TorchRng) -> Vec<usize> {
    let probabilities = probabilities(logits, temperature);
    let mut counts = vec![0; logits.len()];
    for _ in 0..draws {
        counts[rng.multinomial(&probabilities)] += 1;
    }
    counts
}

/// The probability of drawing `id`, without a draw.
pub fn probability(logits: &[f32], temperature: f64, id: usize) -> f64 {
    f64::from(probabilities(logits, temperature)[id])
}

/// Standard deviation of the number of hits among `draws` draws, each a hit with this probability.
pub fn noise(probability: f64, draws: usize) -> f64 {
    (draws as f64 * probability * (1.0 - probability)).sqrt()
}
