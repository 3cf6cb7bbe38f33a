//! Runs of a classifier: the same numbers as the lesson's loop, events in order, an end between two steps.

use std::ops::ControlFlow;

use bonus_llama::classifier::{add_classification_head as llama_head, set_trainable as set_llama_trainable};
use bonus_llama::{LlamaConfig, LlamaModel};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch04_gpt::GptModel;
use ch05_pretrain::AdamW;
use ch06_classify::dataloader::SpamBatch;
use ch06_classify::{
    EMBEDDED_MESSAGES, Length, Readout, SpamLoaders, Split, Trainable, add_classification_head, read_messages,
    set_trainable, train_classifier_simple, training_config,
};
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{Batches, GptConfig, TrainingConfig};
use trainer::{Cropped, Diverged, Event, Masks, Run, ignore, train_classifier};

fn device() -> Device {
    Device::flex().autodiff()
}

/// A classifier of three blocks, with dropout.
fn classifier() -> GptModel {
    let config = GptConfig {
        vocab_size: 50257,
        context_length: 12,
        emb_dim: 8,
        n_heads: 2,
        n_layers: 3,
        drop_rate: 0.1,
        qkv_bias: true,
    };
    let model = torch_init(GptModel::new(&config, &device()), &mut TorchRng::new(1));
    set_trainable(add_classification_head(model, &mut TorchRng::new(2), &device()), Trainable::All)
}

fn loaders() -> SpamLoaders {
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap();
    SpamLoaders::new(&split, &Gpt2Tokenizer::new(), Length::Exactly(12), 8, 12).unwrap()
}

fn config() -> TrainingConfig {
    TrainingConfig { learning_rate: 5e-3, epochs: 2, eval_freq: 20, ..training_config() }
}

fn new_run() -> Run {
    Run::new(classifier(), config().weight_decay, &TorchRng::new(123))
}

#[test]
fn the_runner_is_the_lesson_s_loop_bit_for_bit() {
    let (loaders, config) = (loaders(), config());
    let (mut optimizer, mut rng) = (AdamW::new(config.weight_decay), TorchRng::new(123));
    let (lesson, history) =
        train_classifier_simple(classifier(), &mut optimizer, &loaders, &config, Readout::Mean, &mut rng, &device());
    let (run, accuracies) =
        train_classifier(new_run(), &loaders, &config, Readout::Mean, Masks::Reproducible, &device(), ignore).unwrap();
    assert_eq!(run.state.evaluations, history.evaluations);
    assert_eq!((accuracies, run.state.seen), (history.accuracies, history.examples_seen));
    assert_eq!(run.state.rng, rng);
    let head = |model: &GptModel| model.out_head.weight.val().into_data();
    assert_eq!(head(&run.model), head(&lesson));
}

#[test]
fn every_event_comes_in_order() {
    let (mut steps, mut evaluations, mut ends, mut safe_points) = (0, 0, 0, 0);
    let observe = |event: Event| {
        match event {
            Event::Step { step, .. } => {
                assert_eq!(step, steps);
                steps += 1;
            }
            Event::Evaluation(evaluation) => {
                assert_eq!(evaluation.step, 20 * evaluations);
                evaluations += 1;
            }
            Event::EpochEnd { epoch, accuracies, .. } => {
                ends += 1;
                assert_eq!((epoch, accuracies.unwrap().epoch), (ends, ends));
            }
            Event::SafePoint(run) => {
                safe_points += 1;
                assert_eq!(run.state.steps, safe_points);
            }
        }
        Ok::<_, Diverged>(ControlFlow::Continue(()))
    };
    let (run, accuracies) =
        train_classifier(new_run(), &loaders(), &config(), Readout::Last, Masks::Reproducible, &device(), observe)
            .unwrap();
    assert_eq!((steps, evaluations, ends, safe_points, run.state.seen), (70, 4, 2, 70, 560));
    assert_eq!(accuracies.len(), 2);
}

/// A run that is ended in its third step has measured once and finished no epoch.
#[test]
fn a_run_can_be_ended_between_two_steps_and_goes_on_exactly() {
    let (loaders, config) = (loaders(), config());
    let end_after_three = |event: Event| {
        let third = matches!(event, Event::Step { step: 2, .. });
        Ok::<_, Diverged>(if third { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    };
    let train = |run, config: &TrainingConfig| {
        train_classifier(run, &loaders, config, Readout::Last, Masks::Reproducible, &device(), ignore).unwrap()
    };
    let (run, accuracies) =
        train_classifier(new_run(), &loaders, &config, Readout::Last, Masks::Reproducible, &device(), end_after_three)
            .unwrap();
    assert_eq!((run.state.seen, run.state.evaluations.len(), accuracies.len()), (24, 1, 0));

    let ((continued, late), (whole, all)) = (train(run, &config), train(new_run(), &config));
    assert_eq!(continued.state, whole.state);
    assert_eq!(late, all);
}

/// The error of an observer ends the run at once and is returned.
#[test]
fn an_observer_can_fail() {
    let fail = |event: Event| match event {
        Event::Evaluation(_) => Err(Box::<dyn std::error::Error>::from("the disk is full")),
        _ => Ok(ControlFlow::Continue(())),
    };
    let result =
        train_classifier(new_run(), &loaders(), &config(), Readout::Last, Masks::Reproducible, &device(), fail);
    assert_eq!(result.map(|_| ()).unwrap_err().to_string(), "the disk is full");
}

/// A Llama's last real token does not see the padding: batches without it give the numbers of the lesson's loop, which pads.
#[test]
fn a_llama_learns_the_same_without_padding() {
    let split = Split::of_collection(&read_messages(EMBEDDED_MESSAGES).unwrap()).unwrap();
    let loaders = SpamLoaders::new(&split, &Gpt2Tokenizer::new(), Length::Exactly(40), 8, 40).unwrap();
    let sizes =
        LlamaConfig { vocab_size: 50257, context_length: 40, n_layers: 2, ..LlamaConfig::preset("tiny").unwrap() };
    let model = torch_init(LlamaModel::new(&sizes, &device()), &mut TorchRng::new(1));
    let model = set_llama_trainable(llama_head(model, &mut TorchRng::new(2), &device()), Trainable::LastBlock);
    let config = TrainingConfig { epochs: 1, ..config() };

    let (mut optimizer, mut rng) = (AdamW::new(config.weight_decay), TorchRng::new(123));
    let readout = Readout::LastReal;
    let (_, history) =
        train_classifier_simple(model.clone(), &mut optimizer, &loaders, &config, readout, &mut rng, &device());
    let run = Run::new(model.clone(), config.weight_decay, &TorchRng::new(123));
    let (run, accuracies) =
        train_classifier(run, &loaders, &config, readout, Masks::Reproducible, &device(), ignore).unwrap();
    assert_eq!(accuracies, history.accuracies);
    assert!(history.evaluations.len() > 1);
    for (found, expected) in run.state.evaluations.iter().zip(&history.evaluations) {
        assert!((found.train_loss - expected.train_loss).abs() < 1e-4, "{found:?} and {expected:?}");
    }

    let width = |batch: SpamBatch| batch.inputs.dims()[1];
    let widths =
        |cropped: Cropped| -> Vec<usize> { cropped.iter(&mut TorchRng::new(5), &device()).map(width).collect() };
    assert!(widths(Cropped::new(&loaders.train, &model, readout)).iter().any(|&width| width < 40));
    let padded = widths(Cropped::new(&loaders.train, &model, Readout::Last));
    assert!(padded.iter().all(|&width| width == 40), "the last position is padding itself");
    let of_gpt = widths(Cropped::new(&loaders.train, &classifier(), readout));
    assert!(of_gpt.iter().all(|&width| width == 40), "the draws of its dropout depend on the padding");
}
