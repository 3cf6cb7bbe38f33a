//! `llm chat`: a conversation with a model after GPT-2, in the words of its own template.
//!
//! The answers go to standard output, everything else to standard error.

mod answer;
mod history;
mod sampling;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use model_files::is_classifier;
use model_text::{ChatTemplate, ModelTokenizer};
use pretrained::Pretrained;
use shared::rng::TorchRng;

use self::answer::Speaker;
use self::history::{History, Prompt, Window};
use self::sampling::{ChatSamplingArgs, answer_options, described};
use super::chat_input::{ChatInput, Next, forgotten, help, no_text, note, unclosed, unknown};
use super::chat_line::ChatLine;
use crate::llama;
use crate::model_hints::quoted;
use crate::options::{TypedText, WeightsArgs, typed_text};
use crate::terminal::{Interrupt, command, grouped, positive, tr, warn};
use crate::writing::Ending;

#[derive(clap::Args)]
#[command(allow_negative_numbers = true)]
pub struct Args {
    /// The model: a Llama, Qwen3 or Gemma 3, as a folder from Hugging Face or a .gguf file
    #[arg(long, value_name = "PATH")]
    model: PathBuf,
    /// What the model is told before the conversation [default: what its template says]
    #[arg(long, value_name = "TEXT", value_parser = typed_text)]
    system: Option<TypedText>,
    /// Let the model think before it answers, if it can (Qwen3); its thoughts are shown
    #[arg(long)]
    think: bool,
    /// Maximum number of tokens in an answer; at most a quarter of the context
    #[arg(long, value_name = "N", value_parser = positive, default_value_t = 1024)]
    max_new_tokens: usize,
    #[command(flatten)]
    sampling: ChatSamplingArgs,
    #[command(flatten)]
    weights: WeightsArgs,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let precision = args.weights.precision.on_cpu()?;
    let path = args.model.as_path();
    ensure_llama(path)?;
    let system = args.system.map(given).transpose()?;
    let Pretrained { config, model: generator, tokenizer, template, stop_ids, sampling, .. } =
        llama::open_generator(path, precision)?;
    let (tokenizer, template) = words(path, tokenizer, template)?;
    let answer = args.max_new_tokens.min((config.context_length / 4).max(1));
    let sampling = args.sampling.or(sampling);
    let options = answer_options(sampling, answer, stop_ids);
    options.check(config.vocab_size)?;
    let window = Window { context_length: config.context_length, answer };
    let limit = if answer < args.max_new_tokens { Ending::Share } else { Ending::Length };
    let mut history = History::new(&tokenizer, &template, system, args.think, window);
    ensure_room(&mut history).with_context(|| path.display().to_string())?;
    if args.think && !history.can_think()? {
        warn(tr!(
            "note: the template of {} knows no thinking, so --think changes nothing",
            "注意：{} 的对话模板没有思考功能，--think 不起作用",
            path.display()
        ));
    }
    let interrupt = Interrupt::watch()?;
    warn(format_args!("{} {}\n{}", sizes(window), described(sampling), help(false)));
    let rng = TorchRng::new(args.sampling.seed);
    let speaker = Speaker { generator, tokenizer: &tokenizer, options, rng, interrupt, limit };
    Chat { speaker, history }.talk()
}

/// A system text; standard input has the messages.
fn given(system: TypedText) -> Result<String> {
    match system {
        TypedText::Given(text) => Ok(text),
        TypedText::StandardInput => bail!(tr!(
            "standard input has the messages, so it cannot have the system text too; use --system \"$(cat FILE)\"",
            "标准输入用于消息，不能同时用于系统文本；请用 --system \"$(cat 文件)\""
        )),
    }
}

/// The tokenizer and the template of a model that talks.
fn words(
    path: &Path,
    tokenizer: Option<ModelTokenizer>,
    template: Option<ChatTemplate>,
) -> Result<(ModelTokenizer, ChatTemplate)> {
    let tokenizer = tokenizer.ok_or_else(|| llama::no_tokenizer(path))?;
    let template = template.ok_or_else(|| {
        let shown = path.display();
        let generate = command(format_args!("generate --model {} --prompt TEXT", quoted(path)));
        anyhow!(tr!(
            "there is no chat template in {shown}, so its model holds no conversations; let it continue a text: \
             `{generate}`",
            "{shown} 中没有对话模板，因此模型不能对话；可以让它续写文本：`{generate}`"
        ))
    })?;
    Ok((tokenizer, template))
}

/// Fails for anything but a model after GPT-2, and says what does talk with it.
fn ensure_llama(path: &Path) -> Result<()> {
    if llama::is_llama(path) {
        return Ok(());
    }
    let shown = path.display();
    if !path.exists() {
        bail!(tr!("there is no {shown}; name a model with --model", "没有 {shown}；请用 --model 指定一个模型"));
    }
    if is_classifier(path) {
        let predict = command(format_args!("classify predict --model {}", quoted(path)));
        bail!(tr!(
            "{shown} holds a classifier, which does not talk; let it classify messages with `{predict}`",
            "{shown} 中是分类器，不能对话；请用 `{predict}` 让它给消息分类"
        ));
    }
    let chat = command(format_args!("instruct chat --model {}", quoted(path)));
    bail!(tr!(
        "{shown} holds no Llama, Qwen3 or Gemma 3; `{chat}` talks with a model of chapter 7",
        "{shown} 中没有 Llama、Qwen3 或 Gemma 3；与第 7 章的模型对话请用 `{chat}`"
    ));
}

/// Fails if there is no room for any message, or the template refuses to begin a conversation.
fn ensure_room(history: &mut History<'_>) -> Result<()> {
    if let Prompt::TooLong { tokens, allowed } = history.prompt("?")? {
        bail!(tr!(
            "without a message the conversation has {tokens} tokens already, but there is room for {allowed}; shorten \
             --system",
            "还没有消息，对话就已经有 {tokens} 个词元，而最多只能有 {allowed} 个；请缩短 --system"
        ));
    }
    Ok(())
}

fn sizes(window: Window) -> String {
    let [context, room, answer] = [window.context_length, window.room(), window.answer].map(grouped);
    tr!(
        "The model sees {context} tokens: {room} for your message and what was said before, {answer} for its answer. The \
         oldest turns are forgotten when they no longer fit. Ctrl-C ends an answer, and between answers the program.",
        "模型能看到 {context} 个词元：你的消息和之前的对话占 {room} 个，回答占 {answer} 个。放不下时，最早的几轮对话会被遗忘。\
         回答时按 Ctrl-C 结束回答，其余时候结束程序。"
    )
}

struct Chat<'m> {
    speaker: Speaker<'m>,
    history: History<'m>,
}

impl Chat<'_> {
    fn talk(mut self) -> Result<ExitCode> {
        let mut input = ChatInput::new(self.speaker.interrupt.clone(), false);
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
                ChatLine::Help => note(&help(false)),
                ChatLine::Forget => {
                    self.history.clear();
                    note(&forgotten());
                }
                ChatLine::Input(command) | ChatLine::Unknown(command) => note(&unknown(&command, false)),
                ChatLine::Message(message) => {
                    let is_stopped = self.reply(&message)?;
                    // Nobody can take the next message back.
                    if is_stopped && !input.in_terminal() {
                        return Ok(ExitCode::from(130));
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Answers a message, unless it is too long. Returns whether Ctrl-C has ended the answer; what there is of it counts.
    fn reply(&mut self, message: &str) -> Result<bool> {
        let ids = match self.history.prompt(message)? {
            Prompt::TooLong { tokens, allowed } => {
                note(&tr!(
                    "the message is too long: with it the model would read {tokens} tokens, but there is room for \
                     {allowed}; shorten it",
                    "消息太长：模型要读 {tokens} 个词元，而最多只能有 {allowed} 个；请缩短消息"
                ));
                return Ok(false);
            }
            Prompt::Fits { ids, forgotten } => {
                if forgotten > 0 {
                    note_forgotten(forgotten, self.history.len());
                }
                ids
            }
        };
        let answer = self.speaker.answer(&ids)?;
        self.speaker.interrupt.take();
        warn(answer.written.summary());
        self.history.push(message, &answer.text);
        Ok(answer.written.ending == Ending::Interrupted)
    }
}

fn note_forgotten(forgotten: usize, kept: usize) {
    note(&tr!(
        "the context is full: the oldest turns are forgotten ({forgotten}), the later ones kept ({kept})",
        "上下文已满：忘掉最早的 {forgotten} 轮对话，保留之后的 {kept} 轮"
    ));
}
