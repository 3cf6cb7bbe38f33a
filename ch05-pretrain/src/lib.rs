//! Loss, training loop and checkpoints (chapter 5).
