//! `llm tokenizer decode`.

use std::io::{Write, stdout};

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;

use super::pieces::texts;
use crate::options::{TokenizerArgs, standard_input};
use crate::terminal::{tr, visible};

#[derive(clap::Args)]
pub struct Args {
    /// Ids, separated by commas or spaces; without any, or with -, standard input is read
    #[arg(value_name = "IDS")]
    ids: Vec<String>,
    #[command(flatten)]
    tokenizer: TokenizerArgs,
    /// Print one line of JSON with the text, and that of each id
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct DecodeOutput {
    text: String,
    pieces: Vec<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let tokenizer = args.tokenizer.open()?;
    let ids = match &args.ids[..] {
        [] => standard_input()?,
        [ids] if ids == "-" => standard_input()?,
        ids => ids.join(" "),
    };
    let ids = parse_ids(&ids)?;
    let last = tokenizer.vocab_size() - 1;
    if let Some(id) = ids.iter().find(|&&id| id as usize > last) {
        bail!(tr!(
            "no token has the id {id}; ids go from 0 to {last}",
            "没有 ID 为 {id} 的词元；ID 的范围是 0 到 {last}"
        ));
    }
    let text = tokenizer.decode(&ids)?;
    let mut out = stdout().lock();
    if args.json {
        let pieces = texts(&ids, &tokenizer)?;
        writeln!(out, "{}", serde_json::to_string(&DecodeOutput { text, pieces })?)?;
    } else {
        write!(out, "{}{}", visible(&text), if text.ends_with('\n') { "" } else { "\n" })?;
    }
    Ok(out.flush()?)
}

/// Ids with commas, spaces or line breaks between them, perhaps in the brackets of a list.
fn parse_ids(text: &str) -> Result<Vec<u32>> {
    let parts = text.split(|c: char| c.is_whitespace() || ",，[]".contains(c)).filter(|part| !part.is_empty());
    let id = |part: &str| {
        part.parse().ok().with_context(|| {
            tr!(
                "'{part}' is not an id; ids are whole numbers with commas or spaces between them",
                "'{part}' 不是 ID；ID 是整数，用逗号或空格隔开"
            )
        })
    };
    let ids: Vec<u32> = parts.map(id).collect::<Result<_>>()?;
    ensure!(
        !ids.is_empty(),
        tr!(
            "there are no ids: give some as arguments or on standard input",
            "没有 ID：请写在命令行上，或从标准输入给出"
        )
    );
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_in_several_forms() {
        for text in ["15496,11,995", "15496, 11, 995\n", "15496 11\n995", "[15496, 11, 995]"] {
            assert_eq!(parse_ids(text).unwrap(), [15496, 11, 995], "{text:?}");
        }
        for (text, part) in [("1,x", "'x'"), ("-1", "'-1'"), ("1.5", "'1.5'"), ("4294967296", "'4294967296'")] {
            assert!(parse_ids(text).unwrap_err().to_string().contains(part), "{text:?}");
        }
        for text in ["", " , ", "[]"] {
            assert!(parse_ids(text).is_err(), "{text:?}");
        }
    }
}
