//! The tiny model that `classify train` and `instruct train` start from without `--model`: it is pretrained on the embedded
//! story, in less than a minute.

use std::ops::ControlFlow;

use anyhow::Result;
use appendix_train_tricks::Recipe;
use burn::tensor::Device;
use ch02_text::VOCAB_SIZE;
use ch04_gpt::GptModel;
use ch05_pretrain::{Evaluation, Loaders};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig, data};
use trainer::{Event, Masks, Run, train_language_model};

use crate::terminal::{Interrupt, LossProgress};

/// The data set that the model is pretrained on.
pub const STORY: &str = "lamp";

/// What distinguishes the two models.
pub struct StarterModel {
    pub context_length: usize,
    pub drop_rate: f64,
    pub learning_rate: f64,
    /// Steps between two evaluations.
    pub eval_freq: usize,
}

impl StarterModel {
    pub fn config(&self) -> GptConfig {
        GptConfig {
            vocab_size: VOCAB_SIZE,
            context_length: self.context_length,
            emb_dim: 64,
            n_heads: 4,
            n_layers: 2,
            drop_rate: self.drop_rate,
            qkv_bias: false,
        }
    }

    /// Pretrains the model on `device`, which must record gradients. `on_evaluation` gets the losses. `None` after Ctrl-C.
    pub fn pretrain(
        &self,
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
        let loaders = Loaders::new(&data::find(STORY)?.text()?, self.context_length, training.batch_size)?;
        let steps = loaders.train.num_batches() * training.epochs;
        let mut rng = TorchRng::new(seed);
        let model = fast::accelerate(torch_init(GptModel::new(&self.config(), device), &mut rng));
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
