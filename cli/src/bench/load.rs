//! Opening a saved model, against reading its file into memory.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;

use anyhow::Result;
use burn::tensor::Device;
use ch05_pretrain::checkpoint::WEIGHTS_FILE;
use ch05_pretrain::{load_model, save_model};
use kernels::memory::give_back_freed_memory;
use serde::Serialize;

use super::{Args, Timings, report};

#[derive(Serialize)]
struct Output {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    read_s: f64,
    file_bytes: u64,
}

pub fn run(args: &Args) -> Result<()> {
    let device = Device::flex();
    let folder = tempfile::tempdir()?;
    save_model(folder.path(), &args.size, &::bench::model(&args.size, &device))?;
    let path = folder.path().join(WEIGHTS_FILE);
    let file_bytes = path.metadata()?.len();

    // Both with the file in the system's cache, and with new memory, as in a program that has just been started.
    let reading = Timings::with(1, args.runs, give_back_freed_memory, || {
        let mut bytes = Vec::with_capacity(file_bytes as usize);
        File::open(&path)?.read_to_end(&mut bytes)?;
        black_box(bytes);
        Ok(())
    })?;
    let loading = Timings::with(1, args.runs, give_back_freed_memory, || {
        black_box(load_model(folder.path(), &device)?);
        Ok(())
    })?;
    let (median_s, read_s) = (loading.median(), reading.median());
    let text = format!(
        "load: {median_s:.3} s for {:.0} MB ({}); reading the file alone {read_s:.3} s, that is {:.2} times",
        file_bytes as f64 / 1e6,
        loading.spread(),
        median_s / read_s
    );
    report(args, &Output { bench: "load", median_s, best_s: loading.best(), read_s, file_bytes }, &text)
}
