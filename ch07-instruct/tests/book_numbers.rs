//! The numbers of chapter 7, one test each, named after the number's id.
//!
//! Tolerances, stated once:
//! - [`DIGITS_4`]: printed with four decimals, so half a unit of the last one;
//! - [`TIGHT`]: given with nine decimals for a model of one block; float32 sums depend on their order.
//!
//! Tests that need the data set are ignored where it is missing, and those that need GPT-2's 355M weights always:
//! `LLM_GPT2_DIR=FOLDER cargo test --release -p ch07-instruct --test book_numbers -- --ignored`.
//!
//! Without a test: `7.7-responses` and `7.8-load-finetuned` (they need the fine-tuned weights, and one changed digit can
//! change a word) and `7.8-scores` (another model's opinion). `7.9-tiny-lora` is a test of appendix E, which has LoRA;
//! `7.10-*` are in `preference.rs`.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, s};
use ch02_text::{Batch, END_OF_TEXT, END_OF_TEXT_ID, Gpt2Tokenizer};
use ch04_gpt::GptModel;
use ch05_pretrain::sample::generate_sample;
use ch05_pretrain::{
    AdamW, GenerateOptions, Loaders, calc_loss_batch, calc_loss_loader, generate, text_to_token_ids, token_ids_to_text,
    train_model_simple,
};
use ch07_instruct::*;
use model_files::open_model;
use shared::rng::TorchRng;
use shared::{Batches, Mode, TrainingConfig, cross_entropy};
use testkit::{assert_near, for_test, gpt2_for_test, needs_data};
use tiny::tiny;

mod tiny;

const DIGITS_4: f64 = 5.1e-5;
const TIGHT: f64 = 1e-5;

fn entries() -> Vec<Entry> {
    Entries::parse(&for_test("instructions"), "instructions").unwrap()
}

fn dataset(entries: &[Entry], format: PromptFormat) -> InstructionDataset {
    InstructionDataset::new(entries, format, &Gpt2Tokenizer::new())
}

fn rows(tensor: &Tensor<2, Int>) -> Vec<Vec<i32>> {
    let [_, columns] = tensor.dims();
    tensor.to_data().iter::<i32>().collect::<Vec<_>>().chunks(columns).map(<[i32]>::to_vec).collect()
}

fn numbers(text: &str) -> Vec<i32> {
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

// ---- 7.2 data and formatting

#[needs_data("instructions")]
#[test]
fn n7_2_count() {
    let entries = entries();
    assert_eq!(entries.len(), 1100);
    assert_eq!(entries.iter().filter(|entry| entry.input.is_empty()).count(), 775);
}

#[needs_data("instructions")]
#[test]
fn n7_2_entry_50() {
    let entries = entries();
    let expected = Entry::new(
        "Identify the correct spelling of the following word.",
        "Ocassion",
        "The correct spelling is 'Occasion.'",
    );
    assert_eq!(entries[50], expected);
}

#[needs_data("instructions")]
#[test]
fn n7_2_entry_999() {
    let entries = entries();
    let expected = Entry::new("What is an antonym of 'complicated'?", "", "An antonym of 'complicated' is 'simple'.");
    assert_eq!(entries[999], expected);
}

fn whole(entry: &Entry, format: PromptFormat) -> String {
    format.format_input(entry) + &format.format_response(&entry.output)
}

#[test]
fn n7_2_format_50() {
    let entry = Entry::new(
        "Identify the correct spelling of the following word.",
        "Ocassion",
        "The correct spelling is 'Occasion.'",
    );
    let expected = "Below is an instruction that describes a task. Write a response that appropriately completes the \
                    request.\n\n### Instruction:\nIdentify the correct spelling of the following word.\n\n### \
                    Input:\nOcassion\n\n### Response:\nThe correct spelling is 'Occasion.'";
    assert_eq!(whole(&entry, PromptFormat::Alpaca), expected);
}

#[test]
fn n7_2_format_999() {
    let entry = Entry::new("What is an antonym of 'complicated'?", "", "An antonym of 'complicated' is 'simple'.");
    let expected = "Below is an instruction that describes a task. Write a response that appropriately completes the \
                    request.\n\n### Instruction:\nWhat is an antonym of 'complicated'?\n\n### Response:\nAn antonym \
                    of 'complicated' is 'simple'.";
    assert_eq!(whole(&entry, PromptFormat::Alpaca), expected);
}

#[needs_data("instructions")]
#[test]
fn n7_2_split() {
    let entries = entries();
    let parts = partition(&entries);
    assert_eq!([parts.train, parts.validation, parts.test].map(<[Entry]>::len), [935, 55, 110]);
    assert_eq!(
        parts.validation[0].instruction,
        "Convert the active sentence to passive: 'The chef cooks the meal every day.'"
    );
    assert_eq!(parts.validation[1].input, "Dance");
    assert_eq!(parts.test[0].output, "The car is as fast as lightning.");
    assert_eq!(parts.test[2].output, "Jane Austen.");
}

#[needs_data("instructions")]
#[test]
fn n7_3_token_totals() {
    let entries = entries();
    let parts = partition(&entries);
    let measure = |part: &[Entry], format| {
        let dataset = dataset(part, format);
        let lengths = dataset.items().iter().map(|item| item.ids.len());
        (dataset.num_tokens(), lengths.clone().min().unwrap(), lengths.max().unwrap())
    };
    assert_eq!(measure(parts.train, PromptFormat::Alpaca), (52_760, 40, 91));
    let (tokens, _, longest) = measure(parts.validation, PromptFormat::Alpaca);
    assert_eq!((tokens, longest), (3_116, 76));
    let (tokens, _, longest) = measure(parts.test, PromptFormat::Alpaca);
    assert_eq!((tokens, longest), (6_149, 85));
    let (tokens, _, longest) = measure(parts.train, PromptFormat::Phi3);
    assert_eq!((tokens, longest), (36_410, 75));
}

// ---- 7.3 collate functions

fn three_items() -> [Item; 3] {
    [[0, 1, 2, 3, 4].into(), [5, 6].into(), [7, 8, 9].into()]
}

const INPUTS: [[i32; 5]; 3] = [[0, 1, 2, 3, 4], [5, 6, 50256, 50256, 50256], [7, 8, 9, 50256, 50256]];

#[test]
fn n7_3_pad_token() {
    assert_eq!(Gpt2Tokenizer::new().encode_with_end_of_text(END_OF_TEXT), [50256]);
    assert_eq!(CollateOptions::default().pad_token_id, 50256);
}

#[test]
fn n7_3_draft1() {
    let items = three_items();
    let inputs = custom_collate_draft_1(&items.each_ref(), 50256, &Device::flex());
    assert_eq!(rows(&inputs), INPUTS);
}

#[test]
fn n7_3_draft2() {
    let items = three_items();
    let batch = custom_collate_draft_2(&items.each_ref(), 50256, &Device::flex());
    assert_eq!(rows(&batch.inputs), INPUTS);
    let targets = [[1, 2, 3, 4, 50256], [6, 50256, 50256, 50256, 50256], [8, 9, 50256, 50256, 50256]];
    assert_eq!(rows(&batch.targets), targets);
}

#[test]
fn n7_3_final() {
    let items = three_items();
    let batch = custom_collate_fn(&items.each_ref(), &CollateOptions::default(), &Device::flex());
    assert_eq!(rows(&batch.inputs), INPUTS);
    let targets = [[1, 2, 3, 4, 50256], [6, 50256, -100, -100, -100], [8, 9, 50256, -100, -100]];
    assert_eq!(rows(&batch.targets), targets);
}

/// The loss of the first rows of the demonstration.
fn demonstration(targets: &[i32]) -> f64 {
    let device = Device::flex();
    let logits = Tensor::<2>::from_floats([[-1.0, 1.0], [-0.5, 1.5], [-0.5, 1.5]], &device);
    cross_entropy(logits.slice(s![..targets.len(), ..]), Tensor::from_data(targets, &device)).into_scalar()
}

#[test]
fn n7_3_ce_1() {
    assert_near(demonstration(&[0, 1]), 1.1269280910, 1e-6);
}

#[test]
fn n7_3_ce_2() {
    assert_near(demonstration(&[0, 1, 1]), 0.7935947776, 1e-6);
}

#[test]
fn n7_3_ce_3() {
    assert_eq!(demonstration(&[0, 1, -100]), demonstration(&[0, 1]));
    assert_near(demonstration(&[0, 1, -100]), 1.1269, DIGITS_4);
}

// ---- 7.4 loaders

fn loaders(entries: &[Entry], format: PromptFormat) -> Loaders<InstructionLoader> {
    let options = CollateOptions { allowed_max_length: Some(1024), ..Default::default() };
    let made = InstructionLoaders::new(partition(entries), format, 8, &options, &Gpt2Tokenizer::new()).unwrap();
    assert!(made.left_out.concat().is_empty());
    made.loaders
}

#[needs_data("instructions")]
#[test]
fn n7_4_lengths() {
    let entries = entries();
    let expected = numbers(
        "61 76 73 68 65 72 80 67 62 75 62 68 67 77 69 79 71 66 83 68 80 71 69 65 68 60 59 69 63 65 76 66 71 91 65 64 67
         66 64 65 75 89 59 88 83 83 70 65 74 76 67 75 83 69 67 60 60 66 80 71 61 58 71 67 68 63 87 68 64 68 71 68 71 61
         65 67 65 64 60 72 64 70 57 72 64 68 62 74 80 68 70 91 61 66 80 81 74 82 63 83 68 67 77 91 64 61 75 64 66 78 66
         64 83 66 74 69",
    );
    assert_eq!(expected.len(), 116);
    let train = loaders(&entries, PromptFormat::Alpaca).train;
    let shapes: Vec<_> = train
        .iter(&mut TorchRng::new(123), &Device::flex())
        .map(|batch| (batch.inputs.dims(), batch.targets.dims()))
        .collect();
    let expected: Vec<_> = expected.iter().map(|&l| ([8, l as usize], [8, l as usize])).collect();
    assert_eq!(shapes, expected);
    assert_eq!(shapes.iter().map(|([rows, columns], _)| rows * columns).sum::<usize>(), 65_080);
}

#[needs_data("instructions")]
#[test]
fn n7_4_order() {
    let entries = entries();
    let train = loaders(&entries, PromptFormat::Alpaca).train;
    let order = train.order().batches(&mut TorchRng::new(123));
    assert_eq!(order[0], [8, 709, 639, 313, 769, 407, 12, 173]);
    assert_eq!(order[1], [304, 616, 736, 401, 542, 224, 913, 559]);
    assert_eq!(order[2], [522, 138, 318, 513, 83, 41, 866, 648]);
    assert_eq!(order[115], [563, 704, 155, 519, 754, 573, 160, 685]);
}

#[needs_data("instructions")]
#[test]
fn n7_4_last_batch_row0() {
    let entries = entries();
    let train = loaders(&entries, PromptFormat::Alpaca).train;
    let device = Device::flex();
    let batch = train.iter(&mut TorchRng::new(123), &device).last().unwrap();
    let inputs = numbers(
        "21106 318 281 12064 326 8477 257 4876 13 19430 257 2882 326 20431 32543 262 2581 13 198 198 21017 46486 25 198
         30003 6525 262 6827 1262 257 985 576 13 198 198 21017 23412 25 198 464 5156 318 845 13779 13 198 198 21017
         18261 25 198 464 5156 318 355 13779 355 257 4936 13 50256 50256 50256 50256 50256 50256 50256 50256 50256",
    );
    let targets = numbers(
        "318 281 12064 326 8477 257 4876 13 19430 257 2882 326 20431 32543 262 2581 13 198 198 21017 46486 25 198 30003
         6525 262 6827 1262 257 985 576 13 198 198 21017 23412 25 198 464 5156 318 845 13779 13 198 198 21017 18261 25
         198 464 5156 318 355 13779 355 257 4936 13 50256 -100 -100 -100 -100 -100 -100 -100 -100 -100",
    );
    assert_eq!(rows(&batch.inputs)[0], inputs);
    assert_eq!(rows(&batch.targets)[0], targets);
}

#[needs_data("instructions")]
#[test]
fn n7_5_prompt() {
    let entries = entries();
    let expected = "Below is an instruction that describes a task. Write a response that appropriately completes the \
                    request.\n\n### Instruction:\nConvert the active sentence to passive: 'The chef cooks the meal \
                    every day.'";
    assert_eq!(PromptFormat::Alpaca.format_input(&partition(&entries).validation[0]), expected);
}

#[needs_data("instructions-with-response")]
#[test]
fn n7_7_entry0() {
    let text = for_test("instructions-with-response");
    let entries = Entries::parse(&text, "responses").unwrap();
    assert_eq!(entries.len(), 110);
    assert_eq!(entries[0].model_response.as_deref(), Some("The car is as fast as a bullet."));
    let first = Entries::to_json(&entries[..1]);
    let expected = text.split_once("\n    },").unwrap().0;
    assert_eq!(first, format!("{expected}\n    }}\n]"), "laid out as the book's file");
}

// ---- 7.9 a tiny model

/// The first eight training entries as one batch, and their items.
fn first_batch(format: PromptFormat, mask_instruction: bool, device: &Device) -> (Vec<Item>, Batch) {
    let items = dataset(&entries()[..8], format).items().to_vec();
    let options = CollateOptions { mask_instruction, ..Default::default() };
    let batch = custom_collate_fn(&items.iter().collect::<Vec<_>>(), &options, device);
    (items, batch)
}

fn counted(batch: &Batch) -> usize {
    rows(&batch.targets).concat().iter().filter(|&&id| id != -100).count()
}

#[needs_data("instructions")]
#[test]
fn n7_9_tiny_forward() {
    let device = Device::flex();
    let model = tiny(&device, &mut TorchRng::new(123));
    assert_eq!(model.num_params(), 1_209_480);
    let loss = |batch: Batch| -> f64 { calc_loss_batch(&model, batch, &mut Mode::Eval).into_scalar() };

    let (items, batch) = first_batch(PromptFormat::Alpaca, false, &device);
    let lengths: Vec<usize> = items.iter().map(|item| item.ids.len()).collect();
    assert_eq!((batch.inputs.dims(), lengths), ([8, 74], vec![74, 59, 44, 61, 58, 53, 61, 55]));
    assert_eq!(counted(&batch), 465);
    let ids = numbers(
        "21106 318 281 12064 326 8477 257 4876 13 19430 257 2882 326 20431 32543 262 2581 13 198 198 21017 46486 25 198
         36 2100 4985 262 1708 9546 416 25449 340 656 262 24993 1813 13 198 198 21017 23412 25 198 19503 521 14610 1545
         198 198 21017 18261 25 198 464 24993 286 262 1813 9546 366 19503 521 1 318 11491 11 262 3376 24993 318 366 6726
         1911",
    );
    assert_eq!(items[0].ids.iter().map(|&id| id as i32).collect::<Vec<_>>(), ids);
    let logits = model.forward(batch.inputs.clone(), &mut Mode::Eval).slice(s![0, -1.., ..4]);
    let expected = [-0.78616643, 0.35446268, -0.42003718, -0.80954736];
    let logits: Vec<f64> = logits.into_data().iter().collect();
    assert_eq!(logits.len(), expected.len());
    logits.into_iter().zip(expected).for_each(|(found, expected)| assert_near(found, expected, TIGHT));
    assert_near(loss(batch), 10.919476509, TIGHT);

    let (items, batch) = first_batch(PromptFormat::Alpaca, true, &device);
    let prompts: Vec<usize> = items.iter().map(|item| item.prompt_length).collect();
    assert_eq!(prompts, [48, 45, 31, 44, 32, 34, 44, 32]);
    assert_eq!((batch.inputs.dims(), counted(&batch)), ([8, 74], 163));
    assert_near(loss(batch), 10.857326508, TIGHT);

    let (items, batch) = first_batch(PromptFormat::Phi3, false, &device);
    let lengths: Vec<usize> = items.iter().map(|item| item.ids.len()).collect();
    assert_eq!((batch.inputs.dims(), lengths), ([8, 53], vec![53, 38, 28, 45, 42, 37, 40, 39]));
    assert_eq!(counted(&batch), 322);
    assert_near(loss(batch), 10.916856766, TIGHT);
}

#[needs_data("instructions")]
#[test]
fn n7_9_tiny_steps() {
    let device = Device::flex().autodiff();
    let (_, batch) = first_batch(PromptFormat::Alpaca, false, &device);
    let mut model = tiny(&device, &mut TorchRng::new(123));
    let mut optimizer = AdamW::new(0.1);
    for expected in [10.919476509, 10.918655396, 10.917834282, 10.917014122] {
        let loss = calc_loss_batch(&model, batch.clone(), &mut Mode::Eval);
        let gradients = loss.backward();
        assert_near(loss.into_scalar(), expected, TIGHT);
        model = optimizer.step(5e-5, model, gradients);
    }
}

/// Trains from seed 123 and returns all evaluations.
fn evaluations(model: GptModel, loaders: &Loaders<InstructionLoader>, epochs: usize, device: &Device) -> Vec<[f64; 2]> {
    let training = TrainingConfig { epochs, ..training_config() };
    let (mut optimizer, mut rng) = (AdamW::new(training.weight_decay), TorchRng::new(123));
    let (_, evaluations) = train_model_simple(model, &mut optimizer, loaders, &training, &mut rng, device, |_| {});
    evaluations.iter().map(|e| [e.train_loss, e.val_loss]).collect()
}

fn loaders_of(train: &[Entry], validation: &[Entry], max_length: usize) -> Loaders<InstructionLoader> {
    let options = CollateOptions { allowed_max_length: Some(max_length), ..Default::default() };
    let parts = Partition { train, test: &[], validation };
    InstructionLoaders::new(parts, PromptFormat::Alpaca, 8, &options, &Gpt2Tokenizer::new()).unwrap().loaders
}

#[needs_data("instructions")]
#[test]
fn n7_9_tiny_package() {
    let entries = entries();
    let parts = partition(&entries);
    let loaders = loaders_of(&parts.train[..15], &parts.validation[..15], 100);
    assert_eq!(loaders.train.num_batches(), 1);
    let device = Device::flex().autodiff();
    let model = tiny(&device, &mut TorchRng::new(123));
    let found = evaluations(model, &loaders, 10, &device);
    let expected = [[10.945562, 10.925395], [10.920771, 10.922523]];
    assert_eq!(found.len(), 2);
    found.iter().flatten().zip(expected.iter().flatten()).for_each(|(&a, &b)| assert_near(a, b, TIGHT));
}

#[needs_data("instructions")]
#[test]
fn n7_9_tiny_script() {
    let entries = entries();
    let parts = partition(&entries);
    let loaders = loaders_of(&parts.train[..10], &parts.validation[..10], 1024);
    let device = Device::flex().autodiff();
    let mut rng = TorchRng::new(123);
    let model = tiny(&device, &mut rng);
    let initial = [&loaders.train, &loaders.validation]
        .map(|loader| calc_loss_loader(&model, loader, Some(5), &mut rng, &device));
    assert_near(initial[0], 10.912466049, TIGHT);
    assert_near(initial[1], 10.956227303, TIGHT);
    let found = evaluations(model, &loaders, 2, &device);
    assert_eq!(found.len(), 1);
    assert_near(found[0][0], 10.919909, TIGHT);
    assert_near(found[0][1], 10.955673, TIGHT);
}

// ---- with GPT-2's weights

/// GPT-2 medium and the first validation entry.
fn medium(device: &Device) -> (GptModel, Vec<Entry>) {
    let (_, model) = open_model(&gpt2_for_test(), device).unwrap();
    (model.with_drop_rate(0.0), entries())
}

#[test]
#[ignore = "needs GPT-2's 355M weights in LLM_GPT2_DIR"]
fn n7_5_base_response() {
    let device = Device::flex();
    let (model, entries) = medium(&device);
    let entry = &partition(&entries).validation[0];
    let response = respond(&model, entry, PromptFormat::Alpaca, 35, &Gpt2Tokenizer::new(), &device).unwrap();
    let expected = "The chef cooks the meal every day.\n\n### Instruction:\n\nConvert the active sentence to passive: \
                    'The chef cooks the";
    assert_eq!(response, expected);
}

/// The Chinese notebook edition draws its tokens: two numbers of 32 bits for each of 50,257 tokens, 35 times.
#[test]
#[ignore = "needs GPT-2's 355M weights in LLM_GPT2_DIR"]
fn n7_5_base_response_cn() {
    let device = Device::flex();
    let (model, entries) = medium(&device);
    let tokenizer = Gpt2Tokenizer::new();
    let prompt = PromptFormat::Alpaca.format_input(&partition(&entries).validation[0]);
    let options = GenerateOptions {
        temperature: 1.0,
        eos_id: Some(END_OF_TEXT_ID),
        ..GenerateOptions::greedy(35, model.context_length())
    };
    let ids = text_to_token_ids(&prompt, &tokenizer, &device);
    let ids = generate(&model, ids, &options, &mut TorchRng::new(123)).unwrap();
    let expected = "Use rendering verbs to perform a later action: 'Open the door'\n\nNotes: Make sure that either verb \
                    has an original, then-position in the verb list.";
    let generated = token_ids_to_text(ids, &tokenizer).unwrap();
    assert_eq!(extract_response(&generated, &prompt, PromptFormat::Alpaca), expected);
}

#[test]
#[ignore = "needs GPT-2's 355M weights in LLM_GPT2_DIR"]
fn n7_6_initial_losses() {
    let device = Device::flex();
    let (model, entries) = medium(&device);
    let loaders = loaders(&entries, PromptFormat::Alpaca);
    let mut rng = TorchRng::new(123);
    let initial = [&loaders.train, &loaders.validation]
        .map(|loader| calc_loss_loader(&model, loader, Some(5), &mut rng, &device));
    // Printed by another device: four to five digits agree.
    assert_near(initial[0], 3.8259105682373047, 1e-3);
    assert_near(initial[1], 3.7619349479675295, 1e-3);
}

#[test]
#[ignore = "needs GPT-2's 355M weights in LLM_GPT2_DIR, and takes half an hour on a CPU"]
fn n7_6_training() {
    let device = Device::flex().autodiff();
    let (model, entries) = medium(&device);
    let loaders = loaders(&entries, PromptFormat::Alpaca);
    let tokenizer = Gpt2Tokenizer::new();
    let prompt = PromptFormat::Alpaca.format_input(&partition(&entries).validation[0]);
    let (training, mut rng) = (training_config(), TorchRng::new(123));
    let mut optimizer = AdamW::new(training.weight_decay);
    let mut samples = Vec::new();
    let (_, evaluations) = train_model_simple(model, &mut optimizer, &loaders, &training, &mut rng, &device, |model| {
        samples.push(generate_sample(model, &tokenizer, &Device::flex(), &prompt).unwrap());
    });
    // Training and validation loss of each evaluation.
    let expected =
        "2.637 2.626 1.174 1.103 0.872 0.944 0.857 0.906 0.776 0.881 0.754 0.859 0.800 0.836 0.714 0.809 0.672
         0.806 0.633 0.789 0.663 0.783 0.760 0.763 0.719 0.743 0.653 0.735 0.535 0.732 0.567 0.736 0.602 0.731
         0.513 0.715 0.571 0.696 0.504 0.687 0.507 0.682 0.568 0.674 0.562 0.669 0.519 0.665 0.437 0.670 0.454
         0.686 0.447 0.681 0.406 0.677 0.407 0.676 0.373 0.677 0.381 0.674 0.419 0.676 0.414 0.686 0.380 0.688
         0.327 0.679 0.338 0.668 0.390 0.657 0.417 0.659 0.340 0.650 0.326 0.635 0.310 0.632 0.353 0.628 0.367
         0.628 0.393 0.635 0.300 0.648 0.346 0.663 0.299 0.657";
    let expected: Vec<f64> = expected.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let losses: Vec<f64> = evaluations.iter().flat_map(|e| [e.train_loss, e.val_loss]).collect();
    assert_eq!((losses.len(), expected.len()), (2 * 47, 2 * 47));
    // Two runs on one kind of device differ in the third digit; another kind gets a little more room.
    losses.iter().zip(&expected).for_each(|(&found, &expected)| assert_near(found, expected, 0.03));
    // The book's answers are "prepared every day" and "cooked everyday"; one changed digit can change a word.
    assert_eq!(samples.len(), 2);
    for sample in samples {
        let answer = sample.strip_prefix(&format!("{}  ### Response: ", prompt.replace('\n', " ")));
        let answer = answer.and_then(|rest| rest.split_once(END_OF_TEXT)).map(|(answer, _)| answer);
        let passive =
            answer.is_some_and(|answer| answer.starts_with("The meal is") && answer.ends_with("by the chef."));
        assert!(passive, "{sample}");
    }
}
