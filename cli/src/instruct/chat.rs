//! `llm instruct chat`.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use burn::tensor::Device;
use ch02_text::{END_OF_TEXT_ID, Gpt2Tokenizer};
use ch05_pretrain::stream::TextStream;
use ch05_pretrain::tokens::ids_to_tensor;
use ch05_pretrain::{GenerateOptions, Generator};
use ch07_instruct::chat::ChatPrompt;
use ch07_instruct::response::MAX_NEW_TOKENS;
use ch07_instruct::{Conversation, PromptFormat};
use shared::device::DeviceChoice;
use shared::rng::TorchRng;

use super::{open_text_model, prompt_format};
use crate::interrupt::Interrupt;
use crate::positive;
use crate::precision::WeightPrecision;

#[derive(clap::Args)]
pub struct Args {
    /// Folder with the fine-tuned model
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// How tasks are written: alpaca or phi3; by default as the model learnt them
    #[arg(long, value_name = "F")]
    format: Option<PromptFormat>,
    /// Most tokens of an answer; at most a quarter of the context
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = MAX_NEW_TOKENS)]
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
    /// Precision of the weights: less is faster, and the answers can differ. bf16 and int8 on the CPU, bf16 and f16 on
    /// graphics cards that have them
    #[arg(long, value_name = "P", value_enum, default_value = "f32")]
    weights: WeightPrecision,
    /// Where to compute: auto, cpu, ndarray, wgpu, vulkan, metal or cuda
    #[arg(long, value_name = "D", default_value = "auto")]
    device: DeviceChoice,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let device = args.device.open()?;
    let format = prompt_format(args.format, &args.model)?;
    let (_, model) = open_text_model(&args.model, &device)?;
    let generator = args.weights.generator(model, &device)?;
    let context = generator.model().context_length();
    let max_new_tokens = args.max_new_tokens.min((context / 4).max(1));
    let options = GenerateOptions {
        temperature: args.temperature,
        top_k: args.top_k,
        eos_id: Some(END_OF_TEXT_ID),
        ..GenerateOptions::greedy(max_new_tokens, context)
    };
    let room = context - max_new_tokens;
    writeln!(
        stdout(),
        "The model sees {context} tokens: {room} for your message and what was said before, {max_new_tokens} for its \
         answer. The oldest turns are forgotten when they no longer fit. An empty line is skipped; /new forgets \
         everything, /quit or Ctrl-D ends."
    )?;
    let interrupt = Interrupt::watch()?;
    let rng = TorchRng::new(args.seed);
    Chat { generator, format, options, room, device, rng, interrupt, tokenizer: Gpt2Tokenizer::new() }.talk()
}

struct Chat {
    generator: Generator,
    format: PromptFormat,
    options: GenerateOptions,
    /// Tokens for the prompt.
    room: usize,
    device: Device,
    rng: TorchRng,
    interrupt: Interrupt,
    tokenizer: Gpt2Tokenizer,
}

impl Chat {
    fn talk(mut self) -> Result<ExitCode> {
        let mut conversation = Conversation::new(self.format);
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
                    tell(&prompt, self.room)?;
                    let answer = self.answer(&prompt.ids)?;
                    conversation.push(message, &answer);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Shows the answer while it is written. Ctrl-C ends it early; what is there counts.
    fn answer(&mut self, prompt: &[u32]) -> Result<String> {
        let Self { generator, options, device, rng, interrupt, tokenizer, .. } = self;
        let mut out = stdout().lock();
        let mut stream = TextStream::new(tokenizer);
        let mut answer = String::new();
        let mut show = |piece: String| -> Result<()> {
            // A blank in front belongs to the format, not to the answer.
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

/// How much of the past the model sees.
fn tell(prompt: &ChatPrompt, room: usize) -> Result<()> {
    let ChatPrompt { ids, kept, dropped } = prompt;
    if kept + dropped > 0 {
        let used = ids.len();
        writeln!(stdout(), "[{used} of {room} tokens; earlier turns: {kept} in them, {dropped} forgotten]")?;
    }
    Ok(())
}
