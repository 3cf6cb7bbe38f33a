//! A run in a folder: it goes on as if it had never been interrupted, and a damaged one is refused. (Killed programs:
//! `cli/tests/resume.rs`.)

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use appendix_train_tricks::Recipe;
use burn::module::Module;
use burn::tensor::Device;
use ch02_text::bonus::train_bpe;
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use model_files::read_vocabulary;
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::Value;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};
use tempfile::TempDir;
use trainer::{Diverged, Event, Masks, Run, load_checkpoint, newest_checkpoint, save_checkpoint, train_language_model};

const MOMENT: &str = "trf_blocks.0.att.out_proj.bias.exp_avg";

fn config() -> GptConfig {
    GptConfig { context_length: 16, emb_dim: 8, n_heads: 2, n_layers: 1, ..GptConfig::preset("tiny").unwrap() }
}

fn training() -> TrainingConfig {
    TrainingConfig { epochs: 2, learning_rate: 1e-2, eval_freq: 7, eval_iter: 1, ..TrainingConfig::book() }
}

fn device() -> Device {
    Device::flex().autodiff()
}

/// A run whose token embedding is frozen.
fn begin() -> Run {
    let mut rng = TorchRng::new(123);
    let mut model = torch_init(GptModel::new(&config(), &device()), &mut rng);
    model.tok_emb = model.tok_emb.no_grad();
    Run::new(model, 0.1, &rng)
}

/// Trains the embedding from here on.
fn unfreeze(mut run: Run) -> Run {
    run.model.tok_emb.weight = run.model.tok_emb.weight.set_require_grad(true);
    run
}

/// Trains until this many steps are done.
fn train(run: Run, steps: usize) -> Run {
    let text: String = data::find("lamp").unwrap().text().unwrap().chars().take(1500).collect();
    let loaders = Loaders::new(&text, 16, 2).unwrap();
    train_language_model(run, &loaders, &training(), &Recipe::default(), Masks::Reproducible, &device(), |event| {
        let done = matches!(event, Event::SafePoint(run) if run.state.steps == steps);
        Ok::<_, Diverged>(if done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })
    .unwrap()
}

fn save(run: &Run) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = save_checkpoint(folder.path(), run, &config(), &training(), None, ()).unwrap();
    (folder, path)
}

fn load(folder: &Path) -> Run {
    load_checkpoint::<()>(folder, &device()).unwrap().1
}

fn error(folder: &Path) -> String {
    match load_checkpoint::<()>(folder, &device()) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    }
}

/// Three steps with a frozen embedding, a pause, two with the embedding: it counts its own steps, before the pause and
/// after it.
#[test]
fn a_run_that_unfreezes_a_parameter_goes_on_bit_for_bit() {
    let whole = train(unfreeze(train(begin(), 3)), 5);
    let frozen = save(&train(begin(), 3));
    let unfrozen = save(&train(load(&frozen.1), 4));
    let continued = train(load(&unfrozen.1), 5);
    assert_eq!((continued.state, continued.optimizer.steps), (whole.state.clone(), 5));
    let steps = |run: &Run| run.optimizer.moments.iter().map(|m| m.as_ref().unwrap().steps).collect::<Vec<_>>();
    let continued = load(&save(&train(load(&unfrozen.1), 5)).1);
    assert_eq!((steps(&whole)[0], steps(&whole)[1]), (2, 5));
    assert_eq!(steps(&continued), steps(&whole));
    let (whole, continued) = (save(&whole), save(&continued));
    for file in ["model.safetensors", "optimizer.safetensors", "run.json"] {
        let same = fs::read(whole.1.join(file)).unwrap() == fs::read(continued.1.join(file)).unwrap();
        assert!(same, "{file} differs");
    }
}

/// Changes the tensors of `optimizer.safetensors`.
fn change_moments(folder: &Path, change: impl FnOnce(&mut Vec<(String, TensorView)>)) {
    let path = folder.join("optimizer.safetensors");
    let bytes = fs::read(&path).unwrap();
    let mut tensors = SafeTensors::deserialize(&bytes).unwrap().tensors();
    change(&mut tensors);
    fs::write(&path, safetensors::serialize(tensors, None).unwrap()).unwrap();
}

fn change_run(folder: &Path, change: impl FnOnce(&mut Value)) {
    let path = folder.join("run.json");
    let mut json: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut json);
    fs::write(&path, json.to_string()).unwrap();
}

#[test]
fn lost_moments_are_missed() {
    let run = train(begin(), 3);
    let is_of = |name: &str| name.starts_with("trf_blocks.0.att.out_proj.bias.");
    for (keep, missing) in [
        (Box::new(|_: &str| false) as Box<dyn Fn(&str) -> bool>, "pos_emb.weight.exp_avg"),
        (Box::new(move |name: &str| !is_of(name)), MOMENT),
        (Box::new(|name: &str| name != MOMENT), MOMENT),
    ] {
        let (_folder, path) = save(&run);
        change_moments(&path, |tensors| tensors.retain(|(name, _)| keep(name)));
        let error = error(&path);
        assert!(error.ends_with(&format!("cannot be continued from: tensor {missing}: it is missing")), "{error}");
    }
}

#[test]
fn moments_that_no_parameter_has_are_refused() {
    let run = train(begin(), 3);
    for name in ["trf_blocks.7.att.out_proj.bias.exp_avg", "tok_emb.weight.exp_avg"] {
        let (_folder, path) = save(&run);
        change_moments(&path, |tensors| {
            let view = tensors[0].1.clone();
            tensors.push((name.to_string(), view));
        });
        let error = error(&path);
        assert!(error.ends_with(&format!("tensor {name}: the run has no such moments")), "{error}");
    }
    let (_folder, path) = save(&run);
    change_run(&path, |json| {
        json["parameter_steps"].as_object_mut().unwrap().remove("trf_blocks.0.att.out_proj.bias");
    });
    assert!(error(&path).contains(&format!("tensor {MOMENT}: the run has no such moments")), "{}", error(&path));
}

/// Every parameter that has moments counts its steps; a count that is missing cannot be made up.
#[test]
fn a_checkpoint_without_counts_is_refused() {
    let (_folder, path) = save(&train(begin(), 3));
    change_run(&path, |json| drop(json.as_object_mut().unwrap().remove("parameter_steps")));
    let error = error(&path);
    assert!(error.contains("run.json cannot be continued from: missing field `parameter_steps`"), "{error}");
}

#[test]
fn a_state_that_no_run_can_have_is_refused() {
    let (_folder, path) = save(&train(begin(), 3));
    for (field, value, text) in [
        ("epoch", 0, "no run is at batch 3 of epoch 0 after 3 steps; the first epoch is 1"),
        ("batch", 0, "no run is at batch 0 of epoch 1 after 3 steps; the first epoch is 1"),
        ("steps", 0, "no run is at batch 3 of epoch 1 after 0 steps; the first epoch is 1"),
    ] {
        let good = fs::read(path.join("run.json")).unwrap();
        change_run(&path, |json| json["state"][field] = value.into());
        let error = error(&path);
        assert!(error.ends_with(&format!("run.json cannot be continued from: {text}")), "{error}");
        fs::write(path.join("run.json"), good).unwrap();
    }
    load(&path);
}

/// A loss that is not a number is `null` in JSON; the run can be continued all the same.
#[test]
fn a_run_that_diverged_can_be_read() {
    let mut run = train(begin(), 8);
    run.state.evaluations[0].train_loss = f64::NAN;
    run.state.evaluations[0].val_loss = f64::INFINITY;
    let read = load(&save(&run).1);
    assert!(read.state.evaluations[0].train_loss.is_nan() && read.state.evaluations[0].val_loss.is_nan());
    assert_eq!(read.state.evaluations[1..], run.state.evaluations[1..]);
}

/// A checkpoint is a whole model, with its vocabulary; it is ours, so a newer one replaces it.
#[test]
fn a_checkpoint_keeps_the_vocabulary() {
    let vocabulary = train_bpe("the boats and the boats", 260);
    let folder = tempfile::tempdir().unwrap();
    let save = |run: &Run| save_checkpoint(folder.path(), run, &config(), &training(), Some(&vocabulary), ()).unwrap();
    let run = train(begin(), 2);
    let older = save(&run);
    let newer = save(&train(run, 3));
    assert!(!older.exists());
    assert_eq!(read_vocabulary(&newer).unwrap().unwrap().vocabulary(), Some(&vocabulary));
    let newest = save_checkpoint(folder.path(), &train(begin(), 4), &config(), &training(), None, ()).unwrap();
    assert!(!newer.exists() && read_vocabulary(&newest).unwrap().is_none());
}

/// The numbers in the names decide, not their letters; what was interrupted is removed, what only looks similar stays.
#[test]
fn the_newest_checkpoint_and_what_is_left_over() {
    let run = train(begin(), 3);
    let (folder, path) = save(&run);
    let folder = folder.path();
    let copy = |name: &str| {
        fs::create_dir(folder.join(name)).unwrap();
        fs::copy(path.join("run.json"), folder.join(name).join("run.json")).unwrap();
    };
    // The last two are those of another program.
    let others = ["checkpoint-best", "checkpoint-500", "checkpoint-100000"];
    for name in [&["checkpoint-999999", "checkpoint-1000000", ".checkpoint-2000000.part"], &others[..1]].concat() {
        copy(name);
    }
    for name in &others[1..] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("trainer_state.json"), "{}").unwrap();
    }
    assert_eq!(newest_checkpoint(folder).unwrap(), folder.join("checkpoint-1000000"));
    fs::create_dir(folder.join("checkpoint-000002")).unwrap(); // its run.json went first
    let path = save_checkpoint(folder, &train(run, 4), &config(), &training(), None, ()).unwrap();
    let mut left: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    left.sort();
    let mut expected: Vec<PathBuf> = others.iter().map(|name| folder.join(name)).chain([path]).collect();
    expected.sort();
    assert_eq!(left, expected);
}
