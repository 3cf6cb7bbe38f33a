//! `llm instruct chat`.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Result;
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use fast::conversation::ChatPrompt;
use fast::{Conversation, TextStream};
use shared::rng::TorchRng;

use crate::options::{AnswerArgs, Answerer, SamplingArgs};
use crate::terminal::Interrupt;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    answer: AnswerArgs,
    #[command(flatten)]
    sampling: SamplingArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let answerer = args.answer.open()?;
    let context = answerer.generator.model().context_length();
    let max_new_tokens = args.answer.max_new_tokens.min((context / 4).max(1));
    let options = args.sampling.generate_options(max_new_tokens, context, Some(END_OF_TEXT_ID));
    let room = context - max_new_tokens;
    writeln!(
        stdout(),
        "The model sees {context} tokens: {room} for your message and what was said before, {max_new_tokens} for its \
         answer. The oldest turns are forgotten when they no longer fit. An empty line is skipped; /new forgets \
         everything, /quit or Ctrl-D ends."
    )?;
    let interrupt = Interrupt::watch()?;
    let rng = TorchRng::new(args.sampling.seed);
    Chat { answerer, options, room, rng, interrupt, tokenizer: Gpt2Tokenizer::new() }.talk()
}

struct Chat {
    answerer: Answerer,
    options: GenerateOptions,
    /// Maximum number of tokens of a prompt.
    room: usize,
    rng: TorchRng,
    interrupt: Interrupt,
    tokenizer: Gpt2Tokenizer,
}

impl Chat {
    fn talk(mut self) -> Result<ExitCode> {
        let mut conversation = Conversation::new(self.answerer.format);
        let mut lines = stdin().lock().lines();
        loop {
            if stdin().is_terminal() {
                write!(stdout(), "\nyou> ")?;
                stdout().flush()?;
            }
            self.interrupt.let_through();
            let Some(line) = lines.next().transpose()? else { break };
            self.interrupt.take();
            match line.trim() {
                "" => continue,
                "/quit" => break,
                "/new" => {
                    conversation.clear();
                    writeln!(stdout(), "[everything is forgotten]")?;
                    continue;
                }
                message => {
                    let prompt = match conversation.prompt(message, self.room, &self.tokenizer) {
                        Ok(prompt) => prompt,
                        Err(error) => {
                            writeln!(stdout(), "[{error}]")?;
                            continue;
                        }
                    };
                    show_memory(&prompt, self.room)?;
                    let answer = self.answer(&prompt.ids)?;
                    conversation.push(message, &answer);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the answer while it is generated. Ctrl-C ends it early; the conversation keeps what there is.
    fn answer(&mut self, prompt: &[u32]) -> Result<String> {
        let Self { answerer: Answerer { generator, device, .. }, options, rng, interrupt, tokenizer, .. } = self;
        let mut out = stdout().lock();
        let mut stream = TextStream::new(tokenizer);
        let mut answer = String::new();
        let mut show = |piece: String| -> Result<()> {
            // A space in front belongs to the format, not to the answer.
            let piece = if answer.is_empty() { piece.trim_start() } else { &piece };
            answer += piece;
            write!(out, "{piece}")?;
            Ok(out.flush()?)
        };
        let mut shown = Ok(());
        generator.generate(ids_to_tensor(prompt, device), options, rng, |ids| {
            shown = ids.iter().try_for_each(|&id| show(stream.push(id)?));
            if shown.is_ok() && !interrupt.is_pressed() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        shown?;
        show(stream.finish())?;
        let ending = if interrupt.take() {
            " [stopped]"
        } else if answer.is_empty() {
            "[no answer]"
        } else {
            ""
        };
        writeln!(out, "{ending}")?;
        Ok(answer)
    }
}

/// Says how much of the conversation the model sees.
fn show_memory(prompt: &ChatPrompt, room: usize) -> Result<()> {
    let ChatPrompt { ids, kept, dropped } = prompt;
    if kept + dropped > 0 {
        let used = ids.len();
        writeln!(stdout(), "[{used} of {room} tokens; earlier turns: {kept} in them, {dropped} forgotten]")?;
    }
    Ok(())
}
