//! Mixture of experts: many feed-forward networks, of which each token is routed to a few.
//!
//! A router scores all experts for a token. The best k process the token, and their results are added with the softmax
//! of their k scores as weights. The model holds the knowledge of all experts, but a token costs as much as k of them.

use burn::config::Config;
use burn::module::Module;
use burn::tensor::activation::{silu, softmax};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor};
use shared::Linear;

/// Sizes of a [`MoeFeedForward`].
#[derive(Config, Debug)]
pub struct MoeFeedForwardConfig {
    /// Width of the vectors.
    pub emb_dim: usize,
    /// Width inside an expert.
    pub hidden_dim: usize,
    /// Number of experts.
    pub num_experts: usize,
    /// Number of experts that a token is routed to, 1 to `num_experts`.
    pub num_experts_per_tok: usize,
}

/// A router and its experts, SwiGLU networks without biases: `fc3(silu(fc1(x)) * fc2(x))`.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct MoeFeedForward {
    /// The router, `[emb_dim, experts]`.
    pub gate: Linear,
    /// First layer of each expert, `[emb_dim, hidden_dim]`.
    pub fc1: Vec<Linear>,
    /// Layer of each expert that gates the first one, `[emb_dim, hidden_dim]`.
    pub fc2: Vec<Linear>,
    /// Last layer of each expert, `[hidden_dim, emb_dim]`.
    pub fc3: Vec<Linear>,
    /// Number of experts that a token is routed to.
    pub num_experts_per_tok: usize,
}

impl MoeFeedForward {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    ///
    /// # Panics
    /// If a token would be routed to no expert or to more than there are.
    pub fn new(config: &MoeFeedForwardConfig, device: &Device) -> Self {
        let (experts, visited) = (config.num_experts, config.num_experts_per_tok);
        assert!((1..=experts).contains(&visited), "a token cannot visit {visited} of {experts} experts");
        let linear = |d_in, d_out| Linear::new(d_in, d_out, false, device);
        let each = |d_in, d_out| (0..experts).map(|_| linear(d_in, d_out)).collect();
        Self {
            gate: linear(config.emb_dim, experts),
            fc1: each(config.emb_dim, config.hidden_dim),
            fc2: each(config.emb_dim, config.hidden_dim),
            fc3: each(config.hidden_dim, config.emb_dim),
            num_experts_per_tok: visited,
        }
    }

    /// # Shapes
    /// - `x`: `[batch, tokens, emb_dim]`; the result has the same.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let shape = x.dims();
        let x: Tensor<2> = x.flatten(0, 1); // [all tokens, emb_dim]
        let (weights, experts) = self.route(x.clone());
        let weights: Tensor<1> = weights.flatten(0, 1); // [all tokens * k]
        // The groups depend on the choice, which must be read; on a GPU this waits for the device.
        let experts: Vec<u32> = experts.into_data().iter().collect();

        let mut out = x.zeros_like();
        for expert in 0..self.fc1.len() {
            let visits: Vec<usize> = (0..experts.len()).filter(|&i| experts[i] == expert as u32).collect();
            if visits.is_empty() {
                continue;
            }
            let tokens = visits.iter().map(|i| i / self.num_experts_per_tok);
            let tokens = int_tensor(tokens, &x.device());
            let weight = weights.clone().select(0, int_tensor(visits.iter().copied(), &x.device()));
            let group = x.clone().select(0, tokens.clone()); // [visitors, emb_dim]
            let result = self.expert(expert, group) * weight.unsqueeze_dim(1);
            out = out.select_assign(0, tokens, result, IndexingUpdateOp::Add);
        }
        out.reshape(shape)
    }

    /// The experts of every token, best one first, and the weights of their results, which sum to 1.
    ///
    /// # Shapes
    /// - `x`: `[all tokens, emb_dim]`;
    /// - results: `[all tokens, num_experts_per_tok]` both.
    pub fn route(&self, x: Tensor<2>) -> (Tensor<2>, Tensor<2, Int>) {
        let scores = self.gate.forward(x); // [all tokens, experts]
        let (scores, experts) = scores.topk_with_indices(self.num_experts_per_tok, 1);
        (softmax(scores, 1), experts)
    }

    fn expert(&self, i: usize, x: Tensor<2>) -> Tensor<2> {
        let hidden = silu(self.fc1[i].forward(x.clone())) * self.fc2[i].forward(x); // [visitors, hidden_dim]
        self.fc3[i].forward(hidden)
    }
}

fn int_tensor(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.map(|value| value as i64).collect();
    Tensor::from_ints(values.as_slice(), device)
}
