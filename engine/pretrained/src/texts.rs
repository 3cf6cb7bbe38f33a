//! What a model has beside its weights, as files of a folder in Hugging Face's layout.

use std::path::Path;

use model_files::gguf::Gguf;
use model_files::llama::{Companions, TokenIds};
use model_files::{CONFIG_FILE, FileError, llama_config};
use serde_json::{Map, Value, json};

use crate::PretrainedError;
use crate::files::{GENERATION_FILE, TEMPLATE_FILE, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, from_gguf, read_json};
use crate::sampling::Sampling;
use crate::stop_ids::{ids_of, in_folder, stop_ids};
use crate::template::{SPECIAL, chat_template};
use crate::tokenizer::{bad, tokenizer, vocabulary};

/// The files that are copied from one folder to another.
pub const TEXT_FILES: [&str; 5] =
    [GENERATION_FILE, TOKENIZER_FILE, TOKENIZER_CONFIG_FILE, TEMPLATE_FILE, "special_tokens_map.json"];

/// What a model has beside its weights: tokenizer, chat template, the ids of its control tokens, the way to draw the next
/// token. A model that was made of another one gets that one's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub(crate) Companions);

impl Texts {
    /// Nothing: a model of ids.
    pub fn none() -> Self {
        Self(Companions { files: TEXT_FILES.map(|name| (name.to_string(), None)).into(), ids: TokenIds::default() })
    }

    /// Those of the model in `path`, a folder or a GGUF file. They are kept in memory, so the model may be replaced.
    ///
    /// # Errors
    /// If a file cannot be read, or the tokenizer of a GGUF file cannot be written in another form.
    pub fn of(path: &Path) -> Result<Self, PretrainedError> {
        if path.is_dir() { Self::of_folder(path) } else { Self::of_gguf(path) }
    }

    fn of_folder(folder: &Path) -> Result<Self, PretrainedError> {
        let vocab_size = llama_config(folder)?.vocab_size;
        let config = read_json(folder, CONFIG_FILE)?.unwrap_or_default();
        // Padding is often an id that no token has.
        let first = |field: &str| Some(*ids_of(&config, field, vocab_size).ok()??.first()?);
        let (begin, padding) = (first("bos_token_id"), first("pad_token_id"));
        let ids = TokenIds { begin, end: in_folder(folder, vocab_size)?, padding };
        let mut files = Vec::new();
        for name in TEXT_FILES {
            let path = folder.join(name);
            let contents = path.exists().then(|| std::fs::read(&path).map_err(FileError::read(&path))).transpose()?;
            files.push((name.to_string(), contents));
        }
        let mut texts = Self(Companions { files, ids });
        if !folder.join(GENERATION_FILE).exists() {
            texts.set_json(GENERATION_FILE, texts.0.ids.fields());
        }
        Ok(texts)
    }

    fn of_gguf(path: &Path) -> Result<Self, PretrainedError> {
        let config = llama_config(path)?;
        let mut texts = Self::none();
        let Some(tokenizer) = tokenizer(path, config.vocab_size)? else { return Ok(texts) };
        let id = |gguf: &Gguf<'_>, key: &str| {
            let id = gguf.whole(&format!("tokenizer.ggml.{key}_token_id"))?;
            Ok::<_, String>(id.and_then(|id| u32::try_from(id).ok()))
        };
        let template = chat_template(path, &tokenizer)?;
        let (vocabulary, begin, padding) =
            from_gguf(path, |gguf| Ok((vocabulary(gguf)?, id(gguf, "bos")?, id(gguf, "padding")?)))?;
        texts.0.ids = TokenIds { begin, end: stop_ids(path, config.vocab_size, Some(&tokenizer))?, padding };
        if let Some(vocabulary) = &vocabulary {
            texts.set(TOKENIZER_FILE, vocabulary.tokenizer_json().map_err(bad(path))?.into_bytes());
        }
        let mut special = Map::new();
        for (name, key) in SPECIAL {
            let token = from_gguf(path, |gguf| id(gguf, key))?.and_then(|id| tokenizer.token(id));
            special.extend(token.map(|token| (name.to_string(), json!(token))));
        }
        let begins = json!(!tokenizer.begin_ids().is_empty());
        special.extend([
            ("add_bos_token".to_string(), begins),
            ("clean_up_tokenization_spaces".to_string(), json!(false)),
            ("model_max_length".to_string(), json!(config.context_length)),
            ("tokenizer_class".to_string(), json!("PreTrainedTokenizerFast")),
        ]);
        texts.set_json(TOKENIZER_CONFIG_FILE, special);
        let mut generation = texts.0.ids.fields();
        generation.extend(Sampling::of(path, template.as_ref())?.fields());
        texts.set_json(GENERATION_FILE, generation);
        if let Some(template) = &template {
            texts.set(TEMPLATE_FILE, template.source().as_bytes().to_vec());
        }
        Ok(texts)
    }

    fn set_json(&mut self, name: &str, fields: Map<String, Value>) {
        self.set(name, format!("{:#}\n", Value::Object(fields)).into_bytes());
    }

    fn set(&mut self, name: &str, contents: Vec<u8>) {
        for (file, place) in &mut self.0.files {
            if file == name {
                *place = Some(contents);
                return;
            }
        }
    }
}
