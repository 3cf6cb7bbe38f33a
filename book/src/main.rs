//! `cargo book`: builds and checks the book.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use book::build::{Materials, NewBuild};
use book::examples::Examples;
use book::outputs::Ran;
use book::problem::Problems;
use book::project::Project;
use book::stamp::{Report, Which};
use book::{check, epub, notebook, outputs, pdf, serve, stamp};
use clap::{Parser, Subcommand};

/// Builds and checks the book in both languages
#[derive(Parser)]
#[command(name = "cargo book", bin_name = "cargo book", version, arg_required_else_help = true)]
struct Arguments {
    /// Top folder of the project, if it is not around the current one
    #[arg(long, global = true, value_name = "FOLDER")]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the book to book/build
    Build {
        /// Write it even if something is wrong; problems are shown in the pages
        #[arg(long)]
        keep_going: bool,
    },
    /// Build the book and check pages, translation, numbers, links, figures, words, typography and outputs
    Check {
        /// Do not run the examples
        #[arg(long)]
        no_outputs: bool,
    },
    /// Show the book in a browser, and build it again when a file changes
    Serve {
        /// Port on 127.0.0.1
        #[arg(long, default_value_t = 3000)]
        port: u16,
    },
    /// Say that Chinese sections are up to date: writes missing stamps and lists stale ones
    Stamp {
        /// Sections or pages to stamp anew: ch03/causal.md#causal-attention, ch03/causal.md
        #[arg(value_name = "PAGE#SECTION")]
        sections: Vec<String>,
        /// Stamp everything anew
        #[arg(long, conflicts_with = "sections")]
        all: bool,
    },
    /// Run the examples and the program, and record what they print
    Outputs {
        /// Outputs, as in book/outputs without `.txt`; all but the slow ones if none is given
        #[arg(value_name = "NAME")]
        names: Vec<String>,
        /// Only compare
        #[arg(long)]
        check: bool,
    },
    /// Run the cells of the notebooks, and write the notebooks to book/notebooks
    Notebooks {
        /// Do not run the cells: take what is recorded of them
        #[arg(long)]
        no_outputs: bool,
    },
    /// Write the built book as EPUB
    Epub {
        /// Let epubcheck look at the files, where it is installed
        #[arg(long)]
        check: bool,
    },
    /// Print the built book to PDF; needs Chromium
    Pdf,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; whether all is well.
fn run(arguments: Arguments) -> Result<bool> {
    let project = match arguments.root {
        Some(root) => Project::at(root)?,
        None => Project::around(&std::env::current_dir().context("the current folder cannot be found")?)?,
    };
    match arguments.command {
        Command::Build { keep_going } => build(&project, keep_going),
        Command::Check { no_outputs } => check(&project, !no_outputs),
        Command::Serve { port } => serve::serve(&project, port, || build(&project, true).map(|_| ())).map(|()| true),
        Command::Stamp { sections, all } => stamp(&project, sections, all),
        Command::Outputs { names, check } => outputs(&project, &names, check),
        Command::Notebooks { no_outputs } => notebooks(&project, !no_outputs),
        Command::Epub { check } => epub(&project, check),
        Command::Pdf => {
            for file in pdf::print(&project)? {
                println!("{}", project.relative(&file));
            }
            Ok(true)
        }
    }
}

/// Prints what is wrong; whether nothing is.
fn report(problems: &Problems) -> bool {
    let found = problems.sorted();
    for problem in &found {
        println!("{problem}");
    }
    match found.len() {
        0 => {}
        1 => println!("1 problem"),
        count => println!("{count} problems"),
    }
    found.is_empty()
}

fn build(project: &Project, keep_going: bool) -> Result<bool> {
    let (start, problems) = (Instant::now(), Problems::default());
    let materials = Materials::read(project, &problems)?;
    let new = NewBuild::make(project, &materials, &problems)?;
    let good = report(&problems);
    if good || keep_going {
        let place = new.take_place()?;
        println!("{} ({:.1} s)", project.relative(&place), start.elapsed().as_secs_f64());
    }
    Ok(good)
}

fn check(project: &Project, with_outputs: bool) -> Result<bool> {
    let (start, problems) = (Instant::now(), Problems::default());
    say(&check::check(project, with_outputs, &problems)?);
    let good = report(&problems);
    if good {
        println!("the book is in order ({:.1} s)", start.elapsed().as_secs_f64());
    }
    Ok(good)
}

fn stamp(project: &Project, sections: Vec<String>, all: bool) -> Result<bool> {
    let which = match (all, sections.is_empty()) {
        (true, _) => Which::All,
        (false, true) => Which::Missing,
        (false, false) => Which::Of(sections),
    };
    let Report { written, stale } = stamp::write(project, &which)?;
    for name in &written {
        println!("stamped {name}");
    }
    for name in &stale {
        println!("stale   {name}: bring the text up to date, then `cargo book stamp {name}`");
    }
    Ok(true)
}

fn outputs(project: &Project, only: &[String], check: bool) -> Result<bool> {
    let (problems, examples) = (Problems::default(), Examples::find(project)?);
    let run = if check { outputs::check } else { outputs::record };
    let ran = run(project, &examples, only, &problems)?;
    say(&ran);
    let good = report(&problems);
    if good && ran.changed.is_empty() {
        println!("{} outputs are as recorded", ran.compared);
    }
    Ok(good)
}

fn notebooks(project: &Project, with_outputs: bool) -> Result<bool> {
    let problems = Problems::default();
    let materials = Materials::read(project, &problems)?;
    if with_outputs {
        let examples: Vec<String> =
            materials.examples.names().filter(|name| notebook::is_notebook(name)).map(String::from).collect();
        // None would mean all.
        if !examples.is_empty() {
            say(&outputs::record(project, &materials.examples, &examples, &problems)?);
        }
    }
    for file in notebook::write(project, &materials, &problems)? {
        println!("wrote {file}");
    }
    Ok(report(&problems))
}

fn epub(project: &Project, check: bool) -> Result<bool> {
    let mut good = true;
    for file in epub::write(project)? {
        let name = project.relative(&file);
        println!("{name}");
        if !check {
            continue;
        }
        match epub::check(&file)? {
            None => println!("epubcheck is not installed: nothing was checked"),
            Some(said) if said.is_empty() => println!("epubcheck finds nothing wrong"),
            Some(said) => {
                // What would be allowed instead is listed at length.
                said.lines().for_each(|line| println!("{}", line.chars().take(300).collect::<String>()));
                good = false;
            }
        }
    }
    Ok(good)
}

fn say(ran: &Ran) {
    for difference in &ran.elsewhere {
        println!(
            "note: this was recorded on another processor, with AVX-512 where nothing else is said, which rounds otherwise: {difference}"
        );
    }
    for file in &ran.changed {
        println!("recorded {file}");
    }
    if !ran.skipped.is_empty() {
        println!("skipped, because LLM_DATA_DIR names no folder with the data: {}", ran.skipped.join(", "));
    }
    if !ran.slow.is_empty() {
        println!("skipped, because they take minutes: {}; `cargo book outputs NAME` runs them", ran.slow.join(", "));
    }
}
