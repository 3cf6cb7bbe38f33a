//! A GPU computes what the CPU computes. `LLM_TEST_DEVICE` names the device; `.ci/gpu` sets it, and where there is no GPU
//! it sets a Vulkan driver in software and `LLM_TEST_SOFTWARE`. Without a device the tests do nothing.

#![cfg(any(feature = "wgpu", feature = "vulkan", feature = "metal", feature = "cuda"))]

mod common;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData, Tolerance};
use ch04_gpt::bonus::GptCache;
use ch04_gpt::{GptModel, TransformerBlock};
use common::inputs::messages;
use common::{run, stdout};
use fast::cache::Cache;
use serde_json::Value;
use shared::init::randn;
use shared::rng::TorchRng;
use shared::{GptConfig, Linear};
use testkit::assert_relatively_close;
use workshop::device::DeviceChoice;

const CONFIG: &str = r#"{"model": {"vocab_size": 50257, "context_length": 16, "emb_dim": 32, "n_heads": 2, "n_layers": 1,
    "drop_rate": 0.1, "qkv_bias": true},
    "training": {"batch_size": 4, "learning_rate": 0.003, "weight_decay": 0.1, "epochs": 1, "eval_freq": 20,
    "eval_iter": 1}}"#;

/// Maximum relative difference of a loss or a probability.
const TOLERANCE: f64 = 1e-3;

fn device_under_test() -> Option<String> {
    let device = std::env::var("LLM_TEST_DEVICE").ok();
    if device.is_none() {
        println!("skipped: LLM_TEST_DEVICE names no device");
    }
    device
}

fn succeed(folder: &Path, args: &[&str]) -> String {
    let start = Instant::now();
    let output = run(folder, args);
    println!("{:.1} s: llm {}", start.elapsed().as_secs_f64(), args.join(" "));
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    stdout(&output)
}

fn assert_as_on_the_cpu(found: &Value, expected: &Value, what: &str) {
    assert_relatively_close(found.as_f64().unwrap(), expected.as_f64().unwrap(), TOLERANCE, what);
}

#[test]
fn auto_takes_a_gpu_but_no_driver_in_software() {
    let Some(_) = device_under_test() else { return };
    let software = std::env::var_os("LLM_TEST_SOFTWARE").is_some();
    assert_eq!(DeviceChoice::Auto.open().unwrap() == Device::flex(), software);
}

/// Where this fails, the fault is the driver's or burn's, and nothing that is built on it can be right.
///
/// The factors have 9 binary digits behind the point, so that sums of their products are exact, in whatever order, and
/// also where a GPU rounds the factors of 32-bit products to 10 digits (NVIDIA's TF32).
#[test]
fn the_device_multiplies_matrices() {
    let Some(device) = device_under_test() else { return };
    let numbers = |n: usize| (0..n).map(|i| ((i * 7919 % 1013) as f32 - 506.0) / 512.0).collect::<Vec<f32>>();
    for width in [128, 1000, 1024] {
        let product = |device: &Device| -> Vec<f32> {
            let matrix = |rows: usize, cols: usize| {
                Tensor::<2>::from_data(TensorData::new(numbers(rows * cols), [rows, cols]), device)
            };
            matrix(64, 32).matmul(matrix(32, width)).into_data().iter().collect()
        };
        let found = product(&device.parse::<DeviceChoice>().unwrap().open().unwrap());
        for (i, (found, expected)) in found.into_iter().zip(product(&Device::flex())).enumerate() {
            assert_eq!(found, expected, "64 x 32 x {width}, number {i}, on the CPU");
        }
    }
}

#[test]
fn the_device_trains_generates_and_classifies_as_the_cpu_does() {
    let Some(device) = device_under_test() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("config.json"), CONFIG).unwrap();
    let text: String = (0..150).map(|i| format!("Boat {i} went out, and boat {} came home. ", i * 7 % 150)).collect();
    fs::write(folder.join("text.txt"), text).unwrap();

    // Twenty steps and more, with the same dropout masks on both.
    let train = |device: &str| -> Vec<Value> {
        let log = format!("{device}.jsonl");
        succeed(
            folder,
            &[
                "pretrain",
                "--config",
                "config.json",
                "--text",
                "text.txt",
                "--prompt",
                "Boat",
                "--out",
                device,
                "--log",
                &log,
                "--device",
                device,
                "--reproducible-masks",
            ],
        );
        let lines = fs::read_to_string(folder.join(log)).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let cpu = train("cpu");
    let steps = cpu.iter().filter(|line| line["kind"] == "step").count();
    assert!(steps >= 20, "{steps} steps");
    let first = cpu.iter().find(|line| line["kind"] == "step").unwrap()["loss"].as_f64().unwrap();
    let last = cpu.iter().rfind(|line| line["kind"] == "step").unwrap()["loss"].as_f64().unwrap();
    assert!(last < 0.8 * first, "it learns: {first}, then {last}");

    // The CPU's model writes.
    let write = |device: &str| {
        let told = succeed(
            folder,
            &[
                "generate",
                "--model",
                "cpu",
                "--prompt",
                "Boat 7",
                "--max-new-tokens",
                "8",
                "--json",
                "--device",
                device,
            ],
        );
        serde_json::from_str::<Value>(&told).unwrap()["ids"].clone()
    };
    // A classifier is made of it.
    fs::write(folder.join("messages.tsv"), messages(40)).unwrap();
    let classify = |device: &str| -> Vec<Value> {
        let out = format!("classifier-{device}");
        succeed(
            folder,
            &[
                "classify",
                "train",
                "--data",
                "messages.tsv",
                "--model",
                "cpu",
                "--out",
                &out,
                "--device",
                device,
                "--trainable",
                "all",
                "--lr",
                "0.003",
                "--epochs",
                "1",
            ],
        );
        let told = succeed(
            folder,
            &[
                "classify",
                "predict",
                "--model",
                &out,
                "--json",
                "--device",
                device,
                "Win 9 prizes now!",
                "See you at 8.",
            ],
        );
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (written, classified) = (write("cpu"), classify("cpu"));

    // On the device most of the time goes into compiling kernels, so the three run side by side.
    let (gpu, written_on_gpu, classified_on_gpu) = thread::scope(|scope| {
        let (gpu, written) = (scope.spawn(|| train(&device)), scope.spawn(|| write(&device)));
        let classified = classify(&device);
        (gpu.join().unwrap(), written.join().unwrap(), classified)
    });

    assert_eq!(cpu.len(), gpu.len());
    for (on_cpu, on_gpu) in cpu.iter().zip(&gpu) {
        assert_eq!(on_cpu["kind"], on_gpu["kind"]);
        match on_cpu["kind"].as_str().unwrap() {
            "step" => {
                assert_as_on_the_cpu(&on_gpu["loss"], &on_cpu["loss"], &format!("loss of step {}", on_cpu["step"]))
            }
            "eval" => {
                ["train_loss", "val_loss"].iter().for_each(|key| assert_as_on_the_cpu(&on_gpu[key], &on_cpu[key], key))
            }
            _ => assert_eq!(on_gpu["ids"], on_cpu["ids"], "the sample"),
        }
    }
    assert_eq!(written_on_gpu, written, "the ids that the CPU's model writes");
    assert_eq!(classified.len(), 2);
    for (on_cpu, on_gpu) in classified.iter().zip(&classified_on_gpu) {
        assert_eq!(on_cpu["label"], on_gpu["label"]);
        for label in ["ham", "spam"] {
            assert_as_on_the_cpu(&on_gpu["probabilities"][label], &on_cpu["probabilities"][label], label);
        }
    }
}

/// The kernels that generate one token after the other, against the formulas on the CPU; with weights of 16 bits where the
/// device supports them.
#[test]
fn a_token_on_a_gpu_is_that_of_the_formulas() {
    let Some(device) = device_under_test() else { return };
    let device = device.parse::<DeviceChoice>().unwrap().open().unwrap();
    for weights in [FloatDType::F32, FloatDType::F16, FloatDType::BF16] {
        if !device.supports_dtype(weights) {
            println!("skipped: the device has no {weights:?}");
            continue;
        }
        // Heads of 12 and of 32 numbers.
        for (emb_dim, n_heads, qkv_bias) in [(36, 3, false), (160, 5, true)] {
            let config = GptConfig {
                vocab_size: 301,
                context_length: 40,
                emb_dim,
                n_heads,
                n_layers: 2,
                drop_rate: 0.0,
                qkv_bias,
            };
            compare_tokens(&config, weights, &device);
        }
    }
}

fn compare_tokens(config: &GptConfig, weights: FloatDType, device: &Device) {
    let cpu = Device::flex();
    let (model, mut on_gpu) = (model_with(config, weights, &cpu), model_with(config, weights, device));
    on_gpu.fast = Some(if weights == FloatDType::F32 { fast::forward } else { fast::mixed(weights) });
    let x = Tensor::<3>::zeros([1, 1, config.emb_dim], device);
    assert!(kernels::gpu::takes(&x, weights.into()), "the formulas would be compared with themselves");

    let (mut cache, mut cache_on_gpu) = (GptCache::new(&model), Cache::new(&on_gpu));
    let ids = |to: usize, device: &Device| -> Tensor<2, Int> {
        let ids: Vec<i32> = (0..to).map(|i| (i * 37 % config.vocab_size) as i32).collect();
        Tensor::<1, Int>::from_ints(&ids[..], device).unsqueeze()
    };
    let context = config.context_length;
    // A prompt, which goes through the formulas if it is longer than one token, then one token at a time, also where the
    // cache has to grow.
    let prompt = if config.qkv_bias { 3 } else { 1 };
    for tokens in prompt..=context {
        let expected = cache.next_logits(&model, &ids(tokens, &cpu), context).into_data();
        let second_owner = (tokens == 21).then(|| cache_on_gpu.clone());
        let found = cache_on_gpu.next_logits(&on_gpu, &ids(tokens, device), context).into_data();
        if let Some(mut other) = second_owner {
            let next = ids(tokens + 1, device);
            let expected = cache_on_gpu.clone().next_logits(&on_gpu, &next, context).into_data();
            other.next_logits(&on_gpu, &ids(tokens, device), context);
            assert_eq!(other.next_logits(&on_gpu, &next, context).into_data(), expected);
        }
        // The prompt's vectors are rounded to the type of the weights.
        let rounding = if weights == FloatDType::F32 { 1e-3 } else { 3e-2 };
        found.assert_approx_eq::<f32>(&expected, Tolerance::relative(rounding).set_absolute(rounding));
    }
}

/// A model whose linear layers have weights of this type; on the CPU they have 32 bits after the rounding.
fn model_with(config: &GptConfig, weights: FloatDType, device: &Device) -> GptModel {
    // Layer normalization and biases begin as ones and zeros, which would hide mistakes.
    let mut model = bench::model(config, device).map(&mut Shaken(TorchRng::new(5)));
    // GELU gets numbers beyond 13, where a careless tanh overflows.
    let norm = &mut model.trf_blocks[0].norm2;
    norm.scale = norm.scale.clone().map(|scale| scale * 30.0);
    for layer in linear_layers(&mut model) {
        layer.weight = layer.weight.clone().map(|weight| weight.cast(weights));
        if *device == Device::flex() {
            layer.weight = layer.weight.clone().map(|weight| weight.cast(FloatDType::F32));
        }
    }
    model
}

fn linear_layers(model: &mut GptModel) -> impl Iterator<Item = &mut Linear> {
    fn of_block(block: &mut TransformerBlock) -> [&mut Linear; 6] {
        let (att, ff) = (&mut block.att, &mut block.ff);
        [&mut att.w_query, &mut att.w_key, &mut att.w_value, &mut att.out_proj, &mut ff.expand, &mut ff.contract]
    }
    model.trf_blocks.iter_mut().flat_map(of_block).chain([&mut model.out_head])
}

/// Adds something to every number of a model.
struct Shaken(TorchRng);

impl ModuleMapper for Shaken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let shape = tensor.dims();
            let noise: Tensor<D> = randn(shape, &mut self.0, &tensor.device());
            tensor + noise * 0.05
        })
    }
}
