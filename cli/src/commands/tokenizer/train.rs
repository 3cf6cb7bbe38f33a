//! `llm tokenizer train`.

use std::cmp::Reverse;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use ch02_text::bonus::Gpt2Files;
use ch02_text::{END_OF_TEXT, Gpt2Tokenizer, long_text};
use model_files::CONFIG_FILE;
use model_files::vocabulary::vocabulary_files;
use shared::files::write_whole;

use super::pieces::quoted;
use crate::model_hints;
use crate::options::{TextArgs, TextSource, vocab_size};
use crate::terminal::{command, grouped, say, tr};
use crate::vocabulary::{note_fewer_tokens, train_vocabulary};

/// Number of tokens that are shown.
const SHOWN: usize = 8;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    text: TextArgs,
    /// Number of tokens, at least 257: the 256 bytes, the merges, and <|endoftext|>
    #[arg(long, value_name = "N", value_parser = vocab_size)]
    vocab_size: usize,
    /// Folder for vocab.json and merges.txt
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<()> {
    let (source, out) = (args.text.source(), args.out.display());
    let text = source.read()?;
    ensure!(
        !args.out.join(CONFIG_FILE).exists(),
        tr!(
            "{out} holds a model, which has a vocabulary of its own; name another folder with --out",
            "{out} 里有模型，它有自己的词表；请用 --out 指定其他文件夹"
        )
    );
    let tokenizer = train_vocabulary(&text, args.vocab_size)?;
    let Some(files) = tokenizer.vocabulary() else { return Ok(()) };
    for (name, contents) in vocabulary_files(Some(files)) {
        write_whole(&args.out.join(name), contents.unwrap_or_default().as_bytes())?;
    }

    let size = tokenizer.vocab_size();
    if size < args.vocab_size {
        note_fewer_tokens(args.vocab_size);
    }
    let (size, merges) = (grouped(size), grouped(files.merges.len()));
    say(tr!(
        "{out}: {size} tokens: 256 bytes, {merges} merges, {END_OF_TEXT}",
        "{out}：{size} 个词元：256 个字节、{merges} 次合并、{END_OF_TEXT}"
    ));
    let [ours, gpt2] = [&tokenizer, &Gpt2Tokenizer::new()].map(|by| grouped(long_text::encode(by, &text).len()));
    let (name, characters) = (source.name(), grouped(text.chars().count()));
    say(tr!(
        "{name}: {characters} characters are {ours} tokens; with GPT-2's vocabulary {gpt2}",
        "{name}：{characters} 个字符是 {ours} 个词元；用 GPT-2 的词表是 {gpt2} 个"
    ));
    let longest = longest(files, &tokenizer)?;
    say(tr!("longest tokens: {longest}", "最长的词元：{longest}"));
    let folder = model_hints::quoted(&args.out);
    let encode = command(format_args!("tokenizer encode --tokenizer {folder} \"...\""));
    say(tr!("\nSee what it makes of a text:\n  {encode}", "\n看看文本被切成什么样：\n  {encode}"));
    let text = match &source {
        TextSource::File(path) => format!("--text {}", model_hints::quoted(path)),
        TextSource::Dataset(name) => format!("--dataset {name}"),
        TextSource::StandardInput => "--text FILE".to_string(),
    };
    let pretrain = command(format_args!("pretrain {text} --tokenizer {folder}"));
    say(tr!("Train a model with it:\n  {pretrain}", "用它训练模型：\n  {pretrain}"));
    Ok(())
}

/// The merged tokens with the most characters, the first learnt of several.
fn longest(files: &Gpt2Files, tokenizer: &Gpt2Tokenizer) -> Result<String> {
    let mut merged: Vec<u32> = files.merges.values().copied().collect();
    let characters = |id: u32| files.bytes(id).map_or(0, |bytes| String::from_utf8_lossy(&bytes).chars().count());
    merged.sort_by_key(|&id| (Reverse(characters(id)), id));
    let shown = merged.iter().take(SHOWN).map(|&id| quoted(id, tokenizer)).collect::<Result<Vec<_>, _>>()?;
    Ok(shown.join(" "))
}
