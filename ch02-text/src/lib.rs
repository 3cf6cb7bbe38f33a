//! Text becomes token ids, batches and embeddings (chapter 2).
