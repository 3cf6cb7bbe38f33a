//! Section 7.3: three rows become one batch, in three versions, and the loss with an ignored target.
//! `cargo run -p ch07-instruct --example 7_3_batches`

use burn::tensor::{Device, Int, Tensor, s};
use ch02_text::{END_OF_TEXT, END_OF_TEXT_ID, Gpt2Tokenizer};
use ch07_instruct::{CollateOptions, Item, custom_collate_draft_1, custom_collate_draft_2, custom_collate_fn};
use shared::cross_entropy;

fn main() {
    let device = Device::flex();
    println!("{END_OF_TEXT} is {:?}", Gpt2Tokenizer::new().encode_with_end_of_text(END_OF_TEXT));

    let items: [Item; 3] = [[0, 1, 2, 3, 4].into(), [5, 6].into(), [7, 8, 9].into()];
    let rows = items.each_ref();
    show("Inputs only", custom_collate_draft_1(&rows, END_OF_TEXT_ID, &device));
    let batch = custom_collate_draft_2(&rows, END_OF_TEXT_ID, &device);
    show("Targets, one step later", batch.targets);
    let batch = custom_collate_fn(&rows, &CollateOptions::default(), &device);
    show("Targets with all padding but the first ignored", batch.targets);

    let logits = Tensor::<2>::from_floats([[-1.0, 1.0], [-0.5, 1.5], [-0.5, 1.5]], &device);
    println!();
    for targets in [&[0, 1][..], &[0, 1, 1], &[0, 1, -100]] {
        let logits = logits.clone().slice(s![..targets.len(), ..]);
        let loss: f32 = cross_entropy(logits, Tensor::from_data(targets, &device)).into_scalar();
        println!("loss of the targets {targets:?}: {loss:.4}");
    }
}

/// A batch, one row a line.
fn show(title: &str, ids: Tensor<2, Int>) {
    println!("\n{title}:");
    for row in ids.iter_dim(0) {
        println!("{}", row.into_data());
    }
}
