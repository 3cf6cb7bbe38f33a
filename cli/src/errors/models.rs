//! Common errors of models, runs and their data in Chinese.

use std::error::Error;

use appendix_train_tricks::RecipeError;
use ch02_text::VOCAB_SIZE;
use ch06_classify::{EmptyPart, MessagesError, SpamLoaderError};
use ch07_instruct::judge::OLLAMA_URL;
use ch07_instruct::{EntryError, InstructionLoaderError, JudgeError};
use model_files::vocabulary::{MERGES_FILE, VOCAB_FILE, VocabularyError};
use model_files::{CheckpointError, ClassifierError, FileError};
use trainer::RunError;

use super::chinese::{allowed_values, config, data, translated, within};

/// As [`super::chinese()`], for these errors.
pub fn chinese(cause: &(dyn Error + 'static)) -> Option<String> {
    translated(cause, file)
        .or_else(|| translated(cause, model))
        .or_else(|| translated(cause, vocabulary))
        .or_else(|| translated(cause, classifier))
        .or_else(|| translated(cause, run))
        .or_else(|| translated(cause, recipe))
        .or_else(|| translated(cause, messages))
        .or_else(|| translated(cause, empty_part))
        .or_else(|| translated(cause, entries))
        .or_else(|| translated(cause, instruction_batches))
        .or_else(|| translated(cause, message_batches))
        .or_else(|| translated(cause, judge))
}

fn file(error: &FileError) -> Option<String> {
    let action = if error.action == "read" { "无法读取" } else { "无法写入" };
    Some(format!("{action} {}：{}", error.path.display(), within(&error.source)))
}

fn model(error: &CheckpointError) -> Option<String> {
    Some(match error {
        CheckpointError::File(error) => return file(error),
        CheckpointError::NoModel { folder, file } => format!("{} 中没有模型：缺少 {file}", folder.display()),
        CheckpointError::NoKnownModel { folder } => format!(
            "{} 中没有模型：既没有 config.json 和 model.safetensors（本项目的模型，或 Hugging Face 的 GPT-2），也没有 hparams.json、\
             checkpoint 和 model.ckpt.*（OpenAI 的 GPT-2）",
            folder.display()
        ),
        CheckpointError::Classifier { folder } => format!("{} 中是一个分类器，它不能生成文本", folder.display()),
        CheckpointError::Adapter { folder } => format!("{} 中是 LoRA 适配器，而不是模型", folder.display()),
        CheckpointError::Pickle { path } => format!(
            "{} 是 pickle 文件，打开它可能会执行任意程序；请用 `save_pretrained(..., safe_serialization=True)` 把模型保存为 \
             model.safetensors",
            path.display()
        ),
        CheckpointError::BadConfig { path, source } => format!("{} 不是模型的配置：{source}", path.display()),
        CheckpointError::ImpossibleConfig { path, source } => {
            format!("{}：{}", path.display(), config(source)?)
        }
        CheckpointError::BadWeights { path, reason } => {
            format!("{} 不是完整的 safetensors 文件：{reason}", path.display())
        }
        CheckpointError::BadGguf { path, reason } => format!("{} 不是完整的 GGUF 文件：{reason}", path.display()),
        CheckpointError::BadTensor { path, tensor, reason } => {
            format!("{}：张量 {tensor}：{reason}", path.display())
        }
        _ => return None,
    })
}

fn vocabulary(error: &VocabularyError) -> Option<String> {
    Some(match error {
        VocabularyError::Incomplete { folder, missing } => {
            format!("{} 中没有完整的词表：缺少 {missing}", folder.display())
        }
        VocabularyError::OtherModel { folder, found, expected } => {
            format!("{} 中的词表有 {found} 个词元，而那里的模型有 {expected} 个词元 ID", folder.display())
        }
        VocabularyError::NoVocabulary { folder, vocab_size } => format!(
            "{} 中的模型有 {vocab_size} 个词元 ID，不是 GPT-2 的 {VOCAB_SIZE} 个，旁边也没有它自己的词表（{VOCAB_FILE} 和 \
             {MERGES_FILE}），因此无法读取文本",
            folder.display()
        ),
        VocabularyError::Bad { folder, source } => format!("{} 中的词表：{source}", folder.display()),
        VocabularyError::Model(error) => return model(error),
    })
}

fn classifier(error: &ClassifierError) -> Option<String> {
    match error {
        ClassifierError::Model(error) => model(error),
        ClassifierError::File(error) => file(error),
        ClassifierError::NoClassifier { folder, reason } => {
            Some(format!("{} 中没有分类器：{reason}", folder.display()))
        }
        ClassifierError::WritesText { folder } => {
            Some(format!("{} 中没有分类器：那里的模型用于生成文本，没有分类头", folder.display()))
        }
        ClassifierError::ImpossibleConfig { path, source } => Some(format!("{}：{}", path.display(), config(source)?)),
    }
}

fn run(error: &RunError) -> Option<String> {
    match error {
        RunError::Model(error) => model(error),
        RunError::File(error) => file(error),
        RunError::NoCheckpoint { folder } => Some(format!("{} 中没有可以继续的训练", folder.display())),
        RunError::Damaged { path, reason } => Some(format!("无法从 {} 继续：{reason}", path.display())),
        _ => None,
    }
}

fn recipe(error: &RecipeError) -> Option<String> {
    Some(match error {
        RecipeError::Value { name, value, allowed } => {
            format!("{name} 是 {value}，但应为：{}", allowed_values(allowed))
        }
        RecipeError::WarmupTooLong { warmup_steps, total_steps } => {
            format!("预热有 {warmup_steps} 步，而整个训练只有 {total_steps} 步：请缩短预热，或增加 epoch 数")
        }
    })
}

fn messages(error: &MessagesError) -> Option<String> {
    match error {
        MessagesError::Data(error) => data(error),
        MessagesError::None => Some("没有消息".to_string()),
        MessagesError::NoText { line } => Some(format!("第 {line} 行：消息是空的")),
        MessagesError::Label { line, label, .. } => Some(format!("第 {line} 行：标签 {label:?} 无效")),
        MessagesError::Heading { line, found } => {
            Some(format!("第 {line} 行：表头是 {found:?}，但其中应有 Label 和 Text 两列"))
        }
        MessagesError::Columns { line, found, expected, .. } => {
            Some(format!("第 {line} 行：有 {found} 列，应为 {expected} 列"))
        }
        MessagesError::OpenQuotation { line } => Some(format!(
            "第 {line} 行：从这里开始的引号没有结束；以引号开头的文本必须以引号结尾，中间的每个引号要写两遍"
        )),
        MessagesError::Csv(_) => None,
    }
}

fn empty_part(error: &EmptyPart) -> Option<String> {
    let part = match error.part {
        "training" => "训练部分",
        "validation" => "验证部分",
        _ => "测试部分",
    };
    let EmptyPart { ham, spam, .. } = error;
    Some(format!(
        "正常消息有 {ham} 条，垃圾消息有 {spam} 条，数量太少：两类取同样多之后，{part}一条也分不到；每类至少需要 5 条"
    ))
}

fn entries(error: &EntryError) -> Option<String> {
    Some(match error {
        EntryError::Data(error) => return data(error),
        EntryError::Absent { name } => format!("{name} 既不是文件，也不是数据集；可用的数据集见 `llm data list`"),
        EntryError::NotJson { name, source } => format!("{name} 不是 JSON：{source}"),
        EntryError::NotAList { name } => format!("{name} 不是任务列表：最外层必须是 JSON 数组"),
        EntryError::Empty { name } => format!("{name} 中没有任务"),
        _ => return None,
    })
}

fn instruction_batches(error: &InstructionLoaderError) -> Option<String> {
    Some(match error {
        InstructionLoaderError::NoBatch { train, batch_size } => {
            format!("训练部分有 {train} 个任务，凑不满一个 {batch_size} 个的批次：请增加任务，或减小批次")
        }
        InstructionLoaderError::TooLong { part, entries, left_out, max_length } => {
            let part = if *part == "training" { "训练部分" } else { "验证部分" };
            format!(
                "{part}的 {entries} 个任务中有 {left_out} 个只能舍去，因为单是提示就占满了允许的 {max_length} 个词元，剩下的太少：请换用\
                 上下文更长的模型，允许更多词元，或缩短任务"
            )
        }
        _ => return None,
    })
}

fn message_batches(error: &SpamLoaderError) -> Option<String> {
    match error {
        SpamLoaderError::NoBatch { messages, batch_size } => {
            Some(format!("训练部分有 {messages} 条消息，凑不满一个 {batch_size} 条的批次：请减小批次，或增加消息"))
        }
        _ => None,
    }
}

fn judge(error: &JudgeError) -> Option<String> {
    Some(match error {
        JudgeError::Address { url } => {
            format!("评判模型的地址是 {url}，但应以 http:// 或 https:// 开头，例如 {OLLAMA_URL}")
        }
        JudgeError::Empty { url } => format!("{url} 上的评判模型给出了空的应答"),
        JudgeError::Down { url, reason } => {
            format!("{url} 上没有评判模型应答（{reason}）：请启动它（`ollama serve`），或用 --judge-url 指明另一个地址")
        }
        JudgeError::Slow { url, seconds } => {
            format!(
                "{url} 上的评判模型多次在 {seconds} 秒内没有应答：它可能还在加载，请重试，或用 --timeout 等得更久一些"
            )
        }
        JudgeError::Refused { url, status, reason } => {
            format!("{url} 上的评判模型拒绝了请求（HTTP {status}）：{reason}")
        }
        JudgeError::Nonsense { url, reason } => format!("{url} 的应答不像 Ollama 服务器：{reason}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error that only hands on another one is translated as that one.
    #[test]
    fn an_error_within_an_error_is_found() {
        let missing = || CheckpointError::NoModel { folder: "runs/a".into(), file: "config.json".into() };
        let expected = "runs/a 中没有模型：缺少 config.json";
        assert_eq!(chinese(&missing()).as_deref(), Some(expected));
        assert_eq!(chinese(&ClassifierError::Model(missing())).as_deref(), Some(expected));
        assert_eq!(chinese(&RunError::Model(missing())).as_deref(), Some(expected));
        let gone = FileError { action: "write", path: "a".into(), source: std::io::Error::from_raw_os_error(2) };
        assert_eq!(chinese(&CheckpointError::File(gone)).as_deref(), Some("无法写入 a：没有这个文件或文件夹"));
    }
}
