//! Conversations: kept in the browser, edited, answered anew, stopped, found, saved as files; several tabs, and browsers that
//! keep nothing.

use serde_json::{Value, json};

use crate::common::browser::Browser;
use crate::common::server::{Server, serve_all};
use crate::{ANSWERED, CTRL, ENTER, ESCAPE, SHIFT, UP, last_sent, listen, messages, picture, sample, say, visit};

fn chatting(browser: &Browser) -> Server {
    let server = serve_all(&["--max-tokens", "5000"]);
    visit(browser, &server);
    sample(browser, &[("num_predict", "12"), ("temperature", "0")]);
    server
}

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
fn conversations_are_found_renamed_deleted_and_saved() {
    let Some(browser) = Browser::open() else { return };
    let _server = chatting(&browser);
    say(&browser, "Say one.");
    browser.type_into("prompt", &format!("{CTRL}{SHIFT}o"));
    browser.wait_for("!document.querySelector('.message')");
    say(&browser, "Say two.");
    let list = || browser.text("conversations").replace("Today", "").split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(list(), "Say two. Say one.");

    browser.type_into("find", "ONE");
    assert_eq!(list(), "Say one.");
    browser.set("find", "nowhere");
    assert_eq!(browser.text("list-note"), "Nothing found.");
    browser
        .run("const find = document.getElementById('find'); find.value = ''; find.dispatchEvent(new Event('input'))");

    let open_menu = || browser.click_on("[aria-current] + .more");
    open_menu();
    picture(&browser, "chat-menu.png");
    browser.click_on("[data-do=rename]");
    browser.type_into("new-title", &format!("My <b>title</b>{ENTER}"));
    assert_eq!(list(), "My <b>title</b> Say one.");

    // What would be saved as files.
    browser.run(
        "window.saved = []; const link = URL.createObjectURL;
         URL.createObjectURL = blob => { blob.text().then(text => saved.push(text)); return link(blob); };
         HTMLAnchorElement.prototype.click = function () {}",
    );
    open_menu();
    browser.click_on("[data-do=markdown]");
    open_menu();
    browser.click_on("[data-do=json]");
    browser.wait_for("saved.length === 2");
    let saved = browser.run("return saved");
    let text = saved[0].as_str().unwrap();
    assert!(text.starts_with("# My <b>title</b>\n\n## You\n\nSay two.\n\n## Answer\n\n"), "{text}");
    let conversation: Value = serde_json::from_str(saved[1].as_str().unwrap()).unwrap();
    assert_eq!(
        (&conversation["title"], &conversation["nodes"][0]["content"]),
        (&json!("My <b>title</b>"), &json!("Say two."))
    );

    open_menu();
    browser.click_on("#conversation-menu [data-do=delete]");
    assert_eq!((list().as_str(), messages(&browser).len()), ("Say one.", 0));
    browser.click("toast-undo");
    assert_eq!((list().as_str(), messages(&browser).len()), ("My <b>title</b> Say one.", 2));

    // All are deleted, and read from the file again.
    browser.click("settings-open");
    browser.click("delete-all");
    browser.click("confirm-yes");
    browser.wait_for("document.getElementById('conversations').textContent === ''");
    assert_eq!(
        browser.run("return Object.keys(localStorage).filter(name => name.startsWith('llm.conversation.')).length"),
        0
    );
    browser.run(
        "const files = new DataTransfer(), field = document.getElementById('import-file');
         files.items.add(new File([saved[1]], 'one.json'));
         field.files = files.files; field.dispatchEvent(new Event('change'))",
    );
    browser.wait_for("document.getElementById('toast-text').textContent === '1 conversation imported'");
    assert_eq!(list(), "My <b>title</b>");
    assert_eq!(browser.complaints(), Vec::<String>::new());
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

#[test]
fn tabs_of_the_browser_share_conversations() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    say(&browser, "Say one.");
    let [first, second] = browser.open_tab();
    visit(&browser, &server);
    browser.click_on("[data-open]");
    say(&browser, "From the second tab.");
    browser.show_tab(&first);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    say(&browser, "From the first tab.");
    browser.show_tab(&second);
    browser.wait_for("document.querySelectorAll('.message').length === 6");
    assert_eq!(
        (messages(&browser)[2].as_str(), messages(&browser)[4].as_str()),
        ("From the second tab.", "From the first tab.")
    );

    browser.click_on("[aria-current] + .more");
    browser.click_on("#conversation-menu [data-do=delete]");
    browser.show_tab(&first);
    browser.wait_for("document.querySelectorAll('.message').length === 0");
    assert_eq!(browser.text("conversations"), "");
}

#[test]
fn a_browser_that_keeps_nothing_can_chat() {
    let Some(browser) = Browser::open() else { return };
    let server = serve_all(&[]);
    browser.before_pages(
        "for (const name of ['localStorage', 'sessionStorage'])
           Object.defineProperty(window, name, { get() { throw new DOMException('forbidden', 'SecurityError'); } })",
    );
    visit(&browser, &server);
    sample(&browser, &[("num_predict", "8")]);
    say(&browser, "Say one.");
    assert_eq!(messages(&browser).len(), 2);
    assert!(browser.text("list-note").starts_with("This browser stores nothing"), "{}", browser.text("list-note"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_full_storage_and_strange_entries_lose_nothing_that_is_shown() {
    let Some(browser) = Browser::open() else { return };
    let server = chatting(&browser);
    // Entries of another program, or of a later version of this one.
    browser.run(
        "const strange = ['{', 'null', '[]', '{\"id\": 7}', '{\"id\": \"x\", \"nodes\": [null, 1, {\"id\": 1}]}'];
         strange.forEach((text, index) => localStorage.setItem(`llm.conversation.${index}`, text));
         localStorage.setItem('llm.settings', '{\"sampling\": 7, \"models\": [], \"scheme\": \"x\"}')",
    );
    visit(&browser, &server);
    assert_eq!(browser.text("conversations"), "");
    sample(&browser, &[("num_predict", "8")]);
    browser.run(
        "for (const size of [100000, 1000, 10, 1])
           try { for (let n = 0; ; n += 1) localStorage.setItem(`full${size}-${n}`, 'x'.repeat(size)); } catch {}",
    );
    say(&browser, "Say one.");
    assert!(browser.text("list-note").starts_with("The browser's storage is full"), "{}", browser.text("list-note"));
    // It is there as long as the page.
    browser.click("new-chat");
    browser.click_on("[data-open]");
    assert_eq!(messages(&browser)[0], "Say one.");
    // With room again, the next message keeps the whole conversation.
    browser.run(
        "for (const name of Object.keys(localStorage)) if (name.startsWith('full')) localStorage.removeItem(name)",
    );
    say(&browser, "Say two.");
    visit(&browser, &server);
    browser.wait_for("document.querySelectorAll('.message').length === 4");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
