//! How fast a text was written, and why it ended: what is said after every text of a model.

use std::time::{Duration, Instant};

use fast::Finish;

use crate::terminal::{grouped, tr};

/// Why there is no more text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The model ended it.
    Complete,
    /// It has as many tokens as `--max-new-tokens` allows.
    Length,
    /// It has as many tokens as a conversation with this context allows, which are fewer than `--max-new-tokens`.
    Share,
    /// The context of so many tokens is full.
    ContextFull(usize),
    /// Ctrl-C.
    Interrupted,
}

impl Ending {
    /// As a generator says it, whose context has this length.
    pub fn of(finish: Finish, context_length: usize) -> Self {
        match finish {
            Finish::Stop(_) => Self::Complete,
            Finish::Length => Self::Length,
            Finish::ContextFull => Self::ContextFull(context_length),
            Finish::Interrupted => Self::Interrupted,
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Complete => tr!("the model ended the text", "模型结束了文本"),
            Self::Length => tr!("cut off at --max-new-tokens", "达到 --max-new-tokens，已截断"),
            Self::Share => tr!("cut off at a quarter of the context", "达到上下文的四分之一，已截断"),
            Self::ContextFull(length) => {
                tr!("cut off because the context of {length} tokens is full", "{length} 个词元的上下文已满，已截断")
            }
            Self::Interrupted => tr!("stopped with Ctrl-C", "已用 Ctrl-C 停止"),
        }
    }

    /// As OpenAI's API calls it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Complete => "stop",
            Self::Length | Self::Share | Self::ContextFull(_) => "length",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Takes the time while a text is written.
pub struct Stopwatch {
    start: Instant,
    first: Option<Instant>,
    tokens: usize,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { start: Instant::now(), first: None, tokens: 0 }
    }

    /// A token was chosen.
    pub fn token(&mut self) {
        self.first.get_or_insert_with(Instant::now);
        self.tokens += 1;
    }

    /// The text has ended; before its first token the model has read `read` tokens.
    pub fn stop(self, read: usize, ending: Ending) -> Written {
        let Self { start, first, tokens } = self;
        let end = Instant::now();
        let first = first.unwrap_or(end);
        Written { read, reading: first - start, tokens, writing: end - first, ending }
    }
}

/// How a text was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Tokens that were read, and the time until the first new one.
    read: usize,
    reading: Duration,
    /// New tokens, and the time after the first of them.
    tokens: usize,
    writing: Duration,
    pub ending: Ending,
}

impl Written {
    /// Tokens that were computed in the time after the first: the one that ends a text is computed as well.
    fn steps(&self) -> usize {
        (self.tokens + usize::from(self.ending == Ending::Complete)).saturating_sub(1)
    }

    /// The line for people.
    pub fn summary(&self) -> String {
        let Self { read, reading, tokens, writing, ending } = *self;
        let count = counted(tokens);
        let speed = speed(self.steps(), writing);
        let (read, reading, ending) = (grouped(read), reading.as_secs_f64(), ending.describe());
        tr!(
            "[{count}{speed}, after reading {read} in {reading:.2} s; {ending}]",
            "[{count}{speed}；此前读取 {read} 个，用时 {reading:.2} 秒；{ending}]"
        )
    }
}

/// How several texts were written.
#[derive(Clone, Copy, Debug, Default)]
pub struct AllWritten {
    texts: usize,
    tokens: usize,
    steps: usize,
    writing: Duration,
    complete: usize,
}

impl AllWritten {
    pub fn add(&mut self, text: &Written) {
        self.texts += 1;
        self.tokens += text.tokens;
        self.steps += text.steps();
        self.writing += text.writing;
        self.complete += usize::from(text.ending == Ending::Complete);
    }

    /// The line for people.
    pub fn summary(&self) -> String {
        let Self { texts, tokens, steps, writing, complete } = *self;
        let (count, speed) = (counted(tokens), speed(steps, writing));
        let cut = texts - complete;
        tr!(
            "[{count}{speed}; {complete} of {texts} texts ended by the model, {cut} cut off]",
            "[{count}{speed}；{texts} 段文本中，{complete} 段由模型结束，{cut} 段被截断]"
        )
    }
}

fn counted(tokens: usize) -> String {
    let ending = if tokens == 1 { "" } else { "s" };
    let tokens = grouped(tokens);
    tr!("{tokens} token{ending}", "{tokens} 个词元")
}

/// Nothing if there was nothing to measure.
fn speed(steps: usize, time: Duration) -> String {
    if steps == 0 {
        return String::new();
    }
    let speed = steps as f64 / time.as_secs_f64().max(1e-9);
    tr!(", {speed:.1} per second", "，每秒 {speed:.1} 个")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(tokens: usize, ending: Ending) -> Written {
        let (reading, writing) = (Duration::from_millis(250), Duration::from_secs(2));
        Written { read: 1234, reading, tokens, writing, ending }
    }

    /// The first token belongs to the time of reading.
    #[test]
    fn the_speed_is_that_of_the_tokens_after_the_first() {
        for (tokens, ending, expected) in [
            (
                11,
                Ending::Length,
                "[11 tokens, 5.0 per second, after reading 1,234 in 0.25 s; cut off at --max-new-tokens]",
            ),
            (
                10,
                Ending::Complete,
                "[10 tokens, 5.0 per second, after reading 1,234 in 0.25 s; the model ended the text]",
            ),
            (1, Ending::Interrupted, "[1 token, after reading 1,234 in 0.25 s; stopped with Ctrl-C]"),
            (0, Ending::Complete, "[0 tokens, after reading 1,234 in 0.25 s; the model ended the text]"),
            (
                3,
                Ending::ContextFull(128),
                "[3 tokens, 1.0 per second, after reading 1,234 in 0.25 s; cut off because the context of 128 tokens is full]",
            ),
        ] {
            assert_eq!(written(tokens, ending).summary(), expected);
        }
    }

    #[test]
    fn several_texts_are_added_up() {
        let mut all = AllWritten::default();
        all.add(&written(11, Ending::Length));
        all.add(&written(10, Ending::Complete));
        assert_eq!(all.summary(), "[21 tokens, 5.0 per second; 1 of 2 texts ended by the model, 1 cut off]");
    }

    #[test]
    fn the_watch_counts_tokens() {
        let mut watch = Stopwatch::start();
        (0..3).for_each(|_| watch.token());
        let written = watch.stop(7, Ending::Length);
        assert_eq!((written.tokens, written.steps(), written.read), (3, 2, 7));
    }
}
