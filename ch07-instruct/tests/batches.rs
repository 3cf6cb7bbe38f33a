//! Collate functions and loaders where the book's numbers do not reach.

use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::calc_loss_loader;
use ch07_instruct::*;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig};

fn rows(tensor: &Tensor<2, Int>) -> Vec<Vec<i32>> {
    let [_, columns] = tensor.dims();
    tensor.to_data().iter::<i32>().collect::<Vec<_>>().chunks(columns).map(<[i32]>::to_vec).collect()
}

fn collate(items: &[Item], options: &CollateOptions) -> [Vec<Vec<i32>>; 2] {
    let batch = custom_collate_fn(&items.iter().collect::<Vec<_>>(), options, &Device::flex());
    [rows(&batch.inputs), rows(&batch.targets)]
}

#[test]
fn the_cut_comes_after_the_masks() {
    let items = [Item { ids: vec![1, 2, 3, 4], prompt_length: 3 }, Item { ids: vec![5], prompt_length: 1 }];
    let options = CollateOptions { mask_instruction: true, ..Default::default() };
    let [inputs, targets] = collate(&items, &options);
    assert_eq!(inputs, [[1, 2, 3, 4], [5, 50256, 50256, 50256]]);
    assert_eq!(targets, [[-100, -100, 4, 50256], [50256, -100, -100, -100]]);
    let [inputs, targets] = collate(&items, &CollateOptions { allowed_max_length: Some(3), ..options });
    assert_eq!(inputs, [[1, 2, 3], [5, 50256, 50256]]);
    assert_eq!(targets, [[-100, -100, 4], [50256, -100, -100]], "a long row loses its end-of-text token");
}

#[test]
fn an_end_of_text_inside_counts_as_the_first() {
    let [_, targets] = collate(&[[1, 50256, 2].into()], &CollateOptions::default());
    assert_eq!(targets, [[50256, 2, -100]]);
}

fn tasks(n: usize) -> Vec<Entry> {
    (0..n).map(|i| Entry::new(format!("What is {i} plus 1?"), "", (i + 1).to_string())).collect()
}

fn make(entries: &[Entry], batch_size: usize, max_length: usize) -> Result<InstructionLoaders, InstructionLoaderError> {
    let options = CollateOptions { allowed_max_length: Some(max_length), mask_instruction: true, ..Default::default() };
    InstructionLoaders::new(partition(entries), PromptFormat::Alpaca, batch_size, &options, &Gpt2Tokenizer::new())
}

#[test]
fn too_few_entries_are_an_error() {
    let error = |entries: &[Entry], batch_size| make(entries, batch_size, 100).unwrap_err().to_string();
    assert!(error(&tasks(8), 8).starts_with("6 training entries do not fill one batch of 8"));
    assert!(error(&[], 8).starts_with("0 training entries"));
    assert_eq!(error(&tasks(8), 0), "batch_size is 0, but must be at least 1");
    let dataset = InstructionDataset::new(&[], PromptFormat::Alpaca, &Gpt2Tokenizer::new());
    let evaluation = InstructionLoader::eval(dataset, 4, CollateOptions::default()).unwrap_err().to_string();
    assert!(evaluation.starts_with("no entries are left to evaluate on"), "{evaluation}");
    assert_eq!(make(&tasks(10), 4, 100).unwrap().loaders.train.num_batches(), 2);
}

#[test]
fn prompts_that_leave_no_room_for_an_answer_are_left_out() {
    let mut entries = tasks(30);
    entries[3].instruction = "word ".repeat(60);
    entries[29].instruction = "word ".repeat(60);
    let made = make(&entries, 4, 60).unwrap();
    assert_eq!(made.left_out, [vec![3], vec![1]]);
    // Without them no batch has all its targets ignored, which would make the loss NaN.
    let config = GptConfig { emb_dim: 8, n_layers: 1, n_heads: 2, ..GptConfig::preset("tiny").unwrap() };
    let device = Device::flex();
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(1));
    let loss = calc_loss_loader(&model, &made.loaders.train, None, &mut TorchRng::new(1), &device);
    assert!(loss.is_finite(), "{loss}");
}

/// The prompts of these tasks have 30 tokens (tiktoken in Python), so with 30 there is no room for an answer.
#[test]
fn entries_that_are_all_too_long_are_called_so() {
    let error = |entries: &[Entry], max_length| make(entries, 4, max_length).unwrap_err().to_string();
    assert_eq!(
        error(&tasks(40), 30),
        "34 of 34 training entries are left out, because their prompts alone fill the 30 tokens that are allowed, and too few \
         are left: take a model with a longer context, allow more of it, or shorten the entries"
    );
    let mut entries = tasks(40);
    entries[2..34].iter_mut().for_each(|entry| entry.instruction = "word ".repeat(60));
    assert!(error(&entries, 60).starts_with("32 of 34 training entries are left out"));
    let mut entries = tasks(40);
    entries[38..].iter_mut().for_each(|entry| entry.instruction = "word ".repeat(60));
    assert!(error(&entries, 60).starts_with("2 of 2 validation entries are left out"));
}

/// The ids of tiktoken's `encode_ordinary` in Python.
#[test]
fn the_end_of_text_marker_in_an_entry_is_ordinary_text() {
    let entry = Entry::new("What is <|endoftext|>?", "", "a<|endoftext|>b");
    let dataset = InstructionDataset::new(&[entry], PromptFormat::Phi3, &Gpt2Tokenizer::new());
    let marker = [91, 437, 1659, 5239, 91];
    let prompt = [&[27, 91, 7220, 91, 29, 198, 2061, 318, 1279], &marker[..], &[29, 30]].concat();
    let answer = [&[198, 27, 91, 562, 10167, 91, 31175, 198, 64, 27], &marker[..], &[29, 65]].concat();
    let [item] = dataset.items() else { panic!("{dataset:?}") };
    assert_eq!((&item.ids, item.prompt_length), (&[prompt.clone(), answer].concat(), prompt.len()));
}

#[test]
fn a_prompt_beyond_the_context_is_an_error() {
    let config = GptConfig { emb_dim: 8, n_layers: 1, n_heads: 2, ..GptConfig::preset("tiny").unwrap() };
    let device = Device::flex();
    let model = torch_init(GptModel::new(&config, &device), &mut TorchRng::new(1));
    let answer = |entry: &Entry| respond(&model, entry, PromptFormat::Alpaca, 4, &Gpt2Tokenizer::new(), &device);
    assert!(!answer(&tasks(1)[0]).unwrap().is_empty());
    let long = answer(&Entry::new("word ".repeat(60), "", "")).unwrap_err();
    assert!(long.to_string().contains("tokens, but the model's context holds 64"), "{long}");
}
