//! What the thread that computes does.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use burn::tensor::Device;
use fast::batch::{Event, TextId};
use fast::{Finish, TextToWrite};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::outgoing::Outgoing;
use super::{FAILED, Queued, Shown};
use crate::card::ModelCard;
use crate::jobs::{Classification, Continuation, Embedding, End, Generation, Job, Loading, Piece, Reply, Seen, Task};
use crate::keep_alive::KeepAlive;
use crate::models::Model;

/// What the thread owns.
pub struct Compute<'c> {
    cards: &'c [ModelCard],
    models: Vec<Model>,
    device: Device,
    /// Maximum number of texts.
    parallel: usize,
    stopping: Arc<AtomicBool>,
    shown: Shown,
    /// Jobs that have not begun, the oldest first.
    waiting: VecDeque<Queued>,
    texts: Vec<RunningText<'c>>,
    /// The first one is computed.
    embeddings: VecDeque<RunningEmbedding>,
}

/// Texts of which a vector each is computed, one piece between two steps.
struct RunningEmbedding {
    model: usize,
    texts: std::vec::IntoIter<Vec<u32>>,
    /// The one that is computed.
    begun: Option<fast::batch::Embedding>,
    done: Vec<Vec<f32>>,
    answer: oneshot::Sender<Result<Vec<Vec<f32>>, String>>,
    _place: OwnedSemaphorePermit,
}

/// A text that is being written.
struct RunningText<'c> {
    model: usize,
    id: TextId,
    outgoing: Outgoing<'c>,
    /// Free for another job when the text has ended.
    _place: OwnedSemaphorePermit,
}

impl<'c> Compute<'c> {
    pub fn new(
        cards: &'c [ModelCard],
        models: Vec<Model>,
        device: Device,
        parallel: usize,
        stopping: Arc<AtomicBool>,
        shown: Shown,
    ) -> Self {
        let (waiting, texts, embeddings) = (VecDeque::new(), Vec::new(), VecDeque::new());
        let compute = Self { cards, models, device, parallel, stopping, shown, waiting, texts, embeddings };
        compute.show();
        compute
    }

    /// Computes until nobody can send a job any more.
    pub fn work(mut self, queue: &Receiver<Queued>) {
        while self.receive(queue) {
            self.forget_unwanted();
            self.begin_jobs();
            self.embed();
            self.step();
            self.unload_idle();
            self.show();
        }
    }

    /// Takes the jobs that have come. Waits for one if there is nothing to do. Whether more can come, or something is left.
    fn receive(&mut self, queue: &Receiver<Queued>) -> bool {
        if self.waiting.is_empty() && self.texts.is_empty() && self.embeddings.is_empty() {
            let job = match self.models.iter().filter_map(Model::end).min() {
                Some(end) => queue.recv_timeout(end.saturating_duration_since(Instant::now())),
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(job) => self.waiting.push_back(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
        self.waiting.extend(queue.try_iter());
        true
    }

    /// Ends the texts whose clients are gone, and all of them if the server is ending.
    fn forget_unwanted(&mut self) {
        let is_stopping = self.stopping.load(Ordering::SeqCst);
        self.waiting.retain(|queued| match &queued.job.task {
            Task::Generate(generation) => !is_stopping && !generation.pieces.is_closed(),
            Task::Classify(classification) => !classification.answer.is_closed(),
            Task::Embed(embedding) => !embedding.answer.is_closed(),
            Task::Load(_) | Task::Look(_) => true,
        });
        for index in (0..self.texts.len()).rev() {
            if is_stopping || self.texts[index].outgoing.is_unwanted() {
                let (model, id) = (self.texts[index].model, self.texts[index].id);
                self.models[model].leave(id);
                self.end(index, Ok(End::Interrupted));
            }
        }
    }

    /// Removes a text.
    fn remove(&mut self, index: usize) -> RunningText<'c> {
        let removed = self.texts.remove(index);
        self.rest(removed.model);
        removed
    }

    /// A model that has nothing more to do is free to be unloaded.
    fn rest(&mut self, model: usize) {
        if !self.is_writing(model) && !self.embeddings.iter().any(|embedding| embedding.model == model) {
            self.models[model].rest();
        }
    }

    fn is_writing(&self, model: usize) -> bool {
        self.texts.iter().any(|text| text.model == model)
    }

    /// Begins as many texts as have a place, and does one other job, in the order in which they have come.
    fn begin_jobs(&mut self) {
        let mut index = 0;
        while index < self.waiting.len() {
            let is_text = matches!(self.waiting[index].job.task, Task::Generate(_));
            if is_text && self.texts.len() >= self.parallel {
                index += 1;
                continue;
            }
            let Some(Queued { job, place }) = self.waiting.remove(index) else { return };
            self.begin(job, place);
            if !is_text {
                return;
            }
        }
    }

    /// Begins a text or embeddings, or does another job. A panic costs one answer, not the server.
    fn begin(&mut self, Job { model, task, keep_alive }: Job, place: OwnedSemaphorePermit) {
        let pieces = match &task {
            Task::Generate(generation) => Some(generation.pieces.clone()),
            _ => None,
        };
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.models[model].keep(keep_alive);
            self.compute(model, task, keep_alive, place)
        }));
        match done {
            Ok(reply) => {
                self.rest(model);
                // Whoever gets the answer finds the model as it is now.
                self.show();
                reply();
            }
            Err(_) => {
                if let Some(pieces) = pieces {
                    let _ = pieces.send(Piece::Failed(FAILED.to_string()));
                }
                self.fail(model);
            }
        }
    }

    /// Begins a job or does it, and returns what answers.
    fn compute(&mut self, model: usize, task: Task, keep_alive: KeepAlive, place: OwnedSemaphorePermit) -> Reply {
        match task {
            Task::Generate(generation) => {
                let pieces = generation.pieces.clone();
                match self.join(model, generation, place) {
                    Ok(()) => Box::new(|| ()),
                    // The client may have gone away.
                    Err(reason) => Box::new(move || drop(pieces.send(Piece::Failed(reason)))),
                }
            }
            Task::Classify(Classification { text, answer }) => {
                let loaded = self.models[model].load(&self.device);
                let prediction = loaded.and_then(|(loaded, _)| loaded.classify(&text, &self.device));
                Box::new(move || drop(answer.send(prediction)))
            }
            Task::Load(Loading { answer }) => {
                // What is not to stay in memory need not be loaded.
                let is_needed = !keep_alive.is_over();
                let loaded = if is_needed { self.models[model].load(&self.device).map(drop) } else { Ok(()) };
                Box::new(move || drop(answer.send(loaded)))
            }
            Task::Embed(Embedding { texts, answer }) => {
                let (texts, done) = (texts.into_iter(), Vec::new());
                self.embeddings.push_back(RunningEmbedding { model, texts, begun: None, done, answer, _place: place });
                Box::new(|| ())
            }
            Task::Look(look) => {
                let (card, device) = (&self.cards[model], &self.device);
                let loaded = self.models[model].load(device);
                look(loaded.map(|(loaded, _)| Seen { card, loaded, device }))
            }
        }
    }

    /// Begins a text.
    fn join(&mut self, model: usize, generation: Generation, place: OwnedSemaphorePermit) -> Result<(), String> {
        let Generation { continuation, stop, scores, pieces } = generation;
        let Continuation { prompt, options, context_size, seed } = continuation;
        let card = &self.cards[model];
        let stream = card.text().ok_or_else(|| format!("the model '{}' writes no text", card.name))?.stream();
        let text = TextToWrite { prompt, options, context_size, seed, scores };
        let (id, loading) = self.models[model].join(text, &self.device)?;
        let outgoing = Outgoing::new(pieces, stream, stop, loading);
        self.texts.push(RunningText { model, id, outgoing, _place: place });
        Ok(())
    }

    /// A piece of an embedding.
    fn embed(&mut self) {
        let Some(mut embedding) = self.embeddings.pop_front() else { return };
        let model = embedding.model;
        if embedding.answer.is_closed() {
            embedding.begun.into_iter().for_each(|begun| self.models[model].forget(begun));
            return self.rest(model);
        }
        let end = match catch_unwind(AssertUnwindSafe(|| self.embed_on(&mut embedding))) {
            Err(_) => return self.fail(model),
            Ok(Err(reason)) => Err(reason),
            Ok(Ok(())) if embedding.begun.is_some() || embedding.texts.len() > 0 => {
                return self.embeddings.push_front(embedding);
            }
            Ok(Ok(())) => Ok(embedding.done),
        };
        self.rest(model);
        self.show();
        // The client may have gone away.
        let _ = embedding.answer.send(end);
    }

    fn embed_on(&mut self, embedding: &mut RunningEmbedding) -> Result<(), String> {
        let model = &mut self.models[embedding.model];
        if embedding.begun.is_none() {
            embedding.begun = embedding.texts.next().map(|ids| model.embed(ids, &self.device)).transpose()?;
        }
        if let Some(begun) = &mut embedding.begun
            && let Some(vector) = model.embed_on(begun)
        {
            embedding.done.push(vector);
            embedding.begun = None;
        }
        Ok(())
    }

    /// One step of every model that has texts.
    fn step(&mut self) {
        for model in 0..self.models.len() {
            if self.is_writing(model) && catch_unwind(AssertUnwindSafe(|| self.step_of(model))).is_err() {
                self.fail(model);
            }
        }
    }

    fn step_of(&mut self, model: usize) {
        for (id, event) in self.models[model].step() {
            // A text that a stop text has ended is not there any more.
            let Some(index) = self.texts.iter().position(|text| (text.model, text.id) == (model, id)) else { continue };
            let outgoing = &mut self.texts[index].outgoing;
            match event {
                Event::Read { reused } => outgoing.reused = reused,
                Event::Token { id: token, score } => {
                    let end = match outgoing.push(token, score) {
                        Ok(false) => continue,
                        Ok(true) => Ok(End::StopText),
                        Err(reason) => Err(reason),
                    };
                    self.models[model].leave(id);
                    self.end(index, end);
                }
                Event::End(Finish::Length) => self.end(index, Ok(End::Length)),
                Event::End(Finish::ContextFull) => self.end(index, Ok(End::ContextFull)),
                Event::End(Finish::Stop(_) | Finish::Interrupted) => self.end(index, Ok(End::StopId)),
                Event::Failed(error) => self.end(index, Err(error.to_string())),
            }
        }
    }

    fn end(&mut self, index: usize, end: Result<End, String>) {
        let outgoing = self.remove(index).outgoing;
        self.show();
        match end {
            Ok(end) => outgoing.end(end),
            Err(reason) => outgoing.fail(reason),
        }
    }

    /// After a panic: the model may be left with half a text, so it ends all of its texts, and is loaded again.
    fn fail(&mut self, model: usize) {
        while let Some(index) = self.texts.iter().position(|text| text.model == model) {
            self.end(index, Err(FAILED.to_string()));
        }
        self.embeddings.retain(|embedding| embedding.model != model);
        if let Some(model) = self.models.get_mut(model) {
            model.unload();
        }
    }

    /// Unloads the models whose time is over.
    fn unload_idle(&mut self) {
        let now = Instant::now();
        self.models.iter_mut().for_each(|model| model.unload_if_over(now));
    }

    /// Shows which models are in memory.
    fn show(&self) {
        let in_memory = self.models.iter().map(|model| model.in_memory(&self.device)).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = in_memory;
    }
}
