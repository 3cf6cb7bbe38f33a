//! Models that the CPU's decoder does not compute: a text at a time computes one token.

use std::collections::VecDeque;

use ch05_pretrain::tokens::ids_to_tensor;

use super::writing::{Limits, Writing};
use super::{Event, TextId, TextToWrite};
use crate::generator::{Generator, LogitsSource, next_tokens};
use crate::llama_error::LlamaError;

/// The texts of a GPT on a GPU, with LoRA layers, or without the causal mask.
pub struct InTurn {
    generator: Generator,
    /// The first one is next.
    texts: VecDeque<(Writing, LogitsSource)>,
}

impl InTurn {
    pub fn new(generator: Generator) -> Self {
        Self { generator, texts: VecDeque::new() }
    }

    pub fn texts(&self) -> usize {
        self.texts.len()
    }

    pub fn limits(&self) -> Limits {
        let model = self.generator.model();
        let [vocab_size, emb_dim] = model.tok_emb.weight.val().dims();
        Limits { vocab_size, emb_dim, context_length: model.context_length(), slides: true }
    }

    pub fn join(&mut self, id: TextId, text: TextToWrite) -> Result<(), LlamaError> {
        let writing = Writing::new(id, text, self.limits())?;
        let source = self.generator.logits_source(1);
        self.texts.push_back((writing, source));
        Ok(())
    }

    pub fn leave(&mut self, id: TextId) {
        self.texts.retain(|(writing, _)| writing.id != id);
    }

    pub fn step(&mut self) -> Vec<(TextId, Event)> {
        let Some((mut writing, mut source)) = self.texts.pop_front() else { return Vec::new() };
        let id = writing.id;
        let events = match writing.end() {
            Some(end) => vec![end],
            None => self.write(&mut writing, &mut source),
        };
        if matches!(events.last(), Some(Event::Token { .. })) {
            self.texts.push_back((writing, source));
        }
        events.into_iter().map(|event| (id, event)).collect()
    }

    fn write(&self, writing: &mut Writing, source: &mut LogitsSource) -> Vec<Event> {
        let ids = ids_to_tensor(&writing.ids, &self.generator.device()); // [1, tokens]
        let logits = source.next_logits(self.generator.model(), &ids, writing.context_size); // [1, vocab_size]
        let options = writing.gpt_options();
        let next = next_tokens(logits.clone(), &ids, &options, &writing.options.filter, &mut writing.rng);
        writing.write(next.map(|next| next[0]), || logits.into_data().iter::<f32>().collect())
    }

    /// The vectors of all ids after the final norm, `[tokens, emb_dim]`.
    pub fn hidden_states(&self, ids: &[u32]) -> Vec<f32> {
        let hidden = self.generator.hidden_states(ids_to_tensor(ids, &self.generator.device()));
        hidden.into_data().iter::<f32>().collect()
    }
}
