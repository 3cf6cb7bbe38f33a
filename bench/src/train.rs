//! One training step, as `llm pretrain` does it, and the matrix products of such a step alone. The two take turns: the clock of a
//! processor and the load of a shared machine vary from second to second, and both are to meet the same.

use std::fmt::{Display, Formatter};
use std::hint::black_box;
use std::time::Instant;

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
use crate::timings::{median, warm_ups};
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
    /// The median of each step's time over that of the products directly after it.
    step_over_products: Option<f64>,
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
    let device = device.clone().autodiff();
    let batch = batch([texts, tokens], config.vocab_size, &device);
    let mut model = model(&config, &device);
    model.fast = forward;
    let (width, layers) = (config.emb_dim, config.n_layers);
    let kinds = [
        Product::trained(width, width, 4 * layers),
        Product::trained(width, 4 * width, layers),
        Product::trained(4 * width, width, layers),
        Product::trained(width, config.vocab_size, 1),
    ];
    in_turn(model, &batch, &kinds, runs, &device)
}

/// Tokens of a training sequence: by default 256, or the model's context if that is shorter.
pub(crate) fn sequence_length(tokens: Option<usize>, context_length: usize) -> Result<usize, BenchError> {
    let tokens = tokens.unwrap_or(256.min(context_length));
    if tokens > context_length {
        return Err(BenchError::TooLong { tokens, context_length });
    }
    Ok(tokens)
}

/// Times training steps and, on a CPU, the products of a step after each of them. The memory is that of the steps.
pub(crate) fn in_turn<M: Accelerated>(
    model: M,
    batch: &Batch,
    kinds: &[Product],
    runs: usize,
    device: &Device,
) -> Result<Measurement, BenchError> {
    let (on_cpu, [texts, tokens]) = (is_cpu(device), batch.inputs.dims());
    let mut rng = TorchRng::new(123);
    let mut state = Some((model, AdamW::new(0.1)));
    let mut run = || {
        let Some((model, mut optimizer)) = state.take() else { unreachable!("every run puts the model back") };
        let mut mode = if on_cpu { Mode::Train(&mut rng) } else { Mode::TrainOnDevice };
        let start = Instant::now();
        let (model, loss) = step(model, &mut optimizer, batch.clone(), &mut mode);
        let seconds = start.elapsed().as_secs_f64();
        if !loss.is_finite() {
            return Err(BenchError::Loss(loss));
        }
        state = Some((model, optimizer));
        Ok(seconds)
    };
    for _ in 0..warm_ups(device) {
        run()?;
    }
    // The first step has made the optimizer's moments, so that this one needs as much memory as any later one.
    let mut steps = vec![run()?];
    let peak_bytes = peak_bytes();
    let layers: Vec<Layer> = kinds.iter().filter(|_| on_cpu).map(|kind| Layer::new(kind, texts * tokens)).collect();
    layers.iter().for_each(Layer::products); // to warm up
    let mut products = Vec::new();
    loop {
        if on_cpu {
            products.push(seconds_of_products(&layers));
        }
        if steps.len() >= runs {
            return Ok(Measurement::new(steps, products, peak_bytes, [texts, tokens]));
        }
        steps.push(run()?);
    }
}

impl Measurement {
    fn new(steps: Vec<f64>, products: Vec<f64>, peak_bytes: Option<u64>, [texts, tokens]: [usize; 2]) -> Self {
        let ratios: Vec<f64> = steps.iter().zip(&products).map(|(step, products)| step / products).collect();
        let middle = |numbers: Vec<f64>| (!numbers.is_empty()).then(|| median(numbers));
        let (matmul_s, step_over_products, timings) = (middle(products), middle(ratios), Timings::new(steps));
        let (median_s, best_s) = (timings.median(), timings.best());
        Self { bench: "train", median_s, best_s, matmul_s, step_over_products, peak_bytes, texts, tokens, timings }
    }
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { median_s, matmul_s, step_over_products, peak_bytes, texts, tokens, timings, .. } = self;
        write!(f, "train: {median_s:.3} s per step of {texts} x {tokens} tokens ({})", timings.spread())?;
        if let (Some(products), Some(times)) = (matmul_s, step_over_products) {
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

/// Matrices of the sizes that a linear layer multiplies, for all layers of one size.
struct Layer<'a> {
    kind: &'a Product,
    rows: usize,
    x: Vec<f32>,
    dy: Vec<f32>,
    weight: Vec<f32>,
}

impl<'a> Layer<'a> {
    fn new(kind: &'a Product, rows: usize) -> Self {
        let &Product { d_in, d_out, .. } = kind;
        let numbers = |n: usize| (0..n).map(|i| (i % 97) as f32 / 97.0 - 0.5).collect();
        let (x, dy, weight) = (numbers(rows * d_in), numbers(rows * d_out), numbers(d_in * d_out));
        Self { kind, rows, x, dy, weight }
    }

    /// The products of one linear layer in a step: `x W`, `dY Wᵀ` and, if it is trained, `xᵀ dY`, where all tokens are rows.
    fn products(&self) {
        let Self { rows, kind: &Product { d_in, d_out, is_trained, .. }, .. } = *self;
        let (x, dy) = (MatrixView::new(&self.x, rows, d_in), MatrixView::new(&self.dy, rows, d_out));
        let weight = MatrixView::new(&self.weight, d_in, d_out);
        black_box(product(x, weight));
        black_box(product(dy, weight.transposed()));
        if is_trained {
            black_box(product(x.transposed(), dy));
        }
    }
}

/// Seconds for the products of one step.
fn seconds_of_products(layers: &[Layer]) -> f64 {
    let start = Instant::now();
    layers.iter().for_each(|layer| (0..layer.kind.times).for_each(|_| layer.products()));
    start.elapsed().as_secs_f64()
}
