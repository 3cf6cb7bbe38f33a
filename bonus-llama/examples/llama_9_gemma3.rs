//! Windows, two bases, norms on both sides, an embedding factor: `cargo run -p bonus-llama --example llama_9_gemma3`

use bonus_llama::gemma3::{embedding_factor, score_factor, window_of};
use bonus_llama::{Family, Gemma3Config, LlamaCache, LlamaConfig, LlamaModel};
use burn::tensor::{Device, Int, Tensor};
use ch04_gpt::bonus::sliding_window::window_mask;
use shared::init::torch_init;
use shared::rng::TorchRng;
use workshop::print_tensor;

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let real = LlamaConfig::preset("gemma3-270m")?;
    let kinds: String =
        (0..real.n_layers).map(|layer| if window_of(&real, layer).is_some() { 'W' } else { 'F' }).collect();
    println!("Gemma 3 270M");
    println!("layers with a window (W) and full ones (F): {kinds}");
    println!("embeddings times {:.6}, scores times {}\n", embedding_factor(&real), score_factor(&real));

    let seen = window_mask(6, 6, Some(3), &device).bool_not().int();
    print_tensor("What a token (row) sees with a window of 3", seen);

    let gemma =
        Gemma3Config { query_scale: 16.0, window: 8, local_rope_base: 10_000.0, full_layers: vec![false, false, true] };
    let config = LlamaConfig { vocab_size: 100, family: Family::Gemma3(gemma), ..LlamaConfig::preset("tiny")? };
    let model = torch_init(LlamaModel::new(&config, &device), &mut TorchRng::new(123));
    let mut cache = LlamaCache::new(&model);
    println!("Tokens that the three layers of a small model keep, window 8");
    println!("after   layer 0   layer 1   layer 2");
    for length in [5, 5, 10, 20] {
        model.forward_cached(Tensor::<2, Int>::ones([1, length], &device), &mut cache);
        let kept: Vec<usize> = cache.blocks.iter().map(|block| block.kept()).collect();
        println!("{:5}{:10}{:10}{:10}", cache.tokens(), kept[0], kept[1], kept[2]);
    }
    Ok(())
}
