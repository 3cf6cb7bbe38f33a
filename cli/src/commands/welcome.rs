//! What the program shows when it is started without a command: what to do first.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;

use super::exercise::workspace_root;
use crate::run_folder::PRETRAIN_FOLDER;
use crate::terminal::{command, tr};

/// Three things to try, as commands in the form in which the program was started.
pub fn run() -> Result<ExitCode> {
    write!(stdout().lock(), "{}", welcome(workspace_root().is_ok()))?;
    Ok(ExitCode::SUCCESS)
}

/// Examples and exercises are files of the project, so they are shown in its checkout only.
fn welcome(in_checkout: bool) -> String {
    let title = tr!(
        "Build a large language model from scratch, in Rust. Three things to do first:",
        "用 Rust 从零构建大语言模型。先做这三件事："
    );
    let train = tr!(
        "1. Train a tiny model on a short story (about ten seconds), and let it write:",
        "1. 用一篇短故事训练一个很小的模型（大约十秒），再让它续写："
    );
    let write = format!("generate --model {PRETRAIN_FOLDER} --prompt \"Every evening\"");
    let read = if in_checkout {
        let read = tr!(
            "2. Read the book: build it, open it, run an example of a chapter, then do an exercise:",
            "2. 读书：先构建并打开这本书，运行某一章的示例，再做一道练习："
        );
        let example = "cargo run -p ch03-attention --example 3_3_simplified_attention".to_string();
        let build = super::book::BUILD.to_string();
        step(&read, &[build, command("book"), example, command("exercise list"), command("exercise show 3.1")])
    } else {
        let read = tr!("2. Look at the texts that a model can learn from:", "2. 看看模型可以学习哪些文本：");
        step(&read, &[command("data list"), command("data show lamp")])
    };
    let page = tr!("3. Use the models that you have trained on a web page:", "3. 在网页上使用你训练好的模型：");
    let more = tr!("All commands, and the options of one of them:", "全部命令，以及其中一个命令的选项：");
    [
        format!("{title}\n"),
        step(&train, &[command("pretrain"), command(write)]),
        read,
        step(&page, &[command("serve")]),
        step(&more, &[command("help"), command("help pretrain")]),
    ]
    .join("\n")
}

/// A heading with commands below it.
fn step(heading: &str, commands: &[String]) -> String {
    let lines = commands.iter().map(|line| format!("     {line}\n"));
    format!("  {heading}\n{}", lines.collect::<String>())
}
