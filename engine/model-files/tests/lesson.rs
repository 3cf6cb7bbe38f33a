//! The lesson of section 5.4 and this crate: both save and load the same.

mod common;

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::Batch;
use ch04_gpt::GptModel;
use ch05_pretrain::{
    AdamW, calc_loss_batch, load_model_and_optimizer, load_weights, save_model_and_optimizer, save_weights,
};
use common::parameter_values;
use model_files::{load_model, save_model};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn config() -> GptConfig {
    GptConfig { vocab_size: 20, context_length: 6, emb_dim: 4, n_heads: 2, n_layers: 2, drop_rate: 0.1, qkv_bias: true }
}

fn device() -> Device {
    Device::flex().autodiff()
}

fn model() -> GptModel {
    torch_init(GptModel::new(&config(), &device()), &mut TorchRng::new(123))
}

/// Trains for this many steps on one batch.
fn train(mut model: GptModel, optimizer: &mut AdamW, steps: usize) -> GptModel {
    let row = |start: i32| Tensor::<2, Int>::from_ints([[start, 2, 3, 4], [7, 0, 19, 5]], &device());
    let mut rng = TorchRng::new(5);
    for _ in 0..steps {
        let batch = Batch { inputs: row(1), targets: row(8) };
        let gradients = calc_loss_batch(&model, batch, &mut Mode::Train(&mut rng)).backward();
        model = optimizer.step(1e-2, model, gradients);
    }
    model
}

#[test]
fn the_lesson_and_the_folder_keep_every_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (path, model) = (folder.path().join("model.bpk"), train(model(), &mut AdamW::new(0.1), 2));
    save_weights(&path, &model).unwrap();
    let lesson = load_weights(&path, GptModel::new(&config(), &device())).unwrap();
    assert_eq!(parameter_values(&lesson), parameter_values(&model));
    assert!(lesson.out_head.weight.val().is_require_grad(), "it can be trained on");

    save_model(&folder.path().join("folder"), &config(), &model.valid()).unwrap();
    let (_, read) = load_model(&folder.path().join("folder"), &device()).unwrap();
    assert_eq!(parameter_values(&read), parameter_values(&lesson));
}

/// Three steps, a pause, two steps: as five steps without a pause. Without the moments it would be another model.
#[test]
fn training_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model_and_optimizer.bpk");
    // The token embedding is frozen at first, so it has no moments yet.
    let mut begun = model();
    begun.tok_emb = begun.tok_emb.no_grad();
    let mut optimizer = AdamW::new(0.1);
    let mut begun = train(begun, &mut optimizer, 3);
    save_model_and_optimizer(&path, &begun, &optimizer).unwrap();
    begun.tok_emb.weight = begun.tok_emb.weight.set_require_grad(true);
    let whole = train(begun, &mut optimizer, 2);

    let load = || load_model_and_optimizer(&path, GptModel::new(&config(), &device()), AdamW::new(0.1)).unwrap();
    let (loaded, mut loaded_optimizer) = load();
    assert_eq!(loaded_optimizer.steps, 3);
    assert!(loaded_optimizer.moments[0].is_none());
    let continued = train(loaded, &mut loaded_optimizer, 2);
    assert_eq!(parameter_values(&continued), parameter_values(&whole));
    let steps = |optimizer: &AdamW| optimizer.moments.iter().map(|m| m.as_ref().unwrap().steps).collect::<Vec<_>>();
    assert_eq!(steps(&loaded_optimizer), steps(&optimizer));

    let without_moments = train(load().0, &mut AdamW::new(0.1), 2);
    assert_ne!(parameter_values(&without_moments), parameter_values(&whole));
}

#[test]
fn a_file_of_another_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.bpk");
    save_weights(&path, &model()).unwrap();
    let load = |config: GptConfig| load_weights(&path, GptModel::new(&config, &device()));
    for other in [
        GptConfig { emb_dim: 8, ..config() },
        GptConfig { n_layers: 1, ..config() },
        GptConfig { n_layers: 3, ..config() },
        GptConfig { qkv_bias: false, ..config() },
    ] {
        assert!(load(other.clone()).is_err(), "{other:?}");
    }
    assert!(load_weights(Path::new("nowhere.bpk"), model()).is_err());
    let fresh = GptModel::new(&config(), &device());
    assert!(load_model_and_optimizer(&path, fresh, AdamW::new(0.1)).is_err(), "it has no moments");
}
