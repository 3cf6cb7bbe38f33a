//! Every operation of a training step, forward and backward, at the sizes of GPT-2 124M: `plain` as the book has it,
//! `fused` as `kernels` has it.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};
use ch04_gpt::{LayerNorm, gelu};
use ch05_pretrain::loss::IGNORE_INDEX;
use ch05_pretrain::{AdamW, cross_entropy};
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use kernels::Kernels;
use shared::rng::TorchRng;
use shared::{Dropout, Mode};

const BOTH: [(&str, Kernels); 2] = [("plain", Kernels::Plain), ("fused", Kernels::Fused)];

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex().autodiff()).require_grad()
}

/// Times `run` in both versions; what it returns is summed and walked backward.
fn both<const D: usize>(c: &mut Criterion, name: &str, mut run: impl FnMut(Kernels) -> Tensor<D>) {
    let mut group = c.benchmark_group(name);
    group.sample_size(10);
    for (version, kernels) in BOTH {
        group.bench_function(BenchmarkId::from_parameter(version), |b| b.iter(|| run(kernels).sum().backward()));
    }
    group.finish();
}

fn operations(c: &mut Criterion) {
    kernels::memory::keep_freed_memory();
    let device = Device::flex().autodiff();
    let config = bench::config();
    let (tokens, width, vocab) = (config.context_length, config.emb_dim, config.vocab_size);
    let hidden = [bench::BATCH, tokens, width];

    let block = &bench::model(&config, &device).trf_blocks[0];
    let x = random(hidden);
    both(c, "linear 768 x 3072", |kernels| block.ff.expand.clone().with_kernels(kernels).forward(x.clone()));
    both(c, "attention with its projections", |kernels| {
        block.att.clone().with_kernels(kernels).forward(x.clone(), &mut Mode::Train(&mut TorchRng::new(1)))
    });
    let norm = LayerNorm::new(width, &device);
    both(c, "layer norm", |kernels| norm.clone().with_kernels(kernels).forward(x.clone()));
    let shortcut = random(hidden);
    both(c, "dropout and shortcut", |kernels| {
        let dropout = Dropout::new(0.1).with_kernels(kernels);
        dropout.forward_add(x.clone(), shortcut.clone(), &mut Mode::Train(&mut TorchRng::new(1)))
    });
    let wide = random([bench::BATCH, tokens, 4 * width]);
    both(c, "gelu", |kernels| if kernels == Kernels::Fused { kernels::gelu(wide.clone()) } else { gelu(wide.clone()) });
    let table = random([vocab, width]);
    let batch = bench::batch(bench::BATCH, &config, &device);
    both(c, "embedding", |kernels| {
        let (table, ids) = (table.clone(), batch.inputs.clone());
        if kernels == Kernels::Fused {
            kernels::embedding(table, ids)
        } else {
            burn::tensor::module::embedding(table, ids)
        }
    });
    // New logits for each round: those that somebody else holds cannot be overwritten.
    let mut group = c.benchmark_group("cross-entropy");
    group.sample_size(10);
    for (version, kernels) in BOTH {
        let logits = || random([bench::BATCH * tokens, vocab]);
        let run = |logits| {
            let targets = batch.targets.clone().flatten(0, 1);
            let loss = if kernels == Kernels::Fused {
                kernels::cross_entropy(logits, targets, IGNORE_INDEX.into())
            } else {
                cross_entropy(logits, targets)
            };
            loss.backward()
        };
        group.bench_function(BenchmarkId::from_parameter(version), |b| {
            b.iter_batched(logits, run, BatchSize::PerIteration);
        });
    }
    group.finish();

    let mut group = c.benchmark_group("AdamW on one block");
    group.sample_size(10);
    for (version, kernels) in BOTH {
        let mut block = Some(block.clone().fork(&device));
        let mut optimizer = AdamW::new(0.1).with_kernels(kernels);
        group.bench_function(BenchmarkId::from_parameter(version), |b| {
            b.iter_custom(|times| {
                let mut total = std::time::Duration::ZERO;
                for _ in 0..times {
                    let Some(module) = block.take() else { unreachable!("every round puts the block back") };
                    let gradients = module.forward(x.clone(), &mut Mode::Eval).sum().backward();
                    let start = std::time::Instant::now();
                    block = Some(optimizer.step(1e-4, module, gradients));
                    total += start.elapsed();
                }
                total
            });
        });
    }
    group.finish();
}

criterion_group!(benches, operations);
criterion_main!(benches);
