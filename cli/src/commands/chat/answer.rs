//! One answer: shown while it is generated, and measured.

use std::io::{Write, stdout};
use std::ops::ControlFlow;

use anyhow::Result;
use fast::{Finish, LlamaGenerator, LlamaOptions};
use model_text::ModelTokenizer;
use shared::rng::TorchRng;

use crate::terminal::{Interrupt, visible};
use crate::writing::{Ending, Stopwatch, Written};

/// A model that answers.
pub struct Speaker<'m> {
    pub generator: LlamaGenerator,
    pub tokenizer: &'m ModelTokenizer,
    pub options: LlamaOptions,
    pub rng: TorchRng,
    pub interrupt: Interrupt,
    /// How an answer of the maximum length ends.
    pub limit: Ending,
}

/// What was answered, and how.
pub struct Answer {
    pub text: String,
    pub written: Written,
}

impl Speaker<'_> {
    /// Shows the answer while it is generated. Ctrl-C ends it early.
    pub fn answer(&mut self, prompt: &[u32]) -> Result<Answer> {
        let Self { generator, tokenizer, options, rng, interrupt, limit } = self;
        let mut out = stdout().lock();
        let (mut stream, mut text) = (tokenizer.stream(), String::new());
        let mut show = |id: u32| -> Result<()> {
            let piece = stream.push(id)?;
            write!(out, "{}", visible(&piece))?;
            text += &piece;
            Ok(out.flush()?)
        };
        let (mut watch, mut shown) = (Stopwatch::start(), Ok(()));
        let generated = generator.generate(prompt, options, rng, |id| {
            watch.token();
            shown = show(id);
            if shown.is_ok() { interrupt.go_on() } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let ending = match generated.finish {
            Finish::Length => *limit,
            finish => Ending::of(finish, generator.weights().context_length),
        };
        let written = watch.stop(prompt.len() - generated.reused, ending);
        writeln!(out)?;
        Ok(Answer { text, written })
    }
}
