//! `llm generate`.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use appendix_lora::merge_lora;
use burn::tensor::Device;
use ch02_text::{Gpt2Tokenizer, VOCAB_SIZE, long_text};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use fast::{Generator, TextStream};
use model_files::{load_adapter, open_model};
use serde::Serialize;
use shared::rng::TorchRng;

use crate::options::{DeviceArgs, ModelArgs, SamplingArgs, WeightsArgs};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
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
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Show the text while it is generated
    #[arg(long, conflicts_with = "json")]
    stream: bool,
    #[command(flatten)]
    weights: WeightsArgs,
    /// Compute the whole text again for every token, as the book does
    #[arg(long, conflicts_with = "weights")]
    no_cache: bool,
    #[command(flatten)]
    device: DeviceArgs,
    /// Print one line of JSON with all ids and the text
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct GenerateOutput {
    /// Ids of the prompt and the new ones.
    ids: Vec<u32>,
    /// Their text; empty when the vocabulary is not GPT-2's.
    text: String,
}

/// A text and how it is continued.
struct GenerateJob {
    generator: Generator,
    /// `None` when the vocabulary is not GPT-2's.
    tokenizer: Option<Gpt2Tokenizer>,
    prompt: Vec<u32>,
    options: GenerateOptions,
    rng: TorchRng,
    device: Device,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let job = GenerateJob::new(&args)?;
    if args.stream {
        job.stream()?
    } else {
        job.print(args.json)?
    }
    Ok(ExitCode::SUCCESS)
}

impl GenerateJob {
    fn new(args: &Args) -> Result<Self> {
        let device = args.device.open()?;
        let (config, model) = open_model(&args.model.folder, &device)?;
        let model = match &args.adapter {
            Some(folder) => merge_lora(load_adapter(folder, model, &device)?),
            None => model,
        };
        let generator = args.weights.precision.generator(model, &device)?;
        let generator = if args.no_cache { generator.without_cache() } else { generator };
        let tokenizer = (config.vocab_size == VOCAB_SIZE).then(Gpt2Tokenizer::new);
        let prompt = match (&args.prompt, &args.prompt_ids, &tokenizer) {
            (Some(text), _, Some(tokenizer)) => long_text::encode(tokenizer, text),
            (Some(_), _, None) => bail!(
                "this model has {} token ids, not GPT-2's {VOCAB_SIZE}, so it cannot read text; give --prompt-ids",
                config.vocab_size
            ),
            (None, ids, _) => ids.clone().unwrap_or_default(),
        };
        fast::check_prompt(&prompt, &config)?;
        let options = args.sampling.generate_options(args.max_new_tokens, config.context_length, None);
        let rng = TorchRng::new(args.sampling.seed);
        Ok(Self { generator, tokenizer, prompt, options, rng, device })
    }

    /// Prints the whole text: as text, as ids where the vocabulary is not GPT-2's, or both as JSON.
    fn print(mut self, json: bool) -> Result<()> {
        let start = ids_to_tensor(&self.prompt, &self.device);
        let ids = self.generator.generate(start, &self.options, &mut self.rng, |_| ControlFlow::Continue(()))?;
        let ids = tensor_to_ids(ids);
        let text = self.tokenizer.map_or(Ok(String::new()), |tokenizer| tokenizer.decode(&ids))?;
        let mut out = stdout().lock();
        if json {
            writeln!(out, "{}", serde_json::to_string(&GenerateOutput { ids, text })?)?;
        } else if text.is_empty() {
            let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
            writeln!(out, "{}", ids.join(","))?;
        } else {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }

    /// Prints every token as soon as it is chosen: as text, or as ids where the vocabulary is not GPT-2's.
    fn stream(mut self) -> Result<()> {
        let mut out = stdout().lock();
        let mut text = self.tokenizer.as_ref().map(TextStream::new);
        let mut show = |id: u32| -> Result<()> {
            match &mut text {
                Some(text) => write!(out, "{}", text.push(id)?)?,
                None => write!(out, "{id} ")?,
            }
            Ok(out.flush()?)
        };
        self.prompt.iter().try_for_each(|&id| show(id))?;
        let mut shown = Ok(());
        let start = ids_to_tensor(&self.prompt, &self.device);
        self.generator.generate(start, &self.options, &mut self.rng, |ids| {
            shown = ids.iter().try_for_each(|&id| show(id));
            if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let rest = text.map_or_else(String::new, TextStream::finish);
        writeln!(out, "{rest}")?;
        Ok(())
    }
}
