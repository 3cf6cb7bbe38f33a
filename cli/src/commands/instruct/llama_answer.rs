//! Answers of a Llama, Qwen3 or Gemma 3 to tasks.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Result, ensure};
use ch07_instruct::{Entry, PromptFormat};
use fast::{LlamaGenerator, LlamaOptions};
use pretrained::{Pretrained, TaskForm, TaskWriter};
use shared::rng::TorchRng;

use crate::llama;
use crate::models::tuned_format;
use crate::terminal::tr;
use crate::writing::{Ending, Stopwatch, Written};

/// How the tasks are written for the model in `path`, and the model: in `asked` if given, else in the format of its
/// fine-tuning, else with its chat template, else in the book's.
pub fn task_writer<M>(path: &Path, opened: Pretrained<M>, asked: Option<PromptFormat>) -> Result<(TaskWriter, M)> {
    let Pretrained { model, tokenizer, template, stop_ids, .. } = opened;
    let tokenizer = tokenizer.ok_or_else(|| llama::no_tokenizer(path))?;
    let tuned = if path.is_dir() { tuned_format(path)? } else { None };
    let form = match (asked.or(tuned), template) {
        (Some(format), _) => TaskForm::Format(format),
        (None, Some(template)) => TaskForm::Template(template),
        (None, None) => TaskForm::Format(PromptFormat::Alpaca),
    };
    Ok((TaskWriter { tokenizer, form, stop_ids }, model))
}

/// The most likely answer to a task, of at most `max_new_tokens` tokens, and how it was written.
pub fn answer(
    generator: &mut LlamaGenerator,
    writer: &TaskWriter,
    entry: &Entry,
    max_new_tokens: usize,
) -> Result<(String, Written)> {
    let prompt = writer.prompt(entry)?;
    let (tokens, context_length) = (prompt.len(), generator.weights().context_length);
    ensure!(
        tokens < context_length,
        tr!(
            "its prompt has {tokens} tokens, but the model's context holds {context_length}",
            "它的提示有 {tokens} 个词元，而模型的上下文只有 {context_length} 个"
        )
    );
    let options = LlamaOptions { stop_ids: writer.stop_ids.clone(), ..LlamaOptions::greedy(max_new_tokens) };
    // Greedy decoding draws no random numbers, so the seed does not matter.
    let mut watch = Stopwatch::start();
    let generated = generator.generate(&prompt, &options, &mut TorchRng::new(123), |_| {
        watch.token();
        ControlFlow::Continue(())
    })?;
    let written = watch.stop(prompt.len() - generated.reused, Ending::of(generated.finish, context_length));
    Ok((writer.answer(&generated.ids)?, written))
}
