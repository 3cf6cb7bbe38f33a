//! Measures a published model from its file: `bench/run --models` calls it for every precision of the weights.
//! `cargo run --release -p bench --example models -- FILE.gguf int4`

use std::error::Error;
use std::process::ExitCode;

use bench::models::measure;
use kernels::decode::Precision;

fn main() -> ExitCode {
    kernels::memory::keep_freed_memory();
    match run() {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let usage = "give a .gguf file or a folder, f32, bf16, int8 or int4, and perhaps the number of runs and --json";
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let json =
        arguments.iter().position(|argument| argument == "--json").map(|index| arguments.remove(index)).is_some();
    let [path, precision, rest @ ..] = &arguments[..] else { return Err(usage.into()) };
    let precision = match precision.as_str() {
        "f32" => Precision::F32,
        "bf16" => Precision::Bf16,
        "int8" => Precision::Int8,
        "int4" => Precision::Int4,
        _ => return Err(usage.into()),
    };
    let runs = rest.first().map_or(Ok(5), |runs| runs.parse())?;
    let measurement = measure(path.as_ref(), precision, runs)?;
    Ok(if json { serde_json::to_string(&measurement)? } else { measurement.to_string() })
}
