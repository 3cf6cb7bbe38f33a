//! The tokens that end a text.

use std::path::Path;

use model_files::CONFIG_FILE;
use model_text::{Kind, ModelTokenizer};
use serde_json::{Map, Value};

use crate::PretrainedError;
use crate::files::{GENERATION_FILE, read_json};

/// What the two files of a folder call them.
const FIELD: &str = "eos_token_id";
/// Where a folder says it; the first that does counts.
const FILES: [&str; 2] = [GENERATION_FILE, CONFIG_FILE];
/// Control tokens that end a text in every model that has them. Some files name only one of theirs.
const ENDS: [&str; 7] =
    ["<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<eos>"];

/// The ids that end a text of the model in `path`, which has `vocab_size` token ids.
///
/// # Errors
/// If a file cannot be read, or names something that is no id of the model.
pub fn stop_ids(
    path: &Path,
    vocab_size: usize,
    tokenizer: Option<&ModelTokenizer>,
) -> Result<Vec<u32>, PretrainedError> {
    let mut ids = if path.is_dir() { in_folder(path, vocab_size)? } else { Vec::new() };
    if let Some(tokenizer) = tokenizer {
        ids.extend(tokenizer.stop_ids());
        let known = ENDS.iter().filter_map(|token| tokenizer.token_id(token));
        ids.extend(known.filter(|&id| tokenizer.kind(id) == Some(Kind::Control)));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// What the files of a folder say.
pub fn in_folder(folder: &Path, vocab_size: usize) -> Result<Vec<u32>, PretrainedError> {
    for file in FILES {
        let object = read_json(folder, file)?.unwrap_or_default();
        match ids_of(&object, FIELD, vocab_size) {
            Ok(None) => {}
            Ok(Some(ids)) => return Ok(ids),
            Err(found) => {
                let (path, last) = (folder.join(file), vocab_size.saturating_sub(1));
                return Err(PretrainedError::BadIds { path, field: FIELD, found: found.to_string(), last });
            }
        }
    }
    Ok(Vec::new())
}

/// The ids in a field, one or several; `None` if it is not there, and as an error what is no id.
pub fn ids_of<'o>(
    object: &'o Map<String, Value>,
    field: &str,
    vocab_size: usize,
) -> Result<Option<Vec<u32>>, &'o Value> {
    let values = match object.get(field) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
    };
    let id = |value: &Value| value.as_u64().filter(|&id| id < vocab_size as u64).and_then(|id| u32::try_from(id).ok());
    values.iter().map(|value| id(value).ok_or(value)).collect::<Result<_, _>>().map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_id_or_several_below_the_vocabulary() {
        let ids = |value: Value| {
            let object = json!({ "eos_token_id": value }).as_object().unwrap().clone();
            ids_of(&object, FIELD, 10).map_err(Clone::clone)
        };
        assert_eq!(ids(Value::Null), Ok(None));
        assert_eq!(ids(json!(9)), Ok(Some(vec![9])));
        assert_eq!(ids(json!([3, 4])), Ok(Some(vec![3, 4])));
        for wrong in [json!(10), json!(-1), json!("2"), json!(1.5)] {
            assert_eq!(ids(wrong.clone()), Err(wrong.clone()));
            assert_eq!(ids(json!([1, wrong])), Err(wrong));
        }
    }
}
