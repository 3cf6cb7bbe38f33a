//! Shows the book in a browser and builds it again when a file changes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use tiny_http::{Header, Request, Response, Server};

use crate::project::{Project, files_below};

/// How long to wait before looking at the files again.
const PAUSE: Duration = Duration::from_millis(400);

/// Serves `book/build` on this machine only. `build` is called at once and after each change.
///
/// # Errors
/// If the port is taken.
pub fn serve(project: &Project, port: u16, build: impl Fn() -> Result<()>) -> Result<()> {
    let server = Server::http(("127.0.0.1", port)).map_err(|error| anyhow!("{error}"))?;
    let (root, address) = (project.build(), format!("http://127.0.0.1:{port}/"));
    let mut seen = BTreeMap::new();
    thread::spawn(move || {
        for request in server.incoming_requests() {
            // A reader who has gone away is no reason to stop.
            let _ = answer(&root, request);
        }
    });
    loop {
        let now = times(project);
        if now != seen {
            seen = now;
            if let Err(error) = build() {
                println!("error: {error:#}");
            }
            println!("{address} (Ctrl-C ends it)");
        }
        thread::sleep(PAUSE);
    }
}

/// When each file that the book is made of was changed.
fn times(project: &Project) -> BTreeMap<PathBuf, SystemTime> {
    let inside = ["en", "zh", "figures", "numbers", "outputs", "theme"].map(|folder| project.book().join(folder));
    let mut folders = Vec::from(inside);
    for name in project.crates().unwrap_or_default() {
        folders.extend(
            ["src", "examples", "exercises", "solutions"].map(|folder| project.root().join(&name).join(folder)),
        );
    }
    let files = folders.iter().flat_map(|folder| files_below(folder).unwrap_or_default());
    let files = files.chain([project.book().join("terms.toml")]);
    files.filter_map(|file| file.metadata().and_then(|data| data.modified()).ok().map(|time| (file, time))).collect()
}

fn answer(root: &Path, request: Request) -> Result<()> {
    let path = request.url().split(['?', '#']).next().unwrap_or_default().trim_start_matches('/').to_string();
    let mut file = root.join(&path);
    let is_outside = path.split('/').any(|part| part == "..") || !file.starts_with(root);
    if file.is_dir() {
        if !path.is_empty() && !path.ends_with('/') {
            let header = header("Location", &format!("/{path}/"))?;
            return Ok(request.respond(Response::empty(302).with_header(header))?);
        }
        file.push("index.html");
    }
    match fs::read(&file) {
        Ok(bytes) if !is_outside => {
            let headers = [header("Content-Type", content_type(&file))?, header("Cache-Control", "no-store")?];
            let response = headers.into_iter().fold(Response::from_data(bytes), Response::with_header);
            request.respond(response)?;
        }
        _ => request.respond(Response::from_string("not found").with_status_code(404))?,
    }
    Ok(())
}

fn header(name: &str, value: &str) -> Result<Header> {
    Header::from_bytes(name, value).ok().context("the header is not ASCII")
}

fn content_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "pdf" => "application/pdf",
        _ => "application/octet-stream",
    }
}
