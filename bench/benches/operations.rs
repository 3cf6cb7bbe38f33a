//! Every operation of a training step, forward and backward, at the sizes of GPT-2 124M: `lesson` as the chapters compute
//! it, `fast` as `kernels` does.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use ch04_gpt::{LayerNorm, TransformerBlock, gelu};
use ch05_pretrain::AdamW;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use fast::Operations;
use shared::rng::TorchRng;
use shared::{Dropout, Mode};

const BOTH: [(&str, Operations); 2] = [("lesson", Operations::LESSON), ("fast", Operations::FAST)];

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex().autodiff()).require_grad()
}

/// Times `run` with both versions of the operations, and `backward()` of the sum of its result.
fn both<const D: usize>(c: &mut Criterion, name: &str, mut run: impl FnMut(Operations) -> Tensor<D>) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for (version, operations) in BOTH {
        group.bench_function(BenchmarkId::from_parameter(version), |b| b.iter(|| run(operations).sum().backward()));
    }
    group.finish();
}

fn operations(c: &mut Criterion) {
    kernels::memory::keep_freed_memory();
    let device = Device::flex().autodiff();
    let config = bench::config();
    let (tokens, width) = (config.context_length, config.emb_dim);
    let hidden = [bench::BATCH, tokens, width];
    let batch = bench::batch([bench::BATCH, config.context_length], config.vocab_size, &device);

    let model = bench::model(&config, &device);
    let block = &model.trf_blocks[0];
    let x = random(hidden);
    both(c, "linear 768 x 3072", |operations| operations.linear(&block.ff.expand, x.clone()));
    both(c, "attention with its projections", |operations| {
        operations.attention(&block.att, x.clone(), &mut Mode::Train(&mut TorchRng::new(1)))
    });
    let norm = LayerNorm::new(width, &device);
    both(c, "layer norm", |operations| operations.layer_norm(&norm, x.clone()));
    let (dropout, shortcut) = (Dropout::new(0.1), random(hidden));
    both(c, "dropout and shortcut", |operations| {
        operations.dropout_add(&dropout, || x.clone(), shortcut.clone(), &mut Mode::Train(&mut TorchRng::new(1)))
    });
    let wide = random([bench::BATCH, tokens, 4 * width]);
    both(c, "gelu", |operations| if operations.gelu { kernels::gelu(wide.clone()) } else { gelu(wide.clone()) });
    both(c, "embedding", |operations| operations.embedding(&model.tok_emb, batch.inputs.clone()));
}

fn cross_entropy(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let config = bench::config();
    let batch = bench::batch([bench::BATCH, config.context_length], config.vocab_size, &device);
    let versions = [("lesson", shared::cross_entropy as fn(_, _) -> _), ("fast", fast::cross_entropy)];
    let mut group = c.benchmark_group("cross-entropy");
    group.sample_size(10);
    for (version, cross_entropy) in versions {
        // New logits for each round: those with another owner cannot be overwritten.
        let logits = || random([bench::BATCH * config.context_length, config.vocab_size]);
        let run = |logits| cross_entropy(logits, batch.targets.clone().flatten(0, 1)).backward();
        group.bench_function(BenchmarkId::from_parameter(version), |b| {
            b.iter_batched(logits, run, BatchSize::PerIteration);
        });
    }
    group.finish();
}

/// One step of the optimizer.
type Step = fn(&mut AdamW, f64, TransformerBlock, Gradients) -> TransformerBlock;

fn adamw(c: &mut Criterion) {
    let device = Device::flex().autodiff();
    let config = bench::config();
    let model = bench::model(&config, &device);
    let x = random([bench::BATCH, config.context_length, config.emb_dim]);
    let versions: [(&str, Step); 2] = [("lesson", AdamW::step), ("fast", fast::adamw_step)];
    let mut group = c.benchmark_group("AdamW on one block");
    group.sample_size(10);
    for (version, step) in versions {
        let mut block = Some(model.trf_blocks[0].clone().fork(&device));
        let mut optimizer = AdamW::new(0.1);
        group.bench_function(BenchmarkId::from_parameter(version), |b| {
            b.iter_custom(|times| {
                let mut total = std::time::Duration::ZERO;
                for _ in 0..times {
                    let Some(module) = block.take() else { unreachable!("every round puts the block back") };
                    let gradients = module.forward(x.clone(), &mut Mode::Eval).sum().backward();
                    let start = std::time::Instant::now();
                    block = Some(step(&mut optimizer, 1e-4, module, gradients));
                    total += start.elapsed();
                }
                total
            });
        });
    }
    group.finish();
}

criterion_group!(benches, operations, cross_entropy, adamw);
criterion_main!(benches);
