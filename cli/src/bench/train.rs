//! One training step, as `llm pretrain` does it, and the matrix products of such a step alone.

use std::fmt::Write;

use ::bench::{batch, model, step};
use anyhow::{Result, ensure};
use ch05_pretrain::AdamW;
use kernels::product::{Matrix, product};
use serde::Serialize;
use shared::device::is_cpu;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

use super::{Args, Timings, report, warm_ups};

#[derive(Serialize)]
struct Output {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    /// On a CPU.
    matmul_s: Option<f64>,
    peak_bytes: Option<u64>,
}

pub fn run(args: &Args) -> Result<()> {
    let tokens = args.tokens.unwrap_or(256.min(args.size.context_length));
    ensure!(
        tokens <= args.size.context_length,
        "{tokens} tokens do not fit into a context of {}; give --tokens with fewer",
        args.size.context_length
    );
    let config = GptConfig { context_length: tokens, ..args.size.clone() };
    let device = args.device.open()?;
    let kernels = args.precision.kernels(args.plain, &device)?;
    let (on_cpu, warm_ups) = (is_cpu(&device), warm_ups(&device));
    let device = device.autodiff();
    let mut rng = TorchRng::new(123);
    let texts = args.batch;
    let batch = batch(texts, &config, &device);

    let mut state = Some((model(&config, &device).with_kernels(kernels), AdamW::new(0.1).with_kernels(kernels)));
    let run = || {
        let Some((model, mut optimizer)) = state.take() else { unreachable!("every run puts the model back") };
        let mut mode = if on_cpu { Mode::Train(&mut rng) } else { Mode::TrainOnDevice };
        let (model, loss) = step(model, &mut optimizer, batch.clone(), &mut mode);
        ensure!(loss.is_finite(), "the loss is {loss}");
        state = Some((model, optimizer));
        Ok(())
    };
    let timings = Timings::with(warm_ups, args.runs, || (), run)?;
    let peak_bytes = peak_bytes();
    drop(state);

    let matmul_s = on_cpu.then(|| products(&config, texts * tokens, args.runs)).transpose()?;
    let median_s = timings.median();
    let mut text = format!("train: {median_s:.3} s per step of {texts} x {tokens} tokens ({})", timings.spread());
    if let Some(products) = matmul_s {
        let times = median_s / products;
        write!(text, "; its matrix products alone {products:.3} s, that is {times:.2} times")?;
    }
    if let Some(bytes) = peak_bytes {
        write!(text, "; at most {:.2} GB of the host's memory", bytes as f64 / 1e9)?;
    }
    report(args, &Output { bench: "train", median_s, best_s: timings.best(), matmul_s, peak_bytes }, &text)
}

/// Seconds for the products of one step: for each linear layer `x W`, `dY Wᵀ` and `xᵀ dY`, where all tokens are rows.
fn products(config: &GptConfig, rows: usize, runs: usize) -> Result<f64> {
    let (width, layers) = (config.emb_dim, config.n_layers);
    let kinds = [
        (width, width, 4 * layers),
        (width, 4 * width, layers),
        (4 * width, width, layers),
        (width, config.vocab_size, 1),
    ];
    let mut total = 0.0;
    for (d_in, d_out, times) in kinds {
        let numbers = |n: usize| (0..n).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect::<Vec<f32>>();
        let (x, dy, w) = (numbers(rows * d_in), numbers(rows * d_out), numbers(d_in * d_out));
        let (x, dy, w) = (Matrix::new(&x, rows, d_in), Matrix::new(&dy, rows, d_out), Matrix::new(&w, d_in, d_out));
        let timings = Timings::of(runs, || {
            std::hint::black_box(product(x, w));
            std::hint::black_box(product(dy, w.transposed()));
            std::hint::black_box(product(x.transposed(), dy));
            Ok(())
        })?;
        total += times as f64 * timings.median();
    }
    Ok(total)
}

/// Most memory that this process has had, where the system says so (Linux).
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
