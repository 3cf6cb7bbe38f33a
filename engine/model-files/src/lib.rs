//! Models in files. Every file is read as a whole or refused with the reason; every file is written whole or not at
//! all.
//!
//! | module | what |
//! |---|---|
//! | [`mod@save`], [`load`] | a model in a folder of this project (section 5.4): `config.json` and `model.safetensors` |
//! | [`gpt2`] | GPT-2's published weights (section 5.5), from Hugging Face or from OpenAI; [`open_model`] opens any folder |
//! | [`llama`] | Llama, SmolLM2, Qwen3 and Gemma 3, from Hugging Face or from a GGUF file, and written in Hugging Face's form |
//! | [`gguf`] | GGUF, the files of llama.cpp: metadata and tensors, with values in a few bits |
//! | [`classifier`] | a classifier in a folder (section 6.8) |
//! | [`adapter`] | LoRA layers alone (appendix E), in the layout of the `peft` library |
//! | [`vocabulary`] | the vocabulary of a model that does not use GPT-2's: `vocab.json` and `merges.txt` |
//! | [`inspect`] | the parameters of a model, and its loss on a text |
//! | `parameters` | the table that the names in all these formats come from |
//! | `folder`, `mapped`, `shards`, `stored` | the parts that the formats share |
//!
//! The files may come from elsewhere, so nothing in them is trusted: sizes are compared with the length of the file
//! before memory is allocated for them, and a file that is damaged, cut short or made up ends in an error.

#![warn(clippy::unwrap_used)]

pub mod adapter;
pub mod classifier;
mod error;
mod folder;
pub mod gguf;
pub mod gpt2;
pub mod inspect;
pub mod llama;
pub mod load;
mod mapped;
mod parameters;
pub mod save;
mod shards;
mod stored;
pub mod vocabulary;

pub use adapter::{AdapterError, AdapterModel, load_adapter, save_adapter, save_adapter_for};
pub use classifier::{
    ClassifierConfig, ClassifierError, is_classifier, load_classifier, save_classifier, save_classifier_with_vocabulary,
};
pub use error::{CheckpointError, FileError};
pub use folder::{CONFIG_FILE, WEIGHTS_FILE, sync_file};
pub use gpt2::{ModelKind, model_kind, open_model, read_gpt2_params};
pub use llama::{
    LlamaColumns, LoadedLlama, check_llama_folder, is_llama, is_llama_classifier, llama_config, load_llama,
    load_llama_classifier, save_llama, save_llama_classifier, with_llama_columns,
};
pub use load::{HeadShape, load_model};
pub use save::{save_model, save_model_with_vocabulary};
pub use vocabulary::{VocabularyError, open_tokenizer, read_vocabulary, tokenizer_of};
