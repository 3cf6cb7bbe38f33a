//! The weights of a GPT as the decoder needs them.

use super::Matrix;

/// `y = x W + b`.
#[derive(Debug)]
pub struct Projection {
    /// `[d_in, d_out]`.
    pub weight: Matrix,
    /// `[d_out]`.
    pub bias: Option<Vec<f32>>,
}

/// The parameters of a layer norm, `[emb_dim]` each.
#[derive(Debug)]
pub struct Norm {
    /// Factors.
    pub scale: Vec<f32>,
    /// Offsets.
    pub shift: Vec<f32>,
    /// Added to the variance, so that its root is not zero.
    pub eps: f32,
}

/// The weights of a transformer block.
#[derive(Debug)]
pub struct BlockWeights {
    /// Before the attention.
    pub norm1: Norm,
    /// Projection to the queries, `[emb_dim, emb_dim]`.
    pub query: Projection,
    /// Projection to the keys, `[emb_dim, emb_dim]`.
    pub key: Projection,
    /// Projection to the values, `[emb_dim, emb_dim]`.
    pub value: Projection,
    /// Output projection of the attention, `[emb_dim, emb_dim]`.
    pub out: Projection,
    /// Before the feed-forward network.
    pub norm2: Norm,
    /// First layer of the feed-forward network, `[emb_dim, hidden]`.
    pub expand: Projection,
    /// Second layer of the feed-forward network, `[hidden, emb_dim]`.
    pub contract: Projection,
}

/// A whole model.
#[derive(Debug)]
pub struct Weights {
    /// The token embedding, `[vocab_size, emb_dim]`.
    pub tok_emb: Matrix,
    /// The position embedding, `[context_length, emb_dim]`.
    pub pos_emb: Matrix,
    /// The transformer blocks, first one first.
    pub blocks: Vec<BlockWeights>,
    /// After the last block.
    pub final_norm: Norm,
    /// The output layer, `[emb_dim, vocab_size]`.
    pub head: Projection,
    /// Attention heads per block; divides `emb_dim`.
    pub n_heads: usize,
}

impl Weights {
    /// Width of the token vectors.
    pub fn emb_dim(&self) -> usize {
        self.tok_emb.cols()
    }

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.emb_dim() / self.n_heads
    }

    /// Maximum number of tokens in the context.
    pub fn context_length(&self) -> usize {
        self.pos_emb.rows()
    }

    /// Number of ids in the vocabulary.
    pub fn vocab_size(&self) -> usize {
        self.tok_emb.rows()
    }

    /// The vector of a token at a position, `[emb_dim]`.
    pub(super) fn embed(&self, id: u32, position: usize, x: &mut [f32]) {
        let (token, position) = (self.tok_emb.row(id as usize), self.pos_emb.row(position));
        x.iter_mut().zip(&*token).zip(&*position).for_each(|((x, token), position)| *x = token + position);
    }

    /// Bytes that are read for every token: all matrices except the embeddings.
    pub fn bytes_per_token(&self) -> usize {
        let projections = self.blocks.iter().flat_map(|b| [&b.query, &b.key, &b.value, &b.out, &b.expand, &b.contract]);
        projections.chain([&self.head]).map(|p| p.weight.bytes()).sum()
    }
}
