//! Bonus of chapter 5: a run is interrupted in the middle of an epoch and continued from its files, first with its whole
//! state, then with a part of it missing. `cargo run -p trainer --example bonus_resume`

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use appendix_train_tricks::Recipe;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use ch02_text::Gpt2Tokenizer;
use ch02_text::bonus::{Gpt2Files, train_bpe};
use ch04_gpt::GptModel;
use ch05_pretrain::Loaders;
use shared::init::torch_init;
use shared::rng::TorchRng;
use shared::{GptConfig, TrainingConfig, data};
use trainer::{Diverged, Event, Masks, Run, load_checkpoint, save_checkpoint, train_language_model};

/// Makes a run forget something.
type Forget = fn(&mut Run);

const FORGOTTEN: [(&str, Forget); 7] = [
    ("nothing", |_| ()),
    ("the moments", |run| run.optimizer.moments.clear()),
    ("their steps", |run| run.optimizer.moments.iter_mut().flatten().for_each(|moments| moments.steps = 0)),
    ("the generator", |run| run.state.rng = TorchRng::new(123)),
    ("the order of the epoch", |run| run.state.epoch_rng = TorchRng::new(123)),
    ("the place in the epoch", |run| run.state.batch = 0),
    ("the last bit of a norm", |run| {
        let model = &mut run.model;
        model.final_norm.scale = model.final_norm.scale.clone().map(|scale| {
            let changed = scale.inner() * (1.0 + f32::EPSILON);
            Tensor::from_inner(changed).require_grad()
        });
    }),
];

fn main() -> Result<(), Box<dyn Error>> {
    let lesson = Lesson::new()?;
    let folder = PathBuf::from("runs/bonus_resume");

    println!("without an interruption:");
    let whole = lesson.train(lesson.begin(), None)?;
    whole.print();
    let expected = lesson.save(&folder.join("whole"), &whole.run)?;

    println!("\ninterrupted after 60 steps:");
    let part = lesson.train(lesson.begin(), Some(60))?;
    part.print();
    let saved = lesson.save(&folder.join("part"), &part.run)?;
    let (_, run, _) = load_checkpoint::<()>(&saved, &lesson.device)?;
    let state = &run.state;
    println!("epoch {}, batch {}, steps {}, tokens seen {}", state.epoch, state.batch, state.steps, state.seen);
    for name in ["config.json", "vocab.json", "merges.txt", "model.safetensors", "optimizer.safetensors", "run.json"] {
        println!("  {name:21} {:9} bytes", fs::metadata(saved.join(name))?.len());
    }

    println!("\ncontinued from the files:");
    let continued = lesson.train(run, None)?;
    continued.print();
    let found = lesson.save(&folder.join("continued"), &continued.run)?;
    for name in ["model.safetensors", "optimizer.safetensors", "run.json"] {
        let same = fs::read(expected.join(name))? == fs::read(found.join(name))?;
        println!("  {name:21} {}", if same { "the same bytes" } else { "other bytes" });
    }

    println!("\nforgotten               losses of the next steps         other weights  validation");
    for (what, forget) in FORGOTTEN {
        let (_, mut run, _) = load_checkpoint::<()>(&saved, &lesson.device)?;
        forget(&mut run);
        let continued = lesson.train(run, None)?;
        let next: Vec<String> = continued.losses.iter().take(3).map(|loss| format!("{loss:.6}")).collect();
        let (other, all) = different(&whole.run.model, &continued.run.model);
        let percent = 100.0 * other as f64 / all as f64;
        let last = continued.run.state.evaluations.last().ok_or("there was no evaluation")?;
        println!("{what:22}  {}   {percent:11.2} %  {:10.4}", next.join("  "), last.val_loss);
    }
    Ok(())
}

/// What is the same for all runs.
struct Lesson {
    config: GptConfig,
    vocabulary: Gpt2Files,
    training: TrainingConfig,
    loaders: Loaders,
    device: Device,
}

/// A run and the losses of its steps.
struct Trained {
    run: Run,
    losses: Vec<f32>,
}

impl Lesson {
    fn new() -> Result<Self, Box<dyn Error>> {
        let text: String = data::find("lamp")?.text()?.chars().take(4000).collect();
        let vocabulary = train_bpe(&text, 512);
        let tokenizer = Gpt2Tokenizer::with_vocabulary(vocabulary.clone())?;
        let tiny = GptConfig::preset("tiny")?;
        let config = GptConfig { vocab_size: 512, context_length: 16, emb_dim: 16, n_heads: 2, n_layers: 2, ..tiny };
        let training = TrainingConfig {
            epochs: 3,
            batch_size: 2,
            learning_rate: 5e-3,
            eval_freq: 30,
            eval_iter: 2,
            ..TrainingConfig::book()
        };
        let loaders = Loaders::with_tokenizer(&text, &tokenizer, config.context_length, training.batch_size)?;
        Ok(Self { config, vocabulary, training, loaders, device: Device::flex().autodiff() })
    }

    fn begin(&self) -> Run {
        let mut rng = TorchRng::new(123);
        let model = torch_init(GptModel::new(&self.config, &self.device), &mut rng);
        Run::new(model, self.training.weight_decay, &rng)
    }

    /// Trains to the end, or until this many steps are done.
    fn train(&self, run: Run, until: Option<usize>) -> Result<Trained, Diverged> {
        let mut losses = Vec::new();
        let recipe = Recipe::default();
        let Self { loaders, training, device, .. } = self;
        let run = train_language_model(run, loaders, training, &recipe, Masks::Reproducible, device, |event| {
            match event {
                Event::Step { loss, .. } => losses.push(loss.clone().into_scalar::<f32>()),
                Event::SafePoint(run) if Some(run.state.steps) == until => return Ok(ControlFlow::Break(())),
                _ => {}
            }
            Ok::<_, Diverged>(ControlFlow::Continue(()))
        })?;
        Ok(Trained { run, losses })
    }

    fn save(&self, folder: &Path, run: &Run) -> Result<PathBuf, Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        Ok(save_checkpoint(folder, run, &self.config, &self.training, Some(&self.vocabulary), ())?)
    }
}

impl Trained {
    fn print(&self) {
        for evaluation in &self.run.state.evaluations {
            let (step, train, validation) = (evaluation.step, evaluation.train_loss, evaluation.val_loss);
            println!("step {step:3}: training {train:.6}, validation {validation:.6}");
        }
    }
}

/// How many weights of two models are not the same, and how many there are.
fn different(one: &GptModel, other: &GptModel) -> (usize, usize) {
    let values = |model: &GptModel| {
        let mut values = Values(Vec::new());
        model.visit(&mut values);
        values.0
    };
    let (one, other) = (values(one), values(other));
    (one.iter().zip(&other).filter(|(a, b)| a.to_bits() != b.to_bits()).count(), one.len())
}

/// All weights of a model.
struct Values(Vec<f32>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(param.val().into_data().iter::<f32>());
    }
}
