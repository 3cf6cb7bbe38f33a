//! Section 6.5: what freezing saves in a step of training: memory and time. A small untrained model of twelve blocks.
//! `cargo run -p ch06-classify --example 6_5_freezing`

use std::time::Instant;

use burn::module::Module;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::{
    EMBEDDED_MESSAGES, Length, Readout, SpamDataset, SpamLoader, Trainable, add_classification_head, calc_loss_batch,
    num_trainable, read_messages, set_trainable,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

/// Bytes for each trainable parameter besides its own: the gradient and AdamW's two moments, each a 32-bit number.
const BYTES: usize = 3 * 4;

fn main() -> anyhow::Result<()> {
    let (device, mut rng) = (Device::flex().autodiff(), TorchRng::new(123));
    let config = GptConfig { n_layers: 12, drop_rate: 0.0, ..GptConfig::preset("tiny")? };
    let model = torch_init(GptModel::new(&config, &device), &mut rng);
    let model = add_classification_head(model, &mut rng, &device);
    let messages = read_messages(EMBEDDED_MESSAGES)?;
    let dataset = SpamDataset::new(&messages, &Gpt2Tokenizer::new(), Length::Exactly(config.context_length));
    let batch = SpamLoader::eval(dataset, 4)?.batch(&[0, 1, 2, 3], &device);
    println!("{} parameters", model.num_params());

    for (name, trainable) in [
        ("head", Trainable::Head),
        ("last block", Trainable::LastBlock),
        ("last two blocks", Trainable::LastTwoBlocks),
        ("all", Trainable::All),
    ] {
        let mut model = set_trainable(model.clone(), trainable);
        let count = num_trainable(&model);
        println!("{name}: {count} trainable, {:.2} MB for gradients and moments", (BYTES * count) as f64 / 1e6);
        let mut optimizer = AdamW::new(0.1);
        let mut quickest = [f64::INFINITY; 2];
        for _ in 0..8 {
            let start = Instant::now();
            let loss = calc_loss_batch(&model, batch.clone(), Readout::Last, &mut Mode::Train(&mut rng));
            let gradients = loss.backward();
            let half = Instant::now();
            model = optimizer.step(5e-5, model, gradients);
            for (least, time) in quickest.iter_mut().zip([half - start, half.elapsed()]) {
                *least = least.min(1000.0 * time.as_secs_f64());
            }
        }
        println!("  {:.0} ms forward and backward, {:.0} ms update", quickest[0], quickest[1]);
    }
    Ok(())
}
