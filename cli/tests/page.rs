//! The page of `llm serve` in a headless Chromium, as a reader uses it. Without chromedriver the tests say that they are
//! skipped; with `LLM_REQUIRE_BROWSER` they fail then. With `LLM_SCREENSHOTS=FOLDER` they leave pictures of the page.

mod common;
#[path = "page/conversations.rs"]
mod conversations;
#[path = "page/kept.rs"]
mod kept;
#[path = "page/markdown.rs"]
mod markdown;
#[path = "page/settings.rs"]
mod settings;
#[path = "page/shape.rs"]
mod shape;
#[path = "page/tabs.rs"]
mod tabs;

use std::path::PathBuf;

use common::browser::Browser;
use common::server::{Server, serve_all};
use serde_json::Value;

/// Keys as the driver writes them.
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";
const UP: &str = "\u{e013}";
/// Held until the end of what is typed, or until it comes again.
const SHIFT: &str = "\u{e008}";
const CTRL: &str = "\u{e009}";

/// An answer is complete, or has failed.
const ANSWERED: &str = "document.getElementById('stop').hidden && document.querySelector('.message.assistant')";

fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("LLM_SCREENSHOTS") {
        browser.screenshot(&PathBuf::from(folder).join(name));
    }
}

/// Shows the page of a server in English, once the models are known.
fn visit(browser: &Browser, server: &Server) {
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('model').hidden");
    if browser.run("return document.documentElement.lang") != "en" {
        browser.click("language");
    }
}

/// Shows the page of a server with all models, with settings for short answers that are always the same.
fn chatting(browser: &Browser) -> Server {
    let server = serve_all(&["--max-tokens", "5000"]);
    visit(browser, &server);
    sample(browser, &[("num_predict", "12"), ("temperature", "0")]);
    server
}

/// Sets fields of the settings, by the names of Ollama's options; an empty value is the model's own.
fn sample(browser: &Browser, fields: &[(&str, &str)]) {
    browser.click("settings-open");
    for (field, value) in fields {
        browser.set(&format!("field-{field}"), value);
    }
    browser.click_on("#settings .dialog-head button");
}

/// Sends a message and waits for the end of its answer.
fn say(browser: &Browser, text: &str) {
    let before = browser.run("return document.querySelectorAll('.message').length").as_u64().unwrap();
    browser.type_into("prompt", &format!("{text}{ENTER}"));
    browser.wait_for(&format!("document.querySelectorAll('.message').length > {before} && {ANSWERED}"));
}

/// What the messages say, in their order.
fn messages(browser: &Browser) -> Vec<String> {
    let told =
        browser.run("return [...document.querySelectorAll('.message')].map(message => message.firstChild.innerText)");
    serde_json::from_value(told).unwrap()
}

/// The bodies of the requests that the page sends from now on, in `sent`.
fn listen(browser: &Browser) {
    browser.run(
        "window.sent = []; const ask = fetch; window.fetch = (...all) => { sent.push(all[1]); return ask(...all); }",
    );
}

/// The body of the last request.
fn last_sent(browser: &Browser) -> Value {
    serde_json::from_str(browser.run("return sent.at(-1).body").as_str().unwrap()).unwrap()
}
