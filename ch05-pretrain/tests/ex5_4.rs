//! The checks of exercise 5.4: of `solutions/ex5_4.rs`, or with the feature `my-solutions` of your file in
//! `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex5_4.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex5_4.rs", allow(unused))]
mod ex5_4;
mod exercise;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation, Loaders, save_model_and_optimizer, train_model_simple};
use exercise::{text, tiny};
use shared::Batches;
use shared::TrainingConfig;
use shared::init::torch_init;
use shared::rng::TorchRng;

/// A run and what it has so far.
struct Run {
    model: GptModel,
    optimizer: AdamW,
    rng: TorchRng,
    evaluations: Vec<Evaluation>,
}

/// An evaluation at every step, so that those of a run in two parts come at the same steps as without a pause.
fn training(epochs: usize) -> TrainingConfig {
    TrainingConfig { epochs, batch_size: 2, learning_rate: 1e-2, eval_freq: 1, eval_iter: 1, ..TrainingConfig::book() }
}

/// Enough for a few steps.
fn short_text() -> String {
    text().chars().take(1200).collect()
}

fn loaders() -> Loaders {
    Loaders::new(&short_text(), tiny().context_length, 2).unwrap()
}

/// A run of this many epochs without a pause.
fn uninterrupted(epochs: usize) -> Run {
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = torch_init(GptModel::new(&tiny(), &device), &mut rng);
    let mut optimizer = AdamW::new(training(epochs).weight_decay);
    let training = training(epochs);
    let (model, evaluations) =
        train_model_simple(model, &mut optimizer, &loaders(), &training, &mut rng, &device, |_| {});
    Run { model, optimizer, rng, evaluations }
}

/// A run of this many epochs, saved, and one epoch more.
fn continued(epochs: usize) -> Run {
    let Run { model, optimizer, mut rng, .. } = uninterrupted(epochs);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model_and_optimizer.bpk");
    save_model_and_optimizer(&path, &model, &optimizer).unwrap();
    drop((model, optimizer));
    let result = ex5_4::one_more_epoch(&path, &short_text(), &tiny(), &training(epochs), &mut rng, &Device::flex());
    let (model, optimizer, evaluations) = result.expect("a good file and a good text");
    Run { model, optimizer, rng, evaluations }
}

/// All weights, bit for bit.
fn weights(model: &GptModel) -> Vec<Vec<u32>> {
    struct Bits(Vec<Vec<u32>>);
    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(bits(param.val()));
        }
    }
    let mut all = Bits(Vec::new());
    model.visit(&mut all);
    all.0
}

fn moments(optimizer: &AdamW) -> Vec<(u32, Vec<u32>, Vec<u32>)> {
    let moments = optimizer.moments.iter().flatten();
    moments.map(|m| (m.steps, bits(m.first.clone()), bits(m.second.clone()))).collect()
}

fn bits<const D: usize>(tensor: Tensor<D>) -> Vec<u32> {
    tensor.into_data().iter::<f32>().map(f32::to_bits).collect()
}

// 中文：再训练一个 epoch
#[test]
fn ex5_4_trains_one_epoch_more() {
    let (run, steps) = (continued(1), loaders().train.num_batches());
    assert_eq!(run.evaluations.len(), steps, "an evaluation for every step of one epoch");
    assert_eq!(run.optimizer.steps as usize, 2 * steps, "the optimizer has counted the steps of both epochs");
}

// 中文：结果与不中断的训练相同
#[test]
fn ex5_4_the_result_is_that_of_a_run_without_a_pause() {
    let (whole, continued) = (uninterrupted(3), continued(2));
    let losses = |run: &Run| -> Vec<(f64, f64)> {
        let last_epoch = loaders().train.num_batches();
        run.evaluations.iter().rev().take(last_epoch).map(|e| (e.train_loss, e.val_loss)).collect()
    };
    assert_eq!(continued.optimizer.steps, whole.optimizer.steps, "number of steps");
    assert_eq!(losses(&continued), losses(&whole), "the losses, from the last step to the first");
    assert!(continued.rng == whole.rng, "the generator is in another state");
    let same = weights(&continued.model) == weights(&whole.model);
    assert!(same, "the weights differ from those of the run without a pause");
    let same = moments(&continued.optimizer) == moments(&whole.optimizer);
    assert!(same, "the moments of the optimizer differ from those of the run without a pause");
}

// 中文：文件不存在时报错
#[test]
fn ex5_4_a_file_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (path, mut rng) = (folder.path().join("nothing.bpk"), TorchRng::new(123));
    let result = ex5_4::one_more_epoch(&path, &short_text(), &tiny(), &training(1), &mut rng, &Device::flex());
    assert!(result.is_err(), "there is nothing to continue");
}
