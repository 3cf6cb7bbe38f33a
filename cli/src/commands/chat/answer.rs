//! One answer: shown while it is generated, and measured.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::Result;
use fast::{Finish, Generated, LlamaGenerator, LlamaOptions};
use model_text::ModelTokenizer;
use shared::rng::TorchRng;

use crate::terminal::{Interrupt, grouped, tr};

/// A model that answers.
pub struct Speaker<'m> {
    pub generator: LlamaGenerator,
    pub tokenizer: &'m ModelTokenizer,
    pub options: LlamaOptions,
    pub rng: TorchRng,
    pub interrupt: Interrupt,
}

/// What was answered, and how long it took.
pub struct Answer {
    pub text: String,
    /// Tokens of the prompt that were read, and the time until the first token of the answer.
    read: (usize, Duration),
    /// Tokens of the answer, the steps after the first of them, and their time.
    written: (usize, usize, Duration),
    pub finish: Finish,
}

impl Speaker<'_> {
    /// Shows the answer while it is generated. Ctrl-C ends it early.
    pub fn answer(&mut self, prompt: &[u32]) -> Result<Answer> {
        let Self { generator, tokenizer, options, rng, interrupt } = self;
        let mut out = stdout().lock();
        let (mut stream, mut text) = (tokenizer.stream(), String::new());
        let mut show = |id: u32| -> Result<()> {
            let piece = stream.push(id)?;
            write!(out, "{piece}")?;
            text += &piece;
            Ok(out.flush()?)
        };
        let start = Instant::now();
        let (mut first, mut shown) = (None, Ok(()));
        let generated = generator.generate(prompt, options, rng, |id| {
            first.get_or_insert_with(Instant::now);
            shown = show(id);
            if shown.is_ok() && !interrupt.is_pressed() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let end = Instant::now();
        writeln!(out)?;
        let Generated { ids, finish, reused } = generated;
        let first = first.unwrap_or(end);
        // The token that ends a text is computed as well.
        let steps = (ids.len() + usize::from(matches!(finish, Finish::Stop(_)))).saturating_sub(1);
        let read = (prompt.len() - reused, first - start);
        Ok(Answer { text, read, written: (ids.len(), steps, end - first), finish })
    }
}

impl Answer {
    /// How fast it was, and why it ended.
    pub fn summary(&self) -> String {
        let ((read, reading), (written, steps, writing)) = (self.read, self.written);
        let [read, written] = [read, written].map(grouped);
        let speed = if steps == 0 { 0.0 } else { steps as f64 / writing.as_secs_f64().max(1e-9) };
        let (reading, ending) = (reading.as_secs_f64(), self.ending());
        tr!(
            "{written} tokens, {speed:.1} per second, after reading {read} in {reading:.2} s; {ending}",
            "{written} 个词元，每秒 {speed:.1} 个；此前读取 {read} 个，用时 {reading:.2} 秒；{ending}"
        )
    }

    fn ending(&self) -> String {
        match self.finish {
            Finish::Stop(_) => tr!("the answer is complete", "回答完毕"),
            Finish::Length => tr!("cut off at --max-new-tokens", "达到 --max-new-tokens，已截断"),
            Finish::ContextFull => tr!("cut off because the context is full", "上下文已满，已截断"),
            Finish::Interrupted => tr!("stopped with Ctrl-C", "已用 Ctrl-C 停止"),
        }
    }
}
