//! The folder of a trained model: the names of the files in it, and what may be replaced when another model is saved there.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use ch02_text::bonus::Gpt2Files;
use model_files::vocabulary::vocabulary_files;
use model_files::{CONFIG_FILE, WEIGHTS_FILE};

use crate::terminal::tr;

/// The folders in which the commands leave their models unless another is named.
pub const PRETRAIN_FOLDER: &str = "runs/pretrain";
pub const CLASSIFY_FOLDER: &str = "runs/classify";
pub const INSTRUCT_FOLDER: &str = "runs/instruct";

/// The pictures of a run.
pub const LOSSES_FILE: &str = "losses.svg";
pub const LEARNING_RATE_FILE: &str = "learning-rate.svg";
pub const ACCURACY_FILE: &str = "accuracy.svg";
pub const CONFUSION_FILE: &str = "confusion.svg";

/// The prompt format that a model was fine-tuned with.
pub const TUNING_FILE: &str = "instruct.json";
/// The LoRA adapter of a model that was fine-tuned with LoRA.
pub const ADAPTER_FOLDER: &str = "adapter";
/// The model that the adapter belongs to, if it is nowhere else.
pub const BASE_FOLDER: &str = "base";

/// Files and folders that describe one model only and are replaced together with it.
const COMPANIONS: [&str; 3] = [TUNING_FILE, ADAPTER_FOLDER, LEARNING_RATE_FILE];

/// Fails if `out` holds something with the name of a companion of a model, but no model: then it is something else, and must
/// not be replaced.
pub fn ensure_companions(out: &Path) -> Result<()> {
    COMPANIONS.iter().try_for_each(|name| ensure_companion(out, name))
}

/// The same for the file or folder of this name.
pub fn ensure_companion(out: &Path, name: &str) -> Result<()> {
    let is_model = [CONFIG_FILE, WEIGHTS_FILE].iter().all(|file| out.join(file).is_file());
    ensure!(
        is_model || !out.join(name).exists(),
        tr!(
            "{} would be replaced, but belongs to no model in {}; rename it, or name another folder with --out",
            "{} 会被替换，但它不属于 {} 中的任何模型；请给它改名，或用 --out 指定另一个文件夹",
            out.join(name).display(),
            out.display()
        )
    );
    Ok(())
}

/// The same for the files of a vocabulary, unless they are those of `vocabulary`, which is to be saved there.
pub fn ensure_vocabulary(out: &Path, vocabulary: Option<&Gpt2Files>) -> Result<()> {
    let is_another = |name: &str, contents: Option<String>| {
        fs::read_to_string(out.join(name)).is_ok_and(|there| Some(there) != contents)
    };
    for (name, contents) in vocabulary_files(vocabulary) {
        if is_another(name, contents) {
            ensure_companion(out, name)?;
        }
    }
    Ok(())
}

/// Removes what belongs to the model in `folder`, before another model is saved there: it does not describe the new one.
pub fn remove_companions(folder: &Path) -> Result<()> {
    COMPANIONS.iter().try_for_each(|name| remove(&folder.join(name)))
}

/// Removes a file or a folder, if it is there.
pub fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            Err(e).with_context(|| tr!("cannot remove {}", "无法删除 {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Whether both paths lead to the same file or folder.
pub fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
