//! One text that is being read or written.

use ch05_pretrain::{GenerateError, GenerateOptions};
use shared::rng::TorchRng;

use super::{Event, TextId, TextToWrite};
use crate::batch::score::TokenScore;
use crate::llama_error::LlamaError;
use crate::llama_generator::{Finish, LlamaOptions};
use crate::prompt::check_ids;

/// What a text must suit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub vocab_size: usize,
    /// Width of the token vectors.
    pub emb_dim: usize,
    /// Maximum number of tokens in the context.
    pub context_length: usize,
    /// Whether a text goes on when the context is full: the model then sees its end.
    pub slides: bool,
}

impl Limits {
    /// Checks ids that the model is to see as a whole.
    pub fn check_whole(&self, ids: &[u32]) -> Result<(), LlamaError> {
        check_ids(ids, self.vocab_size)?;
        match ids.len() > self.context_length {
            true => Err(LlamaError::TooLong { tokens: ids.len(), context_length: self.context_length }),
            false => Ok(()),
        }
    }
}

/// A text and how it goes on.
#[derive(Debug)]
pub struct Writing {
    pub id: TextId,
    /// The prompt and what was written.
    pub ids: Vec<u32>,
    prompt_tokens: usize,
    pub options: LlamaOptions,
    pub context_size: usize,
    pub rng: TorchRng,
    pub scores: Option<usize>,
    /// The text ends when it has this many tokens, if it does.
    full: Option<usize>,
    /// Tokens of the prompt that were not computed.
    pub reused: usize,
}

impl Writing {
    /// # Errors
    /// If the prompt or an option does not suit the model.
    pub fn new(id: TextId, text: TextToWrite, limits: Limits) -> Result<Self, LlamaError> {
        let TextToWrite { prompt, options, context_size, seed, scores } = text;
        let Limits { vocab_size, context_length: allowed, slides, .. } = limits;
        if slides {
            check_ids(&prompt, vocab_size)?
        } else {
            limits.check_whole(&prompt)?
        }
        options.check(vocab_size)?;
        if slides && !(1..=allowed).contains(&context_size) {
            return Err(GenerateError::Context { context_size, allowed }.into());
        }
        let (rng, full) = (TorchRng::new(seed), (!slides).then_some(allowed));
        Ok(Self { id, prompt_tokens: prompt.len(), ids: prompt, options, context_size, rng, scores, full, reused: 0 })
    }

    /// Why the text has ended, if it has.
    pub fn end(&self) -> Option<Event> {
        let new = self.ids.len() - self.prompt_tokens;
        let finish = match self.full {
            _ if new == self.options.max_new_tokens => Finish::Length,
            // The last token that fits could be chosen, but never be read.
            Some(full) if self.ids.len() == full => Finish::ContextFull,
            _ => return None,
        };
        Some(Event::End(finish))
    }

    /// Adds the token that was chosen, and says what happened; `logits` are the model's own.
    pub fn write(&mut self, chosen: Result<u32, GenerateError>, logits: impl FnOnce() -> Vec<f32>) -> Vec<Event> {
        let read = (self.ids.len() == self.prompt_tokens).then_some(Event::Read { reused: self.reused });
        let (happened, end) = match chosen {
            Err(error) => (Event::Failed(error), None),
            Ok(id) if self.options.stop_ids.contains(&id) => (Event::End(Finish::Stop(id)), None),
            Ok(id) => {
                let score = self.scores.map(|top| TokenScore::of(id, &logits(), top));
                self.ids.push(id);
                (Event::Token { id, score }, self.end())
            }
        };
        read.into_iter().chain([happened]).chain(end).collect()
    }

    /// The options as chapter 5 has them.
    pub fn gpt_options(&self) -> GenerateOptions {
        let LlamaOptions { max_new_tokens, temperature, top_k, ref stop_ids, .. } = self.options;
        let eos_id = stop_ids.first().copied();
        GenerateOptions { max_new_tokens, context_size: self.context_size, temperature, top_k, eos_id }
    }
}
