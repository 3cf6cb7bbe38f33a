//! The one special token of GPT-2 and the size of its vocabulary (section 2.5).

/// The marker between unrelated documents that are joined into one text.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// The id of [`END_OF_TEXT`], the last one.
pub const END_OF_TEXT_ID: u32 = 50256;

/// Number of GPT-2's tokens: 256 bytes, 50,000 merges and [`END_OF_TEXT`].
pub const VOCAB_SIZE: usize = 50257;
