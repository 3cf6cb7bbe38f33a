//! `llm man`: the manual pages of the program.

use std::io::{IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, Result};
use clap::Command;
use clap::builder::Resettable;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use shared::files::write_whole;

use crate::terminal::{command as this_command, say, tr, warn};

/// The section of manual pages about commands.
const SECTION: &str = "1";

#[derive(clap::Args)]
#[command(after_help = "To read a page:              llm man generate | man -l -\n\
                        To have all of them at hand: llm man --out ~/.local/share/man/man1; then man llm-generate\n\n\
                        man looks there if ~/.local/bin is in your PATH, or ~/.local/share/man in MANPATH.")]
pub struct Args {
    /// Command, for example generate or instruct train [default: the program]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write the pages of all commands as files into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// Prints the page of a command of `program`, or writes all pages.
pub fn run(args: &Args, program: Command) -> Result<ExitCode> {
    let program = built(program);
    match &args.out {
        Some(folder) => write_all(&program, folder)?,
        None => print(find(&program, &args.command)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints the page of a command, for a program that shows it.
fn print(command: &Command) -> Result<()> {
    write!(stdout().lock(), "{}", page(command)?.1)?;
    if stdout().is_terminal() {
        let man = this_command(format_args!("man{} | man -l -", names(command)));
        warn(tr!("[this is for a program that shows it: {man}]", "[需要用程序来显示：{man}]"));
    }
    Ok(())
}

/// The names that lead to the command, each with a space in front.
fn names(command: &Command) -> String {
    let all = command.get_bin_name().unwrap_or_default();
    all.split_once(' ').map(|(_, names)| format!(" {names}")).unwrap_or_default()
}

/// The program with the full names of its commands. `help` has no page.
fn built(program: Command) -> Command {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    program
}

fn find<'a>(program: &'a Command, names: &[String]) -> Result<&'a Command> {
    names.iter().try_fold(program, |command, name| {
        command.find_subcommand(name).with_context(|| {
            let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            let known = known.join(", ");
            let above = command.get_bin_name().unwrap_or_else(|| command.get_name());
            match known.is_empty() {
                true => tr!("{above} has no commands of its own", "{above} 没有下级命令"),
                false => tr!(
                    "there is no command '{name}' of {above}; the commands are {known}",
                    "{above} 没有命令 '{name}'；现有的命令是 {known}"
                ),
            }
        })
    })
}

/// The name of the file with a command's page, and the page.
fn page(command: &Command) -> Result<(String, String)> {
    // The lines of the notes stay as they are: clap would fill paragraphs with them.
    let notes = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_help(Resettable::Reset)).section(SECTION).manual("llm");
    let man = man.source(concat!("llm ", env!("CARGO_PKG_VERSION"))).date(today());
    let mut page = Vec::new();
    man.render(&mut page)?;
    if !notes.is_empty() {
        let mut roff = Roff::new();
        roff.control("SH", ["NOTES"]).control("nf", []);
        for line in notes.lines() {
            roff.text([roman(line)]);
        }
        page.extend(roff.control("fi", []).render().into_bytes());
    }
    // Clap makes space above the values of an option in a way that mandoc warns of.
    let page = String::from_utf8_lossy(&page).replace("\n.br\n\n.br\n", "\n.sp\n");
    Ok((man.get_filename(), page))
}

fn today() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string().chars().take("2000-01-01".len()).collect()
}

fn write_all(program: &Command, folder: &Path) -> Result<()> {
    let (mut commands, mut pages) = (vec![program], 0);
    while let Some(command) = commands.pop() {
        let (name, page) = page(command)?;
        write_whole(&folder.join(name), page.as_bytes())?;
        commands.extend(command.get_subcommands());
        pages += 1;
    }
    let shown = folder.display();
    say(tr!("{pages} pages: {shown}", "{pages} 页：{shown}"));
    Ok(())
}
