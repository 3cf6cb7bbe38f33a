//! The models that are served: what each can do, and how a request becomes a prompt for it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::{CONFIG_FILE, Generator};
use ch06_classify::{ClassifierConfig, is_classifier, load_classifier};
use ch07_instruct::{Conversation, PromptFormat};
use kernels::Kernels;
use serde::{Deserialize, Serialize};
use shared::GptConfig;

use crate::generate::check_prompt;
use crate::instruct::{open_text_model, tuned_format};
use crate::precision::WeightPrecision;

/// Where the commands of this program leave their models.
pub const DEFAULT_FOLDERS: [&str; 3] = ["runs/pretrain", "runs/classify", "runs/instruct"];

/// What a model can do.
#[derive(Clone, Debug)]
pub enum Skill {
    /// Continue a text.
    Complete,
    /// Follow instructions that are written in this format, and continue a text as well.
    Follow(PromptFormat),
    /// Label a message.
    Classify(ClassifierConfig),
}

impl Skill {
    /// In Ollama's words, and one of this program's.
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
pub struct Card {
    /// The name of its folder.
    pub name: String,
    pub skill: Skill,
    pub config: GptConfig,
}

/// Opens the models in `folders`, or those that are in the folders where this program leaves them. Those that write do so
/// with `weights`.
pub fn open(folders: &[PathBuf], weights: WeightPrecision, device: &Device) -> Result<Vec<(Card, Generator)>> {
    let usual =
        || DEFAULT_FOLDERS.iter().map(PathBuf::from).filter(|folder| folder.join(CONFIG_FILE).is_file()).collect();
    let folders: Vec<PathBuf> = if folders.is_empty() { usual() } else { folders.to_vec() };
    ensure!(
        !folders.is_empty(),
        "there is no model in {}: train one (`llm pretrain`), or name its folder with --model",
        DEFAULT_FOLDERS.join(", ")
    );
    let models = folders.iter().map(|folder| open_one(folder, weights, device)).collect::<Result<Vec<_>>>()?;
    for (i, (card, _)) in models.iter().enumerate() {
        ensure!(
            models[..i].iter().all(|(other, _)| other.name != card.name),
            "two models are called '{}', after their folders; rename one of the folders",
            card.name
        );
    }
    Ok(models)
}

fn open_one(folder: &Path, weights: WeightPrecision, device: &Device) -> Result<(Card, Generator)> {
    let (skill, config, generator) = if is_classifier(folder) {
        let (config, model) = load_classifier(folder, device)?;
        let model = model.with_kernels(Kernels::Fused);
        let sizes = config.model.clone();
        ensure!(sizes.vocab_size == VOCAB_SIZE, "the classifier in {} does not read GPT-2's tokens", folder.display());
        (Skill::Classify(config), sizes, Generator::new(&model, None))
    } else {
        let skill = tuned_format(folder)?.map_or(Skill::Complete, Skill::Follow);
        let (config, model) = open_text_model(folder, device)?;
        (skill, config, weights.generator(model, device)?)
    };
    // `.` and `..` have no name of their own.
    let absolute = folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let name = absolute.file_name().map_or("model".into(), |name| name.to_string_lossy().into_owned());
    let card = Card { name, skill, config };
    Ok((card, generator))
}

/// A turn of a conversation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Message {
    pub role: String,
    #[serde(default)]
    pub content: String,
}

/// The ids that a model continues.
#[derive(Debug)]
pub struct Prompt {
    pub ids: Vec<u32>,
    /// Earlier turns of the conversation that did not fit.
    pub forgotten: usize,
}

impl Card {
    /// The prompt of `/api/generate`. A model that follows instructions takes the text as one, unless it is `raw`.
    pub fn completion(
        &self,
        text: &str,
        system: Option<&str>,
        raw: bool,
        room: usize,
        tokenizer: &Gpt2Tokenizer,
    ) -> Result<Prompt> {
        ensure!(!text.is_empty(), "the prompt is empty; give at least one token");
        if let (Skill::Follow(format), false) = (&self.skill, raw) {
            let prompt = start(*format, system).prompt(text, room, tokenizer)?;
            return Ok(Prompt { ids: prompt.ids, forgotten: 0 });
        }
        match system.filter(|system| !system.is_empty()) {
            Some(system) => self.plain(&format!("{system}\n\n{text}"), tokenizer),
            None => self.plain(text, tokenizer),
        }
    }

    /// The prompt of `/api/chat`. A model that was not fine-tuned gets the messages as one text.
    pub fn conversation(&self, messages: &[Message], room: usize, tokenizer: &Gpt2Tokenizer) -> Result<Prompt> {
        if let Some(other) = messages.iter().map(|message| &message.role).find(|role| !ROLES.contains(&role.as_str())) {
            bail!("the role '{other}' is unknown; there are {}", ROLES.join(", "));
        }
        let Skill::Follow(format) = self.skill else {
            let text: String = messages.iter().map(|message| format!("{}\n", message.content)).collect();
            return self.plain(&text, tokenizer);
        };
        let (system, turns): (Vec<&Message>, Vec<&Message>) =
            messages.iter().partition(|message| message.role == "system");
        let Some((question, past)) = turns.split_last().filter(|(last, _)| last.role == "user") else {
            bail!("the last of the messages must be the user's");
        };
        let mut conversation = start(format, system.last().map(|message| message.content.as_str()));
        let mut asked = None;
        for message in past {
            match (message.role.as_str(), asked.take()) {
                ("user", _) => asked = Some(&message.content),
                (_, Some(asked)) => conversation.push(asked, &message.content),
                // An answer to nothing, as when a client opens with a greeting.
                (_, None) => {}
            }
        }
        let prompt = conversation.prompt(&question.content, room, tokenizer)?;
        Ok(Prompt { ids: prompt.ids, forgotten: prompt.dropped })
    }

    fn plain(&self, text: &str, tokenizer: &Gpt2Tokenizer) -> Result<Prompt> {
        let ids = tokenizer.encode_with_end_of_text(text);
        check_prompt(&ids, &self.config)?;
        Ok(Prompt { ids, forgotten: 0 })
    }
}

const ROLES: [&str; 3] = ["system", "user", "assistant"];

/// A conversation in which nothing has been said. An empty system message is none.
fn start(format: PromptFormat, system: Option<&str>) -> Conversation {
    match system.filter(|system| !system.is_empty()) {
        Some(system) => Conversation::with_system(format, system),
        None => Conversation::new(format),
    }
}
