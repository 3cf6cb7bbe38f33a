//! Tasks of chapter 7 for a model with its own tokenizer and chat template.
//!
//! Chapter 7 writes a task as one text with headings. A model that was made for conversations already has a form for it: the
//! task is what the user says, and the answer what the model says. So a task is written with its template, and a token of
//! the template ends the answer.

use burn::tensor::Device;
use ch02_text::Batch;
use ch07_instruct::{CollateOptions, Entry, InstructionDataset, InstructionLoader, Item, PromptFormat};
use model_text::{ChatError, ChatOptions, ChatTemplate, Kind, Message, ModelTokenizer};
use shared::rng::TorchRng;
use shared::{Batches, IGNORE_INDEX};

/// How tasks are written.
#[derive(Debug)]
pub enum TaskForm {
    /// As a conversation.
    Template(ChatTemplate),
    /// As in chapter 7.
    Format(PromptFormat),
}

/// Writes tasks for a model.
#[derive(Debug)]
pub struct TaskWriter {
    /// Text to ids and back.
    pub tokenizer: ModelTokenizer,
    /// How tasks are written.
    pub form: TaskForm,
    /// The ids that end an answer.
    pub stop_ids: Vec<u32>,
}

impl TaskWriter {
    /// The ids of a task, after which the model answers. What looks like a control token in an entry is text.
    ///
    /// # Errors
    /// If the template refuses the conversation.
    pub fn prompt(&self, entry: &Entry) -> Result<Vec<u32>, ChatError> {
        match &self.form {
            TaskForm::Template(template) => {
                template.encode(&self.tokenizer, &[Message::user(task(entry))], &chat_options(true))
            }
            TaskForm::Format(format) => {
                let prompt = format.format_input(entry) + &format.format_response("");
                Ok(self.tokenizer.encode_document(&prompt))
            }
        }
    }

    /// A task with its answer, up to the token that ends it.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn item(&self, entry: &Entry) -> Result<Item, ChatError> {
        let mut ids = self.prompt(entry)?;
        let prompt_length = ids.len();
        ids.extend(self.tokenizer.encode(entry.output.trim()));
        ids.extend(self.end_of_answer()?);
        Ok(Item { ids, prompt_length })
    }

    /// The tasks as data to train on.
    ///
    /// # Errors
    /// As [`prompt`](Self::prompt).
    pub fn dataset(&self, entries: &[Entry]) -> Result<InstructionDataset, ChatError> {
        let items: Vec<Item> = entries.iter().map(|entry| self.item(entry)).collect::<Result<_, _>>()?;
        Ok(items.into())
    }

    /// The answer in the ids that a model has generated.
    ///
    /// # Errors
    /// If an id is not in the vocabulary.
    pub fn answer(&self, ids: &[u32]) -> Result<String, model_text::TokenizerError> {
        let mut stream = self.tokenizer.stream();
        let text: String = ids.iter().map(|&id| stream.push(id)).collect::<Result<_, _>>()?;
        Ok(text.trim().to_string())
    }

    /// A task as text, for people.
    pub fn shown(&self, entry: &Entry) -> String {
        match &self.form {
            TaskForm::Template(_) => task(entry),
            TaskForm::Format(format) => format.format_input(entry),
        }
    }

    /// The control token that the template writes after an answer; where it writes none, the first that ends a text.
    fn end_of_answer(&self) -> Result<Option<u32>, ChatError> {
        let TaskForm::Template(template) = &self.form else { return Ok(self.stop_ids.first().copied()) };
        let turns = [Message::user("?"), Message::assistant("!")];
        let asked = template.encode(&self.tokenizer, &turns[..1], &chat_options(false))?;
        let answered = template.encode(&self.tokenizer, &turns, &chat_options(false))?;
        let is_stop = |id: &&u32| self.stop_ids.contains(id) && self.tokenizer.kind(**id) == Some(Kind::Control);
        let end = answered.get(asked.len()..).unwrap_or_default().iter().rfind(is_stop);
        Ok(end.or(self.stop_ids.first()).copied())
    }
}

/// Instruction and input, as somebody would say them.
fn task(entry: &Entry) -> String {
    let gap = if entry.input.is_empty() { "" } else { "\n\n" };
    format!("{}{gap}{}", entry.instruction, entry.input)
}

/// Qwen3 answers at once, without thinking first.
fn chat_options(add_generation_prompt: bool) -> ChatOptions {
    let extra = [("enable_thinking".to_string(), false.into())].into_iter().collect();
    ChatOptions { add_generation_prompt, extra, ..ChatOptions::default() }
}

/// Batches of tasks whose items hold the token that ends the answer: the loss counts the answers with it, and no padding.
///
/// Chapter 7's batches pad with the token that ends a text and let the first of them count. Here a conversation can have
/// that token several times, so it is not found by its id.
#[derive(Clone, Debug)]
pub struct AnswerLoader {
    loader: InstructionLoader,
    pad_token_id: u32,
}

impl AnswerLoader {
    /// An id below `vocab_size` that occurs in no item: it marks the padding, which no token sees. `None` if all occur.
    pub fn padding(datasets: &[InstructionDataset], vocab_size: usize) -> Option<u32> {
        let mut free = vec![true; vocab_size];
        let ids = datasets.iter().flat_map(InstructionDataset::items).flat_map(|item| &item.ids);
        ids.filter_map(|&id| usize::try_from(id).ok()).for_each(|id| {
            if let Some(place) = free.get_mut(id) {
                *place = false;
            }
        });
        free.iter().position(|&free| free).and_then(|id| u32::try_from(id).ok())
    }

    /// The options for the loader inside; `pad_token_id` is [`padding`](Self::padding).
    pub fn options(pad_token_id: u32, allowed_max_length: usize) -> CollateOptions {
        CollateOptions {
            pad_token_id,
            allowed_max_length: Some(allowed_max_length),
            mask_instruction: true,
            ..CollateOptions::default()
        }
    }

    /// The batches of a loader that was made with [`options`](Self::options).
    pub fn new(loader: InstructionLoader, pad_token_id: u32) -> Self {
        Self { loader, pad_token_id }
    }

    /// Number of tasks.
    pub fn len(&self) -> usize {
        self.loader.dataset().items().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Batches for AnswerLoader {
    type Batch = Batch;

    fn num_batches(&self) -> usize {
        self.loader.num_batches()
    }

    fn iter<'a>(&'a self, rng: &mut TorchRng, device: &'a Device) -> Box<dyn Iterator<Item = Batch> + 'a> {
        let pad_token_id = self.pad_token_id;
        Box::new(self.loader.iter(rng, device).map(move |Batch { inputs, targets }| {
            let padding = targets.clone().equal_scalar(pad_token_id);
            Batch { inputs, targets: targets.mask_fill(padding, IGNORE_INDEX) }
        }))
    }
}
