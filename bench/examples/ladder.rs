//! The ladder: seconds per training step while one operation after the other becomes fast. Median and best of five steps
//! after one that is not counted. `cargo run --release -p bench --example ladder`

use std::time::Instant;

use burn::tensor::{Device, Gradients, Int, Tensor};
use ch02_text::Batch;
use ch04_gpt::{Forward, GptModel};
use ch05_pretrain::AdamW;
use fast::{Operations, Products};
use shared::Mode;
use shared::rng::TorchRng;

const STEPS: usize = 5;

/// The learning rate of chapter 5.
const LEARNING_RATE: f64 = 4e-4;

const LINEAR: Operations = Operations { products: Products::Fast, ..Operations::LESSON };
const GELU: Operations = Operations { gelu: true, ..LINEAR };
const ATTENTION: Operations = Operations { attention: true, ..GELU };
const EMBEDDING: Operations = Operations { embedding: true, ..ATTENTION };
const DROPOUT: Operations = Operations { dropout: true, ..EMBEDDING };
const LAYER_NORM: Operations = Operations { layer_norm: true, ..DROPOUT };

/// The fast operations of each forward pass on the ladder; on the last rung all of them.
static RUNGS: [Operations; 6] = [LINEAR, GELU, ATTENTION, EMBEDDING, DROPOUT, LAYER_NORM];

/// A forward pass for [`GptModel::fast`], which is a plain function and so gets its operations from a table.
fn rung<const N: usize>(model: &GptModel, ids: Tensor<2, Int>, mode: &mut Mode) -> Tensor<3> {
    fast::forward_with(&RUNGS[N], model, ids, mode)
}

/// What a training step consists of.
struct TrainingStep {
    forward: Option<Forward>,
    loss: fn(&GptModel, Batch, &mut Mode) -> Tensor<1>,
    update: fn(&mut AdamW, f64, GptModel, Gradients) -> GptModel,
}

/// Makes one more part of a step fast.
type Lever = fn(&mut TrainingStep);

const LEVERS: [(&str, Lever); 9] = [
    ("the book's formulas", |_| ()),
    ("+ memory is kept", |_| kernels::memory::keep_freed_memory()),
    ("+ linear layers", |step| step.forward = Some(rung::<0>)),
    ("+ AdamW in place", |step| step.update = fast::adamw_step),
    ("+ GELU", |step| step.forward = Some(rung::<1>)),
    ("+ attention", |step| step.forward = Some(rung::<2>)),
    ("+ cross-entropy and embedding", |step| {
        step.loss = fast::calc_loss_batch;
        step.forward = Some(rung::<3>);
    }),
    ("+ dropout", |step| step.forward = Some(rung::<4>)),
    ("+ layer norm", |step| step.forward = Some(rung::<5>)),
];

fn main() {
    assert_eq!(RUNGS[RUNGS.len() - 1], Operations::FAST, "the last rung");
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let config = bench::config();
    let batch = bench::batch([bench::BATCH, config.context_length], config.vocab_size, &device);
    let mut model = bench::model(&config, &device);
    let mut optimizer = AdamW::new(0.1);
    let mut step = TrainingStep { forward: None, loss: ch05_pretrain::calc_loss_batch, update: AdamW::step };
    println!("| version | seconds per step | best |\n|---|---|---|");
    for (name, pull) in LEVERS {
        pull(&mut step);
        model.fast = step.forward;
        let mut seconds = Vec::new();
        for i in 0..=STEPS {
            let start = Instant::now();
            let loss = (step.loss)(&model, batch.clone(), &mut Mode::Train(&mut rng));
            let gradients = loss.backward();
            model = (step.update)(&mut optimizer, LEARNING_RATE, model, gradients);
            let loss: f32 = loss.into_scalar();
            assert!(loss.is_finite(), "the loss is {loss}");
            if i > 0 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        seconds.sort_by(f64::total_cmp);
        println!("| {name} | {:.2} | {:.2} |", seconds[STEPS / 2], seconds[0]);
    }
}
