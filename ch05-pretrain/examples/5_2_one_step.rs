//! Section 5.2: the gradient of one weight, checked by moving the weight, and steps that follow all gradients.
//! `cargo run -p ch05-pretrain --example 5_2_one_step`

use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::train_bpe;
use ch04_gpt::GptModel;
use ch05_pretrain::text_split::TRAINING_SHARE;
use ch05_pretrain::{AdamW, Loaders, calc_loss_batch, split_text};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, Mode, data};

fn main() -> anyhow::Result<()> {
    let text = data::find("lamp")?.text()?;
    let vocabulary = train_bpe(split_text(&text, TRAINING_SHARE).0, 768);
    let tokenizer = Gpt2Tokenizer::with_vocabulary(vocabulary)?;
    let config = GptConfig { vocab_size: 768, ..GptConfig::preset("tiny")? };
    let loaders = Loaders::with_tokenizer(&text, &tokenizer, config.context_length, 4)?;

    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let mut model = torch_init(GptModel::new(&config, &device), &mut rng);
    let batch = loaders.train.iter(&mut rng, &device).next().expect("a loader has at least one batch");
    let loss = |model: &GptModel| calc_loss_batch(model, batch.clone(), &mut Mode::Eval); // [1]

    let value = |single: Tensor<1>| single.into_scalar::<f32>();

    // One weight: what does backward() say, and what happens to the loss if the weight is moved?
    let before = loss(&model);
    let gradients = before.backward();
    let scale = model.final_norm.scale.val(); // [emb_dim]
    let gradient = scale.grad(&gradients).expect("a weight has a gradient"); // [emb_dim]
    println!("loss: {:.4}", value(before));
    println!("weight 0 of the final norm: 1");
    println!("its gradient: {:.4}", value(gradient.slice(0..1)));
    for change in [0.5, -0.5] {
        let change_first = Tensor::zeros([config.emb_dim], &device).slice_fill(0..1, change);
        let mut moved = model.clone();
        moved.final_norm.scale = moved.final_norm.scale.map(|scale| scale + change_first);
        println!("the weight at {:.1}: loss {:.4}", 1.0 + change, value(loss(&moved)));
    }

    // All weights at once, again and again on the same batch.
    let mut optimizer = AdamW::new(0.1);
    for step in 1..=10 {
        let gradients = loss(&model).backward();
        model = optimizer.step(2e-3, model, gradients);
        println!("after step {step:2}: loss {:.4}", value(loss(&model)));
    }
    Ok(())
}
