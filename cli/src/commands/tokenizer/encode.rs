//! `llm tokenizer encode`.

use std::io::{BufWriter, Write, stdout};

use anyhow::Result;
use ch02_text::long_text;
use serde::Serialize;

use super::pieces::{quoted, texts};
use crate::options::{TokenizerArgs, TypedText, standard_input, typed_text};
use crate::terminal::{grouped, tr};

#[derive(clap::Args)]
pub struct Args {
    /// Text to encode; without it, or with -, all of standard input is, with the line break at its end
    #[arg(value_name = "TEXT", value_parser = typed_text)]
    text: Option<TypedText>,
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// Let <|endoftext|> stand for the end-of-text token, as in a text to train on; otherwise it is text like any other
    #[arg(long)]
    special: bool,
    /// Print the ids alone, in the form that `llm tokenizer decode` and `llm generate --prompt-ids` take
    #[arg(long, conflicts_with = "json")]
    ids: bool,
    /// Print one line of JSON with the ids and the text of each; a part of a character is U+FFFD there
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct EncodeOutput {
    ids: Vec<u32>,
    pieces: Vec<String>,
}

pub fn run(args: Args) -> Result<()> {
    let tokenizer = args.tokenizer.open()?;
    let text = match args.text {
        Some(TypedText::Given(text)) => text,
        Some(TypedText::StandardInput) | None => standard_input()?,
    };
    let ids = if args.special { long_text::encode(&tokenizer, &text) } else { tokenizer.encode_ordinary(&text) };
    let mut out = BufWriter::new(stdout().lock());
    if args.json {
        let pieces = texts(&ids, &tokenizer)?;
        writeln!(out, "{}", serde_json::to_string(&EncodeOutput { ids, pieces })?)?;
    } else if args.ids {
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        writeln!(out, "{}", ids.join(","))?;
    } else {
        for &id in &ids {
            writeln!(out, "{id:>6}  {}", quoted(id, &tokenizer)?)?;
        }
        let [tokens, characters] = [ids.len(), text.chars().count()];
        let [token_ending, character_ending] = [tokens, characters].map(|number| if number == 1 { "" } else { "s" });
        let [tokens, characters] = [tokens, characters].map(grouped);
        let summary = tr!(
            "{tokens} token{token_ending}, {characters} character{character_ending}",
            "{tokens} 个词元，{characters} 个字符"
        );
        writeln!(out, "{summary}")?;
    }
    Ok(out.flush()?)
}
