//! The decoders of a GPT and of models after it as one type.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use burn::tensor::{Device, Tensor, TensorData};
use ch05_pretrain::GenerateError;
use ch05_pretrain::tokens::ids_to_tensor;
use kernels::decode::llama::{LlamaDecoder, LlamaWeights};
use kernels::decode::{Decoder, Text, Weights};

use super::writing::{Limits, Writing};
use crate::cpu_decoder;
use crate::generator::next_tokens;
use crate::llama_generator::{self, GREEDY_BELOW};

/// A decoder of the CPU.
pub enum AnyDecoder {
    Gpt(Decoder),
    Llama(LlamaDecoder),
}

impl From<Arc<Weights>> for AnyDecoder {
    fn from(weights: Arc<Weights>) -> Self {
        Self::Gpt(cpu_decoder::decoder(weights))
    }
}

impl From<Arc<LlamaWeights>> for AnyDecoder {
    fn from(weights: Arc<LlamaWeights>) -> Self {
        Self::Llama(LlamaDecoder::new(weights, available_parallelism().map_or(1, NonZero::get)))
    }
}

/// Calls the same method of either decoder.
macro_rules! of_either {
    ($either:expr, $decoder:ident => $value:expr) => {
        match $either {
            AnyDecoder::Gpt($decoder) => $value,
            AnyDecoder::Llama($decoder) => $value,
        }
    };
}

impl AnyDecoder {
    pub fn limits(&self) -> Limits {
        match self {
            Self::Gpt(decoder) => {
                let weights = decoder.weights();
                let (vocab_size, context_length) = (weights.vocab_size(), weights.context_length());
                Limits { vocab_size, emb_dim: weights.emb_dim(), context_length, slides: true }
            }
            Self::Llama(decoder) => {
                let weights = decoder.weights();
                let (vocab_size, context_length) = (weights.vocab_size(), weights.context_length);
                Limits { vocab_size, emb_dim: weights.final_norm.scale.len(), context_length, slides: false }
            }
        }
    }

    pub fn open(&mut self) -> Text {
        of_either!(self, decoder => decoder.open())
    }

    pub fn close(&mut self, text: Text) {
        of_either!(self, decoder => decoder.close(text));
    }

    pub fn fork(&mut self, text: Text, tokens: usize) -> Text {
        of_either!(self, decoder => decoder.fork(text, tokens))
    }

    pub fn truncate(&mut self, text: Text, tokens: usize) {
        of_either!(self, decoder => decoder.truncate(text, tokens));
    }

    pub fn tokens(&self, text: Text) -> usize {
        of_either!(self, decoder => decoder.tokens(text))
    }

    pub fn bytes_per_token(&self) -> usize {
        of_either!(self, decoder => decoder.bytes_per_token())
    }

    pub fn read(&mut self, text: Text, ids: &[u32]) -> Vec<f32> {
        of_either!(self, decoder => decoder.read(text, ids))
    }

    pub fn read_on(&mut self, text: Text, ids: &[u32]) {
        of_either!(self, decoder => decoder.read_on(text, ids));
    }

    pub fn are_few(&self, tokens: usize) -> bool {
        of_either!(self, decoder => decoder.are_few(tokens))
    }

    pub fn step(&mut self, next: &[(Text, &[u32])]) -> Vec<f32> {
        of_either!(self, decoder => decoder.step(next))
    }

    pub fn read_hidden(&mut self, text: Text, ids: &[u32]) -> Vec<f32> {
        of_either!(self, decoder => decoder.read_hidden(text, ids))
    }

    /// How the next token of a text is chosen: as chapter 5 does for a GPT, and as [`LlamaGenerator`](crate::LlamaGenerator)
    /// for the others.
    pub fn chooser(&self) -> Chooser {
        match self {
            Self::Gpt(_) => choose_as_chapter_5,
            Self::Llama(_) => choose_as_llama,
        }
    }
}

/// Chooses the next token of a text from its logits.
pub type Chooser = fn(Vec<f32>, &mut Writing) -> Result<u32, GenerateError>;

fn choose_as_chapter_5(logits: Vec<f32>, text: &mut Writing) -> Result<u32, GenerateError> {
    // Without tensors, in a tenth of the time.
    if text.options.temperature < GREEDY_BELOW && !text.options.filter.changes_logits() {
        return llama_generator::greedy(&logits);
    }
    let device = Device::flex();
    let shape = [1, logits.len()];
    let logits = Tensor::from_data(TensorData::new(logits, shape), &device);
    let options = text.gpt_options();
    let next = next_tokens(logits, &ids_to_tensor(&text.ids, &device), &options, &text.options.filter, &mut text.rng)?;
    Ok(next[0])
}

fn choose_as_llama(logits: Vec<f32>, text: &mut Writing) -> Result<u32, GenerateError> {
    llama_generator::choose(logits, &text.ids, &text.options, &mut text.rng)
}
