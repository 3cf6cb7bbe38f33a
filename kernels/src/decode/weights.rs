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
    /// Keeps the root away from zero.
    pub eps: f32,
}

/// A transformer block.
#[derive(Debug)]
pub struct Block {
    /// In front of the attention.
    pub norm1: Norm,
    /// To the queries, keys and values, `[emb_dim, emb_dim]` each.
    pub query: Projection,
    /// See `query`.
    pub key: Projection,
    /// See `query`.
    pub value: Projection,
    /// Behind the heads, `[emb_dim, emb_dim]`.
    pub out: Projection,
    /// In front of the feed-forward network.
    pub norm2: Norm,
    /// `[emb_dim, hidden]`.
    pub expand: Projection,
    /// `[hidden, emb_dim]`.
    pub contract: Projection,
}

/// A whole model.
#[derive(Debug)]
pub struct Weights {
    /// `[vocab_size, emb_dim]`.
    pub tok_emb: Matrix,
    /// `[context_length, emb_dim]`.
    pub pos_emb: Matrix,
    /// The blocks, first one first.
    pub blocks: Vec<Block>,
    /// Behind the last block.
    pub final_norm: Norm,
    /// `[emb_dim, vocab_size]`.
    pub head: Projection,
    /// Attention heads per block; divides `emb_dim`.
    pub n_heads: usize,
}

impl Weights {
    /// Width of the vectors between the layers.
    pub fn emb_dim(&self) -> usize {
        self.tok_emb.cols()
    }

    /// Width of one head.
    pub fn head_dim(&self) -> usize {
        self.emb_dim() / self.n_heads
    }

    /// Most tokens that the model can see.
    pub fn context_length(&self) -> usize {
        self.pos_emb.rows()
    }

    /// Number of different ids.
    pub fn vocab_size(&self) -> usize {
        self.tok_emb.rows()
    }

    /// The vector of a token at a position, `[emb_dim]`.
    pub(super) fn embed(&self, id: u32, position: usize, x: &mut [f32]) {
        let (token, place) = (self.tok_emb.row(id as usize), self.pos_emb.row(position));
        x.iter_mut().zip(&*token).zip(&*place).for_each(|((x, token), place)| *x = token + place);
    }

    /// Bytes that are read for every token: all matrices but the embeddings.
    pub fn bytes_per_token(&self) -> usize {
        let projections = self.blocks.iter().flat_map(|b| [&b.query, &b.key, &b.value, &b.out, &b.expand, &b.contract]);
        projections.chain([&self.head]).map(|p| p.weight.bytes()).sum()
    }
}
