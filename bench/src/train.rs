//! One training step, as `llm pretrain` does it, and the matrix products of such a step alone.

use std::fmt::{Display, Formatter};

use burn::tensor::Device;
use ch02_text::Batch;
use ch04_gpt::Forward;
use ch05_pretrain::AdamW;
use fast::Accelerated;
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
    let tokens = sequence_length(tokens, size.context_length)?;
    let config = GptConfig { context_length: tokens, ..size.clone() };
    let on_cpu = is_cpu(device);
    let device = device.clone().autodiff();
    let batch = batch([texts, tokens], config.vocab_size, &device);
    let mut model = model(&config, &device);
    model.fast = forward;
    let (timings, peak_bytes) = steps(model, &batch, runs, &device)?;
    let (width, layers) = (config.emb_dim, config.n_layers);
    let kinds = [
        Product::trained(width, width, 4 * layers),
        Product::trained(width, 4 * width, layers),
        Product::trained(4 * width, width, layers),
        Product::trained(width, config.vocab_size, 1),
    ];
    let matmul_s = on_cpu.then(|| products(&kinds, texts * tokens, runs));
    Ok(Measurement::new(timings, matmul_s, peak_bytes, [texts, tokens]))
}

/// Tokens of a training sequence: by default 256, or the model's context if that is shorter.
pub(crate) fn sequence_length(tokens: Option<usize>, context_length: usize) -> Result<usize, BenchError> {
    let tokens = tokens.unwrap_or(256.min(context_length));
    if tokens > context_length {
        return Err(BenchError::TooLong { tokens, context_length });
    }
    Ok(tokens)
}

/// Times training steps, and measures the memory that they take.
pub(crate) fn steps<M: Accelerated>(
    model: M,
    batch: &Batch,
    runs: usize,
    device: &Device,
) -> Result<(Timings, Option<u64>), BenchError> {
    let on_cpu = is_cpu(device);
    let mut rng = TorchRng::new(123);
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
    let timings = Timings::with(warm_ups(device), runs, || (), run)?;
    Ok((timings, peak_bytes()))
}

impl Measurement {
    pub(crate) fn new(
        timings: Timings,
        matmul_s: Option<f64>,
        peak_bytes: Option<u64>,
        [texts, tokens]: [usize; 2],
    ) -> Self {
        let (median_s, best_s) = (timings.median(), timings.best());
        Self { bench: "train", median_s, best_s, matmul_s, peak_bytes, texts, tokens, timings }
    }
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

/// The linear layers of one size in a model.
pub(crate) struct Product {
    d_in: usize,
    d_out: usize,
    times: usize,
    /// Whether the gradient of the weight is computed.
    is_trained: bool,
}

impl Product {
    pub(crate) fn trained(d_in: usize, d_out: usize, times: usize) -> Self {
        Self { d_in, d_out, times, is_trained: true }
    }

    pub(crate) fn frozen(d_in: usize, d_out: usize, times: usize) -> Self {
        Self { is_trained: false, ..Self::trained(d_in, d_out, times) }
    }
}

/// Seconds for the products of one step: for each linear layer `x W`, `dY Wᵀ` and, if it is trained, `xᵀ dY`, where all tokens
/// are rows.
pub(crate) fn products(kinds: &[Product], rows: usize, runs: usize) -> f64 {
    let mut total = 0.0;
    for &Product { d_in, d_out, times, is_trained } in kinds {
        let numbers = |n: usize| (0..n).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect::<Vec<f32>>();
        let (x, dy, w) = (numbers(rows * d_in), numbers(rows * d_out), numbers(d_in * d_out));
        let (x, dy, w) =
            (MatrixView::new(&x, rows, d_in), MatrixView::new(&dy, rows, d_out), MatrixView::new(&w, d_in, d_out));
        let Ok(timings) = Timings::of(runs, || {
            std::hint::black_box(product(x, w));
            std::hint::black_box(product(dy, w.transposed()));
            if is_trained {
                std::hint::black_box(product(x.transposed(), dy));
            }
            Ok::<_, std::convert::Infallible>(())
        });
        total += times as f64 * timings.median();
    }
    total
}
