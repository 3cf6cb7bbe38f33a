//! Opening the model of `--model`; where the folder holds something else, or nothing, the error says what to do.

use std::path::Path;

use anyhow::{Result, anyhow};
use burn::tensor::Device;
use ch04_gpt::GptModel;
use model_files::{CheckpointError, ClassifierConfig, ClassifierError, llama_config};
use shared::GptConfig;

use crate::errors::chinese;
use crate::run_folder::{CLASSIFY_FOLDER, INSTRUCT_FOLDER, PRETRAIN_FOLDER};
use crate::terminal::{Language, command, language, tr};

/// As [`model_files::open_model`].
pub fn open_model(folder: &Path, device: &Device) -> Result<(GptConfig, GptModel)> {
    model_files::open_model(folder, device).map_err(|error| match message(&error, folder) {
        Some(message) => anyhow!(message),
        None => error.into(),
    })
}

/// As [`model_files::load_classifier`].
pub fn load_classifier(folder: &Path, device: &Device) -> Result<(ClassifierConfig, GptModel)> {
    model_files::load_classifier(folder, device).map_err(|error| {
        let shown = folder.display();
        if !folder.exists() {
            let train = training_command("classify train", CLASSIFY_FOLDER, folder);
            return anyhow!(tr!(
                "{shown} holds no classifier: there is no such folder; name another with --model, or make one with \
                 `{train}`",
                "{shown} 中没有分类器：文件夹不存在；请用 --model 指定其他文件夹，或用 `{train}` 训练一个"
            ));
        }
        let ClassifierError::WritesText { .. } = error else { return error.into() };
        let [generate, train] =
            ["generate", "classify train"].map(|what| command(format_args!("{what} --model {}", quoted(folder))));
        anyhow!(tr!(
            "{shown} holds no classifier: the model there writes text; let it write with `{generate}`, or make a \
             classifier of it with `{train}`",
            "{shown} 中没有分类器，只有写文本的模型；可用 `{generate}` 让它续写，或用 `{train}` 把它微调成分类器"
        ))
    })
}

/// A path, quoted for a shell if needed.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(char::is_whitespace) { format!("\"{text}\"") } else { text }
}

/// What is in the folder instead of a model, and what to do.
fn message(error: &CheckpointError, folder: &Path) -> Option<String> {
    let shown = folder.display();
    if llama_config(folder).is_ok() {
        let [chat, generate] = ["chat --model", "generate --prompt TEXT --model"]
            .map(|what| command(format_args!("{what} {}", quoted(folder))));
        return Some(tr!(
            "{shown} is a Llama, Qwen3 or Gemma 3, which this command does not take; talk with it with `{chat}`, or let it \
             continue a text with `{generate}`",
            "{shown} 是 Llama、Qwen3 或 Gemma 3 模型，这个命令不支持它；可用 `{chat}` 与它对话，或用 `{generate}` 让它续写"
        ));
    }
    let translation = if language() == Language::Chinese { chinese(error) } else { None };
    let reason = translation.unwrap_or_else(|| error.to_string());
    let make = if folder == Path::new(INSTRUCT_FOLDER) {
        command("instruct train")
    } else {
        training_command("pretrain", PRETRAIN_FOLDER, folder)
    };
    match error {
        CheckpointError::NoKnownModel { .. } if !folder.exists() => Some(tr!(
            "{shown} holds no model: there is no such folder; name another with --model, or make a model with `{make}`",
            "{shown} 中没有模型：文件夹不存在；请用 --model 指定其他文件夹，或用 `{make}` 训练一个模型"
        )),
        CheckpointError::NoKnownModel { .. } => Some(tr!(
            "{reason}; name another folder with --model, or make a model with `{make}`",
            "{reason}；请用 --model 指定其他文件夹，或用 `{make}` 训练一个模型"
        )),
        CheckpointError::Classifier { .. } => {
            let predict = command(format_args!("classify predict --model {}", quoted(folder)));
            Some(tr!(
                "{reason}; let it classify messages with `{predict}`",
                "{reason}；请用 `{predict}` 让它给消息分类"
            ))
        }
        CheckpointError::Adapter { .. } => {
            let generate = command(format_args!("generate --model DIR --adapter {}", quoted(folder)));
            Some(tr!(
                "{reason}; name the folder of its model too: `{generate}`",
                "{reason}；请同时指定它所属模型的文件夹：`{generate}`"
            ))
        }
        _ => None,
    }
}

/// The command that makes a model in `folder`; `default` is where it does so without `--out`.
fn training_command(train: &str, default: &str, folder: &Path) -> String {
    if folder == Path::new(default) {
        return command(train);
    }
    command(format_args!("{train} --out {}", quoted(folder)))
}
