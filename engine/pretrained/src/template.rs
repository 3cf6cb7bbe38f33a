//! The chat template beside the weights: `chat_template.jinja` or a field of `tokenizer_config.json` in a folder,
//! `tokenizer.chat_template` in a GGUF file.

use std::path::Path;

use model_text::{ChatTemplate, ModelTokenizer};
use serde_json::{Map, Value};

use crate::PretrainedError;
use crate::files::{TEMPLATE_FILE, TOKENIZER_CONFIG_FILE, from_gguf, read, read_json};

/// The control tokens that a template may ask for by name, and how a GGUF file calls them.
pub const SPECIAL: [(&str, &str); 4] =
    [("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding")];

/// The chat template of a model; `None` if there is none.
///
/// # Errors
/// If a file cannot be read, or the template is no program.
pub fn chat_template(path: &Path, tokenizer: &ModelTokenizer) -> Result<Option<ChatTemplate>, PretrainedError> {
    let (source, special) = if path.is_dir() { in_folder(path)? } else { in_gguf(path, tokenizer)? };
    let special = special.iter().map(|(name, token)| (*name, token.as_str()));
    let template = source.map(|source| ChatTemplate::new(&source, special)).transpose();
    template.map_err(|source| PretrainedError::Template { path: path.to_path_buf(), source })
}

/// The text of a template, and control tokens by name.
type Source = (Option<String>, Vec<(&'static str, String)>);

fn in_folder(folder: &Path) -> Result<Source, PretrainedError> {
    let config = read_json(folder, TOKENIZER_CONFIG_FILE)?.unwrap_or_default();
    let source = read(folder, TEMPLATE_FILE)?.or_else(|| default_template(&config).map(str::to_string));
    let special = SPECIAL.into_iter().filter_map(|(name, _)| Some((name, token(&config, name)?.to_string())));
    Ok((source, special.collect()))
}

/// The template of a `tokenizer_config.json`: a text, or the one of several that is called `default`.
fn default_template(config: &Map<String, Value>) -> Option<&str> {
    let field = config.get("chat_template")?;
    let named = || field.as_array()?.iter().find(|template| template["name"] == "default")?["template"].as_str();
    field.as_str().or_else(named)
}

/// A control token: a text, or an object that holds it.
fn token<'c>(config: &'c Map<String, Value>, name: &str) -> Option<&'c str> {
    let field = config.get(name)?;
    field.as_str().or_else(|| field["content"].as_str())
}

fn in_gguf(path: &Path, tokenizer: &ModelTokenizer) -> Result<Source, PretrainedError> {
    from_gguf(path, |gguf| {
        let source = gguf.string("tokenizer.chat_template")?.map(str::to_string);
        let mut special = Vec::new();
        for (name, key) in SPECIAL {
            let id = gguf.whole(&format!("tokenizer.ggml.{key}_token_id"))?;
            let token = id.and_then(|id| tokenizer.token(u32::try_from(id).ok()?));
            special.extend(token.map(|token| (name, token.to_string())));
        }
        Ok((source, special))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_and_a_token_have_two_forms() {
        let config = |value: Value| value.as_object().unwrap().clone();
        let plain = config(json!({ "chat_template": "a", "bos_token": "<s>", "eos_token": null }));
        assert_eq!((default_template(&plain), token(&plain, "bos_token")), (Some("a"), Some("<s>")));
        assert_eq!(token(&plain, "eos_token"), None);
        let several = json!([{ "name": "tool_use", "template": "b" }, { "name": "default", "template": "c" }]);
        let several = config(json!({ "chat_template": several, "bos_token": { "content": "<s>" } }));
        assert_eq!((default_template(&several), token(&several, "bos_token")), (Some("c"), Some("<s>")));
    }
}
