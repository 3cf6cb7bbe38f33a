//! Opening a saved model, against reading its file into memory.

use std::fmt::{Display, Formatter};
use std::fs::File;
use std::hint::black_box;
use std::io::Read;

use burn::tensor::Device;
use kernels::memory::give_back_freed_memory;
use model_files::{WEIGHTS_FILE, load_model, save_model};
use serde::Serialize;
use shared::GptConfig;

use crate::{BenchError, Timings, model};

/// The result.
#[derive(Serialize)]
pub struct Measurement {
    bench: &'static str,
    median_s: f64,
    best_s: f64,
    read_s: f64,
    file_bytes: u64,
    #[serde(skip)]
    loading: Timings,
}

/// Measures how long it takes to open a model of this size, on the CPU.
///
/// # Errors
/// If the model cannot be saved or opened.
pub fn measure(size: &GptConfig, runs: usize) -> Result<Measurement, BenchError> {
    let device = Device::flex();
    let folder = tempfile::tempdir()?;
    save_model(folder.path(), size, &model(size, &device))?;
    let path = folder.path().join(WEIGHTS_FILE);
    let file_bytes = path.metadata()?.len();

    // Both with the file in the system's cache, and with new memory, as in a program that has just been started.
    let reading = Timings::with(1, runs, give_back_freed_memory, || {
        let mut bytes = Vec::with_capacity(file_bytes as usize);
        File::open(&path)?.read_to_end(&mut bytes)?;
        black_box(bytes);
        Ok::<_, BenchError>(())
    })?;
    let loading = Timings::with(1, runs, give_back_freed_memory, || {
        black_box(load_model(folder.path(), &device)?);
        Ok::<_, BenchError>(())
    })?;
    let (median_s, best_s, read_s) = (loading.median(), loading.best(), reading.median());
    Ok(Measurement { bench: "load", median_s, best_s, read_s, file_bytes, loading })
}

impl Display for Measurement {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { median_s, read_s, file_bytes, loading, .. } = self;
        write!(
            f,
            "load: {median_s:.3} s for {:.0} MB ({}); reading the file alone {read_s:.3} s, that is {:.2} times",
            *file_bytes as f64 / 1e6,
            loading.spread(),
            median_s / read_s
        )
    }
}
