//! How the next token is chosen: `--temperature`, `--top-k`, `--seed`.

use ch05_pretrain::GenerateOptions;

#[derive(clap::Args)]
pub struct SamplingArgs {
    /// Temperature, at least 0: 0 always takes the most likely token; the higher it is, the more often unlikely ones
    /// are drawn
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    temperature: f64,
    /// Draw only from the K most likely tokens, at least 1 [default: all tokens]
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Seed of the random draws
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
}

impl SamplingArgs {
    /// Options for up to `max_new_tokens` tokens that are chosen this way; generation stops before the token `eos_id`.
    pub fn generate_options(&self, max_new_tokens: usize, context_size: usize, eos_id: Option<u32>) -> GenerateOptions {
        let Self { temperature, top_k, .. } = *self;
        GenerateOptions { max_new_tokens, context_size, temperature, top_k, eos_id }
    }
}
