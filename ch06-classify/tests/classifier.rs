//! Datasets, freezing, readouts, predictions and runs.

mod common;

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::{AdamW, Evaluation};
use ch06_classify::head::without_causal_mask;
use ch06_classify::*;
use common::{device, tiny_classifier, tiny_config};
use model_files::inspect::parameters;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, Mode};

fn messages() -> Vec<Message> {
    read_messages("ham\tSee you at eight\nspam\tWin a free prize now, reply YES\nham\tok\n").unwrap()
}

fn dataset(length: Length) -> SpamDataset {
    SpamDataset::new(&messages(), &Gpt2Tokenizer::new(), length)
}

fn small_config() -> GptConfig {
    GptConfig { context_length: 12, emb_dim: 8, n_layers: 3, qkv_bias: true, ..tiny_config() }
}

/// A classifier of three blocks.
fn small(device: &Device) -> GptModel {
    let model = torch_init(GptModel::new(&small_config(), device), &mut TorchRng::new(1));
    add_classification_head(model, &mut TorchRng::new(2), device)
}

#[test]
fn messages_are_truncated_and_padded() {
    let lengths = |dataset: &SpamDataset| (0..3).map(|i| dataset.get(i).0.len()).collect::<Vec<_>>();
    let longest = dataset(Length::Longest);
    assert_eq!((lengths(&longest), longest.max_length(), longest.truncated()), (vec![8; 3], 8, 0));
    assert_eq!(longest.get(2).0[1..], [PAD_TOKEN_ID; 7]);
    let short = dataset(Length::Exactly(3));
    assert_eq!((lengths(&short), short.truncated()), (vec![3; 3], 2));
    assert_eq!(short.get(0).0, &longest.get(0).0[..3]);
    let unpadded = dataset(Length::Unpadded(5));
    assert_eq!((lengths(&unpadded), unpadded.max_length(), unpadded.truncated()), (vec![4, 5, 1], 5, 1));
}

#[test]
fn the_figure_of_section_6_3() {
    let texts =
        ["This is the first message", "This is another text message", "This is the third message, which is very long"];
    let messages = texts.map(|text| Message { label: Label::Ham, text: text.into() });
    let dataset = SpamDataset::new(&messages, &Gpt2Tokenizer::new(), Length::Longest);
    assert_eq!(dataset.max_length(), 10);
    assert_eq!(dataset.get(0).0[..5], [1212, 318, 262, 717, 3275]);
    assert_eq!(dataset.get(1).0, [1212, 318, 1194, 2420, 3275, 50256, 50256, 50256, 50256, 50256]);
}

/// The ids of tiktoken's `encode_ordinary` in Python. None is the padding token's, so the last one is where it should be.
#[test]
fn a_marker_in_a_message_is_ordinary_text() {
    let texts = ["a<|endoftext|>b", "What does <|endoftext|> mean?"];
    let messages = texts.map(|text| Message { label: Label::Ham, text: text.into() });
    let dataset = SpamDataset::new(&messages, &Gpt2Tokenizer::new(), Length::Longest);
    assert_eq!(dataset.get(0).0, [64, 27, 91, 437, 1659, 5239, 91, 29, 65, PAD_TOKEN_ID, PAD_TOKEN_ID]);
    assert_eq!(dataset.get(1).0, [2061, 857, 1279, 91, 437, 1659, 5239, 91, 29, 1612, 30]);
}

#[test]
fn batches_need_equal_lengths_and_a_size() {
    let error = |length, size| SpamLoader::eval(dataset(length), size).unwrap_err().to_string();
    assert_eq!(error(Length::Longest, 0), "batch_size is 0, but must be at least 1");
    assert!(error(Length::Unpadded(9), 2).contains("batch_size is 2, but must be 1"));
    assert!(SpamLoader::train(dataset(Length::Unpadded(9)), 1).is_ok());
    let split = Split { train: messages(), validation: messages(), test: messages() };
    let error = SpamLoaders::new(&split, &Gpt2Tokenizer::new(), Length::Longest, 4, 100).unwrap_err().to_string();
    assert_eq!(
        error,
        "the training part has 3 messages, too few for one batch of 4; take smaller batches or more messages"
    );
}

#[test]
fn the_longest_training_message_decides_for_all_parts() {
    let long = vec![Message { label: Label::Ham, text: "one two three four five six seven eight nine ten".into() }];
    let split = Split { train: messages(), validation: long.clone(), test: long };
    let loaders = SpamLoaders::new(&split, &Gpt2Tokenizer::new(), Length::Longest, 1, 8).unwrap();
    assert_eq!(loaders.parts().map(|(_, loader)| loader.dataset().max_length()), [8; 3]);
    assert_eq!(loaders.parts().map(|(_, loader)| loader.dataset().truncated()), [0, 1, 1]);
}

/// The guard of listing 6.6: 8 tokens in the training part, 10 in the others.
#[test]
fn messages_must_fit_the_model() {
    let long = vec![Message { label: Label::Ham, text: "one two three four five six seven eight nine ten".into() }];
    let split = Split { train: messages(), validation: long.clone(), test: long };
    let made = |length, context| SpamLoaders::new(&split, &Gpt2Tokenizer::new(), length, 1, context);
    let text = |longest: usize, context: usize| {
        format!(
            "the messages have up to {longest} tokens, but the model's context takes 1 to {context}: truncate or pad \
             them to a length in between"
        )
    };
    for (length, longest, context) in [
        (Length::Longest, 8, 7),
        (Length::Exactly(9), 9, 8),
        (Length::Exactly(0), 0, 8),
        (Length::Unpadded(0), 0, 8),
        (Length::Unpadded(20), 10, 9),
    ] {
        assert_eq!(made(length, context).unwrap_err().to_string(), text(longest, context), "{length:?}");
    }
    for (length, context) in [(Length::Exactly(8), 8), (Length::Exactly(1), 8), (Length::Unpadded(9), 9)] {
        assert!(made(length, context).is_ok(), "{length:?}");
    }
}

/// Names of the parameters that a step of training changes.
fn changed_by_a_step(model: GptModel) -> Vec<String> {
    let device = device();
    let batch = SpamLoader::eval(dataset(Length::Longest), 3).unwrap().batch(&[0, 1, 2], &device);
    let loss = calc_loss_batch(&model, batch, Readout::Mean, &mut Mode::Eval);
    let after = AdamW::new(0.1).step(1e-3, model.clone(), loss.backward());
    let values = |model: &GptModel| {
        let mut found = Values::default();
        model.visit(&mut found);
        found.0
    };
    let changed = values(&model).into_iter().zip(values(&after)).map(|(before, after)| before != after);
    parameters(&model).into_iter().zip(changed).filter(|(_, changed)| *changed).map(|(p, _)| p.name).collect()
}

#[derive(Default)]
struct Values(Vec<Vec<f32>>);

impl burn::module::ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
        self.0.push(param.val().into_data().iter::<f32>().collect());
    }
}

#[test]
fn only_what_is_trainable_changes() {
    let all: Vec<String> = parameters(&small(&device())).into_iter().map(|p| p.name).collect();
    for (trainable, prefixes) in [
        (Trainable::Head, vec!["out_head"]),
        (Trainable::LastBlock, vec!["trf_blocks.2", "final_norm", "out_head"]),
        (Trainable::LastTwoBlocks, vec!["trf_blocks.1", "trf_blocks.2", "final_norm", "out_head"]),
        (Trainable::All, vec![""]),
    ] {
        let expected: Vec<&String> =
            all.iter().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix))).collect();
        let model = set_trainable(small(&device()), trainable);
        let count: usize =
            parameters(&model).iter().filter(|p| expected.contains(&&p.name)).map(|p| p.num_values()).sum();
        assert_eq!(num_trainable(&model), count, "{trainable:?}");
        assert_eq!(changed_by_a_step(model).iter().collect::<Vec<_>>(), expected, "{trainable:?}");
    }
}

#[test]
fn readouts() {
    let logits =
        || Tensor::<3>::from_floats([[[1., 2.], [3., 4.], [5., 9.]], [[7., 8.], [9., 1.], [2., 3.]]], &Device::flex());
    let pad = PAD_TOKEN_ID as i64;
    let inputs = Tensor::<2, Int>::from_data([[5, pad, pad], [6, 7, 8]], &Device::flex());
    let read = |readout: Readout| {
        readout.select(logits(), &inputs, PAD_TOKEN_ID).into_data().iter::<f32>().collect::<Vec<_>>()
    };
    assert_eq!(read(Readout::Last), [5., 9., 2., 3.]);
    assert_eq!(read(Readout::First), [1., 2., 7., 8.]);
    assert_eq!(read(Readout::LastReal), [1., 2., 2., 3.]);
    assert_eq!(read(Readout::Mean), [3., 5., 6., 4.]);
}

#[test]
fn without_the_mask_the_first_position_sees_the_end() {
    let device = Device::flex();
    let first = |model: &GptModel, last: i32| -> Vec<f32> {
        let inputs = Tensor::<2, Int>::from_ints([[1, 2, last]], &device);
        let logits = model.forward(inputs.clone(), &mut Mode::Eval);
        Readout::First.select(logits, &inputs, PAD_TOKEN_ID).into_data().iter().collect()
    };
    let model = small(&device);
    assert_eq!(first(&model, 3), first(&model, 4));
    let model = without_causal_mask(model);
    assert_ne!(first(&model, 3), first(&model, 4));
}

#[test]
fn dropout_is_switched_off_everywhere() {
    let config = GptConfig { drop_rate: 0.5, ..small_config() };
    let model = torch_init(GptModel::new(&config, &Device::flex()), &mut TorchRng::new(1)).with_drop_rate(0.0);
    let mut rng = TorchRng::new(5);
    model.forward(Tensor::from_ints([[1, 2, 3]], &Device::flex()), &mut Mode::Train(&mut rng));
    assert_eq!(rng, TorchRng::new(5), "no dropout mask is drawn");
}

#[test]
fn a_prediction_is_that_of_the_dataset_s_row() {
    let (model, tokenizer, device) = (tiny_classifier(), Gpt2Tokenizer::new(), device());
    let loader = SpamLoader::eval(dataset(Length::Exactly(7)), 3).unwrap();
    let batch = loader.batch(&[0, 1, 2], &Device::flex());
    let logits = model.valid().forward(batch.inputs.clone(), &mut Mode::Eval);
    let logits = Readout::Last.select(logits, &batch.inputs, batch.pad_token_id);
    let expected: Vec<f32> = burn::tensor::activation::softmax(logits, 1).into_data().iter().collect();
    for (i, message) in messages().iter().enumerate() {
        let prediction = classify_review(&message.text, &model, &tokenizer, Some(7), Readout::Last, &device).unwrap();
        for (found, expected) in prediction.probabilities.iter().zip(&expected[2 * i..]) {
            assert!((found - expected).abs() < 1e-6);
        }
        assert_eq!(prediction.label, if prediction.probabilities[1] > 0.5 { Label::Spam } else { Label::Ham });
        assert_eq!((prediction.truncated, prediction.tokens), (i == 1, [4, 8, 1][i]));
    }
}

#[test]
fn what_cannot_be_classified() {
    let (model, tokenizer, device) = (tiny_classifier(), Gpt2Tokenizer::new(), device());
    let classify =
        |text: &str, max_length| classify_review(text, &model, &tokenizer, max_length, Readout::Last, &device);
    assert_eq!(classify("", Some(8)).unwrap_err().to_string(), "the message is empty");
    assert_eq!(
        classify("a", Some(121)).unwrap_err().to_string(),
        "max_length is 121, but must be at least 1 and at most 120, the model's context"
    );
    assert!(classify("a", Some(0)).is_err());
    assert_eq!(classify("a<|endoftext|>", None).unwrap().tokens, 8, "the marker is ordinary text");
    let long = classify(&"word ".repeat(500), None).unwrap();
    assert!(long.truncated && long.tokens > 120);

    // A model that has diverged finds no message to be ham.
    let mut diverged = model.clone();
    diverged.final_norm.shift = diverged.final_norm.shift.map(|shift| shift.detach() * f32::NAN);
    let answer = classify_review("a", &diverged, &tokenizer, None, Readout::Last, &device);
    assert!(answer.unwrap_err().to_string().contains("logits are not finite numbers"));
}

#[test]
fn a_run_learns_and_counts() {
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap();
    let loaders = SpamLoaders::new(&split, &Gpt2Tokenizer::new(), Length::Exactly(12), 8, 12).unwrap();
    let config = shared::TrainingConfig { learning_rate: 5e-3, epochs: 6, eval_freq: 20, ..training_config() };
    let model = set_trainable(small(&device()), Trainable::All);
    let (mut optimizer, mut rng) = (AdamW::new(config.weight_decay), TorchRng::new(123));
    let (model, history) =
        train_classifier_simple(model, &mut optimizer, &loaders, &config, Readout::Mean, &mut rng, &device());
    let steps: Vec<usize> = history.evaluations.iter().map(|evaluation| evaluation.step).collect();
    assert_eq!(steps, (0..11).map(|i| 20 * i).collect::<Vec<_>>());
    assert!(history.evaluations.iter().all(|evaluation| evaluation.seen == 8 * (evaluation.step + 1)));
    let epochs: Vec<usize> = history.accuracies.iter().map(|accuracies| accuracies.epoch).collect();
    assert_eq!(epochs, [1, 2, 3, 4, 5, 6]);
    assert_eq!((optimizer.steps, history.examples_seen), (210, 1680));
    assert!(history.evaluations[10].train_loss < history.evaluations[0].train_loss);

    let found = confusion(&model, &loaders.test, None, Readout::Mean, &mut rng, &device());
    assert_eq!(found.total(), 80);
    assert!(found.accuracy() > 0.6, "{found:?}");
}

/// 8 ham messages, of which 1 is called spam, and 6 spam messages, of which 4 are found.
#[test]
fn accuracy_precision_and_recall() {
    let found = Confusion { counts: [[7, 1], [2, 4]] };
    assert_eq!((found.total(), found.accuracy()), (14, 11.0 / 14.0));
    assert_eq!((found.precision(), found.recall()), (4.0 / 5.0, 4.0 / 6.0));
    let never = Confusion { counts: [[8, 0], [6, 0]] };
    assert!(never.precision().is_nan(), "nothing is called spam");
    assert_eq!(never.recall(), 0.0);
}

#[test]
fn the_lines_of_the_log() {
    let evaluation = Evaluation { epoch: 1, step: 50, seen: 408, train_loss: 0.6174, val_loss: 0.637 };
    assert_eq!(evaluation.to_string(), "Ep 1 (Step 000050): Train loss 0.617, Val loss 0.637");
    let accuracies = Accuracies { epoch: 1, train: 0.7, validation: 0.725 };
    assert_eq!(accuracies.to_string(), "Training accuracy: 70.00% | Validation accuracy: 72.50%");
}
