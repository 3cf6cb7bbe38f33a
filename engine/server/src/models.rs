//! The models that are served: what each can do, and whether it is in memory.

use std::error::Error;
use std::iter::successors;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch07_instruct::PromptFormat;
use fast::Generator;
use model_files::ClassifierConfig;
use shared::GptConfig;

use crate::keep_alive::KeepAlive;

/// What a model can do.
#[derive(Clone, Debug, PartialEq)]
pub enum Skill {
    /// Continue a text.
    Complete,
    /// Follow instructions that are written in this format, and continue a text as well.
    Follow(PromptFormat),
    /// Classify a message.
    Classify(ClassifierConfig),
}

impl Skill {
    /// Ollama's words, and for classifiers one of this server.
    pub fn capabilities(&self) -> &'static [&'static str] {
        match self {
            Self::Complete => &["completion"],
            Self::Follow(_) => &["completion", "chat"],
            Self::Classify(_) => &["classification"],
        }
    }
}

/// What requests need to know about a model.
#[derive(Clone, Debug)]
pub struct ModelCard {
    /// The name by which requests choose it.
    pub name: String,
    /// What it can do.
    pub skill: Skill,
    /// Its sizes.
    pub config: GptConfig,
    /// Its tokenizer.
    pub tokenizer: Gpt2Tokenizer,
}

impl ModelCard {
    /// Whether the model generates text.
    pub(crate) fn generates_text(&self) -> bool {
        !matches!(self.skill, Skill::Classify(_))
    }

    /// Whether the model was fine-tuned to follow instructions.
    pub(crate) fn follows_instructions(&self) -> bool {
        matches!(self.skill, Skill::Follow(_))
    }

    /// Whether the model is a classifier.
    pub(crate) fn classifies(&self) -> bool {
        matches!(self.skill, Skill::Classify(_))
    }

    /// Whether requests that were prepared for the one suit the other.
    fn is_like(&self, other: &Self) -> bool {
        (&self.skill, &self.config, self.tokenizer.vocabulary())
            == (&other.skill, &other.config, other.tokenizer.vocabulary())
    }
}

/// Opens a model.
pub type OpenModel = Box<dyn Fn(&Device) -> Result<(ModelCard, Generator), Box<dyn Error + Send + Sync>>>;

/// A device, and the models that are to be opened on it.
pub type ModelsToOpen = (Device, Vec<OpenModel>);

/// A model that can be unloaded, and is loaded again when it is needed.
pub(crate) struct Model {
    pub card: ModelCard,
    generator: Option<Generator>,
    open: OpenModel,
    /// When it is unloaded unless another request comes; `None` is never.
    end: Option<Instant>,
}

impl Model {
    pub fn open(open: OpenModel, device: &Device) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let (card, generator) = open(device)?;
        Ok(Self { card, generator: Some(generator), open, end: None })
    }

    /// The model, loaded if it was not, and how long that took.
    ///
    /// # Errors
    /// If it cannot be opened any more, or has changed so much that the server must be restarted.
    pub fn load(&mut self, device: &Device) -> Result<(&Generator, Duration), String> {
        let start = Instant::now();
        let (generator, time) = match self.generator.take() {
            Some(generator) => (generator, Duration::ZERO),
            None => (self.open_again(device)?, start.elapsed()),
        };
        let generator: &Generator = self.generator.insert(generator);
        Ok((generator, time))
    }

    fn open_again(&self, device: &Device) -> Result<Generator, String> {
        let name = &self.card.name;
        let (card, generator) = (self.open)(device).map_err(|error| {
            let causes = successors(Some(&*error as &dyn Error), |&error| error.source()).map(ToString::to_string);
            format!("the model '{name}' cannot be loaded again: {}", causes.collect::<Vec<_>>().join(": "))
        })?;
        if !card.is_like(&self.card) {
            return Err(format!("the model '{name}' is not the one that was there before; restart the server"));
        }
        Ok(generator)
    }

    /// After a request.
    pub fn keep(&mut self, keep_alive: KeepAlive) {
        let now = Instant::now();
        self.end = keep_alive.end(now);
        self.unload_if_over(now);
    }

    pub fn unload_if_over(&mut self, now: Instant) {
        if self.end.is_some_and(|end| end <= now) {
            self.generator = None;
            self.end = None;
        }
    }

    /// When it is to be unloaded.
    pub fn end(&self) -> Option<Instant> {
        self.end
    }
}
