//! The thread that computes: jobs come in one by one, tokens go out as they are chosen.

use std::error::Error;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::{ClassifyError, Prediction, classify_review};
use fast::{Generator, TextStream};
use model_files::ClassifierConfig;
use shared::rng::TorchRng;
use tokio::sync::{mpsc, oneshot};

use crate::error::ServerError;
use crate::models::{ModelCard, OpenedModels};

/// Jobs that may wait while one is being done.
const QUEUE: usize = 4;

/// What a client is told when a computation has panicked. The reason is on standard error.
pub const FAILED: &str = "the computation failed; the terminal in which the server runs says more";

/// Something to compute with one of the models.
pub struct WorkerJob {
    /// Index of the model.
    pub model: usize,
    pub task: WorkerTask,
}

pub enum WorkerTask {
    Generate(Generation),
    Classify(Classification),
}

/// A text to continue.
pub struct Generation {
    /// Its ids, checked against the model.
    pub prompt: Vec<u32>,
    pub options: GenerateOptions,
    pub seed: u64,
    /// Where the pieces go. When it is closed, generation ends. It is unbounded, so that a client that has stopped reading
    /// does not stop the thread; the number of tokens is limited.
    pub pieces: mpsc::UnboundedSender<Piece>,
}

/// A message to classify.
pub struct Classification {
    pub text: String,
    pub config: ClassifierConfig,
    /// Closed without an answer when the computation has panicked.
    pub answer: oneshot::Sender<Result<Prediction, ClassifyError>>,
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

/// Why a job is not in the queue.
#[derive(Debug)]
pub enum SubmitError {
    QueueFull,
    /// The worker thread has ended.
    Ended,
}

/// The worker thread, as the others see it: the queue of its jobs.
#[derive(Clone)]
pub struct ModelWorker {
    jobs: SyncSender<WorkerJob>,
    stopping: Arc<AtomicBool>,
}

impl ModelWorker {
    /// Starts the thread, which opens the models, and returns what they are. The models are opened on the thread that uses
    /// them because a GPU has one queue of operations per thread: a parameter from another thread would have to be waited
    /// for at every use.
    pub fn start(
        open: impl FnOnce() -> Result<OpenedModels, Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> Result<(Self, Vec<ModelCard>), ServerError> {
        let (opened, cards) = sync_channel(1);
        let (jobs, queue) = sync_channel::<WorkerJob>(QUEUE);
        let stopping = Arc::new(AtomicBool::new(false));
        let worker = Self { jobs, stopping: Arc::clone(&stopping) };
        let work = move || {
            let (device, models) = match open() {
                Ok(opened) => opened,
                Err(error) => {
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let (cards, models): (Vec<_>, Vec<_>) = models.into_iter().unzip();
            let _ = opened.send(Ok(cards));
            let state = ModelWorkerState { models, device, tokenizer: Gpt2Tokenizer::new(), stopping };
            queue.into_iter().for_each(|job| state.compute(job));
        };
        thread::Builder::new().name("compute".into()).spawn(work)?;
        let cards = cards.recv().map_err(|_| ServerError::Panic)?.map_err(ServerError::Models)?;
        Ok((worker, cards))
    }

    /// Puts a job into the queue, if there is room.
    pub fn submit(&self, job: WorkerJob) -> Result<(), SubmitError> {
        self.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::QueueFull,
            TrySendError::Disconnected(_) => SubmitError::Ended,
        })
    }

    /// Ends the current generation, so that open answers come to an end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

/// What the worker thread owns.
struct ModelWorkerState {
    models: Vec<Generator>,
    device: Device,
    tokenizer: Gpt2Tokenizer,
    stopping: Arc<AtomicBool>,
}

impl ModelWorkerState {
    /// Does one job. A panic costs one answer, not the server: the models are only read, so they stay intact.
    fn compute(&self, WorkerJob { model, task }: WorkerJob) {
        match task {
            WorkerTask::Generate(generation) => {
                let pieces = generation.pieces.clone();
                let job = || self.generate(&self.models[model], generation);
                if catch_unwind(AssertUnwindSafe(job)).is_err() {
                    let _ = pieces.send(Piece::Failed(FAILED.to_string()));
                }
            }
            WorkerTask::Classify(Classification { text, config, answer }) => {
                let ClassifierConfig { max_length, readout, .. } = config;
                let job = || {
                    let model = self.models[model].model();
                    classify_review(&text, model, &self.tokenizer, max_length, readout, &self.device)
                };
                if let Ok(prediction) = catch_unwind(AssertUnwindSafe(job)) {
                    // The client may have gone away.
                    let _ = answer.send(prediction);
                }
            }
        }
    }

    fn generate(&self, generator: &Generator, generation: Generation) {
        let Generation { prompt, options, seed, pieces } = generation;
        let is_unwanted = || self.stopping.load(Ordering::SeqCst) || pieces.is_closed();
        if is_unwanted() {
            return;
        }
        let mut text = TextStream::new(&self.tokenizer);
        let mut tokens = 0;
        let mut failure = None;
        let start = ids_to_tensor(&prompt, &self.device);
        let generated = generator.generate(start, &options, &mut TorchRng::new(seed), |ids| {
            tokens += ids.len();
            let sent = ids.iter().try_for_each(|&id| {
                let piece = text.push(id).map_err(|e| failure = Some(e.to_string()))?;
                // This fails when the reader has pressed stop or closed the page.
                if piece.is_empty() { Ok(()) } else { pieces.send(Piece::Text(piece)).map_err(|_| ()) }
            });
            if sent.is_err() || is_unwanted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let end = match (generated, failure, text.finish()) {
            (Err(e), _, _) => Piece::Failed(e.to_string()),
            (_, Some(e), _) => Piece::Failed(e),
            (Ok(_), None, rest) => {
                if !rest.is_empty() {
                    // A closed channel is noticed by the next line.
                    let _ = pieces.send(Piece::Text(rest));
                }
                Piece::Done { tokens, at_limit: tokens == options.max_new_tokens }
            }
        };
        let _ = pieces.send(end);
    }
}

#[cfg(test)]
mod tests;
