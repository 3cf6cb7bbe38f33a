//! The page of `llm serve` in a headless Chromium, as a reader uses it. Without chromedriver the tests say that they are
//! skipped; with `LLM_REQUIRE_BROWSER` they fail then. With `LLM_SCREENSHOTS=FOLDER` they leave pictures of the page.

mod common;

use std::path::PathBuf;

use common::browser::Browser;
use common::llama::{TEMPLATE, save_talking};
use common::server::{save_writer, serve, serve_all, serve_in};

fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("LLM_SCREENSHOTS") {
        browser.screenshot(&PathBuf::from(folder).join(name));
    }
}

/// The page fits the window: nothing sticks out at the side.
fn assert_fits(browser: &Browser) {
    let fits = browser.run("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "the page is wider than the window");
}

#[test]
fn a_reader_completes_classifies_and_chats() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--max-tokens", "5000"]);
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('send').disabled");
    if browser.run("return document.documentElement.lang") != "en" {
        browser.click("language");
    }
    assert_eq!(browser.text("tab-complete"), "Continue");

    // Completion appears piece by piece, with what the sampling controls say.
    browser.type_into("prompt", "The lamp");
    browser.set("tokens", "300");
    browser.set("seed", "5");
    // The answer as it grows, noted by the page itself.
    browser.run(
        "window.lengths = []; const box = document.getElementById('answer-complete');
         new MutationObserver(() => lengths.push(box.textContent.length))
           .observe(box, { childList: true, subtree: true, characterData: true });",
    );
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled === false");
    assert_eq!(browser.run("return document.getElementById('send').disabled"), true, "one request at a time");
    browser.wait_for("document.getElementById('stop').disabled");
    let first = browser.text("answer-complete");
    assert!(first.starts_with("The lamp"), "{first}");
    assert!(browser.run("return new Set(lengths).size").as_u64().unwrap() > 10, "the text comes in pieces");
    assert!(browser.text("note").starts_with("300 tokens in "), "{}", browser.text("note"));
    picture(&browser, "complete.png");
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled");
    assert_eq!(browser.text("answer-complete"), first, "the same seed, the same text");

    // Stop ends a long answer; what is there stays.
    browser.set("tokens", "5000");
    browser.click("send");
    browser.wait_for("document.querySelector('.written')?.textContent.length > 20");
    browser.click("stop");
    browser.wait_for("document.getElementById('stop').disabled");
    assert_eq!(browser.text("note"), "stopped");
    let stopped = browser.text("answer-complete");
    assert!(stopped.len() > "The lamp".len());

    // The next job starts at once: the server has stopped writing too.
    browser.click("tab-classify");
    browser.type_into("prompt", "You have won a prize!\u{e007}"); // the Enter key sends
    browser.wait_for("document.querySelectorAll('#answer-classify .bar').length === 2");
    let verdict = browser.text("answer-classify");
    assert!(verdict.contains("You have won a prize!") && verdict.contains("not spam"), "{verdict}");
    assert_eq!(browser.run("return document.getElementById('temperature').checkVisibility()"), false);
    picture(&browser, "classify.png");

    browser.click("tab-chat");
    browser.set("tokens", "12");
    browser.set("temperature", "0");
    for question in ["Say one.", "Say two."] {
        browser.type_into("prompt", question);
        browser.click("send");
        browser.wait_for("document.getElementById('stop').disabled && document.getElementById('note').textContent");
    }
    let turns = browser.run("return [...document.querySelectorAll('.turn')].map(turn => turn.textContent)");
    let turns = turns.as_array().unwrap();
    assert_eq!((turns.len(), &turns[0], &turns[2]), (4, &"Say one.".into(), &"Say two.".into()));
    assert!(turns[1].as_str().is_some_and(|answer| !answer.is_empty()), "{turns:?}");
    picture(&browser, "chat.png");

    // What a tab showed is still there.
    browser.click("tab-complete");
    assert_eq!(browser.text("answer-complete"), stopped);

    // The other language, which the browser remembers.
    browser.click("language");
    assert_eq!(browser.run("return document.documentElement.lang"), "zh-CN");
    assert_eq!((browser.text("tab-chat").as_str(), browser.text("send").as_str()), ("对话", "续写"));
    let untranslated = browser.run(
        "return [...document.querySelectorAll('[data-text]')].map(element => element.textContent)
           .filter(text => text === '' || text === 'undefined')",
    );
    assert_eq!(untranslated.as_array().unwrap().len(), 0, "{untranslated}");
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('send').disabled");
    assert_eq!(browser.text("tab-complete"), "续写");

    // As wide as a telephone.
    assert_fits(&browser);
    picture(&browser, "complete-zh.png");
    browser.resize(390, 844);
    for tab in ["complete", "classify", "chat"] {
        browser.click(&format!("tab-{tab}"));
        assert_fits(&browser);
        picture(&browser, &format!("phone-{tab}-zh.png"));
    }
    browser.click("language");
    picture(&browser, "phone-chat.png");

    // Nothing came from elsewhere, and nothing went wrong unnoticed.
    let foreign = browser.run(
        "return performance.getEntriesByType('resource').map(entry => entry.name)
           .filter(name => !name.startsWith(location.origin) && !name.startsWith('data:'))",
    );
    assert_eq!(foreign.as_array().unwrap().len(), 0, "{foreign}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A question that gets no answer comes back; what one tab does leaves the others alone.
#[test]
fn what_is_refused_or_cleared_is_neither_lost_nor_mixed_up() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--max-tokens", "5000"]);
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('send').disabled");
    browser.run("window.sent = []; const ask = fetch; window.fetch = (...all) => { sent.push(all[1].body); return ask(...all); }");
    let turns = || browser.run("return document.querySelectorAll('.turn').length");
    let draft = || browser.run("return document.getElementById('prompt').value");
    browser.click("tab-chat");

    // The page itself would not send such a temperature.
    browser.run("document.getElementById('form').noValidate = true");
    browser.set("temperature", "-1");
    browser.type_into("prompt", "Say one.");
    browser.click("send");
    browser.wait_for("!document.getElementById('error').hidden && document.getElementById('stop').disabled");
    assert!(browser.text("error").contains("temperature is -1"), "{}", browser.text("error"));
    assert_eq!((draft(), turns()), ("Say one.".into(), 0.into()));
    browser.set("temperature", "0.8");

    browser.set("seed", "5");
    browser.set("tokens", "5000");
    browser.set("prompt", "Go.");
    browser.click("send");
    browser.wait_for("document.querySelectorAll('.turn')[1]?.textContent.length > 20");
    browser.click("tab-complete");
    browser.click("clear");
    browser.click("tab-chat");
    assert_eq!(browser.run("return document.getElementById('stop').disabled"), false, "the other tab's job goes on");
    browser.click("clear");
    browser.wait_for("document.getElementById('stop').disabled");
    assert_eq!((turns(), browser.text("note").as_str(), draft()), (0.into(), "", "".into()));

    browser.set("tokens", "12");
    browser.set("prompt", "Say two.");
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled && document.getElementById('note').textContent");
    let messages = browser.run("return JSON.parse(sent.at(-1)).messages.map(message => message.content)");
    assert_eq!(messages, serde_json::json!(["Say two."]), "nothing of the conversation that was cleared");
    assert_eq!(turns(), 2);
}

#[test]
fn what_a_model_cannot_do_and_what_goes_wrong_is_said() {
    let Some(browser) = Browser::open() else { return };
    let mut server = serve(&[]);
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('send').disabled");
    if browser.run("return document.documentElement.lang") != "en" {
        browser.click("language");
    }
    // This server has a model that only continues texts.
    for (tab, remedy) in [("classify", "llm classify train"), ("chat", "llm instruct train")] {
        browser.click(&format!("tab-{tab}"));
        assert!(browser.text("hint").contains(remedy), "{}", browser.text("hint"));
        assert_eq!(browser.run("return document.getElementById('send').disabled"), true);
    }
    browser.click("tab-complete");
    browser.click("send");
    assert_eq!(browser.text("error"), "Write something first.");
    browser.set("prompt", &"word ".repeat(100));
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled && document.getElementById('note').textContent");
    // 101 tokens, of which the context holds 64.
    assert!(browser.text("note").ends_with("the first 37 tokens were left out"), "{}", browser.text("note"));

    // Text is shown as text, whatever it is.
    browser.set("prompt", "<img src=x onerror=alert(1)>");
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled && document.getElementById('note').textContent");
    assert!(browser.text("answer-complete").starts_with("<img src=x onerror=alert(1)>"));
    assert_eq!(browser.run("return document.images.length"), 0);

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    browser.click("send");
    browser.wait_for("!document.getElementById('error').hidden && document.getElementById('stop').disabled");
    assert_eq!(browser.text("error"), "The server does not answer. Is it still running?");
}

/// A model with a template of its own chats, with the values that its files suggest where nothing is written.
#[test]
fn a_published_model_chats() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "talker", Some(TEMPLATE));
    let suggested = r#"{"do_sample": true, "temperature": 0.6, "top_k": 20, "eos_token_id": 2}"#;
    std::fs::write(folder.path().join("talker/generation_config.json"), suggested).unwrap();
    save_writer(folder.path(), "writer", 64);
    let server = serve_in(folder, &["--model", "talker", "--model", "writer", "--max-tokens", "200"]);
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("!document.getElementById('send').disabled");
    browser.run("window.sent = []; const ask = fetch; window.fetch = (...all) => { sent.push(all[1].body); return ask(...all); }");
    let placeholders = || {
        browser
            .run("return ['temperature', 'top-k', 'tokens'].map(id => document.getElementById(id).placeholder).join()")
    };
    assert_eq!(placeholders(), "0.6,20,200");
    browser.run("const model = document.getElementById('model'); model.value = 'writer'; model.dispatchEvent(new Event('change'))");
    assert_eq!(placeholders(), "0.8,40,128");

    browser.click("tab-chat");
    assert_eq!(placeholders(), "0.6,20,200", "the other model has no chat");
    browser.set("tokens", "12");
    browser.type_into("prompt", "Who?");
    browser.click("send");
    browser.wait_for("document.getElementById('stop').disabled && document.getElementById('note').textContent");
    let sent = browser.run("return sent.at(-1)");
    let sent: serde_json::Value = serde_json::from_str(sent.as_str().unwrap()).unwrap();
    assert_eq!((&sent["model"], &sent["options"]), (&"talker".into(), &serde_json::json!({ "num_predict": 12 })));
    assert_eq!(browser.run("return document.querySelectorAll('.turn').length"), 2);
    picture(&browser, "chat-published.png");

    // The template refuses this; the page shows its words and gives the message back.
    browser.type_into("prompt", "refuse");
    browser.click("send");
    browser.wait_for("!document.getElementById('error').hidden && document.getElementById('stop').disabled");
    assert!(browser.text("error").ends_with("not that word"), "{}", browser.text("error"));
    assert_eq!(browser.run("return document.getElementById('prompt').value"), "refuse");
}
