//! The models that are served: what each can do.

use burn::tensor::Device;
use ch07_instruct::PromptFormat;
use fast::Generator;
use model_files::ClassifierConfig;
use shared::GptConfig;

/// What a model can do.
#[derive(Clone, Debug)]
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
}

/// Models with the device that they are on.
pub type OpenedModels = (Device, Vec<(ModelCard, Generator)>);
