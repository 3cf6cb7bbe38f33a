//! The checks of exercise 7.4: of `solutions/ex7_4.rs`, or with the feature `my-solutions` of your file in `exercises/`.

#[cfg_attr(not(feature = "my-solutions"), path = "../solutions/ex7_4.rs")]
#[cfg_attr(feature = "my-solutions", path = "../exercises/ex7_4.rs", allow(unused))]
mod ex7_4;

use burn::nn::LinearConfig;
use burn::tensor::{Device, Tensor};
use shared::GptConfig;
use shared::init::{rand, torch_init};
use shared::rng::TorchRng;

fn medium() -> GptConfig {
    GptConfig { qkv_bias: true, ..GptConfig::preset("gpt2-medium").unwrap() }
}

// 中文：数出全部参数
#[test]
fn ex7_4_counts_all_parameters() {
    assert_eq!(ex7_4::all_parameters(&medium()), 406_286_336, "GPT-2 medium with an output layer of its own");
}

// 中文：数出 LoRA 的参数
#[test]
fn ex7_4_counts_the_parameters_of_lora() {
    assert_eq!(ex7_4::lora_parameters(&medium(), 16), 7_898_384, "GPT-2 medium, rank 16");
    let tiny = GptConfig { emb_dim: 12, n_layers: 1, n_heads: 2, ..medium() };
    assert_eq!(ex7_4::lora_parameters(&tiny, 16), 807_760, "one block of width 12, rank 16");
    assert_eq!(ex7_4::lora_parameters(&tiny, 0), 0, "rank 0");
}

// 中文：在原来的输出上相加
#[test]
fn ex7_4_adds_to_the_old_output() {
    let (device, mut rng) = (Device::flex(), TorchRng::new(123));
    let layer = torch_init(LinearConfig::new(4, 3).init(&device), &mut rng);
    let x: Tensor<2> = rand([5, 4], &mut rng, &device);
    let (a, b): (Tensor<2>, Tensor<2>) = (rand([4, 2], &mut rng, &device), rand([2, 3], &mut rng, &device));
    let close = |found: Tensor<2>, expected: Tensor<2>, what: &str| {
        assert!(found.all_close(expected, None, Some(1e-5)), "{what}");
    };
    let plain = layer.forward(x.clone());
    let zero = Tensor::zeros([2, 3], &device);
    close(ex7_4::lora_forward(&layer, a.clone(), zero, 2.0, x.clone()), plain.clone(), "with B = 0 nothing changes");
    let added = x.clone().matmul(a.clone().matmul(b.clone())) * 2.0;
    close(ex7_4::lora_forward(&layer, a, b, 2.0, x), plain + added, "the addition is scale · x · A · B");
}
