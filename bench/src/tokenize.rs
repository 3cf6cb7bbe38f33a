//! Text to ids: the embedded story again and again, 10 MB.

use std::convert::Infallible;
use std::fmt::{Display, Formatter};
use std::hint::black_box;

use ch02_text::{Gpt2Tokenizer, long_text};
use serde::Serialize;
use shared::data::find;

use crate::{BenchError, Timings};

const BYTES: usize = 10_000_000;

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    mb_per_s: f64,
    one_thread_mb_per_s: f64,
    threads: usize,
    #[serde(skip)]
    megabytes: f64,
    #[serde(skip)]
    timings: Timings,
}

/// Measures GPT-2's tokenizer with one thread and with all.
///
/// # Errors
/// If the story is missing.
pub fn measure(runs: usize) -> Result<Measurement, BenchError> {
    let story = find("lamp")?.text()?;
    let text = story.repeat(BYTES.div_ceil(story.len()));
    let megabytes = text.len() as f64 / 1e6;
    let tokenizer = Gpt2Tokenizer::new();
    let time = |threads: usize| {
        let Ok(timings) = Timings::of(runs, || {
            black_box(long_text::encode_on(&tokenizer, &text, threads));
            Ok::<_, Infallible>(())
        });
        timings
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (one, all) = (time(1), time(threads));
    Ok(Measurement {
        bench: "tokenize",
        median_s: all.median(),
        best_s: all.best(),
        mb_per_s: megabytes / all.median(),
        one_thread_mb_per_s: megabytes / one.median(),
        threads,
        megabytes,
        timings: all,
    })
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { mb_per_s, one_thread_mb_per_s, threads, megabytes, timings, .. } = self;
        write!(
            f,
            "tokenize: {mb_per_s:.1} MB/s with {threads} threads ({} for {megabytes:.1} MB), {one_thread_mb_per_s:.1} \
             MB/s with one",
            timings.spread()
        )
    }
}
