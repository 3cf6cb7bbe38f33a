//! `llm book`: the built book, in the browser or over HTTP.

use std::fs;
use std::io::{Write, stdout};
use std::net::{IpAddr, SocketAddr};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use super::exercise::workspace_root;
use super::serve::{listen, run_announced};
use crate::terminal::{Language, command, language, tr, warn};

/// Builds the book.
pub const BUILD: &str = "cargo book build";

#[derive(clap::Args)]
pub struct Args {
    /// Page to open: a chapter or appendix (ch03, appendix-a), or one of its pages (ch03/causal) [default: the first page]
    #[arg(value_name = "PAGE")]
    page: Option<String>,
    /// Serve the book over HTTP instead of opening its files, for a browser on another machine or in a container
    #[arg(long)]
    serve: bool,
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8081, requires = "serve")]
    port: u16,
    /// Address to listen on; the default can be reached from this machine only
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", requires = "serve")]
    host: IpAddr,
}

pub fn run(args: &Args) -> Result<ExitCode> {
    let book = built_book()?;
    let page = page(&book, args.page.as_deref())?;
    if !args.serve {
        return open(&book.join(page));
    }
    let listener = listen(SocketAddr::new(args.host, args.port))?;
    run_announced(listener.local_addr()?, &format!("/{page}"), || Ok(server::serve_folder(listener, &book)?))
}

/// The folder of the built book, with one folder in it for each language.
///
/// # Errors
/// If this is not the checkout of the project, or the book is not built.
pub fn built_book() -> Result<PathBuf> {
    let root = workspace_root().with_context(|| {
        tr!(
            "the book is part of the project: run this inside its checkout",
            "这本书是项目的一部分：请在项目的文件夹中运行"
        )
    })?;
    let book = root.join("book/build");
    if !book.join("index.html").is_file() {
        bail!(tr!(
            "the book is not built yet: build it with `{BUILD}` (a minute or two the first time, then seconds)",
            "这本书还没有构建：请用 `{BUILD}` 构建（第一次需要一两分钟，以后只要几秒）"
        ));
    }
    Ok(book)
}

/// The file of a page in the reader's language, as a path in the built book.
fn page(book: &Path, name: Option<&str>) -> Result<String> {
    let pages = match language() {
        Language::English => "en",
        Language::Chinese => "zh",
    };
    let Some(name) = name else { return Ok(format!("{pages}/index.html")) };
    let name = name.trim_end_matches('/').trim_end_matches(".md").trim_end_matches(".html");
    let is_inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
    let files = [format!("{pages}/{name}/index.html"), format!("{pages}/{name}.html")];
    files.into_iter().find(|file| is_inside && book.join(file).is_file()).with_context(|| {
        let chapters = chapters(&book.join(pages)).join(", ");
        tr!("the book has no page '{name}'; its chapters are {chapters}", "书中没有页面 '{name}'；各章是 {chapters}")
    })
}

/// The names of the chapters and appendices.
fn chapters(pages: &Path) -> Vec<String> {
    let folders = fs::read_dir(pages).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut names: Vec<String> = folders
        .filter(|folder| folder.join("index.html").is_file())
        .filter_map(|folder| Some(folder.file_name()?.to_str()?.to_string()))
        .collect();
    names.sort_by_key(|name| (!name.starts_with("ch"), name.clone()));
    names
}

/// Opens a page with the program that the system uses for web pages.
fn open(page: &Path) -> Result<ExitCode> {
    writeln!(stdout(), "{}", page.display())?;
    if let Err(error) = open::that_detached(page) {
        let serve = command("book --serve");
        warn(tr!(
            "no browser can be started here ({error}): open the file above, or serve the book with `{serve}`",
            "无法在这里启动浏览器（{error}）：请打开上面的文件，或用 `{serve}` 以网页形式提供"
        ));
    }
    Ok(ExitCode::SUCCESS)
}
