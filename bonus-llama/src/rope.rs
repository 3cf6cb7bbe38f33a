//! Rotary positions (RoPE): a position turns queries and keys instead of being added to the input.
//!
//! GPT-2 learns a vector for every position and adds it once, at the bottom. A Llama learns nothing about positions. In
//! every block it cuts each query and key into pairs and rotates pair i by an angle that grows with the position p:
//!
//! ```text
//! frequency_i = base^(-2i / head_dim)         i = 0 … head_dim/2 - 1
//! angle(p, i) = p · frequency_i
//!
//! a' = a·cos(angle) - b·sin(angle)
//! b' = b·cos(angle) + a·sin(angle)
//! ```
//!
//! A rotated query times a rotated key depends on the distance of their positions only, and there is no table that
//! ends at some length. The first pair makes a whole turn every 6.3 tokens and tells neighbours apart; the last is
//! slow enough to tell the beginning of a long text from its end. Values are not rotated. Su et al., 2021.
//!
//! Which two numbers form a pair is a matter of layout. Here, as in all checkpoints of Hugging Face, pair i is
//! `(x[i], x[i + head_dim/2])`. Meta's own files, and GGUF files of the Llama family, take the neighbours
//! `(x[2i], x[2i + 1])`; a loader for them has to reorder the rows of the query and key weights.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData, s};

use crate::config::RopeScaling;
use crate::rope_scaling::slow_down;

/// How fast each pair of a head rotates.
#[derive(Clone, Debug, PartialEq)]
pub struct Rope {
    /// Radians per position, `head_dim / 2` numbers.
    pub frequencies: Vec<f64>,
}

impl Rope {
    /// The frequencies of heads of width `head_dim`, slowed down as `scaling` says.
    pub fn new(head_dim: usize, base: f64, scaling: Option<&RopeScaling>) -> Self {
        let frequency = |i: usize| base.powf(-2.0 * i as f64 / head_dim as f64);
        let frequencies: Vec<f64> = (0..head_dim / 2).map(frequency).collect();
        let Some(scaling) = scaling else { return Self { frequencies } };
        Self { frequencies: frequencies.iter().map(|&frequency| slow_down(frequency, scaling)).collect() }
    }

    /// Every frequency divided by its own number, as GGUF files state the scaling (`rope_freqs.weight`).
    ///
    /// # Panics
    /// If there is not one divisor for each frequency.
    pub fn divided_by(&self, divisors: &[f32]) -> Self {
        let (pairs, found) = (self.frequencies.len(), divisors.len());
        assert_eq!(found, pairs, "{found} divisors for {pairs} frequencies");
        let divided = self.frequencies.iter().zip(divisors).map(|(frequency, &divisor)| frequency / f64::from(divisor));
        Self { frequencies: divided.collect() }
    }

    /// The rotation of the tokens at some positions. Angles are computed with 64 bits: with 32 they would be off by
    /// 0.0002 at position 8000.
    pub fn rotation(&self, positions: Range<usize>, device: &Device) -> Rotation {
        let shape = [positions.len(), self.frequencies.len()];
        let angles: Vec<f64> = positions.flat_map(|p| self.frequencies.iter().map(move |f| p as f64 * f)).collect();
        let table = |of: fn(f64) -> f64| {
            let values: Vec<f32> = angles.iter().map(|&angle| of(angle) as f32).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Rotation { cos: table(f64::cos), sin: table(f64::sin) }
    }
}

/// The rotation of some tokens, the same in every head.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// Cosines of the angles, `[tokens, head_dim / 2]`.
    pub cos: Tensor<2>,
    /// Sines of the angles, `[tokens, head_dim / 2]`.
    pub sin: Tensor<2>,
}

impl Rotation {
    /// Rotates every pair of every token.
    ///
    /// # Shapes
    /// - `x`: queries or keys, `[batch, heads, tokens, head_dim]`; the result has the same.
    pub fn apply(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, _, head_dim] = x.dims();
        let a = x.clone().slice(s![.., .., .., ..head_dim / 2]); // [batch, heads, tokens, head_dim / 2]
        let b = x.slice(s![.., .., .., head_dim / 2..]); // [batch, heads, tokens, head_dim / 2]
        let cos = self.cos.clone().unsqueeze::<4>(); // [1, 1, tokens, head_dim / 2]
        let sin = self.sin.clone().unsqueeze::<4>(); // [1, 1, tokens, head_dim / 2]
        let turned_a = a.clone() * cos.clone() - b.clone() * sin.clone();
        let turned_b = b * cos + a * sin;
        Tensor::cat(vec![turned_a, turned_b], 3) // [batch, heads, tokens, head_dim]
    }
}
