//! `llm generate`.

mod llama;

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use appendix_lora::merge_lora;
use burn::tensor::Device;
use ch02_text::Gpt2Tokenizer;
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::{ids_to_tensor, tensor_to_ids};
use fast::{Generator, TextStream, TokenFilter};
use model_files::{VocabularyError, load_adapter, open_tokenizer};
use serde::Serialize;
use shared::rng::TorchRng;

use self::llama::LlamaJob;
use crate::llama::is_llama;
use crate::model_hints::open_model;
use crate::options::{DeviceArgs, MODEL_HELP, ModelArgs, SamplingArgs, TopPArgs, TypedText, WeightsArgs, typed_text};
use crate::terminal::{Interrupt, tr, visible, warn};
use crate::writing::{Ending, Stopwatch, Written};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true, mut_arg("model", |arg| arg.help(MODEL_HELP).value_name("PATH")))]
pub struct Args {
    #[command(flatten)]
    model: ModelArgs,
    /// Folder with a LoRA adapter for the model, of `llm instruct train --lora-rank N` or `peft`
    #[arg(long, value_name = "DIR")]
    adapter: Option<PathBuf>,
    /// Text to continue; - reads standard input, without the line break at its end. Of a text that is longer than its
    /// context, a GPT sees the end, and the other models refuse it
    #[arg(
        long,
        value_name = "TEXT",
        value_parser = typed_text,
        required_unless_present = "prompt_ids",
        conflicts_with = "prompt_ids"
    )]
    prompt: Option<TypedText>,
    /// Token ids to continue, separated by commas, for example 15496,11
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    prompt_ids: Option<Vec<u32>>,
    /// Number of tokens to add; a text of Llama, Qwen3 or Gemma 3 can end sooner
    #[arg(long, value_name = "N", default_value_t = 50)]
    max_new_tokens: usize,
    #[command(flatten)]
    sampling: SamplingArgs,
    #[command(flatten)]
    top_p: TopPArgs,
    /// Print the text while it is generated
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
    /// Their text; empty when the model has no vocabulary.
    text: String,
    /// Why there is no more: "stop" (the model ended the text), "length", or "interrupted" (Ctrl-C).
    finish_reason: &'static str,
}

/// A text and how it is continued.
struct GenerateJob {
    generator: Generator,
    /// `None` when the model has no vocabulary; then there are only ids.
    tokenizer: Option<Gpt2Tokenizer>,
    prompt: Vec<u32>,
    options: GenerateOptions,
    filter: TokenFilter,
    rng: TorchRng,
    device: Device,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let written = if is_llama(&args.model.folder) {
        let job = LlamaJob::new(&args)?;
        if args.stream { job.stream()? } else { job.print(args.json)? }
    } else {
        let job = GenerateJob::new(&args)?;
        if args.stream { job.stream()? } else { job.print(args.json)? }
    };
    warn(written.summary());
    Ok(if written.ending == Ending::Interrupted { ExitCode::from(130) } else { ExitCode::SUCCESS })
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
        let tokenizer = match open_tokenizer(&args.model.folder, config.vocab_size) {
            Err(VocabularyError::NoVocabulary { .. }) if args.prompt.is_none() => None,
            Err(error @ VocabularyError::NoVocabulary { .. }) => bail!("{error}; give --prompt-ids"),
            opened => Some(opened?),
        };
        let prompt = match (&args.prompt, &tokenizer) {
            (Some(text), Some(tokenizer)) => tokenizer.encode_ordinary(&text.read()?),
            _ => args.prompt_ids.clone().unwrap_or_default(),
        };
        fast::check_prompt(&prompt, &config)?;
        note_what_is_left_out(prompt.len(), config.context_length);
        let options = args.sampling.generate_options(args.max_new_tokens, config.context_length, None);
        let (filter, rng) = (args.top_p.filter(), TorchRng::new(args.sampling.seed));
        Ok(Self { generator, tokenizer, prompt, options, filter, rng, device })
    }

    /// Prints the whole text: as text, as ids where there is no vocabulary, or both as JSON.
    fn print(mut self, json: bool) -> Result<Written> {
        let (ids, written) = self.generate(|_| Ok(()))?;
        let text = self.tokenizer.map(|tokenizer| tokenizer.decode_whole_characters(&ids)).transpose()?;
        print_whole(ids, text, json, &written)?;
        Ok(written)
    }

    /// Prints every token as soon as it is chosen: as text, or as ids where there is no vocabulary.
    fn stream(mut self) -> Result<Written> {
        let mut out = stdout().lock();
        let tokenizer = self.tokenizer.take();
        let mut text = tokenizer.as_ref().map(TextStream::new);
        let mut show = |id: u32| -> Result<()> {
            match &mut text {
                Some(text) => write!(out, "{}", visible(&text.push(id)?))?,
                None => write!(out, "{id} ")?,
            }
            Ok(out.flush()?)
        };
        self.prompt.iter().try_for_each(|&id| show(id))?;
        let (_, written) = self.generate(show)?;
        // The beginning of a character that nothing completes is not shown.
        writeln!(out)?;
        Ok(written)
    }

    /// All ids, and how the new ones were written. Each new one goes to `on_token` as soon as it is chosen; Ctrl-C ends the
    /// text.
    fn generate(&mut self, mut on_token: impl FnMut(u32) -> Result<()>) -> Result<(Vec<u32>, Written)> {
        let interrupt = Interrupt::watch()?;
        let Self { generator, prompt, options, filter, rng, device, .. } = self;
        let start = ids_to_tensor(prompt, device);
        let (mut watch, mut shown) = (Stopwatch::start(), Ok(()));
        let ids = generator.generate_filtered(start, options, filter, rng, |ids| {
            watch.token();
            shown = ids.iter().try_for_each(|&id| on_token(id));
            if shown.is_ok() { interrupt.go_on() } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let ids = tensor_to_ids(ids);
        let is_whole = ids.len() - prompt.len() == options.max_new_tokens;
        let ending = match interrupt.is_pressed() {
            false if is_whole => Ending::Length,
            false => Ending::Complete,
            true => Ending::Interrupted,
        };
        Ok((ids, watch.stop(prompt.len().min(options.context_size), ending)))
    }
}

/// Prints the whole text: as text, as ids where there is none, or both as JSON.
fn print_whole(ids: Vec<u32>, text: Option<String>, json: bool, written: &Written) -> Result<()> {
    let shown = match (json, text) {
        (true, text) => {
            let (text, finish_reason) = (text.unwrap_or_default(), written.ending.reason());
            serde_json::to_string(&GenerateOutput { ids, text, finish_reason })?
        }
        (false, Some(text)) => visible(&text).into_owned(),
        (false, None) => ids_in_a_line(&ids),
    };
    writeln!(stdout(), "{shown}")?;
    Ok(())
}

/// Ids as `--prompt-ids` takes them.
fn ids_in_a_line(ids: &[u32]) -> String {
    let ids: Vec<String> = ids.iter().map(u32::to_string).collect();
    ids.join(",")
}

/// Says which part of the prompt the model does not see; all of it is printed.
fn note_what_is_left_out(tokens: usize, context_length: usize) {
    let left_out = tokens.saturating_sub(context_length);
    if left_out > 0 {
        warn(tr!(
            "note: the prompt has {tokens} tokens, but the model sees {context_length} at once; the first {left_out} \
             have no effect",
            "注意：提示有 {tokens} 个词元，而模型一次只能看 {context_length} 个；前 {left_out} 个不起作用"
        ));
    }
}
