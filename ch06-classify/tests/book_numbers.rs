//! The numbers of chapter 6, each test named after the number's id.
//!
//! Tolerances: none for counts, ids and files; 1e-6 for initial values, which are drawn; 2e-6 for outputs and losses of
//! the untrained tiny model and 2e-5 for those of its training, since float32 sums depend on their order; half a unit
//! of the last digit for numbers printed with few digits.
//!
//! Tests that need GPT-2's weights are ignored: name their folder in `LLM_GPT2_DIR` and add `-- --ignored`.

mod common;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::{GptModel, generate_text_simple};
use ch05_pretrain::{AdamW, text_to_token_ids, token_ids_to_text};
use ch06_classify::head::without_causal_mask;
use ch06_classify::*;
use common::{collection, device, loaders, split, tiny_classifier};
use md5::{Digest, Md5};
use model_files::open_model;
use shared::init::linear;
use shared::rng::{NumpyRng, TorchRng};
use shared::{Batches, GptConfig, Mode, TrainingConfig};
use testkit::{assert_close, assert_near, for_test, gpt2_for_test, needs_data};

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn starts(message: &Message, label: Label, text: &str) {
    assert_eq!(message.label, label, "{message:?}");
    assert!(message.text.starts_with(text), "{message:?}");
}

// ---- 6.2

#[needs_data("sms-spam")]
#[test]
fn n6_2_raw_file() {
    let text = for_test("sms-spam");
    let count = |label: &str| text.lines().filter(|line| line.split('\t').next() == Some(label)).count();
    assert_eq!((text.lines().count(), count("ham"), count("spam")), (5574, 4827, 747));
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_quote_rule() {
    let messages = collection();
    let merged = &messages[5081];
    starts(merged, Label::Ham, "Keep ur problems in ur heart");
    assert_eq!(merged.text.matches('\n').count(), 2);
    assert!(merged.text.ends_with("ANYWAY,I\u{92}L CALL U\""), "{}", merged.text);
    let parts = split().parts();
    assert!(parts.iter().all(|(_, part)| !part.contains(merged)), "the merged message is in none of the parts");
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_preview() {
    let messages = collection();
    starts(&messages[0], Label::Ham, "Go until jurong point, crazy.. Available only ");
    starts(&messages[1], Label::Ham, "Ok lar... Joking wif u oni...");
    starts(&messages[2], Label::Spam, "Free entry in 2 a wkly comp to win FA Cup fina");
    starts(&messages[3], Label::Ham, "U dun say so early hor... U c already then say");
    starts(&messages[4], Label::Ham, "Nah I don't think he goes to usf, he lives aro");
    starts(&messages[5567], Label::Spam, "This is the 2nd time we have tried 2 contact u");
    starts(&messages[5568], Label::Ham, "Will ü b going to esplanade fr home?");
    starts(&messages[5569], Label::Ham, "Pity, * was in mood for that. So...any other s");
    starts(&messages[5570], Label::Ham, "The guy did some bitching but I acted like i'd");
    starts(&messages[5571], Label::Ham, "Rofl. Its true to its name");
}

fn counts(messages: &[Message]) -> [usize; 2] {
    Label::ALL.map(|label| messages.iter().filter(|message| message.label == label).count())
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_class_counts() {
    let messages = collection();
    assert_eq!(counts(messages), [4825, 747]);
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_balanced_counts() {
    let messages = collection();
    assert_eq!(counts(&create_balanced_dataset(messages)), [747, 747]);
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_ham_sample() {
    let chosen = NumpyRng::new(123).choice(4825, 747);
    assert_eq!(chosen[..10], [3720, 3580, 4182, 3858, 4713, 3847, 2247, 1912, 4512, 879]);
    let messages = collection();
    let balanced = create_balanced_dataset(messages);
    let rows = [4307, 4138, 4831, 4461, 5440, 4448, 2603, 2219, 5219, 1035];
    rows.iter().zip(&balanced).for_each(|(&row, message)| assert_eq!(message, &messages[row]));
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_balanced_preview() {
    let messages = collection();
    let balanced = create_balanced_dataset(messages);
    assert_eq!(balanced.len(), 1494);
    starts(&balanced[0], Label::Ham, "Awww dat is sweet! We can think of something t");
    starts(&balanced[1], Label::Ham, "Just got to  &lt;#&gt;");
    starts(&balanced[2], Label::Ham, "The word \"Checkmate\" in chess comes from the P");
    starts(&balanced[3], Label::Ham, "This is wishing you a great day. Moji told me ");
    starts(&balanced[4], Label::Ham, "Thank you. do you generally date the brothas?");
    starts(&balanced[1489], Label::Spam, "Want explicit SEX in 30 secs? Ring 02073162414");
    starts(&balanced[1490], Label::Spam, "ASKED 3MOBILE IF 0870 CHATLINES INCLU IN FREE ");
    starts(&balanced[1491], Label::Spam, "Had your contract mobile 11 Mnths? Latest Moto");
    starts(&balanced[1492], Label::Spam, "REMINDER FROM O2: To get 2.50 pounds free call");
    starts(&balanced[1493], Label::Spam, "This is the 2nd time we have tried 2 contact u");
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_shuffle() {
    let order = NumpyRng::new(123).permutation(1494);
    assert_eq!(order[..10], [263, 627, 887, 925, 1050, 587, 182, 1411, 103, 392]);
    let messages = collection();
    let rows = [2087, 4694, 881, 1172, 2170, 5056, 1827, 4931, 675, 708];
    rows.iter().zip(&split().train).for_each(|(&row, message)| assert_eq!(message, &messages[row]));
}

#[needs_data("sms-spam")]
#[test]
fn n6_2_split() {
    let messages = collection();
    let tokenizer = Gpt2Tokenizer::new();
    let expected = [
        (1045, 517, 112_762, "054e0b78ab2e20128261f55cdedc6cba", 120, 30.4105, [2087, 4694, 881, 1172, 2170]),
        (149, 79, 17_770, "c05659da24e83d348c3800505a7f765b", 71, 33.1074, [3778, 1263, 990, 3053, 839]),
        (300, 151, 31_786, "f73ab15b4f6f22cdc87fe988b1de3c00", 92, 29.9667, [2079, 3230, 3720, 4609, 3126]),
    ];
    let labels = ["0011100100000100", "1100101010010101", "1110100110110010"];
    for ((name, part), ((rows, spam, bytes, md5, longest, mean, first), labels)) in
        split().parts().into_iter().zip(expected.into_iter().zip(labels))
    {
        let csv = to_csv(part);
        let found: String = Md5::digest(&csv).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!((part.len(), counts(part)[1], csv.len()), (rows, spam, bytes), "{name}");
        assert_eq!(found, md5, "{name}");
        assert_eq!(from_csv(std::str::from_utf8(&csv).unwrap()).unwrap(), part, "{name}: read what was written");
        let lengths: Vec<usize> = part.iter().map(|message| tokenizer.encode(&message.text).unwrap().len()).collect();
        assert_eq!(lengths.iter().max(), Some(&longest), "{name}");
        assert_near(lengths.iter().sum::<usize>() as f64 / rows as f64, mean, 5e-5);
        first.iter().zip(part).for_each(|(&row, message)| assert_eq!(message, &messages[row], "{name}"));
        let found: String = part.iter().take(16).map(|message| message.label.class().to_string()).collect();
        assert_eq!(found, labels, "{name}");
    }
}

/// The script of the additional experiments shuffles once more, so its parts are others than the chapter's.
#[needs_data("sms-spam")]
#[test]
fn bonus_split_of_the_additional_experiments() {
    let messages = collection();
    let shuffled = random_split(&create_balanced_dataset(messages), [1.0, 0.0]).train;
    let split = random_split(&shuffled, ch06_classify::split::BOOK_SHARES);
    assert_eq!(split.parts().map(|(_, part)| part.len()), [1045, 149, 300]);
    let rows = [4141, 1307, 3495, 2420, 3976];
    rows.iter().zip(&split.train).for_each(|(&row, message)| assert_eq!(message, &messages[row]));
    assert_eq!(counts(&split.train)[1], 515);
    let dataset = SpamDataset::new(&split.train, &Gpt2Tokenizer::new(), Length::Longest);
    assert_eq!(dataset.max_length(), 120);
}

// ---- 6.3

#[test]
fn n6_3_pad_token() {
    assert_eq!(Gpt2Tokenizer::new().encode_with_end_of_text("<|endoftext|>"), [PAD_TOKEN_ID]);
    assert_eq!(PAD_TOKEN_ID, 50256);
}

#[needs_data("sms-spam")]
#[test]
fn n6_3_max_length() {
    let loaders = loaders();
    for (name, loader) in loaders.parts() {
        assert_eq!((loader.dataset().max_length(), loader.dataset().truncated()), (120, 0), "{name}");
    }
    let (first, label) = loaders.train.dataset().get(0);
    assert_eq!(split().train[0].text, "Dude how do you like the buff wind.");
    assert_eq!(first[..10], [35, 2507, 703, 466, 345, 588, 262, 6940, 2344, 13]);
    assert_eq!((&first[10..], label), (&[PAD_TOKEN_ID; 110][..], Label::Ham));

    let lengths = [[10, 35, 33, 56, 50, 43, 87, 30], [56, 40, 17, 10, 36, 28, 43, 6]];
    for ((_, loader), lengths) in loaders.parts().into_iter().zip(lengths) {
        let real = |i| loader.dataset().get(i).0.iter().filter(|&&id| id != PAD_TOKEN_ID).count();
        assert_eq!(std::array::from_fn(real), lengths);
    }
}

#[needs_data("sms-spam")]
#[test]
fn n6_3_batch_shapes() {
    let loaders = loaders();
    let last = loaders.train.iter(&mut TorchRng::new(123), &Device::flex()).last().unwrap();
    assert_eq!((last.inputs.dims(), last.labels.dims()), ([8, 120], [8]));
}

#[needs_data("sms-spam")]
#[test]
fn n6_3_batch_counts() {
    let loaders = loaders();
    assert_eq!(loaders.parts().map(|(_, loader)| loader.num_batches()), [130, 19, 38]);
}

#[needs_data("sms-spam")]
#[test]
fn n6_3_order() {
    let loaders = loaders();
    let device = Device::flex();
    let batches: Vec<SpamBatch> = loaders.train.iter(&mut TorchRng::new(123), &device).collect();
    for (batch, messages) in [
        (0, [668, 713, 388, 375, 269, 137, 858, 963]),
        (1, [653, 68, 651, 247, 825, 92, 159, 119]),
        (2, [230, 590, 61, 12, 778, 499, 52, 310]),
        (129, [452, 73, 189, 702, 188, 6, 829, 806]),
    ] {
        let expected = loaders.train.batch(&messages, &device);
        assert_eq!(batches[batch].inputs.to_data(), expected.inputs.to_data(), "batch {batch}");
        assert_eq!(batches[batch].labels.to_data(), expected.labels.to_data(), "batch {batch}");
    }
}

// ---- 6.5

#[test]
fn n6_5_head_init() {
    let head = linear(768, 2, true, &mut TorchRng::new(123), &Device::flex());
    let weight = floats(head.weight.val().transpose()); // [2, 768], as PyTorch prints it
    assert_close(&weight[..3], &[-0.01471435, 0.00119528, -0.01792162], 1e-8);
    assert_close(&weight[768..771], &[-0.01993065, -0.01409814, -0.01430001], 1e-8);
    assert_close(&floats(head.bias.unwrap().val()), &[0.01403477, -0.01820223], 1e-8);
    assert_near(weight.iter().sum(), 0.14351554, 1e-6);
}

#[test]
fn n6_5_inputs() {
    assert_eq!(Gpt2Tokenizer::new().encode("Do you have time").unwrap(), [5211, 345, 423, 640]);
}

/// Parameters with the old head, with the new one, and those that training changes. Counted without making them.
#[test]
fn parameter_counts() {
    for (name, old, new, trainable) in [
        ("gpt2-small", 163_037_184, 124_441_346, 7_090_946),
        ("gpt2-medium", 406_286_336, 354_825_218, 12_600_322),
        ("gpt2-large", 838_359_040, 774_032_642, 19_682_562),
        ("gpt2-xl", 1_638_022_400, 1_557_614_402, 30_747_202),
    ] {
        let config = GptConfig { qkv_bias: true, ..GptConfig::preset(name).unwrap() };
        let model = GptModel::new(&config, &Device::flex());
        assert_eq!(model.num_params(), old, "{name}");
        let model = add_classification_head(model, &mut TorchRng::new(123), &Device::flex());
        assert_eq!(model.num_params(), new, "{name}");
        let last = model.trf_blocks.last().unwrap().num_params();
        let norm_and_head = model.final_norm.num_params() + model.out_head.num_params();
        assert_eq!(last + norm_and_head, trainable, "{name}");
        if name == "gpt2-small" {
            assert_eq!((model.out_head.num_params(), 2 * last + norm_and_head), (1_538, 14_178_818));
        }
    }
}

// ---- the tiny model

#[test]
fn n6_9_tiny_head() {
    let model = tiny_classifier();
    let weight = floats(model.out_head.weight.val().transpose()); // [2, 12]
    assert_close(&weight[..4], &[-0.11771482, 0.00956224, -0.14337297, 0.10886330], 1e-7);
    assert_close(&weight[12..16], &[-0.24500707, -0.17514603, -0.10599460, -0.05673036], 1e-7);
    assert_close(&floats(model.out_head.bias.clone().unwrap().val()), &[-0.13019520, 0.09143820], 1e-7);
    assert_eq!((model.num_params(), num_trainable(&model)), (606_422, 1_898));
}

#[needs_data("sms-spam")]
#[test]
fn n6_9_tiny_forward() {
    let loaders = loaders();
    let model = tiny_classifier().valid();
    let batch = || loaders.train.batch(&[0, 1, 2, 3, 4, 5, 6, 7], &Device::flex());
    let logits = |model: &GptModel, readout: Readout| {
        let inputs = batch().inputs;
        floats(readout.select(model.forward(inputs.clone(), &mut Mode::Eval), &inputs, PAD_TOKEN_ID))
    };
    let loss =
        |model: &GptModel, readout| -> f64 { calc_loss_batch(model, batch(), readout, &mut Mode::Eval).into_scalar() };
    let last = logits(&model, Readout::Last);
    assert_close(&last[..2], &[0.31095785, 1.60273790], 2e-6);
    assert_close(&logits(&model, Readout::First)[..2], &[-0.16378576, 0.46617487], 2e-6);
    let expected = [
        [0.310958, 1.602738],
        [0.299510, 1.628174],
        [0.300240, 1.622816],
        [0.279424, 1.638590],
        [0.282319, 1.637699],
        [0.297661, 1.641756],
        [0.281618, 1.662388],
        [0.314081, 1.623052],
    ];
    assert_close(&last, expected.as_flattened(), 2e-6);

    assert_near(loss(&model, Readout::Last), 0.90154266, 2e-6);
    assert_near(loss(&model, Readout::First), 0.66375542, 2e-6);
    assert_near(loss(&model, Readout::Mean), 0.71943533, 2e-6);
    assert_near(loss(&model, Readout::LastReal), 0.67631155, 2e-6);
    let all_seeing = without_causal_mask(model);
    assert_near(loss(&all_seeing, Readout::Last), 0.90154266, 2e-6);
    assert_near(loss(&all_seeing, Readout::First), 0.67253101, 2e-6);
}

/// The messages of one batch of five, in order.
fn one_batch(messages: &[Message]) -> SpamLoader {
    let dataset = SpamDataset::new(&messages[..5], &Gpt2Tokenizer::new(), Length::Exactly(120));
    SpamLoader::eval(dataset, 5).unwrap()
}

/// Fine-tunes with a new optimizer, reading the last position.
fn train(model: GptModel, loaders: &SpamLoaders, config: &TrainingConfig, rng: &mut TorchRng) -> (GptModel, History) {
    let mut optimizer = AdamW::new(config.weight_decay);
    train_classifier_simple(model, &mut optimizer, loaders, config, Readout::Last, rng, &device())
}

#[needs_data("sms-spam")]
#[test]
fn n6_9_tiny_package() {
    let split = split();
    let loaders = SpamLoaders {
        train: one_batch(&split.train),
        validation: one_batch(&split.validation),
        test: one_batch(&split.test),
    };
    let config = TrainingConfig { weight_decay: 0.0, eval_freq: 1, eval_iter: 1, ..training_config() };
    let mut rng = TorchRng::new(123);
    let (_, history) = train(tiny_classifier(), &loaders, &config, &mut rng);
    let train: Vec<f64> = history.evaluations.iter().map(|e| e.train_loss).collect();
    let validation: Vec<f64> = history.evaluations.iter().map(|e| e.val_loss).collect();
    assert_close(&train, &[0.757858, 0.757237, 0.756617, 0.755998, 0.755381], 2e-6);
    assert_close(&validation, &[0.756750, 0.756116, 0.755484, 0.754854, 0.754225], 2e-6);
    for accuracies in &history.accuracies {
        assert_close(&[accuracies.train, accuracies.validation], &[0.6, 0.6], 1e-9);
    }
    assert_eq!(history.examples_seen, 25);
}

#[needs_data("sms-spam")]
#[test]
fn n6_9_tiny_script() {
    let loaders = loaders();
    let mut rng = TorchRng::new(123);
    let (model, history) = train(tiny_classifier(), &loaders, &training_config(), &mut rng);
    let expected = [
        (0, 0.821154, 0.890087),
        (50, 0.848607, 0.851527),
        (100, 0.682235, 0.815847),
        (150, 0.781958, 0.781253),
        (200, 0.814897, 0.754921),
        (250, 0.663611, 0.735928),
        (300, 0.641981, 0.719474),
        (350, 0.697588, 0.703727),
        (400, 0.591817, 0.695556),
        (450, 0.707830, 0.687164),
        (500, 0.672708, 0.681042),
        (550, 0.669083, 0.675235),
        (600, 0.662939, 0.670095),
    ];
    assert_eq!(history.evaluations.len(), expected.len());
    for (found, (step, train_loss, val_loss)) in history.evaluations.iter().zip(expected) {
        assert_eq!(found.step, step);
        assert_close(&[found.train_loss, found.val_loss], &[train_loss, val_loss], 2e-5);
    }
    let accuracies: Vec<[f64; 2]> = history.accuracies.iter().map(|a| [a.train, a.validation]).collect();
    assert_eq!(accuracies, [[0.5, 0.5], [0.475, 0.5], [0.575, 0.5], [0.5, 0.5], [0.475, 0.5]]);
    assert_eq!(history.examples_seen, 5_200);

    let full = loaders
        .parts()
        .map(|(_, loader)| calc_accuracy_loader(&model, loader, None, Readout::Last, &mut rng, &device()));
    assert_close(&full, &[0.50673077, 0.53020134, 0.51333333], 1e-8);
}

// ---- with GPT-2's weights: `LLM_GPT2_DIR=FOLDER cargo test --release -p ch06-classify -- --ignored`

/// GPT-2 small as published, with dropout off, on `device`.
fn gpt2(device: &Device) -> GptModel {
    let (_, model) = open_model(&gpt2_for_test(), device).unwrap();
    model.with_drop_rate(0.0)
}

/// GPT-2 small with a head from seed 123; the last block, the norm and the head trainable.
fn gpt2_classifier() -> GptModel {
    let model = add_classification_head(gpt2(&device()), &mut TorchRng::new(123), &device());
    set_trainable(model, Trainable::LastBlock)
}

fn greedy(prompt: &str, new_tokens: usize) -> String {
    let (tokenizer, device) = (Gpt2Tokenizer::new(), Device::flex());
    let ids = text_to_token_ids(prompt, &tokenizer, &device);
    token_ids_to_text(generate_text_simple(&gpt2(&device), ids, new_tokens, 1024), &tokenizer).unwrap()
}

#[test]
#[ignore = "needs GPT-2's weights"]
fn n6_4_coherence() {
    let expected = "Every effort moves you forward.\n\nThe first step is to understand the importance of your work";
    assert_eq!(greedy("Every effort moves you", 15), expected);
}

#[test]
#[ignore = "needs GPT-2's weights"]
fn n6_4_prompted_spam() {
    let prompt = "Is the following text 'spam'? Answer with 'yes' or 'no': 'You are a winner you have been specially \
                  selected to receive $1000 cash or a $2000 award.'";
    let continued = "\n\nThe following text 'spam'? Answer with 'yes' or 'no': 'You are a winner";
    assert_eq!(greedy(prompt, 23), format!("{prompt}{continued}"));
}

#[test]
#[ignore = "needs GPT-2's weights"]
fn n6_5_outputs_and_n6_6_label() {
    let model = gpt2_classifier().valid();
    let inputs = text_to_token_ids("Do you have time", &Gpt2Tokenizer::new(), &Device::flex());
    let logits = model.forward(inputs.clone(), &mut Mode::Eval);
    assert_eq!(logits.dims(), [1, 4, 2]);
    let expected = [[-1.5854, 0.9904], [-3.7235, 7.4548], [-2.2661, 6.6049], [-3.5983, 3.9902]];
    // Fused and unfused products of twelve blocks differ in the fourth decimal.
    assert_close(&floats(logits.clone()), expected.as_flattened(), 5e-4);
    let label: i64 = Readout::Last.select(logits, &inputs, PAD_TOKEN_ID).argmax(1).into_scalar();
    assert_eq!(label, 1);
}

#[test]
#[ignore = "needs GPT-2's weights"]
fn n6_6_initial_accuracy_and_initial_loss() {
    let loaders = loaders();
    let (model, device, mut rng) = (gpt2_classifier(), device(), TorchRng::new(123));
    let accuracies = loaders
        .parts()
        .map(|(_, loader)| calc_accuracy_loader(&model, loader, Some(10), Readout::Last, &mut rng, &device));
    assert_close(&accuracies, &[0.4625, 0.45, 0.4875], 1e-9);
    let losses =
        loaders.parts().map(|(_, loader)| calc_loss_loader(&model, loader, Some(5), Readout::Last, &mut rng, &device));
    assert_close(&losses, &[2.453, 2.583, 2.322], 1e-3);
}

/// The whole run of the chapter: 650 steps of the 124M model, minutes to an hour on a CPU. The book's numbers come from
/// another device, and rounding grows while a model learns: 0.02 in the first pass, 0.1 after it. The accuracies are of
/// 40 messages, and three may tip over.
#[test]
#[ignore = "needs GPT-2's weights, and takes long"]
fn n6_7_training_final_accuracies_and_n6_8_classify() {
    let loaders = loaders();
    let (model, device, mut rng) = (gpt2_classifier(), device(), TorchRng::new(123));
    let (model, history) = train(model, &loaders, &training_config(), &mut rng);
    let expected = [
        (0, 2.153, 2.392),
        (50, 0.617, 0.637),
        (100, 0.523, 0.557),
        (150, 0.561, 0.489),
        (200, 0.419, 0.397),
        (250, 0.409, 0.353),
        (300, 0.333, 0.320),
        (350, 0.340, 0.306),
        (400, 0.136, 0.200),
        (450, 0.153, 0.132),
        (500, 0.222, 0.137),
        (550, 0.207, 0.143),
        (600, 0.083, 0.074),
    ];
    assert_eq!(history.evaluations.len(), expected.len());
    for (found, (step, train_loss, val_loss)) in history.evaluations.iter().zip(expected) {
        assert_eq!(found.step, step);
        let tolerance = if found.epoch == 1 { 0.02 } else { 0.1 };
        assert_close(&[found.train_loss, found.val_loss], &[train_loss, val_loss], tolerance);
    }
    let expected = [[0.7, 0.725], [0.825, 0.85], [0.9, 0.9], [1.0, 0.975], [1.0, 0.975]];
    assert_eq!(history.accuracies.len(), expected.len());
    for (found, expected) in history.accuracies.iter().zip(expected) {
        assert_close(&[found.train, found.validation], &expected, 0.076);
    }
    let full =
        loaders.parts().map(|(_, loader)| calc_accuracy_loader(&model, loader, None, Readout::Last, &mut rng, &device));
    assert_close(&full, &[0.9721, 0.9732, 0.9567], 0.015);

    let tokenizer = Gpt2Tokenizer::new();
    for (text, expected) in [
        ("You are a winner you have been specially selected to receive $1000 cash or a $2000 award.", "spam"),
        ("Hey, just wanted to check if we're still on for dinner tonight? Let me know!", "not spam"),
    ] {
        let prediction = classify_review(text, &model, &tokenizer, Some(120), Readout::Last, &device).unwrap();
        assert_eq!(prediction.label.answer(), expected, "{text}");
    }
}
