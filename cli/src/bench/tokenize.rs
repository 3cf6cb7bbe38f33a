//! Text to ids: the embedded story again and again, 10 MB.

use std::hint::black_box;

use anyhow::Result;
use ch02_text::Gpt2Tokenizer;
use serde::Serialize;
use shared::data::find;

use super::{Args, Timings, report};

const BYTES: usize = 10_000_000;

#[derive(Serialize)]
struct Output {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    mb_per_s: f64,
    one_thread_mb_per_s: f64,
    threads: usize,
}

pub fn run(args: &Args) -> Result<()> {
    let story = find("lamp")?.text()?;
    let text = story.repeat(BYTES.div_ceil(story.len()));
    let megabytes = text.len() as f64 / 1e6;
    let tokenizer = Gpt2Tokenizer::new();
    let time = |threads: usize| {
        Timings::of(args.runs, || {
            black_box(tokenizer.encode_on(&text, threads));
            Ok(())
        })
    };
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (one, all) = (time(1)?, time(threads)?);
    let output = Output {
        bench: "tokenize",
        median_s: all.median(),
        best_s: all.best(),
        mb_per_s: megabytes / all.median(),
        one_thread_mb_per_s: megabytes / one.median(),
        threads,
    };
    let line = format!(
        "tokenize: {:.1} MB/s with {threads} threads ({} for {megabytes:.1} MB), {:.1} MB/s with one",
        output.mb_per_s,
        all.spread(),
        output.one_thread_mb_per_s
    );
    report(args, &output, &line)
}
