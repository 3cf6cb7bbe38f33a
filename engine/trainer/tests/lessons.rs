//! The runner takes the steps of chapter 5's loop, bit for bit: the same evaluations, the same weights and moments at
//! the end. (`tricks.rs` has the same for appendix D, `classifier.rs` for chapter 6. Chapter 7 trains with chapter 5's
//! loop.)

use appendix_train_tricks::Recipe;
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::module::Module;
use burn::tensor::Device;
use ch04_gpt::GptModel;
use ch05_pretrain::adamw::Moments;
use ch05_pretrain::{AdamW, Loaders, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};
use trainer::{Masks, Run, ignore, train_language_model};

#[test]
fn chapter_5() {
    let device = Device::flex().autodiff();
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(3000).collect();
    let loaders = Loaders::new(&text, 16, 4).unwrap();
    let config =
        GptConfig { context_length: 16, emb_dim: 16, n_heads: 2, n_layers: 2, ..GptConfig::preset("tiny").unwrap() };
    let training =
        TrainingConfig { batch_size: 4, learning_rate: 1e-3, weight_decay: 0.1, epochs: 2, eval_freq: 3, eval_iter: 2 };
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&config, &device), &mut rng);

    let run = Run::new(model.clone(), training.weight_decay, &rng);
    let recipe = Recipe::default();
    let run = train_language_model(run, &loaders, &training, &recipe, Masks::Reproducible, &device, ignore).unwrap();

    let mut optimizer = AdamW::new(training.weight_decay);
    let (model, evaluations) =
        train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &device, |_| ());
    assert!(evaluations.len() > 4);
    assert_eq!(run.state.evaluations, evaluations);
    assert_eq!(run.state.rng, rng);
    let weights = |model: &GptModel| {
        let block = &model.trf_blocks[1];
        [&block.att.w_query, &block.ff.contract, &model.out_head].map(|layer| layer.weight.val().into_data())
    };
    assert_eq!(weights(&run.model), weights(&model));
    assert_eq!(run.optimizer.steps, optimizer.steps);
    let moments = |optimizer: &AdamW| -> Vec<_> {
        let data = |m: &Option<Moments>| m.as_ref().map(|m| [m.first.to_data(), m.second.to_data()]);
        optimizer.moments.iter().map(data).collect()
    };
    assert_eq!(moments(&run.optimizer), moments(&optimizer));
}

/// The same loop with a Llama, by the formulas of its lesson and by the fast operations.
#[test]
fn chapter_5_with_a_llama() {
    let device = Device::flex().autodiff();
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(1500).collect();
    let loaders = Loaders::new(&text, 16, 4).unwrap();
    let config =
        LlamaConfig { vocab_size: 50257, context_length: 16, n_layers: 2, ..LlamaConfig::preset("tiny").unwrap() };
    let training =
        TrainingConfig { batch_size: 4, learning_rate: 1e-3, weight_decay: 0.1, epochs: 2, eval_freq: 3, eval_iter: 2 };
    let mut rng = TorchRng::new(123);
    let model = torch_init(LlamaModel::new(&config, &device), &mut rng);
    let train = |model: LlamaModel| {
        let (run, recipe) = (Run::new(model, training.weight_decay, &rng), Recipe::default());
        train_language_model(run, &loaders, &training, &recipe, Masks::Reproducible, &device, ignore).unwrap()
    };
    let (run, fast) = (train(model.clone()), train(fast::accelerate_llama(model.clone())));

    let (mut optimizer, mut rng) = (AdamW::new(training.weight_decay), rng.clone());
    let (lesson, evaluations) =
        train_model_simple(model.clone(), &mut optimizer, &loaders, &training, &mut rng, &device, |_| ());
    assert_eq!(run.state.evaluations, evaluations);
    let change = |model: &LlamaModel| model.blocks[0].ff.gate.weight.val().inner();
    assert_eq!(change(&run.model).into_data(), change(&lesson).into_data());
    assert!(evaluations.last().unwrap().train_loss < evaluations[0].train_loss - 1.0, "{evaluations:?}");
    for (found, expected) in fast.state.evaluations.iter().zip(&evaluations) {
        // The fast operations add in another order.
        assert!((found.train_loss - expected.train_loss).abs() < 1e-3, "{found:?} and {expected:?}");
        assert!((found.val_loss - expected.val_loss).abs() < 1e-3, "{found:?} and {expected:?}");
    }
    assert_eq!(fast.model.num_params(), lesson.num_params());
}
