//! `llm completions`: what a shell needs to complete the names of commands and options.

use std::io::{Write, stdout};
use std::process::ExitCode;

use anyhow::Result;
use clap::Command;
use clap_complete::{Shell, generate};

#[derive(clap::Args)]
#[command(after_help = "The shell completes a program with the name llm, so its folder must be in your PATH.\n\n\
                        bash:  llm completions bash > ~/.local/share/bash-completion/completions/llm\n\
                        zsh:   llm completions zsh > ~/.zfunc/_llm    (a folder of your fpath)\n\
                        fish:  llm completions fish > ~/.config/fish/completions/llm.fish")]
pub struct Args {
    /// Your shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Writes the script for the commands of `program`.
pub fn run(args: &Args, mut program: Command) -> Result<ExitCode> {
    // Clap panics when the output is closed.
    let mut script = Vec::new();
    generate(args.shell, &mut program, "llm", &mut script);
    stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}
