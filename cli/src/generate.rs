//! `llm generate`.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch04_gpt::generate_text_simple;
use ch05_pretrain::load_model;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use serde::Serialize;
use shared::GptConfig;
use shared::device::DeviceChoice;

#[derive(clap::Args)]
pub struct Args {
    /// Folder with the model, as `llm pretrain` writes it
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Text to continue
    #[arg(long, value_name = "TEXT", required_unless_present = "prompt_ids", conflicts_with = "prompt_ids")]
    prompt: Option<String>,
    /// Token ids to continue, for example 15496,11
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    prompt_ids: Option<Vec<u32>>,
    /// Number of tokens to add
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_new_tokens: usize,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
    /// Print one line of JSON with all ids and the text
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Output {
    /// Ids of the prompt and the new ones.
    ids: Vec<u32>,
    /// Their text; empty when the vocabulary is not GPT-2's.
    text: String,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let device = args.device.open()?;
    let (config, model) = load_model(&args.model, &device)?;
    let tokenizer = (config.vocab_size == VOCAB_SIZE).then(Gpt2Tokenizer::new);
    let prompt = match (&args.prompt, args.prompt_ids, &tokenizer) {
        (Some(text), _, Some(tokenizer)) => tokenizer.encode_with_end_of_text(text),
        (Some(_), _, None) => bail!(
            "this model has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text; give --prompt-ids",
            config.vocab_size
        ),
        (None, ids, _) => ids.unwrap_or_default(),
    };
    check_prompt(&prompt, &config)?;

    let ids = generate_text_simple(&model, ids_to_tensor(&prompt, &device), args.max_new_tokens, config.context_length);
    let ids = tensor_to_ids(ids);
    let text = tokenizer.map_or(Ok(String::new()), |tokenizer| tokenizer.decode(&ids))?;

    let mut out = stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&Output { ids, text })?)?;
    } else if text.is_empty() {
        let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
        writeln!(out, "{}", ids.join(","))?;
    } else {
        writeln!(out, "{text}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A prompt needs at least one token, no more than the model can see, and only ids that it knows.
pub fn check_prompt(ids: &[u32], config: &GptConfig) -> Result<()> {
    ensure!(!ids.is_empty(), "the prompt is empty; give at least one token");
    ensure!(
        ids.len() <= config.context_length,
        "the prompt has {} tokens, but the model's context holds {}",
        ids.len(),
        config.context_length
    );
    if let Some(id) = ids.iter().find(|&&id| id as usize >= config.vocab_size) {
        bail!("the id {id} is not in the model's vocabulary: ids go from 0 to {}", config.vocab_size - 1);
    }
    Ok(())
}
