//! What each token of a message contributed to the answer of a small classifier, and what happens without the token:
//! `cargo run -p ch06-classify --example bonus_contributions`

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, s};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::bonus::contributions::{Contributions, contributions};
use ch06_classify::{
    EMBEDDED_MESSAGES, Label, Length, Readout, SpamLoaders, Split, add_classification_head, confusion, read_messages,
    train_classifier_simple,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode, TrainingConfig};

/// The mean over all tokens, as in `cargo run -- classify train`.
const READOUT: Readout = Readout::Mean;

fn main() -> anyhow::Result<()> {
    let tokenizer = Gpt2Tokenizer::new();
    let model = trained(&tokenizer)?;
    for text in [
        "You have won a prize! Reply YES to claim it.",
        "I won the chess game! Dinner is on me, reply when you are free.",
        "Your parcel could not be delivered, pay the fee here",
    ] {
        let mut ids = tokenizer.encode_ordinary(text);
        let real = ids.len();
        ids.resize(model.context_length(), tokenizer.end_of_text_id()); // padded as in the training
        let inputs = ids_to_tensor(&ids, &Device::flex()); // [1, length]
        let vectors = model.tok_emb.forward(inputs.clone()); // [1, length, emb_dim]
        let classify = |vectors| classify(&model, vectors, &inputs);
        let Contributions { logits, per_token } = contributions(vectors.clone(), classify);

        let logits: Vec<f32> = logits.into_data().iter().collect();
        let label = if logits[1] > logits[0] { Label::Spam } else { Label::Ham };
        let lead = |logits: &[f32]| logits[label.class()] - logits[1 - label.class()];
        println!("\n{text}\n{}: its logit leads by {:.2}", label.answer(), lead(&logits));
        println!("token       contributed    lost without it");
        let per_token: Vec<f32> = per_token.into_data().iter().collect();
        for (place, contributed) in per_token.iter().enumerate().take(real) {
            let zero = Tensor::zeros([1, 1, vectors.dims()[2]], &Device::flex());
            let without: Vec<f32> =
                classify(vectors.clone().slice_assign(s![.., place..=place, ..], zero)).into_data().iter().collect();
            let token = tokenizer.decode(&[ids[place]])?.replace(' ', "_");
            println!("{token:12}{contributed:11.2}{:19.2}", lead(&logits) - lead(&without));
        }
        println!("{:12}{:11.2}", "padding", per_token[real..].iter().sum::<f32>());
        println!("{:12}{:11.2}", "sum", per_token.iter().sum::<f32>());
    }
    Ok(())
}

/// The classifier from the vectors of the tokens on: `[1, 2]`.
fn classify(model: &GptModel, vectors: Tensor<3>, inputs: &Tensor<2, Int>) -> Tensor<2> {
    let mut x = vectors + model.position_vectors(inputs.dims()[1]); // [1, length, emb_dim]
    for block in &model.trf_blocks {
        x = block.forward(x, &mut Mode::Eval);
    }
    READOUT.select(model.logits(x), inputs, Gpt2Tokenizer::new().end_of_text_id())
}

/// Section 6.7 in seconds: a small model learns the embedded messages.
fn trained(tokenizer: &Gpt2Tokenizer) -> anyhow::Result<GptModel> {
    let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
    let config = GptConfig { emb_dim: 32, n_layers: 2, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES)?)?;
    let loaders =
        SpamLoaders::new(&split, tokenizer, Length::Exactly(config.context_length), 8, config.context_length)?;
    let training = TrainingConfig {
        batch_size: 8,
        learning_rate: 2e-3,
        weight_decay: 0.1,
        epochs: 5,
        eval_freq: 100,
        eval_iter: 5,
    };
    let mut optimizer = AdamW::new(training.weight_decay);
    let (model, _) = train_classifier_simple(model, &mut optimizer, &loaders, &training, READOUT, &mut rng, &device);
    let found = confusion(&model, &loaders.test, None, READOUT, &mut rng, &device);
    println!("test accuracy: {:.2}%", 100.0 * found.accuracy());
    Ok(model.valid())
}
