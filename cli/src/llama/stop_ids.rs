//! The tokens that end a text.

use std::path::Path;

use anyhow::{Result, bail};
use model_text::{Kind, ModelTokenizer};
use serde_json::{Map, Value};

use super::files::read_json;
use crate::terminal::tr;

/// What the two files of a folder call them.
const FIELD: &str = "eos_token_id";
/// Where a folder says it; the first that does counts.
const FILES: [&str; 2] = ["generation_config.json", "config.json"];
/// Control tokens that end a text in every model that has them. Some files name only one of theirs.
const ENDS: [&str; 7] =
    ["<|endoftext|>", "<|end_of_text|>", "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<eos>"];

/// The ids that end a text of the model in `path`, which has `vocab_size` token ids.
///
/// # Errors
/// If a file cannot be read, or names something that is no id of the model.
pub fn stop_ids(path: &Path, vocab_size: usize, tokenizer: Option<&ModelTokenizer>) -> Result<Vec<u32>> {
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

fn in_folder(folder: &Path, vocab_size: usize) -> Result<Vec<u32>> {
    for file in FILES {
        let object = read_json(folder, file)?.unwrap_or_default();
        match of(&object, vocab_size) {
            Ok(None) => {}
            Ok(Some(ids)) => return Ok(ids),
            Err(found) => bail!(tr!(
                "{}: {FIELD} is {found}, but must be token ids from 0 to {}",
                "{}：{FIELD} 是 {found}，但应为 0 到 {} 之间的词元 ID",
                folder.join(file).display(),
                vocab_size.saturating_sub(1)
            )),
        }
    }
    Ok(Vec::new())
}

/// The ids in the field, one or several; `None` if it is not there, and as an error what is no id.
fn of(object: &Map<String, Value>, vocab_size: usize) -> Result<Option<Vec<u32>>, &Value> {
    let values = match object.get(FIELD) {
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
            of(&object, 10).map_err(Clone::clone)
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
