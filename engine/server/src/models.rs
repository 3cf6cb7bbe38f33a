//! The models that are served, and whether each is in memory.

use std::error::Error;
use std::iter::successors;
use std::time::{Duration, Instant};

use burn::tensor::Device;

use crate::card::ModelCard;
use crate::keep_alive::KeepAlive;
use crate::loaded::LoadedModel;

/// Opens a model.
pub type OpenModel = Box<dyn Fn(&Device) -> Result<(ModelCard, LoadedModel), Box<dyn Error + Send + Sync>>>;

/// A device, and the models that are to be opened on it.
pub type ModelsToOpen = (Device, Vec<OpenModel>);

/// A model that can be unloaded, and is loaded again when it is needed.
pub(crate) struct Model {
    pub card: ModelCard,
    loaded: Option<LoadedModel>,
    open: OpenModel,
    /// When it is unloaded unless another request comes; `None` is never.
    end: Option<Instant>,
}

impl Model {
    pub fn open(open: OpenModel, device: &Device) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (card, loaded) = open(device)?;
        Ok(Self { card, loaded: Some(loaded), open, end: None })
    }

    /// What is known of the model; the model, loaded if it was not; and how long that took.
    ///
    /// # Errors
    /// If it cannot be opened any more, or has changed so much that the server must be restarted.
    pub fn load(&mut self, device: &Device) -> Result<(&ModelCard, &mut LoadedModel, Duration), String> {
        let start = Instant::now();
        let (loaded, time) = match self.loaded.take() {
            Some(loaded) => (loaded, Duration::ZERO),
            None => (self.open_again(device)?, start.elapsed()),
        };
        Ok((&self.card, self.loaded.insert(loaded), time))
    }

    fn open_again(&self, device: &Device) -> Result<LoadedModel, String> {
        let name = &self.card.name;
        let (card, loaded) = (self.open)(device).map_err(|error| {
            let causes = successors(Some(&*error as &dyn Error), |&error| error.source()).map(ToString::to_string);
            format!("the model '{name}' cannot be loaded again: {}", causes.collect::<Vec<_>>().join(": "))
        })?;
        if !card.is_like(&self.card) {
            return Err(format!("the model '{name}' is not the one that was there before; restart the server"));
        }
        Ok(loaded)
    }

    /// After a request.
    pub fn keep(&mut self, keep_alive: KeepAlive) {
        let now = Instant::now();
        self.end = keep_alive.end(now);
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
        self.end = None;
    }

    /// When it is to be unloaded.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }
}
