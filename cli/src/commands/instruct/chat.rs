//! `llm instruct chat`.

use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::process::ExitCode;

use anyhow::{Result, bail};
use ch05_pretrain::GenerateOptions;
use ch05_pretrain::tokens::ids_to_tensor;
use ch07_instruct::PromptFormat;
use fast::conversation::{ChatPrompt, Window};
use fast::{Conversation, TextStream};
use shared::rng::TorchRng;

use crate::commands::chat_input::{ChatInput, Next, forgotten, help, no_text, note, unclosed, unknown};
use crate::commands::chat_line::ChatLine;
use crate::options::{AnswerArgs, Answerer, SamplingArgs, TypedText, typed_text};
use crate::terminal::{Interrupt, tr, visible, warn};
use crate::writing::{Ending, Stopwatch, Written};

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    #[command(flatten)]
    answer: AnswerArgs,
    /// Input of the first message: the text that its task works on; /input TEXT gives one to a later message
    #[arg(long, value_name = "TEXT", value_parser = typed_text)]
    input: Option<TypedText>,
    #[command(flatten)]
    sampling: SamplingArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let input = args.input.map_or(Ok(String::new()), given)?;
    let answerer = args.answer.open()?;
    let context = answerer.generator.model().context_length();
    let max_new_tokens = args.answer.max_new_tokens.min((context / 4).max(1));
    let limit = if max_new_tokens < args.answer.max_new_tokens { Ending::Share } else { Ending::Length };
    let end = answerer.tokenizer.end_of_text_id();
    let options = args.sampling.generate_options(max_new_tokens, context, Some(end));
    let window = Window { context_size: context, answer: max_new_tokens };
    let room = window.room();
    let sizes = tr!(
        "The model sees {context} tokens: {room} for your message and what was said before, {max_new_tokens} for its \
         answer. The oldest turns are forgotten when they no longer fit. Ctrl-C ends an answer, and between answers the \
         program.",
        "模型能看到 {context} 个词元：你的消息和之前的对话占 {room} 个，回答占 {max_new_tokens} 个。放不下时，最早的几轮对话会被遗忘。\
         回答时按 Ctrl-C 结束回答，其余时候结束程序。"
    );
    warn(format_args!("{sizes}\n{}", help(true)));
    let interrupt = Interrupt::watch()?;
    let rng = TorchRng::new(args.sampling.seed);
    Chat { answerer, options, window, limit, rng, interrupt }.talk(input)
}

/// The input of a task; standard input has the messages.
fn given(input: TypedText) -> Result<String> {
    match input {
        TypedText::Given(text) => Ok(text),
        TypedText::StandardInput => bail!(tr!(
            "standard input has the messages, so it cannot have the input of a task too; use --input \"$(cat FILE)\"",
            "标准输入用于消息，不能同时用于任务的输入；请用 --input \"$(cat 文件)\""
        )),
    }
}

struct Chat {
    answerer: Answerer,
    options: GenerateOptions,
    window: Window,
    /// How an answer of the maximum length ends.
    limit: Ending,
    rng: TorchRng,
    interrupt: Interrupt,
}

impl Chat {
    /// Answers the messages, of which the first has this input.
    fn talk(mut self, mut task_input: String) -> Result<ExitCode> {
        let mut conversation = Conversation::new(self.answerer.format);
        let mut input = ChatInput::new(self.interrupt.clone(), true);
        loop {
            let line = match input.next()? {
                Next::Line(line) => line,
                Next::NoText(error) => {
                    note(&no_text(&error));
                    continue;
                }
                Next::Unclosed => {
                    note(&unclosed());
                    continue;
                }
                Next::End => break,
            };
            match line {
                ChatLine::Empty => {}
                ChatLine::Quit => break,
                ChatLine::Help => note(&help(true)),
                ChatLine::Forget => {
                    conversation.clear();
                    task_input.clear();
                    note(&forgotten());
                }
                ChatLine::Input(text) => {
                    note_input(&text);
                    task_input = text;
                }
                ChatLine::Unknown(command) => note(&unknown(&command, true)),
                ChatLine::Message(message) => {
                    let message = with_input(self.answerer.format, &message, &std::mem::take(&mut task_input));
                    let prompt = conversation.prompt(&message, self.window, &self.answerer.tokenizer);
                    note_memory(&prompt, self.window);
                    let (answer, written) = self.answer(&prompt.ids)?;
                    warn(written.summary());
                    conversation.push(&message, &answer);
                    // Nobody can take the next message back.
                    if written.ending == Ending::Interrupted && !input.in_terminal() {
                        return Ok(ExitCode::from(130));
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the answer while it is generated. Ctrl-C ends it early; the conversation keeps what there is.
    fn answer(&mut self, prompt: &[u32]) -> Result<(String, Written)> {
        let Self { answerer: Answerer { generator, device, tokenizer, .. }, options, rng, interrupt, limit, .. } = self;
        let mut out = stdout().lock();
        let mut stream = TextStream::new(tokenizer);
        let mut answer = String::new();
        let mut show = |piece: String| -> Result<()> {
            // A space in front belongs to the format, not to the answer.
            let piece = if answer.is_empty() { piece.trim_start() } else { &piece };
            answer += piece;
            write!(out, "{}", visible(piece))?;
            Ok(out.flush()?)
        };
        let (mut watch, mut shown, mut tokens) = (Stopwatch::start(), Ok(()), 0);
        generator.generate(ids_to_tensor(prompt, device), options, rng, |ids| {
            watch.token();
            tokens += 1;
            shown = ids.iter().try_for_each(|&id| show(stream.push(id)?));
            if shown.is_ok() { interrupt.go_on() } else { ControlFlow::Break(()) }
        })?;
        shown?;
        let ending = match interrupt.take() {
            true => Ending::Interrupted,
            false if tokens == options.max_new_tokens => *limit,
            false => Ending::Complete,
        };
        let written = watch.stop(prompt.len(), ending);
        writeln!(out)?;
        Ok((answer, written))
    }
}

/// The message as it stands in a task of this format, with its input.
fn with_input(format: PromptFormat, message: &str, input: &str) -> String {
    format.task(message, input)[format.task("", "").len()..].to_string()
}

/// Says what `/input` did.
fn note_input(text: &str) {
    note(&match text {
        "" => tr!("the next message has no input", "下一条消息没有输入"),
        _ => tr!("the next message has this input", "下一条消息带有这段输入"),
    });
}

/// Says how much of the conversation and of the message the model sees.
fn note_memory(prompt: &ChatPrompt, window: Window) {
    let ChatPrompt { ids, kept, dropped, left_out } = prompt;
    // A message that is too long takes the room of the answer too.
    let (used, room) = (ids.len(), window.room().max(ids.len()));
    if kept + dropped > 0 {
        note(&tr!(
            "{used} of {room} tokens; earlier turns: {kept} in them, {dropped} forgotten",
            "用了 {used}/{room} 个词元；之前的对话：保留 {kept} 轮，忘掉 {dropped} 轮"
        ));
    }
    if *left_out > 0 {
        let context = window.context_size;
        note(&tr!(
            "the message is too long for a context of {context} tokens; the model does not see its first {left_out}",
            "消息太长，超出了 {context} 个词元的上下文；模型看不到最前面的 {left_out} 个词元"
        ));
    }
}

#[cfg(test)]
mod tests {
    use ch02_text::Gpt2Tokenizer;
    use ch07_instruct::Entry;

    use super::*;

    /// Section 7.2: the prompt of an entry with an input.
    #[test]
    fn a_message_with_an_input_is_an_entry_with_an_input() {
        let tokenizer = Gpt2Tokenizer::new();
        for format in [PromptFormat::Alpaca, PromptFormat::Phi3] {
            for (instruction, input) in
                [("Edit the sentence.", "He go home."), ("What is rain?", ""), ("a\n\nb", "c\nd")]
            {
                let message = with_input(format, instruction, input);
                let window = Window { context_size: 1000, answer: 1 };
                let prompt = Conversation::new(format).prompt(&message, window, &tokenizer);
                let entry = format.format_input(&Entry::new(instruction, input, "")) + &format.format_response("");
                assert_eq!(tokenizer.decode(&prompt.ids).unwrap(), entry);
            }
        }
    }
}
