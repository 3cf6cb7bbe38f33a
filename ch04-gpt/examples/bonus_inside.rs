//! A look inside of a small model that has learnt to repeat letters: `cargo run -p ch04-gpt --example bonus_inside`

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, TensorData, s};
use ch04_gpt::GptModel;
use ch04_gpt::bonus::Inside;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode, cross_entropy};

/// Letters of a text before it begins again.
const LETTERS: usize = 8;
/// What the model reads: all letters but the last.
const TOKENS: usize = 2 * LETTERS - 1;
const ALPHABET: usize = 26;

fn main() -> anyhow::Result<()> {
    let model = trained()?;
    println!("right: {:.1} % of the repeated letters", accuracy(&model));

    let ids = texts(1, &mut TorchRng::new(11), &Device::flex()).slice(s![.., ..TOKENS]); // [1, tokens]
    let letters: Vec<char> = ids.clone().into_data().iter::<u8>().map(letter).collect();
    let Inside { hidden_states, attention_weights } = model.look_inside(ids);
    for (block, weights) in attention_weights.into_iter().enumerate() {
        for (head, weights) in weights.squeeze_dim::<3>(0).iter_dim(0).enumerate() {
            println!("\nblock {}, head {}", block + 1, head + 1);
            print_weights(&letters, weights.squeeze_dim(0));
        }
    }

    println!("\nat{:9}{}", "", letters[LETTERS - 1..].iter().map(|letter| format!("{letter:>7}")).collect::<String>());
    for (blocks, x) in hidden_states.into_iter().enumerate() {
        let lens = softmax(model.logits(x), 2).slice(s![0, LETTERS - 1.., ..]).squeeze_dim::<2>(0); // [letters, 26]
        let (p, best) = lens.max_dim_with_indices(1);
        let (p, best): (Vec<f32>, Vec<u8>) = (p.into_data().iter().collect(), best.into_data().iter().collect());
        let row: String = best.iter().zip(p).map(|(&id, p)| format!("{:>3}{:3.0}%", letter(id), 100.0 * p)).collect();
        println!("{blocks} block{:5}{row}", if blocks == 1 { " " } else { "s" });
    }

    println!();
    for (block, heads) in [(1, vec![1]), (1, vec![2]), (1, vec![1, 2]), (2, vec![1]), (2, vec![2]), (2, vec![1, 2])] {
        let without = heads.iter().fold(model.clone(), |model, head| without_head(model, block - 1, head - 1));
        println!("without block {block}, heads {:8} {:5.1} %", format!("{heads:?}:"), accuracy(&without));
    }
    Ok(())
}

/// Random letters, and the same letters once more: `[texts, 16]`.
fn texts(number: usize, rng: &mut TorchRng, device: &Device) -> Tensor<2, Int> {
    let ids = rng.randint(0, ALPHABET as i64, number * LETTERS);
    Tensor::<2, Int>::from_data(TensorData::new(ids, [number, LETTERS]), device).repeat_dim(1, 2)
}

fn letter(id: u8) -> char {
    char::from(b'a' + id)
}

/// The logits of the repeated letters, `[texts · 8, 26]`, and these letters. The first half is chance.
fn logits_and_targets(model: &GptModel, texts: Tensor<2, Int>) -> (Tensor<2>, Tensor<1, Int>) {
    let logits = model.forward(texts.clone().slice(s![.., ..TOKENS]), &mut Mode::Eval);
    (logits.slice(s![.., LETTERS - 1.., ..]).flatten(0, 1), texts.slice(s![.., LETTERS..]).flatten(0, 1))
}

/// The loop of chapter 5, in short: loss, gradients, a step.
fn trained() -> anyhow::Result<GptModel> {
    let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
    let config = GptConfig {
        vocab_size: ALPHABET,
        context_length: TOKENS,
        emb_dim: 32,
        n_heads: 2,
        n_layers: 2,
        ..GptConfig::preset("tiny")?
    };
    let mut model = torch_init(GptModel::new(&config, &device), &mut rng);
    let mut optimizer = AdamConfig::new().init();
    for step in 0..=200 {
        let (logits, targets) = logits_and_targets(&model, texts(32, &mut rng, &device));
        let loss = cross_entropy(logits, targets);
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(5e-3, model, gradients);
        if step % 50 == 0 {
            println!("step {step:3}: loss {:.2}", loss.into_scalar::<f32>());
        }
    }
    Ok(model.valid())
}

/// Percent of the repeated letters that are most likely to the model, on texts that it has not seen.
fn accuracy(model: &GptModel) -> f32 {
    let (logits, targets) = logits_and_targets(model, texts(500, &mut TorchRng::new(456), &Device::flex()));
    let right = logits.argmax(1).squeeze_dim::<1>(1).equal(targets).float().mean();
    100.0 * right.into_scalar::<f32>()
}

/// The model without what one head contributes: its rows of the output projection are 0.
fn without_head(mut model: GptModel, block: usize, head: usize) -> GptModel {
    let attention = &mut model.trf_blocks[block].att;
    let (from, width) = (head * attention.head_dim, attention.head_dim);
    attention.out_proj.weight = attention.out_proj.weight.clone().map(|weight| {
        let zeros = weight.clone().slice(s![from..from + width, ..]) * 0.0;
        weight.slice_assign(s![from..from + width, ..], zeros)
    });
    model
}

/// One row for each query, one character for each key: the weight in tenths, and a dot below one half of a tenth.
fn print_weights(letters: &[char], weights: Tensor<2>) {
    println!("  {}", letters.iter().collect::<String>());
    for (row, weights) in weights.iter_dim(0).enumerate() {
        let tenths = weights
            .into_data()
            .iter::<f32>()
            .take(row + 1)
            .map(|weight| match (10.0 * weight).round() {
                0.0 => '.',
                10.0 => '#',
                tenths => char::from(b'0' + tenths as u8),
            })
            .collect::<String>();
        println!("{} {tenths}", letters[row]);
    }
}
