//! Common errors in Chinese. The libraries write English; what is not here stays English.

use std::error::Error;
use std::io::{self, ErrorKind};

use ch02_text::DatasetError;
use ch05_pretrain::GenerateError;
use ch05_pretrain::text_split::SplitError;
use fast::PromptError;
use shared::config::ConfigError;
use shared::data::{DATA_DIR_VAR, DataError};
use shared::text::NoText;
use workshop::device::{self, DeviceError};
use workshop::download::{DownloadError, DownloadProblem};

use super::{llama, models};

/// The message of an error, without its causes.
pub fn chinese(cause: &(dyn Error + 'static)) -> Option<String> {
    translated(cause, system)
        .or_else(|| translated(cause, no_text))
        .or_else(|| translated(cause, data))
        .or_else(|| translated(cause, config))
        .or_else(|| translated(cause, device_choice))
        .or_else(|| translated(cause, download))
        .or_else(|| translated(cause, text_split))
        .or_else(|| translated(cause, prompt))
        .or_else(|| translated(cause, generate))
        .or_else(|| models::chinese(cause))
        .or_else(|| llama::chinese(cause))
}

/// The translation, if the error is of type `E`.
pub fn translated<E: Error + 'static>(
    cause: &(dyn Error + 'static),
    translate: fn(&E) -> Option<String>,
) -> Option<String> {
    cause.downcast_ref::<E>().and_then(translate)
}

/// What the operating system says. Errors that our code makes have a text of their own.
fn system(error: &io::Error) -> Option<String> {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return no_text(error);
    }
    error.raw_os_error()?;
    let text = match error.kind() {
        ErrorKind::NotFound => "没有这个文件或文件夹",
        ErrorKind::PermissionDenied => "没有权限",
        ErrorKind::AlreadyExists => "已经存在",
        ErrorKind::IsADirectory => "这是一个文件夹",
        ErrorKind::NotADirectory => "这不是文件夹",
        ErrorKind::StorageFull => "磁盘已满",
        ErrorKind::ReadOnlyFilesystem => "文件系统是只读的",
        ErrorKind::AddrInUse => "地址已被占用",
        ErrorKind::AddrNotAvailable => "本机没有这个地址",
        ErrorKind::ConnectionRefused => "连接被拒绝",
        _ => return None,
    };
    Some(text.to_string())
}

/// An error that another one names in its own text.
pub fn within(error: &(dyn Error + 'static)) -> String {
    chinese(error).unwrap_or_else(|| error.to_string())
}

fn no_text(error: &NoText) -> Option<String> {
    Some(match error {
        NoText::Utf16 => "是 UTF-16 文本，不是 UTF-8；请另存为 UTF-8".to_string(),
        NoText::NotUtf8 { offset } => format!("不是 UTF-8 文本：第一个错误字节的偏移量是 {offset}"),
    })
}

pub fn data(error: &DataError) -> Option<String> {
    Some(match error {
        DataError::Unknown { name, known } => {
            format!("没有数据集 '{name}'；现有的数据集（见 `llm data list`）：{known}")
        }
        DataError::Missing { name, wanted, from } => format!(
            "本机没有数据集 '{name}'：请用 `llm data fetch {name}` 下载，或把文件放到 {}，或用 {DATA_DIR_VAR} 指明它所在的文件夹\
             （来源：{from}）",
            wanted.display()
        ),
        DataError::Checksum { name, path, found, expected } => format!(
            "{} 不是数据集 '{name}'：它的 SHA-256 是 {found}，应为 {expected}；请删除它，再用 `llm data fetch {name}` 下载",
            path.display()
        ),
        DataError::Read { path, source } => format!("无法读取 {}：{}", path.display(), within(source)),
        DataError::NoText { path, source } => format!("{} {}", path.display(), no_text(source)?),
        DataError::Empty { path } => format!("{} 是空的", path.display()),
        DataError::Blank { path } => format!("{} 中只有空格和换行", path.display()),
        DataError::NoFolder { folder } => {
            format!("{DATA_DIR_VAR} 指向 {}，但没有这个文件夹；请改正这个环境变量，或取消它", folder.display())
        }
    })
}

pub fn config(error: &ConfigError) -> Option<String> {
    Some(match error {
        ConfigError::Field { field, value, allowed } => {
            format!("{field} 是 {value}，但应为：{}", allowed_values(allowed))
        }
        ConfigError::UnknownSize { name, known } => format!("没有名为 '{name}' 的模型大小；可选的有 {known}"),
    })
}

/// What a setting may be.
pub fn allowed_values(english: &str) -> String {
    match english {
        "at least 1" => "不小于 1".to_string(),
        "at least 1 and below 2^32" => "不小于 1 且小于 2^32".to_string(),
        "at least 0 and below 1" => "不小于 0 且小于 1".to_string(),
        "above 0" => "大于 0".to_string(),
        "at least 0" => "不小于 0".to_string(),
        "a number above 0" => "大于 0 的数".to_string(),
        "a number of at least 0" => "不小于 0 的数".to_string(),
        other => match other.strip_prefix("a divisor of emb_dim, which is ") {
            Some(width) => format!("emb_dim（{width}）的约数"),
            None => other.to_string(),
        },
    }
}

fn device_choice(error: &DeviceError) -> Option<String> {
    Some(match error {
        DeviceError::Unknown(name) => format!("没有设备 '{name}'；可选的有 {}", device::names()),
        DeviceError::NotCompiledIn(device) => {
            format!("程序没有编译对设备 '{device}' 的支持：请用 `--features {device}` 构建，或改用 `--device cpu`")
        }
        DeviceError::NotPresent { device, remedy } => {
            format!("没有找到可用于 '{device}' 的设备：请安装 {remedy}，或改用 `--device cpu`")
        }
    })
}

fn download(error: &DownloadError) -> Option<String> {
    Some(match error {
        DownloadError::Server { url, problem, advice } => {
            format!("无法下载 {url}：{}；{advice}", download_problem(problem))
        }
        DownloadError::Checksum { url, found, expected } => {
            format!("从 {url} 下载的内容已删除：它的 SHA-256 是 {found}，应为 {expected}；请重试，或换一个镜像")
        }
        DownloadError::Flawed { url, flaw } => format!("从 {url} 下载的内容已删除：{flaw}"),
        DownloadError::Occupied { url, path, found, expected } => format!(
            "{} 是一个完整的文件，但不是 {url} 的那个（它有 {found} 字节，服务器上的有 {expected} 字节）：请换一个文件夹，\
             或先删除它",
            path.display()
        ),
        DownloadError::Busy { path } => format!("另一个程序正在下载 {}", path.display()),
        DownloadError::Disk(error) => return system(error),
    })
}

fn download_problem(problem: &DownloadProblem) -> String {
    match problem {
        DownloadProblem::Unreachable(reason) => format!("连接不上服务器（{reason}）"),
        DownloadProblem::Broken(reason) => format!("连接中断（{reason}）"),
        DownloadProblem::Status { code, reason, .. } => format!("服务器回答 {code} {reason}"),
        DownloadProblem::Address(reason) => reason.clone(),
        DownloadProblem::WebPage => "得到的是一个网页，而不是文件".to_string(),
    }
}

fn text_split(error: &SplitError) -> Option<String> {
    Some(match error {
        SplitError::Zero(DatasetError::Zero { field }) => format!("{field} 是 0，但应不小于 1"),
        SplitError::TooShort { part, percent, reason: DatasetError::TooShort { n, max_length } } => format!(
            "文本的{}（占字符的 {percent:.0} %）太短：只有 {n} 个词元，而一个长 {max_length} 的窗口至少需要 {} 个。\
             请用更长的文本，或减小上下文长度",
            if *part == "training" { "训练部分" } else { "验证部分" },
            max_length.saturating_add(1)
        ),
        SplitError::NoBatch { windows, context_length, batch_size } => format!(
            "文本的训练部分只有 {windows} 个长 {context_length} 的窗口，而一个批次需要 {batch_size} 个：\
             请用更长的文本，或减小批次大小或上下文长度"
        ),
        _ => return None,
    })
}

pub fn prompt(error: &PromptError) -> Option<String> {
    Some(match error {
        PromptError::Empty => EMPTY_PROMPT.to_string(),
        PromptError::UnknownId { id, vocab_size } => {
            format!("ID {id} 不在模型的词表中：ID 从 0 到 {}", vocab_size.saturating_sub(1))
        }
    })
}

const EMPTY_PROMPT: &str = "提示是空的；请至少给出一个词元";

pub fn generate(error: &GenerateError) -> Option<String> {
    Some(match error {
        GenerateError::Temperature(temperature) => format!("温度是 {temperature}，但应是不小于 0 的有限数"),
        GenerateError::TopK { top_k, vocab_size } => format!("top-k 是 {top_k}，但应在 1 到词表大小 {vocab_size} 之间"),
        GenerateError::Context { context_size, allowed } => {
            format!("上下文长度是 {context_size}，但应在 1 到 {allowed} 之间")
        }
        GenerateError::EmptyPrompt => EMPTY_PROMPT.to_string(),
        GenerateError::NotFinite => "模型的 logits 不是有限数：它的训练已经发散，或者权重已损坏".to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_keeps_its_numbers_and_its_remedy() {
        let missing = data(&DataError::Missing { name: "sms-spam", wanted: "data/a.tsv".into(), from: "UCI" }).unwrap();
        for part in ["'sms-spam'", "`llm data fetch sms-spam`", "data/a.tsv", "LLM_DATA_DIR", "UCI"] {
            assert!(missing.contains(part), "{part}: {missing}");
        }
        let short = SplitError::TooShort {
            part: "validation",
            percent: 10.0,
            reason: DatasetError::TooShort { n: 5, max_length: 64 },
        };
        let short = chinese(&short).unwrap();
        for part in ["验证部分", "10 %", "5 个词元", "至少需要 65 个"] {
            assert!(short.contains(part), "{part}: {short}");
        }
        let heads = ConfigError::Field {
            field: "n_heads",
            value: "5".into(),
            allowed: "a divisor of emb_dim, which is 64".into(),
        };
        assert_eq!(chinese(&heads).unwrap(), "n_heads 是 5，但应为：emb_dim（64）的约数");
    }

    /// Its own text says more than its kind.
    #[test]
    fn an_error_of_our_own_is_not_taken_for_one_of_the_system() {
        assert_eq!(system(&io::Error::new(ErrorKind::NotFound, "tensor a is missing")), None);
    }

    /// So no field that a user can set is explained in English.
    #[test]
    fn what_is_allowed_is_translated_for_every_field() {
        let book = shared::TrainingConfig::book;
        let size = || shared::GptConfig::preset("tiny").unwrap();
        let errors = [
            shared::GptConfig { n_layers: 0, ..size() }.validate().unwrap_err(),
            shared::GptConfig { n_heads: 5, ..size() }.validate().unwrap_err(),
            shared::GptConfig { drop_rate: 1.0, ..size() }.validate().unwrap_err(),
            shared::TrainingConfig { epochs: 0, ..book() }.validate().unwrap_err(),
            shared::TrainingConfig { learning_rate: 0.0, ..book() }.validate().unwrap_err(),
            shared::TrainingConfig { weight_decay: -1.0, ..book() }.validate().unwrap_err(),
        ];
        for error in errors {
            let ConfigError::Field { allowed, .. } = &error else { panic!("{error}") };
            assert_ne!(&allowed_values(allowed), allowed);
        }
    }
}
