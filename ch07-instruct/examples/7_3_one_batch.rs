//! Section 7.3: two of the embedded tasks become one batch, and what each token of the shorter one has to predict.
//! `cargo run -p ch07-instruct --example 7_3_one_batch`

use burn::tensor::{Device, s};
use ch02_text::Gpt2Tokenizer;
use ch07_instruct::entry::EMBEDDED_NAME;
use ch07_instruct::{CollateOptions, Entries, InstructionDataset, PromptFormat, custom_collate_fn};
use shared::IGNORE_INDEX;

fn main() -> anyhow::Result<()> {
    let entries = Entries::load(EMBEDDED_NAME)?;
    let tokenizer = Gpt2Tokenizer::new();
    let pair = [entries[2].clone(), entries[11].clone()];
    let dataset = InstructionDataset::new(&pair, PromptFormat::Phi3, &tokenizer);
    let items: Vec<_> = dataset.items().iter().collect();
    for item in &items {
        println!("{} ids, {} of them the prompt:\n{:?}", item.ids.len(), item.prompt_length, item.ids);
    }

    let batch = custom_collate_fn(&items, &CollateOptions::default(), &Device::flex());
    println!("\nshape of inputs and targets: {:?} {:?}\n", batch.inputs.dims(), batch.targets.dims());
    let masked = CollateOptions { mask_instruction: true, ..Default::default() };
    let masked = custom_collate_fn(&items, &masked, &Device::flex());
    let row = |batch: &ch02_text::Batch, targets: bool| -> Vec<i32> {
        let ids = if targets { &batch.targets } else { &batch.inputs };
        ids.clone().slice(s![1, ..]).into_data().iter().collect()
    };
    let text = |id: i32| match id {
        IGNORE_INDEX => "ignored".to_string(),
        id => format!("{:?}", tokenizer.decode(&[id as u32]).unwrap_or_default()),
    };
    println!("{:18}{:18}answer only", "input", "target");
    for ((input, target), masked) in row(&batch, false).into_iter().zip(row(&batch, true)).zip(row(&masked, true)) {
        println!("{:18}{:18}{}", text(input), text(target), text(masked));
    }
    Ok(())
}
