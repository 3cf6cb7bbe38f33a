//! The runner takes the steps of chapter 5's loop, bit for bit: the same evaluations, the same weights and moments at
//! the end. (`tricks.rs` has the same for appendix D, `classifier.rs` for chapter 6. Chapter 7 trains with chapter 5's
//! loop.)

use appendix_train_tricks::Recipe;
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
