//! `llm generate` with a model after GPT-2.

use std::io::{Write, stdout};
use std::ops::ControlFlow;

use anyhow::{Result, bail, ensure};
use appendix_lora::merge_lora;
use burn::tensor::Device;
use fast::{LlamaGenerator, LlamaOptions};
use model_files::load_adapter;
use model_text::ModelTokenizer;
use shared::rng::TorchRng;

use super::{Args, print_whole};
use crate::llama;
use crate::terminal::{Interrupt, tr, visible};
use crate::writing::{Ending, Stopwatch, Written};

/// A text and how it is continued.
pub struct LlamaJob {
    generator: LlamaGenerator,
    /// `None` when the model has no tokenizer; then there are only ids.
    tokenizer: Option<ModelTokenizer>,
    prompt: Vec<u32>,
    options: LlamaOptions,
    rng: TorchRng,
}

impl LlamaJob {
    pub fn new(args: &Args) -> Result<Self> {
        ensure_possible(args)?;
        let path = args.model.folder.as_path();
        let precision = args.weights.precision.on_cpu()?;
        let (config, generator) = match &args.adapter {
            Some(folder) => {
                let (config, model) = llama::open_weights(path)?;
                let model = merge_lora(load_adapter(folder, model, &Device::flex())?);
                (config, LlamaGenerator::new(&model, precision)?)
            }
            None => llama::open_weights_generator(path, precision)?,
        };
        let tokenizer = llama::open_tokenizer(path, config.vocab_size)?;
        let prompt = prompt(args, tokenizer.as_ref())?;
        let (tokens, context_length) = (prompt.len(), config.context_length);
        ensure!(
            tokens <= context_length,
            tr!(
                "the prompt has {tokens} tokens, but the model's context has room for {context_length}; shorten it",
                "提示有 {tokens} 个词元，而模型的上下文只能容纳 {context_length} 个；请缩短提示"
            )
        );
        let stop_ids = llama::stop_ids(path, config.vocab_size, tokenizer.as_ref())?;
        let options = args.sampling.llama_options(args.max_new_tokens, args.top_p.filter(), stop_ids);
        let rng = TorchRng::new(args.sampling.seed);
        Ok(Self { generator, tokenizer, prompt, options, rng })
    }

    /// Prints the whole text: as text, as ids where there is no tokenizer, or both as JSON.
    pub fn print(mut self, json: bool) -> Result<Written> {
        let (generated, written) = self.generate(|_| Ok(()))?;
        let ids = [self.prompt, generated].concat();
        let text = self.tokenizer.map(|tokenizer| text_of(&tokenizer, &ids)).transpose()?;
        print_whole(ids, text, json, &written)?;
        Ok(written)
    }

    /// Prints every token as soon as it is chosen: as text, or as ids where there is no tokenizer.
    pub fn stream(mut self) -> Result<Written> {
        let mut out = stdout().lock();
        let tokenizer = self.tokenizer.take();
        let mut text = tokenizer.as_ref().map(ModelTokenizer::stream);
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

    /// The new ids, and how they were written. Each goes to `on_token` as soon as it is chosen; Ctrl-C ends the text.
    fn generate(&mut self, mut on_token: impl FnMut(u32) -> Result<()>) -> Result<(Vec<u32>, Written)> {
        let interrupt = Interrupt::watch()?;
        let Self { generator, prompt, options, rng, .. } = self;
        let (mut watch, mut shown) = (Stopwatch::start(), Ok(()));
        let generated = generator.generate(prompt, options, rng, |id| {
            watch.token();
            shown = on_token(id);
            if shown.is_ok() { interrupt.go_on() } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let ending = Ending::of(generated.finish, generator.weights().context_length);
        Ok((generated.ids, watch.stop(prompt.len() - generated.reused, ending)))
    }
}

/// Fails for options that such a model does not have.
fn ensure_possible(args: &Args) -> Result<()> {
    args.device.ensure_cpu()?;
    if args.no_cache {
        bail!(tr!(
            "--no-cache is for models of the book's kind; leave it out for Llama, Qwen3 and Gemma 3",
            "--no-cache 只用于书中那种模型；对 Llama、Qwen3 和 Gemma 3 请去掉它"
        ));
    }
    Ok(())
}

/// The ids to continue. Nothing in a text that was typed is a control token.
fn prompt(args: &Args, tokenizer: Option<&ModelTokenizer>) -> Result<Vec<u32>> {
    match (&args.prompt, tokenizer) {
        (Some(text), Some(tokenizer)) => Ok(tokenizer.encode_document(&text.read()?)),
        (Some(_), None) => Err(llama::no_tokenizer(&args.model.folder)),
        _ => Ok(args.prompt_ids.clone().unwrap_or_default()),
    }
}

/// The text of ids without control tokens, and without the beginning of a character that nothing completes.
fn text_of(tokenizer: &ModelTokenizer, ids: &[u32]) -> Result<String> {
    let mut stream = tokenizer.stream();
    let pieces = ids.iter().map(|&id| stream.push(id));
    Ok(pieces.collect::<Result<String, _>>()?)
}
