//! Six steps of greedy generation, each with its three best tokens: `cargo run -p ch04-gpt --example 4_7_step_by_step`

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use shared::{GptConfig, Mode, init::torch_init, rng::TorchRng};

fn main() -> anyhow::Result<()> {
    let device = Device::flex();
    let config = GptConfig::preset("124M")?;
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));
    let tokenizer = Gpt2Tokenizer::new();
    let mut ids = tokenizer.encode("Hello, I am")?;
    println!("If all {} tokens were equally likely: {:.6}", config.vocab_size, 1.0 / config.vocab_size as f64);

    for step in 1..=6 {
        println!("\nStep {step}: {:?}", tokenizer.decode(&ids)?);
        let context = Tensor::<1, Int>::from_ints(ids.as_slice(), &device).unsqueeze(); // [1, tokens]
        let logits = model.forward(context, &mut Mode::Eval); // [1, tokens, vocab_size]
        let last = logits.slice(s![0, -1, ..]).reshape([config.vocab_size]); // [vocab_size]
        let (logits, best) = last.clone().topk_with_indices(3, 0);
        let probabilities = softmax(last, 0).select(0, best.clone());

        let (best, logits): (Vec<u32>, Vec<f32>) =
            (best.into_data().iter().collect(), logits.into_data().iter().collect());
        let probabilities: Vec<f32> = probabilities.into_data().iter().collect();
        for ((&id, logit), probability) in best.iter().zip(logits).zip(probabilities) {
            let text = format!("{:?}", tokenizer.decode(&[id])?);
            println!("  {id:5} {text:16} logit {logit:.4}  probability {probability:.6}");
        }
        ids.push(best[0]);
    }
    println!("\n{:?}", tokenizer.decode(&ids)?);
    Ok(())
}
