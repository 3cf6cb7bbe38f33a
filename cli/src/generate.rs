//! `llm generate`.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use appendix_lora::{load_adapter, merge_lora};
use burn::tensor::{Int, Tensor};
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE};
use ch05_pretrain::stream::TextStream;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use ch05_pretrain::{GenerateOptions, Generator, open_model};
use serde::Serialize;
use shared::GptConfig;
use shared::device::DeviceChoice;
use shared::rng::TorchRng;

use crate::precision::WeightPrecision;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// Folder with the model: one of `llm pretrain`, or GPT-2 as Hugging Face or OpenAI publish it
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Folder with a LoRA adapter for the model, of `llm instruct train --lora-rank N` or `peft`
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// Text to continue
    #[arg(long, value_name = "TEXT", required_unless_present = "prompt_ids", conflicts_with = "prompt_ids")]
    prompt: Option<String>,
    /// Token ids to continue, for example 15496,11
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    prompt_ids: Option<Vec<u32>>,
    /// Number of tokens to add
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_new_tokens: usize,
    /// 0 takes the most likely token; above it, tokens are drawn by chance, the more freely the higher
    #[arg(long, value_name = "X", default_value_t = 0.0)]
    temperature: f64,
    /// Draw only among the K most likely tokens
    #[arg(long, value_name = "K")]
    top_k: Option<usize>,
    /// Seed of the draws
    #[arg(long, value_name = "N", default_value_t = 123)]
    seed: u64,
    /// Show the text while it is written
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    /// Precision of the weights: less is faster, and the text can differ. bf16 and int8 on the CPU, bf16 and f16 on
    /// graphics cards that have them
    #[arg(long, value_name = "P", value_enum, default_value = "f32", conflicts_with = "no_cache")]
    weights: WeightPrecision,
    /// Compute the whole text again for every token, as the book does
    #[arg(long)]
    no_cache: bool,
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
    let (config, model) = open_model(&args.model, &device)?;
    let model = match &args.adapter {
        Some(folder) => merge_lora(load_adapter(folder, model, &device)?),
        None => model,
    };
    let generator = args.weights.generator(model, &device)?;
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

    let options = GenerateOptions {
        max_new_tokens: args.max_new_tokens,
        context_size: config.context_length,
        temperature: args.temperature,
        top_k: args.top_k,
        eos_id: None,
        use_cache: !args.no_cache,
    };
    let mut rng = TorchRng::new(args.seed);
    let start = ids_to_tensor(&prompt, &device);
    if args.stream {
        return stream(&generator, tokenizer.as_ref(), &prompt, start, &options, &mut rng);
    }
    let ids = tensor_to_ids(generator.generate(start, &options, &mut rng, |_| ControlFlow::Continue(()))?);
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

/// Writes every token as soon as it is chosen: as text, or as ids where the vocabulary is not GPT-2's.
fn stream(
    generator: &Generator,
    tokenizer: Option<&Gpt2Tokenizer>,
    prompt: &[u32],
    start: Tensor<2, Int>,
    options: &GenerateOptions,
    rng: &mut TorchRng,
) -> Result<ExitCode> {
    let mut out = stdout().lock();
    let mut text = tokenizer.map(TextStream::new);
    let mut show = |id: u32| -> Result<()> {
        match &mut text {
            Some(text) => write!(out, "{}", text.push(id)?)?,
            None => write!(out, "{id} ")?,
        }
        Ok(out.flush()?)
    };
    prompt.iter().try_for_each(|&id| show(id))?;
    let mut shown = Ok(());
    generator.generate(start, options, rng, |ids| {
        shown = ids.iter().try_for_each(|&id| show(id));
        if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    shown?;
    let rest = text.map_or_else(String::new, TextStream::finish);
    writeln!(stdout(), "{rest}")?;
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
