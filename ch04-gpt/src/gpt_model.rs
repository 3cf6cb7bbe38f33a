//! The GPT model (section 4.6).

use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};
use shared::{Dropout, GptConfig, LanguageModel, Linear, Mode};

use crate::{LayerNorm, TransformerBlock};

/// Token ids become vectors, pass through the blocks, and come out as one score (logit) per token of the vocabulary.
///
/// The output layer has its own weight; GPT-2 ties it to the token embedding (see
/// [`num_params_tied`](Self::num_params_tied)).
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct GptModel {
    /// A vector for each token id, `[vocab_size, emb_dim]`.
    pub tok_emb: Embedding,
    /// A vector for each position, `[context_length, emb_dim]`.
    pub pos_emb: Embedding,
    /// Dropout on the sum of both.
    pub drop_emb: Dropout,
    /// The transformer blocks, first one first.
    pub trf_blocks: Vec<TransformerBlock>,
    /// The norm after the last block.
    pub final_norm: LayerNorm,
    /// From vectors to logits, without bias.
    pub out_head: Linear,
    /// Other code for [`forward`](Self::forward), if a caller has set it.
    #[module(skip)]
    pub fast: Option<Forward>,
}

/// Code that computes the logits of a model in its own way: the numbers are those of [`GptModel::forward`].
pub type Forward = fn(&GptModel, Tensor<2, Int>, &mut Mode) -> Tensor<3>;

impl GptModel {
    /// A lazy model; [`torch_init`](shared::init::torch_init) draws its values, or a loader sets them.
    ///
    /// # Panics
    /// If the configuration is not valid, with the text of [`GptConfig::validate`].
    pub fn new(config: &GptConfig, device: &Device) -> Self {
        config.validate().unwrap_or_else(|error| panic!("{error}"));
        Self {
            tok_emb: EmbeddingConfig::new(config.vocab_size, config.emb_dim).init(device),
            pos_emb: EmbeddingConfig::new(config.context_length, config.emb_dim).init(device),
            drop_emb: Dropout::new(config.drop_rate),
            trf_blocks: (0..config.n_layers).map(|_| TransformerBlock::new(config, device)).collect(),
            final_norm: LayerNorm::new(config.emb_dim, device),
            out_head: Linear::new(config.emb_dim, config.vocab_size, false, device),
            fast: None,
        }
    }

    /// # Shapes
    /// - `ids`: `[batch, tokens]`, every id below `vocab_size`;
    /// - result: logits, `[batch, tokens, vocab_size]`.
    ///
    /// # Panics
    /// If there are more tokens than [`context_length`](Self::context_length).
    pub fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        let ([_, tokens], context_length) = (ids.dims(), self.context_length());
        assert!(tokens <= context_length, "{tokens} tokens do not fit into a context of {context_length}");
        if let Some(fast) = self.fast {
            return fast(self, ids, mode);
        }

        let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
        let x = self.tok_emb.forward(ids) + self.pos_emb.forward(positions); // [batch, tokens, emb_dim]
        let mut x = self.drop_emb.forward(x, mode);
        for block in &self.trf_blocks {
            x = block.forward(x, mode);
        }
        let x = self.final_norm.forward(x);
        self.out_head.forward(x) // [batch, tokens, vocab_size]
    }

    /// The same model with another dropout rate everywhere.
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    pub fn with_drop_rate(mut self, rate: f64) -> Self {
        let dropout = Dropout::new(rate);
        self.drop_emb = dropout.clone();
        for block in &mut self.trf_blocks {
            block.att.dropout = dropout.clone();
            block.drop_shortcut = dropout.clone();
        }
        self
    }

    /// Maximum number of tokens that the model can take at once.
    pub fn context_length(&self) -> usize {
        self.pos_emb.weight.lazy_shape()[0]
    }

    /// Number of parameters if the output layer shared the weight of the token embedding, as in GPT-2.
    pub fn num_params_tied(&self) -> usize {
        self.num_params() - self.out_head.num_params()
    }

    /// Memory of the parameters in megabytes (2²⁰ bytes), four bytes each.
    pub fn size_mb(&self) -> f64 {
        (self.num_params() * size_of::<f32>()) as f64 / (1024.0 * 1024.0)
    }
}

impl LanguageModel for GptModel {
    fn forward(&self, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
        self.forward(ids, mode)
    }

    fn context_length(&self) -> usize {
        self.context_length()
    }

    fn vocab_size(&self) -> usize {
        self.tok_emb.weight.lazy_shape()[0]
    }
}
