//! Token embeddings (section 2.7) and position embeddings (section 2.8).
//!
//! An embedding layer is a table with one trainable row for each id, and looking an id up gives its row. Because a row
//! is the same wherever its token stands, a second table with one row for each position is added to the first:
//!
//! ```text
//! input[b, t] = token_table[ids[b, t]] + position_table[t]
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::{Embedding, EmbeddingConfig};
use burn::tensor::{Device, Int, Tensor};

/// Sizes of an [`InputEmbedding`].
#[derive(Config, Debug)]
pub struct InputEmbeddingConfig {
    /// Number of different token ids: the rows of the token table.
    pub vocab_size: usize,
    /// Maximum number of tokens in one input: the rows of the position table.
    pub context_length: usize,
    /// Width of the vectors: the columns of both tables.
    pub emb_dim: usize,
}

/// Token ids become vectors that tell which token it is and where it stands.
///
/// The order of the fields is the order of the random draws.
#[derive(Module, Debug)]
pub struct InputEmbedding {
    /// One row for each token id, `[vocab_size, emb_dim]`.
    pub tok_emb: Embedding,
    /// One row for each position, `[context_length, emb_dim]`.
    pub pos_emb: Embedding,
}

impl InputEmbedding {
    /// A lazy module; [`torch_init`](shared::init::torch_init) draws its values.
    pub fn new(config: &InputEmbeddingConfig, device: &Device) -> Self {
        Self {
            tok_emb: EmbeddingConfig::new(config.vocab_size, config.emb_dim).init(device),
            pos_emb: EmbeddingConfig::new(config.context_length, config.emb_dim).init(device),
        }
    }

    /// # Shapes
    /// - `ids`: `[batch, tokens]`, with at most `context_length` tokens;
    /// - result: `[batch, tokens, emb_dim]`.
    ///
    /// # Panics
    /// If there are more tokens than positions, or an id is not below the vocabulary size.
    pub fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [_, tokens] = ids.dims();
        let [context_length, _] = self.pos_emb.weight.dims();
        assert!(tokens <= context_length, "{tokens} tokens, but the position table has {context_length} rows");

        let positions = Tensor::<1, Int>::arange(0..tokens as i64, &ids.device()).unsqueeze(); // [1, tokens]
        let token_embeddings = self.tok_emb.forward(ids); // [batch, tokens, emb_dim]
        let position_embeddings = self.pos_emb.forward(positions); // [1, tokens, emb_dim]
        token_embeddings + position_embeddings // the same positions for every text of the batch
    }
}
