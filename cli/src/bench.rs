//! `llm bench`: how fast this machine trains, writes, loads and reads.

mod generate;
mod load;
mod tokenize;
mod train;

use std::io::{Write, stdout};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use burn::tensor::Device;
use clap::ValueEnum;
use serde::Serialize;
use shared::GptConfig;
use shared::device::{DeviceChoice, is_cpu};

use crate::positive;
use crate::precision::{ProductPrecision, WeightPrecision};

#[derive(clap::Args)]
pub struct Args {
    /// What to measure; without it everything, one after the other
    #[arg(value_enum)]
    what: Option<What>,
    /// Size of the model: tiny, 124M, 355M, 774M or 1558M
    #[arg(long, value_name = "S", default_value = "124M", value_parser = size)]
    size: GptConfig,
    /// Measured repetitions, after one that warms up
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = positive)]
    runs: usize,
    /// Tokens per text: those of a training sequence (default 256), or those to write (default 200)
    #[arg(long, value_name = "N", value_parser = positive)]
    tokens: Option<usize>,
    /// Texts in a batch of `train`
    #[arg(long, value_name = "N", default_value_t = ::bench::BATCH, value_parser = positive)]
    batch: usize,
    /// Tokens of the prompt of `generate`
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = positive)]
    prompt: usize,
    /// Train with the book's formulas instead of the fast operations
    #[arg(long)]
    plain: bool,
    /// Precision of the products in linear layers of `train`: f32, or bf16 or f16 on graphics cards that have them
    #[arg(long, value_name = "P", value_enum, default_value = "f32", conflicts_with = "plain")]
    precision: ProductPrecision,
    /// Precision of the weights of `generate`
    #[arg(long, value_name = "P", value_enum, default_value = "f32")]
    weights: WeightPrecision,
    /// Where `train` and `generate` compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda. What is compared with the
    /// processor's own speed is left out on others than cpu
    #[arg(long, value_name = "D", default_value = "cpu")]
    device: DeviceChoice,
    /// Print one line of JSON for each measurement
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// One training step, with dropout and AdamW
    Train,
    /// Writing with a key-value cache, against the bandwidth of the memory
    Generate,
    /// Opening a saved model, against reading its file
    Load,
    /// Text to ids
    Tokenize,
}

fn size(name: &str) -> Result<GptConfig, String> {
    GptConfig::preset(name).map_err(|e| e.to_string())
}

pub fn run(args: Args) -> Result<ExitCode> {
    let all = [What::Train, What::Generate, What::Load, What::Tokenize];
    for what in all.into_iter().filter(|what| args.what.is_none_or(|only| only == *what)) {
        match what {
            What::Train => train::run(&args)?,
            What::Generate => generate::run(&args)?,
            What::Load => load::run(&args)?,
            What::Tokenize => tokenize::run(&args)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Seconds of several runs of the same thing.
struct Timings {
    /// Sorted.
    seconds: Vec<f64>,
}

impl Timings {
    /// Runs once to warm up, then `runs` times with a clock.
    fn of(runs: usize, work: impl FnMut() -> Result<()>) -> Result<Self> {
        Self::with(1, runs, || (), work)
    }

    /// The same with so many runs to warm up, and with something to prepare before each run that counts, for which the
    /// clock stands still.
    fn with(warm_ups: usize, runs: usize, prepare: impl Fn(), mut work: impl FnMut() -> Result<()>) -> Result<Self> {
        (0..warm_ups).try_for_each(|_| work())?;
        let timed = (0..runs).map(|_| {
            prepare();
            let start = Instant::now();
            work().map(|()| start.elapsed().as_secs_f64())
        });
        Ok(Self::new(timed.collect::<Result<_>>()?))
    }

    fn new(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self { seconds }
    }

    fn median(&self) -> f64 {
        median(self.seconds.clone())
    }

    fn best(&self) -> f64 {
        self.seconds[0]
    }

    fn worst(&self) -> f64 {
        self.seconds[self.seconds.len() - 1]
    }

    /// For people: the median and how far the runs lie apart.
    fn spread(&self) -> String {
        format!("median of {}, {:.3} to {:.3} s", self.seconds.len(), self.best(), self.worst())
    }
}

/// Runs before those that count. A card's kernels are compiled and chosen when they are first needed, and the optimizer's
/// second step needs others than its first.
fn warm_ups(device: &Device) -> usize {
    if is_cpu(device) { 1 } else { 3 }
}

/// The middle of some numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { f64::midpoint(numbers[middle - 1], numbers[middle]) }
}

/// Prints one result: as JSON, or as lines for people.
fn report(args: &Args, json: &impl Serialize, text: &str) -> Result<()> {
    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(json)?)?;
    } else {
        writeln!(out, "{text}")?;
    }
    Ok(out.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_odd_and_even_numbers_of_runs() {
        assert_eq!(median(vec![2.0, 9.0, 1.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 9.0, 2.0]), 3.0);
    }

    #[test]
    fn the_first_run_is_not_counted() {
        let mut runs = 0;
        let timings = Timings::of(3, || {
            runs += 1;
            Ok(())
        });
        assert_eq!((timings.unwrap().seconds.len(), runs), (3, 4));
    }
}
