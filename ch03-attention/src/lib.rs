//! Attention mechanisms, from simplified to multi-head (chapter 3).
