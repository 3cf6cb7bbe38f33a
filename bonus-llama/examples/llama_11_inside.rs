//! A look inside of a small Llama that has learnt to repeat letters: heads over many texts, and the lens of a tied head.
//! `cargo run -p bonus-llama --example llama_11_inside`

use bonus_llama::{LlamaConfig, LlamaModel};
use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch04_gpt::bonus::Inside;
use ch05_pretrain::AdamW;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Mode, cross_entropy};

/// Letters of a text before it begins again.
const LETTERS: usize = 8;
/// What the model reads: all letters but the last.
const TOKENS: usize = 2 * LETTERS - 1;
const ALPHABET: usize = 26;

fn main() -> anyhow::Result<()> {
    let model = trained()?;
    let texts = texts(500, &mut TorchRng::new(456), &Device::flex());
    let ids = texts.clone().slice(s![.., ..TOKENS]); // [500, tokens]
    let Inside { hidden_states, attention_weights } = model.look_inside(ids.clone());

    println!("\nweight of the token {} places back, mean over 500 texts", LETTERS - 1);
    let (heads, group) = (0..model.config.n_heads, model.config.n_heads / model.config.n_kv_heads);
    println!("head of queries {}", heads.clone().map(|head| format!("{:6}", head + 1)).collect::<String>());
    println!("head of keys    {}", heads.map(|head| format!("{:6}", head / group + 1)).collect::<String>());
    for (block, weights) in attention_weights.into_iter().enumerate() {
        let back: Vec<Tensor<4>> =
            (LETTERS - 1..TOKENS).map(|query| weights.clone().slice(s![.., .., query, query + 1 - LETTERS])).collect();
        let of_heads = Tensor::cat(back, 3).swap_dims(0, 1).flatten::<2>(1, 3).mean_dim(1); // [heads, 1]
        let row: String = of_heads.into_data().iter::<f32>().map(|weight| format!("{weight:6.2}")).collect();
        println!("block {:<10}{row}", block + 1);
    }

    println!("\nprobability by the lens    the next letter   the letter itself");
    let next = texts.slice(s![.., LETTERS..]); // [500, 8]
    let itself = ids.slice(s![.., LETTERS - 1..]); // [500, 8]
    for (blocks, x) in hidden_states.into_iter().enumerate() {
        let lens = softmax(model.logits(x.slice(s![.., LETTERS - 1.., ..])), 2); // [500, 8, 26]
        let mean =
            |ids: &Tensor<2, Int>| lens.clone().gather(2, ids.clone().unsqueeze_dim(2)).mean().into_scalar::<f32>();
        println!("{blocks} block{:16}{:19.2}{:20.2}", if blocks == 1 { "" } else { "s" }, mean(&next), mean(&itself));
    }
    Ok(())
}

/// Random letters, and the same letters once more: `[texts, 16]`.
fn texts(number: usize, rng: &mut TorchRng, device: &Device) -> Tensor<2, Int> {
    let ids = rng.randint(0, ALPHABET as i64, number * LETTERS);
    Tensor::<2, Int>::from_data(TensorData::new(ids, [number, LETTERS]), device).repeat_dim(1, 2)
}

/// Learns to predict the repeated letters; the first half of a text is chance.
fn trained() -> anyhow::Result<LlamaModel> {
    let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
    let config = LlamaConfig {
        vocab_size: ALPHABET,
        context_length: TOKENS,
        emb_dim: 32,
        n_layers: 2,
        n_heads: 4,
        n_kv_heads: 2,
        head_dim: 8,
        hidden_dim: 64,
        ..LlamaConfig::preset("tiny")?
    };
    let mut model = torch_init(LlamaModel::new(&config, &device), &mut rng);
    let mut optimizer = AdamW::new(0.0);
    for step in 0..=600 {
        let texts = texts(32, &mut rng, &device);
        let logits = model.forward(texts.clone().slice(s![.., ..TOKENS]), &mut Mode::Eval);
        let logits = logits.slice(s![.., LETTERS - 1.., ..]).flatten(0, 1); // [32 · 8, 26]
        let loss = cross_entropy(logits, texts.slice(s![.., LETTERS..]).flatten(0, 1));
        model = optimizer.step(5e-3, model, loss.backward());
        if step % 100 == 0 {
            println!("step {step:3}: loss {:.2}", loss.into_scalar::<f32>());
        }
    }
    Ok(model.valid())
}
