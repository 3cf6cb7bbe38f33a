//! Section 6.5: a new output layer, what is trainable, and the values of each token. Give the folder of a model, GPT-2
//! small for the book's numbers.
//! `cargo run --release -p ch06-classify --example 6_5_head -- [FOLDER]`

use burn::module::Module;
use burn::tensor::Device;
use ch05_pretrain::text_to_token_ids;
use ch06_classify::{Readout, Trainable, add_classification_head, num_trainable, set_trainable};
use shared::Mode;
use shared::rng::TorchRng;

mod common;

fn main() -> anyhow::Result<()> {
    let device = Device::flex().autodiff();
    let (model, tokenizer) = common::model(&device)?;
    println!("{} parameters with the old output layer", model.num_params());
    let mut model = add_classification_head(model, &mut TorchRng::new(123), &device);
    println!("{} with the new one; trainable are", model.num_params());
    for (name, trainable) in Trainable::ALL {
        model = set_trainable(model, trainable);
        println!("  {:>12}  {name}", num_trainable(&model));
    }

    let inputs = text_to_token_ids("Do you have time", &tokenizer, &device);
    println!("\nInputs: {}", inputs.clone().into_data());
    let logits = model.forward(inputs.clone(), &mut Mode::Eval); // [1, 4, 2]
    println!("Outputs {:?}, one row for each token:", logits.dims());
    for row in logits.to_data().iter::<f32>().collect::<Vec<_>>().chunks(2) {
        println!("  {row:.4?}");
    }
    println!("The logits that are classified:");
    for (name, readout) in Readout::ALL {
        let row = readout.select(logits.clone(), &inputs, tokenizer.end_of_text_id());
        let row: Vec<f32> = row.into_data().iter::<f32>().collect();
        println!("  {row:.4?}  {name}");
    }
    Ok(())
}
