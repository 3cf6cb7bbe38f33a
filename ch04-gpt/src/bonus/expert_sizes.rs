//! How many parameters a mixture of experts has, and how many of them are active for one token.
//!
//! Only the feed-forward network of one block is counted, without biases.

/// Which feed-forward network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedForwardKind {
    /// Two matrices, as in section 4.3.
    Gelu,
    /// Three matrices, as in most models with experts.
    SwiGlu,
}

impl FeedForwardKind {
    fn matrices(self) -> u64 {
        match self {
            Self::Gelu => 2,
            Self::SwiGlu => 3,
        }
    }

    /// Parameters of one network with vectors of width `emb_dim` and `hidden_dim` inside.
    pub fn parameters(self, emb_dim: u64, hidden_dim: u64) -> u64 {
        self.matrices() * emb_dim * hidden_dim
    }
}

/// Sizes of a mixture of experts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpertSizes {
    /// The network of an expert.
    pub kind: FeedForwardKind,
    /// Width of the vectors.
    pub emb_dim: u64,
    /// Width inside an expert.
    pub hidden_dim: u64,
    /// Number of experts.
    pub num_experts: u64,
    /// Number of experts that a token is routed to.
    pub top_k: u64,
}

impl ExpertSizes {
    /// Experts that together are as large as one dense network with `dense_hidden_dim` inside: each is that much
    /// narrower, rounded to whole numbers.
    pub fn matching(kind: FeedForwardKind, emb_dim: u64, dense_hidden_dim: u64, num_experts: u64, top_k: u64) -> Self {
        let router = emb_dim * num_experts;
        let room = kind.parameters(emb_dim, dense_hidden_dim).saturating_sub(router);
        let hidden_dim = room as f64 / (num_experts * kind.matrices() * emb_dim) as f64;
        Self { kind, emb_dim, hidden_dim: hidden_dim.round_ties_even() as u64, num_experts, top_k }
    }

    /// Parameters of one expert.
    pub fn expert(&self) -> u64 {
        self.kind.parameters(self.emb_dim, self.hidden_dim)
    }

    /// Parameters of the router.
    pub fn router(&self) -> u64 {
        self.emb_dim * self.num_experts
    }

    /// All parameters.
    pub fn total(&self) -> u64 {
        self.router() + self.num_experts * self.expert()
    }

    /// Parameters that are active for one token.
    pub fn active(&self) -> u64 {
        self.router() + self.top_k * self.expert()
    }
}
