//! The tiny model that `classify train` and `instruct train` start from without `--model`. Its vocabulary comes from the texts
//! that it is to learn; it is pretrained on the embedded story, in a few seconds.

use std::ops::ControlFlow;

use anyhow::Result;
use appendix_train_tricks::Recipe;
use burn::module::Param;
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{Evaluation, Loaders};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data};
use trainer::{Event, Masks, Run, train_language_model};

use crate::terminal::{Interrupt, LossProgress};
use crate::vocabulary::train_vocabulary;

/// The data set that the model is pretrained on.
pub const STORY: &str = "lamp";

/// Factor of the embeddings at the beginning. With PyTorch's spread of 1, short training hardly moves the vectors of rare
/// tokens; what is small is soon what the texts make of it.
const EMBEDDING_SPREAD: f64 = 0.1;

/// What distinguishes the two models.
pub struct StarterModel {
    /// Maximum number of tokens in the vocabulary.
    pub vocab_size: usize,
    pub context_length: usize,
    pub emb_dim: usize,
    pub n_heads: usize,
    pub n_layers: usize,
    pub drop_rate: f64,
    pub learning_rate: f64,
    /// Steps between two evaluations.
    pub eval_freq: usize,
}

impl StarterModel {
    /// The tokenizer whose vocabulary is trained on `texts`, which are those of the training part.
    pub fn tokenizer(&self, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Gpt2Tokenizer> {
        let mut all = String::new();
        for text in texts {
            all += text.as_ref();
            all += "\n\n";
        }
        train_vocabulary(&all, self.vocab_size)
    }

    pub fn config(&self, tokenizer: &Gpt2Tokenizer) -> GptConfig {
        GptConfig {
            vocab_size: tokenizer.vocab_size(),
            context_length: self.context_length,
            emb_dim: self.emb_dim,
            n_heads: self.n_heads,
            n_layers: self.n_layers,
            drop_rate: self.drop_rate,
            qkv_bias: false,
        }
    }

    /// Pretrains the model on `device`, which must record gradients. `on_evaluation` gets the losses. `None` after Ctrl-C.
    pub fn pretrain(
        &self,
        tokenizer: &Gpt2Tokenizer,
        seed: u64,
        device: &Device,
        interrupt: &Interrupt,
        on_evaluation: impl Fn(&LossProgress, &Evaluation),
    ) -> Result<Option<GptModel>> {
        let training = TrainingConfig {
            batch_size: 4,
            learning_rate: self.learning_rate,
            epochs: 2,
            eval_freq: self.eval_freq,
            ..TrainingConfig::book()
        };
        let story = data::find(STORY)?.text()?;
        let loaders = Loaders::with_tokenizer(&story, tokenizer, self.context_length, training.batch_size)?;
        let steps = loaders.train.num_batches() * training.epochs;
        let mut rng = TorchRng::new(seed);
        let model = torch_init(GptModel::new(&self.config(tokenizer), device), &mut rng);
        let model = fast::accelerate(with_small_embeddings(model));
        let mut progress = LossProgress::new(0, steps).with_prefix("pretraining, ");
        let mut stopped = false;
        let observe = |event: Event| -> Result<ControlFlow<()>> {
            match event {
                Event::Step { loss, .. } => progress.step(loss),
                Event::Evaluation(evaluation) => on_evaluation(&progress, evaluation),
                Event::SafePoint(run) if interrupt.is_pressed() && run.state.steps < steps => {
                    stopped = true;
                    return Ok(ControlFlow::Break(()));
                }
                Event::SafePoint(_) | Event::EpochEnd { .. } => {}
            }
            Ok(ControlFlow::Continue(()))
        };
        let run = Run::new(model, training.weight_decay, &rng);
        let recipe = Recipe::default();
        let run = train_language_model(run, &loaders, &training, &recipe, Masks::Reproducible, device, observe)?;
        progress.finish();
        Ok((!stopped).then_some(run.model))
    }
}

/// Makes the embeddings small, and begins the output layer with the vectors of the tokens, which it shares with the
/// embedding in GPT-2: so a model that finds a token in its context can repeat it before it has met it as an answer.
fn with_small_embeddings(mut model: GptModel) -> GptModel {
    let parameter = |values: Tensor<2>| {
        let device = values.device();
        Param::from_data(values.into_data(), &device)
    };
    model.tok_emb.weight = parameter(model.tok_emb.weight.val() * EMBEDDING_SPREAD);
    model.pos_emb.weight = parameter(model.pos_emb.weight.val() * EMBEDDING_SPREAD);
    model.out_head.weight = parameter(model.tok_emb.weight.val().transpose());
    model
}
