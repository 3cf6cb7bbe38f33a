//! The thread that computes: jobs come in, pieces of texts and other answers go out.
//!
//! The texts of all requests for one model are computed in one [batch](fast::batch): a request joins when there is a place, and
//! leaves with its last token, or when its client is gone. Texts of several models take turns, and other jobs are done between
//! two steps.
//!
//! | file | what |
//! |---|---|
//! | `compute` | what the thread does |
//! | `outgoing` | an answer that is being written |

mod compute;
mod outgoing;

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::card::ModelCard;
use crate::error::ServerError;
use crate::jobs::Job;
use crate::models::{Model, ModelsToOpen};
use crate::worker::compute::Compute;

/// What a client is told when a computation has panicked. The reason is on standard error.
pub const FAILED: &str = "the computation failed; the terminal in which the server runs says more";

/// Why a job is not in the queue.
#[derive(Debug)]
pub enum SubmitError {
    QueueFull,
    /// The worker thread has ended.
    Ended,
}

/// How many requests there can be at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerLimits {
    /// Texts that are computed together.
    pub parallel: usize,
    /// Requests that wait besides.
    pub queue: usize,
}

/// A model that is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InMemory {
    /// Bytes of its weights, and of the keys and values of its texts.
    pub bytes: u64,
    /// Whether that is the memory of a GPU.
    pub on_gpu: bool,
    /// When it will be unloaded unless another request comes; `None` is never.
    pub end: Option<Instant>,
}

/// The models that are in memory, for everyone to see.
type Shown = Arc<Mutex<Vec<Option<InMemory>>>>;

/// A job and its place, which becomes free when the job is done.
struct Queued {
    job: Job,
    place: OwnedSemaphorePermit,
}

/// The worker thread, as the others see it: the queue of its jobs.
#[derive(Clone)]
pub struct ModelWorker {
    jobs: Sender<Queued>,
    places: Arc<Semaphore>,
    stopping: Arc<AtomicBool>,
    shown: Shown,
}

impl ModelWorker {
    /// Starts the thread, which opens the models, and returns what they are. The models are opened on the thread that uses
    /// them because a GPU has one queue of operations per thread: a parameter from another thread would have to be waited
    /// for at every use.
    pub fn start(
        open: impl FnOnce() -> Result<ModelsToOpen, Box<dyn Error + Send + Sync>> + Send + 'static,
        limits: WorkerLimits,
    ) -> Result<(Self, Vec<ModelCard>), ServerError> {
        let (opened, cards) = sync_channel(1);
        let (jobs, queue) = channel();
        let (stopping, shown) = (Arc::new(AtomicBool::new(false)), Shown::default());
        let places = Arc::new(Semaphore::new((limits.parallel + limits.queue).min(Semaphore::MAX_PERMITS)));
        let worker = Self { jobs, places, stopping: Arc::clone(&stopping), shown: Arc::clone(&shown) };
        let work = move || {
            let models = open().and_then(|(device, models)| {
                let models = models.into_iter().map(|open| Model::open(open, &device));
                Ok((models.collect::<Result<Vec<_>, _>>()?, device))
            });
            match models {
                Ok((models, device)) => {
                    let cards: Vec<ModelCard> = models.iter().map(|model| model.card.clone()).collect();
                    let compute = Compute::new(&cards, models, device, limits.parallel, stopping, shown);
                    let _ = opened.send(Ok(cards.clone()));
                    compute.work(&queue);
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
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| SubmitError::QueueFull)?;
        self.jobs.send(Queued { job, place }).map_err(|_| SubmitError::Ended)
    }

    /// For each model, what it takes in memory, if it is there.
    pub fn in_memory(&self) -> Vec<Option<InMemory>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends all texts, so that open answers come to an end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests;
