//! Section 5.1: how wrong an untrained model is, for two inputs and for the whole story.
//! `cargo run -p ch05-pretrain --example 5_1_loss`

use burn::tensor::activation::softmax;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::{Loaders, calc_loss_loader, cross_entropy, perplexity, text_to_token_ids, token_ids_to_text};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, data};

fn main() -> anyhow::Result<()> {
    let (device, tokenizer) = (Device::flex(), Gpt2Tokenizer::new());
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M")? };
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(123));

    // 5.1.1: an untrained model writes nonsense.
    let start = text_to_token_ids("Every effort moves you", &tokenizer, &device);
    let ids = generate_text_simple(&model, start, 10, config.context_length);
    println!("Output text:\n {}\n", token_ids_to_text(ids, &tokenizer)?);

    // 5.1.2: the loss of two inputs. The targets are the inputs shifted by one token.
    let inputs = Tensor::<2, Int>::from_ints([[16833, 3626, 6100], [40, 1107, 588]], &device);
    let targets = Tensor::<2, Int>::from_ints([[3626, 6100, 345], [1107, 588, 11311]], &device);
    let logits = model.forward(inputs, &mut Mode::Eval); // [2, 3, vocab_size]
    println!("logits: {:?}, targets: {:?}", logits.dims(), targets.dims());
    let probabilities = softmax(logits.clone(), 2); // [2, 3, vocab_size]
    let best = probabilities.clone().argmax(2).squeeze_dim::<2>(2); // [2, 3]
    for (target, best) in targets.clone().iter_dim(0).zip(best.iter_dim(0)) {
        let target = token_ids_to_text(target, &tokenizer)?;
        let best = token_ids_to_text(best, &tokenizer)?;
        println!("wanted: {target:?}, most likely: {best:?}");
    }
    let indices = targets.clone().unsqueeze_dim(2); // [2, 3, 1]
    let of_targets = probabilities.gather(2, indices); // [2, 3, 1]
    let logs = of_targets.clone().log(); // [2, 3, 1]
    for p in of_targets.into_data().iter::<f64>() {
        println!("probability of a target: {p:.4e}, its logarithm: {:.4}", p.ln());
    }
    println!("mean of the logarithms: {:.4}", logs.mean().into_scalar::<f64>());
    let loss: f64 = cross_entropy(logits.flatten(0, 1), targets.flatten(0, 1)).into_scalar();
    println!("cross entropy: {loss:.4}\nperplexity: {:.4}\n", perplexity(loss));

    // 5.1.3: the loss on the story.
    let text = data::find("the-verdict")?.text().or_else(|missing| {
        println!("{missing}\nWith the embedded story instead, the numbers are not the book's.\n");
        data::find("lamp")?.text()
    })?;
    println!("Characters: {}", text.chars().count());
    println!("Tokens: {}", tokenizer.encode_with_end_of_text(&text).len());
    let loaders = Loaders::new(&text, config.context_length, 2)?;
    for (part, loader) in [("training", &loaders.train), ("validation", &loaders.validation)] {
        let (tokens, windows) = (loader.dataset().num_tokens(), loader.dataset().num_windows());
        println!("{part}: tokens {tokens}, windows {windows}, batches {}", loader.num_batches());
    }
    let mut rng = TorchRng::new(123);
    println!("Training loss: {}", calc_loss_loader(&model, &loaders.train, None, &mut rng, &device));
    println!("Validation loss: {}", calc_loss_loader(&model, &loaders.validation, None, &mut rng, &device));
    Ok(())
}
