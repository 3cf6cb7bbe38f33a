//! How the next token is chosen in a conversation: as the options say, else as the model's makers do.

use fast::{LlamaOptions, TokenFilter};
use pretrained::Sampling;

use crate::options::share;
use crate::terminal::tr;

#[derive(clap::Args)]
pub struct ChatSamplingArgs {
    /// Temperature, at least 0: 0 always takes the most likely token; the higher it is, the more often unlikely ones
    /// are drawn [default: the model's own, or 0]
    #[arg(long, value_name = "X")]
    temperature: Option<f64>,
    /// Draw only from the K most likely tokens, at least 1 [default: the model's own, or all tokens]
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Draw only from the most likely tokens, as many as it takes to exceed this probability, from 0 to 1 [default:
    /// the model's own, or 1]
    #[arg(long, value_name = "P", value_parser = share)]
    top_p: Option<f64>,
    /// Seed of the random draws
    #[arg(long, value_name = "N", default_value_t = 123)]
    pub seed: u64,
}

impl ChatSamplingArgs {
    /// These options, and for those that were not given what the model's files say.
    pub fn or(&self, published: Sampling) -> Sampling {
        Sampling {
            temperature: self.temperature.or(published.temperature),
            top_k: self.top_k.or(published.top_k),
            top_p: self.top_p.or(published.top_p),
        }
    }
}

/// Options for an answer of up to `max_new_tokens` tokens, which ends before any of `stop_ids`.
pub fn answer_options(sampling: Sampling, max_new_tokens: usize, stop_ids: Vec<u32>) -> LlamaOptions {
    let default = TokenFilter::default();
    LlamaOptions {
        max_new_tokens,
        temperature: sampling.temperature.unwrap_or(0.0),
        top_k: sampling.top_k,
        filter: TokenFilter { top_p: sampling.top_p.unwrap_or(default.top_p), ..default },
        stop_ids,
    }
}

/// What is said about it.
pub fn described(sampling: Sampling) -> String {
    let Some(temperature) = sampling.temperature.filter(|&temperature| temperature > 0.0) else {
        return tr!("The most likely token is taken every time.", "每次都取最可能的词元。");
    };
    let top_k = sampling.top_k.map(|k| format!(", top-k {k}")).unwrap_or_default();
    let top_p = sampling.top_p.map(|p| format!(", top-p {p}")).unwrap_or_default();
    tr!(
        "Tokens are drawn: temperature {temperature}{top_k}{top_p}.",
        "词元按概率抽取：温度 {temperature}{top_k}{top_p}。"
    )
}
