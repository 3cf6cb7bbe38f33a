//! The thread that computes: jobs come in one by one, tokens go out as they are chosen.

use std::error::Error;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Instant;

use burn::tensor::Device;
use ch05_pretrain::tokens::ids_to_tensor;
use ch06_classify::{ClassifyError, Prediction, classify_review};
use fast::TextStream;
use model_files::ClassifierConfig;
use shared::rng::TorchRng;

use crate::error::ServerError;
use crate::jobs::{Classification, Generation, Job, Loading, Piece, Summary, Task};
use crate::models::{Model, ModelCard, ModelsToOpen};
use crate::stop::StopTexts;

/// Jobs that may wait while one is being done.
const QUEUE: usize = 4;

/// What a client is told when a computation has panicked. The reason is on standard error.
pub const FAILED: &str = "the computation failed; the terminal in which the server runs says more";

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
    jobs: SyncSender<Job>,
    stopping: Arc<AtomicBool>,
}

impl ModelWorker {
    /// Starts the thread, which opens the models, and returns what they are. The models are opened on the thread that uses
    /// them because a GPU has one queue of operations per thread: a parameter from another thread would have to be waited
    /// for at every use.
    pub fn start(
        open: impl FnOnce() -> Result<ModelsToOpen, Box<dyn Error + Send + Sync>> + Send + 'static,
    ) -> Result<(Self, Vec<ModelCard>), ServerError> {
        let (opened, cards) = sync_channel(1);
        let (jobs, queue) = sync_channel::<Job>(QUEUE);
        let stopping = Arc::new(AtomicBool::new(false));
        let worker = Self { jobs, stopping: Arc::clone(&stopping) };
        let work = move || {
            let state = open().and_then(|(device, models)| {
                let models = models.into_iter().map(|open| Model::open(open, &device)).collect::<Result<_, _>>()?;
                Ok(ModelWorkerState { models, device, stopping })
            });
            match state {
                Ok(state) => {
                    let _ = opened.send(Ok(state.models.iter().map(|model| model.card.clone()).collect()));
                    state.work(&queue);
                }
                Err(error) => drop(opened.send(Err(error))),
            }
        };
        thread::Builder::new().name("compute".into()).spawn(work)?;
        let cards = cards.recv().map_err(|_| ServerError::Panic)?.map_err(ServerError::Models)?;
        Ok((worker, cards))
    }

    /// Puts a job into the queue, if there is room.
    pub fn submit(&self, job: Job) -> Result<(), SubmitError> {
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
    models: Vec<Model>,
    device: Device,
    stopping: Arc<AtomicBool>,
}

impl ModelWorkerState {
    /// Does jobs until nobody can send one any more. In between, models whose time is over are unloaded.
    fn work(mut self, queue: &Receiver<Job>) {
        loop {
            let job = match self.models.iter().filter_map(Model::end).min() {
                Some(end) => queue.recv_timeout(end.saturating_duration_since(Instant::now())),
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(job) => self.compute(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            self.models.iter_mut().for_each(|model| model.unload_if_over(now));
        }
    }

    /// Does one job. A panic costs one answer, not the server: the models are only read, so they stay intact.
    fn compute(&mut self, Job { model, task, keep_alive }: Job) {
        match task {
            Task::Generate(generation) => {
                let pieces = generation.pieces.clone();
                let job = || self.generate(model, generation);
                let generated = catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(FAILED.to_string()));
                if let Some(end) = generated.unwrap_or_else(|reason| Some(Piece::Failed(reason))) {
                    // The client may have gone away.
                    let _ = pieces.send(end);
                }
            }
            Task::Classify(Classification { text, config, answer }) => {
                let job = || self.classify(model, &text, &config);
                if let Ok(prediction) = catch_unwind(AssertUnwindSafe(job)) {
                    let _ = answer.send(prediction);
                }
            }
            Task::Load(Loading { answer }) => {
                // What is not to stay in memory need not be loaded.
                let job =
                    || if keep_alive.is_over() { Ok(()) } else { self.models[model].load(&self.device).map(drop) };
                if let Ok(loaded) = catch_unwind(AssertUnwindSafe(job)) {
                    let _ = answer.send(loaded);
                }
            }
        }
        if let Some(model) = self.models.get_mut(model) {
            model.keep(keep_alive);
        }
    }

    fn classify(
        &mut self,
        model: usize,
        text: &str,
        config: &ClassifierConfig,
    ) -> Result<Result<Prediction, ClassifyError>, String> {
        let tokenizer = self.models[model].card.tokenizer.clone();
        let (generator, _) = self.models[model].load(&self.device)?;
        let model = generator.model();
        Ok(classify_review(text, model, &tokenizer, config.max_length, config.readout, &self.device))
    }

    /// Sends the text piece by piece, and returns the end; `None` if nobody wants the text any more.
    fn generate(&mut self, model: usize, generation: Generation) -> Result<Option<Piece>, String> {
        let Generation { prompt, options, filter, stop, seed, pieces } = generation;
        let is_unwanted = || self.stopping.load(Ordering::SeqCst) || pieces.is_closed();
        if is_unwanted() {
            return Ok(None);
        }
        let tokenizer = self.models[model].card.tokenizer.clone();
        let (generator, loading) = self.models[model].load(&self.device)?;
        let (mut text, mut stop) = (TextStream::new(&tokenizer), StopTexts::new(stop));
        let (mut tokens, mut has_ended, mut failure) = (0, false, None);
        let send = |piece: String| {
            if !piece.is_empty() {
                // This fails when the reader has pressed stop or closed the page, which `is_unwanted` notices.
                let _ = pieces.send(Piece::Text(piece));
            }
        };
        let start = Instant::now();
        let mut first_token = None;
        let ids = ids_to_tensor(&prompt, &self.device);
        let generated = generator.generate_filtered(ids, &options, &filter, &mut TorchRng::new(seed), |ids| {
            first_token.get_or_insert_with(Instant::now);
            for &id in ids {
                tokens += 1;
                match text.push(id) {
                    Ok(piece) => {
                        let (piece, is_end) = stop.push(&piece);
                        has_ended = is_end;
                        send(piece);
                    }
                    Err(error) => failure = Some(error.to_string()),
                }
            }
            if has_ended || failure.is_some() || is_unwanted() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        generated.map_err(|error| error.to_string())?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if !has_ended {
            send(stop.finish());
        }
        let end = Instant::now();
        let first_token = first_token.unwrap_or(end);
        let at_limit = !has_ended && tokens == options.max_new_tokens;
        let (reading, writing) = (first_token - start, end - first_token);
        Ok(Some(Piece::Done(Summary { tokens, at_limit, loading, reading, writing })))
    }
}

#[cfg(test)]
mod tests;
