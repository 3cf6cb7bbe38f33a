//! Calls of the program `llm` whose outputs are recorded: the lines `%! llm: …` of a file `book/outputs/llm-NAME.txt`.

use anyhow::{Context, Result, bail};

/// The package of the program.
pub const PACKAGE: &str = "cli";

/// The program.
pub const NAME: &str = "llm";

/// How the names of such recordings begin.
const PREFIX: &str = "llm-";

/// Whether a recording of this name is one of the program, not of an example.
#[must_use]
pub fn is_recording(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// A call of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Its arguments as they are written.
    pub arguments: String,
    /// Its arguments as the program gets them.
    pub words: Vec<String>,
    /// What it reads from standard input, as written: `\n` is a line break.
    pub input: Option<String>,
    /// Whether its messages are recorded, too.
    pub with_stderr: bool,
    /// Whether it must fail.
    pub fails: bool,
    /// The lines that say all this, as written.
    pub lines: Vec<String>,
}

impl Call {
    /// A call with the arguments of a line `%! llm: …`.
    ///
    /// # Errors
    /// If a quotation mark is not closed.
    pub fn parse(line: &str, arguments: &str) -> Result<Self> {
        let words = shlex::split(arguments).with_context(|| format!("`{line}`: a quotation mark is not closed"))?;
        Ok(Self { arguments: arguments.to_string(), words, lines: vec![line.to_string()], ..Self::default() })
    }

    /// Adds what a line below it says.
    ///
    /// # Errors
    /// If nothing like that can be said.
    pub fn add(&mut self, line: &str, option: &str) -> Result<()> {
        match option {
            "with-stderr" => self.with_stderr = true,
            "fails" => self.fails = true,
            _ => match option.strip_prefix("input:") {
                Some(input) => self.input = Some(input.trim().to_string()),
                None => bail!(
                    "`{line}` is unknown; below `%! llm: …` there are `%! with-stderr`, `%! fails` and `%! input: …`"
                ),
            },
        }
        self.lines.push(line.to_string());
        Ok(())
    }

    /// The command as a reader types it.
    #[must_use]
    pub fn command(&self) -> String {
        let command = match self.arguments.as_str() {
            "" => "cargo run".to_string(),
            arguments => format!("cargo run -- {arguments}"),
        };
        match &self.input {
            Some(input) => format!("printf '{}\\n' | {command}", input.replace('\'', "'\\''")),
            None => command,
        }
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input_text(&self) -> String {
        self.input.as_ref().map_or_else(String::new, |input| input.replace("\\n", "\n") + "\n")
    }
}
