//! What the model does: chat, continue, classify; in both languages, and when something is missing or fails.

use serde_json::json;

use crate::common::browser::Browser;
use crate::common::llama::{TEMPLATE, save_talking};
use crate::common::server::{save_writer, serve, serve_all, serve_in};
use crate::{ANSWERED, ENTER, ESCAPE, last_sent, listen, messages, picture, sample, say, visit};

const COMPLETED: &str =
    "document.getElementById('complete-stop').hidden && document.getElementById('complete-facts').textContent";

#[test]
fn a_reader_completes_classifies_and_chats() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&["--max-tokens", "5000"]);
    visit(&browser, &server);
    assert_eq!(browser.text("tab-complete"), "Continue");

    // The continuation appears piece by piece, with what the settings say.
    browser.click("tab-complete");
    sample(&browser, &[("num_predict", "300"), ("seed", "5")]);
    browser.run(
        "window.lengths = []; const box = document.getElementById('written');
         new MutationObserver(() => lengths.push(box.textContent.length))
           .observe(box, { childList: true, subtree: true, characterData: true });",
    );
    browser.type_into("complete-prompt", "The lamp");
    browser.click("complete-send");
    browser.wait_for(COMPLETED);
    let first = browser.text("written");
    assert!(first.starts_with("The lamp"), "{first}");
    assert!(browser.run("return new Set(lengths).size").as_u64().unwrap() > 10, "the text comes in pieces");
    let facts = browser.text("complete-facts");
    assert!(facts.starts_with("300 tokens · ") && facts.contains(" tokens/s · "), "{facts}");
    assert!(facts.ends_with("ended by the limit"), "{facts}");
    picture(&browser, "complete.png");
    browser.click("complete-send");
    browser.wait_for(&format!("lengths.at(-1) < 300 || {COMPLETED}"));
    browser.wait_for(COMPLETED);
    assert_eq!(browser.text("written"), first, "the same seed, the same text");

    // It writes on where it ended, and Escape stops it; what is there stays.
    sample(&browser, &[("num_predict", "5000")]);
    browser.click("complete-on");
    browser.wait_for("document.querySelectorAll('.written')[1]?.textContent.length > 20");
    browser.type_into("complete-prompt", ESCAPE);
    browser.wait_for(COMPLETED);
    assert_eq!(browser.text("complete-facts"), "stopped");
    let stopped = browser.run("return document.getElementById('written').textContent");
    assert!(stopped.as_str().unwrap().starts_with(&first.replace('\u{a0}', " ")[..20]), "{stopped}");

    // The next job starts at once: the server has stopped writing too.
    browser.click("tab-classify");
    browser.type_into("classify-text", &format!("You have won a prize!{ENTER}"));
    browser.wait_for("document.querySelectorAll('.verdict .bar').length === 2");
    let verdict = browser.text("verdicts");
    assert!(verdict.contains("You have won a prize!") && verdict.contains("not spam"), "{verdict}");
    picture(&browser, "classify.png");

    browser.click("tab-chat");
    sample(&browser, &[("num_predict", "12"), ("temperature", "0")]);
    say(&browser, "Say one.");
    say(&browser, "Say two.");
    let turns = messages(&browser);
    assert_eq!((turns.len(), turns[0].as_str(), turns[2].as_str()), (4, "Say one.", "Say two."));
    let facts = browser.run("return document.querySelector('.message.last .facts').textContent");
    assert!(facts.as_str().unwrap().contains(" tokens/s · "), "{facts}");
    picture(&browser, "chat.png");

    // What a tab showed is still there.
    browser.click("tab-complete");
    assert_eq!(browser.run("return document.getElementById('written').textContent"), stopped);

    // Nothing came from elsewhere, and nothing went wrong unnoticed.
    let foreign = browser.run(
        "return performance.getEntriesByType('resource').map(entry => entry.name)
           .filter(name => !name.startsWith(location.origin) && !name.startsWith('data:'))",
    );
    assert_eq!(foreign, json!([]));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A question without an answer stays, and can be asked again.
#[test]
fn what_the_server_refuses_is_said_and_can_be_tried_again() {
    let Some(browser) = Browser::open() else { return };
    let mut server = serve_all(&[]);
    visit(&browser, &server);
    // The page itself would not send such a temperature.
    browser.run("settings.sampling.temperature = -1");
    say_failing(&browser, "Say one.");
    assert!(browser.text("failure").contains("temperature is -1"), "{}", browser.text("failure"));
    assert_eq!(messages(&browser), ["Say one."]);
    browser.run("settings.sampling.temperature = 0; settings.sampling.num_predict = 8");
    browser.click("retry");
    browser.wait_for(ANSWERED);
    assert_eq!(messages(&browser).len(), 2);
    assert_eq!(browser.run("return document.getElementById('failure').hidden"), true);

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    say_failing(&browser, "Say two.");
    assert!(browser.text("failure").starts_with("The server does not answer. Is it still running?"));
    browser.click("tab-complete");
    browser.type_into("complete-prompt", &format!("The lamp{ENTER}"));
    browser.wait_for("!document.getElementById('complete-error').hidden");
    assert_eq!(browser.text("complete-error"), "The server does not answer. Is it still running?");
}

fn say_failing(browser: &Browser, text: &str) {
    browser.type_into("prompt", &format!("{text}{ENTER}"));
    browser.wait_for("document.getElementById('stop').hidden && !document.getElementById('failure')?.hidden");
}

#[test]
fn what_the_models_cannot_do_is_said() {
    let Some(browser) = Browser::open() else { return };
    // A model that only continues texts.
    let server = serve(&[]);
    browser.goto(&format!("http://{}/", server.address));
    browser.wait_for("document.getElementById('tab-complete').ariaSelected === 'true'");
    if browser.run("return document.documentElement.lang") != "en" {
        browser.click("language");
    }
    for (tab, told, field) in
        [("classify", "llm classify train", "classify-text"), ("chat", "llm instruct train", "prompt")]
    {
        browser.click(&format!("tab-{tab}"));
        let panel = browser.text(&format!("panel-{tab}"));
        assert!(panel.contains(told), "{panel}");
        assert_eq!(browser.run(&format!("return document.getElementById('{field}').disabled")), true);
    }
    browser.click("tab-complete");
    browser.click("complete-send");
    assert_eq!(browser.text("complete-error"), "Write something first.");
    browser.set("complete-prompt", &"word ".repeat(100));
    browser.click("complete-send");
    browser.wait_for(COMPLETED);
    // 101 tokens, of which the context holds 64.
    let facts = browser.text("complete-facts");
    assert!(facts.ends_with("the first 37 tokens were left out"), "{facts}");

    // Text is shown as text, whatever it is.
    browser.set("complete-prompt", "<img src=x onerror=alert(1)>");
    browser.click("complete-send");
    browser.wait_for(COMPLETED);
    assert!(browser.text("written").starts_with("<img src=x onerror=alert(1)>"));
    assert_eq!(browser.run("return document.images.length"), 0);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A model with a template of its own chats, with the values that its files suggest where nothing is set.
#[test]
fn a_published_model_chats() {
    let Some(browser) = Browser::open() else { return };
    let folder = tempfile::tempdir().unwrap();
    save_talking(folder.path(), "talker", Some(TEMPLATE));
    let suggested = r#"{"do_sample": true, "temperature": 0.6, "top_k": 20, "eos_token_id": 2}"#;
    std::fs::write(folder.path().join("talker/generation_config.json"), suggested).unwrap();
    save_writer(folder.path(), "writer", 64);
    let server = serve_in(folder, &["--model", "talker", "--model", "writer", "--max-tokens", "200"]);
    visit(&browser, &server);
    listen(&browser);
    let suggestions = || {
        browser.run("return ['temperature', 'top_k', 'num_predict'].map(name => document.getElementById('field-' + name).placeholder).join()")
    };
    let choose = |model: &str| {
        browser.run(&format!("const model = document.getElementById('model'); model.value = '{model}'; model.dispatchEvent(new Event('change'))"));
    };
    browser.click("tab-complete");
    assert_eq!(suggestions(), "0.6,20,200");
    choose("writer");
    assert_eq!(suggestions(), "0.8,40,128");
    browser.click("tab-chat");
    assert_eq!(suggestions(), "0.6,20,200", "the other model has no chat");

    sample(&browser, &[("num_predict", "12")]);
    browser.click_on("#system summary");
    browser.type_into("system-text", "Be brief.");
    say(&browser, "Who?");
    let sent = last_sent(&browser);
    assert_eq!((&sent["model"], &sent["options"]), (&json!("talker"), &json!({ "num_predict": 12 })));
    let expected = json!([{ "role": "system", "content": "Be brief." }, { "role": "user", "content": "Who?" }]);
    assert_eq!(sent["messages"], expected);
    assert_eq!(messages(&browser).len(), 2);

    // The template refuses this; the page shows its words.
    say_failing(&browser, "refuse");
    assert!(browser.text("failure").contains("not that word"), "{}", browser.text("failure"));
    assert_eq!(messages(&browser).len(), 3);

    // The choice of the model is remembered.
    visit(&browser, &server);
    browser.click("tab-complete");
    assert_eq!(browser.run("return document.getElementById('model').value"), "writer");
}

/// "Look inside" takes the text of another tab.
#[test]
fn a_text_of_any_tab_is_looked_into() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    visit(&browser, &server);
    listen(&browser);
    browser.click("tab-classify");
    browser.type_into("classify-text", &format!("You have won a prize!{ENTER}"));
    browser.wait_for("document.querySelector('.verdict')");
    browser.click_on(".verdict .actions button");
    browser.wait_for("document.querySelector('#look textarea')?.value === 'You have won a prize!'");
    assert_eq!(browser.run("return document.getElementById('model').value"), "judge");
    browser.wait_for("sent.some(request => request.body?.includes('\"judge\"') && request.body.includes('a prize!'))");
    // The widgets speak the page's language.
    browser.click("language");
    browser.wait_for("document.querySelector('#look .look-inside').lang.startsWith('zh')");
}
