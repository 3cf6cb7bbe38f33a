//! Vectors that stand for texts: the mean of the model's last hidden states over the tokens of a text.
//!
//! The models here were trained to write, not to compare texts. Their vectors tell apart what is very different, and no more.

use fast::{PromptError, check_ids};
use tokio::sync::oneshot;

use crate::card::ModelCard;
use crate::jobs::{Embedding, Job, Task};
use crate::keep_alive::KeepAlive;
use crate::prompt::TOO_LONG;
use crate::refusal::{Refusal, bad_request, failed, server_error};
use crate::service::Service;
use crate::text::Text;

/// Maximum number of texts in a request.
const MAX_TEXTS: usize = 2048;

/// Texts, and the model that reads them.
pub struct EmbeddingRequest {
    /// Index of the model.
    pub model: usize,
    texts: Vec<Vec<u32>>,
    keep_alive: KeepAlive,
}

impl EmbeddingRequest {
    /// Texts as ids. Of those that are longer than `truncate_to` tokens the end is left out; without it, they are refused
    /// when they are longer than the context.
    pub fn new(
        card: &ModelCard,
        model: usize,
        mut texts: Vec<Vec<u32>>,
        truncate_to: Option<usize>,
        keep_alive: KeepAlive,
    ) -> Result<Self, Refusal> {
        if texts.len() > MAX_TEXTS {
            let count = texts.len();
            return Err(bad_request(format!("input has {count} texts; give at most {MAX_TEXTS}")).about("input"));
        }
        let context_size = card.sizes.context_length();
        for (ids, number) in texts.iter_mut().zip(1..) {
            ids.truncate(truncate_to.unwrap_or(usize::MAX));
            let wrong = |reason: String| bad_request(format!("text {number} of input {reason}")).about("input");
            check_ids(ids, card.sizes.vocab_size()).map_err(|error| match error {
                PromptError::Empty => wrong("is empty; give at least one token".to_string()),
                error => wrong(format!("cannot be read: {error}")),
            })?;
            let tokens = ids.len();
            if tokens > context_size {
                let reason = format!(
                    "has {tokens} tokens, but this model's maximum context length is {context_size} tokens; shorten it"
                );
                return Err(wrong(reason).with_code(TOO_LONG));
            }
        }
        Ok(Self { model, texts, keep_alive })
    }

    /// Number of tokens in all texts.
    pub fn tokens(&self) -> usize {
        self.texts.iter().map(Vec::len).sum()
    }
}

impl Service {
    /// The model of that name, or the first that reads texts for itself.
    pub fn choose_embedding_model(&self, name: Option<&str>) -> Result<(usize, &Text), Refusal> {
        self.choose_model(name, "embed texts", ModelCard::text)
    }
}

/// The vectors, as the model has them.
pub async fn embeddings(service: &Service, request: EmbeddingRequest) -> Result<Vec<Vec<f32>>, Refusal> {
    let EmbeddingRequest { model, texts, keep_alive } = request;
    let (answer, vectors) = oneshot::channel();
    service.submit(Job { model, task: Task::Embed(Embedding { texts, answer }), keep_alive })?;
    vectors.await.map_err(|_| failed())?.map_err(server_error)
}

/// The vector with length 1. A vector of zeros stays one.
pub fn normalized(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
    }
    vector
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normalized_vector_has_length_1() {
        assert_eq!(normalized(vec![3.0, -4.0]), [0.6, -0.8]);
        assert_eq!(normalized(vec![0.0, 0.0]), [0.0, 0.0]);
    }
}
