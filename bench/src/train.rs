//! One training step, as `llm pretrain` does it, and the matrix products of such a step alone.

use std::fmt::{Display, Formatter};

use burn::tensor::Device;
use ch04_gpt::Forward;
use ch05_pretrain::AdamW;
use kernels::product::{MatrixView, product};
use serde::Serialize;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};
use workshop::device::is_cpu;

use crate::peak_memory::peak_bytes;
use crate::timings::warm_ups;
use crate::{BenchError, Timings, batch, model, step};

/// What to measure.
pub struct TrainSettings {
    /// Size of the model.
    pub size: GptConfig,
    /// Tokens of a training sequence, by default 256 or the model's context if that is shorter.
    pub tokens: Option<usize>,
    /// Sequences in a batch.
    pub texts: usize,
    /// Measured repetitions.
    pub runs: usize,
    /// What computes the model; `None` for the book's formulas.
    pub forward: Option<Forward>,
}

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    /// On a CPU.
    matmul_s: Option<f64>,
    peak_bytes: Option<u64>,
    #[serde(skip)]
    texts: usize,
    #[serde(skip)]
    tokens: usize,
    #[serde(skip)]
    timings: Timings,
}

/// Measures training steps on `device`.
///
/// # Errors
/// If the sequences do not fit into the model, or the loss becomes infinite or no number.
pub fn measure(settings: &TrainSettings, device: &Device) -> Result<Measurement, BenchError> {
    let &TrainSettings { ref size, tokens, texts, runs, forward } = settings;
    let context_length = size.context_length;
    let tokens = tokens.unwrap_or(256.min(context_length));
    if tokens > context_length {
        return Err(BenchError::TooLong { tokens, context_length });
    }
    let config = GptConfig { context_length: tokens, ..size.clone() };
    let (on_cpu, warm_ups) = (is_cpu(device), warm_ups(device));
    let device = device.clone().autodiff();
    let mut rng = TorchRng::new(123);
    let batch = batch(texts, &config, &device);

    let mut model = model(&config, &device);
    model.fast = forward;
    let mut state = Some((model, AdamW::new(0.1)));
    let run = || {
        let Some((model, mut optimizer)) = state.take() else { unreachable!("every run puts the model back") };
        let mut mode = if on_cpu { Mode::Train(&mut rng) } else { Mode::TrainOnDevice };
        let (model, loss) = step(model, &mut optimizer, batch.clone(), &mut mode);
        if !loss.is_finite() {
            return Err(BenchError::Loss(loss));
        }
        state = Some((model, optimizer));
        Ok(())
    };
    let timings = Timings::with(warm_ups, runs, || (), run)?;
    let peak_bytes = peak_bytes();
    drop(state);

    let matmul_s = on_cpu.then(|| products(&config, texts * tokens, runs));
    let (median_s, best_s) = (timings.median(), timings.best());
    Ok(Measurement { bench: "train", median_s, best_s, matmul_s, peak_bytes, texts, tokens, timings })
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { median_s, matmul_s, peak_bytes, texts, tokens, timings, .. } = self;
        write!(f, "train: {median_s:.3} s per step of {texts} x {tokens} tokens ({})", timings.spread())?;
        if let Some(products) = matmul_s {
            let times = median_s / products;
            write!(f, "; its matrix products alone {products:.3} s, that is {times:.2} times")?;
        }
        if let Some(bytes) = peak_bytes {
            write!(f, "; at most {:.2} GB of the host's memory", *bytes as f64 / 1e9)?;
        }
        Ok(())
    }
}

/// Seconds for the products of one step: for each linear layer `x W`, `dY Wᵀ` and `xᵀ dY`, where all tokens are rows.
fn products(config: &GptConfig, rows: usize, runs: usize) -> f64 {
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
        let (x, dy, w) =
            (MatrixView::new(&x, rows, d_in), MatrixView::new(&dy, rows, d_out), MatrixView::new(&w, d_in, d_out));
        let Ok(timings) = Timings::of(runs, || {
            std::hint::black_box(product(x, w));
            std::hint::black_box(product(dy, w.transposed()));
            std::hint::black_box(product(x.transposed(), dy));
            Ok::<_, std::convert::Infallible>(())
        });
        total += times as f64 * timings.median();
    }
    total
}
