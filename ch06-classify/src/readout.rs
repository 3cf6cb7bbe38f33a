//! The token position whose output is classified (section 6.5).
//!
//! The model gives two logits for every token. With the causal mask, a token attends only to itself and those before it:
//! the last one is the only one that has seen the whole message, so its logits are the answer. The others are here for
//! comparison.

use burn::tensor::{Int, Tensor, s};
use serde::{Deserialize, Serialize};

/// The position whose logits are the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// The last position, as in the book. In a padded message that is a padding token.
    #[default]
    Last,
    /// The first position (exercise 6.3).
    First,
    /// The last position that is not padding.
    LastReal,
    /// The mean over all positions.
    Mean,
}

impl Readout {
    /// All of them with their names on a command line.
    pub const ALL: [(&'static str, Self); 4] =
        [("last", Self::Last), ("first", Self::First), ("last-real", Self::LastReal), ("mean", Self::Mean)];

    /// One row of logits for each message.
    ///
    /// # Shapes
    /// - `logits`: `[batch, tokens, classes]`;
    /// - `inputs`: `[batch, tokens]`, the ids that gave them, padded with `pad_token_id`;
    /// - result: `[batch, classes]`.
    pub fn select(self, logits: Tensor<3>, inputs: &Tensor<2, Int>, pad_token_id: u32) -> Tensor<2> {
        let [batch, _, classes] = logits.dims();
        match self {
            Self::Last => logits.slice(s![.., -1.., ..]).squeeze_dim(1),
            Self::First => logits.slice(s![.., ..1, ..]).squeeze_dim(1),
            Self::LastReal => {
                let real = inputs.clone().not_equal_scalar(pad_token_id).int().sum_dim(1); // [batch, 1]
                let last = (real - 1).clamp_min(0).unsqueeze_dim::<3>(2).expand([batch, 1, classes]);
                logits.gather(1, last).squeeze_dim(1)
            }
            Self::Mean => logits.mean_dim(1).squeeze_dim(1),
        }
    }
}
