//! Section 7.6: a very small model learns four tasks by heart and is asked a fifth.
//! `cargo run -p ch07-instruct --example 7_6_by_heart`

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, calc_loss_batch};
use ch07_instruct::{CollateOptions, Entry, InstructionDataset, PromptFormat, custom_collate_fn, respond};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, IGNORE_INDEX, Mode};

fn main() -> anyhow::Result<()> {
    let tasks = [
        Entry::new("Write the plural.", "shelf", "shelves"),
        Entry::new("Write the plural.", "mouse", "mice"),
        Entry::new("Write the opposite.", "hot", "cold"),
        Entry::new("Write the opposite.", "early", "late"),
    ];
    let unseen = Entry::new("Write the opposite.", "shelf", "");
    let device = Device::flex();
    let recording = device.clone().autodiff();
    let config = GptConfig {
        context_length: 64,
        emb_dim: 32,
        n_layers: 2,
        n_heads: 4,
        drop_rate: 0.0,
        ..GptConfig::preset("tiny")?
    };
    let mut model = torch_init(GptModel::new(&config, &recording), &mut TorchRng::new(123));
    let (tokenizer, format) = (Gpt2Tokenizer::new(), PromptFormat::Phi3);
    let dataset = InstructionDataset::new(&tasks, format, &tokenizer);
    let items: Vec<_> = dataset.items().iter().collect();
    let batch = custom_collate_fn(&items, &CollateOptions::default(), &recording);
    let counted: i64 = batch.targets.clone().not_equal_elem(IGNORE_INDEX).int().sum().into_scalar();
    println!("one batch of {:?}, {counted} targets count; {} parameters", batch.inputs.dims(), config.num_params());
    println!("before: {:?}", respond(&model, &tasks[0], format, 5, &tokenizer, &device)?);

    let mut optimizer = AdamW::new(0.1);
    for step in 0..=60 {
        let loss = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval);
        if step % 10 == 0 {
            println!("step {step:2}: loss {:.3}", loss.clone().into_scalar::<f32>());
        }
        let gradients = loss.backward();
        model = optimizer.step(8e-3, model, gradients);
    }
    for task in tasks.iter().chain([&unseen]) {
        let answer = respond(&model, task, format, 12, &tokenizer, &device)?;
        println!("{} {}: {answer:?}", task.instruction, task.input);
    }
    Ok(())
}
