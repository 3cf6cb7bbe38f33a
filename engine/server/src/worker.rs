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
use ch06_classify::{ClassifyError, Prediction};

use crate::card::ModelCard;
use crate::error::ServerError;
use crate::jobs::{Classification, Generation, Job, Loading, Piece, Summary, Task};
use crate::models::{Model, ModelsToOpen};
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

    /// Does one job. A panic costs one answer, not the server: the model may be left with half a text, and is loaded again.
    fn compute(&mut self, Job { model, task, keep_alive }: Job) {
        let has_panicked = match task {
            Task::Generate(generation) => {
                let pieces = generation.pieces.clone();
                let generated = catch_unwind(AssertUnwindSafe(|| self.generate(model, generation)));
                let has_panicked = generated.is_err();
                let end = generated.unwrap_or_else(|_| Err(FAILED.to_string()));
                if let Some(end) = end.unwrap_or_else(|reason| Some(Piece::Failed(reason))) {
                    // The client may have gone away.
                    let _ = pieces.send(end);
                }
                has_panicked
            }
            Task::Classify(Classification { text, answer }) => {
                let prediction = catch_unwind(AssertUnwindSafe(|| self.classify(model, &text)));
                prediction.map(|prediction| drop(answer.send(prediction))).is_err()
            }
            Task::Load(Loading { answer }) => {
                // What is not to stay in memory need not be loaded.
                let job =
                    || if keep_alive.is_over() { Ok(()) } else { self.models[model].load(&self.device).map(drop) };
                catch_unwind(AssertUnwindSafe(job)).map(|loaded| drop(answer.send(loaded))).is_err()
            }
        };
        if let Some(model) = self.models.get_mut(model) {
            model.keep(keep_alive);
            if has_panicked {
                model.unload();
            }
        }
    }

    fn classify(&mut self, model: usize, text: &str) -> Result<Result<Prediction, ClassifyError>, String> {
        let (_, loaded, _) = self.models[model].load(&self.device)?;
        loaded.classify(text, &self.device)
    }

    /// Sends the text piece by piece, and returns the end; `None` if nobody wants the text any more.
    fn generate(&mut self, model: usize, generation: Generation) -> Result<Option<Piece>, String> {
        let Generation { continuation, stop, pieces } = generation;
        let is_unwanted = || self.stopping.load(Ordering::SeqCst) || pieces.is_closed();
        if is_unwanted() {
            return Ok(None);
        }
        let (card, loaded, loading) = self.models[model].load(&self.device)?;
        let mut text = card.text().ok_or_else(|| format!("the model '{}' writes no text", card.name))?.stream();
        let mut stop = StopTexts::new(stop);
        let (mut tokens, mut has_ended, mut failure) = (0, false, None);
        let send = |piece: String| {
            if !piece.is_empty() {
                // This fails when the reader has pressed stop or closed the page, which `is_unwanted` notices.
                let _ = pieces.send(Piece::Text(piece));
            }
        };
        let start = Instant::now();
        let mut first_token = None;
        loaded.generate(&continuation, &self.device, |id| {
            first_token.get_or_insert_with(Instant::now);
            tokens += 1;
            match text.push(id) {
                Ok(piece) => {
                    let (piece, is_end) = stop.push(&piece);
                    has_ended = is_end;
                    send(piece);
                }
                Err(reason) => failure = Some(reason),
            }
            if has_ended || failure.is_some() || is_unwanted() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        if let Some(failure) = failure {
            return Err(failure);
        }
        if !has_ended {
            send(stop.finish());
        }
        let end = Instant::now();
        let first_token = first_token.unwrap_or(end);
        let at_limit = !has_ended && tokens == continuation.options.max_new_tokens;
        let (reading, writing) = (first_token - start, end - first_token);
        Ok(Some(Piece::Done(Summary { tokens, at_limit, loading, reading, writing })))
    }
}

#[cfg(test)]
mod tests;
