//! Conversations while they are written: sent, edited, answered anew, stopped and written on.

use serde_json::{Value, json};

use crate::common::browser::Browser;
use crate::{ANSWERED, ENTER, ESCAPE, SHIFT, UP, chatting, last_sent, listen, messages, picture, sample, say, visit};

fn versions(browser: &Browser, message: usize) -> Value {
    browser.run(&format!(
        "return document.querySelectorAll('.message')[{message}].querySelector('.versions')?.textContent ?? ''"
    ))
}

/// Presses a button below a message.
fn press(browser: &Browser, message: usize, button: &str) {
    browser.click_on(&format!(".message:nth-child({}) [data-do='{button}']", message + 1));
}

#[test]
fn messages_are_edited_and_answered_anew_and_survive_a_reload() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    listen(&browser);
    say(&browser, "Say one.");
    say(&browser, "Say two.");
    let first = messages(&browser);

    // Another answer to the first question; the earlier one, with all that followed it, stays beside it.
    sample(&browser, &[("temperature", "1.5"), ("seed", "7")]);
    press(&browser, 1, "again");
    browser.wait_for(&format!("document.querySelector('.versions')?.textContent === '2/2' && {ANSWERED}"));
    assert_eq!(last_sent(&browser)["messages"], json!([{ "role": "user", "content": "Say one." }]));
    let again = messages(&browser);
    assert_eq!(again.len(), 2);
    assert_ne!(again[1], first[1]);
    press(&browser, 1, "before");
    assert_eq!((messages(&browser), versions(&browser, 1)), (first.clone(), "1/2".into()));

    // The last question, edited from the keyboard.
    browser.type_into("prompt", UP);
    let edited = browser.run("return document.activeElement.value");
    assert_eq!(edited, "Say two.");
    browser.run("document.activeElement.value = 'Say three.'");
    browser.click_on("[data-do=save]");
    browser.wait_for(&format!("document.querySelectorAll('.message').length === 4 && {ANSWERED}"));
    let last = messages(&browser);
    assert_eq!((&last[..2], last[2].as_str(), versions(&browser, 2)), (&first[..2], "Say three.", "2/2".into()));
    assert_eq!(last_sent(&browser)["messages"][1]["content"], first_content(&browser));

    visit(&browser, &server);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    assert_eq!(messages(&browser), last);
    assert_eq!((versions(&browser, 1), versions(&browser, 2)), ("1/2".into(), "2/2".into()));
    press(&browser, 2, "before");
    assert_eq!(messages(&browser), first);

    // What is deleted comes back with Undo.
    press(&browser, 2, "delete");
    assert_eq!(messages(&browser)[2], "Say three.", "the other version is shown");
    browser.click("toast-undo");
    assert_eq!(messages(&browser), first);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What the model wrote first: the page shows it as Markdown, the request has it as it was.
fn first_content(browser: &Browser) -> Value {
    browser.run("return chat.shown.path[1].content")
}

#[test]
fn an_answer_is_stopped_and_written_on() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    listen(&browser);
    sample(&browser, &[("num_predict", "5000"), ("temperature", "0.8")]);
    browser.type_into("prompt", &format!("Go.{ENTER}"));
    browser.wait_for("document.querySelector('.message.assistant .markdown')?.textContent.length > 20");
    assert_eq!(browser.run("return document.getElementById('send').hidden"), true, "one answer at a time");
    picture(&browser, "chat-writing.png");
    // Another conversation can be written meanwhile; this one goes on.
    browser.click("new-chat");
    assert_eq!(messages(&browser), Vec::<String>::new());
    assert_eq!(browser.run("return document.getElementById('send').hidden"), false);
    browser.click_on("[data-open]");
    assert_eq!(browser.run("return document.getElementById('stop').hidden"), false);

    browser.type_into("prompt", ESCAPE);
    browser.wait_for(ANSWERED);
    let stopped = browser.run("return chat.shown.path[1].content");
    assert_eq!(browser.run("return document.querySelector('.message.last .facts').textContent"), "stopped");

    sample(&browser, &[("num_predict", "8")]);
    browser.click_on("[data-do='go-on']");
    browser.wait_for(&format!("{ANSWERED} && document.querySelector('.facts').textContent.startsWith('8 tokens')"));
    assert_eq!(last_sent(&browser)["messages"][1], json!({ "role": "assistant", "content": stopped }));
    let whole = browser.run("return chat.shown.path[1].content");
    assert!(whole.as_str().unwrap().starts_with(stopped.as_str().unwrap()), "{whole}");

    // An answer that the reader leaves is kept as far as it came.
    sample(&browser, &[("num_predict", "5000")]);
    browser.type_into("prompt", &format!("Go again.{ENTER}"));
    browser.wait_for("document.querySelectorAll('.markdown')[1]?.textContent.length > 20");
    visit(&browser, &server);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    assert!(messages(&browser)[3].len() > 10);
}

#[test]
fn keys_send_break_lines_and_leave_the_input_of_words_alone() {
    let Some(browser) = Browser::open() else { return };
    let _server = chatting(&browser);
    browser.type_into("prompt", &format!("first{SHIFT}{ENTER}{SHIFT}second"));
    assert_eq!(browser.run("return document.getElementById('prompt').value"), "first\nsecond");
    // Enter that ends the input of a Chinese word, as browsers report it: the old way too.
    let sent = browser.run(
        "const field = document.getElementById('prompt');
         for (const how of [{ isComposing: true }, { keyCode: 229 }])
           field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...how }));
         return document.querySelectorAll('.message').length",
    );
    assert_eq!(sent, 0);
    say(&browser, "");
    assert_eq!(messages(&browser)[0], "first\nsecond");
    // Nothing but spaces is no message.
    browser.type_into("prompt", &format!("  {ENTER}"));
    assert_eq!(messages(&browser).len(), 2);

    browser.run("document.activeElement.blur()");
    browser.run("document.getElementById('main').focus()");
    browser.type_into("main", "?");
    assert_eq!(browser.run("return document.getElementById('help').open"), true);
    picture(&browser, "keys.png");
    browser.click_on("#help button");
    browser.type_into("main", "/");
    assert_eq!(browser.run("return document.activeElement.id"), "prompt");
    browser.type_into("tab-chat", "\u{e014}");
    assert_eq!(browser.run("return document.activeElement.id"), "tab-complete", "the right arrow goes to the next tab");
}
