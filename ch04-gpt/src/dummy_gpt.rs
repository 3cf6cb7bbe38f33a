//! The skeleton of a GPT with placeholders where the work will be done (section 4.1).

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};
use shared::{Dropout, GptConfig, Linear, Mode};

/// Token ids in, logits out, and nothing computed in between: the blocks and the norm return their input.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct DummyGptModel {
    tok_emb: Embedding,
    pos_emb: Embedding,
    drop_emb: Dropout,
    trf_blocks: Vec<DummyTransformerBlock>,
    final_norm: DummyLayerNorm,
    out_head: Linear,
}

impl DummyGptModel {
    /// A lazy model; [`torch_init`](shared::init::torch_init) draws its values.
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        Self {
            tok_emb: EmbeddingConfig::new(config.vocab_size, config.emb_dim).init(device),
            pos_emb: EmbeddingConfig::new(config.context_length, config.emb_dim).init(device),
            drop_emb: Dropout::new(config.drop_rate),
            trf_blocks: (0..config.n_layers).map(|_| DummyTransformerBlock {}).collect(),
            final_norm: DummyLayerNorm {},
            out_head: Linear::new(config.emb_dim, config.vocab_size, false, device),
        }
    }

    /// # Shapes
    /// - `ids`: `[batch, tokens]`, at most `context_length` tokens;
    /// - result: logits, `[batch, tokens, vocab_size]`.
    ///
    /// # Panics
    /// If there are more tokens than `context_length`.
    pub fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let context_length = self.pos_emb.weight.lazy_shape()[0];
        assert!(tokens <= context_length, "{tokens} tokens do not fit into a context of {context_length}");
        let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
        let x = self.tok_emb.forward(ids) + self.pos_emb.forward(positions); // [batch, tokens, emb_dim]
        let mut x = self.drop_emb.forward(x, mode);
        for block in &self.trf_blocks {
            x = block.forward(x);
        }
        let x = self.final_norm.forward(x);
        self.out_head.forward(x) // [batch, tokens, vocab_size]
    }
}

/// Holds the place of the [`TransformerBlock`](crate::TransformerBlock).
#[derive(Module, Debug)]
pub struct DummyTransformerBlock {}

impl DummyTransformerBlock {
    /// Returns its input.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x
    }
}

/// Holds the place of the [`LayerNorm`](crate::LayerNorm).
#[derive(Module, Debug)]
pub struct DummyLayerNorm {}

impl DummyLayerNorm {
    /// Returns its input.
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        x
    }
}
