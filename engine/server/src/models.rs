//! The models that are served, and whether each is in memory.

use std::error::Error;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use fast::batch::{Embedding, Event, TextId};
use fast::{Batch, TextToWrite};

use crate::card::ModelCard;
use crate::error::with_causes;
use crate::keep_alive::KeepAlive;
use crate::loaded::LoadedModel;
use crate::worker::InMemory;

/// Opens a model.
pub type OpenModel = Box<dyn Fn(&Device) -> Result<(ModelCard, LoadedModel), Box<dyn Error + Send + Sync>>>;

/// A device, and the models that are to be opened on it.
pub type ModelsToOpen = (Device, Vec<OpenModel>);

/// Maximum size of the keys and values that a model keeps of texts that have ended, for others that begin in the same way.
const KEPT_BYTES: usize = 256 << 20;

/// A model that can be unloaded, and is loaded again when it is needed.
pub(crate) struct Model {
    pub card: ModelCard,
    loaded: Option<LoadedModel>,
    /// The texts that it writes; `None` until the first one.
    batch: Option<Batch>,
    open: OpenModel,
    /// How long it stays after its last text.
    keep_alive: KeepAlive,
    /// When it is unloaded unless another request comes; `None` is never, or while it writes.
    end: Option<Instant>,
}

impl Model {
    pub fn open(open: OpenModel, device: &Device) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (card, loaded) = open(device)?;
        Ok(Self { card, loaded: Some(loaded), batch: None, open, keep_alive: KeepAlive::Forever, end: None })
    }

    /// The model, loaded if it was not, and how long that took.
    ///
    /// # Errors
    /// If it cannot be opened any more, or has changed so much that the server must be restarted.
    pub fn load(&mut self, device: &Device) -> Result<(&mut LoadedModel, Duration), String> {
        let start = Instant::now();
        let (loaded, time) = match self.loaded.take() {
            Some(loaded) => (loaded, Duration::ZERO),
            None => (self.open_again(device)?, start.elapsed()),
        };
        Ok((self.loaded.insert(loaded), time))
    }

    fn open_again(&self, device: &Device) -> Result<LoadedModel, String> {
        let name = &self.card.name;
        let (card, loaded) = (self.open)(device)
            .map_err(|error| format!("the model '{name}' cannot be loaded again: {}", with_causes(&*error)))?;
        if !card.is_like(&self.card) {
            return Err(format!("the model '{name}' is not the one that was there before; restart the server"));
        }
        Ok(loaded)
    }

    /// The texts that the model writes, and how long it took to load it.
    fn batch(&mut self, device: &Device) -> Result<(&mut Batch, Duration), String> {
        let batch = self.batch.take();
        let (loaded, loading) = self.load(device)?;
        let batch = match batch {
            Some(batch) => batch,
            None => loaded.batch()?.keeping(KEPT_BYTES),
        };
        Ok((self.batch.insert(batch), loading))
    }

    /// Adds a text, and says how long it took to load the model.
    ///
    /// # Errors
    /// If the model cannot be loaded, or the text does not suit it.
    pub fn join(&mut self, text: TextToWrite, device: &Device) -> Result<(TextId, Duration), String> {
        let (batch, loading) = self.batch(device)?;
        Ok((batch.join(text).map_err(|error| error.to_string())?, loading))
    }

    /// Removes a text that nobody wants any more.
    pub fn leave(&mut self, id: TextId) {
        self.batch.iter_mut().for_each(|batch| batch.leave(id));
    }

    /// One more token of every text.
    pub fn step(&mut self) -> Vec<(TextId, Event)> {
        self.batch.as_mut().map(Batch::step).unwrap_or_default()
    }

    /// Begins the mean of the last hidden states of some ids.
    ///
    /// # Errors
    /// If the model cannot be loaded, or the ids do not suit it.
    pub fn embed(&mut self, ids: Vec<u32>, device: &Device) -> Result<Embedding, String> {
        self.batch(device)?.0.embed(ids).map_err(|error| error.to_string())
    }

    /// Computes a piece of it, and returns it after the last one.
    pub fn embed_on(&mut self, embedding: &mut Embedding) -> Option<Vec<f32>> {
        self.batch.as_mut()?.embed_on(embedding)
    }

    /// Forgets an embedding that nobody wants any more.
    pub fn forget(&mut self, embedding: Embedding) {
        if let Some(batch) = &mut self.batch {
            batch.forget(embedding);
        }
    }

    /// How long it stays in memory after the job that has begun now.
    pub fn keep(&mut self, keep_alive: KeepAlive) {
        (self.keep_alive, self.end) = (keep_alive, None);
    }

    /// It has nothing more to do.
    pub fn rest(&mut self) {
        let now = Instant::now();
        self.end = self.keep_alive.end(now);
        self.unload_if_over(now);
    }

    pub fn unload_if_over(&mut self, now: Instant) {
        if self.end.is_some_and(|end| end <= now) {
            self.unload();
        }
    }

    /// Frees its memory. It is loaded again when it is needed.
    pub fn unload(&mut self) {
        self.loaded = None;
        self.batch = None;
        self.end = None;
    }

    /// When it is to be unloaded.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }

    /// What it takes in memory, if it is there.
    pub fn in_memory(&self, device: &Device) -> Option<InMemory> {
        let weights = self.loaded.as_ref()?.bytes(&self.card);
        let texts = self.batch.as_ref().map_or(0, Batch::cached_bytes);
        let is_writing = self.batch.as_ref().is_some_and(|batch| batch.texts() > 0);
        let end = if is_writing { self.keep_alive.end(Instant::now()) } else { self.end };
        Some(InMemory { bytes: (weights + texts) as u64, on_gpu: *device != Device::flex(), end })
    }
}
