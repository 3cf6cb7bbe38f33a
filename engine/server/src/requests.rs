//! A text that is to be generated, checked against the model and the server's limits. Both interfaces ask for it in fields of
//! their own.

use std::time::{Instant, SystemTime};

use fast::LlamaOptions;
use fast::conversation::Window;

use crate::card::ModelCard;
use crate::fields::Fields;
use crate::jobs::Continuation;
use crate::keep_alive::KeepAlive;
use crate::options::{Given, SamplingOptions};
use crate::prompt::{Prompt, RequestError};
use crate::refusal::{Refusal, bad_request};
use crate::service::Service;
use crate::text::Text;

/// Most likely tokens that come with every token, at most.
pub const MAX_TOP_SCORES: usize = 20;

/// How an answer is to be generated.
pub struct Manner {
    /// Not read yet: what is not given depends on the model.
    pub options: Vec<Given>,
    pub keep_alive: KeepAlive,
    /// A prompt that is longer than the context loses its beginning; otherwise it is refused.
    pub truncate: bool,
    /// The context slides when it is full; otherwise the answer ends. `None` is what the model can do.
    pub shift: Option<bool>,
    /// Log probabilities of the tokens, with those of this many of the most likely ones.
    pub scores: Option<usize>,
    pub received: Instant,
}

/// A text to generate.
#[derive(Clone)]
pub struct TextRequest {
    pub model: usize,
    pub continuation: Continuation,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten_turns: usize,
    /// Tokens of the prompt that did not fit into the context.
    pub forgotten_tokens: usize,
    pub stop: Vec<String>,
    pub scores: Option<usize>,
    pub keep_alive: KeepAlive,
    pub received: Instant,
}

impl TextRequest {
    /// The same text drawn another way: the `index`-th of several.
    pub fn variant(&self, index: usize) -> Self {
        let mut variant = self.clone();
        variant.continuation.seed = variant.continuation.seed.wrapping_add(index as u64);
        variant
    }
}

impl Service {
    /// What a request says about how its answer is generated, and what the model's makers suggest otherwise.
    pub fn sampling(&self, model: usize, options: &[Given]) -> Result<SamplingOptions, Refusal> {
        SamplingOptions::of(&self.models[model].suggested).read(options)
    }

    /// A text that continues the prompt of `write_prompt`.
    pub fn text_request(
        &self,
        model: usize,
        manner: &Manner,
        write_prompt: impl FnOnce(Window) -> Result<Prompt, RequestError>,
    ) -> Result<TextRequest, Refusal> {
        let card = &self.models[model];
        let sampling = self.sampling(model, &manner.options)?;
        let context_size = sampling.context_size(card);
        let mut options = self.llama_options(card, &sampling);
        let window = Window { context_size, answer: options.max_new_tokens };
        let everything = Window { context_size: usize::MAX, answer: 0 };
        let prompt = write_prompt(if manner.truncate { window } else { everything })?;
        let tokens = prompt.check(card, context_size)?;
        let ends_when_full = manner.shift == Some(false) || sampling.num_predict == Some(-2);
        let slides = card.sizes.context_slides() && !ends_when_full;
        let too_many = tokens + options.max_new_tokens > context_size;
        if manner.shift == Some(true) && !ends_when_full && !slides && too_many {
            return Err(bad_request(format!(
                "shift is true, but the context of this model does not slide: prompt and answer must fit into \
                 {context_size} tokens; give a smaller num_predict, or leave shift out, and the answer ends there"
            ))
            .about("shift"));
        }
        if !slides {
            options.max_new_tokens = options.max_new_tokens.min((context_size - tokens).max(1));
        }
        let loses_its_beginning = prompt.forgotten_tokens > 0 || tokens + options.max_new_tokens > context_size;
        if sampling.num_keep != 0 && loses_its_beginning {
            let num_keep = sampling.num_keep;
            return Err(bad_request(format!(
                "num_keep is {num_keep}, but the beginning of a prompt cannot be kept: prompt and answer must fit into \
                 {context_size} tokens then; give a smaller num_predict, or leave num_keep out"
            ))
            .about("num_keep"));
        }
        let seed = sampling.seed.unwrap_or_else(seed_from_clock);
        let Prompt { ids, forgotten_turns, forgotten_tokens } = prompt;
        Ok(TextRequest {
            model,
            continuation: Continuation { prompt: ids, options, context_size, seed },
            forgotten_turns,
            forgotten_tokens,
            stop: sampling.stop,
            scores: manner.scores,
            keep_alive: manner.keep_alive,
            received: manner.received,
        })
    }

    /// The options of a request within the limits of the model and the server.
    fn llama_options(&self, card: &ModelCard, sampling: &SamplingOptions) -> LlamaOptions {
        let limit = self.max_tokens;
        let max_new_tokens = match sampling.num_predict {
            None => self.default_new_tokens(card),
            // Below 0 it is as many as possible.
            Some(number) => usize::try_from(number).map_or(limit, |number| number.min(limit)),
        };
        LlamaOptions {
            max_new_tokens,
            temperature: sampling.temperature,
            top_k: sampling.top_k.map(|top_k| top_k.min(card.sizes.vocab_size())),
            filter: sampling.filter.clone(),
            stop_ids: card.text().map(Text::stop_ids).unwrap_or_default(),
        }
    }
}

/// Reads whether log probabilities are wanted (`logprobs`), and those of how many of the most likely tokens (`top_logprobs`).
pub fn take_scores(fields: &mut Fields) -> Result<Option<usize>, Refusal> {
    let with_scores = fields.take("logprobs")?.unwrap_or(false);
    let top = check_top_scores("top_logprobs", fields.take_count("top_logprobs")?.unwrap_or(0))?;
    if top > 0 && !with_scores {
        return Err(bad_request("top_logprobs only counts when logprobs is true").about("top_logprobs"));
    }
    Ok(with_scores.then_some(top))
}

/// Checks how many of the most likely tokens a request wants to see.
pub fn check_top_scores(field: &'static str, count: usize) -> Result<usize, Refusal> {
    if count <= MAX_TOP_SCORES {
        return Ok(count);
    }
    Err(bad_request(format!("{field} is {count}, but must be from 0 to {MAX_TOP_SCORES}")).about(field))
}

/// Without a seed, every answer is different.
fn seed_from_clock() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.subsec_nanos().into())
}
