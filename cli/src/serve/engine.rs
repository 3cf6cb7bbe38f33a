//! The thread that computes: jobs come in one by one, tokens go out as they are chosen.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::stream::TextStream;
use ch05_pretrain::tokens::ids_to_tensor;
use ch05_pretrain::{GenerateOptions, Generator};
use ch06_classify::{ClassifierConfig, ClassifyError, Verdict, classify_review};
use shared::rng::TorchRng;
use tokio::sync::{mpsc, oneshot};

/// Jobs that may wait while one is being done.
const QUEUE: usize = 4;

/// Something to compute with one of the models.
pub struct Job {
    /// Which model, as they were given to [`Engine::start`].
    pub model: usize,
    pub task: Task,
}

pub enum Task {
    Write(Writing),
    Classify(Classifying),
}

/// A text to continue.
pub struct Writing {
    /// Its ids, checked against the model.
    pub prompt: Vec<u32>,
    pub options: GenerateOptions,
    pub seed: u64,
    /// Where the pieces go. When it is closed, writing ends. It holds as many as come, so that a reader who has stopped
    /// reading does not stop the thread; the number of tokens is limited.
    pub pieces: mpsc::UnboundedSender<Piece>,
}

/// A message to label.
pub struct Classifying {
    pub text: String,
    pub config: ClassifierConfig,
    pub answer: oneshot::Sender<Result<Verdict, ClassifyError>>,
}

/// A part of an answer.
#[derive(Debug)]
pub enum Piece {
    Text(String),
    /// The end, with the number of new tokens and whether the limit ended it.
    Done {
        tokens: usize,
        at_limit: bool,
    },
    Failed(String),
}

/// The queue in front of the computing thread.
#[derive(Clone)]
pub struct Engine {
    jobs: std::sync::mpsc::SyncSender<Job>,
    stopping: Arc<AtomicBool>,
}

impl Engine {
    /// Starts the thread.
    pub fn start(models: Vec<Generator>, device: Device) -> Result<Self> {
        let (jobs, queue) = std::sync::mpsc::sync_channel::<Job>(QUEUE);
        let stopping = Arc::new(AtomicBool::new(false));
        let engine = Self { jobs, stopping: Arc::clone(&stopping) };
        let compute = move || {
            let tokenizer = Gpt2Tokenizer::new();
            for Job { model, task } in queue {
                let generator = &models[model];
                match task {
                    Task::Write(writing) => write(generator, &tokenizer, &device, writing, &stopping),
                    Task::Classify(Classifying { text, config, answer }) => {
                        let ClassifierConfig { max_length, readout, .. } = config;
                        let model = generator.model();
                        // Whoever has gone away does not get an answer.
                        let _ = answer.send(classify_review(&text, model, &tokenizer, max_length, readout, &device));
                    }
                }
            }
        };
        thread::Builder::new().name("compute".into()).spawn(compute).context("cannot start the computing thread")?;
        Ok(engine)
    }

    /// Puts a job into the queue; false if the queue is full.
    pub fn submit(&self, job: Job) -> bool {
        self.jobs.try_send(job).is_ok()
    }

    /// Ends whatever is being written, so that open answers come to an end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

fn write(generator: &Generator, tokenizer: &Gpt2Tokenizer, device: &Device, writing: Writing, stopping: &AtomicBool) {
    let Writing { prompt, options, seed, pieces } = writing;
    let is_unwanted = || stopping.load(Ordering::SeqCst) || pieces.is_closed();
    if is_unwanted() {
        return;
    }
    let mut text = TextStream::new(tokenizer);
    let mut tokens = 0;
    let mut failure = None;
    let start = ids_to_tensor(&prompt, device);
    let written = generator.generate(start, &options, &mut TorchRng::new(seed), |ids| {
        tokens += ids.len();
        let sent = ids.iter().try_for_each(|&id| {
            let piece = text.push(id).map_err(|e| failure = Some(e.to_string()))?;
            // Nobody listens any more: the reader has pressed stop or closed the page.
            if piece.is_empty() { Ok(()) } else { pieces.send(Piece::Text(piece)).map_err(|_| ()) }
        });
        if sent.is_err() || is_unwanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let end = match (written, failure, text.finish()) {
        (Err(e), _, _) => Piece::Failed(e.to_string()),
        (_, Some(e), _) => Piece::Failed(e),
        (_, _, Err(e)) => Piece::Failed(e.to_string()),
        (Ok(_), None, Ok(rest)) => {
            if !rest.is_empty() {
                // A closed channel is noticed by the next line.
                let _ = pieces.send(Piece::Text(rest));
            }
            Piece::Done { tokens, at_limit: tokens == options.max_new_tokens }
        }
    };
    let _ = pieces.send(end);
}
