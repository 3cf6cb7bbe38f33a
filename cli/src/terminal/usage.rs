//! Wrong usage of the command line, in the reader's language. Clap itself speaks English.

use std::error::Error as _;
use std::num::{ParseFloatError, ParseIntError};
use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Language, language, warn};
use crate::errors::{allowed_values, chinese};

/// Prints what clap has to say: the help that was asked for, or what is wrong.
pub fn report_usage(error: &Error) -> ExitCode {
    let chinese = if language() == Language::Chinese { in_chinese(error) } else { None };
    match chinese {
        Some(message) => warn(message),
        // Nobody may read it any more.
        None => drop(error.print()),
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The common mistakes; `None` for help, and for what is rare.
fn in_chinese(error: &Error) -> Option<String> {
    let context = |kind| error.get(kind).and_then(text);
    let argument = || context(ContextKind::InvalidArg);
    let mut message = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有参数 '{}'", argument()?),
        ErrorKind::InvalidSubcommand => format!("没有命令 '{}'", context(ContextKind::InvalidSubcommand)?),
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数：{}", argument()?),
        ErrorKind::ArgumentConflict => {
            let (argument, other) = (argument()?, context(ContextKind::PriorArg)?);
            if argument == other {
                format!("参数 '{argument}' 不能重复使用")
            } else {
                format!("参数 '{argument}' 不能与 '{other}' 同时使用")
            }
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            match (argument()?, context(ContextKind::InvalidValue)?) {
                (argument, value) if value.is_empty() => format!("参数 '{argument}' 缺少值"),
                (argument, value) => format!("参数 '{argument}' 的值 '{value}' 无效"),
            }
        }
        _ => return None,
    };
    if let Some(reason) = error.source() {
        message += &why(reason);
    }
    if let Some(values) = context(ContextKind::ValidValue).filter(|values| !values.is_empty()) {
        message += &format!("；可用的值：{values}");
    }
    let suggestions = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
    if let Some(suggestion) = suggestions.into_iter().find_map(context) {
        message += &format!("；你要的是 '{suggestion}' 吗？");
    }
    let usage = context(ContextKind::Usage).unwrap_or_default().replacen("Usage: ", "\n用法：", 1);
    Some(format!("错误：{message}\n{usage}\n更多信息请用 '--help'。"))
}

/// Why a value is refused, as the end of a sentence.
fn why(reason: &(dyn std::error::Error + 'static)) -> String {
    if reason.is::<ParseIntError>() {
        return "：不是可用的整数".to_string();
    }
    if reason.is::<ParseFloatError>() {
        return "：不是数字".to_string();
    }
    let english = reason.to_string();
    match english.strip_prefix("must be ") {
        Some(allowed) => format!("，应为：{}", allowed_values(allowed)),
        None => format!("：{}", chinese(reason).unwrap_or(english)),
    }
}

fn text(value: &ContextValue) -> Option<String> {
    match value {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        ContextValue::StyledStr(text) => Some(text.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, value_parser};

    use super::super::positive;
    use super::*;

    fn error(args: &[&str]) -> Option<String> {
        let train = Command::new("train")
            .arg(Arg::new("epochs").long("epochs").value_parser(value_parser!(usize)))
            .arg(Arg::new("steps").long("steps").value_parser(positive))
            .arg(Arg::new("size").long("size").value_parser(["tiny", "124M"]))
            .arg(Arg::new("text").long("text").required(true).conflicts_with("size"));
        let command = Command::new("llm").subcommand_required(true).subcommand(train);
        in_chinese(&command.try_get_matches_from([&["llm"], args].concat()).unwrap_err())
    }

    #[test]
    fn common_mistakes_are_explained_in_chinese() {
        for (args, start) in [
            (&["trian"][..], "错误：没有命令 'trian'；你要的是 'train' 吗？\n\n用法：llm "),
            (&["train", "--text", "a", "--epohcs", "3"], "错误：没有参数 '--epohcs'；你要的是 '--epochs' 吗？\n"),
            (&["train"], "错误：缺少必需的参数：--text <text>\n\n用法：llm train "),
            (
                &["train", "--text", "a", "--epochs", "x"],
                "错误：参数 '--epochs <epochs>' 的值 'x' 无效：不是可用的整数\n",
            ),
            (&["train", "--text", "a", "--steps", "0"], "错误：参数 '--steps <steps>' 的值 '0' 无效，应为：不小于 1\n"),
            (&["train", "--size", "big"], "错误：参数 '--size <size>' 的值 'big' 无效；可用的值：tiny, 124M\n"),
            (
                &["train", "--text", "a", "--size", "tiny"],
                "错误：参数 '--text <text>' 不能与 '--size <size>' 同时使用\n",
            ),
            (&["train", "--text", "a", "--text", "b"], "错误：参数 '--text <text>' 不能重复使用\n"),
            (&["train", "--text"], "错误：参数 '--text <text>' 缺少值\n"),
        ] {
            let message = error(args).unwrap();
            assert!(message.starts_with(start), "{args:?}: {message}");
            assert!(message.ends_with("更多信息请用 '--help'。"), "{message}");
        }
        assert_eq!(error(&["train", "--help"]), None, "help is no error");
    }
}
