//! Bonus: the bytes of a small safetensors file, one number in four formats, and the names in GPT-2's files.
//! `cargo run -p ch05-pretrain --example bonus_weight_files`

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, ensure};
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::Deserialize;

/// What the header says about a tensor.
#[derive(Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

fn main() -> anyhow::Result<()> {
    let file = write()?;
    dump(&file, 0);
    read(&file)?;
    one_number();

    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/model-files/tests/golden");
    hugging_face(&std::fs::read(golden.join("gpt2-tiny-hf/model.safetensors"))?)?;
    open_ai(&std::fs::read(golden.join("gpt2-tiny-openai/model.ckpt.index"))?);
    Ok(())
}

/// A file with a 2 x 2 matrix of 32-bit numbers and a vector of two 16-bit ones.
fn write() -> anyhow::Result<Vec<u8>> {
    let weight = [1.0f32, 0.5, -2.0, 0.1].map(f32::to_le_bytes).concat();
    let bias = [1.0, 0.1].map(|value| bf16::from_f32(value).to_le_bytes()).concat();
    let tensors = [
        ("weight", TensorView::new(Dtype::F32, vec![2, 2], &weight)?),
        ("bias", TensorView::new(Dtype::BF16, vec![2], &bias)?),
    ];
    Ok(safetensors::serialize(tensors, None)?)
}

/// The header of a safetensors file, and the numbers behind it.
fn split(file: &[u8]) -> anyhow::Result<(BTreeMap<String, Entry>, &[u8])> {
    let (length, rest) = file.split_first_chunk::<8>().context("there is no length")?;
    let length = usize::try_from(u64::from_le_bytes(*length))?;
    let (header, numbers) = rest.split_at_checked(length).context("the header is cut short")?;
    let mut header: serde_json::Map<_, _> = serde_json::from_slice(header)?;
    header.remove("__metadata__"); // remarks, if there are any
    Ok((serde_json::from_value(header.into())?, numbers))
}

/// Reads the file again, with nothing but a JSON parser.
fn read(file: &[u8]) -> anyhow::Result<()> {
    let (header, numbers) = split(file)?;
    println!();
    for (name, Entry { dtype, shape, data_offsets: [start, end] }) in header {
        let bytes = numbers.get(start..end).context("the numbers are cut short")?;
        let values: Vec<f32> = match dtype.as_str() {
            "F32" => bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect(),
            "BF16" => bytes.as_chunks().0.iter().map(|word| bf16::from_le_bytes(*word).to_f32()).collect(),
            other => anyhow::bail!("{other} is not for this example"),
        };
        ensure!(values.len() == shape.iter().product::<usize>(), "{name} has another number of values");
        println!("{name}: {dtype} {shape:?}, bytes {start} to {end}: {values:?}");
    }
    Ok(())
}

/// 0.1, and a number that is too large for one of the formats.
fn one_number() {
    println!("\n          0.1 as bits         read again      70,000 read again");
    let row = |name: &str, bits: String, values: [f64; 2]| {
        println!("{name:8}  {bits:16}  {:<14.11}  {}", values[0], values[1]);
    };
    let numbers = [0.1, 70_000.0];
    row("F64", format!("{:016x}", 0.1f64.to_bits()), numbers);
    row("F32", format!("{:08x}", 0.1f32.to_bits()), numbers.map(|number| f64::from(number as f32)));
    row("BF16", format!("{:04x}", bf16::from_f64(0.1).to_bits()), numbers.map(|n| bf16::from_f64(n).to_f64()));
    row("F16", format!("{:04x}", f16::from_f64(0.1).to_bits()), numbers.map(|n| f16::from_f64(n).to_f64()));
}

/// The names in a file of Hugging Face's: a tiny GPT-2 with random numbers.
fn hugging_face(file: &[u8]) -> anyhow::Result<()> {
    let (header, numbers) = split(file)?;
    println!("\nHugging Face: {} bytes, {} of them numbers, {} tensors", file.len(), numbers.len(), header.len());
    for (name, Entry { dtype, shape, .. }) in header {
        if !name.contains(".h.") || name.contains(".h.0.") {
            println!("  {name:34} {dtype} {shape:?}");
        }
    }
    Ok(())
}

/// The first and the last bytes of the index of OpenAI's checkpoint of the same model.
fn open_ai(index: &[u8]) {
    println!("\nOpenAI: {} bytes in the index, the first", index.len());
    dump(&index[..96], 0);
    println!("and the last");
    let end = index.len() - 48;
    dump(&index[end..], end);
}

/// Bytes as numbers to the base 16, and as text where they are text.
fn dump(bytes: &[u8], first: usize) {
    for (row, bytes) in bytes.chunks(16).enumerate() {
        let numbers: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let text: String = bytes.iter().map(|b| if (32..127).contains(b) { char::from(*b) } else { '.' }).collect();
        println!("{:5}  {:47}  {text}", first + 16 * row, numbers.join(" "));
    }
}
