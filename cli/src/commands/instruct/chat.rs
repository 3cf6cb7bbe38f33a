//! `llm instruct chat`.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::Result;
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use fast::conversation::{ChatPrompt, Window};
use fast::{Conversation, TextStream};
use shared::rng::TorchRng;

use crate::commands::chat_input::{ChatInput, Next, forgotten, help, no_text, unknown};
use crate::commands::chat_line::ChatLine;
use crate::options::{AnswerArgs, Answerer, SamplingArgs};
use crate::terminal::{Interrupt, tr};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
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
    let end = answerer.tokenizer.end_of_text_id();
    let options = args.sampling.generate_options(max_new_tokens, context, Some(end));
    let window = Window { context_size: context, answer: max_new_tokens };
    let room = window.room();
    let sizes = tr!(
        "The model sees {context} tokens: {room} for your message and what was said before, {max_new_tokens} for its \
         answer. The oldest turns are forgotten when they no longer fit.",
        "模型能看到 {context} 个词元：你的消息和之前的对话占 {room} 个，回答占 {max_new_tokens} 个。放不下时，最早的几轮对话会被遗忘。"
    );
    writeln!(stdout(), "{sizes} {}", help())?;
    let interrupt = Interrupt::watch()?;
    let rng = TorchRng::new(args.sampling.seed);
    Chat { answerer, options, window, rng, interrupt }.talk()
}

struct Chat {
    answerer: Answerer,
    options: GenerateOptions,
    window: Window,
    rng: TorchRng,
    interrupt: Interrupt,
}

impl Chat {
    fn talk(mut self) -> Result<ExitCode> {
        let mut conversation = Conversation::new(self.answerer.format);
        let mut input = ChatInput::new(self.interrupt.clone());
        loop {
            let line = match input.next()? {
                Next::Line(line) => line,
                Next::NoText(error) => {
                    writeln!(stdout(), "[{}]", no_text(&error))?;
                    continue;
                }
                Next::End => break,
            };
            match ChatLine::of(&line) {
                ChatLine::Empty => {}
                ChatLine::Quit => break,
                ChatLine::Help => writeln!(stdout(), "[{}]", help())?,
                ChatLine::Forget => {
                    conversation.clear();
                    writeln!(stdout(), "[{}]", forgotten())?;
                }
                ChatLine::Unknown(command) => writeln!(stdout(), "[{}]", unknown(command))?,
                ChatLine::Message(message) => {
                    let prompt = conversation.prompt(message, self.window, &self.answerer.tokenizer);
                    show_memory(&prompt, self.window)?;
                    let answer = self.answer(&prompt.ids)?;
                    conversation.push(message, &answer);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the answer while it is generated. Ctrl-C ends it early; the conversation keeps what there is.
    fn answer(&mut self, prompt: &[u32]) -> Result<String> {
        let Self { answerer: Answerer { generator, device, tokenizer, .. }, options, rng, interrupt, .. } = self;
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
        let ending = if interrupt.take() {
            tr!(" [stopped]", " [已停止]")
        } else if answer.is_empty() {
            tr!("[no answer]", "[没有回答]")
        } else {
            String::new()
        };
        writeln!(out, "{ending}")?;
        Ok(answer)
    }
}

/// Says how much of the conversation and of the message the model sees.
fn show_memory(prompt: &ChatPrompt, window: Window) -> Result<()> {
    let ChatPrompt { ids, kept, dropped, left_out } = prompt;
    // A message that is too long takes the room of the answer too.
    let (used, room) = (ids.len(), window.room().max(ids.len()));
    if kept + dropped > 0 {
        let memory = tr!(
            "{used} of {room} tokens; earlier turns: {kept} in them, {dropped} forgotten",
            "用了 {used}/{room} 个词元；之前的对话：保留 {kept} 轮，忘掉 {dropped} 轮"
        );
        writeln!(stdout(), "[{memory}]")?;
    }
    if *left_out > 0 {
        let context = window.context_size;
        let note = tr!(
            "the message is too long for a context of {context} tokens; the model does not see its first {left_out}",
            "消息太长，超出了 {context} 个词元的上下文；模型看不到最前面的 {left_out} 个词元"
        );
        writeln!(stdout(), "[{note}]")?;
    }
    Ok(())
}
