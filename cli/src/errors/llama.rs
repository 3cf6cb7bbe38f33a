//! Common errors of models after GPT-2 in Chinese: their files, tokenizers, templates and generation.

use std::error::Error;

use fast::LlamaError;
use model_text::{ChatError, TokenizerError};
use pretrained::PretrainedError;

use super::chinese::{generate, prompt, translated, within};

/// As [`super::chinese()`], for these errors.
pub fn chinese(cause: &(dyn Error + 'static)) -> Option<String> {
    translated(cause, generation)
        .or_else(|| translated(cause, pretrained))
        .or_else(|| translated(cause, tokenizer))
        .or_else(|| translated(cause, template))
}

fn pretrained(error: &PretrainedError) -> Option<String> {
    Some(match error {
        PretrainedError::Model(error) => within(error),
        PretrainedError::Classifier(error) => within(error),
        PretrainedError::File(error) => within(error),
        PretrainedError::Json { path, source } => format!("{}：{source}", path.display()),
        PretrainedError::Metadata { path, reason } => format!("{}：{reason}", path.display()),
        PretrainedError::Tokenizer { source, .. } if names_its_file(source) => within(source),
        PretrainedError::Tokenizer { path, source } => format!("{}：{}", path.display(), within(source)),
        PretrainedError::OtherTokenizer { path, tokens, vocab_size } => format!(
            "{}：分词器有 {tokens} 个词元，而模型有 {vocab_size} 个词元 ID；两者不属于同一个模型",
            path.display()
        ),
        PretrainedError::Template { path, source } => format!("{}：{}", path.display(), within(source)),
        PretrainedError::BadIds { path, field, found, last } => {
            format!("{}：{field} 是 {found}，但应为 0 到 {last} 之间的词元 ID", path.display())
        }
        PretrainedError::BadSampling { path, field, found, allowed } => {
            let allowed = match *allowed {
                "from 0 to 1" => "0 到 1 之间的数",
                "at least 0" => "不小于 0 的数",
                "a whole number that is not negative" => "不小于 0 的整数",
                other => other,
            };
            format!("{}：{field} 是 {found}，但应为{allowed}", path.display())
        }
    })
}

fn names_its_file(error: &TokenizerError) -> bool {
    matches!(error, TokenizerError::File { .. } | TokenizerError::InFile { .. })
}

fn generation(error: &LlamaError) -> Option<String> {
    Some(match error {
        LlamaError::OtherDevice => "解码器需要 CPU 上的 32 位模型".to_string(),
        LlamaError::Prompt(error) => return prompt(error),
        LlamaError::TooLong { tokens, context_length } => {
            format!("提示有 {tokens} 个词元，而模型的上下文只能容纳 {context_length} 个")
        }
        LlamaError::Generate(error) => return generate(error),
    })
}

fn tokenizer(error: &TokenizerError) -> Option<String> {
    match error {
        TokenizerError::File { path, source } => Some(format!("无法读取 {}：{}", path.display(), within(source))),
        TokenizerError::BadJson(error) => Some(format!("这不是 tokenizer.json：{error}")),
        TokenizerError::NoEndOfText { known } => Some(format!("词表中没有结束文本的词元：应有 {known} 之一")),
        TokenizerError::InFile { path, source } => Some(format!("{}：{}", path.display(), within(source.as_ref()))),
        _ => None,
    }
}

fn template(error: &ChatError) -> Option<String> {
    Some(match error {
        ChatError::BadTemplate(reason) => format!("无法读取对话模板：{reason}"),
        ChatError::Refused(reason) => format!("对话模板拒绝了这段对话：{reason}"),
        ChatError::TooLong => "对话模板运行太久，或生成的文本太长，已被停止".to_string(),
        ChatError::Failed(reason) => format!("对话模板出错：{reason}"),
        ChatError::TooManyCharacters => "对话和分词器用到的字符种类太多，无法与控制词元区分".to_string(),
    })
}

#[cfg(test)]
mod tests {
    use fast::PromptError;

    use super::*;

    /// Errors that hand on another one are translated as that one.
    #[test]
    fn an_error_within_an_error_is_found() {
        let unknown = LlamaError::Prompt(PromptError::UnknownId { id: 9, vocab_size: 9 });
        assert_eq!(chinese(&unknown).as_deref(), Some("ID 9 不在模型的词表中：ID 从 0 到 8"));
        let file = TokenizerError::File { path: "a".into(), source: std::io::Error::from_raw_os_error(2) };
        let file = TokenizerError::InFile { path: "b".into(), source: Box::new(file) };
        assert_eq!(chinese(&file).as_deref(), Some("b：无法读取 a：没有这个文件或文件夹"));
    }
}
