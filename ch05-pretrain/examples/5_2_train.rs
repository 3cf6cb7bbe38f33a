//! Section 5.2: the book's training run of the 124M model, ten epochs on one story.
//! Takes minutes: `cargo run --release -p ch05-pretrain --example 5_2_train`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{AdamW, Loaders, train_model_simple};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data, files};
use workshop::plots::{Seen, plot_losses};

fn main() -> anyhow::Result<()> {
    let text = data::find("the-verdict")?.text().or_else(|missing| {
        println!("{missing}\nWith the embedded story instead, the numbers are not the book's.\n");
        data::find("lamp")?.text()
    })?;
    let config = GptConfig { context_length: 256, ..GptConfig::preset("124M")? };
    let training = TrainingConfig::book();
    let device = Device::flex();
    let tokenizer = Gpt2Tokenizer::new();

    let mut rng = TorchRng::new(123);
    let loaders = Loaders::new(&text, config.context_length, training.batch_size)?;
    let model = torch_init(GptModel::new(&config, &device.clone().autodiff()), &mut rng);
    let (mut optimizer, device) = (AdamW::new(training.weight_decay), device.autodiff());
    let (_, evaluations) =
        train_model_simple(
            model,
            &mut optimizer,
            &loaders,
            &training,
            &mut rng,
            &device,
            |model| match generate_sample(model, &tokenizer, &device, "Every effort moves you") {
                Ok(sample) => println!("{sample}"),
                Err(error) => println!("no sample: {error}"),
            },
        );

    let losses: Vec<(f64, f64)> = evaluations.iter().map(|e| (e.train_loss, e.val_loss)).collect();
    let seen = evaluations.last().map_or(0, |last| last.seen);
    let picture = plot_losses(&losses, training.epochs, Seen::Tokens(seen))?;
    files::write_whole("runs/5_2_losses.svg".as_ref(), picture.as_bytes())?;
    println!("The losses as a picture: runs/5_2_losses.svg");
    Ok(())
}
