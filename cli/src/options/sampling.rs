//! How the next token is chosen: `--temperature`, `--top-k`, `--seed`; `--top-p` where a command has it.

use ch05_pretrain::GenerateOptions;
use fast::{LlamaOptions, TokenFilter};

use crate::terminal::tr;

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

    /// The same for models after GPT-2; generation stops before any of `stop_ids`.
    pub fn llama_options(&self, max_new_tokens: usize, filter: TokenFilter, stop_ids: Vec<u32>) -> LlamaOptions {
        let Self { temperature, top_k, .. } = *self;
        LlamaOptions { max_new_tokens, temperature, top_k, filter, stop_ids }
    }
}

#[derive(clap::Args)]
pub struct TopPArgs {
    /// Draw only from the most likely tokens, as many as it takes to exceed this probability, from 0 to 1
    #[arg(long, value_name = "P", value_parser = share, default_value_t = 1.0)]
    top_p: f64,
}

impl TopPArgs {
    /// The filter that leaves these tokens.
    pub fn filter(&self) -> TokenFilter {
        TokenFilter { top_p: self.top_p, ..TokenFilter::default() }
    }
}

/// For clap: a number from 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) => Err(tr!("must be from 0 to 1", "应在 0 到 1 之间")),
        Err(error) => Err(tr!("{error}", "不是数字")),
    }
}
