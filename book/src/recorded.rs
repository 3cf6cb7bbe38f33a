//! A recorded output, `book/outputs/NAME.txt`: what an example, or the program `llm`, printed, in parts.
//!
//! `%! needs-data` and `%! args: …` at the top say how an example is run, `%! avx2` there that it was recorded on a processor without
//! AVX-512, `%% name` begins a part, and `%~ ` stands before a
//! line whose digits differ from run to run.
//!
//! In `llm-NAME.txt` each line `%! llm: …` gives the arguments of a call, and what it prints follows. `%! with-stderr`,
//! `%! fails` and `%! input: …` below it say more; `%! lang: zh` and `%! slow` at the top hold for the whole file.

use anyhow::{Context, Result, bail};

use crate::language::Language;
use crate::problem::suggestion;
use crate::program::{self, Call};
use crate::project::{Project, names, read};

/// A recorded output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Whether the book's data are needed.
    pub needs_data: bool,
    /// Whether it is run only when it is named, because it takes minutes.
    pub slow: bool,
    /// Whether it was recorded on a processor without AVX-512: last digits may differ on every other.
    pub avx2: bool,
    /// In which language the program speaks; English if nothing is said.
    pub language: Option<Language>,
    /// What follows `--` in an example's command.
    pub args: Vec<String>,
    /// The lines of the head, as written.
    pub head: Vec<String>,
    /// What was printed, with the marks.
    pub lines: Vec<Entry>,
}

/// A line of a recorded output below its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A call of the program.
    Call(Call),
    /// A part begins.
    Part(String),
    /// A line that was printed.
    Printed {
        /// The line.
        text: String,
        /// Whether its digits differ from run to run.
        varies: bool,
    },
}

/// What one call, or an example, printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// The call; an example has none.
    pub call: Option<&'a Call>,
    /// What it printed.
    pub text: String,
}

/// The line that stands where parts were left out.
const LEFT_OUT: &str = "…";

impl Recorded {
    /// The recorded output of an example or of the program.
    ///
    /// # Errors
    /// If there is none, or it is wrong.
    pub fn of(project: &Project, name: &str) -> Result<Self> {
        let file = project.outputs().join(format!("{name}.txt"));
        if !file.is_file() {
            let all = names(&project.outputs())?;
            let known: Vec<&str> = all.iter().filter_map(|name| name.strip_suffix(".txt")).collect();
            bail!("no output {}{}", project.relative(&file), suggestion(name, &known));
        }
        Self::parse(name, &read(&file)?).with_context(|| project.relative(&file))
    }

    /// Reads the text of the recording of this name.
    ///
    /// # Errors
    /// If a mark is unknown, or does not belong there, or a part has the name of another.
    pub fn parse(name: &str, text: &str) -> Result<Self> {
        let mut recorded = Self::default();
        for line in text.lines() {
            if let Some(option) = line.strip_prefix("%!") {
                recorded.option(line, option.trim())?;
            } else if let Some(name) = line.strip_prefix("%% ") {
                let name = name.trim().to_string();
                if recorded.parts().contains(&name.as_str()) {
                    bail!("two parts are called `{name}`");
                }
                recorded.lines.push(Entry::Part(name));
            } else {
                let varies = line.strip_prefix("%~ ").or_else(|| (line == "%~").then_some(""));
                let text = varies.unwrap_or(line).to_string();
                recorded.lines.push(Entry::Printed { text, varies: varies.is_some() });
            }
        }
        recorded.verify(program::is_recording(name))?;
        Ok(recorded)
    }

    /// A line `%! …`.
    fn option(&mut self, line: &str, option: &str) -> Result<()> {
        if let Some(arguments) = option.strip_prefix("llm:") {
            self.lines.push(Entry::Call(Call::parse(line, arguments.trim())?));
            return Ok(());
        }
        match self.lines.last_mut() {
            None => {}
            Some(Entry::Call(call)) => return call.add(line, option),
            Some(_) => bail!("`{line}` belongs to the top, or below `%! llm: …`"),
        }
        match option.split_once(':') {
            None if option == "needs-data" => self.needs_data = true,
            None if option == "slow" => self.slow = true,
            None if option == "avx2" => self.avx2 = true,
            Some(("args", args)) => self.args = args.split_whitespace().map(String::from).collect(),
            Some(("lang", folder)) if Language::of_folder(folder.trim()).is_some() => {
                self.language = Language::of_folder(folder.trim());
            }
            _ => bail!(
                "`{line}` is unknown; there are `%! needs-data`, `%! args: …`, `%! avx2` and, for the program, `%! llm: …`, `%! lang: zh`, \
                 `%! slow`"
            ),
        }
        self.head.push(line.to_string());
        Ok(())
    }

    /// Whether it is of the form that its name says.
    fn verify(&self, of_program: bool) -> Result<()> {
        let runs = self.runs();
        let has_calls = runs.len() > 1;
        match (of_program, has_calls) {
            (true, false) => bail!("it has no call: `%! llm: tokenizer encode \"some text\"`"),
            (false, true) => bail!("calls of the program belong into a file `llm-NAME.txt`"),
            (true, true) if !runs[0].1.is_empty() => bail!("what is printed belongs below `%! llm: …`"),
            (true, true) if !self.args.is_empty() => {
                bail!("the arguments belong into `%! llm: …`, not into `%! args: …`")
            }
            _ => {}
        }
        for (_, run) in &runs[..runs.len() - 1] {
            if let Some(Entry::Part(name)) = run.last() {
                bail!("the mark `%% {name}` belongs below a call");
            }
        }
        Ok(())
    }

    /// What each call printed, with the marks. What stands before the first call comes first; it is all that an example has.
    #[must_use]
    pub fn runs(&self) -> Vec<(Option<&Call>, &[Entry])> {
        let (mut runs, mut call, mut rest) = (Vec::new(), None, &self.lines[..]);
        loop {
            let end = rest.iter().position(|entry| matches!(entry, Entry::Call(_))).unwrap_or(rest.len());
            let (run, after) = rest.split_at(end);
            runs.push((call, run));
            let Some((Entry::Call(next), after)) = after.split_first() else { return runs };
            (call, rest) = (Some(next), after);
        }
    }

    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let lines = self.lines.iter().map(|line| match line {
            Entry::Call(call) => call.lines.join("\n"),
            Entry::Part(name) => format!("%% {name}"),
            Entry::Printed { text, varies: true } => format!("%~ {text}"),
            Entry::Printed { text, varies: false } => text.clone(),
        });
        self.head.iter().cloned().chain(lines).map(|line| line + "\n").collect()
    }

    /// What was printed, where the program itself prints the marks of the parts.
    #[must_use]
    pub fn with_marks_as_lines(&self) -> Vec<Entry> {
        let as_line = |entry: &Entry| match entry {
            Entry::Part(name) => Entry::Printed { text: format!("%% {name}"), varies: false },
            other => other.clone(),
        };
        self.lines.iter().map(as_line).collect()
    }

    /// The names of the parts, in order.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let names = self.lines.iter().filter_map(|line| match line {
            Entry::Part(name) => Some(name.as_str()),
            Entry::Call(_) | Entry::Printed { .. } => None,
        });
        names.collect()
    }

    /// What was printed: all of it, or ranges from one part to the end of another. What is left out between them is marked.
    ///
    /// # Errors
    /// If there is no such part, or one does not follow the other.
    pub fn shown(&self, parts: &[(String, String)]) -> Result<Vec<Shown<'_>>> {
        let mut is_shown = vec![parts.is_empty(); self.lines.len()];
        let mut end = 0;
        for (first, last) in parts {
            let (start, last_end) = (self.part(first)?.start, self.part(last)?.end);
            if last_end <= start {
                bail!("the part `{last}` comes before `{first}`");
            }
            if start < end {
                bail!("the part `{first}` does not follow those before it");
            }
            end = last_end;
            is_shown[start..end].fill(true);
        }
        let (mut shown, mut start) = (Vec::new(), 0);
        for (call, run) in self.runs() {
            let (mut lines, mut is_cut) = (Vec::new(), false);
            for (entry, is_shown) in run.iter().zip(&is_shown[start..]) {
                match entry {
                    Entry::Printed { text, .. } if *is_shown => {
                        if is_cut && !lines.is_empty() {
                            lines.push(LEFT_OUT);
                        }
                        is_cut = false;
                        lines.push(text);
                    }
                    Entry::Printed { .. } => is_cut = true,
                    _ => {}
                }
            }
            let text = lines.join("\n").trim_matches('\n').to_string();
            if !text.is_empty() {
                shown.push(Shown { call, text });
            }
            // A call stands between two runs.
            start += run.len() + 1;
        }
        Ok(shown)
    }

    /// What was printed in one part.
    ///
    /// # Errors
    /// If there is no such part.
    pub fn part_text(&self, name: &str) -> Result<String> {
        let lines = self.lines[self.part(name)?].iter().filter_map(|entry| match entry {
            Entry::Printed { text, .. } => Some(text.as_str()),
            Entry::Part(_) | Entry::Call(_) => None,
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    /// The lines of a part, with its mark. It ends at the next mark or call.
    fn part(&self, name: &str) -> Result<std::ops::Range<usize>> {
        let Some(start) = self.lines.iter().position(|line| *line == Entry::Part(name.to_string())) else {
            bail!("no part `{name}`{}", suggestion(name, &self.parts()));
        };
        let is_end = |line: &Entry| !matches!(line, Entry::Printed { .. });
        let length = self.lines[start + 1..].iter().position(is_end).unwrap_or(self.lines.len() - start - 1);
        Ok(start..start + 1 + length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "%! needs-data\n%! args: --steps 2\nhead\n%% one\n1\n\n%% two\n%~ took 3 s\n4\n%% three\n5\n";

    const CALLS: &str = "%! slow\n%! lang: zh\n%! llm: pretrain\na\n%% end\nb\n%! llm: generate --prompt \"A b\"\n%! with-stderr\n\
                         %! input: x\\ny\n%% text\nc\n%% rest\nd\n%% last\ne\n";

    fn ranges(parts: &[(&str, &str)]) -> Vec<(String, String)> {
        parts.iter().map(|(first, last)| ((*first).to_string(), (*last).to_string())).collect()
    }

    fn texts(recorded: &Recorded, parts: &[(&str, &str)]) -> Vec<String> {
        recorded.shown(&ranges(parts)).unwrap().into_iter().map(|shown| shown.text).collect()
    }

    #[test]
    fn parts_are_shown_without_marks() {
        let recorded = Recorded::parse("3_5", FILE).unwrap();
        assert!(recorded.needs_data);
        assert_eq!(recorded.args, ["--steps", "2"]);
        assert_eq!(recorded.parts(), ["one", "two", "three"]);
        assert_eq!(texts(&recorded, &[("one", "one")]), ["1"]);
        assert_eq!(texts(&recorded, &[("one", "two")]), ["1\n\ntook 3 s\n4"]);
        assert_eq!(texts(&recorded, &[("one", "one"), ("three", "three")]), ["1\n\n…\n5"]);
        assert_eq!(texts(&recorded, &[("one", "one"), ("two", "two")]), ["1\n\ntook 3 s\n4"], "nothing left out");
        assert_eq!(texts(&recorded, &[]), ["head\n1\n\ntook 3 s\n4\n5"]);
        assert_eq!(recorded.to_text(), FILE);
    }

    #[test]
    fn calls_have_arguments_options_and_outputs() {
        let recorded = Recorded::parse("llm-x", CALLS).unwrap();
        assert_eq!((recorded.slow, recorded.language), (true, Some(Language::Chinese)));
        assert_eq!(recorded.to_text(), CALLS);
        let runs = recorded.runs();
        assert_eq!(runs.iter().map(|(_, run)| run.len()).collect::<Vec<_>>(), [0, 3, 6]);
        let call = runs[2].0.unwrap();
        assert_eq!(call.words, ["generate", "--prompt", "A b"]);
        assert!(call.with_stderr && !call.fails);
        assert_eq!(call.input_text(), "x\ny\n");
        assert_eq!(call.command(), "printf 'x\\ny\\n' | cargo run -- generate --prompt \"A b\"");
        assert_eq!(texts(&recorded, &[("end", "end")]), ["b"], "a part ends with its call");
        assert_eq!(texts(&recorded, &[("text", "text"), ("last", "last")]), ["c\n…\ne"]);
        assert_eq!(texts(&recorded, &[("end", "end"), ("last", "last")]), ["b", "e"]);
        assert_eq!(texts(&recorded, &[]), ["a\nb", "c\nd\ne"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text| Recorded::parse("3_5", text).unwrap_err().to_string();
        assert!(
            error("%! data\n")
                .starts_with("`%! data` is unknown; there are `%! needs-data`, `%! args: …`, `%! avx2` and")
        );
        assert!(Recorded::parse("3_5", "%! avx2\nx\n").unwrap().avx2);
        assert!(error("%! lang: fr\n").starts_with("`%! lang: fr` is unknown"));
        assert_eq!(error("x\n%! needs-data\n"), "`%! needs-data` belongs to the top, or below `%! llm: …`");
        assert_eq!(error("%% a\n%% a\n"), "two parts are called `a`");
        assert_eq!(error("%! llm: info\n"), "calls of the program belong into a file `llm-NAME.txt`");
        let error = |text| Recorded::parse("llm-x", text).unwrap_err().to_string();
        assert_eq!(error("x\n"), "it has no call: `%! llm: tokenizer encode \"some text\"`");
        assert_eq!(error("x\n%! llm: info\n"), "what is printed belongs below `%! llm: …`");
        assert_eq!(error("%! llm: info\n%% x\n%! llm: info\n"), "the mark `%% x` belongs below a call");
        assert_eq!(error("%! llm: info \"\n"), "`%! llm: info \"`: a quotation mark is not closed");
        assert!(error("%! llm: info\n%! slow\n").starts_with("`%! slow` is unknown; below `%! llm: …` there are"));
        let recorded = Recorded::parse("3_5", FILE).unwrap();
        let error = |parts: &[(&str, &str)]| recorded.shown(&ranges(parts)).unwrap_err().to_string();
        assert_eq!(error(&[("thre", "thre")]), "no part `thre`; did you mean `three`?");
        assert_eq!(error(&[("two", "one")]), "the part `one` comes before `two`");
        assert_eq!(error(&[("two", "two"), ("one", "one")]), "the part `one` does not follow those before it");
    }
}
