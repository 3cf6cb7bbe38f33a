//! The lines of a chat: typed in a terminal, or read from a file or another program.

use std::io::{self, ErrorKind, IsTerminal, StdinLock, Write, stderr, stdin};

use anyhow::Result;
use shared::text::{self, Lines};

use super::chat_line::{Begun, ChatLine};
use crate::terminal::{Interrupt, tr};

/// Standard input, message by message.
pub struct ChatInput {
    lines: Lines<StdinLock<'static>>,
    in_terminal: bool,
    interrupt: Interrupt,
    /// Whether a message can have an input, as the tasks of chapter 7 have.
    takes_input: bool,
}

/// What comes next.
pub enum Next {
    /// A line, or several in quotation marks.
    Line(ChatLine),
    /// A line that is no text. It does not end the conversation.
    NoText(io::Error),
    /// Quotation marks that nothing closes; what follows them is no message.
    Unclosed,
    /// Nothing more.
    End,
}

impl ChatInput {
    /// While a line is awaited, Ctrl-C ends the program; `interrupt` is not pressed afterwards.
    pub fn new(interrupt: Interrupt, takes_input: bool) -> Self {
        Self { lines: text::lines(stdin().lock()), in_terminal: stdin().is_terminal(), interrupt, takes_input }
    }

    /// Whether somebody types.
    pub fn in_terminal(&self) -> bool {
        self.in_terminal
    }

    /// Waits for the next line. In a terminal, a prompt asks for it.
    pub fn next(&mut self) -> Result<Next> {
        self.interrupt.let_through();
        let next = self.read();
        self.interrupt.take();
        next
    }

    fn read(&mut self) -> Result<Next> {
        self.ask(&tr!("\nyou> ", "\n你> "));
        let mut begun = match self.lines.next() {
            Some(line) => line.map(|line| Begun::of(&line, self.takes_input)),
            None => {
                // The prompt of the shell gets a line of its own.
                self.ask("\n");
                return Ok(Next::End);
            }
        };
        loop {
            let block = match begun {
                Ok(Begun::Whole(line)) => return Ok(Next::Line(line)),
                Ok(Begun::Open(block)) => block,
                Err(error) if error.kind() == ErrorKind::InvalidData => return Ok(Next::NoText(error)),
                Err(error) => return Err(error.into()),
            };
            self.ask("...> ");
            begun = match self.lines.next() {
                Some(line) => line.map(|line| block.with(&line)),
                None => {
                    self.ask("\n");
                    return Ok(Next::Unclosed);
                }
            };
        }
    }

    /// Shows this where somebody types. Answers alone go to standard output.
    fn ask(&self, prompt: &str) {
        if self.in_terminal {
            let _ = write!(stderr(), "{prompt}");
        }
    }
}

/// What is said about a line that is no text.
pub fn no_text(error: &io::Error) -> String {
    tr!("the line is {error}", "这一行无法读取：{error}")
}

/// What is said about quotation marks that nothing closes.
pub fn unclosed() -> String {
    tr!(
        "the text after \"\"\" has no end, and is no message; end it with \"\"\"",
        "\"\"\" 之后的文本没有结束，不算消息；请用 \"\"\" 结束"
    )
}

/// What the commands of a chat are.
pub fn help(takes_input: bool) -> String {
    let input = match takes_input {
        true => tr!(
            " /input TEXT gives the next message an input, as tasks have that work on a text; /input takes it back;",
            "/input 文本 给下一条消息加上输入（任务要处理的文本），/input 取消输入；"
        ),
        false => String::new(),
    };
    tr!(
        "An empty line is skipped;{input} /new forgets everything, /help shows this, /quit or Ctrl-D ends; a message of \
         several lines stands between \"\"\" and \"\"\"; one that begins with / needs a space in front.",
        "空行会被跳过；{input}/new 忘掉之前的对话，/help 显示这段说明，/quit 或 Ctrl-D 结束；多行消息写在 \"\"\" 和 \"\"\" 之间；\
         以 / 开头的消息，请在前面加一个空格。"
    )
}

/// What is said about a command that there is not.
pub fn unknown(command: &str, takes_input: bool) -> String {
    tr!("there is no command {command}. {}", "没有命令 {command}。{}", help(takes_input))
}

/// What is said after `/new`.
pub fn forgotten() -> String {
    tr!("everything is forgotten", "之前的对话已忘掉")
}

/// Says something that is no answer.
pub fn note(what: &str) {
    crate::terminal::warn(format_args!("[{what}]"));
}
