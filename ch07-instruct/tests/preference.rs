//! Pairs of answers and direct preference optimization; the numbers `7.10-*` of the bonus. Those that need the data set
//! are ignored where it is missing.
//!
//! Tolerances: [`SIX`] for numbers given with six decimals; a loss is given with nine, and float32 keeps seven digits.

use burn::module::Module;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Loaders};
use ch07_instruct::bonus::dpo::{
    BETA, DpoEvaluation, DpoMeans, DpoObjective, Logprobs, compute_logprobs, dpo_training_config,
    train_model_dpo_simple,
};
use ch07_instruct::bonus::preference::{PreferenceBatch, preference_collate_fn};
use ch07_instruct::{
    Entry, InstructionLoaderError, PreferenceDataset, PreferenceEntry, PreferenceLoader, PromptFormat,
};
use shared::rng::TorchRng;
use shared::{Batches, Mode, TrainingConfig};
use testkit::{assert_close, assert_near, for_test, needs_data};

mod tiny;

const SIX: f64 = 2e-6;

fn floats(values: Tensor<1>) -> Vec<f64> {
    values.into_data().iter().collect()
}

fn pairs() -> Vec<PreferenceEntry> {
    PreferenceEntry::parse(&for_test("instructions-with-preference"), "preferences").unwrap()
}

fn dataset(pairs: &[PreferenceEntry]) -> PreferenceDataset {
    PreferenceDataset::new(pairs, PromptFormat::Alpaca, &Gpt2Tokenizer::new())
}

fn batch(pairs: &[PreferenceEntry], device: &Device) -> PreferenceBatch {
    preference_collate_fn(&dataset(pairs).items().iter().collect::<Vec<_>>(), None, device)
}

fn rows(mask: &Tensor<2, Bool>) -> Vec<Vec<bool>> {
    let [_, columns] = mask.dims();
    mask.to_data().iter::<bool>().collect::<Vec<_>>().chunks(columns).map(<[bool]>::to_vec).collect()
}

fn counts(mask: &Tensor<2, Bool>) -> Vec<usize> {
    rows(mask).iter().map(|row| row.iter().filter(|counted| **counted).count()).collect()
}

fn tiny(device: &Device) -> GptModel {
    tiny::tiny(device, &mut TorchRng::new(123))
}

#[needs_data("instructions-with-preference")]
#[test]
fn n7_10_data() {
    let pairs = pairs();
    assert_eq!(pairs.len(), 1100);
    let same = |text_of: fn(&PreferenceEntry) -> &str| {
        pairs.iter().filter(|pair| text_of(pair) == pair.entry.output).collect::<Vec<_>>()
    };
    let (chosen, rejected) = (same(|pair| &pair.chosen), same(|pair| &pair.rejected));
    let both = chosen.iter().filter(|pair| pair.rejected == pair.entry.output).count();
    assert_eq!((chosen.len(), rejected.len(), both), (562, 544, 6));
    assert_eq!(pairs[50].chosen, "The correct spelling is 'Occasion.'");
    assert_eq!(pairs[50].rejected, "The correct spelling is obviously 'Occasion.'");
    assert_eq!(pairs[999].rejected, "An antonym of 'complicated' is 'simple'.");
}

#[needs_data("instructions-with-preference")]
#[test]
fn n7_10_example_batch() {
    let pairs = pairs();
    let items = dataset(&pairs[..2]).items().to_vec();
    let lengths: Vec<[usize; 3]> =
        items.iter().map(|item| [item.prompt_length, item.chosen.len(), item.rejected.len()]).collect();
    assert_eq!(lengths, [[48, 74, 80], [45, 59, 61]]);
    let batch = batch(&pairs[..2], &Device::flex());
    assert_eq!((batch.chosen.ids.dims(), batch.rejected.ids.dims()), ([2, 81], [2, 81]));
    let first = &rows(&batch.chosen.mask)[0];
    assert_eq!(first, &[vec![false; 50], vec![true; 24], vec![false; 7]].concat());
    let counted: Vec<u32> =
        items[0].chosen.iter().zip(first).filter(|(_, counted)| **counted).map(|(id, _)| *id).collect();
    assert!(Gpt2Tokenizer::new().decode(&counted).unwrap().starts_with("### Response:"));
}

#[test]
fn rows_are_cut_to_the_allowed_length() {
    let pair = PreferenceEntry {
        entry: Entry::new("Say hello.", "", "Hello."),
        chosen: "Hello, nice to meet you.".into(),
        rejected: "Hello.".into(),
    };
    let items = dataset(std::slice::from_ref(&pair)).items().to_vec();
    let cut = items[0].prompt_length + 4;
    let batch = preference_collate_fn(&[&items[0]], Some(cut), &Device::flex());
    assert_eq!((batch.chosen.ids.dims(), batch.rejected.mask.dims()), ([1, cut], [1, cut]));
    assert_eq!((counts(&batch.chosen.mask), counts(&batch.rejected.mask)), (vec![2], vec![2]));

    let prompt = items[0].prompt_length;
    let left = |max_length| dataset(std::slice::from_ref(&pair)).remove_unanswerable(max_length);
    assert_eq!((left(prompt + 2), left(prompt + 3)), (1, 0), "two line breaks, then the first token that counts");
}

/// The book's demonstration: the mean log-probability of the targets is the cross-entropy, with the sign turned.
#[test]
fn n7_10_gather() {
    let device = Device::flex();
    // One more token at either end: the logits at one token speak about the next.
    let logits = Tensor::<3>::from_floats([[[2.0, 1.0, 0.1], [0.5, 2.5, 0.3], [0.0, 0.0, 0.0]]], &device);
    let labels = Tensor::<2, Int>::from_ints([[1, 0, 2]], &device);
    let select = |values: [bool; 3]| Tensor::<2, Bool>::from_data(TensorData::new(values.to_vec(), [1, 3]), &device);
    let of = |selection| compute_logprobs(logits.clone(), labels.clone(), selection);
    assert_close(&floats(of(select([true; 3]))), &[-1.4185], 5e-5);
    let alone: f64 = of(select([false, true, false])).into_scalar();
    assert_near(alone, 2.0 - (2f64.exp() + 1f64.exp() + 0.1f64.exp()).ln(), SIX);
}

#[needs_data("instructions-with-preference")]
#[test]
fn n7_10_lengths() {
    let pairs = pairs();
    let loader = PreferenceLoader::train(dataset(&pairs[..935]), 8, Some(1024)).unwrap();
    let expected = "
        77 81 94 75 75 76 99 71 67 88 65 79 80 97 71 89 75 69 84 79 101 87 73 69 80 68 73 71 91 78 78 71 84 92 71 66 73
        73 78 66 76 100 77 92 93 115 81 95 81 94 70 89 90 70 85 65 76 72 84 84 65 63 74 79 93 71 99 81 77 74 75 73 87 80
        75 81 86 71 63 82 68 76 68 97 72 85 67 85 87 76 74 92 85 72 93 82 76 93 80 87 69 90 99 104 101 98 79 71 76 79 79
        67 84 78 85 70";
    let expected: Vec<usize> = expected.split_whitespace().map(|number| number.parse().unwrap()).collect();
    let device = Device::flex();
    let found: Vec<[[usize; 2]; 2]> = loader
        .iter(&mut TorchRng::new(123), &device)
        .map(|batch| [batch.chosen.ids.dims(), batch.rejected.ids.dims()])
        .collect();
    assert_eq!((found.len(), loader.num_batches()), (116, 116));
    assert_eq!(found, expected.into_iter().map(|length| [[8, length]; 2]).collect::<Vec<_>>());
}

#[needs_data("instructions-with-preference")]
#[test]
fn n7_10_tiny_dpo() {
    let pairs = pairs();
    let device = Device::flex().autodiff();
    let batch = batch(&pairs[..8], &device);
    assert_eq!(batch.chosen.ids.dims(), [8, 81]);
    assert_eq!(counts(&batch.chosen.mask), [24, 12, 13, 15, 24, 23, 22, 21]);
    assert_eq!(counts(&batch.rejected.mask), [30, 14, 11, 18, 31, 17, 15, 27]);

    let mut policy = tiny(&device);
    let objective = DpoObjective { reference: policy.valid(), beta: BETA };
    let logprobs = Logprobs::of(&policy, batch.clone(), &mut Mode::Eval);
    let chosen = [-10.922881, -10.471018, -10.780910, -10.972917, -10.851171, -10.842422, -10.873377, -10.863350];
    let rejected = [-11.034605, -10.663957, -10.778269, -11.056688, -10.879661, -10.841721, -10.876168, -10.963408];
    assert_close(&floats(logprobs.chosen), &chosen, SIX);
    assert_close(&floats(logprobs.rejected), &rejected, SIX);

    let mut optimizer = AdamW::new(0.01);
    for [loss, chosen, rejected] in [
        [0.693147182, 0.0, 0.0],
        [0.692563951, 0.006226778, -0.005439878],
        [0.691981554, 0.012444377, -0.010882020],
        [0.691399872, 0.018630743, -0.016348243],
        [0.690818727, 0.024782658, -0.021845818],
    ] {
        let found = objective.loss_batch(&policy, batch.clone(), &mut Mode::Eval);
        let gradients = found.loss.backward();
        assert_close(&floats(found.loss), &[loss], 5e-7);
        assert_close(&floats(found.chosen_reward), &[chosen], 5e-6);
        assert_close(&floats(found.rejected_reward), &[rejected], 5e-6);
        policy = optimizer.step(1e-3, policy, gradients);
    }
}

/// Before anything is learnt: ln 2 and no margin. Afterwards the margin has grown, on the pairs that the policy has not
/// seen too, and the reference is as it was.
#[test]
fn a_run_moves_the_policy_away_from_the_reference() {
    let device = Device::flex().autodiff();
    let entries: Vec<Entry> = ch07_instruct::Entries::load(ch07_instruct::entry::EMBEDDED_NAME).unwrap();
    let pair = |entry: &Entry| PreferenceEntry {
        entry: entry.clone(),
        chosen: entry.output.clone(),
        rejected: format!("Obviously, you fool: {}", entry.output),
    };
    let pairs: Vec<PreferenceEntry> =
        entries.iter().filter(|entry| entry.instruction.is_ascii()).take(12).map(pair).collect();
    let loaders = Loaders {
        train: PreferenceLoader::train(dataset(&pairs[..8]), 4, Some(120)).unwrap(),
        validation: PreferenceLoader::eval(dataset(&pairs[8..]), 4, Some(120)).unwrap(),
    };
    let policy = tiny(&device);
    let objective = DpoObjective { reference: policy.valid(), beta: BETA };
    let before = objective.loss_loader(&policy, &loaders.validation, None, &mut TorchRng::new(123), &device);
    assert_eq!(before, DpoMeans { loss: f64::from(2f32.ln()), chosen_reward: 0.0, rejected_reward: 0.0 });

    let config = TrainingConfig { learning_rate: 1e-3, epochs: 2, eval_freq: 1, ..dpo_training_config() };
    let train = |config: &TrainingConfig| {
        let (mut optimizer, mut rng) = (AdamW::new(config.weight_decay), TorchRng::new(123));
        train_model_dpo_simple(tiny(&device), &mut optimizer, &objective, &loaders, config, &mut rng, &device)
    };
    let (policy, evaluations) = train(&config);
    let margins: Vec<f64> = evaluations.iter().map(|evaluation| evaluation.val.margin()).collect();
    let counts: Vec<(usize, usize)> =
        evaluations.iter().map(|evaluation| (evaluation.epoch, evaluation.step)).collect();
    assert_eq!(counts, [(1, 0), (1, 1), (2, 2), (2, 3)]);
    assert!(margins.is_sorted() && margins[0] > 0.0, "{margins:?}");
    let same = |a: &GptModel, b: &GptModel| a.out_head.weight.val().into_data() == b.out_head.weight.val().into_data();
    assert!(same(&objective.reference, &tiny(&device).valid()) && !same(&objective.reference, &policy.valid()));

    // As in the other loops: only after the first step.
    let (_, evaluations) = train(&TrainingConfig { eval_freq: 0, epochs: 1, ..config });
    let steps: Vec<usize> = evaluations.iter().map(|evaluation| evaluation.step).collect();
    assert_eq!(steps, [0]);
}

#[test]
fn the_line_of_the_log() {
    let means = |loss, chosen_reward, rejected_reward| DpoMeans { loss, chosen_reward, rejected_reward };
    let evaluation = DpoEvaluation { epoch: 1, step: 5, train: means(0.625, 0.5, 0.25), val: means(0.5, 0.0, 0.125) };
    let expected = "Ep 1 (Step 000005): Train loss 0.625, Val loss 0.500, Train reward margins 0.250, Val reward margins \
                    -0.125";
    assert_eq!(evaluation.to_string(), expected);
}

#[test]
fn too_few_pairs_are_an_error() {
    let pair = |i: usize| {
        let entry = Entry::new(format!("Say {i}."), "", i.to_string());
        PreferenceEntry { chosen: i.to_string(), rejected: "No.".into(), entry }
    };
    let pairs: Vec<PreferenceEntry> = (0..3).map(pair).collect();
    let error = |loader: Result<PreferenceLoader, InstructionLoaderError>| loader.unwrap_err().to_string();
    let train = |batch_size| PreferenceLoader::train(dataset(&pairs), batch_size, None);
    let few = "3 training entries do not fill one batch of 4: add entries or take a smaller batch";
    assert_eq!(error(train(4)), few);
    assert_eq!(error(train(0)), "batch_size is 0, but must be at least 1");
    assert_eq!(train(3).unwrap().num_batches(), 1);
    assert_eq!(error(PreferenceLoader::eval(dataset(&pairs), 0, None)), "batch_size is 0, but must be at least 1");
    assert!(error(PreferenceLoader::eval(dataset(&[]), 4, None)).starts_with("no entries are left to evaluate on"));
}

#[test]
fn an_entry_without_a_pair_is_named() {
    let json = r#"[{"instruction": "a", "input": "", "output": "b", "chosen": "b"}]"#;
    let error = PreferenceEntry::parse(json, "pairs.json").unwrap_err().to_string();
    assert_eq!(error, "pairs.json: entry 0 (the first is 0): the key \"rejected\" is missing");
}
