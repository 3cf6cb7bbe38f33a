//! The lines of a chat: typed in a terminal, or read from a file or another program.

use std::io::{self, ErrorKind, IsTerminal, StdinLock, Write, stdin, stdout};

use anyhow::Result;
use shared::text::{self, Lines};

use crate::terminal::{Interrupt, tr};

/// Standard input, line by line.
pub struct ChatInput {
    lines: Lines<StdinLock<'static>>,
    in_terminal: bool,
    interrupt: Interrupt,
}

/// What comes next.
pub enum Next {
    /// A line.
    Line(String),
    /// A line that is no text. It does not end the conversation.
    NoText(io::Error),
    /// Nothing more.
    End,
}

impl ChatInput {
    /// While a line is awaited, Ctrl-C ends the program; `interrupt` is not pressed afterwards.
    pub fn new(interrupt: Interrupt) -> Self {
        Self { lines: text::lines(stdin().lock()), in_terminal: stdin().is_terminal(), interrupt }
    }

    /// Whether somebody types.
    pub fn in_terminal(&self) -> bool {
        self.in_terminal
    }

    /// Waits for the next line. In a terminal, a prompt asks for it.
    pub fn next(&mut self) -> Result<Next> {
        if self.in_terminal {
            write!(stdout(), "\n{}", tr!("you> ", "你> "))?;
            stdout().flush()?;
        }
        self.interrupt.let_through();
        let next = match self.lines.next() {
            Some(Ok(line)) => Next::Line(line),
            Some(Err(error)) if error.kind() == ErrorKind::InvalidData => Next::NoText(error),
            Some(Err(error)) => return Err(error.into()),
            None => Next::End,
        };
        // The prompt of the shell gets a line of its own.
        if self.in_terminal && matches!(next, Next::End) {
            writeln!(stdout())?;
        }
        self.interrupt.take();
        Ok(next)
    }
}

/// What is said about a line that is no text.
pub fn no_text(error: &io::Error) -> String {
    tr!("the line is {error}", "这一行无法读取：{error}")
}

/// What the commands of a chat are.
pub fn help() -> String {
    tr!(
        "An empty line is skipped; /new forgets everything, /help shows this, /quit or Ctrl-D ends; a message that \
         begins with / needs a space in front.",
        "空行会被跳过；/new 忘掉之前的对话，/help 显示这段说明，/quit 或 Ctrl-D 结束；以 / 开头的消息，请在前面加一个空格。"
    )
}

/// What is said about a command that there is not.
pub fn unknown(command: &str) -> String {
    tr!("there is no command {command}. {}", "没有命令 {command}。{}", help())
}

/// What is said after `/new`.
pub fn forgotten() -> String {
    tr!("everything is forgotten", "之前的对话已忘掉")
}
